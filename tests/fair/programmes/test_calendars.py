"""The calendar of a shared programme: what is in it, what stays in it, and when it has changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import factories as people
from bryggan.fair.models import Itinerary, Occasion, ShareLink, State, Stop, Venue
from bryggan.fair.programmes import sharing
from bryggan.fair.programmes.calendars import ItineraryCalendar, calendar_of
from fair import factories as make
from fair.factories import at

pytestmark = pytest.mark.django_db

TOKEN = "a" * 22
WINTER = date(2027, 1, 12)


def programme() -> tuple[Itinerary, ShareLink]:
    teacher = people.teacher()
    school_class = make.school_class(label="8B")
    school_class.teachers.add(teacher)
    itinerary = make.itinerary(make.fair(), school_class, name="8B på mässan")
    return itinerary, sharing.share(itinerary, by=teacher)


def calendar(link: ShareLink) -> ItineraryCalendar:
    return calendar_of(ShareLink.objects.select_related("itinerary__fair").get(pk=link.pk), TOKEN)


def events(link: ShareLink) -> dict[str, Any]:
    """By title. Read by a library that did not write them."""
    read = icalendar.Calendar.from_ical(calendar(link).written())
    return {str(event["SUMMARY"]): event for event in read.walk("VEVENT")}


def own(itinerary: Itinerary, title: str = "", **columns: Any) -> Stop:
    columns = {"kind": Stop.Kind.OWN, "starts_at": at(13), "ends_at": at(13.5), **columns}
    return Stop.objects.create(itinerary=itinerary, title=title, **columns)


def test_a_stop_says_what_when_where_and_leads_back() -> None:
    itinerary, link = programme()
    venue = make.venue(itinerary.fair, "Oceanhamnen", address="Oceangatan 4")
    session = make.session(itinerary.fair, "Bygg en bro", venue=venue, summary="Av skräp, och med lim.")
    stop = make.stop(itinerary, make.occasion(session, at(9.5)), note="Ring Anna", sequence=4)

    event = events(link)["Bygg en bro"]

    assert event["UID"] == f"{stop.uid}@127.0.0.1"
    assert event["SEQUENCE"] == 4
    assert event["LOCATION"] == "Oceanhamnen, Oceangatan 4"
    assert (event["GEO"].latitude, event["GEO"].longitude) == (56.0437, 12.6945)
    address = f"http://127.0.0.1:8000/delad/{TOKEN}#stopp-{stop.uid}"
    assert event["DESCRIPTION"] == f"Av skräp, och med lim.\n\nHela dagen: {address}"
    assert event["URL"] == address
    assert event["STATUS"] == "CONFIRMED"


@pytest.mark.parametrize(("on", "utc"), [(make.DAY, 7), (WINTER, 8)])
def test_half_past_nine_is_half_past_nine_in_summer_and_in_winter(on: date, utc: int) -> None:
    itinerary, link = programme()
    make.stop(itinerary, make.occasion(make.session(itinerary.fair, "Bro"), at(9.5, on)))

    event = events(link)["Bro"]

    begins = event.decoded("DTSTART")
    assert begins == datetime(on.year, on.month, on.day, utc, 30, tzinfo=UTC)
    assert begins.replace(tzinfo=None) == datetime(on.year, on.month, on.day, 9, 30)


def test_lunch_and_own_blocks_are_in_it_and_walks_and_notes_are_not() -> None:
    itinerary, link = programme()
    own(itinerary, "", kind=Stop.Kind.LUNCH, venue=make.venue(itinerary.fair, "Parken"), note="Allergilistan!")
    own(itinerary, "Samling vid bussen")

    found = events(link)

    assert set(found) == {"Lunch", "Samling vid bussen"}
    assert found["Lunch"]["LOCATION"] == "Parken"
    assert "LOCATION" not in found["Samling vid bussen"]
    assert b"Allergi" not in calendar(link).written()


def test_a_removed_stop_stays_as_cancelled_with_its_uid() -> None:
    itinerary, link = programme()
    stop = make.stop(itinerary, make.occasion(make.session(itinerary.fair, "Bro")))
    before = events(link)["Bro"]

    Stop.objects.filter(pk=stop.pk).update(removed_at=timezone.now(), sequence=1)

    after = events(link)["Utgår: Bro"]
    assert after["STATUS"] == "CANCELLED"
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_a_stop_removed_before_the_link_was_made_was_never_in_it() -> None:
    itinerary, link = programme()
    own(itinerary, "Gammalt", removed_at=link.made_at - timedelta(days=1))

    assert events(link) == {}


@pytest.mark.parametrize("whole", [True, False])
def test_what_the_organiser_cancels_is_cancelled_with_the_reason(whole: bool) -> None:
    itinerary, link = programme()
    occasion = make.occasion(make.session(itinerary.fair, "Bro"))
    make.stop(itinerary, occasion)
    if whole:
        occasion.session.state, occasion.session.change_note = State.CANCELLED, "Storm, och åska"
        occasion.session.save()
    else:
        Occasion.objects.filter(pk=occasion.pk).update(cancelled_at=timezone.now())

    event = events(link)["Inställt: Bro"]

    assert event["STATUS"] == "CANCELLED"
    assert event["DESCRIPTION"].startswith("Arrangören har ställt in det här.")
    assert ("Storm, och åska" in event["DESCRIPTION"]) == whole


def test_a_change_is_told_first() -> None:
    itinerary, link = programme()
    session = make.session(itinerary.fair, "Bro", state=State.CHANGED, change_note="Ny sal", summary="Om broar.")
    make.stop(itinerary, make.occasion(session))

    assert events(link)["Bro"]["DESCRIPTION"].startswith("Ändrat: Ny sal\n\nOm broar.")


def test_a_place_without_position_has_no_geo() -> None:
    itinerary, link = programme()
    venue = make.venue(itinerary.fair, "Nånstans", latitude=None, longitude=None)
    make.stop(itinerary, make.occasion(make.session(itinerary.fair, "Bro", venue=venue)))
    make.stop(itinerary, make.occasion(make.session(itinerary.fair, "Ö", venue=None), at(12)))

    found = events(link)

    assert "GEO" not in found["Bro"]
    assert "LOCATION" not in found["Ö"]


def test_stamps_come_from_the_data_and_the_same_rows_give_the_same_octets() -> None:
    itinerary, link = programme()
    make.stop(itinerary, make.occasion(make.session(itinerary.fair, "Bro")))

    first, second = calendar(link), calendar(link)

    assert first.written() == second.written()
    assert first.tag == second.tag


CHANGES = [
    ("a stop moves", lambda stop: Stop.objects.update(starts_at=stop.starts_at - timedelta(minutes=5))),
    ("a stop is removed", lambda stop: Stop.objects.update(removed_at=timezone.now())),
    ("a place changes its name", lambda stop: Venue.objects.update(name="Ny plats")),
    ("a place moves", lambda stop: Venue.objects.update(latitude=56.05)),
    ("an occasion is cancelled", lambda stop: Occasion.objects.update(cancelled_at=timezone.now())),
    ("the programme changes its name", lambda stop: Itinerary.objects.update(name="Nytt namn")),
]


@pytest.mark.parametrize(("what", "change"), CHANGES, ids=[what for what, _ in CHANGES])
def test_whatever_shows_changes_the_tag(what: str, change: Any) -> None:
    itinerary, link = programme()
    stop = make.stop(itinerary, make.occasion(make.session(itinerary.fair, "Bro")))
    before = calendar(link).tag

    change(stop)

    assert calendar(link).tag != before


def test_it_was_changed_last_when_the_latest_of_its_parts_was() -> None:
    itinerary, link = programme()
    late = timezone.now() + timedelta(days=1)
    session = make.session(itinerary.fair, "Bro", changed_at=late)
    make.stop(itinerary, make.occasion(session))

    assert calendar(link).changed_at == late
    assert events(link)["Bro"].decoded("LAST-MODIFIED") == late.replace(microsecond=0)


def test_one_statement_for_one_stop_and_for_fifty(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    itinerary, link = programme()
    session = make.session(itinerary.fair, "Bro")
    read = ShareLink.objects.select_related("itinerary__fair").get(pk=link.pk)
    make.stop(itinerary, make.occasion(session))
    with django_assert_num_queries(1):
        assert len(calendar_of(read, TOKEN).rows) == 1

    for number in range(49):
        make.stop(itinerary, make.occasion(session, at(9 + number / 10)))

    with django_assert_num_queries(1):
        found = calendar_of(read, TOKEN)
        found.written()
    assert len(found.rows) == 50


def test_addresses_are_those_of_the_setting(settings: Settings) -> None:
    settings.BASE_URL = "https://bryggan.example.org"
    itinerary, link = programme()
    own(itinerary, "Eget")

    [event] = events(link).values()

    assert event["UID"].endswith("@bryggan.example.org")
    assert event["URL"].startswith(f"https://bryggan.example.org/delad/{TOKEN}#stopp-")
