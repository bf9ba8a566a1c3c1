"""A lesson with ideas in real browsers: three phones, a projector and a teacher; without network, scripts or mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from web.conftest import NARROW, Demo, Visit, Watched, assert_accessible, assert_fits
from web.demo_ideas import MAKE_ROUND

pytestmark = pytest.mark.browser

TEACHER = "larare@skola.example.org"
PROJECTOR = {"width": 1920, "height": 1080}
EDITOR = "redaktor@stad.example.org"


def new_round(demo: Demo) -> tuple[str, str]:
    """Its address and its code."""
    number, _idea, _proposal, code = demo.run("-c", MAKE_ROUND).split()
    return f"/idrundor/{number}", code


def hand_in(phone: Page, text: str) -> None:
    phone.get_by_label("Min idé").fill(text)
    phone.get_by_role("button", name="Skicka").click()
    expect(phone.get_by_text("Din idé är skickad")).to_be_visible()
    expect(phone.get_by_label("Min idé")).to_have_value("")


def test_a_lesson_with_three_phones_and_a_projector(demo: Demo, visit: Visit, watched: Watched) -> None:
    watched.expected = {410}
    address, code = new_round(demo)
    teacher, projector = visit(TEACHER), visit(TEACHER, viewport=PROJECTOR)
    phones = [visit(viewport=NARROW, has_touch=True) for _ in range(3)]
    teacher.goto(address)
    projector.goto(f"{address}/tavla")
    for phone in phones:
        phone.goto("/ide")
        phone.get_by_label("Kod").fill(f"{code[:3].lower()} {code[3:].lower()}")
        phone.keyboard.press("Enter")
        phone.wait_for_url(f"**/ide/{code}")
        assert_fits(phone, "phone")

    for number, phone in enumerate(phones):
        hand_in(phone, f"Telefonidé {number}")

    expect(projector.get_by_text("Telefonidé 0")).to_have_count(0)
    for number in range(3):
        teacher.get_by_role("button", name=re.compile(rf"Godkänn ?: Telefonidé {number}$")).click()
        expect(projector.get_by_text(f"Telefonidé {number}")).to_be_visible()
        expect(phones[0].get_by_label("Klassens idéer").get_by_text(f"Telefonidé {number}")).to_be_visible()
    assert_fits(projector, "projector")
    assert_accessible(projector, "projector")

    teacher.get_by_role("button", name="Rösta").click()
    for phone in phones:
        phone.get_by_role("button", name=re.compile("Rösta på den här ?: Telefonidé 1$")).click()
        expect(phone.get_by_text("Du har 2 röster kvar.")).to_be_visible()
    expect(projector.locator("li", has_text="Telefonidé 1").get_by_text("3 röster")).to_be_visible()
    assert_accessible(phones[0], "voting")

    teacher.get_by_role("button", name="Avsluta rundan").click()
    for phone in phones:
        expect(phone.get_by_text("Idérundan är slut.")).to_be_visible()
        assert phone.evaluate("Object.keys(localStorage).length") == 0
    expect(projector.locator(".board-ideas li").first).to_contain_text("Telefonidé 1")


def test_without_a_network_nothing_is_lost_and_with_it_everything_is_sent_once(
    demo: Demo, visit: Visit, watched: Watched
) -> None:
    address, code = new_round(demo)
    teacher, phone = visit(TEACHER), visit(viewport=NARROW)
    phone.goto(f"/ide/{code}")
    phone.context.set_offline(True)

    for text in ("Skriven utan nät", "Också utan nät"):
        phone.get_by_label("Min idé").fill(text)
        phone.get_by_role("button", name="Skicka").click()
    expect(phone.get_by_text("Ingen kontakt med nätet")).to_be_visible()
    phone.get_by_label("Min idé").fill("Halvfärdig tanke")
    kept = phone.evaluate("JSON.stringify(localStorage)")
    assert all(text in kept for text in ("Skriven utan nät", "Också utan nät", "Halvfärdig tanke"))
    # The phone is put away and taken out again, with the network back.
    phone.context.set_offline(False)
    phone.reload()

    expect(phone.get_by_text("Också utan nät")).to_be_visible()
    expect(phone.get_by_label("Min idé")).to_have_value("Halvfärdig tanke")
    expect(phone.get_by_text("Ingen kontakt med nätet")).to_be_hidden()
    teacher.goto(address)
    for text in ("Skriven utan nät", "Också utan nät"):
        expect(teacher.locator("p.idea-text", has_text=text)).to_have_count(1)
    assert "utan nät" not in phone.evaluate("JSON.stringify(localStorage)")
    # What failed while there was no network was meant to.
    watched.troubles = [told for told in watched.troubles if "ERR_INTERNET_DISCONNECTED" not in told]


def test_a_round_that_ends_while_somebody_writes_says_so_and_leaves_the_text_to_be_copied(
    demo: Demo, visit: Visit, watched: Watched
) -> None:
    watched.expected = {410}
    address, code = new_round(demo)
    teacher, phone = visit(TEACHER), visit(viewport=NARROW)
    phone.goto(f"/ide/{code}")
    phone.get_by_label("Min idé").fill("Hinner jag?")
    teacher.goto(address)

    teacher.get_by_role("button", name="Avsluta rundan").click()

    expect(phone.get_by_text("Idérundan är slut.")).to_be_visible()
    expect(phone.get_by_label("Min idé")).to_have_value("Hinner jag?")
    expect(phone.get_by_role("button", name="Skicka")).to_be_hidden()
    assert phone.evaluate("Object.keys(localStorage).length") == 0
    assert_accessible(phone, "the end")


def test_a_drawing_is_made_with_the_finger_and_seen_by_the_teacher(demo: Demo, visit: Visit) -> None:
    address, code = new_round(demo)
    teacher, phone = visit(TEACHER), visit(viewport=NARROW)
    phone.goto(f"/ide/{code}")
    phone.get_by_text("Rita", exact=True).click()
    box = phone.locator("canvas").bounding_box()
    assert box
    phone.locator("canvas").scroll_into_view_if_needed()
    box = phone.locator("canvas").bounding_box()
    assert box
    phone.mouse.move(box["x"] + 40, box["y"] + 40)
    phone.mouse.down()
    for step in range(10):
        phone.mouse.move(box["x"] + 40 + 15 * step, box["y"] + 40 + 10 * step)
    phone.mouse.up()

    hand_in(phone, "Så här ser den ut")

    teacher.goto(address)
    picture = teacher.locator("li", has_text="Så här ser den ut").get_by_role("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1000


def test_what_the_teacher_is_writing_is_not_swapped_away(demo: Demo, visit: Visit) -> None:
    address, code = new_round(demo)
    teacher, phone = visit(TEACHER), visit(viewport=NARROW)
    teacher.goto(address)
    idea = teacher.locator("#ideas li", has_text="Jag heter Kalle")
    idea.get_by_text("Ändra eller slå ihop").click()
    idea.get_by_label("Idéns ord").fill("Vi vill ha en damm")
    # She has made the box larger: what htmx does with its style afterwards is not to break the content policy.
    idea.get_by_label("Idéns ord").evaluate("box => { box.style.height = '300px'; }")
    phone.goto(f"/ide/{code}")
    hand_in(phone, "Kommer emellan")
    teacher.wait_for_timeout(7_000)

    expect(idea.get_by_label("Idéns ord")).to_have_value("Vi vill ha en damm")
    idea.get_by_role("button", name="Spara och godkänn").click()

    expect(teacher.get_by_label("Klassen ser").get_by_text("Vi vill ha en damm", exact=True).first).to_be_visible()
    expect(teacher.get_by_text("Kommer emellan").first).to_be_visible()


def test_a_pupil_without_scripts_writes_votes_and_fetches_the_latest(demo: Demo, visit: Visit) -> None:
    address, code = new_round(demo)
    teacher, phone = visit(TEACHER), visit(viewport=NARROW, java_script_enabled=False)
    phone.goto(f"/ide/{code}")

    phone.get_by_label("Min idé").fill("Utan skript")
    phone.get_by_role("button", name="Skicka").click()
    phone.get_by_text("Din idé är skickad").wait_for()
    teacher.goto(address)
    teacher.get_by_role("button", name="Rösta").click()
    phone.get_by_role("link", name="Hämta det senaste").click()
    phone.get_by_role("button", name=re.compile("Rösta på den här ?: Samla regn")).click()

    phone.get_by_text("Du har 2 röster kvar.").wait_for()
    phone.get_by_role("button", name=re.compile("Ta tillbaka min röst ?: Samla regn")).click()
    phone.get_by_text("Du har 3 röster kvar.").wait_for()


def test_a_pupil_goes_through_a_round_by_keyboard_alone(demo: Demo, visit: Visit) -> None:
    address, code = new_round(demo)
    teacher, phone = visit(TEACHER), visit(viewport=NARROW)
    phone.goto("/ide")
    phone.keyboard.type(code)
    phone.keyboard.press("Enter")
    phone.wait_for_url(f"**/ide/{code}")
    reach(phone, "Min idé")
    phone.keyboard.type("Bara tangenter")
    reach(phone, "Skicka")
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("Din idé är skickad")).to_be_visible()

    teacher.goto(address)
    teacher.get_by_role("button", name="Rösta").click()
    expect(phone.get_by_role("heading", name="Rösta")).to_be_visible()
    reach(phone, "Rösta på den här: Samla regn i tunnor och vattna med det")
    phone.keyboard.press("Space")
    expect(phone.get_by_text("Du har 2 röster kvar.")).to_be_visible()
    # Focus stays on the button that was pressed, which now takes the vote back.
    phone.keyboard.press("Space")
    expect(phone.get_by_text("Du har 3 röster kvar.")).to_be_visible()


def test_the_city_hears_how_hard_its_answer_is_to_read_while_it_writes_and_sends_it_when_it_says_so(
    demo: Demo, visit: Visit
) -> None:
    number, _idea, proposal, _code = demo.run("-c", MAKE_ROUND).split()
    editor, teacher = visit(EDITOR), visit(TEACHER)
    editor.goto(f"/forvaltning/ideer/{proposal}")
    editor.get_by_role("radio", name="Prövas").check()

    editor.get_by_label("Svaret till klassen").press_sequentially("Dagvattenhanteringsutredningen konsekvensbeskrivs.")

    expect(editor.get_by_text("mycket svår")).to_be_visible()
    expect(editor.get_by_text("Pröva kortare meningar")).to_be_visible()
    teacher.goto(f"/idrundor/{number}/svar/{proposal}")
    expect(teacher.get_by_text("Dagvatten")).to_have_count(0)
    editor.get_by_label("Svaret till klassen").fill("Tack för idén! Vi prövar den i vår. Ni får se hur det går.")
    expect(editor.get_by_text("Pröva kortare meningar")).to_be_hidden()
    editor.get_by_role("button", name="Skicka svaret").click()
    expect(editor.get_by_text("Svaret är skickat till klassen.")).to_be_visible()
    teacher.reload()
    expect(teacher.get_by_text("Vi prövar den i vår.")).to_be_visible()
    assert_accessible(teacher, "the answer")


def reach(page: Page, name: str) -> None:
    """Press the tab key until what has this name is in focus."""
    seen = []
    for _press in range(40):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "(at => at.labels?.[0]?.textContent.trim() || at.textContent.trim())(document.activeElement)"
        )
        seen.append(told)
        if told == name:
            return
    raise AssertionError(f"{name} is not reached by keyboard: {seen}")
