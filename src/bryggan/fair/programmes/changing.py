"""How every change to a programme is made: locked, allowed, written down as it was before, and counted.

Two tabs, or two teachers of one class, may change the same programme at once. Each change locks the programme's
row, so one comes after the other. A change of one stop is then simply done; doing it twice does nothing more. A
change of a whole day says which version it was made from, and is refused when another came between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import User
from bryggan.common import audit
from bryggan.fair.models import Itinerary, ItineraryChange, Occasion
from bryggan.fair.programmes import history, itinerary_permissions
from bryggan.fair.programmes.reasons import Reason


class ChangedMeanwhile(Exception):
    """Somebody changed the programme after this page was made. Nothing was written."""


class PutAway(Exception):
    """The programme, or its class, is put away."""


class HasSeats(Exception):
    """The change would give back seats that are held, booked or queued for. Ask first. `stops`: their ids."""

    def __init__(self, stops: list[int]) -> None:
        super().__init__()
        self.stops = stops


class CannotBe(Exception):
    """What is asked for breaks a hard rule. `reason` says which, in words for the teacher."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class NoSuchStop(Exception):
    """The stop is not in the programme now, and what is asked for needs it."""


@dataclass
class Change:
    """A change under way. Nothing is counted or written down until `done` says what was done."""

    itinerary: Itinerary
    by: User
    before: history.Snapshot
    verb: str = ""
    what: str = ""

    def done(self, verb: str, what: str = "") -> None:
        self.verb, self.what = verb, what[:200]


def may_use(itinerary: Itinerary, by: User) -> None:
    """Raises NotAllowed, and PutAway when the programme or its class is put away."""
    if not itinerary_permissions.may_change(by, itinerary):
        raise NotAllowed
    if itinerary.archived_at is not None or itinerary.school_class.archived_at is not None:
        raise PutAway


@contextmanager
def changing(
    itinerary: Itinerary, *, by: User, version: int | None = None, occasions: Iterable[int] = ()
) -> Iterator[Change]:
    """The programme with its row locked, inside a transaction; what is done is written down at the end.

    Brings `itinerary` up to date in place. `occasions` are locked before it: those that stops are added to or whose
    seats may be given back. The fair's own changes lock in the same order, so nobody waits for each other. Raises
    NotAllowed, PutAway, and ChangedMeanwhile when `version` is not the programme's own.
    """
    with transaction.atomic():
        if keys := sorted(set(occasions)):
            list(Occasion.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
        # Of the row alone: the class and the fair are read, not locked.
        locked = Itinerary.objects.select_for_update(of=("self",)).filter(pk=itinerary.pk)
        row = locked.select_related("school_class__school_unit", "school_class__programme", "fair").first()
        if row is None:
            raise PutAway
        may_use(row, by)
        if version is not None and version != row.version:
            raise ChangedMeanwhile
        change = Change(row, by, history.snapshot(row))
        yield change
        if change.verb:
            write_down(change)
    for name in ("version", "changed_at", "name", "interests", "archived_at", "shown_to_colleagues"):
        setattr(itinerary, name, getattr(row, name))


def write_down(change: Change) -> ItineraryChange:
    """Count the change, keep how it was before, and tell the audit trail."""
    itinerary = change.itinerary
    itinerary.version += 1
    itinerary.changed_at = timezone.now()
    itinerary.save(update_fields=["version", "changed_at"])
    written = ItineraryChange.objects.create(
        itinerary=itinerary, by=change.by, verb=change.verb, what=change.what, before=change.before
    )
    history.forget_oldest(itinerary)
    audit.record(change.by, f"{change.verb} in programme", itinerary, version=itinerary.version)
    return written
