"""Fair play: whether invitations and seats reach many schools and teachers, or the few that somebody knows.

Figures for editors. A school is a first-timer when nobody had invited it before the period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bryggan.accounts.models import SchoolClass
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.local_times import midnight, next_day
from bryggan.fair.models import Booking
from bryggan.initiatives.owners import Host
from bryggan.invitations.models import Invitation, InvitationRound


@dataclass(frozen=True)
class Share:
    """Seats of one area, organizer or school form, and its share of the pupils of all classes, for comparison."""

    label: str
    seats: int
    seats_percent: int
    pupils_percent: int


@dataclass(frozen=True)
class FairPlay:
    """What came of invitations between two days, both included."""

    rounds: int
    invitations: int
    schools: int
    teachers: int
    new_schools: int
    new_teachers: int
    # Of all schools with a class in use here.
    schools_in_all: int
    seats: int
    areas: tuple[Share, ...]
    organizers: tuple[Share, ...]
    school_forms: tuple[Share, ...]

    @property
    def new_schools_percent(self) -> int:
        return percent(self.new_schools, self.schools)

    @property
    def new_teachers_percent(self) -> int:
        return percent(self.new_teachers, self.teachers)

    @property
    def reached_percent(self) -> int:
        return percent(self.schools, self.schools_in_all)


def fair_play(first_on: date, last_on: date, *, host: Host | None = None) -> FairPlay:
    """The figures of a period, of one host or all. A constant number of statements."""
    since, until = midnight(first_on), midnight(next_day(last_on))
    sent = Invitation.objects.exclude(round__state=InvitationRound.State.CANCELLED)
    bookings = Booking.objects.filter(state=Booking.State.BOOKED, starts_at__gte=since, starts_at__lt=until)
    if host is not None:
        column = host._meta.model_name
        sent = sent.filter(**{f"round__{column}": host.pk})
        bookings = bookings.filter(
            Q(**{f"occasion__session__{column}": host.pk}) | Q(**{f"invitation__round__{column}": host.pk})
        )
    now = sent.filter(invited_at__gte=since, invited_at__lt=until)
    sums = now.order_by().aggregate(
        rounds=Count("round", distinct=True),
        invitations=Count("pk", distinct=True),
        schools=Count("school_class__school_unit", distinct=True),
        teachers=Count("school_class__teachers", distinct=True),
    )
    bookings = bookings.exclude(attendance=Booking.Attendance.DID_NOT_COME)
    # Through the numbers: two conditions above may each find the same booking.
    seats = Booking.objects.filter(pk__in=bookings.values("pk")).order_by()
    classes = SchoolClass.objects.filter(archived_at=None).order_by()
    return FairPlay(
        rounds=sums["rounds"],
        invitations=sums["invitations"],
        schools=sums["schools"],
        teachers=sums["teachers"],
        new_schools=_first_time(sent, "school_class__school_unit", since, until),
        new_teachers=_first_time(sent, "school_class__teachers", since, until),
        schools_in_all=classes.aggregate(Count("school_unit", distinct=True))["school_unit__count"],
        seats=seats.aggregate(number=Coalesce(Sum("seats"), 0))["number"],
        areas=_shares(seats, classes, "school_unit__area", _("område inte angivet")),
        organizers=_shares(seats, classes, "school_unit__organizer", _("huvudman inte angiven")),
        school_forms=_shares(seats, classes, "school_form", "", dict(SchoolForm.choices)),
    )


def percent(part: int, whole: int) -> int:
    """Whole percent, 0 of nothing."""
    return round(100 * part / whole) if whole else 0


def _first_time(sent: QuerySet[Invitation], column: str, since: object, until: object) -> int:
    """How many had their first invitation in the period."""
    firsts = sent.filter(**{f"{column}__isnull": False}).order_by().values(column).annotate(first=Min("invited_at"))
    return firsts.filter(first__gte=since, first__lt=until).count()


def _shares(
    seats: QuerySet[Booking],
    classes: QuerySet[SchoolClass],
    column: str,
    empty: str,
    labels: dict[str, object] | None = None,
) -> tuple[Share, ...]:
    taken: Sequence[tuple[str, int]] = list(seats.values_list(f"school_class__{column}").annotate(Sum("seats")))
    pupils = dict(classes.values_list(column).annotate(Sum("pupils")))
    all_seats, all_pupils = sum(number for _value, number in taken), sum(pupils.values())
    by_value = dict(taken)
    values = sorted({*by_value, *pupils}, key=lambda value: (-by_value.get(value, 0), -pupils.get(value, 0), value))
    return tuple(
        Share(
            label=str((labels or {}).get(value, value)) or empty,
            seats=by_value.get(value, 0),
            seats_percent=percent(by_value.get(value, 0), all_seats),
            pupils_percent=percent(pupils.get(value, 0), all_pupils),
        )
        for value in values
    )
