"""Share links: secret addresses under which anybody may read a class's programme until a teacher ends them.

The secret part of the address, the token, is made from a random number of the link's own and the service's secret
key, so that a teacher can be shown it again while the database holds only its hash. A link outlives a change of the
secret key, for those who have it; only showing it again is over then.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import User
from bryggan.common import audit
from bryggan.fair.models import Itinerary, ShareLink
from bryggan.fair.programmes import itinerary_permissions

TOKEN_BYTES = 16
# What 128 bits look like in letters, digits, "-" and "_".
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


class UnknownToken(Exception):
    """There has never been such a link."""


class LinkEnded(Exception):
    """The link has been revoked, or its programme or class put away."""


@transaction.atomic
def share(itinerary: Itinerary, *, by: User) -> ShareLink:
    """The programme's open link, made if there is none: asking again gives the same one.

    A link that can no longer be shown, because the secret key has changed, is revoked and a new one made.
    Raises NotAllowed.
    """
    _lock(itinerary, by)
    link = open_link(itinerary)
    if link and token_of(link):
        return link
    if link:
        _revoke(link, by)
    nonce = secrets.token_hex(16)
    link = ShareLink.objects.create(itinerary=itinerary, nonce=nonce, token_hash=_hash(_token_from(nonce)), made_by=by)
    audit.record(by, "shared itinerary", itinerary, link=link.pk)
    return link


@transaction.atomic
def revoke(itinerary: Itinerary, *, by: User) -> bool:
    """End the programme's link at once and for good. False when there was none to end. Raises NotAllowed."""
    _lock(itinerary, by)
    link = open_link(itinerary)
    if link is None:
        return False
    _revoke(link, by)
    return True


def open_link(itinerary: Itinerary) -> ShareLink | None:
    """The link that works now."""
    return ShareLink.objects.filter(itinerary=itinerary, revoked_at=None).first()


def token_of(link: ShareLink) -> str:
    """The link's token, to show to the class's teacher; nothing when the secret key is not what made it."""
    token = _token_from(link.nonce)
    return token if secrets.compare_digest(_hash(token), link.token_hash) else ""


def opened_by(token: str) -> ShareLink:
    """The link that a token opens, with its programme and all that a timetable needs beside it: one statement.

    Raises UnknownToken and LinkEnded.
    """
    if not _TOKEN.fullmatch(token):
        raise UnknownToken
    classes = "itinerary__school_class"
    rows = ShareLink.objects.select_related("itinerary__fair", f"{classes}__school_unit", f"{classes}__programme")
    link = rows.filter(token_hash=_hash(token)).first()
    if link is None:
        raise UnknownToken
    itinerary = link.itinerary
    if link.revoked_at or itinerary.archived_at or itinerary.school_class.archived_at:
        raise LinkEnded
    return link


def _lock(itinerary: Itinerary, by: User) -> None:
    """One at a time for each programme: two who press at once get the same link."""
    if not itinerary_permissions.may_change(by, itinerary):
        raise NotAllowed
    Itinerary.objects.select_for_update().get(pk=itinerary.pk)


def _revoke(link: ShareLink, by: User) -> None:
    link.revoked_at = timezone.now()
    link.save(update_fields=["revoked_at"])
    audit.record(by, "ended share link", link.itinerary, link=link.pk)


def _token_from(nonce: str) -> str:
    made = salted_hmac("bryggan.fair.programmes.sharing", nonce, algorithm="sha256").digest()[:TOKEN_BYTES]
    return urlsafe_b64encode(made).decode().rstrip("=")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
