"""The shared programme on a pupil's phone without a network: there while it is shared, gone when it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Error, Page

from web.conftest import NARROW, Demo, Visit, Watched, assert_accessible, assert_fits
from web.demo_shared import MAKE_SHARED, REVOKE_SHARED

pytestmark = pytest.mark.browser

KEPT = "async page => (await caches.keys()).filter(name => name.includes(page)).length"


@pytest.fixture
def shared(demo: Demo) -> str:
    """The path of a programme that is shared, whatever other tests did with it."""
    return f"/delad/{demo.run('-c', MAKE_SHARED).split()[1]}"


@pytest.fixture
def phone(visit: Visit, watched: Watched) -> Iterator[Page]:
    """A pupil's phone. Being without a network is no trouble here."""
    page = visit(viewport=NARROW)
    yield page
    page.context.set_offline(False)
    watched.troubles[:] = [
        told for told in watched.troubles if not re.search(r"ERR_(INTERNET_DISCONNECTED|FAILED)", told)
    ]


def open_and_keep(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_text("går att öppna utan nät").wait_for()


def test_without_a_network_the_copy_is_shown_as_it_should_look_and_says_that_it_is_one(
    phone: Page, shared: str
) -> None:
    open_and_keep(phone, shared)
    assert phone.get_by_text("Sparad kopia från").is_hidden()
    looks = "getComputedStyle(document.querySelector('.timeline .stop .what')).borderLeftWidth"
    width = phone.evaluate(looks)

    phone.context.set_offline(True)
    phone.reload()

    assert phone.get_by_role("heading", name="Bygg en bro av skräp").is_visible()
    told = phone.get_by_text("Sparad kopia från").inner_text()
    assert re.search(r"Sparad kopia från kl \d\d\.\d\d \w+dag \d+ \w+\.", told)
    assert phone.evaluate(looks) == width == "4px"
    assert phone.evaluate("document.fonts.check('1rem Hyperlegible')")
    assert_accessible(phone, "the copy")
    assert_fits(phone, "the copy")


def test_on_a_network_that_is_too_full_the_copy_comes_instead_of_nothing(demo: Demo, phone: Page, shared: str) -> None:
    open_and_keep(phone, shared)

    with demo.silent():
        phone.reload()
        assert phone.get_by_role("heading", name="Bygg en bro av skräp").is_visible()
        assert phone.get_by_text("Sparad kopia från").is_visible()


def test_with_the_network_back_the_page_is_no_copy(phone: Page, shared: str) -> None:
    open_and_keep(phone, shared)
    phone.context.set_offline(True)
    phone.reload()
    phone.context.set_offline(False)

    phone.get_by_role("link", name="Försök hämta det senaste").click()

    phone.get_by_role("heading", name="Bygg en bro av skräp").wait_for()
    assert phone.get_by_text("Sparad kopia från").is_hidden()


def test_a_link_that_has_ended_takes_the_copy_with_it(demo: Demo, phone: Page, watched: Watched, shared: str) -> None:
    watched.expected = {410}
    open_and_keep(phone, shared)
    assert phone.evaluate(KEPT, shared) == 1

    demo.run("-c", REVOKE_SHARED)
    answer = phone.reload()

    assert answer
    assert answer.status == 410
    phone.get_by_role("heading", name="Programmet delas inte längre").wait_for()
    phone.wait_for_function(f"({KEPT})('{shared}').then(kept => kept === 0)")
    phone.context.set_offline(True)
    with pytest.raises(Error, match="ERR_"):
        phone.reload()
    assert phone.get_by_text("Bygg en bro").count() == 0


def test_a_copy_is_wiped_also_when_the_worker_was_passed_by(
    demo: Demo, phone: Page, watched: Watched, shared: str
) -> None:
    watched.expected = {410}
    open_and_keep(phone, shared)
    # As far as the page is concerned: the worker's own ways to see the answer are closed.
    phone.evaluate("navigator.serviceWorker.getRegistration().then(found => found.unregister())")

    demo.run("-c", REVOKE_SHARED)
    phone.goto(shared)

    phone.get_by_role("heading", name="Programmet delas inte längre").wait_for()
    phone.wait_for_function(f"({KEPT})('{shared}').then(kept => kept === 0)")


def test_the_worker_is_for_the_one_page_only(phone: Page, shared: str) -> None:
    open_and_keep(phone, shared)

    scopes = phone.evaluate(
        "navigator.serviceWorker.getRegistrations().then(all => all.map(one => new URL(one.scope).pathname))"
    )
    phone.goto("/om")

    assert scopes == [shared]
    assert phone.evaluate("navigator.serviceWorker.controller") is None


def test_without_scripts_the_whole_day_is_there(visit: Visit, shared: str) -> None:
    page = visit(viewport=NARROW, java_script_enabled=False)

    page.goto(shared)

    assert page.get_by_role("heading", name="Bygg en bro av skräp").is_visible()
    assert page.get_by_text("Sparad kopia från").is_hidden()
    assert page.get_by_text("Inställt").is_visible()
