"""Seats for a whole programme: each stop through `seats.py`, one answer each.

Occasions are locked before the programme's row, in this room and wherever the fair moves what it gives, so that a
teacher who books and an editor who cancels never wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from bryggan.accounts.models import User
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Booking, Itinerary, Stop
from bryggan.fair.programmes.changing import CannotBe, NoSuchStop, may_use
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.seating import capacity, seats, waiting
from bryggan.fair.seating.standing import NOWHERE, Standing, standings_of


@dataclass(frozen=True, slots=True)
class SeatResult:
    """How it went for a stop. `reason` says why not; `can_wait`: there is a queue to join."""

    stop: Stop
    state: Literal["held", "booked", "waiting", "refused"]
    held_until: datetime | None = None
    place_in_queue: int | None = None
    reason: Reason | None = None
    can_wait: bool = False


def hold_seats(itinerary: Itinerary, *, by: User) -> list[SeatResult]:
    """ "Boka platser": hold seats at every stop that takes bookings, for the fair's minutes. What is booked stays so.

    Raises NotAllowed and PutAway.
    """
    return _each(itinerary, seats.hold, by)


def book_seats(itinerary: Itinerary, *, by: User) -> list[SeatResult]:
    """Book every stop that takes bookings: held seats are booked, others are taken and booked at once if they can be.

    Repeating it books nothing twice. One stop that is full does not stop the others. Raises NotAllowed and PutAway.
    """
    return _each(itinerary, seats.book, by)


@transaction.atomic
def book_stop(stop: Stop, *, by: User) -> SeatResult:
    """Book one stop. Raises NotAllowed, PutAway, NoSuchStop."""
    may_use(stop.itinerary, by)
    row = _kept(stop)
    standing = standings_of(row.itinerary.school_class, [row.occasion_id or 0]).get(row.occasion_id or 0, NOWHERE)
    return _one(row, seats.book, standing, by)


@transaction.atomic
def wait_for_seats(stop: Stop, *, by: User) -> SeatResult:
    """Stand in the queue of a full stop. Standing already: the same place. Raises NotAllowed, PutAway, NoSuchStop."""
    may_use(stop.itinerary, by)
    row = _kept(stop)
    if row.occasion is None:
        return SeatResult(row, "refused", reason=Reason("no booking"))
    school_class = row.itinerary.school_class
    try:
        waiting.join(occasion=row.occasion, school_class=school_class, starts_at=row.starts_at, by=by)
    except seats.AlreadyHasSeats:
        pass
    except seats.SeatsRefused as refused:
        return SeatResult(row, "refused", reason=reason_of_refusal(refused, row))
    standing = standings_of(school_class, [row.occasion.pk]).get(row.occasion.pk, NOWHERE)
    return _standing_result(row, standing)


@transaction.atomic
def match_seats(stop: Stop, *, by: User) -> SeatResult:
    """Let booked or held seats, or a place in the queue, be for as many as the class is now.

    Raises NotAllowed, PutAway, NoSuchStop.
    """
    may_use(stop.itinerary, by)
    row = _kept(stop)
    school_class, key = row.itinerary.school_class, row.occasion_id or 0
    standing = standings_of(school_class, [key]).get(key, NOWHERE)
    pupils, adults = school_class.pupils, school_class.adults
    try:
        if standing.booking is not None:
            seats.change_size(booking=standing.booking, pupils=pupils, adults=adults, by=by)
        elif standing.waiting is not None:
            waiting.change_size(entry=standing.waiting, pupils=pupils, adults=adults, by=by)
        else:
            return SeatResult(row, "refused", reason=Reason("no seats"))
    except seats.SeatsRefused as refused:
        return SeatResult(row, "refused", reason=reason_of_refusal(refused, row))
    return _standing_result(row, standings_of(school_class, [key])[key])


@transaction.atomic
def release_seats(stop: Stop, *, by: User) -> None:
    """Give back what the class has at the stop: booked or held seats, its place in the queue. The stop stays.

    Doing it again changes nothing. Raises NotAllowed, PutAway, and CannotBe when it has begun.
    """
    may_use(stop.itinerary, by)
    row = Stop.objects.select_related("itinerary__school_class").get(pk=stop.pk)
    give_back(row.itinerary, [row], by=by)


def lock_occasions(stops: Iterable[Stop | int | None]) -> None:
    """Lock the occasions of stops, or by their ids, in order. Call before the programme's own row is locked."""
    keys = {one.occasion_id if isinstance(one, Stop) else one for one in stops}
    seats.lock_all([key for key in keys if key is not None])


def give_back(itinerary: Itinerary, stops: Sequence[Stop], *, by: User) -> None:
    """Give back what the class has at these stops, whatever it is. For actions that have locked their occasions.

    Raises CannotBe when one of them has begun: then who came is a question of attendance.
    """
    standings = standings_of(itinerary.school_class, [stop.occasion_id for stop in stops if stop.occasion_id])
    for stop in stops:
        standing = standings.get(stop.occasion_id or 0, NOWHERE)
        try:
            if standing.booking is not None:
                seats.release(booking=standing.booking, by=by)
            elif standing.waiting is not None:
                waiting.leave(entry=standing.waiting, by=by)
        except seats.SeatsRefused as refused:
            raise CannotBe(reason_of_refusal(refused, stop)) from refused


def _each(itinerary: Itinerary, take: Callable[..., Booking], by: User) -> list[SeatResult]:
    """Try each stop in a step of its own inside one transaction, all occasions locked first."""
    with transaction.atomic():
        may_use(itinerary, by)
        stops = list(
            itinerary.stops.kept()
            .filter(occasion__session__needs_booking=True)
            .select_related("occasion__session__venue", "itinerary__school_class")
            .order_by("starts_at", "pk")
        )
        lock_occasions(stops)
        standings = standings_of(itinerary.school_class, [stop.occasion_id for stop in stops if stop.occasion_id])
        return [_one(stop, take, standings.get(stop.occasion_id or 0, NOWHERE), by) for stop in stops]


def _one(stop: Stop, take: Callable[..., Booking], standing: Standing, by: User) -> SeatResult:
    if stop.occasion is None or not stop.occasion.session.needs_booking:
        return SeatResult(stop, "refused", reason=Reason("no booking"))
    booked = standing.booking is not None and standing.booking.state == Booking.State.BOOKED
    if booked or (standing.waiting is not None and standing.booking is None):
        return _standing_result(stop, standing)
    # Nothing is given for the time of a booking that stands: to move it is `moving.move_stop`'s.
    starts_at = None if standing.booking is not None else stop.starts_at
    try:
        with transaction.atomic():
            booking = take(
                occasion=stop.occasion, school_class=stop.itinerary.school_class, starts_at=starts_at, by=by
            )
    except seats.SeatsRefused as refused:
        can_wait = isinstance(refused, seats.NotEnoughSeats | seats.OthersWait)
        return SeatResult(stop, "refused", reason=reason_of_refusal(refused, stop), can_wait=can_wait)
    if booking.state == Booking.State.BOOKED:
        return SeatResult(stop, "booked")
    return SeatResult(stop, "held", held_until=booking.held_until)


def _standing_result(stop: Stop, standing: Standing) -> SeatResult:
    if standing.booking is not None:
        if standing.booking.state == Booking.State.BOOKED:
            return SeatResult(stop, "booked")
        return SeatResult(stop, "held", held_until=standing.booking.held_until)
    return SeatResult(stop, "waiting", place_in_queue=standing.place_in_queue)


def _kept(stop: Stop) -> Stop:
    rows = Stop.objects.kept().select_related("occasion__session__venue", "itinerary__school_class")
    row = rows.filter(pk=stop.pk).first()
    if row is None:
        raise NoSuchStop
    return row


def reason_of_refusal(refused: seats.SeatsRefused, stop: Stop | None = None) -> Reason:
    """Why seats could not be had, in the words of programmes."""
    if isinstance(refused, seats.NotEnoughSeats):
        if not refused.room.free:
            return Reason("full")
        return Reason("too few seats", {"seats": refused.room.free, "people": refused.needed})
    if isinstance(refused, seats.OthersWait):
        return Reason("others wait", {"waiting": refused.waiting})
    if isinstance(refused, seats.GroupNotTaken):
        limits = refused.limits
        if refused.problem == capacity.GroupProblem.TOO_SMALL:
            return Reason("takes from", {"least": limits.smallest or 0})
        if refused.problem == capacity.GroupProblem.EMPTY:
            return Reason("empty class")
        most = min(size for size in (limits.largest, limits.most_seats, capacity.MOST_PUPILS) if size is not None)
        return Reason("takes up to", {"most": most})
    if isinstance(refused, seats.BookingNotOpenYet) and stop is not None and stop.occasion is not None:
        opens = local(stop.occasion.booking_opens_at)
        return Reason("booking not open", {"when": f"{opens.day}/{opens.month} {clock_text(opens)}"})
    for kind, code in _CODES:
        if isinstance(refused, kind):
            return Reason(code)
    return Reason("not now")


_CODES: tuple[tuple[type[seats.SeatsRefused], str], ...] = (
    (seats.NotOffered, "not offered"),
    (seats.IsCancelled, "cancelled"),
    (seats.HasBegun, "over"),
    (seats.BookingNotOpenYet, "booking not open yet"),
    (seats.BookingClosed, "booking closed"),
    (seats.OutsideHours, "closed"),
    (seats.StandsInQueue, "waits already"),
)
