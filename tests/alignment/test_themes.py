"""The knowledge files: complete, checked, and refused with file and line."""

from pathlib import Path
from shutil import copytree

import pytest

from bryggan.alignment import themes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(copytree(themes.KNOWLEDGE_DIRECTORY, tmp_path / "knowledge"))


def test_every_theme_has_words_in_both_languages_something_to_serve_and_a_question_for_each_stage() -> None:
    knowledge = themes.load()

    for theme in knowledge.themes:
        assert theme.words, theme.id
        assert theme.words_en, theme.id
        assert theme.core or theme.related, theme.id
        assert set(theme.questions) == {"1-3", "4-6", "7-9", "gy"}, theme.id


def test_every_content_is_served_by_some_theme() -> None:
    knowledge = themes.load()

    served = {name for theme in knowledge.themes for name in (*theme.core, *theme.related, *theme.loose)}

    assert served == set(knowledge.content)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('core = ["kem46.vatten"', 'core = ["kem46.vattenn"', "innehållet 'kem46.vattenn' finns inte"),
        ('name = "skyfall och dagvatten"', 'nam = "skyfall"', "okänd nyckel 'nam'"),
        ("programmes = { TE25 = 2", "programmes = { TE25 = 3", "ska ha vikten 1 eller 2"),
        ('id = "dricksvatten"', 'id = "dagvatten"', "temat 'dagvatten' finns redan"),
        ("@naturpaverkan", "@naturen", "gruppen '@naturen' finns inte"),
        ('words = [\n  "dagvatten"', 'words = [\n  "dagvatten" "x"', "at line"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_line(folder: Path, old: str, new: str, message: str) -> None:
    file = folder / "water.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))

    with pytest.raises(themes.KnowledgeError) as refused:
        themes.load(folder)

    assert message in str(refused.value)
    assert str(refused.value).startswith("water.toml")
