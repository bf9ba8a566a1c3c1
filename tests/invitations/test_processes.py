"""Real processes: a crowd of invited classes for few seats, the worker killed, and a mail server that is watched."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts import factories as people
from bryggan.accounts import letters
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import LetterKind
from bryggan.common import outbox
from bryggan.common.models import OutgoingMail
from bryggan.fair.models import Booking, Occasion, SeatOffer, WaitingEntry
from bryggan.fair.seating import replay, seats
from bryggan.invitations import following
from bryggan.invitations.models import Invitation
from fair import crowd
from fair.crowd import ROOT, Plan, gather
from fair.factories import DAY, at
from invitations import smtp_sink
from invitations import visit_factories as make
from invitations.smtp_sink import Sink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

PATIENCE = 60


@pytest.fixture
def sink() -> Iterator[Sink]:
    with smtp_sink.running() as running:
        yield running


# ------------------------------------------------------------------------------------------------ for thirty seats


def invited(clients: int) -> tuple[Occasion, list[int]]:
    """Thirty seats, and classes of 18 to 27 pupils and two or three adults that are invited to them."""
    department, _coordinator = make.host()
    session = make.visit(department)
    occasion = make.time(session, at(10), capacity=30, reserved=30, booking_closes_at=at(15) - timedelta(days=1))
    round = make.round(department, occasion, answer_by=at(15) - timedelta(days=1))
    unit = people.school_unit()
    classes = [
        people.school_class(people.teacher(), school_unit=unit, pupils=18 + number % 10, adults=2 + number % 2)
        for number in range(clients)
    ]
    for school_class in classes:
        make.invitation(round, school_class=school_class)
    return occasion, [school_class.pk for school_class in classes]


def test_two_hundred_invited_classes_for_thirty_seats(sink: Sink, settings: Settings) -> None:
    occasion, classes = invited(200)
    # SQLite serves few processes at a time, as in use: each is the browser of four teachers there.
    clients = 200 if connection.vendor == "postgresql" else 50
    plan = Plan(
        occasions=(occasion.pk,),
        classes=tuple(classes),
        clients=clients,
        first_day=(DAY - timedelta(days=5)).isoformat(),
        hours=4 * 8 + 7.5,
        acts=2 * clients,
        client="invitations.crowd_client:teacher",
        lanes=("seats", "mail"),
        kill_workers=2,
        kill_clients=2,
    )

    seen = gather(plan, BRYGGAN_EMAIL_URL=sink.address)
    # What a killed worker had in its hands is sent by the next when the time has come.
    send_the_rest(sink, settings)

    offers = Counter(SeatOffer.objects.values_list("state", flat=True))
    assert (seen["clients killed"], seen["workers killed"]) == (2, 2)
    assert min(seen[what] for what in ("accepted", "cancelled", Invitation.State.QUEUED)) > 0, seen
    assert offers[SeatOffer.State.RAN_OUT] > 0, offers
    assert_that_seats_went_right(occasion)
    assert_that_mail_went_right(sink, most_repeats=seen["workers killed"])
    # Whoever was offered seats has heard of it, and of nothing that did not happen.
    told = OutgoingMail.objects.filter(cause__regex=r"^seat offer [0-9]+$").values_list("cause", flat=True)
    assert sorted(told) == sorted(f"seat offer {pk}" for pk in SeatOffer.objects.values_list("pk", flat=True))


def assert_that_seats_went_right(occasion: Occasion) -> None:
    assert replay.faults(occasion) == []
    assert seats.seats_left([occasion])[occasion.pk].over_by == 0
    inside = Booking.objects.filter(occasion=occasion).exclude(state=Booking.State.ENDED)
    waits = WaitingEntry.objects.filter(occasion=occasion, state=WaitingEntry.State.WAITING)
    assert not set(inside.values_list("school_class")) & set(waits.values_list("school_class"))
    # Booking has closed, and so has the queue; every invitation says what the seats say.
    assert not waits.exists()
    following.follow_seats()
    accepted = Invitation.objects.filter(state=Invitation.State.ACCEPTED)
    assert set(accepted.values_list("booking", flat=True)) == set(inside.values_list("pk", flat=True))
    assert not Invitation.objects.filter(state=Invitation.State.QUEUED).exists()


def assert_that_mail_went_right(sink: Sink, *, most_repeats: int) -> None:
    rows = {row.message_id: row for row in OutgoingMail.objects.all()}
    assert all(row.sent_at for row in rows.values())
    # Every mail came, and no mail that we know nothing of.
    assert set(sink.times) == set(rows)
    # A mail may come again after a crash, as itself; never another mail for the same cause.
    assert len(sink.taken) - len(rows) <= most_repeats
    causes = Counter((row.to, row.cause) for row in rows.values())
    assert [cause for cause, number in causes.items() if number > 1] == []
    assert all(rows[got.message_id].to == got.to for got in sink.taken)


def send_the_rest(sink: Sink, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    due_now()
    while outbox.send_waiting():
        pass


# ------------------------------------------------------------------------------------------------ a real worker


class Worker:
    """`bryggan worker` in a process of its own, on the test's database, with the sink as its mail server."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.starts += 1
        environment = {
            **os.environ,
            "BRYGGAN_DATABASE_URL": crowd._url_of_the_test_database(),
            "BRYGGAN_EMAIL_URL": self._sink.address,
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "bryggan.config.settings",
        }
        command = [sys.executable, "-m", "bryggan.config.cli", "worker"]
        self._process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """At once, in the middle of whatever."""
        if self._process:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(15)
            self._process.kill()
            self._process.wait(10)


@pytest.fixture
def worker(sink: Sink) -> Iterator[Worker]:
    made = Worker(sink)
    yield made
    made.stop()


def write_letters(number: int) -> None:
    people_told = [people.teacher() for _ in range(number)]
    letters.tell(people_told, Letter(subject="Påminnelse", paragraphs=["Hej."]), kind=LetterKind.VISIT, cause="x")
    due_now()


def due_now() -> None:
    """Let time go until all that waits is due, for what a dead worker took too. At night mail would wait longer."""
    OutgoingMail.objects.filter(sent_at=None).update(next_try_at=timezone.now() - timedelta(days=1))


def until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def waiting() -> int:
    return OutgoingMail.objects.filter(sent_at=None, given_up_at=None).count()


def test_a_worker_killed_between_the_servers_yes_and_our_note_sends_the_same_mail_again(
    sink: Sink, worker: Worker
) -> None:
    write_letters(40)
    blows = {10, 25}
    sink.on_taken = lambda number: worker.kill() if number in blows else None

    for _ in range(len(blows)):
        taken = len(sink.taken)
        worker.start()
        until(lambda taken=taken: any(number in blows for number in range(taken + 1, len(sink.taken) + 1)), "a blow")
        worker.kill()
        due_now()
    worker.start()
    until(lambda: waiting() == 0, "the rest of the mail")

    repeated = {message_id for message_id, times in sink.times.items() if times > 1}
    assert repeated == {sink.taken[number - 1].message_id for number in blows}
    assert_that_mail_went_right(sink, most_repeats=len(blows))


def test_a_mail_server_that_is_away_for_an_hour_loses_nothing(sink: Sink, worker: Worker) -> None:
    write_letters(30)
    sink.is_away = True
    worker.start()

    # In an hour a mail is tried at once, and after 1, 6 and 21 minutes.
    for tries in range(1, 5):
        until(lambda tries=tries: not OutgoingMail.objects.exclude(tries=tries).exists(), f"try {tries}")
        until(lambda: not OutgoingMail.objects.filter(error="").exists(), "the servers no to be noted")
        until(lambda: not OutgoingMail.objects.filter(next_try_at__lt=timezone.now()).exists(), "the next wait")
        if tries < 4:
            OutgoingMail.objects.update(error="")
            due_now()
    away = (len(sink.taken), sink.refused > 0, waiting())
    sink.is_away = False
    due_now()
    until(lambda: waiting() == 0, "the mail")

    assert away == (0, True, 30)
    assert_that_mail_went_right(sink, most_repeats=0)
