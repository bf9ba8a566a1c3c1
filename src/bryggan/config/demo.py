"""The demo in one go: database, demo data, background work and web server. What `script/demo` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PEOPLE = (
    ("Lärare (åk 8, förskoleklass, teknikprogrammet)", "larare@skola.example.org"),
    ("Lärare i förskola", "larare2@skola.example.org"),
    ("Samordnare på en förvaltning", "samordnare@stad.example.org"),
    ("Samordnare på ett företag", "foretag@foretag.example.org"),
    ("Redaktör", "redaktor@stad.example.org"),
    ("Administratör", "admin@stad.example.org"),
)


def main() -> int:
    """Prepare what is missing, then serve until stopped. Returns the exit code."""
    os.environ["BRYGGAN_DEMO"] = "1"
    os.environ.pop("BRYGGAN_DATABASE_URL", None)
    os.environ.setdefault("BRYGGAN_DATA_DIR", str(Path("var", "demo").resolve()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bryggan.config.settings")
    from bryggan.config import server

    os.environ.setdefault("BRYGGAN_BASE_URL", f"http://{server.address()}")
    from bryggan.config.environment import BadEnvironment

    try:
        import django

        django.setup()
    except BadEnvironment as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    from django.core.management import call_command

    call_command("migrate", verbosity=0, skip_checks=True)
    call_command("demo_data", stdout=open(os.devnull, "w"), skip_checks=True)  # noqa: SIM115
    sys.stdout.write(_welcome(server.address()))
    sys.stdout.flush()
    worker = subprocess.Popen([sys.executable, "-m", "bryggan.config.cli", "worker", "--with-parent"])
    try:
        server.serve()
    except server.CannotServe as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    finally:
        worker.terminate()
        worker.wait(timeout=30)
    return 0


def _welcome(address: str) -> str:
    width = max(len(who) for who, _ in PEOPLE)
    people = "\n".join(f"  {who:<{width}}  {email}" for who, email in PEOPLE)
    return (
        f"\nBryggan: http://{address}/\n\n"
        f"Logga in: http://{address}/konto/logga-in med någon av adresserna nedan.\n"
        "Koden kommer som ett brev här i fönstret.\n\n"
        f"{people}\n\n"
        "En ny lärare: vilken adress som helst som slutar på @skola.example.org.\n"
        "Avsluta med Ctrl-C.\n\n"
    )


if __name__ == "__main__":
    sys.exit(main())
