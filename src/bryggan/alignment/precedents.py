"""What judges have said of earlier initiatives, and how far it holds for a new one that is like them.

A precedent is an initiative that somebody who knows the school has judged: which central content, Gy25 subjects and
programmes fit it. ``knowledge/precedents.json`` keeps each one without its text: the evidence for its themes, its
most telling word stems, its place in the space of meaning, and the judgement by the ids of ``content.toml``. It is
written by ``script/fit-ranking`` from the judged initiatives, one a line.

A new initiative is likened to all of them by the same three things, and each judgement counts by the likeness: a
kernel ridge regression, one small system of equations solved once. A precedent says nothing about itself: what is
asked about a judged initiative is answered by all the others, so that it is shown what any other would be, and so
that measuring on it tells the truth.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from .themes import KNOWLEDGE_DIRECTORY, KnowledgeError

PRECEDENTS_FILE = KNOWLEDGE_DIRECTORY / "precedents.json"

# How much the equations are smoothed, and what the grades "is about it" and "can be worked with" are worth.
_RIDGE = 1.0
_ABOUT, _WORKABLE = 1.0, 0.6
# Pretended extra precedents when a share is counted, so that what was never chosen is rare and not impossible.
_PRETENDED = 10.0
_PRETENDED_CHOICES = 30.0


@dataclass(frozen=True, slots=True)
class Precedent:
    """A judged initiative. Grades are 1 (can be worked with) to 2 (about it), by content id or code; compulsory
    subjects by code and years ("4-6").

    `seal` tells its text from all others without keeping it; `themes` is word evidence 0 to 1 by theme id; `terms` are
    stems, the most telling first; `vector` is the place in the space of meaning, in whole numbers up to 127.
    """

    id: str
    seal: str
    points: Mapping[str, float]
    gy_subjects: Mapping[str, float]
    programmes: Mapping[str, float]
    subjects: Mapping[tuple[str, str], float]
    themes: Mapping[str, float]
    terms: tuple[str, ...]
    vector: bytes

    def as_json(self) -> str:
        """Give its line in the file."""
        values = {
            name: getattr(self, name) for name in ("id", "seal", "points", "gy_subjects", "programmes", "themes")
        }
        values["subjects"] = {" ".join(cell): grade for cell, grade in self.subjects.items()}
        values |= {"terms": list(self.terms), "vector": b64encode(self.vector).decode()}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def seal_of(title: str, told: str) -> str:
    """Give what tells a text from all others: 16 hex digits, blind to markup's white space and punctuation."""
    letters = re.sub(r"[\W_]+", "", f"{title}{told}".casefold())
    return blake2b(letters[:300].encode(), digest_size=8).hexdigest()


def packed(vector: Any) -> bytes:
    """Give a vector in whole numbers of one byte: a likeness changes in the third decimal, the file to a quarter."""
    import numpy as np

    values = np.asarray(vector, dtype=float)
    return bytes(np.round(127 * values / np.abs(values).max()).astype("i1").tobytes())


def load(path: Path | str = PRECEDENTS_FILE) -> tuple[Precedent, ...]:
    """Read the precedents; none when the file is missing. Raises KnowledgeError naming file and line."""
    file = Path(path)
    if not file.is_file():
        return ()
    out = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        line = line.strip().rstrip(",")
        if line in ("", "[", "]"):
            continue
        try:
            out.append(_precedent(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise KnowledgeError(f"{file.name}, rad {number}: går inte att använda ({problem})") from problem
    if len({one.id for one in out}) != len(out):
        raise KnowledgeError(f"{file.name}: samma initiativ finns två gånger")
    return tuple(out)


def written(precedents: Sequence[Precedent]) -> str:
    """Give the file's content: a JSON list with one precedent a line."""
    return "[\n" + ",\n".join(one.as_json() for one in precedents) + "\n]\n"


def _precedent(raw: Mapping[str, Any]) -> Precedent:
    def graded(name: str) -> dict[str, float]:
        grades = {str(code): float(grade) for code, grade in raw[name].items()}
        if not all(0 < grade <= 2 for grade in grades.values()):
            raise ValueError(f"{name} ska ha betyg över 0 och högst 2")
        return grades

    subjects: dict[tuple[str, str], float] = {}
    for cell, grade in graded("subjects").items():
        code, years = cell.split(" ")
        subjects[code, years] = grade
    themes = {str(theme): float(evidence) for theme, evidence in raw["themes"].items()}
    return Precedent(
        str(raw["id"]), str(raw["seal"]), graded("points"), graded("gy_subjects"), graded("programmes"), subjects,
        themes, tuple(str(term) for term in raw["terms"]), b64decode(raw["vector"]),
    )  # fmt: skip


class Likeness:
    """How much of each judgement holds for a text; built once for a set of precedents, asked often (1 ms).

    `strengths` are the precedents' theme strengths (precedents, themes), `vectors` their places in the space of
    meaning, or None when there is no embedder: then themes and words have to do.
    """

    def __init__(self, precedents: Sequence[Precedent], strengths: Any, vectors: Any | None) -> None:
        import numpy as np

        self._place = {one.seal: number for number, one in enumerate(precedents)}
        strengths = np.asarray(strengths, dtype=float)
        # A theme that half of them have (measuring, teaching) says less of what they have in common.
        self._telling = np.log((len(precedents) + 1.0) / (strengths.sum(0) + 1.0))
        self._themes = _unit_rows(self._weighed(strengths))
        frequency = Counter(term for one in precedents for term in one.terms)
        self._rarity = {t: math.log(len(precedents) / times) for t, times in sorted(frequency.items()) if times > 1}
        kernel = self._themes @ self._themes.T
        # Six thousand words of which each precedent has forty: kept word by word, where it stands and how much it is.
        self._words: dict[str, tuple[Any, Any]] = {}
        found: dict[str, list[tuple[int, float]]] = {term: [] for term in self._rarity}
        for number, one in enumerate(precedents):
            for term, share in self._counted(dict.fromkeys(one.terms, 1.0)).items():
                found[term].append((number, share))
        for term, places in found.items():
            rows, shares = np.array([row for row, _ in places]), np.array([share for _, share in places])
            self._words[term] = rows, shares
            kernel[np.ix_(rows, rows)] += np.outer(shares, shares)
        self._vectors: Any | None = None
        if vectors is not None:
            self._middle = vectors.mean(0)
            self._vectors = _unit_rows(vectors - self._middle)
            kernel += self._vectors @ self._vectors.T
        self._solved = np.linalg.inv(kernel + _RIDGE * np.eye(len(precedents)))

    def place_of(self, seal: str) -> int | None:
        """Give which precedent a text is itself, by its seal; None for all others."""
        return self._place.get(seal)

    def weights(self, own: int | None, strengths: Any, terms: Mapping[str, float], vector: Any | None) -> Any:
        """Give how much each precedent's judgement counts for a text; together 1. Some count against: below 0.

        `own` is the precedent that the text is itself: it has no say.
        """
        import numpy as np

        usual = np.full(len(self._solved), 1.0)
        if own is not None:
            # What all the others together say of this one, by the identity for leaving one out.
            row = -self._solved[own] / self._solved[own, own]
            row[own] = usual[own] = 0.0
            return self._with_usual(row, usual)
        likeness = self._themes @ _unit_rows(self._weighed(strengths))
        for term, share in self._counted(terms).items():
            rows, shares = self._words[term]
            likeness[rows] += share * shares
        if self._vectors is not None and vector is not None:
            likeness = likeness + self._vectors @ _unit_rows(vector - self._middle)
        return self._with_usual(likeness @ self._solved, usual)

    @staticmethod
    def _with_usual(row: Any, usual: Any) -> Any:
        # What is not said by likeness is what is usual: the mean of all the others.
        return row + (1.0 - row.sum()) * usual / max(1.0, usual.sum())

    def _weighed(self, strengths: Any) -> Any:
        import numpy as np

        # The root, so that a second and third theme still have a say beside a very clear first one.
        return np.sqrt(np.asarray(strengths, dtype=float)) * self._telling

    def _counted(self, terms: Mapping[str, float]) -> dict[str, float]:
        """The words that precedents have, by weight and rarity, as a row of length 1."""
        counted = {term: weight * self._rarity[term] for term, weight in terms.items() if term in self._rarity}
        length = math.sqrt(sum(value * value for value in counted.values())) + 1e-9
        return {term: value / length for term, value in counted.items()}


class Judgement:
    """One kind of judgement over all precedents: what is usual of each thing, and what is said of it for a text.

    `things` are places of points, or codes; `grades` are one mapping from thing to grade for each precedent.
    """

    def __init__(self, grades: Sequence[Mapping[Any, float]], things: Sequence[Any]) -> None:
        import numpy as np

        self.things = list(things)
        place = {thing: number for number, thing in enumerate(self.things)}
        self._worth = np.zeros((len(grades), len(self.things)))
        for number, given in enumerate(grades):
            for thing, grade in given.items():
                if thing in place and grade >= 1:
                    self._worth[number, place[thing]] = _WORKABLE + (_ABOUT - _WORKABLE) * (min(grade, 2.0) - 1.0)
        chosen = (self._worth > 0).astype(float)
        self._times = chosen.sum(0)
        self._pairs = chosen.T @ chosen
        np.fill_diagonal(self._pairs, 0.0)
        self._beside = self._beside_each(self._pairs, self._times)
        share = (self._times + 0.3) / (len(grades) + _PRETENDED)
        self.commonness = np.log(share / (1.0 - share))

    def of(self, weights: Any) -> Any:
        """Give what the weighted precedents say of each thing: about 0 (does not fit) to 1 (is about it)."""
        return weights @ self._worth

    def together(self, said: Any, own: int | None) -> Any:
        """Give what is usually chosen together with what was said (`of`): for each thing the mean of its company.

        What the precedent `own` chose is left out of the reckoning.
        """
        import numpy as np

        if own is None:
            return self._beside @ said
        # All others' choices: without the pairs that it makes itself.
        chosen = self._worth[own] > 0
        mine = np.flatnonzero(chosen)
        pairs = self._pairs.copy()
        pairs[np.ix_(mine, mine)] -= 1.0
        np.fill_diagonal(pairs, 0.0)
        return self._beside_each(pairs, self._times - chosen) @ said

    @staticmethod
    def _beside_each(pairs: Any, times: Any) -> Any:
        import numpy as np

        # Pairs by how common both are. Pretended choices keep what was chosen once or twice from meaning much.
        root = np.sqrt(times + _PRETENDED_CHOICES)
        beside = pairs / root[:, None] / root[None, :]
        return beside / (beside.sum(1, keepdims=True) + 1e-9)


def _unit_rows(values: Any) -> Any:
    import numpy as np

    return values / (np.linalg.norm(values, axis=-1, keepdims=True) + 1e-9)
