"""Addresses of pages."""

from __future__ import annotations

from django.urls import include, path

from bryggan.web import pages
from bryggan.web.editing import coverage, links, offers
from bryggan.web.editing import views as editing
from bryggan.web.explore import views as explore
from bryggan.web.explore.suggestions import suggestions
from bryggan.web.searches import views as searches
from bryggan.web.sheets import views as sheets

urlpatterns = [
    path("favicon.ico", pages.favicon, name="favicon"),
    path("", explore.home, name="home"),
    path("utforska", explore.explore, name="explore"),
    path("initiativ/<str:address>", explore.initiative, name="initiative"),
    path("forslag", suggestions, name="suggestions"),
    path("initiativ/<str:address>/lektionsblad", sheets.lesson_sheet_page, name="lesson_sheet"),
    path("initiativ/<str:address>/lektionsblad.pdf", sheets.lesson_sheet_pdf, name="lesson_sheet_pdf"),
    path("sokningar", searches.searches, name="searches"),
    path("sokningar/<int:pk>/namn", searches.rename_search, name="rename_search"),
    path("sokningar/<int:pk>/brev", searches.switch_search_mail, name="switch_search_mail"),
    path("sokningar/<int:pk>/ta-bort", searches.delete_search, name="delete_search"),
    path("sokningar/sluta/<str:token>", searches.stop_search_mail, name="stop_search_mail"),
    path("kort/<int:pk>", explore.card, name="card"),
    path("bild/<slug:digest>.webp", explore.picture, name="picture"),
    path("redaktion/", editing.editors, name="editors"),
    path("redaktion/flyttar", editing.move_proposals, name="move_proposals"),
    path("redaktion/flyttar/<int:pk>", editing.decide_move, name="decide_move"),
    path("redaktion/kopplingar", links.link_queue, name="link_queue"),
    path("redaktion/kopplingar/<int:pk>", links.decide_link, name="decide_link"),
    path("redaktion/beslut/<int:pk>/angra", links.undo_link, name="undo_link"),
    path("redaktion/initiativ/<int:pk>", links.initiative_links, name="initiative_links"),
    path("redaktion/initiativ/<int:pk>/koppling", links.add_link, name="add_link"),
    path("redaktion/initiativ/<int:pk>/skola", offers.school_offer, name="school_offer"),
    path("redaktion/tackning", coverage.coverage_page, name="coverage"),
    path("forvaltning/kallor", editing.sources, name="sources"),
    path("forvaltning/kallor/<int:pk>", editing.sync_run, name="sync_run"),
    path("", include("bryggan.web.ideas.urls")),
    path("", include("bryggan.web.letters.urls")),
    path("", include("bryggan.web.fair.urls")),
    path("", include("bryggan.web.itineraries.urls")),
    path("", include("bryggan.web.sharing.urls")),
    path("", include("bryggan.web.visits.urls")),
    path("", include("bryggan.web.fair_team.urls")),
    path("", include("bryggan.web.desk.urls")),
    path("", include("bryggan.web.insights.urls")),
    path("om", pages.about, name="about"),
    path("tillganglighet", pages.accessibility, name="accessibility"),
    path("oppna-data", pages.open_data, name="open_data"),
]
