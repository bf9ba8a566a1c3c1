"""A teacher shares her class's programme: link, code, printed pages, calendar; and ends it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bryggan.fair.models import Itinerary
from bryggan.fair.programmes import sharing as links
from bryggan.fair.programmes.itinerary_permissions import itineraries_of, itineraries_to_look_at, may_change
from bryggan.fair.programmes.timetables import for_timetable
from bryggan.web.accounts.guards import person
from bryggan.web.sharing import pdf
from bryggan.web.sharing.day_pages import day_pages, shared_address
from bryggan.web.sheets.typesetting import qr_code


@login_required
@never_cache
@require_safe
def sharing(request: HttpRequest, pk: int) -> HttpResponse:
    """What can be shared, and how; what others see of it; how to stop."""
    itinerary = _own(request, pk)
    link = links.open_link(itinerary)
    token = links.token_of(link) if link else ""
    context = {"itinerary": itinerary, "school_class": itinerary.school_class, "link": link, "token": token}
    if token:
        context |= _ways_to_share(itinerary, token)
    return render(request, "sharing/sharing.html", context)


@login_required
@require_POST
def share_itinerary(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the link. Pressed twice it is the same link."""
    links.share(_own(request, pk), by=person(request))
    messages.success(request, _("Länken är klar. Alla som har den kan läsa programmet."))
    return redirect("itinerary_sharing", pk)


@login_required
@require_POST
def revoke_share(request: HttpRequest, pk: int) -> HttpResponse:
    if links.revoke(_own(request, pk), by=person(request)):
        messages.success(request, _("Länken är avslutad. Den som öppnar den får veta det."))
    else:
        messages.info(request, _("Programmet delas inte."))
    return redirect("itinerary_sharing", pk)


@login_required
@require_safe
def itinerary_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The programme to print. The class's own teachers get their notes and the link's code with it."""
    user = person(request)
    itinerary = get_object_or_404(for_timetable(itineraries_to_look_at(user)), pk=pk)
    is_own = may_change(user, itinerary)
    link = links.open_link(itinerary) if is_own else None
    token = links.token_of(link) if link else ""
    pages = day_pages(itinerary, with_notes=is_own)
    return pdf.answer(request, pages, shared_address(token) if token else "")


def _own(request: HttpRequest, pk: int) -> Itinerary:
    return get_object_or_404(itineraries_of(person(request)).select_related("school_class"), pk=pk)


def _ways_to_share(itinerary: Itinerary, token: str) -> dict[str, str]:
    """Addresses of everything that the link opens. Other sites' own pages for sharing get it only when clicked."""
    address = shared_address(token)
    calendar = address.removesuffix(reverse("shared_itinerary", args=[token])) + reverse(
        "shared_calendar", args=[token]
    )
    teams = {"href": address, "msgText": itinerary.name, "preview": "false"}
    return {
        "address": address,
        "code": qr_code(address),
        "calendar": calendar,
        "webcal": f"webcal://{calendar.partition('://')[2]}",
        "classroom": f"https://classroom.google.com/share?{urlencode({'url': address})}",
        "teams": f"https://teams.microsoft.com/share?{urlencode(teams)}",
    }
