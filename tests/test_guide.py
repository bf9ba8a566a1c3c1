"""The guides show pictures that exist, are made by the script, and lead to pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import resolve

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "guide"
GUIDES = sorted(FOLDER.glob("*.md"))
PICTURES = FOLDER / "pictures"
LARGEST = 60_000
LARGEST_SUM = 1_500_000

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
_ADDRESS = re.compile(r"`(/[^`\s]*)`")


def shown(guide: Path) -> list[str]:
    return [name for _text, name in _PICTURE.findall(guide.read_text("utf-8"))]


def test_there_is_a_guide_for_each_of_those_who_sign_in_to_work() -> None:
    assert [guide.name for guide in GUIDES] == ["larare.md", "redaktor.md", "samordnare.md"]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_picture_of_a_guide_exists_and_says_in_words_what_it_shows(guide: Path) -> None:
    pictures = _PICTURE.findall(guide.read_text("utf-8"))

    assert pictures
    assert [name for _text, name in pictures if not (FOLDER / name).is_file()] == []
    assert [name for text, name in pictures if len(text) < 10] == []


def test_every_picture_is_shown_once_and_made_by_the_script() -> None:
    script = (ROOT / "script" / "guide_pictures.py").read_text("utf-8")
    names = [name for guide in GUIDES for name in shown(guide)]
    files = sorted(f"pictures/{path.name}" for path in PICTURES.iterdir())

    assert sorted(names) == files
    assert [name for name in names if f'"{Path(name).stem}"' not in script] == []


def test_the_pictures_are_light() -> None:
    sizes = {path.name: path.stat().st_size for path in PICTURES.iterdir()}

    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
    assert sum(sizes.values()) < LARGEST_SUM


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_page_that_a_guide_names_exists(guide: Path) -> None:
    addresses = _ADDRESS.findall(guide.read_text("utf-8"))

    assert addresses
    for address in addresses:
        resolve(address)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_steps_of_a_guide_are_numbered_in_order_and_each_has_a_picture(guide: Path) -> None:
    steps = re.split(r"^## ", guide.read_text("utf-8"), flags=re.MULTILINE)[1:]

    assert [step.partition(".")[0] for step in steps] == [str(number) for number in range(1, len(steps) + 1)]
    assert [step.partition("\n")[0] for step in steps if not _PICTURE.search(step)] == []
