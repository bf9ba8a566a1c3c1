"""A whole day for a class, proposed at once: which sessions, when, with walks and lunch, and why not the others.

What a day is planned within and the rules it keeps are `dayrules.py`; the search for the best one is `daysearch.py`.
Several classes of one school, who share seats, are `wholeschool.py`. The same question gets the same answer.

A day is worth, in hundredths of points,

    sum of worths - repeats of a theme - minutes walked x walk

where a session's worth is its fit for the class (0 to 100) times (minutes / 45) ** 0.75: longer sessions are worth
more, and so much more that long and short ones, with the walk and the break that each costs, weigh alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bryggan.fair.planning.daybound import STEP
from bryggan.fair.planning.dayproblem import DayPrices, DayProblem, Weights, worth
from bryggan.fair.planning.dayrules import (
    Candidate,
    Code,
    DayStop,
    Frame,
    Key,
    Lunch,
    Mend,
    Problem,
    Why,
    check_day,
    refusal,
    ways_of,
)
from bryggan.fair.planning.daysearch import THOROUGH, Effort, Found, best_day
from bryggan.fair.planning.leftout import by_session, fits_between, settled, why_left_out
from bryggan.fair.planning.walking import Walks, Way

__all__ = [
    "STEP",
    "Alternative",
    "Candidate",
    "Code",
    "DayPlan",
    "DayPrices",
    "DayStop",
    "Effort",
    "Frame",
    "Lunch",
    "Mend",
    "Problem",
    "Walks",
    "Way",
    "Weights",
    "Why",
    "alternatives",
    "check_day",
    "plan_day",
    "refusal",
    "worth",
]

USUAL = Weights()


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A day. An empty one is an answer too, with a reason for each session left out.

    `left_out` has every session that is not in the day, `occasions` every candidate that is not, by their keys.
    `leaves` is when the class sets out, `back` when it is at the end place; None for an empty day. `proven`: no day
    is worth more; else none is worth more than `bound`. `problems` are those of the locked stops (kept as they are,
    whatever is wrong with them) and a lunch that did not fit beside them. Lunch is a rule: without locked stops a
    day that leaves no time for it is empty. `is_guess`: somebody has not said where a place is.
    """

    stops: tuple[DayStop, ...]
    value: int
    bound: int
    proven: bool
    leaves: int | None = None
    back: int | None = None
    way_back: Way | None = None
    left_out: Mapping[Key, Why] = field(default_factory=dict)
    occasions: Mapping[Key, Why] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    prices: DayPrices = field(default_factory=DayPrices)

    @property
    def lunch(self) -> DayStop | None:
        return next((stop for stop in self.stops if stop.kind == "lunch"), None)

    @property
    def is_guess(self) -> bool:
        ways = [stop.way for stop in self.stops] + [self.way_back]
        return any(way.is_guess for way in ways if way is not None)

    @property
    def proposed(self) -> tuple[DayStop, ...]:
        """Those that are not locked."""
        return tuple(stop for stop in self.stops if not stop.is_locked)


@dataclass(frozen=True, slots=True)
class Alternative:
    """What could be in a stop's stead: a candidate, when it would begin, and what the day gains or loses by it."""

    candidate: Candidate
    stop: DayStop
    gain: int


def plan_day(
    frame: Frame,
    candidates: Iterable[Candidate],
    walks: Walks,
    *,
    locked: Sequence[DayStop] = (),
    excluded: Collection[Key] = (),
    weights: Weights = USUAL,
    effort: Effort = THOROUGH,
    prices: DayPrices | None = None,
) -> DayPlan:
    """The best day within `frame`.

    `locked` stops (sessions, lunch, own blocks) are kept at their times; a session that is locked is in the day once,
    then. `excluded` are keys of sessions that are left out. The order of `candidates` does not matter.
    `effort` bounds the search; `prices` are those of an earlier plan for the same class, and save time.
    """
    made = DayProblem(frame, candidates, walks, locked, frozenset(excluded), weights)
    return plan_of(made, best_day(made.day, effort, made.prices(prices)))


def plan_of(made: DayProblem, found: Found) -> DayPlan:
    """The search's answer as a day, with ways and reasons."""
    frame, walks = made.frame, made.walks
    stops = made.stops(found)
    ways, back = ways_of(frame, stops, walks)
    occasions = why_left_out(made, stops)
    stops = [replace(stop, way=way) for stop, way in zip(stops, ways, strict=True)]
    leaves = arrives = None
    if stops:
        leaves = stops[0].begins - (ways[0].minutes if ways[0] else 0)
        arrives = max(stop.ends for stop in stops) + (back.minutes if back else 0)
    value = made.value(stops)
    return DayPlan(
        stops=tuple(stops),
        value=value,
        bound=value + found.bound - found.value,
        proven=found.proven,
        leaves=leaves,
        back=arrives,
        way_back=back,
        left_out=by_session(made, occasions),
        occasions=occasions,
        problems=tuple(check_day(frame, stops, walks, made.by_key)),
        prices=made.named_prices(found),
    )


def alternatives(
    frame: Frame,
    stops: Sequence[DayStop],
    number: int,
    candidates: Iterable[Candidate],
    walks: Walks,
    *,
    excluded: Collection[Key] = (),
    most: int = 3,
    weights: Weights = USUAL,
) -> list[Alternative]:
    """Up to `most` other sessions that could take the place of `stops[number]`, what the day gains most by first.

    All other stops keep their times. Of the same theme there is one, as long as other themes fit. `excluded` are keys
    of sessions, such as those that have been shown.
    """
    stops = list(stops)
    leaving = stops.pop(number)
    stops.sort(key=lambda stop: (stop.begins, stop.ends))
    made = DayProblem(frame, candidates, walks, stops, frozenset(excluded) | {leaving.session}, weights)
    now = made.value([*stops, leaving])
    at = sum((stop.begins, stop.ends) <= (leaving.begins, leaving.ends) for stop in stops)
    whole = settled(made, stops)
    before, after = (whole[at - 1] if at else None), (whole[at] if at < len(whole) else None)
    found: dict[Key, Alternative] = {}
    for candidate in made.fitting:
        begins = fits_between(made, candidate, before, after)
        if begins is None:
            continue
        stop = DayStop(
            "session",
            begins,
            begins + candidate.stay,
            place=candidate.place,
            key=candidate.key,
            session=candidate.session,
            worth=worth(candidate),
        )
        gain = made.value([*stops, stop]) - now
        if candidate.session not in found or found[candidate.session].gain < gain:
            found[candidate.session] = Alternative(candidate, stop, gain)
    ranked = sorted(found.values(), key=lambda one: (-one.gain, one.stop.begins, str(one.candidate.key)))
    chosen: list[Alternative] = []
    for one in ranked:
        if one.candidate.theme is None or one.candidate.theme not in {other.candidate.theme for other in chosen}:
            chosen.append(one)
    chosen = [*chosen, *(one for one in ranked if one not in chosen)][:most]
    return [_with_way(made, stops, one) for one in sorted(chosen, key=ranked.index)]


def _with_way(made: DayProblem, stops: Sequence[DayStop], one: Alternative) -> Alternative:
    whole = sorted([*stops, one.stop], key=lambda stop: (stop.begins, stop.ends))
    ways, _back = ways_of(made.frame, whole, made.walks)
    return replace(one, stop=replace(one.stop, way=ways[whole.index(one.stop)]))
