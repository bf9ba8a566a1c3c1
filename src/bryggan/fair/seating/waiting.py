"""The queue of an occasion, and timed offers to those in it.

The rule, which the teacher is shown: the queue is in strict order and nobody passes anybody, until a time before
booking closes (`seats.strict_until`). After that the first group that fits is offered the free seats. Whoever comes
new stands last: while others wait for the same seats the way in is the queue.

An offer is seats held for a class until a time. Its clock goes only during school hours of school days, and never
past the closing of booking or the beginning of the stay. Taken, it is a booking. Not taken in time, the seats go on
and the class is out of the queue, since one that does not answer would otherwise keep getting the seats that others
wait for; it may queue again, last. When booking closes, so does the queue.

The worker gives seats out, in `give_out`. Who wants to write mails about it hands in `Tell`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Booking, Occasion, SeatOffer, WaitingEntry
from bryggan.fair.seating import seat_ledger, seats
from bryggan.fair.seating.capacity import next_in_turn
from bryggan.fair.seating.school_hours import SchoolClock
from bryggan.fair.seating.seat_ledger import By, Locked, stay_of
from bryggan.fair.seating.seat_refusals import AlreadyHasSeats, SeatsRefused

log = logging.getLogger(__name__)

# How long a class has to answer, in school hours.
ANSWER_TIME = timedelta(hours=4)
WORKER = "seat offers"

State = WaitingEntry.State
Reason = WaitingEntry.Reason


class OfferIsGone(SeatsRefused):
    """The offer's time ran out, or it was declined or withdrawn; `offer` tells which."""

    def __init__(self, offer: SeatOffer) -> None:
        super().__init__(offer.state)
        self.offer = offer


class NotInQueue(SeatsRefused):
    """The class does not wait any more; `entry` tells why."""

    def __init__(self, entry: WaitingEntry) -> None:
        super().__init__(entry.state)
        self.entry = entry


@dataclass(frozen=True)
class Place:
    """Where a class stands in the queue. `ahead` groups come first; `free` seats are free now, None without limit.

    Nobody passes anybody until `strict_until`. `reason` is why the class was passed, if it was. `answer_by` is set
    when seats are offered to it now. An entry that has ended has no place: `ahead` is None.
    """

    ahead: int | None
    needed: int
    free: int | None
    strict_until: datetime
    is_strict: bool
    reason: str = ""
    answer_by: datetime | None = None


@dataclass
class GivenOut:
    """What the clock and free seats brought about, in order."""

    offers: list[SeatOffer] = field(default_factory=list)
    ran_out: list[SeatOffer] = field(default_factory=list)
    passed: list[WaitingEntry] = field(default_factory=list)
    closed: list[WaitingEntry] = field(default_factory=list)
    # Held seats, of no offer, whose minutes were over.
    tidied: int = 0

    def __len__(self) -> int:
        return len(self.offers) + len(self.ran_out) + len(self.passed) + len(self.closed) + self.tidied

    def add(self, other: GivenOut) -> None:
        self.offers += other.offers
        self.ran_out += other.ran_out
        self.passed += other.passed
        self.closed += other.closed
        self.tidied += other.tidied


@dataclass(frozen=True)
class Tell:
    """Who is called, within the transaction of what has happened: a mail is written with its cause or not at all."""

    offered: Callable[[SeatOffer], object] = lambda offer: None
    ran_out: Callable[[SeatOffer], object] = lambda offer: None
    passed: Callable[[WaitingEntry], object] = lambda entry: None
    closed: Callable[[WaitingEntry], object] = lambda entry: None


# ------------------------------------------------------------------------------------------------ by the class


@transaction.atomic
def join(
    *,
    occasion: Occasion,
    school_class: SchoolClass,
    starts_at: datetime | None = None,
    pupils: int | None = None,
    adults: int | None = None,
    by: By,
    reserved: bool = False,
    now: datetime | None = None,
) -> WaitingEntry:
    """Put the class last in the queue. Asked again, the same place: `change_size` is what changes numbers.

    `pupils`, `adults`, `starts_at` and `reserved` as in `seats.hold`. Raises AlreadyHasSeats for a class that has
    seats there, GroupNotTaken for one that would not fit even if nobody else came, and other SeatsRefused.
    """
    locked = seats.lock(occasion, now=now)
    seat_ledger.close_own_lapsed_offer(locked, school_class)
    waits = locked.entry_of(school_class) or _offered_entry(locked, school_class)
    if waits:
        if reserved and not waits.is_reserved and waits.state == State.WAITING:
            # Invited meanwhile: the place stays, and the reserved seats come within reach.
            waits.is_reserved = True
            waits.save(update_fields=["is_reserved"])
            seat_ledger.note(by, seat_ledger.ENTRY_RESIZED, locked, waits, before=waits.seats)
        return waits
    if locked.booking_of(school_class):
        raise AlreadyHasSeats
    locked.refuse_unless_open(is_reserved=reserved)
    pupils, adults, wish = seats.wish_of(locked, school_class, starts_at, pupils, adults, is_reserved=reserved)
    last = WaitingEntry.objects.filter(occasion=occasion).aggregate(last=Max("joined_at"))["last"]
    entry = WaitingEntry.objects.create(
        occasion=locked.occasion,
        school_class=school_class,
        pupils=pupils,
        adults=adults,
        seats=wish.seats,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        is_reserved=reserved,
        # Never before somebody who has joined already, though the clocks of two machines differ.
        joined_at=max(locked.now, last or locked.now),
        joined_by=by if not isinstance(by, str) else None,
    )
    locked.queue.append(entry)
    seat_ledger.note(by, seat_ledger.JOINED, locked, entry)
    return entry


@transaction.atomic
def leave(*, entry: WaitingEntry, by: By, now: datetime | None = None) -> WaitingEntry:
    """Take the class out of the queue; seats offered to it go on to the next. Asked again, the same entry.

    Raises AlreadyHasSeats when the class has said yes: then it is the booking that is released.
    """
    locked = seats.lock(entry.occasion_id, now=now)
    entry = WaitingEntry.objects.get(pk=entry.pk)
    if entry.state == State.SEATED:
        raise AlreadyHasSeats
    if entry.state == State.WAITING:
        seat_ledger.end_entry(locked, entry, State.LEFT, Reason.LEFT, by=by)
    elif entry.state == State.OFFERED:
        _decline(locked, entry.offers.get(state=SeatOffer.State.OPEN), by=by)
        entry.refresh_from_db()
    return entry


@transaction.atomic
def change_size(*, entry: WaitingEntry, pupils: int, adults: int, by: By, now: datetime | None = None) -> WaitingEntry:
    """Let a class that waits come with other numbers; it keeps its place. Raises SeatsRefused.

    A class that has an offer changes its size when it has said yes.
    """
    locked = seats.lock(entry.occasion_id, now=now)
    waits = next((each for each in locked.queue if each.pk == entry.pk), None)
    if waits is None:
        raise NotInQueue(WaitingEntry.objects.get(pk=entry.pk))
    if (waits.pupils, waits.adults) == (pupils, adults):
        return waits
    locked.refuse_unless_open(is_reserved=waits.is_reserved)
    _pupils, _adults, wish = seats.wish_of(
        locked, waits.school_class, waits.starts_at, pupils, adults, is_reserved=waits.is_reserved
    )
    before = waits.seats
    waits.pupils, waits.adults, waits.seats = pupils, adults, wish.seats
    waits.save(update_fields=["pupils", "adults", "seats"])
    seat_ledger.note(by, seat_ledger.ENTRY_RESIZED, locked, waits, before=before)
    return waits


@transaction.atomic
def accept(*, offer: SeatOffer, by: By, now: datetime | None = None) -> Booking:
    """Book the offered seats. Asked again, the same booking. Raises OfferIsGone when it is too late."""
    locked = seats.lock(offer.booking.occasion_id, now=now)
    offer = _again(offer)
    if offer.state == SeatOffer.State.ACCEPTED and offer.booking.state == Booking.State.BOOKED:
        return offer.booking
    booking = next((each for each in locked.bookings if each.pk == offer.booking_id), None)
    if offer.state != SeatOffer.State.OPEN or booking is None:
        raise OfferIsGone(offer)
    return seats.confirm(locked, booking, by=by)


@transaction.atomic
def decline(*, offer: SeatOffer, by: By, now: datetime | None = None) -> SeatOffer:
    """Give the offered seats on to the next; the class leaves the queue. Asked again, the same offer.

    Raises AlreadyHasSeats when they were accepted: then it is the booking that is released.
    """
    locked = seats.lock(offer.booking.occasion_id, now=now)
    offer = _again(offer)
    if offer.state == SeatOffer.State.ACCEPTED and offer.booking.state == Booking.State.BOOKED:
        raise AlreadyHasSeats
    if offer.state == SeatOffer.State.OPEN:
        _decline(locked, offer, by=by)
    return _again(offer)


def _decline(locked: Locked, offer: SeatOffer, *, by: By) -> None:
    booking = next((each for each in locked.bookings if each.pk == offer.booking_id), None)
    if booking:
        seats.release(booking=booking, by=by, now=locked.now)
    else:
        seat_ledger.answer_offer(locked, offer.booking, SeatOffer.State.RAN_OUT, Reason.RAN_OUT, by=WORKER)


def _offered_entry(locked: Locked, school_class: SchoolClass) -> WaitingEntry | None:
    """The class's entry with an offer that still stands."""
    return WaitingEntry.objects.filter(
        occasion=locked.occasion, school_class=school_class, state=State.OFFERED
    ).first()


def _again(offer: SeatOffer) -> SeatOffer:
    """The offer as it is now, with its booking and entry."""
    return SeatOffer.objects.select_related("booking", "entry").get(pk=offer.pk)


# ------------------------------------------------------------------------------------------------ what is shown


def places_in_queue(entries: Iterable[WaitingEntry], *, now: datetime | None = None) -> dict[int, Place]:
    """The place of each entry, by its number. Five statements for any number of them."""
    now = now or timezone.now()
    asked = list(entries)
    numbers = {entry.occasion_id for entry in asked}
    occasions = Occasion.objects.filter(pk__in=numbers).select_related("session__fair").in_bulk()
    left = seats.seats_left(occasions.values(), now=now)
    queues: dict[int, list[int]] = {}
    waiting = WaitingEntry.objects.filter(occasion__in=numbers, state=State.WAITING)
    reasons = {entry.pk: entry.reason for entry in asked}
    for number, pk, reason in waiting.order_by("joined_at", "pk").values_list("occasion_id", "pk", "reason"):
        queues.setdefault(number, []).append(pk)
        reasons[pk] = reason
    offers = SeatOffer.objects.filter(entry__in=asked, state=SeatOffer.State.OPEN, expires_at__gt=now)
    answer_by = dict(offers.filter(booking__state=Booking.State.HELD).values_list("entry_id", "expires_at"))
    places = {}
    for entry in asked:
        occasion = occasions[entry.occasion_id]
        stay = stay_of(entry, occasion)
        room = left[occasion.pk].between(stay.starts_at, stay.ends_at)
        queue = queues.get(occasion.pk, [])
        strict_until = seats.strict_until(occasion)
        ahead = queue.index(entry.pk) if entry.pk in queue else 0 if entry.pk in answer_by else None
        free = room.free_for_invited if entry.is_reserved else room.free
        places[entry.pk] = Place(
            ahead=ahead,
            needed=entry.seats,
            free=free,
            strict_until=strict_until,
            is_strict=now < strict_until,
            reason=str(Reason(reasons[entry.pk]).label) if reasons[entry.pk] else "",
            answer_by=answer_by.get(entry.pk),
        )
    return places


def place_in_queue(entry: WaitingEntry, *, now: datetime | None = None) -> Place:
    return places_in_queue([entry], now=now)[entry.pk]


# ------------------------------------------------------------------------------------------------ by the worker


def give_out(*, now: datetime | None = None, tell: Tell | None = None) -> GivenOut:
    """Offer free seats to those whose turn it is, take back offers that ran out, close queues with their booking.

    Each occasion under its lock and in a transaction of its own, so that two workers make no double offer. One
    occasion's trouble is logged and does not hold up the others.
    """
    clock = SchoolClock()
    done = GivenOut()
    for occasion in _due(now or timezone.now()):
        try:
            done.add(give_out_at(occasion, now=now, tell=tell, clock=clock))
        except Exception:
            log.exception("Seats of occasion %s could not be given out, and are tried again.", occasion)
    return done


def give_out_due() -> int:
    """The worker's chore. Returns how much was done."""
    return len(give_out())


@transaction.atomic
def give_out_at(
    occasion: Occasion | int,
    *,
    now: datetime | None = None,
    tell: Tell | None = None,
    clock: SchoolClock | None = None,
) -> GivenOut:
    """The same for one occasion, also right after somebody's seats came free. Raises what a teller raises."""
    tell = tell or Tell()
    locked = seats.lock(occasion, now=now)
    done = GivenOut(ran_out=expire(locked))
    answered = {offer.booking_id for offer in done.ran_out}
    done.tidied = sum(booking.pk not in answered for booking in locked.lapsed)
    for entry in list(locked.queue):
        if reason := _why_over(entry, locked.occasion, locked.now):
            seat_ledger.end_entry(locked, entry, State.CLOSED, reason, by=WORKER)
            done.closed.append(entry)
    if locked.occasion.session.is_offered:
        _offer_free_seats(locked, clock or SchoolClock(), done)
    for offer in done.ran_out:
        tell.ran_out(offer)
    for offer in done.offers:
        tell.offered(offer)
    for entry in done.passed:
        tell.passed(entry)
    for entry in done.closed:
        tell.closed(entry)
    return done


def expire(locked: Locked) -> list[SeatOffer]:
    """Close the offers of an occasion whose time has run out; their seats are free since then."""
    offers = SeatOffer.objects.filter(entry__occasion=locked.occasion, state=SeatOffer.State.OPEN)
    gone = offers.filter(booking__state=Booking.State.ENDED).select_related("booking", "entry__school_class")
    lapsed = []
    for offer in gone.order_by("pk"):
        answered = seat_ledger.answer_offer(locked, offer.booking, SeatOffer.State.RAN_OUT, Reason.RAN_OUT, by=WORKER)
        lapsed.extend([answered] if answered else [])
    return lapsed


def _why_over(entry: WaitingEntry, occasion: Occasion, now: datetime) -> WaitingEntry.Reason | None:
    """Why the wait is over without seats, when it is."""
    if occasion.is_cancelled:
        return Reason.CANCELLED
    if now >= min(occasion.booking_closes_at, stay_of(entry, occasion).starts_at):
        return Reason.BOOKING_CLOSED
    return None


def _offer_free_seats(locked: Locked, clock: SchoolClock, done: GivenOut) -> None:
    left = locked.left()
    for entry in locked.queue:
        fits = left.could_ever_fit(stay_of(entry, locked.occasion))
        if fits is (entry.reason == Reason.TOO_LARGE):
            _tell_why(entry, Reason.TOO_LARGE, done, is_so=not fits)
    while (index := next_in_turn(locked.ahead_of(), locked.left(), strict=locked.is_strict)) is not None:
        entry = locked.queue[index]
        wish = stay_of(entry, locked.occasion)
        for passed in locked.queue[:index]:
            if not locked.is_strict and not passed.reason and stay_of(passed, locked.occasion).meets(wish):
                _tell_why(passed, Reason.PASSED, done)
        until = min(locked.occasion.booking_closes_at, wish.starts_at)
        expires_at = clock.after(locked.now, ANSWER_TIME, latest=until)
        booking = seats.hold_for_entry(locked, entry, until=expires_at, by=WORKER)
        entry.state = State.OFFERED
        entry.reason = ""
        entry.save(update_fields=["state", "reason"])
        done.offers.append(
            SeatOffer.objects.create(entry=entry, booking=booking, offered_at=locked.now, expires_at=expires_at)
        )


def _tell_why(entry: WaitingEntry, reason: WaitingEntry.Reason, done: GivenOut, *, is_so: bool = True) -> None:
    entry.reason = reason if is_so else ""
    entry.save(update_fields=["reason"])
    if is_so:
        done.passed.append(entry)


def _due(now: datetime) -> list[Occasion]:
    """The occasions where something is to be done, seen without locks. A handful of statements."""
    lapsed_holds = Booking.objects.filter(state=Booking.State.HELD, held_until__lte=now)
    ended = Q(booking__state=Booking.State.ENDED) | Q(booking__in=lapsed_holds)
    lapsed_offers = SeatOffer.objects.filter(ended, state=SeatOffer.State.OPEN)
    certain = {
        *lapsed_holds.order_by().values_list("occasion_id", flat=True),
        *lapsed_offers.order_by().values_list("booking__occasion_id", flat=True),
    }
    queues: dict[int, list[WaitingEntry]] = {}
    for entry in WaitingEntry.objects.filter(state=State.WAITING).order_by("joined_at", "pk"):
        queues.setdefault(entry.occasion_id, []).append(entry)
    occasions = Occasion.objects.filter(pk__in=certain | set(queues)).select_related("session__fair").order_by("pk")
    found = list(occasions)
    left = seats.seats_left(found, now=now)
    due = []
    for occasion in found:
        queue = queues.get(occasion.pk, [])
        if occasion.pk in certain or any(_why_over(entry, occasion, now) for entry in queue):
            due.append(occasion)
        elif occasion.session.is_offered:
            wishes = [stay_of(entry, occasion) for entry in queue]
            strict = now < seats.strict_until(occasion)
            if next_in_turn(wishes, left[occasion.pk], strict=strict) is not None:
                due.append(occasion)
    return due
