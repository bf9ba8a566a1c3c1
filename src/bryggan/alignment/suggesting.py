"""Vips: three fitting, mutually different examples for what a teacher teaches, each with a first question.

The same wish gives the same three all day; another day may bring others that fit as well. When little fits,
the wish is widened step by step, and the answer says how.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bryggan.alignment import themes
from bryggan.alignment.models import Alignment, AlignmentRun, ProgrammeFit, SubjectFit, best_first
from bryggan.alignment.searching import Query
from bryggan.curriculum.models import Block, ProgrammeSubject, SchoolForm
from bryggan.initiatives.models import Initiative, SchoolOffer

HOW_MANY = 3
Widened = Literal["", "without core content", "other years", "other subjects", "all of the school form", "anything"]

# What the reader is told when the wish had to be widened.
WIDENED: Mapping[Widened, str | Promise] = {
    "": "",
    "without core content": _("Det fanns inte tre som passar just det centrala innehållet. Vi tog med hela ämnet."),
    "other years": _("Det fanns inte tre för just de årskurserna. Vi tog med andra årskurser i ämnet."),
    "other subjects": _("Det fanns inte tre i just ämnet. Vi tog med andra ämnen."),
    "all of the school form": _("Det fanns inte tre som passar just det. Vi tog med hela skolformen."),
    "anything": _("Det fanns inte tre som passar. Här är några som kan vara värda att titta på ändå."),
}
MOST_EXCLUDED = 300

# What a second example loses for each thing it shares with one that is already chosen.
_SAME_THEME, _SAME_DEPARTMENT, _SAME_CATEGORY = 0.6, 0.3, 0.15
_TAKES_CLASSES, _STOPPED = 0.25, -0.25
# How much the fit of a whole subject or programme counts beside its points (bench/alignment.md).
_FIT = 2.0
# How much the day may turn the order: less than what tells a good example from a middling one.
_DAY = 0.12


@dataclass(frozen=True)
class Wish:
    """What examples are wanted for. `years` are spans with both ends included; `exclude` initiatives seen already."""

    school_form: str = ""
    subjects: tuple[str, ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    programme: str = ""
    orientation: str = ""
    core_content: tuple[str, ...] = ()
    exclude: frozenset[int] = frozenset()


def wish_of(query: Query, exclude: Iterable[str] = ()) -> Wish:
    """The wish behind a query. School form follows from what else is chosen; what is no id is passed over."""
    form = query.school_form[0] if query.school_form else ""
    if not form and query.years:
        form = SchoolForm.COMPULSORY
    if not form and query.programme:
        form = SchoolForm.UPPER_SECONDARY
    ids = [value for value in exclude if value.isascii() and value.isdigit() and len(value) < 19][:MOST_EXCLUDED]
    return Wish(
        school_form=form,
        subjects=query.subject,
        years=query.years,
        programme=query.programme[0] if query.programme else "",
        orientation=query.orientation[0] if query.orientation else "",
        core_content=query.core_content,
        exclude=frozenset(map(int, ids)),
    )


@dataclass(frozen=True)
class Example:
    """An initiative, the points it serves (best first, at most three), why, and a first question for the lesson."""

    initiative: Initiative
    points: tuple[Alignment, ...]
    reason: str
    question: str


@dataclass(frozen=True)
class Suggestions:
    """At most three examples, how the wish had to be widened to find them, and whether the list began anew."""

    examples: tuple[Example, ...]
    widened: Widened
    began_anew: bool = False


@dataclass(frozen=True)
class _Candidate:
    pk: int
    score: float
    department: int | None
    category: int | None
    theme: str


def suggest(wish: Wish, *, on: date | None = None) -> Suggestions:
    """Three examples for `wish` among published initiatives. The day turns the order a little; None for no turning."""
    chosen, widened = _choose(wish, on, None)
    began_anew = False
    if len(chosen) < HOW_MANY and wish.exclude:
        # Everything that fits has been shown: better to begin again than to end in nothing.
        again, widened_again = _choose(replace(wish, exclude=frozenset()), on, None)
        if not chosen:
            chosen, widened, began_anew = again, widened_again, True
    return Suggestions(tuple(_examples(chosen, wish)), widened, began_anew)


def first_three(*, subject: str, years: tuple[int, int], among: Collection[int]) -> list[int]:
    """The three that come first for a subject in school years, among the named initiatives. Not widened."""
    wish = Wish(school_form=SchoolForm.COMPULSORY, subjects=(subject,), years=(years,))
    return [candidate.pk for candidate in _different(_candidates(wish, None, among))]


def _choose(wish: Wish, on: date | None, among: Collection[int] | None) -> tuple[list[int], Widened]:
    chosen: list[_Candidate] = []
    widened: Widened = ""
    for step, wider in _steps(wish):
        taken = {candidate.pk for candidate in chosen}
        found = [candidate for candidate in _candidates(wider, on, among) if candidate.pk not in taken]
        before = len(chosen)
        chosen = _different(found, chosen)
        if len(chosen) > before:
            widened = step
        if len(chosen) == HOW_MANY:
            break
    return [candidate.pk for candidate in chosen], widened


def _steps(wish: Wish) -> Iterable[tuple[Widened, Wish]]:
    """The wish, then ever wider ones."""
    yield "", wish
    if wish.core_content:
        wish = replace(wish, core_content=())
        yield "without core content", wish
    if wish.years and wish.subjects:
        yield "other years", replace(wish, years=())
    if wish.subjects and (wish.years or wish.programme):
        yield "other subjects", replace(wish, subjects=())
    if wish.school_form:
        yield "all of the school form", Wish(school_form=wish.school_form, exclude=wish.exclude)
    yield "anything", Wish(exclude=wish.exclude)


def _candidates(wish: Wish, on: date | None, among: Collection[int] | None) -> list[_Candidate]:
    """Fitting initiatives, best first, in a fixed number of statements."""
    scores = _scores(wish)
    rows = Initiative.objects.published().filter(pk__in=list(scores)).exclude(pk__in=wish.exclude)
    columns = ("pk", "department_id", "category_id", "is_stopped", "school_offer__takes_classes")
    themes_of = dict(AlignmentRun.objects.filter(initiative__in=list(scores)).values_list("initiative_id", "themes"))
    found = []
    for pk, department, category, stopped, takes in rows.values_list(*columns):
        if among is not None and pk not in among:
            continue
        score = scores[pk] + _turn(on, pk)
        if stopped:
            score += _STOPPED
        elif takes:
            score += _TAKES_CLASSES
        strongest = themes_of.get(pk) or []
        found.append(_Candidate(pk, score, department, category, strongest[0][0] if strongest else ""))
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.pk))


def _scores(wish: Wish) -> dict[int, float]:
    """How well each initiative fits the wish: its best points count in full, further ones less and less."""
    scores: dict[int, list[float]] = defaultdict(list)
    aligned = Alignment.objects.shown().filter(_points_wanted(wish), core_content__ended_at=None)
    for pk, score, state in aligned.values_list("initiative_id", "score", "state"):
        scores[pk].append(1.0 if state == Alignment.State.CONFIRMED else score)
    total = {
        pk: sum(value / (place + 1) for place, value in enumerate(sorted(values, reverse=True)[:4]))
        for pk, values in scores.items()
    }
    if wish.core_content:
        return total
    for pk, score in _fits(wish):
        total[pk] = total.get(pk, 0.0) + _FIT * score
    return total


def _points_wanted(wish: Wish) -> Q:
    wanted = Q()
    if wish.school_form:
        wanted &= Q(core_content__subject__school_form=wish.school_form)
    if wish.core_content:
        wanted &= Q(core_content__key__in=wish.core_content)
    if wish.subjects:
        wanted &= Q(core_content__subject__code__in=wish.subjects)
    elif wish.programme:
        wanted &= Q(core_content__subject__code__in=_own_subjects(wish.programme, wish.orientation))
    if wish.years:
        overlapping = Q()
        for first, last in wish.years:
            overlapping |= Q(core_content__first_year__lte=last, core_content__last_year__gte=first)
        wanted &= overlapping
    return wanted


def _fits(wish: Wish) -> Iterable[tuple[int, float]]:
    if wish.programme:
        fits = ProgrammeFit.objects.filter(programme__code=wish.programme, orientation_code=wish.orientation)
        if not wish.subjects:
            return fits.values_list("initiative_id", "score")
    if wish.subjects:
        own = SubjectFit.objects.filter(subject__code__in=wish.subjects)
        if wish.years:
            spans = [f"{first}-{last}" for first, last in _stages(wish.years)]
            own = own.filter(span__in=spans)
        best: dict[int, float] = {}
        for pk, score in own.values_list("initiative_id", "score"):
            best[pk] = max(best.get(pk, 0.0), score)
        return best.items()
    return ()


def _stages(years: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans that syllabi use and that share a year with any of `years`."""
    used = [(1, 3), (4, 6), (7, 9), (1, 6), (4, 9)]
    return [span for span in used if any(span[0] <= last and first <= span[1] for first, last in years)]


def _own_subjects(programme: str, orientation: str) -> list[str]:
    rows = ProgrammeSubject.objects.filter(programme__code=programme)
    wanted = Q(block=Block.PROGRAMME)
    if orientation:
        wanted |= Q(block=Block.ORIENTATION, orientation__code=orientation)
    else:
        wanted |= Q(block=Block.ORIENTATION)
    return list(rows.filter(wanted).values_list("subject_code", flat=True).distinct())


def _different(found: Sequence[_Candidate], chosen: Sequence[_Candidate] = ()) -> list[_Candidate]:
    """Up to three: at each turn the best of what is left, less what it shares with those already chosen."""
    kept = list(chosen)
    left = list(found)
    while left and len(kept) < HOW_MANY:
        best = max(left, key=lambda one: (one.score - _shared(one, kept), -one.pk))
        kept.append(best)
        left.remove(best)
    return kept


def _shared(one: _Candidate, chosen: Iterable[_Candidate]) -> float:
    cost = 0.0
    for other in chosen:
        cost += _SAME_THEME if one.theme and one.theme == other.theme else 0.0
        cost += _SAME_DEPARTMENT if one.department is not None and one.department == other.department else 0.0
        cost += _SAME_CATEGORY if one.category is not None and one.category == other.category else 0.0
    return cost


def _turn(on: date | None, pk: int) -> float:
    """Between 0 and _DAY, the same all day."""
    if on is None:
        return 0.0
    digest = blake2b(f"{on.isoformat()}:{pk}".encode(), digest_size=2).digest()
    return _DAY * int.from_bytes(digest) / 0xFFFF


def _examples(chosen: Sequence[int], wish: Wish) -> list[Example]:
    rows = Initiative.objects.select_related("status", "category", "department", "school_offer").in_bulk(chosen)
    runs = dict(AlignmentRun.objects.filter(initiative__in=chosen).values_list("initiative_id", "themes"))
    shown = Alignment.objects.shown().filter(initiative__in=chosen, core_content__ended_at=None)
    shown = shown.select_related("core_content__subject", "core_content__course")
    for steps in _steps(wish):
        wanted = shown.filter(_points_wanted(steps[1]))
        points: dict[int, list[Alignment]] = defaultdict(list)
        for alignment in wanted:
            points[alignment.initiative_id].append(alignment)
        if set(points) >= set(chosen):
            break
    made = []
    for pk in chosen:
        best = best_first(points.get(pk, []))[:3]
        question = question_for(rows[pk], wish.school_form, wish.years, told=runs.get(pk) or [])
        made.append(Example(rows[pk], tuple(best), best[0].reason if best else "", question))
    return made


def question_for(
    initiative: Initiative,
    school_form: str = "",
    years: Sequence[tuple[int, int]] = (),
    *,
    told: Sequence[Sequence[object]] | None = None,
) -> str:
    """A first question for the lesson: an editor's own, else one of the initiative's themes for the age. "" for none.

    `told` are the initiative's themes as `AlignmentRun.themes` holds them; they are looked up when not given.
    """
    offer: SchoolOffer | None = getattr(initiative, "school_offer", None)
    if offer and offer.questions:
        return str(offer.questions[initiative.pk % len(offer.questions)])
    if told is None:
        run = AlignmentRun.objects.filter(initiative=initiative).values_list("themes", flat=True).first()
        told = run or []
    for stage in _stage_names(school_form, years):
        for theme, *_rest in told[:3]:
            questions = questions_by_theme().get(str(theme), {}).get(stage, ())
            if questions:
                return questions[initiative.pk % len(questions)]
    return ""


def _stage_names(school_form: str, years: Sequence[tuple[int, int]]) -> list[str]:
    """Names of stages in the knowledge's questions, the class's own first, then its neighbours."""
    order = ["fs", "fklass", "1-3", "4-6", "7-9", "gy"]
    own = {SchoolForm.PRESCHOOL: 0, SchoolForm.PRESCHOOL_CLASS: 1, SchoolForm.UPPER_SECONDARY: 5}.get(
        SchoolForm(school_form) if school_form in SchoolForm.values else SchoolForm.COMPULSORY
    )
    if own is None:
        middle = (years[0][0] + years[0][1]) / 2 if years else 5
        own = 2 if middle < 4 else 3 if middle < 7 else 4
    return sorted(order, key=lambda name: (abs(order.index(name) - own), order.index(name)))


@lru_cache(maxsize=1)
def questions_by_theme() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """First questions for a lesson: by theme, then by stage ("1-3", "gy" and so on)."""
    return {theme.id: theme.questions for theme in themes.load().themes}
