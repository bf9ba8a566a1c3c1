"""Who may do what with the fair's supply, tried for each kind of person."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts.models import Company, Coordination, User
from bryggan.fair import permissions
from fair import factories as given

pytestmark = pytest.mark.django_db


def coordinator_of_company(*, approved: bool) -> tuple[User, Company]:
    company = people.company()
    company.approved_at = timezone.now() if approved else None
    company.save()
    user = people.user()
    Coordination.objects.create(user=user, company=company)
    return user, company


def test_editors_manage_everything() -> None:
    editor, session = people.editor(), given.session(given.fair())

    assert permissions.may_manage_fair(editor)
    assert permissions.may_import(editor)
    assert permissions.may_see_team_pages(editor)
    assert permissions.may_edit_session(editor, session)
    assert permissions.may_add_session_for(editor, department=None, company=None)
    assert list(permissions.editable_sessions(editor)) == [session]


def test_a_coordinator_manages_what_her_department_gives_and_nothing_else() -> None:
    fair, department = given.fair(), people.department()
    user = people.user()
    Coordination.objects.create(user=user, department=department)
    own, other = given.session(fair, department=department), given.session(fair, department=people.department())

    assert not permissions.may_manage_fair(user)
    assert not permissions.may_import(user)
    assert permissions.may_see_team_pages(user)
    assert permissions.may_edit_session(user, own)
    assert not permissions.may_edit_session(user, other)
    assert not permissions.may_edit_session(user, given.session(fair))
    assert permissions.may_add_session_for(user, department=department, company=None)
    assert not permissions.may_add_session_for(user, department=None, company=None)
    assert not permissions.may_add_session_for(user, department=department, company=people.company())
    assert list(permissions.editable_sessions(user)) == [own]


@pytest.mark.parametrize("approved", [True, False])
def test_a_companys_coordinator_counts_once_the_company_is_approved(approved: bool) -> None:
    user, company = coordinator_of_company(approved=approved)
    session = given.session(given.fair(), company=company)

    assert permissions.may_see_team_pages(user) is approved
    assert permissions.may_edit_session(user, session) is approved
    assert permissions.may_add_session_for(user, department=None, company=company) is approved
    assert permissions.editable_sessions(user).exists() is approved


def test_others_may_nothing() -> None:
    session = given.session(given.fair(), department=people.department())
    gone = people.editor()
    gone.is_active = False
    gone.save()

    for user in (people.teacher(), people.administrator(), gone, AnonymousUser()):
        assert not permissions.may_manage_fair(user)
        assert not permissions.may_import(user)
        assert not permissions.may_see_team_pages(user)
        assert not permissions.may_edit_session(user, session)
        assert not permissions.editable_sessions(user).exists()
