from __future__ import annotations

import pytest

from bryggan.initiatives import values


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("650000", "650000.00"),
        ("1 500 000 kr", "1500000.00"),
        ("1\u00a0500\u202f000\u00a0kr", "1500000.00"),
        ("12,5", "12.50"),
        ("250000.50", "250000.50"),
        ("1.500.000", "1500000.00"),
        ("2 400 000 SEK", "2400000.00"),
        ("120 000:-", "120000.00"),
        (75000, "75000.00"),
        (12.5, "12.50"),
        ("ca 2 miljoner", ""),
        ("1-2 Mkr", ""),
        ("", ""),
        ("-5", ""),
        ("9" * 30, ""),
        (None, ""),
        (True, ""),
        ([], ""),
        (float("nan"), ""),
    ],
)
def test_kronor(written: object, read: str) -> None:
    assert values.kronor(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://example.org/a b?q=å#del 2", "https://example.org/a%20b?q=%C3%A5#del%202"),
        ("www.example.org/x", "https://www.example.org/x"),
        ("mailto:a@example.org?subject=Hej", "mailto:a@example.org?subject=Hej"),
        ("mailto:ingen adress", ""),
        ("javascript:alert(1)", ""),
        ("JAVASCRIPT:alert(1)", ""),
        ("java\x00script:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.org/x", ""),
        ("/gammal-sida", ""),
        ("se bifogad länk", ""),
        ("https://user:pass@example.org/", ""),
        ("https://[::1", ""),
        (None, ""),
        (17, ""),
    ],
)
def test_web_link(written: object, read: str) -> None:
    assert values.web_link(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [(161, "161"), ("161", "161"), (" 7 ", "7"), (0, ""), ("0", ""), (-3, ""), (True, ""), ("2.0", ""), (None, "")],
)
def test_identity(written: object, read: str) -> None:
    assert values.identity(written) == read


def test_progress_is_read_from_the_number_and_else_from_the_name() -> None:
    told = [values.progress_of(*each) for each in [("Pilot", "60"), ("Pilot", None), ("Pausad", None), ("X", "150")]]

    assert told == [60, 50, None, 100]
    assert values.progress_of("Avbruten", None) == values.STOPPED
    assert values.progress_of("Vad som helst", "-1") == values.STOPPED


def test_what_names_persons_is_taken_out_at_any_depth() -> None:
    raw = {
        "title": "Ett",
        "contacts": [{"name": "Någon"}],
        "files": [{"author": "1", "url": "x"}],
        "challenge": {"post_author": "1", "post_password": "hemligt", "ID": 3},
        "employee": {"email": "a@example.org"},
        "_links": {"author": []},
        "e_mail": "x",
        "thumbnail": "bild",
    }

    assert values.without_persons(raw) == {
        "title": "Ett",
        "files": [{"url": "x"}],
        "challenge": {"ID": 3},
        "thumbnail": "bild",
    }
