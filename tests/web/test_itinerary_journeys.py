"""From signed in to a saved, complete day: three clicks; on a phone, without scripts, and by keyboard alone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from web.conftest import NARROW, WIDE, Demo, Visit, assert_accessible, assert_fits
from web.demo_programme import MAKE_MOVABLE

pytestmark = pytest.mark.browser
TEACHER = "larare@skola.example.org"
# Real clicks, over pages. A key that presses a button is told as a click as well.
COUNT_CLICKS = """
    addEventListener("click", event => {
        if (event.isTrusted) sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
    }, true);
"""
SAVED = re.compile(r"/program/(\d+)$")


def saved_day(demo: Demo, page: Page) -> dict[str, Any]:
    """What the database has of the programme that the page shows."""
    found = SAVED.search(page.url)
    assert found, page.url
    told = demo.run("-c", f"""
import json, django
django.setup()
from bryggan.fair.models import Booking, Itinerary
from bryggan.fair.programmes.checks import problems_of
itinerary = Itinerary.objects.get(pk={found[1]})
kinds = [stop.kind for stop in itinerary.stops.kept()]
print(json.dumps({{
    "sessions": kinds.count("session"), "lunches": kinds.count("lunch"), "days": itinerary.days.count(),
    "problems": [str(problem.reason) for problem in problems_of(itinerary) if problem.is_hard],
    "booked": Booking.objects.filter(school_class=itinerary.school_class, made_at__gte=itinerary.made_at).count(),
}}))
""")  # fmt: skip
    return dict(json.loads(told))


def assert_complete(demo: Demo, page: Page) -> None:
    day = saved_day(demo, page)
    assert day["sessions"] >= 3
    assert (day["lunches"], day["days"], day["problems"], day["booked"]) == (1, 1, [], 0)


def test_three_clicks_make_a_complete_day(demo: Demo, visit: Visit) -> None:
    page = visit(TEACHER)
    page.add_init_script(COUNT_CLICKS)
    page.goto("/")

    page.get_by_role("link", name="Bygg vårt program").click()
    page.locator("main a.day-choice").first.click()
    page.get_by_role("button", name="Spara", exact=True).click()

    page.wait_for_url(SAVED)
    expect(page.get_by_role("status")).to_contain_text("Programmet är sparat")
    assert page.evaluate("sessionStorage.clicks") == "3"
    assert_complete(demo, page)


@pytest.mark.parametrize("options", [{"viewport": NARROW}, {"java_script_enabled": False}], ids=["phone", "no script"])
def test_the_same_on_a_phone_and_without_scripts(demo: Demo, visit: Visit, options: dict[str, Any]) -> None:
    page = visit(TEACHER, **options)
    page.goto("/")
    pages = []

    for step in (
        page.get_by_role("link", name="Bygg vårt program"),
        page.locator("main a.day-choice").first,
        page.get_by_role("button", name="Spara", exact=True),
    ):
        step.click()
        page.wait_for_load_state()
        if "viewport" in options:
            assert_fits(page)
        pages.append(page.url)

    page.wait_for_url(SAVED)
    assert len(set(pages)) == 3
    assert_complete(demo, page)


def test_by_keyboard_alone_and_a_stop_moved_by_its_buttons(demo: Demo, visit: Visit) -> None:
    page = visit(TEACHER)
    page.goto("/")

    press(page, page.get_by_role("link", name="Bygg vårt program"))
    page.wait_for_url("**/program/ny")
    press(page, page.locator("main a.day-choice").first)
    page.wait_for_url("**dag=**")
    press(page, page.get_by_role("button", name="Spara", exact=True))
    page.wait_for_url(SAVED)
    assert_complete(demo, page)

    page.goto(f"/program/{demo.run('-c', MAKE_MOVABLE).strip()}")
    for button, begins in (("Senare", "10.05"), ("Senare", "10.10"), ("Tidigare", "10.05")):
        press(page, page.get_by_role("button", name=re.compile(f"^{button}.*Samling")))
        stop = page.locator("li.stop", has_text="Samling")
        expect(stop.locator("time")).to_have_text(begins)
        expect(stop.get_by_role("status")).to_have_text(f"”Samling” börjar nu {begins}.")
        expect(stop).to_be_focused()
        expect(stop).to_be_in_viewport()


def test_a_programme_is_changed_booked_and_undone(demo: Demo, visit: Visit) -> None:
    page = visit(TEACHER)
    page.goto("/program/ny")
    page.locator("main a.day-choice").nth(3).click()
    page.get_by_role("button", name="Spara", exact=True).click()
    page.wait_for_url(SAVED)
    first = page.locator("li.stop h3 a").first.inner_text()

    page.get_by_role("link", name=re.compile(f"^Byt.*{re.escape(first)}")).click()
    page.get_by_role("button", name=re.compile("Byt till den här")).first.click()
    page.wait_for_url(re.compile(r"/program/\d+"))
    expect(page.get_by_role("status")).to_contain_text("Ni har bytt till")
    assert page.locator("li.stop h3 a").first.inner_text() != first

    page.get_by_role("button", name=re.compile("^Ångra")).click()
    expect(page.get_by_role("status")).to_contain_text("Ångrat")
    assert page.locator("li.stop h3 a").first.inner_text() == first

    if page.get_by_role("button", name="Boka platser").count():
        page.get_by_role("button", name="Boka platser").click()
        expect(page.get_by_text("Platserna hålls åt er till")).to_be_visible()
        page.get_by_role("button", name="Bekräfta bokningen").click()
        expect(page.get_by_role("status").first).to_contain_text("Bokat")
    assert_accessible(page)


def test_a_stop_is_dragged_onto_another_time(demo: Demo, visit: Visit) -> None:
    page = visit(TEACHER)
    page.goto(f"/program/{demo.run('-c', MAKE_MOVABLE).strip()}")
    page.goto(page.url + "/dag/" + page.locator(".plan-day").get_attribute("id").removeprefix("dag-"))  # type: ignore[union-attr]
    page.get_by_label("Vad", exact=True).fill("Fika")
    page.get_by_label("Börjar", exact=True).fill("11:00")
    page.get_by_label("Slutar", exact=True).fill("11:15")
    page.get_by_role("button", name="Lägg in").click()

    page.locator("li.stop", has_text="Samling").drag_to(page.locator("li.stop", has_text="Fika"))

    expect(page.locator("li.stop", has_text="Samling").locator("time")).to_have_text("11.00")
    expect(page.get_by_text("Krockar med").first).to_be_visible()


@pytest.mark.parametrize("size", [NARROW, {"width": 640, "height": 450}, WIDE], ids=["phone", "zoomed", "wide"])
def test_the_menu_takes_two_rows_at_most_below_the_name(visit: Visit, size: dict[str, int]) -> None:
    page = visit(TEACHER, viewport=size)
    page.goto("/program")

    rows = page.evaluate("new Set([...document.querySelectorAll('.site-nav a')].map(a => a.offsetTop)).size")

    assert rows <= 2
    assert_fits(page)


def press(page: Page, target: Any) -> None:
    """Tab until it has the focus, then press it."""
    for _ in range(120):
        if target.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    else:
        raise AssertionError(f"the focus never comes to {target}")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
