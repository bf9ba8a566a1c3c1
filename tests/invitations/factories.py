"""Interests, rounds and invitations for tests. What is not given is made up; times are local times of Stockholm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts import factories as people
from alignment import factories as city
from bryggan.accounts.models import Company, Coordination, Department, SchoolClass, SchoolUnit, User
from bryggan.initiatives.models import Initiative
from bryggan.invitations import rounds
from bryggan.invitations.models import Interest, Invitation, InvitationRound


def department_with_coordinator(name: str = "Vattenförvaltningen") -> tuple[Department, User]:
    department, coordinator = people.department(name), people.user()
    Coordination.objects.create(user=coordinator, department=department)
    return department, coordinator


def company_with_coordinator(name: str = "Vattenbolaget") -> tuple[Company, User]:
    company, coordinator = people.company(name), people.user()
    company.approved_at = timezone.now()
    company.save()
    Coordination.objects.create(user=coordinator, company=company)
    return company, coordinator


def initiative(department: Department | None, title: str = "Rent vatten", **columns: Any) -> Initiative:
    return city.initiative(title, department=department, **columns)


def school_class(school_unit: SchoolUnit | None = None, *, teacher: User | None = None, **columns: Any) -> SchoolClass:
    """A class in year 8 with a confirmed teacher at its school."""
    school_unit = school_unit or people.school_unit()
    teacher = teacher or people.teacher()
    if not teacher.school_memberships.filter(school_unit=school_unit).exists():
        people.membership(teacher, school_unit, confirmed=True)
    return people.school_class(teacher, school_unit=school_unit, **columns)


def interest(school_class: SchoolClass, about: Initiative, **columns: Any) -> Interest:
    columns.setdefault("expressed_by", school_class.teachers.first())
    return Interest.objects.create(school_class=school_class, initiative=about, **columns)


def times(*hours: float, days: int = 30, seats: int | None = 60) -> list[rounds.Time]:
    """Times of one hour each, `days` from now."""
    day = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return [
        rounds.Time(day + timedelta(hours=hour), day + timedelta(hours=hour + 1), seats) for hour in hours or (10.0,)
    ]


def a_round(
    about: Initiative,
    by: User,
    *,
    given: list[rounds.Time] | None = None,
    lists: dict[str, Any] | None = None,
    **columns: Any,
) -> InvitationRound:
    """A saved draft to those who are curious, with a visit at ten in a month and a fortnight to answer."""
    columns.setdefault("department", about.department)
    columns.setdefault("answer_by", timezone.now() + timedelta(days=14))
    round = InvitationRound(
        initiative=about,
        **{"title": "Kom till vattenverket", "text": "Vi visar hur vatten renas.\n\nTa med kläder.", **columns},
    )
    by_agreement = round.how == InvitationRound.How.AGREEMENT
    return rounds.save_round(round, times=[] if by_agreement else given or times(), by=by, **(lists or {}))


def answers_end(round: InvitationRound, at: datetime | None = None) -> None:
    """Let the time to answer be over."""
    InvitationRound.objects.filter(pk=round.pk).update(answer_by=at or timezone.now() - timedelta(seconds=1))


def invitation_of(round: InvitationRound, school_class: SchoolClass) -> Invitation:
    return Invitation.objects.get(round=round, school_class=school_class)
