"""Whom a round goes to, rule by rule, each with its why-not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts.models import SchoolClass, User
from bryggan.curriculum.models import Curriculum, SchoolForm
from bryggan.fair.models import Booking
from bryggan.initiatives.models import Initiative
from bryggan.invitations.audience import INTERESTED, MATCHING, WhyNot, audience_of, term_of
from bryggan.invitations.models import Interest, Invitation, InvitationRound
from fair import factories as fairs
from invitations import factories as make

pytestmark = pytest.mark.django_db
State = Invitation.State


@pytest.fixture
def host() -> tuple[Initiative, User]:
    department, coordinator = make.department_with_coordinator()
    return make.initiative(department), coordinator


def curious(initiative: Initiative, **columns: Any) -> SchoolClass:
    school_class = make.school_class(**columns)
    make.interest(school_class, initiative)
    return school_class


def told(round: InvitationRound) -> tuple[list[int], dict[int, WhyNot]]:
    audience = audience_of(round)
    invited = [one.school_class.pk for one in audience.invited]
    return invited, {one.school_class.pk: one.why for one in audience.left_out}


def test_those_who_are_curious_are_invited_and_others_are_not(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    said, other = curious(initiative), make.school_class()
    elsewhere = make.school_class()
    make.interest(elsewhere, make.initiative(None, "Något annat"))

    audience = audience_of(make.a_round(initiative, by))

    assert [(one.school_class, one.ground) for one in audience.invited] == [(said, INTERESTED)]
    assert audience.left_out == ()
    assert other not in [one.school_class for one in audience.invited]


def test_a_class_with_the_session_in_its_programme_is_curious_too(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    session = fairs.session(fairs.fair(), department=initiative.department)
    session.initiatives.add(initiative)
    school_class = make.school_class()
    fairs.stop(fairs.itinerary(session.fair, school_class), fairs.occasion(session))

    assert told(make.a_round(initiative, by)) == ([school_class.pk], {})


def test_a_class_that_took_its_interest_back_or_is_put_away_is_not_asked(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    regrets, away, stays = (curious(initiative) for _ in range(3))
    Interest.objects.filter(school_class=regrets).update(withdrawn_at=timezone.now())
    SchoolClass.objects.filter(pk=away.pk).update(archived_at=timezone.now())

    assert told(make.a_round(initiative, by)) == ([stays.pk], {})


def test_classes_that_fit_come_along_when_asked_for(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    said, fits = curious(initiative, school_unit=people.school_unit("Ö")), make.school_class(people.school_unit("A"))

    audience = audience_of(make.a_round(initiative, by, to_matching=True))

    assert [(one.school_class, one.ground) for one in audience.invited] == [(fits, MATCHING), (said, INTERESTED)]


@pytest.mark.parametrize(
    ("asked", "own", "why"),
    [
        ({"school_forms": ["FKLASS"]}, {}, WhyNot.OTHER_FORM),
        ({"school_years": [4, 5]}, {"school_years": [8]}, WhyNot.OTHER_YEARS),
        ({"smallest_group": 30}, {"pupils": 20}, WhyNot.TOO_SMALL),
        ({"largest_group": 22}, {"pupils": 21, "adults": 2}, WhyNot.TOO_LARGE),
    ],
)
def test_a_class_that_does_not_fit_is_left_out_and_told_why(
    host: tuple[Initiative, User], asked: dict[str, Any], own: dict[str, Any], why: WhyNot
) -> None:
    initiative, by = host
    school_class = curious(initiative, **own)

    assert told(make.a_round(initiative, by, **asked)) == ([], {school_class.pk: why})


@pytest.mark.parametrize(
    ("asked", "own"),
    [
        ({"school_years": [7, 8]}, {"school_years": [8, 9]}),
        # A preschool group has no years: it is let in or kept out by its school form.
        ({"school_years": [7]}, {"school_form": SchoolForm.PRESCHOOL, "school_years": []}),
        ({"largest_group": 23}, {"pupils": 21, "adults": 2}),
    ],
)
def test_a_class_at_the_edge_fits(host: tuple[Initiative, User], asked: dict[str, Any], own: dict[str, Any]) -> None:
    initiative, by = host
    school_class = curious(initiative, **own)

    assert told(make.a_round(initiative, by, **asked)) == ([school_class.pk], {})


def test_a_subject_stands_for_the_same_one_of_another_curriculum(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    biology, same = people.subject("Biologi"), people.subject("Biologi", SchoolForm.UPPER_SECONDARY)
    same.curriculum = Curriculum.GY25
    same.save()
    takes, other, silent = (curious(initiative) for _ in range(3))
    takes.subjects.add(same)
    other.subjects.add(people.subject("Bild"))

    round = make.a_round(initiative, by, lists={"subjects": [biology.pk]})

    # A class that has not said what it studies may study anything.
    assert told(round) == (sorted([takes.pk, silent.pk]), {other.pk: WhyNot.OTHER_SUBJECTS})


def test_only_some_programmes_and_schools(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    technology, arts = people.programme(), people.programme("ES25", "Estetiska programmet")
    school = people.school_unit("Vald skola")
    form = {"school_form": SchoolForm.UPPER_SECONDARY, "school_years": []}
    right = curious(initiative, school_unit=school, programme=technology, **form)
    wrong = curious(initiative, school_unit=school, programme=arts, **form)
    elsewhere = curious(initiative, programme=technology, **form)

    round = make.a_round(initiative, by, lists={"programmes": [technology.pk], "school_units": [school.pk]})

    why = {wrong.pk: WhyNot.OTHER_PROGRAMME, elsewhere.pk: WhyNot.OTHER_SCHOOL}
    assert told(round) == ([right.pk], why)


def test_a_class_without_a_teacher_who_can_read_it_and_one_with_only_her_own_word(
    host: tuple[Initiative, User],
) -> None:
    initiative, by = host
    left, unconfirmed = curious(initiative), curious(initiative)
    left.teachers.update(is_active=False)
    unconfirmed.teachers.get().school_memberships.update(confirmed_at=None)

    assert told(make.a_round(initiative, by)) == (
        [], {left.pk: WhyNot.NO_TEACHER, unconfirmed.pk: WhyNot.UNCONFIRMED}
    )  # fmt: skip


def test_a_class_with_seats_or_asked_by_another_round_is_not_asked_again(host: tuple[Initiative, User]) -> None:
    initiative, _by = host
    session = fairs.session(fairs.fair(), department=initiative.department)
    occasion = fairs.occasion(session)
    seated, asked, said_no, new = (make.school_class() for _ in range(4))
    for one in (seated, asked, said_no, new):
        Interest.objects.create(school_class=one, session=session)
    Booking.objects.create(
        occasion=occasion, school_class=seated, pupils=20, adults=2, seats=22, state=Booking.State.BOOKED,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at,
    )  # fmt: skip
    columns: dict[str, Any] = {"department": initiative.department, "session": session, "title": "x", "text": "x"}
    columns["answer_by"] = timezone.now() + timedelta(days=3)
    before = InvitationRound.objects.create(**columns, state=InvitationRound.State.SENT)
    Invitation.objects.create(round=before, school_class=asked, ground=INTERESTED)
    Invitation.objects.create(round=before, school_class=said_no, ground=INTERESTED, state=State.DECLINED)

    invited, why = told(InvitationRound.objects.create(**columns))

    assert invited == [said_no.pk, new.pk]
    assert why == {seated.pk: WhyNot.HAS_A_SEAT, asked.pk: WhyNot.INVITED_ALREADY}


def test_only_schools_that_this_host_has_not_invited_before(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    known, new = people.school_unit("Känd"), people.school_unit("Ny")
    before = make.a_round(initiative, by, state=InvitationRound.State.SENT)
    Invitation.objects.create(round=before, school_class=make.school_class(known), ground=INTERESTED)
    theirs, other_by = make.department_with_coordinator("Annan")
    others = make.a_round(make.initiative(theirs), other_by)
    Invitation.objects.create(round=others, school_class=make.school_class(new), ground=INTERESTED)
    at_known, at_new = curious(initiative, school_unit=known), curious(initiative, school_unit=new)

    round = make.a_round(initiative, by, only_new_schools=True)

    assert told(round) == ([at_new.pk], {at_known.pk: WhyNot.SCHOOL_INVITED_BEFORE})


def test_a_second_round_is_for_those_who_got_no_seat_though_their_schools_were_invited(
    host: tuple[Initiative, User],
) -> None:
    initiative, by = host
    first = make.a_round(initiative, by, how=InvitationRound.How.AGREEMENT, only_new_schools=True)
    states = (State.NO_SEAT, State.QUEUED, State.ACCEPTED, State.DECLINED)
    classes = {state: curious(initiative) for state in states}
    for state, school_class in classes.items():
        Invitation.objects.create(round=first, school_class=school_class, ground=INTERESTED, state=state)
    InvitationRound.objects.filter(pk=first.pk).update(state=InvitationRound.State.CLOSED)

    second = make.a_round(
        initiative, by, second_of=first, to_interested=False, only_new_schools=True,
        how=InvitationRound.How.AGREEMENT,
    )  # fmt: skip

    assert told(second) == ([classes[State.NO_SEAT].pk, classes[State.QUEUED].pk], {})


def test_a_teacher_gets_so_many_in_a_term_and_the_curious_classes_come_first(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    school, teacher = people.school_unit(), people.teacher()
    fits = make.school_class(school, teacher=teacher, label="1A")
    said = [curious(initiative, school_unit=school, teacher=teacher, label=label) for label in ("8A", "8B")]

    round = make.a_round(initiative, by, to_matching=True, most_per_teacher=2)

    assert told(round) == ([one.pk for one in said], {fits.pk: WhyNot.TEACHER_HAS_ENOUGH})


def test_the_limit_counts_what_others_sent_this_term_and_nothing_older(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    theirs, other_by = make.department_with_coordinator("Annan")
    others = make.a_round(make.initiative(theirs), other_by, state=InvitationRound.State.SENT)
    had, had_long_ago = curious(initiative), curious(initiative)
    Invitation.objects.create(round=others, school_class=had, ground=INTERESTED)
    Invitation.objects.create(
        round=others, school_class=had_long_ago, ground=INTERESTED,
        invited_at=timezone.now() - timedelta(days=230),
    )  # fmt: skip

    round = make.a_round(initiative, by, most_per_teacher=1)

    assert told(round) == ([had_long_ago.pk], {had.pk: WhyNot.TEACHER_HAS_ENOUGH})


def test_of_two_teachers_only_the_one_who_has_room_gets_the_letter(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    school, busy, free = people.school_unit(), people.teacher(), people.teacher()
    curious(initiative, school_unit=school, teacher=busy, label="8A")
    shared = curious(initiative, school_unit=school, teacher=busy, label="8B")
    people.membership(free, school, confirmed=True)
    shared.teachers.add(free)

    audience = audience_of(make.a_round(initiative, by, most_per_teacher=1))

    assert [(one.school_class.label, one.teachers) for one in audience.invited] == [("8A", (busy,)), ("8B", (free,))]


def test_as_many_statements_for_one_class_as_for_fifty(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    curious(initiative).subjects.add(people.subject("Biologi"))
    lists = {"subjects": [people.subject("Biologi").pk]}
    round = make.a_round(initiative, by, to_matching=True, only_new_schools=True, most_per_teacher=3, lists=lists)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            audience_of(InvitationRound.objects.get(pk=round.pk))
        return len(queries)

    one = statements()
    for _ in range(49):
        curious(initiative)

    assert statements() == one


@pytest.mark.parametrize(
    ("day", "term"),
    [
        (date(2026, 8, 1), (date(2026, 8, 1), date(2026, 12, 31))),
        (date(2026, 12, 31), (date(2026, 8, 1), date(2026, 12, 31))),
        (date(2027, 1, 1), (date(2027, 1, 1), date(2027, 7, 31))),
        (date(2027, 7, 31), (date(2027, 1, 1), date(2027, 7, 31))),
    ],
)
def test_a_term_is_half_an_academic_year(day: date, term: tuple[date, date]) -> None:
    assert term_of(day) == term
