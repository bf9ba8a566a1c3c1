"""Who may do what with interest and invitations."""

from __future__ import annotations

from bryggan.accounts.models import User
from bryggan.accounts.permissions import may_use_class
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import Host, hosts_of
from bryggan.initiatives.permissions import coordinates
from bryggan.invitations.models import Invitation, InvitationRound


def may_use_desk(user: User) -> bool:
    """Coordinators have a desk of their own; an editor sees every host's."""
    return user.is_active and (user.is_editor or bool(hosts_of(user)))


def may_invite_for(user: User, host: Host | None) -> bool:
    """Those who coordinate the host, and editors, who may help it."""
    return user.is_active and host is not None and (user.is_editor or host in hosts_of(user))


def may_see_interest(user: User, initiative: Initiative) -> bool:
    """Who sees which schools and classes are curious: the initiative's owners and participants, and editors."""
    return user.is_active and (user.is_editor or coordinates(user, initiative))


def may_handle_round(user: User, round: InvitationRound) -> bool:
    return may_invite_for(user, round.host)


def may_answer(user: User, invitation: Invitation) -> bool:
    """The class's own teachers, for all of them."""
    return may_use_class(user, invitation.school_class)
