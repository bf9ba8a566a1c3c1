"""What every page of the fair's team begins with: the fair, and what of it the person may see."""

from __future__ import annotations

from django.http import Http404
from django.utils import timezone

from bryggan.accounts.models import User
from bryggan.fair.models import Fair, Occasion, Session
from bryggan.fair.permissions import editable_sessions


def team_fair() -> Fair:
    """The fair that the team works with: the next one, published or not, else the latest. 404 when there is none."""
    coming = Fair.objects.filter(last_on__gte=timezone.localdate()).order_by("first_on").first()
    found = coming or Fair.objects.order_by("-last_on").first()
    if found is None:
        raise Http404
    return found


def sees_all(user: User) -> bool:
    return user.is_editor


def own_session(user: User, pk: int) -> Session:
    """404 for a session that is not the person's to change, and for one of no fair."""
    related = ("fair", "venue__fair", "department", "company")
    found = editable_sessions(user).filter(fair__isnull=False).select_related(*related).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def own_occasion(user: User, pk: int) -> Occasion:
    found = Occasion.objects.filter(pk=pk, session__fair__isnull=False).select_related("session").first()
    if found is None:
        raise Http404
    found.session = own_session(user, found.session_id)
    return found
