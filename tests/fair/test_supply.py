"""What people do with sessions and times, and how it reaches the programmes that hold them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts.models import Coordination, User
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.fair import supply
from bryggan.fair.booking_times import closing_time
from bryggan.fair.models import Booking, Fair, Itinerary, Occasion, Session, State, Stop, WaitingEntry
from bryggan.fair.programmes import history
from bryggan.fair.seating import seats, waiting
from bryggan.fair.supply import OccasionDetails, SessionDetails
from fair import factories as given
from fair.factories import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def fair() -> Fair:
    return given.fair()


@pytest.fixture
def editor() -> User:
    return people.editor()


@pytest.fixture
def session(fair: Fair) -> Session:
    return given.session(fair, "Bygg en bro")


@pytest.fixture
def occasion(session: Session) -> Occasion:
    return given.occasion(session, at(10))


@pytest.fixture
def teacher() -> User:
    return people.teacher()


@pytest.fixture
def itinerary(fair: Fair, teacher: User) -> Itinerary:
    school_class = given.school_class(label="8B")
    school_class.teachers.add(teacher)
    return given.itinerary(fair, school_class)


def details(occasion: Occasion, **other: Any) -> OccasionDetails:
    names = ("starts_at", "ends_at", "capacity", "reserved", "note")
    return OccasionDetails(**{name: getattr(occasion, name) for name in names} | other)


def move(occasion: Occasion, hours: float, editor: User, **other: Any) -> Occasion:
    span = {"starts_at": at(hours), "ends_at": at(hours + 1)}
    return supply.change_occasion(occasion=occasion, details=details(occasion, **span), by=editor, **other)


def test_a_session_begins_as_a_draft_and_is_published_when_it_has_a_time(fair: Fair, editor: User) -> None:
    session = supply.create_session(fair=fair, details=SessionDetails("Nytt", minutes=45), by=editor)
    with pytest.raises(supply.NothingToPublish):
        supply.publish(session=session, by=editor)

    supply.add_occasion(session=session, details=OccasionDetails(at(9), at(9.75)), by=editor)
    published = supply.publish(session=session, by=editor)

    assert (session.state, published.state) == (State.DRAFT, State.PUBLISHED)
    occasion = session.occasions.get()
    assert occasion.booking_closes_at == at(9) - timedelta(hours=24) == closing_time(session, at(9))
    assert occasion.booking_opens_at <= timezone.now()


def test_the_same_time_added_twice_is_one_occasion(session: Session, editor: User) -> None:
    first = supply.add_occasion(session=session, details=OccasionDetails(at(9), at(10)), by=editor)

    assert supply.add_occasion(session=session, details=OccasionDetails(at(9), at(10)), by=editor) == first


@pytest.mark.parametrize(
    ("starts", "ends", "error"),
    [
        (9, 9, supply.EndsBeforeStart),
        (9, 8, supply.EndsBeforeStart),
        (9, 9 + 25, supply.TooLong),
        (9 - 24 * 40, 10 - 24 * 40, supply.OutsideFair),
    ],
)
def test_times_that_cannot_be_are_refused(
    session: Session, editor: User, starts: float, ends: float, error: type[Exception]
) -> None:
    with pytest.raises(error):
        supply.add_occasion(session=session, details=OccasionDetails(at(starts), at(ends)), by=editor)


def test_over_midnight_is_allowed_and_open_hours_are_as_long_as_a_visit(fair: Fair, editor: User) -> None:
    night = given.session(fair)
    supply.add_occasion(session=night, details=OccasionDetails(at(22), at(25)), by=editor)
    hours = given.session(fair, kind="open", minutes=45)

    with pytest.raises(supply.ShorterThanVisit):
        supply.add_occasion(session=hours, details=OccasionDetails(at(9), at(9.5)), by=editor)


def test_a_moved_time_takes_its_stops_along_and_tells_each_teacher_once(
    occasion: Occasion, itinerary: Itinerary, teacher: User, editor: User
) -> None:
    colleague = people.teacher()
    itinerary.school_class.teachers.add(colleague)
    stop = given.stop(itinerary, occasion)

    move(occasion, 11, editor, note="Vi väntar på båten.")
    move(occasion, 11, editor, note="Vi väntar på båten.")

    stop.refresh_from_db()
    assert (stop.starts_at, stop.ends_at, stop.sequence) == (at(11), at(12), 1)
    itinerary.refresh_from_db()
    assert itinerary.version == 2
    change = itinerary.changes.get()
    assert (change.verb, change.what) == (history.BY_THE_FAIR, "Bygg en bro")
    assert history.last_change(itinerary) is None
    mails = list(OutgoingMail.objects.order_by("to"))
    assert {mail.to for mail in mails} == {teacher.email, colleague.email}
    assert len(mails) == 2
    assert mails[0].subject == "Ändring i ert program: Bygg en bro"
    assert "Ny tid: tisdag 1 juni 11.00–12.00. Förut tisdag 1 juni 10.00–11.00. Vi väntar på båten." in mails[0].text
    assert itinerary.get_absolute_url() in mails[0].text
    occasion.refresh_from_db()
    assert occasion.booking_closes_at == at(11) - timedelta(hours=24)
    session = occasion.session
    session.refresh_from_db()
    assert session.state == State.CHANGED
    assert "Vi väntar på båten." in session.change_note


def test_seats_and_places_in_the_queue_of_a_moved_time_are_at_its_new_time(
    session: Session, itinerary: Itinerary, editor: User
) -> None:
    occasion = given.occasion(session, at(10), capacity=30)
    booking = seats.book(occasion=occasion, school_class=itinerary.school_class, pupils=20, adults=2, by=editor)
    entry = waiting.join(occasion=occasion, school_class=given.school_class(), pupils=20, adults=2, by=editor)

    move(occasion, 13, editor)

    for row in (booking, entry):
        row.refresh_from_db()
        assert (row.starts_at, row.ends_at) == (at(13), at(14))


def test_a_teacher_of_two_classes_gets_one_letter_about_both(
    fair: Fair, occasion: Occasion, itinerary: Itinerary, teacher: User, editor: User
) -> None:
    other = given.school_class(label="8C")
    other.teachers.add(teacher)
    given.stop(itinerary, occasion)
    given.stop(given.itinerary(fair, other), occasion)

    move(occasion, 13, editor)

    mail = OutgoingMail.objects.get()
    assert "8B: Bygg en bro." in mail.text
    assert "8C: Bygg en bro." in mail.text


def test_each_new_change_is_a_new_letter(occasion: Occasion, itinerary: Itinerary, editor: User) -> None:
    given.stop(itinerary, occasion)

    move(occasion, 11, editor)
    occasion.refresh_from_db()
    move(occasion, 12, editor)

    assert OutgoingMail.objects.count() == 2


def test_a_visit_to_open_hours_stays_where_it_fits_and_moves_as_little_as_can_be(
    fair: Fair, itinerary: Itinerary, editor: User
) -> None:
    session = given.session(fair, kind="open", minutes=30)
    occasion = given.occasion(session, at(9), ends_at=at(16))
    other = given.itinerary(fair, itinerary.school_class)
    early = given.stop(itinerary, occasion, starts_at=at(9), ends_at=at(9.5))
    noon = given.stop(other, occasion, starts_at=at(12), ends_at=at(12.5))

    supply.change_occasion(occasion=occasion, details=details(occasion, starts_at=at(10), ends_at=at(15)), by=editor)

    early.refresh_from_db()
    noon.refresh_from_db()
    assert (early.starts_at, early.ends_at) == (at(10), at(10.5))
    assert (noon.starts_at, noon.ends_at) == (at(12), at(12.5))


def test_seats_outside_shortened_hours_are_given_back_and_said_so(
    fair: Fair, itinerary: Itinerary, teacher: User, editor: User
) -> None:
    session = given.session(fair, kind="open", minutes=30, capacity=60)
    occasion = given.occasion(session, at(9), ends_at=at(16))
    booking = seats.book(occasion=occasion, school_class=itinerary.school_class, starts_at=at(9), by=teacher)

    supply.change_occasion(occasion=occasion, details=details(occasion, starts_at=at(10)), by=editor)

    booking.refresh_from_db()
    assert (booking.state, booking.end) == (Booking.State.ENDED, Booking.End.CANCELLED_BY_HOST)
    assert "boka dem igen" in OutgoingMail.objects.get().text


def test_a_cancelled_time_keeps_its_stop_ends_its_seats_and_is_told_once(
    occasion: Occasion, itinerary: Itinerary, teacher: User, editor: User
) -> None:
    stop = given.stop(itinerary, occasion)
    booking = seats.book(occasion=occasion, school_class=itinerary.school_class, by=teacher)

    told = supply.cancel_occasion(occasion=occasion, by=editor, note="Kranen är trasig.")
    again = supply.cancel_occasion(occasion=occasion, by=editor)

    assert (told, again) == (1, 0)
    stop.refresh_from_db()
    occasion.refresh_from_db()
    booking.refresh_from_db()
    assert (stop.removed_at, stop.sequence, occasion.is_cancelled) == (None, 1, True)
    assert booking.end == Booking.End.CANCELLED_BY_HOST
    mail = OutgoingMail.objects.get()
    assert "Inställt: tisdag 1 juni 10.00–11.00." in mail.text
    assert "Kranen är trasig." in mail.text


def test_classes_with_seats_or_in_the_queue_are_told_without_having_a_stop(
    session: Session, editor: User, teacher: User
) -> None:
    occasion = given.occasion(session, at(10), capacity=30)
    booked, queued = given.school_class(), given.school_class()
    other = people.teacher()
    booked.teachers.add(teacher)
    queued.teachers.add(other)
    seats.book(occasion=occasion, school_class=booked, by=teacher)
    waiting.join(occasion=occasion, school_class=queued, by=other)

    told = supply.cancel_session(session=session, by=editor)

    assert told == 2
    assert set(OutgoingMail.objects.values_list("to", flat=True)) == {teacher.email, other.email}
    assert not Booking.objects.exclude(state=Booking.State.ENDED).exists()
    assert WaitingEntry.objects.get().state == WaitingEntry.State.CLOSED


def test_a_cancelled_session_is_one_letter_however_many_times_it_had(
    session: Session, itinerary: Itinerary, editor: User
) -> None:
    for hours in (9, 11, 13):
        given.stop(itinerary, given.occasion(session, at(hours)))

    supply.cancel_session(session=session, by=editor, note="Sjukdom.")

    assert OutgoingMail.objects.count() == 1
    session.refresh_from_db()
    assert (session.state, session.change_note) == (State.CANCELLED, "Sjukdom.")


def test_what_is_cancelled_stays_as_it_is_until_it_is_reinstated(
    session: Session, itinerary: Itinerary, editor: User
) -> None:
    first, second = given.occasion(session, at(9)), given.occasion(session, at(11))
    given.stop(itinerary, first)
    supply.cancel_occasion(occasion=second, by=editor)
    supply.cancel_session(session=session, by=editor)
    for forbidden in (
        lambda: supply.publish(session=session, by=editor),
        lambda: move(first, 12, editor),
        lambda: supply.reinstate_occasion(occasion=first, by=editor),
    ):
        with pytest.raises(supply.IsCancelled):
            forbidden()

    told = supply.reinstate_session(session=session, by=editor)

    assert told == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_cancelled, second.is_cancelled) == (False, True)
    assert supply.reinstate_session(session=session, by=editor) == 0
    supply.reinstate_occasion(occasion=second, by=editor)
    second.refresh_from_db()
    assert not second.is_cancelled


def test_another_place_is_told_and_other_words_are_not(
    session: Session, occasion: Occasion, itinerary: Itinerary, editor: User
) -> None:
    given.stop(itinerary, occasion)
    assert session.fair
    place = given.venue(session.fair, "Kajen")
    words = SessionDetails.of(session)

    supply.edit_session(
        session=session,
        details=SessionDetails(**{**vars(words), "summary": "Nya ord."}),
        seen_at=session.changed_at,
        by=editor,
    )
    assert not OutgoingMail.objects.exists()
    session.refresh_from_db()
    supply.edit_session(
        session=session,
        details=SessionDetails(**{**vars(words), "summary": "Nya ord.", "venue": place}),
        seen_at=session.changed_at,
        by=editor,
    )

    assert "Ny plats: Kajen." in OutgoingMail.objects.get().text
    session.refresh_from_db()
    assert (session.state, session.venue) == (State.CHANGED, place)


def test_two_who_edit_at_once_do_not_overwrite_each_other(session: Session, editor: User) -> None:
    seen_at = session.changed_at
    words = vars(SessionDetails.of(session))
    supply.edit_session(
        session=session, details=SessionDetails(**{**words, "title": "Ett"}), seen_at=seen_at, by=editor
    )

    with pytest.raises(supply.ChangedMeanwhile) as late:
        supply.edit_session(
            session=session, details=SessionDetails(**{**words, "title": "Två"}), seen_at=seen_at, by=editor
        )
    same = supply.edit_session(
        session=session, details=SessionDetails(**{**words, "title": "Ett"}), seen_at=seen_at, by=editor
    )

    assert (late.value.session.title, same.title) == ("Ett", "Ett")


def test_times_follow_the_sessions_booking_hours_and_seats_where_they_have_none_of_their_own(
    session: Session, editor: User
) -> None:
    follows = given.occasion(session, at(9))
    own = given.occasion(session, at(11), capacity=12)
    words = vars(SessionDetails.of(session))

    supply.edit_session(
        session=session,
        details=SessionDetails(**{**words, "capacity": 50, "booking_closes_hours": 48}),
        seen_at=session.changed_at,
        by=editor,
    )

    follows.refresh_from_db()
    own.refresh_from_db()
    assert (follows.capacity, own.capacity) == (50, 12)
    assert follows.booking_closes_at == at(9) - timedelta(hours=48)


def test_there_are_never_fewer_seats_than_are_taken_nor_counted_another_way(
    session: Session, occasion: Occasion, editor: User, teacher: User
) -> None:
    seats.book(occasion=occasion, school_class=given.school_class(pupils=20, adults=2), by=teacher)
    words = vars(SessionDetails.of(session))

    with pytest.raises(supply.FewerSeatsThanTaken) as fewer:
        supply.change_occasion(occasion=occasion, details=details(occasion, capacity=21), by=editor)
    with pytest.raises(supply.FewerSeatsThanTaken):
        supply.edit_session(
            session=session, details=SessionDetails(**{**words, "capacity": 5}), seen_at=session.changed_at, by=editor
        )
    with pytest.raises(supply.HasBookings):
        supply.edit_session(
            session=session,
            details=SessionDetails(**{**words, "unit": "groups"}),
            seen_at=session.changed_at,
            by=editor,
        )

    assert fewer.value.taken == 22
    occasion.refresh_from_db()
    assert occasion.capacity == 30


def test_a_draft_changes_without_a_word(fair: Fair, itinerary: Itinerary, editor: User) -> None:
    session = given.session(fair, state=State.DRAFT)
    occasion = given.occasion(session, at(10))

    move(occasion, 11, editor)
    supply.cancel_session(session=session, by=editor)

    assert not OutgoingMail.objects.exists()
    session.refresh_from_db()
    assert session.state == State.CANCELLED


def test_what_is_over_is_corrected_without_a_letter(fair: Fair, itinerary: Itinerary, editor: User) -> None:
    today = timezone.localdate()
    past = given.fair(first_on=today - timedelta(days=20), last_on=today - timedelta(days=10))
    occasion = given.occasion(given.session(past), at(10, past.first_on))
    stop = given.stop(itinerary, occasion)

    supply.change_occasion(
        occasion=occasion,
        details=details(occasion, starts_at=at(11, past.first_on), ends_at=at(12, past.first_on)),
        by=editor,
    )
    supply.cancel_occasion(occasion=occasion, by=editor)

    stop.refresh_from_db()
    occasion.refresh_from_db()
    assert stop.starts_at == at(11, past.first_on)
    assert occasion.is_cancelled
    assert not OutgoingMail.objects.exists()


def test_coordinators_manage_what_their_own_department_gives(fair: Fair) -> None:
    department = people.department("Hamnbolaget")
    coordinator = people.user()
    Coordination.objects.create(user=coordinator, department=department)
    own = supply.create_session(fair=fair, details=SessionDetails("Egen", department=department), by=coordinator)
    others = given.session(fair)

    supply.add_occasion(session=own, details=OccasionDetails(at(9), at(10)), by=coordinator)
    supply.publish(session=own, by=coordinator)

    for forbidden in (
        lambda: supply.create_session(fair=fair, details=SessionDetails("Utan ägare"), by=coordinator),
        lambda: supply.cancel_session(session=others, by=coordinator),
        lambda: supply.edit_session(
            session=own,
            details=SessionDetails("Egen", department=people.department("Annan")),
            seen_at=own.changed_at,
            by=coordinator,
        ),
    ):
        with pytest.raises(supply.NotAllowed):
            forbidden()


def test_a_place_of_another_fair_is_refused(fair: Fair, editor: User) -> None:
    with pytest.raises(supply.AnotherFair):
        supply.create_session(fair=fair, details=SessionDetails("A", venue=given.venue(given.fair())), by=editor)


def test_neighbours_that_overlap_are_named_and_those_that_touch_are_not(session: Session) -> None:
    first, second, third = (given.occasion(session, at(hours)) for hours in (9, 9.5, 10.5))

    assert supply.overlapping([third, first, second]) == [(first, second)]


def test_every_action_is_in_the_audit_trail(session: Session, occasion: Occasion, editor: User) -> None:
    move(occasion, 11, editor)
    supply.cancel_occasion(occasion=occasion, by=editor)
    supply.cancel_session(session=session, by=editor)

    verbs = list(AuditEntry.objects.filter(by=editor).order_by("pk").values_list("verb", flat=True))
    assert [verb for verb in verbs if "seats" not in verb] == [
        "changed an occasion",
        "cancelled an occasion",
        "cancelled occasion",
        "cancelled a session",
    ]


def test_every_programme_that_holds_it_is_reached(fair: Fair, occasion: Occasion, editor: User) -> None:
    for _number in range(20):
        school_class = given.school_class()
        school_class.teachers.add(people.teacher())
        given.stop(given.itinerary(fair, school_class), occasion)

    assert supply.cancel_occasion(occasion=occasion, by=editor) == 20
    assert OutgoingMail.objects.count() == 20
    assert Stop.objects.filter(sequence=1).count() == 20
