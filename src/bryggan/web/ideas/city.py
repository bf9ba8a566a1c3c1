"""The city reads and answers what classes have sent."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.ideas import proposals as ideas
from bryggan.ideas.models import Proposal
from bryggan.ideas.permissions import may_agree_to_show, may_answer_for_city, may_lead, may_see_inbox
from bryggan.web.accounts.guards import person
from bryggan.web.editing.reading import reading
from bryggan.web.editing.views import permitted
from bryggan.web.ideas.forms import AnswerForm, CameOfItForm

PER_PAGE = 50


@require_safe
@permitted(may_see_inbox)
def proposals(request: HttpRequest) -> HttpResponse:
    """What classes have sent to those the person answers for; late ones are marked. Editors see all."""
    user, today = person(request), timezone.localdate()
    rows = ideas.inbox_of(user)
    only_late = request.GET.get("late") == "1"
    if only_late:
        rows = rows.filter(answered_at=None, answer_due_on__lt=today)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_of_rows": page, "today": today, "only_late": only_late, "sees_all": user.is_editor}
    return render(request, "ideas/proposals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_see_inbox)
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """One idea, and the answer to write. How hard the answer is to read is told while it is written."""
    row = _own(request, pk)
    if request.method != "POST":
        return _page(request, row, AnswerForm(initial=_answered(row)))
    form = AnswerForm(request.POST)
    if request.POST.get("step") == "read" or request.headers.get("HX-Request"):
        # Nothing is saved: only how hard it is to read is told, and the form as it was typed. An answer is sent by the
        # form itself and never by what asks while somebody types.
        return _page(
            request, row, AnswerForm(initial={name: request.POST.get(name, "") for name in ("state", "text")})
        )
    if form.is_valid():
        try:
            ideas.answer(row, by=person(request), **form.cleaned_data)
            messages.success(request, _("Svaret är skickat till klassen."))
            return redirect("proposal", pk)
        except ideas.NoAnswer:
            form.add_error("text", _("Skriv ett svar som klassen kan läsa."))
    return _page(request, row, form, status=422)


@require_POST
@permitted(may_see_inbox)
def read_proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """The class sees that somebody has read its idea."""
    ideas.mark_read(_own(request, pk), by=person(request))
    return redirect("proposal", pk)


@require_POST
@permitted(may_see_inbox)
def tell_what_came_of_it(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    form = CameOfItForm(request.POST)
    if form.is_valid():
        try:
            ideas.tell_what_came_of_it(row, form.cleaned_data["text"], by=person(request))
            messages.success(request, _("Klassen får veta vad det blev."))
            return redirect("proposal", pk)
        except ideas.NoAnswer:
            form.add_error("text", _("Svara på idén först."))
    return _page(request, row, AnswerForm(initial=_answered(row)), came_of_it=form, status=422)


@login_required
@require_POST
def agree_to_show(request: HttpRequest, pk: int) -> HttpResponse:
    """The teacher's yes or no to showing the idea openly, or the editor's."""
    user = person(request)
    row = get_object_or_404(
        Proposal.objects.select_related("idea__round__school_class", "idea__round__initiative"), pk=pk
    )
    round = row.idea.round
    if not (may_lead(user, round) or may_agree_to_show(user)):
        # Whoever may answer it may know that it is there; nobody else.
        raise PermissionDenied if may_answer_for_city(user, row) else Http404
    agrees = request.POST.get("agrees") == "1"
    ideas.agree_to_show(row, agrees, shows_school=request.POST.get("shows_school") == "1", by=user)
    messages.success(request, _("Ditt ja är sparat.") if agrees else _("Ditt nej är sparat."))
    return redirect("idea_answer", round.pk, row.pk) if may_lead(user, round) else redirect("proposal", pk)


def _own(request: HttpRequest, pk: int) -> Proposal:
    return get_object_or_404(ideas.inbox_of(person(request)), pk=pk)


def _answered(row: Proposal) -> dict[str, str]:
    return {"state": row.state if row.answered_at else "", "text": row.answer}


def _page(
    request: HttpRequest,
    row: Proposal,
    form: AnswerForm,
    *,
    came_of_it: CameOfItForm | None = None,
    status: int = 200,
) -> HttpResponse:
    round = row.idea.round
    context = {
        "proposal": row,
        "round": round,
        "form": form,
        "came_of_it": came_of_it or CameOfItForm(initial={"text": row.came_of_it}),
        "reading": reading(str(form["text"].value() or "")),
        "is_late": row.answered_at is None and row.answer_due_on < timezone.localdate(),
        "may_agree": may_agree_to_show(person(request)),
        "initiative": round.initiative,
    }
    return render(request, "ideas/proposal.html", context, status=status)
