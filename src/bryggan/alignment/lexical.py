"""The first matching: an initiative fits a point when they share telling words.

Cosine between the two texts' words, each weighed by how rare it is among all points (TF-IDF), with Swedish
stems and compound parts. It finds only what is said in the same words in both places; the ranking that
knows themes stands above it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bryggan.alignment import swedish
from bryggan.alignment.signals import InitiativeText, Point
from bryggan.alignment.textindex import terms_of

Strength = Literal["strong", "possible"]


@dataclass(frozen=True)
class ScoredPoint:
    """That an initiative fits a point: score 0 to 1, a Swedish sentence why, and the words that carried it."""

    key: str
    score: float
    strength: Strength
    reason: str
    initiative_words: tuple[str, ...] = ()
    point_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ranking:
    """All that was found for one initiative, best first. Empty lists say that nothing in school fits."""

    points: list[ScoredPoint] = field(default_factory=list)
    # (subject code, "7-9" or level code or "", score)
    subjects: list[tuple[str, str, float]] = field(default_factory=list)
    # (programme code, orientation code or "", score)
    programmes: list[tuple[str, str, float]] = field(default_factory=list)


# Chosen on the judged development set: `bench/alignment.md` shows what they give.
LEAST_POSSIBLE = 0.16
LEAST_STRONG = 0.28
LEAST_SHARED_FOR_STRONG = 2
MOST_PER_CURRICULUM = 40
PROGRAMME_SHARE = 0.5

# Words so common in syllabi, or in the city's texts, that sharing them says nothing.
_SAYS_NOTHING = frozenset(
    swedish.stem(word)
    for word in """
    exempel elever eleverna elevernas hjälp olika sätt använda används användning begrepp samband betydelse frågor
    arbete arbeta arbetar stad staden stadens kommun projekt pilot prova testa idé lösning metod metoder arbetssätt
    möjlighet möjligheter innehåll form former del delar typ typer grund vardag skilda tid människor människors barn
    unga invånare
    """.split()
)


class LexicalRanker:
    """Made once from all points of central content; ranks one initiative at a time."""

    def __init__(
        self, points: Iterable[Point], programme_subjects: dict[tuple[str, str], Sequence[str]] | None = None
    ):
        """`programme_subjects`: (programme, orientation or "") → codes of its own subjects."""
        self._programme_subjects = programme_subjects or {}
        self._groups: dict[tuple[object, str], list[Point]] = defaultdict(list)
        for point in points:
            # The same text in several subjects is one point while ranking; every copy gets the result.
            self._groups[(point.curriculum, point.years or "", point.text)].append(point)  # type: ignore[index]
        self._vectors: list[tuple[list[Point], dict[str, float]]] = []
        counts: Counter[str] = Counter()
        bags = []
        for copies in self._groups.values():
            bag = _bag([(copies[0].text, 1.0), (copies[0].heading or "", 0.4)])
            bags.append((copies, bag))
            counts.update(bag.keys())
        total = max(len(bags), 1)
        self._idf = {term: math.log(1 + total / (1 + count)) for term, count in counts.items()}
        self._unknown_idf = math.log(1 + total)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, (copies, bag) in enumerate(bags):
            vector = self._weighed(bag)
            self._vectors.append((copies, vector))
            for term, weight in vector.items():
                self._postings[term].append((number, weight))

    def _weighed(self, bag: dict[str, float]) -> dict[str, float]:
        weighed = {term: (1 + math.log(n)) * self._idf.get(term, self._unknown_idf) for term, n in bag.items()}
        norm = math.sqrt(sum(weight * weight for weight in weighed.values())) or 1.0
        return {term: weight / norm for term, weight in weighed.items()}

    def rank(self, initiative: InitiativeText) -> Ranking:
        """Points that share enough telling words with the initiative, best first."""
        bag = _bag(
            [
                (initiative.title, 3.0),
                (initiative.summary, 1.0),
                (initiative.what, 1.0),
                (initiative.why, 1.0),
                (initiative.how, 0.5),
                (initiative.challenge, 0.5),
                (" ".join(initiative.sectors), 1.0),
                (" ".join(initiative.technologies), 0.5),
            ]
        )
        known = {term: n for term, n in bag.items() if term in self._idf}
        own = self._weighed(known)
        scores: dict[int, float] = defaultdict(float)
        for term, weight in own.items():
            for number, other in self._postings[term]:
                scores[number] += weight * other
        surface = _surface(initiative)
        found: list[ScoredPoint] = []
        per_curriculum: Counter[str] = Counter()
        subject_scores: dict[tuple[str, str], float] = {}
        for number, score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
            if score < LEAST_POSSIBLE:
                break
            copies, vector = self._vectors[number]
            shared = sorted(set(own) & set(vector), key=lambda term: -own[term] * vector[term])
            curriculum = copies[0].curriculum
            if not shared or per_curriculum[curriculum] >= MOST_PER_CURRICULUM:
                continue
            per_curriculum[curriculum] += 1
            strong = score >= LEAST_STRONG and len(shared) >= LEAST_SHARED_FOR_STRONG
            ours = tuple(dict.fromkeys(surface[term] for term in shared[:4] if term in surface))
            point_surface = _surface_of(copies[0].text)
            theirs = tuple(dict.fromkeys(point_surface[term] for term in shared[:4] if term in point_surface))
            scored = min(1.0, score)
            for copy in copies:
                found.append(
                    ScoredPoint(
                        copy.key, scored, "strong" if strong else "possible", _reason(ours, theirs), ours, theirs
                    )
                )
                span = f"{copy.years[0]}-{copy.years[1]}" if copy.years else copy.level or ""
                at = (copy.subject, span)
                subject_scores[at] = max(subject_scores.get(at, 0.0), scored)
        subjects = sorted(((code, span, score) for (code, span), score in subject_scores.items()), key=lambda s: -s[2])
        upper = {}
        for code, _span, score in subjects:
            upper[code] = max(upper.get(code, 0.0), score)
        return Ranking(found, subjects, self._programmes(upper))

    def _programmes(self, subjects: dict[str, float]) -> list[tuple[str, str, float]]:
        """A programme fits when subjects of its own do, not those that everyone reads."""
        fits = []
        for (programme, orientation), codes in self._programme_subjects.items():
            best = max((subjects.get(code, 0.0) for code in codes), default=0.0)
            if best >= LEAST_STRONG:
                fits.append((programme, orientation, best))
        return sorted(fits, key=lambda fit: (-fit[2], fit[0], fit[1]))


def _bag(fields: Iterable[tuple[str, float]]) -> dict[str, float]:
    bag: dict[str, float] = defaultdict(float)
    for text, weight in fields:
        for word in swedish.words(text):
            if word in swedish.STOPWORDS:
                continue
            for place, term in enumerate(terms_of(word)):
                if term not in _SAYS_NOTHING:
                    bag[term] += weight * (0.6 if place else 1.0)
    return {term: max(n, 1.0) for term, n in bag.items()}


def _surface(initiative: InitiativeText) -> dict[str, str]:
    own = (initiative.title, initiative.summary, initiative.what, initiative.why, initiative.how, initiative.challenge)
    return _surface_of(" ".join((*own, *initiative.sectors, *initiative.technologies)))


def _surface_of(text: str) -> dict[str, str]:
    """The first word of the text that holds each term, as it is written there."""
    surface: dict[str, str] = {}
    for word in swedish.words(text):
        if word not in swedish.STOPWORDS:
            for term in terms_of(word):
                surface.setdefault(term, word)
    return surface


def _reason(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """One Swedish sentence that names the shared words as the initiative writes them."""
    named = list(ours[:3] or theirs[:3])
    if not named:
        return ""
    listed = named[0] if len(named) == 1 else ", ".join(named[:-1]) + " och " + named[-1]
    return f"Handlar liksom kursplanen om {listed}."[:300]
