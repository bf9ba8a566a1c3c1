"""What a hit shows, fetched for a whole page of hits in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bryggan.alignment.models import Alignment, best_first
from bryggan.initiatives.models import Initiative, PictureFile

PATTERNS = 6


@dataclass(frozen=True)
class Card:
    """One initiative in a list: itself, why it fits, and its picture or pattern."""

    initiative: Initiative
    takes_classes: bool
    # The point it serves best of those asked about, or of all.
    point: Alignment | None
    more_points: int
    picture: PictureFile | None
    pattern: int


def cards(ids: Sequence[int], asked_points: Mapping[int, Collection[str]], *, with_points: bool) -> list[Card]:
    """Cards in the order of `ids`, in three statements whatever their number. Ids that are gone are left out."""
    initiatives = (
        Initiative.objects.filter(pk__in=ids)
        .select_related("status", "category", "department", "school_offer")
        .defer("raw", "what_html", "why_html", "how_html", "lessons_html", "other_html", "funds", "impact_goals")
        .in_bulk()
    )
    best: dict[int, list[Alignment]] = {}
    if with_points:
        shown = Alignment.objects.counting().filter(initiative__in=ids, core_content__ended_at=None)
        for alignment in shown.select_related("core_content", "core_content__subject").order_by("-score", "pk"):
            wanted = asked_points.get(alignment.initiative_id)
            if not wanted or alignment.core_content.key in wanted:
                best.setdefault(alignment.initiative_id, []).append(alignment)
    pictures: dict[int, PictureFile] = {}
    files = PictureFile.objects.filter(picture__initiative__in=ids, picture__position=0).select_related("picture")
    for file in files.defer("content").order_by("-width"):
        pictures[file.picture.initiative_id] = file
    made = []
    for pk in ids:
        if pk not in initiatives:
            continue
        initiative = initiatives[pk]
        points = best_first(best.get(pk, []))
        made.append(
            Card(
                initiative=initiative,
                takes_classes=initiative.takes_classes_now,
                point=points[0] if points else None,
                more_points=max(0, len(points) - 1),
                picture=pictures.get(pk),
                pattern=pattern_of(initiative),
            )
        )
    return made


def pattern_of(initiative: Initiative) -> int:
    """The drawn pattern, 1 to PATTERNS, that stands where there is no picture: the same for a whole category."""
    return (initiative.category_id or 0) % PATTERNS + 1


def years_label(years: str | None) -> str:
    """`"7-9"` → "åk 7–9"."""
    return _("åk %(years)s") % {"years": years.replace("-", "–")} if years else ""
