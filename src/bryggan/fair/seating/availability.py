"""Whether a time can be booked, and how many seats are left: what people are told before they choose.

The states are named once, here, and said in the same words on pages and in the open data. What can be booked is
decided anew in `seats.py` when somebody books.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.fair.models import Occasion, Session, State
from bryggan.fair.seating import seats
from bryggan.fair.seating.capacity import most_free


class BookingState(models.TextChoices):
    """Where the booking of a time stands."""

    NONE = "none", _("Ingen bokning")
    OPEN = "open", _("Går att boka")
    NOT_YET = "not yet", _("Bokningen har inte öppnat")
    QUEUE = "queue", _("Kö")
    FULL = "full", _("Fullbokat")
    CLOSED = "closed", _("Bokningen har stängt")
    OVER = "over", _("Har varit")
    CANCELLED = "cancelled", _("Inställt")


@dataclass(frozen=True, slots=True)
class Availability:
    """`left`: the most seats that one group can have, in the session's unit; None is no limit.

    `waiting` is how many groups stand in the queue.
    """

    booking: BookingState
    left: int | None
    waiting: int = 0


def availability(occasions: Sequence[Occasion], *, now: datetime | None = None) -> dict[int, Availability]:
    """For each occasion, by its number. Needs sessions read with them; as many statements for one as for all."""
    now = now or timezone.now()
    found = seats.seats_left(occasions, now=now)
    made = {}
    for occasion in occasions:
        session, here = occasion.session, found[occasion.pk]
        stay = timedelta(minutes=session.minutes) if session.kind == Session.Kind.OPEN else None
        left = most_free(here, occasion.starts_at, occasion.ends_at, stay)
        made[occasion.pk] = Availability(_booking(occasion, left, here.waiting, now), left, here.waiting)
    return made


def _booking(occasion: Occasion, left: int | None, waiting: int, now: datetime) -> BookingState:
    session = occasion.session
    if occasion.cancelled_at is not None or session.state == State.CANCELLED:
        return BookingState.CANCELLED
    if occasion.ends_at <= now:
        return BookingState.OVER
    if not session.needs_booking:
        return BookingState.NONE
    if occasion.booking_closes_at <= now or (session.kind == Session.Kind.FIXED and occasion.starts_at <= now):
        return BookingState.CLOSED
    if occasion.booking_opens_at > now:
        return BookingState.NOT_YET
    if waiting:
        return BookingState.QUEUE
    return BookingState.FULL if left == 0 else BookingState.OPEN
