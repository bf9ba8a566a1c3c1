"""How many seats are taken and left at an occasion, which groups it takes, and whose turn it is.

The only place where seats are counted. Lists, forms, the planner, booking and the queue all ask here.

A stay takes its seats from its start until its end, half-open: who leaves at 10 makes room for who comes then. At
fixed times everybody is there at once and seats are a sum; at open hours what counts is the busiest moment. Some
seats can be reserved for invited classes. Those that are not taken yet are out of reach for all others:

    free for all     = max(0, capacity - taken - max(0, reserved - taken of the reserved))
    free for invited = max(0, capacity - taken)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

# Of one group; more is a slip of the finger, and more than a row can hold.
MOST_PUPILS = 200
MOST_ADULTS = 100


@dataclass(frozen=True)
class Stay:
    """Seats from a moment until another, taken or wished for. Reserved: of, or for, a class that is invited."""

    starts_at: datetime
    ends_at: datetime
    seats: int
    is_reserved: bool = False

    def meets(self, other: Stay) -> bool:
        """True when both are there at some moment."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Room:
    """Seats taken at the busiest moment of a stretch of time, and how many can still be had through all of it.

    `free` is for everybody, `free_for_invited` for invited classes; both are None where there is no limit.
    `reserved_left` is how many of the reserved seats nobody has taken.
    """

    taken: int
    free: int | None
    free_for_invited: int | None
    reserved_left: int

    def fits(self, wish: Stay) -> bool:
        free = self.free_for_invited if wish.is_reserved else self.free
        return free is None or wish.seats <= free


@dataclass(frozen=True)
class SeatsLeft:
    """What is taken and left of an occasion, as a whole and for any part of it.

    `capacity` is None where there is no limit. `waiting` is how many groups stand in the queue.
    """

    capacity: int | None
    reserved: int = 0
    stays: tuple[Stay, ...] = ()
    waiting: int = 0

    @cached_property
    def whole(self) -> Room:
        return self._room(self.stays)

    @property
    def taken(self) -> int:
        return self.whole.taken

    @property
    def free(self) -> int | None:
        """For everybody, at any time of the occasion; None where there is no limit."""
        return self.whole.free

    @property
    def free_for_invited(self) -> int | None:
        return self.whole.free_for_invited

    @property
    def over_by(self) -> int:
        """How many more are booked than there are seats, when somebody took seats away afterwards."""
        return 0 if self.capacity is None else max(0, self.taken - self.capacity)

    def between(self, starts_at: datetime, ends_at: datetime) -> Room:
        """The same for a part of the occasion: what a group needs that stays from `starts_at` until `ends_at`."""
        window = Stay(starts_at, ends_at, 0)
        # Who came before the window and meets it is still there when it begins.
        return self._room([stay for stay in self.stays if stay.meets(window)], until=ends_at)

    def fits(self, wish: Stay) -> bool:
        """True when there are seats for `wish`, whoever else may want them."""
        return self.between(wish.starts_at, wish.ends_at).fits(wish)

    def could_ever_fit(self, wish: Stay) -> bool:
        """True when there would be seats for `wish` if nobody else had come."""
        most = largest_possible(self.capacity, self.reserved, is_reserved=wish.is_reserved)
        return most is None or wish.seats <= most

    def _room(self, stays: Sequence[Stay], until: datetime | None = None) -> Room:
        # Who leaves, leaves before who comes at the same moment.
        moments = sorted(
            [(stay.starts_at, 1, stay) for stay in stays] + [(stay.ends_at, 0, stay) for stay in stays],
            key=lambda moment: moment[:2],
        )
        common = reserved = most = most_reserved = 0
        most_out_of_reach = self.reserved
        for at, comes, stay in moments:
            if until is not None and at >= until:
                break
            seats = stay.seats if comes else -stay.seats
            if stay.is_reserved:
                reserved += seats
            else:
                common += seats
            most = max(most, common + reserved)
            most_reserved = max(most_reserved, reserved)
            most_out_of_reach = max(most_out_of_reach, common + max(self.reserved, reserved))
        reserved_left = max(0, self.reserved - most_reserved)
        if self.capacity is None:
            return Room(most, None, None, reserved_left)
        return Room(most, max(0, self.capacity - most_out_of_reach), max(0, self.capacity - most), reserved_left)


def most_free(left: SeatsLeft, starts_at: datetime, ends_at: datetime, stay: timedelta | None) -> int | None:
    """The most seats that one group can have for a stay, at whichever moment; None is no limit.

    `stay` is None where everybody is there all the time. Rooms change when somebody leaves, so those are the moments
    to look at.
    """
    if stay is None or left.free is None:
        return left.free
    moments = {starts_at} | {one.ends_at for one in left.stays if starts_at < one.ends_at <= ends_at - stay}
    return max((left.between(at, at + stay).free or 0 for at in moments), default=0)


def largest_possible(capacity: int | None, reserved: int, *, is_reserved: bool) -> int | None:
    """How many seats one group could have at the most; None where there is no limit."""
    if capacity is None:
        return None
    return capacity if is_reserved else max(0, capacity - reserved)


def may_take(wish: Stay, ahead: Sequence[Stay], left: SeatsLeft, *, strict: bool) -> bool:
    """True when there are seats for `wish` and nobody `ahead` in the queue is passed against the rule.

    As long as the queue is strict nobody passes anybody; after that who does not fit is passed by who does. Groups
    whose stays do not meet are not in each other's way, nor is an invited class that takes reserved seats only in
    the way of others. Who would not fit even if nobody else had come holds nobody up.
    """
    room = left.between(wish.starts_at, wish.ends_at)
    if not room.fits(wish):
        return False
    takes_reserved_only = wish.is_reserved and wish.seats <= room.reserved_left
    return not any(
        (strict or left.fits(other))
        for other in ahead
        if other.meets(wish) and (other.is_reserved or not takes_reserved_only) and left.could_ever_fit(other)
    )


def next_in_turn(queue: Sequence[Stay], left: SeatsLeft, *, strict: bool) -> int | None:
    """The index of the first in the queue who may have seats now; None when nobody may."""
    for index, wish in enumerate(queue):
        if may_take(wish, queue[:index], left, strict=strict):
            return index
    return None


@dataclass(frozen=True)
class GroupLimits:
    """Which groups a session takes. `smallest` and `largest` count people, and None is no limit.

    `most_seats` is what one group could have at the most, in the session's unit.
    """

    smallest: int | None = None
    largest: int | None = None
    counts_adults: bool = True
    counts_groups: bool = False
    most_seats: int | None = None


class GroupProblem(StrEnum):
    """Why a session does not take a group."""

    EMPTY = "empty"
    TOO_SMALL = "too small"
    TOO_LARGE = "too large"
    MORE_THAN_ALL_SEATS = "more than all seats"


def people_counted(limits: GroupLimits, *, pupils: int, adults: int) -> int:
    """How many people of a group the limits and the seats are about."""
    return pupils + (adults if limits.counts_adults else 0)


def seats_needed(limits: GroupLimits, *, pupils: int, adults: int) -> int:
    """How many seats a group takes: one when groups are counted."""
    return 1 if limits.counts_groups else people_counted(limits, pupils=pupils, adults=adults)


def group_problem(limits: GroupLimits, *, pupils: int, adults: int) -> GroupProblem | None:
    """What is wrong with the size of a group, if anything. A group has at least one pupil or child."""
    if pupils < 1 or adults < 0:
        return GroupProblem.EMPTY
    people = people_counted(limits, pupils=pupils, adults=adults)
    if limits.smallest is not None and people < limits.smallest:
        return GroupProblem.TOO_SMALL
    if pupils > MOST_PUPILS or adults > MOST_ADULTS or (limits.largest is not None and people > limits.largest):
        return GroupProblem.TOO_LARGE
    if limits.most_seats is not None and seats_needed(limits, pupils=pupils, adults=adults) > limits.most_seats:
        return GroupProblem.MORE_THAN_ALL_SEATS
    return None


def seats_if_taken(limits: GroupLimits, *, pupils: int, adults: int) -> int | None:
    """How many seats a group takes; None when the session does not take one of that size."""
    if group_problem(limits, pupils=pupils, adults=adults) is not None:
        return None
    return seats_needed(limits, pupils=pupils, adults=adults)
