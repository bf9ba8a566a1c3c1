"""What a teacher shows her class: the board on the projector, the poster with the code, the city's answer."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bryggan.ideas import taking_part
from bryggan.ideas.codes import spaced
from bryggan.ideas.models import Idea, IdeaRound, Proposal
from bryggan.web.ideas import drawings, guesses
from bryggan.web.ideas.live import when_changed
from bryggan.web.ideas.own import own_round
from bryggan.web.sheets import typesetting
from bryggan.web.sheets.typesetting import cut, qr_code

_POSTER = Path(__file__).with_name("poster.typ")
STYLES = ("index", "tokens", "base", "layout", "components", "ideas")


@login_required
@never_cache
@require_safe
def idea_board(request: HttpRequest, pk: int) -> HttpResponse:
    """For the projector: code, address and what is approved, in large type. Nothing to press."""
    round = own_round(request, pk)
    guesses.teacher_is_here(request, round)
    return render(request, "ideas/board.html", _board_context(round))


@login_required
@require_safe
def idea_board_now(request: HttpRequest, pk: int) -> HttpResponse:
    round = own_round(request, pk)
    return when_changed(request, _tag(round), lambda: render(request, "ideas/_board_live.html", _board_context(round)))


@login_required
@require_safe
def idea_poster(request: HttpRequest, pk: int) -> HttpResponse:
    """The code on an A4 page for the wall. A round that has ended has none."""
    round = own_round(request, pk)
    if not round.code:
        return redirect("idea_round", pk)
    address = _address(round.code)
    told = {
        "labels": {
            "kind": _("Idérunda"),
            "how": _("Öppna kameran och rikta den mot rutan, eller gå till"),
            "code": _("Koden"),
            "qr": _("QR-kod till idérundan"),
            "rules": [
                _("Inget konto behövs. Skriv inte ditt namn."),
                _("Läraren läser allt innan andra ser det."),
            ],
        },
        "question": cut(round.question, 300),
        "class_label": cut(round.school_class.label, 40),
        "site": _short_address(),
        "spaced": spaced(round.code),
        "address": address,
        "qr": qr_code(address),
    }
    data = msgspec.json.encode(told).decode()
    tag = typesetting.tag_of(_POSTER, data)
    answer = get_conditional_response(request, etag=tag)
    if answer is None:
        answer = HttpResponse(typesetting.pdf_of(_POSTER, data), content_type="application/pdf")
        answer["Content-Disposition"] = 'inline; filename="iderunda.pdf"'
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    return answer


@login_required
@require_safe
def idea_answer(request: HttpRequest, pk: int, proposal: int) -> HttpResponse:
    """One idea and what the city has answered, to show the class."""
    round = own_round(request, pk)
    row = get_object_or_404(Proposal.objects.select_related("idea"), pk=proposal, idea__round=round)
    return render(request, "ideas/answer.html", {"round": round, "proposal": row, "styles": STYLES})


@login_required
@require_safe
def idea_drawing(request: HttpRequest, pk: int, idea: int) -> HttpResponse:
    row = Idea.objects.filter(round=own_round(request, pk), pk=idea).first()
    if row is None:
        raise Http404
    return drawings.picture(row)


def _board_context(round: IdeaRound) -> dict[str, object]:
    address = _address(round.code) if round.code else ""
    return {
        "round": round,
        "seen": taking_part.seen_by(round),
        "spaced_code": spaced(round.code) if round.code else "",
        "site": _short_address(),
        "qr": qr_code(address) if address else "",
        "shows_votes": round.mode in (IdeaRound.Mode.VOTE, IdeaRound.Mode.CLOSED),
        "tag": _tag(round),
        "styles": STYLES,
    }


def _tag(round: IdeaRound) -> str:
    return f'"{round.pk}-{round.version}"'


def _address(code: str) -> str:
    return settings.BASE_URL.rstrip("/") + reverse("idea_phone", args=[code])


def _short_address() -> str:
    """`bryggan.example.org/ide`: what a pupil types."""
    return urlsplit(settings.BASE_URL).netloc + reverse("enter_code")
