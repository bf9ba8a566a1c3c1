"""Django's admin as this service's administrators meet it."""

from __future__ import annotations

from django.apps import apps
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _

_ROOMS = {
    "accounts": _("Personer, skolor och klasser"),
    "alignment": _("Kopplingar till läroplanen"),
    "initiatives": _("Initiativ"),
    "curriculum": _("Läroplaner"),
    "common": _("Drift"),
}


class AdministrationConfig(AdminConfig):
    default_site = "bryggan.web.accounts.admin_site.AdministrationSite"

    def ready(self) -> None:
        for room, title in _ROOMS.items():
            apps.get_app_config(room).verbose_name = title
        super().ready()
