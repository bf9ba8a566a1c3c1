"""Statistics that survive erasure: counts per school and month, written when things happen, without persons."""

from __future__ import annotations

import hashlib
from datetime import date

from django.db.models import F
from django.utils import timezone

from bryggan.accounts.models import Fact, SchoolClass


def count(
    measure: str,
    *,
    school_class: SchoolClass | None = None,
    initiative: int | None = None,
    department: str = "",
    detail: str = "",
    amount: int = 0,
    on: date | None = None,
) -> None:
    """Write that `measure` happened once more this month. Call in the transaction of what happened.

    `amount` adds up beside the count: pupils, seats, days. Names of measures are defined in `insights`.
    """
    day = on or timezone.localdate()
    unit = school_class.school_unit if school_class else None
    about = {
        "month": day.replace(day=1),
        "measure": measure,
        "school_code": unit.code if unit else "",
        "school_form": school_class.school_form if school_class else "",
        "initiative": initiative,
        "department": department,
        "detail": detail,
    }
    key = hashlib.sha256(repr(sorted(about.items())).encode()).hexdigest()
    # Made first when it is new, then counted up in the database: two at once both count.
    named = {"school_name": unit.name, "organizer": unit.organizer} if unit else {}
    Fact.objects.bulk_create([Fact(key=key, **about, **named)], ignore_conflicts=True)
    Fact.objects.filter(key=key).update(count=F("count") + 1, amount=F("amount") + amount)
