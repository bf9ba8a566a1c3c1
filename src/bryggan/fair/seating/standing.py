"""How a class stands with occasions: what it has booked, holds or waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from bryggan.accounts.models import SchoolClass
from bryggan.common.statements import Statement
from bryggan.fair.models import Booking, Itinerary, Occasion, Stop, WaitingEntry
from bryggan.fair.seating.capacity import SeatsLeft, Stay
from bryggan.fair.seating.seat_ledger import stay_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A class at an occasion: its open booking, or its entry in the queue.

    `place_in_queue`: 1 for the first. `ran_out`: it held seats, and the time is up.
    """

    booking: Booking | None = None
    waiting: WaitingEntry | None = None
    place_in_queue: int | None = None
    ran_out: bool = False

    @property
    def has_seats(self) -> bool:
        """Seats that are this class's now: booked, or held and the time is not up."""
        return self.booking is not None

    @property
    def has_anything(self) -> bool:
        return self.booking is not None or self.waiting is not None


NOWHERE = Standing()
_IN_QUEUE = (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED)
_OF_BOOKINGS = (
    "id", "occasion_id", "school_class_id", "pupils", "adults", "seats", "starts_at", "ends_at", "state", "held_until",
    "is_reserved",
)  # fmt: skip
_BOOKINGS = Statement(
    lambda occasions: (
        Booking.objects.filter(occasion__in=occasions)
        .exclude(state=Booking.State.ENDED)
        .order_by()
        .only(*_OF_BOOKINGS)
    )
)
_ENTRIES = Statement(
    lambda occasions: (
        WaitingEntry.objects.filter(occasion__in=occasions, state__in=_IN_QUEUE)
        .order_by()
        .values_list("occasion_id", "state", "school_class_id")
    )
)


def standings_of(school_class: SchoolClass, occasions: Iterable[int]) -> dict[int, Standing]:
    """How the class stands with those of the occasions where it stands at all; three statements at the most."""
    keys = list(occasions)
    if not keys:
        return {}
    bookings = Booking.objects.filter(school_class=school_class, occasion__in=keys).exclude(state=Booking.State.ENDED)
    entries = WaitingEntry.objects.filter(school_class=school_class, occasion__in=keys, state__in=_IN_QUEUE)
    return _standings(list(bookings.order_by()), list(entries.order_by()), timezone.now())


def seats_and_standings(
    school_class: SchoolClass, occasions: Sequence[Occasion], *, now: datetime | None = None
) -> tuple[dict[int, SeatsLeft], dict[int, Standing]]:
    """What `seats.seats_left` and `standings_of` say, in two statements, and two more for a class in a queue.

    Needs sessions read with the occasions. Of a booking, what is asked of a stop is read.
    """
    now = now or timezone.now()
    asked = {occasion.pk: occasion for occasion in occasions}
    if not asked:
        return {}, {}
    stays: dict[int, list[Stay]] = {pk: [] for pk in asked}
    held = []
    for booking in _BOOKINGS(asked):
        if not _ran_out(booking, now):
            stays[booking.occasion_id].append(stay_of(booking, asked[booking.occasion_id]))
        if booking.school_class_id == school_class.pk:
            held.append(booking)
    waiting: Counter[int] = Counter()
    is_waiting = False
    for occasion, state, of_class in _ENTRIES(asked):
        waiting[occasion] += state == WaitingEntry.State.WAITING
        is_waiting = is_waiting or of_class == school_class.pk
    entries = WaitingEntry.objects.filter(occasion__in=asked, state__in=_IN_QUEUE, school_class=school_class)
    own = list(entries.order_by()) if is_waiting else []
    left = {
        pk: SeatsLeft(occasion.capacity, occasion.reserved, tuple(stays[pk]), waiting[pk])
        for pk, occasion in asked.items()
    }
    return left, _standings(held, own, now)


def _standings(bookings: Sequence[Booking], own: Sequence[WaitingEntry], now: datetime) -> dict[int, Standing]:
    """By the occasions of a class's open bookings and entries. One statement when it waits anywhere."""
    held = {booking.occasion_id: booking for booking in bookings}
    entries = {entry.occasion_id: entry for entry in own}
    queues: dict[int, list[int]] = {}
    if entries:
        rows = WaitingEntry.objects.filter(occasion__in=list(entries), state__in=_IN_QUEUE)
        for occasion, pk in rows.order_by("joined_at", "pk").values_list("occasion_id", "pk"):
            queues.setdefault(occasion, []).append(pk)
    found = {}
    for key in {*held, *entries}:
        booking, waiting = held.get(key), entries.get(key)
        ran_out = booking is not None and _ran_out(booking, now)
        place = queues[key].index(waiting.pk) + 1 if waiting and waiting.pk in queues.get(key, ()) else None
        found[key] = Standing(None if ran_out else booking, waiting, place, ran_out)
    return found


def _ran_out(booking: Booking, now: datetime) -> bool:
    return bool(booking.state == Booking.State.HELD and booking.held_until and booking.held_until <= now)


def stops_with_seats(itinerary: Itinerary, stops: Iterable[Stop]) -> list[Stop]:
    """Those of `stops` whose seats or place in a queue would be given back if they went.

    A class that has the same occasion in another programme of its own keeps its seats for that.
    """
    by_occasion = {stop.occasion_id: stop for stop in stops if stop.occasion_id is not None}
    if not by_occasion:
        return []
    standings = standings_of(itinerary.school_class, [key for key in by_occasion if key is not None])
    with_something = [key for key, standing in standings.items() if standing.has_anything]
    if not with_something:
        return []
    elsewhere = set(
        Stop.objects.kept()
        .filter(
            occasion__in=with_something,
            itinerary__school_class=itinerary.school_class_id,
            itinerary__archived_at__isnull=True,
        )
        .exclude(itinerary=itinerary)
        .values_list("occasion_id", flat=True)
    )
    return [by_occasion[key] for key in with_something if key not in elsewhere]
