"""Addresses of the fair's open pages: what is given, where and when."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
