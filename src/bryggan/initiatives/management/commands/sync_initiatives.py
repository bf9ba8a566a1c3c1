from __future__ import annotations

import json
import re
import sys
import time
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify

from bryggan.common.fetching import FetchError
from bryggan.initiatives import detecting, moves
from bryggan.initiatives.management.progress import on_terminal
from bryggan.initiatives.models import Source, SyncRun
from bryggan.initiatives.remote import SourceTrouble
from bryggan.initiatives.sync import sync_source

_SUMMED = ("seen", "created", "updated", "unchanged", "withdrawn")


class Command(BaseCommand):
    help = "Read one or all sources of initiatives. An incomplete read changes nothing and exits with 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--source",
            metavar="NAME_OR_URL",
            help="a named source, a site's root or its /wp-json, or a .json file; without it, all active sources",
        )
        parser.add_argument(
            "--format",
            default="auto",
            choices=sorted(detecting.FORMAT_NAMES),
            type=str.lower,
            help="A (wordpress), C (schema_org) or demo; auto lets the answer tell",
        )
        parser.add_argument("--full", action="store_true", help="read everything, not only what changed")
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object on stdout")

    def handle(self, *, source: str | None, format: str, full: bool, as_json: bool, **_options: Any) -> None:
        sources = [_found(source)] if source else list(Source.objects.filter(is_active=True))
        if not sources:
            raise CommandError("there is no active source; name one with --source")
        told = []
        with on_terminal(sys.stderr) as progress:
            for each in sources:
                if format != "auto":
                    each.format = detecting.FORMAT_NAMES[format]
                began = time.monotonic()
                try:
                    run = sync_source(each, full=full, progress=progress)
                except (SourceTrouble, FetchError) as error:
                    raise CommandError(str(error)) from error
                moves.propose_after(run)
                told.append(_as_json(run, time.monotonic() - began))
        if as_json:
            answer = _without_names(told[0]) if source else _summed(told)
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_line(each) for each in told if not each["error"]))
        errors = [f"{each['source']}: {each['error']}" for each in told if each["error"]]
        if errors:
            raise CommandError("; ".join(errors))


def _found(name_or_address: str) -> Source:
    """The source of that name or address; a new one, not yet saved, for an address that is unknown."""
    known = Source.objects.filter(name=name_or_address).first()
    if known:
        return known
    is_address = "://" in name_or_address or name_or_address.endswith(".json")
    if not is_address:
        names = ", ".join(Source.objects.values_list("name", flat=True)) or "none"
        raise CommandError(
            f"no source is named {name_or_address!r} (known: {names}); an address begins with http:// or https://"
        )
    if detecting.local_path(name_or_address) is None:
        try:
            name_or_address = detecting.web_address_of(name_or_address)
        except SourceTrouble as error:
            raise CommandError(str(error)) from error
    for each in Source.objects.exclude(address=""):
        if _root(each.address) == _root(name_or_address):
            return each
    return Source(name=_new_name(name_or_address), address=name_or_address)


def _root(address: str) -> str:
    """What an address and its `/wp-json/wp/v2` have in common."""
    return re.sub(r"(/wp-json(/wp/v2(/project)?)?)?/*$", "", address.strip())


def _new_name(address: str) -> str:
    parts = urlsplit(address)
    wanted = slugify((parts.netloc or parts.path.rpartition("/")[2]).replace(":", "-").replace(".", "-"))[:50]
    taken = set(Source.objects.filter(name__startswith=wanted).values_list("name", flat=True))
    names = [wanted or "source", *(f"{wanted or 'source'}-{number}" for number in range(2, 1000))]
    return next(name for name in names if name not in taken)


def _as_json(run: SyncRun, seconds: float) -> dict[str, Any]:
    return {
        "source": run.source.name,
        "format": detecting.LETTERS.get(run.format, run.format),  # type: ignore[call-overload]
        "seen": run.seen,
        "created": run.created,
        "updated": run.updated,
        "unchanged": run.unchanged,
        "left_out": run.left_out,
        "refused": run.refused,
        "withdrawn": run.withdrawn,
        "complete": run.is_complete,
        "seconds": round(seconds, 2),
        "error": run.error,
    }


def _summed(told: list[dict[str, Any]]) -> dict[str, Any]:
    """The same keys over all sources, and `sources` with each of them."""
    formats = {each["format"] for each in told}
    return {
        "format": formats.pop() if len(formats) == 1 else "several",
        **{name: sum(each[name] for each in told) for name in _SUMMED[:4]},
        "left_out": [one for each in told for one in each["left_out"]],
        "refused": [one for each in told for one in each["refused"]],
        "withdrawn": sum(each["withdrawn"] for each in told),
        "complete": all(each["complete"] for each in told),
        "seconds": round(sum(each["seconds"] for each in told), 2),
        "sources": told,
    }


def _without_names(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in ("source", "error")}


def _line(told: dict[str, Any]) -> str:
    return (
        f"{told['source']} (format {told['format']}): {told['seen']} seen, {told['created']} created, "
        f"{told['updated']} updated, {told['unchanged']} unchanged, {told['withdrawn']} withdrawn, "
        f"{len(told['left_out'])} left out, {len(told['refused'])} refused, in {told['seconds']} s"
    )
