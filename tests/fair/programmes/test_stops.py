"""What teachers do with the stops of a programme."""

from __future__ import annotations

from typing import Any

import pytest

from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Booking, Fair, Session
from bryggan.fair.programmes import moving, programme_seats, stops
from bryggan.fair.programmes.changing import CannotBe, NoSuchStop
from bryggan.fair.programmes.checks import problems_of
from fair import factories as given
from fair.factories import DAY, at
from fair.programme_factories import NEXT_DAY, saved, session_at, sessions_in, stop_of

pytestmark = pytest.mark.django_db


def test_three_others_could_each_take_the_stops_place(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    stays = session_at(fair, 9.25)
    itinerary = saved(school_class, fair, teacher)
    others = [session_at(fair, start) for start in (9.25, 9.3, 9.4, 9.5)]
    stop = stop_of(itinerary, stays)

    three = stops.three_others(stop)
    again = stops.three_others(stop, exclude=[one.session.pk for one in three if one.session])

    assert len(three) == 3
    assert {one.session for one in (*three, *again)} == set(others)
    swapped = stops.replace(stop, three[0].occasion, three[0].starts_at, by=teacher)  # type: ignore[arg-type]
    assert sessions_in(itinerary) == [three[0].session]
    assert problems_of(itinerary) == []
    # The same button pressed twice.
    assert stops.replace(stop, three[0].occasion, three[0].starts_at, by=teacher) == swapped  # type: ignore[arg-type]
    with pytest.raises(NoSuchStop):
        stops.three_others(stop)


def test_a_session_from_the_search_is_added_at_the_time_that_fits(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session_at(fair, 10)
    itinerary = saved(school_class, fair, teacher)
    wanted = session_at(fair, 10.25, 12.75)

    added = stops.add_stop(itinerary, wanted, by=teacher)

    assert added.starts_at == at(12.75)
    assert stops.add_stop(itinerary, wanted, by=teacher) == added
    assert problems_of(itinerary) == []


@pytest.mark.parametrize(
    ("columns", "start", "code"),
    [
        ({"school_years": [1]}, 12.75, "wrong years"),
        ({"capacity": 4}, 12.75, "too few seats"),
        ({"largest_group": 10}, 12.75, "group too big"),
        ({}, 10.25, "clash"),
        ({}, 17, "outside the day"),
    ],
)
def test_a_session_that_does_not_fit_says_why(
    columns: dict[str, Any], start: float, code: str, fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session_at(fair, 10)
    itinerary = saved(school_class, fair, teacher)
    unfit = session_at(fair, start, **columns)

    with pytest.raises(CannotBe) as refused:
        stops.add_stop(itinerary, unfit, by=teacher)

    assert refused.value.reason.code == code
    assert str(refused.value.reason)


def test_an_occasion_on_another_day_adds_the_day(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session_at(fair, 10)
    itinerary = saved(school_class, fair, teacher)
    other = session_at(fair, 10, on=NEXT_DAY)

    stops.add_stop(itinerary, other, occasion=other.occasions.get(), by=teacher)

    assert [day.on for day in itinerary.days.all()] == [DAY, NEXT_DAY]


def test_a_visit_to_open_hours_is_moved_earlier_and_later(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session = given.session(fair, kind=Session.Kind.OPEN, minutes=30)
    occasion = given.occasion(session, at(9), ends_at=at(13))
    itinerary = given.itinerary(fair, school_class)
    given.day(itinerary, lunch_minutes=0)
    stop = given.stop(itinerary, occasion, starts_at=at(10), ends_at=at(10.5))

    moves = moving.moves_of(stop)

    assert moves.earlier
    assert moves.later
    assert (moves.earlier.starts_at, moves.later.starts_at) == (at(9 + 55 / 60), at(10 + 5 / 60))
    moved = moving.move_stop(stop, moves.later.starts_at, by=teacher)
    assert (moved.starts_at, moved.ends_at, moved.sequence) == (at(10 + 5 / 60), at(10 + 35 / 60), 1)
    with pytest.raises(CannotBe) as refused:
        moving.move_stop(stop, at(12.75), by=teacher)
    assert refused.value.reason.code == "only given"


def test_a_stop_moves_to_another_occasion_and_its_booked_seats_come_along(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session = session_at(fair, 9.5, 12.5, needs_booking=True, capacity=30)
    first, second = session.occasions.order_by("starts_at")
    itinerary = given.itinerary(fair, school_class)
    given.day(itinerary)
    stop = given.stop(itinerary, first)
    programme_seats.book_seats(itinerary, by=teacher)

    moving.move_stop(stop, second.starts_at, occasion=second, by=teacher)

    assert [booking.occasion for booking in Booking.objects.counting()] == [second]
    assert stop_of(itinerary, session).starts_at == second.starts_at


def test_ones_own_lunch_takes_the_place_of_the_planned_one(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session_at(fair, 9.5)
    session_at(fair, 12.75)
    itinerary = saved(school_class, fair, teacher)
    restaurant = given.venue(fair, "Restaurangen")

    for _twice in range(2):
        own = stops.add_own_block(itinerary, at(11.75), at(12.25), venue=restaurant, is_lunch=True, by=teacher)

    assert list(itinerary.stops.kept().filter(kind="lunch")) == [own]
    assert own.is_locked


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "code"),
    [
        (at(10), at(10), "ends before it begins"),
        (at(23), at(25), "lasts into another day"),
        (at(10, NEXT_DAY), at(11, NEXT_DAY), "no such day"),
    ],
)
def test_an_own_block_that_cannot_be_says_why(
    starts_at: Any, ends_at: Any, code: str, fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    itinerary = given.itinerary(fair, school_class)
    given.day(itinerary)

    with pytest.raises(CannotBe) as refused:
        stops.add_own_block(itinerary, starts_at, ends_at, by=teacher)

    assert refused.value.reason.code == code
