"""What a planned day is like, what is said of what was left out, and what is wrong with a day."""

from dataclasses import replace
from typing import Any

import pytest

from bryggan.fair.planning.planner import (
    Candidate,
    Code,
    DayStop,
    Frame,
    Lunch,
    Mend,
    Walks,
    Way,
    Why,
    alternatives,
    check_day,
    plan_day,
    refusal,
    worth,
)

# Ten minutes from the station to either; fifteen between them; too far to the hill.
WALKS = Walks(
    measured={
        ("station", "park"): 10,
        ("station", "pier"): 10,
        ("park", "pier"): 15,
        ("station", "hill"): 50,
        ("park", "hill"): 55,
        ("pier", "hill"): 55,
    }
)
FRAME = Frame(begins=540, ends=840, start="station", end="station", longest_walk=30)
LUNCH = Lunch(40, earliest=660, latest=750, places=frozenset({"park"}))


def fixed(key: str, opens: int, minutes: int = 45, place: str | None = "park", **more: Any) -> Candidate:
    return Candidate(key, more.pop("session", key), place, opens, opens + minutes, more.pop("value", 50.0), **more)


def open_hours(key: str, opens: int, closes: int, minutes: int = 30, place: str = "park", **more: Any) -> Candidate:
    return Candidate(key, key, place, opens, closes, more.pop("value", 50.0), minutes=minutes, **more)


def times(plan: Any) -> list[tuple[Any, int, int]]:
    return [(stop.key or stop.kind, stop.begins, stop.ends) for stop in plan.stops]


def test_a_day_has_stops_with_ways_lunch_and_when_one_is_back() -> None:
    candidates = [fixed("a", 555), fixed("b", 620, place="pier"), open_hours("c", 600, 900)]

    plan = plan_day(replace(FRAME, lunch=LUNCH), candidates, WALKS)

    assert times(plan) == [("a", 555, 600), ("b", 620, 665), ("c", 685, 715), ("lunch", 720, 760)]
    assert plan.proven
    assert plan.leaves == 545
    assert plan.back == 770
    assert plan.problems == ()
    assert [stop.way for stop in plan.stops] == [Way(10), Way(15), Way(15), Way(0)]


def test_what_ends_when_the_other_begins_is_no_clash_when_there_is_no_break_and_no_way() -> None:
    candidates = [fixed("a", 560, 40), fixed("b", 600, 40)]

    both = plan_day(replace(FRAME, break_minutes=0), candidates, WALKS)
    one = plan_day(replace(FRAME, break_minutes=1), candidates, WALKS)

    assert times(both) == [("a", 560, 600), ("b", 600, 640)]
    assert len(one.stops) == 1


def test_a_session_is_in_the_day_once_at_the_time_that_lets_most_fit() -> None:
    candidates = [fixed("early", 560, session="twice"), fixed("late", 640, session="twice"), fixed("b", 550, value=60)]

    plan = plan_day(FRAME, candidates, WALKS)

    assert times(plan) == [("b", 550, 595), ("late", 640, 685)]
    assert plan.occasions == {"early": Why(Code.OTHER_TIME, {"time": 640})}
    assert plan.left_out == {}


def test_open_hours_begin_at_even_five_minutes_or_when_the_doors_open() -> None:
    walks = Walks(measured={("station", "park"): 11})

    early = plan_day(FRAME, [open_hours("a", 500, 900)], walks)
    closed = plan_day(FRAME, [open_hours("a", 563, 900)], walks)

    assert times(early) == [("a", 555, 585)]
    assert times(closed) == [("a", 563, 593)]


def test_another_of_the_same_theme_counts_less() -> None:
    candidates = [
        fixed("a", 560, value=60, theme="water"),
        fixed("b", 640, value=55, theme="water"),
        fixed("c", 640, value=50, theme="food"),
    ]

    plan = plan_day(FRAME, candidates, WALKS)

    assert [stop.key for stop in plan.stops] == ["a", "c"]


def test_a_wanted_session_is_in_the_day_though_better_days_are_without_it() -> None:
    candidates = [fixed("a", 560, value=100), fixed("b", 580, value=12, must=True)]

    plan = plan_day(FRAME, candidates, WALKS)

    assert [stop.key for stop in plan.stops] == ["b"]
    assert plan.value == worth(candidates[1]) - 2 * 10 * 40
    assert plan.left_out["a"] == Why(Code.NO_TIME, {"instead": ("b",)})


def test_locked_stops_keep_their_times_and_others_fit_around_them() -> None:
    locked = [
        DayStop("session", 600, 645, place="pier", key="b", session="b", is_locked=True),
        DayStop("own", 700, 720, title="gymnastik", is_locked=True, tag=7),
    ]
    candidates = [
        fixed("a", 550, 35, session="a"),
        fixed("b", 600, place="pier"),
        fixed("c", 660, 60),
        fixed("d", 740),
    ]

    plan = plan_day(FRAME, candidates, WALKS, locked=locked)

    assert times(plan) == [("b", 600, 645), ("own", 700, 720), ("d", 740, 785)]
    assert [stop.is_locked for stop in plan.stops] == [True, True, False]
    assert plan.stops[1].tag == 7
    assert plan.left_out["a"] == Why(Code.CLASH, {"what": "b"})
    assert plan.left_out["c"] == Why(Code.CLASH, {"what": "gymnastik"})


def test_locked_stops_that_cannot_be_are_kept_and_told() -> None:
    locked = [
        DayStop("session", 600, 660, place="park", key="a", session="a", is_locked=True),
        DayStop("session", 650, 700, place="hill", key="b", session="b", is_locked=True),
    ]

    plan = plan_day(FRAME, [fixed("c", 560, 20)], WALKS, locked=locked)

    assert [stop.key for stop in plan.stops] == ["c", "a", "b"]
    assert [problem.why.code for problem in plan.problems] == [Code.CLASH, Code.WALK_TOO_LONG]


def test_lunch_is_a_rule_that_only_locked_stops_can_break() -> None:
    frame = replace(FRAME, lunch=LUNCH)
    all_day = fixed("long", 570, 220)

    empty = plan_day(frame, [all_day], WALKS)
    locked = plan_day(
        frame, [all_day], WALKS, locked=[DayStop("session", 570, 790, place="park", key="long", session="long")]
    )

    assert empty.stops == ()
    assert empty.left_out == {"long": Why(Code.NO_LUNCH_LEFT)}
    assert [stop.kind for stop in locked.stops] == ["session"]
    assert [problem.why.code for problem in locked.problems] == [Code.NO_LUNCH]


@pytest.mark.parametrize(
    ("begins", "ends", "needs"),
    [(540, 840, True), (540, 740, False), (540, 751, True), (700, 840, False), (699, 840, True)],
)
def test_a_class_that_can_eat_before_or_after_needs_no_lunch_in_the_day(begins: int, ends: int, needs: bool) -> None:
    assert replace(FRAME, begins=begins, ends=ends, lunch=LUNCH).needs_lunch is needs


def test_lunch_may_be_wherever_the_class_is() -> None:
    frame = replace(FRAME, lunch=replace(LUNCH, places=None))

    plan = plan_day(frame, [fixed("a", 600, place="pier"), fixed("b", 720, place="pier")], WALKS)

    assert [(stop.key or stop.kind, stop.place) for stop in plan.stops] == [
        ("a", "pier"),
        ("lunch", "pier"),
        ("b", "pier"),
    ]


def test_own_lunch_is_the_days_lunch() -> None:
    frame = replace(FRAME, lunch=LUNCH)
    own = DayStop("lunch", 680, 710, place="pier", is_locked=True)

    plan = plan_day(frame, [fixed("a", 560)], WALKS, locked=[own])

    assert times(plan) == [("a", 560, 605), ("lunch", 680, 710)]
    assert plan.problems == ()


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (fixed("a", 560, seats_left=0), Why(Code.FULL)),
        (fixed("a", 560, seats_left=5, seats_needed=6), Why(Code.TOO_FEW_SEATS, {"seats": 5, "people": 6})),
        (fixed("a", 560, people=30, most=29), Why(Code.GROUP_TOO_BIG, {"most": 29, "people": 30})),
        (fixed("a", 560, people=4, least=5), Why(Code.GROUP_TOO_SMALL, {"least": 5, "people": 4})),
        (fixed("a", 560, booking_closed=True), Why(Code.BOOKING_CLOSED)),
        (fixed("a", 560, refused=Why("wrong years", {"years": "åk 7–9"})), Why("wrong years", {"years": "åk 7–9"})),
        (fixed("a", 560, 0), Why(Code.BROKEN_TIMES)),
        (fixed("a", 560, -5), Why(Code.BROKEN_TIMES)),
        (open_hours("a", 600, 620, minutes=30), Why(Code.BROKEN_TIMES)),
        (fixed("a", 500), Why(Code.OUTSIDE_THE_DAY, {"begins": 540, "ends": 840})),
        (fixed("a", 820), Why(Code.OUTSIDE_THE_DAY, {"begins": 540, "ends": 840})),
        (fixed("a", 545), Why(Code.TOO_FAR_BEFORE, {"time": 545})),
        (fixed("a", 790), Why(Code.TOO_FAR_AFTER, {"time": 835})),
        (fixed("a", 600, place="hill"), Why(Code.TOO_FAR, {"minutes": 50})),
        (fixed("a", 600, value=1), Why(Code.LESS_FITTING)),
    ],
)
def test_what_is_left_out_has_its_reason(candidate: Candidate, why: Why) -> None:
    plan = plan_day(FRAME, [candidate], WALKS)

    assert (plan.stops, plan.left_out, plan.proven) == ((), {"a": why}, True)


def test_a_session_someone_left_out_is_left_out_for_that_reason() -> None:
    plan = plan_day(FRAME, [fixed("a", 560)], WALKS, excluded=["a"])

    assert plan.left_out == {"a": Why(Code.EXCLUDED)}


def test_of_several_occasions_the_nearest_to_fit_tells_why() -> None:
    candidates = [
        fixed("past", 400, session="a"),
        fixed("full", 600, session="a", seats_left=0),
        fixed("b", 560, 200, value=90),
        fixed("meets", 700, session="a"),
    ]

    plan = plan_day(FRAME, candidates, WALKS)

    assert plan.left_out == {"a": Why(Code.NO_TIME, {"instead": ("b",)})}
    assert plan.occasions["past"].code == Code.OUTSIDE_THE_DAY
    assert plan.occasions["full"].code == Code.FULL


@pytest.mark.parametrize("frame", [FRAME, replace(FRAME, ends=540), replace(FRAME, ends=400, lunch=LUNCH)])
def test_no_candidates_or_no_day_is_an_empty_plan(frame: Frame) -> None:
    assert plan_day(frame, [], WALKS).stops == ()
    plan = plan_day(frame, [fixed("a", 200)], WALKS)
    assert (plan.stops, plan.value, plan.leaves, plan.back) == ((), 0, None, None)
    assert plan.left_out["a"].code == Code.OUTSIDE_THE_DAY


def test_a_venue_without_position_is_planned_with_a_guess_that_says_so() -> None:
    plan = plan_day(FRAME, [fixed("a", 570, place=None), fixed("b", 640, place="lost")], Walks())

    assert times(plan) == [("a", 570, 615), ("b", 640, 685)]
    assert plan.is_guess
    assert plan.stops[1].way == Way(20, is_guess=True)


def test_a_day_past_midnight_is_counted_on() -> None:
    plan = plan_day(replace(FRAME, begins=1380, ends=1560), [fixed("late", 1420, 60)], WALKS)

    assert times(plan) == [("late", 1420, 1480)]


def test_a_day_that_starts_where_its_first_stop_is_has_no_way_there() -> None:
    plan = plan_day(replace(FRAME, start=None, end=None), [fixed("a", 540, 300)], WALKS)

    assert times(plan) == [("a", 540, 840)]
    assert plan.stops[0].way is None
    assert plan.way_back is None


def test_the_order_of_candidates_does_not_matter() -> None:
    candidates = [fixed(str(n), 550 + 25 * (n % 9), 30 + 5 * (n % 4), value=30 + n % 7) for n in range(30)]

    assert plan_day(FRAME, candidates, WALKS) == plan_day(FRAME, candidates[::-1], WALKS)


# --- others instead of one ---


def test_three_others_fit_in_the_place_of_one_and_are_of_different_themes() -> None:
    candidates = [
        fixed("now", 610, value=90),
        fixed("a", 610, value=80, theme="water"),
        fixed("b", 615, value=70, theme="water"),
        open_hours("c", 600, 900, value=40, theme="food"),
        fixed("d", 620, value=60),
        fixed("too long", 610, 60, value=100),
        fixed("full", 610, seats_left=0, value=100),
        fixed("twice", 610, session="before", value=100),
    ]
    stops = [
        DayStop("session", 555, 600, place="park", key="before", session="before"),
        DayStop("session", 610, 655, place="park", key="now", session="now"),
        DayStop("session", 670, 700, place="park", key="after", session="after"),
    ]

    found = alternatives(FRAME, stops, 1, candidates, WALKS)

    assert [one.candidate.key for one in found] == ["a", "d", "c"]
    assert [one.stop.begins for one in found] == [610, 620, 605]
    assert found[0].gain == worth(candidates[1]) - worth(candidates[0])
    assert found[0].stop.way == Way(0)


def test_others_that_have_been_shown_are_not_shown_again() -> None:
    candidates = [fixed("now", 600), fixed("a", 600), fixed("b", 600, value=40)]
    stops = [DayStop("session", 600, 645, place="park", key="now", session="now")]

    found = alternatives(FRAME, stops, 0, candidates, WALKS, excluded=["a"])

    assert [one.candidate.key for one in found] == ["b"]


# --- what is wrong with a day ---


def check(*stops: DayStop, frame: Frame = FRAME, candidates: tuple[Candidate, ...] = ()) -> list[tuple[Any, Any]]:
    problems = check_day(frame, stops, WALKS, {one.key: one for one in candidates})
    return [(problem.why.code, problem.stop.key if problem.stop else None) for problem in problems]


def session(key: str, begins: int, ends: int, place: str = "park") -> DayStop:
    return DayStop("session", begins, ends, place=place, key=key, session=key)


def test_a_sound_day_has_no_problems() -> None:
    assert check(session("a", 550, 600), session("b", 605, 700), session("c", 720, 830, "pier")) == []


@pytest.mark.parametrize(
    ("stops", "code"),
    [
        ([session("a", 545, 600)], Code.TOO_EARLY),
        ([session("a", 560, 831)], Code.TOO_LATE_HOME),
        ([session("a", 560, 601), session("b", 600, 640)], Code.CLASH),
        ([session("a", 560, 600), session("b", 604, 640)], Code.WALK_TOO_SHORT),
        ([session("a", 560, 600), session("b", 619, 640, "pier")], Code.WALK_TOO_SHORT),
    ],
)
def test_a_broken_rule_is_told(stops: list[DayStop], code: Code) -> None:
    assert check(*stops) == [(code, stops[-1].key)]


def test_a_long_stop_clashes_with_all_that_begin_while_it_lasts() -> None:
    assert check(session("a", 560, 800), session("b", 570, 600), session("c", 650, 700)) == [
        (Code.CLASH, "b"),
        (Code.CLASH, "c"),
    ]


def test_a_walk_that_is_too_long_is_told_with_how_long_it_is() -> None:
    [problem] = check_day(replace(FRAME, end=None), [session("a", 600, 700, "hill")], WALKS)

    assert problem.why == Why(Code.WALK_TOO_LONG, {"minutes": 50, "most": 30, "from": "station"})
    assert problem.mends[0] == Mend("longer walk", minutes=50)


def test_too_short_a_walk_tells_what_is_needed_and_how_to_mend_it() -> None:
    hours = open_hours("b", 600, 900, place="pier")
    stops = [session("a", 560, 600), DayStop("session", 616, 646, place="pier", key="b", session="b")]

    [problem] = check_day(FRAME, stops, WALKS, {"b": hours})

    assert problem.why == Why(Code.WALK_TOO_SHORT, {"needed": 20, "has": 16, "walk": 15, "pause": 5, "from": "park"})
    assert problem.other == stops[0]
    assert problem.mends[:2] == (Mend("move", begins=620, key="b"), Mend("shorter break", minutes=1))


def test_what_the_occasion_is_like_now_is_checked_too() -> None:
    stop = session("a", 560, 605)

    assert check(stop, candidates=(fixed("a", 560, seats_left=0),)) == [(Code.FULL, "a")]
    assert check(replace(stop, has_seats=True), candidates=(fixed("a", 560, seats_left=0),)) == []
    assert check(stop, candidates=(fixed("a", 570),)) == [(Code.CLOSED, "a")]
    assert check(stop, candidates=(open_hours("a", 570, 700),)) == [(Code.CLOSED, "a")]
    assert check(stop, candidates=(open_hours("a", 540, 605),)) == []
    assert check(stop, candidates=(fixed("a", 560, people=9, most=8),)) == [(Code.GROUP_TOO_BIG, "a")]


def test_the_same_session_twice_and_a_missing_lunch_are_told() -> None:
    again = replace(session("b", 640, 680), session="a")

    assert check(session("a", 560, 600), again) == [(Code.OTHER_TIME, "b")]
    assert check(session("a", 560, 600), frame=replace(FRAME, lunch=LUNCH)) == [(Code.NO_LUNCH, None)]
    assert check(frame=replace(FRAME, lunch=LUNCH)) == []


def test_own_things_without_a_place_are_where_the_class_is_or_goes_next() -> None:
    own = DayStop("own", 620, 630)

    # There is time to walk after it, or before it, and in the third case neither.
    assert check(session("a", 560, 615), own, session("b", 650, 700, "pier")) == []
    assert check(session("a", 560, 600), own, session("b", 635, 700, "pier")) == []
    assert check(session("a", 560, 610), own, session("b", 640, 700, "pier")) != []


def test_a_refusal_says_first_what_the_caller_knows() -> None:
    assert refusal(fixed("a", 1, seats_left=0, refused=Why("cancelled"))) == Why("cancelled")
    assert refusal(fixed("a", 1)) is None
