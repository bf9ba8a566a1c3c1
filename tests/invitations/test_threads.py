from __future__ import annotations

from datetime import UTC, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import Coordination, Notice, User
from bryggan.common.models import OutgoingMail
from bryggan.invitations import threads
from bryggan.invitations.models import Invitation, VisitMessage
from fair.factories import at
from invitations import visit_factories as make

pytestmark = pytest.mark.django_db


def talk() -> tuple[Invitation, User, User]:
    """A class that has said yes, with two teachers, and a host with two coordinators. One of each is returned."""
    department, coordinator = make.host()
    Coordination.objects.create(user=people.user("kollega@stad.example.org"), department=department)
    teachers = [people.teacher("lisa@skola.example.org", name="Lisa Lärare"), people.teacher("per@skola.example.org")]
    invitation = make.invitation(
        make.round(department, how="agreement"), school_class=people.school_class(*teachers, label="8B")
    )
    invitation.state, invitation.answered_by = "accepted", teachers[0]
    invitation.save()
    return invitation, teachers[0], coordinator


def write(invitation: Invitation, text: str, by: User, *, is_from_host: bool = False) -> VisitMessage:
    return threads.write(invitation, text, is_from_host=is_from_host, form_token=uuid4(), by=by)


def mailed() -> list[str]:
    return sorted(OutgoingMail.objects.filter(kind="message").values_list("to", flat=True))


def test_a_message_goes_once_to_each_person_of_the_other_side() -> None:
    invitation, teacher, coordinator = talk()

    write(invitation, "Finns det hiss?\r\n\r\nVi har en rullstol.", teacher)
    to_host = mailed()
    write(invitation, "Ja.", coordinator, is_from_host=True)

    assert to_host == sorted([coordinator.email, "kollega@stad.example.org"])
    assert mailed() == sorted([*to_host, "lisa@skola.example.org", "per@skola.example.org"])
    text = OutgoingMail.objects.filter(kind="message").order_by("pk")[0].text
    assert "Finns det hiss?" in text
    assert "Lisa Lärare, 8B" in text


def test_a_form_sent_twice_is_one_message() -> None:
    invitation, teacher, _coordinator = talk()
    token = uuid4()

    first, again = (
        threads.write(invitation, "Hej", is_from_host=False, form_token=token, by=teacher) for _ in range(2)
    )

    assert first == again
    assert len(mailed()) == 2


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_message() -> None:
    invitation, teacher, _coordinator = talk()
    token = uuid4()

    made = at_once([lambda: threads.write(invitation, "Hej", is_from_host=False, form_token=token, by=teacher).pk] * 2)

    assert len(set(made)) == 1
    assert len(mailed()) == 2


def test_nobody_else_reads_or_writes() -> None:
    invitation, teacher, coordinator = talk()

    for by in (people.teacher(), people.editor(), make.host("Kulturförvaltningen")[1], people.administrator()):
        assert not threads.may_read(by, invitation)
        for is_from_host in (True, False):
            with pytest.raises(NotAllowed):
                write(invitation, "Hej", by, is_from_host=is_from_host)
    with pytest.raises(NotAllowed):
        write(invitation, "Hej", teacher, is_from_host=True)
    with pytest.raises(NotAllowed):
        write(invitation, "Hej", coordinator)

    assert threads.may_read(teacher, invitation)
    assert threads.may_read(coordinator, invitation)
    assert not VisitMessage.objects.exists()


def test_a_host_does_not_write_to_a_class_that_has_not_answered_until_it_asks_something() -> None:
    invitation, teacher, coordinator = talk()
    invitation.state, invitation.answered_by = "invited", None
    invitation.save()

    with pytest.raises(threads.NotOpen):
        write(invitation, "Kom!", coordinator, is_from_host=True)
    asked = write(invitation, "Får vi ta med matsäck?", teacher)
    write(invitation, "Ja.", coordinator, is_from_host=True)

    # Who she is is not told before she accepts.
    assert threads.writer_text(asked) == "Lärare i 8B"
    assert "Lisa" not in OutgoingMail.objects.get(to=coordinator.email).text


@pytest.mark.usefixtures("early_in_the_hour")
def test_empty_and_endless_messages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    invitation, teacher, _coordinator = talk()
    monkeypatch.setattr(threads, "MOST_AN_HOUR", 2)

    with pytest.raises(threads.Empty):
        write(invitation, " \n ", teacher)
    for number in range(2):
        write(invitation, f"Hej {number}", teacher)
    with pytest.raises(threads.TooMany):
        write(invitation, "Hej igen", teacher)


def test_what_is_new_for_the_class_is_so_until_somebody_of_it_reads() -> None:
    invitation, teacher, coordinator = talk()
    write(invitation, "Hej", teacher)
    mine = threads.unread_by_class([invitation])
    write(invitation, "Hej hej", coordinator, is_from_host=True)
    answered = threads.unread_by_class([invitation])

    threads.mark_read(invitation, by=User.objects.get(email="per@skola.example.org"))

    assert (mine, answered, threads.unread_by_class([invitation])) == (set(), {invitation.pk}, set())
    with pytest.raises(NotAllowed):
        threads.mark_read(invitation, by=people.editor())


def test_messages_and_their_notices_go_half_a_year_after_the_visit() -> None:
    invitation, teacher, _coordinator = talk()
    occasion = make.time(make.visit(), at(10))
    invitation.booking = make.booking(occasion, invitation.school_class)
    invitation.save()
    with time_machine.travel(at(8), tick=False):
        write(invitation, "Vi är på väg", teacher)
    other, somebody, _ = talk_elsewhere()
    with time_machine.travel(at(8), tick=False):
        kept = write(other, "Vi ses i höst", somebody)

    # Counted in hours, and not by a clock that is put back in between.
    due = at(11).astimezone(UTC) + threads.KEPT
    with time_machine.travel(due - timedelta(seconds=1), tick=False):
        early = threads.forget_old()
    with time_machine.travel(due + timedelta(seconds=1), tick=False):
        late = threads.forget_old()

    assert (early, late) == (0, 1)
    assert list(VisitMessage.objects.all()) == [kept]
    assert set(Notice.objects.values_list("cause", flat=True)) == {f"message {kept.pk}"}


def talk_elsewhere() -> tuple[Invitation, User, User]:
    """A conversation whose time to answer is far away."""
    department, coordinator = make.host("Miljöförvaltningen")
    round = make.round(department, how="agreement", answer_by=timezone.now() + timedelta(days=1000))
    invitation = make.invitation(round)
    return invitation, make.teacher_of(invitation), coordinator
