"""When sources are read by themselves, for the worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from bryggan.initiatives import moves
from bryggan.initiatives.models import Source, SyncRun
from bryggan.initiatives.sync import sync_source

EVERY = timedelta(minutes=15)
# Sources that can only be read whole are read less often.
EVERY_WHOLE = timedelta(hours=1)
KEEP_RUNS = timedelta(days=60)


def sync_due() -> int:
    """Read one active source that is due, the one that waited longest. Returns how many were read, 0 or 1.

    A source that failed is not due before its time either: its host is left in peace as long.
    """
    now = timezone.now()
    sources = Source.objects.filter(is_active=True).annotate(last_run=Max("runs__started_at"))
    waiting = [source for source in sources if _is_due(source, now)]
    if not waiting:
        return 0
    source = min(waiting, key=lambda each: (each.last_run is not None, each.last_run))
    moves.propose_after(sync_source(source))
    forget_old_runs()
    return 1


def _is_due(source: Source, now: datetime) -> bool:
    last = source.last_run  # type: ignore[attr-defined]
    if last is None:
        return True
    if source.format == Source.Format.DEMO:
        # Its file changes with our own releases only, and `demo-data` reads it.
        return False
    every = EVERY if source.read_until else EVERY_WHOLE
    return bool(now - last >= every)


def forget_old_runs() -> int:
    """Delete records of runs that changed nothing, when they are old. Returns how many went."""
    old = SyncRun.objects.filter(started_at__lt=timezone.now() - KEEP_RUNS, changes=[])
    keep = SyncRun.objects.filter(is_complete=True).values("source").annotate(last=Max("pk")).values("last")
    return old.exclude(pk__in=keep).exclude(kind=SyncRun.Kind.FULL, is_complete=True).delete()[0]
