"""Under which initiative and department a session is counted in the statistics that outlive it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bryggan.accounts import facts
from bryggan.accounts.facts import Happened
from bryggan.accounts.models import Department, SchoolClass
from bryggan.fair.models import Booking, Session, Stop


def counted_under(sessions: Iterable[int]) -> dict[int, tuple[int | None, str]]:
    """(number of its first initiative, slug of its department) for each session, by number. Two statements."""
    sessions = set(sessions)
    departments = dict(
        Department.objects.filter(fair_sessions__in=sessions).values_list("fair_sessions__pk", "slug").order_by()
    )
    initiatives: dict[int, int] = {}
    ties = Session.initiatives.through.objects.filter(session__in=sessions)
    for session, initiative in ties.order_by("-initiative_id").values_list("session_id", "initiative_id"):
        initiatives[session] = initiative
    return {pk: (initiatives.get(pk), departments.get(pk, "")) for pk in sessions}


def count_booking(booking: Booking) -> None:
    """Write that a class has booked. Once per booking, and not when it moves to another time."""
    session = booking.occasion.session_id
    initiative, department = counted_under([session])[session]
    facts.count(
        "booking",
        school_class=booking.school_class,
        initiative=initiative,
        department=department,
        # People and not seats: where whole groups are counted, a seat is a class.
        amount=booking.pupils + booking.adults,
    )


def count_stops(school_class: SchoolClass, stops: Sequence[Stop]) -> None:
    """Write that a class has put these sessions in its programme."""
    sessions = [stop.occasion.session_id for stop in stops if stop.occasion]
    if not sessions:
        return
    under = counted_under(sessions)
    facts.count_all("programme stop", [Happened(school_class, *under[session]) for session in sessions])
