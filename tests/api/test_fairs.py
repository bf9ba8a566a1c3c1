"""The fair's open data: shapes, filters that really fit, refusals, and what must never be in it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import factories as people
from alignment import factories as initiatives
from api.test_open_data import against_its_description, get
from bryggan.fair.models import Area, Booking, Fair, OpeningHours, Session, State
from fair import factories as make
from fair.factories import DAY, at

pytestmark = pytest.mark.django_db
FAIRS = "/api/v1/fairs"


@pytest.fixture
def fair() -> Fair:
    return make.fair(name="Stadsmässan")


def sessions(client: Client, fair: Fair, query: str = "") -> Any:
    return get(client, f"{FAIRS}/{fair.pk}/sessions?{query}")


def ids(client: Client, fair: Fair, query: str = "") -> list[int]:
    return [row["id"] for row in sessions(client, fair, query)["results"]]


def given(fair: Fair, hours: float = 10, **columns: Any) -> Session:
    session = make.session(fair, **columns)
    make.occasion(session, at(hours))
    return session


def test_published_fairs_are_listed_and_told_with_their_venues(client: Client, fair: Fair) -> None:
    make.fair(is_published=False)
    venue = make.venue(fair, "Kajen", area=Area.objects.create(fair=fair, slug="hamnen", name="Hamnen"))
    OpeningHours.objects.create(
        venue=venue, first_on=fair.first_on, last_on=fair.last_on, weekdays=[0, 1], opens="10:00", closes="16:00"
    )

    listed, whole = get(client, FAIRS), get(client, f"{FAIRS}/{fair.slug}")

    assert listed["results"] == [
        {
            "id": fair.pk,
            "slug": fair.slug,
            "name": "Stadsmässan",
            "first_on": "2027-05-30",
            "last_on": "2027-07-03",
            "description": "",
            "url": "http://127.0.0.1:8000/massan",
            "is_demo": False,
        }
    ]
    assert whole == get(client, f"{FAIRS}/{fair.pk}")
    (place,) = whole["venues"]
    assert (place["name"], place["area"], place["position_is_approximate"]) == ("Kajen", "Hamnen", True)
    assert place["opening_hours"][0]["opens"] == "10:00"
    against_its_description(client, "fairs", "200", listed)
    against_its_description(client, "fair", "200", whole)


def test_a_session_is_told_with_the_times_that_match(client: Client, fair: Fair) -> None:
    subject, programme = people.subject(), people.programme()
    initiative = initiatives.initiative("Dagvatten")
    session = make.session(
        fair, "Åka båt", school_years=[4, 5], languages=["sv"], needs_booking=True, largest_group=30,
        department=people.department("Hamnförvaltningen"),
    )  # fmt: skip
    session.subjects.add(subject)
    session.programmes.add(programme)
    session.initiatives.add(initiative)
    occasion = make.occasion(session, at(9.5))
    make.occasion(session, at(9.5, DAY + timedelta(days=1)))
    Booking.objects.create(
        occasion=occasion, school_class=make.school_class(), pupils=10, adults=2, seats=12,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at, state=Booking.State.BOOKED,
    )  # fmt: skip

    body = sessions(client, fair, "day=2027-06-01")

    (told,) = body["results"]
    assert (told["id"], told["title"], told["years"], told["organiser"]) == (
        session.pk, "Åka båt", [4, 5], "Hamnförvaltningen",
    )  # fmt: skip
    assert (told["subjects"], told["programmes"]) == ([subject.code], [programme.code])
    assert told["initiatives"][0]["title"] == "Dagvatten"
    (time,) = told["occasions"]
    assert (time["starts_at"], time["ends_at"]) == ("2027-06-01T09:30:00+02:00", "2027-06-01T10:30:00+02:00")
    assert (time["capacity"], time["seats_left"], time["booking"]) == (30, 18, "open")
    assert {value["value"]: value["count"] for value in body["facets"]["day"] if value["count"]} == {
        "2027-06-01": 1, "2027-06-02": 1,
    }  # fmt: skip
    against_its_description(client, "fair_sessions", "200", body)


def test_filters_give_what_fits(client: Client, fair: Fair) -> None:
    subject = people.subject()
    small = given(fair, hours=9, largest_group=20, school_years=[8])
    large = given(fair, hours=10, school_years=[4])
    full = given(fair, hours=11)
    large.subjects.add(subject)
    occasion = full.occasions.get()
    Booking.objects.create(
        occasion=occasion, school_class=make.school_class(), pupils=30, adults=0, seats=30,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at, state=Booking.State.BOOKED,
    )  # fmt: skip
    venue = small.venue
    assert venue

    assert ids(client, fair) == [small.pk, large.pk, full.pk]
    assert ids(client, fair, "group_size=20") == [small.pk, large.pk]
    assert ids(client, fair, "group_size=21") == [large.pk]
    assert ids(client, fair, "group_size=31") == []
    assert ids(client, fair, "free=1") == [small.pk, large.pk]
    assert ids(client, fair, "years=7-9") == [small.pk, full.pk]
    assert ids(client, fair, f"subject={subject.code}") == [large.pk]
    assert ids(client, fair, f"venue={venue.slug}") == ids(client, fair, f"venue={venue.pk}") == [small.pk]
    assert ids(client, fair, "day=2027-06-02") == []
    assert ids(client, fair, "day=2027-06-02&day=2027-06-01&day=") == [small.pk, large.pk, full.pk]
    paged = sessions(client, fair, "per_page=2&page=2")
    assert ([row["id"] for row in paged["results"]], paged["count"]) == ([full.pk], 3)
    assert sessions(client, fair, "page=9")["results"] == []


@pytest.mark.parametrize(
    "query",
    [
        "day=2026-06-01", "day=x", "day=2027-06-01T10:00", "subject=NEJ", "years=10", "group_size=0",
        "group_size=x", "group_size=-1", "group_size=1e3", "group_size=400000", "venue=nej", "venue=999999",
        "area=nej",
        "school_form=gr", "programme=NEJ", "language=xx", "kind=nej", "page=0", "per_page=101", "okand=1",
        "q=" + "a" * 5000, "subject=%00", "day=%F0%9F%A6%86", "children=kanske",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_a_reason(client: Client, fair: Fair, query: str) -> None:
    given(fair)

    body = get(client, f"{FAIRS}/{fair.pk}/sessions?{query}", 422)

    assert body["detail"]
    against_its_description(client, "fair_sessions", "422", body)


@pytest.mark.parametrize("key", ["0", "999999", "9" * 40, "nej", "%00", "²", "..", "1.5", "%F0%9F%A6%86"])
def test_a_fair_that_does_not_exist_is_a_404(client: Client, fair: Fair, key: str) -> None:
    assert client.get(f"{FAIRS}/{key}").status_code == 404
    assert client.get(f"{FAIRS}/{key}/sessions").status_code == 404


def test_drafts_are_nobodys_to_read(client: Client, fair: Fair) -> None:
    hidden = make.fair(is_published=False)
    given(hidden)
    given(fair, state=State.DRAFT)
    given(fair, state=State.CANCELLED)

    assert ids(client, fair) == []
    assert client.get(f"{FAIRS}/{hidden.pk}/sessions").status_code == 404
    assert client.get(f"{FAIRS}/{hidden.slug}").status_code == 404


@pytest.mark.parametrize("address", [FAIRS, FAIRS + "/{pk}", FAIRS + "/{pk}/sessions"])
def test_it_is_only_read_and_unknown_parameters_are_refused(client: Client, fair: Fair, address: str) -> None:
    address = address.format(pk=fair.pk)

    assert client.post(address).status_code == 405
    assert get(client, f"{address}?okand=1", 422)["detail"] == "Okänd parameter: okand"
    assert client.get(address)["Access-Control-Allow-Origin"] == "*"


def test_no_class_and_no_person_is_in_it(client: Client, fair: Fair) -> None:
    session = given(fair)
    teacher = people.teacher("hemlig@skola.example.org", name="Hemlig Hansson")
    school_class = people.school_class(teacher, label="8HEMLIG")
    occasion = session.occasions.get()
    make.stop(make.itinerary(fair, school_class, name="Hemligt program"), occasion, note="Hemlig anteckning")
    Booking.objects.create(
        occasion=occasion, school_class=school_class, pupils=10, adults=2, seats=12, made_by=teacher,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at, state=Booking.State.BOOKED,
    )  # fmt: skip

    everything = json.dumps([sessions(client, fair), get(client, f"{FAIRS}/{fair.pk}"), get(client, FAIRS)])

    assert "emlig" not in everything.replace("HEMLIG", "emlig")


def test_initiatives_are_left_out_where_the_city_requires_sign_in(
    client: Client, fair: Fair, settings: Settings
) -> None:
    given(fair).initiatives.add(initiatives.initiative("Dagvatten"))
    settings.REQUIRE_SIGN_IN = True

    assert sessions(client, fair)["results"][0]["initiatives"] == []
    client.force_login(people.teacher())
    assert sessions(client, fair)["results"][0]["initiatives"][0]["title"] == "Dagvatten"


def test_a_list_costs_as_many_statements_with_one_session_as_with_fifty(client: Client) -> None:
    def statements(number: int) -> int:
        fair = make.fair()
        for _ in range(number):
            session = given(fair, venue=make.venue(fair), department=people.department())
            session.subjects.add(people.subject())
            session.initiatives.add(initiatives.initiative())
        with CaptureQueriesContext(connection) as captured:
            body = get(client, f"{FAIRS}/{fair.pk}/sessions?day=2027-06-01&group_size=20&per_page=100")
        assert body["count"] == number
        return len(captured)

    assert statements(1) == statements(50)
