"""Addresses of the fair's own team: supply, seats, messages, import."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from bryggan.web.fair_team import importing, messaging, overview, places, supplying

urlpatterns: list[URLPattern] = [
    path("redaktion/massan/", overview.fair_team, name="fair_team"),
    path("redaktion/massan/dag/<slug:slug>/<str:day>", overview.fair_day_list, name="fair_day_list"),
    re_path(r"^redaktion/massan/export\.(?P<kind>xlsx|csv)\Z", overview.fair_export, name="fair_export"),
    path("redaktion/massan/program", supplying.fair_supply, name="fair_supply"),
    path("redaktion/massan/program/ny", supplying.fair_session_new, name="fair_session_new"),
    path("redaktion/massan/program/<int:pk>", supplying.fair_session_edit, name="fair_session_edit"),
    path("redaktion/massan/program/<int:pk>/publicera", supplying.publish_fair_session, name="publish_fair_session"),
    path("redaktion/massan/program/<int:pk>/stall-in", supplying.cancel_fair_session, name="cancel_fair_session"),
    path("redaktion/massan/program/<int:pk>/tid", supplying.add_fair_occasion, name="add_fair_occasion"),
    path("redaktion/massan/tid/<int:pk>", supplying.fair_occasion, name="fair_occasion"),
    path("redaktion/massan/tid/<int:pk>/stall-in", supplying.cancel_fair_occasion, name="cancel_fair_occasion"),
    path("redaktion/massan/las-in", importing.fair_import, name="fair_import"),
    re_path(
        r"^redaktion/massan/las-in/(?P<what>mall|program)\.(?P<kind>xlsx|csv)\Z",
        importing.fair_file,
        name="fair_file",
    ),
    path("redaktion/massan/meddelande", messaging.fair_message, name="fair_message"),
    path("redaktion/massan/platser", places.fair_venues, name="fair_venues"),
    path("redaktion/massan/platser/<int:pk>", places.fair_venue_edit, name="fair_venue_edit"),
    path("redaktion/massan/platser/<int:pk>/vagar", places.fair_walks, name="fair_walks"),
]
