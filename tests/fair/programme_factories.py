"""Programmes for tests, made as a teacher makes them: proposed, and saved as they were shown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Fair, Itinerary, Session, Stop
from bryggan.fair.programmes import itineraries, proposing
from fair import factories as given
from fair.factories import DAY, at

NEXT_DAY = DAY + timedelta(days=1)


def session_at(fair: Fair, *starts: float, on: date = DAY, **columns: Any) -> Session:
    made = given.session(fair, **columns)
    for start in starts:
        given.occasion(made, at(start, on))
    return made


def saved(school_class: SchoolClass, fair: Fair, by: User, on: date = DAY) -> Itinerary:
    """The proposed day, saved as it was shown."""
    proposal = proposing.propose(school_class, fair, on)
    chosen = [stop.chosen for stop in proposal.stops]
    return itineraries.make_itinerary(school_class, fair, frames=[proposal.frame], stops=chosen, by=by).itinerary


def stop_of(itinerary: Itinerary, session: Session) -> Stop:
    return itinerary.stops.kept().get(occasion__session=session)


def sessions_in(itinerary: Itinerary) -> list[Session]:
    kept = itinerary.stops.kept().filter(occasion__isnull=False).order_by("starts_at")
    return [stop.occasion.session for stop in kept if stop.occasion]
