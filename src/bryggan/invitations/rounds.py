"""Rounds of invitations: made, previewed, sent once, drawn by lottery, closed, copied.

Everything waits in rows. Sending writes the invitations and their letters in one transaction under the round's lock,
so two coordinators who press at once send one round, and one that stops half-way has sent none.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts import facts, letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Letter, Rendered
from bryggan.accounts.models import LetterKind, User
from bryggan.common import audit
from bryggan.fair.models import Occasion, Session, State
from bryggan.fair.seating import seats
from bryggan.fair.seating.capacity import SeatsLeft
from bryggan.invitations import answer_links
from bryggan.invitations.audience import INTERESTED, Audience, Choice, Invitee, audience_of
from bryggan.invitations.lottery import lottery_order
from bryggan.invitations.models import Invitation, InvitationRound
from bryggan.invitations.permissions import may_handle_round, may_invite_for, may_invite_to
from bryggan.invitations.round_letters import About, letter_of

# Less time than this to answer is none.
SHORTEST_NOTICE = timedelta(hours=1)
# What a copy takes over.
_COPIED = (
    "department", "company", "initiative", "session", "how", "title", "text", "place", "practical", "attachments",
    "smallest_group", "largest_group", "to_interested", "to_matching", "school_forms", "school_years",
    "only_new_schools", "most_per_teacher", "spread",
)  # fmt: skip
UNSENT = (InvitationRound.State.DRAFT, InvitationRound.State.SCHEDULED)


class CannotSend(Exception):
    """The round cannot go out as it is; `why` is one of the names below."""

    NOBODY, NO_TIMES, LATE, ENDED = "nobody", "no times", "late", "ended"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotOwnTimes(Exception):
    """The times are the fair's: their seats are changed by the fair's team."""


@dataclass(frozen=True)
class Time:
    """A time of a visit outside any fair, as a coordinator types it. Seats are in people."""

    starts_at: datetime
    ends_at: datetime
    seats: int | None


@transaction.atomic
def save_round(
    round: InvitationRound,
    *,
    subjects: Sequence[int] = (),
    programmes: Sequence[int] = (),
    school_units: Sequence[int] = (),
    occasions: Sequence[Occasion] = (),
    times: Sequence[Time] = (),
    form_token: UUID | None = None,
    by: User,
) -> InvitationRound:
    """Save a draft: a new one, or one that has not been sent. The same form sent twice makes one.

    `occasions` are of the round's session; `times` make occasions of a session of the round's own, outside any fair.
    Raises NotAllowed, also for what is not the host's own, and CannotSend (ENDED) when it has been sent meanwhile.
    """
    if not may_invite_for(by, round.host):
        raise NotAllowed
    if round.pk is None and form_token:
        made = InvitationRound.objects.filter(form_token=form_token).first()
        if made:
            return _made_by(made, by)
        round.form_token = form_token
    before = _saved_before(round, by)
    if round.host is None or not may_invite_to(round.host, initiative=round.initiative, session=round.session):
        raise NotAllowed
    if round.pk is None:
        round.made_by = by
    try:
        with transaction.atomic():
            round.save()
    except IntegrityError:
        made = InvitationRound.objects.filter(form_token=form_token).first() if form_token else None
        if made is None:
            raise
        # The other press of the same button was a moment earlier.
        return _made_by(made, by)
    round.subjects.set(subjects)
    round.programmes.set(programmes)
    round.school_units.set(school_units)
    if times:
        occasions = _own_occasions(round, times)
    round.occasions.set(occasions)
    if before and before.fair_id is None and before.pk != round.session_id:
        before.delete()
    audit.record(by, "saved invitation round", round)
    return round


def preview(
    round: InvitationRound,
    *,
    to: User,
    choice: Choice | None = None,
    times: Sequence[tuple[datetime, datetime]] | None = None,
) -> tuple[Audience, Rendered]:
    """Who gets it, why others do not, and the very letter.

    The letter is the one to the first class that has said it is curious; its links for answering and for stopping
    letters are nobody's but the reader's. `choice` and `times` for a round that is not saved yet.
    """
    audience = audience_of(round, choice)
    shown = next((one for one in audience.invited if one.ground == INTERESTED), None)
    common = letter_of(round, times)
    letter = common.about(_about(shown)) if shown else common.to_somebody()
    return audience, letters.render(letter, kind=LetterKind.INVITATION, to=to)


@transaction.atomic
def schedule(round: InvitationRound, send_at: datetime, *, by: User) -> InvitationRound:
    """Let the worker send it at a time. Raises NotAllowed and CannotSend."""
    round = _locked(round, by)
    if round.state not in UNSENT:
        raise CannotSend(CannotSend.ENDED)
    _refuse_unsendable(round, max(send_at, timezone.now()))
    round.state, round.send_at = InvitationRound.State.SCHEDULED, send_at
    round.save(update_fields=["state", "send_at"])
    audit.record(by, "scheduled invitation round", round, at=send_at.isoformat())
    return round


@transaction.atomic
def unschedule(round: InvitationRound, *, by: User) -> InvitationRound:
    """Keep it as a draft after all. Raises NotAllowed, and CannotSend (ENDED) when it has gone."""
    round = _locked(round, by)
    if round.state not in UNSENT:
        raise CannotSend(CannotSend.ENDED)
    if round.state == InvitationRound.State.SCHEDULED:
        round.state, round.send_at = InvitationRound.State.DRAFT, None
        round.save(update_fields=["state", "send_at"])
        audit.record(by, "unscheduled invitation round", round)
    return round


@transaction.atomic
def send(round: InvitationRound, *, by: User | None) -> int:
    """Send it now: one invitation for each class and one letter for each of its teachers. Returns how many classes.

    Sent already, it is not sent again and the answer is 0. `by` is None for the worker. Raises NotAllowed and
    CannotSend.
    """
    round = _locked(round, by)
    if round.state not in UNSENT:
        if round.state == InvitationRound.State.CANCELLED:
            raise CannotSend(CannotSend.ENDED)
        return 0
    now = timezone.now()
    _refuse_unsendable(round, now)
    audience = audience_of(round)
    if not audience.invited:
        raise CannotSend(CannotSend.NOBODY)
    rows = [
        Invitation(round=round, school_class=one.school_class, ground=one.ground, invited_at=now)
        for one in audience.invited
    ]
    Invitation.objects.bulk_create(rows, batch_size=500)
    made = dict(round.invitations.order_by().values_list("school_class_id", "pk"))
    round.state, round.sent_at, round.send_at = InvitationRound.State.SENT, now, None
    round.save(update_fields=["state", "sent_at", "send_at"])
    if round.session and round.session.fair_id is None:
        Session.objects.filter(pk=round.session.pk, state=State.DRAFT).update(state=State.PUBLISHED)
    _write_letters(round, audience.invited, made)
    facts.count_each(
        "invitation",
        [(one.school_class, one.ground, one.school_class.pupils) for one in audience.invited],
        initiative=round.initiative_id,
        department=round.department.slug if round.department else "",
    )
    audit.record(by or "worker", "sent invitation round", round, classes=len(rows), teachers=len(audience.teachers))
    return len(rows)


def send_due() -> int:
    """Send rounds whose time has come. A worker's chore; returns how many rounds it did something about."""
    due = InvitationRound.objects.filter(state=InvitationRound.State.SCHEDULED, send_at__lte=timezone.now())
    done = 0
    for round in due.order_by("send_at", "pk"):
        try:
            done += bool(send(round, by=None))
        except CannotSend as refusal:
            done += _give_up(round, refusal.why)
    return done


@transaction.atomic
def cancel(round: InvitationRound, *, by: User) -> int:
    """Cancel the round. Who is invited, hopes or has a seat is told; seats go back. Returns how many classes.

    What has begun stays as it was. Raises NotAllowed, and CannotAnswer (HAS_BEGUN) with nothing done when a visit
    begins in the very moment.
    """
    from bryggan.invitations import following

    round = _locked(round, by)
    if round.state == InvitationRound.State.CANCELLED:
        return 0
    _lock_times(round)
    # Seats that were offered and accepted a moment ago are the invitation's too.
    following.follow_seats(round=round.pk)
    touched = list(touched_by_cancelling(round))
    _end_by_host(round, touched, by=by)
    round.state, round.send_at = InvitationRound.State.CANCELLED, None
    round.save(update_fields=["state", "send_at"])
    if round.session and round.session.fair_id is None:
        _cancel_own_session(round.session, by=by)
    letter = Letter(
        subject=_("Inställt: %(title)s") % {"title": round.title},
        paragraphs=[_("%(host)s har ställt in det som ni var inbjudna till.") % {"host": round.host}],
        address=reverse("invitations"),
    )
    teachers = {teacher.pk: teacher for one in touched for teacher in one.school_class.teachers.all()}
    letters.tell(teachers.values(), letter, kind=LetterKind.INVITATION, cause=f"round cancelled {round.pk}")
    audit.record(by, "cancelled invitation round", round, told=len(touched))
    return len(touched)


def touched_by_cancelling(round: InvitationRound) -> Iterable[Invitation]:
    """Invitations that are open or lead to a visit to come, with their classes' teachers."""
    from bryggan.invitations import answering

    now = timezone.now()
    rows = round.invitations.exclude(state__in=answering.ENDED).exclude(booking__starts_at__lte=now)
    # A time can have been moved after the class booked it.
    rows = rows.exclude(booking__occasion__session__kind=Session.Kind.FIXED, booking__occasion__starts_at__lte=now)
    rows = rows.select_related("school_class__school_unit", "booking").prefetch_related("school_class__teachers")
    return rows.order_by("school_class_id")


def _lock_times(round: InvitationRound) -> None:
    """Every time that cancelling touches, all at once and in order, so that it waits for nobody who waits for it."""
    numbers = set(round.occasions.values_list("pk", flat=True))
    numbers |= set(round.invitations.filter(booking__isnull=False).values_list("booking__occasion", flat=True))
    numbers |= {pk for wishes in round.invitations.values_list("wishes", flat=True) for pk in wishes}
    if round.session and round.session.fair_id is None:
        numbers |= set(round.session.occasions.values_list("pk", flat=True))
    seats.lock_all(numbers)


@transaction.atomic
def copy_round(
    round: InvitationRound, *, by: User, second: bool = False, answer_by: datetime, form_token: UUID | None = None
) -> InvitationRound:
    """A draft like this one; as a second round, for those who got no seat in this. Raises NotAllowed."""
    if not may_handle_round(by, round):
        raise NotAllowed
    if form_token and (made := InvitationRound.objects.filter(form_token=form_token).first()):
        return _made_by(made, by)
    copy = InvitationRound(**{name: getattr(round, name) for name in _COPIED}, answer_by=answer_by, made_by=by)
    copy.form_token = form_token
    if round.session and round.session.fair_id is None:
        # A visit of the round's own has times of its own.
        copy.session = None
        copy.initiative = round.initiative
    if second:
        copy.second_of, copy.to_interested, copy.to_matching = round, False, False
    copy.save()
    copy.subjects.set(round.subjects.all())
    copy.programmes.set(round.programmes.all())
    copy.school_units.set(round.school_units.all())
    if copy.session:
        copy.occasions.set(round.occasions.offered().coming())
    audit.record(by, "copied invitation round", copy, of=round.pk)
    return copy


@transaction.atomic
def change_seats(round: InvitationRound, occasion: Occasion, *, capacity: int | None, by: User) -> SeatsLeft:
    """Give a time of the round's own another number of seats. Who has a seat keeps it: `over_by` says how many.

    Raises NotAllowed, and NotOwnTimes for a time of the fair or of another round.
    """
    round = _locked(round, by)
    if round.session is None or round.session.fair_id is not None or occasion.session_id != round.session_id:
        raise NotOwnTimes
    return seats.change_capacity(occasion=occasion, capacity=capacity, reserved=capacity or 0, by=by)


def draw_due() -> int:
    """Draw lots in rounds whose time to answer is over, and close the others. A worker's chore."""
    due = InvitationRound.objects.filter(state=InvitationRound.State.SENT, answer_by__lte=timezone.now())
    return sum(draw(round) for round in due.order_by("answer_by", "pk"))


@transaction.atomic
def draw(round: InvitationRound) -> int:
    """End the time to answer; with a lottery, draw lots and give seats in that order. Returns 1 when it was done now.

    The seed is made now and kept, so nobody could have known it, and everybody can check the order afterwards.
    A class that has been put away meanwhile is not in it.
    """
    from bryggan.invitations import answering

    round = InvitationRound.objects.select_for_update().get(pk=round.pk)
    if round.state != InvitationRound.State.SENT or round.answer_by > timezone.now():
        return 0
    open_ones = round.invitations.filter(state__in=[Invitation.State.INVITED, Invitation.State.HOPING])
    open_ones.filter(school_class__archived_at__isnull=False).update(state=Invitation.State.CANCELLED_BY_CLASS)
    hoping = {one.school_class_id: one for one in round.invitations.filter(state=Invitation.State.HOPING)}
    if hoping:
        round.lottery_seed = secrets.token_hex(16)
        seats.lock_all(sorted({pk for one in hoping.values() for pk in one.wishes}))
        for lot, number in enumerate(lottery_order(hoping, round.lottery_seed), 1):
            answering.give_seat(hoping[number], lot=lot)
    round.invitations.filter(state=Invitation.State.INVITED).update(state=Invitation.State.NO_ANSWER)
    round.state = InvitationRound.State.DRAWN if hoping else InvitationRound.State.CLOSED
    round.drawn_at = timezone.now()
    round.save(update_fields=["state", "lottery_seed", "drawn_at"])
    audit.record("worker", "drew invitation round", round, seed=round.lottery_seed, hoping=len(hoping))
    return 1


def _about(invitee: Invitee, address: str = "") -> About:
    one = invitee.school_class
    return About(one.label, one.school_unit.name, one.pupils, one.adults, address)


def _write_letters(round: InvitationRound, invited: Sequence[Invitee], made: dict[int, int]) -> None:
    """One letter per teacher and class. A teacher with two invited classes gets two: they are two invitations."""
    common = letter_of(round)
    by_teacher: dict[int, list[tuple[User, Invitee]]] = {}
    for invitee in invited:
        for teacher in invitee.teachers:
            by_teacher.setdefault(teacher.pk, []).append((teacher, invitee))
    for turn in range(max(len(classes) for classes in by_teacher.values())):
        some = []
        for classes in by_teacher.values():
            if turn < len(classes):
                teacher, invitee = classes[turn]
                invitation = Invitation(pk=made[invitee.school_class.pk])
                address = answer_links.answer_path(invitation, teacher)
                some.append((teacher, common.about(_about(invitee, address))))
        letters.tell_each(some, kind=LetterKind.INVITATION, cause=f"invitation round {round.pk} letter {turn + 1}")


def _end_by_host(round: InvitationRound, touched: Sequence[Invitation], *, by: User) -> None:
    """Those with seats or a place in a queue one by one, the many who only were asked all at once."""
    from bryggan.invitations import answering

    only_asked = (Invitation.State.INVITED, Invitation.State.HOPING)
    asked = [one for one in touched if one.state in only_asked]
    for one in touched:
        if one.state not in only_asked:
            answering.cancel_by_host(one, by=by, tell=False)
    keys = [one.pk for one in asked]
    for start in range(0, len(keys), 500):
        Invitation.objects.filter(pk__in=keys[start : start + 500]).update(state=Invitation.State.CANCELLED_BY_HOST)
    facts.count_each(
        "visit cancelled by host",
        [(one.school_class, "", one.pupils or one.school_class.pupils) for one in asked],
        initiative=round.initiative_id,
        department=round.department.slug if round.department else "",
    )


def _cancel_own_session(session: Session, *, by: User) -> None:
    Session.objects.filter(pk=session.pk).update(state=State.CANCELLED)
    # What goes on now is somebody's visit.
    for occasion in session.occasions.filter(cancelled_at=None, starts_at__gt=timezone.now()).order_by("pk"):
        seats.cancel_occasion(occasion=occasion, by=by)


def _own_occasions(round: InvitationRound, times: Sequence[Time]) -> list[Occasion]:
    """Occasions of a session of the round's own; all their seats are for those who are invited."""
    session = round.session
    minutes = max(1, int((times[0].ends_at - times[0].starts_at).total_seconds() // 60))
    if session is None or session.fair_id is not None:
        # Nobody can choose it before it is sent.
        session = Session(fair=None, remote_id=f"utskick-{round.pk}", origin="invitation", state=State.DRAFT)
    session.title, session.minutes = round.title, minutes
    session.department, session.company, session.needs_booking = round.department, round.company, True
    session.smallest_group, session.largest_group = round.smallest_group, round.largest_group
    session.save()
    session.initiatives.set([round.initiative] if round.initiative else [])
    if round.session_id != session.pk:
        round.session = session
        round.save(update_fields=["session"])
    kept = []
    for number, time in enumerate(times, 1):
        occasion, _made = Occasion.objects.update_or_create(
            session=session,
            remote_id=str(number),
            defaults={
                "starts_at": time.starts_at,
                "ends_at": time.ends_at,
                "capacity": time.seats,
                "reserved": time.seats or 0,
                # The answer's deadline is the round's; seats that come free can be taken until the visit begins.
                "booking_closes_at": time.starts_at,
            },
        )
        kept.append(occasion)
    session.occasions.exclude(pk__in=[one.pk for one in kept]).filter(bookings=None, waiting_entries=None).delete()
    return kept


def _refuse_unsendable(round: InvitationRound, at: datetime) -> None:
    if round.answer_by < at + SHORTEST_NOTICE:
        raise CannotSend(CannotSend.LATE)
    # Who answers at the last moment must still be able to get a seat, and the lottery is held only then.
    possible = round.occasions.filter(cancelled_at=None, booking_closes_at__gt=round.answer_by)
    if round.how == InvitationRound.How.OCCASIONS and not possible.exists():
        raise CannotSend(CannotSend.NO_TIMES)


@transaction.atomic
def _give_up(round: InvitationRound, why: str) -> int:
    """A scheduled round that cannot go out becomes a draft again, and whoever made it is told."""
    round = InvitationRound.objects.select_for_update().get(pk=round.pk)
    if round.state != InvitationRound.State.SCHEDULED:
        return 0
    was_due = round.send_at
    round.state, round.send_at = InvitationRound.State.DRAFT, None
    round.save(update_fields=["state", "send_at"])
    audit.record("worker", "could not send invitation round", round, why=why)
    if round.made_by:
        letter = Letter(
            subject=_("Utskicket gick inte i väg: %(title)s") % {"title": round.title},
            paragraphs=[_("Titta på det och skicka igen. Inga inbjudningar har skickats.")],
            address=round.get_absolute_url(),
        )
        letters.tell([round.made_by], letter, kind=LetterKind.ANSWER, cause=f"round not sent {round.pk} {was_due}")
    return 1


def _saved_before(round: InvitationRound, by: User) -> Session | None:
    """The session that a saved round has now. Raises NotAllowed, and CannotSend (ENDED) when it has gone out."""
    if round.pk is None:
        return None
    now = _locked(round, by)
    if now.state not in UNSENT:
        raise CannotSend(CannotSend.ENDED)
    return now.session


def _made_by(round: InvitationRound, by: User) -> InvitationRound:
    if not may_handle_round(by, round):
        raise NotAllowed
    return round


def _locked(round: InvitationRound, by: User | None) -> InvitationRound:
    round = InvitationRound.objects.select_for_update().get(pk=round.pk)
    if by is not None and not may_handle_round(by, round):
        raise NotAllowed
    return round
