"""Whether invitations and seats reach many."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts.models import SchoolClass
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.models import Booking
from bryggan.initiatives.owners import Host
from bryggan.invitations.fairness import FairPlay, Share, fair_play
from bryggan.invitations.models import Invitation, InvitationRound
from fair import factories as fairs
from invitations import factories as make

pytestmark = pytest.mark.django_db
TERM = (date(2027, 1, 1), date(2027, 7, 31))
BEFORE, WITHIN = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)


def invited(host: Host, *classes: SchoolClass, at: datetime = WITHIN, **columns: Any) -> None:
    round = InvitationRound.objects.create(
        department=host, initiative=make.initiative(host), title="x", text="x",  # type: ignore[arg-type]
        answer_by=timezone.now() + timedelta(days=3), state=columns.pop("state", InvitationRound.State.SENT),
    )  # fmt: skip
    for one in classes:
        Invitation.objects.create(round=round, school_class=one, ground="interested", invited_at=at)


def booked(school_class: SchoolClass, seats: int, **columns: Any) -> Booking:
    occasion = fairs.occasion(fairs.session(fairs.fair()))
    return Booking.objects.create(
        occasion=occasion, school_class=school_class, pupils=seats - 1, adults=1, seats=seats,
        **{"state": Booking.State.BOOKED, "starts_at": occasion.starts_at, "ends_at": occasion.ends_at, **columns},
    )  # fmt: skip


def test_schools_and_teachers_are_counted_once_and_first_timers_among_them() -> None:
    host, _by = make.department_with_coordinator()
    known, new = people.school_unit(), people.school_unit()
    teacher = people.teacher()
    old, again = (make.school_class(known, teacher=teacher) for _ in range(2))
    first = make.school_class(new)
    make.school_class()
    invited(host, old, at=BEFORE)
    invited(host, old, again)
    invited(host, first)
    invited(host, make.school_class(), state=InvitationRound.State.CANCELLED)

    found = fair_play(*TERM)

    assert (found.rounds, found.invitations, found.schools, found.teachers) == (2, 3, 2, 2)
    assert (found.new_schools, found.new_schools_percent) == (1, 50)
    assert (found.new_teachers, found.new_teachers_percent) == (1, 50)
    assert (found.schools_in_all, found.reached_percent) == (4, 50)


def test_one_hosts_figures_are_its_own() -> None:
    mine, _by = make.department_with_coordinator()
    theirs, _other = make.department_with_coordinator("Annan")
    invited(mine, make.school_class())
    invited(theirs, make.school_class())

    assert fair_play(*TERM, host=mine).invitations == 1


def test_seats_are_told_by_area_and_school_form_beside_the_pupils() -> None:
    north = people.school_unit(area="Norr", organizer="Staden")
    south = people.school_unit(organizer="Friskolan")
    form = {"school_form": SchoolForm.PRESCHOOL, "school_years": []}
    booked(make.school_class(north, pupils=30), 30)
    booked(make.school_class(south, pupils=10, **form), 10)
    booked(make.school_class(south, pupils=60), 50, attendance=Booking.Attendance.DID_NOT_COME)
    booked(make.school_class(north, pupils=20), 20, state=Booking.State.ENDED)

    found = fair_play(*TERM)

    assert found.seats == 40
    assert found.areas == (Share("Norr", 30, 75, 42), Share("område inte angivet", 10, 25, 58))
    assert [one.label for one in found.organizers] == ["Staden", "Friskolan"]
    assert [(one.label, one.seats) for one in found.school_forms] == [("Grundskola", 30), ("Förskola", 10)]


def test_nothing_is_nothing_and_no_error() -> None:
    found = fair_play(*TERM)

    assert (found.schools, found.new_schools_percent, found.seats, found.areas) == (0, 0, 0, ())
    assert isinstance(found, FairPlay)


def test_as_many_statements_for_one_as_for_many() -> None:
    host, _by = make.department_with_coordinator()

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            fair_play(*TERM, host=host)
        return len(queries)

    invited(host, make.school_class())
    one = statements()
    invited(host, *(make.school_class() for _ in range(20)))

    assert statements() == one
