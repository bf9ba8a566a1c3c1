"""The city's figures by term, with those of terms that are over kept in the process.

Facts are written in the month in which things happen, so those of a term that is over do not change. Should rows come
to one all the same, as when a demo is loaded, their number is another, and all of it is asked for anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db.models import Count, Max, Min, Q

from bryggan.accounts.models import Fact
from bryggan.accounts.school_days import HalfYear, half_year_of
from bryggan.insights import figures
from bryggan.insights.figures import Activity, Totals
from bryggan.insights.measures import MEASURES
from bryggan.insights.models import ActivityDefinition

T = TypeVar("T")
# Who began before midnight on the last day may still be writing.
_REST = timedelta(days=2)


@dataclass
class City:
    """What is known before asking: when facts begin, and what has been kept of terms before `running`."""

    first: date | None
    running: HalfYear
    kept: dict[Any, Any] = field(default_factory=dict)

    def totals(self, terms: Sequence[HalfYear]) -> Totals:
        """As `figures.totals` for everybody. At most one statement."""
        found = self._each("totals", terms, lambda asked: _by_term(figures.totals(asked), asked))
        return {measure.key: {term: found[term][measure.key] for term in terms} for measure in MEASURES}

    def activity(self, terms: Sequence[HalfYear], definition: ActivityDefinition) -> list[Activity]:
        """As `figures.activity`. At most one statement."""
        what = ("activity", definition.least, *definition.measures)
        found = self._each(what, terms, lambda asked: {one.term: one for one in figures.activity(asked, definition)})
        return [found[term] for term in terms]

    def _each(
        self, what: Any, terms: Sequence[HalfYear], ask: Callable[[list[HalfYear]], dict[HalfYear, T]]
    ) -> dict[HalfYear, T]:
        found = {term: self.kept[what, term] for term in terms if (what, term) in self.kept}
        missing = [term for term in terms if term not in found]
        for term, value in (ask(missing) if missing else {}).items():
            found[term] = value
            if term < self.running:
                self.kept[what, term] = value
        return found


# One city at a time: (number of old facts, the newest of them, running term), and what is kept.
_kept: tuple[Any, dict[Any, Any]] = (None, {})


def city(today: date) -> City:
    """One statement, of an index alone."""
    global _kept
    running = half_year_of(today - _REST)
    old = Q(month__lt=running.first_on)
    told = Fact.objects.aggregate(first=Min("month"), number=Count("pk", filter=old), newest=Max("pk", filter=old))
    stamp = (told["number"], told["newest"], running)
    if _kept[0] != stamp:
        _kept = (stamp, {})
    return City(told["first"], running, _kept[1])


def forget() -> None:
    """Begin anew, as in another database."""
    global _kept
    _kept = (None, {})


def _by_term(totals: Totals, terms: Sequence[HalfYear]) -> dict[HalfYear, dict[str, int]]:
    return {term: {key: totals[key][term] for key in totals} for term in terms}
