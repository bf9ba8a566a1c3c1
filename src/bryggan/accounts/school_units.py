"""School units, brought in step with a register or a file.

A unit that the whole register no longer has is ended, never deleted: classes and memberships hang on it.
A file may be a part of the whole (the preschools, say), so it adds and changes but ends nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from bryggan.accounts.models import SchoolUnit
from bryggan.common import audit
from bryggan.common.safe_html import line
from bryggan.curriculum.models import SchoolForm

# More than this share of a municipality's units gone at once is a broken answer, not a change.
LARGEST_ENDING = 0.5

# What files call the school forms: our own codes, and the names in the code.
_FORMS = {form.value: form.value for form in SchoolForm} | {form.name: form.value for form in SchoolForm}


class BadFile(Exception):
    """The file cannot be read as school units. The message says why."""


class TooManyEnded(Exception):
    """The register lacks so many of the units we have that it is not believed."""


@dataclass(frozen=True)
class RegisteredUnit:
    """A school unit as a source tells it. Empty or None means that the source does not say."""

    code: str
    name: str
    kind: SchoolUnit.Kind = SchoolUnit.Kind.SCHOOL
    organizer: str = ""
    area: str = ""
    municipality_code: str = ""
    school_forms: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None


@dataclass
class Outcome:
    """How many units were read and what that changed; `left_out` is `[{id, reason}]`."""

    units: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ended: int = 0
    left_out: list[dict[str, str]] = field(default_factory=list)


def take_in(units: Iterable[RegisteredUnit], outcome: Outcome | None = None) -> Outcome:
    """Add and change units, each in its own transaction: a run cut short keeps what it has read."""
    outcome = outcome or Outcome()
    for unit in units:
        outcome.units += 1
        change = _take_in_one(unit)
        setattr(outcome, change, getattr(outcome, change) + 1)
    return outcome


@transaction.atomic
def end_others(*, municipality_code: str, codes: Iterable[str]) -> int:
    """End the schools of a municipality that are not among `codes`, all that it has. Returns how many.

    Raises TooManyEnded when more than half would go. Units that no register can have, such as preschools,
    stay: their codes are not numbers.
    """
    ours = SchoolUnit.objects.in_use().filter(municipality_code=municipality_code, kind=SchoolUnit.Kind.SCHOOL)
    registered = [unit for unit in ours.select_for_update() if unit.code.isdigit()]
    known = set(codes)
    gone = [unit for unit in registered if unit.code not in known]
    if len(gone) > LARGEST_ENDING * len(registered):
        raise TooManyEnded(f"{len(gone)} of {len(registered)} school units are missing from the answer")
    for unit in gone:
        unit.ended_at = timezone.now()
        unit.save(update_fields=["ended_at"])
        audit.record("school unit import", "ended", unit)
    return len(gone)


def read_file(path: Path) -> tuple[list[RegisteredUnit], list[dict[str, str]]]:
    """The units of a JSON or CSV file, and those left out with their reasons. Raises BadFile.

    JSON is `{"units": [...]}` or a list; CSV has a header and commas or semicolons. A unit has `code`
    (or `schoolUnitCode`), `name`, and perhaps `organizer` (or `organizerName`), `area`, `municipality_code` (or
    `municipalityCode`), `school_forms`, `kind`, `latitude`, `longitude`. A preschool may lack a code.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path}: {error}") from error
    units: list[RegisteredUnit] = []
    left_out: list[dict[str, str]] = []
    seen: set[str] = set()
    for number, row in enumerate(_rows(text, path), start=1):
        unit = _unit(row)
        name = str(row.get("code") or row.get("schoolUnitCode") or row.get("name") or f"unit {number}")
        if isinstance(unit, str):
            left_out.append({"id": name, "reason": unit})
        elif unit.code in seen:
            left_out.append({"id": unit.code, "reason": "the code stands twice"})
        else:
            seen.add(unit.code)
            units.append(unit)
    if not units:
        raise BadFile(f"{path}: no school units in it")
    return units, left_out


def coordinate(value: object, *, largest: float) -> float | None:
    """Degrees out of a number or a text with comma or point; None for what is no coordinate."""
    if value is None or value == "":
        return None
    try:
        degrees = float(str(value).strip().replace(",", "."))
    except ValueError:
        return None
    return degrees if 0 < abs(degrees) <= largest else None


@transaction.atomic
def _take_in_one(unit: RegisteredUnit) -> str:
    row = SchoolUnit.objects.select_for_update().filter(code=unit.code).first()
    # What the source does not say is left as it stands.
    said = {
        name: value
        for name, value in {
            "name": unit.name,
            "kind": unit.kind.value,
            "organizer": unit.organizer,
            "area": unit.area,
            "municipality_code": unit.municipality_code,
            "school_forms": list(unit.school_forms),
            "latitude": unit.latitude,
            "longitude": unit.longitude,
        }.items()
        if value not in ("", None, [])
    }
    if row is None:
        SchoolUnit.objects.create(code=unit.code, **said)
        return "created"
    changed = [name for name, value in said.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, said[name])
    if row.ended_at:
        # It is back.
        row.ended_at = None
        changed.append("ended_at")
    if not changed:
        return "unchanged"
    row.save(update_fields=changed)
    return "updated"


def _rows(text: str, path: Path) -> Iterator[Mapping[str, Any]]:
    if path.suffix.lower() == ".csv":
        first = text.partition("\n")[0]
        delimiter = ";" if first.count(";") > first.count(",") else ","
        yield from csv.DictReader(io.StringIO(text), delimiter=delimiter)
        return
    try:
        data = json.loads(text)
    except ValueError as error:
        raise BadFile(f"{path}: neither JSON nor a .csv file ({error})") from error
    rows = data.get("units") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadFile(f'{path}: expected {{"units": [...]}}')
    yield from rows


def _unit(row: Mapping[str, Any]) -> RegisteredUnit | str:
    """The unit in a row of a file, or the reason why there is none."""
    name = line(str(row.get("name") or ""))
    if not name:
        return "no name"
    if len(name) > 200:
        return "the name is longer than 200 characters"
    kind_text = str(row.get("kind") or "SCHOOL").strip().lower()
    if kind_text not in SchoolUnit.Kind.values:
        return f"kind {kind_text!r} is neither SCHOOL nor PRESCHOOL"
    kind = SchoolUnit.Kind(kind_text)
    municipality = str(row.get("municipality_code") or row.get("municipalityCode") or "").strip()
    if len(municipality) > 4:
        return f"municipality code {municipality!r} is longer than four digits"
    code = str(row.get("code") or row.get("schoolUnitCode") or "").strip()
    if not code and kind == SchoolUnit.Kind.PRESCHOOL:
        code = preschool_code(name, municipality)
    if not code or len(code) > 20:
        return "no code" if not code else "the code is longer than 20 characters"
    given = row.get("school_forms") or []
    texts = given.replace(",", " ").split() if isinstance(given, str) else [str(text) for text in given]
    unknown = [text for text in texts if text not in _FORMS]
    if unknown:
        return f"school form {unknown[0]!r} is not known"
    forms = tuple(dict.fromkeys(_FORMS[text] for text in texts))
    if kind == SchoolUnit.Kind.PRESCHOOL:
        forms = (SchoolForm.PRESCHOOL.value,)
    return RegisteredUnit(
        code=code,
        name=name,
        kind=kind,
        organizer=line(str(row.get("organizer") or row.get("organizerName") or ""))[:200],
        area=line(str(row.get("area") or ""))[:80],
        municipality_code=municipality,
        school_forms=forms,
        latitude=coordinate(row.get("latitude"), largest=90),
        longitude=coordinate(row.get("longitude"), largest=180),
    )


def preschool_code(name: str, municipality_code: str) -> str:
    """A code of our own for a preschool: the same every time for the same name in the same municipality."""
    digest = hashlib.sha256(f"{municipality_code}|{name.casefold()}".encode()).hexdigest()
    return f"F-{digest[:10]}"
