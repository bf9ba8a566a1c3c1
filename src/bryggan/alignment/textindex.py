"""A small inverted index of Swedish text, in memory: stems, parts of compounds, and near misses.

Pure: knows nothing of initiatives or databases. Why our own and not a search engine's: see
docs/adr/0004-search-in-process.md.
"""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bryggan.alignment import swedish

# BM25: how fast a repeated word stops counting, and how much a long text is held against its words.
K1 = 1.2
B = 0.4
# A part of a compound counts less than the word itself: "dagvatten" ranks above "vatten" for who types it.
PART_WEIGHT = 0.5
NEAR_MISS_WEIGHT = 0.6
UNFINISHED_WEIGHT = 0.8
LEAST_INNER_PART = 4
# How many words an unfinished one may stand for.
MOST_ENDINGS = 30
# Postings whose weights are kept between questions, about ten bytes each.
MOST_WEIGHED = 4_000_000
# Postings that wait to be put in their places together, twelve bytes each.
MOST_WAITING = 1_000_000
# So many new words at once are sorted with the rest; fewer are put in their places.
MANY_WORDS = 500

Real = TypeVar("Real", bound=np.floating)


@dataclass(frozen=True)
class Hits:
    """Which documents match, and their scores: an array indexed by document number (0 where there is no match)."""

    numbers: BitMap
    scores: NDArray[np.float32]
    # True when no document had all the words and those with some of them are given instead.
    some_words_only: bool
    # Typed word → the known word it was taken for.
    corrected: Mapping[str, str]


@dataclass(frozen=True)
class Words:
    """A text, ready for the index: weight by word, and its length, each word counted by its field's weight."""

    weights: Mapping[str, float]
    length: float


def words_of(fields: Iterable[tuple[str, float]]) -> Words:
    """The words of several (text, weight) fields together."""
    weights: dict[str, float] = {}
    length = 0.0
    for text, weight in fields:
        for word in swedish.words(text):
            if word not in swedish.STOPWORDS:
                weights[word] = weights.get(word, 0.0) + weight
                length += weight
    return Words(weights, length)


def term_of(word: str) -> str:
    """What a word is found by: its stem, but for those that Snowball's stemmer cuts too short in the singular.

    It takes the "or" of sensor for the plural ending of flickor, and the "ad" of marknad for that of a verb.
    """
    lemma = swedish.lemma(word)
    return lemma if lemma and lemma.endswith(("or", "ad")) else swedish.stem(word)


@lru_cache(maxsize=200_000)
def terms_of(word: str) -> tuple[str, ...]:
    """The word's stem, then the stems of its compound parts, parts of parts included."""
    whole = term_of(word)
    found = {whole: None}
    waiting = list(swedish.parts(word))
    while waiting:
        part = waiting.pop(0)
        stem = term_of(part)
        if stem not in found:
            found[stem] = None
            # Parts of parts only when they are words to be reckoned with: vatten of dagvatten, not dag.
            waiting.extend(inner for inner in swedish.parts(part) if len(inner) >= LEAST_INNER_PART)
    return tuple(found)


class _Weighed(NamedTuple):
    """One term, ready to be added up: document numbers, their BM25 weights, and the numbers once more as a set."""

    numbers: NDArray[np.uint32]
    weights: NDArray[np.float32]
    members: BitMap


class _Postings(NamedTuple):
    """The documents that hold one term, ascending, and its weight in each."""

    numbers: array[int]
    weights: array[float]

    def put(self, numbers: NDArray[np.uint32], weights: NDArray[np.float32]) -> None:
        """Add documents that are not there, ascending."""
        if not self.numbers or self.numbers[-1] < numbers[0]:
            self.numbers.frombytes(numbers.tobytes())
            self.weights.frombytes(weights.tobytes())
            return
        for number, weight in zip(numbers.tolist(), weights.tolist(), strict=True):
            place = bisect_left(self.numbers, number)
            self.numbers.insert(place, number)
            self.weights.insert(place, weight)

    def remove(self, number: int) -> None:
        place = bisect_left(self.numbers, number)
        del self.numbers[place]
        del self.weights[place]


class _Strings:
    """Strings by number, and how often each counts; a number that is released is given to another string.

    Letters and lengths lie beside them, so that the few that may be near a given string are picked out without
    any table that a change would make old.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.strings: list[str] = []
        self.counts = array("I")
        self._letters = array("I")
        self._lengths = array("I")
        self._free: list[int] = []

    def number(self, string: str) -> int:
        """The string's number; a new string gets one, and counts for nothing yet."""
        known = self.numbers.get(string)
        if known is not None:
            return known
        plain = _undotted(string)
        if self._free:
            number = self._free.pop()
            self.strings[number] = string
            self._letters[number], self._lengths[number] = _letters(plain), len(plain)
        else:
            number = len(self.strings)
            self.strings.append(string)
            self.counts.append(0)
            self._letters.append(_letters(plain))
            self._lengths.append(len(plain))
        self.numbers[string] = number
        return number

    def release(self, number: int) -> None:
        del self.numbers[self.strings[number]]
        self.strings[number] = ""
        self.counts[number] = 0
        self._free.append(number)

    def maybe_near(self, plain: str, slips: int) -> list[str]:
        """Strings that count and may be `slips` letters from `plain`: all that are, and some that are not."""
        # A slip takes one letter away, brings one, or both; so two kinds of letters differ at most.
        lengths, letters = np.array(self._lengths, dtype=np.int64), np.array(self._letters, dtype=np.uint32)
        near = np.abs(lengths - len(plain)) <= slips
        near &= np.bitwise_count(letters ^ np.uint32(_letters(plain))) <= 2 * slips
        near &= np.array(self.counts, dtype=np.uint32) > 0
        return [self.strings[number] for number in np.flatnonzero(near)]


@dataclass
class TextIndex:
    """Documents by number. Add, replace and remove them singly; search is always over the present state.

    Made for a hundred thousand documents in each process: what is held of one is the numbers of its words, four
    bytes each, and of a term eight bytes for each document that has it.
    """

    # The numbers of a document's words; its terms are those of its words.
    _documents: dict[int, array[int]] = field(default_factory=dict)
    # Words count the documents they stand in, terms the known words whose whole stem they are.
    _words: _Strings = field(default_factory=_Strings)
    _terms: _Strings = field(default_factory=_Strings)
    # By number of a term.
    _postings: list[_Postings] = field(default_factory=list)
    # By number of a word: its whole stem, and the stems of its parts.
    _whole_of_word: array[int] = field(default_factory=lambda: array("I"))
    _parts_of_word: list[tuple[int, ...]] = field(default_factory=list)
    # Terms and weights that are not among the postings yet, document after document, and how many each has.
    _waiting_terms: array[int] = field(default_factory=lambda: array("I"))
    _waiting_weights: array[float] = field(default_factory=lambda: array("f"))
    _waiting_documents: list[tuple[int, int]] = field(default_factory=list)
    # By number of a document.
    _lengths: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    _total_length: float = 0.0
    _weighed: dict[int, _Weighed] = field(default_factory=dict)
    _weighed_size: int = 0
    # Known words in order as of the last question, and those that came and went since.
    _sorted: list[str] = field(default_factory=list)
    _came: set[str] = field(default_factory=set)
    _went: set[str] = field(default_factory=set)

    def put(self, number: int, words: Words) -> None:
        """Add document `number`, or replace it. A whole collection is cheapest put in ascending order."""
        self.remove(number)
        known, counts = self._words.numbers, self._words.counts
        wholes, parts_of = self._whole_of_word, self._parts_of_word
        own = array("I")
        weights: dict[int, float] = {}
        for word, weight in words.weights.items():
            place = known.get(word)
            if place is None:
                place = self._learn(word)
            own.append(place)
            counts[place] += 1
            whole = wholes[place]
            weights[whole] = weights.get(whole, 0.0) + weight
            for part in parts_of[place]:
                weights[part] = weights.get(part, 0.0) + weight * PART_WEIGHT
        self._waiting_terms.extend(weights)
        self._waiting_weights.extend(weights.values())
        self._waiting_documents.append((number, len(weights)))
        if len(self._waiting_terms) > MOST_WAITING:
            self._take_in()
        # Copied, because an array that has grown keeps room to grow more.
        self._documents[number] = own[:]
        self._lengths = with_room(self._lengths, number)
        self._lengths[number] = words.length
        self._total_length += words.length
        self._forget_weights()

    def remove(self, number: int) -> None:
        """Forget document `number`, if it is there."""
        own = self._documents.pop(number, None)
        if own is None:
            return
        self._take_in()
        terms = {self._whole_of_word[word] for word in own}
        terms.update(part for word in own for part in self._parts_of_word[word])
        for term in terms:
            postings = self._postings[term]
            postings.remove(number)
            if not postings.numbers:
                self._terms.release(term)
        for word in own:
            self._words.counts[word] -= 1
            if not self._words.counts[word]:
                self._forget_word(word)
        self._total_length -= float(self._lengths[number])
        self._forget_weights()

    def word_counts(self) -> dict[str, int]:
        """Every known word, and in how many documents it stands."""
        return {word: self._words.counts[number] for word, number in self._words.numbers.items()}

    def _take_in(self) -> None:
        """Put what waits where it belongs: term by term, since going to another one for each word is what costs."""
        if not self._waiting_documents:
            return
        terms = np.array(self._waiting_terms, dtype=np.uint32)
        weights = np.array(self._waiting_weights, dtype=np.float32)
        documents = np.array(self._waiting_documents, dtype=np.int64)
        numbers = np.repeat(documents[:, 0], documents[:, 1]).astype(np.uint32)
        order = np.lexsort((numbers, terms))
        terms, numbers, weights = terms[order], numbers[order], weights[order]
        starts = np.flatnonzero(np.diff(terms, prepend=terms[0] + 1)).tolist() if len(terms) else []
        for start, end in pairwise((*starts, len(terms))):
            self._postings[terms[start]].put(numbers[start:end], weights[start:end])
        self._waiting_terms, self._waiting_weights = array("I"), array("f")
        self._waiting_documents.clear()

    def _learn(self, word: str) -> int:
        """The number of a word that is new."""
        number = self._words.number(word)
        terms = [self._terms.number(term) for term in terms_of(word)]
        while len(self._postings) < len(self._terms.strings):
            self._postings.append(_Postings(array("I"), array("f")))
        whole, parts = terms[0], tuple(terms[1:])
        if number == len(self._parts_of_word):
            self._whole_of_word.append(whole)
            self._parts_of_word.append(parts)
        else:
            self._whole_of_word[number], self._parts_of_word[number] = whole, parts
        self._terms.counts[whole] += 1
        self._came.add(word)
        self._went.discard(word)
        return number

    def _forget_word(self, number: int) -> None:
        word, whole = self._words.strings[number], self._whole_of_word[number]
        # A stem that went with its last document has been released, and counts for nothing already.
        if self._terms.counts[whole]:
            self._terms.counts[whole] -= 1
        self._words.release(number)
        self._went.add(word)
        self._came.discard(word)

    def _forget_weights(self) -> None:
        # Every weight depends on how many and how long the documents are. Made anew per term when asked for.
        self._weighed.clear()
        self._weighed_size = 0

    def search(self, text: str, size: int) -> Hits | None:
        """Documents for the words of `text`; None when it holds no word to search for.

        `size` is one more than the largest document number. Every word must match, in one of its forms; when
        no document has them all, documents with some of them are given, most words first.
        """
        asked = [word for word in dict.fromkeys(swedish.words(text)) if word not in swedish.STOPWORDS][:12]
        if not asked:
            return None
        self._take_in()
        corrected: dict[str, str] = {}
        scores = np.zeros(size, dtype=np.float32)
        per_word: list[BitMap] = []
        for turn, word in enumerate(asked):
            found = BitMap()
            for term, weight in self._expanded(word, corrected, unfinished=turn == len(asked) - 1).items():
                weighed = self._weigh(term)
                scores[weighed.numbers] += weighed.weights * np.float32(weight)
                found |= weighed.members
            per_word.append(found)
        numbers = per_word[0].copy()
        for found in per_word[1:]:
            numbers &= found
        some_only = not numbers and len(per_word) > 1 and any(per_word)
        if some_only:
            for found in per_word:
                numbers |= found
                scores[np.array(found.to_array(), dtype=np.uint32)] += np.float32(100)
        return Hits(numbers, scores, some_only, corrected)

    def _expanded(self, word: str, corrected: dict[str, str], *, unfinished: bool) -> dict[int, float]:
        """Numbers of the terms that a typed word stands for, with their weights."""
        terms = self._terms.numbers
        expanded: dict[int, float] = {}
        stem = terms.get(term_of(word))
        if stem is not None:
            expanded[stem] = 1.0
        if unfinished and len(word) >= 3:
            # The last word may still be on its way: "skyf" finds "skyfall".
            for known in self._words_beginning(word):
                expanded.setdefault(self._whole_stem(known), UNFINISHED_WEIGHT)
        if expanded:
            return expanded
        nearest = self._nearest(word)
        if nearest is not None:
            corrected[word] = nearest
            return {self._whole_stem(nearest): NEAR_MISS_WEIGHT}
        # A compound that nobody wrote: its parts are the next best ("cykelgaragebygge" → cykel, garage, bygge).
        parts = (terms.get(term_of(part)) for part in swedish.parts(word))
        return {part: PART_WEIGHT for part in parts if part is not None}

    def _whole_stem(self, word: str) -> int:
        return self._whole_of_word[self._words.numbers[word]]

    def _words_beginning(self, start: str) -> Sequence[str]:
        """The most written words that begin so, at most MOST_ENDINGS of them."""
        words = self._known_words()
        low = bisect_left(words, start)
        high = bisect_left(words, start + "\uffff")
        counts, numbers = self._words.counts, self._words.numbers
        return heapq.nlargest(MOST_ENDINGS, words[low:high], key=lambda word: counts[numbers[word]])

    def _known_words(self) -> list[str]:
        if len(self._came) + len(self._went) > MANY_WORDS:
            self._sorted = sorted(self._words.numbers)
        else:
            for word in self._went:
                place = bisect_left(self._sorted, word)
                if place < len(self._sorted) and self._sorted[place] == word:
                    del self._sorted[place]
            for word in self._came:
                place = bisect_left(self._sorted, word)
                if place == len(self._sorted) or self._sorted[place] != word:
                    self._sorted.insert(place, word)
        self._came.clear()
        self._went.clear()
        return self._sorted

    def _nearest(self, word: str) -> str | None:
        """The known word that `word` is a small slip from: one letter, two in long words, dots on å, ä and ö free."""
        if len(word) < 4:
            return None
        allowed = 1 if len(word) < 8 else 2
        plain = _undotted(word)
        candidates = self._words.maybe_near(plain, allowed) + self._terms.maybe_near(plain, allowed)
        undotted = [_undotted(other) for other in candidates]
        found = process.extract(plain, undotted, scorer=OSA.distance, score_cutoff=allowed, limit=None)
        best = [(candidates[place], distance) for _other, distance, place in found]
        if not best:
            return None
        # Nearest first; of equals the one that shares its first letter, then the most written.
        counts, numbers = self._words.counts, self._words.numbers

        def use(known: str) -> int:
            return counts[numbers[known]] if known in numbers else 0

        nearest, _distance = min(best, key=lambda item: (item[1], item[0][0] != word[0], -use(item[0]), item[0]))
        return nearest if nearest in numbers else self._shortest_with_stem(nearest)

    def _shortest_with_stem(self, stem: str) -> str:
        having = np.array(self._whole_of_word, dtype=np.uint32) == self._terms.numbers[stem]
        having &= np.array(self._words.counts, dtype=np.uint32) > 0
        return min((self._words.strings[n] for n in np.flatnonzero(having)), key=lambda word: (len(word), word))

    def _weigh(self, term: int) -> _Weighed:
        """Document numbers, BM25 weights and members of one term; made when first asked for."""
        made = self._weighed.get(term)
        if made is None:
            postings = self._postings[term]
            count, having = len(self._documents), len(postings.numbers)
            mean = self._total_length / count if count else 1.0
            idf = math.log(1 + (count - having + 0.5) / (having + 0.5))
            # Copies: an array that numpy looks into could not be changed.
            numbers = np.array(postings.numbers, dtype=np.uint32)
            tf = np.array(postings.weights, dtype=np.float32)
            weights = idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * self._lengths[numbers] / (mean or 1.0)))
            made = _Weighed(numbers, weights.astype(np.float32), BitMap(postings.numbers))
            self._weighed_size += having
            if self._weighed_size > MOST_WEIGHED:
                self._forget_weights()
                self._weighed_size = having
            self._weighed[term] = made
        return made


def with_room(values: NDArray[Real], number: int) -> NDArray[Real]:
    """The same values, or longer by zeros, so that there is one for `number`."""
    if number < len(values):
        return values
    # By a quarter more than needed: numbers come one after another.
    longer = np.zeros(1024 + (number + 1) * 5 // 4, dtype=values.dtype)
    longer[: len(values)] = values
    return longer


def _letters(plain: str) -> int:
    """Which letters stand in it, one bit each; letters beyond 32 share."""
    bits = 0
    for letter in plain:
        bits |= 1 << (ord(letter) & 31)
    return bits


def _undotted(word: str) -> str:
    return word.translate(_DOTS)


_DOTS = str.maketrans("åäöéü", "aaoeu")
