"""A crowd of classes that want the same seats, each in a process of its own, and the real worker beside them.

`python -m fair.crowd` reads a plan as JSON from its input, and writes what happened to its output:

    occasions    numbers of the occasions that everybody wants
    classes      numbers of the classes, one for each client
    clients      how many processes; the classes are shared out between them
    client       "module:function" that acts for one class, called again and again: `teacher` below, or another's
    lanes        which of the worker's lanes run; none: only giving out seats, without anybody above who tells of it
    first_day, hours    from which morning on, and for how many school hours
    acts, rounds        in how many acts of the clients, and rounds of the worker, they pass at the earliest
    kill_workers, kill_clients    how many of each are killed on the way, in the middle of whatever

Time goes by what clients and worker do, and waits for whichever is behind, so that as much happens on a slow machine
as on a quick one. While somebody stands in line for the database at most `LINE_HOURS` pass: otherwise whoever answers
an offer on a busy machine would always come too late. One process imports everything and forks the others, so that
hundreds start in a moment.
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
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fair import fast_clock
from fair.fast_clock import Numbers

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Plan:
    occasions: tuple[int, ...]
    classes: tuple[int, ...]
    clients: int
    first_day: str
    hours: float
    acts: int
    rounds: int = 20
    client: str = "fair.crowd:teacher"
    lanes: tuple[str, ...] = ()
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

# Whoever has seats, or is offered them, is one among two hundred, and may stand in line or be killed while the rest
# pass by. As often as this one that is inside acts instead, in whatever process: freed seats are what this is about.
LOOKS_AGAIN = 0.1


def who_acts(number: int, plan: Plan, dice: random.Random) -> int:
    """The class whose turn it is: `number`, or now and then one with seats of its own or offered to it."""
    from bryggan.fair.models import Booking

    if dice.random() >= LOOKS_AGAIN:
        return number
    inside = Booking.objects.filter(occasion__in=plan.occasions).exclude(state=Booking.State.ENDED)
    return inside.values_list("school_class", flat=True).order_by("?").first() or number


def teacher(number: int, plan: Plan, dice: random.Random, seen: Counter[str]) -> None:
    """One thing that a class's teacher does: look where the class stands, and click on what she sees there."""
    from bryggan.accounts.models import SchoolClass
    from bryggan.fair.models import Booking, Occasion, SeatOffer, WaitingEntry
    from bryggan.fair.seating import seats, waiting

    occasion = Occasion.objects.get(pk=dice.choice(plan.occasions))
    school_class = SchoolClass.objects.get(pk=who_acts(number, plan, dice))
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
            # Every other offer is looked at and forgotten, so that its time runs out, however quick the machine is.
            if offer.pk % 2:
                seen["forgotten"] += 1
            elif chance < 0.95:
                waiting.accept(offer=offer, by=None)
                seen["accepted"] += 1
            else:
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


# The shared numbers tell the time in millionths of the whole.
WHOLE = 1_000_000
# How many school hours may pass, at most, while somebody waits to be served.
LINE_HOURS = 1.5
# All come at once in the morning. After that so many are served or stand in line at a time, about.
AT_ONCE = 16


@dataclass(frozen=True)
class Progress:
    """What time it is, in parts of the whole, and what clients and worker have done of what makes it pass."""

    plan: Plan
    time: Numbers
    # 1 while the clock waits for somebody, or the line is long. Then nobody else begins anything.
    waits: Numbers
    # Of each client how many acts it has done, and when the act began that it is at; 0, it is at none.
    acts: Numbers
    began: Numbers
    # When the worker last had gone its round.
    round: Numbers

    @classmethod
    def of(cls, plan: Plan) -> Progress:
        return cls(plan, Numbers(1), Numbers(1), Numbers(plan.clients), Numbers(plan.clients), Numbers(1))

    @property
    def share(self) -> float:
        return self.time[0] / WHOLE

    @contextlib.contextmanager
    def at_it(self, own: int) -> Iterator[None]:
        self.began[own] = max(1, self.time[0])
        try:
            yield
        finally:
            self.began[own] = 0

    def keep_time(self) -> None:
        """Let time pass until all is done. In one process alone, so that it never goes back."""
        a_round, a_while = WHOLE // self.plan.rounds, int(WHOLE * LINE_HOURS / self.plan.hours)
        counted = 0
        while self.share < 1:
            acts = sum(self.acts.all())
            began = [when for when in self.began.all() if when]
            latest = min([WHOLE, self.round[0] + a_round, *(when + a_while for when in began)])
            # What is done while the clock waits is not made up for in a leap.
            reached = self.time[0] + (acts - counted) * WHOLE // self.plan.acts
            self.time[0] = max(self.time[0], min(reached, latest))
            self.waits[0] = self.time[0] >= latest or len(began) >= AT_ONCE
            counted = acts
            time.sleep(0.002)


def _crowd(plan: Plan, progress: Progress) -> Counter[str]:
    """Fork the worker and the clients, kill some, and add up what they saw."""
    folder = Path(tempfile.mkdtemp(prefix="crowd-"))
    act = _named(plan.client)
    clock = _fork(progress.keep_time)
    worker = _fork(partial(_work, plan.lanes, progress))
    clients = [_fork(partial(_client, own, progress, act, folder / str(own))) for own in range(plan.clients)]
    # The first dies by its own hand, see `_client`.
    doomed = random.Random(plan.seed).sample(range(1, plan.clients), max(0, plan.kill_clients - 1))
    seen: Counter[str] = Counter()
    blows = plan.kill_workers + len(doomed)
    for blow in range(blows):
        while progress.share < (blow + 1) / (blows + 1):
            time.sleep(0.01)
        if blow < plan.kill_workers:
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
            worker = _fork(partial(_work, plan.lanes, progress))
            seen["workers killed"] += 1
        else:
            own = doomed[blow - plan.kill_workers]
            os.kill(clients[own], signal.SIGKILL)
            seen["clients killed"] += os.WIFSIGNALED(os.waitpid(clients[own], 0)[1])
            # Time waits for nobody who is dead.
            progress.began[own] = 0
    for own, client in enumerate(clients):
        if own not in doomed:
            _pid, status = os.waitpid(client, 0)
            seen["clients killed"] += os.WIFSIGNALED(status)
            seen["troubles"] += os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0
    os.waitpid(clock, 0)
    # The worker ends as it does when it is asked to, after the chore at hand; then all that is due is done.
    os.kill(worker, signal.SIGTERM)
    os.waitpid(worker, 0)
    last = _fork(partial(_work, plan.lanes, progress, once=True))
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


def _work(lanes: tuple[str, ...], progress: Progress, *, once: bool = False) -> None:
    """The worker, as `bryggan worker` does it, with some of its lanes and less rest between rounds."""
    from bryggan.common import worker
    from bryggan.common.worker import Chore
    from bryggan.config.chores import CHORES
    from bryggan.fair.seating import waiting

    own = (Chore("seat offers", waiting.give_out_due, 0, lane="seats"),)
    chosen = [chore for chore in CHORES if chore.lane in lanes] or own
    chores = [replace(chore, every_seconds=0.02) for chore in chosen]

    def tick() -> int:
        progress.round[0] = progress.time[0]
        return 0

    chores.append(Chore("tick", tick, 0, lane="seats"))
    if once:
        worker.work_once(chores)
        return
    stop = threading.Event()
    worker.stop_on_signals(stop)
    worker.work(chores, stop=stop)


def _client(own: int, progress: Progress, act: Callable[..., None], report: Path) -> None:
    from django.db import transaction

    plan = progress.plan
    dice = random.Random(plan.seed * 1000 + own)
    seen: Counter[str] = Counter()
    mine = plan.classes[own :: plan.clients]
    # The first one dies with seats in its hands, if it gets any: before the end of the transaction.
    dies = own == 0 and plan.kill_clients
    acts = 0
    while dies or progress.share < 1:
        # Nobody comes back again and again while others have not come once.
        if (acts and progress.waits[0]) or acts > 2 + sum(progress.acts.all()) / plan.clients * 1.1:
            time.sleep(0.02 + dice.random() * 0.08)
            continue
        for number in mine:
            if dies:
                with transaction.atomic():
                    act(number, plan, dice, seen)
                    os.kill(os.getpid(), signal.SIGKILL)
            with progress.at_it(own):
                act(number, plan, dice, seen)
        acts += 1
        progress.acts[own] = acts
        time.sleep(dice.random() * 0.05)
    report.write_text(json.dumps(seen))


def _named(dotted: str) -> Callable[..., None]:
    module, _, name = dotted.partition(":")
    found: Callable[..., None] = getattr(importlib.import_module(module), name)
    return found


def main() -> None:
    told = json.load(sys.stdin)
    plan = Plan(**{name: tuple(value) if isinstance(value, list) else value for name, value in told.items()})
    progress = Progress.of(plan)
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
