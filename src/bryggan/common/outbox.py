"""Mail: a row written beside its cause, sent afterwards by the worker.

A mail is never lost: it stays waiting until a server has taken it. After a crash between the server's
yes and our note of it, it is sent once more with the same Message-ID.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from bryggan.common.models import OutgoingMail

log = logging.getLogger(__name__)

# A worker that took a mail and died gives it back after this long.
LEASE = timedelta(minutes=5)
# Waits between tries, in minutes; after the last the mail is given up and shown to administrators.
WAITS = (1, 5, 15, 60, 180, 360, 720, 1440)


def queue(*, to: str, kind: str, subject: str, text: str, html: str = "", cause: str = "") -> OutgoingMail | None:
    """Write a mail to be sent after this transaction commits. None when this person had one for this cause."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    mail = OutgoingMail(
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        to=to,
        kind=kind,
        cause=cause,
        subject=" ".join(subject.split())[:200],
        text=text,
        html=html,
    )
    if not cause:
        mail.save()
        return mail
    try:
        with transaction.atomic():
            mail.save()
    except IntegrityError:
        return None
    return mail


def send_waiting(limit: int = 100) -> int:
    """Send the mails that are due, over one connection. Returns how many the server took.

    They are taken in one statement, and each is noted as soon as the server has it: whoever dies in between repeats
    one mail. Sign-in codes pass a round of thousands.
    """
    began = timezone.now()
    mine = _take(began, limit)
    if not mine:
        return 0
    server = get_connection()
    try:
        server.open()
    except Exception as error:  # noqa: BLE001 - whatever the mail server's trouble, the rows keep it and wait.
        # Asked once and not once for each: a server that does not answer takes its time about it.
        _postpone(mine, error)
        return 0
    sent = 0
    try:
        for number, mail in enumerate(mine):
            if timezone.now() - began > LEASE / 2:
                # So slow that the rest would be another worker's before we came to it.
                _give_back(mine[number:])
                break
            sent += _send(mail, server)
    finally:
        with contextlib.suppress(Exception):
            server.close()
    return sent


def message_of(mail: OutgoingMail, server: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """The mail as it is sent."""
    headers = {"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"}
    if mail.stop_address:
        # A button of the mail program's own (RFC 8058).
        headers["List-Unsubscribe"] = f"<{mail.stop_address}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        settings.DEFAULT_FROM_EMAIL,
        [mail.to],
        headers=headers,
        connection=server,
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _take(now: datetime, limit: int) -> list[OutgoingMail]:
    """Mails that are due, leased to us: of two workers, the one that locks a row has it."""
    waiting = OutgoingMail.objects.filter(sent_at=None, given_up_at=None, next_try_at__lte=now)
    if not waiting.exists():
        # Asked without writing: an idle worker asks often, and a writer stands in others' way.
        return []
    urgent = Case(When(kind__in=URGENT_KINDS, then=Value(0)), default=Value(1))
    rows = waiting.order_by(urgent, "created_at", "pk")
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        mine = list(rows[:limit])
        taken = OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mine])
        taken.update(next_try_at=now + LEASE, tries=F("tries") + 1)
    for mail in mine:
        mail.tries += 1
    return mine


def _give_back(mails: Sequence[OutgoingMail]) -> None:
    rows = OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails])
    rows.update(next_try_at=timezone.now(), tries=F("tries") - 1)


def _send(mail: OutgoingMail, server: BaseEmailBackend) -> bool:
    try:
        message_of(mail, server).send()
    except Exception as error:  # noqa: BLE001 - whatever the mail server's trouble, the row keeps it and waits.
        _postpone([mail], error)
        # A connection that is broken, or in the middle of something, is not used for the next.
        with contextlib.suppress(Exception):
            server.close()
        with contextlib.suppress(Exception):
            server.open()
        return False
    forgotten = {"subject": "", "text": "", "html": ""} if mail.kind in FORGOTTEN_KINDS else {}
    OutgoingMail.objects.filter(pk=mail.pk).update(sent_at=timezone.now(), error="", **forgotten)
    return True


def _postpone(mails: Sequence[OutgoingMail], error: Exception) -> None:
    now = timezone.now()
    for mail in mails:
        mail.error = f"{type(error).__name__}: {error}"[:500]
        if mail.tries > len(WAITS):
            mail.given_up_at = now
        else:
            mail.next_try_at = now + timedelta(minutes=WAITS[mail.tries - 1])
    with transaction.atomic():
        OutgoingMail.objects.bulk_update(mails, ["error", "given_up_at", "next_try_at"], batch_size=100)
    log.warning("%d mails to be sent again, from %s on: %s", len(mails), mails[0].pk, mails[0].error)


# Kinds whose text opens a door: it is not kept once the mail has left.
FORGOTTEN_KINDS = frozenset({"sign-in code", "saved searches"})
# Somebody sits and waits for it.
URGENT_KINDS = frozenset({"sign-in code"})
