"""All addresses of the service."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("forvaltning/databas/", admin.site.urls),
]
