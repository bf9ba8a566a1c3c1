"""Pages that follow what happens: a region asks now and then, and is told nothing when nothing has changed."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response


def when_changed(request: HttpRequest, tag: str, render: Callable[[], HttpResponse]) -> HttpResponse:
    """304 for whoever has `tag` already, decided without rendering; otherwise the region, with its tag."""
    answer = get_conditional_response(request, etag=tag) or render()
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    return answer


def has_already(request: HttpRequest, tag: str) -> bool:
    """True when the reader's only tag is this one. Compressed answers have made it a weak one on the way."""
    return request.headers.get("If-None-Match", "").removeprefix("W/") == tag
