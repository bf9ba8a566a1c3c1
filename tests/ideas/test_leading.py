"""What a teacher does with a round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from alignment import factories as make
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import Fact
from bryggan.common.models import AuditEntry
from bryggan.ideas import leading, taking_part
from bryggan.ideas.leading import CannotOpen, NoWords, RoundEnded
from bryggan.ideas.models import Idea, IdeaRound, Phone, Vote
from bryggan.ideas.taking_part import RoundIsOver
from ideas import factories as ideas

pytestmark = pytest.mark.django_db

Mode, State = IdeaRound.Mode, Idea.State


def test_a_round_is_open_for_a_day_with_a_code_of_its_own() -> None:
    teacher = ideas.teacher()

    round = ideas.idea_round(teacher)

    assert round.is_open
    assert (round.code_ends_at - round.opened_at).total_seconds() == pytest.approx(86_400, abs=5)
    assert taking_part.round_by_code(round.code or "") == round
    assert Fact.objects.get(measure="idea round").count == 1
    assert AuditEntry.objects.filter(verb="opened idea round", by=teacher).count() == 1


@pytest.mark.parametrize(("asked", "given"), [(-3, 1), (0, 1), (14, 14), (400, 14)])
def test_a_round_lives_between_one_day_and_fourteen(asked: int, given: int) -> None:
    round = ideas.idea_round(days=asked)

    assert (round.code_ends_at - timezone.now()).total_seconds() == pytest.approx(given * 86_400, abs=30)
    assert round.forget_at - round.code_ends_at == leading.KEPT_AFTER


def test_the_same_form_sent_twice_opens_one_round() -> None:
    teacher, token = ideas.teacher(), uuid4()

    first, again = (ideas.idea_round(teacher, form_token=token) for _ in range(2))

    assert first == again
    assert IdeaRound.objects.count() == 1


def test_another_class_and_an_archived_one_and_an_empty_question_open_nothing() -> None:
    teacher, stranger = ideas.teacher(), people.teacher()
    school_class = teacher.school_classes.get()

    with pytest.raises(NotAllowed):
        leading.open_round(school_class=school_class, question="Vad?", by=stranger)
    with pytest.raises(CannotOpen):
        leading.open_round(school_class=school_class, question=" \u202e ", by=teacher)
    school_class.archived_at = timezone.now()
    with pytest.raises(NotAllowed):
        leading.open_round(school_class=school_class, question="Vad?", by=teacher)
    assert IdeaRound.objects.count() == 0


def test_a_round_on_an_initiative_that_is_withdrawn_meanwhile_goes_on() -> None:
    initiative = make.initiative("Regnbädden", withdrawn_at=timezone.now())
    round = ideas.idea_round(initiative=initiative)

    idea = ideas.approved(round)

    assert taking_part.seen_by(round).ideas == (idea,)


@pytest.mark.parametrize(
    "act",
    [
        lambda idea, by: leading.approve(idea, by=by),
        lambda idea, by: leading.hide(idea, by=by),
        lambda idea, by: leading.edit(idea, "Nytt", by=by),
        lambda idea, by: leading.undo(idea, by=by),
        lambda idea, by: leading.merge(idea, idea, by=by),
        lambda idea, by: leading.set_mode(idea.round, Mode.VOTE, by=by),
        lambda idea, by: leading.close_round(idea.round, by=by),
        lambda idea, by: leading.write_for_class(idea.round, "Nytt", sent_key=uuid4(), by=by),
    ],
)
def test_only_the_classs_own_teachers_lead(act: Callable[[Idea, object], object]) -> None:
    idea = ideas.idea(ideas.idea_round())
    before = list(Idea.objects.values()) + list(IdeaRound.objects.values())

    for stranger in (people.teacher(), people.editor(), people.coordinator()):
        with pytest.raises(NotAllowed):
            act(idea, stranger)

    assert list(Idea.objects.values()) + list(IdeaRound.objects.values()) == before


def test_when_a_teacher_leaves_the_class_her_colleague_leads() -> None:
    round = ideas.idea_round()
    school_class, leaving = round.school_class, ideas.leader_of(round)
    colleague = people.teacher(at=school_class.school_unit)
    idea = ideas.idea(round)

    school_class.teachers.set([colleague])

    assert leading.approve(idea, by=colleague).state == State.APPROVED
    with pytest.raises(NotAllowed):
        leading.hide(idea, by=leaving)


def test_nobody_sees_an_idea_before_it_is_approved_or_after_it_is_hidden() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    idea = ideas.idea(round, key="en")

    seen = []
    for act in (leading.approve, leading.hide, leading.undo):
        seen.append([one.pk for one in taking_part.seen_by(round, "annan").ideas])
        act(idea, by=by)
    seen.append([one.pk for one in taking_part.seen_by(round, "annan").ideas])

    assert seen == [[], [idea.pk], [], [idea.pk]]
    assert [one.pk for one in taking_part.seen_by(round, "en").ideas] == [idea.pk]


def test_an_edited_idea_is_shown_as_edited_and_undone_as_it_was() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    idea = ideas.idea(round, "Jag heter Kalle och vill ha träd")

    edited = leading.edit(idea, "Jag vill ha träd", by=by)

    assert (edited.text, edited.warnings) == ("Jag vill ha träd", [])
    undone = leading.undo(idea, by=by)
    assert (undone.text, undone.warnings) == ("Jag heter Kalle och vill ha träd", ["name"])
    with pytest.raises(NoWords):
        leading.edit(idea, "  ", by=by)


def test_merged_ideas_are_one_with_the_votes_of_each_phone_once_and_parted_again() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    one, other = ideas.approved(round, "Regntunnor"), ideas.approved(round, "Tunnor för regn")
    leading.set_mode(round, Mode.VOTE, by=by)
    for key, idea in (("a", one), ("b", one), ("b", other), ("c", other)):
        taking_part.vote(round, key, idea.pk, wants=True)

    merged = leading.merge(one, other, by=by)
    again = leading.merge(one, other, by=by)

    other.refresh_from_db()
    assert (merged.state, again.state, other.votes) == (State.MERGED, State.MERGED, 3)
    assert taking_part.seen_by(IdeaRound.objects.get(), "b").votes_left == 2

    parted = leading.undo(one, by=by)

    other.refresh_from_db()
    assert (parted.state, parted.votes, other.votes) == (State.APPROVED, 1, 2)


def test_an_idea_is_not_merged_into_one_of_another_class() -> None:
    here, elsewhere = ideas.idea_round(), ideas.idea_round()
    by = ideas.leader_of(here)
    own, foreign = ideas.approved(here), ideas.approved(elsewhere)

    with pytest.raises(NotAllowed):
        leading.merge(own, foreign, by=by)
    untouched = leading.merge(foreign, own, by=by)

    assert untouched.state == State.APPROVED


def test_votes_on_a_hidden_idea_go_back_to_those_who_gave_them() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    idea = ideas.approved(round)
    leading.set_mode(round, Mode.VOTE, by=by)
    taking_part.vote(round, "a", idea.pk, wants=True)

    hidden = leading.hide(idea, by=by)

    hidden.refresh_from_db()
    assert (hidden.votes, taking_part.seen_by(IdeaRound.objects.get(), "a").votes_left) == (0, 3)


def test_the_teacher_writes_for_the_class_and_it_is_seen_at_once() -> None:
    round = ideas.idea_round(teacher_writes=True)
    by, key = ideas.leader_of(round), uuid4()

    first, again = (
        leading.write_for_class(round, " En rutschkana  till biblioteket ", sent_key=key, by=by) for _ in "ab"
    )

    assert first == again
    assert [idea.text for idea in taking_part.seen_by(round).ideas] == ["En rutschkana till biblioteket"]
    with pytest.raises(NoWords):
        leading.write_for_class(round, " ", sent_key=uuid4(), by=by)
    with pytest.raises(taking_part.NotNow):
        ideas.idea(round)


def test_a_closed_round_frees_its_code_forgets_phones_and_keeps_sums() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    idea = ideas.approved(round)
    leading.set_mode(round, Mode.VOTE, by=by)
    taking_part.vote(round, "a", idea.pk, wants=True)
    code = round.code or ""

    closed, again = (leading.close_round(round, by=by) for _ in "ab")

    idea.refresh_from_db()
    assert (closed.code, again.closed_at, idea.votes, idea.phone) == (None, closed.closed_at, 1, None)
    assert (Phone.objects.count(), Vote.objects.count(), taking_part.round_by_code(code)) == (0, 0, None)
    assert Fact.objects.get(measure="ideas").amount == 1
    with pytest.raises(RoundEnded):
        leading.set_mode(round, Mode.WRITE, by=by)
    with pytest.raises(RoundEnded):
        leading.write_for_class(round, "Sent", sent_key=uuid4(), by=by)


def test_after_the_lesson_the_teacher_goes_through_what_is_left() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    waiting, other = ideas.idea(round), ideas.approved(round, "Tunnor")
    leading.close_round(round, by=by)

    leading.approve(waiting, by=by)
    leading.merge(waiting, other, by=by)
    leading.undo(waiting, by=by)

    assert {idea.text for idea in taking_part.seen_by(round).ideas} == {"Samla regn i tunnor", "Tunnor"}


def test_phones_are_told_of_what_the_teacher_does_and_not_of_what_others_hand_in() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)

    def versions() -> tuple[int, int]:
        row = IdeaRound.objects.get(pk=round.pk)
        return row.version, row.shown_version

    seen = [versions()]
    idea = ideas.idea(round)
    seen.append(versions())
    leading.approve(idea, by=by)
    seen.append(versions())
    leading.set_mode(round, Mode.VOTE, by=by)
    seen.append(versions())
    taking_part.vote(round, "a", idea.pk, wants=True)
    seen.append(versions())

    assert [shown for _all, shown in seen] == [1, 1, 2, 3, 3]
    assert sorted({everything for everything, _shown in seen}) == [everything for everything, _shown in seen]


@pytest.mark.django_db(transaction=True)
def test_an_idea_handed_in_while_the_round_is_closed_is_in_it_or_refused() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)

    def hand_in() -> str:
        try:
            return "in" if ideas.idea(round) else ""
        except RoundIsOver:
            return "refused"

    def close() -> str:
        leading.close_round(round, by=by)
        return "closed"

    answers = at_once([hand_in, close])

    assert sorted(answers) in (["closed", "in"], ["closed", "refused"])
    assert Idea.objects.filter(phone__isnull=False).count() == Phone.objects.count() == 0
    assert Idea.objects.count() == ("in" in answers)


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_twice_at_once_opens_one_round() -> None:
    teacher, token = ideas.teacher(), uuid4()

    rounds = at_once([lambda: ideas.idea_round(teacher, form_token=token)] * 2)

    assert len(set(rounds)) == 1


def test_a_round_whose_time_ran_out_takes_nothing_more() -> None:
    round = ideas.idea_round()
    IdeaRound.objects.filter(pk=round.pk).update(code_ends_at=timezone.now() - timedelta(seconds=1))

    assert taking_part.round_by_code(round.code or "") is None
    with pytest.raises(RoundIsOver):
        ideas.idea(round)


def test_what_waits_from_one_phone_is_hidden_at_once_and_each_can_be_undone() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    shown = ideas.approved(round, "Bra idé", key="skojare")
    junk = [ideas.idea(round, f"Skräp {number}", key="skojare") for number in range(5)]
    other = ideas.idea(round, "En annans", key="annan")

    hidden = [leading.hide_all_from_phone(junk[0], by=by) for _ in "ab"]
    leading.undo(junk[2], by=by)

    states = dict(Idea.objects.values_list("pk", "state"))
    assert hidden == [5, 0]
    assert [states[one.pk] for one in (shown, other, junk[2], junk[4])] == [
        State.APPROVED, State.WAITING, State.WAITING, State.HIDDEN
    ]  # fmt: skip
    with pytest.raises(NotAllowed):
        leading.hide_all_from_phone(junk[2], by=people.teacher())


def test_after_the_end_nobody_knows_what_came_from_one_phone() -> None:
    round = ideas.idea_round()
    waiting = [ideas.idea(round, f"Idé {number}") for number in range(2)]
    leading.close_round(round, by=ideas.leader_of(round))

    assert leading.hide_all_from_phone(waiting[0], by=ideas.leader_of(round)) == 0
