"""What everybody may see of the city's sums: small ones are hidden, and what would tell of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bryggan.accounts.school_days import HalfYear
from bryggan.insights.figures import Activity, Totals
from bryggan.insights.measures import MEASURES
from bryggan.insights.models import ActivityDefinition
from bryggan.insights.suppression import is_small

ShownTotals = dict[str, dict[HalfYear, int | None]]


def shown_totals(totals: Totals) -> ShownTotals:
    """The sums, None for 1 to 4. People who came with a hidden number of bookings are hidden with it."""
    counts_of = {measure.facts: measure.key for measure in MEASURES if measure.adds == "count"}

    def shown(key: str, facts: tuple[str, ...], term: HalfYear) -> int | None:
        small = is_small(totals[key][term]) or is_small(totals[counts_of.get(facts, key)][term])
        return None if small else totals[key][term]

    return {one.key: {term: shown(one.key, one.facts, term) for term in totals[one.key]} for one in MEASURES}


def counting_measures(facts: Sequence[str]) -> list[str]:
    """Keys of the measures that count any of these facts."""
    return [one.key for one in MEASURES if one.adds == "count" and set(one.facts) & set(facts)]


def shown_activity(
    one: Activity, totals: Mapping[str, Mapping[HalfYear, int | None]], definition: ActivityDefinition
) -> Activity:
    """The impact measure as everybody sees it. A small number of schools is shown: which they are is told nowhere.

    But each active school has done something at least so many times. Where that says more of a hidden sum than that
    it is not 0, the number of schools is hidden.
    """
    sums = [totals[key][one.term] for key in counting_measures(definition.measures)]
    if None in sums and definition.least * at_least(one.schools, one.preschools) > at_least(*sums):
        return Activity(one.term, None, None)
    return one


def at_least(*counts: int | None) -> int:
    """Their sum as far as it is told: what is hidden is 1 or more."""
    return sum(1 if count is None else count for count in counts)
