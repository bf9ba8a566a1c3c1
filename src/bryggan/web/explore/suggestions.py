"""Vips: one click to three examples for my class, or for a choice made on the spot."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bryggan.alignment import asking, suggesting
from bryggan.curriculum.models import Curriculum, Programme, SchoolForm, Subject
from bryggan.web.explore import cards, filters

PARAMETERS = ("school_form", "years", "subject", "core_content", "programme", "orientation")


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Three examples with the content they serve, the reason, and a first question for the lesson."""
    parameters = without_other_forms(request.GET)
    known = {name: parameters.getlist(name) for name in PARAMETERS if name in parameters}
    asked = asking.asked(known)
    wish = suggesting.wish_of(asked.query, parameters.getlist("exclude"))
    found = suggesting.suggest(wish, on=timezone.localdate())
    shown = cards.cards([example.initiative.pk for example in found.examples], {})
    context: dict[str, Any] = {
        "examples": [(example, card, _where(example)) for example, card in zip(found.examples, shown, strict=False)],
        "widened": suggesting.WIDENED[found.widened],
        "began_anew": found.began_anew,
        "problems": [filters.problem_text(problem) for problem in dict.fromkeys(asked.problems)],
        "others": others_address(parameters, found, wish),
        "query": asked.query,
        "chosen_years": [str(year) for first, last in asked.query.years for year in range(first, last + 1)],
        "list_address": reverse("explore") + filters.Addresses(parameters).without_names("exclude"),
        **_choices(asked.query.school_form[0] if asked.query.school_form else ""),
    }
    if request.user.is_authenticated:
        context["classes"] = filters.own_classes(request.user)
    return render(request, "explore/suggestions.html", context)


def _where(example: suggesting.Example) -> str:
    """Where in its subject the best point stands: "åk 7–9", "nivå 1", or nothing."""
    if not example.points:
        return ""
    point = example.points[0].core_content
    return point.course.name.lower() if point.course else cards.years_label(point.years)


def without_other_forms(parameters: QueryDict) -> QueryDict:
    """Less what the chosen school form does not have: the form on the page still holds what the one before had."""
    kept = parameters.copy()
    form = kept.get("school_form")
    if form not in SchoolForm.values:
        return kept
    if form not in (SchoolForm.COMPULSORY, SchoolForm.ADAPTED_COMPULSORY):
        kept.pop("years", None)
    if form != SchoolForm.UPPER_SECONDARY:
        kept.pop("programme", None)
        kept.pop("orientation", None)
    if kept.getlist("subject"):
        elsewhere = Subject.objects.filter(code__in=kept.getlist("subject")).exclude(school_form=form)
        gone = set(elsewhere.values_list("code", flat=True))
        kept.setlist("subject", [code for code in kept.getlist("subject") if code not in gone])
    return kept


def others_address(parameters: QueryDict, found: suggesting.Suggestions, wish: suggesting.Wish) -> str:
    """The same page with what was just shown left out."""
    changed = parameters.copy()
    seen = set() if found.began_anew else set(wish.exclude)
    seen |= {example.initiative.pk for example in found.examples}
    changed.setlist("exclude", [str(pk) for pk in sorted(seen)])
    return "?" + changed.urlencode()


def _choices(school_form: str) -> dict[str, Any]:
    """Subjects and programmes to choose among on the spot."""
    form = school_form or SchoolForm.COMPULSORY
    subjects: Any = []
    if form != SchoolForm.UPPER_SECONDARY:
        subjects = Subject.objects.current().filter(school_form=form).order_by("name").only("code", "name")
    programmes: Any = []
    if form == SchoolForm.UPPER_SECONDARY:
        programmes = Programme.objects.filter(ended_at=None, curriculum=Curriculum.GY25).order_by("name")
        programmes = [programme for programme in programmes if programme.is_national]
    return {
        "school_forms": [(form.value, form.label) for form in SchoolForm if form != SchoolForm.ADAPTED_COMPULSORY],
        "subjects": list(subjects),
        "programmes": programmes,
        "form": form,
    }
