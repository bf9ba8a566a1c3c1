"""Writing the fair's programme: sessions and their times, publish, change, move, cancel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.accounts.models import User
from bryggan.fair import supply
from bryggan.fair.models import Fair, Occasion, Session, State
from bryggan.fair.numbers import Numbers, classes_touched, numbers_of, together
from bryggan.fair.permissions import editable_sessions, may_add_session, may_manage_fair, may_see_team_pages
from bryggan.fair.telling import when_text
from bryggan.web.accounts.guards import person
from bryggan.web.editing.views import permitted
from bryggan.web.explore.filters import Addresses
from bryggan.web.fair_team.common import own_occasion, own_session, team_fair
from bryggan.web.fair_team.forms import NoteForm, OccasionForm, SessionForm
from bryggan.web.fair_team.overview import lines_of

PER_PAGE = 50


@dataclass(frozen=True)
class SupplyRow:
    session: Session
    times: int
    numbers: Numbers


@require_safe
@permitted(may_see_team_pages)
def fair_supply(request: HttpRequest) -> HttpResponse:
    """Every session with where it stands: drafts first, since they wait for somebody."""
    user, fair = person(request), team_fair()
    rows = editable_sessions(user).filter(fair=fair)
    counts = {state.value: 0 for state in State}
    for state in rows.order_by().values_list("state", flat=True):
        counts[state] += 1
    chosen = request.GET.get("state", "")
    if chosen in counts:
        rows = rows.filter(state=chosen)
    if text := request.GET.get("q", "").replace("\x00", "").strip()[:100]:
        # SQLite folds the case of a to z only.
        rows = rows.filter(title__icontains=text) | rows.filter(title__icontains=text.capitalize())
    total = rows.count()
    pages = max(1, -(-total // PER_PAGE))
    typed = request.GET.get("page", "1")
    page = min(int(typed), pages) if typed.isascii() and typed.isdigit() and 0 < len(typed) < 7 and int(typed) else 1
    listed = list(rows.select_related("venue", "department", "company").order_by("title", "pk"))
    listed = listed[(page - 1) * PER_PAGE : page * PER_PAGE]
    addresses = Addresses(request.GET)
    context = {
        "fair": fair,
        "rows": _supply_rows(listed),
        "total": total,
        "states": [(state.value, state.label, counts[state.value]) for state in State],
        "chosen": chosen if chosen in counts else "",
        "text": text,
        "page_number": page,
        "pages": pages,
        "previous_page": addresses.with_page(page - 1) if page > 1 else "",
        "next_page": addresses.with_page(page + 1) if page < pages else "",
        "may_manage": may_manage_fair(user),
    }
    return render(request, "fair_team/supply.html", context)


def _supply_rows(sessions: list[Session]) -> list[SupplyRow]:
    by_session: dict[int, list[Occasion]] = defaultdict(list)
    by_number = {session.pk: session for session in sessions}
    occasions = list(Occasion.objects.filter(session__in=by_number, cancelled_at=None))
    for occasion in occasions:
        occasion.session = by_number[occasion.session_id]
        by_session[occasion.session_id].append(occasion)
    numbers = numbers_of(occasions)
    return [
        SupplyRow(session, len(by_session[session.pk]), together([numbers[one.pk] for one in by_session[session.pk]]))
        for session in sessions
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_add_session)
def fair_session_new(request: HttpRequest) -> HttpResponse:
    """Write a session: it becomes a draft, and then gets its times."""
    user, fair = person(request), team_fair()
    form = SessionForm(request.POST if request.method == "POST" else None, fair=fair, by=user)
    if form.is_valid():
        try:
            made = supply.create_session(fair=fair, details=form.details(), by=user)
        except supply.NotAllowed:
            form.add_error("department", _("Välj den förvaltning eller det företag som du samordnar."))
        else:
            messages.success(request, _("Utkastet är sparat. Lägg till tider och publicera sedan."))
            return redirect("fair_session_edit", made.pk)
    context = {"fair": fair, "form": form}
    return render(request, "fair_team/session_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_see_team_pages)
def fair_session_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A session of one's own: its words, its times, where it stands."""
    user = person(request)
    session = own_session(user, pk)
    form = SessionForm(
        request.POST if request.method == "POST" else None, fair=_fair(session), by=user, session=session
    )
    if form.is_valid():
        try:
            _save(session, form, user)
        except supply.ChangedMeanwhile:
            form.add_error(
                None, _("Någon annan sparade programpunkten medan du skrev. Läs om sidan innan du sparar igen.")
            )
        except supply.NotAllowed:
            form.add_error("department", _("Välj den förvaltning eller det företag som du samordnar."))
        except supply.IsCancelled:
            form.add_error(None, _("Programpunkten är inställd. Säg först att den ges ändå."))
        except supply.HasBookings:
            form.add_error(None, _("Klasser har bokat. Då kan du inte ändra slag, vad platser räknas i eller vuxna."))
        except supply.FewerSeatsThanTaken as error:
            form.add_error("capacity", _fewer_text(error))
        else:
            messages.success(request, _("Ändringarna är sparade."))
            return redirect("fair_session_edit", session.pk)
    return _session_page(request, session, form, OccasionForm(initial=_next_time(session), auto_id="time_%s"))


def _save(session: Session, form: SessionForm, user: User) -> None:
    seen_at = form.seen_at()
    if seen_at is None:
        raise supply.ChangedMeanwhile(session)
    supply.edit_session(
        session=session, details=form.details(), seen_at=seen_at, by=user, note=form.cleaned_data["note"]
    )


def _session_page(request: HttpRequest, session: Session, form: SessionForm, time_form: OccasionForm) -> HttpResponse:
    occasions = session.occasions.order_by("starts_at", "pk").select_related("session")
    context = {
        "fair": session.fair,
        "session": session,
        "form": form,
        "time_form": time_form,
        "lines": lines_of(occasions),
        "touched": classes_touched(occasions.filter(cancelled_at=None).values_list("pk", flat=True)),
        "may_publish": session.state in (State.DRAFT, State.CHANGED),
    }
    bad = form.errors if form.is_bound else time_form.errors
    return render(request, "fair_team/session_form.html", context, status=422 if bad else 200)


@require_POST
@permitted(may_see_team_pages)
def publish_fair_session(request: HttpRequest, pk: int) -> HttpResponse:
    session = own_session(person(request), pk)
    try:
        supply.publish(session=session, by=person(request))
        messages.success(request, _("Programpunkten är publicerad."))
    except supply.NothingToPublish:
        messages.error(request, _("Lägg till en tid först."))
    except supply.IsCancelled:
        messages.error(request, _("Programpunkten är inställd. Säg först att den ges ändå."))
    return redirect("fair_session_edit", session.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_see_team_pages)
def cancel_fair_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask before a session is cancelled, or given after all: how many classes it touches."""
    user = person(request)
    session = own_session(user, pk)
    form = NoteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        note = form.cleaned_data["note"]
        if session.is_cancelled:
            told = supply.reinstate_session(session=session, by=user, note=note)
        else:
            told = supply.cancel_session(session=session, by=user, note=note)
        messages.success(request, _told_text(told))
        return redirect("fair_session_edit", session.pk)
    context = {
        "fair": session.fair,
        "session": session,
        "form": form,
        "is_cancelled": session.is_cancelled,
        "touched": classes_touched(session.occasions.filter(cancelled_at=None).values_list("pk", flat=True)),
        "back": session.pk,
    }
    return render(request, "fair_team/cancel.html", context, status=422 if form.is_bound else 200)


@require_POST
@permitted(may_see_team_pages)
def add_fair_occasion(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    session = own_session(user, pk)
    # The page has two forms with fields of the same names.
    form = OccasionForm(request.POST, auto_id="time_%s")
    if form.is_valid() and _tried(form, lambda: supply.add_occasion(session=session, details=form.details(), by=user)):
        messages.success(request, _("Tiden är tillagd."))
        return redirect("fair_session_edit", session.pk)
    return _session_page(request, session, SessionForm(fair=_fair(session), by=user, session=session), form)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_see_team_pages)
def fair_occasion(request: HttpRequest, pk: int) -> HttpResponse:
    """One time: move it, change its seats. Says first how many classes have it."""
    user = person(request)
    occasion = own_occasion(user, pk)
    if request.method == "POST":
        form = OccasionForm(request.POST)
        if form.is_valid() and _tried(
            form,
            lambda: supply.change_occasion(
                occasion=occasion, details=form.details(), by=user, note=form.cleaned_data["message"]
            ),
        ):
            messages.success(request, _("Tiden är ändrad."))
            return redirect("fair_session_edit", occasion.session_id)
    else:
        form = OccasionForm(initial=OccasionForm.initial_of(occasion))
    context = {
        "fair": occasion.session.fair,
        "session": occasion.session,
        "occasion": occasion,
        "when": when_text(occasion.starts_at, occasion.ends_at),
        "form": form,
        "numbers": numbers_of([occasion])[occasion.pk],
        "touched": classes_touched([occasion.pk]),
    }
    return render(request, "fair_team/occasion.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_see_team_pages)
def cancel_fair_occasion(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask before a time is cancelled, or given after all."""
    user = person(request)
    occasion = own_occasion(user, pk)
    form = NoteForm(request.POST if request.method == "POST" else None)
    is_cancelled = occasion.cancelled_at is not None
    if form.is_valid():
        note = form.cleaned_data["note"]
        try:
            if is_cancelled:
                told = supply.reinstate_occasion(occasion=occasion, by=user, note=note)
            else:
                told = supply.cancel_occasion(occasion=occasion, by=user, note=note)
            messages.success(request, _told_text(told))
        except supply.IsCancelled:
            messages.error(request, _("Hela programpunkten är inställd. Säg först att den ges ändå."))
        return redirect("fair_session_edit", occasion.session_id)
    context = {
        "fair": occasion.session.fair,
        "session": occasion.session,
        "when": when_text(occasion.starts_at, occasion.ends_at),
        "form": form,
        "is_cancelled": is_cancelled,
        "touched": classes_touched([occasion.pk]),
        "back": occasion.session_id,
    }
    return render(request, "fair_team/cancel.html", context, status=422 if form.is_bound else 200)


def _tried(form: OccasionForm, action: Callable[[], object]) -> bool:
    """Do it; what is wrong is told at the field that it is about."""
    try:
        action()
    except supply.EndsBeforeStart:
        form.add_error("ends", _("Sluttiden är samma som starttiden."))
    except supply.TooLong:
        form.add_error("ends", _("En tid är högst ett dygn."))
    except supply.ShorterThanVisit:
        form.add_error("ends", _("Det är kortare öppet än vad en klass stannar."))
    except supply.OutsideFair:
        form.add_error("on", _("Mässan är inte öppen den dagen."))
    except supply.FewerSeatsThanTaken as error:
        form.add_error("capacity", _fewer_text(error))
    except supply.IsCancelled:
        form.add_error(None, _("Det är inställt. Säg först att det ges ändå."))
    return form.is_valid()


def _fewer_text(error: supply.FewerSeatsThanTaken) -> str:
    when = when_text(error.occasion.starts_at, error.occasion.ends_at)
    return _("%(n)d platser är redan tagna %(when)s. Det kan inte bli färre.") % {"n": error.taken, "when": when}


def _told_text(told: int) -> str:
    if not told:
        return _("Sparat. Ingen klass hade det i sitt program.")
    return ngettext("Sparat. Vi har skrivit till %(n)d klass.", "Sparat. Vi har skrivit till %(n)d klasser.", told) % {
        "n": told
    }


def _next_time(session: Session) -> dict[str, object]:
    """What a new time probably is: on the first day, with the session's seats."""
    fair = _fair(session)
    last = session.occasions.order_by("-starts_at").first()
    if last:
        return {**OccasionForm.initial_of(last), "note": "", "reserved": 0}
    return {"on": fair.first_on, "capacity": session.capacity, "reserved": 0}


def _fair(session: Session) -> Fair:
    if session.fair is None:
        raise Http404
    return session.fair
