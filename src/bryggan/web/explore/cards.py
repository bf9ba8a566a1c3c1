"""What a hit shows on a page: the listed values, a picture or a pattern, and the point in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bryggan.alignment import snippets
from bryggan.alignment.index import Point
from bryggan.alignment.listing import Listed, listed
from bryggan.alignment.searching import Served
from bryggan.initiatives.models import PictureFile

PATTERNS = 6


@dataclass(frozen=True, slots=True)
class Card:
    """One initiative in a list. `point` is the point it serves best, where it stands in `where` ("åk 7–9")."""

    row: Listed
    point: Point | None
    where: str
    picture: PictureFile | None
    pattern: int
    # The summary in pieces, and whether each is a word that was searched for.
    summary: Sequence[tuple[str, bool]]


def cards(ids: Sequence[int], served: Mapping[int, Sequence[Served]], asked_words: Sequence[str] = ()) -> list[Card]:
    """Cards in the order of `ids`, in three statements whatever their number. Ids that are gone are left out."""
    rows = listed(ids, served)
    pictures: dict[int, PictureFile] = {}
    files = PictureFile.objects.filter(picture__initiative__in=ids, picture__position=0).select_related("picture")
    for file in files.defer("content").order_by("-width"):
        pictures[file.picture.initiative_id] = file
    return [
        Card(
            row=row,
            point=row.points[0] if row.points else None,
            where=years_label(row.points[0].cell.years) if row.points else "",
            picture=pictures.get(row.pk),
            pattern=pattern_of(row.category_id),
            summary=snippets.mark(row.summary, asked_words) if asked_words else [(row.summary, False)],
        )
        for row in rows
    ]


def pattern_of(category_id: int | None) -> int:
    """The drawn pattern, 1 to PATTERNS, that stands where there is no picture: the same for a whole category."""
    return (category_id or 0) % PATTERNS + 1


def years_label(years: str | None) -> str:
    """`"7-9"` → "åk 7–9"."""
    return _("åk %(years)s") % {"years": years.replace("-", "–")} if years else ""
