from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bryggan.fair import local_times
from bryggan.fair.local_times import STOCKHOLM, NoSuchTime


def test_a_summer_time_is_two_hours_before_utc_and_a_winter_time_one() -> None:
    summer = local_times.moment(date(2027, 6, 1), time(10))
    winter = local_times.moment(date(2027, 1, 12), time(10))

    assert (summer, winter) == (datetime(2027, 6, 1, 8, tzinfo=UTC), datetime(2027, 1, 12, 9, tzinfo=UTC))


def test_a_time_that_the_clock_is_put_forward_over_is_refused() -> None:
    with pytest.raises(NoSuchTime):
        local_times.moment(date(2027, 3, 28), time(2, 30))

    assert local_times.moment(date(2027, 3, 28), time(3)) == datetime(2027, 3, 28, 1, tzinfo=UTC)


def test_a_time_that_comes_twice_means_the_first() -> None:
    assert local_times.moment(date(2027, 10, 31), time(2, 30)) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)))
def test_whatever_is_accepted_is_what_the_clocks_show_then(wanted: datetime) -> None:
    try:
        found = local_times.moment(wanted.date(), wanted.time())
    except NoSuchTime:
        return

    assert found.astimezone(STOCKHOLM).replace(tzinfo=None) == wanted


def test_a_moment_without_a_zone_is_the_citys_and_one_with_keeps_its_own() -> None:
    floating = local_times.at_city_time(datetime(2027, 6, 1, 10))
    zoned = local_times.at_city_time(datetime(2027, 6, 1, 10, tzinfo=UTC))

    assert (floating.hour, zoned.hour) == (8, 10)
