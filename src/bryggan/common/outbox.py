"""Mail: a row written beside its cause, sent afterwards by the worker.

A mail is never lost: it stays waiting until a server has taken it. After a crash between the server's
yes and our note of it, it is sent once more with the same Message-ID.
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction
from django.db.models import F
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
    """Send the mails that are due, over one connection. Returns how many the server took."""
    now = timezone.now()
    waiting = OutgoingMail.objects.filter(sent_at=None, given_up_at=None)
    mine = []
    for mail in waiting.filter(next_try_at__lte=now).order_by("created_at", "pk")[:limit]:
        # Of two workers, the one whose update matches the row has taken it.
        taken = waiting.filter(pk=mail.pk, next_try_at=mail.next_try_at).update(
            next_try_at=now + LEASE, tries=F("tries") + 1
        )
        if taken:
            mail.tries += 1
            mine.append(mail)
    if not mine:
        return 0
    sent = 0
    connection = get_connection()
    try:
        for mail in mine:
            sent += _send(mail, connection)
    finally:
        connection.close()
    return sent


def _send(mail: OutgoingMail, connection: BaseEmailBackend) -> bool:
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
        connection=connection,
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    try:
        message.send()
    except Exception as error:  # noqa: BLE001 - whatever the mail server's trouble, the row keeps it and waits.
        now = timezone.now()
        mail.error = f"{type(error).__name__}: {error}"[:500]
        if mail.tries > len(WAITS):
            mail.given_up_at = now
        else:
            mail.next_try_at = now + timedelta(minutes=WAITS[mail.tries - 1])
        mail.save(update_fields=["error", "given_up_at", "next_try_at"])
        log.warning("Mail %s to be sent again: %s", mail.pk, mail.error)
        return False
    mail.sent_at = timezone.now()
    mail.error = ""
    if mail.kind in FORGOTTEN_KINDS:
        mail.subject = mail.text = mail.html = ""
    mail.save(update_fields=["sent_at", "error", "subject", "text", "html"])
    return True


# Kinds whose text opens a door: it is not kept once the mail has left.
FORGOTTEN_KINDS = frozenset({"sign-in code", "saved searches"})
