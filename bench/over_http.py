"""Answers per second over HTTP: two server processes and the load generator on the same machine.

    .venv/bin/python bench/over_http.py [--initiatives 5000] [--seconds 8]

Needs Debian's wrk. Talks to 127.0.0.1 only, on a free port, with 8 connections, and ends by itself. Makes a
database of its own in a temporary folder and throws it away.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--initiatives", type=int, default=5000)
    parser.add_argument("--curriculum", type=Path)
    parser.add_argument("--seconds", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        os.environ.update(
            BRYGGAN_DATA_DIR=folder, DJANGO_SETTINGS_MODULE="bryggan.config.settings", PORT=str(port), HOST="127.0.0.1"
        )
        os.environ.pop("BRYGGAN_DATABASE_URL", None)
        addresses = prepare(options.initiatives, options.curriculum)
        server = subprocess.Popen([sys.executable, "-m", "bryggan.config.cli", "serve", "--workers", "2"])
        try:
            wait(f"http://127.0.0.1:{port}/healthz")
            result: dict[str, object] = {"initiatives": options.initiatives, "workers": 2, "connections": 8}
            for name, path in (("pages_per_s", "/utforska"), ("api_answers_per_s", "/api/v1/initiatives")):
                script = Path(folder) / "addresses.lua"
                listed = ",".join(json.dumps(path + address) for address in addresses)
                script.write_text(
                    f"local a = {{{listed}}}\nlocal i = 0\n"
                    "request = function() i = i % #a + 1 return wrk.format('GET', a[i]) end\n"
                )
                command = ["wrk", "-t1", "-c8", "-s", str(script), "--latency", f"http://127.0.0.1:{port}"]
                subprocess.run([*command, "-d2s"], capture_output=True, check=True)
                run = subprocess.run([*command, f"-d{options.seconds}s"], capture_output=True, check=True, text=True)
                found = re.search(r"Requests/sec:\s+([\d.]+)", run.stdout)
                if not found or "Non-2xx" in run.stdout:
                    raise SystemExit(run.stdout)
                result[name] = float(found[1])
                late = re.search(r"99%\s+(\S+)", run.stdout)
                result[name.replace("per_s", "p99")] = late[1] if late else ""
        finally:
            server.terminate()
            server.wait(timeout=30)
    print(json.dumps(result, indent=1))
    return 0


def prepare(number: int, curriculum: Path | None) -> list[str]:
    """Fill the database; addresses to ask for, without their path."""
    sys.path.insert(0, str(HERE))
    import django

    django.setup()
    import finding
    import generate
    from bryggan.alignment import index

    finding.fill(curriculum)
    generate.initiatives(number)
    with index.current() as made:
        counts = made.texts.word_counts()
        vocabulary = sorted(counts, key=lambda word: -counts[word])[20:300]
    chance = random.Random(7)
    return [finding.addresses(chance, vocabulary) for _ in range(200)]


def wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} does not answer")


if __name__ == "__main__":
    sys.exit(main())
