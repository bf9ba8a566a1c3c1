"""Which curriculum a class follows. It depends on when the class began, not on today's date."""

from __future__ import annotations

from datetime import date

from bryggan.curriculum.models import Curriculum

# Education that started from 1 July 2025 follows Gy25; what started before ends by Gy11.
FIRST_GY25_YEAR = 2025
LONGEST_STUDY = 4


def academic_year_of(day: date) -> int:
    """The calendar year in which the academic year (läsår) of `day` began: 2026 for 2026/27.

    It turns on 1 August. Syllabuses turn on 1 July, but no class starts then, and a fair that lasts into the
    first days of July must not find its classes a year older before it ends.
    """
    return day.year if day.month >= 8 else day.year - 1


def upper_secondary_curriculum(academic_year_start: int, year_of_study: int) -> Curriculum:
    """What an upper-secondary class follows in the academic year that begins in `academic_year_start`.

    `year_of_study` counts from 1; a class started `year_of_study - 1` academic years earlier.
    Raises ValueError for a year of study outside 1–4.
    """
    if not 1 <= year_of_study <= LONGEST_STUDY:
        raise ValueError(f"year of study must be between 1 and {LONGEST_STUDY}, not {year_of_study}")
    began = academic_year_start - year_of_study + 1
    return Curriculum.GY25 if began >= FIRST_GY25_YEAR else Curriculum.GY11
