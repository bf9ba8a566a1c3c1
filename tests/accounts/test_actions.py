from __future__ import annotations

import uuid

import pytest

from accounts import factories
from bryggan.accounts import actions, permissions
from bryggan.accounts.actions import ClassDetails
from bryggan.accounts.models import AccessInvitation, SchoolClass, User
from bryggan.common.models import AuditEntry
from bryggan.curriculum.models import SchoolForm


def details(**changes: object) -> ClassDetails:
    given = {"label": "8B", "school_form": "GR", "pupils": 25, "adults": 2, **changes}
    return ClassDetails(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("school_form", [SchoolForm.PRESCHOOL, SchoolForm.PRESCHOOL_CLASS])
def test_details_keep_only_what_fits_the_school_form(db: None, school_form: SchoolForm) -> None:
    given = details(
        school_unit=factories.school_unit(),
        school_form=school_form,
        school_years=[2, 1],
        subjects=(factories.subject(),),
        programme=factories.programme(),
        year_of_study=2,
    )

    fitting = given.fitting()

    assert (fitting.school_years, fitting.subjects, fitting.programme, fitting.year_of_study) == ((), (), None, None)
    assert fitting.label == given.label


def test_a_class_at_a_school_one_does_not_work_at_is_refused(db: None) -> None:
    teacher = factories.teacher(at=factories.school_unit())

    with pytest.raises(actions.NotAtThisSchool):
        actions.create_class(details(school_unit=factories.school_unit()), form_token=uuid.uuid4(), by=teacher)

    assert SchoolClass.objects.count() == 0


def test_only_a_classes_own_teacher_changes_shares_and_puts_it_away(db: None) -> None:
    school = factories.school_unit()
    made = factories.school_class(factories.teacher(at=school), school_unit=school)
    other = factories.teacher(at=school)

    for act in (
        lambda: actions.change_class(made, details(school_unit=school), by=other),
        lambda: actions.archive_class(made, by=other),
        lambda: actions.add_teacher(made, email=other.email, by=other),
    ):
        with pytest.raises(actions.NotAllowed):
            act()


def test_a_class_does_not_move_to_a_school_where_its_teacher_does_not_work(db: None) -> None:
    school = factories.school_unit()
    teacher = factories.teacher(at=school)
    made = factories.school_class(teacher, school_unit=school)

    with pytest.raises(actions.NotAtThisSchool):
        actions.change_class(made, details(school_unit=factories.school_unit()), by=teacher)


def test_an_invitation_is_accepted_once(db: None) -> None:
    user = factories.user()
    factories.invitation(user.email, AccessInvitation.Role.EDITOR)

    taken = [actions.accept_invitations(user) for _ in range(2)]

    assert taken == [1, 0]
    assert AuditEntry.objects.count() == 1


def test_an_invitation_to_her_school_confirms_a_teacher_who_had_chosen_it_herself(db: None) -> None:
    school = factories.school_unit()
    teacher = factories.teacher(at=school, confirmed=False)
    factories.invitation(teacher.email, AccessInvitation.Role.TEACHER, school_unit=school)

    actions.accept_invitations(teacher)

    assert permissions.is_confirmed_at(teacher, school)


def test_who_is_made_administrator_twice_is_told_so(db: None) -> None:
    first = actions.make_administrator("Chef@stad.example.org", by="test")
    second = actions.make_administrator("chef@stad.example.org", by="test")

    assert [changed for _, changed in (first, second)] == [True, False]
    assert User.objects.get().is_administrator
    assert AuditEntry.objects.get().by_process == "test"


def test_a_disabled_account_stays_disabled(db: None) -> None:
    user = factories.user(is_active=False)

    with pytest.raises(actions.AccountDisabled):
        actions.make_administrator(user.email, by="test")

    user.refresh_from_db()
    assert (user.is_active, user.is_administrator) == (False, False)


def test_a_confirmed_membership_of_a_person_who_is_no_teacher_confirms_nobody(db: None) -> None:
    school = factories.school_unit()
    former = factories.teacher(at=school)
    User.objects.filter(pk=former.pk).update(is_teacher=False)
    former.refresh_from_db()
    membership = factories.membership(factories.teacher(), school)

    with pytest.raises(actions.NotAllowed):
        actions.confirm_membership(membership, by=former)
