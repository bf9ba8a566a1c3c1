from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from accounts import factories as people
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import LetterKind, Notice, SchoolClass
from bryggan.common.models import OutgoingMail
from bryggan.fair.models import Booking, Occasion, SeatOffer, Stop, WaitingEntry
from bryggan.fair.seating import replay, seats, waiting
from bryggan.fair.seating.waiting import OfferIsGone
from bryggan.invitations import answering, following, queueing
from bryggan.invitations.models import Invitation
from fair import factories as fairs
from fair.factories import DAY, at
from invitations import visit_factories as make

pytestmark = pytest.mark.django_db

State = Invitation.State
# A Tuesday morning two weeks before: school hours, and the queue is strict.
NOW = at(9, DAY - timedelta(days=14))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def full(capacity: int = 30, **columns: object) -> tuple[Occasion, Booking]:
    """A time at the fair that somebody else has taken all seats of."""
    occasion = fairs.occasion(fairs.session(fairs.fair(), "Havets labb", capacity=capacity), **columns)
    others = people.school_class(pupils=capacity - 2, adults=2)
    return occasion, seats.book(occasion=occasion, school_class=others, by=None)


def waits(occasion: Occasion, *, pupils: int = 20) -> tuple[SchoolClass, WaitingEntry]:
    school_class = people.school_class(people.teacher(), people.teacher(), pupils=pupils, adults=2)
    return school_class, waiting.join(occasion=occasion, school_class=school_class, by=None)


def subjects() -> list[str]:
    return list(OutgoingMail.objects.filter(kind=LetterKind.SEATS).order_by("pk").values_list("subject", flat=True))


def offered(occasion: Occasion, booking: Booking) -> SeatOffer:
    seats.release(booking=booking, by=None)
    queueing.give_out_due()
    return SeatOffer.objects.get(state=SeatOffer.State.OPEN)


def test_seats_that_come_free_are_offered_by_letter_to_both_teachers_with_a_link_to_answer() -> None:
    occasion, booking = full()
    school_class, _entry = waits(occasion)

    offer = offered(occasion, booking)
    queueing.give_out_due()

    mails = OutgoingMail.objects.filter(kind=LetterKind.SEATS)
    assert sorted(mails.values_list("to", flat=True)) == sorted(one.email for one in school_class.teachers.all())
    assert subjects() == ["Plats till er: Havets labb"] * 2
    assert f"/platser/{offer.pk}" in mails[0].text
    # Four school hours later.
    assert "tisdag 18 maj 2027 kl. 13.00" in mails[0].text
    assert Notice.objects.count() == 2


def test_an_offer_taken_is_a_booking_and_a_stop_and_no_queue() -> None:
    occasion, booking = full()
    school_class, _entry = waits(occasion)
    teacher = school_class.teachers.first()
    assert teacher
    offer = offered(occasion, booking)

    first = queueing.accept_offer(offer, by=teacher)
    again = queueing.accept_offer(offer, by=teacher)

    assert first == again
    assert first.state == Booking.State.BOOKED
    assert Stop.objects.get().occasion == occasion
    assert replay.faults(occasion) == []


def test_an_offer_that_ran_out_goes_to_the_next_and_says_so(clock: time_machine.Traveller) -> None:
    occasion, booking = full()
    (late, _), (next_one, _) = waits(occasion), waits(occasion)
    teacher = late.teachers.first()
    assert teacher
    offer = offered(occasion, booking)

    clock.shift(timedelta(hours=4))
    with pytest.raises(OfferIsGone):
        queueing.accept_offer(offer, by=teacher)
    queueing.give_out_due()
    with pytest.raises(OfferIsGone):
        queueing.accept_offer(offer, by=teacher)

    assert SeatOffer.objects.get(state=SeatOffer.State.OPEN).entry.school_class == next_one
    assert subjects()[2:] == ["Tiden gick ut: Havets labb"] * 2 + ["Plats till er: Havets labb"] * 2
    assert replay.faults(occasion) == []


def test_an_offer_declined_goes_to_the_next() -> None:
    occasion, booking = full()
    (first, _), (second, _) = waits(occasion), waits(occasion)
    teacher = first.teachers.first()
    assert teacher

    declined = queueing.decline_offer(offered(occasion, booking), by=teacher)
    queueing.decline_offer(declined, by=teacher)
    queueing.give_out_due()

    assert declined.state == SeatOffer.State.DECLINED
    assert SeatOffer.objects.get(state=SeatOffer.State.OPEN).entry.school_class == second


def test_nobody_else_answers_an_offer_or_leaves_a_queue() -> None:
    occasion, booking = full()
    waits(occasion)
    offer = offered(occasion, booking)

    for answer in (queueing.accept_offer, queueing.decline_offer):
        with pytest.raises(NotAllowed):
            answer(offer, by=people.teacher())
    with pytest.raises(NotAllowed):
        queueing.leave_queue(offer.entry, by=people.teacher())


def test_who_is_passed_near_the_end_is_told_why_once(clock: time_machine.Traveller) -> None:
    occasion, booking = full()
    waits(occasion, pupils=24)
    waits(occasion, pupils=10)
    clock.move_to(seats.strict_until(occasion) + timedelta(hours=1))
    seats.change_size(booking=booking, pupils=14, adults=2, by=None)

    queueing.give_out_due()
    queueing.give_out_due()

    assert subjects() == ["Plats till er: Havets labb"] * 2 + ["En mindre grupp fick plats: Havets labb"] * 2


def test_who_is_more_than_all_seats_is_told_that_and_nothing_else() -> None:
    occasion, _booking = full()
    waits(occasion, pupils=24)
    waits(occasion, pupils=10)
    seats.change_capacity(occasion=occasion, capacity=20, by=None)
    seats.release(booking=Booking.objects.get(state=Booking.State.BOOKED), by=None)

    queueing.give_out_due()

    told = OutgoingMail.objects.filter(subject="Ni är för många: Havets labb").first()
    assert told is not None
    assert "rymmer inte så många som ni är" in told.text
    assert "mindre grupp" not in told.text
    assert "Plats till er: Havets labb" in subjects()


def test_a_queue_that_closes_says_why_in_a_whole_sentence(clock: time_machine.Traveller) -> None:
    occasion, _booking = full()
    waits(occasion)

    clock.move_to(occasion.booking_closes_at)
    queueing.give_out_due()

    told = OutgoingMail.objects.filter(subject="Kön är stängd: Havets labb").first()
    assert told is not None
    assert "Det blev ingen plats den här gången." in told.text
    assert "Bokningen stängde innan platserna räckte till er." in told.text
    assert ".." not in told.text


# ------------------------------------------------------------------------------------------------ and the invitation


def queued() -> tuple[Invitation, Booking, Occasion]:
    department, _coordinator = make.host()
    occasion = make.time(make.visit(department), at(10), capacity=30, reserved=30)
    others = seats.book(occasion=occasion, school_class=people.school_class(pupils=20), by=None, reserved=True)
    invitation = make.invitation(make.round(department, occasion))
    answering.accept(invitation, occasions=[occasion], by=make.teacher_of(invitation))
    return invitation, others, occasion


def test_an_invitation_in_the_queue_is_accepted_with_the_offer() -> None:
    invitation, others, occasion = queued()

    booking = queueing.accept_offer(offered(occasion, others), by=make.teacher_of(invitation))

    invitation.refresh_from_db()
    assert (invitation.state, invitation.booking) == (State.ACCEPTED, booking)
    host = OutgoingMail.objects.filter(kind=LetterKind.ANSWER).order_by("-pk").first()
    assert host is not None
    assert host.subject == f"{invitation.school_class.label} fick plats: Se hur vattnet renas"


@pytest.mark.parametrize("how", ["declined", "left", "ran out", "closed"])
def test_an_invitation_whose_place_in_the_queue_is_gone_got_no_seat(how: str, clock: time_machine.Traveller) -> None:
    invitation, others, occasion = queued()
    teacher = make.teacher_of(invitation)

    if how == "left":
        queueing.leave_queue(WaitingEntry.objects.get(), by=teacher)
    elif how == "closed":
        clock.move_to(occasion.booking_closes_at)
        queueing.give_out_due()
    else:
        offer = offered(occasion, others)
        if how == "declined":
            queueing.decline_offer(offer, by=teacher)
        else:
            clock.shift(timedelta(hours=5))
            queueing.give_out_due()

    invitation.refresh_from_db()
    assert invitation.state == State.NO_SEAT
    assert following.follow_seats() == 0


def test_an_offer_taken_in_the_programme_counts_too() -> None:
    invitation, others, occasion = queued()
    offered(occasion, others)

    booking = seats.book(occasion=occasion, school_class=invitation.school_class, by=None)
    queueing.give_out_due()

    invitation.refresh_from_db()
    assert (invitation.state, invitation.booking) == (State.ACCEPTED, booking)
