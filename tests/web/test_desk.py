from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from alignment import factories
from bryggan.accounts.models import Coordination, User
from bryggan.alignment import actions
from bryggan.alignment.deciding import strong_limit
from bryggan.alignment.models import Alignment
from bryggan.common.models import AuditEntry
from bryggan.curriculum.models import Block, CoreContent, ProgrammeSubject
from bryggan.initiatives.models import Initiative, SchoolOffer
from bryggan.web.editing.coverage import search_words
from bryggan.web.editing.links import where
from bryggan.web.editing.marking import Piece, marked
from bryggan.web.editing.reading import reading, reading_of

QUEUE = "/redaktion/kopplingar"
COVERAGE = "/redaktion/tackning"

WRONG_NUMBERS = ("0", "999999", "9" * 18, "9" * 30)


@pytest.fixture
def editor(db: None) -> User:
    return people.editor()


@pytest.fixture
def desk(editor: User) -> Client:
    return browser(editor)


def browser(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def link(initiative: Initiative | None = None, point: CoreContent | None = None, **columns: Any) -> Alignment:
    initiative = initiative or factories.initiative()
    point = point or factories.point("BIO")
    factories.align(initiative, point, **columns)
    return Alignment.objects.get(initiative=initiative, core_content=point)


def decision() -> AuditEntry:
    return AuditEntry.objects.filter(verb__in=actions.DECISIONS).latest("pk")


def read(page: HttpResponse) -> str:
    """The page's text as it is read: no tags, white space as one space."""
    text = re.sub(r"<(script|style).*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def judged(page: HttpResponse) -> Alignment | None:
    shown = page.context["judged"]
    return shown.link if shown else None


# Who


def everybody(initiative: Initiative) -> dict[str, User]:
    own = people.user()
    Coordination.objects.create(user=own, department=initiative.department)
    return {
        "editor": people.editor(),
        "administrator": people.administrator(),
        "own coordinator": own,
        "coordinator": people.coordinator(),
        "teacher": people.teacher(),
        "nobody": people.user(),
    }


@pytest.mark.django_db
def test_every_page_is_for_those_it_is_for_and_no_one_else() -> None:
    row = link(factories.initiative("Hemlig damm", department=people.department()))
    actions.confirm(row, by=people.editor())
    pk = row.initiative_id
    pages = {
        QUEUE: {"editor"},
        f"/redaktion/initiativ/{pk}": {"editor"},
        f"/redaktion/initiativ/{pk}/skola": {"editor", "own coordinator"},
        COVERAGE: {"editor", "administrator"},
        "/redaktion/": {"editor", "administrator"},
    }
    persons = everybody(row.initiative)

    for address, allowed in pages.items():
        assert Client().get(address)["Location"] == f"/konto/logga-in?next={address}"
        for who, user in persons.items():
            page = browser(user).get(address)
            assert page.status_code == (200 if who in allowed else 403), (address, who)
            assert who in allowed or "Hemlig damm" not in page.text


@pytest.mark.django_db
def test_nothing_is_changed_by_those_who_may_not() -> None:
    row = link(factories.initiative(department=people.department()))
    actions.confirm(row, by=people.editor())
    point = factories.point("FYS")
    pk = row.initiative_id
    posts = {
        f"{QUEUE}/{row.pk}": {"decision": "reject"},
        f"/redaktion/beslut/{decision().pk}/angra": {},
        f"/redaktion/initiativ/{pk}/koppling": {"point": point.key},
    }
    offer = f"/redaktion/initiativ/{pk}/skola"

    for who, user in everybody(row.initiative).items():
        if who != "editor":
            assert {browser(user).post(address, data).status_code for address, data in posts.items()} == {403}
        if who not in ("editor", "own coordinator"):
            assert browser(user).post(offer, {"how": "Nej."}).status_code == 403
    for address, data in {**posts, offer: {"how": "Nej."}}.items():
        assert Client().post(address, data)["Location"].startswith("/konto/logga-in")

    row.refresh_from_db()
    assert (row.state, Alignment.objects.count(), SchoolOffer.objects.count()) == ("confirmed", 1, 0)


def test_a_form_from_elsewhere_changes_nothing(editor: User) -> None:
    row = link()
    client = browser(editor, enforce_csrf_checks=True)
    pk = row.initiative_id

    for address, data in {
        f"{QUEUE}/{row.pk}": {"decision": "reject"},
        "/redaktion/beslut/1/angra": {},
        f"/redaktion/initiativ/{pk}/koppling": {"point": row.core_content.key},
        f"/redaktion/initiativ/{pk}/skola": {"how": "Nej."},
    }.items():
        assert client.post(address, data).status_code == 403

    assert (AuditEntry.objects.count(), SchoolOffer.objects.count()) == (0, 0)


def test_addresses_that_are_only_posted_to_show_no_page(desk: Client) -> None:
    for client in (desk, Client()):
        for address in (f"{QUEUE}/1", "/redaktion/beslut/1/angra", "/redaktion/initiativ/1/koppling"):
            assert client.get(address).status_code == 405
    for address in (QUEUE, COVERAGE, "/redaktion/initiativ/1"):
        assert desk.post(address).status_code == 405


# One by one


def test_the_queue_shows_both_texts_with_their_words_marked_and_the_reason(desk: Client) -> None:
    initiative = factories.initiative(
        "Regn <i>i staden",
        summary="Vi samlar regn.",
        what_html="<p>Dagvatten är regn &amp; smältvatten.</p><p>Inget särskilt.</p>",
        why_html="<p>Källare svämmar över av vatten.</p>",
    )
    row = link(initiative, factories.point("BIO", text="Vattenhjul <b>.", heading="Natur och miljö"))
    Alignment.objects.update(initiative_words=["regn", "vatten"], point_words=["vatten"], reason="Handlar om regn.")

    page = desk.get(QUEUE)

    assert judged(page) == row
    for part in (
        "<mark>Regn</mark> &lt;i&gt;i staden",
        "Vi samlar <mark>regn</mark>.",
        "<mark>Dagvatten</mark> är <mark>regn</mark> &amp; <mark>smältvatten</mark>.",
        "svämmar över av <mark>vatten</mark>.",
        "<mark>Vattenhjul</mark> &lt;b&gt;.",
    ):
        assert part in page.text
    text = read(page)
    for part in ("Bio, åk 7–9", "Natur och miljö", "Handlar om regn.", "Starkt förslag", "1 förslag väntar"):
        assert part in text
    # What holds no marked word is unfolded only.
    assert text.count("Inget särskilt.") == 1


def test_a_possible_suggestion_says_what_a_yes_would_change(desk: Client) -> None:
    link(strength="possible")

    text = read(desk.get(QUEUE))

    assert "Möjligt förslag" in text
    assert "Bekräftar du den räknas den i sök och filter." in text


def test_a_decision_leads_to_the_next_and_is_told(desk: Client, editor: User) -> None:
    limit = strong_limit()
    first = link(factories.initiative("Dammen"), score=limit)
    second = link(score=limit - 0.2)
    page = desk.get(QUEUE)
    assert judged(page) == first

    page = desk.post(
        f"{QUEUE}/{first.pk}", {"decision": "confirm", "seen": "suggested", "next": page.context["skip"]}, follow=True
    )

    assert page.redirect_chain == [(f"{QUEUE}?after={first.pk}", 302)]
    assert judged(page) == second
    assert "Bekräftad: ”Dammen” och Bio, åk 7–9." in read(page)
    first.refresh_from_db()
    assert (first.state, first.decided_by) == ("confirmed", editor)


def test_what_is_skipped_waits_and_the_end_says_so(desk: Client) -> None:
    rows = [link(score=score) for score in (strong_limit(), strong_limit() - 0.15)]

    first = desk.get(QUEUE)
    second = desk.get(first.context["skip"])
    end = desk.get(second.context["skip"])

    assert [judged(page) for page in (first, second, end)] == [*rows, None]
    assert "Du har gått igenom alla förslag. 2 av dem hoppade du över." in read(end)
    assert f'href="{QUEUE}"' in end.text


def test_an_empty_queue_says_what_comes(desk: Client) -> None:
    assert "Alla förslag är avgjorda." in read(desk.get(QUEUE))


def test_filters_are_kept_from_link_to_link_and_narrow(desk: Client) -> None:
    kept = [link(point=factories.point("TEK"), score=score) for score in (strong_limit(), strong_limit() - 0.15)]
    link(score=strong_limit())
    address = f"{QUEUE}?school_form=GR&subject=TEK&strength=strong"

    page = desk.get(address)
    after = desk.post(
        f"{QUEUE}/{kept[0].pk}", {"decision": "reject", "seen": "suggested", "next": page.context["skip"]}, follow=True
    )

    assert (judged(page), page.context["waiting"]) == (kept[0], 2)
    assert (judged(after), after.context["waiting"]) == (kept[1], 1)
    assert after.redirect_chain[0][0] == f"{QUEUE}?school_form=GR&subject=TEK&strength=strong&after={kept[0].pk}"
    for value in ("GR", "TEK", "strong"):
        assert f'<option value="{value}" selected>' in after.text


def test_one_initiative_can_be_chosen_by_number_or_by_words_of_its_title(desk: Client) -> None:
    row = link(factories.initiative("Ödlor & ormar"))
    link()

    by_number = desk.get(QUEUE, {"initiative": str(row.initiative_id)})
    by_words = desk.get(QUEUE, {"initiative": "ORMAR ödlor"})

    assert judged(by_number) == judged(by_words) == row
    assert "Bara ”Ödlor & ormar”." in read(by_number)
    assert 'value="ORMAR ödlor"' in by_words.text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("school_form=XX", "Skolformen ”XX” finns inte, så vi visar alla."),
        ("subject=%3Cb%3E", "Ämnet ”<b>” finns inte, så vi visar alla."),
        ("strength=stark", "Styrkan ”stark” finns inte, så vi visar alla."),
        ("initiative=999999", "Det finns inget initiativ med numret 999999."),
        ("subject=%00", ""),
        ("initiative=%00%F0%9F%98%80", "Inga förslag väntar i ditt urval."),
        ("initiative=" + "9" * 400, "Inga förslag väntar i ditt urval."),
        ("initiative=%C2%B2", "Inga förslag väntar i ditt urval."),
        ("after=x&link=x", ""),
        ("after=" + "9" * 400 + "&link=-1", ""),
        ("after=999999&link=999999", ""),
    ],
)
def test_a_strange_choice_is_told_and_never_breaks(desk: Client, query: str, told: str) -> None:
    link()

    page = desk.get(f"{QUEUE}?{query}")

    assert page.status_code == 200
    assert told in read(page)


def test_an_unknown_initiative_in_the_choice_is_not_a_withdrawn_one_either(desk: Client) -> None:
    row = link(factories.initiative(withdrawn_at=timezone.now()))

    assert "Det finns inget initiativ" in read(desk.get(QUEUE, {"initiative": str(row.initiative_id)}))


def test_whoever_comes_second_is_told_who_came_first(desk: Client) -> None:
    row = link()
    first = people.user(is_editor=True, name="Siv")
    actions.reject(row, by=first)

    page = desk.post(f"{QUEUE}/{row.pk}", {"decision": "confirm", "seen": "suggested"}, follow=True)

    assert "Siv hann före och avvisade kopplingen. Ditt beslut sparades inte." in read(page)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("rejected", first)


@pytest.mark.parametrize("number", WRONG_NUMBERS)
def test_a_link_that_is_not_there_is_told(desk: Client, number: str) -> None:
    page = desk.post(f"{QUEUE}/{number}", {"decision": "confirm"}, follow=True)
    undo = desk.post(f"/redaktion/beslut/{number}/angra", follow=True)

    assert "Datorn har tagit tillbaka förslaget." in read(page)
    assert "Beslutet är redan ångrat, eller ersatt av ett nyare." in read(undo)


@pytest.mark.parametrize("decision", ["", "delete", "confirm\x00"])
def test_an_unknown_decision_changes_nothing(desk: Client, decision: str) -> None:
    row = link()

    page = desk.post(f"{QUEUE}/{row.pk}", {"decision": decision}, follow=True)

    assert "Välj Bekräfta eller Avvisa." in read(page)
    assert not AuditEntry.objects.exists()


def test_withdrawn_initiatives_and_ended_points_are_told(desk: Client) -> None:
    gone, ended = link(factories.initiative(withdrawn_at=timezone.now())), link()
    CoreContent.objects.filter(pk=ended.core_content_id).update(ended_at=timezone.now())

    for row, told in ((gone, "Initiativet är borttaget ur stadens databas"), (ended, "Punkten gäller inte längre.")):
        page = desk.post(f"{QUEUE}/{row.pk}", {"decision": "confirm"}, follow=True)

        assert told in read(page)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)", "\\\\x"])
def test_a_decision_never_leads_to_somebody_elses_site(desk: Client, elsewhere: str) -> None:
    row = link()

    answer = desk.post(f"{QUEUE}/{row.pk}", {"decision": "confirm", "next": elsewhere})

    assert answer["Location"] == QUEUE


def test_my_latest_decisions_are_listed_and_can_be_undone(desk: Client, editor: User) -> None:
    mine, hers = link(factories.initiative("Min damm")), link(factories.initiative("Hennes damm"))
    actions.confirm(mine, by=editor)
    actions.confirm(hers, by=people.editor())
    entry = decision()
    own = AuditEntry.objects.earliest("pk")

    page = desk.get(QUEUE)
    assert "Min damm" in read(page)
    assert "Hennes damm" not in read(page)
    assert f"/redaktion/beslut/{own.pk}/angra" in page.text
    assert f"/redaktion/beslut/{entry.pk}/angra" not in page.text

    after = desk.post(f"/redaktion/beslut/{own.pk}/angra", {"next": f"{QUEUE}?link={mine.pk}"}, follow=True)
    assert "Beslutet är ångrat." in read(after)
    assert judged(after) == mine
    again = desk.post(f"/redaktion/beslut/{own.pk}/angra", follow=True)
    assert "Beslutet är redan ångrat" in read(again)


def test_the_same_words_in_other_subjects_are_told_before_the_decision(desk: Client) -> None:
    points = [factories.point(code, text="Ett.", text_group="ett") for code in ("BIO", "FYS", "KEM")]
    link(point=points[0])

    assert "Samma text står också i Fys, Kem. Ditt beslut gäller även där." in read(desk.get(QUEUE))


def test_keys_are_told_of_in_text_and_the_page_works_without_its_script(desk: Client, editor: User) -> None:
    actions.confirm(link(), by=editor)
    link()

    page = desk.get(QUEUE).text

    for keys in ("j 1", "n 2", "s 3", "z"):
        assert f'data-keys="{keys}"' in page
    assert "j eller 1 bekräftar, n eller 2 avvisar, s eller 3 hoppar över, z ångrar" in page
    assert page.count('method="post"') == 2
    assert all("action=" in form for form in re.findall(r"<form[^>]*>", page))


@pytest.mark.parametrize("number", [1, 50])
def test_the_queue_takes_the_same_number_of_statements_for_one_row_and_many(
    desk: Client, editor: User, number: int
) -> None:
    for _ in range(number):
        actions.confirm(link(), by=editor)
        link()
    desk.get(QUEUE)

    with CaptureQueriesContext(connection) as asked:
        desk.get(QUEUE)

    # Session, person, subjects, the link, decisions and their entries, count, same words, extract (two).
    assert len(asked) <= 11


# One initiative


def test_an_initiatives_links_are_in_groups_with_who_and_when(desk: Client, editor: User) -> None:
    initiative = factories.initiative("Dammen")
    rows = {
        name: link(initiative, factories.point(code, text=f"Punkt {name}."), strength=strength)
        for name, code, strength in (
            ("confirmed", "BIO", "strong"),
            ("rejected", "FYS", "strong"),
            ("strong", "KEM", "strong"),
            ("possible", "TEK", "possible"),
        )
    }
    siv = people.user(is_editor=True, name="Siv")
    actions.confirm(rows["confirmed"], by=siv)
    actions.reject(rows["rejected"], by=siv)
    link(initiative, factories.point("SLJ", text="Gammalt förslag.", ended_at=timezone.now()))

    page = desk.get(f"/redaktion/initiativ/{initiative.pk}")

    assert {group["name"]: [one.link for one in group["links"]] for group in page.context["groups"]} == {
        name: [row] for name, row in rows.items()
    }
    text = read(page)
    assert "Bekräftad av Siv," in text
    assert "Avvisad av Siv," in text
    assert "Gammalt förslag." not in text
    assert page.text.count("/angra") == 2


def test_the_same_words_are_one_line_with_the_other_subjects_named(desk: Client) -> None:
    initiative = factories.initiative()
    for code in ("BIO", "FYS", "KEM"):
        link(initiative, factories.point(code, text="Ett.", text_group="ett"))

    page = desk.get(f"/redaktion/initiativ/{initiative.pk}")

    assert [len(group["links"]) for group in page.context["groups"]] == [0, 1, 0, 0]
    assert "Samma text i Fys, Kem" in read(page)


def test_a_decision_about_a_point_that_has_ended_is_shown_and_left_alone(desk: Client, editor: User) -> None:
    row = link()
    actions.confirm(row, by=editor)
    CoreContent.objects.update(ended_at=timezone.now())

    page = desk.get(f"/redaktion/initiativ/{row.initiative_id}")

    assert "Punkten gäller inte längre" in read(page)
    assert f"{QUEUE}/{row.pk}" not in page.text


def test_a_withdrawn_initiative_is_read_and_not_changed(desk: Client, editor: User) -> None:
    row = link()
    actions.confirm(row, by=editor)
    Initiative.objects.update(withdrawn_at=timezone.now())

    page = desk.get(f"/redaktion/initiativ/{row.initiative_id}")

    assert "Staden har tagit bort initiativet ur sin databas." in read(page)
    assert "Bekräftad av" in read(page)
    assert 'method="post"' not in page.text


def test_a_merged_initiative_leads_to_where_it_went(desk: Client) -> None:
    new = factories.initiative()
    old = factories.initiative(merged_into=new)

    for part in ("", "/skola"):
        assert desk.get(f"/redaktion/initiativ/{old.pk}{part}")["Location"] == f"/redaktion/initiativ/{new.pk}{part}"


@pytest.mark.parametrize("number", WRONG_NUMBERS)
def test_an_unknown_initiative_is_not_found(desk: Client, number: str) -> None:
    for part in ("", "/skola"):
        assert desk.get(f"/redaktion/initiativ/{number}{part}").status_code == 404
    assert desk.post(f"/redaktion/initiativ/{number}/koppling", {"point": "x"}).status_code == 404


def test_a_point_nobody_suggested_is_searched_for_and_added(desk: Client) -> None:
    initiative = factories.initiative("Dammen")
    point = factories.point("BIO", text="Ekosystem i närmiljön.")
    factories.point("FYS", text="Ekosystem förr.", ended_at=timezone.now())
    factories.point("KEM", (1, 3), text="Ekosystem för små.")
    here = f"/redaktion/initiativ/{initiative.pk}"

    page = desk.get(here, {"q": "EKOSYSTEM", "years": "7-9", "subject": "BIO"})
    assert [found.point for found in page.context["search"].found] == [point]
    assert '<option value="7-9" selected>' in page.text
    after = desk.post(f"{here}/koppling", {"point": point.key, "next": f"{here}?q=ekosystem"}, follow=True)

    assert "Bekräftad: ”Dammen” och Bio, åk 7–9." in read(after)
    assert "Redan bekräftad" in read(after)
    assert Alignment.objects.get().reason == "En redaktör har lagt till kopplingen."


def test_a_rejected_link_says_so_in_the_search(desk: Client, editor: User) -> None:
    row = link(point=factories.point("BIO", text="Ekosystem."))
    actions.reject(row, by=editor)

    assert "Avvisad tidigare" in read(desk.get(f"/redaktion/initiativ/{row.initiative_id}?q=ekosystem"))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("q=finns+inte", "Ingen punkt passar."),
        ("q=%25", "Ingen punkt passar."),
        ("subject=XX&q=punkt", "Ämnet ”XX” finns inte, så vi söker i alla."),
        ("years=1-12&q=punkt", "Årskurserna ”1-12” finns inte, så vi söker i alla."),
        ("q=%00", ""),
        ("q=" + "punkt+" * 300, "1 punkt passar sökningen."),
        ("q=" + "x" * 5000, "Ingen punkt passar."),
    ],
)
def test_a_strange_search_is_told_and_never_breaks(desk: Client, query: str, told: str) -> None:
    row = link()

    page = desk.get(f"/redaktion/initiativ/{row.initiative_id}?{query}")

    assert page.status_code == 200
    assert told in read(page)


@pytest.mark.parametrize("key", ["", "finns inte", "\x00", "x" * 500])
def test_adding_an_unknown_point_is_told(desk: Client, key: str) -> None:
    initiative = factories.initiative()

    page = desk.post(f"/redaktion/initiativ/{initiative.pk}/koppling", {"point": key}, follow=True)

    assert "Punkten finns inte i läroplanen. Sök igen." in read(page)
    assert not Alignment.objects.exists()


@pytest.mark.parametrize("number", [1, 50])
def test_an_initiatives_links_take_the_same_number_of_statements_for_one_row_and_many(
    desk: Client, editor: User, number: int
) -> None:
    initiative = factories.initiative()
    for _ in range(number):
        actions.confirm(link(initiative), by=editor)
        link(initiative)
    address = f"/redaktion/initiativ/{initiative.pk}?q=punkt"
    desk.get(address)

    with CaptureQueriesContext(connection) as asked:
        page = desk.get(address)

    assert len(page.context["search"].found) == min(2 * number, 30)
    assert len(asked) <= 9


# Coverage


def test_coverage_tells_numbers_and_what_is_missing(desk: Client) -> None:
    served = factories.point("BIO", (7, 9))
    factories.point("BIO", (7, 9), text="Genteknik och sjukvårdens möjligheter i dag.", heading="Kroppen")
    factories.point("TEK", (4, 6))
    link(point=served, state="confirmed")

    text = read(page := desk.get(COVERAGE))

    assert "1 av 3 punkter har minst ett initiativ: 33 procent. 1 av dem är bekräftade." in text
    assert "Störst är luckorna i: Tek, åk 4–6 (0 av 1), Bio, åk 7–9 (1 av 2)." in text
    assert "2 punkter saknar initiativ." in text
    assert "Genteknik och sjukvårdens möjligheter i dag." in text
    assert "/utforska?q=genteknik+sjukv%C3%A5rdens+m%C3%B6jligheter" in page.text


def test_one_row_can_be_looked_into(desk: Client) -> None:
    factories.point("BIO", (7, 9), text="Ljus.")
    factories.point("TEK", (4, 6), text="Hjul.")

    text = read(desk.get(COVERAGE, {"subject": "TEK", "years": "4-6"}))

    assert "Saknar initiativ: Tek, åk 4–6" in text
    assert "Hjul." in text
    assert "Ljus." not in text


def test_a_long_list_shows_fifty_and_says_so(desk: Client) -> None:
    for _ in range(51):
        factories.point("BIO")

    page = desk.get(COVERAGE)

    assert len(page.context["unserved"]) == 50
    assert "51 punkter saknar initiativ. Här är de första 50." in read(page)


def test_upper_secondary_can_be_chosen_by_programme(desk: Client) -> None:
    programme = factories.programme("NA25", "Naturvetenskapsprogrammet")
    factories.level_point("NATU", "NATU1", "Hållbarhet.")
    factories.level_point("MATE", "MATE1", "Tal.")
    ProgrammeSubject.objects.create(programme=programme, block=Block.FOUNDATION, subject_code="NATU")

    everything = desk.get(COVERAGE, {"school_form": "GY"})
    chosen = desk.get(COVERAGE, {"school_form": "GY", "programme": "NA25"})

    assert [item["row"].subject for item in everything.context["rows"]] == ["MATE", "NATU"]
    assert [item["row"].subject for item in chosen.context["rows"]] == ["NATU"]
    assert "school_form=GY&amp;programme=NA25&amp;subject=NATU" in chosen.text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("school_form=XX", "Skolformen ”XX” finns inte. Vi visar grundskolan."),
        ("school_form=%00", ""),
        ("school_form=GY&programme=XX", "Programmet ”XX” finns inte. Vi visar alla program."),
        ("subject=XX", "Raden finns inte, så vi visar alla punkter som saknar initiativ."),
        ("subject=BIO&years=x-y", "Raden finns inte"),
        ("subject=BIO&years=" + "9" * 400, "Raden finns inte"),
        ("school_form=FS", "Läroplanen för förskola är inte inläst."),
    ],
)
def test_a_strange_question_about_coverage_is_told_and_never_breaks(desk: Client, query: str, told: str) -> None:
    factories.point("BIO")
    factories.level_point("NATU", "NATU1")

    page = desk.get(f"{COVERAGE}?{query}")

    assert page.status_code == 200
    assert told in read(page)


@pytest.mark.parametrize("number", [1, 50])
def test_coverage_takes_the_same_number_of_statements_for_one_row_and_many(desk: Client, number: int) -> None:
    for n in range(number):
        link(point=factories.point(f"ÄMNE{n}"), state="confirmed")
        factories.point(f"ÄMNE{n}")
    desk.get(COVERAGE)

    with CaptureQueriesContext(connection) as asked:
        desk.get(COVERAGE)

    # Session, person, programmes, the four of the coverage, and the extract's two.
    assert len(asked) <= 9


# The editors' first page


def test_the_first_page_counts_what_waits(desk: Client) -> None:
    link(factories.initiative(takes_classes=True), strength="possible")
    link()

    text = read(desk.get("/redaktion/"))

    assert "2 förslag väntar på ditt ja eller nej." in text
    assert "I grundskolan saknar 1 av 2 punkter i det centrala innehållet ett initiativ." in text
    assert "Ett initiativ tar emot klasser nu." in text


@pytest.mark.django_db
def test_an_administrator_sees_the_coverage_but_not_the_desk() -> None:
    page = browser(people.administrator()).get("/redaktion/")

    assert COVERAGE in page.text
    assert QUEUE not in page.text


# The school offer


TYPED = {
    "seen": "",
    "how": "Besök på en timme.",
    "easy_read": "Staden samlar regn.\r\nDet blir en damm.",
    "hard_words": "dagvatten: regn som rinner: av gator\r\n\r\n  damm :  en liten sjö ",
    "questions": "Vart tar regnet vägen?\r\n\r\nVem äger det?",
    "school_forms": ["GR"],
    "school_years": ["9", "7"],
}


def offer_page(initiative: Initiative) -> str:
    return f"/redaktion/initiativ/{initiative.pk}/skola"


def test_an_offer_is_saved_as_typed_and_shown_on_the_initiatives_page(desk: Client, editor: User) -> None:
    initiative = factories.initiative("Dammen")

    page = desk.post(offer_page(initiative), {**TYPED, "takes_classes": "on"}, follow=True)

    offer = SchoolOffer.objects.get()
    assert (offer.takes_classes, offer.updated_by, offer.school_forms, offer.school_years) == (
        True,
        editor,
        ["GR"],
        [7, 9],
    )
    assert offer.hard_words == [
        {"word": "dagvatten", "meaning": "regn som rinner: av gator"},
        {"word": "damm", "meaning": "en liten sjö"},
    ]
    assert offer.questions == ["Vart tar regnet vägen?", "Vem äger det?"]
    assert offer.easy_read == "Staden samlar regn.\nDet blir en damm."
    assert page.redirect_chain == [(initiative.get_absolute_url(), 302)]
    assert "Skolerbjudandet är sparat." in read(page)


def test_what_is_saved_comes_back_in_the_form_and_saving_it_again_changes_nothing(desk: Client) -> None:
    initiative = factories.initiative()
    desk.post(offer_page(initiative), TYPED)
    first = SchoolOffer.objects.get()

    form = desk.get(offer_page(initiative)).context["form"]
    desk.post(offer_page(initiative), {name: value for name, value in form.initial.items() if value is not False})

    assert form.initial["hard_words"] == "dagvatten: regn som rinner: av gator\ndamm: en liten sjö"
    assert SchoolOffer.objects.get().updated_at == first.updated_at
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db
def test_a_coordinator_writes_her_own_initiatives_offer() -> None:
    coordinator = people.coordinator()
    department = Coordination.objects.get(user=coordinator).department
    initiative = factories.initiative(department=department)

    answer = browser(coordinator).post(offer_page(initiative), TYPED)

    assert answer["Location"] == initiative.get_absolute_url()
    assert SchoolOffer.objects.get().updated_by == coordinator
    # Links are not hers to judge, so she is not shown the way there.
    assert f'href="/redaktion/initiativ/{initiative.pk}"' not in browser(coordinator).get(offer_page(initiative)).text


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"hard_words": "dagvatten\nregn: vatten"}, "hard_words", "Rad 1: skriv ordet, ett kolon och en förklaring."),
        ({"hard_words": "regn: vatten\n\n: bara förklaring"}, "hard_words", "Rad 3: skriv ordet"),
        ({"hard_words": "regn: " + "x" * 301}, "hard_words", "Rad 1 är för lång."),
        ({"hard_words": "a: b\n" * 41}, "hard_words", "Skriv högst 40 rader."),
        ({"questions": "Kort?\n" + "x" * 301}, "questions", "Rad 2 är för lång."),
        ({"questions": "Varför?\n" * 41}, "questions", "Skriv högst 40 rader."),
        ({"how": "x" * 2001}, "how", "2000"),
        ({"how": "a\x00b"}, "how", ""),
        ({"school_forms": ["XX"]}, "school_forms", "XX"),
        ({"school_years": ["10"]}, "school_years", "10"),
        ({"school_years": ["x"]}, "school_years", "x"),
        ({"school_forms": ["FS"]}, "school_years", "Årskurser gäller grundskolan."),
    ],
)
def test_what_is_wrong_in_an_offer_is_told_and_nothing_typed_is_lost(
    desk: Client, changes: dict[str, Any], field: str, told: str
) -> None:
    initiative = factories.initiative()
    typed = {**TYPED, "easy_read": "Det här skrev jag.", **changes}

    page = desk.post(offer_page(initiative), typed)

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert told in read(page)
    assert "Det här skrev jag." in page.text
    assert not SchoolOffer.objects.exists()


def test_a_stopped_initiative_is_told_that_it_takes_no_classes(desk: Client) -> None:
    initiative = factories.initiative(is_stopped=True)

    page = desk.post(offer_page(initiative), {**TYPED, "takes_classes": "on"})

    assert page.status_code == 422
    assert "Initiativet är avbrutet och kan inte ta emot klasser. Ta bort krysset och spara igen." in read(page)
    assert "Besök på en timme." in page.text
    assert desk.post(offer_page(initiative), TYPED).status_code == 302


def test_the_offer_of_a_withdrawn_initiative_is_not_saved(desk: Client) -> None:
    initiative = factories.initiative(withdrawn_at=timezone.now())

    assert "Staden har tagit bort initiativet" in read(desk.get(offer_page(initiative)))
    page = desk.post(offer_page(initiative), TYPED)

    assert page.status_code == 422
    assert "Besök på en timme." in page.text
    assert not SchoolOffer.objects.exists()


def test_of_two_who_write_at_once_the_second_is_told_keeps_her_text_and_may_save_again(desk: Client) -> None:
    initiative = factories.initiative()
    siv = browser(people.user(is_editor=True, name="Siv"))
    seen = desk.get(offer_page(initiative)).context["form"]["seen"].value()
    siv.post(offer_page(initiative), {**TYPED, "seen": seen, "how": "Ring <Siv>."})

    told = desk.post(offer_page(initiative), {**TYPED, "seen": seen, "how": "Mejla mig."})

    assert told.status_code == 409
    text = read(told)
    assert "Siv sparade skolerbjudandet" in text
    assert "<dt>Så går det till</dt><dd>Ring &lt;Siv&gt;.</dd>" in told.text
    assert "Mejla mig." in text
    assert SchoolOffer.objects.get().how == "Ring <Siv>."
    newer = told.context["form"]["seen"].value()
    assert newer != seen
    assert desk.post(offer_page(initiative), {**TYPED, "seen": newer, "how": "Mejla mig."}).status_code == 302
    assert SchoolOffer.objects.get().how == "Mejla mig."


@pytest.mark.parametrize("seen", ["x", "2026-13-99T99:99", "\u0661", "9" * 400])
def test_a_version_that_nobody_has_seen_overwrites_nothing(desk: Client, seen: str) -> None:
    initiative = factories.initiative()
    desk.post(offer_page(initiative), TYPED)

    page = desk.post(offer_page(initiative), {**TYPED, "how": "Annat.", "seen": seen})

    assert page.status_code == 409
    assert SchoolOffer.objects.get().how == "Besök på en timme."


def test_the_form_shows_how_hard_the_texts_are_to_read(desk: Client) -> None:
    initiative = factories.initiative(what_html="<p>Kommunen har satt ut sensorer.</p>")
    SchoolOffer.objects.create(initiative=initiative, easy_read="Vi är här. Du är där.")

    text = read(desk.get(offer_page(initiative)))

    assert "LIX 45: medelsvår, som en dagstidning" in text
    assert "LIX 3: mycket lättläst, som en barnbok" in text


def test_an_offer_form_takes_the_same_number_of_statements_whatever_it_holds(desk: Client) -> None:
    small, large = factories.initiative(), factories.initiative()
    words = [{"word": f"ord {n}", "meaning": "något"} for n in range(40)]
    SchoolOffer.objects.create(initiative=small)
    SchoolOffer.objects.create(initiative=large, hard_words=words, questions=["Varför?"] * 40)
    counts = []
    for initiative in (small, small, large):
        with CaptureQueriesContext(connection) as asked:
            desk.get(offer_page(initiative))
        counts.append(len(asked))

    assert counts[1] == counts[2] <= 6


# Words and marks


@pytest.mark.parametrize(
    ("text", "words", "marks"),
    [
        ("Vattnet i ån", ["vatten"], []),
        ("Vattenhjul och näringsVATTEN", ["vatten"], ["Vattenhjul", "näringsVATTEN"]),
        ("Vi åkte, en åk till", ["åk"], ["åk"]),
        ("Ö är ö", ["ö"], ["Ö", "ö"]),
        ("Den stänger av. Stänger\nav igen.", ["stänger av"], ["stänger av", "Stänger\nav"]),
        ("hållbar utveckling", ["utveckling", "hållbar utveckling"], ["hållbar utveckling"]),
        ("a+b (c", ["a+b", "(c", "[", ""], ["a+b", "(c"]),
        ("", ["x"], []),
        ("text", [], []),
    ],
)
def test_marks_stand_on_the_words_and_change_no_letter(text: str, words: list[str], marks: list[str]) -> None:
    pieces = marked(text, words)

    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in pieces if piece.is_marked] == marks
    assert Piece("", False) not in pieces


def test_marking_a_strange_text_takes_no_time() -> None:
    began = timezone.now()

    marked("a" * 300_000 + " " * 300_000, ["aaaa", "b" * 50, "a b", "vatten"])

    assert timezone.now() - began < timedelta(seconds=3)


@pytest.mark.django_db
def test_a_place_in_the_curriculum_is_told_as_teachers_say_it() -> None:
    compulsory = factories.point("TEK", (7, 9))
    adapted = factories.point("TEKA", (1, 6), of=factories.subject("TEKA", "Teknik", school_form="GRAN"))
    level = factories.level_point("NATU", "NATU1")
    old = factories.level_point("NAK", "NAK1")
    old.subject.curriculum, old.course.name = "GY11", "Naturkunskap 1a1"
    area = factories.point("N", None, of=factories.subject("N", "Normer", school_form="FS", curriculum="LPFO18"))

    assert [where(point) for point in (compulsory, adapted, level, old, area)] == [
        "Tek, åk 7–9",
        "Teknik (anpassad grundskola), åk 1–6",
        "Natu, nivå 1",
        "Naturkunskap 1a1 (Gy11)",
        "Normer (förskola)",
    ]


def test_a_search_for_initiatives_takes_the_telling_words() -> None:
    assert search_words("Hur vatten renas och används i hushållet, till exempel dricksvatten.") == (
        "används hushållet dricksvatten"
    )
    assert search_words("Att …") == ""


def test_texts_in_other_languages_have_no_lix() -> None:
    swedish = Initiative(what_html="<p>Vi mäter regn.</p>", how_html="<ul><li>Med rör</li></ul>")
    english = Initiative(language="en", what_html="<p>We measure rain.</p>")

    found = reading_of(swedish)

    assert found
    assert (found.lix, str(found.level), str(found.likeness)) == (3, "mycket lättläst", "som en barnbok")
    assert reading_of(english) is None
    assert reading("") is None
