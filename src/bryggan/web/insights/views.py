"""The figures: totals for everybody, a coordinator's own initiatives in full, all of it for the editor."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bryggan.accounts.models import User
from bryggan.accounts.school_days import HalfYear, half_year_by_code, half_year_of
from bryggan.common import audit
from bryggan.fair.exports import Cell, as_csv, as_xlsx
from bryggan.initiatives.owners import hosts_of, initiatives_of
from bryggan.insights import figures, unmet_demand
from bryggan.insights.figures import EVERYBODY, Scope
from bryggan.insights.measures import ACTIVE, ACTIVE_DEFINITION, ACTIVITIES, MEASURES
from bryggan.insights.models import ActivityDefinition
from bryggan.insights.suppression import LEAST_SHOWN
from bryggan.insights.tables import NamedTable, tables
from bryggan.web.accounts.guards import editors_only, person

CONTENT = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
BAR_WIDTH, BAR_HEIGHT = 600, 44


@dataclass(frozen=True)
class Seen:
    """Whose figures a person looks at, and whether she sees small counts."""

    scope: Scope
    whole: bool
    of: str


@dataclass(frozen=True)
class Bar:
    """One term's bar: widths in the drawing's units."""

    name: str
    schools: int
    preschools: int
    width: int
    second_width: int
    y: int


@never_cache
@require_safe
def insights(request: HttpRequest) -> HttpResponse:
    """The impact measure over time, every measure with its definition, and the fixed tables of a term."""
    seen = _seen(request)
    terms = figures.terms_with_facts(half_year_of(timezone.localdate()))
    term = half_year_by_code(request.GET.get("termin", "")) or terms[0]
    if term not in terms:
        terms = [term, *terms]
    definition = ActivityDefinition.current()
    shown_terms = list(reversed(terms[:6]))
    active = figures.activity(shown_terms, definition)
    sums = figures.totals([term, term.before], seen.scope)
    context = {
        "seen": seen,
        "own_possible": _own_scope(request) is not None,
        "term": term,
        "term_name": term_name(term),
        "before_name": term_name(term.before),
        "terms": [(one.code, term_name(one)) for one in terms],
        "bars": _bars(active),
        "bars_height": len(active) * BAR_HEIGHT,
        "active_name": ACTIVE,
        "active_definition": ACTIVE_DEFINITION,
        "activities": [ACTIVITIES[name] for name in definition.measures if name in ACTIVITIES],
        "least_active": definition.least,
        "measures": [
            (one, _shown(sums[one.key][term], seen.whole), _shown(sums[one.key][term.before], seen.whole))
            for one in MEASURES
        ],
        "answer_days": figures.answer_days(term, seen.scope) if seen.whole else None,
        "tables": tables(term, seen.scope, whole=seen.whole) if _may_see_tables(request) else [],
        "least_shown": LEAST_SHOWN,
        "unmet": unmet_demand.unmet_demand(term) if seen.whole and seen.scope == EVERYBODY else None,
    }
    return render(request, "insights/insights.html", context)


@never_cache
@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """What the page shows, as a file: nothing more is in it."""
    if kind not in CONTENT:
        raise Http404
    seen = _seen(request)
    term = half_year_by_code(request.GET.get("termin", "")) or half_year_of(timezone.localdate())
    sums = figures.totals([term], seen.scope)
    shown = tables(term, seen.scope, whole=seen.whole) if _may_see_tables(request) else []
    name = f"insikter-{term.code}.{kind}"
    if kind == "json":
        content = json.dumps(_as_json(term, sums, shown, seen), ensure_ascii=False, indent=1).encode()
    else:
        rows = _as_rows(term, sums, shown, seen)
        content = as_xlsx(rows, term_name(term)) if kind == "xlsx" else as_csv(rows)
    answer = HttpResponse(content, content_type=CONTENT[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class DefinitionForm(forms.Form):
    """What counts as an active school."""

    measures = forms.MultipleChoiceField(
        choices=list(ACTIVITIES.items()), widget=forms.CheckboxSelectMultiple, label=_("Det som räknas")
    )
    least = forms.IntegerField(min_value=1, max_value=100, label=_("Minst så många gånger under terminen"))


@never_cache
@editors_only
@require_http_methods(["GET", "HEAD", "POST"])
def activity_definition(request: HttpRequest) -> HttpResponse:
    """Let the editor decide what counts as active; it counts backwards too, and everybody sees what it is."""
    now = ActivityDefinition.current()
    form = DefinitionForm(request.POST or None, initial={"measures": now.measures, "least": now.least})
    if request.method == "POST" and form.is_valid():
        now.measures, now.least = form.cleaned_data["measures"], form.cleaned_data["least"]
        now.changed_by = person(request)
        now.save()
        audit.record(now.changed_by, "defined active school", now, measures=now.measures, least=now.least)
        messages.success(request, _("Det nya sättet att räkna gäller nu, även bakåt i tiden."))
        return redirect("insights")
    status = 422 if request.method == "POST" else 200
    return render(request, "insights/definition.html", {"form": form}, status=status)


def term_name(term: HalfYear) -> str:
    """`hösten 2026`."""
    name = _("hösten %(year)d") if term.first_on.month == 8 else _("våren %(year)d")
    return name % {"year": term.first_on.year}


def _seen(request: HttpRequest) -> Seen:
    own = _own_scope(request)
    if request.GET.get("egna") == "1" and own is not None:
        return Seen(own, True, _("era egna initiativ"))
    user = request.user
    whole = isinstance(user, User) and user.is_active and user.is_editor
    return Seen(EVERYBODY, whole, _("hela staden"))


def _own_scope(request: HttpRequest) -> Scope | None:
    """A coordinator's own initiatives; an initiative's owner sees her own in full."""
    if not isinstance(request.user, User) or not request.user.is_active:
        return None
    hosts = hosts_of(request.user)
    if not hosts:
        return None
    initiatives = frozenset(initiatives_of(hosts.all).values_list("pk", flat=True))
    return Scope(initiatives, frozenset(one.slug for one in hosts.departments))


def _may_see_tables(request: HttpRequest) -> bool:
    """The public page shows totals; the tables are for signed-in people."""
    return isinstance(request.user, User) and request.user.is_active


def _shown(count: int, whole: bool) -> int | None:
    return count if whole or count == 0 or count >= LEAST_SHOWN else None


def _bars(active: list[figures.Activity]) -> list[Bar]:
    """Small numbers of schools are shown: which schools they are is told nowhere."""
    most = max([one.all for one in active] or [1]) or 1
    return [
        Bar(
            term_name(one.term),
            one.schools,
            one.preschools,
            round(one.schools / most * BAR_WIDTH),
            round(one.preschools / most * BAR_WIDTH),
            number * BAR_HEIGHT,
        )
        for number, one in enumerate(active)
    ]


def _as_rows(
    term: HalfYear, sums: dict[str, dict[HalfYear, int]], shown: list[NamedTable], seen: Seen
) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[_("Period"), term_name(term)], [_("Gäller"), seen.of], []]
    for measure in MEASURES:
        rows.append([str(measure.name), _cell(_shown(sums[measure.key][term], seen.whole)), str(measure.definition)])
    for table in shown:
        rows += [[], [str(table.name)], [str(table.row_heading), *map(str, table.headings), _("Summa")]]
        for name, cells, total in table.lines:
            rows.append([str(name), *[_cell(cell) for cell in cells], _cell(total)])
        rows.append([_("Summa"), *[_cell(cell) for cell in table.totals], _cell(table.table.total)])
    return rows


def _as_json(
    term: HalfYear, sums: dict[str, dict[HalfYear, int]], shown: list[NamedTable], seen: Seen
) -> dict[str, object]:
    return {
        "term": term.code,
        "hidden_below": None if seen.whole else LEAST_SHOWN,
        "measures": [
            {
                "key": one.key,
                "name": str(one.name),
                "definition": str(one.definition),
                "value": _shown(sums[one.key][term], seen.whole),
            }
            for one in MEASURES
        ],
        "tables": [
            {
                "key": table.key,
                "name": str(table.name),
                "columns": [str(name) for name in table.headings],
                "rows": [{"name": str(name), "values": cells, "total": total} for name, cells, total in table.lines],
                "totals": table.totals,
                "total": table.table.total,
            }
            for table in shown
        ],
    }


def _cell(value: int | None) -> Cell:
    return _("döljs") if value is None else value
