from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bryggan.invitations.lottery import lottery_order


def test_an_order_can_be_drawn_again_by_hand() -> None:
    # printf %s "frö:2" | sha256sum, and so on; the smallest comes first.
    assert lottery_order([1, 2, 3], "frö") == [2, 1, 3]


@given(st.sets(st.integers(1, 10**9), max_size=40), st.text(max_size=20))
def test_everybody_is_drawn_once_and_the_order_of_asking_does_not_matter(classes: set[int], seed: str) -> None:
    order = lottery_order(classes, seed)

    assert sorted(order) == sorted(classes)
    assert lottery_order(reversed(order), seed) == order
    assert lottery_order([*order, *order], seed) == order


def test_every_class_is_first_about_as_often_as_the_others() -> None:
    firsts = Counter(lottery_order(range(1, 11), str(seed))[0] for seed in range(5000))

    # 500 each; five standard deviations are 106.
    assert all(394 < number < 606 for number in firsts.values())
    assert len(firsts) == 10


def test_a_class_that_leaves_changes_nothing_for_the_others() -> None:
    order = lottery_order(range(1, 21), "frö")

    without = lottery_order([number for number in range(1, 21) if number != order[4]], "frö")

    assert without == [number for number in order if number != order[4]]
