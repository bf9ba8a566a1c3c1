from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bryggan.config import server


class Command(BaseCommand):
    help = "Serve pages and API on $HOST:$PORT (127.0.0.1:8000)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=0, help="processes; default one per core, two at least")

    def handle(self, *, workers: int, **_options: Any) -> None:
        if workers < 0:
            raise CommandError("--workers must be at least 1")
        try:
            server.serve(workers)
        except server.CannotServe as error:
            raise CommandError(str(error)) from error
