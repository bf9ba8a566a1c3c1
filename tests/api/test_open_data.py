"""The open data: shapes, refusals, and what must never be in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from alignment import factories as make
from bryggan.curriculum.models import CoreContent
from bryggan.initiatives.models import Contact, SchoolOffer

pytestmark = pytest.mark.django_db

LIST = "/api/v1/initiatives"


def get(client: Client, address: str, status: int = 200) -> Any:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:300]
    assert answer["Content-Type"].startswith("application/json")
    return answer.json()


def against_its_description(client: Client, operation: str, status: str, body: Any) -> None:
    described = get(client, "/api/v1/openapi.json")
    for methods in described["paths"].values():
        if methods.get("get", {}).get("operationId") == operation:
            schema = methods["get"]["responses"][status]["content"]["application/json"]["schema"]
            break
    else:
        pytest.fail(f"{operation} is not described")
    Draft202012Validator({**schema, "components": described["components"]}).validate(body)


def test_a_hit_has_the_contracts_keys_and_the_point_that_was_asked_about(client: Client) -> None:
    asked, other = make.point("BIO", (7, 9), "Vattnets kretslopp."), make.point("FYS", (7, 9))
    status, category = make.term("status", "Pilot"), make.term("category", "Klimat")
    found = make.initiative(
        "Dagvatten", summary="Kort.", status=status, category=category, department=make.department("VA")
    )
    make.align(found, other, score=0.9)
    make.align(found, asked, score=0.5)

    body = get(client, f"{LIST}?subject=BIO&years=8")

    assert body["results"] == [
        {
            "id": found.pk,
            "source_id": found.remote_id,
            "title": "Dagvatten",
            "summary": "Kort.",
            "url": f"http://127.0.0.1:8000/initiativ/{found.pk}-{found.slug}",
            "status": "Pilot",
            "category": "Klimat",
            "department": "VA",
            "takes_classes": False,
            "match": {
                "core_content": [
                    {
                        "id": asked.key,
                        "curriculum": "LGR22",
                        "school_form": "GR",
                        "subject": "BIO",
                        "years": "7-9",
                        "level": None,
                        "heading": None,
                        "text": "Vattnets kretslopp.",
                    }
                ],
                "reason": f"Handlar om punkt {asked.pk}.",
            },
        }
    ]
    assert (body["count"], body["page"], body["per_page"]) == (1, 1, 20)
    assert set(body["facets"]) == {
        "school_form", "years", "subject", "programme", "orientation", "challenge", "category", "sector",
        "department", "technology", "status", "goal", "core_content",
    }  # fmt: skip
    assert "core_content" not in get(client, LIST)["facets"]
    against_its_description(client, "initiatives", "200", body)


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=-1", "page=x", "page=1.5", "page=²", "per_page=0", "per_page=101", "sort=fel",
        "years=0", "years=9-7", "years=10", "years=7-", "subject=FINNSINTE", "programme=XX", "orientation=XX",
        "category=nej", "sector=nej", "department=nej", "technology=nej", "status=nej", "goal=nej", "challenge=9",
        "school_form=compulsory", "level=XX", "core_content=nej", "takes_classes=kanske", "okand=1",
        "subject=BIO&subject=X", "q=" + "a" * 10_000, "subject=%F0%9F%A6%86", "subject=%00BIO",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_a_reason(client: Client, query: str) -> None:
    make.point("BIO")

    body = get(client, f"{LIST}?{query}", 422)

    assert isinstance(body["detail"], str)
    assert body["detail"]


def test_an_empty_parameter_is_as_one_not_given(client: Client) -> None:
    make.initiative()

    assert get(client, f"{LIST}?per_page=&q=&subject=&page=&takes_classes=")["count"] == 1


def test_other_methods_than_reading_are_refused(client: Client) -> None:
    assert client.post(LIST).status_code == 405
    assert client.delete(LIST).status_code == 405


def test_an_ended_points_id_stays_valid_and_is_answered_for_by_its_successor(client: Client) -> None:
    old, new = make.point("BIO", text="Gammal."), make.point("BIO", text="Ny.")
    CoreContent.objects.filter(pk=old.pk).update(ended_at="2026-01-01T00:00:00Z")
    old.successors.add(new)
    found = make.initiative()
    make.align(found, new)

    body = get(client, f"{LIST}?core_content={old.key}")
    point = get(client, f"/api/v1/curriculum/core-content/{old.key}")

    assert [hit["id"] for hit in body["results"]] == [found.pk]
    assert (point["ended"], point["successors"], point["text"]) == ("2026-01-01", [new.key], "Gammal.")
    against_its_description(client, "point", "200", point)


def test_one_initiative_tells_everything_public_and_nothing_of_persons(client: Client) -> None:
    found = make.initiative(
        "Dagvatten",
        impact_goals=[{"goal": "Mindre översvämning", "comment": "", "completed": False}],
        raw={"contacts": "secret"},
    )
    Contact.objects.create(initiative=found, name="Namn Hemlig", email="hemlig@example.org")
    SchoolOffer.objects.create(initiative=found, takes_classes=True, how="Kom hit.")
    suggested, rejected = make.point("BIO"), make.point("FYS")
    make.align(found, suggested, strength="possible", score=0.3)
    make.align(found, rejected, state="rejected")

    body = get(client, f"{LIST}/{found.pk}")

    assert [(a["id"], a["state"], a["score"]) for a in body["alignments"]] == [(suggested.key, "suggested", 0.3)]
    assert body["takes_classes"] is True
    assert body["impact_goals"] == [{"goal": "Mindre översvämning", "comment": "", "completed": False}]
    everything = json.dumps([body, get(client, LIST)])
    for secret in ("Hemlig", "hemlig@", "secret", "contacts"):
        assert secret not in everything
    against_its_description(client, "initiative", "200", body)


@pytest.mark.parametrize("address", ["/api/v1/initiatives/999999", "/api/v1/initiatives/99999999999999999999999",
                                     "/api/v1/curriculum/core-content/nej", "/api/v1/nej"])  # fmt: skip
def test_what_does_not_exist_is_a_404(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_curriculum_can_be_read_by_subject_and_years(client: Client) -> None:
    early, late = make.point("BIO", (4, 6)), make.point("BIO", (7, 9))
    make.point("FYS", (7, 9))
    make.programme("NA25", "Naturvetenskapsprogrammet", "NANAP")

    subjects = get(client, "/api/v1/curriculum/subjects?curriculum=LGR22")
    points = get(client, "/api/v1/curriculum/core-content?subject=BIO&years=5-6")
    programmes = get(client, "/api/v1/curriculum/programmes")

    assert [row["code"] for row in subjects["results"]] == ["BIO", "FYS"]
    assert [row["id"] for row in points["results"]] == [early.key]
    assert late.key not in json.dumps(points)
    assert programmes["results"][0]["orientations"] == [{"code": "NANAP", "name": "Nanap"}]
    against_its_description(client, "subjects", "200", subjects)
    against_its_description(client, "core_content", "200", points)
    against_its_description(client, "programmes", "200", programmes)
    for wrong in ("subjects?fel=1", "subjects?curriculum=LGR11", "core-content?subject=X", "core-content?page=0"):
        get(client, f"/api/v1/curriculum/{wrong}", 422)


def test_a_list_costs_as_many_statements_with_one_hit_as_with_fifty(client: Client) -> None:
    def statements(number: int) -> int:
        for _ in range(number):
            make.align(make.initiative(takes_classes=True), make.point("BIO"), make.point("FYS"))
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            body = get(client, f"{LIST}?subject=BIO&q=initiativ&takes_classes=1&per_page=50")
        assert body["count"] >= number
        return len(captured)

    assert statements(1) == 3
    assert statements(49) == 3


def test_health_says_whether_the_service_can_work(client: Client) -> None:
    make.initiative()

    assert get(client, "/healthz") == {"status": "ok"}
    assert get(client, "/readyz") == {"status": "ok", "initiatives": 1}
