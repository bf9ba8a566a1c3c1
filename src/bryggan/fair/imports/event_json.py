"""schema.org Event documents as a fair's programme: one, a list, a `@graph`, or a page's own nesting of them.

The rules: an event is a session, and the events under `subEvent` that have no name of their own, or the same name,
are its times. Under another name they are sessions of their own, which take place and organiser from the one above
when they say none. `superEvent` by reference is read the same way from below. A day without a clock means the opening
hours of its place.

What surprised us: ids are found as `@id`, `identifier` or `url`; ages are written instead of school years; a value may
stand alone, in a list, or as an object with a name.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from bryggan.common import safe_html
from bryggan.curriculum.models import SchoolForm
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
from bryggan.fair.local_times import NoSuchTime, at_city_time, local, moment, next_day
from bryggan.fair.models import Session

FORMAT = "schema.org"
MOST_EVENTS = 20_000
DEEPEST = 6
# An age range without an end goes to here.
_ADULT = 20
NAMES = {
    "remote_id": "@id",
    "title": "name",
    "description": "description",
    "venue": "location",
    "latitude": "geo",
    "starts_at": "startDate",
    "ends_at": "endDate",
    "state": "eventStatus",
    "organiser": "organizer",
    "capacity": "maximumAttendeeCapacity",
    "cost": "offers",
    "booking_opens_at": "offers",
    "school_years": "typicalAgeRange",
    "languages": "inLanguage",
    "subjects": "about",
    "link": "url",
    "occasion_id": "subEvent",
}
_EVENT_TYPES = {"Festival", "Hackathon", "CourseInstance", "EventSeries"}
_AGES = re.compile(r"(\d{1,2})\s*(?:[-–]\s*(\d{1,2})?)?\s*(\+)?")

Days = tuple[date, date]


def read(data: bytes, days: Days) -> Reading:
    """The events of a JSON file. Raises NotReadable."""
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=lambda _name: None)
    except UnicodeDecodeError as error:
        raise NotReadable(_("Filen är inte skriven i UTF-8.")) from error
    except (ValueError, RecursionError) as error:
        raise NotReadable(_("Filen är inte giltig JSON: den är trasig eller avhuggen.")) from error
    events = list(_events(document, 0))
    if not events:
        raise NotReadable(_("Filen har inga händelser av slaget schema.org Event."))
    if len(events) > MOST_EVENTS:
        raise NotReadable(_("Filen har fler än %(most)d händelser.") % {"most": MOST_EVENTS})
    return _Document(events, days).read()


def _events(found: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Events that stand by themselves, wherever lists and graphs put them."""
    if depth > DEEPEST:
        return
    if isinstance(found, list):
        for each in found:
            yield from _events(each, depth + 1)
    elif isinstance(found, dict):
        if _is_event(found):
            yield found
        else:
            for name in ("@graph", "itemListElement", "item", "mainEntity", "events", "event"):
                if name in found:
                    yield from _events(found[name], depth + 1)


def _is_event(found: Mapping[str, Any]) -> bool:
    types = found.get("@type")
    names = [str(each).rpartition("/")[2] for each in (types if isinstance(types, list) else [types])]
    return any(name.endswith("Event") or name in _EVENT_TYPES for name in names)


class _Bad(Exception):
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class _Document:
    def __init__(self, events: list[dict[str, Any]], days: Days) -> None:
        self.days = days
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self.sessions: list[RemoteSession] = []
        self.count = 0
        self.events = events
        self.by_id = {_id(event): event for event in events if _id(event)}
        self.seen: set[int] = set()
        # By the id of an event: those that name it from below.
        self.from_below: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in events:
            for each in _objects(event.get("superEvent")):
                if _id(each) in self.by_id and _id(each) != _id(event):
                    self.from_below[_id(each)].append(event)

    def read(self) -> Reading:
        nested = {id(sub) for event in self.events for sub in self._below(event)}
        top = [event for event in self.events if id(event) not in nested]
        # What is named in a ring has no top: such are taken as they come.
        for event in [*top, *self.events]:
            if id(event) not in self.seen:
                self._take(event, {}, 0)
        return Reading(
            FORMAT, tuple(self.sessions), tuple(self.faults), tuple(self.warnings), names=dict(NAMES), rows=self.count
        )

    def _below(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The events under one, written out there, named from there, or naming it."""
        found = []
        for sub in _objects(event.get("subEvent")):
            whole = sub if _is_whole(sub) else self.by_id.get(_id(sub))
            if whole is not None and whole is not event:
                found.append(whole)
        found += self.from_below.get(_id(event), [])
        return list({id(one): one for one in found}.values())

    def _take(self, event: dict[str, Any], inherited: Mapping[str, Any], depth: int) -> None:
        self.count += 1
        self.seen.add(id(event))
        number = self.count
        below = [one for one in self._below(event) if id(one) not in self.seen and depth < DEEPEST]
        event = {**{name: value for name, value in inherited.items() if value}, **event}
        remote_id, title = _id(event)[:120], _title(event)
        if not remote_id:
            self.faults.append(Fault(number, "@id", _("Händelsen saknar id: @id, identifier eller url.")))
            return
        own_times = [one for one in below if _title(one) in ("", title)]
        others = [one for one in below if _title(one) not in ("", title)]
        self.seen |= {id(one) for one in own_times}
        try:
            if own_times or not others:
                self.sessions.append(self._session(number, remote_id, title, event, own_times))
        except _Bad as error:
            self.faults.append(Fault(number, error.name, str(error), remote_id))
        shared = {name: event.get(name) for name in ("location", "organizer", "inLanguage", "audience")}
        for sub in others:
            self._take(sub, shared, depth + 1)

    def _session(
        self, number: int, remote_id: str, title: str, event: Mapping[str, Any], subs: list[dict[str, Any]]
    ) -> RemoteSession:
        occasions: list[RemoteOccasion] = []
        for sub in subs:
            self.count += 1
            key = _id(sub).removeprefix(remote_id).strip("#/")[:120]
            occasions += self._times(self.count, key, sub)
        if not subs:
            occasions = self._times(number, "1", event)
        is_open = any(one.all_day for one in occasions)
        state = _state(event)
        if not occasions and state != "cancelled":
            raise _Bad("startDate", _("Ligger utanför mässans dagar, eller har ingen tid."))
        columns = self._columns(number, remote_id, event)
        columns["kind"] = (Session.Kind.OPEN if is_open else Session.Kind.FIXED).value
        columns["minutes"] = _minutes(event, occasions, is_open=is_open)
        return RemoteSession(
            remote_id=remote_id,
            title=title[:200],
            columns=columns,
            venue=_venue(event.get("location")),
            state=state,
            occasions=tuple(occasions),
            row=number,
        )

    def _times(self, number: int, key: str, event: Mapping[str, Any]) -> list[RemoteOccasion]:
        is_cancelled = _state(event) == "cancelled"
        starts = _moment(event, "startDate")
        ends = _moment(event, "endDate") if event.get("endDate") else None
        own: dict[str, Any] = {}
        capacity = _capacity(event)
        if capacity is not None and key != "1":
            own["capacity"] = capacity
        if isinstance(starts, datetime):
            if ends is None and (minutes := _duration(event.get("duration"))):
                ends = starts + timedelta(minutes=minutes)
            if not isinstance(ends, datetime):
                raise _Bad("endDate", _("Händelsen har ingen sluttid."))
            if not self.days[0] <= local(starts).date() <= self.days[1]:
                return []
            key = key or f"{local(starts):%Y-%m-%dT%H.%M}"
            return [RemoteOccasion(key, starts, ends, is_cancelled=is_cancelled, columns=own, row=number)]
        if isinstance(ends, datetime):
            raise _Bad("endDate", _("Börjar utan klockslag och slutar med, eller tvärtom."))
        first, last = max(starts, self.days[0]), min(ends or starts, self.days[1])
        found = []
        while first <= last:
            found.append(
                RemoteOccasion(
                    f"{key} {first}".strip(), all_day=first, is_cancelled=is_cancelled, columns=own, row=number
                )
            )
            first = next_day(first)
        return found

    def _columns(self, number: int, remote_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        if isinstance(event.get("description"), str):
            columns["description"] = _plain(event["description"])
        if isinstance(event.get("disambiguatingDescription"), str):
            columns["summary"] = safe_html.line(_plain(event["disambiguatingDescription"]))[:300]
        if organiser := _names(event.get("organizer")):
            columns["organiser"] = ", ".join(organiser)[:200]
        if (capacity := _capacity(event)) is not None:
            columns["capacity"] = capacity
            columns["unit"] = Session.Unit.PEOPLE.value
        if event.get("inLanguage"):
            self._try(number, remote_id, "inLanguage", columns, "languages", lambda: _languages(event["inLanguage"]))
        if isinstance(event.get("url"), str):
            self._try(number, remote_id, "url", columns, "link", lambda: values.link(event["url"]))
        columns |= _whom(event)
        self._try(number, remote_id, "offers", columns, "", lambda: _offers(event))
        return columns

    def _try(self, number: int, remote_id: str, name: str, columns: dict[str, Any], column: str, find: Any) -> None:
        """What we would like to know but can do without: a warning when it cannot be read."""
        try:
            found = find()
        except BadValue as error:
            self.warnings.append(Fault(number, name, str(error), remote_id))
            return
        if column:
            columns[column] = found
        else:
            columns |= found


def _id(event: Mapping[str, Any]) -> str:
    for name in ("@id", "identifier", "url"):
        value = event.get(name)
        if isinstance(value, dict):
            value = value.get("value") or value.get("@id")
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return safe_html.line(str(value))
    return ""


def _is_whole(event: Mapping[str, Any]) -> bool:
    """False for a mere reference to an event that stands elsewhere."""
    return bool(set(event) - {"@id", "@type"})


def _title(event: Mapping[str, Any]) -> str:
    name = event.get("name")
    if isinstance(name, dict):
        name = name.get("@value") or name.get("sv")
    if isinstance(name, list):
        name = next((each for each in name if isinstance(each, str)), "")
    return safe_html.title_text(name)[:300] if isinstance(name, str) else ""


def _objects(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    return [{"@id": each} if isinstance(each, str) else each for each in found if isinstance(each, dict | str)]


def _names(value: Any) -> list[str]:
    names = [each.get("name") if "name" in each else "" for each in _objects(value)]
    if isinstance(value, str):
        names = [value]
    return [safe_html.line(name) for name in names if isinstance(name, str) and name.strip()]


def _moment(event: Mapping[str, Any], name: str) -> datetime | date:
    value = event.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _Bad(name, _("Händelsen har ingen starttid.") if name == "startDate" else _("Kan inte läsas som tid."))
    text = value.strip()
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
        return at_city_time(datetime.fromisoformat(text))
    except NoSuchTime as error:
        raise _Bad(name, _("Klockan ställs fram den natten. Klockslaget finns inte.")) from error
    except (ValueError, OverflowError) as error:
        raise _Bad(name, _("”%(text)s” är ingen tid. Skriv som 2027-06-01T10:00.") % {"text": text[:40]}) from error


def _state(event: Mapping[str, Any]) -> str:
    status = str(event.get("eventStatus") or "").rpartition("/")[2]
    return "cancelled" if status in ("EventCancelled", "EventPostponed") else "published"


def _venue(value: Any) -> RemoteVenue | None:
    places = [each for each in _objects(value) if each.get("@type") != "VirtualLocation"]
    if isinstance(value, str):
        name = safe_html.line(value)
        return RemoteVenue(name[:160]) if name else None
    for place in places:
        address = place.get("address")
        if isinstance(address, dict):
            parts = (address.get(name) for name in ("streetAddress", "postalCode", "addressLocality"))
            address = ", ".join(safe_html.line(part) for part in parts if isinstance(part, str) and part.strip())
        address = safe_html.line(address) if isinstance(address, str) else ""
        names = _names([place])
        name = names[0] if names else address
        if not name:
            continue
        geo = place.get("geo") if isinstance(place.get("geo"), dict) else place
        venue = RemoteVenue(name[:160], address=address)
        try:
            latitude, longitude = geo.get("latitude"), geo.get("longitude")  # type: ignore[union-attr]
            if latitude is not None and longitude is not None:
                venue = replace(venue, latitude=values.degrees(90)(latitude), longitude=values.degrees(180)(longitude))
        except BadValue:
            pass
        return venue
    return None


def _capacity(event: Mapping[str, Any]) -> int | None:
    for name in ("maximumPhysicalAttendeeCapacity", "maximumAttendeeCapacity"):
        if event.get(name) is not None:
            try:
                return values.number(1, values.MOST_SEATS)(event[name])
            except BadValue as error:
                raise _Bad(name, str(error)) from error
    return None


def _languages(value: Any) -> list[str]:
    words = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
    words += [
        str(each.get("alternateName") or each.get("name") or "") for each in _objects(value) if "@id" not in each
    ]
    return values.languages(", ".join(words))


def _minutes(event: Mapping[str, Any], occasions: list[RemoteOccasion], *, is_open: bool) -> int:
    told = _duration(event.get("duration"))
    if told:
        return told
    if is_open:
        return values.USUAL_STAY
    lengths = [one.ends_at - one.starts_at for one in occasions if one.starts_at and one.ends_at]
    longest = int(max(lengths, default=timedelta(hours=1)).total_seconds() // 60)
    return min(max(longest, 1), values.MOST_MINUTES)


def _duration(value: Any) -> int:
    """Minutes of an ISO 8601 duration; 0 for what is none."""
    found = (
        re.fullmatch(r"PT(?:(\d{1,2})H)?(?:(\d{1,4})M)?(?:\d{1,2}S)?", value.strip())
        if isinstance(value, str)
        else None
    )
    minutes = int(found[1] or 0) * 60 + int(found[2] or 0) if found else 0
    return min(minutes, values.MOST_MINUTES)


def _whom(event: Mapping[str, Any]) -> dict[str, Any]:
    """School forms and years out of ages, or of words that name them; nothing when the event says neither."""
    low, high = _ages(event)
    if low is not None:
        return _by_age(low, high if high is not None else _ADULT)
    for audience in _objects(event.get("audience")):
        words = audience.get("audienceType") or audience.get("educationalRole") or ""
        for find in (_by_words, _by_years):
            if isinstance(words, str) and (found := find(words)):
                return found
    level = event.get("educationalLevel")
    return (_by_years(level) or _by_words(level) or {}) if isinstance(level, str) else {}


def _ages(event: Mapping[str, Any]) -> tuple[int | None, int | None]:
    for audience in _objects(event.get("audience")):
        low, high = audience.get("suggestedMinAge"), audience.get("suggestedMaxAge")
        try:
            if low is not None:
                age = values.number(0, 120)
                return age(low), age(high) if high is not None else None
        except BadValue:
            continue
    text = event.get("typicalAgeRange")
    found = _AGES.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        return None, None
    is_open = found[3] or (not found[2] and re.search("[-–]", found[0]))
    return int(found[1]), int(found[2]) if found[2] else None if is_open else int(found[1])


def _by_age(low: int, high: int) -> dict[str, Any]:
    """A child is six in preschool class, seven in the first school year and sixteen in upper secondary."""
    forms = [
        form.value
        for form, first, last in (
            (SchoolForm.PRESCHOOL, 1, 5),
            (SchoolForm.PRESCHOOL_CLASS, 6, 6),
            (SchoolForm.COMPULSORY, 7, 15),
            (SchoolForm.UPPER_SECONDARY, 16, 19),
        )
        if low <= last and high >= first
    ]
    years = [year for year in range(1, 10) if low <= year + 6 <= high]
    return {"school_forms": forms, "school_years": [] if len(years) == 9 else years}


def _by_words(words: str) -> dict[str, Any]:
    try:
        forms = values.school_forms(words)
    except BadValue:
        return {}
    return {"school_forms": forms, "school_years": []} if forms else {}


def _by_years(words: str) -> dict[str, Any]:
    try:
        years, with_preschool_class = values.years(words)
    except BadValue:
        return {}
    if not years and not with_preschool_class:
        return {}
    forms = [SchoolForm.PRESCHOOL_CLASS.value] if with_preschool_class else []
    return {"school_forms": [*forms, SchoolForm.COMPULSORY.value], "school_years": years}


def _offers(event: Mapping[str, Any]) -> dict[str, Any]:
    """What it costs, and when booking opens, out of the offers."""
    found: dict[str, Any] = {}
    if event.get("isAccessibleForFree") is True:
        found["cost"] = 0
    for offer in _objects(event.get("offers")):
        price = offer.get("price", offer.get("lowPrice"))
        if price is not None and str(offer.get("priceCurrency") or "SEK").upper() == "SEK":
            try:
                kronor = float(str(price).replace(",", ".").replace(" ", ""))
            except ValueError as error:
                raise BadValue(_("Priset kan inte läsas.")) from error
            if 0 <= kronor <= 1_000_000:
                found["cost"] = round(kronor)
        elif price is not None:
            found["cost_text"] = f"{price} {offer.get('priceCurrency')}"[:200]
        opens = offer.get("validFrom") or offer.get("availabilityStarts")
        if isinstance(opens, str):
            try:
                at = _moment({"startDate": opens}, "startDate")
                found["booking_opens_at"] = at if isinstance(at, datetime) else moment(at, datetime.min.time())
            except (_Bad, NoSuchTime) as error:
                raise BadValue(str(error)) from error
        break
    return found


def _plain(text: str) -> str:
    if "<" in text and ">" in text:
        text = safe_html.text_of(safe_html.clean(text))
    return values.text(text)[: values.LONGEST_TEXT]
