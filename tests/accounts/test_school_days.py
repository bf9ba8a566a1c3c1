"""School days and working days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bryggan.accounts import school_days
from bryggan.accounts.models import AcademicYear, DayOff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2027, date(2027, 3, 28))],
)
def test_easter_falls_where_the_almanac_says(year: int, sunday: date) -> None:
    assert school_days.easter_sunday(year) == sunday


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2027, 5, 6), False),  # Ascension Day
        (date(2027, 6, 25), False),  # Midsummer's eve
        (date(2027, 6, 6), False),  # a Sunday, and National Day
        (date(2027, 6, 7), True),
        (date(2026, 12, 24), False),
        (date(2026, 11, 28), False),  # a Saturday
    ],
)
def test_nobody_works_on_red_days_and_the_great_eves(day: date, works: bool) -> None:
    assert school_days.is_working_day(day) is works


def test_ten_working_days_pass_over_weekends_and_holidays() -> None:
    assert school_days.working_days_after(date(2027, 3, 19), 10) == date(2027, 4, 6)


def test_a_year_nobody_wrote_down_follows_the_usual_pattern_and_says_so() -> None:
    fair = [date(2027, 5, 30) + timedelta(days=n) for n in range(35)]

    found = school_days.school_days(fair)

    assert school_days.calendar_of(fair[0]).is_preliminary
    assert 9 <= len(found) <= 11
    assert all(day.weekday() < 5 and day <= date(2027, 6, 14) for day in found)


def test_the_written_year_decides_whatever_the_usual_pattern_says() -> None:
    year = AcademicYear.objects.create(
        name="2026/27",
        autumn_begins_on=date(2026, 8, 17),
        autumn_ends_on=date(2026, 12, 18),
        spring_begins_on=date(2027, 1, 11),
        spring_ends_on=date(2027, 6, 9),
        is_preliminary=False,
    )
    DayOff.objects.create(academic_year=year, name="Studiedag", first_on=date(2027, 6, 7), last_on=date(2027, 6, 7))

    found = school_days.school_days(date(2027, 6, 4) + timedelta(days=n) for n in range(8))

    assert found == [date(2027, 6, 4), date(2027, 6, 8), date(2027, 6, 9)]
    assert not school_days.calendar_of(date(2027, 6, 7)).is_preliminary
