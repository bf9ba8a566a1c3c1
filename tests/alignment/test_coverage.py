from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alignment import factories
from bryggan.alignment import index as indexes
from bryggan.alignment.coverage import Row, coverage
from bryggan.curriculum.models import Curriculum, SchoolForm, Subject

pytestmark = pytest.mark.django_db


def test_a_point_is_served_by_a_confirmed_link_or_a_strong_suggestion() -> None:
    points = [factories.point("BIO", (7, 9)) for _ in range(5)]
    initiative = factories.initiative()
    factories.align(initiative, points[0], state="confirmed", strength="possible")
    factories.align(initiative, points[1], strength="strong")
    factories.align(initiative, points[2], strength="possible")
    factories.align(initiative, points[3], state="rejected")

    found = coverage(SchoolForm.COMPULSORY)

    assert found.rows == [Row("BIO", "Bio", (7, 9), points=5, served=2, confirmed=1)]
    assert found.unserved == points[2:]
    assert (found.rows[0].unserved, found.rows[0].percent) == (3, 40)


def test_many_initiatives_for_one_point_are_one_point_served() -> None:
    point = factories.point("BIO")
    for _ in range(3):
        factories.align(factories.initiative(), point, state="confirmed")

    assert coverage(SchoolForm.COMPULSORY).rows == [Row("BIO", "Bio", (7, 9), 1, 1, 1)]


def test_a_withdrawn_initiative_serves_nothing() -> None:
    point = factories.point("BIO")
    factories.align(factories.initiative(withdrawn_at=timezone.now()), point, state="confirmed")

    assert coverage(SchoolForm.COMPULSORY).rows == [Row("BIO", "Bio", (7, 9), 1, 0, 0)]


def test_rows_are_by_subject_and_years_and_hold_only_what_is_in_force() -> None:
    for code, years in (("TEK", (4, 6)), ("BIO", (7, 9)), ("BIO", (1, 3)), ("BIO", (1, 3))):
        factories.point(code, years)
    factories.point("BIO", (1, 3), ended_at=timezone.now())
    factories.point("SLJ", (1, 3))
    Subject.objects.filter(code="SLJ").update(ended_at=timezone.now())
    factories.level_point("NATU", "NATU1")

    rows = coverage(SchoolForm.COMPULSORY).rows

    assert [(row.subject, row.years, row.points) for row in rows] == [
        ("BIO", (1, 3), 2),
        ("BIO", (7, 9), 1),
        ("TEK", (4, 6), 1),
    ]


def test_upper_secondary_goes_by_subject_in_the_curriculum_that_stays_and_by_programme() -> None:
    factories.level_point("NATU", "NATU1")
    factories.level_point("NATU", "NATU2")
    factories.level_point("MATE", "MATE1")
    old = factories.subject("NAK", curriculum=Curriculum.GY11, school_form=SchoolForm.UPPER_SECONDARY)
    factories.point("NAK", None, of=old)

    everything = coverage(SchoolForm.UPPER_SECONDARY)
    programme = coverage(SchoolForm.UPPER_SECONDARY, subjects={"NATU", "MOSP"})

    assert [(row.subject, row.years, row.points) for row in everything.rows] == [("MATE", None, 1), ("NATU", None, 2)]
    assert [row.subject for row in programme.rows] == ["NATU"]


def test_preschool_goes_by_goal_area() -> None:
    area = factories.subject("NORM", "Normer", curriculum=Curriculum.LPFO18, school_form=SchoolForm.PRESCHOOL)
    factories.point("NORM", None, of=area)

    assert coverage(SchoolForm.PRESCHOOL).rows == [Row("NORM", "Normer", None, 1, 0, 0)]


def test_the_list_is_of_all_rows_or_of_one_and_has_an_end() -> None:
    for code in ("BIO", "FYS"):
        for years in ((1, 3), (7, 9)):
            for _ in range(3):
                factories.point(code, years)

    whole = coverage(SchoolForm.COMPULSORY, most_listed=5)
    one = coverage(SchoolForm.COMPULSORY, list_only=("FYS", (1, 3)))
    none = coverage(SchoolForm.COMPULSORY, list_only=("FYS", (4, 6)))

    assert [point.subject.code for point in whole.unserved] == ["BIO"] * 5
    assert {(point.subject.code, point.years) for point in one.unserved} == {("FYS", "1-3")}
    assert (one.listed_row and one.listed_row.subject, len(one.unserved), len(one.rows)) == ("FYS", 3, 4)
    assert (none.listed_row, len(none.unserved)) == (None, 12)


def test_totals_and_the_weakest_rows() -> None:
    for code, points, served in (("BIO", 2, 2), ("FYS", 3, 1), ("KEM", 4, 0), ("TEK", 1, 0), ("SLJ", 2, 1)):
        for number in range(points):
            point = factories.point(code)
            if number < served:
                factories.align(factories.initiative(), point, state="confirmed")

    found = coverage(SchoolForm.COMPULSORY)

    assert found.total == Row("", "", None, points=12, served=4, confirmed=4)
    assert [row.subject for row in found.weakest] == ["KEM", "TEK", "FYS"]


def test_a_city_without_a_curriculum_has_nothing_to_cover() -> None:
    found = coverage(SchoolForm.COMPULSORY)

    assert (found.rows, found.unserved, found.total.percent, found.weakest) == ([], [], 0, [])


@pytest.mark.parametrize("number", [1, 50])
def test_coverage_takes_the_same_number_of_statements_for_one_row_and_many(number: int) -> None:
    initiative = factories.initiative()
    for n in range(number):
        factories.point(f"ÄMNE{n}")
        factories.align(initiative, factories.point(f"ÄMNE{n}"), state="confirmed")
    with indexes.current():
        pass

    with CaptureQueriesContext(connection) as asked:
        coverage(SchoolForm.COMPULSORY)

    # The index's number, the confirmed, all points, the list.
    assert len(asked) == 4
