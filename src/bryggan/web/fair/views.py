"""The fair for everybody: its programme day by day, a session, a place."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bryggan.accounts.models import User
from bryggan.accounts.school_days import school_days
from bryggan.fair import asking, listing
from bryggan.fair.models import Fair, Session, Venue
from bryggan.fair.permissions import may_edit_session, may_see_team_pages
from bryggan.web.explore.filters import Addresses
from bryggan.web.fair import filters, rows, session_page
from bryggan.web.fair.venue_map import venue_map
from bryggan.web.visits.curious import panel_of

PER_PAGE = 40


@require_safe
def fair(request: HttpRequest) -> HttpResponse:
    """The current fair: what it is, its days, and the programme of one of them, filtered."""
    current = Fair.objects.current()
    if current is None:
        return render(request, "fair/none.html")
    context = _programme(request, current, reverse("fair"))
    return _answered(request, "fair/fair.html", context)


@require_safe
def fair_venue(request: HttpRequest, fair_slug: str, slug: str) -> HttpResponse:
    """A place: where it is, what is good to know, and its days."""
    place = get_object_or_404(
        Venue.objects.select_related("fair", "area").prefetch_related("opening_hours"),
        slug=slug,
        fair__slug=fair_slug,
        fair__is_published=True,
    )
    context = _programme(request, place.fair, place.get_absolute_url(), venue=place.slug)
    context |= {"venue": place, "map": venue_map(place), "opening_hours": session_page.opening_hours(place)}
    return _answered(request, "fair/venue.html", context)


@require_safe
def fair_session(request: HttpRequest, pk: int) -> HttpResponse:
    """A session: what, for whom, when, where, and what it builds on."""
    found = get_object_or_404(
        Session.objects.readable().select_related("fair", "venue__area", "venue__fair", "department", "company"),
        pk=pk,
        fair__is_published=True,
    )
    with_initiatives = request.user.is_authenticated or not settings.REQUIRE_SIGN_IN
    context = {
        "session": found,
        "shown": session_page.SessionPage.of(found, with_initiatives=with_initiatives),
        "map": venue_map(found.venue) if found.venue else None,
        "may_edit": may_edit_session(request.user, found),
        "panel": panel_of(request.user, session=found),
    }
    return render(request, "fair/session.html", context)


def _programme(request: HttpRequest, current: Fair, root: str, *, venue: str = "") -> dict[str, Any]:
    """What the programme of a day needs: the day, the filters and the rows."""
    parameters = request.GET.copy()
    if venue:
        parameters.setlist("venue", [venue])
    supply = listing.supply_of(current)
    known = {name: parameters.getlist(name) for name in parameters if name in asking.PARAMETERS}
    asked = asking.asked(known, current, supply.known)
    today = timezone.localdate()
    taught = frozenset(school_days(current.days))
    query = asked.query
    day = query.days[0] if query.days else filters.default_day(current, supply.days(venue), taught, today)
    found = listing.find(supply, query.on(day))
    addresses = Addresses(_without(parameters, "venue") if venue else parameters)
    days = filters.days_of(current, found, day, taught, today, addresses)
    # Fixed times first, in order; then what is open and can be visited when one likes.
    ordered = sorted(found.times, key=lambda time: supply.sessions[time.session].kind == Session.Kind.OPEN)
    fixed = ("area", "venue") if venue else ()
    pages = max(1, -(-len(ordered) // PER_PAGE))
    page = min(asked.page, pages)
    shown = rows.rows_of(time.pk for time in ordered[(page - 1) * PER_PAGE : page * PER_PAGE])
    context = {
        "fair": current,
        "root": root,
        "query": query,
        "day": day,
        "days": days,
        "lead": range(current.first_on.weekday()),
        "found": found,
        "times": len(ordered),
        "groups": rows.groups_of(shown),
        "filters": filters.filters(query, found, fixed),
        "chips": filters.chips(query, found, addresses, fixed),
        "problems": [filters.problem_text(problem, current) for problem in dict.fromkeys(asked.problems)],
        "nearest": None if ordered else filters.nearest_day(days, day),
        "cleared_address": f"?day={day.isoformat()}",
        "page_number": page,
        "pages": pages,
        "previous_page": addresses.with_page(page - 1) if page > 1 else "",
        "next_page": addresses.with_page(page + 1) if page < pages else "",
        "shared_address": addresses.without_names(page=page),
        "is_coming": current.last_on >= today,
        "starts_in": (current.first_on - today).days,
        "is_team": may_see_team_pages(request.user),
    }
    if isinstance(request.user, User) and request.user.is_teacher:
        context["classes"] = filters.own_classes(request.user, query, day)
    return context


def _without(parameters: QueryDict, name: str) -> QueryDict:
    left = parameters.copy()
    left.pop(name, None)
    return left


def _answered(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page; for the browser's bar, the address to send on: fields that were left empty are not part of it."""
    answer = render(request, template, context)
    if request.headers.get("HX-Request"):
        answer["HX-Push-Url"] = (context["root"] + context["shared_address"]).rstrip("?")
    return answer
