"""We are curious: one click on an initiative or a session, the list of one's own, and what a class has worked with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Session
from bryggan.initiatives.models import Initiative
from bryggan.invitations import interests as actions
from bryggan.invitations import visits
from bryggan.invitations.models import ClassWork, Interest
from bryggan.web.accounts.guards import next_address, person, teachers_only
from bryggan.web.visits.forms import InterestForm

ANCHOR = "#nyfikna"


@dataclass(frozen=True)
class Panel:
    """What a teacher sees of her classes' curiosity on the page of an initiative or a session.

    `form` is for classes that have said nothing yet; None when all have, or she has none.
    """

    thing: dict[str, int]
    classes: Sequence[SchoolClass]
    mine: Sequence[tuple[Interest, InterestForm]]
    form: InterestForm | None
    only_follow: bool
    # Each class and whether it has worked with the initiative; empty for a session.
    work: Sequence[tuple[SchoolClass, bool]] = field(default_factory=tuple)


def panel_of(
    user: object,
    *,
    initiative: Initiative | None = None,
    session: Session | None = None,
    bound: InterestForm | None = None,
) -> Panel | None:
    """The panel for a teacher; None for everybody else. Three statements at the most."""
    if not isinstance(user, User) or not user.is_teacher or not user.is_active:
        return None
    classes = list(SchoolClass.objects.taught_by(user).order_by("label", "pk"))
    found = Interest.objects.open().filter(school_class__in=classes, initiative=initiative, session=session)
    mine = list(found.select_related("school_class").order_by("school_class__label", "pk"))
    only_follow = actions.only_to_follow(initiative=initiative, session=session)
    said = {one.school_class_id for one in mine}
    rest = [one for one in classes if one.pk not in said]
    form = InterestForm(classes=rest, only_follow=only_follow, auto_id="nyfiken_%s") if rest else None
    again = bound.data.get("klass") if bound is not None else None
    changing = [
        (one, bound if bound is not None and again == str(one.school_class_id) else _form_of(one, only_follow))
        for one in mine
    ]
    if bound is not None and again not in {str(pk) for pk in said}:
        form = bound
    work: list[tuple[SchoolClass, bool]] = []
    if initiative is not None and classes:
        ticked = ClassWork.objects.filter(initiative=initiative, school_class__in=classes)
        has_worked = set(ticked.values_list("school_class_id", flat=True))
        work = [(one, one.pk in has_worked) for one in classes]
    thing = {"initiative": initiative.pk} if initiative else {"session": session.pk if session else 0}
    return Panel(thing, classes, changing, form, only_follow, work)


@never_cache
@teachers_only
@require_safe
def interests(request: HttpRequest) -> HttpResponse:
    """What one's own classes are curious about."""
    return render(request, "visits/interests.html", {"interests": actions.interests_of(person(request))})


@require_POST
@teachers_only
def express_interest(request: HttpRequest) -> HttpResponse:
    """Say it, or change it. With an error the panel comes back by itself, with what was written."""
    user = person(request)
    initiative, session = _thing(request)
    only_follow = actions.only_to_follow(initiative=initiative, session=session)
    form = InterestForm(
        request.POST, classes=list(SchoolClass.objects.taught_by(user)), only_follow=only_follow, auto_id="nyfiken_%s"
    )
    if form.is_valid():
        try:
            actions.express_interest(initiative=initiative, session=session, by=user, **form.wish())
            return redirect(_address(initiative, session) + ANCHOR)
        except actions.NotOpenToClasses:
            form.add_error("kind", _("Det går inte att besöka, men ni kan följa det."))
    context = {
        "panel": panel_of(user, initiative=initiative, session=session, bound=form),
        "title": str(initiative or session),
        "address": _address(initiative, session),
    }
    return render(request, "visits/curious.html", context, status=422)


@require_POST
@teachers_only
def withdraw_interest(request: HttpRequest, pk: int) -> HttpResponse:
    mine = Interest.objects.select_related("initiative", "session", "school_class")
    interest = get_object_or_404(mine, pk=pk, school_class__in=SchoolClass.objects.taught_by(person(request)))
    actions.withdraw_interest(interest, by=person(request))
    return redirect(next_address(request) or _address(interest.initiative, interest.session) + ANCHOR)


@require_POST
@teachers_only
def class_work(request: HttpRequest) -> HttpResponse:
    """Tick that a class has worked with an initiative, or take the tick back."""
    user = person(request)
    initiative = get_object_or_404(Initiative.objects.readable(), pk=_number(request.POST.get("initiative")))
    school_class = get_object_or_404(SchoolClass.objects.taught_by(user), pk=_number(request.POST.get("klass")))
    if request.POST.get("done") == "1":
        visits.tick_class_work(school_class, initiative, by=user)
    else:
        visits.untick_class_work(school_class, initiative, by=user)
    return redirect(initiative.get_absolute_url() + ANCHOR)


def _form_of(interest: Interest, only_follow: bool) -> InterestForm:
    initial: dict[str, Any] = {name: getattr(interest, name) for name in ("kind", "phase", "note", "shows_teacher")}
    return InterestForm(
        classes=[interest.school_class], only_follow=only_follow, initial=initial, auto_id=f"nyfiken{interest.pk}_%s"
    )


def _thing(request: HttpRequest) -> tuple[Initiative | None, Session | None]:
    if request.POST.get("session"):
        readable = Session.objects.readable().select_related("fair", "department")
        return None, get_object_or_404(readable, pk=_number(request.POST["session"]), fair__is_published=True)
    readable_ones = Initiative.objects.readable().select_related("department")
    return get_object_or_404(readable_ones, pk=_number(request.POST.get("initiative"))), None


def _number(text: str | None) -> int:
    if not text or not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Http404
    return int(text)


def _address(initiative: Initiative | None, session: Session | None) -> str:
    found = initiative or session
    if found is None:
        raise Http404
    return found.get_absolute_url()
