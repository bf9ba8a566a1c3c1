from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError

from accounts.together import at_once
from alignment import factories as make
from bryggan.alignment import unmet
from bryggan.alignment.models import UnmetSearch
from bryggan.alignment.searching import Found, Query, search

NOTHING = Found(ids=(), count=0, facets={}, takes_classes_count=0)
SOMETHING = Found(ids=(), count=3, facets={}, takes_classes_count=0)


def rows() -> list[tuple[str, str, int]]:
    return list(UnmetSearch.objects.order_by("pk").values_list("text", "filters", "count"))


def test_the_same_wish_is_one_row_a_day_however_it_is_typed(db: None) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 22, 30, tzinfo=UTC), tick=False) as clock:
        unmet.record(Query(text="Rymd  färja", subject=("B", "A"), years=((8, 8), (7, 7)), sort="title"), NOTHING)
        unmet.record(Query(text="rymd färja", subject=("A", "B"), years=((7, 8),)), NOTHING)
        # After midnight in Stockholm, though not yet in Greenwich.
        clock.shift(3600)
        unmet.record(Query(text="rymd färja"), NOTHING)

    assert list(UnmetSearch.objects.order_by("on").values_list("on", "text", "filters", "count")) == [
        (date(2026, 11, 23), "rymd färja", "years=7-8&subject=A&subject=B", 2),
        (date(2026, 11, 24), "rymd färja", "", 1),
    ]


def test_a_search_with_hits_or_without_a_wish_is_not_counted(db: None) -> None:
    assert not unmet.record(Query(text="vatten"), SOMETHING)
    assert not unmet.record(Query(), NOTHING)
    assert rows() == []


@pytest.mark.parametrize(
    "text",
    [
        "anna.svensson@skola.example.org",
        "anna@",
        "anna＠skola",
        "070-123 45 67",
        "850101-1234",
        "19850101 1234",
        "8 5 0 1 0 1",
        "pnr 850101",
        "850\u200b101",
        "８５０１０１",
        "(0)42/10-50-00",
        "x" * 200 + " 850101-1234",
    ],
)
def test_a_text_that_looks_personal_is_not_kept_but_its_filters_are(db: None, text: str) -> None:
    unmet.record(Query(text=text, sector=("vatten",)), NOTHING)
    unmet.record(Query(text=text), NOTHING)

    assert rows() == [("", "sector=vatten", 1)]


@pytest.mark.parametrize("text", ["agenda 2030", "åk 7-9", "3d-skrivare 2024", "24h", "iot & ai"])
def test_small_numbers_are_kept(db: None, text: str) -> None:
    unmet.record(Query(text=text), NOTHING)

    assert rows() == [(text, "", 1)]


def test_a_long_wish_is_cut_to_its_columns(db: None) -> None:
    unmet.record(Query(text="ord " * 75, core_content=tuple(f"{n:016x}" for n in range(90))), NOTHING)

    text, filters, _count = rows()[0]
    assert len(text) <= 120
    assert len(filters) <= 500
    assert all(len(part) == len("core_content=") + 16 for part in filters.split("&"))


def test_control_characters_are_dropped(db: None) -> None:
    unmet.record(Query(text="rymd\x00\u202efärja \ud800"), NOTHING)

    assert rows() == [("rymdfärja", "", 1)]


def test_a_day_has_room_for_so_many_wishes_and_goes_on_counting_those(db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(unmet, "MOST_A_DAY", 2)

    kept = [unmet.record(Query(text=text), NOTHING) for text in ("ett", "två", "tre", "ett")]

    assert kept == [True, True, False, True]
    assert rows() == [("ett", "", 2), ("två", "", 1)]


def test_a_database_that_is_busy_does_not_break_the_page(db: None, monkeypatch: Any) -> None:
    def busy(*_arguments: object) -> bool:
        raise DatabaseError("database is locked")

    monkeypatch.setattr(unmet, "_count", busy)

    assert not unmet.record(Query(text="vatten"), NOTHING)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_both_counted() -> None:
    make.source()

    at_once([partial(unmet.record, Query(text="rymdfärja"), NOTHING) for _ in range(4)])

    assert rows() == [("rymdfärja", "", 4)]


def test_wishes_are_forgotten_after_thirteen_months(db: None) -> None:
    for day in (date(2025, 4, 30), date(2025, 5, 28), date(2025, 5, 29), date(2026, 6, 30)):
        UnmetSearch.objects.create(on=day, text="vatten", count=1)

    with time_machine.travel(datetime(2026, 6, 30, 12, tzinfo=UTC), tick=False):
        gone = unmet.forget_old()

    assert gone == 1
    assert set(UnmetSearch.objects.values_list("on", flat=True)) == {
        date(2025, 5, 28),
        date(2025, 5, 29),
        date(2026, 6, 30),
    }


@pytest.mark.django_db
def test_a_text_on_its_way_is_counted_once_when_it_is_whole() -> None:
    for before, text in (("", "dinosau"), ("dinosau", "dinosauri"), ("dinosauri", "dinosaurier")):
        query = Query(text=text)
        unmet.record(query, search(query), grown_from=before)

    assert list(UnmetSearch.objects.values_list("text", "count")) == [("dinosaurier", 1)]


@pytest.mark.django_db
def test_somebody_elses_shorter_text_stays_counted() -> None:
    for before, text in (("", "dino"), ("", "dino"), ("dino", "dinosaurie")):
        query = Query(text=text)
        unmet.record(query, search(query), grown_from=before)

    assert set(UnmetSearch.objects.values_list("text", "count")) == {("dino", 1), ("dinosaurie", 1)}
