"""Addresses of a class's own programme: choose a day, save, change."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
