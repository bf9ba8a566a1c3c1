"""Cancelling a round: seats, queues and letters, also while visits begin and others cancel the same times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from bryggan.accounts.models import User
from bryggan.common.models import AuditEntry
from bryggan.fair.models import Booking, Occasion
from bryggan.fair.seating import seats, waiting
from bryggan.invitations import answering, rounds
from bryggan.invitations.models import Invitation, InvitationRound
from fair import factories as fairs
from invitations import visit_factories as make

pytestmark = pytest.mark.django_db
State = Invitation.State


def host_with(*hours: float, number: int = 1) -> tuple[InvitationRound, User, list[Invitation]]:
    """A round with a time for each of the hours from now, and `number` classes with seats at each of them."""
    department, coordinator = make.host()
    session = make.visit(department)
    now = timezone.now()
    times = [make.time(session, now + timedelta(hours=hour), capacity=60, reserved=60) for hour in hours]
    round = make.round(department, *times)
    made = [come(round, time) for time in times for _ in range(number)]
    return round, coordinator, made


def come(round: InvitationRound, occasion: Occasion) -> Invitation:
    teacher = people.teacher()
    invitation = make.invitation(round, school_class=people.school_class(teacher, pupils=10, adults=1))
    return answering.accept(invitation, occasions=[occasion], by=teacher)


def states(round: InvitationRound) -> list[str]:
    return list(round.invitations.order_by("pk").values_list("state", flat=True))


def test_a_visit_that_goes_on_stays_and_the_others_are_cancelled() -> None:
    round, coordinator, _made = host_with(1, 24)
    going_on, later = round.occasions.order_by("starts_at")

    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=30), tick=False):
        told = rounds.cancel(round, by=coordinator)

    assert told == 1
    assert states(round) == [State.ACCEPTED, State.CANCELLED_BY_HOST]
    assert list(Booking.objects.order_by("pk").values_list("state", flat=True)) == ["booked", "ended"]
    going_on.refresh_from_db()
    later.refresh_from_db()
    assert (going_on.cancelled_at, later.cancelled_at is None) == (None, False)


def test_a_visit_that_was_moved_to_begin_earlier_stays() -> None:
    round, coordinator, _made = host_with(24)
    Occasion.objects.update(starts_at=timezone.now() - timedelta(minutes=5))

    assert rounds.cancel(round, by=coordinator) == 0
    assert states(round) == [State.ACCEPTED]


def test_a_visit_that_begins_in_the_very_moment_is_said_and_nothing_is_half_done() -> None:
    round, coordinator, _made = host_with(24, number=2)
    client = Client()
    client.force_login(coordinator)
    begins = round.occasions.get().starts_at

    with time_machine.travel(begins - timedelta(minutes=1), tick=False) as clock:

        def time_passes(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith('UPDATE "fair_booking"'):
                clock.move_to(begins + timedelta(seconds=1))
            return execute(sql, params, many, context)

        client.force_login(coordinator)
        with connection.execute_wrapper(time_passes):
            answer = client.post(f"/forvaltning/utskick/{round.pk}/stall-in", follow=True)

    assert "inget är inställt" in answer.text
    assert states(round) == [State.ACCEPTED, State.ACCEPTED]
    assert set(Booking.objects.values_list("state", flat=True)) == {"booked"}
    assert not AuditEntry.objects.filter(verb="cancelled invitation round").exists()


def test_seats_offered_and_taken_a_moment_ago_go_back_too() -> None:
    department, coordinator = make.host()
    session = fairs.session(fairs.fair(), department=department)
    occasion = make.time(session, timezone.now() + timedelta(days=30), capacity=20)
    round = make.round(department, occasion, answer_by=timezone.now() + timedelta(days=3))
    first, second = (come(round, occasion) for _ in range(2))
    answering.decline(first, by=make.teacher_of(first))
    waiting.give_out_at(occasion)
    offer = second.school_class.waiting_entries.get().offers.get()
    waiting.accept(offer=offer, by=make.teacher_of(second))

    assert rounds.cancel(round, by=coordinator) == 1
    assert states(round) == [State.CANCELLED_BY_CLASS, State.CANCELLED_BY_HOST]
    assert seats.seats_left([occasion])[occasion.pk].taken == 0


@pytest.mark.django_db(transaction=True)
def test_two_rounds_for_the_same_times_are_cancelled_at_once_without_waiting_for_each_other() -> None:
    department, coordinator = make.host()
    session = fairs.session(fairs.fair(), department=department)
    now = timezone.now()
    times = [make.time(session, now + timedelta(days=30 + day), capacity=60) for day in range(4)]
    # Their classes come to the times in opposite orders.
    both = [make.round(department, *times) for _ in range(2)]
    for one, order in zip(both, (times, times[::-1]), strict=True):
        for occasion in order:
            come(one, occasion)

    told = at_once([lambda one=one: rounds.cancel(one, by=coordinator) for one in both])

    assert told == [4, 4]
    assert set(Booking.objects.values_list("state", flat=True)) == {"ended"}
