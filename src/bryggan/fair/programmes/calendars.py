"""A shared programme as a calendar to subscribe to: one entry for each stop, also those that are gone.

Lunch and the class's own blocks are in it, since a calendar is where a pupil looks for when to eat; walks are not,
they would fill it. What a teacher noted for herself is never in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from bryggan.fair.models import ShareLink, State, Stop
from bryggan.fair.programmes import rfc5545
from bryggan.fair.programmes.rfc5545 import Entry

# How often calendars are asked to look again. On the day itself people look at the shared page.
REFRESH_MINUTES = 60
# Grows when the same rows are told in another way, so that nobody keeps the old text.
_FORM = 1

_COLUMNS = (
    "kind", "title", "starts_at", "ends_at", "uid", "sequence", "changed_at", "removed_at",
    "occasion__note", "occasion__cancelled_at", "occasion__changed_at",
    "occasion__session__title", "occasion__session__summary", "occasion__session__state",
    "occasion__session__change_note", "occasion__session__changed_at",
    "occasion__session__venue__name", "occasion__session__venue__address",
    "occasion__session__venue__latitude", "occasion__session__venue__longitude",
    "venue__name", "venue__address", "venue__latitude", "venue__longitude",
)  # fmt: skip


@dataclass(frozen=True)
class _Row:
    """A stop with what it points at, as it comes from the database."""

    kind: str
    title: str
    starts_at: datetime
    ends_at: datetime
    uid: object
    sequence: int
    changed_at: datetime
    removed_at: datetime | None
    occasion_note: str | None
    occasion_cancelled_at: datetime | None
    occasion_changed_at: datetime | None
    session_title: str | None
    summary: str | None
    state: str | None
    change_note: str | None
    session_changed_at: datetime | None
    session_venue: str | None
    session_address: str | None
    session_latitude: float | None
    session_longitude: float | None
    own_venue: str | None
    own_address: str | None
    own_latitude: float | None
    own_longitude: float | None

    @property
    def is_cancelled(self) -> bool:
        return self.occasion_cancelled_at is not None or self.state == State.CANCELLED

    @property
    def changed_last_at(self) -> datetime:
        """When anything of it that we know the time of last changed."""
        told = (self.changed_at, self.removed_at, self.occasion_changed_at, self.occasion_cancelled_at)
        return max(moment for moment in (*told, self.session_changed_at) if moment)


@dataclass(frozen=True)
class ItineraryCalendar:
    """A programme's calendar before it is written: whoever has the newest one already need not have it written."""

    name: str
    address: str
    rows: tuple[_Row, ...]
    # Of the programme or any of its stops.
    changed_at: datetime

    @property
    def tag(self) -> str:
        """An entity tag: the same as long as the text would be the same."""
        told = repr((_FORM, self.name, self.address, self.rows))
        return f'"{hashlib.sha256(told.encode("utf-8", "ignore")).hexdigest()[:32]}"'

    def written(self) -> bytes:
        return rfc5545.written(
            self.name,
            [_entry(row, self.address) for row in self.rows],
            refresh_minutes=REFRESH_MINUTES,
            link=self.address,
        )


def calendar_of(link: ShareLink, token: str) -> ItineraryCalendar:
    """The calendar behind a share link, in one statement.

    Removed stops are in it from the day the link was made: before that nobody had them in a calendar.
    """
    itinerary = link.itinerary
    stops = Stop.objects.filter(Q(removed_at=None) | Q(removed_at__gte=link.made_at), itinerary=itinerary)
    rows = tuple(_Row(*row) for row in stops.order_by("starts_at", "pk").values_list(*_COLUMNS))
    return ItineraryCalendar(
        name=_("%(name)s, %(fair)s") % {"name": itinerary.name, "fair": itinerary.fair.name},
        address=settings.BASE_URL.rstrip("/") + reverse("shared_itinerary", args=[token]),
        rows=rows,
        changed_at=max([itinerary.changed_at, *(row.changed_last_at for row in rows)]),
    )


def _entry(row: _Row, address: str) -> Entry:
    is_session = row.kind == Stop.Kind.SESSION
    title = (row.session_title if is_session else row.title) or _default_title(row)
    where = (row.session_venue, row.session_address) if is_session else (row.own_venue, row.own_address)
    latitude = row.session_latitude if is_session else row.own_latitude
    longitude = row.session_longitude if is_session else row.own_longitude
    link = f"{address}#stopp-{row.uid}"
    told: Sequence[str | None]
    if row.removed_at:
        title = _("Utgår: %(title)s") % {"title": title}
        told = (_("Klassen har tagit bort det här ur sitt program."),)
    elif row.is_cancelled:
        title = _("Inställt: %(title)s") % {"title": title}
        told = (_("Arrangören har ställt in det här."), row.change_note)
    else:
        change = row.change_note if row.state == State.CHANGED else ""
        told = (_("Ändrat: %(change)s") % {"change": change} if change else "", row.occasion_note, row.summary)
    return Entry(
        uid=f"{row.uid}@{_host()}",
        sequence=row.sequence,
        changed_at=row.changed_last_at,
        begins=row.starts_at,
        ends=row.ends_at,
        summary=title,
        description="\n\n".join([*(part for part in told if part), _("Hela dagen: %(link)s") % {"link": link}]),
        location=", ".join(part for part in where if part),
        position=None if latitude is None or longitude is None else (latitude, longitude),
        link=link,
        is_cancelled=row.removed_at is not None or row.is_cancelled,
    )


def _default_title(row: _Row) -> str:
    return _("Lunch") if row.kind == Stop.Kind.LUNCH else _("Eget")


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "bryggan"
