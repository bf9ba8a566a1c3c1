"""Rounds of invitations: made, previewed, sent once, drawn by lottery, closed, copied.

Everything waits in rows. Sending writes the invitations and their letters in one transaction under the round's lock,
so two coordinators who press at once send one round, and one that stops half-way has sent none.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts import facts, letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Letter, Rendered
from bryggan.accounts.models import LetterKind, User
from bryggan.common import audit
from bryggan.fair import seats
from bryggan.fair.models import Occasion, Session, State
from bryggan.invitations import answer_links
from bryggan.invitations.audience import Audience, Invitee, audience_of
from bryggan.invitations.lottery import lottery_order
from bryggan.invitations.models import Invitation, InvitationRound
from bryggan.invitations.permissions import may_handle_round, may_invite_for
from bryggan.invitations.telling import people_text, time_text

MOST_TIMES_IN_A_LETTER = 8
# What a copy takes over.
_COPIED = (
    "department", "company", "initiative", "session", "how", "title", "text", "place", "practical", "attachments",
    "smallest_group", "largest_group", "to_interested", "to_matching", "school_forms", "school_years",
    "only_new_schools", "most_per_teacher", "spread",
)  # fmt: skip


class CannotSend(Exception):
    """The round cannot go out as it is; `why` is one of the names below."""

    NOBODY, NO_TIMES, LATE, ENDED = "nobody", "no times", "late", "ended"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


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
    Raises NotAllowed, and CannotSend (ENDED) when it has been sent meanwhile.
    """
    if not may_invite_for(by, round.host):
        raise NotAllowed
    if round.pk is None and form_token:
        made = InvitationRound.objects.filter(form_token=form_token).first()
        if made:
            return made
        round.form_token = form_token
    if round.pk is not None:
        now = InvitationRound.objects.select_for_update().get(pk=round.pk)
        if now.state not in (InvitationRound.State.DRAFT, InvitationRound.State.SCHEDULED):
            raise CannotSend(CannotSend.ENDED)
        if not may_handle_round(by, now):
            raise NotAllowed
    else:
        round.made_by = by
    round.save()
    round.subjects.set(subjects)
    round.programmes.set(programmes)
    round.school_units.set(school_units)
    if times:
        occasions = _own_occasions(round, times)
    round.occasions.set(occasions)
    audit.record(by, "saved invitation round", round)
    return round


def preview(round: InvitationRound, *, to: User) -> tuple[Audience, Rendered]:
    """Who gets it, why others do not, and the very letter, as it would come to the first who gets it (or to `to`)."""
    audience = audience_of(round)
    first = audience.invited[0] if audience.invited else None
    reader = first.teachers[0] if first else to
    letter = letter_of(round, None, first, reader)
    return audience, letters.render(letter, kind=LetterKind.INVITATION, to=reader)


@transaction.atomic
def schedule(round: InvitationRound, send_at: datetime, *, by: User) -> InvitationRound:
    """Let the worker send it at a time. Raises NotAllowed and CannotSend."""
    round = _locked(round, by)
    if round.state not in (InvitationRound.State.DRAFT, InvitationRound.State.SCHEDULED):
        raise CannotSend(CannotSend.ENDED)
    _refuse_unsendable(round, send_at)
    round.state, round.send_at = InvitationRound.State.SCHEDULED, send_at
    round.save(update_fields=["state", "send_at"])
    audit.record(by, "scheduled invitation round", round, at=send_at.isoformat())
    return round


@transaction.atomic
def send(round: InvitationRound, *, by: User | None) -> int:
    """Send it now: one invitation for each class and one letter for each of its teachers. Returns how many classes.

    Sent already, it is not sent again and the answer is 0. `by` is None for the worker. Raises NotAllowed and
    CannotSend.
    """
    round = _locked(round, by)
    if round.state not in (InvitationRound.State.DRAFT, InvitationRound.State.SCHEDULED):
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
    made = {row.school_class_id: row for row in Invitation.objects.filter(round=round)}
    round.state, round.sent_at, round.send_at = InvitationRound.State.SENT, now, None
    round.save(update_fields=["state", "sent_at", "send_at"])
    _write_letters(round, audience.invited, made)
    for one in audience.invited:
        facts.count(
            "invitation",
            school_class=one.school_class,
            initiative=round.initiative_id,
            department=round.department.slug if round.department else "",
            detail=one.ground,
        )
    audit.record(by or "worker", "sent invitation round", round, classes=len(rows), teachers=len(audience.teachers))
    return len(rows)


def send_due() -> int:
    """Send rounds whose time has come. A worker's chore; returns how many classes were invited."""
    due = InvitationRound.objects.filter(state=InvitationRound.State.SCHEDULED, send_at__lte=timezone.now())
    invited = 0
    for round in due.order_by("send_at", "pk"):
        try:
            invited += send(round, by=None)
        except CannotSend as refusal:
            _give_up(round, refusal.why)
    return invited


@transaction.atomic
def cancel(round: InvitationRound, *, by: User) -> list[Invitation]:
    """Cancel the round. Who is invited, hopes or has a seat is told; seats go back. Returns those who are told."""
    from bryggan.invitations import answering

    round = _locked(round, by)
    if round.state == InvitationRound.State.CANCELLED:
        return []
    open_ones = list(
        round.invitations.exclude(state__in=answering.ENDED).select_related("school_class__school_unit", "booking")
    )
    for invitation in open_ones:
        answering.cancel_by_host(invitation, by=by, tell=False)
    round.state = InvitationRound.State.CANCELLED
    round.save(update_fields=["state"])
    letter = Letter(
        subject=_("Inställt: %(title)s") % {"title": round.title},
        paragraphs=[_("%(host)s har ställt in det som ni var inbjudna till.") % {"host": round.host}],
        address=reverse("invitations"),
    )
    for invitation in open_ones:
        letters.tell(
            invitation.school_class.teachers.all(),
            letter,
            kind=LetterKind.INVITATION,
            cause=f"round cancelled {round.pk}",
        )
    audit.record(by, "cancelled invitation round", round, told=len(open_ones))
    return open_ones


@transaction.atomic
def copy_round(round: InvitationRound, *, by: User, second: bool = False, answer_by: datetime) -> InvitationRound:
    """A draft like this one; as a second round, for those who got no seat in this. Raises NotAllowed."""
    if not may_handle_round(by, round):
        raise NotAllowed
    copy = InvitationRound(**{name: getattr(round, name) for name in _COPIED}, answer_by=answer_by, made_by=by)
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


def draw_due() -> int:
    """Draw lots in rounds whose time to answer is over, and close the others. A worker's chore."""
    due = InvitationRound.objects.filter(state=InvitationRound.State.SENT, answer_by__lte=timezone.now())
    return sum(draw(round) for round in due.order_by("answer_by", "pk"))


@transaction.atomic
def draw(round: InvitationRound) -> int:
    """End the time to answer; with a lottery, draw lots and give seats in that order. Returns 1 when it was done now.

    The seed is made now and kept, so nobody could have known it, and everybody can check the order afterwards.
    """
    from bryggan.invitations import answering

    round = InvitationRound.objects.select_for_update().get(pk=round.pk)
    if round.state != InvitationRound.State.SENT or round.answer_by > timezone.now():
        return 0
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


def letter_of(round: InvitationRound, invitation: Invitation | None, invitee: Invitee | None, to: User) -> Letter:
    """The invitation as it is mailed to a teacher. A preview has none yet, and its button leads to the list."""
    told = [(_("Från"), str(round.host))]
    if invitee:
        school_class = invitee.school_class
        told.append((_("Klass"), f"{school_class.label}, {school_class.school_unit.name}"))
        told.append((_("Ni är"), people_text(school_class.pupils, school_class.adults)))
    times = list(round.occasions.order_by("starts_at"))
    if round.how == InvitationRound.How.AGREEMENT:
        told.append((_("När"), _("det kommer ni överens om")))
    for occasion in times[:MOST_TIMES_IN_A_LETTER]:
        told.append((_("Tid"), time_text(occasion.starts_at, occasion.ends_at)))
    if len(times) > MOST_TIMES_IN_A_LETTER:
        told.append((_("Fler tider"), str(len(times) - MOST_TIMES_IN_A_LETTER)))
    if round.place:
        told.append((_("Var"), round.place))
    told.append((_("Svara senast"), time_text(round.answer_by)))
    told.append((_("Så fördelas platserna"), round.get_spread_display()))
    told += [(link.get("title") or _("Länk"), link["url"]) for link in round.attachments if link.get("url")]
    return Letter(
        subject=_("Inbjudan: %(title)s") % {"title": round.title},
        paragraphs=[part for part in round.text.split("\n\n") if part.strip()],
        facts=told,
        address=answer_links.answer_path(invitation, to) if invitation else reverse("invitations"),
        button=_("Svara på inbjudan"),
    )


def _write_letters(round: InvitationRound, invited: Sequence[Invitee], made: dict[int, Invitation]) -> None:
    """One letter per teacher and class. A teacher with two invited classes gets two: they are two invitations."""
    for turn in range(max(len(teachers) for teachers in _classes_of(invited).values())):
        some = []
        for classes in _classes_of(invited).values():
            if turn < len(classes):
                teacher, invitee = classes[turn]
                some.append((teacher, letter_of(round, made[invitee.school_class.pk], invitee, teacher)))
        letters.tell_each(some, kind=LetterKind.INVITATION, cause=f"invitation round {round.pk} letter {turn + 1}")


def _classes_of(invited: Sequence[Invitee]) -> dict[int, list[tuple[User, Invitee]]]:
    by_teacher: dict[int, list[tuple[User, Invitee]]] = {}
    for invitee in invited:
        for teacher in invitee.teachers:
            by_teacher.setdefault(teacher.pk, []).append((teacher, invitee))
    return by_teacher


def _own_occasions(round: InvitationRound, times: Sequence[Time]) -> list[Occasion]:
    """Occasions of a session of the round's own; all their seats are for those who are invited."""
    session = round.session
    if session is None or session.fair_id is not None:
        minutes = int((times[0].ends_at - times[0].starts_at).total_seconds() // 60)
        session = Session.objects.create(
            fair=None,
            remote_id=f"utskick-{round.pk}",
            origin="invitation",
            title=round.title,
            minutes=max(1, minutes),
            department=round.department,
            company=round.company,
            state=State.PUBLISHED,
            needs_booking=True,
        )
        if round.initiative:
            session.initiatives.add(round.initiative)
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
    if round.answer_by <= at + timedelta(hours=1):
        raise CannotSend(CannotSend.LATE)
    if round.how == InvitationRound.How.OCCASIONS and not round.occasions.filter(starts_at__gt=at).exists():
        raise CannotSend(CannotSend.NO_TIMES)


@transaction.atomic
def _give_up(round: InvitationRound, why: str) -> None:
    """A scheduled round that cannot go out becomes a draft again, and whoever made it is told."""
    round.state, round.send_at = InvitationRound.State.DRAFT, None
    round.save(update_fields=["state", "send_at"])
    audit.record("worker", "could not send invitation round", round, why=why)
    if round.made_by:
        letter = Letter(
            subject=_("Utskicket gick inte i väg: %(title)s") % {"title": round.title},
            paragraphs=[_("Titta på det och skicka igen. Inga inbjudningar har skickats.")],
            address=round.get_absolute_url(),
        )
        letters.tell(
            [round.made_by], letter, kind=LetterKind.ANSWER, cause=f"round not sent {round.pk} {timezone.now():%s}"
        )


def _locked(round: InvitationRound, by: User | None) -> InvitationRound:
    round = InvitationRound.objects.select_for_update().get(pk=round.pk)
    if by is not None and not may_handle_round(by, round):
        raise NotAllowed
    return round
