"""How well sessions fit a class."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import factories as people
from alignment import factories as linked
from bryggan.accounts.models import SchoolClass
from bryggan.curriculum.models import Block, Curriculum, ProgrammeSubject, SchoolForm
from bryggan.fair.models import Session
from bryggan.fair.programmes.fit import Fit, Interests, fits, years_text
from bryggan.fair.programmes.reasons import Reason
from fair import factories as given
from fair.factories import DAY

pytestmark = pytest.mark.django_db


def fit_of(school_class: SchoolClass, session: Session, interests: Interests | None = None) -> Fit:
    return fits(school_class, [session], on=DAY, interests=interests)[session.pk]


def about(*points: object, **columns: object) -> Session:
    """A session with an initiative behind it that serves the points."""
    made = given.session(given.fair(), **columns)
    initiative = linked.initiative()
    linked.align(initiative, *points)  # type: ignore[arg-type]
    made.initiatives.add(initiative)
    return made


def reading(*subjects: str, **columns: object) -> SchoolClass:
    made = given.school_class(**columns)
    made.subjects.set([linked.subject(code) for code in subjects])
    return made


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, None),
        ({"school_forms": ["GR"], "school_years": [7, 8, 9]}, None),
        ({"school_years": [8]}, None),
        ({"school_forms": ["FS", "FKLASS"]}, Reason("wrong school form", {"forms": "förskola och förskoleklass"})),
        ({"school_years": [4, 5, 6]}, Reason("wrong years", {"years": "åk 4–6"})),
    ],
)
def test_a_class_in_year_eight_suits_what_is_for_its_age(columns: dict[str, object], reason: Reason | None) -> None:
    session = given.session(given.fair(), **columns)

    assert fit_of(given.school_class(), session).unsuited == reason


def test_a_mixed_class_suits_when_it_shares_a_year_and_is_worth_less() -> None:
    session = given.session(given.fair(), school_years=[4, 5, 6])
    whole, mixed = given.school_class(school_years=[4]), given.school_class(school_years=[3, 4])

    assert fit_of(mixed, session).unsuited is None
    assert fit_of(mixed, session).score < fit_of(whole, session).score


def test_preschool_does_not_suit_a_session_for_school_years_alone() -> None:
    session = given.session(given.fair(), school_years=[1, 2, 3])
    preschool = given.school_class(school_form=SchoolForm.PRESCHOOL, school_years=[])

    assert fit_of(preschool, session).unsuited == Reason("wrong years", {"years": "åk 1–3"})


def test_a_programme_stands_for_its_predecessor_too() -> None:
    old = people.programme("TE", "Teknikprogrammet", curriculum=Curriculum.GY11)
    new = people.programme("TE25", "Teknikprogrammet")
    old.successor = new
    old.save()
    other = people.programme("NA25", "Naturvetenskapsprogrammet")
    session = given.session(given.fair())
    session.programmes.add(new)
    upper = {"school_form": SchoolForm.UPPER_SECONDARY, "school_years": []}

    assert fit_of(given.school_class(programme=old, year_of_study=3, **upper), session).unsuited is None
    assert fit_of(given.school_class(programme=other, year_of_study=1, **upper), session).unsuited == Reason(
        "wrong programme", {"programmes": "Teknikprogrammet"}
    )
    assert fit_of(given.school_class(), session).unsuited is not None


def test_central_content_of_the_classs_own_subject_counts_most_and_is_the_reason() -> None:
    own = about(linked.point("BIO", (7, 9), "Ekosystem och hållbar utveckling."))
    other = about(linked.point("SLJ", (7, 9), "Trä och textil."))
    nothing = given.session(given.fair())
    school_class = reading("BIO")

    found = fits(school_class, [own, other, nothing], on=DAY)

    assert found[own.pk].score > found[other.pk].score > found[nothing.pk].score
    assert found[own.pk].reason == Reason(
        "core content", {"subject": "Bio", "point": "Ekosystem och hållbar utveckling."}
    )
    assert found[nothing.pk].reason == Reason("suits")


def test_points_of_other_years_and_possible_suggestions_do_not_count() -> None:
    school_class = reading("BIO")
    nothing = fit_of(school_class, given.session(given.fair()))
    other_years = about(linked.point("BIO", (4, 6)))
    possible = given.session(given.fair())
    initiative = linked.initiative()
    linked.align(initiative, linked.point("BIO", (7, 9)), strength="possible")
    possible.initiatives.add(initiative)

    assert fit_of(school_class, other_years) == nothing
    assert fit_of(school_class, possible) == nothing


def test_a_withdrawn_initiative_stands_behind_nothing() -> None:
    session = about(linked.point("BIO", (7, 9)))
    initiative = session.initiatives.get()
    initiative.withdrawn_at = given.at(8)
    initiative.save()

    assert fit_of(reading("BIO"), session).points == ()


@pytest.mark.parametrize(("year_of_study", "follows"), [(1, "GY25"), (2, "GY25"), (3, "GY11")])
def test_upper_secondary_follows_gy25_or_gy11_by_when_the_class_began(year_of_study: int, follows: str) -> None:
    programme = linked.programme("NA25")
    for curriculum in (Curriculum.GY25, Curriculum.GY11):
        ProgrammeSubject.objects.create(
            programme=programme, block=Block.PROGRAMME, subject_code=f"BIOL{curriculum}", level_codes=[]
        )
    sessions = {}
    for curriculum in (Curriculum.GY25, Curriculum.GY11):
        subject = linked.subject(f"BIOL{curriculum}", curriculum=curriculum, school_form=SchoolForm.UPPER_SECONDARY)
        sessions[curriculum.value] = about(linked.point(subject.code, None, of=subject))
    school_class = given.school_class(
        school_form=SchoolForm.UPPER_SECONDARY, school_years=[], programme=programme, year_of_study=year_of_study
    )

    found = fits(school_class, list(sessions.values()), on=date(2027, 6, 1))

    assert [key for key, session in sessions.items() if found[session.pk].points] == [follows]


def test_what_fits_the_classs_programme_counts() -> None:
    programme = linked.programme("NA25", "Naturvetenskap", "NANAT")
    session = about()
    linked.fit(session.initiatives.get(), programme, "NANAT", 0.8)
    upper = {"school_form": SchoolForm.UPPER_SECONDARY, "school_years": [], "year_of_study": 1}

    fit = fit_of(given.school_class(programme=programme, orientation_code="NANAT", **upper), session)

    assert fit.reason == Reason("programme", {"programme": "Naturvetenskap"})


def test_the_childrens_track_draws_younger_classes_and_not_older_ones() -> None:
    fair = given.fair()
    track, other = given.session(fair, is_for_children=True), given.session(fair)
    young, old = given.school_class(school_years=[5]), given.school_class(school_years=[8])

    assert fit_of(young, track).score > fit_of(young, other).score
    assert fit_of(old, track).score < fit_of(old, other).score


@pytest.mark.parametrize("kind", ["subjects", "points", "terms", "themes"])
def test_what_the_teacher_chose_comes_first(kind: str) -> None:
    point = linked.point("BIO", (7, 9))
    session = about(point, theme="framtidens-mat")
    session.initiatives.get().terms.add(linked.term("sector", "Miljö"))
    wanted = {"subjects": "BIO", "points": point.key, "terms": "miljo", "themes": "framtidens-mat"}[kind]
    school_class = reading("SLJ")

    fit = fit_of(school_class, session, Interests.of({kind: [wanted]}))

    assert fit.is_chosen
    assert fit.reason.code == "interest"
    assert fit.score > fit_of(school_class, session).score


@pytest.mark.parametrize("stored", [None, [], "x", {"subjects": "BIO"}, {"points": [1, None, {}]}, {"terms": [""]}])
def test_interests_that_are_no_interests_are_passed_over(stored: object) -> None:
    assert not Interests.of(stored)  # type: ignore[arg-type]


def test_interests_are_stored_and_read_back() -> None:
    interests = Interests(subjects=frozenset({"BIO", "TEK"}), themes=frozenset({"mat"}))

    assert Interests.of(interests.as_json()) == interests


def test_years_are_told_as_people_say_them() -> None:
    assert years_text([4, 5, 6]) == "åk 4–6"
    assert years_text([9, 7]) == "åk 7 och 9"
    assert years_text([1, 2, 3, 5, 8, 9]) == "åk 1–3, 5 och 8–9"


def test_one_session_and_fifty_cost_the_same_statements() -> None:
    fair = given.fair()
    venue = given.venue(fair)
    point = linked.point("BIO", (7, 9))
    sessions = []
    for _number in range(50):
        made = given.session(fair, venue=venue)
        initiative = linked.initiative()
        linked.align(initiative, point)
        made.initiatives.add(initiative)
        sessions.append(made)
    school_class = reading("BIO")
    interests = Interests.of({"terms": ["miljo"]})

    with CaptureQueriesContext(connection) as one:
        fits(school_class, sessions[:1], on=DAY, interests=interests)
    with CaptureQueriesContext(connection) as fifty:
        fits(school_class, sessions, on=DAY, interests=interests)

    assert len(one) == len(fifty) <= 8
