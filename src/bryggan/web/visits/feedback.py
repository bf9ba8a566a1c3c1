"""The answer to the one question after a visit: the same for a class and for its host."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from bryggan.fair.models import Booking
from bryggan.invitations import visits
from bryggan.web.accounts.guards import person
from bryggan.web.visits.forms import FeedbackForm


def take_feedback(request: HttpRequest, booking: Booking, form: FeedbackForm, *, is_from_host: bool) -> None:
    """Write down what a valid form says, and leave a message about it or about why it could not be."""
    try:
        visits.give_feedback(booking, is_from_host=is_from_host, by=person(request), **form.cleaned_data)
        messages.success(request, _("Tack för svaret."))
    except visits.NotYet:
        messages.error(request, _("Besöket har inte varit än."))
    except visits.NotAVisit:
        messages.error(request, _("Det blev inget besök, så det finns inget att svara på."))
