"""What opens with a share link, for anybody and without signing in: page, offline copy, calendar, PDF.

These pages read no cookie and set none. The address is a key, so it goes to no other site and into no search engine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Concatenate

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.crypto import salted_hmac
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from bryggan.common import rate_limits
from bryggan.fair.models import ShareLink
from bryggan.fair.programmes.calendars import calendar_of
from bryggan.fair.programmes.sharing import LinkEnded, UnknownToken, opened_by
from bryggan.web.accounts.guards import client_address
from bryggan.web.sharing import pdf
from bryggan.web.sharing.day_pages import day_pages, shared_address

# Only addresses that open nothing are counted, so that a school behind one address is never kept out; nobody
# guesses 128 random bits, but nobody should be able to keep us busy by trying either.
MOST_GUESSES = 300
GUESSES_PER = timedelta(minutes=10)
_WORKER = Path(__file__).with_name("copy.js")
# What the page needs to look as it should without a network. The template loads the same.
STYLES = ("index", "tokens", "base", "layout", "components", "print", "shared")
_KEPT = (
    *(f"web/css/{name}.css" for name in STYLES),
    "web/fonts/hyperlegible.woff2",
    "web/icon.svg",
    "web/shared.js",
)

SharedView = Callable[[HttpRequest, ShareLink, str], HttpResponse]


def behind_link(view: SharedView) -> Callable[Concatenate[HttpRequest, ...], HttpResponse]:
    """Open the link: 404 for one that never was, 410 for one that has ended. Then say whose business it is not."""

    @require_safe
    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            answer = view(request, opened_by(token), token)
        except UnknownToken:
            answer = _unknown(request, token)
        except LinkEnded:
            answer = _ended(request, token, status=410)
        answer["Referrer-Policy"] = "no-referrer"
        answer["X-Robots-Tag"] = "noindex, nofollow"
        answer.setdefault("Cache-Control", "private, no-store")
        return answer

    return opened


@behind_link
def shared_itinerary(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """The class's day on a pupil's phone."""
    context = {
        "pages": day_pages(link.itinerary),
        "token": token,
        "address": shared_address(token),
        "styles": [f"web/css/{name}.css" for name in STYLES],
    }
    page = render(request, "sharing/shared.html", context)
    tag = f'"{sha256(page.content).hexdigest()[:32]}"'
    return _fresh(get_conditional_response(request, etag=tag) or page, tag)


@behind_link
def shared_calendar(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """The calendar to subscribe to. Who has the newest gets 304, and no text is made.

    Last-Modified is told but not asked: a place that changes its name leaves no time behind, the tag knows it.
    """
    calendar = calendar_of(link, token)
    answer = get_conditional_response(request, etag=calendar.tag)
    if answer is None:
        answer = HttpResponse(calendar.written(), content_type="text/calendar; charset=utf-8")
        answer["Content-Disposition"] = 'inline; filename="program.ics"'
    answer["Last-Modified"] = http_date(calendar.changed_at.timestamp())
    return _fresh(answer, calendar.tag)


@behind_link
def shared_pdf(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    return pdf.answer(request, day_pages(link.itinerary), shared_address(token))


@behind_link
def shared_worker(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """The service worker that keeps this page, and nothing else, for when there is no network."""
    page = reverse("shared_itinerary", args=[token])
    kept = [static(name) for name in _KEPT]
    version = sha256("".join(kept).encode()).hexdigest()[:12]
    told = json.dumps({"page": page, "files": kept, "version": version})
    script = f"const KEPT = {told};\n{_WORKER.read_text('utf-8')}"
    answer = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    # Its own address is below the page's.
    answer["Service-Worker-Allowed"] = page
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _unknown(request: HttpRequest, token: str) -> HttpResponse:
    # Counts are kept for days, and hold no address.
    client = salted_hmac("bryggan.rate", client_address(request), algorithm="sha256").hexdigest()[:40]
    if not rate_limits.allowed(f"guessed links from {client}", limit=MOST_GUESSES, per=GUESSES_PER):
        return render(request, "errors/429.html", status=429)
    return _ended(request, token, status=404)


def _ended(request: HttpRequest, token: str, *, status: int) -> HttpResponse:
    """The page that says so. Its script wipes the offline copy, also where the worker was passed by."""
    context = {
        "has_ended": status == 410,
        "page_address": reverse("shared_itinerary", args=[token]),
        "styles": [f"web/css/{name}.css" for name in STYLES],
    }
    return render(request, "sharing/ended.html", context, status=status)


def _fresh(answer: HttpResponse, tag: str) -> HttpResponse:
    """Kept by the reader, who asks each time whether it still holds."""
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    return answer
