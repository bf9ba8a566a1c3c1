"""How well sessions fit a class: by its age, its subjects' central content, and what the teacher chose.

Two questions, kept apart. May the class come at all (`unsuited`: a hard rule, said in words)? And how much is it
worth to this class (`score`: what the planner weighs)? Always the same number of statements, however many sessions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.db.models import Q, QuerySet
from django.utils.text import Truncator

from bryggan.accounts.models import SchoolClass
from bryggan.alignment.models import Alignment, ProgrammeFit
from bryggan.curriculum.models import Curriculum, Programme, SchoolForm
from bryggan.curriculum.queries import programme_subject_codes, span_overlaps
from bryggan.curriculum.validity import LONGEST_STUDY, academic_year_of, upper_secondary_curriculum
from bryggan.fair.models import Session
from bryggan.fair.programmes.reasons import Reason
from bryggan.initiatives.models import Initiative

# Of 100. What suits the class at all is worth a walk: a day is better filled than empty.
SUITS = 35.0
_FOR_CHILDREN, _OWN_SUBJECT, _PROGRAMME = 16.0, 25.0, 20.0
# The best points count in full, further ones less and less; points of subjects that the class did not name, less.
_POINTS, _COMMON, _OTHER_SUBJECTS = 30.0, 0.6, 0.34
_CHOSEN = 35.0
_CONFIRMED = 1.15
# A mixed class of which a part is outside the years, and older pupils at what is made for children.
_PARTLY, _FOR_OTHERS = 0.8, 0.5
# The children's track is for preschool up to year 6.
LAST_CHILDRENS_YEAR = 6
MOST_POINTS = 3
# Of a point's text, in a reason.
_POINT_LENGTH = 180
# Forms that have school years.
_WITH_YEARS = frozenset({SchoolForm.COMPULSORY, SchoolForm.ADAPTED_COMPULSORY})
_CHILDREN = frozenset({SchoolForm.PRESCHOOL, SchoolForm.PRESCHOOL_CLASS})
Ids = Collection[int] | QuerySet[Session]
KINDS = ("subjects", "points", "terms", "themes")


@dataclass(frozen=True)
class Interests:
    """What the teacher chose: codes of subjects, keys of central content, slugs of the city's terms, sessions' themes.

    Stored as `Itinerary.interests`. What is unknown is kept and weighs nothing.
    """

    subjects: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()
    terms: frozenset[str] = frozenset()
    themes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.subjects or self.points or self.terms or self.themes)

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Interests:
        """As `Itinerary.interests` or a form gives them; what is no list of short texts is passed over."""
        stored = stored if isinstance(stored, Mapping) else {}
        chosen = {kind: stored.get(kind) for kind in KINDS}
        return cls(
            **{
                kind: frozenset(value for value in values[:50] if isinstance(value, str) and 0 < len(value) <= 100)
                if isinstance(values, list | tuple)
                else frozenset()
                for kind, values in chosen.items()
            }
        )

    def as_json(self) -> dict[str, list[str]]:
        return {kind: sorted(getattr(self, kind)) for kind in KINDS if getattr(self, kind)}


@dataclass(frozen=True, slots=True)
class Fit:
    """What a session is worth to a class, 0 to 100, and why, strongest first. `unsuited`: it cannot come, whatever.

    `points` are keys of the central content that it serves for this class, best first, at most three.
    `is_chosen`: something that the teacher chose is in it.
    """

    score: float
    reasons: tuple[Reason, ...] = ()
    unsuited: Reason | None = None
    points: tuple[str, ...] = ()
    is_chosen: bool = False

    @property
    def reason(self) -> Reason:
        return self.reasons[0] if self.reasons else Reason("suits")


class Given(Protocol):
    """What is asked of a session here: a `Session`, or what a list has read of one."""

    pk: int
    school_forms: Any
    school_years: Any
    is_for_children: Any
    theme: Any


@dataclass(frozen=True)
class Reading:
    """What a class reads: codes of its own subjects, of those everybody at its form reads, and which curriculum.

    `own` is empty when the teacher named none; then every subject of the school form weighs alike.
    """

    school_form: str
    curriculum: str
    years: tuple[int, ...]
    own: frozenset[str]
    foundation: frozenset[str] = frozenset()


def reading_of(school_class: SchoolClass, on: date) -> Reading:
    """What the class reads in the academic year of `on`. At most three statements.

    Upper-secondary classes follow Gy25 or Gy11 by when they began, whatever programme row the class has.
    """
    years = tuple(school_class.school_years) if school_class.school_form in _WITH_YEARS else ()
    if school_class.school_form != SchoolForm.UPPER_SECONDARY:
        own = frozenset(school_class.subjects.values_list("code", flat=True))
        curriculum = Curriculum.LPFO18 if school_class.school_form == SchoolForm.PRESCHOOL else Curriculum.LGR22
        return Reading(school_class.school_form, curriculum, years, own)
    follows = _upper_secondary(school_class, on)
    programme = school_class.programme
    own = frozenset(school_class.subjects.values_list("code", flat=True))
    if programme is None:
        return Reading(school_class.school_form, follows, (), own)
    codes = programme_subject_codes(programme, school_class.orientation_code or None)
    return Reading(school_class.school_form, follows, (), own | codes.own, codes.foundation - codes.own)


def _upper_secondary(school_class: SchoolClass, on: date) -> str:
    year = school_class.year_of_study
    if year and 1 <= year <= LONGEST_STUDY:
        return upper_secondary_curriculum(academic_year_of(on), year)
    return school_class.programme.curriculum if school_class.programme else ""


def fits(
    school_class: SchoolClass,
    sessions: Sequence[Given],
    *,
    on: date,
    interests: Interests | None = None,
    among: QuerySet[Session] | None = None,
) -> dict[int, Fit]:
    """How well each of `sessions` fits the class on a day, by the session's id.

    `among`: where they all are; for thousands of sessions that is found faster than each by its number.

    Group size and seats are not looked at here: they are `seats.py`'s. Needs nothing read with the sessions.
    """
    if not sessions:
        return {}
    interests = interests or Interests()
    ids = [session.pk for session in sessions] if among is None else among
    reading = reading_of(school_class, on)
    programmes = programmes_of(ids)
    subjects = _subjects(ids, reading)
    behind = _initiatives(ids)
    points = _points(behind, reading, interests)
    by_programme = _programme_scores(behind, school_class)
    chosen_terms = _terms(behind, interests)
    made: dict[int, Fit] = {}
    # Those with nothing of their own are worth the same when they are alike, and a fair has thousands of them.
    alike: dict[object, Fit] = {}
    for session in sessions:
        pk, named = session.pk, programmes.get(session.pk, ())
        of_session, served, terms = subjects.get(pk, ()), points.get(pk, ()), chosen_terms.get(pk, ())
        score = by_programme.get(pk, 0.0)
        suits = (tuple(session.school_forms), tuple(session.school_years), session.is_for_children, session.theme)
        kind = None if named or served or terms else (suits, tuple(of_session), score)
        if kind in alike:
            made[pk] = alike[kind]
            continue
        unsuited = unsuited_for(session, school_class, named)
        if unsuited:
            made[pk] = Fit(0.0, (unsuited,), unsuited)
        else:
            made[pk] = _fit(session, reading, interests, of_session, served, score, terms, school_class)
        if kind is not None:
            alike[kind] = made[pk]
    return made


def unsuited_for(session: Given, school_class: SchoolClass, programmes: Sequence[Programme] = ()) -> Reason | None:
    """Why the session is not for a class of this age or programme; None when it is.

    `programmes` are those of the session. Years count for the forms that have them: a mixed class suits when it
    shares a year. A session with years alone is for the forms with years; a session of programmes alone for upper
    secondary. A programme stands for its predecessor and successor too: Gy11 and Gy25 run side by side.
    """
    form = school_class.school_form
    if session.school_forms and form not in session.school_forms:
        return Reason("wrong school form", {"forms": _form_names(session.school_forms)})
    if session.school_years:
        if form in _WITH_YEARS:
            if school_class.school_years and not set(school_class.school_years) & set(session.school_years):
                return Reason("wrong years", {"years": years_text(session.school_years)})
        elif not session.school_forms:
            return Reason("wrong years", {"years": years_text(session.school_years)})
    if programmes:
        if form == SchoolForm.UPPER_SECONDARY:
            own = school_class.programme
            if own is not None and not any(_same_programme(own, other) for other in programmes):
                names = ", ".join(sorted({programme.name for programme in programmes}))
                return Reason("wrong programme", {"programmes": names})
        elif not session.school_forms and not session.school_years:
            names = ", ".join(sorted({programme.name for programme in programmes}))
            return Reason("wrong programme", {"programmes": names})
    return None


def programmes_of(sessions: Ids) -> dict[int, list[Programme]]:
    """The programmes that each session names, by the session's id; one statement."""
    found: dict[int, list[Programme]] = defaultdict(list)
    rows = Session.programmes.through.objects.filter(session__in=sessions).select_related("programme")
    for row in rows:
        found[row.session_id].append(row.programme)
    return dict(found)


def years_text(years: Iterable[int]) -> str:
    """School years as people say them: "åk 4–6", "åk 7 och 9"."""
    runs: list[list[int]] = []
    for year in sorted(set(years)):
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    words = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return "åk " + (" och ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words))


def is_for_children(school_class: SchoolClass) -> bool:
    """True for those that the children's track is made for: preschool up to year 6."""
    if school_class.school_form in _CHILDREN:
        return True
    return bool(school_class.school_years) and max(school_class.school_years) <= LAST_CHILDRENS_YEAR


@dataclass(slots=True)
class _Served:
    """A point that a session's initiative serves."""

    key: str
    text: str
    subject: str
    worth: float
    is_chosen: bool


def _fit(
    session: Given,
    reading: Reading,
    interests: Interests,
    subjects: Sequence[tuple[str, str]],
    points: Sequence[_Served],
    programme_score: float,
    chosen_terms: Sequence[str],
    school_class: SchoolClass,
) -> Fit:
    parts: list[tuple[float, Reason]] = []
    chosen: list[str] = []
    own = [(code, name) for code, name in subjects if code in reading.own]
    wanted = [(code, name) for code, name in subjects if code in interests.subjects]
    common = [name for code, name in subjects if code in reading.foundation]
    if own:
        parts.append((_OWN_SUBJECT, Reason("subject", {"subject": own[0][1]})))
    elif common:
        parts.append((_OWN_SUBJECT / 2, Reason("subject", {"subject": common[0]})))
    elif subjects and not reading.own:
        parts.append((_OWN_SUBJECT * _OTHER_SUBJECTS, Reason("subject", {"subject": subjects[0][1]})))
    best = sorted(points, key=lambda point: (-point.worth, point.key))
    if best:
        total = sum(point.worth / (place + 1) for place, point in enumerate(best[:4]))
        first = best[0]
        text = Truncator(first.text).chars(_POINT_LENGTH)
        parts.append(
            (_POINTS * min(total, 1.5) / 1.5, Reason("core content", {"subject": first.subject, "point": text}))
        )
    if programme_score:
        name = school_class.programme.name if school_class.programme else ""
        parts.append((_PROGRAMME * min(programme_score, 1.0), Reason("programme", {"programme": name})))
    chosen += [name for _code, name in wanted]
    chosen += [point.subject for point in best if point.is_chosen]
    chosen += chosen_terms
    if session.theme and session.theme in interests.themes:
        chosen.append(session.theme.replace("-", " "))
    if chosen:
        parts.append((_CHOSEN, Reason("interest", {"what": chosen[0]})))
    if session.is_for_children and is_for_children(school_class):
        parts.append((_FOR_CHILDREN, Reason("for children")))
    parts.sort(key=lambda part: -part[0])
    score = SUITS + sum(worth for worth, _reason in parts)
    if reading.years and session.school_years and not set(reading.years) <= set(session.school_years):
        score *= _PARTLY
    if session.is_for_children and not is_for_children(school_class):
        score *= _FOR_OTHERS
    return Fit(
        score=round(min(score, 100.0), 2),
        reasons=tuple(reason for _worth, reason in parts) or (Reason("suits"),),
        points=tuple(point.key for point in best[:MOST_POINTS]),
        is_chosen=bool(chosen),
    )


def _subjects(ids: Ids, reading: Reading) -> dict[int, list[tuple[str, str]]]:
    """Code and name of the subjects of the class's school form that each session names, by name."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = Session.subjects.through.objects.filter(session__in=ids, subject__school_form=reading.school_form)
    columns = ("session_id", "subject__code", "subject__name")
    for session, code, name in rows.order_by("subject__name", "subject__code").values_list(*columns):
        found[session].append((code, name))
    return found


def _initiatives(ids: Ids) -> dict[int, list[int]]:
    """Which sessions each initiative stands behind; withdrawn ones stand behind none."""
    rows = Session.initiatives.through.objects.filter(
        session__in=ids, initiative__withdrawn_at=None, initiative__merged_into=None
    )
    found: dict[int, list[int]] = defaultdict(list)
    for session, initiative in rows.values_list("session_id", "initiative_id"):
        found[initiative].append(session)
    return found


def _points(behind: Mapping[int, Sequence[int]], reading: Reading, interests: Interests) -> dict[int, list[_Served]]:
    """The points in force that each session's initiatives serve for this class; a text that subjects share, once."""
    rows = Alignment.objects.counting().filter(
        initiative__in=list(behind),
        core_content__ended_at=None,
        core_content__subject__school_form=reading.school_form,
    )
    if reading.curriculum:
        rows = rows.filter(core_content__subject__curriculum=reading.curriculum)
    if reading.years:
        overlapping = Q()
        for year in reading.years:
            overlapping |= span_overlaps(year, year, prefix="core_content__")
        rows = rows.filter(overlapping)
    best: dict[int, dict[str, _Served]] = defaultdict(dict)
    columns = (
        "initiative_id", "state", "score", "core_content__key", "core_content__text", "core_content__text_group",
        "core_content__subject__name", "core_content__subject__code",
    )  # fmt: skip
    for initiative, state, score, key, text, group, subject, code in rows.order_by().values_list(*columns):
        worth = score if state != Alignment.State.CONFIRMED else max(score * _CONFIRMED, 0.6)
        if reading.own and code not in reading.own:
            worth *= _COMMON if code in reading.foundation else _OTHER_SUBJECTS
        is_chosen = key in interests.points or code in interests.subjects
        if is_chosen:
            worth += 1.0
        for session in behind[initiative]:
            known = best[session].get(group)
            if known is None or (worth, known.key) > (known.worth, key):
                best[session][group] = _Served(key, text, subject, worth, is_chosen)
    return {session: list(served.values()) for session, served in best.items()}


def _programme_scores(behind: Mapping[int, Sequence[int]], school_class: SchoolClass) -> dict[int, float]:
    """How well the best initiative behind each session fits the class's programme, or its orientation."""
    programme = school_class.programme
    if programme is None:
        return {}
    rows = ProgrammeFit.objects.filter(
        initiative__in=list(behind), programme=programme, orientation_code__in={"", school_class.orientation_code}
    )
    found: dict[int, float] = {}
    for initiative, score in rows.values_list("initiative_id", "score"):
        for session in behind[initiative]:
            found[session] = max(found.get(session, 0.0), score)
    return found


def _terms(behind: Mapping[int, Sequence[int]], interests: Interests) -> dict[int, list[str]]:
    """Names of the chosen words of the city that the initiatives behind each session bear."""
    found: dict[int, list[str]] = defaultdict(list)
    if not interests.terms:
        return found
    rows = Initiative.terms.through.objects.filter(initiative__in=list(behind), term__slug__in=interests.terms)
    for initiative, name in rows.values_list("initiative_id", "term__name"):
        for session in behind[initiative]:
            found[session].append(name)
    categorised = Initiative.objects.filter(pk__in=list(behind), category__slug__in=interests.terms)
    for initiative, name in categorised.order_by().values_list("pk", "category__name"):
        for session in behind[initiative]:
            found[session].append(name)
    return found


def _same_programme(one: Programme, other: Programme) -> bool:
    return one.pk == other.pk or one.successor_id == other.pk or other.successor_id == one.pk


def _form_names(codes: Iterable[str]) -> str:
    names = [str(SchoolForm(code).label).lower() for code in SchoolForm.values if code in set(codes)]
    return " och ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
