"""Places of the fair: where they are, what is good to know, and how many minutes it takes between them."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from bryggan.fair import places
from bryggan.fair.models import Venue, Walk
from bryggan.fair.permissions import may_manage_fair
from bryggan.web.accounts.guards import person
from bryggan.web.editing.views import permitted
from bryggan.web.fair_team.common import team_fair
from bryggan.web.fair_team.forms import VenueForm

MOST_MINUTES = 240


@require_safe
@permitted(may_manage_fair)
def fair_venues(request: HttpRequest) -> HttpResponse:
    """Every place, and what is missing about it."""
    fair = team_fair()
    venues = fair.venues.select_related("area").order_by("name", "pk")
    for venue in venues:
        venue.fair = fair
    return render(request, "fair_team/venues.html", {"fair": fair, "venues": venues})


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_manage_fair)
def fair_venue_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct where a place is, and what is good to know there."""
    fair = team_fair()
    venue = get_object_or_404(Venue, fair=fair, pk=pk)
    form = VenueForm(request.POST if request.method == "POST" else None, initial=VenueForm.initial_of(venue))
    if form.is_valid():
        try:
            places.change_venue(venue, form.details(), by=person(request))
        except places.TooFarAway:
            form.add_error("latitude", _("Det är långt från mässan. Har latitud och longitud bytt plats?"))
        else:
            messages.success(request, _("Platsen är sparad."))
            return redirect("fair_venues")
    context = {"fair": fair, "venue": venue, "form": form}
    return render(request, "fair_team/venue_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_manage_fair)
def fair_walks(request: HttpRequest, pk: int) -> HttpResponse:
    """Minutes with a class from a place to every other: what we reckon with, and what somebody has measured."""
    fair = team_fair()
    venue = get_object_or_404(Venue, fair=fair, pk=pk)
    venue.fair = fair
    pairs = places.pairs_from(venue)
    wrong: dict[str, str] = {}
    if request.method == "POST":
        minutes: dict[tuple[int, str], int | None] = {}
        for pair in pairs:
            for means in Walk.Means.values:
                name = f"{means}-{pair.venue.pk}"
                typed = request.POST.get(name)
                if typed is None:
                    continue
                value = _minutes(typed)
                if value is False:
                    wrong[name] = typed[:20]
                else:
                    minutes[pair.venue.pk, means] = None if value is None else int(value)
        if not wrong:
            changed = places.measure(venue, minutes, by=person(request))
            text = ngettext("%(n)d väg är ändrad.", "%(n)d vägar är ändrade.", changed) % {"n": changed}
            messages.success(request, text)
            return redirect("fair_walks", venue.pk)
    asked = [Walk.Means.FOOT, Walk.Means.BUS] if fair.uses_bus else [Walk.Means.FOOT]
    rows = [_row(request, pair, asked, wrong) for pair in pairs]
    context = {"fair": fair, "venue": venue, "rows": rows, "wrong": wrong}
    return render(request, "fair_team/walks.html", context, status=422 if wrong else 200)


def _minutes(typed: str) -> int | bool | None:
    """The number, None for an empty field, False for what is no number of minutes."""
    typed = typed.strip()
    if not typed:
        return None
    if typed.isascii() and typed.isdigit() and len(typed) < 5 and 1 <= int(typed) <= MOST_MINUTES:
        return int(typed)
    return False


def _row(
    request: HttpRequest, pair: places.Pair, asked: Sequence[Walk.Means], wrong: dict[str, str]
) -> dict[str, object]:
    fields = []
    for means in asked:
        measured = pair.measured if means == Walk.Means.FOOT else pair.measured_bus
        name = f"{means.value}-{pair.venue.pk}"
        typed = request.POST.get(name) if request.method == "POST" else None
        value = typed if typed is not None else "" if measured is None else str(measured)
        fields.append({"name": name, "label": means.label, "value": value, "is_wrong": name in wrong})
    return {"pair": pair, "fields": fields}
