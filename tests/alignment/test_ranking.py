"""Ranking without a database: the right things first, a reason for each, and nothing where nothing fits."""

import json
from pathlib import Path

import pytest
from bryggan.alignment import themes
from bryggan.alignment.ranking import Ranker
from bryggan.alignment.signals import InitiativeText, Point

EXTRACT = Path(themes.__file__).parents[1] / "curriculum" / "extract"


@pytest.fixture(scope="module")
def points() -> list[Point]:
    """The demo extract: the same curriculum in our own words."""
    out: list[Point] = []
    for subject in json.loads((EXTRACT / "compulsory.json").read_text())["subjects"]:
        for block in subject["centralContents"]:
            first, last = (int(year) for year in block["year"].split("-"))
            for group in block["groups"]:
                for text in group["points"]:
                    key = f"{subject['code']} {block['year']} {len(out)}"
                    out.append(Point(key, "LGR22", "GR", subject["code"], subject["name"], (first, last), None,
                                     group["heading"], text))  # fmt: skip
    for area in json.loads((EXTRACT / "preschool.json").read_text())["areas"]:
        for text in area["points"]:
            out.append(
                Point(
                    f"{area['code']} {len(out)}", "LPFO18", "FSK", area["code"], area["name"], None, None, None, text
                )
            )
    return out


@pytest.fixture(scope="module")
def ranker(points: list[Point]) -> Ranker:
    return Ranker(themes.load(), points)


SKYFALL = InitiativeText(
    "1",
    "Regnbäddar mot skyfall",
    what="Vi bygger regnbäddar som tar emot dagvatten vid skyfall och mäter med sensorer hur mycket de fördröjer.",
    why="Källare översvämmas allt oftare.",
)


def test_the_matter_itself_comes_first_with_its_words_and_a_reason(ranker: Ranker, points: list[Point]) -> None:
    text = {point.key: point.text for point in points}

    first = ranker.rank(SKYFALL).points[:6]

    assert any("Vattnets kretslopp" in text[point.key] for point in first)
    for point in first:
        assert point.strength == "strong"
        assert point.reason.startswith("Handlar om ")
        assert point.reason.endswith(".")
        assert point.initiative_words


def test_an_english_text_is_ranked_like_the_swedish_one(ranker: Ranker) -> None:
    english = InitiativeText(
        "2",
        "Rain gardens against cloudbursts",
        what="We build rain gardens that receive stormwater and measure with sensors how much they hold back.",
        why="Basements are flooded more and more often.",
    )

    swedish_keys = [point.key for point in ranker.rank(SKYFALL).points[:15]]
    english_keys = [point.key for point in ranker.rank(english).points[:15]]

    assert len(set(swedish_keys) & set(english_keys)) >= 10


def test_nothing_is_said_where_nothing_fits(ranker: Ranker) -> None:
    ranking = ranker.rank(InitiativeText("3", "Ny mall för mötesanteckningar", what="Vi byter mall."))

    assert [point for point in ranking.points if point.strength == "strong"] == []
    assert ranking.programmes == []


def test_an_empty_text_is_an_answer(ranker: Ranker) -> None:
    ranking = ranker.rank(InitiativeText("4", ""))

    assert (ranking.points, ranking.subjects, ranking.gy_subjects, ranking.programmes) == ([], [], [], [])


def test_the_same_question_gives_the_same_answer_in_a_ranker_made_anew(points: list[Point], ranker: Ranker) -> None:
    assert Ranker(themes.load(), points).rank(SKYFALL) == ranker.rank(SKYFALL)


def test_copies_of_a_text_get_the_same_score(points: list[Point]) -> None:
    copy = points[0]
    doubled = [*points, Point("copy", copy.curriculum, copy.school_form, "GRGRSVA01", "Svenska som andraspråk", copy.years,
                              None, copy.heading, copy.text)]  # fmt: skip
    ranker = Ranker(themes.load(), doubled)

    for initiative in (
        SKYFALL,
        InitiativeText("5", "Serieverkstad", what="Barn ritar sagobilder till en bok."),
    ):
        scores = {point.key: point.score for point in ranker.rank(initiative).points}
        assert scores.get("copy") == scores.get(copy.key)
