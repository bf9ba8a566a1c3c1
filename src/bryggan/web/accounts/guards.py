"""Who gets to a page at all. Strangers are led to sign in; signed-in people without the role are told no."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from bryggan.accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def person(request: HttpRequest) -> User:
    """Who is signed in. For pages behind one of the guards."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def only(is_right: Callable[[User], bool], view: View[P]) -> View[P]:
    """Let those in of whom `is_right` is true."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not is_right(person(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


def teachers_only(view: View[P]) -> View[P]:
    return only(lambda user: user.is_teacher, view)


def editors_only(view: View[P]) -> View[P]:
    return only(lambda user: user.is_editor, view)


def own_address(text: str) -> str:
    """`text` when it is an address of this service, written from its root; otherwise nothing."""
    if text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None):
        return text
    return ""


def next_address(request: HttpRequest) -> str:
    """Where the person was going, or nothing: only addresses of this service count."""
    return own_address(request.POST.get("next") or request.GET.get("next") or "")


def client_address(request: HttpRequest) -> str:
    """The client's address, as `TrustedProxyMiddleware` has put it right."""
    return str(request.META.get("REMOTE_ADDR", ""))


def start_page() -> str:
    return reverse("home")
