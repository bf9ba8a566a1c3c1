"""Finding initiatives: filters, free text, counts beside every value, and why each hit fits.

OR between the values of one filter, AND between filters. What is asked of the curriculum (school form,
years, level, subject, central content) must hold of one and the same point: biology in years 7-9 is
biology taught in those years, not biology somewhere and years 7-9 somewhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
from pyroaring import BitMap

from bryggan.alignment import index as indexes
from bryggan.alignment.index import PLAIN_FACETS, PROGRAMME_FACETS, Cell, Index, Point

Sort = Literal["relevance", "newest", "title"]
CURRICULUM_FACETS = ("school_form", "years", "level", "subject", "core_content")
FACETS = (*CURRICULUM_FACETS, *PROGRAMME_FACETS, *PLAIN_FACETS)
# Central content is counted only when a subject is chosen, and at most this many of it.
MOST_CORE_CONTENT = 200
LONGEST_TEXT = 300


@dataclass(frozen=True)
class Query:
    """What is looked for. Values are codes and slugs; `years` are spans with both ends included."""

    text: str = ""
    school_form: tuple[str, ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    level: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    core_content: tuple[str, ...] = ()
    programme: tuple[str, ...] = ()
    orientation: tuple[str, ...] = ()
    challenge: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    technology: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    goal: tuple[str, ...] = ()
    takes_classes: bool | None = None
    sort: Sort = "relevance"

    def without(self, facet: str) -> Query:
        """The same query with one filter left out."""
        return replace(self, **{facet: ()})  # type: ignore[arg-type]

    @property
    def asks_curriculum(self) -> bool:
        return any(getattr(self, facet) for facet in CURRICULUM_FACETS)


@dataclass(frozen=True)
class Value:
    """One value of a filter, and how many hits it would give with its own filter left out."""

    value: str
    label: str
    count: int


class Served(NamedTuple):
    """A point that a hit serves, the alignment that says so, and whether a person confirmed it."""

    point: Point
    alignment: int
    is_confirmed: bool


@dataclass(frozen=True)
class Found:
    """The page of hits as initiative ids in order, how many there are in all, and the counts."""

    ids: tuple[int, ...]
    count: int
    facets: Mapping[str, tuple[Value, ...]]
    takes_classes_count: int
    some_words_only: bool = False
    corrected: Mapping[str, str] = field(default_factory=dict)
    # For each hit, the points it serves of those asked about, best first, the same wording once.
    served: Mapping[int, tuple[Served, ...]] = field(default_factory=dict)


def search(
    query: Query, *, page: int = 1, per_page: int = 20, facets: Iterable[str] = FACETS, with_points: bool = True
) -> Found:
    """One page of hits. Pages beyond the last are empty. Facet values come most hits first, then by label."""
    with indexes.current() as index:
        return _search(index, query, page, per_page, tuple(facets), with_points)


def served_by(number: int) -> tuple[Served, ...]:
    """The points that one initiative serves, best first; none for one that is not published."""
    with indexes.current() as index:
        return _Matching(index, Query(), None).served(number)


def labels(facet: str) -> Mapping[str, str]:
    """Label by value for a filter of the city's own terms, or of programmes, orientations, subjects and levels."""
    with indexes.current() as index:
        return dict(index.labels[facet])


def _search(index: Index, query: Query, page: int, per_page: int, facets: tuple[str, ...], with_points: bool) -> Found:
    hits = index.texts.search(query.text[:LONGEST_TEXT], index.size) if query.text.strip() else None
    matching = _Matching(index, query, hits.numbers if hits else None)
    chosen = matching.all_but(None)
    order = _ordered(index, query, chosen, hits.scores if hits else None)
    ids = tuple(int(number) for number in order[(page - 1) * per_page : page * per_page])
    counted = {facet: matching.counts(facet) for facet in facets if facet != "core_content" or query.subject}
    return Found(
        ids=ids,
        count=len(chosen),
        facets=counted,
        takes_classes_count=matching.all_but("takes_classes").intersection_cardinality(index.takes_classes),
        some_words_only=bool(hits and hits.some_words_only),
        corrected=hits.corrected if hits else {},
        served={pk: matching.served(pk) for pk in ids} if with_points else {},
    )


def _ordered(index: Index, query: Query, chosen: BitMap, scores: np.ndarray | None) -> np.ndarray:
    numbers = np.asarray(chosen.to_array() if hasattr(chosen, "to_array") else list(chosen), dtype=np.int64)
    if query.sort == "title":
        return numbers[np.argsort(index.title_rank[numbers], kind="stable")]
    if query.sort == "newest" or scores is None:
        return numbers[np.argsort(index.newest_rank[numbers], kind="stable")]
    return numbers[np.lexsort((index.newest_rank[numbers], -scores[numbers]))]


class _Matching:
    """The sets that the filters of one query select, each computed once."""

    def __init__(self, index: Index, query: Query, text: BitMap | None) -> None:
        self.index = index
        self.query = query
        self.plain: dict[str, BitMap] = {}
        for facet in (*PLAIN_FACETS, *PROGRAMME_FACETS):
            wanted = getattr(query, facet)
            if wanted:
                by_value = index.by_value[facet]
                self.plain[facet] = BitMap.union(*(by_value.get(value, BitMap()) for value in wanted))
        if text is not None:
            self.plain["text"] = text
        if query.takes_classes is not None:
            taking = index.takes_classes
            self.plain["takes_classes"] = taking if query.takes_classes else index.all - taking
        self.fits = _cell_test(query)
        self.curriculum = self._of_curriculum(query) if query.asks_curriculum else None

    def all_but(self, facet: str | None) -> BitMap:
        """Initiatives that pass every filter except `facet`."""
        found = self._plain_but(facet)
        if facet in CURRICULUM_FACETS and getattr(self.query, facet):
            query = self.query.without(facet)
            return found & self._of_curriculum(query) if query.asks_curriculum else found
        return found & self.curriculum if self.curriculum is not None else found

    def _plain_but(self, facet: str | None) -> BitMap:
        sets = [kept for name, kept in self.plain.items() if name != facet]
        return BitMap.intersection(self.index.all, *sets) if sets else self.index.all

    def counts(self, facet: str) -> tuple[Value, ...]:
        chosen: set[str] = set(getattr(self.query, facet))
        if facet in CURRICULUM_FACETS:
            base = self._plain_but(None)
            sets = self._curriculum_values(facet)
            label = self._curriculum_label(facet)
        else:
            base = self.all_but(facet)
            sets = self.index.by_value[facet]
            label = self._label(facet)
        if facet == "years":
            chosen = {str(year) for first, last in self.query.years for year in range(first, last + 1)}
        found = []
        for value, members in sets.items():
            count = base.intersection_cardinality(members)
            if count or value in chosen:
                found.append(Value(value, label(value), count))
        # A value that is chosen stays in sight, so that it can be taken away again.
        found.extend(Value(value, label(value), 0) for value in chosen - sets.keys())
        if facet == "years":
            found.sort(key=lambda v: int(v.value))
        else:
            found.sort(key=lambda v: (-v.count, indexes.sort_key(v.label), v.value))
        if facet == "core_content":
            found = found[:MOST_CORE_CONTENT]
        return tuple(found)

    def served(self, number: int) -> tuple[Served, ...]:
        """The points that one initiative serves of those the query asks about, best first."""
        entry = self.index.entries.get(number)
        if entry is None:
            return ()
        points = self.index.points
        fits, wanted = self.fits, set(self.query.core_content)
        kept: dict[tuple[int, str], Served] = {}
        for key, alignment, confirmed in entry.points:
            point = points[key]
            if (not wanted or key in wanted) and fits(point.cell):
                kept.setdefault((point.cell.first_year, point.text), Served(point, alignment, confirmed))
        return tuple(kept.values())

    def _of_curriculum(self, query: Query) -> BitMap:
        key = ("curriculum", query.school_form, query.years, query.level, query.subject, query.core_content)
        remembered = self.index.remembered
        if key not in remembered:
            fits = _cell_test(query)
            if query.core_content:
                points = self.index.points
                sets = [
                    self.index.by_point[wanted]
                    for wanted in query.core_content
                    if wanted in self.index.by_point and fits(points[wanted].cell)
                ]
            else:
                sets = [members for cell, members in self.index.by_cell.items() if fits(cell)]
            remembered[key] = BitMap.union(*sets) if sets else BitMap()
        return remembered[key]

    def _curriculum_values(self, facet: str) -> Mapping[str, BitMap]:
        """The set behind each value of a curriculum filter, given the other curriculum filters."""
        query = self.query.without(facet)
        key = (facet, query.school_form, query.years, query.level, query.subject, query.core_content)
        remembered = self.index.remembered
        if key in remembered:
            return remembered[key]
        fits = _cell_test(query)
        sets: dict[str, list[BitMap]] = {}
        if facet == "core_content":
            for point in self.index.points.values():
                members = self.index.by_point.get(point.key)
                if members and fits(point.cell):
                    sets[point.key] = [members]
        elif query.core_content:
            for wanted in query.core_content:
                point_or_none = self.index.points.get(wanted)
                members = self.index.by_point.get(wanted)
                if point_or_none and members and fits(point_or_none.cell):
                    for value in _values_of(facet, point_or_none.cell):
                        sets.setdefault(value, []).append(members)
        else:
            for cell, members in self.index.by_cell.items():
                if members and fits(cell):
                    for value in _values_of(facet, cell):
                        sets.setdefault(value, []).append(members)
        made = {value: members[0] if len(members) == 1 else BitMap.union(*members) for value, members in sets.items()}
        remembered[key] = made
        return made

    def _curriculum_label(self, facet: str) -> Callable[[str], str]:
        points = self.index.points
        if facet == "core_content":
            return lambda value: points[value].text if value in points else value
        return self._label(facet)

    def _label(self, facet: str) -> Callable[[str], str]:
        names = self.index.labels[facet]
        return lambda value: names.get(value, value)


def _cell_test(query: Query) -> Callable[[Cell], bool]:
    forms, subjects, levels, years = set(query.school_form), set(query.subject), set(query.level), query.years

    def fits(cell: Cell) -> bool:
        return (
            (not forms or cell.school_form in forms)
            and (not subjects or cell.subject in subjects)
            and (not levels or cell.course in levels)
            and (not years or (bool(cell.first_year) and cell.has_year(years)))
        )

    return fits


def _values_of(facet: str, cell: Cell) -> Iterable[str]:
    if facet == "school_form":
        return (cell.school_form,)
    if facet == "subject":
        return (cell.subject,)
    if facet == "level":
        return (cell.course,) if cell.course else ()
    return tuple(str(year) for year in range(cell.first_year, cell.last_year + 1)) if cell.first_year else ()


def text_of_years(span: tuple[int, int]) -> str:
    """`(7, 9)` → `"7-9"`, `(8, 8)` → `"8"`."""
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"
