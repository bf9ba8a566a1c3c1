"""Letting every programme that holds an occasion follow when it is moved or cancelled, and its teachers know.

What happened in one action, or in one import, is one letter to each teacher, whatever the number of her classes and
of things changed. The stops follow at once; nobody has to accept anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.accounts import letters
from bryggan.accounts.models import LetterKind, SchoolClass, User
from bryggan.common.models import AuditEntry
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Booking, Fair, Itinerary, ItineraryChange, Occasion, Session, Stop, WaitingEntry
from bryggan.fair.programmes import history

MOST_TOLD = 30


@dataclass(frozen=True)
class Happening:
    """What happened to one occasion, in a sentence for a teacher who has it: `what`, and why if anybody said.

    `ended_at` is when it would have ended before; what is over both before and now is not worth a letter.
    """

    occasion: Occasion
    what: str
    note: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True)
class _Told:
    """One thing that one class is told; `address` is its programme's, or the session's."""

    school_class: SchoolClass
    happening: Happening
    address: str


@transaction.atomic
def reach(happenings: Sequence[Happening], *, cause: str, by: User | str) -> int:
    """Move the stops, write down the programmes' changes, write one letter to each teacher. How many classes heard.

    Call after the occasions are saved, in their transaction. `cause` is unique for the action that caused it.
    """
    if not happenings:
        return 0
    by_occasion = {one.occasion.pk: one for one in happenings}
    stops = list(
        Stop.objects.kept()
        .filter(occasion__in=by_occasion, itinerary__school_class__archived_at__isnull=True)
        .select_related("itinerary__school_class", "itinerary__fair")
        .order_by("itinerary_id", "starts_at", "pk")
    )
    of_itinerary: dict[Itinerary, list[Stop]] = defaultdict(list)
    for stop in stops:
        of_itinerary[stop.itinerary].append(stop)
    told: list[_Told] = []
    now = timezone.now()
    for itinerary, its_stops in of_itinerary.items():
        _follow(itinerary, its_stops, by_occasion, now, by)
        if itinerary.archived_at is None:
            told += [
                _Told(itinerary.school_class, by_occasion[stop.occasion_id or 0], itinerary.get_absolute_url())
                for stop in its_stops
            ]
    told += _without_stops(by_occasion, {(one.school_class.pk, one.happening.occasion.pk) for one in told})
    told = [one for one in told if _is_news(one.happening, now)]
    _write_letters(told, cause=cause)
    return len({one.school_class.pk for one in told})


def lock_programmes(occasions: Iterable[int]) -> None:
    """Lock the programmes that hold these occasions, before the occasions themselves.

    A teacher's change locks her programme first and then the occasions whose seats she takes; so do we.
    """
    held = Stop.objects.kept().filter(occasion__in=list(occasions)).values("itinerary")
    list(Itinerary.objects.select_for_update().filter(pk__in=held).order_by("pk").values_list("pk"))


_HOLDING = (
    (Booking, (Booking.State.HELD, Booking.State.BOOKED)),
    (WaitingEntry, (WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED)),
)


def when_text(starts_at: datetime, ends_at: datetime) -> str:
    """`tisdag 1 juni 10.00–11.00`; the other day too when it ends after midnight."""
    start, end = local(starts_at), local(ends_at)
    day = date_format(start, "l j F")
    if start.date() == end.date():
        return f"{day} {clock_text(start)}–{clock_text(end)}"
    return f"{day} {clock_text(start)} – {date_format(end, 'l j F')} {clock_text(end)}"


def _follow(
    itinerary: Itinerary, stops: Sequence[Stop], happenings: dict[int, Happening], now: datetime, by: User | str
) -> None:
    """Let the programme's stops be where their occasions are, and write down that they were moved."""
    # One who changes her programme just now comes before or after, never between.
    locked = Itinerary.objects.select_for_update().get(pk=itinerary.pk)
    before = history.snapshot(locked)
    names = []
    for stop in stops:
        happening = happenings[stop.occasion_id or 0]
        stop.starts_at, stop.ends_at = visit_within(happening.occasion, stop.starts_at, stop.ends_at)
        Stop.objects.filter(pk=stop.pk).update(
            starts_at=stop.starts_at, ends_at=stop.ends_at, sequence=F("sequence") + 1, changed_at=now
        )
        names.append(happening.occasion.session.title)
    Itinerary.objects.filter(pk=itinerary.pk).update(version=F("version") + 1, changed_at=now)
    locked.version += 1
    ItineraryChange.objects.create(
        itinerary=itinerary,
        at=now,
        by=by if isinstance(by, User) else None,
        verb=history.BY_THE_FAIR,
        what=", ".join(dict.fromkeys(names))[:200],
        before=before,
    )
    history.forget_oldest(locked)


def visit_within(occasion: Occasion, starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """When a class is there, now that the occasion is as it is: a fixed time is the occasion's own.

    A visit to open hours that still fits stays; else it is moved as little as can be, and cut where hours are short.
    """
    if occasion.session.kind == Session.Kind.FIXED:
        return occasion.starts_at, occasion.ends_at
    length = min(ends_at - starts_at, occasion.ends_at - occasion.starts_at)
    begins = min(max(starts_at, occasion.starts_at), occasion.ends_at - length)
    return begins, begins + length


def _is_news(happening: Happening, now: datetime) -> bool:
    return max(happening.occasion.ends_at, happening.ended_at or happening.occasion.ends_at) > now


def _without_stops(happenings: dict[int, Happening], known: set[tuple[int, int]]) -> list[_Told]:
    """Classes with seats, or a place in the queue, that do not have the occasion in a programme."""
    told = []
    for model, states in _HOLDING:
        rows = model.objects.filter(occasion__in=happenings, state__in=states)
        for row in rows.select_related("school_class").order_by("pk"):
            key = (row.school_class_id, row.occasion_id)
            if key not in known and row.school_class.archived_at is None:
                known.add(key)
                happening = happenings[row.occasion_id]
                told.append(_Told(row.school_class, happening, happening.occasion.session.get_absolute_url()))
    return told


def _write_letters(told: Sequence[_Told], *, cause: str) -> None:
    teachers: dict[int, list[User]] = defaultdict(list)
    through = SchoolClass.teachers.through
    classes = {one.school_class.pk for one in told}
    rows = through._default_manager.filter(schoolclass__in=classes).select_related("user").order_by("user_id")
    for row in rows:
        teachers[row.schoolclass_id].append(row.user)
    hers: dict[User, list[_Told]] = defaultdict(list)
    for one in told:
        for teacher in teachers[one.school_class.pk]:
            hers[teacher].append(one)
    letters.tell_each(
        [(teacher, letter_of(things)) for teacher, things in hers.items()], kind=LetterKind.FAIR, cause=cause
    )


def letter_of(told: Sequence[_Told]) -> letters.Letter:
    """The letter to a teacher about what happened to her classes' programmes."""
    titles = list(dict.fromkeys(one.happening.occasion.session.title for one in told))
    if len(titles) == 1:
        subject = _("Ändring i ert program: %(title)s") % {"title": titles[0]}
    else:
        subject = ngettext(
            "%(n)d programpunkt i ert program har ändrats",
            "%(n)d programpunkter i ert program har ändrats",
            len(titles),
        ) % {"n": len(titles)}
    fair = _fair_of(told)
    paragraphs = [
        _("Det här är nytt i program som din klass har för %(fair)s. Vi har redan ändrat i programmet.")
        % {"fair": fair.name if fair else _("besök")}
    ]
    several = len({one.school_class.pk for one in told}) > 1
    for one in told[:MOST_TOLD]:
        title = one.happening.occasion.session.title
        start = f"{one.school_class.label}: {title}" if several else title
        paragraphs.append(" ".join(part for part in (f"{start}.", one.happening.what, one.happening.note) if part))
    if len(told) > MOST_TOLD:
        more = len(told) - MOST_TOLD
        paragraphs.append(ngettext("Och %(n)d ändring till.", "Och %(n)d ändringar till.", more) % {"n": more})
    addresses = {one.address for one in told}
    if len(addresses) == 1:
        return letters.Letter(subject, paragraphs, address=addresses.pop(), button=_("Öppna programmet"))
    return letters.Letter(subject, paragraphs, address=reverse("classes"), button=_("Öppna dina klasser"))


def _fair_of(told: Sequence[_Told]) -> Fair | None:
    return told[0].happening.occasion.session.fair


def cause_of(entry: AuditEntry) -> str:
    """A cause that is this action's alone: doing the same again is another row of the audit trail."""
    return f"fair change {entry.pk}"
