"""Filters, counts and words, over a real database."""

from __future__ import annotations

import random
from itertools import product

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from alignment import factories as make
from bryggan.alignment.searching import Query, search
from bryggan.common.models import DataVersion
from bryggan.curriculum.models import CoreContent
from bryggan.initiatives.models import Initiative, Term

pytestmark = pytest.mark.django_db


def ids(query: Query) -> set[int]:
    return set(search(query, per_page=100).ids)


def counts(query: Query, facet: str) -> dict[str, int]:
    return {value.value: value.count for value in search(query).facets[facet]}


def test_values_of_one_filter_are_alternatives_and_filters_are_joined() -> None:
    water, energy = make.term("sector", "Vatten"), make.term("sector", "Energi")
    sensors = make.term("technology", "Sensorer")
    wet = make.initiative(terms=(water, sensors))
    warm = make.initiative(terms=(energy,))
    make.initiative()

    assert ids(Query(sector=("vatten", "energi"))) == {wet.pk, warm.pk}
    assert ids(Query(sector=("vatten", "energi"), technology=("sensorer",))) == {wet.pk}


def test_a_values_count_leaves_its_own_filter_out_and_keeps_the_others() -> None:
    water, energy = make.term("sector", "Vatten"), make.term("sector", "Energi")
    sensors = make.term("technology", "Sensorer")
    make.initiative(terms=(water, sensors))
    make.initiative(terms=(energy, sensors))
    make.initiative(terms=(energy,))

    query = Query(sector=("vatten",), technology=("sensorer",))

    assert counts(query, "sector") == {"vatten": 1, "energi": 1}
    assert counts(query, "technology") == {"sensorer": 1}
    assert search(query).count == 1


def test_subject_and_years_must_hold_of_one_and_the_same_point() -> None:
    biology_early = make.point("BIO", (4, 6))
    physics_late = make.point("FYS", (7, 9))
    biology_late = make.point("BIO", (7, 9))
    apart = make.initiative()
    make.align(apart, biology_early, physics_late)
    together = make.initiative()
    make.align(together, biology_late)

    query = Query(subject=("BIO",), years=((8, 8),))

    assert ids(query) == {together.pk}
    assert counts(query, "subject") == {"BIO": 1, "FYS": 1}
    assert counts(query, "years") == {"4": 1, "5": 1, "6": 1, "7": 1, "8": 1, "9": 1}
    assert counts(Query(years=((4, 4),)), "subject") == {"BIO": 1}


def test_years_mean_overlap() -> None:
    home_economics = make.point("HKK", (1, 6))
    found = make.initiative()
    make.align(found, home_economics)

    assert ids(Query(years=((4, 9),))) == {found.pk}
    assert ids(Query(years=((6, 6),))) == {found.pk}
    assert ids(Query(years=((7, 9),))) == set()


def test_filters_use_confirmed_links_and_strong_suggestions_only() -> None:
    point = make.point("BIO")
    confirmed, strong, possible, rejected = (make.initiative() for _ in range(4))
    make.align(confirmed, point, state="confirmed", strength="possible")
    make.align(strong, point)
    make.align(possible, point, strength="possible")
    make.align(rejected, point, state="rejected")

    assert ids(Query(subject=("BIO",))) == {confirmed.pk, strong.pk}


def test_central_content_is_counted_when_a_subject_is_chosen_and_not_before() -> None:
    point, other = make.point("BIO"), make.point("FYS")
    found = make.initiative()
    make.align(found, point, other)

    assert "core_content" not in search(Query()).facets
    assert counts(Query(subject=("BIO",)), "core_content") == {point.key: 1}
    assert ids(Query(core_content=(other.key,))) == {found.pk}
    served = search(Query(core_content=(other.key,))).served
    assert {pk: [one.point.key for one in points] for pk, points in served.items()} == {found.pk: [other.key]}


def test_upper_secondary_is_found_by_level_programme_and_orientation() -> None:
    level = make.level_point("BIOG", "BIOG1000X")
    science = make.programme("NA25", "Naturvetenskapsprogrammet", "NANAP")
    found = make.initiative()
    make.align(found, level)
    make.fit(found, science)
    make.fit(found, science, "NANAP")
    make.initiative()

    assert ids(Query(level=("BIOG1000X",))) == {found.pk}
    assert ids(Query(programme=("NA25",))) == {found.pk}
    assert ids(Query(orientation=("NANAP",))) == {found.pk}
    assert counts(Query(), "school_form") == {"GY": 1}
    assert ids(Query(level=("BIOG1000X",), years=((8, 8),))) == set()


def test_a_chosen_value_without_hits_stays_in_sight() -> None:
    make.term("sector", "Vatten")
    make.initiative()

    assert counts(Query(sector=("vatten",)), "sector") == {"vatten": 0}


def test_taking_classes_is_a_switch_with_its_own_count() -> None:
    takes, stopped = make.initiative(takes_classes=True), make.initiative(takes_classes=True, is_stopped=True)

    found = search(Query(takes_classes=True))

    assert found.ids == (takes.pk,)
    assert found.takes_classes_count == 1
    assert stopped.pk in ids(Query(takes_classes=False))


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("vatten", "Dagvattendammen som klassrum"),
        ("området", "Ett område i förändring"),
        ("skolan", "Skolor ritar om"),
        ("städer", "En stad att växa i"),
        ("goteborg", "Lärdomar från Göteborg"),
        ("vattenkvaliet", "Vattenkvaliteten mäts varje timme"),
        ("skyfallsk", "Skyfallskartan"),
        ("cyklar", "En cykel för alla"),
        ("sensor skolan", "Sensorer i skolan"),
        ("marknaden torget", "En marknad på torget"),
    ],
)
def test_words_are_found_in_other_forms_in_compounds_and_with_small_slips(typed: str, written: str) -> None:
    found = make.initiative(written)
    make.initiative("Något helt annat om elbilar")

    assert search(Query(text=typed)).ids == (found.pk,)


def test_a_word_in_the_title_ranks_above_the_same_word_in_the_text() -> None:
    in_text = make.initiative("En damm", what_html="<p>Här samlas dagvatten efter regn, i en damm vid skolan.</p>")
    in_title = make.initiative("Dagvatten i skolan", what_html="<p>En damm.</p>")

    assert search(Query(text="dagvatten")).ids == (in_title.pk, in_text.pk)


def test_when_nothing_has_all_the_words_those_with_some_are_given_and_it_is_said() -> None:
    wet = make.initiative("Vatten")
    warm = make.initiative("Energi")
    make.initiative("Språk")

    found = search(Query(text="vatten energi"))

    assert set(found.ids) == {wet.pk, warm.pk}
    assert found.some_words_only


@pytest.mark.parametrize("text", ["", "   ", "och", "🦆", "\x00", "a" * 10_000, "%_'\";--", "\u202e\u0301\u0301"])
def test_odd_texts_are_answered(text: str) -> None:
    make.initiative("Vatten")

    assert search(Query(text=text)).count in (0, 1)


def test_order_by_title_is_swedish_and_by_date_newest_first() -> None:
    from datetime import UTC, datetime

    made = {
        title: make.initiative(title, source_created_at=datetime(2020 + place, 1, 1, tzinfo=UTC))
        for place, title in enumerate(["Ö", "ä", "Z", "å", "a"])
    }

    assert list(search(Query(sort="title")).ids) == [made[title].pk for title in ["a", "Z", "å", "ä", "Ö"]]
    assert list(search(Query(sort="newest")).ids) == [made[title].pk for title in ["a", "å", "Z", "ä", "Ö"]]


def test_pages_do_not_overlap_and_those_past_the_end_are_empty() -> None:
    for _ in range(7):
        make.initiative()

    pages = [search(Query(), page=page, per_page=3).ids for page in (1, 2, 3, 4)]

    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert len({pk for page in pages for pk in page}) == 7


def test_the_first_question_after_a_change_sees_it() -> None:
    first = make.initiative("Vatten")
    assert ids(Query(text="vatten")) == {first.pk}

    second = make.initiative("Mer vatten")
    assert ids(Query(text="vatten")) == {first.pk, second.pk}

    Initiative.objects.filter(pk=first.pk).update(title="Energi")
    DataVersion.touch("initiatives", [first.pk])
    assert ids(Query(text="vatten")) == {second.pk}

    Initiative.objects.filter(pk=second.pk).update(withdrawn_at=second.first_seen_at)
    DataVersion.touch("initiatives", [second.pk])
    assert ids(Query()) == {first.pk}


def test_an_ended_point_leaves_the_filters() -> None:
    point = make.point("BIO")
    found = make.initiative()
    make.align(found, point)
    assert ids(Query(subject=("BIO",))) == {found.pk}

    CoreContent.objects.filter(pk=point.pk).update(ended_at=found.first_seen_at)
    DataVersion.touch("curriculum")

    assert ids(Query(subject=("BIO",))) == set()


def test_an_unchanged_index_costs_one_statement() -> None:
    for _ in range(30):
        make.align(make.initiative(), make.point("BIO"))
    search(Query())

    with CaptureQueriesContext(
        connection,
    ) as statements:
        search(Query(subject=("BIO",), text="initiativ"))

    assert len(statements) == 1


def test_a_failed_change_leaves_no_trace_in_the_index() -> None:
    search(Query())

    with transaction.atomic():
        make.initiative("Vatten")
        transaction.set_rollback(True)

    assert search(Query(text="vatten")).count == 0


def test_counts_agree_with_asking_for_each_value() -> None:
    """Whatever is chosen: a value's count is the number of hits one gets by choosing it in its filter's place."""
    chance = random.Random(20)
    sectors = [make.term("sector", f"Sektor {n}") for n in range(4)]
    goals = [make.term("goal", f"Mål {n}") for n in range(3)]
    points = [make.point(code, years) for code, years in product(("BIO", "FYS", "KEM"), ((1, 3), (4, 6), (7, 9)))]
    levels = [make.level_point("TEKI", "TEKI1000X"), make.level_point("TEKI", "TEKI2000X")]
    for _ in range(60):
        one = make.initiative(
            terms=(*chance.sample(sectors, 2), *chance.sample(goals, chance.randint(0, 2))),
            takes_classes=chance.random() < 0.4,
        )
        make.align(one, *chance.sample([*points, *levels], chance.randint(0, 4)))
    queries = [
        Query(),
        Query(sector=("sektor-1",)),
        Query(sector=("sektor-1", "sektor-2"), goal=("mal-1",)),
        Query(subject=("BIO",), years=((7, 9),)),
        Query(subject=("BIO", "TEKI"), takes_classes=True),
        Query(school_form=("GR",), years=((2, 5),), sector=("sektor-0",)),
        Query(core_content=(points[0].key, points[8].key), subject=("BIO", "KEM")),
        Query(level=("TEKI1000X",)),
    ]
    for query, facet in product(
        queries, ("sector", "goal", "subject", "years", "school_form", "level", "core_content")
    ):
        if facet == "core_content" and not query.subject:
            continue
        for value in search(query).facets[facet]:
            wanted: object = ((int(value.value), int(value.value)),) if facet == "years" else (value.value,)
            alone = Query(**{**query.__dict__, facet: wanted})
            assert search(alone).count == value.count, (query, facet, value)


def test_status_and_challenge_have_labels_people_can_read() -> None:
    status = make.term(Term.Kind.STATUS, "Pilot")
    question = make.challenge("Hur når fler målen?")
    make.initiative(status=status, challenge=question)

    found = search(Query()).facets

    assert [(v.value, v.label, v.count) for v in found["status"]] == [("pilot", "Pilot", 1)]
    assert [(v.value, v.label, v.count) for v in found["challenge"]] == [(str(question.pk), "Hur når fler målen?", 1)]
