"""A pupil's phone in a round: type the code, write or draw, vote, see what the teacher has approved.

Nobody signs in here and nothing says who anybody is. These pages read no session and set no cookie but the round's
own, so they have no token against forged forms either: the cookie goes along only with forms of this site, and a
form from elsewhere is refused by its origin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from typing import Concatenate
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.common import rate_limits
from bryggan.ideas import drawing, taking_part
from bryggan.ideas.codes import read_code
from bryggan.ideas.leading import LONGEST_IDEA
from bryggan.ideas.models import IdeaRound
from bryggan.web.ideas import drawings, guesses, phone_pieces
from bryggan.web.ideas.live import has_already, when_changed
from bryggan.web.ideas.phone_cookie import Ticket, give_ticket, take_ticket, ticket_of

# Of one phone: nobody writes or votes faster by hand.
MOST_POSTS = 40
POSTS_PER = timedelta(minutes=1)
# A form with the longest idea and the largest drawing is smaller.
LARGEST_POST = 200_000
STYLES = ("index", "tokens", "base", "layout", "components", "ideas")

PhoneView = Callable[Concatenate[HttpRequest, IdeaRound, ...], HttpResponse]


@dataclass
class Typed:
    """A form as it was sent, or a new one; `error` says in words what is wrong."""

    text: str = ""
    strokes: str = ""
    builds_on: int | None = None
    sent_key: UUID = field(default_factory=uuid4)
    error: str = ""


@require_safe
def enter_code(request: HttpRequest) -> HttpResponse:
    """Where the code is typed. Spaces, hyphens and small letters are forgiven."""
    typed = request.GET.get("code", "")[:60]
    context: dict[str, object] = {"typed": typed, "styles": STYLES}
    if not typed.strip():
        return _private(render(request, "ideas/enter_code.html", context))
    if code := read_code(typed):
        # That page says whether the code opens anything.
        return _private(redirect("idea_phone", code))
    context["error"] = _("En kod har sex tecken. Titta på tavlan en gång till.")
    return _private(render(request, "ideas/enter_code.html", context, status=422))


def in_round(view: PhoneView) -> Callable[..., HttpResponse]:
    """Find the round by its code. The view gets the phone's ticket too; a stranger's form is refused."""

    @csrf_exempt
    @wraps(view)
    def found(request: HttpRequest, code: str, **parts: int) -> HttpResponse:
        if request.method == "POST":
            if _is_from_elsewhere(request):
                return _private(render(request, "ideas/try_again.html", {"styles": STYLES, "code": code}, status=403))
            if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_POST:
                return _private(_too_large(request, code))
        known = read_code(code)
        if known and known != code and request.method != "POST":
            return HttpResponsePermanentRedirect(reverse("idea_phone", args=[known]))
        ticket = ticket_of(request)
        if not known:
            return _unknown(request, code)
        round = taking_part.round_by_code(known)
        if ticket is None and guesses.too_many(request) and not (round and guesses.is_led_from_here(request, round)):
            return _unknown(request, code)
        is_other = ticket is not None and (round is None or ticket.round != round.pk)
        if is_other and (round is None or request.method == "POST" or request.resolver_match.url_name != "idea_phone"):  # type: ignore[union-attr]
            # The round that this phone was in has ended. Its code may be another class's by now.
            return _ended(request, known)
        if round is None:
            return _unknown(request, code)
        return _private(view(request, round, None if is_other else ticket, **parts))

    return found


@require_http_methods(["GET", "HEAD", "POST"])
@in_round
def idea_phone(request: HttpRequest, round: IdeaRound, ticket: Ticket | None) -> HttpResponse:
    """The round on a phone; what it sends is an idea. Works without scripts: then the page is fetched anew by hand."""
    if request.method != "POST":
        typed = Typed(builds_on=_number(request.GET.get("build", "")))
        return _page(request, round, ticket, typed)
    typed = Typed(
        request.POST.get("text", ""),
        request.POST.get("strokes", ""),
        _number(request.POST.get("builds_on", "")),
        _uuid(request.POST.get("sent_key", "")),
    )
    if ticket is None:
        typed.error = _("Telefonen var inte med i rundan än. Tryck på Skicka en gång till.")
        return _page(request, round, None, typed, status=422)
    try:
        if len(typed.text) > LONGEST_IDEA:
            raise _TooLong
        strokes = drawing.read_json(typed.strokes)
        if _posts_too_much(ticket):
            raise taking_part.TooMany
        taking_part.write(
            round,
            ticket.key,
            text=typed.text,
            strokes=strokes,
            sent_key=typed.sent_key,
            builds_on=typed.builds_on,
        )
    except taking_part.RoundIsOver:
        return _ended(request, round.code or "", typed.text)
    except tuple(_ERRORS) as error:
        typed.error = _error_of(error, typed)
        if isinstance(error, drawing.NotADrawing):
            typed.strokes = ""
        return _page(request, round, ticket, typed, status=429 if isinstance(error, taking_part.TooMany) else 422)
    return _taken(request, round, ticket, "?sent=1#sent")


@require_safe
def idea_phone_now(request: HttpRequest, code: str) -> HttpResponse:
    """What has changed on the phone's page. One small statement, and nothing made, when nothing has."""
    ticket = ticket_of(request)
    standing = taking_part.version_shown(code) if ticket and read_code(code) == code else None
    if ticket and standing and standing[0] == ticket.round:
        tag = _tag_of(*standing)
        if has_already(request, tag):
            return _private(when_changed(request, tag, HttpResponse))
        if round := phone_pieces.round_kept(*standing, code):
            return _private(
                when_changed(request, tag, lambda: HttpResponse(phone_pieces.live(round, ticket.key, tag)))
            )
    return _changed(request, code)


@in_round
def _changed(request: HttpRequest, round: IdeaRound, ticket: Ticket | None) -> HttpResponse:
    tag = _tag(round)
    return when_changed(request, tag, lambda: HttpResponse(phone_pieces.live(round, _key(ticket), tag)))


@require_POST
@in_round
def idea_vote(request: HttpRequest, round: IdeaRound, ticket: Ticket | None) -> HttpResponse:
    """Give a vote or take it back."""
    number = _number(request.POST.get("idea", ""))
    error, status = "", 422
    if ticket is None:
        error = _("Telefonen var inte med i rundan än. Tryck på Rösta en gång till.")
    elif number:
        try:
            if _posts_too_much(ticket):
                raise taking_part.NotNow
            taking_part.vote(round, ticket.key, number, wants=request.POST.get("wants") != "0")
        except taking_part.RoundIsOver:
            return _ended(request, round.code or "")
        except taking_part.NotNow:
            error = _("Det går inte att rösta just nu.")
        except taking_part.TooMany:
            error = _("Alla dina röster är lagda. Ta tillbaka en först.")
    if error:
        return _page(request, round, ticket, Typed(), status=status, vote_error=error)
    return _taken(request, round, ticket, f"#idea-{number}")


@require_safe
@in_round
def idea_phone_drawing(request: HttpRequest, round: IdeaRound, ticket: Ticket | None, pk: int) -> HttpResponse:
    """An approved idea's drawing, or the phone's own."""
    idea = taking_part.drawing_for(round, ticket.key if ticket else "", pk)
    if idea is None:
        raise Http404
    return drawings.picture(idea)


def _taken(request: HttpRequest, round: IdeaRound, ticket: Ticket | None, place: str) -> HttpResponse:
    """To the page. The phone's script, which says that it follows, gets what has changed at once."""
    if request.headers.get("X-Follow") != "1":
        return redirect(reverse("idea_phone", args=[round.code]) + place)
    return HttpResponse(phone_pieces.live(round, _key(ticket), _tag(round)))


class _TooLong(Exception):
    pass


_ERRORS = (
    _TooLong,
    drawing.NotADrawing,
    taking_part.Empty,
    taking_part.NotNow,
    taking_part.TooMany,
)


def _error_of(error: Exception, typed: Typed) -> str:
    if isinstance(error, _TooLong):
        return _("Idén får ha högst %(most)d tecken, och den har %(n)d. Korta den och skicka igen.") % {
            "most": LONGEST_IDEA,
            "n": len(typed.text),
        }
    if isinstance(error, drawing.NotADrawing):
        return _("Teckningen gick inte att läsa. Rita en enklare, eller skriv.")
    if isinstance(error, taking_part.Empty):
        return _("Skriv eller rita något först.")
    if isinstance(error, taking_part.NotNow):
        return _("Det går inte att skicka idéer just nu. Din text är kvar.")
    return _("Du har skickat många idéer. Vänta en stund och låt andra komma till tals. Din text är kvar.")


def _page(
    request: HttpRequest,
    round: IdeaRound,
    ticket: Ticket | None,
    typed: Typed,
    *,
    status: int = 200,
    vote_error: str = "",
) -> HttpResponse:
    is_building = round.mode == IdeaRound.Mode.BUILD
    # The class's label, and the title of what the round is about.
    columns = ("school_class__label", "initiative__title", "challenge__title")
    label, *titles = IdeaRound.objects.values_list(*columns).get(pk=round.pk)
    context = {
        "round": round,
        "code": round.code,
        "live": phone_pieces.live(round, _key(ticket), _tag(round)),
        "styles": STYLES,
        "class_label": label,
        "about": next(filter(None, titles), ""),
        "typed": typed,
        "base": taking_part.base_of(round, typed.builds_on) if is_building and typed.builds_on else None,
        "vote_error": vote_error,
        "was_sent": request.GET.get("sent") == "1" and not typed.error,
        "longest": LONGEST_IDEA,
        "side": drawing.SIDE,
        "may_write": round.mode in (IdeaRound.Mode.WRITE, IdeaRound.Mode.BUILD) and not round.teacher_writes,
    }
    answer = render(request, "ideas/phone.html", context, status=status)
    if ticket is None:
        give_ticket(answer, round, round.code or "")
    return answer


def _key(ticket: Ticket | None) -> str:
    # Somebody who has not joined has all her votes left.
    return ticket.key if ticket else "-"


def _tag(round: IdeaRound) -> str:
    return _tag_of(round.pk, round.shown_version)


def _tag_of(number: int, version: int) -> str:
    return f'"{number}-{version}"'


def _ended(request: HttpRequest, code: str, text: str = "") -> HttpResponse:
    """The round is over: 410, so that the phone's script stops asking. What was typed is there to be copied."""
    text = text or request.POST.get("text", "")
    answer = render(request, "ideas/ended.html", {"text": text, "code": code, "styles": STYLES}, status=410)
    if code:
        take_ticket(answer, code)
    return _private(answer)


def _unknown(request: HttpRequest, code: str) -> HttpResponse:
    """No round has this code. Only such answers are counted."""
    context: dict[str, object] = {"typed": code[:60], "styles": STYLES, "text": request.POST.get("text", "")}
    if not guesses.counted(request):
        context["error"] = _(
            "Det har kommit många koder som inte finns härifrån. Be läraren öppna idérundan på sin dator här på "
            "skolan, och försök igen. Annars går det om en timme."
        )
        return _private(render(request, "ideas/enter_code.html", context, status=429))
    context["error"] = _("Det finns ingen öppen idérunda med den koden. Titta på tavlan en gång till.")
    return _private(render(request, "ideas/enter_code.html", context, status=404))


def _too_large(request: HttpRequest, code: str) -> HttpResponse:
    context = {"code": code, "longest": LONGEST_IDEA, "styles": STYLES}
    return render(request, "ideas/too_large.html", context, status=413)


def _posts_too_much(ticket: Ticket) -> bool:
    number = salted_hmac("bryggan.rate", ticket.key, algorithm="sha256").hexdigest()[:40]
    return not rate_limits.allowed(f"phone {number}", limit=MOST_POSTS, per=POSTS_PER)


def _is_from_elsewhere(request: HttpRequest) -> bool:
    """True for a form that another site's page has sent."""
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return True
    origin = request.headers.get("Origin", "")
    own: Sequence[str] = (request.get_host(), urlsplit(settings.BASE_URL).netloc)
    return bool(origin) and origin != "null" and urlsplit(origin).netloc not in own


def _private(answer: HttpResponse) -> HttpResponse:
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer.setdefault("Cache-Control", "private, no-store")
    return answer


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


def _uuid(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        return uuid4()
