"""The host's pages of visits: the list, one visit with its messages, who came, how it was."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts.models import Company, Coordination, Notice, User
from bryggan.common.models import AuditEntry
from bryggan.fair.models import Booking
from bryggan.invitations import answering, threads
from bryggan.invitations.models import Invitation, InvitationRound, VisitFeedback, VisitMessage
from fair import factories as fairs
from fair.factories import at
from invitations import visit_factories as make

pytestmark = pytest.mark.django_db
VISITS = "/forvaltning/besok"
# A month before the visits of these tests.
MONDAY = datetime(2027, 5, 3, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY) as moving:
        yield moving


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def accepted(label: str = "8B", **columns: str) -> tuple[Invitation, User, User]:
    """A class whose teacher has said yes to a department's visit, and who coordinates that."""
    department, coordinator = make.host()
    occasion = make.time(make.visit(department), at(10), capacity=60, reserved=60)
    round = make.round(department, occasion, place="Kajen 1", practical="Ta med stövlar.")
    teacher = people.teacher("lina@skola.example.org")
    school_class = people.school_class(teacher, label=label, pupils=20, adults=2)
    invitation = make.invitation(round, school_class=school_class)
    answering.accept(invitation, occasions=[occasion], by=teacher, **columns)
    return Invitation.objects.get(pk=invitation.pk), coordinator, teacher


def page_of(invitation: Invitation) -> str:
    return f"/forvaltning/inbjudan/{invitation.pk}"


def has_been(invitation: Invitation, clock: time_machine.Traveller) -> Booking:
    assert invitation.booking
    clock.move_to(invitation.booking.ends_at + timedelta(hours=1))
    return invitation.booking


# ------------------------------------------------------------------------------------------------ one visit


def test_a_visits_page_tells_what_the_host_needs() -> None:
    invitation, coordinator, teacher = accepted(needs="Hiss")

    page = of(coordinator).get(page_of(invitation)).text

    told = ["8B", "Kajen 1", "Ta med stövlar.", "20 elever och 2 vuxna", "Hiss", teacher.email, "Kommer."]
    assert [word for word in told if word not in page] == []


def test_a_teachers_name_goes_when_her_class_has_cancelled() -> None:
    invitation, coordinator, teacher = accepted()
    answering.decline(invitation, by=teacher)

    page = of(coordinator).get(page_of(invitation)).text

    assert "Avbokad av klassen" in page
    assert teacher.email not in page


def test_a_class_that_only_fits_is_nobody_until_it_answers() -> None:
    department, coordinator = make.host()
    round = make.round(department, make.time(make.visit(department), at(10)))
    school_class = people.school_class(people.teacher(), label="8PASSAR")
    invitation = Invitation.objects.create(round=round, school_class=school_class, ground="matching")
    browser = of(coordinator)

    answers = [browser.get(page_of(invitation)), browser.get(page_of(invitation) + "/stall-in")]

    assert [answer["Location"] for answer in answers] == [round.get_absolute_url()] * 2
    assert "8PASSAR" not in browser.get(round.get_absolute_url()).text


def test_another_departments_coordinator_is_refused_and_that_is_noted() -> None:
    invitation, _coordinator, _teacher = accepted()
    _department, stranger = make.host("Grannförvaltningen")
    browser = of(stranger)
    booking = invitation.booking
    assert booking

    answers = [
        browser.get(page_of(invitation)),
        browser.get(f"{VISITS}/{booking.pk}"),
        browser.post(f"{VISITS}/{booking.pk}/narvaro", {"came": "yes"}),
        browser.post(f"{VISITS}/{booking.pk}/svar", {"answer": "4"}),
        browser.post(page_of(invitation) + "/meddelande", {"text": "Hej", "token": str(uuid.uuid4())}),
        browser.post(page_of(invitation) + "/last"),
        browser.get(invitation.round.get_absolute_url()),
    ]

    assert [answer.status_code for answer in answers] == [404] * 7
    noted = AuditEntry.objects.filter(verb__startswith="was refused", by=stranger)
    assert sorted(noted.values_list("verb", flat=True)) == [
        *["was refused invitation"] * 3, "was refused round", *["was refused visit"] * 3
    ]  # fmt: skip
    assert not VisitMessage.objects.exists()


def test_an_approved_companys_coordinator_has_its_visits_and_a_waiting_ones_has_none() -> None:
    invitation, _coordinator, _teacher = accepted()
    company, partner = people.company("Vattenbolaget"), people.user()
    Coordination.objects.create(user=partner, company=company)
    InvitationRound.objects.update(department=None, company=company)
    browser = of(partner)

    waiting = [browser.get(page_of(invitation)).status_code, browser.get(VISITS).status_code]
    Company.objects.update(approved_at=timezone.now())

    assert waiting == [403, 403]
    assert browser.get(page_of(invitation)).status_code == 200
    assert "8B" in browser.get(VISITS).text


def test_whoever_coordinates_only_a_waiting_company_has_no_desk_in_the_menu() -> None:
    company, partner = people.company("Vattenbolaget"), people.user()
    Coordination.objects.create(user=partner, company=company)
    desk = 'href="/forvaltning/intresse"'

    waiting = of(partner).get("/konto/").text
    Company.objects.update(approved_at=timezone.now())

    assert desk not in waiting
    assert desk in of(partner).get("/konto/").text


def test_a_visit_goes_into_the_hosts_calendar_without_the_teachers_name() -> None:
    invitation, coordinator, teacher = accepted()
    assert invitation.booking
    address = f"{VISITS}/{invitation.booking.pk}/besok.ics"

    page, answer = of(coordinator).get(page_of(invitation)).text, of(coordinator).get(address)

    (event,) = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert f'href="{address}"' in page
    assert str(event["SUMMARY"]).endswith(f": 8B, {invitation.school_class.school_unit.name}")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (invitation.booking.starts_at, invitation.booking.ends_at)
    assert str(event["URL"]).endswith(page_of(invitation))
    assert teacher.email not in answer.text


# ------------------------------------------------------------------------------------------------ messages


def test_host_and_class_write_to_each_other() -> None:
    invitation, coordinator, teacher = accepted()
    host, school = of(coordinator), of(teacher)
    token = str(uuid.uuid4())

    for _ in range(2):
        answer = host.post(page_of(invitation) + "/meddelande", {"text": "Välkomna!", "token": token})
    seen_by_class = school.get(invitation.get_absolute_url()).text
    school.post(f"{invitation.get_absolute_url()}/meddelande", {"text": "Finns det hiss?", "token": str(uuid.uuid4())})

    assert answer["Location"] == page_of(invitation) + "#meddelanden"
    assert seen_by_class.count("Välkomna!") == 1
    page = host.get(page_of(invitation)).text
    assert "Finns det hiss?" in page
    assert "Nytt" in page
    # The letter leads the host to its own page, and the teacher to hers.
    told = Notice.objects.filter(kind="message").order_by("pk").values_list("address", flat=True)
    assert list(told) == [f"{invitation.get_absolute_url()}#meddelanden", f"{page_of(invitation)}#meddelanden"]


def test_looking_reads_nothing_and_a_button_does() -> None:
    invitation, coordinator, teacher = accepted()
    threads.write(invitation, "Hej", is_from_host=False, form_token=uuid.uuid4(), by=teacher)
    host = of(coordinator)

    before = [host.get(page_of(invitation)).context["has_new"] for _ in range(2)]
    in_list, on_round = host.get(VISITS).text, host.get(invitation.round.get_absolute_url()).text
    host.post(page_of(invitation) + "/last")

    assert before == [True, True]
    assert "Nytt meddelande" in in_list
    assert "8B, " in in_list
    assert "har skrivit" in in_list
    assert "Nytt" in on_round
    after = host.get(VISITS).text
    assert "Nytt meddelande" not in after
    assert "har skrivit" not in after


def test_an_empty_message_comes_back_and_an_open_class_is_not_written_to() -> None:
    invitation, coordinator, _teacher = accepted()
    unanswered = make.invitation(invitation.round)
    host = of(coordinator)

    empty = host.post(page_of(invitation) + "/meddelande", {"text": "  ", "token": str(uuid.uuid4())})
    early = host.post(page_of(unanswered) + "/meddelande", {"text": "Hej du", "token": str(uuid.uuid4())})
    broken = host.post(page_of(invitation) + "/meddelande", {"text": "Kvar?", "token": "x"})

    assert [empty.status_code, early.status_code, broken.status_code] == [422, 422, 422]
    assert "Skriv något först." in empty.text
    assert "Klassen har inte tackat ja" in early.text
    assert "Kvar?" in broken.text
    assert not VisitMessage.objects.exists()


def test_an_editor_sees_the_visit_and_not_what_the_two_write() -> None:
    invitation, _coordinator, teacher = accepted()
    threads.write(invitation, "Bara till er", is_from_host=False, form_token=uuid.uuid4(), by=teacher)
    editor = of(people.editor())

    page = editor.get(page_of(invitation))

    assert page.status_code == 200
    assert "Bara till er" not in page.text + editor.get(VISITS).text
    written = editor.post(page_of(invitation) + "/meddelande", {"text": "Hej", "token": str(uuid.uuid4())})
    assert [written.status_code, editor.post(page_of(invitation) + "/last").status_code] == [404, 404]


# ------------------------------------------------------------------------------------------------ afterwards


def test_who_came_is_written_down_after_the_visit_has_begun(clock: time_machine.Traveller) -> None:
    invitation, coordinator, _teacher = accepted()
    booking, browser = invitation.booking, of(coordinator)
    assert booking
    address = f"{VISITS}/{booking.pk}/narvaro"

    early = browser.post(address, {"came": "yes"}, follow=True).text
    shown_early = "Kom klassen?" in browser.get(page_of(invitation)).text
    clock.move_to(booking.starts_at + timedelta(minutes=5))
    browser = of(coordinator)
    done = browser.post(address, {"came": "no", "next": invitation.round.get_absolute_url()})

    assert "Besöket har inte börjat än." in early
    assert not shown_early
    assert done["Location"] == invitation.round.get_absolute_url()
    assert Booking.objects.get().attendance == Booking.Attendance.DID_NOT_COME
    assert "kom inte 1" in browser.get(invitation.round.get_absolute_url()).text
    assert "Kom inte." in browser.get(page_of(invitation)).text
    assert browser.post(address, {"came": "kanske"}).status_code == 404
    away = browser.post(address, {"came": "no", "next": "https://example.org/"})
    assert away["Location"] == page_of(invitation)


def test_the_host_answers_its_one_question_and_reads_the_classs(clock: time_machine.Traveller) -> None:
    invitation, coordinator, teacher = accepted()
    booking, browser = has_been(invitation, clock), of(coordinator)
    of(teacher).post(f"/besok/{booking.pk}/svar", {"answer": "4", "text": "Mer tid nästa gång."})
    address = f"{VISITS}/{booking.pk}/svar"

    wrong = browser.post(address, {"answer": "", "text": "Roligt!"})
    for answer in ("3", "2"):
        browser.post(address, {"answer": answer, "text": "Boka större sal."})

    assert wrong.status_code == 422
    assert "Roligt!" in wrong.text
    assert [(one.is_from_host, one.answer) for one in VisitFeedback.objects.order_by("pk")] == [(False, 4), (True, 2)]
    page = browser.get(page_of(invitation)).text
    assert "Mer tid nästa gång." in page
    assert "Boka större sal." in page


def test_the_four_ways_a_visit_can_end_are_told(clock: time_machine.Traveller) -> None:
    came, coordinator, _teacher = accepted("8KOM")
    ends = {}
    for label, end in (("8UTE", "no"), ("8LARARE", "class"), ("8VARD", "host")):
        teacher = people.teacher()
        one = make.invitation(came.round, school_class=people.school_class(teacher, label=label, pupils=10, adults=1))
        answering.accept(one, occasions=list(came.round.occasions.all()), by=teacher)
        ends[end] = (one, teacher)
    answering.decline(ends["class"][0], by=ends["class"][1])
    answering.cancel_by_host(ends["host"][0], by=coordinator)
    has_been(came, clock)
    browser = of(coordinator)

    for one, answer in ((came, "yes"), (ends["no"][0], "no")):
        booking = Booking.objects.get(invitation=one)
        browser.post(f"{VISITS}/{booking.pk}/narvaro", {"came": answer})

    told = {one: browser.get(page_of(one)).context["headline"] for one in Invitation.objects.all()}
    assert sorted(told.values()) == ["Avbokad av klassen", "Inställd av värden", "Kom", "Kom inte"]


# ------------------------------------------------------------------------------------------------ the list


def test_the_list_has_the_visits_to_come_and_those_that_have_been(clock: time_machine.Traveller) -> None:
    invitation, coordinator, _teacher = accepted()
    browser = of(coordinator)

    before = browser.get(VISITS), browser.get(VISITS, {"visa": "har-varit"})
    has_been(invitation, clock)
    browser = of(coordinator)
    after = browser.get(VISITS), browser.get(VISITS, {"visa": "har-varit"})

    assert [answer.context["total"] for answer in (*before, *after)] == [1, 0, 0, 1]
    assert "Inget besök har varit än." in before[1].text
    assert "Inga besök är bokade." in after[0].text
    assert browser.get(VISITS, {"page": "-3", "visa": "'"}).status_code == 200
    assert browser.get(VISITS, {"host": "d0"}).status_code == 404


def test_what_a_class_has_booked_at_the_fair_is_a_visit_without_a_name(clock: time_machine.Traveller) -> None:
    department, coordinator = make.host()
    session = fairs.session(fairs.fair(), "Prova vatten", department=department)
    teacher = people.teacher("ingen@skola.example.org")
    booking = make.booking(fairs.occasion(session), people.school_class(teacher, label="8MASS"))
    browser = of(coordinator)

    listed, page = browser.get(VISITS).text, browser.get(f"{VISITS}/{booking.pk}").text
    clock.move_to(booking.starts_at + timedelta(minutes=1))
    of(coordinator).post(f"{VISITS}/{booking.pk}/narvaro", {"came": "yes"})

    assert "8MASS" in listed
    assert "Prova vatten" in page
    assert teacher.email not in listed + page
    assert Booking.objects.get().attendance == Booking.Attendance.CAME


def test_a_visit_by_invitation_has_one_page() -> None:
    invitation, coordinator, _teacher = accepted()
    assert invitation.booking

    answer = of(coordinator).get(f"{VISITS}/{invitation.booking.pk}")

    assert answer["Location"] == page_of(invitation)


def test_a_class_that_comes_by_agreement_waits_for_a_time() -> None:
    department, coordinator = make.host()
    invitation = make.invitation(make.round(department, how=InvitationRound.How.AGREEMENT))
    answering.accept(invitation, by=make.teacher_of(invitation))

    page = of(coordinator).get(VISITS).text

    assert "Bestäm en tid med" in page
    assert page_of(invitation) in page


def test_the_list_costs_the_same_for_one_visit_and_fifty() -> None:
    invitation, coordinator, _teacher = accepted()
    browser = of(coordinator)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(VISITS).status_code == 200
        return len(queries)

    browser.get(VISITS)
    one = statements()
    for _ in range(49):
        teacher = people.teacher()
        more = make.invitation(invitation.round, teacher)
        occasion = make.time(make.visit(invitation.round.department), at(13))
        booking = make.booking(occasion, more.school_class)
        Invitation.objects.filter(pk=more.pk).update(state="accepted", booking=booking, answered_by=teacher)
        threads.write(more, "Hej", is_from_host=False, form_token=uuid.uuid4(), by=teacher)

    assert statements() == one
