"""My notices and which letters I want by mail. And the link that stops a kind of letter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from bryggan.accounts import letters
from bryggan.accounts.models import LetterKind, LetterPreference, Notice, User
from bryggan.web.accounts.guards import person

PER_PAGE = 30
# Who is written to about what; everybody may be written to about the fair and about ideas she has to do with.
_OF_TEACHERS = (
    LetterKind.INVITATION,
    LetterKind.SEATS,
    LetterKind.VISIT,
    LetterKind.MESSAGE,
    LetterKind.FAIR,
    LetterKind.IDEA,
)
_OF_COORDINATORS = (LetterKind.INTEREST, LetterKind.ANSWER, LetterKind.MESSAGE, LetterKind.IDEA)


class LettersForm(forms.Form):
    """One choice of pace for each kind of letter that the person may get."""

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        chosen = dict(LetterPreference.objects.filter(user=user).values_list("kind", "pace"))
        for kind in kinds_for(user):
            self.fields[kind.name] = forms.ChoiceField(
                label=kind.label,
                choices=LetterPreference.Pace.choices,
                initial=chosen.get(kind.value, usual_pace(kind, user)),
            )


def kinds_for(user: User) -> list[LetterKind]:
    """The kinds of letters that somebody with this person's roles can get, in the order of LetterKind."""
    kinds: set[LetterKind] = set()
    if user.is_teacher:
        kinds |= set(_OF_TEACHERS)
    if user.is_coordinator or user.is_editor:
        kinds |= set(_OF_COORDINATORS)
    # Editors get it; everybody else may ask for it.
    kinds.add(LetterKind.REPORT)
    return [kind for kind in LetterKind if kind in kinds]


def usual_pace(kind: LetterKind, user: User) -> LetterPreference.Pace:
    """How often she gets letters of the kind until she has chosen."""
    if kind == LetterKind.REPORT and not user.is_editor:
        return LetterPreference.Pace.NEVER
    return LetterPreference.Pace.AT_ONCE


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """What has happened, newest first. By POST all of it is read."""
    own = Notice.objects.filter(user=person(request))
    if request.method == "POST":
        own.filter(read_at=None).update(read_at=timezone.now())
        return redirect("notices")
    shown = Paginator(own, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "letters/notices.html", {"shown": shown})


@login_required
@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Read one, and go where it leads."""
    notice = get_object_or_404(Notice, user=person(request), pk=pk)
    if notice.read_at is None:
        notice.read_at = timezone.now()
        notice.save(update_fields=["read_at"])
    return redirect(notice.address or "notices")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def letters_page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = LettersForm(request.POST if request.method == "POST" else None, user=user)
    if request.method != "POST":
        return render(request, "letters/letters.html", {"form": form})
    if not form.is_valid():
        return render(request, "letters/letters.html", {"form": form}, status=422)
    for name in form.changed_data:
        letters.choose(user, LetterKind[name], form.cleaned_data[name])
    messages.success(request, _("Ditt val är sparat."))
    return redirect("letters")


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop_letters(request: HttpRequest, token: str) -> HttpResponse:
    """One button, no signing in. Mail programs press it too (RFC 8058), so it asks for no form token of ours.

    Whoever could forge the press needs the signed token, and with that may press it herself.
    """
    found = letters.read_stop_token(token)
    user = User.objects.filter(pk=found[0]).first() if found else None
    if found is None or user is None:
        answer = render(request, "letters/stop.html", {"kind": None}, status=404)
    else:
        if request.method == "POST":
            letters.choose(user, found[1], LetterPreference.Pace.NEVER)
        stopped = LetterPreference.objects.filter(user=user, kind=found[1], pace=LetterPreference.Pace.NEVER)
        answer = render(request, "letters/stop.html", {"kind": found[1], "stopped": stopped.exists()})
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex"
    return answer
