"""Taking and returning seats: the only place that does.

Each action locks the occasion's row before it reads anything that it decides by, so two at once never get the same
seats: on PostgreSQL by the row, on SQLite by the transaction, which is a writer's from its beginning. Actions can
stand in a transaction of the caller's. Who touches several occasions in one transaction locks them first, all in one
`lock_all`, so that two such callers never wait for each other.

The clock is asked after the lock is had. Seats whose time has run out count for nobody, whether or not a worker has
been by to tidy. Every change is in the audit trail of its occasion, in the order in which they happened;
`replay.py` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count

from bryggan.accounts.models import SchoolClass, User
from bryggan.fair import statistics
from bryggan.fair.models import Booking, Occasion, SeatOffer, Session, WaitingEntry
from bryggan.fair.seating import capacity as counting
from bryggan.fair.seating.capacity import GroupLimits, GroupProblem, SeatsLeft, Stay
from bryggan.fair.seating.seat_ledger import (
    BOOKED,
    CANCELLED,
    CAPACITY_CHANGED,
    HELD,
    RELEASED,
    RESIZED,
    By,
    Locked,
    answer_offer,
    close_own_lapsed_offer,
    end_booking,
    end_entry,
    note,
    stay_of,
)
from bryggan.fair.seating.seat_ledger import lock as lock
from bryggan.fair.seating.seat_ledger import lock_all as lock_all
from bryggan.fair.seating.seat_ledger import strict_until as strict_until
from bryggan.fair.seating.seat_refusals import AlreadyHasSeats as AlreadyHasSeats
from bryggan.fair.seating.seat_refusals import BookingClosed as BookingClosed
from bryggan.fair.seating.seat_refusals import BookingNotOpenYet as BookingNotOpenYet
from bryggan.fair.seating.seat_refusals import GroupNotTaken as GroupNotTaken
from bryggan.fair.seating.seat_refusals import HasBegun as HasBegun
from bryggan.fair.seating.seat_refusals import HasNoSeats as HasNoSeats
from bryggan.fair.seating.seat_refusals import IsCancelled as IsCancelled
from bryggan.fair.seating.seat_refusals import NotEnoughSeats as NotEnoughSeats
from bryggan.fair.seating.seat_refusals import NotOffered as NotOffered
from bryggan.fair.seating.seat_refusals import OfAnotherSession as OfAnotherSession
from bryggan.fair.seating.seat_refusals import OnlyOffered as OnlyOffered
from bryggan.fair.seating.seat_refusals import OthersWait as OthersWait
from bryggan.fair.seating.seat_refusals import OutsideHours as OutsideHours
from bryggan.fair.seating.seat_refusals import SeatsRefused as SeatsRefused
from bryggan.fair.seating.seat_refusals import StandsInQueue as StandsInQueue

# For a session that belongs to no fair.
HOLD_MINUTES = 15
TOO_MANY = (GroupProblem.TOO_LARGE, GroupProblem.MORE_THAN_ALL_SEATS)


# ------------------------------------------------------------------------------------------------ asking


def seats_left(occasions: Iterable[Occasion], *, now: datetime | None = None) -> dict[int, SeatsLeft]:
    """What is taken and left of each occasion, by its number. Two statements for any number of them."""
    asked = {occasion.pk: occasion for occasion in occasions}
    stays: dict[int, list[Stay]] = {pk: [] for pk in asked}
    columns = ("occasion_id", "occasion__session__kind", "starts_at", "ends_at", "seats", "is_reserved")
    counted = Booking.objects.counting(now).filter(occasion__in=list(asked)).order_by()
    for pk, kind, starts_at, ends_at, seats, is_reserved in counted.values_list(*columns):
        if kind == Session.Kind.FIXED:
            starts_at, ends_at = asked[pk].starts_at, asked[pk].ends_at
        stays[pk].append(Stay(starts_at, ends_at, seats, is_reserved))
    entries = WaitingEntry.objects.filter(occasion__in=list(asked), state=WaitingEntry.State.WAITING).order_by()
    waiting = dict(entries.values_list("occasion_id").annotate(Count("pk")))
    return {
        pk: SeatsLeft(occasion.capacity, occasion.reserved, tuple(stays[pk]), waiting.get(pk, 0))
        for pk, occasion in asked.items()
    }


def limits_of(session: Session, occasion: Occasion | None = None, *, is_reserved: bool = False) -> GroupLimits:
    """Which groups the session takes; with an occasion also how large one could be there."""
    most = None
    if occasion is not None:
        most = counting.largest_possible(occasion.capacity, occasion.reserved, is_reserved=is_reserved)
    return GroupLimits(
        session.smallest_group,
        session.largest_group,
        session.counts_adults,
        session.unit == Session.Unit.GROUPS,
        most,
    )


# ------------------------------------------------------------------------------------------------ taking


@transaction.atomic
def hold(
    *,
    occasion: Occasion,
    school_class: SchoolClass,
    starts_at: datetime | None = None,
    pupils: int | None = None,
    adults: int | None = None,
    by: By,
    reserved: bool = False,
    now: datetime | None = None,
) -> Booking:
    """Hold seats for the class for the fair's minutes, and say until when (`held_until`).

    `pupils` and `adults` are the class's own when not given, `starts_at` (for open hours) when the occasion opens.
    Asked again, the same booking: its minutes are not prolonged, and given numbers that differ change it. A class
    that has booked keeps what it has. `reserved` is for classes that are invited. Raises SeatsRefused, by its names.
    """
    locked = lock(occasion, now=now)
    booking = locked.booking_of(school_class)
    if booking:
        return _resized(locked, booking, starts_at, pupils, adults, by)
    return _take(locked, school_class, starts_at, pupils, adults, by, is_reserved=reserved, is_booked=False)


@transaction.atomic
def book(
    *,
    occasion: Occasion,
    school_class: SchoolClass,
    starts_at: datetime | None = None,
    pupils: int | None = None,
    adults: int | None = None,
    by: By,
    reserved: bool = False,
    now: datetime | None = None,
) -> Booking:
    """Book the seats that are held for, or offered to, the class; or, when none are, book at once.

    Seats that are held can be booked as long as they are held, also when booking has closed meanwhile. A class
    that waits gets seats here only when it is its turn; else StandsInQueue. Asked again, the same booking.
    Otherwise as `hold`.
    """
    locked = lock(occasion, now=now)
    booking = locked.booking_of(school_class)
    if booking is None:
        return _take(locked, school_class, starts_at, pupils, adults, by, is_reserved=reserved, is_booked=True)
    booking = _resized(locked, booking, starts_at, pupils, adults, by)
    return confirm(locked, booking, by=by)


def confirm(locked: Locked, booking: Booking, *, by: By) -> Booking:
    """Book seats that are held. For actions that hold the lock."""
    if booking.state == Booking.State.BOOKED:
        return booking
    locked.refuse_unless_given()
    booking.state = Booking.State.BOOKED
    booking.booked_at = locked.now
    booking.held_until = None
    booking.save(update_fields=["state", "booked_at", "held_until"])
    note(by, BOOKED, locked, booking, was="held")
    statistics.count_booking(booking)
    answer_offer(locked, booking, SeatOffer.State.ACCEPTED, WaitingEntry.Reason.BOOKED, by=by)
    return booking


def hold_for_entry(locked: Locked, entry: WaitingEntry, *, until: datetime, by: By) -> Booking:
    """Hold seats for a class whose turn in the queue it is. For `waiting.py`, which has seen that it is."""
    stay = stay_of(entry, locked.occasion)
    booking = Booking.objects.create(
        occasion=locked.occasion,
        school_class=entry.school_class,
        pupils=entry.pupils,
        adults=entry.adults,
        seats=entry.seats,
        starts_at=stay.starts_at,
        ends_at=stay.ends_at,
        is_reserved=entry.is_reserved,
        held_until=until,
        made_by=entry.joined_by,
        made_at=locked.now,
    )
    locked.queue.remove(entry)
    note(by, HELD, locked, booking, entry=entry.pk)
    locked.bookings.append(booking)
    return booking


def wish_of(
    locked: Locked,
    school_class: SchoolClass,
    starts_at: datetime | None,
    pupils: int | None,
    adults: int | None,
    *,
    is_reserved: bool,
    now_has: Booking | None = None,
) -> tuple[int, int, Stay]:
    """Pupils, adults and the stay that a class asks for. Raises GroupNotTaken, OutsideHours or HasBegun.

    A class that has seats may come down to a size that is still too large, as it was taken before.
    """
    occasion, session = locked.occasion, locked.occasion.session
    pupils = school_class.pupils if pupils is None else pupils
    adults = school_class.adults if adults is None else adults
    limits = limits_of(session, occasion, is_reserved=is_reserved)
    problem = counting.group_problem(limits, pupils=pupils, adults=adults)
    if problem in TOO_MANY and now_has and pupils <= now_has.pupils and adults <= now_has.adults:
        problem = None
    if problem:
        raise GroupNotTaken(problem, limits)
    seats = counting.seats_needed(limits, pupils=pupils, adults=adults)
    if session.kind == Session.Kind.FIXED:
        return pupils, adults, Stay(occasion.starts_at, occasion.ends_at, seats, is_reserved)
    starts_at = starts_at or occasion.starts_at
    ends_at = starts_at + timedelta(minutes=session.minutes)
    if starts_at < occasion.starts_at or ends_at > occasion.ends_at:
        raise OutsideHours
    if starts_at <= locked.now:
        raise HasBegun
    return pupils, adults, Stay(starts_at, ends_at, seats, is_reserved)


def _take(
    locked: Locked,
    school_class: SchoolClass,
    starts_at: datetime | None,
    pupils: int | None,
    adults: int | None,
    by: By,
    *,
    is_reserved: bool,
    is_booked: bool,
    held_until: datetime | None = None,
    **details: Any,
) -> Booking:
    entry = locked.entry_of(school_class)
    if entry and not is_booked:
        raise StandsInQueue(entry)
    locked.refuse_unless_open(is_reserved=is_reserved)
    pupils, adults, wish = wish_of(locked, school_class, starts_at, pupils, adults, is_reserved=is_reserved)
    try:
        _refuse_unless_free(locked, wish, locked.left(), entry)
    except (NotEnoughSeats, OthersWait) as refusal:
        if entry:
            raise StandsInQueue(entry) from refusal
        raise
    close_own_lapsed_offer(locked, school_class)
    if not is_booked and held_until is None:
        fair = locked.occasion.session.fair
        minutes = timedelta(minutes=fair.hold_minutes if fair else HOLD_MINUTES)
        held_until = min(locked.now + minutes, wish.starts_at)
    booking = Booking.objects.create(
        occasion=locked.occasion,
        school_class=school_class,
        pupils=pupils,
        adults=adults,
        seats=wish.seats,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        state=Booking.State.BOOKED if is_booked else Booking.State.HELD,
        held_until=None if is_booked else held_until,
        is_reserved=is_reserved,
        made_by=by if isinstance(by, User) else None,
        made_at=locked.now,
        booked_at=locked.now if is_booked else None,
    )
    if entry:
        details["entry"] = entry.pk
    note(by, BOOKED if is_booked else HELD, locked, booking, **details)
    if is_booked and "moved_from" not in details:
        statistics.count_booking(booking)
    locked.bookings.append(booking)
    if entry:
        end_entry(locked, entry, WaitingEntry.State.SEATED, WaitingEntry.Reason.BOOKED, by=by)
    passed = [each.pk for each in locked.queue if not each.reason and stay_of(each, locked.occasion).meets(wish)]
    if passed and not locked.is_strict:
        WaitingEntry.objects.filter(pk__in=passed).update(reason=WaitingEntry.Reason.PASSED)
    return booking


def _refuse_unless_free(locked: Locked, wish: Stay, left: SeatsLeft, entry: WaitingEntry | None = None) -> None:
    room = left.between(wish.starts_at, wish.ends_at)
    if not room.fits(wish):
        raise NotEnoughSeats(room, wish.seats, len(locked.queue))
    if not counting.may_take(wish, locked.ahead_of(entry), left, strict=locked.is_strict):
        raise OthersWait(len(locked.queue))


# ------------------------------------------------------------------------------------------------ changing


@transaction.atomic
def change_size(*, booking: Booking, pupils: int, adults: int, by: By, now: datetime | None = None) -> Booking:
    """Let the class come with other numbers. Fewer is possible until it begins; more as for a new booking.

    Who grows takes free seats, and passes nobody who waits for them. Raises SeatsRefused.
    """
    locked = lock(booking.occasion_id, now=now)
    return _resized(locked, _own(locked, booking), None, pupils, adults, by)


@transaction.atomic
def move(
    *, booking: Booking, to: Occasion, starts_at: datetime | None = None, by: By, now: datetime | None = None
) -> Booking:
    """Give the class seats at another occasion of the session instead, or another time of its open hours.

    All or nothing; asked again, the booking it has there. The class comes as anybody else does: where others
    wait it cannot come before them, and keeps what it has. Raises SeatsRefused.
    """
    both = lock_all([booking.occasion_id, to.pk], now=now)
    old, new = both[booking.occasion_id], both[to.pk]
    if old.occasion.session_id != new.occasion.session_id:
        raise OfAnotherSession
    there = new.booking_of(booking.school_class)
    if there and there.pk != booking.pk:
        if old.booking_of(booking.school_class):
            raise AlreadyHasSeats
        return there
    own = _own(old, booking)
    if SeatOffer.objects.filter(booking=own, state=SeatOffer.State.OPEN).exists():
        raise OnlyOffered
    if old is new:
        return _resized(old, own, starts_at, None, None, by)
    if old.now >= stay_of(own, old.occasion).starts_at:
        raise HasBegun
    is_booked = own.state == Booking.State.BOOKED
    moved = _take(
        new,
        own.school_class,
        starts_at,
        own.pupils,
        own.adults,
        by,
        is_reserved=own.is_reserved,
        is_booked=is_booked,
        held_until=own.held_until,
        moved_from=own.pk,
    )
    end_booking(old, own, Booking.End.RELEASED, RELEASED, by=by, moved_to=moved.pk)
    return moved


@transaction.atomic
def change_capacity(
    *, occasion: Occasion, capacity: int | None, reserved: int | None = None, by: By, now: datetime | None = None
) -> SeatsLeft:
    """Give the occasion another number of seats. Those who have seats keep them: `over_by` says how many too many.

    Nobody gets seats there until fewer are taken than there are. `reserved` stays as it is when not given.
    """
    locked = lock(occasion, now=now)
    before = (locked.occasion.capacity, locked.occasion.reserved)
    after = (capacity, locked.occasion.reserved if reserved is None else reserved)
    if after != before:
        locked.occasion.capacity, locked.occasion.reserved = after
        locked.occasion.save(update_fields=["capacity", "reserved"])
        note(by, CAPACITY_CHANGED, locked, before=list(before))
    return locked.left()


@transaction.atomic
def follow_times(*, occasion: Occasion) -> int:
    """Let bookings and wishes of a fixed occasion that was moved be at its new time. Returns how many bookings.

    Seats are counted right without it; it is for those who read a booking's own times. Open hours: nothing to do.
    """
    locked = lock(occasion)
    if not _is_fixed(locked):
        return 0
    times = {"starts_at": locked.occasion.starts_at, "ends_at": locked.occasion.ends_at}
    WaitingEntry.objects.filter(pk__in=[each.pk for each in locked.queue]).update(**times)
    return Booking.objects.filter(pk__in=[each.pk for each in locked.bookings]).update(**times)


def _resized(
    locked: Locked,
    booking: Booking,
    starts_at: datetime | None,
    pupils: int | None,
    adults: int | None,
    by: By,
) -> Booking:
    """The booking with the numbers and time that are given, and as it was where they are not."""
    asked = (
        booking.pupils if pupils is None else pupils,
        booking.adults if adults is None else adults,
        booking.starts_at if starts_at is None or _is_fixed(locked) else starts_at,
    )
    if asked == (booking.pupils, booking.adults, booking.starts_at):
        return booking
    had = stay_of(booking, locked.occasion)
    locked.refuse_unless_given()
    if locked.now >= had.starts_at:
        raise HasBegun
    booking_before = [booking.seats, booking.starts_at.isoformat()]
    pupils, adults, wish = wish_of(
        locked, booking.school_class, asked[2], asked[0], asked[1], is_reserved=booking.is_reserved, now_has=booking
    )
    if (wish.starts_at, wish.ends_at) != (had.starts_at, had.ends_at):
        locked.refuse_unless_open(is_reserved=booking.is_reserved)
        _refuse_unless_free(locked, wish, locked.left(without=booking))
    elif wish.seats > had.seats:
        locked.refuse_unless_open(is_reserved=booking.is_reserved)
        more = Stay(wish.starts_at, wish.ends_at, wish.seats - had.seats, wish.is_reserved)
        _refuse_unless_free(locked, more, locked.left())
    booking.pupils, booking.adults, booking.seats = pupils, adults, wish.seats
    booking.starts_at, booking.ends_at = wish.starts_at, wish.ends_at
    booking.save(update_fields=["pupils", "adults", "seats", "starts_at", "ends_at"])
    note(by, RESIZED, locked, booking, before=booking_before)
    return booking


def _own(locked: Locked, booking: Booking) -> Booking:
    """The booking as it is now. Raises HasNoSeats when it has ended."""
    found = next((each for each in locked.bookings if each.pk == booking.pk), None)
    if found is None:
        raise HasNoSeats(Booking.objects.get(pk=booking.pk))
    return found


def _is_fixed(locked: Locked) -> bool:
    return locked.occasion.session.kind == Session.Kind.FIXED


# ------------------------------------------------------------------------------------------------ returning


@transaction.atomic
def release(*, booking: Booking, by: By, by_host: bool = False, now: datetime | None = None) -> Booking:
    """Give the class's seats back, held, offered or booked; they are free at once. Asked again, the same booking.

    `by_host` when it is the host that takes them back. Raises HasBegun when it is too late: then who came and who
    did not is a question of attendance.
    """
    locked = lock(booking.occasion_id, now=now)
    try:
        own = _own(locked, booking)
    except HasNoSeats as ended:
        return ended.booking
    if own.state == Booking.State.BOOKED and locked.now >= stay_of(own, locked.occasion).starts_at:
        raise HasBegun
    end_booking(locked, own, Booking.End.CANCELLED_BY_HOST if by_host else Booking.End.RELEASED, RELEASED, by=by)
    if by_host:
        answer_offer(locked, own, SeatOffer.State.WITHDRAWN, WaitingEntry.Reason.CANCELLED, by=by)
    else:
        answer_offer(locked, own, SeatOffer.State.DECLINED, WaitingEntry.Reason.DECLINED, by=by)
    return own


@dataclass(frozen=True)
class CancelledOccasion:
    """Whom a cancelled occasion was cancelled for: bookings (held ones too) that ended, places in the queue."""

    bookings: tuple[Booking, ...] = ()
    entries: tuple[WaitingEntry, ...] = ()


@transaction.atomic
def cancel_occasion(*, occasion: Occasion, by: By, now: datetime | None = None) -> CancelledOccasion:
    """Cancel an occasion: end its bookings, close its queue. Returns for whom; nobody when it was so already.

    Works as well when the whole session has been marked as cancelled before. Raises HasBegun when it is over.
    """
    locked = lock(occasion, now=now)
    if locked.now >= locked.occasion.ends_at:
        raise HasBegun
    if locked.occasion.cancelled_at is None:
        locked.occasion.cancelled_at = locked.now
        locked.occasion.save(update_fields=["cancelled_at"])
        note(by, CANCELLED, locked)
    bookings, entries = tuple(locked.bookings), tuple(locked.queue)
    for booking in bookings:
        end_booking(locked, booking, Booking.End.CANCELLED_BY_HOST, RELEASED, by=by)
        answer_offer(locked, booking, SeatOffer.State.WITHDRAWN, WaitingEntry.Reason.CANCELLED, by=by)
    for entry in entries:
        end_entry(locked, entry, WaitingEntry.State.CLOSED, WaitingEntry.Reason.CANCELLED, by=by)
    return CancelledOccasion(bookings, entries)
