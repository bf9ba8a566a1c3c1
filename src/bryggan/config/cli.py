"""The command `bryggan`: names with dashes, one clear line on stderr, exit codes 0, 1 and 2.

The commands are Django's management commands in the rooms that know how; this door gives them their
names and turns what they raise into exit codes: 0 done, 1 a handled failure, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

# In the order of the contract, and what each does in one line.
COMMANDS = {
    "migrate": "prepare the database",
    "demo-data": "load the demo data (repeatable)",
    "sync-initiatives": "read one or all sources of initiatives",
    "check-source": "ask a source and print what was found, writing nothing",
    "import-curriculum": "read the national curriculum from Skolverket's API or from files",
    "import-school-units": "read school units from the register or a file",
    "import-fair": "read a fair's programme from a table, a calendar or JSON",
    "align": "compute which initiative teaches what",
    "evaluate-alignment": "measure the matching against judged initiatives",
    "serve": "serve the web pages and the API",
    "worker": "send mail, align what changed, fetch pictures",
    "check-health": "say whether the database and the index answer",
    "createadmin": "give a person the administrator's role",
}


def usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {does}" for name, does in COMMANDS.items()]
    return "usage: bryggan COMMAND [options]\n\n" + "\n".join(lines) + "\n\nbryggan COMMAND --help tells more.\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments:
        sys.stderr.write(usage())
        return 2
    if arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        sys.stderr.write(f"bryggan: there is no command {name!r}\n\n{usage()}")
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bryggan.config.settings")
    from bryggan.config.environment import BadEnvironment

    try:
        return _run(name, rest)
    except BadEnvironment as error:
        return _fail(name, str(error))
    except KeyboardInterrupt:
        return _fail(name, "stopped")
    except BrokenPipeError:
        # Whoever read our output has closed it: nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def run() -> None:
    """The entry point that the installed script calls."""
    sys.exit(main())


def _run(name: str, rest: Sequence[str]) -> int:
    import django
    from django.core.management import load_command_class
    from django.core.management.base import CommandError
    from django.db import DatabaseError

    django.setup()
    from bryggan.common.commands import app_of

    command_name = name.replace("-", "_")
    command = load_command_class(app_of(command_name), command_name)
    # Before the parser is made: it decides whether wrong usage is told to a person, with exit code 2.
    command._called_from_command_line = True  # type: ignore[attr-defined]
    parser = command.create_parser("bryggan", name)
    # argparse leaves by itself, with 2 for wrong usage and 0 for --help.
    try:
        options = vars(parser.parse_args(list(rest)))
    except SystemExit as leave:
        return int(leave.code or 0)
    options.pop("args", None)
    try:
        command.execute(**options)
    except CommandError as error:
        return _fail(name, str(error))
    except DatabaseError as error:
        return _fail(name, _database_trouble(error))
    except OSError as error:
        return _fail(name, str(error))
    return 0


def _database_trouble(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "no such table" in text or "does not exist" in text:
        return f"the database is not prepared, run `bryggan migrate` first ({text})"
    return f"the database does not do as asked: {text}"


def _fail(name: str, why: str) -> int:
    sys.stderr.write(f"bryggan {name}: {' '.join(why.split())}\n")
    return 1


if __name__ == "__main__":
    run()
