"""The day's walk as a drawing of our own: a coast and parks by hand, the places where they are said to be, the way.

The list of stops says the same in words and is the drawing's alternative. Positions are approximate and the drawing
says so; marks that would lie upon each other are drawn beside each other, with a thread to their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, hypot, radians

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bryggan.fair.models import ItineraryDay, Venue
from bryggan.fair.programmes.day_plans import DayPlan
from bryggan.fair.programmes.proposals import Proposal
from bryggan.fair.programmes.queries import Place
from bryggan.fair.programmes.timetables import Day

WIDTH, HEIGHT = 400, 260
_MARGIN = 40
_RADIUS = 13.0
_LETTER = 7.6
# The least stretch of city that is shown, in degrees of latitude: two places side by side keep their distance.
_LEAST = 0.006
# A mark farther than this from its place has a thread to it.
_NEAR = 5.0
Position = tuple[float, float]
Point = tuple[float, float]
Box = tuple[float, float, float, float]

# The shore of the Sound at Helsingborg, north to south, drawn by hand: latitude and longitude to some hundred metres.
_COAST: tuple[Position, ...] = (
    (56.200, 12.555), (56.140, 12.585), (56.120, 12.610), (56.100, 12.640), (56.085, 12.655), (56.072, 12.668),
    (56.060, 12.679), (56.053, 12.6838), (56.0495, 12.6872), (56.0470, 12.6888), (56.0445, 12.6900),
    (56.0415, 12.6915), (56.0390, 12.6925), (56.0360, 12.6935), (56.0335, 12.6955), (56.0300, 12.6985),
    (56.0230, 12.7050), (56.0100, 12.7150), (55.990, 12.730), (55.940, 12.760),
)  # fmt: skip
# Parks and shores people know, as ovals: name, middle, and half of what they measure north to south and west to east.
_GREENS: tuple[tuple[str, Position, Position], ...] = (
    ("Sofiero", (56.0838, 12.6604), (240, 220)),
    ("Pålsjö skog", (56.0720, 12.6790), (550, 350)),
    ("Gröningen", (56.0548, 12.6848), (330, 70)),
    ("Slottshagen", (56.0489, 12.6990), (180, 150)),
    ("Fredriksdal", (56.0560, 12.7180), (300, 330)),
    ("Fredriksdalsskogen", (56.0615, 12.7215), (230, 330)),
    ("Husensjö park", (56.0480, 12.7370), (250, 260)),
    ("Filborna", (56.0730, 12.7560), (450, 500)),
)
# Parts of the city that only have a name in the drawing.
_PARTS: tuple[tuple[str, Position], ...] = (
    ("Norra hamnen", (56.0500, 12.6905)),
    ("Oceanhamnen", (56.0370, 12.6962)),
    ("Campus", (56.0395, 12.7030)),
    ("Söder", (56.0385, 12.7080)),
    ("Drottninghög", (56.0605, 12.7330)),
    ("Råå", (55.9990, 12.7420)),
)
_METRES_PER_DEGREE = 111_200


@dataclass(frozen=True)
class Spot:
    """Somewhere the class is: `number` in the day's list, "" for start, end, lunch and one's own. `name` is shown."""

    position: Position
    number: str = ""
    name: str = ""


@dataclass(frozen=True)
class Mark:
    """A mark on the map. `threads`: the place itself, when the mark had to be drawn beside it."""

    x: str
    y: str
    number: str
    # Of a mark with several numbers: a rounded box from `left`, so wide.
    left: str = ""
    width: str = ""
    thread: tuple[str, str] | None = None


@dataclass(frozen=True)
class Label:
    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Green:
    x: str
    y: str
    rx: str
    ry: str


@dataclass(frozen=True)
class WalkMap:
    """Everything in the drawing's own units, written for SVG; `sea` and `walk` are paths. `sea_name` may be None."""

    sea: str
    walk: str
    marks: Sequence[Mark]
    greens: Sequence[Green] = ()
    names: Sequence[Label] = ()
    edges: Sequence[Label] = ()
    sea_name: Label | None = None

    @property
    def drawing(self) -> SafeString:
        """All of it as SVG. Written here and not in a template: a page has several maps of forty shapes each."""
        shapes = [f'<rect class="land" width="{WIDTH}" height="{HEIGHT}"/>']
        shapes += [
            f'<ellipse class="green" cx="{green.x}" cy="{green.y}" rx="{green.rx}" ry="{green.ry}"/>'
            for green in self.greens
        ]
        shapes.append(f'<path class="sea" d="{self.sea}"/>')
        shapes += [_text("sea-name", self.sea_name)] if self.sea_name else []
        shapes += [_text("part", label) for label in self.names]
        shapes.append(f'<path class="walk" d="{self.walk}"/>')
        shapes += [
            f'<line class="thread" x1="{mark.thread[0]}" y1="{mark.thread[1]}" x2="{mark.x}" y2="{mark.y}"/>'
            f'<circle class="there" cx="{mark.thread[0]}" cy="{mark.thread[1]}" r="3"/>'
            for mark in self.marks
            if mark.thread
        ]
        shapes += [_shape(mark) for mark in self.marks]
        shapes += [_text("edge-name", label) for label in self.edges]
        return SafeString("\n".join(shapes))


def _text(kind: str, label: Label) -> str:
    return f'<text class="{kind}" x="{label.x}" y="{label.y}" text-anchor="middle">{escape(label.text)}</text>'


def _shape(mark: Mark) -> str:
    if not mark.number:
        return f'<circle class="edge" cx="{mark.x}" cy="{mark.y}" r="6"/>'
    if mark.width:
        under = (
            f'<rect class="stop" x="{mark.left}" y="{mark.y}" width="{mark.width}" height="26" rx="13"'
            ' transform="translate(0 -13)"/>'
        )
    else:
        under = f'<circle class="stop" cx="{mark.x}" cy="{mark.y}" r="13"/>'
    return f'{under}<text class="number" x="{mark.x}" y="{mark.y}" dy="5" text-anchor="middle">{mark.number}</text>'


def of_day(day: Day) -> WalkMap | None:
    """A saved day, for the class's teacher."""
    visits = [(row.venue, row.session is not None) for row in day.rows]
    return drawn(_spots(day.start, visits), _edge(day.end))


def of_proposal(proposal: Proposal) -> WalkMap | None:
    visits = [(stop.venue, stop.session is not None) for stop in proposal.stops]
    return drawn(_spots(proposal.start, visits), _edge(proposal.end))


def of_plan(plan: DayPlan) -> WalkMap | None:
    """A day for everyone who has the link: the school's own place is never drawn."""
    start = None if plan.day.starts_from == ItineraryDay.Place.SCHOOL else plan.start
    end = None if plan.day.ends_at_place == ItineraryDay.Place.SCHOOL else plan.end
    visits = [(stop.venue, stop.session is not None) for stop in plan.stops]
    return drawn(_spots(start, visits), _edge(end))


def _spots(start: Place | None, visits: Sequence[tuple[Venue | None, bool]]) -> list[Spot]:
    spots = [spot] if (spot := _edge(start)) else []
    number = 0
    for venue, is_session in visits:
        number += is_session
        if venue is not None and venue.position is not None:
            spots.append(Spot(venue.position, str(number) if is_session else "", venue.name))
    return spots if any(spot.number for spot in spots) else []


def _edge(place: Place | None) -> Spot | None:
    return Spot(place.position, name="*") if place and place.position else None


def drawn(spots: Sequence[Spot], end: Spot | None) -> WalkMap | None:
    """The drawing; None when fewer than two places are known. Start and end are named "*" and get words."""
    way = [*spots, *([end] if end and spots else [])]
    if len({spot.position for spot in way}) < 2:
        return None
    at, scale = _projection([spot.position for spot in way])
    places = _places(way, at)
    set_apart = _apart([point for point, _ in places], [_half_width(number) for _, number in places])
    moved = {point: mark for (point, _number), mark in zip(places, set_apart, strict=True)}
    marks = [_mark(mark, point, number) for (point, number), mark in zip(places, set_apart, strict=True)]
    boxes = [
        _box(mark, _half_width(number), _RADIUS) for (_point, number), mark in zip(places, set_apart, strict=True)
    ]
    coast = [at(*position) for position in _COAST]
    edges = _edges(spots, end, at, moved, boxes)
    greens, names = _city(at, scale, coast, boxes)
    walk = "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in (moved[at(*spot.position)] for spot in way))
    return WalkMap(_sea(coast), walk, marks, greens, names, edges, _sea_name(coast, boxes))


def _projection(positions: Sequence[Position]) -> tuple[Callable[[float, float], Point], float]:
    """From latitude and longitude to the drawing, north upwards; and how much of it a degree of latitude takes."""
    north, south = max(one[0] for one in positions), min(one[0] for one in positions)
    east, west = max(one[1] for one in positions), min(one[1] for one in positions)
    middle = ((north + south) / 2, (east + west) / 2)
    # A degree of longitude is shorter than one of latitude: this far north about half.
    narrowing = cos(radians(middle[0]))
    tall, wide = max(north - south, _LEAST), max((east - west) * narrowing, _LEAST)
    scale = min((HEIGHT - 2 * _MARGIN) / tall, (WIDTH - 2 * _MARGIN) / wide)

    def at(latitude: float, longitude: float) -> Point:
        x = WIDTH / 2 + (longitude - middle[1]) * narrowing * scale
        return round(x, 1), round(HEIGHT / 2 - (latitude - middle[0]) * scale, 1)

    return at, scale


def _places(way: Sequence[Spot], at: Callable[[float, float], Point]) -> list[tuple[Point, str]]:
    """Each place once, with the numbers of all that happens there: `2, 3`."""
    found: dict[Point, list[str]] = {}
    for spot in way:
        numbers = found.setdefault(at(*spot.position), [])
        if spot.number and spot.number not in numbers:
            numbers.append(spot.number)
    return [(point, ", ".join(numbers)) for point, numbers in found.items()]


def _half_width(number: str) -> float:
    return max(_RADIUS, len(number) * _LETTER / 2 + 6) if number else 8.0


def _apart(points: Sequence[Point], halves: Sequence[float]) -> list[Point]:
    """The points pushed apart until no two marks lie upon each other, and all are in the picture."""
    found = [list(point) for point in points]
    for _round in range(60):
        still = True
        for one in range(len(found)):
            for other in range(one):
                dx, dy = found[one][0] - found[other][0], found[one][1] - found[other][1]
                apart = hypot(dx, dy)
                wanted = halves[one] + halves[other] + 4
                if apart >= wanted:
                    continue
                still = False
                if apart < 0.1:
                    dx, dy, apart = 0.6, 0.8, 1.0
                step = (wanted - apart) / 2 / apart + 0.01
                for index, sign in ((one, 1), (other, -1)):
                    found[index][0] += sign * dx * step
                    found[index][1] += sign * dy * step
        for point, half in zip(found, halves, strict=True):
            point[0] = min(max(point[0], half + 4), WIDTH - half - 4)
            point[1] = min(max(point[1], _RADIUS + 4), HEIGHT - _RADIUS - 4)
        if still:
            break
    return [(x, y) for x, y in found]


def _mark(mark: Point, place: Point, number: str) -> Mark:
    x, y = mark
    thread = None
    if hypot(x - place[0], y - place[1]) > _NEAR:
        thread = (f"{place[0]:.1f}", f"{place[1]:.1f}")
    made = Mark(f"{x:.1f}", f"{y:.1f}", number, thread=thread)
    if "," not in number:
        return made
    half = _half_width(number)
    return replace(made, left=f"{x - half:.1f}", width=f"{2 * half:.1f}")


def _edges(
    spots: Sequence[Spot],
    end: Spot | None,
    at: Callable[[float, float], Point],
    moved: dict[Point, Point],
    boxes: list[Box],
) -> list[Label]:
    """Words at start and end."""
    start = spots[0] if spots and spots[0].name == "*" else None
    told: list[tuple[Spot, str]] = []
    if start and end and start.position == end.position:
        told.append((start, _("Start och slut")))
    else:
        told += [(start, _("Start"))] if start else []
        told += [(end, _("Slut"))] if end else []
    labels = []
    for spot, text in told:
        label = _label(text, moved[at(*spot.position)], boxes)
        if label:
            labels.append(label)
    return labels


def _city(
    at: Callable[[float, float], Point], scale: float, coast: Sequence[Point], boxes: list[Box]
) -> tuple[list[Green], list[Label]]:
    """Parks that are in the picture, and names where there is room for them."""
    per_metre = scale / _METRES_PER_DEGREE
    greens, names = [], []
    wanted: list[tuple[str, Point]] = []
    for name, middle, (tall, wide) in _GREENS:
        (x, y), rx, ry = at(*middle), wide * per_metre, tall * per_metre
        if -rx < x < WIDTH + rx and -ry < y < HEIGHT + ry:
            greens.append(Green(f"{x:.1f}", f"{y:.1f}", f"{rx:.1f}", f"{ry:.1f}"))
            wanted.append((name, (x, y)))
    wanted += [(name, at(*middle)) for name, middle in _PARTS]
    for name, (x, y) in wanted:
        half = len(name) * _LETTER / 2
        box = _box((x, y), half, 9)
        inside = box[0] > 2 and box[2] < WIDTH - 2 and box[1] > 4 and box[3] < HEIGHT - 4
        if inside and box[0] > _shore(coast, y) - 4 and not any(_meet(box, other) for other in boxes):
            names.append(Label(f"{x:.1f}", f"{y + 4:.1f}", name))
            boxes.append(box)
    return greens, names


def _label(text: str, mark: Point, boxes: list[Box]) -> Label | None:
    """Under the mark, above it or at its sides: where nothing else is."""
    x, y = mark
    half = len(text) * _LETTER / 2
    for middle_x, middle_y in ((x, y + 20), (x, y - 20), (x + half + 14, y), (x - half - 14, y)):
        box = _box((middle_x, middle_y), half, 8)
        inside = box[0] > 2 and box[2] < WIDTH - 2 and box[1] > 2 and box[3] < HEIGHT - 2
        if inside and not any(_meet(box, other) for other in boxes):
            boxes.append(box)
            return Label(f"{middle_x:.1f}", f"{middle_y + 4.5:.1f}", text)
    return None


def _sea(coast: Sequence[Point]) -> str:
    """West of the coast, all the way out of the picture; the shore is a curve through its points."""
    path = ""
    for before, one, other, after in zip((coast[0], *coast), coast, coast[1:], (*coast[2:], coast[-1]), strict=False):
        # Catmull and Rom's curve as one of Bézier's.
        if max(one[1], other[1]) < -HEIGHT or min(one[1], other[1]) > 2 * HEIGHT:
            continue
        if not path:
            path = f"M-999 {one[1]:.0f}H{one[0]:.0f}"
        first = one[0] + (other[0] - before[0]) / 6, one[1] + (other[1] - before[1]) / 6
        second = other[0] - (after[0] - one[0]) / 6, other[1] - (after[1] - one[1]) / 6
        path += "C" + " ".join(f"{x:.0f} {y:.0f}" for x, y in (first, second, other))
    return path + "H-999Z" if path else "M0 0"


def _shore(coast: Sequence[Point], y: float) -> float:
    """Where the shore is at that height; far to the west where it is not drawn."""
    for (x1, y1), (x2, y2) in pairwise(coast):
        if y1 <= y <= y2:
            return x1 + (x2 - x1) * (y - y1) / (y2 - y1) if y2 > y1 else x1
    return -4000.0


def _sea_name(coast: Sequence[Point], boxes: Sequence[Box]) -> Label | None:
    """The name of the Sound, where it is wide enough for it."""
    text = "Öresund"
    half = len(text) * _LETTER / 2 + 4
    for y in (HEIGHT * part for part in (0.75, 0.55, 0.35, 0.9)):
        width = min(_shore(coast, y - 12), _shore(coast, y + 12))
        x = min(max(half + 8, width / 2), WIDTH / 3)
        box = _box((x, y), half, 10)
        if width - 6 > box[2] and not any(_meet(box, other) for other in boxes):
            return Label(f"{x:.1f}", f"{y:.1f}", text)
    return None


def _box(middle: Point, half_width: float, half_height: float) -> Box:
    x, y = middle
    return x - half_width, y - half_height, x + half_width, y + half_height


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
