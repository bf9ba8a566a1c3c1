"""A class's own programme: every deed on its pages, every refusal in words, and nothing lost or leaked on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from math import hypot
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given as given_any
from hypothesis import strategies as st

from accounts import factories as people
from alignment import factories as initiatives
from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Booking, Fair, Itinerary, ItineraryDay, Session, Stop
from bryggan.fair.programmes import programme_seats, sharing, stops
from bryggan.web.itineraries import walk_map
from fair import factories as given
from fair.factories import DAY, at
from fair.programme_factories import NEXT_DAY, saved, session_at, sessions_in, stop_of
from web.test_explore import ODD_VALUES

pytestmark = pytest.mark.django_db
NEW = "/program/ny"


@pytest.fixture(autouse=True)
def spring() -> Iterator[None]:
    with time_machine.travel("2027-05-03 10:00:00+02:00", tick=False):
        yield


@pytest.fixture
def fair() -> Fair:
    return given.fair()


@pytest.fixture
def teacher() -> User:
    return people.teacher("agare@skola.example.org", at=people.school_unit("Exempelskolan"))


@pytest.fixture
def school_class(teacher: User) -> SchoolClass:
    made = given.school_class(label="8B", school_unit=teacher.school_memberships.get().school_unit)
    made.teachers.add(teacher)
    return made


@pytest.fixture
def browser(teacher: User) -> Client:
    return browser_of(teacher)


@pytest.fixture
def day(fair: Fair) -> list[Session]:
    """A morning, a noon and an afternoon at the same place, all of them booked in advance."""
    place = given.venue(fair, "Torget")
    return [
        session_at(fair, hours, title=title, venue=place, needs_booking=True, capacity=60)
        for hours, title in ((9.5, "Bygg en bro"), (10.75, "Se vattnet renas"), (12.75, "Prata med en robot"))
    ]


@pytest.fixture
def itinerary(school_class: SchoolClass, fair: Fair, teacher: User, day: list[Session]) -> Itinerary:
    made = saved(school_class, fair, teacher)
    assert sessions_in(made) == day
    return made


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def change(browser: Client, itinerary: Itinerary, do: str, **fields: Any) -> HttpResponse:
    return browser.post(f"/program/{itinerary.pk}/andra", {"do": do, **fields})


def change_stop(browser: Client, stop: Stop, do: str, **fields: Any) -> HttpResponse:
    return browser.post(f"/program/{stop.itinerary_id}/stopp/{stop.pk}", {"do": do, **fields})


def told(browser: Client, answer: HttpResponse) -> str:
    """All that the next page says has happened."""
    if answer.status_code == 302:
        answer = browser.get(answer["Location"])
    found = re.findall(r'<p class="notice[^"]*"[^>]*>(.*?)</p>', answer.text, re.S)
    return " ".join(re.sub(r"\s+", " ", text) for text in found)


def hidden(answer: HttpResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found, f"no {name} in {answer.text}"
    return found[1]


def save_form(answer: HttpResponse) -> dict[str, str]:
    """What the button Spara posts."""
    return {name: hidden(answer, name) for name in ("klass", "shown", "form_token")}


# Making one


def test_a_shown_day_is_saved_as_it_was_shown(
    browser: Client, school_class: SchoolClass, fair: Fair, day: list[Session]
) -> None:
    shown = browser.get(f"{NEW}?klass={school_class.pk}&dag={DAY}")
    answer = browser.post(NEW, save_form(shown))

    itinerary = Itinerary.objects.get()
    assert answer["Location"] == f"/program/{itinerary.pk}"
    assert (itinerary.school_class, itinerary.fair, itinerary.name) == (school_class, fair, "Tisdag 1 juni")
    assert sessions_in(itinerary) == day
    assert itinerary.stops.filter(kind="lunch").count() == 1
    assert "Inga platser är bokade än" in told(browser, answer)
    assert not Booking.objects.exists()


def test_saving_twice_makes_one_programme(browser: Client, school_class: SchoolClass, day: list[Session]) -> None:
    form = save_form(browser.get(f"{NEW}?dag={DAY}"))

    first, second = browser.post(NEW, form), browser.post(NEW, form)

    assert first["Location"] == second["Location"]
    assert Itinerary.objects.count() == 1


def test_the_days_tell_how_much_fits_and_weekends_come_when_asked_for(
    browser: Client, school_class: SchoolClass, day: list[Session]
) -> None:
    page = browser.get(NEW)

    assert "Tisdag 1 juni" in page.text
    assert "3 programpunkter passar" in page.text
    assert "Söndag 30 maj" not in page.text
    assert "Söndag 30 maj" in browser.get(f"{NEW}?alla=1").text


def test_who_has_no_class_is_led_to_make_one(fair: Fair) -> None:
    browser = browser_of(people.teacher(at=people.school_unit()))

    assert browser.get(NEW)["Location"] == "/klasser/ny"
    assert browser.get("/program/skolan")["Location"] == "/klasser/ny"
    assert "Lägg till din klass" in browser.get("/program").text


def test_a_city_without_a_fair_says_so(browser: Client, school_class: SchoolClass) -> None:
    given.fair(is_published=False)

    for path in (NEW, "/program/skolan"):
        assert "Ingen mässa är på gång" in browser.get(f"{path}?dag={DAY}").text


@pytest.mark.parametrize("value", [*ODD_VALUES, "2027-02-30", "2027-05-29", "2027-07-04", "0000-00-00"])
def test_a_day_outside_the_fair_is_refused_with_words(
    browser: Client, school_class: SchoolClass, day: list[Session], value: str
) -> None:
    answer = browser.get(NEW, {"dag": value})

    if value:
        assert answer.status_code == 422
        assert "Den dagen hör inte till mässan" in told(browser, answer)
    else:
        assert answer.status_code == 200


def test_a_day_that_has_passed_is_told(browser: Client, school_class: SchoolClass, day: list[Session]) -> None:
    with time_machine.travel("2027-06-02 10:00:00+02:00", tick=False):
        browser = browser_of(school_class.teachers.get())
        answer = browser.get(f"{NEW}?dag={DAY}")

    assert "Dagen har redan varit" in told(browser, answer)
    assert "Spara" not in answer.text


@pytest.mark.parametrize("shown", ["", "x", "eyJmcmFtZSI6e319:1abc:forged", "a:b:c", "\0", "å" * 5000])
def test_a_forged_or_broken_form_saves_nothing_and_says_so(
    browser: Client, school_class: SchoolClass, itinerary: Itinerary, shown: str
) -> None:
    for path in (NEW, f"/program/{itinerary.pk}/dag", "/program/skolan"):
        answer = browser.post(path, {"klass": school_class.pk, "shown": shown, "form_token": "x"})

        assert answer.status_code == 422
        assert "inte" in told(browser, answer)
    assert Itinerary.objects.count() == 1
    assert itinerary.days.count() == 1


def test_a_sealed_form_that_was_changed_is_refused(
    browser: Client, school_class: SchoolClass, day: list[Session]
) -> None:
    form = save_form(browser.get(f"{NEW}?dag={DAY}"))
    form["shown"] = form["shown"][:10] + ("A" if form["shown"][10] != "A" else "B") + form["shown"][11:]

    assert browser.post(NEW, form).status_code == 422
    assert not Itinerary.objects.exists()


def test_a_class_of_somebody_else_cannot_be_planned_for(
    browser: Client, school_class: SchoolClass, day: list[Session]
) -> None:
    other = given.school_class(label="9HEMLIG")
    form = {**save_form(browser.get(f"{NEW}?dag={DAY}")), "klass": str(other.pk)}

    for answer in (browser.get(f"{NEW}?klass={other.pk}&dag={DAY}"), browser.post(NEW, form)):
        assert answer.status_code == 422
        assert "Den klassen är inte din" in told(browser, answer)
        assert "9HEMLIG" not in answer.text
    assert not Itinerary.objects.exists()


def test_what_was_filled_between_showing_and_saving_falls_away_and_is_told(
    browser: Client, school_class: SchoolClass, day: list[Session]
) -> None:
    form = save_form(browser.get(f"{NEW}?dag={DAY}"))
    programme_seats.seats.book(
        occasion=day[0].occasions.get(), school_class=given.school_class(pupils=50, adults=8), by=None
    )
    day[1].occasions.update(cancelled_at=timezone.now())

    said = told(browser, browser.post(NEW, form))

    assert sessions_in(Itinerary.objects.get()) == [day[2]]
    assert "2 saker ändrades innan du hann spara" in said
    assert "Bygg en bro: Bara 2 platser kvar, och ni behöver 26." in said
    assert "Se vattnet renas: Inställt." in said


def test_when_all_seats_went_the_day_is_kept_with_its_lunch(
    browser: Client, school_class: SchoolClass, day: list[Session]
) -> None:
    form = save_form(browser.get(f"{NEW}?dag={DAY}"))
    for session in day:
        session.occasions.update(capacity=0)

    said = told(browser, browser.post(NEW, form))

    assert said.count("Fullbokat") == 3
    assert [stop.kind for stop in Itinerary.objects.get().stops.kept()] == ["lunch"]


def test_a_class_that_is_too_large_for_everything_hears_why(
    browser: Client, school_class: SchoolClass, day: list[Session]
) -> None:
    SchoolClass.objects.update(pupils=200, adults=20)
    Session.objects.update(largest_group=60)

    answer = browser.get(f"{NEW}?dag={DAY}")

    assert answer.status_code == 200
    assert "Ni är för många eller för få" in told(browser, answer)
    assert "Tar grupper upp till 60 personer, ni är 220" in answer.text


def test_another_proposal_has_other_sessions_and_a_way_back(
    browser: Client, school_class: SchoolClass, fair: Fair, day: list[Session]
) -> None:
    other = session_at(fair, 9.5, title="Något helt annat", venue=day[0].venue)
    first = browser.get(f"{NEW}?dag={DAY}")
    link = re.search(r'href="\?([^"]*utan[^"]*)"', first.text)
    assert link

    second = browser.get(f"{NEW}?{link[1].replace('&amp;', '&')}")

    shown = [{stop.session for stop in page.context["proposal"].sessions} for page in (first, second)]
    assert not shown[0] & shown[1]
    assert other in shown[0] | shown[1]
    assert "Tillbaka till det första förslaget" in second.text


def test_what_is_left_out_is_explained(
    browser: Client, school_class: SchoolClass, fair: Fair, day: list[Session]
) -> None:
    session_at(fair, 9.5, title="För de minsta", school_forms=["GR"], school_years=[1, 2])

    text = browser.get(f"{NEW}?dag={DAY}").text

    assert re.search(r"För de minsta</a>: Passar åk 1–2|För de minsta</a>: Passar [^<]*1", text)


def test_hours_start_and_lunch_can_be_changed_before_saving(
    browser: Client, school_class: SchoolClass, day: list[Session]
) -> None:
    frame = {"begins": "09:15", "ends": "12.00", "lunch_minutes": "0", "break_minutes": "0"}

    shown = browser.get(NEW, {"dag": str(DAY), **frame})
    browser.post(NEW, save_form(shown))

    made = ItineraryDay.objects.get()
    assert (f"{made.begins:%H.%M}", f"{made.ends:%H.%M}", made.lunch_minutes) == ("09.15", "12.00", 0)
    assert sessions_in(made.itinerary) == day[:2]


@pytest.mark.parametrize(
    "frame",
    [
        {"begins": "14:00", "ends": "09:00"},
        {"begins": "nio"},
        {"lunch_minutes": "-1"},
        {"lunch_minutes": "181"},
        {"longest_walk_minutes": "0"},
        {"longest_walk_minutes": "²"},
        {"starts_from": "månen"},
        {"break_minutes": "9" * 30},
    ],
)
def test_hours_that_cannot_be_read_give_the_usual_day_and_say_so(
    browser: Client, school_class: SchoolClass, day: list[Session], frame: dict[str, str]
) -> None:
    answer = browser.get(NEW, {"dag": str(DAY), **frame})

    assert "Tiderna går inte att läsa" in told(browser, answer)
    assert len(answer.context["proposal"].sessions) == 3


def test_chosen_subjects_are_kept_with_the_programme(
    browser: Client, school_class: SchoolClass, fair: Fair, day: list[Session]
) -> None:
    own, other = people.subject("Biologi"), people.subject("Historia")
    school_class.subjects.add(own)
    address = f"{NEW}?dag={DAY}&amne={own.code}&amne={other.code}&amne=x"

    browser.post(NEW, save_form(browser.get(address)))

    assert Itinerary.objects.get().interests == {"subjects": [own.code]}


# Looking


def test_the_page_is_a_timetable_with_a_map_and_says_what_is_approximate(
    browser: Client, fair: Fair, itinerary: Itinerary
) -> None:
    itinerary.fair.venues.update(position_is_approximate=True, latitude=56.047)

    page = browser.get(f"/program/{itinerary.pk}")

    assert re.findall(r"<h3>(?:<span[^>]*>\d</span>)?<a[^>]*>(.*?)</a>", page.text) == [
        "Bygg en bro", "Se vattnet renas", "Prata med en robot",
    ]  # fmt: skip
    assert 'role="img" aria-label="Promenaden på karta, Tisdag 1 juni.' in page.text
    assert "ungefärlig plats" in page.text
    assert "Ungefärliga platser." in page.text
    assert "no-store" in page["Cache-Control"]


def test_a_programme_without_positions_has_no_map(browser: Client, itinerary: Itinerary) -> None:
    itinerary.fair.venues.update(latitude=None, longitude=None)

    page = browser.get(f"/program/{itinerary.pk}")

    assert page.status_code == 200
    assert "Promenaden på karta" not in page.text


def test_a_programme_costs_the_same_statements_with_one_stop_and_with_twenty(
    browser: Client, school_class: SchoolClass, fair: Fair, teacher: User
) -> None:
    small, large = given.itinerary(fair, school_class), given.itinerary(fair, school_class)
    given.day(small)
    given.stop(small, given.occasion(given.session(fair)))
    for number in range(4):
        on = DAY + timedelta(days=number)
        given.day(large, on)
        for hours in (9, 10, 11, 12, 13):
            given.stop(large, given.occasion(given.session(fair, needs_booking=True), at(hours, on)))

    counted = []
    for itinerary in (small, large):
        browser.get(f"/program/{itinerary.pk}")
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(f"/program/{itinerary.pk}").status_code == 200
        counted.append(len(captured))

    assert counted[0] == counted[1]
    assert counted[1] <= 20


def test_the_list_costs_the_same_statements_for_one_and_for_fifty(
    browser: Client, school_class: SchoolClass, fair: Fair
) -> None:
    counted = []
    for number in (1, 49):
        for _ in range(number):
            given.day(given.itinerary(fair, school_class))
        with CaptureQueriesContext(connection) as captured:
            browser.get("/program")
        counted.append(len(captured))

    assert counted[0] == counted[1]


def test_somebody_elses_programme_does_not_exist(itinerary: Itinerary) -> None:
    stop = itinerary.stops.first()
    assert stop
    stranger = browser_of(people.teacher(at=people.school_unit("En annan skola")))
    path = f"/program/{itinerary.pk}"

    for address in (path, f"{path}/dag", f"{path}/lagg-till", f"{path}/stopp/{stop.pk}/andra"):
        assert stranger.get(address).status_code == 404
    for address in (f"{path}/andra", f"{path}/kopiera", f"{path}/stopp/{stop.pk}", f"{path}/dag"):
        assert stranger.post(address, {"do": "archive"}).status_code == 404
    assert stranger.get("/program/999999").status_code == 404
    assert "Tisdag 1 juni" not in stranger.get("/program").text


def test_a_colleague_looks_and_copies_and_changes_nothing(school_class: SchoolClass, itinerary: Itinerary) -> None:
    colleague = people.teacher(at=school_class.school_unit)
    own = given.school_class(label="7C", school_unit=school_class.school_unit, school_years=[7])
    own.teachers.add(colleague)
    stops.set_note(itinerary.stops.kept()[0], "Ring taxin", by=school_class.teachers.get())
    browser = browser_of(colleague)
    path, stop = f"/program/{itinerary.pk}", itinerary.stops.kept()[0]

    page = browser.get(path)
    assert "En kollegas program" in page.text
    assert "Ring taxin" not in page.text
    assert 'id="deeds"' not in page.text
    assert "Inte bokat än" not in page.text
    assert "Kollegors program" in browser.get("/program").text
    for address in (f"{path}/andra", f"{path}/stopp/{stop.pk}"):
        assert browser.post(address, {"do": "remove"}).status_code == 404

    answer = browser.post(f"{path}/kopiera", {"klass": own.pk, "form_token": hidden(page, "form_token")})

    copied = Itinerary.objects.get(school_class=own)
    assert answer["Location"] == f"/program/{copied.pk}"
    assert sessions_in(copied) == sessions_in(itinerary)
    assert "Programmet är kopierat till 7C" in told(browser, answer)


def test_a_programme_that_is_not_shown_is_hidden_from_colleagues(
    browser: Client, school_class: SchoolClass, itinerary: Itinerary
) -> None:
    colleague = browser_of(people.teacher(at=school_class.school_unit))

    said = told(browser, change(browser, itinerary, "show", shown="0"))

    assert "visas inte för kollegor" in said
    assert colleague.get(f"/program/{itinerary.pk}").status_code == 404


# The deeds of a stop


def test_a_stop_is_moved_by_a_button_and_the_page_comes_back_to_it(
    browser: Client, fair: Fair, itinerary: Itinerary, day: list[Session]
) -> None:
    given.occasion(day[2], at(13.0))
    itinerary.days.update(ends=time(15))
    stop = stop_of(itinerary, day[2])

    answer = change_stop(browser, stop, "later")

    assert answer["Location"] == f"/program/{itinerary.pk}#stopp-{stop.uid}"
    stop.refresh_from_db()
    assert stop.starts_at == at(13.0)
    page = browser.get(answer["Location"])
    at_stop = re.search(rf'<li id="stopp-{stop.uid}" class="stop" tabindex="-1">(.*?)</h3>', page.text, re.S)
    assert at_stop
    assert '<p class="notice good" role="status">”Prata med en robot” börjar nu 13.00.</p>' in at_stop[1]
    assert "kan inte vara senare" in told(browser, change_stop(browser, stop, "later"))
    assert "börjar nu 12.45" in told(browser, change_stop(browser, stop, "earlier"))


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"clock": "10.00"}, 422, "Ges 11.00–14.00"),
        ({"clock": "25.99"}, 422, "Skriv en tid"),
        ({"starts_at": "i morgon"}, 422, "Skriv en tid"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, 422, "Skriv en tid"),
        ({"starts_at": "2027-06-01T10:45:00+02:00", "occasion": "999999"}, 422, "gick inte att läsa"),
        ({}, 422, "Skriv en tid"),
    ],
)
def test_a_move_that_cannot_be_is_refused_with_words(
    browser: Client, fair: Fair, school_class: SchoolClass, fields: dict[str, str], status: int, words: str
) -> None:
    session = given.session(fair, kind=Session.Kind.OPEN, minutes=30)
    open_hours = given.occasion(session, at(11), ends_at=at(14))
    itinerary = given.itinerary(fair, school_class)
    given.day(itinerary)
    stop = given.stop(itinerary, open_hours, ends_at=at(11.5))

    answer = change_stop(browser, stop, "move", **fields)

    assert answer.status_code == status
    assert words in told(browser, answer)
    stop.refresh_from_db()
    assert stop.starts_at == at(11)


def test_a_move_onto_another_stop_is_done_and_the_clash_shown_with_ways_out(
    browser: Client, fair: Fair, school_class: SchoolClass
) -> None:
    venue = given.venue(fair)
    fixed = session_at(fair, 12, title="Fast tid", venue=venue)
    session = given.session(fair, "Öppet hus", kind=Session.Kind.OPEN, minutes=30, venue=venue)
    open_hours = given.occasion(session, at(9), ends_at=at(14))
    itinerary = given.itinerary(fair, school_class)
    given.day(itinerary)
    given.stop(itinerary, fixed.occasions.get())
    stop = given.stop(itinerary, open_hours, starts_at=at(10), ends_at=at(10.5))

    answer = change_stop(browser, stop, "move", clock="12.00")
    page = browser.get(answer["Location"])

    assert "Går inte ihop:</strong> Krockar med" in page.text
    assert "Ta bort</button>" in page.text
    assert page.text.count("Planera om dagen</button>") == 2


def test_lock_wish_note_and_remove(browser: Client, itinerary: Itinerary, day: list[Session]) -> None:
    stop = stop_of(itinerary, day[0])

    assert "är låst" in told(browser, change_stop(browser, stop, "lock"))
    assert "är märkt måste" in told(browser, change_stop(browser, stop, "wish", wish="must"))
    assert "Anteckningen är sparad" in told(browser, change_stop(browser, stop, "note", note="Ta med regnkläder"))
    page = browser.get(f"/program/{itinerary.pk}").text
    for words in ("Låst</span>", "Måste</span>", "Ta med regnkläder", "Lås upp"):
        assert words in page
    assert "inte längre låst" in told(browser, change_stop(browser, stop, "unlock"))
    assert "är borttaget" in told(browser, change_stop(browser, stop, "remove"))
    assert day[0] not in sessions_in(itinerary)

    assert "Ångrat" in told(browser, change(browser, itinerary, "undo", version=_version(itinerary)))
    assert day[0] in sessions_in(itinerary)


def test_a_stop_removed_in_another_tab_is_told_and_nothing_breaks(
    browser: Client, itinerary: Itinerary, day: list[Session]
) -> None:
    stop = stop_of(itinerary, day[0])
    change_stop(browser, stop, "remove")

    for do in ("lock", "earlier", "later", "book", "wait", "note"):
        assert "finns inte längre" in told(browser, change_stop(browser, stop, do)), do
    assert change_stop(browser, stop, "remove").status_code == 302
    answer = browser.get(f"/program/{itinerary.pk}/stopp/{stop.pk}/andra")
    assert answer["Location"] == f"/program/{itinerary.pk}"


def test_three_others_take_a_stops_place(
    browser: Client, fair: Fair, itinerary: Itinerary, day: list[Session]
) -> None:
    others = [session_at(fair, 9.5, title=f"Annat {n}", venue=day[0].venue) for n in range(5)]
    stop = stop_of(itinerary, day[0])
    path = f"/program/{itinerary.pk}/stopp/{stop.pk}/andra"

    first = browser.get(path)
    seen = re.search(r'href="\?(utan=[^"]*)"', first.text)
    assert seen
    second = browser.get(f"{path}?{seen[1].replace('&amp;', '&')}")
    third = browser.get(f"{path}?{'&'.join(f'utan={one.pk}' for one in others)}")

    shown = [{one.session for one in page.context["three"]} for page in (first, second)]
    assert (len(shown[0]), len(shown[1])) == (3, 2)
    assert shown[0] | shown[1] == set(others)
    assert "Det finns inga fler" in third.text

    chosen = first.context["three"][0]
    answer = change_stop(browser, stop, "swap", occasion=chosen.occasion.pk, starts_at=chosen.starts_at.isoformat())

    assert f"Ni har bytt till ”{chosen.session.title}”" in told(browser, answer)
    assert sessions_in(itinerary)[0] == chosen.session


def test_a_swap_to_what_is_gone_or_of_another_fair_is_refused(
    browser: Client, itinerary: Itinerary, day: list[Session]
) -> None:
    elsewhere = given.occasion(given.session(given.fair(first_on=date(2027, 5, 30))))
    stop = stop_of(itinerary, day[0])

    for occasion in (elsewhere.pk, 999999, "x", ""):
        answer = change_stop(browser, stop, "swap", occasion=occasion)
        assert answer.status_code == 422
        assert "finns inte längre" in told(browser, answer)


def test_not_for_us_takes_it_out_until_it_is_asked_for_again(
    browser: Client, itinerary: Itinerary, day: list[Session]
) -> None:
    said = told(browser, change(browser, itinerary, "exclude", session=day[0].pk))

    assert "föreslås inte igen" in said
    assert day[0] not in sessions_in(itinerary)
    assert "Föreslå igen" in browser.get(f"/program/{itinerary.pk}").text
    assert "kan föreslås igen" in told(browser, change(browser, itinerary, "include", session=day[0].pk))
    assert not itinerary.excluded.exists()
    assert change(browser, itinerary, "include", session=day[0].pk).status_code == 422


@pytest.mark.parametrize("do", ["", "x", "delete everything"])
def test_an_unknown_deed_is_refused(browser: Client, itinerary: Itinerary, do: str) -> None:
    stop = itinerary.stops.kept()[0]

    for answer in (change(browser, itinerary, do), change_stop(browser, stop, do)):
        assert answer.status_code == 422
        assert "gick inte att läsa" in told(browser, answer)


def test_a_stop_of_another_programme_is_not_found(
    browser: Client, school_class: SchoolClass, fair: Fair, itinerary: Itinerary
) -> None:
    other = given.itinerary(fair, school_class)
    stop = itinerary.stops.kept()[0]

    assert browser.post(f"/program/{other.pk}/stopp/{stop.pk}", {"do": "remove"}).status_code == 404
    assert browser.get(f"/program/{other.pk}/stopp/{stop.pk}/andra").status_code == 404
    assert browser.post(f"/program/{itinerary.pk}/stopp/999999", {"do": "remove"}).status_code == 404


# Seats


def test_seats_are_held_with_the_minutes_shown_and_then_confirmed(
    browser: Client, itinerary: Itinerary, day: list[Session]
) -> None:
    held = change(browser, itinerary, "book")

    assert "Platser hålls på 3 ställen till 10.15. Bekräfta innan dess." in told(browser, held)
    page = browser.get(f"/program/{itinerary.pk}").text
    assert "Platserna hålls åt er till <strong>10.15</strong>" in page
    assert page.count("Platserna hålls till 10.15") == 3
    assert {booking.state for booking in Booking.objects.all()} == {"held"}

    booked = change(browser, itinerary, "book", sure="1")

    assert "Bokat på 3 ställen." in told(browser, booked)
    assert browser.get(f"/program/{itinerary.pk}").text.count('confirmed">Bokat</span>') == 3
    assert {booking.state for booking in Booking.objects.all()} == {"booked"}
    assert "Boka platser" not in browser.get(f"/program/{itinerary.pk}").text


def test_one_stop_is_booked_and_released(browser: Client, itinerary: Itinerary, day: list[Session]) -> None:
    stop = stop_of(itinerary, day[0])

    assert "Bokat på ett ställe" in told(browser, change_stop(browser, stop, "book"))
    assert "Platserna är lämnade" in told(browser, change_stop(browser, stop, "release"))
    assert not Booking.objects.counting().exists()


def test_a_full_stop_has_a_queue_with_the_place_shown(
    browser: Client, itinerary: Itinerary, day: list[Session]
) -> None:
    occasion = day[0].occasions.get()
    programme_seats.seats.book(occasion=occasion, school_class=given.school_class(pupils=56, adults=2), by=None)
    stop = stop_of(itinerary, day[0])

    refused = told(browser, change_stop(browser, stop, "book"))
    waits = told(browser, change_stop(browser, stop, "wait"))

    assert "Bygg en bro: Bara 2 platser kvar" in refused
    assert "Ni kan ställa er i kö." in refused
    assert "Ni står i kö, på plats 1." in waits
    page = browser.get(f"/program/{itinerary.pk}").text
    assert "Plats 1 i kön" in page
    assert "Lämna kön" in page
    assert "Platserna är lämnade" in told(browser, change_stop(browser, stop, "release"))


def test_what_gives_seats_back_asks_first(browser: Client, itinerary: Itinerary, day: list[Session]) -> None:
    change(browser, itinerary, "book", sure="1")
    stop = stop_of(itinerary, day[0])
    asking = [
        change_stop(browser, stop, "remove"),
        change(browser, itinerary, "remove day", on=str(DAY)),
        change(browser, itinerary, "archive"),
        change(browser, itinerary, "exclude", session=day[0].pk),
    ]

    for answer in asking:
        assert answer.status_code == 200
        assert "Ni har platser där" in answer.text
        assert "Bygg en bro" in answer.text
        assert 'name="release_seats" value="1"' in answer.text
    assert Booking.objects.counting().count() == 3

    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asking[0].text))
    fields.pop("csrfmiddlewaretoken", None)
    browser.post(f"/program/{itinerary.pk}/stopp/{stop.pk}", fields)

    assert day[0] not in sessions_in(itinerary)
    assert Booking.objects.counting().count() == 2


def test_seats_follow_the_size_of_the_class_by_a_button(
    browser: Client, school_class: SchoolClass, itinerary: Itinerary, day: list[Session]
) -> None:
    stop = stop_of(itinerary, day[0])
    change_stop(browser, stop, "book")
    SchoolClass.objects.filter(pk=school_class.pk).update(pupils=27)

    assert "Ändra antalet platser" in browser.get(f"/program/{itinerary.pk}").text
    said = told(browser, change_stop(browser, stop, "change seats"))

    assert "lika många som ni är" in said
    assert Booking.objects.counting().get().pupils == 27


# Days and the whole


def test_a_further_day_is_proposed_and_added(
    browser: Client, fair: Fair, itinerary: Itinerary, day: list[Session]
) -> None:
    session_at(fair, 10, title="Dagen efter", on=NEXT_DAY, venue=day[0].venue)
    path = f"/program/{itinerary.pk}/dag"

    assert "Finns redan i programmet" in browser.get(path).text
    shown = browser.get(f"{path}?dag={NEXT_DAY}")
    answer = browser.post(path, {"shown": hidden(shown, "shown")})

    assert answer["Location"] == f"/program/{itinerary.pk}#dag-2027-06-02"
    assert [session.title for session in sessions_in(itinerary)][-1] == "Dagen efter"
    assert browser.get(f"{path}?dag=2001-01-01").status_code == 422


def test_a_day_is_planned_again_and_removed(browser: Client, itinerary: Itinerary, day: list[Session]) -> None:
    change_stop(browser, stop_of(itinerary, day[0]), "remove")

    said = told(browser, change(browser, itinerary, "plan again", on=str(DAY), version=_version(itinerary)))

    assert "är planerad på nytt" in said
    assert sessions_in(itinerary) == day
    assert "borttagen ur programmet" in told(browser, change(browser, itinerary, "remove day", on=str(DAY)))
    assert "Programmet har inga dagar" in browser.get(f"/program/{itinerary.pk}").text
    for on in (str(DAY), "x", ""):
        assert change(browser, itinerary, "plan again", on=on).status_code == 422


def test_two_tabs_notice_each_other_and_nothing_is_lost(
    browser: Client, itinerary: Itinerary, day: list[Session]
) -> None:
    old = _version(itinerary)
    change_stop(browser, stop_of(itinerary, day[0]), "lock")

    for do, fields in (("plan again", {"on": str(DAY)}), ("undo", {}), ("frame", {"on": str(DAY), "ends": "15:00"})):
        said = told(browser, change(browser, itinerary, do, version=old, **fields))
        assert "Någon ändrade programmet under tiden" in said, do
    assert sessions_in(itinerary) == day
    assert stop_of(itinerary, day[0]).is_locked


def test_the_frame_of_a_day_is_changed_or_refused(browser: Client, itinerary: Itinerary) -> None:
    on = {"on": str(DAY), "version": _version(itinerary)}

    assert "Ramarna" in told(browser, change(browser, itinerary, "frame", **on, ends="15:00"))
    assert f"{itinerary.days.get().ends:%H.%M}" == "15.00"
    for fields, words in (
        ({"ends": "x"}, "Tiderna går inte att läsa"),
        ({"begins": "16:00"}, "Sluttiden ligger före starttiden"),
        ({"longest_walk_minutes": "999"}, "Tiderna går inte att läsa"),
    ):
        answer = change(browser, itinerary, "frame", on=str(DAY), **fields)
        assert answer.status_code == 422
        assert words in told(browser, answer)


def test_something_of_ones_own_is_put_in(browser: Client, itinerary: Itinerary) -> None:
    block = {"on": str(DAY), "title": "Matteprov", "begins": "13.45", "ends": "14.00"}

    assert "Tillagt" in told(browser, change(browser, itinerary, "own block", **block))
    assert "Matteprov" in browser.get(f"/program/{itinerary.pk}").text
    for wrong in ({**block, "begins": ""}, {**block, "title": ""}, {**block, "ends": "13.00"}, {**block, "on": "x"}):
        assert change(browser, itinerary, "own block", **wrong).status_code == 422


def test_a_time_that_the_clocks_skip_is_refused(browser: Client, school_class: SchoolClass) -> None:
    spring_forward = date(2028, 3, 26)
    itinerary = given.itinerary(given.fair(first_on=spring_forward, last_on=spring_forward), school_class)
    given.day(itinerary, spring_forward)

    answer = change(
        browser, itinerary, "own block", on=str(spring_forward), title="Nattvak", begins="02:30", ends="04:00"
    )

    assert answer.status_code == 422
    assert "klockan ställs om" in told(browser, answer)


def test_names_history_and_undo(browser: Client, itinerary: Itinerary, day: list[Session]) -> None:
    assert "Namnet är ändrat" in told(browser, change(browser, itinerary, "rename", name="Vår dag"))
    assert change(browser, itinerary, "rename", name="  ").status_code == 422
    change_stop(browser, stop_of(itinerary, day[0]), "lock")
    change(browser, itinerary, "undo", version=_version(itinerary))

    page = browser.get(f"/program/{itinerary.pk}")

    assert "<h1>Vår dag</h1>" in page.text
    assert [(what, undone) for _when, what, undone in page.context["changes"]] == [
        ("Låste Bygg en bro", True),
        ("Bytte namn, från Tisdag 1 juni", False),
    ]
    assert not stop_of(itinerary, day[0]).is_locked
    change(browser, itinerary, "undo")
    assert "inget att ångra" in told(browser, change(browser, itinerary, "undo"))


def test_the_history_names_no_colleague(
    browser: Client, school_class: SchoolClass, itinerary: Itinerary, day: list[Session]
) -> None:
    other = people.teacher("namngiven@skola.example.org", at=school_class.school_unit)
    school_class.teachers.add(other)
    change_stop(browser_of(other), stop_of(itinerary, day[0]), "lock")

    page = browser.get(f"/program/{itinerary.pk}").text

    assert "Låste Bygg en bro (en kollega)" in page
    assert "namngiven" not in page


def test_a_programme_is_put_away_and_taken_out(browser: Client, itinerary: Itinerary, day: list[Session]) -> None:
    away = change(browser, itinerary, "archive")

    assert away["Location"] == "/program"
    assert "Undanlagda program" in browser.get("/program").text
    page = browser.get(f"/program/{itinerary.pk}")
    assert "Ta fram igen" in page.text
    assert 'id="deeds"' not in page.text
    for do in ("rename", "book", "show"):
        answer = change(browser, itinerary, do, name="x")
        assert "undanlagt och kan inte ändras" in told(browser, answer), do
    answer = change_stop(browser, stop_of(itinerary, day[0]), "lock")
    assert "undanlagt och kan inte ändras" in told(browser, answer)
    assert "framme igen" in told(browser, change(browser, itinerary, "take out"))
    assert 'id="deeds"' in browser.get(f"/program/{itinerary.pk}").text


def test_work_before_and_after_is_suggested_added_and_removed(browser: Client, itinerary: Itinerary) -> None:
    behind = initiatives.initiative("Dagvatten på skolgården")
    Session.objects.get(title="Se vattnet renas").initiatives.add(behind)

    assert "Dagvatten på skolgården" in browser.get(f"/program/{itinerary.pk}?forslag=1").text
    said = told(browser, change(browser, itinerary, "prepare", initiative=behind.pk, phase="before"))
    assert "”Dagvatten på skolgården” är tillagt." in said
    assert itinerary.preparations.get().phase == "before"
    for fields in ({"initiative": "x", "phase": "before"}, {"initiative": behind.pk, "phase": "under"}, {}):
        assert change(browser, itinerary, "prepare", **fields).status_code == 422
    change(browser, itinerary, "unprepare", initiative=behind.pk, phase="before")
    assert not itinerary.preparations.exists()


def test_what_the_fair_cancels_is_shown(browser: Client, itinerary: Itinerary, day: list[Session]) -> None:
    day[0].occasions.update(cancelled_at=timezone.now())

    page = browser.get(f"/program/{itinerary.pk}")

    assert "Inställt</span>" in page.text
    assert "sak att se över" in page.text or "saker att se över" in page.text


# Adding


def test_a_search_adds_to_a_day_where_it_fits(
    browser: Client, fair: Fair, itinerary: Itinerary, day: list[Session]
) -> None:
    change_stop(browser, stop_of(itinerary, day[2]), "remove")
    robot = session_at(fair, 12.75, title="Robotar som odlar", venue=day[0].venue)
    path = f"/program/{itinerary.pk}/lagg-till"

    page = browser.get(f"{path}?dag={DAY}&q=robotar")
    assert "Robotar som odlar" in page.text
    assert "Bygg en bro" not in page.text
    assert "Inget den dagen har de orden" in browser.get(f"{path}?dag={DAY}&q=xyzzyqwert").text
    answer = browser.post(path, {"on": str(DAY), "q": "robotar", "session": robot.pk})

    assert answer["Location"] == f"/program/{itinerary.pk}#dag-2027-06-01"
    assert robot in sessions_in(itinerary)


def test_what_does_not_fit_is_refused_with_the_reason_and_the_search_kept(
    browser: Client, fair: Fair, itinerary: Itinerary, day: list[Session]
) -> None:
    clash = session_at(fair, 9.5, title="Samma tid", venue=day[0].venue)
    change_stop(browser, stop_of(itinerary, day[0]), "lock")
    path = f"/program/{itinerary.pk}/lagg-till"

    answer = browser.post(path, {"on": str(DAY), "q": "tid", "session": clash.pk})

    assert answer.status_code == 422
    assert "Samma tid: Krockar med" in told(browser, answer)
    assert 'value="tid"' in answer.text
    assert browser.post(path, {"on": str(DAY), "session": "999999"}).status_code == 422
    assert browser.get(f"{path}?dag=x").status_code == 200


def test_a_session_is_added_from_its_own_page(
    browser: Client, school_class: SchoolClass, fair: Fair, itinerary: Itinerary, day: list[Session]
) -> None:
    change_stop(browser, stop_of(itinerary, day[0]), "remove")
    occasion = day[0].occasions.get()
    path = f"/program/lagg-till/{day[0].pk}"

    page = browser.get(f"{path}?tid={occasion.pk}")
    assert "8B: Tisdag 1 juni" in page.text
    browser.post(path, {"program": itinerary.pk, "occasion": occasion.pk})
    assert sessions_in(itinerary) == day

    made = browser.post(path, {"klass": school_class.pk, "occasion": occasion.pk})
    assert sessions_in(Itinerary.objects.get(pk=made["Location"].split("/")[2])) == [day[0]]
    for wrong in ({}, {"program": "x"}, {"klass": school_class.pk}, {"klass": "999", "occasion": occasion.pk}):
        answer = browser.post(path, wrong)
        assert answer.status_code == 422
        assert "Välj ett program, eller en klass och en tid" in told(browser, answer)


def test_a_draft_cannot_be_added_even_by_its_number(browser: Client, fair: Fair, itinerary: Itinerary) -> None:
    draft = session_at(fair, 10, title="Utkast", state="draft")

    assert browser.get(f"/program/lagg-till/{draft.pk}").status_code == 404
    answer = browser.post(f"/program/{itinerary.pk}/lagg-till", {"on": str(DAY), "session": draft.pk})
    assert answer.status_code == 422


# Several classes


def test_several_classes_share_the_seats_and_get_a_programme_each(
    browser: Client, teacher: User, school_class: SchoolClass, fair: Fair, day: list[Session]
) -> None:
    other = given.school_class(label="8C", school_unit=school_class.school_unit)
    other.teachers.add(teacher)
    Session.objects.filter(pk=day[0].pk).update(capacity=30)
    day[0].occasions.update(capacity=30)
    chosen = f"klass={school_class.pk}&klass={other.pk}&dag={DAY}"

    form = browser.get("/program/skolan")
    assert "8C" in form.text
    shown = browser.get(f"/program/skolan?{chosen}")
    sealed = re.findall(r'name="shown" value="([^"]*)"', shown.text)
    posted = {"shown": sealed, "form_token": hidden(shown, "form_token")}
    answers = [browser.post("/program/skolan", posted) for _twice in range(2)]

    assert [answer["Location"] for answer in answers] == ["/program", "/program"]
    made = list(Itinerary.objects.order_by("school_class__label"))
    assert [one.school_class.label for one in made] == ["8B", "8C"]
    assert sum(day[0] in sessions_in(one) for one in made) == 1
    assert "2 program är sparade" in told(browser, answers[0])


@pytest.mark.parametrize("query", ["dag=2027-06-01", "dag=x&klass=1", "dag=2001-01-01", "dag=2027-06-01&klass=999999"])
def test_planning_for_no_class_or_no_day_is_refused_with_words(
    browser: Client, school_class: SchoolClass, fair: Fair, query: str
) -> None:
    answer = browser.get(f"/program/skolan?{query}")

    assert answer.status_code == 422
    assert "Välj" in told(browser, answer)


def test_a_programme_for_somebody_elses_class_is_not_saved_by_a_borrowed_seal(
    browser: Client, school_class: SchoolClass, fair: Fair, day: list[Session]
) -> None:
    stranger = given.school_class(label="9Z")
    shown = browser.get(f"/program/skolan?klass={school_class.pk}&dag={DAY}")
    seal = hidden(shown, "shown").partition(":")[2]

    assert browser.post("/program/skolan", {"shown": f"{stranger.pk}:{seal}"}).status_code == 422
    assert not Itinerary.objects.exists()


# The start page


def test_the_start_page_has_one_button_for_a_teacher_with_a_class(
    browser: Client, school_class: SchoolClass, fair: Fair
) -> None:
    without = browser_of(people.teacher(at=school_class.school_unit))

    assert browser.get("/").text.count("Bygg vårt program") == 1
    assert without.get("/").text.count("Bygg vårt program") == 1
    assert "klar på tre klick" not in without.get("/").text
    Fair.objects.update(is_published=False)
    assert "Bygg vårt program" not in browser.get("/").text


def _version(itinerary: Itinerary) -> int:
    return Itinerary.objects.values_list("version", flat=True).get(pk=itinerary.pk)


# The map


def test_stops_at_one_place_share_a_mark_and_near_ones_are_drawn_apart() -> None:
    here, near, far = (56.0437, 12.6945), (56.04372, 12.69452), (56.0480, 12.6990)
    spots = [
        walk_map.Spot(here, name="*"), walk_map.Spot(near, "1"), walk_map.Spot(far, "2"), walk_map.Spot(far, "3"),
    ]  # fmt: skip

    drawn = walk_map.drawn(spots, walk_map.Spot(here, name="*"))

    assert drawn
    assert [mark.number for mark in drawn.marks] == ["", "1", "2, 3"]
    start, one, _two = [(float(mark.x), float(mark.y)) for mark in drawn.marks]
    assert hypot(start[0] - one[0], start[1] - one[1]) > 20
    assert [label.text for label in drawn.edges] == ["Start och slut"]


@given_any(
    st.lists(st.tuples(st.floats(-80, 80), st.floats(-179, 179)), min_size=2, max_size=25),
)
def test_every_mark_is_inside_the_picture(positions: list[tuple[float, float]]) -> None:
    drawn = walk_map.drawn([walk_map.Spot(at, str(n)) for n, at in enumerate(positions)], None)

    if len(set(positions)) < 2:
        assert drawn is None
        return
    assert drawn
    for mark in drawn.marks:
        assert 0 <= float(mark.x) <= walk_map.WIDTH
        assert 0 <= float(mark.y) <= walk_map.HEIGHT


def test_the_sea_is_to_the_west_of_the_harbour() -> None:
    drawn = walk_map.drawn([walk_map.Spot((56.0437, 12.6945), "1"), walk_map.Spot((56.0472, 12.6912), "2")], None)

    assert drawn
    assert drawn.sea.startswith("M-999")
    assert drawn.sea_name
    assert float(drawn.sea_name.x) < min(float(mark.x) for mark in drawn.marks)


def test_a_shared_map_never_has_the_schools_own_place(
    browser: Client, school_class: SchoolClass, fair: Fair, itinerary: Itinerary
) -> None:
    fair.venues.update(latitude=56.047)
    school_class.school_unit.latitude, school_class.school_unit.longitude = 56.06, 12.72
    school_class.school_unit.save()
    given.stop(itinerary, given.occasion(given.session(fair, venue=given.venue(fair, latitude=56.05)), at(13.5)))
    itinerary.days.update(starts_from="school", ends_at_place="school")
    itinerary = Itinerary.objects.get(pk=itinerary.pk)
    token = sharing.token_of(sharing.share(itinerary, by=school_class.teachers.get()))

    own, shared = browser.get(f"/program/{itinerary.pk}").text, Client().get(f"/delad/{token}").text

    assert "Start och slut</text>" in own
    assert "Promenaden på karta" in shared
    assert 'class="edge"' not in re.findall(r"<svg viewBox=\"0 0 400.*?</svg>", shared, re.S)[0]
    assert "Start och slut" not in shared
