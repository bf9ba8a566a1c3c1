"""Carrying out a planned import: rows made in bulk, and changes made by the same functions that people's are."""

from __future__ import annotations

from typing import Any

from bryggan.accounts.models import User
from bryggan.common.models import AuditEntry
from bryggan.fair import supply_changes, telling
from bryggan.fair.booking_times import set_booking_times
from bryggan.fair.imports.planned_import import DEFAULTS, Gone, Plan, PlannedOccasion, PlannedSession, venue_key
from bryggan.fair.models import Area, Occasion, Session, State, Venue
from bryggan.fair.supply_changes import Work

_BATCH = 500


def carry_out(plan: Plan, *, by: User | str, entry: AuditEntry, cancel_gone: bool) -> int:
    """Write what is planned, inside the caller's transaction. Returns how many classes were told."""
    work = Work(by)
    touched = {each.pk for one in plan.changed if one.row for each in one.row.occasions.all()}
    touched |= {each.pk for gone in plan.gone for each in gone.occasions} if cancel_gone else set()
    telling.lock_programmes(touched)
    venues = _venues(plan)
    _make(plan, venues, work)
    for one in plan.changed:
        _change(one, venues, work)
    if cancel_gone:
        for gone in plan.gone:
            _cancel(gone, work)
    return work.tell(entry)


def _venues(plan: Plan) -> dict[str, Venue]:
    """The fair's places by key, the new ones made and the others filled where they were empty."""
    venues = dict(plan.venue_rows)
    slugs = {venue.slug for venue in Venue.objects.filter(fair=plan.fair)}
    areas = {area.name.casefold(): area for area in Area.objects.filter(fair=plan.fair)}
    for key, remote in plan.new_venues_by_key.items():
        area = None
        if remote.area:
            area = areas.get(remote.area.casefold())
            if area is None:
                slug = _free(venue_key(remote.area) or "omrade", {one.slug for one in areas.values()})
                area = Area.objects.create(fair=plan.fair, name=remote.area[:120], slug=slug)
                areas[remote.area.casefold()] = area
        slug = _free(key, slugs)
        slugs.add(slug)
        venues[key] = Venue.objects.create(
            fair=plan.fair,
            area=area,
            slug=slug,
            name=remote.name,
            address=remote.address[:200],
            latitude=remote.latitude,
            longitude=remote.longitude,
        )
    for key, columns in plan.filled_venues.items():
        venue = venues[key]
        for name, value in columns.items():
            setattr(venue, name, value)
        venue.save(update_fields=list(columns))
    return venues


def _free(slug: str, taken: set[str]) -> str:
    if slug not in taken:
        return slug
    number = next(number for number in range(2, len(taken) + 3) if f"{slug[:74]}-{number}" not in taken)
    return f"{slug[:74]}-{number}"


def _make(plan: Plan, venues: dict[str, Venue], work: Work) -> None:
    new = plan.new
    sessions = [
        Session(
            fair=plan.fair,
            remote_id=one.remote.remote_id,
            origin=plan.reading.format,
            imported_hash=one.digest,
            venue=venues[one.venue] if one.venue else None,
            changed_at=work.now,
            **{**DEFAULTS, **one.columns},
        )
        for one in new
    ]
    Session.objects.bulk_create(sessions, batch_size=_BATCH)
    occasions = [
        _occasion(session, planned, work)
        for one, session in zip(new, sessions, strict=True)
        for planned in one.occasions
    ]
    Occasion.objects.bulk_create(occasions, batch_size=_BATCH)
    for name in supply_changes.MANY:
        field: Any = Session._meta.get_field(name)
        through = field.remote_field.through
        pairs = [
            through(**{field.m2m_field_name() + "_id": session.pk, field.m2m_reverse_field_name() + "_id": row.pk})
            for one, session in zip(new, sessions, strict=True)
            for row in one.many.get(name, ())
        ]
        through._default_manager.bulk_create(pairs, batch_size=_BATCH)


def _occasion(session: Session, planned: PlannedOccasion, work: Work) -> Occasion:
    occasion = Occasion(session=session, remote_id=planned.remote.remote_id, **planned.columns)
    if planned.cancels:
        occasion.cancelled_at = work.now
    set_booking_times(occasion, work.now)
    return occasion


def _change(one: PlannedSession, venues: dict[str, Venue], work: Work) -> None:
    if one.row is None:
        return
    session = Session.objects.select_for_update(of=("self",)).select_related("fair", "venue").get(pk=one.row.pk)
    columns = dict(one.columns)
    if one.venue and session.venue_id != venues[one.venue].pk:
        columns["venue"] = venues[one.venue]
    if one.publishes:
        columns["state"] = State.PUBLISHED.value
    supply_changes.let_session_be(session, columns, work=work)
    # Read after the session, whose number of seats its times may have followed.
    rows = session.occasions.select_for_update().in_bulk([each.row.pk for each in one.occasions if each.row])
    for name, found in one.many.items():
        getattr(session, name).set(found)
    for planned in one.occasions:
        if planned.row is None:
            continue
        occasion = rows[planned.row.pk]
        occasion.session = session
        supply_changes.let_occasion_be(occasion, planned.columns, work=work)
        if planned.cancels:
            supply_changes.let_occasion_be_cancelled(occasion, work=work)
    new = [_occasion(session, planned, work) for planned in one.occasions if planned.row is None]
    Occasion.objects.bulk_create(new, batch_size=_BATCH)
    if one.cancels:
        supply_changes.let_session_be_cancelled(session, work=work)
    Session.objects.filter(pk=session.pk).update(imported_hash=one.digest, changed_at=work.now)


def _cancel(gone: Gone, work: Work) -> None:
    session = Session.objects.select_for_update(of=("self",)).select_related("fair", "venue").get(pk=gone.session.pk)
    if gone.is_whole:
        supply_changes.let_session_be_cancelled(session, work=work)
        return
    for occasion in session.occasions.filter(pk__in=[each.pk for each in gone.occasions]).select_for_update():
        occasion.session = session
        supply_changes.let_occasion_be_cancelled(occasion, work=work)
