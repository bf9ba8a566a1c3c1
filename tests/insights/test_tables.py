"""The tables of the page, taken together: nothing small can be worked out from all that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts import factories as people
from alignment import factories as make
from bryggan.accounts.models import Fact
from bryggan.accounts.school_days import half_year_of
from bryggan.curriculum.models import SchoolForm
from bryggan.insights import figures
from bryggan.insights.figures import Activity, Scope
from bryggan.insights.models import ActivityDefinition
from bryggan.insights.shown import shown_totals
from bryggan.insights.suppression import ALL, LEAST_OPEN, is_small
from bryggan.insights.tables import MOST_ROWS, OTHERS, NamedTable, tables
from insights.factories import fact
from insights.test_suppression import assert_not_known, one_column

pytestmark = pytest.mark.django_db

FORMS = [SchoolForm.PRESCHOOL, SchoolForm.COMPULSORY, SchoolForm.UPPER_SECONDARY, ""]
WISHES = ["before visit", "during visit", "any follow", "något annat"]
MEASURES = ["interest", "booking", "idea sent"]


def term() -> Any:
    return half_year_of(timezone.localdate())


def by_key(found: list[NamedTable]) -> dict[str, NamedTable]:
    return {one.key: one for one in found}


def hidden_rows(table: NamedTable, column: str) -> set[str]:
    return {row for row, one in table.table.hidden if one == column and row != ALL}


class WholePage(TestCase):
    """Generated cities: facts at three schools in two areas, about two initiatives or none."""

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(MEASURES),
                st.integers(0, 2),
                st.sampled_from(FORMS),
                st.sampled_from([0, 1, None]),
                st.sampled_from(WISHES),
                st.integers(1, 4),
            ),
            max_size=12,
        )
    )
    def test_all_that_is_shown_at_once_tells_no_small_count(self, happened: list[tuple[Any, ...]]) -> None:
        Fact.objects.all().delete()
        units = [people.school_unit(organizer=f"H{n % 2}", area=f"O{n}" if n else "") for n in range(3)]
        initiatives = [make.initiative(f"Initiativ {n}") for n in range(2)]
        for measure, unit, form, about, wish, number in happened:
            initiative = None if about is None else initiatives[about].pk
            detail = wish if measure == "interest" else ""
            fact(measure, number, units[unit], school_form=form, initiative=initiative, detail=detail)

        whole = by_key(tables(term(), whole=False)), by_key(_not_hidden())
        sums = shown_totals(figures.totals([term()]))

        for key, shown in whole[0].items():
            true = whole[1][key]
            # A sum is the same number wherever it stands, and hidden everywhere or nowhere: so the only way from one
            # table to another is a number that is known in both, and each can be judged by itself.
            if key == "interest":
                assert shown.table.total == sums["interest"][term()]
                assert_not_known(true.table, shown.table, shown.table)
                continue
            for column in shown.table.columns:
                assert shown.table.column_total(column) == sums[column][term()]
                assert_not_known(true.table, shown.table, one_column(shown.table, column))


def _not_hidden() -> list[NamedTable]:
    """The tables as they are made for everybody, before anything is hidden."""
    from bryggan.insights import tables as module

    asked = module._ask(term(), figures.EVERYBODY)
    return [
        module._by_school_form(asked.school_form),
        module._by_column("organiser", "", "", asked.organizer, module._places("organizer", whole=False)),
        module._by_column("area", "", "", asked.area, module._places("area", whole=False)),
        module._wishes(asked.wish),
        module._by_initiative(asked.initiative, whole=False),
    ]


def test_the_editor_sees_every_count_most_first() -> None:
    small, large = make.initiative("A"), make.initiative("B")
    fact("interest", 2, initiative=small.pk, detail="before visit")
    fact("interest", 9, initiative=large.pk, detail="any follow")

    found = by_key(tables(term(), whole=True))

    assert [name for name, _cells in found["initiative"].lines] == ["B", "A"]
    assert found["initiative"].table.hidden == set()
    assert found["interest"].table.cell("visit", "before") == 2


def test_rows_stand_by_name_where_their_order_would_tell() -> None:
    small, large = make.initiative("A"), make.initiative("B")
    fact("interest", 2, initiative=small.pk)
    fact("interest", 9, initiative=large.pk)

    found = by_key(tables(term()))["initiative"]

    assert [name for name, _cells in found.lines] == ["A", "B"]
    assert hidden_rows(found, "interest") == {str(small.pk), str(large.pk)}


def test_what_has_no_row_stands_among_the_others_so_that_sums_agree() -> None:
    initiatives = [make.initiative() for _number in range(MOST_ROWS + 2)]
    for number, one in enumerate(initiatives):
        fact("interest", 10 + number, initiative=one.pk)
    fact("interest", 7)

    found = by_key(tables(term(), whole=True))["initiative"].table

    assert len(found.rows) == MOST_ROWS + 1
    assert found.cell(OTHERS, "interest") == 10 + 11 + 7
    assert found.column_total("interest") == sum(found.cell(row, "interest") or 0 for row in found.rows)


def test_areas_where_nothing_happens_are_seen_too() -> None:
    here, there = people.school_unit(area="Norra"), people.school_unit(area="Södra")
    fact("booking", 8, here)

    found = by_key(tables(term()))["area"].table

    assert found.rows == (here.area, there.area)
    assert found.cell(there.area, "booking") == 0


def test_a_coordinator_cannot_take_her_own_away_and_find_a_small_rest() -> None:
    hers = make.initiative("Regnbädden")
    units = [people.school_unit(area=area) for area in ("Norra", "Södra", "Västra")]
    for unit, own, others in zip(units, (6, 9, 0), (2, 20, 30), strict=True):
        fact("interest", own, unit, initiative=hers.pk)
        fact("interest", others, unit)

    of_a_teacher = by_key(tables(term()))["area"]
    of_hers = by_key(tables(term(), own=Scope(frozenset({hers.pk}))))["area"]

    assert hidden_rows(of_a_teacher, "interest") == set()
    assert hidden_rows(of_hers, "interest") == {"Norra", "Södra"}


def test_the_table_by_school_form_goes_where_the_number_of_preschools_would_tell_of_it() -> None:
    unit = people.school_unit()
    for measure, preschool in (("programme", 4), ("booking", 2)):
        fact(measure, preschool, unit, school_form=SchoolForm.PRESCHOOL)
        fact(measure, 20, unit)
    definition = ActivityDefinition(measures=["programme", "booking"], least=1)

    def keys(preschools: int) -> Mapping[str, NamedTable]:
        return by_key(tables(term(), active=Activity(term(), 1, preschools), definition=definition))

    assert "school-form" in keys(2)
    assert "school-form" not in keys(6)


def test_a_term_with_nothing_has_no_tables() -> None:
    people.school_unit(area="Norra")

    assert tables(term()) == []


def test_tables_take_as_many_statements_for_one_row_as_for_many(django_assert_num_queries: Any) -> None:
    def happen() -> None:
        unit = people.school_unit(area=people.school_unit().name, organizer=people.school_unit().name)
        fact("interest", 3, unit, initiative=make.initiative().pk, detail="any visit")

    happen()
    with django_assert_num_queries(6) as few:
        tables(term())
    for _number in range(30):
        happen()

    with django_assert_num_queries(len(few)):
        tables(term())


def test_the_limit_and_the_room_are_those_of_the_rules() -> None:
    assert [count for count in range(8) if is_small(count)] == [1, 2, 3, 4]
    assert LEAST_OPEN == 3
