"""A mail server that takes everything and keeps it, in a process of its own so that it costs the sender nothing.

with MailSink() as sink:
    …               # Send to sink.host, sink.port.
    sink.mails()    # What has come, in order.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Taken:
    """A mail as the server got it."""

    to: tuple[str, ...]
    content: str

    @property
    def message(self) -> EmailMessage:
        read = email.message_from_string(self.content, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        return read

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


class MailSink:
    """Listens on a port of its own until the block ends. With `break_after`, hangs up after so many mails."""

    host = "127.0.0.1"

    def __init__(self, *, break_after: int = 0) -> None:
        self._break_after = break_after

    def __enter__(self) -> MailSink:
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name, "mails")
        self._file.touch()
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self._file), str(self._break_after)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
        if self._process.stdout:
            self._process.stdout.close()
        self._folder.cleanup()

    def mails(self) -> list[Taken]:
        rows = [json.loads(line) for line in self._file.read_text("utf-8").splitlines()]
        return [Taken(tuple(row["to"]), row["content"]) for row in rows]

    def message_ids(self) -> list[str]:
        return [one.message_id for one in self.mails()]

    def forget(self) -> None:
        self._file.write_text("")


async def _serve(path: str, break_after: int) -> None:
    taken = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        writer.write(b"220 sink\r\n")
        to: list[str] = []
        while line := await reader.readline():
            said = line.decode("utf-8", "replace").strip()
            verb = said[:4].upper()
            if verb == "EHLO":
                writer.write(b"250-sink\r\n250 8BITMIME\r\n")
            elif verb == "RCPT":
                to.append(said.partition("<")[2].partition(">")[0])
                writer.write(b"250 ok\r\n")
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                content = await reader.readuntil(b"\r\n.\r\n")
                if break_after and taken >= break_after:
                    writer.close()
                    return
                _keep(path, to, content[:-3])
                taken += 1
                to = []
                writer.write(b"250 taken\r\n")
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                await writer.drain()
                writer.close()
                return
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=2**24)
    port: Any = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


def _keep(path: str, to: list[str], content: bytes) -> None:
    text = content.replace(b"\r\n..", b"\r\n.").decode("utf-8", "replace").replace("\r\n", "\n")
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"to": to, "content": text}) + "\n")


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
