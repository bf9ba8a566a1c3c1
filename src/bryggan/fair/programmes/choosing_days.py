"""The days that a class can choose among, each with a hint of how much fits it.

A whole fair is looked through, ten thousand times of three thousand sessions: rows are read as they are, without
models, and asked in the order of what is cheap. What is counted here is what `proposing` would let the planner have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any

from django.db.models import CharField, Q, TextField
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from bryggan.accounts.models import SchoolClass
from bryggan.accounts.school_days import school_days
from bryggan.fair.listing import listed_in
from bryggan.fair.local_times import local
from bryggan.fair.models import Fair, Occasion, Session
from bryggan.fair.planning import planner
from bryggan.fair.programmes.fit import fits, programmes_of, unsuited_for
from bryggan.fair.programmes.frames import Frame, usual_frame
from bryggan.fair.programmes.offers import clock_minute, minute_of, windows_of, with_seats
from bryggan.fair.programmes.proposals import DayChoice
from bryggan.fair.programmes.queries import ground_of, touching
from bryggan.fair.seating.capacity import GroupLimits, seats_if_taken
from bryggan.fair.seating.taken import Taken, taken_at

# Titles beside a day to choose.
MOST_NAMED = 3
_COLUMNS = (
    "pk", "title", "venue_id", "minutes", "kind", "unit", "counts_adults", "smallest_group", "largest_group",
    "is_for_children", "theme",
)  # fmt: skip


Windows = tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Light:
    """A session, as far as choosing a day asks. `stay` is 0 at fixed times; the lists are as the model has them."""

    pk: int
    title: str
    venue_id: int | None
    minutes: int
    kind: str
    unit: str
    counts_adults: bool
    smallest_group: int | None
    largest_group: int | None
    is_for_children: bool
    theme: str
    school_forms: tuple[str, ...]
    school_years: tuple[int, ...]

    @property
    def stay(self) -> int:
        return self.minutes if self.kind == Session.Kind.OPEN else 0


def days_to_choose(school_class: SchoolClass, fair: Fair, *, all_days: bool = False) -> list[DayChoice]:
    """The fair's school days to come, each with a hint of how much fits. `all_days`: weekends and holidays too.

    The same number of statements whatever the fair holds.
    """
    now = timezone.now()
    today = timezone.localdate(now)
    coming = [day for day in fair.days if day >= today]
    schooldays = set(school_days(coming))
    days = coming if all_days else [day for day in coming if day in schooldays]
    if not days:
        return []
    usual = usual_frame(school_class, days[0])
    fitting, full = _counted(school_class, fair, days, usual, now)
    able = {session.pk: session for sessions in fitting.values() for session in sessions.values()}
    worths = fits(
        school_class, list(able.values()), on=fair.first_on, among=Session.objects.filter(fair=fair).order_by()
    )

    def best(session: Light) -> tuple[float, str, int]:
        return -worths[session.pk].score, session.title, session.pk

    return [
        DayChoice(
            on=day,
            is_school_day=day in schooldays,
            fitting=len(fitting[day]),
            full=len(full[day] - fitting[day].keys()),
            best=tuple(session.title for session in sorted(fitting[day].values(), key=best)[:MOST_NAMED]),
        )
        for day in days
    ]


def _counted(
    school_class: SchoolClass, fair: Fair, days: Sequence[date], usual: Frame, now: datetime
) -> tuple[dict[date, dict[int, Light]], dict[date, set[int]]]:
    """By day: the sessions that suit and have seats within the usual hours, and those that suit and have none."""
    fitting: dict[date, dict[int, Light]] = defaultdict(dict)
    full: dict[date, set[int]] = defaultdict(set)
    if school_class.pupils < 1:
        return fitting, full
    ground = ground_of(fair, school_class)
    needed_of = _seats_of(school_class)
    sessions = dict(_suited(school_class, fair))
    taken = taken_at(fair, days[0], days[-1])
    begins, ends = clock_minute(usual.begins), clock_minute(usual.ends)
    from_now = {day: -(-minute_of(day, now) // planner.STEP) * planner.STEP for day in days}

    @cache  # Of one call: thousands of times begin at the same hours.
    def windows_within(venue: int | None, on: date, opens: int, closes: int, stay: int, minutes: int) -> Windows:
        windows = windows_of(ground, venue, on, max(opens, from_now[on]) if stay else opens, closes, stay)
        reached = any(max(first, begins) + minutes <= min(last, ends) for first, last in windows)
        return windows if reached else ()

    for pk, number, opens_at, closes_at, capacity, reserved in _times(fair, days, now):
        session = sessions.get(number)
        if session is None or (needed := needed_of(session)) is None:
            continue
        on, opens = _local(opens_at)
        if on not in from_now or number in fitting[on]:
            continue
        stay, venue = session.stay, session.venue_id if session.venue_id in ground.hours else None
        windows = windows_within(venue, on, opens, _minute(closes_at, on), stay, session.minutes)
        if not windows:
            continue
        if _has_seats(taken, pk, capacity, reserved, needed, windows, on, stay):
            fitting[on][number] = session
        else:
            full[on].add(number)
    return fitting, full


def _has_seats(
    taken: Taken,
    occasion: int,
    capacity: int | None,
    reserved: int,
    needed: int,
    windows: Windows,
    on: date,
    stay: int,
) -> bool:
    if stay and capacity is not None:
        return bool(with_seats(windows, taken.left(occasion, capacity, reserved), needed, on, stay))
    most = taken.most_left(occasion, capacity, reserved, None) if capacity is not None else None
    return most is None or needed <= most


def _times(fair: Fair, days: Sequence[date], now: datetime) -> Iterator[tuple[Any, ...]]:
    """Times of those days that can still be had, beginnings and ends as texts: `"2027-06-01 07:00"`, in UTC."""
    rows = Occasion.objects.offered().filter(touching(days), session__fair=fair, ends_at__gt=now)
    rows = rows.exclude(session__kind=Session.Kind.FIXED, starts_at__lte=now)
    rows = rows.filter(Q(session__needs_booking=False) | Q(booking_closes_at__gt=now))
    texts = [Substr(Cast(name, CharField()), 1, 16) for name in ("starts_at", "ends_at")]
    return rows.order_by().values_list("pk", "session_id", *texts, "capacity", "reserved").iterator()


def _suited(school_class: SchoolClass, fair: Fair) -> Iterator[tuple[int, Light]]:
    """The fair's sessions that the class may come to. Two statements."""
    texts = [Cast(name, TextField()) for name in ("school_forms", "school_years")]
    rows = list(Session.objects.offered().filter(fair=fair).order_by().values_list(*_COLUMNS, *texts))
    named = programmes_of(Session.objects.filter(fair=fair).order_by())
    known: dict[tuple[str, str], bool] = {}
    for row in rows:
        alike = forms, years = row[-2:]
        columns: list[Any] = [*row[:-2], listed_in(forms), listed_in(years)]
        light = Light(*columns)
        if light.pk in named:
            suits = unsuited_for(light, school_class, named[light.pk]) is None
        elif alike in known:
            suits = known[alike]
        else:
            suits = known[alike] = unsuited_for(light, school_class) is None
        if suits:
            yield light.pk, light


def _seats_of(school_class: SchoolClass) -> Callable[[Light], int | None]:
    """How many seats the class needs at a session; None where it is too many or too few."""

    @lru_cache
    def needed(smallest: int | None, largest: int | None, counts_adults: bool, unit: str) -> int | None:
        limits = GroupLimits(smallest, largest, counts_adults, unit == Session.Unit.GROUPS)
        return seats_if_taken(limits, pupils=school_class.pupils, adults=school_class.adults)

    return lambda one: needed(one.smallest_group, one.largest_group, one.counts_adults, one.unit)


@lru_cache(maxsize=20_000)
def _local(minute: str) -> tuple[date, int]:
    """The local day and minute of a text in UTC."""
    at = local(datetime.fromisoformat(minute).replace(tzinfo=UTC))
    return at.date(), at.hour * 60 + at.minute


def _minute(minute: str, on: date) -> int:
    day, clock = _local(minute)
    return clock + (day - on).days * 24 * 60
