"""The fixed tables: the same rows and columns for everybody, so that no two of them can be set against each other.

Free cross tables would let small counts be worked out by asking twice. There are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.school_days import HalfYear
from bryggan.curriculum.models import SchoolForm
from bryggan.initiatives.models import Initiative
from bryggan.insights.figures import EVERYBODY, Scope, crossed, details
from bryggan.insights.measures import BY_KEY
from bryggan.insights.suppression import Key, Table, counted, suppressed

Text = str | Promise
MOST_ROWS = 30
_SHOWN = ("interest", "programme", "booking", "accepted", "rounds", "ideas", "work")
PHASES: Mapping[str, Text] = {
    "before": _("före mässan"),
    "during": _("under mässan"),
    "after": _("efter mässan"),
    "any": _("när som helst"),
}
KINDS: Mapping[str, Text] = {
    "visit": _("besöka"),
    "be visited": _("få besök"),
    "challenge": _("arbeta med en utmaning"),
    "follow": _("följa"),
}


@dataclass(frozen=True)
class NamedTable:
    """A table with its words: `row_names` and `column_names` by the table's own keys."""

    key: str
    name: Text
    row_heading: Text
    table: Table
    row_names: Mapping[str, Text]
    column_names: Mapping[str, Text]

    @property
    def lines(self) -> list[tuple[Text, list[int | None], int | None]]:
        """Rows for a page: name, cells in order, total. None is hidden."""
        return [
            (
                self.row_names.get(row, row),
                [self.table.cell(row, column) for column in self.table.columns],
                self.table.row_total(row),
            )
            for row in self.table.rows
        ]

    @property
    def totals(self) -> list[int | None]:
        return [self.table.column_total(column) for column in self.table.columns]

    @property
    def headings(self) -> list[Text]:
        return [self.column_names.get(column, column) for column in self.table.columns]


def tables(term: HalfYear, scope: Scope = EVERYBODY, *, whole: bool = False) -> list[NamedTable]:
    """All tables of a term. Small counts are hidden unless `whole`: the editor's, and an owner's of her own."""
    made = [
        _by_school_form(term, scope),
        _by_column(term, scope, "organizer", _("Huvudman"), "organiser"),
        _by_column(term, scope, "area", _("Område"), "area"),
        _interest(term, scope),
        _by_initiative(term, scope),
    ]
    kept = [one for one in made if one.table.rows]
    if whole:
        return kept
    return [_hidden(one) for one in kept]


def _hidden(one: NamedTable) -> NamedTable:
    return NamedTable(one.key, one.name, one.row_heading, suppressed(one.table), one.row_names, one.column_names)


def _columns() -> dict[str, Text]:
    return {key: BY_KEY[key].name for key in _SHOWN}


def _by_school_form(term: HalfYear, scope: Scope) -> NamedTable:
    counts = crossed([BY_KEY[key] for key in _SHOWN], term, "school_form", scope)
    forms: dict[str, Text] = {form.value: form.label for form in SchoolForm}
    table = counted(list(forms), _SHOWN, {key: count for key, count in counts.items() if key[0] in forms})
    return NamedTable("school-form", _("Efter skolform"), _("Skolform"), table, forms, _columns())


def _by_column(term: HalfYear, scope: Scope, column: str, heading: Text, key: str) -> NamedTable:
    counts = crossed([BY_KEY[one] for one in _SHOWN], term, column, scope)
    rows = _largest(counts)
    names: dict[str, Text] = {row: row for row in rows}
    return NamedTable(
        key, _named_after(heading), heading, counted(rows, _SHOWN, _within(counts, rows)), names, _columns()
    )


def _named_after(heading: Text) -> Text:
    return {str(_("Huvudman")): _("Efter huvudman"), str(_("Område")): _("Efter område")}.get(str(heading), heading)


def _interest(term: HalfYear, scope: Scope) -> NamedTable:
    counts: dict[Key, int] = {}
    for detail, count in details("interest", term, scope).items():
        phase, _space, kind = detail.partition(" ")
        if phase in PHASES and kind in KINDS:
            counts[kind, phase] = counts.get((kind, phase), 0) + count
    return NamedTable(
        "interest",
        _("Vad klasserna vill, och när"),
        _("Vill"),
        counted(list(KINDS), list(PHASES), counts),
        KINDS,
        PHASES,
    )


def _by_initiative(term: HalfYear, scope: Scope) -> NamedTable:
    counts = crossed([BY_KEY[one] for one in _SHOWN], term, "initiative", scope)
    rows = _largest(counts)
    titles = Initiative.objects.readable().filter(pk__in=[int(row) for row in rows if row]).values_list("pk", "title")
    names: dict[str, Text] = {str(pk): title for pk, title in titles}
    rows = [row for row in rows if row in names]
    table = counted(rows, _SHOWN, _within(counts, rows))
    return NamedTable("initiative", _("Efter initiativ"), _("Initiativ"), table, names, _columns())


def _largest(counts: Mapping[Key, int]) -> list[str]:
    """Named rows, most first, as many as a page holds."""
    sums: dict[str, int] = {}
    for (row, _column), count in counts.items():
        if row:
            sums[row] = sums.get(row, 0) + count
    return sorted(sums, key=lambda row: (-sums[row], row))[:MOST_ROWS]


def _within(counts: Mapping[Key, int], rows: Sequence[str]) -> dict[Key, int]:
    return {key: count for key, count in counts.items() if key[0] in set(rows)}
