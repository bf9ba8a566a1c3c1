"""Skolverket's school unit register, version 2: https://api.skolverket.se/skolenhetsregistret

What surprised us: the name is `name` in the list and `displayName` in the detail; coordinates are texts,
and null on all but the visiting address; postal codes come with and without a space; there are no
preschools. Head teachers' names, e-mail addresses and telephone numbers are personal data and stay there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bryggan.accounts.models import SchoolUnit
from bryggan.accounts.school_units import RegisteredUnit, coordinate
from bryggan.common.fetching import Fetcher, FetchError
from bryggan.common.safe_html import line
from bryggan.curriculum.models import SchoolForm

BASE = "https://api.skolverket.se/skolenhetsregistret"

# Adapted upper secondary, special and Sami school and adult education have no school form here.
_FORMS = {
    "FKLASS": SchoolForm.PRESCHOOL_CLASS.value,
    "GR": SchoolForm.COMPULSORY.value,
    "GRAN": SchoolForm.ADAPTED_COMPULSORY.value,
    "GY": SchoolForm.UPPER_SECONDARY.value,
}


@dataclass(frozen=True)
class Listed:
    """A line of the register's list."""

    code: str
    name: str
    is_active: bool


class Register:
    """The register, asked through `fetcher` at `base`, with or without its `/v2`."""

    def __init__(self, fetcher: Fetcher, base: str = BASE) -> None:
        self._fetcher = fetcher
        self._base = base.rstrip("/").removesuffix("/v2") + "/v2/school-units"

    def listed(self, municipality_code: str) -> list[Listed]:
        """Every unit of a municipality. Raises FetchError for an answer of another shape, or an empty one."""
        answer = self._get(self._base, municipality_code=municipality_code)
        rows = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not rows:
            raise FetchError(self._base, f"no school units for municipality {municipality_code}")
        try:
            return [
                Listed(
                    code=str(row["attributes"]["schoolUnitCode"]),
                    name=str(row["attributes"].get("name") or ""),
                    is_active=row["attributes"].get("status") == "AKTIV",
                )
                for row in rows
            ]
        except (KeyError, TypeError) as error:
            raise FetchError(self._base, f"a line of the list has no {error}") from error

    def units(self, listed: list[Listed], left_out: list[dict[str, str]]) -> Iterator[RegisteredUnit]:
        """The active ones in detail, one request each; what has no school form of ours goes to `left_out`."""
        for row in listed:
            if not row.is_active:
                continue
            address = f"{self._base}/{row.code}"
            unit = _unit(self._get(address), row, address)
            if isinstance(unit, str):
                left_out.append({"id": row.code, "reason": unit})
            else:
                yield unit

    def _get(self, address: str, **params: str) -> Any:
        data, answer = self._fetcher.get_json(address, params)
        if answer.status != 200:
            raise FetchError(address, f"status {answer.status}")
        return data


def _unit(answer: Any, row: Listed, address: str) -> RegisteredUnit | str:
    data = answer.get("data") if isinstance(answer, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    if not isinstance(attributes, dict):
        raise FetchError(address, "no data.attributes in the answer")
    types = [_code(item) for item in attributes.get("schoolTypes") or []]
    forms = tuple(dict.fromkeys(_FORMS[code] for code in types if code in _FORMS))
    if not forms:
        return f"no school form that takes part here ({', '.join(types) or 'none'})"
    name = line(str(attributes.get("displayName") or row.name))[:200]
    if not name:
        return "no name"
    visiting = next(
        (a for a in attributes.get("addresses") or [] if isinstance(a, dict) and a.get("type") == "BESOKSADRESS"), {}
    )
    place = visiting.get("geoCoordinates") or {}
    return RegisteredUnit(
        code=row.code,
        name=name,
        kind=SchoolUnit.Kind.SCHOOL,
        organizer=_organizer(answer.get("included")),
        municipality_code=str(attributes.get("municipalityCode") or ""),
        school_forms=forms,
        latitude=coordinate(place.get("latitude"), largest=90),
        longitude=coordinate(place.get("longitude"), largest=180),
    )


def _code(item: Any) -> str:
    return str(item.get("code") or "") if isinstance(item, dict) else str(item)


def _organizer(included: Any) -> str:
    """The organiser's name; `included` is one thing or a list of them."""
    things = included if isinstance(included, list) else [included]
    for thing in things:
        if isinstance(thing, dict) and isinstance(thing.get("attributes"), dict):
            return line(str(thing["attributes"].get("displayName") or ""))[:200]
    return ""
