"""What the pages of a programme share: whose it is, how days and times are written, and what is posted back."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.formats import date_format

from bryggan.accounts.models import SchoolClass, User
from bryggan.common.statements import Statement
from bryggan.fair.models import Fair, Itinerary, ItineraryDay, Stop
from bryggan.fair.programmes.fit import Interests
from bryggan.fair.programmes.frames import Frame
from bryggan.fair.programmes.itinerary_permissions import may_change, may_look
from bryggan.fair.programmes.proposals import Chosen, Proposal
from bryggan.fair.programmes.reasons import Reason
from bryggan.fair.programmes.timetables import for_timetable
from bryggan.web.accounts.guards import person

_ITINERARY = Statement(lambda pk: for_timetable(Itinerary.objects.filter(pk=pk)))
_SALT = "shown programme"


def own_itinerary(request: HttpRequest, pk: int) -> Itinerary:
    """A programme that the person may change; anybody else's does not exist."""
    itinerary = _read(pk)
    if not may_change(person(request), itinerary):
        raise Http404
    return itinerary


def itinerary_to_look_at(request: HttpRequest, pk: int) -> tuple[Itinerary, bool]:
    """A programme of her own (and True), or one that a colleague at the school shows."""
    itinerary = _read(pk)
    own = may_change(person(request), itinerary)
    if not own and not may_look(person(request), itinerary):
        raise Http404
    return itinerary, own


def _read(pk: int) -> Itinerary:
    found = _ITINERARY(pk)
    if not found:
        raise Http404
    return found[0]


def classes_of(user: User) -> list[SchoolClass]:
    """Her classes, the one she made a programme for last first."""
    classes = (
        SchoolClass.objects.taught_by(user).select_related("school_unit", "programme").prefetch_related("subjects")
    )
    last = (
        Itinerary.objects.filter(made_by=user).order_by("-made_at").values_list("school_class_id", flat=True).first()
    )
    return sorted(classes, key=lambda one: (one.pk != last, one.label, one.pk))


def chosen_class(request: HttpRequest, classes: Iterable[SchoolClass]) -> SchoolClass | None:
    """The class of the address or the form; without one the first. None when the one asked for is not hers."""
    asked = request.POST.get("klass") or request.GET.get("klass") or ""
    found = list(classes)
    if not asked:
        return found[0] if found else None
    return next((one for one in found if str(one.pk) == asked), None)


def read_day(text: str | None, fair: Fair) -> date | None:
    """A day of the fair, written 2027-06-01."""
    try:
        day = parse_date(text or "")
    except ValueError:
        return None
    return day if day and fair.first_on <= day <= fair.last_on else None


def day_of(itinerary: Itinerary, text: str | None) -> ItineraryDay | None:
    """A day of the programme, whatever days the fair has now."""
    try:
        on = parse_date(text or "")
    except ValueError:
        return None
    return itinerary.days.filter(on=on).first() if on else None


def read_moment(text: str | None) -> datetime | None:
    try:
        moment = parse_datetime((text or "")[:40])
    except ValueError:
        return None
    # Far years have no local time.
    return moment if moment and moment.tzinfo and 2000 < moment.year < 2200 else None


def read_clock(text: str | None) -> time | None:
    """`09:30` as browsers write it, or `9.30` as people do."""
    try:
        clock = parse_time((text or "").strip().replace(".", ":"))
    except ValueError:
        return None
    return clock.replace(second=0, microsecond=0, tzinfo=None) if clock else None


def number_in(text: str | None) -> int:
    """A row's number as an address or a form gives it; -1, which no row has, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else -1


def numbers_in(texts: Iterable[str]) -> list[int]:
    return [number for text in list(texts)[:200] if (number := number_in(text)) >= 0]


def token_in(text: str | None) -> UUID | None:
    """A form's own number, by which it is known when it comes twice."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def day_text(day: date) -> str:
    """`Tisdag 1 juni`."""
    text = date_format(day, "l j F")
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Shown:
    """A day as it was shown, to be saved so."""

    frame: Frame
    stops: list[Chosen]
    interests: Interests


def sealed(proposal: Proposal, interests: Interests) -> str:
    """A shown day as a form carries it: what is saved is what was shown, and nothing a visitor made up."""
    stops = [_out(one.chosen) for one in proposal.stops]
    data = {"frame": _frame_out(proposal.frame), "stops": stops, "interests": interests.as_json()}
    return signing.dumps(data, salt=_SALT, compress=True)


def unsealed(text: str) -> Shown | None:
    """What `sealed` wrote; None for anything else."""
    try:
        data = signing.loads(text, salt=_SALT)
        stops = [_in(one) for one in data["stops"]]
        return Shown(_frame_in(data["frame"]), stops, Interests.of(data["interests"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError, zlib.error):
        return None


def frame_from(data: Any, frame: Frame) -> tuple[Frame, bool]:
    """The frame with what a form says in place of what it had; and whether all of it could be read."""
    changed: dict[str, Any] = {}
    understood = True
    for name in ("begins", "ends", "lunch_from", "lunch_until"):
        if name in data:
            clock = read_clock(data[name])
            understood = understood and clock is not None
            changed[name] = clock or getattr(frame, name)
    for name, least, most in (("lunch_minutes", 0, 180), ("break_minutes", 0, 60), ("longest_walk_minutes", 1, 240)):
        if name in data:
            text = str(data[name]).strip()
            number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1
            good = least <= number <= most
            understood = understood and good
            changed[name] = number if good else getattr(frame, name)
    for name in ("starts_from", "ends_at_place"):
        if name in data:
            understood = understood and data[name] in ItineraryDay.Place.values
            changed[name] = data[name] if data[name] in ItineraryDay.Place.values else getattr(frame, name)
    own = {"on": frame.on, **frame.columns(), **changed}
    return Frame(**own), understood


def _frame_out(frame: Frame) -> dict[str, Any]:
    columns = {
        name: value.isoformat() if isinstance(value, time) else value for name, value in frame.columns().items()
    }
    return {"on": frame.on.isoformat(), **columns}


def _frame_in(data: dict[str, Any]) -> Frame:
    clocks = {name: time.fromisoformat(data[name]) for name in ("begins", "ends", "lunch_from", "lunch_until")}
    return Frame(**{**data, **clocks, "on": date.fromisoformat(data["on"])})


def _out(one: Chosen) -> list[Any]:
    reason = [one.reason.code, dict(one.reason.params)] if one.reason else None
    return [
        one.kind,
        one.starts_at.isoformat(),
        one.ends_at.isoformat(),
        one.occasion,
        one.venue,
        one.title,
        one.wish,
        one.is_locked,
        reason,
        str(one.uid) if one.uid else None,
    ]


def _in(data: list[Any]) -> Chosen:
    kind, starts_at, ends_at, occasion, venue, title, wish, is_locked, reason, uid = data
    return Chosen(
        kind=Stop.Kind(kind),
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=datetime.fromisoformat(ends_at),
        occasion=occasion,
        venue=venue,
        title=title,
        wish=Stop.Wish(wish),
        is_locked=bool(is_locked),
        reason=Reason(reason[0], reason[1]) if reason else None,
        uid=UUID(uid) if uid else None,
    )
