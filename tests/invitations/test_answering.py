from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import LetterKind, User
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.fair.models import Booking, Itinerary, Occasion, Stop, WaitingEntry
from bryggan.fair.seating import replay, seats
from bryggan.invitations import answering, following, rounds
from bryggan.invitations.answer_links import LIVES, LinkHasExpired, answer_path, opened_by
from bryggan.invitations.answering import CannotAnswer
from bryggan.invitations.models import Invitation, InvitationRound
from fair import factories as fairs
from fair.factories import DAY, at
from invitations import visit_factories as make

pytestmark = pytest.mark.django_db

State = Invitation.State
# A Tuesday at noon, three weeks before the visits.
NOW = at(12, DAY - timedelta(days=21))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


class World:
    """A department that invites to two times of thirty seats each."""

    def __init__(self, **columns: Any) -> None:
        self.department, self.coordinator = make.host()
        self.session = make.visit(self.department)
        self.first = make.time(self.session, at(10), capacity=30, reserved=30)
        self.second = make.time(self.session, at(13), capacity=30, reserved=30)
        self.round = make.round(self.department, self.first, self.second, **columns)

    def invitation(self, **columns: Any) -> Invitation:
        return make.invitation(self.round, **columns)

    def to_host(self) -> list[str]:
        mails = OutgoingMail.objects.filter(to=self.coordinator.email, kind=LetterKind.ANSWER)
        return list(mails.order_by("pk").values_list("subject", flat=True))


def accept(invitation: Invitation, *occasions: Occasion, by: User | None = None, **numbers: Any) -> Invitation:
    return answering.accept(invitation, occasions=occasions, by=by or make.teacher_of(invitation), **numbers)


def decline(invitation: Invitation) -> Invitation:
    return answering.decline(invitation, by=make.teacher_of(invitation))


def assert_seats_in_order(*occasions: Occasion) -> None:
    assert [fault for one in occasions for fault in replay.faults(one)] == []


# ------------------------------------------------------------------------------------------------ yes


def test_a_yes_has_seats_at_the_first_wished_time_with_room_and_the_host_hears_who_comes() -> None:
    world = World()
    teacher = people.teacher("lisa@skola.example.org")
    school_class = people.school_class(teacher, label="8B", pupils=20, adults=2)
    invitation = world.invitation(school_class=school_class)
    seats.book(occasion=world.first, school_class=people.school_class(), by=None, reserved=True)

    answered = accept(invitation, world.first, world.second, needs=" hiss ")

    assert answered.state == State.ACCEPTED
    assert answered.booking is not None
    assert (answered.booking.occasion, answered.booking.seats) == (world.second, 22)
    assert (answered.needs, answered.answered_by) == ("hiss", teacher)
    mail = OutgoingMail.objects.get(to=world.coordinator.email)
    assert mail.subject == "8B tackar ja: Se hur vattnet renas"
    assert "lisa@skola.example.org" in mail.text
    assert_seats_in_order(world.first, world.second)


def test_a_yes_said_twice_is_said_once() -> None:
    world = World()
    invitation = world.invitation()

    accept(invitation, world.first)
    again = accept(invitation, world.second, pupils=5)

    assert again.booking is not None
    assert (again.booking.occasion, again.pupils) == (world.first, 20)
    assert len(world.to_host()) == 1


def test_the_classs_other_teacher_hears_of_it_and_the_one_who_answered_does_not() -> None:
    world = World()
    one, other = people.teacher(), people.teacher()
    invitation = world.invitation(school_class=people.school_class(one, other, pupils=20))

    accept(invitation, world.first, by=one)

    assert list(OutgoingMail.objects.filter(kind="invitation").values_list("to", flat=True)) == [other.email]


def test_when_all_wished_times_are_full_the_class_queues_at_the_first() -> None:
    world = World()
    for occasion in (world.first, world.second):
        seats.book(occasion=occasion, school_class=people.school_class(pupils=24), by=None, reserved=True)

    answered = accept(world.invitation(), world.second, world.first)

    entry = WaitingEntry.objects.get()
    assert (answered.state, entry.occasion, entry.is_reserved) == (State.QUEUED, world.second, True)


def test_in_a_lottery_the_class_hopes_until_it_is_drawn(clock: time_machine.Traveller) -> None:
    world = World(spread=InvitationRound.Spread.LOTTERY)
    invitations = [world.invitation() for _ in range(4)]

    for invitation in invitations:
        assert accept(invitation, world.first, world.second).state == State.HOPING
    clock.shift(timedelta(days=8))
    rounds.draw_due()

    states = sorted(Invitation.objects.values_list("state", flat=True))
    assert states == [State.ACCEPTED, State.ACCEPTED, State.QUEUED, State.QUEUED]
    assert list(Invitation.objects.order_by("lot").values_list("state", flat=True)) == states
    assert_seats_in_order(world.first, world.second)


def test_a_visit_by_agreement_has_no_time_until_the_host_writes_one() -> None:
    department, coordinator = make.host()
    invitation = make.invitation(make.round(department, how=InvitationRound.How.AGREEMENT))
    teacher = make.teacher_of(invitation)

    accept(invitation)
    agreed = answering.agree_on_time(invitation, starts_at=at(9), ends_at=at(10), by=coordinator)
    first = agreed.booking
    moved = answering.agree_on_time(invitation, starts_at=at(13), ends_at=at(14), by=coordinator)
    again = answering.agree_on_time(invitation, starts_at=at(13), ends_at=at(14), by=coordinator)

    assert moved.booking == again.booking
    assert moved.booking is not None
    assert first is not None
    first.refresh_from_db()
    # Moved, and cancelled by nobody.
    assert (first.state, first.attendance) == (Booking.State.ENDED, "")
    assert moved.booking.starts_at == at(13)
    told = OutgoingMail.objects.filter(to=teacher.email).order_by("pk").values_list("subject", flat=True)
    assert list(told) == ["Tiden är bestämd: Se hur vattnet renas"] * 2
    assert following.follow_seats() == 0


@pytest.mark.parametrize("pupils", [0, 9, 41, 500])
def test_a_group_that_the_host_or_the_time_does_not_take_is_told_at_once(pupils: int) -> None:
    world = World(smallest_group=12, largest_group=40)
    invitation = world.invitation()

    with pytest.raises(seats.GroupNotTaken):
        accept(invitation, world.first, pupils=pupils)

    invitation.refresh_from_db()
    assert (invitation.state, invitation.pupils) == (State.INVITED, None)


def test_a_group_too_large_for_a_time_is_told_before_the_lottery() -> None:
    world = World(spread=InvitationRound.Spread.LOTTERY)

    with pytest.raises(seats.GroupNotTaken):
        accept(world.invitation(), world.first, pupils=35)


def test_times_must_be_the_rounds_own_and_to_come(clock: time_machine.Traveller) -> None:
    world = World(answer_by=at(12))
    other = make.time(world.session, at(15))
    invitation = world.invitation()

    with pytest.raises(CannotAnswer, match="no time chosen"):
        accept(invitation)
    with pytest.raises(CannotAnswer, match="other time"):
        accept(invitation, other)
    clock.move_to(at(10.5))
    with pytest.raises(CannotAnswer, match="other time"):
        accept(invitation, world.first)


def test_the_deadline_is_half_open(clock: time_machine.Traveller) -> None:
    world = World(answer_by=NOW + timedelta(hours=1))
    early, late = world.invitation(), world.invitation()

    clock.move_to(NOW + timedelta(minutes=59, seconds=59))
    accept(early, world.first)
    clock.move_to(NOW + timedelta(hours=1))
    with pytest.raises(CannotAnswer, match="too late"):
        accept(late, world.first)

    late.refresh_from_db()
    assert late.state == State.INVITED


def test_a_deadline_in_the_night_that_has_an_hour_twice_comes_once(clock: time_machine.Traveller) -> None:
    # The second half past two of 31 October 2027, after the clocks were put back.
    deadline = datetime.fromisoformat("2027-10-31T02:30:00+01:00")
    visit = at(10, DAY + timedelta(days=180))
    department, _coordinator = make.host()
    time = make.time(make.visit(department), visit)
    one, two = (make.invitation(make.round(department, time, answer_by=deadline)) for _ in range(2))

    clock.move_to(datetime.fromisoformat("2027-10-31T02:59:59+02:00"))
    assert accept(one, time).state == State.ACCEPTED
    clock.move_to(datetime.fromisoformat("2027-10-31T02:30:00+01:00"))
    with pytest.raises(CannotAnswer, match="too late"):
        accept(two, time)


def test_nobody_else_answers_for_a_class() -> None:
    world = World()
    invitation = world.invitation()

    for by in (people.teacher(), people.editor(), world.coordinator):
        with pytest.raises(NotAllowed):
            accept(invitation, world.first, by=by)
        with pytest.raises(NotAllowed):
            answering.decline(invitation, by=by)
        with pytest.raises(NotAllowed):
            answering.change_numbers(invitation, pupils=1, adults=1, by=by)


def test_a_class_that_is_put_away_comes_nowhere() -> None:
    world = World()
    invitation = world.invitation()
    invitation.school_class.archived_at = timezone.now()
    invitation.school_class.save()

    with pytest.raises(CannotAnswer, match="put away"):
        accept(invitation, world.first)


def test_two_invitations_to_one_time_give_seats_once() -> None:
    world = World()
    again = make.round(world.department, world.first)
    school_class = people.school_class(people.teacher(), pupils=10)

    accept(world.invitation(school_class=school_class), world.first)
    with pytest.raises(seats.AlreadyHasSeats):
        accept(make.invitation(again, school_class=school_class), world.first)

    assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_teachers_who_answer_at_once_give_one_answer() -> None:
    world = World()
    teachers = [people.teacher(), people.teacher()]
    invitation = world.invitation(school_class=people.school_class(*teachers, pupils=20))

    at_once([lambda by=by: accept(invitation, world.first, by=by).state for by in teachers])

    assert Booking.objects.count() == 1
    assert AuditEntry.objects.filter(verb="accepted invitation").count() == 1
    assert len(world.to_host()) == 1


# ------------------------------------------------------------------------------------------------ no, change, cancel


def test_a_no_is_no_news_for_the_host_and_can_become_a_yes() -> None:
    world = World()
    invitation = world.invitation()

    assert decline(invitation).state == State.DECLINED
    assert decline(invitation).state == State.DECLINED
    assert world.to_host() == []
    assert accept(invitation, world.first).state == State.ACCEPTED


def test_a_cancelled_visit_gives_its_seats_back_at_once_and_the_host_hears_of_every_turn() -> None:
    world = World()
    invitation = world.invitation()
    accept(invitation, world.first)

    cancelled = decline(invitation)
    decline(invitation)
    accept(invitation, world.second)

    assert cancelled.state == State.CANCELLED_BY_CLASS
    assert cancelled.booking is not None
    cancelled.booking.refresh_from_db()
    assert cancelled.booking.attendance == Booking.Attendance.CANCELLED_BY_CLASS
    label = invitation.school_class.label
    title = "Se hur vattnet renas"
    assert world.to_host() == [
        f"{label} tackar ja: {title}",
        f"{label} har avbokat: {title}",
        f"{label} tackar ja: {title}",
    ]
    assert_seats_in_order(world.first, world.second)


def test_cancelling_leaves_the_queue() -> None:
    world = World()
    seats.book(occasion=world.first, school_class=people.school_class(pupils=24), by=None, reserved=True)
    invitation = world.invitation()
    accept(invitation, world.first)

    decline(invitation)

    assert WaitingEntry.objects.get().state == WaitingEntry.State.LEFT


def test_a_visit_that_has_begun_is_not_cancelled(clock: time_machine.Traveller) -> None:
    world = World()
    invitation = world.invitation()
    accept(invitation, world.first)

    clock.move_to(at(10))
    with pytest.raises(CannotAnswer, match="has begun"):
        decline(invitation)
    with pytest.raises(CannotAnswer, match="has begun"):
        answering.cancel_by_host(invitation, by=world.coordinator)

    invitation.refresh_from_db()
    assert invitation.state == State.ACCEPTED


def test_more_people_need_free_seats_and_fewer_do_not() -> None:
    world = World()
    invitation = world.invitation()
    teacher = make.teacher_of(invitation)
    accept(invitation, world.first)

    with pytest.raises(seats.SeatsRefused):
        answering.change_numbers(invitation, pupils=29, adults=2, by=teacher)
    changed = answering.change_numbers(invitation, pupils=25, adults=3, needs="tolk", by=teacher)
    answering.change_numbers(invitation, pupils=25, adults=3, needs="tolk", by=teacher)

    assert changed.booking is not None
    changed.booking.refresh_from_db()
    assert (changed.booking.seats, changed.needs) == (28, "tolk")
    assert world.to_host()[1:] == [f"{invitation.school_class.label} har ändrat: Se hur vattnet renas"]
    assert_seats_in_order(world.first)


def test_a_class_in_the_queue_or_the_lottery_changes_its_numbers_too() -> None:
    world = World(spread=InvitationRound.Spread.LOTTERY)
    hoping = world.invitation()
    accept(hoping, world.first)
    teacher = make.teacher_of(hoping)

    with pytest.raises(seats.GroupNotTaken):
        answering.change_numbers(hoping, pupils=40, adults=2, by=teacher)
    assert answering.change_numbers(hoping, pupils=22, adults=2, by=teacher).pupils == 22

    other = World()
    seats.book(occasion=other.first, school_class=people.school_class(pupils=24), by=None, reserved=True)
    queued = other.invitation()
    accept(queued, other.first)
    answering.change_numbers(queued, pupils=12, adults=1, by=make.teacher_of(queued))
    assert WaitingEntry.objects.get().seats == 13


def test_a_host_that_cancels_tells_all_of_the_classs_teachers_once() -> None:
    world = World()
    teachers = [people.teacher(), people.teacher()]
    invitation = world.invitation(school_class=people.school_class(*teachers, pupils=20))
    accept(invitation, world.first, by=teachers[0])

    answering.cancel_by_host(invitation, by=world.coordinator)
    answering.cancel_by_host(invitation, by=world.coordinator)

    mails = OutgoingMail.objects.filter(subject="Inställt: Se hur vattnet renas")
    assert sorted(mails.values_list("to", flat=True)) == sorted(one.email for one in teachers)
    invitation.refresh_from_db()
    assert invitation.booking is not None
    assert invitation.booking.attendance == Booking.Attendance.CANCELLED_BY_HOST
    with pytest.raises(CannotAnswer, match="cancelled"):
        accept(invitation, world.second, by=teachers[0])


def test_another_departments_coordinator_cancels_nothing() -> None:
    world = World()
    invitation = world.invitation()

    with pytest.raises(NotAllowed):
        answering.cancel_by_host(invitation, by=make.host("Kulturförvaltningen")[1])


# ------------------------------------------------------------------------------------------------ the programme


def at_the_fair(**columns: Any) -> tuple[World, Occasion]:
    world = World()
    session = fairs.session(fairs.fair(), "Havets labb", department=world.department, **columns)
    occasion = fairs.occasion(session, reserved=30)
    world.round = make.round(world.department, occasion, title="Havets labb")
    return world, occasion


def test_an_accepted_session_of_the_fair_becomes_a_stop_in_a_new_programme() -> None:
    world, occasion = at_the_fair()
    invitation = world.invitation()

    accept(invitation, occasion)
    accept(invitation, occasion)

    stop = Stop.objects.get()
    assert (stop.occasion, stop.wish, stop.reason) == (occasion, Stop.Wish.MUST, "invited")
    assert stop.itinerary.school_class == invitation.school_class
    assert [day.on for day in stop.itinerary.days.all()] == [DAY]


def test_it_goes_into_the_programme_of_that_day_and_clashes_are_shown_and_not_in_the_way() -> None:
    world, occasion = at_the_fair()
    invitation = world.invitation()
    fair = occasion.session.fair
    assert fair is not None
    elsewhere = fairs.itinerary(fair, invitation.school_class)
    fairs.day(elsewhere, DAY + timedelta(days=1))
    itinerary = fairs.itinerary(fair, invitation.school_class)
    fairs.day(itinerary)
    clash = fairs.occasion(fairs.session(fair), occasion.starts_at)
    fairs.stop(itinerary, clash)

    accept(invitation, occasion)

    assert {stop.occasion for stop in itinerary.stops.kept()} == {occasion, clash}
    assert Itinerary.objects.count() == 2


def test_the_stop_goes_with_the_visit_unless_the_teacher_put_it_there() -> None:
    world, occasion = at_the_fair()
    fair = occasion.session.fair
    assert fair is not None
    by_invitation, by_hand = world.invitation(), world.invitation(school_class=fairs.school_class(pupils=5))
    by_hand.school_class.teachers.add(people.teacher())
    planned = fairs.stop(fairs.itinerary(fair, by_hand.school_class), occasion)

    for invitation in (by_invitation, by_hand):
        accept(invitation, occasion)
        decline(invitation)

    assert list(Stop.objects.kept()) == [planned]


def test_seats_given_back_in_the_programme_cancel_the_visit_and_the_host_hears_once() -> None:
    world, occasion = at_the_fair()
    invitation = world.invitation()
    accepted = accept(invitation, occasion)
    assert accepted.booking is not None

    seats.release(booking=accepted.booking, by=make.teacher_of(invitation))

    assert (following.follow_seats(), following.follow_seats()) == (1, 0)
    invitation.refresh_from_db()
    assert invitation.state == State.CANCELLED_BY_CLASS
    assert world.to_host()[1:] == [f"{invitation.school_class.label} har avbokat: Havets labb"]


def test_a_time_that_the_fair_cancels_cancels_the_visit() -> None:
    world, occasion = at_the_fair()
    invitation = world.invitation()
    accept(invitation, occasion)

    seats.cancel_occasion(occasion=occasion, by=None)
    following.follow_seats()

    invitation.refresh_from_db()
    assert invitation.state == State.CANCELLED_BY_HOST


def test_a_visit_moved_to_another_time_stays_a_visit() -> None:
    world, occasion = at_the_fair()
    later = fairs.occasion(occasion.session, at(13), reserved=30)
    accepted = accept(world.invitation(), occasion)
    assert accepted.booking is not None

    moved = seats.move(booking=accepted.booking, to=later, by=None)
    following.follow_seats()

    accepted.refresh_from_db()
    assert (accepted.state, accepted.booking) == (State.ACCEPTED, moved)


# ------------------------------------------------------------------------------------------------ links


def test_a_link_tells_the_invitation_and_whose_letter_it_stood_in(clock: time_machine.Traveller) -> None:
    invitation = World().invitation()
    teacher = make.teacher_of(invitation)
    token = answer_path(invitation, teacher).rpartition("/")[2]

    opened = opened_by(token)

    assert opened is not None
    assert (opened.invitation, opened.teacher) == (invitation, teacher)
    assert opened_by(token[:-1]) is None
    assert opened_by("gissad") is None
    clock.shift(LIVES + timedelta(seconds=1))
    with pytest.raises(LinkHasExpired):
        opened_by(token)


@pytest.mark.parametrize("why", ["left the class", "disabled", "invitation gone"])
def test_a_link_of_somebody_who_no_longer_teaches_the_class_opens_nothing(why: str) -> None:
    invitation = World().invitation()
    teacher = make.teacher_of(invitation)
    token = answer_path(invitation, teacher).rpartition("/")[2]

    if why == "left the class":
        invitation.school_class.teachers.clear()
    elif why == "disabled":
        User.objects.filter(pk=teacher.pk).update(is_active=False)
    else:
        invitation.delete()

    assert opened_by(token) is None
