"""The spreadsheet: read back by another program's eyes, with cells that somebody could have meant ill."""

from __future__ import annotations

import csv
import io
from datetime import date, time

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from bryggan.fair import exports
from bryggan.fair.models import Area, Booking, Occasion, Session
from fair import factories as make
from fair.factories import at

EVIL = '=HYPERLINK("https://example.org","Klicka")'


def read_xlsx(content: bytes) -> list[list[object]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


@pytest.mark.django_db
def test_every_time_is_a_row_with_local_day_and_time_and_its_numbers() -> None:
    fair = make.fair()
    area = Area.objects.create(fair=fair, slug="hamnen", name="Hamnen")
    session = make.session(fair, "Åka båt", venue=make.venue(fair, "Kajen", area=area), organiser="Hamnbolaget")
    session.remote_id = "bat-1"
    session.save()
    occasion = make.occasion(session, at(9.5), reserved=4)
    school_class = make.school_class()
    make.stop(make.itinerary(fair, school_class), occasion, wish="must")
    Booking.objects.create(
        occasion=occasion, school_class=school_class, pupils=10, adults=2, seats=12, state=Booking.State.BOOKED,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at,
    )  # fmt: skip

    rows = list(exports.rows_of(Occasion.objects.select_related("session__venue__area")))

    told = [
        "bat-1", "Åka båt", "fast tid", "publicerad", "Kajen", "Hamnen", date(2027, 6, 1), time(9, 30), time(10, 30),
        "personer", 30, 4, 12, 14, 1, 1, 0, 0, 1, 0, "Hamnbolaget",
    ]  # fmt: skip
    assert rows == [told]
    assert len(exports.headings()) == len(told)
    heading, row = read_csv(exports.as_csv(rows))
    assert heading == exports.headings()
    assert row[6:11] == ["2027-06-01", "9:30", "10:30", "personer", "30"]
    heading, read = read_xlsx(exports.as_xlsx(rows, fair.name))
    assert [str(cell) for cell in read[:6]] == told[:6]
    assert read[7:9] == [time(9, 30), time(10, 30)]


def test_a_swedish_excel_opens_the_csv_by_a_double_click() -> None:
    content = exports.as_csv([["Åäö", 1]], ["Ett", "Två"])

    assert content == "\ufeffEtt;Två\r\nÅäö;1\r\n".encode()


@pytest.mark.parametrize(
    "text", [EVIL, "+46", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "\x00=1", "\x01@x"]
)
def test_no_text_becomes_a_formula(text: str) -> None:
    assert exports.harmless(text).startswith("'")
    content = exports.as_xlsx([[text]], "Program", [text])
    cells = [row[0] for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows()]
    assert [cell.data_type for cell in cells] == ["s", "s"]
    assert all(str(cell.value).startswith("'") for cell in cells)
    assert read_csv(exports.as_csv([[text]], ["x"]))[1][0].startswith("'")


@settings(deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=3))
def test_any_text_can_be_written_and_none_is_run(texts: list[str]) -> None:
    rows = [["före", *texts, "efter"]]

    for row in (read_csv(exports.as_csv(rows, ["x"]))[1], read_xlsx(exports.as_xlsx(rows, "x", ["x"]))[1]):
        assert (row[0], row[-1]) == ("före", "efter")
        assert not any(str(cell or "").lstrip(" \u00a0")[:1] in "=+@" for cell in row if cell)


@pytest.mark.parametrize("title", ["", "///", "[Program]: allt?", "x" * 80])
def test_any_name_of_a_fair_can_be_a_sheets(title: str) -> None:
    assert read_xlsx(exports.as_xlsx([[1]], title, ["x"])) == [["x"], [1]]


@pytest.mark.django_db
def test_fifty_times_cost_as_many_statements_as_one() -> None:
    def statements(number: int) -> int:
        fair = make.fair()
        for _ in range(number):
            make.occasion(make.session(fair))
        occasions = Occasion.objects.filter(session__fair=fair).select_related(
            "session__venue__area", "session__department", "session__company"
        )
        with CaptureQueriesContext(connection) as captured:
            assert len(list(exports.rows_of(occasions))) == number
        return len(captured)

    assert statements(1) == statements(50)


@pytest.mark.django_db
def test_a_cancelled_time_and_open_hours_say_so() -> None:
    fair = make.fair()
    session = make.session(fair, kind=Session.Kind.OPEN, venue=None, capacity=None)
    make.occasion(session, cancelled_at=at(0))

    (row,) = exports.rows_of(Occasion.objects.select_related("session"))

    assert row[2:6] == ["öppet", "inställd", "", ""]
    assert (row[10], row[13]) == (None, None)
