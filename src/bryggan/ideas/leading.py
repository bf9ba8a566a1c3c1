"""What a teacher does with a round: open, change mode, approve, edit, merge, hide, undo, close.

Each change makes the round's version grow, in the same transaction: phones and the projector ask for it and get the
whole picture only when it has changed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from bryggan.accounts import facts
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import SchoolClass, User
from bryggan.accounts.permissions import may_use_class
from bryggan.common import audit
from bryggan.ideas.codes import new_code
from bryggan.ideas.models import Idea, IdeaRound, Phone, Vote
from bryggan.ideas.moderation import tidy
from bryggan.ideas.permissions import may_lead
from bryggan.initiatives.models import Challenge, Initiative

MOST_DAYS = 14
# How long what was not approved is kept after the code has ended, so that a lesson can be taken up again.
KEPT_AFTER = timedelta(days=7)
LONGEST_IDEA = 500


class CannotOpen(Exception):
    """The round cannot be opened: no question, or an initiative that nobody may read any more."""


class RoundEnded(Exception):
    """The round has been closed; nothing in it can be changed but what is sent to the city."""


@transaction.atomic
def open_round(
    *,
    school_class: SchoolClass,
    question: str,
    initiative: Initiative | None = None,
    challenge: Challenge | None = None,
    days: int = 1,
    teacher_writes: bool = False,
    allows_drawings: bool = True,
    form_token: UUID | None = None,
    by: User,
) -> IdeaRound:
    """A new round with a code of its own. The same form sent twice opens one. Raises NotAllowed and CannotOpen."""
    if not may_use_class(by, school_class) or school_class.archived_at:
        raise NotAllowed
    if form_token and (made := IdeaRound.objects.filter(form_token=form_token).first()):
        return made
    question = tidy(question, 300)
    if not question or (initiative and initiative.merged_into_id):
        raise CannotOpen
    ends_at = timezone.now() + timedelta(days=min(MOST_DAYS, max(1, days)))
    columns = {
        "school_class": school_class,
        "question": question,
        "initiative": initiative,
        "challenge": None if initiative else challenge,
        "teacher_writes": teacher_writes,
        "allows_drawings": allows_drawings,
        "code_ends_at": ends_at,
        "forget_at": ends_at + KEPT_AFTER,
        "opened_by": by,
        "form_token": form_token,
    }
    round = _with_free_code(columns)
    facts.count("idea round", school_class=school_class, initiative=round.initiative_id)
    audit.record(by, "opened idea round", round)
    return round


def _with_free_code(columns: dict[str, Any]) -> IdeaRound:
    for _try in range(20):
        try:
            with transaction.atomic():
                return IdeaRound.objects.create(code=new_code(), **columns)
        except IntegrityError:
            made = IdeaRound.objects.filter(form_token=columns["form_token"], form_token__isnull=False).first()
            if made:
                return made
    raise CannotOpen


@transaction.atomic
def set_mode(round: IdeaRound, mode: str, *, by: User) -> IdeaRound:
    """Let the class write, build or vote. Raises NotAllowed and RoundEnded."""
    round = _locked(round, by)
    mode = IdeaRound.Mode(mode)
    if mode == IdeaRound.Mode.CLOSED:
        return end_round(round, by)
    if round.mode != mode:
        round.mode = mode
        round.version += 1
        round.save(update_fields=["mode", "version"])
    return round


@transaction.atomic
def close_round(round: IdeaRound, *, by: User) -> IdeaRound:
    """End the round: its code is free again and every phone forgotten. Closed twice it is closed once."""
    try:
        round = _locked(round, by)
    except RoundEnded:
        return IdeaRound.objects.get(pk=round.pk)
    return end_round(round, by)


def end_round(round: IdeaRound, by: User | str) -> IdeaRound:
    now = timezone.now()
    round.mode, round.closed_at, round.code = IdeaRound.Mode.CLOSED, now, None
    round.version += 1
    round.forget_at = min(round.forget_at, now + KEPT_AFTER)
    round.save(update_fields=["mode", "closed_at", "code", "version", "forget_at"])
    # The cookies are worth nothing from now on. Votes stay as sums.
    Idea.objects.filter(round=round).update(phone=None)
    Phone.objects.filter(round=round).delete()
    facts.count(
        "ideas",
        school_class=round.school_class,
        initiative=round.initiative_id,
        amount=round.ideas.filter(state=Idea.State.APPROVED).count(),
    )
    audit.record(by, "closed idea round", round)
    return round


@transaction.atomic
def approve(idea: Idea, *, by: User) -> Idea:
    """Let the class see it. Raises NotAllowed and RoundEnded."""
    return _decide(idea, Idea.State.APPROVED, by=by)


@transaction.atomic
def hide(idea: Idea, *, by: User) -> Idea:
    """Keep it from being seen, or take it out of sight. Raises NotAllowed and RoundEnded."""
    return _decide(idea, Idea.State.HIDDEN, by=by)


@transaction.atomic
def edit(idea: Idea, text: str, *, by: User) -> Idea:
    """Change the words, a name taken out for instance. Raises NotAllowed and RoundEnded."""
    round = _locked(idea.round, by)
    idea = Idea.objects.select_for_update().get(pk=idea.pk)
    text = tidy(text, LONGEST_IDEA)
    if text != idea.text and (text or idea.drawing):
        idea.before = _remembered(idea)
        idea.text, idea.warnings, idea.decided_at = text, [], timezone.now()
        idea.save(update_fields=["before", "text", "warnings", "decided_at"])
        _grow(round)
    return idea


@transaction.atomic
def merge(idea: Idea, into: Idea, *, by: User) -> Idea:
    """Let two that say the same be one; its votes go to the other, once per phone. Raises NotAllowed, RoundEnded."""
    round = _locked(into.round, by)
    rows = {row.pk: row for row in Idea.objects.select_for_update().filter(pk__in=[idea.pk, into.pk], round=round)}
    if len(rows) != 2 or rows[into.pk].state == Idea.State.MERGED:
        return rows.get(idea.pk, idea)
    own, other = rows[idea.pk], rows[into.pk]
    if own.state == Idea.State.MERGED:
        return own
    own.before = _remembered(own)
    voted = set(Vote.objects.filter(idea=other).values_list("phone_id", flat=True))
    moved = [vote.phone_id for vote in Vote.objects.filter(idea=own) if vote.phone_id not in voted]
    own.before["moved_votes"] = moved
    Vote.objects.filter(idea=own, phone__in=moved).update(idea=other)
    other.votes = Vote.objects.filter(idea=other).count()
    other.save(update_fields=["votes"])
    own.state, own.merged_into, own.decided_at = Idea.State.MERGED, other, timezone.now()
    own.save(update_fields=["before", "state", "merged_into", "decided_at"])
    _grow(round)
    return own


@transaction.atomic
def undo(idea: Idea, *, by: User) -> Idea:
    """Take back the last thing that was done to it. Raises NotAllowed and RoundEnded."""
    round = _locked(idea.round, by)
    idea = Idea.objects.select_for_update().get(pk=idea.pk)
    before = idea.before
    if not before:
        return idea
    if idea.state == Idea.State.MERGED and idea.merged_into_id:
        moved = before.get("moved_votes", [])
        Vote.objects.filter(idea=idea.merged_into_id, phone__in=moved).update(idea=idea)
        Idea.objects.filter(pk=idea.merged_into_id).update(votes=F("votes") - len(moved))
    idea.text, idea.state, idea.warnings = before["text"], before["state"], before["warnings"]
    idea.merged_into, idea.before = None, {}
    idea.save(update_fields=["text", "state", "warnings", "merged_into", "before"])
    _grow(round)
    return idea


def _decide(idea: Idea, state: Idea.State, *, by: User) -> Idea:
    round = _locked(idea.round, by)
    idea = Idea.objects.select_for_update().get(pk=idea.pk)
    if idea.state not in (state, Idea.State.MERGED):
        idea.before = _remembered(idea)
        idea.state, idea.decided_at = state, timezone.now()
        idea.save(update_fields=["before", "state", "decided_at"])
        _grow(round)
    return idea


def _remembered(idea: Idea) -> dict[str, object]:
    return {"text": idea.text, "state": idea.state, "warnings": idea.warnings}


def _grow(round: IdeaRound) -> None:
    IdeaRound.objects.filter(pk=round.pk).update(version=F("version") + 1)


def _locked(round: IdeaRound, by: User) -> IdeaRound:
    row = (
        IdeaRound.objects.select_for_update(of=("self",)).select_related("school_class__school_unit").get(pk=round.pk)
    )
    if not may_lead(by, row):
        raise NotAllowed
    if row.closed_at:
        raise RoundEnded
    return row
