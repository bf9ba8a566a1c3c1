"""A programme with all that checking, showing and changing it needs, read in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from bryggan.accounts.models import SchoolClass
from bryggan.common.statements import Statement
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.local_times import local
from bryggan.fair.models import Fair, Itinerary, ItineraryDay, Occasion, Stop
from bryggan.fair.planning import planner
from bryggan.fair.programmes.fit import Fit, programmes_of, unsuited_for
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.offers import Offer, minute_of, offers_of, sessions_of
from bryggan.fair.programmes.queries import Ground, ground_of, with_sessions
from bryggan.fair.seating.capacity import SeatsLeft
from bryggan.fair.seating.standing import NOWHERE, Standing, seats_and_standings

# What neither checking nor showing a programme asks of a session and its venue. Twenty stops are read at a time.
_UNASKED = (
    "remote_id", "origin", "summary", "description", "capacity", "languages", "cost", "cost_text", "booking_opens_at",
    "booking_closes_hours", "department", "company", "organiser", "link", "change_note", "changed_at", "imported_hash",
)  # fmt: skip
_UNASKED_OF_VENUES = ("description", "address", "has_cloakroom", "has_toilets", "has_lift", "is_indoor", "practical")
_STOPS = Statement(
    lambda itinerary: (
        Stop.objects.kept()
        .filter(itinerary=itinerary)
        .select_related("occasion__session__venue", "venue")
        .defer(
            *(f"occasion__session__{name}" for name in _UNASKED),
            *(f"{of}venue__{name}" for of in ("", "occasion__session__") for name in _UNASKED_OF_VENUES),
        )
        .order_by("starts_at", "pk")
    )
)
_DAYS = Statement(lambda itinerary: ItineraryDay.objects.filter(itinerary=itinerary).order_by("on"))


@dataclass(frozen=True)
class ItineraryRead:
    """A programme's days and stops in order, its stops' occasions with sessions and venues in place."""

    itinerary: Itinerary
    ground: Ground
    days: tuple[ItineraryDay, ...]
    stops: tuple[Stop, ...]
    offers: dict[int, Offer]
    standings: dict[int, Standing]

    @property
    def school_class(self) -> SchoolClass:
        return self.itinerary.school_class

    @property
    def fair(self) -> Fair:
        return self.ground.fair

    def day(self, on: date) -> ItineraryDay | None:
        return next((day for day in self.days if day.on == on), None)

    def stops_on(self, on: date) -> list[Stop]:
        return list(self._by_day.get(on, ()))

    @cached_property
    def _by_day(self) -> dict[date, list[Stop]]:
        found: dict[date, list[Stop]] = defaultdict(list)
        for stop in self.stops:
            found[local(stop.starts_at).date()].append(stop)
        return dict(found)

    def standing(self, stop: Stop) -> Standing:
        return self.standings.get(stop.occasion_id or 0, NOWHERE)


def read_itinerary(itinerary: Itinerary, *, all_venues: bool = False, now: datetime | None = None) -> ItineraryRead:
    """Ten statements at the most, beside those for the class, its school and the fair when they are not read yet.

    `all_venues`: the fair's other venues too, for planning.
    """
    days = tuple(_DAYS(itinerary.pk))
    stops = tuple(_STOPS(itinerary.pk))
    occasions = [stop.occasion for stop in stops if stop.occasion is not None]
    venues = {venue.pk: venue for stop in stops if (venue := stop.place) is not None}
    ground = ground_of(itinerary.fair, itinerary.school_class, venues=None if all_venues else venues)
    with_sessions(ground, occasions, {occasion.session_id: occasion.session for occasion in occasions})
    for stop in stops:
        stop.itinerary = itinerary
        if stop.venue_id is not None:
            stop.venue = ground.venues[stop.venue_id]
    left, standings = seats_and_standings(itinerary.school_class, occasions, now=now)
    fits = suitability(itinerary.school_class, occasions)
    offers = {
        offer.occasion.pk: offer
        for offer in offers_of_any_day(ground, itinerary.school_class, occasions, fits, standings, left, now=now)
    }
    return ItineraryRead(itinerary, ground, days, stops, offers, standings)


def suitability(school_class: SchoolClass, occasions: Sequence[Occasion]) -> dict[int, Fit]:
    """Whether the class may come to their sessions, without asking what they are worth to it; one statement."""
    sessions = sessions_of(occasions)
    # Forms and years decide for everybody but upper secondary, where they are given.
    upper = school_class.school_form == SchoolForm.UPPER_SECONDARY
    asked = [one.pk for one in sessions if upper or not (one.school_forms or one.school_years)]
    programmes = programmes_of(asked) if asked else {}
    found: dict[int, Fit] = {}
    for session in sessions:
        unsuited = unsuited_for(session, school_class, programmes.get(session.pk, ()))
        found[session.pk] = Fit(0.0, unsuited=unsuited)
    return found


def offers_of_any_day(
    ground: Ground,
    school_class: SchoolClass,
    occasions: Sequence[Occasion],
    fits: dict[int, Fit],
    standings: dict[int, Standing],
    left: dict[int, SeatsLeft],
    *,
    now: datetime | None = None,
    whatever_the_clock: bool = True,
) -> list[Offer]:
    """What each occasion is to the class on the day that it begins."""
    by_day: dict[date, list[Occasion]] = defaultdict(list)
    for occasion in occasions:
        by_day[local(occasion.starts_at).date()].append(occasion)
    found = []
    for on, of_day in sorted(by_day.items()):
        found += offers_of(
            ground,
            school_class,
            of_day,
            on,
            fits=fits,
            standings=standings,
            left=left,
            now=now,
            whatever_the_clock=whatever_the_clock,
        )
    return found


def day_stop(stop: Stop, on: date, standing: Standing = NOWHERE, *, is_locked: bool = False) -> planner.DayStop:
    """The stop in the planner's words. Its tag is the stop's own id.

    Who waits in a queue has not got seats, but knows that it is full.
    """
    session = stop.occasion.session if stop.occasion else None
    return planner.DayStop(
        kind=stop.kind,  # type: ignore[arg-type]
        begins=minute_of(on, stop.starts_at),
        ends=minute_of(on, stop.ends_at),
        place=session.venue_id if session else stop.venue_id,
        key=stop.occasion_id,
        session=session.pk if session else None,
        title=session.title if session else stop.title,
        is_locked=is_locked,
        has_seats=standing.has_anything,
        tag=str(stop.uid),
    )


def frame_of(read: ItineraryRead, on: date) -> Frame:
    """The frame of a day of the programme; the usual one for a day that it does not have."""
    day = read.day(on)
    return Frame.of(day) if day else read.ground.frame(read.school_class, on)
