"""Local times of the city turned into moments, and the two nights a year on which that is not plain.

The night that summer time begins has no time between 2 and 3: such a time is refused. The night that it ends has
each of them twice: the first is meant, unless the source says otherwise.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")


class NoSuchTime(Exception):
    """The clock is put forward over this local time, so that it never comes."""


def moment(day: date, clock: time) -> datetime:
    """The moment, in UTC, at which the city's clocks show `clock` on `day`. Raises NoSuchTime."""
    wanted = datetime.combine(day, clock.replace(tzinfo=None))
    found = wanted.replace(tzinfo=STOCKHOLM, fold=0).astimezone(UTC)
    if found.astimezone(STOCKHOLM).replace(tzinfo=None) != wanted:
        raise NoSuchTime(f"{wanted:%Y-%m-%d %H.%M}")
    return found


def at_city_time(value: datetime) -> datetime:
    """A moment in UTC; one that names no zone means the city's. Raises NoSuchTime."""
    return value.astimezone(UTC) if value.tzinfo else moment(value.date(), value.time())


def local(value: datetime) -> datetime:
    return value.astimezone(STOCKHOLM)


def midnight(day: date) -> datetime:
    """When `day` begins in the city."""
    return moment(day, time())


def clock_text(value: datetime | time) -> str:
    """`9.05`, as Swedes write it."""
    shown = local(value) if isinstance(value, datetime) and value.tzinfo else value
    return f"{shown.hour}.{shown.minute:02}"


def next_day(day: date) -> date:
    return day + timedelta(days=1)
