"""What changes of the fair's supply bring with them, whoever makes them: a person by `supply.py`, or an import.

Rows are given locked; what happened is gathered in `Work` and told when all of it is saved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts.models import User
from bryggan.common.models import AuditEntry
from bryggan.fair import telling
from bryggan.fair.booking_times import set_booking_times
from bryggan.fair.local_times import local
from bryggan.fair.models import Booking, Occasion, Session, State
from bryggan.fair.seating import seats
from bryggan.fair.telling import Happening, when_text

# Columns of a session that point to many rows.
MANY = ("programmes", "subjects", "initiatives")
LONGEST_OCCASION = timedelta(hours=24)


class EndsBeforeStart(Exception):
    """An occasion ends when it begins, or before."""


class TooLong(Exception):
    """An occasion lasts longer than a day and a night: it is several."""


class ShorterThanVisit(Exception):
    """Open hours are shorter than the minutes that a class stays."""


class OutsideFair(Exception):
    """An occasion begins on a day that the fair does not have."""


class FewerSeatsThanTaken(Exception):
    """There would be fewer seats than `taken` of `occasion`."""

    def __init__(self, occasion: Occasion, taken: int) -> None:
        super().__init__(f"{occasion}: {taken}")
        self.occasion = occasion
        self.taken = taken


class HasBookings(Exception):
    """What seats are counted in, and how long a visit is, stay as they are while somebody has seats."""


@dataclass
class Work:
    """Changes under way in one action: what happened is told when all of it is saved."""

    by: User | str
    now: datetime = field(default_factory=timezone.now)
    happenings: list[Happening] = field(default_factory=list)
    # Whose seats move with them, and whose seats end, once those who have them are told.
    moved: list[Occasion] = field(default_factory=list)
    cancelled: list[Occasion] = field(default_factory=list)

    def tell(self, entry: AuditEntry) -> int:
        """Let programmes follow, teachers know, and seats end. Returns how many classes were reached."""
        reached = telling.reach(self.happenings, cause=telling.cause_of(entry), by=self.by)
        # After the letters, which find by their seats those who have no stop there.
        touched = seats.lock_all([*self.moved, *self.cancelled])
        for occasion in self.cancelled:
            if occasion.ends_at > self.now:
                seats.cancel_occasion(occasion=occasion, by=self.by, now=self.now)
        for occasion in self.moved:
            seats.follow_times(occasion=occasion)
            for booking in touched[occasion.pk].bookings:
                if not _has_room_for(occasion, booking):
                    seats.release(booking=booking, by=self.by, by_host=True, now=self.now)
        return reached


def let_session_be(session: Session, columns: dict[str, Any], *, work: Work, note: str = "") -> None:
    """Give a locked session these columns, and its occasions what follows from them. Raises as `edit_session`."""
    if not columns:
        return
    moves = "venue" in columns and session.is_offered and session.venue_id is not None
    _check_bookings(session, columns)
    old_capacity = session.capacity
    for name, value in columns.items():
        setattr(session, name, value)
    session.changed_at = work.now
    names = [*columns, "changed_at"]
    if moves:
        what = _("Ny plats: %(venue)s.") % {"venue": session.venue} if session.venue else _("Platsen är inte bestämd.")
        session.state, session.change_note = State.CHANGED, f"{what} {note}".strip()[:300]
        names += ["state", "change_note"]
        for occasion in session.occasions.filter(cancelled_at=None):
            occasion.session = session
            work.happenings.append(Happening(occasion, what, note))
    session.save(update_fields=list(dict.fromkeys(names)))
    _let_occasions_follow(session, columns, old_capacity, work)


def let_occasion_be(occasion: Occasion, columns: dict[str, Any], *, work: Work, note: str = "") -> list[str]:
    """Give a locked occasion these columns. Returns the names of those that differed. Raises as `change_occasion`."""
    changed = [name for name, value in columns.items() if getattr(occasion, name) != value]
    if not changed:
        return []
    before, ended_at = when_text(occasion.starts_at, occasion.ends_at), occasion.ends_at
    for name in changed:
        setattr(occasion, name, columns[name])
    moved = "starts_at" in changed or "ends_at" in changed
    if moved:
        check_times(occasion.session, occasion.starts_at, occasion.ends_at)
        occasion.changed_at = work.now
    if {"capacity", "reserved"} & set(changed):
        _give_seats(occasion, work)
    set_booking_times(occasion, work.now)
    occasion.save(update_fields=[*changed, "changed_at", "booking_opens_at", "booking_closes_at"])
    if moved and occasion.session.is_offered:
        what = _("Ny tid: %(after)s. Förut %(before)s.") % {
            "after": when_text(occasion.starts_at, occasion.ends_at),
            "before": before,
        }
        bookings = Booking.objects.counting().filter(occasion=occasion)
        if any(not _has_room_for(occasion, booking) for booking in bookings):
            what += " " + _("Besök som var bokade utanför den nya tiden är avbokade: boka dem igen.")
        work.happenings.append(Happening(occasion, what, note, ended_at))
        work.moved.append(occasion)
        _mark_changed(occasion.session, f"{what} {note}", work)
    return changed


def let_occasion_be_cancelled(occasion: Occasion, *, work: Work, note: str = "") -> None:
    """Cancel a locked occasion: its seats end."""
    if occasion.cancelled_at is not None:
        return
    occasion.changed_at = work.now
    if note:
        occasion.note = note[:300]
    occasion.save(update_fields=["changed_at", "note"])
    _end(occasion, work, note)


def let_session_be_cancelled(session: Session, *, work: Work, note: str = "") -> None:
    """Cancel a locked session: the seats of all its times end."""
    was_offered = session.is_offered
    session.state, session.change_note, session.changed_at = State.CANCELLED, note[:300], work.now
    session.save(update_fields=["state", "change_note", "changed_at"])
    if was_offered:
        for occasion in session.occasions.filter(cancelled_at=None).order_by("pk").select_for_update():
            occasion.session = session
            _end(occasion, work, note)


def check_times(session: Session, starts_at: datetime, ends_at: datetime) -> None:
    """Raises EndsBeforeStart, TooLong, ShorterThanVisit and OutsideFair."""
    if ends_at <= starts_at:
        raise EndsBeforeStart
    if ends_at - starts_at > LONGEST_OCCASION:
        raise TooLong
    if session.kind == Session.Kind.OPEN and ends_at - starts_at < timedelta(minutes=session.minutes):
        raise ShorterThanVisit
    if session.fair and not session.fair.first_on <= local(starts_at).date() <= session.fair.last_on:
        raise OutsideFair


def seats_taken(occasion: Occasion) -> int:
    """Held and booked seats now, in the session's unit."""
    return Booking.objects.counting().filter(occasion=occasion).aggregate(sum=Sum("seats"))["sum"] or 0


def _check_bookings(session: Session, columns: dict[str, Any]) -> None:
    """What the seats of a class were counted by cannot change under it."""
    touchy = {"unit", "counts_adults", "kind"} & set(columns)
    if touchy and Booking.objects.counting().filter(occasion__session=session).exists():
        raise HasBookings


def _give_seats(occasion: Occasion, work: Work) -> None:
    """Store the occasion's number of seats. Raises FewerSeatsThanTaken."""
    if occasion.capacity is not None and (taken := seats_taken(occasion)) > occasion.capacity:
        raise FewerSeatsThanTaken(occasion, taken)
    seats.change_capacity(
        occasion=occasion, capacity=occasion.capacity, reserved=occasion.reserved, by=work.by, now=work.now
    )


def _let_occasions_follow(session: Session, columns: dict[str, Any], old_capacity: int | None, work: Work) -> None:
    """Booking hours and number of seats are the session's, where an occasion has not its own."""
    if not {"capacity", "booking_closes_hours", "booking_opens_at"} & set(columns):
        return
    occasions = list(session.occasions.order_by("pk").select_for_update())
    for occasion in occasions:
        occasion.session = session
        set_booking_times(occasion, work.now)
    Occasion.objects.bulk_update(occasions, ["booking_closes_at", "booking_opens_at"], batch_size=500)
    for occasion in occasions:
        if "capacity" in columns and occasion.capacity == old_capacity:
            occasion.capacity = session.capacity
            _give_seats(occasion, work)


def _mark_changed(session: Session, note: str, work: Work) -> None:
    session.state, session.change_note, session.changed_at = State.CHANGED, note.strip()[:300], work.now
    session.save(update_fields=["state", "change_note", "changed_at"])


def _end(occasion: Occasion, work: Work, note: str) -> None:
    if occasion.ends_at <= work.now or occasion.session.state == State.DRAFT:
        # Nobody has seats there, or nobody needs them any more.
        occasion.cancelled_at = work.now
        occasion.save(update_fields=["cancelled_at"])
        return
    what = _("Inställt: %(when)s. Platser som ni hade är borttagna.") % {
        "when": when_text(occasion.starts_at, occasion.ends_at)
    }
    work.happenings.append(Happening(occasion, what, note))
    work.cancelled.append(occasion)


def _has_room_for(occasion: Occasion, booking: Booking) -> bool:
    """Seats at a fixed time go with it; a visit to open hours may have come to lie outside them."""
    if occasion.session.kind == Session.Kind.FIXED:
        return True
    return occasion.starts_at <= booking.starts_at and booking.ends_at <= occasion.ends_at
