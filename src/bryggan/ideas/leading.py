"""What a teacher does with a round: open, change mode, write for the class, approve, edit, merge, hide, undo, close.

Each change makes the round's versions grow, in the same transaction: phones and the projector ask for them and get
the whole picture only when it has changed. A round that is closed can still be gone through until it is forgotten.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from bryggan.accounts import facts
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import SchoolClass, User
from bryggan.accounts.permissions import may_use_class
from bryggan.common import audit
from bryggan.ideas.codes import new_code
from bryggan.ideas.models import Idea, IdeaRound, Phone, Vote
from bryggan.ideas.moderation import tidy
from bryggan.ideas.permissions import may_lead
from bryggan.initiatives.models import Challenge, Initiative

MOST_DAYS = 14
# How long what was not approved is kept after the code has ended, so that a lesson can be taken up again.
KEPT_AFTER = timedelta(days=7)
LONGEST_IDEA = 500


class CannotOpen(Exception):
    """The round cannot be opened: no question, or an initiative that nobody may read any more."""


class RoundEnded(Exception):
    """The round has been closed, and nobody writes or votes in it; or it is forgotten, and nothing can be changed."""


class NoWords(Exception):
    """An idea needs words."""


@transaction.atomic
def open_round(
    *,
    school_class: SchoolClass,
    question: str,
    initiative: Initiative | None = None,
    challenge: Challenge | None = None,
    days: int = 1,
    teacher_writes: bool = False,
    allows_drawings: bool = True,
    form_token: UUID | None = None,
    by: User,
) -> IdeaRound:
    """A new round with a code of its own. The same form sent twice opens one. Raises NotAllowed and CannotOpen."""
    if not may_use_class(by, school_class) or school_class.archived_at:
        raise NotAllowed
    if form_token and (made := IdeaRound.objects.filter(form_token=form_token).first()):
        return made
    question = tidy(question, 300)
    if not question or (initiative and initiative.merged_into_id):
        raise CannotOpen
    ends_at = timezone.now() + timedelta(days=min(MOST_DAYS, max(1, days)))
    columns = {
        "school_class": school_class,
        "question": question,
        "initiative": initiative,
        "challenge": None if initiative else challenge,
        "teacher_writes": teacher_writes,
        "allows_drawings": allows_drawings,
        "code_ends_at": ends_at,
        "forget_at": ends_at + KEPT_AFTER,
        "opened_by": by,
        "form_token": form_token,
    }
    round = _with_free_code(columns)
    facts.count("idea round", school_class=school_class, initiative=round.initiative_id)
    audit.record(by, "opened idea round", round)
    return round


def _with_free_code(columns: dict[str, Any]) -> IdeaRound:
    for _try in range(20):
        try:
            with transaction.atomic():
                return IdeaRound.objects.create(code=new_code(), **columns)
        except IntegrityError:
            made = IdeaRound.objects.filter(form_token=columns["form_token"], form_token__isnull=False).first()
            if made:
                return made
    raise CannotOpen


@transaction.atomic
def set_mode(round: IdeaRound, mode: str, *, by: User) -> IdeaRound:
    """Let the class write, build or vote. Raises NotAllowed and RoundEnded."""
    round = _locked_open(round, by)
    mode = IdeaRound.Mode(mode)
    if mode == IdeaRound.Mode.CLOSED:
        return end_round(round, by)
    if round.mode != mode:
        round.mode = mode
        round.version += 1
        round.shown_version += 1
        round.save(update_fields=["mode", "version", "shown_version"])
    return round


@transaction.atomic
def close_round(round: IdeaRound, *, by: User) -> IdeaRound:
    """End the round: its code is free again and every phone forgotten. Closed twice it is closed once."""
    row = _row(round, by)
    return row if row.closed_at else end_round(row, by)


def end_round(round: IdeaRound, by: User | str) -> IdeaRound:
    """End a round whose row is locked."""
    now = timezone.now()
    round.mode, round.closed_at, round.code = IdeaRound.Mode.CLOSED, now, None
    round.version += 1
    round.shown_version += 1
    round.forget_at = min(round.forget_at, now + KEPT_AFTER)
    round.save(update_fields=["mode", "closed_at", "code", "version", "shown_version", "forget_at"])
    # The cookies are worth nothing from now on. Votes stay as sums.
    Idea.objects.filter(round=round).update(phone=None)
    Phone.objects.filter(round=round).delete()
    facts.count(
        "ideas",
        school_class=round.school_class,
        initiative=round.initiative_id,
        amount=round.ideas.filter(state=Idea.State.APPROVED).count(),
    )
    audit.record(by, "closed idea round", round)
    return round


@transaction.atomic
def write_for_class(round: IdeaRound, text: str, *, sent_key: UUID, by: User) -> Idea:
    """What the class says and its teacher writes: seen at once. Sent twice with one `sent_key` it is one.

    Raises NotAllowed, RoundEnded and NoWords.
    """
    row = _locked_open(round, by)
    if made := Idea.objects.filter(round=row, sent_key=sent_key).first():
        return made
    words = tidy(text, LONGEST_IDEA)
    if not words:
        raise NoWords
    idea = Idea.objects.create(
        round=row, text=words, state=Idea.State.APPROVED, sent_key=sent_key, decided_at=timezone.now()
    )
    IdeaRound.objects.filter(pk=row.pk).update(ideas_written=F("ideas_written") + 1)
    _grow(row)
    return idea


@transaction.atomic
def approve(idea: Idea, *, by: User) -> Idea:
    """Let the class see it. Raises NotAllowed and RoundEnded."""
    return _decide(idea, Idea.State.APPROVED, by=by)


@transaction.atomic
def hide(idea: Idea, *, by: User) -> Idea:
    """Keep it from being seen, or take it out of sight. Raises NotAllowed and RoundEnded."""
    return _decide(idea, Idea.State.HIDDEN, by=by)


@transaction.atomic
def hide_all_from_phone(idea: Idea, *, by: User) -> int:
    """Hide whatever waits from the phone that handed this in: somebody sends nonsense. Each can be undone.

    Returns how many. After the end nobody knows any more which came from one phone, and nothing is hidden.
    Raises NotAllowed and RoundEnded.
    """
    round = _locked(idea.round, by)
    phone = Idea.objects.values_list("phone", flat=True).get(pk=idea.pk)
    waiting = Idea.objects.select_for_update().filter(round=round, phone=phone, state=Idea.State.WAITING)
    rows = list(waiting) if phone else []
    for row in rows:
        row.before = _remembered(row)
        row.state, row.decided_at = Idea.State.HIDDEN, timezone.now()
    Idea.objects.bulk_update(rows, ["before", "state", "decided_at"])
    if rows:
        _grow(round)
    return len(rows)


@transaction.atomic
def edit(idea: Idea, text: str, *, by: User) -> Idea:
    """Change the words, a name taken out for instance. Words that are taken away altogether: see `hide`.

    Raises NotAllowed, RoundEnded and NoWords.
    """
    round = _locked(idea.round, by)
    idea = Idea.objects.select_for_update().get(pk=idea.pk)
    text = tidy(text, LONGEST_IDEA)
    if not text and not idea.drawing_points:
        raise NoWords
    if text != idea.text:
        idea.before = _remembered(idea)
        idea.text, idea.warnings, idea.decided_at = text, [], timezone.now()
        idea.save(update_fields=["before", "text", "warnings", "decided_at"])
        _grow(round)
    return idea


@transaction.atomic
def merge(idea: Idea, into: Idea, *, by: User) -> Idea:
    """Let two that say the same be one; its votes go to the other, once per phone. Raises NotAllowed, RoundEnded."""
    round = _locked(into.round, by)
    rows = {row.pk: row for row in Idea.objects.select_for_update().filter(pk__in=[idea.pk, into.pk], round=round)}
    if len(rows) != 2 or rows[into.pk].state == Idea.State.MERGED:
        return rows.get(idea.pk, idea)
    own, other = rows[idea.pk], rows[into.pk]
    if own.state == Idea.State.MERGED:
        return own
    own.before = _remembered(own)
    voted = Vote.objects.filter(idea=other).values_list("phone_id", flat=True)
    # Whoever voted for both gets a vote back.
    Vote.objects.filter(idea=own, phone__in=list(voted)).delete()
    moved = list(Vote.objects.filter(idea=own).values_list("phone_id", flat=True))
    own.before["moved_votes"] = moved
    Vote.objects.filter(idea=own).update(idea=other)
    Idea.objects.filter(pk=other.pk).update(votes=F("votes") + len(moved))
    own.state, own.merged_into, own.decided_at = Idea.State.MERGED, other, timezone.now()
    own.save(update_fields=["before", "state", "merged_into", "decided_at"])
    _grow(round)
    return own


@transaction.atomic
def undo(idea: Idea, *, by: User) -> Idea:
    """Take back the last thing that was done to it. Raises NotAllowed and RoundEnded."""
    round = _locked(idea.round, by)
    idea = Idea.objects.select_for_update().get(pk=idea.pk)
    before = idea.before
    if not before:
        return idea
    if idea.state == Idea.State.MERGED and idea.merged_into_id:
        _part(idea, idea.merged_into_id, before.get("moved_votes", []), is_closed=bool(round.closed_at))
    idea.text, idea.state, idea.warnings = before["text"], before["state"], before["warnings"]
    idea.merged_into, idea.before = None, {}
    idea.save(update_fields=["text", "state", "warnings", "merged_into", "before"])
    if idea.state != Idea.State.APPROVED:
        _give_votes_back(idea, round)
    _grow(round)
    return idea


def _part(idea: Idea, other: int, moved: list[int], *, is_closed: bool) -> None:
    """Give votes back to an idea that was merged: those that are still there, or after the end as many as came."""
    if is_closed:
        left = max(0, Idea.objects.values_list("votes", flat=True).get(pk=other) - len(moved))
        Idea.objects.filter(pk=other).update(votes=left)
        return
    back = Vote.objects.filter(idea=other, phone__in=moved).update(idea=idea)
    Idea.objects.filter(pk=other).update(votes=F("votes") - back)
    idea.votes = Vote.objects.filter(idea=idea).count()
    idea.save(update_fields=["votes"])


def _give_votes_back(idea: Idea, round: IdeaRound) -> None:
    """Nobody's votes lie on what nobody sees. After the end there are only sums, which stay."""
    if round.closed_at is None:
        Vote.objects.filter(idea=idea).delete()
        Idea.objects.filter(pk=idea.pk).update(votes=0)


def _decide(idea: Idea, state: Idea.State, *, by: User) -> Idea:
    round = _locked(idea.round, by)
    idea = Idea.objects.select_for_update().get(pk=idea.pk)
    if idea.state not in (state, Idea.State.MERGED):
        idea.before = _remembered(idea)
        idea.state, idea.decided_at = state, timezone.now()
        idea.save(update_fields=["before", "state", "decided_at"])
        if state != Idea.State.APPROVED:
            _give_votes_back(idea, round)
        _grow(round)
    return idea


def _remembered(idea: Idea) -> dict[str, object]:
    return {"text": idea.text, "state": idea.state, "warnings": idea.warnings}


def _grow(round: IdeaRound) -> None:
    IdeaRound.objects.filter(pk=round.pk).update(version=F("version") + 1, shown_version=F("shown_version") + 1)


def _row(round: IdeaRound, by: User) -> IdeaRound:
    """The round's row, locked before anything else in it is: everybody takes locks in that order."""
    row = (
        IdeaRound.objects.select_for_update(of=("self",)).select_related("school_class__school_unit").get(pk=round.pk)
    )
    if not may_lead(by, row):
        raise NotAllowed
    return row


def _locked(round: IdeaRound, by: User) -> IdeaRound:
    row = _row(round, by)
    if row.forgotten_at:
        raise RoundEnded
    return row


def _locked_open(round: IdeaRound, by: User) -> IdeaRound:
    row = _row(round, by)
    if not row.is_open:
        raise RoundEnded
    return row
