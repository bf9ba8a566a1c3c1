"""A visit as a calendar file."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bryggan.fair.models import Booking
from bryggan.fair.programmes import rfc5545
from bryggan.invitations.visits import invitation_of, place_text, practical_text

REFRESH_MINUTES = 24 * 60


def calendar_file(booking: Booking, *, with_whom: str = "", link: str = "") -> HttpResponse:
    """The visit to put in one's calendar. Put there again it is the same entry, newer; cancelled, it says so.

    It leads to the class's page of it. For the host: `with_whom` it is, and `link` to the host's page.
    """
    invitation = invitation_of(booking)
    address = link or (invitation.get_absolute_url() if invitation else reverse("my_visits"))
    occasion = booking.occasion
    title = ": ".join(filter(None, (occasion.session.title, with_whom)))
    is_cancelled = booking.state == Booking.State.ENDED or occasion.is_cancelled
    changes = (booking.booked_at, booking.ended_at, occasion.changed_at, occasion.cancelled_at)
    changed_at = max([booking.made_at, *(moment for moment in changes if moment)])
    venue = occasion.session.venue
    entry = rfc5545.Entry(
        uid=f"besok-{booking.pk}@{urlsplit(settings.BASE_URL).hostname or 'bryggan'}",
        # Seconds since the seats were taken: grows with every change, and starts at nothing.
        sequence=int((changed_at - booking.made_at).total_seconds()),
        changed_at=changed_at,
        begins=booking.starts_at,
        ends=booking.ends_at,
        summary=_("Inställt: %(title)s") % {"title": title} if is_cancelled else title,
        description="\n\n".join(part for part in (practical_text(booking), settings.BASE_URL + address) if part),
        location=place_text(booking),
        position=venue.position if venue else None,
        link=settings.BASE_URL + address,
        is_cancelled=is_cancelled,
    )
    text = rfc5545.written(title, [entry], refresh_minutes=REFRESH_MINUTES, link=settings.BASE_URL + address)
    answer = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="besok.ics"'
    answer["Cache-Control"] = "no-store"
    return answer
