"""One message to everybody with a stop there: who is reached, and that nobody is written to twice."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts import letters
from bryggan.accounts.models import LetterKind, Notice, SchoolClass, User
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.fair import messages
from bryggan.fair.messages import Audience, NobodyChosen, NobodyToTell
from bryggan.fair.models import Booking, Fair, FairMessage, Occasion, Stop, WaitingEntry
from fair import factories as make
from fair.factories import DAY, at

pytestmark = pytest.mark.django_db
NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def fair() -> Fair:
    return make.fair()


def class_of(*teachers: User, label: str = "8B") -> SchoolClass:
    school_class = make.school_class(label=label)
    school_class.teachers.set(teachers)
    return school_class


def stop_of(fair: Fair, school_class: SchoolClass, occasion: Occasion | None = None) -> Stop:
    occasion = occasion or make.occasion(make.session(fair))
    return make.stop(make.itinerary(fair, school_class), occasion)


def told(audience: Audience) -> set[User]:
    return {teacher for teacher, _classes in messages.reached(audience).teachers}


def send(audience: Audience, token: uuid.UUID | None = None, text: str = "Det blåser.") -> FairMessage:
    return messages.send(audience, subject="Storm", text=text, form_token=token or uuid.uuid4(), by=people.editor())


def test_those_with_a_stop_that_day_or_at_that_place_or_time_are_reached(fair: Fair) -> None:
    here, there = make.venue(fair), make.venue(fair)
    first = make.occasion(make.session(fair, venue=here), at(10))
    second = make.occasion(make.session(fair, venue=there), at(10, NEXT_DAY))
    anna, bo = people.teacher(), people.teacher()
    stop_of(fair, class_of(anna), first)
    stop_of(fair, class_of(bo), second)

    assert told(Audience(fair, on=DAY)) == {anna}
    assert told(Audience(fair, venue=there)) == {bo}
    assert told(Audience(fair, occasion=first)) == {anna}
    assert told(Audience(fair, on=DAY, venue=there)) == set()
    assert told(Audience(make.fair(), on=DAY)) == set()


def test_those_with_seats_or_a_place_in_the_queue_are_reached_without_a_programme(fair: Fair) -> None:
    occasion = make.occasion(make.session(fair))
    anna, bo, eva = people.teacher(), people.teacher(), people.teacher()
    when = {"starts_at": occasion.starts_at, "ends_at": occasion.ends_at}
    size = {"pupils": 20, "adults": 2, "seats": 22}
    Booking.objects.create(occasion=occasion, school_class=class_of(anna), state=Booking.State.BOOKED, **when, **size)
    WaitingEntry.objects.create(occasion=occasion, school_class=class_of(bo), **when, **size)
    Booking.objects.create(occasion=occasion, school_class=class_of(eva), state=Booking.State.ENDED, **when, **size)

    assert told(Audience(fair, on=DAY)) == {anna, bo}


def test_a_lunch_at_the_place_counts_and_a_removed_stop_does_not(fair: Fair) -> None:
    venue = make.venue(fair)
    anna, bo = people.teacher(), people.teacher()
    Stop.objects.create(
        itinerary=make.itinerary(fair, class_of(anna)),
        kind=Stop.Kind.LUNCH,
        venue=venue,
        starts_at=at(11),
        ends_at=at(12),
    )
    gone = stop_of(fair, class_of(bo), make.occasion(make.session(fair, venue=venue)))
    Stop.objects.filter(pk=gone.pk).update(removed_at=timezone.now())

    assert told(Audience(fair, venue=venue)) == {anna}


def test_programmes_and_classes_that_are_put_away_and_closed_accounts_are_left_alone(fair: Fair) -> None:
    anna, bo, eva = people.teacher(), people.teacher(), people.teacher()
    put_away = stop_of(fair, class_of(anna)).itinerary
    put_away.archived_at = timezone.now()
    put_away.save()
    stop_of(fair, class_of(bo))
    SchoolClass.objects.filter(teachers=bo).update(archived_at=timezone.now())
    stop_of(fair, class_of(eva))
    User.objects.filter(pk=eva.pk).update(is_active=False)

    reached = messages.reached(Audience(fair, on=DAY))

    assert (reached.teachers, reached.classes, reached.without_teacher) == ((), 1, 1)


def test_a_stop_that_ends_when_the_day_begins_is_not_of_that_day(fair: Fair) -> None:
    anna = people.teacher()
    occasion = make.occasion(make.session(fair), at(22), ends_at=at(24))
    stop_of(fair, class_of(anna), occasion)

    assert told(Audience(fair, on=NEXT_DAY)) == set()
    Stop.objects.update(ends_at=at(24.5))
    assert told(Audience(fair, on=NEXT_DAY)) == {anna}


def test_a_teacher_of_two_classes_with_three_stops_gets_one_letter(fair: Fair) -> None:
    anna, bo = people.teacher("anna@skola.example.org"), people.teacher("bo@skola.example.org")
    first, second = class_of(anna, bo, label="8A"), class_of(anna, label="8B")
    for school_class in (first, first, second):
        stop_of(fair, school_class)

    sent = send(Audience(fair, on=DAY), text="Det blåser.\n\nKom inte.")

    mails = {mail.to: mail for mail in OutgoingMail.objects.all()}
    assert set(mails) == {"anna@skola.example.org", "bo@skola.example.org"}
    assert sent.recipients == 2
    assert "8A, 8B" in mails["anna@skola.example.org"].text
    assert "8B" not in re.findall(r"\w+", mails["bo@skola.example.org"].text)
    assert "Det blåser." in mails["bo@skola.example.org"].text
    assert "Kom inte." in mails["bo@skola.example.org"].html
    assert Notice.objects.count() == 2
    assert AuditEntry.objects.filter(verb="sent fair message").count() == 1


def test_the_preview_is_the_letter(fair: Fair) -> None:
    anna = people.teacher()
    stop_of(fair, class_of(anna))
    audience = Audience(fair, on=DAY)
    ((teacher, classes),) = messages.reached(audience).teachers
    letter = messages.letter_for(audience, subject="Storm", text="Det blåser.", classes=classes)
    shown = letters.render(letter, kind=LetterKind.FAIR, to=teacher)

    send(audience)

    mail = OutgoingMail.objects.get()
    assert (mail.subject, mail.text, mail.html) == (shown.subject, shown.text, shown.html)


def test_the_same_form_sent_twice_writes_once(fair: Fair) -> None:
    stop_of(fair, class_of(people.teacher()))
    token = uuid.uuid4()

    first = send(Audience(fair, on=DAY), token)
    again = send(Audience(fair, on=DAY), token)

    assert again == first
    assert OutgoingMail.objects.count() == 1
    send(Audience(fair, on=DAY))
    assert OutgoingMail.objects.count() == 2


def test_nobody_chosen_and_nobody_there_are_refused(fair: Fair) -> None:
    stop_of(fair, class_of(people.teacher()))

    with pytest.raises(NobodyChosen):
        send(Audience(fair))
    with pytest.raises(NobodyToTell):
        send(Audience(fair, on=NEXT_DAY))
    assert (FairMessage.objects.count(), OutgoingMail.objects.count()) == (0, 0)


def test_fifty_classes_cost_as_many_statements_as_one() -> None:
    def statements(number: int) -> int:
        fair, editor = make.fair(), people.editor()
        for _ in range(number):
            stop_of(fair, class_of(people.teacher()))
        with CaptureQueriesContext(connection) as captured:
            sent = messages.send(
                Audience(fair, on=DAY), subject="Storm", text="Nu.", form_token=uuid.uuid4(), by=editor
            )
        assert sent.recipients == number
        return len(captured)

    assert statements(1) == statements(50)
