"""Counting tries in the database, so that every web process sees the same number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import F
from django.utils import timezone

from bryggan.common.models import RateCount


def allowed(key: str, *, limit: int, per: timedelta) -> bool:
    """Count one try under `key`; True while there were at most `limit` in the current window of length `per`.

    Windows start at whole multiples of `per`, so a row says which window it counts.
    """
    seconds = int(per.total_seconds())
    now = timezone.now()
    start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=UTC)
    row = RateCount.objects.filter(key=key[:120], window_started_at=start)
    if not row.update(count=F("count") + 1):
        RateCount.objects.bulk_create([RateCount(key=key[:120], window_started_at=start)], ignore_conflicts=True)
        row.update(count=F("count") + 1)
    count = row.values_list("count", flat=True).first() or 0
    return count <= limit


def forget_old(*, older_than: timedelta = timedelta(days=2)) -> int:
    """Delete counts of past windows. Returns how many went."""
    return RateCount.objects.filter(window_started_at__lt=timezone.now() - older_than).delete()[0]
