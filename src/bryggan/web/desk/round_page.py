"""The page of a round: who has answered what, seats and queue, the lottery, times agreed on, who came."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.fair.models import Booking, Occasion
from bryggan.fair.seating import seats
from bryggan.fair.seating.capacity import SeatsLeft
from bryggan.invitations import answering, exporting, threads
from bryggan.invitations import rounds as actions
from bryggan.invitations.answering import HAS_SAID_YES, CannotAnswer
from bryggan.invitations.models import Invitation, InvitationRound
from bryggan.invitations.permissions import may_use_desk
from bryggan.invitations.telling import time_text
from bryggan.web.accounts.guards import person
from bryggan.web.desk.common import PER_PAGE, Pages, page_number
from bryggan.web.desk.host_visits import is_known, own_invitation
from bryggan.web.desk.interest import spreadsheet
from bryggan.web.desk.round_forms import AgreeForm, SeatsForm
from bryggan.web.desk.rounds import own_round
from bryggan.web.editing.views import permitted

# In the order of a host's interest.
_ORDER = (
    Invitation.State.ACCEPTED, Invitation.State.QUEUED, Invitation.State.HOPING, Invitation.State.INVITED,
    Invitation.State.NO_SEAT, Invitation.State.DECLINED, Invitation.State.NO_ANSWER,
    Invitation.State.CANCELLED_BY_CLASS, Invitation.State.CANCELLED_BY_HOST,
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An invitation as its host may see it: a class that has only been matched is without a name until it answers."""

    invitation: Invitation
    label: str
    when: str
    pupils: int | None
    adults: int | None
    teacher: str
    email: str
    needs: str
    is_over: bool
    may_write: bool
    has_new: bool
    may_agree: bool
    may_cancel: bool


@dataclass(frozen=True)
class TimeLine:
    """A time of the round, with its seats as they are now."""

    occasion: Occasion
    when: str
    left: SeatsLeft
    is_own: bool


@require_safe
@permitted(may_use_desk)
def invitation_round(request: HttpRequest, pk: int) -> HttpResponse:
    """Answers by state, seats left, the queue, the order of the lottery."""
    round = own_round(request, pk)
    return _page(request, round)


@require_safe
@permitted(may_use_desk)
def round_export(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The answers as a spreadsheet."""
    round = own_round(request, pk)
    return spreadsheet(exporting.answer_rows(round), exporting.answer_headings(), "svar", kind)


@require_POST
@permitted(may_use_desk)
def change_round_seats(request: HttpRequest, pk: int) -> HttpResponse:
    """Another number of seats at one of the round's own times. Fewer than are taken is said, and nobody loses hers."""
    round, form = own_round(request, pk), SeatsForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Skriv ett antal platser, 0 eller fler."))
        return redirect(round)
    occasion = get_object_or_404(round.occasions, pk=form.cleaned_data["occasion"])
    try:
        left = actions.change_seats(round, occasion, capacity=form.cleaned_data["capacity"], by=person(request))
    except actions.NotOwnTimes:
        raise Http404 from None
    if left.over_by:
        text = _("Sparat. %(n)d fler har plats än det finns platser. De behåller sina, och ingen ny får plats.")
        messages.warning(request, text % {"n": left.over_by})
    else:
        messages.success(request, _("Sparat."))
    return redirect(round)


@require_POST
@permitted(may_use_desk)
def agree_on_time(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down the time that was agreed with a class."""
    invitation = own_invitation(request, pk)
    form = AgreeForm(request.POST, prefix=f"i{pk}")
    if form.is_valid():
        data = form.cleaned_data
        try:
            answering.agree_on_time(
                invitation, starts_at=data["starts_at"], ends_at=data["ends_at"], by=person(request)
            )
            messages.success(request, _("Tiden är bestämd. Klassens lärare får ett brev."))
            return redirect(invitation.round)
        except CannotAnswer:
            form.add_error(None, _("Klassen kommer inte längre, eller har fått en tid på annat sätt."))
        except seats.SeatsRefused:
            form.add_error("on", _("Den tiden går inte: besöket har redan börjat, eller gruppen får inte plats."))
    return _page(request, invitation.round, wrong={pk: form}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_use_desk)
def cancel_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """The host cannot take one class after all. One that has not made itself known is not named here either."""
    invitation = own_invitation(request, pk)
    if not is_known(invitation):
        return redirect(invitation.round)
    if request.method == "POST":
        try:
            answering.cancel_by_host(invitation, by=person(request))
            messages.success(request, _("Inställt för klassen. Lärarna får ett brev."))
        except CannotAnswer:
            messages.error(request, _("Besöket har redan börjat."))
        return redirect(invitation.round)
    return render(request, "desk/cancel_visit.html", {"invitation": invitation, "round": invitation.round})


def _page(
    request: HttpRequest,
    round: InvitationRound,
    *,
    wrong: dict[int, AgreeForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    if round.state in actions.UNSENT:
        return redirect("send_round", round.pk)
    number, chosen = page_number(request), request.GET.get("lage", "")
    counts = dict(round.invitations.order_by().values_list("state").annotate(Count("pk")))
    states = [(state, Invitation.State(state).label, counts[state]) for state in _ORDER if counts.get(state)]
    found = round.invitations.select_related(
        "school_class__school_unit", "school_class__programme", "booking", "answered_by"
    ).annotate(from_class=Count("messages", filter=Q(messages__is_from_host=False)))
    if chosen in Invitation.State.values:
        found = found.filter(state=chosen)
    total = found.count()
    order = "lot" if round.drawn_at and round.lottery_seed else "answered_at"
    page = list(
        found.order_by("state", order, "school_class__school_unit__name", "school_class__label", "pk")[
            (number - 1) * PER_PAGE : number * PER_PAGE
        ]
    )
    is_conversation = round.host is not None and threads.is_host(person(request), Invitation(round=round))
    unread = threads.unread_by_host(page) if is_conversation else set()
    rows = [_row(one, round, is_conversation=is_conversation, has_new=one.pk in unread) for one in page]
    forms = wrong or {}
    context = {
        "round": round,
        "states": states,
        "chosen": chosen,
        "rows": [(row, forms.get(row.invitation.pk) or _agree_form(row)) for row in rows],
        "total": total,
        "times": _times(round),
        "pages": Pages.of(number, total, f"lage={chosen}" if chosen else ""),
        "drawn": _drawn(round),
        "yes": sum(counts.get(state, 0) for state in HAS_SAID_YES),
        "without": sum(counts.get(state, 0) for state in (Invitation.State.NO_SEAT, Invitation.State.QUEUED)),
        "invited": sum(counts.values()),
        "token": uuid4(),
        "attendance": _attendance(round),
    }
    return render(request, "desk/round.html", context, status=status)


def _row(one: Any, round: InvitationRound, *, is_conversation: bool, has_new: bool) -> Row:
    school_class, booking = one.school_class, one.booking
    has_said_yes = one.state in HAS_SAID_YES
    is_known = exporting.is_known(one)
    is_over = booking is not None and booking.starts_at <= timezone.now()
    teacher = one.answered_by if has_said_yes else None
    return Row(
        invitation=one,
        label=school_class.label if is_known else "",
        when=time_text(booking.starts_at, booking.ends_at) if booking and has_said_yes else "",
        pupils=one.pupils if one.pupils is not None else school_class.pupils if is_known else None,
        adults=one.adults if one.adults is not None else school_class.adults if is_known else None,
        teacher=str(teacher) if teacher else "",
        email=teacher.email if teacher else "",
        needs=one.needs if has_said_yes else "",
        is_over=is_over and one.state == Invitation.State.ACCEPTED,
        may_write=is_conversation and (has_said_yes or one.from_class > 0),
        has_new=has_new,
        may_agree=one.state == Invitation.State.ACCEPTED
        and round.how == InvitationRound.How.AGREEMENT
        and not is_over,
        may_cancel=has_said_yes and not is_over and round.state != InvitationRound.State.CANCELLED,
    )


def _agree_form(row: Row) -> AgreeForm | None:
    if not row.may_agree:
        return None
    soon = timezone.localdate() + timedelta(days=14)
    return AgreeForm(prefix=f"i{row.invitation.pk}", initial={"on": soon, "begins": "10.00", "ends": "11.00"})


def _times(round: InvitationRound) -> list[TimeLine]:
    """Two statements, and one for the times."""
    if round.how == InvitationRound.How.AGREEMENT:
        return []
    occasions = list(round.occasions.select_related("session").order_by("starts_at", "pk"))
    left = seats.seats_left(occasions)
    return [
        TimeLine(one, time_text(one.starts_at, one.ends_at), left[one.pk], one.session.fair_id is None)
        for one in occasions
    ]


def _drawn(round: InvitationRound) -> list[Invitation]:
    """The order of the lottery, with the numbers that anybody can draw again by."""
    if not round.lottery_seed:
        return []
    rows = round.invitations.filter(lot__isnull=False).select_related("school_class__school_unit")
    return list(rows.order_by("lot")[:500])


def _attendance(round: InvitationRound) -> list[tuple[str, int]]:
    counted: dict[str, int] = defaultdict(int)
    rows = Booking.objects.filter(invitation__round=round).exclude(attendance="").order_by()
    for attendance, number in rows.values_list("attendance").annotate(Count("pk")):
        counted[attendance] = number
    return [
        (str(Booking.Attendance(value).label), counted[value]) for value in Booking.Attendance.values if counted[value]
    ]
