"""What phones see of a round, put together of pieces that are rendered once for each version of it.

A class of thirty-five fetches the same ideas the moment the teacher has approved one more. What differs between its
phones, their own waiting ideas or which they have voted for, is asked for each time; the rest is kept in the process,
and goes when the round has another version or newer rounds need the room.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from bryggan.ideas import taking_part
from bryggan.ideas.models import Idea, IdeaRound
from bryggan.ideas.taking_part import Seen

MOST_ROUNDS = 100
# Where in the region the phone's own part goes. No text of anybody's can hold it: theirs is escaped.
_OWN = "<!-- own -->"


@dataclass
class _Pieces:
    """`frames`: before and after the phone's own part, by votes left. `rows`: an idea to vote on, by its state."""

    round: IdeaRound
    version: tuple[object, ...]
    ideas: tuple[Idea, ...]
    frames: dict[int, tuple[str, str]] = field(default_factory=dict)
    rows: dict[tuple[int, str], str] = field(default_factory=dict)


_kept: OrderedDict[int, _Pieces] = OrderedDict()
_lock = threading.Lock()


def live(round: IdeaRound, key: str, tag: str) -> SafeString:
    """The region that changes, for the phone with this key. One statement, two when the version is new here."""
    pieces = _pieces_of(round)
    seen = taking_part.own_in(round, key, pieces.ideas)
    before, after = _frame(pieces, seen, tag)
    if round.mode == IdeaRound.Mode.VOTE:
        own = "".join(_row(pieces, seen, idea) for idea in seen.ideas)
    else:
        own = _waiting(seen) if seen.waiting else ""
    return mark_safe(before + own + after)


def round_kept(number: int, shown_version: int, code: str) -> IdeaRound | None:
    """The round as phones see it, when this process has that version of it already."""
    with _lock:
        kept = _kept.get(number)
    if kept and (kept.round.shown_version, kept.round.code) == (shown_version, code):
        return kept.round
    return None


def _pieces_of(round: IdeaRound) -> _Pieces:
    # The code too: a number comes again when a database is restored or made anew.
    version = (round.shown_version, round.mode, round.code, round.opened_at)
    with _lock:
        kept = _kept.get(round.pk)
        if kept and kept.version == version:
            _kept.move_to_end(round.pk)
            return kept
    made = _Pieces(round, version, taking_part.approved_in(round))
    with _lock:
        _kept[round.pk] = made
        while len(_kept) > MOST_ROUNDS:
            _kept.popitem(last=False)
    return made


def _frame(pieces: _Pieces, seen: Seen, tag: str) -> tuple[str, str]:
    if seen.votes_left not in pieces.frames:
        context = {"round": seen.round, "code": seen.round.code, "seen": seen, "tag": tag}
        before, _mark, after = render_to_string("ideas/_phone_live.html", context).partition(_OWN)
        pieces.frames[seen.votes_left] = (before, after)
    return pieces.frames[seen.votes_left]


def _row(pieces: _Pieces, seen: Seen, idea: Idea) -> str:
    state = "voted" if idea.pk in seen.voted else "open" if seen.votes_left else "full"
    if (idea.pk, state) not in pieces.rows:
        context = {"idea": idea, "code": seen.round.code, "state": state}
        pieces.rows[idea.pk, state] = render_to_string("ideas/_phone_vote.html", context)
    return pieces.rows[idea.pk, state]


def _waiting(seen: Seen) -> str:
    return render_to_string("ideas/_phone_waiting.html", {"seen": seen, "code": seen.round.code})
