"""Searches that people keep, and the mail that tells what is new in them.

What is saved is the address of the list in one canonical form, so that the same wish is saved once however
it was ticked together. The mail asks the rows what is due: a search tells of the hits that its person has not
heard of, and what was told is written in the same transaction as the mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from bryggan.accounts.models import User
from bryggan.alignment import asking
from bryggan.alignment import index as indexes
from bryggan.alignment.asking import Problem
from bryggan.alignment.models import SavedSearch
from bryggan.alignment.searching import FACETS, Found, Query, search, text_of_years
from bryggan.common import outbox
from bryggan.initiatives.models import Initiative

MAIL_KIND = "saved searches"
BETWEEN_MAILS = timedelta(days=7)
# Local hours between which mail may leave: half-open.
MAIL_HOURS = (7, 20)
MOST_SEARCHES = 50
# In one mail and of one search; the list itself has the rest.
MOST_TOLD = 10
LONGEST_NAME = 120
_LONGEST_ADDRESS = 2000
_LONGEST_TYPED = 20_000
# What the list has of pages and order is no part of the wish.
_ASKED = ("q", *FACETS, "takes_classes")


class TooManySearches(Exception):
    """The person has as many saved searches as she may."""


class TooLong(Exception):
    """More is chosen than a saved search has room for."""


@dataclass(frozen=True)
class News:
    """What the mail tells of one search."""

    name: str
    address: str
    stop_address: str
    initiatives: Sequence[Initiative]
    more: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Run:
    """One search, run now: all its hits, and what of it is no longer understood."""

    saved: SavedSearch
    hits: frozenset[int]
    fresh: tuple[int, ...]
    problems: tuple[Problem, ...]
    # Every value of one of its filters is gone, so that it can find nothing any more.
    is_lost: bool = False


def read(address: str) -> asking.Asked:
    """What a query string asks for, page and order left out and years joined.

    What is not understood is named, as in `asking`.
    """
    try:
        given = QueryDict(address.lstrip("?")[:_LONGEST_TYPED])
    except TooManyFieldsSent:
        return asking.Asked(Query(), 1, 1, (Problem("q", "", "too many"),))
    known = {name: [value.replace("\x00", "") for value in given.getlist(name)] for name in given if name in _ASKED}
    asked = asking.asked(known)
    return replace(asked, query=replace(asked.query, years=tuple(_joined(asked.query.years))))


def parameters_of(query: Query) -> str:
    """The canonical address of a query, without page and order; "" for one that asks for nothing."""
    pairs = [("q", query.text)] if query.text else []
    for facet in FACETS:
        if facet == "years":
            values = [text_of_years(span) for span in _joined(query.years)]
        else:
            values = sorted(getattr(query, facet))
        pairs += [(facet, value) for value in values]
    if query.takes_classes is not None:
        pairs.append(("takes_classes", "1" if query.takes_classes else "0"))
    return urlencode(pairs)


@transaction.atomic
def save(query: Query, *, name: str, by: User) -> tuple[SavedSearch, bool]:
    """Keep a search. Its hits of today count as known. Saved before, it is the same one: (search, is it new).

    Raises TooLong and TooManySearches.
    """
    parameters = parameters_of(query)
    if len(parameters) > _LONGEST_ADDRESS:
        raise TooLong
    # One person's savings take turns, so that the limit holds for two browsers too.
    User.objects.select_for_update().get(pk=by.pk)
    mine = SavedSearch.objects.filter(user=by)
    if existing := mine.filter(parameters=parameters).first():
        return existing, False
    if mine.count() >= MOST_SEARCHES:
        raise TooManySearches
    made = SavedSearch.objects.create(
        user=by, name=_one_line(name), parameters=parameters, known=sorted(_hits(search_all(query)))
    )
    return made, True


def rename(saved: SavedSearch, name: str) -> None:
    saved.name = _one_line(name)
    saved.save(update_fields=["name"])


@transaction.atomic
def send_mail_about(saved: SavedSearch) -> None:
    """Mail from now on: what the search finds today is not news."""
    saved = SavedSearch.objects.select_for_update().get(pk=saved.pk)
    if saved.wants_mail:
        return
    saved.wants_mail = True
    saved.stop_hash = _hash(stop_token(saved))
    saved.known = sorted({*saved.known, *_run(saved).hits})
    saved.save(update_fields=["wants_mail", "stop_hash", "known"])


def stop_mail_about(saved: SavedSearch) -> None:
    SavedSearch.objects.filter(pk=saved.pk).update(wants_mail=False)


def by_stop_token(token: str) -> SavedSearch | None:
    """The search whose mail the link with this token stops, whether it is stopped already or not."""
    return SavedSearch.objects.filter(stop_hash=_hash(token)).first() if token else None


def stop_token(saved: SavedSearch) -> str:
    """128 bits that nobody can guess, the same in every mail about this search, so that an old mail's link works.

    Made from the service's secret and not kept: of a link followed, only the hash is compared.
    """
    told = f"{saved.pk}:{saved.user_id}:{saved.created_at.timestamp():.6f}"
    return salted_hmac("bryggan.saved-search", told, algorithm="sha256").hexdigest()[:32]


def send_digests() -> int:
    """Mail everybody whose searches that want mail have found something new. Returns how many mails were written.

    A person gets one mail for all her searches together. It counts for every one of them, so that she has
    no other for a week, unless she saves a new search. Nothing leaves between 20 and 7.
    """
    now = timezone.now()
    if not MAIL_HOURS[0] <= timezone.localtime(now).hour < MAIL_HOURS[1]:
        return 0
    due = _due().values_list("user_id", flat=True).order_by("user_id").distinct()
    return sum(_send_digest(pk) for pk in list(due))


def search_all(query: Query) -> Found:
    """Every hit, in order, nothing counted."""
    with indexes.current() as index:
        return search(query, per_page=max(1, index.size), facets=(), with_points=False)


def _due() -> QuerySet[SavedSearch]:
    old = timezone.now() - BETWEEN_MAILS
    wanted = SavedSearch.objects.filter(wants_mail=True, user__is_active=True)
    return wanted.filter(Q(mailed_at=None) | Q(mailed_at__lte=old))


def _send_digest(user: int) -> bool:
    """One person's mail, if there is anything to tell: looked at first without a lock, since mostly there is not."""
    if not any(run.fresh for run in map(_run, _due().filter(user=user))):
        return False
    with transaction.atomic():
        # The person's row is the lock: a worker that comes second finds nothing due.
        person = User.objects.select_for_update().filter(pk=user, is_active=True).first()
        if person is None or not any(run.fresh for run in map(_run, _due().filter(user=user))):
            return False
        runs = [_run(saved) for saved in SavedSearch.objects.filter(user=user, wants_mail=True)]
        telling = [run for run in runs if run.fresh]
        text, html = digest_of(telling, lost=[run.saved.name for run in runs if run.is_lost])
        number = len({pk for run in telling for pk in run.fresh})
        subject = ngettext("%(n)d nytt initiativ i dina sökningar", "%(n)d nya initiativ i dina sökningar", number)
        now = timezone.now()
        cause = f"{MAIL_KIND} {user} {timezone.localdate(now):%Y-%m-%d}"
        mail = outbox.queue(
            to=person.email, kind=MAIL_KIND, subject=subject % {"n": number}, text=text, html=html, cause=cause
        )
        if mail is None:
            # She has had today's; what is new now is told tomorrow.
            return False
        for run in runs:
            run.saved.mailed_at = now
            run.saved.stop_hash = _hash(stop_token(run.saved))
            if run.fresh:
                run.saved.known = sorted(run.hits)
            run.saved.save(update_fields=["mailed_at", "known", "stop_hash"])
    return True


def digest_of(runs: Sequence[_Run], *, lost: Sequence[str] = ()) -> tuple[str, str]:
    """The mail as plain text and as HTML: one template, so that they cannot say different things."""
    told = {pk for run in runs for pk in run.fresh[:MOST_TOLD]}
    initiatives = Initiative.objects.published().select_related("status", "department").in_bulk(told)
    context: dict[str, object] = {
        "news": [_news(run, initiatives) for run in runs],
        "lost": lost,
        "list": _absolute("searches"),
    }
    context["base"] = settings.BASE_URL.rstrip("/")
    html = render_to_string("searches/mail/digest.html", context)
    return as_text(html), html


def _news(run: _Run, initiatives: Mapping[int, Initiative]) -> News:
    shown = [initiatives[pk] for pk in run.fresh[:MOST_TOLD] if pk in initiatives]
    return News(
        name=run.saved.name,
        address=f"{_absolute('explore')}?{run.saved.parameters}&sort=newest",
        stop_address=_absolute("stop_search_mail", stop_token(run.saved)),
        initiatives=shown,
        more=len(run.fresh) - len(shown),
        problems=run.problems,
    )


def _run(saved: SavedSearch) -> _Run:
    asked = read(saved.parameters)
    if _has_lost_a_filter(saved.parameters, asked.query):
        return _Run(saved, frozenset(), (), asked.problems, is_lost=True)
    found = search_all(asked.query)
    hits = _hits(found)
    known = set(saved.known)
    fresh = tuple(pk for pk in found.ids if pk in hits and pk not in known)
    return _Run(saved, hits, fresh, tuple(dict.fromkeys(asked.problems)))


def _hits(found: Found) -> frozenset[int]:
    """Hits that have all that was asked for: those with some of the words are no news to be mailed about."""
    return frozenset() if found.some_words_only else frozenset(found.ids)


def _has_lost_a_filter(parameters: str, query: Query) -> bool:
    """True when every value of some filter is gone: without it the search would be another, wider one."""
    names = {name for name in QueryDict(parameters) if name in FACETS}
    return any(not getattr(query, name) for name in names)


def _joined(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans in order, those that touch or overlap made one: 7, 8 and 9 ticked singly are 7-9."""
    years = sorted({year for first, last in spans for year in range(first, last + 1)})
    start = 0
    for place, year in enumerate(years):
        if place + 1 == len(years) or years[place + 1] != year + 1:
            yield years[start], year
            start = place + 1


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _one_line(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME]


def _absolute(name: str, *arguments: str) -> str:
    return settings.BASE_URL.rstrip("/") + reverse(name, args=arguments)


def as_text(html: str) -> str:
    """The same mail for those who read plain text: a link's address stands after its words."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Text(HTMLParser):
    _BREAKS = {"p": "\n\n", "h1": "\n\n", "h2": "\n\n", "ul": "\n", "li": "\n- ", "br": "\n"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._address = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("title", "style")
        if tag in self._BREAKS:
            self._parts.append(self._BREAKS[tag])
        if tag == "a":
            self._address = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("title", "style")
        if tag == "a" and self._address:
            self._parts.append(f": {self._address} ")
            self._address = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            words = " ".join(data.split())
            # Words of two neighbours in the mark-up stay apart.
            self._parts.append((" " if data[:1].isspace() else "") + words + (" " if data[-1:].isspace() else ""))

    def text(self) -> str:
        lines = [" ".join(line.split()) for line in "".join(self._parts).split("\n")]
        joined = "\n".join(lines).strip()
        while "\n\n\n" in joined:
            joined = joined.replace("\n\n\n", "\n\n")
        return joined + "\n"
