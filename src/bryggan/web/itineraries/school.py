"""Days for several classes at once: the same day at the fair, seats shared among them, a programme for each."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4, uuid5

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bryggan.accounts.models import SchoolClass
from bryggan.accounts.school_days import school_days
from bryggan.fair.models import Fair
from bryggan.fair.programmes import itineraries
from bryggan.fair.programmes.changing import CannotBe
from bryggan.fair.programmes.fit import Interests
from bryggan.fair.programmes.school_proposing import propose_for_classes
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.itineraries.common import classes_of, day_text, read_day, sealed, token_in, unsealed
from bryggan.web.itineraries.making import tell_what_fell_away
from bryggan.web.itineraries.showing import facts_text, way_text

# As many as are planned while a person waits: some seconds. More are planned in two rounds.
MOST_CLASSES = 12


@never_cache
@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def plan_school(request: HttpRequest) -> HttpResponse:
    """Classes and a day to choose; with both a day proposed for each; by POST one programme for each is saved."""
    classes = classes_of(person(request))
    fair = Fair.objects.current()
    if not classes:
        messages.info(request, _("Lägg till dina klasser först. Sedan bygger vi programmen."))
        return redirect("school_class_new")
    if fair is None:
        return render(request, "itineraries/no_fair.html")
    if request.method == "POST":
        return _save(request, fair, classes)
    asked = request.GET.getlist("klass")
    chosen = [one for one in classes if str(one.pk) in asked]
    day = read_day(request.GET.get("dag"), fair)
    problems = _problems(request, chosen, day)
    if problems or day is None or not chosen:
        for problem in problems:
            messages.error(request, problem)
        return _form(request, fair, classes, chosen, day, status=422 if problems else 200)
    return _proposals(request, fair, chosen, day)


def _problems(request: HttpRequest, chosen: list[SchoolClass], day: date | None) -> list[str]:
    """What has to be chosen anew; nothing on the first visit."""
    if "dag" not in request.GET:
        return []
    problems = [] if day else [_("Den dagen hör inte till mässan. Välj en annan dag.")]
    if not chosen:
        problems.append(_("Välj minst en klass."))
    if len(chosen) > MOST_CLASSES:
        text = _("Välj högst %(n)d klasser åt gången. Ta resten sedan, så delar de på platserna som är kvar.")
        problems.append(text % {"n": MOST_CLASSES})
    return problems


def _form(
    request: HttpRequest,
    fair: Fair,
    classes: list[SchoolClass],
    chosen: list[SchoolClass],
    day: date | None,
    *,
    status: int = 200,
) -> HttpResponse:
    coming = [one for one in fair.days if one >= timezone.localdate()]
    days = school_days(coming) or coming
    keys = {one.pk for one in chosen} if chosen or "dag" in request.GET else {one.pk for one in classes}
    context = {
        "fair": fair,
        "classes": [(one, one.pk in keys) for one in classes],
        "days": [(one.isoformat(), day_text(one), one == day) for one in days],
        "most": MOST_CLASSES,
    }
    return render(request, "itineraries/plan_school.html", context, status=status)


def _proposals(request: HttpRequest, fair: Fair, chosen: list[SchoolClass], day: date) -> HttpResponse:
    shown: list[dict[str, Any]] = [
        {
            "school_class": proposal.school_class,
            "proposal": proposal,
            "facts": facts_text(len(proposal.sessions), proposal.walking_minutes),
            "stops": [(stop, way_text(stop.leg)) for stop in proposal.stops],
            "sealed": f"{proposal.school_class.pk}:{sealed(proposal, Interests())}" if proposal.stops else "",
        }
        for proposal in propose_for_classes(chosen, fair, day)
    ]
    context = {
        "fair": fair,
        "day": day_text(day),
        "shown": shown,
        "anything": any(one["sealed"] for one in shown),
        "form_token": uuid4(),
        "again": request.GET.urlencode(),
    }
    return render(request, "itineraries/school_proposals.html", context)


def _save(request: HttpRequest, fair: Fair, classes: list[SchoolClass]) -> HttpResponse:
    own = {str(one.pk): one for one in classes}
    token = token_in(request.POST.get("form_token"))
    wanted = []
    for text in request.POST.getlist("shown")[:MOST_CLASSES]:
        pk, _colon, seal = text.partition(":")
        shown = unsealed(seal)
        if pk in own and shown is not None:
            wanted.append((own[pk], shown))
    if not wanted:
        messages.error(request, _("Programmen kom inte fram hela och är inte sparade. Välj klasser och dag igen."))
        return _form(request, fair, classes, [], None, status=422)
    saved = 0
    for school_class, shown in wanted:
        try:
            with transaction.atomic():
                made = itineraries.make_itinerary(
                    school_class,
                    fair,
                    frames=[shown.frame],
                    stops=shown.stops,
                    form_token=uuid5(token, str(school_class.pk)) if token else None,
                    by=person(request),
                )
        except (CannotBe, itineraries.AlreadyMade) as refusal:
            reason = getattr(refusal, "reason", _("Redan sparat."))
            messages.warning(request, f"{school_class.label}: {reason}")
            continue
        saved += 1
        tell_what_fell_away(request, made, f"{school_class.label}:")
    if saved:
        told = ngettext("Ett program är sparat.", "%(n)d program är sparade.", saved) % {"n": saved}
        messages.success(request, told + " " + _("Inga platser är bokade än."))
    return redirect("itineraries")
