"""Addresses of notices, and of the choice of letters."""

from __future__ import annotations

from django.urls import path

from bryggan.web.letters import views

urlpatterns = [
    path("konto/notiser", views.notices, name="notices"),
    path("konto/notiser/<int:pk>", views.open_notice, name="open_notice"),
    path("konto/brev", views.letters_page, name="letters"),
    path("konto/brev/sluta/<str:token>", views.stop_letters, name="stop_letters"),
]
