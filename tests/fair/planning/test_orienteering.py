"""The search for a day's visits, against routes worked out by hand and all routes tried one by one."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bryggan.fair.planning.orienteering import NoRoute, Problem, Route, Stop, Visit, check, search, walk

ROOT = Path(__file__).resolve().parents[3]
STEPS = 30_000


def at_one_place(*visits: Visit, ends: int = 480, **rules: object) -> Problem:
    return Problem(visits, [[0]], 0, ends, **rules)  # type: ignore[arg-type]


def visits_of(route: Route) -> list[int]:
    return [stop.visit for stop in route.stops]


def test_the_dearer_of_two_visits_that_collide_is_made() -> None:
    problem = at_one_place(Visit(0, 30, 60, 60, 10), Visit(0, 30, 80, 80, 11))

    route = search(problem, steps=STEPS)

    assert route == Route((Stop(1, 80),), 11, proven=True, bound=11)


def test_a_visit_may_begin_the_minute_another_ends_and_not_a_minute_before() -> None:
    first = Visit(0, 30, 60, 60, 10)

    touching = search(at_one_place(first, Visit(0, 30, 90, 90, 10)), steps=STEPS)
    overlapping = search(at_one_place(first, Visit(0, 30, 89, 89, 10)), steps=STEPS)

    assert (touching.value, overlapping.value) == (20, 10)


def test_a_visit_may_begin_at_its_last_start_and_the_day_end_at_its_last_minute() -> None:
    problem = Problem([Visit(0, 20, 0, 10, 5)], [[0, 10], [10, 0]], 0, 40, start_place=1, end_place=1)

    assert search(problem, steps=STEPS).stops == (Stop(0, 10),)
    assert search(dataclasses.replace(problem, ends=39), steps=STEPS).stops == ()
    assert search(dataclasses.replace(problem, begins=1), steps=STEPS).stops == ()


def test_a_session_given_twice_is_visited_once_at_the_time_that_leaves_room_for_more() -> None:
    problem = at_one_place(
        Visit(0, 60, 100, 100, 10, group=7), Visit(0, 60, 300, 300, 10, group=7), Visit(0, 60, 120, 120, 9)
    )

    route = search(problem, steps=STEPS)

    assert route.stops == (Stop(2, 120), Stop(1, 300))
    assert route.value == 19


def test_lunch_is_eaten_even_when_it_costs_a_better_visit() -> None:
    lunches = [Visit(place, 40, 100, 140, 0, group=1, required=True) for place in (0, 1)]
    problem = Problem([Visit(0, 120, 90, 100, 50), *lunches, Visit(1, 20, 150, 150, 5)], [[0, 30], [30, 0]], 0, 200)

    route = search(problem, steps=STEPS)

    assert visits_of(route) == [2, 3]
    assert (route.value, route.missing) == (5, ())


def test_required_visits_that_exclude_each_other_are_named_when_missing() -> None:
    problem = at_one_place(
        Visit(0, 60, 100, 100, 1, required=True), Visit(0, 60, 130, 130, 9, required=True), Visit(0, 60, 10, 20, 3)
    )

    route = search(problem, steps=STEPS)

    assert route == Route((Stop(2, 10), Stop(1, 130)), 12, proven=True, missing=(0,))
    assert check(problem, route) == []


def test_a_second_visit_of_a_theme_counts_less_and_another_theme_is_preferred() -> None:
    problem = at_one_place(
        Visit(0, 60, 0, 0, 100, theme=3),
        Visit(0, 60, 60, 60, 90, theme=3),
        Visit(0, 60, 60, 60, 60, theme=4),
        variety=(100, 50, 0),
    )

    assert search(problem, steps=STEPS).value == 160


def test_a_walk_that_costs_more_than_the_visit_brings_is_not_taken() -> None:
    visits = [Visit(0, 30, 0, 400, 10), Visit(1, 30, 0, 400, 10)]
    problem = Problem(visits, [[0, 6], [6, 0]], 0, 480, start_place=0, end_place=0, walk_cost=1)

    assert visits_of(search(problem, steps=STEPS)) == [0]
    assert search(dataclasses.replace(problem, walk_cost=0), steps=STEPS).value == 20


def test_no_leg_is_longer_than_allowed_but_two_short_ones_lead_there() -> None:
    visits = [Visit(2, 30, 100, 100, 10), Visit(1, 10, 0, 400, 1)]
    problem = Problem(visits, [[0, 15, 20], [15, 0, 15], [20, 15, 0]], 0, 480, start_place=0, longest_leg=15)

    assert visits_of(search(problem, steps=STEPS)) == [1, 0]


def test_waiting_is_shunned_when_it_costs() -> None:
    problem = at_one_place(Visit(0, 30, 0, 0, 10), Visit(0, 30, 330, 330, 20), wait_cost=1)

    route = search(problem, steps=STEPS)

    assert route == Route((Stop(0, 0),), 10, proven=True, bound=10)


def test_a_day_with_nothing_to_visit_is_empty() -> None:
    assert search(at_one_place(), steps=STEPS) == Route((), 0, proven=True, bound=0)


def test_an_end_that_cannot_be_reached_is_told() -> None:
    problem = Problem([Visit(0, 10, 0, 50, 1)], [[0, 90], [90, 0]], 0, 60, start_place=0, end_place=1)

    with pytest.raises(NoRoute):
        search(problem, steps=STEPS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"visits": [Visit(0, 0, 0, 0, 1)]},
        {"visits": [Visit(1, 5, 0, 0, 1)]},
        {"visits": [Visit(0, 5, 0, 0, -1)]},
        {"variety": (50, 100)},
        {"variety": ()},
        {"walk_cost": -1},
    ],
)
def test_a_problem_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"needs|rising|cost"):
        dataclasses.replace(at_one_place(), **wrong)  # type: ignore[arg-type]


def test_check_names_every_broken_rule() -> None:
    visits = [Visit(0, 30, 0, 10, 5, group=1), Visit(1, 30, 0, 100, 5, group=1), Visit(0, 9, 0, 9, 1, required=True)]
    problem = Problem(visits, [[0, 20], [20, 0]], 0, 60, end_place=0, longest_leg=15)

    broken = check(problem, Route((Stop(0, 11), Stop(1, 50)), 11))

    assert broken == [
        "visit 0 starts at 11, outside 0 to 10",
        "the way to visit 1 takes 20, longer than 15",
        "visit 1 starts at 50, before one can be there at 61",
        "visit 1 is made although its group has been visited",
        "the way to the end takes 20, longer than 15",
        "the end is reached at 100, after 60",
        "the route is worth 10, not 11",
        "the required visits (2,) are missing, not ()",
    ]


@st.composite
def problems(draw: st.DrawFn, most: int = 5) -> Problem:
    places = draw(st.integers(1, 4))
    minutes = st.integers(0, 30)
    travel = [[0 if a == b else draw(minutes) for b in range(places)] for a in range(places)]
    ends = draw(st.sampled_from([60, 120, 200]))
    place = st.integers(0, places - 1)
    visits = []
    for _ in range(draw(st.integers(0, most))):
        opens = draw(st.integers(0, ends))
        visits.append(
            Visit(
                place=draw(place),
                minutes=draw(st.integers(1, 40)),
                opens=opens,
                closes=opens + draw(st.sampled_from([0, 0, 10, 80])),
                prize=draw(st.integers(0, 50)),
                group=draw(st.sampled_from([None, None, 0, 1])),
                required=draw(st.sampled_from([False] * 5 + [True])),
                theme=draw(st.sampled_from([None, 0, 1])),
            )
        )
    return Problem(
        visits,
        travel,
        begins=0,
        ends=ends,
        start_place=draw(st.none() | place),
        end_place=draw(st.none() | place),
        walk_cost=draw(st.sampled_from([0, 0, 1, 2])),
        wait_cost=draw(st.sampled_from([0, 0, 1])),
        longest_leg=draw(st.sampled_from([None, None, 15])),
        variety=draw(st.sampled_from([(100,), (100, 50), (100, 80, 30, 0), (80, 80)])),
    )


def best_of_all(problem: Problem) -> tuple[int, int] | None:
    """Required visits left out (as a negative number) and worth of the best of all routes; None when there is none."""
    best = None
    orders: list[tuple[int, ...]] = [()]
    while orders:
        order = orders.pop()
        route = walk(problem, order)
        if route is not None:
            rank = (-len(route.missing), route.value)
            best = rank if best is None else max(best, rank)
        orders += [(*order, number) for number in range(len(problem.visits)) if number not in order]
    return best


@settings(max_examples=100, deadline=None)
@given(problems())
def test_the_answer_is_as_good_as_the_best_of_all_routes_and_says_so(problem: Problem) -> None:
    best = best_of_all(problem)

    if best is None:
        with pytest.raises(NoRoute):
            search(problem, steps=STEPS)
        return
    route = search(problem, steps=STEPS)

    assert check(problem, route) == []
    assert (-len(route.missing), route.value) == best
    assert route.proven


@settings(max_examples=2, deadline=None)
@given(problems(most=7).filter(lambda problem: len(problem.visits) == 7))
def test_seven_visits_in_the_best_of_all_orders(problem: Problem) -> None:
    best = best_of_all(problem)

    if best is not None:
        route = search(problem, steps=STEPS)
        assert (-len(route.missing), route.value) == best


@settings(max_examples=30, deadline=None)
@given(problems(most=40), st.integers(1, 400))
def test_a_search_broken_off_early_keeps_every_rule_and_repeats_itself(problem: Problem, steps: int) -> None:
    try:
        route = search(problem, steps=steps)
    except NoRoute:
        return

    assert check(problem, route) == []
    assert route == search(problem, steps=steps)
    assert route.bound is None or route.bound >= route.value


@settings(max_examples=30, deadline=None)
@given(problems(most=12), st.randoms(use_true_random=False))
def test_an_earlier_route_is_never_made_worse(problem: Problem, chance: object) -> None:
    numbers = list(range(len(problem.visits)))
    chance.shuffle(numbers)  # type: ignore[attr-defined]
    order: list[int] = []
    for number in numbers:
        if walk(problem, [*order, number]) is not None:
            order.append(number)
    earlier = walk(problem, order)

    if earlier is not None:
        route = search(problem, steps=1, start=order)
        assert (-len(route.missing), route.value) >= (-len(earlier.missing), earlier.value)


def many_visits() -> Problem:
    """Two rows of stands, open for long: more than can be proven in a few steps."""
    stands = 24
    travel = [[abs(a % 12 - b % 12) * 3 + 5 * (a // 12 != b // 12) for b in range(stands)] for a in range(stands)]
    visits = [Visit(n, 10 + n * 7 % 11, n * 13 % 90, 150 + n * 29 % 120, 20 + n * 37 % 50) for n in range(stands)]
    return Problem(visits, travel, 0, 300, start_place=0, end_place=0)


def test_more_steps_mend_a_long_route_and_the_bound_stays_above() -> None:
    problem = many_visits()

    short, long = search(problem, steps=2_000), search(problem, steps=60_000)

    assert check(problem, long) == []
    assert long.bound is not None
    assert short.bound is not None
    assert short.value <= long.value <= min(long.bound, short.bound)
    assert len(long.stops) >= 10


def test_an_outlook_that_would_need_too_many_buckets_guides_but_proves_nothing() -> None:
    visits = [Visit(n, 1, 0, 90_000, 10) for n in range(3)]
    problem = Problem(visits, [[0 if a == b else 1 for b in range(3)] for a in range(3)], 0, 100_000)

    route = search(problem, steps=60_000)

    assert (route.value, route.proven) == (30, False)


@pytest.fixture(scope="module")
def optw() -> ModuleType:
    spec = importlib.util.spec_from_file_location("optw", ROOT / "bench" / "optw.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["optw"] = module
    spec.loader.exec_module(module)
    return module


INSTANCE = """1 1 2 1
0 0
0 0.0 0.0 0.0 0.0 0 0 0 20
1 3.0 0.0 2.0 10.0 1 1 1 0 5
2 3.0 4.09 2.0 7.0 1 1 1 0 9
"""


def test_the_benchmark_reads_an_instance_and_rounds_distances_down(optw: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "tiny.txt").write_text(INSTANCE)

    tenths, hundredths = (optw.read(tmp_path / "tiny.txt", decimals) for decimals in (1, 2))

    assert tenths.points[1] == optw.Point(3.0, 0.0, 200, 10, 0, 500)
    assert [tenths.distance(0, 1), tenths.distance(1, 2), tenths.distance(0, 2)] == [300, 400, 500]
    assert [hundredths.distance(1, 2), hundredths.distance(0, 2)] == [409, 507]


def test_the_benchmark_finds_what_is_wrong_with_a_route(optw: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "tiny.txt").write_text(INSTANCE)
    tenths, hundredths = (optw.read(tmp_path / "tiny.txt", decimals) for decimals in (1, 2))

    assert optw.broken(tenths, [1, 2], 17) == []
    assert optw.broken(hundredths, [1, 2], 17) == ["point 2 is reached at 909, after 900"]
    assert optw.broken(tenths, [2, 1], 17) == ["point 1 is reached at 1100, after 500"]
    assert optw.broken(tenths, [1], 17) == ["the scores sum to 10, not 17"]
    assert optw.broken(tenths, [1, 1], 20) == ["a point is visited twice, or the depot in between"]


def test_the_benchmark_solves_an_instance_and_checks_its_route(optw: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "tiny.txt").write_text(INSTANCE)

    result = optw.measure(tmp_path / "tiny.txt", 1, 5.0, 1, {"score": "17", "status": "optimum"})

    assert result["route"] == [1, 2]
    assert (result["score"], result["gap"], result["proven"], result["broken"]) == (17, 0.0, True, [])
