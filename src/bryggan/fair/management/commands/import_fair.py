from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bryggan.common.fetching import FetchError
from bryggan.fair.imports import importing, sheet_writing
from bryggan.fair.imports.remote import Fault, NotReadable
from bryggan.fair.models import Fair

# Of errors and warnings printed for people; --json has every error.
MOST_PRINTED = 50


class Command(BaseCommand):
    help = "Read a fair's programme from a table (CSV, XLSX), an iCalendar feed or schema.org Event JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("source", nargs="?", metavar="FILE_OR_URL", help="what to read, told apart by its content")
        what.add_argument(
            "--template", metavar="FILE", type=Path, help="write an empty table (.csv or .xlsx) to fill in"
        )
        parser.add_argument("--fair", metavar="SLUG", help="which fair (the one that goes on or comes next)")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument(
            "--cancel-gone", action="store_true", help="cancel what an earlier import had and this lacks"
        )
        parser.add_argument(
            "--skip-faulty", action="store_true", help="leave out sessions with an error, take the others"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(
        self,
        *,
        source: str | None,
        fair: str | None,
        dry_run: bool,
        cancel_gone: bool,
        skip_faulty: bool,
        template: Path | None,
        json: bool,
        **_options: Any,
    ) -> None:
        if template is not None:
            self._write_template(template)
            return
        found = _fair(fair)
        try:
            reading = importing.read(_data(source or ""), fair=found)
        except (NotReadable, FetchError, OSError) as error:
            raise CommandError(str(error)) from error
        if dry_run:
            seen = importing.preview(found, reading, skip_faulty=skip_faulty)
            self._say(importing.would_be(seen, reading), seen, json=json)
            return
        try:
            outcome = importing.take_in(
                found, reading, by="import-fair", cancel_gone=cancel_gone, skip_faulty=skip_faulty
            )
        except importing.HasErrors as error:
            self._say(importing.refused(error.preview, reading), error.preview, json=json)
            number = len(error.preview.errors)
            raise CommandError(f"{number} error{'s' * (number > 1)}, nothing was imported") from error
        self._say(outcome, None, json=json)

    def _write_template(self, path: Path) -> None:
        kinds = {".csv": sheet_writing.template_csv, ".xlsx": sheet_writing.template_xlsx}
        write = kinds.get(path.suffix.lower())
        if write is None:
            raise CommandError(f"{path}: a template is .csv or .xlsx")
        path.write_bytes(write())
        self.stdout.write(f"{path}")

    def _say(self, outcome: importing.Outcome, seen: importing.Preview | None, *, json: bool) -> None:
        if json:
            self.stdout.write(importing.as_json(outcome))
            return
        self._list(outcome.errors)
        if seen:
            self._list(seen.warnings)
            if not outcome.errors:
                for line in (*seen.updated, *seen.gone)[:MOST_PRINTED]:
                    self.stdout.write(f"{line.remote_id} {line.title}: {' '.join(line.changes)}")
        counts = ", ".join(
            f"{getattr(outcome, name)} {name}" for name in ("created", "updated", "unchanged", "cancelled")
        )
        self.stdout.write(
            f"{outcome.format}: {outcome.sessions} sessions with {outcome.occasions} occasions "
            f"at {outcome.venues} venues: {counts}, {len(outcome.errors)} errors"
        )

    def _list(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults[:MOST_PRINTED]:
            place = ", ".join(part for part in (f"rad {fault.row}" if fault.row else "", fault.column) if part)
            self.stdout.write(f"{place}: {fault.message}" if place else fault.message)
        if len(faults) > MOST_PRINTED:
            self.stdout.write(f"and {len(faults) - MOST_PRINTED} more; --json lists every error")


def _fair(slug: str | None) -> Fair:
    found = Fair.objects.filter(slug=slug).first() if slug else Fair.objects.current()
    if found is None:
        raise CommandError(
            f"there is no fair {slug!r}" if slug else "there is no published fair, name one with --fair"
        )
    return found


def _data(source: str) -> bytes:
    if "://" in source:
        return importing.fetch(source, trusts_host=True)
    path = Path(source)
    if path.is_dir() or not path.exists():
        raise CommandError(f"{source}: neither a file nor an http or https address")
    if path.stat().st_size > importing.LARGEST_FILE:
        raise CommandError(f"{source}: larger than {importing.LARGEST_FILE // 1024 // 1024} MB")
    return path.read_bytes()
