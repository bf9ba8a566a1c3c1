"""The host's side of visits: those to come and those that have been, one visit with its messages, who came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import SchoolClass
from bryggan.fair.models import Booking
from bryggan.initiatives.owners import hosts_of
from bryggan.invitations import answering, exporting, hosting, threads, visits
from bryggan.invitations.models import Invitation, InvitationRound, VisitFeedback
from bryggan.invitations.permissions import may_handle_round, may_use_desk
from bryggan.invitations.telling import people_text, time_text, who_they_are
from bryggan.web.accounts.guards import next_address, person
from bryggan.web.desk.common import PER_PAGE, Pages, not_theirs, page_number, scope_of
from bryggan.web.editing.views import permitted
from bryggan.web.visits.calendar import calendar_file
from bryggan.web.visits.feedback import take_feedback
from bryggan.web.visits.forms import FeedbackForm, MessageForm

# How far back visits are listed.
SHOWN_AFTER = timedelta(days=400)
MOST_WAITING = 20
State = Invitation.State


class HostMessageForm(MessageForm):
    """The same, to the class."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].label = gettext_lazy("Skriv till klassen")
        self.fields["text"].help_text = gettext_lazy(
            "Klassens lärare och ni som samordnar läser det. Skriv inga namn på elever."
        )


class HostFeedbackForm(FeedbackForm):
    """The one question to the host."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].label = gettext_lazy("Vad ska ni själva tänka på till nästa gång?")
        self.fields["text"].help_text = gettext_lazy("Det läser ni som samordnar, och stadens redaktörer.")


@dataclass(frozen=True)
class Row:
    """A visit in the list."""

    booking: Booking
    address: str
    title: str
    when: str
    school_class: SchoolClass
    who: str
    people: str
    place: str
    needs: str
    teacher: str
    has_new: bool
    can_say: bool


@never_cache
@require_safe
@permitted(may_use_desk)
def host_visits(request: HttpRequest) -> HttpResponse:
    """The visits to come, or those that have been; and what waits for the host."""
    scope, number, now = scope_of(request), page_number(request), timezone.now()
    has_been = request.GET.get("visa") == "har-varit"
    found = hosting.visits_to(scope.hosts)
    if has_been:
        found = found.filter(ends_at__lte=now, ends_at__gt=now - SHOWN_AFTER).order_by("-starts_at", "-pk")
    else:
        found = found.filter(ends_at__gt=now).order_by("starts_at", "pk")
    total = found.count()
    page = list(found[(number - 1) * PER_PAGE : number * PER_PAGE])
    own = hosts_of(scope.user)
    invitations = [one for booking in page if (one := visits.invitation_of(booking))]
    unread = threads.unread_by_host(one for one in invitations if one.round.host in own)
    own_ones = [host for host in own.all if scope.hosts is None or host in scope.hosts]
    chosen = {"host": scope.chosen, "visa": "har-varit" if has_been else ""}
    context = {
        "scope": scope,
        "has_been": has_been,
        "rows": [_row(booking, unread) for booking in page],
        "total": total,
        "pages": Pages.of(number, total, "&".join(f"{name}={value}" for name, value in chosen.items() if value)),
        "unanswered": list(hosting.wait_for_an_answer(own_ones)[:MOST_WAITING]) if own_ones else [],
        "without_time": list(hosting.wait_for_a_time(scope.hosts)[:MOST_WAITING]),
    }
    return render(request, "desk/visits.html", context)


@never_cache
@require_safe
@permitted(may_use_desk)
def host_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """A visit to what the host gives at the fair. One by invitation has its page at the invitation."""
    booking = _own_booking(request, pk)
    invitation = visits.invitation_of(booking)
    if invitation:
        return redirect("host_invitation", invitation.pk)
    return _page(request, None, booking)


@require_safe
@permitted(may_use_desk)
def host_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """The visit for the host's own calendar. No teacher's name goes there: calendars are shared with many."""
    booking = _own_booking(request, pk)
    school_class = booking.school_class
    who = f"{school_class.label}, {school_class.school_unit.name}"
    return calendar_file(booking, with_whom=who, link=_visit_address(booking))


@never_cache
@require_safe
@permitted(may_use_desk)
def host_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """A class that is invited: its visit, and the messages with it."""
    invitation = own_invitation(request, pk)
    if not is_known(invitation):
        # Which class it is the host gets to know when it answers.
        return redirect(invitation.round)
    return _page(request, invitation, invitation.booking)


@require_POST
@permitted(may_use_desk)
def host_write(request: HttpRequest, pk: int) -> HttpResponse:
    """Write to the class's teachers. What could not be sent comes back as it was written."""
    invitation = own_invitation(request, pk)
    form, status = HostMessageForm(request.POST), 422
    if form.is_valid():
        data = form.cleaned_data
        try:
            threads.write(invitation, data["text"], is_from_host=True, form_token=data["token"], by=person(request))
            return redirect(_address(invitation) + "#meddelanden")
        except NotAllowed:
            raise not_theirs(request, invitation, "was refused messages") from None
        except threads.Empty:
            form.add_error("text", _("Skriv något först."))
        except threads.NotOpen:
            form.add_error("text", _("Klassen har inte tackat ja, så det går inte att skriva till den."))
        except threads.TooMany:
            form.add_error("text", _("Det blev många meddelanden. Vänta en timme och försök igen."))
            status = 429
    if not is_known(invitation):
        raise Http404
    return _page(request, invitation, invitation.booking, message_form=form, status=status)


@require_POST
@permitted(may_use_desk)
def host_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark what the class has written as read, for all who coordinate the host."""
    invitation = own_invitation(request, pk)
    if not threads.is_host(person(request), invitation):
        raise not_theirs(request, invitation, "was refused messages")
    threads.mark_read(invitation, by=person(request))
    return redirect(_address(invitation) + "#meddelanden")


@require_POST
@permitted(may_use_desk)
def host_attendance(request: HttpRequest, pk: int) -> HttpResponse:
    """Who came. The two cancelled states write themselves, when seats are given back."""
    booking = _own_booking(request, pk)
    came = request.POST.get("came", "")
    if came not in ("yes", "no"):
        raise Http404
    try:
        visits.say_who_came(booking, came=came == "yes", by=person(request))
    except visits.NotYet:
        messages.error(request, _("Besöket har inte börjat än."))
    except visits.NotAVisit:
        messages.error(request, _("Platserna är lämnade, så det blev inget besök."))
    else:
        messages.success(request, _("Antecknat."))
    return redirect(next_address(request) or _visit_address(booking))


@require_POST
@permitted(may_use_desk)
def host_feedback(request: HttpRequest, pk: int) -> HttpResponse:
    """The host's answer to the one question."""
    booking = _own_booking(request, pk)
    form = HostFeedbackForm(request.POST)
    invitation = visits.invitation_of(booking)
    if not form.is_valid():
        return _page(request, invitation, booking, feedback_form=form, status=422)
    take_feedback(request, booking, form, is_from_host=True)
    return redirect(_visit_address(booking))


def own_invitation(request: HttpRequest, pk: int) -> Invitation:
    """One of the person's own hosts'. Another's does not exist for her, and that she asked is noted."""
    rows = Invitation.objects.select_related(
        "round__department", "round__company", "round__session__venue", "round__initiative", "answered_by",
        "booking__occasion__session__venue", "school_class__school_unit", "school_class__programme",
    )  # fmt: skip
    invitation = get_object_or_404(rows, pk=pk)
    if not may_handle_round(person(request), invitation.round):
        raise not_theirs(request, invitation, "was refused invitation")
    return invitation


def _own_booking(request: HttpRequest, pk: int) -> Booking:
    booking: Booking = get_object_or_404(Booking.objects.select_related(*hosting.TO_VISIT), pk=pk)
    if not visits.answers_for(person(request), booking):
        raise not_theirs(request, booking, "was refused visit")
    return booking


def is_known(invitation: Invitation) -> bool:
    """A class that has written has made itself known."""
    return exporting.is_known(invitation) or threads.host_may_write(invitation)


def _row(booking: Booking, unread: set[int]) -> Row:
    invitation = visits.invitation_of(booking)
    teacher = hosting.teacher_of(invitation)
    return Row(
        booking=booking,
        address=_visit_address(booking),
        title=invitation.round.title if invitation else booking.occasion.session.title,
        when=time_text(booking.starts_at, booking.ends_at),
        school_class=booking.school_class,
        who=who_they_are(booking.school_class),
        people=people_text(booking.pupils, booking.adults),
        place=visits.place_text(booking),
        needs=invitation.needs if invitation else "",
        teacher=str(teacher) if teacher else "",
        has_new=invitation is not None and invitation.pk in unread,
        can_say=hosting.has_begun(booking),
    )


def _page(
    request: HttpRequest,
    invitation: Invitation | None,
    booking: Booking | None,
    *,
    message_form: HostMessageForm | None = None,
    feedback_form: HostFeedbackForm | None = None,
    status: int = 200,
) -> HttpResponse:
    user = person(request)
    is_visit = booking is not None and booking.state == Booking.State.BOOKED
    school_class = invitation.school_class if invitation else booking.school_class if booking else None
    is_conversation = invitation is not None and threads.is_host(user, invitation)
    thread = threads.of(invitation) if invitation and is_conversation else []
    feedback = {one.is_from_host: one for one in booking.feedback.all()} if booking else {}
    has_ended = is_visit and booking is not None and booking.ends_at <= timezone.now()
    came = booking is not None and booking.attendance in ("", Booking.Attendance.CAME)
    is_new = [threads.is_new(one, for_host=True) for one in thread]
    context = {
        "invitation": invitation,
        "booking": booking,
        "round": invitation.round if invitation else None,
        "session": booking.occasion.session if booking else None,
        "title": invitation.round.title if invitation else booking.occasion.session.title if booking else "",
        "school_class": school_class,
        "headline": _headline(invitation, booking),
        "tone": _tone(invitation, booking),
        "when": time_text(booking.starts_at, booking.ends_at) if booking and is_visit else "",
        "where": _where(invitation, booking),
        "practical": _practical(invitation, booking),
        "people": _people(invitation, booking),
        "teacher": hosting.teacher_of(invitation),
        "needs": invitation.needs if invitation and invitation.state in answering.HAS_SAID_YES else "",
        "can_say": is_visit and booking is not None and hosting.has_begun(booking),
        "has_calendar": is_visit and booking is not None and booking.ends_at > timezone.now(),
        "can_cancel": _can_cancel(invitation, booking),
        "can_agree": invitation is not None
        and invitation.state == State.ACCEPTED
        and invitation.round.how == InvitationRound.How.AGREEMENT
        and not (booking and hosting.has_begun(booking)),
        "feedback": feedback.get(True),
        "class_feedback": feedback.get(False),
        "feedback_form": feedback_form or (_feedback_form(feedback.get(True)) if has_ended and came else None),
        "is_conversation": is_conversation,
        "thread": [(one, threads.writer_text(one), new) for one, new in zip(thread, is_new, strict=True)],
        "has_new": any(is_new),
        # What was written when that could no longer be sent is still there to copy.
        "may_write": message_form is not None
        or (invitation is not None and is_conversation and threads.host_may_write(invitation)),
        "message_form": message_form or HostMessageForm(),
    }
    return render(request, "desk/visit.html", context, status=status)


def _feedback_form(given: VisitFeedback | None) -> HostFeedbackForm:
    return HostFeedbackForm(initial={"answer": given.answer, "text": given.text} if given else None)


def _headline(invitation: Invitation | None, booking: Booking | None) -> str:
    if booking and booking.attendance:
        return str(booking.get_attendance_display()).capitalize()
    if booking and booking.state == Booking.State.BOOKED:
        if booking.ends_at <= timezone.now():
            return _("Har varit")
        return _("Pågår nu") if hosting.has_begun(booking) else _("Kommer")
    if invitation and invitation.state == State.ACCEPTED:
        return _("Kommer, ni ska bestämma en tid")
    return str(invitation.get_state_display()).capitalize() if invitation else _("Platserna är lämnade")


def _tone(invitation: Invitation | None, booking: Booking | None) -> str:
    missed = (
        Booking.Attendance.DID_NOT_COME,
        Booking.Attendance.CANCELLED_BY_CLASS,
        Booking.Attendance.CANCELLED_BY_HOST,
    )
    if (booking and booking.attendance in missed) or (invitation and invitation.state in answering.ENDED):
        return "problem"
    return "good" if booking and booking.state == Booking.State.BOOKED else ""


def _where(invitation: Invitation | None, booking: Booking | None) -> str:
    if invitation and invitation.round.place:
        return invitation.round.place
    return visits.place_text(booking) if booking else ""


def _practical(invitation: Invitation | None, booking: Booking | None) -> str:
    if invitation and invitation.round.practical:
        return invitation.round.practical
    return visits.practical_text(booking) if booking else ""


def _people(invitation: Invitation | None, booking: Booking | None) -> str:
    if booking:
        return people_text(booking.pupils, booking.adults)
    if invitation is None:
        return ""
    school_class = invitation.school_class
    return people_text(invitation.pupils or school_class.pupils, invitation.adults or school_class.adults)


def _can_cancel(invitation: Invitation | None, booking: Booking | None) -> bool:
    if invitation is None or invitation.state not in answering.HAS_SAID_YES:
        return False
    return invitation.round.state != InvitationRound.State.CANCELLED and not (booking and hosting.has_begun(booking))


def _address(invitation: Invitation) -> str:
    return reverse("host_invitation", args=[invitation.pk])


def _visit_address(booking: Booking) -> str:
    invitation = visits.invitation_of(booking)
    return _address(invitation) if invitation else reverse("host_visit", args=[booking.pk])
