"""When a round's time is over nothing but approved texts, what was sent to the city, and counts remains."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from alignment import factories as make
from bryggan.config.chores import CHORES
from bryggan.ideas import forgetting, leading, proposals, taking_part
from bryggan.ideas.models import Idea, IdeaRound, Phone, Vote
from ideas import factories as ideas

pytestmark = pytest.mark.django_db

Mode = IdeaRound.Mode
KEY = "telefonens-hemliga-tal"


def everything() -> dict[str, str]:
    """What stands in each table of the database, also in those that no model of ours knows."""
    with connection.cursor() as cursor:
        told = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            told[table] = repr(cursor.fetchall())
    assert {model._meta.db_table for model in apps.get_models()} <= set(told)
    return told


def tables_with(word: str) -> list[str]:
    return [table for table, told in everything().items() if word in told]


def a_whole_lesson() -> IdeaRound:
    """Everything that can happen in a round, each text with a word of its own."""
    round = ideas.idea_round(initiative=make.initiative())
    by = ideas.leader_of(round)
    ideas.idea(round, "väntande ord", key=KEY)
    leading.hide(ideas.idea(round, "dolda ord", key=KEY), by=by)
    kept = ideas.approved(round, "kvarvarande ord", key=KEY)
    leading.merge(ideas.approved(round, "sammanslagna ord", key=KEY), kept, by=by)
    named = ideas.idea(round, "Jag heter Namnlös, ändrade ord", key=KEY)
    leading.edit(leading.approve(named, by=by), "ändrade ord", by=by)
    ideas.idea(round, "", strokes=[[471, 815, 3, 4]], key=KEY)
    leading.approve(ideas.idea(round, "ritade ord", strokes=[[471, 815, 3, 4]], key=KEY), by=by)
    leading.approve(ideas.idea(round, "", strokes=[[471, 815, 3, 4]], key=KEY), by=by)
    sent = ideas.approved(round, "skickade ord", key=KEY)
    proposals.send_to_city(sent, why="Därför att", by=by)
    leading.hide(sent, by=by)
    leading.set_mode(round, Mode.VOTE, by=by)
    taking_part.vote(round, KEY, kept.pk, wants=True)
    return round


def test_a_round_whose_code_has_ended_is_closed_by_itself() -> None:
    round = a_whole_lesson()
    assert forgetting.forget_old() == 0
    IdeaRound.objects.update(code_ends_at=timezone.now() - timedelta(seconds=1))

    assert (forgetting.forget_old(), forgetting.forget_old()) == (1, 0)

    row = IdeaRound.objects.get(pk=round.pk)
    assert (row.mode, row.code, Phone.objects.count(), Vote.objects.count()) == (Mode.CLOSED, None, 0, 0)
    assert Idea.objects.count() == row.ideas_written == 9
    assert tables_with("väntande ord") == ["ideas_idea"]


def test_when_its_time_is_over_nothing_but_approved_texts_and_counts_remains_in_any_table() -> None:
    round = a_whole_lesson()
    hashed = Phone.objects.get().key_hash
    assert tables_with("väntande ord") == tables_with("471, 815") == ["ideas_idea"]
    later = timezone.now() - timedelta(seconds=1)
    IdeaRound.objects.update(code_ends_at=later, forget_at=later)

    forgetting.forget_old()

    gone = ("väntande ord", "dolda ord", "sammanslagna ord", "Namnlös", "471, 815", "[471", KEY, hashed, "warnings")
    assert [(word, tables_with(word)) for word in gone if tables_with(word)] == []
    row = IdeaRound.objects.get(pk=round.pk)
    assert sorted(row.ideas.exclude(text="").values_list("text", "votes")) == [
        ("kvarvarande ord", 1),
        ("ritade ord", 0),
        ("ändrade ord", 0),
    ]
    assert (row.phones, row.ideas_written, row.votes_cast) == (1, 9, 1)
    assert row.ideas.get(text="").proposal.text == "skickade ord"
    assert row.forgotten_at
    assert forgetting.forget_old() == 0


def test_a_forgotten_round_can_be_read_and_not_changed() -> None:
    round = a_whole_lesson()
    by = ideas.leader_of(round)
    later = timezone.now() - timedelta(seconds=1)
    IdeaRound.objects.update(code_ends_at=later, forget_at=later)
    forgetting.forget_old()
    idea = Idea.objects.get(text="kvarvarande ord")

    with pytest.raises(leading.RoundEnded):
        leading.edit(idea, "Annat", by=by)
    assert proposals.send_to_city(idea, by=by).text == "kvarvarande ord"


def test_a_round_closed_early_is_forgotten_a_week_later_and_not_before() -> None:
    round = ideas.idea_round(days=14)
    ideas.idea(round)
    leading.close_round(round, by=ideas.leader_of(round))

    row = IdeaRound.objects.get()
    assert (row.forget_at - timezone.now()).total_seconds() == pytest.approx(7 * 86_400, abs=30)
    assert forgetting.forget_old() == 0


def test_the_worker_does_it() -> None:
    assert forgetting.forget_old in [chore.do for chore in CHORES]
    assert proposals.remind_late in [chore.do for chore in CHORES]
