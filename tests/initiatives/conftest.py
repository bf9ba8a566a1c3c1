from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bryggan.initiatives.models import Source, SyncRun
from bryggan.initiatives.sync import sync_source
from initiatives.doubles import InnovationDatabase, SearchService


@pytest.fixture
def database() -> Iterator[InnovationDatabase]:
    """The recorded innovation database, at an address on this machine."""
    double = InnovationDatabase()
    yield double
    double.close()


@pytest.fixture
def service() -> Iterator[SearchService]:
    double = SearchService()
    yield double
    double.close()


@pytest.fixture
def source(db: None, database: InnovationDatabase) -> Source:
    return Source.objects.create(name="databasen", address=database.address)


@pytest.fixture
def waits() -> list[float]:
    """The seconds that a sync would have waited."""
    return []


@pytest.fixture
def sync(waits: list[float]) -> Callable[..., SyncRun]:
    """Sync a source, everything by default, without waiting."""

    def run(source: Source, *, full: bool = True) -> SyncRun:
        source.refresh_from_db()
        return sync_source(source, full=full, sleep=waits.append)

    return run
