"""The month in figures, mailed once a month to editors, and to everybody else who has asked for it.

Editors get the month's own sums. Others get what the page shows to everybody, of the term so far: sums of a month
would give hidden ones away, set beside those of the term.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bryggan.accounts import letters
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import Fact, LetterKind, LetterPreference, User
from bryggan.accounts.school_days import half_year_of
from bryggan.insights.figures import totals
from bryggan.insights.measures import MEASURES
from bryggan.insights.shown import shown_totals


@transaction.atomic
def send_monthly() -> int:
    """Write the report of last month to everybody who gets it, once. A worker's chore; returns how many that was."""
    month = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
    if not Fact.objects.filter(month=month).exists():
        return 0
    asked = LetterPreference.objects.filter(kind=LetterKind.REPORT).exclude(pace=LetterPreference.Pace.NEVER)
    readers = User.objects.filter(Q(is_editor=True) | Q(pk__in=asked.values("user")), is_active=True)
    whole, shown = report(month), public_report(month)
    told = [(one, whole if one.is_editor else shown) for one in readers.order_by("pk")]
    return letters.tell_each(told, kind=LetterKind.REPORT, cause=f"report {month:%Y-%m}")


def report(month: date) -> Letter:
    """The month's sums, each measure once. One statement."""
    rows = Fact.objects.filter(month=month).values_list("measure").annotate(n=Sum("count"), a=Sum("amount"))
    sums = {name: (count, amount) for name, count, amount in rows.order_by()}
    facts = []
    for measure in MEASURES:
        each = [sums.get(name, (0, 0)) for name in measure.facts]
        facts.append((str(measure.name), str(sum(one[0] if measure.adds == "count" else one[1] for one in each))))
    told = _("Så här mycket hände under %(month)s. Sidan Insikter har mer, och säger hur vi räknar.")
    return _letter(month, told, facts)


def public_report(month: date) -> Letter:
    """The sums of the month's term so far, as everybody sees them. One statement."""
    term = half_year_of(month)
    sums = shown_totals(totals([term]))
    facts = [
        (str(one.name), _("för litet för att visas") if (count := sums[one.key][term]) is None else str(count))
        for one in MEASURES
    ]
    told = _(
        "%(month)s är slut. Så här mycket har hänt hittills den här terminen. Sidan Insikter säger hur vi räknar."
    )
    return _letter(month, told, facts)


def _letter(month: date, told: str, facts: list[tuple[str, str]]) -> Letter:
    name = date_format(month, "F Y")
    text = told % {"month": name}
    return Letter(
        subject=_("Bryggan i %(month)s") % {"month": name},
        paragraphs=[text[:1].upper() + text[1:]],
        facts=facts,
        address=reverse("insights"),
        button=_("Se insikter"),
    )
