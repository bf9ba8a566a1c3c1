from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine

from accounts.together import at_once
from bryggan.common import rate_limits
from bryggan.common.models import RateCount

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_as_many_as_the_limit_are_allowed(db: None) -> None:
    with time_machine.travel(NOON, tick=False):
        answers = [rate_limits.allowed("x", limit=3, per=MINUTE) for _ in range(5)]

    assert answers == [True, True, True, False, False]
    assert RateCount.objects.get().count == 5


def test_keys_do_not_disturb_each_other(db: None) -> None:
    with time_machine.travel(NOON, tick=False):
        answers = [rate_limits.allowed(key, limit=1, per=MINUTE) for key in ("x", "y", "x")]

    assert answers == [True, True, False]


def test_a_new_window_starts_over(db: None) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first = [rate_limits.allowed("x", limit=1, per=MINUTE) for _ in range(2)]
        clock.shift(MINUTE)
        second = rate_limits.allowed("x", limit=1, per=MINUTE)

    assert (first, second) == ([True, False], True)


def test_a_limit_of_nothing_allows_nothing(db: None) -> None:
    assert rate_limits.allowed("x", limit=0, per=MINUTE) is False


def test_a_long_key_is_cut_and_still_counts(db: None) -> None:
    with time_machine.travel(NOON, tick=False):
        answers = [rate_limits.allowed("x" * 500, limit=1, per=MINUTE) for _ in range(2)]

    assert answers == [True, False]


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_time_are_all_counted() -> None:
    day = timedelta(days=1)

    answers = at_once([partial(rate_limits.allowed, "x", limit=3, per=day)] * 8)

    assert RateCount.objects.get().count == 8
    assert sum(answers) <= 3


def test_counts_of_old_windows_are_forgotten(db: None) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        rate_limits.allowed("old", limit=1, per=MINUTE)
        clock.shift(timedelta(days=3))
        rate_limits.allowed("new", limit=1, per=MINUTE)
        gone = rate_limits.forget_old()

    assert gone == 1
    assert RateCount.objects.get().key == "new"


def test_whether_a_limit_is_used_up_can_be_asked_without_counting(db: None) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        asked = [rate_limits.is_used_up("x", limit=1, per=MINUTE) for _ in range(2)]
        rate_limits.allowed("x", limit=1, per=MINUTE)
        asked += [rate_limits.is_used_up("x", limit=1, per=MINUTE), rate_limits.is_used_up("y", limit=1, per=MINUTE)]
        clock.shift(MINUTE)
        asked.append(rate_limits.is_used_up("x", limit=1, per=MINUTE))

    assert asked == [False, False, True, False, False]
