"""Sync against the recorded innovation database."""

from __future__ import annotations

from collections.abc import Callable

from bryggan.initiatives.models import Initiative, Source, SyncRun
from initiatives.doubles import InnovationDatabase, written_statements

Sync = Callable[..., SyncRun]


def test_the_first_sync_takes_all_public_initiatives_and_names_the_rest(source: Source, sync: Sync) -> None:
    run = sync(source)

    assert run.error == ""
    assert (run.seen, run.created, run.updated, run.unchanged, run.withdrawn) == (146, 138, 0, 0, 0)
    assert run.is_complete
    assert run.refused == []
    internal = [38, 62, 70, 96, 110, 134, 138]
    assert sorted(run.left_out, key=lambda each: int(each["id"])) == [
        *({"id": str(each), "reason": "internal project"} for each in internal),
        {"id": "174", "reason": "password-protected"},
    ]
    assert Initiative.objects.published().count() == 138


def test_a_second_full_sync_writes_nothing_but_its_record(source: Source, sync: Sync) -> None:
    sync(source)

    with written_statements() as written:
        run = sync(source)

    assert (run.seen, run.created, run.updated, run.unchanged, run.withdrawn) == (146, 0, 0, 138, 0)
    assert written == {"INSERT initiatives_syncrun": 1}
