"""What was read about the curriculum, before it is rows: plain values, whichever source they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b

from bryggan.curriculum.models import Curriculum, SchoolForm
from bryggan.curriculum.points import Point


@dataclass(frozen=True, slots=True)
class CourseText:
    """A course of Gy11 or a level of Gy25, with its points in order."""

    code: str
    name: str
    points: int | None = None
    content: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class YearsText:
    """A block of a subject's own points: for some school years, or for none in preschool."""

    first_year: int | None
    last_year: int | None
    kind: str = ""
    content: tuple[Point, ...] = ()

    @property
    def part(self) -> str:
        return "" if self.first_year is None else f"{self.first_year}-{self.last_year}"


@dataclass(frozen=True, slots=True)
class SubjectText:
    """A subject with everything under it."""

    code: str
    name: str
    curriculum: Curriculum
    school_form: SchoolForm
    english_name: str = ""
    type_of_syllabus: str = ""
    category: str = ""
    purpose: str = ""
    version: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    cancelled_on: date | None = None
    modified_on: date | None = None
    regulation: str = ""
    courses: tuple[CourseText, ...] = ()
    blocks: tuple[YearsText, ...] = ()

    @property
    def point_count(self) -> int:
        in_courses = sum(len(course.content) for course in self.courses)
        return in_courses + sum(len(block.content) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class SubjectPlace:
    """A subject in a block of a programme, with the levels that the block requires."""

    code: str
    name: str = ""
    level_codes: tuple[str, ...] = ()
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class OrientationText:
    code: str
    name: str
    points: int | None = None
    subjects: tuple[SubjectPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgrammeText:
    """A programme with its orientations and the subjects of each block."""

    code: str
    name: str
    curriculum: Curriculum
    category: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    foundation: tuple[SubjectPlace, ...] = ()
    programme_specific: tuple[SubjectPlace, ...] = ()
    specialisation: tuple[SubjectPlace, ...] = ()
    orientations: tuple[OrientationText, ...] = ()

    @property
    def names_subjects(self) -> bool:
        return bool(
            self.foundation
            or self.programme_specific
            or self.specialisation
            or any(orientation.subjects for orientation in self.orientations)
        )


@dataclass(slots=True)
class Reading:
    """Everything one run has read.

    `whole` names the parts of the curriculum that were read in full: what is missing there has ended.
    `unread` are codes that the source lists but would not tell about: they are left as they are.
    """

    api_version: str = ""
    subjects: list[SubjectText] = field(default_factory=list)
    programmes: list[ProgrammeText] = field(default_factory=list)
    whole: set[tuple[Curriculum, SchoolForm]] = field(default_factory=set)
    whole_programmes: set[Curriculum] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


# Raise it when the same source must be written again, because we read it differently.
_READING = 1


def fingerprint(text: SubjectText | ProgrammeText) -> str:
    """31 hex digits that change when anything in `text` does."""
    return blake2b(f"{_READING}{text!r}".encode(), digest_size=16).hexdigest()[:31]
