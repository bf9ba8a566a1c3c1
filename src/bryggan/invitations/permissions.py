"""Who may do what with interest and invitations."""

from __future__ import annotations

from bryggan.accounts.models import User
from bryggan.accounts.permissions import may_use_class
from bryggan.fair.models import Session
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import Host, hosts_of, initiatives_of
from bryggan.initiatives.permissions import coordinates
from bryggan.invitations.hosts import offered_by
from bryggan.invitations.models import Invitation, InvitationRound


def may_use_desk(user: User) -> bool:
    """Coordinators have a desk of their own; an editor sees every host's."""
    return user.is_active and (user.is_editor or user.is_coordinator)


def may_invite_for(user: User, host: Host | None) -> bool:
    """Those who coordinate the host, and editors, who may help it."""
    return user.is_active and host is not None and (user.is_editor or host in hosts_of(user))


def may_invite_to(host: Host, *, initiative: Initiative | None, session: Session | None) -> bool:
    """A host invites to what is its own. Whoever could invite to another's would read who is curious about it."""
    if initiative and not initiatives_of([host]).filter(pk=initiative.pk).exists():
        return False
    if session is None:
        return True
    if session.fair_id is None:
        # A visit that was made for a round of the host's.
        return host in (session.department, session.company)
    return offered_by([host]).filter(pk=session.pk).exists()


def may_see_interest(user: User, initiative: Initiative) -> bool:
    """Who sees which schools and classes are curious: the initiative's owners and participants, and editors."""
    return user.is_active and (user.is_editor or coordinates(user, initiative))


def may_see_interest_in_session(user: User, session: Session) -> bool:
    """The same for a session of the fair: whoever gives it, and whose initiatives it is built on."""
    if not user.is_active or session.fair_id is None:
        return False
    return user.is_editor or offered_by(hosts_of(user).all).filter(pk=session.pk).exists()


def may_handle_round(user: User, round: InvitationRound) -> bool:
    return may_invite_for(user, round.host)


def may_answer(user: User, invitation: Invitation) -> bool:
    """The class's own teachers, for all of them."""
    return may_use_class(user, invitation.school_class)


def may_decide_companies(user: User) -> bool:
    """Editors let companies in, and say which of the city's partners they are."""
    return user.is_active and user.is_editor
