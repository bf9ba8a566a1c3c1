"""Who may do what with rounds of ideas and with what a class has sent to the city."""

from __future__ import annotations

from django.db.models import QuerySet

from bryggan.accounts.models import User
from bryggan.accounts.permissions import may_use_class
from bryggan.ideas.models import IdeaRound, Proposal
from bryggan.initiatives.owners import hosts_of
from bryggan.initiatives.permissions import coordinates


def may_lead(user: User, round: IdeaRound) -> bool:
    """The class's own teachers; one who has left the class leads its rounds no more, and her colleague does."""
    return may_use_class(user, round.school_class)


def rounds_led_by(user: User) -> QuerySet[IdeaRound]:
    """Those that `may_lead` is true of."""
    if not (user.is_active and user.is_teacher):
        return IdeaRound.objects.none()
    return IdeaRound.objects.filter(school_class__teachers=user)


def may_answer_for_city(user: User, proposal: Proposal) -> bool:
    """Those who answer for the initiative; an editor for any, and alone for challenges and questions of one's own."""
    if not user.is_active:
        return False
    initiative = proposal.idea.round.initiative
    return user.is_editor or (initiative is not None and coordinates(user, initiative))


def may_see_inbox(user: User) -> bool:
    """Editors, and those who answer for a department or an approved company."""
    return user.is_active and (user.is_editor or bool(hosts_of(user)))


def may_agree_to_show(user: User) -> bool:
    """Editors say the city's yes to showing an idea openly."""
    return user.is_active and user.is_editor
