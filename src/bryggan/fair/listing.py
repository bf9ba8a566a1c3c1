"""What a fair offers, found with filters and counted: for the open pages and the open data.

A fair is read whole and light, in the same number of statements however much it offers: 35 days times 40 venues is
the normal case. Only what a page shows is then read in full.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import CharField, QuerySet, TextField
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from bryggan.alignment import swedish
from bryggan.alignment.textindex import term_of, terms_of
from bryggan.curriculum.models import Curriculum, Programme, SchoolForm, Subject
from bryggan.fair.asking import FACETS, Known, Query
from bryggan.fair.languages import language_name
from bryggan.fair.models import Fair, Occasion, Session
from bryggan.fair.seating.capacity import GroupLimits, seats_if_taken
from bryggan.fair.seating.taken import taken_at

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
    # How long a class stays at open hours; None at fixed times.
    stay: timedelta | None


# A time as it is read: a row of ten thousand.
Row = tuple[int, int, str, int | None, int]


class Time(NamedTuple):
    """An occasion, as filters need it. `minute` is its start in UTC, `"2027-06-01 07:00"`: it sorts."""

    pk: int
    session: int
    minute: str
    capacity: int | None
    reserved: int

    @property
    def on(self) -> date:
        return local_day(self.minute[:13])


class Lights(dict[int, Light]):
    """Sessions by their numbers, each made out of its row when it is first asked for: most pages show one day."""

    def __init__(self, rows: Mapping[int, Sequence[Any]], make: Callable[[Sequence[Any]], Light]) -> None:
        super().__init__()
        self.rows = rows
        self._make = make

    def __missing__(self, pk: int) -> Light:
        light = self[pk] = self._make(self.rows[pk])
        return light


@dataclass(frozen=True)
class Supply:
    """Everything a fair offers: what a search goes through."""

    fair: Fair
    places: Mapping[int, Place]
    sessions: Lights
    # By the columns of `Time`, in no order.
    times: Sequence[Row]
    languages: frozenset[str]
    # Labels of subjects (name and group) and programmes, by code.
    subjects: Mapping[str, tuple[str, str]]
    programmes: Mapping[str, str]

    @property
    def known(self) -> Known:
        return Known(
            areas={place.area for place in self.places.values() if place.area},
            venues={key: place.slug for place in self.places.values() for key in (str(place.pk), place.slug)},
            languages=self.languages,
        )

    def days(self, venue: str = "") -> list[date]:
        """Those with a time, in order; at the venue with that slug."""
        here = {pk for pk, place in self.places.items() if place.slug == venue}
        rows = self.sessions.rows
        return sorted({local_day(row[2][:13]) for row in self.times if not venue or rows[row[1]][_VENUE] in here})


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


# What is read of a session. Lists as their texts: to read them as lists takes longer than the statement.
_READ = (
    "pk", "venue_id", "kind", Cast("school_forms", TextField()), Cast("school_years", TextField()),
    Cast("languages", TextField()), "is_for_children", "minutes", "smallest_group", "largest_group", "unit",
)  # fmt: skip
_VENUE, _LANGUAGES_TEXT, _LIMITS = 1, 5, slice(8, 11)


def supply_of(fair: Fair) -> Supply:
    """Read the fair: seven statements."""
    venues = fair.venues.values_list("pk", "slug", "name", "area__slug", "area__name")
    places = {pk: Place(pk, slug, name, area or "", area_name or "") for pk, slug, name, area, area_name in venues}
    subjects, subject_labels = _subjects(fair)
    programmes, programme_labels = _programmes(fair)
    rows = {row[0]: row for row in Session.objects.offered().filter(fair=fair).order_by().values_list(*_READ)}

    def light(row: Sequence[Any]) -> Light:
        pk, venue, kind, forms, years, languages, children, minutes = row[:8]
        named = programmes.get(pk, frozenset())
        return Light(
            pk=pk,
            venue=places.get(venue) if venue else None,
            kind=kind,
            forms=_suited_forms(listed_in(forms), listed_in(years), bool(named)),
            years=frozenset(listed_in(years)),
            programmes=named,
            subjects=frozenset(subjects.get(pk, ())),
            languages=listed_in(languages),
            is_for_children=children,
            stay=timedelta(minutes=minutes) if kind == Session.Kind.OPEN else None,
        )

    spoken = {language for text in {row[_LANGUAGES_TEXT] for row in rows.values()} for language in listed_in(text)}
    times = [row for row in _times(fair) if row[1] in rows]
    return Supply(fair, places, Lights(rows, light), times, frozenset(spoken), subject_labels, programme_labels)


@lru_cache(maxsize=5_000)
def listed_in(text: str) -> tuple[Any, ...]:
    """A list column that was read as its text."""
    return tuple(json.loads(text))


def _times(fair: Fair) -> QuerySet[Any, Any]:
    """Every time that is not cancelled, in no order."""
    # Starts as short texts: to read ten thousand of them as moments takes longer than all the rest.
    minute = Substr(Cast("starts_at", CharField()), 1, 16)
    rows = Occasion.objects.filter(session__fair=fair, cancelled_at__isnull=True).order_by()
    return rows.values_list("pk", "session_id", minute, "capacity", "reserved")


def find(supply: Supply, query: Query, *, facets: Iterable[str] = FACETS) -> Found:
    """Search the fair: three statements more, and one when there is a text."""
    worded = _with_words(supply, query.text) if query.text else None
    tests = _tests(query)
    wanted = frozenset(query.days)
    failing: dict[int, tuple[str, ...] | None] = {}
    seats: dict[int, int] = {}
    # Who asks for no seats needs to know them of the times of the days alone.
    left = _most_left(supply, supply.times, ()) if query.asks_for_seats or not wanted else None
    of_days: dict[date, set[int]] = defaultdict(set)
    here: list[Row] = []
    for row in supply.times:
        pk, session, minute, _capacity, _reserved = row
        if session not in failing:
            needed = _group_seats(*supply.sessions.rows[session][_LIMITS], query.group_size, query.free)
            seats[session] = needed or 0
            outside = needed is None or (worded is not None and session not in worded)
            failing[session] = None if outside else _failing(supply.sessions, session, tests)
        failed = failing[session]
        if failed is None:
            continue
        # What is asked for must hold at one and the same time.
        if left and seats[session] and (most := left[pk]) is not None and most < seats[session]:
            continue
        on = local_day(minute[:13])
        if not failed:
            of_days[on].add(session)
        if not wanted or on in wanted:
            here.append(row)
    counts: dict[str, dict[str, int]] = {facet: defaultdict(int) for facet in facets}
    children = 0
    for session in {row[1] for row in here}:
        light, failed = supply.sessions[session], failing[session]
        if light.is_for_children and failed in ((), ("children",)):
            children += 1
        for facet, values in counts.items():
            if not failed or failed == (facet,):
                for value in _values_of(facet, light):
                    values[value] += 1
    given = [row for row in here if not failing[row[1]]]
    if left is None:
        left = _most_left(supply, given, wanted)
    kept = sorted((Time(*row) for row in given), key=lambda time: (time.minute, time.pk))
    return Found(
        times=kept,
        sessions=frozenset(time.session for time in kept),
        days={on: len(sessions) for on, sessions in of_days.items()},
        facets={facet: _listed(facet, counted, supply, query) for facet, counted in counts.items()},
        children=children,
        free=len({time.session for time in kept if left[time.pk] is None or left[time.pk]}),
    )


def _failing(lights: Lights, session: int, tests: Sequence[tuple[str, Test]]) -> tuple[str, ...] | None:
    """The filter that leaves the session out, if any; None for several: then it is in nobody's count."""
    failed = tuple(name for name, test in tests if not test(lights[session]))
    return failed if len(failed) < 2 else None


def _most_left(supply: Supply, times: Sequence[Row], days: Collection[date]) -> dict[int, int | None]:
    """The most seats that one group can have at each of the times, None for no limit: three statements.

    `days` are those that they begin on; all of the fair's when there are none.
    """
    taken = taken_at(supply.fair, min(days, default=None), max(days, default=None))
    return {
        pk: taken.most_left(pk, capacity, reserved, supply.sessions[session].stay if pk in taken.hours else None)
        for pk, session, _minute, capacity, reserved in times
    }


@lru_cache(maxsize=20_000)
def local_day(hour: str) -> date:
    """`"2027-06-01 22"`, an hour in UTC, is the local 2 June: local midnight is a whole hour in UTC."""
    return timezone.localdate(datetime.fromisoformat(f"{hour}:00").replace(tzinfo=UTC))


def _subjects(fair: Fair) -> tuple[dict[int, list[str]], dict[str, tuple[str, str]]]:
    """Codes by session, and labels by code: two statements."""
    links = Session.subjects.through.objects.filter(session__fair=fair).order_by()
    rows = Subject.objects.filter(pk__in=links.values("subject_id")).order_by()
    named = {
        pk: (code, _subject_label(name, form, curriculum))
        for pk, code, name, form, curriculum in rows.values_list("pk", "code", "name", "school_form", "curriculum")
    }
    found: dict[int, list[str]] = defaultdict(list)
    for session, subject in links.values_list("session_id", "subject_id"):
        found[session].append(named[subject][0])
    return found, dict(named.values())


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


@lru_cache(maxsize=5_000)
def _suited_forms(forms: tuple[str, ...], years: tuple[int, ...], names_programmes: bool) -> frozenset[str]:
    """Years alone are for the forms that have them, programmes alone for upper secondary; nothing said: all."""
    if forms:
        return frozenset(forms)
    suited = (_WITH_YEARS if years else frozenset()) | (
        {SchoolForm.UPPER_SECONDARY.value} if names_programmes else frozenset()
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
        used = {supply.places[row[_VENUE]] for row in supply.sessions.rows.values() if row[_VENUE] in supply.places}
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
    languages = sorted(supply.languages)
    return [Value(code, language_name(code), counted.get(code, 0)) for code in languages]


def _group_order(group: str) -> int:
    names = [str(form.label) for form in SchoolForm]
    name = group.partition(",")[0]
    return names.index(name) if name in names else len(names)


@lru_cache(maxsize=1_000)
def _group_seats(smallest: int | None, largest: int | None, unit: str, group: int | None, free: bool) -> int | None:
    """How many seats are asked for, 0 for none; None when the session does not take a group of that size."""
    if group is None:
        return int(free)
    limits = GroupLimits(smallest, largest, counts_groups=unit == Session.Unit.GROUPS)
    return seats_if_taken(limits, pupils=group, adults=0)


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
