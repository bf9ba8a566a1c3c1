"""Keeping our rows in step with a source: read everything first, then write what differs in one transaction.

A read that cannot be trusted changes nothing. What vanished is asked for one by one and then withdrawn,
never erased; when more than a share of all would go, the source is ill and nothing happens. Two syncs
of one source at once may both read; the one that comes second to the writing sees that it was overtaken,
and reads again. No lock outlives its transaction, so a killed sync blocks nobody.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from bryggan.common import audit
from bryggan.common.fetching import FetchError
from bryggan.common.models import DataVersion
from bryggan.initiatives import detecting
from bryggan.initiatives.models import Initiative, Source, SyncRun
from bryggan.initiatives.reading import Progress, Reading, read
from bryggan.initiatives.remote import Fate, NotTaken, Reader, SourceTrouble
from bryggan.initiatives.rows import Initiatives, Meanings, take_challenges, take_platforms

log = logging.getLogger(__name__)

# A run's record names so many changes; its counts tell of all.
MOST_NAMED = 2000
FULL_READ_EVERY = timedelta(hours=24)
# How often a sync starts over because another one of the same source came first.
TRIES = 3


class TooManyGone(SourceTrouble):
    """More initiatives would be withdrawn than the source may lose in one run."""


class Overtaken(SourceTrouble):
    """Another sync of the same source wrote while this one read."""


@dataclass(frozen=True)
class _Before:
    """What we knew when we began to read."""

    last_run: int
    # The last read that could be trusted, of either kind.
    last_whole: SyncRun | None


def sync_source(
    source: Source,
    *,
    full: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    progress: Progress = lambda _text: None,
) -> SyncRun:
    """Bring our rows in step with `source` and answer with the record of it; its `error` says what went wrong.

    Reads what changed, or everything when `full`, when a full read is due, or when the source's vocabulary or
    number of initiatives changed. A `source` that is not saved is saved once it is known to be readable.
    Raises SourceTrouble or FetchError for an unsaved source that is not.
    """
    started = timezone.now()
    run_format = ""
    try:
        with detecting.opened(source, sleep=sleep) as reader:
            run_format = reader.format
            if source.pk is None:
                source = _saved(source)
            for attempt in range(1, TRIES + 1):
                try:
                    return _sync(source, reader, full, started, sleep, progress)
                except Overtaken:
                    if attempt == TRIES:
                        raise
                    progress("another sync of this source came first: reading again")
            raise AssertionError("the last try returns or raises")
    except (SourceTrouble, FetchError) as error:
        if source.pk is None:
            raise
        log.warning("Sync of %s changed nothing: %s", source.name, error)
        return SyncRun.objects.create(
            source=source,
            kind=SyncRun.Kind.FULL,
            format=run_format,
            started_at=started,
            finished_at=timezone.now(),
            error=str(error),
        )


def _saved(source: Source) -> Source:
    values = {"title": source.title, "address": source.address, "format": source.format}
    return Source.objects.get_or_create(name=source.name, defaults={**values, "key_variable": source.key_variable})[0]


def _sync(
    source: Source,
    reader: Reader,
    full: bool,
    started: datetime,
    sleep: Callable[[float], None],
    progress: Progress,
) -> SyncRun:
    before = _Before(
        last_run=source.runs.order_by("-pk").values_list("pk", flat=True).first() or 0,
        last_whole=source.runs.filter(is_complete=True).order_by("-started_at").first(),
    )
    reading = None
    if not full and before.last_whole and source.read_until and not _full_read_is_due(source):
        reading = _read_changed(source, reader, before, sleep, progress)
    if reading is None:
        reading = read(source, reader, kind=SyncRun.Kind.FULL, sleep=sleep, progress=progress)
    try:
        gone = _gone(source, reader, reading) if reading.kind == SyncRun.Kind.FULL else []
        progress("writing")
        return _write(source, reader, reading, gone, before, started)
    finally:
        reading.changed.close()


def _full_read_is_due(source: Source) -> bool:
    last = source.full_read_at
    return last is None or timezone.now() - last >= FULL_READ_EVERY


def _read_changed(
    source: Source, reader: Reader, before: _Before, sleep: Callable[[float], None], progress: Progress
) -> Reading | None:
    """What changed since the last read, counted up to the whole source; None when only a full read will do.

    The source does not tell of deletions or renamed terms. A renamed term shows in the vocabulary; a deletion
    in the number of initiatives, when it is not what the last read and the new ones add up to.
    """
    total = reader.total()
    if total is None or before.last_whole is None:
        return None
    reading = read(source, reader, kind=SyncRun.Kind.CHANGED, sleep=sleep, progress=progress)
    heard = {each["id"] for each in [*before.last_whole.left_out, *before.last_whole.refused]}
    here = reading.shown | reading.left_out.keys()
    rows = Initiative.objects.filter(source=source, withdrawn_at=None, remote_id__in=here)
    new = here - heard - set(rows.values_list("remote_id", flat=True))
    if Meanings(source).differ_from(reading.vocabulary.terms) or total != before.last_whole.seen + len(new):
        reading.changed.close()
        return None
    # The names of those that were left out and have not changed stand as they did.
    for each in before.last_whole.left_out:
        if each["id"] not in here:
            reading.left_out[each["id"]] = NotTaken(each["id"], each["reason"])
    reading.refused += [
        NotTaken(each["id"], each["reason"]) for each in before.last_whole.refused if each["id"] not in here
    ]
    changed = reading.changed.number
    reading.unchanged = total - changed - len(reading.left_out) - len(reading.refused)
    return reading


def _gone(source: Source, reader: Reader, reading: Reading) -> list[Initiative]:
    """The published initiatives that the source says it has no longer, each asked for. Raises TooManyGone."""
    published = Initiative.objects.published().filter(source=source).only("pk", "remote_id", "title")
    number = 0
    missing = []
    for row in published.iterator():
        number += 1
        if row.remote_id not in reading.shown and row.remote_id not in reading.left_out:
            missing.append(row)
    if len(missing) > source.largest_withdrawal * number:
        raise TooManyGone(
            f"{len(missing)} of {number} initiatives are not in the source any more, which is more than "
            f"{source.largest_withdrawal:.0%}: nothing was changed"
        )
    return [row for row in missing if reader.fate_of(row.remote_id) != Fate.STILL_THERE]


def _write(
    source: Source, reader: Reader, reading: Reading, gone: Sequence[Initiative], before: _Before, started: datetime
) -> SyncRun:
    with transaction.atomic():
        # The row lock makes syncs of one source write in turn.
        source = Source.objects.select_for_update().get(pk=source.pk)
        if source.runs.filter(pk__gt=before.last_run, error="").exists():
            raise Overtaken(
                "another sync of this source finished while this one was reading; this one changed nothing"
            )
        now = timezone.now()
        meanings = Meanings(source)
        meanings.take(reading.vocabulary.terms)
        challenges_changed = take_challenges(source, reading.vocabulary.challenges, meanings, now)
        platforms_changed = take_platforms(source, reading.vocabulary.platforms, now)
        initiatives = Initiatives(source, meanings, now)
        for batch in reading.changed.batches():
            initiatives.write(batch)
        withdrawn = _withdraw(source, gone, reading, now)
        changes = initiatives.changes + [
            {"id": row.remote_id, "title": row.title, "change": "withdrawn"} for row in withdrawn
        ]
        if reading.newest and (source.read_until is None or reading.newest > source.read_until):
            Source.objects.filter(pk=source.pk).update(read_until=reading.newest)
        run = SyncRun.objects.create(
            source=source,
            kind=reading.kind,
            format=reader.format,
            started_at=started,
            finished_at=timezone.now(),
            is_complete=True,
            seen=reading.seen if reading.kind == SyncRun.Kind.FULL else _seen(reading),
            created=sum(each["change"] == "created" for each in changes),
            updated=sum(each["change"] in ("updated", "restored") for each in changes),
            unchanged=reading.unchanged + initiatives.unchanged,
            withdrawn=len(withdrawn),
            left_out=_named(reading.left_out.values()),
            refused=_named(reading.refused),
            changes=changes[:MOST_NAMED],
        )
        everything = meanings.changed or challenges_changed or platforms_changed
        if changes or everything:
            audit.record(
                "sync",
                "synced",
                source,
                created=run.created,
                updated=run.updated,
                withdrawn=run.withdrawn,
                seen=run.seen,
            )
            # Words and challenges show on any initiative; their own changes only on themselves.
            touched = [*initiatives.written, *(row.pk for row in withdrawn)]
            DataVersion.touch("initiatives", None if everything else touched)
    return run


def _seen(reading: Reading) -> int:
    return reading.unchanged + reading.changed.number + len(reading.left_out) + len(reading.refused)


def _named(things: Iterable[NotTaken]) -> list[dict[str, str]]:
    return [{"id": each.remote_id, "reason": each.reason} for each in things]


def _withdraw(source: Source, gone: Sequence[Initiative], reading: Reading, now: datetime) -> list[Initiative]:
    """Withdraw what is gone, and what the source now keeps to itself; everything of it stays in our rows."""
    hidden = Initiative.objects.published().filter(source=source, remote_id__in=list(reading.left_out))
    rows = [*gone, *hidden.only("pk", "remote_id", "title")]
    if rows:
        Initiative.objects.filter(pk__in=[row.pk for row in rows]).update(withdrawn_at=now, changed_at=now)
    return rows
