"""Drawings as strokes: what a phone may send, and the SVG that we draw of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

SIDE = 1000
MOST_STROKES = 150
MOST_POINTS = 4000
# Of the JSON as it comes; read before anything is parsed.
MOST_BYTES = 60_000

Stroke = list[int]


class NotADrawing(Exception):
    """What was sent is no list of strokes, or has more of them than a drawing may."""


def read_json(sent: str) -> list[Stroke]:
    """Strokes from the text that a phone sends; an empty text is no drawing. Raises NotADrawing."""
    if not sent.strip():
        return []
    if len(sent) > MOST_BYTES:
        raise NotADrawing
    try:
        # Typed, so that nothing nested is followed into its depths.
        return read_strokes(msgspec.json.decode(sent, type=list[list[float]]))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise NotADrawing from error


def points_of(strokes: Sequence[Sequence[int]]) -> int:
    return sum(len(stroke) // 2 for stroke in strokes)


def read_strokes(sent: object) -> list[Stroke]:
    """Strokes as they are kept: [[x, y, x, y, …], …] whole numbers within the square; a single touch is a dot.

    Raises NotADrawing for anything else. An empty list is no drawing.
    """
    if not isinstance(sent, list) or len(sent) > MOST_STROKES:
        raise NotADrawing
    strokes: list[Stroke] = []
    points = 0
    for stroke in sent:
        if not isinstance(stroke, list) or len(stroke) % 2 or not stroke:
            raise NotADrawing
        points += len(stroke) // 2
        if points > MOST_POINTS:
            raise NotADrawing
        strokes.append([_within(value) for value in stroke])
    return strokes


def path_of(stroke: Sequence[int]) -> str:
    """The stroke as an SVG path's `d`. Numbers only, so nothing that was sent can be anything but a line."""
    points = [f"{int(x)} {int(y)}" for x, y in zip(stroke[::2], stroke[1::2], strict=True)]
    if len(points) == 1:
        # A line of no length with round ends is a dot.
        points.append(points[0])
    return "M" + "L".join(points)


def paths_of(strokes: Sequence[Sequence[int]]) -> list[str]:
    """A path for each stroke, in the order they were drawn."""
    return [path_of(stroke) for stroke in strokes]


def _within(value: object) -> int:
    # True is a whole number to Python, and not to us.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotADrawing
    if value != value or abs(value) > 10 * SIDE:
        raise NotADrawing
    return min(SIDE, max(0, round(value)))
