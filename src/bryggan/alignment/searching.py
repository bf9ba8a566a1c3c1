"""Finding initiatives: filters, free text, counts beside every value, and why each hit fits.

OR between the values of one filter, AND between filters. What is asked of the curriculum (school form,
years, level, subject, central content) must hold of one and the same point: biology in years 7-9 is
biology taught in those years, not biology somewhere and years 7-9 somewhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
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


class Value(NamedTuple):
    """One value of a filter, and how many hits it would give with its own filter left out."""

    value: str
    label: str
    # In the place of tuple's method, which nobody asks of a value.
    count: int  # type: ignore[assignment]


_COUNT = attrgetter("count")


class _Values(NamedTuple):
    """The values of a filter in the order of their labels, and the initiatives that have each."""

    values: tuple[str, ...]
    labels: tuple[str, ...]
    members: tuple[BitMap, ...]


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
    first = _first(index, query, chosen, hits.scores if hits else None, page * per_page)
    ids = tuple(first[(page - 1) * per_page :].tolist())
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


def _first(index: Index, query: Query, chosen: BitMap, scores: np.ndarray | None, most: int) -> np.ndarray:
    """The first `most` of the chosen, in order; the rest is never sorted."""
    numbers = np.array(chosen.to_array(), dtype=np.int64)
    if query.sort == "title":
        return numbers[_least(index.title_rank[numbers], most)]
    rank = index.newest_rank[numbers]
    if query.sort == "newest" or scores is None:
        return numbers[_least(rank, most)]
    found = -scores[numbers]
    if most < len(numbers):
        # All that score as the last one does are in, so that the rank decides among them.
        within = np.flatnonzero(found <= np.partition(found, most - 1)[most - 1])
        numbers, found, rank = numbers[within], found[within], rank[within]
    return numbers[np.lexsort((rank, found))[:most]]


def _least(rank: np.ndarray, most: int) -> np.ndarray:
    """Places of the `most` least ranks, in order; no two are the same."""
    if most >= len(rank):
        return np.argsort(rank)
    least = np.argpartition(rank, most)[:most]
    return least[np.argsort(rank[least])]


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
            values = self._curriculum_values(facet)
        else:
            base = self.all_but(facet)
            values = self._plain_values(facet)
        if facet == "years":
            chosen = {str(year) for first, last in self.query.years for year in range(first, last + 1)}
        # Mapped and not looped: there may be two thousand values, and for most of them no hit.
        counts = map(base.intersection_cardinality, values.members)
        rows = zip(values.values, values.labels, counts, strict=True)
        found = [Value(value, label, count) for value, label, count in rows if count or value in chosen]
        # A value that is chosen stays in sight, so that it can be taken away again.
        label_of = self._label(facet)
        missing = [Value(value, label_of(value), 0) for value in chosen.difference(value.value for value in found)]
        if missing:
            found = sorted([*found, *missing], key=lambda v: _by_label(facet, v.value, v.label))
        if facet != "years":
            # They are in the order of their labels already, and stay so where counts are equal.
            found.sort(key=_COUNT, reverse=True)
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
        def made() -> BitMap:
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
            return BitMap.union(*sets) if sets else BitMap()

        key = ("curriculum", query.school_form, query.years, query.level, query.subject, query.core_content)
        return self.index.remember(key, made)

    def _plain_values(self, facet: str) -> _Values:
        sets = self.index.by_value[facet]
        return self.index.remember(("values", facet), lambda: self._labelled(facet, sets))

    def _curriculum_values(self, facet: str) -> _Values:
        """The set behind each value of a curriculum filter, given the other curriculum filters."""
        query = self.query.without(facet)
        key = (facet, query.school_form, query.years, query.level, query.subject, query.core_content)
        return self.index.remember(key, lambda: self._labelled(facet, self._curriculum_sets(facet, query)))

    def _curriculum_sets(self, facet: str, query: Query) -> dict[str, BitMap]:
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
        return {value: found[0] if len(found) == 1 else BitMap.union(*found) for value, found in sets.items()}

    def _labelled(self, facet: str, sets: Mapping[str, BitMap]) -> _Values:
        label = self._label(facet)
        values = sorted((value for value in sets if sets[value]), key=lambda v: _by_label(facet, v, label(v)))
        return _Values(tuple(values), tuple(map(label, values)), tuple(sets[value] for value in values))

    def _label(self, facet: str) -> Callable[[str], str]:
        if facet == "core_content":
            points = self.index.points
            return lambda value: points[value].text if value in points else value
        names = self.index.labels[facet]
        return lambda value: names.get(value, value)


def _by_label(facet: str, value: str, label: str) -> tuple[object, ...]:
    return (int(value),) if facet == "years" else (indexes.sort_key(label), value)


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
