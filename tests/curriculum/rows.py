"""Importing in one word, and looking at all rows of the curriculum at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.test.utils import CaptureQueriesContext

from bryggan.curriculum.importing import Outcome, import_curriculum
from bryggan.curriculum.models import CoreContent, Course, Orientation, Programme, ProgrammeSubject, Subject
from bryggan.curriculum.skolverket import read_directory


def run(folder: Path) -> Outcome:
    return import_curriculum(lambda: read_directory(folder), "test")


def writes(captured: CaptureQueriesContext) -> list[str]:
    """The tables written to, one entry a statement."""
    words = [query["sql"].replace('"', "").split() for query in captured.captured_queries]
    verbs = {"INSERT": 2, "UPDATE": 1, "DELETE": 2}
    return [some[verbs[some[0]]] for some in words if some and some[0] in verbs]


def everything() -> dict[str, list[dict[str, Any]]]:
    tables: tuple[Any, ...] = (
        Subject,
        Course,
        CoreContent,
        Programme,
        Orientation,
        ProgrammeSubject,
        CoreContent.successors.through,
    )
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def texts(**conditions: Any) -> list[str]:
    return list(
        CoreContent.objects.filter(**conditions).order_by("subject__code", "position").values_list("text", flat=True)
    )
