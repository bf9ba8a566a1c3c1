"""The demo extract that ships with us: own words under official codes, for a first start without network."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from bryggan.curriculum.importing import Outcome, import_extract
from bryggan.curriculum.models import Curriculum, SchoolForm
from bryggan.curriculum.skolverket import add_programmes, add_subjects, area_from
from bryggan.curriculum.syllabus import Reading


def load_extract() -> Outcome:
    """Put the demo extract into the database, marked `is_extract`. Repeatable; writes nothing the second time.

    Subjects and programmes that have been imported from Skolverket are never touched.
    """
    return import_extract(read_extract())


def load_outlines() -> Outcome:
    """Put in preschool and preschool class only: Skolverket's interface has no preschool, so ours stays in use."""
    return import_extract(_with_outlines(Reading()))


def read_extract() -> Reading:
    """What the files of `curriculum/extract/` say."""
    reading = Reading()
    add_subjects(reading, _file("compulsory.json")["subjects"], (Curriculum.LGR22, SchoolForm.COMPULSORY))
    add_subjects(reading, _file("upper_secondary.json")["subjects"], (Curriculum.GY25, SchoolForm.UPPER_SECONDARY))
    _with_outlines(reading)
    programmes = _file("programmes.json")
    add_programmes(reading, [*programmes["gy25"], *programmes["gy11"]])
    return reading


def _with_outlines(reading: Reading) -> Reading:
    for name, curriculum, school_form in (
        ("preschool.json", Curriculum.LPFO18, SchoolForm.PRESCHOOL),
        ("preschool_class.json", Curriculum.LGR22, SchoolForm.PRESCHOOL_CLASS),
    ):
        reading.subjects += [area_from(area, curriculum, school_form) for area in _file(name)["areas"]]
    return reading


def _file(name: str) -> Any:
    return json.loads(files("bryggan.curriculum").joinpath("extract", name).read_text("utf-8"))
