"""Who may do what with people, schools and classes."""

from __future__ import annotations

from bryggan.accounts.models import SchoolClass, SchoolMembership, SchoolUnit, User


def is_confirmed_at(user: User, school_unit: SchoolUnit) -> bool:
    """True when somebody has confirmed that `user` works at the school unit."""
    return user.is_teacher and user.school_memberships.confirmed().filter(school_unit=school_unit).exists()


def may_decide_membership(user: User, membership: SchoolMembership) -> bool:
    """Editors, and confirmed colleagues at that school. Nobody decides about herself."""
    if not user.is_active or membership.user_id == user.pk:
        return False
    return user.is_editor or is_confirmed_at(user, membership.school_unit)


def may_use_class(user: User, school_class: SchoolClass) -> bool:
    """Only the class's own teachers, whatever else a person may be."""
    return user.is_active and user.is_teacher and school_class.teachers.filter(pk=user.pk).exists()
