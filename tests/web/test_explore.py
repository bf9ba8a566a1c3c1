"""The list and an initiative's page: odd questions, old addresses, and texts that come from others."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from alignment import factories as make
from bryggan.accounts.models import User
from bryggan.alignment import searching
from bryggan.common.models import DataVersion
from bryggan.curriculum.models import CoreContent, SchoolForm
from bryggan.initiatives.models import Initiative, SchoolOffer

pytestmark = pytest.mark.django_db

LIST = "/utforska"
PARAMETERS = (*searching.FACETS, "takes_classes", "sort", "page", "per_page", "q")
ODD_VALUES = {
    "unknown": "FINNSINTE",
    "empty": "",
    "space": "%20%09",
    "nul": "BIO%00",
    "emoji": "%F0%9F%A6%86",
    "right to left": "%E2%80%AE%D7%A9%D7%9C%D7%95%D7%9D",
    "no UTF-8": "%FF%FE%C3",
    "lone surrogate": "%ED%A0%80",
    "half a percent": "%E5%A",
    "markup": "%3Cscript%3Ealert(1)%3C/script%3E%22%27",
    "template": "%7B%7B7*7%7D%7D%7B%25%20now%20%25%7D",
    "statement": "1%27%3B%20DROP%20TABLE%20x--",
    "negative": "-1",
    "huge": "9" * 400,
    "other digits": "%C2%B2%D9%A3",
    "10,000 characters": "a" * 10_000,
    "many words": "+".join(f"ord{number}" for number in range(2_000)),
    "doubled": "BIO&{name}=X&{name}=",
    "very many": "x" + "".join(f"&{{name}}=v{number}" for number in range(400)),
}


@pytest.fixture
def found() -> Initiative:
    point = make.point("BIO", (7, 9), "Vattnets kretslopp.")
    initiative = make.initiative(
        "Dagvatten i skolan",
        summary="Regn samlas i en damm.",
        takes_classes=True,
        terms=(make.term("sector", "vatten"),),
    )
    make.align(initiative, point)
    return initiative


def titles(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return [card.row.title for card in answer.context["cards"]]


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_an_odd_value_gets_a_page(client: Client, found: Initiative, value: str) -> None:
    for name in PARAMETERS:
        answer = client.get(f"{LIST}?{name}={value.replace('{name}', name)}")

        assert answer.status_code == 200, name
        assert "<script>alert" not in answer.text, name
        assert ">49<" not in answer.text, name


def test_more_fields_than_a_form_of_ours_can_have_are_refused_on_a_page_of_ours(client: Client) -> None:
    answer = client.get(f"{LIST}?" + "&".join(f"subject=v{number}" for number in range(900)))

    assert answer.status_code == 400
    assert "Det gick inte att förstå" in answer.text


@pytest.mark.parametrize("path", ["/initiativ/", "/kort/", "/bild/", "/klasser/", "/"])
def test_an_odd_address_is_not_found(client: Client, found: Initiative, path: str) -> None:
    for value in ODD_VALUES.values():
        if value:
            assert client.get(f"{path}{value}").status_code in (302, 400, 404), value[:40]


@pytest.mark.parametrize(
    "query",
    [
        "%FF=%FE", "&&&===", "=x", "q", "q[]=x", "subject[0]=BIO", "%00=1", "okand=1", "utm_source=brev", "?q=x",
        "csrfmiddlewaretoken=x",
    ],
)  # fmt: skip
def test_odd_and_unknown_parameters_are_left_alone(client: Client, found: Initiative, query: str) -> None:
    assert titles(client, f"{LIST}?{query}") == ["Dagvatten i skolan"]


def test_pages_before_the_first_and_after_the_last_say_so(client: Client, found: Initiative) -> None:
    before, after = client.get(f"{LIST}?page=0"), client.get(f"{LIST}?page=999&sort=title")

    assert (before.status_code, after.status_code) == (200, 200)
    assert "Vi känner inte igen ”0”" in before.text
    assert "Så många sidor finns det inte." in after.text
    assert after.context["last_page"] == "?sort=title"


@pytest.mark.parametrize("name", ["subject", "category", "programme", "core_content", "school_form", "challenge"])
def test_an_unknown_code_is_explained_and_left_out(client: Client, found: Initiative, name: str) -> None:
    answer = client.get(f"{LIST}?{name}=GAMMAL1")

    assert answer.status_code == 200
    assert "Vi känner inte igen ”GAMMAL1” och har hoppat över det." in answer.text
    assert [card.row.pk for card in answer.context["cards"]] == [found.pk]


def test_an_ended_point_is_answered_for_by_its_successor_and_explained(client: Client, found: Initiative) -> None:
    new = CoreContent.objects.get()
    old = make.point("BIO", (7, 9), "Vattnets väg.")
    old.successors.add(new)
    CoreContent.objects.filter(pk=old.pk).update(ended_at=timezone.now())
    DataVersion.touch("curriculum")

    answer = client.get(f"{LIST}?subject=BIO&core_content={old.key}")

    assert answer.status_code == 200
    assert "Läroplanen har ändrats" in answer.text
    assert [card.row.pk for card in answer.context["cards"]] == [found.pk]


def test_a_too_long_text_is_cut_and_it_is_said(client: Client, found: Initiative) -> None:
    answer = client.get(LIST, {"q": "dagvatten " * 1_000})

    assert "Söktexten var för lång" in answer.text
    assert len(answer.context["query"].text) <= 300


def test_a_search_without_hits_says_what_to_do(client: Client, found: Initiative) -> None:
    answer = client.get(f"{LIST}?q=xyzzy&takes_classes=1")

    assert "Inget initiativ passar allt du har valt." in answer.text
    assert "?takes_classes=1" in [chip.address for chip in answer.context["chips"]]


def test_every_chip_takes_away_what_it_names_and_nothing_else(client: Client, found: Initiative) -> None:
    page = client.get(f"{LIST}?q=dagvatten&subject=BIO&years=7-9&sector=vatten&takes_classes=1&page=1&sort=title")

    left = {chip.text: parse_qsl(chip.address.removeprefix("?")) for chip in page.context["chips"]}

    everything = [
        ("q", "dagvatten"), ("subject", "BIO"), ("years", "7-9"), ("sector", "vatten"), ("takes_classes", "1"),
        ("sort", "title"),
    ]  # fmt: skip
    without = {"”dagvatten”": "q", "Bio": "subject", "Årskurs 7–9": "years", "vatten": "sector"}
    without["Tar emot klasser nu"] = "takes_classes"
    assert left == {text: [pair for pair in everything if pair[0] != name] for text, name in without.items()}


def test_a_hit_says_why_it_fits_what_was_asked(client: Client, found: Initiative) -> None:
    other = make.point("FYS", (7, 9), "Energi.")
    make.align(found, other, score=0.9)

    page = client.get(f"{LIST}?subject=BIO&years=8").text

    assert "Vattnets kretslopp." in page
    assert f"Handlar om punkt {CoreContent.objects.get(subject__code='BIO').pk}." in page
    assert "Energi." not in re.sub(r"<fieldset.*?</fieldset>", "", page, flags=re.S)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", [LIST, "/", "/initiativ/{pk}", "/kort/{pk}", "/forslag"])
def test_other_methods_than_reading_are_refused(client: Client, found: Initiative, method: str, path: str) -> None:
    assert getattr(client, method)(path.format(pk=found.pk)).status_code == 405


def test_the_head_of_a_page_can_be_asked_for(client: Client, found: Initiative) -> None:
    answer = client.head(LIST)

    assert (answer.status_code, answer.content) == (200, b"")


def statements(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize(
    "address", [LIST, f"{LIST}?q=initiativ&subject=BIO&years=8", "/", "/api/v1/initiatives?per_page=100"]
)
def test_a_list_costs_the_same_statements_for_1_and_for_50(client: Client, address: str, signed_in: bool) -> None:
    if signed_in:
        teacher = people.teacher()
        people.school_class(teacher)
        client.force_login(teacher)
    points = [make.point("BIO", (7, 9)) for _ in range(3)]
    status, sector = make.term("status", "Pilot"), make.term("sector", "vatten")

    def one_more() -> None:
        initiative = make.initiative(takes_classes=True, status=status, terms=(sector,))
        make.align(initiative, *points)

    one_more()
    few = statements(client, address)
    for _ in range(49):
        one_more()

    assert statements(client, address) == few


def test_a_page_costs_the_same_statements_for_few_and_for_many_facts(client: Client) -> None:
    bare = make.initiative()
    make.align(bare, make.point("BIO", (7, 9)))
    make.fit(bare, make.programme("TE25"))
    rich = make.initiative(terms=tuple(make.term("sector", f"Sektor {n}") for n in range(20)), takes_classes=True)
    make.align(rich, *[make.point(code, (7, 9)) for code in ("BIO", "FYS", "KEM") for _ in range(10)])
    for number in range(5):
        make.fit(rich, make.programme(f"P{number}25"))
    rich.participants.set([make.department(f"Förvaltning {n}") for n in range(10)])

    few = statements(client, bare.get_absolute_url())

    assert statements(client, rich.get_absolute_url()) == few


@pytest.mark.parametrize("slug", ["", "-", "-gammalt-namn", "-%C3%A5%C3%A4%C3%B6", "-INITIATIV", "-../../x"])
def test_the_id_decides_and_another_slug_leads_to_the_right_address(
    client: Client, found: Initiative, slug: str
) -> None:
    answer = client.get(f"/initiativ/{found.pk}{slug}")

    if "/" in slug:
        assert answer.status_code == 404
    else:
        assert (answer.status_code, answer["Location"]) == (301, f"/initiativ/{found.pk}-{found.slug}")


def test_the_right_address_is_answered_whatever_follows_it(client: Client, found: Initiative) -> None:
    assert client.get(found.get_absolute_url() + "?utm_source=brev").status_code == 200


@pytest.mark.parametrize("address", ["0", "x", "-1", "1x", "999999999999999999", "9" * 30, "²", "1.5"])
def test_an_address_without_a_known_id_is_not_found(client: Client, found: Initiative, address: str) -> None:
    assert client.get(f"/initiativ/{address}").status_code == 404


def withdraw(initiative: Initiative) -> None:
    Initiative.objects.filter(pk=initiative.pk).update(withdrawn_at=timezone.now())
    DataVersion.touch("initiatives", [initiative.pk])


def test_a_withdrawn_initiative_is_readable_and_says_so_but_is_in_no_list(client: Client, found: Initiative) -> None:
    assert titles(client, LIST) == ["Dagvatten i skolan"]

    withdraw(found)

    page = client.get(found.get_absolute_url())
    assert page.status_code == 200
    assert "Staden har tagit bort det här initiativet" in page.text
    assert "Regn samlas i en damm." in page.text
    assert "Tar emot klasser" not in page.text
    assert titles(client, LIST) == []
    assert client.get(f"/kort/{found.pk}").status_code == 404


def test_a_merged_initiative_leads_to_the_one_it_became(client: Client, found: Initiative) -> None:
    new = make.initiative("Dagvatten, på nya webbplatsen")
    Initiative.objects.filter(pk=found.pk).update(merged_into=new, withdrawn_at=timezone.now())
    DataVersion.touch("initiatives")

    answer = client.get(found.get_absolute_url())

    assert (answer.status_code, answer["Location"]) == (301, new.get_absolute_url())


def test_a_stopped_initiative_says_so_and_takes_no_classes(client: Client) -> None:
    stopped = make.initiative(
        takes_classes=True, is_stopped=True, status=make.term("status", "Avbruten"), status_explanation="Det kostade."
    )

    page = client.get(stopped.get_absolute_url()).text

    assert "avbrutet och går inte att besöka" in page
    assert "Det kostade." in page
    assert "Tar emot klasser" not in page


EVIL = '<img src=x onerror=alert(1)><script>alert(2)</script>"><svg onload=alert(3)>'


def test_markup_in_a_sources_plain_texts_is_shown_as_text(client: Client) -> None:
    initiative = make.initiative(
        EVIL[:400],
        summary=EVIL,
        status_explanation=EVIL,
        is_stopped=True,
        status=make.term("status", "Avbruten"),
        category=make.term("category", "Kategori"),
        department=make.department("Förvaltning"),
        challenge=make.challenge(EVIL),
        impact_goals=[{"goal": EVIL, "comment": EVIL, "completed": False}],
        resident_involvement=[EVIL],
        links=[{"title": EVIL, "url": "https://example.org/?" + EVIL}],
        budget_text=EVIL[:200],
        started_text=EVIL[:60],
        place={"address": EVIL},
        terms=(make.term("sector", "Sektor"),),
    )
    type(initiative.category).objects.update(name=EVIL[:200])
    SchoolOffer.objects.create(
        initiative=initiative,
        how=EVIL,
        easy_read=EVIL,
        hard_words=[{"word": EVIL, "meaning": EVIL}],
        questions=[EVIL],
    )
    make.align(initiative, make.point("BIO", (7, 9), EVIL))
    initiative.alignments.update(reason=EVIL)
    DataVersion.touch("curriculum")
    DataVersion.touch("initiatives")

    for address in (initiative.get_absolute_url(), LIST, f"/kort/{initiative.pk}", "/", f"{LIST}?q=img&subject=BIO"):
        page = client.get(address).text
        assert not re.search(r"<img src=x|<script>alert|<svg onload", page), address
    assert "&lt;script&gt;alert(2)" in client.get(initiative.get_absolute_url()).text


def test_an_address_that_is_no_web_address_is_no_link(client: Client) -> None:
    """The reader of sources takes such addresses away; rows that came another way must do no harm either."""
    initiative = make.initiative(links=[{"title": "Film", "url": "javascript:alert(1)"}])

    page = client.get(initiative.get_absolute_url())

    # The content policy forbids inline script, and so javascript: addresses too.
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]


def pushed(client: Client, query: str) -> str:
    answer = client.get(f"{LIST}?{query}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return str(answer["HX-Push-Url"])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("q=&sort=relevance", []),
        ("q=&subject=BIO&sort=relevance&page=1", [("subject", "BIO")]),
        (
            "q=vatten&years=7&years=8&takes_classes=1&sort=title",
            [("q", "vatten"), ("years", "7"), ("years", "8"), ("takes_classes", "1"), ("sort", "title")],
        ),
    ],
)
def test_the_address_in_the_browser_has_no_empty_fields(
    client: Client, found: Initiative, sent: str, kept: list[tuple[str, str]]
) -> None:
    address = urlsplit(pushed(client, sent))

    assert address.path == LIST
    assert parse_qsl(address.query, keep_blank_values=True) == kept


def test_the_pushed_address_gives_the_same_page(client: Client, found: Initiative) -> None:
    address = pushed(client, "q=dagvatten&subject=BIO&years=8&sector=&sort=relevance")

    assert titles(client, address) == ["Dagvatten i skolan"]


def test_a_pushed_address_cannot_break_out_of_its_header(client: Client, found: Initiative) -> None:
    address = pushed(client, "q=a%0d%0aSet-Cookie:%20x=1%E5%E4")

    assert "\n" not in address
    assert address.startswith(LIST)


def test_an_answer_to_htmx_is_the_whole_page(client: Client, found: Initiative) -> None:
    plain = client.get(f"{LIST}?subject=BIO").text
    lifted = client.get(f"{LIST}?subject=BIO", headers={"HX-Request": "true"}).text

    assert plain == lifted


def test_the_start_page_leads_a_teacher_to_the_list_as_her_classes_need_it(client: Client, found: Initiative) -> None:
    teacher: User = people.teacher()
    people.school_class(teacher, label="8B", school_years=[8])
    people.school_class(teacher, label="Krabborna", school_form=SchoolForm.PRESCHOOL)
    client.force_login(teacher)

    page = client.get("/").text

    assert 'href="/utforska?school_form=GR&amp;years=8"' in page
    assert 'href="/utforska?school_form=FS"' in page


def test_pages_of_an_empty_database_are_answered(client: Client) -> None:
    for address in ("/", LIST, f"{LIST}?q=x&subject=BIO", "/forslag", "/api/v1/initiatives"):
        answer = client.get(address)
        assert answer.status_code in (200, 422), address


def test_a_host_that_is_not_ours_is_refused(client: Client, found: Initiative) -> None:
    assert client.get(LIST, headers={"host": "annan.example.org"}).status_code == 400
