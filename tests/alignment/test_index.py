"""The index follows the database: changes one by one end as if it were made anew, and nothing is half done."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alignment import factories as make
from bryggan.alignment import index as indexes
from bryggan.alignment.index import Index
from bryggan.alignment.searching import Query, search
from bryggan.common.models import DataVersion
from bryggan.initiatives.models import Initiative

pytestmark = pytest.mark.django_db

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


def told(index: Index) -> dict[str, Any]:
    """All that an index answers with, as plain values; what nobody has is not told."""
    return {
        "all": list(index.all),
        "takes_classes": list(index.takes_classes),
        "values": {
            (facet, value): list(members)
            for facet, values in index.by_value.items()
            for value, members in values.items()
            if members
        },
        "cells": {cell: list(members) for cell, members in index.by_cell.items() if members},
        "points": {key: list(members) for key, members in index.by_point.items() if members},
        "served": {number: entry.points for number, entry in sorted(index.entries.items())},
        "newest": index.newest_rank.tolist(),
        "title": index.title_rank.tolist(),
        "labels": {facet: dict(labels) for facet, labels in index.labels.items() if labels},
        "words": index.texts.word_counts(),
    }


def current() -> dict[str, Any]:
    with indexes.current() as index:
        return told(index)


def test_after_many_changes_it_is_as_one_made_anew() -> None:
    chance = random.Random(5)
    words = ("vatten", "dagvatten", "skola", "skolor", "energi", "elbil")
    terms = [make.term("sector", f"Sektor {n}") for n in range(3)] + [make.term("goal", f"Mål {n}") for n in range(2)]
    points = [make.point(code, years) for code in ("BIO", "FYS") for years in ((1, 3), (7, 9))]
    programme = make.programme("NA25", "Naturvetenskap", "NANAP")
    existing: list[Initiative] = []

    for turn in range(40):
        if existing and chance.random() < 0.4:
            one = chance.choice(existing)
            what = chance.choice(("title", "withdrawn_at", "stopped", "terms", "points"))
            if what == "title":
                Initiative.objects.filter(pk=one.pk).update(title=" ".join(chance.sample(words, 2)))
            elif what == "withdrawn_at":
                gone = None if chance.random() < 0.5 else one.first_seen_at
                Initiative.objects.filter(pk=one.pk).update(withdrawn_at=gone)
            elif what == "stopped":
                Initiative.objects.filter(pk=one.pk).update(is_stopped=True)
            elif what == "terms":
                one.terms.set(chance.sample(terms, 2))
            else:
                one.alignments.all().delete()
                make.align(one, *chance.sample(points, 2), state=chance.choice(("suggested", "confirmed")))
            DataVersion.touch("initiatives", [one.pk])
        else:
            one = make.initiative(
                " ".join(chance.choices(words, k=2)),
                takes_classes=chance.random() < 0.5,
                terms=tuple(chance.sample(terms, chance.randint(0, 3))),
                source_created_at=BEGAN + timedelta(days=chance.randint(0, 5)),
            )
            make.align(one, *chance.sample(points, chance.randint(0, 3)), score=chance.random())
            make.fit(one, programme, chance.choice(("", "NANAP")))
            existing.append(one)
        if turn % 3 == 0:
            current()
    followed = current()

    indexes.forget()

    assert followed == current()


def test_made_in_several_batches_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    point = make.point("BIO")
    for number in range(7):
        make.align(make.initiative(f"Vatten {number}", terms=(make.term("sector", "Vatten"),)), point)
    whole = current()

    monkeypatch.setattr(indexes, "BATCH", 3)
    indexes.forget()

    assert current() == whole


def test_more_changes_than_it_holds_at_once_make_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [make.initiative(f"Vatten {number}") for number in range(4)]
    current()
    monkeypatch.setattr(indexes, "MOST_CHANGES", 3)

    Initiative.objects.update(title="Energi")
    DataVersion.touch("initiatives", [one.pk for one in made])

    assert search(Query(text="energi")).count == 4
    assert search(Query(text="vatten")).count == 0


@pytest.mark.parametrize("most_changes", [0, 10_000])
def test_when_reading_fails_half_way_the_index_is_as_it_was_and_tries_again(
    monkeypatch: pytest.MonkeyPatch, most_changes: int
) -> None:
    made = [make.initiative(f"Vatten {number}") for number in range(6)]
    with indexes.current() as index:
        before = told(index)
    monkeypatch.setattr(indexes, "BATCH", 2)
    monkeypatch.setattr(indexes, "MOST_CHANGES", most_changes)
    Initiative.objects.update(title="Energi")
    make.term("sector", "Nytt ord")
    DataVersion.touch("initiatives", [one.pk for one in made])
    real, left = indexes.words_of, [4]

    def failing(*given: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("The database went away.")
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(indexes, "words_of", failing)
        with pytest.raises(OSError, match="went away"), indexes.current():
            pass

    assert told(index) == before
    assert search(Query(text="energi")).count == 6


def test_a_change_of_one_costs_the_same_statements_with_few_and_with_many() -> None:
    def statements() -> int:
        DataVersion.touch("initiatives", [one.pk])
        with CaptureQueriesContext(connection) as captured, indexes.current():
            pass
        return len(captured)

    one = make.initiative()
    make.align(one, make.point("BIO"))
    current()
    few = statements()

    for _ in range(30):
        make.initiative()
    current()

    assert statements() == few


def test_what_was_asked_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MOST_REMEMBERED", 2)
    index = Index()

    first = [index.remember(key, lambda: object()) for key in ("a", "b")]
    assert index.remember("a", lambda: object()) is first[0]
    index.remember("c", lambda: object())

    assert list(index.remembered) == ["a", "c"]


def test_the_first_of_a_page_are_those_of_the_whole_order() -> None:
    chance = random.Random(3)
    for _ in range(30):
        title = " ".join(chance.choices(("vatten", "dagvatten", "skola"), k=3))
        make.initiative(title, source_created_at=BEGAN + timedelta(days=chance.randint(0, 3)))

    for sort in ("relevance", "newest", "title"):
        for text in ("", "vatten", "vatten skola"):
            query = Query(text=text, sort=sort)  # type: ignore[arg-type]
            whole = search(query, per_page=100).ids
            pages = [search(query, page=page, per_page=4).ids for page in range(1, 10)]
            assert tuple(pk for page in pages for pk in page) == whole
            assert len(set(whole)) == search(query).count
