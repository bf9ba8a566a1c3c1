"""A company: let in, tied to initiatives by an editor, at its own desk."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import factories as people
from bryggan.accounts.models import User
from bryggan.invitations.models import InvitationRound
from invitations import factories as make

pytestmark = pytest.mark.django_db


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_editor_finds_and_chooses_initiatives_and_the_company_sees_who_is_curious() -> None:
    company, coordinator = make.company_with_coordinator()
    about = make.initiative(people.department("Vatten"), "Ärlig dagvattendamm")
    make.interest(make.school_class(label="8NYFIKEN"), about)
    editor, host = of(people.editor()), of(coordinator)
    address = f"/redaktion/foretag/{company.pk}"

    before = host.get(f"/forvaltning/intresse/initiativ/{about.pk}").status_code
    found = editor.get(address, {"q": "ärlig damm"}).text
    editor.post(f"{address}?q=damm", {"do": "add", "initiative": about.pk})
    page = editor.get(address, {"q": "ärlig damm"}).text

    assert before == 403
    assert "Lägg till<span" in found
    assert "Inget annat initiativ har de orden i titeln." in page
    assert "8NYFIKEN" in host.get(f"/forvaltning/intresse/initiativ/{about.pk}").text
    assert "Ärlig dagvattendamm" in host.get("/forvaltning/intresse").text
    invited = host.get("/forvaltning/utskick/nytt", {"till": f"initiativ-{about.pk}"})
    assert invited.context["host"] == company


def test_taken_back_the_companys_desk_is_closed_again() -> None:
    company, coordinator = make.company_with_coordinator()
    about = make.initiative(people.department("Vatten"))
    editor = of(people.editor())
    address = f"/redaktion/foretag/{company.pk}"
    for do in ("add", "remove"):
        editor.post(address, {"do": do, "initiative": about.pk})

    assert of(coordinator).get(f"/forvaltning/intresse/initiativ/{about.pk}").status_code == 403
    assert not InvitationRound.objects.exists()


@pytest.mark.parametrize(
    "data", [{}, {"do": "add"}, {"do": "add", "initiative": "x"}, {"do": "byt", "initiative": "1"}]
)
def test_nonsense_is_not_found(data: dict[str, str]) -> None:
    company, _coordinator = make.company_with_coordinator()
    make.initiative(None)

    assert of(people.editor()).post(f"/redaktion/foretag/{company.pk}", data).status_code == 404


def test_a_company_that_waits_has_no_initiatives_to_choose() -> None:
    waiting = people.company("Väntar AB")

    assert of(people.editor()).get(f"/redaktion/foretag/{waiting.pk}").status_code == 404


def test_the_page_costs_the_same_for_one_initiative_and_fifty() -> None:
    company, _coordinator = make.company_with_coordinator()
    editor, department = of(people.editor()), people.department("Vatten")
    address = f"/redaktion/foretag/{company.pk}"

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert editor.get(address, {"q": "rent"}).status_code == 200
        return len(queries)

    for _ in range(2):
        editor.post(address, {"do": "add", "initiative": make.initiative(department).pk})
    make.initiative(department)
    one = statements()
    for _ in range(49):
        editor.post(address, {"do": "add", "initiative": make.initiative(department).pk})
        make.initiative(department)

    assert statements() == one
