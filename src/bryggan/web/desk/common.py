"""What every page of the desk begins with: for whom it is looked at, and by which filters."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.db.models import Model
from django.http import Http404, HttpRequest
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from bryggan.accounts.models import Company, Department, User
from bryggan.common import audit
from bryggan.curriculum.models import SchoolForm
from bryggan.initiatives.owners import Host, hosts_of
from bryggan.invitations.desk import Filters, Month
from bryggan.invitations.models import Kind, Phase
from bryggan.web.accounts.guards import person

log = logging.getLogger(__name__)

PER_PAGE = 50
_CHART_WIDTH, _CHART_HEIGHT = 360, 90


@dataclass(frozen=True)
class Scope:
    """Whose desk is shown: one host's, all of the person's, or, for an editor, everybody's (`hosts` None)."""

    user: User
    hosts: tuple[Host, ...] | None
    choices: tuple[tuple[str, str], ...]
    chosen: str


def scope_of(request: HttpRequest) -> Scope:
    """By the address's `host`; one that the person may not see is not found."""
    user = person(request)
    own = hosts_of(user).all
    every: tuple[Host, ...] = own
    if user.is_editor:
        every = (*Department.objects.all(), *Company.objects.approved())
    choices = tuple((host_key(host), str(host)) for host in every)
    chosen = request.GET.get("host", "")
    if chosen:
        found = next((host for host in every if host_key(host) == chosen), None)
        if found is None:
            raise Http404
        return Scope(user, (found,), choices, chosen)
    return Scope(user, None if user.is_editor else own, choices, "")


def not_theirs(request: HttpRequest, thing: Model, verb: str) -> Http404:
    """What to raise for something of another host's: for the person it does not exist. That she asked is noted."""
    audit.record(person(request), verb, thing)
    log.warning("%s %s: not this person's, %s", thing._meta.label, thing.pk, person(request).pk)
    return Http404()


def host_key(host: Host) -> str:
    return f"{'d' if isinstance(host, Department) else 'c'}{host.pk}"


def host_of_key(user: User, key: str) -> Host | None:
    """The host of that key, if the person may act for it."""
    if not (key[1:].isascii() and key[1:].isdigit() and len(key) < 19):
        return None
    host: Host | None = None
    if key[0] == "d":
        host = Department.objects.filter(pk=int(key[1:])).first()
    elif key[0] == "c":
        host = Company.objects.approved().filter(pk=int(key[1:])).first()
    return host if host is not None and (user.is_editor or host in hosts_of(user)) else None


def filters_of(request: HttpRequest) -> Filters:
    """What is asked for in the address; what means nothing is left out."""
    form, year = request.GET.get("school_form", ""), request.GET.get("year", "")
    phase, kind = request.GET.get("phase", ""), request.GET.get("kind", "")
    return Filters(
        school_form=form if form in SchoolForm.values else "",
        year=int(year) if year in {str(number) for number in range(1, 10)} else None,
        phase=phase if phase in Phase.values else "",
        kind=kind if kind in Kind.values else "",
    )


def filter_context(request: HttpRequest, filters: Filters) -> dict[str, object]:
    """Choices of the filter form, and the chosen ones as they stand in an address."""
    chosen = {"school_form": filters.school_form, "year": filters.year, "phase": filters.phase, "kind": filters.kind}
    kept = {name: str(value) for name, value in chosen.items() if value}
    host = request.GET.get("host", "")
    return {
        "filters": filters,
        "school_forms": SchoolForm.choices,
        "years": range(1, 10),
        "phases": Phase.choices,
        "kinds": Kind.choices,
        "query": urlencode({**({"host": host} if host else {}), **kept}),
        "is_filtered": bool(kept),
    }


def page_number(request: HttpRequest) -> int:
    """From 1; what is no number is the first page."""
    text = request.GET.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


@dataclass(frozen=True)
class Pages:
    """Where the reader is among the pages, and the addresses of the two beside her."""

    number: int
    count: int
    previous: str
    next: str

    @classmethod
    def of(cls, number: int, total: int, query: str) -> Pages:
        count = max(1, -(-total // PER_PAGE))
        before = f"?{query}&page={number - 1}".replace("?&", "?") if number > 1 else ""
        after = f"?{query}&page={number + 1}".replace("?&", "?") if number < count else ""
        return cls(number, count, before, after)


@dataclass(frozen=True)
class Bar:
    """A bar of the drawing: where it stands in it, and what it says."""

    label: str
    count: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Chart:
    """Months as bars, with the numbers for the table beside."""

    bars: tuple[Bar, ...]
    width: int = _CHART_WIDTH
    height: int = _CHART_HEIGHT

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)


def chart_of(months: Sequence[Month]) -> Chart:
    """Bars of whole pixels: the highest month fills the height, and a single interest is still seen."""
    most = max((month.count for month in months), default=0)
    step = _CHART_WIDTH // max(1, len(months))
    bars = []
    for number, month in enumerate(months):
        height = max(2, round(month.count / most * (_CHART_HEIGHT - 4))) if month.count else 0
        bars.append(
            Bar(month_text(month.first_on), month.count, number * step + 3, _CHART_HEIGHT - height, step - 6, height)
        )
    return Chart(tuple(bars))


def month_text(day: date) -> str:
    return _("%(month)s %(year)d") % {"month": MONTHS[day.month], "year": day.year}
