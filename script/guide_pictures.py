"""The pictures of docs/guide, made by going through the guides in the demo.

Signs in as the demo's people and does what the guides tell: says that a class is curious, invites, answers, stands in
the queue. So the pictures show what the service shows, and a page that is missing, or answers with an error, fails
the run. In that case the pictures that were there are left as they were.

`--keep-going FOLDER` is for trying: writes to that folder, and tells all that went wrong instead of the first.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from guide_camera import LARGEST, LARGEST_SUM, NARROW, Guide
from playwright.sync_api import Page, expect, sync_playwright

from web.conftest import CHROMIUM, FLAGS, Demo  # found by way of guide_camera

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "guide" / "pictures"
TEACHER = "larare@skola.example.org"
COLLEAGUE = "larare2@skola.example.org"
COORDINATOR = "samordnare@stad.example.org"
EDITOR = "redaktor@stad.example.org"
CURIOUS_OF, LESSON_OF = "Kvarteret i klossar", "Skolvägen på modell"

# A visit that has been: only time would bring it.
LET_TIME_PASS = """
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from bryggan.invitations.models import Invitation

for invitation in Invitation.objects.filter(round__title="Bygg ditt kvarter", booking__isnull=False):
    booking = invitation.booking
    back = timedelta(days=timezone.localdate().toordinal() - timezone.localdate(booking.starts_at).toordinal() - 1)
    while (booking.starts_at + back).weekday() > 4:
        back -= timedelta(days=1)
    for row in (booking.occasion, booking):
        row.starts_at += back
        row.ends_at += back
    booking.occasion.booking_closes_at += back
    booking.occasion.save()
    booking.save()
"""
Scene = Callable[["Guide"], None]
SCENES: list[Scene] = []


def scene(made: Scene) -> Scene:
    SCENES.append(made)
    return made


def weekday_in(days: int) -> date:
    """The first Tuesday that many days from now or later."""
    on = date.today() + timedelta(days=days)
    return on + timedelta(days=(1 - on.weekday()) % 7)


# What a teacher does: docs/guide/larare.md.


@scene
def finding(guide: Guide) -> None:
    page = guide.open("/", TEACHER)
    line = page.get_by_role("listitem").filter(has_text="8B").filter(has=page.get_by_text("Se alla som passar"))
    guide.shoot(page, "larare-start", press=line.get_by_role("link", name="Se alla som passar"))
    line.get_by_role("link", name="Se alla som passar").click()
    page.wait_for_url("**/utforska?**")
    guide.shoot(page, "larare-hitta")


@scene
def three_examples(guide: Guide) -> None:
    page = guide.open("/", TEACHER)
    page.get_by_role("link", name=re.compile("Visa tre förslag.*8B")).click()
    page.wait_for_url("**/forslag?**")
    guide.shoot(page, "larare-vips")


@scene
def my_class(guide: Guide) -> None:
    page = guide.open("/klasser", TEACHER)
    guide.shoot(page, "larare-klass", press=page.get_by_role("link", name=re.compile("Lägg till|Ny klass")).first)


@scene
def programme(guide: Guide) -> None:
    page = guide.open("/", TEACHER)
    build = page.get_by_role("link", name="Bygg vårt program")
    guide.shoot(page, "larare-bygg-1", press=build)
    build.click()
    page.wait_for_url("**/program/ny**")
    day = page.locator("a.day-choice").first
    guide.shoot(page, "larare-bygg-2", press=day)
    day.click()
    save = page.get_by_role("button", name="Spara", exact=True)
    guide.shoot(page, "larare-bygg-3", press=save)
    save.click()
    page.wait_for_url(re.compile(r"/program/\d+"))
    book = page.get_by_role("button", name="Boka platser", exact=True)
    guide.shoot(page, "larare-boka", press=book)
    book.click()
    sure = page.get_by_role("button", name="Bekräfta bokningen")
    guide.shoot(page, "larare-bekrafta", press=sure)
    sure.click()
    page.wait_for_load_state()
    page.get_by_role("link", name="Dela och skriv ut").click()
    page.get_by_role("button", name="Skapa länk").click()
    page.get_by_label("Adressen till klassens program").wait_for()
    guide.shoot(page, "larare-dela", press=page.get_by_role("button", name="Kopiera länken"))
    shared = page.get_by_role("link", name="Se det som eleverna ser").get_attribute("href")
    guide.shoot(guide.open(str(shared), size=NARROW), "larare-delad")


@scene
def curious(guide: Guide) -> None:
    # Each asks from the list, as a teacher would.
    for person, label in ((COLLEAGUE, "Krabborna"), (TEACHER, "TE25a"), (TEACHER, "8B")):
        page = guide.open(f"/utforska?q={CURIOUS_OF}", person)
        page.get_by_role("heading", name=CURIOUS_OF).get_by_role("link").first.click()
        page.wait_for_url("**/initiativ/**")
        panel = page.locator("#curious")
        choice = panel.locator("form.form").last.get_by_label("Klass", exact=True)
        if choice.count():
            choice.select_option(label=label)
        button = panel.get_by_role("button", name="Vi är nyfikna")
        if label == "8B":
            guide.shoot(page, "larare-nyfikna", press=button, of=panel)
        button.click()
        panel.get_by_text(f"{label} är nyfiken.").wait_for()
    guide.shoot(guide.open("/nyfikna", TEACHER), "larare-nyfikna-pa")


# What a coordinator does: docs/guide/samordnare.md.


@scene
def who_is_curious(guide: Guide) -> None:
    page = guide.open("/forvaltning/intresse", COORDINATOR)
    link = page.get_by_role("link", name=CURIOUS_OF).first
    guide.shoot(page, "samordnare-nyfikna", press=link)
    link.click()
    invite = page.get_by_role("link", name="Bjud in klasser")
    guide.shoot(page, "samordnare-initiativ", press=invite)
    guide.shoot(page, "samordnare-klasser", of=page.locator(":has(> #classes)"))


def compose(page: Page, title: str, text: str, *, seats: int | None) -> None:
    """A round about the initiative, on one day with so many seats, or by agreement."""
    page.locator("#id_title").fill(title)
    page.locator("#id_text").fill(text)
    if seats:
        page.get_by_label("på bestämda tider").check()
        row = page.get_by_role("group", name="Tid 1")
        row.get_by_label("Dag").fill(weekday_in(21).isoformat())
        row.get_by_label("Börjar").fill("9.30")
        row.get_by_label("Slutar").fill("11.00")
        row.get_by_label("Platser").fill(str(seats))
        page.get_by_label("i den ordning svaren kommer").check()
    else:
        page.get_by_label("enligt överenskommelse").check()
    page.locator("#id_place").fill("Stadsbyggnadshuset, Demogatan 1")
    page.locator("#id_practical").fill("Ta med matsäck. Hiss finns.")
    page.locator("#id_answer_on").fill(weekday_in(8).isoformat())
    page.locator("#id_answer_at").fill("16.00")
    page.get_by_label("Alla som har sagt att de är nyfikna").check()
    page.locator("#letter").get_by_text(title).first.wait_for()


@scene
def inviting(guide: Guide) -> None:
    page = guide.page(COORDINATOR)
    for title, seats in (("Bestäm om torget", None), ("Bygg ditt kvarter", 30)):
        page = guide.open("/forvaltning/intresse", COORDINATOR)
        page.get_by_role("link", name=CURIOUS_OF).first.click()
        page.get_by_role("link", name="Bjud in klasser").click()
        page.wait_for_url("**/utskick/nytt**")
        compose(page, title, "Klassen bygger sitt eget kvarter och visar det för oss som planerar.", seats=seats)
        save = page.get_by_role("button", name="Spara och se vilka som får den")
        if seats:
            guide.shoot(page, "samordnare-skriv", top=page.get_by_role("heading", level=1))
            spread = page.get_by_role("group", name=re.compile("Så fördelas platserna"))
            guide.shoot(page, "samordnare-fordela", of=spread)
            guide.shoot(page, "samordnare-till", top=page.get_by_role("heading", name="Till vilka"))
        save.click()
        page.wait_for_url(re.compile(r"/utskick/\d+"))
        send = page.get_by_role("button", name=re.compile("Skicka nu"))
        if seats:
            guide.shoot(page, "samordnare-skicka", press=send)
        send.click()
        page.get_by_role("heading", name=re.compile("har tackat ja")).wait_for()


@scene
def answering(guide: Guide) -> None:
    def invitation(person: str, label: str, title: str) -> Page:
        page = guide.open("/inbjudningar", person)
        row = page.get_by_role("listitem").filter(has_text=title).filter(has_text=label)
        row.get_by_role("link").first.click()
        page.wait_for_url(re.compile(r"/inbjudningar/\d+"))
        return page

    yes = "Ja, vi kommer"
    page = invitation(COLLEAGUE, "Krabborna", "Bygg ditt kvarter")
    page.get_by_role("button", name=yes).click()
    page.wait_for_load_state()
    guide.shoot(guide.open("/inbjudningar", TEACHER), "larare-inbjudningar")
    page = invitation(TEACHER, "8B", "Bygg ditt kvarter")
    guide.shoot(page, "larare-svara", press=page.get_by_role("button", name=yes), top=page.locator("#svar"))
    page.get_by_role("button", name=yes).click()
    page.wait_for_load_state()
    page = invitation(TEACHER, "8B", "Bestäm om torget")
    page.get_by_role("button", name=yes).click()
    page.locator("#id_text").fill("Vi kan på förmiddagar. Passar en tisdag?")
    page.get_by_role("button", name="Skicka", exact=True).click()
    page.wait_for_load_state()
    guide.shoot(guide.open("/besok", TEACHER), "larare-ko")


@scene
def after_the_answers(guide: Guide) -> None:
    page = guide.open("/forvaltning/utskick", COORDINATOR)
    guide.shoot(page, "samordnare-utskick")
    page.get_by_role("link", name="Bygg ditt kvarter").click()
    page.wait_for_url(re.compile(r"/utskick/\d+"))
    guide.shoot(page, "samordnare-svar")
    guide.shoot(page, "samordnare-ko", of=page.locator(":has(> #times)"))
    page = guide.open("/forvaltning/utskick", COORDINATOR)
    page.get_by_role("link", name="Bestäm om torget").click()
    row = page.get_by_role("row").filter(has_text="8B")
    row.locator("summary").click()
    row.get_by_label("Dag").fill(weekday_in(28).isoformat())
    row.get_by_label("Börjar").fill("9.30")
    row.get_by_label("Slutar").fill("11.00")
    agree = row.get_by_role("button", name="Bestäm tiden")
    guide.shoot(page, "samordnare-tid", press=agree, top=page.get_by_role("heading", level=1))
    agree.click()
    page.wait_for_load_state()


@scene
def messages(guide: Guide) -> None:
    page = guide.open("/forvaltning/utskick", COORDINATOR)
    page.get_by_role("link", name="Bestäm om torget").click()
    row = page.get_by_role("row").filter(has_text="8B")
    row.get_by_role("link", name=re.compile("Öppna och skriv")).click()
    page.wait_for_url(re.compile(r"/inbjudan/\d+"))
    page.get_by_label("Skriv till klassen").fill("Tisdag passar bra. Välkomna!")
    send = page.get_by_role("button", name="Skicka", exact=True)
    guide.shoot(page, "samordnare-meddelande", press=send, of=page.locator("section:has(> #meddelanden)"))
    send.click()
    page.get_by_text("Tisdag passar bra.").wait_for()
    guide.shoot(guide.open("/forvaltning/besok", COORDINATOR), "samordnare-besok")


@scene
def attendance(guide: Guide) -> None:
    guide.demo.run("-c", LET_TIME_PASS)
    page = guide.open("/forvaltning/besok?visa=har-varit", COORDINATOR)
    visit = page.get_by_role("listitem").filter(has_text="Bygg ditt kvarter").first
    came = visit.get_by_role("button", name=re.compile("^Kom(?! inte)"))
    guide.shoot(page, "samordnare-narvaro", press=came)
    came.click()
    page.wait_for_load_state()
    page.get_by_role("listitem").filter(has_text="Bygg ditt kvarter").first.get_by_role("link").first.click()
    page.wait_for_url(re.compile(r"/inbjudan/\d+"))
    guide.shoot(page, "samordnare-hur-var-det", of=page.locator("section:has(> #how)"))


@scene
def ideas(guide: Guide) -> None:
    page = guide.open(f"/utforska?q={LESSON_OF}", TEACHER)
    page.get_by_role("heading", name=LESSON_OF).get_by_role("link").first.click()
    page.wait_for_url("**/initiativ/**")
    page.get_by_role("link", name="Samla klassens idéer").click()
    page.wait_for_url("**/idrundor/ny?**")
    page.locator("#id_question").fill("Hur blir vägen till skolan tryggare?")
    page.locator("#id_school_class").select_option(label="8B")
    start = page.get_by_role("button", name="Starta")
    guide.shoot(page, "larare-idrunda", press=start, of=page.locator("form.form"))
    start.click()
    page.wait_for_url(re.compile(r"/idrundor/\d+$"))
    code = page.locator(".code").inner_text().replace(" ", "")
    phone = guide.open(f"/ide/{code}", size=NARROW)
    best = "Måla fotspår från bussen till skolan"
    for number, text in enumerate((best, "Fler lampor vid tunneln", "En dag i veckan utan bilar")):
        phone.get_by_label("Min idé").fill(text)
        if not number:
            guide.shoot(phone, "larare-telefon", press=phone.get_by_role("button", name="Skicka"))
        phone.get_by_role("button", name="Skicka").click()
        expect(phone.get_by_label("Min idé")).to_have_value("")
    page.reload()
    approve = page.get_by_role("button", name=re.compile("^Godkänn"))
    guide.shoot(page, "larare-godkann", press=approve.first, top=page.locator(".round-lead"))
    for text in (best, "Fler lampor vid tunneln"):
        page.get_by_role("button", name=re.compile(f"^Godkänn.*{text}")).click()
        page.get_by_role("link", name=re.compile(f"^Skicka till staden.*{text}")).wait_for()
    page.get_by_role("link", name=re.compile(f"^Skicka till staden.*{best}")).click()
    page.locator("#id_why").fill("Den är rolig och kostar lite.")
    send = page.get_by_role("button", name="Skicka", exact=True)
    guide.shoot(page, "larare-till-staden", press=send)
    send.click()
    page.wait_for_url(re.compile(r"/idrundor/\d+"))
    lesson = page.url.partition("#")[0]

    city = guide.open("/forvaltning/ideer", COORDINATOR)
    guide.shoot(city, "samordnare-ideer")
    city.get_by_role("link", name=re.compile(best)).first.click()
    city.wait_for_url(re.compile(r"/ideer/\d+"))
    city.locator("input[name=state][value='trying']").check()
    city.locator("#id_text").fill(
        "Tack för er idé! Vi prövar fotspår på en väg i vår. Sedan räknar vi om fler går till skolan."
    )
    city.get_by_role("button", name="Hur lätt är det att läsa?").click()
    city.locator("#lix").get_by_text(re.compile("LIX|läs", re.I)).first.wait_for()
    reply = city.get_by_role("button", name="Skicka svaret")
    guide.shoot(city, "samordnare-svara", press=reply, top=city.get_by_role("heading", name="Svara klassen"))
    reply.click()
    city.get_by_role("heading", name="Vad blev det?").wait_for()

    page.goto(lesson)
    page.get_by_role("link", name="Visa svaret för klassen").click()
    page.wait_for_url("**/svar/**")
    guide.shoot(page, "larare-stadens-svar")


@scene
def own_figures(guide: Guide) -> None:
    page = guide.open("/insikter", COORDINATOR)
    guide.shoot(page, "samordnare-siffror", press=page.get_by_role("link", name="Våra egna initiativ"))


# What an editor does: docs/guide/redaktor.md.


@scene
def editing(guide: Guide) -> None:
    page = guide.open("/foretag")
    page.get_by_label(re.compile("Namn|heter", re.I)).first.fill("Exempelverkstaden AB")
    for field, text in (
        ("person", "Kim Exempel"),
        ("email", "kim@foretag.example.org"),
        ("text", "Vi visar hur en cykel blir till."),
    ):
        page.locator(f"#id_{field}").fill(text)
    page.get_by_role("button", name="Skicka anmälan").click()
    page.wait_for_load_state()
    for address, name in (
        ("/redaktion/", "redaktor-start"),
        ("/redaktion/massan/program", "redaktor-utbud"),
        ("/redaktion/kopplingar", "redaktor-kopplingar"),
        ("/insikter", "redaktor-insikter"),
        ("/redaktion/rattvisa", "redaktor-rattvisa"),
    ):
        guide.shoot(guide.open(address, EDITOR), name)
    page = guide.open("/redaktion/foretag", EDITOR)
    guide.shoot(page, "redaktor-foretag", press=page.get_by_role("button", name=re.compile("^Godkänn")).first)


@scene
def importing(guide: Guide) -> None:
    page = guide.open("/redaktion/massan/las-in", EDITOR)
    guide.shoot(page, "redaktor-las-in")


def make(demo: Demo, folder: Path, *, scenes: Sequence[Scene] = SCENES, keeps_going: bool = False) -> list[str]:
    """Take all pictures. Returns what went wrong, when it may go on; else the first trouble is raised."""
    troubles = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        guide = Guide(demo, browser, folder)
        for made in scenes:
            try:
                made(guide)
            except Exception:
                if not keeps_going:
                    raise
                troubles.append(f"{made.__name__}: {traceback.format_exc(limit=-3)}")
        # What the console says of them is judged by the tests.
        troubles += [one for one in guide.watched.troubles if not one.startswith("console")]
        browser.close()
    return troubles


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep-going", type=Path, metavar="FOLDER")
    wanted = parser.parse_args()
    if not CHROMIUM.exists():
        print(f"guide-pictures: {CHROMIUM} is missing", file=sys.stderr)
        return 1
    # Ended from outside, it still ends the demo.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as scratch:
        data, made = Path(scratch, "data"), wanted.keep_going or Path(scratch, "pictures")
        data.mkdir()
        made.mkdir(exist_ok=True)
        demo = Demo(data)
        try:
            demo.wait_until_ready()
            troubles = make(demo, made, keeps_going=bool(wanted.keep_going))
        finally:
            demo.stop()
        pictures = sorted(made.glob("*.webp"))
        sizes = {one.name: one.stat().st_size for one in pictures}
        troubles += [f"{name} is {size} bytes" for name, size in sizes.items() if size > LARGEST]
        if sum(sizes.values()) > LARGEST_SUM:
            troubles.append(f"the pictures are {sum(sizes.values())} bytes together")
        for trouble in troubles:
            print(f"guide-pictures: {trouble}", file=sys.stderr)
        if troubles:
            return 1
        if not wanted.keep_going:
            shutil.rmtree(PICTURES, ignore_errors=True)
            PICTURES.mkdir(parents=True)
            for one in pictures:
                shutil.copy(one, PICTURES / one.name)
    print(f"{len(sizes)} pictures, {sum(sizes.values()) // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
