"""Drawings as pictures: made by us of lines, so nothing that a phone has sent can be anything else in them."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from bryggan.ideas.drawing import SIDE, paths_of
from bryggan.ideas.models import Idea


def picture(idea: Idea) -> HttpResponse:
    """The drawing as SVG, ink on white in light and dark. It never changes, so each reader fetches it once."""
    if not idea.drawing:
        raise Http404
    lines = "".join(f'<path d="{path}"/>' for path in paths_of(idea.drawing))
    answer = HttpResponse(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">'
        f'<rect width="{SIDE}" height="{SIDE}" fill="#fff"/>'
        '<g fill="none" stroke="#12263a" stroke-width="9" stroke-linecap="round" stroke-linejoin="round">'
        f"{lines}</g></svg>",
        content_type="image/svg+xml",
    )
    answer["Cache-Control"] = "private, max-age=86400, immutable"
    return answer
