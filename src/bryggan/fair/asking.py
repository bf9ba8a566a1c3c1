"""A query for the fair's sessions out of request parameters, the same for pages and for the open data.

Nothing raises here: what cannot be understood is named, and the caller decides. The open data refuses (422);
a page leaves it out and says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bryggan.alignment.asking import MOST_VALUES, Problem, span
from bryggan.curriculum.models import Programme, SchoolForm, Subject
from bryggan.fair.models import Fair, Session

LONGEST_TEXT = 200
LARGEST_GROUP = 1000
# Filters with several values; `day` comes first, it is chosen in a way of its own.
FACETS = ("area", "venue", "kind", "school_form", "years", "subject", "programme", "language")
FLAGS = ("children", "free")
PARAMETERS = ("q", "day", *FACETS, *FLAGS, "group_size", "page", "per_page")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES, _NO = {"1", "true", "on", "ja"}, {"0", "false", "off", "nej"}


@dataclass(frozen=True)
class Query:
    """What is looked for. Values are codes and slugs; `years` are spans with both ends included.

    `group_size` is how many people come, pupils and adults together.
    """

    text: str = ""
    days: tuple[date, ...] = ()
    area: tuple[str, ...] = ()
    venue: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    school_form: tuple[str, ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    subject: tuple[str, ...] = ()
    programme: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    children: bool = False
    free: bool = False
    group_size: int | None = None

    @property
    def asks_for_seats(self) -> bool:
        return self.free or self.group_size is not None

    def on(self, day: date) -> Query:
        """The same query on one day."""
        return replace(self, days=(day,))


@dataclass(frozen=True)
class Asked:
    """The query, which page of it, and what was not understood."""

    query: Query
    page: int
    per_page: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Known:
    """Places and languages that the fair has: slugs of areas, slugs of venues by slug and by number, languages."""

    areas: Collection[str] = ()
    venues: Mapping[str, str] | None = None
    languages: Collection[str] = ()


def asked(
    parameters: Mapping[str, Sequence[str]], fair: Fair, known: Known, *, per_page: int = 20, most: int = 100
) -> Asked:
    """Read parameters; each may be repeated. One statement more each when subjects or programmes are named."""
    problems = [Problem(name[:100], "", "unknown parameter") for name in parameters if name not in PARAMETERS]
    given = {name: _values(parameters, name, problems) for name in ("day", *FACETS)}
    venues = known.venues or {}
    text = " ".join(_single(parameters, "q").split())
    if len(text) > LONGEST_TEXT:
        problems.append(Problem("q", text[:60] + "…", "too long"))
    query = Query(
        text=text[:LONGEST_TEXT],
        days=_days(given["day"], fair, problems),
        area=_known(given, "area", known.areas, problems),
        venue=tuple(dict.fromkeys(venues[value] for value in _known(given, "venue", venues, problems))),
        kind=_known(given, "kind", Session.Kind.values, problems),
        school_form=_known(given, "school_form", SchoolForm.values, problems),
        years=_years(given["years"], problems),
        subject=_known(given, "subject", _subjects(given["subject"]), problems),
        programme=_known(given, "programme", _programmes(given["programme"]), problems),
        language=_known(given, "language", known.languages, problems),
        children=_flag(parameters, "children", problems),
        free=_flag(parameters, "free", problems),
        group_size=_number(parameters, "group_size", None, LARGEST_GROUP, problems),
    )
    return Asked(
        query,
        page=_number(parameters, "page", 1, 100_000, problems) or 1,
        per_page=_number(parameters, "per_page", per_page, most, problems) or per_page,
        problems=tuple(problems),
    )


def _values(parameters: Mapping[str, Sequence[str]], name: str, problems: list[Problem]) -> list[str]:
    given = [value.strip() for value in parameters.get(name, ()) if value.strip()]
    if len(given) > MOST_VALUES:
        problems.append(Problem(name, "", "too many"))
    return given[:MOST_VALUES]


def _days(values: Sequence[str], fair: Fair, problems: list[Problem]) -> tuple[date, ...]:
    days: dict[date, None] = {}
    for value in values:
        try:
            # Only the long form: "20270601" and week dates would be taken too.
            day = date.fromisoformat(value) if _DAY.fullmatch(value) else None
        except ValueError:
            day = None
        if day is None:
            problems.append(Problem("day", value[:100], "malformed"))
        elif not fair.first_on <= day <= fair.last_on:
            problems.append(Problem("day", value, "unknown"))
        else:
            days[day] = None
    return tuple(days)


def _known(
    given: Mapping[str, Sequence[str]], name: str, known: Collection[str], problems: list[Problem]
) -> tuple[str, ...]:
    problems += [Problem(name, value[:100], "unknown") for value in given[name] if value not in known]
    return tuple(dict.fromkeys(value for value in given[name] if value in known))


def _years(values: Sequence[str], problems: list[Problem]) -> tuple[tuple[int, int], ...]:
    spans = {value: span(value) for value in values}
    problems += [Problem("years", value[:100], "malformed") for value, found in spans.items() if not found]
    return tuple(dict.fromkeys(found for found in spans.values() if found))


def _subjects(values: Sequence[str]) -> set[str]:
    # A NUL is in no code, and PostgreSQL refuses to look for one.
    values = [value for value in values if "\x00" not in value]
    return set(Subject.objects.filter(code__in=values).values_list("code", flat=True)) if values else set()


def _programmes(values: Sequence[str]) -> set[str]:
    values = [value for value in values if "\x00" not in value]
    return set(Programme.objects.filter(code__in=values).values_list("code", flat=True)) if values else set()


def _single(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    """The last value given, as browsers mean it when a field is doubled."""
    given = parameters.get(name) or ("",)
    return given[-1].replace("\x00", "").strip()


def _flag(parameters: Mapping[str, Sequence[str]], name: str, problems: list[Problem]) -> bool:
    value = _single(parameters, name).lower()
    if value and value not in _YES | _NO:
        problems.append(Problem(name, value[:100], "malformed"))
    return value in _YES


def _number(
    parameters: Mapping[str, Sequence[str]], name: str, default: int | None, most: int, problems: list[Problem]
) -> int | None:
    value = _single(parameters, name)
    if not value:
        return default
    if value.isascii() and value.isdigit() and len(value) < 10 and 1 <= int(value) <= most:
        return int(value)
    problems.append(Problem(name, value[:100], "malformed"))
    return default
