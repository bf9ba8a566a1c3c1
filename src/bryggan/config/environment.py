"""Every setting that comes from the environment, read and checked in this one place.

`docs/operations.md` describes the same names for operators; a test holds the two together.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit


class BadEnvironment(Exception):
    """A variable has a value that cannot be used. The message names the variable."""


@dataclass(frozen=True)
class Environment:
    """The service's configuration. Fields are named for the variables, without BRYGGAN_."""

    data_dir: Path
    database_url: str
    secret_key: str
    allowed_hosts: tuple[str, ...]
    base_url: str
    demo: bool
    debug: bool
    trusted_proxies: tuple[str, ...]
    frame_ancestors: tuple[str, ...]
    rough_words: tuple[str, ...]
    require_sign_in: bool
    reminder_days: tuple[int, ...]
    email_url: str
    email_from: str
    log_level: str
    serve_static_age: int


def read(variables: Mapping[str, str] = os.environ) -> Environment:
    """Configuration from `variables`. Raises BadEnvironment naming the first one that cannot be used."""
    demo = _flag(variables, "BRYGGAN_DEMO")
    data_dir = Path(variables.get("BRYGGAN_DATA_DIR") or "var").resolve()
    base_url = (variables.get("BRYGGAN_BASE_URL") or "http://127.0.0.1:8000").rstrip("/")
    host = urlsplit(base_url).hostname
    if urlsplit(base_url).scheme not in ("http", "https") or not host:
        raise BadEnvironment(f"BRYGGAN_BASE_URL must be an http or https address, not {base_url!r}")
    local = host in ("127.0.0.1", "localhost", "::1")
    if demo and not local:
        raise BadEnvironment(
            f"BRYGGAN_DEMO has open demo accounts and runs on a local address only, not on {base_url!r}"
        )
    return Environment(
        data_dir=data_dir,
        database_url=variables.get("BRYGGAN_DATABASE_URL") or f"sqlite:///{data_dir / 'bryggan.sqlite3'}",
        secret_key=_secret_key(variables, data_dir, local),
        allowed_hosts=_list(variables, "BRYGGAN_ALLOWED_HOSTS")
        or (("127.0.0.1", "localhost", "[::1]", "testserver") if local else (host,)),
        base_url=base_url,
        demo=demo,
        debug=_flag(variables, "BRYGGAN_DEBUG"),
        trusted_proxies=_list(variables, "BRYGGAN_TRUSTED_PROXIES"),
        frame_ancestors=_list(variables, "BRYGGAN_FRAME_ANCESTORS"),
        rough_words=_list(variables, "BRYGGAN_ROUGH_WORDS"),
        require_sign_in=_flag(variables, "BRYGGAN_REQUIRE_SIGN_IN"),
        reminder_days=_days(variables, "BRYGGAN_REMINDER_DAYS", (7, 1)),
        email_url=variables.get("BRYGGAN_EMAIL_URL") or "console:",
        email_from=variables.get("BRYGGAN_EMAIL_FROM") or "Bryggan <bryggan@example.org>",
        log_level=(variables.get("BRYGGAN_LOG_LEVEL") or "INFO").upper(),
        serve_static_age=60 * 60 * 24 * 365,
    )


def django_database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.

    A PostgreSQL socket folder goes in the query: `postgresql:///NAME?host=/run/postgresql`.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme == "sqlite":
        path = unquote(parts.path)
        # Three slashes are a path from the root, as everywhere else; `sqlite:///:memory:` stays in memory.
        name = ":memory:" if path == "/:memory:" else path
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            # IMMEDIATE: a writer waits its turn at BEGIN, instead of failing in the middle when two upgrade at once.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-32000;",
            },
            "CONN_MAX_AGE": None,
        }
    if parts.scheme in ("postgres", "postgresql"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or options.pop("user", "")),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", "") or (parts.hostname or ""),
            "PORT": str(options.pop("port", "") or parts.port or ""),
            "OPTIONS": {**options, "connect_timeout": 5},
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
        }
    raise BadEnvironment(f"BRYGGAN_DATABASE_URL must begin with sqlite:// or postgresql://, not {parts.scheme!r}")


def django_email(url: str) -> dict[str, object]:
    """Django's e-mail settings for `console:`, `memory:`, or `smtp://USER:PASSWORD@HOST:PORT?tls=1|ssl=1`."""
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme == "memory":
        return {"EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"}
    if parts.scheme == "smtp":
        options = dict(parse_qsl(parts.query))
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname or "localhost",
            "EMAIL_PORT": parts.port or 25,
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_TLS": options.get("tls") == "1",
            "EMAIL_USE_SSL": options.get("ssl") == "1",
            "EMAIL_TIMEOUT": 20,
        }
    raise BadEnvironment(f"BRYGGAN_EMAIL_URL must begin with console:, memory: or smtp://, not {parts.scheme!r}")


def _secret_key(variables: Mapping[str, str], data_dir: Path, local: bool) -> str:
    """The key from the environment; on a local address one is made once and kept in the data folder."""
    given = variables.get("BRYGGAN_SECRET_KEY")
    if given:
        if len(given) < 32:
            raise BadEnvironment("BRYGGAN_SECRET_KEY must have at least 32 characters")
        return given
    if not local:
        raise BadEnvironment("BRYGGAN_SECRET_KEY must be set when BRYGGAN_BASE_URL is not a local address")
    kept = data_dir / "secret_key"
    with contextlib.suppress(FileNotFoundError):
        return kept.read_text()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        # Made under another name and linked into place: of two first starts, both end up with the same key.
        draft = data_dir / f".secret_key.{os.getpid()}"
        draft.write_text(secrets.token_urlsafe(48))
        draft.chmod(0o600)
        with contextlib.suppress(FileExistsError):
            os.link(draft, kept)
        draft.unlink()
        return kept.read_text()
    except OSError as error:
        raise BadEnvironment(f"BRYGGAN_DATA_DIR cannot be written: {error}") from error


def _flag(variables: Mapping[str, str], name: str) -> bool:
    value = (variables.get(name) or "0").strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise BadEnvironment(f"{name} must be 1 or 0, not {value!r}")


def _days(variables: Mapping[str, str], name: str, usual: tuple[int, ...]) -> tuple[int, ...]:
    """Numbers of days, most first; `0` alone is none at all."""
    parts = _list(variables, name)
    if not parts:
        return usual
    if parts == ("0",):
        return ()
    if not all(part.isascii() and part.isdigit() and 1 <= int(part) <= 60 for part in parts):
        raise BadEnvironment(f"{name} must be numbers of days from 1 to 60, or 0 for none, not {variables[name]!r}")
    return tuple(sorted({int(part) for part in parts}, reverse=True))


def _list(variables: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in (variables.get(name) or "").split(",") if part.strip())
