"""Pages as PDF, set by Typst: A4, tagged for screen readers, in our own typeface.

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

import segno
import typst

_FONTS = Path(__file__).parents[1] / "fonts"
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_UNBROKEN = re.compile(r"\S{30,}")
_lock = threading.Lock()


def tag_of(program: Path, data: str) -> str:
    """An entity tag: the same as long as the pages would be the same."""
    return f'"{sha256((data + _program_hash(program)).encode()).hexdigest()[:32]}"'


# A class that prints at once gets the one file made for the first.
@lru_cache(maxsize=32)
def pdf_of(program: Path, data: str) -> bytes:
    """What `program` makes of `data`, which it gets as JSON in `sys.inputs.data`: alone in the process."""
    with _lock:
        try:
            return _compiled(program, data, ["ua-1"])
        except typst.TypstError:
            return _compiled(program, data, [])


@lru_cache(maxsize=512)
def qr_code(address: str) -> str:
    """An SVG picture of the code: black on white, with the quiet edge that readers need."""
    picture: str = segno.make(address, error="m", micro=False).svg_inline(border=4, omitsize=True)
    # Typst reads pictures as files of their own, where the namespace must be told.
    return picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def cut(text: str, longest: int) -> str:
    """At most so many letters, whole words, with "…" where something is left out; and none that cannot be printed."""
    text = unicodedata.normalize("NFC", text)
    text = " ".join("".join(c for c in text if c.isspace() or _is_shown(c)).split())
    if len(text) > longest:
        kept = text[: longest - 1]
        whole = kept.rpartition(" ")[0] if text[longest - 1] != " " else kept
        # A single endless word is cut wherever it must be.
        text = (whole if len(whole) > longest // 2 else kept).rstrip(" ,;:–-") + "…"
    return _UNBROKEN.sub(_broken, text)


def _compiled(program: Path, data: str, standards: list[Literal["ua-1"]]) -> bytes:
    try:
        made = _compiler(program).compile(sys_inputs={"data": data}, pdf_standards=[*standards], timestamp=0)
    except typst.TypstError:
        raise
    except BaseException:
        # Whatever broke inside may have left it half-way: the next page gets a new one.
        _compiler.cache_clear()
        raise
    return cast(bytes, made)


@lru_cache(maxsize=4)
def _compiler(program: Path) -> typst.Compiler:
    """One for the process and program, with our own fonts and those that come with it for letters that ours lack."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(_FONTS)])
    return typst.Compiler(str(program), root=str(program.parent), font_paths=fonts, ignore_system_fonts=True)


@lru_cache(maxsize=4)
def _program_hash(program: Path) -> str:
    return sha256(program.read_bytes() + metadata.version("typst").encode()).hexdigest()


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
