"""The fixed tables: the same rows and columns for everybody, so that no two of them can be set against each other.

Free cross tables would let small counts be worked out by asking twice. There are none. The sum of a column is the
measure's own sum in every table, and what has no row of its own stands in a row of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import SchoolUnit
from bryggan.accounts.school_days import HalfYear
from bryggan.alignment.index import sort_key
from bryggan.curriculum.models import SchoolForm
from bryggan.initiatives.models import Initiative
from bryggan.insights.figures import EVERYBODY, Activity, Scope, crossed, details
from bryggan.insights.measures import BY_KEY
from bryggan.insights.models import ActivityDefinition
from bryggan.insights.shown import at_least, counting_measures
from bryggan.insights.suppression import ALL, Key, Table, counted, suppressed
from bryggan.invitations.models import Kind, Phase

Text = str | Promise
MOST_ROWS = 30
OTHERS = "\x00others"
# Columns: what schools do, and what is done about an initiative. A programme is about no single one.
OF_SCHOOLS = ("interest", "programme", "booking", "accepted", "rounds", "ideas", "work")
OF_INITIATIVES = ("interest", "stops", "booking", "accepted", "rounds", "ideas", "work")

Counts = Mapping[Key, int]


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
    def lines(self) -> list[tuple[Text, list[int | None]]]:
        """Rows for a page: name, and cells in the order of `headings`. None is hidden."""
        return [(self.row_names.get(row, row), self._line(row)) for row in self.table.rows]

    @property
    def sums(self) -> list[int | None]:
        return self._line(ALL)

    @property
    def headings(self) -> list[Text]:
        names = [self.column_names.get(column, column) for column in self.table.columns]
        return [*names, _("Summa")] if self.table.sums_rows else names

    @property
    def most(self) -> list[tuple[Text, int]]:
        """Rows that have a name and a count that is shown, most first: of the sum, or of the first column."""
        column = ALL if self.table.sums_rows else self.table.columns[0]
        told = [
            (self.row_names.get(row, row), self.table.cell(row, column)) for row in self.table.rows if row != OTHERS
        ]
        return sorted(((name, count) for name, count in told if count), key=lambda one: -one[1])

    def _line(self, row: str) -> list[int | None]:
        columns = (*self.table.columns, ALL) if self.table.sums_rows else self.table.columns
        return [self.table.cell(row, column) for column in columns]


@dataclass(frozen=True)
class _Asked:
    """What the facts say of a term, before it has rows: counts by value and measure."""

    school_form: Counts
    organizer: Counts
    area: Counts
    initiative: Counts
    wish: Counts


def tables(
    term: HalfYear,
    scope: Scope = EVERYBODY,
    *,
    whole: bool = False,
    own: Scope | None = None,
    active: Activity | None = None,
    definition: ActivityDefinition | None = None,
) -> list[NamedTable]:
    """All tables of a term that have anything in them.

    Small counts are hidden unless `whole`: the editor's, and an owner's of her own. `own` is what somebody who sees
    the city's tables sees in full elsewhere. `active` is what is told of how many schools are active, by `definition`.
    """
    asked = _ask(term, scope)
    made = [
        _by_school_form(asked.school_form),
        _by_column(
            "organiser", _("Efter huvudman"), _("Huvudman"), asked.organizer, _places("organizer", whole=whole)
        ),
        _by_column("area", _("Efter område"), _("Område"), asked.area, _places("area", whole=whole)),
        _wishes(asked.wish),
        _by_initiative(asked.initiative, whole=whole),
    ]
    if whole:
        made = [_most_first(one) if one.key in ("organiser", "area", "initiative") else one for one in made]
    else:
        known = _ask(term, own) if own else None
        made = [_hidden(one, known) for one in made]
        made = [
            one for one in made if not (one.key == "school-form" and _tells_of_active(one.table, active, definition))
        ]
    return [one for one in made if any(cell != 0 for cell in one.sums) and set(one.table.rows) != {OTHERS}]


def _ask(term: HalfYear, scope: Scope) -> _Asked:
    """Three statements."""
    of_schools = [BY_KEY[key] for key in OF_SCHOOLS]
    form, organizer, area = crossed(of_schools, term, ("school_form", "organizer", "area"), scope)
    (initiative,) = crossed([BY_KEY[key] for key in OF_INITIATIVES], term, ("initiative",), scope)
    wish: Counter[Key] = Counter()
    for detail, count in details("interest", term, scope).items():
        phase, _space, kind = detail.partition(" ")
        wish[kind, phase if phase in Phase.values else OTHERS] += count
    return _Asked(form, organizer, area, initiative, wish)


def _by_school_form(counts: Counts) -> NamedTable:
    forms: dict[str, Text] = {form.value: form.label for form in SchoolForm}
    return _made("school-form", _("Efter skolform"), _("Skolform"), counts, forms, OF_SCHOOLS)


def _by_column(key: str, name: Text, heading: Text, counts: Counts, places: set[str]) -> NamedTable:
    rows = _largest(counts, places | {row for row, _column in counts if row})
    return _made(key, name, heading, counts, {row: row for row in rows}, OF_SCHOOLS)


def _by_initiative(counts: Counts, *, whole: bool) -> NamedTable:
    found = Q(pk__in=[int(row) for row in {row for row, _column in counts} if row])
    if not whole:
        # Those that nobody has asked about too: that a row is there does not tell that something has happened.
        found |= Q(school_offer__takes_classes=True)
    readable = Initiative.objects.readable().filter(found)
    titles = {str(pk): title for pk, title in readable.values_list("pk", "title")}
    names: dict[str, Text] = {row: titles[row] for row in _largest(counts, set(titles), titles)}
    return _made("initiative", _("Efter initiativ"), _("Initiativ"), counts, names, OF_INITIATIVES)


def _wishes(counts: Counts) -> NamedTable:
    phases: dict[str, Text] = {phase.value: phase.label for phase in Phase}
    if any(column == OTHERS for _row, column in counts):
        phases[OTHERS] = _("annat")
    kinds: dict[str, Text] = {kind.value: kind.label for kind in Kind}
    return _made("interest", _("Vad klasserna vill, och när"), _("Vill"), counts, kinds, phases, sums_rows=True)


def _places(column: str, *, whole: bool) -> set[str]:
    """Values that schools have, whether or not anything has happened there: where nothing has is worth seeing too."""
    return set() if whole else set(SchoolUnit.objects.in_use().exclude(**{column: ""}).values_list(column, flat=True))


def _made(
    key: str,
    name: Text,
    heading: Text,
    counts: Counts,
    rows: Mapping[str, Text],
    columns: Sequence[str] | Mapping[str, Text],
    *,
    sums_rows: bool = False,
) -> NamedTable:
    """The table of these rows, and of one for all that has none of its own."""
    folded: Counter[Key] = Counter()
    for (row, column), count in counts.items():
        folded[row if row in rows else OTHERS, column] += count
    names = dict(rows)
    if any(row == OTHERS for row, _column in folded):
        names[OTHERS] = _("Övriga och okända")
    column_names = columns if isinstance(columns, Mapping) else {column: BY_KEY[column].name for column in columns}
    return NamedTable(
        key, name, heading, counted(list(names), list(columns), folded, sums_rows=sums_rows), names, column_names
    )


def _largest(counts: Counts, rows: set[str], names: Mapping[str, str] | None = None) -> list[str]:
    """As many rows as a page holds, those with most in them, by name: the order tells nothing of what is hidden."""
    sums: Counter[str] = Counter()
    for (row, _column), count in counts.items():
        sums[row] += count
    named = names or {}
    chosen = sorted(rows, key=lambda row: (-sums[row], row))[:MOST_ROWS]
    return sorted(chosen, key=lambda row: (sort_key(named.get(row, row)), row))


def _most_first(one: NamedTable) -> NamedTable:
    sums = {row: sum(one.table.cell(row, column) or 0 for column in one.table.columns) for row in one.table.rows}
    rows = tuple(sorted(one.table.rows, key=lambda row: (row == OTHERS, -sums[row])))
    return replace(one, table=replace(one.table, rows=rows))


def _hidden(one: NamedTable, known: _Asked | None) -> NamedTable:
    """The table as it is shown to somebody who knows `known` for certain."""
    if known is None:
        return replace(one, table=suppressed(one.table))
    counts = {
        "school-form": known.school_form,
        "organiser": known.organizer,
        "area": known.area,
        "interest": known.wish,
        "initiative": known.initiative,
    }[one.key]
    part: Counter[Key] = Counter()
    for (row, column), count in counts.items():
        part[row if row in one.row_names else OTHERS, column] += count
    of_hers = counted(one.table.rows, one.table.columns, part, sums_rows=one.table.sums_rows)
    return replace(one, table=suppressed(one.table, known=of_hers))


def _tells_of_active(table: Table, active: Activity | None, definition: ActivityDefinition | None) -> bool:
    """True when the number of active schools says more of hidden counts by school form than that they are not 0."""
    if active is None or definition is None:
        return False
    columns = [key for key in counting_measures(definition.measures) if key in table.columns]
    if not any(table.cell(row, column) is None for row in table.rows for column in columns):
        return False
    preschools = {SchoolForm.PRESCHOOL.value}
    for schools, rows in ((active.preschools, preschools), (active.schools, set(table.rows) - preschools)):
        if definition.least * at_least(schools) > sum(_least_of(table, rows, column) for column in columns):
            return True
    return False


def _least_of(table: Table, rows: set[str], column: str) -> int:
    """What a column is known to hold in these rows, at the least."""
    others = [table.cell(row, column) for row in table.rows if row not in rows]
    total = table.column_total(column)
    if total is not None and None not in others:
        return total - at_least(*others)
    # Where nothing at all is shown of a column, also 0 is hidden.
    if all(table.cell(row, column) is None for row in table.rows):
        return 0
    return at_least(*(table.cell(row, column) for row in table.rows if row in rows))
