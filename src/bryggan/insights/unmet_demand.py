"""What people look for and do not get: searches without hits, content that nothing serves, queues."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum

from bryggan.accounts.school_days import HalfYear
from bryggan.alignment.models import UnmetSearch
from bryggan.fair.models import WaitingEntry

MOST = 15


@dataclass(frozen=True)
class UnmetDemand:
    """Searches with how often; queues as session, groups and people that still wait."""

    searches: tuple[tuple[str, int], ...]
    queues: tuple[tuple[str, int, int], ...]


def unmet_demand(term: HalfYear) -> UnmetDemand:
    """Two statements."""
    asked = UnmetSearch.objects.filter(on__range=(term.first_on, term.last_on)).exclude(text="")
    searches = asked.values_list("text").annotate(n=Sum("count")).order_by("-n", "text")[:MOST]
    waiting = WaitingEntry.objects.filter(state=WaitingEntry.State.WAITING)
    queues = waiting.values_list("occasion__session__title").annotate(n=Count("pk"), people=Sum("seats"))
    return UnmetDemand(tuple(searches), tuple(queues.order_by("-n")[:MOST]))
