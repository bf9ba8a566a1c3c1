"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from bryggan.alignment import index

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    # The build server tries the same cases every time; at a desk new ones are tried, and a find becomes a test.
    # How long a case takes is the machine's matter: a busy one fails nothing.
    hypothesis.settings.register_profile(
        "ours",
        derandomize=os.environ.get("CI") == "true",
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("ours")
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # A file, as in use: several connections, threads and processes see the same database.
        folder = Path(os.environ.get("BRYGGAN_DATA_DIR", "var")).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        database.setdefault("TEST", {})["NAME"] = str(folder / f"test-{os.getpid()}.sqlite3")
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what asks a database: the rest does the same there as on SQLite, where all of it runs."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return
    asking = {"db", "transactional_db", "django_db_setup", "live_server"}
    for_both: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        asks = item.get_closest_marker("django_db") or asking & set(getattr(item, "fixturenames", ()))
        (for_both if asks else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = for_both


@pytest.fixture
def early_in_the_hour() -> Iterator[time_machine.Traveller]:
    """The clock stands still, early in an hour: no window in which tries are counted ends in the middle of a test."""
    with time_machine.travel(timezone.now().replace(minute=0, second=1), tick=False) as clock:
        yield clock


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the large real data; a test is skipped where it does not exist, never in CI."""
    folder = Path(os.environ.get("BRYGGAN_TEST_DATA") or ROOT.parent / "shared").resolve()
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the test data is missing: {folder}")
        pytest.skip(f"needs the test data of BRYGGAN_TEST_DATA, and there is no {folder}")
    return folder


@pytest.fixture(autouse=True)
def _index_of_this_test() -> Iterator[None]:
    """Databases come and go between tests; the index of the last one goes with its own."""
    index.forget()
    yield
    index.forget()
