"""Names of the languages that sessions are given in."""

from __future__ import annotations

_LANGUAGES = {
    "sv": "svenska", "en": "engelska", "ar": "arabiska", "so": "somaliska", "uk": "ukrainska", "da": "danska",
    "de": "tyska", "fr": "franska", "es": "spanska", "fi": "finska", "fa": "persiska", "pl": "polska",
    "bks": "bosniska, kroatiska och serbiska", "swl": "svenskt teckenspråk", "ssp": "tecken som stöd",
}  # fmt: skip


def language_name(code: str) -> str:
    """A language's name in Swedish; a code that we do not know, as it is."""
    return _LANGUAGES.get(code.lower(), code)
