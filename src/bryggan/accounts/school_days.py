"""Which days pupils are at school, and which days people at the city work.

Asked of the academic years that an editor has written down. A year nobody has written down yet is made by the
usual pattern of Swedish schools and says that it is preliminary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from bryggan.accounts.models import AcademicYear
from bryggan.curriculum.validity import academic_year_of

MONDAY, WEDNESDAY, FRIDAY, SATURDAY = 0, 2, 4, 5


@dataclass(frozen=True)
class SchoolCalendar:
    """One academic year. Terms and days off are (first, last) days, inclusive."""

    name: str
    terms: tuple[tuple[date, date], ...]
    days_off: tuple[tuple[date, date], ...]
    is_preliminary: bool

    def is_school_day(self, day: date) -> bool:
        return (
            is_working_day(day)
            and any(first <= day <= last for first, last in self.terms)
            and not any(first <= day <= last for first, last in self.days_off)
        )


def calendar_of(day: date) -> SchoolCalendar:
    """The academic year that `day` belongs to, which turns on 1 August. Two statements."""
    start = academic_year_of(day)
    name = f"{start}/{(start + 1) % 100:02}"
    year = AcademicYear.objects.filter(name=name).prefetch_related("days_off").first()
    if year is None:
        return _usual(start, name)
    return SchoolCalendar(
        name,
        ((year.autumn_begins_on, year.autumn_ends_on), (year.spring_begins_on, year.spring_ends_on)),
        tuple((off.first_on, off.last_on) for off in year.days_off.all()),
        year.is_preliminary,
    )


def school_days(days: Iterable[date]) -> list[date]:
    """Those of `days` on which pupils are at school, in the order given. Two statements per academic year."""
    calendars: dict[int, SchoolCalendar] = {}
    found = []
    for day in days:
        start = academic_year_of(day)
        if start not in calendars:
            calendars[start] = calendar_of(day)
        if calendars[start].is_school_day(day):
            found.append(day)
    return found


def is_school_day(day: date) -> bool:
    return bool(school_days([day]))


def is_working_day(day: date) -> bool:
    """Monday to Friday, but for public holidays and the eves that nobody works on."""
    return day.weekday() < SATURDAY and day not in public_holidays(day.year)


def working_days_after(day: date, count: int) -> date:
    """The day that comes `count` working days after `day`."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def public_holidays(year: int) -> frozenset[date]:
    """Days on which nobody works: red days by law (1989:253), and midsummer, Christmas and New Year's eve."""
    easter = easter_sunday(year)
    # Midsummer's eve is the Friday between 19 and 25 June; All Saints' is always a Saturday.
    midsummer_eve = date(year, 6, 19) + timedelta(days=(FRIDAY - date(year, 6, 19).weekday()) % 7)
    return frozenset(
        {
            date(year, 1, 1),
            date(year, 1, 6),
            easter - timedelta(days=2),
            easter + timedelta(days=1),
            date(year, 5, 1),
            easter + timedelta(days=39),
            date(year, 6, 6),
            midsummer_eve,
            date(year, 12, 24),
            date(year, 12, 25),
            date(year, 12, 26),
            date(year, 12, 31),
        }
    )


def easter_sunday(year: int) -> date:
    """By the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    n = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * n) // 451
    month, day = divmod(h + n - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _usual(start: int, name: str) -> SchoolCalendar:
    """Mid August to 20 December, 8 January to mid June; holidays in weeks 44 and 8, after Easter and Ascension Day."""
    easter = easter_sunday(start + 1)
    autumn, sports = date.fromisocalendar(start, 44, 1), date.fromisocalendar(start + 1, 8, 1)
    after_easter = easter + timedelta(days=1)
    weeks = tuple((first, first + timedelta(days=4)) for first in (autumn, sports, after_easter))
    # Friday after Ascension Day: the schools of the region keep it free.
    squeezed = easter + timedelta(days=40)
    return SchoolCalendar(
        name,
        (
            (date.fromisocalendar(start, 34, WEDNESDAY + 1), date(start, 12, 20)),
            (date(start + 1, 1, 8), date.fromisocalendar(start + 1, 24, 1)),
        ),
        (*weeks, (squeezed, squeezed)),
        is_preliminary=True,
    )


@dataclass(frozen=True, order=True)
class HalfYear:
    """A term as figures are compared by: August to December, or January to July. Days are inclusive."""

    first_on: date
    last_on: date

    @property
    def code(self) -> str:
        """`2026ht`, `2027vt`."""
        return f"{self.first_on.year}{'ht' if self.first_on.month == 8 else 'vt'}"

    @property
    def before(self) -> HalfYear:
        return half_year_of(self.first_on - timedelta(days=1))


def half_year_of(day: date) -> HalfYear:
    if day.month >= 8:
        return HalfYear(date(day.year, 8, 1), date(day.year, 12, 31))
    return HalfYear(date(day.year, 1, 1), date(day.year, 7, 31))


def half_year_by_code(code: str) -> HalfYear | None:
    """The term that a code names; None for anything else."""
    if len(code) != 6 or not (code[:4].isascii() and code[:4].isdigit()) or not 1990 <= int(code[:4]) <= 2200:
        return None
    months = {"ht": 8, "vt": 1}
    return half_year_of(date(int(code[:4]), months[code[4:]], 1)) if code[4:] in months else None
