"""Whether a saved day still holds, and how to mend it."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import factories as people
from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Booking, Fair, Itinerary, Session, State, Stop, Venue
from bryggan.fair.programmes import itineraries, programme_seats, proposing
from bryggan.fair.programmes.checks import Mend, Problem, problems_of
from fair import factories as rows
from fair.factories import DAY, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def fair() -> Fair:
    return rows.fair()


@pytest.fixture
def itinerary(fair: Fair) -> Itinerary:
    made = rows.itinerary(fair, rows.school_class())
    rows.day(made, lunch_minutes=0)
    return made


def with_stop(itinerary: Itinerary, start: float, minutes: int = 60, **columns: Any) -> Stop:
    session = rows.session(itinerary.fair, minutes=minutes, **columns)
    return rows.stop(itinerary, rows.occasion(session, at(start)))


def codes(itinerary: Itinerary) -> list[str]:
    return [problem.code for problem in problems_of(itinerary)]


def the_only(itinerary: Itinerary) -> Problem:
    (problem,) = problems_of(itinerary)
    return problem


def remedies(problem: Problem) -> list[str]:
    return [mend.remedy for mend in problem.mends]


def test_a_sound_day_has_no_problems(itinerary: Itinerary) -> None:
    with_stop(itinerary, 9.5)
    with_stop(itinerary, 11)

    assert problems_of(itinerary) == []


def test_a_clash_names_the_other_stop(itinerary: Itinerary) -> None:
    first = with_stop(itinerary, 9.5)
    second = with_stop(itinerary, 10)

    problem = the_only(itinerary)

    assert (problem.code, problem.stop, problem.other, problem.is_hard) == ("clash", second, first, True)
    assert str(problem.reason) == f"Krockar med {first.occasion.session.title}."  # type: ignore[union-attr]
    assert {"swap", "remove"} <= set(remedies(problem))


def test_what_ends_when_the_next_begins_at_the_same_place_is_no_clash(itinerary: Itinerary) -> None:
    here = rows.venue(itinerary.fair)
    itinerary.days.update(break_minutes=0)
    with_stop(itinerary, 9.5, venue=here)
    with_stop(itinerary, 10.5, venue=here)

    assert codes(itinerary) == []


def test_a_walk_that_is_too_short_tells_how_long_it_is(itinerary: Itinerary) -> None:
    here = rows.venue(itinerary.fair, "Här")
    there = rows.venue(itinerary.fair, "Där", latitude=56.0500)
    with_stop(itinerary, 9.5, venue=here)
    stop = with_stop(itinerary, 10.6, venue=there)

    problem = the_only(itinerary)

    assert (problem.code, problem.stop) == ("walk too short", stop)
    assert str(problem.reason) == "Ni behöver 24 minuter för att gå från Här men har 6."


@pytest.mark.parametrize(
    ("start", "code", "mend"),
    [
        (8, "too early", Mend("begin earlier", clock=time(7, 55))),
        (13.5, "too late home", Mend("end later", clock=time(14, 35))),
    ],
)
def test_what_lies_outside_the_days_hours_can_be_mended_by_other_hours(
    start: float, code: str, mend: Mend, itinerary: Itinerary
) -> None:
    with_stop(itinerary, start)

    problem = the_only(itinerary)

    assert problem.code == code
    assert mend in problem.mends


def test_a_walk_longer_than_wanted_is_told_and_can_be_allowed(itinerary: Itinerary) -> None:
    itinerary.days.update(longest_walk_minutes=15)
    with_stop(itinerary, 10, venue=rows.venue(itinerary.fair, latitude=56.0500))

    problems = problems_of(itinerary)

    assert {problem.code for problem in problems} == {"walk too long"}
    assert not problems[0].is_hard
    assert Mend("longer walk", minutes=19) in problems[0].mends


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"school_years": [1, 2]}, "wrong years"),
        ({"school_forms": ["GY"]}, "wrong school form"),
        ({"largest_group": 20}, "group too big"),
        ({"smallest_group": 40}, "group too small"),
        ({"capacity": 10}, "too few seats"),
        ({"state": State.CANCELLED}, "cancelled"),
    ],
)
def test_what_the_class_cannot_come_to_says_why(columns: dict[str, Any], code: str, itinerary: Itinerary) -> None:
    stop = with_stop(itinerary, 10, **columns)

    problem = the_only(itinerary)

    assert (problem.code, problem.stop, problem.is_hard) == (code, stop, True)
    assert str(problem.reason)


def test_a_cancelled_time_and_a_closed_venue_are_told(itinerary: Itinerary) -> None:
    cancelled = with_stop(itinerary, 9.5)
    cancelled.occasion.cancelled_at = timezone.now()  # type: ignore[union-attr]
    cancelled.occasion.save()  # type: ignore[union-attr]
    shut = with_stop(itinerary, 11)
    shut.place.opening_hours.create(first_on=DAY, last_on=DAY, opens=time(14), closes=time(16))  # type: ignore[union-attr]

    assert codes(itinerary) == ["cancelled", "closed"]


def test_a_full_stop_can_be_waited_for_and_a_booked_one_is_no_problem(itinerary: Itinerary) -> None:
    stop = with_stop(itinerary, 10, needs_booking=True, capacity=26)
    assert stop.occasion
    Booking.objects.create(
        occasion=stop.occasion, school_class=rows.school_class(), pupils=24, adults=2, seats=26,
        starts_at=stop.starts_at, ends_at=stop.ends_at, state="booked",
    )  # fmt: skip

    problem = the_only(itinerary)
    assert (problem.code, remedies(problem)[0]) == ("full", "join queue")

    Booking.objects.update(school_class=itinerary.school_class)
    assert codes(itinerary) == []


def test_held_seats_that_ran_out_and_a_class_that_has_grown_are_told_softly(itinerary: Itinerary) -> None:
    stop = with_stop(itinerary, 10, needs_booking=True, capacity=60)
    assert stop.occasion
    booking = programme_seats.seats.hold(occasion=stop.occasion, school_class=itinerary.school_class, by=None)
    assert codes(itinerary) == ["held until"]

    Booking.objects.filter(pk=booking.pk).update(held_until=timezone.now() - timedelta(minutes=1))
    ran_out = the_only(itinerary)
    assert (ran_out.code, ran_out.is_hard, remedies(ran_out)) == ("held ran out", False, ["book"])

    programme_seats.seats.book(occasion=stop.occasion, school_class=itinerary.school_class, by=None)
    SchoolClass.objects.update(pupils=30)
    grown = the_only(Itinerary.objects.get(pk=itinerary.pk))
    assert (grown.code, grown.is_hard, remedies(grown)) == ("seats for others", False, ["change seats"])


def test_a_fixed_time_that_is_not_the_stops_is_told_and_can_be_followed(itinerary: Itinerary) -> None:
    stop = with_stop(itinerary, 10)
    assert stop.occasion
    stop.occasion.starts_at, stop.occasion.ends_at = at(12), at(13)
    stop.occasion.save()

    problem = the_only(itinerary)

    assert (problem.code, str(problem.reason)) == ("only given", "Ges 12.00–13.00.")
    assert Mend("move", occasion=stop.occasion.pk, starts_at=at(12)) in problem.mends


def test_a_missing_lunch_and_a_weekend_are_told_softly(itinerary: Itinerary) -> None:
    saturday = DAY + timedelta(days=4)
    rows.day(itinerary, saturday)
    session = rows.session(itinerary.fair)
    rows.stop(itinerary, rows.occasion(session, at(9.5, saturday)))

    problems = problems_of(itinerary)

    assert [(problem.code, problem.is_hard, problem.stop) for problem in problems] == [
        ("no lunch", False, None),
        ("not a working day", False, None),
    ]


def test_a_day_that_is_over_has_no_problems() -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    fair = rows.fair(first_on=yesterday, last_on=yesterday)
    itinerary = rows.itinerary(fair, rows.school_class())
    rows.day(itinerary, yesterday)
    session = rows.session(fair, school_years=[1])
    rows.stop(itinerary, rows.occasion(session, at(10, yesterday)))

    assert problems_of(itinerary) == []


def test_one_stop_and_twenty_cost_the_same_statements(fair: Fair) -> None:
    counts = []
    for number in (1, 20):
        itinerary = rows.itinerary(fair, rows.school_class())
        rows.day(itinerary)
        for each in range(number):
            with_stop(itinerary, 9 + each / 8, 10)
        read = Itinerary.objects.select_related("fair", "school_class__school_unit").get(pk=itinerary.pk)
        with CaptureQueriesContext(connection) as asked:
            problems_of(read)
        counts.append(len(asked))

    assert counts[0] == counts[1]


@st.composite
def supplies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Sessions of a day: where, when, how long, for how many."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "place": st.integers(0, 4),
                    "kind": st.sampled_from(["fixed", "open"]),
                    "minutes": st.sampled_from([20, 30, 45, 60, 90]),
                    "starts": st.lists(st.sampled_from([8 + n / 4 for n in range(28)]), min_size=1, max_size=3),
                    "capacity": st.sampled_from([None, 10, 26, 60]),
                    "needs_booking": st.booleans(),
                    "taken": st.sampled_from([0, 0, 5, 40]),
                    "largest_group": st.sampled_from([None, 20, 30]),
                    "school_years": st.sampled_from([[], [7, 8, 9], [1, 2, 3]]),
                    "theme": st.sampled_from(["", "mat", "hav"]),
                }
            ),
            min_size=1,
            max_size=9,
        )
    )


PLACES = [(56.0437, 12.6945), (56.0450, 12.6900), (56.0520, 12.6850), (56.0300, 12.7100), (None, None)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(supply=supplies(), lunch=st.sampled_from([0, 40]), breaks=st.sampled_from([0, 5, 15]))
def test_a_saved_proposal_never_has_problems(supply: list[dict[str, Any]], lunch: int, breaks: int) -> None:
    fair, teacher, school_class, venues = _ground()
    for one in supply:
        _give(fair, venues, **one)
    frame = proposing.propose(school_class, fair, DAY).frame
    asked = proposing.replace(frame, lunch_minutes=lunch, break_minutes=breaks)
    proposal = proposing.propose(school_class, fair, DAY, frame=asked)

    made = itineraries.make_itinerary(
        school_class, fair, frames=[proposal.frame], stops=[stop.chosen for stop in proposal.stops], by=teacher
    )

    assert made.fell_away == ()
    assert len(made.stops) == len(proposal.stops)
    told = [message.code for message in proposal.messages if message.code == "no lunch"]
    assert [problem.code for problem in problems_of(made.itinerary)] == told
    again = itineraries.plan_again(made.itinerary, DAY, by=teacher)
    assert again.fell_away == ()


def _ground() -> tuple[Fair, User, SchoolClass, list[Venue]]:
    fair, teacher = rows.fair(), people.teacher()
    school_class = rows.school_class()
    school_class.teachers.add(teacher)
    venues = [
        rows.venue(fair, latitude=latitude, longitude=longitude, has_lunch_place=number == 1)
        for number, (latitude, longitude) in enumerate(PLACES)
    ]
    return fair, teacher, school_class, venues


def _give(fair: Fair, venues: list[Venue], *, place: int, starts: list[float], taken: int, **columns: Any) -> None:
    session = rows.session(fair, venue=venues[place], **columns)
    for start in sorted(set(starts)):
        ends_at = at(start + 2.5) if session.kind == Session.Kind.OPEN else None
        occasion = rows.occasion(session, at(start), **({"ends_at": ends_at} if ends_at else {}))
        if taken:
            Booking.objects.create(
                occasion=occasion, school_class=rows.school_class(), pupils=taken, adults=0, seats=taken,
                starts_at=occasion.starts_at, ends_at=occasion.starts_at + timedelta(minutes=session.minutes),
                state="booked",
            )  # fmt: skip
