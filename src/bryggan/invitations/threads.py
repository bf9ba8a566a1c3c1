"""Messages between a class and its host about a visit: text only, read by all of the class's teachers and all who
coordinate the host, and by nobody else. They go some months after the visit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts import letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import LetterKind, Notice, User
from bryggan.accounts.permissions import may_use_class
from bryggan.common import audit, rate_limits
from bryggan.initiatives.owners import hosts_of, people_of
from bryggan.invitations.answering import HAS_SAID_YES
from bryggan.invitations.models import Invitation, VisitMessage

LONGEST = 4000
MOST_AN_HOUR = 30
# After the visit, or after the time to answer when there was none.
KEPT = timedelta(days=180)
_CHUNK = 500


class Empty(Exception):
    """Nothing is written."""


class NotOpen(Exception):
    """The host writes first to a class that has said yes, or has written itself."""


class TooMany(Exception):
    """She has written very much in an hour."""


def may_read(user: User, invitation: Invitation) -> bool:
    """The class's own teachers, and those who coordinate the host. Not editors: it is a conversation of two."""
    return may_use_class(user, invitation.school_class) or is_host(user, invitation)


def is_host(user: User, invitation: Invitation) -> bool:
    return user.is_active and invitation.round.host in hosts_of(user)


def host_may_write(invitation: Invitation) -> bool:
    """A class that has not answered is written to in the invitation, and not beside it."""
    return invitation.state in HAS_SAID_YES or invitation.messages.filter(is_from_host=False).exists()


@transaction.atomic
def write(invitation: Invitation, text: str, *, is_from_host: bool, form_token: UUID, by: User) -> VisitMessage:
    """Write to the other side, which gets one letter each. The same form sent twice is one message.

    Raises NotAllowed, Empty, NotOpen and TooMany.
    """
    if is_from_host:
        if not is_host(by, invitation):
            raise NotAllowed
    elif not may_use_class(by, invitation.school_class):
        raise NotAllowed
    written = VisitMessage.objects.filter(form_token=form_token, invitation=invitation, by=by).first()
    if written:
        return written
    text = text.replace("\r\n", "\n").strip()[:LONGEST]
    if not text:
        raise Empty
    if is_from_host and not host_may_write(invitation):
        raise NotOpen
    if not rate_limits.allowed(f"messages by {by.pk}", limit=MOST_AN_HOUR, per=timedelta(hours=1)):
        raise TooMany
    try:
        with transaction.atomic():
            message = VisitMessage.objects.create(
                invitation=invitation, is_from_host=is_from_host, text=text, by=by, form_token=form_token
            )
    except IntegrityError:
        # The same form by two clicks at once; or somebody else's token, which is no form of ours.
        written = VisitMessage.objects.filter(form_token=form_token, invitation=invitation, by=by).first()
        if written is None:
            raise NotAllowed from None
        return written
    _read(invitation, is_from_host=is_from_host, at=message.at)
    audit.record(by, "wrote about visit", message, invitation=invitation.pk, is_from_host=is_from_host)
    _tell_other_side(message)
    return message


@transaction.atomic
def mark_read(invitation: Invitation, *, by: User) -> None:
    """Let what the other side has written be read, for everybody on one's own side. Raises NotAllowed."""
    if may_use_class(by, invitation.school_class):
        _read(invitation, is_from_host=False, at=timezone.now())
    elif is_host(by, invitation):
        _read(invitation, is_from_host=True, at=timezone.now())
    else:
        raise NotAllowed


def unread_by_class(invitations: Iterable[Invitation]) -> set[int]:
    """Which of the invitations have something new from their host. One statement."""
    return _unread(invitations, is_from_host=True)


def unread_by_host(invitations: Iterable[Invitation]) -> set[int]:
    """Which of the invitations have something new from their class. One statement."""
    return _unread(invitations, is_from_host=False)


def is_new(message: VisitMessage, *, for_host: bool) -> bool:
    """True for what the other side has written since somebody here last read."""
    invitation = message.invitation
    read_at = invitation.host_read_at if for_host else invitation.class_read_at
    return message.is_from_host != for_host and message.at > (read_at or invitation.invited_at)


def of(invitation: Invitation) -> list[VisitMessage]:
    """The conversation in order. One statement."""
    thread = list(invitation.messages.select_related("by"))
    for message in thread:
        message.invitation = invitation
    return thread


def writer_text(message: VisitMessage) -> str:
    """Who wrote, as both sides read it. A teacher's name is told once the class has said yes (PRODUCT rule 8)."""
    invitation = message.invitation
    if message.is_from_host:
        return f"{message.by}, {invitation.round.host}" if message.by else str(invitation.round.host)
    label = invitation.school_class.label
    if message.by is None or invitation.answered_by_id is None or invitation.state not in HAS_SAID_YES:
        return _("Lärare i %(label)s") % {"label": label}
    return f"{message.by}, {label}"


def forget_old() -> int:
    """Delete messages of visits that were long ago, and the notices that repeat them. A worker's chore."""
    before = timezone.now() - KEPT
    old = VisitMessage.objects.annotate(over=Coalesce("invitation__booking__ends_at", "invitation__round__answer_by"))
    keys = list(old.filter(over__lt=before, at__lt=before).order_by("pk").values_list("pk", flat=True)[:_CHUNK])
    if not keys:
        return 0
    Notice.objects.filter(kind=LetterKind.MESSAGE, cause__in=[f"message {pk}" for pk in keys]).delete()
    return VisitMessage.objects.filter(pk__in=keys).delete()[0]


def _unread(invitations: Iterable[Invitation], *, is_from_host: bool) -> set[int]:
    rows = VisitMessage.objects.filter(invitation__in=[one.pk for one in invitations], is_from_host=is_from_host)
    seen = Coalesce(
        "invitation__class_read_at" if is_from_host else "invitation__host_read_at", "invitation__invited_at"
    )
    return set(rows.annotate(seen=seen).filter(at__gt=F("seen")).values_list("invitation_id", flat=True))


def _read(invitation: Invitation, *, is_from_host: bool, at: datetime) -> None:
    column = "host_read_at" if is_from_host else "class_read_at"
    Invitation.objects.filter(pk=invitation.pk).update(**{column: at})
    setattr(invitation, column, at)


def _tell_other_side(message: VisitMessage) -> None:
    invitation = message.invitation
    host = invitation.round.host
    if message.is_from_host:
        people = list(invitation.school_class.teachers.all())
        address = invitation.get_absolute_url()
    else:
        people = people_of(host) if host else []
        address = reverse("host_invitation", args=[invitation.pk])
    letter = Letter(
        subject=_("Meddelande om %(title)s") % {"title": invitation.round.title},
        paragraphs=[part for part in message.text.split("\n\n") if part.strip()],
        facts=[
            (_("Från"), writer_text(message)),
            (_("Klass"), f"{invitation.school_class.label}, {invitation.school_class.school_unit.name}"),
        ],
        address=f"{address}#meddelanden",
        button=_("Läs och svara"),
    )
    letters.tell(people, letter, kind=LetterKind.MESSAGE, cause=f"message {message.pk}")
