from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bryggan.curriculum.points import (
    Point,
    Wording,
    normal_text,
    point_key,
    point_keys,
    split,
    successors,
    text_group,
)
from bryggan.curriculum.skolverket import subject_from


@pytest.mark.parametrize(("name", "parts", "points"), [("gy25_subjects", 1107, 17983), ("gy11_subjects", 1079, 12386)])
def test_every_bullet_of_upper_secondary_school_is_a_point(
    real: Callable[[str], Any], name: str, parts: int, points: int
) -> None:
    texts = [course["centralContent"]["text"] for s in real(name)["subjects"] for course in s["courses"]]

    found = [split(text) for text in texts]

    assert (len(found), sum(map(len, found))) == (parts, points)
    assert [len(some) for some in found] == [text.count("<li") for text in texts]


def test_headings_of_upper_secondary_school_are_found_and_opening_sentences_are_not(
    real: Callable[[str], Any],
) -> None:
    headings = {}
    for name in ("gy25_subjects", "gy11_subjects"):
        found = [split(c["centralContent"]["text"]) for s in real(name)["subjects"] for c in s["courses"]]
        headings[name] = [{point.heading for point in points} - {""} for points in found]

    # Two Gy11 courses (ARTART01, ARTART02) have bare paragraphs as headings.
    assert {name: (sum(map(len, found)), found.count(set())) for name, found in headings.items()} == {
        "gy25_subjects": (1775 + 8, 607),
        "gy11_subjects": (386 + 6, 961),
    }
    assert [h for found in headings.values() for some in found for h in some if "ska behandla" in h] == []


def test_compulsory_school_has_1011_points_of_which_835_differ(real: Callable[[str], Any]) -> None:
    subjects = [subject_from(detail) for detail in real("grundskola_lgr22_parsed")["subjects"]]

    points = [
        (block.first_year, block.last_year, point.text)
        for subject in subjects
        if subject
        for block in subject.blocks
        for point in block.content
    ]
    groups = {text_group("LGR22", "GR", *point) for point in points}

    assert (len(subjects), len(points), len(groups)) == (20, 1011, 835)


def test_gy25_has_13660_different_texts(real: Callable[[str], Any]) -> None:
    groups = {
        text_group("GY25", "GY", None, None, point.text)
        for s in real("gy25_subjects")["subjects"]
        for course in s["courses"]
        for point in split(course["centralContent"]["text"])
    }

    assert len(groups) == 13660


def test_the_file_with_groups_and_the_one_with_html_give_the_same_points(real: Callable[[str], Any]) -> None:
    parsed, wire = (
        [subject_from(detail) for detail in real(name)["subjects"]]
        for name in ("grundskola_lgr22_parsed", "grundskola_lgr22_reconstructed_wire")
    )

    assert [subject.blocks for subject in wire if subject] == [subject.blocks for subject in parsed if subject]


@pytest.mark.parametrize(
    ("markup", "points"),
    [
        ("", []),
        ("<p>Bara text.</p>", []),
        ("<ul><li>Zoonoser.</li></ul>", [Point("", "Zoonoser.")]),
        ("<p>Rubrik</p><ul><li>a</li></ul>", [Point("Rubrik", "a")]),
        ("<p><strong>Rubrik</strong></p><p></p><ul><li>a</li></ul>", [Point("Rubrik", "a")]),
        ("<h5>Undervisning i kursen SKA behandla följande centrala underhåll;</h5><ul><li>a", [Point("", "a")]),
        ("<h3>I årskurs 4–6</h3><h4>Algebra</h4><ul><li>a</li></ul>", [Point("Algebra", "a")]),
        ("<h4>Algebra</h4><h3>Årskurs 1-3</h3><ul><li>a</li></ul>", [Point("Algebra", "a")]),
        ('<ul><li style="x"><em>Allt lutar.</em></li></ul>', [Point("", "Allt lutar.")]),
        ("<ul><li><p>Ett</p><p>stycke.</p></li></ul>", [Point("", "Ett stycke.")]),
        ("<ul><li>Rad<br>två</li></ul>", [Point("", "Rad två")]),
        ("<ul><li>a<li>b</ul>", [Point("", "a"), Point("", "b")]),
        ("<ul><li></li><li> </li><li>b</li></ul>", [Point("", "b")]),
        (
            "<ul><li>Djur:<ul><li>häst</li><li>ko</li></ul>och fler</li><li>b</li></ul>",
            [Point("", "Djur: häst ko och fler"), Point("", "b")],
        ),
        ("<ol><li>sam\u00adhälle&nbsp;och\n  natur</li></ol>", [Point("", "samhälle och natur")]),
        ("<ul><li>a &amp; b<script>x()</script></li></ul>", [Point("", "a & b")]),
        (
            "<p>A</p><ul><li>1</li></ul><p>B</p><ul><li>2</li></ul><ul><li>3</li></ul>",
            [Point("A", "1"), Point("B", "2"), Point("B", "3")],
        ),
    ],
)
def test_a_text_is_split_into_points_under_their_headings(markup: str, points: list[Point]) -> None:
    assert list(split(markup)) == points


_WORDS = st.text("abcåäö &<>.", min_size=1).map(normal_text).filter(bool)


@given(st.lists(st.tuples(_WORDS, st.lists(_WORDS, min_size=1))))
def test_what_was_written_as_html_comes_back_point_by_point(groups: list[tuple[str, list[str]]]) -> None:
    markup = "".join(
        f"<h4>{escape(heading)}</h4><ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"
        for heading, texts in groups
    )

    assert list(split(markup)) == [Point(heading, text) for heading, texts in groups for text in texts]


@given(st.text())
def test_any_text_can_be_split(markup: str) -> None:
    assert all(point.text for point in split(markup))


def test_a_key_is_16_hex_digits_that_do_not_change_between_releases() -> None:
    key = point_key("GRGRBIO01", "1-3", "", "Natur och miljö", "Årstider i naturen.")

    assert key == "90c57d484204bd67"


def test_a_key_hears_only_words() -> None:
    plain = point_key("MATE", "MATE1A00X", "", "Algebra", "Hantering av uttryck.")

    assert point_key("MATE", "MATE1A00X", "", " Algebra", "Han\u00adtering\u00a0av\n uttryck. ") == plain
    others = {
        point_key("MATO", "MATE1A00X", "", "Algebra", "Hantering av uttryck."),
        point_key("MATE", "MATE1B00X", "", "Algebra", "Hantering av uttryck."),
        point_key("MATE", "MATE1A00X", "FIRST_LANGUAGE", "Algebra", "Hantering av uttryck."),
        point_key("MATE", "MATE1A00X", "", "", "Hantering av uttryck."),
        point_key("MATE", "MATE1A00X", "", "Algebra", "Hantering av uttrycken."),
    }
    assert len(others | {plain}) == 6


def test_identical_points_of_a_block_have_keys_of_their_own() -> None:
    same = Point("", "Zoonoser.")

    keys = point_keys("VÄX", "VÄXVÄX01a", "", [same, Point("Djur", "Zoonoser."), same])

    assert len(set(keys)) == 3
    assert keys[0] == point_key("VÄX", "VÄXVÄX01a", "", "", "Zoonoser.")


def test_a_group_asks_for_the_same_years_in_compulsory_school_and_the_same_curriculum_elsewhere() -> None:
    assert text_group("LGR22", "GR", 1, 3, "Årstider.") == text_group("LGR22", "GR", 1, 3, "Års\u00adtider.")
    assert text_group("LGR22", "GR", 1, 3, "Årstider.") != text_group("LGR22", "GR", 4, 6, "Årstider.")
    assert text_group("GY25", "GY", None, None, "Zoonoser.") != text_group("GY11", "GY", None, None, "Zoonoser.")


def test_a_successor_stands_under_the_same_heading_when_it_can() -> None:
    old = Wording("old", "1-3", "Natur", "Djur, växter och årstider i naturen")
    same_heading = Wording("a", "1-3", "Natur", "Djur, växter och livscykler i naturen")
    closer_elsewhere = Wording("b", "1-3", "Teknik", "Djur, växter och årstider i naturen.")
    other_years = Wording("c", "4-6", "Natur", "Djur, växter och årstider i naturen")

    assert successors([old], [closer_elsewhere, other_years, same_heading]) == {"old": ["a"]}
    assert successors([old], [closer_elsewhere, other_years]) == {"old": ["b"]}
    assert successors([old], [other_years]) == {}


def test_a_point_split_in_two_has_two_successors_and_one_that_is_gone_has_none() -> None:
    old = Wording("old", "X", "", "Bygga modeller av hus. Mäta och jämföra ytor.")
    gone = Wording("gone", "X", "", "Något helt annat.")
    halves = [Wording("a", "X", "", "Bygga modeller av hus."), Wording("b", "X", "", "Mäta och jämföra ytor.")]

    assert successors([old, gone], halves) == {"old": ["a", "b"]}


def test_the_only_point_that_came_follows_the_only_one_that_went_under_a_heading() -> None:
    old = Wording("old", "X", "Djur", "Zoonoser.")
    new = Wording("new", "X", "Djur", "Sjukdomar som smittar mellan djur och människor.")
    other = Wording("other", "X", "Växter", "Något helt annat.")

    assert successors([old], [new, other]) == {"old": ["new"]}
    assert successors([old], [new, replace(new, key="newer")]) == {}
    assert successors([old], [other]) == {}
