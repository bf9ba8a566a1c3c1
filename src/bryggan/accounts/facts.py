"""Statistics that survive erasure: counts per school and month, written when things happen, without persons."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Case, F, IntegerField, Value, When
from django.utils import timezone

from bryggan.accounts.models import Fact, SchoolClass

# Each takes some parameters, and a statement may have at most 999 on an old SQLite.
_AT_ONCE = 150


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
    fact = _fact(measure, school_class, initiative, department, detail, on)
    # Made first when it is new, then counted up in the database: two at once both count.
    Fact.objects.bulk_create([fact], ignore_conflicts=True)
    Fact.objects.filter(key=fact.key).update(count=F("count") + 1, amount=F("amount") + amount)


@dataclass(frozen=True)
class Happened:
    """One thing that happened: to which class, and under which initiative and department it is counted."""

    school_class: SchoolClass
    initiative: int | None = None
    department: str = ""
    detail: str = ""
    amount: int = 0


def count_each(
    measure: str,
    happened: Iterable[tuple[SchoolClass, str, int]],
    *,
    initiative: int | None = None,
    department: str = "",
    on: date | None = None,
) -> None:
    """Write that `measure` happened for many classes at once: (class, detail, amount). Schools share rows."""
    under = (initiative, department)
    count_all(measure, [Happened(one, *under, detail, amount) for one, detail, amount in happened], on=on)


@transaction.atomic(savepoint=False)
def count_all(measure: str, happened: Iterable[Happened], *, on: date | None = None) -> None:
    """Write that `measure` happened so many times. As many statements as rows divided by some hundred."""
    facts: dict[str, Fact] = {}
    for one in happened:
        fact = _fact(measure, one.school_class, one.initiative, one.department, one.detail, on)
        fact = facts.setdefault(fact.key, fact)
        fact.count += 1
        fact.amount += one.amount
    # In the order of their keys, so that two who count the same schools never wait for each other.
    rows = [facts[key] for key in sorted(facts)]
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        empty = [_copy_of_none(fact) for fact in some]
        Fact.objects.bulk_create(empty, ignore_conflicts=True)
        keys = [fact.key for fact in some]
        if connection.features.has_select_for_update:
            list(Fact.objects.select_for_update().filter(key__in=keys).order_by("key").values_list("pk"))
        Fact.objects.filter(key__in=keys).update(
            count=F("count") + _by_key([(fact.key, fact.count) for fact in some]),
            amount=F("amount") + _by_key([(fact.key, fact.amount) for fact in some]),
        )


def _by_key(numbers: list[tuple[str, int]]) -> Case:
    whens = [When(key=key, then=Value(number)) for key, number in numbers if number]
    return Case(*whens, default=Value(0), output_field=IntegerField())


def _copy_of_none(fact: Fact) -> Fact:
    """The row as it begins, with nothing counted."""
    names = [field.attname for field in Fact._meta.concrete_fields if field.attname not in ("id", "count", "amount")]
    return Fact(**{name: getattr(fact, name) for name in names})


def _fact(
    measure: str,
    school_class: SchoolClass | None,
    initiative: int | None,
    department: str,
    detail: str,
    on: date | None,
) -> Fact:
    day = on or timezone.localdate()
    unit = school_class.school_unit if school_class else None
    # As plain texts: a choice just made and the same one read from the database are one key.
    about = {
        "month": day.replace(day=1),
        "measure": measure,
        "school_code": unit.code if unit else "",
        "school_form": str(school_class.school_form) if school_class else "",
        "initiative": initiative,
        "department": department,
        "detail": str(detail),
    }
    key = hashlib.sha256(repr(sorted(about.items())).encode()).hexdigest()
    named = {"school_name": unit.name, "organizer": unit.organizer, "area": unit.area} if unit else {}
    return Fact(key=key, **about, **named)
