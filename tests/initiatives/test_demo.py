from __future__ import annotations

import json

import pytest

from bryggan.initiatives import demo
from bryggan.initiatives.models import Initiative, SchoolOffer, Source
from initiatives.doubles import written_statements

pytestmark = pytest.mark.django_db
TOLD = json.loads(demo.FILE.read_text(encoding="utf-8"))


def test_the_demo_goes_in_through_the_same_door() -> None:
    run = demo.load_demo()

    public = [row for row in TOLD["initiatives"] if not row["internal"]]
    assert (run.error, run.format, run.seen, run.created) == ("", "demo", len(TOLD["initiatives"]), len(public))
    assert len(run.left_out) == len(TOLD["initiatives"]) - len(public)
    row = Initiative.objects.get(remote_id="demo-pilot")
    assert (row.is_stopped, row.progress) == (True, 50)
    assert row.department is not None
    assert row.what_html.startswith("<p>Tanken var att lärare")
    assert {term.name for term in row.terms.filter(kind="goal")} == {
        "4. God utbildning för alla",
        "11. Hållbara städer och samhällen",
    }
    assert row.challenge is not None
    assert row.budget == 120000
    assert Initiative.objects.exclude(source_created_at=None).exists()


def test_a_second_time_writes_no_row_but_its_record() -> None:
    demo.load_demo()

    with written_statements() as written:
        demo.load_demo()

    assert written == {"INSERT initiatives_syncrun": 1}


def test_school_offers_are_made_where_none_is_and_never_overwritten() -> None:
    demo.load_demo()
    SchoolOffer.objects.filter(initiative__remote_id="demo-1").update(how="Vårt eget.")
    SchoolOffer.objects.filter(initiative__remote_id="demo-pilot").delete()

    demo.load_demo()

    offered = {row["id"] for row in TOLD["initiatives"] if row["school"] and not row["internal"]}
    assert set(SchoolOffer.objects.values_list("initiative__remote_id", flat=True)) == offered
    assert SchoolOffer.objects.get(initiative__remote_id="demo-pilot").school_years == [7, 8, 9]
    assert not SchoolOffer.objects.filter(initiative__remote_id="demo-1").exclude(how="Vårt eget.").exists()


def test_every_reference_in_the_file_leads_somewhere() -> None:
    challenges = {row["id"] for row in TOLD["challenges"]}
    platforms = {row["id"] for row in TOLD["platforms"]}
    statuses = {row["name"] for row in TOLD["statuses"]}
    ids = [row["id"] for row in TOLD["initiatives"]]

    assert len(ids) == len(set(ids))
    assert {row["challenge"] for row in TOLD["initiatives"]} <= challenges | {None}
    assert {each for row in TOLD["initiatives"] for each in row["platforms"]} <= platforms
    assert {row["status"] for row in TOLD["initiatives"]} <= statuses
    assert {goal for row in TOLD["initiatives"] for goal in row["goals"]} <= set(range(1, 18))


def test_the_demo_source_is_never_due_again() -> None:
    from bryggan.initiatives import schedule

    demo.load_demo()

    assert Source.objects.get(name="demo").is_active
    assert schedule.sync_due() == 0
