"""How much of the curriculum the city's initiatives serve, and which points no initiative serves.

A point is served when a published initiative has a confirmed link or a strong suggestion for it: what filters
use, so it is asked of the index that answers them. A fixed number of statements, whatever there is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bryggan.alignment import index as indexes
from bryggan.alignment.models import Alignment
from bryggan.curriculum.models import CoreContent, Curriculum, SchoolForm
from bryggan.initiatives.models import Initiative

# Upper-secondary school has two curricula at a time: covered is the one that stays.
CURRICULA = (Curriculum.LPFO18, Curriculum.LGR22, Curriculum.GY25)

# A subject's code, and years where it has any.
Place = tuple[str, tuple[int, int] | None]


@dataclass(frozen=True)
class Row:
    """A subject, or a goal area, in certain years; years are None outside compulsory school."""

    subject: str
    name: str
    years: tuple[int, int] | None
    points: int
    # Of the points: with a confirmed link or a strong suggestion; of these: with a confirmed link.
    served: int
    confirmed: int

    @property
    def unserved(self) -> int:
        return self.points - self.served

    @property
    def percent(self) -> int:
        """Served of a hundred, rounded down: a hundred is all of them."""
        return 100 * self.served // self.points if self.points else 0


@dataclass(frozen=True)
class Coverage:
    """Rows by name and years, and the first of the points that nothing serves: in all rows, or in `listed_row`."""

    rows: list[Row]
    unserved: list[CoreContent]
    listed_row: Row | None = None

    @property
    def total(self) -> Row:
        """All rows as one, without name."""
        return Row("", "", None, *(sum(getattr(row, name) for row in self.rows) for name in _NUMBERS))

    @property
    def weakest(self) -> list[Row]:
        """At most three rows with points that nothing serves, the least served first."""
        lacking = [row for row in self.rows if row.unserved]
        return sorted(lacking, key=lambda row: (row.served / row.points, -row.points))[:3]


_NUMBERS = ("points", "served", "confirmed")


def coverage(
    school_form: SchoolForm,
    *,
    subjects: Collection[str] | None = None,
    list_only: Place | None = None,
    most_listed: int = 50,
) -> Coverage:
    """Coverage of a school form, or of those of its subjects whose codes are named.

    The points listed are those of the row that `list_only` names, a subject and years where it has any; of all rows
    when it names none.
    """
    with indexes.current() as index:
        served = {key for key, hits in index.by_point.items() if hits}
    confirmed = set(
        Alignment.objects.filter(
            state=Alignment.State.CONFIRMED,
            initiative__in=Initiative.objects.published(),
            core_content__subject__school_form=school_form,
        ).values_list("core_content__key", flat=True)
    )
    found = CoreContent.objects.current().filter(
        subject__school_form=school_form, subject__curriculum__in=CURRICULA, subject__ended_at=None
    )
    if subjects is not None:
        found = found.filter(subject__code__in=subjects)
    counts: dict[Place, tuple[str, list[int]]] = {}
    unserved: dict[str, Place] = {}
    order = ("subject__name", "subject__code", "first_year", "last_year", "position", "pk")
    columns = ("key", "subject__name", "subject__code", "first_year", "last_year")
    for key, name, code, first, last in found.order_by(*order).values_list(*columns):
        years = (first, last) if first and last else None
        _name, count = counts.setdefault((code, years), (name, [0, 0, 0]))
        count[0] += 1
        if key in served:
            count[1] += 1
            count[2] += key in confirmed
        else:
            unserved[key] = (code, years)
    rows = [Row(code, name, years, *count) for (code, years), (name, count) in counts.items()]
    listed_row = next((row for row in rows if (row.subject, row.years) == list_only), None)
    wanted = [key for key, place in unserved.items() if listed_row is None or place == list_only]
    listed = (
        CoreContent.objects.filter(key__in=wanted[:most_listed]).select_related("subject", "course").order_by(*order)
    )
    return Coverage(rows, list(listed), listed_row)
