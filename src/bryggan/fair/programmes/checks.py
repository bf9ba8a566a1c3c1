"""Whether a saved day still holds: asked anew each time it is shown, because sessions, seats and classes change.

A problem is data: a code and parameters (`reasons.py` has the words), the stop it is about, and the ways to mend it.
The rules themselves are those that the planner keeps, so that what it proposes is never found wrong here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal

from django.utils import timezone

from bryggan.accounts.school_days import is_working_day
from bryggan.fair.local_times import clock_text
from bryggan.fair.models import Booking, Itinerary, Stop
from bryggan.fair.planning import planner
from bryggan.fair.programmes.explaining import reason_of
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_reading import ItineraryRead, day_stop, frame_of, read_itinerary
from bryggan.fair.programmes.offers import Offer, moment_of, occasion_of, planners_frame
from bryggan.fair.programmes.queries import Ground
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.seating.standing import NOWHERE, Standing

Remedy = Literal[
    "remove", "swap", "move", "begin earlier", "end later", "longer walk", "shorter break", "add lunch", "plan again",
    "join queue", "book", "change seats",
]  # fmt: skip
# Those that a class can live with; it is told, and nothing falls away for them.
SOFT = frozenset({"no lunch", "walk too long", "booking closed", "booking not open"})
MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True)
class Mend:
    """A way to mend a problem, as a button: which action, and what to give it.

    "move": to `occasion` (id) at `starts_at`. "begin earlier" and "end later": the frame's new `clock`. "longer walk"
    and "shorter break": its new `minutes`. The others need nothing more than the stop, or the day.
    """

    remedy: Remedy
    occasion: int | None = None
    starts_at: datetime | None = None
    clock: time | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a stop, or with the day when `stop` is None. `is_hard`: it cannot be carried out so.

    `other` is the stop that it clashes with.
    """

    reason: Reason
    stop: Stop | None = None
    is_hard: bool = True
    mends: tuple[Mend, ...] = field(default_factory=tuple)
    other: Stop | None = None

    @property
    def code(self) -> str:
        return self.reason.code


def problems_of(itinerary: Itinerary) -> list[Problem]:
    """What is wrong with the whole programme, in order of time."""
    read = read_itinerary(itinerary)
    return [problem for day in read.days for problem in problems_of_day(read, day.on)]


def problems_of_day(read: ItineraryRead, on: date, *, now: datetime | None = None) -> list[Problem]:
    """What is wrong with a day: its stops in order, then the day as a whole; nothing of a day that is over."""
    now = now or timezone.now()
    frame = frame_of(read, on)
    if frame.ends_at <= now and on < timezone.localdate(now):
        return []
    stops = read.stops_on(on)
    problems = check_stops(read.ground, frame, stops, read.offers, read.standings)
    for stop in stops:
        problems += _seats(stop, read.standing(stop), read, now)
    if not read.fair.first_on <= on <= read.fair.last_on:
        problems.append(Problem(Reason("day outside the fair")))
    elif not is_working_day(on):
        # Terms and holidays were said when the day was chosen; this is for a slip of the finger.
        problems.append(Problem(Reason("not a working day"), is_hard=False))
    order = {stop.pk: number for number, stop in enumerate(stops)}
    return sorted(problems, key=lambda problem: order.get(problem.stop.pk, 0) if problem.stop else len(order))


def check_stops(
    ground: Ground,
    frame: Frame,
    stops: Sequence[Stop],
    offers: Mapping[int, Offer],
    standings: Mapping[int, Standing],
) -> list[Problem]:
    """The planner's rules read over a day's stops, saved or not."""
    by_tag = {str(stop.uid): stop for stop in stops}
    day = [day_stop(stop, frame.on, standings.get(stop.occasion_id or 0, NOWHERE)) for stop in stops]
    candidates = {
        one.key: offers[one.key].as_it_is(one.begins, one.ends)  # type: ignore[index]
        for one in day
        if one.key is not None and one.key in offers
    }
    names = {offer.session.pk: offer.session.title for offer in offers.values()}
    found = []
    for problem in planner.check_day(planners_frame(frame, ground), day, ground.walks, candidates):
        stop = by_tag[str(problem.stop.tag)] if problem.stop else None
        other = by_tag[str(problem.other.tag)] if problem.other else None
        reason = named(problem.why, names, ground)
        mends = [_mend(mend, frame.on) for mend in problem.mends]
        if reason.code in ("full", "too few seats"):
            mends.insert(0, Mend("join queue"))
        found.append(Problem(reason, stop, reason.code not in SOFT, tuple(mends), other))
    return found


def named(why: planner.Why, sessions: Mapping[int, str], ground: Ground) -> Reason:
    """The planner's reason with the names of sessions and places in it."""

    def session(key: object) -> str:
        return sessions.get(key, str(key)) if isinstance(key, int) else str(key)

    def place(key: object) -> str:
        found = ground.place(key)
        return found.name if found else ""

    return reason_of(why, session=session, place=place)


def _mend(mend: planner.Mend, on: date) -> Mend:
    moment = None if mend.begins is None else moment_of(on, mend.begins)
    if mend.remedy == "move":
        occasion = None if mend.key is None else occasion_of(mend.key)
        return Mend("move", occasion=occasion, starts_at=moment)
    if mend.begins is not None and 0 <= mend.begins < MIDNIGHT:
        return Mend(mend.remedy, clock=time(*divmod(mend.begins, 60)))
    return Mend(mend.remedy, minutes=mend.minutes)


def _seats(stop: Stop, standing: Standing, read: ItineraryRead, now: datetime) -> list[Problem]:
    """What is to be known of a stop's seats. None of it makes the day impossible."""
    if stop.occasion is None or stop.starts_at <= now:
        return []
    booking = standing.booking
    if booking is None:
        if standing.ran_out and standing.waiting is None:
            return [Problem(Reason("held ran out"), stop, False, (Mend("book"),))]
        return []
    found = []
    if booking.state == Booking.State.HELD and booking.held_until:
        until = Reason("held until", {"time": clock_text(booking.held_until)})
        found.append(Problem(until, stop, False, (Mend("book"),)))
    school_class = read.school_class
    if (booking.pupils, booking.adults) != (school_class.pupils, school_class.adults):
        numbers: dict[str, str | int] = {
            "booked": booking.pupils + booking.adults,
            "people": school_class.pupils + school_class.adults,
        }
        found.append(Problem(Reason("seats for others", numbers), stop, False, (Mend("change seats"),)))
    return found
