"""The programme as a page, the list of programmes, and the page of one stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bryggan.accounts.models import SchoolClass
from bryggan.common.statements import Statement
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Fair, Itinerary, ItineraryChange, Stop
from bryggan.fair.programmes import history, moving, preparing, stops
from bryggan.fair.programmes.changing import NoSuchStop
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_permissions import itineraries_of, itineraries_to_look_at
from bryggan.fair.programmes.timetables import timetable
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.itineraries.common import day_of, day_text, itinerary_to_look_at, numbers_in, own_itinerary
from bryggan.web.itineraries.showing import Reader, shown_days, title_of

MOST_CHANGES, MOST_OF_COLLEAGUES = 12, 60
_CHANGES = Statement(
    lambda itinerary: (
        ItineraryChange.objects.filter(itinerary=itinerary).defer("before").order_by("-at", "-pk")[:MOST_CHANGES]
    )
)
_EXCLUDED = Statement(
    lambda itinerary: (
        Itinerary.excluded.through.objects.filter(itinerary=itinerary)
        .order_by("session__title")
        .values_list("session_id", "session__title")
    )
)
_CLASSES = Statement(lambda user: SchoolClass.objects.taught_by(user).values_list("pk", "label"))
# What was done, in words for the teacher. The thing it was done to comes after.
VERBS = {
    "renamed": gettext_lazy("Bytte namn, från"),
    "added a day": gettext_lazy("Lade till dagen"),
    "removed a day": gettext_lazy("Tog bort dagen"),
    "changed the hours": gettext_lazy("Ändrade tiderna för"),
    "planned again": gettext_lazy("Planerade om"),
    "excluded": gettext_lazy("Valde bort"),
    "included": gettext_lazy("Tog tillbaka"),
    "swapped": gettext_lazy("Bytte"),
    "removed": gettext_lazy("Tog bort"),
    "put back": gettext_lazy("Lade tillbaka"),
    "added": gettext_lazy("Lade till"),
    "locked": gettext_lazy("Låste"),
    "unlocked": gettext_lazy("Låste upp"),
    "wished": gettext_lazy("Ändrade måste eller kanske för"),
    "noted": gettext_lazy("Skrev en anteckning till"),
    "moved": gettext_lazy("Flyttade"),
    "added a preparation": gettext_lazy("Lade till före eller efter:"),
    "removed a preparation": gettext_lazy("Tog bort före eller efter:"),
    history.BY_THE_FAIR: gettext_lazy("Mässan ändrade"),
}


@never_cache
@teachers_only
@require_safe
def itineraries(request: HttpRequest) -> HttpResponse:
    """Mine, those I have put away, and those that colleagues at my school show."""
    user = person(request)
    of_class = ("school_class", "fair")
    mine = list(itineraries_of(user).kept().select_related(*of_class).prefetch_related("days"))
    theirs = itineraries_to_look_at(user).exclude(school_class__teachers=user)
    away = Itinerary.objects.filter(
        school_class__teachers=user, school_class__archived_at__isnull=True, archived_at__isnull=False
    )
    context = {
        "mine": mine,
        "theirs": theirs.select_related("school_class__school_unit", "fair")[:MOST_OF_COLLEAGUES],
        "away": away.select_related("school_class").order_by("-archived_at")[:20],
        "fair": Fair.objects.current(),
        "classes": SchoolClass.objects.taught_by(user).count(),
    }
    return render(request, "itineraries/itineraries.html", context)


@never_cache
@teachers_only
@require_safe
def itinerary(request: HttpRequest, pk: int) -> HttpResponse:
    """The programme: a timetable with a map of the walk. A colleague's is for looking at and copying."""
    found, own = itinerary_to_look_at(request, pk)
    return itinerary_page(request, found, own=own)


def itinerary_page(request: HttpRequest, found: Itinerary, *, own: bool = True, status: int = 200) -> HttpResponse:
    """The page of a programme that is one's `own`, or a colleague's."""
    user = person(request)
    mine = own and found.archived_at is None
    table = timetable(found)
    told, others = _told(request)
    held = [row.booking.held_until for row in table.rows if row.seats == "held" and row.booking]
    changes = _CHANGES(found.pk) if mine else []
    shown = {str(row.stop.uid) for row in table.rows}
    context: dict[str, Any] = {
        "messages": [*others, *(_untied(each) for uid, each in told.items() if uid not in shown)],
        "itinerary": found,
        "number": str(found.pk),
        "version": str(found.version),
        "fair": table.fair,
        "school_class": found.school_class,
        "table": table,
        "days": shown_days(table, Reader(mine, get_token(request), told)),
        "mine": mine,
        "is_put_away": own and not mine,
        "bookable": bool(table.bookable),
        "held_until": clock_text(min(until for until in held if until)) if any(held) else "",
        "can_undo": mine and _can_undo(found, changes),
        "changes": [_change_text(change, user.pk) for change in changes],
        "excluded": [(str(key), title) for key, title in _EXCLUDED(found.pk)] if mine else [],
        "suggestions": preparing.suggestions(found) if mine and request.GET.get("forslag") else (),
        "copy_classes": [(str(key), label) for key, label in _CLASSES(user.pk)],
        "form_token": str(uuid4()),
    }
    return render(request, "itineraries/itinerary.html", context, status=status)


def _told(request: HttpRequest) -> tuple[dict[str, Any], list[Any]]:
    """What was just done, by the stop that it was done to, and what is told at the top of the page."""
    told: dict[str, Any] = {}
    others = []
    for message in messages.get_messages(request):
        tag = message.extra_tags or ""
        if tag.startswith("stopp-"):
            told[tag.removeprefix("stopp-")] = message
        else:
            others.append(message)
    return told, others


def _untied(message: Any) -> Any:
    """What was done to a stop that is no longer there is told at the top."""
    message.extra_tags = ""
    return message


def _can_undo(found: Itinerary, changes: list[ItineraryChange]) -> bool:
    if any(change.undone_at is None and change.verb != history.BY_THE_FAIR for change in changes):
        return True
    return len(changes) == MOST_CHANGES and history.last_change(found) is not None


def _change_text(change: ItineraryChange, reader: int) -> tuple[str, str, bool]:
    """When, what, and whether it was undone. Others have no names here."""
    at = local(change.at)
    when = clock_text(at) if at.date() == timezone.localdate() else f"{date_format(at, 'j F')} {clock_text(at)}"
    what = f"{VERBS.get(change.verb, change.verb)} {change.what}".strip()
    if change.by_id not in (None, reader):
        what += " " + _("(en kollega)")
    return when, what, change.undone_at is not None


@never_cache
@teachers_only
@require_safe
def day(request: HttpRequest, pk: int, on: str) -> HttpResponse:
    """A day's hours, places and lunch; something of one's own; and the day's way out."""
    found = own_itinerary(request, pk)
    row = day_of(found, on)
    if row is None:
        raise Http404
    return day_page(request, found, Frame.of(row))


def day_page(
    request: HttpRequest, found: Itinerary, frame: Frame, typed: Mapping[str, str] | None = None, *, status: int = 200
) -> HttpResponse:
    """`typed`: what was written of something of one's own."""
    context = {
        "itinerary": found,
        "on": frame.on.isoformat(),
        "name": day_text(frame.on),
        "frame": frame,
        "typed": typed or {},
    }
    return render(request, "itineraries/day.html", context, status=status)


@never_cache
@teachers_only
@require_safe
def others(request: HttpRequest, pk: int, stop_pk: int) -> HttpResponse:
    """One stop: three others that could take its place, other times, a note, must or maybe, and not for us."""
    found = own_itinerary(request, pk)
    stop = get_object_or_404(found.stops.select_related("occasion__session__venue", "itinerary"), pk=stop_pk)
    stop.itinerary = found
    seen = numbers_in(request.GET.getlist("utan"))
    try:
        three = stops.three_others(stop, exclude=seen) if stop.kind == Stop.Kind.SESSION else ()
        moves = moving.moves_of(stop)
    except NoSuchStop:
        messages.info(request, _("Stoppet är redan borttaget."))
        return redirect(found)
    context = {
        "itinerary": found,
        "stop": stop,
        "title": title_of(stop),
        "begins": clock_text(stop.starts_at),
        "ends": clock_text(stop.ends_at),
        "day": date_format(local(stop.starts_at), "l j F"),
        "three": three,
        "moves": [(move, clock_text(move.starts_at)) for move in moves.others],
        "seen": [str(each) for each in (*seen, *(one.session.pk for one in three if one.session))],
        "started_over": bool(seen),
        "longest_note": stops.LONGEST_NOTE,
    }
    return render(request, "itineraries/stop.html", context)
