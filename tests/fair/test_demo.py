"""The demo fair: rich enough that every demo class gets a good day, and the same however often it is loaded."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pytest
import time_machine

from bryggan.accounts import demo as people
from bryggan.accounts.models import SchoolClass
from bryggan.accounts.school_days import school_days
from bryggan.curriculum.extracting import load_extract
from bryggan.curriculum.models import SchoolForm
from bryggan.fair import demo
from bryggan.fair.local_times import local
from bryggan.fair.models import Area, Fair, Occasion, Session, State, Venue
from bryggan.initiatives import demo as initiatives
from fair import factories as given
from initiatives.doubles import written_statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def fair() -> Fair:
    load_extract()
    people.load_demo()
    initiatives.load_demo()
    return demo.load_demo()


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 11, 23), date(2027, 5, 30)),
        (date(2027, 7, 3), date(2027, 5, 30)),
        (date(2027, 7, 4), date(2028, 5, 30)),
        (date(2028, 1, 1), date(2028, 5, 30)),
    ],
)
def test_the_demo_is_on_the_days_that_come_next(today: date, first: date) -> None:
    assert demo.demo_days(today) == (first, date(first.year, 7, 3))


def test_the_demo_is_as_large_and_as_varied_as_a_real_fair(fair: Fair) -> None:
    sessions = list(Session.objects.filter(fair=fair).prefetch_related("subjects", "initiatives"))
    occasions = Occasion.objects.filter(session__fair=fair)

    assert len(fair.days) == 35
    assert len(sessions) >= 90
    assert occasions.count() >= 250
    assert set(Area.objects.filter(fair=fair)) == set(Area.objects.filter(venues__sessions__in=sessions))
    assert set(Venue.objects.filter(fair=fair)) == {session.venue for session in sessions}
    assert {local(one.starts_at).date() for one in occasions} == set(fair.days)
    for name in ("kind", "unit", "needs_booking", "is_for_children", "counts_adults"):
        varied = {getattr(session, name) for session in sessions}
        assert len(varied) == (1 if name == "counts_adults" else 2), name
    assert {form for session in sessions for form in session.school_forms} == set(SchoolForm.values)
    assert {year for session in sessions for year in session.school_years} == set(range(1, 10))
    assert {session.state for session in sessions} == set(State.values)
    assert len({session.theme for session in sessions}) >= 15
    assert len({session.department_id for session in sessions}) >= 12
    assert len([session for session in sessions if session.company_id]) >= 5
    assert len({language for session in sessions for language in session.languages}) >= 5
    assert any(session.cost for session in sessions)
    assert any(session.largest_group and session.largest_group <= 12 for session in sessions)
    assert all(session.subjects.all() for session in sessions)
    assert sum(bool(session.initiatives.all()) for session in sessions) >= 80
    assert fair.is_demo
    assert fair.is_published


def test_the_texts_are_whole_sentences_and_all_different(fair: Fair) -> None:
    sessions = list(Session.objects.filter(fair=fair))

    assert len({session.title for session in sessions}) == len(sessions)
    assert len({session.summary for session in sessions}) == len(sessions)
    assert len({session.description for session in sessions}) == len(sessions)
    for session in sessions:
        assert session.summary[-1] in ".?!", session.title
        assert session.description[-1] in ".?!", session.title
        assert len(session.description) >= 70, session.title
        assert 15 <= session.minutes <= 90, session.title


def test_every_school_form_has_much_to_choose_from_on_every_school_day(fair: Fair) -> None:
    given_on: dict[tuple[date, str], set[int]] = defaultdict(set)
    for occasion in Occasion.objects.offered().filter(session__fair=fair).select_related("session"):
        starts, ends = local(occasion.starts_at), local(occasion.ends_at)
        if starts.hour < 14 and ends.hour >= 9:
            for form in occasion.session.school_forms or SchoolForm.values:
                given_on[starts.date(), form].add(occasion.session_id)

    days = school_days(fair.days)

    assert len(days) >= 9
    for day in days:
        for form in SchoolForm.values:
            assert len(given_on[day, form]) >= 10, (day, form)


def test_each_demo_class_has_enough_within_a_short_walk_of_the_station(fair: Fair) -> None:
    day = school_days(fair.days)[1]
    near = ("city", "oceanhamnen", "slottshagen", "campus")
    offered = Occasion.objects.offered().filter(session__venue__area__slug__in=near)
    today = [one for one in offered.select_related("session") if local(one.starts_at).date() == day]

    for school_class in SchoolClass.objects.all():
        fitting = {
            one.session
            for one in today
            if school_class.school_form in (one.session.school_forms or SchoolForm.values)
            and (
                not one.session.school_years
                or not school_class.school_years
                or set(one.session.school_years) & set(school_class.school_years)
            )
            and (one.capacity or 1000) >= school_class.people
            and one.session.unit == "people"
        }
        assert len(fitting) >= 12, school_class.label
        assert len({session.theme for session in fitting}) >= 6, school_class.label


def test_times_of_one_session_never_overlap_and_fit_their_places_hours(fair: Fair) -> None:
    from bryggan.fair import supply

    for session in Session.objects.filter(fair=fair).prefetch_related("occasions", "venue__opening_hours"):
        assert supply.overlapping(session.occasions.all()) == [], session.title
        assert session.venue
        for occasion in session.occasions.all():
            starts, ends = local(occasion.starts_at), local(occasion.ends_at)
            assert any(
                hours.opens <= starts.time()
                and ends.time() <= hours.closes
                and (not hours.weekdays or starts.weekday() in hours.weekdays)
                for hours in session.venue.opening_hours.all()
            ), occasion


def test_a_second_load_writes_nothing_and_keeps_what_people_changed(fair: Fair) -> None:
    Session.objects.filter(remote_id="demo-hav-1").update(title="Vår egen rubrik")

    with written_statements() as written:
        demo.load_demo()

    assert written == {}
    assert Session.objects.get(remote_id="demo-hav-1").title == "Vår egen rubrik"


def test_next_year_has_a_fair_of_its_own_and_last_years_stays_only_where_it_is_used(fair: Fair) -> None:
    with time_machine.travel(fair.last_on + timedelta(days=30), tick=False):
        following = demo.load_demo()
        given.itinerary(following, SchoolClass.objects.first())  # type: ignore[arg-type]
    with time_machine.travel(fair.last_on + timedelta(days=400), tick=False):
        third = demo.load_demo()

    assert not Fair.objects.filter(pk=fair.pk).exists()
    assert set(Fair.objects.all()) == {following, third}
    assert Session.objects.filter(fair=following).count() == Session.objects.filter(fair=third).count()


def test_the_demo_loads_without_curriculum_or_initiatives() -> None:
    fair = demo.load_demo()

    assert Session.objects.filter(fair=fair).count() >= 90
    assert Session.objects.get(remote_id="demo-hav-1").organiser == "Miljöförvaltningen"
