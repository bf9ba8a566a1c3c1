"""Showing where in a text the words stand that carried a suggestion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# A word of the suggestion counts inside longer ones from this length: "vatten" in "näringsvatten".
INSIDE_FROM = 4
_WORD = re.compile(r"\w+")


class Piece(NamedTuple):
    text: str
    is_marked: bool


def marked(text: str, words: Iterable[str]) -> list[Piece]:
    """`text` in pieces, those marked that hold one of `words`, whatever case. Joined they are the text again."""
    wanted = [word.strip().lower() for word in words if word.strip()]
    single = [word for word in wanted if _WORD.fullmatch(word)]
    spans = [found.span() for found in _WORD.finditer(text) if _holds(found[0].lower(), single)]
    for phrase in (word for word in wanted if not _WORD.fullmatch(word)):
        pattern = r"\s+".join(re.escape(part) for part in phrase.split())
        spans += [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)]
    pieces, at = [], 0
    for start, end in sorted(spans):
        if end <= at:
            continue
        start = max(start, at)
        pieces += [Piece(text[at:start], False), Piece(text[start:end], True)]
        at = end
    pieces.append(Piece(text[at:], False))
    return [piece for piece in pieces if piece.text]


def has_marks(pieces: Sequence[Piece]) -> bool:
    return any(piece.is_marked for piece in pieces)


def _holds(token: str, words: Iterable[str]) -> bool:
    return any(token == word or (len(word) >= INSIDE_FROM and word in token) for word in words)
