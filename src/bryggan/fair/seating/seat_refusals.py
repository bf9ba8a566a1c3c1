"""Why seats are not taken, changed or returned as asked. `web` gives each its words."""

from __future__ import annotations

from bryggan.fair.models import Booking, WaitingEntry
from bryggan.fair.seating.capacity import GroupLimits, GroupProblem, Room


class SeatsRefused(Exception):
    """Seats cannot be taken, changed or returned as asked. Nothing was changed."""


class NotOffered(SeatsRefused):
    """The session is not published."""


class IsCancelled(SeatsRefused):
    """The occasion or its session is cancelled."""


class HasBegun(SeatsRefused):
    """It has begun, or is over."""


class BookingNotOpenYet(SeatsRefused):
    """Booking opens at a later time."""


class BookingClosed(SeatsRefused):
    """Booking has closed."""


class OutsideHours(SeatsRefused):
    """The class would come before an open occasion opens, or stay until after it closes."""


class GroupNotTaken(SeatsRefused):
    """The session does not take a group of that size; `problem` says why, `limits` what it takes."""

    def __init__(self, problem: GroupProblem, limits: GroupLimits) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.limits = limits


class NotEnoughSeats(SeatsRefused):
    """Fewer seats are free than the group needs; `room` says how many, `waiting` how many groups wait."""

    def __init__(self, room: Room, needed: int, waiting: int) -> None:
        super().__init__(f"{needed} seats needed, {room.free} free")
        self.room = room
        self.needed = needed
        self.waiting = waiting


class OthersWait(SeatsRefused):
    """There are seats, but groups that wait for them come first. The way in is the queue."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} groups wait")
        self.waiting = waiting


class StandsInQueue(SeatsRefused):
    """The class waits for this occasion already, and gets an offer when it is its turn."""

    def __init__(self, entry: WaitingEntry) -> None:
        super().__init__()
        self.entry = entry


class AlreadyHasSeats(SeatsRefused):
    """The class has seats at this occasion already."""


class HasNoSeats(SeatsRefused):
    """The seats are not the class's any more: released, run out or cancelled; `booking` tells which."""

    def __init__(self, booking: Booking) -> None:
        super().__init__(booking.end)
        self.booking = booking


class OnlyOffered(SeatsRefused):
    """The seats are offered to the class and not its own until it says yes."""


class OfAnotherSession(SeatsRefused):
    """Seats can be moved between occasions of one session only."""
