"""A class's day: how fast it is proposed, and how far it is from the best one.

    python bench/planner.py [--days 35] [--exact SECONDS [--solver HIGHS]] [--school] [--engine] [--json]

Generates days like the demo fair's: 35 days, 22 places in its areas, 90 sessions of fixed and open hours. With
`--exact` each day is also solved by another model, written anew from the rules: a flow through places and times, by
the solvers of OR-Tools. That is no dependency of the service: `pip install ortools` in an environment of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from bryggan.fair.planning.dayproblem import repeat_costs
from bryggan.fair.planning.planner import (
    STEP,
    Candidate,
    Frame,
    Lunch,
    Walks,
    Weights,
    check_day,
    plan_day,
    refusal,
    worth,
)
from bryggan.fair.planning.wholeschool import ClassDay, Supply, plan_school

STATION = "Helsingborg C"
AREAS = {
    STATION: (56.0437, 12.6945),
    "Oceanhamnen": (56.0370, 12.6955),
    "Dockanparken": (56.0362, 12.6965),
    "RecoLab": (56.0335, 12.6985),
    "Campus": (56.0395, 12.7010),
    "SeaU": (56.0460, 12.6905),
    "Hamntorget": (56.0472, 12.6912),
    "Dunkers": (56.0487, 12.6896),
    "Slottshagen": (56.0489, 12.6990),
    "Gröningen": (56.0545, 12.6850),
    "Drottninghög": (56.0605, 12.7290),
    "Fredriksdal": (56.0560, 12.7180),
    "Fredriksdalsskogen": (56.0600, 12.7210),
    "Husensjö park": (56.0480, 12.7370),
    "Arena": (56.0530, 12.7130),
    "Filborna": (56.0730, 12.7560),
    "Sofiero": (56.0838, 12.6604),
}
SECOND = {"Oceanhamnen": 2, "Campus": 1, "Hamntorget": 1, "Dunkers": 1}
LUNCH_PLACES = frozenset({STATION, "Campus", "Hamntorget", "Slottshagen", "Gröningen", "Fredriksdal", "Drottninghög"})
THEMES = ("vatten", "energi", "mat", "rörelse", "demokrati", "teknik", "natur", "konst", "hälsa", "återbruk", "hus")
OCCASIONS = 500
WEIGHTS = Weights()


def places(chance: random.Random) -> dict[str, tuple[float, float]]:
    """The areas, and a second venue or two where much is given."""
    found = dict(AREAS)
    for area, more in SECOND.items():
        for number in range(more):
            latitude, longitude = AREAS[area]
            found[f"{area} {number + 2}"] = (
                latitude + chance.uniform(-0.001, 0.001),
                longitude + chance.uniform(-0.002, 0.002),
            )
    return found


def day(seed: int, *, scarce: bool = False, occasions: int = OCCASIONS) -> tuple[Frame, list[Candidate], Walks]:
    """A day of the fair for one class. With seats scarce, two of three occasions have too few left."""
    chance = random.Random(seed)
    positions: dict[Any, Any] = dict(places(chance))
    # More is given in the middle of the city than at its edges.
    venues = [*positions, *(place for place in positions if AREAS[STATION][0] - 0.012 < positions[place][0] < 56.05)]
    sessions = []
    for number in range(90):
        fit = min(100.0, 12 + chance.choice((0, 0, 10, 22, 30, 45)) + chance.uniform(0, 34))
        minutes = chance.choice((20, 30, 30, 40, 45, 45, 60, 60, 75, 90, 120))
        sessions.append(
            (number, chance.choice(venues), round(fit, 1), minutes, chance.choice(THEMES), chance.random())
        )
    given: list[Candidate] = []
    opened = [session for session in sessions if session[5] < 0.25]
    fixed = [session for session in sessions if session[5] >= 0.25]

    def seats() -> dict[str, Any]:
        left = chance.choice((0, 0, 5, 12, 20, 22, 40, 60, 90)) if scarce else None
        return {"seats_left": left, "seats_needed": 27, "people": 27}

    for number, place, fit, minutes, theme, _kind in opened:
        opens = chance.choice((540, 570, 600))
        given.append(
            Candidate(
                len(given), number, place, opens, chance.choice((900, 960, 1020)), fit, minutes, theme, **seats()
            )
        )
    while len(given) < occasions:
        number, place, fit, minutes, theme, _kind = chance.choice(fixed)
        opens = chance.randrange(8 * 60, 15 * 60 + 31 - minutes, 5)
        given.append(Candidate(len(given), number, place, opens, opens + minutes, fit, None, theme, **seats()))
    positions["school"] = (chance.uniform(56.038, 56.056), chance.uniform(12.692, 12.712))
    begins, ends = chance.choice(((540, 840), (540, 780), (510, 870), (495, 900), (480, 930)))
    start = chance.choice((STATION, STATION, "school"))
    frame = Frame(
        begins, ends, start, start, Lunch(40, 660, 750, LUNCH_PLACES), 5, chance.choice((25, 30, 30, 40, 60))
    )
    return frame, given, Walks(positions)


def exact(
    frame: Frame, candidates: list[Candidate], walks: Walks, seconds: float, solver: str
) -> tuple[int | None, int, str]:
    """The best day's worth and the bound, by a flow of one class through (has eaten, place, time); and the status.

    Shares with the planner the worth of a session, the minutes of ways and which candidates are refused: nothing of
    the search. Holds for times on even five minutes only.
    """
    arcs, groups, themes = network(frame, candidates, walks)
    costs = repeat_costs(WEIGHTS)
    balance: dict[Any, list[tuple[int, int]]] = {}
    for number, (tail, head, _gain) in enumerate(arcs):
        balance.setdefault(tail, []).append((number, -1))
        balance.setdefault(head, []).append((number, 1))
    if solver == "CP-SAT":
        return by_cp_sat(arcs, balance, groups, themes, costs, seconds)
    return by_mip(arcs, balance, groups, themes, costs, seconds, solver)


def network(frame: Frame, candidates: list[Candidate], walks: Walks) -> tuple[list[Any], list[Any], list[Any]]:
    """Arcs as (tail, head, gain), and the numbers of those that are visits: by session, and by theme."""
    usable = [one for one in candidates if refusal(one) is None]
    assert all(value % STEP == 0 for one in usable for value in (one.opens, one.closes, one.stay))
    where = sorted({one.place for one in usable} | set(frame.lunch.places or () if frame.lunch else ()), key=str)
    rate = round(100 * WEIGHTS.walk)

    def way(start: Any, end: Any) -> int | None:
        found = walks.way(start, end, frame.longest_walk)
        return None if found is None else found.minutes

    levels = (0, 1) if frame.needs_lunch else (1,)
    visits = []
    for one in usable:
        for begins in range(one.opens, one.latest + 1, STEP) if one.is_open else (one.opens,):
            if begins >= frame.begins and begins + one.stay <= frame.ends:
                visits += [(level, one.place, begins, one.stay, level, one) for level in levels]
    if frame.needs_lunch and frame.lunch:
        for place in sorted(frame.lunch.places or where, key=str):
            for begins in range(frame.lunch.earliest, frame.lunch.latest + 1, STEP):
                if begins + frame.lunch.minutes <= frame.ends:
                    visits.append((0, place, begins, frame.lunch.minutes, 1, None))
    arcs: list[Any] = []
    by_session: dict[Any, list[int]] = {}
    by_theme: dict[Any, list[int]] = {}
    times: dict[Any, set[int]] = {}
    for level, place, begins, stay, after, one in visits:
        if one is not None:
            by_session.setdefault(one.session, []).append(len(arcs))
            by_theme.setdefault(one.theme, []).append(len(arcs))
        arcs.append((("at", level, place, begins), ("from", after, place, begins + stay), worth(one) if one else 0))
        times.setdefault((level, place), set()).add(begins)
    for (level, place), moments in times.items():
        for earlier, later in itertools.pairwise(sorted(moments)):
            arcs.append((("at", level, place, earlier), ("at", level, place, later), 0))

    def onward(tail: Any, level: int, place: Any, ready: int, gain: int) -> None:
        following = min((moment for moment in times.get((level, place), ()) if moment >= ready), default=None)
        if following is not None:
            arcs.append((tail, ("at", level, place, following), gain))

    for place in where:
        minutes = way(frame.start, place)
        if minutes is not None:
            onward("start", levels[0], place, frame.begins + minutes, -rate * minutes)
    for node in sorted({arc[1] for arc in arcs if arc[1][0] == "from"}, key=str):
        _from, level, place, ready = node
        for other in where:
            minutes = way(place, other)
            if minutes is not None:
                onward(node, level, other, ready + minutes + frame.break_minutes, -rate * minutes)
        minutes = way(place, frame.end)
        if level == 1 and minutes is not None and ready + minutes <= frame.ends:
            arcs.append((node, "end", -rate * minutes))
    arcs.append(("start", "end", 0))
    return arcs, list(by_session.values()), list(by_theme.values())


def by_cp_sat(
    arcs: Any, balance: Any, groups: Any, themes: Any, costs: Any, seconds: float
) -> tuple[int | None, int, str]:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    made = [model.new_bool_var("") for _ in arcs]
    objective = [arc[2] * one for arc, one in zip(arcs, made, strict=True) if arc[2]]
    for node, incident in balance.items():
        model.add(sum(sign * made[number] for number, sign in incident) == {"start": -1, "end": 1}.get(node, 0))
    for group in groups:
        model.add_at_most_one(made[number] for number in group)
    for theme in themes:
        more = [model.new_bool_var("") for _ in costs]
        extra = model.new_int_var(0, 20, "")
        model.add(sum(made[number] for number in theme) <= sum(more) + extra)
        objective += [-cost * one for cost, one in zip(costs, more, strict=True)] + [-costs[-1] * extra]
    model.maximize(sum(objective))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    solver.parameters.linearization_level = 2
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return (
        round(solver.objective_value) if found else None,
        round(solver.best_objective_bound),
        solver.status_name(status),
    )


def by_mip(
    arcs: Any, balance: Any, groups: Any, themes: Any, costs: Any, seconds: float, name: str
) -> tuple[int | None, int, str]:
    from ortools.linear_solver import pywraplp

    solver = pywraplp.Solver.CreateSolver(name)
    made = [solver.BoolVar("") for _ in arcs]
    objective = solver.Objective()
    for (_tail, _head, gain), one in zip(arcs, made, strict=True):
        objective.SetCoefficient(one, gain)
    for node, incident in balance.items():
        flow = {"start": -1, "end": 1}.get(node, 0)
        row = solver.Constraint(flow, flow)
        for number, sign in incident:
            row.SetCoefficient(made[number], sign)
    for group in groups:
        row = solver.Constraint(-solver.infinity(), 1)
        for number in group:
            row.SetCoefficient(made[number], 1)
    for theme in themes:
        row = solver.Constraint(-solver.infinity(), 0)
        for number in theme:
            row.SetCoefficient(made[number], 1)
        for place, cost in enumerate((*costs, costs[-1])):
            more = solver.NumVar(0, 20 if place == len(costs) else 1, "")
            row.SetCoefficient(more, -1)
            objective.SetCoefficient(more, -cost)
    objective.SetMaximization()
    solver.SetTimeLimit(round(1000 * seconds))
    status = solver.Solve()
    names = {pywraplp.Solver.OPTIMAL: "OPTIMAL", pywraplp.Solver.FEASIBLE: "FEASIBLE"}
    found = status in names
    value = round(objective.Value()) if found else None
    return value, round(objective.BestBound()) if found else 10**9, names.get(status, "UNKNOWN")


def by_engine(frame: Frame, candidates: list[Candidate], walks: Walks, seconds: float) -> tuple[int, bool]:
    """The worth of the day that the search for open hours finds, themes left out of the reckoning; is it proven?

    It knows no even five minutes: what it finds may be worth a little more than any day that keeps to them.
    """
    from bryggan.fair.planning import orienteering

    usable = [one for one in candidates if refusal(one) is None]
    eats = sorted(frame.lunch.places or (), key=str) if frame.needs_lunch and frame.lunch else []
    where = [*sorted({one.place for one in usable} | set(eats), key=str)]
    number = {place: at for at, place in enumerate(where)}
    rate = round(100 * WEIGHTS.walk)
    edge = len(where)

    def leg(start: Any, end: Any, pause: int) -> int:
        way = walks.way(start, end, frame.longest_walk)
        return 10_000 if way is None else way.minutes + pause

    travel = [[leg(one, other, frame.break_minutes) for other in where] + [leg(one, frame.end, 0)] for one in where]
    travel.append([leg(frame.start, other, 0) for other in where] + [0])
    sessions = {key: at for at, key in enumerate(dict.fromkeys(one.session for one in usable))}
    pause = rate * frame.break_minutes
    visits = [
        orienteering.Visit(
            number[one.place], one.stay, one.opens, one.latest, worth(one) + pause, sessions[one.session]
        )
        for one in usable
    ]
    if frame.lunch:
        lunch = frame.lunch
        visits += [
            orienteering.Visit(number[place], lunch.minutes, lunch.earliest, lunch.latest, pause, len(sessions), True)
            for place in eats
        ]
    problem = orienteering.Problem(visits, travel, frame.begins, frame.ends, edge, edge, walk_cost=rate)
    route = orienteering.search(problem, seconds=seconds)
    missing = route.missing or not any(stop.visit < len(usable) for stop in route.stops)
    return (0 if missing else max(0, route.value - pause)), route.proven


def school(classes: int, seed: int) -> list[ClassDay]:
    """Classes of one school on one day, of several ages, who share scarce seats."""
    frame, given, walks = day(seed)
    chance = random.Random(1000 + seed)
    seats = {one.key: chance.choice((20, 30, 30, 60, 60, 90)) for one in given}
    made = []
    for _ in range(classes):
        size = chance.randint(16, 31)
        liking = {one.session: chance.uniform(0.5, 1.4) for one in given}
        own = replace(frame, begins=540, ends=chance.choice((780, 810, 840, 870)), start=STATION, end=STATION)
        offered = [
            replace(
                one,
                value=min(100.0, round(one.value * liking[one.session], 1)),
                seats_left=seats[one.key],
                seats_needed=size,
                people=size,
            )
            for one in given
        ]
        made.append(ClassDay(replace(own, longest_walk=30), offered, walks))
    return made


def forty_classes(schools: int) -> list[dict[str, Any]]:
    """Whole schools: seconds, and each class's part of the day that it would have had alone."""
    rows = []
    for seed in range(schools):
        classes = school(40, seed)
        wall, cpu = time.perf_counter(), time.process_time()
        plans = plan_school(classes)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        alone = [plan_day(one.frame, one.candidates, one.walks).value for one in classes]
        parts = [plan.value / max(1, best) for plan, best in zip(plans, alone, strict=True)]
        first = first_come(classes)
        firsts = [value / max(1, best) for value, best in zip(first, alone, strict=True)]
        rows.append(
            {
                "school": seed,
                "wall": round(wall, 1),
                "cpu": round(cpu, 1),
                "least": round(min(parts), 3),
                "mean": round(statistics.fmean(parts), 3),
                "empty": sum(not plan.stops for plan in plans),
                "first_come_least": round(min(firsts), 3),
                "first_come_mean": round(statistics.fmean(firsts), 3),
            }
        )
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def first_come(classes: list[ClassDay]) -> list[int]:
    """What days are worth when each class in turn takes what it likes best."""
    left: dict[Any, Supply] = {}
    values = []
    for given in classes:
        offered = []
        for one in given.candidates:
            supply = left.setdefault(one.key, Supply(one.seats_left or 0))
            if one.is_open:
                stretches = supply.free(one.opens, one.closes, one.stay, one.seats_needed)[:1]
                offered += [replace(one, opens=opens, closes=closes) for opens, closes in stretches]
            else:
                offered.append(replace(one, seats_left=supply.room(one.opens, one.closes)))
        plan = plan_day(given.frame, offered, given.walks)
        seats = given.candidates[0].seats_needed
        for stop in plan.stops:
            if stop.key in left:
                left[stop.key] = left[stop.key].take(stop.begins, stop.ends, seats)
        values.append(plan.value)
    return values


def engines(days: int) -> dict[str, Any]:
    """The search for open hours on the same days, without themes: worth as a part of the planner's, by its seconds."""
    free = Weights(walk=WEIGHTS.walk, repeats=(0.0,))
    made: dict[float, list[tuple[float, float, bool]]] = {}
    for seed in range(days):
        frame, candidates, walks = day(seed)
        best = plan_day(frame, candidates, walks, weights=free).value
        for seconds in (0.3, 1.0, 3.0):
            cpu = time.process_time()
            value, proven = by_engine(frame, candidates, walks, seconds)
            made.setdefault(seconds, []).append((value / max(1, best), time.process_time() - cpu, proven))
    return {
        f"{seconds} s": {
            "mean": round(statistics.fmean(part for part, _cpu, _proven in rows), 4),
            "least": round(min(part for part, _cpu, _proven in rows), 4),
            "cpu_ms": round(1000 * statistics.median(cpu for _part, cpu, _proven in rows)),
            "proven": sum(proven for _part, _cpu, proven in rows),
        }
        for seconds, rows in made.items()
    }


def shares(values: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    ranked = sorted(values)
    return statistics.median(ranked), ranked[min(len(ranked) - 1, int(len(ranked) * 0.95))]


def one_class(days: int, seconds: float | None, solver: str) -> list[dict[str, Any]]:
    rows = []
    plan_day(*day(999))
    for seed in range(days):
        for scarce in (False, True):
            frame, candidates, walks = day(seed, scarce=scarce)
            wall, cpu = time.perf_counter(), time.process_time()
            plan = plan_day(frame, candidates, walks)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            by_key = {one.key: one for one in candidates}
            assert check_day(frame, plan.stops, walks, by_key) == [], seed
            row: dict[str, Any] = {
                "day": seed,
                "seats": "scarce" if scarce else "free",
                "value": plan.value,
                "bound": plan.bound,
                "proven": plan.proven,
                "sessions": sum(stop.kind == "session" for stop in plan.stops),
                "wall": round(1000 * wall, 1),
                "cpu": round(1000 * cpu, 1),
            }
            if seconds:
                began = time.perf_counter()
                best, bound, status = exact(frame, candidates, Walks(walks.positions), seconds, solver)
                row |= {"exact": best, "exact_bound": bound, "status": status}
                row["exact_seconds"] = round(time.perf_counter() - began, 1)
            rows.append(row)
            print(json.dumps(row), file=sys.stderr, flush=True)
    return rows


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for seats in ("free", "scarce"):
        some = [row for row in rows if row["seats"] == seats]
        wall, cpu = shares([row["wall"] for row in some]), shares([row["cpu"] for row in some])
        made[seats] = {
            "days": len(some),
            "wall_ms": wall,
            "cpu_ms": cpu,
            "proven": sum(row["proven"] for row in some),
            "own_gap_worst": max((row["bound"] - row["value"]) / max(1, row["bound"]) for row in some),
        }
        if "exact" in some[0]:
            gaps = [(row["exact"] - row["value"]) / max(1, row["exact"]) for row in some]
            made[seats] |= {
                "gap_mean": statistics.fmean(gaps),
                "gap_worst": max(gaps),
                "exact_proven": sum(row["status"] == "OPTIMAL" for row in some),
                "exact_seconds": shares([row["exact_seconds"] for row in some]),
                "exact_better": sum(gap > 0 for gap in gaps),
                "planner_better": sum(gap < 0 for gap in gaps),
            }
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=35)
    parser.add_argument("--exact", type=float, metavar="SECONDS")
    parser.add_argument("--solver", default="CP-SAT", choices=("CP-SAT", "SCIP", "HIGHS"))
    parser.add_argument("--school", action="store_true", help="forty classes at once, instead")
    parser.add_argument("--engine", action="store_true", help="the search for open hours on these days, instead")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.exact:
        try:
            import ortools  # noqa: F401
        except ImportError:
            sys.exit("planner.py: --exact needs OR-Tools: pip install ortools==9.15.6755 in an environment of its own")
    if asked.school or asked.engine:
        print(json.dumps(forty_classes(3) if asked.school else engines(asked.days), indent=1))
        return
    rows = one_class(asked.days, asked.exact, asked.solver)
    result = {"summary": summary(rows), "days": rows}
    print(json.dumps(result if asked.json else result["summary"], indent=1))


if __name__ == "__main__":
    main()
