"""The figures: sums for everybody, a coordinator's own initiatives in full, all of it for the editor."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bryggan.common import audit
from bryggan.fair.exports import Cell, as_csv, as_xlsx
from bryggan.insights.figures import Activity
from bryggan.insights.measures import ACTIVE, ACTIVE_DEFINITION, ACTIVITIES
from bryggan.insights.models import ActivityDefinition
from bryggan.insights.suppression import LEAST_SHOWN
from bryggan.insights.tables import NamedTable
from bryggan.web.accounts.guards import editors_only, person
from bryggan.web.insights.charts import columns, sentence, with_bars
from bryggan.web.insights.page import InsightsPage, gather, term_name

CONTENT = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


@never_cache
@require_safe
def insights(request: HttpRequest) -> HttpResponse:
    """The impact measure over time, every measure with its definition, and the fixed tables of a term."""
    told = gather(request)
    query = {"termin": told.term.code, "jamfor": told.other.code}
    names = [(one.code, term_name(one)) for one in told.terms]
    context = {
        "told": told,
        "term_name": term_name(told.term),
        "other_name": term_name(told.other),
        "terms": names,
        "others": [one for one in names if one[0] != told.term.code],
        "query": urlencode(query),
        "file_query": urlencode({**query, "egna": "1"} if told.seen.is_own else query),
        "chart": columns(told.active),
        "sentence": sentence(told),
        "active_name": ACTIVE,
        "active_definition": ACTIVE_DEFINITION,
        "active": [(term_name(one.term), one.schools, one.preschools) for one in reversed(told.active)],
        "activities": [ACTIVITIES[name] for name in told.definition.measures if name in ACTIVITIES],
        "tables": [with_bars(one) for one in told.tables],
        "least_shown": LEAST_SHOWN,
        "hidden": _("döljs"),
    }
    return render(request, "insights/insights.html", context)


@never_cache
@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponse:
    """What the page shows, as a file: nothing more is in it."""
    if kind not in CONTENT:
        raise Http404
    page = gather(request)
    if kind == "json":
        content = json.dumps(_as_json(page), ensure_ascii=False, indent=1).encode()
    else:
        heading, rows = [_("Insikter"), term_name(page.term), page.seen.of], _as_rows(page)
        if settings.DEMO:
            heading.append(_("Påhittade siffror"))
        content = as_xlsx(rows, term_name(page.term), heading) if kind == "xlsx" else as_csv(rows, heading)
    answer = HttpResponse(content, content_type=CONTENT[kind])
    answer["Content-Disposition"] = f'attachment; filename="insikter-{page.term.code}.{kind}"'
    return answer


class DefinitionForm(forms.Form):
    """What counts as an active school."""

    measures = forms.MultipleChoiceField(
        choices=list(ACTIVITIES.items()),
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Det som räknas"),
        error_messages={"required": gettext_lazy("Välj något som ska räknas.")},
    )
    least = forms.IntegerField(min_value=1, max_value=100, label=gettext_lazy("Minst så många gånger under terminen"))


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


def _as_rows(page: InsightsPage) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[], [str(ACTIVE)], [_("Termin"), _("Skolor"), _("Förskolor")]]
    rows += [[term_name(one.term), _cell(one.schools), _cell(one.preschools)] for one in page.active]
    rows += [[], [_("Mått"), term_name(page.term), term_name(page.other), _("Så räknar vi")]]
    for measure, now, then in page.measures:
        rows.append([str(measure.name), _cell(now), _cell(then), str(measure.definition)])
    for table in page.tables:
        rows += [[], [str(table.name)], [str(table.row_heading), *map(str, table.headings)]]
        rows += [[str(name), *map(_cell, cells)] for name, cells in table.lines]
        rows.append([_("Summa"), *map(_cell, table.sums)])
    if page.unmet:
        rows += [[], [_("Sökningar utan träff")]]
        rows += [[text, count] for text, count in page.unmet.searches]
        rows += [[], [_("Köer"), _("Grupper"), _("Platser")]]
        rows += [[title, groups, seats] for title, groups, seats in page.unmet.queues]
    return rows


def _as_json(page: InsightsPage) -> dict[str, Any]:
    found: dict[str, Any] = {
        **({"invented": True} if settings.DEMO else {}),
        "term": page.term.code,
        "compared_with": page.other.code,
        "of": page.seen.of,
        "hidden_below": None if page.seen.whole else LEAST_SHOWN,
        "active": [_activity_json(one) for one in page.active],
        "measures": [
            {
                "key": one.key,
                "name": str(one.name),
                "definition": str(one.definition),
                "value": now,
                "compared_value": then,
            }
            for one, now, then in page.measures
        ],
        "tables": [_table_json(one) for one in page.tables],
    }
    if page.unmet:
        found["searches_without_hits"] = [{"text": text, "count": count} for text, count in page.unmet.searches]
        found["queues"] = [
            {"session": title, "groups": groups, "seats": seats} for title, groups, seats in page.unmet.queues
        ]
    return found


def _activity_json(one: Activity) -> dict[str, Any]:
    return {"term": one.term.code, "schools": one.schools, "preschools": one.preschools}


def _table_json(one: NamedTable) -> dict[str, Any]:
    return {
        "key": one.key,
        "name": str(one.name),
        "columns": [str(name) for name in one.headings],
        "rows": [{"name": str(name), "values": cells} for name, cells in one.lines],
        "sums": one.sums,
    }


def _cell(value: int | None) -> Cell:
    return _("döljs") if value is None else value
