"""An iCalendar file or feed as a fair's programme: each VEVENT is a session, and what it repeats are its times.

The rules: a time without a zone is the city's; one with a zone that nobody knows is refused. What lasts all day gets
the opening hours of its place, for every day that it lasts. An event may go past midnight, but not past a day and a
night. Repetitions count within the fair's days only. An event's id is its UID; a time's id is when it was to begin
by the rule, so that a moved one is still known.

What surprised us: calendars made by hand lack DTEND, repeat without end, and name zones in the words of Windows.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _
from icalendar import Calendar

from bryggan.common import safe_html
from bryggan.fair.imports import values
from bryggan.fair.imports.remote import (
    BadValue,
    Fault,
    NotReadable,
    Reading,
    RemoteOccasion,
    RemoteSession,
    RemoteVenue,
)
from bryggan.fair.local_times import STOCKHOLM, NoSuchTime, at_city_time, local, next_day
from bryggan.fair.models import Session

FORMAT = "calendar"
MOST_EVENTS = 20_000
# Of one event within the fair: eight a day for 35 days are 280.
MOST_TIMES = 400
# A rule that begins before this is a mistake, and long to count through.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_STEPS = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_BAD_PARTS = {"BYSECOND", "BYMINUTE", "BYHOUR", "BYEASTER"}
NAMES = {
    "remote_id": "UID",
    "title": "SUMMARY",
    "description": "DESCRIPTION",
    "venue": "LOCATION",
    "latitude": "GEO",
    "starts_at": "DTSTART",
    "ends_at": "DTEND",
    "state": "STATUS",
    "organiser": "ORGANIZER",
    "link": "URL",
    "occasion_id": "RECURRENCE-ID",
}

Days = tuple[date, date]


def read(data: bytes, days: Days) -> Reading:
    """The events of a calendar that touch `days`, first and last included. Raises NotReadable."""
    try:
        calendars = Calendar.from_ical(data, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except Exception as error:
        # The parser raises many kinds of things at broken files.
        raise NotReadable(_("Kalendern kan inte läsas: den är trasig eller avhuggen.")) from error
    if not events:
        raise NotReadable(_("Kalendern har inga händelser."))
    if len(events) > MOST_EVENTS:
        raise NotReadable(_("Kalendern har fler än %(most)d händelser.") % {"most": MOST_EVENTS})
    return _Feed(events, days).read()


class _Bad(Exception):
    """An event that cannot be taken, with the property that is to blame."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class _Feed:
    def __init__(self, events: Sequence[Any], days: Days) -> None:
        self.days = days
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        # By UID: the event itself, and those that stand in for one of its times.
        self.events: dict[str, list[tuple[int, Any]]] = defaultdict(list)
        self.count = len(events)
        for number, event in enumerate(events, start=1):
            uid = values.text(event.get("UID") or "")[:120]
            if not uid:
                self.faults.append(
                    Fault(number, "UID", _("Händelsen saknar UID och kan inte kännas igen nästa gång."))
                )
            else:
                self.events[uid].append((number, event))

    def read(self) -> Reading:
        sessions = []
        outside = 0
        for uid, numbered in self.events.items():
            try:
                session = self._session(uid, numbered)
            except _Bad as error:
                self.faults.append(Fault(numbered[0][0], error.name, str(error), uid))
                continue
            if session.occasions or session.state == "cancelled":
                sessions.append(session)
            else:
                outside += 1
                first = numbered[0][0]
                self.warnings.append(Fault(first, "DTSTART", _("Ligger utanför mässans dagar och läses inte."), uid))
        if outside and not sessions and not self.faults:
            self.faults.append(Fault(0, "DTSTART", _("Ingen händelse ligger inom mässans dagar.")))
        return Reading(
            FORMAT, tuple(sessions), tuple(self.faults), tuple(self.warnings), names=dict(NAMES), rows=self.count
        )

    def _session(self, uid: str, numbered: Sequence[tuple[int, Any]]) -> RemoteSession:
        masters = [one for one in numbered if "RECURRENCE-ID" not in one[1]]
        moved = [one for one in numbered if "RECURRENCE-ID" in one[1]]
        if len(masters) > 1:
            raise _Bad("UID", _("Samma UID står på flera händelser."))
        number, event = masters[0] if masters else moved[0]
        _refuse_broken(event)
        stands_in = {_recurrence_key(one): (row, one) for row, one in moved}
        occasions: list[RemoteOccasion] = []
        if masters:
            for key, starts, ends in _times(event, self.days):
                if key not in stands_in:
                    occasions += _occasion(key, starts, ends, event, number, self.days)
        for key, (row, one) in stands_in.items():
            _refuse_broken(one)
            starts, ends = _span(one)
            occasions += _occasion(key, starts, ends, one, row, self.days)
        if len(occasions) > MOST_TIMES:
            raise _Bad("RRULE", _("Upprepas fler än %(most)d gånger under mässan.") % {"most": MOST_TIMES})
        is_open = any(occasion.all_day for occasion in occasions)
        return RemoteSession(
            remote_id=uid,
            title=safe_html.line(values.text(event.get("SUMMARY") or ""))[:200],
            columns=self._columns(number, uid, event, occasions, is_open=is_open),
            venue=_venue(event),
            state=_state(event),
            occasions=tuple(occasions),
            row=number,
        )

    def _columns(
        self, number: int, uid: str, event: Any, occasions: Sequence[RemoteOccasion], *, is_open: bool
    ) -> dict[str, Any]:
        columns: dict[str, Any] = {"kind": (Session.Kind.OPEN if is_open else Session.Kind.FIXED).value}
        if is_open:
            columns["minutes"] = values.USUAL_STAY
        else:
            lengths = [one.ends_at - one.starts_at for one in occasions if one.starts_at and one.ends_at]
            longest = int(max(lengths, default=timedelta(hours=1)).total_seconds() // 60)
            columns["minutes"] = min(max(longest, 1), values.MOST_MINUTES)
        if "DESCRIPTION" in event:
            columns["description"] = _plain(str(event["DESCRIPTION"]))
        if "ORGANIZER" in event:
            # The address is a person's; the name may be an organisation's.
            name = getattr(event["ORGANIZER"], "params", {}).get("CN", "")
            columns["organiser"] = safe_html.line(str(name))[:200] if "@" not in str(name) else ""
        if "URL" in event:
            try:
                columns["link"] = values.link(str(event["URL"]))
            except BadValue as error:
                self.warnings.append(Fault(number, "URL", str(error), uid))
        return columns


def _refuse_broken(event: Any) -> None:
    """What the parser could not make out of a line that matters."""
    for name, problem in event.errors:
        if name in (None, "DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RDATE", "RECURRENCE-ID"):
            raise _Bad(name or "", _("Kan inte läsas: %(what)s.") % {"what": str(problem)[:120]})


def _span(event: Any) -> tuple[datetime | date, datetime | date]:
    """When an event begins and ends: both days, or both moments in UTC. A last day is not included."""
    if "DTSTART" not in event:
        raise _Bad("DTSTART", _("Händelsen har ingen starttid."))
    starts = _moment(event, "DTSTART")
    if "DTEND" in event:
        ends = _moment(event, "DTEND")
        if isinstance(ends, datetime) != isinstance(starts, datetime):
            raise _Bad("DTEND", _("Börjar med klockslag och slutar utan, eller tvärtom."))
        return starts, ends
    if "DURATION" in event:
        return starts, starts + event["DURATION"].dt
    if isinstance(starts, datetime):
        raise _Bad("DTEND", _("Händelsen har ingen sluttid."))
    return starts, next_day(starts)


def _moment(event: Any, name: str) -> datetime | date:
    found = event[name]
    if isinstance(found, list):
        raise _Bad(name, _("Står flera gånger."))
    return _value(found.dt, found.params.get("TZID", ""), name)


def _value(value: Any, zone: str, name: str) -> datetime | date:
    if isinstance(value, datetime):
        if zone and value.tzinfo is None:
            raise _Bad(name, _("Tidszonen ”%(zone)s” är okänd.") % {"zone": str(zone)[:60]})
        try:
            return at_city_time(value)
        except NoSuchTime as error:
            raise _Bad(name, _("Klockan ställs fram den natten. Klockslaget finns inte.")) from error
        except (OverflowError, ValueError) as error:
            raise _Bad(name, _("Dagen kan inte användas.")) from error
    if isinstance(value, date):
        return value
    raise _Bad(name, _("Kan inte läsas: %(what)s.") % {"what": str(value)[:60]})


def _times(event: Any, days: Days) -> Iterator[tuple[str, datetime | date, datetime | date]]:
    """Each time of an event within the fair's days: its key, and when it begins and ends."""
    starts, ends = _span(event)
    if "RRULE" not in event and "RDATE" not in event:
        # The one time of an event keeps its id when it is moved.
        yield "1", starts, ends
        return
    length: timedelta = ends - starts  # type: ignore[operator]
    # By the city's clocks: what is at ten stays at ten when summer time begins.
    first = _wall(event["DTSTART"].dt)
    left_out = {_wall(each) for each in _listed(event, "EXDATE")}
    walls = {wall for wall in _repeated(event, first, days) if wall not in left_out}
    walls |= {wall for each in _listed(event, "RDATE") if (wall := _wall(each)) not in left_out}
    for wall in sorted(walls):
        if not days[0] <= wall.date() <= days[1]:
            continue
        if isinstance(starts, datetime):
            zone = event["DTSTART"].dt.tzinfo
            begins = _value(wall.replace(tzinfo=zone), "", "RRULE")
            assert isinstance(begins, datetime)  # noqa: S101 - a moment was given.
        else:
            begins = wall.date()
        yield _key(begins), begins, begins + length


def _repeated(event: Any, first: datetime, days: Days) -> Iterator[datetime]:
    """Local times by the rule, until the fair is over."""
    rules = event.get("RRULE")
    if rules is None:
        yield first
        return
    if isinstance(rules, list):
        raise _Bad("RRULE", _("Flera regler för upprepning läses inte."))
    step = str((rules.get("FREQ") or [""])[0]).upper()
    if step not in _STEPS or _BAD_PARTS & {name.upper() for name in rules}:
        raise _Bad("RRULE", _("Upprepas oftare än en gång om dagen, eller på ett sätt som inte läses."))
    if first.replace(tzinfo=UTC) < EARLIEST:
        raise _Bad("DTSTART", _("Upprepas sedan före år 1990."))
    end = datetime.combine(next_day(days[1]), time())
    until = (rules.get("UNTIL") or [None])[0]
    if until is not None:
        end = min(end, _last_wall(until, event["DTSTART"].dt))
    parts = {name: value for name, value in rules.items() if name.upper() not in ("UNTIL", "COUNT")}
    count = (rules.get("COUNT") or [None])[0]
    text = ";".join(f"{name}={','.join(map(str, value))}" for name, value in parts.items())
    try:
        rule = rrulestr(f"{text};UNTIL={end:%Y%m%dT%H%M%S}", dtstart=first)
        for number, wall in enumerate(rule):
            if count is not None and number >= int(count):
                return
            yield wall
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _Bad("RRULE", _("Regeln för upprepning kan inte läsas.")) from error


def _listed(event: Any, name: str) -> Iterator[Any]:
    found = event.get(name)
    for each in found if isinstance(found, list) else [found] if found is not None else []:
        for one in each.dts:
            value = one.dt
            yield value[0] if isinstance(value, tuple) else value


def _last_wall(until: Any, first: Any) -> datetime:
    """The last local time by the rule: its end is written in UTC, or as a day that is included."""
    if not isinstance(until, datetime):
        return datetime.combine(next_day(until), time()) - timedelta(seconds=1)
    if until.tzinfo is None:
        return until
    return until.astimezone(getattr(first, "tzinfo", None) or STOCKHOLM).replace(tzinfo=None)


def _wall(value: Any) -> datetime:
    """What the clocks of its own zone show; midnight of a day."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime.combine(value, time())


def _recurrence_key(event: Any) -> str:
    return _key(_moment(event, "RECURRENCE-ID"))


def _key(begins: datetime | date) -> str:
    return f"{local(begins):%Y-%m-%dT%H.%M}" if isinstance(begins, datetime) else begins.isoformat()


def _occasion(
    key: str, starts: datetime | date, ends: datetime | date, event: Any, number: int, days: Days
) -> Iterator[RemoteOccasion]:
    """The times of one repetition: one, or one for each day that it lasts all day."""
    is_cancelled = _state(event) == "cancelled"
    if isinstance(starts, datetime) and isinstance(ends, datetime):
        day = local(starts).date()
        if days[0] <= day <= days[1]:
            yield RemoteOccasion(key, starts, ends, is_cancelled=is_cancelled, row=number)
        return
    if isinstance(starts, datetime) or isinstance(ends, datetime):
        raise _Bad("DTEND", _("Börjar med klockslag och slutar utan, eller tvärtom."))
    if ends <= starts:
        raise _Bad("DTEND", _("Slutar innan den börjar, eller samtidigt."))
    day, last = max(starts, days[0]), min(ends - timedelta(days=1), days[1])
    while day <= last:
        yield RemoteOccasion(f"{key} {day}", all_day=day, is_cancelled=is_cancelled, row=number)
        day = next_day(day)


def _venue(event: Any) -> RemoteVenue | None:
    name = safe_html.line(str(event.get("LOCATION") or ""))
    if not name:
        return None
    latitude = longitude = None
    with contextlib.suppress(KeyError, AttributeError, TypeError, ValueError):
        latitude, longitude = float(event["GEO"].latitude), float(event["GEO"].longitude)
    if latitude is not None and not (abs(latitude) <= 90 and abs(longitude or 0) <= 180):
        latitude = longitude = None
    # A calendar has name and address in one line; the name is what comes first.
    first, _comma, rest = name.partition(",")
    return RemoteVenue(
        name=first.strip()[:160] or name[:160], address=rest.strip(), latitude=latitude, longitude=longitude
    )


def _state(event: Any) -> str:
    status = str(event.get("STATUS") or "").upper()
    return {"CANCELLED": "cancelled", "TENTATIVE": "draft"}.get(status, "published")


def _plain(text: str) -> str:
    if "<" in text and ">" in text:
        text = safe_html.text_of(safe_html.clean(text))
    return values.text(text)[: values.LONGEST_TEXT]
