"""Finding management commands by name, for the `bryggan` command."""

from __future__ import annotations

from django.core.management import get_commands


def app_of(command: str) -> str:
    """The application that has the management command `command`. Raises KeyError when none has."""
    app = get_commands()[command]
    return app if isinstance(app, str) else app.__module__
