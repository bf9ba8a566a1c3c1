from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from hypothesis import example, given
from hypothesis import strategies as st

from bryggan.alignment.snippets import Segment, asked_words, best_piece, mark
from bryggan.alignment.textindex import TextIndex, words_of

RAIN = (
    "Staden bygger om torget. Där får bilarna stå på andra sidan gatan, och bänkarna får nytt virke av lärk från "
    "skogarna norr om staden. När det regnar mycket rinner vattnet till dagvattendammen. Sensorer i dammen säger "
    "hur högt vattnet står. Barnen i skolan bredvid läser av dem varje vecka och ritar kurvor som hänger i entrén. "
    "Till sommaren ska torget vara klart och invigas med musik, kaffe och en gemensam promenad längs ån till havet."
)


def marked(segments: list[Segment]) -> list[str]:
    return [text for text, hit in segments if hit]


def told(segments: list[Segment]) -> str:
    return "".join(text for text, _hit in segments)


# Marking


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("vatten", "Vattnet, vattens och VATTEN.", ["Vattnet", "vattens", "VATTEN"]),
        ("vatten", "Dagvattendammen fylls.", ["Dagvattendammen"]),
        ("skola", "Skolan, skolorna och grundskolor", ["Skolan", "skolorna", "grundskolor"]),
        ("stad", "Två städer i stadsdelen", ["städer", "stadsdelen"]),
        ("sensorer", "IoT-sensorer mäter", ["IoT-sensorer"]),
        ("miljö", "havs\u00admiljön", ["havs\u00admiljön"]),
        ("råå", "Vid Ra\u030aa\u030a", ["Ra\u030aa\u030a"]),
        ("dagvatten", "Vatten är något annat", []),
        ("hus", "Huset och hussvala men inte hustru", ["Huset", "hussvala"]),
    ],
)
def test_all_forms_and_compounds_of_a_word_are_marked_whole(word: str, text: str, found: list[str]) -> None:
    # A word before it, so that it is not taken for one that is still being typed.
    segments = mark(text, [word, "zebra"])

    assert marked(segments) == found
    assert told(segments) == text


def test_the_last_word_may_still_be_on_its_way() -> None:
    assert marked(mark("Skyfallsplan för skolan", ["skolor", "skyf"])) == ["Skyfallsplan", "skolan"]
    assert marked(mark("Skyfallsplan för skolan", ["skyf", "skolor"])) == ["skolan"]
    assert marked(mark("Sky och luft", ["luft", "sk"])) == ["luft"]


def test_what_every_text_holds_is_not_marked() -> None:
    assert mark("Vatten och luft", ["och", "i"]) == [("Vatten och luft", False)]
    assert mark("Vatten och luft", []) == [("Vatten och luft", False)]
    assert mark("", ["vatten"]) == []


def test_words_taken_for_others_are_marked_as_those() -> None:
    words = asked_words("Dagvaten och dagvaten i skolan", {"dagvaten": "dagvatten"})

    assert words == ["dagvatten", "skolan"]
    assert marked(mark("Dagvattnet leds till skolor", words)) == ["Dagvattnet", "skolor"]


def test_what_the_index_finds_is_marked() -> None:
    index = TextIndex()
    index.put(1, words_of([(RAIN, 1.0)]))

    for word in ("vatten", "damm", "sensor", "skola", "torget", "lärk", "kurva", "promenader", "senso", "rymdfärja"):
        hits = index.search(word, 2)
        assert hits is not None
        assert bool(hits.numbers) == bool(marked(mark(RAIN, asked_words(word, hits.corrected)))), word


def test_marks_are_shown_without_letting_markup_in() -> None:
    segments = mark("<script>vatten</script> & vatten", ["vatten"])

    shown = render_to_string("components/marked.html", {"segments": segments})

    assert shown == "&lt;script&gt;<mark>vatten</mark>&lt;/script&gt; &amp; <mark>vatten</mark>"


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=5))
def test_nothing_of_a_text_is_lost_and_nothing_is_added(text: str, words: list[str]) -> None:
    assert told(mark(text, words)) == text


# The best piece


def test_the_piece_is_where_most_of_the_words_are() -> None:
    piece = best_piece(RAIN, ["sensorer", "vatten"])

    assert marked(piece) == ["vattnet", "dagvattendammen", "Sensorer", "vattnet"]
    assert told(piece).startswith("… När det regnar")
    assert told(piece).endswith(" …")


def test_a_short_text_is_given_whole() -> None:
    assert best_piece("Vatten  i\nstaden", ["vatten"]) == [("Vatten", True), (" i staden", False)]


def test_without_a_hit_the_piece_is_the_beginning() -> None:
    piece = best_piece(RAIN, ["rymdfärja"], 60)

    assert piece == [("Staden bygger om torget. Där får bilarna stå på andra …", False)]


def test_a_hit_at_the_very_end_is_reached() -> None:
    piece = best_piece(RAIN, ["hav"], 60)

    assert marked(piece) == ["havet"]
    assert told(piece).startswith("… ")
    assert told(piece).endswith("havet.")


@example(["a", "aaaaaaaaaaa", "aaa.bca"], ["bca"], 20)
@example(["a", "aaaaaaaaaa.abc", ".abc"], ["abc"], 20)
@given(
    st.lists(st.text(alphabet="abcåäö.-", min_size=1, max_size=30), max_size=120),
    st.lists(st.sampled_from(["a", "abc", "bca", "åäö"]), max_size=3),
    st.integers(20, 240),
)
def test_a_piece_is_short_enough_and_made_of_whole_words(parts: list[str], words: list[str], longest: int) -> None:
    text = " ".join(parts)

    piece = told(best_piece(text, words, longest))

    assert len(piece) <= longest
    inner = piece.removeprefix("… ").removesuffix(" …")
    assert inner in text
    if all(len(part) < longest - 4 for part in parts):
        assert set(inner.split()) <= set(parts)
