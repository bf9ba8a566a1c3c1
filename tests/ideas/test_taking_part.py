"""What phones do in a round."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pytest_django import DjangoAssertNumQueries

from accounts.together import at_once
from bryggan.ideas import leading, taking_part
from bryggan.ideas.models import Idea, IdeaRound, Phone, Vote
from bryggan.ideas.taking_part import Empty, NotNow, TooMany
from ideas import factories as ideas

pytestmark = pytest.mark.django_db

Mode, State = IdeaRound.Mode, Idea.State


def test_an_idea_sent_twice_is_one_whatever_it_says_the_second_time() -> None:
    round, key = ideas.idea_round(), uuid4()

    first, again = (ideas.idea(round, text, sent_key=key) for text in ("Ett", "Två"))

    assert first == again
    assert (Idea.objects.get().text, IdeaRound.objects.get().ideas_written) == ("Ett", 1)


@pytest.mark.django_db(transaction=True)
def test_an_idea_sent_twice_at_once_is_one() -> None:
    round, key = ideas.idea_round(), uuid4()

    sent = at_once([lambda: ideas.idea(round, sent_key=key)] * 3)

    assert len(set(sent)) == 1
    assert (Phone.objects.count(), IdeaRound.objects.get().ideas_written, IdeaRound.objects.get().phones) == (1, 1, 1)


def test_what_a_phone_is_is_not_written_down() -> None:
    round = ideas.idea_round()

    ideas.idea(round, key="hemligt-nummer")

    assert "hemligt-nummer" not in str(list(Phone.objects.values()))


def test_neither_words_nor_lines_is_nothing() -> None:
    round = ideas.idea_round(allows_drawings=False)

    for text, strokes in (("", ()), (" \u202e\n", ()), ("", [[1, 2, 3, 4]])):
        with pytest.raises(Empty):
            ideas.idea(round, text, strokes=strokes)
    assert Phone.objects.count() == 0


def test_a_drawing_is_kept_as_strokes() -> None:
    idea = ideas.idea(ideas.idea_round(), "", strokes=[[1, 2, 3, 4], [5, 6]])

    assert (idea.drawing, idea.drawing_points) == ([[1, 2, 3, 4], [5, 6]], 3)


def test_one_phone_hands_in_twenty_ideas_at_most_and_others_go_on() -> None:
    round = ideas.idea_round()
    for number in range(taking_part.MOST_IDEAS):
        ideas.idea(round, f"Idé {number}")

    with pytest.raises(TooMany):
        ideas.idea(round, "En till")

    ideas.idea(round, key="annan")
    assert Idea.objects.count() == taking_part.MOST_IDEAS + 1


def test_a_round_takes_so_many_phones_and_those_in_it_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_part, "MOST_PHONES", 2)
    round = ideas.idea_round()
    for key in "ab":
        ideas.idea(round, key=key)

    with pytest.raises(TooMany):
        ideas.idea(round, key="c")

    assert ideas.idea(round, "Mer", key="a").text == "Mer"


def test_nobody_writes_while_the_class_votes_or_votes_while_it_writes() -> None:
    round = ideas.idea_round()
    idea = ideas.approved(round)

    with pytest.raises(NotNow):
        taking_part.vote(round, "a", idea.pk, wants=True)
    leading.set_mode(round, Mode.VOTE, by=ideas.leader_of(round))
    with pytest.raises(NotNow):
        ideas.idea(round)


def test_an_idea_builds_on_an_approved_one_while_the_class_builds() -> None:
    round = ideas.idea_round()
    base, waiting = ideas.approved(round), ideas.idea(round, "Väntar")
    early = ideas.idea(round, "För tidigt", builds_on=base.pk)
    leading.set_mode(round, Mode.BUILD, by=ideas.leader_of(round))

    built = ideas.idea(round, "Med lock på", builds_on=base.pk)
    loose = ideas.idea(round, "På en som ingen ser", builds_on=waiting.pk)

    assert (early.builds_on, built.builds_on, loose.builds_on) == (None, base, None)


def test_three_votes_each_and_twice_is_once() -> None:
    round = ideas.idea_round()
    made = [ideas.approved(round, f"Idé {number}", key=str(number)) for number in range(4)]
    leading.set_mode(round, Mode.VOTE, by=ideas.leader_of(round))
    for idea in (*made[:3], made[0]):
        taking_part.vote(round, "a", idea.pk, wants=True)

    with pytest.raises(TooMany):
        taking_part.vote(round, "a", made[3].pk, wants=True)

    taking_part.vote(round, "a", made[0].pk, wants=False)
    taking_part.vote(round, "a", made[0].pk, wants=False)
    taking_part.vote(round, "a", made[3].pk, wants=True)
    seen = taking_part.seen_by(IdeaRound.objects.get(), "a")
    assert (seen.voted, seen.votes_left) == ({made[1].pk, made[2].pk, made[3].pk}, 0)
    assert [idea.votes for idea in Idea.objects.order_by("pk")] == [0, 1, 1, 1]
    assert IdeaRound.objects.get().votes_cast == 3


def test_only_its_own_phone_sees_an_idea_that_waits_and_the_drawing_of_it() -> None:
    round = ideas.idea_round()
    idea = ideas.idea(round, "", strokes=[[1, 2]], key="a")

    assert [taking_part.seen_by(round, key).waiting for key in ("a", "b", "")] == [(idea,), (), ()]
    assert [taking_part.drawing_for(round, key, idea.pk) for key in ("a", "b", "")] == [idea, None, None]
    leading.hide(idea, by=ideas.leader_of(round))
    assert taking_part.drawing_for(round, "a", idea.pk) is None


def test_a_vote_for_what_nobody_sees_or_for_another_classs_idea_is_nothing() -> None:
    round, elsewhere = ideas.idea_round(), ideas.approved(ideas.idea_round())
    waiting = ideas.idea(round)
    leading.set_mode(round, Mode.VOTE, by=ideas.leader_of(round))

    for pk in (waiting.pk, elsewhere.pk, 10**15):
        taking_part.vote(round, "a", pk, wants=True)

    assert Vote.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_votes_pressed_at_once_on_one_phone_are_three_at_most() -> None:
    round = ideas.idea_round()
    made = [ideas.approved(round, f"Idé {number}", key=str(number)) for number in range(4)]
    leading.set_mode(round, Mode.VOTE, by=ideas.leader_of(round))

    def press(pk: int) -> bool:
        try:
            taking_part.vote(round, "a", pk, wants=True)
        except TooMany:
            return False
        return True

    pressed = at_once([lambda pk=idea.pk: press(pk) for idea in made])  # type: ignore[misc]

    assert sorted(pressed) == [False, True, True, True]
    assert Vote.objects.count() == sum(idea.votes for idea in Idea.objects.all()) == 3


def test_while_the_class_votes_the_order_stands_still_and_at_the_end_the_most_wanted_comes_first() -> None:
    round = ideas.idea_round()
    one, other = ideas.approved(round, "Ett", key="a"), ideas.approved(round, "Två", key="b")
    leading.set_mode(round, Mode.VOTE, by=ideas.leader_of(round))
    taking_part.vote(round, "a", other.pk, wants=True)

    during = taking_part.seen_by(round).ideas
    closed = leading.close_round(round, by=ideas.leader_of(round))

    assert (during, taking_part.seen_by(closed).ideas) == ((one, other), (other, one))


def test_what_a_phone_sees_costs_the_same_with_one_idea_and_with_fifty(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    round = ideas.idea_round()
    for number in range(50):
        ideas.approved(round, f"Idé {number}", key=str(number))

        if number in (0, 49):
            with django_assert_num_queries(2):
                seen = taking_part.seen_by(round, "0")
                assert len([idea.builds_on for idea in seen.ideas]) == number + 1


class ARoundInTheWild(RuleBasedStateMachine):
    """Phones and the teacher do anything in any order: sums always agree, and nobody has more than three votes."""

    def __init__(self) -> None:
        super().__init__()
        self.round = ideas.idea_round()
        self.by = ideas.leader_of(self.round)

    def teardown(self) -> None:
        IdeaRound.objects.all().delete()

    def one(self, number: int) -> Idea | None:
        rows = list(Idea.objects.order_by("pk"))
        return rows[number % len(rows)] if rows else None

    @rule(key=st.sampled_from("abc"))
    def hand_in(self, key: str) -> None:
        with contextlib.suppress(NotNow, TooMany):
            ideas.idea(self.round, "Idé", key=key)

    @rule(mode=st.sampled_from([Mode.WRITE, Mode.BUILD, Mode.VOTE, Mode.VOTE]))
    def set_mode(self, mode: str) -> None:
        leading.set_mode(self.round, mode, by=self.by)

    @precondition(lambda self: Idea.objects.exists())
    @rule(
        number=st.integers(0, 9), act=st.sampled_from([leading.approve, leading.approve, leading.hide, leading.undo])
    )
    def decide(self, number: int, act: Any) -> None:
        act(self.one(number), by=self.by)

    @precondition(lambda self: Idea.objects.exists())
    @rule(number=st.integers(0, 9), into=st.integers(0, 9))
    def merge(self, number: int, into: int) -> None:
        leading.merge(self.one(number), self.one(into), by=self.by)

    @precondition(lambda self: Idea.objects.exists())
    @rule(key=st.sampled_from("abc"), number=st.integers(0, 9), wants=st.sampled_from([True, True, False]))
    def vote(self, key: str, number: int, wants: bool) -> None:
        with contextlib.suppress(NotNow, TooMany):
            taking_part.vote(self.round, key, self.one(number).pk, wants=wants)

    @invariant()
    def sums_agree(self) -> None:
        for idea in Idea.objects.all():
            assert Vote.objects.filter(idea=idea).count() == (idea.votes if idea.state == State.APPROVED else 0)
        assert all(Vote.objects.filter(phone=phone).count() <= 3 for phone in Phone.objects.all())
        row = IdeaRound.objects.get(pk=self.round.pk)
        assert (row.phones, row.ideas_written) == (Phone.objects.count(), Idea.objects.count())

    @invariant()
    def only_approved_ones_are_seen(self) -> None:
        assert {idea.state for idea in taking_part.seen_by(self.round, "d").ideas} <= {State.APPROVED}


class TestARoundInTheWild(TestCase, ARoundInTheWild.TestCase):
    settings = settings(
        max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
