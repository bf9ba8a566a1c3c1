from __future__ import annotations

import pytest
from django.core.management import call_command

from bryggan.accounts.models import SchoolClass, User
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.invitations.models import Interest, Invitation, InvitationRound

pytestmark = pytest.mark.django_db


def counts() -> list[int]:
    models = (User, SchoolClass, Interest, InvitationRound, Invitation, AuditEntry, OutgoingMail)
    return [model.objects.count() for model in models]


def test_the_demo_has_interest_a_sent_round_and_a_draft_and_is_loaded_once() -> None:
    call_command("demo_data")
    first = counts()
    call_command("demo_data")

    assert counts() == first
    assert sorted(InvitationRound.objects.values_list("state", flat=True)) == ["draft", "sent"]
    assert Interest.objects.count() > 8
    assert Invitation.objects.filter(school_class__teachers__email="larare@skola.example.org").exists()
    assert OutgoingMail.objects.count() == 0
