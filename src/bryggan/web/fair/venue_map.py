"""A small drawing of where a place lies among the fair's others: points by position, and nothing that is not known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from bryggan.fair.models import Venue

WIDTH, HEIGHT, MARGIN = 320, 220, 26
_LINE = 16
_LETTER = 6.6
# Of the city, so that two places side by side are not drawn a whole map apart.
_LEAST_DEGREES = 0.008


@dataclass(frozen=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class VenueMap:
    """`here` is the place, `others` the fair's other places, `labels` the names of areas and of the place."""

    here: Dot
    others: Sequence[Dot]
    labels: Sequence[Label]
    label: Label
    width: int = WIDTH
    height: int = HEIGHT


def venue_map(venue: Venue) -> VenueMap | None:
    """One statement; None when nobody has said where the place is."""
    if venue.position is None:
        return None
    columns = ("pk", "latitude", "longitude", "area__name")
    places = list(venue.fair.venues.filter(latitude__isnull=False).order_by().values_list(*columns))
    north = max(latitude for _, latitude, _, _ in places)
    south = min(latitude for _, latitude, _, _ in places)
    east = max(longitude for _, _, longitude, _ in places)
    west = min(longitude for _, _, longitude, _ in places)
    # A degree of longitude is shorter than one of latitude: this far north about half.
    narrowing = cos(radians((north + south) / 2))
    tall, wide = max(north - south, _LEAST_DEGREES), max((east - west) * narrowing, _LEAST_DEGREES)
    scale = min((HEIGHT - 2 * MARGIN) / tall, (WIDTH - 2 * MARGIN) / wide)
    middle = ((north + south) / 2, (east + west) / 2)

    def dot(latitude: float, longitude: float) -> Dot:
        x = WIDTH / 2 + (longitude - middle[1]) * narrowing * scale
        return Dot(round(x, 1), round(HEIGHT / 2 - (latitude - middle[0]) * scale, 1))

    here = dot(*venue.position)
    areas: dict[str, list[Dot]] = defaultdict(list)
    for _pk, latitude, longitude, area in places:
        if area:
            areas[area].append(dot(latitude, longitude))
    label = _label(venue.name, here)
    taken = [label]
    labels = []
    for name, dots in sorted(areas.items()):
        x, y = sum(one.x for one in dots) / len(dots), min(one.y for one in dots)
        made = _label(name, Dot(round(x, 1), round(y, 1)))
        # A name that would lie upon another one is left out: the drawing helps, the words beside it say.
        if not any(_meet(made, other) for other in taken):
            labels.append(made)
            taken.append(made)
    others = [dot(latitude, longitude) for pk, latitude, longitude, _ in places if pk != venue.pk]
    return VenueMap(here, others, labels, label)


def _label(text: str, at: Dot) -> Label:
    y = at.y - 12 if at.y > _LINE * 2 else at.y + _LINE + 8
    half = len(text) * _LETTER / 2
    if at.x - half < 4:
        return Label(4, y, text, "start")
    if at.x + half > WIDTH - 4:
        return Label(WIDTH - 4, y, text, "end")
    return Label(at.x, y, text)


def _meet(one: Label, other: Label) -> bool:
    (left, right), (start, end) = _span(one), _span(other)
    return left < end and start < right and abs(one.y - other.y) < _LINE


def _span(label: Label) -> tuple[float, float]:
    width = len(label.text) * _LETTER
    if label.anchor == "start":
        return label.x, label.x + width
    if label.anchor == "end":
        return label.x - width, label.x
    return label.x - width / 2, label.x + width / 2
