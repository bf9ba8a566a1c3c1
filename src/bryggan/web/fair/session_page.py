"""Everything a session's page shows, gathered in a fixed number of statements; and the same for search engines."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.conf import settings
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.alignment.models import Alignment, best_first
from bryggan.curriculum.models import CoreContent, Programme, Subject
from bryggan.fair.languages import language_name
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import OpeningHours, Session, Venue
from bryggan.initiatives.models import Initiative
from bryggan.web.explore.cards import years_label
from bryggan.web.fair import rows

MOST_POINTS = 9
MOST_EVENTS = 60
_UNSAFE = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


@dataclass(frozen=True)
class SessionDay:
    on: date
    rows: Sequence[rows.Row]


@dataclass(frozen=True)
class Point:
    """A point of central content that an initiative of the session serves."""

    content: CoreContent
    where: str
    is_confirmed: bool


@dataclass(frozen=True)
class SessionPage:
    days: Sequence[SessionDay]
    past: int
    for_whom: str
    programmes: Sequence[Programme]
    subjects: Sequence[Subject]
    group: str
    cost: str
    languages: str
    organiser: str
    initiatives: Sequence[Initiative]
    points: Sequence[tuple[str, Sequence[Point]]]
    structured: SafeString

    @classmethod
    def of(cls, session: Session, *, with_initiatives: bool) -> SessionPage:
        """Gather the page. Initiatives are read only for those who may see them."""
        occasions = list(session.occasions.order_by("starts_at", "pk"))
        for occasion in occasions:
            occasion.session = session
        all_rows = rows.made(occasions)
        coming = [row for row in all_rows if not row.is_over]
        initiatives = list(session.initiatives.filter(withdrawn_at=None, merged_into=None)) if with_initiatives else []
        return cls(
            days=[
                SessionDay(day, list(several))
                for day, several in groupby(coming, key=lambda row: local(row.occasion.starts_at).date())
            ],
            past=len(all_rows) - len(coming),
            for_whom=rows.for_whom(session),
            programmes=list(session.programmes.all()),
            subjects=list(session.subjects.all()),
            group=group_text(session),
            cost=cost_text(session),
            languages=", ".join(language_name(code) for code in session.languages),
            organiser=organiser_of(session),
            initiatives=initiatives,
            points=_points(initiatives),
            structured=structured(session, coming),
        )


def group_text(session: Session) -> str:
    """How large a group may be, and who is counted."""
    least, most = session.smallest_group, session.largest_group
    if least and most:
        text = _("%(least)d till %(most)d personer") % {"least": least, "most": most}
    elif most:
        text = ngettext("Högst %(n)d person", "Högst %(n)d personer", most) % {"n": most}
    elif least:
        text = ngettext("Minst %(n)d person", "Minst %(n)d personer", least) % {"n": least}
    else:
        return ""
    return text if session.counts_adults else _("%(group)s, vuxna räknas inte") % {"group": text}


def cost_text(session: Session) -> str:
    if session.cost:
        amount = _("%(kronor)d kr för en klass") % {"kronor": session.cost}
        return f"{amount}. {session.cost_text}" if session.cost_text else amount
    return session.cost_text or _("Gratis")


def opening_hours(venue: Venue) -> list[str]:
    """`måndag–fredag 10.00–16.00`, each with its days when they are not the fair's."""
    return [_hours_text(row, venue) for row in venue.opening_hours.all()]


def _hours_text(row: OpeningHours, venue: Venue) -> str:
    text = f"{_weekdays(row.weekdays)} {clock_text(row.opens)}–{clock_text(row.closes)}"
    if row.first_on <= venue.fair.first_on and row.last_on >= venue.fair.last_on:
        return text
    return f"{text}, {date_format(row.first_on, 'j F')}–{date_format(row.last_on, 'j F')}"


def _weekdays(chosen: Sequence[int]) -> str:
    days = sorted(set(chosen) & set(range(7)))
    if not days or len(days) == 7:
        return _("Alla dagar")
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        text = f"{WEEKDAYS[days[0]]}–{WEEKDAYS[days[-1]]}"
    else:
        text = ", ".join(str(WEEKDAYS[day]) for day in days)
    return text[:1].upper() + text[1:]


def _points(initiatives: Sequence[Initiative]) -> list[tuple[str, list[Point]]]:
    """What the initiatives teach, by subject and years: what filters use, the best of it."""
    if not initiatives:
        return []
    rows_found = (
        Alignment.objects.counting()
        .filter(initiative__in=initiatives, core_content__ended_at=None)
        .select_related("core_content__subject", "core_content__course")
    )
    grouped: dict[str, list[Point]] = defaultdict(list)
    for alignment in best_first(rows_found)[:MOST_POINTS]:
        content = alignment.core_content
        where = content.course.name if content.course else years_label(content.years)
        name = f"{content.subject.name}, {where}" if where else content.subject.name
        grouped[name].append(Point(content, where, alignment.state == Alignment.State.CONFIRMED))
    return list(grouped.items())


def structured(session: Session, coming: Sequence[rows.Row]) -> SafeString:
    """The session as schema.org events, one for each time to come: for search engines. No persons."""
    shared = {"@type": "Event", "name": session.title, "inLanguage": session.languages or ["sv"]}
    if text := session.summary or session.description:
        shared["description"] = text[:500]
    shared["url"] = settings.BASE_URL + session.get_absolute_url()
    shared["isAccessibleForFree"] = session.cost == 0
    shared["eventAttendanceMode"] = "https://schema.org/OfflineEventAttendanceMode"
    if session.venue:
        shared["location"] = _place(session.venue)
    if organiser := organiser_of(session):
        shared["organizer"] = {"@type": "Organization", "name": organiser}
    if session.fair:
        shared["superEvent"] = {"@type": "Event", "name": session.fair.name}
    events = [
        {
            **shared,
            "startDate": local(row.occasion.starts_at).isoformat(timespec="minutes"),
            "endDate": local(row.occasion.ends_at).isoformat(timespec="minutes"),
            "eventStatus": f"https://schema.org/Event{'Cancelled' if row.is_cancelled else 'Scheduled'}",
        }
        for row in coming[:MOST_EVENTS]
    ]
    told = {"@context": "https://schema.org", "@graph": events}
    # What could end the element, or the line, is written as an escape: the text may be anybody's.
    return mark_safe(json.dumps(told, ensure_ascii=False).translate(_UNSAFE))


def organiser_of(session: Session) -> str:
    if session.department:
        return session.department.name
    return session.company.name if session.company else session.organiser


def _place(venue: Venue) -> dict[str, Any]:
    place: dict[str, Any] = {"@type": "Place", "name": venue.name}
    if venue.address:
        place["address"] = venue.address
    if venue.position and not venue.position_is_approximate:
        place["geo"] = {"@type": "GeoCoordinates", "latitude": venue.latitude, "longitude": venue.longitude}
    return place
