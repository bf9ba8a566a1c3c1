"""Pages of what a class says and answers: curious, invitations, offers, visits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from accounts import factories as people
from bryggan.accounts.models import SchoolClass, User
from bryggan.common.models import AuditEntry
from bryggan.fair.models import Booking, SeatOffer, WaitingEntry
from bryggan.fair.seating import seats, waiting
from bryggan.invitations import answer_links, answering, queueing, threads
from bryggan.invitations.models import ClassWork, Interest, Invitation, InvitationRound, VisitFeedback, VisitMessage
from fair import factories as fairs
from fair.factories import DAY, at
from invitations import visit_factories as make

pytestmark = pytest.mark.django_db

State = Invitation.State
NOW = at(12, DAY - timedelta(days=21))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def a_teacher(*labels: str) -> tuple[Client, User, list[SchoolClass]]:
    teacher = people.teacher(name="Lisa Lärare")
    classes = [people.school_class(teacher, label=label, pupils=20, adults=2) for label in labels]
    return signed_in(teacher), teacher, classes


def an_invitation(**columns: object) -> tuple[Invitation, User]:
    department, _coordinator = make.host()
    occasion = make.time(make.visit(department), at(10), capacity=30, reserved=30)
    later = make.time(occasion.session, at(13), capacity=30, reserved=30)
    round = make.round(department, occasion, later, practical="Ta på stövlar.", **columns)
    invitation = make.invitation(round, people.teacher(name="Lisa Lärare"))
    return invitation, make.teacher_of(invitation)


def link(invitation: Invitation) -> str:
    return answer_links.answer_path(invitation, make.teacher_of(invitation))


def yes(invitation: Invitation, **more: str) -> dict[str, str]:
    first = invitation.round.occasions.order_by("starts_at")[0]
    return {"do": "accept", "wish_1": str(first.pk), "pupils": "20", "adults": "2", **more}


# ------------------------------------------------------------------------------------------------ curious


def test_one_click_says_that_the_only_class_is_curious() -> None:
    client, _teacher, [school_class] = a_teacher("8B")
    initiative = make.initiative(title="Dagvatten")

    page = client.get(initiative.get_absolute_url()).text
    answer = client.post("/nyfikna/ny", {"initiative": initiative.pk, "klass": school_class.pk})
    after = client.get(initiative.get_absolute_url()).text

    assert f'name="klass" value="{school_class.pk}"' in page
    assert "Vi är nyfikna" in page
    assert answer["Location"] == f"{initiative.get_absolute_url()}#nyfikna"
    assert "8B är nyfiken." in after
    assert Interest.objects.get().school_class == school_class
    assert 'aria-live="polite"' in after


def test_with_several_classes_one_is_chosen_and_those_left_can_be_next() -> None:
    client, _teacher, [first, second] = a_teacher("8A", "8B")
    session = fairs.session(fairs.fair(), "Havets labb")

    client.post("/nyfikna/ny", {"session": session.pk, "klass": second.pk, "kind": "follow", "phase": "after"})
    page = client.get(session.get_absolute_url()).text

    assert "8B är nyfiken." in page
    assert "Följa, efter mässan." in page
    assert f'name="klass" value="{first.pk}"' in page


def test_a_wrong_form_comes_back_with_what_was_written() -> None:
    client, _teacher, [school_class] = a_teacher("8B")
    somebody_elses = people.school_class(people.teacher())
    initiative = make.initiative(title="Dagvatten")
    written = {"initiative": initiative.pk, "klass": somebody_elses.pk, "note": "Gärna i maj"}

    other = client.post("/nyfikna/ny", written)
    wrong = client.post("/nyfikna/ny", {**written, "klass": school_class.pk, "kind": "fel", "note": "x" * 501})

    assert (other.status_code, wrong.status_code) == (422, 422)
    assert "Välj en av dina egna klasser." in other.text
    assert "Gärna i maj" in other.text
    assert 'id="curious"' in wrong.text
    assert not Interest.objects.exists()


def test_a_stopped_initiative_can_be_followed_and_says_so() -> None:
    client, _teacher, [school_class] = a_teacher("8B")
    initiative = make.initiative(is_stopped=True)

    page = client.get(initiative.get_absolute_url()).text
    visit = client.post("/nyfikna/ny", {"initiative": initiative.pk, "klass": school_class.pk, "kind": "visit"})
    client.post("/nyfikna/ny", {"initiative": initiative.pk, "klass": school_class.pk})

    assert "Vi vill följa det" in page
    assert visit.status_code == 422
    assert Interest.objects.get().kind == "follow"


def test_interest_is_changed_taken_back_and_listed() -> None:
    client, _teacher, [school_class] = a_teacher("8B")
    initiative = make.initiative(title="Dagvatten")
    data = {"initiative": initiative.pk, "klass": school_class.pk}
    client.post("/nyfikna/ny", data)
    client.post("/nyfikna/ny", {**data, "note": "Gärna i maj", "shows_teacher": "on"})
    interest = Interest.objects.get()

    listed = client.get("/nyfikna").text
    answer = client.post(f"/nyfikna/{interest.pk}/ta-tillbaka", {"next": "/nyfikna"})

    assert "Dagvatten" in listed
    assert "Gärna i maj" in listed
    assert "ditt namn visas för värden" in listed
    assert answer["Location"] == "/nyfikna"
    assert "Här samlas det" in client.get("/nyfikna").text


def test_strangers_are_told_of_signing_in_and_coordinators_see_no_panel() -> None:
    initiative = make.initiative()

    stranger = Client().get(initiative.get_absolute_url()).text
    coordinator = signed_in(make.host()[1]).get(initiative.get_absolute_url()).text

    assert "Logga in och säg med ett tryck" in stranger
    assert 'id="curious"' not in coordinator


def test_work_in_class_is_ticked_and_taken_back() -> None:
    client, _teacher, [school_class] = a_teacher("8B")
    initiative = make.initiative()
    data = {"initiative": initiative.pk, "klass": school_class.pk}

    client.post("/nyfikna/arbetat", {**data, "done": "1"})
    ticked = ClassWork.objects.count()
    page = client.get(initiative.get_absolute_url()).text
    client.post("/nyfikna/arbetat", {**data, "done": "0"})

    assert (ticked, ClassWork.objects.count()) == (1, 0)
    assert "8B har arbetat med det" in page
    assert client.post("/nyfikna/arbetat", {**data, "klass": "x"}).status_code == 404


# ------------------------------------------------------------------------------------------------ invitations


def test_unanswered_invitations_come_first_and_are_counted_on_the_start_page() -> None:
    invitation, teacher = an_invitation()
    client = signed_in(teacher)

    listed = client.get("/inbjudningar").text
    home = client.get("/").text
    answering.decline(invitation, by=teacher)

    assert "Väntar på svar" in listed
    assert "Se hur vattnet renas" in listed
    assert "Inbjudningar (1)" in home
    assert "Inbjudningar (" not in client.get("/").text
    assert "Ni har tackat nej" in client.get("/inbjudningar").text


def test_a_yes_on_the_page_gives_seats_and_a_calendar_file() -> None:
    invitation, teacher = an_invitation()
    client = signed_in(teacher)
    page = client.get(invitation.get_absolute_url()).text

    answer = client.post(invitation.get_absolute_url(), yes(invitation, needs="hiss"))
    after = client.get(invitation.get_absolute_url()).text
    invitation.refresh_from_db()
    assert invitation.booking
    file = client.get(f"/besok/{invitation.booking.pk}/besok.ics")

    assert "Ja, vi kommer" in page
    assert "30 platser kvar" in page
    assert "Ta på stövlar." in page
    assert answer.status_code == 302
    assert "Ni kommer tisdag 1 juni 2027 kl. 10.00–11.00" in after
    [event] = Calendar.from_ical(file.content).walk("VEVENT")
    assert (event["SUMMARY"], event.decoded("DTSTART")) == ("Besök på reningsverket", at(10))
    assert str(event["STATUS"]) == "CONFIRMED"


def test_a_wrong_answer_keeps_what_was_written_and_changes_nothing() -> None:
    invitation, teacher = an_invitation()
    client = signed_in(teacher)

    wrong = client.post(invitation.get_absolute_url(), yes(invitation, pupils="många", needs="Vi har en rullstol"))
    large = client.post(invitation.get_absolute_url(), yes(invitation, pupils="60", needs="Vi har en rullstol"))
    odd = client.post(invitation.get_absolute_url(), yes(invitation, wish_1="9" * 30))
    unknown = client.post(invitation.get_absolute_url(), {"do": "vad som helst"})

    assert [one.status_code for one in (wrong, large, odd, unknown)] == [422, 422, 422, 404]
    assert "Skriv ett antal med siffror." in wrong.text
    assert "Tar grupper upp till 30 personer." in large.text
    assert all("Vi har en rullstol" in one.text for one in (wrong, large))
    invitation.refresh_from_db()
    assert invitation.state == State.INVITED


def test_times_are_wished_for_in_order() -> None:
    invitation, teacher = an_invitation()
    first, second = invitation.round.occasions.order_by("starts_at")
    seats.book(occasion=second, school_class=people.school_class(), by=None, reserved=True)

    signed_in(teacher).post(
        invitation.get_absolute_url(), yes(invitation, wish_1=str(second.pk), wish_2=str(first.pk))
    )

    invitation.refresh_from_db()
    assert invitation.wishes == [second.pk, first.pk]
    assert invitation.booking is not None
    assert invitation.booking.occasion == first


def test_numbers_are_changed_and_the_visit_cancelled_on_the_page() -> None:
    invitation, teacher = an_invitation()
    client = signed_in(teacher)
    client.post(invitation.get_absolute_url(), yes(invitation))

    changed = client.post(invitation.get_absolute_url(), {"do": "change", "pupils": "18", "adults": "3"})
    too_many = client.post(invitation.get_absolute_url(), {"do": "change", "pupils": "90", "adults": "3"})
    client.post(invitation.get_absolute_url(), {"do": "decline"})

    assert (changed.status_code, too_many.status_code) == (302, 422)
    invitation.refresh_from_db()
    assert (invitation.pupils, invitation.state) == (18, State.CANCELLED_BY_CLASS)


def test_a_deadline_that_passes_while_the_form_is_open_is_told(clock: time_machine.Traveller) -> None:
    invitation, teacher = an_invitation()
    client = signed_in(teacher)
    client.get(invitation.get_absolute_url())

    clock.move_to(invitation.round.answer_by)
    answer = client.post(invitation.get_absolute_url(), yes(invitation))

    assert answer.status_code == 422
    assert "Tiden för att svara har gått ut." in answer.text


def test_the_queue_page_tells_place_reason_and_rule() -> None:
    invitation, teacher = an_invitation()
    for occasion in invitation.round.occasions.all():
        seats.book(occasion=occasion, school_class=people.school_class(), by=None, reserved=True)
    client = signed_in(teacher)
    client.post(invitation.get_absolute_url(), yes(invitation))

    page = client.get(invitation.get_absolute_url()).text
    visits = client.get("/besok").text

    for text in (page, visits):
        assert "Ni står först." in text
        assert "Kön går i tur och ordning." in text


# ------------------------------------------------------------------------------------------------ by the mail's link


def test_the_link_answers_without_signing_in_and_looking_changes_nothing() -> None:
    invitation, teacher = an_invitation()
    address, client = link(invitation), Client()
    trail = AuditEntry.objects.count()

    looks = [client.get(address), client.head(address), client.get(address)]
    looked = (Invitation.objects.get().state, AuditEntry.objects.count())
    answer = client.post(address, yes(invitation))
    after = client.get(address)

    assert [one.status_code for one in looks] == [200] * 3
    assert looked == (State.INVITED, trail)
    assert f"skickad till Lisa Lärare och gäller {invitation.school_class.label}" in looks[0].text
    assert answer["Location"] == address
    assert "Ni kommer tisdag 1 juni 2027" in after.text
    invitation.refresh_from_db()
    assert invitation.answered_by == teacher
    assert client.get(f"{address}/besok.ics")["Content-Type"].startswith("text/calendar")
    for one in (looks[0], after):
        assert (one["Referrer-Policy"], one["X-Robots-Tag"]) == ("same-origin", "noindex")
        assert "no-store" in one["Cache-Control"] or "no-cache" in one["Cache-Control"]


def test_a_used_link_shows_the_answer_and_can_change_it() -> None:
    invitation, _teacher = an_invitation()
    client, address = Client(), link(invitation)
    client.post(address, yes(invitation))

    again = client.post(address, yes(invitation))
    client.post(address, {"do": "decline"})

    assert again.status_code == 302
    assert Booking.objects.count() == 1
    assert "Ni har avbokat" in client.get(address).text


def test_somebody_else_who_is_signed_in_is_told_whose_answer_it_is() -> None:
    invitation, teacher = an_invitation()
    colleague = people.teacher(name="Kim Kollega")

    hers = signed_in(teacher).get(link(invitation)).text
    forwarded = signed_in(colleague).get(link(invitation)).text

    assert "men länken är skickad till" not in hers
    assert "Du är inloggad som Kim Kollega, men länken är skickad till Lisa Lärare." in forwarded


def test_what_class_and_host_write_is_not_shown_by_link() -> None:
    invitation, teacher = an_invitation()
    threads.write(invitation, "Hemligt om klassen", is_from_host=False, form_token=uuid4(), by=teacher)

    assert "Hemligt om klassen" not in Client().get(link(invitation)).text
    assert "Hemligt om klassen" in signed_in(teacher).get(invitation.get_absolute_url()).text


def test_foreign_forged_and_old_links_are_explained(clock: time_machine.Traveller) -> None:
    invitation, _teacher = an_invitation()
    address = link(invitation)
    forged = signing.dumps([invitation.pk, 1], salt="something else")

    wrong = [Client().get(path) for path in (address[:-2], "/svar/gissad", f"/svar/{forged}")]
    clock.shift(answer_links.LIVES + timedelta(days=1))
    old = Client().get(address)

    assert [one.status_code for one in wrong] == [404] * 3
    assert "Länken gäller inte" in wrong[0].text
    assert (old.status_code, old["X-Robots-Tag"]) == (410, "noindex")
    assert "Länken är för gammal" in old.text
    assert Client().post(address, yes(invitation)).status_code == 410


def test_a_cancelled_round_says_so_by_link_and_takes_no_answer() -> None:
    invitation, _teacher = an_invitation()
    InvitationRound.objects.update(state=InvitationRound.State.CANCELLED)
    client = Client()

    page = client.get(link(invitation)).text
    answer = client.post(link(invitation), yes(invitation))

    assert "Inställt av värden" in page
    assert "Ja, vi kommer" not in page
    assert (answer.status_code, "Inbjudan är inställd." in answer.text) == (422, True)


def test_a_dangerous_link_of_a_host_is_not_shown() -> None:
    invitation, teacher = an_invitation(
        attachments=[{"title": "Bra", "url": "https://example.org/"}, {"title": "Fel", "url": "javascript:alert(1)"}]
    )

    page = signed_in(teacher).get(invitation.get_absolute_url()).text

    assert "https://example.org/" in page
    assert "javascript:" not in page


# ------------------------------------------------------------------------------------------------ messages


def test_messages_are_written_once_read_and_marked(clock: time_machine.Traveller) -> None:
    invitation, teacher = an_invitation()
    client = signed_in(teacher)
    client.post(invitation.get_absolute_url(), yes(invitation))
    data = {"text": "Finns det hiss? <b>", "token": str(uuid4())}
    address = f"{invitation.get_absolute_url()}/meddelande"

    for _ in range(2):
        assert client.post(address, data).status_code == 302
    host = invitation.round.department.coordinations.get().user
    clock.shift(timedelta(minutes=1))
    threads.write(invitation, "Ja, det finns.", is_from_host=True, form_token=uuid4(), by=host)
    page, listed = client.get(invitation.get_absolute_url()).text, client.get("/inbjudningar").text
    clock.shift(timedelta(minutes=1))
    client.post(f"{invitation.get_absolute_url()}/last")

    assert VisitMessage.objects.count() == 2
    assert "Finns det hiss? &lt;b&gt;" in page
    assert "Markera som läst" in page
    assert "Nytt meddelande" in listed
    assert "Nytt meddelande" not in client.get("/inbjudningar").text
    assert client.post(address, {"text": " ", "token": str(uuid4())}).status_code == 422
    broken = client.post(address, {"text": "Kvar", "token": "x"})
    assert (broken.status_code, "Kvar" in broken.text) == (422, True)


# ------------------------------------------------------------------------------------------------ offers and visits


def an_offer() -> tuple[SeatOffer, User]:
    occasion = fairs.occasion(fairs.session(fairs.fair(), "Havets labb"))
    others = seats.book(occasion=occasion, school_class=fairs.school_class(), by=None)
    teacher = people.teacher()
    waiting.join(occasion=occasion, school_class=fairs.school_class(), by=None)
    WaitingEntry.objects.get().school_class.teachers.add(teacher)
    seats.release(booking=others, by=None)
    queueing.give_out_due()
    return SeatOffer.objects.get(), teacher


def test_an_offer_is_taken_in_one_click_and_looking_changes_nothing() -> None:
    offer, teacher = an_offer()
    client = signed_in(teacher)

    page = client.get(f"/platser/{offer.pk}").text
    visits = client.get("/besok").text
    looked = SeatOffer.objects.get().state
    answer = client.post(f"/platser/{offer.pk}", {"do": "accept"})

    assert "Ja, vi tar platserna" in page
    assert "Ja, vi tar platserna" in visits
    assert (looked, SeatOffer.objects.get().state) == (SeatOffer.State.OPEN, SeatOffer.State.ACCEPTED)
    assert answer["Location"] == "/besok"
    assert "Ni har tackat ja till platserna." in client.get(f"/platser/{offer.pk}").text
    assert "Havets labb" in client.get("/besok").text


def test_an_offer_that_is_too_old_says_where_the_seats_went(clock: time_machine.Traveller) -> None:
    offer, teacher = an_offer()
    client = signed_in(teacher)

    clock.shift(timedelta(days=1))
    page = client.get(f"/platser/{offer.pk}")
    answer = client.post(f"/platser/{offer.pk}", {"do": "accept"})

    assert (page.status_code, answer.status_code) == (200, 422)
    assert "Tiden gick ut" in page.text
    assert "har gått vidare" in answer.text
    assert client.post(f"/platser/{offer.pk}", {"do": "x"}).status_code == 404


def test_a_queue_is_left_and_an_offer_declined() -> None:
    offer, teacher = an_offer()
    client = signed_in(teacher)

    client.post(f"/platser/{offer.pk}", {"do": "decline"})
    client.post(f"/platser/ko/{offer.entry.pk}/lamna")

    assert WaitingEntry.objects.get().state == WaitingEntry.State.LEFT
    assert "Inga besök är bokade." in client.get("/besok").text


def test_how_it_was_is_asked_after_the_visit(clock: time_machine.Traveller) -> None:
    invitation, teacher = an_invitation()
    client = signed_in(teacher)
    client.post(invitation.get_absolute_url(), yes(invitation))
    invitation.refresh_from_db()
    assert invitation.booking
    address = f"/besok/{invitation.booking.pk}"

    client.post(f"{address}/svar", {"answer": "4"})
    client.post(f"{address}/narvaro", {"came": "1"})
    too_early = (VisitFeedback.objects.count(), Booking.objects.get().attendance)
    clock.move_to(at(12))
    client = signed_in(teacher)
    page = client.get("/besok").text
    wrong = client.post(f"{address}/svar", {"answer": "9", "text": "Varmt"})
    client.post(f"{address}/svar", {"answer": "4", "text": "Toppen"})
    client.post(f"{address}/narvaro", {"came": "1"})

    assert too_early == (0, "")
    assert "Hur var besöket?" in page
    assert (wrong.status_code, "Varmt" in wrong.text, "Välj ett av svaren." in wrong.text) == (422, True, True)
    assert VisitFeedback.objects.get().text == "Toppen"
    assert Booking.objects.get().attendance == Booking.Attendance.CAME
    assert "Mycket bra" in client.get("/besok").text


# ------------------------------------------------------------------------------------------------ how much it costs


@pytest.mark.parametrize("path", ["/nyfikna", "/inbjudningar", "/besok", "/"])
def test_a_list_costs_the_same_for_one_row_and_fifty(path: str) -> None:
    teacher = people.teacher()
    client = signed_in(teacher)
    department, _coordinator = make.host()
    initiative = make.initiative(department)

    def add() -> None:
        school_class = people.school_class(teacher, pupils=20, adults=2)
        occasion = make.time(make.visit(department), at(10), capacity=60, reserved=60)
        invitation = make.invitation(make.round(department, occasion), school_class=school_class)
        answering.accept(invitation, occasions=[occasion], by=teacher)
        make.invitation(make.round(department, occasion), school_class=school_class)
        full = make.time(make.visit(department), at(13), capacity=20)
        make.booking(full, people.school_class())
        waiting.join(occasion=full, school_class=school_class, pupils=18, by=None)
        past = make.time(make.visit(department), NOW - timedelta(days=3))
        make.booking(past, school_class)
        Interest.objects.create(school_class=school_class, initiative=initiative)

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    add()
    client.get(path)
    one = statements()
    for _ in range(12):
        add()

    assert statements() == one
