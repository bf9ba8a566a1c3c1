"""`sync-initiatives` and `check-source`, as called from a shell."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bryggan.initiatives import detecting, schedule
from bryggan.initiatives.models import Initiative, Source, SyncRun
from initiatives.doubles import InnovationDatabase, Reply, SearchService, written_statements

pytestmark = pytest.mark.django_db

KEYS = [
    "format",
    "seen",
    "created",
    "updated",
    "unchanged",
    "left_out",
    "refused",
    "withdrawn",
    "complete",
    "seconds",
]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detecting, "PAUSE_SECONDS", 0.0)


def told(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.mark.parametrize("path", ["", "/", "/wp-json", "/wp-json/wp/v2"])
def test_an_address_is_read_and_becomes_a_source(database: InnovationDatabase, path: str) -> None:
    found = told("sync_initiatives", "--source", database.address + path)

    assert list(found) == KEYS
    assert (found["format"], found["seen"], found["created"], found["complete"]) == ("A", 146, 138, True)
    assert len(found["left_out"]) == 8
    source = Source.objects.get()
    assert source.name == database.address.removeprefix("http://").replace(".", "-").replace(":", "-")


def test_the_same_address_in_another_form_is_the_same_source(database: InnovationDatabase) -> None:
    told("sync_initiatives", "--source", database.address)

    again = told("sync_initiatives", "--source", f"{database.address}/wp-json/wp/v2/")

    assert (again["seen"], again["created"], again["unchanged"]) == (146, 0, 138)
    assert Source.objects.count() == 1


def test_a_named_source_is_read_and_the_line_is_for_people(database: InnovationDatabase) -> None:
    Source.objects.create(name="databasen", address=database.address)
    out = StringIO()

    call_command("sync_initiatives", "--source", "databasen", "--full", stdout=out)

    assert out.getvalue().startswith(
        "databasen (format A): 146 seen, 138 created, 0 updated, 0 unchanged, 0 withdrawn, 8 left out, 0 refused, in "
    )


def test_without_a_name_all_active_sources_are_read(
    database: InnovationDatabase, service: SearchService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRYGGAN_TEST_KEY", service.KEY)
    Source.objects.create(name="a", address=database.address)
    Source.objects.create(name="c", address=service.address, key_variable="BRYGGAN_TEST_KEY")
    Source.objects.create(name="vilande", address="https://example.org", is_active=False)

    found = told("sync_initiatives")

    assert list(found) == [*KEYS, "sources"]
    assert (found["format"], found["seen"], found["created"]) == ("several", 176, 168)
    assert [(each["source"], each["format"], each["seen"]) for each in found["sources"]] == [
        ("a", "A", 146),
        ("c", "C", 30),
    ]


def test_one_ill_source_of_two_does_not_stop_the_other(database: InnovationDatabase) -> None:
    Source.objects.create(name="a-ill", address=f"{database.address}/finns/inte.json")
    Source.objects.create(name="b-well", address=database.address)

    with pytest.raises(CommandError, match=r"^a-ill: .*status 404"):
        call_command("sync_initiatives", stdout=StringIO())

    assert Initiative.objects.count() == 138


def test_an_incomplete_read_is_a_handled_failure(database: InnovationDatabase) -> None:
    Source.objects.create(name="databasen", address=database.address)
    database.trouble("/project", "page=2", reply=Reply.recorded("trouble-503-maintenance"))
    out = StringIO()

    with pytest.raises(CommandError, match=r"^databasen: .*status 503, and asks us to wait 600 s"):
        call_command("sync_initiatives", "--source", "databasen", "--json", stdout=out)

    found = json.loads(out.getvalue())
    assert (found["complete"], found["seen"], found["created"]) == (False, 0, 0)
    assert SyncRun.objects.get().error
    assert Initiative.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("okänd", "no source is named 'okänd'"),
        ("ftp://example.org", "not an http or https address"),
        ("https://", "not an http or https address"),
        ("saknas.json", "neither an http or https address nor a .json file"),
    ],
)
def test_what_cannot_be_a_source_is_explained_and_leaves_none_behind(name: str, message: str) -> None:
    with pytest.raises(CommandError) as error:
        call_command("sync_initiatives", "--source", name)

    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert Source.objects.count() == SyncRun.objects.count() == 0


def test_an_address_that_is_refused_leaves_no_source_behind(database: InnovationDatabase) -> None:
    database.projects[:] = [{"id": 1, "status": "publish", "title": {"rendered": "A"}}]

    with pytest.raises(CommandError, match="format B"):
        call_command("sync_initiatives", "--source", database.address)

    assert Source.objects.count() == 0


def test_no_source_at_all_is_a_handled_failure() -> None:
    with pytest.raises(CommandError, match="there is no active source"):
        call_command("sync_initiatives")


def test_a_file_is_read_by_its_path(service: SearchService, tmp_path: Path) -> None:
    file = tmp_path / "projekt.json"
    file.write_text(json.dumps(service.documents), encoding="utf-8")

    found = told("sync_initiatives", "--source", str(file))

    assert (found["format"], found["created"]) == ("C", 30)


def test_checking_a_source_tells_what_it_holds_and_writes_nothing(database: InnovationDatabase) -> None:
    with written_statements() as written:
        found = told("check_source", database.address)

    assert written == {}
    assert (found["format"], found["seen"], found["public"], found["complete"]) == ("A", 146, 138, True)
    assert (found["challenges"], found["platforms"]) == (12, 3)
    assert found["lists"]["/project"] == 146
    assert found["terms"]["department"] == 15
    assert found["filled"]["title"] == 138
    assert found["filled"]["lessons_html"] < 138
    assert found["keys"]["project_what"] > 130
    assert "contacts" not in found["keys"]
    assert len(found["left_out"]) == 8
    assert {"id": "", "remark": "picture 15 is deleted or hidden"} in found["remarks"]
    assert "@example.org" not in json.dumps(found)


def test_checking_for_people_names_what_would_be_left_out(database: InnovationDatabase) -> None:
    out = StringIO()

    call_command("check_source", database.address, stdout=out)

    assert "Format A; 146 initiatives, 138 of them public, 12 challenges, 3 platforms" in out.getvalue()
    assert "Left out: 174 (password-protected)" in out.getvalue()


def test_checking_a_search_service_with_its_key(service: SearchService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRYGGAN_TEST_KEY", service.KEY)

    found = told("check_source", service.address, "--key-variable", "BRYGGAN_TEST_KEY")

    assert (found["format"], found["seen"], found["complete"], len(found["uneven"])) == ("C", 30, True, 1)


def test_checking_what_is_no_source_is_a_handled_failure(database: InnovationDatabase) -> None:
    database.trouble("/project", reply=Reply.recorded("error-no-route"))

    with pytest.raises(CommandError, match="is WordPress but has no initiatives"):
        call_command("check_source", database.address)


# By themselves.


def test_the_source_that_waited_longest_is_read_when_it_is_due(database: InnovationDatabase) -> None:
    Source.objects.create(name="a", address=database.address)

    assert [schedule.sync_due(), schedule.sync_due()] == [1, 0]

    SyncRun.objects.update(started_at=SyncRun.objects.get().started_at - schedule.EVERY)
    assert [schedule.sync_due(), schedule.sync_due()] == [1, 0]
    assert SyncRun.objects.count() == 2


def test_an_ill_source_is_left_in_peace_until_it_is_due(database: InnovationDatabase) -> None:
    Source.objects.create(name="a", address=f"{database.address}/finns/inte.json")

    assert [schedule.sync_due(), schedule.sync_due()] == [1, 0]
    assert SyncRun.objects.get().error


def test_old_records_of_runs_that_changed_nothing_go(database: InnovationDatabase) -> None:
    source = Source.objects.create(name="a", address=database.address)
    old = SyncRun._meta.get_field("started_at").get_default() - 2 * schedule.KEEP_RUNS
    kinds = SyncRun.Kind
    plain = SyncRun.objects.create(source=source, kind=kinds.CHANGED, is_complete=True, started_at=old)
    changed = SyncRun.objects.create(
        source=source, kind=kinds.CHANGED, is_complete=True, started_at=old, changes=[{"id": "1"}]
    )
    newest = SyncRun.objects.create(source=source, kind=kinds.CHANGED, is_complete=True, started_at=old)

    assert schedule.forget_old_runs() == 1
    assert set(SyncRun.objects.all()) == {changed, newest}
    assert plain.pk not in SyncRun.objects.values_list("pk", flat=True)
