from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import factories as people
from alignment import factories as make
from bryggan.accounts.models import User
from bryggan.alignment import saving
from bryggan.alignment.models import SavedSearch
from bryggan.alignment.searching import Query, labels
from bryggan.curriculum.models import SchoolForm
from bryggan.web.searches.naming import proposed_name

LIST = "/sokningar"


@pytest.fixture
def teacher(db: None) -> User:
    return people.teacher("anna@skola.example.org")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def saved(by: User, parameters: str = "q=dagvatten", name: str = "Min sökning") -> SavedSearch:
    return saving.save(saving.read(parameters).query, name=name, by=by)[0]


# Who


@pytest.mark.parametrize("who", ["teacher", "coordinator", "editor", "administrator"])
def test_every_signed_in_person_keeps_searches_of_her_own(db: None, who: str) -> None:
    client = browser(getattr(people, who)())

    answer = client.post(LIST, {"search": "q=dagvatten"})

    made = SavedSearch.objects.get()
    assert answer["Location"] == f"{LIST}#sokning-{made.pk}"
    assert "”dagvatten”" in client.get(LIST).text


@pytest.mark.parametrize("who", ["teacher", "coordinator", "editor", "administrator"])
@pytest.mark.parametrize("part", ["namn", "brev", "ta-bort"])
def test_nobody_else_sees_or_changes_a_search(teacher: User, who: str, part: str) -> None:
    hidden = saved(teacher, name="Hemlig sökning")
    client = browser(getattr(people, who)())

    answer = client.post(f"{LIST}/{hidden.pk}/{part}", {"name": "Min", "mail": "on"})

    assert answer.status_code == 404
    assert "Hemlig" not in answer.text + client.get(LIST).text
    hidden.refresh_from_db()
    assert (hidden.name, hidden.wants_mail) == ("Hemlig sökning", False)


def test_a_stranger_is_led_to_sign_in_and_back_to_what_she_was_looking_at(teacher: User) -> None:
    hidden = saved(teacher)

    assert Client().get(LIST)["Location"] == f"/konto/logga-in?next={LIST}"
    answer = Client().post(LIST, {"search": "q=dagvatten&page=3&takes_classes=1"})
    assert answer["Location"] == "/konto/logga-in?next=" + quote("/utforska?q=dagvatten&takes_classes=1", safe="/")
    for part in ("namn", "brev", "ta-bort"):
        assert Client().post(f"{LIST}/{hidden.pk}/{part}")["Location"].startswith("/konto/logga-in")
    assert SavedSearch.objects.count() == 1


@pytest.mark.parametrize("part", ["", "/{}/namn", "/{}/brev", "/{}/ta-bort"])
def test_a_form_from_elsewhere_is_refused(teacher: User, part: str) -> None:
    hidden = saved(teacher)
    client = Client(enforce_csrf_checks=True)
    client.force_login(teacher)

    assert client.post(LIST + part.format(hidden.pk), {"search": "q=x", "name": "x"}).status_code == 403
    assert SavedSearch.objects.get().name == "Min sökning"


@pytest.mark.parametrize("part", ["namn", "brev", "ta-bort"])
@pytest.mark.parametrize("pk", ["0", "9" * 30])
def test_what_does_not_exist_or_is_only_read_is_told(teacher: User, part: str, pk: str) -> None:
    client = browser(teacher)

    assert client.post(f"{LIST}/{pk}/{part}").status_code == 404
    assert client.get(f"{LIST}/{saved(teacher).pk}/{part}").status_code == 405


# Keeping


def test_what_is_saved_is_valid_and_what_was_not_understood_is_told(teacher: User) -> None:
    make.term("sector", "Vatten")
    make.initiative()

    page = browser(teacher).post(LIST, {"search": "?sector=vatten&sector=okand&years=77&page=2"}, follow=True)

    assert SavedSearch.objects.get().parameters == "sector=vatten"
    assert "Vi känner inte igen ”okand”" in page.text
    assert 'href="/utforska?sector=vatten"' in page.text
    assert "Sökningen är sparad" in page.text


def test_a_search_saved_again_is_the_same(teacher: User) -> None:
    client = browser(teacher)
    client.post(LIST, {"search": "q=dagvatten"})

    page = client.post(LIST, {"search": "sort=title&q=dagvatten"}, follow=True)

    assert "Den sökningen har du redan sparat" in page.text
    assert SavedSearch.objects.count() == 1


def test_everything_can_be_saved(teacher: User) -> None:
    page = browser(teacher).post(LIST, {}, follow=True)

    assert "Alla initiativ" in page.text


@pytest.mark.parametrize("search", ["x=" + "1" * 100_000, "&".join(["q=a"] * 5000), "\x00", "q=%00", "<script>"])
def test_bad_addresses_never_break_the_page(teacher: User, search: str) -> None:
    page = browser(teacher).post(LIST, {"search": search}, follow=True)

    assert page.status_code == 200
    assert "<script>" not in page.text.replace("<script src", "")


def test_too_much_is_refused_with_a_way_back(teacher: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(saving, "MOST_SEARCHES", 1)
    client = browser(teacher)
    client.post(LIST, {"search": "q=ett"})

    page = client.post(LIST, {"search": "q=två"})

    assert page.status_code == 422
    assert "Du har redan 1 sparade sökningar" in page.text
    assert 'href="/utforska?q=tv%C3%A5"' in page.text


def test_too_many_values_are_refused_with_a_way_back(teacher: User) -> None:
    keys = [make.point("BIO", text=f"Punkt {n}").key for n in range(80)]

    page = browser(teacher).post(LIST, {"search": "&".join(f"core_content={key}" for key in keys)})

    assert page.status_code == 422
    assert "för många val" in page.text
    assert SavedSearch.objects.count() == 0


# Changing


def test_a_search_is_renamed(teacher: User) -> None:
    search = saved(teacher)

    browser(teacher).post(f"{LIST}/{search.pk}/namn", {"name": "  Regn & <snö>  "})

    assert "Regn &amp; &lt;snö&gt;" in browser(teacher).get(LIST).text


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b"])
def test_a_bad_name_is_told_and_not_lost(teacher: User, name: str) -> None:
    search, other = saved(teacher), saved(teacher, "q=annat", "Annan")

    page = browser(teacher).post(f"{LIST}/{search.pk}/namn", {"name": name})

    assert page.status_code == 422
    assert f'id="id_{search.pk}_name_error"' in page.text
    assert f'id="id_{other.pk}_name_error"' not in page.text
    if len(name) > 120:
        assert name in page.text
    search.refresh_from_db()
    assert search.name == "Min sökning"


def test_mail_is_switched_on_and_off(teacher: User) -> None:
    search, client = saved(teacher), browser(teacher)

    on = client.post(f"{LIST}/{search.pk}/brev", {"mail": "on"}, follow=True)
    search.refresh_from_db()
    assert (search.wants_mail, "Du får brev" in on.text) == (True, True)

    client.post(f"{LIST}/{search.pk}/brev", {"mail": "off"})
    search.refresh_from_db()
    assert not search.wants_mail


def test_a_search_is_deleted(teacher: User) -> None:
    search, client = saved(teacher), browser(teacher)

    page = client.post(f"{LIST}/{search.pk}/ta-bort", follow=True)

    assert "Min sökning är borttagen" in page.text
    assert SavedSearch.objects.count() == 0


def test_an_empty_page_teaches_what_to_do(teacher: User) -> None:
    page = browser(teacher).get(LIST).text

    assert "Spara en sökning, så slipper du fylla i den igen" in page
    assert 'href="/utforska"' in page


def test_the_list_costs_the_same_for_one_and_for_fifty(teacher: User) -> None:
    client = browser(teacher)
    counts = []
    for number in (1, 50):
        while SavedSearch.objects.count() < number:
            saved(teacher, f"q=ord{SavedSearch.objects.count()}")
        with CaptureQueriesContext(connection) as statements:
            client.get(LIST)
        counts.append(len(statements))

    assert counts[0] == counts[1]


# Stopping without signing in


def test_the_link_shows_a_button_and_the_button_stops_the_mail(teacher: User) -> None:
    search = saved(teacher, name="Regn <b>")
    saving.send_mail_about(search)
    address = f"/sokningar/sluta/{saving.stop_token(search)}"
    client = Client(enforce_csrf_checks=True)

    page = client.get(address)
    search.refresh_from_db()
    assert (page.status_code, search.wants_mail) == (200, True)
    assert "Regn &lt;b&gt;" in page.text
    assert "anna@" not in page.text
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("same-origin", "noindex")

    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    after = client.post(address, {"csrfmiddlewaretoken": token[1]}, follow=True)
    search.refresh_from_db()
    assert not search.wants_mail
    assert "Du får inga fler brev" in after.text
    assert "<form" not in after.text.partition("<main")[2]
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("token", ["x", "0" * 32, "å" * 500])
def test_a_link_that_stops_nothing_says_so(teacher: User, token: str) -> None:
    saved(teacher)

    page = Client().get(f"/sokningar/sluta/{quote(token)}")

    assert page.status_code == 404
    assert "Länken gäller inte längre" in page.text
    assert Client().post(f"/sokningar/sluta/{quote(token)}").status_code == 404


def test_the_link_works_after_the_searchs_mail_was_switched_off_and_on(teacher: User) -> None:
    search = saved(teacher)
    saving.send_mail_about(search)
    address = f"/sokningar/sluta/{saving.stop_token(search)}"
    saving.stop_mail_about(search)
    saving.send_mail_about(search)

    Client().post(address)

    search.refresh_from_db()
    assert not search.wants_mail


def test_the_links_of_a_mail_lead_here(teacher: User) -> None:
    search = saved(teacher, "q=dagvatten&takes_classes=1")
    saving.send_mail_about(search)
    make.initiative("Dagvatten", takes_classes=True)
    search.refresh_from_db()

    text, html = saving.digest_of([saving._run(search)])

    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', html)]
    assert len(links) == 4
    for link in links:
        assert link in text
        path = link.removeprefix(settings.BASE_URL)
        assert Client().get(path).status_code in (200, 302), link


# Names


def test_a_name_says_what_was_chosen_as_people_say_it(db: None) -> None:
    make.subject("BIO", "Biologi")
    for name in ("Vatten", "Energi", "Skola", "Vård"):
        make.term("sector", name)
    point = make.point("BIO", text="Hur mätningar av ekosystem används för att följa deras tillstånd över tid.")
    make.initiative()
    cases = {
        "subject=BIO&years=7&years=8&years=9&takes_classes=1": "Biologi, åk 7–9, tar emot klasser",
        "q=dagvatten&years=2": "”dagvatten”, åk 2",
        "school_form=GR": str(SchoolForm.COMPULSORY.label),
        "sector=vatten&sector=energi&sector=skola&sector=vard": "Vatten, Energi, 2 till",
        f"core_content={point.key}": "Hur mätningar av ekosystem används för att följa …",
        "": "Alla initiativ",
    }

    for address, name in cases.items():
        assert proposed_name(saving.read(address).query) == name


def test_a_name_is_never_too_long(db: None) -> None:
    for letter in "ab":
        make.term("sector", f"{letter} {'lång ' * 15}")
    make.initiative()

    name = proposed_name(Query(text="ord " * 70, sector=tuple(labels("sector")), takes_classes=True))

    assert len(name) <= saving.LONGEST_NAME
