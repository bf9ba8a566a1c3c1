"""Why a session is not in a planned day: the first rule in its way, or what was better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bryggan.fair.planning.dayproblem import DayProblem
from bryggan.fair.planning.dayrules import Candidate, Code, DayStop, Key, Why, begins_at, places_of

# Of a session's occasions, the one that came nearest to be in the day tells why; later here is nearer.
_NEARNESS = (
    Code.BROKEN_TIMES,
    Code.OUTSIDE_THE_DAY,
    Code.BOOKING_CLOSED,
    Code.GROUP_TOO_SMALL,
    Code.GROUP_TOO_BIG,
    Code.FULL,
    Code.TOO_FEW_SEATS,
    Code.TOO_FAR,
    Code.TOO_FAR_AFTER,
    Code.TOO_FAR_BEFORE,
    Code.CLASH,
    Code.NO_LUNCH_LEFT,
    Code.NO_TIME,
    Code.LESS_FITTING,
    Code.EXCLUDED,
)
_RANK = {code: rank for rank, code in enumerate(_NEARNESS, start=1)}


def why_left_out(problem: DayProblem, stops: Sequence[DayStop]) -> dict[Key, Why]:
    """For each candidate that is not among `stops` (in order): why, by its key."""
    return _Reasons(problem, stops).all()


def by_session(problem: DayProblem, occasions: Mapping[Key, Why]) -> dict[Key, Why]:
    """For each session that is not in the day at all: the reason of the occasion that came nearest."""
    found: dict[Key, Why] = {}
    present = {candidate.session for candidate in problem.candidates if candidate.key not in occasions}
    for candidate in problem.candidates:
        if candidate.session in present or candidate.key not in occasions:
            continue
        why = occasions[candidate.key]
        if why.code == Code.OTHER_TIME:
            continue
        known = found.get(candidate.session)
        if known is None or _RANK.get(why.code, 0) > _RANK.get(known.code, 0):  # type: ignore[call-overload]
            found[candidate.session] = why
    return found


class _Reasons:
    def __init__(self, problem: DayProblem, stops: Sequence[DayStop]) -> None:
        self.problem, self.stops = problem, stops
        self.frame, self.walks = problem.frame, problem.walks
        self.chosen = {stop.key for stop in stops if stop.key is not None}
        self.times = {stop.session: stop.begins for stop in stops if stop.session is not None}
        locked = set(map(id, problem.locked))
        whole = settled(problem, stops)
        self.anchors = [place for place, stop in zip(whole, stops, strict=True) if id(stop) in locked]
        self.reach = {place: self._reach(place) for place in {one.place for one in problem.tried}}
        self.gaps = self._gaps(whole)
        self.locked_gaps = self._gaps(self.anchors)

    def all(self) -> dict[Key, Why]:
        found = dict(self.problem.refused)
        for candidate in self.problem.tried:
            if candidate.key not in self.chosen:
                found[candidate.key] = self._why(candidate)
        for stop in self.problem.locked:
            found.pop(stop.key, None)
        return found

    def _why(self, candidate: Candidate) -> Why:
        frame = self.frame
        if candidate.session in self.times:
            return Why(Code.OTHER_TIME, {"time": self.times[candidate.session]})
        if max(candidate.opens, frame.begins) > min(candidate.latest, frame.ends - candidate.stay):
            return Why(Code.OUTSIDE_THE_DAY, {"begins": frame.begins, "ends": frame.ends})
        arrival, home, least = self.reach[candidate.place]
        if arrival is None or home is None:
            return Why(Code.TOO_FAR, {"minutes": least})
        begins = begins_at(frame.begins + arrival, candidate.opens, candidate.latest)
        if begins is None:
            return Why(Code.TOO_FAR_BEFORE, {"time": candidate.latest})
        if begins + candidate.stay + home > frame.ends:
            return Why(Code.TOO_FAR_AFTER, {"time": begins + candidate.stay})
        if self.anchors and not self._fits(candidate, self.locked_gaps):
            return Why(Code.CLASH, {"what": self._clashing(candidate)})
        if self.problem.wants_lunch and not self._leaves_lunch(candidate):
            return Why(Code.NO_LUNCH_LEFT)
        if self._fits(candidate, self.gaps):
            return Why(Code.LESS_FITTING)
        return Why(Code.NO_TIME, {"instead": self._instead(candidate)})

    def _reach(self, place: Key | None) -> tuple[int | None, int | None, int]:
        """Minutes from the start and to the end, by way of one other place where it is too far straight; the shortest
        single walk that leads there."""
        frame, walks, longest = self.frame, self.walks, self.frame.longest_walk
        others = [other for other in self.problem.places if other != place]

        def minutes(start: Key | None, end: Key | None) -> int | None:
            way = walks.way(start, end, longest)
            return None if way is None else way.minutes

        def over(first: int | None, second: int | None) -> int | None:
            return None if first is None or second is None else first + second + frame.break_minutes

        there = 0 if frame.start is None else minutes(frame.start, place)
        if there is None:
            ways = [over(minutes(frame.start, other), minutes(other, place)) for other in others]
            there = min((way for way in ways if way is not None), default=None)
        home = 0 if frame.end is None else minutes(place, frame.end)
        if home is None:
            ways = [over(minutes(place, other), minutes(other, frame.end)) for other in others]
            home = min((way for way in ways if way is not None), default=None)
        nearest = 0 if frame.start is None else walks.shortest(frame.start, place).minutes
        return there, home, nearest

    def _gaps(self, stops: Sequence[DayStop]) -> list[tuple[DayStop | None, DayStop | None]]:
        return list(zip([None, *stops], [*stops, None], strict=True))

    def _fits(self, candidate: Candidate, gaps: Sequence[tuple[DayStop | None, DayStop | None]]) -> bool:
        return any(fits_between(self.problem, candidate, before, after) is not None for before, after in gaps)

    def _clashing(self, candidate: Candidate) -> object:
        """The locked stop that it meets, or the one nearest to it in time."""

        def apart(stop: DayStop) -> int:
            return max(candidate.opens - stop.ends, stop.begins - candidate.closes)

        stop = min(self.anchors, key=apart)
        return stop.session if stop.session is not None else stop.title or stop.kind

    def _leaves_lunch(self, candidate: Candidate) -> bool:
        lunch, frame = self.frame.lunch, self.frame
        arrival, home, _least = self.reach[candidate.place]
        if lunch is None or arrival is None or home is None:
            return True
        places = self.problem.places if lunch.places is None else sorted(lunch.places, key=str)
        for place in places:
            way = self.walks.way(candidate.place, place, frame.longest_walk)
            if way is None:
                continue
            minutes = way.minutes + frame.break_minutes
            begins = begins_at(frame.begins + arrival, candidate.opens, candidate.latest)
            # Lunch after it, as early as it can be over; lunch before it, as late as it can begin.
            if begins is not None:
                eats = begins_at(begins + candidate.stay + minutes, lunch.earliest, lunch.latest)
                if eats is not None and eats + lunch.minutes + self._home(place) <= frame.ends:
                    return True
            eats = begins_at(frame.begins + self._there(place), lunch.earliest, lunch.latest)
            if eats is not None:
                begins = begins_at(eats + lunch.minutes + minutes, candidate.opens, candidate.latest)
                if begins is not None and begins + candidate.stay + home <= frame.ends:
                    return True
        return False

    def _there(self, place: Key | None) -> int:
        return 0 if self.frame.start is None else self.walks.shortest(self.frame.start, place).minutes

    def _home(self, place: Key | None) -> int:
        return 0 if self.frame.end is None else self.walks.shortest(place, self.frame.end).minutes

    def _instead(self, candidate: Candidate) -> tuple[Key, ...]:
        """Sessions in the day at the time that it would have needed, those worth most first."""
        pause = self.frame.break_minutes
        meets = [
            stop
            for stop in self.stops
            if stop.session is not None
            and not stop.is_locked
            and stop.begins < candidate.closes + pause
            and candidate.opens < stop.ends + pause
        ]
        if not meets:
            meets = [stop for stop in self.stops if stop.session is not None and not stop.is_locked]
            meets = sorted(meets, key=lambda stop: abs(stop.begins - candidate.opens))[:1]
        return tuple(stop.session for stop in sorted(meets, key=lambda stop: (-stop.worth, stop.begins)))


def fits_between(
    problem: DayProblem, candidate: Candidate, before: DayStop | None, after: DayStop | None
) -> int | None:
    """When a candidate would begin between two settled stops that keep their times; None when it does not fit there.

    None for `before` and `after` is the start and the end of the day.
    """
    frame, walks = problem.frame, problem.walks
    arrive = before.ends + frame.break_minutes if before else frame.begins
    until = after.begins - frame.break_minutes if after else frame.ends
    if before is not None or frame.start is not None:
        way = walks.way(before.place if before else frame.start, candidate.place, frame.longest_walk)
        if way is None:
            return None
        arrive += way.minutes
    if after is not None or frame.end is not None:
        way = walks.way(candidate.place, after.place if after else frame.end, frame.longest_walk)
        if way is None:
            return None
        until -= way.minutes
    begins = begins_at(arrive, candidate.opens, candidate.latest)
    return None if begins is None or begins + candidate.stay > until else begins


def settled(problem: DayProblem, stops: Sequence[DayStop]) -> list[DayStop]:
    """The stops, each with the place where it is."""
    places = places_of(problem.frame, stops, problem.walks)
    return [
        stop if stop.place == place else replace(stop, place=place) for stop, place in zip(stops, places, strict=True)
    ]
