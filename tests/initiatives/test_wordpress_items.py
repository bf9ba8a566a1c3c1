"""The recorded items that surprised us, one by one, through the real adapter."""

from __future__ import annotations

from typing import Any

import pytest

from bryggan.initiatives import wordpress_items
from bryggan.initiatives.remote import RemoteInitiative, RemotePicture, RemoteTerm, mapped_hash
from bryggan.initiatives.wordpress_items import Known
from initiatives.doubles import TAXONOMIES, recording

PROJECTS: dict[int, Any] = {
    row["id"]: row for page in (1, 2) for row in recording(f"projects-all-by-id-page{page}")["json"]
}
TERMS = {
    (kind, found.remote_id): found
    for name in TAXONOMIES
    for kind in [wordpress_items.KINDS[name]]
    for row in recording(f"tax-{name}")["json"]
    if (found := wordpress_items.term(row, kind))
}
KNOWN = Known(
    terms=TERMS,
    challenges=frozenset(str(row["id"]) for row in recording("challenges")["json"]),
    platforms=frozenset({"16", "17", "18"}),
)


def mapped(remote_id: int, **changes: Any) -> RemoteInitiative:
    return wordpress_items.initiative({**PROJECTS[remote_id], **changes}, KNOWN, {}, lambda *_: None)


def test_an_item_that_a_script_wrote_is_understood_where_its_ids_are() -> None:
    remarks: list[tuple[str, str]] = []
    item = PROJECTS[161]

    found = wordpress_items.initiative(item, KNOWN, {}, lambda *each: remarks.append(each))

    assert found.status == TERMS["status", "2"]
    assert (found.progress, found.is_stopped) == (50, False)
    assert found.department == TERMS["department", "61"]
    assert [term.remote_id for term in found.terms] == ["47", "52"]
    assert found.challenge == "22"
    assert found.is_city_wide is True
    assert found.contacts == ()
    assert found.what_html == "<p>Rå text utan stycken.</p>"
    assert (found.budget_text, found.budget) == ("90000", "90000.00")
    assert remarks == []


def test_ids_that_no_vocabulary_knows_are_empty_and_remarked_on() -> None:
    remarks: list[tuple[str, str]] = []
    item = {**PROJECTS[65], "status": "99", "sector": ["98", 7.5], "organisation": "Kultur"}

    found = wordpress_items.initiative(item, KNOWN, {}, lambda *each: remarks.append(each))

    assert (found.status, found.department) == (None, None)
    assert [remark for _id, remark in remarks] == [
        "status holds '99', taken as empty",
        "organisation holds 'Kultur', taken as empty",
        "sector holds '98', taken as empty",
        "sector holds '7.5', taken as empty",
    ]


@pytest.mark.parametrize(
    ("remote_id", "title"),
    [
        (155, "Barn & unga – ”Vi vill också bestämma” … del 2 <3"),
        (156, "🚲 Cykelgaraget vid stationen — \u00c5\u030angra på 1½ timme"),
        (157, "Pilot: Digital hemtjänst <beta> & mer"),
        (158, "Det här initiativet saknar rubrik helt."),
        (160, "Bara en rubrik"),
    ],
)
def test_titles_are_text_unescaped_once_composed_and_never_empty(remote_id: int, title: str) -> None:
    assert mapped(remote_id).title == title


def test_an_untitled_one_without_words_gets_a_word_that_says_so() -> None:
    assert mapped(158, project_what=None).title == "Utan rubrik"


def test_html_from_an_office_program_is_harmless_and_readable() -> None:
    found = mapped(162)

    for forbidden in (
        "<script",
        "<style",
        "<iframe",
        "<svg",
        "<table",
        "<img",
        "<h1",
        "onclick",
        "javascript:",
        "mso",
        "style=",
        "alert(",
        'gammal-sida/"',
        "display:none",
    ):
        assert forbidden not in found.what_html
    assert "<b><i>Viktigt!</i></b>" in found.what_html
    assert "Klicka här" in found.what_html
    assert "läs på gamla webben" in found.what_html
    assert 'href="mailto:innovation@example.org?subject=Hej%20d%C3%A4r"' in found.what_html
    assert "&lt;b&gt;visad tagg&lt;/b&gt; &amp;amp; dubbelkodat" in found.what_html


def test_shortcodes_that_nothing_ran_leave_their_words() -> None:
    text = mapped(163).what_html

    assert "Vi vågade avsluta." in text
    assert "Anmäl dig" in text
    assert "[" not in text
    assert "margin: auto" not in text


def test_old_text_of_the_editor_is_kept_apart() -> None:
    found = mapped(175)

    assert found.what_html == "<p>Kort text.</p>"
    assert found.other_html.startswith("<p>Gammal brödtext som ligger kvar i huvudfältet.</p>")
    assert "<h3>H1 i text</h3>" in found.other_html


def test_numbers_written_as_text() -> None:
    found = mapped(165)

    assert (found.budget_text, found.budget) == ("1 500 000 kr", "1500000.00")
    assert found.funds == {
        "granted": [{"amount": "250000.50", "date": "2022-06-01", "comment": "Bidrag"}],
        "used": [
            {"amount": "125.00", "date": "2022-04-01", "comment": ""},
            {"amount": "", "date": "", "comment": "oklart"},
        ],
    }
    assert found.place == {"address": "Stortorget", "latitude": 56.0465, "longitude": 12.6945}


def test_an_amount_without_a_number_is_kept_as_text() -> None:
    found = mapped(165, estimated_budget="ca två miljoner")

    assert (found.budget_text, found.budget) == ("ca två miljoner", "")


def test_a_stopped_initiative_keeps_how_far_it_had_come() -> None:
    told = mapped(75)
    by_status_alone = mapped(75, previous_status_progress_value="")
    unknown = mapped(75, previous_status_progress_value="", previous_status="")

    assert (told.is_stopped, told.progress) == (True, 75)
    assert (by_status_alone.is_stopped, by_status_alone.progress) == (True, 75)
    assert (unknown.is_stopped, unknown.progress) == (True, None)


def test_an_empty_row_of_impact_goals_is_no_goal() -> None:
    assert mapped(35).impact_goals == ()


def test_links_that_are_none_stay_as_text_and_dangerous_ones_lose_their_address() -> None:
    found = mapped(176)

    assert found.links == (
        {"title": "https://www.example.org/utan-schema", "url": "https://www.example.org/utan-schema"},
        {"title": "Länk med mellanslag", "url": "https://example.org/en%20fil.pdf"},
        {"title": "Script", "url": ""},
        {"title": "se bifogad länk", "url": ""},
    )
    assert found.video_url == ""


def test_files_that_are_gone_drop_out() -> None:
    assert mapped(171).files == (
        {
            "title": "Finns kvar",
            "url": "http://127.0.0.1:8899/wp-content/uploads/2024/01/slutrapport.pdf",
            "mime_type": "application/pdf",
            "bytes": 125,
        },
    )


def test_moments_without_a_zone_are_utc_and_a_missing_one_is_local() -> None:
    found = mapped(65, date_gmt="0000-00-00T00:00:00", date="2021-07-14T13:56:42")

    assert str(found.source_created_at) == "2021-07-14 11:56:42+00:00"
    assert str(found.source_modified_at) == "2021-05-14 20:08:42+00:00"


@pytest.mark.parametrize(
    "nothing", [None, False, "", [], {}, 0, "0", 3.5, True, [None], [[]], {"x": None}, "?" * 9000]
)
def test_every_field_may_hold_anything(nothing: Any) -> None:
    item = dict.fromkeys(PROJECTS[65], nothing) | {"id": 65}

    found = wordpress_items.initiative(item, KNOWN, {}, lambda *_: None)

    assert found.remote_id == "65"
    assert found.title
    assert len(found.title) <= 500
    assert mapped_hash(found)


def test_every_field_may_be_missing() -> None:
    found = wordpress_items.initiative({"id": 65}, KNOWN, {}, lambda *_: None)

    assert found.title == "Utan rubrik"


def test_the_order_of_terms_and_their_counts_do_not_change_the_hash() -> None:
    item = PROJECTS[65]
    turned = {**item, "global_goal": [{**term, "count": 999} for term in reversed(item["global_goal"])]}

    again = wordpress_items.initiative(turned, KNOWN, {}, lambda *_: None)

    assert mapped_hash(again) == mapped_hash(mapped(65))
    assert mapped_hash(mapped(65, project_why=None)) != mapped_hash(mapped(65))


def test_the_summary_is_whole_sentences_and_the_language_is_guessed() -> None:
    long = "<p>" + "En mening som är ganska lång och säger något. " * 10 + "</p>"
    english = "<p>We want to test the lamps in this part of the city and learn from it with our users.</p>"

    assert mapped(35).summary == (
        "Vi lägger sensorgolv i tjugo lägenheter som larmar när någon faller och inte reser sig."
    )
    assert len(mapped(35, project_what=long).summary) <= 220
    assert mapped(35, project_what=long).summary.endswith("något.")
    assert (mapped(35).language, mapped(35, project_what=english).language) == ("sv", "en")


# Pictures.


def test_a_gallery_gives_sizes_that_are_wide_enough_with_addresses_encoded() -> None:
    found = mapped(173).pictures

    assert found[0].address == "http://127.0.0.1:8899/wp-content/uploads/2024/01/stor-skiss-1024x683.jpg"
    assert found[0].alt == "En mycket stor skiss"
    assert found[1].address.isascii()
    assert " " not in found[1].address


def test_a_featured_picture_has_the_smallest_size_that_is_wide_enough() -> None:
    found = wordpress_items.picture_of_media(recording("media-big")["json"])

    assert found is not None
    assert found.address.endswith("/stor-skiss-1024x683.jpg")


@pytest.mark.parametrize("trap", ["embed-single-image-forbidden", "embed-single-image-deleted"])
def test_errors_and_the_route_index_are_no_pictures(trap: str) -> None:
    [embedded] = recording(trap)["json"]["_embedded"]["wp:featuredmedia"]

    assert wordpress_items.picture_of_media(embedded) is None


def test_the_featured_picture_comes_first() -> None:
    picture = RemotePicture("https://example.org/a.jpg")

    found = wordpress_items.initiative(PROJECTS[171], KNOWN, {"15": picture}, lambda *_: None)

    assert found.pictures[0] == picture
    assert len(found.pictures) == 2


def test_terms_are_unescaped_and_carry_their_progress() -> None:
    assert TERMS["category", "9"].name == "Klimat & energi"
    assert TERMS["status", "5"] == RemoteTerm(
        "status",
        "5",
        "Avbruten",
        "Initiativet har avslutats i förtid. Lärdomarna är sparade.",
        progress=-1,
    )
    assert TERMS["status", "6"].progress is None


def test_challenges_and_platforms() -> None:
    challenge = wordpress_items.challenge(
        next(row for row in recording("challenges")["json"] if row["id"] == 28), KNOWN
    )
    platform = wordpress_items.platform(next(row for row in recording("platforms")["json"] if row["id"] == 16))

    assert challenge.title == "Hur når kultur & fritid fler barn och unga?"
    assert challenge.content.startswith("<h3>Vad vi vet</h3>")
    assert {term.kind for term in challenge.terms} == {"goal", "focal_point"}
    assert platform.preamble == "Ett nät för alla sensorer."
    assert platform.features[0] == {
        "title": "Mottagare i hela staden",
        "category": "Nät",
        "content": "Över hundra mottagare.\nInomhus & utomhus.",
    }
    assert "Kom igång med sensorer" in platform.content
    assert "plattform@example.org" not in str(platform)
