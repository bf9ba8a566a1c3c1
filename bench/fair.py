"""CPU per answer, SQL statements and weight of the fair's pages: programme, calendar, shared page, fair, open data.

    .venv/bin/python bench/fair.py [--sessions 3000] [--classes 200] [--requests 60] [--json]

Makes a database of its own in a temporary folder and throws it away: a fair of 35 days at 40 places, and for each
class a programme of 20 stops over four days, a fifth of them booked. Every figure is CPU time of this process (user
and system) for one answer through the whole of Django, each for another class or day, after warm-up. The floor of
the same run: the answer of a view that does nothing, and reading the programme without making a page of it. Beside
each figure stands what the empty view took just then (`floor_ms`), and the fastest twentieth (`cpu_ms_p05`): on a
machine that others use at the same time, the same work takes up to three times as long.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import itertools
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time as clock
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.test import Client

    from bryggan.fair.models import Fair, Itinerary

FIRST_ON, DAYS, VENUES, STOPS_A_DAY, PROGRAMME_DAYS = date(2027, 5, 30), 35, 40, 5, 4
CORE = (56.0437, 12.6945)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sessions", type=int, default=3000)
    parser.add_argument("--classes", type=int, default=200)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--only", help="one of the figures alone, by its name")
    parser.add_argument("--profile", action="store_true", help="where the time of --only goes")
    parser.add_argument("--folder", help="keep the database there, and use the one that is there")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.folder or stack.enter_context(tempfile.TemporaryDirectory())
        os.environ.update(BRYGGAN_DATA_DIR=folder, DJANGO_SETTINGS_MODULE="bryggan.config.settings")
        os.environ.pop("BRYGGAN_DATABASE_URL", None)
        import django

        django.setup()
        result = measure(options)
    print(json.dumps(result, indent=None if options.json else 1, ensure_ascii=False))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import transaction
    from django.test import Client

    from bryggan.curriculum.extracting import load_extract
    from bryggan.fair.models import Fair, Itinerary
    from bryggan.fair.programmes import sharing
    from bryggan.fair.programmes.timetables import for_timetable, timetable
    from bryggan.web import staticfiles

    staticfiles.prepare()
    if options.folder is None or not Path(options.folder, "bryggan.sqlite3").exists():
        call_command("migrate", verbosity=0)
        load_extract()
        with transaction.atomic():
            generate(options.sessions, options.classes)
    fair = Fair.objects.get()
    itineraries = list(for_timetable(Itinerary.objects.order_by("pk")))
    tokens = [sharing.token_of(sharing.share(one, by=one.made_by)) for one in itineraries[:60]]
    visitor = Client()
    browsers: dict[int, Client] = {}
    for one in itineraries:
        if one.made_by_id not in browsers:
            browsers[one.made_by_id] = Client()
            browsers[one.made_by_id].force_login(one.made_by)
            # Middleware is loaded once for all of them, as in a server.
            browsers[one.made_by_id].handler = visitor.handler
    teacher = browsers[itineraries[0].made_by_id]
    days = [FIRST_ON + timedelta(days=number) for number in range(DAYS)]

    def get(client: Client, addresses: Sequence[str], **headers: str) -> list[Callable[[], Any]]:
        return [lambda address=address: client.get(address, headers=headers) for address in addresses]

    feeds = [f"/delad/{token}/kalender.ics" for token in tokens]
    tag = visitor.get(feeds[0])["ETag"]
    asked: dict[str, list[Callable[[], Any]]] = {
        "programme page": [
            call for one in itineraries for call in get(browsers[one.made_by_id], [one.get_absolute_url()])
        ],
        "list of programmes": get(teacher, ["/program"]),
        "days to choose": get(teacher, ["/program/ny"]),
        "day proposed": get(teacher, [f"/program/ny?dag={day}" for day in days if day.weekday() < 5]),
        "shared page": get(visitor, [f"/delad/{token}" for token in tokens]),
        "calendar feed": get(visitor, feeds),
        "calendar feed, nothing new": get(visitor, feeds[:1], if_none_match=tag),
        "/massan": get(visitor, [f"/massan?day={day}" for day in days]),
        "API sessions": get(visitor, [f"/api/v1/fairs/{fair.pk}/sessions?day={day}&group_size=26" for day in days]),
        "floor: empty view": get(teacher, ["/healthz"]),
        "floor: programme read": [lambda one=one: timetable(one) for one in itineraries],
    }
    result: dict[str, Any] = {
        "sessions": options.sessions, "classes": options.classes, "requests": options.requests,
        "python": platform.python_version(), "machine": f"{os.cpu_count()} cores",
    }  # fmt: skip
    for name, calls in asked.items():
        if options.only in (None, name):
            floor = figures(asked["floor: empty view"], options.requests, profiled=False)["cpu_ms"]
            result[name] = {**figures(calls, options.requests, profiled=options.profile), "floor_ms": floor}
    return result


def figures(calls: Sequence[Callable[[], Any]], number: int, *, profiled: bool) -> dict[str, float]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for call in calls[:5]:
        call()
    with CaptureQueriesContext(connection) as captured:
        answer = calls[0]()
        statements = len(captured)
    many = list(itertools.islice(itertools.cycle(calls), number))
    if profiled:
        import cProfile
        import pstats

        with cProfile.Profile() as profile:
            for call in many:
                call()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(45)
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumtime").print_stats(90)
    times = sorted(cpu_ms(call) for call in many)
    told = {
        "cpu_ms": round(statistics.median(times), 2),
        "cpu_ms_p05": round(times[int(len(times) * 0.05)], 2),
        "cpu_ms_p95": round(times[int(len(times) * 0.95)], 2),
        "sql": statements,
    }
    if hasattr(answer, "content"):
        assert answer.status_code in (200, 304), answer.status_code
        told["kB"] = round(len(answer.content) / 1000, 1)
        told["kB_compressed"] = round(len(gzip.compress(answer.content)) / 1000, 1)
    return told


def cpu_ms(call: Callable[[], Any]) -> float:
    began = clock.process_time()
    call()
    return (clock.process_time() - began) * 1000


def generate(sessions: int, classes: int, *, seed: int = 4) -> None:
    """A fair, and a programme of 20 stops for each class; everything is the teacher's own."""
    from bryggan.accounts.models import SchoolClass, SchoolMembership, SchoolUnit, User
    from bryggan.curriculum.models import Subject
    from bryggan.fair.models import Area, Fair, Session, State, Venue

    chance = random.Random(seed)
    fair = Fair.objects.create(
        slug="massan", name="Stadsmässan", first_on=FIRST_ON, last_on=FIRST_ON + timedelta(days=DAYS - 1),
        is_published=True, start_name="Helsingborg C", start_latitude=CORE[0], start_longitude=CORE[1],
    )  # fmt: skip
    areas = [Area.objects.create(fair=fair, slug=f"del-{n}", name=f"Stadsdel {n}") for n in range(8)]
    venues = [
        Venue.objects.create(
            fair=fair, area=areas[n % 8], slug=f"plats-{n}", name=f"Plats {n} vid torget",
            latitude=CORE[0] + chance.uniform(-0.006, 0.006), longitude=CORE[1] + chance.uniform(0, 0.012),
        )
        for n in range(VENUES)
    ]  # fmt: skip
    subjects = list(Subject.objects.filter(school_form="GR")[:12])
    made = Session.objects.bulk_create(
        Session(
            fair=fair, remote_id=f"p-{n}", title=f"Programpunkt {n} om staden och havet", state=State.PUBLISHED,
            summary="Vi provar tillsammans, pratar efteråt och tar med en fråga hem till klassrummet.",
            venue=chance.choice(venues), minutes=45, needs_booking=n % 3 != 0, capacity=60 if n % 3 else None,
            kind=Session.Kind.FIXED, school_forms=["GR"], school_years=[4, 5, 6, 7, 8, 9] if n % 4 else [],
            theme=chance.choice(["vatten", "energi", "robotar", "demokrati"]),
        )
        for n in range(sessions)
    )  # fmt: skip
    if subjects:
        links = Session.subjects.through
        links.objects.bulk_create(links(session_id=one.pk, subject_id=chance.choice(subjects).pk) for one in made)
    by_slot = occasions(made, chance)
    school = SchoolUnit.objects.create(name="Bänkskolan", code="99999999")
    users = [User.objects.create(email=f"larare{n}@skola.example.org", is_teacher=True) for n in range(classes)]
    for user in users:
        SchoolMembership.objects.create(user=user, school_unit=school, confirmed_at=datetime.now().astimezone())
    for number in range(classes):
        user = users[number // 4]
        school_class = SchoolClass.objects.create(
            label=f"{7 + number % 3}{number}", school_unit=school, school_form="GR", school_years=[7 + number % 3],
            pupils=24, adults=2,
        )  # fmt: skip
        school_class.teachers.add(user)
        school_class.subjects.set(chance.sample(subjects, min(3, len(subjects))))
        programme(fair, school_class, by_slot, user, chance)


# When the four visits and the lunch of a day begin, in quarters of an hour after midnight.
SLOTS = (37, 41, 50, 54)
LUNCH = 46


def occasions(sessions: Sequence[Any], chance: random.Random) -> dict[tuple[date, int], list[Any]]:
    """Three times for each session; by day and beginning."""
    from bryggan.fair.models import Occasion

    rows = []
    for session in sessions:
        for day in chance.sample(range(DAYS), 3):
            starts_at = moment(FIRST_ON + timedelta(days=day), chance.choice(SLOTS))
            rows.append(
                Occasion(
                    session=session, remote_id=str(day), starts_at=starts_at, capacity=session.capacity,
                    ends_at=starts_at + timedelta(minutes=session.minutes),
                    booking_closes_at=starts_at - timedelta(days=1),
                )
            )  # fmt: skip
    found: dict[tuple[date, int], list[Any]] = {}
    for row in Occasion.objects.bulk_create(rows):
        local = row.starts_at
        found.setdefault((local.date(), local.hour * 4 + local.minute // 15), []).append(row)
    return found


def programme(fair: Fair, school_class: Any, by_slot: dict[Any, list[Any]], user: Any, chance: random.Random) -> None:
    from bryggan.fair.models import Booking, Itinerary, ItineraryDay, Stop

    itinerary: Itinerary = Itinerary.objects.create(
        fair=fair, school_class=school_class, name="Vår vecka på mässan", made_by=user
    )
    stops = []
    # Tuesday to Friday of the first week.
    for day in (FIRST_ON + timedelta(days=2 + number) for number in range(PROGRAMME_DAYS)):
        ItineraryDay.objects.create(
            itinerary=itinerary, on=day, begins=time(8, 45), ends=time(15), lunch_minutes=40, lunch_from=time(11),
            lunch_until=time(12, 30),
        )  # fmt: skip
        for slot in SLOTS:
            occasion = chance.choice(by_slot[day, slot])
            stops.append(
                Stop(
                    itinerary=itinerary, occasion=occasion, starts_at=occasion.starts_at, ends_at=occasion.ends_at,
                    reason="subject", reason_params={"subject": "Matematik"},
                )
            )  # fmt: skip
        eats = moment(day, LUNCH)
        stops.append(Stop(itinerary=itinerary, kind="lunch", starts_at=eats, ends_at=eats + timedelta(minutes=40)))
    for stop in Stop.objects.bulk_create(stops):
        if stop.occasion and stop.occasion.capacity and chance.random() < 0.4:
            Booking.objects.create(
                occasion=stop.occasion, school_class=school_class, pupils=24, adults=2, seats=26, state="booked",
                starts_at=stop.starts_at, ends_at=stop.ends_at,
            )  # fmt: skip


def moment(day: date, quarters: int) -> datetime:
    from bryggan.fair.local_times import STOCKHOLM

    return datetime.combine(day, time(*divmod(quarters * 15, 60)), STOCKHOLM)


if __name__ == "__main__":
    sys.exit(main())
