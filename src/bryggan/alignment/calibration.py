"""How features become one number between 0 and 1: logistic functions, their coefficients, and how they are fitted.

The coefficients stand in ``knowledge/ranking.json``, written by ``script/fit-ranking`` from judged initiatives.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .themes import KNOWLEDGE_DIRECTORY, KnowledgeError

Thing = TypeVar("Thing")

COEFFICIENTS_FILE = KNOWLEDGE_DIRECTORY / "ranking.json"

# Of a compulsory text: what themes say at three levels, likeness of meaning, shared words, what like initiatives were
# judged to fit, and what is usually judged to fit together with that.
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
    "together",
)
# Of a Gy25 subject or a programme.
SET_FEATURES = ("about_best", "about_all", "workable_best", "workable_all", "judged", "together", "usual")
# Of a compulsory subject in a stage: its best point, that one's logarithm, its next three, and judgements as above.
SUBJECT_FEATURES = ("best", "best_log", "next_three", "judged", "usual")
# A text that says little of itself has low scores all over. What stands out among them is shown all the same: what has
# this share of the best score, if not next to nothing.
_STANDS_OUT = 0.3
_NOTHING = 0.32


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
    subjects: Mapping[str, Logistic]
    strong: float
    possible: float
    subject: float
    gy_subject: float

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
            for name in ("points", "gy_subjects", "programmes", "subjects")
        }
        limits = raw["thresholds"]
        return cls(
            ThemeBlend(**raw["blend"]), sets["points"], sets["gy_subjects"], sets["programmes"], sets["subjects"],
            limits["strong"], limits["possible"], limits["subject"], limits["gy_subject"],
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


def limit(scores: Iterable[float], usual: float) -> float:
    """Give the score from which something is shown: the usual one, or lower when all of them are low."""
    return max(_NOTHING, min(usual, _STANDS_OUT * max(scores, default=0.0)))


def nearest_set(scored: Sequence[tuple[Thing, float]], most: int) -> list[tuple[Thing, float]]:
    """Give the first of those given, best first, that are together likely to come nearest to what fits.

    Nearest by expected F1: twice the scores shown, over how many are shown and how many fit by all scores together. So
    a second programme is shown beside one as likely, and not beside a clear one. Nothing when all scores are next to
    nothing.
    """
    fitting = sum(score for _, score in scored)
    shown, best, count = 0.0, 0.0, 0
    for number, (_, score) in enumerate(scored[:most], 1):
        shown += score
        expected = 2 * shown / (number + fitting)
        if expected > best:
            best, count = expected, number
    return list(scored[:count]) if scored and scored[0][1] >= _NOTHING else []


def standing_out(scored: Sequence[tuple[Thing, float]], usual: float) -> list[tuple[Thing, float]]:
    """Give those that reach the limit, in the order given."""
    least = limit((score for _, score in scored), usual)
    return [one for one in scored if one[1] >= least]
