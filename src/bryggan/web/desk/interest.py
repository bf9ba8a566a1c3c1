"""Who is curious: the desk, one initiative or session, several side by side, and all of it as a spreadsheet."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bryggan.common import audit
from bryggan.fair import exports
from bryggan.fair.models import Session
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import Host, hosts_of, initiatives_of
from bryggan.invitations import desk, exporting
from bryggan.invitations.desk import INITIATIVE, SESSION, Figures, Thing
from bryggan.invitations.hosts import offered_by
from bryggan.invitations.models import Phase
from bryggan.invitations.permissions import may_see_interest, may_see_interest_in_session, may_use_desk
from bryggan.web.accounts.guards import person
from bryggan.web.desk.common import (
    PER_PAGE,
    Pages,
    chart_of,
    filter_context,
    filters_of,
    page_number,
    scope_of,
)
from bryggan.web.editing.views import permitted
from bryggan.web.repeated import filled

log = logging.getLogger(__name__)

MOST_COMPARED = 6


@require_safe
@permitted(may_use_desk)
def interest_desk(request: HttpRequest) -> HttpResponse:
    """Per initiative and session: how many schools, classes and pupils, when, and what is in programmes."""
    scope, filters, number = scope_of(request), filters_of(request), page_number(request)
    found = desk.desk(scope.hosts, filters, start=(number - 1) * PER_PAGE, most=PER_PAGE)
    context = filter_context(request, filters)
    return render(
        request,
        "desk/desk.html",
        {
            **context,
            "scope": scope,
            "desk": found,
            "rows": [_row(thing, str(context["query"])) for thing in found.things],
            "chart": chart_of(found.months),
            "phases_shown": Phase.choices,
            "pages": Pages.of(number, found.total, str(context["query"])),
        },
    )


@require_safe
@permitted(may_use_desk)
def interest_in_initiative(request: HttpRequest, pk: int) -> HttpResponse:
    """Which schools and classes are curious about an initiative. Another host's is refused, and that is noted."""
    initiative = get_object_or_404(Initiative.objects.readable().select_related("status"), pk=pk)
    _refuse_unless(may_see_interest(person(request), initiative), request, initiative)
    return _one_thing(request, initiative, INITIATIVE)


@require_safe
@permitted(may_use_desk)
def interest_in_session(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for a session of the fair."""
    session = get_object_or_404(Session.objects.readable().filter(fair__is_published=True), pk=pk)
    _refuse_unless(may_see_interest_in_session(person(request), session), request, session)
    return _one_thing(request, session, SESSION)


@require_safe
@permitted(may_use_desk)
def compare_interest(request: HttpRequest) -> HttpResponse:
    """Some initiatives and sessions side by side. What is not the person's own is left out."""
    scope, filters = scope_of(request), filters_of(request)
    asked = [_key(text) for text in dict.fromkeys(request.GET.getlist("jamfor"))]
    keys = [key for key in asked if key and _is_own(key, scope.hosts)][:MOST_COMPARED]
    asked_of = desk.Own(
        tuple(pk for kind, pk in keys if kind == INITIATIVE), tuple(pk for kind, pk in keys if kind == SESSION)
    )
    figures = desk.figures_of(asked_of, filters)
    things = desk.things_of(keys, figures)
    context = {
        **filter_context(request, filters),
        "scope": scope,
        "things": things,
        "lines": _lines(things),
        "most": MOST_COMPARED,
    }
    return render(request, "desk/compare.html", context)


@require_safe
@permitted(may_use_desk)
def interest_export(request: HttpRequest, kind: str) -> HttpResponse:
    """Every interest that the person may see, a row for each, as a spreadsheet."""
    scope, filters = scope_of(request), filters_of(request)
    return spreadsheet(exporting.interest_rows(scope.hosts, filters), exporting.headings(), "intresse", kind)


def spreadsheet(rows: exporting.Rows, heading: list[str], name: str, kind: str) -> HttpResponse:
    """A file to download; nothing of it is kept on the way."""
    content = exports.as_xlsx(rows, name, heading) if kind == "xlsx" else exports.as_csv(rows, heading)
    answer = HttpResponse(content, content_type=exports.XLSX if kind == "xlsx" else exports.CSV)
    answer["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.{kind}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _row(thing: Thing, query: str) -> SafeString:
    """A thing on the desk, with the filters that it was counted by in its address."""
    figures = thing.figures
    name = "interest_in_initiative" if thing.kind == INITIATIVE else "interest_in_session"
    address = reverse(name, args=[thing.pk])
    numbers = (figures.schools, figures.pupils, *figures.by_phase, figures.must, figures.maybe, figures.booked)
    return filled(
        "desk/_thing_row.html",
        {
            "key": f"{thing.kind}-{thing.pk}",
            "title": thing.title,
            "address": f"{address}?{query}" if query else address,
            "is_session": thing.kind == SESSION,
            "is_stopped": thing.is_stopped,
            "classes": str(figures.classes),
            "cells": SafeString("".join(f'<td class="number">{number}</td>' for number in numbers)),
        },
    )


def _one_thing(request: HttpRequest, thing: Initiative | Session, kind: str) -> HttpResponse:
    user, filters, number = person(request), filters_of(request), page_number(request)
    # Names that teachers have shown are shown to whom they said yes: the person's own hosts.
    hosts = None if user.is_editor else hosts_of(user).all
    found = desk.one_thing(thing, filters, hosts=hosts, start=(number - 1) * PER_PAGE, most=PER_PAGE)
    context = filter_context(request, filters)
    return render(
        request,
        "desk/thing.html",
        {
            **context,
            "thing": thing,
            "kind": kind,
            "is_over": thing.is_stopped or thing.is_withdrawn if isinstance(thing, Initiative) else thing.is_cancelled,
            "found": found,
            "figures": found.figures,
            "by_phase": [(label, found.figures.phases.get(value, 0)) for value, label in Phase.choices],
            "chart": chart_of(found.months),
            "lists": [
                (_("Årskurser och åldrar"), found.breakdown.years),
                (_("Gymnasieprogram"), found.breakdown.programmes),
                (_("Ämnen"), found.breakdown.subjects[:12]),
                (_("Skolor"), found.breakdown.schools[:12]),
            ],
            "pages": Pages.of(number, found.total, str(context["query"])),
        },
    )


def _refuse_unless(is_allowed: bool, request: HttpRequest, thing: Initiative | Session) -> None:
    if not is_allowed:
        audit.record(person(request), "was refused interest", thing)
        log.warning("%s %s: not this person's to read, %s", thing._meta.label, thing.pk, person(request).pk)
        raise PermissionDenied


@dataclass(frozen=True)
class Line:
    """One row of the comparison: what, a cell for each thing, and the largest of them."""

    label: str
    cells: tuple[int, ...]

    @property
    def most(self) -> int:
        return max(self.cells, default=0) or 1


def _lines(things: list[Thing]) -> list[Line]:
    def line(label: str, numbers: list[int]) -> Line:
        return Line(label, tuple(numbers))

    all_of: list[Figures] = [one.figures for one in things]
    return [
        line(_("Klasser som är nyfikna"), [one.classes for one in all_of]),
        line(_("Skolor"), [one.schools for one in all_of]),
        line(_("Elever"), [one.pupils for one in all_of]),
        *[
            line(str(label).capitalize(), [one.phases.get(value, 0) for one in all_of])
            for value, label in Phase.choices
        ],
        line(_("Måste, i program"), [one.must for one in all_of]),
        line(_("Kanske, i program"), [one.maybe for one in all_of]),
        line(_("Bokat"), [one.booked for one in all_of]),
    ]


def _key(text: str) -> tuple[str, int] | None:
    kind, _dash, number = text.partition("-")
    if kind not in (INITIATIVE, SESSION) or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return kind, int(number)


def _is_own(key: tuple[str, int], hosts: tuple[Host, ...] | None) -> bool:
    kind, pk = key
    if hosts is None:
        rows = Initiative.objects.readable() if kind == INITIATIVE else Session.objects.filter(fair__isnull=False)
        return rows.filter(pk=pk).exists()
    own = initiatives_of(hosts) if kind == INITIATIVE else offered_by(hosts)
    return own.filter(pk=pk).exists()
