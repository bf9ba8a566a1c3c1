"""Format C: schema.org `Project` documents, from a Typesense collection, a file or a web address with a JSON array.

What surprised us: the pipeline behind it empties the collection and fills it again every five minutes, so
one read proves nothing: two in a row must be alike, and an empty one is never believed. `@id` is the key,
`id` is new on every reload. The texts are one HTML string with a heading per section. A stopped initiative
has progress 0 and is told apart by its status' name. No recordings exist: samples in tests are made by hand.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from bryggan.common import safe_html
from bryggan.common.fetching import Answer, Fetcher, FetchError, whole_json
from bryggan.initiatives import values
from bryggan.initiatives.models import Source, Term
from bryggan.initiatives.remote import (
    DEPARTMENT,
    Fate,
    NotReadable,
    NotTaken,
    Page,
    RemoteInitiative,
    RemotePicture,
    RemoteTerm,
    Uneven,
    Vocabulary,
    in_order,
)

KEY_HEADER = "X-TYPESENSE-API-KEY"
# Typesense's own maximum.
PER_PAGE = 250
LARGEST_FILE = 64 * 1024 * 1024

_H2 = re.compile(r"<h2[^>]{0,300}>(.{0,500}?)</h2>", re.IGNORECASE | re.DOTALL)
_LIST_ITEM = re.compile(r"<li[^>]{0,300}>(.{0,2000}?)</li>", re.IGNORECASE | re.DOTALL)
_TEXTS = {"vad": "what", "hur": "how", "varför": "why", "lärdomar": "lessons"}
_NO_STATUS = frozenset({"", "n/a", "status ej angiven"})

Documents = Callable[[], Iterator[list[Any]]]


class SchemaOrgReader:
    """Reads one format C source. See `remote.Reader`. `documents` starts one read and answers its pages."""

    format = Source.Format.SCHEMA_ORG.value
    # The first read, and up to five more until two in a row are alike.
    attempts = 6

    def __init__(self, documents: Documents, *, pause_seconds: float = 2.0) -> None:
        self._documents = documents
        self.pause_seconds = pause_seconds
        self.remarks: list[tuple[str, str]] = []
        self._last_read = b""

    def vocabulary(self) -> Vocabulary:
        return Vocabulary()

    def pages(self, *, changed_after: datetime | None = None) -> Iterator[Page]:
        seen: set[str] = set()
        digests = []
        for documents in self._documents():
            page = Page()
            for place, document in enumerate(documents, start=1):
                digests.append(_digest(document))
                self._take(document, place, seen, page)
            yield page
        if not digests:
            self._last_read = b""
            raise Uneven("the source answered with no initiatives at all, as it does while it is filled anew")
        this_read = b"".join(sorted(digests))
        if this_read != self._last_read:
            self._last_read = this_read
            raise Uneven("two reads in a row were not alike")

    def total(self) -> None:
        return None

    def fate_of(self, remote_id: str) -> Fate:
        """Nothing can be asked about one; that two whole reads lacked it is all there is to know."""
        return Fate.DELETED

    def _take(self, document: object, place: int, seen: set[str], page: Page) -> None:
        if not isinstance(document, dict):
            reason = f"not an object but {type(document).__name__}"
            page.refused.append(NotTaken(f"item {place} of its page", reason, has_id=False))
            return
        if document.get("@type") != "Project":
            self.remarks.append(
                (values.text_line(document.get("@id")), f"is a {document.get('@type')!r}, passed over")
            )
            return
        remote_id = values.text_line(document.get("@id"))[:120]
        if not remote_id:
            page.refused.append(NotTaken(f"item {place} of its page", "has no @id", has_id=False))
        elif remote_id in seen:
            self.remarks.append((remote_id, "comes twice, the first was kept"))
        else:
            seen.add(remote_id)
            try:
                page.initiatives.append(initiative(remote_id, document))
            except Exception as error:  # noqa: BLE001 - one bad document must not stop the others.
                reason = f"cannot be understood: {type(error).__name__}: {error}"
                page.refused.append(NotTaken(remote_id, reason))


def typesense(fetcher: Fetcher, address: str) -> Documents:
    """The documents of a Typesense collection; `Project` unless the address names another."""
    parts = urlsplit(address)
    named = re.search(r"/collections/([^/]+)", parts.path)
    root = parts.path[: named.start()] if named else parts.path.rstrip("/")
    path = f"{root}/collections/{named[1] if named else 'Project'}/documents/search"
    search = urlunsplit((parts.scheme, parts.netloc, path, "", ""))

    def read() -> Iterator[list[Any]]:
        page = taken = 0
        while True:
            page += 1
            answer = fetcher.get(search, {"q": "*", "per_page": PER_PAGE, "page": page}, check=whole_json)
            if answer.status in (401, 403):
                raise NotReadable(f"{search} refuses the search key: check the environment variable that holds it")
            if answer.status != 200:
                raise FetchError(answer.address, f"status {answer.status}")
            found = answer.json()
            documents = hits(found)
            if documents is None:
                raise NotReadable(f"{search} does not answer like Typesense: no `hits`")
            if not documents:
                break
            taken += len(documents)
            yield documents
            total = values.whole_number(found.get("found"))
            if total is not None and taken > total + PER_PAGE:
                raise Uneven(f"the source goes on after the {total} documents that it says it has")
        if page > 1 and values.whole_number(found.get("found")) not in (None, taken):
            raise Uneven(f"the source says it has {found.get('found')} documents and gave {taken}")

    return read


def web_file(fetcher: Fetcher, address: str) -> Documents:
    """The documents of a JSON file on the web."""

    def read() -> Iterator[list[Any]]:
        answer = fetcher.get(address, check=whole_json)
        if answer.status != 200:
            raise FetchError(answer.address, f"status {answer.status}")
        yield from _in_pages(answer.json(), address)

    return read


def local_file(path: Path) -> Documents:
    """The documents of a JSON file on this machine."""

    def read() -> Iterator[list[Any]]:
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise NotReadable(f"{path} is larger than {LARGEST_FILE} bytes")
            found = Answer(str(path), 200, {}, path.read_bytes()).json()
        except OSError as error:
            raise NotReadable(f"{path} cannot be read: {error.strerror}") from error
        yield from _in_pages(found, str(path))

    return read


def hits(found: object) -> list[Any] | None:
    """The documents of one Typesense answer; None when it is none."""
    rows = found.get("hits") if isinstance(found, dict) else None
    if not isinstance(rows, list):
        return None
    return [row.get("document") if isinstance(row, dict) else row for row in rows]


def is_documents(found: object) -> bool:
    """True for a list, or a Typesense answer, that holds at least one schema.org Project."""
    rows = found if isinstance(found, list) else hits(found) or []
    return any(isinstance(row, dict) and row.get("@type") == "Project" for row in rows)


def _in_pages(found: object, where: str) -> Iterator[list[Any]]:
    rows = found if isinstance(found, list) else hits(found)
    if rows is None or (rows and not is_documents(rows)):
        raise NotReadable(f"{where} holds no list of schema.org Project documents (format C)")
    for start in range(0, len(rows), PER_PAGE):
        yield rows[start : start + PER_PAGE]


def _digest(document: object) -> bytes:
    if isinstance(document, dict):
        document = {name: value for name, value in document.items() if name != "id"}
    text = json.dumps(document, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def initiative(remote_id: str, document: Mapping[str, Any]) -> RemoteInitiative:
    """One `Project` document."""
    texts, other, goals, runners = _sections(_description(document.get("description")))
    title = values.title(_name(document.get("name")), texts.get("what", ""))
    department = _term(DEPARTMENT, _inner(document, "department", "name"))
    status, progress, is_stopped = _status(document)
    categories = _meta(document, "category", Term.Kind.CATEGORY)
    technologies = _meta(document, "technology", Term.Kind.TECHNOLOGY)
    budget_text = values.text_line(_inner(document, "funding", "amount"))[:200]
    started = values.text_line(document.get("foundingDate"))[:60]
    what = texts.get("what", "")
    return RemoteInitiative(
        remote_id=remote_id,
        title=title,
        slug=values.own_slug(title),
        summary=values.summary_of(what or other),
        language=values.language_of(safe_html.text_of(what + other)),
        what_html=what,
        why_html=texts.get("why", ""),
        how_html=texts.get("how", ""),
        lessons_html=texts.get("lessons", ""),
        other_html=other,
        status=status,
        progress=progress,
        is_stopped=is_stopped,
        category=categories[0] if categories else None,
        terms=in_order([*categories[1:], *technologies]),
        department=department,
        participants=in_order([each for each in runners if each != department]),
        impact_goals=tuple({"goal": goal, "comment": "", "completed": False} for goal in goals),
        budget_text=budget_text,
        budget=values.kronor(budget_text),
        started_text=started,
        source_created_at=values.moment(None, started),
        contacts=values.contacts(
            (row.get("alternateName") or row.get("name"), row.get("email"))
            for row in values.rows(document.get("employee"))
        ),
        pictures=_pictures(document.get("image")),
        raw=values.without_persons({name: value for name, value in document.items() if name != "id"}),
    )


def _description(value: object) -> str:
    """The text as one HTML string; by Municipio's type it may also be objects with headline and text."""
    if isinstance(value, str):
        return value[: values.LONGEST_TEXT]
    return "".join(
        (f"<h2>{html.escape(values.text_line(row.get('headline')))}</h2>" if row.get("headline") else "")
        + (row["text"] if isinstance(row.get("text"), str) else "")
        for row in values.rows(value)
    )


def _sections(description: str) -> tuple[dict[str, str], str, list[str], list[RemoteTerm]]:
    """What, how, why and lessons by those names, all other sections as HTML, the impact goals, and who runs it."""
    before, *parts = _H2.split(description)
    texts: dict[str, str] = {}
    other, goals, runners = _body(before), [], []
    for heading, section in zip(parts[::2], parts[1::2], strict=True):
        words = safe_html.title_text(heading)
        name = words.rstrip("?!: ").casefold()
        if name in _TEXTS and _TEXTS[name] not in texts:
            texts[_TEXTS[name]] = _body(section)
        elif name == "effektmål":
            goals += _items(section)
        elif name == "drivs av":
            runners += [term for each in _items(section) if (term := _term(DEPARTMENT, each))]
        elif body := _body(section):
            other += safe_html.clean(f"<h3>{html.escape(words)}</h3>") + body
    return texts, other, goals, runners


def _body(section: str) -> str:
    # A line break that the tool's writer typed is kept: lists are often written that way.
    return values.markup(re.sub(r"(?<![>\n])\n+(?![<\n])", "<br>", section.strip()))


def _items(section: str) -> list[str]:
    found = _LIST_ITEM.findall(section) or [section]
    lines = (safe_html.text_of(values.markup(each)).replace("\n", " ") for each in found)
    return [line for line in lines if line]


def _name(value: object) -> str:
    """Municipio unescapes entities and decodes percent signs; a title where that yields nonsense is left."""
    text = html.unescape(value) if isinstance(value, str) else ""
    decoded = unquote(text)
    return html.escape(text if "\ufffd" in decoded else decoded)


def _inner(document: Mapping[str, Any], name: str, key: str) -> object:
    return next((row.get(key) for row in values.rows(document.get(name))), None)


def _term(kind: str, name: object, progress: int | None = None) -> RemoteTerm | None:
    words = values.unescaped_line(name)[:200]
    if not words:
        return None
    return RemoteTerm(kind=kind, remote_id=words.casefold()[:120], name=words, progress=progress)


def _meta(document: Mapping[str, Any], name: str, kind: str) -> list[RemoteTerm]:
    rows = (row for row in values.rows(document.get("@meta")) if row.get("name") == name)
    found = {term.remote_id: term for row in rows if (term := _term(str(kind), row.get("value")))}
    return list(found.values())


def _status(document: Mapping[str, Any]) -> tuple[RemoteTerm | None, int | None, bool]:
    name = values.text_line(_inner(document, "status", "name"))
    if not name:
        names = _meta(document, "status", Term.Kind.STATUS)
        name = names[0].name if names else ""
    if name.casefold() in _NO_STATUS:
        return None, None, False
    if values.is_stopped_name(name):
        return _term(Term.Kind.STATUS.value, name, values.STOPPED), None, True
    progress = values.progress_of(name, _inner(document, "status", "number"))
    if progress == values.STOPPED:
        return _term(Term.Kind.STATUS.value, name, progress), None, True
    return _term(Term.Kind.STATUS.value, name, progress), progress, False


def _pictures(value: object) -> tuple[RemotePicture, ...]:
    found: dict[str, RemotePicture] = {}
    for each in value if isinstance(value, list) else [value]:
        told: dict[str, Any] = each if isinstance(each, dict) else {"url": each}
        urls = told.get("url")
        for url in urls if isinstance(urls, list) else [urls]:
            address = values.web_link(url)
            if address.startswith("http"):
                alt = values.unescaped_line(told.get("caption") or told.get("name"))[:500]
                found.setdefault(address, RemotePicture(address=address, alt=alt))
    return tuple(found.values())[:12]
