"""Asking other systems: patience, limits, and addresses that are not asked."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bryggan.common.fetching import (
    AskedToWait,
    BadAddress,
    Fetcher,
    FetchError,
    NotJson,
    is_public,
    web_address,
)

Reply = tuple[int, dict[str, str], bytes]


class Server:
    """Answers each request with the next of `replies`, the last one for ever."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [(200, {}, b"{}")]
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                status, headers, body = server.replies[0]
                if len(server.replies) > 1:
                    server.replies.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "content-length" not in headers:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def fetcher(waits: list[float]) -> Callable[..., Fetcher]:
    def make(**fields: Any) -> Fetcher:
        return Fetcher(**{"private_hosts": frozenset({"127.0.0.1"}), "sleep": waits.append, **fields})

    return make


def test_an_answer_comes_with_status_headers_and_body(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    server.replies = [(404, {"X-Total": "3"}, b'{"code": "none"}')]

    with fetcher() as ours:
        answer = ours.get(f"{server.address}/a", {"q": "*", "name": "å b"})

    assert (answer.status, answer.headers["x-total"], answer.json()) == (404, "3", {"code": "none"})
    assert server.asked == ["/a?q=*&name=%C3%A5%20b"]
    assert server.headers[0]["user-agent"].startswith("Bryggan/")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_passing_trouble_is_waited_out_longer_each_time(
    server: Server, fetcher: Callable[..., Fetcher], waits: list[float], status: int
) -> None:
    server.replies = [(status, {}, b""), (status, {}, b""), (200, {}, b"[]")]

    with fetcher() as ours:
        assert ours.get(server.address).status == 200

    assert 0.7 < waits[0] < 1.3
    assert 1.4 < waits[1] < 2.6


def test_lasting_trouble_is_an_error_after_all_tries(
    server: Server, fetcher: Callable[..., Fetcher], waits: list[float]
) -> None:
    server.replies = [(503, {}, b"")]

    with fetcher() as ours, pytest.raises(FetchError, match="status 503, after 4 tries"):
        ours.get(server.address)

    assert (len(server.asked), len(waits)) == (4, 3)


def test_a_wait_that_is_asked_for_is_kept_and_one_too_long_ends_it(
    server: Server, fetcher: Callable[..., Fetcher], waits: list[float]
) -> None:
    server.replies = [(503, {"Retry-After": "17"}, b""), (200, {}, b"[]")]
    with fetcher() as ours:
        ours.get(server.address)
    server.replies = [(503, {"Retry-After": "900"}, b"")]
    with fetcher(longest_wait=600) as ours, pytest.raises(AskedToWait, match="asks us to wait 900 s"):
        ours.get(server.address)

    assert waits == [17]


def test_a_date_to_wait_for_is_understood(server: Server, fetcher: Callable[..., Fetcher], waits: list[float]) -> None:
    server.replies = [
        (503, {"Retry-After": "Mon, 23 Nov 2020 04:00:00 GMT"}, b""),
        (503, {"Retry-After": "snart"}, b""),
        (200, {}, b""),
    ]

    with fetcher() as ours:
        ours.get(server.address)

    assert waits[0] == 0
    assert waits[1] > 1


def test_html_in_place_of_json_and_json_cut_off_are_asked_for_again(
    server: Server, fetcher: Callable[..., Fetcher]
) -> None:
    server.replies = [(200, {}, b"<html>"), (200, {}, b'[{"id": 1'), (200, {}, b'[{"id": 1}]')]

    with fetcher() as ours:
        found, answer = ours.get_json(server.address)

    assert found == [{"id": 1}]
    assert answer.status == 200


def test_what_never_is_json_is_an_error_that_shows_its_beginning(
    server: Server, fetcher: Callable[..., Fetcher]
) -> None:
    server.replies = [(200, {}, "<html>Kontrollerar din webbläsare".encode())]

    with fetcher() as ours, pytest.raises(NotJson, match="it begins '<html>Kontrollerar"):
        ours.get_json(server.address)


@pytest.mark.parametrize("body", [b"[" * 200_000, b"NaN" * 2, b"", b"\xff\xfe"])
def test_strange_bodies_are_no_json(server: Server, fetcher: Callable[..., Fetcher], body: bytes) -> None:
    server.replies = [(200, {}, body)]

    with fetcher(tries=1) as ours, pytest.raises(NotJson):
        ours.get_json(server.address)


def test_numbers_that_are_none_become_null(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    server.replies = [(200, {}, b"[NaN, Infinity, 1]")]

    with fetcher() as ours:
        assert ours.get_json(server.address)[0] == [None, None, 1]


def test_a_connection_that_is_cut_is_tried_again(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    server.replies = [(200, {"content-length": "500"}, b"[1"), (200, {}, b"[1]")]

    with fetcher() as ours:
        assert ours.get(server.address).body == b"[1]"


def test_a_server_that_says_nothing_is_given_up(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    server.replies = [(200, {"content-length": "500"}, b"[1")]

    with fetcher(tries=2, read_seconds=0.2) as ours, pytest.raises(FetchError, match="after 2 tries"):
        ours.get(server.address)


def test_a_body_that_is_too_large_is_not_read_to_its_end(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    server.replies = [(200, {"content-encoding": "gzip"}, gzip.compress(b"0" * 5_000_000))]

    with fetcher(largest_body=1_000_000) as ours, pytest.raises(BadAddress, match="larger than 1000000"):
        ours.get(server.address)

    assert len(server.asked) == 1


def test_redirects_are_followed_but_not_for_ever(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    server.replies = [(302, {"Location": "/b"}, b""), (200, {}, b"[]")]
    with fetcher() as ours:
        assert ours.get(f"{server.address}/a").address == f"{server.address}/b"
    server.replies = [(302, {"Location": "/a"}, b"")]
    with fetcher() as ours, pytest.raises(BadAddress, match="redirected too many times"):
        ours.get(f"{server.address}/a")


def test_a_key_is_not_sent_on_to_where_we_are_redirected(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    other = Server()
    server.replies = [(302, {"Location": f"{other.address}/"}, b"")]
    try:
        with fetcher(headers={"X-Key": "hemlig"}) as ours:
            ours.get(server.address)
    finally:
        other.close()

    assert server.headers[0]["x-key"] == "hemlig"
    assert "x-key" not in other.headers[0]
    assert other.headers[0]["user-agent"].startswith("Bryggan/")


def test_private_addresses_are_asked_only_when_named(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    with fetcher(private_hosts=frozenset()) as ours, pytest.raises(BadAddress, match="private address"):
        ours.get(server.address)
    port = server.address.rpartition(":")[2]
    with fetcher() as ours, pytest.raises(BadAddress, match="private address"):
        ours.get(f"http://localhost:{port}/")

    assert server.asked == []


def test_a_redirect_does_not_lead_to_a_private_address(server: Server, fetcher: Callable[..., Fetcher]) -> None:
    server.replies = [(302, {"Location": "http://192.168.0.1/"}, b"")]

    with fetcher() as ours, pytest.raises(BadAddress, match="private address"):
        ours.get(server.address)


@pytest.mark.parametrize(
    "text",
    ["ftp://example.org", "example.org", "javascript:alert(1)", "http://", "http://u:p@example.org", "http://[x"],
)
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        web_address(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org/skiss över å.jpg", "https://example.org/skiss%20%C3%B6ver%20%C3%A5.jpg"),
        ("https://example.org/a%20b", "https://example.org/a%20b"),
        ("https://räksmörgås.example/", "https://xn--rksmrgs-5wao1o.example/"),
        (" http://example.org:8080/x?a=b c#d ", "http://example.org:8080/x?a=b%20c"),
        ("http://[::1]:80/", "http://[::1]:80/"),
    ],
)
def test_web_addresses_are_encoded_once(text: str, address: str) -> None:
    assert web_address(text) == address


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "fd00::1",
        "224.0.0.1",
        "100.64.0.1",
    ],
)
def test_private_networks_are_not_public(ip: str) -> None:
    assert not is_public(ip)


def test_the_open_internet_is_public() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
