"""The day's walk as a drawing of our own: a coast by hand, the areas by their approximate places, the way as a line.

The list of stops says the same in words and is the drawing's alternative; positions are approximate and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from bryggan.fair.timetables import Day, Timetable

WIDTH, HEIGHT = 640, 400
_MARGIN = 44
# The least stretch of city that is shown, in degrees of latitude: two places side by side keep their distance.
_LEAST = 0.012
# The shore of the Sound at Helsingborg, north to south, drawn by hand: latitude and longitude to some hundred metres.
_COAST = (
    (56.120, 12.610), (56.100, 12.640), (56.085, 12.655), (56.072, 12.668), (56.060, 12.679), (56.053, 12.6845),
    (56.0495, 12.6880), (56.0470, 12.6893), (56.0445, 12.6915), (56.0415, 12.6925), (56.0390, 12.6935),
    (56.0360, 12.6940), (56.0335, 12.6960), (56.0300, 12.6990), (56.0230, 12.7050), (56.0100, 12.7150),
    (55.990, 12.730),
)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """A stop on the map: its number in the day's list, or nothing for start and end."""

    x: float
    y: float
    number: str
    name: str


@dataclass(frozen=True)
class WalkMap:
    """Everything in the drawing's own units; `sea` and `walk` are paths."""

    sea: str
    walk: str
    marks: Sequence[Mark]
    width: int = WIDTH
    height: int = HEIGHT


def walk_maps(table: Timetable) -> list[WalkMap | None]:
    """A map for each day, None for a day where fewer than two places are known."""
    return [_map(day) for day in table.days]


def _map(day: Day) -> WalkMap | None:
    places: list[tuple[float, float, str, str]] = []
    if day.start.latitude is not None and day.start.longitude is not None:
        places.append((day.start.latitude, day.start.longitude, "", day.start.name))
    number = 0
    for row in day.rows:
        if row.session:
            number += 1
        if row.venue and row.venue.position:
            places.append((*row.venue.position, str(number) if row.session else "", row.venue.name))
    if len({place[:2] for place in places}) < 2:
        return None
    end = day.end
    way = list(places)
    if end.latitude is not None and end.longitude is not None:
        way.append((end.latitude, end.longitude, "", end.name))
    north, south = max(one[0] for one in way), min(one[0] for one in way)
    east, west = max(one[1] for one in way), min(one[1] for one in way)
    middle = ((north + south) / 2, (east + west) / 2)
    narrowing = cos(radians(middle[0]))
    tall, wide = max(north - south, _LEAST), max((east - west) * narrowing, _LEAST)
    scale = min((HEIGHT - 2 * _MARGIN) / tall, (WIDTH - 2 * _MARGIN) / wide)

    def at(latitude: float, longitude: float) -> tuple[float, float]:
        x = WIDTH / 2 + (longitude - middle[1]) * narrowing * scale
        return round(x, 1), round(HEIGHT / 2 - (latitude - middle[0]) * scale, 1)

    coast = [at(*point) for point in _COAST]
    # West of the coast is sea, all the way out of the picture.
    sea = f"M-4000 {coast[0][1]}" + "".join(f"L{x} {y}" for x, y in coast) + f"L-4000 {coast[-1][1]}Z"
    points = [at(latitude, longitude) for latitude, longitude, _number, _name in way]
    walk = "M" + "L".join(f"{x} {y}" for x, y in points)
    return WalkMap(sea, walk, _marks(places, points))


def _marks(places: Sequence[tuple[float, float, str, str]], points: Sequence[tuple[float, float]]) -> list[Mark]:
    """One mark for each place: stops at the same place share it, as `2, 3`."""
    by_place: dict[tuple[float, float], Mark] = {}
    for (_latitude, _longitude, number, name), (x, y) in zip(places, points, strict=False):
        there = by_place.get((x, y))
        if there is None:
            by_place[x, y] = Mark(x, y, number, name)
        elif number:
            numbers = f"{there.number}, {number}" if there.number else number
            by_place[x, y] = Mark(x, y, numbers, name)
    return list(by_place.values())
