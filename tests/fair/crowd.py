"""A crowd of classes that want the same seats, each in a process of its own, and the real worker beside them.

`python -m fair.crowd` reads a plan as JSON from its input, and writes what happened to its output:

    occasions    numbers of the occasions that everybody wants
    classes      numbers of the classes, one for each client
    clients      how many processes; the classes are shared out between them
    client       "module:function" that acts for one class, called again and again: `teacher` below, or another's
    lanes        which of the worker's lanes run; none: only giving out seats, without anybody above who tells of it
    first_day, hours    from which morning on, and for how many school hours
    acts, rounds        in how many acts of the clients, and rounds of the worker, they pass
    ahead               how much of the whole the clients may have done before the worker has; then they wait for it
    kill_workers, kill_clients    how many of each are killed on the way, in the middle of whatever

Time goes by what clients and worker do, and waits for whichever is behind, so a run is equally long on a slow machine
and on a quick one. One process imports everything and forks the others, so that hundreds start in a moment.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fair import fast_clock
from fair.fast_clock import Ticks

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Plan:
    occasions: tuple[int, ...]
    classes: tuple[int, ...]
    clients: int
    first_day: str
    hours: float
    acts: int
    rounds: int = 40
    client: str = "fair.crowd:teacher"
    lanes: tuple[str, ...] = ()
    # How much of the whole the clients may have done before the worker has.
    ahead: float = 1
    kill_workers: int = 1
    kill_clients: int = 1
    seed: int = 1


def gather(plan: Plan, **variables: str) -> Counter[str]:
    """Let the crowd loose on the test's own database. How often what happened; anything wrong fails the test."""
    environment = {
        **os.environ,
        **variables,
        "BRYGGAN_DATABASE_URL": _url_of_the_test_database(),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")]),
        "DJANGO_SETTINGS_MODULE": "bryggan.config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "fair.crowd"],
        input=json.dumps(asdict(plan)),
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    seen = Counter(json.loads(done.stdout))
    # A worker's trouble is logged, and no ground for silence.
    assert not seen["troubles"], done.stderr[-4000:]
    assert not done.stderr, done.stderr[-4000:]
    return seen


def _url_of_the_test_database() -> str:
    from django.db import connection

    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(settings['NAME']))}"
    query = urlencode({"host": settings["HOST"], "user": settings["USER"]})
    return f"postgresql:///{quote(settings['NAME'])}?{query}"


# ------------------------------------------------------------------------------ in the processes of the crowd


def teacher(number: int, plan: Plan, dice: random.Random, seen: Counter[str]) -> None:
    """One thing that a class's teacher does: look where the class stands, and click on what she sees there."""
    from bryggan.accounts.models import SchoolClass
    from bryggan.fair.models import Booking, Occasion, SeatOffer, WaitingEntry
    from bryggan.fair.seating import seats, waiting

    occasion = Occasion.objects.get(pk=dice.choice(plan.occasions))
    school_class = SchoolClass.objects.get(pk=number)
    booking = Booking.objects.counting().filter(occasion=occasion, school_class=school_class).first()
    offer = SeatOffer.objects.filter(
        entry__occasion=occasion, entry__school_class=school_class, state=SeatOffer.State.OPEN
    ).first()
    waits = WaitingEntry.objects.filter(
        occasion=occasion, school_class=school_class, state=WaitingEntry.State.WAITING
    ).first()
    asked: dict[str, Any] = {"occasion": occasion, "school_class": school_class, "by": None}
    chance = dice.random()
    try:
        if offer:
            if chance < 0.85:
                waiting.accept(offer=offer, by=None)
                seen["accepted"] += 1
            elif chance < 0.9:
                waiting.decline(offer=offer, by=None)
                seen["declined"] += 1
        elif waits:
            if chance < 0.03:
                waiting.leave(entry=waits, by=None)
                seen["left"] += 1
        elif booking is None:
            if chance < 0.6:
                seats.hold(**asked)
                seen["held"] += 1
            if chance > 0.3:
                seats.book(**asked)
                seen["booked"] += 1
        elif chance < 0.9:
            seats.release(booking=booking, by=None)
            seen["released"] += 1
        else:
            seats.change_size(booking=booking, pupils=dice.randint(18, 28), adults=2, by=None)
            seen["changed"] += 1
    except seats.SeatsRefused as refusal:
        seen[type(refusal).__name__] += 1
        if booking is None and isinstance(refusal, (seats.NotEnoughSeats, seats.OthersWait)):
            with contextlib.suppress(seats.SeatsRefused):
                waiting.join(**asked)
                seen["joined"] += 1


@dataclass(frozen=True)
class Progress:
    """How far the clients and the worker have come, as all processes see it."""

    plan: Plan
    acts: Ticks
    rounds: Ticks

    @property
    def share(self) -> float:
        """From 0 to 1, and a little beyond."""
        return min(self.acts.sum() / self.plan.acts, self.rounds.sum() / self.plan.rounds)

    @property
    def clients_are_ahead(self) -> bool:
        """Hundreds that do not wait for the worker stand before it in every line, and time stands still."""
        return self.acts.sum() / self.plan.acts > self.rounds.sum() / self.plan.rounds + self.plan.ahead


def _crowd(plan: Plan, progress: Progress) -> Counter[str]:
    """Fork the worker and the clients, kill some, and add up what they saw."""
    folder = Path(tempfile.mkdtemp(prefix="crowd-"))
    act = _named(plan.client)
    worker = _fork(partial(_work, plan.lanes, progress.rounds))
    clients = [_fork(partial(_client, own, progress, act, folder / str(own))) for own in range(plan.clients)]
    # The first dies by its own hand, see `_client`.
    doomed = random.Random(plan.seed).sample(clients[1:], max(0, plan.kill_clients - 1))
    seen: Counter[str] = Counter()
    blows = plan.kill_workers + len(doomed)
    for blow in range(blows):
        while progress.share < (blow + 1) / (blows + 1):
            time.sleep(0.01)
        if blow < plan.kill_workers:
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
            worker = _fork(partial(_work, plan.lanes, progress.rounds))
            seen["workers killed"] += 1
        else:
            os.kill(doomed[blow - plan.kill_workers], signal.SIGKILL)
    for client in clients:
        _pid, status = os.waitpid(client, 0)
        seen["clients killed"] += os.WIFSIGNALED(status)
        seen["troubles"] += os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0
    # The worker ends as it does when it is asked to, after the chore at hand; then all that is due is done.
    os.kill(worker, signal.SIGTERM)
    os.waitpid(worker, 0)
    last = _fork(partial(_work, plan.lanes, progress.rounds, once=True))
    _pid, status = os.waitpid(last, 0)
    seen["troubles"] += status != 0
    for file in folder.iterdir():
        seen.update(json.loads(file.read_text()))
        file.unlink()
    folder.rmdir()
    return seen


def _fork(run: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        from django.db import connections

        connections.close_all()
        run()
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the test is told and the process ends here.
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _work(lanes: tuple[str, ...], rounds: Ticks, *, once: bool = False) -> None:
    """The worker, as `bryggan worker` does it, with some of its lanes and less rest between rounds."""
    from bryggan.common import worker
    from bryggan.common.worker import Chore
    from bryggan.config.chores import CHORES
    from bryggan.fair.seating import waiting

    own = (Chore("seat offers", waiting.give_out_due, 0, lane="seats"),)
    chosen = [chore for chore in CHORES if chore.lane in lanes] or own
    chores = [replace(chore, every_seconds=0.02) for chore in chosen]
    chores.append(Chore("tick", lambda: rounds.tick(0) or 0, 0, lane="seats"))
    if once:
        worker.work_once(chores)
        return
    stop = threading.Event()
    worker.stop_on_signals(stop)
    worker.work(chores, stop=stop)


def _client(own: int, progress: Progress, act: Callable[..., None], report: Path) -> None:
    from django.db import connection, transaction

    plan = progress.plan
    dice = random.Random(plan.seed * 1000 + own)
    seen: Counter[str] = Counter()
    mine = plan.classes[own :: plan.clients]
    # The first one dies with seats in its hands, if it gets any: before the end of the transaction.
    dies = own == 0 and plan.kill_clients
    acts = 0
    while dies or progress.share < 1:
        # Nobody comes back again and again while others have not come once.
        if progress.clients_are_ahead or acts > 2 + progress.acts.sum() / plan.clients * 1.1:
            time.sleep(0.02 + dice.random() * 0.08)
            continue
        for number in mine:
            if dies:
                with transaction.atomic():
                    act(number, plan, dice, seen)
                    os.kill(os.getpid(), signal.SIGKILL)
            act(number, plan, dice, seen)
        acts += 1
        progress.acts.tick(own)
        if connection.vendor == "postgresql":
            # A server has fewer connections than there are teachers.
            connection.close()
        time.sleep(dice.random() * 0.05)
    report.write_text(json.dumps(seen))


def _named(dotted: str) -> Callable[..., None]:
    module, _, name = dotted.partition(":")
    found: Callable[..., None] = getattr(importlib.import_module(module), name)
    return found


def main() -> None:
    told = json.load(sys.stdin)
    plan = Plan(**{name: tuple(value) if isinstance(value, list) else value for name, value in told.items()})
    progress = Progress(plan, Ticks(plan.clients), Ticks(1))
    fast_clock.start(first_day=date.fromisoformat(plan.first_day), hours=lambda: progress.share * plan.hours)
    import django

    django.setup()
    from django.db import connection

    if connection.vendor == "sqlite":
        # On a machine that does ten other things hundreds of writers wait longer than people would.
        connection.settings_dict["OPTIONS"]["timeout"] = 120
    from bryggan.config import chores  # noqa: F401 - read once, before the others are forked

    # What is never looked at again is not copied into each process.
    gc.freeze()
    json.dump(_crowd(plan, progress), sys.stdout)


if __name__ == "__main__":
    main()
