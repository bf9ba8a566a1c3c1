"""The fair: what is given where and when, who has seats, and each class's own programme.

A session is given at one or more occasions. An occasion of fixed time is one performance; one of open hours is
a stretch of time within which a class comes when it likes and stays some minutes. Times are stored in UTC and
mean Europe/Stockholm; every stretch of time is half-open: what ends at 10.00 does not meet what begins then.
"""

from bryggan.fair.models.programmes import (
    Itinerary,
    ItineraryChange,
    ItineraryDay,
    ItineraryQuerySet,
    Preparation,
    ShareLink,
    Stop,
    StopQuerySet,
)
from bryggan.fair.models.seating import Booking, BookingQuerySet, SeatOffer, WaitingEntry
from bryggan.fair.models.supply import (
    OFFERED,
    Area,
    Fair,
    FairMessage,
    FairQuerySet,
    Occasion,
    OccasionQuerySet,
    OpeningHours,
    Session,
    SessionQuerySet,
    State,
    Venue,
    Walk,
)

__all__ = [
    "OFFERED",
    "Area",
    "Booking",
    "BookingQuerySet",
    "Fair",
    "FairMessage",
    "FairQuerySet",
    "Itinerary",
    "ItineraryChange",
    "ItineraryDay",
    "ItineraryQuerySet",
    "Occasion",
    "OccasionQuerySet",
    "OpeningHours",
    "Preparation",
    "SeatOffer",
    "Session",
    "SessionQuerySet",
    "ShareLink",
    "State",
    "Stop",
    "StopQuerySet",
    "Venue",
    "WaitingEntry",
    "Walk",
]
