"""A programme made from another: a colleague's, last year's, or one's own for another class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import SchoolClass, User
from bryggan.accounts.permissions import may_use_class
from bryggan.accounts.school_days import school_days
from bryggan.fair.local_times import local
from bryggan.fair.models import Fair, Itinerary, ItineraryDay, Occasion, Session, Stop
from bryggan.fair.programmes.changing import CannotBe
from bryggan.fair.programmes.fit import Interests
from bryggan.fair.programmes.frames import Frame, usual_frame
from bryggan.fair.programmes.itineraries import Made, make_itinerary
from bryggan.fair.programmes.itinerary_permissions import may_look
from bryggan.fair.programmes.offers import minute_of, moment_of
from bryggan.fair.programmes.preparing import copy_preparations
from bryggan.fair.programmes.proposals import Chosen
from bryggan.fair.programmes.queries import SCHOOL, STATION, ground_of
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.programmes.trying import FellAway


def copy_itinerary(
    itinerary: Itinerary,
    *,
    to: SchoolClass,
    fair: Fair | None = None,
    days: Mapping[date, date] | None = None,
    name: str = "",
    form_token: UUID | None = None,
    by: User,
) -> Made:
    """A programme for `to` like `itinerary`, at its fair or at another. Takes no seats.

    Of another fair, or another day (`days`: from, to), the nearest matching sessions are taken: the same id, else
    the same title, at the time of day nearest the old. Days that are not told are found by `days_alike`. Everything
    is tried for the new class: age, group size, seats. What has no match or does not fit falls away and is told.
    Raises NotAllowed when `by` may not look at the one or does not teach the other, and as `make_itinerary`.
    """
    if not may_look(by, itinerary) or not may_use_class(by, to):
        raise NotAllowed
    fair = fair or itinerary.fair
    rows = list(itinerary.days.order_by("on"))
    goes_to = dict(days) if days is not None else days_alike(itinerary, fair)
    frames = [_frame(row, goes_to[row.on], fair, itinerary, to) for row in rows if row.on in goes_to]
    if not frames:
        raise CannotBe(Reason("no day alike"))
    kept = itinerary.stops.kept().select_related("occasion__session", "venue").order_by("starts_at", "pk")
    stops = [stop for stop in kept if local(stop.starts_at).date() in goes_to]
    chosen, fell_away = _matched(stops, fair, goes_to)
    made = make_itinerary(
        to,
        fair,
        frames=frames,
        stops=chosen,
        name=name or itinerary.name,
        interests=Interests.of(itinerary.interests),
        form_token=form_token,
        copied_from=itinerary,
        by=by,
    )
    copy_preparations(itinerary, made.itinerary)
    return replace(made, fell_away=(*fell_away, *made.fell_away))


def days_alike(itinerary: Itinerary, fair: Fair) -> dict[date, date]:
    """For each day of the programme, the day of `fair` to copy it to: the same, if it is still to come.

    Else a school day to come with the same weekday, as near as can be to the same place in the fair; else any school
    day to come. No two days go to the same one.
    """
    today = timezone.localdate()
    coming = school_days([day for day in fair.days if day >= today])
    found: dict[date, date] = {}
    for on in itinerary.days.order_by("on").values_list("on", flat=True):
        if fair.pk == itinerary.fair_id and on >= today:
            found[on] = on
            continue
        same_place = fair.first_on + (on - itinerary.fair.first_on)
        free = [day for day in coming if day not in found.values()]
        if free:
            found[on] = min(free, key=lambda day: (day.weekday() != on.weekday(), abs((day - same_place).days), day))
    return found


def _frame(day: ItineraryDay, on: date, fair: Fair, itinerary: Itinerary, to: SchoolClass) -> Frame:
    """The same hours. Another school starts as it would by itself: its own place is not the other's."""
    frame = replace(Frame.of(day), on=on)
    if to.school_unit_id == itinerary.school_class.school_unit_id and fair.pk == itinerary.fair_id:
        return frame
    if SCHOOL not in (frame.starts_from, frame.ends_at_place):
        return frame
    usual = ground_of(fair, to).frame(to, on)
    if usual.starts_from == SCHOOL:
        return frame
    longest = max(frame.longest_walk_minutes, usual_frame(to, on).longest_walk_minutes)
    return replace(frame, starts_from=STATION, ends_at_place=STATION, longest_walk_minutes=longest)


def _matched(stops: Sequence[Stop], fair: Fair, goes_to: Mapping[date, date]) -> tuple[list[Chosen], list[FellAway]]:
    """Each stop as it would be at the fair and on the days it goes to: two statements."""
    named = [stop.occasion.session for stop in stops if stop.occasion]
    sessions = Session.objects.readable().filter(fair=fair)
    by_id: dict[str, Session] = {}
    by_title: dict[str, Session] = {}
    for session in sessions.filter(remote_id__in={one.remote_id for one in named}):
        by_id[session.remote_id] = session
    for session in sessions.filter(title__in={one.title for one in named}).order_by("-pk"):
        by_title[session.title] = session
    wanted = {one.pk for one in (*by_id.values(), *by_title.values())}
    occasions: dict[tuple[int, date], list[Occasion]] = defaultdict(list)
    for occasion in Occasion.objects.filter(session__in=wanted, cancelled_at__isnull=True).order_by("starts_at", "pk"):
        occasions[occasion.session_id, local(occasion.starts_at).date()].append(occasion)
    chosen: list[Chosen] = []
    fell_away: list[FellAway] = []
    for stop in stops:
        was_on = local(stop.starts_at).date()
        on = goes_to[was_on]
        begins, ends = minute_of(was_on, stop.starts_at), minute_of(was_on, stop.ends_at)
        starts_at, ends_at = moment_of(on, begins), moment_of(on, ends)
        if stop.occasion is None:
            venue = stop.venue_id if stop.venue and stop.venue.fair_id == fair.pk else None
            chosen.append(_copy(stop, starts_at, ends_at, venue=venue))
            continue
        old = stop.occasion.session
        same_fair = old.fair_id == fair.pk
        match: Session | None = old if same_fair else by_id.get(old.remote_id) or by_title.get(old.title)
        if match is None:
            fell_away.append(FellAway(old.title, Reason("not at this fair")))
            continue
        if same_fair and on == was_on:
            chosen.append(_copy(stop, starts_at, ends_at, occasion=stop.occasion_id))
            continue
        there = occasions.get((match.pk, on), [])
        if not there:
            fell_away.append(FellAway(match.title, Reason("not that day"), match))
            continue
        nearest = min((_distance(one, match, starts_at), one.pk) for one in there)[1]
        # The occasion's own time holds for fixed sessions; a visit to open hours comes as near as it can.
        chosen.append(_copy(stop, starts_at, starts_at + timedelta(minutes=match.minutes), occasion=nearest))
    return chosen, fell_away


def _distance(occasion: Occasion, session: Session, starts_at: datetime) -> timedelta:
    """How far from the wished time a class could begin there."""
    if session.kind == Session.Kind.OPEN:
        latest = occasion.ends_at - timedelta(minutes=session.minutes)
        nearest = min(max(starts_at, occasion.starts_at), max(latest, occasion.starts_at))
        return abs(nearest - starts_at)
    return abs(occasion.starts_at - starts_at)


def _copy(
    stop: Stop, starts_at: datetime, ends_at: datetime, *, occasion: int | None = None, venue: int | None = None
) -> Chosen:
    return Chosen(
        kind=stop.kind,
        starts_at=starts_at,
        ends_at=ends_at,
        occasion=occasion,
        venue=venue,
        title=stop.title,
        wish=stop.wish,
        is_locked=stop.is_locked,
        reason=Reason(stop.reason, stop.reason_params) if stop.reason else None,
    )
