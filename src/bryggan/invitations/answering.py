"""What a class answers, and what comes of it: seats, a place in the queue, or the lottery.

Every answer locks the round and the invitation, so that two of the class's teachers who press at once give one
answer, and one in the last second is in the lottery or late. Then occasions are locked, all at once, and last the
class's programme. Seats are taken and returned by `fair/seating/seats.py` alone, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts import facts
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import User
from bryggan.common import audit
from bryggan.fair.models import Booking, Occasion, Session, State, WaitingEntry
from bryggan.fair.seating import seats, waiting
from bryggan.fair.seating.capacity import GroupLimits, group_problem
from bryggan.invitations import programme_stops
from bryggan.invitations.models import Invitation, InvitationRound
from bryggan.invitations.permissions import may_answer, may_handle_round
from bryggan.invitations.telling import tell_class, tell_host, time_text

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
    HAS_BEGUN, PUT_AWAY = "has begun", "put away"

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
    of the first. A visit by agreement has no time yet. Raises NotAllowed, CannotAnswer, and SeatsRefused when the
    host or a time does not take such a group.
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
    invitation.booking = None
    invitation.answered_at, invitation.answered_by = timezone.now(), by
    _refuse_other_sizes(invitation)
    if round.how == InvitationRound.How.AGREEMENT:
        invitation.state = Invitation.State.ACCEPTED
    elif round.spread == InvitationRound.Spread.LOTTERY and round.state == InvitationRound.State.SENT:
        for locked in seats.lock_all(wishes).values():
            # A group that a time cannot take is told now, and not after the lottery.
            seats.wish_of(locked, school_class, None, invitation.pupils, invitation.adults, is_reserved=True)
        invitation.state = Invitation.State.HOPING
    else:
        _take_or_queue(invitation, by=by, must=True)
    invitation.save()
    _after_yes(invitation, by)
    return invitation


@transaction.atomic
def decline(invitation: Invitation, *, by: User) -> Invitation:
    """Say no, or take back a yes: seats and places go to others at once. Said again, nothing changes.

    Raises NotAllowed, and CannotAnswer when the visit has begun.
    """
    invitation = _locked(invitation, by)
    if invitation.state in ENDED:
        return invitation
    was = invitation.state
    _give_back(invitation, by=by)
    had_said_yes = was in HAS_SAID_YES
    invitation.state = Invitation.State.CANCELLED_BY_CLASS if had_said_yes else Invitation.State.DECLINED
    invitation.answered_at, invitation.answered_by = timezone.now(), by
    invitation.save()
    entry = audit.record(by, "cancelled visit" if had_said_yes else "declined invitation", invitation, was=was)
    count_answer("visit cancelled by class" if had_said_yes else "invitation declined", invitation)
    if had_said_yes:
        tell_host(invitation, _("%(class)s har avbokat: %(title)s"), cause=f"answer {entry.pk}")
        tell_class(
            invitation,
            _("Avbokat: %(title)s"),
            [_("%(name)s har avbokat för klassen.") % {"name": by}],
            cause=f"answer {entry.pk}",
            but=by,
        )
    return invitation


@transaction.atomic
def change_numbers(invitation: Invitation, *, pupils: int, adults: int, needs: str = "", by: User) -> Invitation:
    """Come with other numbers or needs. More people need free seats. The same again changes nothing.

    Raises NotAllowed, CannotAnswer and SeatsRefused.
    """
    invitation = _locked(invitation, by)
    if invitation.state not in HAS_SAID_YES:
        raise CannotAnswer(CannotAnswer.TOO_LATE)
    needs = needs.strip()[:300]
    if (invitation.pupils, invitation.adults, invitation.needs) == (pupils, adults, needs):
        return invitation
    invitation.pupils, invitation.adults, invitation.needs = pupils, adults, needs
    _refuse_other_sizes(invitation)
    entries = _entries(invitation)
    own = invitation.booking if invitation.booking and invitation.booking.state != Booking.State.ENDED else None
    locked = seats.lock_all({*invitation.wishes, *([own.occasion_id] if own else [])})
    if own:
        seats.change_size(booking=own, pupils=pupils, adults=adults, by=by)
    for entry in entries:
        waiting.change_size(entry=entry, pupils=pupils, adults=adults, by=by)
    if invitation.state == Invitation.State.HOPING:
        for occasion in locked.values():
            seats.wish_of(occasion, invitation.school_class, None, pupils, adults, is_reserved=True)
    invitation.save(update_fields=["pupils", "adults", "needs"])
    entry_of_trail = audit.record(by, "changed numbers", invitation, pupils=pupils, adults=adults)
    tell_host(invitation, _("%(class)s har ändrat: %(title)s"), cause=f"answer {entry_of_trail.pk}")
    return invitation


@transaction.atomic
def agree_on_time(invitation: Invitation, *, starts_at: datetime, ends_at: datetime, by: User) -> Invitation:
    """Write down the time that class and host have agreed on. Agreed anew, the visit is moved.

    Raises NotAllowed, CannotAnswer when the class has not said yes, and SeatsRefused when a time has begun.
    """
    invitation = _for_host(invitation, by)
    if invitation.state != Invitation.State.ACCEPTED or invitation.round.how != InvitationRound.How.AGREEMENT:
        raise CannotAnswer(CannotAnswer.TOO_LATE)
    before = invitation.booking
    if before and before.state != Booking.State.BOOKED:
        before = None
    if before and (before.starts_at, before.ends_at) == (starts_at, ends_at):
        return invitation
    occasion = _agreed_occasion(invitation, starts_at, ends_at)
    if before:
        invitation.booking = seats.move(booking=before, to=occasion, by=by)
    else:
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
    tell_class(
        invitation,
        _("Tiden är bestämd: %(title)s"),
        [_("Besöket är %(time)s.") % {"time": time_text(starts_at, ends_at)}],
        cause=f"agreed {invitation.pk} {invitation.booking.pk}",
    )
    return invitation


@transaction.atomic
def cancel_by_host(invitation: Invitation, *, by: User, tell: bool = True) -> Invitation:
    """The host cannot take the class after all. Raises NotAllowed, and CannotAnswer when the visit has begun."""
    invitation = _for_host(invitation, by)
    if invitation.state in ENDED:
        return invitation
    _give_back(invitation, by=by, by_host=True)
    invitation.state = Invitation.State.CANCELLED_BY_HOST
    invitation.save()
    audit.record(by, "cancelled by host", invitation)
    count_answer("visit cancelled by host", invitation)
    if tell:
        tell_class(
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
    invitation = locked_row(invitation.pk)
    invitation.lot = lot
    if invitation.state == Invitation.State.HOPING:
        _take_or_queue(invitation, by=invitation.answered_by or "worker", must=False)
        _after_lottery(invitation)
    invitation.save()
    return invitation


def has_seats_by_another(invitation: Invitation, occasion: Occasion | int) -> bool:
    """True when the class has its seats there by another invitation: each booking belongs to one."""
    others = Invitation.objects.filter(school_class=invitation.school_class_id, booking__occasion=occasion)
    return others.exclude(pk=invitation.pk).exclude(booking__state=Booking.State.ENDED).exists()


def locked_row(pk: int) -> Invitation:
    """The invitation as it is now, locked, with what its actions read."""
    rows = Invitation.objects.select_for_update(of=("self",)).select_related(
        "round__department",
        "round__company",
        "round__session",
        "round__initiative",
        "school_class__school_unit",
        "booking__occasion",
        "answered_by",
    )
    return rows.get(pk=pk)


def _take_or_queue(invitation: Invitation, *, by: User | str, must: bool) -> None:
    """Book at the first wished time with room, else join the queue of the first that has one.

    `must` lets a refusal of the only wish be heard; without it the class ends up without a seat.
    """
    occasions = Occasion.objects.in_bulk(invitation.wishes)
    wishes = [occasions[pk] for pk in invitation.wishes if pk in occasions]
    if len(wishes) > 1:
        # All of them at once and in order; one alone is locked by whatever takes its seats.
        seats.lock_all(wishes)
    refused: seats.SeatsRefused | None = None
    for take in (_take, _queue):
        for occasion in wishes:
            try:
                with transaction.atomic():
                    take(invitation, occasion, by)
                return
            except seats.SeatsRefused as refusal:
                refused = refusal
    if must and refused:
        raise refused
    invitation.state = Invitation.State.NO_SEAT


def _take(invitation: Invitation, occasion: Occasion, by: User | str) -> None:
    if has_seats_by_another(invitation, occasion):
        raise seats.AlreadyHasSeats
    invitation.booking = seats.book(
        occasion=occasion,
        school_class=invitation.school_class,
        pupils=invitation.pupils,
        adults=invitation.adults,
        by=by,
        reserved=True,
    )
    invitation.state = Invitation.State.ACCEPTED
    programme_stops.put_in(invitation.booking, by=invitation.answered_by)


def _queue(invitation: Invitation, occasion: Occasion, by: User | str) -> None:
    waiting.join(
        occasion=occasion,
        school_class=invitation.school_class,
        pupils=invitation.pupils,
        adults=invitation.adults,
        by=by,
        reserved=True,
    )
    invitation.state = Invitation.State.QUEUED


def _refuse_other_sizes(invitation: Invitation) -> None:
    """What the host said of groups holds whatever the session takes. Raises GroupNotTaken."""
    round = invitation.round
    limits = GroupLimits(round.smallest_group, round.largest_group)
    problem = group_problem(limits, pupils=invitation.pupils or 0, adults=invitation.adults or 0)
    if problem:
        raise seats.GroupNotTaken(problem, limits)


def _wishes(round: InvitationRound, occasions: Sequence[Occasion]) -> list[int]:
    if round.how == InvitationRound.How.AGREEMENT:
        return []
    wishes = list(dict.fromkeys(one.pk for one in occasions))
    if not wishes:
        raise CannotAnswer(CannotAnswer.NO_TIME_CHOSEN)
    if not set(wishes) <= {one.pk for one in open_occasions(round)}:
        raise CannotAnswer(CannotAnswer.OTHER_TIME)
    return wishes


def open_occasions(round: InvitationRound) -> list[Occasion]:
    """The round's times that a class can still come to, in order."""
    coming = round.occasions.offered().filter(starts_at__gt=timezone.now())
    return list(coming.select_related("session__venue", "session__fair").order_by("starts_at", "pk"))


def _refuse_when_over(invitation: Invitation) -> None:
    if invitation.round.state == InvitationRound.State.CANCELLED:
        raise CannotAnswer(CannotAnswer.CANCELLED)
    if invitation.state == Invitation.State.CANCELLED_BY_HOST:
        raise CannotAnswer(CannotAnswer.CANCELLED)
    if invitation.school_class.archived_at is not None:
        raise CannotAnswer(CannotAnswer.PUT_AWAY)
    if invitation.round.answer_by <= timezone.now():
        raise CannotAnswer(CannotAnswer.TOO_LATE)


def _give_back(invitation: Invitation, *, by: User, by_host: bool = False) -> None:
    """Seats and places in queues. Raises CannotAnswer when the visit has begun: then it is about who came."""
    entries = _entries(invitation)
    own = invitation.booking if invitation.booking and invitation.booking.state != Booking.State.ENDED else None
    seats.lock_all({*(entry.occasion_id for entry in entries), *([own.occasion_id] if own else [])})
    try:
        if own:
            seats.release(booking=own, by=by, by_host=by_host)
            programme_stops.take_out(own, by=by)
        for entry in entries:
            waiting.leave(entry=entry, by=by)
    except seats.HasBegun as refused:
        raise CannotAnswer(CannotAnswer.HAS_BEGUN) from refused


def _entries(invitation: Invitation) -> list[WaitingEntry]:
    if invitation.state != Invitation.State.QUEUED:
        return []
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
        # Room for the one class, whichever way the session counts.
        capacity=None,
        booking_closes_at=starts_at,
    )


def _locked(invitation: Invitation, by: User) -> Invitation:
    invitation = with_round_locked(invitation)
    if not may_answer(by, invitation):
        raise NotAllowed
    return invitation


def _for_host(invitation: Invitation, by: User) -> Invitation:
    invitation = with_round_locked(invitation)
    if not may_handle_round(by, invitation.round):
        raise NotAllowed
    return invitation


def with_round_locked(invitation: Invitation) -> Invitation:
    """The invitation as it is now; its round is locked before it, as `rounds.draw` does."""
    InvitationRound.objects.select_for_update().get(pk=invitation.round_id)
    return locked_row(invitation.pk)


def _after_yes(invitation: Invitation, by: User) -> None:
    entry = audit.record(by, "accepted invitation", invitation, state=invitation.state, wishes=invitation.wishes)
    count_answer("invitation accepted", invitation)
    tell_host(invitation, _("%(class)s tackar ja: %(title)s"), cause=f"answer {entry.pk}")
    tell_class(
        invitation,
        _("Klassen har tackat ja: %(title)s"),
        [_("%(name)s har svarat för klassen.") % {"name": by}],
        cause=f"answer {entry.pk}",
        but=by,
    )


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
    tell_class(invitation, title, told, cause=f"lottery {invitation.pk}")


def count_answer(measure: str, invitation: Invitation) -> None:
    """Write it in the statistics, under the school and whoever invites."""
    round = invitation.round
    facts.count(
        measure,
        school_class=invitation.school_class,
        initiative=round.initiative_id,
        department=round.department.slug if round.department else "",
        amount=invitation.pupils or invitation.school_class.pupils,
    )
