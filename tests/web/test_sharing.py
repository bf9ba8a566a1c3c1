"""A programme that leaves the service: by link, calendar and PDF, to people without an account."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader
from pytest_django import Settings

from accounts import factories as people
from alignment import factories as initiatives
from bryggan.accounts.models import User
from bryggan.common.models import RateCount
from bryggan.fair.models import Fair, Itinerary, Occasion, Preparation, State, Stop
from bryggan.fair.programmes import sharing
from bryggan.web.sharing import shared as views
from fair import factories as make
from fair.factories import at

pytestmark = pytest.mark.django_db

MARKUP = r"""#let x = 1 $a^2$ *fet* _kursiv_ @mig `kod` \n // ej [a] {b} <i>&amp; "c" ~ = - +"""
# What stands in the rows, and belongs to nobody who has the link.
SECRETS = (
    "Hemliga skolan", "hemlig@skola.example.org", "Lena Lärare", "Läs högt för Kalle", "Tänk på Kalle", "Tyst vrå",
    "Därför att vi valde den", "23 elever",
)  # fmt: skip


class World:
    """A programme of two stops and a lunch, shared by its teacher."""

    def __init__(self, **columns: Any) -> None:
        school = people.school_unit("Hemliga skolan", latitude=56.05, longitude=12.7)
        self.teacher = people.teacher("hemlig@skola.example.org", at=school, name="Lena Lärare")
        self.school_class = make.school_class(label="8B", pupils=23, needs="Tyst vrå", school_unit=school)
        self.school_class.teachers.add(self.teacher)
        self.fair: Fair = make.fair(name="H22 City Expo", practical="Mässan är gratis.", **columns)
        self.itinerary: Itinerary = make.itinerary(
            self.fair, self.school_class, name="8B på mässan", made_by=self.teacher
        )
        make.day(self.itinerary, starts_from="school")
        venue = make.venue(
            self.fair,
            "Oceanhamnen",
            address="Oceangatan 4",
            has_toilets=True,
            is_indoor=True,
            practical="Oömma kläder.",
        )
        self.session = make.session(self.fair, "Bygg en bro", venue=venue, summary="Av skräp och lim.")
        self.stop: Stop = make.stop(
            self.itinerary,
            make.occasion(self.session, at(9.5)),
            note="Läs högt för Kalle",
            reason="Därför att vi valde den",
        )
        Stop.objects.create(
            itinerary=self.itinerary, kind=Stop.Kind.LUNCH, venue=venue, starts_at=at(11.5), ends_at=at(12.25)
        )
        far = make.venue(self.fair, "Gröna torg", latitude=56.0480, longitude=12.6950)
        make.stop(self.itinerary, make.occasion(make.session(self.fair, "Se vattnet", venue=far), at(13)))
        self.before = initiatives.initiative("Dagvattendammar")
        Preparation.objects.create(
            itinerary=self.itinerary, initiative=self.before, phase="before", note="Tänk på Kalle"
        )
        self.token = sharing.token_of(sharing.share(self.itinerary, by=self.teacher))

    def get(self, end: str = "", **headers: str) -> HttpResponse:
        """With no cookie, as a pupil's phone or a calendar asks."""
        return Client().get(f"/delad/{self.token}{end}", headers=headers)  # type: ignore[return-value]

    def revoke(self) -> None:
        sharing.revoke(self.itinerary, by=self.teacher)


@pytest.fixture
def world() -> World:
    return World()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(answer: HttpResponse) -> str:
    reader = PdfReader(io.BytesIO(answer.content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


ENDS = ["", "/kalender.ics", "/program.pdf", "/kopia.js"]


# The page


def test_the_page_tells_the_day(world: World) -> None:
    answer = world.get()

    assert answer.status_code == 200
    for text in (
        "8B på mässan",
        "Klass 8B · H22 City Expo",
        "Tisdag 1 juni",
        "Start: skolan",
        "Bygg en bro",
        ">9.30</time>",
        ">10.30</time>",
        "Oceanhamnen, Oceangatan 4",
        "Inomhus",
        "Toaletter",
        "Oömma kläder.",
        "Av skräp och lim.",
        "Lunch",
        "Se vattnet",
        "min promenad, ungefär",
        "Mässan är gratis.",
        "Dagvattendammar",
    ):
        assert text in answer.text, text


@pytest.mark.parametrize("end", ENDS)
def test_nothing_that_leaves_by_the_link_names_school_persons_or_numbers(world: World, end: str) -> None:
    answer = world.get(end)

    told = words(answer) if end.endswith("pdf") else answer.content.decode()
    assert [word for word in SECRETS if word in told] == []


@pytest.mark.parametrize("end", ENDS)
def test_the_address_goes_to_no_other_site_and_into_no_search_engine(world: World, end: str) -> None:
    answer = world.get(end)

    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Cache-Control"] == "private, no-cache"
    assert "Cookie" not in answer.get("Vary", "")
    assert not answer.cookies


def test_every_link_out_of_the_page_keeps_the_address_to_itself(world: World) -> None:
    page = world.get().text

    links = [part.partition(">")[0] for part in page.split("<a ")[1:]]
    out = [link for link in links if f'href="/delad/{world.token}"' not in link and 'href="#' not in link]
    assert len(out) > 5
    assert [link for link in out if 'rel="noreferrer"' not in link] == []
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert '<meta name="referrer" content="no-referrer">' in page


def test_a_cancelled_stop_and_a_changed_one_are_marked_and_told_why(world: World) -> None:
    world.session.state, world.session.change_note = State.CHANGED, "Flyttad till scen B"
    world.session.save()
    assert "Ändrat" in world.get().text
    assert "Flyttad till scen B" in world.get().text

    Occasion.objects.filter(session=world.session).update(cancelled_at=timezone.now())

    page = world.get().text
    assert "Inställt" in page
    assert "<s>Bygg en bro</s>" in page
    assert "Ändrat" not in page


def test_a_removed_stop_is_gone_from_the_page(world: World) -> None:
    Stop.objects.filter(pk=world.stop.pk).update(removed_at=timezone.now())

    assert "Bygg en bro" not in world.get().text


def test_a_demo_fair_says_so() -> None:
    assert "Demo med påhittade programpunkter." in World(is_demo=True).get().text


def test_a_programme_without_days_says_so(world: World) -> None:
    world.itinerary.days.all().delete()
    world.itinerary.stops.all().delete()

    assert "Programmet har inga dagar än." in world.get().text
    assert "Programmet har inga dagar än." in words(world.get("/program.pdf"))


def test_where_sign_in_is_required_the_page_is_open_and_leads_to_no_closed_door(
    world: World, settings: Settings
) -> None:
    settings.REQUIRE_SIGN_IN = True

    answer = world.get()

    assert answer.status_code == 200
    assert "Dagvattendammar" in answer.text
    assert "/initiativ/" not in answer.text


def test_texts_are_never_mark_up(world: World) -> None:
    Itinerary.objects.update(name="<script>alert(1)</script>")
    world.session.title = MARKUP
    world.session.save()

    page = world.get().text

    assert "<script>alert" not in page
    assert "<i>&amp;" not in page
    assert MARKUP in words(world.get("/program.pdf")).replace("\u200b", "")


def test_an_unchanged_page_answers_304_and_a_changed_one_does_not(world: World) -> None:
    first = world.get()

    assert world.get(**{"If-None-Match": first["ETag"]}).status_code == 304
    world.session.title = "Ny rubrik"
    world.session.save()

    again = world.get(**{"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert "Ny rubrik" in again.text


@pytest.mark.parametrize("end", ["", "/kalender.ics", "/program.pdf"])
def test_as_many_statements_for_two_stops_as_for_twenty(world: World, end: str) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert world.get(end).status_code == 200
        return len(asked)

    few = count()
    for number in range(18):
        session = make.session(world.fair, f"Punkt {number}")
        make.stop(world.itinerary, make.occasion(session, at(14 + number / 4), ends_at=at(14.2 + number / 4)))

    assert count() == few


# Links that have ended, and those that never were


@pytest.mark.parametrize("end", ENDS)
def test_a_revoked_link_is_gone_and_says_so(world: World, end: str) -> None:
    world.revoke()

    answer = world.get(end)

    assert answer.status_code == 410
    assert "Programmet delas inte längre" in answer.text
    assert f'data-forget="/delad/{world.token}"' in answer.text
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "8B" not in re.findall(r"\w+", answer.text)


@pytest.mark.parametrize("token", ["a" * 22, "kort", "a" * 500, "%00", "å", "..%2F..%2Fetc", "<script>"])
@pytest.mark.parametrize("end", ENDS)
def test_a_guessed_link_is_not_found(world: World, token: str, end: str) -> None:
    answer = Client().get(f"/delad/{token}{end}")

    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


@pytest.mark.usefixtures("early_in_the_hour")
def test_many_guesses_are_asked_to_wait_while_the_class_at_the_same_address_is_served(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_GUESSES", 3)

    guesses = [Client().get(f"/delad/{'b' * 21}{number}").status_code for number in range(5)]
    for _phone in range(10):
        assert world.get().status_code == 200

    assert guesses == [404, 404, 404, 429, 429]
    assert not RateCount.objects.filter(key__contains="127.0.0.1").exists()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_shared_address_is_only_read(world: World, end: str, method: str) -> None:
    answer = getattr(Client(), method)(f"/delad/{world.token}{end}")

    assert answer.status_code == 405


# The calendar


def test_a_calendar_fetched_with_no_cookie_has_as_many_entries_as_the_programme_has_stops(world: World) -> None:
    answer = world.get("/kalender.ics")

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    events = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert len(events) == world.itinerary.stops.kept().count() == 3
    assert {str(event["SUMMARY"]) for event in events} == {"Bygg en bro", "Lunch", "Se vattnet"}
    # The way back leads to the stop on the page.
    for event in events:
        address, _, anchor = str(event["URL"]).partition("#")
        assert address.endswith(f"/delad/{world.token}")
        assert f'id="{anchor}"' in world.get().text


def test_an_unchanged_calendar_answers_304_without_being_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.get("/kalender.ics")

    def never(*_: object, **__: object) -> bytes:
        raise AssertionError("written again")

    monkeypatch.setattr("bryggan.fair.programmes.rfc5545.written", never)
    again = world.get("/kalender.ics", **{"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert again["Last-Modified"] == first["Last-Modified"]


def test_a_calendar_asked_only_by_date_misses_no_new_name_of_a_place(world: World) -> None:
    first = world.get("/kalender.ics")
    world.session.venue.name = "Ny plats"
    world.session.venue.save()

    again = world.get("/kalender.ics", **{"If-Modified-Since": first["Last-Modified"]})

    assert again.status_code == 200
    assert "Ny plats" in again.text


# On paper


def test_the_pdf_has_a_page_for_each_day_and_is_tagged_and_named(world: World) -> None:
    tomorrow = make.DAY + timedelta(days=1)
    make.day(world.itinerary, tomorrow)
    make.stop(world.itinerary, make.occasion(make.session(world.fair, "Andra dagen"), at(10, tomorrow)))

    answer = world.get("/program.pdf")

    reader = PdfReader(io.BytesIO(answer.content))
    assert answer["Content-Disposition"] == 'inline; filename="program-8b.pdf"'
    assert len(reader.pages) == 2
    assert [round(float(side) / 72 * 25.4) for side in reader.pages[0].mediabox[2:]] == [210, 297]
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "sv"
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert reader.metadata is not None
    assert reader.metadata.title == "8B på mässan"
    first, second = (" ".join(page.extract_text().split()) for page in reader.pages)
    for text in ("Tisdag 1 juni", "Bygg en bro", "9.30", "Start: skolan", "min promenad", "Anteckningar"):
        assert text in first, text
    assert "Onsdag 2 juni" in second
    assert "Före mässan" in second
    assert "Dagvattendammar" in second
    assert "Mässan är gratis." in second


def test_a_day_too_long_for_a_page_goes_on_and_loses_nothing(world: World) -> None:
    for number in range(30):
        session = make.session(world.fair, f"Punkt nummer {number:02}", summary="Ord som fyller sidan. " * 9)
        make.stop(world.itinerary, make.occasion(session, at(14 + number / 4), ends_at=at(14.2 + number / 4)))

    reader = PdfReader(io.BytesIO(world.get("/program.pdf").content))

    told = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    assert len(reader.pages) > 1
    assert [number for number in range(30) if f"Punkt nummer {number:02}" not in told] == []
    assert "Tisdag 1 juni, fortsätter" in reader.pages[1].extract_text()
    assert "fortsätter" not in reader.pages[0].extract_text()


def test_the_teachers_own_pdf_has_her_notes_and_the_colleagues_and_the_shared_one_do_not(world: World) -> None:
    address = f"/program/{world.itinerary.pk}/program.pdf"
    colleague = people.teacher(at=world.school_class.school_unit)

    own, looked_at = (words(signed_in(user).get(address)) for user in (world.teacher, colleague))  # type: ignore[arg-type]

    assert "Läs högt för Kalle" in own
    assert "Tänk på Kalle" in own
    assert "Kalle" not in looked_at
    assert world.token in own.replace("\u200b", "").replace(" ", "")
    assert world.token not in looked_at.replace("\u200b", "").replace(" ", "")


def test_what_is_cancelled_is_still_on_paper_and_says_so(world: World) -> None:
    world.session.state, world.session.change_note = State.CANCELLED, "Storm"
    world.session.save()

    told = words(world.get("/program.pdf"))

    for text in ("Bygg en bro", "Inställt", "Storm", "Oceanhamnen"):
        assert text in told, text
    assert "Av skräp och lim." not in told


def test_an_unchanged_pdf_answers_304(world: World) -> None:
    first = world.get("/program.pdf")

    assert world.get("/program.pdf", **{"If-None-Match": first["ETag"]}).status_code == 304


# The worker that keeps the copy


def test_the_worker_may_keep_the_one_page_and_names_files_that_exist(world: World) -> None:
    answer = world.get("/kopia.js")

    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Service-Worker-Allowed"] == f"/delad/{world.token}"
    page = world.get().text
    assert f'data-worker="/delad/{world.token}/kopia.js"' in page
    kept = [part for part in answer.text.partition("\n")[0].split('"') if part.startswith("/static/")]
    # All that the page asks for but the picture of the tab is kept, and nothing that it does not ask for.
    asked = [part.partition('"')[0] for part in page.split('="')[1:] if part.startswith("/static/")]
    assert sorted(kept) == sorted(set(asked))
    # What it changes in the copy stands in the page as it looks for it.
    for mark in ('id="kept-copy" hidden', '<span id="kept-at"></span>'):
        assert page.count(mark) == 1
        assert mark in answer.text


# The teacher's page


def test_a_programme_that_is_not_shared_offers_to_make_a_link(world: World) -> None:
    world.revoke()
    client = signed_in(world.teacher)

    before = client.get(f"/program/{world.itinerary.pk}/dela").content.decode()
    made = client.post(f"/program/{world.itinerary.pk}/dela/lank", follow=True)

    assert "/delad/" not in before
    assert "Skapa länk" in before
    link = sharing.open_link(world.itinerary)
    assert link is not None
    assert f"/delad/{sharing.token_of(link)}" in made.content.decode()


def test_the_page_has_the_link_its_code_calendar_and_ways_to_pass_it_on(world: World) -> None:
    page = signed_in(world.teacher).get(f"/program/{world.itinerary.pk}/dela").content.decode()

    address = f"http://127.0.0.1:8000/delad/{world.token}"
    assert f'value="{address}"' in page
    assert 'aria-label="QR-kod med länken till klassens program"' in page
    assert f'href="webcal://127.0.0.1:8000/delad/{world.token}/kalender.ics"' in page
    encoded = address.replace(":", "%3A").replace("/", "%2F")
    for link in (
        f"https://classroom.google.com/share?url={encoded}",
        f"https://teams.microsoft.com/share?href={encoded}",
    ):
        assert f'href="{link}' in page
    outside = [part.partition(">")[0] for part in page.split("<a ")[1:] if 'href="https://' in part.partition(">")[0]]
    assert [link for link in outside if 'rel="noreferrer"' not in link] == []


def test_a_link_is_ended_by_a_button_and_twice_is_no_error(world: World) -> None:
    client = signed_in(world.teacher)
    address = f"/program/{world.itinerary.pk}/dela/sluta"

    first, second = client.post(address, follow=True), client.post(address, follow=True)

    assert "Länken är avslutad." in first.content.decode()
    assert "Programmet delas inte." in second.content.decode()
    assert world.get().status_code == 410


@pytest.mark.parametrize("end", ["dela", "dela/lank", "dela/sluta"])
def test_a_colleague_who_may_look_may_not_share(world: World, end: str) -> None:
    client = signed_in(people.teacher(at=world.school_class.school_unit))
    address = f"/program/{world.itinerary.pk}/{end}"

    answer = client.get(address) if end == "dela" else client.post(address)

    assert answer.status_code == 404
    assert world.get().status_code == 200


def test_a_link_that_cannot_be_shown_again_is_explained(world: World, settings: Settings) -> None:
    settings.SECRET_KEY = "en annan nyckel som är lång nog för att duga till det här"
    client = signed_in(world.teacher)

    page = client.get(f"/program/{world.itinerary.pk}/dela").content.decode()

    assert "kan inte visas längre" in page
    assert "Ja, sluta dela" in page
    assert world.get().status_code == 200
