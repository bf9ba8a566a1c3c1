"""Addresses of the fair's own team: supply, seats, messages, import."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
