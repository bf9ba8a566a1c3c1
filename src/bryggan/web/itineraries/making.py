"""A new programme in three clicks: "Bygg vårt program", a day, "Spara". And a further day, and a copy."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bryggan.accounts.models import SchoolClass
from bryggan.fair import copying, itineraries
from bryggan.fair.changing import CannotBe, PutAway
from bryggan.fair.frames import usual_frame
from bryggan.fair.models import Fair, Itinerary
from bryggan.fair.proposals import Proposal
from bryggan.fair.proposing import days_to_choose, propose
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.itineraries.common import (
    chosen_class,
    classes_of,
    day_text,
    frame_from,
    itinerary_to_look_at,
    own_itinerary,
    read_day,
    sealed,
    unsealed,
)


@never_cache
@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_itinerary(request: HttpRequest) -> HttpResponse:
    """Days to choose among; with `dag` that day proposed; by POST what was shown is saved."""
    user = person(request)
    classes = classes_of(user)
    fair = Fair.objects.current()
    if not classes:
        messages.info(request, _("Lägg till din klass först. Sedan bygger vi programmet."))
        return redirect("school_class_new")
    if fair is None:
        return render(request, "itineraries/no_fair.html")
    school_class = chosen_class(request, classes)
    if school_class is None:
        messages.error(request, _("Den klassen är inte din. Välj en av dina klasser."))
        return redirect("new_itinerary")
    if request.method == "POST":
        return _save(request, school_class, fair, classes)
    asked = request.GET.get("dag")
    day = read_day(asked, fair)
    if asked and day is None:
        messages.error(request, _("Den dagen hör inte till mässan. Välj en annan dag."))
    if day is None:
        return _days(request, school_class, fair, classes)
    return _proposal(request, school_class, fair, classes, day)


@never_cache
@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def add_day(request: HttpRequest, pk: int) -> HttpResponse:
    """A further day for a programme: the same choice, the same proposal."""
    itinerary = own_itinerary(request, pk)
    school_class, fair = itinerary.school_class, itinerary.fair
    if request.method == "POST":
        shown = unsealed(request.POST.get("shown", ""))
        if shown is None:
            messages.error(request, _("Något gick fel när dagen skulle sparas. Välj dagen igen."))
            return redirect("add_itinerary_day", itinerary.pk)
        try:
            made = itineraries.add_day(itinerary, *shown, by=person(request))
        except (CannotBe, PutAway) as refusal:
            messages.error(request, str(getattr(refusal, "reason", _("Programmet är undanlagt."))))
            return redirect("add_itinerary_day", itinerary.pk)
        _tell_what_fell_away(request, made)
        return redirect(f"{itinerary.get_absolute_url()}#dag-{shown[0].on:%Y-%m-%d}")
    day = read_day(request.GET.get("dag"), fair)
    if day is None:
        return _days(request, school_class, fair, [school_class], itinerary)
    return _proposal(request, school_class, fair, [school_class], day, itinerary)


@teachers_only
@require_POST
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own programme, or a colleague's, for a class of one's own."""
    user = person(request)
    itinerary = itinerary_to_look_at(request, pk)
    to = chosen_class(request, classes_of(user))
    if to is None:
        messages.error(request, _("Välj en av dina klasser."))
        return redirect(itinerary)
    try:
        made = copying.copy_itinerary(itinerary, to=to, form_token=_token(request), by=user)
    except CannotBe as refusal:
        messages.error(request, str(refusal.reason))
        return redirect(itinerary)
    messages.success(
        request, _("Programmet är kopierat till %(label)s. Inga platser är bokade.") % {"label": to.label}
    )
    _tell_what_fell_away(request, made)
    return redirect(made.itinerary)


def _days(
    request: HttpRequest,
    school_class: SchoolClass,
    fair: Fair,
    classes: list[SchoolClass],
    to: Itinerary | None = None,
) -> HttpResponse:
    all_days = request.GET.get("alla") == "1"
    choices = days_to_choose(school_class, fair, all_days=all_days)
    weeks: dict[tuple[int, int], list[object]] = {}
    for choice in choices:
        weeks.setdefault(choice.on.isocalendar()[:2], []).append(choice)
    context = {
        "fair": fair,
        "school_class": school_class,
        "classes": classes,
        "weeks": [(number, days) for (_year, number), days in weeks.items()],
        "all_days": all_days,
        "to": to,
    }
    return render(request, "itineraries/days.html", context)


def _proposal(
    request: HttpRequest,
    school_class: SchoolClass,
    fair: Fair,
    classes: list[SchoolClass],
    day: date,
    to: Itinerary | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    frame, understood = frame_from(request.GET, usual_frame(school_class, day))
    without = numbers_in(request.GET.getlist("utan"))
    if not understood or frame.ends <= frame.begins:
        messages.error(
            request, _("Tiderna går inte att läsa, eller så slutar dagen före den börjar. Vi visar den vanliga dagen.")
        )
        frame = usual_frame(school_class, day)
    proposal = propose(school_class, fair, day, frame=frame, without=without)
    return render(request, "itineraries/proposal.html", _shown(request, proposal, classes, to), status=status)


def _shown(
    request: HttpRequest, proposal: Proposal, classes: list[SchoolClass], to: Itinerary | None
) -> dict[str, object]:
    shown_sessions = [str(stop.session.pk) for stop in proposal.sessions if stop.session]
    query = request.GET.copy()
    for pk in shown_sessions:
        if pk not in query.getlist("utan"):
            query.appendlist("utan", pk)
    return {
        "proposal": proposal,
        "fair": proposal.fair,
        "school_class": proposal.school_class,
        "classes": classes,
        "day": day_text(proposal.on),
        "frame": proposal.frame,
        "sealed": sealed(proposal.frame, proposal.stops),
        "form_token": uuid4(),
        "another": query.urlencode() if shown_sessions else "",
        "started_over": "utan" in request.GET,
        "to": to,
    }


def _save(request: HttpRequest, school_class: SchoolClass, fair: Fair, classes: list[SchoolClass]) -> HttpResponse:
    shown = unsealed(request.POST.get("shown", ""))
    if shown is None:
        messages.error(request, _("Något gick fel när programmet skulle sparas. Välj dagen igen."))
        return _days_again(request, school_class, fair, classes)
    frame, stops = shown
    try:
        made = itineraries.make_itinerary(
            school_class,
            fair,
            frames=[frame],
            stops=stops,
            name=request.POST.get("name", ""),
            form_token=_token(request),
            by=person(request),
        )
    except itineraries.AlreadyMade:
        messages.error(request, _("Det här förslaget är redan sparat för en annan klass."))
        return _days_again(request, school_class, fair, classes)
    except CannotBe as refusal:
        messages.error(request, str(refusal.reason))
        return _days_again(request, school_class, fair, classes)
    messages.success(request, _("Programmet är sparat. Inga platser är bokade än."))
    _tell_what_fell_away(request, made)
    return redirect(made.itinerary)


def _days_again(
    request: HttpRequest, school_class: SchoolClass, fair: Fair, classes: list[SchoolClass]
) -> HttpResponse:
    answer = _days(request, school_class, fair, classes)
    answer.status_code = 422
    return answer


def _tell_what_fell_away(request: HttpRequest, made: itineraries.Made) -> None:
    if not made.fell_away:
        return
    number = len(made.fell_away)
    told = ngettext(
        "En sak ändrades innan du hann spara och är inte med:",
        "%(n)d saker ändrades innan du hann spara och är inte med:",
        number,
    )
    what = " ".join(f"{one.what}: {one.reason}" for one in made.fell_away)
    messages.warning(request, f"{told % {'n': number}} {what}")


def _token(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form_token", ""))
    except ValueError:
        return None


def numbers_in(texts: list[str]) -> list[int]:
    return [int(text) for text in texts[:200] if text.isascii() and text.isdigit() and len(text) < 12]
