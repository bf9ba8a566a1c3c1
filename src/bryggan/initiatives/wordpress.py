"""Format A: the innovation database itself, WordPress with the plugin api-project-manager, read over its REST API.

What surprised us: the default order loses items where dates tie, so ascending ids are asked for; a short
page is not the last one, only X-WP-TotalPages is; past the end posts answer 400 and terms an empty list;
`status` is a taxonomy; nothing tells of deletions or of renamed terms; no public addresses are given.
A public site that copied the database answers at the same path with poorer content (format B): refused.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from bryggan.common.fetching import Answer, Fetcher, FetchError, NotJson, whole_json
from bryggan.initiatives import values, wordpress_items
from bryggan.initiatives.models import Source
from bryggan.initiatives.remote import (
    Fate,
    NotReadable,
    NotTaken,
    Page,
    RemotePicture,
    RemoteTerm,
    Uneven,
    Vocabulary,
)
from bryggan.initiatives.wordpress_items import Broken, Known

log = logging.getLogger(__name__)

MOST_REMARKS = 500
_MEDIA_FIELDS = "id,media_type,source_url,alt_text,caption,media_details,modified_gmt"


class Refused(FetchError):
    """WordPress answered, and said no; `code` is its word for why, `status` the number."""

    def __init__(self, address: str, status: int, code: str) -> None:
        super().__init__(address, f"status {status}{f', {code}' if code else ''}")
        self.status = status
        self.code = code


class Copied(NotReadable):
    """The address leads to a public site that copied the database (format B)."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} is a public web site with copies of the initiatives (format B), without their status, "
            "department and school-relevant texts. Give the address of the innovation database itself (format A), "
            "or of the search service that the site reads (format C)."
        )


def recognise(items: list[Any]) -> str:
    """`A` for the database's own items, `B` for a public site's copies of them, empty for anything else."""
    rows = [item for item in items if isinstance(item, dict)]
    if any("project_what" in row and "organisation" in row for row in rows):
        return "A"
    return "B" if any(row.get("status") == "publish" for row in rows) else ""


class Api:
    """Asking one WordPress REST API. `base` is the address of its `wp/v2`, also as `?rest_route=/wp/v2`."""

    def __init__(self, fetcher: Fetcher, base: str) -> None:
        self.fetcher = fetcher
        self.base = base

    def get(self, path: str, **params: str | int) -> Answer:
        """The answer to a GET below `base`, its JSON checked; raises Refused for every status but 200."""
        answer = self.fetcher.get(self.base + path, params, check=whole_json)
        if answer.status != 200:
            raise Refused(answer.address, answer.status, _code(answer))
        return answer

    def list(self, path: str, **params: str | int) -> tuple[list[Any], Answer]:
        answer = self.get(path, **params)
        found = answer.json()
        if not isinstance(found, list):
            raise FetchError(answer.address, f"a list was expected, not {type(found).__name__}")
        return found, answer


def bases(address: str) -> list[str]:
    """Where the API of the site at `address` may answer: one place when the address says so, else two.

    Understood: a site's root, its `/wp-json`, its `/wp-json/wp/v2` (also followed by `/project`), and
    `?rest_route=`, which works where pretty addresses are switched off.
    """
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    if "rest_route" in dict(parse_qsl(parts.query, keep_blank_values=True)):
        return [urlunsplit((parts.scheme, parts.netloc, path + "/", "rest_route=/wp/v2", ""))]
    root, found, _rest = path.partition("/wp-json")
    pretty = urlunsplit((parts.scheme, parts.netloc, f"{root}/wp-json/wp/v2", "", ""))
    return (
        [pretty] if found else [pretty, urlunsplit((parts.scheme, parts.netloc, root + "/", "rest_route=/wp/v2", ""))]
    )


class WordPressReader:
    """Reads one format A source. See `remote.Reader`."""

    format = Source.Format.WORDPRESS.value
    attempts = 4

    def __init__(self, fetcher: Fetcher, base: str, *, pause_seconds: float = 2.0) -> None:
        self.api = Api(fetcher, base)
        self.pause_seconds = pause_seconds
        self.remarks: list[tuple[str, str]] = []
        # What each list held when it was last read, by path: for `check-source`.
        self.totals: dict[str, int] = {}
        self._known = Known()
        self._media: dict[str, RemotePicture | None] = {}

    def vocabulary(self) -> Vocabulary:
        """Terms, then challenges, then platforms. A list that the site does not have counts as empty."""
        terms: dict[tuple[str, str], RemoteTerm] = {}
        for name in wordpress_items.ENDPOINTS:
            kind = wordpress_items.KINDS[name]
            for row in self._optional(f"/{name}"):
                found = wordpress_items.term(row, kind) if isinstance(row, dict) else None
                if found:
                    terms[kind, found.remote_id] = found
                else:
                    self._remark("", f"/{name} holds a term without id or name, left out")
        known = Known(terms=terms)
        challenges = [
            wordpress_items.challenge(row, known)
            for row in self._optional("/challenge")
            if self._is_public(row, "/challenge")
        ]
        platforms = [
            wordpress_items.platform(row) for row in self._optional("/platform") if self._is_public(row, "/platform")
        ]
        self._known = Known(
            terms=terms,
            challenges=frozenset(each.remote_id for each in challenges),
            platforms=frozenset(each.remote_id for each in platforms),
        )
        return Vocabulary(list(terms.values()), challenges, platforms)

    def pages(self, *, changed_after: datetime | None = None) -> Iterator[Page]:
        self._media.clear()
        params: dict[str, str | int] = {}
        if changed_after:
            # With Z it is an instant; without, the site would take it for its own local time.
            params["modified_after"] = f"{changed_after.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
        for items in self._collection("/project", **params):
            if items and recognise(items) != "A":
                if recognise(items) == "B":
                    raise Copied(self.api.base)
                raise NotReadable(
                    f"{self.api.base}/project holds items of an unknown shape: {_keys(items)}. "
                    "They are neither the innovation database's (format A) nor a public site's copies (format B)."
                )
            yield self._page(items)

    def total(self) -> int:
        _found, answer = self.api.list("/project", per_page=1, orderby="id", order="asc", _fields="id")
        return _header(answer, "x-wp-total")

    def fate_of(self, remote_id: str) -> Fate:
        """Asked of every id that vanished: 404 is deleted, 401 is unpublished or in the bin."""
        try:
            self.api.get(f"/project/{remote_id}", _fields="id")
        except Refused as error:
            if error.status in (404, 410):
                return Fate.DELETED
            if error.status in (401, 403) and error.code == "rest_forbidden":
                return Fate.UNPUBLISHED
            raise
        return Fate.STILL_THERE

    def _page(self, items: list[Any]) -> Page:
        page = Page()
        media = self._featured(items)
        for place, item in enumerate(items, start=1):
            try:
                remote_id = wordpress_items.id_of(item)
            except Broken as error:
                page.refused.append(NotTaken(f"item {place} of its page", str(error), has_id=False))
                continue
            reason = wordpress_items.why_left_out(item)
            if reason:
                page.left_out.append(NotTaken(remote_id, reason))
                continue
            try:
                page.initiatives.append(wordpress_items.initiative(item, self._known, media, self._remark))
            except Exception as error:  # One bad item must not stop the others; it is refused by name.
                log.exception("Initiative %s of %s cannot be understood", remote_id, self.api.base)
                page.refused.append(NotTaken(remote_id, f"cannot be understood: {type(error).__name__}: {error}"))
        return page

    def _collection(self, path: str, **params: str | int) -> Iterator[list[Any]]:
        """The pages of one list by ascending id. Raises Uneven at the end when its count and its totals differ."""
        seen: set[str] = set()
        nameless = page = 0
        first_total: int | None = None
        while True:
            page += 1
            try:
                items, answer = self.api.list(path, per_page=100, page=page, orderby="id", order="asc", **params)
            except Refused as error:
                if error.code == "rest_post_invalid_page_number" and page > 1:
                    raise Uneven(f"{path} became shorter while it was read") from error
                raise
            total, pages = _header(answer, "x-wp-total"), _header(answer, "x-wp-totalpages")
            if first_total is None:
                first_total = total
            for item in items:
                remote_id = values.identity(item.get("id")) if isinstance(item, dict) else ""
                if remote_id:
                    seen.add(remote_id)
                else:
                    nameless += 1
            yield items
            if page >= pages:
                break
        self.totals[path] = total
        if not first_total == total == len(seen) + nameless:
            raise Uneven(
                f"{path} holds {len(seen) + nameless} different items, but says {first_total} on its first page "
                f"and {total} on its last"
            )

    def _optional(self, path: str) -> Iterator[Any]:
        try:
            for items in self._collection(path):
                yield from items
        except Refused as error:
            if error.code != "rest_no_route":
                raise
            self._remark("", f"the site has no {path}")

    def _is_public(self, row: object, path: str) -> bool:
        try:
            wordpress_items.id_of(row)
        except Broken as error:
            self._remark("", f"{path} holds an item that {error}, left out")
            return False
        return (
            isinstance(row, dict) and not wordpress_items.why_left_out(row) and row.get("status") in (None, "publish")
        )

    def _featured(self, items: list[Any]) -> dict[str, RemotePicture]:
        """The featured pictures of a page of items: asked for in one go, each once in a read."""
        wanted = {values.identity(item.get("featured_media")) for item in items if isinstance(item, dict)} - {""}
        missing = sorted(wanted - self._media.keys(), key=int)
        if missing:
            found = self._media_list(missing)
            # A site may keep its list of media to itself and still show one at a time.
            for remote_id in missing if not found else ():
                try:
                    found[remote_id] = wordpress_items.picture_of_media(self.api.get(f"/media/{remote_id}").json())
                except Refused:
                    found[remote_id] = None
            self._media.update({remote_id: found.get(remote_id) for remote_id in missing})
            for remote_id in missing:
                if self._media[remote_id] is None:
                    self._remark("", f"picture {remote_id} is deleted or hidden")
        return {remote_id: picture for remote_id in wanted if (picture := self._media[remote_id])}

    def _media_list(self, ids: list[str]) -> dict[str, RemotePicture | None]:
        params: dict[str, str | int] = {"include": ",".join(ids), "per_page": 100, "_fields": _MEDIA_FIELDS}
        try:
            rows, _answer = self.api.list("/media", **params)
        except Refused:
            return {}
        by_id = {values.identity(row.get("id")): row for row in rows if isinstance(row, dict)}
        return {each: wordpress_items.picture_of_media(by_id[each]) for each in ids if each in by_id}

    def _remark(self, remote_id: str, remark: str) -> None:
        log.debug("%s %s: %s", self.api.base, remote_id, remark)
        if len(self.remarks) < MOST_REMARKS and (remote_id, remark) not in self.remarks:
            self.remarks.append((remote_id, remark))


def _code(answer: Answer) -> str:
    try:
        found = answer.json()
    except NotJson:
        return ""
    return str(found.get("code") or "") if isinstance(found, dict) else ""


def _header(answer: Answer, name: str) -> int:
    number = values.whole_number(answer.headers.get(name))
    if number is None or number < 0:
        raise FetchError(answer.address, f"the answer lacks the header {name}, so its end cannot be known")
    return number


def _keys(items: list[Any]) -> str:
    keys = next((sorted(item) for item in items if isinstance(item, dict)), [])
    return ", ".join(keys)[:200] or "no objects"
