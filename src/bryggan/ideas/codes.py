"""Class codes: six characters that can be read aloud and written off a board without mistakes."""

from __future__ import annotations

import secrets
import unicodedata

# No vowels, so that no word comes of it; none of 0 O 1 I L, 5 S, 2 Z, 8 B, U V: each looks or sounds like another.
ALPHABET = "3467CDFGHJKMNPQRTWX"
LENGTH = 6


def new_code() -> str:
    """One of 47 million codes, by chance. Whether it is free is for the database to say."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read_code(typed: str) -> str:
    """A code as it is kept, however it was typed: in capitals, spaces and signs dropped. Empty if it is none."""
    letters = unicodedata.normalize("NFKC", typed[:100])
    code = "".join(letter for letter in letters if letter.isalnum()).upper()
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""


def spaced(code: str) -> str:
    """`CDF 467`: how it is shown, in two groups."""
    return f"{code[:3]} {code[3:]}"
