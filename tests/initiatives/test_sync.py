"""Sync against the recorded innovation database: what goes in, what stays out, what trouble does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from bryggan.accounts.models import Department
from bryggan.common.models import AuditEntry, DataVersion
from bryggan.initiatives import reading
from bryggan.initiatives.models import Challenge, Contact, Initiative, Platform, Source, SyncRun, Term
from bryggan.initiatives.remote import Page
from bryggan.initiatives.sync import sync_source
from bryggan.initiatives.wordpress import WordPressReader
from initiatives.doubles import API, InnovationDatabase, Reply, written_statements

Sync = Callable[..., SyncRun]
INTERNAL = ["38", "62", "70", "96", "110", "134", "138"]


def counts(run: SyncRun) -> dict[str, int]:
    return {
        name: getattr(run, name)
        for name in ("seen", "created", "updated", "unchanged", "withdrawn")
        if getattr(run, name)
    }


def test_the_first_sync_takes_all_public_initiatives_and_names_the_rest(source: Source, sync: Sync) -> None:
    run = sync(source)

    assert run.error == ""
    assert counts(run) == {"seen": 146, "created": 138}
    assert run.is_complete
    assert run.refused == []
    assert sorted(run.left_out, key=lambda each: int(each["id"])) == [
        *({"id": each, "reason": "internal project"} for each in INTERNAL),
        {"id": "174", "reason": "password-protected"},
    ]
    assert Initiative.objects.published().count() == 138
    assert not Initiative.objects.filter(remote_id__in=[*INTERNAL, "174"]).exists()
    assert (Challenge.objects.count(), Platform.objects.count()) == (12, 3)
    assert Department.objects.count() == 15


def test_a_second_full_sync_writes_nothing_but_its_record(source: Source, sync: Sync) -> None:
    sync(source)
    version = DataVersion.objects.get(name="initiatives").number

    with written_statements() as written:
        run = sync(source)

    assert counts(run) == {"seen": 146, "unchanged": 138}
    assert written == {"INSERT initiatives_syncrun": 1}
    assert DataVersion.objects.get(name="initiatives").number == version
    assert AuditEntry.objects.filter(by_process="sync").count() == 1


def test_a_changed_initiative_alone_is_written(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)
    before = set(Initiative.objects.values_list("pk", "changed_at"))
    database.project(65)["project_what"] = "<p>En ny början.</p>"

    run = sync(source)

    assert counts(run) == {"seen": 146, "updated": 1, "unchanged": 137}
    assert run.changes == [{"id": "65", "title": "Skyfallskartan", "change": "updated"}]
    changed = set(Initiative.objects.values_list("pk", "changed_at")) - before
    assert changed == set(Initiative.objects.filter(remote_id="65").values_list("pk", "changed_at"))
    assert Initiative.objects.get(remote_id="65").what_html == "<p>En ny början.</p>"


def test_relations_follow_the_source(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)
    project = database.project(46)
    project["technology"] = [{"term_id": 54, "name": "3D-skrivare", "slug": "3d-skrivare", "taxonomy": "technology"}]
    project["sector"] = project["global_goal"] = project["partner"] = None
    project["operation"] = project["operation_domain"] = project["expected_impact"] = None
    project["innovation_potential"] = None
    project["contacts"] = [{"name": "Ny person", "email": "ny@example.org"}]
    project["platforms"] = [16]

    sync(source)

    row = Initiative.objects.get(remote_id="46")
    assert [term.name for term in row.terms.all()] == ["3D-skrivare"]
    assert [(each.name, each.email) for each in row.contacts.all()] == [("Ny person", "ny@example.org")]
    assert [each.remote_id for each in row.platforms.all()] == ["16"]


def test_counts_of_other_initiatives_change_nothing(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)
    for project in database.projects:
        for term in project["technology"] if isinstance(project["technology"], list) else []:
            if isinstance(term, dict):
                term["count"] += 1

    assert counts(sync(source)) == {"seen": 146, "unchanged": 138}


def test_a_renamed_term_changes_its_name_keeps_its_slug_and_updates_those_who_use_it(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    using = Initiative.objects.filter(status__name="Pilot").count()

    database.rename("status", 2, "Omdöpt status")
    run = sync(source)

    assert using > 20
    assert counts(run) == {"seen": 146, "updated": using, "unchanged": 138 - using}
    assert Term.objects.get(kind="status", slug="pilot").name == "Omdöpt status"
    assert not Term.objects.filter(name="Pilot").exists()


def test_a_renamed_department_keeps_its_slug(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)

    database.rename("organisation", 61, "Kultur- och fritidsförvaltningen")
    sync(source)

    assert Department.objects.get(slug="kulturforvaltningen").name == "Kultur- och fritidsförvaltningen"


def test_two_sources_that_name_a_term_differently_do_not_take_turns(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    other = Source.objects.create(name="andra", address=database.address)
    sync(other)
    Term.objects.filter(kind="status", slug="pilot").update(name="Försök")

    runs = [sync(each) for each in (source, other, source)]

    assert [each.updated for each in runs] == [0, 0, 0]
    assert Term.objects.get(kind="status", slug="pilot").name == "Försök"


def test_contacts_are_rows_and_stand_nowhere_in_the_raw_answer(source: Source, sync: Sync) -> None:
    sync(source)

    row = Initiative.objects.get(remote_id="176")
    assert [(each.name, each.email) for each in row.contacts.all()] == [
        ("Projektledare", "projekt@example.org"),
        ("", "innovation@example.org"),
        ("Enhetschef & samordnare", ""),
    ]
    assert Contact.objects.filter(email="innovation@example.org").count() > 10
    for raw, what in Initiative.objects.values_list("raw", "what_html"):
        assert raw.keys().isdisjoint({"contacts", "author", "_links", "_embedded"})
        words = [
            "post_author",
            "post_password",
            "gravatar",
            "'author'",
            "/users/",
            "Enhetschef &",
        ]
        if "mailto:" not in what:
            words.append("@example.org")
        assert [word for word in words if word in str(raw)] == []


def test_a_draft_challenge_leaks_nowhere(source: Source, sync: Sync) -> None:
    sync(source)

    row = Initiative.objects.get(remote_id="167")
    assert row.challenge is None
    assert row.raw["challenge"] == {"ID": 31}
    assert not Challenge.objects.filter(title__contains="Opublicerad").exists()
    assert not any("Opublicerad utmaning" in str(raw) for raw in Initiative.objects.values_list("raw", flat=True))
    assert Initiative.objects.get(remote_id="35").challenge == Challenge.objects.get(remote_id="19")


def test_one_broken_item_is_refused_by_name_and_the_rest_goes_in(
    source: Source, sync: Sync, database: InnovationDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.projects += ["skräp", {**database.project(65), "id": 0}]
    database.project(35)["map"] = Unmappable()

    with monkeypatch.context() as patched:
        patched.setattr(
            "bryggan.initiatives.wordpress_items._place", lambda found: 1 / 0 if found == {"trasig": 1} else {}
        )
        run = sync(source)

    assert (run.seen, run.created, len(run.left_out)) == (148, 137, 8)
    assert sorted((each["id"], each["reason"]) for each in run.refused) == [
        ("35", "cannot be understood: ZeroDivisionError: division by zero"),
        ("item 1 of its page", "not an object but str"),
        ("item 2 of its page", "has no usable id"),
    ]


class Unmappable(dict[str, int]):
    """A value that the patched mapping trips over."""

    def __init__(self) -> None:
        super().__init__({"trasig": 1})


def test_a_known_initiative_that_comes_broken_stays_as_it_was(
    source: Source, sync: Sync, database: InnovationDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(source)
    database.project(35)["map"] = Unmappable()

    with monkeypatch.context() as patched:
        patched.setattr(
            "bryggan.initiatives.wordpress_items._place",
            lambda found: 1 / 0 if found == {"trasig": 1} else {"address": found} if found else {},
        )
        run = sync(source)

    assert [each["id"] for each in run.refused] == ["35"]
    assert run.withdrawn == 0
    assert Initiative.objects.published().filter(remote_id="35").exists()


def test_values_that_no_database_takes_are_taken_out(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    project = database.project(65)
    project["title"]["rendered"] = "Skyfalls\x00kartan\ud800"
    project["project_what"] = "<p>Före\x00 efter \udc00</p>"
    project["map"] = {"address": "Torget\x00", "lat": float("nan"), "lng": float("inf")}

    run = sync(source)

    assert run.error == ""
    row = Initiative.objects.get(remote_id="65")
    assert (row.title, row.what_html) == ("Skyfallskartan", "<p>Före efter </p>")
    assert row.place == {"address": "Torget", "latitude": None, "longitude": None}
    assert row.raw["title"] == {"rendered": "Skyfallskartan"}


# Trouble in the middle.


def test_a_passing_trouble_is_waited_out(
    source: Source, sync: Sync, database: InnovationDatabase, waits: list[float]
) -> None:
    maintenance = Reply.recorded("trouble-503-maintenance")
    maintenance.headers["retry-after"] = "7"
    database.trouble("/project", "page=2", reply=maintenance, times=1)
    database.trouble("/sector", reply=Reply.recorded("trouble-200-html-simulated"), times=2)
    database.trouble("/status", reply=Reply.recorded("trouble-200-truncated-simulated"), times=1)
    database.trouble("/partner", reply=Reply(200, b'[{"id": 1', {"content-type": "text/html"}, cut_off=True), times=1)

    run = sync(source)

    assert counts(run) == {"seen": 146, "created": 138}
    assert 7 in waits
    assert len(waits) == 5


TROUBLES = {
    "maintenance": Reply.recorded("trouble-503-maintenance"),
    "fatal error": Reply.recorded("trouble-500-fatal"),
    "html": Reply.recorded("trouble-200-html-simulated"),
    "cut off json": Reply.recorded("trouble-200-truncated-simulated"),
    "cut off answer": Reply(200, b"[]", {"x-wp-total": "146", "x-wp-totalpages": "2"}, cut_off=True),
    "firewall": Reply(403, b"<html>Blocked</html>", {"content-type": "text/html"}),
    "no totals": Reply.of_json([]),
    "an object": Reply.of_json({}),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_incomplete_read_changes_nothing_and_is_recorded(
    source: Source, sync: Sync, database: InnovationDatabase, waits: list[float], trouble: str
) -> None:
    sync(source)
    database.project(35)["project_what"] = "<p>Ändrad på första sidan.</p>"
    database.rename("sector", 14, "Omdöpt sektor")
    database.trouble("/project", "page=2", reply=TROUBLES[trouble])

    with written_statements() as written:
        run = sync(source)

    assert written == {"INSERT initiatives_syncrun": 1}
    assert run.error
    assert not run.is_complete
    assert counts(run) == {}
    # Asked to wait for ten minutes, the sync goes away instead.
    assert max(waits, default=0) <= 30


def test_a_list_that_moves_once_is_read_again(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    removed = []

    def remove_one(address: str) -> None:
        if "/project?" in address and "page=2" in address and not removed:
            removed.append(database.projects.pop(0))

    database.before = remove_one
    run = sync(source)

    assert counts(run) == {"seen": 145, "created": 137}


def test_a_list_that_keeps_moving_changes_nothing(
    source: Source, sync: Sync, database: InnovationDatabase, waits: list[float]
) -> None:
    number = [1000]

    def add_one(address: str) -> None:
        if "/project?" in address and "page=2" in address:
            number[0] += 1
            database.projects.append({**database.project(65), "id": number[0]})

    database.before = add_one
    run = sync(source)

    assert "146 on its first page and 147 on its last" in run.error or "on its first page" in run.error
    assert Initiative.objects.count() == 0
    assert len(waits) == 3


def test_a_list_that_became_shorter_is_read_again(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    gone: list[object] = []

    def shorten(address: str) -> None:
        if "/project?" in address and "page=2" in address and not gone:
            gone.extend(database.projects[90:])
            del database.projects[90:]

    database.before = shorten
    run = sync(source)

    assert run.seen == 90
    assert run.is_complete


def test_short_pages_do_not_end_the_read(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    """Hidden items are counted but not shown: the page is short, and the count does not add up."""
    rows = database.projects[:99]
    database.trouble("/project", "page=1&", reply=Reply.of_json(rows, x_wp_total="146", x_wp_totalpages="2"))

    run = sync(source)

    assert run.error.startswith("/project holds 145 different items")
    assert any("page=2" in address for address in database.asked)


def test_an_empty_list_withdraws_nothing(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)
    database.projects.clear()

    run = sync(source)

    assert run.error.startswith("138 of 138 initiatives are not in the source any more")
    assert Initiative.objects.published().count() == 138


# What vanishes.


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


# Reading only what changed.


def project_reads(database: InnovationDatabase) -> list[str]:
    return [each for each in database.asked if each.startswith(f"{API}/project?") and "per_page=100" in each]


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
    assert [each for each in project_reads(database) if f"modified_after={after}" not in each] == []
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


# Two at once.


def test_a_sync_that_was_overtaken_reads_again(
    source: Source, sync: Sync, database: InnovationDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[SyncRun] = []
    pages = WordPressReader.pages

    def pages_while_another_sync_finishes(self: WordPressReader, **arguments: Any) -> Iterator[Page]:
        yield from pages(self, **arguments)
        if not others:
            others.append(SyncRun.objects.create(source=source, kind=SyncRun.Kind.FULL, is_complete=True))

    monkeypatch.setattr(WordPressReader, "pages", pages_while_another_sync_finishes)
    run = sync(source)

    assert run.error == ""
    assert counts(run) == {"seen": 146, "created": 138}
    assert len([each for each in project_reads(database) if "page=1&" in each]) == 2


@pytest.mark.django_db(transaction=True)
def test_two_syncs_at_once_end_with_one_row_each(database: InnovationDatabase) -> None:
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("an SQLite database in memory has one connection: two threads cannot both write to it")
    source = Source.objects.create(name="databasen", address=database.address)
    runs: list[SyncRun] = []
    barrier = threading.Barrier(2)

    def one() -> None:
        barrier.wait()
        runs.append(sync_source(Source.objects.get(pk=source.pk), full=True, sleep=lambda _seconds: None))
        connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(run.created for run in runs) == [0, 138]
    assert [run.error for run in runs] == ["", ""]
    assert Initiative.objects.count() == 138


def test_what_a_sync_changed_is_told_to_copies_of_the_data(
    source: Source, sync: Sync, database: InnovationDatabase
) -> None:
    sync(source)
    version = DataVersion.objects.get(name="initiatives")
    database.project(65)["project_what"] = "<p>Ny text.</p>"

    sync(source)

    after = DataVersion.objects.get(name="initiatives")
    assert (after.number, after.whole_number) == (version.number + 1, version.whole_number)
