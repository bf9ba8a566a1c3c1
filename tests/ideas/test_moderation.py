"""What the teacher is warned of, and what is tidied before anybody sees it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bryggan.ideas.moderation import ADDRESS, EMAIL, NAME, PERSONAL_NUMBER, PHONE, ROUGH, tidy, warnings_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jag heter Kalle och vill ha fler träd", [NAME]),
        ("jag heter kalle", [NAME]),
        ("Fler bänkar! Hälsningar Åsa", [NAME]),
        ("Fler bänkar //Åsa", [NAME]),
        ("Ring 070-123 45 67", [PHONE]),
        ("Ring +46 70 123 45 67", [PHONE]),
        ("Ring 042-10 50 00", [PHONE]),
        ("Skriv till kalle@example.org", [EMAIL]),
        ("Skriv till kalle snabel-a example punkt org", [EMAIL]),
        ("Skriv till kalle(a)example.org", [EMAIL]),
        ("Jag är 20110312-1234", [PERSONAL_NUMBER]),
        ("Jag är 110312 1234", [PERSONAL_NUMBER]),
        ("Jag är 1103721234", [PERSONAL_NUMBER]),
        ("Kom till Storgatan 12", [ADDRESS]),
        ("Jag heter Kalle, ring 0701234567", [NAME, PERSONAL_NUMBER, PHONE]),
    ],
)
def test_personal_data_is_warned_of(text: str, expected: list[str]) -> None:
    assert warnings_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Vi vill ha 200 träd till år 2030",
        "Det kostar 1 500 000 kronor",
        "Cykelväg från skolan till stranden",
        "En robot som heter Pelle plockar skräp",
        "Öppet 08-16 alla dagar",
        "Tåg/Buss till stranden",
        "Storgatan behöver fler bänkar",
        "Ha 25 grader i badet, inte 24,5",
    ],
)
def test_ordinary_ideas_pass_without_a_warning(text: str) -> None:
    assert warnings_of(text, ["dumt"]) == []


def test_rough_words_are_those_of_the_setting_whole_and_in_any_case() -> None:
    assert warnings_of("Vilken SKIT!", ["skit"]) == [ROUGH]
    assert warnings_of("Skitviktigt med träd", ["skit"]) == []
    assert warnings_of("Vilken skit!") == []


@given(st.text(max_size=300), st.integers(1, 100))
def test_tidied_text_is_one_line_within_bounds_and_tidying_again_changes_nothing(text: str, longest: int) -> None:
    tidied = tidy(text, longest)

    assert len(tidied) <= longest
    assert "\n" not in tidied
    assert tidied == tidied.strip()
    assert {unicodedata.category(letter) for letter in tidied if letter != "\u200d"} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
    } == set()
    assert tidy(tidied, longest) == tidied


def test_towers_of_accents_and_turned_text_are_put_right() -> None:
    assert tidy("a" + "\u0301\u0302\u0303\u0304" * 50, 100).startswith("á")
    assert len(tidy("h" + "\u0336\u0350" * 200, 500)) <= 4
    assert tidy("abc\u202efed\u2066", 100) == "abcfed"
    assert tidy("rad ett\r\nrad två\u2028rad tre", 100) == "rad ett rad två rad tre"


def test_swedish_letters_emoji_families_and_arabic_pass_unharmed() -> None:
    for text in ("åäö ÅÄÖ é", "👩‍👩‍👧 och 🌳", "مرحبا بالعالم"):
        assert tidy(text, 100) == text


def test_a_text_of_a_megabyte_costs_no_more_than_the_longest() -> None:
    assert tidy("a" * 1_000_000, 500) == "a" * 500
