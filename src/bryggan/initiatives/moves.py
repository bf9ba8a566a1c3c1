"""When a source moves: the same initiative under another host, format or id, found by likeness, judged by an editor.

A move keeps the old row, because everything people saved hangs on it: it takes over the new row's place in
the new source, its texts and its pictures. The new row stays as a signpost (`merged_into`) and takes the old
place in the old source, so that both addresses lead on and neither source finds anything missing or new.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from rapidfuzz import fuzz

from bryggan.accounts.models import User
from bryggan.common import audit, safe_html
from bryggan.common.models import DataVersion
from bryggan.initiatives.models import Contact, Initiative, MoveProposal, Picture, Source, SyncRun

# Titles say more than texts, which are rewritten when systems change.
TITLE_WEIGHT = 0.6
LIKE_ENOUGH = 0.55
_WORD = re.compile(r"[a-zåäöéü0-9]{4,}")
# Columns that stay with the row whatever it tells of.
_KEPT = frozenset({"id", "first_seen_at", "merged_into"})


class AlreadyDecided(Exception):
    """Somebody has judged this proposal, or one of its two initiatives has been merged since."""


@dataclass(frozen=True)
class _Described:
    pk: int
    source: int
    is_withdrawn: bool
    title: str
    words: frozenset[str]


def propose_moves() -> int:
    """Propose for each initiative the later one that it most likely moved to. Returns how many are new.

    Compared are initiatives of different sources, and withdrawn ones with those that came in their own source
    since. A pair that was proposed before is not proposed again, whatever was decided.
    """
    described = list(_described())
    sharing = _Sharing(described)
    pairs = set(MoveProposal.objects.values_list("old", "new"))
    waiting = MoveProposal.objects.filter(state=MoveProposal.State.PROPOSED).values_list("old", "new")
    judged = {pk for pair in waiting for pk in pair}
    proposals = []
    for new in described:
        if new.is_withdrawn or new.pk in judged:
            continue
        candidates = (
            (likeness, old.pk)
            for old in sharing.with_(new)
            if old.pk < new.pk and old.pk not in judged and (old.pk, new.pk) not in pairs
            if old.is_withdrawn or old.source != new.source
            if (likeness := _likeness(old, new)) >= LIKE_ENOUGH
        )
        best = max(candidates, default=None)
        if best:
            proposals.append(MoveProposal(old_id=best[1], new_id=new.pk, likeness=round(best[0], 3)))
    with transaction.atomic():
        MoveProposal.objects.bulk_create(proposals, ignore_conflicts=True)
        return len(proposals)


def propose_after(run: SyncRun) -> int:
    """Propose moves when the run brought something new and there is something old to compare it with."""
    if not run.created:
        return 0
    others = Source.objects.exclude(format=Source.Format.DEMO).exclude(pk=run.source_id)
    old = Initiative.objects.readable().filter(models.Q(source__in=others) | models.Q(withdrawn_at__isnull=False))
    return propose_moves() if old.exists() else 0


@transaction.atomic
def accept_move(proposal: MoveProposal, by: User) -> Initiative:
    """Merge the proposal's two initiatives and answer with the one that lives on, which is the old one.

    What hangs on the new row in other rooms goes over to the old one, but for what the old one has its own of.
    Raises AlreadyDecided.
    """
    proposal = _open(proposal)
    rows = {
        row.pk: row for row in Initiative.objects.select_for_update().filter(pk__in=[proposal.old_id, proposal.new_id])
    }
    old, new = rows[proposal.old_id], rows[proposal.new_id]
    if old.merged_into_id or new.merged_into_id:
        raise AlreadyDecided(str(proposal))
    _swap(old, new)
    _carry_over(new, old)
    now = timezone.now()
    Initiative.objects.filter(merged_into=new).update(merged_into=old)
    Initiative.objects.filter(pk=new.pk).update(merged_into=old, changed_at=now)
    Initiative.objects.filter(pk=old.pk).update(changed_at=now)
    _decide(proposal, MoveProposal.State.MERGED, by)
    others = MoveProposal.objects.filter(state=MoveProposal.State.PROPOSED)
    others.filter(models.Q(old__in=rows) | models.Q(new__in=rows)).delete()
    audit.record(by, "merged", old, moved_from=new.pk, likeness=proposal.likeness)
    DataVersion.touch("initiatives", [old.pk, new.pk])
    return Initiative.objects.get(pk=old.pk)


@transaction.atomic
def reject_move(proposal: MoveProposal, by: User) -> None:
    """Keep the two apart, and never propose them again. Raises AlreadyDecided."""
    proposal = _open(proposal)
    _decide(proposal, MoveProposal.State.REJECTED, by)
    audit.record(by, "rejected move", proposal, old=proposal.old_id, new=proposal.new_id)


def _open(proposal: MoveProposal) -> MoveProposal:
    here = MoveProposal.objects.select_for_update().filter(pk=proposal.pk).first()
    if here is None or here.state != MoveProposal.State.PROPOSED:
        raise AlreadyDecided(str(proposal))
    return here


def _decide(proposal: MoveProposal, state: MoveProposal.State, by: User) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, timezone.now()
    proposal.save(update_fields=["state", "decided_by", "decided_at"])


def _swap(old: Initiative, new: Initiative) -> None:
    """Let the two rows change places: source, id there, and everything that the source tells."""
    columns = [field.attname for field in Initiative._meta.concrete_fields if field.name not in _KEPT]
    olds, news = ({name: getattr(row, name) for name in columns} for row in (old, new))
    relations = ("terms", "participants", "platforms")
    targets = {
        name: [list(getattr(row, name).values_list("pk", flat=True)) for row in (new, old)] for name in relations
    }
    # Out of the way first, since two rows may not have one id in one source.
    Initiative.objects.filter(pk=new.pk).update(remote_id=f"moving {new.pk}")
    Initiative.objects.filter(pk=old.pk).update(**news)
    Initiative.objects.filter(pk=new.pk).update(**olds)
    for name, pks in targets.items():
        for row, wanted in zip((old, new), pks, strict=True):
            getattr(row, name).set(wanted)
    for model in (Contact, Picture):
        model._default_manager.filter(initiative=old).delete()
        model._default_manager.filter(initiative=new).update(initiative=old)


def _carry_over(new: Initiative, old: Initiative) -> None:
    """Hang on `old` what other rooms hung on `new`, whatever they are; this room does not know them.

    A row that `old` has its own of, where only one may be, stays where it is.
    """
    own = {Contact, Picture, MoveProposal, Initiative}
    for relation in Initiative._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ForeignObjectRel) or relation.many_to_many:
            continue
        model, column = relation.related_model, relation.field.attname
        if model in own or getattr(model._meta.auto_created, "_meta", None) is Initiative._meta:
            continue
        rows = model._base_manager.filter(**{column: new.pk})
        for pk in list(rows.values_list("pk", flat=True)):
            try:
                with transaction.atomic():
                    model._base_manager.filter(pk=pk).update(**{column: old.pk})
            except IntegrityError:
                continue


def _described() -> Iterator[_Described]:
    rows = Initiative.objects.readable().exclude(source__format=Source.Format.DEMO)
    names = ("pk", "source_id", "withdrawn_at", "title", "summary", "what_html")
    for pk, source, withdrawn_at, title, summary, what in rows.values_list(*names).iterator():
        words = _WORD.findall(f"{title} {summary} {safe_html.text_of(what)}".casefold())
        yield _Described(pk, source, withdrawn_at is not None, title.casefold(), frozenset(words))


class _Sharing:
    """Who shares a rare word with whom: spares comparing everyone with everyone."""

    COMMON = 50

    def __init__(self, described: Iterable[_Described]) -> None:
        self._by_word: dict[str, list[_Described]] = defaultdict(list)
        for each in described:
            for word in each.words:
                self._by_word[word].append(each)

    def with_(self, one: _Described) -> list[_Described]:
        shared: Counter[_Described] = Counter()
        for word in one.words:
            others = self._by_word[word]
            if len(others) <= self.COMMON:
                shared.update(others)
        return [each for each, _number in shared.most_common(self.COMMON)]


def _likeness(old: _Described, new: _Described) -> float:
    """0 to 1: how alike the titles are, letter by letter, and the texts, word by word."""
    shared = len(old.words & new.words)
    texts = 2 * shared / (len(old.words) + len(new.words)) if shared else 0.0
    return TITLE_WEIGHT * fuzz.ratio(old.title, new.title) / 100 + (1 - TITLE_WEIGHT) * texts
