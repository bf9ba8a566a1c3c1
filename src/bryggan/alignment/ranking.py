"""One small ranking: how well each point of a curriculum fits an initiative, and why, in words.

The way of a suggestion: the initiative's words (and its meaning, when an embedder is there) say which *themes* it
is about; a theme says which central content it serves, at three levels; those levels, the words the two texts
share, the nearness of meaning and what judges said of like initiatives (`precedents`) are the handful of *features*
of each point; a logistic function with the coefficients of ``knowledge/ranking.json`` makes them one number between
0 and 1, calibrated on judged initiatives. What is below the lowest threshold is not said at all: an initiative
that fits nothing gets an empty answer. What only the precedents speak for is never more than possible. A second
such function makes the scores of a subject's points, and what was judged of it, the subject's own number.

Points without school years follow their subject or goal area (`yearless`). The coefficients are fitted from judged
initiatives (`calibration`); nothing here knows the judgements but through the precedents.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from . import precedents, reasons, signals
from .calibration import POINT_FEATURES, SET_FEATURES, Coefficients, Logistic, nearest_set, standing_out
from .precedents import Judgement, Likeness, Precedent
from .reasons import Read, ScoredPoint
from .signals import Embedder, InitiativeText, Point, ThemeFound, ThemeReader, WordMatch
from .themes import Knowledge, Theme
from .yearless import YearlessPoints

# A theme's evidence for a point or a subject adds up over themes, but not without end.
_MOST = 2.5
# A text that says little of itself has low scores all over: so many first points are named from this score on.
_FIRST = 20
_FAINT = 0.04
# From its best point's score on, a subject in a stage is worth a number of its own.
_NAMED = 0.05
# What the precedents together say of a point that nothing else speaks for, to be heard at all.
_HEARD = 0.02


@dataclass(frozen=True, slots=True)
class Ranking:
    """What an initiative teaches. All lists are best first; all may be empty, which is an answer.

    `points`: strong and possible only. `subjects`: (subject, years as "4-6", score). `gy_subjects`: (code, score) of
    at most eight Gy25 subjects. `programmes`: (code, score), at most six. `themes`:
    (theme id, strength 0 to 1).
    """

    points: list[ScoredPoint]
    subjects: list[tuple[str, str, float]]
    gy_subjects: list[tuple[str, float]]
    programmes: list[tuple[str, float]]
    themes: list[tuple[str, float]]


def text_hash(text: str) -> str:
    """Under which a text's vector is kept."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


class RememberingEmbedder:
    """An embedder that asks another only for texts it has not met; vectors are kept by the text's own hash.

    `memory` is any mapping from text hash to bytes (a table, a folder, a dict): 384 little-endian floats each. The
    hash only saves work; no link between initiative and curriculum is made by it.
    """

    def __init__(self, embedder: Embedder, memory: MutableMapping[str, bytes]) -> None:
        self._embedder, self._memory = embedder, memory

    def embed(self, texts: Sequence[str]) -> Any:
        """Return an array (texts, dimensions), computing only what is not remembered."""
        import numpy as np

        rows = []
        for text in texts:
            name = text_hash(text)
            raw = self._memory.get(name)
            if raw is None:
                raw = np.asarray(self._embedder.embed([text])[0], dtype="<f4").tobytes()
                self._memory[name] = raw
            rows.append(np.frombuffer(raw, dtype="<f4"))
        return np.vstack(rows)


@dataclass(slots=True)
class _Text:
    """A text that is one point for ranking, and the points that carry it (copies in other subjects included)."""

    text: str
    years: tuple[int, int]
    positions: list[int]

    @property
    def stage(self) -> str:
        return f"{self.years[0]}-{self.years[1]}"


class Ranker:
    """Ranks initiatives against one set of points; built once, then asked for each initiative.

    Building takes half a second for 19,000 points; with an embedder, about 1,000 short texts more to embed (themes
    and compulsory points: 45 s on one core when none is remembered, so hand over a `RememberingEmbedder`).
    Asking takes 5 ms, and the time of one embedding.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        points: Sequence[Point],
        embedder: Embedder | None = None,
        coefficients: Coefficients | None = None,
        reader: ThemeReader | None = None,
        judged: Sequence[Precedent] | None = None,
    ) -> None:
        self._points = list(points)
        self._themes: tuple[Theme, ...] = knowledge.themes
        self._knowledge = knowledge
        self._number = {theme.id: number for number, theme in enumerate(self._themes)}
        self._reader = reader or ThemeReader(self._themes)
        self._coefficients = coefficients or Coefficients.read()
        self._embedder = embedder
        self._mode = "with_meaning" if embedder is not None else "words_only"
        self._yearless = YearlessPoints(self._points, knowledge, self._reader, self._coefficients)
        self._place_compulsory()
        self._place_meaning()
        self._place_precedents(precedents.load() if judged is None else judged)

    # Building

    def _place_compulsory(self) -> None:
        by_text: dict[tuple[tuple[int, int], str], int] = {}
        self._texts: list[_Text] = []
        self._text_of: dict[int, int] = {}
        for position, point in enumerate(self._points):
            if point.years is None:
                continue
            name = (point.years, point.text)
            if name not in by_text:
                by_text[name] = len(self._texts)
                self._texts.append(_Text(point.text, point.years, []))
            self._texts[by_text[name]].positions.append(position)
            self._text_of[position] = by_text[name]
        found = signals.find_content(self._knowledge.content, self._points)
        self._content_at: dict[int, str] = {}
        text_of_content: dict[str, int] = {}
        for content_id, positions in found.items():
            text_of_content[content_id] = self._text_of[positions[0]]
            self._content_at.setdefault(self._text_of[positions[0]], content_id)
        self._text_of_content = text_of_content
        self._serves: list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = []
        for theme in self._themes:
            levels = []
            for names in (theme.core, theme.related, theme.loose):
                levels.append(tuple(dict.fromkeys(text_of_content[name] for name in names if name in text_of_content)))
            self._serves.append((levels[0], levels[1], levels[2]))
        self._word_match = WordMatch(text.text for text in self._texts)
        # A subject in a stage, by code and years as they are written ("4-6"): the texts that it holds.
        self._texts_of: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, held in enumerate(self._texts):
            for subject in dict.fromkeys(self._points[position].subject for position in held.positions):
                self._texts_of[subject, held.stage].append(number)

    def _place_meaning(self) -> None:
        self._theme_space: Any = None
        if self._embedder is None:
            return
        themes = self._embedder.embed([theme_embedding_text(theme) for theme in self._themes])
        # Raw likenesses all lie close together: what tells is how a text differs from the middle of the themes.
        self._middle = themes.mean(0)
        self._theme_space = _unit(themes - self._middle)
        if self._texts:
            rows = self._embedder.embed(
                [signals.embedding_text_of_point(self._points[text.positions[0]]) for text in self._texts]
            )
            self._point_space = _unit(rows - rows.mean(0))

    def _place_precedents(self, judged: Sequence[Precedent]) -> None:
        self._likeness: Likeness | None = None
        if not judged:
            return
        import numpy as np

        vectors: Any = None
        if self._embedder is not None:
            vectors = _unit(np.vstack([np.frombuffer(one.vector, dtype="i1") for one in judged]).astype(float))
        strengths = np.zeros((len(judged), len(self._themes)))
        for row, one in enumerate(judged):
            # A theme that has gone since the file was written says nothing any more.
            evidence = {self._number[theme]: found for theme, found in one.themes.items() if theme in self._number}
            nearness = None if vectors is None else self._nearness(_unit(vectors[row] - self._middle))
            for number, strength in self._strengths(evidence, nearness).items():
                strengths[row, number] = strength
        self._likeness = Likeness(judged, strengths, vectors)
        points: list[Mapping[Any, float]] = []
        for one in judged:
            graded: dict[int, float] = {}
            for content_id, grade in one.points.items():
                if content_id in self._text_of_content:
                    place = self._text_of_content[content_id]
                    graded[place] = max(grade, graded.get(place, 0.0))
            points.append(graded)
        known = {code for theme in self._themes for code in theme.programmes}
        known.update(code for one in judged for code in one.programmes)
        self._judgements = {
            "points": Judgement(points, range(len(self._texts))),
            "gy_subjects": Judgement([one.gy_subjects for one in judged], sorted(self._knowledge.gy_names)),
            "programmes": Judgement([one.programmes for one in judged], sorted(known)),
            "subjects": Judgement([one.subjects for one in judged], sorted(self._texts_of)),
        }

    def _nearness(self, vector: Any) -> Any:
        return _standard(self._theme_space @ vector)

    def _strengths(self, evidence: Mapping[int, float], nearness: Any | None) -> dict[int, float]:
        blend = self._coefficients.blend
        strengths = {}
        for number, theme in enumerate(self._themes):
            by_words = evidence.get(number, 0.0)
            near = None if nearness is None else float(nearness[number])
            if by_words or (near is not None and near > blend.near_from):
                strength = blend.strength(by_words, near, method=theme.method)
                if strength > 0.01:
                    strengths[number] = strength
        return strengths

    # Asking

    def rank(self, initiative: InitiativeText) -> Ranking:
        """Rank all points for one initiative. What is remembered between calls depends on the points only."""
        read = self.read(initiative)
        limits = self._coefficients
        scores = self.text_scores(read)
        points: list[ScoredPoint] = []
        for place, (number, score) in enumerate(sorted(scores.items(), key=lambda one: (-one[1], one[0]))):
            if score >= limits.possible or (place < _FIRST and score >= _FAINT):
                points.extend(self._suggest(initiative, read, number, score))
        gy = self.set_scores(read, "gy_subjects")
        programmes = self.set_scores(read, "programmes")
        gy_subjects = [one for one in gy if one[1] >= limits.gy_subject][:8]
        points.extend(self._yearless.upper_secondary(initiative, read, dict(gy)))
        points.extend(self._yearless.early_years(initiative, read))
        points.sort(key=lambda one: -one.score)
        strengths = sorted(read.strengths.items(), key=lambda one: (-one[1], one[0]))
        return Ranking(
            points=points,
            subjects=[
                (subject, stage, score)
                for (subject, stage), score in standing_out(self.subject_scores(read, scores), limits.subject)
            ],
            gy_subjects=gy_subjects,
            programmes=nearest_set(programmes, 6),
            themes=[(self._themes[number].id, strength) for number, strength in strengths if strength >= 0.1],
        )

    def read(self, initiative: InitiativeText) -> Read:
        """Read an initiative: its themes with strengths, its words, its place in the space of meaning."""
        if not initiative.title.strip() and not initiative.fields():
            return Read({}, {}, {}, None, None, None)
        found: list[ThemeFound] = self._reader.read(initiative)
        evidence = {self._number[one.theme.id]: one.strength for one in found}
        words = {self._number[one.theme.id]: one.words for one in found}
        nearness: Any = None
        vector: Any = None
        place: Any = None
        if self._embedder is not None:
            place = self._embedder.embed([signals.embedding_text(initiative)])[0]
            vector = _unit(place - self._middle)
            nearness = self._nearness(vector)
        strengths = self._strengths(evidence, nearness)
        terms: Mapping[str, float] = {}
        if signals.language_of(f"{initiative.title} {initiative.what} {initiative.summary}") == "sv":
            terms = signals.weighted_terms(initiative)
        counted: Any = None
        own: int | None = None
        telling = terms or signals.telling_terms(initiative)
        if self._likeness is not None and (strengths or telling):
            row = [strengths.get(number, 0.0) for number in range(len(self._themes))]
            seal = precedents.seal_of(initiative.title, initiative.what or initiative.summary)
            own = self._likeness.place_of(seal)
            counted = self._likeness.weights(own, row, telling, place)
        return Read(strengths, words, terms, vector, counted, own)

    def features(self, read: Read) -> dict[int, list[float]]:
        """Give the features of every compulsory text that has any sign for it, in the order of POINT_FEATURES."""
        rows: dict[int, list[float]] = {}
        for number, strength in read.strengths.items():
            for level, texts in enumerate(self._serves[number]):
                for text in texts:
                    row = rows.setdefault(text, [0.0] * len(POINT_FEATURES))
                    row[2 * level] = max(row[2 * level], strength)
                    row[2 * level + 1] = min(_MOST, row[2 * level + 1] + strength)
        shared = self._word_match.scores(read.terms)
        top = max(shared.values(), default=0.0)
        for text, value in shared.items():
            rows.setdefault(text, [0.0] * len(POINT_FEATURES))[7] = value / (10.0 + top)
        if read.precedents is not None:
            judgement = self._judgements["points"]
            values = judgement.of(read.precedents)
            for text, (value, together) in enumerate(zip(values, judgement.together(values, read.own), strict=True)):
                if text in rows or value >= _HEARD:
                    row = rows.setdefault(text, [0.0] * len(POINT_FEATURES))
                    row[8], row[9] = float(value), float(together)
        if read.vector is not None and self._texts:
            nearness = _standard(self._point_space @ read.vector)
            for text in range(len(self._texts)):
                if text in rows:
                    rows[text][6] = float(nearness[text])
        return rows

    def text_scores(self, read: Read) -> dict[int, float]:
        """Give the score of every compulsory text with any sign for it."""
        model = self._coefficients.points[self._mode]
        return {text: model.probability(row) for text, row in self.features(read).items()}

    def set_features(self, read: Read, kind: str) -> dict[str, list[float]]:
        """Give the features of Gy25 subjects or of programmes (`kind` as on `Theme`), in the order of SET_FEATURES."""
        rows: dict[str, list[float]] = {}
        for number, strength in read.strengths.items():
            weights: Mapping[str, int] = getattr(self._themes[number], kind)
            for code, weight in weights.items():
                row = rows.setdefault(code, [0.0] * len(SET_FEATURES))
                at = 0 if weight == 2 else 2
                row[at] = max(row[at], strength)
                row[at + 1] = min(_MOST, row[at + 1] + strength)
        if read.precedents is not None:
            judgement = self._judgements[kind]
            values = judgement.of(read.precedents)
            for code, value, together, usual in zip(
                judgement.things, values, judgement.together(values, read.own), judgement.commonness, strict=True
            ):
                if code in rows or value >= _HEARD:
                    row = rows.setdefault(code, [0.0] * len(SET_FEATURES))
                    row[4:] = [float(value), float(together), float(usual)]
        return rows

    def set_scores(self, read: Read, kind: str) -> list[tuple[str, float]]:
        """Give Gy25 subjects or programmes with their scores, best first."""
        model: Logistic = getattr(self._coefficients, kind)[self._mode]
        scored = [(code, model.probability(row)) for code, row in self.set_features(read, kind).items()]
        return sorted(scored, key=lambda one: (-one[1], one[0]))

    def subject_features(self, read: Read, scores: Mapping[int, float]) -> dict[tuple[str, str], list[float]]:
        """Give the features of every subject in a stage that has a point worth naming, as in SUBJECT_FEATURES."""
        rows: dict[tuple[str, str], list[float]] = {}
        for cell, texts in self._texts_of.items():
            best = sorted((scores.get(text, 0.0) for text in texts), reverse=True)
            if best[0] >= _NAMED:
                rows[cell] = [best[0], math.log(best[0]), sum(best[1:4]), 0.0, 0.0]
        if read.precedents is not None:
            judgement = self._judgements["subjects"]
            for cell, value, usual in zip(
                judgement.things, judgement.of(read.precedents), judgement.commonness, strict=True
            ):
                if cell in rows:
                    rows[cell][3:] = [float(value), float(usual)]
        return rows

    def subject_scores(self, read: Read, scores: Mapping[int, float]) -> list[tuple[tuple[str, str], float]]:
        """Give subjects in stages with their scores, best first; `scores` are those of `text_scores`."""
        model = self._coefficients.subjects[self._mode]
        scored = [(cell, model.probability(row)) for cell, row in self.subject_features(read, scores).items()]
        return sorted(scored, key=lambda one: (-one[1], one[0]))

    # Saying

    def _strength(self, score: float) -> str:
        return "strong" if score >= self._coefficients.strong else "possible"

    def _suggest(self, initiative: InitiativeText, read: Read, number: int, score: float) -> list[ScoredPoint]:
        text = self._texts[number]
        point = self._points[text.positions[0]]
        carriers: list[tuple[float, int, int]] = []
        for theme, strength in read.strengths.items():
            for level, texts in enumerate(self._serves[theme]):
                if number in texts:
                    carriers.append((strength * (1.0, 0.6, 0.3)[level], theme, level))
        carriers.sort(key=lambda one: (-one[0], one[1]))
        initiative_words = list(
            dict.fromkeys(word for _, theme, _ in carriers[:3] for word in read.words.get(theme, ()))
        )[:5]
        shared = reasons.shared(initiative, read, text.text)
        content_id = self._content_at.get(number)
        label = reasons.label(self._knowledge, content_id, point)
        reason = reasons.sentence(self._knowledge, carriers, label, shared, read)
        sureness = self._strength(score)
        if not reason:
            if read.precedents is None:
                return []
            # Only the precedents speak for it: never more than possible, however sure they are together.
            sureness = "possible"
            reason = f"Initiativ som liknar det här har bedömts höra ihop med {label}."
        point_words: list[str] = [word for _, word in shared]
        if content_id is not None:
            point_words = [*self._knowledge.content[content_id].words, *point_words]
        point_words = list(dict.fromkeys(word for word in point_words if word in text.text.lower()))[:4]
        initiative_words = list(dict.fromkeys([*initiative_words, *(word for word, _ in shared)]))[:6]
        return [
            ScoredPoint(
                self._points[position].key,
                score,
                sureness,
                reason,
                list(initiative_words),
                list(point_words),
            )
            for position in text.positions
        ]


def spread(points: Sequence[ScoredPoint], cell_of: Mapping[str, Any], count: int) -> list[ScoredPoint]:
    """Choose points that show an initiative's width: the best of each cell first, then the next best of each.

    `cell_of` gives each key's cell, say (subject, years). For showing a few: the ranking itself stays by score, for
    spreading it cost 0.02 in nDCG@10 and more (see bench/alignment.md).
    """
    rounds: dict[Any, int] = defaultdict(int)
    placed: list[tuple[int, int, ScoredPoint]] = []
    for place, point in enumerate(points):
        cell = cell_of[point.key]
        placed.append((rounds[cell], place, point))
        rounds[cell] += 1
    return [point for _, _, point in sorted(placed, key=lambda one: one[:2])[:count]]


def theme_embedding_text(theme: Theme) -> str:
    """Give the text that stands for a theme in the space of meaning: its name and its first words."""
    return f"{theme.name}: {', '.join(word.strip('=*') for word in theme.words[:14])}"


def _unit(rows: Any) -> Any:
    import numpy as np

    return rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-9)


def _standard(values: Any) -> Any:
    return (values - values.mean()) / (values.std() + 1e-9)
