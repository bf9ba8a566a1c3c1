"""Facts for tests, as they lie when things have happened."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils import timezone

from bryggan.accounts.models import Fact, SchoolUnit
from bryggan.curriculum.models import SchoolForm

_numbers = count(1)


def fact(measure: str, number: int, unit: SchoolUnit | None = None, **columns: Any) -> Fact:
    """That it happened so many times this month; at a compulsory school when a unit is given."""
    month = timezone.localdate().replace(day=1)
    columns = {"month": month, "school_form": SchoolForm.COMPULSORY if unit else "", **columns}
    if unit:
        columns = {"school_code": unit.code, "school_name": unit.name, "organizer": unit.organizer, **columns}
        columns.setdefault("area", unit.area)
    return Fact.objects.create(key=f"fact-{next(_numbers)}", measure=measure, count=number, **columns)
