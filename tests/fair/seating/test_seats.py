"""Holding, booking, changing, moving, returning and cancelling seats."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import factories as people
from bryggan.common.models import AuditEntry
from bryggan.fair.models import Booking, Occasion, SeatOffer, Session, State, WaitingEntry
from bryggan.fair.seating import replay, seat_refusals, seats, waiting
from bryggan.fair.seating.capacity import GroupProblem, SeatsLeft
from fair import factories
from fair.factories import at

pytestmark = pytest.mark.django_db

# Four days before the occasion of the factories; its booking closes the day before it.
NOW = at(10) - timedelta(days=4)
MINUTE = timedelta(minutes=1)


def occasion(starts_at: datetime | None = None, *, of: Session | None = None, **columns: Any) -> Occasion:
    """An occasion of 30 seats for people, unless something else is said."""
    if of is None:
        keys = ("kind", "unit", "smallest_group", "largest_group", "counts_adults", "state", "minutes")
        of = factories.session(factories.fair(), **{key: columns.pop(key) for key in keys if key in columns})
    return factories.occasion(of, starts_at, **columns)


def hold(occasion: Occasion, pupils: int = 18, adults: int = 2, **more: Any) -> Booking:
    more.setdefault("school_class", factories.school_class())
    more.setdefault("now", NOW)
    return seats.hold(occasion=occasion, pupils=pupils, adults=adults, by=None, **more)


def book(occasion: Occasion, pupils: int = 18, adults: int = 2, **more: Any) -> Booking:
    more.setdefault("school_class", factories.school_class())
    more.setdefault("now", NOW)
    return seats.book(occasion=occasion, pupils=pupils, adults=adults, by=None, **more)


def left(occasion: Occasion, now: datetime = NOW) -> SeatsLeft:
    occasion.refresh_from_db()
    return seats.seats_left([occasion], now=now)[occasion.pk]


# ---------------------------------------------------------------------------------------- holding and booking


def test_seats_are_held_for_the_minutes_of_the_fair_and_then_booked() -> None:
    time, school_class = occasion(), factories.school_class(pupils=24, adults=2)

    held = seats.hold(occasion=time, school_class=school_class, by=None, now=NOW)
    booked = seats.book(occasion=time, school_class=school_class, by=None, now=NOW + 14 * MINUTE)

    assert (held.state, held.held_until, held.seats) == (Booking.State.HELD, NOW + 15 * MINUTE, 26)
    assert (booked.pk, booked.state, booked.held_until) == (held.pk, Booking.State.BOOKED, None)
    assert left(time).free == 4
    assert replay.faults(time) == []


def test_seats_that_are_not_booked_in_time_are_free_without_any_worker() -> None:
    time = occasion()
    held = hold(time)

    assert left(time, NOW + 15 * MINUTE - timedelta(microseconds=1)).free == 10
    assert left(time, NOW + 15 * MINUTE).free == 30
    assert book(time, 28, 2, now=NOW + 15 * MINUTE).state == Booking.State.BOOKED
    held.refresh_from_db()
    assert (held.state, held.end) == (Booking.State.ENDED, Booking.End.RAN_OUT)
    assert replay.faults(time) == []


def test_who_comes_back_too_late_gets_seats_only_if_there_are_any() -> None:
    time, late = occasion(), factories.school_class()
    hold(time, school_class=late)
    book(time, 16, 2, now=NOW + 16 * MINUTE)

    with pytest.raises(seats.NotEnoughSeats):
        book(time, school_class=late, now=NOW + 17 * MINUTE)

    assert left(time, NOW + 17 * MINUTE).taken == 18


def test_a_repeated_request_is_one_booking() -> None:
    time, school_class, other_time = occasion(), factories.school_class(), occasion()

    holds = {hold(time, school_class=school_class, now=NOW + n * MINUTE).pk for n in range(3)}
    books = {book(time, school_class=school_class, now=NOW + n * MINUTE).pk for n in range(3)}
    direct = {book(other_time, school_class=school_class).pk for n in range(3)}

    assert holds == books
    assert len(direct) == 1
    assert Booking.objects.count() == 2
    assert Booking.objects.get(pk__in=books).booked_at == NOW


def test_holding_again_prolongs_nothing() -> None:
    time, school_class = occasion(), factories.school_class()

    hold(time, school_class=school_class)
    again = hold(time, 20, 2, school_class=school_class, now=NOW + 5 * MINUTE)

    assert (again.seats, again.held_until) == (22, NOW + 15 * MINUTE)


def test_nobody_gets_more_seats_than_there_are() -> None:
    time = occasion()
    book(time, 18, 2)

    with pytest.raises(seats.NotEnoughSeats) as refusal:
        book(time, 9, 2)

    assert (refusal.value.room.free, refusal.value.needed) == (10, 11)
    assert book(time, 8, 2).seats == 10
    assert left(time).free == 0


def test_groups_are_counted_by_the_group_and_adults_only_where_they_count() -> None:
    groups = occasion(unit=Session.Unit.GROUPS, capacity=2)
    pupils_only = occasion(counts_adults=False, capacity=25)

    book(groups, 28, 3)
    book(groups, 8, 1)

    with pytest.raises(seats.NotEnoughSeats):
        book(groups, 1, 1)
    assert book(pupils_only, 25, 4).seats == 25


def test_at_open_hours_only_those_who_meet_share_seats() -> None:
    time = occasion(at(10), kind=Session.Kind.OPEN, ends_at=at(14), capacity=30, minutes=60)

    book(time, starts_at=at(10))
    book(time, starts_at=at(11))

    with pytest.raises(seats.NotEnoughSeats):
        book(time, starts_at=at(11.5))
    assert book(time, starts_at=at(12)).ends_at == at(13)
    assert left(time).taken == 20
    assert left(time).between(at(13), at(14)).free == 30


@pytest.mark.parametrize("starts_at", [at(9.9), at(13.5), at(20)])
def test_at_open_hours_nobody_comes_before_or_stays_after(starts_at: datetime) -> None:
    time = occasion(at(10), kind=Session.Kind.OPEN, ends_at=at(14), minutes=60)

    with pytest.raises(seats.OutsideHours):
        book(time, starts_at=starts_at)


@pytest.mark.parametrize(
    ("columns", "now", "refusal"),
    [
        ({"booking_opens_at": NOW + MINUTE}, NOW, seats.BookingNotOpenYet),
        ({"booking_closes_at": NOW}, NOW, seats.BookingClosed),
        ({"cancelled_at": NOW}, NOW, seats.IsCancelled),
        ({"state": State.CANCELLED}, NOW, seats.IsCancelled),
        ({"state": State.DRAFT}, NOW, seats.NotOffered),
        ({}, at(10), seats.HasBegun),
        ({}, at(12), seats.HasBegun),
    ],
)
def test_seats_are_refused_by_the_name_of_the_reason(
    columns: dict[str, Any], now: datetime, refusal: type[Exception]
) -> None:
    time = occasion(**columns)

    for action in (hold, book):
        with pytest.raises(refusal):
            action(time, now=now)
    with pytest.raises(refusal):
        waiting.join(occasion=time, school_class=factories.school_class(), by=None, now=now)
    assert not Booking.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("pupils", "adults", "problem"),
    [
        (0, 2, GroupProblem.EMPTY),
        (400, 2, GroupProblem.TOO_LARGE),
        (5, 1, GroupProblem.TOO_SMALL),
        (27, 2, GroupProblem.TOO_LARGE),
    ],
)
def test_a_group_of_the_wrong_size_is_told_so_wherever_it_asks(
    pupils: int, adults: int, problem: GroupProblem
) -> None:
    time = occasion(smallest_group=10, largest_group=28)
    has_seats = book(time, 20, 2)
    join = {"occasion": time, "school_class": factories.school_class(), "by": None, "now": NOW}

    for ask in (
        lambda: hold(time, pupils, adults),
        lambda: book(time, pupils, adults),
        lambda: waiting.join(pupils=pupils, adults=adults, **join),
        lambda: seats.change_size(booking=has_seats, pupils=pupils, adults=adults, by=None, now=NOW),
    ):
        with pytest.raises(seats.GroupNotTaken) as refusal:
            ask()
        assert refusal.value.problem == problem


def test_invited_classes_take_reserved_seats_and_others_do_not() -> None:
    time = occasion(capacity=40, reserved=20, booking_opens_at=NOW - MINUTE)
    book(time, 18, 2)

    with pytest.raises(seats.NotEnoughSeats):
        book(time, 1, 1)
    invited = book(time, 16, 2, reserved=True)

    assert invited.is_reserved
    assert (left(time).free, left(time).free_for_invited) == (0, 2)
    assert replay.faults(time) == []


def test_invited_classes_need_not_wait_until_booking_opens() -> None:
    assert book(occasion(reserved=20, booking_opens_at=NOW + MINUTE), reserved=True).seats == 20


def test_seats_that_are_held_when_booking_closes_can_still_be_booked() -> None:
    time, school_class = occasion(booking_closes_at=NOW + MINUTE), factories.school_class()
    hold(time, school_class=school_class)

    assert book(time, school_class=school_class, now=NOW + 2 * MINUTE).state == Booking.State.BOOKED


def test_a_visit_without_a_fair_is_held_for_a_quarter_of_an_hour() -> None:
    session = Session.objects.create(remote_id="besok", title="Besök", minutes=60, state=State.PUBLISHED)

    assert hold(factories.occasion(session, capacity=30)).held_until == NOW + 15 * MINUTE


# ------------------------------------------------------------------------------------------------ changing


def test_a_class_grows_into_free_seats_only() -> None:
    time = occasion()
    booking = book(time, 18, 2)
    book(time, 6, 1)

    with pytest.raises(seats.NotEnoughSeats):
        seats.change_size(booking=booking, pupils=22, adults=2, by=None, now=NOW)
    grown = seats.change_size(booking=booking, pupils=21, adults=2, by=None, now=NOW)

    assert grown.seats == 23
    assert left(time).taken == 30
    assert replay.faults(time) == []


def test_who_grows_passes_nobody_who_waits() -> None:
    time = occasion()
    booking = book(time, 18, 2)
    waiting.join(occasion=time, school_class=factories.school_class(), by=None, now=NOW)

    with pytest.raises(seats.OthersWait):
        seats.change_size(booking=booking, pupils=19, adults=2, by=None, now=NOW)
    assert seats.change_size(booking=booking, pupils=17, adults=2, by=None, now=NOW).seats == 19


def test_a_class_may_shrink_when_booking_has_closed_and_when_seats_were_taken_away() -> None:
    time = occasion()
    booking = book(time, 26, 2)
    seats.change_capacity(occasion=time, capacity=20, by=None, now=NOW)

    shrunk = seats.change_size(booking=booking, pupils=22, adults=2, by=None, now=time.booking_closes_at + MINUTE)

    assert shrunk.seats == 24
    assert replay.faults(time) == []
    with pytest.raises(seats.HasBegun):
        seats.change_size(booking=booking, pupils=20, adults=2, by=None, now=at(10))


def test_fewer_seats_than_are_booked_is_said_and_not_broken() -> None:
    time = occasion()
    book(time, 18, 2)
    book(time, 8, 2)

    after = seats.change_capacity(occasion=time, capacity=25, by=None, now=NOW)

    assert (after.over_by, after.free, after.taken) == (5, 0, 30)
    with pytest.raises(seats.NotEnoughSeats):
        book(time, 1, 0)
    assert replay.faults(time) == []


def test_a_class_moves_to_another_time_of_the_session_or_stays_where_it_is() -> None:
    first = occasion()
    second, third = factories.occasion(first.session, at(13)), factories.occasion(first.session, at(14))
    booking = book(first)
    book(third)

    moved = seats.move(booking=booking, to=second, by=None, now=NOW)
    again = seats.move(booking=booking, to=second, by=None, now=NOW)
    with pytest.raises(seats.NotEnoughSeats):
        seats.move(booking=moved, to=third, by=None, now=NOW)
    with pytest.raises(seats.OfAnotherSession):
        seats.move(booking=moved, to=occasion(), by=None, now=NOW)

    assert moved == again
    assert (moved.occasion, moved.state, moved.starts_at) == (second, Booking.State.BOOKED, at(13))
    assert [left(each).taken for each in (first, second, third)] == [0, 20, 20]
    booking.refresh_from_db()
    # It has not stayed away: it comes at another time.
    assert (booking.end, booking.attendance) == (Booking.End.RELEASED, "")
    assert [replay.faults(each) for each in (first, second, third)] == [[], [], []]


def test_a_class_that_moves_passes_nobody() -> None:
    first = occasion()
    second = factories.occasion(first.session, at(13))
    booking = book(first)
    waiting.join(occasion=second, school_class=factories.school_class(), by=None, now=NOW)

    with pytest.raises(seats.OthersWait):
        seats.move(booking=booking, to=second, by=None, now=NOW)

    booking.refresh_from_db()
    assert booking.state == Booking.State.BOOKED


def test_at_open_hours_a_class_moves_within_the_occasion() -> None:
    time = occasion(at(10), kind=Session.Kind.OPEN, ends_at=at(14), minutes=60)
    booking = book(time, starts_at=at(10))
    book(time, starts_at=at(12))

    moved = seats.move(booking=booking, to=time, starts_at=at(11), by=None, now=NOW)
    with pytest.raises(seats.NotEnoughSeats):
        seats.move(booking=booking, to=time, starts_at=at(11.5), by=None, now=NOW)

    assert (moved.pk, moved.starts_at, moved.ends_at) == (booking.pk, at(11), at(12))
    assert replay.faults(time) == []


# ------------------------------------------------------------------------------------------------ returning


def test_seats_that_are_returned_are_free_at_once_and_returning_twice_is_once() -> None:
    time = occasion()
    booking = book(time, 28, 2)

    released = seats.release(booking=booking, by=None, now=NOW)
    again = seats.release(booking=booking, by=None, now=NOW + MINUTE)

    assert released == again
    assert (again.end, again.ended_at) == (Booking.End.RELEASED, NOW)
    assert again.attendance == Booking.Attendance.CANCELLED_BY_CLASS
    assert book(time, 28, 2).seats == 30
    with pytest.raises(seats.HasNoSeats):
        seats.change_size(booking=booking, pupils=4, adults=1, by=None, now=NOW)


def test_held_seats_that_are_returned_were_no_visit_to_cancel() -> None:
    assert seats.release(booking=hold(occasion()), by=None, now=NOW).attendance == ""


def test_seats_cannot_be_returned_once_it_has_begun() -> None:
    booking = book(occasion())

    with pytest.raises(seats.HasBegun):
        seats.release(booking=booking, by=None, now=at(10))


def test_the_host_takes_seats_back_and_it_is_told_apart() -> None:
    released = seats.release(booking=book(occasion()), by=people.editor(), by_host=True, now=NOW)

    assert released.end == Booking.End.CANCELLED_BY_HOST
    assert released.attendance == Booking.Attendance.CANCELLED_BY_HOST


def test_a_cancelled_occasion_ends_bookings_and_queue_and_says_whose_once() -> None:
    time, first, second = occasion(), factories.school_class(), factories.school_class()
    booked, held = book(time, 8, 2), hold(time, 8, 2)
    waits = [
        waiting.join(occasion=time, school_class=each, pupils=10, adults=0, by=None, now=NOW)
        for each in (first, second)
    ]
    waiting.give_out(now=NOW)

    cancelled = seats.cancel_occasion(occasion=time, by=None, now=NOW)
    again = seats.cancel_occasion(occasion=time, by=None, now=NOW)

    offered = SeatOffer.objects.get().booking
    assert cancelled == seats.CancelledOccasion((booked, held, offered), (waits[1],))
    assert again == seats.CancelledOccasion()
    assert set(Booking.objects.values_list("end", flat=True)) == {Booking.End.CANCELLED_BY_HOST}
    assert SeatOffer.objects.get().state == SeatOffer.State.WITHDRAWN
    assert set(WaitingEntry.objects.values_list("state", "reason")) == {("closed", "cancelled")}
    assert replay.faults(time) == []
    with pytest.raises(seats.IsCancelled):
        book(time)


def test_an_occasion_that_is_over_is_not_cancelled() -> None:
    time = occasion()
    book(time)

    with pytest.raises(seats.HasBegun):
        seats.cancel_occasion(occasion=time, by=None, now=at(11))


def test_seats_count_at_a_fixed_time_though_it_was_moved() -> None:
    time = occasion()
    booking = book(time)
    Occasion.objects.filter(pk=time.pk).update(starts_at=at(13), ends_at=at(14))

    assert left(time).between(at(13), at(14)).taken == 20
    assert seats.follow_times(occasion=time) == 1
    booking.refresh_from_db()
    assert (booking.starts_at, booking.ends_at) == (at(13), at(14))


def test_actions_go_back_with_the_transaction_around_them() -> None:
    time = occasion()

    def book_and_regret() -> None:
        with transaction.atomic():
            book(time)
            raise LookupError

    with pytest.raises(LookupError):
        book_and_regret()

    assert left(time).taken == 0
    assert not AuditEntry.objects.exists()


def test_a_refusal_within_a_transaction_leaves_the_rest_of_it_whole() -> None:
    time = occasion()
    with transaction.atomic():
        booking = book(time)
        with pytest.raises(seats.NotEnoughSeats):
            book(time)
        seats.change_size(booking=booking, pupils=20, adults=2, by=None, now=NOW)

    assert left(time).taken == 22


# ------------------------------------------------------------------------------------------------ asking


@pytest.mark.parametrize("number", [1, 50])
def test_many_occasions_are_asked_about_in_two_statements(number: int) -> None:
    session = factories.session(factories.fair(), capacity=40)
    times = [factories.occasion(session, at(8) + n * MINUTE, capacity=40) for n in range(number)]
    for time in times[:3]:
        book(time, 18, 2)
        waiting.join(occasion=time, school_class=factories.school_class(), by=None, now=NOW)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = seats.seats_left(Occasion.objects.filter(session=session).order_by("pk"), now=NOW)

    # And one for the occasions themselves.
    assert len(asked) == 3
    assert [answer[time.pk].free for time in times[:3]] == [20] * min(3, number)
    assert [answer[time.pk].waiting for time in times] == [1] * min(3, number) + [0] * max(0, number - 3)


def test_every_refusal_has_a_name_that_callers_can_catch_together() -> None:
    own = seat_refusals.__name__
    refusals = [each for each in vars(seat_refusals).values() if getattr(each, "__module__", "") == own]

    assert all(issubclass(each, seats.SeatsRefused) for each in refusals)
    assert all(getattr(seats, each.__name__) is each for each in refusals)


def test_the_trail_tells_who_took_how_many_seats_and_when() -> None:
    teacher, time = people.teacher(), occasion()

    booking = seats.book(occasion=time, school_class=factories.school_class(), by=teacher, now=NOW)

    entry = AuditEntry.objects.get()
    assert (entry.by, entry.verb, entry.thing_id) == (teacher, "booked seats", str(time.pk))
    assert entry.details["booking"] == booking.pk
    assert entry.details["at"] == NOW.isoformat()


def test_a_class_that_shrinks_at_open_hours_is_not_said_to_have_moved() -> None:
    time = occasion(at(10), kind=Session.Kind.OPEN, ends_at=at(14), capacity=30, minutes=60)
    held = hold(time, 13, 2, starts_at=at(10.5))
    book(time, 13, 2, starts_at=at(10.5))
    waiting.join(
        occasion=time, school_class=factories.school_class(), pupils=15, adults=2, starts_at=at(11), by=None, now=NOW
    )

    # The same moment as the row has in UTC, with the city's offset.
    again = hold(time, 3, 2, school_class=held.school_class, starts_at=at(10.5))

    assert (again.pk, again.seats) == (held.pk, 5)
    assert replay.faults(time) == []


def test_a_replay_notices_what_went_wrong() -> None:
    time = occasion()
    booking = book(time, 18, 2)
    waiting.join(occasion=time, school_class=factories.school_class(), by=None, now=NOW)
    entry = AuditEntry.objects.get(verb="booked seats")
    forged = {**entry.details, "booking": booking.pk + 1, "school_class": 0}
    AuditEntry.objects.create(
        verb="booked seats", thing_type=entry.thing_type, thing_id=entry.thing_id, details=forged
    )

    faults = replay.faults(time)

    assert len(faults) == 3
    assert "was passed" in faults[0]
    assert "no room for 20 more seats of 30" in faults[1]
    assert "the rows say" in faults[2]
