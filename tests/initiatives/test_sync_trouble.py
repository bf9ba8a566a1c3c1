"""Sync when the source is ill or moves while it is read: nothing changes, or it is waited out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bryggan.initiatives.models import Initiative, Source, SyncRun
from initiatives.doubles import InnovationDatabase, Reply, counts, written_statements

Sync = Callable[..., SyncRun]
INTERNAL = ["38", "62", "70", "96", "110", "134", "138"]


def test_a_passing_trouble_is_waited_out(
    source: Source, sync: Sync, database: InnovationDatabase, waits: list[float]
) -> None:
    maintenance = Reply.recorded("trouble-503-maintenance")
    maintenance.headers["retry-after"] = "7"
    database.trouble("/project", "page=2", reply=maintenance, times=1)
    database.trouble("/sector", reply=Reply.recorded("trouble-200-html-simulated"), times=2)
    database.trouble("/status", reply=Reply.recorded("trouble-200-truncated-simulated"), times=1)
    database.trouble("/partner", reply=Reply(200, b'[{"id": 1', {"content-type": "text/html"}, cut_off=True), times=1)

    run = sync(source)

    assert counts(run) == {"seen": 146, "created": 138}
    assert 7 in waits
    assert len(waits) == 5


TROUBLES = {
    "maintenance": Reply.recorded("trouble-503-maintenance"),
    "fatal error": Reply.recorded("trouble-500-fatal"),
    "html": Reply.recorded("trouble-200-html-simulated"),
    "cut off json": Reply.recorded("trouble-200-truncated-simulated"),
    "cut off answer": Reply(200, b"[]", {"x-wp-total": "146", "x-wp-totalpages": "2"}, cut_off=True),
    "firewall": Reply(403, b"<html>Blocked</html>", {"content-type": "text/html"}),
    "no totals": Reply.of_json([]),
    "an object": Reply.of_json({}),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_incomplete_read_changes_nothing_and_is_recorded(
    source: Source, sync: Sync, database: InnovationDatabase, waits: list[float], trouble: str
) -> None:
    sync(source)
    database.project(35)["project_what"] = "<p>Ändrad på första sidan.</p>"
    database.rename("sector", 14, "Omdöpt sektor")
    database.trouble("/project", "page=2", reply=TROUBLES[trouble])

    with written_statements() as written:
        run = sync(source)

    assert written == {"INSERT initiatives_syncrun": 1}
    assert run.error
    assert not run.is_complete
    assert counts(run) == {}
    # Asked to wait for ten minutes, the sync goes away instead.
    assert max(waits, default=0) <= 30


def test_a_list_that_moves_once_is_read_again(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    removed = []

    def remove_one(address: str) -> None:
        if "/project?" in address and "page=2" in address and not removed:
            removed.append(database.projects.pop(0))

    database.before = remove_one
    run = sync(source)

    assert counts(run) == {"seen": 145, "created": 137}


def test_a_list_that_keeps_moving_changes_nothing(
    source: Source, sync: Sync, database: InnovationDatabase, waits: list[float]
) -> None:
    number = [1000]

    def add_one(address: str) -> None:
        if "/project?" in address and "page=2" in address:
            number[0] += 1
            database.projects.append({**database.project(65), "id": number[0]})

    database.before = add_one
    run = sync(source)

    assert "146 on its first page and 147 on its last" in run.error or "on its first page" in run.error
    assert Initiative.objects.count() == 0
    assert len(waits) == 3


def test_a_list_that_became_shorter_is_read_again(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    gone: list[object] = []

    def shorten(address: str) -> None:
        if "/project?" in address and "page=2" in address and not gone:
            gone.extend(database.projects[90:])
            del database.projects[90:]

    database.before = shorten
    run = sync(source)

    assert run.seen == 90
    assert run.is_complete


def test_short_pages_do_not_end_the_read(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    """Hidden items are counted but not shown: the page is short, and the count does not add up."""
    rows = database.projects[:99]
    database.trouble("/project", "page=1&", reply=Reply.of_json(rows, x_wp_total="146", x_wp_totalpages="2"))

    run = sync(source)

    assert run.error.startswith("/project holds 145 different items")
    assert any("page=2" in address for address in database.asked)


def test_an_empty_list_withdraws_nothing(source: Source, sync: Sync, database: InnovationDatabase) -> None:
    sync(source)
    database.projects.clear()

    run = sync(source)

    assert run.error.startswith("138 of 138 initiatives are not in the source any more")
    assert Initiative.objects.published().count() == 138
