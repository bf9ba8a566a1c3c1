"""Addresses under which a programme leaves the service: link, calendar, PDF, offline copy."""

from __future__ import annotations

from django.urls import URLPattern, path

from bryggan.web.sharing import shared, views

urlpatterns: list[URLPattern] = [
    path("program/<int:pk>/dela", views.sharing, name="itinerary_sharing"),
    path("program/<int:pk>/dela/lank", views.share_itinerary, name="share_itinerary"),
    path("program/<int:pk>/dela/sluta", views.revoke_share, name="revoke_share"),
    path("program/<int:pk>/program.pdf", views.itinerary_pdf, name="itinerary_pdf"),
    path("delad/<str:token>/program.pdf", shared.shared_pdf, name="shared_pdf"),
    path("delad/<str:token>/kalender.ics", shared.shared_calendar, name="shared_calendar"),
    path("delad/<str:token>/kopia.js", shared.shared_worker, name="shared_worker"),
    path("delad/<str:token>", shared.shared_itinerary, name="shared_itinerary"),
]
