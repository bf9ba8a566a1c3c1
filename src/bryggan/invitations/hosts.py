"""The hosts' sessions at the fair, and who answers for a session."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from bryggan.accounts.models import Company, Department, User
from bryggan.fair.models import Session
from bryggan.initiatives import owners
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import Host, initiatives_of


def offered_by(hosts: Iterable[Host]) -> QuerySet[Session]:
    """Sessions of a published fair that the hosts give, or that are built on their initiatives; each once."""
    hosts = list(hosts)
    departments = [host for host in hosts if isinstance(host, Department)]
    companies = [host for host in hosts if isinstance(host, Company) and host.approved_at]
    given = Q(department__in=departments) | Q(company__in=companies)
    built_on = Session.initiatives.through.objects.filter(initiative__in=initiatives_of(hosts).values("pk"))
    found = Session.objects.offered().filter(fair__is_published=True)
    return found.filter(given | Q(pk__in=built_on.values("session")))


def sessions_of(hosts: Iterable[Host]) -> list[Session]:
    """The same as rows, each with its fair and who gives it."""
    return list(offered_by(hosts).select_related("fair", "department", "company"))


def coordinators_of(*, initiative: Initiative | None = None, session: Session | None = None) -> list[User]:
    """Those who answer for an initiative, or for a session: whoever gives it, and whose initiatives it is built on."""
    initiatives = [initiative] if initiative else []
    if session is None:
        return owners.coordinators_of(initiatives)
    return owners.coordinators_of(
        [*initiatives, *session.initiatives.all()],
        departments=[session.department_id] if session.department_id else (),
        companies=[session.company_id] if session.company_id else (),
    )
