"""What is hidden cannot be worked out: tried against every table that agrees with what is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bryggan.insights.suppression import ALL, LEAST_OPEN, LEAST_SHOWN, Key, Table, counted, is_small, suppressed

ROWS, COLUMNS = ("a", "b", "c"), ("x", "y", "z")
COUNTS = st.one_of(st.sampled_from([0, 0, 1, 1, 2, 3, 4]), st.integers(0, 12))


@st.composite
def made(draw: st.DrawFn, *, sums_rows: bool) -> Table:
    rows = ROWS[: draw(st.integers(1, 3))]
    columns = COLUMNS[: draw(st.integers(1, 3))]
    counts = {(row, column): draw(COUNTS) for row in rows for column in columns}
    return counted(rows, columns, counts, sums_rows=sums_rows)


def agreeing(shown: Table, least_of: Mapping[Key, int]) -> Iterator[dict[Key, int]]:
    """Every table of whole numbers whose counts and sums are those that are shown, by trying them all.

    No number is under `least_of`. The sum of all must be shown.
    """
    inner = [(row, column) for row in shown.rows for column in shown.columns]
    given = {key: value for key, value in shown.cells.items() if value is not None}

    def fill(at: int, found: dict[Key, int], left: dict[Key, int]) -> Iterator[dict[Key, int]]:
        if at == len(inner):
            sums = {key: sum_of(key, found) for key in shown.cells if ALL in key}
            if all(sums[key] == given[key] for key in sums if key in given) and all(
                sums[key] >= least_of.get(key, 0) for key in sums
            ):
                yield {**found, **sums}
            return
        row, column = inner[at]
        limits = [line for line in ((row, ALL), (ALL, column), (ALL, ALL)) if line in given]
        most = min(left[line] for line in limits)
        low, high = least_of.get((row, column), 0), most
        # The last of a line whose sum is shown is what remains of it.
        for line, is_last in (((row, ALL), column == shown.columns[-1]), ((ALL, column), row == shown.rows[-1])):
            if is_last and line in left:
                low = max(low, left[line])
        if (row, column) in given:
            low, high = max(low, given[row, column]), min(high, given[row, column])
        for number in range(low, high + 1):
            yield from fill(
                at + 1,
                {**found, (row, column): number},
                {**left, **{line: left[line] - number for line in limits}},
            )

    yield from fill(0, {}, {key: value for key, value in given.items() if ALL in key})


def sum_of(key: Key, counts: Mapping[Key, int]) -> int:
    return sum(count for (row, column), count in counts.items() if key[0] in (row, ALL) and key[1] in (column, ALL))


def numbers(shown: Table, least_of: Mapping[Key, int]) -> dict[Key, set[int]]:
    found: dict[Key, set[int]] = defaultdict(set)
    for one in agreeing(shown, least_of):
        for key in shown.hidden:
            found[key].add(one[key])
    return found


def one_column(table: Table, column: str) -> Table:
    cells = {key: value for key, value in table.cells.items() if key[1] == column}
    return Table(table.rows, (column,), cells)


def assert_not_known(true: Table, shown: Table, part: Table) -> None:
    """Each small count of `part` could be one of several numbers, also to who knows that what is hidden is not 0."""
    total = part.cells[(ALL, ALL) if part.sums_rows else (ALL, part.columns[0])]
    small = {key for key in part.hidden if is_small(true.cells[key] or 0)}
    assert {key for key in part.cells if is_small(true.cells[key] or 0)} <= part.hidden
    if total is None:
        # All that is told is that there is something, and less than what is shown.
        assert part.hidden == set(part.cells)
        return
    # A 0 is hidden only with all the others of its sum.
    has_all_hidden = len(part.hidden) == len(part.cells) - 1
    possible = numbers(part, {} if has_all_hidden else dict.fromkeys(part.hidden, 1))
    assert {key: len(possible[key]) for key in small if len(possible[key]) < LEAST_OPEN} == {}


@settings(deadline=None, max_examples=200)
@given(made(sums_rows=True))
def test_a_small_count_of_a_cross_table_could_be_any_of_several_numbers(table: Table) -> None:
    shown = suppressed(table)

    assert_not_known(table, shown, shown)


@settings(deadline=None, max_examples=200)
@given(made(sums_rows=False))
def test_a_small_count_of_a_column_could_be_any_of_several_numbers(table: Table) -> None:
    shown = suppressed(table)

    for column in table.columns:
        assert_not_known(table, shown, one_column(shown, column))


@given(made(sums_rows=True) | made(sums_rows=False))
def test_what_is_shown_is_true_and_the_sum_of_all_is_hidden_by_its_own_size_only(table: Table) -> None:
    shown = suppressed(table)

    assert {key: value for key, value in shown.cells.items() if value is not None} == {
        key: value for key, value in table.cells.items() if key not in shown.hidden
    }
    for total, _members in table.parts:
        assert (total in shown.hidden) == is_small(table.cells[total] or 0)


@given(made(sums_rows=True) | made(sums_rows=False))
def test_a_table_without_small_counts_is_shown_as_it_is(table: Table) -> None:
    cells = {key: value or 0 for key, value in table.cells.items() if ALL not in key}
    large = counted(
        table.rows,
        table.columns,
        {key: value and value + 4 for key, value in cells.items()},
        sums_rows=table.sums_rows,
    )

    assert suppressed(large) == large


@settings(deadline=None)
@given(st.data())
def test_who_knows_a_part_for_certain_learns_no_small_rest_of_the_others(data: st.DataObject) -> None:
    sums_rows = data.draw(st.booleans())
    others = data.draw(made(sums_rows=sums_rows))
    own_counts = {key: data.draw(st.sampled_from([0, 0, 1, 3, 7])) for key in others.cells if ALL not in key}
    own = counted(others.rows, others.columns, own_counts, sums_rows=sums_rows)
    all_counts = {key: (others.cells[key] or 0) + own_counts[key] for key in own_counts}
    table = counted(others.rows, others.columns, all_counts, sums_rows=sums_rows)

    shown = suppressed(table, known=own)

    # What she can work out: each shown count without her part of it.
    rest = {key: None if value is None else value - (own.cells[key] or 0) for key, value in shown.cells.items()}
    for total, members in table.parts:
        if shown.cells[total] is None or is_small(others.cells[total] or 0):
            # The sum is known to everybody, or to nobody: no table can mend that.
            continue
        columns = others.columns if sums_rows else (total[1],)
        part = Table(others.rows, columns, {key: rest[key] for key in (total, *members)}, sums_rows)
        assert_not_known(others, part, part)


def test_a_single_small_count_takes_another_with_it() -> None:
    table = counted(("a", "b", "c"), ("x",), {("a", "x"): 2, ("b", "x"): 30, ("c", "x"): 9})

    shown = suppressed(table)

    assert shown.hidden == {("a", "x"), ("c", "x")}


def test_ones_that_together_are_as_many_as_they_are_do_not_stand_alone() -> None:
    """Five hidden counts that make five: whoever knows that none is 0 knows them all."""
    table = counted([*"abcdef"], ("x",), {**{(row, "x"): 1 for row in "abcde"}, ("f", "x"): 20})

    shown = suppressed(table)

    assert shown.hidden == {(row, "x") for row in "abcdef"}


def test_a_square_of_four_hides_a_small_count_of_a_cross_table_and_no_more() -> None:
    counts = {(row, column): 20 for row in ROWS for column in COLUMNS} | {("a", "x"): 3}
    table = counted(ROWS, COLUMNS, counts, sums_rows=True)

    shown = suppressed(table)

    assert shown.hidden == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}


def test_squares_that_share_counts_leave_none_of_them_too_little_room() -> None:
    """By the sums one at a time each hidden count looks free; all sums at once leave only one table."""
    counts = {("a", "x"): 1, ("a", "y"): 1, ("b", "x"): 1, ("b", "y"): 1, ("c", "z"): 40, ("a", "z"): 9, ("b", "z"): 9}
    table = counted(ROWS, COLUMNS, counts, sums_rows=True)

    shown = suppressed(table)

    assert_not_known(table, shown, shown)
    assert len(shown.hidden) > 4


def test_nothing_is_shown_of_what_is_small_all_together() -> None:
    table = counted(("a", "b"), ("x", "y"), {("a", "x"): 3, ("b", "y"): 8})

    shown = suppressed(table)

    assert {key for key in shown.cells if key[1] == "x"} == {key for key in shown.hidden if key[1] == "x"}
    assert shown.cell("b", "y") == 8


@pytest.mark.parametrize("sums_rows", [True, False])
def test_a_large_table_of_small_counts_is_done_in_few_steps(sums_rows: bool) -> None:
    rows, columns = [str(n) for n in range(30)], [*"abcdefg"]
    counts = {(row, column): (int(row) * 7 + n * 5) % 11 for row in rows for n, column in enumerate(columns)}

    shown = suppressed(counted(rows, columns, counts, sums_rows=sums_rows))

    assert LEAST_SHOWN == 5
    assert {key for key, count in counts.items() if is_small(count)} <= shown.hidden
