"""How classes, times and hosts are said in letters, and the letters that go between class and host."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.accounts import letters
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import LetterKind, SchoolClass, User
from bryggan.initiatives.owners import people_of
from bryggan.invitations.models import Invitation


def who_they_are(school_class: SchoolClass) -> str:
    """`årskurs 8`, `förskoleklass`, `Teknikprogrammet år 1`."""
    if school_class.programme:
        name = school_class.programme.name
        if school_class.year_of_study:
            return _("%(name)s år %(year)d") % {"name": name, "year": school_class.year_of_study}
        return name
    years = sorted(school_class.school_years)
    if not years:
        return str(school_class.get_school_form_display()).lower()
    if len(years) == 1:
        return _("årskurs %(year)d") % {"year": years[0]}
    return _("årskurs %(first)d–%(last)d") % {"first": years[0], "last": years[-1]}


def people_text(pupils: int, adults: int) -> str:
    """`24 elever och 2 vuxna`."""
    children = ngettext("%(n)d elev", "%(n)d elever", pupils) % {"n": pupils}
    grown = ngettext("%(n)d vuxen", "%(n)d vuxna", adults) % {"n": adults}
    return _("%(children)s och %(grown)s") % {"children": children, "grown": grown}


def time_text(starts_at: datetime, ends_at: datetime | None = None) -> str:
    """`tisdag 1 juni 2027 kl. 10.00–11.00`, by the city's clocks."""
    local = timezone.localtime(starts_at)
    text = _("%(day)s kl. %(clock)s") % {"day": date_format(local, "l j F Y"), "clock": local.strftime("%H.%M")}
    if ends_at:
        text += "–" + timezone.localtime(ends_at).strftime("%H.%M")
    return text


def tell_class(
    invitation: Invitation, subject: str, paragraphs: list[str], *, cause: str, but: User | None = None
) -> None:
    """One letter to each of the class's teachers, `but` the one who did it herself."""
    letter = Letter(
        subject=subject % {"title": invitation.round.title},
        paragraphs=paragraphs,
        facts=[
            (_("Klass"), invitation.school_class.label),
            (_("Värd"), str(invitation.round.host)),
        ],
        address=invitation.get_absolute_url(),
        button=_("Se besöket"),
    )
    letters.tell(
        _without(invitation.school_class.teachers.all(), but), letter, kind=LetterKind.INVITATION, cause=cause
    )


def tell_host(invitation: Invitation, subject: str, *, cause: str) -> None:
    """School, class and numbers; and the teacher who answered: she has accepted (PRODUCT rule 8)."""
    round = invitation.round
    if round.host is None:
        return
    school_class = invitation.school_class
    told = [
        (_("Skola"), school_class.school_unit.name),
        (_("Klass"), school_class.label),
        (_("Antal"), people_text(invitation.pupils or school_class.pupils, invitation.adults or school_class.adults)),
        (_("Läge"), invitation.get_state_display()),
    ]
    if invitation.booking:
        told.append((_("Tid"), time_text(invitation.booking.starts_at, invitation.booking.ends_at)))
    if invitation.answered_by:
        told.append((_("Lärare"), f"{invitation.answered_by}, {invitation.answered_by.email}"))
    if invitation.needs:
        told.append((_("Behov"), invitation.needs))
    letter = Letter(
        subject=subject % {"class": school_class.label, "title": round.title},
        paragraphs=[],
        facts=told,
        address=round.get_absolute_url(),
        button=_("Se alla svar"),
    )
    letters.tell(people_of(round.host), letter, kind=LetterKind.ANSWER, cause=cause)


def _without(people: Iterable[User], but: User | None) -> list[User]:
    return [person for person in people if but is None or person.pk != but.pk]
