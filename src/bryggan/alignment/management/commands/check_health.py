from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Min
from django.utils import timezone

from bryggan.alignment import index
from bryggan.common.models import OutgoingMail

# A mail that has waited longer than this says that no worker runs.
LONGEST_WAIT = timedelta(minutes=10)


class Command(BaseCommand):
    help = "Say whether the database and the index answer, and whether a worker sends the mail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        with index.current() as made:
            initiatives = len(made.entries)
        waiting = OutgoingMail.objects.filter(sent_at=None, given_up_at=None, tries=0)
        oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
        late = oldest is not None and oldest < timezone.now() - LONGEST_WAIT
        found = {"database": "ok", "initiatives": initiatives, "mail": "waiting" if late else "ok"}
        self.stdout.write(json.dumps(found) if options["json"] else "\n".join(f"{k}: {v}" for k, v in found.items()))
        if late:
            raise CommandError(f"mail has waited since {oldest:%Y-%m-%d %H:%M}: is a worker running?")
