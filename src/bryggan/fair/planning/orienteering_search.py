"""How the time of a search is spent: growing ever more partial routes at ever better prices, mending the best."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np

from bryggan.fair.planning.orienteering_field import Field, Ints
from bryggan.fair.planning.orienteering_growth import grow
from bryggan.fair.planning.orienteering_outlook import Bargain, Outlook, Prices

# Found by trying on published problems and made-up days (bench/planner.md).
BUCKETS = 300  # Of time, in the outlook.
FIRST_KEEP, MOST_KEPT = 50, 60_000  # Partial routes kept of each length, at first and at most.
SHAKE = 0.3  # How much prices are varied, every other time, to find other routes.
HAGGLE_SHARE = 0.25  # Time for better prices, of that for the growth before,
PRICINGS, PRICINGS_SHARE = 15, 0.06  # but at least so many, unless they take more than this of all time.
WIDEN_SHARE = 0.5  # Twice as many are kept when that is thought to take less than this of the time left.
PROOF_KEEP = 800  # Below, there is neither shaking nor mending: they would delay the proof of a small problem.
MEND_SHARE = 1.0  # Time for mending, of that for the growth before.
MEND_STOPS = (3, 12)  # The stretch that is replaced.
MEND_BUCKETS, MEND_PRICINGS, MEND_KEEP = 100, 5, 100
MEND_IDLE, MEND_KICKS = 30, 3  # Vain stretches before visits are forbidden; times that in a row before starting over.


class Budget:
    """How much of the time or the steps is used up."""

    def __init__(self, seconds: float | None, steps: int | None) -> None:
        self.seconds, self.steps = seconds, steps
        self.began = time.perf_counter()
        self.taken = 0

    def renewed(self) -> Budget:
        """What is left, but at least a quarter of it all."""
        left = max(0.25, 1 - self.used())
        seconds = None if self.seconds is None else self.seconds * left
        return Budget(seconds, None if self.steps is None else int(self.steps * left))

    def spend(self, steps: int) -> bool:
        """Note that these are about to be taken. False when there is no more."""
        self.taken += steps
        return self.used() < 1

    def used(self) -> float:
        used = 0.0
        if self.steps is not None:
            used = self.taken / max(1, self.steps)
        if self.seconds is not None:
            used = max(used, (time.perf_counter() - self.began) / max(1e-9, self.seconds))
        return used


class Search:
    """A search for the route of greatest worth, with all visits that the field requires.

    Afterwards `order` is the best (None: none found) and `worth` what it is worth, `proven` whether there is no better
    (none at all), `bound` what no route but an empty one can be worth more than.
    """

    def __init__(self, day: Field, budget: Budget, seed: int) -> None:
        self.budget = budget
        self.chance = np.random.default_rng(seed)
        self.visits = day.possible()
        self.day = day.part(self.visits)
        self.impossible = len(self.day.required) < len(day.required)
        self.row = {int(visit): row for row, visit in enumerate(self.visits)}
        self.best: list[int] | None = None
        self.worth = -math.inf
        self.proven = False
        self.bound = math.inf

    @property
    def order(self) -> list[int] | None:
        return None if self.best is None else [int(self.visits[row]) for row in self.best]

    def know(self, order: Sequence[int], worth: float) -> None:
        """Learn of a route that breaks no rule."""
        if worth > self.worth:
            self.best, self.worth = [self.row[visit] for visit in order], worth

    def run(self) -> None:
        if self.impossible or not len(self.visits):
            self.proven, self.bound = True, -math.inf
            return
        self.outlook = Outlook(self.day, BUCKETS)
        self.bargain = Bargain(self.outlook)
        mender: _Mender | None = None
        keep, cost, shaken = FIRST_KEEP, 0.0, False
        while True:
            self._haggle(HAGGLE_SHARE * cost)
            if self.proven or self.budget.used() >= 1:
                return
            began = self.budget.used()
            self._grow(keep, self._shaken() if shaken else self.bargain.best)
            if self.proven:
                return
            cost = self.budget.used() - began
            left = 1 - self.budget.used()
            wider = 2 * cost < WIDEN_SHARE * left
            varied = keep >= PROOF_KEEP or not wider
            shaken = varied and not shaken
            if varied and self.best:
                mender = mender or _Mender(self)
                mender.mend(1.0 if cost > left else self.budget.used() + MEND_SHARE * cost)
            if wider:
                keep = min(MOST_KEPT, 2 * keep)

    def _haggle(self, share: float) -> None:
        began, turn = self.budget.used(), 0
        while self.budget.spend(self.outlook.work):
            turn += 1
            going = self.bargain.improve(self.worth)
            if self.outlook.sound:
                self.bound = self.bargain.bound
                self.proven = self.bound < self.worth + self.day.step - 1e-3
            used = self.budget.used() - began
            if self.proven or not going or (used >= share and (turn >= PRICINGS or used >= PRICINGS_SHARE)):
                return

    def _grow(self, keep: int, prices: Prices) -> None:
        self.outlook.price(prices)
        growth = grow(self.outlook, prices, self.worth, keep, self.budget.spend)
        if growth.order is not None:
            self.learn(growth.order)
        self.proven = growth.complete and self.outlook.sound

    def _shaken(self) -> Prices:
        prices = self.bargain.best
        shake = np.maximum(0, 1 + SHAKE * self.chance.standard_normal(len(prices.groups)))
        return Prices(prices.groups * np.where(self.bargain.free, 1.0, shake), prices.themes)

    def learn(self, rows: list[int]) -> None:
        worth = self.day.worth(rows)
        if worth > self.worth:
            self.best, self.worth = rows, worth


class _Mender:
    """Replaces one stretch of a route after another by the best that fits between the stops around it.

    When nothing has become better for a while, a visit or two of the stretch are forbidden, whatever it costs, and it
    goes on from there; after a few times in vain, from the best route again.
    """

    def __init__(self, search: Search) -> None:
        self.search, self.day, self.chance = search, search.day, search.chance
        self.top: list[int] = []
        self.route: list[int] = []
        self.idle = self.kicks = 0

    def mend(self, until: float) -> None:
        search = self.search
        if self.top != search.best:
            self._start_over()
        while search.budget.used() < until and search.budget.spend(1):
            shortest, longest = MEND_STOPS
            size = min(int(self.chance.integers(shortest, longest + 1)), len(self.route))
            first = int(self.chance.integers(0, len(self.route) - size + 1))
            before, inside, after = self.route[:first], self.route[first : first + size], self.route[first + size :]
            forbidden: list[int] = []
            if self.idle > MEND_IDLE:
                number = min(size, int(self.chance.integers(1, 3)))
                forbidden = [int(visit) for visit in self.chance.choice(inside, number, replace=False)]
            self.idle += 1
            stretch = self._stretch(before, inside, after, forbidden)
            if stretch is None:
                continue
            changed = [*before, *stretch, *after]
            if not changed or (not forbidden and self.day.worth(changed) <= self.day.worth(self.route)):
                continue
            self.route, self.idle = changed, 0
            self.kicks += bool(forbidden)
            if self.day.worth(changed) > search.worth:
                search.learn(changed)
                self.top, self.kicks = changed, 0
            if self.kicks > MEND_KICKS:
                self._start_over()

    def _start_over(self) -> None:
        self.top = self.route = self.search.best or []
        self.idle = self.kicks = 0

    def _stretch(
        self, before: list[int], inside: list[int], after: list[int], forbidden: list[int]
    ) -> list[int] | None:
        """Better visits than `inside`, or the best without the forbidden ones; None when there are none."""
        found = self.day.between(before, after, forbidden)
        if found is None:
            return None
        part, visits = found
        row = {int(visit): index for index, visit in enumerate(visits)}
        known = -math.inf
        if not forbidden:
            if any(visit not in row for visit in inside):
                return None
            known = part.worth([row[visit] for visit in inside])
        prices = self.search.bargain.best
        outlook = Outlook(part, MEND_BUCKETS)
        bargain = Bargain(outlook, Prices(prices.groups[self._groups(part, visits)], prices.themes))
        for _ in range(MEND_PRICINGS):
            self.search.budget.spend(outlook.work)
            if not bargain.improve(known) or bargain.bound < known + part.step - 1e-3:
                break
        if bargain.bound < known + part.step - 1e-3:
            return None
        outlook.price(bargain.best)
        growth = grow(outlook, bargain.best, known, MEND_KEEP, self.search.budget.spend)
        return None if growth.order is None else [int(visits[index]) for index in growth.order]

    def _groups(self, part: Field, visits: Ints) -> Ints:
        """The numbers in the whole day of the groups of a part of it."""
        groups = np.zeros(part.group_count, np.int64)
        groups[part.group] = self.day.group[visits]
        return groups
