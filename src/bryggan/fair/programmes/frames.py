"""The frame of a day: when a class sets out and is back, from where, when it eats and how far it walks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from bryggan.accounts.models import SchoolClass
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.local_times import STOCKHOLM
from bryggan.fair.models import ItineraryDay

_LAST_LOWER_YEAR = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """What a day is planned within. Times are local; the columns of `ItineraryDay` by the same names."""

    on: date
    begins: time = time(9)
    ends: time = time(14)
    starts_from: str = ItineraryDay.Place.STATION
    ends_at_place: str = ItineraryDay.Place.STATION
    # No lunch when the minutes are 0.
    lunch_minutes: int = 40
    lunch_from: time = time(11)
    lunch_until: time = time(12, 30)
    break_minutes: int = 5
    longest_walk_minutes: int = 30

    @classmethod
    def of(cls, day: ItineraryDay) -> Frame:
        return cls(day.on, **{name: getattr(day, name) for name in COLUMNS})

    def columns(self) -> dict[str, object]:
        """As columns of an `ItineraryDay`, without its day."""
        return {name: getattr(self, name) for name in COLUMNS}

    def at(self, clock: time) -> datetime:
        """The moment of a local time of this day. An hour that the clocks skip is read as they then stand."""
        return datetime.combine(self.on, clock, STOCKHOLM)

    @property
    def begins_at(self) -> datetime:
        return self.at(self.begins)

    @property
    def ends_at(self) -> datetime:
        return self.at(self.ends)


COLUMNS = (
    "begins",
    "ends",
    "starts_from",
    "ends_at_place",
    "lunch_minutes",
    "lunch_from",
    "lunch_until",
    "break_minutes",
    "longest_walk_minutes",
)


def usual_frame(school_class: SchoolClass, on: date) -> Frame:
    """A day as classes of that age usually have it, from the fair's start place. See `queries.Ground.frame`."""
    form, years = school_class.school_form, school_class.school_years
    if form == SchoolForm.PRESCHOOL:
        return Frame(on, ends=time(12, 30), lunch_until=time(11, 45), break_minutes=10, longest_walk_minutes=20)
    if form == SchoolForm.PRESCHOOL_CLASS or (years and max(years) <= _LAST_LOWER_YEAR):
        return Frame(on, ends=time(13), lunch_until=time(12), longest_walk_minutes=25)
    return Frame(on)
