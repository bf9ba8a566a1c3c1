"""Holding what the database says against judged initiatives. What is off limits stands in no file of ours.

The measures: points of compulsory school's central content ranked for each initiative, subject-and-years
pairs, upper-secondary programmes and subjects that would be shown, and the first examples proposed for a
teacher's subject and years. An initiative counts where it has at least LEAST_POINTS fitting points.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bryggan.alignment import measures, suggesting
from bryggan.alignment.models import Alignment, ProgrammeFit, SubjectFit
from bryggan.curriculum.models import Curriculum, SchoolForm
from bryggan.initiatives.models import Initiative

LEAST_POINTS = 3
LEAST_INITIATIVES_FOR_EXAMPLES = 5
MOST_GY_SUBJECTS = 8

# Years and normalised text: the same wording in several subjects is one point.
PointName = tuple[str, str]


class UnreadableGold(Exception):
    """The file is not there or not of the form of `eval/README`: what was wrong is the message."""


@dataclass
class Judged:
    """What a judge said of one initiative: grade by point, by subject and years, by programme, by Gy25 subject."""

    points: dict[PointName, float] = field(default_factory=dict)
    subjects: dict[tuple[str, str], float] = field(default_factory=dict)
    programmes: dict[str, float] = field(default_factory=dict)
    gy_subjects: dict[str, float] = field(default_factory=dict)


def read_gold(path: Path) -> dict[str, Judged]:
    """Judgements by source id. Raises UnreadableGold."""
    try:
        raw = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UnreadableGold(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UnreadableGold(f"{path} is not JSON: {error}") from error
    if not isinstance(raw, dict) or not raw:
        raise UnreadableGold(f"{path} must hold an object of judged initiatives")
    try:
        return {str(key): _judged(item) for key, item in raw.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableGold(f"{path}: an initiative lacks what a judgement has ({error!r})") from error


def _judged(item: Mapping[str, Any]) -> Judged:
    return Judged(
        points={_name(p["years"], p["text"]): float(p["grade"]) for p in item["core_content"]},
        subjects={(s["subject"], s["years"]): float(s["grade"]) for s in item["subjects"]},
        programmes={code: float(grade) for code, grade in item["programmes"].items()},
        gy_subjects={code: float(grade) for code, grade in item["gy_subjects"].items()},
    )


def _name(years: str, text: str) -> PointName:
    return (years, " ".join(text.split()))


def evaluate(gold: Mapping[str, Judged]) -> dict[str, Any]:
    """The measures, `n` with what each was taken over, and `missing`: source ids that are not in the database."""
    rows = _rows(gold)
    counted = {key: pk for key, pk in rows.items() if _relevant(gold[key].points, LEAST_POINTS)}
    ranked = _ranked_points(list(counted.values()))
    subjects = _subjects(list(rows.values()))
    programmes = _programmes(list(rows.values()))
    gy_subjects = _gy_subjects(list(rows.values()))
    examples = _examples(gold, rows)
    results: dict[str, Any] = {
        "core_content": {
            "ndcg_at_10": measures.mean([measures.ndcg(ranked[pk], gold[k].points, 10) for k, pk in counted.items()]),
            "recall_at_20": measures.mean(
                [measures.recall(ranked[pk], _fitting(gold[k].points), 20) for k, pk in counted.items()]
            ),
            "precision_at_5": measures.mean(
                [measures.precision(ranked[pk], _fitting(gold[k].points), 5) for k, pk in counted.items()]
            ),
        },
        "subjects": {
            "f1": measures.mean([measures.f1(subjects[pk], _fitting(gold[k].subjects)) for k, pk in counted.items()]),
            "ndcg_at_5": measures.mean(
                [measures.ndcg(subjects[pk], gold[k].subjects, 5) for k, pk in counted.items()]
            ),
        },
        "programmes": {
            "f1": measures.mean(
                [measures.f1(programmes[pk], _fitting(gold[k].programmes)) for k, pk in counted.items()]
            )
        },
        "gy_subjects": {
            "f1": measures.mean(
                [measures.f1(gy_subjects[pk], _fitting(gold[k].gy_subjects)) for k, pk in counted.items()]
            )
        },
        "examples": {
            "precision_at_3": measures.mean([precision for precision, _ in examples]),
            "ndcg_at_3": measures.mean([ndcg for _, ndcg in examples]),
        },
        "strong": _strong(gold, rows),
    }
    for group in results.values():
        for name, value in group.items():
            group[name] = round(value, 4)
    results["n"] = {
        "initiatives": len(gold),
        "core_content": len(counted),
        "subjects": len(counted),
        "programmes": len(counted),
        "gy_subjects": len(counted),
        "examples": len(examples),
    }
    results["missing"] = sorted(set(gold) - set(rows))
    return results


def _relevant(grades: Mapping[Any, float], least: int) -> bool:
    return len(_fitting(grades)) >= least


def _fitting(grades: Mapping[Any, float]) -> set[Any]:
    return {thing for thing, grade in grades.items() if grade >= 1}


def _rows(gold: Mapping[str, Judged]) -> dict[str, int]:
    """Source id → row. When several sources use the same id, the newest published one counts."""
    found = Initiative.objects.published().filter(remote_id__in=list(gold))
    return dict(found.order_by("pk").values_list("remote_id", "pk"))


def _ranked_points(rows: Sequence[int]) -> dict[int, list[PointName]]:
    ranked: dict[int, dict[PointName, None]] = {pk: {} for pk in rows}
    shown = Alignment.objects.shown().filter(
        initiative__in=rows,
        core_content__ended_at=None,
        core_content__subject__curriculum=Curriculum.LGR22,
        core_content__first_year__isnull=False,
    )
    for alignment in shown.select_related("core_content").order_by("-score", "pk"):
        point = alignment.core_content
        ranked[alignment.initiative_id].setdefault(_name(point.years or "", point.text))
    return {pk: list(names) for pk, names in ranked.items()}


def _subjects(rows: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {pk: [] for pk in rows}
    fits = SubjectFit.objects.filter(initiative__in=rows, subject__school_form=SchoolForm.COMPULSORY)
    for pk, code, span in fits.order_by("-score", "pk").values_list("initiative_id", "subject__code", "span"):
        found[pk].append((code, span))
    return found


def _programmes(rows: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {pk: [] for pk in rows}
    fits = ProgrammeFit.objects.filter(
        initiative__in=rows, orientation_code="", programme__curriculum=Curriculum.GY25
    ).order_by("-score", "pk")
    for pk, code in fits.values_list("initiative_id", "programme__code"):
        found[pk].append(code)
    return found


def _gy_subjects(rows: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {pk: [] for pk in rows}
    fits = SubjectFit.objects.filter(initiative__in=rows, subject__curriculum=Curriculum.GY25, span="")
    for pk, code in fits.order_by("-score", "pk").values_list("initiative_id", "subject__code"):
        if len(found[pk]) < MOST_GY_SUBJECTS:
            found[pk].append(code)
    return found


def _examples(gold: Mapping[str, Judged], rows: Mapping[str, int]) -> list[tuple[float, float]]:
    """(precision, nDCG) at 3 for every subject-and-years with enough fitting initiatives among the judged."""
    fitting: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for key, pk in rows.items():
        for pair, grade in gold[key].subjects.items():
            fitting[pair][pk] = grade
    made = []
    for (subject, years), grades in sorted(fitting.items()):
        relevant = _fitting(grades)
        if len(relevant) < LEAST_INITIATIVES_FOR_EXAMPLES:
            continue
        first, _, last = years.partition("-")
        proposed = suggesting.first_three(
            subject=subject, years=(int(first), int(last or first)), among=frozenset(rows.values())
        )
        made.append((measures.precision(proposed, relevant, 3), measures.ndcg(proposed, grades, 3)))
    return made


def _strong(gold: Mapping[str, Judged], rows: Mapping[str, int]) -> dict[str, float]:
    """How often a strong suggestion is right, over all of them together, and how many there are per initiative."""
    right = number = 0
    strong = Alignment.objects.filter(
        initiative__in=rows.values(),
        strength=Alignment.Strength.STRONG,
        core_content__ended_at=None,
        core_content__subject__curriculum=Curriculum.LGR22,
        core_content__first_year__isnull=False,
    ).exclude(state=Alignment.State.REJECTED)
    keys = {pk: key for key, pk in rows.items()}
    seen = set()
    for alignment in strong.select_related("core_content"):
        name = (alignment.initiative_id, _name(alignment.core_content.years or "", alignment.core_content.text))
        if name in seen:
            continue
        seen.add(name)
        number += 1
        right += gold[keys[name[0]]].points.get(name[1], 0) >= 1
    return {"precision": right / number if number else 0.0, "per_initiative": number / len(rows) if rows else 0.0}
