"""A clock that goes by what happens, and over the nights in a jump, so that days of offers fit into seconds.

For processes that are started by a test. It shows the same to all that were forked from the one that started it, and
a slow machine has as much time as a quick one.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

STOCKHOLM = ZoneInfo("Europe/Stockholm")
OPENS, HOURS_A_DAY = 8, 8


class Numbers:
    """Whole numbers that all processes see, and of which each process changes its own alone."""

    def __init__(self, processes: int) -> None:
        self._layout = struct.Struct(f"{processes}q")
        self._shared = mmap.mmap(-1, self._layout.size)

    def __getitem__(self, process: int) -> int:
        (number,) = struct.unpack_from("q", self._shared, process * 8)
        return int(number)

    def __setitem__(self, process: int, number: int) -> None:
        struct.pack_into("q", self._shared, process * 8, number)

    def all(self) -> tuple[int, ...]:
        return self._layout.unpack_from(self._shared)


def start(*, first_day: date, hours: Callable[[], float]) -> None:
    """Let Django's clock show 8 o'clock on `first_day` when no `hours` have passed; after 16 comes 8 the next day.

    To be called before the models are imported: they keep the clock that they find.
    """

    def now() -> datetime:
        passed = hours()
        day = first_day + timedelta(days=int(passed // HOURS_A_DAY))
        morning = datetime(day.year, day.month, day.day, OPENS, tzinfo=STOCKHOLM)
        return morning.astimezone(UTC) + timedelta(hours=passed % HOURS_A_DAY)

    timezone.now = now
