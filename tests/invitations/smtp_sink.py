"""A mail server of our own that keeps what it gets, and can be away, or strike at a bad moment."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy


@dataclass(frozen=True)
class Got:
    """A mail that the server said yes to."""

    message_id: str
    to: str
    subject: str


@dataclass
class Sink:
    """`taken` is what it has said yes to, in order. `is_away`: it answers that it has no time.

    `on_taken` is called with the number of mails taken when one is, before the sender hears the yes.
    """

    port: int = 0
    taken: list[Got] = field(default_factory=list)
    is_away: bool = False
    refused: int = 0
    on_taken: Callable[[int], None] = lambda number: None

    @property
    def address(self) -> str:
        """As `BRYGGAN_EMAIL_URL`."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def times(self) -> Counter[str]:
        """How often each Message-ID came."""
        return Counter(got.message_id for got in self.taken)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            if self.is_away:
                self.refused += 1
                writer.write(b"421 come back later\r\n")
                await writer.drain()
            else:
                await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say("220 sink")
        to = ""
        while line := await reader.readline():
            verb = line.decode("latin-1").strip()
            if verb.upper().startswith("RCPT TO:"):
                to = verb[8:].strip().strip("<>")
            if verb.upper() == "DATA":
                say("354 go on")
                await writer.drain()
                data = await reader.readuntil(b"\r\n.\r\n")
                message = message_from_bytes(data[:-3], policy=policy.default)
                self.taken.append(Got(str(message["Message-ID"]), to, str(message["Subject"])))
                self.on_taken(len(self.taken))
                say("250 taken")
            elif verb.upper() == "QUIT":
                say("221 bye")
                await writer.drain()
                return
            elif verb.upper().startswith("EHLO"):
                say("250 sink")
            else:
                say("250 yes")
            await writer.drain()


@contextlib.contextmanager
def running() -> Iterator[Sink]:
    """A sink on a port of its own, in a thread of its own."""
    sink = Sink()
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    async def start() -> None:
        server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=2**20)
        sink.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
