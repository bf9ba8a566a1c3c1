"""The fair's times with their numbers as a spreadsheet: XLSX, and CSV as a Swedish Excel opens it.

Days and times are local, as people say them. A text that a spreadsheet would take for a formula is made harmless:
what stands in our cells may have been written by anybody.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from bryggan.fair import formulas
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Occasion, Session
from bryggan.fair.numbers import Numbers, numbers_of

Cell = str | int | date | time | None

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
# Characters that no XLSX may hold.
_CONTROLS = {code: None for code in range(32) if chr(code) not in "\t\n\r"}
_WIDTHS = (10, 44, 12, 12, 26, 18, 12, 8, 8)


def headings() -> list[str]:
    return [
        _("Id"), _("Programpunkt"), _("Slag"), _("Läge"), _("Plats"), _("Område"), _("Dag"), _("Börjar"), _("Slutar"),
        _("Räknas i"), _("Platser"), _("Reserverade"), _("Tagna"), _("Lediga"), _("Klasser som planerar"), _("Måste"),
        _("Kanske"), _("Håller"), _("Bokade"), _("I kö"), _("Arrangör"),
    ]  # fmt: skip


def rows_of(occasions: Iterable[Occasion]) -> Iterator[list[Cell]]:
    """One row for each occasion, in their order. Needs session, venue, area and organiser read with them."""
    listed = list(occasions)
    numbers = numbers_of(listed)
    for occasion in listed:
        yield _row(occasion, numbers[occasion.pk])


def _row(occasion: Occasion, here: Numbers) -> list[Cell]:
    session = occasion.session
    starts_at, ends_at = local(occasion.starts_at), local(occasion.ends_at)
    venue = session.venue
    state = _("inställd") if occasion.is_cancelled else str(session.get_state_display())
    organiser = session.department or session.company or session.organiser
    return [
        session.remote_id,
        session.title,
        _("öppet") if session.kind == Session.Kind.OPEN else _("fast tid"),
        state,
        venue.name if venue else "",
        venue.area.name if venue and venue.area else "",
        starts_at.date(),
        starts_at.time().replace(second=0, microsecond=0),
        ends_at.time().replace(second=0, microsecond=0),
        str(session.get_unit_display()),
        occasion.capacity,
        occasion.reserved,
        here.seats,
        here.left,
        here.planned,
        here.must,
        here.maybe,
        here.held,
        here.booked,
        here.waiting,
        str(organiser),
    ]


def as_xlsx(rows: Iterable[Sequence[Cell]], title: str, heading: Sequence[str] = ()) -> bytes:
    """A workbook of one sheet, its headings bold and always in sight. No cell is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    for number, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    bold = Font(bold=True)
    first = []
    for text in heading or headings():
        cell = _text_cell(sheet, text)
        cell.font = bold
        first.append(cell)
    sheet.append(first)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_csv(rows: Iterable[Sequence[Cell]], heading: Sequence[str] = ()) -> bytes:
    """With a mark of its encoding and semicolons between: what a Swedish Excel opens right by a double click."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in heading or headings()])
    for row in rows:
        writer.writerow([_written(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """The text as a file may hold it, and so that no spreadsheet runs it."""
    return formulas.harmless(text.translate(_CONTROLS))


def _written(cell: Cell) -> str:
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return clock_text(cell).replace(".", ":")
    if cell is None:
        return ""
    return harmless(cell) if isinstance(cell, str) else str(cell)


def _cell(sheet: Any, value: Cell) -> Any:
    return _text_cell(sheet, value) if isinstance(value, str) else _plain_cell(sheet, value)


def _text_cell(sheet: Any, text: str) -> Any:
    # Set before the value: a text that begins with "=" would become a formula.
    cell = WriteOnlyCell(sheet)
    cell.value = harmless(text)[:32_000]
    cell.data_type = "s"
    return cell


def _plain_cell(sheet: Any, value: Cell) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, time):
        cell.number_format = "hh:mm"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    return cell


def _sheet_name(title: str) -> str:
    kept = "".join(letter for letter in title if letter not in "[]:*?/\\'")
    return kept[:31] or "Program"
