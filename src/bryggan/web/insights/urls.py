"""Addresses of the figures."""

from __future__ import annotations

from django.urls import path

from bryggan.web.insights import views

urlpatterns = [
    path("insikter", views.insights, name="insights"),
    path("insikter/hamta.<str:kind>", views.download, name="download_insights"),
    path("insikter/aktiv", views.activity_definition, name="activity_definition"),
]
