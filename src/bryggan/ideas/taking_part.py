"""What a phone does in a round: write and vote. And what it sees.

A phone is a random number in a cookie; here only its hash is known. Nothing here asks who anybody is.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from bryggan.ideas import drawing
from bryggan.ideas.leading import LONGEST_IDEA
from bryggan.ideas.models import Idea, IdeaRound, Phone, Vote
from bryggan.ideas.moderation import tidy, warnings_of

MOST_IDEAS = 20
# Several classes in a hall, and some spare; more phones than that are somebody's joke.
MOST_PHONES = 200


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
    """What a phone or the projector shows: `waiting` are the phone's own while the class writes, `voted` ids of ideas
    that it has voted for while the class votes."""

    round: IdeaRound
    ideas: tuple[Idea, ...]
    waiting: tuple[Idea, ...]
    voted: frozenset[int]
    votes_left: int


def round_by_code(code: str) -> IdeaRound | None:
    """The open round with this code. One statement, without what it is about: phones ask all the time."""
    round = IdeaRound.objects.filter(code=code).first()
    return round if round and round.is_open else None


def version_shown(code: str) -> tuple[int, int] | None:
    """Number of the open round with this code, and the version of what its phones see.

    Seven hundred phones ask for nothing else, most of the time: it is written in SQL, and costs a third of what the
    same costs through the models.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, shown_version FROM ideas_idearound"
            " WHERE code = %s AND closed_at IS NULL AND mode <> 'closed' AND code_ends_at > %s",
            [code, connection.ops.adapt_datetimefield_value(timezone.now())],
        )
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def new_key() -> str:
    """A phone's random number, for its cookie."""
    return secrets.token_urlsafe(16)


def write(
    round: IdeaRound,
    key: str,
    *,
    text: str,
    strokes: Sequence[drawing.Stroke] = (),
    sent_key: UUID,
    builds_on: int | None = None,
) -> Idea:
    """Hand in an idea from the phone with this key, for the teacher to look at. Sent twice with one `sent_key` it is
    one. The phone is known from its first idea or vote on.

    Raises RoundIsOver, NotNow, TooMany and Empty.
    """
    try:
        return _write(round, key, text, strokes, sent_key, builds_on)
    except (IntegrityError, NotNow, TooMany):
        # What a phone sends once more, because the answer was lost on the way, has come already.
        made = Idea.objects.filter(round=round, sent_key=sent_key).first()
        if made is None:
            raise
        return made


@transaction.atomic
def _write(
    round: IdeaRound,
    key: str,
    text: str,
    strokes: Sequence[drawing.Stroke],
    sent_key: UUID,
    builds_on: int | None,
) -> Idea:
    row = _open(round)
    if row.mode == IdeaRound.Mode.VOTE or row.teacher_writes:
        raise NotNow
    words = tidy(text, LONGEST_IDEA)
    lines = list(strokes) if row.allows_drawings else []
    if not words and not lines:
        raise Empty
    phone, is_new = _phone(row, key)
    if not is_new and Idea.objects.filter(phone=phone).count() >= MOST_IDEAS:
        raise TooMany
    idea = Idea.objects.create(
        round=row,
        phone=phone,
        text=words,
        drawing=lines,
        drawing_points=drawing.points_of(lines),
        warnings=warnings_of(words, settings.ROUGH_WORDS),
        builds_on=base_of(row, builds_on) if builds_on and row.mode == IdeaRound.Mode.BUILD else None,
        sent_key=sent_key,
    )
    _count(row, ideas_written=1, phones=int(is_new))
    return idea


@transaction.atomic
def vote(round: IdeaRound, key: str, idea_pk: int, *, wants: bool) -> None:
    """Give an approved idea a vote, or take it back; twice is once. Raises RoundIsOver, NotNow, TooMany."""
    row = _open(round)
    if row.mode != IdeaRound.Mode.VOTE:
        raise NotNow
    idea = Idea.objects.filter(round=row, pk=idea_pk, state=Idea.State.APPROVED).only("pk").first()
    if idea is None:
        return
    phone, is_new = _phone(row, key) if wants else (_known(row, key), False)
    if phone is None:
        return
    # The phone's row is the lock: two presses at once are counted one after the other, and a class's phones do not
    # wait for each other. The round's row comes before the idea's, as when the teacher decides.
    Phone.objects.select_for_update().filter(pk=phone.pk).values_list("pk").get()
    voted = set(Vote.objects.filter(phone=phone).values_list("idea_id", flat=True))
    if wants and idea.pk not in voted:
        if len(voted) >= row.votes_each:
            raise TooMany
        _count(row, IdeaRound.Mode.VOTE, votes_cast=1, phones=int(is_new))
        Vote.objects.create(phone=phone, idea=idea)
        Idea.objects.filter(pk=idea.pk).update(votes=F("votes") + 1)
    elif not wants and idea.pk in voted:
        _count(row, IdeaRound.Mode.VOTE, votes_cast=-1)
        Vote.objects.filter(phone=phone, idea=idea).delete()
        Idea.objects.filter(pk=idea.pk).update(votes=F("votes") - 1)


def seen_by(round: IdeaRound, key: str = "") -> Seen:
    """What the phone with this key shows now; without a key, what the projector shows. Two statements."""
    ideas = approved_in(round)
    return own_in(round, key, ideas) if key else Seen(round, ideas, (), frozenset(), 0)


def approved_in(round: IdeaRound) -> tuple[Idea, ...]:
    """What everybody sees, in order. One statement; drawings are left out, they are pictures of their own."""
    approved = Idea.objects.filter(round=round, state=Idea.State.APPROVED).defer("drawing", "before")
    # While the class votes nothing moves under anybody's finger.
    order = ("-votes", "written_at", "pk") if round.mode == IdeaRound.Mode.CLOSED else ("written_at", "pk")
    return tuple(approved.select_related("builds_on").order_by(*order))


def own_in(round: IdeaRound, key: str, ideas: tuple[Idea, ...]) -> Seen:
    """What everybody sees, and what is the phone's own: its ideas that wait, or its votes. One statement,
    two when something waits."""
    if round.mode != IdeaRound.Mode.VOTE:
        # Most phones have nothing that waits, most of the time.
        waits = _numbers(_WAITING, round, key)
        return Seen(round, ideas, _waiting(waits) if waits else (), frozenset(), round.votes_each)
    voted = frozenset(_numbers(_VOTED, round, key))
    return Seen(round, ideas, (), voted, max(0, round.votes_each - len(voted)))


# In SQL for the same reason as `version_shown`.
_WAITING = (
    "SELECT idea.id FROM ideas_idea idea JOIN ideas_phone phone ON phone.id = idea.phone_id"
    " WHERE phone.round_id = %s AND phone.key_hash = %s AND idea.state = 'waiting'"
)
_VOTED = (
    "SELECT vote.idea_id FROM ideas_vote vote JOIN ideas_phone phone ON phone.id = vote.phone_id"
    " WHERE phone.round_id = %s AND phone.key_hash = %s"
)


def _numbers(statement: str, round: IdeaRound, key: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [round.pk, _hash(key)])
        return [number for (number,) in cursor.fetchall()]


def _waiting(numbers: list[int]) -> tuple[Idea, ...]:
    own = Idea.objects.filter(pk__in=numbers).select_related("builds_on")
    return tuple(own.only("text", "drawing_points", "builds_on__text", "builds_on__state"))


def base_of(round: IdeaRound, idea_pk: int) -> Idea | None:
    """The approved idea that somebody wants to build on."""
    return Idea.objects.filter(round=round, pk=idea_pk, state=Idea.State.APPROVED).defer("drawing", "before").first()


def drawing_for(round: IdeaRound, key: str, idea_pk: int) -> Idea | None:
    """The idea, if the phone with this key may see its drawing: an approved one, or its own that waits."""
    may_see = Q(state=Idea.State.APPROVED) | Q(state=Idea.State.WAITING, phone__key_hash=_hash(key))
    return Idea.objects.filter(may_see, round=round, pk=idea_pk).first()


def _known(round: IdeaRound, key: str) -> Phone | None:
    return Phone.objects.filter(round=round, key_hash=_hash(key)).first()


def _phone(round: IdeaRound, key: str) -> tuple[Phone, bool]:
    """The phone with this key in the round, and whether it is new, which whoever asks then counts. Raises TooMany."""
    if phone := _known(round, key):
        return phone, False
    if round.phones >= MOST_PHONES:
        raise TooMany
    try:
        with transaction.atomic():
            return Phone.objects.create(round=round, key_hash=_hash(key)), True
    except IntegrityError:
        return Phone.objects.get(round=round, key_hash=_hash(key)), False


def _count(round: IdeaRound, mode: IdeaRound.Mode | None = None, **more: int) -> None:
    """Count up in the round's row, if it is open still, and in this mode: when it was closed or led on meanwhile, all
    of this is undone."""
    grown = {name: F(name) + number for name, number in more.items() if number}
    rows = IdeaRound.objects.filter(pk=round.pk, closed_at=None)
    if mode:
        rows = rows.filter(mode=mode)
    if rows.update(version=F("version") + 1, **grown):
        return
    if IdeaRound.objects.filter(pk=round.pk, closed_at=None).exists():
        raise NotNow
    raise RoundIsOver


def _open(round: IdeaRound) -> IdeaRound:
    """The round as it is now. Not locked until there is something to count: writers hardly wait for each other."""
    row = IdeaRound.objects.get(pk=round.pk)
    if not row.is_open:
        raise RoundIsOver
    return row


def _hash(key: str) -> str:
    return hashlib.sha256(f"phone:{key}".encode()).hexdigest()
