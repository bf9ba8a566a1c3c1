"""Invitations: the list, an invitation with its visit, and the answer page behind the link in a mail.

The two pages answer alike. By link nobody signs in: it is the teacher's whose letter it stood in, and the page says
so. Opening it changes nothing, since mail scanners open every link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Booking, Occasion, WaitingEntry
from bryggan.fair.seating import seats, waiting
from bryggan.invitations import answer_links, answering, threads
from bryggan.invitations.models import Invitation, InvitationRound
from bryggan.invitations.telling import time_text
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.visits.calendar import calendar_file
from bryggan.web.visits.forms import AnswerForm, MessageForm, NumbersForm
from bryggan.web.visits.words import cannot_text, refusal_text, seats_text, short_time_text

State = Invitation.State
_RELATED = (
    "round__department",
    "round__company",
    "round__session__venue",
    "round__initiative",
    "school_class__school_unit",
    "booking__occasion__session__venue",
    "answered_by",
)


@dataclass(frozen=True)
class Shown:
    """What a page of an invitation says. Forms are None where there is nothing to answer or change."""

    invitation: Invitation
    headline: str
    explanation: str
    tone: str
    times: Sequence[tuple[Occasion, str]]
    can_accept: bool
    can_decline: bool
    has_said_yes: bool
    place_in_queue: waiting.Place | None
    offer_address: str
    links: Sequence[tuple[str, str]]
    has_calendar: bool


@never_cache
@teachers_only
@require_safe
def invitations(request: HttpRequest) -> HttpResponse:
    """The invitations to one's own classes: those that wait for an answer first."""
    found = list(_of(person(request)).order_by("-invited_at", "-pk")[:200])
    unread = threads.unread_by_class(found)
    now = timezone.now()
    rows = [(one, headline_of(one), one.pk in unread) for one in found]
    waits = [row for row in rows if row[0].state == State.INVITED and row[0].round.answer_by > now]
    waits.sort(key=lambda row: (row[0].round.answer_by, row[0].pk))
    context = {"waiting": waits, "others": [row for row in rows if row not in waits]}
    return render(request, "visits/invitations.html", context)


def unanswered(user: User) -> int:
    """How many invitations wait for an answer by the person's classes. One statement."""
    mine = _of(user).filter(state=State.INVITED, round__answer_by__gt=timezone.now())
    return mine.exclude(round__state=InvitationRound.State.CANCELLED).count()


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """An invitation to one's own class: answer it, change it, cancel it, write to the host."""
    user = person(request)
    found = _own(user, pk)
    return _page(request, found, user, "visits/invitation.html", found.get_absolute_url(), {})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The same by the link of a letter, without signing in. What class and host write is not shown here."""
    try:
        opened = answer_links.opened_by(token)
    except answer_links.LinkHasExpired:
        return private(render(request, "visits/no_link.html", {"expired": True}, status=410))
    if opened is None:
        return private(render(request, "visits/no_link.html", {"expired": False}, status=404))
    is_hers = request.user.is_authenticated and request.user.pk == opened.teacher.pk
    context = {
        "teacher": opened.teacher,
        "is_hers": is_hers,
        "somebody_else": request.user if request.user.is_authenticated and not is_hers else None,
        "token": token,
    }
    own = reverse("answer_by_link", args=[token])
    return private(
        _page(request, opened.invitation, opened.teacher, "visits/answer_by_link.html", own, context, is_linked=True)
    )


@require_safe
def calendar_by_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        opened = answer_links.opened_by(token)
    except answer_links.LinkHasExpired:
        opened = None
    if opened is None or opened.invitation.booking is None:
        raise Http404
    return private(calendar_file(_booking(opened.invitation.booking.pk)))


@require_POST
@login_required
def write_message(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    found = _own(user, pk)
    form = MessageForm(request.POST)
    status = 422
    if form.is_valid():
        data = form.cleaned_data
        try:
            threads.write(found, data["text"], is_from_host=False, form_token=data["token"], by=user)
            return redirect(found.get_absolute_url() + "#meddelanden")
        except threads.Empty:
            form.add_error("text", _("Skriv något först."))
        except threads.TooMany:
            form.add_error("text", _("Det blev många meddelanden. Vänta en timme och försök igen."))
            status = 429
    context = {"message_form": form}
    return _render(request, found, user, "visits/invitation.html", context, is_linked=False, status=status)


@require_POST
@login_required
def read_messages(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(person(request), pk)
    threads.mark_read(found, by=person(request))
    return redirect(found.get_absolute_url() + "#meddelanden")


def headline_of(invitation: Invitation) -> str:
    """Where the invitation stands, in a few words."""
    round, now = invitation.round, timezone.now()
    booking = invitation.booking
    if round.state == InvitationRound.State.CANCELLED or invitation.state == State.CANCELLED_BY_HOST:
        return _("Inställt av värden")
    if invitation.state == State.INVITED:
        if round.answer_by <= now:
            return _("Svarstiden har gått ut")
        return _("Svara senast %(time)s") % {"time": time_text(round.answer_by)}
    if invitation.state == State.ACCEPTED and booking:
        time = time_text(booking.starts_at, booking.ends_at)
        return (_("Ni var anmälda %(time)s") if booking.ends_at <= now else _("Ni kommer %(time)s")) % {"time": time}
    return {
        State.HOPING: _("Ni har tackat ja och väntar på lottningen"),
        State.ACCEPTED: _("Ni har tackat ja. Tiden kommer ni överens om"),
        State.QUEUED: _("Ni står i kö"),
        State.DECLINED: _("Ni har tackat nej"),
        State.NO_SEAT: _("Det blev ingen plats"),
        State.NO_ANSWER: _("Ni svarade inte i tid"),
        State.CANCELLED_BY_CLASS: _("Ni har avbokat"),
    }[State(invitation.state)]


def private(answer: HttpResponse) -> HttpResponse:
    """An answer behind a secret address: it is told to no other site, and found by no search."""
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _of(user: User) -> Any:
    mine = Invitation.objects.filter(school_class__in=SchoolClass.objects.taught_by(user))
    return mine.select_related(*_RELATED)


def _own(user: User, pk: int) -> Invitation:
    """One of her own classes', put away or not; anybody else's does not exist."""
    if not user.is_teacher:
        raise Http404
    found: Invitation = get_object_or_404(
        Invitation.objects.select_related(*_RELATED), pk=pk, school_class__teachers=user.pk
    )
    return found


def _booking(pk: int) -> Booking:
    related = ("occasion__session__venue", "invitation__round")
    return Booking.objects.select_related(*related).get(pk=pk)


def _page(
    request: HttpRequest,
    found: Invitation,
    teacher: User,
    template: str,
    own_address: str,
    context: dict[str, Any],
    *,
    is_linked: bool = False,
) -> HttpResponse:
    """The page, or by POST what the teacher asked for. What could not be done comes back with what she wrote."""
    if request.method != "POST":
        return _render(request, found, teacher, template, context, is_linked=is_linked)
    what = request.POST.get("do")
    times = _times(found)
    form: NumbersForm | None = None
    try:
        if what == "accept":
            form = context["answer_form"] = AnswerForm(request.POST, times=times)
            if form.is_valid():
                numbers = {name: form.cleaned_data[name] for name in ("pupils", "adults", "needs")}
                answering.accept(found, occasions=form.occasions(), by=teacher, **numbers)
                return redirect(own_address)
        elif what == "change":
            form = context["numbers_form"] = NumbersForm(request.POST)
            if form.is_valid():
                answering.change_numbers(found, by=teacher, **form.cleaned_data)
                messages.success(request, _("Ändringen är sparad."))
                return redirect(own_address)
        elif what == "decline":
            answering.decline(found, by=teacher)
            return redirect(own_address)
        else:
            raise Http404
    except answering.CannotAnswer as refused:
        context["trouble"] = cannot_text(refused)
    except seats.SeatsRefused as refused:
        context["trouble"] = refusal_text(refused)
    found = Invitation.objects.select_related(*_RELATED).get(pk=found.pk)
    return _render(request, found, teacher, template, context, is_linked=is_linked, status=422)


def _render(
    request: HttpRequest,
    found: Invitation,
    teacher: User,
    template: str,
    context: dict[str, Any],
    *,
    is_linked: bool,
    status: int = 200,
) -> HttpResponse:
    shown = _shown(found)
    context = {"shown": shown, "invitation": found, "round": found.round, **context}
    if shown.can_accept and "answer_form" not in context:
        context["answer_form"] = AnswerForm(times=shown.times, initial=_first_numbers(found))
    if shown.has_said_yes and shown.can_decline and "numbers_form" not in context:
        context["numbers_form"] = NumbersForm(initial=_first_numbers(found), auto_id="andra_%s")
    if not is_linked:
        context.setdefault("message_form", MessageForm())
        context["thread"] = [
            (one, threads.writer_text(one), threads.is_new(one, for_host=False)) for one in threads.of(found)
        ]
        context["has_new"] = any(is_new for _one, _who, is_new in context["thread"])
    return render(request, template, context, status=status)


def _first_numbers(invitation: Invitation) -> dict[str, Any]:
    school_class = invitation.school_class
    return {
        "pupils": invitation.pupils or school_class.pupils,
        "adults": invitation.adults or school_class.adults,
        "needs": invitation.needs or school_class.needs,
    }


def _times(invitation: Invitation) -> list[tuple[Occasion, str]]:
    """The times that can be chosen, each with its seats."""
    if invitation.round.how == InvitationRound.How.AGREEMENT:
        return []
    occasions = answering.open_occasions(invitation.round)
    left = seats.seats_left(occasions)
    return [(one, _time_and_seats(invitation.round, one, left[one.pk])) for one in occasions]


def _time_and_seats(round: InvitationRound, occasion: Occasion, left: Any) -> str:
    parts = [short_time_text(occasion)]
    if round.spread == InvitationRound.Spread.FIRST_COME:
        # In a lottery nobody has taken anything yet, and numbers would only tempt.
        parts.append(seats_text(occasion, left))
    return ", ".join(part for part in parts if part)


def _shown(invitation: Invitation) -> Shown:
    round, now, state = invitation.round, timezone.now(), State(invitation.state)
    is_cancelled = round.state == InvitationRound.State.CANCELLED or state == State.CANCELLED_BY_HOST
    is_open = round.answer_by > now and not is_cancelled and invitation.school_class.archived_at is None
    times = _times(invitation)
    has_times = bool(times) or round.how == InvitationRound.How.AGREEMENT
    has_said_yes = state in answering.HAS_SAID_YES
    booking = invitation.booking
    has_begun = booking is not None and booking.starts_at <= now
    place, offer_address = _queue_of(invitation)
    return Shown(
        invitation=invitation,
        headline=headline_of(invitation),
        explanation=_explanation(invitation, is_open=is_open, has_times=has_times),
        tone=_tone(state, is_open=is_open, is_cancelled=is_cancelled),
        times=times,
        can_accept=is_open and has_times and not has_said_yes,
        can_decline=(state == State.INVITED and is_open) or (has_said_yes and not has_begun and not is_cancelled),
        has_said_yes=has_said_yes,
        place_in_queue=place,
        offer_address=offer_address,
        links=_links(round),
        has_calendar=booking is not None,
    )


def _tone(state: State, *, is_open: bool, is_cancelled: bool) -> str:
    if is_cancelled:
        return "problem"
    if state == State.ACCEPTED:
        return "good"
    return "" if is_open or state in answering.HAS_SAID_YES else "problem"


def _explanation(invitation: Invitation, *, is_open: bool, has_times: bool) -> str:
    round, state = invitation.round, State(invitation.state)
    if state == State.HOPING:
        return _("Platserna lottas när svarstiden är slut: %(time)s. Ni får ett brev hur det gick.") % {
            "time": time_text(round.answer_by)
        }
    if state == State.ACCEPTED and invitation.booking is None:
        return _("Värden hör av sig om en tid. Skriv gärna när det passar er.")
    if state == State.QUEUED:
        return _("Ni får ett brev när det är er tur.")
    if state == State.NO_SEAT:
        return _("Värden kan bjuda in till en ny omgång. Då är ni med.")
    if is_open and not has_times:
        return _("Alla tider har varit eller är inställda.")
    if is_open and state in (State.DECLINED, State.CANCELLED_BY_CLASS):
        return _("Ändrat er? Ni kan tacka ja fram till %(time)s.") % {"time": time_text(round.answer_by)}
    if state == State.INVITED and not is_open and round.state != InvitationRound.State.CANCELLED:
        return _("Kontakta gärna värden om ni fortfarande vill komma.")
    return ""


def _queue_of(invitation: Invitation) -> tuple[waiting.Place | None, str]:
    """Where the class stands in the queue, and where an open offer is answered."""
    if invitation.state != State.QUEUED:
        return None, ""
    states = [WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED]
    mine = WaitingEntry.objects.filter(school_class=invitation.school_class_id, state__in=states)
    entry = mine.filter(occasion__in=invitation.wishes).order_by("pk").first()
    if entry is None:
        return None, ""
    place = waiting.place_in_queue(entry)
    offer = entry.offers.filter(state="open").first() if place.answer_by else None
    return place, reverse("seat_offer", args=[offer.pk]) if offer else ""


def _links(round: InvitationRound) -> list[tuple[str, str]]:
    """The host's links: to the web and to nothing else."""
    links = [(str(link.get("title") or ""), str(link.get("url") or "")) for link in round.attachments]
    return [(title or url, url) for title, url in links if urlsplit(url).scheme in ("http", "https")]
