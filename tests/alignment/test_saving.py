"""Saved searches, and the mail that tells what is new in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from alignment import factories as make
from bryggan.accounts.models import User
from bryggan.alignment import saving
from bryggan.alignment.models import SavedSearch
from bryggan.alignment.searching import Query
from bryggan.common.models import DataVersion, OutgoingMail
from bryggan.curriculum.models import CoreContent
from bryggan.initiatives.models import Initiative, Term

# 12 o'clock in Stockholm, a Monday.
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)


@pytest.fixture
def teacher(db: None) -> User:
    return people.teacher("anna@skola.example.org")


def saved(by: User, parameters: str = "", name: str = "Min sökning", *, mail: bool = True) -> SavedSearch:
    made, _is_new = saving.save(saving.read(parameters).query, name=name, by=by)
    if mail:
        saving.send_mail_about(made)
    made.refresh_from_db()
    return made


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind="saved searches").order_by("pk"))


def send(at: datetime = NOON) -> int:
    with time_machine.travel(at, tick=False):
        return saving.send_digests()


# Saving


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("?q=+Dagvatten++nu&page=7&sort=title&per_page=3", "q=Dagvatten+nu"),
        ("years=9&years=7&years=8", "years=7-9"),
        ("years=7-9&years=1", "years=1&years=7-9"),
        ("takes_classes=ja", "takes_classes=1"),
        ("takes_classes=0", "takes_classes=0"),
        ("school_form=GY&school_form=GR", "school_form=GR&school_form=GY"),
        ("sector=okänd&years=99&x=1&q=%00vatten", "q=vatten"),
        ("q=a%26b%3Dc", "q=a%26b%3Dc"),
    ],
)
def test_a_search_has_one_address_however_it_was_put_together(db: None, given: str, kept: str) -> None:
    asked = saving.read(given)

    assert saving.parameters_of(asked.query) == kept
    assert saving.read(kept).query == saving.read(saving.parameters_of(saving.read(kept).query)).query


def test_page_order_and_number_are_no_part_of_the_wish_and_no_problem(db: None) -> None:
    assert saving.read("page=2&sort=title&per_page=5&csrfmiddlewaretoken=x").problems == ()


@pytest.mark.parametrize("address", ["&".join(["a=1"] * 5000), "q=" + "å" * 300_000, "%%%", "\x00", "q=%ff%fe"])
def test_addresses_of_any_kind_are_read(db: None, address: str) -> None:
    assert isinstance(saving.read(address).query, Query)


def test_the_same_wish_is_saved_once_and_knows_what_it_finds_today(teacher: User) -> None:
    wet = make.initiative("Dagvatten")
    make.initiative("Skolmat")

    first, is_new = saving.save(Query(text="dagvatten"), name="  Vatten\n nu ", by=teacher)
    second, is_new_again = saving.save(Query(text="dagvatten", sort="title"), name="Annat", by=teacher)
    other, _ = saving.save(Query(text="dagvatten"), name="Hennes", by=people.teacher())

    assert (first.pk == second.pk, is_new, is_new_again, other.pk == first.pk) == (True, True, False, False)
    assert (first.name, first.parameters, first.known, first.wants_mail) == (
        "Vatten nu",
        "q=dagvatten",
        [wet.pk],
        False,
    )


def test_a_person_has_so_many_searches(teacher: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(saving, "MOST_SEARCHES", 2)
    for text in ("ett", "två"):
        saving.save(Query(text=text), name=text, by=teacher)

    with pytest.raises(saving.TooManySearches):
        saving.save(Query(text="tre"), name="tre", by=teacher)

    assert saving.save(Query(text="ett"), name="ett", by=teacher)[1] is False


def test_a_search_longer_than_its_column_is_refused(teacher: User) -> None:
    with pytest.raises(saving.TooLong):
        saving.save(Query(core_content=tuple(f"{n:016x}" for n in range(100))), name="x", by=teacher)


@pytest.mark.django_db(transaction=True)
def test_saved_twice_at_the_same_time_it_is_one() -> None:
    by = people.teacher()

    made = at_once([partial(saving.save, Query(text="vatten"), name="Vatten", by=by) for _ in range(3)])

    assert {search.pk for search, _ in made} == {SavedSearch.objects.get().pk}
    assert sorted(is_new for _, is_new in made) == [False, False, True]


# Mail


def test_a_mail_tells_what_is_new_in_all_of_a_persons_searches(teacher: User) -> None:
    make.initiative("Gammalt dagvatten")
    saved(teacher, "q=dagvatten", "Dagvatten & <regn>")
    saved(teacher, "takes_classes=1", "Tar emot")
    saved(teacher, "q=rymdfärja", "Rymden")
    new = make.initiative("Ny dagvattendamm", summary="Här blir regn & snö en park.", takes_classes=True)

    sent = send()

    (mail,) = mails()
    assert sent == 1
    assert (mail.to, mail.subject) == ("anna@skola.example.org", "1 nytt initiativ i dina sökningar")
    for text in (mail.text, mail.html):
        assert text.count("Ny dagvattendamm") == 2
        assert f"{settings.BASE_URL}{new.get_absolute_url()}" in text
        assert "Gammalt" not in text
        assert "Rymden" not in text
    assert "Dagvatten & <regn>" in mail.text
    assert "Här blir regn & snö en park." in mail.text
    assert "Dagvatten &amp; &lt;regn&gt;" in mail.html
    assert "&amp;" not in mail.text


def test_text_and_html_say_the_same(teacher: User) -> None:
    saved(teacher, "", "Allt")
    for number in range(13):
        make.initiative(f"Initiativ {number}")

    send()

    (mail,) = mails()
    assert mail.text == saving.as_text(mail.html)
    assert "Och 3 till." in mail.text
    assert mail.subject == "13 nya initiativ i dina sökningar"
    assert "<" not in mail.text


def test_nothing_new_is_no_mail_and_news_are_told_once(teacher: User) -> None:
    search = saved(teacher, "q=dagvatten")

    before = send()
    new = make.initiative("Dagvatten")
    first = send()
    again = send(NOON + timedelta(days=8))

    search.refresh_from_db()
    assert (before, first, again) == (0, 1, 0)
    assert (search.known, search.mailed_at) == ([new.pk], NOON)


def test_a_person_hears_once_a_week_of_all_her_searches(teacher: User) -> None:
    saved(teacher, "q=dagvatten")
    saved(teacher, "q=skolmat")
    make.initiative("Dagvatten")
    send()

    make.initiative("Skolmat")
    too_early = send(NOON + timedelta(days=6, hours=23))
    in_time = send(NOON + timedelta(days=7))

    assert (too_early, in_time, len(mails())) == (0, 1, 2)
    assert "Skolmat" in mails()[1].text


def test_a_search_without_mail_is_never_told_of(teacher: User) -> None:
    saved(teacher, "", mail=False)
    make.initiative()

    assert send() == 0


def test_what_was_found_before_the_mail_was_switched_on_is_not_news(teacher: User) -> None:
    search = saved(teacher, "", mail=False)
    make.initiative("Kom däremellan")
    saving.send_mail_about(search)

    assert send() == 0


def test_disabled_people_get_none(teacher: User) -> None:
    saved(teacher, "")
    make.initiative()
    User.objects.update(is_active=False)

    assert send() == 0


@pytest.mark.parametrize(
    ("hour", "sent"),
    [(5, 0), (6, 1), (18, 1), (19, 0), (23, 0)],  # UTC; Stockholm is an hour later in November.
)
def test_no_mail_leaves_in_the_evening_and_at_night(teacher: User, hour: int, sent: int) -> None:
    saved(teacher, "")
    make.initiative()

    assert send(NOON.replace(hour=hour)) == sent


def test_the_summers_clock_counts_in_summer(teacher: User) -> None:
    saved(teacher, "")
    make.initiative()

    # 6.30 and 7.00 in Stockholm.
    assert send(datetime(2027, 6, 1, 4, 30, tzinfo=UTC)) == 0
    assert send(datetime(2027, 6, 1, 5, 0, tzinfo=UTC)) == 1


def test_hits_with_some_of_the_words_are_no_news(teacher: User) -> None:
    saved(teacher, "q=dagvatten+rymdfärja")
    make.initiative("Dagvatten")

    assert send() == 0


def test_withdrawn_initiatives_are_not_told_of(teacher: User) -> None:
    saved(teacher, "")
    gone = make.initiative("Borta")
    Initiative.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    DataVersion.touch("initiatives", [gone.pk])

    assert send() == 0


def test_a_point_that_has_ended_is_explained_and_its_successor_searched_for(teacher: User) -> None:
    old, new = make.point("BIO", text="Gammal"), make.point("BIO", text="Ny")
    saved(teacher, f"core_content={old.key}", "Biologi")
    CoreContent.objects.filter(pk=old.pk).update(ended_at=timezone.now())
    old.successors.add(new)
    DataVersion.touch("curriculum")
    make.align(make.initiative("Med nya punkten"), new)

    assert send() == 1

    (mail,) = mails()
    assert "Läroplanen har ändrats" in mail.text
    assert "Med nya punkten" in mail.text


def test_a_value_that_is_gone_never_widens_the_search_and_is_explained(teacher: User) -> None:
    water, energy = make.term("sector", "Vatten"), make.term("sector", "Energi")
    make.initiative(terms=(water, energy))
    saved(teacher, "sector=vatten", "Bara vatten")
    saved(teacher, "sector=vatten&sector=energi", "Vatten eller energi")
    Term.objects.filter(pk=water.pk).delete()
    DataVersion.touch("initiatives")
    make.initiative("Ny energi", terms=(energy,))
    make.initiative("Annat")

    assert send() == 1

    (mail,) = mails()
    assert mail.text.count("Ny energi") == 1
    assert "Annat" not in mail.text
    assert "Ett av dina val finns inte längre: ”vatten”" in mail.text
    assert "Sökningar som inte längre kan ge något" in mail.text
    assert "- Bara vatten" in mail.text


def test_a_mail_that_fails_to_be_written_changes_nothing(teacher: User, monkeypatch: Any) -> None:
    search = saved(teacher, "")
    make.initiative()

    def broken(**_arguments: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(saving.outbox, "queue", broken)
    with pytest.raises(RuntimeError):
        send()

    search.refresh_from_db()
    assert (search.known, search.mailed_at) == ([], None)


def test_a_second_mail_on_the_same_day_waits_and_loses_nothing(teacher: User) -> None:
    saved(teacher, "q=dagvatten")
    make.initiative("Dagvatten")
    send()
    saved(teacher, "q=skolmat")
    make.initiative("Skolmat")

    same_day = send(NOON + timedelta(hours=2))
    next_day = send(NOON + timedelta(days=1))

    assert (same_day, next_day) == (0, 1)
    assert "Skolmat" in mails()[1].text


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_mail() -> None:
    persons = [people.teacher() for _ in range(5)]
    for person in persons:
        saved(person, "", "Allt")
        saved(person, "takes_classes=1", "Tar emot")
    make.initiative("Nytt", takes_classes=True)

    with time_machine.travel(NOON, tick=False):
        sent = at_once([saving.send_digests, saving.send_digests])

    assert sum(sent) == 5
    assert sorted(mail.to for mail in mails()) == sorted(person.email for person in persons)


def test_looking_for_news_costs_the_same_for_many_searches_of_a_person(teacher: User) -> None:
    make.initiative("Dagvatten")
    counts = []
    for number in (1, 20):
        while SavedSearch.objects.count() < number:
            saved(teacher, f"q=ord{SavedSearch.objects.count()}")
        send()
        with CaptureQueriesContext(
            connection,
        ) as statements:
            send()
        counts.append(len([s for s in statements if "dataversion" not in s["sql"]]))

    assert counts[0] == counts[1]


# Stopping


def test_the_link_in_any_mail_stops_that_search_only(teacher: User) -> None:
    first, second = saved(teacher, "q=dagvatten"), saved(teacher, "q=skolmat")
    make.initiative("Dagvatten")
    send()
    token = saving.stop_token(first)

    found = saving.by_stop_token(token)
    assert found is not None
    saving.stop_mail_about(found)

    first.refresh_from_db()
    second.refresh_from_db()
    assert found.pk == first.pk
    assert (first.wants_mail, second.wants_mail) == (False, True)
    assert f"{settings.BASE_URL}/sokningar/sluta/{token}" in mails()[0].text
    assert len(bytes.fromhex(token)) == 16


def test_only_a_hash_of_the_link_is_kept(teacher: User) -> None:
    search = saved(teacher)

    token = saving.stop_token(search)

    assert token not in str(SavedSearch.objects.values().get())
    assert token != saving.stop_token(saved(teacher, "q=annat"))


@pytest.mark.parametrize("token", ["", "x", "0" * 32, "å" * 5000, "\x00"])
def test_other_tokens_stop_nothing(teacher: User, token: str) -> None:
    saved(teacher, mail=False)

    assert saving.by_stop_token(token) is None
