"""Who may do what with a class's programme."""

from __future__ import annotations

from django.db.models import Q

from bryggan.accounts.models import SchoolMembership, User
from bryggan.accounts.permissions import is_confirmed_at, may_use_class
from bryggan.fair.models import Itinerary, ItineraryQuerySet


def may_change(user: User, itinerary: Itinerary) -> bool:
    """Only the class's own teachers, whatever else a person may be."""
    return may_use_class(user, itinerary.school_class)


def may_look(user: User, itinerary: Itinerary) -> bool:
    """The class's own teachers, and confirmed colleagues at its school when the programme is shown to them."""
    if may_change(user, itinerary):
        return True
    if not itinerary.shown_to_colleagues or itinerary.archived_at is not None or not user.is_active:
        return False
    return is_confirmed_at(user, itinerary.school_class.school_unit)


def itineraries_of(user: User) -> ItineraryQuerySet:
    """Those that the person may change: her own classes', none put away, newest change first."""
    if not user.is_active or not user.is_teacher:
        return Itinerary.objects.none()
    return Itinerary.objects.kept().filter(
        pk__in=Itinerary.objects.filter(school_class__teachers=user, school_class__archived_at__isnull=True).values(
            "pk"
        )
    )


def itineraries_to_look_at(user: User) -> ItineraryQuerySet:
    """Those that the person may look at and copy: her own, and what colleagues at her school show."""
    if not user.is_active or not user.is_teacher:
        return Itinerary.objects.none()
    schools = SchoolMembership.objects.confirmed().filter(user=user).values("school_unit")
    own = Q(pk__in=Itinerary.objects.filter(school_class__teachers=user).values("pk"))
    shown = Q(shown_to_colleagues=True, school_class__school_unit__in=schools)
    return Itinerary.objects.kept().filter(own | shown)
