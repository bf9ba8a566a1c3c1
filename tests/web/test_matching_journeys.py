"""Matching initiatives with teaching, by those who do it: teachers and editors, with and without JavaScript."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from web.conftest import NARROW, WIDE, Demo, Visit, Watched, assert_accessible, assert_fits
from web.test_journeys import assert_focus_is_seen, tab_to, the_pilot, tick, unfold

pytestmark = pytest.mark.browser

TEACHER = "larare@skola.example.org"
PRESCHOOL_TEACHER = "larare2@skola.example.org"
EDITOR = "redaktor@stad.example.org"

WITH_SCRIPT = pytest.param({"viewport": WIDE}, id="wide")
WITHOUT_SCRIPT = pytest.param({"viewport": NARROW, "java_script_enabled": False}, id="narrow without JavaScript")
WAYS = [WITH_SCRIPT, WITHOUT_SCRIPT]
STOP_TOKEN = """
import django
django.setup()
from bryggan.alignment import saving
from bryggan.alignment.models import SavedSearch
print(saving.stop_token(SavedSearch.objects.get(pk={pk})))
"""


class Example(NamedTuple):
    title: str
    question: str
    # "Teknik, åk 7-9:"
    where: str
    # The point's text and the reason for it.
    point: str
    reason: str


# Three suggestions


@pytest.mark.parametrize(
    ("person", "label", "way"),
    [
        pytest.param(TEACHER, "8B", {"viewport": WIDE}, id="8B, wide"),
        pytest.param(TEACHER, "8B", {"viewport": NARROW}, id="8B, narrow"),
        pytest.param(TEACHER, "F-klass Blå", {"viewport": NARROW, "java_script_enabled": False}, id="F-klass Blå"),
        pytest.param(PRESCHOOL_TEACHER, "Krabborna", {"viewport": NARROW}, id="Krabborna"),
    ],
)
def test_a_teacher_is_one_click_from_three_examples_for_her_class_and_one_more_from_three_others(
    visit: Visit, person: str, label: str, way: dict[str, Any]
) -> None:
    page = visit(person, **way)
    page.goto("/")

    page.get_by_role("link", name=f"Visa tre förslag för {label}").click()
    page.wait_for_url("**/forslag?*school_form=*")

    first = examples(page)
    assert_are_three_whole_examples(first)
    look(page)

    page.get_by_role("link", name="Visa tre andra").click()
    page.wait_for_url("**exclude=*")
    others = examples(page)
    assert_are_three_whole_examples(others)
    assert not {one.title for one in first} & {one.title for one in others}
    look(page)

    page.locator(".example h2 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(others[0].title)
    unfold(page)
    expect(page.locator(".points li", has_text=others[0].point).first).to_be_visible()


@pytest.mark.parametrize("way", WAYS)
def test_a_stranger_chooses_school_form_year_and_subject_on_the_spot(
    demo: Demo, visit: Visit, way: dict[str, Any]
) -> None:
    subject = demo.get_json("/api/v1/initiatives?school_form=GR&years=8&per_page=1")["facets"]["subject"][0]
    page = visit(**way)
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Visa tre förslag").click()

    choose(page, "school_form", "FS")
    assert_are_three_whole_examples(examples(page))
    expect(page.locator("main select[name=years]")).to_have_count(0)
    choose(page, "school_form", "GR")
    choose(page, "years", "8")
    choose(page, "subject", subject["value"])

    assert parse_qs(urlsplit(page.url).query) == {
        "school_form": ["GR"], "years": ["8"], "subject": [subject["value"]]
    }  # fmt: skip
    shown = examples(page)
    assert_are_three_whole_examples(shown)
    assert [one.where.partition(",")[0] for one in shown] == [subject["label"]] * 3
    look(page)
    page.get_by_role("link", name="Se alla som passar").click()
    expect(page.locator("#hits-title")).to_have_text(f"{subject['count']} initiativ")
    if len(page.locator(".hit").all()) == subject["count"]:
        assert {one.title for one in shown} <= set(page.locator(".hit h3").all_inner_texts())


@pytest.mark.parametrize("way", WAYS)
def test_a_stranger_chooses_a_programme_on_the_spot(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    current = {one["code"] for one in demo.get_json("/api/v1/curriculum/programmes?curriculum=GY25")["results"]}
    facets = demo.get_json("/api/v1/initiatives?school_form=GY&per_page=1")["facets"]
    page = visit(**way)
    page.goto("/forslag")

    choose(page, "school_form", "GY")
    choose(page, "programme", next(one["value"] for one in facets["programme"] if one["value"] in current))

    assert_are_three_whole_examples(examples(page))
    look(page)


@pytest.mark.parametrize("way", WAYS)
def test_it_is_said_when_little_fits_and_more_was_taken_in(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    query, told = a_wish_that_little_fits(demo)
    page = visit(**way)

    page.goto(f"/forslag?{query}")

    expect(page.get_by_role("status").locator(".notice")).to_have_text([told])
    assert_are_three_whole_examples(examples(page))
    look(page)


@pytest.mark.parametrize("left", ["school_form=GR&years=8", "school_form=GR&subject={subject}"])
def test_another_school_form_is_not_asked_for_what_only_the_one_before_had(
    demo: Demo, visit: Visit, left: str
) -> None:
    subject = demo.get_json("/api/v1/initiatives?school_form=GR&per_page=1")["facets"]["subject"][-1]["value"]
    page = visit()
    page.goto("/forslag?school_form=FS")
    plain = examples(page)
    page.goto(f"/forslag?{left.format(subject=subject)}")

    choose(page, "school_form", "FS")

    assert examples(page) == plain
    expect(page.get_by_role("status").locator(".notice")).to_have_count(0)


# The editors' desk


@pytest.mark.parametrize("way", WAYS)
def test_an_editor_confirms_rejects_and_undoes(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    """With JavaScript by keyboard alone, without by plain forms."""
    initiative = an_open_initiative(demo)
    queue = f"/redaktion/kopplingar?initiative={initiative['id']}&strength=strong&school_form=GR"
    by_keys = way.get("java_script_enabled", True)
    page, public = visit(EDITOR, **way), visit()
    page.goto(queue)
    decisions = page.locator(".decisions li")
    status = page.locator("#desk-status")
    confirmed = page.locator("blockquote").inner_text()
    public.goto(initiative["url"])
    expect(badge_of(public, confirmed)).to_have_text("Föreslagen")
    look(page, public)

    if by_keys:
        tab_to(page, page.get_by_role("button", name="Bekräfta"))
        assert_focus_is_seen(page)
        page.keyboard.press("Enter")
    else:
        page.get_by_role("button", name="Bekräfta").click()
    expect(status).to_contain_text(f"Bekräftad: ”{initiative['title']}”")
    expect(decisions.first).to_contain_text(confirmed[:60])
    expect(decisions.first.locator(".badge")).to_have_text("Bekräftad")
    rejected = page.locator("blockquote").inner_text()
    assert rejected != confirmed
    public.reload()
    expect(badge_of(public, rejected)).to_have_text("Föreslagen")
    if by_keys:
        # The button that was pressed keeps its focus; a letter is enough.
        expect(page.get_by_role("button", name="Bekräfta")).to_be_focused()
        page.keyboard.press("n")
    else:
        page.get_by_role("button", name="Avvisa").click()
    expect(status).to_contain_text(f"Avvisad: ”{initiative['title']}”")
    expect(decisions.first).to_contain_text(rejected[:60])
    expect(decisions.first.locator(".badge")).to_have_text("Avvisad")
    look(page)

    public.reload()
    expect(badge_of(public, confirmed)).to_have_text("Bekräftad")
    assert is_green(badge_of(public, confirmed))
    expect(point_on(public, rejected)).to_have_count(0)
    look(public)

    for text, other in ((rejected, confirmed), (confirmed, "")):
        expect(decisions.first).to_contain_text(text[:60])
        if by_keys:
            page.keyboard.press("z")
        else:
            decisions.first.get_by_role("button", name="Ångra").click()
        expect(page.locator(".decisions li", has_text=text[:60])).to_have_count(0)
        expect(status).to_contain_text("Beslutet är ångrat.")
        # What was taken back is there to be judged again.
        expect(page.locator("blockquote")).to_have_text(text)
        public.reload()
        expect(badge_of(public, text)).to_have_text("Föreslagen")
        if other:
            expect(badge_of(public, other)).to_have_text("Bekräftad")
    look(page)


def test_an_editor_skips_and_switches_the_keys_off(demo: Demo, visit: Visit) -> None:
    page = visit(EDITOR)
    page.goto(f"/redaktion/kopplingar?initiative={an_open_initiative(demo)['id']}")
    judged = page.locator("blockquote")
    first = judged.inner_text()

    page.keyboard.press("s")
    expect(judged).not_to_have_text(first)
    second = judged.inner_text()
    switch = page.get_by_label("Använd tangenter")
    tab_to(page, switch)
    page.keyboard.press("Space")
    expect(switch).not_to_be_checked()
    expect(page.locator("kbd").first).to_be_hidden()
    look(page)
    page.keyboard.press("n")
    page.keyboard.press("s")

    expect(judged).to_have_text(second)
    page.reload()
    expect(page.get_by_label("Använd tangenter")).not_to_be_checked()
    expect(page.locator(".decisions li")).to_have_count(0)


@pytest.mark.parametrize("way", WAYS)
def test_an_editor_adds_a_link_that_she_searched_for(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    initiative = an_open_initiative(demo)
    point = a_point_without_link(demo, initiative)
    word = max(re.findall(r"\w+", point["text"]), key=len)
    page, public = visit(EDITOR, **way), visit()
    page.goto(initiative["url"])
    page.get_by_role("link", name="Kopplingar", exact=True).click()
    adding = page.get_by_role("region", name="Lägg till en koppling")

    adding.get_by_label("Ord i punkten").fill(word)
    adding.get_by_label("Ämne").select_option(point["subject"])
    adding.get_by_role("button", name="Sök punkter").click()
    row = adding.locator(".points li", has_text=point["text"])
    expect(row).to_be_visible()
    look(page)
    row.get_by_role("button", name="Lägg till").click()

    expect(adding.locator(".points li", has_text=point["text"])).to_contain_text("Redan bekräftad")
    mine = page.get_by_role("region", name=re.compile("Bekräftade")).locator(".points li", has_text=point["text"])
    expect(mine).to_contain_text("Bekräftad av")
    public.goto(initiative["url"])
    expect(badge_of(public, point["text"])).to_have_text("Bekräftad")
    look(page, public)

    mine.get_by_role("button", name="Ångra").click()
    expect(page.get_by_role("main")).to_contain_text("Beslutet är ångrat.")
    expect(mine).to_have_count(0)
    public.reload()
    expect(point_on(public, point["text"])).to_have_count(0)


# The school offer


@pytest.mark.parametrize("way", WAYS)
def test_an_editor_writes_easy_text_and_sees_it_on_the_initiatives_page(
    demo: Demo, visit: Visit, way: dict[str, Any]
) -> None:
    initiative = an_open_initiative(demo)
    page = visit(EDITOR, **way)
    page.goto(initiative["url"])
    page.get_by_role("link", name="Ändra skolerbjudandet").click()
    before = {name: page.get_by_label(name).input_value() for name in ("Lättläst text", "Svåra ord")}
    look(page)

    page.get_by_label("Lättläst text").fill("Vi bygger en bro.\nBron är av trä.")
    page.get_by_label("Svåra ord").fill("räcke: det man håller i")
    page.get_by_role("button", name="Spara").click()

    expect(page.get_by_role("main")).to_contain_text("Skolerbjudandet är sparat.")
    card = page.locator(".card", has=page.get_by_role("heading", name="Lättläst"))
    expect(card.locator("p").first).to_have_text("Vi bygger en bro.Bron är av trä.")
    expect(card).to_contain_text("räcke")
    expect(card).to_contain_text("det man håller i")
    look(page)
    stranger = visit(**way)
    stranger.goto(initiative["url"])
    expect(stranger.get_by_role("main")).to_contain_text("Bron är av trä.")

    page.get_by_role("link", name="Ändra skolerbjudandet").click()
    expect(page.get_by_role("complementary", name="Så lätt är det att läsa")).to_contain_text("mycket lättläst")
    for name, text in before.items():
        page.get_by_label(name).fill(text)
    page.get_by_role("button", name="Spara").click()
    expect(page.get_by_role("main")).to_contain_text("Skolerbjudandet är sparat.")
    expect(page.get_by_role("main")).not_to_contain_text("Bron är av trä.")


@pytest.mark.parametrize("way", WAYS)
def test_a_stopped_initiative_takes_no_classes_whatever_is_ticked(
    demo: Demo, visit: Visit, watched: Watched, way: dict[str, Any]
) -> None:
    watched.expected = {422}
    pilot = the_pilot(demo)
    page = visit(EDITOR, **way)
    page.goto(pilot)
    page.get_by_role("link", name="Ändra skolerbjudandet").click()
    typed = "En mening som inte ska gå förlorad."

    page.get_by_label("Initiativet tar emot klasser nu").check()
    page.get_by_label("Så går det till").fill(typed)
    page.get_by_role("button", name="Spara").click()

    expect(page.get_by_role("alert")).to_contain_text("Det blev inte sparat.")
    expect(page.locator(".error")).to_have_text(
        ["Initiativet är avbrutet och kan inte ta emot klasser. Ta bort krysset och spara igen."]
    )
    box = page.get_by_label("Initiativet tar emot klasser nu")
    expect(box).to_be_checked()
    told = (box.get_attribute("aria-describedby") or "").split()
    assert any("kan inte ta emot klasser" in page.locator(f"[id='{part}']").inner_text() for part in told)
    expect(page.get_by_label("Så går det till")).to_have_value(typed)
    look(page)
    page.goto(pilot)
    expect(page.get_by_role("main")).not_to_contain_text(typed)
    expect(page.locator(".badge", has_text="Tar emot klasser")).to_have_count(0)


# The lesson sheet


@pytest.mark.parametrize("way", [pytest.param({"viewport": NARROW}, id="narrow"), WITHOUT_SCRIPT])
def test_a_teacher_prints_a_lesson_sheet_for_her_class_on_one_page(
    demo: Demo, visit: Visit, way: dict[str, Any]
) -> None:
    initiative = an_open_initiative(demo)
    page = visit(**way)
    page.goto(initiative["url"])

    page.get_by_role("link", name="Lektionsblad att skriva ut").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(initiative["title"])
    look(page)
    subject = page.get_by_label("Ämne").locator("option").nth(1)
    value, name = subject.get_attribute("value") or "", subject.inner_text().partition(" (")[0]
    page.get_by_label("Ämne").select_option(value)
    page.get_by_role("button", name="Visa för min klass").click()
    page.wait_for_url(lambda address: parse_qs(urlsplit(address).query).get("subject") == [value])

    expect(page.get_by_label("Ämne")).to_have_value(value)
    wheres = page.locator(".points li strong").all_inner_texts()
    assert wheres
    assert all(where.startswith(name) for where in wheres), wheres
    code = page.get_by_role("img", name="QR-kod till initiativets sida")
    expect(code).to_be_visible()
    assert code.locator("path").evaluate("path => path.getTotalLength() > 100")
    own_address = re.compile(re.escape(urlsplit(page.url).netloc))
    expect(page.locator("figcaption a").first).to_have_attribute("href", own_address)
    look(page)

    link = page.get_by_role("link", name="Hämta som PDF")
    answer = page.request.get(link.get_attribute("href") or "")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    (sheet,) = PdfReader(BytesIO(answer.body())).pages
    text = " ".join(sheet.extract_text().split())
    assert initiative["title"].split()[0] in text
    assert name.split()[0].rstrip(",") in text


# Saved searches


@pytest.mark.parametrize("way", WAYS)
def test_a_teacher_saves_a_search_switches_its_mail_on_and_off_and_deletes_it(
    demo: Demo, visit: Visit, way: dict[str, Any]
) -> None:
    form, subject = "GR", demo.get_json("/api/v1/initiatives?school_form=GR&per_page=1")["facets"]["subject"][0]
    page = visit(TEACHER, **way)
    page.goto("/utforska")
    tick(page, f"#school_form-{form}")
    tick(page, f"#subject-{subject['value']}")
    hits = page.locator("#hits-title").inner_text()

    page.get_by_role("button", name="Spara sökningen").click()
    page.wait_for_url("**/sokningar#sokning-*")

    number = page.url.rpartition("-")[2]
    saved = page.locator(f"#sokning-{number}")
    expect(page.get_by_role("main")).to_contain_text("Sökningen är sparad.")
    expect(saved.get_by_role("heading")).to_contain_text(subject["label"])
    expect(saved.locator(".badge")).to_have_text("Inga brev")
    look(page)

    saved.get_by_role("button", name="Skicka brev när något nytt kommer").click()
    expect(saved.locator(".badge")).to_have_text("Du får brev")
    look(page)
    saved.get_by_role("button", name="Sluta skicka brev").click()
    expect(saved.locator(".badge")).to_have_text("Inga brev")

    saved.get_by_role("heading").get_by_role("link").click()
    expect(page.locator("#hits-title")).to_have_text(hits)
    page.goto("/sokningar")
    saved.locator("summary").click()
    saved.get_by_role("button", name="Ta bort sökningen").click()
    expect(page.get_by_role("main")).to_contain_text("är borttagen.")
    expect(saved).to_have_count(0)
    look(page)


@pytest.mark.parametrize("way", WAYS)
def test_the_link_in_a_mail_stops_it_without_signing_in(demo: Demo, visit: Visit, way: dict[str, Any]) -> None:
    teacher, stranger = visit(PRESCHOOL_TEACHER), visit(**way)
    teacher.goto("/utforska?school_form=FS")
    teacher.get_by_role("button", name="Spara sökningen").click()
    teacher.wait_for_url("**/sokningar#sokning-*")
    number = teacher.url.rpartition("-")[2]
    saved = teacher.locator(f"#sokning-{number}")
    try:
        saved.get_by_role("button", name="Skicka brev när något nytt kommer").click()
        expect(saved.locator(".badge")).to_have_text("Du får brev")

        stranger.goto(f"/sokningar/sluta/{demo.run('-c', STOP_TOKEN.format(pk=int(number))).strip()}")
        look(stranger)
        # To open the link stops nothing.
        teacher.reload()
        expect(saved.locator(".badge")).to_have_text("Du får brev")
        with stranger.expect_navigation():
            stranger.get_by_role("button", name="Sluta skicka brev").click()

        assert stranger.locator("h1").inner_text() == "Du får inga fler brev"
        look(stranger)
        teacher.reload()
        expect(saved.locator(".badge")).to_have_text("Inga brev")
    finally:
        saved.locator("summary").click()
        saved.get_by_role("button", name="Ta bort sökningen").click()
        expect(saved).to_have_count(0)


def look(*pages: Page) -> None:
    """Nothing hinders anybody in what stands there now, and nothing sticks out."""
    for page in pages:
        page.wait_for_load_state()
        assert_fits(page)
        # Axe waits for ever where scripts are switched off. What it would read there is the same page.
        if page.evaluate("Boolean(window.htmx)"):
            assert_accessible(page)


def examples(page: Page) -> list[Example]:
    made = []
    for one in page.locator(".example").all():
        served = one.locator("p.small", has=page.locator("strong"))
        where, reason = served.locator("strong").inner_text(), served.locator(".soft").inner_text()
        point = served.inner_text().removeprefix(where).removesuffix(reason).strip()
        question = one.locator(".question").inner_text().partition("\n")[2]
        made.append(Example(one.locator("h2").inner_text(), question, where, point, reason))
    return made


def assert_are_three_whole_examples(shown: list[Example]) -> None:
    assert len({one.title for one in shown}) == len(shown) == 3
    for one in shown:
        assert all(part.strip() for part in one), one
        assert one.where.endswith(":"), one
        # A reason of its own, beside who says so.
        assert len(re.sub(r"Föreslagen av en dator\.|Bekräftad\.", "", one.reason)) > 20, one


def choose(page: Page, name: str, value: str) -> None:
    """Choose on the suggestions' page: a script fetches them at once, else a button does."""
    select = page.locator(f"main select[name={name}]")
    select.select_option(value)
    if not page.evaluate("Boolean(window.htmx)"):
        page.get_by_role("button", name="Visa tre förslag").click()
    page.wait_for_url(lambda address: parse_qs(urlsplit(address).query).get(name) == [value])
    expect(select).to_have_value(value)


def a_wish_that_little_fits(demo: Demo) -> tuple[str, str]:
    """The query of a point that fewer than three initiatives serve, and what is said of it."""
    facets = demo.get_json("/api/v1/initiatives?school_form=GR&per_page=1")["facets"]
    for subject in reversed(facets["subject"]):
        query = f"school_form=GR&subject={subject['value']}"
        for point in reversed(demo.get_json(f"/api/v1/initiatives?{query}&per_page=1")["facets"]["core_content"]):
            narrower = f"{query}&core_content={point['value']}"
            if told := demo.get_json(f"/api/v1/suggestions?{narrower}")["widened"]:
                return narrower, told
    raise AssertionError("every point has three examples")


def an_open_initiative(demo: Demo) -> Any:
    """One in Swedish that goes on, with several undecided points in compulsory school, all of them on its page."""
    for hit in demo.get_json("/api/v1/initiatives?school_form=GR&sort=title&per_page=100")["results"]:
        whole = demo.get_json(f"/api/v1/initiatives/{hit['id']}")
        points = [point for point in whole["alignments"] if point["school_form"] == "GR"]
        crowded = max(Counter((point["subject"], point["years"]) for point in points).values())
        untouched = all(point["state"] == "suggested" for point in points)
        if not whole["stopped"] and whole["language"] == "sv" and untouched and crowded <= 5 and len(points) >= 10:
            return whole
    raise AssertionError("the demo has no such initiative")


def a_point_without_link(demo: Demo, initiative: Any) -> Any:
    """A point of compulsory school whose words the initiative has no link to."""
    linked = {point["text"] for point in initiative["alignments"]}
    facets = demo.get_json("/api/v1/initiatives?school_form=GR&per_page=1")["facets"]
    for subject in reversed(facets["subject"]):
        address = f"/api/v1/curriculum/core-content?subject={subject['value']}&per_page=100"
        for point in demo.get_json(address)["results"]:
            if point["school_form"] == "GR" and point["text"] not in linked:
                return point
    raise AssertionError("the initiative is linked to everything")


def point_on(page: Page, text: str) -> Locator:
    """The points with these words on an initiative's page. The same words may stand under several subjects."""
    return page.locator(".points li").filter(has_text=text)


def badge_of(page: Page, text: str) -> Locator:
    return point_on(page, text).first.locator(".badge")


def is_green(badge: Locator) -> bool:
    colour = badge.evaluate("part => getComputedStyle(part).borderTopColor")
    red, green, blue = map(int, re.findall(r"\d+", colour)[:3])
    return green > max(red, blue) * 1.3
