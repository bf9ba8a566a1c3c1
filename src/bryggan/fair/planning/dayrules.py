"""The rules that a class's day keeps: what a day is planned within, what may be in it, and what is wrong with one.

The planner keeps these rules and `check_day` reads a day by them, so that what is proposed is never found wrong.
Times are whole minutes after midnight, local time, of the day; past 1440 is after the next midnight. Every stretch is
half-open: what ends at 600 does not meet what begins at 600. Keys of places, sessions, occasions are the caller's own.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bryggan.fair.planning.daybound import STEP
from bryggan.fair.planning.walking import Walks, Way

Key = Hashable
Kind = Literal["session", "lunch", "own"]


class Code(StrEnum):
    """Why something is not in a day, or wrong in it. In brackets: the parameters, clock times in minutes."""

    EXCLUDED = "excluded"
    FULL = "full"
    TOO_FEW_SEATS = "too few seats"  # (seats, people)
    GROUP_TOO_BIG = "group too big"  # (most, people)
    GROUP_TOO_SMALL = "group too small"  # (least, people)
    BOOKING_CLOSED = "booking closed"
    BROKEN_TIMES = "broken times"  # It lasts no time at all, or ends before it begins.
    OUTSIDE_THE_DAY = "outside the day"  # (begins, ends) of the frame
    TOO_FAR = "too far"  # (minutes): longer than the class walks, from wherever it could come.
    TOO_FAR_BEFORE = "too far before"  # (time): no time to walk there before it begins.
    TOO_FAR_AFTER = "too far after"  # (time): no time to walk on, or back, after it ends.
    CLASH = "clash"  # (what): key of the locked session, or the locked stop's title.
    NO_LUNCH_LEFT = "no lunch left"  # It would leave no time for lunch.
    OTHER_TIME = "chosen already"  # (time): the session is in the day, then.
    NO_TIME = "no time"  # (instead): keys of the sessions that fit better; there was no time for both.
    LESS_FITTING = "less fitting"  # There was time, but the walk or one more of the same theme cost more than it gave.
    # Wrong in a day:
    CLOSED = "closed"  # (opens, closes)
    WALK_TOO_SHORT = "walk too short"  # (needed, has, walk, pause, from)
    WALK_TOO_LONG = "walk too long"  # (minutes, most, from)
    TOO_EARLY = "too early"  # (arrive, begins)
    TOO_LATE_HOME = "too late home"  # (back, ends)
    NO_LUNCH = "no lunch"


@dataclass(frozen=True, slots=True)
class Why:
    """A reason for machines: a code of `Code`, or one of the caller's own (`Candidate.refused`), with parameters."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lunch:
    """Lunch begins from `earliest` up to and with `latest`, at one of `places`; None: wherever the class is."""

    minutes: int
    earliest: int
    latest: int
    places: frozenset[Key] | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a day is planned within: away from `start` no earlier than `begins`, at `end` no later than `ends`.

    A `start` or `end` of None is wherever the first or last stop is. Between two stops (lunch is one) there is time
    for the way and `break_minutes`; no walk, the first and last among them, is longer than `longest_walk` minutes.
    """

    begins: int
    ends: int
    start: Key | None = None
    end: Key | None = None
    lunch: Lunch | None = None
    break_minutes: int = 5
    longest_walk: int | None = 30

    @property
    def needs_lunch(self) -> bool:
        """False when the class can eat at the hours of lunch before it sets out, or when it is back."""
        if self.lunch is None or self.lunch.minutes <= 0:
            return False
        return self.begins < self.lunch.earliest + self.lunch.minutes and self.ends > self.lunch.latest


@dataclass(frozen=True, slots=True)
class Candidate:
    """An occasion that may be in the day: a fixed time from `opens` to `closes`, or a stay of `minutes` in open hours.

    `value` is how well the session fits the class, 0 to 100. Seats are in the occasion's own unit, people or groups:
    `seats_left` None is no limit, `seats_needed` what the class takes. `people` is how many of the class count against
    `least` and `most`. `refused`: a reason of the caller's own why the class cannot come. `must`: the class wants it
    before everything else; it is in the day unless a rule forbids it. `supply`: what several classes share the seats
    of (`wholeschool.py`); None is the occasion's own key.
    """

    key: Key
    session: Key
    place: Key | None
    opens: int
    closes: int
    value: float
    minutes: int | None = None
    theme: str | None = None
    must: bool = False
    seats_left: int | None = None
    seats_needed: int = 1
    people: int = 0
    least: int | None = None
    most: int | None = None
    booking_closed: bool = False
    refused: Why | None = None
    supply: Key | None = None

    @property
    def is_open(self) -> bool:
        """True for open hours."""
        return self.minutes is not None

    @property
    def stay(self) -> int:
        """How long the class is there."""
        return self.closes - self.opens if self.minutes is None else self.minutes

    @property
    def latest(self) -> int:
        """When a visit begins at the latest."""
        return self.closes - self.stay


@dataclass(frozen=True, slots=True)
class DayStop:
    """One thing in a day. `way` is how the class gets there; None for the first when the day starts where it is.

    Lunch and own things without a place are wherever the class is. `has_seats`: the class holds or has booked seats,
    so that full and closed booking are no problem. `tag` is the caller's own and comes back as it was.
    """

    kind: Kind
    begins: int
    ends: int
    place: Key | None = None
    key: Key | None = None
    session: Key | None = None
    title: str = ""
    is_locked: bool = False
    has_seats: bool = False
    way: Way | None = None
    worth: int = 0
    tag: Key | None = None

    @property
    def is_anywhere(self) -> bool:
        """True for lunch and own things without a place: they are wherever the class is."""
        return self.place is None and self.kind != "session"


Remedy = Literal[
    "remove", "swap", "move", "begin earlier", "end later", "longer walk", "shorter break", "add lunch", "plan again"
]


@dataclass(frozen=True, slots=True)
class Mend:
    """A way to mend a problem. "move": to begin at `begins` (at occasion `key`); "begin earlier", "end later": the
    frame's new `begins` or `ends` is `begins`; "longer walk", "shorter break": to `minutes`."""

    remedy: Remedy
    begins: int | None = None
    minutes: int | None = None
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a stop, or with the day when `stop` is None. `other` is the stop that it collides with."""

    why: Why
    stop: DayStop | None = None
    other: DayStop | None = None
    mends: tuple[Mend, ...] = ()


def refusal(candidate: Candidate, *, has_seats: bool = False) -> Why | None:
    """Why the class cannot come to it, whenever in the day it is; None when it can."""
    if candidate.refused is not None:
        return candidate.refused
    if candidate.stay <= 0 or candidate.latest < candidate.opens:
        return Why(Code.BROKEN_TIMES)
    if candidate.least is not None and candidate.people < candidate.least:
        return Why(Code.GROUP_TOO_SMALL, {"least": candidate.least, "people": candidate.people})
    if candidate.most is not None and candidate.people > candidate.most:
        return Why(Code.GROUP_TOO_BIG, {"most": candidate.most, "people": candidate.people})
    if has_seats:
        return None
    if candidate.seats_left is not None and candidate.seats_left < candidate.seats_needed:
        if candidate.seats_left <= 0:
            return Why(Code.FULL)
        return Why(Code.TOO_FEW_SEATS, {"seats": candidate.seats_left, "people": candidate.seats_needed})
    if candidate.booking_closed:
        return Why(Code.BOOKING_CLOSED)
    return None


def even(minute: int) -> int:
    """The first even five minutes that is not before `minute`."""
    return -(-minute // STEP) * STEP


def begins_at(arrival: int, opens: int, latest: int) -> int | None:
    """When a class that arrives then begins a stay in open hours; None when it is too late.

    When the doors open if it is there by then, else at the next even five minutes.
    """
    begins = opens if arrival <= opens else even(arrival)
    return begins if begins <= latest else None


def check_day(
    frame: Frame, stops: Iterable[DayStop], walks: Walks, candidates: Mapping[Key, Candidate] | None = None
) -> list[Problem]:
    """What is wrong with a day, in the order of its stops; empty when it can be carried out.

    `candidates` by their key tell what the occasions are like now; a stop without one there is checked for its time
    alone.
    """
    stops = sorted(stops, key=lambda stop: (stop.begins, stop.ends))
    candidates = candidates or {}
    problems: list[Problem] = []
    seen: dict[Key, DayStop] = {}
    before: DayStop | None = None
    from_place: Key | None = None
    for place, stop in zip(places_of(frame, stops, walks), stops, strict=True):
        candidate = candidates.get(stop.key) if stop.key is not None else None
        if candidate is not None:
            problems += _as_offered(stop, candidate)
        if stop.session is not None:
            if stop.session in seen:
                other = seen[stop.session]
                problems.append(
                    Problem(Why(Code.OTHER_TIME, {"time": other.begins}), stop, other, (Mend("remove"), Mend("swap")))
                )
            seen.setdefault(stop.session, stop)
        if before is None:
            problems += _from_start(frame, stop, place, walks, candidate)
        else:
            problems += _between(frame, before, from_place, stop, place, walks, candidate)
        if before is None or stop.ends >= before.ends:
            before, from_place = stop, place
    if before is not None:
        problems += _to_end(frame, before, from_place, walks)
    if frame.needs_lunch and stops and not any(stop.kind == "lunch" for stop in stops):
        problems.append(Problem(Why(Code.NO_LUNCH), mends=(Mend("add lunch"), Mend("plan again"))))
    return problems


def ways_of(frame: Frame, stops: Sequence[DayStop], walks: Walks) -> tuple[list[Way | None], Way | None]:
    """How the class gets to each of `stops` (in order), and from the last to the day's end place.

    The quickest way where every walk is too long. None where the day starts or ends at the stop itself.
    """
    here: Key | None = None
    ways: list[Way | None] = []
    for number, place in enumerate(places_of(frame, stops, walks)):
        if number == 0:
            ways.append(None if frame.start is None else _way(walks, frame.start, place, frame.longest_walk))
        else:
            ways.append(_way(walks, here, place, frame.longest_walk))
        here = place
    back = None
    if stops and frame.end is not None:
        back = _way(walks, here, frame.end, frame.longest_walk)
    return ways, back


def _way(walks: Walks, start: Key | None, end: Key | None, longest: int | None) -> Way:
    return walks.way(start, end, longest) or walks.shortest(start, end)


def places_of(frame: Frame, stops: Sequence[DayStop], walks: Walks) -> list[Key | None]:
    """Where each of `stops` (in order) is. What is wherever the class is, is where the class is least late by it."""
    if not any(stop.is_anywhere for stop in stops):
        return [stop.place for stop in stops]
    named = {frame.start, frame.end, *walks.positions, *(stop.place for stop in stops)}
    known: list[Key | None] = sorted((key for key in named if key is not None), key=str)
    late: dict[Key | None, int] = {frame.start: 0}
    came: list[dict[Key | None, Key | None]] = []
    free = frame.begins
    for number, stop in enumerate([*stops, None]):
        pause = frame.break_minutes if number and stop is not None else 0
        until = frame.ends if stop is None else stop.begins
        if stop is None:
            goals: list[Key | None] = [frame.end]
        else:
            goals = (known or [None]) if stop.is_anywhere else [stop.place]
        best: dict[Key | None, int] = {}
        from_where: dict[Key | None, Key | None] = {}
        for goal in goals:
            costs = {
                here: cost
                + _lateness(frame, walks, here, goal, free + pause, until, is_edge=number == 0 or stop is None)
                for here, cost in late.items()
            }
            from_where[goal] = min(costs, key=lambda here: (costs[here], here != goal))
            best[goal] = costs[from_where[goal]]
        late = best
        came.append(from_where)
        free = stop.ends if stop is not None else free
    here = frame.end
    found: list[Key | None] = []
    for from_where in reversed(came):
        here = from_where[here]
        found.append(here)
    return found[-2::-1]


def _lateness(
    frame: Frame, walks: Walks, here: Key | None, goal: Key | None, free: int, until: int, *, is_edge: bool
) -> int:
    """How bad a way is: minutes late a thousandfold (a walk too long is as an hour late), and minutes of it."""
    if is_edge and (here is None or goal is None):
        return 1000 * max(0, free - until)
    way = walks.way(here, goal, frame.longest_walk)
    minutes = (way or walks.shortest(here, goal)).minutes
    return 1000 * (max(0, free + minutes - until) + (60 if way is None else 0)) + minutes


def _as_offered(stop: DayStop, candidate: Candidate) -> list[Problem]:
    """What is wrong with the occasion itself."""
    mends: tuple[Mend, ...] = (Mend("swap"), Mend("remove"))
    why = refusal(candidate, has_seats=stop.has_seats)
    if why is not None:
        return [Problem(why, stop, mends=mends)]
    if candidate.is_open:
        sound = candidate.opens <= stop.begins and stop.ends <= candidate.closes
        begins = min(max(candidate.opens, stop.begins), candidate.latest)
    else:
        sound = (stop.begins, stop.ends) == (candidate.opens, candidate.closes)
        begins = candidate.opens
    if sound:
        return []
    times = {"opens": candidate.opens, "closes": candidate.closes}
    return [Problem(Why(Code.CLOSED, times), stop, mends=(Mend("move", begins, key=candidate.key), *mends))]


def _from_start(
    frame: Frame, stop: DayStop, place: Key | None, walks: Walks, candidate: Candidate | None
) -> list[Problem]:
    anywhere = frame.start is None
    problems = [] if anywhere else _too_long(frame, frame.start, stop, place, walks)
    way = Way(0) if anywhere else _way(walks, frame.start, place, frame.longest_walk)
    arrive = frame.begins + way.minutes
    if stop.begins < arrive:
        mends = (
            *_later(stop, arrive, candidate),
            Mend("begin earlier", begins=stop.begins - way.minutes),
            Mend("swap"),
            Mend("remove"),
        )
        problems.append(Problem(Why(Code.TOO_EARLY, {"arrive": arrive, "begins": stop.begins}), stop, mends=mends))
    return problems


def _between(
    frame: Frame,
    before: DayStop,
    from_place: Key | None,
    stop: DayStop,
    place: Key | None,
    walks: Walks,
    candidate: Candidate | None,
) -> list[Problem]:
    way = _way(walks, from_place, place, frame.longest_walk)
    ready = before.ends + way.minutes + frame.break_minutes
    if stop.begins < before.ends:
        what = before.session if before.session is not None else before.title or before.kind
        mends = (*_later(stop, ready, candidate), Mend("swap"), Mend("remove"))
        return [Problem(Why(Code.CLASH, {"what": what}), stop, before, mends)]
    problems = _too_long(frame, from_place, stop, place, walks, before)
    if stop.begins < ready:
        pause = stop.begins - before.ends - way.minutes
        mends = (
            *_later(stop, ready, candidate),
            *((Mend("shorter break", minutes=pause),) if pause >= 0 else ()),
            Mend("swap"),
            Mend("remove"),
        )
        params = {
            "needed": way.minutes + frame.break_minutes,
            "has": stop.begins - before.ends,
            "walk": way.minutes,
            "pause": frame.break_minutes,
            "from": from_place,
        }
        problems.append(Problem(Why(Code.WALK_TOO_SHORT, params), stop, before, mends))
    return problems


def _to_end(frame: Frame, last: DayStop, place: Key | None, walks: Walks) -> list[Problem]:
    way = Way(0) if frame.end is None else _way(walks, place, frame.end, frame.longest_walk)
    problems = []
    if frame.end is not None and walks.way(place, frame.end, frame.longest_walk) is None:
        problems.append(_walk_too_long(frame, place, last, way))
    back = last.ends + way.minutes
    if back > frame.ends:
        mends = (Mend("end later", begins=back), Mend("swap"), Mend("remove"))
        problems.append(Problem(Why(Code.TOO_LATE_HOME, {"back": back, "ends": frame.ends}), last, mends=mends))
    return problems


def _too_long(
    frame: Frame, start: Key | None, stop: DayStop, place: Key | None, walks: Walks, other: DayStop | None = None
) -> list[Problem]:
    if walks.way(start, place, frame.longest_walk) is not None:
        return []
    return [_walk_too_long(frame, start, stop, walks.shortest(start, place), other)]


def _walk_too_long(frame: Frame, start: Key | None, stop: DayStop, way: Way, other: DayStop | None = None) -> Problem:
    params = {"minutes": way.minutes, "most": frame.longest_walk, "from": start}
    mends = (Mend("longer walk", minutes=way.minutes), Mend("swap"), Mend("remove"))
    return Problem(Why(Code.WALK_TOO_LONG, params), stop, other, mends)


def _later(stop: DayStop, ready: int, candidate: Candidate | None) -> tuple[Mend, ...]:
    """Moving a stop to when the class can be there, where its time is the class's own to choose."""
    if candidate is not None:
        if not candidate.is_open:
            return ()
        begins = begins_at(ready, candidate.opens, candidate.latest)
        return () if begins is None else (Mend("move", begins, key=candidate.key),)
    return () if stop.kind == "session" else (Mend("move", even(ready)),)
