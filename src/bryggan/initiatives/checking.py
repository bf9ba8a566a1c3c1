"""Looking at a live source without writing anything: its format, how much it holds, and what is odd about it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from bryggan.initiatives import detecting
from bryggan.initiatives.models import Source
from bryggan.initiatives.reading import Progress
from bryggan.initiatives.remote import Page, Reader, RemoteInitiative, Uneven


@dataclass
class Findings:
    """What a source was found to hold. Names and addresses of persons are counted, never shown."""

    format: str
    seen: int = 0
    public: int = 0
    # How many initiatives have something in each of our fields.
    filled: dict[str, int] = field(default_factory=dict)
    # The keys of the source's own items, less those that hold persons, with how many items have them.
    keys: dict[str, int] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)
    challenges: int = 0
    platforms: int = 0
    terms: dict[str, int] = field(default_factory=dict)
    newest: str = ""
    left_out: list[dict[str, str]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    remarks: list[dict[str, str]] = field(default_factory=list)
    # Why a read was not even, once for each time it had to be repeated.
    uneven: list[str] = field(default_factory=list)
    complete: bool = False
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# Of these nothing is counted: every initiative has them, or they are not the source's.
_NOT_COUNTED = frozenset({"remote_id", "slug", "language", "is_stopped", "raw"})


def check(
    address: str,
    *,
    key_variable: str = "",
    sleep: Callable[[float], None] = time.sleep,
    progress: Progress = lambda _text: None,
) -> Findings:
    """Read the source at `address` as a sync would. Raises SourceTrouble or FetchError when it cannot be read."""
    began = time.monotonic()
    source = Source(name="check", address=address, key_variable=key_variable)
    with detecting.opened(source, sleep=sleep) as reader:
        uneven: list[str] = []
        for attempt in range(1, reader.attempts + 1):
            findings = Findings(format=detecting.LETTERS[Source.Format(reader.format)], uneven=uneven)
            try:
                _read(reader, findings, progress)
            except Uneven as error:
                uneven.append(str(error))
                if attempt < reader.attempts:
                    sleep(reader.pause_seconds)
            else:
                findings.complete = True
                break
    findings.remarks = [{"id": remote_id, "remark": remark} for remote_id, remark in reader.remarks]
    findings.seconds = round(time.monotonic() - began, 1)
    return findings


def _read(reader: Reader, findings: Findings, progress: Progress) -> None:
    vocabulary = reader.vocabulary()
    findings.challenges = len(vocabulary.challenges)
    findings.platforms = len(vocabulary.platforms)
    filled: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    terms = Counter(term.kind for term in vocabulary.terms)
    for page in reader.pages():
        _count(page, findings, filled, keys)
        progress(f"{findings.seen} initiatives read")
    findings.filled, findings.keys, findings.terms = (dict(sorted(each.items())) for each in (filled, keys, terms))
    findings.lists = dict(getattr(reader, "totals", {}))


def _count(page: Page, findings: Findings, filled: Counter[str], keys: Counter[str]) -> None:
    findings.public += len(page.initiatives)
    findings.seen += len(page.initiatives) + len(page.left_out) + len(page.refused)
    findings.left_out += [{"id": each.remote_id, "reason": each.reason} for each in page.left_out]
    findings.refused += [{"id": each.remote_id, "reason": each.reason} for each in page.refused]
    for initiative in page.initiatives:
        filled.update(name for name in _counted() if getattr(initiative, name) not in ("", None, (), {}))
        keys.update(name for name, value in initiative.raw.items() if value not in ("", None, [], {}, False))
        modified = initiative.source_modified_at
        if modified:
            findings.newest = max(findings.newest, modified.isoformat())


def _counted() -> list[str]:
    return [each.name for each in fields(RemoteInitiative) if each.name not in _NOT_COUNTED]
