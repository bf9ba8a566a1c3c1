"""How a programme was, and the way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import factories as people
from alignment import factories as linked
from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Booking, Itinerary, ItineraryChange, Session, Stop
from bryggan.fair.programmes import history, itineraries, moving, preparing, programme_seats, stops
from bryggan.fair.programmes.changing import ChangedMeanwhile, HasSeats
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.proposals import Chosen
from fair import factories as rows
from fair.factories import DAY, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def teacher() -> User:
    return people.teacher(at=people.school_unit())


@pytest.fixture
def itinerary(teacher: User) -> Itinerary:
    """A programme with two sessions, 9.30 and 12.00, the first with a later time."""
    fair = rows.fair()
    school_class: SchoolClass = rows.school_class(school_unit=teacher.school_memberships.get().school_unit)
    school_class.teachers.add(teacher)
    chosen = []
    for starts in ((9.5, 12.75), (11.5,)):
        session = rows.session(fair, needs_booking=True)
        first, *_others = [rows.occasion(session, at(start)) for start in starts]
        chosen.append(Chosen("session", first.starts_at, first.ends_at, first.pk))
    frame = Frame(DAY, lunch_minutes=0)
    return itineraries.make_itinerary(school_class, fair, frames=[frame], stops=chosen, by=teacher).itinerary


def first_stop(itinerary: Itinerary) -> Stop:
    stop = itinerary.stops.kept().order_by("starts_at").first()
    assert stop
    return stop


def state(itinerary: Itinerary) -> dict[str, Any]:
    return history.snapshot(Itinerary.objects.get(pk=itinerary.pk))


CHANGES = [
    "rename", "remove", "move", "swap", "lock", "wish", "note", "own", "frame", "add day", "remove day", "exclude",
    "prepare",
]  # fmt: skip


def change(name: str, itinerary: Itinerary, by: User) -> None:
    """Do one of every kind of change."""
    stop = first_stop(itinerary)
    assert stop.occasion
    session = stop.occasion.session
    other = session.occasions.order_by("-starts_at")[0]
    elsewhere = Session.objects.exclude(pk=session.pk).order_by("pk").first()
    assert elsewhere
    {
        "rename": lambda: itineraries.rename(itinerary, "Ett annat namn", by=by),
        "remove": lambda: stops.remove_stop(stop, by=by),
        "move": lambda: moving.move_stop(stop, other.starts_at, occasion=other, by=by),
        "swap": lambda: stops.replace(stop, rows.occasion(rows.session(itinerary.fair), at(9.25)), by=by),
        "lock": lambda: stops.lock(stop, by=by),
        "wish": lambda: stops.set_wish(stop, "must", by=by),
        "note": lambda: stops.set_note(stop, "Ta med kikare", by=by),
        "own": lambda: stops.add_own_block(itinerary, at(13), at(13.5), title="Rast", by=by),
        "frame": lambda: itineraries.change_frame(itinerary, Frame(DAY, break_minutes=15), by=by),
        "add day": lambda: itineraries.add_day(itinerary, Frame(DAY + timedelta(days=1)), by=by),
        "remove day": lambda: itineraries.remove_day(itinerary, DAY, by=by),
        "exclude": lambda: itineraries.exclude_session(itinerary, session, by=by),
        "prepare": lambda: preparing.add_preparation(itinerary, linked.initiative(), "before", by=by),
    }[name]()


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_can_be_taken_back(name: str, itinerary: Itinerary, teacher: User) -> None:
    before = state(itinerary)
    change(name, itinerary, teacher)
    assert state(itinerary) != before

    undone = itineraries.undo(itinerary, by=teacher)

    assert state(itinerary) == before
    assert undone
    assert itineraries.undo(itinerary, by=teacher) is None
    row = Itinerary.objects.get(pk=itinerary.pk)
    assert row.version == 3


def test_several_changes_are_taken_back_one_by_one_latest_first(itinerary: Itinerary, teacher: User) -> None:
    states = [state(itinerary)]
    for name in CHANGES:
        # Those that leave nothing to change next have tests of their own.
        if name not in ("remove", "remove day", "exclude"):
            change(name, itinerary, teacher)
            states.append(state(itinerary))
            assert states[-1] != states[-2]

    for earlier in reversed(states[:-1]):
        itineraries.undo(itinerary, by=teacher)
        assert state(itinerary) == earlier
    assert itineraries.undo(itinerary, by=teacher) is None


def test_calendars_see_that_a_stop_went_and_came_back(itinerary: Itinerary, teacher: User) -> None:
    stop = first_stop(itinerary)
    stops.remove_stop(stop, by=teacher)
    itineraries.undo(itinerary, by=teacher)

    again = Stop.objects.get(pk=stop.pk)

    assert (again.uid, again.removed_at, again.sequence) == (stop.uid, None, 2)


def test_a_stop_comes_back_without_the_seats_it_had(itinerary: Itinerary, teacher: User) -> None:
    programme_seats.book_seats(itinerary, by=teacher)
    stop = first_stop(itinerary)
    stops.remove_stop(stop, by=teacher, release_seats=True)

    undone = itineraries.undo(itinerary, by=teacher)

    assert undone
    assert undone.came_back == (stop,)
    assert not Booking.objects.counting().filter(occasion=stop.occasion).exists()


def test_taking_back_asks_before_it_gives_seats_back(itinerary: Itinerary, teacher: User) -> None:
    added = rows.session(itinerary.fair, needs_booking=True)
    rows.occasion(added, at(12.75))
    stop = stops.add_stop(itinerary, added, by=teacher)
    programme_seats.book_stop(stop, by=teacher)

    with pytest.raises(HasSeats) as asks:
        itineraries.undo(itinerary, by=teacher)
    assert asks.value.stops == [stop.pk]
    itineraries.undo(itinerary, by=teacher, release_seats=True)

    assert Booking.objects.counting().count() == 0


def test_what_the_fair_changed_stays_changed_and_is_not_the_classs_to_take_back(
    itinerary: Itinerary, teacher: User
) -> None:
    itineraries.rename(itinerary, "Nytt", by=teacher)
    stop = first_stop(itinerary)
    assert stop.occasion
    before = history.snapshot(itinerary)
    stop.occasion.starts_at, stop.occasion.ends_at = at(9), at(10)
    stop.occasion.save()
    Stop.objects.filter(pk=stop.pk).update(starts_at=at(9), ends_at=at(10))
    ItineraryChange.objects.create(itinerary=itinerary, verb=history.BY_THE_FAIR, before=before)

    undone = itineraries.undo(itinerary, by=teacher)

    assert undone
    assert undone.verb == "renamed"
    assert first_stop(itinerary).starts_at == at(9)


def test_a_change_by_somebody_else_meanwhile_is_not_taken_back_unseen(itinerary: Itinerary, teacher: User) -> None:
    itineraries.rename(itinerary, "Ett", by=teacher)
    seen = itinerary.version
    itineraries.rename(Itinerary.objects.get(pk=itinerary.pk), "Två", by=teacher)

    with pytest.raises(ChangedMeanwhile):
        itineraries.undo(itinerary, version=seen, by=teacher)


def test_what_is_gone_for_good_is_left_out_when_going_back(itinerary: Itinerary, teacher: User) -> None:
    preparing.add_preparation(itinerary, initiative := linked.initiative(), "before", by=teacher)
    itineraries.rename(itinerary, "Nytt", by=teacher)
    initiative.delete()

    itineraries.undo(itinerary, by=teacher)

    assert itinerary.preparations.count() == 0


def test_only_the_latest_changes_are_kept(itinerary: Itinerary, teacher: User) -> None:
    ItineraryChange.objects.bulk_create(
        ItineraryChange(
            itinerary=itinerary, verb="renamed", before={}, at=timezone.now() - timedelta(days=1, seconds=number)
        )
        for number in range(150)
    )
    for number in range(20):
        itineraries.rename(itinerary, f"Namn {number}", by=teacher)

    assert itinerary.changes.count() <= history.MOST_KEPT + 20
    assert itinerary.changes.filter(at__gt=timezone.now() - timedelta(hours=1)).count() == 20
