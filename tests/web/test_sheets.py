"""The lesson sheet, as a page and as one A4 page of PDF."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from accounts import factories as people
from accounts.together import at_once
from alignment import factories as make
from bryggan.alignment.models import Alignment
from bryggan.alignment.searching import Query
from bryggan.initiatives.models import Contact, Initiative, SchoolOffer, Term
from bryggan.web.sheets import lesson_sheet as sheets
from bryggan.web.sheets import pdf

pytestmark = pytest.mark.django_db

MARKUP = r"""#let x = 1 $a^2$ *fet* _kursiv_ @mig `kod` \n \u{1F600} // ej [a] {b} <i>&amp; "c" ~ = - +"""


def offer(initiative: Initiative, **columns: Any) -> SchoolOffer:
    return SchoolOffer.objects.update_or_create(initiative=initiative, defaults=columns)[0]


def page(initiative: Initiative, query: str = "") -> str:
    answer = Client().get(f"/initiativ/{initiative.pk}/lektionsblad{query}")
    assert answer.status_code == 200
    return answer.text


def pdf_answer(initiative: Initiative, query: str = "", **headers: str) -> HttpResponse:
    return Client().get(f"/initiativ/{initiative.pk}/lektionsblad.pdf{query}", headers=headers)  # type: ignore[return-value]


def read(initiative: Initiative, query: str = "") -> PdfReader:
    answer = pdf_answer(initiative, query)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    return PdfReader(io.BytesIO(answer.content))


def words(reader: PdfReader) -> str:
    return " ".join(reader.pages[0].extract_text().split())


def full() -> Initiative:
    """An initiative with something of everything."""
    status = Term.objects.create(kind="status", slug="pilot", name="Pilot", progress=50)
    made = make.initiative(
        "Dagvattendammar i Råå", summary="Sammanfattningen.", status=status, status_explanation="Två dammar är klara"
    )
    offer(
        made,
        takes_classes=True,
        easy_read="När det regnar rinner vattnet hit.",
        hard_words=[{"word": "dagvatten", "meaning": "regn på gator"}],
        questions=["Vart tar regnet vägen på er skolgård?"],
    )
    make.align(made, make.point("BIO", text="Ekosystem och mätningar."), score=0.4)
    make.align(made, make.point("TEK", (4, 6), "Tekniska system."), score=0.9)
    make.align(made, make.point("BIO", text="Bekräftad punkt."), state="confirmed", score=0.1)
    return made


# What stands on it


def test_the_sheet_holds_everything_on_one_page() -> None:
    made = full()

    reader = read(made)

    told = words(reader)
    assert len(reader.pages) == 1
    for text in (
        "Dagvattendammar i Råå",
        "Status: Pilot. Två dammar är klara. Tar emot klasser nu.",
        "När det regnar rinner vattnet hit.",
        "dagvatten: regn på gator",
        "Vart tar regnet vägen på er skolgård?",
        "Bekräftad punkt. (Bekräftat av en redaktör)",
        "Ekosystem och mätningar. (Föreslaget av en dator)",
        "Våra anteckningar",
        "Källa: stadens innovationsdatabas",
        f"/initiativ/{made.pk}-",
    ):
        assert text in told, text
    assert "Sammanfattningen" not in told
    assert told.index("Bekräftad punkt") < told.index("Tekniska system") < told.index("Ekosystem")


def test_the_page_says_what_the_pdf_says() -> None:
    made = full()

    shown = page(made)

    for text in (
        "Dagvattendammar i Råå",
        "Två dammar är klara.",
        "När det regnar rinner vattnet hit.",
        "regn på gator",
        "Vart tar regnet vägen på er skolgård?",
        "Bekräftad punkt.",
        "Bekräftat av en redaktör",
        f'href="/initiativ/{made.pk}/lektionsblad.pdf"',
    ):
        assert text in shown, text


def test_the_pdf_is_tagged_named_and_has_links_and_its_own_fonts() -> None:
    made = full()

    reader = read(made)

    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("sv")
    assert "/StructTreeRoot" in root
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert reader.metadata is not None
    assert reader.metadata.title == "Dagvattendammar i Råå"
    links = {note["/A"]["/URI"] for note in reader.pages[0]["/Annots"]}
    leads_to = {link.rpartition("/initiativ/")[2].partition("-")[0] for link in links}
    assert leads_to == {str(made.pk), f"{made.pk}/elev"}
    fonts = {font["/BaseFont"].split("+")[1] for font in reader.pages[0]["/Resources"]["/Font"].values()}
    assert fonts == {"AtkinsonHyperlegibleNext-Regular", "AtkinsonHyperlegibleNext-Bold"}


def test_the_code_leads_to_the_initiatives_page() -> None:
    made = full()

    sheet = sheets.lesson_sheet(Initiative.objects.get(pk=made.pk), Query())

    assert sheet.address.endswith(made.get_absolute_url())
    assert sheet.address.startswith("http")
    assert 'aria-label="QR-kod till initiativets sida"' in page(made)


@pytest.mark.parametrize(
    ("query", "points", "name"),
    [
        ("?subject=BIO", ["Bekräftad punkt.", "Ekosystem och mätningar."], "Bio"),
        ("?years=4-6", ["Tekniska system."], "Åk 4–6"),
        ("?years=8&subject=BIO", ["Bekräftad punkt.", "Ekosystem och mätningar."], "Bio, åk 8"),
        ("?years=1-3", [], "Åk 1–3"),
        ("?subject=BIO&years=4", [], "Bio, åk 4"),
        ("?school_form=GY", [], "Gymnasieskola"),
        ("?subject=finns-inte&years=77&x=1&q=vatten", ["Bekräftad", "Tekniska", "Ekosystem"], ""),
    ],
)
def test_the_chosen_class_decides_the_central_content(query: str, points: list[str], name: str) -> None:
    told = words(read(full(), query))

    kept = [text for text in ("Bekräftad punkt.", "Tekniska system.", "Ekosystem och mätningar.") if text in told]
    assert len(kept) == len(points)
    assert all(any(text.startswith(point) for text in kept) for point in points)
    assert (f"Lektionsblad · {name}" if name else "Lektionsblad Dagvatten") in told
    if not points:
        assert "Vi har inte hittat något centralt innehåll för det valda ämnet" in told


def test_at_most_six_points_and_none_that_is_rejected_weak_or_ended() -> None:
    made = make.initiative("Många punkter")
    for number in range(8):
        make.align(made, make.point("BIO", text=f"Stark {number}."), score=0.5)
    make.align(made, make.point("BIO", text="Svag."), strength="possible", score=0.9)
    make.align(made, make.point("BIO", text="Avvisad."), state="rejected", score=0.9)
    make.align(made, make.point("BIO", text="Slut.", ended_at=timezone.now()), score=0.9)

    told = words(read(made))

    assert told.count("Stark") == 6
    assert not any(text in told for text in ("Svag.", "Avvisad.", "Slut."))


def test_questions_are_the_editors_own_else_suggested(monkeypatch: Any) -> None:
    made = make.initiative()
    asked = []

    def question_for(*arguments: object) -> str:
        asked.append(arguments[1:])
        return "Vad händer?"

    monkeypatch.setattr(sheets.suggesting, "question_for", question_for)

    assert sheets.first_questions(made, "GR", ((7, 9),)) == ["Vad händer?"]
    offer(made, questions=["", " Ett? ", "Två?", "Tre?", "Fyra?"])
    assert sheets.first_questions(Initiative.objects.get(pk=made.pk)) == ["Ett?", "Två?", "Tre?"]
    assert asked == [("GR", ((7, 9),))]


def test_a_stopped_initiative_says_so_first() -> None:
    made = full()
    Initiative.objects.filter(pk=made.pk).update(is_stopped=True, status_explanation="Sensorerna gick sönder.")

    told = words(read(made))

    assert "Initiativet är avbrutet och går inte att besöka. Sensorerna gick sönder." in told
    assert "Tar emot" not in told


def test_a_withdrawn_initiative_can_still_be_printed_and_says_so() -> None:
    made = full()
    Initiative.objects.filter(pk=made.pk).update(withdrawn_at=timezone.now())

    assert "Staden har tagit bort initiativet ur sin databas." in words(read(made))
    assert "Staden har tagit bort initiativet" in page(made)


def test_an_english_initiative_keeps_its_language_in_both() -> None:
    made = make.initiative("Rain gardens", summary="Plants drink the rain.", language="en")

    assert '<h1 lang="en">' in page(made)
    assert "Plants drink the rain." in words(read(made))


# Any data


def test_markup_of_any_kind_stands_as_it_was_written() -> None:
    made = make.initiative(MARKUP, summary=MARKUP)
    offer(made, hard_words=[{"word": "#ord", "meaning": MARKUP}], questions=[MARKUP])
    make.align(made, make.point("BIO", text=MARKUP))

    told = words(read(made))

    assert told.count(MARKUP) == 5
    assert "<i>" not in page(made)


def long(text: str, letters: int) -> str:
    return (text * letters)[:letters]


@pytest.mark.parametrize(
    "text", ["Långa ord om vatten åäö. ", "W", "å", "Förvaltningsövergripande ", "a " * 3, "😀", "中"]
)
def test_very_long_data_is_one_page(text: str) -> None:
    made = make.initiative(long(text, 500), summary=long(text, 60_000), status_explanation=long(text, 5000))
    offer(
        made,
        easy_read=long(text, 60_000),
        hard_words=[{"word": long(text, 300), "meaning": long(text, 3000)}] * 60,
        questions=[long(text, 3000)] * 20,
    )
    make.align(made, *[make.point("BIO", text=long(text, 3000)) for _ in range(9)])

    reader = read(made)

    assert len(reader.pages) == 1
    told = words(reader)
    assert "Våra anteckningar" in told
    assert text in ("😀", "中") or "…" in told
    assert "Källa:" in told


def test_hardly_any_data_is_one_page() -> None:
    made = make.initiative("X")

    reader = read(made)

    assert len(reader.pages) == 1
    assert "Vi har inte hittat något centralt innehåll som passar." in words(reader)
    assert "Svåra ord" not in words(reader)


@pytest.mark.parametrize(
    "rows", [[None], ["ord"], [{}], [{"word": None}], [{"word": "", "meaning": "x"}], [{"word": 7, "meaning": None}]]
)
def test_odd_hard_words_do_no_harm(rows: list[Any]) -> None:
    made = make.initiative()
    offer(made, hard_words=rows, questions=[None, 7, {"x": 1}])

    assert read(made).pages
    page(made)


@pytest.mark.parametrize("title", ["Råå 😀 torg", "Noll\x01\x7f\u202e torg", "中文 السلام", "\u200d", "½ ≤ → ° ™ α"])
def test_letters_that_no_font_has_do_not_stop_the_page(title: str) -> None:
    made = make.initiative(title, summary=title)

    reader = read(made)

    assert len(reader.pages) == 1
    assert ("torg" in words(reader)) == ("torg" in title)


def test_swedish_letters_stay_whole_when_the_source_writes_them_in_two_parts() -> None:
    assert "Råå hamn" in words(read(make.initiative("Ra\u030aa\u030a hamn")))


# Addresses


@pytest.mark.parametrize("end", ["", ".pdf"])
@pytest.mark.parametrize("address", ["0", "999999", "9" * 30, "x", "-1", "1x", "%00", "1%0a"])
def test_unknown_initiatives_are_not_found(address: str, end: str) -> None:
    assert Client().get(f"/initiativ/{address}/lektionsblad{end}").status_code == 404


@pytest.mark.parametrize("end", ["", ".pdf"])
def test_parameters_of_any_kind_do_no_harm(end: str) -> None:
    made = full()
    for query in (
        "years=" + "9" * 5000,
        "subject=%00",
        "years=8&" * 400,
        "subject=BIO&subject=%ff",
        "level=x",
        "q=" * 9,
    ):
        answer = Client().get(f"/initiativ/{made.pk}/lektionsblad{end}?{query}")
        assert answer.status_code == 200, query


@pytest.mark.parametrize("end", ["", ".pdf"])
def test_a_merged_initiative_leads_to_the_one_that_lives_on(end: str) -> None:
    heir, merged = make.initiative(), make.initiative()
    Initiative.objects.filter(pk=merged.pk).update(merged_into=heir)

    answer = Client().get(f"/initiativ/{merged.pk}/lektionsblad{end}?years=7-9&x=1")

    assert (answer.status_code, answer["Location"]) == (301, f"/initiativ/{heir.pk}/lektionsblad{end}?years=7-9")


@pytest.mark.parametrize("end", ["", ".pdf"])
def test_it_is_only_read(end: str) -> None:
    assert Client().post(f"/initiativ/{full().pk}/lektionsblad{end}").status_code == 405


# Who


@pytest.mark.parametrize("who", [None, "teacher", "coordinator", "editor", "administrator"])
def test_the_sheet_is_the_same_for_everybody_and_shows_no_contacts(who: str | None) -> None:
    made = full()
    Contact.objects.create(initiative=made, name="Berit Kontakt", email="berit@stad.example.org")
    client = Client()
    if who:
        client.force_login(getattr(people, who)())

    shown = client.get(f"/initiativ/{made.pk}/lektionsblad").text
    answer = client.get(f"/initiativ/{made.pk}/lektionsblad.pdf")

    told = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert "Berit" not in shown + told
    assert "berit@" not in shown + told
    assert answer["ETag"] == pdf_answer(made)["ETag"]


def test_a_city_that_requires_sign_in_shows_strangers_no_sheet(settings: Any) -> None:
    made = full()
    settings.REQUIRE_SIGN_IN = True

    for end in ("", ".pdf"):
        assert Client().get(f"/initiativ/{made.pk}/lektionsblad{end}").status_code == 302


# Cost


@pytest.mark.parametrize("end", ["", ".pdf"])
def test_one_point_and_fifty_cost_the_same_statements(end: str) -> None:
    made = make.initiative()
    address = f"/initiativ/{made.pk}/lektionsblad{end}"
    counts = []
    for number in (1, 50):
        while Alignment.objects.count() < number:
            make.align(made, make.point(f"BIO{Alignment.objects.count() % 7}"))
        Client().get(address)
        with CaptureQueriesContext(connection) as statements:
            Client().get(address)
        counts.append(len(statements))

    assert counts[0] == counts[1]


def test_an_unchanged_sheet_is_not_made_again(monkeypatch: Any) -> None:
    made = full()
    first = pdf_answer(made)

    def never(data: str) -> bytes:
        raise AssertionError

    monkeypatch.setattr(pdf, "pdf_of", never)
    again = pdf_answer(made, **{"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    with pytest.raises(AssertionError):
        pdf_answer(made, "?subject=BIO", **{"If-None-Match": first["ETag"]})


def test_a_changed_text_is_another_sheet() -> None:
    made = full()
    before = pdf_answer(made)["ETag"]
    SchoolOffer.objects.update(easy_read="Ny text.")

    after = pdf_answer(made, **{"If-None-Match": before})

    assert after.status_code == 200
    assert after["ETag"] != before


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_their_own_sheets() -> None:
    rows = [make.initiative(f"Nummer {number} av alla") for number in range(6)]

    told = at_once([lambda row=row: words(read(row)) for row in rows])  # type: ignore[misc]

    assert sorted(row.title for row in rows if any(row.title in text for text in told)) == sorted(
        row.title for row in rows
    )
