"""How a class stands with occasions: what it has booked, holds or waits for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Booking, Itinerary, Stop, WaitingEntry


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


def standings_of(school_class: SchoolClass, occasions: Iterable[int]) -> dict[int, Standing]:
    """How the class stands with those of the occasions where it stands at all; three statements at the most."""
    keys = list(occasions)
    if not keys:
        return {}
    now = timezone.now()
    found: dict[int, Standing] = {}
    bookings = Booking.objects.filter(school_class=school_class, occasion__in=keys).exclude(state=Booking.State.ENDED)
    held: dict[int, Booking] = {booking.occasion_id: booking for booking in bookings}
    states = (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED)
    queues: dict[int, list[WaitingEntry]] = {}
    own = WaitingEntry.objects.filter(school_class=school_class, occasion__in=keys, state__in=states)
    entries = {entry.occasion_id: entry for entry in own}
    if entries:
        rows = WaitingEntry.objects.filter(occasion__in=list(entries), state__in=states)
        for entry in rows.order_by("joined_at", "pk").only("pk", "occasion_id", "joined_at"):
            queues.setdefault(entry.occasion_id, []).append(entry)
    for key in {*held, *entries}:
        booking, waiting = held.get(key), entries.get(key)
        ran_out = bool(
            booking and booking.state == Booking.State.HELD and booking.held_until and booking.held_until <= now
        )
        place = None
        if waiting is not None:
            place = next(
                (number for number, entry in enumerate(queues.get(key, []), 1) if entry.pk == waiting.pk), None
            )
        found[key] = Standing(None if ran_out else booking, waiting, place, ran_out)
    return found


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
