from __future__ import annotations

import pytest

from bryggan.common.readability import Level, Readability, readability


@pytest.mark.parametrize(
    ("text", "words", "long_words", "sentences", "lix"),
    [
        # 6 words in 2 sentences, none long: 3 + 0.
        ("Vi är här. Du är där.", 6, 0, 2, 3),
        # "sensorer" and "kommunen" are long: 5 / 1 + 100 * 2 / 5.
        ("Kommunen har satt ut sensorer.", 5, 2, 1, 45),
        # Six letters are not long, seven are.
        ("Staden vattnar träden varsamt!", 4, 2, 1, 54),
        ("vatten", 1, 0, 1, 1),
        # 3.5 is half-way and goes up: 7 words in 2 sentences.
        ("Vi går ut nu. Regnar det än?", 7, 0, 2, 4),
    ],
)
def test_lix_is_what_a_hand_counts(text: str, words: int, long_words: int, sentences: int, lix: int) -> None:
    found = readability(text)

    assert found == Readability(words, long_words, sentences)
    assert found.lix == lix


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Vi mäter t.ex. vatten och bl.a. luft.", 1),
        ("Pumpen tar 3.5 liter. Den är blå.", 2),
        ("Kostar det 1.000 kronor? Ja!", 2),
        ("Hon sa: ”Kom hit!” Sedan gick hon.", 2),
        ("”Kom hit!” ropade hon.", 1),
        ("Vad händer?! Ingen vet…", 2),
        # Lines broken for ease of reading go on; a heading or an item of a list stands for itself.
        ("Staden har satt ut mätare\ni alla parker.", 1),
        ("Så gör vi\nVi mäter regn.\nVi ritar kartor", 3),
        ("Vi mäter\n\n\nVi ritar", 2),
        ("Vi provar (på låtsas). Sen då?", 2),
    ],
)
def test_a_sentence_ends_where_a_reader_pauses(text: str, sentences: int) -> None:
    found = readability(text)

    assert found
    assert found.sentences == sentences


@pytest.mark.parametrize(
    ("text", "words", "long_words"),
    [
        ("IT-system och AI", 3, 1),
        ("kommun-ens", 1, 1),
        ("sex-sju", 1, 0),
        ("åäöåäöå – 1234567", 2, 2),
        ("snake_case_name", 3, 0),
    ],
)
def test_a_joined_word_is_one_word_and_only_its_letters_count(text: str, words: int, long_words: int) -> None:
    found = readability(text)

    assert found
    assert (found.words, found.long_words) == (words, long_words)


@pytest.mark.parametrize("text", ["", " \n ", "…!?", "– * –"])
def test_a_text_without_words_has_no_readability(text: str) -> None:
    assert readability(text) is None


@pytest.mark.parametrize(
    ("words", "long_words", "sentences", "level"),
    [
        (290, 0, 10, Level.VERY_EASY),
        (300, 0, 10, Level.EASY),
        (395, 0, 10, Level.MEDIUM),
        # 49.9 is shown as 50.
        (399, 0, 8, Level.HARD),
        (590, 0, 10, Level.HARD),
        (600, 0, 10, Level.VERY_HARD),
        (10, 9, 1, Level.VERY_HARD),
    ],
)
def test_levels_follow_the_number_that_is_shown(words: int, long_words: int, sentences: int, level: Level) -> None:
    assert Readability(words, long_words, sentences).level == level


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * 200_000, 1), ("." * 200_000, 0), ("a.\n" * 60_000, 60_000), ('"' * 200_000, 0),
        (". " + "(" * 200_000, 0), ("-" * 200_000, 0),
    ],
)  # fmt: skip
def test_counting_a_strange_text_comes_to_an_end(text: str, words: int) -> None:
    counted = readability(text)

    assert (counted.words if counted else 0) == words
