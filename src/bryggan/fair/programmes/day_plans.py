"""A programme's days as they are planned: stops, places and walks, without asking what is wrong or who has seats.

For those who read a programme and change nothing: half the statements and less than half the time of a `timetable`,
with the same walks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bryggan.fair.local_times import local
from bryggan.fair.models import Itinerary, ItineraryDay, Occasion, Session, Stop, Venue
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_reading import day_stop
from bryggan.fair.programmes.queries import Ground, ground_of
from bryggan.fair.programmes.timetables import Leg, Place, legs_of


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """`leg` is the way to it; None when one is there already."""

    stop: Stop
    occasion: Occasion | None
    session: Session | None
    venue: Venue | None
    leg: Leg | None


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A day in order of time. `home` is the way back; `back_at` is None for a day with no stops."""

    day: ItineraryDay
    start: Place
    end: Place
    stops: tuple[PlannedStop, ...]
    home: Leg | None
    back_at: datetime | None

    @property
    def on(self) -> date:
        return self.day.on


def day_plans(itinerary: Itinerary) -> tuple[DayPlan, ...]:
    """The programme's days: four statements, when its fair, class and school are read."""
    days = list(itinerary.days.order_by("on"))
    rows = itinerary.stops.kept().select_related("occasion__session__venue", "venue").order_by("starts_at", "pk")
    stops = list(rows.defer("occasion__session__description", "occasion__session__venue__description"))
    venues = {venue.pk: venue for stop in stops if (venue := stop.place)}
    ground = ground_of(itinerary.fair, itinerary.school_class, venues=venues)
    return tuple(_day(ground, day, [stop for stop in stops if local(stop.starts_at).date() == day.on]) for day in days)


def _day(ground: Ground, day: ItineraryDay, stops: list[Stop]) -> DayPlan:
    frame = Frame.of(day)
    legs, home, back_at = legs_of(ground, frame, [day_stop(stop, day.on) for stop in stops])
    return DayPlan(
        day=day,
        start=ground.edge(frame.starts_from),
        end=ground.edge(frame.ends_at_place),
        stops=tuple(_stop(stop, leg) for stop, leg in zip(stops, legs, strict=True)),
        home=home,
        back_at=back_at,
    )


def _stop(stop: Stop, leg: Leg | None) -> PlannedStop:
    occasion = stop.occasion
    return PlannedStop(stop, occasion, occasion.session if occasion else None, stop.place, leg)
