"""The filters of the fair's programme: their values with counts, what is chosen, and addresses of the same page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bryggan.accounts.models import SchoolClass, User
from bryggan.alignment.asking import Problem
from bryggan.alignment.searching import text_of_years
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.asking import Query
from bryggan.fair.listing import Found
from bryggan.fair.models import Fair
from bryggan.web.explore.filters import Addresses, Chip, Choice, Filter

# Order on the page: whom it suits first, then where and how.
TITLES: dict[str, str | Promise] = {
    "school_form": gettext_lazy("Skolform"),
    "years": gettext_lazy("Årskurs"),
    "subject": gettext_lazy("Ämne"),
    "programme": gettext_lazy("Gymnasieprogram"),
    "area": gettext_lazy("Område"),
    "venue": gettext_lazy("Plats"),
    "kind": gettext_lazy("Tider"),
    "language": gettext_lazy("Språk"),
}
OPEN_AT_FIRST = ("school_form", "years", "area")


@dataclass(frozen=True)
class Day:
    """A day in the calendar of the fair; `count` is how many sessions the filters leave of it."""

    on: date
    count: int
    address: str
    is_chosen: bool
    is_school_day: bool
    is_past: bool


def filters(query: Query, found: Found, fixed: Collection[str] = ()) -> list[Filter]:
    """The filters that this query has use for, less `fixed` ones. A single value that everything has is no choice."""
    made = []
    for name, title in TITLES.items():
        if name in fixed:
            continue
        chosen = _chosen(query, name)
        values = [value for value in found.facets.get(name, ()) if value.hits or value.value in chosen]
        if name == "years":
            values = list(found.facets.get(name, ()))
        if not chosen and (_has_no_use(name, query) or len(values) < 2):
            continue
        choices = tuple(
            Choice(value.value, value.label, str(value.hits), value.value in chosen, value.group) for value in values
        )
        count = sum(choice.chosen for choice in choices)
        made.append(Filter(name, str(title), choices, count, bool(count) or name in OPEN_AT_FIRST))
    return made


def _has_no_use(name: str, query: Query) -> bool:
    forms = set(query.school_form)
    if name == "years":
        return bool(forms) and not forms & {SchoolForm.COMPULSORY, SchoolForm.ADAPTED_COMPULSORY}
    if name == "programme":
        return bool(forms) and SchoolForm.UPPER_SECONDARY not in forms
    return False


def _chosen(query: Query, name: str) -> set[str]:
    if name == "years":
        return {str(year) for first, last in query.years for year in range(first, last + 1)}
    return set(getattr(query, name))


def chips(query: Query, found: Found, addresses: Addresses, fixed: Collection[str] = ()) -> list[Chip]:
    """One chip for everything chosen but the day, with the address of the same page without it."""
    made = []
    if query.text:
        made.append(Chip(f"”{query.text}”", addresses.without("q")))
    if query.free:
        made.append(Chip(_("Lediga platser"), addresses.without("free")))
    if query.children:
        made.append(Chip(_("Barnspåret"), addresses.without("children")))
    if query.group_size:
        text = ngettext("%(n)d person", "%(n)d personer", query.group_size) % {"n": query.group_size}
        made.append(Chip(text, addresses.without("group_size")))
    for name in TITLES:
        if name in fixed:
            continue
        labels = {value.value: value.label for value in found.facets.get(name, ())}
        for value in [text_of_years(span) for span in query.years] if name == "years" else getattr(query, name):
            label = labels.get(value, value)
            if name == "years":
                label = _("Årskurs %(years)s") % {"years": value.replace("-", "–")}
            made.append(Chip(label, addresses.without(name, value)))
    return made


def days_of(
    fair: Fair,
    found: Found,
    chosen: date,
    school_days: Collection[date],
    today: date,
    addresses: Addresses,
) -> list[Day]:
    """Every day of the fair, in order."""
    rest = addresses.without_names("day")
    start = rest if rest == "?" else f"{rest}&"
    return [
        Day(
            day,
            found.days.get(day, 0),
            f"{start}day={day.isoformat()}",
            day == chosen,
            day in school_days,
            day < today,
        )
        for day in fair.days
    ]


def default_day(fair: Fair, with_something: Sequence[date], school_days: Collection[date], today: date) -> date:
    """Today while the fair goes on; else its first school day with something to do, or its first day with that."""
    if fair.first_on <= today <= fair.last_on:
        return today
    given = sorted(with_something)
    return next((day for day in given if day in school_days), given[0] if given else fair.first_on)


def nearest_day(days: Sequence[Day], chosen: date) -> Day | None:
    """Where else the same filters give something: the next such day, or the last before."""
    given = [day for day in days if day.count and day.on != chosen]
    return next((day for day in given if day.on > chosen), given[-1] if given else None)


def problem_text(problem: Problem, fair: Fair) -> str:
    """What the reader is told of a parameter that was not understood."""
    if problem.parameter == "day" and problem.why == "unknown":
        return _("Mässan är inte öppen %(day)s. Välj en annan dag.") % {"day": problem.value}
    if problem.parameter == "group_size":
        return _("Skriv hur många ni är med siffror, från 1 till 1000.")
    if problem.why == "too long":
        return _("Söktexten var för lång. Vi sökte på de första 200 tecknen.")
    if problem.why == "too many":
        return _("Länken hade för många val på en gång. Vi använde de första.")
    return _("Vi känner inte igen ”%(value)s” och har hoppat över det.") % {"value": problem.value}


@dataclass(frozen=True)
class OwnClass:
    """A class of the teacher's, the address of what suits it, and whether that is what is shown."""

    school_class: SchoolClass
    address: str
    is_shown: bool


def own_classes(user: User, query: Query, day: date, most: int = 6) -> list[OwnClass]:
    """What suits each of a teacher's classes: by age or programme and by how many they are, subjects left open."""
    classes = SchoolClass.objects.taught_by(user).select_related("programme")[:most]
    made = []
    for one in classes:
        parameters = class_parameters(one)
        shown = (
            query.school_form == (one.school_form,)
            and query.group_size == one.people
            and _chosen(query, "years") == {str(year) for year in one.school_years}
            and query.programme == ((one.programme.code,) if one.programme else ())
        )
        parameters["day"] = day.isoformat()
        made.append(OwnClass(one, "?" + parameters.urlencode(), shown))
    return made


def class_parameters(school_class: SchoolClass) -> QueryDict:
    parameters = QueryDict(mutable=True)
    parameters["school_form"] = school_class.school_form
    for year in school_class.school_years:
        parameters.appendlist("years", str(year))
    if school_class.programme:
        parameters["programme"] = school_class.programme.code
    parameters["group_size"] = str(school_class.people)
    return parameters
