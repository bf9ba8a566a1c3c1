"""Class codes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bryggan.ideas.codes import ALPHABET, LENGTH, new_code, read_code, spaced

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


def test_a_code_has_no_letters_or_digits_that_look_or_sound_alike() -> None:
    assert set(ALPHABET) & set("01258ABEILOSUVYZÅÄÖ") == set()
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_new_codes_are_read_as_they_were_made() -> None:
    codes = [new_code() for _ in range(200)]

    assert [read_code(code) for code in codes] == codes
    assert len(set(codes)) > 190


@given(CODES, st.sampled_from(["", " ", "-", "  ", "\u00a0", " - ", "\u2013", "."]), st.booleans())
def test_a_code_is_read_however_it_was_typed(code: str, between: str, small: bool) -> None:
    typed = f" {code[:3]}{between}{code[3:]}\n"

    assert read_code(typed.lower() if small else typed) == code


@given(st.text())
def test_whatever_is_typed_gives_a_code_or_nothing(typed: str) -> None:
    read = read_code(typed)

    assert read == "" or (len(read) == LENGTH and set(read) <= set(ALPHABET))


def test_a_code_is_shown_in_two_groups() -> None:
    assert spaced("CDF467") == "CDF 467"
