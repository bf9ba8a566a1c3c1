"""The queue as its people meet it: letters about offers, and answers to them.

`fair/waiting.py` decides whose turn it is; here the teachers are told, in the same transaction.
"""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts import letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import LetterKind, User
from bryggan.accounts.permissions import may_use_class
from bryggan.fair import waiting
from bryggan.fair.models import Booking, SeatOffer, WaitingEntry
from bryggan.invitations.models import Invitation
from bryggan.invitations.telling import people_text, time_text


def give_out_due() -> int:
    """Offer seats that have come free, take back what nobody answered, and tell. A worker's chore."""
    return len(waiting.give_out(tell=TELL))


@transaction.atomic
def accept_offer(offer: SeatOffer, *, by: User) -> Booking:
    """Take the offered seats. Raises NotAllowed, and OfferIsGone when somebody else has been offered them."""
    if not may_use_class(by, offer.entry.school_class):
        raise NotAllowed
    booking = waiting.accept(offer=offer, by=by)
    mine = Invitation.objects.filter(
        school_class=booking.school_class_id, round__occasions=booking.occasion_id, state=Invitation.State.QUEUED
    )
    for invitation in mine.select_for_update(of=("self",)):
        invitation.state, invitation.booking = Invitation.State.ACCEPTED, booking
        invitation.save(update_fields=["state", "booking"])
        break
    return booking


@transaction.atomic
def decline_offer(offer: SeatOffer, *, by: User) -> SeatOffer:
    """Let the next in the queue have them. Raises NotAllowed, and AlreadyHasSeats when they were taken."""
    if not may_use_class(by, offer.entry.school_class):
        raise NotAllowed
    offer = waiting.decline(offer=offer, by=by)
    _no_seat(offer.entry)
    return offer


def _offered(offer: SeatOffer) -> None:
    entry = offer.entry
    _tell(
        entry,
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
    _no_seat(offer.entry)
    _tell(
        offer.entry,
        _("Tiden gick ut: %(title)s"),
        [_("Ni svarade inte i tid, så platserna gick vidare. Vill ni fortfarande komma kan ni ställa er i kön igen.")],
        cause=f"seat offer ran out {offer.pk}",
    )


def _passed(entry: WaitingEntry) -> None:
    _tell(
        entry,
        _("En mindre grupp fick plats: %(title)s"),
        [
            _(
                "Det är nära bokningens slut, och platserna som blev lediga räckte inte till er. "
                "Då går de till den första grupp som får plats. Ni står kvar i kön."
            )
        ],
        cause=f"passed {entry.pk}",
    )


def _closed(entry: WaitingEntry) -> None:
    _no_seat(entry)
    _tell(
        entry,
        _("Kön är stängd: %(title)s"),
        [_("Det blev ingen plats den här gången: %(why)s.") % {"why": entry.get_reason_display().lower()}]
        if entry.reason
        else [_("Det blev ingen plats den här gången.")],
        cause=f"queue closed {entry.pk}",
    )


TELL = waiting.Tell(offered=_offered, ran_out=_ran_out, passed=_passed, closed=_closed)


def _no_seat(entry: WaitingEntry) -> None:
    mine = Invitation.objects.filter(
        school_class=entry.school_class_id, round__occasions=entry.occasion_id, state=Invitation.State.QUEUED
    )
    mine.update(state=Invitation.State.NO_SEAT)


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
    stay = (entry.starts_at, entry.ends_at) if entry.starts_at > timezone.now() else (entry.starts_at, None)
    letter = Letter(
        subject=subject % {"title": session.title},
        paragraphs=paragraphs,
        facts=[
            (_("Klass"), entry.school_class.label),
            (_("Ni är"), people_text(entry.pupils, entry.adults)),
            (_("Tid"), time_text(*stay)),
        ],
        address=address or reverse("my_visits"),
        button=button or _("Se era besök"),
    )
    letters.tell(entry.school_class.teachers.all(), letter, kind=LetterKind.SEATS, cause=cause)
