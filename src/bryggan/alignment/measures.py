"""Measures of the matching against judged initiatives. Pure: rankings and judgements in, numbers out.

A gain is 2^grade - 1. Grades may be halves, where two judges were averaged.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

Thing = TypeVar("Thing", bound=Hashable)


def ndcg(ranked: Sequence[Thing], grades: Mapping[Thing, float], at: int) -> float:
    """How near the first `at` of a ranking come to the best possible order: 0 to 1; 0 when nothing is relevant."""
    best = _discounted(sorted(grades.values(), reverse=True)[:at])
    return _discounted([grades.get(thing, 0.0) for thing in ranked[:at]]) / best if best else 0.0


def _discounted(grades: Iterable[float]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def recall(ranked: Sequence[Thing], relevant: Collection[Thing], at: int) -> float:
    """The share of the relevant that is among the first `at`; 0 when nothing is relevant."""
    return len(set(ranked[:at]) & set(relevant)) / len(relevant) if relevant else 0.0


def precision(ranked: Sequence[Thing], relevant: Collection[Thing], at: int) -> float:
    """The share of the first `at` places that hold something relevant; a place left empty holds nothing."""
    return len(set(ranked[:at]) & set(relevant)) / at


def f1(shown: Collection[Thing], relevant: Collection[Thing]) -> float:
    """The harmonic mean of precision and recall; 1 when nothing is shown and nothing is relevant."""
    if not shown and not relevant:
        return 1.0
    return 2 * len(set(shown) & set(relevant)) / (len(set(shown)) + len(set(relevant)))


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
