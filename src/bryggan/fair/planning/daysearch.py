"""The search for a class's best day, on numbers alone. What the numbers mean is `planner.py`'s to know.

Days are built stop by stop, all of equally many stops at once. One that cannot beat the best known, by the table of
`daybound.py`, goes; so does one that is worth no more than another with the same visits, and is later. When those left
are more than allowed, the most promising stay. When that never happened, the answer is proven to be the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bryggan.fair.planning.daybound import LUNCH_LOSS, NEVER, STEP, Array, Bound, Day, Prices, Stage


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to search: rounds of better prices and how many days are kept at a step, at first and if need be."""

    rounds: int = 4
    width: int = 200
    more_rounds: int = 14
    full_width: int = 1200


@dataclass(frozen=True, slots=True)
class Found:
    """The best day: visits in order, as (number of the item, or -1 - number of the anchor; place; when it begins)."""

    visits: tuple[tuple[int, int, int], ...]
    value: int
    bound: int
    proven: bool
    prices: Prices


THOROUGH = Effort()


def best_day(day: Day, effort: Effort = THOROUGH, prices: Prices | None = None) -> Found:
    """The best day found. Takes no look at the clock: the same day gets the same answer."""
    return _Search(day, prices).run(effort)


@dataclass(slots=True)
class _Labels:
    """Days so far, one a row. `rest` is what the bound adds whatever is still to come."""

    place: Array
    time: Array
    lunch: Array
    value: Array
    rest: Array
    visited: Array
    counts: Array
    key: Array
    trail: Array

    def take(self, which: Array) -> _Labels:
        return _Labels(*(getattr(self, name)[which] for name in self.__slots__))

    def __len__(self) -> int:
        return len(self.place)


class _Search:
    def __init__(self, day: Day, prices: Prices | None) -> None:
        self.day = day
        self.table = Bound(day, prices)
        # The last level is "has eaten".
        self.fed = self.table.levels - 1
        # A number of its own for each session: their sum tells a set of visits from another.
        self.names = np.random.default_rng(7).integers(1, 2**62, size=day.sessions + 1, dtype=np.int64)
        self.best_value: int | None = None
        self.best: tuple[tuple[int, int, int], ...] = ()
        # The most that any day put aside for lack of room could be worth.
        self.aside = NEVER
        self.trail: list[tuple[int, int, int, int]] = []

    def run(self, effort: Effort) -> Found:
        self.table.lower(effort.rounds, None)
        value, complete = self._labels(effort.width)
        if not complete and effort.more_rounds and self.table.lowest >= value + 1:
            self.table.lower(effort.more_rounds, value)
            value, complete = self._labels(effort.full_width)
        lowest = min(self.table.lowest, max(self.aside, value))
        proven = complete or lowest < value + 1
        bound = value if proven else int(np.floor(lowest + 1e-3))
        return Found(self.best, value, max(bound, value), proven, self.table.prices)

    def _labels(self, width: int) -> tuple[int, bool]:
        """Build days, `width` at a step: the worth of the best known, and whether nothing promising was put aside."""
        day = self.day
        counts = np.array([[*day.counts, 0]], dtype=np.uint8)
        labels = _Labels(
            place=np.zeros(1, dtype=np.int64),
            time=np.array([day.begins]),
            lunch=np.zeros(1, dtype=np.int64),
            value=np.zeros(1, dtype=np.int64),
            rest=np.array([self.table.promised]),
            visited=np.zeros((1, day.sessions + 1), dtype=bool),
            counts=counts,
            key=np.zeros(1, dtype=np.int64),
            trail=np.full(1, -1, dtype=np.int64),
        )
        self.trail = []
        self.aside = NEVER
        complete = True
        for number, stage in enumerate(self.table.stages):
            # At first `place` is which of the anchor's places; then a place.
            arrived = [self._go_on(stage, number, labels, straight=True)]
            first = True
            while len(labels):
                labels, whole = self._extend(stage, labels, first, width)
                complete = complete and whole
                first = False
                if len(labels):
                    arrived.append(self._go_on(stage, number, labels, straight=False))
            kept = [group for group in arrived if len(group)]
            if not kept:
                break
            labels = _joined(kept)
            labels = labels.take(_undominated(labels.place * 2 + labels.lunch, labels.key, labels.time, labels.value))
            if len(labels) > width:
                promise = labels.value + labels.rest + self.table.afterwards[number][labels.lunch, labels.place]
                labels = labels.take(self._widest(promise, width))
                complete = False
        # The straight way from start to end is always there.
        return self.best_value or 0, complete

    def _widest(self, promise: Array, width: int) -> Array:
        """Which labels stay: the most promising, in the order they stood."""
        order = np.argsort(-promise, kind="stable")
        self.aside = max(self.aside, float(promise[order[width]]))
        return np.sort(order[:width])

    def _extend(self, stage: Stage, labels: _Labels, first: bool, width: int) -> tuple[_Labels, bool]:
        """The days with one stop more in this stage that may still be the best; and whether they are all there."""
        table = self.table
        items = stage.items
        if not len(items) or not stage.steps:
            return labels.take(np.zeros(0, dtype=np.int64)), True
        items = items[table.latest[items] >= labels.time.min()]
        way, cost = (stage.out, stage.out_cost) if first else (self.day.between, self.day.cost)
        arrive = labels.time[:, None] + way[labels.place][:, table.place[items]]
        opens = table.opens[items]
        begins = np.where(arrive <= opens, opens, -(-arrive // STEP) * STEP)
        ends = begins + table.minutes[items]
        sound = (begins <= table.latest[items]) & (ends <= stage.ends) & ~labels.visited[:, table.session[items]]
        sound &= ~(table.is_lunch[items][None, :] & (labels.lunch[:, None] == self.fed))
        row, column = np.nonzero(sound)
        begins, ends, items = begins[row, column], ends[row, column], items[column]
        place, session, theme = table.place[items], table.session[items], table.theme[items]
        count = labels.counts[row, theme]
        lunch = np.where(table.is_lunch[items], self.fed, labels.lunch[row])
        value = labels.value[row] + table.prize[items] - cost[labels.place[row], place] - table.penalty[theme, count]
        # What the prices promised back for one more of this session and theme has now been used.
        rest = labels.rest[row] - table.prices.sessions[session]
        rest += table.back[theme, count + 1] - table.back[theme, count]
        promise = value + rest + table.promise(stage, lunch, place, ends)
        key = labels.key[row] + self.names[session]

        kept = np.nonzero(promise >= (NEVER if self.best_value is None else self.best_value + 1 - 1e-3))[0]
        whole = True
        if len(kept) > 4 * width:
            kept, whole = kept[self._widest(promise[kept], 4 * width)], False
        kept = kept[_undominated(place[kept] * 2 + lunch[kept], key[kept], ends[kept], value[kept])]
        if len(kept) > width:
            kept, whole = kept[self._widest(promise[kept], width)], False

        numbers = np.arange(len(kept))
        row, items, session, theme = row[kept], items[kept], session[kept], theme[kept]
        visited, counts = labels.visited[row], labels.counts[row]
        visited[numbers, session] = session < self.day.sessions
        counts[numbers, theme] += theme < table.themes
        trail = self._left_by(labels.trail[row], items, place[kept], begins[kept])
        more = _Labels(
            place[kept], ends[kept], lunch[kept], value[kept], rest[kept], visited, counts, key[kept], trail
        )
        return more, whole

    def _go_on(self, stage: Stage, number: int, labels: _Labels, *, straight: bool) -> _Labels:
        """Labels as they arrive at the next anchor; at the end of the day the best one is noted."""
        copies = stage.direct.shape[1]
        row = np.repeat(np.arange(len(labels)), copies)
        copy = np.tile(np.arange(copies), len(labels))
        if straight:
            # Whatever time there is. A day without any stop is no walk.
            cost = stage.direct[labels.place[row], copy] * (not stage.is_all)
        else:
            cost = stage.on_cost[labels.place[row], copy]
            sound = labels.time[row] + stage.on[labels.place[row], copy] <= stage.ends
            row, copy, cost = row[sound], copy[sound], cost[sound]
        going = labels.take(row)
        going.value = going.value - cost
        if number == len(self.day.anchors):
            self._note_best(going, hungry=not (stage.is_all and straight))
            return going.take(np.zeros(0, dtype=np.int64))
        anchor = self.day.anchors[number]
        going.place = copy
        going.time = np.full(len(row), self.table.stages[number + 1].begins)
        places = np.array(anchor.places)[copy]
        same = np.ones(len(row), dtype=np.int64)
        going.trail = self._left_by(going.trail, same * (-1 - number), places, same * anchor.begins)
        return going

    def _note_best(self, whole: _Labels, *, hungry: bool) -> None:
        final = whole.value - np.where((whole.lunch < self.fed) & hungry, LUNCH_LOSS, 0)
        if len(final) and (self.best_value is None or final.max() > self.best_value):
            best = int(final.argmax())
            self.best_value = int(final[best])
            self.best = self._visits(int(whole.trail[best]))

    def _left_by(self, before: Array, items: Array, places: Array, begins: Array) -> Array:
        """Note one more visit of each label; the numbers of these notes."""
        first = len(self.trail)
        self.trail += zip(before.tolist(), items.tolist(), places.tolist(), begins.tolist(), strict=True)
        return np.arange(first, len(self.trail))

    def _visits(self, trail: int) -> tuple[tuple[int, int, int], ...]:
        made = []
        while trail >= 0:
            trail, item, place, begins = self.trail[trail]
            made.append((item, place, begins))
        return tuple(reversed(made))


def _undominated(where: Array, key: Array, time: Array, value: Array) -> Array:
    """Which of the labels are neither later nor worth less than another with the same visits at the same place."""
    order = np.lexsort((-value, time, where, key))
    for _ in range(2):
        one, other = order[:-1], order[1:]
        worse = (
            (key[one] == key[other])
            & (where[one] == where[other])
            & (time[one] <= time[other])
            & (value[one] >= value[other])
        )
        order = np.concatenate([order[:1], other[~worse]])
    return np.sort(order)


def _joined(groups: Sequence[_Labels]) -> _Labels:
    return _Labels(*(np.concatenate([getattr(group, name) for group in groups]) for name in _Labels.__slots__))
