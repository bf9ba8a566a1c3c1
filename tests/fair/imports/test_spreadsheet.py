"""The fair's table as people fill it in: CSV in several dialects and real XLSX files, made here."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from datetime import time as clock
from typing import Any

import openpyxl
import pytest

from bryggan.fair import formulas
from bryggan.fair.imports import sheet_writing, spreadsheet
from bryggan.fair.imports.remote import Fault, NotReadable, Reading
from bryggan.fair.imports.sheet_columns import COLUMNS

HEADINGS = ["id", "rubrik", "datum", "börjar", "slutar"]


def csv_of(*rows: str, headings: str = "id;rubrik;datum;börjar;slutar") -> bytes:
    return "\n".join((headings, *rows)).encode()


def xlsx_of(*rows: list[Any], headings: list[str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (headings or HEADINGS, *rows):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def told(reading: Reading) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.message) for fault in reading.faults]


def test_a_row_is_a_time_and_rows_of_one_id_are_one_session() -> None:
    reading = spreadsheet.read_csv(
        csv_of(
            "bro;Bygg en bro;2027-06-01;9.30;10.15;Dockanparken;7-9",
            "bro;;2027-06-02;13:00;13.45;;",
            headings="id;rubrik;datum;börjar;slutar;plats;årskurser",
        )
    )

    (session,) = reading.sessions
    assert reading.faults == ()
    assert (session.remote_id, session.title, session.state) == ("bro", "Bygg en bro", "published")
    assert session.venue
    assert session.venue.name == "Dockanparken"
    assert session.columns["minutes"] == 45
    assert session.columns["school_years"] == [7, 8, 9]
    assert session.columns["school_forms"] == ["GR"]
    assert [(one.remote_id, one.starts_at, one.row) for one in session.occasions] == [
        ("2027-06-01T09.30", datetime(2027, 6, 1, 7, 30, tzinfo=UTC), 2),
        ("2027-06-02T13.00", datetime(2027, 6, 2, 11, 0, tzinfo=UTC), 3),
    ]


def test_columns_that_the_file_lacks_are_not_said_and_empty_cells_are() -> None:
    without = spreadsheet.read_csv(csv_of("a;A;2027-06-01;9;10")).sessions[0]
    empty = spreadsheet.read_csv(
        csv_of("a;A;2027-06-01;9;10;;", headings="id;rubrik;datum;börjar;slutar;platser;ämnen")
    ).sessions[0]

    assert not {"capacity", "subjects", "school_years"} & set(without.columns)
    assert (empty.columns["capacity"], empty.columns["subjects"]) == (None, ())


@pytest.mark.parametrize(
    "data",
    [
        "id,rubrik,datum,börjar,slutar\na,Å,2027-06-01,9.00,10.00\n".encode(),
        "id\trubrik\tdatum\tbörjar\tslutar\r\na\tÅ\t2027-06-01\t9.00\t10.00\r\n".encode("utf-16"),
        "\ufeffID;RUBRIK;Datum;Börjar*;Slutar:\na;Å;1/6 2027;9;10".encode(),
        "id;rubrik;datum;börjar;slutar\na;Å;2027-06-01;9.00;10.00".encode("cp1252"),
        "Vårt program\n\nid;rubrik;datum;börjar;slutar\na;Å;2027-06-01;9.00;10.00".encode(),
    ],
    ids=["commas", "tabs in UTF-16", "marks and capitals", "Windows letters", "a line above"],
)
def test_a_table_is_read_whatever_program_wrote_it(data: bytes) -> None:
    (session,) = spreadsheet.read_csv(data).sessions

    assert session.title == "Å"
    assert session.occasions[0].starts_at == datetime(2027, 6, 1, 7, tzinfo=UTC)


def test_an_xlsx_with_real_dates_times_and_numbers_reads_as_its_text_would() -> None:
    headings = [*HEADINGS, "platser", "bokas"]
    real = xlsx_of(["a", "A", date(2027, 6, 1), clock(9, 30), clock(10, 15), 30.0, True], headings=headings)
    text = xlsx_of(["a", "A", "2027-06-01", "9.30", "10:15", "30 st", "ja"], headings=headings)

    assert spreadsheet.read_xlsx(real).sessions == spreadsheet.read_xlsx(text).sessions
    assert spreadsheet.read_xlsx(real).sessions[0].columns["capacity"] == 30


def test_errors_are_told_by_row_and_column() -> None:
    reading = spreadsheet.read_csv(
        csv_of(
            "a;A;2027-02-30;9;10;;",
            ";B;2027-06-01;9;10;;",
            "c;;2027-06-01;9;10;;",
            "d;D;2027-06-01;25.00;10;;",
            "e;E;2027-06-01;9;8.30;;",
            "f;F;2027-06-01;9;10;några;7-12",
            "g;G;;9;10;;",
            "h;H;2027-06-01;9;;;",
            "i;I;2027-03-28;2.30;4;;",
            headings="id;rubrik;datum;börjar;slutar;platser;årskurser",
        )
    )

    assert [(row, column) for row, column, _message in told(reading)] == [
        (2, "datum"),
        (3, "id"),
        (4, "rubrik"),
        (5, "börjar"),
        (6, "slutar"),
        (7, "platser"),
        (7, "årskurser"),
        (8, "datum"),
        (9, "slutar"),
        (10, "börjar"),
    ]
    assert told(reading)[0][2] == "Dagen 2027-02-30 finns inte."
    assert told(reading)[5][2] == "Skriv ett heltal, till exempel 20."


def test_a_session_that_contradicts_itself_is_told_with_both_rows() -> None:
    reading = spreadsheet.read_csv(csv_of("a;A;2027-06-01;9;10", "a;Annat;2027-06-02;9;10"))

    assert told(reading) == [(3, "rubrik", "Säger något annat än rad 2 om samma programpunkt.")]


def test_over_midnight_needs_its_last_day() -> None:
    reading = spreadsheet.read_csv(
        csv_of("a;A;2027-06-01;22;1.30;2027-06-02", headings="id;rubrik;datum;börjar;slutar;slutdatum")
    )

    (occasion,) = reading.sessions[0].occasions
    assert occasion.ends_at == datetime(2027, 6, 1, 23, 30, tzinfo=UTC)
    assert reading.sessions[0].columns["minutes"] == 210


def test_cells_that_look_like_formulas_stay_text() -> None:
    rows = ["=cmd|' /C calc'!A0", "+46 70", "-", "@sum(1)"]
    reading = spreadsheet.read_csv(csv_of(*(f"{n};{text};2027-06-01;9;10" for n, text in enumerate(rows))))

    assert [session.title for session in reading.sessions] == rows


def test_a_formula_in_an_xlsx_is_refused_by_its_cell() -> None:
    reading = spreadsheet.read_xlsx(xlsx_of(["a", '=HYPERLINK("http://example.org")', "2027-06-01", "9", "10"]))

    assert (2, "rubrik", "Cellen är en formel eller ett fel. Skriv värdet i stället.") in told(reading)


def test_years_that_excel_made_a_date_are_told() -> None:
    reading = spreadsheet.read_xlsx(
        xlsx_of(["a", "A", "2027-06-01", "9", "10", datetime(2027, 3, 1)], headings=[*HEADINGS, "årskurser"])
    )

    assert [(row, column) for row, column, _message in told(reading)] == [(2, "årskurser")]
    assert "datum" in told(reading)[0][2]


def test_missing_and_doubled_columns_are_told_once_and_no_row_is_read() -> None:
    reading = spreadsheet.read_csv(csv_of("A;2027-06-01", headings="rubrik;datum;rubrik"))

    assert {(row, column) for row, column, _message in told(reading)} == {
        (1, "rubrik"),
        (1, "id"),
        (1, "börjar"),
        (1, "slutar"),
    }
    assert reading.sessions == ()


def test_an_unknown_column_is_a_warning() -> None:
    reading = spreadsheet.read_csv(csv_of("a;A;2027-06-01;9;10;x", headings="id;rubrik;datum;börjar;slutar;humör"))

    assert reading.warnings == (Fault(1, "humör", "Kolumnen känns inte igen och läses inte."),)
    assert reading.faults == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 nonsense", "Excel-fil"),
        (b"hej\nhopp", "rubriker"),
        (b"id;rubrik;datum;b\xc3\xb6rjar;slutar\n", "inga rader"),
        (b"\x00\x01\x02\x03", "varken"),
        (b'id;"rubrik;datum\n' + b"x" * 200_000, "tabell"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(NotReadable, match=words):
        (spreadsheet.read_xlsx if data.startswith(b"PK") else spreadsheet.read_csv)(data)


def test_a_file_that_unpacks_to_a_bomb_is_refused_unopened() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (spreadsheet.LARGEST_UNPACKED + 1))

    with pytest.raises(NotReadable, match="packas upp"):
        spreadsheet.read_xlsx(out.getvalue())


def test_a_document_type_in_a_part_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "aaa">]><workbook>&a;</workbook>')

    with pytest.raises(NotReadable):
        spreadsheet.read_xlsx(out.getvalue())


def test_another_kind_of_zip_is_no_excel_file() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("word/document.xml", "<w/>")

    with pytest.raises(NotReadable, match="ingen Excel-fil"):
        spreadsheet.read_xlsx(out.getvalue())


def test_too_many_rows_are_refused() -> None:
    rows = (f"{n};A;2027-06-01;9;10" for n in range(spreadsheet.MOST_ROWS + 100))

    with pytest.raises(NotReadable, match="20000 rader"):
        spreadsheet.read_csv(csv_of(*rows))


def test_ten_thousand_rows_with_three_hundred_errors_are_all_told() -> None:
    rows = [
        f"p{n // 20};Punkt {n // 20};2027-06-{1 + n % 20:02};{'x' if n % 33 == 0 and n < 9900 else '9.00'};10.00"
        for n in range(10_000)
    ]

    reading = spreadsheet.read_csv(csv_of(*rows))

    assert len(reading.faults) == 300
    assert reading.rows == 10_000
    assert {fault.column for fault in reading.faults} == {"börjar"}


def test_templates_hold_every_heading_once_and_their_example_reads() -> None:
    headings = [column.heading for column in COLUMNS]

    csv_reading = spreadsheet.read_csv(sheet_writing.template_csv())
    xlsx_reading = spreadsheet.read_xlsx(sheet_writing.template_xlsx())

    assert len(headings) == len(set(headings))
    assert (csv_reading.faults, xlsx_reading.faults) == ((), ())
    assert csv_reading.sessions == xlsx_reading.sessions
    assert csv_reading.sessions[0].title == "Bygg en bro som håller"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "'=x"])
def test_text_is_written_to_csv_so_that_nobody_runs_it(text: str) -> None:
    assert formulas.harmless(text) == f"'{text}"
    assert formulas.as_it_was(f"'{text}") == text
