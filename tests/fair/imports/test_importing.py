"""Taking a programme in: told apart, looked over, all or nothing, again and again."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as generated
from hypothesis import strategies as st

from accounts import factories as people
from bryggan.accounts.models import User
from bryggan.common.fetching import BadAddress
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.common.safe_html import line
from bryggan.fair.imports import importing, sheet_writing
from bryggan.fair.imports.importing import HasErrors, Outcome
from bryggan.fair.imports.remote import NotReadable
from bryggan.fair.models import Area, Booking, Fair, Occasion, OpeningHours, Session, Venue
from bryggan.fair.seating import seats
from bryggan.fair.supply import NotAllowed
from fair import factories as given
from fair.factories import DAY, at
from initiatives.doubles import written_statements

pytestmark = pytest.mark.django_db

HEADINGS = "id;rubrik;datum;börjar;slutar;tid-id;plats;platser"


@pytest.fixture
def fair() -> Fair:
    return given.fair()


@pytest.fixture
def editor() -> User:
    return people.editor()


def table(*rows: str, headings: str = HEADINGS) -> bytes:
    return "\n".join((headings, *rows)).encode()


def take_in(fair: Fair, data: bytes, **how: Any) -> Outcome:
    return importing.take_in(fair, importing.read(data, fair=fair), **{"by": "test", **how})


def numbers(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.created, outcome.updated, outcome.unchanged, outcome.cancelled


ROWS = ("bro;Bygg en bro;2027-06-01;9.30;10.15;ett;Dockan;30", "hav;Känn på havet;2027-06-01;9;15;;Havoteket;")


def test_formats_are_told_apart_by_content(fair: Fair) -> None:
    calendar = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nSUMMARY:A\nDTSTART:20270601T100000\nDURATION:PT1H\nEND:VEVENT\n"
    event = {"@type": "Event", "@id": "a", "name": "A", "startDate": "2027-06-01T10:00", "endDate": "2027-06-01T11:00"}
    files = {
        "spreadsheet": [table(*ROWS), sheet_writing.template_xlsx()],
        "calendar": [calendar + b"END:VCALENDAR\n"],
        "schema.org": [json.dumps(event).encode(), b"\xef\xbb\xbf \n" + json.dumps([event]).encode()],
    }

    found = {name: {importing.read(data, fair=fair).format for data in each} for name, each in files.items()}

    assert found == {name: {name} for name in files}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "tom"),
        (b"  \n", "tom"),
        (b"<!doctype html><html></html>", "webbsida"),
        (b"\xd0\xcf\x11\xe0old", "äldre slag"),
        (b"x" * (importing.LARGEST_FILE + 1), "5 MB"),
    ],
)
def test_other_files_are_refused_in_words(fair: Fair, data: bytes, words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        importing.read(data, fair=fair)


def test_a_programme_goes_in_with_places_times_and_booking_times(fair: Fair, editor: User) -> None:
    outcome = take_in(fair, table(*ROWS), by=editor)

    assert outcome == Outcome("spreadsheet", 2, 2, 2, created=2, updated=0, unchanged=0, cancelled=0)
    session = Session.objects.get(remote_id="bro")
    occasion = session.occasions.get()
    assert (session.state, session.origin, session.minutes, session.capacity) == ("published", "spreadsheet", 45, 30)
    assert (occasion.starts_at, occasion.capacity, occasion.remote_id) == (at(9.5), 30, "ett")
    assert occasion.booking_closes_at == occasion.starts_at - timedelta(hours=24)
    assert session.venue
    assert session.venue.name == "Dockan"
    assert AuditEntry.objects.get(verb="imported a fair programme").by == editor


def test_the_same_file_again_writes_nothing(fair: Fair) -> None:
    take_in(fair, table(*ROWS))

    with written_statements() as written:
        outcome = take_in(fair, table(*reversed(ROWS)))

    assert written == {}
    assert numbers(outcome) == (0, 0, 2, 0)


def test_any_error_and_nothing_is_changed(fair: Fair) -> None:
    with pytest.raises(HasErrors) as refused:
        take_in(fair, table(*ROWS, "c;C;2027-08-01;9;10;;;", "d;D;2027-06-01;9;9;;;"))

    assert [(one.row, one.column, one.message) for one in refused.value.preview.errors] == [
        (4, "börjar", "Dagen 2027-08-01 hör inte till mässan."),
        (5, "slutar", "Slutar innan den börjar, eller samtidigt."),
    ]
    assert not Session.objects.exists()
    assert not Venue.objects.exists()
    assert not AuditEntry.objects.exists()


def test_sessions_with_errors_can_be_left_out_whole(fair: Fair) -> None:
    rows = (*ROWS, "c;C;2027-06-01;9;10;;;", "c;C;2027-08-01;9;10;;;")

    outcome = take_in(fair, table(*rows), skip_faulty=True)

    assert set(Session.objects.values_list("remote_id", flat=True)) == {"bro", "hav"}
    assert (outcome.created, len(outcome.errors)) == (2, 1)


def test_a_preview_says_what_would_change_and_writes_nothing(fair: Fair) -> None:
    take_in(fair, table(*ROWS))
    occasion = Occasion.objects.get(remote_id="ett")
    given.stop(given.itinerary(fair, given.school_class()), occasion)
    data = table("bro;Bygg en bro;2027-06-01;10;10.45;ett;Dockan;25", "ny;Nytt;2027-06-02;9;10;;Torget;")

    with written_statements() as written:
        seen = importing.preview(fair, importing.read(data, fair=fair))

    assert written == {}
    (updated,) = seen.updated
    assert (updated.remote_id, updated.classes) == ("bro", 1)
    assert updated.changes == (
        "Antal platser: förut 30, nu 25.",
        "Tiden tisdag 1 juni 9.30–10.15 blir tisdag 1 juni 10.00–10.45.",
    )
    assert [line.remote_id for line in seen.created] == ["ny"]
    assert [(line.remote_id, line.changes) for line in seen.gone] == [("hav", ("Finns inte i filen.",))]
    assert seen.new_venues == ("Torget",)
    assert [one.message for one in seen.warnings] == [
        "Platsen har inget läge. Vi kan inte räkna ut promenaden dit.",
        "Platsen har inget läge. Vi kan inte räkna ut promenaden dit.",
    ]


def test_a_moved_time_moves_its_stops_and_is_told_in_one_letter_for_the_whole_import(fair: Fair) -> None:
    take_in(fair, table(*ROWS, "bro;;2027-06-02;9.30;10.15;två;;"))
    teacher = people.teacher()
    school_class = given.school_class()
    school_class.teachers.add(teacher)
    itinerary = given.itinerary(fair, school_class)
    first = given.stop(itinerary, Occasion.objects.get(remote_id="ett"))
    second = given.stop(itinerary, Occasion.objects.get(remote_id="två"))

    take_in(
        fair,
        table("bro;Bygg en bro;2027-06-01;10;10.45;ett;Dockan;30", "bro;;2027-06-02;11;11.45;två;;", ROWS[1]),
    )

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.starts_at, second.starts_at) == (at(10), at(11, DAY + timedelta(days=1)))
    mail = OutgoingMail.objects.get(to=teacher.email)
    assert "Ny tid: tisdag 1 juni 10.00–10.45. Förut tisdag 1 juni 9.30–10.15." in mail.text
    assert "onsdag 2 juni 11.00–11.45" in mail.text


def test_what_a_file_lacks_is_cancelled_only_when_asked(fair: Fair) -> None:
    take_in(fair, table(*ROWS, "bro;;2027-06-02;9.30;10.15;två;;"))

    kept = take_in(fair, table(ROWS[0]))
    assert numbers(kept) == (0, 0, 1, 0)
    assert Session.objects.get(remote_id="hav").state == "published"

    cancelled = take_in(fair, table(ROWS[0]), cancel_gone=True)
    assert cancelled.cancelled == 1
    assert Session.objects.get(remote_id="hav").state == "cancelled"
    assert Occasion.objects.get(remote_id="två").cancelled_at is not None
    assert Occasion.objects.get(remote_id="ett").cancelled_at is None

    with written_statements() as written:
        take_in(fair, table(ROWS[0]), cancel_gone=True)

    assert written == {}


def test_sessions_of_other_origins_are_never_gone(fair: Fair) -> None:
    given.session(fair, "För hand")
    given.session(fair, "Ur en kalender", origin="calendar")

    seen = importing.preview(fair, importing.read(table(*ROWS), fair=fair))

    assert seen.gone == ()


def test_cancelled_in_the_file_ends_seats_and_comes_back_by_hand_only(fair: Fair) -> None:
    headings = HEADINGS + ";läge"
    take_in(fair, table(ROWS[0] + ";", headings=headings))
    occasion = Occasion.objects.get()
    school_class = given.school_class()
    booking = seats.book(occasion=occasion, school_class=school_class, by=people.teacher())

    take_in(fair, table(ROWS[0] + ";inställd", headings=headings))
    again = importing.preview(fair, importing.read(table(ROWS[0] + ";publicerad", headings=headings), fair=fair))

    booking.refresh_from_db()
    assert (booking.state, booking.end) == (Booking.State.ENDED, Booking.End.CANCELLED_BY_HOST)
    assert Session.objects.get().state == "cancelled"
    assert "Är inställd här och förblir det." in again.warnings[0].message


def test_seats_that_classes_have_are_never_lost_silently(fair: Fair) -> None:
    take_in(fair, table(*ROWS))
    occasion = Occasion.objects.get(remote_id="ett")
    seats.book(occasion=occasion, school_class=given.school_class(pupils=20, adults=2), by=people.teacher())

    with pytest.raises(HasErrors) as fewer:
        take_in(
            fair,
            table("bro;Bygg en bro;2027-06-01;9.30;10.15;ett;Dockan;30;10", headings=HEADINGS + ";platser den tiden"),
        )
    with pytest.raises(HasErrors) as other_unit:
        take_in(
            fair,
            table("bro;Bygg en bro;2027-06-01;9.30;10.15;ett;Dockan;30;grupper", headings=HEADINGS + ";räknas i"),
        )

    assert "22 som klasser redan har" in fewer.value.preview.errors[0].message
    assert other_unit.value.preview.errors[0].column == "räknas i"


def test_fewer_seats_for_the_whole_session_than_are_taken_is_an_error_too(fair: Fair) -> None:
    take_in(fair, table(*ROWS))
    occasion = Occasion.objects.get(remote_id="ett")
    seats.book(occasion=occasion, school_class=given.school_class(pupils=20, adults=2), by=people.teacher())

    with pytest.raises(HasErrors):
        take_in(fair, table("bro;Bygg en bro;2027-06-01;9.30;10.15;ett;Dockan;10", ROWS[1]))

    assert Occasion.objects.get(remote_id="ett").capacity == 30


def test_what_people_changed_stays_while_the_file_says_the_same(fair: Fair) -> None:
    take_in(fair, table(*ROWS))
    Session.objects.filter(remote_id="bro").update(title="Bättre rubrik")
    Venue.objects.filter(name="Dockan").update(latitude=56.1, longitude=12.7)

    take_in(fair, table(*ROWS))

    assert Session.objects.get(remote_id="bro").title == "Bättre rubrik"
    assert Venue.objects.get(name="Dockan").position == (56.1, 12.7)


def test_places_are_known_by_name_filled_where_empty_and_never_moved(fair: Fair) -> None:
    area = Area.objects.create(fair=fair, slug="oceanhamnen", name="Oceanhamnen")
    known = given.venue(fair, "Dockan", latitude=56.0, longitude=12.0, area=area)
    blank = given.venue(fair, "Kajen", latitude=None, longitude=None)
    headings = "id;rubrik;datum;börjar;slutar;plats;område;latitud;longitud"

    take_in(
        fair,
        table(
            "a;A;2027-06-01;9;10;  DOCKAN ;oceanhamnen;56,5;12,5",
            "b;B;2027-06-01;9;10;Kajen;;56,0367;12,6947",
            "c;C;2027-06-01;9;10;Torget;Oceanhamnen;;",
            headings=headings,
        ),
    )

    known.refresh_from_db()
    blank.refresh_from_db()
    assert known.position == (56.0, 12.0)
    assert blank.position == (56.0367, 12.6947)
    assert Venue.objects.get(name="Torget").area == area
    assert Venue.objects.count() == 3
    assert Area.objects.count() == 1


def test_references_are_found_by_name_and_unknown_ones_told_by_column(fair: Fair) -> None:
    subject = people.subject("Teknik")
    programme = people.programme()
    department = people.department("Hamnbolaget")
    headings = "id;rubrik;datum;börjar;slutar;skolformer;ämnen;program;förvaltning;företag;initiativ"
    good = "a;A;2027-06-01;9;10;grundskola;teknik;TE25;hamnbolaget;;"

    take_in(fair, table(good, headings=headings))
    with pytest.raises(HasErrors) as refused:
        take_in(fair, table("b;B;2027-06-01;9;10;;Trolldom;XX;Ingen;Inget;999", headings=headings))

    session = Session.objects.get()
    assert list(session.subjects.all()) == [subject]
    assert list(session.programmes.all()) == [programme]
    assert session.department == department
    assert [one.column for one in refused.value.preview.errors] == [
        "företag",
        "förvaltning",
        "initiativ",
        "program",
        "ämnen",
    ]


def test_all_day_events_get_the_opening_hours_of_their_place(fair: Fair) -> None:
    venue = given.venue(fair, "Parken")
    OpeningHours.objects.create(
        venue=venue, first_on=fair.first_on, last_on=fair.last_on, opens=time(10), closes=time(16)
    )
    event = b"BEGIN:VEVENT\nUID:%s\nSUMMARY:A\nDTSTART;VALUE=DATE:20270601\nLOCATION:%s\nEND:VEVENT\n"

    def calendar(uid: bytes, place: bytes) -> bytes:
        return b"BEGIN:VCALENDAR\nVERSION:2.0\n" + event % (uid, place) + b"END:VCALENDAR\n"

    take_in(fair, calendar(b"a", b"Parken"))
    with pytest.raises(HasErrors) as refused:
        take_in(fair, calendar(b"b", b"Torget"))

    occasion = Occasion.objects.get()
    assert (occasion.starts_at, occasion.ends_at) == (at(10), at(16))
    assert occasion.session.kind == "open"
    assert refused.value.preview.errors[0].column == "DTSTART"


def test_times_of_one_session_that_overlap_are_a_warning(fair: Fair) -> None:
    data = table("a;A;2027-06-01;9;10;;;", "a;;2027-06-01;9.45;10.30;;;", "a;;2027-06-01;10.30;11;;;")

    seen = importing.preview(fair, importing.read(data, fair=fair))

    assert [(one.row, one.message) for one in seen.warnings] == [(3, "Börjar innan tiden före har slutat.")]
    assert seen.errors == ()


def test_a_session_twice_in_one_file_is_an_error(fair: Fair) -> None:
    event = {"@type": "Event", "@id": "a", "name": "A", "startDate": "2027-06-01T10:00", "endDate": "2027-06-01T11:00"}

    seen = importing.preview(fair, importing.read(json.dumps([event, event]).encode(), fair=fair))

    assert [(one.row, one.column) for one in seen.errors] == [(2, "@id")]


def test_only_editors_import(fair: Fair) -> None:
    with pytest.raises(NotAllowed):
        take_in(fair, table(*ROWS), by=people.coordinator())


def test_a_packed_reading_is_the_same_and_nobody_elses(fair: Fair) -> None:
    data = table(*(row + ";2027-04-01 8.00;7-9" for row in ROWS), headings=HEADINGS + ";bokningen öppnar;årskurser")
    reading = importing.read(data, fair=fair)

    packed = importing.pack(reading)

    assert numbers(importing.take_in(fair, importing.unpack(packed), by="test")) == (2, 0, 0, 0)
    assert numbers(importing.take_in(fair, reading, by="test")) == (0, 0, 2, 0)
    for wrong in ("", "x", packed[:-2], packed.replace(packed[5], "A")):
        with pytest.raises(NotReadable):
            importing.unpack(wrong)


def test_private_addresses_are_not_asked_for_people() -> None:
    with pytest.raises(BadAddress):
        importing.fetch("http://127.0.0.1:9/program.ics")


def test_a_large_import_takes_as_many_statements_as_a_small_one_to_look_over(fair: Fair) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def statements(count: int) -> int:
        rows = (f"p{n};Punkt {n};2027-06-01;9;10;;Plats {n};30" for n in range(count))
        reading = importing.read(table(*rows), fair=fair)
        with CaptureQueriesContext(connection) as asked:
            importing.preview(fair, reading)
        return len(asked)

    assert statements(1) == statements(50)


words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30).map(line)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@generated(
    sessions=st.lists(
        st.tuples(
            words.filter(bool),
            words,
            st.integers(0, 34),
            st.integers(0, 22 * 60),
            st.integers(1, 119),
            st.none() | st.integers(1, 500),
            st.sets(st.integers(1, 9)),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_an_export_read_back_changes_nothing(fair: Fair, sessions: list[Any]) -> None:
    Session.objects.all().delete()
    for title, summary, days, minute, minutes, capacity, years, is_open in sessions:
        made = given.session(
            fair,
            title,
            summary=summary,
            minutes=minutes,
            capacity=capacity,
            school_years=sorted(years),
            school_forms=["GR"] if years else [],
            kind="open" if is_open else "fixed",
            languages=["sv", "swl"],
        )
        given.occasion(made, at(minute / 60, fair.first_on + timedelta(days=days)))

    for write in (sheet_writing.export_csv, sheet_writing.export_xlsx):
        reading = importing.read(write(fair), fair=fair)
        seen = importing.preview(fair, reading)

        assert (seen.errors, seen.created, seen.updated) == ((), (), ())
        assert seen.unchanged == len(sessions)
