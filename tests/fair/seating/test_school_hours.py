"""Time that goes only while schools are open."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bryggan.fair.seating.school_hours import SchoolClock
from fair.factories import STOCKHOLM

pytestmark = pytest.mark.django_db

FAR = datetime(2028, 1, 1, tzinfo=STOCKHOLM)


class EveryWeekday(SchoolClock):
    """A school without holidays: the clocks are changed when others have Easter or autumn holidays."""

    def is_school_day(self, day: date) -> bool:
        return day.weekday() < 5


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2027-06-01 09:30", "2027-06-01 13:30"),
        ("2027-06-01 05:00", "2027-06-01 12:00"),
        ("2027-06-01 12:00", "2027-06-01 16:00"),
        ("2027-06-01 14:00", "2027-06-02 10:00"),
        ("2027-06-01 16:00", "2027-06-02 12:00"),
        ("2027-06-01 23:59", "2027-06-02 12:00"),
        ("2027-06-04 15:00", "2027-06-07 11:00"),  # Over a weekend with National Day.
        ("2027-05-05 14:00", "2027-05-10 10:00"),  # Over Ascension Day and the Friday after it.
        ("2027-03-25 14:00", "2027-04-05 10:00"),  # Over Easter, when summer time begins.
        ("2026-10-23 14:00", "2026-11-02 10:00"),  # Over the autumn holidays, when summer time ends.
    ],
)
def test_four_school_hours_end_where_the_school_clock_says(start: str, end: str) -> None:
    ends = SchoolClock().after(local(start), timedelta(hours=4), latest=FAR)

    assert ends == local(end)


def test_it_never_ends_after_the_latest_moment() -> None:
    latest = local("2027-06-05 07:00")

    assert SchoolClock().after(local("2027-06-04 15:00"), timedelta(hours=4), latest=latest) == latest
    assert SchoolClock().after(local("2027-06-22 15:00"), timedelta(hours=4), latest=FAR) == local("2027-08-25 12:00")


@pytest.mark.parametrize(
    ("friday", "monday"), [("2027-03-26 15:00", "2027-03-29 11:00"), ("2026-10-23 15:00", "2026-10-26 11:00")]
)
def test_a_weekend_on_which_the_clocks_change_costs_nobody_an_hour(friday: str, monday: str) -> None:
    clock = EveryWeekday()

    assert clock.after(local(friday), timedelta(hours=4), latest=FAR) == local(monday)


@given(
    minutes=st.integers(0, 60 * 24 * 200),
    first=st.integers(1, 600),
    second=st.integers(1, 600),
)
def test_two_lengths_after_each_other_are_one(minutes: int, first: int, second: int) -> None:
    clock = SchoolClock()
    start = local("2027-01-01 00:00") + timedelta(minutes=minutes)

    one_by_one = clock.after(
        clock.after(start, timedelta(minutes=first), latest=FAR), timedelta(minutes=second), latest=FAR
    )

    assert one_by_one == clock.after(start, timedelta(minutes=first + second), latest=FAR)


def test_a_whole_year_is_asked_of_in_a_few_statements(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(4):
        SchoolClock().after(local("2027-02-01 00:00"), timedelta(hours=900), latest=FAR)
