"""What the worker does in its rounds. Each room adds its own chore; see `config/chores.py`.

A chore asks the rows what is due and does some of it, so nothing is lost when the worker stops in the
middle: what is still due is found again in the next round.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, close_old_connections

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chore:
    """A name, what to do (returns how much was done), and how many seconds to rest when nothing was."""

    name: str
    do: Callable[[], int]
    every_seconds: float


def work(chores: Sequence[Chore], *, stop: threading.Event, once: bool = False) -> None:
    """Do the chores until `stop` is set; with `once`, until a whole round finds nothing to do."""
    due = {chore.name: 0.0 for chore in chores}
    while not stop.is_set():
        done = 0
        for chore in chores:
            if stop.is_set():
                break
            if not once and time.monotonic() < due[chore.name]:
                continue
            try:
                number = chore.do()
            except DatabaseError as error:
                # The database is away or busy; it is asked again in the next round.
                log.warning("%s has to wait: %s", chore.name, error)
                number = 0
                if once:
                    raise
            done += number
            # A chore that found work is asked again at once: there may be more.
            due[chore.name] = time.monotonic() + (0 if number else chore.every_seconds)
        close_old_connections()
        if once and not done:
            return
        if not done:
            stop.wait(0.5)


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` on SIGTERM and SIGINT, so that the chore at hand is finished first."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
