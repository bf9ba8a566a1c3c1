"""What is forgotten of a round when its time is over: everything but approved texts and counts."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from bryggan.ideas.leading import end_round
from bryggan.ideas.models import Idea, IdeaRound, Phone


def forget_old() -> int:
    """Close rounds whose codes have ended, forget those whose time is over. A worker's chore; returns how many."""
    now = timezone.now()
    done = 0
    for round in IdeaRound.objects.filter(closed_at=None, code_ends_at__lte=now).order_by("pk"):
        with transaction.atomic():
            row = IdeaRound.objects.select_for_update(of=("self",)).select_related("school_class__school_unit")
            round = row.get(pk=round.pk)
            if round.closed_at is None:
                end_round(round, "worker")
                done += 1
    for round in IdeaRound.objects.filter(forgotten_at=None, forget_at__lte=now).order_by("pk"):
        done += forget(round)
    return done


@transaction.atomic
def forget(round: IdeaRound) -> bool:
    """Nothing but approved texts, what was sent to the city, and counts remains of the round."""
    round = IdeaRound.objects.select_for_update().get(pk=round.pk)
    if round.forgotten_at:
        return False
    Idea.objects.filter(round=round).exclude(state=Idea.State.APPROVED).filter(proposal=None).delete()
    # What was sent to the city stands in the proposal, also when the teacher has hidden the idea since.
    Idea.objects.filter(round=round).exclude(state=Idea.State.APPROVED).update(text="")
    Idea.objects.filter(round=round, text="", proposal=None).delete()
    # Drawings go whole: names can be drawn. How an approved text was before the teacher changed it may hold the very
    # name that she took out.
    Idea.objects.filter(round=round).update(drawing=[], drawing_points=0, before={}, warnings=[], phone=None)
    Phone.objects.filter(round=round).delete()
    round.code, round.forgotten_at = None, timezone.now()
    round.save(update_fields=["code", "forgotten_at"])
    return True
