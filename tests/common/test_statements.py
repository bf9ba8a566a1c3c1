from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from bryggan.accounts.models import SchoolClass, SchoolUnit
from bryggan.common.statements import Statement

pytestmark = pytest.mark.django_db


@pytest.fixture
def classes() -> list[SchoolClass]:
    schools = [SchoolUnit.objects.create(name=f"Skola {n}", code=f"9000000{n}") for n in range(2)]
    return [
        SchoolClass.objects.create(
            label=f"{n}A", school_unit=schools[n % 2], school_form="GR", school_years=[n], pupils=24, adults=2
        )
        for n in range(1, 10)
    ]


def of_school() -> Statement[SchoolClass]:
    return Statement(lambda school: SchoolClass.objects.filter(school_unit=school, school_form="GR").order_by("label"))


def some() -> Statement[Any]:
    return Statement(
        lambda keys, school: (
            SchoolClass.objects.filter(pk__in=keys, school_unit=school)
            .order_by("label")
            .values_list("label", "school_years")
        )
    )


def test_a_statement_answers_as_its_queryset_whatever_the_key(classes: list[SchoolClass]) -> None:
    statement = of_school()

    for school in SchoolUnit.objects.all():
        expected = list(SchoolClass.objects.filter(school_unit=school).order_by("label"))
        assert statement(school.pk) == expected
        assert [one.school_years for one in statement(school.pk)] == [one.school_years for one in expected]


def test_a_list_of_keys_may_be_of_any_length(classes: list[SchoolClass]) -> None:
    statement, school = some(), classes[0].school_unit_id

    for length in range(len(classes) + 1):
        keys = [one.pk for one in classes[:length]]
        assert statement(keys, school) == [
            (one.label, one.school_years) for one in classes[:length] if one.school_unit_id == school
        ]
    assert len(statement(list(range(1, 2000)), school)) == 5


def test_no_keys_ask_nothing(classes: list[SchoolClass]) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert some()([], 1) == []

    assert len(captured) == 0


def test_a_number_that_no_row_can_have_finds_nothing(classes: list[SchoolClass]) -> None:
    statement = Statement(lambda pk: SchoolClass.objects.filter(pk=pk))

    assert [statement(number) for number in (0, -1, 2_000_000_000, 2**63, 10**40)] == [[]] * 5


def test_an_answer_is_never_kept(classes: list[SchoolClass]) -> None:
    statement, school = of_school(), classes[0].school_unit_id
    before = statement(school)

    classes[0].delete()
    SchoolClass.objects.filter(pk=classes[2].pk).update(label="Ny")

    assert [one.label for one in before] == ["1A", "3A", "5A", "7A", "9A"]
    assert [one.label for one in statement(school)] == ["5A", "7A", "9A", "Ny"]


def test_related_rows_and_columns_left_out_are_read_as_django_reads_them(classes: list[SchoolClass]) -> None:
    rows = SchoolClass.objects.select_related("school_unit", "programme").defer("needs")
    statement = Statement(lambda pk: rows.filter(pk=pk))

    [found] = statement(classes[3].pk)
    with CaptureQueriesContext(connection) as captured:
        told = (found.label, found.school_unit.name, found.programme)

    assert told == ("4A", "Skola 0", None)
    assert len(captured) == 0
    assert found.get_deferred_fields() == {"needs"}


def test_a_key_that_the_statement_does_not_ask_for_is_an_error() -> None:
    with pytest.raises(ValueError, match="key"):
        Statement(lambda school: SchoolClass.objects.all())(1)


@pytest.mark.django_db(transaction=True)
def test_threads_ask_with_connections_of_their_own(classes: list[SchoolClass]) -> None:
    statement, school = of_school(), classes[0].school_unit_id
    expected = [one.pk for one in statement(school)]
    found: list[list[int]] = []

    def ask() -> None:
        try:
            for _ in range(20):
                found.append([one.pk for one in statement(school)])
        finally:
            connection.close()
            close_old_connections()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [expected] * 60
