"""Stand-ins for the systems that we read: an innovation database made of its recorded answers, and a Typesense."""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bryggan.initiatives.models import SyncRun

RECORDINGS = Path(__file__).parent / "recordings"
API = "/wp-json/wp/v2"
TAXONOMIES = (
    "status",
    "challenge_category",
    "technology",
    "sector",
    "organisation",
    "global_goal",
    "partner",
    "focal_point",
)


def recording(name: str) -> dict[str, Any]:
    """One recorded answer: status, headers, and its body as `json` or `text`. Yours to change."""
    found: dict[str, Any] = json.loads(_recorded(name))
    return found


@cache
def _recorded(name: str) -> bytes:
    packed = RECORDINGS / f"{name}.json.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else (RECORDINGS / f"{name}.json").read_bytes()


@dataclass
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    # Promise more bytes than are sent, then hang up.
    cut_off: bool = False

    @classmethod
    def of_json(cls, found: object, status: int = 200, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps(found).encode("utf-8", "surrogatepass")
        return cls(status, body, {"content-type": "application/json; charset=UTF-8", **named})

    @classmethod
    def recorded(cls, name: str) -> Reply:
        told = recording(name)
        body = json.dumps(told["json"]).encode() if "json" in told else told["text"].encode()
        kept = ("content-type", "retry-after", "x-wp-total", "x-wp-totalpages")
        return cls(told["status"], body, {k: v for k, v in told["headers"].items() if k in kept})


@dataclass
class Trouble:
    """Answer with `reply` where the address holds every one of `words`, `times` times."""

    words: tuple[str, ...]
    reply: Reply
    times: int = 10**6


class Double:
    """An HTTP server on this machine. Subclasses say what it answers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.troubles: list[Trouble] = []
        # Called before each answer, with the address: lets the list move while it is read.
        self.before: Callable[[str], None] = lambda _address: None
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Else the body waits 40 ms for the head to be acknowledged.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                double._serve(self)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A reader that hangs up, as one does that has read enough, is no news.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def trouble(self, *words: str, reply: Reply, times: int = 10**6) -> None:
        self.troubles.append(Trouble(words, reply, times))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        raise NotImplementedError

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        self.before(handler.path)
        reply = self._trouble_at(handler.path)
        if reply is None:
            parts = urlsplit(handler.path)
            reply = self.answer(parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)))
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(reply.body) + (1000 if reply.cut_off else 0)))
        with contextlib.suppress(ConnectionError):
            handler.end_headers()
            handler.wfile.write(reply.body)
        handler.close_connection = handler.close_connection or reply.cut_off

    def _trouble_at(self, address: str) -> Reply | None:
        for trouble in self.troubles:
            if trouble.times and all(word in address for word in trouble.words):
                trouble.times -= 1
                return trouble.reply
        return None


class InnovationDatabase(Double):
    """Format A, holding the recorded initiatives, terms, challenges and platforms; tests may change them."""

    def __init__(self, *, projects: list[Any] | None = None) -> None:
        recorded = [*recording("projects-all-by-id-page1")["json"], *recording("projects-all-by-id-page2")["json"]]
        self.projects: list[Any] = recorded if projects is None else projects
        self.lists: dict[str, list[Any]] = {name: recording(f"tax-{name}")["json"] for name in TAXONOMIES}
        self.lists["challenge"] = recording("challenges")["json"]
        self.lists["platform"] = recording("platforms")["json"]
        self.media = {row["id"]: row for row in (recording("media-single")["json"], recording("media-big")["json"])}
        for number in range(2, 9):
            self.media[number] = {**copy.deepcopy(self.media[1]), "id": number}
            self.media[number]["source_url"] = f"http://127.0.0.1:8899/wp-content/uploads/initiativ-{number}.jpg"
            self.media[number]["media_details"]["sizes"] = {}
        # What a hidden project answers with in place of 404.
        self.unpublished: set[int] = set()
        self.pretty = True
        super().__init__()

    @property
    def reads(self) -> list[str]:
        """The pages of initiatives that were asked for."""
        return [each for each in self.asked if each.startswith(f"{API}/project?") and "per_page=100" in each]

    def project(self, remote_id: int) -> dict[str, Any]:
        return next(row for row in self.projects if isinstance(row, dict) and row.get("id") == remote_id)

    def rename(self, taxonomy: str, remote_id: int, name: str) -> None:
        """Rename a term as WordPress does: everywhere at once, and no `modified` moves."""
        next(row for row in self.lists[taxonomy] if row["id"] == remote_id)["name"] = name
        for row in self.projects:
            for value in row.values():
                for term in value if isinstance(value, list) else []:
                    if isinstance(term, dict) and term.get("term_id") == remote_id:
                        term["name"] = name

    def delete_term(self, taxonomy: str, remote_id: int) -> None:
        """Delete a term as WordPress does: it drops out of every list, and no `modified` moves."""
        self.lists[taxonomy] = [row for row in self.lists[taxonomy] if row["id"] != remote_id]
        for row in self.projects:
            if isinstance(row[taxonomy], list):
                row[taxonomy] = [each for each in row[taxonomy] if each["term_id"] != remote_id] or None

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        if not self.pretty:
            if "rest_route" not in query:
                return Reply(404, b"<h1>Not Found</h1>", {"content-type": "text/html"})
            path = "/wp-json" + query.pop("rest_route")
        if not path.startswith(f"{API}/"):
            return Reply.recorded("error-no-route")
        name, _, rest = path.removeprefix(f"{API}/").partition("/")
        if name == "media":
            return self._media(rest, query)
        rows = self.projects if name == "project" else self.lists.get(name)
        if rows is None:
            return Reply.recorded("error-no-route")
        if rest:
            return self._single(rows, int(rest))
        return self._list(rows, query, is_post=name in ("project", "challenge", "platform"))

    def _single(self, rows: list[Any], remote_id: int) -> Reply:
        for row in rows:
            if isinstance(row, dict) and row.get("id") == remote_id:
                return Reply.of_json(row)
        return Reply.recorded("project-401-draft" if remote_id in self.unpublished else "project-404")

    def _media(self, rest: str, query: dict[str, str]) -> Reply:
        if rest:
            return self._single(list(self.media.values()), int(rest))
        wanted = [int(each) for each in query["include"].split(",")]
        return self._list([self.media[each] for each in wanted if each in self.media], query, is_post=True)

    def _list(self, rows: list[Any], query: dict[str, str], *, is_post: bool) -> Reply:
        if "modified_after" in query:
            mark = query["modified_after"].removesuffix("Z")
            rows = [row for row in rows if row["modified_gmt"] > mark]
        rows = sorted(rows, key=lambda row: row.get("id") or 0 if isinstance(row, dict) else 0)
        size, page = int(query.get("per_page", 10)), int(query.get("page", 1))
        pages = -(-len(rows) // size)
        if is_post and page > max(pages, 1):
            return Reply.recorded("error-beyond-last-page-per100")
        found = rows[(page - 1) * size : page * size]
        if "_fields" in query:
            keys = query["_fields"].split(",")
            found = [{key: row[key] for key in keys if key in row} for row in found]
        return Reply.of_json(found, x_wp_total=str(len(rows)), x_wp_totalpages=str(pages))


class SearchService(Double):
    """Format C: a Typesense collection with the documents made by hand."""

    KEY = "sokord-123"

    def __init__(self) -> None:
        told = json.loads((RECORDINGS / "made-typesense-project-page1.json").read_text(encoding="utf-8"))
        self.documents: list[Any] = [hit["document"] for hit in told["hits"]]
        # What successive reads find, when not all the same.
        self.reads: list[list[Any]] = []
        super().__init__()

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        if path == "/health":
            return Reply.of_json({"ok": True})
        if path == "/projekt.json":
            return Reply.of_json(self._documents(1))
        if path != "/collections/Project/documents/search":
            return Reply.of_json({"message": "Not Found"}, 404)
        if self.headers[-1].get("x-typesense-api-key") != self.KEY:
            return Reply.of_json({"message": "Forbidden - a valid `x-typesense-api-key` header must be sent."}, 401)
        page, size = int(query["page"]), int(query["per_page"])
        documents = self._documents(page)
        hits = [{"document": each, "highlights": []} for each in documents[(page - 1) * size : page * size]]
        return Reply.of_json({"found": len(documents), "out_of": len(documents), "page": page, "hits": hits})

    def _documents(self, page: int) -> list[Any]:
        if self.reads and page == 1:
            self.documents = self.reads.pop(0)
        return self.documents


@contextlib.contextmanager
def written_statements() -> Iterator[Counter[str]]:
    """Counts INSERT, UPDATE and DELETE by verb and table, while the block runs."""
    from django.db import connection

    counts: Counter[str] = Counter()

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.replace('"', "").split()
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            counts[f"{words[0]} {words[1] if words[0] == 'UPDATE' else words[2]}"] += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield counts


def counts(run: SyncRun) -> dict[str, int]:
    """The numbers of a run that are not zero."""
    names = ("seen", "created", "updated", "unchanged", "withdrawn")
    return {name: getattr(run, name) for name in names if getattr(run, name)}
