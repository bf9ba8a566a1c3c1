"""Finding what a fair offers: what each filter lets through, what it counts, and at what cost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from bryggan.alignment.asking import Problem
from bryggan.curriculum.models import SchoolForm
from bryggan.fair import asking, listing
from bryggan.fair.asking import Query
from bryggan.fair.models import Area, Booking, Fair, Occasion, Session, State, WaitingEntry
from fair import factories as make
from fair.factories import DAY, at

pytestmark = pytest.mark.django_db
NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def fair() -> Fair:
    return make.fair()


def given(fair: Fair, title: str = "", *, hours: float = 10, on: date = DAY, **columns: Any) -> Session:
    """A session with one time."""
    session = make.session(fair, title, **columns)
    make.occasion(session, at(hours, on))
    return session


def found(fair: Fair, **asked: Any) -> set[int]:
    return set(listing.find(listing.supply_of(fair), Query(**asked)).sessions)


def booked(occasion: Occasion, seats: int, **columns: Any) -> Booking:
    columns = {"starts_at": occasion.starts_at, "ends_at": occasion.ends_at, "state": Booking.State.BOOKED, **columns}
    return Booking.objects.create(
        occasion=occasion, school_class=make.school_class(), pupils=seats, adults=0, seats=seats, **columns
    )


def counts(fair: Fair, facet: str, **asked: Any) -> dict[str, int]:
    values = listing.find(listing.supply_of(fair), Query(**asked)).facets[facet]
    return {value.value: value.hits for value in values if value.hits}


def test_only_what_is_offered_is_found(fair: Fair) -> None:
    published, changed = given(fair), given(fair, state=State.CHANGED)
    given(fair, state=State.DRAFT)
    given(fair, state=State.CANCELLED)
    given(make.fair())
    without_time = make.session(fair)
    make.occasion(without_time, cancelled_at=timezone.now())

    assert found(fair) == {published.pk, changed.pk}


@pytest.mark.parametrize(("hours", "day"), [(0, DAY), (23.99, DAY), (24, NEXT_DAY), (-0.01, DAY - timedelta(days=1))])
def test_a_time_belongs_to_the_local_day_that_it_begins_on(fair: Fair, hours: float, day: date) -> None:
    session = given(fair, hours=hours)

    assert found(fair, days=(day,)) == {session.pk}
    assert listing.find(listing.supply_of(fair), Query()).days == {day: 1}


def test_the_days_of_the_fair_are_right_on_both_sides_of_summer_time() -> None:
    autumn = make.fair(first_on=date(2026, 10, 24), last_on=date(2026, 10, 26))
    for day in autumn.days:
        given(autumn, hours=0.5, on=day)
        given(autumn, hours=23.5, on=day)

    # The night between the two days has 25 hours: 23.5 hours after midnight is half past ten in the evening.
    assert listing.find(listing.supply_of(autumn), Query()).days == dict.fromkeys(autumn.days, 2)


@pytest.mark.parametrize(
    ("columns", "asked", "is_found"),
    [
        ({}, {"school_form": ("GR",)}, True),
        ({"school_forms": ["FS"]}, {"school_form": ("GR",)}, False),
        ({"school_forms": ["FS", "GR"]}, {"school_form": ("GY", "GR")}, True),
        # Years alone are for the forms that have years.
        ({"school_years": [4, 5]}, {"school_form": ("GR",)}, True),
        ({"school_years": [4, 5]}, {"school_form": ("FS",)}, False),
        ({"school_years": [4, 5]}, {"years": ((5, 9),)}, True),
        ({"school_years": [4, 5]}, {"years": ((6, 9),)}, False),
        ({}, {"years": ((6, 9),)}, True),
        ({"school_forms": ["GY"]}, {"years": ((6, 9),)}, False),
        ({"is_for_children": True}, {"children": True}, True),
        ({}, {"children": True}, False),
        ({"languages": ["en"]}, {"language": ("en", "ar")}, True),
        ({"languages": ["sv"]}, {"language": ("en",)}, False),
        ({"kind": Session.Kind.OPEN}, {"kind": ("fixed",)}, False),
        ({"largest_group": 20}, {"group_size": 20}, True),
        ({"largest_group": 20}, {"group_size": 21}, False),
        ({"smallest_group": 5}, {"group_size": 4}, False),
        ({"capacity": 25}, {"group_size": 25}, True),
        ({"capacity": 25}, {"group_size": 26}, False),
        ({"capacity": None}, {"group_size": 150}, True),
        ({"capacity": 1, "unit": Session.Unit.GROUPS}, {"group_size": 150}, True),
        ({"capacity": 0}, {"free": True}, False),
        ({"capacity": 0}, {}, True),
    ],
)
def test_a_filter_lets_through_what_suits(
    fair: Fair, columns: dict[str, Any], asked: dict[str, Any], is_found: bool
) -> None:
    given(fair, **columns)

    assert bool(found(fair, **asked)) is is_found


def test_programmes_stand_for_their_predecessors_and_a_session_without_any_is_for_all(fair: Fair) -> None:
    new = people.programme("TE25")
    old = people.programme("TE", successor=new)
    named, other, everybody = given(fair), given(fair), given(fair)
    named.programmes.add(new)
    other.programmes.add(people.programme("NA25"))

    assert found(fair, programme=("TE25",)) == {named.pk, everybody.pk}
    assert found(fair, programme=(old.code,)) == {named.pk, everybody.pk}
    assert counts(fair, "programme") == {"TE25": 2, "NA25": 2}


def test_places_areas_and_subjects(fair: Fair) -> None:
    area = Area.objects.create(fair=fair, slug="hamnen", name="Hamnen")
    venue = make.venue(fair, area=area)
    subject = people.subject("Teknik")
    here, there = given(fair, venue=venue), given(fair)
    here.subjects.add(subject)
    nowhere = given(fair, venue=None)

    assert found(fair, area=("hamnen",)) == {here.pk}
    assert found(fair, venue=(there.venue.slug,)) == {there.pk}  # type: ignore[union-attr]
    assert found(fair, subject=(subject.code,)) == {here.pk}
    assert found(fair) == {here.pk, there.pk, nowhere.pk}


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("dagvatten", True), ("vatten", True), ("dagvattnet", True), ("bygga", True), ("dagv", True), ("ö", False),
     ("dagvatten robotar", False), ("och", True), ("snö", False)],
)  # fmt: skip
def test_a_text_finds_word_forms_parts_of_compounds_and_beginnings(fair: Fair, text: str, is_found: bool) -> None:
    given(fair, "Vart tar dagvattnet vägen?", description="Vi bygger en bro.")

    assert bool(found(fair, text=text)) is is_found


def test_seats_count_what_is_booked_and_held_now_and_what_is_reserved(fair: Fair) -> None:
    session = given(fair, capacity=30)
    occasion = session.occasions.get()
    booked(occasion, 5)
    booked(occasion, 5, state=Booking.State.HELD, held_until=timezone.now() + timedelta(minutes=5))
    booked(occasion, 5, state=Booking.State.HELD, held_until=timezone.now() - timedelta(minutes=5))
    booked(occasion, 5, state=Booking.State.ENDED)
    Occasion.objects.update(reserved=4)

    assert found(fair, group_size=16) == {session.pk}
    assert found(fair, group_size=17) == set()


def test_a_group_fits_open_hours_when_it_fits_for_a_visit_at_some_moment(fair: Fair) -> None:
    session = make.session(fair, kind=Session.Kind.OPEN, minutes=60, capacity=30)
    occasion = make.occasion(session, at(10), ends_at=at(12))
    booked(occasion, 20, starts_at=at(10), ends_at=at(11))

    assert found(fair, group_size=30) == {session.pk}
    booked(occasion, 20, starts_at=at(11), ends_at=at(12))
    assert found(fair, group_size=30) == set()
    assert found(fair, group_size=10) == {session.pk}


def test_where_others_wait_nobody_new_fits(fair: Fair) -> None:
    session = given(fair, capacity=30)
    occasion = session.occasions.get()
    WaitingEntry.objects.create(
        occasion=occasion, school_class=make.school_class(), pupils=40, adults=0, seats=40,
        starts_at=occasion.starts_at, ends_at=occasion.ends_at,
    )  # fmt: skip

    assert found(fair, group_size=5) == set()
    assert found(fair) == {session.pk}


def test_what_is_asked_of_day_and_seats_holds_of_one_and_the_same_time(fair: Fair) -> None:
    session = make.session(fair, capacity=30)
    full = make.occasion(session, at(10))
    make.occasion(session, at(10, NEXT_DAY))
    booked(full, 30)

    assert found(fair, days=(DAY,), group_size=10) == set()
    assert found(fair, days=(NEXT_DAY,), group_size=10) == {session.pk}
    assert listing.find(listing.supply_of(fair), Query(days=(DAY,), free=True)).days == {NEXT_DAY: 1}


def test_every_count_is_what_the_filter_gives_with_its_own_left_out(fair: Fair) -> None:
    area = Area.objects.create(fair=fair, slug="hamnen", name="Hamnen")
    venue = make.venue(fair, area=area)
    given(fair, venue=venue, school_years=[1], is_for_children=True)
    given(fair, venue=venue, school_years=[8], capacity=0)
    given(fair, school_years=[1, 8], on=NEXT_DAY)
    asked = {"days": (DAY,), "years": ((8, 8),)}

    assert counts(fair, "years", **asked) == {"1": 1, "8": 1}
    assert counts(fair, "area", **asked) == {"hamnen": 1}
    result = listing.find(listing.supply_of(fair), Query(**asked))
    assert (result.count, result.children, result.free, result.days) == (1, 0, 0, {DAY: 1, NEXT_DAY: 1})
    everything = listing.find(listing.supply_of(fair), Query(days=(DAY,)))
    assert (everything.count, everything.children, everything.free) == (2, 1, 1)
    for facet in ("years", "area", "kind", "school_form"):
        for value, number in counts(fair, facet, days=(DAY,)).items():
            chosen: Any = ((int(value), int(value)),) if facet == "years" else (value,)
            assert len(found(fair, days=(DAY,), **{facet: chosen})) == number


def test_a_chosen_value_that_no_session_has_stays_in_its_filter(fair: Fair) -> None:
    given(fair)
    subject, programme = people.subject("Slöjd"), people.programme("IN25", "Introduktion")

    facets = listing.find(listing.supply_of(fair), Query(subject=(subject.code,), programme=(programme.code,))).facets

    assert [value.label for value in facets["subject"]] == ["Slöjd"]
    assert [value.label for value in facets["programme"]] == ["Introduktion"]


def test_times_come_in_order(fair: Fair) -> None:
    late, early = given(fair, hours=13), given(fair, hours=9)
    between = given(fair, hours=9.5)

    times = listing.find(listing.supply_of(fair), Query(days=(DAY,))).times

    assert [time.session for time in times] == [early.pk, between.pk, late.pk]


def test_a_fair_costs_as_many_statements_with_fifty_sessions_as_with_one() -> None:
    def statements(number: int) -> int:
        fair = make.fair()
        for _ in range(number):
            session = given(fair, "Vatten", school_years=[8])
            session.subjects.add(people.subject())
            booked(session.occasions.get(), 2)
        with CaptureQueriesContext(connection) as captured:
            result = listing.find(listing.supply_of(fair), Query(days=(DAY,), text="vatten", group_size=20))
        assert result.count == number
        return len(captured)

    assert statements(1) == statements(50) == 10


# What is asked


def read(fair: Fair, known: asking.Known | None = None, **parameters: Any) -> asking.Asked:
    given_values = {name: [value] if isinstance(value, str) else value for name, value in parameters.items()}
    return asking.asked(given_values, fair, known or asking.Known())


def test_parameters_become_a_query(fair: Fair) -> None:
    subject, programme = people.subject(), people.programme()
    known = asking.Known(areas={"hamnen"}, venues={"7": "bryggan", "bryggan": "bryggan"}, languages={"sv"})

    asked = read(
        fair, known, q=" vatten  nu ", day=["2027-06-01"], area="hamnen", venue=["7", "bryggan"], kind="open",
        school_form="GR", years="7-9", subject=subject.code, programme=programme.code, language="sv", children="1",
        free="on", group_size="26", page="2", per_page="50",
    )  # fmt: skip

    assert asked.problems == ()
    assert (asked.page, asked.per_page) == (2, 50)
    assert asked.query == Query(
        text="vatten nu", days=(DAY,), area=("hamnen",), venue=("bryggan",), kind=("open",),
        school_form=(SchoolForm.COMPULSORY,), years=((7, 9),), subject=(subject.code,), programme=(programme.code,),
        language=("sv",), children=True, free=True, group_size=26,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("day", "2027-07-04", "unknown"), ("day", "2027-05-29", "unknown"), ("day", "i morgon", "malformed"),
        ("day", "20270601", "malformed"), ("day", "2027-W22-2", "malformed"), ("day", "2027-02-30", "malformed"),
        ("area", "nej", "unknown"), ("venue", "9", "unknown"), ("kind", "nej", "unknown"),
        ("school_form", "gr", "unknown"), ("years", "9-7", "malformed"), ("years", "x", "malformed"),
        ("subject", "NEJ", "unknown"), ("programme", "NEJ", "unknown"), ("language", "tlh", "unknown"),
        ("children", "kanske", "malformed"), ("free", "2", "malformed"), ("group_size", "0", "malformed"),
        ("group_size", "-3", "malformed"), ("group_size", "1001", "malformed"), ("group_size", "²", "malformed"),
        ("group_size", "9" * 40, "malformed"), ("page", "0", "malformed"), ("per_page", "101", "malformed"),
        ("okand", "1", "unknown parameter"), ("q", "a" * 201, "too long"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_and_the_rest_is_kept(fair: Fair, name: str, value: str, why: str) -> None:
    asked = read(fair, **{name: value, "years" if name != "years" else "q": "8"})

    assert [(problem.parameter, problem.why) for problem in asked.problems] == [(name, why)]
    assert asked.query.years == ((8, 8),) or asked.query.text == "8"


def test_more_values_than_anybody_ticks_are_cut(fair: Fair) -> None:
    asked = read(fair, years=[str(year % 9 + 1) for year in range(500)])

    assert asked.problems == (Problem("years", "", "too many"),)
