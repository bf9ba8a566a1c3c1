"""Rounds of invitations: the list, the form with the letter beside it, sending, cancelling, copying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Rendered
from bryggan.accounts.models import Company, Department, SchoolClass, User
from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Session
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import Host, hosts_of, initiatives_of
from bryggan.invitations import rounds as actions
from bryggan.invitations.answering import HAS_SAID_YES, CannotAnswer
from bryggan.invitations.audience import INTERESTED, Audience, WhyNot
from bryggan.invitations.hosts import offered_by
from bryggan.invitations.models import InvitationRound
from bryggan.invitations.permissions import may_handle_round, may_invite_for, may_invite_to, may_use_desk
from bryggan.invitations.rounds import CannotSend
from bryggan.web.accounts.guards import person
from bryggan.web.desk.common import PER_PAGE, Pages, host_key, host_of_key, not_theirs, page_number, scope_of
from bryggan.web.desk.round_forms import RoundForm, WhenForm
from bryggan.web.editing.views import permitted

# Classes listed by name in a preview, on either side; the counts are of all.
MOST_LISTED = 300
State = InvitationRound.State


@require_safe
@permitted(may_use_desk)
def rounds(request: HttpRequest) -> HttpResponse:
    """The host's rounds, newest first, each with how many have answered what."""
    scope, number = scope_of(request), page_number(request)
    found = _rounds_of(scope.hosts)
    total = found.count()
    query = f"host={scope.chosen}" if scope.chosen else ""
    listed = found.select_related("department", "company", "initiative", "session").annotate(
        invited=Count("invitations"),
        yes=Count("invitations", filter=Q(invitations__state__in=HAS_SAID_YES)),
        waiting=Count("invitations", filter=Q(invitations__state="invited")),
    )
    page = list(listed[(number - 1) * PER_PAGE : number * PER_PAGE])
    context = {"scope": scope, "rounds": page, "total": total, "pages": Pages.of(number, total, query)}
    return render(request, "desk/rounds.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_use_desk)
def new_round(request: HttpRequest) -> HttpResponse:
    """First what to invite to, then the form."""
    user = person(request)
    given = request.POST if request.method == "POST" else request.GET
    about = _about(given.get("till", ""))
    if about is None:
        return _choose(request)
    host = _host_for(user, about, given.get("host", ""))
    if host is None:
        raise PermissionDenied
    if request.method != "POST":
        return _form_page(request, RoundForm(host=host, about=about))
    return _tried(request, RoundForm(request.POST, host=host, about=about))


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_use_desk)
def edit_round(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a round that has not gone out."""
    round = own_round(request, pk)
    about = about_of(round)
    host = round.host
    if round.state not in actions.UNSENT or about is None or host is None:
        return redirect(round)
    if request.method != "POST":
        return _form_page(request, RoundForm(host=host, about=about, round=round))
    return _tried(request, RoundForm(request.POST, host=host, about=about, round=round))


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_use_desk)
def send_round(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter, who gets it and why others do not; then now, or at a time."""
    round = own_round(request, pk)
    if round.state not in actions.UNSENT:
        return redirect(round)
    step, form = request.POST.get("step", ""), WhenForm(initial=_tomorrow())
    if request.method == "POST":
        form = WhenForm(request.POST if step == "later" else None, initial=_tomorrow())
        if step != "later" or form.is_valid():
            try:
                return _send(request, round, step, form)
            except CannotSend as refusal:
                messages.error(request, cannot_send_text(refusal.why))
                return redirect("send_round", round.pk)
    audience, mail = actions.preview(round, to=person(request))
    context = {"round": round, "mail": mail, "who": Who.of(audience), "form": form}
    return render(request, "desk/send.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_use_desk)
def cancel_round(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel the round, after a look at how many it touches."""
    round = own_round(request, pk)
    if request.method == "POST":
        try:
            told = actions.cancel(round, by=person(request))
        except CannotAnswer:
            messages.error(request, _("Ett av besöken började just nu, så inget är inställt. Försök igen."))
            return redirect("cancel_round", round.pk)
        text = ngettext(
            "Inställt. Vi har skrivit till %(n)d klass.", "Inställt. Vi har skrivit till %(n)d klasser.", told
        )
        messages.success(request, text % {"n": told} if told else _("Inställt. Ingen klass behövde få veta det."))
        return redirect("rounds")
    touched = list(actions.touched_by_cancelling(round))
    coming = sum(one.booking is not None for one in touched)
    return render(request, "desk/cancel_round.html", {"round": round, "touched": len(touched), "coming": coming})


@require_POST
@permitted(may_use_desk)
def copy_round(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft like this one; with `second`, for those who got no seat."""
    round = own_round(request, pk)
    is_second = request.POST.get("second") == "1"
    answer_by = max(round.answer_by, timezone.now()) + timedelta(days=14)
    try:
        token = UUID(request.POST.get("token", ""))
    except ValueError:
        token = None
    try:
        copy = actions.copy_round(round, by=person(request), second=is_second, answer_by=answer_by, form_token=token)
    except NotAllowed:
        raise PermissionDenied from None
    messages.success(request, _("Ett nytt utkast är gjort. Ändra tider och sista svarsdag innan du skickar."))
    return redirect("edit_round", copy.pk)


def own_round(request: HttpRequest, pk: int) -> InvitationRound:
    """404 for a round of another host's, and that is noted."""
    rows = InvitationRound.objects.select_related("department", "company", "initiative", "session__fair", "second_of")
    round = get_object_or_404(rows, pk=pk)
    if not may_handle_round(person(request), round):
        raise not_theirs(request, round, "was refused round")
    return round


def about_of(round: InvitationRound) -> Initiative | Session | None:
    """What the round invites to: a session of the fair, else an initiative."""
    return round.session if round.session and round.session.fair_id is not None else round.initiative


def cannot_send_text(why: str) -> str:
    return {
        CannotSend.NOBODY: _("Ingen klass får inbjudan som den är nu. Se längre ner varför."),
        CannotSend.NO_TIMES: _("Det finns ingen tid kvar att välja på efter sista svarsdag."),
        CannotSend.LATE: _("Sista svarsdag är för nära, eller har redan varit. Flytta den."),
        CannotSend.ENDED: _("Utskicket är redan skickat eller inställt."),
    }[why]


WHY_NOT = {
    WhyNot.INVITED_ALREADY: gettext_lazy("redan inbjudna"),
    WhyNot.NOT_IN_FIRST_ROUND: gettext_lazy("var inte med i första omgången"),
    WhyNot.HAS_A_SEAT: gettext_lazy("har redan plats"),
    WhyNot.NO_TEACHER: gettext_lazy("har ingen lärare som kan få brevet"),
    WhyNot.UNCONFIRMED: gettext_lazy("läraren är inte bekräftad vid skolan"),
    WhyNot.OTHER_FORM: gettext_lazy("annan skolform"),
    WhyNot.OTHER_YEARS: gettext_lazy("andra årskurser"),
    WhyNot.OTHER_PROGRAMME: gettext_lazy("annat gymnasieprogram"),
    WhyNot.OTHER_SUBJECTS: gettext_lazy("andra ämnen"),
    WhyNot.OTHER_SCHOOL: gettext_lazy("annan skola än de valda"),
    WhyNot.TOO_SMALL: gettext_lazy("för få i gruppen"),
    WhyNot.TOO_LARGE: gettext_lazy("för många i gruppen"),
    WhyNot.SCHOOL_INVITED_BEFORE: gettext_lazy("skolan har bjudits in förut"),
    WhyNot.TEACHER_HAS_ENOUGH: gettext_lazy("läraren har fått så många inbjudningar som ni tillåter"),
}


@dataclass(frozen=True)
class Group:
    """Some classes of a preview: those that may be named, and how many more there are."""

    label: str
    count: int
    named: tuple[SchoolClass, ...]

    @property
    def more(self) -> int:
        return self.count - len(self.named)


@dataclass(frozen=True)
class Who:
    """A preview's audience for the page.

    A class is named to the host when it has said that it is curious. One that only fits is counted at its school: the
    host gets to know which it is when it answers.
    """

    classes: int
    teachers: int
    schools: int
    interested: Group
    matching: tuple[tuple[str, int], ...]
    left_out: tuple[Group, ...]

    @classmethod
    def of(cls, audience: Audience) -> Who:
        interested = [one.school_class for one in audience.invited if one.ground == INTERESTED]
        matching: dict[str, int] = {}
        for one in audience.invited:
            if one.ground != INTERESTED:
                name = one.school_class.school_unit.name
                matching[name] = matching.get(name, 0) + 1
        groups = []
        for why, count in sorted(audience.reasons.items(), key=lambda item: (-item[1], item[0])):
            named = [one.school_class for one in audience.left_out if one.why == why and one.ground == INTERESTED]
            groups.append(Group(str(WHY_NOT[why]), count, tuple(named[:MOST_LISTED])))
        return cls(
            classes=len(audience.invited),
            teachers=len(audience.teachers),
            schools=audience.schools,
            interested=Group("", len(interested), tuple(interested[:MOST_LISTED])),
            matching=tuple(matching.items()),
            left_out=tuple(groups),
        )

    @property
    def matching_count(self) -> int:
        return sum(count for _school, count in self.matching)

    @property
    def left_out_count(self) -> int:
        return sum(group.count for group in self.left_out)


def _tried(request: HttpRequest, form: RoundForm) -> HttpResponse:
    """The form as sent: a look at the letter, or saved."""
    step = request.POST.get("step", "")
    if step == "times":
        # One more empty row; nothing is judged yet.
        return _form_page(request, form, is_judged=False)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    choice = form.choice()
    if step == "preview":
        audience, mail = actions.preview(form.made(), to=person(request), choice=choice, times=form.time_pairs())
        return _form_page(request, form, who=Who.of(audience), mail=mail)
    try:
        round = actions.save_round(
            form.made(),
            subjects=choice.subjects,
            programmes=choice.programmes,
            school_units=choice.school_units,
            occasions=form.chosen_occasions(),
            times=form.chosen_times(),
            form_token=form.cleaned_data["token"] if form.round is None else None,
            by=person(request),
        )
    except NotAllowed:
        raise PermissionDenied from None
    except CannotSend as refusal:
        messages.error(request, cannot_send_text(refusal.why))
        return redirect(form.round or "rounds")
    return redirect("send_round", round.pk)


def _send(request: HttpRequest, round: InvitationRound, step: str, form: WhenForm) -> HttpResponse:
    user = person(request)
    if step == "later":
        at = form.cleaned_data["moment"]
        actions.schedule(round, at, by=user)
        messages.success(request, _("Utskicket går i väg vid den tiden. Till dess kan du ändra det."))
    elif step == "unschedule":
        actions.unschedule(round, by=user)
        messages.success(request, _("Utskicket är ett utkast igen."))
        return redirect("send_round", round.pk)
    else:
        sent = actions.send(round, by=user)
        text = ngettext("Inbjudan är på väg till %(n)d klass.", "Inbjudan är på väg till %(n)d klasser.", sent)
        messages.success(request, text % {"n": sent} if sent else _("Utskicket var redan skickat."))
    return redirect(round)


def _form_page(
    request: HttpRequest,
    form: RoundForm,
    *,
    who: Who | None = None,
    mail: Rendered | None = None,
    is_judged: bool = True,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "round": form.round,
        "about": form.about,
        "is_initiative": isinstance(form.about, Initiative),
        "till": key_of(form.about),
        "host": form.host,
        "host_key": host_key(form.host),
        "who": who,
        "mail": mail,
        "is_judged": is_judged and form.is_bound,
        "is_second": bool(form.round and form.round.second_of_id),
        "action": request.path,
    }
    return render(request, "desk/round_form.html", context, status=status)


def _choose(request: HttpRequest) -> HttpResponse:
    """What of the host's one can invite to."""
    scope = scope_of(request)
    hosts = scope.hosts
    text = request.GET.get("q", "").strip()[:100]
    initiatives = Initiative.objects.readable() if hosts is None else initiatives_of(hosts)
    sessions = Session.objects.offered().filter(fair__is_published=True) if hosts is None else offered_by(hosts)
    for word in text.split():
        initiatives = initiatives.filter(Q(title__icontains=word) | Q(title__icontains=word.capitalize()))
        sessions = sessions.filter(Q(title__icontains=word) | Q(title__icontains=word.capitalize()))
    context = {
        "scope": scope,
        "q": text,
        "initiatives": list(initiatives.order_by("title", "pk")[:100]),
        "sessions": list(sessions.order_by("title", "pk")[:100]),
    }
    return render(request, "desk/choose.html", context)


def key_of(about: Initiative | Session) -> str:
    return f"{'initiativ' if isinstance(about, Initiative) else 'punkt'}-{about.pk}"


def _about(text: str) -> Initiative | Session | None:
    kind, _dash, number = text.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    if kind == "initiativ":
        return Initiative.objects.readable().select_related("school_offer").filter(pk=int(number)).first()
    if kind == "punkt":
        rows = Session.objects.offered().filter(fair__is_published=True).select_related("venue")
        return rows.filter(pk=int(number)).first()
    return None


def _host_for(user: User, about: Initiative | Session, key: str) -> Host | None:
    """The named host, else the first of the person's whose it is; for an editor, whoever owns it."""
    named = host_of_key(user, key) if key else None
    candidates: Sequence[Host | None] = [named] if named else list(hosts_of(user).all)
    if not named and user.is_editor:
        company = about.company if isinstance(about, Session) else None
        candidates = [*candidates, about.department, company]
    initiative = about if isinstance(about, Initiative) else None
    session = about if isinstance(about, Session) else None
    for host in candidates:
        if not isinstance(host, Department | Company) or not may_invite_for(user, host):
            continue
        if may_invite_to(host, initiative=initiative, session=session):
            return host
    return None


def _rounds_of(hosts: Sequence[Host] | None) -> QuerySet[InvitationRound]:
    found = InvitationRound.objects.order_by("-made_at", "-pk")
    if hosts is None:
        return found
    return found.filter(
        Q(department__in=[one.pk for one in hosts if isinstance(one, Department)])
        | Q(company__in=[one.pk for one in hosts if isinstance(one, Company)])
    )


def _tomorrow() -> dict[str, object]:
    on = local(timezone.now()) + timedelta(days=1)
    return {"on": on.date(), "at": clock_text(on.replace(hour=8, minute=0))}
