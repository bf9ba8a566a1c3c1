"""What a teacher does with a class's programme as a whole, and with its days. Stops have `stops.py`.

Every action locks the programme, may be repeated, grows its version and can be undone; see `changing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from bryggan.accounts import facts
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import SchoolClass, User
from bryggan.accounts.permissions import may_use_class
from bryggan.common import audit
from bryggan.fair.models import Fair, Itinerary, ItineraryDay, Session, Stop
from bryggan.fair.programmes import history, itinerary_permissions
from bryggan.fair.programmes.changing import CannotBe, PutAway, changing, may_use
from bryggan.fair.programmes.fit import Interests
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_reading import read_itinerary
from bryggan.fair.programmes.proposals import Chosen, Proposal
from bryggan.fair.programmes.proposing import not_a_day, propose
from bryggan.fair.programmes.queries import day_of
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.programmes.trying import (
    FellAway,
    give_back_or_ask,
    occasions_of_chosen,
    occasions_with_seats,
    put,
    save_stops,
    take_out,
    try_stops,
)
from bryggan.fair.telling import visit_within

LONGEST_NAME = 80


class AlreadyMade(Exception):
    """The form's token has made another class's programme."""


@dataclass(frozen=True, slots=True)
class Made:
    """A programme as it was saved, and what fell away because something changed between showing and saving.

    `problems` are reasons of days that could not be had.
    """

    itinerary: Itinerary
    fell_away: tuple[FellAway, ...] = ()
    days: tuple[ItineraryDay, ...] = ()
    stops: tuple[Stop, ...] = ()


@transaction.atomic
def make_itinerary(
    school_class: SchoolClass,
    fair: Fair,
    *,
    frames: Sequence[Frame],
    stops: Sequence[Chosen],
    name: str = "",
    interests: Interests | None = None,
    form_token: UUID | None = None,
    copied_from: Itinerary | None = None,
    by: User,
) -> Made:
    """Save a programme exactly as it was shown. Takes no seats.

    Each stop is tried again by the hard rules: what was cancelled or filled meanwhile falls away and is told, the
    rest is kept. The same form sent twice (`form_token`) gives the programme that it made. No name: one is made of
    the days. Raises NotAllowed, PutAway for an archived class, CannotBe when no day can be had (outside the fair,
    past), AlreadyMade when the token has made somebody else's.
    """
    if not may_use_class(by, school_class):
        raise NotAllowed
    if school_class.archived_at is not None:
        raise PutAway
    if form_token is not None and (made := _made_before(form_token, school_class)):
        return made
    days, fell_away = _possible_days(fair, frames)
    if not days:
        raise CannotBe(fell_away[0].reason if fell_away else Reason("day outside the fair"))
    itinerary = Itinerary(
        fair=fair,
        school_class=school_class,
        name=_name(name, [frame.on for frame in days], fair),
        interests=(interests or Interests()).as_json(),
        copied_from=copied_from,
        made_by=by,
        form_token=form_token,
    )
    try:
        with transaction.atomic():
            itinerary.save()
    except IntegrityError:
        # The same form, sent by two clicks at once.
        if form_token is not None and (made := _made_before(form_token, school_class)):
            return made
        raise
    made_days = [ItineraryDay.objects.create(itinerary=itinerary, on=f.on, **f.columns()) for f in days]
    tried = try_stops(itinerary, days, stops)
    saved = save_stops(itinerary, tried.stops)
    audit.record(by, "made programme", itinerary, stops=len(saved), school_class=school_class.pk)
    facts.count("programme", school_class=school_class, amount=len(saved))
    return Made(itinerary, (*fell_away, *tried.fell_away), tuple(made_days), tuple(saved))


def rename(itinerary: Itinerary, name: str, *, by: User) -> None:
    """Call the programme something else; an empty name changes nothing. Raises NotAllowed, PutAway."""
    name = " ".join(name.split())[:LONGEST_NAME]
    with changing(itinerary, by=by) as change:
        if name and change.itinerary.name != name:
            change.done("renamed", change.itinerary.name)
            change.itinerary.name = name
            change.itinerary.save(update_fields=["name"])


def show_to_colleagues(itinerary: Itinerary, shown: bool, *, by: User) -> None:
    """Let confirmed colleagues at the school look at the programme and copy it, or no longer."""
    with changing(itinerary, by=by) as change:
        if change.itinerary.shown_to_colleagues != shown:
            change.itinerary.shown_to_colleagues = shown
            change.itinerary.save(update_fields=["shown_to_colleagues"])
            audit.record(by, "showed programme to colleagues" if shown else "hid programme", change.itinerary)


@transaction.atomic
def archive(itinerary: Itinerary, *, by: User, release_seats: bool = False) -> None:
    """Put the programme away. Raises HasSeats while it has seats, unless they are to be given back.

    Putting away what is put away changes nothing.
    """
    if itinerary.archived_at is not None and itinerary_permissions.may_change(by, itinerary):
        return
    with changing(itinerary, by=by, occasions=occasions_with_seats(itinerary, release_seats)) as change:
        give_back_or_ask(change, list(change.itinerary.stops.kept()), release_seats=release_seats)
        change.itinerary.archived_at = timezone.now()
        change.itinerary.version += 1
        change.itinerary.changed_at = change.itinerary.archived_at
        change.itinerary.save(update_fields=["archived_at", "version", "changed_at"])
        audit.record(by, "put away programme", change.itinerary)


def take_out_again(itinerary: Itinerary, *, by: User) -> None:
    """Let a programme that was put away be used again. Raises NotAllowed, and PutAway for an archived class."""
    with transaction.atomic():
        row = Itinerary.objects.select_for_update(of=("self",)).select_related("school_class").get(pk=itinerary.pk)
        if not itinerary_permissions.may_change(by, row):
            raise NotAllowed
        if row.school_class.archived_at is not None:
            raise PutAway
        if row.archived_at is not None:
            row.archived_at = None
            row.version += 1
            row.save(update_fields=["archived_at", "version"])
            audit.record(by, "took out programme again", row)
    itinerary.archived_at, itinerary.version = row.archived_at, row.version


def add_day(itinerary: Itinerary, frame: Frame, stops: Sequence[Chosen] = (), *, by: User) -> Made:
    """A further day, with the stops that were shown for it. A day that it already has stays as it is.

    Raises NotAllowed, PutAway, CannotBe for a day outside the fair or past.
    """
    with changing(itinerary, by=by, occasions=occasions_of_chosen(stops)) as change:
        row = change.itinerary
        there = row.days.filter(on=frame.on).first()
        if there is not None:
            return Made(row, (), (there,))
        impossible = not_a_day(row.fair, frame.on)
        if impossible:
            raise CannotBe(impossible)
        day = ItineraryDay.objects.create(itinerary=row, on=frame.on, **frame.columns())
        tried = try_stops(row, [frame], stops)
        saved = save_stops(row, tried.stops)
        change.done("added a day", day_text(frame.on))
        return Made(row, tuple(tried.fell_away), (day,), tuple(saved))


def remove_day(itinerary: Itinerary, on: date, *, by: User, release_seats: bool = False) -> None:
    """Take a day and its stops out. Raises HasSeats while stops of it have seats, unless they are to be given back."""
    with changing(itinerary, by=by, occasions=occasions_with_seats(itinerary, release_seats)) as change:
        day = change.itinerary.days.filter(on=on).first()
        if day is None:
            return
        begins, ends = day_of(on)
        stops = list(change.itinerary.stops.kept().filter(starts_at__gte=begins, starts_at__lt=ends))
        give_back_or_ask(change, stops, release_seats=release_seats)
        take_out(stops)
        day.delete()
        change.done("removed a day", day_text(on))


def change_frame(itinerary: Itinerary, frame: Frame, *, by: User, version: int | None = None) -> None:
    """Let the day of `frame.on` have other hours, places, lunch, breaks or longest walk. Its stops stay.

    What no longer fits shows as a problem; `plan_again` mends it. Raises ChangedMeanwhile, and CannotBe for hours
    that end before they begin or a day that the programme does not have.
    """
    if frame.ends <= frame.begins:
        raise CannotBe(Reason("ends before it begins"))
    with changing(itinerary, by=by, version=version) as change:
        day = change.itinerary.days.filter(on=frame.on).first()
        if day is None:
            raise CannotBe(Reason("no such day"))
        if Frame.of(day) == frame:
            return
        for name, value in frame.columns().items():
            setattr(day, name, value)
        day.save()
        change.done("changed the hours", day_text(frame.on))


def plan_again(
    itinerary: Itinerary, on: date, *, by: User, version: int | None = None, release_seats: bool = False
) -> Made:
    """Plan a day anew around its locked stops, its own blocks and those with seats; musts come before all others.

    Stops that come again keep their rows. `release_seats`: stops with seats are planned like the others, and what
    goes gives its seats back. Raises ChangedMeanwhile when the programme changed while it was planned, CannotBe for
    a day that it does not have or that is past.
    """
    may_use(itinerary, by)
    if version is None:
        itinerary.refresh_from_db(fields=["version", "interests"])
    seen = itinerary.version if version is None else version
    # Outside the lock: planning takes its time, and a stale plan is noticed by the version.
    proposal = proposed_again(itinerary, on, keep_seats=not release_seats)
    chosen = [stop.chosen for stop in proposal.stops]
    keys = {*occasions_of_chosen(chosen), *occasions_with_seats(itinerary, release_seats)}
    with changing(itinerary, by=by, version=seen, occasions=keys) as change:
        row = change.itinerary
        begins, ends = day_of(on)
        now_there = list(row.stops.kept().filter(starts_at__gte=begins, starts_at__lt=ends))
        staying = {stop.uid for stop in now_there} & {one.uid for one in chosen if one.uid}
        by_occasion = {stop.occasion_id: stop for stop in now_there if stop.occasion_id and stop.uid not in staying}
        lunches = [stop for stop in now_there if stop.kind == Stop.Kind.LUNCH and stop.uid not in staying]
        new: list[Chosen] = []
        kept: list[Stop] = []
        for one in chosen:
            if one.uid in staying:
                continue
            again = by_occasion.pop(one.occasion, None) if one.occasion else None
            if again is None and one.kind == Stop.Kind.LUNCH and lunches:
                again = lunches.pop()
            if again is None:
                new.append(one)
            else:
                put(again, one)
                kept.append(again)
        going = [stop for stop in now_there if stop.uid not in staying and stop not in kept]
        give_back_or_ask(change, going, release_seats=release_seats)
        take_out(going)
        tried = try_stops(row, [proposal.frame], new, among=[stop for stop in now_there if stop not in going])
        saved = save_stops(row, tried.stops)
        change.done("planned again", day_text(on))
        return Made(row, tuple(tried.fell_away), (), tuple(saved))


def proposed_again(itinerary: Itinerary, on: date, *, keep_seats: bool = True) -> Proposal:
    """The day as it would be planned anew, to show before it is done. Raises CannotBe."""
    read = read_itinerary(itinerary)
    day = read.day(on)
    if day is None:
        raise CannotBe(Reason("no such day"))
    impossible = not_a_day(read.fair, on)
    if impossible:
        raise CannotBe(impossible)
    stops = read.stops_on(on)
    fixed = [
        stop
        for stop in stops
        if stop.is_locked or stop.kind == Stop.Kind.OWN or (keep_seats and read.standing(stop).has_anything)
    ]
    musts = [
        stop.occasion.session_id
        for stop in stops
        if stop.occasion and stop.wish == Stop.Wish.MUST and stop not in fixed
    ]
    # What another day of the programme has already is not proposed again.
    elsewhere = [stop.occasion.session_id for stop in read.stops if stop.occasion and stop not in stops]
    excluded = set(itinerary.excluded.order_by().values_list("pk", flat=True)) | set(elsewhere)
    return propose(
        itinerary.school_class,
        itinerary.fair,
        on,
        frame=Frame.of(day),
        interests=Interests.of(itinerary.interests),
        locked=fixed,
        musts=musts,
        excluded=excluded,
    )


def exclude_session(itinerary: Itinerary, session: Session, *, by: User, release_seats: bool = False) -> None:
    """Not for us: its stops go, and it is not proposed again. Raises HasSeats."""
    with changing(itinerary, by=by, occasions=occasions_with_seats(itinerary, release_seats)) as change:
        stops = list(change.itinerary.stops.kept().filter(occasion__session=session))
        if not stops and change.itinerary.excluded.filter(pk=session.pk).exists():
            return
        give_back_or_ask(change, stops, release_seats=release_seats)
        take_out(stops)
        change.itinerary.excluded.add(session)
        change.done("excluded", session.title)


def include_session(itinerary: Itinerary, session: Session, *, by: User) -> None:
    """Let a session that was excluded be proposed again."""
    with changing(itinerary, by=by) as change:
        if change.itinerary.excluded.filter(pk=session.pk).exists():
            change.itinerary.excluded.remove(session)
            change.done("included", session.title)


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, and the stops that came back without the seats they may have had."""

    verb: str
    what: str
    came_back: tuple[Stop, ...] = ()


def undo(itinerary: Itinerary, *, by: User, version: int | None = None, release_seats: bool = False) -> Undone | None:
    """Take back the last change; again, the one before it. None when there is nothing to take back.

    Seats follow neither way by themselves: a stop that comes back has to be booked again, and going back from a stop
    that has seats raises HasSeats unless they are to be given back. What the fair changed stays changed. Raises
    ChangedMeanwhile when `version` is given and somebody changed the programme after it.
    """
    with changing(
        itinerary, by=by, version=version, occasions=occasions_with_seats(itinerary, release_seats)
    ) as change:
        row = change.itinerary
        last = history.last_change(row)
        if last is None:
            return None
        going = history.stops_to_go(row, last.before)
        give_back_or_ask(change, going, release_seats=release_seats)
        back = history.restore(row, last.before, within=visit_within)
        last.undone_at = timezone.now()
        last.save(update_fields=["undone_at"])
        row.version += 1
        row.changed_at = last.undone_at
        row.save(update_fields=["version", "changed_at"])
        audit.record(by, "undid a change in programme", row, change=last.pk, version=row.version)
        return Undone(last.verb, last.what, tuple(back))


def day_text(on: date) -> str:
    """`tisdag 1 juni`."""
    return date_format(on, "l j F")


def _made_before(form_token: UUID, school_class: SchoolClass) -> Made | None:
    made = Itinerary.objects.filter(form_token=form_token).first()
    if made is None:
        return None
    if made.school_class_id != school_class.pk:
        raise AlreadyMade
    return Made(made, (), tuple(made.days.all()), tuple(made.stops.kept()))


def _possible_days(fair: Fair, frames: Sequence[Frame]) -> tuple[list[Frame], list[FellAway]]:
    """The days that can be had, each once and in order, and why not the others."""
    days: dict[date, Frame] = {}
    fell_away = []
    for frame in sorted(frames, key=lambda frame: frame.on):
        impossible = not_a_day(fair, frame.on)
        if impossible is None and frame.ends <= frame.begins:
            impossible = Reason("ends before it begins")
        if impossible:
            fell_away.append(FellAway(day_text(frame.on), impossible))
        else:
            days.setdefault(frame.on, frame)
    return list(days.values()), fell_away


def _name(name: str, days: Sequence[date], fair: Fair) -> str:
    name = " ".join(name.split())[:LONGEST_NAME]
    if name:
        return name
    first = day_text(days[0])
    return (first[:1].upper() + first[1:])[:LONGEST_NAME]
