"""The month in figures, mailed to editors: what happened, in sums, and where to look."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bryggan.accounts import letters
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import Fact, LetterKind, User
from bryggan.insights.measures import MEASURES


@transaction.atomic
def send_monthly() -> int:
    """Write the report of last month to every editor, once. A worker's chore; returns how many it was written to."""
    today = timezone.localdate()
    last = today.replace(day=1) - timedelta(days=1)
    month = last.replace(day=1)
    if not Fact.objects.filter(month=month).exists():
        return 0
    editors = list(User.objects.filter(is_editor=True, is_active=True))
    return letters.tell(editors, report(month), kind=LetterKind.REPORT, cause=f"report {month:%Y-%m}")


def report(month: date) -> Letter:
    """The month's sums, each measure once. One statement."""
    rows = Fact.objects.filter(month=month).values_list("measure").annotate(n=Sum("count"), a=Sum("amount"))
    sums = {name: (count, amount) for name, count, amount in rows.order_by()}
    facts = []
    for measure in MEASURES:
        each = [sums.get(name, (0, 0)) for name in measure.facts]
        facts.append((str(measure.name), str(sum(one[0] if measure.adds == "count" else one[1] for one in each))))
    name = date_format(month, "F Y")
    return Letter(
        subject=_("Bryggan i %(month)s") % {"month": name},
        paragraphs=[
            _("Så här mycket hände under %(month)s. Sidan Insikter har mer, och säger hur vi räknar.")
            % {"month": name}
        ],
        facts=facts,
        address=reverse("insights"),
        button=_("Se insikter"),
    )
