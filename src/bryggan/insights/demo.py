"""Facts for the demo: three terms of invented numbers for the demo's schools, so that the page has something to show.

The rows carry names of their own for what sets facts apart, so a second load writes the same numbers over themselves
and touches nothing that has happened in the demo.
"""

from __future__ import annotations

import hashlib
import random
from datetime import date

from django.db import transaction
from django.utils import timezone

from bryggan.accounts.models import Fact, SchoolUnit
from bryggan.accounts.school_days import half_year_of
from bryggan.curriculum.models import SchoolForm
from bryggan.initiatives.models import Initiative
from bryggan.invitations.models import Kind, Phase

TERMS = 3
# Marks a fact as invented; real ones have no such key.
MARK = "demo "
# How likely each thing is in a school and month, and how many times at the most.
_USUAL = (
    ("interest", 0.75, 9),
    ("programme", 0.5, 4),
    ("programme stop", 0.5, 9),
    ("booking", 0.55, 6),
    ("invitation", 0.6, 6),
    ("invitation accepted", 0.5, 5),
    ("idea round", 0.4, 4),
    ("idea sent", 0.4, 6),
    ("idea answered", 0.35, 4),
    ("class work", 0.55, 6),
)
_WITHOUT_INITIATIVE = ("programme",)


@transaction.atomic
def load_demo() -> int:
    """Write the invented facts of the running term and the two before it. Returns how many rows are there."""
    rows = _facts(timezone.localdate())
    Fact.objects.filter(key__startswith=MARK).exclude(key__in=[row.key for row in rows]).delete()
    Fact.objects.bulk_create(
        rows,
        batch_size=50,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=[
            "school_name",
            "organizer",
            "area",
            "school_form",
            "initiative",
            "department",
            "count",
            "amount",
        ],
    )
    return len(rows)


def _facts(today: date) -> list[Fact]:
    units = list(SchoolUnit.objects.in_use().order_by("code"))
    initiatives = list(Initiative.objects.published().select_related("department").order_by("pk")[:12])
    rows = []
    months = _months(today)
    # Schools come one after another, so that there is something to compare.
    begins = {unit.pk: number * len(months) * 2 // 3 // max(len(units), 1) for number, unit in enumerate(units)}
    for number, month in enumerate(months):
        for unit in units:
            if number < begins[unit.pk]:
                continue
            # The same numbers each time, and more for every month that goes.
            chance = random.Random(f"{unit.code} {month:%Y-%m}")  # noqa: S311
            eager = 0.5 + chance.random() * 0.5 + number * 0.03
            for measure, likely, most in _USUAL:
                if chance.random() > likely * eager:
                    continue
                one = chance.choice(initiatives) if initiatives and measure not in _WITHOUT_INITIATIVE else None
                rows.append(_fact(measure, month, unit, one, chance.randint(1, most), chance))
    return rows


def _fact(
    measure: str, month: date, unit: SchoolUnit, initiative: Initiative | None, count: int, chance: random.Random
) -> Fact:
    forms = [form for form in unit.school_forms if form in SchoolForm.values]
    detail = f"{chance.choice(Phase.values)} {chance.choice(Kind.values)}" if measure == "interest" else ""
    each = chance.randint(2, 9) if measure == "idea answered" else chance.randint(16, 28)
    preschool = SchoolForm.PRESCHOOL.value
    return Fact(
        key=MARK + hashlib.sha256(f"{unit.code} {month:%Y-%m} {measure}".encode()).hexdigest()[:48],
        month=month,
        measure=measure,
        school_code=unit.code,
        school_name=unit.name,
        organizer=unit.organizer,
        area=unit.area,
        school_form=chance.choice(forms) if forms else preschool if unit.kind == unit.Kind.PRESCHOOL else "",
        initiative=initiative.pk if initiative else None,
        department=initiative.department.slug if initiative and initiative.department else "",
        detail=detail,
        count=count,
        amount=count * each,
    )


def _months(today: date) -> list[date]:
    """School months of the terms, up to and with the running one."""
    term = half_year_of(today)
    for _before in range(TERMS - 1):
        term = term.before
    months, month = [], term.first_on
    while month <= today:
        if month.month != 7:
            months.append(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return months
