from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def data(shared_data: Path) -> Path:
    return shared_data / "curriculum" / "data"


@pytest.fixture(scope="session")
def real(data: Path) -> Callable[[str], Any]:
    """A file of the real data, decoded anew at each call so that a test may change it."""
    return lambda name: json.loads((data / f"{name}.json").read_bytes())
