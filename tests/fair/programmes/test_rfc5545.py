"""Calendars as text, read back by parsers that did not write them: icalendar, and dateutil for the time zone."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import icalendar
import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from bryggan.fair.programmes import rfc5545
from bryggan.fair.programmes.rfc5545 import STOCKHOLM, Entry

BEGINS = datetime(2027, 6, 1, 9, 30, tzinfo=STOCKHOLM)


def entry(**fields: object) -> Entry:
    made = {
        "uid": "1@example.org",
        "sequence": 0,
        "changed_at": datetime(2027, 5, 1, 12, 0, tzinfo=UTC),
        "begins": BEGINS,
        "ends": BEGINS + timedelta(hours=1),
        "summary": "Programpunkt",
        **fields,
    }
    return Entry(**made)  # type: ignore[arg-type]


def written(*entries: Entry, name: str = "Vårt program") -> bytes:
    return rfc5545.written(name, entries, refresh_minutes=60, link="https://example.org/delad/x")


def read(text: bytes) -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(text)


def logical_lines(text: bytes) -> list[str]:
    """Unfolded as RFC 5545 says, with nothing of ours or of a library."""
    return text.decode().replace("\r\n ", "").split("\r\n")[:-1]


def test_an_entry_comes_back_whole() -> None:
    text = written(
        entry(
            sequence=3,
            description="Första raden\nAndra",
            location="Oceanhamnen, scen B",
            position=(56.0437, 12.6945),
            link="https://example.org/delad/x#stopp-1",
        )
    )

    [event] = read(text).walk("VEVENT")
    assert event["UID"] == "1@example.org"
    assert event["SEQUENCE"] == 3
    assert event["SUMMARY"] == "Programpunkt"
    assert event["DESCRIPTION"] == "Första raden\nAndra"
    assert event["LOCATION"] == "Oceanhamnen, scen B"
    assert (event["GEO"].latitude, event["GEO"].longitude) == (56.0437, 12.6945)
    assert event["URL"] == "https://example.org/delad/x#stopp-1"
    assert event["STATUS"] == "CONFIRMED"
    assert event.decoded("DTSTAMP") == event.decoded("LAST-MODIFIED") == datetime(2027, 5, 1, 12, 0, tzinfo=UTC)


def test_the_calendar_tells_its_name_and_how_often_to_look_again() -> None:
    text = written(name="8B, på mässan; åk 8")

    calendar = read(text)

    assert calendar["VERSION"] == "2.0"
    for name in ("NAME", "X-WR-CALNAME"):
        assert rf"{name}:8B\, på mässan\; åk 8" in logical_lines(text)
    assert calendar.decoded("REFRESH-INTERVAL") == timedelta(hours=1)


def test_what_is_cancelled_says_so_and_takes_no_time() -> None:
    [event] = read(written(entry(is_cancelled=True))).walk("VEVENT")

    assert (event["STATUS"], event["TRANSP"]) == ("CANCELLED", "TRANSPARENT")


@pytest.mark.parametrize(
    ("begins", "local", "offset"),
    [
        (datetime(2027, 6, 1, 7, 30, tzinfo=UTC), "20270601T093000", 2),
        (datetime(2027, 1, 12, 8, 30, tzinfo=UTC), "20270112T093000", 1),
        # Just before and after the clocks are put forward, and back.
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), "20270328T013000", 1),
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "20270328T033000", 2),
        (datetime(2027, 10, 31, 2, 30, tzinfo=UTC), "20271031T033000", 1),
        # A stop over midnight of a year.
        (datetime(2027, 12, 31, 22, 45, tzinfo=UTC), "20271231T234500", 1),
    ],
)
def test_times_are_local_in_summer_and_in_winter_for_both_parsers(begins: datetime, local: str, offset: int) -> None:
    text = written(entry(begins=begins, ends=begins + timedelta(minutes=40)))

    assert "DTSTART;TZID=Europe/Stockholm:" + local in logical_lines(text)
    [event] = read(text).walk("VEVENT")
    assert event.decoded("DTSTART") == begins
    assert event.decoded("DTSTART").utcoffset() == timedelta(hours=offset)
    assert event.decoded("DTEND").astimezone(UTC) == begins + timedelta(minutes=40)
    # dateutil knows no zone but the one that stands in the file.
    zone = tz.tzical(io.StringIO(text.decode())).get("Europe/Stockholm")
    assert datetime.strptime(local, "%Y%m%dT%H%M%S").replace(tzinfo=zone).utcoffset() == timedelta(hours=offset)


def test_the_time_zone_in_the_file_is_that_of_the_city_every_day_for_years() -> None:
    zone = tz.tzical(io.StringIO(written().decode())).get("Europe/Stockholm")

    wrong = [
        moment
        for day in range(0, 15 * 365)
        for moment in [datetime(2024, 1, 1, 12) + timedelta(days=day)]
        if moment.replace(tzinfo=zone).utcoffset() != moment.replace(tzinfo=STOCKHOLM).utcoffset()
    ]

    assert wrong == []


def test_the_time_zone_comes_whole_and_is_the_only_one_named() -> None:
    text = written(entry()).decode()

    assert text.count("BEGIN:VTIMEZONE") == 1
    assert text.index("END:VTIMEZONE") < text.index("BEGIN:VEVENT")
    assert {line.partition("TZID=")[2].partition(":")[0] for line in text.splitlines() if "TZID=" in line} == {
        "Europe/Stockholm"
    }


TEXTS = [
    "Åäö, ÅÄÖ; é",
    "komma, semikolon; snedstreck \\ och \\n som är text",
    "rad\nrad två\r\nrad tre\rrad fyra",
    "🎉" * 40,
    "👩‍👩‍👧‍👦 familj " * 12,
    "å" * 200,
    "x" * 76,
    "BEGIN:VEVENT\r\nEND:VCALENDAR",
    '"citat" : kolon = lika',
    "\ttabb",
]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    [event] = read(written(entry(summary=text, description=text, location=text))).walk("VEVENT")

    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert (event["SUMMARY"], event["DESCRIPTION"], event["LOCATION"]) == (plain, plain, plain)


# Ends of lines of all kinds become "\n", and characters that may not stand in a calendar are left out.
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.just("\n"), min_size=1, max_size=300))
def test_generated_texts_come_back_and_no_line_is_too_long(text: str) -> None:
    written_text = written(entry(summary=text))

    [event] = read(written_text).walk("VEVENT")
    assert str(event["SUMMARY"]) == text
    assert max(len(line) for line in written_text.split(b"\r\n")) <= 75


@given(st.text(max_size=400))
def test_whatever_comes_the_calendar_can_be_read_and_has_one_entry(text: str) -> None:
    again = written(entry(summary=text, description=text, location=text), name=text)

    assert len(read(again).walk("VEVENT")) == 1
    assert again.count(b"\r\nBEGIN:VEVENT\r\n") == 1
    assert b"\n" not in again.replace(b"\r\n", b"")


def test_a_line_is_never_folded_inside_a_letter() -> None:
    for length in range(60, 90):
        pieces = rfc5545.folded("å" * length).encode().split(b"\r\n")

        assert all(piece.decode() and len(piece) <= 75 for piece in pieces)
        assert all(piece.startswith(b" ") for _first, piece in pairwise(pieces))


def test_the_same_entries_give_the_same_octets() -> None:
    assert written(entry(), entry(uid="2@example.org")) == written(entry(), entry(uid="2@example.org"))
