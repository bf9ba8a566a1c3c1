from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from accounts import factories
from bryggan.accounts import demo, school_units
from bryggan.accounts.models import SchoolUnit
from bryggan.accounts.school_units import RegisteredUnit
from bryggan.common.models import AuditEntry


class MadeUpRegister:
    """The register's shape (version 2) with made-up schools; nothing here is recorded."""

    def __init__(self) -> None:
        self.units: dict[str, dict[str, Any]] = {}
        self.broken: set[str] = set()
        self.asked: list[str] = []

    def add(self, code: str, name: str, *, status: str = "AKTIV", types: list[Any] | None = None, **more: Any) -> None:
        attributes = {
            "displayName": name,
            "status": status,
            "municipalityCode": "1283",
            "schoolTypes": ["GR"] if types is None else types,
            "headMaster": "Rut Rektor",
            "email": "rut.rektor@skola.example.org",
            "phoneNumber": "042-10 00 00",
            "addresses": [
                {"type": "UTDELNINGSADRESS", "geoCoordinates": None},
                {
                    "type": "BESOKSADRESS",
                    "geoCoordinates": {
                        "coordinateSweRefN": "6213397,097",
                        "latitude": "56.0465",
                        "longitude": "12.6945",
                    },
                },
            ],
            **more,
        }
        self.units[code] = attributes

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        code = path.rpartition("/")[2]
        if code == "school-units":
            lines = [
                {
                    "type": "schoolunit",
                    "attributes": {"schoolUnitCode": c, "name": a["displayName"], "status": a["status"]},
                }
                for c, a in self.units.items()
            ]
            return 200, {"meta": {"extractDate": "2026-11-01"}, "data": lines}
        if code in self.broken or code not in self.units:
            return 404, {}
        included = {"organizationNumber": "2120001157", "attributes": {"displayName": "Helsingborgs kommun"}}
        data = {"type": "schoolunit", "schoolUnitCode": code, "attributes": self.units[code]}
        return 200, {"meta": {}, "data": data, "included": included}


@pytest.fixture
def register() -> Iterator[MadeUpRegister]:
    made = MadeUpRegister()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = made.answer(urlsplit(self.path).path)
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made.address = f"http://127.0.0.1:{server.server_port}/skolenhetsregistret"  # type: ignore[attr-defined]
    yield made
    server.shutdown()
    server.server_close()


def run(*options: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("import_school_units", *options, "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    result.pop("seconds")
    return result


def counts(result: dict[str, Any]) -> tuple[int, int, int, int, int]:
    return (result["units"], result["created"], result["updated"], result["unchanged"], result["ended"])


def test_a_register_is_read_and_read_again_without_a_change(db: None, register: Any) -> None:
    register.add("10000001", "Råå skola", types=["FKLASS", "GR", "FTH"])
    register.add("10000002", "Gymnasiet", types=[{"code": "GY"}])

    results = [counts(run("--api", register.address + suffix)) for suffix in ("", "/v2", "/")]

    assert results == [(2, 2, 0, 0, 0), (2, 0, 0, 2, 0), (2, 0, 0, 2, 0)]
    unit = SchoolUnit.objects.get(code="10000001")
    assert (unit.name, unit.organizer, unit.municipality_code, unit.school_forms, unit.kind) == (
        "Råå skola",
        "Helsingborgs kommun",
        "1283",
        ["FKLASS", "GR"],
        "school",
    )
    assert (unit.latitude, unit.longitude) == (56.0465, 12.6945)
    assert SchoolUnit.objects.get(code="10000002").school_forms == ["GY"]


def test_no_head_teacher_and_no_mail_address_is_kept(db: None, register: Any) -> None:
    register.add("10000001", "Råå skola")

    run("--api", register.address)

    assert "rektor" not in str(SchoolUnit.objects.values()).lower()


def test_sleeping_ended_and_planned_units_and_adult_education_are_left_out(db: None, register: Any) -> None:
    register.add("10000001", "Råå skola")
    register.add("10000002", "Vilande skola", status="VILANDE")
    register.add("10000003", "Planerad skola", status="PLANERAD")
    register.add("10000004", "Vuxenskolan", types=["VUX"])

    result = run("--api", register.address)

    assert [unit.name for unit in SchoolUnit.objects.all()] == ["Råå skola"]
    assert result["left_out"] == [{"id": "10000004", "reason": "no school form that takes part here (VUX)"}]


def test_a_school_that_vanished_is_ended_and_comes_back_with_its_classes(db: None, register: Any) -> None:
    for number in range(3):
        register.add(f"1000000{number}", f"Skola {number}")
    run("--api", register.address)
    vanished = register.units.pop("10000002")
    school_class = factories.school_class(factories.teacher(), school_unit=SchoolUnit.objects.get(code="10000002"))
    factories.school_unit("Förskolan", kind="preschool", code="F-1", municipality_code="1283")
    factories.school_unit("I en annan kommun", municipality_code="1281")

    gone = counts(run("--api", register.address))
    ended = list(SchoolUnit.objects.filter(ended_at__isnull=False).values_list("code", flat=True))
    register.units["10000002"] = vanished
    back = counts(run("--api", register.address))

    assert (gone, ended, back) == ((2, 0, 0, 2, 1), ["10000002"], (3, 0, 1, 2, 0))
    assert AuditEntry.objects.filter(verb="ended").count() == 1
    school_class.refresh_from_db()


def test_an_answer_that_lacks_most_schools_ends_none(db: None, register: Any) -> None:
    for number in range(5):
        register.add(f"1000000{number}", f"Skola {number}")
    run("--api", register.address)
    for number in range(1, 5):
        register.units.pop(f"1000000{number}")

    with pytest.raises(CommandError, match="4 of 5"):
        run("--api", register.address)

    assert SchoolUnit.objects.in_use().count() == 5


def test_an_empty_register_is_refused(db: None, register: Any) -> None:
    with pytest.raises(CommandError, match="no school units"):
        run("--api", register.address)


def test_a_run_cut_short_keeps_what_it_read_and_ends_nothing(db: None, register: Any) -> None:
    register.add("10000001", "Råå skola")
    register.add("10000002", "Trasig skola")
    register.broken.add("10000002")
    factories.school_unit("Gammal", code="10000009", municipality_code="1283")

    with pytest.raises(CommandError, match="status 404"):
        run("--api", register.address)

    assert set(SchoolUnit.objects.in_use().values_list("code", flat=True)) == {"10000001", "10000009"}


def test_the_statistics_file_of_helsingborg_is_read(db: None, shared_data: Path) -> None:
    file = shared_data / "curriculum" / "data" / "school_units_helsingborg_year9_2025.json"

    results = [counts(run("--file", str(file))) for _ in range(2)]

    assert results == [(32, 32, 0, 0, 0), (32, 0, 0, 32, 0)]
    unit = SchoolUnit.objects.get(code="86764194")
    assert (unit.name, unit.organizer, unit.municipality_code) == ("Anneroskolan", "Helsingborgs kommun", "1283")


def test_the_demos_file_is_read(db: None) -> None:
    result = run("--file", str(demo.UNITS))

    assert (result["left_out"], result["created"]) == ([], result["units"])
    assert SchoolUnit.objects.get(name="Demoförskolan Snäckan").school_forms == ["FS"]


def test_a_spreadsheets_csv_is_read_and_preschools_get_a_lasting_code(db: None, tmp_path: Path) -> None:
    file = tmp_path / "forskolor.csv"
    file.write_text(
        "\ufeffname;kind;municipality_code;school_forms;code;latitude\n"
        "Förskolan Örnen;preschool;1283;;;56,05\n"
        "Råå skola;SCHOOL;1283;FKLASS, GR;10000001;\n"
        "Skola utan kod;SCHOOL;1283;GR;;\n"
        "Okänd form;SCHOOL;1283;XX;10000002;\n",
        encoding="utf-8",
    )

    results = [run("--file", str(file)) for _ in range(2)]

    assert [counts(result) for result in results] == [(2, 2, 0, 0, 0), (2, 0, 0, 2, 0)]
    assert results[0]["left_out"] == [
        {"id": "Skola utan kod", "reason": "no code"},
        {"id": "10000002", "reason": "school form 'XX' is not known"},
    ]
    preschool = SchoolUnit.objects.get(kind="preschool")
    assert (preschool.school_forms, preschool.latitude, preschool.code[:2]) == (["FS"], 56.05, "F-")


def test_a_file_ends_nothing_and_empties_nothing(db: None, tmp_path: Path) -> None:
    known = factories.school_unit("Råå", code="10000001", organizer="Kommunen", school_forms=["GR"])
    factories.school_unit("Annan", code="10000002")
    file = tmp_path / "units.json"
    file.write_text('[{"code": "10000001", "name": "Råå skola"}]')

    run("--file", str(file))

    known.refresh_from_db()
    assert (known.name, known.organizer, known.school_forms) == ("Råå skola", "Kommunen", ["GR"])
    assert SchoolUnit.objects.in_use().count() == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"units": 3}', '{"units": [1]}', "<html>", '{"units": [{}]}'])
def test_a_file_that_is_none_is_refused_with_its_name(db: None, tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text)

    with pytest.raises(CommandError, match=r"bad\.json"):
        run("--file", str(file))


def test_a_file_that_does_not_exist_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.json"):
        run("--file", "nowhere.json")


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("56.05", 56.05),
        ("56,05", 56.05),
        (56.05, 56.05),
        ("", None),
        (None, None),
        ("x", None),
        ("0", None),
        ("97", None),
    ],
)
def test_a_coordinate_is_read_from_numbers_and_texts(text: object, degrees: float | None) -> None:
    assert school_units.coordinate(text, largest=90) == degrees


def test_a_unit_that_is_read_twice_is_one_row(db: None) -> None:
    outcome = school_units.take_in([RegisteredUnit("10000001", "Råå skola")] * 2)

    assert (outcome.created, outcome.unchanged) == (1, 1)
