"""Addresses under which a programme leaves the service: link, calendar, PDF, offline copy."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
