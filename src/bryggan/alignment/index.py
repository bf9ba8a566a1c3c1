"""The index of initiatives that answers filters, counts and searches: in memory, made from the database.

Every web process has its own. It is disposable, follows the database by number (`DataVersion`), and is
asked under a lock, so nobody ever reads a half-made one. A change of some initiatives reloads just those.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from bryggan.alignment.models import Alignment, ProgrammeFit
from bryggan.alignment.textindex import TextIndex, Words, with_room, words_of
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

# How many initiatives are read at a time.
BATCH = 500
# More changes than this at once are not held in memory together: everything is made anew instead.
MOST_CHANGES = 10_000
# With a hundred thousand initiatives, the sets for one choice in the curriculum may weigh some megabytes.
MOST_REMEMBERED = 64

T = TypeVar("T")


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


@dataclass(slots=True)
class Entry:
    """What the index holds of one initiative, so that it can be taken out again.

    There is one of these for each initiative in every process, so strings and pairs in it are shared between all.
    """

    # Facet and value.
    values: tuple[tuple[str, str], ...]
    # Keys of points, confirmed ones first, then by score; the alignment of each; how many are confirmed.
    keys: tuple[str, ...]
    alignments: array[int]
    confirmed: int
    takes_classes: bool
    title: str
    newest: float

    @property
    def points(self) -> list[tuple[str, int, bool]]:
        """Key, alignment and whether a person confirmed it: confirmed ones first, then by score."""
        pairs = enumerate(zip(self.keys, self.alignments, strict=True))
        return [(key, alignment, place < self.confirmed) for place, (key, alignment) in pairs]


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
    # Answers that depend on the index alone, forgotten whenever it changes.
    remembered: dict[Hashable, Any] = field(default_factory=dict)
    # Titles and numbers in order, kept from when somebody first asks for that order.
    _by_title: list[tuple[str, int]] | None = None
    # When each came, by number.
    _newest: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def put(self, number: int, entry: Entry) -> None:
        self.entries[number] = entry
        self.all.add(number)
        if entry.takes_classes:
            self.takes_classes.add(number)
        for facet, value in entry.values:
            self.by_value[facet][value].add(number)
        for cell in self._cells(entry):
            self.by_cell[cell].add(number)
        for key in entry.keys:
            self.by_point[key].add(number)
        if self._by_title is not None:
            insort(self._by_title, (entry.title, number))
        self._newest = with_room(self._newest, number)
        self._newest[number] = entry.newest

    def remove(self, number: int) -> None:
        entry = self.entries.pop(number, None)
        if entry is None:
            return
        self.all.discard(number)
        self.takes_classes.discard(number)
        for facet, value in entry.values:
            self.by_value[facet][value].discard(number)
        for cell in self._cells(entry):
            self.by_cell[cell].discard(number)
        for key in entry.keys:
            self.by_point[key].discard(number)
        if self._by_title is not None:
            del self._by_title[bisect_left(self._by_title, (entry.title, number))]
        self.texts.remove(number)

    def _cells(self, entry: Entry) -> set[Cell]:
        return {self.points[key].cell for key in entry.keys}

    def settle(self) -> None:
        """Forget orders and remembered answers: call after a batch of changes."""
        self.size = self.all.max() + 1 if self.all else 1
        self.remembered.clear()

    @property
    def newest_rank(self) -> NDArray[np.int32]:
        """Place in the order newest first, by number."""

        def made() -> NDArray[np.int32]:
            # From the last number to the first, which is how those that came together stay.
            numbers = np.array(self.all.to_array(), dtype=np.int64)[::-1]
            return self._ranked(numbers[np.argsort(-self._newest[numbers], kind="stable")])

        return self.remember("newest", made)

    @property
    def title_rank(self) -> NDArray[np.int32]:
        """Place in the order by title, by number."""

        def made() -> NDArray[np.int32]:
            if self._by_title is None:
                self._by_title = sorted((entry.title, number) for number, entry in self.entries.items())
            numbers = (number for _title, number in self._by_title)
            return self._ranked(np.fromiter(numbers, dtype=np.int64, count=len(self._by_title)))

        return self.remember("title", made)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, kept until the index changes or MOST_REMEMBERED other answers have been asked for."""
        kept = self.remembered
        # Taken out and put in again: the one asked for longest ago is the first.
        found = kept.pop(key) if key in kept else make()
        kept[key] = found
        if len(kept) > MOST_REMEMBERED:
            del kept[next(iter(kept))]
        return found

    def _ranked(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        rank = np.zeros(self.size, dtype=np.int32)
        rank[numbers] = np.arange(len(numbers), dtype=np.int32)
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
        _make_anew(index, number, curriculum)
        return
    changed = ChangedRow.objects.filter(name="initiatives", number__gt=index.number)
    rows = sorted(changed.values_list("row", flat=True))
    if len(rows) > MOST_CHANGES:
        _make_anew(index, number, curriculum)
        return
    # All is read before anything is changed: a failure half-way leaves the index as it was, to be tried again.
    labels = _labels()
    read = [one for start in range(0, len(rows), BATCH) for one in _read(index, rows[start : start + BATCH])]
    index.labels.update(labels)
    for row in rows:
        index.remove(row)
    for pk, entry, words in read:
        index.put(pk, entry)
        index.texts.put(pk, words)
    index.settle()
    index.number = number


def _make_anew(index: Index, number: int, curriculum: int) -> None:
    fresh = Index()
    fresh.labels.update(_labels())
    _load_curriculum_labels(fresh)
    pks = list(Initiative.objects.published().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        # A batch at a time: the texts of all of them weigh more than the index does.
        for pk, entry, words in _read(fresh, pks[start : start + BATCH]):
            fresh.put(pk, entry)
            fresh.texts.put(pk, words)
    fresh.settle()
    fresh.number, fresh.curriculum_number = number, curriculum
    index.__dict__.update(fresh.__dict__)


def _labels() -> dict[str, dict[str, str]]:
    """Labels of the city's own terms, by facet."""
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for kind, slug, name in Term.objects.values_list("kind", "slug", "name"):
        if kind in _TERM_FACETS:
            labels[_TERM_FACETS[kind]][slug] = name
        elif kind == Term.Kind.STATUS:
            labels["status"][slug] = name
    labels["challenge"] = {str(pk): title for pk, title in Challenge.objects.values_list("pk", "title")}
    from bryggan.accounts.models import Department

    labels["department"] = dict(Department.objects.values_list("slug", "name"))
    return labels


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


@lru_cache(maxsize=8192)
def _value(facet: str, value: str) -> tuple[str, str]:
    return facet, value


def _read(index: Index, batch: Sequence[int]) -> Iterator[tuple[int, Entry, Words]]:
    """What the index should hold of those of `batch` that are published; ascending, as `batch` is."""
    initiatives = Initiative.objects.published().filter(pk__in=batch).order_by("pk")
    offers = SchoolOffer.objects.filter(takes_classes=True, initiative__in=batch)
    links = Initiative.terms.through.objects.filter(term__kind__in=list(_TERM_FACETS), initiative__in=batch)
    alignments = Alignment.objects.counting().filter(core_content__ended_at=None, initiative__in=batch)
    fits = ProgrammeFit.objects.filter(initiative__in=batch)

    values: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for pk, kind, slug in links.values_list("initiative_id", "term__kind", "term__slug"):
        values[pk].add(_value(_TERM_FACETS[kind], slug))
    for pk, code, orientation in fits.values_list("initiative_id", "programme__code", "orientation_code"):
        values[pk].add(_value("orientation" if orientation else "programme", orientation or code))
    points: dict[int, list[tuple[bool, float, int, str]]] = defaultdict(list)
    columns = ("initiative_id", "state", "score", "pk", "core_content__key")
    for pk, state, score, alignment, key in alignments.values_list(*columns):
        points[pk].append((state != Alignment.State.CONFIRMED, -score, alignment, key))
    _learn_points(index, {key for members in points.values() for *_rest, key in members})
    taking = set(offers.values_list("initiative_id", flat=True))

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
    ) in rows:
        own = values[pk]
        for facet, value in (
            ("status", status),
            ("category", category),
            ("department", department),
            ("challenge", challenge),
        ):
            if value:
                own.add(_value(facet, str(value)))
        best = sorted(points[pk])
        entry = Entry(
            values=tuple(own),
            keys=tuple(index.points[key].key for *_rest, key in best),
            alignments=array("q", [alignment for _other, _score, alignment, _key in best]),
            confirmed=sum(not other for other, *_rest in best),
            takes_classes=pk in taking and not stopped,
            title=sort_key(title),
            newest=(created or seen).timestamp(),
        )
        body = " ".join(text_of(html) for html in htmls if html)
        yield pk, entry, words_of(((title, 3.0), (summary, 1.5), (body, 1.0), (question or "", 0.5)))


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
