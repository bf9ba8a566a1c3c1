"""A small inverted index of Swedish text, in memory: stems, parts of compounds, and near misses.

Pure: knows nothing of initiatives or databases. Why our own and not a search engine's: see
docs/adr/0004-search-in-process.md.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

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
    """A text, ready for the index: weight by term, and the words that stood in it."""

    weights: Mapping[str, float]
    vocabulary: frozenset[str]
    length: float


def words_of(fields: Iterable[tuple[str, float]]) -> Words:
    """The terms of several (text, weight) fields together."""
    weights: dict[str, float] = defaultdict(float)
    vocabulary: set[str] = set()
    length = 0.0
    for text, weight in fields:
        for word in swedish.words(text):
            if word in swedish.STOPWORDS:
                continue
            vocabulary.add(word)
            length += weight
            whole, *parts = terms_of(word)
            weights[whole] += weight
            for part in parts:
                weights[part] += weight * PART_WEIGHT
    return Words(dict(weights), frozenset(vocabulary), length)


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


@dataclass
class TextIndex:
    """Documents by number. Add, replace and remove them singly; search is always over the present state."""

    _documents: dict[int, Words] = field(default_factory=dict)
    _postings: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    _arrays: dict[str, tuple[NDArray[np.uint32], NDArray[np.float32], BitMap]] = field(default_factory=dict)
    _word_counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _total_length: float = 0.0
    _sorted_words: list[str] | None = None
    # Whole stem → the shortest word that has it: what a slip is measured against, besides the words themselves.
    _stems: dict[str, str] = field(default_factory=dict)

    def put(self, number: int, words: Words) -> None:
        """Add document `number`, or replace it."""
        self.remove(number)
        self._documents[number] = words
        self._total_length += words.length
        for term, weight in words.weights.items():
            self._postings[term][number] = weight
        for word in words.vocabulary:
            self._word_counts[word] += 1
        self._forget_what_was_derived()

    def remove(self, number: int) -> None:
        """Forget document `number`, if it is there."""
        words = self._documents.pop(number, None)
        if words is None:
            return
        self._total_length -= words.length
        for term in words.weights:
            postings = self._postings[term]
            del postings[number]
            if not postings:
                del self._postings[term]
        for word in words.vocabulary:
            self._word_counts[word] -= 1
            if not self._word_counts[word]:
                del self._word_counts[word]
        self._forget_what_was_derived()

    def _forget_what_was_derived(self) -> None:
        # Every weight depends on how many and how long the documents are. Made anew per term when asked for.
        self._arrays.clear()
        self._sorted_words = None

    def search(self, text: str, size: int) -> Hits | None:
        """Documents for the words of `text`; None when it holds no word to search for.

        `size` is one more than the largest document number. Every word must match, in one of its forms; when
        no document has them all, documents with some of them are given, most words first.
        """
        asked = [word for word in dict.fromkeys(swedish.words(text)) if word not in swedish.STOPWORDS][:12]
        if not asked:
            return None
        corrected: dict[str, str] = {}
        scores = np.zeros(size, dtype=np.float32)
        per_word: list[BitMap] = []
        for turn, word in enumerate(asked):
            found = BitMap()
            for term, weight in self._expanded(word, corrected, unfinished=turn == len(asked) - 1).items():
                places, weights, members = self._array(term)
                scores[places] += weights * np.float32(weight)
                found |= members
            per_word.append(found)
        numbers = per_word[0].copy()
        for found in per_word[1:]:
            numbers &= found
        some_only = not numbers and len(per_word) > 1 and any(per_word)
        if some_only:
            for found in per_word:
                numbers |= found
                scores[np.asarray(found, dtype=np.uint32)] += np.float32(100)
        return Hits(numbers, scores, some_only, corrected)

    def _expanded(self, word: str, corrected: dict[str, str], *, unfinished: bool) -> dict[str, float]:
        """Terms that a typed word stands for, with their weights."""
        stem = term_of(word)
        expanded: dict[str, float] = {}
        if stem in self._postings:
            expanded[stem] = 1.0
        if unfinished and len(word) >= 3:
            # The last word may still be on its way: "skyf" finds "skyfall".
            for known in self._words_beginning(word)[:30]:
                term = term_of(known)
                if term in self._postings:
                    expanded.setdefault(term, UNFINISHED_WEIGHT)
        if expanded:
            return expanded
        parts = [term_of(part) for part in swedish.parts(word)]
        known_parts = [part for part in parts if part in self._postings]
        nearest = self._nearest(word)
        if nearest is not None:
            corrected[word] = nearest
            return {term_of(nearest): NEAR_MISS_WEIGHT}
        # A compound that nobody wrote: its parts are the next best ("cykelgaragebygge" → cykel, garage, bygge).
        return dict.fromkeys(known_parts, PART_WEIGHT)

    def _words_beginning(self, start: str) -> Sequence[str]:
        words = self._known_words()
        low = bisect_left(words, start)
        high = bisect_left(words, start + "\uffff")
        return sorted(words[low:high], key=lambda word: -self._word_counts[word])

    def _known_words(self) -> list[str]:
        if self._sorted_words is None:
            self._sorted_words = sorted(self._word_counts)
            self._stems = {}
            for word in sorted(self._word_counts, key=lambda word: (len(word), word)):
                self._stems.setdefault(term_of(word), word)
        return self._sorted_words

    def _nearest(self, word: str) -> str | None:
        """The known word that `word` is a small slip from: one letter, two in long words, dots on å, ä and ö free."""
        if len(word) < 4:
            return None
        allowed = 1 if len(word) < 8 else 2
        known = self._known_words()
        candidates = [other for other in (*known, *self._stems) if abs(len(other) - len(word)) <= allowed]
        best = process.extract(
            _undotted(word), candidates, scorer=OSA.distance, processor=_undotted, score_cutoff=allowed, limit=5
        )
        if not best:
            return None
        # Nearest first; of equals the one that shares its first letter, then the most written.
        counts = self._word_counts
        found = min(best, key=lambda item: (item[1], item[0][0] != word[0], -counts.get(item[0], 0), item[0]))[0]
        return found if found in counts else self._stems[found]

    def _array(self, term: str) -> tuple[NDArray[np.uint32], NDArray[np.float32], BitMap]:
        """Document numbers, BM25 weights and members of one term; made when first asked for."""
        made = self._arrays.get(term)
        if made is None:
            postings = self._postings[term]
            count = len(self._documents)
            mean = self._total_length / count if count else 1.0
            idf = math.log(1 + (count - len(postings) + 0.5) / (len(postings) + 0.5))
            numbers = np.fromiter(postings.keys(), dtype=np.uint32, count=len(postings))
            tf = np.fromiter(postings.values(), dtype=np.float32, count=len(postings))
            lengths = np.fromiter(
                (self._documents[number].length for number in postings), dtype=np.float32, count=len(postings)
            )
            weights = idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * lengths / (mean or 1.0)))
            made = (numbers, weights.astype(np.float32), BitMap(postings.keys()))
            self._arrays[term] = made
        return made


def _undotted(word: str) -> str:
    return word.translate(_DOTS)


_DOTS = str.maketrans("åäöéü", "aaoeu")
