"""What is proposed for a class's day, and what a page posts back of it. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Fair, Occasion, Session, Stop, Venue
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.queries import Leg, Place
from bryggan.fair.programmes.reasons import Reason


@dataclass(frozen=True, slots=True)
class Chosen:
    """A stop as a page posts it back: of which kind, which occasion, when, where. Times are aware.

    `uid`: of a stop that the programme already has, when one is planned anew around it.
    """

    kind: str
    starts_at: datetime
    ends_at: datetime
    occasion: int | None = None
    venue: int | None = None
    title: str = ""
    wish: str = Stop.Wish.MAYBE
    is_locked: bool = False
    reason: Reason | None = None
    uid: UUID | None = None


@dataclass(frozen=True, slots=True)
class ProposedStop:
    """A stop of a proposal. `leg` is the way to it (None when it is where one already is); `waits` minutes before it.

    `seats_left` is in the session's unit; None is no limit. `stop` is the programme's own when one is planned around.
    """

    kind: str
    occasion: Occasion | None
    venue: Venue | None
    title: str
    starts_at: datetime
    ends_at: datetime
    reason: Reason
    leg: Leg | None
    waits: int
    seats_left: int | None = None
    stop: Stop | None = None
    is_locked: bool = False

    @property
    def session(self) -> Session | None:
        return self.occasion.session if self.occasion else None

    @property
    def walk_minutes(self) -> int:
        return self.leg.minutes if self.leg else 0

    @property
    def chosen(self) -> Chosen:
        """What a page posts to have this stop."""
        return Chosen(
            kind=self.kind,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            occasion=self.occasion.pk if self.occasion else None,
            venue=self.venue.pk if self.venue and not self.occasion else None,
            title="" if self.occasion else self.title,
            wish=self.stop.wish if self.stop else Stop.Wish.MAYBE,
            is_locked=self.stop.is_locked if self.stop else self.is_locked,
            reason=self.reason,
            uid=self.stop.uid if self.stop else None,
        )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A session of that day that is not in the proposal, and why."""

    session: Session
    reason: Reason


@dataclass(frozen=True, slots=True)
class Proposal:
    """A day, whole. Without stops it is an answer too: `messages` says why and what to try.

    `left_out` is in order of how well the session fits; `messages` also tells what had to give way (longer walks,
    no lunch). `is_proven`: no better day exists by the planner's measure.
    """

    school_class: SchoolClass
    fair: Fair
    frame: Frame
    start: Place
    end: Place
    stops: tuple[ProposedStop, ...]
    home: Leg | None
    back_at: datetime | None
    left_out: tuple[LeftOut, ...]
    messages: tuple[Reason, ...]
    is_proven: bool = False

    @property
    def on(self) -> date:
        return self.frame.on

    @property
    def sessions(self) -> tuple[ProposedStop, ...]:
        return tuple(stop for stop in self.stops if stop.occasion)

    @property
    def walking_minutes(self) -> int:
        return sum(stop.walk_minutes for stop in self.stops) + (self.home.minutes if self.home else 0)


@dataclass(frozen=True, slots=True)
class OwnBlock:
    """Something of the class's own that day: a lesson at school, lunch where they have ordered it."""

    starts_at: datetime
    ends_at: datetime
    title: str = ""
    venue: int | None = None
    is_lunch: bool = False


@dataclass(frozen=True, slots=True)
class DayChoice:
    """A day of the fair to choose, with a hint. `fitting`: sessions that suit the class and have seats for it.

    `full`: sessions that would suit but have no seats left. `best`: titles of the three that fit best.
    """

    on: date
    is_school_day: bool
    fitting: int
    full: int
    best: tuple[str, ...] = ()
