"""The queue as its people meet it: letters about offers, and answers to them.

`fair/seating/waiting.py` decides whose turn it is; here the teachers are told, in the same transaction. Invitations
follow in `following.py`, in transactions of their own: the worker holds an occasion's lock here, and whoever
answers an invitation locks that first.
"""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from bryggan.accounts import letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import LetterKind, User
from bryggan.accounts.permissions import may_use_class
from bryggan.fair.models import Booking, SeatOffer, WaitingEntry
from bryggan.fair.seating import waiting
from bryggan.invitations import following, programme_stops
from bryggan.invitations.telling import people_text, time_text

Reason = WaitingEntry.Reason


def give_out_due() -> int:
    """Offer seats that have come free, take back what nobody answered, and tell. A worker's chore."""
    return len(waiting.give_out(tell=TELL)) + following.follow_seats()


def accept_offer(offer: SeatOffer, *, by: User) -> Booking:
    """Take the offered seats. Said again, the same booking.

    Raises NotAllowed, and OfferIsGone when the time has run out and somebody else has been offered them.
    """
    if not may_use_class(by, offer.entry.school_class):
        raise NotAllowed
    with transaction.atomic():
        booking = waiting.accept(offer=offer, by=by)
        programme_stops.put_in(booking, by=by)
    following.follow_seats(school_class=booking.school_class_id)
    return booking


def decline_offer(offer: SeatOffer, *, by: User) -> SeatOffer:
    """Let the next in the queue have them. Raises NotAllowed, and AlreadyHasSeats when they were taken."""
    if not may_use_class(by, offer.entry.school_class):
        raise NotAllowed
    offer = waiting.decline(offer=offer, by=by)
    following.follow_seats(school_class=offer.entry.school_class_id)
    return offer


def leave_queue(entry: WaitingEntry, *, by: User) -> WaitingEntry:
    """Take the class out of a queue. Raises NotAllowed, and AlreadyHasSeats when it has said yes to seats."""
    if not may_use_class(by, entry.school_class):
        raise NotAllowed
    entry = waiting.leave(entry=entry, by=by)
    following.follow_seats(school_class=entry.school_class_id)
    return entry


def _offered(offer: SeatOffer) -> None:
    _tell(
        offer.entry,
        _("Plats till er: %(title)s"),
        [
            _("Det finns plats för er. Svara senast %(time)s, annars går platserna vidare till nästa klass.")
            % {"time": time_text(offer.expires_at)}
        ],
        cause=f"seat offer {offer.pk}",
        address=reverse("seat_offer", args=[offer.pk]),
        button=_("Svara på erbjudandet"),
    )


def _ran_out(offer: SeatOffer) -> None:
    _tell(
        offer.entry,
        _("Tiden gick ut: %(title)s"),
        [_("Ni svarade inte i tid, så platserna gick vidare. Vill ni fortfarande komma kan ni ställa er i kön igen.")],
        cause=f"seat offer ran out {offer.pk}",
    )


def _passed(entry: WaitingEntry) -> None:
    if entry.reason == Reason.TOO_LARGE:
        subject = _("Ni är för många: %(title)s")
        told = _(
            "Tillfället har fått färre platser och rymmer inte så många som ni är. Andra i kön behöver inte vänta på "
            "er. Ändra hur många ni är om ni kan komma färre. Ni står kvar i kön."
        )
    else:
        subject = _("En mindre grupp fick plats: %(title)s")
        told = _(
            "Det är nära bokningens slut, och platserna som blev lediga räckte inte till er. "
            "Då går de till den första grupp som får plats. Ni står kvar i kön."
        )
    _tell(entry, subject, [told], cause=f"passed {entry.pk} {entry.reason}")


def _closed(entry: WaitingEntry) -> None:
    told = [_("Det blev ingen plats den här gången.")]
    if entry.reason:
        told.append(str(entry.get_reason_display()))
    _tell(entry, _("Kön är stängd: %(title)s"), told, cause=f"queue closed {entry.pk}")


TELL = waiting.Tell(offered=_offered, ran_out=_ran_out, passed=_passed, closed=_closed)


def _tell(
    entry: WaitingEntry,
    subject: str,
    paragraphs: list[str],
    *,
    cause: str,
    address: str = "",
    button: str = "",
) -> None:
    session = entry.occasion.session
    letter = Letter(
        subject=subject % {"title": session.title},
        paragraphs=paragraphs,
        facts=[
            (_("Klass"), entry.school_class.label),
            (_("Ni är"), people_text(entry.pupils, entry.adults)),
            (_("Tid"), time_text(entry.starts_at, entry.ends_at)),
        ],
        address=address or reverse("my_visits"),
        button=button or _("Se era besök"),
    )
    letters.tell(entry.school_class.teachers.all(), letter, kind=LetterKind.SEATS, cause=cause)
