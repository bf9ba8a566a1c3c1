"""The fair's day by venue with seats and bookings; the list that a venue prints; the spreadsheet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import CharField, Count, QuerySet
from django.db.models.functions import Cast, Substr
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from bryggan.accounts.models import User
from bryggan.accounts.school_days import school_days
from bryggan.fair import exports
from bryggan.fair.listing import local_day
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Booking, Fair, Occasion, Venue
from bryggan.fair.numbers import Numbers, numbers_of, together
from bryggan.fair.permissions import editable_sessions, may_manage_fair, may_see_team_pages
from bryggan.fair.programmes.queries import day_of
from bryggan.web.accounts.guards import person
from bryggan.web.editing.views import permitted
from bryggan.web.fair.filters import Day
from bryggan.web.fair_team.common import team_fair


@dataclass(frozen=True)
class Line:
    """One time in a table of the team's."""

    occasion: Occasion
    begins: str
    ends: str
    numbers: Numbers


@dataclass(frozen=True)
class AtVenue:
    """A venue's times of a day; `venue` is None for what has no place yet."""

    venue: Venue | None
    lines: Sequence[Line]
    sum: Numbers


@dataclass(frozen=True)
class Coming:
    """A class that has booked, as a venue knows it: no names of persons."""

    school: str
    label: str
    pupils: int
    adults: int
    begins: str
    is_held: bool


@require_safe
@permitted(may_see_team_pages)
def fair_team(request: HttpRequest) -> HttpResponse:
    """A day of the fair, venue by venue: what is given, and who comes in numbers. Coordinators see their own."""
    user, fair = person(request), team_fair()
    mine = occasions_for(user, fair)
    days = days_of(fair, mine)
    day = _chosen(request, fair, days)
    days = [
        Day(one.on, one.count, f"?day={one.on.isoformat()}", one.on == day, one.is_school_day, one.is_past)
        for one in days
    ]
    lines = lines_of(on_day(mine, day))
    by_venue: dict[Venue | None, list[Line]] = defaultdict(list)
    for line in lines:
        by_venue[line.occasion.session.venue].append(line)
    venues = sorted(by_venue.items(), key=lambda item: (item[0] is None, item[0].name if item[0] else ""))
    context = {
        "fair": fair,
        "day": day,
        "days": days,
        "lead": range(fair.first_on.weekday()),
        "venues": [AtVenue(venue, several, together([one.numbers for one in several])) for venue, several in venues],
        "sum": together([line.numbers for line in lines]),
        "times": len(lines),
        "may_manage": may_manage_fair(user),
    }
    return render(request, "fair_team/overview.html", context)


@require_safe
@permitted(may_see_team_pages)
def fair_day_list(request: HttpRequest, slug: str, day: str) -> HttpResponse:
    """What a venue prints for a day: its times and which classes come, how many they are and when."""
    user, fair = person(request), team_fair()
    venue = get_object_or_404(Venue.objects.select_related("area"), fair=fair, slug=slug)
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    if not fair.first_on <= on <= fair.last_on:
        raise Http404
    lines = lines_of(on_day(occasions_for(user, fair).filter(session__venue=venue), on))
    coming = _coming([line.occasion.pk for line in lines])
    rows = [(line, coming.get(line.occasion.pk, [])) for line in lines]
    context = {"fair": fair, "venue": venue, "day": on, "rows": rows, "sum": together([one.numbers for one in lines])}
    return render(request, "fair_team/day_list.html", context)


@require_safe
@permitted(may_see_team_pages)
def fair_export(request: HttpRequest, kind: str) -> HttpResponse:
    """Every time that the person may see, with its numbers, as a spreadsheet."""
    fair = team_fair()
    rows = exports.rows_of(occasions_for(person(request), fair).order_by("starts_at", "pk"))
    name = f"{slugify(fair.name) or 'massan'}-{timezone.localdate():%Y-%m-%d}.{kind}"
    content = exports.as_xlsx(rows, fair.name) if kind == "xlsx" else exports.as_csv(rows)
    answer = HttpResponse(content, content_type=exports.XLSX if kind == "xlsx" else exports.CSV)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def occasions_for(user: User, fair: Fair) -> QuerySet[Occasion]:
    """Times of the fair that the person may see, drafts and cancelled ones too."""
    rows = Occasion.objects.filter(session__fair=fair)
    if not may_manage_fair(user):
        rows = rows.filter(session__in=editable_sessions(user).filter(fair=fair).values("pk"))
    return rows.select_related("session__venue__area", "session__department", "session__company")


def on_day(rows: QuerySet[Occasion], day: date) -> QuerySet[Occasion]:
    """Those that begin that day, in order."""
    begins, ends = day_of(day)
    return rows.filter(starts_at__gte=begins, starts_at__lt=ends).order_by("starts_at", "pk")


def lines_of(occasions: QuerySet[Occasion]) -> list[Line]:
    """Five statements, whatever their number."""
    listed = list(occasions)
    numbers = numbers_of(listed)
    return [
        Line(one, clock_text(local(one.starts_at)), clock_text(local(one.ends_at)), numbers[one.pk]) for one in listed
    ]


def days_of(fair: Fair, occasions: QuerySet[Occasion]) -> list[Day]:
    """Every day of the fair with how many times begin on it. Three statements."""
    hour = Substr(Cast("starts_at", CharField()), 1, 13)
    rows = occasions.select_related(None).order_by().annotate(hour=hour).values_list("hour").annotate(Count("pk"))
    counts: dict[date, int] = defaultdict(int)
    for text, number in rows:
        counts[local_day(text)] += number
    taught, today = frozenset(school_days(fair.days)), timezone.localdate()
    return [Day(day, counts[day], "", False, day in taught, day < today) for day in fair.days]


def _chosen(request: HttpRequest, fair: Fair, days: Sequence[Day]) -> date:
    """The day of the address; else today while the fair goes on, or its first day with anything."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        day = timezone.localdate()
    if fair.first_on <= day <= fair.last_on:
        return day
    given = [one.on for one in days if one.count]
    return next((one.on for one in days if one.count and one.is_school_day), given[0] if given else fair.first_on)


def _coming(occasions: Sequence[int]) -> dict[int, list[Coming]]:
    """Classes with seats, by occasion, in order of when they come. One statement."""
    rows = Booking.objects.counting().filter(occasion__in=occasions).select_related("school_class__school_unit")
    found: dict[int, list[Coming]] = defaultdict(list)
    for row in rows.order_by("starts_at", "pk"):
        school_class = row.school_class
        found[row.occasion_id].append(
            Coming(
                school_class.school_unit.name,
                school_class.label,
                row.pupils,
                row.adults,
                clock_text(local(row.starts_at)),
                row.state == Booking.State.HELD,
            )
        )
    return found
