"""Which adapter reads an address, and what is said when none does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bryggan.common.fetching import FetchError
from bryggan.initiatives import detecting, wordpress
from bryggan.initiatives.models import Source
from bryggan.initiatives.remote import NotReadable, Reader
from initiatives.doubles import API, Double, InnovationDatabase, Reply, SearchService, recording

COPIED = [
    {
        "id": 7,
        "date": "2021-01-01T00:00:00",
        "slug": "a",
        "status": "publish",
        "type": "project",
        "title": {"rendered": "A"},
        "content": {"rendered": "", "protected": False},
    }
]


def opened(address: str, **fields: str) -> AbstractContextManager[Reader]:
    return detecting.opened(Source(name="x", address=address, **fields), sleep=lambda _seconds: None)


def reader_of(address: str, **fields: str) -> Reader:
    with opened(address, **fields) as reader:
        return reader


@pytest.mark.parametrize("path", ["", "/", "/wp-json", "/wp-json/", "/wp-json/wp/v2", "/wp-json/wp/v2/project"])
def test_format_a_is_known_by_its_root_and_its_interface(database: InnovationDatabase, path: str) -> None:
    assert reader_of(database.address + path).format == "wordpress"


@pytest.mark.parametrize("path", ["/", "/?rest_route=/", "/?rest_route=/wp/v2"])
def test_format_a_is_known_without_pretty_addresses(database: InnovationDatabase, path: str) -> None:
    database.pretty = False

    with opened(database.address + path) as reader:
        number = sum(len(page.initiatives) for page in reader.pages())

    assert number == 138


def test_an_empty_database_is_format_a(database: InnovationDatabase) -> None:
    database.projects.clear()

    assert reader_of(database.address).format == "wordpress"


@pytest.mark.parametrize("format", ["auto", "wordpress"])
def test_format_b_is_refused_and_the_right_address_is_explained(database: InnovationDatabase, format: str) -> None:
    database.projects[:] = COPIED

    with pytest.raises(NotReadable, match="format B") as told:
        reader_of(database.address, format=format)

    assert "innovation database itself (format A)" in str(told.value)


def test_a_source_that_turns_into_format_b_later_is_refused(database: InnovationDatabase) -> None:
    with opened(database.address) as reader:
        database.projects[:] = COPIED

        with pytest.raises(wordpress.Copied):
            list(reader.pages())


def test_an_unknown_shape_is_refused_and_described(database: InnovationDatabase) -> None:
    database.projects[:] = [{"id": 1, "namn": "x", "text": "y"}]

    with pytest.raises(NotReadable, match=r"a shape that we do not know: id, namn, text"):
        reader_of(database.address)


def test_wordpress_without_initiatives_says_so(database: InnovationDatabase) -> None:
    database.trouble("/project", reply=Reply.recorded("error-no-route"))

    with pytest.raises(NotReadable, match="is WordPress but has no initiatives"):
        reader_of(database.address)


def test_wordpress_that_wants_a_sign_in_says_so(database: InnovationDatabase) -> None:
    database.trouble("/project", reply=Reply.recorded("project-401-draft"))

    with pytest.raises(NotReadable, match="does not let us read /project: status 401, rest_forbidden"):
        reader_of(database.address)


class Website(Double):
    def answer(self, path: str, query: dict[str, str]) -> Reply:
        return Reply(200, b"<!doctype html><title>Hej</title>", {"content-type": "text/html"})


def test_what_is_not_wordpress_is_refused() -> None:
    site = Website()
    try:
        with pytest.raises(NotReadable, match="is not a WordPress REST API"):
            reader_of(site.address)
    finally:
        site.close()


@pytest.mark.parametrize("address", ["ftp://example.org/", "gopher://x", "http://", "https://user:x@example.org/"])
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(NotReadable, match="A source is a site's http or https address, or a file"):
        reader_of(address)


@pytest.mark.parametrize("address", ["example.org", "/etc/passwd", "saknas.json"])
def test_what_is_neither_address_nor_json_file_is_refused(address: str) -> None:
    with pytest.raises(NotReadable, match=r"neither an http or https address nor a \.json file"):
        reader_of(address)


def test_a_passing_html_answer_is_waited_out(database: InnovationDatabase) -> None:
    database.trouble("/project", reply=Reply.recorded("trouble-200-html-simulated"), times=2)

    assert reader_of(database.address).format == "wordpress"


def test_nobody_at_the_address_is_told_as_such(database: InnovationDatabase) -> None:
    address = database.address
    database._server.server_close()

    with pytest.raises(FetchError, match="after 4 tries"):
        reader_of(address)


def test_format_c_is_known_by_its_key_its_path_and_its_content(
    service: SearchService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRYGGAN_TEST_KEY", service.KEY)
    file = tmp_path / "projekt.json"
    file.write_text(str(recording("made-typesense-project-page1")).replace("'", '"'), encoding="utf-8")

    formats = [
        reader_of(service.address, key_variable="BRYGGAN_TEST_KEY").format,
        reader_of(f"{service.address}/collections/Project").format,
        reader_of(f"{service.address}/projekt.json").format,
        reader_of(str(file)).format,
        reader_of(f"file://{file}").format,
    ]

    assert formats == ["schema_org"] * 5


def test_a_search_service_without_a_key_asks_for_one(service: SearchService) -> None:
    with pytest.raises(NotReadable, match="needs a search key"):
        reader_of(service.address)


def test_a_variable_without_a_key_is_named(service: SearchService) -> None:
    with pytest.raises(NotReadable, match="BRYGGAN_NO_SUCH_KEY holds no search key"):
        reader_of(service.address, key_variable="BRYGGAN_NO_SUCH_KEY")


def test_the_interface_is_asked_by_name_and_without_caches(database: InnovationDatabase) -> None:
    reader_of(database.address)

    assert database.asked == [f"{API}/project?per_page=10&page=1&orderby=id&order=asc"]
    assert database.headers[0]["user-agent"].startswith("Bryggan/")
    assert database.headers[0]["cache-control"] == "no-cache"
