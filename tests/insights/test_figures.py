"""Sums per term, active schools, and what everybody may see of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts.school_days import half_year_of
from bryggan.curriculum.models import SchoolForm
from bryggan.insights import figures, kept
from bryggan.insights.figures import Activity, Scope
from bryggan.insights.models import ActivityDefinition
from bryggan.insights.shown import shown_activity, shown_totals
from insights.factories import fact

pytestmark = pytest.mark.django_db

TERM = half_year_of(date(2026, 10, 1))


def test_a_term_has_its_own_months_and_no_others() -> None:
    for month, number in ((7, 100), (8, 1), (12, 2)):
        fact("interest", number, month=date(2026, month, 1))
    fact("interest", 200, month=date(2027, 1, 1))

    found = figures.totals([TERM, TERM.before])

    assert found["interest"] == {TERM: 3, TERM.before: 100}


def test_bookings_are_counted_and_the_people_of_them_added() -> None:
    fact("booking", 2, amount=50, month=TERM.first_on)

    found = figures.totals([TERM])

    assert (found["booking"][TERM], found["seats"][TERM]) == (2, 50)


def test_a_coordinator_is_answered_for_her_initiatives_and_her_departments() -> None:
    fact("interest", 1, initiative=7, month=TERM.first_on)
    fact("interest", 2, department="park", month=TERM.first_on)
    fact("interest", 4, initiative=8, department="annan", month=TERM.first_on)

    found = figures.totals([TERM], Scope(frozenset({7}), frozenset({"park"})))

    assert found["interest"][TERM] == 3


def test_a_school_is_active_once_it_has_done_what_counts_so_many_times() -> None:
    twice, once, both = people.school_unit(), people.school_unit(), people.school_unit()
    fact("programme", 1, twice, month=TERM.first_on)
    fact("booking", 1, twice, month=TERM.last_on.replace(day=1))
    fact("booking", 1, once, month=TERM.first_on)
    fact("interest", 9, once, month=TERM.first_on)
    fact("booking", 2, both, month=TERM.first_on)
    fact("booking", 2, both, month=TERM.first_on, school_form=SchoolForm.PRESCHOOL)
    fact("booking", 5, people.school_unit(), month=TERM.first_on, school_form=SchoolForm.PRESCHOOL)

    found = figures.activity([TERM.before, TERM], ActivityDefinition(measures=["programme", "booking"], least=2))

    assert found == [Activity(TERM.before, 0, 0), Activity(TERM, 2, 1)]


def test_terms_to_choose_among_go_back_to_the_first_that_has_anything() -> None:
    assert figures.terms_back_to(None, TERM) == [TERM]
    assert [one.code for one in figures.terms_back_to(date(2025, 9, 1), TERM)] == ["2026ht", "2026vt", "2025ht"]


def test_terms_that_are_over_are_asked_for_once_and_again_when_facts_come_to_them(
    django_assert_num_queries: Any,
) -> None:
    kept.forget()
    definition = ActivityDefinition(measures=["booking"], least=1)
    fact("booking", 3, people.school_unit(), month=TERM.before.first_on)

    def told() -> tuple[int, int | None]:
        city = kept.city(TERM.last_on)
        sums, active = city.totals([TERM.before]), city.activity([TERM.before], definition)
        return sums["booking"][TERM.before], active[0].schools

    assert told() == (3, 1)
    with django_assert_num_queries(1):
        assert told() == (3, 1)
    fact("booking", 4, people.school_unit(), month=TERM.before.first_on)
    assert told() == (7, 2)
    kept.forget()


def test_the_running_term_is_asked_for_each_time() -> None:
    kept.forget()
    told = fact("booking", 3, month=TERM.first_on)

    assert kept.city(TERM.last_on).totals([TERM])["booking"][TERM] == 3
    type(told).objects.update(count=4)

    assert kept.city(TERM.last_on).totals([TERM])["booking"][TERM] == 4


def test_answers_take_so_many_days() -> None:
    assert figures.answer_days(TERM) is None
    fact("idea answered", 3, amount=12, month=TERM.first_on)

    assert figures.answer_days(TERM) == 4.0


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, None), (4, None), (5, 5)])
def test_a_sum_under_five_is_shown_to_nobody_and_the_people_of_hidden_bookings_with_it(count: int, shown: Any) -> None:
    fact("booking", count, amount=count * 25, month=TERM.first_on)

    found = shown_totals(figures.totals([TERM]))

    assert found["booking"][TERM] == shown
    assert found["seats"][TERM] == (shown and shown * 25)


def test_schools_are_not_told_where_their_number_would_give_a_hidden_sum_away() -> None:
    """Seven active schools, six programmes: somebody has booked. Ten schools: four times, and no other number."""
    definition = ActivityDefinition(measures=["programme", "booking"], least=1)
    totals = {"programme": {TERM: 6}, "booking": {TERM: None}}

    assert shown_activity(Activity(TERM, 7, 0), totals, definition) == Activity(TERM, 7, 0)
    assert shown_activity(Activity(TERM, 7, 3), totals, definition) == Activity(TERM, None, None)
    assert shown_activity(Activity(TERM, 7, 3), {**totals, "booking": {TERM: 5}}, definition) == Activity(TERM, 7, 3)


def test_the_usual_definition_is_in_force_until_somebody_changes_it() -> None:
    assert ActivityDefinition.current().least == 1

    ActivityDefinition.objects.create(pk=1, measures=["booking"], least=3, changed_at=timezone.now())

    assert (ActivityDefinition.current().measures, ActivityDefinition.current().least) == (["booking"], 3)
