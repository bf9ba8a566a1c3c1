"""Was it fair, and did it hold? Read afterwards from the audit trail of an occasion.

Counts by itself, without the functions that decided at the time: at each entry, who was there and who stood in
line. What it finds is told in a sentence each; an empty list is the good answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bryggan.common.models import AuditEntry
from bryggan.fair.models import Booking, Occasion, Session, WaitingEntry
from bryggan.fair.seating import seat_ledger

TAKING = (seat_ledger.HELD, seat_ledger.BOOKED)
ENDING = (seat_ledger.RELEASED, seat_ledger.RAN_OUT)


@dataclass
class _Row:
    """A booking or a wish as the trail tells of it."""

    pk: int
    school_class: int
    seats: int
    starts_at: datetime
    ends_at: datetime
    is_reserved: bool
    held_until: datetime | None = None

    def meets(self, other: _Row) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass
class _Scene:
    """Who is in and who waits, up to one entry of the trail."""

    bookings: dict[int, _Row] = field(default_factory=dict)
    queue: dict[int, _Row] = field(default_factory=dict)
    capacity: int | None = None
    reserved: int = 0
    faults: list[str] = field(default_factory=list)
    # When everybody is there; None at open hours.
    always: tuple[datetime, datetime] | None = None


def faults(occasion: Occasion) -> list[str]:
    """Each time that seats were given beyond the capacity or out of turn, or somebody was both in and waiting.

    Compares what the trail ends with, too, with what the rows say now. The whole trail must be there.
    """
    scene = _Scene()
    if occasion.session.kind == Session.Kind.FIXED:
        scene.always = (occasion.starts_at, occasion.ends_at)
    trail = AuditEntry.objects.filter(thing_type=occasion._meta.label_lower, thing_id=str(occasion.pk))
    for entry in trail.order_by("pk"):
        if "strict_until" in entry.details:
            _follow(scene, entry)
    _compare(scene, occasion)
    return scene.faults


def _follow(scene: _Scene, entry: AuditEntry) -> None:
    told = entry.details
    at = _moment(told["at"])
    scene.capacity, scene.reserved = told["capacity"], told["reserved"]
    if entry.verb in TAKING:
        row = _row(scene, told, "booking")
        if told.get("was") == "held":
            held = scene.bookings.get(row.pk)
            if held is None or (held.held_until and held.held_until <= at):
                scene.faults.append(f"{entry}: booking {row.pk} was booked when it was not held any more")
        else:
            _check_turn(scene, entry, row, at, told.get("entry"))
            scene.queue.pop(told.get("entry"), None)
            _check_room(scene, entry, row, at)
        scene.bookings[row.pk] = row
    elif entry.verb == seat_ledger.RESIZED:
        _follow_resizing(scene, entry, at)
    elif entry.verb in ENDING:
        scene.bookings.pop(told["booking"], None)
    elif entry.verb == seat_ledger.JOINED or entry.verb == seat_ledger.ENTRY_RESIZED:
        scene.queue[told["entry"]] = _row(scene, told, "entry")
    elif entry.verb == seat_ledger.LEFT_QUEUE:
        scene.queue.pop(told["entry"], None)
    inside = {row.school_class for row in _live(scene, at)}
    both = inside & {row.school_class for row in scene.queue.values()}
    if both:
        scene.faults.append(f"{entry}: both in and waiting: classes {sorted(both)}")


def _follow_resizing(scene: _Scene, entry: AuditEntry, at: datetime) -> None:
    row = _row(scene, entry.details, "booking")
    seats_before, start_before = entry.details["before"]
    # As moments: the same one is written with another offset by whoever just set it.
    is_moved = row.starts_at != _moment(start_before) and scene.always is None
    if is_moved:
        scene.bookings.pop(row.pk, None)
    taken = row if is_moved else replace(row, seats=row.seats - seats_before)
    if taken.seats > 0:
        _check_turn(scene, entry, taken, at, None)
        _check_room(scene, entry, taken, at)
    scene.bookings[row.pk] = row


def _live(scene: _Scene, at: datetime) -> list[_Row]:
    return [row for row in scene.bookings.values() if row.held_until is None or row.held_until > at]


def _check_room(scene: _Scene, entry: AuditEntry, taken: _Row, at: datetime) -> None:
    """Whoever took seats found room for them; seats taken away from under those who have them are no fault."""
    if not _fits(scene, taken, at):
        scene.faults.append(f"{entry}: no room for {taken.seats} more seats of {scene.capacity}")


def _check_turn(scene: _Scene, entry: AuditEntry, wish: _Row, at: datetime, place: int | None) -> None:
    """Nobody who waits for the same seats was passed, but by the rule."""
    is_strict = at < _moment(entry.details["strict_until"])
    for number, other in scene.queue.items():
        if number == place:
            return
        if not other.meets(wish) or not _could_ever_fit(scene, other):
            continue
        if not other.is_reserved and wish.is_reserved and _takes_reserved_only(scene, wish, at):
            continue
        if is_strict or _fits(scene, other, at):
            scene.faults.append(f"{entry}: entry {number} was passed")
    if place is not None:
        scene.faults.append(f"{entry}: entry {place} did not wait")


def _could_ever_fit(scene: _Scene, row: _Row) -> bool:
    if scene.capacity is None:
        return True
    return row.seats <= scene.capacity - (0 if row.is_reserved else scene.reserved)


def _takes_reserved_only(scene: _Scene, wish: _Row, at: datetime) -> bool:
    live = _live(scene, at)
    return all(
        sum(row.seats for row in live if row.is_reserved and row.starts_at <= moment < row.ends_at) + wish.seats
        <= scene.reserved
        for moment in _moments(scene, wish, at)
    )


def _fits(scene: _Scene, wish: _Row, at: datetime) -> bool:
    if scene.capacity is None:
        return True
    for moment in _moments(scene, wish, at):
        there = [row for row in _live(scene, at) if row.starts_at <= moment < row.ends_at]
        common = sum(row.seats for row in there if not row.is_reserved)
        invited = sum(row.seats for row in there if row.is_reserved)
        out_of_reach = common + (invited if wish.is_reserved else max(invited, scene.reserved))
        if out_of_reach + wish.seats > scene.capacity:
            return False
    return True


def _moments(scene: _Scene, during: _Row, at: datetime) -> Iterable[datetime]:
    """Where the number of seats taken can be highest while `during` lasts: when it begins or somebody comes."""
    starts = {row.starts_at for row in _live(scene, at) if during.starts_at <= row.starts_at < during.ends_at}
    return {during.starts_at, *starts}


def _compare(scene: _Scene, occasion: Occasion) -> None:
    told = {row.pk: row.seats for row in scene.bookings.values()}
    rows = dict(
        Booking.objects.filter(occasion=occasion).exclude(state=Booking.State.ENDED).values_list("pk", "seats")
    )
    if told != rows:
        scene.faults.append(f"the trail ends with bookings {told}, the rows say {rows}")
    waiting = WaitingEntry.objects.filter(occasion=occasion, state=WaitingEntry.State.WAITING)
    queue = list(waiting.order_by("joined_at", "pk").values_list("pk", flat=True))
    if list(scene.queue) != queue:
        scene.faults.append(f"the trail ends with the queue {list(scene.queue)}, the rows say {queue}")


def _row(scene: _Scene, told: dict[str, Any], kind: str) -> _Row:
    starts_at, ends_at = scene.always or (_moment(told["starts_at"]), _moment(told["ends_at"]))
    held_until = told.get("held_until")
    return _Row(
        told[kind],
        told["school_class"],
        told["seats"],
        starts_at,
        ends_at,
        told["is_reserved"],
        _moment(held_until) if held_until else None,
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
