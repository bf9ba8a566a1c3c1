"""Proposing a day from rows."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from alignment import factories as linked
from bryggan.accounts.models import SchoolClass
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.models import Booking, Fair, Occasion, OpeningHours, Session, State, WaitingEntry
from bryggan.fair.programmes import choosing_days, proposing
from bryggan.fair.programmes.fit import Interests
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.proposals import OwnBlock, Proposal
from fair import factories as given
from fair.factories import DAY, at

pytestmark = pytest.mark.django_db

SATURDAY = date(2027, 6, 5)


def a_day_with(fair: Fair, *starts: float, **columns: Any) -> list[Session]:
    """Sessions of an hour at one place, each with one occasion at the given hour."""
    here = columns.pop("venue", None) or given.venue(fair, has_lunch_place=True)
    made = []
    for start in starts:
        session = given.session(fair, venue=here, **columns)
        given.occasion(session, at(start))
        made.append(session)
    return made


def booked(occasion: Occasion, seats: int, by: SchoolClass | None = None) -> Booking:
    return Booking.objects.create(
        occasion=occasion,
        school_class=by or given.school_class(),
        pupils=seats,
        adults=0,
        seats=seats,
        starts_at=occasion.starts_at,
        ends_at=occasion.ends_at,
        state=Booking.State.BOOKED,
    )


def reasons(proposal: Proposal) -> dict[Session, str]:
    return {left.session: left.reason.code for left in proposal.left_out}


def test_a_class_gets_a_day_of_sessions_and_lunch_in_order() -> None:
    fair = given.fair()
    first, second = a_day_with(fair, 9.5, 12.5)

    proposal = proposing.propose(given.school_class(), fair, DAY)

    assert [(stop.kind, stop.session) for stop in proposal.stops] == [
        ("session", first),
        ("lunch", None),
        ("session", second),
    ]
    assert proposal.stops[0].starts_at == at(9.5)
    assert proposal.messages == ()
    assert proposal.back_at is not None


def test_a_preschool_day_is_shorter() -> None:
    fair = given.fair()
    a_day_with(fair, 9.5, 13)
    preschool = given.school_class(school_form=SchoolForm.PRESCHOOL, school_years=[])

    proposal = proposing.propose(preschool, fair, DAY)

    assert proposal.frame.ends == time(12, 30)
    assert [stop.starts_at for stop in proposal.sessions] == [at(9.5)]


def test_the_day_starts_at_the_school_when_the_fair_is_within_a_walk_of_it() -> None:
    fair = given.fair()
    a_day_with(fair, 10)
    near = people.school_unit("Nära skola", latitude=56.046, longitude=12.697)
    far = people.school_unit("Långt bort", latitude=56.2, longitude=12.6)
    unknown = people.school_unit("Okänd")

    starts = [
        proposing.propose(given.school_class(school_unit=unit), fair, DAY).start.name for unit in (near, far, unknown)
    ]

    assert starts == ["Nära skola", "Helsingborg C", "Helsingborg C"]


def test_what_is_left_out_says_why_best_fitting_first() -> None:
    fair = given.fair()
    chosen, clashing = a_day_with(fair, 10, 10.25)
    linked.align(initiative := linked.initiative(), linked.point("BIO", (7, 9)))
    chosen.initiatives.add(initiative)
    (younger,) = a_day_with(fair, 12.5, school_years=[1, 2, 3])
    (small,) = a_day_with(fair, 12.5, largest_group=15)
    (full,) = a_day_with(fair, 12.5, needs_booking=True)
    booked(full.occasions.get(), 10)
    (closed,) = a_day_with(fair, 12.5, needs_booking=True)
    closed.occasions.update(booking_closes_at=timezone.now() - timedelta(hours=1))
    (late,) = a_day_with(fair, 15)
    far_off = given.venue(fair, latitude=56.3, longitude=12.9)
    (far,) = a_day_with(fair, 12.5, venue=far_off)
    school_class = given.school_class()
    school_class.subjects.add(linked.subject("BIO"))

    proposal = proposing.propose(school_class, fair, DAY)

    assert [stop.session for stop in proposal.sessions] == [chosen]
    assert reasons(proposal) == {
        clashing: "no time",
        younger: "wrong years",
        small: "group too big",
        full: "too few seats",
        closed: "booking closed",
        late: "outside the day",
        far: "too far",
    }
    assert proposal.left_out[-1].session == younger
    assert all(str(left.reason) for left in proposal.left_out)


def test_drafts_cancelled_ones_and_other_days_are_not_proposed() -> None:
    fair = given.fair()
    a_day_with(fair, 9, state=State.DRAFT)
    a_day_with(fair, 10, state=State.CANCELLED)
    (cancelled,) = a_day_with(fair, 11)
    cancelled.occasions.update(cancelled_at=timezone.now())
    given.occasion(given.session(fair), at(10, date(2027, 6, 2)))
    a_day_with(given.fair(), 10)

    proposal = proposing.propose(given.school_class(), fair, DAY)

    assert proposal.stops == ()
    assert [message.code for message in proposal.messages] == ["nothing given"]


def test_a_venue_that_is_closed_takes_nobody() -> None:
    fair = given.fair()
    here = given.venue(fair)
    OpeningHours.objects.create(venue=here, first_on=DAY, last_on=DAY, weekdays=[1], opens=time(12), closes=time(16))
    early, late = a_day_with(fair, 10, 12.25, venue=here)

    proposal = proposing.propose(given.school_class(), fair, DAY)

    assert [stop.session for stop in proposal.sessions] == [late]
    assert reasons(proposal) == {early: "closed"}


def test_open_hours_are_visited_when_there_are_seats_for_the_class() -> None:
    fair = given.fair()
    session = given.session(fair, kind=Session.Kind.OPEN, minutes=30, capacity=30)
    occasion = given.occasion(session, at(9), ends_at=at(13))
    busy = booked(occasion, 20)
    Booking.objects.filter(pk=busy.pk).update(starts_at=at(9), ends_at=at(12))

    proposal = proposing.propose(given.school_class(), fair, DAY)

    (stop,) = proposal.sessions
    assert stop.starts_at >= at(12)
    assert stop.ends_at - stop.starts_at == timedelta(minutes=30)


def test_who_waits_in_a_queue_comes_before_the_planner() -> None:
    fair = given.fair()
    (session,) = a_day_with(fair, 10, needs_booking=True, capacity=60)
    occasion = session.occasions.get()
    WaitingEntry.objects.create(
        occasion=occasion, school_class=given.school_class(), pupils=50, adults=5, seats=55,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at,
    )  # fmt: skip

    proposal = proposing.propose(given.school_class(), fair, DAY)

    assert reasons(proposal) == {session: "full"}


def test_a_class_keeps_what_it_has_booked_though_it_is_full_for_others() -> None:
    fair = given.fair()
    (session,) = a_day_with(fair, 10, needs_booking=True, capacity=26)
    mine = given.school_class()
    booked(session.occasions.get(), 26, by=mine)

    assert [stop.session for stop in proposing.propose(mine, fair, DAY).sessions] == [session]
    assert proposing.propose(given.school_class(), fair, DAY).messages[0].code == "everything full"


def test_locked_stops_and_own_blocks_stay_and_the_rest_is_planned_around_them() -> None:
    fair = given.fair()
    first, clashing, later = a_day_with(fair, 9.5, 10, 12.5)
    itinerary = given.itinerary(fair, given.school_class())
    locked = given.stop(itinerary, clashing.occasions.get(), is_locked=True)
    block = OwnBlock(at(12), at(12.25), title="Möt bussen")

    proposal = proposing.propose(itinerary.school_class, fair, DAY, locked=[locked], own_blocks=[block])

    assert [(stop.kind, stop.title) for stop in proposal.stops if stop.kind != "lunch"] == [
        ("session", clashing.title),
        ("own", "Möt bussen"),
        ("session", later.title),
    ]
    assert proposal.stops[0].stop == locked
    assert reasons(proposal) == {first: "clash"}


def test_excluded_sessions_and_occasions_to_do_without_are_not_proposed() -> None:
    fair = given.fair()
    unwanted, seen, left = a_day_with(fair, 9.25, 10.5, 13 - 0.25)

    proposal = proposing.propose(
        given.school_class(), fair, DAY, excluded=[unwanted.pk], without=[seen.occasions.get().pk]
    )

    assert [stop.session for stop in proposal.sessions] == [left]


def test_interests_turn_the_choice() -> None:
    fair = given.fair()
    a_day_with(fair, 10, theme="mat")
    (wanted,) = a_day_with(fair, 10, theme="rymden")

    proposal = proposing.propose(given.school_class(), fair, DAY, interests=Interests(themes=frozenset({"rymden"})))

    assert [stop.session for stop in proposal.sessions] == [wanted]
    assert str(proposal.sessions[0].reason) == "Ni valde rymden."


def test_longer_walks_are_tried_before_an_empty_day_and_it_is_told() -> None:
    fair = given.fair()
    a_bit_far = given.venue(fair, latitude=56.0603, longitude=12.6945)
    (session,) = a_day_with(fair, 11, venue=a_bit_far)
    frame = Frame(DAY, longest_walk_minutes=25)

    proposal = proposing.propose(given.school_class(), fair, DAY, frame=frame)

    assert [stop.session for stop in proposal.sessions] == [session]
    assert proposal.messages[0].code == "longer walks"
    assert proposal.frame.longest_walk_minutes > 25


@pytest.mark.parametrize(
    ("on", "code"),
    [(date(2027, 5, 29), "day outside the fair"), (date(2020, 1, 1), "day outside the fair")],
)
def test_a_day_outside_the_fair_is_answered_with_words(on: date, code: str) -> None:
    proposal = proposing.propose(given.school_class(), given.fair(), on)

    assert proposal.stops == ()
    assert [message.code for message in proposal.messages] == [code]


def test_a_past_day_and_a_class_put_away_are_answered_with_words() -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    over = given.fair(first_on=yesterday, last_on=yesterday)
    away = given.school_class(archived_at=timezone.now())

    assert proposing.propose(given.school_class(), over, yesterday).messages[0].code == "day has passed"
    assert proposing.propose(away, given.fair(), DAY).messages[0].code == "class put away"


@pytest.mark.parametrize(("pupils", "code"), [(0, "empty class"), (400, "nothing for the group")])
def test_a_class_of_nobody_or_of_far_too_many_is_answered_with_words(pupils: int, code: str) -> None:
    fair = given.fair()
    a_day_with(fair, 10, largest_group=60, capacity=None)
    school_class = given.school_class()
    school_class.pupils = pupils

    proposal = proposing.propose(school_class, fair, DAY)

    assert proposal.stops == ()
    assert [message.code for message in proposal.messages] == [code]


def test_a_place_without_position_is_reckoned_with_by_guess() -> None:
    fair = given.fair()
    a_day_with(fair, 10, venue=given.venue(fair, latitude=None, longitude=None))
    session = given.session(fair, venue=None)
    given.occasion(session, at(12.5))

    proposal = proposing.propose(given.school_class(), fair, DAY)

    legs = [stop.leg for stop in proposal.sessions]
    assert [(leg.is_approximate, leg.metres) for leg in legs if leg] == [(True, None), (True, None)]


def test_five_occasions_and_many_cost_the_same_statements() -> None:
    fair = given.fair()
    a_day_with(fair, 9, 10, 11, 12, 13)
    school_class = SchoolClass.objects.select_related("school_unit", "programme").get(pk=given.school_class().pk)
    with CaptureQueriesContext(connection) as few:
        proposing.propose(school_class, fair, DAY)
    a_day_with(fair, *[8 + n / 10 for n in range(60)])

    with CaptureQueriesContext(connection) as many:
        proposing.propose(school_class, fair, DAY)

    assert len(few) == len(many) <= 20


def test_days_to_choose_are_school_days_with_a_hint() -> None:
    fair = given.fair()
    session, other = a_day_with(fair, 10, 12)
    (full,) = a_day_with(fair, 10, capacity=5)
    given.occasion(session, at(10, SATURDAY))

    days = choosing_days.days_to_choose(given.school_class(), fair)
    every_day = choosing_days.days_to_choose(given.school_class(), fair, all_days=True)

    by_day = {day.on: day for day in days}
    assert (by_day[DAY].fitting, by_day[DAY].full) == (2, 1)
    assert set(by_day[DAY].best) == {session.title, other.title}
    assert full.title not in by_day[DAY].best
    assert SATURDAY not in by_day
    assert [(day.fitting, day.is_school_day) for day in every_day if day.on == SATURDAY] == [(1, False)]
    assert all(day.on >= timezone.localdate() for day in days)


def test_days_to_choose_cost_the_same_statements_for_a_small_fair_and_a_large() -> None:
    fair = given.fair()
    a_day_with(fair, 10)
    school_class = SchoolClass.objects.select_related("school_unit", "programme").get(pk=given.school_class().pk)
    with CaptureQueriesContext(connection) as small:
        choosing_days.days_to_choose(school_class, fair)
    for session in a_day_with(fair, *[9 + n / 10 for n in range(30)]):
        for days in range(1, 4):
            given.occasion(session, at(10, DAY + timedelta(days=days)))

    with CaptureQueriesContext(connection) as large:
        choosing_days.days_to_choose(school_class, fair)

    assert len(small) == len(large) <= 20


def test_a_fair_that_is_over_has_no_days_to_choose() -> None:
    over = given.fair(first_on=date(2022, 5, 30), last_on=date(2022, 7, 3))

    assert choosing_days.days_to_choose(given.school_class(), over) == []
