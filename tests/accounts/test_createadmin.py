from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from accounts import factories
from bryggan.accounts.models import User


def createadmin(email: str) -> str:
    out = io.StringIO()
    call_command("createadmin", email, stdout=out)
    return out.getvalue()


def test_a_person_becomes_administrator_and_hears_it_again(db: None) -> None:
    said = [createadmin("Chef@stad.example.org") for _ in range(2)]

    assert said == [
        "chef@stad.example.org is now an administrator\n",
        "chef@stad.example.org was already an administrator\n",
    ]
    assert User.objects.get().is_staff


@pytest.mark.parametrize("email", ["", "chef", "a@b", "a b@c.se"])
def test_what_is_no_address_is_refused(db: None, email: str) -> None:
    with pytest.raises(CommandError, match="is not a mail address"):
        createadmin(email)


def test_a_disabled_person_is_refused(db: None) -> None:
    factories.user("chef@stad.example.org", is_active=False)

    with pytest.raises(CommandError, match="disabled"):
        createadmin("chef@stad.example.org")
