"""Text in a table that a spreadsheet program would run as a formula: written so that none does, and read back."""

from __future__ import annotations

import re

# White space before is skipped by some programs, and full-width signs are read as the plain ones.
_RUN = r"[ \u00a0\u200b\ufeff]*[=+\-@＝＋－＠\t\r\n]"
_RUN_OR_MADE_HARMLESS = re.compile(rf"'*{_RUN}")
_MADE_HARMLESS = re.compile(rf"'(?='*{_RUN})")


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if _RUN_OR_MADE_HARMLESS.match(text) else text


def as_it_was(text: str) -> str:
    """What `harmless` was given."""
    return _MADE_HARMLESS.sub("", text, count=1) if _MADE_HARMLESS.match(text) else text
