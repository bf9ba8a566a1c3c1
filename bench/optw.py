"""The planner's search on published orienteering problems with time windows (one path), beside the best known scores.

    .venv/bin/python bench/optw.py DIR [--seconds 1] [--only c101,r104] [--jobs 1] [--json]

DIR holds best_known_m1.csv and folders of instances. Each gets its seconds on one thread; reading the instance and
starting Python do not count, and are stated. Every route is walked again here, by the instance's own rules and not by
the search's: distances rounded down, `close` limits the start of a visit, point 0 is start and end.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import csv
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STARTED = time.perf_counter()
ROOT = Path(__file__).resolve().parents[1]
HUNDREDTHS = 100


@dataclass(frozen=True)
class Point:
    """Where, how long, what it brings, and when: times in hundredths of the instance's unit."""

    x: float
    y: float
    service: int
    score: int
    opens: int
    closes: int


@dataclass(frozen=True)
class Instance:
    """Points, the depot first, and the decimals that distances keep."""

    name: str
    points: tuple[Point, ...]
    decimals: int

    def distance(self, a: int, b: int) -> int:
        """In hundredths, rounded down to the instance's decimals."""
        one, other = self.points[a], self.points[b]
        exact = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5
        return int(exact * 10**self.decimals + 1e-9) * (HUNDREDTHS // 10**self.decimals)


def read(path: Path, decimals: int) -> Instance:
    points = []
    for line in path.read_text("utf-8").splitlines()[2:]:
        numbers = [float(word) for word in line.split()]
        if numbers:
            _, x, y, service, score, *_, opens, closes = numbers
            times = [round(moment * HUNDREDTHS) for moment in (service, opens, closes)]
            points.append(Point(x, y, times[0], round(score), times[1], times[2]))
    return Instance(path.stem, tuple(points), decimals)


def broken(instance: Instance, route: list[int], score: int) -> list[str]:
    """The rules of the instance that a route (points without the depot, in order) breaks."""
    found = []
    if len(set(route)) < len(route) or 0 in route:
        found.append("a point is visited twice, or the depot in between")
    now, at = instance.points[0].opens, 0
    for number in route:
        point = instance.points[number]
        now = max(now + instance.points[at].service + instance.distance(at, number), point.opens)
        if now > point.closes:
            found.append(f"point {number} is reached at {now}, after {point.closes}")
        at = number
    back = now + instance.points[at].service + instance.distance(at, 0)
    if back > instance.points[0].closes:
        found.append(f"the depot is reached at {back}, after {instance.points[0].closes}")
    total = sum(instance.points[number].score for number in route)
    if total != score:
        found.append(f"the scores sum to {total}, not {score}")
    return found


def solve(instance: Instance, seconds: float, seed: int) -> dict[str, object]:
    from bryggan.fair.planning.orienteering import Problem, Visit, search

    numbers = range(len(instance.points))
    depot = instance.points[0]
    problem = Problem(
        visits=[
            Visit(number, point.service, point.opens, point.closes, point.score)
            for number, point in enumerate(instance.points)
            if number
        ],
        travel=[[instance.distance(a, b) for b in numbers] for a in numbers],
        begins=depot.opens,
        ends=depot.closes,
        start_place=0,
        end_place=0,
    )
    began, worked = time.perf_counter(), time.process_time()
    found = search(problem, seconds=seconds, seed=seed)
    took, worked = time.perf_counter() - began, time.process_time() - worked
    route = [stop.visit + 1 for stop in found.stops]
    return {
        "instance": instance.name,
        "score": found.value,
        "proven": found.proven,
        "bound": found.bound,
        "route": route,
        "seconds": round(took, 3),
        "cpu_seconds": round(worked, 3),
        "broken": broken(instance, route, found.value),
    }


def measure(path: Path, decimals: int, seconds: float, seed: int, known: dict[str, str]) -> dict[str, object]:
    result = solve(read(path, decimals), seconds, seed)
    best = int(known["score"])
    score = int(str(result["score"]))
    return result | {"best_known": best, "status": known["status"], "gap": round(100 * (best - score) / best, 3)}


def mean_gap(results: list[dict[str, object]]) -> float | None:
    gaps = [float(str(result["gap"])) for result in results]
    return round(sum(gaps) / len(gaps), 3) if gaps else None


def table(results: list[dict[str, object]]) -> str:
    lines = [f"{'':8}{'score':>7}{'best':>7}{'gap %':>7}{'wall s':>8}{'CPU s':>8}  "]
    for result in results:
        notes = [word for word, true in (("proven", result["proven"]), ("BROKEN", result["broken"])) if true]
        lines.append(
            f"{result['instance']:8}{result['score']:7}{result['best_known']:7}{result['gap']:7.2f}"
            f"{result['seconds']:8.2f}{result['cpu_seconds']:8.2f}  {' '.join(notes)}"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="names of instances, with commas between")
    parser.add_argument("--jobs", type=int, default=1, help="instances at once, each on its own core")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    sys.path.insert(0, str(ROOT / "src"))
    with (options.folder / "best_known_m1.csv").open(encoding="utf-8") as file:
        known = {row["instance"]: row for row in csv.DictReader(file)}
    files = {}
    for part, decimals in (("solomon100", 1), ("cordeau", 2), ("solomon2xx", 1)):
        for path in sorted((options.folder / part).glob("*.txt")):
            if path.stem in known and (not options.only or path.stem in options.only.split(",")):
                files[path] = decimals
    import bryggan.fair.planning.orienteering  # noqa: F401 (so that the first instance does not pay for it)

    start_up = time.perf_counter() - STARTED
    work = [(path, decimals, options.seconds, options.seed, known[path.stem]) for path, decimals in files.items()]
    if options.jobs > 1:
        with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
            results = list(pool.map(measure, *zip(*work, strict=True)))
    else:
        results = [measure(*job) for job in work]
    optima = [result for result in results if result["status"] == "optimum"]
    summary = {
        "seconds": options.seconds,
        "start_up_seconds": round(start_up, 2),
        "instances": len(results),
        "mean_gap": mean_gap(results),
        "optima": len(optima),
        "mean_gap_optima": mean_gap(optima),
        "reached": sum(float(str(result["gap"])) <= 0 for result in results),
        "longest_wall_seconds": max((float(str(result["seconds"])) for result in results), default=0.0),
        "broken": [result["instance"] for result in results if result["broken"]],
    }
    if options.json:
        print(json.dumps(summary | {"results": results}))
    else:
        print(table(results))
        print("\n".join(f"{name}: {value}" for name, value in summary.items()))
    return 1 if summary["broken"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
