"""How much of the curriculum the initiatives serve, for editors who look for what is missing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bryggan.alignment import swedish
from bryggan.alignment.coverage import Place, Row, coverage
from bryggan.alignment.permissions import may_see_coverage
from bryggan.common.safe_html import line
from bryggan.curriculum.models import Curriculum, Programme, SchoolForm
from bryggan.curriculum.queries import programme_subject_codes
from bryggan.web.editing.links import where
from bryggan.web.editing.views import permitted
from bryggan.web.explore.cards import years_label

MOST_LISTED = 50
WORDS_TO_SEARCH = 3


@require_safe
@permitted(may_see_coverage)
def coverage_page(request: HttpRequest) -> HttpResponse:
    """Coverage by subject and years, and the points that no initiative serves."""
    problems: list[str] = []
    form = _school_form(request, problems)
    programmes = list(Programme.objects.filter(ended_at=None, curriculum=Curriculum.GY25).order_by("name", "code"))
    programme = _programme(request, programmes, problems) if form == SchoolForm.UPPER_SECONDARY else None
    subjects: Collection[str] | None = programme_subject_codes(programme).all if programme else None
    asked = [("school_form", form.value)] + ([("programme", programme.code)] if programme else [])
    only = _only(request)
    found = coverage(form, subjects=subjects, list_only=only, most_listed=MOST_LISTED)
    chosen = found.listed_row
    if only and chosen is None:
        problems.append(_("Raden finns inte, så vi visar alla punkter som saknar initiativ."))
    context = {
        "problems": problems,
        "school_forms": SchoolForm.choices,
        "school_form": form.value,
        "form_name": str(form.label).lower(),
        "programmes": programmes,
        "programme": programme,
        "by_programme": form == SchoolForm.UPPER_SECONDARY,
        "total": found.total,
        "weakest": [_shown(row, asked) for row in found.weakest],
        "rows": [_shown(row, asked) for row in found.rows],
        "chosen": _shown(chosen, asked) if chosen else None,
        "missing": chosen.unserved if chosen else found.total.unserved,
        "all_address": f"{reverse('coverage')}?{urlencode(asked)}#utan",
        "unserved": [
            {
                "point": point,
                "where": where(point),
                "search": f"{reverse('explore')}?{urlencode({'q': search_words(point.text)})}",
            }
            for point in found.unserved
        ],
    }
    return render(request, "editing/coverage.html", context)


def search_words(text: str) -> str:
    """The words of a point to look for initiatives with: the longest that say something, in their order."""
    telling = [word for word in dict.fromkeys(swedish.words(text)) if word not in swedish.STOPWORDS and len(word) > 3]
    longest = sorted(telling, key=len, reverse=True)[:WORDS_TO_SEARCH]
    return " ".join(word for word in telling if word in longest)


def _shown(row: Row, asked: list[tuple[str, str]]) -> dict[str, Any]:
    span = "-".join(str(year) for year in dict.fromkeys(row.years)) if row.years else ""
    address = urlencode([*asked, ("subject", row.subject), *([("years", span)] if span else [])])
    return {
        "row": row,
        "years": years_label(span),
        "address": f"{reverse('coverage')}?{address}#utan",
    }


def _school_form(request: HttpRequest, problems: list[str]) -> SchoolForm:
    asked = line(request.GET.get("school_form", ""))
    if asked and asked not in SchoolForm.values:
        problems.append(_("Skolformen ”%(value)s” finns inte. Vi visar grundskolan.") % {"value": asked[:60]})
    return SchoolForm(asked) if asked in SchoolForm.values else SchoolForm.COMPULSORY


def _programme(request: HttpRequest, programmes: list[Programme], problems: list[str]) -> Programme | None:
    asked = line(request.GET.get("programme", ""))
    found = next((programme for programme in programmes if programme.code == asked), None)
    if asked and found is None:
        problems.append(_("Programmet ”%(value)s” finns inte. Vi visar alla program.") % {"value": asked[:60]})
    return found


def _only(request: HttpRequest) -> Place | None:
    """The row whose points are asked for. What is no span of years matches no row."""
    subject = line(request.GET.get("subject", ""))
    if not subject:
        return None
    first, _dash, last = line(request.GET.get("years", "")).partition("-")
    if not first:
        return subject, None
    years = [
        int(year) if year.isascii() and year.isdigit() and len(year) < 3 else 0 for year in (first, last or first)
    ]
    return subject, (years[0], years[1])
