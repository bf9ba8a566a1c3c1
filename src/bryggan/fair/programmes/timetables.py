"""A programme as people see it: day by day, stop by stop, with the walks between and what is wrong.

What the page, the sheet, the shared page and the calendar show is read here, in the same few statements however
many stops there are. Plain dataclasses that hold rows already read: asking them costs no statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from django.db.models import QuerySet
from django.utils import timezone

from bryggan.common.statements import Statement
from bryggan.fair.local_times import local
from bryggan.fair.models import (
    Booking,
    Fair,
    Itinerary,
    ItineraryDay,
    Occasion,
    Preparation,
    Session,
    Stop,
    Venue,
    WaitingEntry,
)
from bryggan.fair.planning.dayrules import DayStop, ways_of
from bryggan.fair.programmes.checks import Problem, problems_of_day
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_reading import ItineraryRead, day_stop, read_itinerary
from bryggan.fair.programmes.offers import moment_of, planners_frame
from bryggan.fair.programmes.queries import Ground
from bryggan.fair.programmes.queries import Leg as Leg
from bryggan.fair.programmes.queries import Place as Place
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.seating.standing import Standing

# Of a stop that needs no booking; planned: saved, and no seats taken; held: ours for some minutes; waiting: in the
# queue; offered: out of the queue, seats held until answered.
Seats = Literal["free to come", "planned", "held", "booked", "waiting", "offered"]


@dataclass(frozen=True, slots=True)
class Row:
    """A stop of the day, with all that is shown of it. `leg` is the way to it; None when it is where one already is.

    `waits` are minutes between being there and its beginning. `starts_at` and `ends_at` are local times.
    """

    stop: Stop
    starts_at: datetime
    ends_at: datetime
    session: Session | None
    occasion: Occasion | None
    venue: Venue | None
    leg: Leg | None
    waits: int
    seats: Seats
    booking: Booking | None
    waiting: WaitingEntry | None
    # Place in the queue, 1 for the first; None outside it.
    place_in_queue: int | None
    reason: Reason | None
    problems: tuple[Problem, ...]

    @property
    def title(self) -> str:
        """What it is called: the session's title, or what the teacher wrote; "" for a lunch without a name."""
        return self.session.title if self.session else self.stop.title

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def is_cancelled(self) -> bool:
        return bool(self.occasion and self.occasion.is_cancelled)


@dataclass(frozen=True, slots=True)
class Day:
    """A day in order. `home` is the way back from the last stop; `problems` are of the day as a whole."""

    day: ItineraryDay
    frame: Frame
    start: Place
    end: Place
    rows: tuple[Row, ...]
    home: Leg | None
    back_at: datetime | None
    problems: tuple[Problem, ...]

    @property
    def on(self) -> date:
        return self.day.on

    @property
    def walking_minutes(self) -> int:
        return sum(leg.minutes for leg in self.legs)

    @property
    def is_approximate(self) -> bool:
        """True when a walk of the day is reckoned from a position that nobody has measured."""
        return any(leg.is_approximate for leg in self.legs)

    @property
    def legs(self) -> list[Leg]:
        return [leg for leg in (*(row.leg for row in self.rows), self.home) if leg]

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        return (*(problem for row in self.rows for problem in row.problems), *self.problems)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The whole programme."""

    itinerary: Itinerary
    fair: Fair
    days: tuple[Day, ...]
    before: tuple[Preparation, ...] = field(default_factory=tuple)
    after: tuple[Preparation, ...] = field(default_factory=tuple)

    @property
    def rows(self) -> Iterator[Row]:
        return (row for day in self.days for row in day.rows)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for day in self.days for problem in day.all_problems)

    @property
    def bookable(self) -> tuple[Row, ...]:
        """Stops with seats to book that are not booked yet."""
        return tuple(row for row in self.rows if row.seats in ("planned", "held", "offered") and not row.is_cancelled)


_PREPARATIONS = Statement(
    lambda itinerary: (
        Preparation.objects.filter(itinerary=itinerary)
        .select_related("initiative")
        .order_by("phase", "position", "pk")
        .only("phase", "note", "itinerary_id", *(f"initiative__{name}" for name in ("title", "slug", "language")))
    )
)


def timetable(itinerary: Itinerary, *, now: datetime | None = None) -> Timetable:
    """The programme as it is now, checked. A fixed number of statements (at most 12), whatever it holds.

    Read the itinerary with `for_timetable()`, or each of class, school and fair costs a statement more.
    """
    now = now or timezone.now()
    read = read_itinerary(itinerary, now=now)
    days = tuple(_day(read, day, now=now) for day in read.days)
    preparations = preparations_of(itinerary)
    return Timetable(
        itinerary=itinerary,
        fair=read.fair,
        days=days,
        before=tuple(one for one in preparations if one.phase == Preparation.Phase.BEFORE),
        after=tuple(one for one in preparations if one.phase == Preparation.Phase.AFTER),
    )


def preparations_of(itinerary: Itinerary) -> list[Preparation]:
    """What the class works with before and after, with titles and addresses; one statement."""
    return _PREPARATIONS(itinerary.pk)


def for_timetable(itineraries: QuerySet[Itinerary]) -> QuerySet[Itinerary]:
    """The same programmes, read with what a timetable needs beside them."""
    rows = itineraries.select_related("fair", "school_class__school_unit", "school_class__programme")
    return rows.defer("fair__description", "fair__practical")


def seats_of(occasion: Occasion | None, standing: Standing) -> Seats:
    """How the class stands with a stop, in one word."""
    if standing.booking is not None:
        if standing.booking.state == Booking.State.BOOKED:
            return "booked"
        if standing.waiting is not None and standing.waiting.state == WaitingEntry.State.OFFERED:
            return "offered"
        return "held"
    if standing.waiting is not None:
        return "waiting"
    return "planned" if occasion is not None and occasion.session.needs_booking else "free to come"


def legs_of(
    ground: Ground, frame: Frame, stops: Sequence[DayStop]
) -> tuple[list[Leg | None], Leg | None, datetime | None]:
    """The way to each stop, the way home, and when the class is back."""
    ways, back = ways_of(planners_frame(frame, ground), stops, ground.walks)
    here: object = frame.starts_from
    legs: list[Leg | None] = []
    for stop, way in zip(stops, ways, strict=True):
        legs.append(ground.leg_of(way, here, stop.place))
        # One's own thing without a place is wherever the class is.
        here = stop.place if stop.place is not None or stop.kind != "own" else here
    home = ground.leg_of(back, here, frame.ends_at_place)
    if not stops:
        return legs, None, None
    ends = max(stop.ends for stop in stops)
    return legs, home, moment_of(frame.on, ends + (back.minutes if back else 0))


def _day(read: ItineraryRead, day: ItineraryDay, *, now: datetime) -> Day:
    frame = Frame.of(day)
    stops = read.stops_on(day.on)
    day_stops = [day_stop(stop, day.on, read.standing(stop)) for stop in stops]
    problems = problems_of_day(read, day.on, now=now)
    legs, home, back_at = legs_of(read.ground, frame, day_stops)
    free_from = frame.begins_at
    rows = []
    for stop, leg in zip(stops, legs, strict=True):
        arrives = free_from + timedelta(minutes=leg.minutes if leg else 0)
        standing = read.standing(stop)
        own = tuple(problem for problem in problems if problem.stop is stop)
        rows.append(
            Row(
                stop=stop,
                starts_at=local(stop.starts_at),
                ends_at=local(stop.ends_at),
                session=stop.occasion.session if stop.occasion else None,
                occasion=stop.occasion,
                venue=stop.place,
                leg=leg,
                waits=max(0, int((stop.starts_at - arrives).total_seconds()) // 60),
                seats=seats_of(stop.occasion, standing),
                booking=standing.booking,
                waiting=standing.waiting,
                place_in_queue=standing.place_in_queue,
                reason=Reason(stop.reason, stop.reason_params) if stop.reason else None,
                problems=own,
            )
        )
        free_from = max(free_from, stop.ends_at)
    return Day(
        day=day,
        frame=frame,
        start=read.ground.edge(frame.starts_from),
        end=read.ground.edge(frame.ends_at_place),
        rows=tuple(rows),
        home=home,
        back_at=back_at,
        problems=tuple(problem for problem in problems if problem.stop is None),
    )
