"""Hiding small counts so that they cannot be worked out from the ones that are shown.

A table has rows and columns of counts, a total for each row and each column, and one for all of it. A cell under the
limit is hidden; then further cells, and totals where there is nothing else, until nobody who can add and subtract
knows a hidden cell better than as one of several numbers. That is checked by the numbers a cell could have, and not
by trusting a rule of thumb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LEAST_SHOWN = 5
# A hidden cell must leave at least this many numbers possible.
_LEAST_OPEN = 3
_ALL = "\x00all"

Key = tuple[str, str]


@dataclass(frozen=True)
class Table:
    """Counts by row and column, with totals. `cells[row, column]`; totals under `ALL`. None is hidden."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[Key, int | None] = field(default_factory=dict)

    def cell(self, row: str, column: str) -> int | None:
        return self.cells[row, column]

    def row_total(self, row: str) -> int | None:
        return self.cells[row, _ALL]

    def column_total(self, column: str) -> int | None:
        return self.cells[_ALL, column]

    @property
    def total(self) -> int | None:
        return self.cells[_ALL, _ALL]

    @property
    def hidden(self) -> int:
        return sum(value is None for value in self.cells.values())


def counted(rows: Sequence[str], columns: Sequence[str], counts: Mapping[Key, int]) -> Table:
    """A table with its totals, nothing hidden. What is not in `counts` is 0."""
    cells: dict[Key, int | None] = {}
    for row in rows:
        for column in columns:
            cells[row, column] = counts.get((row, column), 0)
        cells[row, _ALL] = sum(counts.get((row, column), 0) for column in columns)
    for column in columns:
        cells[_ALL, column] = sum(counts.get((row, column), 0) for row in rows)
    cells[_ALL, _ALL] = sum(counts.get((row, column), 0) for row in rows for column in columns)
    return Table(tuple(rows), tuple(columns), cells)


def suppressed(table: Table, least: int = LEAST_SHOWN) -> Table:
    """The table with every count from 1 to `least - 1` hidden, and whatever else would give one of them away.

    Nothing is hidden that need not be for a small count: a table without any comes back as it is. 0 is shown, unless
    it has to be hidden for the sake of another.
    """
    true = {key: value or 0 for key, value in table.cells.items()}
    small = {key for key, value in true.items() if 0 < value < least}
    hidden = set(small)
    while True:
        known = _too_well_known(table, true, hidden, least)
        if not known:
            break
        more = _next_to_hide(table, true, hidden, known)
        if more is None:
            # Nothing is left to hide in its lines: then nothing of the table is shown.
            hidden = set(true)
            break
        hidden.add(more)
    return Table(table.rows, table.columns, {key: None if key in hidden else true[key] for key in true})


def possible_numbers(table: Table, least: int = LEAST_SHOWN) -> dict[Key, tuple[int, int]]:
    """For each hidden cell the least and the largest number that it could be, to somebody who sees the rest.

    By the sums alone, row by row and column by column until nothing changes; 0 and up is all that is known before.
    """
    hidden = {key for key, value in table.cells.items() if value is None}
    top = max((value for value in table.cells.values() if value is not None), default=0)
    # Somebody who knows nothing else may know how many classes there are in the city at the most.
    bounds = {key: (0, max(top, least) * 4 + 100) for key in hidden}
    lines = _lines(table)
    changed = True
    while changed:
        changed = False
        for total, parts in lines:
            for key in (total, *parts):
                if key not in hidden:
                    continue
                low, high = _bounds_within(key, total, parts, table.cells, bounds)
                old = bounds[key]
                new = (max(old[0], low), min(old[1], high))
                if new != old:
                    bounds[key] = new
                    changed = True
    return bounds


def _too_well_known(table: Table, true: Mapping[Key, int], hidden: set[Key], least: int) -> set[Key]:
    """Small counts among the hidden that could be only one or two numbers."""
    shown = Table(table.rows, table.columns, {key: None if key in hidden else true[key] for key in true})
    bounds = possible_numbers(shown, least)
    return {
        key
        for key, (low, high) in bounds.items()
        if 0 < true[key] < least and high - low + 1 < _LEAST_OPEN and not (low == high == 0)
    }


def _next_to_hide(table: Table, true: Mapping[Key, int], hidden: set[Key], known: set[Key]) -> Key | None:
    """The cell whose hiding costs the reader least: in a line with one that is known, a small one before a large."""
    candidates: set[Key] = set()
    for total, parts in _lines(table):
        members = (total, *parts)
        if known & set(members):
            candidates |= {key for key in members if key not in hidden}
    if not candidates:
        return None
    # Inner cells before totals; of those the smallest that is not nothing; nothing at last.
    return min(candidates, key=lambda key: (_ALL in key, true[key] == 0, true[key], key))


def _lines(table: Table) -> list[tuple[Key, tuple[Key, ...]]]:
    """Every sum of the table: its total and its parts."""
    lines: list[tuple[Key, tuple[Key, ...]]] = []
    for row in table.rows:
        lines.append(((row, _ALL), tuple((row, column) for column in table.columns)))
    for column in table.columns:
        lines.append(((_ALL, column), tuple((row, column) for row in table.rows)))
    lines.append(((_ALL, _ALL), tuple((row, _ALL) for row in table.rows)))
    lines.append(((_ALL, _ALL), tuple((_ALL, column) for column in table.columns)))
    return lines


def _bounds_within(
    key: Key,
    total: Key,
    parts: tuple[Key, ...],
    cells: Mapping[Key, int | None],
    bounds: Mapping[Key, tuple[int, int]],
) -> tuple[int, int]:
    """What one line says of one of its hidden members."""

    def low(other: Key) -> int:
        value = cells[other]
        return bounds[other][0] if value is None else value

    def high(other: Key) -> int:
        value = cells[other]
        return bounds[other][1] if value is None else value

    if key == total:
        return sum(low(part) for part in parts), sum(high(part) for part in parts)
    others = [part for part in parts if part != key]
    return low(total) - sum(high(part) for part in others), high(total) - sum(low(part) for part in others)
