"""A pupil's phone in a round, over HTTP: whatever is typed, sent twice, too large, too late or from elsewhere."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bryggan.common.models import RateCount
from bryggan.ideas import leading
from bryggan.ideas.models import Idea, IdeaRound, Phone
from bryggan.web.ideas import guesses, phones
from ideas import factories as ideas

pytestmark = pytest.mark.django_db

Mode = IdeaRound.Mode


def phone(round: IdeaRound, **headers: str) -> Client:
    """One that has opened the round."""
    client = Client(enforce_csrf_checks=True, headers=headers)
    assert client.get(f"/ide/{round.code}").status_code == 200
    return client


def send(client: Client, code: str | None, text: str = "Samla regn i tunnor", **data: str) -> HttpResponse:
    return client.post(f"/ide/{code}", {"text": text, "sent_key": str(uuid4()), **data})


def test_a_phone_joins_with_the_code_alone_and_keeps_one_cookie_for_that_round_only() -> None:
    round = ideas.idea_round()
    client = Client()

    led = client.get("/ide", {"code": f" {(round.code or '')[:3].lower()} {(round.code or '')[3:]} "})
    page = client.get(led["Location"])

    assert "Hur kan vi spara vatten?" in page.text
    assert set(client.cookies) == {"idea"}
    cookie = client.cookies["idea"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (f"/ide/{round.code}", True, "Lax")
    assert 0 < int(cookie["max-age"]) <= 86_400
    assert Phone.objects.count() == 0


def test_the_cookie_is_secure_where_the_service_is() -> None:
    round = ideas.idea_round()
    client = Client()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(settings, "SESSION_COOKIE_SECURE", True)
        client.get(f"/ide/{round.code}")

    assert client.cookies["idea"]["secure"]


@pytest.mark.parametrize(
    ("typed", "status"), [("", 200), ("   ", 200), ("ABC", 422), ("CDF467", 302), ("0O1Il!", 422), ("x" * 5000, 422)]
)
def test_a_typed_code_leads_on_or_says_what_is_wrong_and_keeps_what_was_typed(typed: str, status: int) -> None:
    answer = Client().get("/ide", {"code": typed})

    assert answer.status_code == status
    if status == 422:
        assert typed[:60] in answer.text


def test_an_idea_waits_for_the_teacher_and_only_its_own_phone_sees_it_wait() -> None:
    round = ideas.idea_round()
    own, other = phone(round), phone(round)

    sent = send(own, round.code)

    assert sent["Location"] == f"/ide/{round.code}?sent=1#sent"
    assert "Din idé är skickad" in own.get(sent["Location"]).text
    assert "Samla regn" in own.get(f"/ide/{round.code}").text
    assert "Samla regn" not in other.get(f"/ide/{round.code}").text
    leading.approve(Idea.objects.get(), by=ideas.leader_of(round))
    assert "Samla regn" in other.get(f"/ide/{round.code}").text


def test_what_has_not_changed_is_told_in_one_statement_and_nothing_else(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    round = ideas.idea_round()
    client = phone(round)
    first = client.get(f"/ide/{round.code}/nu")
    tag = first["ETag"]

    with django_assert_num_queries(1):
        same = client.get(f"/ide/{round.code}/nu", headers={"If-None-Match": tag})
    send(phone(round), round.code)
    unseen = client.get(f"/ide/{round.code}/nu", headers={"If-None-Match": f"W/{tag}"})
    leading.approve(Idea.objects.get(), by=ideas.leader_of(round))
    changed = client.get(f"/ide/{round.code}/nu", headers={"If-None-Match": tag})

    assert (first.status_code, same.status_code, unseen.status_code, changed.status_code) == (200, 304, 304, 200)
    assert same.content == b""
    assert "Samla regn" in changed.text
    assert changed["ETag"] != tag


def test_the_page_costs_the_same_with_one_idea_and_with_fifty(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    round = ideas.idea_round()
    client = phone(round)
    send(client, round.code)
    for number in range(50):
        ideas.approved(round, f"Idé {number}", key=str(number))
        if number in (0, 49):
            with django_assert_num_queries(5):
                assert client.get(f"/ide/{round.code}").status_code == 200


def test_a_form_sent_twice_is_one_idea() -> None:
    round, key = ideas.idea_round(), str(uuid4())
    client = phone(round)

    answers = [send(client, round.code, sent_key=key).status_code for _ in "ab"]

    assert (answers, Idea.objects.count()) == ([302, 302], 1)


def test_the_phones_script_gets_what_has_changed_with_the_answer() -> None:
    round = ideas.idea_round()
    client = phone(round, **{"X-Follow": "1"})

    sent = send(client, round.code)
    idea = leading.approve(Idea.objects.get(), by=ideas.leader_of(round))
    leading.set_mode(round, Mode.VOTE, by=ideas.leader_of(round))
    voted = client.post(f"/ide/{round.code}/rost", {"idea": idea.pk})

    assert (sent.status_code, voted.status_code) == (200, 200)
    assert "Samla regn" in sent.text
    assert "Du har 2 röster kvar." in voted.text
    assert "<html" not in sent.text + voted.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"text": "  "}, "Skriv eller rita något först"),
        ({"text": "x" * 501}, "högst 500 tecken"),
        ({"text": "å" * 90_000}, "högst 500 tecken"),
        ({"text": "", "strokes": '[["<script>"]]'}, "Teckningen gick inte att läsa"),
        ({"text": "Kvar", "strokes": "[" * 50_000}, "Teckningen gick inte att läsa"),
    ],
)
def test_what_cannot_be_taken_says_why_and_keeps_the_text(data: dict[str, str], said: str) -> None:
    round = ideas.idea_round()

    answer = phone(round).post(f"/ide/{round.code}", data)

    assert answer.status_code == 422
    assert said in answer.text
    assert data["text"] in answer.text
    assert Idea.objects.count() == 0


def test_a_megabyte_is_refused_before_it_is_read() -> None:
    round = ideas.idea_round()

    answer = phone(round).post(f"/ide/{round.code}", {"text": "x" * 1_000_000})
    larger = phone(round).post(f"/ide/{round.code}", {"text": "x" * 5_000_000})

    assert [answer.status_code, larger.status_code] == [413, 413]
    assert "högst 500 tecken" in answer.text


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a" + "\u0336" * 300, "\u202eevil"]
)
def test_scripts_towers_and_turned_text_are_only_words(text: str) -> None:
    round = ideas.idea_round()
    client = phone(round)

    assert send(client, round.code, text).status_code == 302

    leading.approve(Idea.objects.get(), by=ideas.leader_of(round))
    page = client.get(f"/ide/{round.code}").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "\u0336" * 4 not in page


def test_a_drawing_comes_back_as_lines_and_nothing_else_and_only_to_those_who_may_see_it() -> None:
    round = ideas.idea_round()
    own, other = phone(round), phone(round)
    send(own, round.code, "", strokes=json.dumps([[1, 2, 3, 4], [5, 6]]))
    idea = Idea.objects.get()
    address = f"/ide/{round.code}/bild/{idea.pk}.svg"

    picture = own.get(address)

    assert picture["Content-Type"] == "image/svg+xml"
    assert re.findall(r'd="([^"]*)"', picture.text) == ["M1 2L3 4", "M5 6L5 6"]
    assert "default-src 'none'" in picture["Content-Security-Policy"]
    assert other.get(address).status_code == 404
    leading.approve(idea, by=ideas.leader_of(round))
    assert other.get(address).status_code == 200
    leading.hide(idea, by=ideas.leader_of(round))
    assert other.get(address).status_code == 404


def test_three_votes_and_the_fourth_says_why() -> None:
    round = ideas.idea_round()
    made = [ideas.approved(round, f"Idé {number}", key=str(number)) for number in range(4)]
    leading.set_mode(round, Mode.VOTE, by=ideas.leader_of(round))
    client = phone(round)

    answers = [client.post(f"/ide/{round.code}/rost", {"idea": idea.pk}) for idea in made]
    back = client.post(f"/ide/{round.code}/rost", {"idea": made[0].pk, "wants": "0"})

    assert [answer.status_code for answer in answers] == [302, 302, 302, 422]
    assert "Alla dina röster är lagda" in answers[3].text
    assert back["Location"] == f"/ide/{round.code}#idea-{made[0].pk}"
    assert [idea.votes for idea in Idea.objects.order_by("pk")] == [0, 1, 1, 0]


@pytest.mark.parametrize("idea", ["", "x", "-1", "9" * 30, "²"])
def test_a_vote_for_nothing_changes_nothing(idea: str) -> None:
    round = ideas.idea_round(mode=Mode.VOTE)

    assert phone(round).post(f"/ide/{round.code}/rost", {"idea": idea}).status_code == 302


def test_voting_when_the_class_writes_says_so() -> None:
    round = ideas.idea_round()
    idea = ideas.approved(round)

    answer = phone(round).post(f"/ide/{round.code}/rost", {"idea": idea.pk})

    assert answer.status_code == 422
    assert "Det går inte att rösta just nu" in answer.text


def test_one_builds_on_anothers_idea() -> None:
    round = ideas.idea_round()
    base = ideas.approved(round)
    leading.set_mode(round, Mode.BUILD, by=ideas.leader_of(round))
    client = phone(round)

    page = client.get(f"/ide/{round.code}", {"build": base.pk})
    send(client, round.code, "Med lock på", builds_on=str(base.pk))

    assert "Du bygger vidare på:" in page.text
    assert Idea.objects.get(text="Med lock på").builds_on == base
    assert client.get(f"/ide/{round.code}", {"build": "9" * 40}).status_code == 200


def test_a_round_that_is_closed_while_somebody_writes_gives_the_text_back() -> None:
    round = ideas.idea_round()
    clients, code = [phone(round) for _ in range(3)], round.code
    leading.close_round(round, by=ideas.leader_of(round))

    answers = [
        send(clients[0], code, "Min långa idé"),
        clients[1].get(f"/ide/{code}/nu"),
        clients[2].post(f"/ide/{code}/rost", {"idea": "1"}),
    ]

    assert [answer.status_code for answer in answers] == [410, 410, 410]
    assert "Min långa idé" in answers[0].text
    assert "skickades inte" in answers[0].text
    assert [client.cookies["idea"].value for client in clients] == ["", "", ""]
    # Sent once more the phone has no cookie, and the text is there still.
    assert "Min långa idé" in send(clients[0], code, "Min långa idé").text
    assert Idea.objects.count() == 0


def test_a_phone_of_an_ended_round_never_writes_in_the_next_class_with_the_same_code() -> None:
    first = ideas.idea_round()
    client, code = phone(first), first.code
    leading.close_round(first, by=ideas.leader_of(first))
    second = ideas.idea_round()
    IdeaRound.objects.filter(pk=second.pk).update(code=code)

    sent = send(client, code, "Till min egen klass")

    assert (sent.status_code, Idea.objects.count()) == (410, 0)
    assert "Till min egen klass" in sent.text
    assert client.get(f"/ide/{code}").status_code == 200
    assert send(client, code).status_code == 302


def test_without_the_cookie_the_text_is_kept_and_the_second_try_works() -> None:
    round = ideas.idea_round()
    client = Client()

    first = send(client, round.code, "Min idé")
    second = send(client, round.code, "Min idé")

    assert (first.status_code, second.status_code) == (422, 302)
    assert "Min idé" in first.text


def test_a_cookie_that_we_have_not_made_is_no_cookie() -> None:
    round = ideas.idea_round()
    client = phone(round)
    client.cookies["idea"] = client.cookies["idea"].value[:-2] + "xx"

    assert send(client, round.code).status_code == 422
    assert Idea.objects.count() == 0


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://annan.example.org"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_a_form_from_another_site_is_refused(headers: dict[str, str]) -> None:
    round = ideas.idea_round()
    client = phone(round)

    answer = client.post(f"/ide/{round.code}", {"text": "Falsk", "sent_key": str(uuid4())}, headers=headers)

    assert (answer.status_code, Idea.objects.count()) == (403, 0)


def test_a_form_of_our_own_is_taken() -> None:
    round = ideas.idea_round()

    answer = phone(round).post(f"/ide/{round.code}", {"text": "Äkta"}, headers={"Origin": "http://testserver"})

    assert answer.status_code == 302


@pytest.mark.usefixtures("early_in_the_hour")
def test_guessing_codes_ends_and_a_whole_school_that_types_right_is_never_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guesses, "MOST_GUESSES", 5)
    round = ideas.idea_round()
    inside = phone(round)
    for _pupil in range(40):
        phone(round)
    assert RateCount.objects.count() == 0

    answers = [
        Client().get(f"/ide/{code}").status_code
        for code in ["CCCCCC", "DDDDDD", "FFFFFF", "GGGGGG", "HHHHHH", "JJJJJJ"]
    ]

    assert answers == [404] * 5 + [429]
    # Whoever guesses on does not hear when she is right; who was in the round goes on.
    assert Client().get(f"/ide/{round.code}").status_code == 429
    assert inside.get(f"/ide/{round.code}").status_code == 200
    assert send(inside, round.code).status_code == 302
    assert Client(REMOTE_ADDR="192.0.2.7").get(f"/ide/{round.code}").status_code == 200
    assert not RateCount.objects.filter(key__contains="127.0.0.1").exists()


@pytest.mark.usefixtures("early_in_the_hour")
def test_one_who_guesses_without_end_does_not_shut_out_the_classes_of_her_school(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guesses, "MOST_GUESSES", 5)
    here, elsewhere = ideas.idea_round(), ideas.idea_round()
    for _guess in range(6):
        last = Client().get("/ide/CCCCCC")
    assert last.status_code == 429
    assert "Be läraren öppna idérundan på sin dator" in last.text
    teacher = Client()
    teacher.force_login(ideas.leader_of(here))

    before = Client().get(f"/ide/{here.code}").status_code
    pages = [teacher.get(f"/idrundor/{here.pk}{page}").status_code for page in ("", "/tavla", "")]

    assert (before, pages) == (429, [200] * 3)
    assert send(phone(here), here.code).status_code == 302
    assert Client().get(f"/ide/{elsewhere.code}").status_code == 429


@pytest.mark.usefixtures("early_in_the_hour")
def test_a_phone_that_posts_without_end_is_slowed_and_keeps_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "MOST_POSTS", 3)
    round = ideas.idea_round()
    client = phone(round)

    answers = [send(client, round.code, f"Idé {number}") for number in range(5)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429, 429]
    assert "Idé 4" in answers[4].text
    assert send(phone(round), round.code).status_code == 302


@pytest.mark.usefixtures("early_in_the_hour")
def test_a_thousand_ideas_from_one_phone_are_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "MOST_POSTS", 10_000)
    round = ideas.idea_round()
    client = phone(round)

    answers = [send(client, round.code, f"Idé {number}").status_code for number in range(100)]

    assert answers == [302] * 20 + [429] * 80
    assert Idea.objects.count() == 20


@pytest.mark.parametrize("code", ["x", "0", "%00", "CDF467", "CDF-467", "a" * 3000, "\u202e", "😀"])
def test_a_code_that_opens_nothing_says_so_kindly(code: str) -> None:
    answer = Client().get(f"/ide/{code}")

    assert answer.status_code in (301, 404)
    if answer.status_code == 404:
        assert "ingen öppen idérunda" in answer.text


def test_a_code_in_small_letters_leads_to_the_round() -> None:
    round = ideas.idea_round()

    answer = Client().get(f"/ide/{(round.code or '').lower()}")

    assert (answer.status_code, answer["Location"]) == (301, f"/ide/{round.code}")


def test_a_round_whose_time_ran_out_is_over_before_the_worker_has_been_by() -> None:
    round = ideas.idea_round()
    clients = [phone(round) for _ in range(2)]
    IdeaRound.objects.update(code_ends_at=timezone.now())

    assert clients[0].get(f"/ide/{round.code}").status_code == 410
    assert send(clients[1], round.code).status_code == 410


def test_no_page_of_a_phone_tells_of_school_teacher_or_other_classes() -> None:
    round, elsewhere = ideas.idea_round(), ideas.idea_round()
    ideas.approved(elsewhere, "En annan klass hemlighet")

    page = phone(round).get(f"/ide/{round.code}").text

    assert "Råå skola" not in page
    assert ideas.leader_of(round).email not in page
    assert "En annan klass hemlighet" not in page
