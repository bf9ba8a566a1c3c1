from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the large real data; the test is skipped where it does not exist, never in CI."""
    folder = Path(os.environ.get("BRYGGAN_TEST_DATA") or ROOT.parent / "shared").resolve()
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the test data is missing: {folder}")
        pytest.skip(f"needs the test data of BRYGGAN_TEST_DATA, and there is no {folder}")
    return folder


@pytest.fixture(scope="session")
def data(shared_data: Path) -> Path:
    return shared_data / "curriculum" / "data"


@pytest.fixture(scope="session")
def real(data: Path) -> Callable[[str], Any]:
    """A file of the real data, decoded anew at each call so that a test may change it."""
    return lambda name: json.loads((data / f"{name}.json").read_bytes())
