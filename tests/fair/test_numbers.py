"""Who is coming, in numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bryggan.fair.models import Booking, WaitingEntry
from bryggan.fair.numbers import Numbers, classes_touched, numbers_of, together
from fair import factories as make

pytestmark = pytest.mark.django_db


def test_wishes_bookings_and_the_queue_are_counted_by_class() -> None:
    fair = make.fair()
    occasion = make.occasion(make.session(fair, capacity=60))
    one, other, third = make.school_class(), make.school_class(), make.school_class()
    when = {"starts_at": occasion.starts_at, "ends_at": occasion.ends_at}
    # In two programmes of one class: once, as what it wishes most.
    make.stop(make.itinerary(fair, one), occasion, wish="maybe")
    make.stop(make.itinerary(fair, one), occasion, wish="must")
    make.stop(make.itinerary(fair, other), occasion, wish="maybe")
    make.stop(make.itinerary(fair, third), occasion, wish="must", removed_at=timezone.now())
    size = {"pupils": 20, "adults": 0, "seats": 20}
    soon = timezone.now() + timedelta(minutes=5)
    booked = Booking.State.BOOKED
    Booking.objects.create(occasion=occasion, school_class=one, state=booked, **when, **size)
    Booking.objects.create(occasion=occasion, school_class=other, held_until=soon, **when, **size)
    WaitingEntry.objects.create(occasion=occasion, school_class=third, **when, **size)

    numbers = numbers_of([occasion])[occasion.pk]

    assert numbers == Numbers(planned=2, must=1, maybe=1, held=1, booked=1, seats=40, left=20, waiting=1)
    assert together([numbers, numbers]).planned == 4
    assert classes_touched([occasion.pk]) == 3


def test_held_seats_whose_time_is_up_count_for_nobody() -> None:
    occasion = make.occasion(make.session(make.fair()))
    Booking.objects.create(
        occasion=occasion, school_class=make.school_class(), pupils=5, adults=0, seats=5,
        held_until=timezone.now() - timedelta(seconds=1), starts_at=occasion.starts_at, ends_at=occasion.ends_at,
    )  # fmt: skip

    assert numbers_of([occasion])[occasion.pk] == Numbers(left=30)
    assert classes_touched([occasion.pk]) == 0
