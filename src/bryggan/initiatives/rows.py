"""Dataclasses into rows: terms, challenges, platforms and initiatives of one source. Called in sync's transaction.

Every function can run twice; what is equal already is not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.text import slugify

from bryggan.accounts.models import Department
from bryggan.initiatives.models import Challenge, Contact, Initiative, Picture, Platform, Source, SourceTerm, Term
from bryggan.initiatives.remote import (
    DEPARTMENT,
    RemoteChallenge,
    RemoteContact,
    RemoteInitiative,
    RemotePicture,
    RemotePlatform,
    RemoteTerm,
    mapped_hash,
)

# Fields of RemoteInitiative that are columns of Initiative under the same name, ready as they are.
_SAME = (
    "title",
    "slug",
    "summary",
    "language",
    "what_html",
    "why_html",
    "how_html",
    "lessons_html",
    "other_html",
    "progress",
    "is_stopped",
    "status_explanation",
    "video_url",
    "place",
    "budget_text",
    "funds",
    "is_city_wide",
    "challenges_core_business",
    "started_text",
    "source_created_at",
    "source_modified_at",
    "raw",
)
_LISTS = ("impact_goals", "resident_involvement", "links", "files")


class Meanings:
    """What a source's words mean with us: one of the city's terms, or a department. Made when first needed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        rows = SourceTerm.objects.filter(source=source)
        self._meant: dict[tuple[str, str], tuple[int, str]] = {
            (kind, remote_id): (department or term, digest)
            for kind, remote_id, term, department, digest in rows.values_list(
                "kind", "remote_id", "term_id", "department_id", "mapped_hash"
            )
        }
        self.changed = False

    def differ_from(self, vocabulary: Sequence[RemoteTerm]) -> bool:
        """True when the source has renamed, added or deleted a word since we last heard all of them."""
        return any(self._is_news(each) for each in vocabulary) or bool(self._deleted(vocabulary))

    def take(self, vocabulary: Sequence[RemoteTerm]) -> None:
        """Make and rename what the source's whole vocabulary asks for, parents included; forget what it dropped."""
        fresh = [each for each in vocabulary if self._is_news(each)]
        for each in fresh:
            self.of(each)
        for each in fresh:
            parent = self._meant.get((each.kind, each.parent))
            if each.kind != DEPARTMENT:
                Term.objects.filter(pk=self.of(each)).update(parent=parent[0] if parent else None)
        for kind, remote_id in self._deleted(vocabulary):
            # The word itself stays: another source may use it, and its address keeps working.
            SourceTerm.objects.filter(source=self._source, kind=kind, remote_id=remote_id).delete()
            del self._meant[kind, remote_id]
            self.changed = True

    def _is_news(self, remote: RemoteTerm) -> bool:
        return self._meant.get((remote.kind, remote.remote_id), (0, ""))[1] != mapped_hash(remote)

    def _deleted(self, vocabulary: Sequence[RemoteTerm]) -> list[tuple[str, str]]:
        told = {(each.kind, each.remote_id) for each in vocabulary}
        # Of kinds that have no list of their own, only the initiatives tell.
        listed = {each.kind for each in vocabulary}
        return [key for key in self._meant if key[0] in listed and key not in told]

    def of(self, remote: RemoteTerm) -> int:
        """The primary key of the Term, or for DEPARTMENT of the Department, that `remote` means."""
        key = (remote.kind, remote.remote_id)
        pk, digest = self._meant.get(key, (0, ""))
        told = mapped_hash(remote)
        if pk and digest == told:
            return pk
        self.changed = True
        if pk:
            self._rename(pk, remote)
        else:
            pk = self._make(remote)
        column = "department_id" if remote.kind == DEPARTMENT else "term_id"
        SourceTerm.objects.update_or_create(
            source=self._source,
            kind=remote.kind,
            remote_id=remote.remote_id,
            defaults={column: pk, "mapped_hash": told},
        )
        self._meant[key] = (pk, told)
        return pk

    def _rename(self, pk: int, remote: RemoteTerm) -> None:
        # The slug stays: addresses that name it keep working.
        if remote.kind == DEPARTMENT:
            Department.objects.filter(pk=pk).update(name=remote.name)
        else:
            Term.objects.filter(pk=pk).update(
                name=remote.name, description=remote.description, progress=remote.progress
            )

    def _make(self, remote: RemoteTerm) -> int:
        slug = slugify(remote.name) or slugify(f"{remote.kind}-{remote.remote_id}")
        if remote.kind == DEPARTMENT:
            return Department.objects.get_or_create(slug=slug[:80], defaults={"name": remote.name})[0].pk
        words = {"name": remote.name, "description": remote.description, "progress": remote.progress}
        return Term.objects.get_or_create(kind=remote.kind, slug=slug[:100], defaults=words)[0].pk


def take_challenges(source: Source, challenges: Sequence[RemoteChallenge], meanings: Meanings, now: datetime) -> bool:
    """Write what differs, withdraw what the source shows no longer. True when anything changed."""
    known = _known(Challenge.objects.filter(source=source))
    changed = False
    for remote in challenges:
        digest = mapped_hash(remote)
        if known.pop(remote.remote_id, None) == digest:
            continue
        changed = True
        challenge, _created = Challenge.objects.update_or_create(
            source=source,
            remote_id=remote.remote_id,
            defaults={
                "title": remote.title,
                "slug": remote.slug,
                "preamble": remote.preamble,
                "content": remote.content,
                "category_id": meanings.of(remote.category) if remote.category else None,
                "mapped_hash": digest,
                "withdrawn_at": None,
            },
        )
        challenge.terms.set({meanings.of(each) for each in remote.terms})
    return _withdraw(Challenge.objects.filter(source=source), known, now) or changed


def take_platforms(source: Source, platforms: Sequence[RemotePlatform], now: datetime) -> bool:
    """Write what differs, withdraw what the source shows no longer. True when anything changed."""
    known = _known(Platform.objects.filter(source=source))
    changed = False
    for remote in platforms:
        digest = mapped_hash(remote)
        if known.pop(remote.remote_id, None) == digest:
            continue
        changed = True
        Platform.objects.update_or_create(
            source=source,
            remote_id=remote.remote_id,
            defaults={
                "title": remote.title,
                "preamble": remote.preamble,
                "content": remote.content,
                "features": list(remote.features),
                "links": list(remote.links),
                "mapped_hash": digest,
                "withdrawn_at": None,
            },
        )
    return _withdraw(Platform.objects.filter(source=source), known, now) or changed


def _known(rows: models.QuerySet[Any]) -> dict[str, str]:
    """Hashes by the source's id; empty for a withdrawn row, which must be written to come back."""
    found = rows.values_list("remote_id", "mapped_hash", "withdrawn_at")
    return {remote_id: "" if withdrawn_at else digest for remote_id, digest, withdrawn_at in found}


def _withdraw(rows: models.QuerySet[Any], left: dict[str, str], now: datetime) -> bool:
    gone = [remote_id for remote_id, digest in left.items() if digest]
    return bool(gone) and bool(rows.filter(remote_id__in=gone).update(withdrawn_at=now))


class Initiatives:
    """Writes the initiatives of one source, a batch at a time."""

    def __init__(self, source: Source, meanings: Meanings, now: datetime) -> None:
        self._source = source
        self._meanings = meanings
        self._now = now
        self._challenges = dict(Challenge.objects.filter(source=source).values_list("remote_id", "pk"))
        self._platforms = dict(Platform.objects.filter(source=source).values_list("remote_id", "pk"))
        self.unchanged = 0
        # [{id, title, change}], as in SyncRun.
        self.changes: list[dict[str, str]] = []
        self.written: list[int] = []

    def write(self, batch: Sequence[tuple[RemoteInitiative, str]]) -> None:
        """Create or update the initiatives of `batch`, each with its hash; equal ones are passed over."""
        rows = Initiative.objects.filter(source=self._source, remote_id__in=[remote.remote_id for remote, _ in batch])
        ours = {
            row.remote_id: row
            for row in rows.prefetch_related("terms", "participants", "platforms", "contacts", "pictures")
        }
        fresh: list[tuple[Initiative, RemoteInitiative]] = []
        for remote, digest in batch:
            row = ours.get(remote.remote_id)
            if row and row.mapped_hash == digest and not row.withdrawn_at:
                self.unchanged += 1
                continue
            change = "created" if row is None else "restored" if row.withdrawn_at else "updated"
            self.changes.append({"id": remote.remote_id, "title": remote.title, "change": change})
            if row:
                self._fill(row, remote, digest)
                row.save()
                self._relate_anew(row, remote)
                self.written.append(row.pk)
            else:
                row = Initiative(source=self._source, remote_id=remote.remote_id, first_seen_at=self._now)
                self._fill(row, remote, digest)
                fresh.append((row, remote))
        if fresh:
            self._create(fresh)

    def _fill(self, row: Initiative, remote: RemoteInitiative, digest: str) -> None:
        for name in _SAME:
            setattr(row, name, getattr(remote, name))
        for name in _LISTS:
            setattr(row, name, list(getattr(remote, name)))
        meaning = self._meanings.of
        row.budget = Decimal(remote.budget) if remote.budget else None
        row.status_id = meaning(remote.status) if remote.status else None
        row.category_id = meaning(remote.category) if remote.category else None
        row.department_id = meaning(remote.department) if remote.department else None
        row.challenge_id = self._challenges.get(remote.challenge)
        row.mapped_hash = digest
        row.changed_at = self._now
        row.withdrawn_at = None

    def _targets(self, remote: RemoteInitiative) -> dict[str, set[int]]:
        """The rows that the initiative is to be tied to, by the name of the relation."""
        return {
            "terms": {self._meanings.of(each) for each in remote.terms},
            "participants": {self._meanings.of(each) for each in remote.participants},
            "platforms": {self._platforms[each] for each in remote.platforms if each in self._platforms},
        }

    def _create(self, fresh: Sequence[tuple[Initiative, RemoteInitiative]]) -> None:
        Initiative.objects.bulk_create([row for row, _remote in fresh])
        self.written += [row.pk for row, _remote in fresh]
        for name, column in (("terms", "term_id"), ("participants", "department_id"), ("platforms", "platform_id")):
            through = Initiative._meta.get_field(name).remote_field.through  # type: ignore[union-attr]
            through.objects.bulk_create(
                through(initiative_id=row.pk, **{column: pk})
                for row, remote in fresh
                for pk in sorted(self._targets(remote)[name])
            )
        Contact.objects.bulk_create(each for row, remote in fresh for each in _contacts(row, remote.contacts))
        Picture.objects.bulk_create(
            _picture(row, picture, position)
            for row, remote in fresh
            for position, picture in enumerate(remote.pictures)
        )

    def _relate_anew(self, row: Initiative, remote: RemoteInitiative) -> None:
        for name, wanted in self._targets(remote).items():
            relation = getattr(row, name)
            if {each.pk for each in relation.all()} != wanted:
                relation.set(wanted)
        if [(each.name, each.email) for each in row.contacts.all()] != [(c.name, c.email) for c in remote.contacts]:
            row.contacts.all().delete()
            Contact.objects.bulk_create(_contacts(row, remote.contacts))
        _take_pictures(row, remote.pictures)


def _contacts(row: Initiative, contacts: Sequence[RemoteContact]) -> list[Contact]:
    return [
        Contact(initiative=row, name=each.name, email=each.email, position=position)
        for position, each in enumerate(contacts)
    ]


def _picture(row: Initiative, remote: RemotePicture, position: int) -> Picture:
    return Picture(
        initiative=row,
        address=remote.address[:1000],
        alt=remote.alt,
        caption=remote.caption,
        version=remote.version,
        position=position,
    )


def _take_pictures(row: Initiative, pictures: Sequence[RemotePicture]) -> None:
    """Keep the rows, and so our copies, of pictures that stay; fetch anew those that are new or replaced."""
    ours = list(row.pictures.all())
    wanted = [(each.address[:1000], each.alt, each.caption, each.version) for each in pictures]
    if [(each.address, each.alt, each.caption, each.version) for each in ours] == wanted:
        return
    by_picture = {(each.address, each.version): each for each in ours}
    stay = {(address, version) for address, _alt, _caption, version in wanted}
    row.pictures.exclude(pk__in=[each.pk for key, each in by_picture.items() if key in stay]).delete()
    # Out of the way first, since two pictures may not stand at one position.
    row.pictures.update(position=models.F("position") + 1000)
    for position, remote in enumerate(pictures):
        kept = by_picture.pop((remote.address[:1000], remote.version), None)
        if kept:
            row.pictures.filter(pk=kept.pk).update(position=position, alt=remote.alt, caption=remote.caption)
        else:
            _picture(row, remote, position).save()
