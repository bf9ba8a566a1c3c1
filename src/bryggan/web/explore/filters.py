"""The filters of the page: which there are, in which order, and their values with counts and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bryggan.accounts.models import SchoolClass, User
from bryggan.alignment.asking import Asked, Problem
from bryggan.alignment.searching import Found, Query, Value, text_of_years
from bryggan.curriculum.models import CoreContent, Curriculum, SchoolForm, Subject

# Order on the page: what the teacher teaches first, then the city's own terms.
TITLES: dict[str, str | Promise] = {
    "school_form": gettext_lazy("Skolform"),
    "years": gettext_lazy("Årskurs"),
    "subject": gettext_lazy("Ämne"),
    "core_content": gettext_lazy("Centralt innehåll"),
    "programme": gettext_lazy("Gymnasieprogram"),
    "orientation": gettext_lazy("Inriktning"),
    "level": gettext_lazy("Nivå eller kurs"),
    "challenge": gettext_lazy("Utmaning"),
    "category": gettext_lazy("Kategori"),
    "sector": gettext_lazy("Sektor"),
    "department": gettext_lazy("Förvaltning"),
    "status": gettext_lazy("Status"),
    "goal": gettext_lazy("Globalt mål"),
    "technology": gettext_lazy("Teknik"),
}
# These have their values in the page from the start; the others when they are opened, or something in them is chosen.
OPEN_AT_FIRST = ("school_form", "years", "subject", "core_content")
MOST_AT_FIRST = 30
# Central content is of use when a subject is chosen, orientations when a programme is.
NEEDS = {"core_content": "subject", "orientation": "programme", "level": "subject"}


@dataclass(frozen=True)
class Choice:
    """A value to tick: its label, whether it is ticked, and how many hits it would give."""

    value: str
    label: str
    # Text: a number would be put into the reader's own way of writing, hundreds of times a page.
    count: str
    chosen: bool
    group: str = ""


@dataclass(frozen=True)
class Filter:
    name: str
    title: str
    choices: tuple[Choice, ...]
    chosen: int
    is_open: bool
    # Where the same page has its values, or all of them; empty when they are all here.
    more: str = ""
    more_count: int = 0


@dataclass(frozen=True)
class Chip:
    """Something chosen, and the address without it."""

    text: str
    address: str


def shown_facets(query: Query) -> list[str]:
    """The filters that this query has use for."""
    facets = [name for name in TITLES if name not in NEEDS or getattr(query, NEEDS[name]) or getattr(query, name)]
    upper = SchoolForm.UPPER_SECONDARY in query.school_form or query.programme or query.orientation
    if query.school_form and not upper:
        facets = [name for name in facets if name not in ("programme", "orientation", "level")]
    if query.school_form and SchoolForm.COMPULSORY not in query.school_form and not query.years:
        facets.remove("years")
    if "level" in facets and not (upper or query.level):
        facets.remove("level")
    return facets


def loaded_facets(query: Query, parameters: QueryDict) -> list[str]:
    """The filters whose values the page holds: open ones, those with something chosen, and those asked for."""
    asked = {*OPEN_AT_FIRST, *parameters.getlist("show")}
    return [name for name in shown_facets(query) if name in asked or getattr(query, name)]


def filters(query: Query, found: Found, wanted: Sequence[str], addresses: Addresses) -> list[Filter]:
    """The filters of the page with their choices. One statement: the subjects' school forms."""
    subjects = _subjects(found)
    made = []
    for name in shown_facets(query):
        if name not in found.facets:
            made.append(Filter(name, str(TITLES[name]), (), 0, False, addresses.having("show", name)))
            continue
        values = found.facets[name]
        chosen = _chosen(query, name)
        choices = tuple(_choice(name, value, chosen, subjects) for value in values)
        if name == "subject":
            choices = _subject_choices(query, choices, subjects)
        if not choices:
            continue
        count = sum(choice.chosen for choice in choices)
        is_open = bool(count) or name in OPEN_AT_FIRST or name in wanted
        left = 0
        if len(choices) > MOST_AT_FIRST and name not in wanted:
            kept = tuple(c for place, c in enumerate(choices) if place < MOST_AT_FIRST or c.chosen)
            left = len(choices) - len(kept)
            choices = kept
        more = addresses.having("show", name) if left else ""
        made.append(Filter(name, str(TITLES[name]), choices, count, is_open, more, left))
    return made


def _choice(name: str, value: Value, chosen: Sequence[str], subjects: dict[str, Subject]) -> Choice:
    label = value.label
    if name == "school_form":
        label = str(SchoolForm(value.value).label)
    elif name == "status":
        label = value.label or _("Okänd")
    return Choice(value.value, label, str(value.count), value.value in chosen)


def _subjects(found: Found) -> dict[str, Subject]:
    codes = [value.value for value in found.facets.get("subject", ())]
    if not codes:
        return {}
    return {
        s.code: s for s in Subject.objects.filter(code__in=codes).only("code", "name", "curriculum", "school_form")
    }


def _subject_choices(query: Query, choices: Sequence[Choice], subjects: dict[str, Subject]) -> tuple[Choice, ...]:
    """Subjects in groups by school form; upper-secondary ones only when the teacher is there."""
    wanted = set(query.school_form) or {SchoolForm.PRESCHOOL, SchoolForm.PRESCHOOL_CLASS, SchoolForm.COMPULSORY}
    if query.programme or query.orientation or query.level:
        wanted.add(SchoolForm.UPPER_SECONDARY)
    kept = []
    for choice in choices:
        subject = subjects.get(choice.value)
        if subject is None or (subject.school_form not in wanted and not choice.chosen):
            continue
        group = str(SchoolForm(subject.school_form).label)
        if subject.school_form == SchoolForm.UPPER_SECONDARY:
            group += f", {Curriculum(subject.curriculum).label}"
        kept.append(Choice(choice.value, choice.label, choice.count, choice.chosen, group))
    order = {str(form.label): place for place, form in enumerate(SchoolForm)}
    return tuple(sorted(kept, key=lambda c: (order.get(c.group.split(",")[0], 9), c.group, -int(c.count), c.label)))


def _chosen(query: Query, name: str) -> list[str]:
    if name == "years":
        return [str(year) for first, last in query.years for year in range(first, last + 1)]
    return list(getattr(query, name))


def chips(asked: Asked, found: Found, addresses: Addresses) -> list[Chip]:
    """One chip for everything chosen, with the address of the same page without it."""
    query = asked.query
    made = []
    if query.text:
        made.append(Chip(f"”{query.text}”", addresses.without("q")))
    if query.takes_classes:
        made.append(Chip(_("Tar emot klasser nu"), addresses.without("takes_classes")))
    points: dict[str, str] = {}
    if query.core_content:
        points = dict(CoreContent.objects.filter(key__in=query.core_content).values_list("key", "text"))
    for name in TITLES:
        labels = {value.value: value.label for value in found.facets.get(name, ())}
        for value in [text_of_years(span) for span in query.years] if name == "years" else getattr(query, name):
            label = labels.get(value, value)
            if name == "years":
                label = _("Årskurs %(years)s") % {"years": value.replace("-", "–")}
            elif name == "school_form":
                label = str(SchoolForm(value).label)
            elif name == "core_content":
                label = points.get(value, value)
            made.append(Chip(label, addresses.without(name, value)))
    return made


class Addresses:
    """`?…` of the same page with something taken away, added or replaced. The page number goes, unless it is given.

    What is empty, and what goes without saying, is not in the address. Each pair is encoded once for all of them.
    """

    _unsaid = {("sort", "relevance"), ("page", "1")}

    def __init__(self, parameters: QueryDict) -> None:
        self._pairs = [
            (name, value, self._encoded(name, value))
            for name, values in parameters.lists()
            for value in values
            if value.strip() and name != "page" and (name, value) not in self._unsaid
        ]

    def __str__(self) -> str:
        return self._joined(text for _name, _value, text in self._pairs)

    def without(self, name: str, value: str | None = None) -> str:
        """Less one value, or all values of a name; what is of use with it only goes too when the last one goes."""
        gone = {name} if value is None or not any(n == name and v != value for n, v, _ in self._pairs) else set()
        gone |= {needing for needing, needed in NEEDS.items() if needed in gone}
        return self._joined(
            text for n, v, text in self._pairs if n not in gone and not (n == name and value in (None, v))
        )

    def having(self, name: str, value: str) -> str:
        """With one value more."""
        pairs = [text for _name, _value, text in self._pairs]
        added = self._encoded(name, value)
        return self._joined(pairs if added in pairs else [*pairs, added])

    def with_page(self, page: int) -> str:
        return self.without_names(page=page)

    def without_names(self, *names: str, page: int = 1) -> str:
        pairs = [text for name, _value, text in self._pairs if name not in names]
        return self._joined(pairs if page == 1 else [*pairs, f"page={page}"])

    @staticmethod
    def _encoded(name: str, value: str) -> str:
        return f"{quote_plus(name)}={quote_plus(value, errors='replace')}"

    @staticmethod
    def _joined(pairs: Iterable[str]) -> str:
        return "?" + "&".join(pairs)


def problem_text(problem: Problem) -> str:
    """What the reader is told of a parameter that was not understood."""
    if problem.why == "ended":
        return _(
            "Läroplanen har ändrats: en punkt i din länk gäller inte längre. "
            "Vi visar det som har kommit i dess ställe."
        )
    if problem.why == "too long":
        return _("Söktexten var för lång. Vi sökte på de första 300 tecknen.")
    if problem.why == "too many":
        return _("Länken hade för många val på en gång. Vi använde de första.")
    return _("Vi känner inte igen ”%(value)s” och har hoppat över det.") % {"value": problem.value}


def own_classes(user: User, most: int = 6) -> list[tuple[str, str]]:
    """A teacher's classes as (label, query string of the list for that class)."""
    classes = SchoolClass.objects.taught_by(user).select_related("programme").prefetch_related("subjects")
    return [(one.label, class_address(one)) for one in classes[:most]]


def class_address(school_class: SchoolClass) -> str:
    """Query string of the list as the class needs it: its school form, and its years or programme."""
    parameters = QueryDict(mutable=True)
    parameters["school_form"] = school_class.school_form
    for year in school_class.school_years:
        parameters.appendlist("years", str(year))
    for subject in school_class.subjects.all():
        parameters.appendlist("subject", subject.code)
    if school_class.programme:
        parameters["programme"] = school_class.programme.code
    if school_class.orientation_code:
        parameters["orientation"] = school_class.orientation_code
    return parameters.urlencode()
