"""The fair's open pages: a day at a time, filters first, honest about seats, and nothing that is not published."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import factories as people
from alignment import factories as initiatives
from bryggan.fair.models import Area, Booking, Fair, Occasion, OpeningHours, Session, State
from fair import factories as make
from fair.factories import DAY, at
from web.test_explore import ODD_VALUES

pytestmark = pytest.mark.django_db
PAGE = "/massan"
ON = "day=2027-06-01"


@pytest.fixture
def fair() -> Fair:
    return make.fair(name="Stadsmässan")


def given(fair: Fair, title: str = "", hours: float = 10, on: date = DAY, **columns: Any) -> Session:
    session = make.session(fair, title, **columns)
    make.occasion(session, at(hours, on))
    return session


def titles(client: Client, query: str = ON, path: str = PAGE) -> list[str]:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 200
    return [row.session.title for group in answer.context["groups"] for row in group.rows]


def book(occasion: Occasion, seats: int) -> None:
    Booking.objects.create(
        occasion=occasion, school_class=make.school_class(), pupils=seats, adults=0, seats=seats,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at, state=Booking.State.BOOKED,
    )  # fmt: skip


# The programme


def test_a_city_without_a_fair_says_so(client: Client) -> None:
    make.fair(is_published=False)

    answer = client.get(PAGE)

    assert answer.status_code == 200
    assert "Det finns ingen mässa att visa ännu" in answer.text


def test_a_day_is_shown_by_start_time_and_open_hours_come_last(client: Client, fair: Fair) -> None:
    given(fair, "Sen", hours=13)
    given(fair, "Tidig", hours=9)
    given(fair, "Också tidig", hours=9)
    given(fair, "Öppen", hours=8, kind=Session.Kind.OPEN)
    given(fair, "Annan dag", on=DAY + timedelta(days=1))

    groups = client.get(f"{PAGE}?{ON}").context["groups"]

    assert [(group.time, [row.session.title for row in group.rows]) for group in groups] == [
        ("9.00", ["Tidig", "Också tidig"]),
        ("13.00", ["Sen"]),
        ("", ["Öppen"]),
    ]


@time_machine.travel("2027-03-01 12:00:00+01:00", tick=False)
def test_before_the_fair_its_first_school_day_with_something_is_shown(client: Client, fair: Fair) -> None:
    given(fair, "Söndag", on=date(2027, 5, 30))
    given(fair, "Onsdag", on=date(2027, 6, 2))
    given(fair, "Sommarlov", on=date(2027, 6, 28))

    assert titles(client, "") == ["Onsdag"]


@time_machine.travel("2027-06-28 08:00:00+02:00", tick=False)
def test_during_the_fair_today_is_shown(client: Client, fair: Fair) -> None:
    given(fair, "Onsdag", on=date(2027, 6, 2))
    given(fair, "I dag", on=date(2027, 6, 28))

    assert titles(client, "") == ["I dag"]


def test_every_day_has_its_count_and_an_address_that_keeps_the_filters(client: Client, fair: Fair) -> None:
    given(fair, school_years=[8])
    given(fair, school_years=[2], on=DAY + timedelta(days=1))

    days = client.get(f"{PAGE}?{ON}&years=8&page=3&q=").context["days"]

    assert len(days) == 35
    assert {day.on: day.count for day in days if day.count} == {DAY: 1}
    assert [day.address for day in days if day.is_chosen] == ["?years=8&day=2027-06-01"]
    assert next(day.on for day in days if day.is_school_day) == date(2027, 5, 31)


def test_filters_narrow_the_day_and_each_is_a_chip_with_a_way_out(client: Client, fair: Fair) -> None:
    area = Area.objects.create(fair=fair, slug="hamnen", name="Hamnen")
    subject = people.subject("Teknik")
    wanted = given(fair, "Bygg en bro", venue=make.venue(fair, area=area), school_years=[8], is_for_children=True)
    wanted.subjects.add(subject)
    given(fair, "Annat", capacity=10)
    query = (
        f"{ON}&area=hamnen&years=7-9&subject={subject.code}&group_size=26&children=1&free=1&q=bro&kind=fixed"
        "&school_form=GR"
    )

    assert titles(client, query) == ["Bygg en bro"]
    chips = {chip.text: chip.address for chip in client.get(f"{PAGE}?{query}").context["chips"]}
    assert set(chips) == {
        "”bro”", "Lediga platser", "Barnspåret", "26 personer", "Grundskola", "Årskurs 7–9", "Teknik", "Hamnen",
        "Fasta tider",
    }  # fmt: skip
    assert "years" not in chips["Årskurs 7–9"]
    assert "group_size=26" in chips["Årskurs 7–9"]


def test_a_day_with_nothing_left_points_to_one_that_has_something(client: Client, fair: Fair) -> None:
    given(fair, "Bro", on=DAY + timedelta(days=2))

    answer = client.get(f"{PAGE}?{ON}&q=bro")

    assert "Inget den dagen passar allt du har valt." in answer.text
    assert answer.context["nearest"].on == DAY + timedelta(days=2)


def test_a_teachers_classes_fill_in_the_filters(client: Client, fair: Fair) -> None:
    teacher = people.teacher()
    people.school_class(teacher, label="8B", school_years=[8], pupils=24, adults=2)
    people.school_class(label="Annans")
    given(fair, "För åtta", school_years=[8])
    given(fair, "För två", school_years=[2])
    given(fair, "Liten", largest_group=25)
    client.force_login(teacher)

    (one,) = client.get(f"{PAGE}?{ON}").context["classes"]

    assert (one.school_class.label, one.is_shown) == ("8B", False)
    assert titles(client, one.address.lstrip("?")) == ["För åtta"]
    assert client.get(PAGE + one.address).context["classes"][0].is_shown
    assert "8B" not in one.address


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_an_odd_value_gets_a_page(client: Client, fair: Fair, value: str) -> None:
    given(fair)
    for name in ("day", "q", "area", "venue", "years", "subject", "programme", "group_size", "free", "page", "kind"):
        answer = client.get(f"{PAGE}?{name}={value.replace('{name}', name)}")

        assert answer.status_code == 200, name
        assert "<script>alert" not in answer.text, name


def test_what_is_not_understood_is_told_and_the_rest_is_kept(client: Client, fair: Fair) -> None:
    given(fair, "Åtta", school_years=[8])

    answer = client.get(f"{PAGE}?{ON}&years=8&subject=NEJ&group_size=noll&day=2026-01-01")

    assert "Vi känner inte igen ”NEJ”" in answer.text
    assert "från 1 till 1000" in answer.text
    assert "Mässan är inte öppen 2026-01-01" in answer.text
    assert [row.session.title for group in answer.context["groups"] for row in group.rows] == ["Åtta"]


def test_a_long_day_comes_in_pages(client: Client, fair: Fair) -> None:
    session = make.session(fair, "Ofta")
    for number in range(45):
        make.occasion(session, at(8 + number / 6))

    assert len(titles(client)) == 40
    assert len(titles(client, ON + "&page=2")) == 5
    assert len(titles(client, ON + "&page=99")) == 5


def test_a_filter_gives_a_clean_address_to_share(client: Client, fair: Fair) -> None:
    answer = client.get(f"{PAGE}?{ON}&q=&group_size=&years=8", headers={"HX-Request": "true"})

    assert answer["HX-Push-Url"] == f"{PAGE}?{ON}&years=8"


def test_the_list_costs_as_many_statements_with_one_row_as_with_fifty(client: Client, fair: Fair) -> None:
    def statements(number: int) -> int:
        for _ in range(number):
            session = given(fair, venue=make.venue(fair), needs_booking=True)
            session.subjects.add(people.subject())
            book(session.occasions.get(), 2)
        client.get(f"{PAGE}?{ON}")
        with CaptureQueriesContext(connection) as captured:
            assert titles(client, ON + "&per_page=100")
        return len(captured)

    assert statements(1) == statements(39)


# What is said of seats


@pytest.mark.parametrize(
    ("columns", "times", "text"),
    [
        ({}, {}, "Ingen bokning behövs"),
        ({"needs_booking": True}, {}, "30 platser kvar"),
        ({"needs_booking": True, "capacity": None}, {}, "Går att boka"),
        ({"needs_booking": True, "capacity": 1, "unit": "groups"}, {}, "Plats för 1 grupp"),
        ({"needs_booking": True, "capacity": 0}, {}, "Fullbokat"),
        ({"needs_booking": True}, {"booking_opens_at": at(9, date(2027, 5, 1))}, "Bokningen öppnar 1 maj 9.00"),
        ({"needs_booking": True}, {"booking_closes_at": at(9, date(2027, 1, 1))}, "Bokningen har stängt"),
    ],
)
def test_the_state_of_booking_is_said_in_words(
    client: Client, fair: Fair, columns: dict[str, Any], times: dict[str, Any], text: str
) -> None:
    session = given(fair, **columns)
    Occasion.objects.update(**{"booking_opens_at": at(9, date(2026, 1, 1)), **times})

    with time_machine.travel("2027-04-01 12:00:00+02:00", tick=False):
        assert text in client.get(f"{PAGE}?{ON}").text
        assert text in client.get(session.get_absolute_url()).text


# A session


def test_a_session_tells_what_for_whom_when_and_where(client: Client, fair: Fair) -> None:
    venue = make.venue(
        fair, "Kajen", area=Area.objects.create(fair=fair, slug="h", name="Hamnen"), address="Kajgatan 1"
    )
    session = given(
        fair, "Åka båt", venue=venue, school_years=[4, 5, 6], languages=["sv", "en"], largest_group=30, cost=200,
        summary="En tur i hamnen.", organiser="Hamnbolaget", counts_adults=False,
    )  # fmt: skip
    initiative = initiatives.initiative("Renare hamn")
    initiatives.align(initiative, initiatives.point("BIO", (4, 6), "Vattnets kretslopp."))
    session.initiatives.add(initiative)

    page = client.get(session.get_absolute_url()).text

    for text in (
        "Åka båt", "En tur i hamnen.", "Tisdag 1 juni", "10.00–11.00", "Åk 4–6", "Svenska, engelska", "Kajen",
        "Hamnen", "Kajgatan 1", "Högst 30 personer, vuxna räknas inte", "200 kr", "Hamnbolaget", "Renare hamn",
        "Vattnets kretslopp.", "Ungefärlig plats",
    ):  # fmt: skip
        assert text in page, text


@pytest.mark.parametrize("state", [State.DRAFT])
def test_a_draft_is_not_found_by_anybody(client: Client, fair: Fair, state: State) -> None:
    session = given(fair, state=state)
    client.force_login(people.editor())

    assert client.get(session.get_absolute_url()).status_code == 404


def test_sessions_of_a_fair_that_is_not_published_and_of_no_fair_are_not_found(client: Client) -> None:
    hidden = given(make.fair(is_published=False))
    visit = Session.objects.create(remote_id="x", title="Besök", minutes=30, state=State.PUBLISHED)

    for session in (hidden, visit):
        assert client.get(f"/massan/punkt/{session.pk}").status_code == 404


def test_a_cancelled_session_says_so_and_why(client: Client, fair: Fair) -> None:
    session = given(fair, state=State.CANCELLED, change_note="Båten är trasig.")

    page = client.get(session.get_absolute_url()).text

    assert "Inställd." in page
    assert "Båten är trasig." in page


def test_a_cancelled_time_is_said_among_the_others(client: Client, fair: Fair) -> None:
    session = given(fair)
    make.occasion(session, at(14), cancelled_at=timezone.now())

    page = client.get(session.get_absolute_url()).text

    assert "Inställt" in page
    assert "14.00–15.00" in page


def test_search_engines_are_told_of_each_time_and_of_no_person(client: Client, fair: Fair) -> None:
    session = given(fair, "Åka </script><script>alert(1)</script>", venue=make.venue(fair, "Kajen"))
    make.occasion(session, at(14), cancelled_at=timezone.now())

    page = client.get(session.get_absolute_url()).text

    assert "<script>alert" not in page
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    first, second = json.loads(data)["@graph"]
    assert first["@type"] == "Event"
    assert first["name"] == "Åka </script><script>alert(1)</script>"
    assert (first["startDate"], first["endDate"]) == ("2027-06-01T10:00+02:00", "2027-06-01T11:00+02:00")
    assert second["eventStatus"].endswith("EventCancelled")
    # A guessed position is not told as if it were known.
    assert "geo" not in first["location"]


def test_initiatives_are_for_the_signed_in_where_the_city_says_so(
    client: Client, fair: Fair, settings: Settings
) -> None:
    session = given(fair)
    session.initiatives.add(initiatives.initiative("Renare hamn"))
    settings.REQUIRE_SIGN_IN = True

    assert "Renare hamn" not in client.get(session.get_absolute_url()).text
    client.force_login(people.teacher())
    assert "Renare hamn" in client.get(session.get_absolute_url()).text


def test_a_session_costs_as_many_statements_with_one_time_as_with_fifty(client: Client, fair: Fair) -> None:
    def statements(number: int) -> int:
        session = make.session(fair)
        for count in range(number):
            make.occasion(session, at(10, DAY + timedelta(days=count % 30)))
        client.get(session.get_absolute_url())
        with CaptureQueriesContext(connection) as captured:
            client.get(session.get_absolute_url())
        return len(captured)

    assert statements(1) == statements(50)


# A place


def test_a_place_tells_its_facts_its_hours_and_its_own_programme(client: Client, fair: Fair) -> None:
    venue = make.venue(fair, "Kajen", has_toilets=True, is_indoor=False)
    OpeningHours.objects.create(
        venue=venue, first_on=fair.first_on, last_on=fair.last_on, weekdays=[0, 1, 2, 3, 4], opens="10:00",
        closes="16:30",
    )  # fmt: skip
    given(fair, "Här", venue=venue)
    given(fair, "Där")

    page = client.get(f"{venue.get_absolute_url()}?{ON}").text

    for text in ("Kajen", "Toaletter finns", "Utomhus", "Måndag–fredag 10.00–16.30", "Ungefärlig plats", "<svg"):
        assert text in page
    assert titles(client, ON, venue.get_absolute_url()) == ["Här"]
    assert titles(client, ON + "&venue=annan", venue.get_absolute_url()) == ["Här"]


def test_a_place_without_position_has_no_map_and_says_so(client: Client, fair: Fair) -> None:
    venue = make.venue(fair, latitude=None, longitude=None)

    page = client.get(venue.get_absolute_url()).text

    assert "Vi vet inte exakt var platsen ligger" in page
    assert 'class="venue-map"' not in page


def test_a_place_of_a_hidden_fair_or_under_another_name_is_not_found(client: Client, fair: Fair) -> None:
    hidden = make.venue(make.fair(is_published=False))
    venue = make.venue(fair)

    for path in (hidden.get_absolute_url(), f"/massan/{fair.slug}/plats/nej", f"/massan/nej/plats/{venue.slug}"):
        assert client.get(path).status_code == 404


# On the way


def test_the_start_page_tells_of_a_coming_fair_and_of_no_past_one(client: Client, fair: Fair) -> None:
    with time_machine.travel("2027-05-01 12:00:00+02:00", tick=False):
        assert "Stadsmässan" in client.get("/").text
    with time_machine.travel("2027-07-04 12:00:00+02:00", tick=False):
        assert "Stadsmässan" not in client.get("/").text
