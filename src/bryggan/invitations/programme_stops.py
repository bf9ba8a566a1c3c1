"""An accepted visit at the fair, as a stop in the class's programme.

It goes into the programme that has that day, the one changed last when there are several, else into a new one. What
else is planned stays: when something clashes the programme shows it, as with anything that was booked before. A stop
that an invitation put there goes when the visit is cancelled; one that a teacher had put there herself stays.
"""

from __future__ import annotations

from django.db.models import QuerySet

from bryggan.accounts.models import SchoolClass, User
from bryggan.accounts.permissions import may_use_class
from bryggan.fair.local_times import local
from bryggan.fair.models import Booking, Fair, Itinerary, ItineraryDay, Stop
from bryggan.fair.programmes.changing import CannotBe, changing
from bryggan.fair.programmes.frames import Frame, usual_frame
from bryggan.fair.programmes.itineraries import make_itinerary
from bryggan.fair.programmes.trying import save_stops
from bryggan.fair.programmes.trying import take_out as take_out_stops

# A code of `fair/programmes/reasons.py`.
INVITED = "invited"


def put_in(booking: Booking, *, by: User | None) -> Stop | None:
    """The stop of the booking in a programme of the class; None outside a fair, or when nobody may change one.

    Call with the occasion locked. Once more, the stop that is there.
    """
    occasion, school_class = booking.occasion, booking.school_class
    fair = occasion.session.fair
    teacher = _teacher(school_class, by)
    if fair is None or teacher is None or school_class.archived_at is not None:
        return None
    there = _stops(booking).first()
    if there is not None:
        return there
    frame = usual_frame(school_class, local(booking.starts_at).date())
    try:
        itinerary = _programme(fair, school_class, frame, teacher)
    except CannotBe:
        # A time outside the fair's own days: the visit stands, and has no programme to be in.
        return None
    with changing(itinerary, by=teacher, occasions=[occasion.pk]) as change:
        row = change.itinerary
        there = row.stops.kept().filter(occasion=occasion).first()
        if there is not None:
            return there
        ItineraryDay.objects.get_or_create(itinerary=row, on=frame.on, defaults=frame.columns())
        stop = Stop(
            itinerary=row,
            kind=Stop.Kind.SESSION,
            occasion=occasion,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            wish=Stop.Wish.MUST,
            reason=INVITED,
        )
        saved = save_stops(row, [stop])[0]
        change.done("added", occasion.session.title)
        return saved


def take_out(booking: Booking, *, by: User) -> None:
    """Take out the stop that `put_in` made. Call after the seats are given back. Once more, nothing."""
    teacher = _teacher(booking.school_class, by)
    if teacher is None or booking.school_class.archived_at is not None:
        return
    for stop in _stops(booking).filter(reason=INVITED):
        with changing(stop.itinerary, by=teacher) as change:
            row = change.itinerary.stops.kept().filter(pk=stop.pk).first()
            if row is not None:
                take_out_stops([row])
                change.done("removed", booking.occasion.session.title)


def _programme(fair: Fair, school_class: SchoolClass, frame: Frame, teacher: User) -> Itinerary:
    own = Itinerary.objects.kept().filter(fair=fair, school_class=school_class, days__on=frame.on)
    found = own.order_by("-changed_at", "-pk").first()
    return found or make_itinerary(school_class, fair, frames=[frame], stops=[], by=teacher).itinerary


def _stops(booking: Booking) -> QuerySet[Stop]:
    kept = Stop.objects.kept().filter(
        occasion=booking.occasion_id,
        itinerary__school_class=booking.school_class_id,
        itinerary__archived_at__isnull=True,
    )
    return kept.select_related("itinerary").order_by("pk")


def _teacher(school_class: SchoolClass, by: User | None) -> User | None:
    """Who the programme's history says did it: whoever answered, else one of the class's teachers."""
    if isinstance(by, User) and may_use_class(by, school_class):
        return by
    return school_class.teachers.filter(is_active=True, is_teacher=True).order_by("pk").first()
