"""The open data of fairs: which there are, and what one offers, with the filters of its page. No persons anywhere."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from bryggan.alignment.asking import Problem as NotUnderstood
from bryggan.api.answering import answer, refuse_problems
from bryggan.api.schemas import FacetValue, Problem
from bryggan.fair import asking, listing
from bryggan.fair.local_times import local
from bryggan.fair.models import Fair, Occasion, Session, Venue
from bryggan.fair.seating.availability import Availability, availability
from bryggan.initiatives.models import Initiative

router = Router()


class FairRow(Schema):
    id: int
    slug: str = Field(description="Stands for the id in addresses too.")
    name: str
    first_on: str
    last_on: str = Field(description="Inclusive.")
    description: str
    url: str
    is_demo: bool = Field(description="True when the sessions are invented.")


class FairList(Schema):
    count: int
    results: list[FairRow]


class Hours(Schema):
    first_on: str
    last_on: str
    weekdays: list[int] = Field(description="Monday is 0; an empty list is every day.")
    opens: str
    closes: str


class VenueRow(Schema):
    id: int
    slug: str
    name: str
    area: str | None
    address: str
    latitude: float | None
    longitude: float | None
    position_is_approximate: bool


class VenueWhole(VenueRow):
    url: str
    has_cloakroom: bool
    has_toilets: bool
    has_lunch_place: bool
    has_lift: bool
    is_indoor: bool | None
    opening_hours: list[Hours]


class FairWhole(FairRow):
    practical: str
    venues: list[VenueWhole]


class OccasionRow(Schema):
    id: int
    starts_at: str = Field(description="Local time of Stockholm, with its offset.")
    ends_at: str
    capacity: int | None = Field(description="In `unit`; null is no limit.")
    seats_left: int | None = Field(description="The most seats that one group can have; null is no limit.")
    waiting: int = Field(description="Groups in the queue.")
    booking: Literal["none", "open", "not yet", "queue", "full", "closed", "over", "cancelled"]
    booking_opens_at: str
    booking_closes_at: str
    note: str


class InitiativeName(Schema):
    id: int
    title: str
    url: str


class SessionRow(Schema):
    id: int
    title: str
    summary: str
    description: str
    url: str
    state: Literal["published", "changed"]
    change_note: str
    kind: Literal["fixed", "open"] = Field(description="open: come any time, stay `minutes`.")
    minutes: int
    venue: VenueRow | None
    school_forms: list[str] = Field(description="An empty list is everybody; so for years and programmes.")
    years: list[int]
    programmes: list[str]
    subjects: list[str]
    languages: list[str]
    unit: Literal["people", "groups"]
    smallest_group: int | None
    largest_group: int | None
    counts_adults: bool
    cost: int = Field(description="Kronor for one class.")
    cost_text: str
    needs_booking: bool
    children: bool = Field(description="Part of the children's track.")
    theme: str
    organiser: str
    initiatives: list[InitiativeName]
    occasions: list[OccasionRow] = Field(description="Those that match, in order of time.")


class SessionFacets(Schema):
    day: list[FacetValue]
    area: list[FacetValue]
    venue: list[FacetValue]
    kind: list[FacetValue]
    school_form: list[FacetValue]
    years: list[FacetValue]
    subject: list[FacetValue]
    programme: list[FacetValue]
    language: list[FacetValue]


class SessionList(Schema):
    count: int
    page: int
    per_page: int
    results: list[SessionRow]
    facets: SessionFacets


class SessionFilters(Schema):
    """OR between values of one parameter (repeat it), AND between parameters."""

    q: str = Field("", description="Free text; knows Swedish word forms and compounds.")
    day: list[str] = Field([], description='"2027-06-01", a day of the fair.')
    subject: list[str] = []
    years: list[str] = Field([], description='"8", "7-9" or "4-9": matches sessions that suit one of them.')
    school_form: list[str] = Field([], description="FS, FKLASS, GR, GRAN or GY.")
    programme: list[str] = []
    area: list[str] = []
    venue: list[str] = Field([], description="Slug or id.")
    kind: list[str] = Field([], description="fixed or open.")
    language: list[str] = []
    children: str = Field("", description="1 for the children's track only.")
    free: str = Field("", description="1 for what has a seat left only.")
    group_size: str = Field(
        "", description="People, 1 to 1000: within the session's limits, and seats for all of them at some time."
    )
    page: str = Field("1", description="From 1.")
    per_page: str = Field("20", description="1 to 100.")


@router.get("", response={200: FairList, 422: Problem}, operation_id="fairs")
def fairs(request: HttpRequest) -> HttpResponse:
    """Published fairs, the latest first."""
    _refuse_parameters(request)
    results = [_fair(row) for row in Fair.objects.published()]
    return answer({"count": len(results), "results": results})


@router.get("/{key}", response={200: FairWhole, 404: Problem, 422: Problem}, operation_id="fair")
def fair(request: HttpRequest, key: str) -> HttpResponse:
    """One fair with its venues, by id or slug. Positions are approximate where they say so."""
    _refuse_parameters(request)
    row = _published(key)
    venues = row.venues.select_related("area").prefetch_related("opening_hours")
    return answer({**_fair(row), "practical": row.practical, "venues": [_venue_whole(row, one) for one in venues]})


@router.get("/{key}/sessions", response={200: SessionList, 404: Problem, 422: Problem}, operation_id="fair_sessions")
def fair_sessions(request: HttpRequest, key: str, filters: Query[SessionFilters]) -> HttpResponse:
    """Sessions that match, each with the times that do, in order of time; and counts for every value of a filter."""
    row = _published(key)
    supply = listing.supply_of(row)
    asked = asking.asked(dict(request.GET.lists()), row, supply.known)
    refuse_problems(asked.problems)
    found = listing.find(supply, asked.query)
    times: dict[int, list[int]] = defaultdict(list)
    for time in found.times:
        times[time.session].append(time.pk)
    shown = list(times)[(asked.page - 1) * asked.per_page : asked.page * asked.per_page]
    return answer(
        {
            "count": found.count,
            "page": asked.page,
            "per_page": asked.per_page,
            "results": _sessions(request, {pk: times[pk] for pk in shown}),
            "facets": {
                "day": [
                    {"value": day.isoformat(), "label": day.isoformat(), "count": found.days.get(day, 0)}
                    for day in row.days
                ],
                **{
                    facet: [{"value": value.value, "label": value.label, "count": value.hits} for value in values]
                    for facet, values in found.facets.items()
                },
            },
        }
    )


def _refuse_parameters(request: HttpRequest) -> None:
    if request.GET:
        refuse_problems([NotUnderstood(next(iter(request.GET))[:100], "", "unknown parameter")])


def _published(key: str) -> Fair:
    """The fair by id or slug; a draft is nobody's to read."""
    if key.isascii() and key.isdigit():
        found = Fair.objects.published().filter(pk=int(key)).first() if len(key) < 19 else None
    else:
        found = Fair.objects.published().filter(slug=key.replace("\x00", "")).first()
    if found is None:
        raise Http404
    return found


def _fair(row: Fair) -> dict[str, Any]:
    return {
        "id": row.pk,
        "slug": row.slug,
        "name": row.name,
        "first_on": row.first_on.isoformat(),
        "last_on": row.last_on.isoformat(),
        "description": row.description,
        "url": f"{settings.BASE_URL}/massan",
        "is_demo": row.is_demo,
    }


def _venue(row: Venue) -> dict[str, Any]:
    return {
        "id": row.pk,
        "slug": row.slug,
        "name": row.name,
        "area": row.area.name if row.area else None,
        "address": row.address,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "position_is_approximate": row.position_is_approximate,
    }


def _venue_whole(fair: Fair, row: Venue) -> dict[str, Any]:
    row.fair = fair
    facts = ("has_cloakroom", "has_toilets", "has_lunch_place", "has_lift", "is_indoor")
    return {
        **_venue(row),
        "url": settings.BASE_URL + row.get_absolute_url(),
        **{name: getattr(row, name) for name in facts},
        "opening_hours": [
            {
                "first_on": hours.first_on.isoformat(),
                "last_on": hours.last_on.isoformat(),
                "weekdays": hours.weekdays,
                "opens": f"{hours.opens:%H:%M}",
                "closes": f"{hours.closes:%H:%M}",
            }
            for hours in row.opening_hours.all()
        ],
    }


def _sessions(request: HttpRequest, times: dict[int, list[int]]) -> list[dict[str, Any]]:
    """Sessions in the order of `times`, each with those occasions. Seven statements, whatever their number."""
    sessions = Session.objects.select_related("venue__area", "department", "company").prefetch_related(
        "subjects", "programmes", Prefetch("initiatives", queryset=_initiatives(request))
    )
    rows = sessions.in_bulk(times)
    occasions = Occasion.objects.in_bulk([pk for several in times.values() for pk in several])
    for occasion in occasions.values():
        occasion.session = rows[occasion.session_id]
    available = availability(list(occasions.values()))
    return [
        _session(rows[pk], [(occasions[one], available[one]) for one in several if one in occasions])
        for pk, several in times.items()
        if pk in rows
    ]


def _initiatives(request: HttpRequest) -> Any:
    """Those that a reader may see: none for a stranger where the city requires sign-in."""
    shown = Initiative.objects.published().only("pk", "slug", "title", "source_created_at")
    closed = settings.REQUIRE_SIGN_IN and not request.user.is_authenticated
    return shown.none() if closed else shown


def _session(row: Session, times: list[tuple[Occasion, Availability]]) -> dict[str, Any]:
    same = (
        "title", "summary", "description", "state", "change_note", "kind", "minutes", "school_forms", "languages",
        "unit", "smallest_group", "largest_group", "counts_adults", "cost", "cost_text", "needs_booking", "theme",
    )  # fmt: skip
    organiser = row.department.name if row.department else row.company.name if row.company else row.organiser
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in same},
        "url": settings.BASE_URL + row.get_absolute_url(),
        "venue": _venue(row.venue) if row.venue else None,
        "years": row.school_years,
        "programmes": [one.code for one in row.programmes.all()],
        "subjects": [one.code for one in row.subjects.all()],
        "children": row.is_for_children,
        "organiser": organiser,
        "initiatives": [
            {"id": one.pk, "title": one.title, "url": settings.BASE_URL + one.get_absolute_url()}
            for one in row.initiatives.all()
        ],
        "occasions": [_occasion(occasion, here) for occasion, here in times],
    }


def _occasion(row: Occasion, here: Availability) -> dict[str, Any]:
    return {
        "id": row.pk,
        "starts_at": _moment(row.starts_at),
        "ends_at": _moment(row.ends_at),
        "capacity": row.capacity,
        "seats_left": here.left,
        "waiting": here.waiting,
        "booking": here.booking.value,
        "booking_opens_at": _moment(row.booking_opens_at),
        "booking_closes_at": _moment(row.booking_closes_at),
        "note": row.note,
    }


def _moment(value: datetime) -> str:
    return local(value).isoformat(timespec="seconds")
