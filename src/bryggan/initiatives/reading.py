"""Reading a source from beginning to end without touching a row, page by page, until a read can be trusted.

What is new or differs from our rows is laid aside in a file, the rest only counted: memory stays flat
however large the source is, and nothing is written before the whole read is known to be even.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from bryggan.initiatives.models import Initiative, Source, SyncRun
from bryggan.initiatives.remote import NotTaken, Page, Reader, RemoteInitiative, Uneven, Vocabulary, mapped_hash

# Asked for once more between full reads: the source's clock and its caches may be behind.
OVERLAP = timedelta(minutes=10)

Progress = Callable[[str], None]


@dataclass
class Reading:
    """One read: what differs (in `changed`, on disk), and counts and names of everything else."""

    kind: str
    vocabulary: Vocabulary
    changed: Shelf
    # Ids that the source shows, whether taken or refused, and ids that it asks us to leave out.
    shown: set[str] = field(default_factory=set)
    left_out: dict[str, NotTaken] = field(default_factory=dict)
    refused: list[NotTaken] = field(default_factory=list)
    unchanged: int = 0
    # Largest modified time seen that is not in the future.
    newest: datetime | None = None

    @property
    def seen(self) -> int:
        """Different items; broken ones without an id count, each as one."""
        nameless = sum(not each.has_id for each in self.refused)
        return len(self.shown) + len(self.left_out) + nameless


class Shelf:
    """Initiatives laid aside in a file without a name, which is gone when the process is."""

    BATCH = 100

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115 - closed by `close`.
        self.number = 0

    def lay(self, initiative: RemoteInitiative, digest: str) -> None:
        pickle.dump((initiative, digest), self._file, protocol=pickle.HIGHEST_PROTOCOL)
        self.number += 1

    def batches(self) -> Iterator[list[tuple[RemoteInitiative, str]]]:
        """Everything laid here, in order; may be asked for again."""
        self._file.seek(0)
        left = self.number
        while left:
            size = min(left, self.BATCH)
            yield [pickle.load(self._file) for _ in range(size)]  # noqa: S301 - we wrote it ourselves, just now.
            left -= size

    def close(self) -> None:
        self._file.close()


def read(source: Source, reader: Reader, *, kind: str, sleep: Callable[[float], None], progress: Progress) -> Reading:
    """One trustworthy read. Raises Uneven when the list keeps moving, FetchError when the source is ill."""
    for attempt in range(1, reader.attempts + 1):
        reading = Reading(kind=kind, vocabulary=Vocabulary(), changed=Shelf())
        try:
            reading.vocabulary = reader.vocabulary()
            changed_after = None
            if kind == SyncRun.Kind.CHANGED and source.read_until:
                changed_after = source.read_until - OVERLAP
            for page in reader.pages(changed_after=changed_after):
                _take(source, page, reading)
                progress(f"{reading.seen} initiatives read")
        except Uneven as error:
            reading.changed.close()
            if attempt == reader.attempts:
                raise Uneven(f"{error}; read {attempt} times") from error
            progress(f"reading again: {error}")
            sleep(reader.pause_seconds)
        except BaseException:
            reading.changed.close()
            raise
        else:
            return reading
    raise AssertionError("a reader has at least one attempt")


def _take(source: Source, page: Page, reading: Reading) -> None:
    now = timezone.now()
    ours = _hashes(source, [each.remote_id for each in page.initiatives])
    for initiative in page.initiatives:
        reading.shown.add(initiative.remote_id)
        digest = mapped_hash(initiative)
        if ours.get(initiative.remote_id) == digest:
            reading.unchanged += 1
        else:
            reading.changed.lay(initiative, digest)
        modified = initiative.source_modified_at
        # One initiative dated 2031 must not stop every change until then.
        if modified and modified <= now and (reading.newest is None or modified > reading.newest):
            reading.newest = modified
    for each in page.left_out:
        reading.left_out[each.remote_id] = each
    reading.shown.update(each.remote_id for each in page.refused if each.has_id)
    reading.refused += page.refused


def _hashes(source: Source, remote_ids: list[str]) -> dict[str, str]:
    """The hashes of our rows by the source's id; a withdrawn row differs from whatever the source says now."""
    rows = Initiative.objects.filter(source=source, remote_id__in=remote_ids)
    found = rows.values_list("remote_id", "mapped_hash", "withdrawn_at")
    return {remote_id: "" if withdrawn_at else digest for remote_id, digest, withdrawn_at in found}
