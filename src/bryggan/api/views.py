"""The open data: read-only, without sign-in, documented at /api/v1/openapi.json."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Query
from ninja.errors import ValidationError

from bryggan import __version__
from bryggan.alignment import asking, searching, suggesting
from bryggan.alignment import index as indexes
from bryggan.alignment.listing import listed
from bryggan.alignment.models import Alignment, ProgrammeFit, SubjectFit
from bryggan.api import answers, fairs, schemas
from bryggan.api.answering import Refused, answer, refuse_problems
from bryggan.curriculum.models import (
    Block,
    CoreContent,
    Course,
    Curriculum,
    Programme,
    ProgrammeSubject,
    SchoolForm,
    Subject,
)
from bryggan.initiatives.models import Initiative

api = NinjaAPI(
    title="Bryggan",
    version=__version__,
    description="Initiatives of a city and what they teach. Codes are Skolverket's.",
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
api.add_router("/fairs", fairs.router)
_API_FACETS = tuple(facet for facet in searching.FACETS if facet != "level")


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return answer({"detail": str(error)}, 422)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    names = ", ".join(sorted({str(part["loc"][-1]) for part in error.errors}))
    return answer({"detail": _("Parametern %(names)s har fel form.") % {"names": names}}, 422)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer({"detail": _("Finns inte.")}, 404)


def not_there(request: HttpRequest, rest: str) -> HttpResponse:
    """Any other address below /api/."""
    return answer({"detail": _("Finns inte.")}, 404)


@api.get("/initiatives", response={200: schemas.InitiativeList, 422: schemas.Problem}, operation_id="initiatives")
def initiatives(request: HttpRequest, filters: Query[schemas.InitiativeFilters]) -> HttpResponse:
    """Initiatives that match, with counts for every value of every filter (its own filter left out)."""
    with indexes.current():
        asked = asking.asked(dict(request.GET.lists()))
        refuse_problems(asked.problems)
        found = searching.search(asked.query, page=asked.page, per_page=asked.per_page, facets=_API_FACETS)
    return answer(
        {
            "count": found.count,
            "page": asked.page,
            "per_page": asked.per_page,
            "results": [answers.hit(row) for row in listed(found.ids, found.served)],
            "facets": {
                facet: [{"value": v.value, "label": _label(facet, v), "count": v.count} for v in values]
                for facet, values in found.facets.items()
            },
        }
    )


def _label(facet: str, value: searching.Value) -> str:
    if facet == "school_form":
        return str(SchoolForm(value.value).label)
    return value.label


@api.get(
    "/initiatives/{int:pk}", response={200: schemas.InitiativeWhole, 404: schemas.Problem}, operation_id="initiative"
)
def initiative(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything public about one initiative, and what it teaches: suggestions as well as confirmed links."""
    rows = Initiative.objects.select_related(
        "source", "status", "category", "department", "challenge", "school_offer", "merged_into"
    ).prefetch_related("terms", "participants", "platforms")
    row = rows.filter(pk=pk).first()
    if row is not None and row.merged_into_id:
        row = rows.filter(pk=row.merged_into_id).first()
    if row is None:
        raise Http404
    alignments = (
        Alignment.objects.shown()
        .filter(initiative=row, core_content__ended_at=None)
        .select_related("core_content", "core_content__subject", "core_content__course")
        .order_by("-score", "pk")
    )
    fits = SubjectFit.objects.filter(initiative=row).select_related("subject").order_by("-score", "pk")
    programmes = ProgrammeFit.objects.filter(initiative=row, orientation_code="").select_related("programme")
    return answer(
        {
            **answers.whole(row, row.takes_classes_now),
            "alignments": [
                {
                    **answers.point(alignment.core_content),
                    "state": alignment.state,
                    "score": round(alignment.score, 4),
                    "reason": alignment.reason,
                }
                for alignment in alignments
            ],
            "subjects": [_subject_fit(fit) for fit in fits],
            "programmes": [{"code": fit.programme.code, "score": round(fit.score, 4)} for fit in programmes],
        }
    )


@api.get("/suggestions", response={200: schemas.Suggestions, 422: schemas.Problem}, operation_id="suggestions")
def suggestions(request: HttpRequest, filters: Query[schemas.SuggestionFilters]) -> HttpResponse:
    """Three different examples for what a teacher teaches; the same all day. `exclude` what was shown for others."""
    names = ("school_form", "subject", "years", "programme", "orientation", "core_content", "exclude")
    given = _given(request, *names)
    wrong = [value for value in given["exclude"] if not (value.isascii() and value.isdigit() and len(value) < 19)]
    if wrong:
        raise Refused(_("Parametern %(names)s har fel form.") % {"names": "exclude"})
    asked = asking.asked({name: given[name] for name in names if name != "exclude" and given[name]})
    refuse_problems(asked.problems)
    found = suggesting.suggest(suggesting.wish_of(asked.query, given["exclude"]), on=timezone.localdate())
    rows = {row.pk: row for row in listed([example.initiative.pk for example in found.examples], {})}
    examples = []
    for example in found.examples:
        told = answers.hit(rows[example.initiative.pk])
        del told["match"]
        examples.append(
            {
                "initiative": told,
                "core_content": [answers.point(alignment.core_content) for alignment in example.points],
                "reason": example.reason,
                "question": example.question,
            }
        )
    return answer({"examples": examples, "widened": str(suggesting.WIDENED[found.widened]) or None})


def _subject_fit(fit: SubjectFit) -> dict[str, Any]:
    upper = fit.subject.school_form == SchoolForm.UPPER_SECONDARY
    return {
        "subject": fit.subject.code,
        "curriculum": fit.subject.curriculum,
        **({"level": fit.span or None} if upper else {"years": fit.span or None}),
        "score": round(fit.score, 4),
    }


@api.get("/curriculum/subjects", response={200: schemas.SubjectList, 422: schemas.Problem}, operation_id="subjects")
def subjects(request: HttpRequest, filters: Query[schemas.SubjectFilters]) -> HttpResponse:
    """Subjects in force, by curriculum and name. Preschool's goal areas are subjects too."""
    given = _given(request, "school_form", "curriculum")
    rows = Subject.objects.current()
    if given["school_form"]:
        rows = rows.filter(school_form__in=_known(given, "school_form", SchoolForm.values))
    if given["curriculum"]:
        rows = rows.filter(curriculum__in=_known(given, "curriculum", Curriculum.values))
    results = [answers.subject(row) for row in rows]
    return answer({"count": len(results), "results": results})


@api.get(
    "/curriculum/core-content", response={200: schemas.PointList, 422: schemas.Problem}, operation_id="core_content"
)
def core_content(request: HttpRequest, filters: Query[schemas.PointFilters]) -> HttpResponse:
    """Points of central content in force, in the curriculum's own order."""
    given = _given(request, "subject", "years", "level", "page", "per_page")
    rows = CoreContent.objects.current().select_related("subject", "course")
    if given["subject"]:
        known = Subject.objects.filter(code__in=given["subject"]).values_list("code", flat=True)
        rows = rows.filter(subject__code__in=_known(given, "subject", known))
    if given["level"]:
        levels = Course.objects.filter(code__in=given["level"]).values_list("code", flat=True)
        rows = rows.filter(course__code__in=_known(given, "level", levels))
    if given["years"]:
        spans = [asking.span(value) for value in given["years"]]
        if not all(spans):
            raise Refused(
                _("Parametern %(name)s förstås inte: %(value)s") % {"name": "years", "value": given["years"]}
            )
        rows = rows.filter(asking.sharing_a_year([span for span in spans if span]))
    page, per_page = _paging(given)
    count = rows.count()
    chosen = rows.order_by("subject__curriculum", "subject__code", "course__position", "first_year", "position", "pk")
    results = [answers.point(row) for row in chosen[(page - 1) * per_page : page * per_page]]
    return answer({"count": count, "page": page, "per_page": per_page, "results": results})


@api.get(
    "/curriculum/core-content/{key}", response={200: schemas.PointAlone, 404: schemas.Problem}, operation_id="point"
)
def one_point(request: HttpRequest, key: str) -> HttpResponse:
    """One point by its id, in force or ended."""
    row = CoreContent.objects.select_related("subject", "course").filter(key=key[:16]).first()
    if row is None:
        raise Http404
    return answer(answers.ended_point(row))


@api.get(
    "/curriculum/programmes", response={200: schemas.ProgrammeList, 422: schemas.Problem}, operation_id="programmes"
)
def programmes(request: HttpRequest, filters: Query[schemas.ProgrammeFilters]) -> HttpResponse:
    """Upper-secondary programmes in force, with orientations and the subjects that are their own."""
    given = _given(request, "curriculum")
    own = ProgrammeSubject.objects.filter(block__in=[Block.PROGRAMME, Block.ORIENTATION]).order_by("subject_code")
    rows = Programme.objects.filter(ended_at=None).prefetch_related(
        "orientations", Prefetch("programme_subjects", queryset=own, to_attr="own_subjects")
    )
    if given["curriculum"]:
        rows = rows.filter(curriculum__in=_known(given, "curriculum", Curriculum.values))
    results = [
        {
            "code": row.code,
            "name": row.name,
            "curriculum": row.curriculum,
            "category": row.category,
            "orientations": [
                {"code": orientation.code, "name": orientation.name}
                for orientation in row.orientations.all()
                if orientation.ended_at is None
            ],
            "subjects": list(dict.fromkeys(subject.subject_code for subject in row.own_subjects)),
        }
        for row in rows
    ]
    return answer({"count": len(results), "results": results})


def _given(request: HttpRequest, *names: str) -> dict[str, list[str]]:
    unknown = sorted(set(request.GET) - set(names))
    if unknown:
        raise Refused(_("Okänd parameter: %(name)s") % {"name": unknown[0][:100]})
    return {name: [value for value in request.GET.getlist(name) if value][: asking.MOST_VALUES] for name in names}


def _known(given: Mapping[str, list[str]], name: str, known: Collection[str]) -> list[str]:
    for value in given[name]:
        if value not in set(known):
            raise Refused(_("Parametern %(name)s förstås inte: %(value)s") % {"name": name, "value": value[:100]})
    return given[name]


def _paging(given: Mapping[str, list[str]]) -> tuple[int, int]:
    asked = asking.asked({name: given[name] for name in ("page", "per_page") if given[name]})
    refuse_problems(asked.problems)
    return asked.page, asked.per_page
