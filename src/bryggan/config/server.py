"""The web server: gunicorn with threads, set up here and nowhere else."""

from __future__ import annotations

import gc
import multiprocessing
import os
from typing import Any


class CannotServe(Exception):
    """The server could not start or fell over; the address is in the message."""


def address() -> str:
    """`HOST:PORT` from the environment; this machine only unless told otherwise."""
    return f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or 8000}"


def serve(workers: int = 0) -> None:
    """Serve until stopped. `workers` processes; 0 for one per core, two at least. Raises CannotServe."""
    import gunicorn.http.message
    from gunicorn.app.base import BaseApplication
    from gunicorn.arbiter import Arbiter

    from bryggan.web import staticfiles

    # A filter address can be long: longer ones get our own page saying so, not gunicorn's.
    gunicorn.http.message.MAX_REQUEST_LINE = 64 * 1024
    staticfiles.prepare()
    settings: dict[str, Any] = {
        "bind": address(),
        "workers": workers or max(2, multiprocessing.cpu_count()),
        "worker_class": "gthread",
        # Enough for a slow answer beside a quick one. Four fought for the interpreter: bench/RESULTS.md, ideas.
        "threads": 2,
        "timeout": 60,
        "graceful_timeout": 20,
        "keepalive": 5,
        # A process is renewed now and then, each at its own time, so that no leak lives long.
        "max_requests": 50_000,
        "max_requests_jitter": 5_000,
        "loglevel": "warning",
        # Which proxies are believed is decided in one place: web/middleware.py.
        "forwarded_allow_ips": "",
        "limit_request_line": 64 * 1024,
        "preload_app": True,
        "control_socket_disable": True,
    }

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from django.db import connections

            from bryggan.alignment.warming import warm
            from bryggan.config.wsgi import application

            # Made once and shared by the processes; connections each opens for itself after the fork.
            warm()
            connections.close_all()
            # What all processes share is left alone when they look for what can be thrown away: without this one
            # answer in twenty of the fair's takes three times as long, and memory that was shared is copied.
            gc.collect()
            gc.freeze()
            return application

    try:
        Arbiter(Server()).run()
    except SystemExit as leave:
        if leave.code:
            raise CannotServe(f"the server at {address()} stopped with code {leave.code}") from leave
