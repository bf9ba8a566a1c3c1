"""Vips: three fitting, mutually different examples, repeatable within a day, honestly widened."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alignment import factories as make
from bryggan.alignment import suggesting
from bryggan.alignment.models import AlignmentRun
from bryggan.alignment.suggesting import Wish, suggest
from bryggan.initiatives.models import Initiative, SchoolOffer

pytestmark = pytest.mark.django_db

BIOLOGY_8 = Wish(school_form="GR", subjects=("BIO",), years=((8, 8),))


def ids(found: suggesting.Suggestions) -> list[int]:
    return [example.initiative.pk for example in found.examples]


def fitting(score: float = 0.8, *, theme: str = "", department: str = "", **columns: object) -> Initiative:
    made = make.initiative(department=make.department(department) if department else None, **columns)  # type: ignore[arg-type]
    make.align(made, make.point("BIO"), score=score)
    AlignmentRun.objects.create(initiative=made, text_hash="", method_hash="", themes=[[theme, 0.9]] if theme else [])
    return made


def test_the_three_that_fit_best_come_with_point_and_reason() -> None:
    made = [fitting(score) for score in (0.5, 0.9, 0.7, 0.8)]

    found = suggest(BIOLOGY_8)

    assert ids(found) == [made[1].pk, made[3].pk, made[2].pk]
    assert found.widened == ""
    assert [example.points[0].core_content.subject.code for example in found.examples] == ["BIO"] * 3
    assert all(example.reason for example in found.examples)


def test_they_are_not_of_the_same_theme_or_department_thrice() -> None:
    fitting(0.95, theme="vatten", department="VA")
    fitting(0.94, theme="vatten", department="VA")
    fitting(0.93, theme="vatten", department="VA")
    other = fitting(0.6, theme="demokrati", department="Kultur")
    third = fitting(0.55, theme="buller", department="Miljö")

    assert {other.pk, third.pk} < set(ids(suggest(BIOLOGY_8)))


def test_the_same_day_gives_the_same_three_and_other_days_may_turn_the_order() -> None:
    for _ in range(12):
        fitting(0.8)

    today = ids(suggest(BIOLOGY_8, on=date(2026, 11, 23)))

    assert ids(suggest(BIOLOGY_8, on=date(2026, 11, 23))) == today
    assert any(ids(suggest(BIOLOGY_8, on=date(2026, 12, day))) != today for day in range(1, 8))


def test_three_others_leave_out_what_was_shown_and_begin_anew_when_all_is_seen() -> None:
    for score in (0.9, 0.8, 0.7, 0.6, 0.5, 0.4):
        fitting(score)
    first = ids(suggest(BIOLOGY_8))

    second = suggest(Wish(**{**BIOLOGY_8.__dict__, "exclude": frozenset(first)}))
    third = suggest(Wish(**{**BIOLOGY_8.__dict__, "exclude": frozenset(first) | set(ids(second))}))

    assert not set(first) & set(ids(second))
    assert len(ids(second)) == 3
    assert third.began_anew
    assert ids(third) == first


def test_when_little_fits_it_is_widened_and_said() -> None:
    exact = fitting(0.5)
    earlier = [make.initiative() for _ in range(2)]
    for one in earlier:
        make.align(one, make.point("BIO", (4, 6)), score=0.9)

    found = suggest(BIOLOGY_8)

    assert ids(found)[0] == exact.pk
    assert set(ids(found)[1:]) == {one.pk for one in earlier}
    assert found.widened == "other years"
    assert str(suggesting.WIDENED[found.widened])


def test_a_preschool_a_preschool_class_and_a_programme_get_theirs() -> None:
    preschool, preschool_class, technology = (make.initiative() for _ in range(3))
    area = make.subject("LPFO18-NATUR", curriculum="LPFO18", school_form="FS")
    make.align(preschool, make.point("LPFO18-NATUR", None, of=area))
    early = make.subject("FKLASS-NATUR", school_form="FKLASS")
    make.align(preschool_class, make.point("FKLASS-NATUR", None, of=early))
    make.fit(technology, make.programme("TE25"), score=0.9)

    assert ids(suggest(Wish(school_form="FS")))[0] == preschool.pk
    assert ids(suggest(Wish(school_form="FKLASS")))[0] == preschool_class.pk
    assert ids(suggest(Wish(school_form="GY", programme="TE25")))[0] == technology.pk


def test_an_empty_service_answers_with_nothing() -> None:
    assert suggest(BIOLOGY_8).examples == ()


def test_an_editors_own_question_wins_over_the_themes() -> None:
    made = fitting(theme="dagvatten")
    by_theme = suggesting.question_for(made, "GR", ((8, 8),))
    SchoolOffer.objects.create(initiative=made, questions=["Vart tar vattnet vägen hos oss?"])

    assert by_theme.endswith("?")
    assert suggesting.question_for(Initiative.objects.get(pk=made.pk), "GR", ((8, 8),)) == (
        "Vart tar vattnet vägen hos oss?"
    )


def test_every_theme_has_a_whole_question_for_some_stage() -> None:
    without = [theme for theme, stages in suggesting.questions_by_theme().items() if not any(stages.values())]
    odd = [
        question
        for stages in suggesting.questions_by_theme().values()
        for questions in stages.values()
        for question in questions
        if not question.endswith("?") or "{" in question or "%" in question
    ]

    assert without == []
    assert odd == []


def test_the_answer_costs_as_many_statements_with_many_initiatives_as_with_few() -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            suggest(BIOLOGY_8)
        return len(captured)

    for _ in range(4):
        fitting()
    few = statements()
    for _ in range(46):
        fitting()

    assert statements() == few
