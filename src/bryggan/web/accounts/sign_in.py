"""Signing in by a code in a mail, and out."""

from __future__ import annotations

from allauth.account.internal.flows.logout import logout
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from bryggan.accounts import sign_in as rules
from bryggan.accounts.models import User
from bryggan.web.accounts.code_process import CodeProcess, CodeUsed, arrival
from bryggan.web.accounts.forms import CodeForm, SignInForm
from bryggan.web.accounts.guards import client_address, next_address, start_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for a code. The answer is the same whether or not the address has an account."""
    if isinstance(request.user, User):
        return redirect(arrival(request.user, next_address(request)))
    form = SignInForm(request.POST or None)
    if request.method != "POST":
        return _sign_in_page(request, form)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            rules.refuse_pupils(email)
            rules.count_code_request(email, client_address(request))
        except rules.PupilAddress:
            form.add_error(
                "email",
                _("Elever har inga konton här. Klassens program når du med länken eller koden från din lärare."),
            )
        except rules.TooManyTries as error:
            return _too_many(request, error)
        else:
            CodeProcess.begin(request, email)
            return redirect(_with_next("account_confirm_login_code", request))
    return _sign_in_page(request, form, status=422)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_code(request: HttpRequest) -> HttpResponse:
    """Sign in with the code. A code that no longer works leads back to asking for one, with the address kept."""
    if isinstance(request.user, User):
        return redirect(arrival(request.user, next_address(request)))
    process = CodeProcess.pending(request)
    if request.method != "POST":
        if process is None:
            return redirect(_with_next("account_login", request))
        if not process.is_valid():
            return _new_code_needed(request, process.email, _too_old(process), status=200)
        return _code_page(request, CodeForm(), process)
    if process is None:
        # The session's key has changed if a twin of this request signed in: leave the browser's new cookie alone.
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return _new_code_needed(request, "", _("Koden är redan använd eller gäller inte längre. Be om en ny kod."))
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, form, process, status=422)
    if not process.is_valid():
        return _new_code_needed(request, process.email, _too_old(process))
    try:
        rules.count_code_try(process.email, client_address(request))
    except rules.TooManyTries as error:
        return _too_many(request, error)
    if not rules.has_tries_left(process.ticket, process.max_attempts):
        process.forget()
        return _new_code_needed(
            request,
            process.email,
            _("Koden har skrivits fel %d gånger och gäller inte längre. Be om en ny kod.") % process.max_attempts,
        )
    try:
        if process.matches(form.cleaned_data["code"]):
            return process.finish(next_address(request))
    except CodeUsed:
        return _new_code_needed(request, process.email, _("Koden är redan använd. Be om en ny kod."))
    except rules.NotExpected:
        # Disabled, or no longer invited, since the code was sent: told as any wrong code.
        pass
    form.add_error("code", _("Koden stämmer inte. Jämför med det senaste mejlet och försök igen."))
    return _code_page(request, form, process, status=422)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request, show_message=False)
    return redirect(start_page())


def _sign_in_page(request: HttpRequest, form: SignInForm, notice: str = "", status: int = 200) -> HttpResponse:
    context = {"form": form, "next": next_address(request), "notice": notice}
    return render(request, "accounts/sign_in.html", context, status=status)


def _code_page(request: HttpRequest, form: CodeForm, process: CodeProcess, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "next": next_address(request),
        "email": process.email,
        "minutes": process.timeout // 60,
    }
    return render(request, "accounts/code.html", context, status=status)


def _new_code_needed(request: HttpRequest, email: str, notice: str, status: int = 422) -> HttpResponse:
    return _sign_in_page(request, SignInForm(initial={"email": email}), notice=notice, status=status)


def _too_old(process: CodeProcess) -> str:
    return _("Koden gällde i %d minuter och är för gammal. Be om en ny kod.") % (process.timeout // 60)


def _too_many(request: HttpRequest, error: rules.TooManyTries) -> HttpResponse:
    minutes = -(-error.retry_after // 60)
    wait = ngettext("Vänta %(minutes)d minut.", "Vänta %(minutes)d minuter.", minutes) % {"minutes": minutes}
    context = {"wait": wait, "next": next_address(request)}
    response = render(request, "accounts/too_many.html", context, status=429)
    response["Retry-After"] = str(error.retry_after)
    return response


def _with_next(name: str, request: HttpRequest) -> str:
    going_to = next_address(request)
    return reverse(name) + (f"?{urlencode({'next': going_to})}" if going_to else "")
