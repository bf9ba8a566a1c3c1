"""Hiding small counts so that they cannot be worked out from the ones that are shown.

A table holds counts by row and column, with sums. A count under the limit is hidden, and then further ones, until
nobody who can add and subtract knows a hidden small count better than as one of several numbers. Which numbers are
possible is not judged by a rule of thumb but worked out: a table whose sums agree is a circulation in a network (each
count an arc, each row, column and pair of sums a node), and how far one arc can be moved while the others follow is
a question of paths. The answer is exact, for whole numbers and for all the sums at once.

Three things make it hold for a page and not only for a table:

- The sum of a whole column, or of a cross table, is the same number wherever it stands, so it is hidden by its own
  size only and never for the sake of a cell. Tables that share nothing but such sums tell nothing of each other.
- Whoever looks is taken to know that a hidden count is not 0, as a 0 is shown wherever it can be.
- Whoever knows a part of the counts for certain, as a coordinator knows her own, is answered by what remains when
  that part is taken away.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

LEAST_SHOWN = 5
# A hidden small count must leave at least this many numbers possible.
LEAST_OPEN = 3
ALL = "\x00all"

Key = tuple[str, str]


@dataclass(frozen=True)
class Table:
    """Counts by row and column. `cells[row, column]`; sums stand under `ALL`. None is hidden.

    Where `sums_rows`, columns are parts of one thing, and each row and the whole table have a sum too. Where not,
    each column counts a thing of its own, and nothing is added across them.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[Key, int | None] = field(default_factory=dict)
    sums_rows: bool = False

    def cell(self, row: str, column: str) -> int | None:
        return self.cells[row, column]

    def row_total(self, row: str) -> int | None:
        return self.cells[row, ALL]

    def column_total(self, column: str) -> int | None:
        return self.cells[ALL, column]

    @property
    def total(self) -> int | None:
        return self.cells[ALL, ALL]

    @property
    def hidden(self) -> set[Key]:
        return {key for key, value in self.cells.items() if value is None}

    @property
    def parts(self) -> list[tuple[Key, tuple[Key, ...]]]:
        """What adds up by itself, as (the sum that is known elsewhere, all that it is the sum of)."""
        if self.sums_rows:
            return [((ALL, ALL), tuple(key for key in self.cells if key != (ALL, ALL)))]
        return [((ALL, column), tuple((row, column) for row in self.rows)) for column in self.columns]


def counted(
    rows: Sequence[str], columns: Sequence[str], counts: Mapping[Key, int], *, sums_rows: bool = False
) -> Table:
    """A table with its sums, nothing hidden. What is not in `counts` is 0; what has no row or column is left out."""
    cells: dict[Key, int | None] = {}
    for row in rows:
        for column in columns:
            cells[row, column] = counts.get((row, column), 0)
        if sums_rows:
            cells[row, ALL] = sum(counts.get((row, column), 0) for column in columns)
    for column in columns:
        cells[ALL, column] = sum(counts.get((row, column), 0) for row in rows)
    if sums_rows:
        cells[ALL, ALL] = sum(counts.get((row, column), 0) for row in rows for column in columns)
    return Table(tuple(rows), tuple(columns), cells, sums_rows)


def is_small(count: int, least: int = LEAST_SHOWN) -> bool:
    return 0 < count < least


def suppressed(table: Table, *, known: Table | None = None, least: int = LEAST_SHOWN) -> Table:
    """The table with every count from 1 to `least - 1` hidden, and whatever else would give one of them away.

    `known` is the part of each count that whoever looks knows already, as a table of the same shape: then what is
    protected is the rest. Nothing is hidden that need not be for a small count; 0 is shown, unless it has to go with
    all the others of its sum.
    """
    shown = {key: value or 0 for key, value in table.cells.items()}
    rest = {key: value - (known.cells[key] or 0) if known else value for key, value in shown.items()}
    hidden: set[Key] = set()
    for total, members in table.parts:
        if is_small(shown[total], least):
            hidden |= {total, *members}
        else:
            hidden |= _hidden_in(total, members, rest, least, sums_rows=table.sums_rows)
    cells = {key: None if key in hidden else value for key, value in shown.items()}
    return Table(table.rows, table.columns, cells, table.sums_rows)


def _hidden_in(
    total: Key, members: tuple[Key, ...], true: Mapping[Key, int], least: int, *, sums_rows: bool
) -> set[Key]:
    """What to hide among the members of a sum that is known."""
    small = {key for key in members if is_small(true[key], least)}
    hidden = set(small)
    lines = _lines(total, members, sums_rows=sums_rows)
    while known := _too_well_known(small, hidden, true, sums_rows=sums_rows):
        near = {key for line in lines if known & line for key in line}
        # Where nothing is left in their own lines, a count further away may open a way round.
        candidates = _to_hide(near - hidden - {total}, true) or _to_hide(set(members) - hidden, true)
        if not candidates:
            return set(members)
        hidden.add(candidates[0])
    # What was hidden first may no longer be needed; the largest are missed most.
    for key in reversed(_to_hide(hidden - small, true)):
        if not _too_well_known(small, hidden - {key}, true, sums_rows=sums_rows):
            hidden.remove(key)
    return hidden


def _too_well_known(small: set[Key], hidden: set[Key], true: Mapping[Key, int], *, sums_rows: bool) -> set[Key]:
    network = _Network(hidden, true, sums_rows=sums_rows)
    return {key for key in small if not network.leaves_open(key)}


def _to_hide(keys: Iterable[Key], true: Mapping[Key, int]) -> list[Key]:
    """Those that may help, what a reader misses least first: counts before sums, small before large."""
    return sorted((key for key in keys if true[key]), key=lambda key: (ALL in key, true[key], key))


def _lines(total: Key, members: tuple[Key, ...], *, sums_rows: bool) -> list[set[Key]]:
    """The counts that are added to each other, line by line, with their sum."""
    if not sums_rows:
        return [{total, *members}]
    lines: dict[tuple[int, str], set[Key]] = defaultdict(set)
    for row, column in (total, *members):
        lines[0, row].add((row, column))
        lines[1, column].add((row, column))
    return list(lines.values())


class _Network:
    """The hidden counts as arcs from node to node, and how far each can be moved while all sums stay right."""

    def __init__(self, hidden: set[Key], true: Mapping[Key, int], *, sums_rows: bool) -> None:
        self.ends = {key: _ends(key, sums_rows=sums_rows) for key in hidden}
        # A hidden count that is not 0 is taken to be known as such.
        self.spare = {key: max(true[key] - 1, 0) for key in hidden}
        self.around: dict[str, list[tuple[Key, str, bool]]] = defaultdict(list)
        for key, (tail, head) in self.ends.items():
            self.around[tail].append((key, head, True))
            self.around[head].append((key, tail, False))

    def leaves_open(self, key: Key) -> bool:
        """True when the count could be any of LEAST_OPEN numbers: it can be moved so many steps, up and down."""
        wanted = LEAST_OPEN - 1
        tail, head = self.ends[key]
        up = self._ways(key, head, tail, wanted)
        return up == wanted or up + self._ways(key, tail, head, min(wanted - up, self.spare[key])) == wanted

    def _ways(self, without: Key, start: str, goal: str, most: int) -> int:
        """How many steps, `most` at the most, the others can be moved along paths from `start` to `goal`."""
        moved: dict[Key, int] = defaultdict(int)
        for step in range(most):
            came: dict[str, tuple[Key, str, bool]] = {}
            waiting = deque([start])
            while waiting and goal not in came:
                node = waiting.popleft()
                for key, other, forward in self.around[node]:
                    # A count can grow without end, and shrink as long as it has anything to spare.
                    if key != without and other not in came and (forward or self.spare[key] + moved[key] > 0):
                        came[other] = (key, node, forward)
                        waiting.append(other)
            if goal not in came:
                return step
            node = goal
            while True:
                key, node, forward = came[node]
                moved[key] += 1 if forward else -1
                if node == start:
                    break
        return most


def _ends(key: Key, *, sums_rows: bool) -> tuple[str, str]:
    """Between which nodes a count runs: the sum of a row comes into the row's node, its counts go out of it."""
    row, column = key
    if not sums_rows:
        return "a", "b"
    if column == ALL:
        return "sums of columns", f"row {row}"
    if row == ALL:
        return f"column {column}", "sums of rows"
    return f"row {row}", f"column {column}"
