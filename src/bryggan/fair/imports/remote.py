"""What a fair's programme says, in our words: the dataclasses that the adapters answer with.

Nothing of a spreadsheet's, a calendar's or a web page's own shape passes this door. What a source does not say
is left out of `columns`, so that an import leaves it as it stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any


class NotReadable(Exception):
    """The file as a whole cannot be read. The message says why, for the person who sent it."""


class BadValue(Exception):
    """One value cannot be understood. The message says why, for the person who wrote it."""


@dataclass(frozen=True)
class Fault:
    """Something wrong or doubtful in one place of a file.

    `row` as the file counts: the line of a table, the number of an event; 0 is the whole file. `column` is what
    the file calls it, empty for the whole row.
    """

    row: int
    column: str
    message: str
    # The session that it belongs to, empty when that cannot be known.
    session_id: str = ""


@dataclass(frozen=True)
class RemoteVenue:
    """A place by name. None and "" mean that the source does not say."""

    name: str
    area: str = ""
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class RemoteOccasion:
    """One time. Moments are in UTC; both are None when the source says only the day, as `all_day`."""

    remote_id: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    all_day: date | None = None
    is_cancelled: bool = False
    # Of `capacity`, `reserved` and `note`: what the source says.
    columns: Mapping[str, Any] = field(default_factory=dict)
    row: int = 0


@dataclass(frozen=True)
class RemoteSession:
    """A session and its times.

    `columns` are values by the names of our columns, as the source says them; what points to other rows
    (`subjects`, `programmes`, `initiatives`, `department`, `company`) stands there as tuples of texts, or a text.
    """

    remote_id: str
    title: str
    columns: Mapping[str, Any] = field(default_factory=dict)
    venue: RemoteVenue | None = None
    # "published", "draft" or "cancelled"; empty when the source does not say.
    state: str = ""
    occasions: tuple[RemoteOccasion, ...] = ()
    row: int = 0
    # By our names, where in the file each value stands when that is not `row`.
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """A whole file. `names` says what the file calls our columns, for messages about them."""

    format: str
    sessions: tuple[RemoteSession, ...] = ()
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    # Rows of a table, events of a calendar: what was read, good or bad.
    rows: int = 0


def digest_of(remote: RemoteSession) -> str:
    """Over what the file says of a session and its times, wherever in the file it stands."""
    told = [
        remote.remote_id,
        remote.title,
        sorted((name, value) for name, value in remote.columns.items()),
        [getattr(remote.venue, name) for name in ("name", "area", "address", "latitude", "longitude")]
        if remote.venue
        else None,
        remote.state,
        sorted(
            [
                occasion.remote_id,
                _moment_text(occasion.starts_at),
                _moment_text(occasion.ends_at),
                str(occasion.all_day),
                occasion.is_cancelled,
                sorted((name, value) for name, value in occasion.columns.items()),
            ]
            for occasion in remote.occasions
        ),
    ]
    text = json.dumps(told, ensure_ascii=False, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _moment_text(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat() if value else ""
