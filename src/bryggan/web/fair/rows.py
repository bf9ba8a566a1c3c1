"""Times of sessions as pages show them: when, what, where, for whom, and whether there is room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils import formats
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.curriculum.models import SchoolForm
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Occasion, Session, State
from bryggan.fair.programmes.fit import years_text
from bryggan.fair.seating.availability import Availability, BookingState, availability
from bryggan.web.repeated import filled

# Fewer than this is said in the colour of "now".
FEW_SEATS = 10


@dataclass(frozen=True)
class Row:
    """One time. `room` is said as a badge; `tone` is its class: "now", "confirmed", "stopped" or none."""

    occasion: Occasion
    available: Availability
    begins: str
    ends: str
    room: str
    tone: str

    @property
    def session(self) -> Session:
        return self.occasion.session

    @property
    def is_cancelled(self) -> bool:
        return self.available.booking == BookingState.CANCELLED

    @property
    def is_over(self) -> bool:
        return self.available.booking == BookingState.OVER

    @property
    def is_changed(self) -> bool:
        return self.session.state == State.CHANGED and not self.is_cancelled

    @property
    def shown(self) -> SafeString:
        """The row of a day's programme."""
        session, venue = self.session, self.session.venue
        return filled(
            "fair/_row.html",
            {
                "is_cancelled": self.is_cancelled,
                "is_over": self.is_over,
                "is_changed": self.is_changed,
                "is_open": session.kind == Session.Kind.OPEN,
                "is_for_children": session.is_for_children,
                "begins": self.begins,
                "ends": self.ends,
                "address": session.get_absolute_url(),
                "title": session.title,
                "summary": session.summary,
                "venue": venue.name if venue else "",
                "area": venue.area.name if venue and venue.area else "",
                "for_whom": for_whom(session),
                "minutes": str(session.minutes),
                "cost": formats.localize(session.cost) if session.cost else "",
                "room": self.room,
                "tone": self.tone,
            },
        )


@dataclass(frozen=True)
class Group:
    """Rows that begin at the same time; for open hours `time` is empty."""

    time: str
    rows: Sequence[Row]


def rows_of(occasions: Iterable[int]) -> list[Row]:
    """Rows in the order of the numbers; those that are gone are left out. Three statements, whatever their number."""
    keys = list(occasions)
    found = Occasion.objects.select_related("session__venue__area").in_bulk(keys)
    return made(found[key] for key in keys if key in found)


def made(occasions: Iterable[Occasion]) -> list[Row]:
    """Rows of occasions whose session is read with them."""
    listed = list(occasions)
    available = availability(listed)
    rows = []
    for occasion in listed:
        here = available[occasion.pk]
        ends = local(occasion.ends_at)
        text = clock_text(ends)
        if ends.date() != local(occasion.starts_at).date():
            text = f"{date_format(ends, 'j/n')} {text}"
        room, tone = room_text(occasion, here)
        rows.append(Row(occasion, here, clock_text(local(occasion.starts_at)), text, room, tone))
    return rows


def groups_of(rows: Sequence[Row]) -> list[Group]:
    """Fixed times by when they begin, then all open hours together."""
    fixed = [row for row in rows if row.session.kind == Session.Kind.FIXED]
    open_hours = [row for row in rows if row.session.kind == Session.Kind.OPEN]
    groups = [Group(begins, list(several)) for begins, several in groupby(fixed, key=lambda row: row.begins)]
    return [*groups, Group("", open_hours)] if open_hours else groups


def room_text(occasion: Occasion, here: Availability) -> tuple[str, str]:
    """What is said of seats and booking, and in which tone."""
    if here.booking == BookingState.CANCELLED:
        return _("Inställt"), "now"
    if here.booking == BookingState.OVER:
        return _("Har varit"), "stopped"
    if here.booking == BookingState.NONE:
        return _("Ingen bokning behövs"), ""
    if here.booking == BookingState.CLOSED:
        return _("Bokningen har stängt"), "stopped"
    if here.booking == BookingState.NOT_YET:
        opens = local(occasion.booking_opens_at)
        return _("Bokningen öppnar %(when)s") % {"when": f"{date_format(opens, 'j F')} {clock_text(opens)}"}, ""
    if here.booking == BookingState.QUEUE:
        text = ngettext("Kö: %(n)d grupp väntar", "Kö: %(n)d grupper väntar", here.waiting)
        return text % {"n": here.waiting}, "now"
    if here.booking == BookingState.FULL:
        return _("Fullbokat, det går att ställa sig i kö"), "now"
    if here.left is None:
        return _("Går att boka"), ""
    if occasion.session.unit == Session.Unit.GROUPS:
        text = ngettext("Plats för %(n)d grupp", "Plats för %(n)d grupper", here.left)
        return text % {"n": here.left}, ""
    return (
        ngettext("%(n)d plats kvar", "%(n)d platser kvar", here.left) % {"n": here.left},
        "now" if here.left < FEW_SEATS else "",
    )


def for_whom(session: Session) -> str:
    """`Åk 4–6`, `Gymnasieskola`, or that it is for all."""
    parts = []
    if session.school_years:
        text = years_text(session.school_years)
        parts.append(text[:1].upper() + text[1:])
    with_years = {SchoolForm.COMPULSORY, SchoolForm.ADAPTED_COMPULSORY} if session.school_years else set()
    named = [str(form.label) for form in SchoolForm if form in session.school_forms and form not in with_years]
    parts += [name.lower() if parts else name for name in named[:1]] + [name.lower() for name in named[1:]]
    if SchoolForm.ADAPTED_COMPULSORY in session.school_forms and SchoolForm.COMPULSORY not in session.school_forms:
        parts.append(str(SchoolForm.ADAPTED_COMPULSORY.label).lower())
    if not parts or set(SchoolForm.values) <= set(session.school_forms):
        return parts[0] if session.school_years else _("Alla åldrar")
    return ", ".join(parts)
