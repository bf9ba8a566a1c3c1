"""Which initiatives a company takes part in: what the source says, and what editors add to it."""

from __future__ import annotations

from django.db import transaction

from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import Company, User
from bryggan.common import audit
from bryggan.initiatives.models import Initiative, Partnership
from bryggan.initiatives.permissions import may_decide_partnerships


class NotApproved(Exception):
    """The company has not been let in."""


@transaction.atomic
def add(company: Company, initiative: Initiative, *, by: User) -> Partnership:
    """Let the company take part in the initiative. Said again, it is said once. Raises NotAllowed and NotApproved."""
    if not may_decide_partnerships(by):
        raise NotAllowed
    if company.approved_at is None:
        raise NotApproved
    partnership, is_new = Partnership.objects.get_or_create(
        company=company, initiative=initiative, defaults={"said_by": by}
    )
    if is_new:
        audit.record(by, "added a partner", initiative, company=company.pk)
    return partnership


@transaction.atomic
def take_back(company: Company, initiative: Initiative, *, by: User) -> None:
    """Take back what an editor has said. What the source says stands. Once more, nothing. Raises NotAllowed."""
    if not may_decide_partnerships(by):
        raise NotAllowed
    if Partnership.objects.filter(company=company, initiative=initiative).delete()[0]:
        audit.record(by, "took away a partner", initiative, company=company.pk)
