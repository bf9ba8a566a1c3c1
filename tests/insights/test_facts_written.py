"""What happens is counted where it happens, and the counts stay when everything else is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from alignment import factories as make
from bryggan.accounts import facts
from bryggan.accounts.facts import Happened
from bryggan.accounts.models import Fact, SchoolClass, User
from bryggan.fair.models import Booking, Itinerary, Stop
from bryggan.fair.programmes import itineraries
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.proposals import Chosen
from bryggan.fair.seating import seats
from bryggan.ideas import proposals
from bryggan.ideas.models import IdeaRound, Proposal
from bryggan.insights.measures import ACTIVITIES, MEASURES
from bryggan.invitations import answering, rounds, visits
from bryggan.invitations.interests import express_interest
from bryggan.invitations.models import Interest, Invitation, InvitationRound
from fair import factories as fairs
from ideas import factories as ideas

pytestmark = pytest.mark.django_db


def told(measure: str) -> list[tuple[Any, ...]]:
    columns = ("school_code", "initiative", "department", "detail", "count", "amount")
    return list(
        Fact.objects.filter(measure=measure).order_by("school_code", "detail", "initiative").values_list(*columns)
    )


def of_a_session(**columns: Any) -> tuple[Any, SchoolClass, Any]:
    """A session of a department that builds on two initiatives, an occasion of it, and a class."""
    department = people.department()
    session = fairs.session(fairs.fair(), department=department, **columns)
    first, second = make.initiative(), make.initiative()
    session.initiatives.set([second, first])
    return fairs.occasion(session), fairs.school_class(), (first.pk, department.slug)


def test_an_interest_is_counted_under_its_initiative_or_the_first_of_its_session() -> None:
    occasion, school_class, (initiative, department) = of_a_session()
    teacher = people.teacher(at=school_class.school_unit)
    school_class.teachers.add(teacher)
    own = make.initiative(department=people.department())

    express_interest(school_class=school_class, initiative=own, phase="before", kind="visit", by=teacher)
    express_interest(school_class=school_class, session=occasion.session, phase="during", kind="follow", by=teacher)

    code = school_class.school_unit.code
    assert own.department
    assert told("interest") == [
        (code, own.pk, own.department.slug, "before visit", 1, 24),
        (code, initiative, department, "during follow", 1, 24),
    ]


def test_a_booking_is_counted_once_whether_it_was_held_or_not_and_not_when_it_moves() -> None:
    occasion, school_class, under = of_a_session(capacity=60)
    other = fairs.occasion(occasion.session, fairs.at(13))
    second = fairs.school_class(school_unit=school_class.school_unit)
    now = fairs.at(0) - timedelta(days=30)

    seats.hold(occasion=occasion, school_class=school_class, by="x", now=now)
    booking = seats.book(occasion=occasion, school_class=school_class, by="x", now=now)
    seats.book(occasion=occasion, school_class=school_class, by="x", now=now)
    seats.move(booking=booking, to=other, by="x", now=now)
    seats.book(occasion=occasion, school_class=second, by="x", now=now)

    assert told("booking") == [(school_class.school_unit.code, *under, "", 2, 52)]


def test_a_saved_programme_is_counted_and_each_of_its_sessions_under_its_initiative() -> None:
    occasion, school_class, under = of_a_session()
    plain = fairs.occasion(fairs.session(occasion.session.fair), fairs.at(12.5))
    teacher = people.teacher(at=school_class.school_unit)
    school_class.teachers.add(teacher)
    day = fairs.DAY

    made = itineraries.make_itinerary(
        school_class,
        occasion.session.fair,
        frames=[Frame(on=day, begins=fairs.at(9).time(), ends=fairs.at(14).time())],
        stops=[
            Chosen(kind=Stop.Kind.SESSION, occasion=one.pk, starts_at=one.starts_at, ends_at=one.ends_at)
            for one in (occasion, plain)
        ],
        by=teacher,
    )

    code = school_class.school_unit.code
    assert len(made.stops) == 2
    assert told("programme") == [(code, None, "", "", 1, 2)]
    assert sorted(told("programme stop"), key=str) == sorted(
        [(code, *under, "", 1, 0), (code, None, "", "", 1, 0)], key=str
    )


def test_an_invitation_and_its_yes_are_counted_under_the_round() -> None:
    coordinator = people.coordinator()
    department = coordinator.coordinations.get().department
    initiative = make.initiative(department=department)
    school_class = people.school_class()
    teacher = people.teacher(at=school_class.school_unit)
    school_class.teachers.add(teacher)
    express_interest(school_class=school_class, initiative=initiative, by=teacher)
    now = timezone.now()
    round = rounds.save_round(
        InvitationRound(
            department=department, initiative=initiative, title="Kom till verket", text="Vi visar.", place="Verket",
            answer_by=now + timedelta(days=14), spread=InvitationRound.Spread.FIRST_COME,
            how=InvitationRound.How.OCCASIONS,
        ),
        times=[rounds.Time(now + timedelta(days=30), now + timedelta(days=30, hours=1), 60)],
        by=coordinator,
    )  # fmt: skip

    rounds.send(round, by=coordinator)
    answering.accept(Invitation.objects.get(), occasions=round.occasions.all(), by=teacher)

    code = school_class.school_unit.code
    assert [(row[:3], row[4:]) for row in told("invitation")] == [((code, initiative.pk, department.slug), (1, 25))]
    assert told("invitation accepted") == [(code, initiative.pk, department.slug, "", 1, 25)]
    assert told("booking") == [(code, initiative.pk, department.slug, "", 1, 27)]


def test_rounds_of_ideas_ideas_and_answers_are_counted() -> None:
    coordinator = people.coordinator()
    initiative = make.initiative(department=coordinator.coordinations.get().department)
    round = ideas.idea_round(initiative=initiative)
    sent = ideas.proposal(round)

    proposals.answer(sent, state=Proposal.State.TAKEN_ON, text="Vi prövar det.", by=coordinator)
    proposals.answer(sent, state=Proposal.State.TAKEN_ON, text="Vi prövar det nu.", by=coordinator)

    code = round.school_class.school_unit.code
    assert told("idea round") == [(code, initiative.pk, "", "", 1, 0)]
    assert told("idea sent") == [(code, initiative.pk, "", "", 1, 0)]
    assert [(row[0], row[3], row[4]) for row in told("idea answered")] == [(code, Proposal.State.TAKEN_ON.value, 1)]


def test_work_in_class_is_counted_once_per_tick() -> None:
    school_class, initiative = people.school_class(), make.initiative()
    teacher = people.teacher(at=school_class.school_unit)
    school_class.teachers.add(teacher)

    visits.tick_class_work(school_class, initiative, by=teacher)
    visits.tick_class_work(school_class, initiative, by=teacher)

    assert told("class work") == [(school_class.school_unit.code, initiative.pk, "", "", 1, 25)]


def test_every_fact_that_is_measured_or_counts_as_activity_is_written_somewhere_above() -> None:
    written = {
        "interest", "programme", "programme stop", "booking", "invitation", "invitation accepted", "idea round",
        "idea sent", "idea answered", "class work",
    }  # fmt: skip

    assert {name for measure in MEASURES for name in measure.facts} | set(ACTIVITIES) == written


def test_the_counts_stay_when_class_school_teacher_and_initiative_are_erased() -> None:
    initiative = make.initiative("Regnbädden")
    round = ideas.idea_round(initiative=initiative)
    ideas.proposal(round)
    teacher, school_class = ideas.leader_of(round), round.school_class
    express_interest(school_class=school_class, initiative=initiative, by=teacher)
    before = list(Fact.objects.order_by("pk").values())

    Proposal.objects.all().delete()
    IdeaRound.objects.all().delete()
    Interest.objects.all().delete()
    Itinerary.objects.all().delete()
    Booking.objects.all().delete()
    unit = school_class.school_unit
    school_class.delete()
    User.objects.filter(pk=teacher.pk).delete()
    unit.delete()

    assert len(before) == 3
    assert list(Fact.objects.order_by("pk").values()) == before
    assert not any(str(value) in (teacher.email, school_class.label) for row in before for value in row.values())


@pytest.mark.django_db(transaction=True)
def test_two_who_count_at_once_both_count() -> None:
    school_class = people.school_class()

    at_once([lambda: facts.count("booking", school_class=school_class, amount=25)] * 8)

    assert told("booking") == [(school_class.school_unit.code, None, "", "", 8, 200)]


@pytest.mark.django_db(transaction=True)
def test_two_who_count_the_same_schools_in_other_orders_both_count() -> None:
    classes = [people.school_class() for _number in range(4)]
    forwards = [Happened(one, amount=1) for one in classes]

    at_once(
        [lambda: facts.count_all("invitation", forwards), lambda: facts.count_all("invitation", forwards[::-1])] * 3
    )

    assert [row[4:] for row in told("invitation")] == [(6, 6)] * 4


def test_many_classes_are_counted_by_few_statements(django_assert_num_queries: Any) -> None:
    unit = people.school_unit()
    classes = [people.school_class(school_unit=unit) for _number in range(30)]
    with CaptureQueriesContext(connection) as few:
        facts.count_each("invitation", [(classes[0], "", 25)])

    with django_assert_num_queries(len(few)):
        facts.count_each("invitation", [(one, "", 25) for one in classes])

    assert told("invitation") == [(unit.code, None, "", "", 31, 31 * 25)]
