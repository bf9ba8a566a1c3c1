"""Hosts, rounds that have been sent, invitations and seats: what a class answers. What is not given is made up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts import factories as people
from alignment import factories as initiatives
from bryggan.accounts.models import Coordination, Department, SchoolClass, User
from bryggan.fair.models import Booking, Occasion, Session, State
from bryggan.initiatives.models import Initiative
from bryggan.invitations.models import Invitation, InvitationRound

_numbers = count(1)


def host(name: str = "Stadsbyggnadsförvaltningen") -> tuple[Department, User]:
    """A department and who coordinates it."""
    department = people.department(name)
    coordinator = people.user(f"samordnare{next(_numbers)}@stad.example.org")
    Coordination.objects.create(user=coordinator, department=department)
    return department, coordinator


def initiative(department: Department | None = None, **columns: Any) -> Initiative:
    return initiatives.initiative(department=department, **columns)


def visit(department: Department | None = None, **columns: Any) -> Session:
    """A session outside any fair."""
    columns = {"title": "Besök på reningsverket", "minutes": 60, "state": State.PUBLISHED, **columns}
    return Session.objects.create(
        fair=None, remote_id=f"besok-{next(_numbers)}", department=department, origin="invitation", **columns
    )


def time(session: Session, starts_at: datetime, *, capacity: int | None = 30, **columns: Any) -> Occasion:
    columns = {
        "ends_at": starts_at + timedelta(minutes=session.minutes),
        "capacity": capacity,
        "booking_closes_at": starts_at,
        "remote_id": f"tid-{next(_numbers)}",
        **columns,
    }
    return Occasion.objects.create(session=session, starts_at=starts_at, **columns)


def round(
    department: Department, *times: Occasion, how: str = InvitationRound.How.OCCASIONS, **columns: Any
) -> InvitationRound:
    """A round that has been sent, first come by default."""
    columns = {
        "title": "Se hur vattnet renas",
        "text": "Välkomna.",
        "answer_by": timezone.now() + timedelta(days=7),
        "state": InvitationRound.State.SENT,
        "spread": InvitationRound.Spread.FIRST_COME,
        "session": times[0].session if times else None,
        "sent_at": timezone.now(),
        **columns,
    }
    if columns["session"] is None and "initiative" not in columns:
        columns["initiative"] = initiative(department)
    made = InvitationRound.objects.create(department=department, how=how, **columns)
    made.occasions.set(times)
    return made


def invitation(round: InvitationRound, *teachers: User, school_class: SchoolClass | None = None) -> Invitation:
    school_class = school_class or people.school_class(*(teachers or (people.teacher(),)), pupils=20, adults=2)
    return Invitation.objects.create(round=round, school_class=school_class, ground="interested")


def booking(occasion: Occasion, school_class: SchoolClass, **columns: Any) -> Booking:
    """Seats that are booked, straight into the rows: for what comes after."""
    columns = {
        "pupils": school_class.pupils,
        "adults": school_class.adults,
        "seats": school_class.people,
        "starts_at": occasion.starts_at,
        "ends_at": occasion.ends_at,
        "state": Booking.State.BOOKED,
        "booked_at": timezone.now() - timedelta(days=30),
        **columns,
    }
    return Booking.objects.create(occasion=occasion, school_class=school_class, **columns)


def teacher_of(invitation: Invitation) -> User:
    found: Sequence[User] = invitation.school_class.teachers.order_by("pk")
    return found[0]
