"""Find and understand: the start page, the list with its filters, and an initiative."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from bryggan.alignment import asking, searching, snippets, unmet
from bryggan.alignment import index as indexes
from bryggan.alignment.permissions import may_decide_links
from bryggan.fair.listing import coming_fair
from bryggan.ideas.proposals import shown_on
from bryggan.initiatives.models import Initiative, PictureFile
from bryggan.initiatives.permissions import may_edit_offer
from bryggan.web.editing.reading import reading_of
from bryggan.web.explore import cards, filters
from bryggan.web.explore.initiative_page import InitiativePage
from bryggan.web.visits.answering import unanswered
from bryggan.web.visits.curious import panel_of

PER_PAGE = 20


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page: what the service is for, a search, and a few initiatives that take classes."""
    with indexes.current() as index:
        found = searching.search(searching.Query(takes_classes=True, sort="newest"), per_page=3, facets=())
        total = len(index.all)
    closed = settings.REQUIRE_SIGN_IN and not request.user.is_authenticated
    context: dict[str, Any] = {
        "cards": [] if closed else cards.cards(found.ids, found.served),
        "taking_classes": found.count,
        "total": total,
        "fair": coming_fair(),
    }
    if request.user.is_authenticated:
        context["classes"] = filters.own_classes(request.user)
        context["unanswered"] = unanswered(request.user)
    return render(request, "explore/home.html", context)


@require_safe
def explore(request: HttpRequest) -> HttpResponseBase:
    """The list: filters with counts, free text, chips, hits with the reason for each."""
    parameters = request.GET
    known = {name: parameters.getlist(name) for name in parameters if name in asking.PARAMETERS}
    with indexes.current():
        asked = asking.asked(known, per_page=PER_PAGE)
        query = asked.query
        found = searching.search(
            query, page=asked.page, per_page=PER_PAGE, facets=filters.loaded_facets(query, parameters)
        )
    if request.method == "GET" and asked.page == 1:
        before = QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
        unmet.record(query, found, grown_from=before.get("q", ""))
    pages = max(1, -(-found.count // PER_PAGE))
    addresses = filters.Addresses(parameters)
    shown = [name for name in filters.TITLES if name in parameters.getlist("show")]
    context = {
        "query": query,
        "found": found,
        "cards": cards.cards(found.ids, found.served, snippets.asked_words(query.text, found.corrected)),
        "search_address": str(addresses).lstrip("?"),
        "filters": filters.filters(query, found, shown, addresses),
        "shown": shown,
        "chips": filters.chips(asked, found, addresses),
        "problems": [filters.problem_text(problem) for problem in dict.fromkeys(asked.problems)],
        "page_number": asked.page,
        "pages": pages,
        "previous_page": addresses.with_page(asked.page - 1) if asked.page > 1 else "",
        "next_page": addresses.with_page(asked.page + 1) if asked.page < pages else "",
        "last_page": addresses.with_page(pages) if asked.page > pages else "",
        "corrected": list(found.corrected.items()),
    }
    answer = render(request, "explore/explore.html", context)
    if request.headers.get("HX-Request"):
        answer["HX-Push-Url"] = pushed_address(request, addresses.without_names("show", page=asked.page))
    return answer


def pushed_address(request: HttpRequest, query: str) -> str:
    """The address to send on, for the browser's bar and history; "false" when it already stands there.

    Which filters are open is not part of it, nor are fields that were left empty.
    """
    current = request.headers.get("HX-Current-URL", "")
    before = QueryDict(urlsplit(current).query)
    page = before.get("page", "1")
    if current and filters.Addresses(before).without_names("show", page=int(page) if page.isdecimal() else 1) == query:
        return "false"
    return (reverse("explore") + query).rstrip("?")


@require_safe
def initiative(request: HttpRequest, address: str) -> HttpResponseBase:
    """An initiative's page. The id decides; another slug leads to the right one."""
    found = _initiative(address)
    if found.merged_into_id:
        return HttpResponsePermanentRedirect(get_object_or_404(Initiative, pk=found.merged_into_id).get_absolute_url())
    if request.path != found.get_absolute_url():
        return HttpResponsePermanentRedirect(found.get_absolute_url())
    page = InitiativePage.of(found, with_contacts=request.user.is_authenticated)
    context = {
        "initiative": found,
        "shown": page,
        "may_edit_offer": may_edit_offer(request.user, found),
        "may_decide_links": may_decide_links(request.user),
        "reading": reading_of(found),
        "panel": panel_of(request.user, initiative=found),
        "shown_ideas": shown_on(found.pk),
    }
    return render(request, "explore/initiative.html", context)


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """One initiative as a small card for other sites' pages. Listed sites only may frame it."""
    with indexes.current() as index:
        if pk not in index.entries:
            raise Http404
        served = searching.served_by(pk)
    shown = cards.cards([pk], {pk: served})
    if not shown:
        raise Http404
    answer = render(request, "explore/embedded_card.html", {"card": shown[0]})
    answer._csp_replace = {"frame-ancestors": list(settings.FRAME_ANCESTORS) or ["'none'"]}  # type: ignore[attr-defined]
    return answer


@require_safe
@cache_control(max_age=31536000, public=True, immutable=True)
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    """A picture by the hash of its content, so it may be kept for ever."""
    file = get_object_or_404(PictureFile, digest=digest)
    return HttpResponse(bytes(file.content), content_type="image/webp")


def _initiative(address: str) -> Initiative:
    match = re.match(r"([0-9]{1,18})(?:-|\Z)", address)
    if not match:
        raise Http404
    related = ("source", "status", "category", "department", "challenge", "school_offer")
    return get_object_or_404(Initiative.objects.select_related(*related), pk=int(match[1]))
