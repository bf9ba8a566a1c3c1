import math

import pytest

from bryggan.fair.planning.walking import Pace, Walks, Way, kilometres_between, pairs

STATION, PARK, HILL = (56.0437, 12.6945), (56.0472, 12.6912), (56.0605, 12.7290)
POSITIONS = {"station": STATION, "park": PARK, "hill": HILL}


def test_a_walk_is_the_crows_way_with_a_detour_at_the_pace_of_a_class_and_time_to_gather() -> None:
    walks = Walks(POSITIONS)

    way = walks.way("station", "park")

    kilometres = kilometres_between(STATION, PARK) * 1.3
    assert kilometres == pytest.approx(0.571, abs=0.01)
    assert way == Way(math.ceil(kilometres / 4 * 60) + 5)
    assert walks.way("park", "station") == way


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres() -> None:
    assert kilometres_between((56.0, 12.0), (57.0, 12.0)) == pytest.approx(111.2, abs=0.1)
    assert kilometres_between((0.0, 0.0), (0.0, 180.0)) == pytest.approx(20015, abs=1)


def test_at_the_same_place_there_is_no_way_to_go_and_nobody_to_gather() -> None:
    assert Walks(POSITIONS).way("park", "park") == Way(0)


def test_what_has_been_measured_wins_in_both_directions_unless_both_are_measured() -> None:
    walks = Walks(POSITIONS, measured={("station", "hill"): 33, ("park", "hill"): 20, ("hill", "park"): 14})

    assert walks.way("hill", "station") == Way(33)
    assert walks.way("park", "hill") == Way(20)
    assert walks.way("hill", "park") == Way(14)


def test_a_place_without_position_is_a_stated_guess_away_also_from_another_such() -> None:
    walks = Walks({"station": STATION, "lost": None}, Pace(unknown_minutes=17))

    assert walks.way("station", "lost") == Way(17, is_guess=True)
    assert walks.way("lost", "unheard of") == Way(17, is_guess=True)
    assert walks.way(None, None) == Way(17, is_guess=True)
    assert walks.way("lost", "lost") == Way(0)


def test_a_walk_longer_than_the_class_walks_is_no_way_and_just_as_long_is_one() -> None:
    walks = Walks(POSITIONS, measured={("station", "hill"): 31})

    assert walks.way("station", "hill", 30) is None
    assert walks.way("station", "hill", 31) == Way(31)
    assert walks.shortest("station", "hill") == Way(31)


def test_the_bus_is_taken_where_it_is_quicker_or_where_it_is_too_far_to_walk() -> None:
    pace = Pace(uses_bus=True)
    walks = Walks(POSITIONS, pace, measured={("station", "hill"): 40}, measured_bus={("station", "hill"): 25})

    assert walks.way("station", "hill") == Way(25, "bus")
    assert walks.way("station", "park", 30) == Walks(POSITIONS).way("station", "park")
    slow = Walks(POSITIONS, pace, measured={("station", "hill"): 40}, measured_bus={("station", "hill"): 50})
    assert slow.way("station", "hill", 60) == Way(40)
    assert slow.way("station", "hill", 30) == Way(50, "bus")
    assert slow.on_foot("station", "hill") == Way(40)


def test_without_the_setting_there_is_no_bus() -> None:
    walks = Walks(POSITIONS, measured={("station", "hill"): 40}, measured_bus={("station", "hill"): 25})

    assert walks.way("station", "hill", 30) is None


def test_measured_rows_are_told_apart_by_their_means() -> None:
    foot, bus = pairs([("a", "b", "foot", 12), ("a", "b", "bus", 9)])

    assert (foot, bus) == ({("a", "b"): 12}, {("a", "b"): 9})


@pytest.mark.parametrize("wrong", [{"kmh": 0}, {"detour": 0.5}, {"gathering_minutes": -1}])
def test_a_pace_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="minutes"):
        Pace(**wrong)  # type: ignore[arg-type]
