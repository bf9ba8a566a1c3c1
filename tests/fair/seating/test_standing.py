"""How a class stands with occasions, read together with the seats that are left of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Booking, Fair, Occasion, Session, WaitingEntry
from bryggan.fair.seating import seats
from bryggan.fair.seating.standing import seats_and_standings, standings_of
from fair import factories as make
from fair.factories import at

pytestmark = pytest.mark.django_db


def row(model: Any, occasion: Occasion, of: SchoolClass, seats: int, **more: object) -> Any:
    span = {"starts_at": occasion.starts_at, "ends_at": occasion.ends_at}
    return model.objects.create(occasion=occasion, school_class=of, pupils=seats, adults=0, seats=seats, **span | more)


def a_fair(fair: Fair, own: SchoolClass) -> list[Occasion]:
    """Occasions with every kind of seats: own and others', booked, held, run out, ended, waiting and offered."""
    fixed = make.session(fair, capacity=60)
    hours = make.session(fair, kind=Session.Kind.OPEN, minutes=45, capacity=60)
    now = timezone.now()
    made = [make.occasion(fixed, at(9 + n)) for n in range(6)] + [make.occasion(hours, at(9), ends_at=at(15))]
    held, gone = ({"state": "held", "held_until": now + timedelta(minutes=minutes)} for minutes in (9, -9))
    for occasion, columns in zip(made, ({"state": "booked"}, held, gone, {"state": "ended"}), strict=False):
        row(Booking, occasion, own, 20, **columns)
        row(Booking, occasion, make.school_class(), 10, **columns, is_reserved=True)
    row(Booking, made[-1], make.school_class(), 30, state="booked", starts_at=at(10), ends_at=at(11))
    for occasion, state in ((made[4], "waiting"), (made[5], "offered"), (made[0], "left")):
        row(WaitingEntry, occasion, make.school_class(), 5)
        row(WaitingEntry, occasion, own, 5, state=state)
    return made


def test_read_together_they_are_what_each_says_by_itself() -> None:
    own = make.school_class()
    occasions = a_fair(make.fair(), own)

    left, standings = seats_and_standings(own, occasions)

    assert left.keys() == {occasion.pk for occasion in occasions}
    for pk, alone in seats.seats_left(occasions).items():
        together = left[pk]
        assert (together.capacity, together.reserved, together.waiting) == (60, alone.reserved, alone.waiting)
        assert sorted(map(repr, together.stays)) == sorted(map(repr, alone.stays))
    assert standings == standings_of(own, left)
    assert [standings[one.pk].place_in_queue for one in occasions[4:6]] == [2, 2]


def test_they_cost_as_many_statements_for_many_occasions_as_for_one() -> None:
    own = make.school_class()
    occasions = a_fair(make.fair(), own)

    counted = []
    for some in (occasions[:1], occasions[:4]):
        with CaptureQueriesContext(connection) as captured:
            seats_and_standings(own, some)
        counted.append(len(captured))

    assert counted == [2, 2]
