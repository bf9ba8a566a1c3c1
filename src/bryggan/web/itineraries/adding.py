"""Adding something of one's own choice: a session from its page, or one found by a search over a day."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bryggan.fair.asking import Query
from bryggan.fair.listing import find, supply_of
from bryggan.fair.local_times import local
from bryggan.fair.models import Fair, Itinerary, Occasion, Session, Stop
from bryggan.fair.programmes import itineraries, stops
from bryggan.fair.programmes.changing import CannotBe, PutAway
from bryggan.fair.programmes.itinerary_permissions import itineraries_of
from bryggan.fair.programmes.proposals import Chosen
from bryggan.fair.programmes.queries import ground_of
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.itineraries.common import classes_of, number_in, own_itinerary, read_day

MOST_FOUND = 40
LONGEST_TEXT = 200


@never_cache
@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def add_session(request: HttpRequest, session_pk: int) -> HttpResponse:
    """Put a session, or one time of it, in a programme of hers; or begin one with it."""
    session = get_object_or_404(
        Session.objects.offered().select_related("fair"), pk=session_pk, fair__is_published=True
    )
    fair = get_object_or_404(Fair, sessions=session)
    user = person(request)
    asked = request.POST.get("occasion") or request.GET.get("tid")
    occasion = session.occasions.offered().filter(pk=number_in(asked)).first() if asked else None
    own = itineraries_of(user).kept().filter(fair=session.fair_id).select_related("school_class", "fair")
    programmes = list(own.order_by("-changed_at")[:50])
    classes = classes_of(user)
    context = {"session": session, "occasion": occasion, "programmes": programmes, "classes": classes}
    if request.method != "POST":
        return render(request, "itineraries/add_session.html", context)
    itinerary = next((one for one in programmes if str(one.pk) == request.POST.get("program")), None)
    try:
        if itinerary is None:
            school_class = next((one for one in classes if str(one.pk) == request.POST.get("klass")), None)
            if school_class is None or occasion is None:
                messages.error(request, _("Välj ett program, eller en klass och en tid."))
                return render(request, "itineraries/add_session.html", context, status=422)
            chosen = Chosen(Stop.Kind.SESSION, occasion.starts_at, occasion.ends_at, occasion.pk)
            frame = ground_of(fair, school_class).frame(school_class, local(occasion.starts_at).date())
            made = itineraries.make_itinerary(school_class, fair, frames=[frame], stops=[chosen], by=user)
            if made.fell_away:
                messages.warning(request, f"{session}: {made.fell_away[0].reason}")
            itinerary = made.itinerary
        else:
            stops.add_stop(itinerary, session, occasion=occasion, by=user)
    except CannotBe as refusal:
        messages.error(request, f"{session}: {refusal.reason}")
        return render(request, "itineraries/add_session.html", context, status=422)
    except PutAway:
        messages.error(request, _("Klassen eller programmet är undanlagt."))
        return render(request, "itineraries/add_session.html", context, status=422)
    messages.success(request, _("”%(title)s” är med i programmet.") % {"title": session.title})
    return redirect(itinerary)


@never_cache
@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def add_to_day(request: HttpRequest, pk: int) -> HttpResponse:
    """Search a day of the programme and add what is found there."""
    itinerary = own_itinerary(request, pk)
    days = list(itinerary.days.values_list("on", flat=True))
    on = read_day(request.POST.get("on") or request.GET.get("dag"), itinerary.fair) or (days[0] if days else None)
    if on is None:
        messages.info(request, _("Lägg till en dag först."))
        return redirect("add_itinerary_day", itinerary.pk)
    if request.method == "POST":
        rows = Session.objects.offered().filter(fair=itinerary.fair_id)
        session = rows.filter(pk=number_in(request.POST.get("session"))).first()
        if session is None:
            messages.error(request, _("Det du valde finns inte längre i mässans program."))
            return _found(request, itinerary, on, status=422)
        try:
            stops.add_stop(itinerary, session, on=on, by=person(request))
        except CannotBe as refusal:
            messages.error(request, f"{session}: {refusal.reason}")
            return _found(request, itinerary, on, status=422)
        except PutAway:
            messages.error(request, _("Programmet är undanlagt och kan inte ändras."))
            return redirect("itineraries")
        messages.success(request, _("”%(title)s” är med i programmet.") % {"title": session.title})
        return redirect(f"{itinerary.get_absolute_url()}#dag-{on:%Y-%m-%d}")
    return _found(request, itinerary, on)


def _found(request: HttpRequest, itinerary: Itinerary, on: date, *, status: int = 200) -> HttpResponse:
    text = " ".join((request.POST.get("q") or request.GET.get("q") or "").split())[:LONGEST_TEXT]
    found = find(supply_of(itinerary.fair), Query(text=text, days=(on,)), facets=())
    chosen = itinerary.stops.kept().filter(occasion__isnull=False).values_list("occasion__session_id", flat=True)
    first: dict[int, int] = {}
    for time in found.times:
        first.setdefault(time.session, time.pk)
    shown = [pk for session, pk in first.items() if session not in set(chosen)][:MOST_FOUND]
    rows = Occasion.objects.filter(pk__in=shown).select_related("session__venue").order_by("starts_at", "pk")
    context = {
        "itinerary": itinerary,
        "on": on,
        "q": text,
        "rows": list(rows),
        "more": max(0, len(first) - len(shown)),
    }
    return render(request, "itineraries/add_to_day.html", context, status=status)
