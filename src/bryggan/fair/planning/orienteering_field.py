"""The visits of an orienteering problem as arrays: what the search reckons with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NEVER = 1 << 40  # Longer than any day: the time of a way that must not be taken.
NOTHING = -1e15  # Worth less than anything.


@dataclass(eq=False)
class Field:
    """Visits as arrays, only those that can be made at all, with windows cut to when they can.

    `gain[v, n]`: what visit v brings as the (n+1)th of its theme, groups and themes numbered from 0 (a visit of no
    theme has the number `theme_count`). Waiting is priced in: all time between `begins` and the end costs `wait`, and
    each gain and leg has been given back the time that is not waiting; so `walk` may be below 0.
    """

    place: Ints
    minutes: Ints
    opens: Ints
    closes: Ints
    gain: Floats
    group: Ints
    theme: Ints
    group_count: int
    theme_count: int
    travel: Ints
    from_start: Ints
    to_end: Ints
    begins: int
    ends: int
    walk: int
    wait: int
    required: Ints
    step: int = 1  # All values are whole multiples of this.
    # The shortest way between places, also over other visits; reckoned when not given.
    way: Ints = field(default_factory=lambda: np.empty((0, 0), np.int64))
    last_call: Ints = field(init=False)

    def __post_init__(self) -> None:
        places = len(self.travel)
        shortest = np.full(places, NEVER)
        np.minimum.at(shortest, self.place, self.minutes)
        if self.way.shape != self.travel.shape:
            self.way = self.travel.copy()
            for via in range(places):
                over = self.way[:, via, None] + (shortest[via] + self.way[None, via, :])
                np.minimum(self.way, over, out=self.way)
        way = self.way
        home = np.minimum(self.to_end, (way + shortest + self.to_end).min(axis=1, initial=NEVER))
        away = np.minimum(
            self.from_start, (self.from_start[:, None] + shortest[:, None] + way).min(axis=0, initial=NEVER)
        )
        self.opens = np.maximum(self.opens, self.begins + away[self.place])
        self.closes = np.minimum(self.closes, self.ends - home[self.place] - self.minutes)
        # Ready at a place later than this, a group (then: a theme) has no visit left that could be reached.
        self.last_call = np.full((places, self.group_count + self.theme_count), -NEVER)
        for visit in np.nonzero(self.opens <= self.closes)[0]:
            reach = self.closes[visit] - way[:, self.place[visit]]
            marks = [self.group[visit]]
            if self.theme[visit] < self.theme_count:
                marks.append(self.group_count + self.theme[visit])
            for mark in marks:
                np.maximum(self.last_call[:, mark], reach, out=self.last_call[:, mark])

    @property
    def visits(self) -> int:
        return len(self.place)

    def possible(self) -> Ints:
        """The visits that some route can make."""
        return np.nonzero(self.opens <= self.closes)[0]

    def part(self, visits: Ints) -> Field:
        """Only these visits, at only their places."""
        places, place = np.unique(self.place[visits], return_inverse=True)
        groups, group = np.unique(self.group[visits], return_inverse=True)
        return replace(
            self,
            place=place.astype(np.int64),
            minutes=self.minutes[visits],
            opens=self.opens[visits],
            closes=self.closes[visits],
            gain=self.gain[visits],
            group=group.astype(np.int64),
            theme=self.theme[visits],
            group_count=len(groups),
            travel=self.travel[np.ix_(places, places)],
            from_start=self.from_start[places],
            to_end=self.to_end[places],
            required=np.nonzero(np.isin(groups, self.required))[0],
            way=self.way[np.ix_(places, places)],
        )

    def between(
        self, before: Sequence[int], after: Sequence[int], without: Sequence[int]
    ) -> tuple[Field, Ints] | None:
        """What can be visited between these stops, and the numbers of those visits; None if nothing fits.

        The groups of `before`, `after` and `without` are left out. The stops after are taken to count what they did.
        """
        gone = np.zeros(self.group_count, np.bool_)
        gone[self.group[[*before, *after, *without]]] = True
        begins, from_start = self.begins, self.from_start
        for visit in before:
            begins = max(begins + int(from_start[self.place[visit]]), int(self.opens[visit])) + int(
                self.minutes[visit]
            )
            from_start = self.travel[self.place[visit]]
        ends, to_end = self.ends, self.to_end
        for visit in reversed(after):
            latest = ends - int(to_end[self.place[visit]]) - int(self.minutes[visit])
            ends, to_end = min(latest, int(self.closes[visit])), self.travel[:, self.place[visit]]
        fits = ~gone[self.group] & (self.opens < ends) & (self.closes >= begins)
        visits = np.nonzero(fits)[0]
        if not len(visits) or begins > ends:
            return None
        rank = np.zeros((self.theme_count + 1, 1), np.int64)
        for visit in before:
            rank[self.theme[visit]] += 1
        rank[-1] = 0
        columns = np.minimum(np.arange(self.gain.shape[1])[None, :] + rank, self.gain.shape[1] - 1)
        gain = np.take_along_axis(self.gain, columns[self.theme], axis=1)
        day = replace(self, begins=begins, ends=ends, from_start=from_start, to_end=to_end, gain=gain).part(visits)
        possible = day.possible()
        return (day.part(possible), visits[possible]) if len(possible) else None

    def worth(self, order: Sequence[int]) -> float:
        """What these visits are worth in this order."""
        now, leg, worth = self.begins, self.from_start, 0.0
        seen = [0] * (self.theme_count + 1)
        for visit in order:
            place, theme = self.place[visit], self.theme[visit]
            worth += float(self.gain[visit, min(seen[theme], self.gain.shape[1] - 1)]) - self.walk * int(leg[place])
            now = max(now + int(leg[place]), int(self.opens[visit])) + int(self.minutes[visit])
            leg = self.travel[place]
            seen[theme] += theme < self.theme_count
        home = int(self.to_end[self.place[order[-1]]]) if len(order) else 0
        return worth - self.walk * home - self.wait * (now + home - self.begins)
