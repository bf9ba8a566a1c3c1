"""A coordinator invites a class and writes with its teacher; a company comes in and sees its desk."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from web.conftest import NARROW, WIDE, Demo, Visit, assert_accessible, assert_fits, sign_in

pytestmark = pytest.mark.browser

TEACHER = "larare@skola.example.org"
COORDINATOR = "samordnare@stad.example.org"
EDITOR = "redaktor@stad.example.org"
WAYS = [
    pytest.param({"viewport": WIDE}, id="wide"),
    pytest.param({"viewport": NARROW, "java_script_enabled": False}, id="narrow without JavaScript"),
]

# Something of the department's that 8B is curious about and has not been invited to. Prints its title.
MAKE_CURIOUS = """
import django
django.setup()
from bryggan.accounts.models import Department, SchoolClass, User
from bryggan.initiatives.owners import initiatives_of
from bryggan.invitations.models import Interest
host = Department.objects.get(slug="stadsbyggnadsforvaltningen")
teacher = User.objects.get(email="larare@skola.example.org")
school_class = SchoolClass.objects.get(teachers=teacher, label="8B")
rest = initiatives_of([host]).filter(is_stopped=False, withdrawn_at=None)
about = rest.exclude(invitation_rounds__invitations__school_class=school_class).order_by("pk").first()
Interest.objects.get_or_create(
    school_class=school_class, initiative=about, withdrawn_at=None, defaults={"expressed_by": teacher}
)
print(about.title)
"""


def of_the_initiative(page: Page, title: str) -> Locator:
    """The link to those who are curious of an initiative; a session of the fair may bear the same title."""
    return page.get_by_role("link", name=title, exact=True).and_(page.locator("[href*='/intresse/initiativ/']"))


def looks_right(page: Page, way: dict[str, Any]) -> None:
    assert_fits(page)
    if way.get("java_script_enabled", True):
        assert_accessible(page)


@pytest.mark.parametrize("way", WAYS)
def test_a_coordinator_invites_and_writes_and_the_teacher_answers(
    demo: Demo, visit: Visit, way: dict[str, Any]
) -> None:
    about, title = demo.run("-c", MAKE_CURIOUS).strip(), f"Prova i verkstaden {way['viewport']['width']}"

    host = visit(COORDINATOR, **way)
    host.goto("/forvaltning/intresse")
    of_the_initiative(host, about).click()
    host.get_by_role("link", name="Bjud in klasser").click()
    fill_in(host, title)
    looks_right(host, way)
    host.get_by_role("button", name="Visa brevet").click()
    expect(host.locator("#letter")).to_contain_text("Klassen får prova själv.")
    host.get_by_role("button", name="Spara och se vilka som får den").click()
    expect(host.get_by_role("heading", name="Vilka får inbjudan")).to_be_visible()
    looks_right(host, way)
    host.get_by_role("button", name=re.compile("Skicka nu")).click()
    expect(host.get_by_role("heading", name=re.compile("har tackat ja"))).to_be_visible()

    teacher = visit(TEACHER, **way)
    teacher.goto("/inbjudningar")
    teacher.get_by_role("listitem").filter(has_text=title).filter(has_text="8B").get_by_role("link").first.click()
    teacher.get_by_role("button", name="Ja, vi kommer").click()
    expect(teacher.get_by_role("status").first).to_contain_text("Ni kommer")

    host.goto("/forvaltning/besok")
    looks_right(host, way)
    visits = host.get_by_role("listitem").filter(has_text=title)
    visits.get_by_role("link", name=re.compile("8B")).click()
    expect(host.get_by_role("main")).to_contain_text(TEACHER)
    looks_right(host, way)
    # By keyboard alone: write, and press the button that comes next.
    host.get_by_label("Skriv till klassen").focus()
    host.keyboard.type("Välkomna! Ta med stövlar.")
    host.keyboard.press("Tab")
    expect(host.get_by_role("button", name="Skicka", exact=True)).to_be_focused()
    host.keyboard.press("Enter")
    expect(host.get_by_role("main").get_by_role("listitem").filter(has_text="Ta med stövlar.")).to_be_visible()

    teacher.reload()
    expect(teacher.get_by_role("main")).to_contain_text("Välkomna! Ta med stövlar.")
    teacher.get_by_label("Skriv till värden").fill("Det gör vi.")
    teacher.get_by_role("button", name="Skicka", exact=True).click()
    host.goto("/forvaltning/besok")
    written = host.get_by_role("listitem").filter(has_text=title)
    written.get_by_role("link", name=re.compile("8B.*har skrivit")).click()
    expect(host.get_by_role("main")).to_contain_text("Det gör vi.")
    host.get_by_role("button", name="Markera som läst").click()
    expect(host.get_by_role("button", name="Markera som läst")).to_have_count(0)


def fill_in(page: Page, title: str) -> None:
    day = date.today()
    page.locator("#id_title").fill(title)
    page.locator("#id_text").fill("Klassen får prova själv.")
    page.get_by_label("på bestämda tider").check()
    row = page.get_by_role("group", name="Tid 1")
    row.get_by_label("Dag").fill((day + timedelta(days=30)).isoformat())
    row.get_by_label("Börjar").fill("9.30")
    row.get_by_label("Slutar").fill("10.30")
    row.get_by_label("Platser").fill("60")
    page.get_by_label("i den ordning svaren kommer").check()
    page.locator("#id_answer_on").fill((day + timedelta(days=9)).isoformat())
    page.locator("#id_answer_at").fill("16.00")


@pytest.mark.parametrize("way", WAYS)
def test_a_company_signs_up_is_let_in_and_sees_who_is_curious(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    about, width = demo.run("-c", MAKE_CURIOUS).strip(), way["viewport"]["width"]
    name, email = f"Provbolaget {width}", f"kim{width}@foretag.example.org"

    company = visit(**way)
    company.goto("/foretag")
    company.get_by_label("Företagets eller föreningens namn").fill(name)
    company.get_by_label("Ditt namn").fill("Kim Exempel")
    company.get_by_label("E-postadress").fill(email)
    company.get_by_label("Vad vill ni göra med klasser?").fill("Visa hur en cykel blir till.")
    looks_right(company, way)
    company.get_by_role("button", name="Skicka anmälan").click()
    expect(company.get_by_role("status").first).to_contain_text("Tack!")

    editor = visit(EDITOR, **way)
    editor.goto("/redaktion/foretag")
    editor.get_by_role("button", name=f"Godkänn {name}").click()
    editor.get_by_role("link", name=re.compile(f"Välj initiativ.*{name}")).click()
    editor.get_by_label("Ord i titeln").fill(about)
    editor.get_by_role("button", name="Sök").click()
    looks_right(editor, way)
    editor.get_by_role("button", name=f"Lägg till {about}").click()
    expect(editor.get_by_role("status").first).to_contain_text(f"{name} samordnar nu ”{about}”.")

    sign_in(company, demo, email)
    company.get_by_role("navigation", name="Huvudmeny").get_by_role("link", name="Intresse").click()
    of_the_initiative(company, about).click()
    expect(company.get_by_role("main")).to_contain_text("8B")
    looks_right(company, way)
