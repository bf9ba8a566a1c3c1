"""Rows for tests, by the names of what they stand for. Plain functions: what is not given is made up."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from bryggan.accounts.models import (
    AccessInvitation,
    Company,
    Coordination,
    Department,
    EmailDomain,
    SchoolClass,
    SchoolMembership,
    SchoolUnit,
    User,
)
from bryggan.curriculum.models import Curriculum, Orientation, Programme, SchoolForm, Subject

_numbers = count(1)


def school_unit(name: str = "", **columns: Any) -> SchoolUnit:
    number = next(_numbers)
    return SchoolUnit.objects.create(
        code=columns.pop("code", f"{number:08}"), name=name or f"Skola {number}", **columns
    )


def user(email: str = "", **columns: Any) -> User:
    return User.objects.create_user(email or f"person{next(_numbers)}@stad.example.org", **columns)


def teacher(email: str = "", *, at: SchoolUnit | None = None, confirmed: bool = True, **columns: Any) -> User:
    made = user(email or f"larare{next(_numbers)}@skola.example.org", is_teacher=True, **columns)
    if at:
        membership(made, at, confirmed=confirmed)
    return made


def membership(user: User, school_unit: SchoolUnit, *, confirmed: bool = False) -> SchoolMembership:
    return SchoolMembership.objects.create(
        user=user, school_unit=school_unit, confirmed_at=timezone.now() if confirmed else None
    )


def editor() -> User:
    return user(is_editor=True)


def administrator() -> User:
    return user(is_administrator=True)


def department(name: str = "Stadsbyggnadsförvaltningen") -> Department:
    return Department.objects.create(slug=f"forvaltning-{next(_numbers)}", name=name)


def company(name: str = "Exempelbolaget AB") -> Company:
    return Company.objects.create(slug=f"bolag-{next(_numbers)}", name=name)


def coordinator() -> User:
    made = user()
    Coordination.objects.create(user=made, department=department())
    return made


def domain(name: str = "skola.example.org", kind: EmailDomain.Kind = EmailDomain.Kind.TEACHERS) -> EmailDomain:
    return EmailDomain.objects.create(domain=name, kind=kind)


def invitation(email: str, role: AccessInvitation.Role, *, days: float = 14, **columns: Any) -> AccessInvitation:
    return AccessInvitation.objects.create(
        email=email, role=role, expires_at=timezone.now() + timedelta(days=days), **columns
    )


def school_class(*teachers: User, **columns: Any) -> SchoolClass:
    columns.setdefault("label", f"8{next(_numbers)}")
    columns.setdefault("school_form", SchoolForm.COMPULSORY)
    columns.setdefault("school_years", [8] if columns["school_form"] == SchoolForm.COMPULSORY else [])
    columns.setdefault("pupils", 25)
    columns.setdefault("adults", 2)
    if "school_unit" not in columns:
        columns["school_unit"] = school_unit()
    made = SchoolClass.objects.create(**columns)
    made.teachers.set(teachers)
    return made


def subject(name: str = "Teknik", school_form: SchoolForm = SchoolForm.COMPULSORY, **columns: Any) -> Subject:
    columns.setdefault("curriculum", Curriculum.LGR22)
    return Subject.objects.create(code=f"TEST{next(_numbers)}", name=name, school_form=school_form, **columns)


def programme(code: str = "TE25", name: str = "Teknikprogrammet", **columns: Any) -> Programme:
    columns.setdefault("curriculum", Curriculum.GY25)
    return Programme.objects.create(code=code, name=name, **columns)


def orientation(programme: Programme, code: str = "TEINF", name: str = "Informationsteknik") -> Orientation:
    return Orientation.objects.create(programme=programme, code=code, name=name)
