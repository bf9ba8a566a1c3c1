"""Our visits: what is to come, where we stand in queues and what is offered, and how it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Booking, SeatOffer, WaitingEntry
from bryggan.fair.seating import seats, waiting
from bryggan.invitations import queueing, visits
from bryggan.invitations.models import Invitation, VisitFeedback
from bryggan.invitations.telling import people_text, time_text
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.visits.calendar import calendar_file
from bryggan.web.visits.feedback import take_feedback
from bryggan.web.visits.forms import FeedbackForm
from bryggan.web.visits.words import refusal_text

# How far back a visit is shown.
SHOWN_AFTER = timedelta(days=60)
MOST_PAST = 40


@dataclass(frozen=True)
class Visit:
    """A visit as the page shows it. `form` asks how it was, when nobody has said."""

    booking: Booking
    when: str
    where: str
    people: str
    practical: str
    invitation: Invitation | None
    feedback: VisitFeedback | None = None
    form: FeedbackForm | None = None


@never_cache
@teachers_only
@require_safe
def my_visits(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_safe
@login_required
def visit_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    return calendar_file(_own_booking(request, pk))


@require_POST
@login_required
def visit_feedback(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how it was. What could not be read comes back as it was written."""
    booking = _own_booking(request, pk)
    form = FeedbackForm(request.POST, auto_id=f"svar{booking.pk}_%s")
    if not form.is_valid():
        return _page(request, bound={booking.pk: form}, status=422)
    take_feedback(request, booking, form, is_from_host=False)
    return redirect("my_visits")


@require_POST
@login_required
def visit_attendance(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the class came, or did not."""
    booking = _own_booking(request, pk)
    try:
        visits.say_who_came(booking, came=request.POST.get("came") == "1", by=person(request))
    except visits.NotYet:
        messages.error(request, _("Besöket har inte börjat än."))
    except visits.NotAVisit:
        messages.error(request, _("Platserna var redan avbokade."))
    except visits.SaidByHost:
        messages.error(request, _("Värden har redan skrivit hur det blev. Skriv till värden om det är fel."))
    return redirect("my_visits")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def seat_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Seats offered to a class in the queue: take them, or let the next one have them."""
    user = person(request)
    offer = _own_offer(user, pk)
    trouble = ""
    if request.method == "POST":
        try:
            if request.POST.get("do") == "accept":
                queueing.accept_offer(offer, by=user)
                messages.success(request, _("Ni har platserna. Välkomna!"))
            elif request.POST.get("do") == "decline":
                queueing.decline_offer(offer, by=user)
                messages.success(request, _("Platserna går vidare till nästa klass."))
            else:
                raise Http404
            return redirect("my_visits")
        except seats.SeatsRefused as refused:
            trouble = refusal_text(refused)
            offer = _own_offer(user, pk)
    entry = offer.entry
    is_open = (
        offer.state == SeatOffer.State.OPEN
        and offer.expires_at > timezone.now()
        and offer.booking.state != Booking.State.ENDED
    )
    context = {
        "offer": offer,
        "is_open": is_open,
        "trouble": trouble,
        "session": entry.occasion.session,
        "when": time_text(entry.starts_at, entry.ends_at),
        "people": people_text(entry.pupils, entry.adults),
        "answer_by": time_text(offer.expires_at),
    }
    return render(request, "visits/seat_offer.html", context, status=422 if trouble else 200)


@require_POST
@login_required
def leave_queue(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    mine = WaitingEntry.objects.select_related("school_class", "occasion")
    entry = get_object_or_404(mine, pk=pk, school_class__in=_classes(user))
    try:
        queueing.leave_queue(entry, by=user)
        messages.success(request, _("Ni står inte längre i kön."))
    except seats.SeatsRefused as refused:
        messages.error(request, refusal_text(refused))
    return redirect("my_visits")


def _page(request: HttpRequest, *, bound: dict[int, FeedbackForm] | None = None, status: int = 200) -> HttpResponse:
    user, now = person(request), timezone.now()
    if not user.is_teacher:
        raise Http404
    booked = (
        Booking.objects.filter(school_class__in=_classes(user), state=Booking.State.BOOKED)
        .select_related("occasion__session__venue", "occasion__session__fair", "school_class", "invitation__round")
        .prefetch_related("feedback")
    )
    coming = [_visit(one) for one in booked.filter(ends_at__gt=now).order_by("starts_at", "pk")]
    past = booked.filter(ends_at__lte=now, ends_at__gt=now - SHOWN_AFTER).order_by("-starts_at", "-pk")[:MOST_PAST]
    context = {
        "coming": coming,
        "past": [_past(one, bound or {}) for one in past],
        "queues": _queues(user),
        "now": now,
    }
    return render(request, "visits/my_visits.html", context, status=status)


def _visit(booking: Booking, **more: Any) -> Visit:
    return Visit(
        booking=booking,
        when=time_text(booking.starts_at, booking.ends_at),
        where=visits.place_text(booking),
        people=people_text(booking.pupils, booking.adults),
        practical=visits.practical_text(booking),
        invitation=visits.invitation_of(booking),
        **more,
    )


def _past(booking: Booking, bound: dict[int, FeedbackForm]) -> Visit:
    given = next((one for one in booking.feedback.all() if not one.is_from_host), None)
    form = bound.get(booking.pk)
    if form is None and given is None and booking.attendance in ("", Booking.Attendance.CAME):
        form = FeedbackForm(auto_id=f"svar{booking.pk}_%s")
    return _visit(booking, feedback=given, form=form)


def _queues(user: User) -> Sequence[dict[str, Any]]:
    """The places in queues of one's own classes; those with an offer to answer first."""
    states = [WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED]
    mine = WaitingEntry.objects.filter(school_class__in=_classes(user), state__in=states)
    entries = list(mine.select_related("occasion__session", "school_class").order_by("starts_at", "pk"))
    places = waiting.places_in_queue(entries) if entries else {}
    offers = {one.entry_id: one for one in SeatOffer.objects.filter(entry__in=entries, state=SeatOffer.State.OPEN)}
    rows = []
    for entry in entries:
        place = places[entry.pk]
        rows.append(
            {
                "entry": entry,
                "place": place,
                "number": None if place.ahead is None else place.ahead + 1,
                "when": time_text(entry.starts_at, entry.ends_at),
                "people": people_text(entry.pupils, entry.adults),
                "strict_until": time_text(place.strict_until),
                "offer": offers.get(entry.pk) if place.answer_by else None,
                "answer_by": time_text(place.answer_by) if place.answer_by else "",
            }
        )
    return sorted(rows, key=lambda row: row["offer"] is None)


def _classes(user: User) -> Any:
    return SchoolClass.objects.filter(teachers=user.pk) if user.is_teacher else SchoolClass.objects.none()


def _own_booking(request: HttpRequest, pk: int) -> Booking:
    related = ("occasion__session__venue", "school_class", "invitation__round")
    found: Booking = get_object_or_404(
        Booking.objects.select_related(*related), pk=pk, school_class__in=_classes(person(request))
    )
    return found


def _own_offer(user: User, pk: int) -> SeatOffer:
    related = ("entry__occasion__session__venue", "entry__school_class", "booking")
    found: SeatOffer = get_object_or_404(
        SeatOffer.objects.select_related(*related), pk=pk, entry__school_class__in=_classes(user)
    )
    return found
