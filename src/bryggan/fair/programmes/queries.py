"""What planning, checking and showing a programme read: the lay of the land, and a day's occasions.

Rows are read apart and put together here, each venue and session once, so that the number of statements is the
same for a small fair and a large.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from django.db.models import Q

from bryggan.accounts.models import SchoolClass, SchoolUnit
from bryggan.common.statements import Statement
from bryggan.fair.local_times import STOCKHOLM, midnight, next_day
from bryggan.fair.models import Fair, ItineraryDay, Occasion, OpeningHours, Session, Venue, Walk
from bryggan.fair.planning import walking
from bryggan.fair.programmes.frames import Frame, usual_frame

SCHOOL, STATION = ItineraryDay.Place.SCHOOL.value, ItineraryDay.Place.STATION.value
_WALKS = Statement(
    lambda venues: (
        Walk.objects.filter(start__in=venues, end__in=venues)
        .order_by()
        .values_list("start_id", "end_id", "means", "minutes")
    )
)
_HOURS = Statement(lambda venues: OpeningHours.objects.filter(venue__in=venues).order_by())
# What a class's start and end are called among the keys of places; venues go by their ids.


@dataclass(frozen=True, slots=True)
class Place:
    """The start or the end of a day, or a venue. None for a position that nobody has said."""

    name: str
    latitude: float | None
    longitude: float | None
    is_approximate: bool = False
    venue: Venue | None = None

    @property
    def position(self) -> walking.Position | None:
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class Leg:
    """The way to a stop, or home. Metres are as people walk, rounded to tens; None where a position is unknown.

    `is_approximate`: one of the places is where it is by guess, or nowhere that we know of.
    """

    minutes: int
    metres: int | None
    is_approximate: bool
    means: Literal["foot", "bus"] = "foot"


@dataclass(frozen=True)
class Ground:
    """A fair's places, the ways between them and when they are open, as a class meets them."""

    fair: Fair
    school: SchoolUnit
    venues: dict[int, Venue]
    walks: walking.Walks
    hours: dict[int, list[OpeningHours]] = field(default_factory=dict)

    def frame(self, school_class: SchoolClass, on: date) -> Frame:
        """The usual day: from the school when a venue of the fair is within the longest walk of it.

        Others, and those whose school's position nobody has said, come by train or bus to the fair's start place.
        """
        usual = usual_frame(school_class, on)
        if self.walks.positions.get(SCHOOL) is None:
            return usual
        known = [pk for pk, venue in self.venues.items() if venue.position is not None]
        if any(self.walks.on_foot(SCHOOL, pk).minutes <= usual.longest_walk_minutes for pk in known):
            return replace(usual, starts_from=SCHOOL, ends_at_place=SCHOOL)
        return usual

    def edge(self, place: str) -> Place:
        """Where a day starts or ends: the school, else the fair's start place."""
        if place == SCHOOL:
            return Place(self.school.name, self.school.latitude, self.school.longitude)
        return Place(self.fair.start_name, self.fair.start_latitude, self.fair.start_longitude)

    def place(self, key: object) -> Place | None:
        """The place by its key; None for "somewhere"."""
        if key in (SCHOOL, STATION):
            return self.edge(str(key))
        venue = self.venues.get(key) if isinstance(key, int) else None
        if venue is None:
            return None
        return Place(venue.name, venue.latitude, venue.longitude, venue.position_is_approximate, venue)

    def leg_of(self, way: walking.Way | None, start: object, end: object) -> Leg | None:
        """The planner's way from one place to another, with its length; None when one is there already."""
        if way is None or not way.minutes or (start == end and start is not None):
            return None
        one, other = self.place(start), self.place(end)
        metres = None
        if one and other and one.position and other.position:
            metres = round(walking.kilometres_between(one.position, other.position) * self.fair.detour * 100) * 10
        approximate = way.is_guess or one is None or other is None or one.is_approximate or other.is_approximate
        return Leg(way.minutes, metres, approximate, way.means)

    def open_windows(self, venue: int | None, on: date) -> list[tuple[datetime, datetime]] | None:
        """When the venue is open that day, in order; None when it is open whenever something is given."""
        rows = self.hours.get(venue) if venue is not None else None
        if not rows:
            return None
        return sorted(
            (datetime.combine(on, row.opens, STOCKHOLM), datetime.combine(on, row.closes, STOCKHOLM))
            for row in rows
            if row.first_on <= on <= row.last_on and (not row.weekdays or on.weekday() in row.weekdays)
        )


def ground_of(fair: Fair, school_class: SchoolClass, *, venues: dict[int, Venue] | None = None) -> Ground:
    """The lay of the land for a class: three statements, one more when the class's school is not read.

    `venues`: read already, when no others are asked for; one statement less.
    """
    school = school_class.school_unit
    if venues is None:
        venues = {venue.pk: venue for venue in fair.venues.order_by()}
    for venue in venues.values():
        venue.fair = fair
    positions: dict[object, walking.Position | None] = {pk: venue.position for pk, venue in venues.items()}
    positions[STATION] = (fair.start_latitude, fair.start_longitude)
    positions[SCHOOL] = (
        None if school.latitude is None or school.longitude is None else (school.latitude, school.longitude)
    )
    foot, bus = walking.pairs(
        (start, end, "bus" if means == Walk.Means.BUS else "foot", minutes)
        for start, end, means, minutes in _WALKS(venues)
    )
    pace = walking.Pace(
        kmh=max(fair.walking_kmh, 1.0),
        detour=max(fair.detour, 1.0),
        gathering_minutes=fair.gathering_minutes,
        uses_bus=fair.uses_bus,
    )
    hours: dict[int, list[OpeningHours]] = defaultdict(list)
    for opening in _HOURS(venues):
        hours[opening.venue_id].append(opening)
    return Ground(fair, school, venues, walking.Walks(positions, pace, foot, bus), dict(hours))


def day_of(on: date) -> tuple[datetime, datetime]:
    """The local day as moments, half-open."""
    return midnight(on), midnight(next_day(on))


def occasions_of(ground: Ground, days: Iterable[date], *, offered: bool = True) -> list[Occasion]:
    """Occasions that touch any of the days, in order of time, each with its session and venue: two statements.

    `offered`: without cancelled ones and those of sessions that are not shown.
    """
    within = touching(days)
    if not within:
        return []
    rows = Occasion.objects.filter(within, session__fair=ground.fair)
    return with_sessions(ground, list((rows.offered() if offered else rows).order_by("starts_at", "pk")))


def touching(days: Iterable[date]) -> Q:
    """Occasions that touch any of the days; empty when there are none."""
    found = Q()
    for first, last in _runs(days):
        found |= Q(starts_at__lt=midnight(next_day(last)), ends_at__gt=midnight(first))
    return found


def with_sessions(
    ground: Ground, occasions: Sequence[Occasion], sessions: Mapping[int, Session] | None = None
) -> list[Occasion]:
    """The same occasions with session, venue and fair put in place; one statement, none when `sessions` are given."""
    if sessions is None:
        sessions = Session.objects.in_bulk({occasion.session_id for occasion in occasions})
    for session in sessions.values():
        if session.venue_id is not None and session.venue_id in ground.venues:
            session.venue = ground.venues[session.venue_id]
        if session.fair_id == ground.fair.pk:
            session.fair = ground.fair
    for occasion in occasions:
        occasion.session = sessions[occasion.session_id]
    return list(occasions)


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days put together into runs, both ends included."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and found[-1][1] + timedelta(days=1) == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def clock(value: datetime) -> time:
    """The local time of a moment."""
    return value.astimezone(STOCKHOLM).time()
