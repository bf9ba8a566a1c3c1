from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.together import at_once
from bryggan.common import outbox
from bryggan.common.models import OutgoingMail

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _memory(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Bryggan <bryggan@stad.example.org>"


def queue(**changes: Any) -> OutgoingMail | None:
    given = {"to": "anna@skola.example.org", "kind": "invitation", "subject": "Hej", "text": "Kom!", **changes}
    return outbox.queue(**given)


class Broken(EmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise OSError("the mail server is away")


def test_a_mail_is_sent_once_with_text_html_and_its_message_id(db: None) -> None:
    row = queue(html="<p>Kom!</p>")

    sent = [outbox.send_waiting() for _ in range(2)]

    (message,) = django_mail.outbox
    assert sent == [1, 0]
    assert (message.subject, message.body, message.to) == ("Hej", "Kom!", ["anna@skola.example.org"])
    assert message.alternatives[0][0] == "<p>Kom!</p>"
    assert row is not None
    assert message.extra_headers["Message-ID"] == row.message_id
    assert row.message_id.endswith("@stad.example.org>")


def test_a_mail_is_rolled_back_with_its_cause(db: None) -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)

    assert OutgoingMail.objects.count() == 0


def test_a_person_gets_one_mail_for_one_cause(db: None) -> None:
    first = queue(cause="interest 7")
    second = queue(cause="interest 7")
    other = queue(cause="interest 7", to="bo@skola.example.org")

    assert (first is None, second is None, other is None) == (False, True, False)
    assert OutgoingMail.objects.count() == 2


def test_a_mail_without_a_cause_may_repeat(db: None) -> None:
    queue()
    queue()

    assert OutgoingMail.objects.count() == 2


def test_a_subject_is_one_line(db: None) -> None:
    row = queue(subject="Hej\r\nBcc: alla@example.org")

    assert row is not None
    assert row.subject == "Hej Bcc: alla@example.org"


def test_a_mail_waits_longer_and_longer_while_the_server_is_away_and_is_given_up_at_last(
    db: None, settings: Any
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    queue()

    waits = []
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(len(outbox.WAITS) + 1):
            clock.move_to(OutgoingMail.objects.get().next_try_at + timedelta(seconds=1) if waits else NOON)
            OutgoingMail.objects.filter(tries=0).update(next_try_at=NOON)
            before = datetime.now(UTC)
            assert outbox.send_waiting() == 0
            waits.append((OutgoingMail.objects.get().next_try_at - before).total_seconds() // 60)

    row = OutgoingMail.objects.get()
    assert waits[:-1] == list(outbox.WAITS)
    assert row.given_up_at is not None
    assert "the mail server is away" in row.error
    assert outbox.send_waiting() == 0


def test_a_mail_that_could_not_be_sent_is_sent_when_the_server_is_back(db: None, settings: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        queue()
        working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.Broken"
        outbox.send_waiting()
        settings.EMAIL_BACKEND = working
        too_early = outbox.send_waiting()
        clock.shift(timedelta(minutes=2))
        in_time = outbox.send_waiting()

    row = OutgoingMail.objects.get()
    assert (too_early, in_time) == (0, 1)
    assert (row.error, row.tries) == ("", 2)


def test_a_mail_of_a_worker_that_died_is_sent_again_with_the_same_id(db: None) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        row = queue()
        # As a worker leaves it that took the mail and died.
        OutgoingMail.objects.update(next_try_at=NOON + outbox.LEASE, tries=1)
        early = outbox.send_waiting()
        clock.shift(outbox.LEASE + timedelta(seconds=1))
        late = outbox.send_waiting()

    assert (early, late) == (0, 1)
    assert row is not None
    assert django_mail.outbox[0].extra_headers["Message-ID"] == row.message_id


def test_a_sign_in_mail_loses_its_text_once_it_has_left(db: None) -> None:
    queue(kind="sign-in code", text="Din kod", html="<p>Din kod</p>")
    queue(kind="invitation")

    outbox.send_waiting()

    assert dict(OutgoingMail.objects.values_list("kind", "text")) == {"sign-in code": "", "invitation": "Kom!"}
    assert OutgoingMail.objects.get(kind="sign-in code").html == ""


class NobodyAnswers(EmailBackend):
    asked = 0

    def open(self) -> bool:
        type(self).asked += 1
        raise OSError("no route to the mail server")


def test_a_server_that_does_not_answer_is_asked_once_for_all_mails(db: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.NobodyAnswers"
    for number in range(5):
        queue(to=f"x{number}@skola.example.org")

    sent = outbox.send_waiting()

    assert (sent, NobodyAnswers.asked) == (0, 1)
    assert set(OutgoingMail.objects.values_list("tries", "error")) == {(1, "OSError: no route to the mail server")}
    assert OutgoingMail.objects.filter(next_try_at__lte=datetime.now(UTC)).count() == 0


class RefusesOne(EmailBackend):
    def send_messages(self, messages: Any) -> int:
        if messages[0].to == ["x1@skola.example.org"]:
            raise OSError("no such person")
        return super().send_messages(messages)


def test_a_mail_that_is_refused_does_not_hold_up_the_others(db: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RefusesOne"
    for number in range(3):
        queue(to=f"x{number}@skola.example.org")

    assert outbox.send_waiting() == 2
    assert OutgoingMail.objects.get(sent_at=None).to == "x1@skola.example.org"


def test_a_sign_in_code_passes_a_round_of_many(db: None) -> None:
    for number in range(4):
        queue(to=f"x{number}@skola.example.org")
    queue(to="ny@skola.example.org", kind="sign-in code")

    outbox.send_waiting(limit=2)

    assert [message.to[0] for message in django_mail.outbox] == ["ny@skola.example.org", "x0@skola.example.org"]


def test_mails_are_taken_in_as_many_statements_however_many_they_are(db: None) -> None:
    def statements_beside_the_notes(number: int) -> int:
        for one in range(number):
            queue(to=f"y{number}-{one}@skola.example.org")
        with CaptureQueriesContext(connection) as queries:
            outbox.send_waiting()
        return len(queries) - number

    assert statements_beside_the_notes(1) == statements_beside_the_notes(20)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_time_send_each_mail_once() -> None:
    for number in range(10):
        queue(to=f"x{number}@skola.example.org")

    sent = at_once([outbox.send_waiting, outbox.send_waiting])

    assert sum(sent) == 10
    assert sorted(message.to[0] for message in django_mail.outbox) == [f"x{n}@skola.example.org" for n in range(10)]
