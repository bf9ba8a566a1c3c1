"""Whatever classes, hosts, workers and time do in whatever order: seats hold, and the queue is respected."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bryggan.fair.models import Booking, Occasion, SeatOffer, Session, WaitingEntry
from bryggan.fair.seating import replay, seats, waiting
from fair import factories
from fair.factories import at

pytestmark = pytest.mark.django_db

CLASSES = st.integers(0, 4)
TIMES = st.integers(0, 1)
PUPILS = st.sampled_from([3, 8, 15, 18, 24, 28])
HOURS = st.sampled_from([None, 10, 10.5, 11, 12])


class Seats(RuleBasedStateMachine):
    """Five classes and two occasions of a session, from a few days before until booking has closed."""

    kind = Session.Kind.FIXED

    def __init__(self) -> None:
        super().__init__()
        # Each run in a transaction that is taken back.
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = at(8) - timedelta(days=4)
        fair = factories.fair(strict_queue_hours=30)
        session = factories.session(fair, kind=self.kind, smallest_group=4, largest_group=29)
        self.times = [
            factories.occasion(session, at(10), ends_at=at(13), capacity=45, reserved=15),
            factories.occasion(session, at(13), ends_at=at(16), capacity=30),
        ]
        self.classes = [factories.school_class() for _ in range(5)]

    def teardown(self) -> None:
        try:
            assert [replay.faults(time) for time in self.times] == [[], []]
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def tried(self, action, **details) -> None:  # type: ignore[no-untyped-def]
        with contextlib.suppress(seats.SeatsRefused):
            action(**details, by=None, now=self.now)

    def asked(self, who: int, where: int, pupils: int, hour: float | None, reserved: bool) -> dict[str, object]:
        return {
            "occasion": self.times[where],
            "school_class": self.classes[who],
            "pupils": pupils,
            "adults": 2,
            "starts_at": at(hour + 3 * where) if hour else None,
            "reserved": reserved,
        }

    @rule(who=CLASSES, where=TIMES, pupils=PUPILS, hour=HOURS, reserved=st.booleans())
    def hold(self, who: int, where: int, pupils: int, hour: float | None, reserved: bool) -> None:
        self.tried(seats.hold, **self.asked(who, where, pupils, hour, reserved))

    @rule(who=CLASSES, where=TIMES, pupils=PUPILS, hour=HOURS, reserved=st.booleans())
    def book(self, who: int, where: int, pupils: int, hour: float | None, reserved: bool) -> None:
        self.tried(seats.book, **self.asked(who, where, pupils, hour, reserved))

    @rule(who=CLASSES, where=TIMES, pupils=PUPILS, hour=HOURS, reserved=st.booleans())
    def join(self, who: int, where: int, pupils: int, hour: float | None, reserved: bool) -> None:
        self.tried(waiting.join, **self.asked(who, where, pupils, hour, reserved))

    @precondition(lambda self: Booking.objects.exists())
    @rule(which=st.integers(0, 3), by_host=st.booleans())
    def release(self, which: int, by_host: bool) -> None:
        self.tried(seats.release, booking=self.one_of(Booking, which), by_host=by_host)

    @precondition(lambda self: Booking.objects.exists())
    @rule(which=st.integers(0, 3), pupils=PUPILS)
    def change_size(self, which: int, pupils: int) -> None:
        self.tried(seats.change_size, booking=self.one_of(Booking, which), pupils=pupils, adults=2)

    @precondition(lambda self: Booking.objects.exists())
    @rule(which=st.integers(0, 3), where=TIMES, hour=HOURS)
    def move(self, which: int, where: int, hour: float | None) -> None:
        starts_at = at(hour + 3 * where) if hour else None
        self.tried(seats.move, booking=self.one_of(Booking, which), to=self.times[where], starts_at=starts_at)

    @precondition(lambda self: Booking.objects.filter(state=Booking.State.HELD).exists())
    @rule(which=st.integers(0, 3))
    def book_what_is_held(self, which: int) -> None:
        held = list(Booking.objects.filter(state=Booking.State.HELD).order_by("-pk"))
        booking = held[which % len(held)]
        self.tried(seats.book, occasion=booking.occasion, school_class=booking.school_class)

    @precondition(lambda self: WaitingEntry.objects.exists())
    @rule(which=st.integers(0, 3))
    def leave(self, which: int) -> None:
        self.tried(waiting.leave, entry=self.one_of(WaitingEntry, which))

    @precondition(lambda self: WaitingEntry.objects.exists())
    @rule(which=st.integers(0, 3), pupils=PUPILS)
    def change_wish(self, which: int, pupils: int) -> None:
        self.tried(waiting.change_size, entry=self.one_of(WaitingEntry, which), pupils=pupils, adults=2)

    @precondition(lambda self: SeatOffer.objects.exists())
    @rule(which=st.integers(0, 3), yes=st.booleans())
    def answer(self, which: int, yes: bool) -> None:
        self.tried(waiting.accept if yes else waiting.decline, offer=self.one_of(SeatOffer, which))

    @rule()
    def give_out(self) -> None:
        waiting.give_out(now=self.now)

    @rule(minutes=st.sampled_from([5, 15, 60, 4 * 60, 20 * 60]))
    def time_goes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(where=TIMES, capacity=st.sampled_from([None, 10, 30, 45, 60]), reserved=st.sampled_from([None, 0, 15, 50]))
    def change_capacity(self, where: int, capacity: int | None, reserved: int | None) -> None:
        self.tried(seats.change_capacity, occasion=self.times[where], capacity=capacity, reserved=reserved)

    @rule(where=TIMES, certainly=st.integers(0, 9))
    def cancel(self, where: int, certainly: int) -> None:
        if certainly == 9:
            self.tried(seats.cancel_occasion, occasion=self.times[where])

    @invariant()
    def nobody_is_both_in_and_waiting(self) -> None:
        inside = Booking.objects.counting(self.now).values_list("occasion", "school_class")
        waits = WaitingEntry.objects.filter(state=WaitingEntry.State.WAITING)
        assert not set(inside) & set(waits.values_list("occasion", "school_class"))

    @invariant()
    def offers_and_entries_go_together(self) -> None:
        offered = WaitingEntry.objects.filter(state=WaitingEntry.State.OFFERED).values_list("pk", flat=True)
        offers = SeatOffer.objects.filter(state=SeatOffer.State.OPEN).values_list("entry", flat=True)
        assert sorted(offered) == sorted(offers)
        booked = Booking.objects.filter(state=Booking.State.BOOKED, offer__isnull=False)
        assert set(booked.values_list("offer__state", flat=True)) <= {SeatOffer.State.ACCEPTED}

    @invariant()
    def after_the_worker_no_seats_wait_for_whoever_may_have_them(self) -> None:
        waiting.give_out(now=self.now)
        assert len(waiting.give_out(now=self.now)) == 0

    def one_of(self, model, which: int):  # type: ignore[no-untyped-def]
        rows = model.objects.order_by("-pk")
        return rows[which % rows.count()]


class AtOpenHours(Seats):
    kind = Session.Kind.OPEN


class WithoutWorker(Seats):
    """The worker comes by only now and then."""

    @invariant()
    def after_the_worker_no_seats_wait_for_whoever_may_have_them(self) -> None:
        assert Occasion.objects.count() == 2


@pytest.mark.parametrize("machine", [Seats, AtOpenHours, WithoutWorker])
def test_seats_hold_and_order_is_respected_whatever_happens(machine: type[Seats]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
