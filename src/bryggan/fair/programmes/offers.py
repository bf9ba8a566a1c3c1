"""What a day's occasions are to one class: the rows, made into the planner's candidates.

Times of a day are whole minutes after its midnight by the city's clocks, as the planner counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from django.utils import timezone

from bryggan.accounts.models import SchoolClass
from bryggan.fair.local_times import STOCKHOLM, clock_text, local
from bryggan.fair.models import Occasion, Session
from bryggan.fair.planning import planner
from bryggan.fair.planning.wholeschool import Supply
from bryggan.fair.programmes.fit import Fit
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.queries import Ground
from bryggan.fair.seating import seats
from bryggan.fair.seating.capacity import SeatsLeft, Stay
from bryggan.fair.seating.standing import NOWHERE, Standing

DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Offer:
    """An occasion as it is for the class on a day: when it can come, whether it may, and what it is worth to it.

    `windows` are stretches of minutes in which its venue is open; `free` those with seats for the class among them.
    """

    occasion: Occasion
    on: date
    fit: Fit
    windows: tuple[tuple[int, int], ...]
    free: tuple[tuple[int, int], ...]
    left: SeatsLeft
    standing: Standing
    people: int
    seats_needed: int
    refused: planner.Why | None
    booking_closed: bool

    @property
    def session(self) -> Session:
        return self.occasion.session

    @property
    def is_open(self) -> bool:
        return self.session.kind == Session.Kind.OPEN

    @property
    def stay(self) -> int:
        """Minutes that a class is there; of fixed times, 0: the occasion's own."""
        return self.session.minutes if self.is_open else 0

    def most_free(self) -> int | None:
        """The most seats that the class could have at some time; None is no limit."""
        return self.left.free

    def candidates(self, *, must: bool = False) -> list[planner.Candidate]:
        """One for each stretch with seats; one that says why not when there is none."""
        windows = self.free or self.windows[:1] or ((0, 0),)
        most = None if self.free or not self.windows else self._most_seats()
        return [
            self._candidate(key, window, most, must=must)
            for key, window in zip(self._keys(len(windows)), windows, strict=True)
        ]

    def shared(self) -> list[planner.Candidate]:
        """For planning several classes at once: whenever it is open, with seats drawn from what they share.

        Who has seats of its own needs no more.
        """
        supply: object = ("own", self.occasion.pk) if self.standing.has_seats else self.occasion.pk
        refused = planner.Why(planner.Code.FULL) if self.left.waiting and not self.standing.has_seats else None
        windows = self.windows or ((0, 0),)
        return [
            replace(one, supply=supply, refused=one.refused or refused)
            for one in (
                self._candidate(key, window, None)
                for key, window in zip(self._keys(len(windows)), windows, strict=True)
            )
        ]

    def supply(self) -> Supply | None:
        """The seats that anybody can have, and when others are there; None is no limit."""
        if self.left.capacity is None:
            return None
        invited = sum(stay.seats for stay in self.left.stays if stay.is_reserved)
        stays = tuple(
            (minute_of(self.on, stay.starts_at), minute_of(self.on, stay.ends_at), stay.seats)
            for stay in self.left.stays
            if not stay.is_reserved
        )
        return Supply(max(0, self.left.capacity - max(self.left.reserved, invited)), stays)

    def as_it_is(self, begins: int, ends: int) -> planner.Candidate:
        """For checking a stop: the stretch that its time lies in, or the nearest, and the seats left just then."""
        windows = self.windows or ((0, 0),)
        window = next((one for one in windows if one[0] <= begins and ends <= one[1]), None)
        if window is None:
            window = min(windows, key=lambda one: min(abs(one[0] - begins), abs(one[1] - ends)))
        free = None
        if self.left.capacity is not None:
            free = self.left.between(moment_of(self.on, begins), moment_of(self.on, max(ends, begins + 1))).free
            if self.left.waiting:
                # Those who wait come first.
                free = 0
        return self._candidate(self.occasion.pk, window, free)

    def _candidate(
        self, key: object, window: tuple[int, int], free: int | None, *, must: bool = False
    ) -> planner.Candidate:
        session = self.session
        refused = self.refused
        if refused is None and not self.windows:
            refused = planner.Why(planner.Code.CLOSED)
        return planner.Candidate(
            key=key,
            session=session.pk,
            place=session.venue_id,
            opens=window[0],
            closes=window[1],
            value=self.fit.score,
            minutes=session.minutes if self.is_open else None,
            theme=session.theme or None,
            must=must,
            seats_left=free,
            seats_needed=self.seats_needed,
            people=self.people,
            least=session.smallest_group,
            most=session.largest_group,
            booking_closed=self.booking_closed,
            refused=refused,
        )

    def _keys(self, count: int) -> list[object]:
        return [self.occasion.pk, *((self.occasion.pk, number) for number in range(1, count))]

    def _most_seats(self) -> int:
        return 0 if self.left.waiting else (self.left.free or 0)


def occasion_of(key: object) -> int:
    """The occasion that a candidate's key stands for."""
    return key[0] if isinstance(key, tuple) else key  # type: ignore[return-value]


def offers_of(
    ground: Ground,
    school_class: SchoolClass,
    occasions: Sequence[Occasion],
    on: date,
    *,
    fits: Mapping[int, Fit],
    standings: Mapping[int, Standing] | None = None,
    left: Mapping[int, SeatsLeft] | None = None,
    now: datetime | None = None,
    whatever_the_clock: bool = False,
) -> list[Offer]:
    """What each occasion is to the class on a day. Two statements, none when `left` is given.

    `whatever_the_clock`: as it was before the day began, for a saved day that goes on or is over.
    """
    now = now or timezone.now()
    left = seats.seats_left(occasions, now=now) if left is None else left
    standings = standings or {}
    return [
        _offer(
            ground, school_class, occasion, on, fits[occasion.session_id], standings.get(occasion.pk, NOWHERE),
            left[occasion.pk], now, whatever_the_clock,
        )
        for occasion in occasions
    ]  # fmt: skip


def _offer(
    ground: Ground,
    school_class: SchoolClass,
    occasion: Occasion,
    on: date,
    fit: Fit,
    standing: Standing,
    left: SeatsLeft,
    now: datetime,
    whatever_the_clock: bool,
) -> Offer:
    session = occasion.session
    people = session.people_of(pupils=school_class.pupils, adults=school_class.adults)
    needed = 1 if session.unit == Session.Unit.GROUPS else people
    stay = session.minutes if session.kind == Session.Kind.OPEN else 0
    opens, closes = minute_of(on, occasion.starts_at), minute_of(on, occasion.ends_at)
    if stay and not whatever_the_clock:
        opens = max(opens, -(-minute_of(on, now) // planner.STEP) * planner.STEP)
    windows = windows_of(ground, session.venue_id, on, opens, closes, stay)
    closed = False
    if session.needs_booking and not standing.has_seats:
        closed = occasion.booking_closes_at <= now
    free = windows if standing.has_seats else with_seats(windows, left, needed, on, stay)
    return Offer(
        occasion=occasion,
        on=on,
        fit=fit,
        windows=windows,
        free=free,
        left=left,
        standing=standing,
        people=people,
        seats_needed=needed,
        refused=_refused(occasion, fit, None if whatever_the_clock else now, school_class),
        booking_closed=closed,
    )


def _refused(occasion: Occasion, fit: Fit, now: datetime | None, school_class: SchoolClass) -> planner.Why | None:
    """Why the class cannot come at all, whatever its day is like."""
    session = occasion.session
    if occasion.cancelled_at is not None or session.is_cancelled:
        return planner.Why("cancelled")
    if not session.is_offered:
        return planner.Why("not offered")
    is_fixed = session.kind == Session.Kind.FIXED
    if now is not None and (occasion.ends_at <= now or (is_fixed and occasion.starts_at <= now)):
        return planner.Why("over")
    if school_class.pupils < 1:
        return planner.Why("empty class")
    return planner.Why(fit.unsuited.code, fit.unsuited.params) if fit.unsuited else None


def windows_of(
    ground: Ground, venue: int | None, on: date, opens: int, closes: int, stay: int
) -> tuple[tuple[int, int], ...]:
    """The stretches of the day in which one can come: within the venue's hours. `stay` is 0 at fixed times."""
    hours = ground.open_windows(venue, on)
    stretches = [(0, 2 * DAY_MINUTES)] if hours is None else [(minute_of(on, a), minute_of(on, b)) for a, b in hours]
    if stay:
        # Doors may have opened the day before.
        cut = ((max(opens, 0, first), min(closes, last)) for first, last in stretches)
        return tuple((first, last) for first, last in cut if last - first >= stay)
    # Every minute of it, though the venue may close and open again in between: that is the venue's to know.
    return ((opens, closes),) if any(a <= opens and closes <= b for a, b in stretches) else ()


def with_seats(
    windows: Sequence[tuple[int, int]], left: SeatsLeft, needed: int, on: date, stay: int
) -> tuple[tuple[int, int], ...]:
    """The parts of `windows` with seats for the class all through. Who waits in a queue comes before all others."""
    if left.capacity is None:
        return tuple(windows)
    if left.waiting:
        return ()
    if not left.stays:
        return tuple(windows) if left.free is not None and needed <= left.free else ()
    if not stay:
        return tuple(
            window
            for window in windows
            if left.between(moment_of(on, window[0]), moment_of(on, window[1])).fits(_wish(on, window, needed))
        )
    edges = {minute_of(on, moment) for one in left.stays for moment in (one.starts_at, one.ends_at)}
    found: list[tuple[int, int]] = []
    for first, last in windows:
        marks = [first, *sorted(edge for edge in edges if first < edge < last), last]
        begins: int | None = None
        for start, end in pairwise(marks):
            room = left.between(moment_of(on, start), moment_of(on, end))
            if room.fits(_wish(on, (start, end), needed)):
                begins = start if begins is None else begins
            else:
                if begins is not None:
                    found.append((begins, start))
                begins = None
        if begins is not None:
            found.append((begins, last))
    return tuple((first, last) for first, last in found if last - first >= stay)


def _wish(on: date, window: tuple[int, int], seats: int) -> Stay:
    return Stay(moment_of(on, window[0]), moment_of(on, window[1]), seats)


def minute_of(on: date, moment: datetime) -> int:
    """Minutes after midnight of `on` that the city's clocks show at `moment`; below 0 the day before."""
    shown = local(moment).replace(tzinfo=None)
    return int((shown - datetime.combine(on, time())).total_seconds() // 60)


def moment_of(on: date, minute: int) -> datetime:
    """The moment when the city's clocks show that many minutes after midnight of `on`."""
    return (datetime.combine(on, time()) + timedelta(minutes=minute)).replace(tzinfo=STOCKHOLM)


def minute_text(minute: int) -> str:
    """`660` as `11.00`."""
    return clock_text(time(minute // 60 % 24, minute % 60))


def clock_minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def planners_frame(frame: Frame, ground: Ground) -> planner.Frame:
    """The frame in the planner's words. Lunch is at a venue that has a place for it, where the fair has any."""
    lunch = None
    if frame.lunch_minutes:
        places = frozenset(pk for pk, venue in ground.venues.items() if venue.has_lunch_place)
        lunch = planner.Lunch(
            frame.lunch_minutes, clock_minute(frame.lunch_from), clock_minute(frame.lunch_until), places or None
        )
    return planner.Frame(
        begins=clock_minute(frame.begins),
        ends=clock_minute(frame.ends),
        start=frame.starts_from,
        end=frame.ends_at_place,
        lunch=lunch,
        break_minutes=frame.break_minutes,
        longest_walk=frame.longest_walk_minutes,
    )


def sessions_of(occasions: Iterable[Occasion]) -> list[Session]:
    """Their sessions, each once."""
    return list({occasion.session_id: occasion.session for occasion in occasions}.values())
