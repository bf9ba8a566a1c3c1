"""What people do with the fair's supply: write a session, give it times, publish, change and cancel it.

Whoever has a time in a programme is told, and the programme follows, in the same transaction: `telling.reach`.
A draft is nobody's yet, and changes without a word.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts.models import Company, Department, User
from bryggan.common import audit
from bryggan.curriculum.models import Programme, Subject
from bryggan.fair import permissions, telling
from bryggan.fair.booking_times import set_booking_times
from bryggan.fair.models import Fair, Occasion, Session, State, Venue
from bryggan.fair.supply_changes import (
    MANY,
    Work,
    let_occasion_be,
    let_occasion_be_cancelled,
    let_session_be,
    let_session_be_cancelled,
)
from bryggan.fair.supply_changes import EndsBeforeStart as EndsBeforeStart
from bryggan.fair.supply_changes import FewerSeatsThanTaken as FewerSeatsThanTaken
from bryggan.fair.supply_changes import HasBookings as HasBookings
from bryggan.fair.supply_changes import OutsideFair as OutsideFair
from bryggan.fair.supply_changes import ShorterThanVisit as ShorterThanVisit
from bryggan.fair.supply_changes import TooLong as TooLong
from bryggan.fair.supply_changes import check_times as check_times
from bryggan.fair.telling import Happening, when_text
from bryggan.initiatives.models import Initiative


class NotAllowed(Exception):
    """The person may not change this session, or may not let it belong to that department or company."""


class IsCancelled(Exception):
    """What is cancelled stays as it is until it is reinstated."""


class NothingToPublish(Exception):
    """A session without a time that is not cancelled is nothing to show."""


class AnotherFair(Exception):
    """The venue belongs to another fair."""


class ChangedMeanwhile(Exception):
    """Somebody else has saved the session since the person opened it. `session` is what they saved."""

    def __init__(self, session: Session) -> None:
        super().__init__(str(session))
        self.session = session


@dataclass(frozen=True)
class SessionDetails:
    """What a person writes about a session. Empty lists mean everybody."""

    title: str
    summary: str = ""
    description: str = ""
    kind: str = Session.Kind.FIXED
    minutes: int = 60
    venue: Venue | None = None
    unit: str = Session.Unit.PEOPLE
    capacity: int | None = None
    smallest_group: int | None = None
    largest_group: int | None = None
    counts_adults: bool = True
    school_forms: Sequence[str] = ()
    school_years: Sequence[int] = ()
    programmes: Sequence[Programme] = ()
    languages: Sequence[str] = ()
    cost: int = 0
    cost_text: str = ""
    needs_booking: bool = False
    booking_opens_at: datetime | None = None
    booking_closes_hours: int = 24
    is_for_children: bool = False
    theme: str = ""
    subjects: Sequence[Subject] = ()
    initiatives: Sequence[Initiative] = ()
    department: Department | None = None
    company: Company | None = None
    organiser: str = ""
    link: str = ""

    def columns(self) -> dict[str, Any]:
        """As they are stored, those that point to many rows left out."""
        found = {name: getattr(self, name) for name in _COLUMNS}
        return found | {
            "school_forms": list(dict.fromkeys(self.school_forms)),
            "school_years": sorted(set(self.school_years)),
            "languages": list(dict.fromkeys(self.languages)),
        }

    @classmethod
    def of(cls, session: Session) -> SessionDetails:
        """A session as it is; three statements for what points to many rows."""
        found: dict[str, Any] = {name: getattr(session, name) for name in _COLUMNS}
        found |= {name: tuple(getattr(session, name).all()) for name in MANY}
        return cls(**found)


_COLUMNS = tuple(name for name in SessionDetails.__dataclass_fields__ if name not in MANY)


@dataclass(frozen=True)
class OccasionDetails:
    """When a session is given, and what holds for that time alone. `capacity` is in the session's unit."""

    starts_at: datetime
    ends_at: datetime
    capacity: int | None = None
    reserved: int = 0
    note: str = ""


@transaction.atomic
def create_session(*, fair: Fair, details: SessionDetails, by: User) -> Session:
    """A draft. Raises NotAllowed and AnotherFair."""
    _check_owner(by, details)
    _check_venue(fair, details.venue)
    session = Session.objects.create(fair=fair, remote_id=f"hand-{uuid.uuid4().hex[:12]}", **details.columns())
    for name in MANY:
        getattr(session, name).set(getattr(details, name))
    audit.record(by, "wrote a session", session)
    return session


@transaction.atomic
def edit_session(*, session: Session, details: SessionDetails, seen_at: datetime, by: User, note: str = "") -> Session:
    """The session as `details` say. Saving what is there already changes nothing.

    `seen_at` is the `changed_at` of the session that the person began from. Another venue is told, with `note`, to
    all who have a coming time; other words are not. Times follow the session's booking hours, and its number of
    seats where they had no other. Raises NotAllowed, ChangedMeanwhile, IsCancelled, AnotherFair, HasBookings and
    FewerSeatsThanTaken.
    """
    here = _locked(session, by)
    _check_owner(by, details, here)
    _check_venue(here.fair, details.venue)
    columns = details.columns()
    changed = {name: value for name, value in columns.items() if getattr(here, name) != value}
    many = {
        name: getattr(details, name) for name in MANY if set(getattr(here, name).all()) != set(getattr(details, name))
    }
    if not changed and not many:
        return here
    if here.changed_at != seen_at:
        raise ChangedMeanwhile(here)
    if here.state == State.CANCELLED:
        raise IsCancelled
    work = Work(by)
    for name, rows in many.items():
        getattr(here, name).set(rows)
    let_session_be(here, changed, work=work, note=note)
    entry = audit.record(by, "changed a session", here, columns=[*changed, *many])
    work.tell(entry)
    return here


@transaction.atomic
def publish(*, session: Session, by: User) -> Session:
    """Let everybody see it; of a changed one, take away the mark. Raises NotAllowed, IsCancelled, NothingToPublish."""
    here = _locked(session, by)
    if here.state == State.CANCELLED:
        raise IsCancelled
    if here.state == State.PUBLISHED:
        return here
    if not here.occasions.filter(cancelled_at=None).exists():
        raise NothingToPublish
    here.state, here.change_note, here.changed_at = State.PUBLISHED, "", timezone.now()
    here.save(update_fields=["state", "change_note", "changed_at"])
    audit.record(by, "published a session", here)
    return here


@transaction.atomic
def add_occasion(*, session: Session, details: OccasionDetails, by: User) -> Occasion:
    """One more time. The same time twice is the same occasion.

    Raises NotAllowed, IsCancelled, EndsBeforeStart, TooLong, ShorterThanVisit and OutsideFair.
    """
    here = _locked(session, by)
    if here.state == State.CANCELLED:
        raise IsCancelled
    check_times(here, details.starts_at, details.ends_at)
    same = here.occasions.filter(starts_at=details.starts_at, ends_at=details.ends_at, cancelled_at=None).first()
    if same:
        return same
    occasion = Occasion(
        session=here,
        remote_id=f"hand-{uuid.uuid4().hex[:12]}",
        starts_at=details.starts_at,
        ends_at=details.ends_at,
        capacity=details.capacity,
        reserved=details.reserved,
        note=details.note,
    )
    set_booking_times(occasion, timezone.now())
    occasion.save()
    audit.record(by, "added an occasion", occasion, session=here.pk)
    return occasion


@transaction.atomic
def change_occasion(*, occasion: Occasion, details: OccasionDetails, by: User, note: str = "") -> Occasion:
    """The occasion as `details` say; saving what is there already changes nothing.

    Another time is told, with `note`, to all who have it, and their programmes follow. Raises NotAllowed, IsCancelled,
    EndsBeforeStart, TooLong, ShorterThanVisit, OutsideFair and FewerSeatsThanTaken.
    """
    here = _locked_occasion(occasion, by)
    if here.is_cancelled:
        raise IsCancelled
    work = Work(by)
    changed = let_occasion_be(
        here,
        {name: getattr(details, name) for name in ("starts_at", "ends_at", "capacity", "reserved", "note")},
        work=work,
        note=note,
    )
    if changed:
        entry = audit.record(by, "changed an occasion", here, columns=changed, session=here.session_id)
        work.tell(entry)
    return here


@transaction.atomic
def cancel_occasion(*, occasion: Occasion, by: User, note: str = "") -> int:
    """Say that this time is not given. Stops stay and show it; seats end; all who have it are told.

    Returns how many classes were told; cancelling again tells nobody. Raises NotAllowed.
    """
    here = _locked_occasion(occasion, by)
    if here.cancelled_at is not None:
        return 0
    work = Work(by)
    let_occasion_be_cancelled(here, work=work, note=note)
    return work.tell(audit.record(by, "cancelled an occasion", here, session=here.session_id, note=note))


@transaction.atomic
def cancel_session(*, session: Session, by: User, note: str = "") -> int:
    """Say that nothing of it is given. Returns how many classes were told. Raises NotAllowed."""
    here = _locked(session, by)
    if here.state == State.CANCELLED:
        return 0
    work = Work(by)
    let_session_be_cancelled(here, work=work, note=note)
    return work.tell(audit.record(by, "cancelled a session", here, note=note))


@transaction.atomic
def reinstate_occasion(*, occasion: Occasion, by: User, note: str = "") -> int:
    """Take back that this time is cancelled. Seats that were ended must be booked anew. Raises NotAllowed.

    Raises IsCancelled when the whole session is. Returns how many classes were told.
    """
    here = _locked_occasion(occasion, by)
    if here.session.state == State.CANCELLED:
        raise IsCancelled
    if here.cancelled_at is None:
        return 0
    here.cancelled_at, here.changed_at = None, timezone.now()
    here.save(update_fields=["cancelled_at", "changed_at"])
    work = Work(by, happenings=[_reinstated(here, note)])
    return work.tell(audit.record(by, "reinstated an occasion", here, session=here.session_id))


@transaction.atomic
def reinstate_session(*, session: Session, by: User, note: str = "") -> int:
    """Take back that a session is cancelled; times that were cancelled one by one stay so. Raises NotAllowed."""
    here = _locked(session, by)
    if here.state != State.CANCELLED:
        return 0
    here.occasions.filter(cancelled_at=here.changed_at).update(cancelled_at=None, changed_at=timezone.now())
    here.state, here.change_note, here.changed_at = State.CHANGED, note or _("Ges ändå."), timezone.now()
    here.save(update_fields=["state", "change_note", "changed_at"])
    given = here.occasions.filter(cancelled_at=None).select_related("session__fair", "session__venue")
    work = Work(by, happenings=[_reinstated(occasion, note) for occasion in given])
    return work.tell(audit.record(by, "reinstated a session", here))


def overlapping(occasions: Iterable[Occasion]) -> list[tuple[Occasion, Occasion]]:
    """Neighbours in time, of one session, of which the second begins before the first ends. A warning, no error:

    two groups may be taken side by side. Half-open: what begins as another ends does not overlap it.
    """
    given = sorted(
        (one for one in occasions if one.cancelled_at is None), key=lambda one: (one.starts_at, one.ends_at)
    )
    return [(first, second) for first, second in pairwise(given) if second.starts_at < first.ends_at]


def _locked(session: Session, by: User) -> Session:
    """The session's row, locked and read anew, after the programmes that hold it. Raises NotAllowed."""
    telling.lock_programmes(Occasion.objects.filter(session=session).values_list("pk", flat=True))
    here = Session.objects.select_for_update(of=("self",)).select_related("fair", "venue").get(pk=session.pk)
    if not permissions.may_edit_session(by, here):
        raise NotAllowed
    return here


def _locked_occasion(occasion: Occasion, by: User) -> Occasion:
    """The occasion's row, locked after its session's: everybody takes them in this order. Raises NotAllowed."""
    session = _locked(occasion.session, by)
    here = Occasion.objects.select_for_update().get(pk=occasion.pk)
    here.session = session
    return here


def _check_owner(by: User, details: SessionDetails, session: Session | None = None) -> None:
    unchanged = session and (session.department, session.company) == (details.department, details.company)
    if not unchanged and not permissions.may_add_session_for(
        by, department=details.department, company=details.company
    ):
        raise NotAllowed


def _check_venue(fair: Fair | None, venue: Venue | None) -> None:
    if venue and (fair is None or venue.fair_id != fair.pk):
        raise AnotherFair


def _reinstated(occasion: Occasion, note: str) -> Happening:
    what = _("Ges ändå: %(when)s. Boka platser igen om ni vill vara med.") % {
        "when": when_text(occasion.starts_at, occasion.ends_at)
    }
    return Happening(occasion, what, note)
