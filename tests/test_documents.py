"""The documents say what the code does: settings, commands, chores, pages, links, decisions, locks."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from bryggan.config import environment
from bryggan.config.chores import CHORES
from bryggan.config.cli import COMMANDS
from bryggan.web import urls as pages

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
LOCKS = sorted(ROOT.glob("requirements*.txt"))

_LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def variables_read() -> set[str]:
    """Names of variables that stand as whole texts in the module; in messages they stand within longer ones."""
    tree = ast.parse(Path(environment.__file__).read_text("utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if re.fullmatch(r"BRYGGAN_[A-Z_]+", text)}


def headings(markdown: str) -> set[str]:
    """The anchors of a document's headings, as they are made by what shows it."""
    lines = re.findall(r"^#{1,6} +(.+?) *$", _BLOCK.sub("", markdown), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_every_setting_is_described_and_every_described_setting_is_read() -> None:
    described = set(re.findall(r"BRYGGAN_[A-Z_]*[A-Z]", (ROOT / "docs" / "operations.md").read_text("utf-8")))

    assert described == variables_read()


def test_every_setting_has_its_row_in_the_table_of_settings() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| `(BRYGGAN_[A-Z_]+)` \| .+ \| .+ \|$", text, re.MULTILINE)

    assert sorted(rows) == sorted(variables_read())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_description_of_the_product(command: str) -> None:
    text = (ROOT / "docs" / "product.md").read_text("utf-8")

    assert re.search(rf"`bryggan {re.escape(command)}[` ]", text)


def test_every_chore_of_the_worker_stands_in_the_architecture_with_its_lane() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")

    told = re.findall(r"^\| `([a-z ]+)` \| ([a-z]+) \| .+ \| .+ \|$", text, re.MULTILINE)

    assert sorted(told) == sorted((chore.name, chore.lane) for chore in CHORES)


def test_every_page_stands_in_the_description_of_the_product() -> None:
    text = (ROOT / "docs" / "product.md").read_text("utf-8")
    told = {part for address in re.findall(r"`/([a-z/{}.…-]*)", text) for part in address.split("/")[:2]}
    routes = [str(route.pattern) for route in pages.urlpatterns]

    parts = {part for route in routes for part in route.split("/")[:2] if part and "<" not in part}

    # An icon, and a button's address that is no page.
    assert parts - told == {"favicon.ico", "beslut"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_relative_link_leads_to_a_file_and_a_heading_there(path: Path) -> None:
    broken = []
    for target in _LINK.findall(_CODE.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (path.parent / name).resolve() if name else path
        if (
            not file.is_relative_to(ROOT)
            or not file.exists()
            or (anchor and anchor not in headings(file.read_text("utf-8")))
        ):
            broken.append(target)

    assert broken == []


def test_the_numbers_of_decisions_are_unique_and_those_of_their_titles() -> None:
    numbers = [path.name.partition("-")[0] for path in DECISIONS]
    titles = [path.read_text("utf-8").partition(".")[0] for path in DECISIONS]

    assert len(set(numbers)) == len(numbers)
    assert titles == [f"# {int(number)}" for number in numbers]


@pytest.mark.parametrize("path", DECISIONS, ids=named)
def test_a_decision_tells_what_was_weighed_and_what_it_costs(path: Path) -> None:
    text = path.read_text("utf-8")

    assert re.search(r"^Date: \d{4}-\d\d-\d\d\. Status: ", text, re.MULTILINE)
    for heading in ("Context", "Options weighed", "Decision", "What it costs us"):
        assert f"\n## {heading}\n" in text


@pytest.mark.parametrize("path", LOCKS, ids=named)
def test_a_lock_holds_hashes_and_no_address(path: Path) -> None:
    text = path.read_text("utf-8")

    assert "--hash=sha256:" in text
    assert "://" not in text
