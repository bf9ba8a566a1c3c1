"""What leaves the service of a class's programme: its days as pupils, calendars' links and printed pages show them.

Whoever has the link reads it, and links wander. So it names the class, which pupils need to see that it is theirs, but
neither school nor persons nor how many they are: nobody else learns which children are where. What the teacher noted
for herself, why a stop was chosen, seats and queues stay at home too. Only her own printed pages have her notes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bryggan.fair.local_times import clock_text, local
from bryggan.fair.models import Itinerary, ItineraryDay, Preparation, State, Stop, Venue
from bryggan.fair.programmes.day_plans import DayPlan, PlannedStop, day_plans
from bryggan.fair.programmes.timetables import Leg, preparations_of
from bryggan.web.itineraries.walk_map import WalkMap, of_plan


@dataclass(frozen=True)
class Way:
    """The way to a stop, or back: "12 min promenad, ungefär 650 m", and when to leave for it."""

    text: str
    leave_at: str


@dataclass(frozen=True)
class ShownStop:
    anchor: str
    begins: str
    ends: str
    # For machines.
    begins_at: str
    ends_at: str
    title: str
    is_session: bool
    text: str
    place: str
    address: str
    is_approximate: bool
    # "Toaletter", "Inomhus" …
    facts: tuple[str, ...]
    practical: str
    is_cancelled: bool
    is_changed: bool
    # What was changed or why it is cancelled, in the organiser's words; may be nothing.
    change: str
    # Its page at the fair, for everybody; nothing for lunch and own blocks.
    link: str
    # The teacher's own, or nothing.
    note: str
    way: Way | None


@dataclass(frozen=True)
class ShownDay:
    on: date
    # "tisdag 1 juni"
    name: str
    anchor: str
    start_time: str
    start_place: str
    end_time: str
    end_place: str
    stops: tuple[ShownStop, ...]
    way_home: Way | None
    # Of the walk; never with the school's own place.
    map: WalkMap | None


@dataclass(frozen=True)
class ShownInitiative:
    title: str
    language: str
    link: str
    note: str


@dataclass(frozen=True)
class DayPages:
    """A programme as others see it."""

    name: str
    class_label: str
    fair: str
    practical: str
    is_demo: bool
    days: tuple[ShownDay, ...]
    before: tuple[ShownInitiative, ...]
    after: tuple[ShownInitiative, ...]


def day_pages(itinerary: Itinerary, *, with_notes: bool = False) -> DayPages:
    """The programme's days, in five statements. The teacher's notes only when they are asked for."""
    fair = itinerary.fair
    preparations = preparations_of(itinerary)
    before = [each for each in preparations if each.phase == Preparation.Phase.BEFORE]
    after = [each for each in preparations if each.phase == Preparation.Phase.AFTER]
    return DayPages(
        name=itinerary.name,
        class_label=itinerary.school_class.label,
        fair=fair.name,
        practical=fair.practical.strip(),
        is_demo=fair.is_demo,
        days=tuple(_day(day, with_notes) for day in day_plans(itinerary)),
        before=tuple(_initiatives(before, with_notes)),
        after=tuple(_initiatives(after, with_notes)),
    )


def shared_address(token: str) -> str:
    """The whole address of the page behind a share link."""
    return settings.BASE_URL.rstrip("/") + reverse("shared_itinerary", args=[token])


def _day(day: DayPlan, with_notes: bool) -> ShownDay:
    frame = day.day
    return ShownDay(
        on=day.on,
        name=date_format(day.on, "l j F"),
        anchor=f"dag-{day.on:%Y-%m-%d}",
        start_time=clock_text(frame.begins),
        start_place=_place_name(frame.starts_from, day.start.name),
        end_time=clock_text(day.back_at or frame.ends),
        end_place=_place_name(frame.ends_at_place, day.end.name),
        stops=tuple(_stop(planned, with_notes) for planned in day.stops),
        way_home=_way(day.home, clock_text(day.stops[-1].stop.ends_at)) if day.home and day.stops else None,
        map=of_plan(day),
    )


def _place_name(place: str, name: str) -> str:
    """The school is not named: see the top of the module."""
    return _("skolan") if place == ItineraryDay.Place.SCHOOL else name


def _stop(planned: PlannedStop, with_notes: bool) -> ShownStop:
    stop, occasion, session, venue, leg = planned.stop, planned.occasion, planned.session, planned.venue, planned.leg
    is_cancelled = bool(occasion and occasion.is_cancelled)
    is_changed = bool(session and session.state == State.CHANGED and not is_cancelled)
    begins, ends = local(stop.starts_at), local(stop.ends_at)
    told = (session.summary if session else "", occasion.note if occasion else "")
    return ShownStop(
        anchor=f"stopp-{stop.uid}",
        begins=clock_text(begins),
        ends=clock_text(ends),
        begins_at=begins.isoformat(),
        ends_at=ends.isoformat(),
        title=(session.title if session else stop.title)
        or (_("Lunch") if stop.kind == Stop.Kind.LUNCH else _("Eget")),
        is_session=session is not None,
        text=" ".join(part.strip() for part in told if part),
        place=venue.name if venue else "",
        address=venue.address if venue else "",
        is_approximate=bool(venue and venue.position and venue.position_is_approximate),
        facts=_facts(venue) if venue else (),
        practical=venue.practical.strip() if venue else "",
        is_cancelled=is_cancelled,
        is_changed=is_changed,
        change=session.change_note if session and (is_changed or is_cancelled) else "",
        link=session.get_absolute_url() if session else "",
        note=stop.note if with_notes else "",
        way=_way(leg, clock_text(begins - timedelta(minutes=leg.minutes))) if leg else None,
    )


def _way(leg: Leg, leave_at: str) -> Way:
    minutes = _("%(n)d min buss") if leg.means == "bus" else _("%(n)d min promenad")
    text = minutes % {"n": leg.minutes}
    if leg.metres and leg.means == "foot":
        # To fifty metres: nobody has measured it closer.
        text += _(", ungefär %(n)d m") % {"n": max(50, round(leg.metres / 50) * 50)}
    return Way(text, leave_at)


def _facts(venue: Venue) -> tuple[str, ...]:
    told = []
    if venue.is_indoor is not None:
        told.append(_("Inomhus") if venue.is_indoor else _("Utomhus"))
    if venue.has_toilets:
        told.append(_("Toaletter"))
    if venue.has_cloakroom:
        told.append(_("Kapprum"))
    if venue.has_lunch_place:
        told.append(_("Plats att äta matsäck"))
    if venue.has_lift:
        told.append(_("Hiss eller markplan"))
    return tuple(told)


def _initiatives(preparations: Iterable[Preparation], with_notes: bool) -> Iterable[ShownInitiative]:
    for preparation in preparations:
        initiative = preparation.initiative
        yield ShownInitiative(
            title=initiative.title,
            language=initiative.language,
            # Where a city asks for sign-in, a pupil would come to a closed door.
            link="" if settings.REQUIRE_SIGN_IN else initiative.get_absolute_url(),
            note=preparation.note if with_notes else "",
        )
