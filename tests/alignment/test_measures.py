"""The measures on a case small enough to reckon by hand."""

from __future__ import annotations

import json
import math
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from alignment import factories as make
from bryggan.alignment import measures
from bryggan.alignment.models import SubjectFit


def test_ndcg_is_one_for_the_best_order_and_falls_with_a_worse_one() -> None:
    grades = {"a": 2.0, "b": 1.0}
    best = 3 + 1 / math.log2(3)

    assert measures.ndcg(["a", "b"], grades, 10) == pytest.approx(1.0)
    assert measures.ndcg(["b", "a"], grades, 10) == pytest.approx((1 + 3 / math.log2(3)) / best)
    assert measures.ndcg(["x", "a"], grades, 10) == pytest.approx((3 / math.log2(3)) / best)
    assert measures.ndcg(["a", "b"], grades, 1) == pytest.approx(1.0)
    assert measures.ndcg([], grades, 10) == 0.0
    assert measures.ndcg(["a"], {}, 10) == 0.0


def test_a_half_grade_gives_its_share_of_gain() -> None:
    assert measures.ndcg(["a"], {"a": 1.5, "b": 2.0}, 1) == pytest.approx((2**1.5 - 1) / 3)


def test_recall_precision_and_f1() -> None:
    assert measures.recall(["a", "x", "b"], {"a", "b", "c"}, 2) == pytest.approx(1 / 3)
    assert measures.precision(["a"], {"a"}, 5) == pytest.approx(0.2)
    assert measures.f1(["a", "b"], {"b", "c"}) == pytest.approx(0.5)
    assert measures.f1([], set()) == 1.0
    assert measures.f1([], {"a"}) == 0.0


@pytest.fixture
def judged(db: None, tmp_path: Path) -> Path:
    """One initiative in the database, ranked b (right, 1), x (wrong), a (right, 2), with c (right, 1) not found."""
    points = {name: make.point("BIO", (7, 9), f"Punkt {name}.") for name in "abxc"}
    found = make.initiative(remote_id="7")
    for name, score in (("b", 0.9), ("x", 0.8), ("a", 0.7)):
        make.align(found, points[name], score=score)
    SubjectFit.objects.create(initiative=found, subject=points["a"].subject, span="7-9", score=0.9)
    make.fit(found, make.programme("NA25"))
    gold = {
        "7": {
            "core_content": [
                {"subjects": ["BIO"], "years": "7-9", "text": f"Punkt {name}.", "grade": grade}
                for name, grade in (("a", 2), ("b", 1), ("c", 1))
            ],
            "subjects": [{"subject": "BIO", "years": "7-9", "grade": 2}],
            "programmes": {"NA25": 1, "TE25": 1},
            "gy_subjects": {},
            "class_ready": 2,
        }
    }
    path = tmp_path / "gold.json"
    path.write_text(json.dumps(gold))
    return path


def run(path: Path) -> Any:
    output = StringIO()
    call_command("evaluate_alignment", path, json=True, stdout=output)
    return json.loads(output.getvalue())


def test_the_command_reckons_as_one_does_by_hand(judged: Path) -> None:
    best = 3 + 1 / math.log2(3) + 1 / math.log2(4)

    found = run(judged)

    assert found["core_content"] == {
        "ndcg_at_10": round((1 + 3 / math.log2(4)) / best, 4),
        "recall_at_20": 0.6667,
        "precision_at_5": 0.4,
    }
    assert found["subjects"] == {"f1": 1.0, "ndcg_at_5": 1.0}
    assert found["programmes"] == {"f1": 0.6667}
    assert found["gy_subjects"] == {"f1": 1.0}
    assert found["strong"] == {"precision": 0.6667, "per_initiative": 3.0}
    assert found["n"] == {
        "initiatives": 1, "core_content": 1, "subjects": 1, "programmes": 1, "gy_subjects": 1, "examples": 0,
    }  # fmt: skip


def test_identical_text_in_several_subjects_is_one_point_of_the_ranking(judged: Path) -> None:
    from bryggan.initiatives.models import Initiative

    before = run(judged)
    copy = make.point("FYS", (7, 9), "Punkt b.")
    make.align(Initiative.objects.get(remote_id="7"), copy, score=0.9)

    assert run(judged)["core_content"] == before["core_content"]


def test_a_judged_initiative_that_is_not_in_the_database_is_named(judged: Path) -> None:
    gold = json.loads(judged.read_text())
    judged.write_text(json.dumps({**gold, "99": gold["7"]}))

    with pytest.raises(CommandError, match="1 judged initiatives are not in the database: 99"):
        run(judged)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"7": {}}', '{"7": 3}', "not json"])
def test_a_file_of_another_form_is_refused_in_words(db: None, tmp_path: Path, content: str) -> None:
    path = tmp_path / "gold.json"
    path.write_text(content)

    with pytest.raises(CommandError, match=r"gold\.json"):
        run(path)


def test_examples_are_judged_where_enough_initiatives_fit(db: None, tmp_path: Path) -> None:
    point = make.point("BIO", (7, 9), "Punkt.")
    gold = {}
    for number in range(6):
        one = make.initiative(remote_id=str(number))
        make.align(one, point, score=0.9 - number / 10)
        fits = number != 1
        gold[str(number)] = {
            "core_content": [],
            "subjects": [{"subject": "BIO", "years": "7-9", "grade": 1}] if fits else [],
            "programmes": {},
            "gy_subjects": {},
        }
    path = tmp_path / "gold.json"
    path.write_text(json.dumps(gold))

    found = run(path)

    assert found["n"]["examples"] == 1
    assert found["examples"]["precision_at_3"] == 0.6667
