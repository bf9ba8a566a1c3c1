"""Rounds, ideas and proposals for tests. What is not given is made up."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from accounts import factories as people
from alignment import factories as make
from bryggan.accounts.models import User
from bryggan.ideas import leading, proposals, taking_part
from bryggan.ideas.models import Idea, IdeaRound, Proposal


def teacher() -> User:
    """One with a school and a class, 8A."""
    school = people.school_unit("Råå skola")
    made = people.teacher(at=school)
    people.school_class(made, label="8A", school_unit=school)
    return made


def idea_round(by: User | None = None, **columns: Any) -> IdeaRound:
    """An open round of the teacher's class. `mode` is set afterwards."""
    by = by or teacher()
    mode = columns.pop("mode", None)
    columns.setdefault("question", "Hur kan vi spara vatten?")
    made = leading.open_round(school_class=by.school_classes.get(), by=by, **columns)
    return leading.set_mode(made, mode, by=by) if mode else made


def leader_of(round: IdeaRound) -> User:
    return round.school_class.teachers.get()


def idea(round: IdeaRound, text: str = "Samla regn i tunnor", *, key: str = "telefon", **columns: Any) -> Idea:
    """One that waits for the teacher."""
    return taking_part.write(round, key, text=text, sent_key=columns.pop("sent_key", uuid4()), **columns)


def approved(round: IdeaRound, text: str = "Samla regn i tunnor", **columns: Any) -> Idea:
    return leading.approve(idea(round, text, **columns), by=leader_of(round))


def proposal(round: IdeaRound | None = None, text: str = "Samla regn i tunnor", **columns: Any) -> Proposal:
    round = round or idea_round(initiative=make.initiative())
    return proposals.send_to_city(approved(round, text), by=leader_of(round), **columns)
