from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from bryggan.accounts import letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import Coordination, Fact, LetterKind, LetterPreference, Notice
from bryggan.common.models import AuditEntry, OutgoingMail
from bryggan.fair.models import State
from bryggan.invitations import interests
from bryggan.invitations.interests import NotOpenToClasses, express_interest, withdraw_interest
from bryggan.invitations.models import Interest, Kind, Phase
from fair import factories as fairs
from invitations import visit_factories as make

pytestmark = pytest.mark.django_db


def test_one_click_is_an_interest_and_a_letter_to_those_who_answer_for_it() -> None:
    department, coordinator = make.host()
    initiative = make.initiative(department, title="Dagvatten")
    teacher = people.teacher("lisa@skola.example.org", name="Lisa Lärare")
    school_class = people.school_class(teacher, label="8B", pupils=24, school_unit=people.school_unit("Råå skola"))

    interest = express_interest(school_class=school_class, initiative=initiative, by=teacher)

    mail = OutgoingMail.objects.get()
    assert (interest.phase, interest.kind, interest.expressed_by) == (Phase.ANY, Kind.VISIT, teacher)
    assert (mail.to, mail.kind) == (coordinator.email, LetterKind.INTEREST)
    assert mail.subject == "En klass är nyfiken: Dagvatten"
    assert "Råå skola" in mail.text
    assert "8B, årskurs 8" in mail.text
    # Her name is not for the host before she accepts, or chooses to show it.
    assert "Lisa" not in mail.text
    assert "lisa@" not in mail.text
    assert Fact.objects.get().measure == "interest"


def test_a_teacher_who_chooses_to_is_named() -> None:
    department, _coordinator = make.host()
    teacher = people.teacher("lisa@skola.example.org")

    express_interest(
        school_class=people.school_class(teacher),
        initiative=make.initiative(department),
        shows_teacher=True,
        by=teacher,
    )

    assert "lisa@skola.example.org" in OutgoingMail.objects.get().text


def test_a_repeated_interest_is_the_same_and_sends_no_second_letter() -> None:
    department, _coordinator = make.host()
    teacher = people.teacher()
    asked = {"school_class": people.school_class(teacher), "initiative": make.initiative(department), "by": teacher}

    first = express_interest(**asked)
    again = express_interest(**asked, note="  Gärna i maj ", phase=Phase.AFTER)

    assert again.pk == first.pk
    assert (again.note, again.phase) == ("Gärna i maj", Phase.AFTER)
    assert OutgoingMail.objects.count() == Notice.objects.count() == 1
    assert Fact.objects.get().count == 1


def test_an_interest_taken_back_and_said_again_is_a_new_one_and_no_second_letter() -> None:
    department, _coordinator = make.host()
    teacher = people.teacher()
    asked = {"school_class": people.school_class(teacher), "initiative": make.initiative(department), "by": teacher}

    first = express_interest(**asked)
    withdraw_interest(first, by=teacher)
    withdraw_interest(first, by=teacher)
    second = express_interest(**asked)

    assert second.pk != first.pk
    assert list(Interest.objects.open()) == [second]
    assert OutgoingMail.objects.count() == 1
    assert AuditEntry.objects.filter(verb="withdrew interest").count() == 1


@pytest.mark.parametrize("columns", [{"is_stopped": True}, {"withdrawn_at": timezone.now()}])
def test_what_is_stopped_or_withdrawn_can_only_be_followed(columns: dict[str, object]) -> None:
    teacher = people.teacher()
    initiative = make.initiative(make.host()[0], **columns)
    asked = {"school_class": people.school_class(teacher), "initiative": initiative, "by": teacher}

    with pytest.raises(NotOpenToClasses):
        express_interest(**asked)
    followed = express_interest(**asked, kind=Kind.FOLLOW)

    assert list(Interest.objects.all()) == [followed]


def test_a_cancelled_session_is_not_visited_and_its_department_hears_of_others() -> None:
    department, coordinator = make.host()
    teacher = people.teacher()
    fair = fairs.fair()
    given = fairs.session(fair, department=department)
    cancelled = fairs.session(fair, department=department, state=State.CANCELLED)
    school_class = people.school_class(teacher)

    express_interest(school_class=school_class, session=given, by=teacher)
    with pytest.raises(NotOpenToClasses):
        express_interest(school_class=school_class, session=cancelled, by=teacher)

    assert list(OutgoingMail.objects.values_list("to", flat=True)) == [coordinator.email]


@pytest.mark.parametrize("whose", ["colleague", "editor", "archived", "disabled"])
def test_only_the_classs_own_teachers_say_it(whose: str) -> None:
    teacher = people.teacher()
    school_class = people.school_class(teacher)
    by = {"colleague": people.teacher(), "editor": people.editor()}.get(whose, teacher)
    if whose == "archived":
        school_class.archived_at = timezone.now()
        school_class.save()
    if whose == "disabled":
        by.is_active = False

    with pytest.raises(NotAllowed):
        express_interest(school_class=school_class, initiative=make.initiative(), by=by)

    assert not Interest.objects.exists()


def test_another_classs_interest_is_not_taken_back() -> None:
    teacher = people.teacher()
    interest = express_interest(school_class=people.school_class(teacher), initiative=make.initiative(), by=teacher)

    with pytest.raises(NotAllowed):
        withdraw_interest(interest, by=people.teacher())

    assert Interest.objects.open().count() == 1


def test_my_interests_are_those_of_all_my_classes() -> None:
    teacher, colleague = people.teacher(), people.teacher()
    shared, hers = people.school_class(teacher, colleague), people.school_class(colleague)
    initiative = make.initiative()
    of_shared = express_interest(school_class=shared, initiative=initiative, by=colleague)
    express_interest(school_class=hers, initiative=initiative, by=colleague)

    assert list(interests.interests_of(teacher)) == [of_shared]


@pytest.mark.django_db(transaction=True)
def test_two_teachers_who_press_at_once_make_one_interest_and_one_letter() -> None:
    department, _coordinator = make.host()
    teachers = [people.teacher(), people.teacher()]
    school_class = people.school_class(*teachers)
    initiative = make.initiative(department)

    made = at_once(
        [lambda by=by: express_interest(school_class=school_class, initiative=initiative, by=by).pk for by in teachers]
    )

    assert len(set(made)) == 1
    assert Interest.objects.count() == OutgoingMail.objects.count() == 1


def test_each_coordinator_hears_of_interest_at_her_own_pace_and_never_twice() -> None:
    monday = datetime(2027, 3, 1, 9, tzinfo=UTC)
    department, at_once_please = make.host()
    daily, weekly, never = people.user(), people.user(), people.user()
    for person, pace in ((daily, "daily"), (weekly, "weekly"), (never, "never")):
        Coordination.objects.create(user=person, department=department)
        letters.choose(person, LetterKind.INTEREST, LetterPreference.Pace(pace))
    initiative, teacher = make.initiative(department), people.teacher()
    classes = [people.school_class(teacher, label=label) for label in ("8A", "8B")]

    def mails() -> dict[str, int]:
        letters.send_digests()
        sent = list(OutgoingMail.objects.values_list("to", flat=True))
        return {name: sent.count(one.email) for name, one in everybody.items()}

    everybody = {"at once": at_once_please, "daily": daily, "weekly": weekly, "never": never}
    seen = []
    for hours, school_class in ((0, classes[0]), (3, classes[1]), (25, None), (26, None), (170, None), (400, None)):
        with time_machine.travel(monday + timedelta(hours=hours), tick=False):
            if school_class:
                for _ in range(2):
                    express_interest(school_class=school_class, initiative=initiative, by=teacher)
            seen.append(tuple(mails().values()))

    assert seen == [(1, 0, 0, 0), (2, 0, 0, 0), (2, 1, 0, 0), (2, 1, 0, 0), (2, 1, 1, 0), (2, 1, 1, 0)]
    gathered = OutgoingMail.objects.get(to=weekly.email).text
    assert gathered.count("En klass är nyfiken") == 2
    assert Notice.objects.filter(user=never).count() == 2
