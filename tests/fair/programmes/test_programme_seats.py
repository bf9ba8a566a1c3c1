"""Seats for a whole programme."""

from __future__ import annotations

import pytest

from alignment import factories as linked
from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Booking, Fair
from bryggan.fair.programmes import itineraries, programme_seats, stops
from bryggan.fair.programmes.changing import HasSeats
from bryggan.fair.programmes.timetables import timetable
from fair import factories as given
from fair.factories import DAY
from fair.programme_factories import saved, session_at, sessions_in, stop_of

pytestmark = pytest.mark.django_db


def test_seats_are_held_and_booked_stop_by_stop_and_twice_is_once(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    free = session_at(fair, 9.5, needs_booking=True, capacity=30)
    full = session_at(fair, 12.75, needs_booking=True, capacity=30)
    itinerary = saved(school_class, fair, teacher)
    full.occasions.update(capacity=3, reserved=0)

    held = {result.stop.occasion_id: result for result in programme_seats.hold_seats(itinerary, by=teacher)}
    booked = programme_seats.book_seats(itinerary, by=teacher)
    again = programme_seats.book_seats(itinerary, by=teacher)

    assert held[free.occasions.get().pk].state == "held"
    assert held[free.occasions.get().pk].held_until is not None
    assert [result.state for result in booked] == ["booked", "refused"] == [result.state for result in again]
    assert str(booked[1].reason)
    assert Booking.objects.counting().count() == 1


def test_a_full_stop_can_be_waited_for(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session = session_at(fair, 10, needs_booking=True, capacity=30)
    itinerary = saved(school_class, fair, teacher)
    other = given.school_class()
    programme_seats.seats.book(occasion=session.occasions.get(), school_class=other, by=None)

    (refused,) = programme_seats.book_seats(itinerary, by=teacher)
    waits = [programme_seats.wait_for_seats(stop_of(itinerary, session), by=teacher) for _twice in range(2)]

    assert (refused.reason.code if refused.reason else "", refused.can_wait) == ("too few seats", True)
    assert [(result.state, result.place_in_queue) for result in waits] == [("waiting", 1)] * 2
    (row,) = [row for row in timetable(itinerary).rows if row.session]
    assert (row.seats, row.problems) == ("waiting", ())


def test_a_stop_with_seats_asks_before_it_goes_and_gives_them_back(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session = session_at(fair, 10, needs_booking=True)
    itinerary = saved(school_class, fair, teacher)
    programme_seats.book_seats(itinerary, by=teacher)
    stop = stop_of(itinerary, session)

    for action in (
        lambda: stops.remove_stop(stop, by=teacher),
        lambda: itineraries.remove_day(itinerary, DAY, by=teacher),
        lambda: itineraries.archive(itinerary, by=teacher),
        lambda: itineraries.exclude_session(itinerary, session, by=teacher),
    ):
        with pytest.raises(HasSeats) as asks:
            action()
        assert asks.value.stops == [stop.pk]
    stops.remove_stop(stop, by=teacher, release_seats=True)

    assert Booking.objects.counting().count() == 0
    assert sessions_in(itinerary) == []


def test_seats_that_another_programme_of_the_class_counts_on_stay(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session = session_at(fair, 10, needs_booking=True)
    one, other = saved(school_class, fair, teacher), saved(school_class, fair, teacher)
    programme_seats.book_seats(one, by=teacher)

    stops.remove_stop(stop_of(one, session), by=teacher)

    assert Booking.objects.counting().count() == 1
    assert [row.seats for row in timetable(other).rows if row.session] == ["booked"]


def test_planning_again_keeps_what_is_booked(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session = session_at(fair, 10, needs_booking=True)
    itinerary = saved(school_class, fair, teacher)
    programme_seats.book_seats(itinerary, by=teacher)
    better = session_at(fair, 10)
    linked.align(initiative := linked.initiative(), linked.point("BIO", (7, 9)))
    better.initiatives.add(initiative)

    itineraries.plan_again(itinerary, DAY, by=teacher)

    assert sessions_in(itinerary) == [session]
    itineraries.plan_again(itinerary, DAY, by=teacher, release_seats=True)
    assert sessions_in(itinerary) == [better]
    assert Booking.objects.counting().count() == 0


def test_seats_follow_a_class_that_has_grown_as_far_as_there_are_any(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session = session_at(fair, 10, needs_booking=True, capacity=30)
    itinerary = saved(school_class, fair, teacher)
    stop = stop_of(itinerary, session)
    programme_seats.book_seats(itinerary, by=teacher)

    SchoolClass.objects.filter(pk=school_class.pk).update(pupils=27)
    fits = programme_seats.match_seats(stop, by=teacher)
    SchoolClass.objects.filter(pk=school_class.pk).update(pupils=40)
    too_many = programme_seats.match_seats(stop, by=teacher)

    assert (fits.state, too_many.state) == ("booked", "refused")
    assert str(too_many.reason) == "Tar grupper upp till 30 personer."
    assert [booking.pupils for booking in Booking.objects.counting()] == [27]


def test_releasing_twice_is_once(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session = session_at(fair, 10, needs_booking=True)
    itinerary = saved(school_class, fair, teacher)
    programme_seats.book_seats(itinerary, by=teacher)

    for _twice in range(2):
        programme_seats.release_seats(stop_of(itinerary, session), by=teacher)

    assert Booking.objects.counting().count() == 0
    assert sessions_in(itinerary) == [session]
