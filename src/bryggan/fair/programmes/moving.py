"""Moving a stop: where it could go, and letting it be there. The other things done with stops are in `stops.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from bryggan.accounts.models import User
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Occasion, Session, Stop
from bryggan.fair.planning import planner
from bryggan.fair.programmes.changing import CannotBe, Change, NoSuchStop, changing
from bryggan.fair.programmes.checks import check_stops, named
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_reading import ItineraryRead, frame_of, suitability
from bryggan.fair.programmes.offers import Offer, clock_minute, minute_of, moment_of, offers_of
from bryggan.fair.programmes.programme_seats import reason_of_refusal
from bryggan.fair.programmes.proposing import belongs
from bryggan.fair.programmes.queries import ground_of, occasions_of, with_sessions
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.programmes.stops import among_its_day, material_of, title_of
from bryggan.fair.programmes.trying import give_back_or_ask, save
from bryggan.fair.seating import seats
from bryggan.fair.seating.standing import standings_of


@dataclass(frozen=True, slots=True)
class Move:
    """Another time for a stop: `occasion` (None for own things and lunch) beginning at `starts_at`."""

    occasion: Occasion | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Moves:
    """The nearest times before and after that break no rule, None where there is none. `others`: all, in order."""

    earlier: Move | None
    later: Move | None
    others: tuple[Move, ...] = ()


def moves_of(stop: Stop) -> Moves:
    """Where the stop could be moved without breaking a rule: other occasions of its session that day, other starts
    within open hours. For own blocks and lunch, other times of the day. Raises NoSuchStop.
    """
    read, on, row = among_its_day(stop)
    frame = frame_of(read, on)
    others = [each for each in read.stops_on(on) if each.pk != row.pk]
    found = []
    for occasion, offer, begins, ends in _times_of(read, row, on, frame):
        starts_at, ends_at = moment_of(on, begins), moment_of(on, ends)
        if starts_at == row.starts_at or starts_at <= timezone.now():
            continue
        moved = Stop(
            itinerary=row.itinerary, kind=row.kind, occasion=occasion, venue=row.venue, title=row.title,
            starts_at=starts_at, ends_at=ends_at,
        )  # fmt: skip
        offers = {**read.offers, **({offer.occasion.pk: offer} if offer else {})}
        problems = check_stops(read.ground, frame, [*others, moved], offers, read.standings)
        if not any(problem.is_hard and moved in (problem.stop, problem.other) for problem in problems):
            found.append(Move(occasion, starts_at, ends_at))
    found.sort(key=lambda move: move.starts_at)
    earlier = [move for move in found if move.starts_at < row.starts_at]
    later = [move for move in found if move.starts_at > row.starts_at]
    return Moves(earlier[-1] if earlier else None, later[0] if later else None, tuple(found))


def move_stop(
    stop: Stop, starts_at: datetime, *, occasion: Occasion | None = None, by: User, release_seats: bool = False
) -> Stop:
    """Let the stop be at another time, or another occasion of the same session. Booked seats move along.

    A clash with another stop does not refuse it: it shows as a problem with ways to mend it, so that two stops can
    change places in two steps. What the session itself does not allow (closed, another day of the programme, no
    seats) does. Raises CannotBe, NoSuchStop, and HasSeats when the class stands in the queue of the old occasion and
    has not said that it leaves it.
    """
    keys = {key for key in (stop.occasion_id, occasion.pk if occasion else None) if key is not None}
    with changing(stop.itinerary, by=by, occasions=keys) as change:
        row = change.itinerary.stops.kept().select_related("occasion__session__venue").filter(pk=stop.pk).first()
        if row is None:
            raise NoSuchStop
        to = occasion or row.occasion
        if to is None:
            ends_at = starts_at + (row.ends_at - row.starts_at)
        else:
            starts_at, ends_at = _refuse_unless_given(change, row, to, starts_at)
        if not change.itinerary.days.filter(on=local(starts_at).date()).exists():
            raise CannotBe(Reason("no such day"))
        if (row.starts_at, row.ends_at, row.occasion_id) == (starts_at, ends_at, to.pk if to else None):
            return row
        if to is not None and to.pk != row.occasion_id:
            other = change.itinerary.stops.kept().filter(occasion=to).first()
            if other is not None:
                raise CannotBe(Reason("chosen already", {"time": clock_text(other.starts_at)}))
        if to is not None:
            _move_seats(change, row, to, starts_at, release_seats=release_seats)
        row.occasion, row.starts_at, row.ends_at = to, starts_at, ends_at
        save(row)
        change.done("moved", title_of(row))
        return row


def _times_of(
    read: ItineraryRead, stop: Stop, on: date, frame: Frame
) -> Iterator[tuple[Occasion | None, Offer | None, int, int]]:
    """Every time that the stop could be moved to that day, clashing or not."""
    if stop.occasion is None:
        minutes = int((stop.ends_at - stop.starts_at).total_seconds()) // 60
        first, last = clock_minute(frame.begins), clock_minute(frame.ends)
        if stop.kind == Stop.Kind.LUNCH:
            first, last = clock_minute(frame.lunch_from), clock_minute(frame.lunch_until) + minutes
        for begins in range(first, last - minutes + 1, planner.STEP):
            yield None, None, begins, begins + minutes
        return
    session = stop.occasion.session
    rows = [one for one in occasions_of(read.ground, [on]) if one.session_id == session.pk and belongs(one, on)]
    material = material_of(read, on, rows)
    for offer in material.offers:
        for candidate in offer.candidates():
            if planner.refusal(candidate) is not None and offer.occasion.pk != stop.occasion_id:
                continue
            for begins in range(candidate.opens, candidate.latest + 1, planner.STEP):
                yield offer.occasion, offer, begins, begins + candidate.stay


def _refuse_unless_given(change: Change, stop: Stop, to: Occasion, starts_at: datetime) -> tuple[datetime, datetime]:
    """When the class would be there. Raises CannotBe for what the session itself does not allow."""
    if stop.occasion is None or to.session_id != stop.occasion.session_id:
        raise CannotBe(Reason("not offered"))
    if to.session.kind == Session.Kind.FIXED:
        starts_at, ends_at = to.starts_at, to.ends_at
    else:
        ends_at = starts_at + timedelta(minutes=to.session.minutes)
    on = local(starts_at).date()
    school_class, venue = change.itinerary.school_class, to.session.venue
    ground = ground_of(change.itinerary.fair, school_class, venues={venue.pk: venue} if venue else {})
    rows = with_sessions(ground, [to], {to.session_id: to.session})
    standings = standings_of(school_class, [to.pk, stop.occasion_id or 0])
    fits = suitability(school_class, rows)
    offer = offers_of(ground, school_class, rows, on, fits=fits, standings=standings)[0]
    begins, ends = minute_of(on, starts_at), minute_of(on, ends_at)
    candidate = offer.as_it_is(begins, ends)
    why = planner.refusal(candidate, has_seats=offer.standing.has_anything)
    if why is None and not (candidate.opens <= begins and ends <= candidate.closes):
        why = planner.Why(planner.Code.CLOSED, {"opens": candidate.opens, "closes": candidate.closes})
    if why is not None:
        raise CannotBe(named(why, {to.session_id: to.session.title}, ground))
    return starts_at, ends_at


def _move_seats(change: Change, stop: Stop, to: Occasion, starts_at: datetime, *, release_seats: bool) -> None:
    """Let booked or held seats come along. A place in a queue is of one occasion, and stays there."""
    if stop.occasion_id is None:
        return
    standing = standings_of(change.itinerary.school_class, [stop.occasion_id]).get(stop.occasion_id)
    if standing is None or not standing.has_anything:
        return
    if standing.booking is None:
        if to.pk != stop.occasion_id:
            give_back_or_ask(change, [stop], release_seats=release_seats)
        return
    try:
        seats.move(booking=standing.booking, to=to, starts_at=starts_at, by=change.by)
    except seats.SeatsRefused as refused:
        raise CannotBe(reason_of_refusal(refused, stop)) from refused
