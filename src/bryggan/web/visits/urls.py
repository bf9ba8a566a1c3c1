"""Addresses of what a class says and answers: curious, invitations, queues, visits."""

from __future__ import annotations

from django.urls import path

from bryggan.web.visits import answering, coming, curious

urlpatterns = [
    path("nyfikna", curious.interests, name="interests"),
    path("nyfikna/ny", curious.express_interest, name="express_interest"),
    path("nyfikna/<int:pk>/ta-tillbaka", curious.withdraw_interest, name="withdraw_interest"),
    path("nyfikna/arbetat", curious.class_work, name="class_work"),
    path("inbjudningar", answering.invitations, name="invitations"),
    path("inbjudningar/<int:pk>", answering.invitation, name="invitation"),
    path("inbjudningar/<int:pk>/meddelande", answering.write_message, name="write_message"),
    path("inbjudningar/<int:pk>/last", answering.read_messages, name="read_messages"),
    path("svar/<str:token>", answering.answer_by_link, name="answer_by_link"),
    path("svar/<str:token>/besok.ics", answering.calendar_by_link, name="calendar_by_link"),
    path("besok", coming.my_visits, name="my_visits"),
    path("besok/<int:pk>/besok.ics", coming.visit_calendar, name="visit_calendar"),
    path("besok/<int:pk>/svar", coming.visit_feedback, name="visit_feedback"),
    path("besok/<int:pk>/narvaro", coming.visit_attendance, name="visit_attendance"),
    path("platser/<int:pk>", coming.seat_offer, name="seat_offer"),
    path("platser/ko/<int:pk>/lamna", coming.leave_queue, name="leave_queue"),
]
