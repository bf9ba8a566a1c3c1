from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bryggan.alignment import evaluating


class Command(BaseCommand):
    help = "Measure the suggestions in the database against judged initiatives (keys are source ids)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("gold", type=Path, metavar="GOLD.json")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, gold: Path, **options: Any) -> None:
        try:
            results = evaluating.evaluate(evaluating.read_gold(gold))
        except evaluating.UnreadableGold as error:
            raise CommandError(str(error)) from error
        missing = results["missing"]
        if options["json"]:
            self.stdout.write(json.dumps(results))
        else:
            for group, values in results.items():
                if isinstance(values, dict):
                    for name, value in values.items():
                        self.stdout.write(f"{group}.{name} = {value}")
        if missing:
            named = ", ".join(missing[:10]) + (" …" if len(missing) > 10 else "")
            raise CommandError(f"{len(missing)} judged initiatives are not in the database: {named}")
