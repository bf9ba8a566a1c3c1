"""The queue, and timed offers to those in it."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.together import at_once
from bryggan.accounts.models import SchoolClass
from bryggan.common import worker
from bryggan.common.worker import Chore
from bryggan.fair.models import Booking, Fair, Occasion, SeatOffer, Session, State, WaitingEntry
from bryggan.fair.seating import replay, seats, waiting
from fair import factories
from fair.factories import at

pytestmark = pytest.mark.django_db

# A Friday morning; the occasion is on Tuesday at 10, its booking closes on Monday at 10.
NOW = at(9) - timedelta(days=4)
MONDAY_8 = at(8) - timedelta(days=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Reason = WaitingEntry.Reason


def occasion(hours: int = 24, **columns: Any) -> Occasion:
    """An occasion of 30 seats, whose queue is strict until `hours` before booking closes."""
    return factories.occasion(factories.session(factories.fair(strict_queue_hours=hours)), **columns)


def join(occasion: Occasion, pupils: int = 20, adults: int = 0, **more: Any) -> WaitingEntry:
    more.setdefault("school_class", factories.school_class())
    more.setdefault("now", NOW)
    return waiting.join(occasion=occasion, pupils=pupils, adults=adults, by=None, **more)


def book(occasion: Occasion, pupils: int = 20, adults: int = 0, **more: Any) -> Booking:
    more.setdefault("school_class", factories.school_class())
    more.setdefault("now", NOW)
    return seats.book(occasion=occasion, pupils=pupils, adults=adults, by=None, **more)


def state_of(entry: WaitingEntry) -> str:
    return WaitingEntry.objects.get(pk=entry.pk).state


def offer_to(entry: WaitingEntry) -> SeatOffer:
    return entry.offers.get(state=SeatOffer.State.OPEN)


# ------------------------------------------------------------------------------------------------ queueing


def test_who_joins_stands_last_and_joining_again_is_the_same_place() -> None:
    time, school_class = occasion(), factories.school_class()
    book(time)
    first, own = join(time), join(time, school_class=school_class)

    again = join(time, 3, school_class=school_class, now=NOW + HOUR)

    assert (again, again.seats) == (own, 20)
    places = waiting.places_in_queue([first, own], now=NOW)
    assert [(place.ahead, place.needed, place.free) for place in places.values()] == [(0, 20, 10), (1, 20, 10)]
    assert places[own.pk].is_strict
    assert places[own.pk].strict_until == time.booking_closes_at - 24 * HOUR


def test_nobody_is_both_in_and_waiting() -> None:
    time, has_seats, waits = occasion(), factories.school_class(), factories.school_class()
    book(time, school_class=has_seats)
    join(time, school_class=waits)

    with pytest.raises(seats.AlreadyHasSeats):
        join(time, school_class=has_seats)
    with pytest.raises(seats.StandsInQueue):
        book(time, school_class=waits)
    with pytest.raises(seats.StandsInQueue):
        seats.hold(occasion=time, school_class=waits, by=None, now=NOW)
    assert replay.faults(time) == []


def test_newcomers_take_no_seats_while_others_wait() -> None:
    time = occasion()
    book(time)
    join(time)

    with pytest.raises(seats.OthersWait) as refusal:
        book(time, 5)

    assert refusal.value.waiting == 1


def test_a_class_that_waits_may_book_itself_when_it_is_its_turn() -> None:
    time, school_class = occasion(), factories.school_class()
    booking = book(time)
    entry = join(time, school_class=school_class)
    join(time)
    seats.release(booking=booking, by=None, now=NOW)

    assert book(time, school_class=school_class).state == Booking.State.BOOKED
    assert state_of(entry) == WaitingEntry.State.SEATED
    assert replay.faults(time) == []


def test_leaving_twice_is_once_and_the_next_moves_up() -> None:
    time = occasion()
    book(time)
    first, second = join(time), join(time)

    assert waiting.leave(entry=first, by=None, now=NOW).state == WaitingEntry.State.LEFT
    assert waiting.leave(entry=first, by=None, now=NOW).state == WaitingEntry.State.LEFT

    assert waiting.place_in_queue(second, now=NOW).ahead == 0
    assert waiting.place_in_queue(first, now=NOW).ahead is None
    assert replay.faults(time) == []


def test_a_class_that_waits_changes_its_size_and_keeps_its_place() -> None:
    time = occasion()
    book(time)
    entry = join(time)
    join(time)

    assert waiting.change_size(entry=entry, pupils=24, adults=2, by=None, now=NOW).seats == 26
    assert waiting.place_in_queue(entry, now=NOW).ahead == 0
    with pytest.raises(seats.GroupNotTaken):
        waiting.change_size(entry=entry, pupils=31, adults=0, by=None, now=NOW)
    waiting.leave(entry=entry, by=None, now=NOW)
    with pytest.raises(waiting.NotInQueue):
        waiting.change_size(entry=entry, pupils=20, adults=2, by=None, now=NOW)


def test_a_group_larger_than_all_seats_is_not_let_into_the_queue() -> None:
    with pytest.raises(seats.GroupNotTaken):
        join(occasion(capacity=30, reserved=15), 16)
    assert join(occasion(capacity=30, reserved=15), 16, reserved=True).is_reserved


# ------------------------------------------------------------------------------------------------ offers


def test_freed_seats_are_offered_to_the_first_in_line_and_booked_with_one_click() -> None:
    time = occasion()
    booking = book(time, 26)
    first, second = join(time), join(time)
    assert waiting.give_out(now=NOW).offers == []

    seats.release(booking=booking, by=None, now=NOW)
    offers = waiting.give_out(now=NOW).offers

    assert offers == [offer_to(first)]
    assert offers[0].expires_at == offers[0].booking.held_until == NOW + 4 * HOUR
    assert waiting.place_in_queue(first, now=NOW).answer_by == NOW + 4 * HOUR
    booked = waiting.accept(offer=offers[0], by=None, now=NOW + HOUR)
    assert waiting.accept(offer=offers[0], by=None, now=NOW + 9 * HOUR) == booked
    assert (booked.state, state_of(first), state_of(second)) == (Booking.State.BOOKED, "seated", "waiting")
    assert waiting.give_out(now=NOW + HOUR).offers == []
    assert replay.faults(time) == []


def test_booking_the_offered_seats_is_saying_yes() -> None:
    time, school_class = occasion(), factories.school_class()
    entry = join(time, school_class=school_class)
    (offer,) = waiting.give_out(now=NOW).offers

    booking = book(time, school_class=school_class)

    offer.refresh_from_db()
    assert (booking.pk, offer.state, state_of(entry)) == (offer.booking_id, SeatOffer.State.ACCEPTED, "seated")


def test_who_says_no_is_out_of_the_queue_and_the_next_is_asked() -> None:
    time = occasion()
    first, second = join(time), join(time)
    (offer,) = waiting.give_out(now=NOW).offers

    waiting.decline(offer=offer, by=None, now=NOW)
    assert waiting.decline(offer=offer, by=None, now=NOW).state == SeatOffer.State.DECLINED

    assert waiting.give_out(now=NOW).offers == [offer_to(second)]
    first.refresh_from_db()
    assert (first.state, first.reason) == (WaitingEntry.State.LEFT, Reason.DECLINED)
    with pytest.raises(waiting.OfferIsGone):
        waiting.accept(offer=offer, by=None, now=NOW)


def test_leaving_the_queue_with_an_offer_is_saying_no() -> None:
    entry = join(occasion())
    (offer,) = waiting.give_out(now=NOW).offers

    assert waiting.leave(entry=entry, by=None, now=NOW).state == WaitingEntry.State.LEFT

    offer.refresh_from_db()
    assert offer.state == SeatOffer.State.DECLINED


def test_who_has_said_yes_leaves_by_returning_the_seats() -> None:
    entry = join(occasion())
    (offer,) = waiting.give_out(now=NOW).offers
    waiting.accept(offer=offer, by=None, now=NOW)

    with pytest.raises(seats.AlreadyHasSeats):
        waiting.leave(entry=entry, by=None, now=NOW)
    with pytest.raises(seats.AlreadyHasSeats):
        waiting.decline(offer=offer, by=None, now=NOW)


def test_an_offer_that_nobody_answers_goes_on_when_its_time_is_out() -> None:
    time = occasion()
    first, second = join(time), join(time)
    waiting.give_out(now=NOW)

    too_early = waiting.give_out(now=NOW + 4 * HOUR - MINUTE)
    given = waiting.give_out(now=NOW + 4 * HOUR)

    assert len(too_early) == 0
    assert [offer.entry for offer in given.ran_out] == [first]
    assert given.offers == [offer_to(second)]
    first.refresh_from_db()
    assert (first.state, first.reason) == (WaitingEntry.State.LEFT, Reason.RAN_OUT)
    assert replay.faults(time) == []


def test_an_offer_runs_out_though_no_worker_is_alive() -> None:
    time, first_class = occasion(), factories.school_class()
    entry = join(time, school_class=first_class)
    (offer,) = waiting.give_out(now=NOW).offers
    later = NOW + 4 * HOUR

    with pytest.raises(waiting.OfferIsGone):
        waiting.accept(offer=offer, by=None, now=later)
    booked = book(time, 30, now=later)
    again = join(time, school_class=first_class, now=later)

    assert booked.state == Booking.State.BOOKED
    assert state_of(entry) == WaitingEntry.State.LEFT
    assert again.pk != entry.pk
    assert replay.faults(time) == []


def test_a_class_that_comes_back_too_late_for_its_offer_books_what_is_free() -> None:
    time, school_class = occasion(), factories.school_class()
    entry = join(time, school_class=school_class)
    waiting.give_out(now=NOW)

    booking = book(time, school_class=school_class, now=NOW + 5 * HOUR)

    assert (booking.state, state_of(entry)) == (Booking.State.BOOKED, WaitingEntry.State.LEFT)
    assert len(waiting.give_out(now=NOW + 5 * HOUR)) == 0
    assert replay.faults(time) == []


def test_a_seat_that_was_accepted_and_then_cancelled_is_free_at_once() -> None:
    time, again_class = occasion(), factories.school_class()
    join(time, school_class=again_class)
    second = join(time)
    (offer,) = waiting.give_out(now=NOW).offers
    booking = waiting.accept(offer=offer, by=None, now=NOW)

    seats.release(booking=booking, by=None, now=NOW)

    assert waiting.give_out(now=NOW).offers == [offer_to(second)]
    # And whoever cancelled may queue again, last.
    assert waiting.place_in_queue(join(time, school_class=again_class), now=NOW).ahead == 0
    assert replay.faults(time) == []


def test_several_that_fit_are_offered_at_once_each_once() -> None:
    time = occasion(capacity=60)
    entries = [join(time, 25), join(time, 25), join(time, 25)]

    assert [offer.entry for offer in waiting.give_out(now=NOW).offers] == entries[:2]
    assert waiting.give_out(now=NOW).offers == []


def test_nobody_passes_anybody_until_the_stated_time_and_then_the_first_that_fits() -> None:
    time = occasion(hours=24)
    book(time, 12)
    large, small, tiny = join(time, 28), join(time, 15), join(time, 2)
    strict_until = time.booking_closes_at - 24 * HOUR

    assert waiting.give_out(now=strict_until - MINUTE).offers == []
    given = waiting.give_out(now=strict_until)

    assert [offer.entry for offer in given.offers] == [small, tiny]
    assert given.passed == [large]
    place = waiting.place_in_queue(large, now=strict_until)
    assert (place.ahead, place.is_strict) == (0, False)
    assert place.reason == Reason.PASSED.label
    assert replay.faults(time) == []


def test_whoever_would_never_fit_after_seats_were_taken_away_holds_nobody_up_and_is_told() -> None:
    time = occasion()
    book(time, 10)
    large, small = join(time, 28), join(time, 8)
    seats.change_capacity(occasion=time, capacity=20, by=None, now=NOW)

    given = waiting.give_out(now=NOW)

    assert [offer.entry for offer in given.offers] == [small]
    assert waiting.place_in_queue(large, now=NOW).reason == Reason.TOO_LARGE.label
    assert replay.faults(time) == []


def test_seats_that_are_reserved_go_to_invited_classes_in_their_order() -> None:
    time = occasion(capacity=40, reserved=20)
    book(time, 18)
    uninvited, invited, later = join(time, 10), join(time, 16, reserved=True), join(time, 4, reserved=True)

    assert [offer.entry for offer in waiting.give_out(now=NOW).offers] == [invited, later]
    assert state_of(uninvited) == WaitingEntry.State.WAITING
    assert replay.faults(time) == []


def test_a_class_that_is_invited_while_it_waits_keeps_its_place_and_reaches_reserved_seats() -> None:
    time, school_class = occasion(capacity=40, reserved=20), factories.school_class()
    book(time, 18)
    join(time, 10)
    entry = join(time, 16, school_class=school_class)

    assert join(time, school_class=school_class, reserved=True) == entry

    assert [offer.entry for offer in waiting.give_out(now=NOW).offers] == [entry]
    assert replay.faults(time) == []


@pytest.mark.parametrize(
    ("now", "expires_at"),
    [
        (at(14) - timedelta(days=5), at(10) - timedelta(days=4)),  # Thursday afternoon: Friday
        (at(15) - timedelta(days=4), at(10) - timedelta(days=1)),  # Friday afternoon: no later than booking closes
        (at(20) - timedelta(days=6), at(12) - timedelta(days=5)),  # Wednesday evening: Thursday
    ],
)
def test_the_clock_of_an_offer_goes_in_school_hours_and_never_past_the_closing(
    now: datetime, expires_at: datetime
) -> None:
    join(occasion(), now=now)

    (offer,) = waiting.give_out(now=now).offers

    assert offer.expires_at == expires_at


def test_the_queue_closes_with_the_booking_and_those_who_wait_are_told() -> None:
    time = occasion()
    book(time)
    entry = join(time)
    told: list[WaitingEntry] = []

    given = waiting.give_out(now=time.booking_closes_at, tell=waiting.Tell(closed=told.append))

    assert given.closed == told == [entry]
    entry.refresh_from_db()
    assert (entry.state, entry.reason) == (WaitingEntry.State.CLOSED, Reason.BOOKING_CLOSED)
    assert len(waiting.give_out(now=time.booking_closes_at)) == 0


def test_the_queue_of_a_session_that_is_cancelled_closes_and_a_draft_keeps_its() -> None:
    cancelled, draft = occasion(), occasion()
    first, second = join(cancelled), join(draft)
    Session.objects.filter(pk=cancelled.session_id).update(state=State.CANCELLED)
    Session.objects.filter(pk=draft.session_id).update(state=State.DRAFT)

    given = waiting.give_out(now=NOW)

    assert (given.offers, given.closed) == ([], [first])
    assert state_of(second) == WaitingEntry.State.WAITING


def test_at_open_hours_whoever_comes_at_another_hour_is_not_held_up() -> None:
    session = factories.session(factories.fair(), kind=Session.Kind.OPEN)
    time = factories.occasion(session, at(10), ends_at=at(14))
    book(time, starts_at=at(10))
    first, other_hour = join(time, starts_at=at(10)), join(time, starts_at=at(12))

    assert [offer.entry for offer in waiting.give_out(now=NOW).offers] == [other_hour]
    assert state_of(first) == WaitingEntry.State.WAITING
    assert replay.faults(time) == []


# ------------------------------------------------------------------------------------------------ the worker


def test_held_seats_whose_minutes_are_over_are_tidied_and_given_out() -> None:
    time = occasion()
    held = seats.hold(occasion=time, school_class=factories.school_class(), by=None, now=NOW)
    entry = join(time)

    given = waiting.give_out(now=NOW + 15 * MINUTE)

    held.refresh_from_db()
    assert (held.end, given.tidied) == (Booking.End.RAN_OUT, 1)
    assert [offer.entry for offer in given.offers] == [entry]


def test_a_mail_is_written_with_its_offer_or_neither_is_and_others_go_on() -> None:
    ill, well = occasion(), occasion()
    join(ill)
    entry = join(well)

    def tell(offer: SeatOffer) -> None:
        if offer.entry.occasion_id == ill.pk:
            raise ValueError("no mail today")

    given = waiting.give_out(now=NOW, tell=waiting.Tell(offered=tell))

    assert [offer.entry for offer in given.offers] == [entry]
    assert not Booking.objects.filter(occasion=ill).exists()
    assert len(waiting.give_out(now=NOW).offers) == 1


def test_the_worker_gives_out_seats_until_nothing_is_left_to_do() -> None:
    start = factories.at(10)
    time = occasion(booking_closes_at=start, booking_opens_at=NOW - timedelta(days=400))
    join(time, now=None)

    worker.work_once([Chore("seat offers", waiting.give_out_due, 5)])

    assert SeatOffer.objects.get().entry.occasion == time


def test_nothing_to_do_costs_the_same_few_statements_however_many_wait() -> None:
    counts = []
    for number in (1, 50):
        for _ in range(number):
            time = occasion()
            book(time)
            join(time)
        with CaptureQueriesContext(connection) as asked:
            assert len(waiting.give_out(now=NOW)) == 0
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 6


def test_places_are_shown_in_the_same_number_of_statements_for_one_and_for_fifty() -> None:
    counts, entries = [], []
    for number in (1, 50):
        for _ in range(number):
            time = occasion()
            book(time)
            entries.append(join(time))
        with CaptureQueriesContext(connection) as asked:
            waiting.places_in_queue(entries, now=NOW)
        counts.append(len(asked))

    assert counts[0] == counts[1] == 5


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_no_double_offer() -> None:
    fair = factories.fair()
    times = [factories.occasion(factories.session(fair)) for _ in range(5)]
    for time in times:
        for _ in range(3):
            join(time)

    given = at_once([partial(waiting.give_out, now=NOW) for _ in range(4)])

    assert sum(len(each.offers) for each in given) == 5
    assert SeatOffer.objects.count() == 5
    assert [replay.faults(time) for time in times] == [[]] * 5


@pytest.mark.django_db(transaction=True)
def test_yes_and_the_end_of_time_at_once_are_one_of_the_two() -> None:
    fair: Fair = factories.fair()
    times = [factories.occasion(factories.session(fair)) for _ in range(4)]
    for time in times:
        join(time)
    offers = waiting.give_out(now=NOW).offers

    def say_yes() -> None:
        for offer in offers:
            waiting.accept(offer=offer, by=None, now=NOW + 4 * HOUR - MINUTE)

    def take_back() -> None:
        waiting.give_out(now=NOW + 4 * HOUR)

    def safely(call: Any) -> None:
        with contextlib.suppress(waiting.OfferIsGone):
            call()

    at_once([partial(safely, say_yes), partial(safely, take_back)])

    for offer in SeatOffer.objects.select_related("booking"):
        booked = offer.booking.state == Booking.State.BOOKED
        assert booked is (offer.state == SeatOffer.State.ACCEPTED)


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_once_are_one_booking() -> None:
    time = factories.occasion(factories.session(factories.fair()))
    school_class: SchoolClass = factories.school_class()

    made = at_once([partial(book, time, school_class=school_class) for _ in range(5)])

    assert len({booking.pk for booking in made}) == 1
    assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_classes_that_change_places_at_once_do_not_wait_for_each_other_for_ever() -> None:
    session = factories.session(factories.fair(), capacity=60)
    first, second = factories.occasion(session, at(10)), factories.occasion(session, at(13))
    one, other = book(first), book(second)

    at_once(
        [
            partial(seats.move, booking=one, to=second, by=None, now=NOW),
            partial(seats.move, booking=other, to=first, by=None, now=NOW),
        ]
    )

    left = seats.seats_left([first, second], now=NOW)
    assert [left[time.pk].taken for time in (first, second)] == [20, 20]
