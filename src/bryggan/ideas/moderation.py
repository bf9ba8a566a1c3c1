"""What a teacher should look at before approving an idea: personal data and rough words. It warns; she decides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

NAME, PHONE, EMAIL, PERSONAL_NUMBER, ADDRESS, ROUGH = "name", "phone", "email", "personnummer", "address", "rough"

_NAME = re.compile(
    r"(?i:(?:\b(?:jag heter|mitt namn är|hälsningar|hälsar)\s|(?<!\w)//?)\s*)(?-i:[A-ZÅÄÖÉ][a-zåäöé]{1,})"
)
_LOWER_NAME = re.compile(r"\b(?:jag heter|mitt namn är)\s+\w{2,}", re.I)
_EMAIL = re.compile(r"[\w.+-]+\s?(?:@|\(a\)|\bsnabel-?a\b)\s?[\w-]+\s?(?:\.|\bpunkt\b)\s?\w{2,}", re.I)
_PERSONAL_NUMBER = re.compile(r"(?<!\d)(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:[0-6]\d|[7-9]\d)[-+\s]?\d{4}(?!\d)")
# Swedish numbers: 070-123 45 67, 042 10 50 00, +46 70 123 45 67.
_PHONE = re.compile(r"(?<!\d)(?:\+46|0046|0)[\s-]?[1-9](?:[\s-]?\d){6,9}(?!\d)")
_ADDRESS = re.compile(r"\b[A-ZÅÄÖ][a-zåäö]{2,}(?:gatan|vägen|gränd|stigen|torget)\s+\d{1,4}\b")
_ZALGO = 3


def warnings_of(text: str, rough_words: Iterable[str] = ()) -> list[str]:
    """Codes of what was found, each once, in the order above."""
    found = []
    if _NAME.search(text) or _LOWER_NAME.search(text):
        found.append(NAME)
    if _PERSONAL_NUMBER.search(text):
        found.append(PERSONAL_NUMBER)
    # Ten digits after 07 may be either: she is told both.
    if _PHONE.search(text):
        found.append(PHONE)
    if _EMAIL.search(text):
        found.append(EMAIL)
    if _ADDRESS.search(text):
        found.append(ADDRESS)
    words = set(re.findall(r"\w+", text.casefold()))
    if words & {word.casefold() for word in rough_words}:
        found.append(ROUGH)
    return found


def tidy(text: str, longest: int) -> str:
    """What was typed, as it is kept: composed letters, no control or direction marks, no towers of accents."""
    kept: list[str] = []
    marks = 0
    # Nothing of what comes this late would be kept: a long text costs no more than the longest.
    for letter in unicodedata.normalize("NFC", text[: 20 * longest + 1000]):
        category = unicodedata.category(letter)
        if category in ("Mn", "Me"):
            marks += 1
            if marks > _ZALGO:
                continue
        else:
            marks = 0
        if letter in "\n\t\r" or category in ("Zl", "Zp"):
            letter = " "
        elif category in ("Cc", "Cf", "Co", "Cs", "Cn") and letter != "\u200d":
            # A joiner holds emoji together; the others turn or hide text.
            continue
        kept.append(letter)
    return " ".join("".join(kept).split())[:longest].strip()
