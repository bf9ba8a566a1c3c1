"""Who is coming, in numbers: what the fair's team sees of each time. Classes are counted, never named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from bryggan.fair.models import Booking, Occasion, Stop, WaitingEntry
from bryggan.fair.seating import seats


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of one time, or of several together.

    `planned` is how many classes have it in a programme, `must` and `maybe` how they wish. `held` and `booked` are
    classes with seats, and `seats` the seats that are taken at the busiest moment; `left` what anybody can book,
    None where there is no limit. `waiting` is classes in the queue.
    """

    planned: int = 0
    must: int = 0
    maybe: int = 0
    held: int = 0
    booked: int = 0
    seats: int = 0
    left: int | None = None
    waiting: int = 0

    @property
    def touches(self) -> bool:
        """Somebody would notice a change."""
        return bool(self.planned or self.held or self.booked or self.waiting)


def numbers_of(occasions: Iterable[Occasion]) -> dict[int, Numbers]:
    """By occasion. Four statements, whatever their number."""
    asked = list(occasions)
    keys = [occasion.pk for occasion in asked]
    left = seats.seats_left(asked)
    wishes = _wishes(keys)
    states = _states(keys)
    made = {}
    for occasion in asked:
        must, maybe = wishes[occasion.pk].get(Stop.Wish.MUST, 0), wishes[occasion.pk].get(Stop.Wish.MAYBE, 0)
        state, here = states[occasion.pk], left[occasion.pk]
        made[occasion.pk] = Numbers(
            planned=must + maybe,
            must=must,
            maybe=maybe,
            held=state.get(Booking.State.HELD, 0),
            booked=state.get(Booking.State.BOOKED, 0),
            seats=here.taken,
            left=here.free,
            waiting=here.waiting,
        )
    return made


def together(several: Sequence[Numbers]) -> Numbers:
    """Sums; seats and what is left of them are summed over times that have a limit."""
    names = ("planned", "must", "maybe", "held", "booked", "seats", "waiting")
    return Numbers(
        **{name: sum(getattr(one, name) for one in several) for name in names},
        left=sum(one.left for one in several if one.left is not None),
    )


def classes_touched(occasions: Iterable[int]) -> int:
    """How many classes have one of the occasions in a programme, have seats there or wait for them."""
    keys = list(occasions)
    kept = Stop.objects.kept().filter(occasion__in=keys, itinerary__archived_at__isnull=True)
    found = set(kept.values_list("itinerary__school_class", flat=True))
    counting = Booking.objects.counting().filter(occasion__in=keys)
    found |= set(counting.values_list("school_class", flat=True))
    open_states = (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED)
    waiting = WaitingEntry.objects.filter(occasion__in=keys, state__in=open_states)
    return len(found | set(waiting.values_list("school_class", flat=True)))


def _wishes(keys: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many classes must and how many may; a class that has it in two programmes counts once, as the stronger."""
    rows = Stop.objects.kept().filter(
        occasion__in=keys, itinerary__archived_at__isnull=True, itinerary__school_class__archived_at__isnull=True
    )
    strongest: dict[tuple[int, int], str] = {}
    for occasion, school_class, wish in rows.values_list("occasion_id", "itinerary__school_class_id", "wish"):
        if occasion is not None and strongest.get((occasion, school_class)) != Stop.Wish.MUST:
            strongest[occasion, school_class] = wish
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (occasion, _school_class), wish in strongest.items():
        found[occasion][wish] += 1
    return found


def _states(keys: Sequence[int]) -> dict[int, dict[str, int]]:
    counting = Booking.objects.counting(timezone.now()).filter(occasion__in=keys).order_by()
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for occasion, state, number in counting.values_list("occasion_id", "state").annotate(Count("pk")):
        found[occasion][state] = number
    return found
