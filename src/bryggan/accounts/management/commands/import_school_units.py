from __future__ import annotations

import dataclasses
import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from bryggan.accounts import school_units, skolenhetsregistret
from bryggan.common.fetching import Fetcher, FetchError


class Command(BaseCommand):
    help = "Read school units from Skolverket's register or from a JSON or CSV file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        origin = parser.add_mutually_exclusive_group()
        origin.add_argument("--api", metavar="URL", help="the register's address", default=skolenhetsregistret.BASE)
        origin.add_argument("--file", metavar="F", type=Path, help="a JSON or CSV file; ends no units")
        parser.add_argument("--municipality", default="1283", help="municipality code in the register (1283)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, api: str, file: Path | None, municipality: str, json: bool, **_options: Any) -> None:
        started = time.monotonic()
        try:
            outcome = self._from_file(file) if file else self._from_register(api, municipality, quiet=json)
        except (school_units.BadFile, school_units.TooManyEnded, FetchError) as error:
            raise CommandError(str(error)) from error
        result = {**dataclasses.asdict(outcome), "seconds": round(time.monotonic() - started, 2)}
        self.stdout.write(_json(result) if json else _sentence(result))

    def _from_file(self, file: Path) -> school_units.Outcome:
        units, left_out = school_units.read_file(file)
        return school_units.take_in(units, school_units.Outcome(left_out=left_out))

    def _from_register(self, api: str, municipality: str, *, quiet: bool) -> school_units.Outcome:
        outcome = school_units.Outcome()
        # Whoever writes an address on the command line may point at her own machine.
        host = urlsplit(api).hostname or ""
        with Fetcher(private_hosts=frozenset({host}), pause_seconds=0.1) as fetcher:
            register = skolenhetsregistret.Register(fetcher, api)
            listed = register.listed(municipality)
            for done, unit in enumerate(register.units(listed, outcome.left_out), start=1):
                school_units.take_in([unit], outcome)
                if not quiet and self.stderr.isatty():
                    self.stderr.write(f"\r{done} of {len(listed)}", ending="")
        if not quiet and self.stderr.isatty():
            self.stderr.write("")
        active = [row.code for row in listed if row.is_active]
        outcome.ended = school_units.end_others(municipality_code=municipality, codes=active)
        return outcome


def _json(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False)


def _sentence(result: dict[str, Any]) -> str:
    counts = ", ".join(f"{result[name]} {name}" for name in ("created", "updated", "unchanged", "ended"))
    return f"{result['units']} school units: {counts}, {len(result['left_out'])} left out"
