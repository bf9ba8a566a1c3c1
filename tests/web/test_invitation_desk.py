"""The coordinators' desk: who is curious, rounds from form to attendance, companies, fair play."""

from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factories as people
from alignment import factories as city
from bryggan.accounts.models import Company, CompanyApplication, User
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.fair.models import Booking, State
from bryggan.initiatives.models import Initiative
from bryggan.invitations import answering, rounds
from bryggan.invitations.models import Interest, Invitation, InvitationRound
from fair import factories as fairs
from invitations import factories as make

pytestmark = pytest.mark.django_db
DESK, ROUNDS = "/forvaltning/intresse", "/forvaltning/utskick"


@pytest.fixture
def host() -> tuple[Initiative, User]:
    department, coordinator = make.department_with_coordinator()
    return make.initiative(department), coordinator


@pytest.fixture
def browser(client: Client, host: tuple[Initiative, User]) -> Client:
    client.force_login(host[1])
    return client


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(about: Initiative, **changed: Any) -> dict[str, Any]:
    """A round's form, filled in: one time in a month, a fortnight to answer."""
    today = timezone.localdate()
    return {
        "till": f"initiativ-{about.pk}", "token": str(uuid.uuid4()), "title": "Kom till oss", "text": "Välkomna hit.",
        "how": "occasions", "t0-on": str(today + timedelta(days=30)), "t0-begins": "9.30", "t0-ends": "10.30",
        "t0-seats": "60", "answer_on": str(today + timedelta(days=14)), "answer_at": "16.00", "spread": "lottery",
        "to_interested": "on", "step": "save", **changed,
    }  # fmt: skip


def a_round(host: tuple[Initiative, User], **columns: Any) -> InvitationRound:
    columns.setdefault("spread", InvitationRound.Spread.FIRST_COME)
    return make.a_round(host[0], host[1], **columns)


def sent(host: tuple[Initiative, User], number: int = 1, **columns: Any) -> InvitationRound:
    for _ in range(number):
        make.interest(make.school_class(), host[0])
    round = a_round(host, **columns)
    rounds.send(round, by=host[1])
    return InvitationRound.objects.get(pk=round.pk)


# ------------------------------------------------------------------------------------------------ who is curious


def test_an_empty_desk_teaches_what_to_do(browser: Client) -> None:
    page = browser.get(DESK).text

    assert "Ingen har hört av sig än" in page
    assert "Skriv vad initiativet erbjuder skolan" in page


def test_another_departments_interests_are_refused_and_that_is_noted(browser: Client, host: Any) -> None:
    theirs = make.initiative(people.department("Annan"), "Deras")
    make.interest(make.school_class(label="8HEMLIG"), theirs)

    answer = browser.get(f"{DESK}/initiativ/{theirs.pk}")

    assert answer.status_code == 403
    assert "8HEMLIG" not in answer.text
    entry = AuditEntry.objects.get(verb="was refused interest")
    assert (entry.by, entry.thing_id) == (host[1], str(theirs.pk))


def test_another_departments_session_is_refused_too(browser: Client) -> None:
    session = fairs.session(fairs.fair(), department=people.department("Annan"))

    assert browser.get(f"{DESK}/punkt/{session.pk}").status_code == 403
    assert AuditEntry.objects.filter(verb="was refused interest").count() == 1


def test_what_is_not_ones_own_cannot_be_compared_or_chosen_by_the_address(browser: Client, host: Any) -> None:
    theirs = make.initiative(people.department("Grannens"), "Hemligt initiativ")
    make.interest(make.school_class(), theirs)

    compared = browser.get(f"{DESK}/jamfor", {"jamfor": [f"initiativ-{theirs.pk}", f"initiativ-{host[0].pk}", "x-1"]})

    assert [thing.pk for thing in compared.context["things"]] == [host[0].pk]
    assert browser.get(DESK, {"host": f"d{theirs.department_id}"}).status_code == 404
    assert browser.get(f"{ROUNDS}/nytt", {"till": f"initiativ-{theirs.pk}"}).status_code == 403


def test_nonsense_in_the_address_asks_nothing(browser: Client, host: Any) -> None:
    make.interest(make.school_class(), host[0])

    page = browser.get(DESK, {"year": "99", "phase": "'", "school_form": "X", "kind": "\x00", "page": "-1"})

    assert page.status_code == 200
    assert page.context["desk"].total == 1


def test_a_spreadsheet_runs_no_formula(browser: Client, host: Any) -> None:
    make.interest(make.school_class(label="8A"), host[0], note="=HYPERLINK(1)")

    answer = browser.get(f"{DESK}.csv")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[1][10] == "'=HYPERLINK(1)"
    assert answer["Cache-Control"] == "private, no-store"
    assert browser.get(f"{DESK}.xlsx").content[:2] == b"PK"


def test_pages_ask_as_often_for_one_as_for_fifty(browser: Client, host: Any) -> None:
    round = sent(host)
    addresses = [DESK, f"{DESK}/initiativ/{host[0].pk}", ROUNDS, f"{ROUNDS}/{round.pk}"]

    def statements() -> list[int]:
        counted = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(address).status_code == 200
            counted.append(len(queries))
        return counted

    make.initiative(host[0].department)
    browser.get(DESK)
    one = statements()
    for _ in range(49):
        school_class = make.school_class()
        make.interest(school_class, host[0])
        Invitation.objects.create(round=round, school_class=school_class, ground="interested")
        make.initiative(host[0].department)
    InvitationRound.objects.bulk_create(
        InvitationRound(department=round.department, initiative=host[0], title="x", answer_by=round.answer_by)
        for _ in range(49)
    )

    assert statements() == one


# ------------------------------------------------------------------------------------------------ rounds


def test_a_form_becomes_a_draft_whose_page_shows_the_letter_and_who_gets_it(browser: Client, host: Any) -> None:
    make.interest(make.school_class(label="8A"), host[0])
    make.interest(make.school_class(label="3C", school_years=[3]), host[0])
    form = typed(host[0], school_years=["8"], links="Karta https://example.org/karta")

    answers = [browser.post(f"{ROUNDS}/nytt", form) for _ in range(2)]

    round = InvitationRound.objects.get()
    assert {answer["Location"] for answer in answers} == {f"{ROUNDS}/{round.pk}/skicka"}
    assert round.attachments == [{"title": "Karta", "url": "https://example.org/karta"}]
    assert [(one.capacity, timezone.localtime(one.starts_at).hour) for one in round.occasions.all()] == [(60, 9)]
    page = browser.get(f"{ROUNDS}/{round.pk}/skicka").text
    assert "En klass bjuds in" in page
    assert "1: andra årskurser" in page
    assert "Välkomna hit." in page


def test_the_letter_is_shown_beside_the_form_and_nothing_is_saved(browser: Client, host: Any) -> None:
    make.interest(make.school_class(label="8A"), host[0])

    answer = browser.post(f"{ROUNDS}/nytt", typed(host[0], step="preview", text="Bara ett utkast."))

    assert answer.status_code == 200
    assert "Bara ett utkast." in answer.context["mail"].text
    assert "Tid: " in answer.context["mail"].text
    assert InvitationRound.objects.count() == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"text": ""}, "text"),
        ({"answer_on": "2020-01-01"}, "answer_on"),
        ({"answer_on": "i morgon"}, "answer_on"),
        ({"answer_at": "25.00"}, "answer_at"),
        ({"t0-on": "", "t0-begins": "", "t0-ends": "", "t0-seats": ""}, "how"),
        ({"to_interested": ""}, "to_interested"),
        ({"subjects": "Trolleri"}, "subjects"),
        ({"school_units": "Hogwarts"}, "school_units"),
        ({"links": "javascript:alert(1)"}, "links"),
        ({"smallest_group": "30", "largest_group": "20"}, "largest_group"),
        ({"most_per_teacher": "0"}, "most_per_teacher"),
        ({"spread": "den snabbaste"}, "spread"),
    ],
)
def test_what_is_wrong_is_told_where_it_is_and_what_was_typed_stays(
    browser: Client, host: Any, wrong: dict[str, str], field: str
) -> None:
    answer = browser.post(f"{ROUNDS}/nytt", typed(host[0], place="Platsen som skrevs", **wrong))

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "Platsen som skrevs" in answer.text
    assert InvitationRound.objects.count() == 0


def test_a_deadline_after_the_first_time_and_an_hour_that_never_comes_are_refused(browser: Client, host: Any) -> None:
    late = str(timezone.localdate() + timedelta(days=31))

    assert "answer_on" in browser.post(f"{ROUNDS}/nytt", typed(host[0], answer_on=late)).context["form"].errors
    # The night that summer time begins there is no half past two.
    never = browser.post(f"{ROUNDS}/nytt", typed(host[0], answer_on="2027-03-28", answer_at="2.30"))
    assert "answer_at" in never.context["form"].errors


def test_a_time_that_is_half_filled_in_says_so_and_more_rows_can_be_had(browser: Client, host: Any) -> None:
    half = browser.post(f"{ROUNDS}/nytt", typed(host[0], **{"t1-begins": "11.00"}))
    more = browser.post(f"{ROUNDS}/nytt", typed(host[0], step="times", title=""))

    assert "Fyll i hela raden, eller töm den." in half.text
    assert (more.status_code, len(more.context["form"].times)) == (200, 4)


def test_a_round_to_a_session_of_the_fair_uses_its_times(browser: Client, host: Any) -> None:
    session = fairs.session(fairs.fair(), department=host[0].department, state=State.PUBLISHED)
    one, _other = fairs.occasion(session), fairs.occasion(session, fairs.at(13))
    form = {**typed(host[0]), "till": f"punkt-{session.pk}", "occasions": [str(one.pk)]}

    assert browser.post(f"{ROUNDS}/nytt", form).status_code == 302
    assert list(InvitationRound.objects.get().occasions.all()) == [one]


def test_sending_says_how_many_and_a_second_press_sends_nothing(browser: Client, host: Any) -> None:
    make.interest(make.school_class(), host[0])
    round = a_round(host)
    address = f"{ROUNDS}/{round.pk}/skicka"

    first = browser.post(address, {"step": "now"}, follow=True)
    browser.post(address, {"step": "now"})

    assert "Inbjudan är på väg till 1 klass." in first.text
    assert OutgoingMail.objects.filter(kind="invitation").count() == 1


def test_a_round_nobody_gets_is_not_sent_and_says_why(browser: Client, host: Any) -> None:
    round = a_round(host)

    page = browser.post(f"{ROUNDS}/{round.pk}/skicka", {"step": "now"}, follow=True)

    assert "Ingen klass får inbjudan som den är nu." in page.text


def test_a_time_to_send_is_kept_and_taken_back(browser: Client, host: Any) -> None:
    round = a_round(host)
    address = f"{ROUNDS}/{round.pk}/skicka"
    tomorrow = str(timezone.localdate() + timedelta(days=1))

    browser.post(address, {"step": "later", "on": tomorrow, "at": "8.15"})
    round.refresh_from_db()
    assert (round.state, timezone.localtime(round.send_at).minute) == ("scheduled", 15)
    browser.post(address, {"step": "unschedule"})
    round.refresh_from_db()
    assert (round.state, round.send_at) == ("draft", None)
    assert browser.post(address, {"step": "later", "on": "x", "at": ""}).status_code == 422


def test_cancelling_tells_first_how_many_it_touches(browser: Client, host: Any) -> None:
    round = sent(host, 2)
    address = f"{ROUNDS}/{round.pk}/stall-in"

    asked = browser.get(address).text
    round.refresh_from_db()
    before = round.state
    done = browser.post(address, follow=True).text

    assert "2 klasser berörs." in asked
    assert before == "sent"
    assert "Vi har skrivit till 2 klasser." in done


def test_a_class_that_only_fits_is_without_a_name_until_it_says_yes(browser: Client, host: Any) -> None:
    school_class = make.school_class(people.school_unit("Passaskolan"), label="8PASSAR")
    round = a_round(host, to_matching=True)
    before = browser.get(f"{ROUNDS}/{round.pk}/skicka").text
    rounds.send(round, by=host[1])
    invited = browser.get(f"{ROUNDS}/{round.pk}").text
    teacher = school_class.teachers.get()
    answering.accept(round.invitations.get(), occasions=list(round.occasions.all()), by=teacher)

    after = browser.get(f"{ROUNDS}/{round.pk}").text

    assert "8PASSAR" not in before + invited
    assert "Passaskolan" in before
    assert teacher.email not in before + invited
    assert "8PASSAR" in after
    assert teacher.email in after


def test_the_draw_is_shown_with_its_seed(browser: Client, host: Any) -> None:
    round = sent(host, 2, spread=InvitationRound.Spread.LOTTERY, given=make.times(seats=30))
    for one in round.invitations.all():
        answering.accept(one, occasions=list(round.occasions.all()), by=one.school_class.teachers.get())
    make.answers_end(round)
    rounds.draw_due()

    page = browser.get(f"{ROUNDS}/{round.pk}")

    assert InvitationRound.objects.get().lottery_seed in page.text
    assert [one.lot for one in page.context["drawn"]] == [1, 2]
    assert "Andra omgången för en klass utan plats" in page.text
    copied = browser.post(f"{ROUNDS}/{round.pk}/kopiera", {"second": "1", "token": str(uuid.uuid4())}, follow=True)
    assert copied.status_code == 200
    assert "Andra omgången" in copied.text


def test_fewer_seats_than_are_taken_is_said(browser: Client, host: Any) -> None:
    round = sent(host, given=make.times(seats=60))
    one = round.invitations.get()
    answering.accept(one, occasions=list(round.occasions.all()), by=one.school_class.teachers.get())
    occasion = round.occasions.get()

    page = browser.post(f"{ROUNDS}/{round.pk}/platser", {"occasion": occasion.pk, "capacity": "20"}, follow=True)

    assert "7 fler har plats än det finns platser." in page.text
    assert "7 för många" in page.text
    assert browser.post(f"{ROUNDS}/{round.pk}/platser", {"occasion": "999", "capacity": "1"}).status_code == 404


def test_a_time_is_agreed_on_moved_and_the_class_told(browser: Client, host: Any) -> None:
    round = sent(host, how=InvitationRound.How.AGREEMENT)
    one = round.invitations.get()
    answering.accept(one, by=one.school_class.teachers.get())
    address, on = f"/forvaltning/inbjudan/{one.pk}/tid", str(timezone.localdate() + timedelta(days=20))

    def agree(begins: str, ends: str = "12.00") -> int:
        data = {f"i{one.pk}-on": on, f"i{one.pk}-begins": begins, f"i{one.pk}-ends": ends}
        return browser.post(address, data).status_code

    assert [agree("10.00"), agree("11.00"), agree("13.00"), agree("x")] == [302, 302, 422, 422]
    booking = Booking.objects.get(state=Booking.State.BOOKED)
    assert timezone.localtime(booking.starts_at).hour == 11
    assert OutgoingMail.objects.filter(subject__startswith="Tiden är bestämd").count() == 2


def test_one_visit_is_cancelled_by_the_host_after_a_question(browser: Client, host: Any) -> None:
    round = sent(host)
    one = round.invitations.get()

    asked = browser.get(f"/forvaltning/inbjudan/{one.pk}/stall-in")
    browser.post(f"/forvaltning/inbjudan/{one.pk}/stall-in")

    one.refresh_from_db()
    assert asked.status_code == 200
    assert one.state == Invitation.State.CANCELLED_BY_HOST


def test_an_editor_helps_any_host(host: Any) -> None:
    editor = of(people.editor())

    assert editor.post(f"{ROUNDS}/nytt", typed(host[0])).status_code == 302
    assert InvitationRound.objects.get().department == host[0].department


# ------------------------------------------------------------------------------------------------ companies


def signup(client: Client, **changed: Any) -> Any:
    typed_in = {"token": str(uuid.uuid4()), "name": "Vattenbolaget", "person": "Vera", "text": "Vi visar verket."}
    return client.post("/foretag", {**typed_in, "email": "vera@vatten.example.org", **changed}, follow=True)


def test_a_company_signs_up_and_is_let_in_as_the_partner_it_is(client: Client) -> None:
    initiative = city.initiative("Rent vatten", terms=(city.term("partner", "Vattenbolaget AB"),))
    editor = of(people.editor())

    assert "Tack!" in signup(client).text
    row = CompanyApplication.objects.get()
    waiting = editor.get("/redaktion/foretag").text
    done = editor.post(
        f"/redaktion/foretag/anmalan/{row.pk}", {"decision": "approve", f"a{row.pk}-name": "Vattenbolaget AB"},
        follow=True,
    )  # fmt: skip

    assert "Vi visar verket." in waiting
    assert "Vattenbolaget AB samordnar 1 initiativ." in done.text
    assert initiative.pk
    assert Company.objects.get().approved_at is not None


def test_the_answer_tells_nothing_about_the_address(client: Client) -> None:
    people.user("kand@stad.example.org")

    known, unknown = (re.sub(r'value="[^"]*"', "", signup(Client(), email=email).text) for email in (
        "kand@stad.example.org", "okand@stad.example.org"))  # fmt: skip

    assert known == unknown


def test_a_company_is_renamed_to_the_partner_and_a_nameless_one_is_refused() -> None:
    editor, company = of(people.editor()), people.company("Vatten")
    address = f"/redaktion/foretag/{company.pk}/namn"

    assert editor.post(address, {f"c{company.pk}-name": ""}).status_code == 422
    editor.post(address, {f"c{company.pk}-name": "Vattenbolaget"})
    company.refresh_from_db()
    assert company.name == "Vattenbolaget"


@pytest.mark.usefixtures("early_in_the_hour")
def test_too_many_sign_ups_wait(client: Client) -> None:
    answers = [signup(client, name=f"Bolag {number}") for number in range(6)]

    assert [answer.status_code for answer in answers][-1] == 429
    assert answers[-1]["Retry-After"]


# ------------------------------------------------------------------------------------------------ fair play


def test_fair_play_is_told_for_a_term_a_year_and_one_host(host: Any) -> None:
    sent(host, 2)
    editor = of(people.editor())

    page = editor.get("/redaktion/rattvisa", {"host": f"d{host[0].department_id}"})
    nonsense = editor.get("/redaktion/rattvisa", {"period": "x"})

    assert (page.context["found"].schools, page.context["found"].new_schools_percent) == (2, 100)
    assert nonsense.status_code == 200
    assert editor.get("/redaktion/rattvisa", {"host": "d0"}).status_code == 404


def test_interest_in_a_session_is_on_the_desk_of_whoever_gives_it(browser: Client, host: Any) -> None:
    session = fairs.session(fairs.fair(), "Prova vatten", department=host[0].department)
    Interest.objects.create(school_class=make.school_class(label="8SESSION"), session=session)

    assert "Prova vatten" in browser.get(DESK).text
    assert "8SESSION" in browser.get(f"{DESK}/punkt/{session.pk}").text
