"""Positions that are corrected, and walks that somebody has measured."""

from __future__ import annotations

import pytest

from accounts import factories as people
from bryggan.common.models import AuditEntry
from bryggan.fair import places
from bryggan.fair.models import Venue, Walk
from bryggan.fair.places import TooFarAway, VenueDetails
from bryggan.fair.supply import NotAllowed
from fair import factories as make

pytestmark = pytest.mark.django_db


def pair(venue: Venue, other: Venue) -> places.Pair:
    return next(one for one in places.pairs_from(venue) if one.venue == other)


def test_a_measure_holds_in_both_directions_and_is_one_row() -> None:
    fair, editor = make.fair(), people.editor()
    here, there = make.venue(fair), make.venue(fair, latitude=56.06)
    reckoned = pair(here, there)

    assert places.measure(here, {(there.pk, "foot"): 12, (there.pk, "bus"): 6}, by=editor) == 2
    assert places.measure(there, {(here.pk, "foot"): 14}, by=editor) == 1
    assert places.measure(there, {(here.pk, "foot"): 14}, by=editor) == 0

    assert (pair(here, there).measured, pair(there, here).measured, pair(here, there).measured_bus) == (14, 14, 6)
    assert pair(here, there).reckoned == reckoned.reckoned > 14
    assert Walk.objects.filter(means="foot").count() == 1


def test_an_emptied_field_takes_the_measure_away() -> None:
    fair, editor = make.fair(), people.editor()
    here, there = make.venue(fair), make.venue(fair)
    places.measure(here, {(there.pk, "foot"): 12}, by=editor)

    assert places.measure(there, {(here.pk, "foot"): None}, by=editor) == 1

    assert Walk.objects.count() == 0


def test_places_of_another_fair_and_the_place_itself_are_passed_over() -> None:
    fair = make.fair()
    here, elsewhere = make.venue(fair), make.venue(make.fair())

    assert places.measure(here, {(elsewhere.pk, "foot"): 5, (here.pk, "foot"): 5}, by=people.editor()) == 0
    assert Walk.objects.count() == 0


def test_a_place_without_position_is_a_guess() -> None:
    fair = make.fair()
    here, unknown = make.venue(fair), make.venue(fair, latitude=None, longitude=None)

    assert pair(here, unknown).is_guess


def test_a_corrected_position_is_kept_and_told_to_the_audit_trail() -> None:
    venue = make.venue(make.fair(), "Kajen")
    details = VenueDetails("Kajen", latitude=56.05, longitude=12.7, position_is_approximate=False)

    assert set(places.change_venue(venue, details, by=people.editor())) == {
        "latitude", "longitude", "position_is_approximate",
    }  # fmt: skip
    assert places.change_venue(venue, details, by=people.editor()) == []

    venue.refresh_from_db()
    assert venue.position == (56.05, 12.7)
    assert AuditEntry.objects.get().verb == "changed a venue"


def test_swapped_coordinates_are_refused() -> None:
    venue = make.venue(make.fair())

    with pytest.raises(TooFarAway):
        places.change_venue(venue, VenueDetails("x", latitude=12.7, longitude=56.05), by=people.editor())


@pytest.mark.parametrize("who", ["teacher", "coordinator", "administrator"])
def test_only_editors_change_places(who: str) -> None:
    venue = make.venue(make.fair())

    with pytest.raises(NotAllowed):
        places.change_venue(venue, VenueDetails("x"), by=getattr(people, who)())
    with pytest.raises(NotAllowed):
        places.measure(venue, {}, by=getattr(people, who)())
