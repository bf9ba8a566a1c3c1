"""What a lesson sheet says: one initiative on one page, for one class if the address says which.

Public data only, the same for everybody: no contacts, nothing of who asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bryggan.alignment import asking, suggesting
from bryggan.alignment.models import Alignment, best_first
from bryggan.alignment.searching import Query, text_of_years
from bryggan.common.safe_html import text_of
from bryggan.curriculum.models import Curriculum, SchoolForm, Subject
from bryggan.initiatives.models import Initiative
from bryggan.web.explore.cards import years_label

# Of what `asking` knows, this says which class it is.
CLASS_PARAMETERS = ("school_form", "subject", "years", "level")
MOST_POINTS = 6
MOST_QUESTIONS = 3


@dataclass(frozen=True)
class SheetPoint:
    """A point of central content: where it stands, its words, and whether a person has confirmed it."""

    where: str
    text: str
    is_confirmed: bool


@dataclass(frozen=True)
class Choice:
    """A value to choose on the page."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class LessonSheet:
    initiative: Initiative
    # Swedish words for the class that was chosen: "Biologi, åk 7–9"; "" for none.
    class_name: str
    text: str
    is_easy_read: bool
    # Sentences, the most important first.
    status: tuple[str, ...]
    hard_words: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]
    points: tuple[SheetPoint, ...]
    # Whether there are points for other classes than the one chosen.
    has_other_points: bool
    is_extract: bool
    subjects: tuple[Choice, ...]
    years: tuple[Choice, ...]
    # The class as an address, in canonical form.
    parameters: str
    address: str
    # The same initiative as pupils read it, on a phone.
    pupil_address: str
    source: str

    @property
    def text_language(self) -> str:
        """The easy-read text is ours and Swedish; the rest is in the source's language."""
        return "sv" if self.is_easy_read else self.initiative.language


def class_of(parameters: Mapping[str, Sequence[str]]) -> Query:
    """The class that an address names; what is not understood is left out."""
    given = {name: parameters[name] for name in CLASS_PARAMETERS if name in parameters}
    return asking.asked(given).query


def lesson_sheet(initiative: Initiative, query: Query) -> LessonSheet:
    """Gather the sheet, in three statements. `initiative` comes with status, source and school offer read."""
    offer = getattr(initiative, "school_offer", None)
    alignments = list(
        Alignment.objects.counting()
        .filter(initiative=initiative, core_content__ended_at=None)
        .select_related("core_content", "core_content__subject", "core_content__course")
    )
    fitting = best_first(alignment for alignment in alignments if _fits(alignment, query))[:MOST_POINTS]
    easy = " ".join(offer.easy_read.split()) if offer else ""
    return LessonSheet(
        initiative=initiative,
        class_name=_class_name(query, alignments),
        text=easy or " ".join(initiative.summary.split()) or " ".join(text_of(initiative.what_html).split()),
        is_easy_read=bool(easy),
        status=tuple(_status(initiative)),
        hard_words=hard_words_of(offer.hard_words if offer else []),
        questions=tuple(first_questions(initiative, _school_form(query, alignments), query.years)),
        points=tuple(_point(alignment) for alignment in fitting),
        has_other_points=len(alignments) > 0 and not fitting,
        is_extract=any(alignment.core_content.is_extract for alignment in fitting),
        subjects=_subjects(query, alignments),
        years=tuple(
            Choice(span, label, bool(query.years) and text_of_years(query.years[0]) == span)
            for span, label in (("1-3", _("Åk 1–3")), ("4-6", _("Åk 4–6")), ("7-9", _("Åk 7–9")))
        ),
        parameters=class_address(query),
        address=settings.BASE_URL.rstrip("/") + initiative.get_absolute_url(),
        pupil_address=settings.BASE_URL.rstrip("/") + reverse("pupil_page", args=[initiative.pk]),
        source=_source(initiative),
    )


def first_questions(initiative: Initiative, school_form: str = "", years: Sequence[tuple[int, int]] = ()) -> list[str]:
    """The editor's own questions; without any, the one that the initiative's themes suggest for the class's age."""
    offer = getattr(initiative, "school_offer", None)
    own = [text for each in (offer.questions if offer else []) if (text := " ".join(str(each).split()))]
    if own:
        return own[:MOST_QUESTIONS]
    suggested = suggesting.question_for(initiative, school_form, years)
    return [suggested] if suggested else []


def class_address(query: Query) -> str:
    """`subject=GRGRBIO01&years=7-9`, or nothing."""
    from urllib.parse import urlencode

    pairs = [(name, value) for name in ("school_form", "subject", "level") for value in getattr(query, name)]
    return urlencode(sorted(pairs + [("years", text_of_years(span)) for span in query.years]))


def _fits(alignment: Alignment, query: Query) -> bool:
    """As in the list: what is asked of the curriculum must hold of one and the same point."""
    point = alignment.core_content
    first, last = point.first_year or 0, point.last_year or 0
    return (
        (not query.school_form or point.subject.school_form in query.school_form)
        and (not query.subject or point.subject.code in query.subject)
        and (not query.level or bool(point.course and point.course.code in query.level))
        and (not query.years or any(first <= end and begin <= last for begin, end in query.years))
    )


def _point(alignment: Alignment) -> SheetPoint:
    point = alignment.core_content
    where = point.subject.name
    if point.course:
        where = f"{where}, {point.course.name}"
        if point.subject.curriculum == Curriculum.GY11:
            where += ", Gy11"
    elif point.years:
        where = f"{where}, {years_label(point.years)}"
    return SheetPoint(where, " ".join(point.text.split()), alignment.state == Alignment.State.CONFIRMED)


def _status(initiative: Initiative) -> list[str]:
    """What is true of it now. A stopped one is said to be stopped before anything else."""
    told = []
    if initiative.is_withdrawn:
        told.append(_("Staden har tagit bort initiativet ur sin databas."))
    if initiative.is_stopped:
        told.append(_("Initiativet är avbrutet och går inte att besöka."))
    elif initiative.status:
        told.append(_("Status: %(status)s.") % {"status": initiative.status.name})
    if explanation := " ".join(initiative.status_explanation.split()):
        told.append(explanation if explanation[-1] in ".!?…" else f"{explanation}.")
    if not initiative.is_stopped and not initiative.is_withdrawn:
        told.append(_("Tar emot klasser nu.") if initiative.takes_classes_now else _("Tar inte emot klasser just nu."))
    return told


def hard_words_of(rows: Sequence[object]) -> tuple[tuple[str, str], ...]:
    """Words with their meanings, as an offer holds them; rows without a word are left out."""
    told = []
    for row in rows:
        if isinstance(row, dict) and (word := " ".join(str(row.get("word", "")).split())):
            told.append((word, " ".join(str(row.get("meaning", "")).split())))
    return tuple(told)


def _school_form(query: Query, alignments: Sequence[Alignment]) -> str:
    """The class's school form: as asked, or that of the subject asked for."""
    if query.school_form:
        return query.school_form[0]
    forms = {a.core_content.subject.code: a.core_content.subject.school_form for a in alignments}
    return next((forms[code] for code in query.subject if code in forms), "")


def _class_name(query: Query, alignments: Sequence[Alignment]) -> str:
    names = {a.core_content.subject.code: a.core_content.subject.name for a in alignments}
    unknown = [code for code in query.subject if code not in names]
    if unknown:
        names.update(Subject.objects.filter(code__in=unknown).values_list("code", "name"))
    told = [names.get(code, code) for code in query.subject[:3]]
    if query.years:
        told.append(years_label(", ".join(text_of_years(span) for span in query.years[:3])))
    elif query.school_form:
        told += [str(SchoolForm(form).label) for form in query.school_form[:2]]
    name = ", ".join(told)
    return name[:1].upper() + name[1:]


def _subjects(query: Query, alignments: Sequence[Alignment]) -> tuple[Choice, ...]:
    """The subjects that the initiative serves, compulsory school's before upper secondary's."""
    found = {a.core_content.subject.code: a.core_content.subject for a in alignments}
    order = list(SchoolForm.values)
    rows = sorted(found.values(), key=lambda s: (order.index(s.school_form), s.name, s.code))
    upper = SchoolForm.UPPER_SECONDARY
    return tuple(
        Choice(
            s.code,
            f"{s.name} ({Curriculum(s.curriculum).label})" if s.school_form == upper else s.name,
            s.code in query.subject,
        )
        for s in rows
    )


def _source(initiative: Initiative) -> str:
    changed = initiative.source_modified_at or initiative.changed_at
    return _("Källa: %(source)s, ändrad %(changed)s. Hämtad från Bryggan %(today)s.") % {
        "source": initiative.source.title or _("stadens innovationsdatabas"),
        "changed": _day(timezone.localtime(changed).date()),
        "today": _day(timezone.localdate()),
    }


def _day(day: date) -> str:
    return date_format(day, "j F Y")
