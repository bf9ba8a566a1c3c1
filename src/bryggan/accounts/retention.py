"""What is forgotten, and when. Accounts are made at the first confirmed code, so none wait to be confirmed."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

from bryggan.accounts.models import AccessInvitation, LetterKind, Notice
from bryggan.common import rate_limits
from bryggan.common.models import OutgoingMail

SIGN_IN_MAIL = timedelta(days=7)
USED_INVITATION = timedelta(days=90)
SENT_LETTER = timedelta(days=30)
NOTICE = timedelta(days=400)


def forget_old() -> int:
    """Delete expired sessions, counts of past windows, old invitations and sign-in mails. Returns how many rows."""
    now = timezone.now()
    old = now - USED_INVITATION
    gone = Session.objects.filter(expire_date__lt=now).delete()[0]
    gone += AccessInvitation.objects.filter(Q(accepted_at__lt=old) | Q(expires_at__lt=old)).delete()[0]
    mails = OutgoingMail.objects.filter(kind="sign-in code", created_at__lt=now - SIGN_IN_MAIL)
    gone += mails.delete()[0]
    # The row stays for a while, so that the same cause writes no second letter; what it said does not.
    sent = OutgoingMail.objects.filter(kind__in=LetterKind.values, sent_at__lt=now - SENT_LETTER)
    gone += sent.exclude(text="").update(subject="", text="", html="", stop_address="")
    gone += Notice.objects.filter(at__lt=now - NOTICE).delete()[0]
    gone += OutgoingMail.objects.filter(kind__in=LetterKind.values, sent_at__lt=now - NOTICE).delete()[0]
    return gone + rate_limits.forget_old()
