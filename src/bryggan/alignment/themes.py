"""The layer of knowledge between city and school: themes, read from reviewable files and checked line by line.

A theme knows the words a city uses ("skyfall", "regnbädd") and what they serve in school. What it serves is
named by short ids of central content ("kem46.vatten"), and each of those says how the point is found in any
edition of the curriculum: by subject, school years, heading and words, never by its whole wording. So the
same files work on the official texts and on the demo extract in our own words.

Files, all TOML, all Swedish, all our own work:

* ``content.toml``: `[[content]]` one findable piece of central content each.
* ``groups.toml``: `[[group]]` lists of content that many themes share, written ``"@name"`` in a theme.
* ``gy_subjects.toml``: `[[subject]]` names of the Gy25 subjects that themes may serve.
* every other ``*.toml``: `[[theme]]`, one file per area of a city's work.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import swedish

KNOWLEDGE_DIRECTORY = Path(__file__).with_name("knowledge")


class KnowledgeError(Exception):
    """A knowledge file that cannot be used; the text names file, line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Content:
    """A piece of central content as we look for it. `label` reads on after "… , som hör till"."""

    id: str
    subject: str
    years: tuple[int, int]
    heading: str
    words: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Theme:
    """Something a city works with, its words, and what it serves.

    `words` and `weak_words` are what the city writes, in Swedish and in English; a weak word counts less than half.
    `core` is central content the theme is about, `related` what can be worked with, `loose` what fits at times:
    ids of `Content`. Weights of subjects and programmes are 2 (about it) or 1 (workable). A `method` theme is about
    how something is done (sensors, maps, statistics, voting): it counts although the initiative's matter is another.
    """

    id: str
    name: str
    area: str
    words: tuple[str, ...]
    weak_words: tuple[str, ...] = ()
    words_en: tuple[str, ...] = ()
    weak_words_en: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()
    core: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    gy_subjects: Mapping[str, int] = field(default_factory=dict)
    programmes: Mapping[str, int] = field(default_factory=dict)
    preschool: tuple[str, ...] = ()
    preschool_class: tuple[str, ...] = ()
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    method: bool = False


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that is known, checked: every id a theme mentions exists. Order is the order of files and lines.

    `gy_names` are the names of the Gy25 subjects that themes serve, by code.
    """

    content: Mapping[str, Content]
    themes: tuple[Theme, ...]
    gy_names: Mapping[str, str] = field(default_factory=dict)

    def theme(self, theme_id: str) -> Theme:
        """Give a theme by id; KeyError when there is none."""
        for theme in self.themes:
            if theme.id == theme_id:
                return theme
        raise KeyError(theme_id)


_TEXTS = ("words", "weak_words", "words_en", "weak_words_en", "not_words", "core", "related", "loose", "preschool",
          "preschool_class")  # fmt: skip
_WEIGHTS = ("gy_subjects", "programmes")
_THEME_KEYS = frozenset({"id", "name", *_TEXTS, *_WEIGHTS, "questions", "method"})
_STAGES = frozenset({"preschool", "preschool_class", "1-3", "4-6", "7-9", "gy"})


def load(directory: Path | str = KNOWLEDGE_DIRECTORY) -> Knowledge:
    """Read and check all knowledge files of a folder.

    Raises KnowledgeError naming file and line for broken TOML, unknown keys, wrong types, doubled ids, and for
    content or groups that do not exist. Nothing is guessed: one error stops the load.
    """
    folder = Path(directory)
    content: dict[str, Content] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for entry in _entries(folder / "content.toml", "content"):
        item = _content(entry)
        if item.id in content:
            raise entry.error("id", f"innehållet {item.id!r} finns redan")
        content[item.id] = item
    if (folder / "groups.toml").is_file():
        for entry in _entries(folder / "groups.toml", "group"):
            group_id = entry.text("id")
            groups[group_id] = _known(entry, "content", content, {})
    gy_names: dict[str, str] = {}
    if (folder / "gy_subjects.toml").is_file():
        for entry in _entries(folder / "gy_subjects.toml", "subject"):
            gy_names[entry.text("code")] = entry.text("name")
    themes: dict[str, Theme] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name in ("content.toml", "groups.toml", "gy_subjects.toml"):
            continue
        for entry in _entries(path, "theme"):
            theme = _theme(entry, content, groups)
            unknown = sorted(set(theme.gy_subjects) - set(gy_names)) if gy_names else []
            if unknown:
                raise entry.error("gy_subjects", f"ämnet {unknown[0]!r} finns inte i gy_subjects.toml")
            if theme.id in themes:
                raise entry.error("id", f"temat {theme.id!r} finns redan")
            themes[theme.id] = theme
    if not themes:
        raise KnowledgeError(f"{folder}: inga teman")
    return Knowledge(content, tuple(themes.values()), gy_names)


class _Entry:
    """One `[[…]]` of a file, with the line each of its keys stands on."""

    def __init__(self, path: Path, values: dict[str, Any], first_line: int, lines: dict[str, int]) -> None:
        self.path, self.values, self.first_line, self.lines = path, values, first_line, lines

    def error(self, key: str, message: str) -> KnowledgeError:
        return KnowledgeError(f"{self.path.name}, rad {self.lines.get(key, self.first_line)}: {message}")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, f"{key} ska vara en text")
        return value

    def texts(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.error(key, f"{key} ska vara en lista av texter")
        if needed and not value:
            raise self.error(key, f"{key} saknas")
        if len(set(value)) != len(value):
            raise self.error(key, f"{key} har samma ord två gånger")
        return tuple(value)

    def weights(self, key: str) -> dict[str, int]:
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(weight in (1, 2) for weight in value.values()):
            raise self.error(key, f"{key} ska ha vikten 1 eller 2")
        return dict(value)


def _entries(path: Path, table: str) -> Iterator[_Entry]:
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise KnowledgeError(f"{path.name}: går inte att läsa ({problem.strerror})") from problem
    try:
        parsed = tomllib.loads(source)
    except tomllib.TOMLDecodeError as problem:
        raise KnowledgeError(f"{path.name}: {problem}") from problem
    unknown = set(parsed) - {table}
    if unknown:
        raise KnowledgeError(f"{path.name}: okänd rubrik {sorted(unknown)[0]!r}, här ska bara finnas [[{table}]]")
    # tomllib forgets where things stood, so the lines are found again: a header opens an entry, a key opens a line.
    places: list[tuple[int, dict[str, int]]] = []
    for number, line in enumerate(source.splitlines(), start=1):
        if line.startswith(f"[[{table}]]"):
            places.append((number, {}))
        elif places and not line.startswith((" ", "#", "]")) and "=" in line:
            places[-1][1].setdefault(line.split("=", 1)[0].strip(), number)
    for values, (first_line, lines) in zip(parsed.get(table, []), places, strict=True):
        yield _Entry(path, values, first_line, lines)


def _content(entry: _Entry) -> Content:
    unknown = set(entry.values) - {"id", "subject", "years", "heading", "words", "label"}
    if unknown:
        raise entry.error(sorted(unknown)[0], f"okänd nyckel {sorted(unknown)[0]!r}")
    years = entry.text("years").split("-")
    if len(years) != 2 or not all(year.isdigit() for year in years) or int(years[0]) > int(years[1]):
        raise entry.error("years", "years ska se ut som 4-6")
    words = entry.texts("words", needed=True)
    if not any(swedish.terms(word) for word in words):
        raise entry.error("words", "words har bara ord utan innehåll")
    span = (int(years[0]), int(years[1]))
    return Content(entry.text("id"), entry.text("subject"), span, entry.text("heading"), words, entry.text("label"))


def _known(
    entry: _Entry, key: str, content: Mapping[str, Content], groups: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    out: dict[str, None] = {}
    for name in entry.texts(key):
        if name.startswith("@"):
            if name[1:] not in groups:
                raise entry.error(key, f"gruppen {name!r} finns inte i groups.toml")
            out.update(dict.fromkeys(groups[name[1:]]))
        elif name not in content:
            raise entry.error(key, f"innehållet {name!r} finns inte i content.toml")
        else:
            out[name] = None
    return tuple(out)


def _theme(entry: _Entry, content: Mapping[str, Content], groups: Mapping[str, tuple[str, ...]]) -> Theme:
    unknown = set(entry.values) - _THEME_KEYS
    if unknown:
        raise entry.error(sorted(unknown)[0], f"okänd nyckel {sorted(unknown)[0]!r}")
    served: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for key in ("core", "related", "loose"):
        # A group may bring what a better level already has: the better level keeps it.
        served[key] = tuple(name for name in _known(entry, key, content, groups) if name not in taken)
        taken.update(served[key])
    if not taken:
        raise entry.error("core", "temat tjänar inget centralt innehåll")
    if not isinstance(entry.values.get("method", False), bool):
        raise entry.error("method", "method ska vara true eller false")
    questions = entry.values.get("questions", {})
    if not isinstance(questions, dict) or set(questions) - _STAGES:
        raise entry.error("questions", f"questions ska ha stadierna {', '.join(sorted(_STAGES))}")
    for stage, lines in questions.items():
        if not isinstance(lines, list) or not all(isinstance(line, str) and line.strip() for line in lines):
            raise entry.error(f'"{stage}"', f"frågorna för {stage} ska vara en lista av texter")
    return Theme(
        id=entry.text("id"),
        name=entry.text("name"),
        area=entry.path.stem,
        words=entry.texts("words", needed=True),
        weak_words=entry.texts("weak_words"),
        words_en=entry.texts("words_en"),
        weak_words_en=entry.texts("weak_words_en"),
        not_words=entry.texts("not_words"),
        core=served["core"],
        related=served["related"],
        loose=served["loose"],
        gy_subjects=entry.weights("gy_subjects"),
        programmes=entry.weights("programmes"),
        preschool=entry.texts("preschool"),
        preschool_class=entry.texts("preschool_class"),
        questions={stage: tuple(lines) for stage, lines in questions.items()},
        method=entry.values.get("method", False),
    )
