"""The only thing that a phone keeps of us: one signed number for one round, gone when the round ends.

The cookie belongs to the round's own address. Another round on the same phone has another cookie with another number,
so nobody can tell that the two were the same phone.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from bryggan.ideas.models import IdeaRound
from bryggan.ideas.taking_part import new_key

NAME = "idea"
_SALT = "phone in a round of ideas"


@dataclass(frozen=True)
class Ticket:
    """Which round a phone takes part in, and its number there."""

    round: int
    key: str


def ticket_of(request: HttpRequest) -> Ticket | None:
    """The phone's ticket; None for no cookie, or one that we have not made."""
    try:
        number, key = signing.loads(request.COOKIES.get(NAME, ""), salt=_SALT)
        return Ticket(int(number), str(key))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def give_ticket(answer: HttpResponse, round: IdeaRound, code: str) -> None:
    """A new number for the phone, for as long as the code lives."""
    value = signing.dumps([round.pk, new_key()], salt=_SALT)
    seconds = max(1, int((round.code_ends_at - timezone.now()).total_seconds()))
    answer.set_cookie(
        NAME,
        value,
        max_age=seconds,
        path=_path(code),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def take_ticket(answer: HttpResponse, code: str) -> None:
    answer.delete_cookie(NAME, path=_path(code), samesite="Lax")


def _path(code: str) -> str:
    return reverse("idea_phone", args=[code])
