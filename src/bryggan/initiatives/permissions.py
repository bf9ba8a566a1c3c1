"""Who may do what with the city's initiatives."""

from __future__ import annotations

from bryggan.accounts.models import User


def may_judge_moves(user: User) -> bool:
    return user.is_active and (user.is_editor or user.is_administrator)


def may_manage_sources(user: User) -> bool:
    return user.is_active and user.is_administrator
