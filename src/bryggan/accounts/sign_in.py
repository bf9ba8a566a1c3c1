"""Who may sign in, with which codes, and how often anyone may try.

Nobody has a password: a code by mail is the only way in. An account is made when its first code is
confirmed, not when it is asked for, so a stranger who types addresses leaves nothing behind but a session
and some counts, which retention takes. Nothing here tells whether an address has an account.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac

from bryggan.accounts import actions
from bryggan.accounts.models import AccessInvitation, EmailDomain, User
from bryggan.common import audit, rate_limits
from bryggan.common.models import RateCount

# Nothing that can be read as something else (0 O, 1 I, 2 Z, 5 S, 6 G, 8 B, U V) and no vowels: no words.
ALPHABET = "CDFHJKLMNPRTVWX3479"
CODE_LENGTH = 6

_HOUR = timedelta(hours=1)


class PupilAddress(Exception):
    """The address belongs to a domain of pupils, who have no accounts here."""


class NotExpected(Exception):
    """Nobody with this address may come in: no account, a disabled one, no listed domain and no invitation."""


class TooManyTries(Exception):
    """A limit is reached. `retry_after` is the number of seconds until the count starts over."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many tries, wait {retry_after} s")
        self.retry_after = retry_after


def new_code() -> str:
    return get_random_string(CODE_LENGTH, ALPHABET)


def code_hash(code: str, ticket: str) -> str:
    """What is kept of a code. Spaces, hyphens and case do not matter; `ticket` ties it to one request for a code."""
    letters = "".join(c for c in code.upper() if c.isalnum())
    return salted_hmac("bryggan.sign-in-code", f"{ticket}:{letters}", algorithm="sha256").hexdigest()


def refuse_pupils(email: str) -> None:
    """Raises PupilAddress for an address in a domain of pupils, whoever may have invited it."""
    if _domain_is(email, EmailDomain.Kind.PUPILS):
        raise PupilAddress


def is_expected(email: str) -> bool:
    """True when a code may be sent: an active account, a domain of teachers or coordinators, or an open invitation."""
    if _domain_is(email, EmailDomain.Kind.PUPILS):
        return False
    user = User.objects.filter(email__iexact=email).first()
    if user:
        return user.is_active
    return (
        _domain_is(email, EmailDomain.Kind.TEACHERS)
        or actions.domain_of_coordinators(email) is not None
        or AccessInvitation.objects.open().filter(email__iexact=email).exists()
    )


@transaction.atomic
def enter(email: str) -> User:
    """The account of a person who has shown that she reads `email`, made now if it is her first time.

    Takes up her open invitations, and what an administrator has given her domain. Raises NotExpected when she may no
    longer come in.
    """
    if not is_expected(email):
        raise NotExpected
    user = User.objects.filter(email__iexact=email).first() or _first_account(email)
    actions.accept_invitations(user)
    actions.coordinate_by_domain(user)
    return user


def count_code_request(email: str, client: str) -> None:
    """Count that somebody at `client` asks for a code to `email`. Raises TooManyTries.

    The limits hold for unknown addresses too. Those of a client are wide: a whole school shares an address.
    """
    _count(f"codes from {_client_key(client)}", limit=300, per=_HOUR)
    _count(f"codes to {_key(email)}", limit=5, per=timedelta(minutes=15))
    _count(f"codes an hour to {_key(email)}", limit=20, per=_HOUR)


def count_code_try(email: str, client: str) -> None:
    """Count a try before its code is looked at, so that tries at the same time all count. Raises TooManyTries."""
    _count(f"code tries from {_client_key(client)}", limit=400, per=_HOUR)
    _count(_tries_key(email), limit=10, per=_HOUR)


def count_application(email: str, client: str) -> None:
    """Count that somebody at `client` signs a company up under `email`. Raises TooManyTries."""
    _count(f"applications from {_client_key(client)}", limit=20, per=_HOUR)
    _count(f"applications of {_key(email)}", limit=5, per=timedelta(days=1))


def has_tries_left(ticket: str, limit: int) -> bool:
    """Count a try of one code; counted in the database, where tries at the same time all count."""
    return rate_limits.allowed(f"tries of {_key(ticket)}", limit=limit, per=timedelta(days=1))


def forgive_tries(email: str) -> None:
    """Forget the wrong tries of an address whose owner has now given the right code."""
    RateCount.objects.filter(key=_tries_key(email)).delete()


def _first_account(email: str) -> User:
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, is_teacher=_domain_is(email, EmailDomain.Kind.TEACHERS))
    except IntegrityError:
        # Her other browser was a moment earlier.
        return User.objects.get(email__iexact=email, is_active=True)
    audit.record(user, "made an account", user, is_teacher=user.is_teacher)
    return user


def _domain_is(email: str, kind: EmailDomain.Kind) -> bool:
    """Exactly the part after @: whoever owns a subdomain is somebody else."""
    domain = email.rpartition("@")[2].lower()
    return EmailDomain.objects.filter(domain=domain, kind=kind).exists()


def _count(key: str, *, limit: int, per: timedelta) -> None:
    if not rate_limits.allowed(key, limit=limit, per=per):
        seconds = int(per.total_seconds())
        raise TooManyTries(seconds - int(timezone.now().timestamp()) % seconds)


def _key(text: str) -> str:
    """Counts are kept for days: they hold neither mail addresses nor client addresses."""
    return salted_hmac("bryggan.rate", text.lower(), algorithm="sha256").hexdigest()[:40]


def _tries_key(email: str) -> str:
    return f"code tries for {_key(email)}"


def _client_key(client: str) -> str:
    """One household or school has a whole /64 of IPv6 addresses: that counts as one."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return _key(client)
    if address.version == 6:
        return _key(str(ipaddress.ip_network(f"{address}/64", strict=False)))
    return _key(str(address))
