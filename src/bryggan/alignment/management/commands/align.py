from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bryggan.alignment import aligning
from bryggan.initiatives.models import Initiative


class Command(BaseCommand):
    help = "Compute which initiative teaches what, for what is due or for one initiative. Decisions are never touched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--initiative", type=int, metavar="ID", help="this one only, whether due or not")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, initiative: int | None, **options: Any) -> None:
        if initiative is not None and not Initiative.objects.published().filter(pk=initiative).exists():
            raise CommandError(f"there is no published initiative {initiative}")
        began = time.monotonic()
        done = aligning.align_all(only=initiative, progress=self._progress)
        seconds = round(time.monotonic() - began, 2)
        if options["json"]:
            self.stdout.write(json.dumps({"aligned": done, "seconds": seconds}))
        else:
            self.stdout.write(f"{done} initiatives aligned in {seconds} s")

    def _progress(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done} of {total}", ending="" if done < total else "\n")
