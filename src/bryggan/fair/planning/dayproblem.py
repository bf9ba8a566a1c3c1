"""A class's day as numbers for the search, and the search's answer as stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bryggan.fair.planning.daybound import MUST_GAIN, NO_WAY, STEP, Anchor, Day, Item, Prices
from bryggan.fair.planning.dayrules import Candidate, Code, DayStop, Frame, Key, Why, refusal, ways_of
from bryggan.fair.planning.daysearch import Found
from bryggan.fair.planning.walking import Walks


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much, in points: a session of 45 minutes that fits perfectly is 100.

    `walk` is what a minute's walk costs; `repeats` what the second, third... session of the same theme costs: never
    falling, the last number for all that follow.
    """

    walk: float = 0.4
    repeats: tuple[float, ...] = (10.0, 18.0, 26.0)

    def __post_init__(self) -> None:
        if self.walk < 0 or not self.repeats or list(self.repeats) != sorted(self.repeats) or self.repeats[0] < 0:
            raise ValueError("walking costs 0 or more, and repeating a theme never less than before")


@dataclass(frozen=True, slots=True)
class DayPrices:
    """What the search learnt of sessions and themes: the next search for the same class is sooner done with it."""

    sessions: Mapping[Key, float] = field(default_factory=dict)
    themes: Mapping[str, float] = field(default_factory=dict)


def worth(candidate: Candidate) -> int:
    """What a session is worth in a day by itself, in hundredths of points."""
    return round(100 * max(0.0, candidate.value) * (max(candidate.stay, 0) / 45) ** 0.75)


def day_value(
    stops: Sequence[DayStop],
    candidates: Mapping[Key, Candidate],
    weights: Weights,
    walked: int,
) -> int:
    """What a day is worth, in hundredths of points; `walked` are its minutes of ways."""
    known = [candidates[stop.key] for stop in stops if stop.key is not None and stop.key in candidates]
    counts: dict[str, int] = {}
    for candidate in known:
        if candidate.theme:
            counts[candidate.theme] = counts.get(candidate.theme, 0) + 1
    repeats = repeat_costs(weights)
    lost = sum(repeats[min(n, len(repeats) - 1)] for count in counts.values() for n in range(count))
    return sum(map(worth, known)) - lost - walk_cost(walked, weights)


def repeat_costs(weights: Weights) -> tuple[int, ...]:
    """What the first, second... session of a theme costs, in hundredths of points."""
    return (0, *(round(100 * points) for points in weights.repeats))


def walk_cost(minutes: int, weights: Weights) -> int:
    return round(100 * weights.walk) * minutes


class DayProblem:
    """A frame, candidates, ways and locked stops, numbered. `refused` says why candidates are not even tried."""

    def __init__(
        self,
        frame: Frame,
        candidates: Iterable[Candidate],
        walks: Walks,
        locked: Sequence[DayStop],
        excluded: frozenset[Key],
        weights: Weights,
    ) -> None:
        self.frame, self.walks, self.weights = frame, walks, weights
        self.locked = sorted(locked, key=lambda stop: (stop.begins, stop.ends, str(stop.key), stop.title))
        # In an order of their own: the same day comes out, however they were listed.
        self.candidates = sorted(candidates, key=lambda one: (one.opens, one.closes, str(one.session), str(one.key)))
        self.by_key = {candidate.key: candidate for candidate in self.candidates}
        begins = {stop.session: stop.begins for stop in self.locked if stop.session is not None}
        self.refused: dict[Key, Why] = {}
        self.tried: list[Candidate] = []
        for candidate in self.candidates:
            why = _refusal(candidate, begins, excluded)
            if why is not None:
                self.refused[candidate.key] = why
            else:
                self.tried.append(candidate)
        self.fitting = [
            candidate
            for candidate in self.tried
            if max(candidate.opens, frame.begins) <= min(candidate.latest, frame.ends - candidate.stay)
        ]
        self.wants_lunch = frame.needs_lunch and not any(stop.kind == "lunch" for stop in self.locked)
        self.places = self._places()
        self.day = self._day()

    def _places(self) -> list[Key | None]:
        keys: dict[Key | None, None] = {}
        for candidate in self.fitting:
            keys.setdefault(candidate.place)
        for stop in self.locked:
            if not stop.is_anywhere:
                keys.setdefault(stop.place)
        lunch = self.frame.lunch
        if self.wants_lunch and lunch is not None and lunch.places is not None and keys:
            for key in sorted(lunch.places, key=str):
                keys.setdefault(key)
        if any(stop.is_anywhere for stop in self.locked):
            # What is wherever the class is can be where it starts.
            for key in (self.frame.start, self.frame.end):
                if key is not None or not keys:
                    keys.setdefault(key)
        return list(keys)

    def _day(self) -> Day:
        frame = self.frame
        number = {key: at for at, key in enumerate(self.places)}
        sessions = {key: at for at, key in enumerate(dict.fromkeys(one.session for one in self.fitting))}
        known = [self.by_key[stop.key] for stop in self.locked if stop.key is not None and stop.key in self.by_key]
        themes = {
            key: at for at, key in enumerate(dict.fromkeys(one.theme for one in [*self.fitting, *known] if one.theme))
        }
        counts = [0] * len(themes)
        for candidate in known:
            if candidate.theme:
                counts[themes[candidate.theme]] += 1
        items = [
            Item(
                place=number[one.place],
                opens=one.opens,
                latest=one.latest,
                minutes=one.stay,
                prize=worth(one) + (MUST_GAIN if one.must else 0),
                session=sessions[one.session],
                theme=themes[one.theme] if one.theme else -1,
            )
            for one in self.fitting
        ]
        lunch = frame.lunch
        if self.wants_lunch and lunch is not None:
            for place in (
                range(len(self.places))
                if lunch.places is None
                else sorted(number[p] for p in lunch.places if p in number)
            ):
                items.append(Item(place, lunch.earliest, lunch.latest, lunch.minutes, is_lunch=True))
        anchors = [
            Anchor(
                stop.begins,
                max(stop.ends, stop.begins),
                tuple(range(len(self.places))) if stop.is_anywhere else (number[stop.place],),
            )
            for stop in self.locked
        ]
        start, start_cost, direct_start = self._ways([frame.start], self.places, 0)
        between, cost, direct = self._ways(self.places, self.places, frame.break_minutes)
        end, end_cost, direct_end = self._ways(self.places, [frame.end], 0)
        if frame.start is None:
            start, start_cost, direct_start = start * 0, start_cost * 0, direct_start * 0
        if frame.end is None:
            end, end_cost, direct_end = end * 0, end_cost * 0, direct_end * 0
        self.sessions, self.themes = list(sessions), list(themes)
        return Day(
            begins=frame.begins,
            ends=frame.ends,
            items=items,
            anchors=anchors,
            start=start[0],
            start_cost=start_cost[0],
            between=between,
            cost=cost,
            end=end[:, 0],
            end_cost=end_cost[:, 0],
            direct_start=direct_start[0],
            direct=direct,
            direct_end=direct_end[:, 0],
            needs_lunch=self.wants_lunch,
            repeats=repeat_costs(self.weights),
            counts=counts,
            sessions=len(sessions),
            step=_step(items),
        )

    def _ways(
        self, starts: Sequence[Key | None], ends: Sequence[Key | None], pause: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Minutes, `NO_WAY` where it is too far; the cost of them; the cost of the way nevertheless."""
        shape = (len(starts), len(ends))
        minutes, costs, direct = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        longest = self.frame.longest_walk
        for row, start in enumerate(starts):
            for column, end in enumerate(ends):
                way = self.walks.way(start, end, longest)
                there = way or self.walks.shortest(start, end)
                minutes[row, column] = NO_WAY if way is None else way.minutes + pause
                costs[row, column] = direct[row, column] = walk_cost(there.minutes, self.weights)
        return minutes, costs, direct

    def prices(self, prices: DayPrices | None) -> Prices | None:
        """Prices by key as the search numbers them."""
        if prices is None:
            return None
        sessions = np.array([prices.sessions.get(key, 0.0) for key in self.sessions] + [0.0])
        for item in self.day.items:
            if item.prize >= MUST_GAIN and sessions[item.session] < MUST_GAIN:
                sessions[item.session] += MUST_GAIN
        return Prices(sessions, np.array([prices.themes.get(key, 0.0) for key in self.themes] + [0.0]))

    def named_prices(self, found: Found) -> DayPrices:
        sessions = [float(price) % MUST_GAIN for price in found.prices.sessions[:-1]]
        return DayPrices(
            dict(zip(self.sessions, sessions, strict=True)),
            dict(zip(self.themes, map(float, found.prices.themes[:-1]), strict=True)),
        )

    def stops(self, found: Found) -> list[DayStop]:
        """The search's answer, in order; locked stops as they came."""
        stops = []
        for item, place, begins in found.visits:
            if item < 0:
                stops.append(self.locked[-1 - item])
            elif item < len(self.fitting):
                one = self.fitting[item]
                stops.append(
                    DayStop(
                        "session",
                        begins,
                        begins + one.stay,
                        place=one.place,
                        key=one.key,
                        session=one.session,
                        worth=worth(one),
                    )
                )
            else:
                stops.append(DayStop("lunch", begins, begins + self.day.items[item].minutes, self.places[place]))
        return stops

    def value(self, stops: Sequence[DayStop]) -> int:
        """What a day of these stops is worth, in hundredths of points."""
        stops = sorted(stops, key=lambda stop: (stop.begins, stop.ends))
        ways, back = ways_of(self.frame, stops, self.walks)
        return day_value(
            stops, self.by_key, self.weights, sum(way.minutes for way in [*ways, back] if way is not None)
        )


def _refusal(candidate: Candidate, locked: Mapping[Key, int], excluded: frozenset[Key]) -> Why | None:
    if candidate.session in excluded:
        return Why(Code.EXCLUDED)
    if candidate.session in locked:
        return Why(Code.OTHER_TIME, {"time": locked[candidate.session]})
    return refusal(candidate)


def _step(items: Sequence[Item]) -> int:
    """Steps of five minutes, unless something is so short that it would vanish between them."""
    for item in items:
        if item.minutes < STEP or (item.opens + item.minutes) // STEP <= -(-item.opens // STEP):
            return 1
    return STEP
