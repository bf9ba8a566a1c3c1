"""What a teacher does with the stops of a programme: swap, add, move, lock, remove.

Every action locks the programme, may be repeated, grows its version and can be undone; see `changing.py`. A removed
stop stays as a row, so that calendars learn that it is gone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from bryggan.accounts.models import User
from bryggan.fair.local_times import local
from bryggan.fair.models import Itinerary, ItineraryDay, Occasion, Session, Stop, Venue
from bryggan.fair.planning import planner
from bryggan.fair.programmes.changing import CannotBe, Change, NoSuchStop, changing, may_use
from bryggan.fair.programmes.checks import named
from bryggan.fair.programmes.fit import Interests, fits
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_reading import ItineraryRead, day_stop, frame_of, read_itinerary
from bryggan.fair.programmes.offers import moment_of, occasion_of, planners_frame
from bryggan.fair.programmes.proposals import Chosen, ProposedStop
from bryggan.fair.programmes.proposing import Material, belongs, gather, not_a_day, proposed_among
from bryggan.fair.programmes.queries import day_of, occasions_of
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.programmes.trying import give_back_or_ask, put, save, save_stops, take_out, try_stops

LONGEST_NOTE, LONGEST_TITLE = 300, 120


def three_others(stop: Stop, *, exclude: Sequence[int] = ()) -> tuple[ProposedStop, ...]:
    """At most three that could take the stop's place in its day, best first, of different sessions.

    `exclude`: sessions shown before. Each fits between the stop's neighbours with its walks and has seats.
    Raises NoSuchStop for one that has been removed.
    """
    read, on, row = among_its_day(stop)
    excluded = {*exclude, *read.itinerary.excluded.order_by().values_list("pk", flat=True)}
    excluded |= {other.occasion.session_id for other in read.stops if other.occasion}
    material = material_of(read, on, occasions_of(read.ground, [on]))
    day = read.stops_on(on)
    found = planner.alternatives(
        planners_frame(material.frame, read.ground),
        [day_stop(each, on, read.standing(each)) for each in day],
        next(number for number, each in enumerate(day) if each.pk == row.pk),
        material.candidates,
        read.ground.walks,
        excluded=excluded,
    )
    others = [day_stop(each, on, read.standing(each)) for each in day if each.pk != row.pk]
    return tuple(proposed_among(material, one.stop, others) for one in found)


def replace(
    stop: Stop, occasion: Occasion, starts_at: datetime | None = None, *, by: User, release_seats: bool = False
) -> Stop:
    """Swap the stop for another occasion, as `three_others` offered it. Returns the new stop.

    The stop's row is removed and a new one takes its place, with its wish. Raises CannotBe, NoSuchStop and HasSeats.
    """
    keys = [occasion.pk, *([stop.occasion_id] if stop.occasion_id else [])]
    with changing(stop.itinerary, by=by, occasions=keys) as change:
        row = change.itinerary.stops.kept().select_related("occasion__session").filter(pk=stop.pk).first()
        there = change.itinerary.stops.kept().filter(occasion=occasion).first()
        if row is None:
            if there is not None:
                return there
            raise NoSuchStop
        if there is not None:
            return there
        give_back_or_ask(change, [row], release_seats=release_seats)
        what = f"{row.occasion.session.title if row.occasion else row.title} → {occasion.session.title}"
        take_out([row])
        begins = starts_at or max(occasion.starts_at, row.starts_at)
        chosen = Chosen(Stop.Kind.SESSION, begins, begins, occasion.pk, wish=row.wish, reason=_why(change, occasion))
        made = _add(change, chosen)
        change.done("swapped", what)
        return made


def remove_stop(stop: Stop, *, by: User, release_seats: bool = False) -> None:
    """Take the stop out. Removing a removed one changes nothing. Raises HasSeats."""
    keys = [stop.occasion_id] if release_seats and stop.occasion_id else []
    with changing(stop.itinerary, by=by, occasions=keys) as change:
        row = change.itinerary.stops.kept().select_related("occasion__session").filter(pk=stop.pk).first()
        if row is None:
            return
        give_back_or_ask(change, [row], release_seats=release_seats)
        take_out([row])
        change.done("removed", title_of(row))


def restore(stop: Stop, *, by: User) -> Stop:
    """Put a removed stop back where it was, when its occasion is now; seats have to be booked again.

    Raises CannotBe when it can no longer be there. A stop that is there already stays.
    """
    keys = [stop.occasion_id] if stop.occasion_id else []
    with changing(stop.itinerary, by=by, occasions=keys) as change:
        row = change.itinerary.stops.select_related("occasion__session").get(pk=stop.pk)
        if row.removed_at is None:
            return row
        made = _add(change, chosen_of(row), anyway=row.kind != Stop.Kind.SESSION, again=row)
        change.done("put back", title_of(row))
        return made


def add_stop(
    itinerary: Itinerary,
    session: Session,
    *,
    on: date | None = None,
    occasion: Occasion | None = None,
    starts_at: datetime | None = None,
    by: User,
) -> Stop:
    """Add a session at the time that fits best among those asked for: an occasion, a day, or any of its own days.

    A session that is in the programme already gives its stop, unless another occasion is asked for. An occasion on a
    day that the programme does not have adds the day. Raises CannotBe with the reason why no time fits: full,
    clashing, too far, outside the day, wrong age.
    """
    may_use(itinerary, by)
    read = read_itinerary(itinerary, all_venues=True)
    there = [stop for stop in read.stops if stop.occasion and stop.occasion.session_id == session.pk]
    if there and (occasion is None or any(stop.occasion_id == occasion.pk for stop in there)):
        return there[0]
    if occasion is not None:
        days = [local(starts_at or occasion.starts_at).date()]
    elif on is not None:
        days = [on]
    else:
        days = [day.on for day in read.days]
    found = _best_time(read, session, days, occasion, starts_at)
    if isinstance(found, Reason):
        raise CannotBe(found)
    chosen, lunch = found
    with changing(itinerary, by=by, occasions=[chosen.occasion] if chosen.occasion else []) as change:
        row = change.itinerary
        already = row.stops.kept().filter(occasion=chosen.occasion).first()
        if already is not None:
            return already
        day = local(chosen.starts_at).date()
        if not row.days.filter(on=day).exists():
            ItineraryDay.objects.create(itinerary=row, on=day, **frame_of(read, day).columns())
        if lunch is not None and lunch.uid is not None:
            planned = row.stops.kept().filter(uid=lunch.uid, is_locked=False).first()
            if planned is not None:
                put(planned, lunch)
        made = _add(change, chosen)
        change.done("added", session.title)
        return made


def lock(stop: Stop, *, by: User) -> Stop:
    """Keep the stop where it is when the day is planned again."""
    return _set(stop, "locked", by, is_locked=True)


def unlock(stop: Stop, *, by: User) -> Stop:
    return _set(stop, "unlocked", by, is_locked=False)


def set_wish(stop: Stop, wish: str, *, by: User) -> Stop:
    """Must or maybe. Raises ValueError for anything else."""
    return _set(stop, "wished", by, wish=Stop.Wish(wish).value)


def set_note(stop: Stop, note: str, *, by: User) -> Stop:
    """A note for the teachers alone."""
    return _set(stop, "noted", by, note=note.strip()[:LONGEST_NOTE])


def add_own_block(
    itinerary: Itinerary,
    starts_at: datetime,
    ends_at: datetime,
    *,
    title: str = "",
    venue: Venue | None = None,
    is_lunch: bool = False,
    by: User,
) -> Stop:
    """Something of the class's own: a lesson, a lunch where they have ordered it. It is locked.

    One's own lunch takes the place of a planned one that day. The same block twice is one. Raises CannotBe when the
    programme has no such day, when it ends before it begins, or lasts into another day.
    """
    if ends_at <= starts_at:
        raise CannotBe(Reason("ends before it begins"))
    on = local(starts_at).date()
    begins, ends = day_of(on)
    if ends_at > ends:
        raise CannotBe(Reason("lasts into another day"))
    kind = Stop.Kind.LUNCH if is_lunch else Stop.Kind.OWN
    title = " ".join(title.split())[:LONGEST_TITLE]
    with changing(itinerary, by=by) as change:
        row = change.itinerary
        if not row.days.filter(on=on).exists():
            raise CannotBe(Reason("no such day"))
        if venue is not None and venue.fair_id != row.fair_id:
            raise CannotBe(Reason("not offered"))
        columns = {"kind": kind, "title": title, "venue": venue, "starts_at": starts_at, "ends_at": ends_at}
        there = row.stops.kept().filter(**columns).first()
        if there is not None:
            return there
        if is_lunch:
            planned = row.stops.kept().filter(kind=kind, is_locked=False, starts_at__gte=begins, starts_at__lt=ends)
            take_out(planned)
        made = Stop.objects.create(itinerary=row, is_locked=True, reason="own", **columns)
        change.done("added", title)
        return made


def chosen_of(stop: Stop) -> Chosen:
    """The stop as a page would post it."""
    return Chosen(
        kind=stop.kind,
        starts_at=stop.starts_at,
        ends_at=stop.ends_at,
        occasion=stop.occasion_id,
        venue=stop.venue_id,
        title=stop.title,
        wish=stop.wish,
        is_locked=stop.is_locked,
        reason=Reason(stop.reason, stop.reason_params) if stop.reason else None,
    )


def _add(change: Change, chosen: Chosen, *, anyway: bool = False, again: Stop | None = None) -> Stop:
    """Save one more stop where it fits. Raises CannotBe."""
    itinerary = change.itinerary
    on = local(chosen.starts_at).date()
    day = itinerary.days.filter(on=on).first()
    if day is None:
        raise CannotBe(Reason("no such day"))
    if anyway and again is not None:
        again.removed_at = None
        save(again)
        return again
    begins, ends = day_of(on)
    among = list(itinerary.stops.kept().filter(starts_at__gte=begins, starts_at__lt=ends))
    tried = try_stops(itinerary, [Frame.of(day)], [chosen], among=among)
    if not tried.stops:
        raise CannotBe(tried.fell_away[0].reason if tried.fell_away else Reason("not offered"))
    return save_stops(itinerary, tried.stops)[0]


def _best_time(
    read: ItineraryRead, session: Session, days: Sequence[date], occasion: Occasion | None, starts_at: datetime | None
) -> tuple[Chosen, Chosen | None] | Reason:
    """The best time for the session on the first of the days where it fits, or why not.

    A planned lunch may give way, and comes second when it does; what the class chose itself may not.
    """
    reasons: list[Reason] = []
    rows = [one for one in occasions_of(read.ground, days) if one.session_id == session.pk]
    if occasion is not None:
        rows = [one for one in rows if one.pk == occasion.pk]
    for on in days:
        impossible = not_a_day(read.fair, on)
        of_day = [one for one in rows if belongs(one, on)]
        if impossible or not of_day:
            reasons.append(impossible or Reason("not that day"))
            continue
        if starts_at is not None:
            ends_at = starts_at + timedelta(minutes=session.minutes)
            why = material_of(read, on, of_day).fits[session.pk].reason
            return Chosen(Stop.Kind.SESSION, starts_at, ends_at, of_day[0].pk, reason=why), None
        stops = read.stops_on(on)
        lunch = next((stop for stop in stops if stop.kind == Stop.Kind.LUNCH and not stop.is_locked), None)
        fixed = [(day_stop(stop, on, read.standing(stop), is_locked=True), stop) for stop in stops if stop != lunch]
        material = material_of(read, on, of_day, fixed)
        plan = planner.plan_day(
            planners_frame(material.frame, read.ground),
            [_asked_for(candidate) for candidate in material.candidates],
            read.ground.walks,
            locked=material.locked,
        )
        mine = next((one for one in plan.stops if one.session == session.pk and not one.is_locked), None)
        if mine is None or mine.key is None:
            why_not = plan.left_out.get(session.pk)
            reasons.append(
                named(why_not, _titles(read, material), read.ground) if why_not else Reason("no time at all")
            )
            continue
        begins, ends = moment_of(on, mine.begins), moment_of(on, mine.ends)
        why = material.fits[session.pk].reason
        chosen = Chosen(Stop.Kind.SESSION, begins, ends, occasion_of(mine.key), reason=why)
        eats = plan.lunch
        if lunch is None or eats is None or eats.is_locked:
            return chosen, None
        where = eats.place if isinstance(eats.place, int) else None
        moved = Chosen(
            Stop.Kind.LUNCH, moment_of(on, eats.begins), moment_of(on, eats.ends), venue=where,
            reason=Reason("lunch"), uid=lunch.uid,
        )  # fmt: skip
        return chosen, moved
    return next((reason for reason in reasons if reason.code != "not that day"), Reason("not that day"))


def _asked_for(candidate: planner.Candidate) -> planner.Candidate:
    """The same, wanted before everything else: what the teacher asked for is not weighed against its walk."""
    return dataclasses.replace(candidate, must=True)


def _titles(read: ItineraryRead, material: Material) -> dict[int, str]:
    """Names of what may stand in the way: what is on offer, and what is in the programme."""
    return {**{offer.session.pk: offer.session.title for offer in read.offers.values()}, **material.titles}


def material_of(
    read: ItineraryRead,
    on: date,
    occasions: Sequence[Occasion],
    fixed: Sequence[tuple[planner.DayStop, Stop | None]] = (),
) -> Material:
    of_day = [one for one in occasions if belongs(one, on)]
    interests = Interests.of(read.itinerary.interests)
    frame = frame_of(read, on)
    return gather(read.school_class, read.fair, read.ground, frame, of_day, interests=interests, locked=fixed)


def _set(stop: Stop, verb: str, by: User, **columns: Any) -> Stop:
    with changing(stop.itinerary, by=by) as change:
        row = change.itinerary.stops.kept().select_related("occasion__session").filter(pk=stop.pk).first()
        if row is None:
            raise NoSuchStop
        if any(getattr(row, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(row, name, value)
            # Nothing that calendars show: the number of the stop does not grow.
            row.save(update_fields=list(columns))
            change.done(verb, title_of(row))
        return row


def among_its_day(stop: Stop) -> tuple[ItineraryRead, date, Stop]:
    """The programme read for planning, the stop's day, and the stop among its stops. Raises NoSuchStop."""
    read = read_itinerary(stop.itinerary, all_venues=True)
    row = next((each for each in read.stops if each.pk == stop.pk), None)
    if row is None:
        raise NoSuchStop
    return read, local(row.starts_at).date(), row


def _why(change: Change, occasion: Occasion) -> Reason:
    interests = Interests.of(change.itinerary.interests)
    on = local(occasion.starts_at).date()
    found = fits(change.itinerary.school_class, [occasion.session], on=on, interests=interests)
    return found[occasion.session_id].reason


def title_of(stop: Stop) -> str:
    """What the stop is called. Needs its session read."""
    return stop.occasion.session.title if stop.occasion else stop.title
