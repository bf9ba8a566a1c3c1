"""Interest and answers as rows of a spreadsheet. `fair.exports` makes the file, and makes formulas harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts.models import SchoolClass
from bryggan.fair.exports import Cell
from bryggan.initiatives.owners import Host, initiatives_of
from bryggan.invitations.answering import HAS_SAID_YES
from bryggan.invitations.audience import INTERESTED
from bryggan.invitations.desk import Filters
from bryggan.invitations.hosts import offered_by
from bryggan.invitations.models import Invitation, InvitationRound
from bryggan.invitations.telling import time_text, who_they_are

Rows = Iterable[Sequence[Cell]]


def headings() -> list[str]:
    return [
        _("Initiativ eller programpunkt"), _("Källa"), _("Skola"), _("Klass"), _("Årskurs eller program"), _("Ämnen"),
        _("Elever"), _("Vuxna"), _("När"), _("Vill"), _("Hälsning"), _("Önskan i program"), _("Sedan"), _("Lärare"),
        _("E-post"),
    ]  # fmt: skip


def interest_rows(hosts: Sequence[Host] | None, filters: Filters) -> Iterator[list[Cell]]:
    """What classes have said, newest first, then what they have in their programmes. Eight statements or fewer.

    A teacher's name and address only where she has chosen to show them.
    """
    interests = filters.interests().select_related("initiative", "session", "expressed_by")
    stops = filters.stops().select_related("occasion__session")
    if hosts is not None:
        sessions = offered_by(hosts).order_by().values("pk")
        interests = interests.filter(
            Q(initiative__in=initiatives_of(hosts).order_by().values("pk")) | Q(session__in=sessions)
        )
        stops = stops.filter(occasion__session__in=sessions)
    else:
        stops = stops.filter(occasion__session__fair__isnull=False)
    to_class = ("school_class__school_unit", "school_class__programme")
    for one in (
        interests.select_related(*to_class).prefetch_related("school_class__subjects").order_by("-expressed_at", "-pk")
    ):
        teacher = one.expressed_by if one.shows_teacher else None
        yield [
            str(one.initiative or one.session),
            _("intresse"),
            *_class_cells(one.school_class),
            str(one.get_phase_display()),
            str(one.get_kind_display()),
            one.note,
            "",
            timezone.localdate(one.expressed_at),
            teacher.name if teacher else "",
            teacher.email if teacher else "",
        ]
    seen: set[tuple[int, int]] = set()
    chosen = stops.select_related(*(f"itinerary__{name}" for name in to_class))
    for stop in chosen.prefetch_related("itinerary__school_class__subjects").order_by("-wish", "pk"):
        school_class, occasion = stop.itinerary.school_class, stop.occasion
        if occasion is None or (school_class.pk, occasion.session_id) in seen:
            continue
        # Once per class and session, however many programmes it has: the strongest wish comes first.
        seen.add((school_class.pk, occasion.session_id))
        yield [
            occasion.session.title,
            _("program"),
            *_class_cells(school_class),
            _("under mässan"),
            "",
            "",
            str(stop.get_wish_display()),
            timezone.localdate(stop.changed_at),
            "",
            "",
        ]


def is_known(invitation: Invitation) -> bool:
    """True when the host may know which class it is: one that has said it is curious, or has said yes."""
    if invitation.ground == INTERESTED:
        return True
    return invitation.answered_at is not None and invitation.state != Invitation.State.DECLINED


def answer_headings() -> list[str]:
    return [
        _("Skola"), _("Klass"), _("Årskurs eller program"), _("Läge"), _("Tid"), _("Elever"), _("Vuxna"), _("Behov"),
        _("Nummer i lottningen"), _("Kom"), _("Lärare"), _("E-post"),
    ]  # fmt: skip


def answer_rows(round: InvitationRound) -> Iterator[list[Cell]]:
    """Everybody who is invited. A class that has only been matched is without a name until it has said yes."""
    rows = round.invitations.select_related(
        "school_class__school_unit", "school_class__programme", "booking", "answered_by"
    )
    for one in rows.order_by("school_class__school_unit__name", "school_class__label", "pk"):
        has_said_yes = one.state in HAS_SAID_YES
        teacher = one.answered_by if has_said_yes else None
        known = is_known(one)
        school_class = one.school_class
        booking = one.booking
        yield [
            school_class.school_unit.name,
            school_class.label if known else "",
            who_they_are(school_class),
            str(one.get_state_display()),
            time_text(booking.starts_at, booking.ends_at) if booking and has_said_yes else "",
            one.pupils if one.pupils is not None else school_class.pupils if known else None,
            one.adults if one.adults is not None else school_class.adults if known else None,
            one.needs if has_said_yes else "",
            one.lot,
            str(booking.get_attendance_display()) if booking and booking.attendance else "",
            teacher.name if teacher else "",
            teacher.email if teacher else "",
        ]


def _class_cells(school_class: SchoolClass) -> list[Cell]:
    return [
        school_class.school_unit.name,
        school_class.label,
        who_they_are(school_class),
        ", ".join(sorted(subject.name for subject in school_class.subjects.all())),
        school_class.pupils,
        school_class.adults,
    ]
