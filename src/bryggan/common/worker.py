"""What the worker does in its rounds. Each room adds its own chores; see `config/chores.py`.

A chore asks the rows what is due and does some of it, so nothing is lost when the worker stops in the
middle: what is still due is found again in the next round. Chores of one lane take turns in one thread;
a slow lane never holds up another, so a sign-in code does not wait for a source to be read.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db import DatabaseError, close_old_connections, connections

log = logging.getLogger(__name__)

REST_AFTER_TROUBLE = 30.0


@dataclass(frozen=True)
class Chore:
    """A name, what to do (returns how much was done), how many seconds to rest when nothing was, and its lane."""

    name: str
    do: Callable[[], int]
    every_seconds: float
    lane: str = "slow"


def work(chores: Iterable[Chore], *, stop: threading.Event) -> None:
    """Do the chores, each lane in a thread of its own, until `stop` is set."""
    by_lane = groupby(sorted(chores, key=lambda chore: chore.lane), key=lambda chore: chore.lane)
    lanes = [threading.Thread(target=_lane, args=(list(own), stop), name=lane) for lane, own in by_lane]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        # In small waits, so that signals are heard.
        while lane.is_alive():
            lane.join(0.5)


def work_once(chores: Sequence[Chore]) -> int:
    """Do rounds of all chores in turn until a whole round finds nothing to do. Raises what a chore raises."""
    total = 0
    while done := sum(chore.do() for chore in chores):
        total += done
    return total


def _lane(chores: Sequence[Chore], stop: threading.Event) -> None:
    due = {chore.name: 0.0 for chore in chores}
    try:
        while not stop.is_set():
            done = 0
            for chore in chores:
                if stop.is_set():
                    return
                if time.monotonic() >= due[chore.name]:
                    number, rest = _do(chore)
                    done += number
                    due[chore.name] = time.monotonic() + rest
            close_old_connections()
            if not done:
                stop.wait(0.25)
    finally:
        connections.close_all()


def _do(chore: Chore) -> tuple[int, float]:
    """Do a chore once: how much was done, and how long to leave it alone. A chore that found work may have more."""
    try:
        number = chore.do()
    except DatabaseError as error:
        log.warning("%s has to wait, the database does not do as asked: %s", chore.name, error)
        return 0, REST_AFTER_TROUBLE
    except Exception:
        # One chore's fault must not end the others: mail goes out though a source is read wrongly.
        log.exception("%s failed and is tried again in %.0f s", chore.name, REST_AFTER_TROUBLE)
        return 0, REST_AFTER_TROUBLE
    return number, 0 if number else chore.every_seconds


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` on SIGTERM and SIGINT, so that the chores at hand are finished first."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
