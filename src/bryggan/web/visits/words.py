"""Why something a class asked for was not done, in words for its teacher; and seats as they are told."""

from __future__ import annotations

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.fair.models import Occasion, Session
from bryggan.fair.programmes.programme_seats import reason_of_refusal
from bryggan.fair.seating import seats
from bryggan.fair.seating.capacity import SeatsLeft
from bryggan.fair.seating.waiting import NotInQueue, OfferIsGone
from bryggan.invitations.answering import CannotAnswer


def refusal_text(refused: seats.SeatsRefused) -> str:
    """Why seats were not taken, changed or given back."""
    if isinstance(refused, OfferIsGone):
        return _("Erbjudandet gäller inte längre: platserna har gått vidare till en annan klass.")
    if isinstance(refused, seats.AlreadyHasSeats):
        return _("Ni har redan platser den tiden.")
    if isinstance(refused, NotInQueue):
        return _("Ni har ett erbjudande om platser. Svara på det först.")
    if isinstance(refused, seats.HasBegun):
        return _("Det har redan börjat.")
    return str(reason_of_refusal(refused))


def cannot_text(refused: CannotAnswer) -> str:
    """Why an answer was not taken."""
    return {
        CannotAnswer.TOO_LATE: _("Tiden för att svara har gått ut."),
        CannotAnswer.CANCELLED: _("Inbjudan är inställd."),
        CannotAnswer.NO_TIME_CHOSEN: _("Välj minst en tid."),
        CannotAnswer.OTHER_TIME: _("En av tiderna går inte längre att välja. Titta på tiderna igen."),
        CannotAnswer.HAS_BEGUN: _("Besöket har redan börjat. Skriv till värden om något har hänt."),
        CannotAnswer.PUT_AWAY: _("Klassen är undanlagd."),
    }[refused.why]


def short_time_text(occasion: Occasion) -> str:
    """`tis 1 jun 10.00–11.00`: a choice among several, on a phone."""
    begins, ends = timezone.localtime(occasion.starts_at), timezone.localtime(occasion.ends_at)
    return f"{date_format(begins, 'D j M')} {begins:%H.%M}–{ends:%H.%M}".lower()


def seats_text(occasion: Occasion, left: SeatsLeft) -> str:
    """`12 platser kvar`, for classes that are invited; nothing where there is no limit."""
    free = left.free_for_invited
    if free is None:
        return ""
    if left.waiting:
        return ngettext("%(n)d klass i kö", "%(n)d klasser i kö", left.waiting) % {"n": left.waiting}
    if not free:
        return _("fullt, ni kan ställa er i kö")
    if occasion.session.unit == Session.Unit.GROUPS:
        return ngettext("plats för %(n)d klass", "plats för %(n)d klasser", free) % {"n": free}
    return ngettext("%(n)d plats kvar", "%(n)d platser kvar", free) % {"n": free}
