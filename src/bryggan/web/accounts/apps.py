"""Django's admin as this service's administrators meet it."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "bryggan.web.accounts.admin_site.AdministrationSite"
