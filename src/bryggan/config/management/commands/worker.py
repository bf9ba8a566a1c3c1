from __future__ import annotations

import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bryggan.common import worker


class Command(BaseCommand):
    help = "Do background work until stopped: mail, syncs that are due, alignment, pictures, retention."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do all that is due, then stop")

    def handle(self, *, once: bool, **_options: Any) -> None:
        from bryggan.config.chores import CHORES

        stop = threading.Event()
        worker.stop_on_signals(stop)
        worker.work(CHORES, stop=stop, once=once)
