"""What the rest of a day can bring at best: the bound, and the guide, of the search for a route.

A route is allowed to make the same visit again and again, but pays a price for each, which it gets back once. The
best such route is quickly found for every place and time. It is never worth less than the best true route, and comes
closer to it the better the prices are (Lagrangian relaxation of "at most once"; Christofides, Mingozzi and Toth 1981).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bryggan.fair.planning.orienteering_field import NEVER, NOTHING, Field, Floats, Ints

MOST_BUCKETS = 2000


@dataclass
class Prices:
    """What a route pays for visiting a group, and for the (n+1)th visit of a theme; each is paid back once."""

    groups: Floats
    themes: Floats  # One row per theme; the last column is 0, for it may be used any number of times.

    def total(self) -> float:
        return float(self.groups.sum() + self.themes.sum())

    def copy(self) -> Prices:
        return Prices(self.groups.copy(), self.themes.copy())


@dataclass(eq=False, slots=True)
class _Block:
    """Buckets of time from `low` up to `stop`: the places one can be ready to leave, and the visits that can start."""

    low: int
    stop: int
    here: Ints
    visits: Ints  # By place.
    after: Ints  # Where in `rest` each continues, per bucket of its start.
    closed: Floats  # NOTHING where a visit cannot start, else 0.
    heads: Ints  # The first visit of each place.
    places: Ints


class Outlook:
    """The most that the rest of a day can bring, per place and bucket of time, at given prices.

    Times are rounded down to buckets, so that the answer errs upwards only. A bucket is no longer than the shortest
    visit with its way, so that each looks only at later ones, and several (`block`) can be reckoned at once; were that
    too many buckets, they are made longer, and the outlook is not `sound`: a guide, but no bound.
    """

    def __init__(self, day: Field, buckets: int) -> None:
        self.day = day
        places = len(day.travel)
        least = np.full(places, NEVER)
        np.minimum.at(least, day.place, day.minutes)
        legs = day.travel.copy()
        alone = np.bincount(day.place, minlength=places) == 1
        legs[alone, alone] = NEVER
        hop = least[:, None] + legs
        span = max(1, day.ends - day.begins)
        shortest = int(min(hop.min(initial=NEVER), span))
        self.width = max(1, min(shortest, span // buckets), span // MOST_BUCKETS)
        self.sound = self.width <= shortest
        self.buckets = count = span // self.width + 2
        self.block = max(1, shortest // self.width)
        # Bucket b of `arrival` begins at begins + b * width; of row p in `rest`, least[p] later.
        self.offset = least
        self.stride = 2 * count + 1
        hops = np.clip(hop // self.width, 1, count)
        self.hops = hops
        self.base = np.arange(places) * self.stride + hops
        self.leg_cost = np.where(legs < NEVER, float(day.walk) * legs, np.inf) if day.walk else None
        self.opens = (day.opens - day.begins) // self.width
        self.closes = (day.closes - day.begins) // self.width
        self.served = (day.minutes - least[day.place]) // self.width
        self.earliest = (day.opens - day.begins + day.minutes - least[day.place]) // self.width
        order = np.argsort(day.place, kind="stable")
        self.order = order
        self.place_start = np.searchsorted(day.place[order], np.arange(places))
        ready = day.begins + np.arange(count)[None, :] * self.width + least[:, None]
        finish = ready + day.to_end[:, None]
        worth = -float(day.walk) * day.to_end[:, None] - float(day.wait) * (finish - day.begins)
        self.ending = np.where((finish <= day.ends) & (day.to_end[:, None] < NEVER), worth, NOTHING)
        self.first_ready = np.full(places, count)
        np.minimum.at(self.first_ready, day.place, self.earliest)
        self.last_ready = np.full(places, -1)
        leaves = (day.closes - day.begins + day.minutes - least[day.place]) // self.width
        np.maximum.at(self.last_ready, day.place, leaves)
        self.last_block = int(max(self.closes.max(initial=-1), leaves.max(initial=-1)))
        # What one pricing costs, in partial routes.
        self.work = places * count // 64 + 8 * (count // self.block) + 1
        self.rank = np.zeros(day.visits, np.int64)
        self.reduced = np.zeros(day.visits)
        self.blocks = self._blocks()

    def price(self, prices: Prices) -> float:
        """Look at the day at these prices. Gives the most that any route can be worth."""
        day, count, stride = self.day, self.buckets, self.stride
        themed = day.gain - prices.themes[day.theme]
        self.rank = themed.argmax(axis=1)
        self.reduced = reduced = themed.max(axis=1) - prices.groups[day.group]
        self.arrival = arrival = np.full((len(day.travel), stride), NOTHING)
        self.rest = rest = np.full((len(day.travel), count), NOTHING)
        flat, flat_rest = arrival.ravel(), rest.ravel()
        for block in self.blocks:
            low, stop = block.low, block.stop
            if len(block.here):
                onward = flat.take(self.base[block.here][:, None, :] + np.arange(low, stop)[None, :, None])
                if self.leg_cost is not None:
                    onward -= self.leg_cost[block.here][:, None, :]
                rest[block.here, low:stop] = np.maximum(onward.max(axis=2), self.ending[block.here, low:stop])
            if len(block.visits):
                worth = flat_rest.take(block.after)
                worth += reduced[block.visits][:, None]
                worth += block.closed
                if len(block.heads) < len(block.visits):
                    worth = np.maximum.reduceat(worth, block.heads, axis=0)
                arrival[block.places, low:stop] = worth
            later = arrival[:, stop::-1] if low == 0 else arrival[:, stop : low - 1 : -1]
            np.maximum.accumulate(later, axis=1, out=later)
        return float(self._from_start().max(initial=NOTHING)) + prices.total()

    def _blocks(self) -> list[_Block]:
        """The day in blocks of buckets, the last first: what does not depend on prices."""
        day, order, blocks = self.day, self.order, []
        high = min(self.last_block, self.buckets - 1)
        while high >= 0:
            low = max(0, high - self.block + 1)
            now = np.arange(low, high + 1)
            here = np.nonzero((self.first_ready <= high) & (self.last_ready >= low))[0]
            visits = order[(self.opens[order] <= high) & (self.closes[order] >= low)]
            place = day.place[visits]
            after = np.maximum(now[None, :] + self.served[visits][:, None], self.earliest[visits][:, None])
            np.minimum(after, self.buckets - 1, out=after)
            shut = (now[None, :] < self.opens[visits][:, None]) | (now[None, :] > self.closes[visits][:, None])
            closed = np.where(shut, NOTHING, 0.0)
            heads = np.nonzero(place != np.concatenate(([-1], place[:-1])))[0]
            index = place[:, None] * self.buckets + after
            blocks.append(_Block(low, high + 1, here, visits, index, closed, heads, place[heads]))
            high = low - 1
        return blocks

    def _from_start(self) -> Floats:
        """What setting out to each place is worth."""
        day = self.day
        bucket = np.minimum(day.from_start // self.width, self.buckets)
        worth = self.arrival[np.arange(len(day.travel)), bucket] - float(day.walk) * day.from_start
        return np.where(day.from_start < NEVER, worth, NOTHING)

    def after(self, visit: Ints, starts: Ints) -> Floats:
        """The most that can follow these visits, started then."""
        day = self.day
        place = day.place[visit]
        bucket = (starts + day.minutes[visit] - self.offset[place] - day.begins) // self.width
        return self.rest.ravel().take(place * self.buckets + bucket)

    def tempting(self) -> list[int]:
        """The visits, with repetitions, of a route that reaches the greatest worth at the current prices."""
        day = self.day
        found: list[int] = []
        worth = self._from_start()
        bucket = np.minimum(day.from_start // self.width, self.buckets)
        ending = NOTHING
        while len(found) <= self.buckets:
            place = int(worth.argmax()) if len(worth) else 0
            if not len(worth) or worth[place] <= max(ending, NOTHING / 2):
                break
            row = self.arrival[place, bucket[place] :]
            at = int(bucket[place]) + int(np.count_nonzero(row >= row[0])) - 1
            begin = self.place_start[place]
            stop = self.place_start[place + 1] if place + 1 < len(self.place_start) else len(self.order)
            here = self.order[begin:stop]
            after = np.minimum(np.maximum(at + self.served[here], self.earliest[here]), self.buckets - 1)
            options = np.where(
                (self.opens[here] <= at) & (self.closes[here] >= at),
                self.rest[place, after] + self.reduced[here],
                NOTHING,
            )
            best = int(options.argmax())
            found.append(int(here[best]))
            ready = int(after[best])
            bucket = np.minimum(ready + self.hops[place], self.stride - 1)
            worth = self.arrival[np.arange(len(day.travel)), bucket]
            if self.leg_cost is not None:
                worth = worth - self.leg_cost[place]
            ending = self.ending[place, ready]
        return found


class Bargain:
    """Prices sought by which no route can be worth much more than the best known (subgradient steps)."""

    def __init__(self, outlook: Outlook, prices: Prices | None = None) -> None:
        day = outlook.day
        self.outlook = outlook
        nothing = Prices(np.zeros(day.group_count), np.zeros((day.theme_count + 1, day.gain.shape[1])))
        self.prices = prices or nothing
        self.best = self.prices.copy()
        self.bound = np.inf
        self.pace = 1.0
        self.idle = 0
        self.free = np.zeros(day.group_count, np.bool_)  # Whose price may fall below 0: they must be visited.
        self.free[day.required] = True

    def improve(self, known: float) -> bool:
        """One step. False when these prices cannot be bettered."""
        day, prices = self.outlook.day, self.prices
        bound = self.outlook.price(prices)
        if bound < self.bound - 1e-3:
            self.bound, self.best, self.idle = bound, prices.copy(), 0
        else:
            self.idle += 1
            if self.idle >= 5:
                self.pace, self.idle = self.pace * 0.6, 0
        made = np.array(self.outlook.tempting(), np.int64)
        over = np.bincount(day.group[made], minlength=day.group_count) - 1.0
        over[(prices.groups <= 0) & (over < 0) & ~self.free] = 0
        crowd = np.zeros_like(prices.themes)
        np.add.at(crowd, (day.theme[made], self.outlook.rank[made]), 1.0)
        crowd[:-1] -= 1.0
        crowd[(prices.themes <= 0) & (crowd < 0)] = 0
        crowd[-1] = 0
        crowd[:, -1] = 0
        size = float((over**2).sum() + (crowd**2).sum())
        if not size or self.pace < 1e-3:
            return False
        target = known if np.isfinite(known) else bound - abs(bound) * 0.1
        stride = self.pace * max(bound - target, 1e-3) / size
        groups = prices.groups + stride * over
        groups[~self.free] = np.maximum(groups[~self.free], 0)
        self.prices = Prices(groups, np.maximum(prices.themes + stride * crowd, 0))
        return True
