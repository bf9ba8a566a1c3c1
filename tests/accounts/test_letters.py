"""Letters: a notice and a mail from one text, once per person and cause, at the pace the person chose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts import facts, letters, retention
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import Fact, LetterKind, LetterPreference, Notice, User
from bryggan.common.models import OutgoingMail

pytestmark = pytest.mark.django_db

LETTER = Letter(
    subject="Er tid är flyttad",
    paragraphs=["Havets labb börjar <senare>."],
    facts=[("Ny tid", "10.30")],
    address="/klasser",
    button="Se programmet",
)
NOON = datetime(2027, 3, 2, 11, tzinfo=UTC)


def tell(*users: User, cause: str = "flytt 1", kind: LetterKind = LetterKind.FAIR) -> int:
    return letters.tell(users, LETTER, kind=kind, cause=cause)


@time_machine.travel(NOON, tick=False)
def test_a_letter_is_a_notice_and_a_mail_from_one_text() -> None:
    teacher = people.teacher()

    written = tell(teacher)

    mail, notice = OutgoingMail.objects.get(), Notice.objects.get()
    assert written == 1
    assert (mail.to, mail.subject, mail.kind, mail.cause) == (teacher.email, LETTER.subject, "fair", "flytt 1")
    assert "Havets labb börjar <senare>." in mail.text
    assert "Havets labb börjar &lt;senare&gt;." in mail.html
    assert "Ny tid: 10.30" in mail.text
    assert mail.stop_address in mail.text
    assert (notice.title, notice.address, notice.mailed_at) == (LETTER.subject, "/klasser", timezone.now())


def test_the_same_cause_writes_no_second_letter_even_when_two_are_told_at_different_times() -> None:
    first, second = people.teacher(), people.teacher()
    tell(first)

    assert tell(first, second) == 1
    assert sorted(OutgoingMail.objects.values_list("to", flat=True)) == sorted([first.email, second.email])
    assert Notice.objects.count() == 2


def test_whoever_has_left_is_not_written_to() -> None:
    assert tell(people.teacher(is_active=False)) == 0


def test_two_thousand_people_cost_as_many_statements_as_their_batches() -> None:
    few, many = [people.teacher() for _ in range(2)], [people.teacher() for _ in range(40)]

    with CaptureQueriesContext(connection) as small:
        tell(*few, cause="a")
    with CaptureQueriesContext(connection) as large:
        tell(*many, cause="b")

    assert len(large) == len(small)


@time_machine.travel(datetime(2027, 3, 27, 21, 30, tzinfo=UTC), tick=False)
def test_what_is_written_at_night_leaves_in_the_morning_also_when_the_clock_is_moved() -> None:
    tell(people.teacher())

    # Saturday 22.30 winter time; Sunday 28 March begins summer time, so 7.00 is 05.00 UTC.
    assert OutgoingMail.objects.get().next_try_at == datetime(2027, 3, 28, 5, tzinfo=UTC)


def test_who_wants_no_mail_still_has_the_notice() -> None:
    teacher = people.teacher()
    letters.choose(teacher, LetterKind.FAIR, "never")

    tell(teacher)

    assert OutgoingMail.objects.count() == 0
    assert Notice.objects.get().mailed_at is None


def test_gathered_letters_come_in_one_mail_when_the_first_is_a_day_old_and_never_twice() -> None:
    teacher = people.teacher()
    with time_machine.travel(NOON, tick=False):
        letters.choose(teacher, LetterKind.FAIR, "daily")
        tell(teacher, cause="ett")
        tell(teacher, cause="två")
    with time_machine.travel(NOON + timedelta(hours=20), tick=False):
        assert letters.send_digests() == 0
    with time_machine.travel(NOON + timedelta(hours=25), tick=False):
        assert letters.send_digests() == 1
        assert letters.send_digests() == 0

    mail = OutgoingMail.objects.get()
    assert mail.text.count("Er tid är flyttad") == 2
    assert Notice.objects.filter(mailed_at=None).count() == 0


def test_what_came_while_she_wanted_nothing_is_not_sent_when_she_changes_her_mind() -> None:
    teacher = people.teacher()
    with time_machine.travel(NOON, tick=False):
        letters.choose(teacher, LetterKind.FAIR, "never")
        tell(teacher)
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        letters.choose(teacher, LetterKind.FAIR, "daily")
    with time_machine.travel(NOON + timedelta(days=9), tick=False):
        assert letters.send_digests() == 0


def test_a_stop_link_stops_that_kind_for_that_person_only() -> None:
    teacher = people.teacher()
    token = letters.stop_address(teacher, LetterKind.SEATS).rpartition("/")[2]

    assert letters.read_stop_token(token) == (teacher.pk, LetterKind.SEATS)
    assert letters.read_stop_token(token[:-1] + ("A" if token[-1] != "A" else "B")) is None


def test_the_same_thing_in_the_same_month_grows_one_row() -> None:
    school_class = people.school_class(pupils=20)

    facts.count("interest", school_class=school_class, detail="before", amount=20)
    facts.count("interest", school_class=school_class, detail="before", amount=22)
    facts.count("interest", school_class=school_class, detail="after", amount=20)

    rows = sorted(Fact.objects.values_list("detail", "count", "amount", "school_code"))
    code = school_class.school_unit.code
    assert rows == [("after", 1, 20, code), ("before", 2, 42, code)]


def test_a_mail_program_stops_letters_with_one_press_and_no_cookie() -> None:
    teacher = people.teacher()
    path = letters.stop_address(teacher, LetterKind.FAIR).partition("/konto/")[2]
    browser = Client(enforce_csrf_checks=True)

    assert browser.get(f"/konto/{path}").status_code == 200
    assert not LetterPreference.objects.exists()
    assert browser.post(f"/konto/{path}", {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert LetterPreference.objects.get().pace == "never"


def test_what_a_letter_said_is_forgotten_after_a_month_and_still_not_said_twice() -> None:
    teacher = people.teacher()
    with time_machine.travel(NOON, tick=False):
        tell(teacher)
        OutgoingMail.objects.update(sent_at=timezone.now())
    with time_machine.travel(NOON + timedelta(days=31), tick=False):
        retention.forget_old()
        assert tell(teacher) == 0

    assert list(OutgoingMail.objects.values_list("text", "html", "subject")) == [("", "", "")]


def test_a_letter_cast_in_a_mould_is_the_letter_that_a_preview_shows() -> None:
    person = people.teacher()
    letter = Letter(
        subject="Hej <b>",
        paragraphs=["a & b\nc", "\ue000stop\ue001"],
        facts=[("När & hur", "<i>nu</i> 'x' \"y\""), ("Var", "A & \ue0000\ue001")],
        address="/x?a=1&b=2",
    )
    plain = Letter(subject="S", paragraphs=["p"])

    for one in (letter, plain):
        mould = letters.Mould(one, LetterKind.FAIR)
        cast = mould.cast(one, letters.stop_address(person, LetterKind.FAIR))
        shown = letters.render(one, kind=LetterKind.FAIR, to=person)

        assert cast.html.replace("<p>stop</p>", "") == shown.html.replace("<p>\ue000stop\ue001</p>", "")
        assert cast.text.replace("stop\n", "") == shown.text.replace("\ue000stop\ue001\n", "")
        assert cast.subject == shown.subject


def test_many_things_counted_at_once_are_those_counted_one_by_one() -> None:
    school = people.school_unit(organizer="Staden", area="Norr")
    classes = [people.school_class(school_unit=school), people.school_class(school_unit=school), people.school_class()]
    facts.count_each("invitation", [(one, "interested", 20) for one in classes], initiative=7)
    together = {row.key: (row.count, row.amount, row.area) for row in Fact.objects.all()}
    Fact.objects.all().delete()

    for one in classes:
        facts.count("invitation", school_class=one, initiative=7, detail="interested", amount=20)

    assert {row.key: (row.count, row.amount, row.area) for row in Fact.objects.all()} == together
    assert sorted(number for number, _amount, _area in together.values()) == [1, 2]


def test_counting_many_costs_statements_by_the_school_and_not_by_the_class() -> None:
    school = people.school_unit()

    def statements(number: int) -> int:
        happened = [(people.school_class(school_unit=school), "", 1) for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            facts.count_each("invitation", happened)
        return len(queries)

    assert statements(1) == statements(30)
