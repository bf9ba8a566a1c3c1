"""The figures, asked of the facts: counts per school and month that hold no person and no class."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum

from bryggan.accounts.models import Fact
from bryggan.accounts.school_days import HalfYear
from bryggan.curriculum.models import SchoolForm
from bryggan.insights.measures import MEASURES, Measure
from bryggan.insights.models import ActivityDefinition


@dataclass(frozen=True)
class Scope:
    """Whose figures: everybody's, or those of some initiatives and a department."""

    initiatives: frozenset[int] | None = None
    departments: frozenset[str] = frozenset()

    def filter(self) -> Q:
        if self.initiatives is None:
            return Q()
        return Q(initiative__in=self.initiatives) | Q(department__in=self.departments)


EVERYBODY = Scope()


@dataclass(frozen=True)
class Activity:
    """How many schools and preschools were active in a term."""

    term: HalfYear
    schools: int
    preschools: int

    @property
    def all(self) -> int:
        return self.schools + self.preschools


def activity(terms: Sequence[HalfYear], definition: ActivityDefinition) -> list[Activity]:
    """The impact measure for each term, in the order given. One statement."""
    wanted = Fact.objects.filter(measure__in=definition.measures).exclude(school_code="")
    done: dict[HalfYear, Counter[tuple[str, bool]]] = {term: Counter() for term in terms}
    rows = wanted.filter(month__range=_span(terms)).values_list("month", "school_code", "school_form")
    for month, code, form, count in rows.annotate(total=Sum("count")).order_by():
        term = next((one for one in terms if one.first_on <= month <= one.last_on), None)
        if term:
            done[term][code, form == SchoolForm.PRESCHOOL] += count
    found = []
    for term in terms:
        active = [key for key, count in done[term].items() if count >= definition.least]
        # A school with preschool classes and others is one school; a preschool is counted as one.
        schools = {code for code, is_preschool in active if not is_preschool}
        preschools = {code for code, is_preschool in active if is_preschool} - schools
        found.append(Activity(term, len(schools), len(preschools)))
    return found


def totals(terms: Sequence[HalfYear], scope: Scope = EVERYBODY) -> dict[str, dict[HalfYear, int]]:
    """Every measure for every term: `totals[measure.key][term]`. One statement."""
    found: dict[str, dict[HalfYear, int]] = {one.key: dict.fromkeys(terms, 0) for one in MEASURES}
    rows = Fact.objects.filter(scope.filter(), month__range=_span(terms)).values_list("month", "measure")
    by_fact: dict[str, list[Measure]] = defaultdict(list)
    for measure in MEASURES:
        for name in measure.facts:
            by_fact[name].append(measure)
    for month, name, count, amount in rows.annotate(n=Sum("count"), a=Sum("amount")).order_by():
        term = next((one for one in terms if one.first_on <= month <= one.last_on), None)
        for measure in by_fact.get(name, ()):
            if term:
                found[measure.key][term] += count if measure.adds == "count" else amount
    return found


def crossed(
    measures: Iterable[Measure], term: HalfYear, by: str, scope: Scope = EVERYBODY
) -> dict[tuple[str, str], int]:
    """Counts by (value of column `by`, measure key) in a term. `by` is a column of Fact. One statement."""
    counts: Counter[tuple[str, str]] = Counter()
    chosen = [one for one in measures if one.adds == "count"]
    names = {name: one.key for one in chosen for name in one.facts}
    rows = Fact.objects.filter(scope.filter(), month__range=_span([term]), measure__in=names)
    for value, name, count in rows.values_list(by, "measure").annotate(n=Sum("count")).order_by():
        counts[str(value or ""), names[name]] += count
    return dict(counts)


def details(measure: str, term: HalfYear, scope: Scope = EVERYBODY) -> dict[str, int]:
    """Counts of one fact by its detail: phase and kind of an interest, state of an answer. One statement."""
    rows = Fact.objects.filter(scope.filter(), month__range=_span([term]), measure=measure)
    return dict(rows.values_list("detail").annotate(n=Sum("count")).order_by())


def answer_days(term: HalfYear, scope: Scope = EVERYBODY) -> float | None:
    """How many days the city took to answer an idea, on average; None when it answered none. One statement."""
    rows = Fact.objects.filter(scope.filter(), month__range=_span([term]), measure="idea answered")
    sums = rows.aggregate(n=Sum("count"), days=Sum("amount"))
    return sums["days"] / sums["n"] if sums["n"] else None


def terms_with_facts(latest: HalfYear, most: int = 8) -> list[HalfYear]:
    """Terms to choose among, newest first: from the latest back to the first that has any facts. One statement."""
    first = Fact.objects.order_by("month").values_list("month", flat=True).first()
    found = [latest]
    while first and found[-1].first_on > first and len(found) < most:
        found.append(found[-1].before)
    return found


def _span(terms: Sequence[HalfYear]) -> tuple[object, object]:
    return min(one.first_on for one in terms), max(one.last_on for one in terms)
