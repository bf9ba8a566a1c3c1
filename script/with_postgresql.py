"""Run a command with BRYGGAN_DATABASE_URL leading to a PostgreSQL server made for it and thrown away after.

The server runs as an unprivileged user, in a folder of its own, on a socket of its own and no port.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile


def main(command: list[str]) -> int:
    binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
    folder = tempfile.mkdtemp(prefix="bryggan-postgresql-")
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def run(*arguments: str) -> None:
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, user=user if os.geteuid() == 0 else None)

    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        data = os.path.join(folder, "data")
        run(f"{binaries}/initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", "bryggan")
        settings = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        # Some tests let hundreds of processes in at once.
        settings += " -c max_connections=600"
        log = os.path.join(folder, "log")
        run(f"{binaries}/pg_ctl", "-D", data, "-w", "-l", log, "-o", f"-k {folder} {settings}", "start")
        try:
            environment = {**os.environ, "BRYGGAN_DATABASE_URL": f"postgresql:///postgres?host={folder}&user=bryggan"}
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            run(f"{binaries}/pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
