"""A teacher sends one of her class's ideas to the city."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bryggan.ideas import proposals
from bryggan.ideas.models import Idea, Proposal
from bryggan.web.accounts.guards import person
from bryggan.web.ideas.forms import SendForm
from bryggan.web.ideas.own import own_round


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def send_idea(request: HttpRequest, pk: int, idea: int) -> HttpResponse:
    """The idea, the class's words about why, and what may be shown openly. Sent twice it is sent once."""
    user = person(request)
    round = own_round(request, pk)
    row = get_object_or_404(Idea, pk=idea, round=round)
    made = Proposal.objects.filter(idea=row).first()
    if made:
        return redirect("idea_answer", pk, made.pk)
    form = SendForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            proposals.send_to_city(row, by=user, **form.cleaned_data)
            messages.success(request, _("Idén är skickad. Staden svarar inom tio arbetsdagar."))
            return redirect("idea_round", pk)
        except proposals.CannotPropose:
            form.add_error(None, _("Bara en godkänd idé med ord kan skickas. Skriv vad teckningen visar först."))
    context = {"round": round, "idea": row, "form": form}
    return render(request, "ideas/send.html", context, status=422 if form.is_bound else 200)
