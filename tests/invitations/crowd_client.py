"""What the teacher of an invited class does in a crowd of others. See `fair/crowd.py`."""

from __future__ import annotations

import random
from collections import Counter

from bryggan.accounts.letters import Letter, render
from bryggan.accounts.models import LetterKind, User
from fair.crowd import Plan, who_acts

# Addresses and the words of letters are read once, before the others are forked, as in a server that has been at work.
render(Letter(subject="", paragraphs=[]), kind=LetterKind.SEATS, to=User(pk=1))


def teacher(number: int, plan: Plan, dice: random.Random, seen: Counter[str]) -> None:
    """One thing: look where the class stands, and press a button of what she sees there."""
    from bryggan.accounts.models import SchoolClass
    from bryggan.fair.models import Occasion, SeatOffer
    from bryggan.fair.seating import seats
    from bryggan.invitations import answering, queueing
    from bryggan.invitations.models import Invitation

    school_class = SchoolClass.objects.get(pk=who_acts(number, plan, dice))
    by = school_class.teachers.get()
    invitation = Invitation.objects.get(school_class=school_class)
    offer = SeatOffer.objects.filter(entry__school_class=school_class, state=SeatOffer.State.OPEN).first()
    chance = dice.random()
    try:
        if offer:
            # Every other offer is looked at and forgotten, so that its time runs out, however quick the machine is.
            if offer.pk % 2:
                seen["forgotten"] += 1
            elif chance < 0.95:
                queueing.accept_offer(offer, by=by)
                seen["accepted"] += 1
            else:
                queueing.decline_offer(offer, by=by)
                seen["declined"] += 1
        elif invitation.state in (Invitation.State.ACCEPTED, Invitation.State.QUEUED):
            if chance < 0.5 and invitation.state == Invitation.State.ACCEPTED:
                answering.decline(invitation, by=by)
                seen["cancelled"] += 1
            elif chance < 0.03:
                answering.decline(invitation, by=by)
                seen["left"] += 1
            elif chance > 0.95:
                answering.change_numbers(invitation, pupils=dice.randint(18, 27), adults=2, by=by)
                seen["changed"] += 1
        else:
            wanted = Occasion.objects.get(pk=plan.occasions[0])
            invitation = answering.accept(invitation, occasions=[wanted], by=by)
            seen[invitation.state] += 1
    except seats.SeatsRefused as refused:
        seen[type(refused).__name__] += 1
    except answering.CannotAnswer as refused:
        seen[refused.why] += 1
