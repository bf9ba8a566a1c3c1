"""When booking of an occasion opens and closes: computed when the occasion is saved, and never missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bryggan.fair.models import Occasion, Session


def closing_time(session: Session, starts_at: datetime) -> datetime:
    """When booking of an occasion that begins at `starts_at` closes: the session's hours before."""
    return starts_at - timedelta(hours=session.booking_closes_hours)


def set_booking_times(occasion: Occasion, now: datetime) -> None:
    """Give `occasion` its opening and closing time by its session. An opening that has been is kept."""
    session = occasion.session
    occasion.booking_closes_at = closing_time(session, occasion.starts_at)
    occasion.booking_opens_at = session.booking_opens_at or min(occasion.booking_opens_at or now, now)
