"""Days for several classes of a school at once, who share what seats there are.

First everyone plans as if alone. Then seats are given out as in a game of choosing sides: the class that so far has
the smallest part of its own best day takes the next stop, the scarcest of those it plans for; whose plan has lost its
seats plans anew around what it has got. In the end each class, the worst off first, may better its day with the seats
that are left. So nobody has an empty day while another has a full one, unless nothing can be done about it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bryggan.fair.planning.dayproblem import DayPrices, DayProblem, Weights
from bryggan.fair.planning.dayrules import Candidate, DayStop, Frame, Key
from bryggan.fair.planning.daysearch import Effort, best_day
from bryggan.fair.planning.planner import USUAL, DayPlan, plan_of
from bryggan.fair.planning.walking import Walks

# A day alone is searched well; one that differs by a full occasion from one searched before needs less.
_ALONE = Effort(rounds=5, width=150, more_rounds=0)
_AGAIN = Effort(rounds=2, width=80, more_rounds=0)


@dataclass(frozen=True, slots=True)
class Supply:
    """Seats at an occasion. `stays` are those that others have taken of them, as (begins, ends, seats).

    Seats of a stay are free again when it ends: open hours have room for as many as are there at a time.
    """

    seats: int
    stays: tuple[tuple[int, int, int], ...] = ()

    def room(self, begins: int, ends: int) -> int:
        """Seats free all through from `begins` to `ends`."""
        inside = [stay for stay in self.stays if stay[0] < ends and begins < stay[1]]
        moments = {begins, *(max(begins, stay[0]) for stay in inside)}
        taken = (sum(seats for first, last, seats in inside if first <= moment < last) for moment in moments)
        return self.seats - max(taken)

    def take(self, begins: int, ends: int, seats: int) -> Supply:
        return Supply(self.seats, (*self.stays, (begins, ends, seats)))

    def free(self, opens: int, closes: int, stay: int, seats: int) -> list[tuple[int, int]]:
        """The stretches of open hours in which there are so many seats for a stay, each as long as it can be."""
        marks = sorted({opens, closes, *(edge for one in self.stays for edge in one[:2] if opens < edge < closes)})
        found: list[tuple[int, int]] = []
        for begins, ends in itertools.pairwise(marks):
            if self.room(begins, ends) < seats:
                continue
            if found and found[-1][1] == begins:
                found[-1] = (found[-1][0], ends)
            else:
                found.append((begins, ends))
        return [stretch for stretch in found if stretch[1] - stretch[0] >= stay]


@dataclass(frozen=True)
class ClassDay:
    """What a class's day is planned from, as for `planner.plan_day`; seats as if nobody else at the school came."""

    frame: Frame
    candidates: Sequence[Candidate]
    walks: Walks
    locked: Sequence[DayStop] = ()
    excluded: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class _Part:
    """Key of a later stretch of an occasion's open hours."""

    key: Key
    number: int


@dataclass
class _Planned:
    """A class on its way to a day. `granted` are stops that it has seats for, `wished` those it plans besides."""

    given: ClassDay
    granted: list[DayStop] = field(default_factory=list)
    wished: list[DayStop] = field(default_factory=list)
    prices: DayPrices | None = None
    value: int = 0
    alone: int = 0

    @property
    def share(self) -> float:
        """How much of its own best day it has got, by the worth of the stops."""
        return sum(stop.worth for stop in self.granted) / max(1, self.alone)


def plan_school(
    classes: Sequence[ClassDay],
    supplies: Mapping[Key, Supply] | None = None,
    *,
    weights: Weights = USUAL,
    progress: Callable[[int, int], None] | None = None,
) -> list[DayPlan]:
    """A day for each class, in the order given, that together need no more seats than there are.

    `supplies` are by `Candidate.supply` (or key); a candidate without one there has its own `seats_left` for all, no
    limit where that is None. A locked stop with seats needs no more. `progress` hears how much is done, of how much.
    """
    school = _School(classes, dict(supplies or {}), weights, progress)
    return school.plan()


class _School:
    def __init__(
        self,
        classes: Sequence[ClassDay],
        supplies: dict[Key, Supply],
        weights: Weights,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.weights, self.progress = weights, progress
        self.classes = [_Planned(given) for given in classes]
        self.steps, self.done = 4 * len(classes), 0
        self.supplies = supplies
        self.by_key = [{one.key: one for one in given.candidates} for given in classes]
        for given in classes:
            for one in given.candidates:
                if one.seats_left is not None and _drawn(one) not in supplies:
                    self.supplies[_drawn(one)] = Supply(max(0, one.seats_left))

    def plan(self) -> list[DayPlan]:
        for number, one in enumerate(self.classes):
            for stop in one.given.locked:
                if not stop.has_seats:
                    self._take(number, stop)
        for number, one in enumerate(self.classes):
            one.alone = self._plan_anew(number, _ALONE)
            self._step()
        self._give_out()
        made = [DayPlan((), 0, 0, False)] * len(self.classes)
        # Twice: what one gives back may be what another, who came before, would have liked.
        for _ in range(2):
            for number in sorted(range(len(self.classes)), key=lambda at: (self.classes[at].share, at)):
                made[number] = self._settle(number)
                self._step()
        return [self._named(plan) for plan in made]

    def _give_out(self) -> None:
        """Seats to one stop at a time, always to the class with the smallest share."""
        waiting = set(range(len(self.classes)))
        while waiting:
            number = min(waiting, key=lambda at: (self.classes[at].share, len(self.classes[at].granted), at))
            one = self.classes[number]
            if any(not self._has_room(number, stop) for stop in one.wished):
                self._plan_anew(number, _AGAIN)
            if not one.wished:
                waiting.remove(number)
                self._step()
                continue
            stop = min(one.wished, key=lambda wish: (self._slack(number, wish), wish.begins))
            one.wished.remove(stop)
            one.granted.append(stop)
            self._take(number, stop)

    def _settle(self, number: int) -> DayPlan:
        """The class's day for good: the best that its own seats and the free ones allow."""
        one = self.classes[number]
        for stop in one.granted:
            self._give_back(number, stop)
        problem = self._problem(number, self._offered(number), ())
        plan = plan_of(problem, best_day(problem.day, _AGAIN, problem.prices(one.prices)))
        if plan.value < one.value:
            # The search was unlucky: what has been given out is a day too.
            problem = self._problem(number, self._offered(number, one.granted), one.granted)
            plan = plan_of(problem, best_day(problem.day, _AGAIN, problem.prices(one.prices)))
        own = {stop.key for stop in one.given.locked}
        one.granted = [stop for stop in plan.stops if stop.kind == "session" and stop.key not in own]
        one.value = plan.value
        for stop in one.granted:
            self._take(number, stop)
        return plan

    def _named(self, plan: DayPlan) -> DayPlan:
        """With the caller's own keys."""
        stops = tuple(replace(stop, key=_whole(stop.key)) for stop in plan.stops)
        chosen = {stop.key for stop in stops}
        occasions = {
            key: why for key, why in plan.occasions.items() if not isinstance(key, _Part) and key not in chosen
        }
        return replace(plan, stops=stops, occasions=occasions)

    def _plan_anew(self, number: int, effort: Effort) -> int:
        """Plan around what has been granted, with the seats that are left; what the day is worth."""
        one = self.classes[number]
        problem = self._problem(number, self._offered(number, one.granted), one.granted)
        found = best_day(problem.day, effort, problem.prices(one.prices))
        one.prices = problem.named_prices(found)
        kept = {id(stop) for stop in problem.locked}
        stops = problem.stops(found)
        one.wished = [stop for stop in stops if stop.kind == "session" and id(stop) not in kept]
        one.value = problem.value(stops)
        return one.value

    def _problem(self, number: int, candidates: Sequence[Candidate], granted: Sequence[DayStop]) -> DayProblem:
        given = self.classes[number].given
        return DayProblem(
            given.frame, candidates, given.walks, [*given.locked, *granted], given.excluded, self.weights
        )

    def _offered(self, number: int, granted: Sequence[DayStop] = ()) -> list[Candidate]:
        """The class's candidates with the seats that are left now; its own stops as they are."""
        own = {stop.key for stop in (*self.classes[number].given.locked, *granted)}
        offered: list[Candidate] = []
        for one in self.classes[number].given.candidates:
            supply = self.supplies.get(_drawn(one))
            if supply is None or one.key in own:
                offered.append(replace(one, seats_left=None) if one.key in own else one)
            elif not one.is_open:
                offered.append(replace(one, seats_left=supply.room(one.opens, one.closes)))
            else:
                stretches = supply.free(one.opens, one.closes, max(1, one.stay), one.seats_needed)
                offered += [
                    replace(one, key=_Part(one.key, part) if part else one.key, opens=a, closes=b, seats_left=None)
                    for part, (a, b) in enumerate(stretches)
                ] or [replace(one, seats_left=max(0, min(supply.seats, one.seats_needed - 1)))]
        # A granted stop in a later stretch is known by that stretch's key.
        known = {one.key for one in offered}
        for stop in granted:
            if stop.key not in known:
                offered.append(replace(self.by_key[number][_whole(stop.key)], key=stop.key, seats_left=None))
        return offered

    def _candidate(self, number: int, stop: DayStop) -> Candidate | None:
        return None if stop.key is None else self.by_key[number].get(_whole(stop.key))

    def _slack(self, number: int, stop: DayStop) -> float:
        """How many classes like this one there is room for."""
        one = self._candidate(number, stop)
        supply = self.supplies.get(_drawn(one)) if one else None
        return (
            float("inf") if one is None or supply is None else supply.room(stop.begins, stop.ends) / one.seats_needed
        )

    def _has_room(self, number: int, stop: DayStop) -> bool:
        return self._slack(number, stop) >= 1

    def _take(self, number: int, stop: DayStop) -> None:
        one = self._candidate(number, stop)
        if one is not None and _drawn(one) in self.supplies:
            supply = self.supplies[_drawn(one)]
            self.supplies[_drawn(one)] = supply.take(stop.begins, stop.ends, one.seats_needed)

    def _give_back(self, number: int, stop: DayStop) -> None:
        one = self._candidate(number, stop)
        if one is not None and _drawn(one) in self.supplies:
            supply = self.supplies[_drawn(one)]
            stays = list(supply.stays)
            stays.remove((stop.begins, stop.ends, one.seats_needed))
            self.supplies[_drawn(one)] = Supply(supply.seats, tuple(stays))

    def _step(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.steps)


def _drawn(candidate: Candidate) -> Key:
    return candidate.key if candidate.supply is None else candidate.supply


def _whole(key: Key | None) -> Key:
    return key.key if isinstance(key, _Part) else key
