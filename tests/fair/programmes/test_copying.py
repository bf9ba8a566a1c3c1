"""Programmes made from others, and the work before and after."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from accounts import factories as people
from alignment import factories as linked
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Fair, Session
from bryggan.fair.programmes import preparing
from bryggan.fair.programmes.changing import CannotBe
from bryggan.fair.programmes.copying import copy_itinerary
from bryggan.fair.programmes.timetables import timetable
from fair import factories as given
from fair.factories import at
from fair.programme_factories import saved, session_at, sessions_in

pytestmark = pytest.mark.django_db


def test_a_colleagues_programme_is_copied_and_tried_for_the_own_class(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    fits, small, older = session_at(fair, 9.5), session_at(fair, 10.75), session_at(fair, 12.75)
    itinerary = saved(school_class, fair, teacher)
    preparing.add_preparation(itinerary, initiative := linked.initiative(), "before", by=teacher)
    Session.objects.filter(pk=small.pk).update(largest_group=27)
    Session.objects.filter(pk=older.pk).update(school_years=[8, 9])
    colleague = people.teacher(at=school_class.school_unit)
    hers = given.school_class(school_unit=school_class.school_unit, school_years=[7], pupils=28, adults=2)
    hers.teachers.add(colleague)

    made = copy_itinerary(itinerary, to=hers, by=colleague)

    assert sessions_in(made.itinerary) == [fits]
    assert {fell.session: fell.reason.code for fell in made.fell_away} == {
        small: "group too big",
        older: "wrong years",
    }
    assert (made.itinerary.copied_from, made.itinerary.name) == (itinerary, itinerary.name)
    assert [one.initiative for one in timetable(made.itinerary).before] == [initiative]
    with pytest.raises(NotAllowed):
        copy_itinerary(itinerary, to=hers, by=people.teacher())
    with pytest.raises(NotAllowed):
        copy_itinerary(itinerary, to=school_class, by=colleague)


def test_last_years_programme_is_copied_to_the_nearest_sessions_of_this_years_fair(
    school_class: SchoolClass, teacher: User
) -> None:
    last_year = given.fair(first_on=date(2022, 5, 30), last_on=date(2022, 7, 3))
    then = date(2022, 6, 7)
    old = given.itinerary(last_year, school_class)
    given.day(old, then)
    for title, start in (("Samma id", 9.5), ("Samma rubrik", 12.5), ("Borta", 13.5)):
        session = given.session(last_year, title)
        Session.objects.filter(pk=session.pk).update(remote_id=title)
        given.stop(old, given.occasion(session, at(start, then)))
    this_year = given.fair()
    tuesday = date(2027, 6, 8)
    by_id, by_title = given.session(this_year, "Nytt namn"), given.session(this_year, "Samma rubrik")
    Session.objects.filter(pk=by_id.pk).update(remote_id="Samma id")
    for start in (9.25, 13):
        given.occasion(by_id, at(start, tuesday))
    given.occasion(by_title, at(12.75, tuesday))

    made = copy_itinerary(old, to=school_class, fair=this_year, by=teacher)

    assert [day.on for day in made.itinerary.days.all()] == [tuesday]
    assert [(stop.occasion.session, stop.starts_at) for stop in made.stops if stop.occasion] == [
        (by_id, at(9.25, tuesday)),
        (by_title, at(12.75, tuesday)),
    ]
    assert [(fell.what, fell.reason.code) for fell in made.fell_away] == [("Borta", "not at this fair")]


def test_initiatives_are_worked_with_before_and_after(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session = session_at(fair, 10)
    behind, other = linked.initiative("Bakom"), linked.initiative("Ett annat")
    session.initiatives.add(behind)
    itinerary = saved(school_class, fair, teacher)

    first = preparing.suggestions(itinerary)
    for _twice in range(2):
        preparing.add_preparation(itinerary, behind, "before", note="Läs först", by=teacher)
    preparing.add_preparation(itinerary, other, "before", by=teacher)

    assert (first[0].initiative, first[0].session) == (behind, session)
    table = timetable(itinerary)
    assert [(one.initiative, one.note) for one in table.before] == [(behind, "Läs först"), (other, "")]
    assert behind not in [one.initiative for one in preparing.suggestions(itinerary)]
    for _twice in range(2):
        preparing.remove_preparation(itinerary, behind, "before", by=teacher)
    assert [one.initiative for one in timetable(itinerary).before] == [other]


def test_a_withdrawn_initiative_cannot_be_added_but_stays_where_it_is(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    itinerary = given.itinerary(fair, school_class)
    kept = linked.initiative()
    preparing.add_preparation(itinerary, kept, "after", by=teacher)
    kept.withdrawn_at = timezone.now()
    kept.save()

    with pytest.raises(CannotBe):
        preparing.add_preparation(itinerary, kept, "before", by=teacher)

    assert [one.initiative for one in timetable(itinerary).after] == [kept]
