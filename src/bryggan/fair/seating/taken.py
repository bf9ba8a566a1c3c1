"""Seats taken at many occasions at once, read lightly: for lists of a whole fair, where `seats.seats_left` is dear."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, Sum

from bryggan.fair.local_times import midnight, next_day
from bryggan.fair.models import Booking, Fair, Session, WaitingEntry
from bryggan.fair.seating.capacity import SeatsLeft, Stay, most_free


@dataclass(frozen=True)
class Taken:
    """By occasion: the stays there, and which of them somebody waits for. `hours` are those of open hours with stays.

    At fixed times everybody is there at once: their stays have no times, and `SeatsLeft.between` is not for them.
    """

    stays: dict[int, list[Stay]]
    queues: set[int]
    hours: dict[int, tuple[datetime, datetime]]

    def left(self, occasion: int, capacity: int | None, reserved: int) -> SeatsLeft:
        return SeatsLeft(capacity, reserved, tuple(self.stays.get(occasion, ())), int(occasion in self.queues))

    def most_left(self, occasion: int, capacity: int | None, reserved: int, stay: timedelta | None) -> int | None:
        """The most seats that one group can have, None for no limit; 0 where others wait: nobody passes them."""
        if occasion in self.queues:
            return 0
        if capacity is None or occasion not in self.stays:
            return None if capacity is None else max(0, capacity - reserved)
        begins, ends = self.hours.get(occasion, (datetime.min, datetime.max))
        return most_free(self.left(occasion, capacity, reserved), begins, ends, stay)


def taken_at(fair: Fair, first: date | None = None, last: date | None = None) -> Taken:
    """What is taken of what begins from the day `first` through `last`; of the whole fair. Three statements."""
    within = Q(occasion__session__fair=fair)
    if first and last:
        within = Q(occasion__starts_at__gte=midnight(first), occasion__starts_at__lt=midnight(next_day(last)))
    counting = Booking.objects.counting().filter(within).order_by()
    waiting = WaitingEntry.objects.filter(within, state=WaitingEntry.State.WAITING).order_by()
    stays: dict[int, list[Stay]] = defaultdict(list)
    hours = {}
    at_once = counting.filter(occasion__session__kind=Session.Kind.FIXED).values_list("occasion_id", "is_reserved")
    for pk, is_reserved, seats in at_once.annotate(Sum("seats")):
        stays[pk].append(Stay(datetime.min, datetime.max, seats, is_reserved))
    columns = ("occasion__starts_at", "occasion__ends_at", "starts_at", "ends_at", "seats", "is_reserved")
    by_turns = counting.filter(occasion__session__kind=Session.Kind.OPEN)
    for pk, begins, ends, comes, leaves, seats, is_reserved in by_turns.values_list("occasion_id", *columns):
        hours[pk] = begins, ends
        stays[pk].append(Stay(comes, leaves, seats, is_reserved))
    return Taken(dict(stays), set(waiting.values_list("occasion_id", flat=True)), hours)
