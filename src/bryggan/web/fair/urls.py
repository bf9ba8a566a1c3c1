"""Addresses of the fair's open pages: what is given, where and when."""

from __future__ import annotations

from django.urls import URLPattern, path

from bryggan.web.fair import views

urlpatterns: list[URLPattern] = [
    path("massan", views.fair, name="fair"),
    path("massan/punkt/<int:pk>", views.fair_session, name="fair_session"),
    path("massan/<slug:fair_slug>/plats/<slug:slug>", views.fair_venue, name="fair_venue"),
]
