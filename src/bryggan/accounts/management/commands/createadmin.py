from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from bryggan.accounts import actions


class Command(BaseCommand):
    help = "Give a person the administrator's role; she signs in with a code by mail like everybody else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **_options: Any) -> None:
        email = email.strip().lower()
        try:
            validate_email(email)
            user, changed = actions.make_administrator(email, by="createadmin")
        except ValidationError as error:
            raise CommandError(f"{email!r} is not a mail address") from error
        except actions.AccountDisabled as error:
            raise CommandError(f"{email} is disabled, and stays so") from error
        self.stdout.write(f"{user.email} {'is now' if changed else 'was already'} an administrator")
