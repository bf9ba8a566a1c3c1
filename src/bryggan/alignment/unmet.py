"""Searches that found nothing: what the city lacks, counted by day. Of whom the wish was, nothing is kept.

People type all sorts of things into a search field. A text that looks like a person's address or number is
not kept; a name cannot be told from other words, so rows are few, are forgotten, and are shown in sums only.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from django.db import DatabaseError, transaction
from django.db.models import F
from django.http import QueryDict
from django.utils import timezone

from bryggan.alignment.models import UnmetSearch
from bryggan.alignment.saving import parameters_of
from bryggan.alignment.searching import Found, Query

log = logging.getLogger(__name__)

LONGEST_TEXT = 120
LONGEST_FILTERS = 500
# Wishes beyond these on one day are not kept; those that are there already are still counted.
MOST_A_DAY = 2000
MONTHS_KEPT = 13
# Six digits however they are grouped: telephone and personal identity numbers, with or without a hyphen.
_NUMBER = re.compile(r"\d(?:[\s./()+–-]*\d){5}")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def record(query: Query, found: Found, *, grown_from: str = "") -> bool:
    """Count a search that found nothing, and say whether it was counted. For the list's first page only.

    `grown_from` is the text that stood there a moment ago: while somebody types, only the last text counts.

    Never in the way of the page: a database that is busy costs us the count, not the reader her answer.
    """
    if found.count:
        return False
    text, filters = text_kept(query.text), filters_kept(query)
    if not text and not filters:
        return False
    try:
        with transaction.atomic():
            before = text_kept(grown_from)
            if before and text != before and text.startswith(before):
                _uncount(timezone.localdate(), before, filters)
            return _count(timezone.localdate(), text, filters)
    except DatabaseError as error:
        log.warning("An unmet search was not counted: %s", error)
        return False


def text_kept(text: str) -> str:
    """The text as it is counted: lower case, one space between words, 120 characters; "" when it looks personal."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(letter for letter in plain if letter.isspace() or unicodedata.category(letter) not in _UNSEEN)
    if "@" in plain or _NUMBER.search(plain):
        return ""
    return " ".join(plain.lower().split())[:LONGEST_TEXT].rstrip()


def filters_kept(query: Query) -> str:
    """The filters in their canonical form, as many whole ones as there is room for."""
    pairs = [
        (name, value) for name, values in QueryDict(parameters_of(replace(query, text=""))).lists() for value in values
    ]
    while len(encoded := urlencode(pairs)) > LONGEST_FILTERS:
        pairs.pop()
    return encoded


def forget_old() -> int:
    """Delete what is older than 13 months. Returns how many rows went."""
    return UnmetSearch.objects.filter(on__lt=_months_before(timezone.localdate(), MONTHS_KEPT)).delete()[0]


def _count(day: date, text: str, filters: str) -> bool:
    row = UnmetSearch.objects.filter(on=day, text=text, filters=filters)
    if row.update(count=F("count") + 1):
        return True
    if UnmetSearch.objects.filter(on=day).count() >= MOST_A_DAY:
        return False
    # Of two at once, one makes the row and both count in it.
    UnmetSearch.objects.bulk_create([UnmetSearch(on=day, text=text, filters=filters)], ignore_conflicts=True)
    return bool(row.update(count=F("count") + 1))


def _uncount(day: date, text: str, filters: str) -> None:
    row = UnmetSearch.objects.filter(on=day, text=text, filters=filters)
    row.update(count=F("count") - 1)
    row.filter(count__lte=0).delete()


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    # The 28th at the latest: every month has one.
    return date(year, month + 1, min(day.day, 28))
