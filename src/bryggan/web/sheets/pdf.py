"""A lesson sheet as PDF: one A4 page, tagged for screen readers, set by Typst.

What surprised us:

* A compiler that got its program as bytes finds it only the first time: the program is a file.
* PDF/UA is refused when a letter is in none of the fonts. Then the same page is made without that promise,
  still tagged, with an empty box for the letter.
* A compiler may not be asked by two threads at once.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Literal, cast

import msgspec
import segno
import typst
from django.utils.translation import gettext as _

from bryggan.web.sheets.lesson_sheet import LessonSheet

_PROGRAM = Path(__file__).with_name("lesson_sheet.typ")
_FONTS = Path(__file__).parents[1] / "fonts"
# How much of each text goes to the printer at all; the program makes smaller what does not fit beside the rest.
_LONGEST = {"title": 160, "text": 1000, "status": 320, "word": 40, "meaning": 140, "question": 240, "point": 320}
_MOST_WORDS = 8
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_UNBROKEN = re.compile(r"\S{30,}")
_lock = threading.Lock()


def data_of(sheet: LessonSheet) -> str:
    """The sheet as JSON: all that the page is made from."""
    initiative = sheet.initiative
    told = {
        "labels": {
            "kind": _("Lektionsblad"),
            "questions": _("Frågor att börja med"),
            "words": _("Svåra ord"),
            "points": _("Centralt innehåll"),
            "confirmed": _("Bekräftat av en redaktör"),
            "suggested": _("Föreslaget av en dator"),
            "no_points": no_points_text(sheet),
            "extract": _("Läroplanstexten är ett demo-utdrag, inte den officiella texten."),
            "notes": _("Våra anteckningar"),
            "code": _("QR-kod till initiativets sida"),
            "more": _("Läs mer"),
        },
        "class_name": _cut(sheet.class_name, 90),
        "title": _cut(initiative.title, _LONGEST["title"]),
        "title_language": initiative.language,
        "text": _cut(sheet.text, _LONGEST["text"]),
        "text_language": sheet.text_language,
        "status": _cut(" ".join(sheet.status), _LONGEST["status"]),
        "is_stopped": initiative.is_stopped or initiative.is_withdrawn,
        "words": [
            {"word": _cut(word, _LONGEST["word"]), "meaning": _cut(meaning, _LONGEST["meaning"])}
            for word, meaning in sheet.hard_words[:_MOST_WORDS]
        ],
        "questions": [_cut(question, _LONGEST["question"]) for question in sheet.questions],
        "points": [
            {
                "where": _cut(point.where, 70),
                "text": _cut(point.text, _LONGEST["point"]),
                "confirmed": point.is_confirmed,
            }
            for point in sheet.points
        ],
        "is_extract": sheet.is_extract,
        "address": sheet.address,
        "code": qr_code(sheet.address),
        "source": _cut(sheet.source, 300),
    }
    return msgspec.json.encode(told).decode()


def no_points_text(sheet: LessonSheet) -> str:
    if sheet.has_other_points:
        return _("Vi har inte hittat något centralt innehåll för det valda ämnet och den valda årskursen.")
    return _("Vi har inte hittat något centralt innehåll som passar.")


def tag_of(data: str) -> str:
    """An entity tag: the same as long as the page would be the same."""
    return f'"{sha256((data + _program_hash()).encode()).hexdigest()[:32]}"'


# A class that prints at once gets the one page made for the first.
@lru_cache(maxsize=32)
def pdf_of(data: str) -> bytes:
    """The page: 8 to 25 ms of CPU, alone in the process."""
    with _lock:
        try:
            return _compiled(data, ["ua-1"])
        except typst.TypstError:
            return _compiled(data, [])


@lru_cache(maxsize=512)
def qr_code(address: str) -> str:
    """An SVG picture of the code: black on white, with the quiet edge that readers need."""
    picture: str = segno.make(address, error="m", micro=False).svg_inline(border=4, omitsize=True)
    # Typst reads pictures as files of their own, where the namespace must be told.
    return picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _compiled(data: str, standards: list[Literal["ua-1"]]) -> bytes:
    try:
        made = _compiler().compile(sys_inputs={"data": data}, pdf_standards=[*standards], timestamp=0)
    except typst.TypstError:
        raise
    except BaseException:
        # Whatever broke inside may have left it half-way: the next page gets a new one.
        _compiler.cache_clear()
        raise
    return cast(bytes, made)


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """One for the process, with our own fonts and those that come with it for letters that ours lack."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(_FONTS)])
    return typst.Compiler(str(_PROGRAM), root=str(_PROGRAM.parent), font_paths=fonts, ignore_system_fonts=True)


@lru_cache(maxsize=1)
def _program_hash() -> str:
    return sha256(_PROGRAM.read_bytes() + metadata.version("typst").encode()).hexdigest()


def _cut(text: str, longest: int) -> str:
    """At most so many letters, whole words, with "…" where something is left out; and none that cannot be printed."""
    text = unicodedata.normalize("NFC", text)
    text = " ".join("".join(c for c in text if c.isspace() or _is_shown(c)).split())
    if len(text) > longest:
        kept = text[: longest - 1]
        whole = kept.rpartition(" ")[0] if text[longest - 1] != " " else kept
        # A single endless word is cut wherever it must be.
        text = (whole if len(whole) > longest // 2 else kept).rstrip(" ,;:–-") + "…"
    return _UNBROKEN.sub(_broken, text)


def _broken(match: re.Match[str]) -> str:
    """An endless word with places where the line may break."""
    word = match[0]
    return "\u200b".join(word[place : place + 15] for place in range(0, len(word), 15))


def _is_shown(letter: str) -> bool:
    """False for control and format characters and for pictures that no font of ours has."""
    number = ord(letter)
    if number < 0x2000:
        return unicodedata.category(letter) not in _UNSHOWN
    return number < 0x1F000 and not 0x2600 <= number <= 0x27BF and unicodedata.category(letter) not in _UNSHOWN
