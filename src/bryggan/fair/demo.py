"""The demo fair: invented sessions at real places, on the 35 days that come next from 30 May to 3 July.

The sessions go in through the same door as any other source's, so a second load writes nothing, and what people have
changed by hand stays. Each year has a fair of its own: last year's stays where classes have programmes at it, to be
copied from, and goes where nobody has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from bryggan.accounts.school_days import school_days
from bryggan.fair.imports import importing, values
from bryggan.fair.imports.referring import References
from bryggan.fair.imports.remote import BadValue, Reading, RemoteOccasion, RemoteSession, RemoteVenue
from bryggan.fair.local_times import moment
from bryggan.fair.models import Area, Booking, Fair, Itinerary, OpeningHours, Session, Stop, Venue, Walk

FOLDER = Path(__file__).parent / "demo"
FORMAT = "demo"
FIRST, LAST = (5, 30), (7, 3)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def demo_days(today: date | None = None) -> tuple[date, date]:
    """The first and last day of the demo fair that goes on or comes next."""
    today = today or timezone.localdate()
    year = today.year + (today > date(today.year, *LAST))
    return date(year, *FIRST), date(year, *LAST)


@transaction.atomic
def load_demo() -> Fair:
    """The demo fair, in step with its files. Load curriculum, people and initiatives first.

    What is missing of those is left untied.
    """
    first, last = demo_days()
    _forget_unused(first)
    fair = _fair(first, last)
    importing.take_in(fair, reading(first, last), by="demo data")
    return fair


def reading(first: date, last: date) -> Reading:
    """The demo's sessions with their times from `first` to `last`."""
    told = _file("sessions.json")
    venues = {venue["slug"]: venue for venue in _file("fair.json")["venues"]}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    at_school = set(school_days(days))
    sessions = [_session(row, venues[row["venue"]], days, at_school) for row in told]
    refs = References(sessions)
    return Reading(FORMAT, tuple(_tied(session, refs) for session in sessions), rows=len(sessions))


def _forget_unused(first: date) -> None:
    """Take away demo fairs of other years that no class has anything at."""
    for fair in Fair.objects.filter(is_demo=True).exclude(first_on=first):
        used = (
            Itinerary.objects.filter(fair=fair).exists()
            or Booking.objects.filter(occasion__session__fair=fair).exists()
            or Stop.objects.filter(occasion__session__fair=fair).exists()
        )
        if not used:
            # Sessions hold on to their venues.
            Session.objects.filter(fair=fair).delete()
            fair.delete()


def _fair(first: date, last: date) -> Fair:
    told = _file("fair.json")
    fair, is_new = Fair.objects.get_or_create(
        slug=f"{told['slug']}-{first.year}",
        defaults={
            "name": told["name"],
            "first_on": first,
            "last_on": last,
            "description": told["description"],
            "practical": told["practical"],
            "is_published": True,
            "is_demo": True,
        },
    )
    if is_new:
        _places(fair, told)
    return fair


def _places(fair: Fair, told: Mapping[str, Any]) -> None:
    areas = {row["slug"]: Area(fair=fair, **row) for row in told["areas"]}
    Area.objects.bulk_create(areas.values())
    hours: list[OpeningHours] = []
    venues: dict[str, Venue] = {}
    for row in told["venues"]:
        columns = {name: value for name, value in row.items() if name not in ("area", "hours")}
        venue = venues[row["slug"]] = Venue(fair=fair, area=areas[row["area"]], **columns)
        hours += [
            OpeningHours(
                venue=venue,
                first_on=fair.first_on,
                last_on=fair.last_on,
                weekdays=[] if len(each["weekdays"]) == 7 else each["weekdays"],
                opens=time.fromisoformat(each["opens"]),
                closes=time.fromisoformat(each["closes"]),
            )
            for each in row["hours"]
        ]
    Venue.objects.bulk_create(venues.values())
    OpeningHours.objects.bulk_create(hours)
    Walk.objects.bulk_create(
        Walk(
            start=venues[row["start"]],
            end=venues[row["end"]],
            minutes=row["minutes"],
            means=row.get("means", Walk.Means.FOOT),
        )
        for row in told["walks"]
    )


def _session(
    row: Mapping[str, Any], venue: Mapping[str, Any], days: Sequence[date], at_school: set[date]
) -> RemoteSession:
    years, _with_preschool_class = values.years(row.get("years", ""))
    columns: dict[str, Any] = {
        "summary": row["summary"],
        "description": row["description"],
        "kind": row["kind"],
        "minutes": row["minutes"],
        "unit": row.get("unit", Session.Unit.PEOPLE.value),
        "capacity": row.get("capacity"),
        "smallest_group": row.get("smallest"),
        "largest_group": row.get("largest"),
        "school_forms": row.get("forms", []),
        "school_years": years,
        "programmes": tuple(row.get("programmes", ())),
        "subjects": tuple(row.get("subjects", ())),
        "initiatives": tuple(row.get("initiatives", ())),
        "languages": row.get("languages", ["sv"]),
        "cost": row.get("cost", 0),
        "cost_text": row.get("cost_text", ""),
        "needs_booking": row.get("booking", False),
        "booking_closes_hours": row.get("closes", 24 if row.get("booking") else 1),
        "is_for_children": row.get("children", False),
        "theme": row["theme"],
        "department": row.get("department", ""),
        "company": row.get("company", ""),
        "change_note": row.get("note", ""),
    }
    return RemoteSession(
        remote_id=row["id"],
        title=row["title"],
        columns=columns,
        venue=RemoteVenue(venue["name"]),
        state=row.get("state", "published"),
        occasions=tuple(_occasions(row, days, at_school)),
    )


def _occasions(row: Mapping[str, Any], days: Sequence[date], at_school: set[date]) -> Iterator[RemoteOccasion]:
    for rule in row["when"]:
        for place, day in enumerate(days):
            if not _given_on(rule, day, place, at_school):
                continue
            spans = [_open_span(rule["open"])] if "open" in rule else [_fixed_span(at, row) for at in rule["at"]]
            for starts, minutes in spans:
                starts_at = moment(day, starts)
                yield RemoteOccasion(
                    # By the day of the fair, so that it is the same whatever the year.
                    f"dag-{place + 1}-{starts:%H.%M}",
                    starts_at,
                    starts_at + timedelta(minutes=minutes),
                )


def _given_on(rule: Mapping[str, Any], day: date, place: int, at_school: set[date]) -> bool:
    if "weeks" in rule and place // 7 + 1 not in rule["weeks"]:
        return False
    on = rule.get("days", "daily")
    if isinstance(on, list):
        return WEEKDAYS[day.weekday()] in on
    return {
        "daily": True,
        "weekdays": day.weekday() < 5,
        "school": day in at_school,
        "summer": day not in at_school,
    }[on]


def _open_span(text: str) -> tuple[time, int]:
    opens, closes = (values.clock(part) for part in text.split("-"))
    length = datetime.combine(date.min, closes) - datetime.combine(date.min, opens)
    return opens, int(length.total_seconds() // 60)


def _fixed_span(text: str, row: Mapping[str, Any]) -> tuple[time, int]:
    return values.clock(text), row["minutes"]


def _tied(session: RemoteSession, refs: References) -> RemoteSession:
    """The session with only what is in the database: the demo also loads without a curriculum or initiatives."""
    columns = dict(session.columns)
    forms = tuple(columns["school_forms"])
    for name in ("subjects", "programmes", "initiatives"):
        columns[name] = tuple(text for text in columns[name] if _known(refs, name, text, forms))
    for name in ("department", "company"):
        if columns[name] and not _known(refs, name, columns[name], forms):
            columns["organiser"], columns[name] = columns[name], ""
    return RemoteSession(
        session.remote_id,
        session.title,
        columns,
        session.venue,
        session.state,
        session.occasions,
    )


def _known(refs: References, name: str, text: str, forms: tuple[str, ...]) -> bool:
    try:
        if name in ("department", "company"):
            refs.one(name, text)
        else:
            refs.many(name, (text,), forms)
    except BadValue:
        return False
    return True


@cache
def _file(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))
