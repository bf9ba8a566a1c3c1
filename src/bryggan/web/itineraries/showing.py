"""A programme's days made ready for their page: words, numbers and addresses, so that the template only shows.

All of it is text already: a number in a template asks which language it is to be written in, each time anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.fair.local_times import clock_text
from bryggan.fair.models import Stop
from bryggan.fair.programmes.checks import Mend, Problem
from bryggan.fair.programmes.queries import Leg
from bryggan.fair.programmes.timetables import Day, Row, Timetable
from bryggan.web.itineraries.common import day_text

# Said by the badge of the stop and at the top of the page.
_TOLD_ELSEWHERE = frozenset({"held until"})


@dataclass(frozen=True)
class Button:
    """A form with one button: what it says, where it goes, and what goes with it."""

    text: str
    address: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ShownProblem:
    text: str
    is_hard: bool
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class ShownRow:
    """A stop with its number in the day; lunch and own blocks have none.

    `told` is what was just done to it. `book` and `release` are the words of their buttons, or nothing.
    """

    anchor: str
    number: str
    begins: str
    ends: str
    begins_at: str
    title: str
    # `: Titel` for ears alone, after the word of a button.
    of: SafeString
    link: str
    place: str
    is_approximate: bool
    way: str
    leave_at: str
    reason: str
    note: str
    seats: str
    seats_class: str
    book: str
    release: str
    is_locked: bool
    is_must: bool
    is_cancelled: bool
    address: str
    others: str
    told: str
    problems: tuple[ShownProblem, ...]


@dataclass(frozen=True)
class ShownDay:
    anchor: str
    name: str
    on: str
    facts: str
    to_mend: str
    start: str
    end: str
    begins: str
    back: str
    way_home: str
    leave_for_home: str
    rows: tuple[ShownRow, ...]
    problems: tuple[ShownProblem, ...]
    day: Day


def shown_days(table: Timetable, told: Mapping[str, str]) -> list[ShownDay]:
    """`told`: by a stop's id, what was just done to it."""
    words = _words_of_seats()
    return [_day(day, table.itinerary.get_absolute_url(), told, words) for day in table.days]


def way_text(leg: Leg | None) -> str:
    """`12 min promenad, ungefär 600 m`."""
    if leg is None:
        return ""
    text = _("%(n)d min med buss") if leg.means == "bus" else _("%(n)d min promenad")
    text %= {"n": leg.minutes}
    if leg.metres and leg.means != "bus":
        about = _("ungefär %(m)d m") if leg.is_approximate else _("%(m)d m")
        text += ", " + about % {"m": max(50, round(leg.metres / 50) * 50)}
    return text


def facts_text(sessions: int, walking_minutes: int) -> str:
    """`4 programpunkter, 42 minuter promenad`."""
    number = ngettext("%(n)d programpunkt", "%(n)d programpunkter", sessions) % {"n": sessions}
    return number + ", " + _("%(n)d minuter promenad") % {"n": walking_minutes}


def _words_of_seats() -> dict[str, str]:
    return {
        "free to come": _("Behöver inte bokas"),
        "planned": _("Inte bokat än"),
        "held": _("Platserna hålls till %(time)s"),
        "booked": _("Bokat"),
        "waiting": _("I kö"),
        "offered": _("Platser erbjuds er till %(time)s"),
    }


def _day(day: Day, address: str, told: Mapping[str, str], words: Mapping[str, str]) -> ShownDay:
    rows: list[ShownRow] = []
    number = 0
    for row in day.rows:
        number += row.session is not None
        rows.append(_row(row, str(number) if row.session else "", day, address, told, words))
    last = day.rows[-1].ends_at if day.rows else None
    problems = tuple(_problem(problem, day, address) for problem in day.problems)
    to_mend = len(problems) + sum(len(row.problems) for row in rows)
    return ShownDay(
        anchor=f"dag-{day.on:%Y-%m-%d}",
        name=day_text(day.on),
        on=day.on.isoformat(),
        facts=facts_text(number, day.walking_minutes),
        to_mend=ngettext("%(n)d sak att se över", "%(n)d saker att se över", to_mend) % {"n": to_mend}
        if to_mend
        else "",
        start=day.start.name,
        end=day.end.name,
        begins=clock_text(day.frame.begins),
        back=clock_text(day.back_at) if day.back_at else clock_text(day.frame.ends),
        way_home=way_text(day.home),
        leave_for_home=clock_text(last) if last else "",
        rows=tuple(rows),
        problems=problems,
        day=day,
    )


def _row(row: Row, number: str, day: Day, address: str, told: Mapping[str, str], words: Mapping[str, str]) -> ShownRow:
    stop = row.stop
    seats = words[row.seats] if row.session else ""
    if row.booking and row.booking.held_until and row.seats in ("held", "offered"):
        seats %= {"time": clock_text(row.booking.held_until)}
    if row.seats == "waiting" and row.place_in_queue:
        seats = _("Plats %(n)d i kön") % {"n": row.place_in_queue}
    of_stop, title = f"{address}/stopp/{stop.pk}", title_of(stop)
    uid = str(stop.uid)
    release = ""
    if row.session and row.seats not in ("planned", "free to come"):
        release = _("Lämna kön") if row.seats == "waiting" else _("Lämna platserna")
    can_book = row.session and row.seats in ("planned", "held", "offered") and not row.is_cancelled
    return ShownRow(
        anchor=f"stopp-{uid}",
        number=number,
        begins=clock_text(row.starts_at),
        ends=clock_text(row.ends_at),
        begins_at=row.starts_at.isoformat(),
        title=title,
        of=format_html('<span class="hidden-visually">: {}</span>', title),
        link=row.session.get_absolute_url() if row.session else "",
        place=row.venue.name if row.venue else "",
        is_approximate=bool(row.venue and row.venue.position and row.venue.position_is_approximate),
        way=way_text(row.leg),
        leave_at=clock_text(row.starts_at - timedelta(minutes=row.leg.minutes)) if row.leg else "",
        reason=str(row.reason) if row.reason and row.session else "",
        note=stop.note,
        seats=seats,
        seats_class={"booked": " confirmed", "held": " now", "offered": " now"}.get(row.seats, ""),
        book=_("Boka") if can_book else "",
        release=release,
        is_locked=stop.is_locked,
        is_must=row.session is not None and stop.wish == Stop.Wish.MUST,
        is_cancelled=row.is_cancelled,
        address=of_stop,
        others=f"{of_stop}/andra",
        told=told.get(uid, ""),
        problems=tuple(
            _problem(problem, day, address) for problem in row.problems if problem.code not in _TOLD_ELSEWHERE
        ),
    )


def title_of(stop: Stop) -> str:
    """What a stop is called on a page."""
    if stop.occasion is not None:
        return stop.occasion.session.title
    return stop.title or (_("Lunch") if stop.kind == Stop.Kind.LUNCH else _("Eget"))


def _problem(problem: Problem, day: Day, address: str) -> ShownProblem:
    buttons = [button for mend in problem.mends if (button := _button(mend, problem, day, address))]
    # Two ways to mend it may be one button.
    return ShownProblem(str(problem.reason), problem.is_hard, tuple(dict.fromkeys(buttons)))


def _button(mend: Mend, problem: Problem, day: Day, address: str) -> Button | None:
    """The mend as a button; None for one that has its own place on the page."""
    of_stop = f"{address}/stopp/{problem.stop.pk}" if problem.stop else ""
    whole = reverse("change_itinerary", args=[day.day.itinerary_id])

    def frame(text: str, name: str, value: str) -> Button:
        return Button(text, whole, (("do", "frame"), ("on", day.on.isoformat()), (name, value)))

    if mend.remedy == "move" and mend.starts_at and of_stop:
        fields = (("do", "move"), ("starts_at", mend.starts_at.isoformat()), ("occasion", str(mend.occasion or "")))
        return Button(_("Flytta till %(time)s") % {"time": clock_text(mend.starts_at)}, of_stop, fields)
    if mend.remedy == "begin earlier" and mend.clock:
        text = _("Börja dagen %(time)s") % {"time": clock_text(mend.clock)}
        return frame(text, "begins", mend.clock.isoformat("minutes"))
    if mend.remedy == "end later" and mend.clock:
        text = _("Sluta dagen %(time)s") % {"time": clock_text(mend.clock)}
        return frame(text, "ends", mend.clock.isoformat("minutes"))
    if mend.remedy == "longer walk" and mend.minutes:
        text = _("Tillåt %(n)d minuters promenad") % {"n": mend.minutes}
        return frame(text, "longest_walk_minutes", str(mend.minutes))
    if mend.remedy == "shorter break" and mend.minutes is not None:
        text = _("Korta pausen till %(n)d minuter") % {"n": mend.minutes}
        return frame(text, "break_minutes", str(mend.minutes))
    if mend.remedy in ("add lunch", "plan again"):
        return Button(_("Planera om dagen"), whole, (("do", "plan again"), ("on", day.on.isoformat())))
    words = {
        "remove": _("Ta bort"),
        "join queue": _("Ställ er i kö"),
        "book": _("Boka platser"),
        "change seats": _("Ändra antalet platser"),
    }
    deeds = {"remove": "remove", "join queue": "wait", "book": "book", "change seats": "change seats"}
    if of_stop and mend.remedy in words:
        return Button(words[mend.remedy], of_stop, (("do", deeds[mend.remedy]),))
    return None
