"""Parts of a page that are filled in for each row: the same text as a template rendered for each."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from bryggan.web.repeated import filled

ROW: dict[str, Any] = {
    "is_cancelled": False, "is_over": False, "is_changed": False, "is_open": False, "is_for_children": False,
    "begins": "9.15", "ends": "10.00", "address": "/massan/punkt/7", "title": "Bygg en bro", "summary": "Vi bygger.",
    "venue": "Torget", "area": "Hamnen", "for_whom": "Åk 4–6", "minutes": "45", "cost": "", "room": "3 platser kvar",
    "tone": "now",
}  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"is_open": True, "cost": "20", "tone": ""},
        {"is_cancelled": True, "is_changed": True, "is_for_children": True},
        {"venue": "", "area": "", "summary": ""},
        {"title": "<b>A & B</b> \"så\" 'här' 100 % {{ title }} {0}", "summary": "\ue000title\ue000"},
        {"title": SafeString("<em>A</em>")},
    ],
)
def test_a_filled_part_is_what_the_template_would_be(other: dict[str, Any]) -> None:
    words = ROW | other

    assert filled("fair/_row.html", words) == render_to_string("fair/_row.html", words)


def test_one_row_leaves_nothing_in_another() -> None:
    first = filled("fair/_row.html", ROW | {"title": "Hemligt"})

    assert "Hemligt" in first
    assert "Hemligt" not in filled("fair/_row.html", ROW)
