"""All addresses of the service."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from bryggan.web import errors

urlpatterns = [
    path("", include("bryggan.web.urls")),
    path("", include("bryggan.web.accounts.urls")),
    path("", include("bryggan.api.urls")),
    path("forvaltning/databas/", admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
