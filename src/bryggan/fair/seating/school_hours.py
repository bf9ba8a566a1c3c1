"""How long something lasts when time goes only while schools are open.

A teacher is not asked to answer at night, on a Sunday or in the holidays. The clock of a seat offer stands still then.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from bryggan.accounts.school_days import SchoolCalendar, calendar_of
from bryggan.curriculum.validity import academic_year_of
from bryggan.fair import local_times

OPEN = time(8)
CLOSE = time(16)


class SchoolClock:
    """Counts school hours. Keeps the academic years that it has asked for: two statements for each."""

    def __init__(self) -> None:
        self._calendars: dict[int, SchoolCalendar] = {}

    def is_school_day(self, day: date) -> bool:
        year = academic_year_of(day)
        if year not in self._calendars:
            self._calendars[year] = calendar_of(day)
        return self._calendars[year].is_school_day(day)

    def after(self, start: datetime, length: timedelta, *, latest: datetime) -> datetime:
        """The moment, in UTC, when `length` of school time has passed since `start`, and never after `latest`."""
        day = local_times.local(start).date()
        left = length
        while local_times.midnight(day) < latest:
            if self.is_school_day(day):
                opens = max(start, local_times.moment(day, OPEN))
                closes = local_times.moment(day, CLOSE)
                if closes - opens >= left:
                    return min(local_times.at_city_time(opens) + left, local_times.at_city_time(latest))
                left -= max(closes - opens, timedelta())
            day = local_times.next_day(day)
        return local_times.at_city_time(latest)
