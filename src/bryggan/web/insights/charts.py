"""The figures as drawings and sentences. Each drawing has its table beside it, which says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.insights.figures import Activity
from bryggan.insights.tables import NamedTable, Text
from bryggan.web.insights.page import InsightsPage, term_name

# In units of a drawing as wide as a phone, so that its letters can be read there.
WIDTH, HEIGHT, ROOM_FOR_NAMES, ROOM_FOR_NUMBERS = 328, 170, 22, 18


@dataclass(frozen=True)
class Bar:
    """A standing bar, or an empty place where a number is hidden (`text` is then what stands there)."""

    x: int
    y: int
    width: int
    height: int
    text: str
    kind: str

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def above(self) -> int:
        return self.y - 4


@dataclass(frozen=True)
class Chart:
    """Standing bars by term: two for each, schools and preschools; `names` of terms with where they stand."""

    bars: list[Bar]
    names: list[tuple[int, str]]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def ground(self) -> int:
        return HEIGHT - ROOM_FOR_NAMES

    @property
    def name_line(self) -> int:
        return HEIGHT - 6


@dataclass(frozen=True)
class ShownCell:
    """A count as text, empty where it is hidden, and for one of a row how long its bar is, of a hundred."""

    text: str
    bar: int | None = None


@dataclass(frozen=True)
class ShownTable:
    """A table for the page: its rows with bars, and the sentence that says what stands out."""

    table: NamedTable
    lines: list[tuple[Text, list[ShownCell]]]
    sentence: str


def columns(active: Sequence[Activity]) -> Chart:
    most = max([n for one in active for n in (one.schools, one.preschools) if n] or [1])
    tallest = HEIGHT - ROOM_FOR_NAMES - ROOM_FOR_NUMBERS
    place = WIDTH // max(len(active), 1)
    width = min(place // 2 - 4, 36)
    bars, names = [], []
    for number, one in enumerate(active):
        middle = number * place + place // 2
        for x, count, kind in (
            (middle - width - 1, one.schools, "schools"),
            (middle + 1, one.preschools, "preschools"),
        ):
            tall = round((count or 0) / most * tallest)
            text = "–" if count is None else str(count)
            bars.append(Bar(x, HEIGHT - ROOM_FOR_NAMES - tall, width, tall, text, kind))
        names.append((middle, _short_name(one)))
    return Chart(bars, names)


def with_bars(table: NamedTable) -> ShownTable:
    """Bars stand for the sum of a row where it has one, else for the first column."""
    at = len(table.headings) - 1 if table.table.sums_rows else 0
    most = max([cells[at] or 0 for _name, cells in table.lines] or [0]) or 1

    def shown(cells: list[int | None]) -> list[ShownCell]:
        found = [ShownCell("" if count is None else str(count)) for count in cells]
        found[at] = replace(found[at], bar=round((cells[at] or 0) / most * 100))
        return found

    lines = [(name, shown(cells)) for name, cells in table.lines]
    told = _spoken([f"{_first_capital(str(name))} ({count})" for name, count in table.most[:3]])
    what = _("Nyfikna klasser") if table.table.sums_rows else str(table.headings[0])
    text = _("%(measure)s, flest: %(rows)s.") % {"measure": what, "rows": told} if told else ""
    return ShownTable(table, lines, text)


def sentence(page: InsightsPage) -> str:
    """The impact measure in words: this term, and how that compares."""
    now = next(one for one in page.active if one.term == page.term)
    then = next(one for one in page.active if one.term == page.other)
    name = _first_capital(term_name(now.term))
    if now.schools is None or now.preschools is None:
        return _("%(term)s: antalet är för litet för att visas.") % {"term": name}
    told = _("%(term)s har %(schools)s och %(preschools)s varit aktiva.") % {
        "term": name,
        "schools": ngettext("%(n)d skola", "%(n)d skolor", now.schools) % {"n": now.schools},
        "preschools": ngettext("%(n)d förskola", "%(n)d förskolor", now.preschools) % {"n": now.preschools},
    }
    if then.schools is None or then.preschools is None:
        return told
    more = now.schools + now.preschools - then.schools - then.preschools
    other = {"term": term_name(then.term), "n": abs(more)}
    if more > 0:
        compared = _("Det är %(n)d fler än %(term)s.") % other
    elif more < 0:
        compared = _("Det är %(n)d färre än %(term)s.") % other
    else:
        compared = _("Det är lika många som %(term)s.") % other
    return f"{told} {compared}"


def _short_name(one: Activity) -> str:
    """`ht 26`."""
    term = _("ht") if one.term.first_on.month == 8 else _("vt")
    return f"{term} {one.term.first_on.year % 100:02}"


def _spoken(texts: list[str]) -> str:
    if len(texts) < 2:
        return "".join(texts)
    return _("%(first)s och %(last)s") % {"first": ", ".join(texts[:-1]), "last": texts[-1]}


def _first_capital(text: str) -> str:
    return text[:1].upper() + text[1:]
