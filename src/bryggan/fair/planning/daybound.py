"""How much a class's day could be worth at most, from wherever it has come to: the table that the search goes by.

Let a session be visited any number of times, at a price for each visit (Lagrange multipliers), and likewise let a
theme return at a fixed price. Then the best rest of a day depends on place, time and lunch alone, and a table of all
of them is filled backwards in milliseconds. The prices are moved, round by round, to where the table promises least.

The table knows steps of five minutes and rounds in the day's favour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# A class begins a stay of its own choice at even five minutes.
STEP = 5
# More minutes than any day has: there is no way.
NO_WAY = 1_000_000
# What a day loses without a required lunch, or with no time for the way between anchors, and what a session gains that
# is wanted before all others. They only set an order: no day's worth comes near.
LUNCH_LOSS = 10**10
LATE_LOSS = 10**9
MUST_GAIN = 10**7
NEVER = -1e18


@dataclass(frozen=True, slots=True)
class Item:
    """A visit that may be made, begun from `opens` to `latest`. One of each `session` at most; lunch has none (-1)."""

    place: int
    opens: int
    latest: int
    minutes: int
    prize: int = 0
    session: int = -1
    theme: int = -1
    is_lunch: bool = False


@dataclass(frozen=True, slots=True)
class Anchor:
    """A visit that is made, then, at one of `places`."""

    begins: int
    ends: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Day:
    """Minutes (breaks included) and costs of the ways: from the start, between places, to the end.

    `NO_WAY` where it is too far; `direct` is the cost nevertheless, paid between two anchors, or an anchor and the
    start or end, whatever time there is. `repeats[n]` is what one more of a theme costs that n are of, never falling,
    the last for all that follow; `counts` are how many of each theme the anchors are. The table has a column for
    each `step` minutes.
    """

    begins: int
    ends: int
    items: Sequence[Item]
    anchors: Sequence[Anchor]
    start: Array
    start_cost: Array
    between: Array
    cost: Array
    end: Array
    end_cost: Array
    direct_start: Array
    direct: Array
    direct_end: Array
    needs_lunch: bool
    repeats: tuple[int, ...]
    counts: Sequence[int]
    sessions: int
    step: int = STEP


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one more visit of each session, and one more of each theme. A good start for a day like it."""

    sessions: Array
    themes: Array


@dataclass(slots=True)
class Stage:
    """The time between two anchors, or the start, or the end; `items` are those that fit in it."""

    begins: int
    ends: int
    items: Array
    # Where it comes from: minutes to each place, and their cost; a row for each place that the anchor may be at.
    out: Array
    out_cost: Array
    # Where it goes: minutes from each place and cost, a column for each place of the next anchor.
    on: Array
    on_cost: Array
    # Straight from there to there; and that this is the whole day.
    direct: Array
    is_all: bool
    # The table, in steps since `first`.
    first: int = 0
    steps: int = 0
    slots: list[Any] = field(default_factory=list)
    lunches: list[Any] = field(default_factory=list)
    latest_on: Array = field(default_factory=lambda: np.zeros(0))
    leave: Array = field(default_factory=lambda: np.zeros(0))
    arrive: Array = field(default_factory=lambda: np.zeros(0))


class Bound:
    """The table for a day, and the prices that it is filled for. `value` is the best known, to aim the prices by."""

    def __init__(self, day: Day, prices: Prices | None) -> None:
        self.day = day
        self.step = day.step
        items = day.items
        self.place = np.array([item.place for item in items], dtype=np.int64)
        self.opens = np.array([item.opens for item in items], dtype=np.int64)
        self.latest = np.array([item.latest for item in items], dtype=np.int64)
        self.minutes = np.array([item.minutes for item in items], dtype=np.int64)
        self.prize = np.array([item.prize for item in items], dtype=np.int64)
        # Lunch is of a session and a theme of its own, that cost nothing.
        self.session = np.array(
            [item.session if item.session >= 0 else day.sessions for item in items], dtype=np.int64
        )
        self.themes = len(day.counts)
        self.theme = np.array([item.theme if item.theme >= 0 else self.themes for item in items], dtype=np.int64)
        self.is_lunch = np.array([item.is_lunch for item in items], dtype=bool)
        self.places = len(day.between)
        # The table for "has not eaten" and "has", or for the latter alone.
        self.levels = 2 if day.needs_lunch else 1
        self.repeats = np.array(day.repeats, dtype=np.int64)
        deepest = len(self.repeats) - 1
        self.penalty = np.zeros((self.themes + 1, 256), dtype=np.int64)
        self.penalty[: self.themes] = self.repeats[np.minimum(np.arange(256), deepest)]
        self.between_steps = -(-day.between // self.step)
        self.between_cost = np.where(day.between >= NO_WAY, np.inf, day.cost.astype(float))
        self.between_steps = np.where(day.between >= NO_WAY, 0, self.between_steps)
        self.stages = self._stages()
        if prices is None:
            wanted = np.zeros(day.sessions + 1)
            np.maximum.at(wanted, self.session, np.where(self.prize >= MUST_GAIN, MUST_GAIN, 0.0))
            wanted[day.sessions] = 0
            prices = Prices(wanted, np.zeros(self.themes + 1))
        self.prices = prices
        # No day is worth more than this.
        self.lowest = np.inf
        # About what a day is worth.
        self.size = 3.0 * float((self.prize % MUST_GAIN).max(initial=1))

    def _stages(self) -> list[Stage]:
        day = self.day
        anchors = list(day.anchors)
        stages = []
        reached = day.begins
        for number in range(len(anchors) + 1):
            before = anchors[number - 1] if number else None
            after = anchors[number] if number < len(anchors) else None
            begins = day.begins if before is None else max(reached, before.ends)
            reached = begins
            ends = day.ends if after is None else after.begins
            here = list(before.places) if before else []
            there = list(after.places) if after else []
            out = day.between[here] if before else day.start[None, :]
            out_cost = day.cost[here] if before else day.start_cost[None, :]
            on = day.between[:, there] if after else day.end[:, None]
            on_cost = day.cost[:, there] if after else day.end_cost[:, None]
            if before and after:
                direct, minutes = day.direct[np.ix_(here, there)], out[:, there]
            elif before:
                direct, minutes = day.direct_end[here][:, None], on[here]
            elif after:
                direct, minutes = day.direct_start[there][None, :], out[:, there]
            else:
                direct = minutes = np.zeros((1, 1), dtype=np.int64)
            # Anchors are kept even where there is no time for the way between them.
            direct = direct + np.where(begins + minutes <= ends, 0, LATE_LOSS)
            inside = np.nonzero(
                (np.maximum(self.opens, begins) <= self.latest)
                & (np.maximum(self.opens, begins) + self.minutes <= ends)
            )[0]
            stage = Stage(
                begins,
                ends,
                inside,
                out,
                out_cost,
                on,
                on_cost,
                direct,
                is_all=before is None and after is None,
            )
            self._lay_out(stage)
            stages.append(stage)
        return stages

    def _lay_out(self, stage: Stage) -> None:
        """Which items begin at which step of the stage's table, rounded in the day's favour."""
        step = self.step
        stage.first = stage.begins // step
        stage.steps = max(0, stage.ends // step - stage.first + 1)
        if not stage.steps:
            return
        by_slot: list[list[tuple[int, int, int]]] = [[] for _ in range(stage.steps)]
        lunch_by_slot: list[list[tuple[int, int]]] = [[] for _ in range(stage.steps)]
        for number in stage.items.tolist():
            opens, latest, minutes = int(self.opens[number]), int(self.latest[number]), int(self.minutes[number])
            place = int(self.place[number])
            opening = -(-opens // step) - stage.first
            last = max(latest // step - stage.first, opening)
            for slot in range(max(opening, 0), min(last, stage.steps - 1) + 1):
                # Who comes before the doors open begins when they do, even at an uneven minute.
                begins = opens if slot == opening else (slot + stage.first) * step
                ends = (begins + minutes) // step - stage.first
                if ends >= stage.steps:
                    break
                if self.is_lunch[number]:
                    lunch_by_slot[slot].append((place, max(ends, slot + 1)))
                else:
                    by_slot[slot].append((place, number, max(ends, slot + 1)))
        for slot in range(stage.steps):
            rows = sorted(row for row in by_slot[slot] if row[2] < stage.steps)
            if rows:
                table = np.array(rows, dtype=np.int64)
                places, starts = np.unique(table[:, 0], return_index=True)
                stage.slots.append((table[:, 1], table[:, 0] * stage.steps + table[:, 2], places, starts))
            else:
                stage.slots.append(None)
            eats = sorted(row for row in lunch_by_slot[slot] if row[1] < stage.steps)
            stage.lunches.append(np.array(eats, dtype=np.int64) if eats else None)
        stage.latest_on = np.where(stage.on >= NO_WAY, -1, (stage.ends - stage.on) // step - stage.first)

    def _fill_stage(self, stage: Stage, reduced: Array, after: Array) -> Array:
        """`after[l, c]`: the worth of having arrived at the next anchor's place c. The same for the anchor before."""
        # Straight on, whatever time there is.
        straight = after[:, None, :] - stage.direct[None]
        if stage.is_all:
            straight = np.zeros_like(straight)
        result = straight.max(axis=2)
        steps, places, levels = stage.steps, self.places, self.levels
        if not steps or not len(stage.items):
            return result
        width = steps + int(self.between_steps.max(initial=0)) + 1
        arrive = np.full((levels, places * width), NEVER)
        leave = np.full((levels, places, steps), NEVER)
        flat_leave = leave.reshape(levels, places * steps)
        shaped = arrive.reshape(levels, places, width)
        # From each place (the last axis) to each other: the greatest over an outer axis is quicker found.
        index = (np.arange(places) * width)[:, None] + self.between_steps.T
        cost = np.ascontiguousarray(self.between_cost.T)
        worth_on = after[:, None, :] - np.where(stage.on >= NO_WAY, np.inf, stage.on_cost)[None]
        single = worth_on.shape[2] == 1
        for slot in range(steps - 1, -1, -1):
            column = shaped[:, :, slot]
            column[:] = shaped[:, :, slot + 1]
            row = stage.slots[slot]
            if row is not None:
                numbers, ends, where, starts = row
                worth = flat_leave[:, ends] + reduced[numbers]
                column[:, where] = np.maximum(column[:, where], np.maximum.reduceat(worth, starts, axis=1))
            eats = stage.lunches[slot]
            if eats is not None and levels == 2:
                column[0, eats[:, 0]] = np.maximum(column[0, eats[:, 0]], leave[1, eats[:, 0], eats[:, 1]])
            moves = (arrive[:, index + slot] - cost).max(axis=1)
            open_on = stage.latest_on >= slot
            if single:
                onward = np.where(open_on[:, 0], worth_on[:, :, 0], NEVER)
            else:
                onward = np.where(open_on, worth_on, NEVER).max(axis=2)
            np.maximum(moves, onward, out=leave[:, :, slot])
        stage.leave, stage.arrive = leave, shaped
        reached = shaped[:, np.arange(places)[None, :], self._first_steps(stage)] - stage.out_cost[None]
        return np.maximum(result, reached.max(axis=2))

    def _first_steps(self, stage: Stage) -> Array:
        """When a class that sets out at once is at each place; never is the table's last column, where nothing is."""
        last = stage.arrive.shape[2] - 1
        steps = -(-stage.out // self.step) + stage.begins // self.step - stage.first
        return np.where(stage.out >= NO_WAY, last, np.minimum(steps, last))

    def _constants(self) -> tuple[float, Array]:
        """What the prices promise back: in all, and of each theme by how many of it there are already."""
        slope = self.prices.themes
        spare = np.maximum(0.0, slope[:, None] - self.repeats[None, :].astype(float))
        spare[self.themes] = 0
        # Of a theme with n already, the cheaper n are used up.
        back = np.concatenate([np.cumsum(spare[:, ::-1], axis=1)[:, ::-1], np.zeros((len(slope), 1))], axis=1)
        deep = np.zeros((len(slope), 256))
        deep[:, : back.shape[1]] = back
        counts = np.array([*self.day.counts, 0], dtype=np.int64)
        total = float(self.prices.sessions.sum() + deep[np.arange(len(slope)), counts].sum())
        return total, deep

    def _trace(self, reduced: Array) -> list[int]:
        """The items of the day that the tables promise, in order; a session may be there more than once."""
        made: list[int] = []
        level, copy = 0, 0
        for number, stage in enumerate(self.stages):
            after = self.afterwards[number]
            straight = after[level] - stage.direct[copy]
            if stage.is_all:
                straight = np.zeros_like(straight)
            best, goal = straight.max(), int(straight.argmax())
            place = -1
            if stage.steps and len(stage.items):
                first = self._first_steps(stage)[copy]
                reached = stage.arrive[level, np.arange(self.places), first] - stage.out_cost[copy]
                if reached.max() > best:
                    place = int(reached.argmax())
                    slot = int(first[place])
            while place >= 0:
                slot, level, item = self._begun(stage, level, place, slot, reduced)
                if item >= 0:
                    made.append(item)
                moves = stage.arrive[level, np.arange(self.places), self.between_steps[place] + slot]
                moves = moves - self.between_cost[place]
                onward = np.where(
                    stage.latest_on[place] >= slot,
                    after[level] - np.where(stage.on[place] >= NO_WAY, np.inf, stage.on_cost[place]),
                    NEVER,
                )
                if moves.max() > onward.max():
                    next_place = int(moves.argmax())
                    slot += int(self.between_steps[place, next_place])
                    place = next_place
                else:
                    goal, place = int(onward.argmax()), -1
            copy = goal
        return made

    def _begun(self, stage: Stage, level: int, place: int, slot: int, reduced: Array) -> tuple[int, int, int]:
        """What begins at a place, from this step on: the step after it, whether they have eaten, and the item."""
        row = stage.arrive[level, place]
        while row[slot] == row[slot + 1]:
            slot += 1
        best: tuple[float, int, int, int] = (-np.inf, slot + 1, level, -1)
        if stage.slots[slot] is not None:
            numbers, ends, _where, _starts = stage.slots[slot]
            there = np.nonzero(self.place[numbers] == place)[0]
            for at in there.tolist():
                end = int(ends[at]) - place * stage.steps
                worth = float(reduced[numbers[at]] + stage.leave[level, place, end])
                if worth > best[0]:
                    best = (worth, end, level, int(numbers[at]))
        eats = stage.lunches[slot]
        if eats is not None and level == 0 and self.levels == 2:
            for where, end in eats.tolist():
                worth = float(stage.leave[1, place, end])
                if where == place and worth > best[0]:
                    best = (worth, end, 1, -1)
        return best[1], best[2], best[3]

    def fill(self) -> tuple[float, Array]:
        """Fill the table for the present prices: what no day is worth more than, and the items' reduced prizes."""
        reduced = self.prize - self.prices.sessions[self.session] - self.prices.themes[self.theme]
        self.promised, self.back = self._constants()
        after = np.zeros((self.levels, 1))
        if self.day.needs_lunch:
            after[0] = -LUNCH_LOSS
        # By stage: what the day is worth from the anchor after it on, by whether they have eaten, and its place.
        self.afterwards: list[Array] = [after] * len(self.stages)
        for number in range(len(self.stages) - 1, -1, -1):
            self.afterwards[number] = after
            after = self._fill_stage(self.stages[number], reduced, after)
        return float(after[0, 0]) + self.promised, reduced

    def lower(self, rounds: int, aim: float | None) -> None:
        """Move the prices to where the table promises less, and leave it filled for the best ones.

        `aim` is the worth of the best day known; when that is proven to be the best, there is nothing more to do.
        """
        best = None
        scale, stuck = 1.0, 0
        for turn in range(rounds):
            bound, reduced = self.fill()
            if best is None or bound < best[0] - 1e-6:
                best, stuck = (bound, self.prices), 0
            else:
                stuck += 1
                if stuck >= 3:
                    scale, stuck = scale / 2, 0
            self.lowest = min(self.lowest, bound)
            if turn == rounds - 1 or (aim is not None and self.lowest < aim + 1):
                break
            over, much = self._excess(self._trace(reduced))
            norm = float((over**2).sum() + (much**2).sum())
            if norm == 0:
                break
            # Polyak's step, towards the best day known or, before there is one, somewhat below the bound.
            length = scale * max(0.07 * self.size if aim is None else bound - aim, 1e-4 * self.size) / norm
            self.prices = Prices(
                np.maximum(0, self.prices.sessions + length * over),
                np.clip(self.prices.themes + length * much, 0, float(self.repeats[-1])),
            )
        if best is not None and self.prices is not best[1]:
            self.prices = best[1]
            self.fill()

    def promise(self, stage: Stage, level: Array, place: Array, time: Array) -> Array:
        """What the table promises who is free at a place at a time of a stage, whatever has been visited."""
        return np.asarray(stage.leave[level, place, time // self.step - stage.first])

    def _excess(self, made: list[int]) -> tuple[Array, Array]:
        """How much more than the rules allow (or the prices pay for) a day visits sessions, and themes."""
        visits = np.bincount(self.session[made], minlength=self.day.sessions + 1).astype(float)
        over = visits - 1
        over[self.day.sessions] = 0
        over[(self.prices.sessions <= 0) & (over < 0)] = 0
        slope = self.prices.themes
        used = np.bincount(self.theme[made], minlength=self.themes + 1).astype(float)
        counts = np.array([*self.day.counts, 0])
        paid = np.maximum(0, (self.repeats[None, :] < slope[:, None]).sum(axis=1) - counts)
        much = used - paid
        much[self.themes] = 0
        much[(slope <= 0) & (much < 0)] = 0
        much[(slope >= self.repeats[-1]) & (much > 0)] = 0
        return over, much
