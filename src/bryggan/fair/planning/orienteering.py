"""Which visits to make, and in which order, when there is not time for all: orienteering with time windows.

Knows nothing of fairs. Time is whole numbers in a unit the caller chooses (minutes for a day), and so are prizes;
the best route has the greatest `value`:

    sum of prizes, lessened where a theme returns - walk_cost x travel - wait_cost x waiting
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bryggan.fair.planning.orienteering_field import NEVER, Field
from bryggan.fair.planning.orienteering_search import Budget, Search


@dataclass(frozen=True, slots=True)
class Visit:
    """Something that may be visited: it starts no earlier than `opens`, no later than `closes`, and takes `minutes`.

    A fixed time has `opens == closes`. At most one visit of a `group` is made: a session's occasions, lunch at
    several places. If any visit of a group is `required`, one of the group must be made (whichever; to lock one
    occasion, leave the group's others out). A required visit without a group must itself be made.
    Of visits with the same `theme`, the later in the day count less: see `Problem.variety`.
    """

    place: int
    minutes: int
    opens: int
    closes: int
    prize: int
    group: int | None = None
    required: bool = False
    theme: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Visits, the way between their places, and the limits of the day.

    `travel[a][b]` is the time from place a to place b (0 on the diagonal; need not be symmetric). The route leaves
    `start_place` at `begins` and is at `end_place` no later than `ends`; None means that it begins (ends) wherever the
    first (last) visit is. No leg, those from the start and to the end among them, is longer than `longest_leg`.
    Waiting is allowed anywhere and costs `wait_cost` per unit, from `begins` until the route is at its end.
    `variety` is what the 1st, 2nd, 3rd... visit of the same theme counts, in percent, rounded down to whole prizes,
    never rising; the last number holds for all that follow. Groups and themes are numbered as the caller likes.
    """

    visits: Sequence[Visit]
    travel: Sequence[Sequence[int]]
    begins: int
    ends: int
    start_place: int | None = None
    end_place: int | None = None
    walk_cost: int = 0
    wait_cost: int = 0
    longest_leg: int | None = None
    variety: tuple[int, ...] = (100,)

    def __post_init__(self) -> None:
        for number, visit in enumerate(self.visits):
            if visit.minutes < 1 or visit.prize < 0 or not 0 <= visit.place < len(self.travel):
                raise ValueError(f"visit {number} needs a known place, a duration above 0 and a prize of 0 or more")
        if not self.variety or min(self.variety) < 0 or list(self.variety) != sorted(self.variety, reverse=True):
            raise ValueError("variety is one percentage or more, never rising")
        if self.walk_cost < 0 or self.wait_cost < 0:
            raise ValueError("walking and waiting cost 0 or more")


class Stop(NamedTuple):
    """A visit (its number in `Problem.visits`) and when it starts."""

    visit: int
    starts: int


@dataclass(frozen=True, slots=True)
class Route:
    """Stops in order, and what they are worth.

    `proven`: no route is worth more (with `missing`: none leaves out fewer of what is required, nor is worth more when
    it leaves out as many). `bound`: no route is worth more than this, so `bound - value` is what could be lost; None
    when unknown, as with `missing`. `missing`: the first visit of each required group that the route does without.
    """

    stops: tuple[Stop, ...]
    value: int
    proven: bool = False
    bound: int | None = None
    missing: tuple[int, ...] = ()


class NoRoute(Exception):
    """Not even an empty day fits: the end cannot be reached from the start in time, whatever is visited."""


def search(
    problem: Problem,
    *,
    seconds: float | None = None,
    steps: int | None = None,
    seed: int = 1,
    start: Sequence[int] | None = None,
) -> Route:
    """The best route found in `seconds` (wall clock) or `steps` (partial routes extended), or as soon as it is proven.

    Each stop starts as early as it can. Without a limit: one second. The same problem, `seed` and `steps` give the
    same route on every machine; `seconds` does not. `start` is an earlier route (visit numbers in order); when it
    breaks no rule, the answer is never worth less. If no route with all required visits is found, the answer is the
    best of those that leave out fewest, and says which are `missing`. Raises NoRoute when no route at all is found.
    """
    budget = Budget(1.0 if seconds is None and steps is None else seconds, steps)
    known = [route for order in ((), start or ()) if (route := walk(problem, order)) is not None]
    whole = _run(problem, budget, seed, [route for route in known if not route.missing], must=True)
    if whole.order is not None:
        best = _sure(walk(problem, whole.order))
        bound = best.value if whole.proven else max(best.value, whole.bound)
        return Route(best.stops, best.value, bound == best.value, int(bound) if bound < math.inf else None)
    # Not all that is required can be had, or was found: as much of it as possible, then the rest.
    part = _run(problem, budget.renewed(), seed, known, must=False)
    if part.order is None:
        raise NoRoute
    best = _sure(walk(problem, part.order))
    return Route(best.stops, best.value, whole.proven and part.proven, missing=best.missing)


def _run(problem: Problem, budget: Budget, seed: int, known: Sequence[Route], *, must: bool) -> Search:
    """Search with all that is required (`must`), or for each of it with a bonus that is worth more than all else."""
    bonus = 0
    if not must:
        dearest = max(problem.walk_cost, problem.wait_cost) * max(0, problem.ends - problem.begins)
        bonus = 1 + sum(visit.prize for visit in problem.visits) + dearest
    search = Search(_field(problem, bonus, must=must), budget, seed)
    required = len(missing_visits(problem, ()))
    for route in known:
        search.know([stop.visit for stop in route.stops], route.value + bonus * (required - len(route.missing)))
    search.run()
    return search


def _sure(route: Route | None) -> Route:
    if route is None:
        raise AssertionError("the search broke a rule of its own problem")
    return route


def _field(problem: Problem, bonus: int, *, must: bool) -> Field:
    """The problem as arrays, one row per visit."""
    visits = problem.visits
    here = sorted({visit.place for visit in visits})
    number = {place: index for index, place in enumerate(here)}
    travel = np.array(problem.travel, np.int64).reshape(len(problem.travel), -1)
    longest = NEVER - 1 if problem.longest_leg is None else problem.longest_leg
    travel = np.where(travel > longest, NEVER, travel)
    nowhere = np.zeros(len(travel), np.int64)
    from_start = nowhere if problem.start_place is None else travel[problem.start_place]
    to_end = nowhere if problem.end_place is None else travel[:, problem.end_place]

    groups: dict[tuple[bool, int], int] = {}
    group = np.array(
        [groups.setdefault(_group(problem, index), len(groups)) for index in range(len(visits))], np.int64
    )
    required = np.array(sorted({int(group[index]) for index, visit in enumerate(visits) if visit.required}), np.int64)
    percents = list(problem.variety)
    while len(percents) > 1 and percents[-1] == percents[-2]:
        percents.pop()
    themes: dict[int, int] = {}
    if len(percents) > 1:
        for visit in visits:
            if visit.theme is not None:
                themes.setdefault(visit.theme, len(themes))
    gain = np.empty((len(visits), len(percents) if themes else 1))
    for index, visit in enumerate(visits):
        counts = percents if visit.theme is not None else [100] * len(percents)
        gain[index] = [visit.prize * percent // 100 for percent in counts[: gain.shape[1]]]
        gain[index] += problem.wait_cost * visit.minutes + (bonus if group[index] in required else 0)
    whole = np.concatenate((gain.ravel().astype(np.int64), [problem.wait_cost, problem.walk_cost - problem.wait_cost]))
    return Field(
        place=np.array([number[visit.place] for visit in visits], np.int64),
        minutes=np.array([visit.minutes for visit in visits], np.int64),
        opens=np.array([visit.opens for visit in visits], np.int64),
        closes=np.array([visit.closes for visit in visits], np.int64),
        gain=gain,
        group=group,
        theme=np.array(
            [len(themes) if visit.theme is None else themes.get(visit.theme, len(themes)) for visit in visits],
            np.int64,
        ),
        group_count=len(groups),
        theme_count=len(themes),
        travel=travel[np.ix_(here, here)],
        from_start=from_start[here],
        to_end=to_end[here],
        begins=problem.begins,
        ends=problem.ends,
        walk=problem.walk_cost - problem.wait_cost,
        wait=problem.wait_cost,
        required=required if must else required[:0],
        step=max(1, int(np.gcd.reduce(whole))),
    )


def walk(problem: Problem, order: Sequence[int]) -> Route | None:
    """The route that makes these visits in this order, each as early as it can; None if a rule is broken."""
    stops = []
    place, now = problem.start_place, problem.begins
    for number in order:
        visit = problem.visits[number]
        starts = max(now + _leg(problem, place, visit.place), visit.opens)
        stops.append(Stop(number, starts))
        place, now = visit.place, starts + visit.minutes
    route = Route(tuple(stops), value_of(problem, stops), missing=missing_visits(problem, order))
    return None if check(problem, route) else route


def value_of(problem: Problem, stops: Sequence[Stop]) -> int:
    """What these stops are worth."""
    seen: dict[int, int] = {}
    value = travelled = served = 0
    place, now = problem.start_place, problem.begins
    for number, starts in stops:
        visit = problem.visits[number]
        percent = 100
        if visit.theme is not None:
            percent = problem.variety[min(seen.get(visit.theme, 0), len(problem.variety) - 1)]
            seen[visit.theme] = seen.get(visit.theme, 0) + 1
        value += visit.prize * percent // 100
        travelled += _leg(problem, place, visit.place)
        served += visit.minutes
        place, now = visit.place, starts + visit.minutes
    last = _leg(problem, place, problem.end_place)
    travelled += last
    waited = now + last - problem.begins - travelled - served
    return value - problem.walk_cost * travelled - problem.wait_cost * waited


def missing_visits(problem: Problem, order: Sequence[int]) -> tuple[int, ...]:
    """The first visit of each required group (or required visit of no group) that is not among these."""
    required = {_group(problem, number) for number, visit in enumerate(problem.visits) if visit.required}
    required -= {_group(problem, number) for number in order}
    missing: dict[tuple[bool, int], int] = {}
    for number in range(len(problem.visits)):
        group = _group(problem, number)
        if group in required:
            missing.setdefault(group, number)
    return tuple(missing.values())


def check(problem: Problem, route: Route) -> list[str]:
    """The rules that a route breaks, each as a sentence; empty for a sound route. Walks it anew, trusting nothing.

    A required visit left out is no broken rule when the route names it in `missing`.
    """
    broken = []
    place, now = problem.start_place, problem.begins
    groups: set[tuple[bool, int]] = set()
    for number, starts in route.stops:
        visit = problem.visits[number]
        leg = _leg(problem, place, visit.place)
        if problem.longest_leg is not None and leg > problem.longest_leg:
            broken.append(f"the way to visit {number} takes {leg}, longer than {problem.longest_leg}")
        if starts < now + leg:
            broken.append(f"visit {number} starts at {starts}, before one can be there at {now + leg}")
        if not visit.opens <= starts <= visit.closes:
            broken.append(f"visit {number} starts at {starts}, outside {visit.opens} to {visit.closes}")
        if _group(problem, number) in groups:
            broken.append(f"visit {number} is made although its group has been visited")
        groups.add(_group(problem, number))
        place, now = visit.place, starts + visit.minutes
    leg = _leg(problem, place, problem.end_place)
    if problem.longest_leg is not None and leg > problem.longest_leg:
        broken.append(f"the way to the end takes {leg}, longer than {problem.longest_leg}")
    if now + leg > problem.ends:
        broken.append(f"the end is reached at {now + leg}, after {problem.ends}")
    value = value_of(problem, route.stops)
    if value != route.value:
        broken.append(f"the route is worth {value}, not {route.value}")
    missing = missing_visits(problem, [stop.visit for stop in route.stops])
    if missing != route.missing:
        broken.append(f"the required visits {missing} are missing, not {route.missing}")
    return broken


def _leg(problem: Problem, place: int | None, to: int | None) -> int:
    return 0 if place is None or to is None else problem.travel[place][to]


def _group(problem: Problem, number: int) -> tuple[bool, int]:
    """What at most one visit is made of: the visit's group, or the visit itself."""
    group = problem.visits[number].group
    return (False, number) if group is None else (True, group)
