"""The administrators' view of the database: our own sign-in, no passwords, Swedish titles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from bryggan.web.accounts.guards import next_address

# Our sign-in reads neither allauth's other addresses nor groups: they must not look as if they counted.
UNUSED = {"account.emailaddress", "account.emailconfirmation", "auth.group"}


class AdministrationSite(admin.AdminSite):
    site_header = _("Bryggans databas")
    site_title = _("Bryggan")
    index_title = _("Tabeller")
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, list | tuple) else [model_or_iterable]
        used = [model for model in models if model._meta.label_lower not in UNUSED]
        if used:
            super().register(used, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Administrators only. Others who are signed in get 403: a second sign-in would not help them."""
        allowed = super().has_permission(request)
        if not allowed and request.user.is_authenticated:
            raise PermissionDenied
        return allowed

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        going_to = next_address(request) or reverse("admin:index")
        if self.has_permission(request):
            return redirect(going_to)
        return redirect_to_login(going_to)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        super().logout(request, extra_context)
        return HttpResponseRedirect(reverse("home"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        raise Http404

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        raise Http404

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Models by their Swedish titles."""
        rooms: list[Any] = super().get_app_list(request, app_label)
        for room in rooms:
            for entry in room["models"]:
                titles = getattr(self.get_model_admin(entry["model"]), "titles", None)
                if titles:
                    entry["name"] = capfirst(titles[1])
            room["models"].sort(key=lambda entry: str(entry["name"]))
        return rooms
