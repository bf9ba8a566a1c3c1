"""One small ranking: how well each point of a curriculum fits an initiative, and why, in words.

The way of a suggestion: the initiative's words (and its meaning, when an embedder is there) say which *themes* it
is about; a theme says which central content it serves, at three levels; those levels, the words the two texts
share, the nearness of meaning and what judges said of like initiatives (`precedents`) are the handful of *features*
of each point; a logistic function with the coefficients of ``knowledge/ranking.json`` makes them one number between
0 and 1, calibrated on judged initiatives. What is below the lowest threshold is not said at all: an initiative
that fits nothing gets an empty answer. What only the precedents speak for is never more than possible.

Upper secondary points follow their subject: the themes give each subject a number, and within the likely subjects
the points are ordered by the themes and words they share with the initiative. Preschool and preschool class
follow the goal areas that the themes name. The coefficients are fitted by `fit` from judged initiatives; nothing
here knows the judgements but through the precedents.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from . import precedents, signals, swedish
from .precedents import Judgement, Likeness, Precedent
from .signals import Embedder, InitiativeText, Point, ThemeFound, ThemeReader, WordMatch
from .themes import KNOWLEDGE_DIRECTORY, Knowledge, KnowledgeError, Theme

COEFFICIENTS_FILE = KNOWLEDGE_DIRECTORY / "ranking.json"

POINT_FEATURES = (
    "core_best",
    "core_all",
    "related_best",
    "related_all",
    "loose_best",
    "loose_all",
    "meaning",
    "words",
    "judged",
)
SET_FEATURES = ("about_best", "about_all", "workable_best", "workable_all", "judged", "usual")
# A text that says little of itself has low scores all over. What stands out among them is shown all the same: what has
# this share of the best score, if not next to nothing.
_STANDS_OUT = 0.3
_NOTHING = 0.1
# A theme's evidence for a point or a subject adds up over themes, but not without end.
_MOST = 2.5
# Points without school years have no judgements of their own. Of a sure Gy25 subject so many may be strong, if they
# share this much with the initiative; and a goal area's when a theme that speaks for it is this clear.
_SURE_IN_SUBJECT = 3
_SHARES = 0.3
_CLEAR = 0.35
# What the precedents together say of a point that nothing else speaks for, to be heard at all.
_HEARD = 0.02


@dataclass(frozen=True, slots=True)
class ScoredPoint:
    """A suggestion. `score` 0 to 1: roughly how often such a one is right; `strength`: "strong" or "possible".

    `reason` is one Swedish sentence. The words are those of the initiative and of the point that carried it.
    """

    key: str
    score: float
    strength: str
    reason: str
    initiative_words: list[str]
    point_words: list[str]


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


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic function over named features; explainable as a sum: bias + weight x (value - mean) / scale."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def probability(self, values: Sequence[float]) -> float:
        """Give a number between 0 and 1 for values in the order of `features`."""
        total = self.bias
        for value, mean, scale, weight in zip(values, self.mean, self.scale, self.weights, strict=True):
            # A feature that never varied where the coefficients were fitted says nothing.
            total += weight * (value - mean) / scale if scale else 0.0
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))

    def as_json(self) -> dict[str, Any]:
        """Give the shape it has in the coefficients file, rounded to what matters."""
        rounded = [[round(one, 4) for one in values] for values in (self.mean, self.scale, self.weights)]
        return {"features": list(self.features), "mean": rounded[0], "scale": rounded[1], "weights": rounded[2],
                "bias": round(self.bias, 4)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ThemeBlend:
    """How a theme's word evidence and its nearness of meaning become one strength.

    Words alone: evidence ** power, so that one stray word says little. With meaning (z over all themes): the power
    falls towards `agreed_power` as the theme comes near the initiative's meaning, for then one word is enough. A
    theme far from it is damped, from `damp_from` + `damp_width` downwards and never below `damp_floor`
    (`method_floor` for themes of method, whose meaning is seldom the initiative's own). One that is near without
    any of its words gets up to `bonus`, from `near_from` upwards over `near_width`.
    """

    power: float
    agreed_power: float
    damp_from: float
    damp_width: float
    damp_floor: float
    method_floor: float
    bonus: float
    near_from: float
    near_width: float

    def strength(self, words: float, meaning: float | None, *, method: bool = False) -> float:
        """Give a strength between 0 and 1."""
        if meaning is None:
            return words**self.power
        agreed = min(1.0, max(0.0, (meaning - 1.0) / 2.0))
        by_words = words ** (self.power - (self.power - self.agreed_power) * agreed)
        damped = min(
            1.0, max(self.method_floor if method else self.damp_floor, (meaning - self.damp_from) / self.damp_width)
        )
        near = min(1.0, max(0.0, (meaning - self.near_from) / self.near_width))
        return 1.0 - (1.0 - by_words * damped) * (1.0 - self.bonus * near)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What was fitted or set on the development judgements; `with_meaning` is used when there is an embedder."""

    blend: ThemeBlend
    points: Mapping[str, Logistic]
    gy_subjects: Mapping[str, Logistic]
    programmes: Mapping[str, Logistic]
    strong: float
    possible: float
    subject: float
    gy_subject: float
    programme: float

    @classmethod
    def read(cls, path: Path = COEFFICIENTS_FILE) -> Coefficients:
        """Read a coefficients file. Raises KnowledgeError when it is missing or has another shape."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return cls.from_json(raw)
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise KnowledgeError(f"{path.name}: går inte att använda ({problem})") from problem

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Coefficients:
        """Make coefficients of the file's parsed content; KeyError or TypeError when the shape is another."""

        def logistic(values: Mapping[str, Any]) -> Logistic:
            return Logistic(tuple(values["features"]), tuple(values["mean"]), tuple(values["scale"]),
                            tuple(values["weights"]), float(values["bias"]))  # fmt: skip

        sets = {
            name: {mode: logistic(one) for mode, one in raw[name].items()}
            for name in ("points", "gy_subjects", "programmes")
        }
        limits = raw["thresholds"]
        return cls(
            ThemeBlend(**raw["blend"]), sets["points"], sets["gy_subjects"], sets["programmes"],
            limits["strong"], limits["possible"], limits["subject"], limits["gy_subject"], limits["programme"],
        )  # fmt: skip


def fit(
    features: Sequence[str], rows: Any, right: Any, importance: Any, *, ridge: float = 3.0, rounds: int = 60
) -> Logistic:
    """Fit a logistic function by ridge-regularised Newton steps; the same input gives the same output.

    `rows` is an array (examples, features), `right` 0 or 1 for each example, `importance` its weight.
    """
    import numpy as np

    rows, right, importance = (np.asarray(one, dtype=float) for one in (rows, right, importance))
    mean, scale = rows.mean(0), rows.std(0) + 1e-9
    values = np.hstack([(rows - mean) / scale, np.ones((len(rows), 1))])
    penalty = ridge * np.r_[np.ones(len(features)), 0.0]
    weights = np.zeros(len(features) + 1)
    weights[-1] = math.log((importance * right).sum() / (importance * (1 - right)).sum())

    def loss(candidate: Any) -> float:
        total = values @ candidate
        return float(
            (importance * (np.logaddexp(0, total) - right * total)).sum() + 0.5 * (penalty * candidate**2).sum()
        )

    now = loss(weights)
    for _ in range(rounds):
        guess = 1.0 / (1.0 + np.exp(-np.clip(values @ weights, -30, 30)))
        slope = values.T @ (importance * (guess - right)) + penalty * weights
        curve = (values * (importance * guess * (1 - guess))[:, None]).T @ values + np.diag(penalty + 1e-6)
        step = np.linalg.solve(curve, slope)
        # A full Newton step can overshoot where examples are well apart: halve it until it helps.
        size = 1.0
        while loss(weights - size * step) > now and size > 1e-4:
            size /= 2
        weights = weights - size * step
        before, now = now, loss(weights)
        if before - now < 1e-6:
            break
    return Logistic(tuple(features), tuple(mean), tuple(scale), tuple(weights[:-1]), float(weights[-1]))


@dataclass(slots=True)
class _Text:
    """A text that is one point for ranking, and the points that carry it (copies in other subjects included)."""

    text: str
    years: tuple[int, int] | None
    positions: list[int]


@dataclass(frozen=True, slots=True)
class _Read:
    """An initiative as the ranking sees it: themes by number, with strength, word evidence and the words."""

    strengths: dict[int, float]
    words: dict[int, tuple[str, ...]]
    terms: Mapping[str, float]
    vector: Any | None
    # How much each precedent counts; None when there are no precedents.
    precedents: Any | None


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
        self._place_compulsory()
        self._place_others()
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

    def _place_others(self) -> None:
        # Upper secondary by subject, preschool and preschool class by goal area: points without school years.
        self._of_subject: dict[str, list[int]] = defaultdict(list)
        names: dict[str, str] = {}
        for position, point in enumerate(self._points):
            if point.years is None:
                self._of_subject[point.subject].append(position)
                names.setdefault(point.subject, point.subject_name)
        # Gy11 subjects have other codes; they borrow the number of the Gy25 subject of the same name.
        by_name = {name.casefold(): code for code, name in self._knowledge.gy_names.items()}
        self._borrowed: dict[str, str] = {}
        for code, name in names.items():
            if code not in self._knowledge.gy_names and name.casefold() in by_name:
                self._borrowed[code] = by_name[name.casefold()]
        self._other_match: dict[str, tuple[WordMatch, list[dict[int, float]]]] = {}

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
        points: list[dict[int, float]] = []
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
        for number, score in sorted(scores.items(), key=lambda one: (-one[1], one[0])):
            if score >= limits.possible:
                points.extend(self._suggest(initiative, read, number, score))
        gy = self.set_scores(read, "gy_subjects")
        programmes = self.set_scores(read, "programmes")
        gy_subjects = [one for one in gy if one[1] >= limits.gy_subject][:8]
        points.extend(self._upper_secondary(initiative, read, dict(gy)))
        points.extend(self._early_years(initiative, read))
        points.sort(key=lambda one: -one.score)
        strengths = sorted(read.strengths.items(), key=lambda one: (-one[1], one[0]))
        return Ranking(
            points=points,
            subjects=self._subjects(scores, points),
            gy_subjects=gy_subjects,
            programmes=_standing_out(programmes, limits.programme)[:6],
            themes=[(self._themes[number].id, strength) for number, strength in strengths if strength >= 0.1],
        )

    def read(self, initiative: InitiativeText) -> _Read:
        """Read an initiative: its themes with strengths, its words, its place in the space of meaning."""
        if not initiative.title.strip() and not initiative.fields():
            return _Read({}, {}, {}, None, None)
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
        if self._likeness is not None and (strengths or terms):
            row = [strengths.get(number, 0.0) for number in range(len(self._themes))]
            seal = precedents.seal_of(initiative.title, initiative.what or initiative.summary)
            counted = self._likeness.weights(seal, row, terms, place)
        return _Read(strengths, words, terms, vector, counted)

    def features(self, read: _Read) -> dict[int, list[float]]:
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
            for text, value in enumerate(self._judgements["points"].of(read.precedents)):
                if text in rows or value >= _HEARD:
                    rows.setdefault(text, [0.0] * len(POINT_FEATURES))[8] = float(value)
        if read.vector is not None and self._texts:
            nearness = _standard(self._point_space @ read.vector)
            for text in range(len(self._texts)):
                if text in rows:
                    rows[text][6] = float(nearness[text])
        return rows

    def text_scores(self, read: _Read) -> dict[int, float]:
        """Give the score of every compulsory text with any sign for it."""
        model = self._coefficients.points[self._mode]
        return {text: model.probability(row) for text, row in self.features(read).items()}

    def set_features(self, read: _Read, kind: str) -> dict[str, list[float]]:
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
            for code, value, usual in zip(
                judgement.things, judgement.of(read.precedents), judgement.commonness, strict=True
            ):
                if code in rows or value >= _HEARD:
                    row = rows.setdefault(code, [0.0] * len(SET_FEATURES))
                    row[4], row[5] = float(value), float(usual)
        return rows

    def set_scores(self, read: _Read, kind: str) -> list[tuple[str, float]]:
        """Give Gy25 subjects or programmes with their scores, best first."""
        model: Logistic = getattr(self._coefficients, kind)[self._mode]
        scored = [(code, model.probability(row)) for code, row in self.set_features(read, kind).items()]
        return sorted(scored, key=lambda one: (-one[1], one[0]))

    # Saying

    @staticmethod
    def _shared(initiative: InitiativeText, read: _Read, text: str) -> list[tuple[str, str]]:
        # An English text shares no words with the curriculum but by chance.
        if not read.terms:
            return []
        return signals.shared_words(f"{initiative.title} {initiative.what or initiative.summary}", text)

    def _strength(self, score: float) -> str:
        return "strong" if score >= self._coefficients.strong else "possible"

    def _suggest(self, initiative: InitiativeText, read: _Read, number: int, score: float) -> list[ScoredPoint]:
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
        shared = self._shared(initiative, read, text.text)
        content_id = self._content_at.get(number)
        reason = self._reason(carriers, content_id, point, shared, read)
        sureness = self._strength(score)
        if not reason:
            if read.precedents is None:
                return []
            # Only the precedents speak for it: never more than possible, however sure they are together.
            sureness = "possible"
            reason = f"Initiativ som liknar det här har bedömts höra ihop med {self._label(content_id, point)}."
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

    def _label(self, content_id: str | None, point: Point) -> str:
        if content_id is not None:
            return self._knowledge.content[content_id].label
        return _lower_first(point.heading or point.subject_name)

    def _reason(
        self, carriers: Sequence[tuple[float, int, int]], content_id: str | None, point: Point,
        shared: Sequence[tuple[str, str]], read: _Read,
    ) -> str:  # fmt: skip
        if carriers and carriers[0][0] >= 0.03:
            first = self._themes[carriers[0][1]]
            names = [first.name]
            if len(carriers) > 1 and carriers[1][0] >= 0.6 * carriers[0][0]:
                second = self._themes[carriers[1][1]].name
                if not set(swedish.terms(second)) & set(swedish.terms(first.name)):
                    names.append(second)
            about = (" samt " if any(" och " in name for name in names) else " och ").join(names)
            label = self._label(content_id, point)
            verb = "Handlar om" if read.words.get(carriers[0][1]) else "Verkar handla om"
            if carriers[0][2] > 0:
                return f"{verb} {about} och kan knytas till {label}."
            if label.startswith(("att ", "hur ", "var ", "vad ")):
                return f"{verb} {about}, som hör ihop med {label}."
            return f"{verb} {about}, som hör till {label}."
        telling = [word for word, _ in shared if len(word) > 4]
        if telling:
            return f"Initiativet och det centrala innehållet nämner båda {_listed(telling[:2])}."
        return ""

    def _subjects(self, scores: Mapping[int, float], points: Iterable[ScoredPoint]) -> list[tuple[str, str, float]]:
        best: dict[tuple[str, str], list[float]] = defaultdict(list)
        for number, score in sorted(scores.items(), key=lambda one: -one[1]):
            text = self._texts[number]
            if score < 0.05 or text.years is None:
                break
            for subject in dict.fromkeys(self._points[position].subject for position in text.positions):
                best[(subject, f"{text.years[0]}-{text.years[1]}")].append(score)
        # The best point decides most; a second and third make the subject a safer choice for a lesson.
        found = [
            (subject, years, sum(score * share for score, share in zip(values, (0.5, 0.25, 0.15, 0.1), strict=False)))
            for (subject, years), values in best.items()
        ]
        limit = _limit((score for _, _, score in found), self._coefficients.subject)
        found = [one for one in found if one[2] >= limit]
        return sorted(found, key=lambda one: (-one[2], one[0], one[1]))

    # Points without school years

    def _upper_secondary(self, initiative: InitiativeText, read: _Read, gy: Mapping[str, float]) -> list[ScoredPoint]:
        likely = []
        for subject in self._of_subject:
            score = gy.get(subject, 0.0) or 0.9 * gy.get(self._borrowed.get(subject, ""), 0.0)
            if score >= 0.15:
                likely.append((score, subject))
        likely.sort(key=lambda one: (-one[0], one[1]))
        out: list[ScoredPoint] = []
        for score, subject in likely[:16]:
            # What is sure of the subject is strong for the points nearest to the initiative, not for all the subject.
            sure = _SURE_IN_SUBJECT if score >= self._coefficients.strong else 0
            out.extend(self._within(initiative, read, subject, score, most=12, reason="gy", sure=sure))
        return out

    def _early_years(self, initiative: InitiativeText, read: _Read) -> list[ScoredPoint]:
        areas: dict[str, float] = {}
        for number, strength in read.strengths.items():
            theme = self._themes[number]
            for area in (*theme.preschool, *theme.preschool_class):
                first = area in (theme.preschool[:1] + theme.preschool_class[:1])
                value = strength * (0.75 if first else 0.5)
                areas[area] = 1.0 - (1.0 - areas.get(area, 0.0)) * (1.0 - value)
        main = self._main_areas(read)
        out: list[ScoredPoint] = []
        for area, score in sorted(areas.items(), key=lambda one: (-one[1], one[0])):
            if area not in self._of_subject:
                continue
            if area in main:
                score = max(score, self._coefficients.strong / 0.6)
                out.extend(self._within(initiative, read, area, min(1.0, score), most=3, reason="area", sure=2))
            elif score >= 0.35:
                out.extend(self._within(initiative, read, area, min(0.9, score), most=3, reason="area", sure=0))
        return out

    def _main_areas(self, read: _Read) -> set[str]:
        """Give the goal areas that the initiative's clear main theme, or two as clear, names first."""
        telling = [
            (strength, number) for number, strength in read.strengths.items() if not self._themes[number].method
        ]
        clearest = max(telling, default=(0.0, 0))[0]
        main: set[str] = set()
        for strength, number in sorted(telling, key=lambda one: (-one[0], one[1]))[:2]:
            if strength >= _CLEAR and strength >= 0.75 * clearest and read.words.get(number):
                main.update(self._themes[number].preschool[:1] + self._themes[number].preschool_class[:1])
        return main

    def _within(
        self, initiative: InitiativeText, read: _Read, subject: str, subject_score: float, *, most: int, reason: str,
        sure: int,
    ) -> list[ScoredPoint]:  # fmt: skip
        """Order the points of a subject or goal area by the themes and words they share with the initiative.

        At most `sure` of them are strong: those that share something with it or stand first in a goal area.
        """
        positions = self._of_subject[subject]
        if subject not in self._other_match:
            texts = [self._points[position].text for position in positions]
            themes = []
            for text in texts:
                found = self._reader.read(InitiativeText(id="", title="", what=text, language="sv"))
                themes.append({self._number[one.theme.id]: one.strength for one in found})
            self._other_match[subject] = (WordMatch(texts), themes)
        match, themes_of = self._other_match[subject]
        shared_scores = match.scores(read.terms)
        scored = []
        for at, position in enumerate(positions):
            common = {n: s * read.strengths[n] for n, s in themes_of[at].items() if n in read.strengths}
            nearness = 1.0 - math.exp(-1.3 * sum(common.values()) - 0.025 * shared_scores.get(at, 0.0))
            scored.append((nearness, at, position, common))
        scored.sort(key=lambda one: (-one[0], one[1]))
        out: list[ScoredPoint] = []
        for nearness, _, position, common in scored[:most]:
            point = self._points[position]
            # A goal area of preschool is wide: its points fit by the area, and a little better by their words.
            score = subject_score * (0.3 + 0.7 * min(1.0, nearness / 0.75) if reason == "gy" else 0.6 + 0.4 * nearness)
            if score < self._coefficients.possible or (reason == "gy" and nearness < 0.15):
                continue
            if reason == "area" and nearness < 0.12 and (out or not subject.startswith("LPFO")):
                # Goal areas are wide: beside a first one, only points that share something are worth saying.
                continue
            shared = self._shared(initiative, read, point.text)
            carriers = sorted(((value, number) for number, value in common.items()), key=lambda one: (-one[0], one[1]))
            if not carriers:
                carriers = self._carriers_of_set(read, subject)
            if not carriers and not shared:
                continue
            if carriers:
                theme = self._themes[carriers[0][1]]
                place = _lower_first(point.subject_name)
                words = [w for _, n in carriers[:2] for w in read.words.get(n, ())]
                verb = "Handlar om" if read.words.get(carriers[0][1]) else "Verkar handla om"
                why = f"{verb} {theme.name}, som hör till {place}."
            else:
                words = []
                why = f"Initiativet och det centrala innehållet nämner båda {_listed([w for w, _ in shared][:2])}."
            words = list(dict.fromkeys([*words, *(word for word, _ in shared)]))[:6]
            others = list(dict.fromkeys(word for _, word in shared))[:4]
            near = nearness >= (_SHARES if reason == "gy" or out else 0.0)
            strength = "strong" if len(out) < sure and near else "possible"
            out.append(ScoredPoint(point.key, score, strength, why, words, others))
        return out

    def _carriers_of_set(self, read: _Read, code: str) -> list[tuple[float, int]]:
        code = self._borrowed.get(code, code)
        found = []
        for number, strength in read.strengths.items():
            theme = self._themes[number]
            weight = theme.gy_subjects.get(code, 0) or (2 if code in (*theme.preschool, *theme.preschool_class) else 0)
            if weight:
                found.append((strength * weight, number))
        return sorted(found, key=lambda one: (-one[0], one[1]))


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


def _limit(scores: Iterable[float], usual: float) -> float:
    return max(_NOTHING, min(usual, _STANDS_OUT * max(scores, default=0.0)))


def _standing_out(scored: Sequence[tuple[str, float]], usual: float) -> list[tuple[str, float]]:
    limit = _limit((score for _, score in scored), usual)
    return [one for one in scored if one[1] >= limit]


def _unit(rows: Any) -> Any:
    import numpy as np

    return rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-9)


def _standard(values: Any) -> Any:
    return (values - values.mean()) / (values.std() + 1e-9)


def _lower_first(text: str) -> str:
    # Names of subjects begin with a capital; inside a sentence they do not, unless they are abbreviations (VVS, BIM).
    return text if len(text) > 1 and text[1].isupper() else text[:1].lower() + text[1:]


def _listed(words: Sequence[str]) -> str:
    return " och ".join(f"”{word}”" for word in words)
