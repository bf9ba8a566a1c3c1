"""Asking other systems politely: one request at a time, by name, with patience and with limits.

Everything that leaves this service goes through `Fetcher`, so that waiting, retrying, body limits and
the ban on private addresses are decided in one place.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpcore2
import httpx2

from bryggan import __version__

USER_AGENT = f"Bryggan/{__version__} (city initiatives for schools)"
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class FetchError(Exception):
    """The answer could not be had, or was not what was asked for. `address` and `reason` say what and why."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")
        self.address = address
        self.reason = reason


class BadAddress(FetchError):
    """Not an http(s) address, or one that this service must not ask."""


class AskedToWait(FetchError):
    """The other side wants to be left alone for longer than this task can wait."""


class NotJson(FetchError):
    """An answer that should be JSON and is something else."""


@dataclass(frozen=True)
class Answer:
    """One answer: status, headers with lower-case names, and the body in bytes."""

    address: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body. Raises NotJson when it is something else, whatever its content type says."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        try:
            # NaN and Infinity are no JSON, and no database takes them.
            return json.loads(self.body, parse_constant=lambda _name: None)
        except (ValueError, RecursionError) as error:
            start = self.body[:60].decode("utf-8", "replace").strip()
            raise NotJson(self.address, f"the answer is not JSON ({error}); it begins {start!r}") from error


def web_address(text: str) -> str:
    """`text` as an http(s) address with its path percent-encoded once. Raises BadAddress for anything else."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        host = parts.hostname
        port = parts.port
    except ValueError as error:
        raise BadAddress(text[:200], f"not a web address ({error})") from error
    if parts.scheme not in ("http", "https") or not host:
        raise BadAddress(text[:200], "not an http or https address")
    if parts.username or parts.password:
        raise BadAddress(text[:200], "an address with a user name in it is not asked")
    try:
        netloc = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError as error:
        raise BadAddress(text[:200], "the host name cannot be used") from error
    if ":" in netloc:
        netloc = f"[{netloc}]"
    if port:
        netloc += f":{port}"
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]")
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def is_public(ip: str) -> bool:
    """True for an address on the open internet: not this machine, not a private or reserved network."""
    address = ipaddress.ip_address(ip.split("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast


class _GuardedBackend(httpcore2.SyncBackend):
    """Resolves a name once, checks what it got and connects to exactly that: no second look-up to cheat."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        self._private_hosts = private_hosts

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore2.ConnectError(f"no address for {host}: {error}") from error
        last: Exception = httpcore2.ConnectError(f"no address for {host}")
        for *_rest, (ip, *_more) in found:
            if host not in self._private_hosts and not is_public(str(ip)):
                raise BadAddress(host, "leads to a private address, which is not asked")
            try:
                return super().connect_tcp(str(ip), port, timeout, local_address, socket_options)
            except httpcore2.ConnectError as error:
                last = error
        raise last


class _GuardedTransport(httpx2.HTTPTransport):
    def __init__(self, private_hosts: frozenset[str]) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=2,
            network_backend=_GuardedBackend(private_hosts),
        )


@dataclass
class Fetcher:
    """A client for one task. Use as a context manager.

    `private_hosts` names the hosts that may lie on a private address: those an administrator has written
    down as a source. Addresses found in data never belong there.
    """

    private_hosts: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)
    tries: int = 4
    connect_seconds: float = 10
    read_seconds: float = 60
    # Longest wait that a Retry-After is honoured for; a longer one ends the task.
    longest_wait: float = 600
    first_wait: float = 1.0
    pause_seconds: float = 0.0
    largest_body: int = 64 * 1024 * 1024
    sleep: Callable[[float], None] = time.sleep
    redirects: int = 3

    def __enter__(self) -> Fetcher:
        self._client = httpx2.Client(
            transport=_GuardedTransport(self.private_hosts),
            headers={"User-Agent": USER_AGENT},
            timeout=httpx2.Timeout(self.read_seconds, connect=self.connect_seconds),
            follow_redirects=False,
            trust_env=False,
        )
        self._asked_at = 0.0
        return self

    def __exit__(self, *_exception: object) -> None:
        self._client.close()

    def get(
        self,
        address: str,
        params: Mapping[str, str | int] | None = None,
        *,
        check: Callable[[Answer], object] | None = None,
    ) -> Answer:
        """The answer to a GET, whatever its status, after retries for what passes by itself.

        Retried: no connection, a connection cut short, a timeout, the statuses in RETRIED_STATUSES, and an
        answer for which `check` raises FetchError (JSON cut off, HTML in place of JSON). Raises FetchError
        when the tries are used up, BadAddress when the address must not be asked.
        """
        address = web_address(address)
        if params:
            joiner = "&" if "?" in address else "?"
            address += joiner + "&".join(
                f"{quote(k, safe='[]')}={quote(str(v), safe=':,*')}" for k, v in params.items()
            )
        problem = "no answer"
        for attempt in range(1, self.tries + 1):
            wait = self.first_wait * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311
            try:
                answer = self._once(address)
                if answer.status in RETRIED_STATUSES:
                    problem = f"status {answer.status}"
                    asked_wait = _retry_after(answer.headers.get("retry-after"))
                    if asked_wait is not None:
                        if asked_wait > self.longest_wait:
                            raise AskedToWait(address, f"{problem}, and asks us to wait {asked_wait:.0f} s")
                        wait = max(asked_wait, 0)
                else:
                    if check:
                        check(answer)
                    return answer
            except httpx2.TimeoutException:
                problem = "timed out"
            except (httpx2.TransportError, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
                problem = f"no whole answer ({error})"
            except (BadAddress, AskedToWait):
                raise
            except FetchError as error:
                if attempt == self.tries:
                    raise
                problem = error.reason
            if attempt < self.tries:
                self.sleep(wait)
        raise FetchError(address, f"{problem}, after {self.tries} tries")

    def get_json(self, address: str, params: Mapping[str, str | int] | None = None) -> tuple[Any, Answer]:
        """The decoded JSON body and the answer; an answer that is not JSON is retried, then refused."""
        answer = self.get(address, params, check=lambda answer: answer.json())
        return answer.json(), answer

    def _once(self, address: str) -> Answer:
        left = self._asked_at + self.pause_seconds - time.monotonic()
        if left > 0:
            self.sleep(left)
        origin = _origin(address)
        for _hop in range(self.redirects + 1):
            self._asked_at = time.monotonic()
            # Keys are for the host they were given for, not for wherever it sends us.
            own = dict(self.headers) if _origin(address) == origin else {}
            with self._client.stream("GET", address, headers=own) as response:
                if response.is_redirect and response.has_redirect_location:
                    location = str(response.url.join(response.headers["location"]))
                    address = web_address(location)
                    continue
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self.largest_body:
                        raise BadAddress(address, f"the answer is larger than {self.largest_body} bytes")
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(address, response.status_code, headers, bytes(body))
        raise BadAddress(address, "redirected too many times")


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def whole_json(answer: Answer) -> None:
    """A `check` for `Fetcher.get`: an answer with status 200 must be JSON, others may be anything.

    Errors may come from a firewall in HTML; HTML with 200 may be its passing mood, and is worth asking again.
    """
    if answer.status == 200:
        answer.json()


def _retry_after(text: str | None) -> float | None:
    """Seconds to wait by a Retry-After header, which holds seconds or a date; None when there is none to use."""
    if not text:
        return None
    with contextlib.suppress(ValueError):
        return float(text)
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return None
