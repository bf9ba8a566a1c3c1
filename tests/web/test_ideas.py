"""Rounds of ideas as the teacher leads them and as the city answers; what is shown openly; the pupils' page."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import factories as people
from alignment import factories as make
from bryggan.accounts.models import LetterKind, Notice, User
from bryggan.curriculum.models import SchoolForm
from bryggan.ideas import forgetting, leading, proposals
from bryggan.ideas.models import Idea, IdeaRound, Proposal
from bryggan.initiatives.models import Initiative, SchoolOffer
from bryggan.web.ideas.pupils import question_of_the_day
from ideas import factories as ideas

pytestmark = pytest.mark.django_db

Mode, State = IdeaRound.Mode, Idea.State


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def answerer() -> tuple[User, Initiative]:
    coordinator = people.coordinator()
    return coordinator, make.initiative("Regnbädden", department=coordinator.coordinations.get().department)


def test_a_round_is_opened_from_an_initiative_in_one_form_with_everything_filled_in() -> None:
    teacher, initiative = ideas.teacher(), make.initiative("Regnbädden")
    client = browser(teacher)
    page = client.get("/idrundor/ny", {"initiative": initiative.pk}).text
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    assert "Vilka idéer har vi om Regnbädden?" in page

    data = {
        "token": found[1], "initiative": initiative.pk, "question": "Vilka idéer har vi om Regnbädden?",
        "school_class": teacher.school_classes.get().pk, "days": "1", "allows_drawings": "on",
    }  # fmt: skip
    answers = [client.post("/idrundor/ny", data) for _ in "ab"]

    round = IdeaRound.objects.get()
    assert [answer["Location"] for answer in answers] == [f"/idrundor/{round.pk}"] * 2
    assert (round.initiative, round.allows_drawings, round.teacher_writes) == (initiative, True, False)
    assert f"{(round.code or '')[:3]} {(round.code or '')[3:]}" in client.get(f"/idrundor/{round.pk}").text
    assert "Regnbädden" in client.get("/idrundor").text


def test_a_round_is_opened_on_a_challenge_of_the_citys() -> None:
    teacher, challenge = ideas.teacher(), make.challenge("Ett renare hav")
    client = browser(teacher)

    assert "Ett renare hav" in client.get("/idrundor/ny", {"challenge": challenge.pk}).text
    client.post("/idrundor/ny", {
        "question": "Hur?", "challenge": challenge.pk, "school_class": teacher.school_classes.get().pk, "days": "14",
    })  # fmt: skip

    assert IdeaRound.objects.get().challenge == challenge


def test_for_the_youngest_the_teacher_writes() -> None:
    teacher = people.teacher(at=people.school_unit())
    people.school_class(teacher, school_form=SchoolForm.PRESCHOOL)

    page = browser(teacher).get("/idrundor/ny").text

    assert re.search(r'name="teacher_writes"[^>]* checked', page)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"question": " "},
        {"question": "x" * 301},
        {"days": "99"},
        {"school_class": "9" * 30},
        {"school_class": "1 or 1"},
        {"challenge": "9" * 30},
        {"initiative": "x"},
    ],
)
def test_a_faulty_form_says_what_is_wrong_and_keeps_what_was_typed(data: dict[str, str]) -> None:
    teacher = ideas.teacher()
    right = {"question": "Hur sparar vi vatten?", "school_class": str(teacher.school_classes.get().pk), "days": "1"}

    answer = browser(teacher).post("/idrundor/ny", {**right, **data} if data else {})

    assert answer.status_code == 422
    assert "Rundan är inte startad än" in answer.text
    assert IdeaRound.objects.count() == 0


def test_another_teachers_class_cannot_be_chosen() -> None:
    teacher, other = ideas.teacher(), ideas.teacher()

    answer = browser(teacher).post(
        "/idrundor/ny", {"question": "Hur?", "school_class": other.school_classes.get().pk, "days": "1"}
    )

    assert answer.status_code == 422
    assert "Välj en av dina egna klasser" in answer.text


def test_the_teacher_reads_approves_edits_merges_hides_and_undoes() -> None:
    round = ideas.idea_round()
    client = browser(ideas.leader_of(round))
    first, second = ideas.idea(round, "Jag heter Kalle, tunnor"), ideas.idea(round, "Regntunnor")

    def act(idea: Idea, action: str, **data: object) -> list[tuple[str, str]]:
        answer = client.post(f"/idrundor/{round.pk}/ide/{idea.pk}", {"action": action, **data})
        assert answer["Location"] == f"/idrundor/{round.pk}#ideas"
        return list(Idea.objects.order_by("pk").values_list("text", "state"))

    page = client.get(f"/idrundor/{round.pk}").text
    assert "kan vara ett namn" in page
    assert act(first, "edit", text="Tunnor", approve="1")[0] == ("Tunnor", State.APPROVED)
    assert act(second, "approve")[1] == ("Regntunnor", State.APPROVED)
    choosing = client.get(f"/idrundor/{round.pk}", {"merge": second.pk}).text
    assert choosing.count("Slå ihop här") == 1
    assert act(second, "merge", into=first.pk)[1] == ("Regntunnor", State.MERGED)
    assert act(second, "undo")[1] == ("Regntunnor", State.APPROVED)
    assert act(second, "hide")[1] == ("Regntunnor", State.HIDDEN)
    assert "Dolda och sammanslagna" in client.get(f"/idrundor/{round.pk}").text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"action": "x"},
        {"action": "merge"},
        {"action": "merge", "into": "9" * 30},
        {"action": "edit", "text": " "},
        {"action": "edit", "text": "x" * 501},
    ],
)
def test_a_faulty_decision_says_why_and_changes_nothing(data: dict[str, str]) -> None:
    idea = ideas.idea(ideas.idea_round())
    before = list(Idea.objects.values())

    answer = browser(ideas.leader_of(idea.round)).post(f"/idrundor/{idea.round_id}/ide/{idea.pk}", data)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert list(Idea.objects.values()) == before


def test_every_form_of_the_round_has_its_token_also_after_it_was_fetched_anew() -> None:
    round = ideas.idea_round()
    ideas.idea(round)
    ideas.approved(round, "Tunnor")
    leading.hide(ideas.approved(round, "Dold"), by=ideas.leader_of(round))
    client = browser(ideas.leader_of(round))

    for address in ("", "/nu"):
        page = client.get(f"/idrundor/{round.pk}{address}").text
        assert page.count('name="csrfmiddlewaretoken" value="') == page.count('method="post"') >= 5


def test_an_idea_is_decided_in_its_own_round_only() -> None:
    here, elsewhere = ideas.idea_round(), ideas.idea(ideas.idea_round())

    answer = browser(ideas.leader_of(here)).post(f"/idrundor/{here.pk}/ide/{elsewhere.pk}", {"action": "approve"})

    assert answer.status_code == 404


def test_the_modes_follow_each_other_and_the_end_is_the_end() -> None:
    round = ideas.idea_round()
    client = browser(ideas.leader_of(round))
    address = f"/idrundor/{round.pk}/lage"

    for mode in (Mode.BUILD, Mode.VOTE, Mode.WRITE):
        assert client.post(address, {"mode": mode}).status_code == 302
        assert IdeaRound.objects.get().mode == mode
    assert client.post(address, {"mode": "nej"}).status_code == 422
    assert [client.post(address, {"mode": "closed"}).status_code for _ in "ab"] == [302, 302]
    after = client.post(address, {"mode": "write"})
    assert after.status_code == 422
    assert "Idérundan är avslutad" in after.text
    assert "Rundan är avslutad" in client.get(f"/idrundor/{round.pk}").text


def test_the_teacher_writes_for_the_class() -> None:
    round = ideas.idea_round(teacher_writes=True)
    client, key = browser(ideas.leader_of(round)), str(uuid4())
    address = f"/idrundor/{round.pk}/ide"

    for _ in "ab":
        client.post(address, {"text": "En rutschkana", "sent_key": key})
    too_long = client.post(address, {"text": "x" * 600})

    assert [idea.text for idea in Idea.objects.all()] == ["En rutschkana"]
    assert (too_long.status_code, "x" * 600 in too_long.text) == (422, True)
    assert client.post(address, {"text": " "}).status_code == 422
    leading.close_round(round, by=ideas.leader_of(round))
    late = client.post(address, {"text": "För sent"})
    assert late.status_code == 422


def test_what_the_teachers_page_and_the_board_ask_is_told_only_when_it_has_changed() -> None:
    round = ideas.idea_round()
    client = browser(ideas.leader_of(round))

    for part in ("nu", "tavla/nu"):
        tag = client.get(f"/idrundor/{round.pk}/{part}")["ETag"]
        assert client.get(f"/idrundor/{round.pk}/{part}", headers={"If-None-Match": tag}).status_code == 304
        ideas.idea(round)
        assert client.get(f"/idrundor/{round.pk}/{part}", headers={"If-None-Match": tag}).status_code == 200


def test_the_board_shows_code_and_approved_ideas_and_nothing_that_waits_and_nothing_to_press() -> None:
    round = ideas.idea_round()
    client = browser(ideas.leader_of(round))
    ideas.approved(round, "Godkända ord")
    ideas.idea(round, "Väntande ord")

    page = client.get(f"/idrundor/{round.pk}/tavla").text

    assert f"{(round.code or '')[:3]} {(round.code or '')[3:]}" in page
    assert "/ide" in page
    assert "Godkända ord" in page
    assert "Väntande ord" not in page
    assert "<button" not in page
    assert "<form" not in page


def test_pages_of_a_round_cost_the_same_with_one_idea_and_with_fifty(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    client = browser(by)
    # The first time of a day it is written down from where the round is led.
    client.get(f"/idrundor/{round.pk}")
    counts: list[list[int]] = []
    for number in range(50):
        ideas.idea(round, f"Väntar {number}", key=f"v{number}")
        proposals.send_to_city(ideas.approved(round, f"Godkänd {number}", key=f"g{number}"), by=by)
        leading.hide(ideas.idea(round, f"Dold {number}", key=f"d{number}"), by=by)
        if number in (0, 49):
            counts.append([queries_of(client, f"/idrundor/{round.pk}{end}") for end in ("", "/nu", "/tavla")])

    assert counts[0] == counts[1]


def test_lists_cost_the_same_with_one_row_and_with_fifty() -> None:
    teacher, editor = ideas.teacher(), people.editor()
    counts = []
    for number in range(50):
        ideas.proposal(ideas.idea_round(teacher, initiative=make.initiative()))
        if number in (0, 49):
            counts.append(
                [queries_of(browser(teacher), "/idrundor"), queries_of(browser(editor), "/forvaltning/ideer")]
            )

    assert counts[0] == counts[1]


def queries_of(client: Client, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize("question", ["Hur?", "Hur kan vi spara vatten på skolgården? " * 8, "مرحبا 🌳 " + "x" * 200])
def test_the_poster_is_one_page_with_the_code(question: str) -> None:
    round = ideas.idea_round(question=question)
    client = browser(ideas.leader_of(round))

    answer = client.get(f"/idrundor/{round.pk}/affisch.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert answer.content.count(b"/Type /Page\n") + answer.content.count(b"/Type/Page/") <= 1
    again = client.get(f"/idrundor/{round.pk}/affisch.pdf", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    leading.close_round(round, by=ideas.leader_of(round))
    assert client.get(f"/idrundor/{round.pk}/affisch.pdf").status_code == 302


def test_a_drawing_is_seen_by_the_classs_teacher_and_no_other() -> None:
    round = ideas.idea_round()
    idea = ideas.idea(round, "", strokes=[[1, 2, 3, 4]])
    address = f"/idrundor/{round.pk}/ide/{idea.pk}/bild.svg"

    assert browser(ideas.leader_of(round)).get(address)["Content-Type"] == "image/svg+xml"
    assert browser(people.editor()).get(address).status_code == 404
    assert browser(ideas.teacher()).get(address).status_code == 404


def test_an_idea_goes_to_the_city_and_its_answer_comes_back_to_the_class() -> None:
    coordinator, initiative = answerer()
    round = ideas.idea_round(initiative=initiative)
    idea = ideas.approved(round)
    teacher, city = browser(ideas.leader_of(round)), browser(coordinator)

    assert "Regnbädden" in teacher.get(f"/idrundor/{round.pk}/ide/{idea.pk}/skicka").text
    for _ in "ab":
        teacher.post(f"/idrundor/{round.pk}/ide/{idea.pk}/skicka", {"why": "Den sparar vatten"})
    sent = Proposal.objects.get()
    assert "Samla regn" in city.get("/forvaltning/ideer").text
    page = city.get(f"/forvaltning/ideer/{sent.pk}").text
    assert "Den sparar vatten" in page
    assert Proposal.objects.get().state == Proposal.State.RECEIVED
    city.post(f"/forvaltning/ideer/{sent.pk}/last")
    assert "Staden har läst idén" in teacher.get(f"/idrundor/{round.pk}/svar/{sent.pk}").text
    city.post(f"/forvaltning/ideer/{sent.pk}", {"state": "trying", "text": "Vi provar i vår."})
    city.post(f"/forvaltning/ideer/{sent.pk}/blev", {"text": "Fem tunnor."})

    answer = teacher.get(f"/idrundor/{round.pk}/svar/{sent.pk}").text
    assert "Vi provar i vår." in answer
    assert "Fem tunnor." in answer
    assert "Vi provar i vår." in teacher.get(f"/idrundor/{round.pk}").text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"state": "trying"},
        {"text": "Ja"},
        {"state": "read", "text": "Ja"},
        {"state": "trying", "text": "x" * 2001},
    ],
)
def test_a_faulty_answer_is_not_sent_and_keeps_its_words(data: dict[str, str]) -> None:
    coordinator, initiative = answerer()
    sent = ideas.proposal(ideas.idea_round(initiative=initiative))

    answer = browser(coordinator).post(f"/forvaltning/ideer/{sent.pk}", data)

    assert answer.status_code == 422
    assert data.get("text", "") in answer.text
    assert Proposal.objects.get().answered_at is None


def test_how_hard_the_answer_is_to_read_is_told_without_saving_anything() -> None:
    coordinator, initiative = answerer()
    sent = ideas.proposal(ideas.idea_round(initiative=initiative))
    hard = "Stadsbyggnadsförvaltningen genomför fördjupade konsekvensutredningar beträffande dagvattenhanteringen."

    told = browser(coordinator).post(
        f"/forvaltning/ideer/{sent.pk}", {"step": "read", "state": "trying", "text": hard}
    )

    assert told.status_code == 200
    assert "mycket svår" in told.text
    assert hard in told.text
    # What the page's script asks while somebody types is never an answer, whatever goes with it.
    data = {"state": "trying", "text": hard}
    typing = browser(coordinator).post(f"/forvaltning/ideer/{sent.pk}", data, headers={"HX-Request": "true"})
    assert typing.status_code == 200
    assert Proposal.objects.get().answer == ""


def test_late_ones_are_marked_and_an_editor_lists_them() -> None:
    late = ideas.proposal(text="Den sena idén")
    ideas.proposal(text="Den nya idén")
    Proposal.objects.filter(pk=late.pk).update(answer_due_on=timezone.localdate() - timedelta(days=1))
    client = browser(people.editor())

    everything, only_late = client.get("/forvaltning/ideer").text, client.get("/forvaltning/ideer?late=1").text

    assert everything.count('<span class="badge now">Sen</span>') == 1
    assert ("Den nya idén" in everything, "Den nya idén" in only_late, "Den sena idén" in only_late) == (
        True,
        False,
        True,
    )
    assert client.get("/forvaltning/ideer?page=9999&late=x").status_code == 200


@pytest.mark.parametrize("shows_school", [True, False])
def test_an_idea_is_on_the_initiatives_page_when_both_agree_and_the_school_only_when_wished(
    shows_school: bool,
) -> None:
    coordinator, initiative = answerer()
    round = ideas.idea_round(initiative=initiative)
    idea = ideas.approved(round, "Idén i ord", strokes=[[471, 472, 473, 474]])
    sent = proposals.send_to_city(idea, by=ideas.leader_of(round))
    proposals.answer(sent, state="taken on", text="Vi gör det.", by=coordinator)
    page = initiative.get_absolute_url()

    before = Client().get(page).text
    data = {"agrees": "1", "shows_school": "1"} if shows_school else {"agrees": "1"}
    browser(ideas.leader_of(round)).post(f"/forvaltning/ideer/{sent.pk}/visa", data)
    half_way = Client().get(page).text
    browser(people.editor()).post(f"/forvaltning/ideer/{sent.pk}/visa", {"agrees": "1"})
    after = Client().get(page).text

    assert ["Idén i ord" in text for text in (before, half_way, after)] == [False, False, True]
    assert "Vi gör det." in after
    assert ("Råå skola" in after) is shows_school
    assert "8A" not in re.findall(r"\w+", after)
    assert "bild.svg" not in after
    assert "471 472" not in after


def test_who_may_not_agree_is_told_no() -> None:
    coordinator, initiative = answerer()
    sent = ideas.proposal(ideas.idea_round(initiative=initiative))
    address = f"/forvaltning/ideer/{sent.pk}/visa"

    answers = [browser(who).post(address, {"agrees": "1"}).status_code for who in (coordinator, people.coordinator())]

    assert answers == [403, 404]
    assert not Proposal.objects.get().editor_agrees


def test_a_forgotten_round_can_be_read_and_its_idea_sent() -> None:
    round = ideas.idea_round()
    idea = ideas.approved(round)
    later = timezone.now() - timedelta(seconds=1)
    IdeaRound.objects.update(code_ends_at=later, forget_at=later)
    forgetting.forget_old()
    client = browser(ideas.leader_of(round))

    page = client.get(f"/idrundor/{round.pk}").text
    refused = client.post(f"/idrundor/{round.pk}/ide/{idea.pk}", {"action": "hide"})

    assert "Bara godkända idéer finns kvar" in page
    assert refused.status_code == 422
    assert client.post(f"/idrundor/{round.pk}/ide/{idea.pk}/skicka", {}).status_code == 302


def test_a_drawing_without_words_cannot_be_sent_and_the_form_says_why() -> None:
    round = ideas.idea_round()
    idea = leading.approve(ideas.idea(round, "", strokes=[[1, 2]]), by=ideas.leader_of(round))

    answer = browser(ideas.leader_of(round)).post(f"/idrundor/{round.pk}/ide/{idea.pk}/skicka", {"why": "Fin"})

    assert answer.status_code == 422
    assert "Skriv vad teckningen visar" in answer.text
    assert "Fin" in answer.text


def test_pupils_read_an_initiative_in_easy_words_with_the_hard_ones_explained() -> None:
    initiative = make.initiative("Regnbädden", summary="En fördröjningsanläggning.")
    SchoolOffer.objects.create(
        initiative=initiative,
        easy_read="Regnet får vänta i en bädd.",
        hard_words=[{"word": "bädd", "meaning": "en grop med växter"}],
        questions=["Vart tar regnet vägen?"],
    )

    page = Client().get(f"/initiativ/{initiative.pk}/elev").text

    for words in ("Regnet får vänta", "en grop med växter", "Vart tar regnet vägen?"):
        assert words in page
    assert "fördröjningsanläggning" not in page


def test_the_pupils_page_goes_without_an_offer_and_leads_on_from_a_merged_initiative() -> None:
    plain = make.initiative("Utan erbjudande", summary="En kort text.")
    heir = make.initiative()
    merged = make.initiative(merged_into=heir)

    assert "En kort text." in Client().get(f"/initiativ/{plain.pk}-vad-som-helst/elev").text
    assert Client().get(f"/initiativ/{merged.pk}/elev")["Location"] == f"/initiativ/{heir.pk}/elev"
    for address in ("x", "999999", "9" * 40):
        assert Client().get(f"/initiativ/{address}/elev").status_code == 404


def test_the_question_of_the_day_is_the_same_all_day_and_goes_round() -> None:
    questions = ["Ett", "Två", "Tre"]
    day = date(2026, 11, 23)

    asked = [question_of_the_day(questions, day + timedelta(days=number), 7) for number in range(6)]

    assert asked[:3] == asked[3:]
    assert sorted(asked[:3]) == sorted(questions)
    assert question_of_the_day([], day, 7) == ""


def test_the_lesson_sheet_leads_to_the_pupils_page() -> None:
    initiative = make.initiative()

    page = Client().get(f"/initiativ/{initiative.pk}/lektionsblad").text

    assert "QR-kod till sidan för elever" in page
    assert f"/initiativ/{initiative.pk}/elev" in page


def test_the_menu_says_how_many_notices_are_unread_in_words_too() -> None:
    round = ideas.idea_round()
    teacher = ideas.leader_of(round)
    Notice.objects.filter(user=teacher).delete()
    none = browser(teacher).get("/idrundor").text
    for number in range(2):
        Notice.objects.create(user=teacher, kind=LetterKind.IDEA, cause=f"svar {number}", title="Svar")
        page = browser(teacher).get("/idrundor").text
        words = f"{number + 1} oläst{'a' if number else ''}"
        assert f'aria-label="Notiser, {words}">Notiser <span class="unread">{number + 1}</span>' in page

    assert "oläst" not in none


def test_nonsense_from_one_phone_is_hidden_by_one_button() -> None:
    round = ideas.idea_round()
    client = browser(ideas.leader_of(round))
    three = [ideas.idea(round, f"Skräp {number}", key="skojare") for number in range(3)]
    before = client.get(f"/idrundor/{round.pk}").text
    ideas.idea(round, "Skräp 3", key="skojare")

    page = client.get(f"/idrundor/{round.pk}").text
    client.post(f"/idrundor/{round.pk}/ide/{three[0].pk}", {"action": "hide all"})

    assert "från samma telefon" not in before
    assert "Dölj alla 4 från samma telefon" in page
    assert set(Idea.objects.values_list("state", flat=True)) == {State.HIDDEN}
