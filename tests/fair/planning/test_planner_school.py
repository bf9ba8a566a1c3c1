"""Several classes at once: never more people than seats, and nobody forgotten."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bryggan.fair.planning.planner import (
    Candidate,
    Code,
    DayPlan,
    DayStop,
    Frame,
    Lunch,
    Walks,
    Why,
    check_day,
    plan_day,
)
from bryggan.fair.planning.wholeschool import ClassDay, Supply, plan_school

WALKS = Walks(measured={("s", "a"): 10, ("s", "b"): 12, ("a", "b"): 8})
FRAME = Frame(540, 840, "s", "s", Lunch(30, 660, 720), 5, 30)


def fixed(key: Any, opens: int, seats: int | None, minutes: int = 45, **more: Any) -> Candidate:
    return Candidate(
        key,
        more.pop("session", key),
        more.pop("place", "a"),
        opens,
        opens + minutes,
        more.pop("value", 50.0),
        seats_left=seats,
        **more,
    )


def for_class(offered: list[Candidate], people: int, frame: Frame = FRAME, **more: Any) -> ClassDay:
    return ClassDay(frame, [replace(one, seats_needed=people) for one in offered], WALKS, **more)


def test_classes_that_all_want_the_same_get_it_as_far_as_seats_go_and_something_else_besides() -> None:
    offered = [fixed("best", 560, 50, value=90), fixed("good", 560, 25, value=60), fixed("late", 750, None, value=30)]

    plans = plan_school([for_class(offered, 25) for _ in range(4)])

    assert sorted([stop.key for stop in plan.stops if stop.kind == "session"] for plan in plans) == [
        ["best", "late"],
        ["best", "late"],
        ["good", "late"],
        ["late"],
    ]
    left = next(plan for plan in plans if len(plan.stops) == 2)
    assert {key: why.code for key, why in left.left_out.items()} == {"best": Code.FULL, "good": Code.FULL}


def test_nobody_is_left_without_when_another_could_do_with_less() -> None:
    offered = [fixed(str(n), 550 + 55 * n, 25, 50, session=n) for n in range(4)]
    frame = replace(FRAME, lunch=None)

    plans = plan_school([for_class(offered, 25, frame), for_class(offered, 25, frame)])

    assert [len(plan.stops) for plan in plans] == [2, 2]


def test_open_hours_have_room_for_as_many_as_are_there_at_a_time() -> None:
    frame = replace(FRAME, ends=640, lunch=None)
    hours = Candidate("hall", "hall", "a", 555, 640, 60.0, minutes=30, seats_left=25)

    plans = plan_school([for_class([hours], 25, frame) for _ in range(3)])

    assert sorted(stop.begins for plan in plans for stop in plan.stops) == [555, 585]
    assert [stop.key for plan in plans for stop in plan.stops] == ["hall", "hall"]
    empty = next(plan for plan in plans if not plan.stops)
    assert empty.left_out == {"hall": Why(Code.TOO_FEW_SEATS, {"seats": 24, "people": 25})}


def test_seats_that_others_have_taken_are_not_given_out() -> None:
    supply = Supply(60, ((560, 590, 40), (700, 730, 40)))
    hours = Candidate("hall", "hall", "a", 540, 800, 60.0, minutes=60)

    [plan] = plan_school([for_class([hours], 25)], {"hall": supply})

    [stop] = [stop for stop in plan.stops if stop.kind == "session"]
    assert supply.room(stop.begins, stop.ends) >= 25
    assert supply.free(540, 800, 60, 25) == [(590, 700), (730, 800)]


def test_locked_stops_take_their_seats_unless_they_have_them() -> None:
    offered = [fixed("a", 560, 25)]
    locked = DayStop("session", 560, 605, "a", "a", "a", is_locked=True)

    def other(has_seats: bool) -> DayPlan:
        first = for_class(offered, 25, locked=[replace(locked, has_seats=has_seats)])
        return plan_school([first, for_class(offered, 25)])[1]

    assert [stop.kind for stop in other(False).stops] == []
    assert [stop.key for stop in other(True).stops if stop.kind == "session"] == ["a"]


def test_progress_is_heard_to_the_end() -> None:
    heard: list[tuple[int, int]] = []

    plan_school([for_class([fixed("a", 560, 30)], 25)] * 3, progress=lambda done, of: heard.append((done, of)))

    assert [done for done, _of in heard] == list(range(1, heard[0][1] + 1))


def test_no_classes_is_no_plans() -> None:
    assert plan_school([]) == []


@st.composite
def schools(draw: st.DrawFn) -> tuple[list[ClassDay], dict[Any, Supply]]:
    offered = []
    supplies = {}
    for key in range(draw(st.integers(1, 10))):
        is_open = draw(st.booleans())
        minutes = draw(st.sampled_from((20, 30, 60)))
        opens = draw(st.integers(110, 150)) * 5
        offered.append(
            Candidate(
                key,
                draw(st.integers(0, 6)),
                draw(st.sampled_from("ab")),
                opens,
                opens + minutes + (draw(st.integers(0, 150)) if is_open else 0),
                draw(st.integers(10, 100)),
                minutes=minutes if is_open else None,
                theme=draw(st.sampled_from(("x", "y"))),
            )
        )
        if draw(st.booleans()):
            taken = [(opens, opens + 20, 10)] if draw(st.booleans()) else []
            supplies[key] = Supply(draw(st.integers(0, 90)), tuple(taken))
    classes = [for_class(offered, draw(st.integers(10, 30))) for _ in range(draw(st.integers(1, 5)))]
    return classes, supplies


@settings(max_examples=60, deadline=None)
@given(schools())
def test_a_school_never_gets_more_seats_than_there_are_and_every_day_is_sound(
    school: tuple[list[ClassDay], dict[Any, Supply]],
) -> None:
    classes, supplies = school

    plans = plan_school(classes, supplies)

    taken: dict[Any, list[tuple[int, int, int]]] = defaultdict(list)
    for given_day, plan in zip(classes, plans, strict=True):
        by_key = {one.key: one for one in given_day.candidates}
        assert check_day(given_day.frame, plan.stops, given_day.walks, by_key) == []
        chosen = {stop.key for stop in plan.stops if stop.kind == "session"}
        assert set(plan.occasions) | chosen == set(by_key)
        for stop in plan.stops:
            if stop.kind == "session":
                taken[stop.key].append((stop.begins, stop.ends, by_key[stop.key].seats_needed))
    for key, supply in supplies.items():
        stays = [*supply.stays, *taken[key]]
        for moment in range(540, 1000):
            others = sum(seats for begins, ends, seats in supply.stays if begins <= moment < ends)
            there = sum(seats for begins, ends, seats in stays if begins <= moment < ends)
            assert there <= max(supply.seats, others)
    assert plan_school(classes, supplies) == plans


@settings(max_examples=40, deadline=None)
@given(schools())
def test_with_seats_for_all_everybody_has_the_day_it_would_have_alone(
    school: tuple[list[ClassDay], dict[Any, Supply]],
) -> None:
    classes, _supplies = school

    plans = plan_school(classes)

    alone = [plan_day(one.frame, one.candidates, one.walks) for one in classes]
    assert [plan.value for plan in plans] == [plan.value for plan in alone]
