"""Sync against the recorded innovation database: what goes in, what stays out, who comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections

from bryggan.accounts.models import Department
from bryggan.common.models import AuditEntry, DataVersion
from bryggan.initiatives.models import Challenge, Contact, Initiative, Platform, Source, SyncRun, Term
from bryggan.initiatives.remote import Page
from bryggan.initiatives.sync import sync_source
from bryggan.initiatives.wordpress import WordPressReader
from initiatives.doubles import InnovationDatabase, counts, written_statements

Sync = Callable[..., SyncRun]
INTERNAL = ["38", "62", "70", "96", "110", "134", "138"]


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
    assert len([each for each in database.reads if "page=1&" in each]) == 2


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
