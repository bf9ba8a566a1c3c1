"""Whom a round goes to, and for everybody else who asked, why not.

Both the preview and the sending come from here. A class is asked for once, whatever it has shown its curiosity by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.db.models import Q
from django.utils import timezone

from bryggan.accounts.models import SchoolClass, SchoolMembership, SchoolUnit, User
from bryggan.curriculum.models import Programme, Subject
from bryggan.curriculum.validity import academic_year_of
from bryggan.fair.local_times import midnight, next_day
from bryggan.fair.models import Booking, Stop
from bryggan.fair.seating.capacity import GroupLimits, GroupProblem, group_problem
from bryggan.invitations.models import Interest, Invitation, InvitationRound

INTERESTED, MATCHING = "interested", "matching"


class WhyNot(StrEnum):
    """Why a class is not invited. The first that holds is told."""

    INVITED_ALREADY = "invited already"
    NOT_IN_FIRST_ROUND = "not in first round"
    HAS_A_SEAT = "has a seat"
    NO_TEACHER = "no teacher"
    UNCONFIRMED = "unconfirmed"
    OTHER_FORM = "other form"
    OTHER_YEARS = "other years"
    OTHER_PROGRAMME = "other programme"
    OTHER_SUBJECTS = "other subjects"
    OTHER_SCHOOL = "other school"
    TOO_SMALL = "too small"
    TOO_LARGE = "too large"
    SCHOOL_INVITED_BEFORE = "school invited before"
    TEACHER_HAS_ENOUGH = "teacher has enough"


@dataclass(frozen=True)
class Choice:
    """The lists of a round, by number: what it asks of classes. An empty one asks nothing."""

    subjects: tuple[int, ...] = ()
    programmes: tuple[int, ...] = ()
    school_units: tuple[int, ...] = ()

    @classmethod
    def of(cls, round: InvitationRound) -> Choice:
        return cls(
            tuple(round.subjects.values_list("pk", flat=True)),
            tuple(round.programmes.values_list("pk", flat=True)),
            tuple(round.school_units.values_list("pk", flat=True)),
        )


@dataclass(frozen=True)
class Invitee:
    """A class that is invited, on what ground, and the teachers who get the letter.

    Where there is a limit per teacher, a colleague of hers who has had enough gets none.
    """

    school_class: SchoolClass
    ground: str
    teachers: tuple[User, ...]


@dataclass(frozen=True)
class LeftOut:
    school_class: SchoolClass
    ground: str
    why: WhyNot


@dataclass(frozen=True)
class Audience:
    """Those invited and those not, each by school and label."""

    invited: tuple[Invitee, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def teachers(self) -> dict[int, User]:
        return {teacher.pk: teacher for one in self.invited for teacher in one.teachers}

    @property
    def schools(self) -> int:
        return len({one.school_class.school_unit_id for one in self.invited})

    @property
    def reasons(self) -> Counter[WhyNot]:
        return Counter(one.why for one in self.left_out)


@dataclass
class _Rules:
    """What the round asks for, read once."""

    round: InvitationRound
    limits: GroupLimits
    subjects: frozenset[int]
    programmes: frozenset[int]
    schools: frozenset[int]
    invited: frozenset[int] = frozenset()
    # Invited to the same session by another round, with a yes or no still to come or a yes given.
    asked_elsewhere: frozenset[int] = frozenset()
    first_round_without_seat: frozenset[int] | None = None
    seated: frozenset[int] = frozenset()
    schools_before: frozenset[int] = frozenset()
    per_teacher: Counter[int] = field(default_factory=Counter)


def audience_of(round: InvitationRound, choice: Choice | None = None) -> Audience:
    """Whom the round goes to now. A constant number of statements; classes in the order of school and label.

    With a limit per teacher the classes that have said they are curious come before those that only match. A round
    that is not saved yet comes with its `choice`.
    """
    rules = _rules(round, choice or Choice.of(round))
    interested = _interested(round)
    candidates = dict.fromkeys(interested, INTERESTED) if round.to_interested else {}
    if rules.first_round_without_seat is not None:
        candidates |= {pk: INTERESTED for pk in rules.first_round_without_seat if pk not in candidates}
    city = _city(candidates, rules)
    # Interested ones first: the limit per teacher is theirs before it is anybody else's.
    classes = sorted(city.classes, key=lambda one: (candidates.get(one.pk) != INTERESTED, _by_school(one)))
    invited, left_out = [], []
    for school_class in classes:
        ground = candidates.get(school_class.pk, MATCHING)
        teachers = tuple(city.teachers.get(school_class.pk, ()))
        why = _why_not(school_class, teachers, rules, city)
        if why is None:
            told = tuple(one for one in teachers if not _has_enough(one, rules))
            rules.per_teacher.update(teacher.pk for teacher in told)
            invited.append(Invitee(school_class, ground, told))
        elif ground == INTERESTED or why in _WORTH_TELLING:
            left_out.append(LeftOut(school_class, ground, why))
    return Audience(
        tuple(sorted(invited, key=lambda one: _by_school(one.school_class))),
        tuple(sorted(left_out, key=lambda one: _by_school(one.school_class))),
    )


_STILL_ASKED = (Invitation.State.INVITED, Invitation.State.HOPING, Invitation.State.ACCEPTED)
# Of classes that have not said that they are curious, those that fit but for something else than their kind.
_WORTH_TELLING = frozenset(
    {WhyNot.TOO_SMALL, WhyNot.TOO_LARGE, WhyNot.SCHOOL_INVITED_BEFORE, WhyNot.TEACHER_HAS_ENOUGH, WhyNot.UNCONFIRMED}
)


def term_of(day: date) -> tuple[date, date]:
    """The first and last day of the half academic year that `day` is in: limits per term are counted within it."""
    start = academic_year_of(day)
    if day >= date(start, 8, 1) and day.year == start:
        return date(start, 8, 1), date(start, 12, 31)
    return date(start + 1, 1, 1), date(start + 1, 7, 31)


def _by_school(school_class: SchoolClass) -> tuple[str, str, int]:
    return school_class.school_unit.name, school_class.label, school_class.pk


@dataclass(frozen=True)
class _City:
    """The classes to look at, with what is asked of them read in bulk: as few objects as there are rows."""

    classes: list[SchoolClass]
    teachers: dict[int, list[User]]
    # Whoever is confirmed where: (person, school unit).
    confirmed: frozenset[tuple[int, int]]
    # Empty unless the round asks for subjects.
    subjects: dict[int, set[int]]


def _city(candidates: Collection[int], rules: _Rules) -> _City:
    """Six statements. Of all classes, when any may match; else of the candidates."""
    found, on_class = SchoolClass.objects.filter(archived_at=None), Q(schoolclass__archived_at=None)
    if not rules.round.to_matching:
        found, on_class = found.filter(pk__in=candidates), on_class & Q(schoolclass__in=candidates)
    classes = list(found.order_by())
    # One object for each school, and not one for each of its classes.
    schools = SchoolUnit.objects.in_bulk({one.school_unit_id for one in classes})
    programmes = Programme.objects.in_bulk({one.programme_id for one in classes if one.programme_id})
    for one in classes:
        one.school_unit = schools[one.school_unit_id]
        one.programme = programmes.get(one.programme_id) if one.programme_id else None
    people = User.objects.filter(is_active=True, is_teacher=True).in_bulk()
    teachers: dict[int, list[User]] = defaultdict(list)
    pairs = SchoolClass.teachers.through.objects.filter(on_class).order_by("schoolclass_id", "user_id")
    for class_pk, user_pk in pairs.values_list("schoolclass_id", "user_id"):
        if user_pk in people:
            teachers[class_pk].append(people[user_pk])
    memberships = SchoolMembership.objects.confirmed().order_by()
    subjects: dict[int, set[int]] = defaultdict(set)
    if rules.subjects:
        taught = SchoolClass.subjects.through.objects.filter(on_class)
        for class_pk, subject_pk in taught.values_list("schoolclass_id", "subject_id"):
            subjects[class_pk].add(subject_pk)
    return _City(classes, teachers, frozenset(memberships.values_list("user_id", "school_unit_id")), subjects)


def _interested(round: InvitationRound) -> set[int]:
    """Classes with an open interest, or with the session in a programme of theirs."""
    about = Q(pk__in=[])
    if round.initiative_id:
        about |= Q(initiative=round.initiative_id) | Q(session__initiatives=round.initiative_id)
    if round.session_id:
        about |= Q(session=round.session_id)
    found = set(Interest.objects.open().filter(about).values_list("school_class_id", flat=True))
    chosen = Q(pk__in=[])
    if round.session_id:
        chosen |= Q(occasion__session=round.session_id)
    if round.initiative_id:
        chosen |= Q(occasion__session__initiatives=round.initiative_id)
    stops = Stop.objects.kept().filter(chosen, itinerary__archived_at=None)
    return found | set(stops.values_list("itinerary__school_class_id", flat=True))


def _rules(round: InvitationRound, choice: Choice) -> _Rules:
    session = round.session
    rules = _Rules(
        round=round,
        limits=GroupLimits(
            max(_known(round.smallest_group, session.smallest_group if session else None), default=None),
            min(_known(round.largest_group, session.largest_group if session else None), default=None),
            session.counts_adults if session else True,
            False,
            None,
        ),
        subjects=_subjects_called_alike(choice.subjects),
        programmes=frozenset(choice.programmes),
        schools=frozenset(choice.school_units),
    )
    sent = Invitation.objects.exclude(round__state=InvitationRound.State.CANCELLED)
    # What belongs together: a second round and its first, and rounds for the same session.
    related = Q(round=round.pk)
    if round.second_of_id:
        related |= Q(round=round.second_of_id) | Q(round__second_of=round.second_of_id)
    if round.session_id:
        related |= Q(round__session=round.session_id)
    rules.invited = frozenset(sent.filter(round=round.pk).values_list("school_class_id", flat=True))
    if round.second_of_id:
        first = Invitation.objects.filter(round=round.second_of_id)
        without = first.filter(state__in=[Invitation.State.NO_SEAT, Invitation.State.QUEUED])
        rules.first_round_without_seat = frozenset(without.values_list("school_class_id", flat=True))
    if round.session_id:
        elsewhere = sent.exclude(round=round.pk).filter(round__session=round.session_id, state__in=_STILL_ASKED)
        rules.asked_elsewhere = frozenset(elsewhere.values_list("school_class_id", flat=True))
        seats = Booking.objects.counting().filter(occasion__session=round.session_id)
        rules.seated = frozenset(seats.values_list("school_class_id", flat=True))
    if round.only_new_schools:
        by_host = sent.filter(Q(round__department=round.department_id) & Q(round__company=round.company_id))
        rules.schools_before = frozenset(
            by_host.exclude(related).values_list("school_class__school_unit_id", flat=True)
        )
    if round.most_per_teacher:
        first_on, last_on = term_of(timezone.localdate())
        this_term = sent.filter(invited_at__gte=midnight(first_on), invited_at__lt=midnight(next_day(last_on)))
        rules.per_teacher = Counter(this_term.values_list("school_class__teachers", flat=True))
    return rules


def _why_not(school_class: SchoolClass, teachers: Sequence[User], rules: _Rules, city: _City) -> WhyNot | None:
    if school_class.pk in rules.invited or school_class.pk in rules.asked_elsewhere:
        return WhyNot.INVITED_ALREADY
    if rules.first_round_without_seat is not None and school_class.pk not in rules.first_round_without_seat:
        return WhyNot.NOT_IN_FIRST_ROUND
    if school_class.pk in rules.seated:
        return WhyNot.HAS_A_SEAT
    if not teachers:
        return WhyNot.NO_TEACHER
    if not any((teacher.pk, school_class.school_unit_id) in city.confirmed for teacher in teachers):
        return WhyNot.UNCONFIRMED
    return (
        _other_kind(school_class, rules, city) or _size(school_class, rules) or _enough(school_class, teachers, rules)
    )


def _other_kind(school_class: SchoolClass, rules: _Rules, city: _City) -> WhyNot | None:
    round = rules.round
    if round.school_forms and school_class.school_form not in round.school_forms:
        return WhyNot.OTHER_FORM
    # Years are asked of classes that have them: a preschool group is let in or kept out by its school form.
    own_years = set(school_class.school_years)
    if round.school_years and own_years and not own_years & set(round.school_years):
        return WhyNot.OTHER_YEARS
    if rules.programmes and school_class.programme_id and school_class.programme_id not in rules.programmes:
        return WhyNot.OTHER_PROGRAMME
    own = city.subjects.get(school_class.pk)
    # A class that has not said what it studies may study anything.
    if rules.subjects and own and not rules.subjects & own:
        return WhyNot.OTHER_SUBJECTS
    if rules.schools and school_class.school_unit_id not in rules.schools:
        return WhyNot.OTHER_SCHOOL
    return None


def _size(school_class: SchoolClass, rules: _Rules) -> WhyNot | None:
    problem = group_problem(rules.limits, pupils=school_class.pupils, adults=school_class.adults)
    if problem is None:
        return None
    return WhyNot.TOO_SMALL if problem == GroupProblem.TOO_SMALL else WhyNot.TOO_LARGE


def _enough(school_class: SchoolClass, teachers: Sequence[User], rules: _Rules) -> WhyNot | None:
    if school_class.school_unit_id in rules.schools_before:
        return WhyNot.SCHOOL_INVITED_BEFORE
    # A class with two teachers is invited as long as one of them has room.
    if all(_has_enough(one, rules) for one in teachers):
        return WhyNot.TEACHER_HAS_ENOUGH
    return None


def _has_enough(teacher: User, rules: _Rules) -> bool:
    most = rules.round.most_per_teacher
    return most is not None and rules.per_teacher[teacher.pk] >= most


def _subjects_called_alike(chosen: Sequence[int]) -> frozenset[int]:
    """The subjects with those of the same name: one of one curriculum stands for that of the other, another row."""
    if not chosen:
        return frozenset()
    names = dict(Subject.objects.values_list("pk", "name"))
    wanted = {names[pk].casefold() for pk in chosen if pk in names}
    return frozenset(pk for pk, name in names.items() if name.casefold() in wanted)


def _known(*limits: int | None) -> list[int]:
    return [limit for limit in limits if limit is not None]
