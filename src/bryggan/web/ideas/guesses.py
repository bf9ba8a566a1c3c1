"""How many codes that open nothing come from one address, and how a class gets in all the same.

Only codes that open nothing are counted: a whole school behind one address may mistype often, and a phone that has
joined is never kept out. At this pace one of twenty open rounds is guessed after a hundred days. Should somebody guess
until the limit, new phones behind the same address are let into the rounds whose teacher has her page open behind it
too. Whoever is on the school's network may guess those, and could as well look at the board.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from bryggan.common import rate_limits
from bryggan.ideas.models import IdeaRound
from bryggan.web.accounts.guards import client_address

MOST_GUESSES = 1000
GUESSES_PER = timedelta(hours=1)
LED_PER = timedelta(days=1)


def counted(request: HttpRequest) -> bool:
    """Count one guess; False when there have been too many."""
    return rate_limits.allowed(_guesses(request), limit=MOST_GUESSES, per=GUESSES_PER)


def too_many(request: HttpRequest) -> bool:
    """True when nobody new is let in from the address by a code alone. Counts nothing."""
    return rate_limits.is_used_up(_guesses(request), limit=MOST_GUESSES, per=GUESSES_PER)


def teacher_is_here(request: HttpRequest, round: IdeaRound) -> None:
    """Remember for the day that the round is led from this address. One statement when that is known already."""
    if round.code and not is_led_from_here(request, round):
        rate_limits.allowed(_led(request, round), limit=1, per=LED_PER)


def is_led_from_here(request: HttpRequest, round: IdeaRound) -> bool:
    return rate_limits.is_used_up(_led(request, round), limit=1, per=LED_PER)


def _guesses(request: HttpRequest) -> str:
    return f"guessed class codes from {_client(request)}"


def _led(request: HttpRequest, round: IdeaRound) -> str:
    return f"round {round.pk} is led from {_client(request)}"


def _client(request: HttpRequest) -> str:
    # Counts are kept for days, and hold no address.
    return salted_hmac("bryggan.rate", client_address(request), algorithm="sha256").hexdigest()[:40]
