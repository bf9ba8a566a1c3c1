"""The demo source: initiatives in our own words, read from a file of ours through the same door as any other."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from django.db import transaction

from bryggan.common import safe_html
from bryggan.common.models import DataVersion
from bryggan.initiatives import values
from bryggan.initiatives.models import Initiative, SchoolOffer, Source, SyncRun, Term
from bryggan.initiatives.remote import (
    DEPARTMENT,
    Fate,
    NotTaken,
    Page,
    RemoteChallenge,
    RemoteInitiative,
    RemotePlatform,
    RemoteTerm,
    Vocabulary,
    in_order,
)

FILE = Path(__file__).parent / "demo" / "initiatives.json"
SOURCE_NAME = "demo"

# The global goals, by number, as the recorded database names them.
GOALS = (
    "Ingen fattigdom",
    "Ingen hunger",
    "God hälsa och välbefinnande",
    "God utbildning för alla",
    "Jämställdhet",
    "Rent vatten och sanitet för alla",
    "Hållbar energi för alla",
    "Anständiga arbetsvillkor och ekonomisk tillväxt",
    "Hållbar industri, innovationer och infrastruktur",
    "Minskad ojämlikhet",
    "Hållbara städer och samhällen",
    "Hållbar konsumtion och produktion",
    "Bekämpa klimatförändringarna",
    "Hav och marina resurser",
    "Ekosystem och biologisk mångfald",
    "Fredliga och inkluderande samhällen",
    "Genomförande och globalt partnerskap",
)


def load_demo(path: Path = FILE) -> SyncRun:
    """The demo source, in step with its file; and a school offer where the file has one and none exists."""
    from bryggan.initiatives.sync import sync_source

    source, _created = Source.objects.get_or_create(
        name=SOURCE_NAME, defaults={"title": "Demodata", "format": Source.Format.DEMO, "address": ""}
    )
    run = sync_source(source, full=True)
    _add_school_offers(source, path)
    return run


def _add_school_offers(source: Source, path: Path) -> None:
    offers = {row["id"]: row["school"] for row in _content(path)["initiatives"] if row.get("school")}
    without = Initiative.objects.filter(source=source, remote_id__in=offers, school_offer=None)
    with transaction.atomic():
        new = [_school_offer(row, offers[row.remote_id]) for row in without.only("pk", "remote_id")]
        if new:
            SchoolOffer.objects.bulk_create(new, ignore_conflicts=True)
            DataVersion.touch("initiatives", [each.initiative_id for each in new])


def _school_offer(row: Initiative, told: dict[str, Any]) -> SchoolOffer:
    return SchoolOffer(
        initiative=row,
        takes_classes=told["takes_classes"],
        how=told["how"],
        easy_read=told["easy_read"],
        hard_words=told["hard_words"],
        questions=told["questions"],
        school_forms=told["school_forms"],
        school_years=told["years"],
    )


def _content(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


class DemoReader:
    """Reads our own file. See `remote.Reader`."""

    format = Source.Format.DEMO.value
    attempts = 1
    pause_seconds = 0.0

    def __init__(self, path: Path = FILE) -> None:
        self._path = path
        self.remarks: list[tuple[str, str]] = []

    @cached_property
    def _told(self) -> dict[str, Any]:
        return _content(self._path)

    @cached_property
    def _named_terms(self) -> dict[tuple[str, str], RemoteTerm]:
        told = [
            *((Term.Kind.STATUS, row, row["progress"]) for row in self._told["statuses"]),
            *((Term.Kind.CATEGORY, row, None) for row in self._told["categories"]),
        ]
        return {
            (kind.value, row["name"]): RemoteTerm(
                kind.value, row["name"], row["name"], row.get("description", ""), progress=progress
            )
            for kind, row, progress in told
        }

    def vocabulary(self) -> Vocabulary:
        return Vocabulary(
            terms=list(self._named_terms.values()),
            challenges=[self._challenge(row) for row in self._told["challenges"]],
            platforms=[self._platform(row) for row in self._told["platforms"]],
        )

    def pages(self, *, changed_after: datetime | None = None) -> Iterator[Page]:
        shown = [row for row in self._told["initiatives"] if not row.get("internal")]
        hidden = [row for row in self._told["initiatives"] if row.get("internal")]
        yield Page(
            [self._initiative(row) for row in shown], [NotTaken(row["id"], "internal project") for row in hidden]
        )

    def total(self) -> None:
        return None

    def fate_of(self, remote_id: str) -> Fate:
        return Fate.DELETED

    def _term(self, kind: str, name: str | None) -> RemoteTerm | None:
        return self._named_terms.get((kind, name), RemoteTerm(kind, name, name)) if name else None

    def _terms(self, kind: str, names: list[str]) -> list[RemoteTerm]:
        return [term for name in names if (term := self._term(kind, name))]

    def _goals(self, numbers: list[int]) -> list[RemoteTerm]:
        return self._terms(Term.Kind.GOAL.value, [f"{number}. {GOALS[number - 1]}" for number in numbers])

    def _challenge(self, row: dict[str, Any]) -> RemoteChallenge:
        return RemoteChallenge(
            remote_id=row["id"],
            title=row["title"],
            slug=values.own_slug(row["title"]),
            preamble=row.get("preamble") or "",
            content=_paragraphs(row.get("content")),
            category=self._term(Term.Kind.CATEGORY.value, row.get("category")),
            terms=in_order(self._goals(row.get("goals") or [])),
        )

    def _platform(self, row: dict[str, Any]) -> RemotePlatform:
        return RemotePlatform(
            remote_id=row["id"],
            title=row["title"],
            preamble=row.get("preamble") or "",
            content=_paragraphs(row.get("content")),
            features=tuple({"category": "", **each} for each in row.get("features") or ()),
            links=values.links(row.get("links")),
        )

    def _initiative(self, row: dict[str, Any]) -> RemoteInitiative:
        status = self._term(Term.Kind.STATUS.value, row.get("status"))
        before = self._term(Term.Kind.STATUS.value, row.get("previous_status"))
        is_stopped = bool(status and status.progress == values.STOPPED)
        reached = before if is_stopped else status
        what = _paragraphs(row["what"])
        return RemoteInitiative(
            remote_id=row["id"],
            title=safe_html.line(row["title"]),
            slug=values.own_slug(row["title"]),
            summary=row.get("summary") or values.summary_of(what),
            language=values.language_of(safe_html.text_of(what)),
            what_html=what,
            why_html=_paragraphs(row.get("why")),
            how_html=_paragraphs(row.get("how")),
            lessons_html=_paragraphs(row.get("lessons")),
            status=status,
            progress=reached.progress if reached else None,
            is_stopped=is_stopped,
            status_explanation=row.get("status_explanation") or "",
            category=self._term(Term.Kind.CATEGORY.value, row.get("category")),
            terms=in_order(
                [
                    *self._terms(Term.Kind.SECTOR.value, row.get("sectors") or []),
                    *self._terms(Term.Kind.TECHNOLOGY.value, row.get("technologies") or []),
                    *self._terms(Term.Kind.PARTNER.value, row.get("partners") or []),
                    *self._goals(row.get("goals") or []),
                ]
            ),
            department=self._term(DEPARTMENT, row.get("department")),
            participants=in_order(self._terms(DEPARTMENT, row.get("participants") or [])),
            challenge=row.get("challenge") or "",
            platforms=tuple(sorted(row.get("platforms") or ())),
            impact_goals=tuple(row.get("impact_goals") or ()),
            resident_involvement=tuple(row.get("resident_involvement") or ()),
            links=values.links(row.get("links")),
            video_url=values.web_link(row.get("video")),
            budget_text=row.get("budget") or "",
            budget=values.kronor(row.get("budget")),
            started_text=row.get("started") or "",
            source_created_at=_month(row.get("started")),
            contacts=values.contacts((each.get("name"), each.get("email")) for each in row.get("contacts") or ()),
            raw=values.without_persons({name: value for name, value in row.items() if name != "school"}),
        )


def _paragraphs(texts: list[str] | str | None) -> str:
    parts = [texts] if isinstance(texts, str) else texts or []
    return safe_html.clean("".join(f"<p>{html.escape(text, quote=False)}</p>" for text in parts))


def _month(text: str | None) -> datetime | None:
    return values.moment(None, f"{text}-01" if text and len(text) == 7 else text)
