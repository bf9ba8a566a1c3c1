"""What a host sees of who is curious: figures, over time, who they are, and names only where they may be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from alignment import factories as city
from bryggan.accounts.models import SchoolClass, User
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.models import Booking, Session
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import Host
from bryggan.invitations import desk, exporting
from bryggan.invitations.desk import INITIATIVE, SESSION, Figures, Filters
from bryggan.invitations.models import Interest, Invitation, InvitationRound
from fair import factories as fairs
from invitations import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def host() -> tuple[Host, User]:
    return make.department_with_coordinator()


@pytest.fixture
def initiative(host: tuple[Host, User]) -> Initiative:
    return make.initiative(host[0])  # type: ignore[arg-type]


def phases(**counts: int) -> dict[str, int]:
    return {"before": 0, "during": 0, "after": 0, "any": 0, **counts}


def chosen(session: Session, school_class: SchoolClass, wish: str = "must", *, booked: bool = False) -> None:
    occasion = session.occasions.first() or fairs.occasion(session)
    assert session.fair
    fairs.stop(fairs.itinerary(session.fair, school_class), occasion, wish=wish)
    if booked:
        Booking.objects.create(
            occasion=occasion, school_class=school_class, pupils=20, adults=2, seats=22,
            state=Booking.State.BOOKED, starts_at=occasion.starts_at, ends_at=occasion.ends_at,
        )  # fmt: skip


def test_interest_is_counted_in_classes_schools_pupils_and_phases(
    host: tuple[Host, User], initiative: Initiative
) -> None:
    school = people.school_unit()
    for phase, pupils in (("before", 20), ("during", 21)):
        make.interest(make.school_class(school, pupils=pupils), initiative, phase=phase)
    make.interest(make.school_class(pupils=22), initiative)

    found = desk.desk([host[0]], Filters())

    (thing,) = found.things
    assert (thing.kind, thing.pk, thing.title) == (INITIATIVE, initiative.pk, "Rent vatten")
    assert thing.figures == Figures(3, 2, 63, phases(before=1, during=1, any=1))
    assert found.totals == desk.Totals(3, 2, 63)


def test_what_classes_have_in_their_programmes_counts_for_the_session_and_its_initiatives(
    host: tuple[Host, User], initiative: Initiative
) -> None:
    session = fairs.session(fairs.fair(), "Prova vatten", department=host[0])
    session.initiatives.add(initiative)
    for wish, booked in (("must", True), ("must", False), ("maybe", False)):
        chosen(session, make.school_class(), wish, booked=booked)

    things = {(one.kind, one.pk): one.figures for one in desk.desk([host[0]], Filters()).things}

    figures = Figures(must=2, maybe=1, booked=1)
    assert things == {(INITIATIVE, initiative.pk): figures, (SESSION, session.pk): figures}


def test_a_class_with_two_programmes_is_one_class(host: tuple[Host, User]) -> None:
    session = fairs.session(fairs.fair(), department=host[0])
    school_class = make.school_class()
    chosen(session, school_class)
    chosen(session, school_class)

    (thing,) = desk.desk([host[0]], Filters()).things

    assert thing.figures.must == 1


def test_others_initiatives_withdrawn_interest_and_put_away_classes_are_not_there(
    host: tuple[Host, User], initiative: Initiative
) -> None:
    make.interest(make.school_class(), make.initiative(people.department("Annan")))
    make.interest(make.school_class(), initiative, withdrawn_at=timezone.now())
    make.interest(make.school_class(archived_at=timezone.now()), initiative)

    assert desk.desk([host[0]], Filters()).things == ()
    assert desk.desk([host[0]], Filters()).totals == desk.Totals()
    assert len(desk.desk(None, Filters()).things) == 1


def test_a_participant_and_a_partner_see_it_too(initiative: Initiative) -> None:
    participant, _by = make.department_with_coordinator("Skolförvaltningen")
    company, _person = make.company_with_coordinator("Vattenbolaget")
    initiative.participants.add(participant)
    initiative.terms.add(city.term("partner", "vattenbolaget"))
    make.interest(make.school_class(), initiative)

    for one in (participant, company):
        assert [thing.pk for thing in desk.desk([one], Filters()).things] == [initiative.pk]


@pytest.mark.parametrize(
    ("filters", "classes"),
    [
        (Filters(), 3),
        (Filters(school_form=SchoolForm.COMPULSORY), 2),
        (Filters(year=9), 1),
        (Filters(year=8, phase="before"), 1),
        (Filters(kind="follow"), 1),
        (Filters(phase="after"), 0),
    ],
)
def test_filters_choose_classes_and_wishes(
    host: tuple[Host, User], initiative: Initiative, filters: Filters, classes: int
) -> None:
    make.interest(make.school_class(school_years=[8, 9]), initiative, phase="before")
    make.interest(make.school_class(school_years=[8]), initiative)
    preschool = make.school_class(school_form=SchoolForm.PRESCHOOL, school_years=[])
    make.interest(preschool, initiative, kind="follow")

    found = desk.desk([host[0]], filters)

    assert found.totals.classes == classes
    assert sum(thing.figures.classes for thing in found.things) == classes


def test_months_are_the_citys_and_the_current_one_is_last(host: tuple[Host, User], initiative: Initiative) -> None:
    # Half past midnight on the first of November here is still October by UTC.
    for at in (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), datetime(2026, 10, 31, 22, 30, tzinfo=UTC)):
        make.interest(make.school_class(), initiative, expressed_at=at)
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False):
        months = desk.desk([host[0]], Filters()).months

    assert [(month.first_on.month, month.count) for month in months][-3:] == [(9, 0), (10, 1), (11, 1)]
    assert len(months) == 12


def test_one_initiative_tells_who_the_classes_are(initiative: Initiative) -> None:
    biology, programme = people.subject("Biologi"), people.programme()
    eighth = make.school_class(people.school_unit("Åskolan"), school_years=[8, 9])
    eighth.subjects.add(biology)
    upper = make.school_class(
        people.school_unit("Gymnasiet"), school_form=SchoolForm.UPPER_SECONDARY, school_years=[], programme=programme
    )
    for one in (eighth, upper):
        make.interest(one, initiative)

    found = desk.one_thing(initiative, Filters(), hosts=())

    def said(shares: Any) -> list[tuple[str, int]]:
        return [(one.label, one.count) for one in shares]

    assert said(found.breakdown.years)[1:] == [("årskurs 8", 1), ("årskurs 9", 1)]
    assert said(found.breakdown.programmes) == [("Teknikprogrammet", 1)]
    assert said(found.breakdown.subjects) == [("Biologi", 1)]
    assert said(found.breakdown.schools) == [("Gymnasiet", 1), ("Åskolan", 1)]


def test_a_teachers_name_is_hers_to_show_until_she_has_said_yes(
    host: tuple[Host, User], initiative: Initiative
) -> None:
    silent, shows, accepted, declined = (make.school_class(label=label) for label in ("1", "2", "3", "4"))
    for one in (silent, accepted, declined):
        make.interest(one, initiative)
    make.interest(shows, initiative, shows_teacher=True)
    round = make.a_round(initiative, host[1])
    for one, state in ((accepted, "accepted"), (declined, "declined")):
        Invitation.objects.create(
            round=round, school_class=one, ground="interested", state=state, answered_by=one.teachers.get()
        )

    def named(hosts: list[Host] | None) -> dict[str, User | None]:
        rows = desk.one_thing(initiative, Filters(), hosts=hosts).rows
        return {row.school_class.label: row.teacher for row in rows}

    assert named([host[0]]) == {
        "1": None, "2": shows.teachers.get(), "3": accepted.teachers.get(), "4": None,
    }  # fmt: skip
    # Said yes to one host, she has not said it to another.
    assert named([people.department("Annan")])["3"] is None


def test_a_row_tells_interest_wish_and_booking(host: tuple[Host, User], initiative: Initiative) -> None:
    session = fairs.session(fairs.fair(), department=host[0])
    school_class = make.school_class()
    Interest.objects.create(school_class=school_class, session=session, note="Gärna på morgonen")
    chosen(session, school_class, "maybe")
    chosen(session, school_class, "must", booked=True)

    (row,) = desk.one_thing(session, Filters(), hosts=[host[0]]).rows

    assert row.interest is not None
    assert (row.interest.note, row.wish, row.is_booked) == ("Gärna på morgonen", "must", True)


def test_as_many_statements_for_one_as_for_fifty(host: tuple[Host, User], initiative: Initiative) -> None:
    session = fairs.session(fairs.fair(), department=host[0])
    session.initiatives.add(initiative)

    def add() -> None:
        school_class = make.school_class()
        school_class.subjects.add(people.subject())
        make.interest(school_class, initiative)
        chosen(session, school_class, booked=True)

    def statements() -> list[int]:
        counted = []
        for do in (
            lambda: desk.desk([host[0]], Filters()),
            lambda: desk.one_thing(initiative, Filters(), hosts=[host[0]]),
            lambda: desk.one_thing(session, Filters(), hosts=[host[0]]),
            lambda: list(exporting.interest_rows([host[0]], Filters())),
        ):
            with CaptureQueriesContext(connection) as queries:
                do()
            counted.append(len(queries))
        return counted

    add()
    one = statements()
    for _ in range(49):
        add()

    assert statements() == one


# ------------------------------------------------------------------------------------------------ spreadsheets


def test_a_spreadsheet_has_a_row_for_each_interest_and_wish_and_no_teacher_who_does_not_show_herself(
    host: tuple[Host, User], initiative: Initiative
) -> None:
    session = fairs.session(fairs.fair(), "Prova vatten", department=host[0])
    said, shows = make.school_class(label="8A"), make.school_class(label="8B")
    make.interest(said, initiative, note="=cmd()")
    make.interest(shows, initiative, shows_teacher=True)
    chosen(session, said)

    rows = list(exporting.interest_rows([host[0]], Filters()))

    assert [(row[0], row[1], row[3], row[11], row[14]) for row in rows] == [
        ("Rent vatten", "intresse", "8B", "", shows.teachers.get().email),
        ("Rent vatten", "intresse", "8A", "", ""),
        ("Prova vatten", "program", "8A", "måste", ""),
    ]
    assert {len(row) for row in rows} == {len(exporting.headings())}


def test_answers_name_no_class_that_only_fitted_before_it_said_yes(host: tuple[Host, User]) -> None:
    initiative = make.initiative(host[0])  # type: ignore[arg-type]
    round = make.a_round(initiative, host[1], how=InvitationRound.How.AGREEMENT)
    now = timezone.now()
    for label, ground, state in (
        ("1", "interested", "invited"), ("2", "matching", "invited"), ("3", "matching", "accepted"),
        ("4", "matching", "declined"),
    ):  # fmt: skip
        school_class = make.school_class(people.school_unit(f"Skola {label}"), label=label)
        answered = None if state == "invited" else now
        Invitation.objects.create(
            round=round, school_class=school_class, ground=ground, state=state, answered_at=answered,
            answered_by=school_class.teachers.get() if answered else None,
        )  # fmt: skip

    rows = list(exporting.answer_rows(round))

    assert [(row[0], row[1], bool(row[11])) for row in rows] == [
        ("Skola 1", "1", False), ("Skola 2", "", False), ("Skola 3", "3", True), ("Skola 4", "", False),
    ]  # fmt: skip
    assert {len(row) for row in rows} == {len(exporting.answer_headings())}
