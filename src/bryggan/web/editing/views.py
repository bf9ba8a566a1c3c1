"""The editors' and administrators' pages: what waits for a person, and what the sources have said."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bryggan.accounts.models import CompanyApplication, SchoolMembership, User
from bryggan.alignment import deciding
from bryggan.alignment import index as indexes
from bryggan.alignment.coverage import coverage
from bryggan.common.models import OutgoingMail
from bryggan.curriculum.models import SchoolForm
from bryggan.initiatives import moves
from bryggan.initiatives.models import MoveProposal, Source, SyncRun
from bryggan.initiatives.permissions import may_judge_moves, may_manage_sources
from bryggan.web.accounts.guards import View, only, person

P = ParamSpec("P")
RUNS_SHOWN = 50


def permitted(may: Callable[[User], bool]) -> Callable[[View[P]], View[P]]:
    """Let those in of whom `may` is true; others are asked to sign in, or told that the page is not for them."""
    return lambda view: only(may, view)


@require_safe
@permitted(may_judge_moves)
def editors(request: HttpRequest) -> HttpResponse:
    """What waits for an editor."""
    return render(
        request,
        "editing/editors.html",
        {
            "waiting_teachers": SchoolMembership.objects.filter(confirmed_at=None).count(),
            "waiting_moves": MoveProposal.objects.filter(state=MoveProposal.State.PROPOSED).count(),
            "waiting_links": deciding.waiting().count(),
            "compulsory": coverage(SchoolForm.COMPULSORY, most_listed=0).total,
            "taking_classes": _taking_classes(),
            "waiting_companies": CompanyApplication.objects.filter(decided_at=None).count(),
        },
    )


def _taking_classes() -> int:
    with indexes.current() as index:
        return len(index.takes_classes)


@require_safe
@permitted(may_judge_moves)
def move_proposals(request: HttpRequest) -> HttpResponse:
    """Pairs of initiatives that seem to be the same, moved from one source to another."""
    waiting = (
        MoveProposal.objects.filter(state=MoveProposal.State.PROPOSED)
        .select_related("old__source", "new__source")
        .order_by("-likeness", "pk")[:100]
    )
    return render(request, "editing/moves.html", {"proposals": waiting})


@require_POST
@permitted(may_judge_moves)
def decide_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Merge the pair, or say that they are two."""
    proposal = get_object_or_404(MoveProposal.objects.select_related("old", "new"), pk=pk)
    try:
        if request.POST.get("decision") == "merge":
            moves.accept_move(proposal, by=person(request))
            messages.success(request, _("Sammanförda: ”%(title)s”.") % {"title": proposal.new.title})
        elif request.POST.get("decision") == "reject":
            moves.reject_move(proposal, by=person(request))
            messages.success(request, _("De två hålls isär."))
    except moves.AlreadyDecided:
        messages.info(request, _("Någon hann före: paret är redan avgjort."))
    return redirect("move_proposals")


@require_safe
@permitted(may_manage_sources)
def sources(request: HttpRequest) -> HttpResponse:
    """The sources and how their latest readings went."""
    runs = SyncRun.objects.select_related("source").defer("changes").order_by("-started_at", "-pk")[:RUNS_SHOWN]
    return render(
        request,
        "editing/sources.html",
        {
            "sources": Source.objects.order_by("name"),
            "runs": runs,
            "mails_given_up": OutgoingMail.objects.filter(given_up_at__isnull=False).count(),
            "mails_waiting": OutgoingMail.objects.filter(sent_at=None, given_up_at=None).count(),
        },
    )


@require_safe
@permitted(may_manage_sources)
def sync_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One reading: what it saw, what it changed, what it refused and why."""
    run = get_object_or_404(SyncRun.objects.select_related("source"), pk=pk)
    return render(request, "editing/sync_run.html", {"run": run})
