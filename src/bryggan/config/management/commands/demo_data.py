from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Load the demo data: curriculum extract, schools, people, initiatives and a fair. Repeatable."

    def handle(self, **_options: Any) -> None:
        from bryggan.accounts import demo as people
        from bryggan.curriculum.extracting import load_extract
        from bryggan.fair import demo as fair
        from bryggan.initiatives import demo as initiatives
        from bryggan.insights import demo as insights
        from bryggan.invitations import demo as invitations

        load_extract()
        people.load_demo()
        initiatives.load_demo()
        fair.load_demo()
        invitations.load_demo()
        insights.load_demo()
        self.stdout.write("The demo data is in place.")
