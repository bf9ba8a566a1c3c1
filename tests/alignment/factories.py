"""Initiatives, points and links between them, for tests of finding. What is not given is made up."""

from __future__ import annotations

from itertools import count
from typing import Any

from bryggan.accounts.models import Department
from bryggan.alignment.models import Alignment, ProgrammeFit
from bryggan.common.models import DataVersion
from bryggan.curriculum.models import CoreContent, Course, Curriculum, Orientation, Programme, SchoolForm, Subject
from bryggan.initiatives.models import Challenge, Initiative, SchoolOffer, Source, Term

_numbers = count(1)


def source() -> Source:
    return Source.objects.get_or_create(name="staden", defaults={"address": "https://example.org/"})[0]


def term(kind: str, name: str) -> Term:
    slug = name.lower().replace(" ", "-").replace("å", "a").replace("ä", "a").replace("ö", "o")
    return Term.objects.get_or_create(kind=kind, slug=slug, defaults={"name": name})[0]


def department(name: str) -> Department:
    return Department.objects.get_or_create(slug=name.lower(), defaults={"name": name})[0]


def initiative(
    title: str = "", *, takes_classes: bool = False, terms: tuple[Term, ...] = (), **columns: Any
) -> Initiative:
    number = next(_numbers)
    made = Initiative.objects.create(
        source=columns.pop("source", None) or source(),
        remote_id=columns.pop("remote_id", str(number)),
        slug=f"initiativ-{number}",
        title=title or f"Initiativ {number}",
        mapped_hash=f"hash-{number}",
        **columns,
    )
    made.terms.set(terms)
    if takes_classes:
        SchoolOffer.objects.create(initiative=made, takes_classes=True)
    DataVersion.touch("initiatives", [made.pk])
    return made


def challenge(title: str) -> Challenge:
    return Challenge.objects.create(source=source(), remote_id=str(next(_numbers)), title=title)


def subject(
    code: str, name: str = "", *, curriculum: str = Curriculum.LGR22, school_form: str = SchoolForm.COMPULSORY
) -> Subject:
    return Subject.objects.get_or_create(
        code=code, defaults={"name": name or code.title(), "curriculum": curriculum, "school_form": school_form}
    )[0]


def point(code: str, years: tuple[int, int] | None = (7, 9), text: str = "", **columns: Any) -> CoreContent:
    number = next(_numbers)
    text = text or f"Punkt {number}."
    made = CoreContent.objects.create(
        key=f"{number:016x}",
        subject=columns.pop("of", None) or subject(code),
        first_year=years[0] if years else None,
        last_year=years[1] if years else None,
        text=text,
        text_group=columns.pop("text_group", f"{number:016x}"),
        position=number,
        **columns,
    )
    DataVersion.touch("curriculum")
    return made


def level_point(subject_code: str, level_code: str, text: str = "") -> CoreContent:
    owner = subject(subject_code, curriculum=Curriculum.GY25, school_form=SchoolForm.UPPER_SECONDARY)
    level = Course.objects.get_or_create(code=level_code, defaults={"subject": owner, "name": "Nivå 1"})[0]
    return point(subject_code, None, text, of=owner, course=level)


def align(
    initiative: Initiative,
    *points: CoreContent,
    state: str = "suggested",
    strength: str = "strong",
    score: float = 0.5,
) -> None:
    for each in points:
        Alignment.objects.create(
            initiative=initiative,
            core_content=each,
            state=state,
            strength=strength,
            score=score,
            reason=f"Handlar om punkt {each.pk}.",
        )
    DataVersion.touch("initiatives", [initiative.pk])


def programme(code: str, name: str = "", *orientations: str) -> Programme:
    made = Programme.objects.create(code=code, name=name or code, curriculum=Curriculum.GY25)
    for orientation in orientations:
        Orientation.objects.create(programme=made, code=orientation, name=orientation.title())
    DataVersion.touch("curriculum")
    return made


def fit(initiative: Initiative, programme: Programme, orientation: str = "", score: float = 0.5) -> None:
    ProgrammeFit.objects.create(initiative=initiative, programme=programme, orientation_code=orientation, score=score)
    DataVersion.touch("initiatives", [initiative.pk])
