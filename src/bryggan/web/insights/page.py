"""What the page of figures shows to whoever asks. The downloads are made of the same and hold nothing more."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts.models import User
from bryggan.accounts.school_days import HalfYear, half_year_by_code, half_year_of
from bryggan.initiatives.owners import hosts_of, initiatives_of
from bryggan.insights import figures, kept, unmet_demand
from bryggan.insights.figures import EVERYBODY, Activity, Scope
from bryggan.insights.measures import MEASURES, Measure
from bryggan.insights.models import ActivityDefinition
from bryggan.insights.shown import shown_activity, shown_totals
from bryggan.insights.suppression import is_small
from bryggan.insights.tables import NamedTable, tables
from bryggan.insights.unmet_demand import Served, UnmetDemand

TERMS_DRAWN = 6


@dataclass(frozen=True)
class Seen:
    """Whose figures a person looks at, whether she sees small counts of them, and what she sees in full elsewhere."""

    scope: Scope
    whole: bool
    own: Scope | None

    @property
    def is_own(self) -> bool:
        return self.scope != EVERYBODY

    @property
    def of(self) -> str:
        return _("våra egna initiativ") if self.is_own else _("hela staden")


@dataclass(frozen=True)
class InsightsPage:
    """Counts are None where they are hidden. `active` is in the order of time, and has the chosen term in it."""

    seen: Seen
    term: HalfYear
    other: HalfYear
    terms: list[HalfYear]
    definition: ActivityDefinition
    active: list[Activity]
    measures: list[tuple[Measure, int | None, int | None]]
    answer_days: float | None
    tables: list[NamedTable]
    unmet: UnmetDemand | None
    served: list[Served]


def gather(request: HttpRequest) -> InsightsPage:
    """All that the person may see of the term she asks for: the running one when she asks for none that there is."""
    seen = _seen(request)
    now = half_year_of(timezone.localdate())
    city = kept.city(timezone.localdate())
    terms = figures.terms_back_to(city.first, now)
    term = _chosen(request, "termin", terms) or now
    other = _chosen(request, "jamfor", [one for one in terms if one != term]) or term.before
    definition = ActivityDefinition.current()
    drawn = sorted({*terms[:TERMS_DRAWN], term, other})
    city_sums = city.totals(drawn)
    shown = shown_totals(city_sums)
    active = city.activity(drawn, definition)
    if not _is_editor(request):
        active = [shown_activity(one, shown, definition) for one in active]
    sums = figures.totals([term, other], seen.scope) if seen.is_own else city_sums if seen.whole else shown
    days = figures.answer_days(term, seen.scope)
    return InsightsPage(
        seen=seen,
        term=term,
        other=other,
        terms=terms,
        definition=definition,
        active=active,
        measures=[(one, sums[one.key][term], sums[one.key][other]) for one in MEASURES],
        answer_days=days if seen.whole or not is_small(city_sums["answers"][term]) else None,
        tables=tables(
            term,
            seen.scope,
            whole=seen.whole,
            own=seen.own,
            active=next(one for one in active if one.term == term),
            definition=definition,
        )
        if _is_signed_in(request)
        else [],
        unmet=unmet_demand.unmet_demand(term) if seen.whole and not seen.is_own else None,
        served=unmet_demand.served_by_form(),
    )


def term_name(term: HalfYear) -> str:
    """`hösten 2026`."""
    name = _("hösten %(year)d") if term.first_on.month == 8 else _("våren %(year)d")
    return name % {"year": term.first_on.year}


def _chosen(request: HttpRequest, name: str, terms: list[HalfYear]) -> HalfYear | None:
    asked = half_year_by_code(request.GET.get(name, ""))
    return asked if asked in terms else None


def _seen(request: HttpRequest) -> Seen:
    own = _own_scope(request)
    if own is not None and request.GET.get("egna") == "1":
        return Seen(own, True, own)
    return Seen(EVERYBODY, _is_editor(request), own)


def _own_scope(request: HttpRequest) -> Scope | None:
    """A coordinator's own initiatives; an initiative's owner sees her own in full."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return None
    hosts = hosts_of(user)
    if not hosts:
        return None
    initiatives = frozenset(initiatives_of(hosts.all).values_list("pk", flat=True))
    return Scope(initiatives, frozenset(one.slug for one in hosts.departments))


def _is_editor(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_active and request.user.is_editor


def _is_signed_in(request: HttpRequest) -> bool:
    """The public page shows sums; the tables are for signed-in people."""
    return isinstance(request.user, User) and request.user.is_active
