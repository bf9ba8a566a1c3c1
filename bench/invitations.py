"""Seconds and CPU of a round to many teachers, of the coordinator's desk, and of sending the mails.

    .venv/bin/python bench/invitations.py [--teachers 2000] [--interests 5000] [--mails 2000] [--json]

Makes a database of its own in a temporary folder and throws it away (with BRYGGAN_DATABASE_URL set, uses that one,
which must be empty and migrated by nobody else). Each figure has a floor from the same run: writing the same number of
rows and nothing else, reading the same rows by one bare statement, sending the same number of ready-made messages
over one connection to the same sink. The desk is CPU per answer, median; the rest is time by the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import smtplib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--teachers", type=int, default=2000)
    parser.add_argument("--interests", type=int, default=5000)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(BRYGGAN_DATA_DIR=folder, DJANGO_SETTINGS_MODULE="bryggan.config.settings")
        sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        result = measure(options.teachers, options.interests, options.mails)
    print(json.dumps(result, indent=None if options.json else 1, ensure_ascii=False))
    return 0


def measure(teachers: int, interests: int, mails: int) -> dict[str, Any]:
    from django.db import connection
    from django.urls import reverse

    from bryggan.accounts.models import Notice
    from bryggan.invitations import rounds
    from bryggan.invitations.models import Interest
    from bryggan.web import staticfiles

    staticfiles.prepare()
    # As in a process that has answered before: addresses and templates are read.
    reverse("home")
    coordinator, initiatives = fill(teachers, interests)
    result: dict[str, Any] = {"database": connection.vendor, "teachers": teachers}
    round = a_round(coordinator, initiatives[0])
    rounds.preview(a_round(coordinator, initiatives[1]), to=coordinator)
    seconds, statements, (audience, _mail) = timed(lambda: rounds.preview(round, to=coordinator))
    result["preview"] = {
        "seconds": seconds,
        "statements": statements,
        "classes": len(audience.invited),
        "floor_seconds_bare_rows": timed(bare_rows)[0],
    }
    seconds, statements, sent = timed(lambda: rounds.send(round, by=coordinator))
    result["send"] = {
        "seconds": seconds,
        "statements": statements,
        "classes": sent,
        "letters": Notice.objects.count(),
        "floor_seconds_rows_only": timed(lambda: rows_only(sent))[0],
    }
    result["desk"] = desk(coordinator, initiatives, Interest.objects.open().count())
    result["mail"] = mail(mails)
    return result


def fill(teachers: int, interests: int) -> tuple[Any, list[Any]]:
    """A city of schools with a class and a teacher each time, ten initiatives of one department, and interest."""
    import random

    from django.utils import timezone

    from accounts import factories as people
    from alignment import factories as make
    from bryggan.accounts.models import Coordination, SchoolClass, SchoolMembership, User
    from bryggan.invitations.models import Interest, Kind, Phase

    chance = random.Random(5)
    now = timezone.now()
    schools = [people.school_unit(f"Skola {n}", organizer="Staden", area=f"Område {n % 8}") for n in range(60)]
    users = User.objects.bulk_create(
        [
            User(email=f"l{n}@skola.example.org", name=f"Lärare {n}", is_teacher=True, password="!")
            for n in range(teachers)
        ]
    )
    SchoolMembership.objects.bulk_create(
        [SchoolMembership(user=one, school_unit=schools[n % 60], confirmed_at=now) for n, one in enumerate(users)]
    )
    classes = SchoolClass.objects.bulk_create(
        [
            SchoolClass(
                school_unit=schools[n % 60], label=f"{n % 9 + 1}{n}", school_form="GR", school_years=[n % 9 + 1],
                pupils=18 + n % 11, adults=2,
            )
            for n in range(teachers)
        ]
    )  # fmt: skip
    through = SchoolClass.teachers.through
    through.objects.bulk_create(
        [through(schoolclass_id=one.pk, user_id=user.pk) for one, user in zip(classes, users, strict=True)]
    )
    subjects = [people.subject(name) for name in ("Teknik", "Biologi", "Fysik", "Kemi", "Bild", "Svenska")]
    taught = SchoolClass.subjects.through
    taught.objects.bulk_create(
        [taught(schoolclass_id=one.pk, subject_id=sub.pk) for one in classes for sub in chance.sample(subjects, 2)]
    )
    coordinator = people.coordinator()
    department = Coordination.objects.get(user=coordinator).department
    initiatives = [make.initiative(f"Initiativ {n}", department=department) for n in range(10)]
    pairs = [(one, initiative) for initiative in initiatives for one in classes]
    Interest.objects.bulk_create(
        [
            Interest(
                school_class=one, initiative=initiative, phase=chance.choice(Phase.values),
                kind=chance.choice(Kind.values), expressed_by=None,
                expressed_at=now - timedelta(days=chance.randrange(360)),
            )
            for one, initiative in chance.sample(pairs, min(interests, len(pairs)))
        ]
    )  # fmt: skip
    return coordinator, initiatives


def a_round(coordinator: Any, initiative: Any) -> Any:
    from django.utils import timezone

    from bryggan.invitations import rounds
    from bryggan.invitations.models import InvitationRound

    now = timezone.now()
    starts = [now + timedelta(days=30 + n) for n in range(8)]
    return rounds.save_round(
        InvitationRound(
            department=coordinator.coordinations.get().department, initiative=initiative, title="Kom och se på vatten",
            text="Vi visar hur vatten renas.\n\nTa med kläder efter väder.", place="Verket",
            answer_by=now + timedelta(days=14), to_matching=True,
        ),
        times=[rounds.Time(at, at + timedelta(hours=1), 60) for at in starts],
        by=coordinator,
    )  # fmt: skip


def desk(coordinator: Any, initiatives: list[Any], open_interests: int) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from bryggan.invitations.models import Interest

    client = Client()
    client.force_login(coordinator)
    addresses = {
        "desk": "/forvaltning/intresse",
        "desk_filtered": "/forvaltning/intresse?school_form=GR&year=8&phase=during",
        "one_initiative": f"/forvaltning/intresse/initiativ/{initiatives[0].pk}",
    }
    found: dict[str, Any] = {"open_interests": open_interests}
    for name, address in addresses.items():
        for _ in range(5):
            assert client.get(address).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        statements = len(queries)
        found[name] = {"cpu_ms": cpu(lambda address=address: client.get(address)), "statements": statements}
    found["floor_cpu_ms_bare_count"] = cpu(lambda: Interest.objects.open().count())
    found["floor_cpu_ms_all_rows"] = cpu(
        lambda: list(Interest.objects.open().values_list("pk", "school_class__pupils", "initiative_id"))
    )
    return found


def mail(number: int) -> dict[str, Any]:
    """Mails a second to a sink in a process of its own, and the same messages sent bare over one connection."""
    from django.conf import settings

    from bryggan.common import outbox
    from bryggan.common.models import OutgoingMail
    from mail_sink import MailSink

    # Written at night, they would wait for the morning.
    OutgoingMail.objects.update(next_try_at="2020-01-01T00:00:00Z")
    waiting = list(OutgoingMail.objects.order_by("created_at", "pk")[:number])
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
        bare = [outbox.message_of(one).message().as_bytes() for one in waiting]

        def send_bare() -> None:
            with smtplib.SMTP(sink.host, sink.port) as server:
                for row, content in zip(waiting, bare, strict=True):
                    server.sendmail("bryggan@example.org", [row.to], content)

        floor = timed(send_bare)[0]
        sink.forget()
        sent, seconds = 0, 0.0
        while sent < len(waiting):
            took, _statements, done = timed(outbox.send_waiting)
            if not done:
                break
            sent, seconds = sent + done, seconds + took
        ids = sink.message_ids()
    return {
        "sent": sent,
        "different_message_ids": len(set(ids)),
        "per_second": round(sent / seconds),
        "floor_per_second_bare_smtp": round(len(waiting) / floor),
    }


def bare_rows() -> None:
    from bryggan.accounts.models import SchoolClass

    list(SchoolClass.objects.values_list("pk", "label", "pupils", "adults", "school_unit__name", "teachers__email"))


def rows_only(number: int) -> None:
    """As many notices and mails as the round wrote, and nothing worked out."""
    import secrets

    from django.db import transaction

    from bryggan.accounts.models import Notice, User
    from bryggan.common.models import OutgoingMail

    text, html = "x" * 900, "x" * 1400
    users = list(User.objects.filter(is_teacher=True).values_list("pk", flat=True)[:number])
    with contextlib.suppress(_Undo), transaction.atomic():
        Notice.objects.bulk_create(
            [Notice(user_id=pk, kind="invitation", cause="floor", title="x", text=text) for pk in users],
            batch_size=500,
        )
        OutgoingMail.objects.bulk_create(
            [
                OutgoingMail(
                    message_id=secrets.token_hex(16),
                    to=f"{pk}@example.org",
                    kind="x",
                    subject="x",
                    text=text,
                    html=html,
                )
                for pk in users
            ],
            batch_size=500,
        )
        raise _Undo


class _Undo(Exception):
    pass


def timed(do: Callable[[], Any]) -> tuple[float, int, Any]:
    """Seconds, statements and what it answered."""
    from django.db import connection

    counted = 0

    def count(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        nonlocal counted
        counted += 1
        return execute(sql, params, many, context)

    with _wrapped(connection, count):
        began = time.perf_counter()
        answer = do()
        return round_off(time.perf_counter() - began), counted, answer


@contextlib.contextmanager
def _wrapped(connection: Any, wrapper: Any) -> Iterator[None]:
    with connection.execute_wrapper(wrapper):
        yield


def cpu(do: Callable[[], Any], times: int = 15) -> float:
    taken = []
    for _ in range(times):
        began = time.process_time()
        do()
        taken.append((time.process_time() - began) * 1000)
    return round_off(statistics.median(taken))


def round_off(number: float) -> float:
    return float(f"{number:.3g}")


if __name__ == "__main__":
    sys.exit(main())
