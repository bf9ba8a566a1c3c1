"""Addresses of the open data and of the health checks."""

from __future__ import annotations

from django.urls import path

from bryggan.api import health
from bryggan.api.views import api, not_there

urlpatterns = [
    path("api/v1/", api.urls),
    path("api/<path:rest>", not_there),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
