"""Calendars as other systems write them: whole, by hand, broken and hostile."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bryggan.fair.imports import icalendar_feed
from bryggan.fair.imports.remote import NotReadable, Reading
from bryggan.fair.local_times import local

DAYS = (date(2027, 5, 30), date(2027, 7, 3))


def calendar(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//prov//SV\n{body}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def read(*events: str) -> Reading:
    return icalendar_feed.read(calendar(*events), DAYS)


def told(reading: Reading) -> list[tuple[int, str]]:
    return [(fault.row, fault.column) for fault in reading.faults]


def starts(reading: Reading) -> list[str]:
    return [
        f"{local(one.starts_at):%m-%d %H.%M}" for one in reading.sessions[0].occasions if one.starts_at is not None
    ]


def test_an_event_is_a_session_with_one_time() -> None:
    reading = read(
        "UID:bro@example.org\nDTSTART;TZID=Europe/Stockholm:20270601T093000\nDTEND;TZID=Europe/Stockholm:20270601T101500\n"
        "SUMMARY:Bygg en bro\\, igen\nDESCRIPTION:Första raden\\nandra\nLOCATION:Dockanparken\\, Redaregatan 1\n"
        "GEO:56.0359;12.6961\nURL:https://example.org/bro\nORGANIZER;CN=Hamnbolaget:mailto:hamn@example.org"
    )

    (session,) = reading.sessions
    assert (session.remote_id, session.title, session.state) == ("bro@example.org", "Bygg en bro, igen", "published")
    assert session.columns == {
        "kind": "fixed",
        "minutes": 45,
        "description": "Första raden\nandra",
        "organiser": "Hamnbolaget",
        "link": "https://example.org/bro",
    }
    assert session.venue
    assert (session.venue.name, session.venue.address, session.venue.latitude) == (
        "Dockanparken",
        "Redaregatan 1",
        56.0359,
    )
    (occasion,) = session.occasions
    assert (occasion.remote_id, occasion.starts_at) == ("1", datetime(2027, 6, 1, 7, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "start",
    [
        "DTSTART:20270601T100000",
        "DTSTART:20270601T080000Z",
        "DTSTART;TZID=Europe/London:20270601T090000",
        "DTSTART;TZID=W. Europe Standard Time:20270601T100000",
    ],
    ids=["floating", "UTC", "another zone", "a zone of Windows"],
)
def test_times_mean_the_same_moment_however_they_are_written(start: str) -> None:
    reading = read(f"UID:a\nSUMMARY:A\n{start}\nDURATION:PT45M")

    assert starts(reading) == ["06-01 10.00"]


def test_an_unknown_zone_is_refused_for_that_event_alone() -> None:
    reading = read(
        "UID:a\nSUMMARY:A\nDTSTART;TZID=Mars/Olympus:20270601T100000\nDURATION:PT1H",
        "UID:b\nSUMMARY:B\nDTSTART:20270601T100000\nDURATION:PT1H",
    )

    assert [session.remote_id for session in reading.sessions] == ["b"]
    (fault,) = reading.faults
    assert (fault.row, fault.column, fault.session_id) == (1, "DTSTART", "a")
    assert fault.message == "Tidszonen ”Mars/Olympus” är okänd."


def test_a_repetition_keeps_its_local_time_and_stays_within_the_fair() -> None:
    reading = read(
        "UID:a\nSUMMARY:A\nDTSTART;TZID=Europe/Stockholm:20270105T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=TU,TH"
    )

    assert starts(reading)[:3] == ["06-01 10.00", "06-03 10.00", "06-08 10.00"]
    assert len(starts(reading)) == 10
    assert reading.sessions[0].occasions[0].remote_id == "2027-06-01T10.00"


def test_a_repetition_has_its_count_end_exceptions_and_additions() -> None:
    reading = read(
        "UID:a\nSUMMARY:A\nDTSTART:20270531T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\n"
        "EXDATE:20270601T100000\nRDATE:20270610T140000",
    )
    until = read(
        "UID:a\nSUMMARY:A\nDTSTART:20270531T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20270602T080000Z",
    )

    assert starts(reading) == ["05-31 10.00", "06-02 10.00", "06-03 10.00", "06-10 14.00"]
    assert starts(until) == ["05-31 10.00", "06-01 10.00", "06-02 10.00"]


def test_a_moved_and_a_cancelled_repetition_keep_the_id_of_when_they_were_to_be() -> None:
    reading = read(
        "UID:a\nSUMMARY:A\nDTSTART:20270531T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3",
        "UID:a\nSUMMARY:A\nRECURRENCE-ID:20270601T100000\nDTSTART:20270601T130000\nDURATION:PT1H",
        "UID:a\nSUMMARY:A\nRECURRENCE-ID:20270602T100000\nDTSTART:20270602T100000\nDURATION:PT1H\nSTATUS:CANCELLED",
    )

    (session,) = reading.sessions
    assert [(one.remote_id, one.is_cancelled) for one in session.occasions] == [
        ("2027-05-31T10.00", False),
        ("2027-06-01T10.00", False),
        ("2027-06-02T10.00", True),
    ]
    assert starts(reading)[1] == "06-01 13.00"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2",
        "FREQ=YEARLY;BYEASTER=0",
        "COUNT=3",
        "FREQ=DAILY;BYDAY=XX",
    ],
)
def test_rules_that_are_wild_or_wrong_are_refused(rule: str) -> None:
    reading = read(f"UID:a\nSUMMARY:A\nDTSTART:20270531T100000\nDURATION:PT1H\nRRULE:{rule}")

    assert reading.sessions == ()
    assert len(reading.faults) == 1


def test_a_rule_from_long_ago_is_refused_and_one_that_never_comes_ends() -> None:
    old = read("UID:a\nSUMMARY:A\nDTSTART:00010101T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY")
    never = read("UID:a\nSUMMARY:A\nDTSTART:20270531T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")

    assert told(old) == [(1, "DTSTART")]
    assert told(never) == [(0, "DTSTART")]


def test_what_lasts_all_day_is_open_hours_of_each_of_its_days() -> None:
    reading = read("UID:a\nSUMMARY:A\nDTSTART;VALUE=DATE:20270528\nDTEND;VALUE=DATE:20270602\nLOCATION:Parken")

    (session,) = reading.sessions
    assert session.columns["kind"] == "open"
    assert [one.all_day for one in session.occasions] == [date(2027, 5, 30), date(2027, 5, 31), date(2027, 6, 1)]


def test_over_midnight_is_one_time_of_the_day_it_begins() -> None:
    reading = read("UID:a\nSUMMARY:A\nDTSTART:20270601T220000\nDTEND:20270602T013000")

    assert starts(reading) == ["06-01 22.00"]
    assert reading.sessions[0].columns["minutes"] == 210


def test_a_night_without_that_time_is_told() -> None:
    reading = icalendar_feed.read(
        calendar("UID:a\nSUMMARY:A\nDTSTART:20270328T023000\nDURATION:PT1H"), (date(2027, 3, 1), date(2027, 3, 31))
    )

    assert told(reading) == [(1, "DTSTART")]


def test_events_outside_the_fair_are_left_out_and_said_so() -> None:
    reading = read(
        "UID:a\nSUMMARY:A\nDTSTART:20270601T100000\nDURATION:PT1H",
        "UID:b\nSUMMARY:B\nDTSTART:20270901T100000\nDURATION:PT1H",
    )

    assert [session.remote_id for session in reading.sessions] == ["a"]
    assert [(one.row, one.session_id) for one in reading.warnings] == [(2, "b")]


@pytest.mark.parametrize(
    ("event", "column"),
    [
        ("SUMMARY:A\nDTSTART:20270601T100000\nDURATION:PT1H", "UID"),
        ("UID:a\nSUMMARY:A", "DTSTART"),
        ("UID:a\nSUMMARY:A\nDTSTART:20270601T100000", "DTEND"),
        ("UID:a\nSUMMARY:A\nDTSTART:20270601T100000\nDTEND:nonsens", "DTEND"),
        ("UID:a\nSUMMARY:A\nDTSTART:20270601T100000\nDTEND;VALUE=DATE:20270602", "DTEND"),
        ("UID:a\nSUMMARY:A\nDTSTART;VALUE=DATE:20270602\nDTEND;VALUE=DATE:20270602", "DTEND"),
    ],
)
def test_events_that_lack_something_are_told_by_property(event: str, column: str) -> None:
    assert told(read(event)) == [(1, column)]


@pytest.mark.parametrize("data", [b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n", calendar()])
def test_a_cut_or_empty_calendar_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(NotReadable, match="Kalendern"):
        icalendar_feed.read(data, DAYS)


def test_a_contacts_address_is_not_taken_for_an_organiser() -> None:
    reading = read(
        "UID:a\nSUMMARY:A\nDTSTART:20270601T100000\nDURATION:PT1H\n"
        "ORGANIZER;CN=anna@example.org:mailto:anna@example.org"
    )

    assert reading.sessions[0].columns["organiser"] == ""


@given(st.text(max_size=200))
def test_no_text_in_an_event_brings_the_reader_down(text: str) -> None:
    lines = text.replace("\r", "\n").encode("utf-8", "ignore")
    data = calendar("UID:a\nSUMMARY:A\nDTSTART:20270601T100000\nDURATION:PT1H\nNOTHING:x").replace(b"NOTHING:x", lines)
    try:
        reading = icalendar_feed.read(data, DAYS)
    except NotReadable:
        return
    assert reading.rows >= 1
