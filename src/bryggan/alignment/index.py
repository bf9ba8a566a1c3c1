"""The index of initiatives that answers filters, counts and searches: in memory, made from the database.

Every web process has its own. It is disposable, follows the database by number (`DataVersion`), and is
asked under a lock, so nobody ever reads a half-made one. A change of some initiatives reloads just those.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from bryggan.alignment.models import Alignment, ProgrammeFit
from bryggan.alignment.textindex import TextIndex, words_of
from bryggan.common.models import ChangedRow, DataVersion
from bryggan.common.safe_html import text_of
from bryggan.curriculum.models import CoreContent, Course, Orientation, Programme, Subject
from bryggan.initiatives.models import Challenge, Initiative, SchoolOffer, Term

# Filters whose values hang on the initiative itself; those of the curriculum hang on its points.
PLAIN_FACETS = ("challenge", "category", "sector", "department", "technology", "status", "goal")
PROGRAMME_FACETS = ("programme", "orientation")
_TERM_FACETS: dict[str, str] = {
    Term.Kind.CATEGORY: "category",
    Term.Kind.SECTOR: "sector",
    Term.Kind.TECHNOLOGY: "technology",
    Term.Kind.GOAL: "goal",
}


class Cell(NamedTuple):
    """Where in the curriculum a point stands: years for compulsory school, a course or level for upper secondary."""

    school_form: str
    subject: str
    first_year: int
    last_year: int
    course: str

    @property
    def years(self) -> str | None:
        """`"7-9"`, `"3"`, or None outside compulsory school."""
        if not self.first_year:
            return None
        return str(self.first_year) if self.first_year == self.last_year else f"{self.first_year}-{self.last_year}"

    def has_year(self, years: Sequence[tuple[int, int]]) -> bool:
        """True when the cell's years share one with any of the spans."""
        return any(self.first_year <= last and first <= self.last_year for first, last in years)


class Point(NamedTuple):
    """What filters and labels need to know of a point of central content."""

    key: str
    curriculum: str
    subject_name: str
    cell: Cell
    heading: str
    text: str


@dataclass
class Entry:
    """What the index holds of one initiative, so that it can be taken out again."""

    values: dict[str, frozenset[str]]
    cells: frozenset[Cell]
    # Key, alignment and whether a person confirmed it: confirmed ones first, then by score.
    points: tuple[tuple[str, int, bool], ...]
    takes_classes: bool
    title: str
    newest: float


@dataclass
class Index:
    """Bitmaps of initiative ids by value, cell and point, a text index, and labels for every value."""

    number: int = -1
    curriculum_number: int = -1
    entries: dict[int, Entry] = field(default_factory=dict)
    all: BitMap = field(default_factory=BitMap)
    takes_classes: BitMap = field(default_factory=BitMap)
    by_value: dict[str, dict[str, BitMap]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(BitMap)))
    by_cell: dict[Cell, BitMap] = field(default_factory=lambda: defaultdict(BitMap))
    by_point: dict[str, BitMap] = field(default_factory=lambda: defaultdict(BitMap))
    points: dict[str, Point] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    texts: TextIndex = field(default_factory=TextIndex)
    size: int = 0
    newest_rank: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    title_rank: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    # Answers that depend on the index alone, forgotten whenever it changes.
    remembered: dict[Any, Any] = field(default_factory=dict)

    def put(self, number: int, entry: Entry) -> None:
        self.entries[number] = entry
        self.all.add(number)
        if entry.takes_classes:
            self.takes_classes.add(number)
        for facet, values in entry.values.items():
            for value in values:
                self.by_value[facet][value].add(number)
        for cell in entry.cells:
            self.by_cell[cell].add(number)
        for key, _alignment, _confirmed in entry.points:
            self.by_point[key].add(number)

    def remove(self, number: int) -> None:
        entry = self.entries.pop(number, None)
        if entry is None:
            return
        self.all.discard(number)
        self.takes_classes.discard(number)
        for facet, values in entry.values.items():
            for value in values:
                self.by_value[facet][value].discard(number)
        for cell in entry.cells:
            self.by_cell[cell].discard(number)
        for key, _alignment, _confirmed in entry.points:
            self.by_point[key].discard(number)
        self.texts.remove(number)

    def settle(self) -> None:
        """Make the orders anew and forget remembered answers: call after a batch of changes."""
        self.size = max(self.entries, default=0) + 1
        self.newest_rank = self._ranked(sorted(self.entries, key=lambda n: (-self.entries[n].newest, -n)))
        self.title_rank = self._ranked(sorted(self.entries, key=lambda n: (self.entries[n].title, n)))
        self.remembered.clear()

    def _ranked(self, numbers: list[int]) -> NDArray[np.int64]:
        rank = np.zeros(self.size, dtype=np.int64)
        rank[numbers] = np.arange(len(numbers))
        return rank


_lock = threading.RLock()
_index = Index()
_holders = 0


@contextmanager
def current() -> Iterator[Index]:
    """The index as of now, held for the length of the `with`. One statement when nothing has changed.

    May be nested: what is asked inside gets the index that the outermost `with` holds, at no further cost.
    """
    global _holders
    with _lock:
        if not _holders:
            _follow(_index)
        _holders += 1
        try:
            yield _index
        finally:
            _holders -= 1


def forget() -> None:
    """Make the index anew at the next question (for tests, whose databases come and go)."""
    with _lock:
        _index.__dict__.update(Index().__dict__)


def _follow(index: Index) -> None:
    versions = {row.name: row for row in DataVersion.objects.filter(name__in=["initiatives", "curriculum"])}
    initiatives = versions.get("initiatives")
    number = initiatives.number if initiatives else 0
    whole = initiatives.whole_number if initiatives else 0
    curriculum = versions["curriculum"].number if "curriculum" in versions else 0
    if index.number == number and index.curriculum_number == curriculum:
        return
    # A database behind the index is another database: everything is new.
    if index.number < whole or index.number > number or index.curriculum_number != curriculum or index.number < 0:
        fresh = Index()
        _load_labels(fresh)
        _load_curriculum_labels(fresh)
        _load(fresh, None)
        fresh.number, fresh.curriculum_number = number, curriculum
        index.__dict__.update(fresh.__dict__)
        return
    changed = ChangedRow.objects.filter(name="initiatives", number__gt=index.number)
    rows = list(changed.values_list("row", flat=True))
    # Loaded before the old ones go: a failure half-way leaves the index as it was, to be tried again.
    _load_labels(index)
    _load(index, rows)
    index.number = number


def _load_labels(index: Index) -> None:
    for kind, slug, name in Term.objects.values_list("kind", "slug", "name"):
        if kind in _TERM_FACETS:
            index.labels[_TERM_FACETS[kind]][slug] = name
        elif kind == Term.Kind.STATUS:
            index.labels["status"][slug] = name
    index.labels["challenge"] = {str(pk): title for pk, title in Challenge.objects.values_list("pk", "title")}
    from bryggan.accounts.models import Department

    index.labels["department"] = dict(Department.objects.values_list("slug", "name"))


def _load_curriculum_labels(index: Index) -> None:
    programmes = Programme.objects.filter(ended_at=None)
    index.labels["programme"] = dict(programmes.values_list("code", "name"))
    orientations = Orientation.objects.filter(programme__in=programmes).values_list("code", "name")
    index.labels["orientation"] = dict(orientations)
    index.labels["subject"] = dict(Subject.objects.values_list("code", "name"))
    index.labels["level"] = dict(Course.objects.values_list("code", "name"))


@lru_cache(maxsize=8192)
def _cell(form: str, subject: str, first: int, last: int, course: str) -> Cell:
    return Cell(form, subject, first, last, course)


def _load(index: Index, rows: Iterable[int] | None) -> None:
    """Read initiatives (all, or those named) and put them in place of what the index held of them."""
    chosen = None if rows is None else sorted(rows)
    batches: list[list[int] | None] = (
        [None] if chosen is None else [chosen[i : i + 500] for i in range(0, len(chosen), 500)]
    )
    for batch in batches:
        _load_batch(index, batch)
    index.settle()


def _load_batch(index: Index, batch: list[int] | None) -> None:
    initiatives = Initiative.objects.published()
    offers = SchoolOffer.objects.filter(takes_classes=True)
    links = Initiative.terms.through.objects.filter(term__kind__in=list(_TERM_FACETS))
    alignments = Alignment.objects.counting().filter(core_content__ended_at=None)
    fits = ProgrammeFit.objects.all()
    if batch is not None:
        initiatives = initiatives.filter(pk__in=batch)
        offers = offers.filter(initiative__in=batch)
        links = links.filter(initiative__in=batch)
        alignments = alignments.filter(initiative__in=batch)
        fits = fits.filter(initiative__in=batch)

    values: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for pk, kind, slug in links.values_list("initiative_id", "term__kind", "term__slug"):
        values[pk][_TERM_FACETS[kind]].add(slug)
    for pk, code, orientation in fits.values_list("initiative_id", "programme__code", "orientation_code"):
        values[pk]["orientation" if orientation else "programme"].add(orientation or code)
    points: dict[int, list[tuple[bool, float, int, str]]] = defaultdict(list)
    columns = ("initiative_id", "state", "score", "pk", "core_content__key")
    for pk, state, score, alignment, key in alignments.values_list(*columns):
        points[pk].append((state != Alignment.State.CONFIRMED, -score, alignment, key))
    _learn_points(index, {key for members in points.values() for *_rest, key in members})
    taking = set(offers.values_list("initiative_id", flat=True))

    found: dict[int, tuple[Entry, Any]] = {}
    rows = initiatives.values_list(
        "pk", "title", "summary", "what_html", "why_html", "how_html", "lessons_html", "other_html",
        "status__slug", "category__slug", "department__slug", "challenge_id", "challenge__title",
        "source_created_at", "first_seen_at", "is_stopped",
    )  # fmt: skip
    for (
        pk,
        title,
        summary,
        *htmls,
        status,
        category,
        department,
        challenge,
        question,
        created,
        seen,
        stopped,
    ) in rows.iterator(chunk_size=500):
        own = values[pk]
        for facet, value in (
            ("status", status),
            ("category", category),
            ("department", department),
            ("challenge", challenge),
        ):
            if value:
                own[facet].add(str(value))
        entry = Entry(
            values={facet: frozenset(kept) for facet, kept in own.items()},
            cells=frozenset(index.points[key].cell for *_rest, key in points[pk]),
            points=tuple((key, alignment, not other) for other, _score, alignment, key in sorted(points[pk])),
            takes_classes=pk in taking and not stopped,
            title=sort_key(title),
            newest=(created or seen).timestamp(),
        )
        body = " ".join(text_of(html) for html in htmls if html)
        words = words_of(((title, 3.0), (summary, 1.5), (body, 1.0), (question or "", 0.5)))
        found[pk] = (entry, words)
    for pk in batch if batch is not None else ():
        index.remove(pk)
    for pk, (entry, words) in found.items():
        index.put(pk, entry)
        index.texts.put(pk, words)


def _learn_points(index: Index, keys: set[str]) -> None:
    unknown = sorted(keys - index.points.keys())
    columns = (
        "key",
        "subject__curriculum",
        "subject__name",
        "heading",
        "text",
        "subject__school_form",
        "subject__code",
        "first_year",
        "last_year",
        "course__code",
    )
    for start in range(0, len(unknown), 500):
        asked = CoreContent.objects.filter(key__in=unknown[start : start + 500])
        for key, curriculum, name, heading, text, form, subject, first, last, course in asked.values_list(*columns):
            cell = _cell(form, subject, first or 0, last or 0, course or "")
            index.points[key] = Point(key, curriculum, name, cell, heading, text)


# Swedish order: å, ä and ö come last, in that order, whatever their numbers say.
_ORDER = str.maketrans({"å": "{a", "ä": "{b", "ö": "{c", "é": "e", "ü": "y"})


def sort_key(text: str) -> str:
    """A key that puts Swedish words in Swedish order, whatever their case."""
    return text.casefold().translate(_ORDER)
