"""Counting tries in the database, so that every web process sees the same number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from bryggan.common.models import RateCount


def allowed(key: str, *, limit: int, per: timedelta) -> bool:
    """Count one try under `key`; True while there were at most `limit` in the current window of length `per`.

    Windows start at whole multiples of `per`, so a row says which window it counts.
    """
    with connection.cursor() as cursor:
        # Counted and read in one statement, so that two tries at once never see the same number.
        cursor.execute(
            "INSERT INTO common_ratecount (key, window_started_at, count) VALUES (%s, %s, 1)"
            " ON CONFLICT (key, window_started_at) DO UPDATE SET count = common_ratecount.count + 1 RETURNING count",
            [key[:120], connection.ops.adapt_datetimefield_value(_window(per))],
        )
        return bool(cursor.fetchone()[0] <= limit)


def is_used_up(key: str, *, limit: int, per: timedelta) -> bool:
    """True when `limit` tries have been counted in the current window. Counts nothing."""
    return RateCount.objects.filter(key=key[:120], window_started_at=_window(per), count__gte=limit).exists()


def forget_old(*, older_than: timedelta = timedelta(days=2)) -> int:
    """Delete counts of past windows. Returns how many went."""
    return RateCount.objects.filter(window_started_at__lt=timezone.now() - older_than).delete()[0]


def _window(per: timedelta) -> datetime:
    """When the current window began."""
    seconds = int(per.total_seconds())
    return datetime.fromtimestamp(int(timezone.now().timestamp()) // seconds * seconds, tz=UTC)
