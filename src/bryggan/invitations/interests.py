"""Saying that a class is curious, changing it and taking it back."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts import facts, letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import LetterKind, SchoolClass, User
from bryggan.accounts.permissions import may_use_class
from bryggan.common import audit
from bryggan.fair.models import Session
from bryggan.fair.statistics import counted_under
from bryggan.initiatives.models import Initiative
from bryggan.invitations.hosts import coordinators_of
from bryggan.invitations.models import Interest, Kind, Phase
from bryggan.invitations.telling import people_text, who_they_are

LONGEST_NOTE = 500


class NotOpenToClasses(Exception):
    """The initiative has been stopped or withdrawn, or the session cancelled: it can be followed, not visited."""


@transaction.atomic
def express_interest(
    *,
    school_class: SchoolClass,
    initiative: Initiative | None = None,
    session: Session | None = None,
    phase: str = Phase.ANY,
    kind: str = Kind.VISIT,
    note: str = "",
    shows_teacher: bool = False,
    by: User,
) -> Interest:
    """Record that a class is curious about an initiative or a session, and let those who answer for it know.

    Returns the class's open interest. Asking again returns the same one, with the new wish if it differs, and causes
    no second letter. Raises NotAllowed, and NotOpenToClasses when a visit is asked for that cannot be.
    """
    if not may_use_class(by, school_class) or school_class.archived_at:
        raise NotAllowed
    if kind != Kind.FOLLOW and not _takes_visits(initiative, session):
        raise NotOpenToClasses
    wish = {
        "phase": Phase(phase),
        "kind": Kind(kind),
        "note": note.strip()[:LONGEST_NOTE],
        "shows_teacher": shows_teacher,
    }
    interest = _open(school_class, initiative, session)
    if interest is None:
        try:
            with transaction.atomic():
                interest = Interest.objects.create(
                    school_class=school_class, initiative=initiative, session=session, expressed_by=by, **wish
                )
        except IntegrityError:
            # Somebody else of the class pressed at the same moment; hers is the one.
            return Interest.objects.open().get(school_class=school_class, initiative=initiative, session=session)
        _count("interest", interest)
        audit.record(by, "expressed interest", interest)
        letters.tell(
            coordinators_of(initiative=initiative, session=session),
            _letter(interest),
            kind=LetterKind.INTEREST,
            # Of the class and the thing and not of the row: taken back and said again, nobody is written to twice.
            cause=f"interest of {school_class.pk} in {_thing(interest)}",
        )
        return interest
    if any(getattr(interest, name) != value for name, value in wish.items()):
        for name, value in wish.items():
            setattr(interest, name, value)
        interest.save(update_fields=list(wish))
        audit.record(by, "changed interest", interest)
    return interest


@transaction.atomic
def withdraw_interest(interest: Interest, *, by: User) -> Interest:
    """Take the interest back. Taken back twice it is taken back once. Raises NotAllowed."""
    if not may_use_class(by, interest.school_class):
        raise NotAllowed
    interest = Interest.objects.select_for_update().get(pk=interest.pk)
    if interest.withdrawn_at is None:
        interest.withdrawn_at = timezone.now()
        interest.save(update_fields=["withdrawn_at"])
        _count("interest withdrawn", interest)
        audit.record(by, "withdrew interest", interest)
    return interest


def _open(school_class: SchoolClass, initiative: Initiative | None, session: Session | None) -> Interest | None:
    mine = Interest.objects.select_for_update().filter(school_class=school_class, withdrawn_at=None)
    return mine.filter(initiative=initiative, session=session).first()


def _takes_visits(initiative: Initiative | None, session: Session | None) -> bool:
    """A stopped pilot is good teaching material, but nobody is there to meet."""
    if session:
        return session.is_offered
    return initiative is not None and not initiative.is_stopped and not initiative.is_withdrawn


def interests_of(user: User) -> QuerySet[Interest]:
    """The open interests of the teacher's classes, newest first; one statement with what lists show."""
    mine = Interest.objects.open().filter(school_class__in=SchoolClass.objects.taught_by(user))
    return mine.select_related("school_class", "initiative__status", "session__fair", "expressed_by")


def only_to_follow(*, initiative: Initiative | None = None, session: Session | None = None) -> bool:
    """True when nobody can be visited, and a class can only follow."""
    return not _takes_visits(initiative, session)


def _thing(interest: Interest) -> str:
    return f"initiative {interest.initiative_id}" if interest.initiative_id else f"session {interest.session_id}"


def _count(measure: str, interest: Interest) -> None:
    if interest.session_id:
        initiative, department = counted_under([interest.session_id])[interest.session_id]
    else:
        owner = interest.initiative.department if interest.initiative else None
        initiative, department = interest.initiative_id, owner.slug if owner else ""
    facts.count(
        measure,
        school_class=interest.school_class,
        initiative=initiative,
        department=department,
        detail=f"{interest.phase} {interest.kind}",
        amount=interest.school_class.pupils,
    )


def _letter(interest: Interest) -> Letter:
    """School, class, size and years; the teacher's name only when she chose to show it (PRODUCT rule 8)."""
    school_class = interest.school_class
    about = str(interest.initiative or interest.session)
    facts_told = [
        (_("Skola"), school_class.school_unit.name),
        (_("Klass"), f"{school_class.label}, {who_they_are(school_class)}"),
        (_("Antal"), people_text(school_class.pupils, school_class.adults)),
        (_("Vill"), interest.get_kind_display()),
        (_("När"), interest.get_phase_display()),
    ]
    if interest.shows_teacher and interest.expressed_by:
        facts_told.append((_("Lärare"), f"{interest.expressed_by}, {interest.expressed_by.email}"))
    paragraphs = [_("En klass är nyfiken på ”%(what)s”.") % {"what": about}]
    if interest.note:
        paragraphs.append(_("Klassen skriver: ”%(note)s”") % {"note": interest.note})
    return Letter(
        subject=_("En klass är nyfiken: %(what)s") % {"what": about},
        paragraphs=paragraphs,
        facts=facts_told,
        address=reverse("interest_desk"),
        button=_("Se alla som är nyfikna"),
    )
