"""A part of a page that is repeated many times: rendered once for each shape it takes, and filled in for each row.

Where twenty rows differ in their words alone, reading a template anew for each is most of what the page costs. Here
it is rendered with marks in the place of words, and kept by the process; a row puts its words, escaped, where the
marks are. Such a template shows its words and asks whether they are there. It compares and filters nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

# Around the name of a word. Of Unicode's private area: no template has it.
_MARK = "\ue000"
_MOST_SHAPES = 2000


def filled(template: str, words: Mapping[str, str | bool]) -> SafeString:
    """The template as it would be rendered with these words. True and False are asked for, and never shown."""
    shape = tuple((name, value is True) for name, value in words.items() if value)
    pieces = _pieces if not settings.DEBUG else _pieces.__wrapped__
    text: list[str] = []
    for before, name in pieces(template, get_language(), shape):
        word = words.get(name, "")
        text += (before, word if isinstance(word, SafeString) else escape(str(word)))
    return SafeString("".join(text))


@lru_cache(maxsize=_MOST_SHAPES)
def _pieces(template: str, language: str | None, shape: tuple[tuple[str, bool], ...]) -> list[tuple[str, str]]:
    """What the template says before each word, and the word's name; the last has none."""
    marked = {name: is_asked_for or f"{_MARK}{name}{_MARK}" for name, is_asked_for in shape}
    rendered = render_to_string(template, marked).split(_MARK)
    return list(zip(rendered[::2], [*rendered[1::2], ""], strict=True))
