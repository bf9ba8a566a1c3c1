"""What a source says, in our words: the dataclasses that adapters answer with.

Their field names are those of the models they become. Nothing of the source's own shape passes this door,
but for `raw`, which is kept beside an initiative without the persons in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Protocol

# Part of every hash: raise it when the mapping changes, and the next full read writes everything anew.
MAPPING_VERSION = 1

DEPARTMENT = "department"


class SourceTrouble(Exception):
    """A source cannot be read, or not trusted this time. The message is for people and names the cause."""


class NotReadable(SourceTrouble):
    """What answers is not a source that we read: another format, another system, no web address."""


class Uneven(SourceTrouble):
    """What was read does not agree with itself: the list moved meanwhile. Reading again may help."""


@dataclass(frozen=True, slots=True)
class RemoteTerm:
    """A word of the source's vocabulary; `kind` is a Term.Kind, or DEPARTMENT."""

    kind: str
    remote_id: str
    name: str
    description: str = ""
    # The parent's id in the source; empty at the top.
    parent: str = ""
    # Statuses only: 0 to 100, or -1 for stopped.
    progress: int | None = None


@dataclass(frozen=True, slots=True)
class RemotePicture:
    address: str
    alt: str = ""
    caption: str = ""
    # Changes when the source puts another picture behind the same address.
    version: str = ""


@dataclass(frozen=True, slots=True)
class RemoteContact:
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class RemoteChallenge:
    remote_id: str
    title: str
    slug: str = ""
    preamble: str = ""
    content: str = ""
    category: RemoteTerm | None = None
    terms: tuple[RemoteTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class RemotePlatform:
    remote_id: str
    title: str
    preamble: str = ""
    content: str = ""
    features: tuple[dict[str, str], ...] = ()
    links: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteInitiative:
    """One initiative. Texts ending in `_html` are cleaned; terms are sorted, since their order means nothing."""

    NOT_HASHED: ClassVar = frozenset({"raw"})

    remote_id: str
    title: str
    slug: str = ""
    summary: str = ""
    language: str = "sv"
    what_html: str = ""
    why_html: str = ""
    how_html: str = ""
    lessons_html: str = ""
    other_html: str = ""
    status: RemoteTerm | None = None
    progress: int | None = None
    is_stopped: bool = False
    status_explanation: str = ""
    category: RemoteTerm | None = None
    terms: tuple[RemoteTerm, ...] = ()
    department: RemoteTerm | None = None
    participants: tuple[RemoteTerm, ...] = ()
    # Ids of challenges and platforms that the source shows to everyone.
    challenge: str = ""
    platforms: tuple[str, ...] = ()
    impact_goals: tuple[dict[str, Any], ...] = ()
    resident_involvement: tuple[str, ...] = ()
    links: tuple[dict[str, str], ...] = ()
    files: tuple[dict[str, Any], ...] = ()
    video_url: str = ""
    place: dict[str, Any] = field(default_factory=dict)
    budget_text: str = ""
    # Kronor with two decimals, as text; empty when no number could be read.
    budget: str = ""
    funds: dict[str, Any] = field(default_factory=dict)
    is_city_wide: bool | None = None
    challenges_core_business: bool | None = None
    started_text: str = ""
    source_created_at: datetime | None = None
    source_modified_at: datetime | None = None
    contacts: tuple[RemoteContact, ...] = ()
    pictures: tuple[RemotePicture, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """An item that did not go in, and why; named by its id in the source, or by its place when it has none."""

    remote_id: str
    reason: str
    has_id: bool = True


@dataclass(frozen=True)
class Vocabulary:
    """What initiatives refer to: small enough to be read whole, before them."""

    terms: Sequence[RemoteTerm] = ()
    challenges: Sequence[RemoteChallenge] = ()
    platforms: Sequence[RemotePlatform] = ()


@dataclass
class Page:
    """A handful of initiatives, read together; and by name those that did not go in."""

    initiatives: list[RemoteInitiative] = field(default_factory=list)
    # Not for the public: internal, or behind a password.
    left_out: list[NotTaken] = field(default_factory=list)
    # Broken.
    refused: list[NotTaken] = field(default_factory=list)


class Fate(Enum):
    """What a source says of an id that is in its list no longer."""

    DELETED = "deleted"
    UNPUBLISHED = "unpublished"
    STILL_THERE = "still there"


class Reader(Protocol):
    """One adapter, pointed at one source. Every method may raise SourceTrouble or FetchError."""

    # A Source.Format.
    format: str
    # How many times to read before giving up on a list that moves, and the wait between, in seconds.
    attempts: int
    pause_seconds: float
    # What looked odd but stopped nothing: (id, remark).
    remarks: list[tuple[str, str]]

    def vocabulary(self) -> Vocabulary: ...

    def pages(self, *, changed_after: datetime | None = None) -> Iterator[Page]:
        """One read from beginning to end. Raises Uneven at its end when the read contradicts itself."""
        ...

    def total(self) -> int | None:
        """How many initiatives the source says it has; None for one that can only be read whole."""
        ...

    def fate_of(self, remote_id: str) -> Fate: ...


def in_order(terms: list[RemoteTerm]) -> tuple[RemoteTerm, ...]:
    """Each term once, in an order that does not hang on the source's."""
    return tuple(sorted(set(terms), key=lambda each: (each.kind, each.remote_id)))


def mapped_hash(thing: RemoteInitiative | RemoteChallenge | RemotePlatform | RemoteTerm) -> str:
    """32 characters over everything that we store of `thing`: equal hash, nothing to write.

    Over our values, never over the source's own item, which changes when others change (`count`).
    """
    values = [MAPPING_VERSION, [getattr(thing, name) for name in _hashed_fields(type(thing))]]
    text = json.dumps(values, default=_hashable, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


_FIELDS: dict[type, tuple[str, ...]] = {}


def _hashed_fields(kind: type) -> tuple[str, ...]:
    if kind not in _FIELDS:
        left_out: frozenset[str] = getattr(kind, "NOT_HASHED", frozenset())
        _FIELDS[kind] = tuple(each.name for each in fields(kind) if each.name not in left_out)
    return _FIELDS[kind]


def _hashable(value: object) -> object:
    # Of a term, what shows on an initiative: a new description of the word changes no initiative.
    if isinstance(value, RemoteTerm):
        return [value.kind, value.remote_id, value.name, value.progress]
    if is_dataclass(value):
        return [getattr(value, name) for name in _hashed_fields(type(value))]
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a hash")
