"""What a department or a company sees of who is curious: figures per initiative and session, over time, and lists.

From two sides: what classes have said (`Interest`), and what they have put in their programmes at the fair (must,
maybe) or booked there. Figures are counted in the database; the number of statements is the same for any number of
rows. A teacher's name comes with `ClassRow` only when she has chosen to show it, or has said yes to an invitation.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from bryggan.accounts.models import SchoolClass, User
from bryggan.common.statements import Statement
from bryggan.fair.local_times import midnight
from bryggan.fair.models import Booking, Session, Stop
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import Host, initiatives_of
from bryggan.invitations.answering import HAS_SAID_YES
from bryggan.invitations.hosts import offered_by
from bryggan.invitations.models import Interest, Invitation, Phase

MONTHS = 12
MOST_QUIET = 20
INITIATIVE, SESSION = "initiativ", "punkt"
# What a figure is about: (INITIATIVE, its number) or (SESSION, its number).
Key = tuple[str, int]


@dataclass(frozen=True)
class Filters:
    """Which classes and wishes to count; what is empty asks nothing."""

    school_form: str = ""
    year: int | None = None
    phase: str = ""
    kind: str = ""

    def classes(self, prefix: str = "") -> Q:
        """As a condition on a class, or on what leads to one by `prefix`."""
        asked = Q()
        if self.school_form:
            asked &= Q(**{f"{prefix}school_form": self.school_form})
        return asked

    def interests(self) -> QuerySet[Interest]:
        """Open ones of classes in use."""
        return self._asked(Interest.objects.open())

    def arrivals(self) -> QuerySet[Interest]:
        """For what came when: those of classes that have been put away since, too."""
        return self._asked(Interest.objects.filter(withdrawn_at__isnull=True))

    def _asked(self, rows: QuerySet[Interest]) -> QuerySet[Interest]:
        found = rows.filter(self.classes("school_class__")).order_by()
        if self.phase:
            found = found.filter(phase=self.phase)
        if self.kind:
            found = found.filter(kind=self.kind)
        return self._of_year(found, "school_class__")

    def stops(self) -> QuerySet[Stop]:
        """Sessions in programmes that are in use, of classes that are."""
        kept = Stop.objects.kept().filter(itinerary__archived_at=None, occasion__isnull=False)
        to_class = "itinerary__school_class__"
        kept = kept.filter(self.classes(to_class), **{f"{to_class}archived_at": None})
        return self._of_year(kept.order_by(), to_class)

    def bookings(self) -> QuerySet[Booking]:
        booked = Booking.objects.filter(state=Booking.State.BOOKED).filter(self.classes("school_class__"))
        return self._of_year(booked.order_by(), "school_class__")

    def _of_year(self, rows: QuerySet, prefix: str) -> QuerySet:
        if self.year is None:
            return rows
        # Years are 1 to 9, one digit each, so the list's text has the digit when the list has the year.
        return rows.alias(years_text=Cast(f"{prefix}school_years", TextField())).filter(
            years_text__contains=str(self.year)
        )


@dataclass(frozen=True)
class Figures:
    """How many are curious, and how many classes have put it in their programmes."""

    classes: int = 0
    schools: int = 0
    pupils: int = 0
    phases: dict[str, int] = field(default_factory=dict)
    must: int = 0
    maybe: int = 0
    booked: int = 0

    def __bool__(self) -> bool:
        return bool(self.classes or self.must or self.maybe or self.booked)

    @property
    def by_phase(self) -> list[int]:
        """In the order of `Phase`."""
        return [self.phases.get(phase, 0) for phase in Phase.values]

    @property
    def weight(self) -> int:
        return self.classes + self.must + self.maybe + self.booked


@dataclass(frozen=True)
class Thing:
    """An initiative or a session of the fair, with its figures."""

    kind: str
    pk: int
    title: str
    figures: Figures
    is_stopped: bool = False


@dataclass(frozen=True)
class Month:
    """A month and how many interests came in it."""

    first_on: date
    count: int


@dataclass(frozen=True)
class Totals:
    """Over all of it, each class and school counted once."""

    classes: int = 0
    schools: int = 0
    pupils: int = 0


@dataclass(frozen=True)
class Desk:
    """A page of things with figures, those most asked for first, and all of them together over time."""

    things: tuple[Thing, ...]
    total: int
    totals: Totals
    months: tuple[Month, ...]
    # Some initiatives that nobody has said or planned anything about, for the page to say what to do.
    quiet: tuple[Initiative, ...]


def desk(hosts: Sequence[Host] | None, filters: Filters, *, start: int = 0, most: int = 50) -> Desk:
    """What the hosts' desk shows; `hosts` None is everybody's. A constant number of statements."""
    own = Own.of(hosts)
    figures = figures_of(own, filters)
    keys = sorted((key for key in figures if figures[key]), key=lambda key: (-figures[key].weight, key))
    things = things_of(keys[start : start + most], figures)
    # Of classes in use alone, asked of the classes: asking it of each interest too takes a third more time.
    of_any = own.among(filters.arrivals()).values("school_class")
    people = SchoolClass.objects.filter(pk__in=of_any, archived_at__isnull=True)
    sums = people.order_by().aggregate(Count("pk"), Count("school_unit", distinct=True), Sum("pupils"))
    totals = Totals(sums["pk__count"], sums["school_unit__count"], sums["pupils__sum"] or 0)
    months = over_time(own.among(filters.arrivals()))
    quiet = () if start or filters != Filters() else _quiet(own, figures)
    return Desk(tuple(things), len(keys), totals, months, quiet)


@dataclass(frozen=True)
class Own:
    """The initiatives and sessions that figures are asked of, by number; None is all of them."""

    initiatives: tuple[int, ...] | None
    sessions: tuple[int, ...] | None
    # False when no session that is asked of builds on them.
    initiatives_at_fairs: bool = True

    @classmethod
    def of(cls, hosts: Sequence[Host] | None) -> Own:
        """What the hosts own or take part in, and what they give at the fair; read once for all that is counted."""
        if hosts is None:
            return cls(None, None)
        return cls(
            tuple(initiatives_of(hosts).order_by().values_list("pk", flat=True)),
            tuple(offered_by(hosts).order_by().values_list("pk", flat=True)),
            # The hosts' sessions are those that build on their initiatives too.
            initiatives_at_fairs=False,
        )

    def keys(self, kind: str) -> tuple[int, ...] | None:
        return self.initiatives if kind == INITIATIVE else self.sessions

    def within(self, kind: str, column: str) -> dict[str, object]:
        """A condition on the column of a kind of thing."""
        keys = self.keys(kind)
        return {f"{column}__isnull": False} if keys is None else {f"{column}__in": keys}

    def among(self, found: QuerySet[Interest]) -> QuerySet[Interest]:
        """Those that are about any of it."""
        if self.initiatives is None or self.sessions is None:
            return found
        if not self.sessions:
            return found.filter(initiative__in=self.initiatives)
        return found.filter(Q(initiative__in=self.initiatives) | Q(session__in=self.sessions))


def figures_of(own: Own, filters: Filters) -> dict[Key, Figures]:
    """Figures by initiative and by session, those without any left out. Six statements or fewer."""
    found: dict[Key, Figures] = {}
    for kind, column in ((INITIATIVE, "initiative"), (SESSION, "session")):
        keys = own.keys(kind)
        if keys is None:
            counted = list(_counted(filters, column, {f"{column}__isnull": False}))
        else:
            counted = _counted_among(filters, column)(keys)
        for pk, classes, schools, pupils, *in_phases in counted:
            phases = dict(zip(Phase.values, in_phases, strict=True))
            found[kind, pk] = Figures(classes, schools, pupils, phases)
    if own.sessions == () and not own.initiatives_at_fairs:
        return found
    for kind, column in ((INITIATIVE, "occasion__session__initiatives"), (SESSION, "occasion__session")):
        stops = filters.stops().filter(**own.within(kind, column))
        chosen = stops.values(column).annotate(
            must=Count("itinerary__school_class", distinct=True, filter=Q(wish=Stop.Wish.MUST)),
            maybe=Count("itinerary__school_class", distinct=True, filter=Q(wish=Stop.Wish.MAYBE)),
        )
        for row in chosen:
            key = (kind, row[column])
            found[key] = replace(found.get(key, Figures()), must=row["must"], maybe=row["maybe"])
        bookings = filters.bookings().filter(**own.within(kind, column))
        for row in bookings.values(column).annotate(number=Count("school_class", distinct=True)):
            key = (kind, row[column])
            found[key] = replace(found.get(key, Figures()), booked=row["number"])
    return found


@lru_cache(maxsize=64)
def _counted_among(filters: Filters, column: str) -> Statement[tuple[int, ...]]:
    """`_counted` of some initiatives or sessions, by their numbers."""
    return Statement(lambda keys: _counted(filters, column, {f"{column}__in": keys}))


def _counted(filters: Filters, column: str, condition: dict[str, object]) -> QuerySet[Interest, tuple[int, ...]]:
    """Interests by what they are about: its number, classes, schools, pupils, and classes in each phase."""
    # A class has one open interest in a thing, so rows are classes.
    counts = {
        "classes": Count("pk"),
        "schools": Count("school_class__school_unit", distinct=True),
        "pupils": Sum("school_class__pupils"),
        **{f"in_{phase}": Count("pk", filter=Q(phase=phase)) for phase in Phase.values},
    }
    rows = filters.interests().filter(**condition).values(column).annotate(**counts)
    return rows.values_list(column, *counts)


def things_of(keys: Sequence[Key], figures: dict[Key, Figures]) -> list[Thing]:
    """The named things in that order, withdrawn ones too. Two statements."""
    initiatives = Initiative.objects.only("title", "is_stopped").in_bulk(
        [pk for kind, pk in keys if kind == INITIATIVE]
    )
    sessions = Session.objects.only("title", "state").in_bulk([pk for kind, pk in keys if kind == SESSION])
    things = []
    for kind, pk in keys:
        row = initiatives.get(pk) if kind == INITIATIVE else sessions.get(pk)
        if row is None:
            continue
        is_stopped = row.is_stopped if isinstance(row, Initiative) else row.is_cancelled
        things.append(Thing(kind, pk, row.title, figures.get((kind, pk), Figures()), is_stopped))
    return things


def _quiet(own: Own, figures: dict[Key, Figures]) -> tuple[Initiative, ...]:
    asked = {pk for kind, pk in figures if kind == INITIATIVE}
    found = Initiative.objects.readable().order_by("title", "pk").only("title", "slug", "is_stopped")
    if own.initiatives is not None:
        found = found.filter(pk__in=[pk for pk in own.initiatives if pk not in asked])
        return tuple(found[:MOST_QUIET])
    # Among everybody's: a few more are read, and those that have been asked for are left out.
    return tuple([one for one in found[: MOST_QUIET + len(asked)] if one.pk not in asked][:MOST_QUIET])


def over_time(interests: QuerySet[Interest], months: int = MONTHS) -> tuple[Month, ...]:
    """How many of these came in each of the latest months, the current one last. One statement."""
    firsts = _first_days(months)
    rows = interests.order_by().annotate(bucket=_bucket([midnight(first) for first in firsts]))
    counts = dict(rows.values_list("bucket").annotate(Count("pk")))
    return tuple(Month(first, counts.get(number, 0)) for number, first in enumerate(firsts))


def _bucket(begins: Sequence[datetime], first: int = -1) -> Case | Value:
    """In SQL, the number of the stretch of time that an interest came in; `first` is what is before the earliest.

    By halves, so that a row is compared four times and not twelve.
    """
    if not begins:
        return Value(first)
    middle = len(begins) // 2
    later = _bucket(begins[middle + 1 :], first + middle + 1)
    earlier = _bucket(begins[:middle], first)
    return Case(When(expressed_at__gte=begins[middle], then=later), default=earlier, output_field=IntegerField())


# ------------------------------------------------------------------------------------------------ one thing


@dataclass(frozen=True)
class ClassRow:
    """A class that is curious about a thing, has it in a programme, or has booked it.

    `teacher` is set only when she has chosen to show her name, or has said yes to an invitation of the host's.
    """

    school_class: SchoolClass
    interest: Interest | None
    wish: str
    is_booked: bool
    teacher: User | None


@dataclass(frozen=True)
class Share:
    """One bar: what, and how many classes."""

    label: str
    count: int


@dataclass(frozen=True)
class Breakdown:
    """Who the classes are, each list with the most first except years, which are in order."""

    years: tuple[Share, ...]
    programmes: tuple[Share, ...]
    subjects: tuple[Share, ...]
    schools: tuple[Share, ...]


@dataclass(frozen=True)
class OneThing:
    figures: Figures
    months: tuple[Month, ...]
    breakdown: Breakdown
    rows: tuple[ClassRow, ...]
    total: int


def one_thing(
    thing: Initiative | Session, filters: Filters, *, hosts: Sequence[Host] | None, start: int = 0, most: int = 50
) -> OneThing:
    """Everything about who is curious about one initiative or session. A constant number of statements."""
    interests, stops, bookings = rows_about(thing, filters)
    about = {"initiative" if isinstance(thing, Initiative) else "session": thing.pk}
    arrivals = filters.arrivals().filter(**about)
    asked = SchoolClass.objects.filter(
        Q(pk__in=interests.values("school_class"))
        | Q(pk__in=stops.values("itinerary__school_class"))
        | Q(pk__in=bookings.values("school_class"))
    )
    total = asked.count()
    listed = asked.select_related("school_unit", "programme").prefetch_related("subjects")
    page = list(listed.order_by("school_unit__name", "label", "pk")[start : start + most])
    return OneThing(
        figures=_figures(thing, filters),
        months=over_time(arrivals),
        breakdown=_breakdown(asked),
        rows=tuple(class_rows(page, thing, filters, hosts=hosts)),
        total=total,
    )


def rows_about(
    thing: Initiative | Session, filters: Filters
) -> tuple[QuerySet[Interest], QuerySet[Stop], QuerySet[Booking]]:
    """Interests, stops and bookings that are about the initiative or the session."""
    if isinstance(thing, Initiative):
        session = {"occasion__session__initiatives": thing.pk}
        interests = filters.interests().filter(initiative=thing.pk)
    else:
        session = {"occasion__session": thing.pk}
        interests = filters.interests().filter(session=thing.pk)
    return interests, filters.stops().filter(**session), filters.bookings().filter(**session)


def class_rows(
    classes: Sequence[SchoolClass], thing: Initiative | Session, filters: Filters, *, hosts: Sequence[Host] | None
) -> list[ClassRow]:
    """The classes with what each has said and done about the thing. Four statements."""
    keys = [one.pk for one in classes]
    interests, stops, bookings = rows_about(thing, filters)
    said = {one.school_class_id: one for one in interests.filter(school_class__in=keys).select_related("expressed_by")}
    wishes: dict[int, set[str]] = defaultdict(set)
    for pk, wish in stops.filter(itinerary__school_class__in=keys).values_list("itinerary__school_class", "wish"):
        wishes[pk].add(wish)
    booked = set(bookings.filter(school_class__in=keys).values_list("school_class", flat=True))
    accepted = _who_said_yes(keys, hosts)
    rows = []
    for school_class in classes:
        interest = said.get(school_class.pk)
        own_choice = interest.expressed_by if interest and interest.shows_teacher else None
        wish = Stop.Wish.MUST if Stop.Wish.MUST in wishes[school_class.pk] else next(iter(wishes[school_class.pk]), "")
        rows.append(
            ClassRow(
                school_class, interest, wish, school_class.pk in booked, own_choice or accepted.get(school_class.pk)
            )
        )
    return rows


def _who_said_yes(classes: Sequence[int], hosts: Sequence[Host] | None) -> dict[int, User]:
    """Teachers who have said yes to an invitation of the hosts', by class."""
    yes = Invitation.objects.filter(school_class__in=classes, state__in=HAS_SAID_YES, answered_by__isnull=False)
    if hosts is not None:
        yes = yes.filter(
            Q(round__department__in=[one.pk for one in hosts if one._meta.model_name == "department"])
            | Q(round__company__in=[one.pk for one in hosts if one._meta.model_name == "company"])
        )
    rows = yes.select_related("answered_by").order_by("answered_at")
    return {one.school_class_id: one.answered_by for one in rows if one.answered_by}


def _figures(thing: Initiative | Session, filters: Filters) -> Figures:
    if isinstance(thing, Initiative):
        return figures_of(Own((thing.pk,), ()), filters).get((INITIATIVE, thing.pk), Figures())
    return figures_of(Own((), (thing.pk,)), filters).get((SESSION, thing.pk), Figures())


def _breakdown(classes: QuerySet[SchoolClass]) -> Breakdown:
    from bryggan.invitations.telling import who_they_are

    years: Counter[tuple[int, str]] = Counter()
    # Few different lists among many classes.
    for form, own, number in classes.order_by().values_list("school_form", "school_years").annotate(Count("pk")):
        if own:
            for year in own:
                years[year, who_they_are(SchoolClass(school_form=form, school_years=[year]))] += number
        else:
            years[0, who_they_are(SchoolClass(school_form=form, school_years=[]))] += number
    return Breakdown(
        years=tuple(Share(label, years[order, label]) for order, label in sorted(years)),
        programmes=_shares(classes, "programme__name"),
        subjects=_shares(classes, "subjects__name"),
        schools=_shares(classes, "school_unit__name"),
    )


def _shares(classes: QuerySet[SchoolClass], column: str) -> tuple[Share, ...]:
    rows = classes.filter(**{f"{column}__isnull": False}).order_by().values_list(column).annotate(Count("pk"))
    return tuple(Share(label, number) for label, number in sorted(rows, key=lambda row: (-row[1], row[0])))


def _first_days(months: int) -> list[date]:
    """The first day of each of the latest months, the current one last."""
    today = timezone.localdate()
    number = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(number - months + 1, number + 1)]
