"""What a host sees of its visits: those to come, those that have been, and what waits for the host to do.

A visit is by invitation, or to what the host gives at the fair. One that came by another host's invitation is that
host's. Of the class a host sees what it may know; its teacher's name stands in the invitation it has accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from bryggan.accounts.models import Company, Department, User
from bryggan.fair.models import Booking
from bryggan.initiatives.owners import Host
from bryggan.invitations.answering import HAS_SAID_YES
from bryggan.invitations.hosts import offered_by
from bryggan.invitations.models import Invitation, InvitationRound, VisitMessage

TO_VISIT = (
    "occasion__session__venue",
    "school_class__school_unit",
    "school_class__programme",
    "invitation__round__department",
    "invitation__round__company",
    "invitation__answered_by",
)


def visits_to(hosts: Iterable[Host] | None) -> QuerySet[Booking]:
    """Visits that are booked with the hosts, or with anybody when None, with what a page tells of them."""
    found = Booking.objects.filter(state=Booking.State.BOOKED).select_related(*TO_VISIT)
    if hosts is None:
        by_city = Q(occasion__session__department__isnull=False) | Q(occasion__session__company__isnull=False)
        return found.filter(Q(invitation__isnull=False) | by_city)
    hosts = list(hosts)
    at_the_fair = Q(invitation__isnull=True, occasion__session__in=offered_by(hosts).values("pk"))
    return found.filter(_invited_by(hosts, "invitation__round__") | at_the_fair)


def wait_for_a_time(hosts: Sequence[Host] | None) -> QuerySet[Invitation]:
    """Classes that have said yes to come by agreement, and have no time yet."""
    rows = Invitation.objects.filter(
        state=Invitation.State.ACCEPTED, booking=None, round__how=InvitationRound.How.AGREEMENT
    )
    if hosts is not None:
        rows = rows.filter(_invited_by(hosts, "round__"))
    return rows.select_related("round", "school_class__school_unit").order_by("answered_at", "pk")


def wait_for_an_answer(hosts: Sequence[Host]) -> QuerySet[Invitation]:
    """Conversations where the class has written last, and nobody of the host has read it."""
    seen = Coalesce("invitation__host_read_at", "invitation__invited_at")
    unread = VisitMessage.objects.filter(is_from_host=False).annotate(seen=seen).filter(at__gt=F("seen"))
    rows = Invitation.objects.filter(_invited_by(hosts, "round__"), pk__in=unread.values("invitation"))
    return rows.select_related("round", "school_class__school_unit").order_by("pk")


def teacher_of(invitation: Invitation | None) -> User | None:
    """Who answered for the class, while its yes stands (PRODUCT rule 8)."""
    if invitation is None or invitation.state not in HAS_SAID_YES:
        return None
    return invitation.answered_by


def has_begun(booking: Booking) -> bool:
    return booking.starts_at <= timezone.now()


def _invited_by(hosts: Iterable[Host], path: str) -> Q:
    hosts = list(hosts)
    departments = [host.pk for host in hosts if isinstance(host, Department)]
    companies = [host.pk for host in hosts if isinstance(host, Company)]
    return Q(**{f"{path}department__in": departments}) | Q(**{f"{path}company__in": companies})
