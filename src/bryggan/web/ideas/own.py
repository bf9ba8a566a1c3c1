"""The rounds that a teacher leads, as pages need them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from bryggan.ideas.models import IdeaRound
from bryggan.ideas.permissions import rounds_led_by
from bryggan.web.accounts.guards import person

# Of what a round is about a page shows title and address.
_ABOUT = ("initiative__title", "initiative__slug", "initiative__withdrawn_at", "challenge__title")


def own_rounds(request: HttpRequest) -> QuerySet[IdeaRound]:
    """With class and what they are about."""
    own = [field.name for field in IdeaRound._meta.concrete_fields]
    rows = rounds_led_by(person(request)).select_related("school_class", "initiative", "challenge")
    return rows.only(*own, "school_class__label", *_ABOUT)


def own_round(request: HttpRequest, pk: int) -> IdeaRound:
    return get_object_or_404(own_rounds(request), pk=pk)
