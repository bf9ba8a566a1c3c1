"""What people decide about links between initiatives and the curriculum, and how they take it back.

A decision is one entry of the audit trail. Every row that it changes gets the entry's time as its `decided_at`,
so a row leads to the decision that stands; the entry keeps how each row was before, so a decision leads back.

In compulsory school the same words stand in several subjects (one text for biology, physics and chemistry): a
decision counts for all of them. Whoever decides holds the initiative's row, as `aligning` does when it stores.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from bryggan.accounts.models import User
from bryggan.alignment.models import Alignment, AlignmentRun
from bryggan.alignment.permissions import may_decide_links
from bryggan.common import audit
from bryggan.common.models import AuditEntry, DataVersion
from bryggan.curriculum.models import CoreContent
from bryggan.initiatives.models import Initiative

State = Alignment.State

CONFIRMED = "confirmed a link"
REJECTED = "rejected a link"
ADDED = "added a link"
TOOK_BACK = "took back a decision on a link"
DECISIONS = (CONFIRMED, REJECTED, ADDED)

ADDED_REASON = "En redaktör har lagt till kopplingen."


class NotAllowed(Exception):
    """The person may not decide about links."""


class InitiativeIsGone(Exception):
    """The initiative is withdrawn from its source, or merged into another: nothing more is decided about it."""


class PointHasEnded(Exception):
    """The point of central content is no longer in force."""


class DecidedMeanwhile(Exception):
    """Somebody else has decided otherwise since the person looked. `alignment` is the link as it is now."""

    def __init__(self, alignment: Alignment) -> None:
        super().__init__(str(alignment))
        self.alignment = alignment


class NoLongerStands(Exception):
    """The decision has been taken back, or a later one has taken its place."""


def confirm(alignment: Alignment, *, by: User, seen: str | None = None) -> Alignment:
    """The link, confirmed. Confirming again changes nothing.

    `seen` is the state that the person saw; when somebody has decided otherwise since, DecidedMeanwhile is
    raised. A suggestion that the machine has taken back in the meantime is put back: the person's word counts.
    Raises NotAllowed, InitiativeIsGone, PointHasEnded.
    """
    return _decide(alignment, State.CONFIRMED, CONFIRMED, by=by, seen=seen)


def reject(alignment: Alignment, *, by: User, seen: str | None = None) -> Alignment:
    """The link, rejected for good: no machine suggests it again. Otherwise like `confirm`."""
    return _decide(alignment, State.REJECTED, REJECTED, by=by, seen=seen)


def add_link(initiative: Initiative, core_content: CoreContent, *, by: User) -> Alignment:
    """A confirmed link that a person knows of, whether or not it was suggested, or rejected before.

    Adding again changes nothing. Raises NotAllowed, InitiativeIsGone, PointHasEnded.
    """
    link = Alignment(
        initiative=initiative,
        core_content=core_content,
        score=1.0,
        strength=Alignment.Strength.STRONG,
        reason=ADDED_REASON,
    )
    return _decide(link, State.CONFIRMED, ADDED, by=by)


@transaction.atomic
def undo(decision: AuditEntry, *, by: User) -> list[Alignment]:
    """Let every link of the decision be as it was before it; one that the decision made is taken away.

    Answers with the links that are left. The machine may then have its say about them again. An older decision
    can be undone when those after it are. Raises NotAllowed and NoLongerStands.
    """
    if not may_decide_links(by):
        raise NotAllowed
    before: dict[str, dict[str, Any] | None] = decision.details.get("before", {})
    if decision.verb not in DECISIONS or not before:
        raise NoLongerStands
    links = Alignment.objects.filter(pk__in=[int(pk) for pk in before])
    initiatives = sorted(set(links.values_list("initiative_id", flat=True)))
    _hold(*initiatives)
    rows = list(links.select_for_update())
    if not rows or any(row.decided_at != decision.at for row in rows):
        raise NoLongerStands
    left = [_as_before(row, told) for row in rows if (told := before[str(row.pk)])]
    # What it made goes, and with it the only trace in this table; the audit trail keeps what was decided.
    links.exclude(pk__in=[row.pk for row in left]).delete()
    # Due again: since the decision the machine has left these links alone.
    AlignmentRun.objects.filter(initiative__in=initiatives).update(text_hash="")
    audit.record(
        by,
        TOOK_BACK,
        _named(rows, decision.thing_id),
        decision=decision.pk,
        initiative=decision.details.get("initiative"),
        point=decision.details.get("point"),
        state=decision.details.get("state"),
    )
    DataVersion.touch("initiatives", initiatives)
    return left


@transaction.atomic
def _decide(link: Alignment, state: State, verb: str, *, by: User, seen: str | None = None) -> Alignment:
    if not may_decide_links(by):
        raise NotAllowed
    held = _hold(link.initiative_id)
    if not held or held[0].withdrawn_at or held[0].merged_into_id:
        raise InitiativeIsGone
    initiative = held[0]
    point = CoreContent.objects.get(pk=link.core_content_id)
    if point.ended_at:
        raise PointHasEnded
    points = _same_words(point)
    kept = Alignment.objects.select_for_update().filter(initiative=initiative, core_content__in=list(points))
    rows = {row.core_content_id: row for row in kept}
    here = rows.get(point.pk)
    if here and seen is not None and here.state not in (seen, state):
        raise DecidedMeanwhile(here)
    changed = [row for row in rows.values() if row.state != state]
    missing = [pk for pk in points if pk not in rows]
    if here and not changed and not missing:
        return here

    before: dict[str, dict[str, Any] | None] = {str(row.pk): _told(row) for row in changed}
    pattern = here or link
    for made in Alignment.objects.bulk_create(_like(pattern, initiative.pk, pk, state) for pk in missing):
        before[str(made.pk)] = None
        rows[made.core_content_id] = made
    entry = audit.record(
        by,
        verb,
        rows[point.pk],
        initiative=initiative.pk,
        point=point.key,
        text=point.text,
        state=state.value,
        before=before,
    )
    decided = {"state": state, "wording": point.text, "decided_by": by, "decided_at": entry.at}
    Alignment.objects.filter(pk__in=[int(pk) for pk in before]).update(**decided)
    DataVersion.touch("initiatives", [initiative.pk])
    return Alignment.objects.select_related("core_content", "initiative").get(pk=rows[point.pk].pk)


def _hold(*initiatives: int) -> list[Initiative]:
    """Lock initiatives, in order, so that neither a machine nor another person decides about them meanwhile."""
    held = Initiative.objects.select_for_update().filter(pk__in=initiatives).order_by("pk")
    return list(held.only("pk", "withdrawn_at", "merged_into"))


def _same_words(point: CoreContent) -> dict[int, CoreContent]:
    """The point itself, and those in force with the same words in the same years of compulsory school."""
    if point.first_year is None:
        return {point.pk: point}
    return {one.pk: one for one in CoreContent.objects.current().filter(text_group=point.text_group).order_by("pk")}


def _like(pattern: Alignment, initiative: int, point: int, state: State) -> Alignment:
    return Alignment(
        initiative_id=initiative,
        core_content_id=point,
        state=state,
        score=pattern.score,
        strength=pattern.strength,
        reason=pattern.reason,
        initiative_words=pattern.initiative_words,
        point_words=pattern.point_words,
    )


def _told(row: Alignment) -> dict[str, Any]:
    return {
        "state": row.state,
        "wording": row.wording,
        "decided_by": row.decided_by_id,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
    }


def _as_before(row: Alignment, told: dict[str, Any]) -> Alignment:
    row.state, row.wording = told["state"], told["wording"]
    # Erased people are nobody.
    row.decided_by = User.objects.filter(pk=told["decided_by"]).first() if told["decided_by"] else None
    row.decided_at = datetime.fromisoformat(told["decided_at"]) if told["decided_at"] else None
    row.save(update_fields=["state", "wording", "decided_by", "decided_at"])
    return row


def _named(rows: list[Alignment], number: str) -> Alignment:
    return next((row for row in rows if str(row.pk) == number), rows[0])
