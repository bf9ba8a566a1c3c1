"""Ranking without a database: the right things first, a reason for each, and nothing where nothing fits."""

import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bryggan.alignment import calibration, precedents, themes
from bryggan.alignment.ranking import Ranker, ScoredPoint
from bryggan.alignment.signals import InitiativeText, Point, telling_terms

TWINS = json.loads(Path(__file__).with_name("english_twins.json").read_text())
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
    for curriculum, form, file in (("LPFO18", "FSK", "preschool"), ("FKLASS", "FKLASS", "preschool_class")):
        for area in json.loads((EXTRACT / f"{file}.json").read_text())["areas"]:
            for text in area["points"]:
                key = f"{area['code']} {len(out)}"
                out.append(Point(key, curriculum, form, area["code"], area["name"], None, None, None, text))
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
    other = ("GRGRSVA01", "Svenska som andraspråk")
    twin = Point("copy", copy.curriculum, copy.school_form, *other, copy.years, None, copy.heading, copy.text)
    ranker = Ranker(themes.load(), [*points, twin])

    for initiative in (
        SKYFALL,
        InitiativeText("5", "Serieverkstad", what="Barn ritar sagobilder till en bok."),
    ):
        scores = {point.key: point.score for point in ranker.rank(initiative).points}
        assert scores.get("copy") == scores.get(copy.key)


def test_subjects_of_upper_secondary_come_with_their_scores_best_first(ranker: Ranker) -> None:
    found = ranker.rank(SKYFALL).gy_subjects

    assert 0 < len(found) <= 8
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert all(0 < score <= 1 for _, score in found)


def test_a_clear_main_theme_makes_a_few_points_of_preschool_and_preschool_class_strong(
    ranker: Ranker, points: list[Point]
) -> None:
    curriculum = {point.key: point.curriculum for point in points}
    play = InitiativeText(
        "6", "Lekplats som barnen ritar", what="Barnen bygger en lekplats med gungor och klätterträd."
    )

    strong = [curriculum[point.key] for point in ranker.rank(play).points if point.strength == "strong"]

    assert 1 <= strong.count("LPFO18") <= 4
    assert 1 <= strong.count("FKLASS") <= 4


def test_a_judgement_of_a_like_initiative_lifts_what_it_names(points: list[Point]) -> None:
    rain, library = (_precedent("a", "Regnbäddar", "dagvatten"), _precedent("b", "Bokbuss", "bibliotek"))
    taught = replace(rain, points={"mus13.sang": 2})

    plain, lifted = (_score(points, (judged, library), "mus13.sang") for judged in (rain, taught))

    assert lifted > plain


def test_an_initiative_is_not_its_own_precedent(points: list[Point]) -> None:
    own = _precedent("a", "Regnbäddar", "dagvatten")
    own = replace(own, seal=precedents.seal_of(SKYFALL.title, SKYFALL.what), points={"mus13.sang": 2})
    other = _precedent("b", "Bokbuss", "bibliotek")

    judged, silent = (_score(points, (one, other), "mus13.sang") for one in (own, replace(own, points={})))

    assert judged == silent


def test_what_is_chosen_together_with_what_was_judged_is_lifted_too(points: list[Point]) -> None:
    rain = replace(_precedent("a", "Regnbäddar", "dagvatten"), points={"kem46.vatten": 2})
    pairs = [
        replace(_precedent(f"p{n}", f"Bokbuss {n}", "bibliotek"), points={"kem46.vatten": 1, "mus13.sang": 1})
        for n in range(4)
    ]
    apart = [replace(one, points={"kem46.vatten": 1}) for one in pairs]

    beside, alone = (_together(points, (rain, *others), "mus13.sang") for others in (pairs, apart))

    assert beside > alone == 0


def test_an_initiative_s_own_pairs_are_left_out_of_what_is_chosen_together(points: list[Point]) -> None:
    own = _precedent("a", "Regnbäddar", "dagvatten")
    own = replace(own, seal=precedents.seal_of(SKYFALL.title, SKYFALL.what))
    others = [replace(_precedent(f"p{n}", f"Damm {n}", "dagvatten"), points={"kem46.vatten": 2}) for n in range(3)]

    judged, silent = (
        _together(points, (replace(own, points=said), *others), "mus13.sang")
        for said in ({"kem46.vatten": 2, "mus13.sang": 2}, {})
    )

    assert judged == silent


def test_a_subject_that_like_initiatives_were_judged_to_fit_comes_higher(points: list[Point]) -> None:
    alike = [replace(_precedent(str(n), f"Regnbädd {n}", "dagvatten"), points={"kem46.vatten": 2}) for n in range(6)]
    told = [replace(one, subjects={("GRGRKEM01", "4-6"): 2}) for one in alike]

    plain, lifted = (
        {
            (subject, years): score
            for subject, years, score in Ranker(themes.load(), points, judged=one).rank(SKYFALL).subjects
        }
        for one in (alike, told)
    )

    assert lifted["GRGRKEM01", "4-6"] > plain.get(("GRGRKEM01", "4-6"), 0)


def test_a_text_with_low_scores_all_over_still_names_its_first_points(ranker: Ranker) -> None:
    short = InitiativeText("7", "Ord på trappan", what="Nya ord målas på trappstegen i ett hus.")

    compulsory = {point.score for point in ranker.rank(short).points}

    assert compulsory
    assert all(score >= 0.04 for score in compulsory)


def test_an_english_text_is_likened_by_its_own_words() -> None:
    terms = telling_terms(
        InitiativeText("8", "The pond", what="We count the newts in the ponds of the city with children.")
    )

    assert {"en:pond", "en:newt"} <= set(terms)


def test_what_only_precedents_speak_for_is_possible_and_says_so(points: list[Point]) -> None:
    alike = [replace(_precedent(str(n), f"Regnbädd {n}", "dagvatten"), points={"mus13.sang": 2}) for n in range(6)]
    ranker = Ranker(themes.load(), points, judged=alike)

    told = [point for point in ranker.rank(SKYFALL).points if point.reason.startswith("Initiativ som liknar det här")]

    assert told
    assert {point.strength for point in told} == {"possible"}


@pytest.mark.parametrize(
    ("scores", "shown"),
    [
        ([], 0),
        ([0.31, 0.3, 0.3], 0),
        ([0.9, 0.2, 0.1], 1),
        ([0.6, 0.55, 0.1], 2),
        ([0.4, 0.4, 0.4, 0.4], 4),
        ([0.9] * 8, 6),
    ],
)
def test_as_many_programmes_are_shown_as_are_together_likely_to_fit(scores: list[float], shown: int) -> None:
    scored = [(f"P{number}", score) for number, score in enumerate(scores)]

    assert calibration.nearest_set(scored, 6) == scored[:shown]


def test_the_kept_precedents_can_be_read_and_name_only_content_that_exists() -> None:
    kept = precedents.load()

    assert len(kept) > 200
    assert {name for one in kept for name in one.points} <= set(themes.load().content)
    assert all(len(one.vector) == 384 for one in kept)


def test_a_broken_line_among_the_precedents_is_named(tmp_path: Path) -> None:
    file = tmp_path / "precedents.json"
    file.write_text(precedents.written(precedents.load()[:2]).replace('"terms"', '"term"', 1))

    with pytest.raises(themes.KnowledgeError, match=r"precedents\.json, rad 2"):
        precedents.load(file)


def test_precedents_are_written_as_they_are_read(tmp_path: Path) -> None:
    file = tmp_path / "precedents.json"
    file.write_text(precedents.written(precedents.load()[:5]))

    assert precedents.load(file) == precedents.load()[:5]


def test_english_twins_reach_four_fifths_of_the_swedish_score(shared_data: Path) -> None:
    """English translations of recorded texts, by nDCG@10 against the judged points; none of them a precedent."""
    gold = json.loads((shared_data / "eval" / "dev_gold.json").read_text())
    swedish: dict[str, InitiativeText] = {}
    for page in sorted((shared_data / "upstream" / "recordings").glob("projects-all-by-id-page*.json")):
        for row in json.loads(page.read_text())["json"]:
            if str(row["id"]) in TWINS:
                told = [re.sub(r"<[^>]+>", " ", row[f"project_{part}"] or "") for part in ("what", "why")]
                swedish[str(row["id"])] = InitiativeText(
                    str(row["id"]), html.unescape(row["title"]["rendered"]), what=told[0], why=told[1]
                )
    official: list[Point] = []
    source = shared_data / "curriculum" / "data" / "grundskola_lgr22_parsed.json"
    for subject in json.loads(source.read_text())["subjects"]:
        for block in subject["centralContents"]:
            first, last = (int(year) for year in block["year"].split("-"))
            for group in block["groups"]:
                for text in group["points"]:
                    place = (subject["code"], subject["name"], (first, last), None, group["heading"])
                    official.append(Point(str(len(official)), "LGR22", "GR", *place, text))
    others = tuple(one for one in precedents.load() if one.id not in TWINS)
    ranker = Ranker(themes.load(), official, judged=others)
    scores: dict[str, list[float]] = {"sv": [], "en": []}
    for key, twin in TWINS.items():
        grades = {(one["years"], one["text"]): one["grade"] for one in gold[key]["core_content"]}
        english = InitiativeText(key, twin["title"], what=twin["what"], why=twin["why"], language="en")
        for language, initiative in (("sv", swedish[key]), ("en", english)):
            scores[language].append(_ndcg(ranker.rank(initiative).points, official, grades))
    assert len(TWINS) >= 12
    assert sum(scores["en"]) >= 0.8 * sum(scores["sv"]) > 0


def _ndcg(points: Sequence[ScoredPoint], official: Sequence[Point], grades: Mapping[tuple[str, str], float]) -> float:
    """nDCG@10 of ranked points, a text that several subjects share taken once."""
    keyed = {one.key: (f"{one.years[0]}-{one.years[1]}", one.text) for one in official if one.years}
    ranked = list(dict.fromkeys(keyed[one.key] for one in points if one.key in keyed))[:10]
    ideal = sorted(grades.values(), reverse=True)[:10]
    gained, best = (
        sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(row))
        for row in ([grades.get(one, 0) for one in ranked], ideal)
    )
    return gained / best


def _precedent(name: str, title: str, theme: str) -> precedents.Precedent:
    evidence = {theme: 0.9}
    return precedents.Precedent(
        name, precedents.seal_of(title, ""), {}, {}, {}, {}, evidence, ("regn",), bytes([1]) * 384
    )


def _score(points: list[Point], judged: tuple[precedents.Precedent, ...], content_id: str) -> float:
    ranker = Ranker(themes.load(), points, judged=judged)
    scores = ranker.text_scores(ranker.read(SKYFALL))
    return scores.get(ranker._text_of_content[content_id], 0.0)


def _together(points: list[Point], judged: tuple[precedents.Precedent, ...], content_id: str) -> float:
    ranker = Ranker(themes.load(), points, judged=judged)
    judgement, read = ranker._judgements["points"], ranker.read(SKYFALL)
    return float(judgement.together(judgement.of(read.precedents), read.own)[ranker._text_of_content[content_id]])
