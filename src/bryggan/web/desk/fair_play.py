"""Whether invitations reach many, for editors."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bryggan.curriculum.validity import academic_year_of
from bryggan.invitations.audience import term_of
from bryggan.invitations.fairness import fair_play as figures
from bryggan.invitations.permissions import may_decide_companies
from bryggan.web.desk.common import scope_of
from bryggan.web.editing.views import permitted

YEARS_BACK = 3


@require_safe
@permitted(may_decide_companies)
def fair_play(request: HttpRequest) -> HttpResponse:
    """Schools and teachers invited, first-timers, and who has the seats, for a term or a school year."""
    scope = scope_of(request)
    periods = _periods(timezone.localdate())
    chosen = request.GET.get("period", "")
    key, label, first_on, last_on = next((one for one in periods if one[0] == chosen), periods[0])
    found = figures(first_on, last_on, host=scope.hosts[0] if scope.hosts else None)
    context = {
        "scope": scope,
        "periods": periods,
        "period": key,
        "label": label,
        "found": found,
        "tables": [
            (_("Områden"), found.areas),
            (_("Huvudmän"), found.organizers),
            (_("Skolformer"), found.school_forms),
        ],
    }
    return render(request, "desk/fair_play.html", context)


def _periods(today: date) -> list[tuple[str, str, date, date]]:
    """This term, then school years, newest first."""
    first_on, last_on = term_of(today)
    name = _("Den här terminen")
    periods = [("termin", name, first_on, last_on)]
    for start in range(academic_year_of(today), academic_year_of(today) - YEARS_BACK, -1):
        label = _("Läsåret %(first)d/%(last)s") % {"first": start, "last": f"{(start + 1) % 100:02}"}
        periods.append((f"{start}", label, date(start, 8, 1), date(start + 1, 7, 31)))
    return periods
