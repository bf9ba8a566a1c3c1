from __future__ import annotations

import os
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bryggan.common import worker


class Command(BaseCommand):
    help = "Do background work until stopped: mail, syncs that are due, alignment, pictures, retention."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do all that is due, then stop")
        parser.add_argument("--with-parent", action="store_true", help="stop when the process that started it ends")

    def handle(self, *, once: bool, with_parent: bool, **_options: Any) -> None:
        from bryggan.config.chores import CHORES

        if once:
            worker.work_once(CHORES)
            return
        stop = threading.Event()
        worker.stop_on_signals(stop)
        if with_parent:
            _stop_with_parent(stop)
        worker.work(CHORES, stop=stop)


def _stop_with_parent(stop: threading.Event) -> None:
    parent = os.getppid()

    def watch() -> None:
        while not stop.wait(1):
            if os.getppid() != parent:
                stop.set()

    threading.Thread(target=watch, daemon=True).start()
