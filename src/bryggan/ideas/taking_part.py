"""What a phone does in a round: join, write, vote. And what it sees.

A phone is a random number in a cookie; here only its hash is known. Nothing here asks who anybody is.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from bryggan.ideas import drawing
from bryggan.ideas.leading import LONGEST_IDEA
from bryggan.ideas.models import Idea, IdeaRound, Phone, Vote
from bryggan.ideas.moderation import tidy, warnings_of

MOST_IDEAS = 20
# A class of 35 and some spare; more phones than that are somebody's joke.
MOST_PHONES = 120


class RoundIsOver(Exception):
    """The round has ended, or its code has; what was written stays on the phone."""


class NotNow(Exception):
    """The round is in another mode: nobody writes while the class votes, and the other way round."""


class TooMany(Exception):
    """The phone has sent as many ideas, or the round has as many phones, as it may."""


class Empty(Exception):
    """Neither words nor lines."""


@dataclass(frozen=True)
class Seen:
    """What a phone or the projector shows. `mine` are the phone's own, waiting ones too; `voted` ids of ideas."""

    round: IdeaRound
    ideas: tuple[Idea, ...]
    mine: tuple[Idea, ...]
    voted: frozenset[int]
    votes_left: int


def round_by_code(code: str) -> IdeaRound | None:
    """The open round with this code."""
    rows = IdeaRound.objects.select_related("initiative", "challenge", "school_class")
    round = rows.filter(code=code).first()
    return round if round and round.is_open else None


def new_key() -> str:
    """A phone's random number, for its cookie."""
    return secrets.token_urlsafe(16)


@transaction.atomic
def join(round: IdeaRound, key: str) -> Phone:
    """The phone with this key in the round, made if it is new. Raises TooMany."""
    phone = known_phone(round, key)
    if phone:
        return phone
    if Phone.objects.filter(round=round).count() >= MOST_PHONES:
        raise TooMany
    try:
        with transaction.atomic():
            phone = Phone.objects.create(round=round, key_hash=_hash(key))
    except IntegrityError:
        return Phone.objects.get(round=round, key_hash=_hash(key))
    IdeaRound.objects.filter(pk=round.pk).update(phones=F("phones") + 1)
    return phone


def known_phone(round: IdeaRound, key: str) -> Phone | None:
    return Phone.objects.filter(round=round, key_hash=_hash(key)).first()


@transaction.atomic
def write(
    phone: Phone | None,
    round: IdeaRound,
    *,
    text: str,
    strokes: object = (),
    sent_key: UUID,
    builds_on: int | None = None,
) -> Idea:
    """Hand in an idea, for the teacher to look at. Sent twice with one `sent_key` it is one.

    Without a phone it is the teacher who writes for the class, and what she writes is approved. Raises RoundIsOver,
    NotNow, TooMany, Empty and NotADrawing.
    """
    row = _open(round)
    if made := Idea.objects.filter(round=row, sent_key=sent_key).first():
        return made
    if row.mode == IdeaRound.Mode.VOTE:
        raise NotNow
    words = tidy(text, LONGEST_IDEA)
    lines = drawing.read_strokes(list(strokes) if isinstance(strokes, tuple) else strokes)
    if not row.allows_drawings:
        lines = []
    if not words and not lines:
        raise Empty
    if phone and Idea.objects.filter(phone=phone).count() >= MOST_IDEAS:
        raise TooMany
    base = None
    if builds_on and row.mode == IdeaRound.Mode.BUILD:
        base = Idea.objects.filter(round=row, pk=builds_on, state=Idea.State.APPROVED).first()
    state = Idea.State.WAITING if phone else Idea.State.APPROVED
    try:
        with transaction.atomic():
            idea = Idea.objects.create(
                round=row,
                phone=phone,
                text=words,
                drawing=lines,
                state=state,
                warnings=warnings_of(words, settings.ROUGH_WORDS),
                builds_on=base,
                sent_key=sent_key,
            )
    except IntegrityError:
        return Idea.objects.get(round=row, sent_key=sent_key)
    IdeaRound.objects.filter(pk=row.pk).update(ideas_written=F("ideas_written") + 1, version=F("version") + 1)
    return idea


@transaction.atomic
def vote(phone: Phone, idea_pk: int, *, wants: bool) -> Seen:
    """Give an approved idea a vote, or take it back; twice is once. Raises RoundIsOver, NotNow, TooMany."""
    row = _open(phone.round)
    if row.mode != IdeaRound.Mode.VOTE:
        raise NotNow
    # The phone's row is the lock: two presses at once on one phone count one after the other.
    Phone.objects.select_for_update().get(pk=phone.pk)
    idea = Idea.objects.filter(round=row, pk=idea_pk, state=Idea.State.APPROVED).first()
    if idea is None:
        return seen_by(phone, row)
    has = Vote.objects.filter(phone=phone, idea=idea).exists()
    if wants and not has:
        if Vote.objects.filter(phone=phone).count() >= row.votes_each:
            raise TooMany
        Vote.objects.create(phone=phone, idea=idea)
        _voted(row, idea, 1)
    elif has and not wants:
        Vote.objects.filter(phone=phone, idea=idea).delete()
        _voted(row, idea, -1)
    return seen_by(phone, row)


def seen_by(phone: Phone | None, round: IdeaRound) -> Seen:
    """What the phone shows now; without a phone, what the projector shows."""
    approved = Idea.objects.filter(round=round, state=Idea.State.APPROVED)
    by_votes = round.mode in (IdeaRound.Mode.VOTE, IdeaRound.Mode.CLOSED)
    ideas = tuple(approved.order_by("-votes", "written_at", "pk") if by_votes else approved)
    if phone is None:
        return Seen(round, ideas, (), frozenset(), 0)
    mine = tuple(Idea.objects.filter(round=round, phone=phone))
    voted = frozenset(Vote.objects.filter(phone=phone).values_list("idea_id", flat=True))
    return Seen(round, ideas, mine, voted, max(0, round.votes_each - len(voted)))


def _voted(round: IdeaRound, idea: Idea, by: int) -> None:
    Idea.objects.filter(pk=idea.pk).update(votes=F("votes") + by)
    IdeaRound.objects.filter(pk=round.pk).update(votes_cast=F("votes_cast") + by, version=F("version") + 1)


def _open(round: IdeaRound) -> IdeaRound:
    """The round as it is now. Not locked: thirty phones that write at once do not wait for each other."""
    row = IdeaRound.objects.get(pk=round.pk)
    if not row.is_open or timezone.now() >= row.code_ends_at:
        raise RoundIsOver
    return row


def _hash(key: str) -> str:
    return hashlib.sha256(f"phone:{key}".encode()).hexdigest()
