"""The house keeps to its plan: arrows between rooms, pure modules, no words that do not belong."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "bryggan"

# Each room may import from the rooms after it in this list; rooms on one line not from each other.
ROOMS = (
    ("config",),
    ("web", "api"),
    ("insights",),
    ("invitations", "ideas"),
    ("fair",),
    ("alignment",),
    ("initiatives",),
    ("accounts",),
    ("curriculum",),
    ("common",),
)
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}

# Calculations: dataclasses in, dataclasses out, no framework.
PURE = (
    "alignment/calibration.py",
    "alignment/inflection.py",
    "alignment/ranking.py",
    "alignment/reasons.py",
    "alignment/signals.py",
    "alignment/swedish.py",
    "alignment/textindex.py",
    "alignment/themes.py",
    "alignment/yearless.py",
    "common/fetching.py",
    "common/readability.py",
    "common/safe_html.py",
    "config/environment.py",
    "curriculum/points.py",
    "fair/seating/capacity.py",
    "fair/formulas.py",
    "fair/languages.py",
    "fair/planning/daybound.py",
    "fair/planning/dayproblem.py",
    "fair/planning/dayrules.py",
    "fair/planning/daysearch.py",
    "fair/planning/leftout.py",
    "fair/local_times.py",
    "fair/planning/orienteering.py",
    "fair/planning/orienteering_field.py",
    "fair/planning/orienteering_growth.py",
    "fair/planning/orienteering_outlook.py",
    "fair/planning/orienteering_search.py",
    "fair/planning/planner.py",
    "fair/imports/remote.py",
    "fair/programmes/rfc5545.py",
    "fair/planning/walking.py",
    "fair/planning/wholeschool.py",
    "initiatives/remote.py",
    "insights/suppression.py",
)


def imports(path: Path) -> set[str]:
    """Modules that a file imports, relative ones made whole."""
    return imported_by(path.read_text("utf-8"), ("bryggan", *path.relative_to(PACKAGE).parent.parts))


def imported_by(source: str, package: tuple[str, ...]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def wrong_rooms(own: str, modules: set[str]) -> set[str]:
    """Rooms among `modules` that `own` may not import from."""
    rooms = {name.split(".")[1] for name in modules if name.startswith("bryggan.") and name.split(".")[1] in LEVEL}
    return {room for room in rooms if room != own and LEVEL[room] <= LEVEL[own]}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_the_rooms_below_it(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0]
    if path.parent == PACKAGE:
        own = "common"
    assert own in LEVEL, f"{own} is no room; add it to ROOMS"

    assert wrong_rooms(own, imports(path)) == set()


@pytest.mark.parametrize("name", PURE)
def test_a_calculation_knows_no_framework(name: str) -> None:
    found = {module.split(".")[0] for module in imports(PACKAGE / name)}
    models = {module for module in imports(PACKAGE / name) if module.endswith(".models")}

    assert "django" not in found
    assert models == set()


def test_the_import_check_notices_a_wrong_arrow_however_it_is_written() -> None:
    upwards = "from bryggan.web import context\nimport bryggan.alignment.index\nfrom ..api import views\n"

    found = imported_by(upwards, ("bryggan", "common"))

    assert wrong_rooms("common", found) == {"web", "alignment", "api"}
    assert wrong_rooms("config", found) == set()


def test_no_file_names_a_real_looking_address_or_a_path_of_somebodys_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    names = [ROOT / name for name in listed.decode().split("\0") if name]
    wrong = []
    pattern = re.compile(r"[\w.+-]+@(?:helsingborg|gmail|hotmail|outlook)\.(?:se|com)|/(?:home|root|work)/\w")
    for path in names:
        if path.suffix in (".woff2", ".png", ".ttf", ".gz") or not path.exists() or path == Path(__file__):
            continue
        if pattern.search(path.read_text("utf-8", "replace")):
            wrong.append(str(path.relative_to(ROOT)))

    assert wrong == []
