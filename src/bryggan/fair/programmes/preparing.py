"""What a class works with at school before and after the fair: initiatives beside the programme's days."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from bryggan.accounts.models import SchoolClass, User
from bryggan.alignment.models import Alignment
from bryggan.alignment.suggesting import Wish, suggest
from bryggan.fair.models import Itinerary, Preparation, Session
from bryggan.fair.programmes.changing import CannotBe, changing
from bryggan.fair.programmes.reasons import Reason
from bryggan.initiatives.models import Initiative

# Beside a programme: more are not read.
MOST_SUGGESTED = 6
LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An initiative to work with, and why. `session`: the one in the programme that it stands behind, if any."""

    initiative: Initiative
    reason: str
    question: str
    session: Session | None = None


def add_preparation(
    itinerary: Itinerary, initiative: Initiative, phase: str, *, note: str = "", by: User
) -> Preparation:
    """An initiative to work with at school before or after the fair, last in its list.

    Adding it again changes its note alone. Raises CannotBe for one that is withdrawn, ValueError for an unknown phase.
    """
    phase = Preparation.Phase(phase).value
    note = note.strip()[:LONGEST_NOTE]
    with changing(itinerary, by=by) as change:
        row = change.itinerary.preparations.filter(initiative=initiative, phase=phase).first()
        if row is not None:
            if note and row.note != note:
                row.note = note
                row.save(update_fields=["note"])
                change.done("noted", initiative.title)
            return row
        if initiative.is_withdrawn or initiative.merged_into_id is not None:
            raise CannotBe(Reason("initiative withdrawn"))
        last = change.itinerary.preparations.filter(phase=phase).aggregate(last=Max("position"))["last"]
        made = Preparation.objects.create(
            itinerary=change.itinerary,
            initiative=initiative,
            phase=phase,
            note=note,
            position=0 if last is None else last + 1,
        )
        change.done("added a preparation", initiative.title)
        return made


def remove_preparation(itinerary: Itinerary, initiative: Initiative, phase: str, *, by: User) -> None:
    """Take an initiative out of the work before or after. Removing it again changes nothing."""
    with changing(itinerary, by=by) as change:
        gone, _rows = change.itinerary.preparations.filter(initiative=initiative, phase=phase).delete()
        if gone:
            change.done("removed a preparation", initiative.title)


def suggestions(itinerary: Itinerary) -> tuple[Suggestion, ...]:
    """At most six initiatives that the programme does not have yet.

    First those behind its sessions, in the order of the day; then examples for what the class reads.
    """
    taken = set(itinerary.preparations.order_by().values_list("initiative_id", flat=True))
    found: dict[int, Suggestion] = {}
    rows = (
        Session.initiatives.through.objects.filter(
            session__occasions__stops__itinerary=itinerary,
            session__occasions__stops__removed_at=None,
            initiative__withdrawn_at=None,
            initiative__merged_into=None,
        )
        .exclude(initiative__in=taken)
        .select_related("initiative", "session")
        .order_by("session__occasions__stops__starts_at", "pk")
    )
    for row in rows:
        if row.initiative_id not in found:
            found[row.initiative_id] = Suggestion(row.initiative, "", "", row.session)
    behind = dict(list(found.items())[:MOST_SUGGESTED])
    reasons = _reasons(behind)
    told = [Suggestion(one.initiative, reasons.get(pk, ""), "", one.session) for pk, one in behind.items()]
    if len(told) < MOST_SUGGESTED:
        wish = wish_of_class(itinerary.school_class, exclude=taken | set(found))
        for example in suggest(wish).examples[: MOST_SUGGESTED - len(told)]:
            if example.initiative.pk not in found:
                told.append(Suggestion(example.initiative, example.reason, example.question))
    return tuple(told)


def wish_of_class(school_class: SchoolClass, *, exclude: Collection[int] = ()) -> Wish:
    """What examples for the class are wanted for."""
    years = school_class.school_years
    return Wish(
        school_form=school_class.school_form,
        subjects=tuple(school_class.subjects.order_by("code").values_list("code", flat=True)),
        years=((min(years), max(years)),) if years else (),
        programme=school_class.programme.code if school_class.programme else "",
        orientation=school_class.orientation_code,
        exclude=frozenset(exclude),
    )


@transaction.atomic
def copy_preparations(source: Itinerary, to: Itinerary) -> None:
    """Let `to` have the same work before and after, of initiatives that everyone may see. For copies just made."""
    there = set(to.preparations.values_list("initiative_id", "phase"))
    rows = source.preparations.filter(initiative__withdrawn_at=None, initiative__merged_into=None)
    Preparation.objects.bulk_create(
        Preparation(itinerary=to, initiative_id=row.initiative_id, phase=row.phase, position=row.position)
        for row in rows
        if (row.initiative_id, row.phase) not in there
    )


def _reasons(behind: Collection[int]) -> dict[int, str]:
    """The sentence of each initiative's best link to the curriculum."""
    found: dict[int, str] = {}
    rows = Alignment.objects.counting().filter(initiative__in=list(behind), core_content__ended_at=None)
    for initiative, reason in rows.order_by("-score", "pk").values_list("initiative_id", "reason"):
        found.setdefault(initiative, reason)
    return found
