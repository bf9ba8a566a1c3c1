"""Sync as initiatives vanish and return, and between full reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from bryggan.initiatives import reading
from bryggan.initiatives.models import Challenge, Initiative, Source, SyncRun
from initiatives.doubles import API, InnovationDatabase, Reply, counts, written_statements

Sync = Callable[..., SyncRun]
INTERNAL = ["38", "62", "70", "96", "110", "134", "138"]


def test_vanished_initiatives_are_withdrawn_after_each_was_asked_for(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    database.projects = [row for row in database.projects if row["id"] not in (45, 46)]
    database.unpublished.add(46)

    run = sync(source)

    assert counts(run) == {"seen": 144, "unchanged": 136, "withdrawn": 2}
    asked = [address.partition("?")[0] for address in database.asked]
    assert f"{API}/project/45" in asked
    assert f"{API}/project/46" in asked
    row = Initiative.objects.get(remote_id="45")
    assert row.is_withdrawn
    assert row.what_html
    assert not Initiative.objects.published().filter(remote_id__in=["45", "46"]).exists()
    assert [each["change"] for each in run.changes] == ["withdrawn", "withdrawn"]


def test_an_initiative_that_is_there_after_all_stays(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)
    hidden = database.project(45)
    database.projects.remove(hidden)
    database.trouble("/project/45", reply=Reply.of_json(hidden))

    run = sync(source)

    assert run.withdrawn == 0
    assert Initiative.objects.published().filter(remote_id="45").exists()


def test_trouble_while_asking_for_the_vanished_changes_nothing(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    database.projects.remove(database.project(45))
    database.trouble("/project/45", reply=Reply.recorded("trouble-500-fatal"))

    run = sync(source)

    assert "status 500" in run.error
    assert Initiative.objects.published().count() == 138


def test_more_than_a_tenth_gone_is_refused_and_a_tenth_is_not(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    public = [row["id"] for row in database.projects if str(row["id"]) not in [*INTERNAL, "174"]]
    everything = list(database.projects)
    asked = len(database.asked)

    database.projects = [row for row in everything if row["id"] not in public[:14]]
    refused = sync(source)
    asked_for_single_ones = [each for each in database.asked[asked:] if f"{API}/project/" in each]
    database.projects = [row for row in everything if row["id"] not in public[:13]]
    accepted = sync(source)

    assert refused.error.startswith("14 of 138 initiatives")
    assert not refused.is_complete
    assert asked_for_single_ones == []
    assert (accepted.error, accepted.withdrawn) == ("", 13)


def test_a_returning_initiative_is_restored_on_its_own_row(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    pk = Initiative.objects.get(remote_id="45").pk
    project = database.project(45)
    database.projects.remove(project)
    sync(source)

    database.projects.append(project)
    run = sync(source)

    assert counts(run) == {"seen": 146, "updated": 1, "unchanged": 137}
    assert run.changes == [{"id": "45", "title": Initiative.objects.get(pk=pk).title, "change": "restored"}]
    assert Initiative.objects.published().filter(pk=pk).exists()
    assert counts(sync(source)) == {"seen": 146, "unchanged": 138}


def test_an_initiative_that_turns_internal_is_withdrawn_at_once(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    database.project(45)["internal_project"] = True

    run = sync(source)

    assert run.withdrawn == 1
    assert {"id": "45", "reason": "internal project"} in run.left_out
    assert not Initiative.objects.published().filter(remote_id="45").exists()
    assert counts(sync(source)) == {"seen": 146, "unchanged": 137}


def test_a_vanished_challenge_is_withdrawn_and_comes_back(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    challenge = next(row for row in database.lists["challenge"] if row["id"] == 19)
    database.lists["challenge"].remove(challenge)
    sync(source)

    assert Challenge.objects.get(remote_id="19").withdrawn_at
    assert Initiative.objects.get(remote_id="35").challenge is None

    database.lists["challenge"].append(challenge)
    sync(source)

    assert Challenge.objects.get(remote_id="19").withdrawn_at is None
    assert Initiative.objects.get(remote_id="35").challenge is not None


def test_between_full_reads_only_what_changed_is_read(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    source.refresh_from_db()
    mark = source.read_until
    database.asked.clear()
    project = database.project(65)
    project["project_what"] = "<p>Ny text.</p>"
    project["modified_gmt"] = (timezone.now() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S")

    run = sync(source, full=False)

    assert mark is not None
    assert mark < timezone.now()
    after = (mark - reading.OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [each for each in database.reads if f"modified_after={after}" not in each] == []
    assert run.kind == SyncRun.Kind.CHANGED
    assert (counts(run), len(run.left_out)) == ({"seen": 146, "updated": 1, "unchanged": 137}, 8)
    assert run.is_complete


def test_a_changed_read_without_changes_writes_nothing_but_its_record(source: Source, sync: Sync) -> None:
    sync(source)

    with written_statements() as written:
        run = sync(source, full=False)

    assert run.kind == SyncRun.Kind.CHANGED
    assert counts(run) == {"seen": 146, "unchanged": 138}
    assert written == {"INSERT initiatives_syncrun": 1}


def test_a_mark_in_the_future_is_ignored(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)
    source.refresh_from_db()

    assert any(row["modified_gmt"].startswith("2030") for row in database.projects)
    assert source.read_until is not None
    assert source.read_until.year < 2030


def test_a_new_initiative_comes_with_a_changed_read(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%S")
    database.projects.append({**database.project(65), "id": 900, "modified_gmt": now})

    run = sync(source, full=False)

    assert run.kind == SyncRun.Kind.CHANGED
    assert counts(run) == {"seen": 147, "created": 1, "unchanged": 138}


@pytest.mark.parametrize("change", ["deleted", "renamed", "term deleted"])
def test_what_the_source_does_not_tell_leads_to_a_full_read(
    source: Source, sync: Sync, database: InnovationDatabase, change: str
) -> None:
    sync(source)
    if change == "deleted":
        database.projects.remove(database.project(45))
    elif change == "renamed":
        database.rename("status", 2, "Omdöpt status")
    else:
        database.delete_term("sector", 14)

    run = sync(source, full=False)

    assert run.kind == SyncRun.Kind.FULL
    assert run.withdrawn == (change == "deleted")
    assert (run.updated > 0) == (change != "deleted")
    assert sync(source, full=False).kind == SyncRun.Kind.CHANGED


def test_a_full_read_is_due_after_a_day(source: Source, sync: Sync) -> None:
    sync(source)
    SyncRun.objects.update(started_at=timezone.now() - timedelta(hours=25))

    assert sync(source, full=False).kind == SyncRun.Kind.FULL
    assert sync(source, full=False).kind == SyncRun.Kind.CHANGED
