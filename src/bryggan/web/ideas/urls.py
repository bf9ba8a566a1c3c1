"""Addresses of rounds of ideas: the teacher's, the phones', the city's."""

from __future__ import annotations

from django.urls import URLPattern, path

from bryggan.web.ideas import city, phones, pupils, rounds, sending, showing

urlpatterns: list[URLPattern] = [
    path("idrundor", rounds.idea_rounds, name="idea_rounds"),
    path("idrundor/ny", rounds.idea_round_new, name="idea_round_new"),
    path("idrundor/<int:pk>", rounds.idea_round, name="idea_round"),
    path("idrundor/<int:pk>/nu", rounds.idea_round_now, name="idea_round_now"),
    path("idrundor/<int:pk>/lage", rounds.set_idea_mode, name="set_idea_mode"),
    path("idrundor/<int:pk>/ide", rounds.write_idea, name="write_idea"),
    path("idrundor/<int:pk>/ide/<int:idea>", rounds.decide_idea, name="decide_idea"),
    path("idrundor/<int:pk>/ide/<int:idea>/bild.svg", showing.idea_drawing, name="idea_drawing"),
    path("idrundor/<int:pk>/ide/<int:idea>/skicka", sending.send_idea, name="send_idea"),
    path("idrundor/<int:pk>/tavla", showing.idea_board, name="idea_board"),
    path("idrundor/<int:pk>/tavla/nu", showing.idea_board_now, name="idea_board_now"),
    path("idrundor/<int:pk>/affisch.pdf", showing.idea_poster, name="idea_poster"),
    path("idrundor/<int:pk>/svar/<int:proposal>", showing.idea_answer, name="idea_answer"),
    path("ide", phones.enter_code, name="enter_code"),
    path("ide/<str:code>", phones.idea_phone, name="idea_phone"),
    path("ide/<str:code>/nu", phones.idea_phone_now, name="idea_phone_now"),
    path("ide/<str:code>/rost", phones.idea_vote, name="idea_vote"),
    path("ide/<str:code>/bild/<int:pk>.svg", phones.idea_phone_drawing, name="idea_phone_drawing"),
    path("forvaltning/ideer", city.proposals, name="proposals"),
    path("forvaltning/ideer/<int:pk>", city.proposal, name="proposal"),
    path("forvaltning/ideer/<int:pk>/last", city.read_proposal, name="read_proposal"),
    path("forvaltning/ideer/<int:pk>/blev", city.tell_what_came_of_it, name="tell_what_came_of_it"),
    path("forvaltning/ideer/<int:pk>/visa", city.agree_to_show, name="agree_to_show"),
    path("initiativ/<str:address>/elev", pupils.pupil_page, name="pupil_page"),
]
