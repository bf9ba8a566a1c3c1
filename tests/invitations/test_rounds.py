"""Rounds: saved, sent once, scheduled, drawn, cancelled, copied; the preview is the mail."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from bryggan.accounts import letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import Fact, LetterKind, Notice, SchoolClass, User
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.fair.models import Booking, Session, WaitingEntry
from bryggan.fair.models import State as Supply
from bryggan.initiatives.models import Initiative
from bryggan.invitations import answering, rounds
from bryggan.invitations.lottery import lottery_order
from bryggan.invitations.models import Interest, Invitation, InvitationRound
from bryggan.invitations.rounds import CannotSend
from fair import factories as fairs
from invitations import factories as make

pytestmark = pytest.mark.django_db
State = Invitation.State
RoundState = InvitationRound.State


@pytest.fixture
def host() -> tuple[Initiative, User]:
    department, coordinator = make.department_with_coordinator()
    return make.initiative(department), coordinator


def curious(initiative: Initiative, number: int = 1, **columns: Any) -> list[SchoolClass]:
    classes = [make.school_class(**columns) for _ in range(number)]
    for one in classes:
        make.interest(one, initiative)
    return classes


def sent_round(host: tuple[Initiative, User], number: int = 1, **columns: Any) -> InvitationRound:
    initiative, by = host
    curious(initiative, number)
    round = make.a_round(initiative, by, **columns)
    rounds.send(round, by=by)
    return InvitationRound.objects.get(pk=round.pk)


def say_yes(round: InvitationRound) -> None:
    for one in round.invitations.select_related("school_class"):
        teacher = one.school_class.teachers.get()
        answering.accept(one, occasions=list(round.occasions.all()), by=teacher)


# ------------------------------------------------------------------------------------------------ saving


def test_a_form_sent_twice_makes_one_round(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    token = uuid.uuid4()
    made = [make.a_round(initiative, by, lists={"form_token": token}) for _ in range(2)]

    assert made[0] == made[1]
    assert InvitationRound.objects.count() == 1


def test_nobody_invites_to_what_is_not_the_hosts_own(host: tuple[Initiative, User]) -> None:
    """Whoever could would read in the preview who is curious about it."""
    initiative, by = host
    theirs, _other = make.department_with_coordinator("Annan")
    foreign = make.initiative(theirs)
    foreign_session = fairs.session(fairs.fair(), department=theirs)
    columns: dict[str, Any] = {
        "department": initiative.department, "title": "x", "text": "x",
        "answer_by": timezone.now() + timedelta(days=3),
    }  # fmt: skip

    for round in (
        InvitationRound(initiative=foreign, **columns),
        InvitationRound(session=foreign_session, **columns),
        InvitationRound(initiative=foreign, **{**columns, "department": theirs}),
    ):
        with pytest.raises(NotAllowed):
            rounds.save_round(round, times=make.times(), by=by)

    assert InvitationRound.objects.count() == 0


def test_a_company_invites_where_it_is_a_partner_and_only_once_approved(host: tuple[Initiative, User]) -> None:
    from alignment import factories as city

    company, by = make.company_with_coordinator("Vattenbolaget")
    initiative = make.initiative(None, terms=(city.term("partner", "vattenbolaget"),))
    round = make.a_round(initiative, by, department=None, company=company)
    company.approved_at = None
    company.save()

    with pytest.raises(NotAllowed):
        rounds.send(round, by=by)


def test_own_times_are_seats_for_those_who_are_invited_and_nobody_sees_a_draft(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    curious(initiative)
    round = make.a_round(initiative, by, given=make.times(9, 13, seats=30), largest_group=28)

    session = Session.objects.get()
    assert [(one.capacity, one.reserved) for one in round.occasions.all()] == [(30, 30), (30, 30)]
    assert (session.fair, session.state, session.largest_group) == (None, Supply.DRAFT, 28)
    rounds.send(round, by=by)
    assert Session.objects.get().state == Supply.PUBLISHED


def test_a_draft_saved_anew_has_its_new_times_and_no_others(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    round = make.a_round(initiative, by, given=make.times(9, 11, 13))

    rounds.save_round(round, times=make.times(10, seats=12), by=by)

    assert [(one.capacity) for one in round.occasions.all()] == [12]
    assert Session.objects.get().occasions.count() == 1


def test_a_sent_round_is_not_changed(host: tuple[Initiative, User]) -> None:
    round = sent_round(host)

    with pytest.raises(CannotSend) as refused:
        rounds.save_round(round, times=make.times(), by=host[1])

    assert refused.value.why == CannotSend.ENDED


# ------------------------------------------------------------------------------------------------ the letter


def test_the_preview_is_the_mail_but_for_the_readers_own_links(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    (school_class,) = curious(initiative, label="8 <B>", school_unit=people.school_unit("Å & Ö-skolan"))
    round = make.a_round(
        initiative, by, title="Kom & se <vatten>", text="Första raden\nandra.\n\n\nNytt stycke & mer.", place="Verket",
        given=make.times(*range(8, 18)), attachments=[{"title": "Karta", "url": "https://example.org/?a=1&b=2"}],
    )  # fmt: skip

    audience, shown = rounds.preview(round, to=by)
    rounds.send(round, by=by)

    (mail,) = OutgoingMail.objects.filter(kind="invitation")
    teacher = school_class.teachers.get()
    invitation = round.invitations.get()

    def without_links(text: str) -> str:
        return re.sub(r"http://[^\s\"]*/(svar|inbjudningar|konto/brev)[^\s\"<]*", "LINK", text)

    assert (mail.subject, without_links(mail.text)) == (shown.subject, without_links(shown.text))
    assert without_links(mail.html) == without_links(shown.html)
    assert mail.to == teacher.email
    assert "/svar/" in mail.text
    assert letters.read_stop_token(shown.text.split("/sluta/")[1].split()[0]) == (by.pk, LetterKind.INVITATION)
    assert (len(audience.invited), invitation.school_class) == (1, school_class)
    assert "8 &lt;B&gt;, Å &amp; Ö-skolan" in mail.html


def test_a_preview_names_no_class_that_has_not_said_it_is_curious(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    make.school_class(label="8HEMLIG")

    audience, shown = rounds.preview(make.a_round(initiative, by, to_matching=True), to=by)

    assert len(audience.invited) == 1
    assert "8HEMLIG" not in shown.text + shown.html
    assert "mottagarens klass och skola" in shown.text


def test_a_visit_by_agreement_speaks_of_no_lottery(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    round = make.a_round(initiative, by, how=InvitationRound.How.AGREEMENT)

    _audience, shown = rounds.preview(round, to=by)

    assert "det kommer ni överens om" in shown.text
    assert "lottning" not in shown.text


def test_the_deadline_is_told_by_the_citys_clocks_also_when_they_change(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    # Summer time ends that night: 2026-10-25 03.00 becomes 02.00.
    with time_machine.travel(datetime(2026, 10, 1, 10, tzinfo=UTC), tick=False):
        before = make.a_round(initiative, by, answer_by=datetime(2026, 10, 24, 14, tzinfo=UTC))
        after = make.a_round(initiative, by, answer_by=datetime(2026, 10, 25, 15, tzinfo=UTC))
        told = [rounds.preview(round, to=by)[1].text for round in (before, after)]

    assert "Svara senast: lördag 24 oktober 2026 kl. 16.00" in told[0]
    assert "Svara senast: söndag 25 oktober 2026 kl. 16.00" in told[1]


# ------------------------------------------------------------------------------------------------ sending


def test_sending_writes_an_invitation_a_notice_a_mail_and_a_fact(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    school = people.school_unit()
    curious(initiative, 2, school_unit=school)

    sent = rounds.send(make.a_round(initiative, by), by=by)

    assert sent == Invitation.objects.count() == Notice.objects.filter(kind="invitation").count() == 2
    assert OutgoingMail.objects.filter(kind="invitation").count() == 2
    fact = Fact.objects.get(measure="invitation")
    assert (fact.count, fact.amount, fact.initiative, fact.school_code) == (2, 50, initiative.pk, school.code)
    entry = AuditEntry.objects.get(verb="sent invitation round")
    assert (entry.by, entry.details) == (by, {"classes": 2, "teachers": 2})


def test_a_teacher_of_two_invited_classes_gets_a_letter_for_each(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    school, teacher = people.school_unit(), people.teacher()
    for label in ("8A", "8B"):
        make.interest(make.school_class(school, teacher=teacher, label=label), initiative)

    rounds.send(make.a_round(initiative, by), by=by)

    told = OutgoingMail.objects.filter(to=teacher.email, kind="invitation").values_list("text", flat=True)
    assert sorted(re.findall(r"Klass: (\w+)", "".join(told))) == ["8A", "8B"]


def test_a_round_that_is_sent_again_is_not_sent_again(host: tuple[Initiative, User]) -> None:
    round = sent_round(host)

    assert rounds.send(round, by=host[1]) == 0
    assert OutgoingMail.objects.filter(kind="invitation").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_who_send_the_same_round_at_once_send_one() -> None:
    department, by = make.department_with_coordinator()
    initiative = make.initiative(department)
    curious(initiative, 3)
    round = make.a_round(initiative, by)

    sent = at_once([lambda: rounds.send(round, by=by)] * 3)

    assert sorted(sent) == [0, 0, 3]
    assert Invitation.objects.count() == OutgoingMail.objects.filter(kind="invitation").count() == 3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"answer_by": timedelta(minutes=59)}, CannotSend.LATE),
        # The visit begins before the time to answer is over: whoever answers then would get nothing.
        ({"answer_by": timedelta(days=31)}, CannotSend.NO_TIMES),
        ({"to_interested": False}, CannotSend.NOBODY),
    ],
)
def test_a_round_that_cannot_go_out_says_why_and_nothing_is_sent(
    host: tuple[Initiative, User], changes: dict[str, Any], why: str
) -> None:
    initiative, by = host
    curious(initiative)
    changes = {
        name: timezone.now() + value if isinstance(value, timedelta) else value for name, value in changes.items()
    }
    round = make.a_round(initiative, by, **changes)

    with pytest.raises(CannotSend) as refused:
        rounds.send(round, by=by)

    assert refused.value.why == why
    assert OutgoingMail.objects.count() == 0


def test_a_class_that_withdraws_before_the_sending_is_not_invited(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    stays, leaves = curious(initiative, 2)
    round = make.a_round(initiative, by)
    assert len(rounds.preview(round, to=by)[0].invited) == 2
    Interest.objects.filter(school_class=leaves).update(withdrawn_at=timezone.now())

    rounds.send(round, by=by)

    assert round.invitations.get().school_class == stays


def test_letters_to_many_cost_no_statements_each(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    school = people.school_unit()

    def statements(number: int) -> int:
        curious(initiative, number, school_unit=school)
        round = make.a_round(initiative, by)
        with CaptureQueriesContext(connection) as queries:
            assert rounds.send(round, by=by) >= number
        return len(queries)

    assert statements(1) == statements(20)


# ------------------------------------------------------------------------------------------------ by the clock


def test_a_scheduled_round_goes_when_its_time_has_come(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    curious(initiative)
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False) as clock:
        round = make.a_round(initiative, by)
        rounds.schedule(round, timezone.now() + timedelta(hours=2), by=by)
        too_early = rounds.send_due()
        clock.shift(timedelta(hours=2))
        in_time, again = rounds.send_due(), rounds.send_due()

    round.refresh_from_db()
    assert (too_early, in_time, again) == (0, 1, 0)
    assert (round.state, round.send_at) == (RoundState.SENT, None)


def test_a_scheduled_round_that_cannot_go_becomes_a_draft_and_its_maker_is_told(
    host: tuple[Initiative, User],
) -> None:
    initiative, by = host
    curious(initiative)
    round = make.a_round(initiative, by)
    rounds.schedule(round, timezone.now() + timedelta(hours=1), by=by)
    Interest.objects.update(withdrawn_at=timezone.now())
    InvitationRound.objects.update(send_at=timezone.now())

    assert (rounds.send_due(), rounds.send_due()) == (1, 0)

    round.refresh_from_db()
    assert (round.state, round.send_at) == (RoundState.DRAFT, None)
    assert Notice.objects.get(user=by).title == "Utskicket gick inte i väg: Kom till vattenverket"


def test_a_scheduled_round_can_be_kept_as_a_draft_after_all(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    curious(initiative)
    round = make.a_round(initiative, by)
    rounds.schedule(round, timezone.now() + timedelta(hours=1), by=by)

    rounds.unschedule(round, by=by)
    InvitationRound.objects.update(send_at=timezone.now())

    assert rounds.send_due() == 0


# ------------------------------------------------------------------------------------------------ the lottery


def test_lots_decide_who_gets_the_seats_and_the_order_can_be_checked(host: tuple[Initiative, User]) -> None:
    round = sent_round(host, 4, given=make.times(seats=60))
    say_yes(round)
    assert set(round.invitations.values_list("state", flat=True)) == {State.HOPING}
    make.answers_end(round)

    assert (rounds.draw_due(), rounds.draw_due()) == (1, 0)

    round.refresh_from_db()
    drawn = list(round.invitations.order_by("lot"))
    assert round.state == RoundState.DRAWN
    order = lottery_order([one.school_class_id for one in drawn], round.lottery_seed)
    assert [one.school_class_id for one in drawn] == order
    # 27 people each in 60 seats: two get them, two wait in the order of their lots.
    assert [one.state for one in drawn] == [State.ACCEPTED, State.ACCEPTED, State.QUEUED, State.QUEUED]
    queue = WaitingEntry.objects.order_by("joined_at", "pk").values_list("school_class", flat=True)
    assert list(queue) == order[2:]


def test_each_lottery_has_a_seed_of_its_own(host: tuple[Initiative, User]) -> None:
    seeds = set()
    for _ in range(3):
        round = sent_round(host)
        say_yes(round)
        make.answers_end(round)
        rounds.draw(round)
        seeds.add(InvitationRound.objects.get(pk=round.pk).lottery_seed)
        Interest.objects.all().delete()

    assert len(seeds) == 3
    assert {len(seed) for seed in seeds} == {32}


def test_a_class_that_is_put_away_while_it_hopes_takes_nobodys_seat(host: tuple[Initiative, User]) -> None:
    round = sent_round(host, 2, given=make.times(seats=27))
    say_yes(round)
    away, stays = round.invitations.order_by("pk")
    SchoolClass.objects.filter(pk=away.school_class_id).update(archived_at=timezone.now())
    make.answers_end(round)

    rounds.draw_due()

    away.refresh_from_db()
    stays.refresh_from_db()
    assert (away.state, stays.state) == (State.CANCELLED_BY_CLASS, State.ACCEPTED)


def test_who_did_not_answer_in_time_is_told_apart_from_who_said_no(host: tuple[Initiative, User]) -> None:
    round = sent_round(host, 2, spread=InvitationRound.Spread.FIRST_COME)
    says_no, silent = round.invitations.order_by("pk")
    answering.decline(says_no, by=says_no.school_class.teachers.get())
    make.answers_end(round)

    rounds.draw_due()

    silent.refresh_from_db()
    says_no.refresh_from_db()
    round.refresh_from_db()
    assert (says_no.state, silent.state) == (State.DECLINED, State.NO_ANSWER)
    assert (round.state, round.lottery_seed) == (RoundState.CLOSED, "")


# ------------------------------------------------------------------------------------------------ after


def test_seats_lowered_below_bookings_are_said_and_taken_from_nobody(host: tuple[Initiative, User]) -> None:
    _initiative, by = host
    round = sent_round(host, 2, given=make.times(seats=60), spread=InvitationRound.Spread.FIRST_COME)
    say_yes(round)

    left = rounds.change_seats(round, round.occasions.get(), capacity=30, by=by)

    assert (left.taken, left.over_by) == (54, 24)
    assert Booking.objects.filter(state=Booking.State.BOOKED).count() == 2


def test_seats_of_the_fair_are_not_the_rounds_to_change(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    session = fairs.session(fairs.fair(), department=initiative.department)
    occasion = fairs.occasion(session)
    round = rounds.save_round(
        InvitationRound(
            department=initiative.department, session=session, title="x", text="x",
            answer_by=timezone.now() + timedelta(days=2),
        ),
        occasions=[occasion], by=by,
    )  # fmt: skip

    with pytest.raises(rounds.NotOwnTimes):
        rounds.change_seats(round, occasion, capacity=1, by=by)


def test_cancelling_gives_seats_back_closes_the_queue_and_tells_each_teacher_once(
    host: tuple[Initiative, User],
) -> None:
    _initiative, by = host
    round = sent_round(host, 3, given=make.times(seats=27), spread=InvitationRound.Spread.FIRST_COME)
    seated, queued, _asked = round.invitations.order_by("pk")
    for one in (seated, queued):
        answering.accept(one, occasions=list(round.occasions.all()), by=one.school_class.teachers.get())

    told = [rounds.cancel(round, by=by) for _ in range(2)]

    assert told == [3, 0]
    assert set(round.invitations.values_list("state", flat=True)) == {State.CANCELLED_BY_HOST}
    assert Booking.objects.get().state == Booking.State.ENDED
    assert WaitingEntry.objects.filter(state__in=["waiting", "offered"]).count() == 0
    assert round.occasions.get().cancelled_at is not None
    assert OutgoingMail.objects.filter(subject="Inställt: Kom till vattenverket").count() == 3
    assert Fact.objects.filter(measure="visit cancelled by host").count() > 0


def test_a_visit_that_has_been_stays_when_the_round_is_cancelled(host: tuple[Initiative, User]) -> None:
    _initiative, by = host
    round = sent_round(host, given=make.times(), spread=InvitationRound.Spread.FIRST_COME)
    say_yes(round)
    with time_machine.travel(timezone.now() + timedelta(days=40), tick=False):
        assert rounds.cancel(InvitationRound.objects.get(pk=round.pk), by=by) == 0

    assert round.invitations.get().state == State.ACCEPTED


def test_a_copy_is_a_draft_with_the_same_words_and_lists(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    subject = people.subject("Biologi")
    round = make.a_round(initiative, by, place="Verket", school_years=[8], lists={"subjects": [subject.pk]})

    copy = rounds.copy_round(round, by=by, answer_by=timezone.now() + timedelta(days=3))

    assert (copy.state, copy.title, copy.place, copy.school_years) == (RoundState.DRAFT, round.title, "Verket", [8])
    assert list(copy.subjects.all()) == [subject]
    assert (copy.session, copy.initiative) == (None, initiative)


def test_the_button_for_a_second_round_pressed_twice_makes_one(host: tuple[Initiative, User]) -> None:
    round, token = sent_round(host), uuid.uuid4()
    later = timezone.now() + timedelta(days=3)

    made = [rounds.copy_round(round, by=host[1], second=True, answer_by=later, form_token=token) for _ in range(2)]

    assert made[0] == made[1]
    assert (made[0].second_of, made[0].to_interested) == (round, False)


def test_another_hosts_round_is_nobody_elses(host: tuple[Initiative, User]) -> None:
    initiative, by = host
    curious(initiative)
    round = make.a_round(initiative, by)
    _theirs, stranger = make.department_with_coordinator("Annan")

    for do in (
        lambda: rounds.send(round, by=stranger),
        lambda: rounds.cancel(round, by=stranger),
        lambda: rounds.schedule(round, timezone.now(), by=stranger),
        lambda: rounds.copy_round(round, by=stranger, answer_by=timezone.now()),
    ):
        with pytest.raises(NotAllowed):
            do()
