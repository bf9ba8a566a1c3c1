"""Questions about the curriculum that more than one room asks."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from bryggan.curriculum.models import Block, Orientation, Programme, ProgrammeSubject


@dataclass(frozen=True)
class ProgrammeSubjectCodes:
    """The subjects that a class of a programme reads, by code: what is its own, and what every programme has."""

    own: frozenset[str]
    foundation: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.own | self.foundation


def programme_subject_codes(
    programme: Programme, orientation: Orientation | str | None = None
) -> ProgrammeSubjectCodes:
    """What a class of `programme` reads, in one statement.

    Own subjects are the programme-specific ones and those of `orientation` (a row or a code); without one,
    those of every orientation that has not ended, since the class may read any of them. A subject that is
    both stands among the foundation ones too. Specialisation is left out: it only may be offered. Codes of
    choice slots such as MOSP are among the answers and have no subject.
    """
    rows = ProgrammeSubject.objects.filter(programme=programme).exclude(block=Block.SPECIALISATION)
    if orientation is None:
        rows = rows.filter(Q(orientation__isnull=True) | Q(orientation__ended_at__isnull=True))
    else:
        code = orientation if isinstance(orientation, str) else orientation.code
        rows = rows.filter(Q(orientation__isnull=True) | Q(orientation__code=code))
    own: set[str] = set()
    foundation: set[str] = set()
    for block, code in rows.order_by().values_list("block", "subject_code"):
        (foundation if block == Block.FOUNDATION else own).add(code)
    return ProgrammeSubjectCodes(own=frozenset(own), foundation=frozenset(foundation))


def span_overlaps(first_year: int, last_year: int, *, prefix: str = "") -> Q:
    """Rows of central content whose years share at least one with `first_year`–`last_year`, both included.

    `prefix` is the path to the point from other rows, such as `"core_content__"`. Points without years,
    those of preschool and upper secondary school, never overlap.
    """
    return Q(**{f"{prefix}first_year__lte": last_year, f"{prefix}last_year__gte": first_year})
