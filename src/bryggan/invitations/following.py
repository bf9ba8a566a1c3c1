"""Invitations follow what becomes of their seats elsewhere.

Seats can come and go without the invitation: given back in the class's programme, moved or cancelled by the fair's
team, offered to a class in the queue, or not. What the rows of seats say is true; this brings invitations in step, one
at a time, each in a transaction that locks as an answer does. Interrupted, it goes on in the next round.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from bryggan.common import audit
from bryggan.fair.models import Booking, WaitingEntry
from bryggan.invitations import programme_stops
from bryggan.invitations.answering import count_answer, has_seats_by_another, with_round_locked
from bryggan.invitations.models import Invitation
from bryggan.invitations.telling import tell_host

State = Invitation.State
_WAITS = (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED)


def follow_seats(*, school_class: int | None = None, round: int | None = None) -> int:
    """Bring those out of step in step, of one class, one round or all. Returns how many.

    One statement when there are none.
    """
    queued_still = WaitingEntry.objects.filter(
        occasion__invitation_rounds=OuterRef("round"), school_class=OuterRef("school_class"), state__in=_WAITS
    )
    given_back = Q(state=State.ACCEPTED, booking__state=Booking.State.ENDED)
    due = Invitation.objects.filter(given_back | (Q(state=State.QUEUED) & ~Exists(queued_still)))
    if school_class is not None:
        due = due.filter(school_class=school_class)
    if round is not None:
        due = due.filter(round=round)
    return sum(_follow(invitation) for invitation in due.order_by("pk"))


@transaction.atomic
def _follow(invitation: Invitation) -> int:
    invitation = with_round_locked(invitation)
    was = invitation.state
    ended = invitation.booking
    if was == State.ACCEPTED and (ended is None or ended.state != Booking.State.ENDED):
        return 0
    if was not in (State.ACCEPTED, State.QUEUED):
        return 0
    now_has = _seats(invitation)
    if now_has is not None:
        invitation.booking, invitation.state = now_has, State.ACCEPTED
        programme_stops.put_in(now_has, by=invitation.answered_by)
    elif was == State.QUEUED:
        if _waits(invitation):
            return 0
        invitation.state = State.NO_SEAT
    elif ended is not None and ended.end == Booking.End.CANCELLED_BY_HOST:
        invitation.state = State.CANCELLED_BY_HOST
    else:
        invitation.state = State.CANCELLED_BY_CLASS
    invitation.save(update_fields=["state", "booking"])
    entry = audit.record("worker", "followed seats", invitation, was=was, state=invitation.state)
    if invitation.state == State.ACCEPTED:
        if was == State.QUEUED:
            tell_host(invitation, _("%(class)s fick plats: %(title)s"), cause=f"answer {entry.pk}")
    elif invitation.state == State.CANCELLED_BY_CLASS:
        count_answer("visit cancelled by class", invitation)
        tell_host(invitation, _("%(class)s har avbokat: %(title)s"), cause=f"answer {entry.pk}")
    elif invitation.state == State.CANCELLED_BY_HOST:
        count_answer("visit cancelled by host", invitation)
    return 1


def _seats(invitation: Invitation) -> Booking | None:
    """What the class has booked at one of the round's times, or of its session after a move."""
    here = Q(occasion__in=invitation.round.occasions.all())
    if invitation.round.session_id:
        here |= Q(occasion__session=invitation.round.session_id)
    own = Booking.objects.filter(here, school_class=invitation.school_class_id, state=Booking.State.BOOKED)
    found = own.select_related("occasion__session__fair", "school_class").order_by("starts_at", "pk")
    return next((one for one in found if not has_seats_by_another(invitation, one.occasion_id)), None)


def _waits(invitation: Invitation) -> bool:
    mine = WaitingEntry.objects.filter(school_class=invitation.school_class_id, state__in=_WAITS)
    return mine.filter(occasion__in=invitation.round.occasions.all()).exists()
