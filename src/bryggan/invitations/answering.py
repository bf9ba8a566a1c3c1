"""What a class answers, and what comes of it: seats, a place in the queue, or the lottery.

Every answer locks the invitation, so that two of the class's teachers who press at once give one answer. Seats are
taken and returned by `fair/seats.py` alone, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts import facts, letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import LetterKind, User
from bryggan.common import audit
from bryggan.fair import seats, waiting
from bryggan.fair.models import Booking, Occasion, Session, State, WaitingEntry
from bryggan.initiatives.owners import people_of
from bryggan.invitations.models import Invitation, InvitationRound
from bryggan.invitations.permissions import may_answer, may_handle_round
from bryggan.invitations.telling import people_text, time_text

# No answer is waited for any more, and none can be given.
ENDED = (
    Invitation.State.DECLINED,
    Invitation.State.NO_SEAT,
    Invitation.State.NO_ANSWER,
    Invitation.State.CANCELLED_BY_CLASS,
    Invitation.State.CANCELLED_BY_HOST,
)
HAS_SAID_YES = (Invitation.State.HOPING, Invitation.State.ACCEPTED, Invitation.State.QUEUED)


class CannotAnswer(Exception):
    """The answer cannot be given; `why` is one of the names below."""

    TOO_LATE, CANCELLED, NO_TIME_CHOSEN, OTHER_TIME = "too late", "cancelled", "no time chosen", "other time"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@transaction.atomic
def accept(
    invitation: Invitation,
    *,
    occasions: Sequence[Occasion] = (),
    pupils: int | None = None,
    adults: int | None = None,
    needs: str = "",
    by: User,
) -> Invitation:
    """Say yes, with the times in the order the class would like them. Said again, the first answer stands.

    With a lottery the class then hopes; else it has seats at the first of the times with room, or stands in the queue
    of the first. A visit by agreement has no time yet. Raises NotAllowed, CannotAnswer, and SeatsRefused when a time
    does not take such a group.
    """
    invitation = _locked(invitation, by)
    round = invitation.round
    if invitation.state in HAS_SAID_YES:
        return invitation
    _refuse_when_over(invitation)
    wishes = _wishes(round, occasions)
    school_class = invitation.school_class
    invitation.pupils = school_class.pupils if pupils is None else pupils
    invitation.adults = school_class.adults if adults is None else adults
    invitation.needs = needs.strip()[:300]
    invitation.wishes = wishes
    invitation.answered_at, invitation.answered_by = timezone.now(), by
    if round.how == InvitationRound.How.AGREEMENT:
        invitation.state = Invitation.State.ACCEPTED
    elif round.spread == InvitationRound.Spread.LOTTERY and round.state == InvitationRound.State.SENT:
        for pk in wishes:
            # A group that a time cannot take is told now, and not after the lottery.
            _refuse_size(pk, invitation)
        invitation.state = Invitation.State.HOPING
    else:
        _take_or_queue(invitation, by=by, must=True)
    invitation.save()
    _after_yes(invitation, by)
    return invitation


@transaction.atomic
def decline(invitation: Invitation, *, by: User) -> Invitation:
    """Say no, or take back a yes: seats and places go to others at once. Raises NotAllowed and CannotAnswer."""
    invitation = _locked(invitation, by)
    if invitation.state in ENDED:
        return invitation
    was = invitation.state
    _give_back(invitation, by=by)
    had_said_yes = was in HAS_SAID_YES
    invitation.state = Invitation.State.CANCELLED_BY_CLASS if had_said_yes else Invitation.State.DECLINED
    invitation.answered_at, invitation.answered_by = timezone.now(), by
    invitation.save()
    audit.record(by, "cancelled visit" if had_said_yes else "declined invitation", invitation, was=was)
    _count("visit cancelled by class" if had_said_yes else "invitation declined", invitation)
    if had_said_yes:
        _tell_host(invitation, _("%(class)s har avbokat: %(title)s"), cause=f"cancelled {invitation.pk}")
    return invitation


@transaction.atomic
def change_numbers(invitation: Invitation, *, pupils: int, adults: int, needs: str = "", by: User) -> Invitation:
    """Come with other numbers. More people need free seats. Raises NotAllowed, CannotAnswer and SeatsRefused."""
    invitation = _locked(invitation, by)
    if invitation.state not in HAS_SAID_YES:
        raise CannotAnswer(CannotAnswer.TOO_LATE)
    if invitation.booking and invitation.booking.state != Booking.State.ENDED:
        seats.change_size(booking=invitation.booking, pupils=pupils, adults=adults, by=by)
    for entry in _entries(invitation):
        waiting.change_size(entry=entry, pupils=pupils, adults=adults, by=by)
    invitation.pupils, invitation.adults, invitation.needs = pupils, adults, needs.strip()[:300]
    invitation.save(update_fields=["pupils", "adults", "needs"])
    audit.record(by, "changed numbers", invitation, pupils=pupils, adults=adults)
    return invitation


@transaction.atomic
def agree_on_time(invitation: Invitation, *, starts_at: datetime, ends_at: datetime, by: User) -> Invitation:
    """Write down the time that class and host have agreed on. Agreed anew, the visit is moved.

    Raises NotAllowed, and CannotAnswer when the class has not said yes.
    """
    invitation = _for_host(invitation, by)
    if invitation.state != Invitation.State.ACCEPTED or invitation.round.how != InvitationRound.How.AGREEMENT:
        raise CannotAnswer(CannotAnswer.TOO_LATE)
    if invitation.booking and invitation.booking.state == Booking.State.BOOKED:
        if (invitation.booking.starts_at, invitation.booking.ends_at) == (starts_at, ends_at):
            return invitation
        seats.release(booking=invitation.booking, by=by, by_host=True)
    occasion = _agreed_occasion(invitation, starts_at, ends_at)
    invitation.booking = seats.book(
        occasion=occasion,
        school_class=invitation.school_class,
        pupils=invitation.pupils,
        adults=invitation.adults,
        by=by,
        reserved=True,
    )
    invitation.save(update_fields=["booking"])
    audit.record(by, "agreed on time", invitation, starts_at=starts_at.isoformat())
    _tell_class(
        invitation,
        _("Tiden är bestämd: %(title)s"),
        [_("Besöket är %(time)s.") % {"time": time_text(starts_at, ends_at)}],
        cause=f"agreed {invitation.pk} {invitation.booking.pk}",
    )
    return invitation


@transaction.atomic
def cancel_by_host(invitation: Invitation, *, by: User, tell: bool = True) -> Invitation:
    """The host cannot take the class after all. Raises NotAllowed."""
    invitation = _for_host(invitation, by)
    if invitation.state in ENDED:
        return invitation
    _give_back(invitation, by=by, by_host=True)
    invitation.state = Invitation.State.CANCELLED_BY_HOST
    invitation.save()
    audit.record(by, "cancelled by host", invitation)
    _count("visit cancelled by host", invitation)
    if tell:
        _tell_class(
            invitation,
            _("Inställt: %(title)s"),
            [_("%(host)s kan tyvärr inte ta emot er.") % {"host": invitation.round.host}],
            cause=f"host cancelled {invitation.pk}",
        )
    return invitation


def give_seat(invitation: Invitation, *, lot: int) -> Invitation:
    """Seats for a class whose lot is drawn, at the first of its times with room; else a place in the queue.

    For `rounds.draw`, in the order of the lots, within its transaction.
    """
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    invitation.lot = lot
    if invitation.state == Invitation.State.HOPING:
        _take_or_queue(invitation, by=invitation.answered_by or "worker", must=False)
        _after_lottery(invitation)
    invitation.save()
    return invitation


def _take_or_queue(invitation: Invitation, *, by: User | str, must: bool) -> None:
    """Book at the first wished time with room, else join the queue of the first that has one.

    `must` lets a refusal of the only wish be heard; without it the class ends up without a seat.
    """
    occasions = Occasion.objects.in_bulk(invitation.wishes)
    wishes = [occasions[pk] for pk in invitation.wishes if pk in occasions]
    seats.lock_all(wishes)
    refused: seats.SeatsRefused | None = None
    for occasion in wishes:
        try:
            with transaction.atomic():
                invitation.booking = seats.book(
                    occasion=occasion,
                    school_class=invitation.school_class,
                    pupils=invitation.pupils,
                    adults=invitation.adults,
                    by=by,
                    reserved=True,
                )
            invitation.state = Invitation.State.ACCEPTED
            return
        except seats.SeatsRefused as refusal:
            refused = refusal
    for occasion in wishes:
        try:
            with transaction.atomic():
                waiting.join(
                    occasion=occasion,
                    school_class=invitation.school_class,
                    pupils=invitation.pupils,
                    adults=invitation.adults,
                    by=by,
                    reserved=True,
                )
            invitation.state = Invitation.State.QUEUED
            return
        except seats.SeatsRefused as refusal:
            refused = refusal
    if must and refused:
        raise refused
    invitation.state = Invitation.State.NO_SEAT


def _refuse_size(occasion_pk: int, invitation: Invitation) -> None:
    locked = seats.lock(occasion_pk)
    seats.wish_of(locked, invitation.school_class, None, invitation.pupils, invitation.adults, is_reserved=True)


def _wishes(round: InvitationRound, occasions: Sequence[Occasion]) -> list[int]:
    if round.how == InvitationRound.How.AGREEMENT:
        return []
    open_ones = set(round.occasions.offered().filter(starts_at__gt=timezone.now()).values_list("pk", flat=True))
    wishes = list(dict.fromkeys(one.pk for one in occasions))
    if not wishes:
        raise CannotAnswer(CannotAnswer.NO_TIME_CHOSEN)
    if not set(wishes) <= open_ones:
        raise CannotAnswer(CannotAnswer.OTHER_TIME)
    return wishes


def _refuse_when_over(invitation: Invitation) -> None:
    if invitation.round.state == InvitationRound.State.CANCELLED:
        raise CannotAnswer(CannotAnswer.CANCELLED)
    if invitation.state == Invitation.State.CANCELLED_BY_HOST:
        raise CannotAnswer(CannotAnswer.CANCELLED)
    if invitation.round.answer_by <= timezone.now():
        raise CannotAnswer(CannotAnswer.TOO_LATE)


def _give_back(invitation: Invitation, *, by: User, by_host: bool = False) -> None:
    if invitation.booking and invitation.booking.state != Booking.State.ENDED:
        seats.release(booking=invitation.booking, by=by, by_host=by_host)
    for entry in _entries(invitation):
        waiting.leave(entry=entry, by=by)


def _entries(invitation: Invitation) -> list[WaitingEntry]:
    open_states = [WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED]
    mine = WaitingEntry.objects.filter(school_class=invitation.school_class_id, state__in=open_states)
    return list(mine.filter(occasion__in=invitation.wishes))


def _agreed_occasion(invitation: Invitation, starts_at: datetime, ends_at: datetime) -> Occasion:
    """One occasion for one class, of a session of the round's own outside any fair."""
    round = invitation.round
    session = round.session
    minutes = max(1, int((ends_at - starts_at).total_seconds() // 60))
    if session is None or session.fair_id is not None:
        session, _made = Session.objects.get_or_create(
            fair=None,
            remote_id=f"besok-{round.pk}",
            defaults={
                "origin": "invitation",
                "title": round.title,
                "minutes": minutes,
                "unit": Session.Unit.GROUPS,
                "department": round.department,
                "company": round.company,
                "state": State.PUBLISHED,
                "needs_booking": True,
            },
        )
        if round.initiative:
            session.initiatives.add(round.initiative)
    return Occasion.objects.create(
        session=session,
        remote_id=f"{invitation.pk}-{starts_at:%Y%m%dT%H%M}-{Occasion.objects.filter(session=session).count()}",
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=1,
        reserved=1,
        booking_closes_at=starts_at,
    )


def _locked(invitation: Invitation, by: User) -> Invitation:
    invitation = _row(invitation)
    if not may_answer(by, invitation):
        raise NotAllowed
    return invitation


def _for_host(invitation: Invitation, by: User) -> Invitation:
    invitation = _row(invitation)
    if not may_handle_round(by, invitation.round):
        raise NotAllowed
    return invitation


def _row(invitation: Invitation) -> Invitation:
    # The round before the invitation, as `rounds.draw` does: an answer in the last second is in the lottery or late.
    InvitationRound.objects.select_for_update().get(pk=invitation.round_id)
    rows = Invitation.objects.select_for_update(of=("self",)).select_related(
        "round__department", "round__company", "round__session", "round__initiative", "school_class__school_unit"
    )
    return rows.get(pk=invitation.pk)


def _after_yes(invitation: Invitation, by: User) -> None:
    audit.record(by, "accepted invitation", invitation, state=invitation.state, wishes=invitation.wishes)
    _count("invitation accepted", invitation)
    _tell_host(invitation, _("%(class)s tackar ja: %(title)s"), cause=f"accepted {invitation.pk}")


def _after_lottery(invitation: Invitation) -> None:
    title = {
        Invitation.State.ACCEPTED: _("Ni fick plats: %(title)s"),
        Invitation.State.QUEUED: _("Ni står i kö: %(title)s"),
    }.get(Invitation.State(invitation.state), _("Ni fick ingen plats: %(title)s"))
    told = [_("Lottningen är klar. Er klass drogs som nummer %(lot)d.") % {"lot": invitation.lot}]
    if invitation.booking:
        time = time_text(invitation.booking.starts_at, invitation.booking.ends_at)
        told.append(_("Er tid: %(time)s.") % {"time": time})
    elif invitation.state == Invitation.State.QUEUED:
        told.append(_("Platserna tog slut. Ni får ett brev om någon lämnar sina."))
    _tell_class(invitation, title, told, cause=f"lottery {invitation.pk}")


def _tell_class(invitation: Invitation, subject: str, paragraphs: list[str], *, cause: str) -> None:
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
    letters.tell(invitation.school_class.teachers.all(), letter, kind=LetterKind.INVITATION, cause=cause)


def _tell_host(invitation: Invitation, subject: str, *, cause: str) -> None:
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


def _count(measure: str, invitation: Invitation) -> None:
    round = invitation.round
    facts.count(
        measure,
        school_class=invitation.school_class,
        initiative=round.initiative_id,
        department=round.department.slug if round.department else "",
        amount=invitation.pupils or invitation.school_class.pupils,
    )
