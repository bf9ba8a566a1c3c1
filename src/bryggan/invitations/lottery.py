"""An open lottery: with its seed and the classes' numbers anybody can hold it again and gets the same order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def lottery_order(classes: Iterable[int], seed: str) -> list[int]:
    """The numbers of `classes` in the order they were drawn: by SHA-256 of the seed, a colon and the number."""
    return sorted(set(classes), key=lambda number: hashlib.sha256(f"{seed}:{number}".encode()).hexdigest())
