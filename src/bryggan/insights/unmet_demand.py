"""What people look for and do not get: searches without hits, queues; and how much of the curriculum is served."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Sum

from bryggan.accounts.school_days import HalfYear
from bryggan.alignment import index as indexes
from bryggan.alignment.coverage import CURRICULA
from bryggan.alignment.models import UnmetSearch
from bryggan.curriculum.models import CoreContent, SchoolForm
from bryggan.fair.models import WaitingEntry

MOST = 15


@dataclass(frozen=True)
class UnmetDemand:
    """Searches with how often; queues as session, groups and seats that still wait."""

    searches: tuple[tuple[str, int], ...]
    queues: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Served:
    """How many points of central content a school form has, and for how many of them there is an initiative."""

    school_form: SchoolForm
    points: int
    served: int

    @property
    def percent(self) -> int:
        """Rounded down: a hundred is all of them."""
        return 100 * self.served // self.points if self.points else 0


def unmet_demand(term: HalfYear) -> UnmetDemand:
    """Two statements."""
    asked = UnmetSearch.objects.filter(on__range=(term.first_on, term.last_on)).exclude(text="")
    searches = asked.values_list("text").annotate(n=Sum("count")).order_by("-n", "text")[:MOST]
    waiting = WaitingEntry.objects.filter(state=WaitingEntry.State.WAITING)
    queues = waiting.values_list("occasion__session__title").annotate(n=Count("pk"), people=Sum("seats"))
    return UnmetDemand(tuple(searches), tuple(queues.order_by("-n", "occasion__session__title")[:MOST]))


def served_by_form() -> list[Served]:
    """School forms whose curriculum has been read in. Kept with the index: asked again, one statement."""
    with indexes.current() as index:
        return index.remember("served by form", lambda: _served({key for key, hits in index.by_point.items() if hits}))


def _served(keys: set[str]) -> list[Served]:
    points: Counter[str] = Counter()
    served: Counter[str] = Counter()
    found = CoreContent.objects.current().filter(subject__curriculum__in=CURRICULA, subject__ended_at=None)
    for key, form in found.order_by().values_list("key", "subject__school_form"):
        points[form] += 1
        served[form] += key in keys
    return [Served(form, points[form], served[form]) for form in SchoolForm if points[form]]
