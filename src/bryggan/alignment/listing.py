"""What a list shows of its hits, in two statements whatever their number: plain values, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bryggan.alignment.index import Point
from bryggan.alignment.models import Alignment
from bryggan.alignment.searching import Served
from bryggan.initiatives.models import Initiative, initiative_address


@dataclass(frozen=True, slots=True)
class Listed:
    """One initiative in a list, the points it serves (those asked about, best first), and why it fits the best."""

    pk: int
    source_id: str
    address: str
    title: str
    summary: str
    status: str | None
    category: str | None
    category_id: int | None
    department: str | None
    is_stopped: bool
    takes_classes: bool
    points: tuple[Point, ...]
    reason: str
    is_confirmed: bool


def listed(ids: Sequence[int], served: Mapping[int, Sequence[Served]]) -> list[Listed]:
    """The initiatives in the order of `ids`; those that went meanwhile are left out."""
    columns = (
        "pk", "remote_id", "slug", "title", "summary", "status__name", "category__name", "category_id",
        "department__name", "is_stopped", "school_offer__takes_classes",
    )  # fmt: skip
    rows = {row[0]: row for row in Initiative.objects.published().filter(pk__in=ids).values_list(*columns)}
    best = {pk: points[0].alignment for pk, points in served.items() if points}
    reasons = dict(Alignment.objects.filter(pk__in=best.values()).values_list("pk", "reason")) if best else {}
    made = []
    for pk in ids:
        if pk not in rows:
            continue
        _, source_id, slug, title, summary, status, category, category_id, department, stopped, takes = rows[pk]
        points = served.get(pk, ())
        made.append(
            Listed(
                pk=pk,
                source_id=source_id,
                address=initiative_address(pk, slug),
                title=title,
                summary=summary,
                status=status,
                category=category,
                category_id=category_id,
                department=department,
                is_stopped=stopped,
                takes_classes=bool(takes) and not stopped,
                points=tuple(point.point for point in points),
                reason=reasons.get(best[pk], "") if pk in best else "",
                is_confirmed=bool(points) and points[0].is_confirmed,
            )
        )
    return made
