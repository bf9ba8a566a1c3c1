"""A teacher leads a round: opens it, reads what comes, lets the class see it, build on it and vote."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bryggan.accounts.models import SchoolClass
from bryggan.ideas import leading, moderation
from bryggan.ideas.codes import spaced
from bryggan.ideas.leading import LONGEST_IDEA, CannotOpen, NoWords, RoundEnded
from bryggan.ideas.models import Idea, IdeaRound
from bryggan.initiatives.models import Initiative
from bryggan.web.accounts.guards import person, teachers_only
from bryggan.web.ideas import guesses
from bryggan.web.ideas.forms import YOUNGEST, RoundForm
from bryggan.web.ideas.live import when_changed
from bryggan.web.ideas.own import own_round, own_rounds

WARNINGS = {
    moderation.NAME: gettext_lazy("kan vara ett namn"),
    moderation.PERSONAL_NUMBER: gettext_lazy("kan vara ett personnummer"),
    moderation.PHONE: gettext_lazy("kan vara ett telefonnummer"),
    moderation.EMAIL: gettext_lazy("kan vara en e-postadress"),
    moderation.ADDRESS: gettext_lazy("kan vara en gatuadress"),
    moderation.ROUGH: gettext_lazy("grovt ord"),
}
# More would make the page slow to read; the rest come when these are gone through.
MOST_SHOWN = 100
MOST_ROUNDS = 100


@teachers_only
@require_safe
def idea_rounds(request: HttpRequest) -> HttpResponse:
    """The rounds of the teacher's classes, newest first; those of a class that she has left are her colleagues'."""
    return render(request, "ideas/rounds.html", {"rounds": own_rounds(request)[:MOST_ROUNDS]})


@teachers_only
@require_http_methods(["GET", "HEAD", "POST"])
def idea_round_new(request: HttpRequest) -> HttpResponse:
    """Open a round: from an initiative, a challenge of the city's, or with a question of one's own."""
    user = person(request)
    if not SchoolClass.objects.taught_by(user).exists():
        return redirect(f"{reverse('school_class_new')}?{urlencode({'next': request.get_full_path()})}")
    if request.method != "POST":
        return _form_page(request, RoundForm(teacher=user, initial=_asked_for(request)))
    form = RoundForm(request.POST, teacher=user)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = leading.open_round(
                school_class=data["school_class"],
                question=data["question"],
                initiative=data["initiative"],
                challenge=data["challenge"],
                days=data["days"],
                teacher_writes=data["teacher_writes"],
                allows_drawings=data["allows_drawings"],
                form_token=data["token"],
                by=user,
            )
            return redirect(made)
        except CannotOpen:
            form.add_error("question", _("Skriv en fråga till klassen."))
    return _form_page(request, form, status=422)


@login_required
@never_cache
@require_safe
def idea_round(request: HttpRequest, pk: int) -> HttpResponse:
    """The round: its code, what waits for a yes, what the class sees."""
    round = own_round(request, pk)
    guesses.teacher_is_here(request, round)
    return _page(request, round)


@login_required
@require_safe
def idea_round_now(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes by itself, when it has."""
    round = own_round(request, pk)
    tag = _tag(round)
    return when_changed(request, tag, lambda: render(request, "ideas/_round_live.html", _live_context(request, round)))


@login_required
@require_POST
def set_idea_mode(request: HttpRequest, pk: int) -> HttpResponse:
    round, mode = own_round(request, pk), request.POST.get("mode", "")
    if mode not in IdeaRound.Mode.values:
        return _page(request, round, problem=_("Välj ett läge."), status=422)
    try:
        if mode == IdeaRound.Mode.CLOSED:
            leading.close_round(round, by=person(request))
        else:
            leading.set_mode(round, mode, by=person(request))
    except RoundEnded:
        return _page(request, own_round(request, pk), problem=_ENDED, status=422)
    return redirect("idea_round", pk)


@login_required
@require_POST
def write_idea(request: HttpRequest, pk: int) -> HttpResponse:
    """The teacher writes what the class says."""
    round, text = own_round(request, pk), request.POST.get("text", "")
    try:
        if len(text) > LONGEST_IDEA:
            raise _TooLong
        leading.write_for_class(round, text, sent_key=_uuid(request.POST.get("sent_key", "")), by=person(request))
    except RoundEnded:
        return _page(request, round, problem=_ENDED, typed=text, status=422)
    except NoWords:
        return _page(request, round, problem=_("Skriv något först."), typed=text, status=422)
    except _TooLong:
        return _page(request, round, problem=_TOO_LONG % LONGEST_IDEA, typed=text, status=422)
    return redirect(f"{reverse('idea_round', args=[pk])}#write")


@login_required
@require_POST
def decide_idea(request: HttpRequest, pk: int, idea: int) -> HttpResponse:
    """Approve, hide, edit, merge or undo. What somebody else has just done is done."""
    round = own_round(request, pk)
    row = get_object_or_404(Idea.objects.select_related("round"), pk=idea, round=round)
    by, action = person(request), request.POST.get("action", "")
    try:
        if action == "edit":
            text = request.POST.get("text", "")
            if len(text) > LONGEST_IDEA:
                raise _TooLong
            leading.edit(row, text, by=by)
            if request.POST.get("approve"):
                leading.approve(row, by=by)
        elif action == "merge":
            typed = request.POST.get("into", "")
            number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
            into = round.ideas.filter(pk=number).exclude(pk=row.pk).first()
            if into is None:
                return _page(request, round, problem=_("Välj vilken idé den ska slås ihop med."), status=422)
            leading.merge(row, into, by=by)
        elif action in _ACTIONS:
            _ACTIONS[action](row, by=by)
        else:
            return _page(request, round, problem=_("Välj vad du vill göra med idén."), status=422)
    except RoundEnded:
        return _page(request, round, problem=_("Idérundan är glömd, så idéerna går inte att ändra."), status=422)
    except NoWords:
        problem = _("En idé behöver ord. Vill du ta bort den, dölj den i stället.")
        return _page(request, round, problem=problem, status=422)
    except _TooLong:
        return _page(request, round, problem=_TOO_LONG % LONGEST_IDEA, status=422)
    return redirect(f"{reverse('idea_round', args=[pk])}#ideas")


class _TooLong(Exception):
    pass


_ACTIONS: dict[str, Callable[..., object]] = {
    "approve": leading.approve,
    "hide": leading.hide,
    "hide all": leading.hide_all_from_phone,
    "undo": leading.undo,
}
_ENDED = gettext_lazy("Idérundan är avslutad.")
_TOO_LONG = gettext_lazy("Högst %d tecken. Korta texten och spara igen.")


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """The form as the way here fills it in: the initiative, its own question for class, and the class."""
    user = person(request)
    initial: dict[str, Any] = {}
    for name in ("initiative", "challenge", "school_class"):
        typed = request.GET.get(name, "")
        if typed.isascii() and typed.isdigit() and len(typed) < 19:
            initial[name] = int(typed)
    classes = list(SchoolClass.objects.taught_by(user))
    chosen = next((one for one in classes if one.pk == initial.get("school_class")), classes[0])
    initial["school_class"] = chosen.pk
    initial["teacher_writes"] = chosen.school_form in YOUNGEST
    initiative = _initiative(initial.get("initiative"))
    if initiative:
        initial["question"] = _("Vilka idéer har vi om %(title)s?") % {"title": initiative.title[:240]}
    return initial


def _initiative(value: Any) -> Initiative | None:
    typed = str(value or "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
        return None
    return Initiative.objects.readable().filter(pk=int(typed)).first()


def _form_page(request: HttpRequest, form: RoundForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "initiative": _initiative(form["initiative"].value())}
    return render(request, "ideas/round_form.html", context, status=status)


def _page(
    request: HttpRequest, round: IdeaRound, *, problem: object = "", typed: str = "", status: int = 200
) -> HttpResponse:
    context = _live_context(request, round)
    context |= {
        "problem": problem,
        "typed": typed,
        "sent_key": uuid.uuid4(),
        "longest": LONGEST_IDEA,
        "modes": [mode for mode in IdeaRound.Mode if mode != IdeaRound.Mode.CLOSED],
        "proposals": _proposals(round),
    }
    return render(request, "ideas/round.html", context, status=status)


def _live_context(request: HttpRequest, round: IdeaRound) -> dict[str, Any]:
    """The round's ideas by what has become of them, in one statement."""
    unread = [f"{name}__{column}" for name in ("builds_on", "merged_into") for column in ("drawing", "before")]
    rows = list(
        round.ideas.select_related("builds_on", "merged_into", "proposal")
        .defer("drawing", *unread)
        .order_by("written_at", "pk")
    )
    # Which one is to be merged stands in the address: the others then have a button that takes it in.
    merging = next((row for row in rows if str(row.pk) == request.GET.get("merge") and row.merged_into is None), None)
    for row in rows:
        row.warning_words = [WARNINGS[code] for code in row.warnings if code in WARNINGS]  # type: ignore[attr-defined]
    waiting = [row for row in rows if row.state == Idea.State.WAITING]
    of_phone = Counter(row.phone_id or 0 for row in waiting)
    for row in waiting:
        row.from_phone = of_phone[row.phone_id] if row.phone_id else 0  # type: ignore[attr-defined]
    approved = [row for row in rows if row.state == Idea.State.APPROVED]
    if round.mode in (IdeaRound.Mode.VOTE, IdeaRound.Mode.CLOSED):
        approved.sort(key=lambda row: (-row.votes, row.written_at, row.pk))
    return {
        "round": round,
        "spaced_code": spaced(round.code) if round.code else "",
        "waiting": waiting[:MOST_SHOWN],
        "more_waiting": max(0, len(waiting) - MOST_SHOWN),
        "approved": approved[: 2 * MOST_SHOWN],
        "others": [row for row in rows if row.state in (Idea.State.HIDDEN, Idea.State.MERGED)][:MOST_SHOWN],
        "may_change": round.forgotten_at is None,
        "merging": merging if round.forgotten_at is None else None,
        "longest": LONGEST_IDEA,
        "tag": _tag(round),
    }


def _proposals(round: IdeaRound) -> list[Any]:
    return [idea.proposal for idea in round.ideas.filter(proposal__isnull=False).select_related("proposal")]


def _tag(round: IdeaRound) -> str:
    return f'"{round.pk}-{round.version}"'


def _uuid(typed: str) -> uuid.UUID:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return uuid.uuid4()
