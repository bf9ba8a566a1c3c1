"""What is true of an occasion's seats, read while nobody else can change it, and the notes of what was changed.

Beneath `seats.py` and `waiting.py`, which are the ones to call.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from bryggan.accounts.models import SchoolClass, User
from bryggan.common import audit
from bryggan.fair.models import Booking, Occasion, SeatOffer, Session, State, WaitingEntry
from bryggan.fair.seating.capacity import SeatsLeft, Stay
from bryggan.fair.seating.seat_refusals import BookingClosed, BookingNotOpenYet, HasBegun, IsCancelled, NotOffered

# For a session that belongs to no fair.
STRICT_QUEUE_HOURS = 48

HELD = "held seats"
BOOKED = "booked seats"
RESIZED = "changed seats"
RELEASED = "released seats"
RAN_OUT = "seats ran out"
CANCELLED = "cancelled occasion"
CAPACITY_CHANGED = "changed number of seats"
JOINED = "joined queue"
LEFT_QUEUE = "left queue"
ENTRY_RESIZED = "changed place in queue"

By = User | str | None


@dataclass
class Locked:
    """An occasion that nobody else can change until the transaction ends, and what is true of it now.

    `bookings` are those that count, `queue` those that wait, first in line first. Actions keep both up to date.
    `lapsed` are holds whose time had run out, and which ended with the locking.
    """

    occasion: Occasion
    now: datetime
    bookings: list[Booking]
    queue: list[WaitingEntry]
    lapsed: list[Booking] = field(default_factory=list)

    def left(self, *, without: Booking | None = None) -> SeatsLeft:
        occasion = self.occasion
        stays = tuple(stay_of(each, occasion) for each in self.bookings if without is None or each.pk != without.pk)
        return SeatsLeft(occasion.capacity, occasion.reserved, stays, len(self.queue))

    @property
    def is_strict(self) -> bool:
        return self.now < strict_until(self.occasion)

    def ahead_of(self, entry: WaitingEntry | None = None) -> list[Stay]:
        """What those wish for who stand before `entry`, or before somebody who comes new."""
        ahead = []
        for each in self.queue:
            if entry is not None and each.pk == entry.pk:
                break
            ahead.append(stay_of(each, self.occasion))
        return ahead

    def booking_of(self, school_class: SchoolClass) -> Booking | None:
        return next((each for each in self.bookings if each.school_class_id == school_class.pk), None)

    def entry_of(self, school_class: SchoolClass) -> WaitingEntry | None:
        return next((each for each in self.queue if each.school_class_id == school_class.pk), None)

    def refuse_unless_open(self, *, is_reserved: bool) -> None:
        """Raises what stands in the way of booking now. Invited classes need not wait until booking opens."""
        self.refuse_unless_given()
        if self.now >= self.occasion.booking_closes_at:
            raise BookingClosed
        if self.now < self.occasion.booking_opens_at and not is_reserved:
            raise BookingNotOpenYet

    def refuse_unless_given(self) -> None:
        if self.occasion.is_cancelled:
            raise IsCancelled
        if self.occasion.session.state == State.DRAFT:
            raise NotOffered
        is_fixed = self.occasion.session.kind == Session.Kind.FIXED
        if self.now >= (self.occasion.starts_at if is_fixed else self.occasion.ends_at):
            raise HasBegun


def lock_all(occasions: Iterable[Occasion | int], *, now: datetime | None = None) -> dict[int, Locked]:
    """The occasions as they are now, in the order of their numbers, locked until the transaction ends."""
    numbers = sorted({each if isinstance(each, int) else each.pk for each in occasions})
    # The lock first and by itself: rows joined to it would be read as they were before we had to wait.
    list(Occasion.objects.select_for_update().filter(pk__in=numbers).order_by("pk").values_list("pk"))
    rows = Occasion.objects.filter(pk__in=numbers).select_related("session__fair").order_by("pk")
    locked = {row.pk: Locked(row, now or timezone.now(), [], []) for row in rows}
    open_ones = Booking.objects.filter(occasion__in=numbers).exclude(state=Booking.State.ENDED)
    for booking in open_ones.select_related("school_class").order_by("pk"):
        at = locked[booking.occasion_id]
        if booking.state == Booking.State.HELD and booking.held_until and booking.held_until <= at.now:
            # Ended at once, and not only passed over: a machine whose clock is behind must not book it.
            end_booking(at, booking, Booking.End.RAN_OUT, RAN_OUT, by="seats")
            at.lapsed.append(booking)
        else:
            at.bookings.append(booking)
    entries = WaitingEntry.objects.filter(occasion__in=numbers, state=WaitingEntry.State.WAITING)
    for entry in entries.select_related("school_class").order_by("joined_at", "pk"):
        locked[entry.occasion_id].queue.append(entry)
    return locked


def lock(occasion: Occasion | int, *, now: datetime | None = None) -> Locked:
    """One occasion, locked. Raises Occasion.DoesNotExist when somebody has deleted it."""
    number = occasion if isinstance(occasion, int) else occasion.pk
    try:
        return lock_all([number], now=now)[number]
    except KeyError:
        raise Occasion.DoesNotExist from None


def strict_until(occasion: Occasion) -> datetime:
    """Until when nobody in the queue passes anybody."""
    fair = occasion.session.fair
    return occasion.booking_closes_at - timedelta(hours=fair.strict_queue_hours if fair else STRICT_QUEUE_HOURS)


def stay_of(row: Booking | WaitingEntry, occasion: Occasion) -> Stay:
    """The seats of a booking or a wish in time: at fixed times the occasion's own, however it has been moved."""
    if occasion.session.kind == Session.Kind.FIXED:
        return Stay(occasion.starts_at, occasion.ends_at, row.seats, row.is_reserved)
    return Stay(row.starts_at, row.ends_at, row.seats, row.is_reserved)


def end_booking(locked: Locked, booking: Booking, end: Booking.End, verb: str, *, by: By, **details: Any) -> None:
    was = booking.state
    if was == Booking.State.BOOKED and not details.get("moved_to"):
        booking.attendance = (
            Booking.Attendance.CANCELLED_BY_HOST
            if end == Booking.End.CANCELLED_BY_HOST
            else Booking.Attendance.CANCELLED_BY_CLASS
        )
    booking.state = Booking.State.ENDED
    booking.end = end
    booking.ended_at = booking.held_until if end == Booking.End.RAN_OUT else locked.now
    booking.save(update_fields=["state", "end", "ended_at", "attendance"])
    locked.bookings = [each for each in locked.bookings if each.pk != booking.pk]
    note(by, verb, locked, booking, was=was, end=end, **details)


def answer_offer(
    locked: Locked, booking: Booking, state: SeatOffer.State, reason: WaitingEntry.Reason, *, by: By
) -> SeatOffer | None:
    """Let the open offer of a booking, if it came of one, follow what became of the booking."""
    offer = SeatOffer.objects.filter(booking=booking, state=SeatOffer.State.OPEN).select_related("entry").first()
    if offer is None:
        return None
    offer.state = state
    offer.answered_at = locked.now
    offer.answered_by = by if isinstance(by, User) else None
    offer.save(update_fields=["state", "answered_at", "answered_by"])
    ends = {SeatOffer.State.ACCEPTED: WaitingEntry.State.SEATED, SeatOffer.State.WITHDRAWN: WaitingEntry.State.CLOSED}
    end_entry(locked, offer.entry, ends.get(state, WaitingEntry.State.LEFT), reason, by=by)
    return offer


def close_own_lapsed_offer(locked: Locked, school_class: SchoolClass) -> None:
    """Close the class's offer whose time ran out, when the class comes back before the worker has been by."""
    offered = WaitingEntry.State.OFFERED
    offers = SeatOffer.objects.filter(
        state=SeatOffer.State.OPEN, entry__occasion=locked.occasion, entry__school_class=school_class
    )
    for offer in offers.filter(entry__state=offered, booking__state=Booking.State.ENDED).select_related("booking"):
        answer_offer(locked, offer.booking, SeatOffer.State.RAN_OUT, WaitingEntry.Reason.RAN_OUT, by="seats")


def end_entry(
    locked: Locked, entry: WaitingEntry, state: WaitingEntry.State, reason: WaitingEntry.Reason, *, by: By
) -> None:
    """Take a class out of the queue."""
    entry.state = state
    entry.reason = reason
    entry.ended_at = locked.now
    entry.save(update_fields=["state", "reason", "ended_at"])
    locked.queue = [each for each in locked.queue if each.pk != entry.pk]
    note(by, LEFT_QUEUE, locked, entry, reason=reason)


def note(by: By, verb: str, locked: Locked, row: Booking | WaitingEntry | None = None, **details: Any) -> None:
    """Write a change in the audit trail of its occasion, with all that is needed to check it afterwards."""
    occasion = locked.occasion
    if row is not None:
        stay = stay_of(row, occasion)
        details = {
            ("booking" if isinstance(row, Booking) else "entry"): row.pk,
            "school_class": row.school_class_id,
            "seats": stay.seats,
            "starts_at": stay.starts_at.isoformat(),
            "ends_at": stay.ends_at.isoformat(),
            "is_reserved": stay.is_reserved,
            **details,
        }
        if isinstance(row, Booking) and row.state == Booking.State.HELD and row.held_until:
            details["held_until"] = row.held_until.isoformat()
    audit.record(
        by,
        verb,
        occasion,
        at=locked.now.isoformat(),
        capacity=occasion.capacity,
        reserved=occasion.reserved,
        strict_until=strict_until(occasion).isoformat(),
        **details,
    )
