"""Writing to every class with a stop on a day, at a place or at a time. The preview is the mail."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from bryggan.accounts import letters
from bryggan.accounts.models import LetterKind
from bryggan.fair import messages
from bryggan.fair.models import Fair, Occasion
from bryggan.fair.permissions import may_manage_fair
from bryggan.web.accounts.guards import person
from bryggan.web.editing.views import permitted
from bryggan.web.fair_team.common import team_fair
from bryggan.web.fair_team.forms import MessageForm


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(may_manage_fair)
def fair_message(request: HttpRequest) -> HttpResponse:
    """Write, look at the letter and at how many get it, and send it once."""
    fair = team_fair()
    if request.method != "POST":
        wanted = {name: request.GET.get(name, "") for name in ("on", "venue", "occasion")}
        return _page(request, fair, MessageForm(fair=fair, initial=wanted))
    form = MessageForm(request.POST, fair=fair)
    if not form.is_valid():
        return _page(request, fair, form, status=422)
    audience = _audience(fair, form)
    if request.POST.get("step") != "send":
        return _preview(request, fair, form, audience)
    data = form.cleaned_data
    try:
        sent = messages.send(
            audience, subject=data["subject"], text=data["text"], form_token=data["token"], by=person(request)
        )
    except messages.NobodyToTell:
        form.add_error(None, _("Ingen klass har ett stopp där, så det finns ingen att skriva till."))
        return _page(request, fair, form, status=422)
    text = ngettext(
        "Meddelandet är på väg till %(n)d lärare.", "Meddelandet är på väg till %(n)d lärare.", sent.recipients
    )
    notes.success(request, text % {"n": sent.recipients})
    return redirect("fair_message")


def _preview(request: HttpRequest, fair: Fair, form: MessageForm, audience: messages.Audience) -> HttpResponse:
    found = messages.reached(audience)
    data = form.cleaned_data
    classes = found.teachers[0][1] if found.teachers else ()
    # To whom it is shown: the links for stopping letters are the reader's own, never another's.
    letter = messages.letter_for(audience, subject=data["subject"], text=data["text"], classes=classes)
    context: dict[str, object] = {
        "found": found,
        "teachers": len(found.teachers),
        "letter": letter,
        "mail": letters.render(letter, kind=LetterKind.FAIR, to=person(request)),
        "about": messages.what_text(audience),
        "is_over": messages.is_over(audience),
    }
    return _page(request, fair, form, more=context)


def _page(
    request: HttpRequest,
    fair: Fair,
    form: MessageForm,
    *,
    status: int = 200,
    more: Mapping[str, object] | None = None,
) -> HttpResponse:
    sent = [(one, messages.what_text(messages.audience_of(one))) for one in messages.sent_messages(fair)]
    occasion = form["occasion"].value()
    context = {"fair": fair, "form": form, "sent": sent, "about_occasion": _occasion_text(fair, occasion)}
    return render(request, "fair_team/message.html", {**context, **(more or {})}, status=status)


def _audience(fair: Fair, form: MessageForm) -> messages.Audience:
    data = form.cleaned_data
    return messages.Audience(fair, on=data["on"], venue=data["venue"], occasion=data["occasion"])


def _occasion_text(fair: Fair, value: object) -> str:
    """The time that the message is about, when it was chosen on the way here."""
    typed = str(value or "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
        return ""
    occasion = Occasion.objects.filter(session__fair=fair, pk=int(typed)).select_related("session").first()
    return messages.what_text(messages.Audience(fair, occasion=occasion)) if occasion else ""
