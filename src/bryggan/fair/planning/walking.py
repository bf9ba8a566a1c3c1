"""How many minutes a class needs from one place to another.

As the crow flies, times a detour, at the pace of a class, and some minutes to gather it; where somebody has measured
a pair, the measure wins. Nothing here is exact, so a guess says that it is one.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Means = Literal["foot", "bus"]
Position = tuple[float, float]
Key = Hashable

EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Pace:
    """How a class moves. `detour` is how much longer the way is than the crow's.

    `unknown_minutes` is what is reckoned with when nobody has said where a place is: the answer is marked as a guess.
    With `uses_bus` a class takes the bus where that is quicker, or where the walk is longer than it wants to walk:
    `bus_minutes` of walking to the stop and waiting, and then the way at `bus_kmh`.
    """

    kmh: float = 4.0
    detour: float = 1.3
    gathering_minutes: int = 5
    unknown_minutes: int = 20
    uses_bus: bool = False
    bus_kmh: float = 18.0
    bus_minutes: int = 12

    def __post_init__(self) -> None:
        if min(self.kmh, self.bus_kmh) <= 0 or self.detour < 1:
            raise ValueError("minutes come of more than 0 km/h, and no way is shorter than the crow's")
        if min(self.gathering_minutes, self.unknown_minutes, self.bus_minutes) < 0:
            raise ValueError("no minutes are less than 0")


@dataclass(frozen=True, slots=True)
class Way:
    """From one place to another, gathering included. `is_guess`: a place's position is not known."""

    minutes: int
    means: Means = "foot"
    is_guess: bool = False


@dataclass(frozen=True)
class Walks:
    """The ways between places.

    `positions` are latitude and longitude by the place's key, None (or no entry) where nobody has said. A key of None
    is "somewhere": as far from itself as from everything else. `measured` and `measured_bus` are minutes with a class,
    gathering included, by pair of keys; a pair measured in one direction holds in both.
    """

    positions: Mapping[Key, Position | None] = field(default_factory=dict)
    pace: Pace = Pace()
    measured: Mapping[tuple[Key, Key], int] = field(default_factory=dict)
    measured_bus: Mapping[tuple[Key, Key], int] = field(default_factory=dict)
    _known: dict[tuple[Key, Key], tuple[Way, Way | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def way(self, start: Key, end: Key, longest: int | None = None) -> Way | None:
        """The quickest way of which no walk is longer than `longest` minutes; None when every way is too far to walk.

        The bus has no longest minutes: it is what one takes where it is too far to walk.
        """
        foot, bus = self._ways(start, end)
        if bus is not None and (bus.minutes < foot.minutes or _too_far(foot, longest)):
            return bus
        return None if _too_far(foot, longest) else foot

    def on_foot(self, start: Key, end: Key) -> Way:
        """The walk, however long."""
        return self._ways(start, end)[0]

    def shortest(self, start: Key, end: Key) -> Way:
        """The quickest way, however long the walk."""
        foot, bus = self._ways(start, end)
        return bus if bus is not None and bus.minutes < foot.minutes else foot

    def _ways(self, start: Key, end: Key) -> tuple[Way, Way | None]:
        pair = (start, end)
        if pair not in self._known:
            self._known[pair] = (self._foot(start, end), self._bus(start, end))
        return self._known[pair]

    def _foot(self, start: Key, end: Key) -> Way:
        if start == end and start is not None:
            return Way(0)
        minutes = _measured(self.measured, start, end)
        if minutes is not None:
            return Way(minutes)
        kilometres = self._kilometres(start, end)
        if kilometres is None:
            return Way(self.pace.unknown_minutes, is_guess=True)
        return Way(_whole(kilometres / self.pace.kmh * 60) + self.pace.gathering_minutes)

    def _bus(self, start: Key, end: Key) -> Way | None:
        if not self.pace.uses_bus or start == end:
            return None
        minutes = _measured(self.measured_bus, start, end)
        if minutes is not None:
            return Way(minutes, "bus")
        kilometres = self._kilometres(start, end)
        if kilometres is None:
            return None
        return Way(
            _whole(kilometres / self.pace.bus_kmh * 60) + self.pace.bus_minutes + self.pace.gathering_minutes, "bus"
        )

    def _kilometres(self, start: Key, end: Key) -> float | None:
        one, other = self.positions.get(start), self.positions.get(end)
        if one is None or other is None:
            return None
        return kilometres_between(one, other) * self.pace.detour


def kilometres_between(one: Position, other: Position) -> float:
    """As the crow flies, between two positions of latitude and longitude."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def table(
    walks: Walks, starts: Sequence[Key], ends: Sequence[Key], longest: int | None, too_far: int
) -> list[list[int]]:
    """Minutes from each of `starts` to each of `ends`; `too_far` where there is no way."""
    found = [[walks.way(start, end, longest) for end in ends] for start in starts]
    return [[way.minutes if way else too_far for way in row] for row in found]


def pairs(measured: Iterable[tuple[Key, Key, Means, int]]) -> tuple[dict[tuple[Key, Key], int], ...]:
    """What has been measured on foot, and by bus, out of rows of start, end, means and minutes."""
    foot: dict[tuple[Key, Key], int] = {}
    bus: dict[tuple[Key, Key], int] = {}
    for start, end, means, minutes in measured:
        (bus if means == "bus" else foot)[start, end] = minutes
    return foot, bus


def _measured(minutes: Mapping[tuple[Key, Key], int], start: Key, end: Key) -> int | None:
    found = minutes.get((start, end))
    return minutes.get((end, start)) if found is None else found


def _whole(minutes: float) -> int:
    # 12.0000001 minutes are 12.
    return math.ceil(minutes - 1e-6)


def _too_far(way: Way, longest: int | None) -> bool:
    return longest is not None and way.minutes > longest
