"""What a class sends to the city, and what the city answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from alignment import factories as make
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import Fact, Notice, User
from bryggan.accounts.school_days import working_days_after
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.ideas import leading, proposals
from bryggan.ideas.models import Proposal
from bryggan.ideas.proposals import CannotPropose, NoAnswer
from ideas import factories as ideas

pytestmark = pytest.mark.django_db

State = Proposal.State


def answerer() -> tuple[User, Any]:
    """Somebody who answers for an initiative, and it."""
    coordinator = people.coordinator()
    return coordinator, make.initiative("Regnbädden", department=coordinator.coordinations.get().department)


def test_the_best_idea_goes_to_those_who_answer_for_the_initiative_once() -> None:
    coordinator, initiative = answerer()
    people.editor()
    round = ideas.idea_round(initiative=initiative)

    sent = ideas.proposal(round, "Samla regn", why="Den sparar vatten")
    again = proposals.send_to_city(sent.idea, why="Annat", by=ideas.leader_of(round))

    assert sent == again
    assert (sent.state, sent.answer_due_on) == (State.RECEIVED, working_days_after(timezone.localdate(), 10))
    mail = OutgoingMail.objects.get()
    assert mail.to == coordinator.email
    assert "Den sparar vatten" in mail.text
    assert "Råå skola" in mail.text
    assert Fact.objects.get(measure="idea sent").count == 1


@pytest.mark.django_db(transaction=True)
def test_an_idea_sent_twice_at_once_is_one_proposal() -> None:
    _coordinator, initiative = answerer()
    idea = ideas.approved(ideas.idea_round(initiative=initiative))
    by = ideas.leader_of(idea.round)

    sent = at_once([lambda: proposals.send_to_city(idea, by=by)] * 2)

    assert len(set(sent)) == OutgoingMail.objects.count() == 1


def test_without_anybody_who_answers_for_it_the_editors_answer() -> None:
    editor = people.editor()

    own, on_challenge, unowned = (
        ideas.proposal(ideas.idea_round(**about))
        for about in ({}, {"challenge": make.challenge("Havet")}, {"initiative": make.initiative()})
    )

    assert [proposals.answerers_of(one) for one in (own, on_challenge, unowned)] == [[editor]] * 3


def test_only_an_approved_idea_in_words_can_be_sent_and_only_by_the_classs_teacher() -> None:
    round = ideas.idea_round()
    by = ideas.leader_of(round)
    drawn = leading.approve(ideas.idea(round, "", strokes=[[1, 2]]), by=by)

    for idea in (ideas.idea(round), drawn):
        with pytest.raises(CannotPropose):
            proposals.send_to_city(idea, by=by)
    with pytest.raises(NotAllowed):
        proposals.send_to_city(ideas.approved(round, "Ord"), by=people.teacher())
    assert Proposal.objects.count() == 0


@pytest.mark.parametrize(
    "act",
    [
        lambda one, by: proposals.mark_read(one, by=by),
        lambda one, by: proposals.answer(one, state=State.TRYING, text="Ja", by=by),
        lambda one, by: proposals.tell_what_came_of_it(one, "En tunna", by=by),
        lambda one, by: proposals.agree_to_show(one, True, by=by),
    ],
)
def test_nobody_else_answers_for_the_city(act: Callable[[Proposal, User], object]) -> None:
    _owner, initiative = answerer()
    sent = ideas.proposal(ideas.idea_round(initiative=initiative))
    before = list(Proposal.objects.values())

    for stranger in (people.coordinator(), people.teacher(), people.administrator()):
        with pytest.raises(NotAllowed):
            act(sent, stranger)

    assert list(Proposal.objects.values()) == before


def test_an_answer_reaches_the_classs_teachers_once_and_a_changed_one_again() -> None:
    coordinator, initiative = answerer()
    round = ideas.idea_round(initiative=initiative)
    sent = ideas.proposal(round)
    OutgoingMail.objects.all().delete()

    for _time in range(2):
        proposals.answer(sent, state=State.TRYING, text=" Vi provar i vår.\r\nTack! ", by=coordinator)
    Proposal.objects.update(answered_at=timezone.now() - timedelta(minutes=1))
    changed = proposals.answer(sent, state=State.TAKEN_ON, text="Vi gör det.", by=coordinator)

    assert changed.answered_by == coordinator
    assert [mail.text.count("Vi provar i vår.\nTack!") for mail in OutgoingMail.objects.order_by("pk")] == [1, 0]
    assert {mail.to for mail in OutgoingMail.objects.all()} == {ideas.leader_of(round).email}
    assert Fact.objects.get(measure="idea answered").count == 1
    assert AuditEntry.objects.filter(verb="answered idea").count() == 2


@pytest.mark.parametrize(
    ("state", "text"), [(State.TRYING, " \n "), (State.READ, "Ja"), ("", "Ja"), ("hittepå", "Ja")]
)
def test_an_answer_needs_a_state_and_words(state: str, text: str) -> None:
    coordinator, initiative = answerer()
    sent = ideas.proposal(ideas.idea_round(initiative=initiative))

    with pytest.raises(NoAnswer):
        proposals.answer(sent, state=state, text=text, by=coordinator)
    with pytest.raises(NoAnswer):
        proposals.tell_what_came_of_it(sent, "En tunna", by=coordinator)


def test_it_is_read_once_and_told_what_came_of_it_after_the_answer() -> None:
    coordinator, initiative = answerer()
    sent = ideas.proposal(ideas.idea_round(initiative=initiative))

    read = [proposals.mark_read(sent, by=coordinator).read_at for _ in "ab"]
    proposals.answer(sent, state=State.TAKEN_ON, text="Vi gör det.", by=coordinator)
    told = proposals.tell_what_came_of_it(sent, "Fem tunnor står vid skolan.", by=coordinator)

    assert read[0] == read[1]
    assert (told.state, told.came_of_it) == (State.TAKEN_ON, "Fem tunnor står vid skolan.")
    assert Notice.objects.filter(title="Det här blev det av er idé").count() == 1


def test_an_idea_is_shown_openly_only_when_it_is_answered_and_both_have_said_yes() -> None:
    coordinator, initiative = answerer()
    round = ideas.idea_round(initiative=initiative)
    sent, editor = ideas.proposal(round), people.editor()

    def shown() -> bool:
        return proposals.shown_on(initiative.pk) == [sent]

    seen = [shown()]
    proposals.agree_to_show(sent, True, shows_school=True, by=ideas.leader_of(round))
    proposals.agree_to_show(sent, True, by=editor)
    seen.append(shown())
    proposals.answer(sent, state=State.NOT_NOW, text="Inte nu.", by=coordinator)
    seen.append(shown())
    proposals.agree_to_show(sent, False, by=ideas.leader_of(round))
    seen.append(shown())

    assert seen == [False, False, True, False]
    sent.refresh_from_db()
    assert (sent.shows_school, sent.editor_agrees) == (True, True)


def test_those_who_owe_an_answer_and_the_editors_are_reminded_once_when_it_is_late() -> None:
    coordinator, initiative = answerer()
    editor = people.editor()
    late = ideas.proposal(ideas.idea_round(initiative=initiative))
    answered = ideas.proposal(ideas.idea_round(initiative=initiative))
    proposals.answer(answered, state=State.TRYING, text="Ja.", by=coordinator)
    OutgoingMail.objects.all().delete()

    on_time = proposals.remind_late(late.answer_due_on)
    reminded = [proposals.remind_late(late.answer_due_on + timedelta(days=1)) for _ in "ab"]

    assert (on_time, reminded) == (0, [1, 0])
    assert {mail.to for mail in OutgoingMail.objects.all()} == {coordinator.email, editor.email}


def test_an_inbox_holds_what_one_answers_for_and_an_editors_holds_all_unanswered_first() -> None:
    coordinator, initiative = answerer()
    first, second = (ideas.proposal(ideas.idea_round(initiative=initiative)) for _ in "ab")
    elsewhere = ideas.proposal(ideas.idea_round())
    proposals.answer(first, state=State.TRYING, text="Ja.", by=coordinator)

    assert list(proposals.inbox_of(coordinator)) == [second, first]
    assert list(proposals.inbox_of(people.editor())) == [second, elsewhere, first]
    assert list(proposals.inbox_of(people.coordinator())) == list(proposals.inbox_of(people.teacher())) == []


def test_an_idea_on_a_withdrawn_initiative_is_answered_all_the_same() -> None:
    coordinator, initiative = answerer()
    sent = ideas.proposal(ideas.idea_round(initiative=initiative))
    initiative.withdrawn_at = timezone.now()
    initiative.save()

    assert list(proposals.inbox_of(coordinator)) == [sent]
    assert proposals.answer(sent, state=State.NOT_NOW, text="Projektet är slut.", by=coordinator).answered_at
