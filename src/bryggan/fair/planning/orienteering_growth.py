"""Partial routes, many at a time, grown by one visit after the other, in search of one worth more than a known route.

Those that cannot come to more than the best known, by the outlook, are thrown away; also those that another dominates:
it is at the same place no later, worth no less, and may still make every visit that the first may. The most promising
of the others are kept. If none had to go but for these reasons, what was found is proven to be the best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from bryggan.fair.planning.orienteering_field import NOTHING, Bools, Field, Floats, Ints
from bryggan.fair.planning.orienteering_outlook import Outlook, Prices

MOST_PAIRS = 2_000_000  # Compared for dominance in one step.

Words = npt.NDArray[np.uint64]
Octets = npt.NDArray[np.uint8]


@dataclass
class Growth:
    """What growing partial routes came to."""

    order: list[int] | None  # None: nothing better than was known.
    worth: float
    complete: bool  # No partial route was thrown away that could have become better.


@dataclass(eq=False)
class _Routes:
    """Partial routes, one per row: the last visit and its start, what all are worth (`promise`: prices paid), the
    groups visited as bits, the visits per theme, a number for the set of visits, the row they were grown from."""

    last: Ints
    starts: Ints
    worth: Floats
    promise: Floats
    visited: Words
    seen: Octets
    key: Ints
    parent: Ints

    def pick(self, chosen: Ints | Bools) -> _Routes:
        return _Routes(*(getattr(self, column.name)[chosen] for column in fields(self)))


def grow(outlook: Outlook, prices: Prices, known: float, keep: int, spend: Callable[[int], bool]) -> Growth:
    """Look for a route worth more than `known`, keeping the `keep` most promising partial routes of each length.

    The outlook is at these prices. `spend` is told how many partial routes are about to be extended, and answers False
    when that is too much.
    """
    return _Grower(outlook, prices, known, keep).grow(spend)


class _Grower:
    def __init__(self, outlook: Outlook, prices: Prices, known: float, keep: int) -> None:
        self.day = day = outlook.day
        self.outlook, self.keep = outlook, keep
        self.marks = _Marks(day)
        self.spare = prices.total()
        self.reduced = day.gain - prices.themes[day.theme] - prices.groups[day.group][:, None]
        self.order: list[int] | None = None
        self.complete = True
        self.history: list[tuple[Ints, Ints]] = []
        self._know(known)

    def grow(self, spend: Callable[[int], bool]) -> Growth:
        routes = self._first()
        while True:
            alive = self.marks.in_time(routes.visited, self.day.place[routes.last], self._ready(routes))
            if not alive.all():
                routes = routes.pick(alive)
            if not len(routes.last):
                return Growth(self.order, self.best, self.complete)
            self.history.append((routes.parent, routes.last))
            self._end(routes)
            if not spend(len(routes.last)):
                return Growth(self.order, self.best, False)
            routes = self._extend(routes)

    def _know(self, best: float) -> None:
        self.best = best
        self.threshold = best + self.day.step - 1e-3 - self.spare

    def _ready(self, routes: _Routes) -> Ints:
        return routes.starts + self.day.minutes[routes.last]

    def _first(self) -> _Routes:
        day = self.day
        starts = np.maximum(day.begins + day.from_start[day.place], day.opens)
        last = np.nonzero(starts <= day.closes)[0]
        way = day.walk * day.from_start[day.place[last]]
        visited, seen = self.marks.none(len(last))
        visited, seen = self.marks.add(visited, seen, last)
        worth, promise = day.gain[last, 0] - way, self.reduced[last, 0] - way
        nobody = np.full(len(last), -1)
        return _Routes(last, starts[last], worth, promise, visited, seen, self.marks.key[last], nobody)

    def _end(self, routes: _Routes) -> None:
        """Let each end here, and remember the best."""
        day = self.day
        home = day.to_end[day.place[routes.last]]
        finish = self._ready(routes) + home
        value = routes.worth - day.walk * home - day.wait * (finish - day.begins)
        value[(finish > day.ends) | ~self.marks.all_required(routes.visited)] = NOTHING
        top = int(value.argmax())
        if value[top] > max(self.best, NOTHING / 2):
            self.order = _retrace(self.history, top)
            self._know(float(value[top]))

    def _extend(self, routes: _Routes) -> _Routes:
        day, marks, keep = self.day, self.marks, self.keep
        place = day.place[routes.last]
        begin = self._ready(routes)[:, None] + day.travel[place][:, day.place]
        np.maximum(begin, day.opens[None, :], out=begin)
        possible = begin <= day.closes[None, :]
        possible &= ~marks.unpack(routes.visited)[:, day.group]
        row, visit = np.nonzero(possible)
        begin = begin[row, visit]
        promise = routes.promise[row] + self.reduced[visit, routes.seen[row, day.theme[visit]]]
        if day.walk:
            promise -= day.walk * day.travel[place[row], day.place[visit]]
        hope = promise + self.outlook.after(visit, begin)
        chosen = np.nonzero(hope >= self.threshold)[0]
        chosen = self._most_hopeful(chosen, hope, 6 * keep)
        key = routes.key[row[chosen]] + marks.key[visit[chosen]]
        same = key + marks.place_key[visit[chosen]]
        distinct = _distinct(same, begin[chosen] + day.minutes[visit[chosen]], promise[chosen])
        chosen, key = chosen[distinct], key[distinct]
        fewer = self._most_hopeful(np.arange(len(chosen)), hope[chosen], 2 * keep)
        chosen, key = chosen[fewer], key[fewer]

        row, visit = row[chosen], visit[chosen]
        worth = routes.worth[row] + day.gain[visit, routes.seen[row, day.theme[visit]]]
        if day.walk:
            worth -= day.walk * day.travel[place[row], day.place[visit]]
        visited, seen = marks.add(routes.visited[row], routes.seen[row], visit)
        grown = _Routes(visit, begin[chosen], worth, promise[chosen], visited, seen, key, row)
        kept = np.nonzero(~marks.dominated(visit, self._ready(grown), worth, visited, seen))[0]
        return grown.pick(self._most_hopeful(kept, hope[chosen], keep))

    def _most_hopeful(self, chosen: Ints, hope: Floats, number: int) -> Ints:
        if len(chosen) <= number:
            return chosen
        self.complete = False
        return chosen[np.argpartition(-hope[chosen], number)[:number]]


def _distinct(key: Ints, ready: Ints, promise: Floats) -> Ints:
    """Of those who have made the same visits and are at the same place, not the later ones that are worth no more."""
    order = np.lexsort((-promise, ready, key))
    again = (key[order[1:]] == key[order[:-1]]) & (promise[order[1:]] <= promise[order[:-1]])
    return order[np.concatenate(([True], ~again))] if len(order) else order


def _retrace(history: list[tuple[Ints, Ints]], at: int) -> list[int]:
    order = []
    for parent, last in reversed(history):
        order.append(int(last[at]))
        at = int(parent[at])
    return order[::-1]


class _Marks:
    """What partial routes have done: groups visited, one bit each, and how many visits of each theme (at most the last
    rank that counts differently)."""

    def __init__(self, day: Field) -> None:
        self.day = day
        self.words = max(1, -(-day.group_count // 64))
        self.word = day.group // 64
        self.bit = np.uint64(1) << (day.group % 64).astype(np.uint64)
        self.most = day.gain.shape[1] - 1
        chance = np.random.default_rng(1)
        odd = chance.integers(1, 1 << 62, day.group_count + day.theme_count + 1 + len(day.travel))
        self.key = odd[day.group] + odd[day.group_count + day.theme]
        self.place_key = odd[day.group_count + day.theme_count + 1 + day.place]
        self.required = np.zeros(self.words, np.uint64)
        for group in day.required:
            self.required[group // 64] |= np.uint64(1) << np.uint64(group % 64)

    def none(self, number: int) -> tuple[Words, Octets]:
        return np.zeros((number, self.words), np.uint64), np.zeros((number, self.day.theme_count + 1), np.uint8)

    def add(self, visited: Words, seen: Octets, visit: Ints) -> tuple[Words, Octets]:
        rows = np.arange(len(visit))
        visited[rows, self.word[visit]] |= self.bit[visit]
        if self.day.theme_count and self.most:
            theme = self.day.theme[visit]
            counted = (theme < self.day.theme_count) & (seen[rows, theme] < self.most)
            seen[rows[counted], theme[counted]] += 1
        return visited, seen

    def unpack(self, visited: Words) -> Bools:
        octets = visited.astype("<u8", copy=False).view(np.uint8)
        return np.unpackbits(octets, axis=1, count=self.day.group_count, bitorder="little").view(np.bool_)

    def all_required(self, visited: Words) -> Bools:
        return np.asarray((self.required & ~visited == 0).all(axis=1))

    def in_time(self, visited: Words, place: Ints, ready: Ints) -> Bools:
        """Whether each can still come to all that is required."""
        alive = np.ones(len(place), np.bool_)
        for group in self.day.required:
            done = visited[:, group // 64] >> np.uint64(group % 64) & np.uint64(1) == 1
            alive &= done | (ready <= self.day.last_call[place, group])
        return alive

    def dominated(self, visit: Ints, ready: Ints, worth: Floats, visited: Words, seen: Octets) -> Bools:
        """Which of these another one dominates."""
        day, number = self.day, len(visit)
        place = day.place[visit]
        order = np.lexsort((ready, -worth, place))
        place, ready, visited, seen = place[order], ready[order], visited[order], seen[order]
        closed = ready[:, None] > day.last_call[place]
        padded = np.zeros((number, self.words * 64), np.bool_)
        padded[:, : day.group_count] = closed[:, : day.group_count]
        out = np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64, copy=False)
        out = ~(visited | out)
        local = np.arange(number) - np.searchsorted(place, place)
        limit = int(local.max(initial=0))
        while limit > 8 and int(np.minimum(local, limit).sum()) > MOST_PAIRS:
            limit = limit * 2 // 3
        pairs = np.minimum(local, limit)
        second = np.repeat(np.arange(number), pairs)
        first = np.arange(len(second)) - np.repeat(np.cumsum(pairs) - pairs, pairs) + (second - local[second])
        fits = ready[first] <= ready[second]
        first, second = first[fits], second[fits]
        for word in range(self.words):
            fits = visited[first, word] & out[second, word] == 0
            if self.required[word]:
                fits &= visited[second, word] & self.required[word] & ~visited[first, word] == 0
            first, second = first[fits], second[fits]
        if day.theme_count and self.most:
            room = np.where(closed[:, day.group_count :], np.uint8(255), seen[:, :-1])
            fits = (seen[first, :-1] <= room[second]).all(axis=1)
            second = second[fits]
        gone = np.zeros(number, np.bool_)
        gone[order[second]] = True
        return gone
