"""The programme as a page, the list of programmes, and three others for a stop."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bryggan.accounts.models import SchoolClass
from bryggan.fair import history, moving, preparing, stops
from bryggan.fair.changing import NoSuchStop
from bryggan.fair.itinerary_permissions import itineraries_of, itineraries_to_look_at, may_change
from bryggan.fair.models import Fair, Itinerary
from bryggan.fair.timetables import timetable
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.itineraries.common import classes_of, itinerary_to_look_at, own_itinerary
from bryggan.web.itineraries.making import numbers_in
from bryggan.web.itineraries.showing import shown_days
from bryggan.web.itineraries.walk_map import walk_maps


@never_cache
@teachers_only
@require_safe
def itineraries(request: HttpRequest) -> HttpResponse:
    """Mine, and those that colleagues at my school show."""
    user = person(request)
    mine = itineraries_of(user).kept().select_related("school_class", "fair").prefetch_related("days")
    theirs = (
        itineraries_to_look_at(user)
        .kept()
        .select_related("school_class__school_unit", "fair")
        .prefetch_related("days")
    )
    own = list(mine)
    context = {
        "mine": own,
        "theirs": [one for one in theirs[:100] if one.pk not in {other.pk for other in own}],
        "fair": Fair.objects.current(),
        "has_classes": SchoolClass.objects.taught_by(user).exists(),
    }
    return render(request, "itineraries/itineraries.html", context)


@never_cache
@teachers_only
@require_safe
def itinerary(request: HttpRequest, pk: int) -> HttpResponse:
    """The programme: a timetable with a map of the walk. A colleague's is for looking at and copying."""
    return itinerary_page(request, itinerary_to_look_at(request, pk))


def itinerary_page(request: HttpRequest, found: Itinerary, *, status: int = 200) -> HttpResponse:
    user = person(request)
    mine = may_change(user, found)
    table = timetable(found)
    context = {
        "itinerary": found,
        "fair": found.fair,
        "school_class": found.school_class,
        "table": table,
        "days": list(zip(shown_days(table), walk_maps(table), strict=True)),
        "mine": mine and found.archived_at is None,
        "bookable": len(table.bookable),
        "held": [row for row in table.rows if row.seats == "held"],
        "last_change": history.last_change(found) if mine else None,
        "suggestions": preparing.suggestions(found) if mine and request.GET.get("forslag") else (),
        "copy_classes": classes_of(user),
        "form_token": uuid4(),
    }
    return render(request, "itineraries/itinerary.html", context, status=status)


@never_cache
@teachers_only
@require_safe
def others(request: HttpRequest, pk: int, stop_pk: int) -> HttpResponse:
    """Three that could take a stop's place."""
    found = own_itinerary(request, pk)
    stop = get_object_or_404(found.stops.select_related("occasion__session", "itinerary"), pk=stop_pk)
    stop.itinerary = found
    seen = numbers_in(request.GET.getlist("utan"))
    try:
        three = stops.three_others(stop, exclude=seen)
        moves = moving.moves_of(stop)
    except NoSuchStop:
        messages.info(request, _("Stoppet är redan borttaget."))
        return redirect(found)
    context = {
        "itinerary": found,
        "stop": stop,
        "three": three,
        "moves": moves.others,
        "seen": [*seen, *(one.session.pk for one in three if one.session)],
        "started_over": bool(seen),
    }
    return render(request, "itineraries/others.html", context)
