"""A programme as people see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alignment import factories as linked
from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Fair, Itinerary
from bryggan.fair.programmes import preparing
from bryggan.fair.programmes.timetables import for_timetable, timetable
from fair import factories as given
from fair.programme_factories import saved, session_at

pytestmark = pytest.mark.django_db


def test_a_timetable_costs_the_same_statements_for_one_stop_and_twenty(fair: Fair, school_class: SchoolClass) -> None:
    small, large = given.itinerary(fair, school_class), given.itinerary(fair, school_class)
    for itinerary, count in ((small, 1), (large, 20)):
        given.day(itinerary)
        for number in range(count):
            session = session_at(fair, 8 + number / 4, minutes=10, needs_booking=True)
            given.stop(itinerary, session.occasions.get())
            linked_one = linked.initiative()
            preparing.Preparation.objects.create(itinerary=itinerary, initiative=linked_one, phase="before")
    counts = []
    for itinerary in (small, large):
        read = for_timetable(Itinerary.objects.all()).get(pk=itinerary.pk)
        with CaptureQueriesContext(connection) as asked:
            table = timetable(read)
            for row in table.rows:
                str(row.title), str(row.venue), row.leg, row.session and row.session.get_absolute_url()
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 12


def test_a_timetable_tells_walks_waits_reasons_and_when_the_class_is_back(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    near, far = given.venue(fair, "Nära"), given.venue(fair, "Längre bort", latitude=56.0507)
    session_at(fair, 9.5, venue=near)
    session_at(fair, 12.5, venue=far)
    itinerary = saved(school_class, fair, teacher)

    (day,) = timetable(itinerary).days

    assert (day.start.name, day.end.name) == ("Helsingborg C", "Helsingborg C")
    assert [row.title for row in day.rows if row.session] == [row.session.title for row in day.rows if row.session]
    last = day.rows[-1]
    assert last.leg
    assert last.leg.is_approximate
    assert 900 < (last.leg.metres or 0) < 1200
    assert day.home
    assert day.back_at == last.ends_at + timedelta(minutes=day.home.minutes)
    assert day.walking_minutes == sum(leg.minutes for leg in day.legs)
    assert last.reason
    assert str(last.reason) == "Passar er ålder."
    assert day.all_problems == ()
