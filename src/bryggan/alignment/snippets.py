"""Where the words of a search stand in a text: every form and compound of them, marked whole.

The same stems and parts as the index has: who searches for "vatten" sees "dagvattendammen" marked. Segments
are plain text, to be escaped by whoever shows them; together they are the text, letter for letter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from bryggan.alignment import swedish
from bryggan.alignment.textindex import term_of, terms_of

Segment = tuple[str, bool]

# Words as `swedish.words` finds them, in a text that may still hold soft hyphens and letters in two parts.
_WORD = re.compile(
    r"[^\W_]++(?:[\u00ad\u0300-\u036f]++[^\W_]*+)*+"
    r"(?:[-\u2010\u2011'’:][^\W_]++(?:[\u00ad\u0300-\u036f]++[^\W_]*+)*+)*+"
)
_SENTENCE_END = re.compile(r"[.!?…]\s+")
# The last word typed may still be on its way, as in the index: "skyf" marks "skyfall".
_LEAST_UNFINISHED = 3
_MOST_WORDS = 12


def asked_words(text: str, corrected: Mapping[str, str] | None = None) -> list[str]:
    """The words of a search to mark: as typed, or as the search took them."""
    taken = corrected or {}
    words = (taken.get(word, word) for word in swedish.words(text))
    return [word for word in dict.fromkeys(words) if word not in swedish.STOPWORDS][:_MOST_WORDS]


def mark(text: str, words: Sequence[str]) -> list[Segment]:
    """The text in segments, each with whether it is one of the words. Nothing is lost and nothing added."""
    segments: list[Segment] = []
    done = 0
    for start, end, _which in _hits(text, words):
        if start > done:
            segments.append((text[done:start], False))
        segments.append((text[start:end], True))
        done = end
    if done < len(text):
        segments.append((text[done:], False))
    return segments


def best_piece(text: str, words: Sequence[str], longest: int = 220) -> list[Segment]:
    """The piece of the text that has most of the words, marked: whole words, at most `longest` characters.

    An ellipsis stands where text is left out. Without a hit it is the beginning. White space becomes single
    spaces.
    """
    text = " ".join(text.split())
    if len(text) <= longest:
        return mark(text, words)
    hits = _hits(text, words)
    # Room for an ellipsis and its space at either end.
    room = max(1, longest - 4)
    start = _start(text, hits, room)
    end = _end_before(text, start, room)
    piece: list[Segment] = [("… ", False)] if start else []
    done = start
    for hit_start, hit_end, _which in hits:
        if hit_start < start or hit_end > end:
            continue
        if hit_start > done:
            piece.append((text[done:hit_start], False))
        piece.append((text[hit_start:hit_end], True))
        done = hit_end
    if end > done:
        piece.append((text[done:end], False))
    if end < len(text):
        piece.append((" …", False))
    return _merged(piece)


def _hits(text: str, words: Sequence[str]) -> list[tuple[int, int, frozenset[int]]]:
    """Start, end and which of the words, for every word of the text that is one of them."""
    wanted, unfinished = _wanted(tuple(words))
    if not wanted:
        return []
    # Told apart word by word once, however often it stands there; mostly there is nothing to find.
    which_of: dict[str, frozenset[int]] = {}
    asked = wanted.keys()
    for word in set(_WORD.findall(text)):
        terms = _terms(word)
        if not asked.isdisjoint(terms):
            which_of[word] = frozenset(wanted[term] for term in terms if term in wanted)
        elif unfinished and word[0] in unfinished[1] and word.lower().startswith(unfinished[0]):
            which_of[word] = frozenset({len(wanted)})
    if not which_of:
        return []
    return [(*match.span(), which_of[match[0]]) for match in _WORD.finditer(text) if match[0] in which_of]


@lru_cache(maxsize=256)
def _wanted(words: tuple[str, ...]) -> tuple[dict[str, int], tuple[str, str] | None]:
    """Stem → number of the word; and the last word when it may be a beginning, with its first letter in both cases."""
    plain = [word for given in words for word in swedish.words(given) if word not in swedish.STOPWORDS][:_MOST_WORDS]
    wanted: dict[str, int] = {}
    for number, word in enumerate(plain):
        wanted.setdefault(term_of(word), number)
    last = plain[-1] if plain else ""
    return wanted, (last, last[0] + last[0].upper()) if len(last) >= _LEAST_UNFINISHED else None


@lru_cache(maxsize=65_536)
def _terms(word: str) -> tuple[str, ...]:
    """What a word of a text is found by: its stem and those of its parts, as in the index."""
    terms: dict[str, None] = {}
    for plain in swedish.words(word):
        if plain not in swedish.STOPWORDS:
            terms.update(dict.fromkeys(terms_of(plain)))
    return tuple(terms)


def _start(text: str, hits: Sequence[tuple[int, int, frozenset[int]]], room: int) -> int:
    """Where the best piece begins: most different words in it, then most hits, then the earliest."""
    # A hit may stand inside what spaces hold together ("dag.natt"): that begins the piece when there is room for it.
    begins = [
        whole if finish - (whole := text.rfind(" ", 0, begin) + 1) <= room else begin for begin, finish, _which in hits
    ]
    best = (0, 0)
    first, last = 0, -1
    end = 0
    for i, begin in enumerate(begins):
        end = max(end, i)
        while end < len(hits) and hits[end][1] <= begin + room:
            end += 1
        different = len(frozenset().union(*(which for _s, _e, which in hits[i:end]))) if end > i else 0
        if (different, end - i) > best:
            best, first, last = (different, end - i), i, max(end - 1, i)
    if last < 0:
        return 0
    begin, finish = begins[first], hits[last][1]
    if finish <= room:
        return 0
    # What room is left over goes after the hits, and before them from the beginning of their sentence if it fits.
    spare = max(0, room - (finish - begin))
    earliest = begin - spare
    sentence = [match.end() for match in _SENTENCE_END.finditer(text, max(0, earliest), begin)]
    if sentence:
        return sentence[0] if len(text) - sentence[-1] < room else sentence[-1]
    from_word = text.rfind(" ", 0, max(0, begin - spare // 2)) + 1
    return from_word if from_word > earliest else begin


def _end_before(text: str, start: int, room: int) -> int:
    """The end of the last whole word within `room` from `start`; a single word too long is cut."""
    end = start + room
    if end >= len(text):
        return len(text)
    if text[end] == " ":
        return end
    space = text.rfind(" ", start, end)
    return space if space > start else end


def _merged(segments: Sequence[Segment]) -> list[Segment]:
    """Neighbours that are both plain made one."""
    made: list[Segment] = []
    for text, marked in segments:
        if made and not marked and not made[-1][1]:
            made[-1] = (made[-1][0] + text, False)
        else:
            made.append((text, marked))
    return made
