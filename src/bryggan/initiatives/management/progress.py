"""Progress of long work, for a person at a terminal; silent everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def on_terminal(stream: TextIO) -> Iterator[Callable[[str], None]]:
    """A function that shows a line in place of the one before; the last is wiped at the end."""
    if not stream.isatty():
        yield lambda _text: None
        return

    def show(text: str) -> None:
        stream.write(f"\r\x1b[K{text[:100]}")
        stream.flush()

    try:
        yield show
    finally:
        stream.write("\r\x1b[K")
        stream.flush()
