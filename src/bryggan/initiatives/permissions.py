"""Who may do what with the city's initiatives."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from bryggan.accounts.models import User
from bryggan.initiatives.models import Initiative, Term


def may_judge_moves(user: User) -> bool:
    return user.is_active and (user.is_editor or user.is_administrator)


def may_manage_sources(user: User) -> bool:
    return user.is_active and user.is_administrator


def may_edit_offer(user: User | AnonymousUser, initiative: Initiative) -> bool:
    """Editors, and those who coordinate a department or company that owns the initiative or takes part in it."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_editor or coordinates(user, initiative)


def coordinates(user: User, initiative: Initiative) -> bool:
    """True when the initiative belongs to a department or company that `user` answers for.

    A department owns it or takes part in it. A company takes part when an editor has said so, or when the source
    names it as a partner: the source knows partners by name only, so the company's name, or its slug, is what they
    are recognised by. Companies count once they are approved.
    """
    coordinations = list(user.coordinations.in_force().select_related("company"))
    departments = {one.department_id for one in coordinations if one.department_id}
    if initiative.department_id in departments:
        return True
    if departments and initiative.participants.filter(pk__in=departments).exists():
        return True
    companies = [one.company for one in coordinations if one.company]
    if not companies:
        return False
    if initiative.partnerships.filter(company__in=companies).exists():
        return True
    partners = initiative.terms.filter(kind=Term.Kind.PARTNER).values_list("slug", "name")
    named = {text.casefold() for partner in partners for text in partner}
    return any(company.slug.casefold() in named or company.name.casefold() in named for company in companies)


def may_decide_partnerships(user: User) -> bool:
    """Editors say which initiatives a company takes part in, beside what the source says."""
    return user.is_active and user.is_editor
