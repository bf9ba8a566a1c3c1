"""A new programme in three clicks: "Bygg vårt program", a day, "Spara". And a further day, and a copy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Fair, Itinerary, Occasion
from bryggan.fair.programmes import copying, itineraries
from bryggan.fair.programmes.changing import CannotBe, PutAway
from bryggan.fair.programmes.choosing_days import days_to_choose
from bryggan.fair.programmes.fit import Interests
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.proposals import Proposal
from bryggan.fair.programmes.proposing import propose
from bryggan.fair.programmes.queries import ground_of
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.itineraries import walk_map
from bryggan.web.itineraries.common import (
    chosen_class,
    classes_of,
    day_text,
    frame_from,
    itinerary_to_look_at,
    numbers_in,
    own_itinerary,
    read_day,
    sealed,
    token_in,
    unsealed,
)
from bryggan.web.itineraries.showing import facts_text, way_text

# Left out of a proposal and told at once; the rest are counted.
MOST_LEFT_OUT = 40


@dataclass(frozen=True)
class Making:
    """What is being made, and for whom. `to`: the programme that gets a further day."""

    school_class: SchoolClass
    fair: Fair
    classes: list[SchoolClass]
    to: Itinerary | None = None


@never_cache
@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_itinerary(request: HttpRequest) -> HttpResponse:
    """Days to choose among; with `dag` that day proposed; by POST what was shown is saved."""
    classes = classes_of(person(request))
    fair = Fair.objects.current()
    if not classes:
        messages.info(request, _("Lägg till din klass först. Sedan bygger vi programmet."))
        return redirect("school_class_new")
    if fair is None:
        return render(request, "itineraries/no_fair.html")
    school_class = chosen_class(request, classes)
    if school_class is None:
        messages.error(request, _("Den klassen är inte din. Välj en av dina klasser."))
        return _days(request, Making(classes[0], fair, classes), status=422)
    making = Making(school_class, fair, classes)
    return _save(request, making) if request.method == "POST" else _choose(request, making)


@never_cache
@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def add_day(request: HttpRequest, pk: int) -> HttpResponse:
    """A further day for a programme: the same choice, the same proposal."""
    itinerary = own_itinerary(request, pk)
    making = Making(itinerary.school_class, itinerary.fair, [itinerary.school_class], itinerary)
    return _save_day(request, making, itinerary) if request.method == "POST" else _choose(request, making)


@teachers_only
@require_POST
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own programme, or a colleague's, for a class of one's own."""
    user = person(request)
    itinerary, _own = itinerary_to_look_at(request, pk)
    to = chosen_class(request, classes_of(user))
    if to is None:
        messages.error(request, _("Välj en av dina klasser."))
        return redirect(itinerary)
    fair = _fair_to_copy_to(itinerary)
    try:
        made = copying.copy_itinerary(
            itinerary, to=to, fair=fair, form_token=token_in(request.POST.get("form_token")), by=user
        )
    except itineraries.AlreadyMade:
        messages.error(request, _("Kopian finns redan, för en annan klass."))
        return redirect(itinerary)
    except CannotBe as refusal:
        messages.error(request, str(refusal.reason))
        return redirect(itinerary)
    told = _("Programmet är kopierat till %(label)s. Inga platser är bokade.") % {"label": to.label}
    messages.success(request, told)
    tell_what_fell_away(request, made)
    return redirect(made.itinerary)


def _fair_to_copy_to(itinerary: Itinerary) -> Fair:
    """Its own fair while that lasts; last year's goes to this year's."""
    current = Fair.objects.current()
    return current if current and current.first_on > itinerary.fair.last_on else itinerary.fair


def _choose(request: HttpRequest, making: Making) -> HttpResponse:
    asked = request.GET.get("dag")
    day = read_day(asked, making.fair)
    if day is not None:
        return _proposal(request, making, day)
    if asked:
        messages.error(request, _("Den dagen hör inte till mässan. Välj en annan dag."))
    return _days(request, making, status=422 if asked else 200)


def _days(request: HttpRequest, making: Making, *, status: int = 200) -> HttpResponse:
    all_days = request.GET.get("alla") == "1"
    weeks: dict[tuple[int, int], list[object]] = {}
    for choice in days_to_choose(making.school_class, making.fair, all_days=all_days):
        weeks.setdefault(choice.on.isocalendar()[:2], []).append(choice)
    context = {
        "fair": making.fair,
        "school_class": making.school_class,
        "classes": making.classes,
        "weeks": [(str(number), days) for (_year, number), days in weeks.items()],
        "all_days": all_days,
        "to": making.to,
        "taken": set(making.to.days.values_list("on", flat=True)) if making.to else set(),
    }
    return render(request, "itineraries/days.html", context, status=status)


def _proposal(request: HttpRequest, making: Making, day: date) -> HttpResponse:
    school_class, fair = making.school_class, making.fair
    usual = ground_of(fair, school_class).frame(school_class, day)
    frame, understood = frame_from(request.GET, usual)
    if not understood or frame.ends <= frame.begins:
        messages.error(
            request, _("Tiderna går inte att läsa, eller så slutar dagen före den börjar. Vi visar den vanliga dagen.")
        )
        frame = usual
    interests = _interests(request, making)
    seen = numbers_in(request.GET.getlist("utan"))
    without = Occasion.objects.filter(session__in=seen).values_list("pk", flat=True) if seen else ()
    proposal = propose(school_class, fair, day, frame=frame, interests=interests, without=without)
    context = _shown(request, making, proposal, interests, frame)
    return render(request, "itineraries/proposal.html", context, status=200 if understood else 422)


def _interests(request: HttpRequest, making: Making) -> Interests:
    """What the class is most curious about: ticked subjects of its own, or what the programme says."""
    if making.to is not None:
        return Interests.of(making.to.interests)
    own = {subject.code for subject in making.school_class.subjects.all()}
    return Interests(subjects=frozenset(own & set(request.GET.getlist("amne"))))


def _shown(
    request: HttpRequest, making: Making, proposal: Proposal, interests: Interests, asked: Frame
) -> dict[str, Any]:
    query = request.GET.copy()
    for pk in [str(stop.session.pk) for stop in proposal.sessions if stop.session]:
        query.appendlist("utan", pk)
    again = request.GET.copy()
    again.pop("utan", None)
    subjects = sorted(making.school_class.subjects.all(), key=lambda one: one.name) if making.to is None else []
    return {
        "proposal": proposal,
        "fair": proposal.fair,
        "school_class": making.school_class,
        "classes": making.classes,
        "day": day_text(proposal.on),
        "facts": facts_text(len(proposal.sessions), proposal.walking_minutes),
        "stops": [(stop, way_text(stop.leg)) for stop in proposal.stops],
        "way_home": way_text(proposal.home),
        "map": walk_map.of_proposal(proposal),
        # What gave way for this one proposal is not what the teacher asked for.
        "frame": replace(asked, on=proposal.on),
        "sealed": sealed(proposal, interests),
        "form_token": uuid4(),
        "another": query.urlencode() if proposal.sessions else "",
        "started_over": again.urlencode() if "utan" in request.GET else "",
        "left_out": proposal.left_out[:MOST_LEFT_OUT],
        "left_out_more": len(proposal.left_out) - MOST_LEFT_OUT,
        "subjects": [(subject, subject.code in interests.subjects) for subject in subjects],
        "to": making.to,
    }


def _save(request: HttpRequest, making: Making) -> HttpResponse:
    shown = unsealed(request.POST.get("shown", ""))
    if shown is None:
        return _days_again(request, making, _("Programmet kom inte fram helt och är inte sparat. Välj dagen igen."))
    try:
        made = itineraries.make_itinerary(
            making.school_class,
            making.fair,
            frames=[shown.frame],
            stops=shown.stops,
            name=request.POST.get("name", ""),
            interests=shown.interests,
            form_token=token_in(request.POST.get("form_token")),
            by=person(request),
        )
    except itineraries.AlreadyMade:
        return _days_again(request, making, _("Det här förslaget är redan sparat för en annan klass."))
    except CannotBe as refusal:
        return _days_again(request, making, str(refusal.reason))
    messages.success(request, _("Programmet är sparat. Inga platser är bokade än."))
    tell_what_fell_away(request, made)
    return redirect(made.itinerary)


def _save_day(request: HttpRequest, making: Making, itinerary: Itinerary) -> HttpResponse:
    shown = unsealed(request.POST.get("shown", ""))
    if shown is None:
        return _days_again(request, making, _("Dagen kom inte fram hel och är inte sparad. Välj den igen."))
    try:
        made = itineraries.add_day(itinerary, shown.frame, shown.stops, by=person(request))
    except CannotBe as refusal:
        return _days_again(request, making, str(refusal.reason))
    except PutAway:
        messages.error(request, _("Programmet är undanlagt och kan inte ändras."))
        return redirect("itineraries")
    tell_what_fell_away(request, made)
    return redirect(f"{itinerary.get_absolute_url()}#dag-{shown.frame.on:%Y-%m-%d}")


def _days_again(request: HttpRequest, making: Making, told: str) -> HttpResponse:
    messages.error(request, told)
    return _days(request, making, status=422)


def tell_what_fell_away(request: HttpRequest, made: itineraries.Made, of: str = "") -> None:
    """What was shown and could not be saved, and why. `of`: whose it is, when several are told at once."""
    if not made.fell_away:
        return
    number = len(made.fell_away)
    told = ngettext(
        "En sak ändrades innan du hann spara och är inte med.",
        "%(n)d saker ändrades innan du hann spara och är inte med.",
        number,
    )
    what = " ".join(f"{one.what}: {one.reason}" if one.what else str(one.reason) for one in made.fell_away)
    messages.warning(request, " ".join(part for part in (of, told % {"n": number}, what) if part))
