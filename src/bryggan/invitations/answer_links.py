"""The address in an invitation's letter: whose it is and for which class, signed, with nothing stored.

Opening it shows a page with buttons and changes nothing, since mail scanners open every link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.urls import reverse

from bryggan.accounts.models import User
from bryggan.invitations.models import Invitation

_SALT = "answer invitation"
# Longer than from any invitation to its visit; after that the way in is to sign in.
LIVES = timedelta(days=270)


class LinkHasExpired(Exception):
    """The link was ours, a long time ago."""


@dataclass(frozen=True)
class AnswerLink:
    """An invitation, and the teacher whose letter the link stood in."""

    invitation: Invitation
    teacher: User


def answer_path(invitation: Invitation, teacher: User) -> str:
    """The path of the answer page for this teacher's letter."""
    return reverse("answer_by_link", args=[signing.dumps([invitation.pk, teacher.pk], salt=_SALT)])


def opened_by(token: str) -> AnswerLink | None:
    """What a link is for; None for one that is not ours, or whose teacher no longer teaches the class.

    Raises LinkHasExpired.
    """
    try:
        invitation_pk, teacher_pk = signing.loads(token, salt=_SALT, max_age=LIVES)
    except signing.SignatureExpired as error:
        raise LinkHasExpired from error
    except (signing.BadSignature, ValueError, TypeError):
        return None
    rows = Invitation.objects.select_related(
        "round__department", "round__company", "round__session", "school_class__school_unit", "booking__occasion"
    )
    invitation = rows.filter(pk=invitation_pk).first()
    teacher = User.objects.filter(pk=teacher_pk, is_active=True, is_teacher=True).first()
    if invitation is None or teacher is None:
        return None
    if not invitation.school_class.teachers.filter(pk=teacher.pk).exists():
        return None
    return AnswerLink(invitation, teacher)
