"""How hard a Swedish text is to read: LIX, Björnsson's läsbarhetsindex.

LIX = words / sentences + 100 * long words / words, where a long word has more than six letters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LONG = 6
# Hyphens and apostrophes join: "IT-system" is one word.
_WORD = re.compile(r"[^\W_]+(?:[-\u2010\u2011'’:.,][^\W_]+)*")
_LETTER = re.compile(r"[^\W_]")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|\Z)|\n|\Z")
_LOWER_NEXT = re.compile(r"[\s\"'”’»«(\[–-]*[a-zåäöéü]")


class Level(StrEnum):
    """The usual steps, named for what they are; their Swedish names belong to whoever shows them."""

    VERY_EASY = "very easy"
    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"
    VERY_HARD = "very hard"


# Up to but not including this LIX; what is above the last is very hard.
_LIMITS = ((30, Level.VERY_EASY), (40, Level.EASY), (50, Level.MEDIUM), (60, Level.HARD))


@dataclass(frozen=True)
class Readability:
    """What LIX counts in a text, and what it comes to."""

    words: int
    long_words: int
    sentences: int

    @property
    def exact(self) -> float:
        return self.words / self.sentences + 100 * self.long_words / self.words

    @property
    def lix(self) -> int:
        """The nearest whole number, as LIX is told; halves go up."""
        return int(self.exact + 0.5)

    @property
    def level(self) -> Level:
        return next((level for limit, level in _LIMITS if self.lix < limit), Level.VERY_HARD)


def readability(text: str) -> Readability | None:
    """What LIX counts in `text`, plain text with one block a line; None where there are no words.

    A sentence ends at . ! ? … and at the end of a line, but not where a small letter follows: that is an
    abbreviation ("t.ex. vatten"), or a line broken for ease of reading.
    """
    words = _WORD.findall(text)
    if not words:
        return None
    long_words = sum(len(_LETTER.findall(word)) > LONG for word in words)
    return Readability(len(words), long_words, _sentences(text))


def _sentences(text: str) -> int:
    found, start = 0, 0
    for end in _SENTENCE_END.finditer(text):
        if end.end() < len(text) and _LOWER_NEXT.match(text, end.end()):
            continue
        if _WORD.search(text, start, end.start()):
            found += 1
        start = end.end()
    return max(found, 1)
