"""Days for a whole school, from rows."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from accounts import factories as people
from bryggan.fair.models import Session
from bryggan.fair.programmes.school_proposing import MOST_CLASSES, propose_for_classes
from bryggan.fair.seating import seats
from fair import factories as given
from fair.factories import DAY, at

pytestmark = pytest.mark.django_db


def test_classes_of_a_school_share_the_seats_there_are() -> None:
    fair = given.fair()
    here = given.venue(fair)
    for start in (9.25, 9.5, 10.5, 12.25, 12.5):
        session = given.session(fair, venue=here, capacity=30, minutes=45, needs_booking=True)
        given.occasion(session, at(start))
    for start in (9.25, 12.25):
        groups = given.session(fair, venue=here, capacity=2, unit="groups", minutes=45, needs_booking=True)
        given.occasion(groups, at(start))
    walk_in = given.session(fair, venue=here, kind=Session.Kind.OPEN, capacity=55, minutes=30, needs_booking=True)
    given.occasion(walk_in, at(9), ends_at=at(14))
    school = people.school_unit()
    classes = [given.school_class(school_unit=school) for _number in range(4)]
    heard: list[tuple[int, int]] = []

    proposals = propose_for_classes(classes, fair, DAY, progress=lambda done, of: heard.append((done, of)))

    assert [proposal.school_class for proposal in proposals] == classes
    assert all(proposal.sessions for proposal in proposals)
    assert heard[-1][0] == heard[-1][1]
    # What was proposed can all be booked.
    for proposal in proposals:
        for stop in proposal.sessions:
            assert stop.occasion
            seats.book(occasion=stop.occasion, school_class=proposal.school_class, starts_at=stop.starts_at, by=None)
    chosen = Counter(stop.session.pk for proposal in proposals for stop in proposal.sessions if stop.session)
    assert all(count == 1 for pk, count in chosen.items() if Session.objects.get(pk=pk).capacity == 30)


def test_a_class_put_away_gets_words_and_the_others_their_days() -> None:
    fair = given.fair()
    given.occasion(given.session(fair))
    away, comes = given.school_class(archived_at=at(8)), given.school_class()

    first, second = propose_for_classes([away, comes], fair, DAY)

    assert [message.code for message in first.messages] == ["class put away"]
    assert len(second.sessions) == 1


def test_a_day_outside_the_fair_and_no_classes_at_all_are_answers_too() -> None:
    fair = given.fair()

    assert propose_for_classes([], fair, DAY) == []
    (proposal,) = propose_for_classes([given.school_class()], fair, date(2027, 8, 1))
    assert [message.code for message in proposal.messages] == ["day outside the fair"]


def test_more_classes_than_any_school_has_are_refused() -> None:
    school_class = given.school_class()

    with pytest.raises(ValueError, match="at most"):
        propose_for_classes([school_class] * (MOST_CLASSES + 1), given.fair(), DAY)
