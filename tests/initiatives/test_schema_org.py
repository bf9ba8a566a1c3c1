"""Format C, by samples made by hand from its description: no recordings exist."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bryggan.initiatives import schema_org
from bryggan.initiatives.models import Initiative, Source, SyncRun
from bryggan.initiatives.remote import RemoteInitiative
from initiatives.doubles import Reply, SearchService, written_statements

Sync = Callable[..., SyncRun]


@pytest.fixture
def search(db: None, service: SearchService, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setenv("BRYGGAN_TEST_KEY", service.KEY)
    return Source.objects.create(name="sök", address=service.address, key_variable="BRYGGAN_TEST_KEY")


def mapped(**changes: Any) -> RemoteInitiative:
    document = {
        "@type": "Project",
        "@id": "4100",
        "name": "Trygghetsgolv",
        "description": "<h2>Vad?</h2><p>Golv som larmar.</p>",
    }
    return schema_org.initiative("4100", {**document, **changes})


def test_the_collection_goes_in_and_a_second_read_writes_nothing(search: Source, sync: Sync) -> None:
    first = sync(search)
    with written_statements() as written:
        second = sync(search)

    assert (first.error, first.format, first.seen, first.created) == ("", "schema_org", 30, 30)
    assert (second.seen, second.unchanged) == (30, 30)
    assert written == {"INSERT initiatives_syncrun": 1}
    row = Initiative.objects.get(remote_id="4107")
    assert row.title == "Digital tillsyn med värmekamera"
    assert row.what_html.startswith("<p>Nattpatrullen prövar")
    assert row.why_html.startswith("<p>Många vill sova ostört")
    assert row.lessons_html.startswith("<p>Vi skulle ha tagit med facken")
    assert row.impact_goals[0]["goal"] == "Kostnaden per användare ska vara lägre än i dag"
    assert row.status is not None
    assert (row.status.name, row.progress) == ("Realiserad", 100)
    assert row.category is not None
    assert row.category.name == "Ett gott liv hela livet"
    assert [term.name for term in row.terms.all()] == ["Bildanalys", "Digital tvilling"]
    assert row.department is not None
    assert row.department.name == "Vård- och omsorgsförvaltningen"
    assert row.participants.count() == 0
    assert [(each.name, each.email) for each in row.contacts.all()] == [
        ("Kommunikatör, Vård- och omsorgsförvaltningen", "kontakt-1@example.org")
    ]
    assert [picture.address for picture in row.pictures.all()] == ["https://example.org/bilder/4107.jpg"]
    assert "employee" not in row.raw
    assert "example.org" not in json.dumps(row.raw).replace("https://example.org/bilder", "")


def test_ids_of_the_search_service_itself_mean_nothing(search: Source, sync: Sync, service: SearchService) -> None:
    sync(search)
    for number, document in enumerate(service.documents):
        document["id"] = str(70000 + number)

    assert sync(search).unchanged == 30


def test_a_read_while_the_collection_is_filled_anew_is_read_again(
    search: Source, sync: Sync, service: SearchService, waits: list[float]
) -> None:
    sync(search)
    whole = copy.deepcopy(service.documents)
    waits.clear()
    service.reads = [[], whole[:11], whole, whole]

    run = sync(search)

    assert (run.error, run.seen, run.unchanged, run.withdrawn) == ("", 30, 30, 0)
    assert waits == [2.0, 2.0, 2.0]


def test_a_collection_that_never_settles_changes_nothing(search: Source, sync: Sync, service: SearchService) -> None:
    sync(search)
    whole = copy.deepcopy(service.documents)
    service.reads = [whole[:number] for number in (5, 9, 14, 18, 23, 27)]

    run = sync(search)

    assert run.error == "two reads in a row were not alike; read 6 times"
    assert Initiative.objects.published().count() == 30


def test_an_empty_collection_is_never_believed(search: Source, sync: Sync, service: SearchService) -> None:
    sync(search)
    service.documents = []

    run = sync(search)

    assert run.error.startswith("the source answered with no initiatives at all")
    assert Initiative.objects.published().count() == 30


def test_what_left_the_collection_is_withdrawn(search: Source, sync: Sync, service: SearchService) -> None:
    sync(search)
    service.documents = service.documents[1:]

    assert sync(search).withdrawn == 1
    assert not Initiative.objects.published().filter(remote_id="4100").exists()


def test_a_second_document_with_the_same_id_is_passed_over(search: Source, sync: Sync, service: SearchService) -> None:
    service.documents.append({**service.documents[0], "name": "En kopia"})

    run = sync(search)

    assert (run.error, run.seen) == ("", 30)
    assert Initiative.objects.get(remote_id="4100").title == "Trygghetsgolv i serviceboende"


def test_documents_that_cannot_go_in_are_refused_and_others_go_in(
    search: Source, sync: Sync, service: SearchService
) -> None:
    service.documents += ["skräp", {"@type": "Project", "name": "Utan id"}, {"@type": "Event", "@id": "e1"}]

    run = sync(search)

    assert (run.seen, run.created) == (32, 30)
    assert [each["reason"] for each in run.refused] == ["not an object but str", "has no @id"]


def test_a_refused_key_is_told_as_such(search: Source, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRYGGAN_TEST_KEY", "fel")

    assert "refuses the search key" in sync(search).error


def test_trouble_on_the_second_page_changes_nothing(search: Source, sync: Sync, service: SearchService) -> None:
    sync(search)
    service.documents[0]["name"] = "Ändrad"
    service.trouble("page=2", reply=Reply(502, b"<html>Bad gateway</html>"))

    assert "status 502" in sync(search).error
    assert not Initiative.objects.filter(title="Ändrad").exists()


def test_a_file_with_the_same_documents_goes_in(db: None, service: SearchService, sync: Sync, tmp_path: Path) -> None:
    file = tmp_path / "projekt.json"
    file.write_text(json.dumps(service.documents), encoding="utf-8")
    source = Source.objects.create(name="fil", address=str(file))

    run = sync(source)

    assert (run.error, run.format, run.created) == ("", "schema_org", 30)


def test_a_file_of_something_else_is_refused(db: None, sync: Sync, tmp_path: Path) -> None:
    file = tmp_path / "annat.json"
    file.write_text('[{"namn": "x"}]', encoding="utf-8")
    source = Source.objects.create(name="fil", address=str(file))

    assert "holds no list of schema.org Project documents" in sync(source).error


def test_all_sections_find_their_place() -> None:
    found = mapped(
        description="Inledning.<h2>Vad?</h2><p>Ett<br/>två.</p><h2>Hur?</h2><p>Så.\n\nSteg ett\nSteg två</p>"
        "<h2>Varför?</h2><p>Därför.</p><h2>Lärdomar</h2><p>Mycket.</p>"
        "<h2>Effektmål</h2><p><ul><li>Färre köer</li><li>Fler <b>glada</b></li></ul></p>"
        "<h2>Samarbete sökes!</h2><p>Hör av er &amp; kom.</p>"
        "<h2>Drivs av</h2><p><ul><li>Kulturförvaltningen</li><li>Miljöförvaltningen</li></ul></p>",
        department={"@type": "Organization", "name": "Kulturförvaltningen"},
    )

    assert found.what_html == "<p>Ett<br>två.</p>"
    assert found.how_html == "<p>Så.<br>Steg ett<br>Steg två</p>"
    assert (found.why_html, found.lessons_html) == ("<p>Därför.</p>", "<p>Mycket.</p>")
    assert [goal["goal"] for goal in found.impact_goals] == ["Färre köer", "Fler glada"]
    assert found.other_html == "<p>Inledning.</p><h3>Samarbete sökes!</h3><p>Hör av er &amp; kom.</p>"
    assert [term.name for term in found.participants] == ["Miljöförvaltningen"]


def test_a_stopped_one_is_told_by_its_name_and_an_unknown_status_is_none() -> None:
    stopped = mapped(status={"@type": "ProgressStatus", "name": "Avbruten", "number": 0})
    unknown = mapped(status={"@type": "ProgressStatus", "name": "Status ej angiven", "number": 0})
    idea = mapped(status={"@type": "ProgressStatus", "name": "Idé", "number": 25})

    assert (stopped.is_stopped, stopped.progress, stopped.status and stopped.status.progress) == (True, None, -1)
    assert (unknown.status, unknown.progress, unknown.is_stopped) == (None, None, False)
    assert (idea.progress, idea.is_stopped) == (25, False)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Barn &amp; unga", "Barn & unga"),
        ("50%25 mindre avfall", "50% mindre avfall"),
        ("100% öppet", "100% öppet"),
        ("Kom%20och%20se", "Kom och se"),
        ("&lt;beta&gt;", "<beta>"),
        ("%FF%FE", "%FF%FE"),
        ("", "Golv som larmar."),
    ],
)
def test_names_are_unescaped_and_decoded(name: str, title: str) -> None:
    assert mapped(name=name).title == title


def test_descriptions_and_pictures_in_their_other_shapes() -> None:
    found = mapped(
        description=[{"@type": "TextObject", "headline": "Hur?", "text": "<p>Så.</p>"}],
        image=[{"@type": "ImageObject", "url": ["https://example.org/a b.jpg"]}, "https://example.org/c.jpg"],
        funding={"@type": "MonetaryGrant", "amount": "1 200 000"},
        foundingDate="hösten 2019",
        employee=[{"@type": "Person", "alternateName": "Någon", "email": "NAGON@EXAMPLE.ORG"}],
    )

    assert found.how_html == "<p>Så.</p>"
    assert [picture.address for picture in found.pictures] == [
        "https://example.org/a%20b.jpg",
        "https://example.org/c.jpg",
    ]
    assert (found.budget_text, found.budget) == ("1 200 000", "1200000.00")
    assert (found.started_text, found.source_created_at) == ("hösten 2019", None)
    assert found.contacts[0].email == "nagon@example.org"
    assert "employee" not in found.raw


@pytest.mark.parametrize("nothing", [None, False, "", [], {}, 0, 3.5, [None], [[]], {"url": {}}])
def test_every_key_may_hold_anything(nothing: Any) -> None:
    keys = ("name", "description", "image", "foundingDate", "funding", "department", "employee", "@meta", "status")

    assert mapped(**dict.fromkeys(keys, nothing)).title
