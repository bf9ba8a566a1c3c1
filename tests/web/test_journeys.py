"""What people come to do, in a real browser against the real demo: with and without JavaScript, wide and narrow."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from web.conftest import (
    NARROW,
    WIDE,
    ZOOMED,
    Demo,
    Visit,
    Watched,
    assert_accessible,
    assert_fits,
    sign_in,
)

pytestmark = pytest.mark.browser

TEACHER = "larare@skola.example.org"
PRESCHOOL_TEACHER = "larare2@skola.example.org"

WAYS = [
    pytest.param({"viewport": WIDE}, id="wide"),
    pytest.param({"viewport": NARROW}, id="narrow"),
    pytest.param({"viewport": WIDE, "java_script_enabled": False}, id="wide without JavaScript"),
    pytest.param({"viewport": NARROW, "java_script_enabled": False}, id="narrow without JavaScript"),
]
CLASSES: list[tuple[str, str, dict[str, Any]]] = [
    ("Snäckorna", "Förskola", {"school": "Demoförskolan Snäckan"}),
    ("F-gul", "Förskoleklass", {"school": "Tågaborgsskolan"}),
    ("8C", "Grundskola", {"school": "Tågaborgsskolan", "years": ["8"], "subject": "Teknik"}),
    ("TE1", "Gymnasieskola", {"school": "Demogymnasiet", "programme": "TE25"}),
]


@pytest.mark.parametrize("way", WAYS)
def test_a_new_teacher_signs_in_chooses_a_school_and_adds_a_class_of_every_kind(
    demo: Demo, visit: Visit, way: dict[str, Any]
) -> None:
    page = visit(**way)
    sign_in(page, demo, f"ny-{uuid4().hex[:8]}@skola.example.org")

    expect(page.get_by_role("heading", name="Var arbetar du?")).to_be_visible()
    for school in ("Demoförskolan Snäckan", "Tågaborgsskolan", "Demogymnasiet"):
        page.goto("/konto/skola")
        page.get_by_label("Sök på skolans namn").fill(school.lower())
        page.get_by_role("button", name="Sök", exact=True).click()
        assert_fits(page)
        page.get_by_role("button", name=f"Välj {school}").click()
        expect(page.get_by_role("heading", name="Lägg till en klass")).to_be_visible()
    for label, school_form, more in CLASSES:
        page.goto("/klasser/ny")
        add_class(page, label, school_form, **more)
        expect(page.get_by_role("heading", name=label, level=1)).to_be_visible()
        expect(page.get_by_role("main")).to_contain_text(school_form)
        assert_fits(page)

    page.get_by_role("link", name="Mina klasser").click()
    expect(page.locator("main li h2")).to_have_text(sorted(label for label, _, _ in CLASSES))
    expect(page.get_by_role("main")).to_contain_text("Grundskola, årskurs 8")
    expect(page.get_by_role("main")).to_contain_text("Teknikprogrammet")
    page.get_by_role("banner").get_by_role("link", name="Bryggan").click()
    link = page.locator("main a[href*='/utforska?'][href*='years=8']", has_text="8C")
    link.click()
    page.wait_for_url(re.compile(r"/utforska\?.*years=8"))
    unfold(page)
    expect(page.locator("#years-8")).to_be_checked()


@pytest.mark.parametrize("person", [TEACHER, PRESCHOOL_TEACHER])
def test_the_demos_teachers_have_their_classes(visit: Visit, person: str) -> None:
    page = visit(person)

    page.goto("/klasser")

    labels = {TEACHER: ["8B", "F-klass Blå", "TE25a"], PRESCHOOL_TEACHER: ["Krabborna"]}
    expect(page.locator("main li h2")).to_have_text(labels[person])


@pytest.mark.parametrize("way", WAYS)
def test_a_teacher_filters_opens_one_sees_why_and_comes_back_to_her_filter(
    demo: Demo, visit: Visit, way: dict[str, Any]
) -> None:
    query, point = a_filter_with_hits(demo)
    asked = demo.get_json(f"/api/v1/initiatives?{urlencode(query)}")
    page = visit(**way)
    page.goto("/utforska")

    for name, value in query.items():
        tick(page, f"#{name}-{value}")

    expect(page.locator("#hits-title")).to_have_text(f"{asked['count']} initiativ")
    assert hits(page) == [hit["title"] for hit in asked["results"]]
    in_address = parse_qs(urlsplit(page.url).query)
    assert {name: in_address[name] for name in query} == {name: [value] for name, value in query.items()}
    expect(page.locator(".chips .chip")).to_have_count(len(query))
    assert_fits(page)

    filtered, counted = page.url, counts(page)
    title = asked["results"][0]["title"]
    why = page.locator(".hit", has_text=title).first.locator(".why")
    expect(why).to_contain_text(point["text"][:60])
    page.get_by_role("link", name=title, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    row = page.locator(".points li", has_text=point["text"]).first
    expect(row.locator(".badge")).to_have_text(re.compile("Föreslagen|Bekräftad"))
    assert len(row.locator(".reason").inner_text()) > 20
    assert_fits(page)

    page.go_back()
    page.wait_for_url(filtered)
    expect(page.locator("#hits-title")).to_have_text(f"{asked['count']} initiativ")
    for name, value in query.items():
        expect(page.locator(f"[id='{name}-{value}']")).to_be_checked()

    anew = visit(**way)
    anew.goto(filtered)
    assert hits(anew) == hits(page)
    assert counts(anew) == counted


@pytest.mark.parametrize("way", WAYS[1:3])
def test_a_teacher_filters_by_programme(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    everything = demo.get_json("/api/v1/initiatives?per_page=1")
    programme = everything["facets"]["programme"][0]
    asked = demo.get_json(f"/api/v1/initiatives?programme={programme['value']}")
    assert asked["count"] == programme["count"] > 0
    page = visit(**way)
    page.goto("/utforska")

    tick(page, f"#programme-{programme['value']}")

    expect(page.locator("#hits-title")).to_have_text(f"{asked['count']} initiativ")
    assert hits(page) == [hit["title"] for hit in asked["results"]]
    expect(page.locator(".chip").first).to_contain_text(programme["label"])
    page.locator(".chip").first.click()
    expect(page.locator("#hits-title")).to_have_text(f"{everything['count']} initiativ")


@pytest.mark.parametrize("way", [WAYS[0], WAYS[3]])
def test_words_are_searched_for_and_a_slip_is_told(visit: Visit, way: dict[str, Any]) -> None:
    page = visit(**way)
    page.goto("/")

    page.get_by_role("searchbox").fill("vindsnuran")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"/utforska\?q=vindsnuran"))
    expect(page.get_by_role("main")).to_contain_text("Vi hittade inte ”vindsnuran” och sökte på")
    assert hits(page)


def test_the_back_button_walks_through_the_filters_one_by_one(demo: Demo, visit: Visit) -> None:
    facets = demo.get_json("/api/v1/initiatives?per_page=1")["facets"]
    first, second = facets["category"][0], facets["status"][0]
    page = visit()
    page.goto("/utforska")
    start = page.locator("#hits-title").inner_text()
    tick(page, f"#category-{first['value']}")
    expect(page.locator("#hits-title")).to_have_text(f"{first['count']} initiativ")
    tick(page, f"#status-{second['value']}")
    page.wait_for_url(re.compile("status="))

    page.go_back()
    expect(page.locator("#hits-title")).to_have_text(f"{first['count']} initiativ")
    expect(page.locator(f"[id='category-{first['value']}']")).to_be_checked()
    expect(page.locator(f"[id='status-{second['value']}']:checked")).to_have_count(0)
    page.go_back()
    expect(page.locator("#hits-title")).to_have_text(start)
    expect(page.locator(f"[id='category-{first['value']}']:checked")).to_have_count(0)


@pytest.mark.parametrize("javascript", [True, False])
def test_everything_is_done_by_keyboard(demo: Demo, visit: Visit, javascript: bool) -> None:
    page = visit(java_script_enabled=javascript)
    page.goto("/utforska")

    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Hoppa till innehållet")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url("**#innehall")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert_focus_is_seen(page)

    to = page.locator("input[name=school_form][value=GR]")
    tab_to(page, to)
    assert_focus_is_seen(page)
    page.keyboard.press("Space")
    if javascript:
        page.wait_for_url(re.compile("school_form=GR"))
        # The list was changed around her: she is still where she was.
        expect(to).to_be_focused()
    expect(to).to_be_checked()
    tab_to(page, page.get_by_role("button", name="Visa träffar"))
    assert_focus_is_seen(page)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("school_form=GR"))
    expected = demo.get_json("/api/v1/initiatives?school_form=GR&per_page=1")
    expect(page.locator("#hits-title")).to_have_text(f"{expected['count']} initiativ")

    hit = page.locator(".hit a").first
    tab_to(page, hit)
    title = hit.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_signing_in_is_done_by_keyboard(demo: Demo, visit: Visit) -> None:
    email = f"tangent-{uuid4().hex[:8]}@skola.example.org"
    before = len(demo.console)
    page = visit()
    page.goto("/konto/logga-in")

    tab_to(page, page.get_by_label("Din e-postadress i jobbet"))
    page.keyboard.type(email)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Koden i mejlet")).to_be_focused()
    page.keyboard.type(demo.code_sent_to(email, after=before).lower())
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Var arbetar du?")).to_be_visible()


@pytest.mark.parametrize("way", [WAYS[0], WAYS[3]])
def test_the_pilots_own_page_tells_every_fact(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    page = visit(**way)
    page.goto(the_pilot(demo))

    told = page.get_by_role("main").inner_text()

    for fact in (
        "Hur kan stadens innovationer hitta till klassrummen – och vice versa?",
        "Avbruten",
        "pedagogsajten och barnspåret på H22 City Expo",
        "Fler skolor och förskolor har ett eget aktivt innovationsarbete.",
        "Inte uppnått",
        "Målet nåddes inte inom initiativet, eftersom behovet kunde mötas på andra sätt.",
        "Tankarna prövades tillsammans med elever på stadens skolor.",
        "Hur kan fler elever nå kunskapsmålen?",
        "Lärande och etablering",
    ):
        assert fact in told, fact
    facts = {
        term.inner_text().strip(): " ".join(term.locator("xpath=following-sibling::dd").inner_text().split())
        for term in page.locator("aside .facts-list dt").all()
    }
    assert facts["Status"].startswith("Avbruten")
    assert facts["Drivs av"] == "Skol- och fritidsförvaltningen"
    assert facts["Utmaning"] == "Hur kan fler elever nå kunskapsmålen?"
    assert facts["Kategori"] == "Lärande och etablering"
    assert facts["Budget"] == "120 000 kr"
    assert {name.lower() for name in facts["Sektorer"].split(", ")} == {
        "barn och unga", "delaktighet", "medskapande", "skola"
    }  # fmt: skip
    participants = page.locator("aside dt", has_text="Deltar").locator("xpath=following-sibling::dd//li")
    partners = page.locator("aside dt", has_text="Partner").locator("xpath=following-sibling::dd//li")
    assert sorted(participants.all_inner_texts() + partners.all_inner_texts()) == [
        "Arbetsmarknadsförvaltningen",
        "Hbg Works",
        "Socialförvaltningen",
        "Stadsbyggnadsförvaltningen",
        "Stadsledningsförvaltningen",
        "Vård- och omsorgsförvaltningen",
    ]
    assert "Kontaktpersoner ser du när du är inloggad." in told
    assert "@" not in told
    # Stopped: read about, but not visited.
    expect(page.locator(".badge", has_text="Tar emot klasser")).to_have_count(0)


def test_a_signed_in_person_sees_whom_to_ask(demo: Demo, visit: Visit) -> None:
    page = visit(TEACHER)

    page.goto(the_pilot(demo))

    expect(page.locator("aside")).to_contain_text("skola-fritid@example.org")


PEOPLE = [
    ("samordnare@stad.example.org", "Samordnare för Stadsbyggnadsförvaltningen", [], ["/klasser", "/redaktion/"]),
    ("foretag@foretag.example.org", "Samordnare för Exempelbolaget AB", [], ["/klasser", "/redaktion/larare"]),
    ("redaktor@stad.example.org", "Redaktör", ["/redaktion/", "/redaktion/larare"], ["/forvaltning/kallor"]),
    ("admin@stad.example.org", "Administratör", ["/redaktion/", "/forvaltning/kallor", "/forvaltning/databas/"], []),
]  # fmt: skip


@pytest.mark.parametrize(("email", "role", "open_pages", "closed_pages"), PEOPLE)
def test_each_kind_of_person_signs_in_and_sees_what_is_hers(
    demo: Demo,
    visit: Visit,
    watched: Watched,
    email: str,
    role: str,
    open_pages: list[str],
    closed_pages: list[str],
) -> None:
    watched.expected = {403}
    page = visit()
    sign_in(page, demo, email)

    page.get_by_role("link", name="Mitt konto").click()

    expect(page.locator("main li", has_text=role)).to_be_visible()
    menu = page.get_by_role("navigation", name="Huvudmeny").get_by_role("link").all_inner_texts()
    assert ("Redaktion" in menu) == ("/redaktion/" in open_pages)
    assert "Mina klasser" not in menu
    for path in [*open_pages, *closed_pages]:
        answer = page.goto(path)
        assert answer
        assert answer.status == (200 if path in open_pages else 403), path
        # Every door that a page of hers shows her is open.
        if path in open_pages and "databas" not in path:
            for address in {link.get_attribute("href") or "" for link in page.locator("main a").all()}:
                assert page.request.get(address).status == 200, f"{address} on {path}"
    page.goto("/konto/")
    page.get_by_role("button", name="Logga ut").click()
    expect(page.get_by_role("link", name="Logga in").first).to_be_visible()


LOOKED_AT = [
    "/",
    "/utforska?school_form=GR&years=8",
    "/forslag?school_form=GR&years=8",
    "/konto/logga-in",
    "the pilot",
]


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("path", [*LOOKED_AT, "/klasser", "/klasser/ny", "/konto/"])
def test_targets_are_large_enough(demo: Demo, visit: Visit, path: str, viewport: Any) -> None:
    page = visit(TEACHER if path.startswith("/k") and path != "/konto/logga-in" else "", viewport=viewport)
    page.goto(the_pilot(demo) if path == "the pilot" else path)
    unfold(page)

    too_small = page.evaluate(TOO_SMALL)

    assert too_small == []
    assert_fits(page)


@pytest.mark.parametrize("path", LOOKED_AT)
def test_a_page_at_twice_the_size_in_the_dark_is_accessible_and_fits(demo: Demo, visit: Visit, path: str) -> None:
    page = visit(viewport=ZOOMED, color_scheme="dark")

    page.goto(the_pilot(demo) if path == "the pilot" else path)

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 26, 38)"
    assert_accessible(page)
    assert_fits(page)


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_those_who_ask_for_that(visit: Visit, wish: str, moves: bool) -> None:
    page = visit(reduced_motion=wish)
    page.goto("/utforska")

    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter(part => {
            const style = getComputedStyle(part);
            return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none";
        }).length"""
    )

    assert bool(moving) == moves


def add_class(
    page: Page,
    label: str,
    school_form: str,
    *,
    school: str,
    years: list[str] | None = None,
    subject: str = "",
    programme: str = "",
) -> None:
    page.get_by_label("Skola eller förskola").select_option(label=school)
    page.get_by_label("Klassens eller gruppens namn").fill(label)
    page.get_by_role("radio", name=school_form, exact=True).check()
    for year in years or []:
        page.get_by_role("group", name="Årskurser").get_by_label(year, exact=True).check()
    if subject:
        page.get_by_role("group", name="(Grundskola)").get_by_label(subject, exact=True).check()
    if programme:
        page.get_by_label("Program", exact=True).select_option(label=f"Teknikprogrammet ({programme})")
        page.get_by_label("År i gymnasiet").select_option("1")
    page.get_by_label("Antal barn eller elever").fill("24")
    page.get_by_label("Antal vuxna som följer med").fill("2")
    page.get_by_role("button", name="Lägg till klassen").click()


def a_filter_with_hits(demo: Demo) -> tuple[dict[str, str], Any]:
    """Year, subject and a point of it that some initiative serves, in the order they are ticked."""
    subject = demo.get_json("/api/v1/initiatives?school_form=GR&years=8&per_page=1")["facets"]["subject"][0]["value"]
    query = {"years": "8", "subject": subject}
    found = demo.get_json(f"/api/v1/initiatives?{urlencode(query)}")
    point = found["results"][0]["match"]["core_content"][0]
    return {**query, "core_content": point["id"]}, point


def the_pilot(demo: Demo) -> str:
    for hit in demo.get_json("/api/v1/initiatives?status=avbruten&per_page=100")["results"]:
        if hit["source_id"] == "demo-pilot":
            return str(hit["url"])
    raise AssertionError("the demo has no pilot")


def unfold(page: Page) -> None:
    """Open every folded part, as clicks on their headings would."""
    page.evaluate("document.querySelectorAll('main details').forEach(part => part.open = true)")


def tick(page: Page, selector: str) -> None:
    """Tick a filter as a person does: unfold what it lies in, tick it, and without JavaScript ask for the hits."""
    name = selector.removeprefix("#")
    box = page.locator(f"[id='{name}']")
    scripted = page.evaluate("Boolean(window.htmx)")
    unfold_filter(page, name)
    # Values come when they are asked for: by a script when the filter is unfolded, else by a link.
    loads_itself = ":not([data-load])" if scripted else ""
    more = page.locator(f"#filter-{name.partition('-')[0]} .more{loads_itself}")
    expect(box.or_(more).first).to_be_attached()
    if not box.count():
        more.click()
    expect(box).to_be_attached()
    unfold_filter(page, name)
    before = page.url
    box.check()
    if not scripted:
        page.get_by_role("button", name="Visa träffar").click()
    page.wait_for_url(lambda address: address != before)
    expect(box).to_be_checked()


def unfold_filter(page: Page, name: str) -> None:
    for part in (page.locator("[data-filter-box]"), page.locator(f"#filter-{name.partition('-')[0]}")):
        heading = part.locator("> summary")
        if heading.is_visible() and part.get_attribute("open") is None:
            heading.click()


def hits(page: Page) -> list[str]:
    return page.locator(".hits .hit h3 a").all_inner_texts()


def counts(page: Page) -> list[str]:
    return page.locator(".filter .count").all_text_contents()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until it has focus; the order of the page decides how often."""
    for _ in range(400):
        if target.evaluate("part => part === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {target}")


def assert_focus_is_seen(page: Page) -> None:
    seen = page.evaluate(
        """() => {
            const outlined = part => part && getComputedStyle(part).outlineStyle !== "none";
            const at = document.activeElement;
            return outlined(at) || outlined(at.closest("label")) || outlined(at.closest(".hit"));
        }"""
    )
    assert seen


# Links in running text are exempt (WCAG 2.5.8); a box inside its label is as large as the label.
TOO_SMALL = """() => {
    const found = [];
    for (const part of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
        const target = part.matches("input") && part.closest("label") ? part.closest("label") : part;
        const {width, height} = target.getBoundingClientRect();
        const style = getComputedStyle(part);
        if (part.type === "hidden" || !part.checkVisibility({visibilityProperty: true}) || !width) continue;
        if (part.matches("a") && style.display === "inline") continue;
        if (part.matches(".skip")) continue;
        const least = part.matches("button, .button") ? 44 : 24;
        if (width < 24 || height < least - 0.5) {
            found.push(`${part.outerHTML.slice(0, 120)} is ${Math.round(width)} × ${Math.round(height)}`);
        }
    }
    return found;
}"""
