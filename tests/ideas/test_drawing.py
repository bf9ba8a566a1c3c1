"""Strokes in, lines out, and nothing else ever."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bryggan.ideas import drawing
from bryggan.ideas.drawing import NotADrawing, paths_of, points_of, read_json, read_strokes

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NUMBERS = st.integers(-5000, 5000) | st.floats(-5000, 5000)
PATH = re.compile(r"M\d{1,4} \d{1,4}(L\d{1,4} \d{1,4})+\Z")


@given(st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1).map(lambda pairs: [n for p in pairs for n in p])))
def test_strokes_are_kept_as_whole_numbers_within_the_square(strokes: list[list[float]]) -> None:
    kept = read_json(json.dumps(strokes))

    assert [len(stroke) for stroke in kept] == [len(stroke) for stroke in strokes]
    assert all(isinstance(value, int) and 0 <= value <= drawing.SIDE for stroke in kept for value in stroke)
    assert all(PATH.match(path) for path in paths_of(kept))
    assert read_strokes(kept) == kept


@given(JSON)
def test_anything_else_is_no_drawing_and_breaks_nothing(sent: Any) -> None:
    try:
        kept = read_json(json.dumps(sent))
    except NotADrawing:
        return
    assert all(PATH.match(path) for path in paths_of(kept))


@pytest.mark.parametrize(
    "sent",
    [
        "{",
        "null",
        '"<script>alert(1)</script>"',
        '[["1\\" onload=\\"alert(1)", 2]]',
        "[[1]]",
        "[[]]",
        "[[NaN, 1]]",
        "[[1e999, 1]]",
        "[[true, 1]]",
        "[[1, 99999]]",
        "[" * 30_000,
        "[" * 20_000 + "]" * 20_000,
        "\ud800",
        json.dumps([[1, 1]] * (drawing.MOST_STROKES + 1)),
        json.dumps([[1, 1] * (drawing.MOST_POINTS + 1)]),
        " " * drawing.MOST_BYTES + "[[1,1]]",
    ],
)
def test_what_is_no_drawing_is_refused(sent: str) -> None:
    with pytest.raises(NotADrawing):
        read_json(sent)


def test_nothing_drawn_is_no_drawing() -> None:
    assert [read_json(""), read_json("  "), read_json("[]")] == [[], [], []]


def test_a_touch_is_a_dot_and_a_stroke_a_line() -> None:
    assert paths_of([[5, 6], [1, 2, 3, 4]]) == ["M5 6L5 6", "M1 2L3 4"]
    assert points_of([[5, 6], [1, 2, 3, 4]]) == 3
