"""A school morning of ideas: 20 classes of 35 phones at once, with their teachers and projectors.

    .venv/bin/python bench/ideas.py [--classes 20] [--phones 35] [--seconds 180] [--workers 2]
    .venv/bin/python bench/ideas.py --cpu

Starts a PostgreSQL server (which does not wait for the disk, as in the tests) and `bryggan serve` of its own, talks to
127.0.0.1 only, and ends by itself within four minutes. The load generator is this program: one asyncio process
with a connection for each phone, on the same cores as server and database. Each phone opens the round's page, asks
every five seconds (give or take a fifth) whether something has changed, hands in an idea, and votes three times.
Teachers read and approve; projectors follow. `healthz`, asked five times a second in the same run, is the floor: what
an answer costs on this machine just then when nothing is asked for.
Prints JSON; exits with 1 when an answer was wrong or the phones' p95 is above the budget. With `--cpu` there is no
server and no load: each kind of request goes through the whole application in this process, in a round of 35 phones
and as many approved ideas, and what is printed is its CPU and its statements.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import random
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

ROOT = Path(__file__).resolve().parents[1]
BUDGET_MS = 150
# Seconds for the phones to come in, and how far teachers are apart in letting their classes vote.
JOIN_WITHIN = 20
APART = 30
_TO_VOTE_ON = re.compile(r'name="idea" value="(\d+)">\s*<input type="hidden" name="wants" value="1">')
PHONE_KINDS = ("page", "nothing new", "something new", "idea", "vote")


@dataclass
class Class:
    """A round as its people know it."""

    pk: int
    code: str
    session: str


@dataclass
class Told:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Measured:
    """Milliseconds by kind of request, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    bytes_read: int = 0


class Browser:
    """One connection, kept as long as the server keeps it, and one jar of cookies."""

    def __init__(self, port: int, measured: Measured, **cookies: str) -> None:
        self.port, self.measured, self.cookies = port, measured, dict(cookies)
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(
        self,
        kind: str,
        path: str,
        data: dict[str, str] | None = None,
        *,
        tag: str = "",
        wanted: tuple[int, ...] = (200,),
    ) -> Told:
        body = urlencode(data).encode() if data is not None else b""
        lines = [
            f"{'GET' if data is None else 'POST'} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "Accept-Encoding: gzip",
        ]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if tag:
            lines.append(f"If-None-Match: {tag}")
        if data is not None:
            lines += [
                "X-Follow: 1",
                f"Origin: http://127.0.0.1:{self.port}",
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
        start = time.perf_counter()
        told = None
        for attempt in range(2):
            try:
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                    attempt = 1
                self.writer.write(request)
                told = await asyncio.wait_for(self._read(), 30)
                break
            except (OSError, EOFError, TimeoutError) as error:
                self.close()
                # A connection that the server has put away since is opened anew; a new one that fails is an error.
                if attempt:
                    self.measured.errors[f"{kind}: {type(error).__name__}"] += 1
                    break
        if told is None:
            return Told(0, {}, "")
        named = "nothing new" if kind == "poll" and told.status == 304 else "something new" if kind == "poll" else kind
        self.measured.times[named].append((time.perf_counter() - start) * 1000)
        if told.status not in wanted:
            self.measured.errors[f"{kind}: {told.status}"] += 1
        return told

    async def _read(self) -> Told:
        assert self.reader
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status, headers = int(head[0].split()[1]), {}
        for line in head[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                cookie, _, _rest = value.partition(";")
                key, _, text = cookie.partition("=")
                self.cookies[key] = text.strip('"')
            elif name:
                headers[name.lower()] = value
        body = b""
        if status != 304:
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        self.measured.bytes_read += len(body) + sum(len(line) + 2 for line in head)
        if headers.get("connection", "").lower() == "close":
            self.close()
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Told(status, headers, body.decode("utf-8", "replace"))

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


def jitter(seconds: float) -> float:
    return seconds * random.uniform(0.8, 1.2)


async def phone(own: Class, port: int, measured: Measured, begins: float, ends: float, half: float) -> None:
    """A pupil's lesson."""
    browser = Browser(port, measured)
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(0.0, begins + random.uniform(0, JOIN_WITHIN) - loop.time()))
    page = await browser.ask("page", f"/ide/{own.code}")
    tag = _found(r'data-tag="([^"]+)"', page.body).replace("&quot;", '"')
    # Not so late that the class votes by then: asking comes up to six seconds later.
    writes_at = random.uniform(loop.time() + 2, half - 8)
    votes_at = sorted(random.uniform(half + 5, ends - 3) for _ in range(3))
    live = page.body
    while loop.time() < ends:
        await asyncio.sleep(jitter(5))
        if loop.time() > ends:
            break
        told = await browser.ask("poll", f"/ide/{own.code}/nu", tag=tag, wanted=(200, 304))
        if told.status == 200:
            tag, live = told.headers.get("etag", tag), told.body
        if writes_at and loop.time() > writes_at:
            writes_at = 0
            idea = {"text": f"En idé om vatten, nummer {random.randrange(10**6)}", "sent_key": str(uuid.uuid4())}
            sent = await browser.ask("idea", f"/ide/{own.code}", idea)
            live = sent.body or live
        if votes_at and loop.time() > votes_at[0] and (numbers := re.findall(_TO_VOTE_ON, live)):
            votes_at.pop(0)
            choice = {"idea": random.choice(numbers), "wants": "1"}
            sent = await browser.ask("vote", f"/ide/{own.code}/rost", choice)
            live = sent.body or live
    browser.close()


async def teacher(own: Class, port: int, measured: Measured, ends: float, half: float) -> None:
    """Reads what comes, approves what she has read, lets the class vote at half time."""
    browser = Browser(port, measured, sessionid=own.session)
    loop = asyncio.get_running_loop()
    page = await browser.ask("teacher's page", f"/idrundor/{own.pk}")
    token = _found(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)
    tag, mode = "", "write"
    while loop.time() < ends:
        await asyncio.sleep(jitter(4))
        told = await browser.ask("teacher asks", f"/idrundor/{own.pk}/nu", tag=tag, wanted=(200, 304))
        if told.status == 200:
            tag = told.headers.get("etag", tag)
            # Nobody reads more than two in four seconds. The browser follows to the page, as after any form.
            for idea in re.findall(r'id="approve-(\d+)"', told.body)[:2]:
                data = {"csrfmiddlewaretoken": token, "action": "approve"}
                await browser.ask("teacher approves", f"/idrundor/{own.pk}/ide/{idea}", data, wanted=(302,))
                await browser.ask("teacher's page", f"/idrundor/{own.pk}")
        if mode == "write" and loop.time() > half:
            mode = "vote"
            data = {"csrfmiddlewaretoken": token, "mode": mode}
            await browser.ask("teacher approves", f"/idrundor/{own.pk}/lage", data, wanted=(302,))
    browser.close()


async def projector(own: Class, port: int, measured: Measured, ends: float) -> None:
    browser, tag = Browser(port, measured, sessionid=own.session), ""
    while asyncio.get_running_loop().time() < ends:
        told = await browser.ask("projector", f"/idrundor/{own.pk}/tavla/nu", tag=tag, wanted=(200, 304))
        tag = told.headers.get("etag", tag)
        await asyncio.sleep(jitter(3))
    browser.close()


async def floor(port: int, measured: Measured, ends: float) -> None:
    browser = Browser(port, measured)
    while asyncio.get_running_loop().time() < ends:
        await browser.ask("healthz", "/healthz")
        await asyncio.sleep(0.2)
    browser.close()


async def lesson(classes: list[Class], phones: int, seconds: float, port: int) -> Measured:
    measured = Measured()
    begins = asyncio.get_running_loop().time()
    ends = begins + seconds
    halves = {one.code: begins + seconds * 0.5 + random.uniform(0, min(APART, seconds / 6)) for one in classes}
    await asyncio.gather(
        floor(port, measured, ends),
        *(teacher(one, port, measured, ends, halves[one.code]) for one in classes),
        *(projector(one, port, measured, ends) for one in classes),
        *(phone(one, port, measured, begins, ends, halves[one.code]) for one in classes for _ in range(phones)),
    )
    return measured


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--phones", type=int, default=35)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cpu", action="store_true")
    options = parser.parse_args()
    if "BRYGGAN_DATABASE_URL" not in os.environ:
        command = [sys.executable, str(ROOT / "script" / "with_postgresql.py"), sys.executable, *sys.argv]
        return subprocess.run(command, check=False).returncode
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        os.environ.update(
            BRYGGAN_DATA_DIR=folder,
            BRYGGAN_BASE_URL=f"http://127.0.0.1:{port}",
            BRYGGAN_EMAIL_URL="memory:",
            DJANGO_SETTINGS_MODULE="bryggan.config.settings",
            HOST="127.0.0.1",
            PORT=str(port),
        )
        if options.cpu:
            print(json.dumps(cpu_of_each(prepare(1)[0]), indent=1, ensure_ascii=False))
            return 0
        classes = prepare(options.classes)
        before = os.getloadavg()
        server = subprocess.Popen(
            [sys.executable, "-m", "bryggan.config.cli", "serve", "--workers", str(options.workers)],
            stderr=subprocess.DEVNULL,
        )
        try:
            wait(port)
            database = database_pid()
            used, used_by_database, own = cpu_of(server.pid), cpu_of(database), own_cpu()
            start = time.monotonic()
            measured = asyncio.run(lesson(classes, options.phones, options.seconds, port))
            took = time.monotonic() - start
            used, used_by_database = cpu_of(server.pid) - used, cpu_of(database) - used_by_database
            own = own_cpu() - own
        finally:
            server.terminate()
            server.wait(timeout=60)
    phones = [one for kind in PHONE_KINDS for one in measured.times[kind]]
    result: dict[str, Any] = {
        "phones": options.classes * options.phones,
        "workers": options.workers,
        "seconds": round(took, 1),
        "requests_per_s": round(sum(map(len, measured.times.values())) / took, 1),
        "megabytes": round(measured.bytes_read / 1e6, 1),
        "all of the phones": summed(phones),
        **{kind: summed(times) for kind, times in sorted(measured.times.items())},
        "errors": dict(measured.errors),
        "cpu": {
            "server, of one core": round(used / took, 2),
            "server, ms per request": round(1000 * used / max(1, sum(map(len, measured.times.values()))), 2),
            "database, of one core": round(used_by_database / took, 2),
            "generator, of one core": round(own / took, 2),
        },
        "load average before and after": [round(before[0], 1), round(os.getloadavg()[0], 1)],
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    return int(bool(measured.errors) or result["all of the phones"]["p95"] > BUDGET_MS)


def prepare(number: int) -> list[Class]:
    """An empty database with so many classes, each with an open round and its teacher signed in."""
    import django

    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.db import connections

    from bryggan.accounts.models import SchoolClass, SchoolUnit, User
    from bryggan.ideas import leading

    call_command("migrate", verbosity=0)
    school = SchoolUnit.objects.create(code="12345678", name="Stora skolan")
    made = []
    for place in range(number):
        by = User.objects.create_user(f"larare{place}@skola.example.org", is_teacher=True)
        own = SchoolClass.objects.create(
            school_unit=school, label=f"8{place}", school_form="GR", school_years=[8], pupils=35, adults=2
        )
        own.teachers.add(by)
        round = leading.open_round(school_class=own, question="Hur kan vi spara vatten?", by=by)
        session = SessionStore()
        session[SESSION_KEY] = str(by.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = by.get_session_auth_hash()
        session.create()
        made.append(Class(round.pk, round.code or "", str(session.session_key)))
    connections.close_all()
    return made


def cpu_of_each(own: Class) -> dict[str, Any]:
    """Milliseconds of CPU and number of statements of one request of each kind."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from bryggan.ideas import leading
    from bryggan.ideas.models import Idea, IdeaRound
    from bryggan.web import staticfiles

    staticfiles.prepare()
    opened = IdeaRound.objects.get()
    by = opened.school_class.teachers.get()
    teacher = Client(headers={"Host": "127.0.0.1"})
    teacher.cookies["sessionid"] = own.session
    phones = [Client(headers={"Host": "127.0.0.1", "X-Follow": "1", "Accept-Encoding": "gzip"}) for _ in range(35)]
    for phone in phones:
        phone.get(f"/ide/{own.code}")
        phone.post(f"/ide/{own.code}", {"text": "En idé om vatten", "sent_key": str(uuid.uuid4())})
    for idea in Idea.objects.all():
        leading.approve(idea, by=by)
    turn = iter(range(10**9))

    def following(client: Client, address: str) -> Callable[[], Any]:
        tag = client.get(address).headers["ETag"]
        return lambda: client.get(address, headers={"If-None-Match": tag})

    def post(number: int) -> Any:
        data = {"text": f"Idé {number}", "sent_key": str(uuid.uuid4())}
        return phones[number % 35].post(f"/ide/{own.code}", data)

    def vote(number: int) -> Any:
        data = {"idea": numbers[number // 70 % 35], "wants": "10"[number // 35 % 2]}
        return phones[number % 35].post(f"/ide/{own.code}/rost", data)

    asked: dict[str, tuple[Callable[[], Any], int]] = {
        "healthz": (lambda: phones[0].get("/healthz"), 400),
        "nothing new": (following(phones[0], f"/ide/{own.code}/nu"), 400),
        "something new": (lambda: phones[0].get(f"/ide/{own.code}/nu"), 200),
        "page": (lambda: phones[0].get(f"/ide/{own.code}"), 100),
        "teacher's page": (lambda: teacher.get(f"/idrundor/{own.pk}"), 40),
        "teacher asks, nothing new": (following(teacher, f"/idrundor/{own.pk}/nu"), 100),
        "projector, something new": (lambda: teacher.get(f"/idrundor/{own.pk}/tavla/nu"), 60),
        "idea": (lambda: post(next(turn)), 200),
        "vote": (lambda: vote(next(turn)), 200),
    }
    numbers = list(Idea.objects.values_list("pk", flat=True))
    found = {}
    for kind, (ask, times) in asked.items():
        if kind == "vote":
            leading.set_mode(opened, "vote", by=by)
        for _warm in range(3):
            ask()
        with CaptureQueriesContext(connection) as statements:
            status = ask().status_code
        sql = len(statements)
        start = time.process_time()
        for _time in range(times):
            ask()
        taken = (time.process_time() - start) / times
        found[kind] = {"cpu ms": round(taken * 1000, 2), "sql": sql, "status": status}
    return found


def wait(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as made:
                made.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                if b" 200 " in made.recv(100):
                    return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit("the server does not answer")


def cpu_of(pid: int) -> float:
    """Seconds of CPU used so far by a process and its children that live."""
    ticks = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, parts = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if pid and pid in (number, int(parts[1])):
            ticks += int(parts[11]) + int(parts[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def own_cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def database_pid() -> int:
    """The server's, when it is the one that this program has started; 0 for another, which is not counted."""
    folder = parse_qs(urlsplit(os.environ["BRYGGAN_DATABASE_URL"]).query).get("host", [""])[0]
    try:
        return int((Path(folder) / "data" / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError):
        return 0


def summed(times: list[float]) -> dict[str, float]:
    if not times:
        return {"number": 0, "p50": 0, "p95": 0, "p99": 0}
    ordered = sorted(times)
    at = {f"p{share}": round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 1) for share in (50, 95, 99)}
    return {"number": len(ordered), **at}


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else ""


if __name__ == "__main__":
    sys.exit(main())
