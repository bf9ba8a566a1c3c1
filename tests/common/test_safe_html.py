"""HTML from others: what is dangerous goes, what is readable stays."""

from __future__ import annotations

import re

import pytest

from bryggan.common import safe_html


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("<p>Hej <strong>du</strong></p>", "<p>Hej <strong>du</strong></p>"),
        ("<p>a</p><script>alert(1)</script>", "<p>a</p>"),
        ("<p onclick='x()' style='color:red' class='y'>a</p>", "<p>a</p>"),
        ("<style>p{}</style><p>a</p>", "<p>a</p>"),
        ("<iframe src='https://example.org' onload='x()'>b</iframe><p>a</p>", "<p>a</p>"),
        ("<svg onload=alert(1)></svg>a", "a"),
        ("<img src=x onerror=alert(1)>a", "a"),
        ("<h1>Rubrik</h1><h5>Liten</h5>", "<h3>Rubrik</h3><h4>Liten</h4>"),
        ("<a href='javascript:alert(1)'>a</a>", "a"),
        ("<a href='/gammal'>läs</a>", "läs"),
        ("<a href='//example.org/x'>läs</a>", "läs"),
        (
            "<a href='https://example.org/'>läs</a>",
            '<a href="https://example.org/" rel="noopener nofollow">läs</a>',
        ),
        ("<p>&nbsp;</p><p> </p><ul><li></li></ul><p>a</p>", "<p>a</p>"),
        ("<p>[knapp url=&#8221;https://example.org&#8221;]Anmäl[/knapp]</p>", "<p>Anmäl</p>"),
        ("<p>5 &gt; 3 &amp; 2 &lt; 4</p>", "<p>5 &gt; 3 &amp; 2 &lt; 4</p>"),
        ("<!-- hemligt --><p>a</p>", "<p>a</p>"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "ab"),
        ("", ""),
    ],
)
def test_clean(given: str, left: str) -> None:
    assert safe_html.clean(given) == left


def test_cleaning_twice_changes_nothing() -> None:
    once = safe_html.clean(
        "<h2>A</h2><p>b <a href='https://example.org/?a=1&b=2'>c</a> &amp; d</p><ul><li>e</li></ul>"
    )

    assert safe_html.clean(once) == once


def test_titles_lose_tags_first_and_are_unescaped_once() -> None:
    assert safe_html.title_text("<em>Pilot:</em> &lt;beta&gt; &#038; mer") == "Pilot: <beta> & mer"
    assert safe_html.title_text("del 2 <3") == "del 2 <3"
    assert safe_html.title_text("&amp;lt;b&amp;gt;") == "&lt;b&gt;"


def test_lines_are_composed_and_hold_nothing_invisible() -> None:
    assert safe_html.line("A\u030angra\u00ad \u200b pa\u030a\u00a0 en\n rad\x07") == "Ångra på en rad"


def test_control_characters_and_half_pairs_go_but_line_feeds_stay() -> None:
    assert safe_html.normal("a\x00b\r\nc\td\ud800\x85e") == "ab\nc\tde"


def test_the_text_of_markup_is_one_block_a_line() -> None:
    assert safe_html.text_of("<h3>A &amp; b</h3><p>c<br>d</p><ul><li>e</li><li>f</li></ul>") == "A & b\nc\nd\ne\nf"


@pytest.mark.parametrize("hostile", ["[a a=", "<", "<a ", "<p>", "[/", "<h1", "&#", "<p> ", "<li><ul>", "<ul>"])
def test_cleaning_a_hostile_text_comes_to_an_end(hostile: str) -> None:
    # What takes more than linear time with one of these would go on for minutes or for ever.
    for times in (2_400, 30_000):
        left = re.sub(r"</?(?:p|ul|li)>|&(?:lt|amp);", "", safe_html.clean(hostile * times))
        assert not set("<>&").intersection(left)
    assert len(safe_html.title_text((hostile * 30_000)[:5000])) <= 5000


def test_a_text_of_nothing_but_tags_keeps_its_words() -> None:
    assert safe_html.clean("<p>Hej <script>" * 3000).startswith("<p>Hej Hej Hej")
    assert safe_html.clean("<ul>" * 6000) == ""
