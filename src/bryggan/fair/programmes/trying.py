"""Stops tried by the hard rules before they are saved, and the rows of those that hold.

A page shows a proposal, and a while later posts it. What has been cancelled or filled meanwhile falls away and is
told; the rest is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from bryggan.fair import statistics
from bryggan.fair.local_times import local
from bryggan.fair.models import Itinerary, Occasion, Session, State, Stop
from bryggan.fair.programmes.changing import Change, HasSeats
from bryggan.fair.programmes.checks import Problem, check_stops
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_reading import offers_of_any_day, suitability
from bryggan.fair.programmes.offers import Offer
from bryggan.fair.programmes.programme_seats import give_back
from bryggan.fair.programmes.proposals import Chosen
from bryggan.fair.programmes.queries import Ground, ground_of, with_sessions
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.seating.standing import Standing, seats_and_standings, stops_with_seats
from bryggan.fair.telling import visit_within

# More than any day can hold: a form with more is no form of ours.
MOST_STOPS = 60


@dataclass(frozen=True, slots=True)
class FellAway:
    """What could not be saved as it was shown, and why. `what`: a session's title, a day, or a kind of stop."""

    what: str
    reason: Reason
    session: Session | None = None


@dataclass
class Tried:
    """Stops that hold, not saved yet, and what fell away."""

    stops: list[Stop] = field(default_factory=list)
    fell_away: list[FellAway] = field(default_factory=list)


def try_stops(
    itinerary: Itinerary, frames: Sequence[Frame], chosen: Sequence[Chosen], *, among: Sequence[Stop] = ()
) -> Tried:
    """Which of `chosen` can be in the programme, beside the stops it has. A fixed number of statements.

    Times of fixed sessions are their occasions' own, whatever was posted. A stop that cannot be there falls away with
    its reason; of two that clash, the one that a must or a lock does not hold, else the later.
    """
    tried = Tried()
    chosen = list(chosen)[:MOST_STOPS]
    days = {frame.on: frame for frame in frames}
    fair = itinerary.fair
    keys = {one.occasion for one in chosen if one.occasion} | {stop.occasion_id for stop in among if stop.occasion_id}
    ground = ground_of(fair, itinerary.school_class)
    rows = Occasion.objects.filter(pk__in=keys, session__fair=fair) if keys else []
    occasions = {one.pk: one for one in with_sessions(ground, list(rows))} if keys else {}
    left, standings = seats_and_standings(itinerary.school_class, list(occasions.values()))
    fits = suitability(itinerary.school_class, list(occasions.values()))
    offers = {
        offer.occasion.pk: offer
        for offer in offers_of_any_day(
            ground, itinerary.school_class, list(occasions.values()), fits, standings, left, whatever_the_clock=False
        )
    }
    for stop in among:
        if stop.occasion_id in occasions:
            stop.occasion = occasions[stop.occasion_id]
    seen = {stop.occasion_id for stop in among if stop.occasion_id}
    made: list[Stop] = []
    for one in chosen:
        if one.occasion is not None and one.occasion in seen:
            continue
        result = _stop_of(itinerary, one, occasions, ground)
        if isinstance(result, FellAway):
            tried.fell_away.append(result)
            continue
        if local(result.starts_at).date() not in days:
            tried.fell_away.append(FellAway(_what(result), Reason("not that day"), _session(result)))
            continue
        if one.occasion is not None:
            seen.add(one.occasion)
        made.append(result)
    for on, frame in days.items():
        fixed = [stop for stop in among if local(stop.starts_at).date() == on]
        mine = [stop for stop in made if local(stop.starts_at).date() == on]
        _try_day(ground, frame, fixed, mine, offers, standings, tried)
    return tried


def _try_day(
    ground: Ground,
    frame: Frame,
    fixed: Sequence[Stop],
    mine: list[Stop],
    offers: dict[int, Offer],
    standings: dict[int, Standing],
    tried: Tried,
) -> None:
    """Take out what cannot be there, one at a time, until the rest holds."""
    mine = sorted(mine, key=lambda stop: (stop.starts_at, stop.ends_at))
    while mine:
        problems = check_stops(ground, frame, [*fixed, *mine], offers, standings)
        falls = next((found for problem in problems if problem.is_hard and (found := _falls(problem, mine))), None)
        if falls is None:
            break
        stop, reason = falls
        mine.remove(stop)
        tried.fell_away.append(FellAway(_what(stop), reason, _session(stop)))
    tried.stops += mine


def _falls(problem: Problem, mine: Sequence[Stop]) -> tuple[Stop, Reason] | None:
    """Which of the stops to be saved a problem takes out."""
    ones = [stop for stop in (problem.stop, problem.other) if stop is not None and any(stop is each for each in mine)]
    if not ones:
        return None
    loosest = min(ones, key=lambda stop: (stop.is_locked, stop.wish == Stop.Wish.MUST, stop.kind != Stop.Kind.SESSION))
    return loosest, problem.reason


def _stop_of(itinerary: Itinerary, one: Chosen, occasions: dict[int, Occasion], ground: Ground) -> Stop | FellAway:
    if one.kind not in Stop.Kind.values:
        return FellAway("", Reason("not offered"))
    columns = {
        "itinerary": itinerary,
        "kind": one.kind,
        "wish": one.wish if one.wish in Stop.Wish.values else Stop.Wish.MAYBE,
        "is_locked": one.is_locked,
        "reason": one.reason.code[:300] if one.reason else "",
        "reason_params": dict(one.reason.params) if one.reason else {},
    }
    if one.kind == Stop.Kind.SESSION:
        occasion = occasions.get(one.occasion or 0)
        if occasion is None or occasion.session.state == State.DRAFT:
            return FellAway("", Reason("not offered"))
        stay = timedelta(minutes=occasion.session.minutes)
        starts_at, ends_at = visit_within(occasion, one.starts_at, one.starts_at + stay)
        return Stop(occasion=occasion, starts_at=starts_at, ends_at=ends_at, **columns)
    if one.ends_at <= one.starts_at:
        return FellAway(one.title, Reason("ends before it begins"))
    venue = ground.venues.get(one.venue) if one.venue else None
    title = one.title[:120]
    return Stop(venue=venue, title=title, starts_at=one.starts_at, ends_at=one.ends_at, **columns)


def _what(stop: Stop) -> str:
    session = _session(stop)
    return session.title if session else stop.title or str(Stop.Kind(stop.kind).label)


def _session(stop: Stop) -> Session | None:
    return stop.occasion.session if stop.occasion else None


def save_stops(itinerary: Itinerary, stops: Sequence[Stop]) -> list[Stop]:
    """Write new stops. One that lay removed at the same occasion comes back, so that calendars know it again."""
    keys = [stop.occasion_id for stop in stops if stop.occasion_id]
    removed = {
        stop.occasion_id: stop
        for stop in itinerary.stops.filter(occasion__in=keys, removed_at__isnull=False).order_by("removed_at", "pk")
    }
    saved = []
    for stop in stops:
        again = removed.get(stop.occasion_id) if stop.occasion_id else None
        if again is not None:
            for name in ("starts_at", "ends_at", "wish", "is_locked", "reason", "reason_params"):
                setattr(again, name, getattr(stop, name))
            again.removed_at = None
            again.occasion = stop.occasion
            save(again)
            saved.append(again)
        else:
            stop.save()
            saved.append(stop)
    statistics.count_stops(itinerary.school_class, [stop for stop in stops if stop.occasion_id not in removed])
    return saved


def put(stop: Stop, chosen: Chosen) -> None:
    """Let a stop that stays be when the new plan has it."""
    reason = chosen.reason
    columns = {
        "starts_at": chosen.starts_at,
        "ends_at": chosen.ends_at,
        "reason": reason.code if reason else "",
        "reason_params": dict(reason.params) if reason else {},
    }
    if stop.kind != Stop.Kind.SESSION:
        columns["venue_id"] = chosen.venue
    if any(getattr(stop, name) != value for name, value in columns.items()):
        for name, value in columns.items():
            setattr(stop, name, value)
        save(stop)


def save(stop: Stop) -> None:
    """Write a changed stop, and let calendars know that it is newer."""
    stop.sequence += 1
    stop.changed_at = timezone.now()
    stop.save()


def take_out(stops: Iterable[Stop]) -> None:
    """Remove stops; the rows stay."""
    for stop in stops:
        if stop.removed_at is None:
            stop.removed_at = timezone.now()
            save(stop)


def give_back_or_ask(change: Change, stops: Sequence[Stop], *, release_seats: bool) -> None:
    """Give back the seats of stops that go. Raises HasSeats when the teacher has not been asked."""
    with_seats = stops_with_seats(change.itinerary, stops)
    if with_seats and not release_seats:
        raise HasSeats([stop.pk for stop in with_seats])
    give_back(change.itinerary, with_seats, by=change.by)


def occasions_with_seats(itinerary: Itinerary, release_seats: bool) -> list[int]:
    """Occasions to lock before an action that may give seats back: those of the programme. None when it asks first."""
    if not release_seats:
        return []
    keys = itinerary.stops.kept().filter(occasion__isnull=False).order_by().values_list("occasion_id", flat=True)
    return [key for key in keys if key is not None]


def occasions_of_chosen(chosen: Iterable[Chosen]) -> list[int]:
    return [one.occasion for one in chosen if one.occasion]
