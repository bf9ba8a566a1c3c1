"""With days made up by the thousand: no rule is ever broken, and small days are as good as they can be."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bryggan.fair.planning.dayproblem import day_value
from bryggan.fair.planning.planner import (
    Candidate,
    Code,
    DayPlan,
    DayStop,
    Frame,
    Lunch,
    Walks,
    Weights,
    alternatives,
    check_day,
    plan_day,
    refusal,
    worth,
)

PLACES = ("a", "b", "c", None)
PAIRS = (("s", "a"), ("s", "b"), ("s", "c"), ("a", "b"), ("a", "c"), ("b", "c"))
WEIGHTS = Weights()


@st.composite
def walks(draw: st.DrawFn) -> Walks:
    return Walks(measured={pair: draw(st.integers(0, 35)) for pair in PAIRS})


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    begins = draw(st.integers(530, 600))
    lunch = draw(
        st.none()
        | st.builds(
            Lunch,
            st.integers(10, 45),
            st.integers(630, 660),
            st.integers(660, 720),
            st.none() | st.just(frozenset("ab")),
        )
    )
    return Frame(
        begins,
        begins + draw(st.integers(0, 300)),
        draw(st.sampled_from(("s", None))),
        draw(st.sampled_from(("s", "a", None))),
        lunch,
        draw(st.sampled_from((0, 5, 10))),
        draw(st.sampled_from((15, 25, None))),
    )


@st.composite
def candidates(draw: st.DrawFn, most: int = 14) -> list[Candidate]:
    made = []
    for number in range(draw(st.integers(0, most))):
        opens = draw(st.integers(106, 170)) * 5 + draw(st.sampled_from((0, 0, 0, 1, 3)))
        minutes = draw(st.sampled_from((0, 3, 12, 20, 30, 45, 60, 90)))
        is_open = draw(st.booleans())
        made.append(
            Candidate(
                key=number,
                session=draw(st.integers(0, 8)),
                place=draw(st.sampled_from(PLACES)),
                opens=opens,
                closes=opens + minutes + (draw(st.integers(-10, 200)) if is_open else 0),
                value=draw(st.integers(0, 100)),
                minutes=minutes if is_open else None,
                theme=draw(st.sampled_from(("x", "y", None))),
                must=draw(st.integers(0, 9)) == 0,
                seats_left=draw(st.sampled_from((None, None, 30, 5, 0))),
                seats_needed=draw(st.sampled_from((1, 28))),
                people=28,
                most=draw(st.sampled_from((None, None, None, 20))),
            )
        )
    return made


def assert_sound(plan: DayPlan, frame: Frame, offered: list[Candidate], ways: Walks) -> None:
    """Walk the day anew, from the rules as people say them, minute by minute."""
    by_key = {one.key: one for one in offered}
    here, now = frame.start, frame.begins
    sessions = []
    for number, stop in enumerate(plan.stops):
        pause = frame.break_minutes if number else 0
        way = minutes(ways, here, stop.place) if number or frame.start is not None else 0
        assert frame.longest_walk is None or way <= frame.longest_walk
        assert now + pause + way <= stop.begins < stop.ends
        if stop.kind == "session":
            one = by_key[stop.key]
            assert (one.session, one.place) == (stop.session, stop.place)
            assert one.opens <= stop.begins
            assert stop.ends <= one.closes
            assert stop.ends - stop.begins == one.stay
            assert one.seats_left is None or one.seats_left >= one.seats_needed
            assert one.most is None or one.people <= one.most
            assert one.minutes is not None or stop.begins == one.opens
            assert stop.begins == one.opens or stop.begins % 5 == 0
            sessions.append(one.session)
        elif stop.kind == "lunch":
            assert frame.lunch is not None
            assert frame.lunch.earliest <= stop.begins <= frame.lunch.latest
            assert stop.ends - stop.begins == frame.lunch.minutes
            assert frame.lunch.places is None or stop.place in frame.lunch.places
        here, now = stop.place, stop.ends
    if plan.stops and frame.end is not None:
        way = minutes(ways, here, frame.end)
        assert frame.longest_walk is None or way <= frame.longest_walk
        now += way
    assert now <= max(frame.ends, frame.begins)
    assert len(sessions) == len(set(sessions))
    if plan.stops:
        assert sum(stop.kind == "lunch" for stop in plan.stops) == int(frame.needs_lunch)


def minutes(ways: Walks, start: Any, end: Any) -> int:
    if start == end and start is not None:
        return 0
    if start is None or end is None:
        return 20
    return ways.measured.get((start, end), ways.measured.get((end, start), 20))


@settings(max_examples=150, deadline=None)
@given(frames(), candidates(), walks())
def test_no_planned_day_breaks_a_rule_and_all_that_is_left_out_has_a_reason(
    frame: Frame, offered: list[Candidate], ways: Walks
) -> None:
    plan = plan_day(frame, offered, ways)

    assert_sound(plan, frame, offered, ways)
    assert check_day(frame, plan.stops, ways, {one.key: one for one in offered}) == []
    chosen = {stop.key for stop in plan.stops if stop.kind == "session"}
    assert set(plan.occasions) == {one.key for one in offered} - chosen
    in_day = {stop.session for stop in plan.stops if stop.kind == "session"}
    assert set(plan.left_out) == {one.session for one in offered} - in_day
    walked = sum(stop.way.minutes for stop in plan.stops if stop.way)
    walked += plan.way_back.minutes if plan.way_back else 0
    assert plan.value == day_value(plan.stops, {one.key: one for one in offered}, WEIGHTS, walked)
    assert plan.value <= plan.bound


@settings(max_examples=60, deadline=None)
@given(frames(), candidates(most=6), walks())
def test_a_small_day_is_as_good_as_trying_everything(frame: Frame, offered: list[Candidate], ways: Walks) -> None:
    plan = plan_day(frame, offered, ways)

    assert plan.proven
    by_key = {one.key: one for one in offered}
    made = sum(by_key[stop.key].must for stop in plan.stops if stop.kind == "session")
    assert (made, plan.value) == best_by_trying(frame, offered, ways)


def best_by_trying(frame: Frame, offered: list[Candidate], ways: Walks) -> tuple[int, int]:
    """How many wanted sessions, and what worth, the best of all orders of all choices has."""
    usable: list[Candidate | str] = [one for one in offered if refusal(one) is None]
    eats = sorted(frame.lunch.places) if frame.lunch and frame.lunch.places else []
    if frame.needs_lunch and frame.lunch and frame.lunch.places is None:
        eats = sorted({one.place for one in usable if isinstance(one, Candidate)}, key=str)  # type: ignore[type-var]
    best = (0, 0)

    def walk(done: list[Candidate], here: Any, now: int, fed: bool, walked: int, stops: int) -> None:
        nonlocal best
        home = minutes(ways, here, frame.end) if frame.end is not None else 0
        too_long = frame.longest_walk is not None and home > frame.longest_walk
        if stops and fed and now + home <= frame.ends and not too_long:
            counts: dict[Any, int] = {}
            value = -40 * (walked + home)
            for one in done:
                before = counts.get(one.theme, 0) if one.theme else 0
                value += worth(one) - (0, 1000, 1800, 2600)[min(before, 3)]
                counts[one.theme] = before + 1
            if done:
                best = max(best, (sum(one.must for one in done), value))
        options: list[tuple[Any, int, int, int, Candidate | None]] = [
            (one.place, one.opens, one.latest, one.stay, one)
            for one in offered
            if refusal(one) is None and one.session not in {other.session for other in done}
        ]
        if frame.lunch and not fed:
            options += [(place, frame.lunch.earliest, frame.lunch.latest, frame.lunch.minutes, None) for place in eats]
        for place, opens, latest, stay, chosen in options:
            way = minutes(ways, here, place) if stops or frame.start is not None else 0
            arrives = now + way + (frame.break_minutes if stops else 0)
            begins = opens if arrives <= opens else -(-arrives // 5) * 5
            if begins > latest or begins + stay > frame.ends:
                continue
            if frame.longest_walk is not None and way > frame.longest_walk:
                continue
            more = [*done, chosen] if chosen else done
            walk(more, place, begins + stay, fed or chosen is None, walked + way, stops + 1)

    walk([], frame.start, frame.begins, not frame.needs_lunch, 0, 0)
    return best


@settings(max_examples=50, deadline=None)
@given(frames(), candidates(), walks(), st.data())
def test_locked_stops_are_kept_and_left_out_sessions_stay_away(
    frame: Frame, offered: list[Candidate], ways: Walks, data: st.DataObject
) -> None:
    offered = [one for one in offered if one.stay > 0]
    locked = []
    for number in range(data.draw(st.integers(0, 3))):
        begins = data.draw(st.integers(520, 860))
        place = data.draw(st.sampled_from(PLACES))
        ends = begins + data.draw(st.integers(5, 60))
        locked.append(DayStop("own", begins, ends, place, title=str(number), is_locked=True))
    if offered and data.draw(st.booleans()):
        one = offered[0]
        begins = one.opens
        locked.append(DayStop("session", begins, begins + one.stay, one.place, one.key, one.session, is_locked=True))
    excluded = data.draw(st.sets(st.integers(0, 8), max_size=3)) - {stop.session for stop in locked}

    plan = plan_day(frame, offered, ways, locked=locked, excluded=excluded)

    kept = [replace(stop, way=None) for stop in plan.stops if stop.is_locked]
    assert sorted(kept, key=str) == sorted(locked, key=str)
    assert not {stop.session for stop in plan.proposed if stop.kind == "session"} & excluded
    assert all(plan.occasions[one.key].code == Code.EXCLUDED for one in offered if one.session in excluded)
    sessions = [stop.session for stop in plan.stops if stop.kind == "session"]
    assert len(sessions) == len(set(sessions))
    # Whatever is wrong is wrong with what was locked: a day of the locked stops alone has no fewer problems.
    alone = plan_day(frame, [one for one in offered if one.key in {stop.key for stop in locked}], ways, locked=locked)
    blamed = [one for one in plan.problems if one.stop and not one.stop.is_locked]
    assert [one for one in blamed if one.other is None or not one.other.is_locked] == []
    if not alone.problems:
        assert plan.problems == ()


@settings(max_examples=50, deadline=None)
@given(frames(), candidates(), walks(), st.integers(0, 120))
def test_more_seats_or_a_longer_day_is_never_worth_less(
    frame: Frame, offered: list[Candidate], ways: Walks, longer: int
) -> None:
    offered = [replace(one, must=False) for one in offered]
    plan = plan_day(frame, offered, ways)
    roomy = plan_day(frame, [replace(one, seats_left=None) for one in offered], ways)
    wide = replace(frame, ends=frame.ends + longer)
    late = plan_day(wide, offered, ways)

    if roomy.proven:
        assert roomy.value >= plan.value
    if late.proven and wide.needs_lunch == frame.needs_lunch:
        assert late.value >= plan.value


@settings(max_examples=40, deadline=None)
@given(frames(), candidates(), walks(), st.randoms(use_true_random=False))
def test_the_same_question_gets_the_same_answer(
    frame: Frame, offered: list[Candidate], ways: Walks, chance: Any
) -> None:
    shuffled = list(offered)
    chance.shuffle(shuffled)

    assert plan_day(frame, offered, ways) == plan_day(frame, shuffled, Walks(measured=dict(ways.measured)))


@settings(max_examples=50, deadline=None)
@given(frames(), candidates(), walks(), st.integers(0, 5))
def test_another_session_in_a_stops_place_keeps_the_rest_of_the_day_sound(
    frame: Frame, offered: list[Candidate], ways: Walks, at: int
) -> None:
    plan = plan_day(frame, offered, ways)
    numbers = [number for number, stop in enumerate(plan.stops) if stop.kind == "session"]
    if not numbers:
        return
    number = numbers[at % len(numbers)]
    by_key = {one.key: one for one in offered}

    found = alternatives(frame, plan.stops, number, offered, ways)

    assert len(found) <= 3
    assert len({one.stop.session for one in found}) == len(found)
    for one in found:
        day = [*plan.stops[:number], one.stop, *plan.stops[number + 1 :]]
        assert check_day(frame, day, ways, by_key) == []
        walked = [minutes(ways, a, b) for a, b in itertools.pairwise(stop.place for stop in day)]
        walked += [minutes(ways, frame.start, day[0].place)] if frame.start is not None else []
        walked += [minutes(ways, day[-1].place, frame.end)] if frame.end is not None else []
        assert day_value(day, by_key, WEIGHTS, sum(walked)) == plan.value + one.gain
