"""The fair's table written: as a template to fill in, and as the programme that stands, which reads back as it is.

Text that looks like a formula is written so that no spreadsheet program runs it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from bryggan.curriculum.models import SchoolForm
from bryggan.fair.formulas import harmless
from bryggan.fair.imports import values
from bryggan.fair.imports.sheet_columns import COLUMNS
from bryggan.fair.local_times import local
from bryggan.fair.models import Fair, Occasion, Session


def template_xlsx() -> bytes:
    """An empty table with an example row, and a sheet that says what each column is for."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Program"
    _write_sheet(sheet, [column.heading for column in COLUMNS], [[column.example for column in COLUMNS]])
    told = book.create_sheet("Så fyller du i")
    rows = [[column.heading, str(column.help), column.example] for column in COLUMNS]
    _write_sheet(told, ["kolumn", "vad den är till för", "exempel"], rows, widths=(28, 90, 50))
    return _saved(book)


def template_csv() -> bytes:
    return _csv([[column.example for column in COLUMNS]])


def export_xlsx(fair: Fair) -> bytes:
    """The fair's programme in the table's own form: reading it in again changes nothing."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Program"
    _write_sheet(sheet, [column.heading for column in COLUMNS], _rows_of(fair))
    return _saved(book)


def export_csv(fair: Fair) -> bytes:
    return _csv(_rows_of(fair))


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow([column.heading for column in COLUMNS])
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else _csv_cell(cell) for cell in row])
    # Excel takes a file for UTF-8 when it begins so.
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(value).replace(".", ",")
    return str(value)


def _write_sheet(
    sheet: Any, headings: Sequence[str], rows: Iterable[Sequence[Any]], widths: Sequence[int] = ()
) -> None:
    sheet.append(list(headings))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            if value in (None, ""):
                continue
            cell = sheet.cell(row=number, column=place, value=value)
            if isinstance(value, str):
                # Text stays text, whatever it begins with.
                cell.data_type = "s"
    for place in range(1, len(headings) + 1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = widths[place - 1] if widths else max(12, len(headings[place - 1]) + 2)
    sheet.freeze_panes = "A2"


def _saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rows_of(fair: Fair) -> Iterator[list[Any]]:
    many = ("programmes", "subjects", "initiatives")
    sessions = Session.objects.filter(fair=fair).select_related("venue__area", "department", "company")
    for session in sessions.prefetch_related("occasions", *many).order_by("title", "pk"):
        told = _told(session)
        occasions: list[Occasion | None] = [*session.occasions.all()]
        for occasion in occasions or [None]:
            cells = told | _told_of_time(session, occasion)
            yield [cells.get(column.name) for column in COLUMNS]


def _told(session: Session) -> dict[str, Any]:
    venue = session.venue
    with_preschool_class = SchoolForm.PRESCHOOL_CLASS in session.school_forms and bool(session.school_years)
    return {
        "remote_id": session.remote_id,
        "title": session.title,
        "kind": values.KIND_WORDS[session.kind],
        "minutes": session.minutes,
        "venue": venue.name if venue else "",
        "area": venue.area.name if venue and venue.area else "",
        "address": venue.address if venue else "",
        "latitude": venue.latitude if venue else None,
        "longitude": venue.longitude if venue else None,
        "summary": session.summary,
        "description": session.description,
        "unit": values.UNIT_WORDS[session.unit],
        "capacity": session.capacity,
        "smallest_group": session.smallest_group,
        "largest_group": session.largest_group,
        "counts_adults": _yes(session.counts_adults),
        "school_forms": ", ".join(values.FORM_WORDS.get(form, form) for form in session.school_forms),
        "school_years": values.years_text(session.school_years, with_preschool_class=with_preschool_class),
        "programmes": ", ".join(programme.code for programme in session.programmes.all()),
        "subjects": ", ".join(subject.code for subject in session.subjects.all()),
        "languages": ", ".join(values.LANGUAGE_WORDS.get(code, code) for code in session.languages),
        "cost": session.cost,
        "cost_text": session.cost_text,
        "needs_booking": _yes(session.needs_booking),
        "booking_opens_at": f"{local(session.booking_opens_at):%Y-%m-%d %H.%M}" if session.booking_opens_at else "",
        "booking_closes_hours": session.booking_closes_hours,
        "is_for_children": _yes(session.is_for_children),
        "theme": session.theme,
        "initiatives": ", ".join(f"#{initiative.pk}" for initiative in session.initiatives.all()),
        "department": session.department.name if session.department else "",
        "company": session.company.name if session.company else "",
        "organiser": session.organiser,
        "link": session.link,
        "state": values.STATE_WORDS[session.state],
    }


def _told_of_time(session: Session, occasion: Occasion | None) -> dict[str, Any]:
    if occasion is None:
        return {}
    starts, ends = local(occasion.starts_at), local(occasion.ends_at)
    return {
        "day": f"{starts:%Y-%m-%d}",
        "starts": f"{starts:%H.%M}",
        "ends": f"{ends:%H.%M}",
        "ends_on": f"{ends:%Y-%m-%d}" if ends.date() != starts.date() else "",
        "occasion_id": occasion.remote_id,
        "own_capacity": occasion.capacity if occasion.capacity != session.capacity else None,
        "is_cancelled": "ja" if occasion.cancelled_at else "",
        "note": occasion.note,
    }


def _yes(value: bool) -> str:
    return "ja" if value else "nej"
