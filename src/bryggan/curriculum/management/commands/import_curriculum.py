"""`bryggan import-curriculum`: read the national curriculum from Skolverket's API or from a folder of files."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bryggan.common.fetching import Fetcher, FetchError, web_address
from bryggan.curriculum.extracting import load_outlines
from bryggan.curriculum.importing import Outcome, import_curriculum
from bryggan.curriculum.skolverket import DEFAULT_API, Api, UnreadableCurriculum, read_directory

# Seconds between two questions to somebody else's server. Our own machine needs no such politeness.
PAUSE_SECONDS = 0.15
_OURSELVES = frozenset({"127.0.0.1", "localhost", "::1"})


class Command(BaseCommand):
    help = "Read the national curriculum from Skolverket's API or from a folder of files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--api", metavar="URL", help=f"address of the Syllabus API (default {DEFAULT_API})")
        source.add_argument("--directory", metavar="DIR", help="folder with the same data as files")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options.get("directory"):
                outcome = self._from_directory(Path(options["directory"]))
            else:
                outcome = self._from_api(options.get("api") or DEFAULT_API)
        except (UnreadableCurriculum, FetchError) as error:
            raise CommandError(str(error)) from error
        finally:
            self._progress("")
        # What the source does not have, so that preschool is never without goals. Not counted: it was not read.
        load_outlines()
        counts = asdict(outcome.counts)
        for note in outcome.notes:
            self.stderr.write(note, style_func=str)
        if options.get("json"):
            self.stdout.write(json.dumps(counts))
        else:
            self.stdout.write(", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in counts.items()))

    def _from_directory(self, directory: Path) -> Outcome:
        return import_curriculum(lambda: read_directory(directory, self._progress), str(directory))

    def _from_api(self, address: str) -> Outcome:
        address = web_address(address)
        host = urlsplit(address).hostname or ""
        pause = 0.0 if host in _OURSELVES else getattr(settings, "CURRICULUM_PAUSE_SECONDS", PAUSE_SECONDS)
        # Whoever may run commands here may name a host on a private network.
        with Fetcher(
            private_hosts=frozenset({host}), headers={"Accept": "application/json"}, pause_seconds=pause
        ) as fetcher:
            api = Api(address, fetcher, settings.ENV.data_dir / "skolverket", self._progress)
            outcome = import_curriculum(api.read, address)
        api.forget()
        return outcome

    def _progress(self, line: str) -> None:
        """Show where we are, on a terminal only, each line in place of the one before."""
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{line}", style_func=str, ending="")
            self.stderr.flush()
