from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import factories
from bryggan.accounts import retention
from bryggan.accounts.models import AccessInvitation, User
from bryggan.common import outbox
from bryggan.common.models import OutgoingMail, RateCount

DAY = timedelta(days=1)


def test_what_is_old_goes_and_the_rest_stays(db: None) -> None:
    now = timezone.now()
    Session.objects.create(session_key="old", expire_date=now - DAY)
    Session.objects.create(session_key="new", expire_date=now + DAY)
    RateCount.objects.create(key="old", window_started_at=now - 3 * DAY)
    RateCount.objects.create(key="new", window_started_at=now)
    Role = AccessInvitation.Role
    factories.invitation("old@x.se", Role.EDITOR, days=-91)
    factories.invitation("taken@x.se", Role.EDITOR, accepted_at=now - 91 * DAY)
    factories.invitation("just-expired@x.se", Role.EDITOR, days=-89)
    factories.invitation("open@x.se", Role.EDITOR)
    for kind, days in (("sign-in code", 8), ("sign-in code", 6), ("invitation", 8)):
        mail = outbox.queue(to="a@x.se", kind=kind, subject=f"{kind} {days}", text="")
        OutgoingMail.objects.filter(pk=mail and mail.pk).update(created_at=now - days * DAY)
    factories.user(joined_at=now - 400 * DAY)

    gone = retention.forget_old()

    assert gone == 5
    assert list(Session.objects.values_list("pk", flat=True)) == ["new"]
    assert list(RateCount.objects.values_list("key", flat=True)) == ["new"]
    assert set(AccessInvitation.objects.values_list("email", flat=True)) == {"just-expired@x.se", "open@x.se"}
    assert set(OutgoingMail.objects.values_list("subject", flat=True)) == {"sign-in code 6", "invitation 8"}
    assert User.objects.count() == 1


def test_a_second_round_finds_nothing(db: None) -> None:
    Session.objects.create(session_key="old", expire_date=timezone.now() - DAY)

    assert [retention.forget_old() for _ in range(2)] == [1, 0]
