from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bryggan.common.fetching import FetchError
from bryggan.initiatives.checking import Findings, check
from bryggan.initiatives.management.progress import on_terminal
from bryggan.initiatives.remote import SourceTrouble


class Command(BaseCommand):
    help = "Ask a source of initiatives and print what was found, writing nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="a site's root, its /wp-json, a Typesense address, or a .json file")
        parser.add_argument(
            "--key-variable", default="", metavar="NAME", help="the environment variable that holds the search key"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object on stdout")

    def handle(self, *, address: str, key_variable: str, as_json: bool, **_options: Any) -> None:
        with on_terminal(sys.stderr) as progress:
            try:
                findings = check(address, key_variable=key_variable, progress=progress)
            except (SourceTrouble, FetchError) as error:
                raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(findings.as_json(), ensure_ascii=False) if as_json else _told(findings))
        if not findings.complete:
            raise CommandError(f"the source never gave an even read: {findings.uneven[-1]}")


def _told(findings: Findings) -> str:
    lines = [
        f"Format {findings.format}; {findings.seen} initiatives, {findings.public} of them public, "
        f"{findings.challenges} challenges, {findings.platforms} platforms, in {findings.seconds} s.",
        f"Last changed: {findings.newest or 'not told'}.",
        "Terms: " + _counts(findings.terms),
        "Filled in: " + _counts(findings.filled),
        "Keys of the source: " + _counts(findings.keys),
    ]
    lines += [f"Left out: {each['id']} ({each['reason']})" for each in findings.left_out]
    lines += [f"Refused: {each['id']} ({each['reason']})" for each in findings.refused]
    lines += [f"Odd: {each['id']} {each['remark']}".replace("  ", " ") for each in findings.remarks]
    lines += [f"Had to read again: {each}" for each in findings.uneven]
    return "\n".join(lines)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items()) or "none"
