"""What waits for a person's word about a link, most worth deciding first; and the decisions that stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, reduce
from operator import and_, or_

from django.db.models import Case, ExpressionWrapper, F, FloatField, Q, QuerySet, Value, When
from django.db.models.functions import Abs, Coalesce
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual
from django.utils import timezone

from bryggan.accounts.models import User
from bryggan.alignment import actions
from bryggan.alignment.calibration import Coefficients
from bryggan.alignment.models import Alignment
from bryggan.common.models import AuditEntry
from bryggan.curriculum.models import CoreContent
from bryggan.curriculum.queries import span_overlaps

# Nobody counts who reads what. What the service shows first is read most: initiatives that take classes stand on
# the first page and behind a switch of their own, and new ones come first in every list. In units of score.
HEAD_START_TAKES_CLASSES = 0.2
HEAD_START_NEW = 0.1
NEW_DAYS = 60
WORDS_ASKED = 8


@dataclass(frozen=True)
class Choice:
    """Which of the waiting links a person wants to see. Empty fields choose nothing away."""

    school_form: str = ""
    subject: str = ""
    strength: str = ""
    initiative: int | None = None
    # Words of an initiative's title.
    title: str = ""


@dataclass(frozen=True)
class Decision:
    """A decision that stands: the entry of the audit trail, the link that was judged, and how many went with it."""

    entry: AuditEntry
    alignment: Alignment
    others: int


@lru_cache(maxsize=1)
def strong_limit() -> float:
    """From which score on a suggestion counts in filters. There a person's word changes most."""
    return Coefficients.read().strong


def waiting(choice: Choice | None = None) -> QuerySet[Alignment]:
    """Undecided links, most worth deciding first: near the strong limit, of initiatives that are read most.

    With initiative, point and subject read. Withdrawn initiatives and ended points are left out.
    """
    choice = choice or Choice()
    found = Alignment.objects.filter(
        state=Alignment.State.SUGGESTED,
        initiative__withdrawn_at=None,
        initiative__merged_into=None,
        core_content__ended_at=None,
    )
    if choice.school_form:
        found = found.filter(core_content__subject__school_form=choice.school_form)
    if choice.subject:
        found = found.filter(core_content__subject__code=choice.subject)
    if choice.strength:
        found = found.filter(strength=choice.strength)
    if choice.initiative is not None:
        found = found.filter(initiative=choice.initiative)
    if choice.title:
        found = found.filter(has_words(choice.title, "initiative__title"))
    related = ("initiative__category", "core_content__subject", "core_content__course")
    return found.select_related(*related).order_by(_value(), "pk")


def next_one(choice: Choice, *, after: int | None = None) -> Alignment | None:
    """The waiting link that comes first, or first after the link `after`, decided or not; None at the end.

    Links of the same initiative to the same words as `after` are passed by: what was skipped stays skipped.
    """
    found = waiting(choice)
    if after is not None:
        passed = (
            Alignment.objects.filter(pk=after)
            .annotate(value=_value())
            .values_list("value", "initiative_id", "core_content__text_group")
            .first()
        )
        if passed:
            value, initiative, group = passed
            is_later = Q(GreaterThan(_value(), value)) | (Q(Exact(_value(), value)) & Q(pk__gt=after))
            found = found.filter(is_later).exclude(initiative=initiative, core_content__text_group=group)
    # The number first: sorting whole rows, long texts and all, takes twice as long.
    number = found.values_list("pk", flat=True).first()
    return found.filter(pk=number).first() if number else None


def latest_by(user: User, limit: int = 10) -> list[Decision]:
    """The person's latest decisions that stand, newest first. Two statements."""
    mine = Alignment.objects.filter(decided_by=user, decided_at__isnull=False).order_by("-decided_at", "pk")
    related = ("initiative", "core_content__subject", "core_content__course")
    # A decision may be about several rows, as many as there are subjects with the same words.
    rows = list(mine.select_related(*related)[: limit * 4])
    together: dict[datetime, list[Alignment]] = defaultdict(list)
    for row in rows:
        if row.decided_at:
            together[row.decided_at].append(row)
    entries = {entry.at: entry for entry in _entries(together).filter(by=user)}
    made = []
    for at, members in together.items():
        if entry := entries.get(at):
            judged = next((row for row in members if str(row.pk) == entry.thing_id), members[0])
            made.append(Decision(entry, judged, others=len(entry.details["before"]) - 1))
    return made[:limit]


def standing(alignments: Iterable[Alignment]) -> dict[int, AuditEntry]:
    """The decision behind each decided link, by the link's number. One statement."""
    decided = {row.pk: row.decided_at for row in alignments if row.decided_at}
    if not decided:
        return {}
    by_row = {
        (int(pk), entry.at): entry
        for entry in _entries(set(decided.values()))
        for pk in entry.details.get("before", {})
    }
    return {pk: by_row[(pk, at)] for pk, at in decided.items() if (pk, at) in by_row}


def points_like(*, subject: str = "", years: tuple[int, int] | None = None, words: str = "") -> QuerySet[CoreContent]:
    """Points in force of a subject, in years that overlap `years`, with every word of `words` somewhere in them."""
    found = CoreContent.objects.current().select_related("subject", "course")
    if subject:
        found = found.filter(subject__code=subject)
    if years:
        found = found.filter(span_overlaps(*years))
    if words:
        found = found.filter(has_words(words, "text", "heading"))
    return found.order_by("subject__school_form", "subject__name", "subject__code", "first_year", "position", "pk")


def has_words(words: str, *columns: str) -> Q:
    """Rows where each of the first words stands in one of the columns, whatever its case."""
    return reduce(and_, (_has_word(word, columns) for word in words.split()[:WORDS_ASKED]), Q())


def _has_word(word: str, columns: Iterable[str]) -> Q:
    # SQLite folds the case of a to z only.
    cases = sorted({word, word.lower(), word.upper(), word.capitalize()})
    return reduce(or_, (Q(**{f"{column}__icontains": case}) for column in columns for case in cases))


def _value() -> ExpressionWrapper:
    """Of a link: the smaller, the more worth deciding."""
    limit = Value(strong_limit(), output_field=FloatField())
    new_since = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=NEW_DAYS)
    begun = Coalesce("initiative__source_created_at", "initiative__first_seen_at")
    takes_classes = Q(initiative__school_offer__takes_classes=True, initiative__is_stopped=False)
    head_start = _if(takes_classes, HEAD_START_TAKES_CLASSES) + _if(
        GreaterThanOrEqual(begun, new_since), HEAD_START_NEW
    )
    return ExpressionWrapper(Abs(F("score") - limit) - head_start, output_field=FloatField())


def _if(condition: Q | GreaterThanOrEqual, value: float) -> Case:
    return Case(When(condition, then=Value(value)), default=Value(0.0), output_field=FloatField())


def _entries(moments: Iterable[datetime]) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(at__in=list(moments), verb__in=actions.DECISIONS).select_related("by")
