"""Which adapter reads a source: told by its setting, else by what answers at its address.

Anything unknown is refused aloud, with what was found and what would be right.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bryggan.common.fetching import BadAddress, Fetcher, NotJson, web_address, whole_json
from bryggan.initiatives import schema_org, wordpress
from bryggan.initiatives.models import Source
from bryggan.initiatives.remote import NotReadable, Reader

# What people may write for a format, besides its name: the letters of the interface's description.
FORMAT_NAMES = {
    "auto": Source.Format.AUTO,
    "a": Source.Format.WORDPRESS,
    "wordpress": Source.Format.WORDPRESS,
    "c": Source.Format.SCHEMA_ORG,
    "schema_org": Source.Format.SCHEMA_ORG,
    "demo": Source.Format.DEMO,
}
LETTERS = {Source.Format.WORDPRESS: "A", Source.Format.SCHEMA_ORG: "C", Source.Format.DEMO: "demo"}
# A site that wants to be left alone for longer is left alone; the next sync finds it again.
LONGEST_WAIT = 30.0
PAUSE_SECONDS = 2.0


@contextmanager
def opened(source: Source, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Reader]:
    """A reader for `source`. Raises NotReadable or FetchError when there is none that fits."""
    if source.format == Source.Format.DEMO:
        from bryggan.initiatives.demo import DemoReader

        yield DemoReader()
        return
    path = local_path(source.address)
    if path:
        if path.suffix.lower() not in (".json", ".jsonld") or not path.is_file():
            raise NotReadable(
                f"{source.address[:200]} is neither an http or https address nor a .json file that exists"
            )
        if source.format == Source.Format.WORDPRESS:
            raise NotReadable(f"{path} is a file, and format A is read from a web address")
        yield schema_org.SchemaOrgReader(schema_org.local_file(path), pause_seconds=0.1)
        return
    address = web_address_of(source.address)
    with Fetcher(
        private_hosts=frozenset({urlsplit(address).hostname or ""}),
        headers={"Cache-Control": "no-cache", **_key(source)},
        read_seconds=120,
        longest_wait=LONGEST_WAIT,
        sleep=sleep,
    ) as fetcher:
        yield _reader(source, fetcher, address)


def local_path(address: str) -> Path | None:
    """The file that `address` means; None for a web address."""
    if address.startswith("file://"):
        return Path(urlsplit(address).path)
    return Path(address) if address and "://" not in address else None


def web_address_of(address: str) -> str:
    try:
        return web_address(address)
    except BadAddress as error:
        raise NotReadable(
            f"{address[:200] or 'an empty address'} cannot be read: {error.reason}. "
            "A source is a site's http or https address, or a file."
        ) from error


def _key(source: Source) -> dict[str, str]:
    if not source.key_variable:
        return {}
    key = os.environ.get(source.key_variable, "").strip()
    if not key:
        raise NotReadable(f"the environment variable {source.key_variable} holds no search key")
    return {schema_org.KEY_HEADER: key}


def _reader(source: Source, fetcher: Fetcher, address: str) -> Reader:
    path = urlsplit(address).path
    looks_like_file = path.lower().endswith((".json", ".jsonld"))
    if source.format == Source.Format.SCHEMA_ORG and not looks_like_file:
        return _schema_org(fetcher, address)
    if source.format == Source.Format.WORDPRESS:
        return _wordpress(fetcher, address)
    if looks_like_file:
        return schema_org.SchemaOrgReader(schema_org.web_file(fetcher, address), pause_seconds=PAUSE_SECONDS)
    if source.key_variable or "/collections/" in path:
        return schema_org.SchemaOrgReader(schema_org.typesense(fetcher, address), pause_seconds=PAUSE_SECONDS)
    try:
        return _wordpress(fetcher, address)
    except NotReadable as error:
        if isinstance(error, wordpress.Copied):
            raise
        if _is_documents(fetcher, address):
            return schema_org.SchemaOrgReader(schema_org.web_file(fetcher, address), pause_seconds=PAUSE_SECONDS)
        if _is_typesense(fetcher, address):
            raise NotReadable(
                f"{address} is a Typesense search service (format C), which needs a search key: "
                "put it in an environment variable and name that variable in the source"
            ) from error
        raise


def _schema_org(fetcher: Fetcher, address: str) -> Reader:
    read = schema_org.web_file if _is_documents(fetcher, address) else schema_org.typesense
    return schema_org.SchemaOrgReader(read(fetcher, address), pause_seconds=PAUSE_SECONDS)


def _wordpress(fetcher: Fetcher, address: str) -> Reader:
    """A reader for the database whose API answers at `address`. Raises NotReadable, saying what does instead."""
    heard = ""
    for base in wordpress.bases(address):
        shape = _shape(fetcher, base)
        if shape == "A":
            return wordpress.WordPressReader(fetcher, base, pause_seconds=PAUSE_SECONDS)
        if shape == "B":
            raise wordpress.Copied(base)
        # What the first place said is the better explanation: the second is tried on a guess.
        heard = heard or shape
    raise NotReadable(heard)


def _shape(fetcher: Fetcher, base: str) -> str:
    """`A` or `B`, or a sentence on what answers at `base` instead."""
    try:
        answer = fetcher.get(
            f"{base}/project", {"per_page": 10, "page": 1, "orderby": "id", "order": "asc"}, check=whole_json
        )
        found = answer.json()
    except NotJson as error:
        return (
            f"{base} is not a WordPress REST API: {error.reason}. Give the address of the innovation database itself."
        )
    if answer.status == 200 and isinstance(found, list):
        # An empty database is known by its list of statuses, which a public site does not show.
        if not found and fetcher.get(f"{base}/status", {"per_page": 1}).status == 200:
            return "A"
        return wordpress.recognise(found) or _unknown(base, found, 200)
    code = found.get("code") if isinstance(found, dict) else None
    if code == "rest_no_route":
        return (
            f"{base} is WordPress but has no initiatives at /project. If it is the public site, give the address of "
            "the innovation database (format A) or of the search service that the site reads (format C)."
        )
    if isinstance(code, str) and code.startswith("rest_"):
        return f"{base} is WordPress, but does not let us read /project: status {answer.status}, {code}"
    return _unknown(base, found, answer.status)


def _unknown(base: str, found: object, status: int) -> str:
    if isinstance(found, list):
        found = next((row for row in found if isinstance(row, dict)), {})
    keys = ", ".join(sorted(map(str, found)))[:200] if isinstance(found, dict) else type(found).__name__
    return f"{base}/project answers with status {status} in a shape that we do not know: {keys or 'nothing in it'}"


def _is_documents(fetcher: Fetcher, address: str) -> bool:
    answer = fetcher.get(address)
    if answer.status != 200:
        return False
    try:
        return schema_org.is_documents(answer.json())
    except NotJson:
        return False


def _is_typesense(fetcher: Fetcher, address: str) -> bool:
    answer = fetcher.get(f"{address.rstrip('/')}/health")
    try:
        return answer.status == 200 and answer.json() == {"ok": True}
    except NotJson:
        return False
