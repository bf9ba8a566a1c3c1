"""The text index alone: whatever was put, replaced and removed, it answers as one made of what is left."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bryggan.alignment import textindex
from bryggan.alignment.textindex import K1, PART_WEIGHT, B, TextIndex, words_of

# Forms of one word, compounds and their parts, words that differ by a slip, dots, and a stop word.
WORDS = (
    "vatten", "vattnet", "dagvatten", "dagvattendamm", "damm", "dammar", "skola", "skolan", "skolgård",
    "gårdar", "sensor", "sensorer", "sensorn", "böcker", "bok", "kompis", "kompost", "elbil", "och", "göteborg",
)  # fmt: skip
QUESTIONS = (
    *WORDS, "vat", "sko", "dagv", "komp", "senso", "vattne", "vatfen", "skoal", "goteborg", "dagvattendam",
    "sensoner", "sensr", "skolsensor", "rymdfärja", "vatten skola", "damm elbil bok", "elbil xyzzyq", "och",
)  # fmt: skip
SIZE = 40

texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
fields = st.lists(st.tuples(texts, st.sampled_from([3.0, 1.5, 1.0, 0.5])), max_size=3)
numbers = st.integers(0, SIZE - 1)
# What to put, or None to remove; and whether to ask something afterwards, which settles what waits.
changes = st.lists(st.tuples(numbers, st.none() | fields, st.booleans()), max_size=40)


def made_of(documents: dict[int, list[tuple[str, float]]]) -> TextIndex:
    index = TextIndex()
    for number in sorted(documents):
        index.put(number, words_of(documents[number]))
    return index


def answers(index: TextIndex, questions: Sequence[str] = QUESTIONS) -> dict[str, object]:
    """Hits, scores and corrections by question."""
    found: dict[str, object] = {}
    for question in questions:
        hits = index.search(question, SIZE)
        found[question] = hits and (
            list(hits.numbers),
            hits.scores.tolist(),
            hits.some_words_only,
            dict(hits.corrected),
        )
    return found


def corrected(index: TextIndex, text: str) -> dict[str, str]:
    hits = index.search(text, SIZE)
    return dict(hits.corrected) if hits else {}


@settings(deadline=None)
@given(changes)
def test_after_any_changes_it_answers_as_one_made_of_what_is_left(
    changes: list[tuple[int, list[tuple[str, float]] | None, bool]],
) -> None:
    index = TextIndex()
    left: dict[int, list[tuple[str, float]]] = {}
    for number, document, ask in changes:
        if document is None:
            index.remove(number)
            left.pop(number, None)
        else:
            index.put(number, words_of(document))
            left[number] = document
        if ask:
            index.search("vatten skolsensoner", SIZE)

    fresh = made_of(left)

    assert answers(index) == answers(fresh)
    assert index.word_counts() == fresh.word_counts()


@settings(deadline=None)
@given(st.lists(fields, max_size=12))
def test_when_all_are_removed_nothing_is_known_any_more(documents: list[list[tuple[str, float]]]) -> None:
    index = made_of(dict(enumerate(documents)))

    for number in range(len(documents)):
        index.remove(number)

    assert index.word_counts() == {}
    assert answers(index) == answers(TextIndex())


@settings(deadline=None)
@given(st.lists(fields, max_size=12))
def test_a_collection_too_large_to_wait_is_taken_in_by_and_by(documents: list[list[tuple[str, float]]]) -> None:
    whole = made_of(dict(enumerate(documents)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textindex, "MOST_WAITING", 5)
        patch.setattr(textindex, "MOST_WEIGHED", 3)
        patch.setattr(textindex, "MANY_WORDS", 2)
        little_by_little = made_of(dict(enumerate(documents)))
        found = answers(little_by_little)

    assert found == answers(whole)


def test_scores_are_bm25_and_a_part_of_a_compound_counts_less() -> None:
    index = made_of({1: [("vatten", 3.0)], 2: [("dagvatten", 1.0), ("sol", 1.0)], 3: [("sol", 1.0)]})

    hits = index.search("vatten", 4)

    idf, mean = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5)), (3 + 2 + 1) / 3
    expected = [
        idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / mean))
        for tf, length in ((3.0, 3.0), (PART_WEIGHT, 2.0))
    ]
    assert hits is not None
    assert list(hits.numbers) == [1, 2]
    assert hits.scores.tolist() == pytest.approx([0, *expected, 0])


def test_a_change_is_found_by_the_next_question_and_what_it_replaced_is_not() -> None:
    index = made_of({1: [("kompost", 1.0)], 2: [("elbil", 1.0)]})

    index.put(1, words_of([("skolgård", 1.0)]))

    hits = index.search("skolgard", 3)
    assert hits is not None
    assert (list(hits.numbers), hits.corrected) == ([1], {"skolgard": "skolgård"})
    gone = index.search("kompost", 3)
    assert gone is not None
    assert not gone.numbers


def test_of_words_equally_near_the_one_with_the_same_first_letter_is_meant_then_the_most_written() -> None:
    words = ["katt", "hatt", "natt", "matt", "ratt", "fatt", "batt"]
    index = made_of({number: [(word, 1.0)] for number, word in enumerate(words)})

    before = [corrected(index, typed) for typed in ("ratx", "xatt")]
    index.put(30, words_of([("matt", 1.0)]))
    after = [corrected(index, typed) for typed in ("ratx", "xatt")]

    assert before == [{"ratx": "ratt"}, {"xatt": "batt"}]
    assert after == [{"ratx": "ratt"}, {"xatt": "matt"}]


@settings(deadline=None)
@given(st.text("abcåäö-x", min_size=1, max_size=10), st.lists(st.text("abcåäö-x", min_size=1, max_size=10)))
def test_picking_out_what_may_be_near_loses_nothing_that_is(word: str, others: list[str]) -> None:
    strings = textindex._Strings()
    for other in others:
        strings.counts[strings.number(other)] = 1
    plain = textindex._undotted(word)

    for slips in (1, 2):
        near = {other for other in others if textindex.OSA.distance(plain, textindex._undotted(other)) <= slips}
        assert near <= set(strings.maybe_near(plain, slips))


def test_an_array_that_is_looked_into_can_still_grow() -> None:
    index = made_of({1: [("vatten", 1.0)]})
    hits = index.search("vatten", 3)

    index.put(2, words_of([("vatten", 1.0)]))

    again = index.search("vatten", 3)
    assert hits is not None
    assert again is not None
    assert (list(hits.numbers), list(again.numbers)) == ([1], [1, 2])
    assert np.count_nonzero(again.scores) == 2
