"""What the fair's team says of places: where they are, what is good to know, and how long it takes between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from bryggan.accounts.models import User
from bryggan.common import audit
from bryggan.fair import permissions
from bryggan.fair.models import Fair, Venue, Walk
from bryggan.fair.planning import walking
from bryggan.fair.supply import NotAllowed

# About the city's own size: what is further away is a slip of the finger.
FURTHEST_KM = 60


class TooFarAway(Exception):
    """The position is nowhere near the fair: latitude and longitude have changed places, or a digit is wrong."""


@dataclass(frozen=True)
class Pair:
    """The way to another place: what we reckon with, and what somebody has measured; None where nobody has."""

    venue: Venue
    reckoned: int
    is_guess: bool
    measured: int | None
    measured_bus: int | None


@dataclass(frozen=True)
class VenueDetails:
    """What a person says of a place."""

    name: str
    address: str = ""
    description: str = ""
    latitude: float | None = None
    longitude: float | None = None
    position_is_approximate: bool = True
    has_cloakroom: bool = False
    has_toilets: bool = False
    has_lunch_place: bool = False
    has_lift: bool = False
    is_indoor: bool | None = None
    practical: str = ""


def pairs_from(venue: Venue) -> list[Pair]:
    """The ways from a place to all others, by name. Two statements."""
    fair = venue.fair
    others = [other for other in fair.venues.order_by("name", "pk") if other.pk != venue.pk]
    rows = Walk.objects.filter(Q(start=venue) | Q(end=venue)).values_list("start_id", "end_id", "means", "minutes")
    foot: dict[int, int] = {}
    bus: dict[int, int] = {}
    for start, end, means, minutes in rows:
        (bus if means == Walk.Means.BUS else foot)[end if start == venue.pk else start] = minutes
    pace = walking.Pace(
        kmh=max(fair.walking_kmh, 1.0), detour=max(fair.detour, 1.0), gathering_minutes=fair.gathering_minutes
    )
    positions: dict[object, walking.Position | None] = {other.pk: other.position for other in [venue, *others]}
    ways = walking.Walks(positions, pace)
    made = []
    for other in others:
        way = ways.on_foot(venue.pk, other.pk)
        made.append(Pair(other, way.minutes, way.is_guess, foot.get(other.pk), bus.get(other.pk)))
    return made


@transaction.atomic
def measure(venue: Venue, minutes: Mapping[tuple[int, str], int | None], *, by: User) -> int:
    """Write down minutes with a class from a place to others, by (venue, means); None takes a measure away.

    A pair holds in both directions and is one row. Returns how many differed. Raises NotAllowed.
    """
    if not permissions.may_manage_fair(by):
        raise NotAllowed
    venue = Venue.objects.select_for_update().get(pk=venue.pk)
    known = set(Venue.objects.filter(fair=venue.fair_id).values_list("pk", flat=True)) - {venue.pk}
    changed = 0
    for (other, means), value in minutes.items():
        if other not in known:
            continue
        here = Walk.objects.filter(
            Q(start=venue, end=other, means=means) | Q(start=other, end=venue, means=means)
        ).order_by("pk")
        existing = list(here)
        if value is None:
            changed += bool(existing)
            here.delete()
        elif [row.minutes for row in existing] != [value]:
            here.delete()
            Walk.objects.create(start=venue, end_id=other, means=means, minutes=value)
            changed += 1
    if changed:
        audit.record(by, "measured walks", venue, pairs=changed)
    return changed


@transaction.atomic
def change_venue(venue: Venue, details: VenueDetails, *, by: User) -> Sequence[str]:
    """The place as `details` say. Returns the names of what differed. Raises NotAllowed and TooFarAway."""
    if not permissions.may_manage_fair(by):
        raise NotAllowed
    here = Venue.objects.select_for_update().select_related("fair").get(pk=venue.pk)
    if details.latitude is not None and details.longitude is not None:
        _check_near(here.fair, (details.latitude, details.longitude))
    columns = {name: getattr(details, name) for name in VenueDetails.__dataclass_fields__}
    changed = [name for name, value in columns.items() if getattr(here, name) != value]
    if changed:
        for name in changed:
            setattr(here, name, columns[name])
        here.save(update_fields=changed)
        audit.record(by, "changed a venue", here, columns=changed)
    return changed


def _check_near(fair: Fair, position: walking.Position) -> None:
    if walking.kilometres_between(position, (fair.start_latitude, fair.start_longitude)) > FURTHEST_KM:
        raise TooFarAway
