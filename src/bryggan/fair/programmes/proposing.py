"""A day for a class, proposed: the fair's rows made into the planner's dataclasses, and its answer into stops.

Nothing is written here. What a page shows of a proposal it posts back, and `itineraries.make_itinerary` saves
exactly that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from bryggan.accounts.models import SchoolClass
from bryggan.fair.local_times import local
from bryggan.fair.models import Fair, Occasion, Session, Stop
from bryggan.fair.planning import planner
from bryggan.fair.programmes.checks import named
from bryggan.fair.programmes.fit import Fit, Interests, fits
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_reading import day_stop
from bryggan.fair.programmes.offers import (
    Offer,
    minute_of,
    moment_of,
    occasion_of,
    offers_of,
    planners_frame,
    sessions_of,
)
from bryggan.fair.programmes.proposals import Chosen, LeftOut, OwnBlock, Proposal, ProposedStop
from bryggan.fair.programmes.queries import Ground, Leg, ground_of, occasions_of
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.programmes.timetables import legs_of
from bryggan.fair.seating.standing import Standing, standings_of

# For a day that would be empty otherwise.
_WHATEVER_THE_WALK = planner.Weights(walk=0.01)
_UNSEATED = frozenset({"full", "too few seats", "booking closed"})
# Titles beside a day to choose.
MOST_NAMED = 3


@dataclass(frozen=True)
class Material:
    """Everything that planning a class's day needs, read."""

    school_class: SchoolClass
    fair: Fair
    ground: Ground
    frame: Frame
    offers: tuple[Offer, ...]
    locked: tuple[planner.DayStop, ...] = ()
    # By the tag of a locked stop: the programme's own stop.
    stops: Mapping[str, Stop] = field(default_factory=dict)
    musts: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()

    @cached_property
    def sessions(self) -> dict[int, Session]:
        return {offer.session.pk: offer.session for offer in self.offers}

    @cached_property
    def fits(self) -> dict[int, Fit]:
        return {offer.session.pk: offer.fit for offer in self.offers}

    @cached_property
    def by_occasion(self) -> dict[int, Offer]:
        return {offer.occasion.pk: offer for offer in self.offers}

    @property
    def titles(self) -> dict[int, str]:
        return {pk: session.title for pk, session in self.sessions.items()}

    @cached_property
    def candidates(self) -> list[planner.Candidate]:
        # What is locked stays as it is, and is not asked about again.
        kept = {stop.key for stop in self.locked}
        return [
            candidate
            for offer in self.offers
            if offer.occasion.pk not in kept
            for candidate in offer.candidates(must=offer.session.pk in self.musts)
        ]


def propose(
    school_class: SchoolClass,
    fair: Fair,
    on: date,
    *,
    frame: Frame | None = None,
    interests: Interests | None = None,
    locked: Sequence[Stop | Chosen] = (),
    musts: Iterable[int] = (),
    excluded: Iterable[int] = (),
    without: Iterable[int] = (),
    own_blocks: Sequence[OwnBlock] = (),
) -> Proposal:
    """The best day found for the class on `on`. The same number of statements for 5 occasions and 500 (at most 20).

    `locked` stops stay where they are; sessions in `musts` come before all others, those in `excluded` are not
    wanted, and occasions in `without` are not used this once (for "show another day"). A day outside the fair, or
    past, is answered with a message and no stops.
    """
    ground = ground_of(fair, school_class)
    frame = replace(frame, on=on) if frame else ground.frame(school_class, on)
    impossible = not_a_day(fair, on)
    if impossible or school_class.archived_at is not None:
        return nothing(school_class, fair, ground, frame, impossible or Reason("class put away"))
    skipped = frozenset(without)
    occasions = [one for one in occasions_of(ground, [on]) if one.pk not in skipped and belongs(one, on)]
    fixed = _locked(locked, own_blocks, on)
    material = gather(
        school_class, fair, ground, frame, occasions, interests=interests, locked=fixed, musts=musts, excluded=excluded
    )
    return _planned(material)


def not_a_day(fair: Fair, on: date) -> Reason | None:
    """Why nothing can be planned on a day; None when it can."""
    if not fair.is_published:
        return Reason("nothing given")
    if not fair.first_on <= on <= fair.last_on:
        return Reason("day outside the fair")
    return Reason("day has passed") if on < timezone.localdate() else None


def gather(
    school_class: SchoolClass,
    fair: Fair,
    ground: Ground,
    frame: Frame,
    occasions: Sequence[Occasion],
    *,
    interests: Interests | None = None,
    locked: Sequence[tuple[planner.DayStop, Stop | None]] = (),
    musts: Iterable[int] = (),
    excluded: Iterable[int] = (),
    standings: dict[int, Standing] | None = None,
) -> Material:
    """What planning needs, for occasions already read; a fixed number of statements."""
    if standings is None:
        standings = standings_of(school_class, [occasion.pk for occasion in occasions])
    worths = fits(school_class, sessions_of(occasions), on=frame.on, interests=interests)
    offers = offers_of(ground, school_class, occasions, frame.on, fits=worths, standings=standings)
    return Material(
        school_class=school_class,
        fair=fair,
        ground=ground,
        frame=frame,
        offers=tuple(offers),
        locked=tuple(stop for stop, _row in locked),
        stops={str(stop.tag): row for stop, row in locked if row is not None},
        musts=frozenset(musts),
        excluded=frozenset(excluded),
    )


def _planned(material: Material) -> Proposal:
    """Plan the day; when nothing fits, once more with more walking, and then without lunch."""
    messages: list[Reason] = []
    plan = _plan(material, material.frame)
    frame = material.frame
    if not any(stop.kind == "session" for stop in plan.stops):
        for wider, message in _wider(material, plan):
            again = _plan(material, wider, weights=_WHATEVER_THE_WALK)
            if any(stop.kind == "session" for stop in again.stops):
                plan, frame = again, wider
                messages.append(message)
                break
        else:
            messages.append(why_nothing(material))
    return proposal_of(replace(material, frame=frame), plan, messages)


def _plan(material: Material, frame: Frame, **options: Any) -> planner.DayPlan:
    return planner.plan_day(
        planners_frame(frame, material.ground),
        material.candidates,
        material.ground.walks,
        locked=material.locked,
        excluded=material.excluded,
        **options,
    )


def _wider(material: Material, plan: planner.DayPlan) -> Iterator[tuple[Frame, Reason]]:
    """Frames that let more fit, one step at a time, with what the teacher is told."""
    codes = {str(why.code) for why in plan.left_out.values()}
    frame = material.frame
    longer = max(2 * frame.longest_walk_minutes, 45)
    if "less fitting" in codes:
        yield frame, Reason("much walking")
    if codes & {"too far", "too far before", "too far after", "no lunch left"}:
        if frame.longest_walk_minutes < longer:
            walk = Reason("longer walks", {"minutes": frame.longest_walk_minutes})
            yield replace(frame, longest_walk_minutes=longer), walk
        if frame.lunch_minutes:
            yield replace(frame, lunch_minutes=0), Reason("without lunch")


def why_nothing(material: Material) -> Reason:
    """One sentence for an empty day, by what kept most of the sessions out."""
    if material.school_class.pupils < 1:
        return Reason("empty class")
    if not material.offers:
        return Reason("nothing given")
    able = [offer for offer in material.offers if offer.fit.unsuited is None]
    if not able:
        return Reason("nothing for the age")
    refusals = [{str(why.code) for one in offer.candidates() if (why := planner.refusal(one))} for offer in able]
    if all(found & {"group too big", "group too small"} for found in refusals):
        return Reason("nothing for the group")
    if all(
        found & {"full", "too few seats", "booking closed", "group too big", "group too small"} for found in refusals
    ):
        return Reason("everything full")
    return Reason("nothing in time")


def proposal_of(material: Material, plan: planner.DayPlan, messages: Sequence[Reason] = ()) -> Proposal:
    """The planner's answer with its rows and words."""
    frame, ground = material.frame, material.ground
    legs, home, back_at = legs_of(ground, frame, plan.stops)
    stops = []
    free_from = frame.begins_at
    for one, leg in zip(plan.stops, legs, strict=True):
        made = _stop(material, one, leg, free_from)
        free_from = max(free_from, made.ends_at)
        stops.append(made)
    told = list(messages)
    told += [named(problem.why, material.titles, ground) for problem in plan.problems]
    return Proposal(
        school_class=material.school_class,
        fair=material.fair,
        frame=frame,
        start=ground.edge(frame.starts_from),
        end=ground.edge(frame.ends_at_place),
        stops=tuple(stops),
        home=home,
        back_at=back_at,
        left_out=_left_out(material, plan),
        messages=tuple(_once(told)),
        is_proven=plan.proven,
    )


def _stop(material: Material, one: planner.DayStop, leg: Leg | None, free_from: datetime) -> ProposedStop:
    on = material.frame.on
    own = material.stops.get(str(one.tag))
    offer = material.by_occasion.get(occasion_of(one.key)) if one.key is not None else None
    starts_at, ends_at = moment_of(on, one.begins), moment_of(on, one.ends)
    arrives = free_from + timedelta(minutes=leg.minutes if leg else 0)
    if own is not None and own.reason:
        reason = Reason(own.reason, own.reason_params)
    elif offer is not None:
        reason = offer.fit.reason
    else:
        reason = Reason("lunch" if one.kind == "lunch" else "own")
    occasion = offer.occasion if offer else own.occasion if own else None
    venue = material.ground.venues.get(one.place) if isinstance(one.place, int) else None
    return ProposedStop(
        kind=one.kind,
        occasion=occasion,
        venue=venue,
        title=one.title or (occasion.session.title if occasion else ""),
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        leg=leg,
        waits=max(0, int((starts_at - arrives).total_seconds()) // 60),
        seats_left=offer.left.free if offer else None,
        stop=own,
        is_locked=one.is_locked,
    )


def proposed_among(material: Material, one: planner.DayStop, others: Sequence[planner.DayStop]) -> ProposedStop:
    """A stop that is not in the day, as it would be among the day's others: the way to it, and the wait."""
    day = sorted([one, *others], key=lambda stop: (stop.begins, stop.ends))
    legs, _home, _back = legs_of(material.ground, material.frame, day)
    place = day.index(one)
    before = moment_of(material.frame.on, day[place - 1].ends) if place else material.frame.begins_at
    return _stop(material, one, legs[place], before)


def _left_out(material: Material, plan: planner.DayPlan) -> tuple[LeftOut, ...]:
    """Best fitting first; those that are not for the class's age last."""
    found = [
        LeftOut(material.sessions[key], named(why, material.titles, material.ground))
        for key, why in plan.left_out.items()
        if isinstance(key, int) and key in material.sessions
    ]
    fits_of = material.fits

    def order(left: LeftOut) -> tuple[bool, float, str, int]:
        fit = fits_of[left.session.pk]
        return fit.unsuited is not None, -fit.score, left.session.title, left.session.pk

    return tuple(sorted(found, key=order))


def _once(reasons: Iterable[Reason]) -> list[Reason]:
    return list({str(reason): reason for reason in reasons}.values())


def nothing(school_class: SchoolClass, fair: Fair, ground: Ground, frame: Frame, message: Reason) -> Proposal:
    start, end = ground.edge(frame.starts_from), ground.edge(frame.ends_at_place)
    return Proposal(school_class, fair, frame, start, end, (), None, None, (), (message,))


def _locked(
    stops: Sequence[Stop | Chosen], own_blocks: Sequence[OwnBlock], on: date
) -> list[tuple[planner.DayStop, Stop | None]]:
    """Stops that stay, as the planner takes them. Needs occasions and sessions read with stops of the programme."""
    found: list[tuple[planner.DayStop, Stop | None]] = []
    rows = [stop for stop in stops if isinstance(stop, Stop)]
    chosen = [stop for stop in stops if isinstance(stop, Chosen)]
    for stop in rows:
        found.append((day_stop(stop, on, is_locked=True), stop))
    occasions = Occasion.objects.select_related("session").in_bulk([one.occasion for one in chosen if one.occasion])
    for number, one in enumerate(chosen):
        occasion = occasions.get(one.occasion or 0)
        if one.occasion and occasion is None:
            continue
        session = occasion.session if occasion else None
        found.append(
            (
                planner.DayStop(
                    kind=one.kind,  # type: ignore[arg-type]
                    begins=minute_of(on, one.starts_at),
                    ends=minute_of(on, one.ends_at),
                    place=session.venue_id if session else one.venue,
                    key=one.occasion,
                    session=session.pk if session else None,
                    title=session.title if session else one.title,
                    is_locked=True,
                    tag=f"chosen {number}",
                ),
                None,
            )
        )
    for number, block in enumerate(own_blocks):
        found.append(
            (
                planner.DayStop(
                    kind="lunch" if block.is_lunch else "own",
                    begins=minute_of(on, block.starts_at),
                    ends=minute_of(on, block.ends_at),
                    place=block.venue,
                    title=block.title,
                    is_locked=True,
                    tag=f"own {number}",
                ),
                None,
            )
        )
    return found


def belongs(occasion: Occasion, on: date) -> bool:
    """A fixed time belongs to the day that it begins on; open hours to every day that they touch."""
    return occasion.session.kind == Session.Kind.OPEN or local(occasion.starts_at).date() == on
