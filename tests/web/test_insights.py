"""The page of figures and its files, as those who may see all, some and only sums."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from accounts import factories as people
from alignment import factories as make
from bryggan.accounts.models import Coordination, LetterPreference, User
from bryggan.accounts.school_days import half_year_of
from bryggan.alignment.models import UnmetSearch
from bryggan.common.models import AuditEntry
from bryggan.insights import kept
from bryggan.insights.models import ActivityDefinition
from insights.factories import fact

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _of_this_database() -> None:
    kept.forget()


@pytest.fixture
def city() -> dict[str, Any]:
    """Two areas; three bookings in one of them; four answers; a coordinator with an initiative of hers."""
    coordinator = people.coordinator()
    hers = make.initiative("Regnbädden", department=Coordination.objects.get(user=coordinator).department)
    other = make.initiative("Solcellerna")
    north, south = people.school_unit(area="Norra"), people.school_unit(area="Södra")
    fact("booking", 3, north, amount=77, initiative=hers.pk)
    fact("booking", 21, south, amount=500, initiative=other.pk)
    fact("programme", 9, south)
    fact("idea answered", 4, south, amount=12, initiative=hers.pk)
    UnmetSearch.objects.create(on=timezone.localdate(), text="rymdraket", count=2)
    return {"coordinator": coordinator, "hers": hers, "teacher": people.teacher(), "editor": people.editor()}


def read(who: User | None, query: str = "") -> Any:
    client = Client()
    if who:
        client.force_login(who)
    return json.loads(client.get(f"/insikter/hamta.json{query}").content)


def page(who: User | None, query: str = "") -> str:
    client = Client()
    if who:
        client.force_login(who)
    answer = client.get(f"/insikter{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def measure(told: Any, key: str) -> int | None:
    return next(one["value"] for one in told["measures"] if one["key"] == key)


def column(told: Any, table: str, name: str) -> dict[str, int | None]:
    found = next(one for one in told["tables"] if one["key"] == table)
    at = found["columns"].index(name)
    return {row["name"]: row["values"][at] for row in found["rows"]}


def test_a_stranger_sees_sums_that_are_not_small_and_no_tables(city: dict[str, Any]) -> None:
    told = read(None)

    assert told["tables"] == []
    assert (measure(told, "booking"), measure(told, "answers")) == (24, None)
    assert told["active"][-1] | {"term": ""} == {"term": "", "schools": 2, "preschools": 0}
    assert "Norra" not in page(None)
    assert "rymdraket" not in page(None)


def test_a_teacher_sees_tables_without_small_counts_and_without_what_tells_them(city: dict[str, Any]) -> None:
    told = read(city["teacher"])

    assert column(told, "area", "Bokningar") == {"Norra": None, "Södra": None}
    assert column(told, "area", "Program för mässan") == {"Norra": 0, "Södra": 9}
    assert "searches_without_hits" not in told


def test_a_coordinator_sees_her_own_in_full_and_of_the_city_what_her_own_does_not_give_away(
    city: dict[str, Any],
) -> None:
    own = read(city["coordinator"], "?egna=1")
    all_of_it = read(city["coordinator"])

    assert (measure(own, "booking"), measure(own, "answers"), measure(own, "programme")) == (3, 4, 0)
    assert column(own, "area", "Bokningar") == {"Norra": 3}
    assert measure(all_of_it, "answers") is None
    assert column(all_of_it, "initiative", "Bokningar") == {"Regnbädden": 3, "Solcellerna": 21}


def test_an_editor_sees_all_of_it_and_what_is_missing(city: dict[str, Any]) -> None:
    told = read(city["editor"])
    shown = page(city["editor"])

    assert measure(told, "answers") == 4
    assert column(told, "area", "Bokningar") == {"Södra": 21, "Norra": 3}
    assert told["searches_without_hits"] == [{"text": "rymdraket", "count": 2}]
    assert "rymdraket: 2" in shown
    assert "efter 3,0 dagar" in shown


def test_nobody_gets_another_view_by_asking_for_it(city: dict[str, Any]) -> None:
    assert read(city["teacher"], "?egna=1") == read(city["teacher"])
    assert read(None, "?egna=1") == read(None)


def test_an_account_that_was_closed_sees_what_a_stranger_sees(city: dict[str, Any]) -> None:
    client = Client()
    client.force_login(city["editor"])
    User.objects.filter(pk=city["editor"].pk).update(is_active=False)

    assert json.loads(client.get("/insikter/hamta.json").content) == read(None)


@pytest.mark.parametrize("who", [None, "teacher", "coordinator", "editor"])
def test_every_file_holds_the_numbers_of_the_page_and_no_others(city: dict[str, Any], who: str | None) -> None:
    client = Client()
    if who:
        client.force_login(city[who])
    told = json.loads(client.get("/insikter/hamta.json").content)
    answers = {kind: client.get(f"/insikter/hamta.{kind}") for kind in ("csv", "xlsx")}

    text = list(csv.reader(io.StringIO(answers["csv"].content.decode("utf-8-sig")), delimiter=";"))
    sheet = load_workbook(io.BytesIO(answers["xlsx"].content)).active
    assert sheet is not None
    rows = [["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)]

    wide = max(len(row) for row in text)
    assert [row + [""] * (wide - len(row)) for row in text] == [row + [""] * (wide - len(row)) for row in rows]
    by_name = {row[0]: row[1] for row in reversed(text) if len(row) > 1}
    for one in told["measures"]:
        assert by_name[one["name"]] in ("döljs" if one["value"] is None else str(one["value"]), one["name"])
    assert ("rymdraket" in str(text)) == (who == "editor")
    assert answers["csv"]["Content-Disposition"].startswith('attachment; filename="insikter-')


def test_terms_are_compared_as_chosen(city: dict[str, Any]) -> None:
    now = half_year_of(timezone.localdate())
    year_ago = now.before.before
    fact("booking", 40, month=year_ago.first_on)

    told = read(None, f"?termin={now.code}&jamfor={year_ago.code}")

    assert (told["term"], told["compared_with"]) == (now.code, year_ago.code)
    assert next(one for one in told["measures"] if one["key"] == "booking")["compared_value"] == 40
    assert "Det är 2 fler än" in page(None, f"?jamfor={year_ago.code}")


@pytest.mark.parametrize(
    "query", ["?termin=2026xx", "?termin=%00", "?termin=9999ht&jamfor=x", "?termin=٢٠٢٦ht", "?egna=2"]
)
def test_an_unknown_term_is_answered_with_the_running_one(city: dict[str, Any], query: str) -> None:
    told = read(None, query)

    assert told["term"] == half_year_of(timezone.localdate()).code


def test_an_unknown_kind_of_file_is_not_found() -> None:
    assert Client().get("/insikter/hamta.exe").status_code == 404


def test_the_page_without_any_facts_says_nothing_wrong() -> None:
    told = page(people.editor())

    assert "0 skolor och 0 förskolor" in told


def test_an_editor_decides_what_counts_as_active_and_everybody_sees_it(city: dict[str, Any]) -> None:
    client = Client()
    client.force_login(city["editor"])

    answer = client.post("/insikter/aktiv", {"measures": ["programme"], "least": "2"}, follow=True)

    assert "minst 2 gånger: sparat ett program för mässan" in answer.content.decode()
    assert read(None)["active"][-1]["schools"] == 1
    assert ActivityDefinition.objects.get().changed_by == city["editor"]
    assert AuditEntry.objects.filter(verb="defined active school").count() == 1


@pytest.mark.parametrize(
    "data", [{"least": "1"}, {"measures": ["nej"], "least": "1"}, {"measures": ["booking"], "least": "0"}]
)
def test_a_definition_that_cannot_be_is_refused_with_what_was_typed(city: dict[str, Any], data: Any) -> None:
    client = Client()
    client.force_login(city["editor"])

    answer = client.post("/insikter/aktiv", data)

    assert answer.status_code == 422
    assert f'value="{data["least"]}"' in answer.content.decode()
    assert not ActivityDefinition.objects.exists()


def test_everybody_may_ask_for_the_monthly_letter_and_nobody_gets_it_unasked(city: dict[str, Any]) -> None:
    client = Client()
    client.force_login(city["teacher"])
    before = client.get("/konto/brev").context["form"]
    data = {name: before[name].value() for name in before.fields}
    assert data["REPORT"] == "never"

    client.post("/konto/brev", {**data, "REPORT": "at once"})

    assert LetterPreference.objects.get().pace == "at once"


def test_the_demos_page_and_files_say_that_their_numbers_are_invented(city: dict[str, Any], settings: Any) -> None:
    says = "Siffrorna är påhittade"
    assert says not in page(None)
    assert "invented" not in Client().get("/insikter/hamta.json").json()

    settings.DEMO = True

    assert says in page(None)
    assert Client().get("/insikter/hamta.json").json()["invented"] is True
    assert "Påhittade siffror" in Client().get("/insikter/hamta.csv").content.decode("utf-8-sig")


def test_the_page_has_the_menu_of_whoever_reads_it(city: dict[str, Any]) -> None:
    assert 'href="/forvaltning/intresse"' in page(city["coordinator"])


def test_the_page_takes_as_many_statements_for_little_as_for_much(
    city: dict[str, Any], django_assert_num_queries: Any
) -> None:
    client = Client()
    client.force_login(city["coordinator"])
    client.get("/insikter")
    with django_assert_num_queries(22):
        client.get("/insikter")
    for number in range(30):
        unit = people.school_unit(area=f"Område {number}", organizer=f"Huvudman {number}")
        month = (timezone.localdate() - timedelta(days=number)).replace(day=1)
        fact("interest", 2, unit, initiative=make.initiative().pk, detail="any visit", month=month)
    client.get("/insikter")

    with django_assert_num_queries(22):
        client.get("/insikter")
