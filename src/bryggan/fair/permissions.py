"""Who may do what with the fair's supply and on the pages of its team."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from bryggan.accounts.models import Company, Department, User
from bryggan.fair.models import Session


def may_manage_fair(user: User | AnonymousUser) -> bool:
    """Editors: the fair itself, its venues and walks, every session, imports, bookings and messages to all."""
    return isinstance(user, User) and user.is_active and user.is_editor


def may_import(user: User | AnonymousUser) -> bool:
    return may_manage_fair(user)


def may_see_team_pages(user: User | AnonymousUser) -> bool:
    """Editors see everything there; coordinators the sessions of their own: `editable_sessions`."""
    return may_manage_fair(user) or may_add_session(user)


def may_add_session(user: User | AnonymousUser) -> bool:
    """Editors for anybody; coordinators for their own department or approved company."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_editor or user.is_coordinator


def may_add_session_for(user: User, *, department: Department | None, company: Company | None) -> bool:
    """True when `user` may let a session belong to this department and this company."""
    if may_manage_fair(user):
        return True
    if not user.is_active or (department is None and company is None):
        return False
    own = list(user.coordinations.in_force().values_list("department_id", "company_id"))
    return (department is None or any(pk == department.pk for pk, _company in own)) and (
        company is None or any(pk == company.pk for _department, pk in own)
    )


def may_edit_session(user: User | AnonymousUser, session: Session) -> bool:
    """Editors, and those who coordinate the department or the approved company that gives it."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.is_editor:
        return True
    if session.department_id is None and session.company_id is None:
        return False
    gives = Q(department__isnull=False, department=session.department_id) | Q(
        company__isnull=False, company=session.company_id
    )
    return user.coordinations.in_force().filter(gives).exists()


def editable_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    """The sessions that `user` may change, of every fair."""
    if not isinstance(user, User) or not user.is_active:
        return Session.objects.none()
    if user.is_editor:
        return Session.objects.all()
    own = user.coordinations.in_force()
    return Session.objects.filter(
        Q(department__in=own.filter(department__isnull=False).values("department"))
        | Q(company__in=own.filter(company__isnull=False).values("company"))
    )
