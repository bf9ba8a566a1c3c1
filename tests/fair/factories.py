"""Fairs, sessions and programmes for tests. What is not given is made up; times are local times of Stockholm."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from accounts import factories as people
from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Fair, Itinerary, ItineraryDay, Occasion, Session, State, Stop, Venue

STOCKHOLM = ZoneInfo("Europe/Stockholm")
# A Tuesday that is a school day.
DAY = date(2027, 6, 1)

_numbers = count(1)


def at(hours: float, on: date = DAY) -> datetime:
    """The moment `hours` after local midnight: `at(9.5)` is half past nine."""
    return datetime.combine(on, time(), STOCKHOLM) + timedelta(hours=hours)


def fair(**columns: Any) -> Fair:
    number = next(_numbers)
    columns = {
        "slug": f"massan-{number}",
        "name": "Stadsmässan",
        "first_on": date(2027, 5, 30),
        "last_on": date(2027, 7, 3),
        "is_published": True,
        **columns,
    }
    return Fair.objects.create(**columns)


def venue(fair: Fair, name: str = "", **columns: Any) -> Venue:
    number = next(_numbers)
    columns = {"latitude": 56.0437, "longitude": 12.6945, **columns}
    return Venue.objects.create(fair=fair, slug=f"plats-{number}", name=name or f"Plats {number}", **columns)


def session(fair: Fair, title: str = "", **columns: Any) -> Session:
    number = next(_numbers)
    columns = {"minutes": 60, "state": State.PUBLISHED, "capacity": 30, **columns}
    if "venue" not in columns:
        columns["venue"] = venue(fair)
    return Session.objects.create(
        fair=fair, remote_id=f"punkt-{number}", title=title or f"Programpunkt {number}", **columns
    )


def occasion(session: Session, starts_at: datetime | None = None, **columns: Any) -> Occasion:
    starts_at = starts_at or at(10)
    columns = {
        "ends_at": starts_at + timedelta(minutes=session.minutes),
        "capacity": session.capacity,
        "booking_closes_at": starts_at - timedelta(hours=session.booking_closes_hours),
        "remote_id": f"tid-{next(_numbers)}",
        **columns,
    }
    return Occasion.objects.create(session=session, starts_at=starts_at, **columns)


def school_class(**columns: Any) -> SchoolClass:
    """A class of 24 pupils and 2 adults in year 8, with one teacher."""
    return people.school_class(**{"pupils": 24, "adults": 2, "school_years": [8], **columns})


def itinerary(fair: Fair, school_class: SchoolClass, **columns: Any) -> Itinerary:
    return Itinerary.objects.create(
        fair=fair, school_class=school_class, **{"name": f"Program {next(_numbers)}", **columns}
    )


def day(itinerary: Itinerary, on: date = DAY, **columns: Any) -> ItineraryDay:
    columns = {
        "begins": time(9),
        "ends": time(14),
        "lunch_from": time(11),
        "lunch_until": time(12, 30),
        **columns,
    }
    return ItineraryDay.objects.create(itinerary=itinerary, on=on, **columns)


def stop(itinerary: Itinerary, occasion: Occasion, **columns: Any) -> Stop:
    columns = {"starts_at": occasion.starts_at, "ends_at": occasion.ends_at, **columns}
    return Stop.objects.create(itinerary=itinerary, occasion=occasion, **columns)
