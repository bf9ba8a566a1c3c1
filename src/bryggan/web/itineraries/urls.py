"""Addresses of a class's own programme: choose a day, save, change."""

from __future__ import annotations

from django.urls import URLPattern, path

from bryggan.web.itineraries import acting, adding, making, pages, school

urlpatterns: list[URLPattern] = [
    path("program", pages.itineraries, name="itineraries"),
    path("program/ny", making.new_itinerary, name="new_itinerary"),
    path("program/skolan", school.plan_school, name="plan_school"),
    path("program/lagg-till/<int:session_pk>", adding.add_session, name="add_session"),
    path("program/<int:pk>", pages.itinerary, name="itinerary"),
    path("program/<int:pk>/andra", acting.change_itinerary, name="change_itinerary"),
    path("program/<int:pk>/dag", making.add_day, name="add_itinerary_day"),
    path("program/<int:pk>/dag/<str:on>", pages.day, name="itinerary_day"),
    path("program/<int:pk>/lagg-till", adding.add_to_day, name="add_to_day"),
    path("program/<int:pk>/stopp/<int:stop_pk>", acting.change_stop, name="change_stop"),
    path("program/<int:pk>/stopp/<int:stop_pk>/andra", pages.others, name="other_stops"),
    path("program/<int:pk>/kopiera", making.copy, name="copy_itinerary"),
]
