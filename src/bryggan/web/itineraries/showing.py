"""A programme's days made ready for their page: numbers, buttons and words, so that the template only shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bryggan.fair.checks import Mend, Problem
from bryggan.fair.local_times import clock_text
from bryggan.fair.models import Stop
from bryggan.fair.timetables import Day, Leg, Row, Timetable
from bryggan.web.itineraries.common import day_text

SEATS = {
    "free to come": gettext_lazy("Behöver inte bokas"),
    "planned": gettext_lazy("Planerat, inga platser bokade"),
    "held": gettext_lazy("Platserna hålls åt er"),
    "booked": gettext_lazy("Bokat"),
    "waiting": gettext_lazy("I kö"),
    "offered": gettext_lazy("Ni har fått ett platserbjudande"),
}


@dataclass(frozen=True)
class Button:
    """A form with one button: what it says, which action it asks for, and what goes with it."""

    text: str
    action: str
    fields: tuple[tuple[str, str], ...] = ()
    # None is the whole programme's form.
    stop: int | None = None


@dataclass(frozen=True)
class ShownProblem:
    text: str
    is_hard: bool
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class ShownRow:
    """A stop with its number in the day; lunch and own blocks have none."""

    row: Row
    number: int | None
    begins: str
    ends: str
    title: str
    way: str
    leave_at: str
    reason: str
    seats: str
    held_until: str
    problems: tuple[ShownProblem, ...]

    @property
    def stop(self) -> Stop:
        return self.row.stop

    @property
    def can_be_booked(self) -> bool:
        return self.row.seats in ("planned", "held", "offered") and not self.row.is_cancelled

    @property
    def has_seats(self) -> bool:
        return self.row.seats in ("held", "booked", "waiting", "offered")


@dataclass(frozen=True)
class ShownDay:
    day: Day
    name: str
    anchor: str
    rows: tuple[ShownRow, ...]
    way_home: str
    leave_for_home: str
    begins: str
    back: str
    problems: tuple[ShownProblem, ...]
    sessions: int

    @property
    def number_of_problems(self) -> int:
        return len(self.problems) + sum(len(row.problems) for row in self.rows)


def shown_days(table: Timetable) -> list[ShownDay]:
    return [_day(day) for day in table.days]


def way_text(leg: Leg | None) -> str:
    """`12 minuters promenad, ungefär 600 m`."""
    if leg is None:
        return ""
    text = _("%(n)d min med buss") if leg.means == "bus" else _("%(n)d min promenad")
    text %= {"n": leg.minutes}
    if leg.metres:
        about = _("ungefär %(m)d m") if leg.is_approximate else _("%(m)d m")
        text += ", " + about % {"m": round(leg.metres, -1)}
    return text


def _day(day: Day) -> ShownDay:
    rows: list[ShownRow] = []
    number = 0
    for row in day.rows:
        if row.session:
            number += 1
        rows.append(_row(row, number if row.session else None, day))
    last = day.rows[-1].ends_at if day.rows else None
    return ShownDay(
        day=day,
        name=day_text(day.on),
        anchor=f"dag-{day.on:%Y-%m-%d}",
        rows=tuple(rows),
        way_home=way_text(day.home),
        leave_for_home=clock_text(last) if last else "",
        begins=clock_text(day.frame.begins),
        back=clock_text(day.back_at) if day.back_at else clock_text(day.frame.ends),
        problems=tuple(_problem(problem, day) for problem in day.problems),
        sessions=number,
    )


def _row(row: Row, number: int | None, day: Day) -> ShownRow:
    leave = ""
    if row.leg:
        leave = clock_text(row.starts_at - timedelta(minutes=row.leg.minutes))
    title = row.title or (_("Lunch") if row.stop.kind == Stop.Kind.LUNCH else _("Eget"))
    held = ""
    if row.booking and row.booking.held_until and row.seats in ("held", "offered"):
        held = clock_text(row.booking.held_until)
    seats = str(SEATS[row.seats]) if row.session else ""
    if row.seats == "waiting" and row.place_in_queue:
        seats = _("Plats %(n)d i kön") % {"n": row.place_in_queue}
    return ShownRow(
        row=row,
        number=number,
        begins=clock_text(row.starts_at),
        ends=clock_text(row.ends_at),
        title=title,
        way=way_text(row.leg),
        leave_at=leave,
        reason=str(row.reason) if row.reason and row.session else "",
        seats=seats,
        held_until=held,
        problems=tuple(_problem(problem, day) for problem in row.problems),
    )


def _problem(problem: Problem, day: Day) -> ShownProblem:
    buttons = [button for mend in problem.mends if (button := _button(mend, problem, day))]
    return ShownProblem(str(problem.reason), problem.is_hard, tuple(buttons))


def _button(mend: Mend, problem: Problem, day: Day) -> Button | None:
    """The mend as a button; None for one that has its own place on the page."""
    stop = problem.stop.pk if problem.stop else None
    on = (("on", day.on.isoformat()),)
    if mend.remedy == "move" and mend.starts_at and stop:
        fields = (("starts_at", mend.starts_at.isoformat()), ("occasion", str(mend.occasion or "")))
        return Button(_("Flytta till %(time)s") % {"time": clock_text(mend.starts_at)}, "move", fields, stop)
    if mend.remedy == "begin earlier" and mend.clock:
        text = _("Börja dagen %(time)s") % {"time": clock_text(mend.clock)}
        return Button(text, "frame", (*on, ("begins", mend.clock.isoformat("minutes"))))
    if mend.remedy == "end later" and mend.clock:
        text = _("Sluta dagen %(time)s") % {"time": clock_text(mend.clock)}
        return Button(text, "frame", (*on, ("ends", mend.clock.isoformat("minutes"))))
    if mend.remedy == "longer walk" and mend.minutes:
        text = _("Tillåt %(n)d minuters promenad") % {"n": mend.minutes}
        return Button(text, "frame", (*on, ("longest_walk_minutes", str(mend.minutes))))
    if mend.remedy == "shorter break" and mend.minutes is not None:
        text = _("Korta pausen till %(n)d minuter") % {"n": mend.minutes}
        return Button(text, "frame", (*on, ("break_minutes", str(mend.minutes))))
    if mend.remedy in ("add lunch", "plan again"):
        return Button(_("Planera om dagen"), "plan again", on)
    if stop is None:
        return None
    words = {
        "remove": _("Ta bort"),
        "join queue": _("Ställ er i kö"),
        "book": _("Boka platser"),
        "change seats": _("Ändra antalet platser"),
    }
    actions = {"remove": "remove", "join queue": "wait", "book": "book", "change seats": "change seats"}
    if mend.remedy in words:
        return Button(words[mend.remedy], actions[mend.remedy], (), stop)
    return None
