"""Addresses of the coordinators' desk: who is curious, rounds of invitations, visits; companies; fair play."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from bryggan.web.desk import companies, fair_play, host_visits, interest, round_page, rounds

urlpatterns: list[URLPattern] = [
    path("forvaltning/intresse", interest.interest_desk, name="interest_desk"),
    path("forvaltning/intresse/jamfor", interest.compare_interest, name="compare_interest"),
    path("forvaltning/intresse/initiativ/<int:pk>", interest.interest_in_initiative, name="interest_in_initiative"),
    path("forvaltning/intresse/punkt/<int:pk>", interest.interest_in_session, name="interest_in_session"),
    re_path(r"^forvaltning/intresse\.(?P<kind>xlsx|csv)\Z", interest.interest_export, name="interest_export"),
    path("forvaltning/utskick", rounds.rounds, name="rounds"),
    path("forvaltning/utskick/nytt", rounds.new_round, name="new_round"),
    path("forvaltning/utskick/<int:pk>", round_page.invitation_round, name="invitation_round"),
    path("forvaltning/utskick/<int:pk>/andra", rounds.edit_round, name="edit_round"),
    path("forvaltning/utskick/<int:pk>/skicka", rounds.send_round, name="send_round"),
    path("forvaltning/utskick/<int:pk>/stall-in", rounds.cancel_round, name="cancel_round"),
    path("forvaltning/utskick/<int:pk>/kopiera", rounds.copy_round, name="copy_round"),
    path("forvaltning/utskick/<int:pk>/platser", round_page.change_round_seats, name="change_round_seats"),
    re_path(
        r"^forvaltning/utskick/(?P<pk>[0-9]{1,18})/svar\.(?P<kind>xlsx|csv)\Z",
        round_page.round_export,
        name="round_export",
    ),
    path("forvaltning/besok", host_visits.host_visits, name="host_visits"),
    path("forvaltning/besok/<int:pk>", host_visits.host_visit, name="host_visit"),
    path("forvaltning/besok/<int:pk>/besok.ics", host_visits.host_calendar, name="host_calendar"),
    path("forvaltning/besok/<int:pk>/narvaro", host_visits.host_attendance, name="host_attendance"),
    path("forvaltning/besok/<int:pk>/svar", host_visits.host_feedback, name="host_feedback"),
    path("forvaltning/inbjudan/<int:pk>", host_visits.host_invitation, name="host_invitation"),
    path("forvaltning/inbjudan/<int:pk>/meddelande", host_visits.host_write, name="host_write"),
    path("forvaltning/inbjudan/<int:pk>/last", host_visits.host_read, name="host_read"),
    path("forvaltning/inbjudan/<int:pk>/tid", round_page.agree_on_time, name="agree_on_time"),
    path("forvaltning/inbjudan/<int:pk>/stall-in", round_page.cancel_visit, name="cancel_visit"),
    path("foretag", companies.company_signup, name="company_signup"),
    path("redaktion/foretag", companies.companies, name="companies"),
    path("redaktion/foretag/anmalan/<int:pk>", companies.decide_company, name="decide_company"),
    path("redaktion/foretag/<int:pk>", companies.company, name="company"),
    path("redaktion/foretag/<int:pk>/namn", companies.rename_company, name="rename_company"),
    path("redaktion/rattvisa", fair_play.fair_play, name="fair_play"),
]
