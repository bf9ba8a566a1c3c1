"""My saved searches: keep one, rename it, mail about it, drop it. And the link that stops the mail."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bryggan.accounts.models import User
from bryggan.alignment import saving
from bryggan.alignment.models import SavedSearch
from bryggan.web.accounts.guards import person
from bryggan.web.explore.filters import problem_text
from bryggan.web.searches.forms import NameForm
from bryggan.web.searches.naming import proposed_name


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def searches(request: HttpRequest) -> HttpResponse:
    """The list; or, by POST with the list's query string as `search`, keep a search and show it among the others."""
    address = request.POST.get("search", "") if request.method == "POST" else ""
    if not isinstance(request.user, User):
        # Her session has run out: what she was looking at is not lost.
        return redirect_to_login(_explore(address) if address else request.get_full_path())
    if request.method != "POST":
        return _list(request, request.user)
    asked = saving.read(address)
    for problem in dict.fromkeys(asked.problems):
        messages.warning(request, problem_text(problem))
    try:
        saved, is_new = saving.save(asked.query, name=proposed_name(asked.query), by=request.user)
    except saving.TooLong:
        told = _("Sökningen har för många val för att sparas. Ta bort några och försök igen.")
        return _list(request, request.user, problem=told, back=_explore(address))
    except saving.TooManySearches:
        told = _("Du har redan %(n)d sparade sökningar. Ta bort någon och försök igen.")
        told %= {"n": saving.MOST_SEARCHES}
        return _list(request, request.user, problem=told, back=_explore(address))
    if is_new:
        messages.success(request, _("Sökningen är sparad. Du kan byta namn på den och få brev när något nytt kommer."))
    else:
        messages.info(request, _("Den sökningen har du redan sparat."))
    return redirect(f"{reverse('searches')}#sokning-{saved.pk}")


@login_required
@require_POST
def rename_search(request: HttpRequest, pk: int) -> HttpResponse:
    saved = _own(request, pk)
    form = NameForm(request.POST, saved=saved)
    if not form.is_valid():
        return _list(request, person(request), form=(saved.pk, form))
    saving.rename(saved, form.cleaned_data["name"])
    messages.success(request, _("Sökningen heter nu %(name)s.") % {"name": saved.name})
    return _back_to(saved)


@login_required
@require_POST
def switch_search_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail on with `mail=on`, off with anything else: the same button pressed twice does no harm."""
    saved = _own(request, pk)
    if request.POST.get("mail") == "on":
        saving.send_mail_about(saved)
        messages.success(request, _("Du får brev om %(name)s när något nytt kommer.") % {"name": saved.name})
    else:
        saving.stop_mail_about(saved)
        messages.success(request, _("Du får inga fler brev om %(name)s.") % {"name": saved.name})
    return _back_to(saved)


@login_required
@require_POST
def delete_search(request: HttpRequest, pk: int) -> HttpResponse:
    saved = _own(request, pk)
    name = saved.name
    saved.delete()
    messages.success(request, _("%(name)s är borttagen.") % {"name": name})
    return redirect("searches")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop_search_mail(request: HttpRequest, token: str) -> HttpResponse:
    """One button, no signing in: whoever has the mail may stop it. Mail readers that open links stop nothing."""
    saved = saving.by_stop_token(token)
    if saved and request.method == "POST":
        saving.stop_mail_about(saved)
        answer: HttpResponse = redirect("stop_search_mail", token)
    else:
        answer = render(request, "searches/stop.html", {"saved": saved}, status=200 if saved else 404)
    # The address is a key: it goes to no other site and into no search engine. Not "no-referrer": browsers then send
    # the form with no origin, and it is refused.
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _own(request: HttpRequest, pk: int) -> SavedSearch:
    return get_object_or_404(SavedSearch, user=person(request), pk=pk)


def _back_to(saved: SavedSearch) -> HttpResponse:
    return redirect(f"{reverse('searches')}#sokning-{saved.pk}")


def _explore(address: str) -> str:
    """The list with what was chosen in it, however it came."""
    query = saving.parameters_of(saving.read(address).query)
    return reverse("explore") + (f"?{query}" if query else "")


def _list(
    request: HttpRequest,
    user: User,
    *,
    form: tuple[int, NameForm] | None = None,
    problem: str = "",
    back: str = "",
) -> HttpResponse:
    bound: Callable[[SavedSearch], NameForm] = lambda saved: (  # noqa: E731
        form[1] if form and form[0] == saved.pk else NameForm(saved=saved)
    )
    mine = [(saved, bound(saved)) for saved in SavedSearch.objects.filter(user=user)]
    context = {"searches": mine, "problem": problem, "back": back}
    return render(request, "searches/searches.html", context, status=422 if form or problem else 200)
