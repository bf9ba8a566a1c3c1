"""A programme as PDF: A4, one page a day, set by `itinerary.typ`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bryggan.web.sharing.day_pages import DayPages, ShownInitiative, ShownStop, Way
from bryggan.web.sheets import typesetting
from bryggan.web.sheets.typesetting import cut, qr_code

_PROGRAM = Path(__file__).with_name("itinerary.typ")


def answer(request: HttpRequest, pages: DayPages, address: str) -> HttpResponse:
    """The file, with a code that leads to `address` unless that is empty. Unchanged since the reader got it: 304."""
    data = data_of(pages, address)
    tag = typesetting.tag_of(_PROGRAM, data)
    told = get_conditional_response(request, etag=tag)
    if told is None:
        told = HttpResponse(typesetting.pdf_of(_PROGRAM, data), content_type="application/pdf")
        told["Content-Disposition"] = f'inline; filename="program-{slugify(pages.class_label) or "klassen"}.pdf"'
    told["ETag"] = tag
    told["Cache-Control"] = "private, no-cache"
    return told


def data_of(pages: DayPages, address: str) -> str:
    """The programme as JSON: all that the pages are made from."""
    told = {
        "labels": {
            "start": _("Start"),
            "end": _("Slut"),
            "leave": _("Gå senast"),
            "leave_home": _("Gå"),
            "cancelled": _("Inställt"),
            "changed": _("Ändrat"),
            "continues": _("fortsätter"),
            "notes": _("Anteckningar"),
            "before": _("Före mässan"),
            "after": _("Efter mässan"),
            "practical": _("Bra att veta"),
            "code": _("QR-kod till programmet"),
            "phone": _("Öppna i mobilen"),
            "empty": _("Inget är inlagt den här dagen."),
            "no_days": _("Programmet har inga dagar än."),
            "approximate": _("ungefärlig plats"),
            "page": _("Sida"),
            "demo": _("Demo med påhittade programpunkter.") if pages.is_demo else "",
        },
        "name": cut(pages.name, 80),
        "class_label": cut(pages.class_label, 40),
        "fair": cut(pages.fair, 120),
        "practical": cut(pages.practical, 900),
        "address": address,
        "code": qr_code(address) if address else "",
        "days": [
            {
                "name": day.name[:1].upper() + day.name[1:],
                "start": [day.start_time, cut(day.start_place, 80)],
                "end": [day.end_time, cut(day.end_place, 80)],
                "stops": [_stop(stop) for stop in day.stops],
                "way_home": _way(day.way_home),
            }
            for day in pages.days
        ],
        "before": [_initiative(each) for each in pages.before],
        "after": [_initiative(each) for each in pages.after],
    }
    return msgspec.json.encode(told).decode()


def _stop(stop: ShownStop) -> dict[str, Any]:
    place = ", ".join(part for part in (stop.place, stop.address) if part)
    return {
        "begins": stop.begins,
        "ends": stop.ends,
        "title": cut(stop.title, 160),
        "text": cut(stop.text, 240),
        "place": cut(place, 160),
        "is_approximate": stop.is_approximate,
        "facts": ", ".join(stop.facts),
        "practical": cut(stop.practical, 240),
        "is_cancelled": stop.is_cancelled,
        "is_changed": stop.is_changed,
        "change": cut(stop.change, 200),
        "note": cut(stop.note, 300),
        "way": _way(stop.way),
    }


def _way(way: Way | None) -> dict[str, str] | None:
    return {"text": way.text, "leave_at": way.leave_at} if way else None


def _initiative(each: ShownInitiative) -> dict[str, str]:
    link = settings.BASE_URL.rstrip("/") + each.link if each.link else ""
    return {"title": cut(each.title, 160), "language": each.language, "link": link, "note": cut(each.note, 300)}
