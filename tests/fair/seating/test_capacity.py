"""The formula of seats against a count minute by minute; group limits; whose turn it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bryggan.fair.seating.capacity import (
    GroupLimits,
    GroupProblem,
    Room,
    SeatsLeft,
    Stay,
    group_problem,
    may_take,
    next_in_turn,
    seats_needed,
)

OPENS = datetime(2027, 6, 1, 8, tzinfo=UTC)
MINUTES = 40


def stay(begins: int, ends: int, seats: int, is_reserved: bool = False) -> Stay:
    return Stay(OPENS + timedelta(minutes=begins), OPENS + timedelta(minutes=ends), seats, is_reserved)


@st.composite
def stays(draw: st.DrawFn) -> Stay:
    begins = draw(st.integers(0, MINUTES - 1))
    ends = draw(st.integers(begins + 1, MINUTES))
    return stay(begins, ends, draw(st.integers(1, 30)), draw(st.booleans()))


SEATS_LEFT = st.builds(
    SeatsLeft,
    capacity=st.integers(0, 90),
    reserved=st.integers(0, 100),
    stays=st.lists(stays(), max_size=8).map(tuple),
)


def minute_by_minute(left: SeatsLeft, begins: int, ends: int) -> Room:
    """The same, by asking each minute who is there."""
    taken, free, free_for_invited, reserved_left = 0, [], [], []
    for minute in range(begins, ends):
        at = OPENS + timedelta(minutes=minute)
        there = [each for each in left.stays if each.starts_at <= at < each.ends_at]
        now = sum(each.seats for each in there)
        reserved_now = sum(each.seats for each in there if each.is_reserved)
        taken = max(taken, now)
        free.append(max(0, left.capacity - now - max(0, left.reserved - reserved_now)))
        free_for_invited.append(max(0, left.capacity - now))
        reserved_left.append(max(0, left.reserved - reserved_now))
    return Room(taken, min(free), min(free_for_invited), min(reserved_left))


@given(left=SEATS_LEFT)
def test_an_occasion_counts_as_its_busiest_minute(left: SeatsLeft) -> None:
    assert left.whole == minute_by_minute(left, 0, MINUTES)


@given(left=SEATS_LEFT, window=st.tuples(st.integers(0, MINUTES), st.integers(0, MINUTES)))
def test_a_part_of_an_occasion_counts_as_its_own_busiest_minute(left: SeatsLeft, window: tuple[int, int]) -> None:
    begins, ends = min(window), max(window) + 1

    room = left.between(OPENS + timedelta(minutes=begins), OPENS + timedelta(minutes=ends))

    assert room == minute_by_minute(left, begins, ends)


@given(left=SEATS_LEFT, wish=stays())
def test_whoever_fits_brings_nobody_above_the_capacity(left: SeatsLeft, wish: Stay) -> None:
    if left.fits(wish):
        after = SeatsLeft(left.capacity, left.reserved, (*left.stays, wish))

        assert after.between(wish.starts_at, wish.ends_at).taken <= left.capacity


@given(left=SEATS_LEFT, wish=stays())
def test_who_is_not_invited_leaves_the_reserved_seats_alone(left: SeatsLeft, wish: Stay) -> None:
    common = Stay(wish.starts_at, wish.ends_at, wish.seats)
    before = left.between(wish.starts_at, wish.ends_at)
    if left.fits(common):
        after = SeatsLeft(left.capacity, left.reserved, (*left.stays, common)).between(wish.starts_at, wish.ends_at)

        assert after.reserved_left == before.reserved_left
        assert after.free_for_invited >= before.reserved_left


@given(begins=st.integers(0, 20), lasts=st.integers(1, 10), seats=st.integers(1, 30))
def test_who_leaves_makes_room_for_who_comes_at_the_same_minute(begins: int, lasts: int, seats: int) -> None:
    first, second = stay(begins, begins + lasts, seats), stay(begins + lasts, begins + 2 * lasts, seats)

    assert SeatsLeft(seats, 0, (first, second)).taken == seats
    assert SeatsLeft(seats, 0, (first,)).fits(second)


@pytest.mark.parametrize(
    ("capacity", "reserved", "taken", "taken_of_reserved", "free", "free_for_invited"),
    [
        (30, 0, 0, 0, 30, 30),
        (30, 10, 0, 0, 20, 30),
        (30, 10, 25, 0, 0, 5),  # more reserved than free
        (30, 40, 0, 0, 0, 30),  # more reserved than there are
        (30, 10, 12, 12, 18, 18),  # the invited have taken more than was reserved
        (20, 10, 26, 0, 0, 0),  # seats taken away afterwards
        (0, 0, 0, 0, 0, 0),
    ],
)
def test_reserved_seats_are_never_less_than_none_nor_more_than_there_are(
    capacity: int, reserved: int, taken: int, taken_of_reserved: int, free: int, free_for_invited: int
) -> None:
    there = [stay(0, 10, taken - taken_of_reserved), stay(0, 10, taken_of_reserved, True)]
    left = SeatsLeft(capacity, reserved, tuple(each for each in there if each.seats))

    assert (left.taken, left.free, left.free_for_invited) == (taken, free, free_for_invited)
    assert left.over_by == max(0, taken - capacity)


def test_without_a_capacity_everybody_fits() -> None:
    left = SeatsLeft(None, 5, (stay(0, 10, 500),))

    assert left.free is None
    assert left.free_for_invited is None
    assert left.fits(stay(0, 10, 10_000))


@pytest.mark.parametrize(
    ("limits", "pupils", "adults", "problem"),
    [
        (GroupLimits(), 25, 2, None),
        (GroupLimits(), 0, 2, GroupProblem.EMPTY),
        (GroupLimits(), -1, 2, GroupProblem.EMPTY),
        (GroupLimits(), 10, -1, GroupProblem.EMPTY),
        (GroupLimits(), 10, 0, None),
        (GroupLimits(), 400, 2, GroupProblem.TOO_LARGE),
        (GroupLimits(), 100_000, 2, GroupProblem.TOO_LARGE),
        (GroupLimits(), 20, 1000, GroupProblem.TOO_LARGE),
        (GroupLimits(largest=26), 24, 2, None),
        (GroupLimits(largest=26), 25, 2, GroupProblem.TOO_LARGE),
        (GroupLimits(largest=26, counts_adults=False), 26, 9, None),
        (GroupLimits(smallest=10), 8, 2, None),
        (GroupLimits(smallest=10, counts_adults=False), 8, 2, GroupProblem.TOO_SMALL),
        (GroupLimits(most_seats=20), 18, 3, GroupProblem.MORE_THAN_ALL_SEATS),
        (GroupLimits(most_seats=1, counts_groups=True), 28, 3, None),
        (GroupLimits(most_seats=0, counts_groups=True), 28, 3, GroupProblem.MORE_THAN_ALL_SEATS),
    ],
)
def test_a_group_is_taken_or_told_why_not(
    limits: GroupLimits, pupils: int, adults: int, problem: GroupProblem | None
) -> None:
    assert group_problem(limits, pupils=pupils, adults=adults) == problem


def test_seats_are_people_with_or_without_adults_or_groups() -> None:
    assert seats_needed(GroupLimits(), pupils=24, adults=2) == 26
    assert seats_needed(GroupLimits(counts_adults=False), pupils=24, adults=2) == 24
    assert seats_needed(GroupLimits(counts_groups=True), pupils=24, adults=2) == 1


def test_in_a_strict_queue_a_small_group_waits_behind_a_large_one() -> None:
    left = SeatsLeft(30, 0, (stay(0, 10, 10),))
    queue = [stay(0, 10, 28), stay(0, 10, 15)]

    assert next_in_turn(queue, left, strict=True) is None
    assert next_in_turn(queue, left, strict=False) == 1


def test_who_comes_new_waits_for_those_in_line_and_passes_who_does_not_fit_when_that_is_allowed() -> None:
    left = SeatsLeft(30, 0, (stay(0, 10, 10),))
    large, small = stay(0, 10, 28), stay(0, 10, 15)

    assert not may_take(small, [large], left, strict=True)
    assert may_take(small, [large], left, strict=False)
    assert not may_take(small, [stay(0, 10, 12)], left, strict=False)


def test_who_comes_at_another_hour_is_in_nobodys_way() -> None:
    left = SeatsLeft(30, 0, (stay(0, 10, 30),))

    assert next_in_turn([stay(0, 10, 28), stay(10, 20, 15)], left, strict=True) == 1


def test_reserved_seats_go_to_the_invited_though_others_wait() -> None:
    left = SeatsLeft(30, 20, (stay(0, 10, 10),))
    waits, invited = stay(0, 10, 12), stay(0, 10, 18, True)

    assert next_in_turn([waits, invited], left, strict=True) == 1
    assert next_in_turn([waits, stay(0, 10, 22, True)], left, strict=True) is None


def test_who_would_never_fit_holds_nobody_up() -> None:
    left = SeatsLeft(20, 0, ())

    assert next_in_turn([stay(0, 10, 28), stay(0, 10, 15)], left, strict=True) == 1
