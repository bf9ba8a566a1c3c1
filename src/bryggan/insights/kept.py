"""The city's figures by term, with those of terms that are over kept in the process.

Facts are written in the month in which things happen, so those of a term that is over do not change. Should rows come
to one all the same, as when a demo is loaded, they are newer than the newest that was known, and all of it is asked
for anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

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


@dataclass
class _Kept:
    """One city at a time: what holds while no fact comes to a term that is over."""

    running: HalfYear | None = None
    newest: int = 0
    first: date | None = None
    terms: dict[Any, Any] = field(default_factory=dict)


_kept = _Kept()


def city(today: date) -> City:
    """One statement, answered from the end of an index; one more when facts have come since the last time."""
    global _kept
    running = half_year_of(today - _REST)
    newest = Fact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if (_kept.running, _kept.newest) != (running, newest):
        come = Fact.objects.filter(pk__gt=_kept.newest, month__lt=running.first_on)
        if _kept.running != running or newest < _kept.newest or _kept.first is None or come.exists():
            first = Fact.objects.order_by("month").values_list("month", flat=True).first()
            _kept = _Kept(running, newest, first)
        else:
            _kept.newest = newest
    return City(_kept.first, running, _kept.terms)


def forget() -> None:
    """Begin anew, as in another database."""
    global _kept
    _kept = _Kept()


def _by_term(totals: Totals, terms: Sequence[HalfYear]) -> dict[HalfYear, dict[str, int]]:
    return {term: {key: totals[key][term] for key in totals} for term in terms}
