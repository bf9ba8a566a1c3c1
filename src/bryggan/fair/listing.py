"""What a fair offers, found with filters and counted: for the open pages and the open data.

A fair is read whole and light, in the same number of statements however much it offers: 35 days times 40 venues is
the normal case. Only what a page shows is then read in full.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.db.models import CharField
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from bryggan.alignment import swedish
from bryggan.alignment.textindex import term_of, terms_of
from bryggan.curriculum.models import Curriculum, Programme, SchoolForm, Subject
from bryggan.fair.asking import FACETS, Known, Query
from bryggan.fair.models import Booking, Fair, Occasion, Session, WaitingEntry
from bryggan.fair.seating.capacity import GroupLimits, SeatsLeft, Stay, group_problem, seats_needed

_WITH_YEARS = frozenset({SchoolForm.COMPULSORY.value, SchoolForm.ADAPTED_COMPULSORY.value})
_ALL_FORMS = frozenset(SchoolForm.values)
_YEARS = range(1, 10)
# The last word of a text may still be on its way.
_LEAST_UNFINISHED = 3
# Counted for sessions of upper secondary that name no programme: they are for all of them.
_EVERY = ("",)


class Value(NamedTuple):
    """A value of a filter: how many sessions it would give, its own filter left out. `group` parts a long list."""

    value: str
    label: str
    hits: int
    group: str = ""


class Place(NamedTuple):
    pk: int
    slug: str
    name: str
    area: str
    area_name: str


class Light(NamedTuple):
    """A session, as filters need it. `forms`, `years` and `programmes` are those it suits; empty: all."""

    pk: int
    venue: Place | None
    kind: str
    forms: frozenset[str]
    years: frozenset[int]
    programmes: frozenset[str]
    subjects: frozenset[str]
    languages: tuple[str, ...]
    is_for_children: bool
    smallest: int | None
    largest: int | None
    counts_groups: bool
    # How long a class stays at open hours; None at fixed times.
    stay: timedelta | None

    @property
    def limits(self) -> GroupLimits:
        return GroupLimits(self.smallest, self.largest, counts_groups=self.counts_groups)


class Time(NamedTuple):
    """An occasion, as filters need it. `minute` is its start in UTC, `"2027-06-01 07:00"`: it sorts."""

    pk: int
    session: int
    minute: str
    on: date
    # The most seats that one group can have; None is no limit.
    left: int | None


@dataclass(frozen=True)
class Supply:
    """Everything a fair offers: what a search goes through."""

    fair: Fair
    places: Mapping[int, Place]
    sessions: Mapping[int, Light]
    times: Sequence[Time]
    # Labels of subjects (name and group) and programmes, by code.
    subjects: Mapping[str, tuple[str, str]]
    programmes: Mapping[str, str]

    @property
    def known(self) -> Known:
        return Known(
            areas={place.area for place in self.places.values() if place.area},
            venues={key: place.slug for place in self.places.values() for key in (str(place.pk), place.slug)},
            languages={language for light in self.sessions.values() for language in light.languages},
        )


@dataclass(frozen=True)
class Found:
    """What a query gives: its times in order, its sessions, and what every value of every filter would give."""

    times: Sequence[Time]
    sessions: frozenset[int]
    days: Mapping[date, int]
    facets: Mapping[str, Sequence[Value]]
    children: int
    free: int

    @property
    def count(self) -> int:
        return len(self.sessions)


def coming_fair() -> Fair | None:
    """The published fair that goes on or comes next. One statement."""
    return Fair.objects.published().filter(last_on__gte=timezone.localdate()).order_by("first_on").first()


def supply_of(fair: Fair) -> Supply:
    """Read the fair: seven statements."""
    venues = fair.venues.values_list("pk", "slug", "name", "area__slug", "area__name")
    places = {pk: Place(pk, slug, name, area or "", area_name or "") for pk, slug, name, area, area_name in venues}
    subjects, subject_labels = _subjects(fair)
    programmes, programme_labels = _programmes(fair)
    sessions = {}
    columns = (
        "pk", "venue_id", "kind", "school_forms", "school_years", "languages", "is_for_children", "smallest_group",
        "largest_group", "unit", "minutes",
    )  # fmt: skip
    offered = Session.objects.offered().filter(fair=fair).order_by()
    for pk, venue, kind, forms, years, languages, children, smallest, largest, unit, minutes in offered.values_list(
        *columns
    ):
        named = programmes.get(pk, frozenset())
        sessions[pk] = Light(
            pk=pk,
            venue=places.get(venue) if venue else None,
            kind=kind,
            forms=_suited_forms(forms, years, named),
            years=frozenset(years),
            programmes=named,
            subjects=subjects.get(pk, frozenset()),
            languages=tuple(languages),
            is_for_children=children,
            smallest=smallest,
            largest=largest,
            counts_groups=unit == Session.Unit.GROUPS,
            stay=timedelta(minutes=minutes) if kind == Session.Kind.OPEN else None,
        )
    return Supply(fair, places, sessions, _times(fair, sessions), subject_labels, programme_labels)


def find(supply: Supply, query: Query, *, facets: Iterable[str] = FACETS) -> Found:
    """Search the fair. One statement more when there is a text."""
    worded = _with_words(supply, query.text) if query.text else None
    tests = _tests(query)
    wanted = frozenset(query.days)
    days: dict[date, int] = defaultdict(int)
    counts: dict[str, dict[str, int]] = {facet: defaultdict(int) for facet in facets}
    matching: set[int] = set()
    kept: list[Time] = []
    children = free = 0
    by_session: dict[int, list[Time]] = defaultdict(list)
    for time in supply.times:
        by_session[time.session].append(time)
    for pk, times in by_session.items():
        light = supply.sessions[pk]
        if (worded is not None and pk not in worded) or not _takes(light, query.group_size):
            continue
        failed = [name for name, test in tests if not test(light)]
        if len(failed) > 1:
            continue
        # What is asked for must hold at one and the same time.
        seats = _seats_needed(light, query)
        seated = [time for time in times if time.left is None or time.left >= seats]
        here = [time for time in seated if not wanted or time.on in wanted]
        if not failed:
            for day in {time.on for time in seated}:
                days[day] += 1
        if not here:
            continue
        if not failed:
            matching.add(pk)
            kept += here
            free += any(time.left is None or time.left > 0 for time in here)
        if light.is_for_children and failed in ([], ["children"]):
            children += 1
        for facet, values in counts.items():
            if not failed or failed == [facet]:
                for value in _values_of(facet, light):
                    values[value] += 1
    return Found(
        times=sorted(kept, key=lambda time: (time.minute, time.pk)),
        sessions=frozenset(matching),
        days=dict(days),
        facets={facet: _listed(facet, counted, supply, query) for facet, counted in counts.items()},
        children=children,
        free=free,
    )


def _times(fair: Fair, sessions: Mapping[int, Light]) -> list[Time]:
    """Every time that is offered, in no order. Three statements."""
    # Starts as short texts: to read ten thousand of them as moments takes longer than all the rest.
    minute = Substr(Cast("starts_at", CharField()), 1, 16)
    rows = Occasion.objects.offered().filter(session__fair=fair).order_by()
    times = []
    booked = _booked(fair)
    entries = WaitingEntry.objects.filter(occasion__session__fair=fair, state=WaitingEntry.State.WAITING).order_by()
    queues = set(entries.values_list("occasion_id", flat=True))
    for pk, session, text, capacity, reserved in rows.values_list("pk", "session_id", minute, "capacity", "reserved"):
        light = sessions.get(session)
        if light is None:
            continue
        left = None if capacity is None else max(0, capacity - reserved)
        if pk in queues:
            # Nobody passes those who wait.
            left = 0
        elif capacity is not None and pk in booked:
            starts_at, ends_at, stays = booked[pk]
            seats = SeatsLeft(capacity, reserved, tuple(stays))
            left = most_free(seats, starts_at, ends_at, light.stay)
        times.append(Time(pk, session, text, local_day(text[:13]), left))
    return times


def _booked(fair: Fair) -> dict[int, tuple[datetime, datetime, list[Stay]]]:
    """Occasions that somebody has seats at: when they are, and every stay."""
    counting = Booking.objects.counting().filter(occasion__session__fair=fair).order_by()
    columns = (
        "occasion_id",
        "occasion__session__kind",
        "occasion__starts_at",
        "occasion__ends_at",
        "starts_at",
        "ends_at",
        "seats",
        "is_reserved",
    )
    found: dict[int, tuple[datetime, datetime, list[Stay]]] = {}
    for pk, kind, begins, ends, comes, leaves, seats, is_reserved in counting.values_list(*columns):
        if kind == Session.Kind.FIXED:
            comes, leaves = begins, ends
        found.setdefault(pk, (begins, ends, []))[2].append(Stay(comes, leaves, seats, is_reserved))
    return found


def most_free(left: SeatsLeft, starts_at: datetime, ends_at: datetime, stay: timedelta | None) -> int | None:
    """The most seats that one group can have for a stay, at whichever moment; None is no limit.

    `stay` is None where everybody is there all the time. Rooms change when somebody leaves, so those are the moments
    to look at.
    """
    if stay is None or left.free is None:
        return left.free
    moments = {starts_at} | {one.ends_at for one in left.stays if starts_at < one.ends_at <= ends_at - stay}
    return max((left.between(at, at + stay).free or 0 for at in moments), default=0)


@lru_cache(maxsize=20_000)
def local_day(hour: str) -> date:
    """`"2027-06-01 22"`, an hour in UTC, is the local 2 June: local midnight is a whole hour in UTC."""
    return timezone.localdate(datetime.fromisoformat(f"{hour}:00").replace(tzinfo=UTC))


def _subjects(fair: Fair) -> tuple[dict[int, frozenset[str]], dict[str, tuple[str, str]]]:
    rows = Session.subjects.through.objects.filter(session__fair=fair).order_by()
    found: dict[int, set[str]] = defaultdict(set)
    labels: dict[str, tuple[str, str]] = {}
    names = ("session_id", "subject__code", "subject__name", "subject__school_form", "subject__curriculum")
    for session, code, name, form, curriculum in rows.values_list(*names):
        found[session].add(code)
        labels[code] = _subject_label(name, form, curriculum)
    return {session: frozenset(codes) for session, codes in found.items()}, labels


def _subject_label(name: str, form: str, curriculum: str) -> tuple[str, str]:
    group = str(SchoolForm(form).label)
    if form == SchoolForm.UPPER_SECONDARY:
        group += f", {Curriculum(curriculum).label}"
    return name, group


def _subject_labels(codes: Collection[str]) -> dict[str, tuple[str, str]]:
    """Of subjects that were asked for and that no session has."""
    if not codes:
        return {}
    rows = Subject.objects.filter(code__in=codes).values_list("code", "name", "school_form", "curriculum")
    return {code: _subject_label(name, form, curriculum) for code, name, form, curriculum in rows}


def _programme_labels(codes: Collection[str]) -> dict[str, str]:
    return dict(Programme.objects.filter(code__in=codes).values_list("code", "name")) if codes else {}


def _programmes(fair: Fair) -> tuple[dict[int, frozenset[str]], dict[str, str]]:
    """By session; a programme stands for its predecessor and its successor too."""
    rows = Session.programmes.through.objects.filter(session__fair=fair).order_by()
    found: dict[int, set[str]] = defaultdict(set)
    labels: dict[str, str] = {}
    names = ("session_id", "programme__code", "programme__name", "programme__successor__code",
             "programme__predecessors__code")  # fmt: skip
    for session, code, name, successor, predecessor in rows.values_list(*names):
        found[session].update(one for one in (code, successor, predecessor) if one)
        labels[code] = name
    return {session: frozenset(codes) for session, codes in found.items()}, labels


def _suited_forms(forms: Sequence[str], years: Sequence[int], programmes: Iterable[str]) -> frozenset[str]:
    """Years alone are for the forms that have them, programmes alone for upper secondary; nothing said: all."""
    if forms:
        return frozenset(forms)
    suited = (_WITH_YEARS if years else frozenset()) | (
        {SchoolForm.UPPER_SECONDARY.value} if programmes else frozenset()
    )
    return suited or _ALL_FORMS


def _suits_programme(light: Light, codes: frozenset[str]) -> bool:
    return SchoolForm.UPPER_SECONDARY in light.forms and (not light.programmes or bool(light.programmes & codes))


def _suits_years(light: Light, years: frozenset[int]) -> bool:
    return bool(light.forms & _WITH_YEARS) and (not light.years or bool(light.years & years))


Test = Callable[[Light], bool]


def _tests(query: Query) -> list[tuple[str, Test]]:
    """The filters of the query that are about the session itself, by name."""
    tests: list[tuple[str, Test]] = []
    for name in ("area", "venue", "kind", "school_form", "subject", "language"):
        if getattr(query, name):
            tests.append((name, _has_one_of(name, frozenset(getattr(query, name)))))
    if query.years:
        years = frozenset(year for first, last in query.years for year in range(first, last + 1))
        tests.append(("years", lambda light: _suits_years(light, years)))
    if query.programme:
        codes = frozenset(query.programme)
        tests.append(("programme", lambda light: _suits_programme(light, codes)))
    if query.children:
        tests.append(("children", lambda light: light.is_for_children))
    return tests


def _has_one_of(name: str, chosen: frozenset[str]) -> Test:
    return lambda light: not chosen.isdisjoint(_values_of(name, light))


def _values_of(facet: str, light: Light) -> Iterable[str]:
    if facet == "area":
        return (light.venue.area,) if light.venue and light.venue.area else ()
    if facet == "venue":
        return (light.venue.slug,) if light.venue else ()
    if facet == "kind":
        return (light.kind,)
    if facet == "school_form":
        return light.forms
    if facet == "years":
        if not light.forms & _WITH_YEARS:
            return ()
        return (str(year) for year in light.years or _YEARS)
    if facet == "subject":
        return light.subjects
    if facet == "programme":
        return light.programmes or (_EVERY if SchoolForm.UPPER_SECONDARY in light.forms else ())
    return light.languages


def _listed(facet: str, counted: Mapping[str, int], supply: Supply, query: Query) -> list[Value]:
    """Every value that the fair has for the filter, in the order that it is read in."""
    if facet == "area":
        areas = sorted({(p.area_name, p.area) for p in supply.places.values() if p.area})
        return [Value(slug, name, counted.get(slug, 0)) for name, slug in areas]
    if facet == "venue":
        used = {light.venue for light in supply.sessions.values() if light.venue}
        ordered = sorted(used, key=lambda place: (place.area_name, place.name))
        return [Value(p.slug, p.name, counted.get(p.slug, 0), p.area_name) for p in ordered]
    if facet == "kind":
        return [Value(kind.value, str(kind.label).capitalize(), counted.get(kind.value, 0)) for kind in Session.Kind]
    if facet == "school_form":
        return [Value(form.value, str(form.label), counted.get(form.value, 0)) for form in SchoolForm]
    if facet == "years":
        return [Value(str(year), str(year), counted.get(str(year), 0)) for year in _YEARS]
    if facet == "subject":
        labels = {**_subject_labels(set(query.subject) - set(supply.subjects)), **supply.subjects}
        values = [Value(code, name, counted.get(code, 0), group) for code, (name, group) in labels.items()]
        return sorted(values, key=lambda value: (_group_order(value.group), value.group, value.label, value.value))
    if facet == "programme":
        names = {**_programme_labels(set(query.programme) - set(supply.programmes)), **supply.programmes}
        every = counted.get("", 0)
        values = [Value(code, name, counted.get(code, 0) + every) for code, name in names.items()]
        return sorted(values, key=lambda value: (value.label, value.value))
    languages = sorted(supply.known.languages)
    return [Value(code, language_name(code), counted.get(code, 0)) for code in languages]


def _group_order(group: str) -> int:
    names = [str(form.label) for form in SchoolForm]
    name = group.partition(",")[0]
    return names.index(name) if name in names else len(names)


def _takes(light: Light, group_size: int | None) -> bool:
    return group_size is None or group_problem(light.limits, pupils=group_size, adults=0) is None


def _seats_needed(light: Light, query: Query) -> int:
    if query.group_size is None:
        return int(query.free)
    return seats_needed(light.limits, pupils=query.group_size, adults=0)


def _with_words(supply: Supply, text: str) -> frozenset[int]:
    """Sessions that have every word of the text: in any form, as a part of a compound, or as its beginning."""
    asked = [word for word in swedish.words(text) if word not in swedish.STOPWORDS]
    columns = ("pk", "title", "summary", "description", "organiser", "theme", "venue__name")
    rows = Session.objects.offered().filter(fair=supply.fair).order_by().values_list(*columns)
    found = set()
    for pk, *texts in rows:
        words, terms = _indexed(" ".join(text for text in texts if text))
        if all(term_of(word) in terms or _begins(words, word) for word in asked):
            found.add(pk)
    return frozenset(found)


def _begins(words: str, word: str) -> bool:
    return len(word) >= _LEAST_UNFINISHED and f" {word}" in words


@lru_cache(maxsize=2_000)
def _indexed(text: str) -> tuple[str, frozenset[str]]:
    """The text's words, each after a space, and what they are found by."""
    words = swedish.words(text)
    return " " + " ".join(words), frozenset(term for word in set(words) for term in terms_of(word))


_LANGUAGES = {
    "sv": "svenska", "en": "engelska", "ar": "arabiska", "so": "somaliska", "uk": "ukrainska", "da": "danska",
    "de": "tyska", "fr": "franska", "es": "spanska", "fi": "finska", "fa": "persiska", "pl": "polska",
    "bks": "bosniska, kroatiska och serbiska", "swl": "svenskt teckenspråk", "ssp": "tecken som stöd",
}  # fmt: skip


def language_name(code: str) -> str:
    """A language's name in Swedish; a code that we do not know, as it is."""
    return _LANGUAGES.get(code.lower(), code)
