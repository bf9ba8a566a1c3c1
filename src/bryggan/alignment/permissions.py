"""Who may do what with the links between initiatives and the curriculum."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from bryggan.accounts.models import User


def may_decide_links(user: User | AnonymousUser) -> bool:
    """Editors, on every initiative. A coordinator knows her initiative, but does not judge what it teaches."""
    return isinstance(user, User) and user.is_active and user.is_editor


def may_see_coverage(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_active and (user.is_editor or user.is_administrator)
