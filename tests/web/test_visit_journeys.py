"""A teacher says that her class is curious, answers by the link of a letter, and comes to her visit."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from web.conftest import NARROW, WIDE, Demo, Visit, assert_accessible, assert_fits
from web.demo_visits import MAKE_VISIT

pytestmark = pytest.mark.browser

TEACHER = "larare@skola.example.org"
WAYS = [
    pytest.param({"viewport": WIDE}, id="wide"),
    pytest.param({"viewport": NARROW, "java_script_enabled": False}, id="narrow without JavaScript"),
]


@pytest.mark.parametrize("way", WAYS)
def test_a_teacher_is_curious_and_takes_it_back(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    page = visit(TEACHER, **way)
    page.goto(nobody_is_curious_about(demo))
    panel = page.locator("#curious")

    panel.get_by_label("Klass", exact=True).select_option(label="8B")
    panel.get_by_role("button", name="Vi är nyfikna").click()

    expect(panel).to_contain_text("8B är nyfiken.")
    assert_fits(page)
    if way.get("java_script_enabled", True):
        assert_accessible(page)
    page.goto("/nyfikna")
    expect(page.get_by_role("main")).to_contain_text("8B: besöka, när som helst")
    page.go_back()
    panel.get_by_role("button", name="Ta tillbaka för 8B").click()
    expect(panel).not_to_contain_text("8B är nyfiken.")
    expect(panel).to_be_visible()


@pytest.mark.parametrize("way", WAYS)
def test_a_teacher_answers_by_the_link_of_a_letter_and_sees_her_visit(
    demo: Demo, visit: Visit, way: dict[str, Any]
) -> None:
    number, link, offer, _other = demo.run("-c", MAKE_VISIT).split()
    stranger = visit(**way)
    stranger.goto(link)
    expect(stranger.get_by_role("main")).to_contain_text("gäller 8B")

    stranger.get_by_label("Antal barn eller elever").fill("24")
    stranger.get_by_role("button", name="Ja, vi kommer").click()

    expect(stranger.get_by_role("status").first).to_contain_text("Ni kommer")
    assert_fits(stranger)
    page = visit(TEACHER, **way)
    page.goto(f"/inbjudningar/{number}")
    expect(page.get_by_role("status").first).to_contain_text("Ni kommer")
    page.get_by_label("Skriv till värden").fill("Vi kommer med buss.")
    page.get_by_role("button", name="Skicka").click()
    expect(page.get_by_role("main")).to_contain_text("Vi kommer med buss.")
    page.goto(f"/platser/{offer}")
    page.get_by_role("button", name="Ja, vi tar platserna").click()
    expect(page.get_by_role("heading", name="Våra besök")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Se hur havet tas om hand")
    expect(page.get_by_role("main")).to_contain_text("24 elever och 2 vuxna")
    assert_fits(page)


def nobody_is_curious_about(demo: Demo) -> str:
    """The address of an initiative that can be visited and that no class has said anything about."""
    found = demo.run(
        "-c",
        "import django; django.setup()\n"
        "from bryggan.initiatives.models import Initiative\n"
        "rest = Initiative.objects.published().filter(is_stopped=False, interests=None)\n"
        "print(rest.order_by('pk').first().get_absolute_url())",
    )
    return found.strip()
