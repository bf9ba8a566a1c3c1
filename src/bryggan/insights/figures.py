"""The figures, asked of the facts: counts per school and month that hold no person and no class."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, Q, Sum, Value, When

from bryggan.accounts.models import Fact
from bryggan.accounts.school_days import HalfYear
from bryggan.curriculum.models import SchoolForm
from bryggan.insights.measures import MEASURES, Measure
from bryggan.insights.models import ActivityDefinition

_NAMES = tuple({name for measure in MEASURES for name in measure.facts})


@dataclass(frozen=True)
class Scope:
    """Whose figures: everybody's, or those of some initiatives and departments."""

    initiatives: frozenset[int] | None = None
    departments: frozenset[str] = frozenset()

    def filter(self) -> Q:
        if self.initiatives is None:
            return Q()
        return Q(initiative__in=self.initiatives) | Q(department__in=self.departments)


EVERYBODY = Scope()


@dataclass(frozen=True)
class Activity:
    """How many schools and preschools were active in a term. None is hidden."""

    term: HalfYear
    schools: int | None
    preschools: int | None


Totals = dict[str, dict[HalfYear, int]]


def activity(terms: Sequence[HalfYear], definition: ActivityDefinition) -> list[Activity]:
    """The impact measure for each term, in the order given. One statement."""
    wanted = Fact.objects.filter(measure__in=definition.measures, month__range=_span(terms)).exclude(school_code="")
    by_school = wanted.annotate(term=_term_of(terms)).values_list("term", "school_code", "school_form")
    active: dict[str, dict[bool, set[str]]] = defaultdict(lambda: {True: set(), False: set()})
    for term, code, form, count in by_school.annotate(n=Sum("count")).order_by():
        if count >= definition.least:
            active[term][form == SchoolForm.PRESCHOOL].add(code)
    found = []
    for one in terms:
        schools, preschools = active[one.code][False], active[one.code][True]
        # A school that has a preschool too is one school.
        found.append(Activity(one, len(schools), len(preschools - schools)))
    return found


def totals(terms: Sequence[HalfYear], scope: Scope = EVERYBODY) -> Totals:
    """Every measure for every term: `totals[measure.key][term]`. One statement."""
    rows = Fact.objects.filter(scope.filter(), measure__in=_NAMES, month__range=_span(terms))
    by_term = rows.annotate(term=_term_of(terms)).values_list("term", "measure")
    added = by_term.annotate(n=Sum("count"), a=Sum("amount")).order_by()
    sums = {(term, name): (count, amount) for term, name, count, amount in added}

    def of(measure: Measure, term: HalfYear) -> int:
        each = [sums.get((term.code, name), (0, 0)) for name in measure.facts]
        return sum(count if measure.adds == "count" else amount for count, amount in each)

    return {measure.key: {term: of(measure, term) for term in terms} for measure in MEASURES}


def crossed(
    measures: Iterable[Measure], term: HalfYear, by: Sequence[str], scope: Scope = EVERYBODY
) -> list[Counter[tuple[str, str]]]:
    """For each column of Fact in `by` the counts by (its value, measure key) in a term. One statement for all."""
    found: list[Counter[tuple[str, str]]] = [Counter() for _column in by]
    keys = {name: one.key for one in measures if one.adds == "count" for name in one.facts}
    rows = Fact.objects.filter(scope.filter(), month__range=_span([term]), measure__in=list(keys))
    for name, *values, count in rows.values_list("measure", *by).annotate(n=Sum("count")).order_by():
        for counts, value in zip(found, values, strict=True):
            counts["" if value is None else str(value), keys[name]] += count
    return found


def details(measure: str, term: HalfYear, scope: Scope = EVERYBODY) -> dict[str, int]:
    """Counts of one fact by its detail: phase and kind of an interest, state of an answer. One statement."""
    rows = Fact.objects.filter(scope.filter(), month__range=_span([term]), measure=measure)
    return dict(rows.values_list("detail").annotate(n=Sum("count")).order_by())


def answer_days(term: HalfYear, scope: Scope = EVERYBODY) -> float | None:
    """How many days the city took to answer an idea, on average; None when it answered none. One statement."""
    rows = Fact.objects.filter(scope.filter(), month__range=_span([term]), measure="idea answered")
    sums = rows.aggregate(n=Sum("count"), days=Sum("amount"))
    return sums["days"] / sums["n"] if sums["n"] else None


def terms_back_to(first: date | None, latest: HalfYear, most: int = 8) -> list[HalfYear]:
    """Terms to choose among, newest first: from the latest back to the one with the first fact."""
    found = [latest]
    while first and found[-1].first_on > first and len(found) < most:
        found.append(found[-1].before)
    return found


def _span(terms: Sequence[HalfYear]) -> tuple[object, object]:
    return min(one.first_on for one in terms), max(one.last_on for one in terms)


def _term_of(terms: Sequence[HalfYear]) -> Case:
    whens = [When(month__range=(one.first_on, one.last_on), then=Value(one.code)) for one in terms]
    return Case(*whens, default=Value(""), output_field=CharField())
