"""Many processes at once for few seats, with offers that run out, on the database that the tests run on."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Booking, Occasion, SeatOffer, WaitingEntry
from bryggan.fair.seating import replay, seats
from fair import factories
from fair.crowd import Plan, gather
from fair.factories import DAY, at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

# From Thursday morning until half an hour after booking has closed, the day before the occasion. Only one thing
# happens to a class in most of a day, so that offers run out about as often as they are taken.
FIRST_DAY = DAY - timedelta(days=5)
CLOSES = at(15) - timedelta(days=1)
SCHOOL_HOURS = 4 * 8 + 7.5


def occasion(capacity: int) -> Occasion:
    """An occasion whose queue is strict for most of the time, and then not."""
    session = factories.session(factories.fair(strict_queue_hours=24), capacity=capacity)
    return factories.occasion(session, booking_closes_at=CLOSES)


def classes(number: int) -> list[SchoolClass]:
    """Classes of 18 to 28 pupils and two or three adults."""
    unit = factories.school_class().school_unit
    return [factories.school_class(school_unit=unit, pupils=18 + n % 11, adults=2 + n % 2) for n in range(number)]


def plan(time: Occasion, *, clients: int, acts: int) -> Plan:
    return Plan(
        occasions=(time.pk,),
        classes=tuple(each.pk for each in classes(clients)),
        clients=clients,
        first_day=FIRST_DAY.isoformat(),
        hours=SCHOOL_HOURS,
        acts=acts,
        kill_clients=2,
    )


def told(time: Occasion) -> dict[str, int]:
    """What became of the queue, by the rows."""
    states = Counter(SeatOffer.objects.filter(entry__occasion=time).values_list("state", flat=True))
    return {state: states[state] for state in SeatOffer.State.values}


def assert_that_all_went_right(time: Occasion) -> None:
    assert replay.faults(time) == []
    assert seats.seats_left([time])[time.pk].over_by == 0
    inside = Booking.objects.filter(occasion=time).exclude(state=Booking.State.ENDED)
    waits = WaitingEntry.objects.filter(occasion=time, state=WaitingEntry.State.WAITING)
    assert not set(inside.values_list("school_class")) & set(waits.values_list("school_class"))
    # Booking has closed, and so has the queue.
    assert not waits.exists()


@pytest.mark.parametrize("capacity", [30, 120])
def test_sixty_four_at_once_never_get_more_seats_than_there_are(capacity: int) -> None:
    time = occasion(capacity)

    seen = gather(plan(time, clients=64, acts=300))

    assert_that_all_went_right(time)
    assert (seen["clients killed"], seen["workers killed"]) == (2, 1)
    assert seen["joined"] > 0
    assert sum(told(time).values()) > 0, seen
    if capacity == 120:
        # So many offers that there are both kinds.
        assert min(told(time)[state] for state in (SeatOffer.State.ACCEPTED, SeatOffer.State.RAN_OUT)) > 0


def test_two_hundred_classes_for_thirty_seats_come_in_order() -> None:
    time = occasion(30)

    seen = gather(plan(time, clients=200, acts=400))

    assert_that_all_went_right(time)
    assert (seen["clients killed"], seen["workers killed"]) == (2, 1)
    assert seen["joined"] > 0
    assert sum(told(time).values()) > 0, seen
