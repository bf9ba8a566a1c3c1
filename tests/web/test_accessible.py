"""Every page, by axe: as the people it is for, in light and dark, wide and narrow. And no page forgotten."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, expect

from web.conftest import NARROW, WIDE, Demo, Visit, Watched, assert_accessible, assert_fits
from web.demo_ideas import MAKE_ROUND
from web.demo_programme import MAKE_PROGRAMME
from web.demo_shared import MAKE_SHARED
from web.demo_visits import MAKE_HOSTED, MAKE_VISIT

pytestmark = pytest.mark.browser

STRANGER = ""
TEACHER = "larare@skola.example.org"
EDITOR = "redaktor@stad.example.org"
COORDINATOR = "samordnare@stad.example.org"
ADMINISTRATOR = "admin@stad.example.org"
# What axe decides by colours.
COLOUR_RULES = ("color-contrast", "link-in-text-block")

# Name of the address, who looks at it, and how to get there: an address, or a page with a link to it.
PAGES: list[tuple[str, str, str]] = [
    ("home", STRANGER, "/"),
    ("home", TEACHER, "/"),
    ("explore", STRANGER, "/utforska"),
    ("explore", STRANGER, "/utforska?school_form=GR&years=7-9&sort=title"),
    ("explore", STRANGER, "/utforska?school_form=GY&q=vaten"),
    ("explore", STRANGER, "/utforska?subject=FINNSINTE&years=x&sort=fel&category=nej"),
    ("explore", STRANGER, "/utforska?q=xyzzyqwert&takes_classes=1"),
    ("explore", STRANGER, "/utforska?page=99"),
    ("explore", TEACHER, "/utforska?page=2"),
    ("suggestions", STRANGER, "/forslag"),
    ("suggestions", STRANGER, "/forslag?school_form=GY&programme=TE25"),
    ("suggestions", TEACHER, "/forslag?school_form=GR&years=8"),
    ("initiative", STRANGER, "the pilot"),
    ("initiative", STRANGER, "one with a picture"),
    ("initiative", TEACHER, "the pilot"),
    ("lesson_sheet", STRANGER, "lesson sheet of the pilot"),
    ("searches", EDITOR, "/sokningar"),
    ("searches", TEACHER, "a saved search"),
    ("notices", TEACHER, "/konto/notiser"),
    ("letters", TEACHER, "/konto/brev"),
    ("insights", STRANGER, "/insikter"),
    ("insights", TEACHER, "/insikter"),
    ("insights", COORDINATOR, "/insikter?egna=1"),
    ("insights", EDITOR, "/insikter"),
    ("activity_definition", EDITOR, "/insikter/aktiv"),
    ("link_queue", EDITOR, "/redaktion/kopplingar"),
    ("initiative_links", EDITOR, "links of the pilot"),
    ("school_offer", EDITOR, "school offer of the pilot"),
    ("coverage", EDITOR, "/redaktion/tackning"),
    ("card", STRANGER, "card of the pilot"),
    ("about", STRANGER, "/om"),
    ("accessibility", STRANGER, "/tillganglighet"),
    ("open_data", STRANGER, "/oppna-data"),
    ("account_login", STRANGER, "/konto/logga-in?next=/klasser"),
    ("account", TEACHER, "/konto/"),
    ("account", EDITOR, "/konto/"),
    ("choose_school", TEACHER, "/konto/skola"),
    ("choose_school", TEACHER, "/konto/skola?q=finns+inte"),
    ("classes", TEACHER, "/klasser"),
    ("school_class_new", TEACHER, "/klasser/ny"),
    ("school_class", TEACHER, "a class"),
    ("school_class_change", TEACHER, "a class to change"),
    ("itineraries", TEACHER, "/program"),
    ("new_itinerary", TEACHER, "/program/ny"),
    ("new_itinerary", TEACHER, "/program/ny?alla=1"),
    ("new_itinerary", TEACHER, "a proposed day"),
    ("plan_school", TEACHER, "/program/skolan"),
    ("plan_school", TEACHER, "proposed days of several classes"),
    ("itinerary", TEACHER, "a programme"),
    ("itinerary", TEACHER, "suggestions of a programme"),
    ("itinerary_day", TEACHER, "day of a programme"),
    ("add_itinerary_day", TEACHER, "another day of a programme"),
    ("add_to_day", TEACHER, "search of a programme"),
    ("other_stops", TEACHER, "a stop of a programme"),
    ("add_session", TEACHER, "adding a session"),
    ("itinerary_sharing", TEACHER, "sharing a programme"),
    ("shared_itinerary", STRANGER, "a shared programme"),
    ("idea_rounds", TEACHER, "/idrundor"),
    ("idea_round_new", TEACHER, "/idrundor/ny"),
    ("idea_round", TEACHER, "a round of ideas"),
    ("idea_board", TEACHER, "the board of ideas"),
    ("idea_answer", TEACHER, "an answer of ideas"),
    ("send_idea", TEACHER, "sending of ideas"),
    ("enter_code", STRANGER, "/ide"),
    ("idea_phone", STRANGER, "a phone of ideas"),
    ("proposals", EDITOR, "/forvaltning/ideer"),
    ("proposal", EDITOR, "a proposal of ideas"),
    ("pupil_page", STRANGER, "pupils' page of the pilot"),
    ("interests", TEACHER, "/nyfikna"),
    ("invitations", TEACHER, "/inbjudningar"),
    ("invitation", TEACHER, "an invitation of visits"),
    ("invitation", TEACHER, "a visit of visits"),
    ("answer_by_link", STRANGER, "a link of visits"),
    ("answer_by_link", EDITOR, "a link of visits"),
    ("my_visits", TEACHER, "/besok"),
    ("seat_offer", TEACHER, "an offer of visits"),
    ("interest_desk", COORDINATOR, "/forvaltning/intresse"),
    ("interest_desk", COORDINATOR, "/forvaltning/intresse?year=1&phase=after&kind=follow"),
    ("interest_desk", EDITOR, "/forvaltning/intresse"),
    ("interest_in_initiative", COORDINATOR, "interest of invitations"),
    ("interest_in_session", EDITOR, "interest at the fair of invitations"),
    ("compare_interest", COORDINATOR, "comparison of invitations"),
    ("rounds", COORDINATOR, "/forvaltning/utskick"),
    ("new_round", COORDINATOR, "/forvaltning/utskick/nytt"),
    ("new_round", COORDINATOR, "new round of invitations"),
    ("edit_round", COORDINATOR, "form of invitations"),
    ("send_round", COORDINATOR, "sending of invitations"),
    ("invitation_round", COORDINATOR, "round of invitations"),
    ("cancel_round", COORDINATOR, "cancelling of invitations"),
    ("cancel_visit", COORDINATOR, "cancelled visit of invitations"),
    ("host_visits", COORDINATOR, "hosted visits"),
    ("host_visits", COORDINATOR, "hosted visits that have been"),
    ("host_invitation", COORDINATOR, "a hosted visit"),
    ("host_invitation", COORDINATOR, "a hosted visit that has been"),
    ("host_visit", EDITOR, "a hosted visit at the fair"),
    ("company_signup", STRANGER, "/foretag"),
    ("companies", EDITOR, "/redaktion/foretag"),
    ("company", EDITOR, "company of invitations"),
    ("fair_play", EDITOR, "/redaktion/rattvisa"),
    ("fair", STRANGER, "/massan"),
    ("fair", STRANGER, "/massan?q=xyzzyqwert&subject=NEJ&day=2001-01-01&group_size=x"),
    ("fair", TEACHER, "/massan?school_form=GR&years=8&group_size=26"),
    ("fair_session", STRANGER, "a session of the fair"),
    ("fair_session", TEACHER, "a session of the fair"),
    ("fair_venue", STRANGER, "a venue of the fair"),
    ("fair_team", EDITOR, "/redaktion/massan/"),
    ("fair_team", COORDINATOR, "/redaktion/massan/"),
    ("fair_day_list", EDITOR, "day list of the fair"),
    ("fair_supply", EDITOR, "/redaktion/massan/program"),
    ("fair_supply", EDITOR, "/redaktion/massan/program?state=cancelled&q=xyzzyqwert"),
    ("fair_session_new", EDITOR, "/redaktion/massan/program/ny"),
    ("fair_session_edit", EDITOR, "form of the fair"),
    ("cancel_fair_session", EDITOR, "cancelling of the fair"),
    ("fair_occasion", EDITOR, "time of the fair"),
    ("cancel_fair_occasion", EDITOR, "cancelled time of the fair"),
    ("fair_import", EDITOR, "/redaktion/massan/las-in"),
    ("fair_message", EDITOR, "/redaktion/massan/meddelande"),
    ("fair_venues", EDITOR, "/redaktion/massan/platser"),
    ("fair_venue_edit", EDITOR, "place of the fair"),
    ("fair_walks", EDITOR, "walks of the fair"),
    ("editors", EDITOR, "/redaktion/"),
    ("editors", ADMINISTRATOR, "/redaktion/"),
    ("move_proposals", EDITOR, "/redaktion/flyttar"),
    ("waiting_teachers", EDITOR, "/redaktion/larare"),
    ("sources", ADMINISTRATOR, "/forvaltning/kallor"),
    ("sync_run", ADMINISTRATOR, "a reading"),
]  # fmt: skip
# Looked at on the way, by a test of its own below.
ON_THE_WAY = {"stop_letters", "account_confirm_login_code", "stop_search_mail"}
SAME_PAGE = {"account_request_login_code": "account_login"}
NO_PAGE = {
    "download_insights": "answers with a file",
    "picture": "answers with a picture",
    "lesson_sheet_pdf": "answers with a PDF",
    "itinerary_pdf": "answers with a PDF",
    "shared_pdf": "answers with a PDF",
    "fair_export": "answers with a spreadsheet",
    "interest_export": "answers with a spreadsheet",
    "round_export": "answers with a spreadsheet",
    "fair_file": "answers with a spreadsheet",
    "shared_calendar": "answers with a calendar",
    "shared_worker": "answers with a script",
    "visit_calendar": "answers with a calendar",
    "host_calendar": "answers with a calendar",
    "calendar_by_link": "answers with a calendar",
    "idea_poster": "answers with a PDF",
    "idea_drawing": "answers with a picture",
    "idea_phone_drawing": "answers with a picture",
    "idea_round_now": "answers with a part of a page",
    "idea_board_now": "answers with a part of a page",
    "idea_phone_now": "answers with a part of a page",
}
ONLY_POSTED = {
    "account_logout": "/konto/logga-ut",
    "decide_move": "/redaktion/flyttar/1",
    "decide_link": "/redaktion/kopplingar/1",
    "undo_link": "/redaktion/beslut/1/angra",
    "add_link": "/redaktion/initiativ/1/koppling",
    "leave_school": "/konto/skola/1/lamna",
    "decide_membership": "/konto/kollegor/1",
    "publish_fair_session": "/redaktion/massan/program/1/publicera",
    "add_fair_occasion": "/redaktion/massan/program/1/tid",
    "copy_round": "/forvaltning/utskick/1/kopiera",
    "change_round_seats": "/forvaltning/utskick/1/platser",
    "agree_on_time": "/forvaltning/inbjudan/1/tid",
    "host_attendance": "/forvaltning/besok/1/narvaro",
    "host_feedback": "/forvaltning/besok/1/svar",
    "host_write": "/forvaltning/inbjudan/1/meddelande",
    "host_read": "/forvaltning/inbjudan/1/last",
    "decide_company": "/redaktion/foretag/anmalan/1",
    "rename_company": "/redaktion/foretag/1/namn",
    "school_class_archive": "/klasser/1/lagg-undan",
    "school_class_add_teacher": "/klasser/1/larare",
    "read_proposal": "/forvaltning/ideer/1/last",
    "tell_what_came_of_it": "/forvaltning/ideer/1/blev",
    "idea_vote": "/ide/CDF467/rost",
    "express_interest": "/nyfikna/ny",
    "withdraw_interest": "/nyfikna/1/ta-tillbaka",
    "class_work": "/nyfikna/arbetat",
    "write_message": "/inbjudningar/1/meddelande",
    "read_messages": "/inbjudningar/1/last",
    "visit_feedback": "/besok/1/svar",
    "visit_attendance": "/besok/1/narvaro",
    "leave_queue": "/platser/ko/1/lamna",
}
# The same, but strangers are asked to sign in first.
ONLY_POSTED_SIGNED_IN = {
    "open_notice",
    "rename_search",
    "switch_search_mail",
    "delete_search",
    "share_itinerary",
    "revoke_share",
    "change_itinerary",
    "change_stop",
    "copy_itinerary",
    "set_idea_mode",
    "write_idea",
    "decide_idea",
    "agree_to_show",
}
# Django's admin is Django's work; the rest are for machines.
ELSEWHERE = re.compile(r"(admin|api):|api/|healthz$|readyz$|favicon$")


def named_addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + (entry.name or str(entry.pattern))
        else:
            yield from named_addresses(entry, prefix + (f"{entry.namespace}:" if entry.namespace else ""))


def test_no_page_is_forgotten() -> None:
    covered = (
        {name for name, _, _ in PAGES}
        | ON_THE_WAY
        | set(SAME_PAGE)
        | set(NO_PAGE)
        | set(ONLY_POSTED)
        | ONLY_POSTED_SIGNED_IN
    )

    own = {name for name in named_addresses(get_resolver()) if not ELSEWHERE.match(name)}

    assert own == covered


@pytest.mark.parametrize(("name", "path"), ONLY_POSTED.items())
def test_what_is_only_posted_shows_no_page(demo: Demo, name: str, path: str) -> None:
    with pytest.raises(urllib.request.HTTPError) as refused:
        urllib.request.urlopen(demo.address + path)

    assert refused.value.code == 405


@pytest.mark.parametrize(("name", "person", "where"), PAGES)
def test_a_page_has_no_violations_and_fits(demo: Demo, visit: Visit, name: str, person: str, where: str) -> None:
    page = visit(person)

    go(page, demo, where)

    # The same page with other contents is looked at in two of the four ways.
    is_first = (name, person, where) == next(entry for entry in PAGES if entry[:2] == (name, person))
    look_at_every_way(page, both_schemes=is_first)


def test_the_code_page_is_accessible_also_with_an_error(visit: Visit, watched: Watched) -> None:
    watched.expected = {422}
    page = visit()
    page.goto("/konto/logga-in")
    page.get_by_role("textbox").fill("ingen@annan.example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/kod")

    look_at_every_way(page)
    page.get_by_label("Koden i mejlet").fill("CCCCCC")
    page.keyboard.press("Enter")
    page.get_by_text("Koden stämmer inte").wait_for()

    look_at_every_way(page)


@pytest.mark.parametrize(
    ("person", "path", "status"),
    [
        (STRANGER, "/finns-inte", 404),
        (STRANGER, "/initiativ/999999-borta", 404),
        (STRANGER, "/sokningar/sluta/gissad", 404),
        (STRANGER, "/delad/gissad", 404),
        (TEACHER, "/redaktion/", 403),
        (TEACHER, "/klasser/999999", 404),
        (EDITOR, "/forvaltning/kallor", 403),
        (EDITOR, "/klasser", 403),
    ],
)
def test_an_error_page_is_accessible(visit: Visit, watched: Watched, person: str, path: str, status: int) -> None:
    watched.expected = {status}
    page = visit(person)

    answer = page.goto(path)

    assert answer
    assert answer.status == status
    look_at_every_way(page)


@pytest.mark.parametrize(
    ("person", "path", "fill", "button"),
    [
        (STRANGER, "/konto/logga-in", {"email": "ingen adress"}, "Skicka en kod"),
        (STRANGER, "/konto/logga-in", {"email": "elev@elev.example.org"}, "Skicka en kod"),
        (TEACHER, "/klasser/ny", {"label": "", "pupils": "0", "adults": "99"}, "Lägg till klassen"),
        (TEACHER, "a class", {"email": "ingen@skola.example.org"}, "Lägg till kollegan"),
    ],
)
def test_a_form_with_errors_is_accessible_and_tells_them_where_they_are(
    demo: Demo, visit: Visit, watched: Watched, person: str, path: str, fill: dict[str, str], button: str
) -> None:
    watched.expected = {422}
    page = visit(person)
    go(page, demo, path)
    # The browser's own checks stand in the way of the server's.
    page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    for name, value in fill.items():
        page.locator(f"main [name={name}]").fill(value)

    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_role("button", name=button).click()
    page.locator(".error, [role=alert]").first.wait_for()

    assert answer.value.status == 422
    for name in fill:
        at = page.locator(f"main [name={name}]")
        assert at.get_attribute("aria-invalid") == "true"
        told = [page.locator(f"[id='{part}']") for part in (at.get_attribute("aria-describedby") or "").split()]
        assert any("error" in (part.get_attribute("class") or "") and part.inner_text() for part in told), name
    look_at_every_way(page)


def test_a_form_that_is_too_old_is_accessible(visit: Visit, watched: Watched) -> None:
    watched.expected = {403}
    page = visit()
    page.goto("/konto/logga-in")
    page.context.clear_cookies()
    page.get_by_role("textbox").fill("ingen@annan.example.org")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Formuläret var för gammalt").wait_for()

    look_at_every_way(page)


def test_the_page_for_too_many_tries_is_accessible(visit: Visit, watched: Watched) -> None:
    watched.expected = {429}
    page = visit()
    sent, refused = (page.get_by_role("heading", name=name) for name in ("Skriv koden", "För många försök"))
    # The quarter in which five are allowed may end meanwhile.
    for _ in range(11):
        page.goto("/konto/logga-in")
        page.get_by_role("textbox").fill("ivrig@annan.example.org")
        page.keyboard.press("Enter")
        sent.or_(refused).wait_for()
        if refused.is_visible():
            break
    expect(refused).to_be_visible()

    look_at_every_way(page)


def go(page: Page, demo: Demo, where: str) -> None:
    if where.startswith("/"):
        page.goto(where)
    elif where == "one with a picture":
        page.goto(initiative(demo, "demo-18")["url"])
    elif where.endswith("the pilot"):
        pilot = initiative(demo, "demo-pilot")
        addresses = {
            "": pilot["url"],
            "card of ": f"/kort/{pilot['id']}",
            "lesson sheet of ": f"{pilot['url']}/lektionsblad",
            "links of ": f"/redaktion/initiativ/{pilot['id']}",
            "school offer of ": f"/redaktion/initiativ/{pilot['id']}/skola",
            "pupils' page of ": f"/initiativ/{pilot['id']}/elev",
        }
        page.goto(addresses[where.removesuffix("the pilot")])
    elif where == "a saved search":
        page.goto("/utforska?q=skola")
        page.get_by_role("button", name=re.compile("Spara")).click()
        page.wait_for_url("**/sokningar**")
    elif where in ("sharing a programme", "a shared programme"):
        number, token = made(demo, MAKE_SHARED).split()
        page.goto(f"/program/{number}/dela" if where == "sharing a programme" else f"/delad/{token}")
    elif where.endswith("of ideas"):
        number, idea, proposal, code = made(demo, MAKE_ROUND).split()
        addresses = {
            "a round": f"/idrundor/{number}",
            "the board": f"/idrundor/{number}/tavla",
            "an answer": f"/idrundor/{number}/svar/{proposal}",
            "sending": f"/idrundor/{number}/ide/{idea}/skicka",
            "a phone": f"/ide/{code}",
            "a proposal": f"/forvaltning/ideer/{proposal}",
        }
        page.goto(addresses[where.removesuffix(" of ideas")])
    elif where in ("a proposed day", "proposed days of several classes"):
        page.goto("/program/ny" if where == "a proposed day" else "/program/skolan")
        if where == "a proposed day":
            page.locator("main a.day-choice").first.click()
            page.get_by_role("button", name="Spara", exact=True).wait_for()
        else:
            page.get_by_role("button", name="Föreslå en dag för var och en").click()
            page.get_by_role("button", name="Spara ett program för varje klass").wait_for()
    elif where.endswith("a programme"):
        number, day, stop = made(demo, MAKE_PROGRAMME).split()
        addresses = {
            "": "",
            "suggestions of ": "?forslag=1",
            "day of ": f"/dag/{day}",
            "another day of ": "/dag",
            "search of ": f"/lagg-till?dag={day}",
            "a stop of ": f"/stopp/{stop}/andra",
        }
        page.goto(f"/program/{number}{addresses[where.removesuffix('a programme')]}")
    elif where == "adding a session":
        page.goto(of_the_fair(demo)["a session"].replace("/massan/punkt/", "/program/lagg-till/"))
    elif where.endswith("of visits"):
        waits, link, offer, visit = made(demo, MAKE_VISIT).split()
        addresses = {
            "an invitation": f"/inbjudningar/{waits}",
            "a visit": f"/inbjudningar/{visit}",
            "a link": link,
            "an offer": f"/platser/{offer}",
        }
        page.goto(addresses[where.removesuffix(" of visits")])
    elif "hosted visit" in where:
        page.goto(json.loads(made(demo, MAKE_HOSTED))[where])
    elif where.endswith(" of invitations"):
        page.goto(json.loads(made(demo, INVITATION_ADDRESSES))[where.removesuffix(" of invitations")])
    elif where.endswith("of the fair"):
        page.goto(of_the_fair(demo)[where.removesuffix(" of the fair")])
    elif where.startswith("a class"):
        page.goto("/klasser")
        page.locator("main li h2 a").first.click()
        page.wait_for_url(re.compile(r"/klasser/\d+$"))
        if where == "a class to change":
            page.goto(page.url + "/andra")
    else:
        page.goto("/forvaltning/kallor")
        page.locator("main table th a").last.click()
        page.wait_for_url(re.compile(r"/kallor/\d+$"))


@cache
def made(demo: Demo, code: str) -> str:
    """What the code prints, run once in each demo: the tests here only look, and leave what was made as it was."""
    return demo.run("-c", code)


def initiative(demo: Demo, source_id: str) -> Any:
    for number in (1, 2, 3):
        for hit in demo.get_json(f"/api/v1/initiatives?per_page=100&page={number}")["results"]:
            if hit["source_id"] == source_id:
                return hit
    raise AssertionError(f"the demo has no {source_id}")


# Addresses of what the demo's department invites to, by the words above.
INVITATION_ADDRESSES = """
import json
import django
django.setup()
from bryggan.accounts.models import Company
from bryggan.fair.models import Session
from bryggan.invitations.models import InvitationRound
sent, draft = (InvitationRound.objects.get(title=title) for title in (
    "Kom och se hur staden gör", "Vi kommer gärna till er skola"))
about, session = sent.initiative_id, Session.objects.offered().filter(fair__is_published=True).first()
root = "/forvaltning/utskick/"
print(json.dumps({
    "interest": f"/forvaltning/intresse/initiativ/{about}",
    "interest at the fair": f"/forvaltning/intresse/punkt/{session.pk}",
    "comparison": f"/forvaltning/intresse/jamfor?jamfor=initiativ-{about}&jamfor=initiativ-{draft.initiative_id}",
    "new round": f"{root}nytt?till=initiativ-{about}",
    "form": f"{root}{draft.pk}/andra",
    "sending": f"{root}{draft.pk}/skicka",
    "round": f"{root}{sent.pk}",
    "cancelling": f"{root}{sent.pk}/stall-in",
    "company": f"/redaktion/foretag/{Company.objects.get(slug='exempelbolaget').pk}?q=staden",
    "cancelled visit": f"/forvaltning/inbjudan/{sent.invitations.first().pk}/stall-in",
}))
"""


def of_the_fair(demo: Demo) -> dict[str, str]:
    """Addresses of one session of the demo's fair, its time and its venue."""
    fair = next(row for row in demo.get_json("/api/v1/fairs")["results"])
    session = demo.get_json(f"/api/v1/fairs/{fair['id']}/sessions?per_page=1")["results"][0]
    time, venue, team = session["occasions"][0], session["venue"], "/redaktion/massan"
    return {
        "a session": session["url"],
        "a venue": f"/massan/{fair['slug']}/plats/{venue['slug']}",
        "day list": f"{team}/dag/{venue['slug']}/{time['starts_at'][:10]}",
        "form": f"{team}/program/{session['id']}",
        "cancelling": f"{team}/program/{session['id']}/stall-in",
        "time": f"{team}/tid/{time['id']}",
        "cancelled time": f"{team}/tid/{time['id']}/stall-in",
        "place": f"{team}/platser/{venue['id']}",
        "walks": f"{team}/platser/{venue['id']}/vagar",
    }


def look_at_every_way(page: Page, *, both_schemes: bool = True) -> None:
    """Wide and light, then narrow and dark with everything unfolded; with `both_schemes` also the other way round.

    A scheme changes colours and nothing else, so the other way round is asked for those only.
    """
    page.wait_for_load_state()
    page.emulate_media(color_scheme="light")
    assert_accessible(page, "wide, light")
    assert_fits(page, "wide")
    page.emulate_media(color_scheme="dark")
    if both_schemes:
        assert_accessible(page, "wide, dark", only=COLOUR_RULES)
    page.set_viewport_size(NARROW)
    assert_fits(page, "narrow")
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert_accessible(page, "narrow, dark")
    assert_fits(page, "narrow, unfolded")
    if both_schemes:
        page.emulate_media(color_scheme="light")
        assert_accessible(page, "narrow, light", only=COLOUR_RULES)
    page.set_viewport_size(WIDE)
