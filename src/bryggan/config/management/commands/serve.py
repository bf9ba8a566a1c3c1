from __future__ import annotations

import multiprocessing
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.wsgi import get_wsgi_application


class Command(BaseCommand):
    help = "Serve pages and API on $HOST:$PORT (127.0.0.1:8000), with gunicorn."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=0, help="processes; default one per core, two at least")

    def handle(self, *, workers: int, **_options: Any) -> None:
        from gunicorn.app.base import BaseApplication
        from gunicorn.arbiter import Arbiter

        from bryggan.web.staticfiles import prepare

        if workers < 0:
            raise CommandError("--workers must be at least 1")
        address = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or 8000}"
        prepare()

        class Server(BaseApplication):  # type: ignore[misc]
            def load_config(self) -> None:
                settings = {
                    "bind": address,
                    "workers": workers or max(2, multiprocessing.cpu_count()),
                    "worker_class": "gthread",
                    "threads": 4,
                    "timeout": 60,
                    "graceful_timeout": 20,
                    "keepalive": 5,
                    "max_requests": 20_000,
                    "max_requests_jitter": 2_000,
                    "control_socket_disable": True,
                    "loglevel": "warning",
                    "forwarded_allow_ips": "",
                    "limit_request_line": 16_000,
                    "preload_app": True,
                }
                for name, value in settings.items():
                    if name in self.cfg.settings:
                        self.cfg.set(name, value)

            def load(self) -> Any:
                return get_wsgi_application()

        try:
            Arbiter(Server()).run()
        except SystemExit as leave:
            if leave.code:
                raise CommandError(f"the server stopped (code {leave.code}); is {address} taken?") from leave
