from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import factories as people
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import Fact, SchoolClass, User
from bryggan.common.models import OutgoingMail
from bryggan.fair.models import Booking, Occasion
from bryggan.invitations import visits
from bryggan.invitations.models import ClassWork, VisitFeedback
from bryggan.invitations.visits import NotAVisit, NotYet, SaidByHost
from fair.factories import DAY, at
from invitations import visit_factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(at(12, DAY - timedelta(days=21)), tick=False) as traveller:
        yield traveller


def visit(
    *, hours: float = 10, on: date = DAY, school_class: SchoolClass | None = None, **columns: Any
) -> tuple[Booking, User]:
    """A booked visit of a class with one teacher, by invitation of a department."""
    department, _coordinator = make.host()
    occasion = make.time(make.visit(department), at(hours, on))
    round = make.round(department, occasion, place="Reningsverket, Gatan 1", practical="Ta på stövlar.")
    invitation = make.invitation(round, school_class=school_class)
    invitation.booking = make.booking(occasion, invitation.school_class, **columns)
    invitation.state = "accepted"
    invitation.save()
    return invitation.booking, make.teacher_of(invitation)


def reminders(to: User) -> list[str]:
    return list(
        OutgoingMail.objects.filter(to=to.email, kind="visit").order_by("pk").values_list("subject", flat=True)
    )


# ------------------------------------------------------------------------------------------------ before


def test_a_class_is_reminded_a_week_and_a_day_before_once_each(clock: time_machine.Traveller) -> None:
    _booking, teacher = visit()

    seen = []
    for days in (8, 7, 6, 2, 1, 0):
        clock.move_to(at(7, DAY - timedelta(days=days)))
        visits.remind_due()
        visits.remind_due()
        seen.append(len(reminders(teacher)))

    assert seen == [0, 1, 1, 1, 2, 2]
    mail = OutgoingMail.objects.filter(to=teacher.email).latest("pk")
    assert mail.subject == "Tisdag 1 juni: Besök på reningsverket"
    for words in ("Reningsverket, Gatan 1", "Ta på stövlar.", "20 elever och 2 vuxna", "kl. 10.00–11.00"):
        assert words in mail.text


def test_a_reminder_comes_on_a_working_day_and_not_in_the_night(clock: time_machine.Traveller) -> None:
    # Monday 24 May: the day before is a Sunday.
    _booking, teacher = visit(on=date(2027, 5, 24))
    clock.move_to(at(12, date(2027, 5, 17)))
    visits.remind_due()

    clock.move_to(at(6.5, date(2027, 5, 21)))
    before = visits.remind_due()
    clock.move_to(at(7, date(2027, 5, 21)))
    after = visits.remind_due()

    assert (before, after, len(reminders(teacher))) == (0, 1, 2)


def test_several_visits_on_a_day_are_one_letter(clock: time_machine.Traveller) -> None:
    first, teacher = visit(hours=9)
    visit(hours=13, school_class=first.school_class)

    clock.move_to(at(9, DAY - timedelta(days=1)))
    visits.remind_due()

    assert reminders(teacher) == ["Tisdag 1 juni: 2 besök"]


def test_who_books_after_a_reminders_time_is_not_reminded_of_it(clock: time_machine.Traveller) -> None:
    clock.move_to(at(12, DAY - timedelta(days=3)))
    _booking, teacher = visit(booked_at=at(12, DAY - timedelta(days=3)))

    visits.remind_due()
    before = reminders(teacher)
    clock.move_to(at(9, DAY - timedelta(days=1)))
    visits.remind_due()

    assert (before, len(reminders(teacher))) == ([], 1)


@pytest.mark.parametrize("why", ["cancelled", "given back", "over", "class put away", "held"])
def test_what_is_no_visit_is_not_reminded_of(why: str, clock: time_machine.Traveller) -> None:
    booking, teacher = visit()
    clock.move_to(at(9, DAY - timedelta(days=1)))
    if why == "cancelled":
        Occasion.objects.update(cancelled_at=at(8))
    elif why == "given back":
        Booking.objects.update(state=Booking.State.ENDED)
    elif why == "held":
        Booking.objects.update(state=Booking.State.HELD, held_until=at(10))
    elif why == "class put away":
        SchoolClass.objects.update(archived_at=at(8))
    else:
        clock.move_to(booking.starts_at)

    assert visits.remind_due() == 0
    assert reminders(teacher) == []


def test_the_times_are_a_setting(clock: time_machine.Traveller, settings: Settings) -> None:
    _booking, teacher = visit()
    settings.REMINDER_DAYS = (3,)

    for days in (7, 3, 1):
        clock.move_to(at(9, DAY - timedelta(days=days)))
        visits.remind_due()
    settings.REMINDER_DAYS = ()
    clock.move_to(at(8))
    visits.remind_due()

    assert len(reminders(teacher)) == 1


def test_a_disabled_teacher_is_not_written_to(clock: time_machine.Traveller) -> None:
    _booking, teacher = visit()
    User.objects.filter(pk=teacher.pk).update(is_active=False)
    clock.move_to(at(9, DAY - timedelta(days=1)))

    assert visits.remind_due() == 0


def test_reminders_already_written_cost_the_same_for_one_and_fifty(clock: time_machine.Traveller) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            visits.remind_due()
        return len(asked)

    visit()
    clock.move_to(at(9, DAY - timedelta(days=1)))
    visits.remind_due()
    one = statements()
    for _ in range(20):
        visit()
    visits.remind_due()

    assert statements() == one


# ------------------------------------------------------------------------------------------------ after


def test_the_morning_after_the_class_is_asked_how_it_was_once(clock: time_machine.Traveller) -> None:
    _booking, teacher = visit()

    clock.move_to(at(15))
    too_early = visits.ask_afterwards()
    clock.move_to(at(7, DAY + timedelta(days=1)))
    asked = [visits.ask_afterwards() for _ in range(2)]

    assert (too_early, asked) == (0, [1, 0])
    assert reminders(teacher) == ["Hur var det? Besök på reningsverket"]


@pytest.mark.parametrize("why", ["answered", "did not come", "long ago"])
def test_who_has_answered_or_did_not_come_is_not_asked(why: str, clock: time_machine.Traveller) -> None:
    booking, teacher = visit()
    clock.move_to(at(9, DAY + timedelta(days=1)))
    if why == "answered":
        visits.give_feedback(booking, answer=3, is_from_host=False, by=teacher)
    elif why == "did not come":
        visits.say_who_came(booking, came=False, by=teacher)
    else:
        clock.move_to(at(9, DAY + timedelta(days=11)))

    assert visits.ask_afterwards() == 0


def test_each_side_answers_one_question_and_may_change_its_mind(clock: time_machine.Traveller) -> None:
    booking, teacher = visit()
    host = booking.invitation.round.department.coordinations.get().user
    clock.move_to(at(12))

    visits.give_feedback(booking, answer=3, is_from_host=False, by=teacher)
    visits.give_feedback(booking, answer=4, text=" Toppen! ", is_from_host=False, by=teacher)
    visits.give_feedback(booking, answer=2, is_from_host=True, by=host)

    told = VisitFeedback.objects.order_by("is_from_host").values_list("is_from_host", "answer", "text")
    assert list(told) == [(False, 4, "Toppen!"), (True, 2, "")]
    assert Fact.objects.filter(measure="visit feedback", detail="class").get().count == 1
    with pytest.raises(NotAllowed):
        visits.give_feedback(booking, answer=1, is_from_host=True, by=teacher)
    with pytest.raises(NotAllowed):
        visits.give_feedback(booking, answer=1, is_from_host=False, by=host)
    with pytest.raises(ValueError, match="9"):
        visits.give_feedback(booking, answer=9, is_from_host=False, by=teacher)


def test_a_visit_to_come_or_given_back_is_not_asked_about(clock: time_machine.Traveller) -> None:
    booking, teacher = visit()

    with pytest.raises(NotYet):
        visits.give_feedback(booking, answer=3, is_from_host=False, by=teacher)
    with pytest.raises(NotYet):
        visits.say_who_came(booking, came=True, by=teacher)
    Booking.objects.update(state=Booking.State.ENDED)
    clock.move_to(at(12))
    with pytest.raises(NotAVisit):
        visits.give_feedback(booking, answer=3, is_from_host=False, by=teacher)
    with pytest.raises(NotAVisit):
        visits.say_who_came(booking, came=True, by=teacher)


def test_the_class_says_that_it_came_and_the_hosts_word_stands(clock: time_machine.Traveller) -> None:
    booking, teacher = visit()
    host = booking.invitation.round.department.coordinations.get().user
    clock.move_to(at(10))

    visits.say_who_came(booking, came=True, by=teacher)
    visits.say_who_came(booking, came=False, by=teacher)
    visits.say_who_came(booking, came=True, by=host)
    with pytest.raises(SaidByHost):
        visits.say_who_came(booking, came=False, by=teacher)
    with pytest.raises(NotAllowed):
        visits.say_who_came(booking, came=False, by=people.teacher())

    booking.refresh_from_db()
    assert booking.attendance == Booking.Attendance.CAME
    assert Fact.objects.get(measure="visit came").count == 1


# ------------------------------------------------------------------------------------------------ in class


def test_work_in_class_is_ticked_once_counted_and_taken_back() -> None:
    teacher = people.teacher()
    school_class, initiative = people.school_class(teacher), make.initiative()

    first = visits.tick_class_work(school_class, initiative, by=teacher)
    assert visits.tick_class_work(school_class, initiative, by=teacher) == first
    assert Fact.objects.get(measure="class work").count == 1
    with pytest.raises(NotAllowed):
        visits.tick_class_work(school_class, initiative, by=people.teacher())
    visits.untick_class_work(school_class, initiative, by=teacher)
    visits.untick_class_work(school_class, initiative, by=teacher)

    assert not ClassWork.objects.exists()
    assert Fact.objects.get(measure="class work taken back").count == 1
