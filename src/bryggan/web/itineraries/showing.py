"""A programme's days made ready for their page: words, numbers and addresses, so that the templates only show.

All of it is text already: a number in a template asks which language it is to be written in, each time anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from bryggan.fair.local_times import clock_text
from bryggan.fair.models import Itinerary, Stop
from bryggan.fair.programmes.checks import Mend, Problem
from bryggan.fair.programmes.queries import Leg
from bryggan.fair.programmes.timetables import Day, Row, Timetable
from bryggan.web.itineraries import walk_map
from bryggan.web.itineraries.common import day_text
from bryggan.web.repeated import filled

# Said by the badge of the stop and at the top of the page.
_TOLD_ELSEWHERE = frozenset({"held until"})
# Ways to mend a stop's problem that need nothing more than the stop: the button, and what it does.
_DEEDS: Mapping[str, tuple[Promise, str]] = {
    "remove": (gettext_lazy("Ta bort"), "remove"),
    "join queue": (gettext_lazy("Ställ er i kö"), "wait"),
    "book": (gettext_lazy("Boka platser"), "book"),
    "change seats": (gettext_lazy("Ändra antalet platser"), "change seats"),
}


@dataclass(frozen=True)
class Reader:
    """Who the page is for: the stops of one's own (`mine`) have buttons, and forms carry the page's `token`.

    `told`: by a stop's id, what was just done to it.
    """

    mine: bool
    token: str
    told: Mapping[str, str]


@dataclass(frozen=True)
class Button:
    """A form with one button: what it says, where it goes, and what goes with it."""

    text: str
    address: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ShownDay:
    """A day on its page, with what leads to it from above."""

    anchor: str
    name: str
    page: SafeString


def shown_days(table: Timetable, reader: Reader) -> list[ShownDay]:
    words = _words_of_seats()
    return [_day(day, table.itinerary, reader, words) for day in table.days]


def way_text(leg: Leg | None) -> str:
    """`12 min promenad, ungefär 600 m`."""
    return _way_text(leg, get_language()) if leg else ""


# Classes walk between the same places, and every word asks anew which language it is to be in.
@lru_cache(maxsize=5_000)
def _way_text(leg: Leg, language: str | None) -> str:
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


def _day(day: Day, itinerary: Itinerary, reader: Reader, words: Mapping[str, str]) -> ShownDay:
    address = itinerary.get_absolute_url()
    stops = []
    number = to_mend = 0
    for row in day.rows:
        number += row.session is not None
        to_mend += sum(problem.code not in _TOLD_ELSEWHERE for problem in row.problems)
        stops.append(_stop(row, str(number) if row.session else "", day, address, reader, words))
    to_mend += len(day.problems)
    last = day.rows[-1].ends_at if day.rows else None
    anchor, name, drawn = f"dag-{day.on:%Y-%m-%d}", day_text(day.on), walk_map.of_day(day)
    page = filled(
        "itineraries/_day.html",
        {
            "anchor": anchor,
            "name": name,
            "on": day.on.isoformat(),
            "facts": facts_text(number, day.walking_minutes),
            "to_mend": ngettext("%(n)d sak att se över", "%(n)d saker att se över", to_mend) % {"n": to_mend}
            if to_mend
            else "",
            "start": day.start.name,
            "end": day.end.name,
            "begins": clock_text(day.frame.begins),
            "back": clock_text(day.back_at) if day.back_at else clock_text(day.frame.ends),
            "way_home": way_text(day.home),
            "leave_for_home": clock_text(last) if last else "",
            "stops": SafeString("".join(stops)),
            "problems": _problems(day.problems, day, address, reader),
            "drawing": drawn.drawing if drawn else "",
            "mine": reader.mine,
            "address": address,
            "change": reverse("change_itinerary", args=[itinerary.pk]) if reader.mine else "",
            "version": str(itinerary.version),
            "csrf_token": reader.token,
        },
    )
    return ShownDay(anchor, name, page)


def _stop(row: Row, number: str, day: Day, address: str, reader: Reader, words: Mapping[str, str]) -> SafeString:
    """A stop with its number in the day; lunch and own blocks have none."""
    stop, session = row.stop, row.session
    seats = words[row.seats] if session else ""
    if row.booking and row.booking.held_until and row.seats in ("held", "offered"):
        seats %= {"time": clock_text(row.booking.held_until)}
    if row.seats == "waiting" and row.place_in_queue:
        seats = _("Plats %(n)d i kön") % {"n": row.place_in_queue}
    of_stop, title = f"{address}/stopp/{stop.pk}", escape(title_of(stop))
    uid = str(stop.uid)
    release = ""
    if session and row.seats not in ("planned", "free to come"):
        release = _("Lämna kön") if row.seats == "waiting" else _("Lämna platserna")
    can_book = session and row.seats in ("planned", "held", "offered") and not row.is_cancelled
    own = tuple(problem for problem in row.problems if problem.code not in _TOLD_ELSEWHERE)
    return filled(
        "itineraries/_stop.html",
        {
            "mine": reader.mine,
            "anchor": f"stopp-{uid}",
            "number": number,
            "begins": clock_text(row.starts_at),
            "ends": clock_text(row.ends_at),
            "begins_at": row.starts_at.isoformat(),
            "title": title,
            # `: Titel` for ears alone, after the word of a button.
            "of": SafeString(f'<span class="hidden-visually">: {title}</span>'),
            "link": session.get_absolute_url() if session else "",
            "place": row.venue.name if row.venue else "",
            "is_approximate": bool(row.venue and row.venue.position and row.venue.position_is_approximate),
            "way": way_text(row.leg),
            "leave_at": clock_text(row.starts_at - timedelta(minutes=row.leg.minutes)) if row.leg else "",
            "reason": str(row.reason) if row.reason and session else "",
            "note": stop.note,
            "seats": seats,
            "seats_class": {"booked": " confirmed", "held": " now", "offered": " now"}.get(row.seats, ""),
            "book": _("Boka") if can_book else "",
            "release": release,
            "is_locked": stop.is_locked,
            "is_must": session is not None and stop.wish == Stop.Wish.MUST,
            "is_cancelled": row.is_cancelled,
            "address": of_stop,
            "others": f"{of_stop}/andra",
            "told": str(reader.told.get(uid, "")),
            "problems": _problems(own, day, address, reader),
        },
    )


def title_of(stop: Stop) -> str:
    """What a stop is called on a page."""
    if stop.occasion is not None:
        return stop.occasion.session.title
    return stop.title or (_("Lunch") if stop.kind == Stop.Kind.LUNCH else _("Eget"))


def _problems(problems: Sequence[Problem], day: Day, address: str, reader: Reader) -> SafeString:
    return SafeString("".join(_problem(problem, day, address, reader) for problem in problems))


def _problem(problem: Problem, day: Day, address: str, reader: Reader) -> SafeString:
    mends = problem.mends if reader.mine else ()
    # Two ways to mend it may be one button.
    buttons = dict.fromkeys(button for mend in mends if (button := _button(mend, problem, day, address)))
    forms = SafeString("".join(_form(button, reader.token) for button in buttons))
    return filled(
        "itineraries/_problem.html", {"text": str(problem.reason), "is_hard": problem.is_hard, "buttons": forms}
    )


def _form(button: Button, token: str) -> SafeString:
    fields = format_html_join("", '<input type="hidden" name="{}" value="{}">', button.fields)
    words = {"address": button.address, "text": button.text, "fields": fields, "csrf_token": token}
    return filled("itineraries/_mend.html", words)


def _button(mend: Mend, problem: Problem, day: Day, address: str) -> Button | None:
    """The mend as a button; None for one that has its own place on the page."""
    of_stop = f"{address}/stopp/{problem.stop.pk}" if problem.stop else ""

    def whole() -> str:
        return reverse("change_itinerary", args=[day.day.itinerary_id])

    def frame(text: str, name: str, value: str) -> Button:
        return Button(text, whole(), (("do", "frame"), ("on", day.on.isoformat()), (name, value)))

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
        text = ngettext("Korta pausen till %(n)d minut", "Korta pausen till %(n)d minuter", mend.minutes)
        text %= {"n": mend.minutes}
        return frame(text, "break_minutes", str(mend.minutes))
    if mend.remedy in ("add lunch", "plan again"):
        return Button(_("Planera om dagen"), whole(), (("do", "plan again"), ("on", day.on.isoformat())))
    if of_stop and mend.remedy in _DEEDS:
        word, deed = _DEEDS[mend.remedy]
        return Button(str(word), of_stop, (("do", deed),))
    return None
