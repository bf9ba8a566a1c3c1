"""What teachers do with their classes' programmes."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from alignment import factories as linked
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import SchoolClass, User
from bryggan.common.models import AuditEntry
from bryggan.fair.models import Booking, Fair, Itinerary, ItineraryChange, State, Stop
from bryggan.fair.programmes import itineraries, moving, preparing, programme_seats, proposing, stops
from bryggan.fair.programmes.changing import CannotBe, ChangedMeanwhile, PutAway
from bryggan.fair.programmes.checks import problems_of
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_permissions import itineraries_of, itineraries_to_look_at, may_change, may_look
from bryggan.fair.programmes.proposals import Chosen
from fair import factories as given
from fair.factories import DAY, at
from fair.programme_factories import NEXT_DAY, saved, session_at, sessions_in, stop_of

pytestmark = pytest.mark.django_db


def test_a_proposal_is_saved_exactly_as_it_was_shown(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session_at(fair, 9.5)
    session_at(fair, 12.5)
    proposal = proposing.propose(school_class, fair, DAY)

    made = itineraries.make_itinerary(
        school_class, fair, frames=[proposal.frame], stops=[stop.chosen for stop in proposal.stops], by=teacher
    )

    assert made.fell_away == ()
    assert made.itinerary.name == "Tisdag 1 juni"
    assert [(stop.kind, stop.starts_at, stop.reason) for stop in made.itinerary.stops.order_by("starts_at")] == [
        (stop.kind, stop.starts_at, stop.reason.code) for stop in proposal.stops
    ]
    assert Frame.of(made.itinerary.days.get()) == proposal.frame
    assert Booking.objects.count() == 0
    assert AuditEntry.objects.filter(verb="made programme").count() == 1


def test_the_same_form_sent_twice_makes_one_programme(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session = session_at(fair, 10)
    occasion = session.occasions.get()
    form: dict[str, Any] = {
        "frames": [Frame(DAY)],
        "stops": [Chosen("session", occasion.starts_at, occasion.ends_at, occasion.pk)],
        "form_token": uuid4(),
        "by": teacher,
    }

    first = itineraries.make_itinerary(school_class, fair, **form)
    second = itineraries.make_itinerary(school_class, fair, **form)

    assert first.itinerary == second.itinerary
    assert sessions_in(second.itinerary) == [session]


def test_what_was_cancelled_or_filled_between_showing_and_saving_falls_away_and_the_rest_is_kept(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    stays, cancelled, full = (session_at(fair, start) for start in (9.5, 10.75, 12.75))
    proposal = proposing.propose(school_class, fair, DAY)
    assert len(proposal.sessions) == 3
    cancelled.occasions.update(cancelled_at=timezone.now())
    full.occasions.update(capacity=3)

    made = itineraries.make_itinerary(
        school_class, fair, frames=[proposal.frame], stops=[stop.chosen for stop in proposal.stops], by=teacher
    )

    assert sessions_in(made.itinerary) == [stays]
    assert {fell.session: fell.reason.code for fell in made.fell_away} == {
        cancelled: "cancelled",
        full: "too few seats",
    }
    assert made.itinerary.stops.filter(kind="lunch").count() == 1


def test_a_forged_form_saves_nothing_that_is_not_offered(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    elsewhere = session_at(given.fair(), 10).occasions.get()
    draft = session_at(fair, 11, state=State.DRAFT).occasions.get()
    moved = session_at(fair, 12).occasions.get()
    forged = [
        Chosen("session", at(10), at(11), elsewhere.pk),
        Chosen("session", at(11), at(12), draft.pk),
        Chosen("session", at(3), at(23), moved.pk),
        Chosen("session", at(10), at(11), 987654321),
        Chosen("own", at(13.5), at(13.25), title="Baklänges"),
        Chosen("party", at(10), at(11)),
        Chosen("lunch", at(10, NEXT_DAY), at(11, NEXT_DAY)),
    ]

    made = itineraries.make_itinerary(
        school_class, fair, frames=[Frame(DAY, lunch_minutes=0)], stops=forged, by=teacher
    )

    assert [(stop.starts_at, stop.ends_at) for stop in made.stops] == [(moved.starts_at, moved.ends_at)]
    assert len(made.fell_away) == 6


@pytest.mark.parametrize("on", [date(2027, 5, 1), date(2020, 1, 1)])
def test_no_programme_is_made_of_days_that_cannot_be_had(
    on: date, fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    with pytest.raises(CannotBe) as refused:
        itineraries.make_itinerary(school_class, fair, frames=[Frame(on)], stops=[], by=teacher)

    assert refused.value.reason.code == "day outside the fair"
    assert Itinerary.objects.count() == 0


def test_a_class_that_is_put_away_or_somebody_elses_gets_no_programme(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    with pytest.raises(NotAllowed):
        itineraries.make_itinerary(school_class, fair, frames=[Frame(DAY)], stops=[], by=people.teacher())
    school_class.archived_at = timezone.now()
    school_class.save()
    with pytest.raises(PutAway):
        itineraries.make_itinerary(school_class, fair, frames=[Frame(DAY)], stops=[], by=teacher)


def test_colleagues_look_when_confirmed_and_shown_and_only_teachers_of_the_class_change(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    itinerary = given.itinerary(fair, school_class)
    school = school_class.school_unit
    colleague, unconfirmed = people.teacher(at=school), people.teacher(at=school, confirmed=False)
    stranger, editor = people.teacher(), people.editor()

    assert [may_change(user, itinerary) for user in (teacher, colleague, editor)] == [True, False, False]
    assert [may_look(user, itinerary) for user in (teacher, colleague)] == [True, True]
    assert [may_look(user, itinerary) for user in (unconfirmed, stranger, editor)] == [False, False, False]
    assert list(itineraries_of(teacher)) == [itinerary] == list(itineraries_to_look_at(colleague))
    assert list(itineraries_of(colleague)) == [] == list(itineraries_to_look_at(stranger))

    itineraries.show_to_colleagues(itinerary, False, by=teacher)

    assert not may_look(colleague, itinerary)
    assert list(itineraries_to_look_at(colleague)) == []
    assert list(itineraries_to_look_at(teacher)) == [itinerary]


def test_every_action_refuses_who_may_not_and_a_programme_that_is_put_away(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session = session_at(fair, 10)
    itinerary = saved(school_class, fair, teacher)
    stop = stop_of(itinerary, session)
    venue = given.venue(fair)
    actions = [
        lambda by: itineraries.rename(itinerary, "Nytt", by=by),
        lambda by: itineraries.show_to_colleagues(itinerary, False, by=by),
        lambda by: itineraries.add_day(itinerary, Frame(NEXT_DAY), by=by),
        lambda by: itineraries.remove_day(itinerary, DAY, by=by),
        lambda by: itineraries.change_frame(itinerary, Frame(DAY, ends=time(15)), by=by),
        lambda by: itineraries.plan_again(itinerary, DAY, by=by),
        lambda by: itineraries.exclude_session(itinerary, session, by=by),
        lambda by: itineraries.undo(itinerary, by=by),
        lambda by: preparing.add_preparation(itinerary, linked.initiative(), "before", by=by),
        lambda by: stops.add_stop(itinerary, session, by=by),
        lambda by: stops.remove_stop(stop, by=by),
        lambda by: moving.move_stop(stop, at(11), by=by),
        lambda by: stops.lock(stop, by=by),
        lambda by: stops.set_wish(stop, "must", by=by),
        lambda by: stops.add_own_block(itinerary, at(13), at(14), venue=venue, by=by),
        lambda by: programme_seats.book_seats(itinerary, by=by),
        lambda by: programme_seats.release_seats(stop, by=by),
    ]

    for action in actions:
        with pytest.raises(NotAllowed):
            action(people.teacher(at=school_class.school_unit))
    itineraries.archive(itinerary, by=teacher)
    for action in actions:
        with pytest.raises(PutAway):
            action(teacher)
    assert ItineraryChange.objects.count() == 0


def test_a_change_grows_the_version_and_doing_it_again_does_nothing(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    itinerary = saved(school_class, fair, teacher) if session_at(fair, 10) else None
    assert itinerary
    stop = itinerary.stops.get(kind="session")

    for _twice in range(2):
        stops.remove_stop(stop, by=teacher)
        itineraries.rename(itinerary, "  Vår   dag ", by=teacher)

    itinerary.refresh_from_db()
    stop.refresh_from_db()
    assert (itinerary.name, itinerary.version) == ("Vår dag", 3)
    assert (stop.sequence, stop.removed_at is not None) == (1, True)
    assert [change.verb for change in itinerary.changes.all()] == ["renamed", "removed"]


def test_a_day_planned_from_a_stale_page_is_refused_and_nothing_is_written(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session_at(fair, 10)
    itinerary = saved(school_class, fair, teacher)
    seen = itinerary.version
    itineraries.rename(itinerary, "I den andra fliken", by=teacher)

    with pytest.raises(ChangedMeanwhile):
        itineraries.plan_again(itinerary, DAY, version=seen, by=teacher)
    with pytest.raises(ChangedMeanwhile):
        itineraries.change_frame(itinerary, Frame(DAY, ends=time(15)), version=seen, by=teacher)

    assert itinerary.changes.count() == 1


def test_planning_again_keeps_locked_stops_musts_and_own_blocks_and_rows_that_come_again(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    locked, must, other = (session_at(fair, start) for start in (9.25, 12.5, 13 - 0.25))
    itinerary = saved(school_class, fair, teacher)
    stops.lock(stop_of(itinerary, locked), by=teacher)
    stops.add_own_block(itinerary, at(10.5), at(10.75), title="Rast", by=teacher)
    for session in (must, other):
        for stop in itinerary.stops.kept().filter(occasion__session=session):
            stops.remove_stop(stop, by=teacher)
    wanted = stops.add_stop(itinerary, must, by=teacher)
    stops.set_wish(wanted, "must", by=teacher)
    before = {stop.uid for stop in itinerary.stops.kept()}

    made = itineraries.plan_again(itinerary, DAY, by=teacher)

    assert sessions_in(itinerary) == [locked, must]
    assert {stop.uid for stop in itinerary.stops.kept()} == before
    assert made.fell_away == ()
    assert problems_of(itinerary) == []


def test_days_are_added_and_removed_with_their_stops(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session_at(fair, 10)
    other = session_at(fair, 10, on=NEXT_DAY)
    itinerary = saved(school_class, fair, teacher)
    proposal = proposing.propose(school_class, fair, NEXT_DAY)

    for _twice in range(2):
        itineraries.add_day(itinerary, proposal.frame, [stop.chosen for stop in proposal.stops], by=teacher)
    assert [day.on for day in itinerary.days.all()] == [DAY, NEXT_DAY]
    for _twice in range(2):
        itineraries.remove_day(itinerary, DAY, by=teacher)

    assert sessions_in(itinerary) == [other]
    assert itinerary.version == 3
    with pytest.raises(CannotBe):
        itineraries.add_day(itinerary, Frame(date(2027, 8, 1)), by=teacher)


def test_an_excluded_session_goes_and_is_not_proposed_again(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    session = session_at(fair, 10)
    itinerary = saved(school_class, fair, teacher)

    for _twice in range(2):
        itineraries.exclude_session(itinerary, session, by=teacher)
    itineraries.plan_again(itinerary, DAY, by=teacher)

    assert sessions_in(itinerary) == []
    itineraries.include_session(itinerary, session, by=teacher)
    itineraries.plan_again(itinerary, DAY, by=teacher)
    assert sessions_in(itinerary) == [session]


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_lose_nothing_of_each_others(fair: Fair, school_class: SchoolClass, teacher: User) -> None:
    session_at(fair, 9.5)
    itinerary = saved(school_class, fair, teacher)
    added = session_at(fair, 12.75)

    def tab() -> Itinerary:
        return Itinerary.objects.get(pk=itinerary.pk)

    initiative = linked.initiative()
    answers: list[Any] = at_once(
        [
            lambda: stops.add_stop(tab(), added, by=teacher),
            lambda: stops.add_stop(tab(), added, by=teacher),
            lambda: itineraries.rename(tab(), "Vår dag", by=teacher),
            lambda: preparing.add_preparation(tab(), initiative, "before", by=teacher),
        ]
    )

    itinerary.refresh_from_db()
    assert len({answer for answer in answers if isinstance(answer, Stop)}) == 1
    assert itinerary.stops.kept().filter(occasion__session=added).count() == 1
    assert (itinerary.name, itinerary.preparations.count()) == ("Vår dag", 1)
    assert (itinerary.version, itinerary.changes.count()) == (4, 3)


@pytest.mark.django_db(transaction=True)
def test_the_same_form_from_two_clicks_at_once_makes_one_programme(
    fair: Fair, school_class: SchoolClass, teacher: User
) -> None:
    token = uuid4()

    made = at_once(
        [
            lambda: (
                itineraries.make_itinerary(
                    school_class, fair, frames=[Frame(DAY)], stops=[], form_token=token, by=teacher
                ).itinerary.pk
            )
        ]
        * 2
    )

    assert len(set(made)) == 1
    assert Itinerary.objects.count() == 1
