"""`import-fair`, as called from a shell."""

from __future__ import annotations

import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import factories as people
from bryggan.config import cli
from bryggan.fair.models import Session
from fair import factories as given

pytestmark = pytest.mark.django_db

KEYS = ["format", "sessions", "occasions", "venues", "created", "updated", "unchanged", "cancelled", "errors"]
GOOD = "id;rubrik;datum;börjar;slutar;plats\na;A;2027-06-01;9;10;Torget\na;;2027-06-02;9;10;\n"
BAD = "id;rubrik;datum;börjar;slutar;plats\na;A;2027-06-01;9;10;Torget\nb;B;2027-06-31;9;10;\n"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "program.csv"
    path.write_text(GOOD, "utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "fel.csv"
    path.write_text(BAD, "utf-8")
    return path


def told(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    with suppress(CommandError):
        call_command("import_fair", *arguments, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_a_file_goes_into_the_fair_that_comes_next(good: Path) -> None:
    given.fair()

    found = told(str(good))
    again = told(str(good))

    assert list(found) == KEYS
    assert (found["format"], found["sessions"], found["occasions"], found["venues"]) == ("spreadsheet", 1, 2, 1)
    assert (found["created"], again["created"], again["unchanged"]) == (1, 0, 1)


def test_errors_are_listed_by_row_and_column_and_nothing_is_imported(bad: Path) -> None:
    given.fair()
    out = StringIO()

    found = told(str(bad))
    with pytest.raises(CommandError, match=r"^1 error, nothing was imported$"):
        call_command("import_fair", str(bad), stdout=out)

    assert found["errors"] == [{"row": 3, "column": "datum", "message": "Dagen 2027-06-31 finns inte."}]
    assert out.getvalue().startswith("rad 3, datum: Dagen 2027-06-31 finns inte.\n")
    assert not Session.objects.exists()


def test_faulty_sessions_can_be_skipped_and_a_dry_run_changes_nothing(bad: Path) -> None:
    given.fair()

    dry = told(str(bad), "--dry-run")
    skipped = told(str(bad), "--skip-faulty")

    assert (dry["created"], len(dry["errors"])) == (2, 1)
    assert (skipped["created"], len(skipped["errors"])) == (1, 1)
    assert Session.objects.get().remote_id == "a"


def test_an_address_is_read_also_on_this_machine(good: Path) -> None:
    given.fair()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/program" else 404)
            self.end_headers()
            self.wfile.write(GOOD.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        assert told(f"{address}/program")["created"] == 1
        with pytest.raises(CommandError, match="status 404"):
            call_command("import_fair", f"{address}/annat")
    finally:
        server.shutdown()
        server.server_close()


def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path, good: Path) -> None:
    (tmp_path / "x.html").write_text("<html>")
    with pytest.raises(CommandError, match="no published fair"):
        call_command("import_fair", str(good))
    given.fair()

    for source, words in (
        ("saknas.csv", "neither a file nor"),
        (str(tmp_path), "neither a file nor"),
        (str(tmp_path / "x.html"), "webbsida"),
        ("ftp://example.org/x", "not an http or https address"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("import_fair", source)
    with pytest.raises(CommandError, match="there is no fair 'ingen'"):
        call_command("import_fair", str(good), "--fair", "ingen")


@pytest.mark.parametrize("name", ["mall.csv", "mall.xlsx"])
def test_a_template_is_written_and_reads_back(tmp_path: Path, name: str) -> None:
    given.fair()
    for subject in ("Teknik", "Fysik"):
        people.subject(subject)
    path = tmp_path / name

    call_command("import_fair", "--template", str(path), stdout=StringIO())

    assert told(str(path), "--dry-run")["errors"] == []
    with pytest.raises(CommandError, match=r"\.csv or \.xlsx"):
        call_command("import_fair", "--template", str(tmp_path / "mall.pdf"))


def test_exit_codes_are_those_of_the_contract(good: Path, bad: Path) -> None:
    given.fair()

    assert [cli.main(["import-fair", *arguments]) for arguments in ([str(good)], [str(bad)], [])] == [0, 1, 2]
