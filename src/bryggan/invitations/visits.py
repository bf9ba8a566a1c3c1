"""Around a visit: reminders before it, who came, one question after it, and that a class has worked with something.

A visit is a booking, by invitation or at the fair. What is written to a class is one letter per class and day,
however many things it goes to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.accounts import facts, letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import MAIL_HOURS, Letter
from bryggan.accounts.models import LetterKind, Notice, SchoolClass, User
from bryggan.accounts.permissions import may_use_class
from bryggan.accounts.school_days import is_working_day
from bryggan.common import audit
from bryggan.common.models import AuditEntry
from bryggan.fair import local_times
from bryggan.fair.models import Booking
from bryggan.initiatives.models import Initiative
from bryggan.invitations.models import ClassWork, Invitation, VisitFeedback
from bryggan.invitations.permissions import may_handle_round, may_see_interest_in_session
from bryggan.invitations.telling import people_text, time_text

# Who has not been asked by then is not asked any more.
ASKED_WITHIN = timedelta(days=10)
LONGEST_TEXT = 500
_CHUNK = 300
_NOT_THERE = (
    Booking.Attendance.DID_NOT_COME,
    Booking.Attendance.CANCELLED_BY_CLASS,
    Booking.Attendance.CANCELLED_BY_HOST,
)


class NotYet(Exception):
    """The visit has not begun, or not ended."""


class NotAVisit(Exception):
    """The seats were given back: nobody came, and there is nothing to ask about."""


class SaidByHost(Exception):
    """The host has said whether the class came; a teacher who thinks otherwise writes to the host."""


@dataclass(frozen=True)
class _Day:
    """A class's visits on one day, in order."""

    school_class: SchoolClass
    on: date
    visits: Sequence[Booking]

    @property
    def teachers(self) -> list[User]:
        return [one for one in self.school_class.teachers.all() if one.is_active]


# ------------------------------------------------------------------------------------------------ before


def remind_due() -> int:
    """Remind classes of their visits, as many days before as the setting says. A worker's chore.

    On a day that nobody works the reminder comes on the last working day before. Whoever books later than a
    reminder's time is not reminded of what she has just done. Returns how many letters were written.
    """
    now = timezone.now()
    days = sorted(set(settings.REMINDER_DAYS))
    if not days:
        return 0
    # The longest run of days that nobody works is shorter than a week.
    until = now + timedelta(days=days[-1] + 8)
    coming = Booking.objects.filter(state=Booking.State.BOOKED, starts_at__gt=now, starts_at__lt=until)
    due = []
    for day in _days(coming.filter(occasion__cancelled_at=None)):
        number = next((number for number in days if reminder_time(day.on, number) <= now), None)
        if number is None:
            continue
        told_at = reminder_time(day.on, number)
        if any((one.booked_at or one.made_at) <= told_at for one in day.visits):
            due.append((day, f"reminder {number} {day.school_class.pk} {day.on.isoformat()}"))
    return _tell_untold(due, _reminder)


def reminder_time(on: date, days_before: int) -> datetime:
    """When a visit on that day is reminded of: in the morning, on a working day."""
    day = on - timedelta(days=days_before)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return local_times.moment(day, time(MAIL_HOURS[0]))


def _reminder(day: _Day) -> Letter:
    first = day.visits[0]
    what = first.occasion.session.title
    if len(day.visits) > 1:
        what = ngettext("%(n)d besök", "%(n)d besök", len(day.visits)) % {"n": len(day.visits)}
    when = date_format(day.on, "l j F")
    paragraphs = [
        _("%(label)s är anmäld: %(people)s.")
        % {"label": day.school_class.label, "people": people_text(first.pupils, first.adults)}
    ]
    paragraphs += list(dict.fromkeys(text for one in day.visits if (text := practical_text(one))))
    paragraphs.append(_("Kan ni inte komma? Avboka, så får en annan klass plats."))
    return Letter(
        subject=_("%(when)s: %(what)s") % {"when": when[:1].upper() + when[1:], "what": what},
        paragraphs=paragraphs,
        facts=[(time_text(one.starts_at, one.ends_at), _what_and_where(one)) for one in day.visits],
        address=reverse("my_visits"),
        button=_("Se era besök"),
    )


def place_text(booking: Booking) -> str:
    """Where the visit is: what the host wrote in the invitation, else the session's venue."""
    invitation = invitation_of(booking)
    if invitation and invitation.round.place:
        return invitation.round.place
    venue = booking.occasion.session.venue
    return ", ".join(part for part in (venue.name, venue.address) if part) if venue else ""


def practical_text(booking: Booking) -> str:
    """What is good to know: from the invitation, else from the venue."""
    invitation = invitation_of(booking)
    if invitation and invitation.round.practical:
        return invitation.round.practical
    venue = booking.occasion.session.venue
    return venue.practical if venue else ""


def invitation_of(booking: Booking) -> Invitation | None:
    """The invitation that the seats came by, if any."""
    return getattr(booking, "invitation", None)


def _what_and_where(booking: Booking) -> str:
    return ", ".join(part for part in (booking.occasion.session.title, place_text(booking)) if part)


# ------------------------------------------------------------------------------------------------ after


def ask_afterwards() -> int:
    """Ask classes how it was, in the morning of the working day after. A worker's chore."""
    now = timezone.now()
    past = Booking.objects.filter(state=Booking.State.BOOKED, ends_at__lte=now, ends_at__gt=now - ASKED_WITHIN)
    past = past.filter(attendance__in=["", Booking.Attendance.CAME]).exclude(feedback__is_from_host=False)
    due = []
    for day in _days(past):
        asked_on = day.on + timedelta(days=1)
        while not is_working_day(asked_on):
            asked_on += timedelta(days=1)
        if local_times.moment(asked_on, time(MAIL_HOURS[0])) <= now:
            due.append((day, f"feedback {day.school_class.pk} {day.on.isoformat()}"))
    return _tell_untold(due, _question)


def _question(day: _Day) -> Letter:
    return Letter(
        subject=_("Hur var det? %(what)s") % {"what": day.visits[0].occasion.session.title},
        paragraphs=[_("En fråga, ett tryck: hur var besöket för %(label)s?") % {"label": day.school_class.label}],
        facts=[(time_text(one.starts_at), one.occasion.session.title) for one in day.visits],
        address=reverse("my_visits"),
        button=_("Svara"),
    )


@transaction.atomic
def say_who_came(booking: Booking, *, came: bool, by: User) -> Booking:
    """Write down whether the class came. The host's word stands over the class's own.

    Raises NotAllowed, NotYet before it begins, NotAVisit for seats given back, and SaidByHost.
    """
    booking = (
        Booking.objects.select_for_update(of=("self",)).select_related("school_class__school_unit").get(pk=booking.pk)
    )
    is_host = answers_for(by, booking)
    if not is_host and not may_use_class(by, booking.school_class):
        raise NotAllowed
    if booking.state != Booking.State.BOOKED:
        raise NotAVisit
    if booking.starts_at > timezone.now():
        raise NotYet
    attendance = Booking.Attendance.CAME if came else Booking.Attendance.DID_NOT_COME
    if booking.attendance == attendance:
        return booking
    was = booking.attendance
    if was and not is_host and said_by_host(booking):
        raise SaidByHost
    booking.attendance = attendance
    booking.save(update_fields=["attendance"])
    audit.record(by, "said who came", booking, attendance=attendance, was=was, is_host=is_host)
    if not was:
        _count("visit came" if came else "visit did not come", booking, amount=booking.pupils)
    return booking


def said_by_host(booking: Booking) -> bool:
    """True when the host has said whether the class came."""
    said = AuditEntry.objects.filter(
        thing_type=booking._meta.label_lower, thing_id=str(booking.pk), verb="said who came"
    )
    return any(entry.details.get("is_host") for entry in said)


@transaction.atomic
def give_feedback(booking: Booking, *, answer: int, text: str = "", is_from_host: bool, by: User) -> VisitFeedback:
    """Answer the one question, for one side. Answered anew, the new answer stands.

    Raises NotAllowed, NotYet before it has ended, NotAVisit when nobody came.
    """
    booking = (
        Booking.objects.select_for_update(of=("self",)).select_related("school_class__school_unit").get(pk=booking.pk)
    )
    may = answers_for(by, booking) if is_from_host else may_use_class(by, booking.school_class)
    if not may:
        raise NotAllowed
    if booking.state != Booking.State.BOOKED or booking.attendance in _NOT_THERE:
        raise NotAVisit
    if booking.ends_at > timezone.now():
        raise NotYet
    given, is_new = VisitFeedback.objects.update_or_create(
        booking=booking,
        is_from_host=is_from_host,
        defaults={
            "answer": VisitFeedback.Answer(answer),
            "text": text.strip()[:LONGEST_TEXT],
            "by": by,
            "at": timezone.now(),
        },
    )
    audit.record(by, "answered after visit", booking, is_from_host=is_from_host)
    if is_new:
        _count("visit feedback", booking, amount=int(given.answer), detail="host" if is_from_host else "class")
    return given


def answers_for(user: User, booking: Booking) -> bool:
    """True for whoever hosts the visit: the round's host, or whoever gives the session."""
    invitation = invitation_of(booking)
    if invitation:
        return may_handle_round(user, invitation.round)
    return may_see_interest_in_session(user, booking.occasion.session)


# ------------------------------------------------------------------------------------------------ in class


@transaction.atomic
def tick_class_work(school_class: SchoolClass, initiative: Initiative, *, by: User) -> ClassWork:
    """Say that the class has worked with the initiative. Ticked twice it is ticked once. Raises NotAllowed."""
    if not may_use_class(by, school_class) or school_class.archived_at:
        raise NotAllowed
    tick, is_new = ClassWork.objects.get_or_create(
        school_class=school_class, initiative=initiative, defaults={"ticked_by": by}
    )
    if is_new:
        facts.count(
            "class work",
            school_class=school_class,
            initiative=initiative.pk,
            department=initiative.department.slug if initiative.department else "",
            amount=school_class.pupils,
        )
        audit.record(by, "worked with initiative", tick, school_class=school_class.pk, initiative=initiative.pk)
    return tick


@transaction.atomic
def untick_class_work(school_class: SchoolClass, initiative: Initiative, *, by: User) -> None:
    """Take the tick back. Raises NotAllowed."""
    if not may_use_class(by, school_class):
        raise NotAllowed
    for tick in ClassWork.objects.filter(school_class=school_class, initiative=initiative):
        audit.record(by, "took back work", tick, school_class=school_class.pk, initiative=initiative.pk)
        facts.count(
            "class work taken back",
            school_class=school_class,
            initiative=initiative.pk,
            department=initiative.department.slug if initiative.department else "",
            amount=school_class.pupils,
        )
        tick.delete()


# ------------------------------------------------------------------------------------------------ shared


def _days(bookings: QuerySet[Booking]) -> list[_Day]:
    """The bookings by class and day; classes that are put away are left in peace. Two statements."""
    rows = bookings.filter(school_class__archived_at=None).select_related(
        "occasion__session__venue", "school_class__school_unit", "invitation__round"
    )
    rows = rows.prefetch_related(Prefetch("school_class__teachers", queryset=User.objects.order_by("pk")))
    found: dict[tuple[int, date], list[Booking]] = {}
    for booking in rows.order_by("starts_at", "pk"):
        found.setdefault((booking.school_class_id, local_times.local(booking.starts_at).date()), []).append(booking)
    return [_Day(visits[0].school_class, on, visits) for (_pk, on), visits in found.items()]


def _tell_untold(due: Sequence[tuple[_Day, str]], letter: Callable[[_Day], Letter]) -> int:
    """Write to those who have not been written to for the cause; a fixed number of statements when all have."""
    written = 0
    for start in range(0, len(due), _CHUNK):
        some = due[start : start + _CHUNK]
        told = _told(some)
        for day, cause in some:
            untold = [teacher for teacher in day.teachers if (teacher.pk, cause) not in told]
            if untold:
                written += letters.tell(untold, letter(day), kind=LetterKind.VISIT, cause=cause)
    return written


def _told(due: Iterable[tuple[_Day, str]]) -> set[tuple[int, str]]:
    due = list(due)
    people = {teacher.pk for day, _cause in due for teacher in day.teachers}
    had = Notice.objects.filter(user__in=people, cause__in=[cause for _day, cause in due])
    return set(had.values_list("user_id", "cause"))


def _count(measure: str, booking: Booking, *, amount: int = 0, detail: str = "") -> None:
    invitation = invitation_of(booking)
    department = booking.occasion.session.department
    initiative = invitation.round.initiative_id if invitation else None
    facts.count(
        measure,
        school_class=booking.school_class,
        initiative=initiative,
        department=department.slug if department else "",
        detail=detail,
        amount=amount,
    )
