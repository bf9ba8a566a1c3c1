"""The fair's team: numbers of who comes, the programme written and changed, files read in, messages, places."""

from __future__ import annotations

import io
import uuid
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import factories as people
from bryggan.accounts.models import Company, Coordination, User
from bryggan.common.models import OutgoingMail
from bryggan.fair.models import Booking, Fair, FairMessage, Occasion, Session, State, Walk
from fair import factories as make
from fair.factories import DAY, at

pytestmark = pytest.mark.django_db
ROOT = "/redaktion/massan/"
ON = f"{ROOT}?day=2027-06-01"


@pytest.fixture
def fair() -> Fair:
    return make.fair(name="Stadsmässan")


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(people.editor())
    return client


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def given(fair: Fair, title: str = "", hours: float = 10, on: date = DAY, **columns: Any) -> Session:
    session = make.session(fair, title, **columns)
    make.occasion(session, at(hours, on))
    return session


def planned(occasion: Occasion, *, booked: bool = False, label: str = "8B", teacher: User | None = None) -> None:
    """A class with a stop there, and with seats when it has booked."""
    fair = occasion.session.fair
    assert fair
    school_class = make.school_class(label=label)
    school_class.teachers.add(teacher or people.teacher())
    make.stop(make.itinerary(fair, school_class), occasion, wish="must")
    if booked:
        Booking.objects.create(
            occasion=occasion, school_class=school_class, pupils=24, adults=2, seats=26,
            state=Booking.State.BOOKED, starts_at=occasion.starts_at, ends_at=occasion.ends_at,
        )  # fmt: skip


def typed(**changed: Any) -> dict[str, Any]:
    """A session's form, filled in."""
    return {
        "title": "Åka båt", "kind": "fixed", "minutes": "60", "unit": "people", "counts_adults": "on", "cost": "0",
        "booking_closes_hours": "24", "languages": ["sv"], **changed,
    }  # fmt: skip


def of(client: Client, session: Session) -> dict[str, Any]:
    """What the form of a session holds when it is opened."""
    form = client.get(f"{ROOT}program/{session.pk}").context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value not in ("", [])
    }


# The day


def test_a_day_is_shown_by_venue_with_who_comes(editor: Client, fair: Fair) -> None:
    venue = make.venue(fair, "Kajen")
    first, second = given(fair, "Åka båt", venue=venue), given(fair, "Paddla", venue=venue, hours=13)
    given(fair, "Utkast", state=State.DRAFT, venue=None)
    planned(first.occasions.get(), booked=True)
    planned(second.occasions.get())

    answer = editor.get(ON)

    at_venue, without = answer.context["venues"]
    assert (at_venue.venue, at_venue.sum.planned, at_venue.sum.booked, at_venue.sum.seats) == (venue, 2, 1, 26)
    assert [line.occasion.session.title for line in at_venue.lines] == ["Åka båt", "Paddla"]
    assert without.venue is None
    assert {day.on: day.count for day in answer.context["days"] if day.count} == {DAY: 3}
    assert "Utan plats" in answer.text


def test_a_coordinator_sees_her_own_and_nothing_else(fair: Fair) -> None:
    coordinator = people.coordinator()
    own = given(fair, "Min egen", department=coordinator.coordinations.get().department)
    other = given(fair, "Någon annans")
    planned(other.occasions.get(), booked=True, label="8HEMLIG")
    client = browser(coordinator)

    for path in (ON, f"{ROOT}program", f"{ROOT}export.csv"):
        page = client.get(path).content.decode("utf-8-sig")
        assert "Min egen" in page
        assert "Någon annans" not in page
    assert client.get(f"{ROOT}program/{own.pk}").status_code == 200
    for path in (f"program/{other.pk}", f"tid/{other.occasions.get().pk}", f"program/{other.pk}/stall-in"):
        assert client.get(ROOT + path).status_code == 404
        assert client.post(ROOT + path, {"title": "Min"}).status_code == 404
    day = f"{ROOT}dag/{other.venue.slug}/2027-06-01"  # type: ignore[union-attr]
    assert "8HEMLIG" not in client.get(day).text
    for path in ("las-in", "meddelande", "platser"):
        assert client.get(ROOT + path).status_code == 403


def test_a_coordinator_of_a_company_that_is_not_approved_gets_nowhere(fair: Fair) -> None:
    user = people.user()
    Coordination.objects.create(user=user, company=people.company())

    assert browser(user).get(ROOT).status_code == 403
    Company.objects.update(approved_at=at(0))
    assert browser(user).get(ROOT).status_code == 200


@pytest.mark.parametrize("day", ["2027-01-01", "x", "", "9999-99-99", "%00"])
def test_an_odd_day_gets_a_day_of_the_fair(editor: Client, fair: Fair, day: str) -> None:
    given(fair)

    assert editor.get(f"{ROOT}?day={day}").context["day"] == DAY


def test_without_any_fair_there_is_no_such_page(editor: Client) -> None:
    assert editor.get(ROOT).status_code == 404


def test_the_team_works_with_a_fair_that_is_not_published(editor: Client) -> None:
    hidden = make.fair(is_published=False)
    given(hidden, "Hemlig")

    assert "Hemlig" in editor.get(ON).text
    assert "inte publicerad" in editor.get(ON).text


def test_a_venue_prints_who_comes_without_names_of_persons(editor: Client, fair: Fair) -> None:
    session = given(fair, "Åka båt", venue=make.venue(fair, "Kajen"))
    teacher = people.teacher("anna@skola.example.org", name="Anna Andersson")
    planned(session.occasions.get(), booked=True, label="8B", teacher=teacher)
    assert session.venue

    page = editor.get(f"{ROOT}dag/{session.venue.slug}/2027-06-01").text

    for text in ("Kajen", "tisdag 1 juni", "10.00–11.00", "8B", "24"):
        assert text in page
    assert "Anna Andersson" not in page
    assert "anna@" not in page
    for wrong in ("2027-01-01", "x", "2027-13-01"):
        assert editor.get(f"{ROOT}dag/{session.venue.slug}/{wrong}").status_code == 404


@pytest.mark.parametrize("path", [ON, f"{ROOT}program", f"{ROOT}export.csv"])
def test_a_page_costs_as_many_statements_with_one_row_as_with_fifty(editor: Client, path: str) -> None:
    def statements(number: int) -> int:
        Fair.objects.update(last_on=date(2020, 1, 2), first_on=date(2020, 1, 1))
        fair = make.fair()
        for _ in range(number):
            planned(given(fair, department=people.department()).occasions.get(), booked=True)
        editor.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert editor.get(path).status_code == 200
        return len(captured)

    assert statements(1) == statements(50)


# Export


def test_the_export_is_a_file_that_a_spreadsheet_reads(editor: Client, fair: Fair) -> None:
    given(fair, "=1+1")

    answer = editor.get(f"{ROOT}export.xlsx")

    assert "attachment" in answer["Content-Disposition"]
    assert answer["Cache-Control"] == "private, no-store"
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
    assert rows[1][1] == "'=1+1"
    assert editor.get(f"{ROOT}export.csv").content.startswith(b"\xef\xbb\xbf")
    assert editor.get(f"{ROOT}export.pdf").status_code == 404


# Writing the programme


def test_a_session_is_written_given_a_time_and_published(editor: Client, fair: Fair) -> None:
    subject, programme = people.subject("Teknik"), people.programme("TE25")
    venue = make.venue(fair, "Kajen")

    answer = editor.post(
        f"{ROOT}program/ny",
        typed(
            venue=str(venue.pk), subjects=f"{subject.code}\n\n", programmes="TE25", school_years=["4", "5"],
            booking_opens_on="2027-05-01", capacity="30",
        ),
    )  # fmt: skip

    session = Session.objects.get()
    assert answer["Location"] == f"{ROOT}program/{session.pk}"
    assert (session.state, session.venue, session.school_years, session.capacity) == ("draft", venue, [4, 5], 30)
    assert (list(session.subjects.all()), list(session.programmes.all())) == ([subject], [programme])
    assert session.booking_opens_at == at(8, date(2027, 5, 1))
    editor.post(f"{ROOT}program/{session.pk}/publicera")
    session.refresh_from_db()
    assert session.state == State.DRAFT
    editor.post(f"{ROOT}program/{session.pk}/tid", {"on": "2027-06-01", "begins": "9.30", "ends": "1030"})
    occasion = session.occasions.get()
    assert (occasion.starts_at, occasion.ends_at) == (at(9.5), at(10.5))
    editor.post(f"{ROOT}program/{session.pk}/publicera")
    session.refresh_from_db()
    assert session.state == State.PUBLISHED


def test_saving_what_the_form_holds_changes_nothing(editor: Client, fair: Fair) -> None:
    session = given(
        fair, "Åka båt", school_years=[8], languages=["sv", "tlh"], booking_opens_at=at(9.5, date(2027, 5, 1)),
        needs_booking=True, cost=50,
    )  # fmt: skip
    session.subjects.add(people.subject())
    before = Session.objects.values().get()

    answer = editor.post(f"{ROOT}program/{session.pk}", of(editor, session))

    assert answer.status_code == 302
    assert Session.objects.values().get() == before
    assert session.subjects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": " "}, "title"), ({"minutes": "0"}, "minutes"), ({"minutes": "x"}, "minutes"),
        ({"subjects": "Finns inte"}, "subjects"), ({"programmes": "XX"}, "programmes"),
        ({"initiatives": "Finns inte"}, "initiatives"), ({"venue": "9" * 30}, "venue"),
        ({"smallest_group": "30", "largest_group": "5"}, "largest_group"), ({"link": "javascript:alert(1)"}, "link"),
        ({"school_years": ["12"]}, "school_years"), ({"kind": "nej"}, "kind"), ({"capacity": "-1"}, "capacity"),
        ({"booking_opens_on": "i maj"}, "booking_opens_on"), ({"title": "a" * 201}, "title"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_is_kept(
    editor: Client, fair: Fair, changed: dict[str, Any], field: str
) -> None:
    answer = editor.post(f"{ROOT}program/ny", typed(summary="Kvar av det skrivna", **changed))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "Kvar av det skrivna" in answer.text
    assert Session.objects.count() == 0


def test_two_who_write_at_once_do_not_undo_each_other(editor: Client, fair: Fair) -> None:
    session = given(fair, "Åka båt")
    mine = {**of(editor, session), "title": "Min rubrik"}
    editor.post(f"{ROOT}program/{session.pk}", {**mine, "title": "Kollegans rubrik"})

    answer = editor.post(f"{ROOT}program/{session.pk}", mine)

    assert answer.status_code == 422
    assert "Någon annan sparade" in answer.text
    assert "Min rubrik" in answer.text
    session.refresh_from_db()
    assert session.title == "Kollegans rubrik"


def test_a_time_that_moves_takes_the_programmes_with_it_and_says_so_first(editor: Client, fair: Fair) -> None:
    occasion = given(fair, "Åka båt").occasions.get()
    planned(occasion, booked=True)
    path = f"{ROOT}tid/{occasion.pk}"

    assert "En klass har tiden." in editor.get(path).text
    editor.post(path, {"on": "2027-06-02", "begins": "13", "ends": "14"})
    assert Occasion.objects.get().starts_at == at(10)
    editor.post(
        path, {"on": "2027-06-02", "begins": "13.00", "ends": "14.00", "capacity": "30", "message": "Båten är trasig."}
    )

    assert Occasion.objects.get().starts_at == at(13, DAY + timedelta(days=1))
    assert "Båten är trasig." in OutgoingMail.objects.get().text


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"on": "2027-08-01"}, "on"), ({"on": ""}, "on"), ({"begins": "25.00"}, "begins"), ({"ends": "10.00"}, "ends"),
        ({"capacity": "5"}, "capacity"), ({"begins": "nio"}, "begins"),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_is_refused_at_its_field(
    editor: Client, fair: Fair, changed: dict[str, str], field: str
) -> None:
    occasion = given(fair).occasions.get()
    planned(occasion, booked=True)
    data = {"on": "2027-06-01", "begins": "10.00", "ends": "11.00", "capacity": "30", **changed}

    answer = editor.post(f"{ROOT}tid/{occasion.pk}", data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Occasion.objects.get().starts_at == at(10)


def test_the_hour_that_summer_time_skips_is_refused(editor: Client) -> None:
    fair = make.fair(first_on=date(2028, 3, 20), last_on=date(2028, 3, 30))
    session = make.session(fair)

    answer = editor.post(
        f"{ROOT}program/{session.pk}/tid", {"on": "2028-03-26", "begins": "2.30", "ends": "4.00", "capacity": ""}
    )

    assert answer.status_code == 422
    assert "sommartid" in answer.text


def test_a_time_over_midnight_ends_the_day_after(editor: Client, fair: Fair) -> None:
    session = make.session(fair)

    editor.post(f"{ROOT}program/{session.pk}/tid", {"on": "2027-06-01", "begins": "22", "ends": "01.00"})
    editor.post(f"{ROOT}program/{session.pk}/tid", {"on": "2027-06-01", "begins": "22.00", "ends": "01.00"})

    assert session.occasions.get().ends_at == at(25)


@pytest.mark.parametrize("whole", [True, False])
def test_cancelling_asks_first_says_how_many_it_touches_and_can_be_taken_back(
    editor: Client, fair: Fair, whole: bool
) -> None:
    session = given(fair, "Åka båt")
    occasion = session.occasions.get()
    planned(occasion)
    planned(occasion, booked=True)
    path = f"{ROOT}program/{session.pk}/stall-in" if whole else f"{ROOT}tid/{occasion.pk}/stall-in"

    asked = editor.get(path)
    assert "2 klasser har den i sitt program." in asked.text
    assert not Occasion.objects.select_related("session").get().is_cancelled
    told = editor.post(path, {"note": "Båten är trasig."}, follow=True)

    assert Occasion.objects.select_related("session").get().is_cancelled
    assert "Vi har skrivit till 2 klasser." in told.text
    assert {"Båten är trasig." in mail.text for mail in OutgoingMail.objects.all()} == {True}
    assert "Ska den ges ändå?" in editor.get(path).text
    editor.post(path, {"note": "Båten är lagad."})
    assert not Occasion.objects.select_related("session").get().is_cancelled


def test_a_list_can_be_narrowed_by_state_and_words(editor: Client, fair: Fair) -> None:
    given(fair, "Åka båt")
    given(fair, "Paddla", state=State.DRAFT)

    def titles(query: str) -> list[str]:
        return [row.session.title for row in editor.get(f"{ROOT}program?{query}").context["rows"]]

    assert titles("") == ["Paddla", "Åka båt"]
    assert titles("state=draft") == ["Paddla"]
    assert titles("q=åka") == ["Åka båt"]
    assert titles("q=båt") == ["Åka båt"]
    assert titles("state=nej&page=x&q=%00") == ["Paddla", "Åka båt"]
    assert titles("page=99999999999") == ["Paddla", "Åka båt"]


# Reading in

HEADING = "id;rubrik;datum;börjar;slutar;plats\r\n"


def upload(client: Client, text: str, name: str = "program.csv") -> Any:
    return client.post(f"{ROOT}las-in", {"file": SimpleUploadedFile(name, text.encode("utf-8-sig"))})


def test_a_file_is_looked_over_and_then_taken_in_by_a_button(editor: Client, fair: Fair) -> None:
    seen = upload(editor, HEADING + "bat-1;Åka båt;2027-06-01;9.30;10.30;Kajen\r\n")

    assert seen.status_code == 200
    assert [line.title for line in seen.context["seen"].created] == ["Åka båt"]
    assert "Kajen" in seen.text
    assert Session.objects.count() == 0
    done = editor.post(f"{ROOT}las-in", {"reading": seen.context["packed"]}, follow=True)
    assert "1 nya" in done.text
    assert Session.objects.get().occasions.get().starts_at == at(9.5)
    again = upload(editor, HEADING + "bat-1;Åka båt;2027-06-01;9.30;10.30;Kajen\r\n")
    assert "Filen säger samma sak som programmet" in again.text


def test_errors_are_told_by_row_and_column_and_nothing_is_taken_in(editor: Client, fair: Fair) -> None:
    seen = upload(
        editor,
        HEADING + "a;Åka båt;2027-06-01;9.30;10.30;Kajen\r\nb;Paddla;2027-06-31;25.00;10.30;Kajen\r\n",
    )

    assert seen.status_code == 422
    assert {(fault.row, fault.column) for fault in seen.context["seen"].errors} >= {(3, "datum"), (3, "börjar")}
    refused = editor.post(f"{ROOT}las-in", {"reading": seen.context["packed"]})
    assert refused.status_code == 422
    assert Session.objects.count() == 0
    editor.post(f"{ROOT}las-in", {"reading": seen.context["packed"], "skip_faulty": "on"})
    assert Session.objects.get().title == "Åka båt"


@pytest.mark.parametrize(
    "data",
    [
        {}, {"address": "inte en adress"}, {"address": "http://127.0.0.1:1/hemligt"}, {"reading": "gissat"},
        {"reading": ""},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(editor: Client, fair: Fair, data: dict[str, str]) -> None:
    assert editor.post(f"{ROOT}las-in", data).status_code == 422


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02", b"PK\x03\x04trasig", b"<html>", b"BEGIN:VCALENDAR", b"{", b"a;b\n1;2\n"]
)
def test_an_odd_file_is_refused_with_a_sentence(editor: Client, fair: Fair, content: bytes) -> None:
    answer = editor.post(f"{ROOT}las-in", {"file": SimpleUploadedFile("x.xlsx", content)})

    assert answer.status_code == 422
    assert 'class="error"' in answer.text or "notice problem" in answer.text


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_template_can_be_read_in_as_it_is(editor: Client, kind: str) -> None:
    make.fair(first_on=date(2027, 5, 30), last_on=date(2027, 7, 3))
    # What the row that shows how speaks of.
    for name in ("Teknik", "Fysik"):
        people.subject(name)
    template = editor.get(f"{ROOT}las-in/mall.{kind}")

    seen = editor.post(f"{ROOT}las-in", {"file": SimpleUploadedFile(f"mall.{kind}", template.content)})

    assert seen.context["seen"].errors == ()
    assert len(seen.context["seen"].created) == 1


# Messages


def test_a_message_is_looked_at_and_then_sent_once(editor: Client, fair: Fair) -> None:
    occasion = given(fair, venue=make.venue(fair, "Kajen")).occasions.get()
    planned(occasion, label="8B")
    planned(occasion, label="9C")
    form = {
        "token": str(uuid.uuid4()), "on": "2027-06-01", "venue": "", "occasion": "", "subject": "Storm",
        "text": "Det blåser.\n\nKom inte.",
    }  # fmt: skip

    seen = editor.post(f"{ROOT}meddelande", form)

    assert "Det går till 2 lärare." in seen.text
    assert seen.context["mail"].subject == "Storm"
    assert "Kom inte." in seen.context["mail"].text
    assert OutgoingMail.objects.count() == 0
    for _ in range(2):
        sent = editor.post(f"{ROOT}meddelande", {**form, "step": "send"}, follow=True)
    assert "på väg till 2 lärare" in sent.text
    assert (FairMessage.objects.count(), OutgoingMail.objects.count()) == (1, 2)


@pytest.mark.parametrize("step", ["", "send"])
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"on": ""}, "on"), ({"on": "2026-01-01"}, "on"), ({"on": "x"}, "on"), ({"subject": ""}, "subject"),
        ({"text": " "}, "text"), ({"token": "x"}, "token"), ({"venue": "9" * 30}, "venue"),
        ({"occasion": "999999"}, "occasion"), ({"text": "a" * 4001}, "text"),
    ],
)  # fmt: skip
def test_a_message_that_lacks_something_is_not_sent(
    editor: Client, fair: Fair, changed: dict[str, str], field: str, step: str
) -> None:
    planned(given(fair).occasions.get())
    form = {"token": str(uuid.uuid4()), "on": "2027-06-01", "subject": "Storm", "text": "Nu.", "step": step, **changed}

    answer = editor.post(f"{ROOT}meddelande", form)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert OutgoingMail.objects.count() == 0


def test_a_message_that_nobody_would_get_says_so(editor: Client, fair: Fair) -> None:
    form = {"token": str(uuid.uuid4()), "on": "2027-06-02", "subject": "Storm", "text": "Nu."}

    assert "ingen att skriva till" in editor.post(f"{ROOT}meddelande", form).text
    assert editor.post(f"{ROOT}meddelande", {**form, "step": "send"}).status_code == 422


def test_a_message_about_one_time_begins_from_that_time(editor: Client, fair: Fair) -> None:
    occasion = given(fair, "Åka båt").occasions.get()

    page = editor.get(f"{ROOT}meddelande?occasion={occasion.pk}").text

    assert "Till klasser med Åka båt, tisdag 1 juni 10.00." in page
    assert editor.get(f"{ROOT}meddelande?occasion={'9' * 30}&on=x&venue=y").status_code == 200


# Places


def test_walks_are_written_down_and_wrong_ones_kept_to_be_mended(editor: Client, fair: Fair) -> None:
    here, there, third = make.venue(fair, "A"), make.venue(fair, "B"), make.venue(fair, "C")
    path = f"{ROOT}platser/{here.pk}/vagar"

    refused = editor.post(path, {f"foot-{there.pk}": "12", f"foot-{third.pk}": "tolv"})
    assert refused.status_code == 422
    assert 'value="tolv"' in refused.text
    assert 'value="12"' in refused.text
    assert Walk.objects.count() == 0
    editor.post(path, {f"foot-{there.pk}": "12", f"foot-{third.pk}": "", "foot-999": "3", "foot-x": "3"})

    assert [(walk.start, walk.end, walk.minutes) for walk in Walk.objects.all()] == [(here, there, 12)]
    assert 'value="12"' in editor.get(f"{ROOT}platser/{there.pk}/vagar").text


def test_a_position_is_corrected(editor: Client, fair: Fair) -> None:
    venue = make.venue(fair, "Kajen")
    path = f"{ROOT}platser/{venue.pk}"
    form = editor.get(path).context["form"]
    data = {name: form[name].value() or "" for name in form.fields if form[name].value()}

    editor.post(path, {**data, "latitude": "56.05", "longitude": "12.7", "position_is_approximate": ""})

    venue.refresh_from_db()
    assert (venue.position, venue.position_is_approximate) == ((56.05, 12.7), False)
    for wrong in ({"latitude": "12.7", "longitude": "56.05"}, {"latitude": ""}, {"latitude": "nan"}, {"name": ""}):
        assert editor.post(path, {**data, **wrong}).status_code == 422
    assert editor.post(f"{ROOT}platser/{make.venue(make.fair()).pk}", data).status_code in (302, 404)
