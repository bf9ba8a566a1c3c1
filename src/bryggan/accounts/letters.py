"""Letters to people: a notice in the service and a mail, from one text, one per person and cause.

A letter is rows written in the transaction of its cause. Who wants a kind of letter gathered gets the notices of
a day or a week in one mail; who wants none of it by mail still has the notices. Nothing leaves in quiet hours.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.accounts.models import LetterKind, LetterPreference, Notice, User
from bryggan.common.models import OutgoingMail

Pace = LetterPreference.Pace

# Local hours between which mail may leave: half-open. What is written at night leaves in the morning.
MAIL_HOURS = (7, 20)
BETWEEN = {Pace.DAILY: timedelta(days=1), Pace.WEEKLY: timedelta(days=7)}
MOST_IN_A_DIGEST = 50
_SALT = "stop letters"


@dataclass(frozen=True)
class Letter:
    """What to say, once: the mail's plain text, its HTML and the notice are made from this and from nothing else."""

    subject: str
    paragraphs: Sequence[str]
    # Where to go, a path of ours, and what the button says.
    address: str = ""
    button: str = ""
    # Facts in pairs (what, value): when, where, how many.
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Rendered:
    """A letter as one person's mail: what a preview shows is what is sent."""

    subject: str
    text: str
    html: str


def tell(people: Iterable[User], letter: Letter, *, kind: LetterKind, cause: str) -> int:
    """Write a letter to each of `people` who has had none for this cause. Returns how many were written to.

    Call in the transaction of the cause. Inactive people are passed over. A constant number of statements.
    """
    return tell_each([(person, letter) for person in people], kind=kind, cause=cause)


@transaction.atomic
def tell_each(letters: Sequence[tuple[User, Letter]], *, kind: LetterKind, cause: str) -> int:
    """Like `tell`, with words of her own for each: what is shared is the cause."""
    wanted = {person.pk: (person, letter) for person, letter in letters if person.is_active}
    had = set()
    preferences: dict[int, str] = {}
    keys = sorted(wanted)
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        had |= set(Notice.objects.filter(user__in=some, cause=cause).values_list("user_id", flat=True))
        chosen = LetterPreference.objects.filter(user__in=some, kind=kind)
        preferences |= dict(chosen.values_list("user_id", "pace"))
    now = timezone.now()
    notices, mails = [], []
    moulds: dict[tuple[object, ...], Mould] = {}
    for pk in keys:
        if pk in had:
            continue
        person, letter = wanted[pk]
        at_once = preferences.get(pk, Pace.AT_ONCE) == Pace.AT_ONCE
        notices.append(
            Notice(
                user=person,
                kind=kind,
                cause=cause,
                title=letter.subject[:200],
                text="\n\n".join(letter.paragraphs),
                address=letter.address,
                at=now,
                mailed_at=now if at_once else None,
            )
        )
        if at_once:
            shape = Mould.shape_of(letter)
            mould = moulds.get(shape) or moulds.setdefault(shape, Mould(letter, kind))
            stop = stop_address(person, kind)
            mails.append(_mail(person, mould.cast(letter, stop), stop=stop, kind=kind, cause=cause, now=now))
    Notice.objects.bulk_create(notices, ignore_conflicts=True, batch_size=500)
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True, batch_size=500)
    return len(notices)


def render(letter: Letter, *, kind: LetterKind, to: User) -> Rendered:
    """The mail that `to` gets: preview and mail come from here."""
    return _rendered(letter, kind, stop_address(to, kind))


class Mould:
    """Many letters that say the same but for their facts and addresses, at the price of one.

    The templates are rendered once, with a mark at each place that differs; a mail is cast by putting in what stands
    there, escaped in HTML. What `cast` gives is what `render` would have given.
    """

    def __init__(self, letter: Letter, kind: LetterKind) -> None:
        marked = replace(
            letter,
            subject=_unmarked(letter.subject),
            paragraphs=[_unmarked(text) for text in letter.paragraphs],
            facts=[(_unmarked(what), _mark(number)) for number, (what, _value) in enumerate(letter.facts)],
            address=_mark(_ADDRESS) if letter.address else "",
        )
        made = _rendered(marked, kind, _mark(_STOP), base_url="")
        self._subject = made.subject
        self._text, self._html = _pieces(made.text), _pieces(made.html)

    @staticmethod
    def shape_of(letter: Letter) -> tuple[object, ...]:
        """Letters with the same shape come from one mould."""
        named = tuple(what for what, _value in letter.facts)
        return letter.subject, tuple(letter.paragraphs), bool(letter.address), letter.button, named

    def cast(self, letter: Letter, stop: str) -> Rendered:
        """The mail of a letter of this shape."""
        values = {str(number): value for number, (_what, value) in enumerate(letter.facts)}
        values |= {_ADDRESS: settings.BASE_URL + letter.address, _STOP: stop}
        escaped = {name: conditional_escape(value) for name, value in values.items()}
        return Rendered(self._subject, _put_in(self._text, values), _put_in(self._html, escaped))


# Between two characters of private use, which mean nothing to anybody and are taken out of what people wrote.
_MARK = re.compile("\ue000(.*?)\ue001")
_ADDRESS, _STOP = "address", "stop"


def _mark(name: object) -> str:
    return f"\ue000{name}\ue001"


def _unmarked(text: str) -> str:
    return text.replace("\ue000", "").replace("\ue001", "")


def _pieces(text: str) -> list[str]:
    """Text and names of marks, in turn, text first."""
    return _MARK.split(text)


def _put_in(pieces: Sequence[str], values: Mapping[str, str]) -> str:
    return "".join(values[piece] if number % 2 else piece for number, piece in enumerate(pieces))


def _rendered(letter: Letter, kind: LetterKind, stop: str, base_url: str | None = None) -> Rendered:
    base_url = settings.BASE_URL if base_url is None else base_url
    context = {
        "letter": letter,
        "address": base_url + letter.address if letter.address else "",
        "button": letter.button or _("Öppna i Bryggan"),
        "why": _("Du får brevet för att du har ett konto i Bryggan. Brevet gäller: %(kind)s.") % {"kind": kind.label},
        "stop_address": stop,
        "choose_address": settings.BASE_URL + reverse("letters"),
    }
    return Rendered(
        subject=" ".join(letter.subject.split())[:200],
        text=render_to_string("letters/letter.txt", context),
        html=render_to_string("letters/letter.html", context),
    )


def stop_address(user: User, kind: LetterKind) -> str:
    """Where the person stops letters of this kind without signing in; one press of a button.

    It holds for as long as the letter is kept, so no time is signed: the address is the same in every letter.
    """
    token = signing.Signer(salt=_SALT).sign_object([user.pk, kind.value])
    return settings.BASE_URL + reverse("stop_letters", args=[token])


def read_stop_token(token: str) -> tuple[int, LetterKind] | None:
    """Whose letters of which kind a token stops; None when it is not one of ours."""
    try:
        pk, kind = signing.Signer(salt=_SALT).unsign_object(token)
        return int(pk), LetterKind(kind)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def choose(user: User, kind: LetterKind, pace: str) -> LetterPreference:
    """Let `user` have letters of `kind` at this pace from now on."""
    return LetterPreference.objects.update_or_create(user=user, kind=kind, defaults={"pace": Pace(pace)})[0]


def next_mail_time(now: datetime) -> datetime:
    """`now` within mail hours, else when they next begin."""
    local = timezone.localtime(now)
    if MAIL_HOURS[0] <= local.hour < MAIL_HOURS[1]:
        return now
    morning = local.replace(hour=MAIL_HOURS[0], minute=0, second=0, microsecond=0, fold=0)
    if local.hour >= MAIL_HOURS[1]:
        # By the calendar and not by 24 hours: the clock may be moved in the night.
        morning = morning + timedelta(days=1)
    return morning


def send_digests() -> int:
    """Mail everybody whose gathered letters are due. Returns how many mails were written. A worker's chore."""
    now = timezone.now()
    if next_mail_time(now) != now:
        return 0
    sent = 0
    for pace, between in BETWEEN.items():
        chosen = LetterPreference.objects.filter(pace=pace, user__is_active=True)
        for preference in chosen.select_related("user").order_by("pk"):
            sent += _send_digest(preference, now - between)
    return sent


def _send_digest(preference: LetterPreference, since: datetime) -> bool:
    waiting = Notice.objects.filter(user=preference.user_id, kind=preference.kind, mailed_at=None)
    # What came before she chose to have it gathered, or while she wanted nothing, is not sent afterwards.
    waiting = waiting.filter(at__gte=preference.changed_at)
    first = waiting.order_by("at").values_list("at", flat=True).first()
    if first is None or first > since:
        return False
    with transaction.atomic():
        # The person's row is the lock: a worker that comes second finds nothing waiting.
        person = User.objects.select_for_update().get(pk=preference.user_id)
        gathered = list(waiting.order_by("at", "pk")[:MOST_IN_A_DIGEST])
        if not gathered:
            return False
        now = timezone.now()
        kind = LetterKind(preference.kind)
        number = len(gathered)
        subject = ngettext("%(n)d nyhet: %(kind)s", "%(n)d nyheter: %(kind)s", number)
        letter = Letter(
            subject=subject % {"n": number, "kind": kind.label},
            paragraphs=[_("Det här har hänt sedan sist.")],
            facts=[(f"{timezone.localtime(one.at):%-d/%-m}", one.title) for one in gathered],
            address=reverse("notices"),
            button=_("Se dina notiser"),
        )
        rendered = render(letter, kind=kind, to=person)
        cause = f"digest {kind.value} {gathered[-1].pk}"
        OutgoingMail.objects.bulk_create(
            [_mail(person, rendered, stop=stop_address(person, kind), kind=kind, cause=cause, now=now)],
            ignore_conflicts=True,
        )
        Notice.objects.filter(pk__in=[one.pk for one in gathered]).update(mailed_at=now)
    return True


def _mail(person: User, rendered: Rendered, *, stop: str, kind: LetterKind, cause: str, now: datetime) -> OutgoingMail:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return OutgoingMail(
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        to=person.email,
        kind=kind.value,
        cause=cause,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        stop_address=stop,
        next_try_at=next_mail_time(now),
        created_at=now,
    )
