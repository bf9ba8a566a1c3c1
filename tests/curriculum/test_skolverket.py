"""The client of the Syllabus API against a small server that answers in Skolverket's shapes, and the files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.core.management import CommandError, call_command

from bryggan.common.fetching import Fetcher, FetchError
from bryggan.config import cli
from bryggan.curriculum.importing import Counts, MuchShorter, Outcome, import_curriculum
from bryggan.curriculum.management.commands import import_curriculum as command
from bryggan.curriculum.models import CoreContent, CurriculumImport, Programme, ProgrammeSubject, Subject
from bryggan.curriculum.points import Point
from bryggan.curriculum.skolverket import Api, UnreadableCurriculum, read_directory
from bryggan.curriculum.syllabus import Reading, YearsText

from . import small_curriculum as small

Fault = Callable[[BaseHTTPRequestHandler], bool]


@dataclass
class Skolverket:
    """What the server knows, what it was asked, and how it misbehaves: faults by path, each used once."""

    subjects: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"GR": [], "GY": []})
    programmes: list[dict[str, Any]] = field(default_factory=list)
    curriculum: dict[str, Any] | None = None
    asked: list[str] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    address: str = ""

    def details_asked(self) -> list[str]:
        return [path.rsplit("/", 1)[1] for path in self.asked if path.count("/") == 3 and "curriculums" not in path]

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        match path.removeprefix("/v1/").split("/"):
            case ["subjects"]:
                return self._list("subjects", self.subjects[query["schooltype"][0]])
            case ["programs"]:
                return self._list("programs", self.programmes)
            case ["subjects", code]:
                return self._one("subject", [s for some in self.subjects.values() for s in some], code)
            case ["programs", code]:
                return self._one("program", self.programmes, code)
            case ["curriculums", "LGR22"] if self.curriculum:
                return 200, {"apiVersion": "1.16.2", "curriculum": self.curriculum}
        return 404, {"code": 404, "message": "not found"}

    @staticmethod
    def _list(key: str, things: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        wanted = ("code", "name", "version", "startDate", "modifiedDate", "typeOfSyllabus", "studyPathType")
        rows = [{name: thing[name] for name in wanted if name in thing} for thing in things]
        if not rows:
            return 404, {"errorCode": "404", "message": "no match"}
        return 200, {"apiVersion": "1.16.2", "totalElements": len(rows), key: rows}

    @staticmethod
    def _one(key: str, things: list[dict[str, Any]], code: str) -> tuple[int, dict[str, Any]]:
        found = [thing for thing in things if thing["code"] == code and not thing.get("hidden")]
        return (200, {"apiVersion": "1.16.2", key: found[0]}) if found else (404, {"code": 404, "message": "no"})


@pytest.fixture
def skolverket() -> Iterator[Skolverket]:
    world = Skolverket()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            world.asked.append(path)
            faults = world.faults.get(path)
            if faults and faults.pop(0)(self):
                return
            status, content = world.answer(path, parse_qs(parts.query))
            self.send(status, json.dumps(content).encode())

        def send(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield world
    server.shutdown()
    server.server_close()
    thread.join()


def answers(status: int, body: bytes, **headers: str) -> Fault:
    def fault(handler: Any) -> bool:
        handler.send(status, body, **headers)
        return True

    return fault


def wire_programme(programme: dict[str, Any]) -> dict[str, Any]:
    """A programme of our reduced file as the API sends it: blocks are objects, levels are `courses`."""

    def block(subjects: list[dict[str, Any]]) -> dict[str, Any]:
        return {"subjects": [{**subject, "courses": subject.get("levels", [])} for subject in subjects]}

    return {
        **programme,
        "modifiedDate": "2026-09-01",
        "foundationSubjects": block(programme.get("foundationSubjects", [])),
        "programmeSpecificSubjects": block(programme.get("programmeSpecificSubjects", [])),
        "specialization": block([{"code": code} for code in programme.get("specializationSubjectCodes", [])]),
        "orientations": [
            {**orientation, "points": str(orientation.get("points", 0)), **block(orientation.get("subjects", []))}
            for orientation in programme["orientations"]
        ],
    }


def fill(world: Skolverket, *, compulsory: Any, upper: list[Any], programmes: Any) -> None:
    world.subjects = {"GR": compulsory["subjects"], "GY": [s for some in upper for s in some["subjects"]]}
    for some in world.subjects.values():
        for subject in some:
            subject.setdefault("modifiedDate", "2026-01-01")
    introductory = {"code": "IMV", "name": "Programinriktat val", "studyPathType": "INTRODUCTORY_PROGRAM"}
    world.programmes = [
        *(wire_programme(programme) for programme in [*programmes["gy25"], *programmes["gy11"]]),
        introductory,
    ]


@pytest.fixture
def small_world(skolverket: Skolverket) -> Skolverket:
    fill(
        skolverket,
        compulsory=small.compulsory(),
        upper=[small.gy25(), small.gy11()],
        programmes=small.programmes(),
    )
    return skolverket


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def read(skolverket: Skolverket, tmp_path: Path, waits: list[float]) -> Callable[[], Reading]:
    """Reads from the server as the command does, without waiting in earnest."""

    def read() -> Reading:
        with Fetcher(private_hosts=frozenset({"127.0.0.1"}), sleep=waits.append) as fetcher:
            return Api(skolverket.address, fetcher, tmp_path / "kept").read()

    return read


@pytest.mark.django_db
def test_the_api_and_the_files_tell_the_same(
    skolverket: Skolverket, read: Callable[[], Reading], real: Callable[[str], Any], tmp_path: Path
) -> None:
    files = {name: real(name) for name in ("gy25_subjects", "gy11_subjects")}
    for name, first in (("gy25_subjects", 500), ("gy11_subjects", 270)):
        files[name]["subjects"] = files[name]["subjects"][first:]
    wire = real("grundskola_lgr22_reconstructed_wire")
    programmes = real("programmes")
    fill(skolverket, compulsory=wire, upper=list(files.values()), programmes=programmes)
    small.write(
        tmp_path / "files",
        gy25=files["gy25_subjects"],
        gy11=files["gy11_subjects"],
        compulsory=wire,
        programmes=programmes,
    )

    from_api = import_curriculum(read, "api")
    before = set(CoreContent.objects.values_list("key", "position", "text_group"))
    from_files = import_curriculum(lambda: read_directory(tmp_path / "files"), "files")

    assert (from_api.counts.subjects, from_api.counts.programmes) == (65 + 41 + 20, 47)
    assert from_api.notes == ("preschool class: no central content in the curriculum LGR22, left as it is",)
    assert (from_files.counts.added, from_files.counts.ended) == (0, 0)
    assert set(CoreContent.objects.values_list("key", "position", "text_group")) == before
    assert CurriculumImport.objects.get(origin="api").api_version == "1.16.2"


def test_codes_with_swedish_letters_are_asked_for_and_found(
    small_world: Skolverket, read: Callable[[], Reading]
) -> None:
    reading = read()

    assert [subject.code for subject in reading.subjects] == ["GRGRBIO01", "GRGRFYS01", "NATU", "TEKI", "VÄX"]
    assert [programme.code for programme in reading.programmes] == ["NA25", "NA", "HV"]
    assert small_world.details_asked() == [
        "GRGRBIO01",
        "GRGRFYS01",
        "NATU",
        "TEKI",
        "VÄX",
        "NA25",
        "NA",
        "HV",
    ]


def test_preschool_class_is_read_from_the_curriculum_itself(
    small_world: Skolverket, read: Callable[[], Reading]
) -> None:
    small_world.curriculum = {
        "code": "LGR22",
        "sections": [
            {
                "type": "3",
                "content": "<h2>Förskoleklass</h2><h3>Centralt innehåll</h3><h4>Lek</h4><ul><li>Lekar.</li></ul>",
            }
        ],
    }

    (subject,) = [subject for subject in read().subjects if subject.code == "FKLASS"]

    assert (subject.curriculum, subject.school_form, subject.point_count) == ("LGR22", "FKLASS", 1)


def test_a_busy_server_is_asked_again_after_the_time_it_names(
    small_world: Skolverket, read: Callable[[], Reading], waits: list[float]
) -> None:
    busy = answers(503, b"busy", Retry_After="7")
    small_world.faults = {"/v1/subjects/NATU": [busy, busy]}

    reading = read()

    assert len(reading.subjects) == 5
    assert waits == [7, 7]


@pytest.mark.parametrize("body", [b'{"subject": {"code": "NA', b"", b"<html>Fel</html>", b"[]", b'{"subject": []}'])
def test_an_answer_that_is_cut_off_or_strange_is_asked_for_again(
    small_world: Skolverket, read: Callable[[], Reading], body: bytes
) -> None:
    small_world.faults = {"/v1/subjects/NATU": [answers(200, body)]}

    reading = read()

    assert len(reading.subjects) == 5
    assert small_world.asked.count("/v1/subjects/NATU") == 2


def test_an_answer_that_never_comes_whole_fails_the_run_by_its_address(
    small_world: Skolverket, read: Callable[[], Reading]
) -> None:
    small_world.faults = {"/v1/subjects/NATU": [answers(200, b'{"subject": {"code": "NA')] * 9}

    with pytest.raises(FetchError, match="/v1/subjects/NATU: the answer is not JSON"):
        read()


def test_an_interrupted_run_continues_where_it_was(small_world: Skolverket, read: Callable[[], Reading]) -> None:
    small_world.faults = {"/v1/subjects/VÄX": [answers(500, b"")] * 4}
    with pytest.raises(FetchError):
        read()
    small_world.asked.clear()
    small_world.subjects["GY"][0]["modifiedDate"] = "2026-02-02"

    reading = read()

    assert len(reading.subjects) == 5
    assert small_world.details_asked() == ["NATU", "VÄX", "NA25", "NA", "HV"]


def test_what_was_kept_is_not_trusted_when_it_is_not_whole(
    small_world: Skolverket, read: Callable[[], Reading], tmp_path: Path
) -> None:
    read()
    for kept in (tmp_path / "kept").rglob("*.json"):
        kept.write_text('{"stamp": ')
    small_world.asked.clear()

    assert len(read().subjects) == 5
    assert len(small_world.details_asked()) == 8


def test_a_list_shorter_than_it_says_is_refused(small_world: Skolverket, read: Callable[[], Reading]) -> None:
    rows = {"totalElements": 3, "subjects": [{"code": "NATU"}]}
    small_world.faults = {"/v1/subjects": [answers(200, json.dumps(rows).encode())]}

    with pytest.raises(FetchError, match="the list has 1 of 3 elements"):
        read()


def test_a_server_that_lists_nothing_is_refused(skolverket: Skolverket, read: Callable[[], Reading]) -> None:
    with pytest.raises(UnreadableCurriculum, match="lists no subjects"):
        read()


@pytest.mark.django_db
@pytest.mark.parametrize("empty", ["GR", "GY"])
def test_an_empty_list_where_there_was_one_changes_nothing(
    small_world: Skolverket, read: Callable[[], Reading], empty: str
) -> None:
    import_curriculum(read, "api")
    small_world.subjects[empty] = []

    with pytest.raises(MuchShorter, match=r"0 .* subjects were read where the database holds"):
        import_curriculum(read, "api")

    assert Subject.objects.current().count() == 5
    assert CurriculumImport.objects.latest("pk").error != ""


@pytest.mark.django_db
def test_a_subject_that_the_api_lists_without_telling_stays_as_it_is(
    small_world: Skolverket, read: Callable[[], Reading]
) -> None:
    import_curriculum(read, "api")
    small_world.subjects["GY"][0].update(hidden=True, modifiedDate="2026-03-03")

    outcome = import_curriculum(read, "api")

    assert (outcome.counts.subjects, outcome.counts.ended, outcome.changed) == (4, 0, False)
    assert "NATU: listed, but the API does not tell about it; left as it is" in outcome.notes
    assert Subject.objects.current().filter(code="NATU").exists()


@pytest.mark.django_db
def test_a_gy11_programme_that_names_its_subjects_keeps_them(
    small_world: Skolverket, read: Callable[[], Reading]
) -> None:
    small_world.programmes[1]["foundationSubjects"] = {"subjects": [{"code": "SVE", "name": "Svenska"}]}

    import_curriculum(read, "api")

    na = Programme.objects.get(code="NA")
    assert na.successor == Programme.objects.get(code="NA25")
    assert list(ProgrammeSubject.objects.filter(programme=na).values_list("subject_code", "is_derived")) == [
        ("SVE", False)
    ]


@pytest.mark.django_db
class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _own_folder(self, tmp_path: Path, settings: Any) -> None:
        settings.ENV = replace(settings.ENV, data_dir=tmp_path / "var")

    def test_it_prints_one_json_object_and_keeps_nothing_behind(self, small_world: Skolverket, tmp_path: Path) -> None:
        out = StringIO()

        call_command("import_curriculum", api=small_world.address, json=True, stdout=out, stderr=StringIO())

        assert json.loads(out.getvalue()) == {
            "subjects": 5,
            "courses": 4,
            "core_content": 10,
            "programmes": 3,
            "added": 10,
            "ended": 0,
            "unchanged": 0,
        }
        assert list((tmp_path / "var" / "skolverket").rglob("*")) == []
        assert CurriculumImport.objects.exclude(origin="extract").get().origin == small_world.address

    def test_a_changed_text_is_seen_at_the_next_run_even_when_its_date_is_not_changed(
        self, small_world: Skolverket
    ) -> None:
        call_command("import_curriculum", api=small_world.address, stdout=StringIO(), stderr=StringIO())
        subject = small_world.subjects["GY"][1]
        subject["courses"][0]["centralContent"]["text"] = small.points(small.TESTING)
        out = StringIO()

        call_command("import_curriculum", api=small_world.address, json=True, stdout=out, stderr=StringIO())

        assert json.loads(out.getvalue())["ended"] == 1

    def test_a_failure_is_one_line_on_stderr_and_exit_code_1(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = cli.main(["import-curriculum", "--directory", str(tmp_path / "nowhere"), "--json"])

        assert (code, *capsys.readouterr()) == (
            1,
            "",
            f"bryggan import-curriculum: {tmp_path / 'nowhere'} is not a directory\n",
        )

    def test_two_sources_at_once_are_wrong_usage(self) -> None:
        parser = command.Command().create_parser("bryggan", "import-curriculum")
        parser.called_from_command_line = True

        with pytest.raises(SystemExit) as leave:
            parser.parse_args(["--directory", "data", "--api", "http://127.0.0.1"])

        assert leave.value.code == 2

    def test_without_a_source_it_asks_skolverket(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []

        def note(_read: object, origin: str) -> Outcome:
            asked.append(origin)
            return Outcome(Counts(), changed=False)

        monkeypatch.setattr(command, "import_curriculum", note)

        call_command("import_curriculum", stdout=StringIO())

        assert asked == ["https://api.skolverket.se/syllabus"]

    @pytest.mark.parametrize("address", ["", "skolverket", "ftp://127.0.0.1/", "http://127.0.0.1:1/syllabus"])
    def test_an_address_that_does_not_answer_is_a_handled_failure(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(command, "DEFAULT_API", "no address")
        monkeypatch.setattr(command, "Fetcher", partial(Fetcher, tries=1))

        with pytest.raises(CommandError):
            call_command("import_curriculum", api=address, stdout=StringIO(), stderr=StringIO())

    def test_it_says_in_words_what_it_did(self, tmp_path: Path) -> None:
        out, err = StringIO(), StringIO()
        folder = small.write(tmp_path / "data", gy11=small.gy11(), compulsory=small.compulsory())

        call_command("import_curriculum", directory=str(folder), stdout=out, stderr=err)

        assert out.getvalue() == (
            "subjects: 3, courses: 1, core content: 5, programmes: 0, added: 5, ended: 0, unchanged: 0\n"
        )
        assert err.getvalue() == (
            f"gy25_subjects.json: not in {folder}, that part is left as it is\n"
            f"programmes.json: not in {folder}, that part is left as it is\n"
        )
        assert asdict(Counts(3, 1, 5, 0, 5)) == CurriculumImport.objects.exclude(origin="extract").get().counts


class TestADirectory:
    def test_one_without_any_of_the_files_is_refused_by_their_names(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableCurriculum) as caught:
            read_directory(tmp_path)

        assert str(caught.value) == (
            f"{tmp_path} holds none of the files gy25_subjects.json, gy11_subjects.json, "
            "grundskola_lgr22_parsed.json, programmes.json"
        )

    def test_one_that_does_not_exist_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableCurriculum, match="is not a directory"):
            read_directory(tmp_path / "nowhere")

    @pytest.mark.parametrize("content", ["", "{", '{"subjects": []}', "[]", "null", '"text"', '{"subjects": {}}'])
    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path, content: str) -> None:
        small.write_all(tmp_path)
        (tmp_path / "gy11_subjects.json").write_text(content)

        with pytest.raises(UnreadableCurriculum, match=r"gy11_subjects\.json"):
            read_directory(tmp_path)

    def test_the_reconstructed_wire_file_does_for_the_parsed_one(self, tmp_path: Path) -> None:
        wire = {
            "subjects": [
                {
                    "code": "GRGRMAT01",
                    "name": "Matematik",
                    "centralContents": [
                        {"year": "4-6", "text": "<h4>Algebra</h4><ul><li>Mönster.</li></ul>"},
                        {
                            "year": "1–3",
                            "typeOfCentralContent": "WITHIN_LANGUAGE_CHOICE",
                            "text": "<ul><li>Tal.</li></ul>",
                        },
                    ],
                }
            ]
        }
        small.write(tmp_path, compulsory=wire)
        (tmp_path / "grundskola_lgr22_parsed.json").rename(tmp_path / "grundskola_lgr22_reconstructed_wire.json")

        (subject,) = read_directory(tmp_path).subjects

        assert (subject.curriculum, subject.school_form) == ("LGR22", "GR")
        assert subject.blocks == (
            YearsText(1, 3, "WITHIN_LANGUAGE_CHOICE", (Point("", "Tal."),)),
            YearsText(4, 6, "", (Point("Algebra", "Mönster."),)),
        )

    @pytest.mark.django_db
    def test_strange_fields_do_not_stop_the_rest(self, tmp_path: Path) -> None:
        gy25 = small.gy25()
        gy25["subjects"] += [
            {"name": "Utan kod"},
            {"code": "X" * 30, "name": "För lång kod"},
            {
                "code": "ODD",
                "name": None,
                "version": "3",
                "startDate": "snart",
                "categories": None,
                "purpose": 7,
                "new": {"field": 1},
                "courses": [{"code": "ODD1", "points": 50, "centralContent": None}, {"code": "ODD1"}, "text"],
            },
            gy25["subjects"][0],
        ]

        reading = read_directory(small.write(tmp_path, gy25=gy25))
        outcome = import_curriculum(lambda: reading, "test")

        odd = Subject.objects.get(code="ODD")
        assert (odd.name, odd.curriculum, odd.version, odd.starts_on) == ("ODD", "GY25", 3, None)
        assert list(odd.courses.values_list("code", "name", "points")) == [("ODD1", "ODD1", 50)]
        assert outcome.notes[:3] == (
            "without a code: left out, a subject has no usable code ('')",
            f"{'X' * 30}: left out, a subject has no usable code ({'X' * 30!r})",
            "NATU: stands twice, the first one is used",
        )
