from __future__ import annotations

from datetime import date

import pytest

from bryggan.curriculum.models import Curriculum
from bryggan.curriculum.validity import academic_year_of, upper_secondary_curriculum


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 8, 1), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 1, 1), 2026),
        (date(2027, 6, 30), 2026),
        # The last day of the fair still belongs to the year that is ending.
        (date(2027, 7, 3), 2026),
        (date(2027, 7, 31), 2026),
        (date(2027, 8, 1), 2027),
    ],
)
def test_the_academic_year_turns_on_the_first_of_august(day: date, year: int) -> None:
    assert academic_year_of(day) == year


@pytest.mark.parametrize(
    ("academic_year", "curricula"),
    [
        (2024, ["GY11", "GY11", "GY11"]),
        (2025, ["GY25", "GY11", "GY11"]),
        (2026, ["GY25", "GY25", "GY11"]),
        (2027, ["GY25", "GY25", "GY25"]),
    ],
)
def test_a_class_follows_what_was_in_force_when_it_began(academic_year: int, curricula: list[str]) -> None:
    found = [upper_secondary_curriculum(academic_year, year_of_study) for year_of_study in (1, 2, 3)]

    assert found == [Curriculum(curriculum) for curriculum in curricula]


@pytest.mark.parametrize("year_of_study", [-1, 0, 5])
def test_there_is_no_year_of_study_outside_1_to_4(year_of_study: int) -> None:
    with pytest.raises(ValueError, match="year of study"):
        upper_secondary_curriculum(2026, year_of_study)
