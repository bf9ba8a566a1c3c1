"""How a programme was before each change, and the way back.

A snapshot is plain JSON: days, stops, preparations, what was excluded, name and interests. Seats are not in it:
going back never takes or returns seats by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

from bryggan.fair.models import Itinerary, ItineraryChange, ItineraryDay, Occasion, Preparation, Session, Stop, Venue
from bryggan.fair.programmes.frames import COLUMNS
from bryggan.initiatives.models import Initiative

Snapshot = dict[str, Any]
# Changes that are kept for a programme; older ones cannot be undone.
MOST_KEPT = 100
_PRUNED_EVERY = 20
# The verb of a change that the fair made: not the class's to take back.
BY_THE_FAIR = "changed by the fair"
# When a class is at an occasion as it is now, that was there from one moment until another.
Within = Callable[[Occasion, datetime, datetime], tuple[datetime, datetime]]
_STOP = ("kind", "occasion_id", "venue_id", "title", "wish", "is_locked", "note", "reason", "reason_params")


def snapshot(itinerary: Itinerary) -> Snapshot:
    """The programme as it is now; four statements."""
    days = [
        {"on": day.on.isoformat(), **{name: _plain(getattr(day, name)) for name in COLUMNS}}
        for day in itinerary.days.order_by("on")
    ]
    stops = [
        {
            "uid": str(stop.uid),
            "starts_at": stop.starts_at.isoformat(),
            "ends_at": stop.ends_at.isoformat(),
            **{name: getattr(stop, name) for name in _STOP},
        }
        for stop in itinerary.stops.kept().order_by("starts_at", "pk")
    ]
    preparations = list(
        itinerary.preparations.order_by("phase", "position", "pk").values("initiative_id", "phase", "note", "position")
    )
    return {
        "name": itinerary.name,
        "interests": itinerary.interests,
        "days": days,
        "stops": stops,
        "preparations": preparations,
        "excluded": sorted(itinerary.excluded.order_by().values_list("pk", flat=True)),
    }


def last_change(itinerary: Itinerary) -> ItineraryChange | None:
    """What undo would take back: the class's latest change that has not been undone."""
    own = itinerary.changes.filter(undone_at__isnull=True).exclude(verb=BY_THE_FAIR)
    return own.order_by("-at", "-pk").first()


def stops_to_go(itinerary: Itinerary, before: Snapshot) -> list[Stop]:
    """Stops that are in the programme now, and after going back would not be, or would be at another occasion."""
    then = {stop["uid"]: stop["occasion_id"] for stop in before["stops"]}
    return [stop for stop in itinerary.stops.kept() if then.get(str(stop.uid), ...) != stop.occasion_id]


def restore(itinerary: Itinerary, before: Snapshot, *, within: Within) -> list[Stop]:
    """Let the programme be as it was. Returns the stops that came back; they have no seats of their own.

    What the fair has changed since then stays changed: a stop comes back when its occasion is now (`within`). What
    no longer exists (an erased session, a venue) is left out. Call inside `changing`.
    """
    itinerary.name, itinerary.interests = before["name"], before["interests"]
    itinerary.save(update_fields=["name", "interests"])
    _restore_days(itinerary, before["days"])
    itinerary.excluded.set(Session.objects.filter(pk__in=before["excluded"]))
    _restore_preparations(itinerary, before["preparations"])
    return _restore_stops(itinerary, before["stops"], within)


def _restore_days(itinerary: Itinerary, days: list[dict[str, Any]]) -> None:
    wanted = {date.fromisoformat(day["on"]): day for day in days}
    itinerary.days.exclude(on__in=wanted).delete()
    for on, day in wanted.items():
        columns = {
            name: time.fromisoformat(day[name]) if name in _TIMES else day[name] for name in COLUMNS if name in day
        }
        ItineraryDay.objects.update_or_create(itinerary=itinerary, on=on, defaults=columns)


_TIMES = ("begins", "ends", "lunch_from", "lunch_until")


def _restore_preparations(itinerary: Itinerary, rows: list[dict[str, Any]]) -> None:
    there = set(Initiative.objects.filter(pk__in=[row["initiative_id"] for row in rows]).values_list("pk", flat=True))
    itinerary.preparations.all().delete()
    Preparation.objects.bulk_create(
        Preparation(itinerary=itinerary, **row) for row in rows if row["initiative_id"] in there
    )


def _restore_stops(itinerary: Itinerary, rows: list[dict[str, Any]], within: Within) -> list[Stop]:
    now = timezone.now()
    stops = {str(stop.uid): stop for stop in itinerary.stops.all()}
    occasions = Occasion.objects.select_related("session").in_bulk(
        [row["occasion_id"] for row in rows if row["occasion_id"]]
    )
    venues = set(
        Venue.objects.filter(pk__in=[row["venue_id"] for row in rows if row["venue_id"]]).values_list("pk", flat=True)
    )
    wanted: dict[str, dict[str, Any]] = {}
    for row in rows:
        occasion = occasions.get(row["occasion_id"])
        if row["uid"] not in stops or (row["occasion_id"] and occasion is None):
            continue
        columns = {name: row[name] for name in _STOP}
        columns["venue_id"] = row["venue_id"] if row["venue_id"] in venues else None
        times = datetime.fromisoformat(row["starts_at"]), datetime.fromisoformat(row["ends_at"])
        columns["starts_at"], columns["ends_at"] = within(occasion, *times) if occasion else times
        wanted[row["uid"]] = {**columns, "removed_at": None}
    changed, back = [], []
    for uid, stop in stops.items():
        columns = wanted.get(uid) or {"removed_at": stop.removed_at or now}
        if all(getattr(stop, name) == value for name, value in columns.items()):
            continue
        if uid in wanted and (stop.removed_at is not None or stop.occasion_id != columns["occasion_id"]):
            back.append(stop)
        for name, value in columns.items():
            setattr(stop, name, value)
        stop.sequence += 1
        stop.changed_at = now
        changed.append(stop)
    # Out of the programme first, so that two that change places do not meet on the way.
    Stop.objects.filter(pk__in=[stop.pk for stop in changed]).update(removed_at=now)
    names = {name.removesuffix("_id") for name in _STOP}
    Stop.objects.bulk_update(changed, [*sorted(names), "starts_at", "ends_at", "removed_at", "sequence", "changed_at"])
    return back


def forget_oldest(itinerary: Itinerary) -> None:
    """Keep the latest changes alone. Asked now and then, so that most changes cost nothing for it."""
    if itinerary.version % _PRUNED_EVERY:
        return
    kept = itinerary.changes.order_by("-at", "-pk").values_list("pk", flat=True)[:MOST_KEPT]
    itinerary.changes.exclude(pk__in=list(kept)).delete()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, time) else value
