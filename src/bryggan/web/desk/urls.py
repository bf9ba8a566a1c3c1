"""Addresses of the coordinators' desk: who is curious, rounds of invitations; companies; fair play."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path


def _soon(request: HttpRequest, pk: int = 0) -> HttpResponse:
    return HttpResponse(status=404)


urlpatterns: list[URLPattern] = [
    path("forvaltning/intresse", _soon, name="interest_desk"),
    path("forvaltning/utskick", _soon, name="rounds"),
    path("forvaltning/utskick/<int:pk>", _soon, name="invitation_round"),
]
