"""A query out of request parameters, the same for pages and for the open data.

Nothing raises here: what cannot be understood is named, and the caller decides. The API refuses (422);
a page leaves it out and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q

from bryggan.alignment import index as indexes
from bryggan.alignment.searching import FACETS, LONGEST_TEXT, Query
from bryggan.curriculum.models import CoreContent, SchoolForm

_YEARS = re.compile(r"([1-9])(?:-([1-9]))?\Z")
_KEY = re.compile(r"[0-9a-f]{16}\Z")
_YES, _NO = {"1", "true", "on", "ja"}, {"0", "false", "off", "nej"}
SORTS = ("relevance", "newest", "title")
PARAMETERS = ("q", *FACETS, "takes_classes", "sort", "page", "per_page")
MOST_VALUES = 100


@dataclass(frozen=True)
class Problem:
    """A parameter that was not understood. `ended` ones were valid once: the curriculum has moved on."""

    parameter: str
    value: str
    why: Literal["unknown", "ended", "malformed", "unknown parameter", "too many", "too long"]


@dataclass(frozen=True)
class Asked:
    """The query, which page of it, and what was not understood."""

    query: Query
    page: int
    per_page: int
    problems: tuple[Problem, ...]


def asked(parameters: Mapping[str, Sequence[str]], *, per_page: int = 20) -> Asked:
    """Read parameters; each may be repeated. One SQL statement more when points of central content are named."""
    problems = [Problem(name[:100], "", "unknown parameter") for name in parameters if name not in PARAMETERS]
    values: dict[str, tuple[str, ...]] = {}
    with indexes.current() as index:
        for facet in FACETS:
            given = [value.strip() for value in parameters.get(facet, ()) if value.strip()]
            if len(given) > MOST_VALUES:
                problems.append(Problem(facet, "", "too many"))
                given = given[:MOST_VALUES]
            known: dict[str, None] = {}
            for value in given:
                if facet == "years":
                    why = None if span(value) else "malformed"
                elif facet == "school_form":
                    why = None if value in SchoolForm.values else "unknown"
                elif facet == "core_content":
                    why = None if _KEY.match(value) else "unknown"
                else:
                    why = None if value in index.labels[facet] else "unknown"
                if why:
                    problems.append(Problem(facet, value[:100], why))  # type: ignore[arg-type]
                else:
                    known[value] = None
            values[facet] = tuple(known)
    if values["core_content"]:
        values["core_content"] = _points(values["core_content"], problems)
    text = " ".join(_single(parameters, "q").split())
    if len(text) > LONGEST_TEXT:
        problems.append(Problem("q", text[:60] + "…", "too long"))
    takes = _flag(parameters, problems)
    sort = _single(parameters, "sort") or "relevance"
    if sort not in SORTS:
        problems.append(Problem("sort", sort[:100], "unknown"))
        sort = "relevance"
    query = Query(
        text=text[:LONGEST_TEXT],
        years=tuple(dict.fromkeys(years for value in values.pop("years") if (years := span(value)))),
        takes_classes=takes,
        sort=sort,  # type: ignore[arg-type]
        **values,
    )
    return Asked(
        query,
        page=_number(parameters, "page", 1, 1, 100_000, problems),
        per_page=_number(parameters, "per_page", per_page, 1, 100, problems),
        problems=tuple(problems),
    )


def _points(keys: tuple[str, ...], problems: list[Problem]) -> tuple[str, ...]:
    """Keys that exist. An ended one is answered for by its successors."""
    found = {
        key: ended is not None
        for key, ended in CoreContent.objects.filter(key__in=keys).values_list("key", "ended_at")
    }
    kept: dict[str, None] = {}
    ended = [key for key in keys if found.get(key)]
    successors: dict[str, list[str]] = {}
    if ended:
        for old, new in CoreContent.objects.filter(
            key__in=ended, successors__ended_at=None, successors__isnull=False
        ).values_list("key", "successors__key"):
            successors.setdefault(old, []).append(new)
    for key in keys:
        if key not in found:
            problems.append(Problem("core_content", key[:100], "unknown"))
        elif found[key]:
            problems.append(Problem("core_content", key, "ended"))
            kept.update(dict.fromkeys(successors.get(key, [key])))
        else:
            kept[key] = None
    return tuple(kept)


def span(value: str) -> tuple[int, int] | None:
    """`"8"` → (8, 8), `"4-9"` → (4, 9); None for what is no span of school years."""
    match = _YEARS.match(value)
    if not match:
        return None
    first = int(match[1])
    last = int(match[2] or match[1])
    return (first, last) if first <= last else None


def sharing_a_year(spans: Sequence[tuple[int, int]]) -> Q:
    """Points whose years share one with any of the spans."""
    wanted = Q()
    for first, last in spans:
        wanted |= Q(first_year__lte=last, last_year__gte=first)
    return wanted


def _single(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    """The last value given, as browsers mean it when a field is doubled."""
    given = parameters.get(name) or ("",)
    return given[-1].replace("\x00", "").strip()


def _flag(parameters: Mapping[str, Sequence[str]], problems: list[Problem]) -> bool | None:
    value = _single(parameters, "takes_classes").lower()
    if not value:
        return None
    if value in _YES:
        return True
    if value in _NO:
        return False
    problems.append(Problem("takes_classes", value[:100], "malformed"))
    return None


def _number(
    parameters: Mapping[str, Sequence[str]], name: str, default: int, least: int, most: int, problems: list[Problem]
) -> int:
    value = _single(parameters, name)
    if not value:
        return default
    if value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most:
        return int(value)
    problems.append(Problem(name, value[:100], "malformed"))
    return default
