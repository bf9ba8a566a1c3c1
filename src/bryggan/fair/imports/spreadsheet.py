"""The fair's table read: one row for each time, as CSV or XLSX, with the headings of `sheet_columns.py`.

What surprised us: Excel makes dates of "1-3", writes whole numbers as 8.0, keeps a row for every cell somebody once
coloured, and takes text that begins with = for a formula. A formula is refused, because what it shows is not in the
file; text that only looks like one stays text.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from bryggan.curriculum.models import SchoolForm
from bryggan.fair.formulas import as_it_was
from bryggan.fair.imports import values
from bryggan.fair.imports.remote import (
    BadValue,
    Fault,
    NotReadable,
    Reading,
    RemoteOccasion,
    RemoteSession,
    RemoteVenue,
)
from bryggan.fair.imports.sheet_columns import BY_HEADING, BY_NAME, EMPTY, NAMES, NEEDED, Column
from bryggan.fair.local_times import NoSuchTime, local, moment
from bryggan.fair.models import Session

FORMAT = "spreadsheet"
MOST_ROWS = 20_000
MOST_COLUMNS = 100
# Of an unpacked XLSX file, and of its parts in number.
LARGEST_UNPACKED = 60 * 1024 * 1024
MOST_PARTS = 1000
_HEADING_ROWS = 20


class _Formula:
    """A cell that computes its value, or failed to."""


_FORMULA = _Formula()


def read_xlsx(data: bytes) -> Reading:
    """The first sheet that has our headings. Raises NotReadable."""
    _check_zip(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            for sheet in book.worksheets:
                rows = list(_sheet_rows(sheet))
                if (place := _heading_place(rows)) is not None:
                    return _read(rows, place)
        finally:
            book.close()
    except NotReadable:
        raise
    except (InvalidFileException, zipfile.BadZipFile) as error:
        raise NotReadable(_("Filen kan inte läsas som Excel-fil.")) from error
    except Exception as error:
        # Whatever a broken or hostile file makes the library do.
        raise NotReadable(_("Filen kan inte läsas som Excel-fil. Spara den på nytt och försök igen.")) from error
    raise NotReadable(_no_headings())


def read_csv(data: bytes) -> Reading:
    """Raises NotReadable."""
    text = _decoded(data)
    if "\x00" in text:
        raise NotReadable(_("Filen är varken en tabell, en kalender eller JSON."))
    first = next((line for line in text.splitlines() if line.strip(" ;,\t\ufeff")), "")
    delimiter = max(";,\t", key=first.count)
    rows: list[tuple[int, list[Any]]] = []
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            if any(cell.strip() for cell in row):
                rows.append((number, [as_it_was(cell) for cell in row[:MOST_COLUMNS]]))
            _refuse_too_many(rows)
    except csv.Error as error:
        raise NotReadable(_("Filen kan inte läsas som tabell: %(why)s.") % {"why": error}) from error
    place = _heading_place(rows)
    if place is None:
        raise NotReadable(_no_headings())
    return _read(rows, place)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel in Swedish writes when nobody chooses otherwise.
        return data.decode("cp1252", "replace")


def _check_zip(data: bytes) -> None:
    """Refuse what unpacks to much more than a table is, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise NotReadable(_("Filen blir för stor när den packas upp."))
            if "xl/workbook.xml" not in packed.namelist():
                raise NotReadable(_("Det är ingen Excel-fil. Spara tabellen som .xlsx eller .csv."))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with packed.open(part) as opened:
                        if b"<!DOCTYPE" in opened.read(2048):
                            raise NotReadable(_("Filen kan inte läsas som Excel-fil."))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise NotReadable(_("Filen kan inte läsas som Excel-fil.")) from error


def _sheet_rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    found: list[tuple[int, list[Any]]] = []
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        row = [_FORMULA if cell.data_type in ("f", "e") else cell.value for cell in cells]
        if any(value is not None and value != "" for value in row):
            found.append((number, row))
            _refuse_too_many(found)
    return iter(found)


def _refuse_too_many(rows: Sequence[object]) -> None:
    if len(rows) > MOST_ROWS + _HEADING_ROWS:
        raise NotReadable(_("Filen har fler än %(most)d rader.") % {"most": MOST_ROWS})


def _heading_place(rows: Sequence[tuple[int, list[Any]]]) -> int | None:
    """Which of the rows holds the headings; None when none of the first does."""
    for place, (_number, row) in enumerate(rows[:_HEADING_ROWS]):
        names = {BY_HEADING[word].name for cell in row if (word := _heading(cell)) in BY_HEADING}
        if {"title", "day"} <= names or len(names) >= 5:
            return place
    return None


def _heading(cell: object) -> str:
    return values.text(cell).casefold().strip(" *:") if isinstance(cell, str) else ""


def _no_headings() -> str:
    return _("Hittar inga rubriker som vi känner igen. Använd mallen: första raden ska ha id, rubrik, datum, börjar.")


def _read(rows: Sequence[tuple[int, list[Any]]], place: int) -> Reading:
    return _Table(rows[place], rows[place + 1 :]).read()


@dataclass
class _Group:
    """What the rows of one id say together."""

    row: int
    columns: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    occasions: list[RemoteOccasion] = field(default_factory=list)
    longest: int = 0


class _Table:
    def __init__(self, headings: tuple[int, list[Any]], rows: Sequence[tuple[int, list[Any]]]) -> None:
        self.rows = rows
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.columns: list[tuple[int, Column]] = []
        self.groups: dict[str, _Group] = {}
        self._parsed: dict[tuple[str, str, Any], tuple[Any, str]] = {}
        self._take_headings(*headings)

    def read(self) -> Reading:
        if not self.faults:
            for number, row in self.rows:
                self._take(number, row)
        sessions = tuple(self._session(remote_id, group) for remote_id, group in self.groups.items())
        if not sessions and not self.faults:
            raise NotReadable(_("Filen har rubriker men inga rader."))
        return Reading(
            FORMAT, sessions, tuple(self.faults), tuple(self.warnings), names=dict(NAMES), rows=len(self.rows)
        )

    def _take_headings(self, number: int, row: Sequence[Any]) -> None:
        seen = set()
        for place, cell in enumerate(row):
            word = _heading(cell)
            column = BY_HEADING.get(word)
            if column is None:
                if word:
                    self.warnings.append(Fault(number, word[:60], _("Kolumnen känns inte igen och läses inte.")))
            elif column.name in seen:
                self.faults.append(Fault(number, word, _("Kolumnen finns två gånger.")))
            else:
                seen.add(column.name)
                self.columns.append((place, column))
        for name in NEEDED:
            if name not in seen:
                self.faults.append(Fault(number, BY_NAME[name].heading, _("Kolumnen saknas.")))
        if not {"ends", "minutes"} & seen:
            self.faults.append(Fault(number, "slutar", _("Kolumnen saknas.")))

    def _take(self, number: int, row: Sequence[Any]) -> None:
        """One row: a time, and what it says of its session."""
        said: dict[str, Any] = {}
        bad: set[str] = set()
        remote_id = self._remote_id(number, row)
        for place, column in self.columns:
            cell = row[place] if place < len(row) else None
            if cell is None or (isinstance(cell, str) and not cell.strip()):
                continue
            value, problem = self._value(column, cell)
            if problem:
                bad.add(column.name)
                self.faults.append(Fault(number, column.heading, problem, remote_id))
            else:
                said[column.name] = value
        if not remote_id:
            if "remote_id" not in bad:
                self.faults.append(Fault(number, "id", _("Raden saknar id.")))
            return
        group = self._said_of_session(number, remote_id, said, bad)
        self._take_time(number, remote_id, group, said, bad)

    def _remote_id(self, number: int, row: Sequence[Any]) -> str:
        place = next((place for place, column in self.columns if column.name == "remote_id"), -1)
        cell = row[place] if 0 <= place < len(row) else None
        if cell is None:
            return ""
        value, problem = self._value(BY_NAME["remote_id"], cell)
        return "" if problem else value

    def _value(self, column: Column, cell: Any) -> tuple[Any, str]:
        """The cell's value, or why it has none. Most cells of a column are alike, so they are read once."""
        if cell is _FORMULA:
            return None, _("Cellen är en formel eller ett fel. Skriv värdet i stället.")
        key = (column.name, type(cell).__name__, cell)
        if key not in self._parsed:
            try:
                self._parsed[key] = (column.parse(cell), "")
            except BadValue as error:
                self._parsed[key] = (None, str(error))
        return self._parsed[key]

    def _said_of_session(self, number: int, remote_id: str, said: Mapping[str, Any], bad: set[str]) -> _Group:
        group = self.groups.setdefault(remote_id, _Group(number))
        for name, value in said.items():
            if BY_NAME[name].of == "occasion" or name == "remote_id":
                continue
            if name not in group.columns:
                group.columns[name], group.rows[name] = value, number
            elif group.columns[name] != value:
                first = group.rows[name]
                message = _("Säger något annat än rad %(row)d om samma programpunkt.") % {"row": first}
                self.faults.append(Fault(number, BY_NAME[name].heading, message, remote_id))
        if "title" not in group.columns and "title" not in bad and number == group.row:
            self.faults.append(Fault(number, "rubrik", _("Rubriken saknas."), remote_id))
        return group

    def _take_time(self, number: int, remote_id: str, group: _Group, said: Mapping[str, Any], bad: set[str]) -> None:
        if {"day", "starts", "ends", "ends_on"} & bad:
            return
        if not {"day", "starts", "ends"} & set(said) and group.columns.get("state") == "cancelled":
            # A session that is cancelled as a whole needs no time.
            return
        for name in ("day", "starts"):
            if name not in said:
                message = _("Datum saknas.") if name == "day" else _("Klockslaget saknas.")
                self.faults.append(Fault(number, BY_NAME[name].heading, message, remote_id))
                return
        minutes = said.get("minutes", group.columns.get("minutes"))
        if "ends" not in said and (minutes is None or group.columns.get("kind") == Session.Kind.OPEN):
            if "minutes" not in bad:
                self.faults.append(Fault(number, "slutar", _("Klockslaget saknas."), remote_id))
            return
        times = self._times(number, remote_id, said, minutes)
        if times is None:
            return
        starts_at, ends_at = times
        own: dict[str, Any] = {}
        if any(column.name == "own_capacity" for _place, column in self.columns):
            own["capacity"] = said.get("own_capacity")
        if any(column.name == "note" for _place, column in self.columns):
            own["note"] = said.get("note", "")
        group.longest = max(group.longest, int((ends_at - starts_at).total_seconds() // 60))
        group.occasions.append(
            RemoteOccasion(
                remote_id=said.get("occasion_id") or f"{local(starts_at):%Y-%m-%dT%H.%M}",
                starts_at=starts_at,
                ends_at=ends_at,
                is_cancelled=said.get("is_cancelled", False),
                columns=own,
                row=number,
            )
        )

    def _times(
        self, number: int, remote_id: str, said: Mapping[str, Any], minutes: int | None
    ) -> tuple[datetime, datetime] | None:
        name = "börjar"
        try:
            starts_at = moment(said["day"], said["starts"])
            if "ends" not in said:
                return starts_at, starts_at + timedelta(minutes=minutes or 0)
            name = "slutar"
            ends_at = moment(said.get("ends_on", said["day"]), said["ends"])
        except NoSuchTime:
            message = _("Klockan ställs fram den natten. Klockslaget finns inte.")
            self.faults.append(Fault(number, name, message, remote_id))
            return None
        except OverflowError:
            self.faults.append(Fault(number, "datum", _("Dagen kan inte användas."), remote_id))
            return None
        if ends_at < starts_at and "ends_on" not in said:
            message = _("Slutar innan den börjar. Går den över midnatt? Fyll i slutdatum.")
            self.faults.append(Fault(number, "slutar", message, remote_id))
            return None
        return starts_at, ends_at

    def _session(self, remote_id: str, group: _Group) -> RemoteSession:
        said = dict(group.columns)
        venue = None
        if said.get("venue"):
            venue = RemoteVenue(
                name=said["venue"],
                area=said.get("area", ""),
                address=said.get("address", ""),
                latitude=said.get("latitude"),
                longitude=said.get("longitude"),
            )
        state = said.get("state", "published")
        columns: dict[str, Any] = {}
        present = {column.name for _place, column in self.columns}
        for name, empty in EMPTY.items():
            if name in present:
                columns[name] = said.get(name, empty)
        if "school_years" in present:
            columns |= _whom(columns, said)
        if columns.get("booking_opens_at"):
            columns["booking_opens_at"] = self._opens(remote_id, group, columns["booking_opens_at"])
        columns["kind"] = said.get("kind", Session.Kind.FIXED.value)
        if "minutes" in said:
            columns["minutes"] = said["minutes"]
        elif columns["kind"] == Session.Kind.OPEN:
            columns["minutes"] = min(values.USUAL_STAY, group.longest or values.USUAL_STAY)
        else:
            columns["minutes"] = min(max(group.longest, 1), values.MOST_MINUTES)
        return RemoteSession(
            remote_id=remote_id,
            title=said.get("title", ""),
            columns=columns,
            venue=venue,
            state=state,
            occasions=tuple(group.occasions),
            row=group.row,
            rows=group.rows,
        )

    def _opens(self, remote_id: str, group: _Group, parts: tuple[date, time]) -> datetime | None:
        try:
            return moment(*parts)
        except (NoSuchTime, OverflowError):
            message = _("Klockan ställs fram den natten. Klockslaget finns inte.")
            row = group.rows.get("booking_opens_at", group.row)
            self.faults.append(Fault(row, BY_NAME["booking_opens_at"].heading, message, remote_id))
            return None


def _whom(columns: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """School years, and the school forms that they mean when none are written."""
    if "school_years" not in said:
        return {"school_years": []}
    years, with_preschool_class = said["school_years"]
    forms = list(columns.get("school_forms") or ())
    if with_preschool_class and SchoolForm.PRESCHOOL_CLASS not in forms:
        forms.append(SchoolForm.PRESCHOOL_CLASS.value)
    compulsory = {SchoolForm.COMPULSORY.value, SchoolForm.ADAPTED_COMPULSORY.value}
    if years and not compulsory & set(forms):
        forms.append(SchoolForm.COMPULSORY.value)
    order = list(SchoolForm.values)
    return {"school_years": years, "school_forms": sorted(forms, key=order.index)}
