"""CPU of the page of figures over three years of facts, as everybody, a teacher, a coordinator and an editor.

    .venv/bin/python bench/insights.py [--events 50000] [--schools 120] [--years 3] [--rounds 30] [--json]

Makes a database of its own in a temporary folder and throws it away. Every event goes in by `facts.count_all`, as it
does when it happens, and hardly any two share a row: the worst case. CPU per answer, median and the 95th of a hundred.
Floors from the same run: the same page without any facts, and reading the rows of two terms by one bare statement.
`suppression` is the hiding alone, of generated tables.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--schools", type=int, default=120)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(BRYGGAN_DATA_DIR=folder, DJANGO_SETTINGS_MODULE="bryggan.config.settings")
        sys.path.insert(0, str(ROOT / "tests"))
        import django
        from django.conf import settings

        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        settings.ALLOWED_HOSTS = ["*"]
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        result = measure(options)
    print(json.dumps(result, indent=None if options.json else 1, ensure_ascii=False))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.db import connection

    from accounts import factories as people
    from bryggan.accounts.models import Coordination, Fact
    from bryggan.accounts.school_days import half_year_of

    coordinator, teacher, editor = people.coordinator(), people.teacher(), people.editor()
    readers = {"everybody": None, "teacher": teacher, "coordinator": coordinator, "editor": editor}
    empty = {name: page(who, options.rounds)["ms"] for name, who in readers.items()}
    seconds = fill(options, Coordination.objects.get(user=coordinator).department)
    term = half_year_of(date.today())

    def bare() -> None:
        rows = Fact.objects.filter(month__range=(term.before.first_on, term.last_on))
        list(rows.values_list("measure", "school_form", "count"))

    answers = {name: {**page(who, options.rounds), "ms_without_facts": empty[name]} for name, who in readers.items()}
    return {
        "database": connection.vendor,
        "events": options.events,
        "rows": Fact.objects.count(),
        "fill_seconds": round(seconds, 1),
        "floor_ms_rows_of_the_term": timed(bare, options.rounds)["ms"],
        "page": answers,
        "suppression_ms": suppression(options.rounds),
    }


def fill(options: argparse.Namespace, department: Any) -> float:
    from accounts import factories as people
    from alignment import factories as make
    from bryggan.accounts import facts
    from bryggan.accounts.facts import Happened
    from bryggan.curriculum.models import SchoolForm
    from bryggan.invitations.models import Kind, Phase

    chance = random.Random(6)
    forms = [form.value for form in SchoolForm]
    classes = []
    for number in range(options.schools):
        unit = people.school_unit(f"Skola {number}", organizer=f"Huvudman {number % 25}", area=f"Område {number % 18}")
        for form in chance.sample(forms, 2):
            classes.append(people.school_class(school_unit=unit, school_form=form))
    initiatives = [
        make.initiative(f"Initiativ {n}", department=department if n % 10 == 0 else None) for n in range(60)
    ]
    weights = [1 / (n + 1) for n in range(60)]
    measures = ("interest", "programme", "programme stop", "booking", "invitation", "invitation accepted",
                "idea round", "idea sent", "idea answered", "class work")  # fmt: skip
    began = time.perf_counter()
    left = options.events
    months = [date.today().replace(day=1)]
    while len(months) < options.years * 12:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    for month in months:
        for name in measures:
            happened = []
            for _event in range(options.events // (len(months) * len(measures)) + 1):
                about = chance.choices(initiatives, weights)[0] if name != "programme" else None
                detail = f"{chance.choice(Phase.values)} {chance.choice(Kind.values)}" if name == "interest" else ""
                happened.append(Happened(chance.choice(classes), about and about.pk, "", detail, 25))
            happened = happened[:left]
            left -= len(happened)
            facts.count_all(name, happened, on=month)
    return time.perf_counter() - began


def page(who: Any, rounds: int) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    if who:
        client.force_login(who)
    client.get("/insikter")
    with CaptureQueriesContext(connection) as statements:
        answer = client.get("/insikter")
    assert answer.status_code == 200
    told = {"sql": len(statements), "bytes": len(answer.content)}
    return {**timed(lambda: client.get("/insikter"), rounds), **told}


def suppression(rounds: int) -> dict[str, float]:
    from bryggan.insights.suppression import counted, suppressed

    chance = random.Random(1)
    names, columns = [str(n) for n in range(30)], [*"abcdefg"]
    found = {}
    for name, sums_rows in (("30 x 7, sums of columns", False), ("30 x 7, sums of rows too", True)):
        counts = {(row, one): chance.choice([0, 1, 2, 3, 4, 7, 12, 30]) for row in names for one in columns}
        table = counted(names, columns, counts, sums_rows=sums_rows)
        found[name] = timed(lambda table=table: suppressed(table), min(rounds, 5))["ms"]
    return found


def timed(call: Callable[[], Any], rounds: int) -> dict[str, float]:
    taken = []
    for _round in range(rounds):
        began = time.process_time()
        call()
        taken.append((time.process_time() - began) * 1000)
    taken.sort()
    return {"ms": round(statistics.median(taken), 1), "ms_p95": round(taken[int(len(taken) * 0.95)], 1)}


if __name__ == "__main__":
    sys.exit(main())
