"""schema.org Event documents in the shapes that sites publish them in."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bryggan.fair.imports import event_json
from bryggan.fair.imports.remote import NotReadable, Reading

DAYS = (date(2027, 5, 30), date(2027, 7, 3))
BRO = {
    "@context": "https://schema.org",
    "@type": "EducationEvent",
    "@id": "https://example.org/bro",
    "name": "Bygg en bro &amp; riv den",
    "startDate": "2027-06-01T10:00:00+02:00",
    "endDate": "2027-06-01T10:45",
}


def read(document: Any) -> Reading:
    return event_json.read(json.dumps(document).encode(), DAYS)


def told(reading: Reading) -> list[tuple[int, str]]:
    return [(fault.row, fault.column) for fault in reading.faults]


def test_an_event_says_when_where_what_it_costs_and_for_whom() -> None:
    reading = read(
        {
            **BRO,
            "description": "<p>Två <b>rader</b></p><p>text</p><script>x</script>",
            "location": {
                "@type": "Place",
                "name": "Dockanparken",
                "address": {"streetAddress": "Redaregatan 1", "addressLocality": "Helsingborg"},
                "geo": {"latitude": "56,0359", "longitude": 12.6961},
            },
            "organizer": [{"name": "Hamnbolaget"}],
            "maximumAttendeeCapacity": "30",
            "offers": {"price": "150.00", "priceCurrency": "SEK", "validFrom": "2027-04-01T08:00"},
            "typicalAgeRange": "13-16",
            "inLanguage": ["sv", "en-GB"],
            "url": "https://example.org/bro",
        }
    )

    (session,) = reading.sessions
    assert reading.faults == ()
    assert session.title == "Bygg en bro & riv den"
    assert session.columns == {
        "description": "Två rader\ntext",
        "organiser": "Hamnbolaget",
        "capacity": 30,
        "unit": "people",
        "languages": ["sv", "en"],
        "link": "https://example.org/bro",
        "school_forms": ["GR", "GY"],
        "school_years": [7, 8, 9],
        "cost": 150,
        "booking_opens_at": datetime(2027, 4, 1, 6, tzinfo=UTC),
        "kind": "fixed",
        "minutes": 45,
    }
    assert session.venue
    assert (session.venue.name, session.venue.address) == ("Dockanparken", "Redaregatan 1, Helsingborg")
    assert (session.venue.latitude, session.venue.longitude) == (56.0359, 12.6961)
    (occasion,) = session.occasions
    assert (occasion.starts_at, occasion.ends_at) == (
        datetime(2027, 6, 1, 8, tzinfo=UTC),
        datetime(2027, 6, 1, 8, 45, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "document",
    [
        BRO,
        [BRO],
        {"@graph": [{"@type": "WebPage", "name": "x"}, BRO]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": BRO}]},
    ],
    ids=["alone", "list", "graph", "list of items"],
)
def test_events_are_found_however_they_are_wrapped(document: Any) -> None:
    assert [session.remote_id for session in read(document).sessions] == ["https://example.org/bro"]


def sub(number: int, **more: Any) -> dict[str, Any]:
    return {
        "@type": "Event",
        "@id": f"https://example.org/bro#{number}",
        "startDate": f"2027-06-0{number}T10:00",
        "endDate": f"2027-06-0{number}T11:00",
        **more,
    }


def test_sub_events_without_a_name_of_their_own_are_its_times() -> None:
    parent = {"@type": "Event", "@id": "https://example.org/bro", "name": "Bygg en bro", "maximumAttendeeCapacity": 30}
    nested = read({**parent, "subEvent": [sub(1), sub(2, name="Bygg en bro", maximumAttendeeCapacity=20)]})
    from_below = read([parent, *(sub(n, superEvent={"@id": "https://example.org/bro"}) for n in (1, 2))])

    (session,) = nested.sessions
    assert [(one.remote_id, one.columns) for one in session.occasions] == [("1", {}), ("2", {"capacity": 20})]
    assert [one.remote_id for one in from_below.sessions[0].occasions] == ["1", "2"]
    assert len(from_below.sessions) == 1


def test_sub_events_with_names_are_sessions_that_inherit_place_and_organiser() -> None:
    reading = read(
        {
            "@type": "Festival",
            "@id": "f",
            "name": "Veckan",
            "location": "Parken",
            "organizer": {"name": "Staden"},
            "subEvent": [sub(1, name="Bro"), sub(2, name="Båt", location="Kajen")],
        }
    )

    assert [(one.title, one.venue.name if one.venue else "") for one in reading.sessions] == [
        ("Bro", "Parken"),
        ("Båt", "Kajen"),
    ]
    assert reading.sessions[0].columns["organiser"] == "Staden"


def test_events_that_name_each_other_in_a_ring_are_still_read_once() -> None:
    a = {**BRO, "@id": "a", "name": "A", "superEvent": {"@id": "b"}}
    b = {**BRO, "@id": "b", "name": "B", "superEvent": {"@id": "a"}}

    reading = read([a, b])

    assert sorted(session.remote_id for session in reading.sessions) in (["a", "b"], ["a"], ["b"])


def test_a_day_without_a_clock_waits_for_the_places_opening_hours() -> None:
    reading = read({**BRO, "startDate": "2027-06-01", "endDate": "2027-06-02"})

    assert [one.all_day for one in reading.sessions[0].occasions] == [date(2027, 6, 1), date(2027, 6, 2)]
    assert reading.sessions[0].columns["kind"] == "open"


def test_a_cancelled_or_postponed_event_is_cancelled() -> None:
    for status in ("https://schema.org/EventCancelled", "EventPostponed"):
        assert read({**BRO, "eventStatus": status}).sessions[0].state == "cancelled"


@pytest.mark.parametrize(
    ("said", "whom"),
    [
        ({"typicalAgeRange": "3-5"}, (["FS"], [])),
        ({"typicalAgeRange": "6"}, (["FKLASS"], [])),
        ({"typicalAgeRange": "16-"}, (["GY"], [])),
        ({"audience": {"suggestedMinAge": 10, "suggestedMaxAge": 12}}, (["GR"], [4, 5, 6])),
        ({"audience": {"audienceType": "förskola, förskoleklass"}}, (["FS", "FKLASS"], [])),
        ({"audience": {"audienceType": "åk 7-9"}}, (["GR"], [7, 8, 9])),
        ({"educationalLevel": "F-3"}, (["FKLASS", "GR"], [1, 2, 3])),
    ],
)
def test_ages_and_words_become_school_forms_and_years(said: Any, whom: Any) -> None:
    columns = read({**BRO, **said}).sessions[0].columns

    assert (columns["school_forms"], columns["school_years"]) == whom


def test_an_audience_that_nobody_understands_is_not_said() -> None:
    assert "school_forms" not in read({**BRO, "audience": {"audienceType": "alla nyfikna"}}).sessions[0].columns


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"@id": "", "name": "x"}, "@id"),
        ({"startDate": "i morgon"}, "startDate"),
        ({"startDate": None}, "startDate"),
        ({"endDate": None}, "endDate"),
        ({"startDate": "2027-06-01"}, "endDate"),
        ({"maximumAttendeeCapacity": -3}, "maximumAttendeeCapacity"),
        ({"startDate": "2026-06-01T10:00"}, "startDate"),
    ],
)
def test_what_is_wrong_is_told_by_property(said: Any, column: str) -> None:
    assert told(read({**BRO, **said})) == [(1, column)]


@pytest.mark.parametrize("data", [b"{", b'{"@type": "Person"}', b"[]", b'{"a": "\xff"}', b"[" * 100_000])
def test_what_holds_no_events_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(NotReadable, match="Filen"):
        event_json.read(data, DAYS)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    *BRO,
    "location",
    "organizer",
    "offers",
    "audience",
    "typicalAgeRange",
    "inLanguage",
    "subEvent",
    "superEvent",
    "duration",
    "eventStatus",
    "url",
    "description",
    "maximumAttendeeCapacity",
    "identifier",
    "educationalLevel",
]


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6))
def test_no_value_in_an_event_brings_the_reader_down(said: dict[str, Any]) -> None:
    reading = read([{**BRO, **said, "@type": "Event"}])

    assert reading.rows >= 1
