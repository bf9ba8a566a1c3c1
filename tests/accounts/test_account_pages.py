"""The account page, choosing a school and confirming colleagues, as the people who use them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import factories
from bryggan.accounts.models import SchoolMembership, SchoolUnit, User
from bryggan.common.models import AuditEntry

ACCOUNT = "/konto/"
CHOOSE = "/konto/skola"
WAITING = "/redaktion/larare"


@pytest.fixture
def school(db: None) -> SchoolUnit:
    return factories.school_unit("Råå skola")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_stranger_is_led_to_sign_in(db: None) -> None:
    for path in (ACCOUNT, CHOOSE, WAITING):
        assert Client().get(path)["Location"] == f"/konto/logga-in?next={path}"


def test_the_page_tells_roles_and_schools(school: SchoolUnit) -> None:
    user = factories.teacher("anna@skola.example.org", at=school, is_editor=True)

    page = browser(user).get(ACCOUNT).text

    for text in ("anna@skola.example.org", "Lärare", "Redaktör", "Råå skola", "Bekräftad"):
        assert text in page
    assert "Administratör" not in page


def test_a_coordinator_sees_her_department_and_no_school_part(db: None) -> None:
    page = browser(factories.coordinator()).get(ACCOUNT).text

    assert "Samordnare för Stadsbyggnadsförvaltningen" in page
    assert "Mina skolor" not in page


def test_a_name_can_be_changed_and_an_impossible_one_is_told(db: None) -> None:
    user = factories.user()
    client = browser(user)

    good = client.post(ACCOUNT, {"name": "Anna Å"})
    bad = client.post(ACCOUNT, {"name": "x" * 121})

    user.refresh_from_db()
    assert (good.status_code, bad.status_code, user.name) == (302, 422, "Anna Å")
    assert "x" * 121 in bad.text


@pytest.mark.parametrize("who", ["coordinator", "editor", "administrator"])
def test_only_teachers_choose_schools(school: SchoolUnit, who: str) -> None:
    client = browser(getattr(factories, who)())

    assert client.get(CHOOSE).status_code == 403
    assert client.post(CHOOSE, {"school_unit": school.pk}).status_code == 403
    assert SchoolMembership.objects.count() == 0


@pytest.mark.parametrize("words", ["råå", "RÅÅ", "skola råå", "Rå"])
def test_a_school_is_found_by_words_of_its_name_whatever_case(school: SchoolUnit, words: str) -> None:
    factories.school_unit("Tågaborgsskolan")
    factories.school_unit("Råå gamla skola", ended_at="2020-01-01T00:00Z")

    page = browser(factories.teacher()).get(CHOOSE, {"q": words})

    assert page.context["units"] == [school]


@pytest.mark.parametrize("words", ["finns inte", "%", "_", "\\", "'", "x" * 101, "a\x00b"])
def test_odd_searches_get_an_answer(school: SchoolUnit, words: str) -> None:
    assert browser(factories.teacher()).get(CHOOSE, {"q": words}).status_code == 200


def test_a_chosen_school_waits_to_be_confirmed_and_leads_to_making_a_class(school: SchoolUnit) -> None:
    teacher = factories.teacher()
    client = browser(teacher)

    answers = [client.post(CHOOSE, {"school_unit": school.pk, "next": "/forslag"}) for _ in range(2)]

    membership = SchoolMembership.objects.get()
    assert (membership.user, membership.school_unit, membership.confirmed_at) == (teacher, school, None)
    assert [answer["Location"] for answer in answers] == ["/klasser/ny?next=%2Fforslag"] * 2
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("chosen", ["", "x", "999999", "9" * 30, "-1", "²"])
def test_a_school_that_is_none_is_told(school: SchoolUnit, chosen: str) -> None:
    assert browser(factories.teacher()).post(CHOOSE, {"school_unit": chosen}).status_code == 422


def test_a_school_that_has_ended_cannot_be_chosen(school: SchoolUnit) -> None:
    SchoolUnit.objects.update(ended_at="2020-01-01T00:00Z")

    assert browser(factories.teacher()).post(CHOOSE, {"school_unit": school.pk}).status_code == 422


def test_a_teacher_leaves_a_school_but_not_before_her_classes_are_put_away(school: SchoolUnit) -> None:
    teacher = factories.teacher(at=school)
    made = factories.school_class(teacher, school_unit=school)
    client = browser(teacher)
    path = f"/konto/skola/{SchoolMembership.objects.get().pk}/lamna"

    early = client.post(path)
    client.post(f"/klasser/{made.pk}/lagg-undan")
    late = client.post(path)

    assert (early.status_code, late.status_code) == (422, 302)
    assert "Lägg först undan dina klasser" in early.text
    assert SchoolMembership.objects.count() == 0


def test_nobody_ends_another_teachers_membership(school: SchoolUnit) -> None:
    factories.teacher(at=school)
    pk = SchoolMembership.objects.get().pk

    for user in (factories.teacher(), factories.editor(), factories.administrator()):
        assert browser(user).post(f"/konto/skola/{pk}/lamna").status_code in (403, 404)
    assert SchoolMembership.objects.count() == 1


# Confirming


def waiting(school: SchoolUnit) -> SchoolMembership:
    return factories.membership(factories.teacher("ny@skola.example.org"), school)


def decide(user: User, membership: SchoolMembership, decision: str = "confirm") -> int:
    return browser(user).post(f"/konto/kollegor/{membership.pk}", {"decision": decision}).status_code


def test_a_confirmed_colleague_sees_and_confirms(school: SchoolUnit) -> None:
    membership = waiting(school)
    colleague = factories.teacher(at=school)

    shown = "ny@skola.example.org" in browser(colleague).get(ACCOUNT).text
    status = decide(colleague, membership)

    membership.refresh_from_db()
    assert (shown, status) == (True, 302)
    assert membership.confirmed_by == colleague
    assert membership.confirmed_at is not None
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.verb) == (colleague, "confirmed a membership")


def test_an_editor_confirms_from_the_editors_list(school: SchoolUnit) -> None:
    membership = waiting(school)
    editor = factories.editor()

    page = browser(editor).get(WAITING)
    answer = browser(editor).post(f"/konto/kollegor/{membership.pk}", {"decision": "confirm", "next": WAITING})

    assert "ny@skola.example.org" in page.text
    assert answer["Location"] == WAITING
    membership.refresh_from_db()
    assert membership.confirmed_by == editor


def test_a_declined_teacher_is_off_the_school(school: SchoolUnit) -> None:
    membership = waiting(school)

    assert decide(factories.editor(), membership, "decline") == 302
    assert SchoolMembership.objects.count() == 0
    assert AuditEntry.objects.get().verb == "declined a membership"


def test_declining_does_not_touch_what_is_confirmed(school: SchoolUnit) -> None:
    membership = factories.membership(factories.teacher(), school, confirmed=True)

    decide(factories.editor(), membership, "decline")

    assert SchoolMembership.objects.get() == membership


def test_others_neither_see_nor_confirm(school: SchoolUnit) -> None:
    membership = waiting(school)
    others = {
        "herself": membership.user,
        "teacher elsewhere": factories.teacher(at=factories.school_unit()),
        "unconfirmed colleague": factories.teacher(at=school, confirmed=False),
        "coordinator": factories.coordinator(),
        "administrator": factories.administrator(),
    }

    for name, user in others.items():
        assert decide(user, membership) in (302, 403), name
        if user != membership.user:
            assert "ny@skola.example.org" not in browser(user).get(ACCOUNT).text, name
        assert browser(user).get(WAITING).status_code == 403, name
    membership.refresh_from_db()
    assert membership.confirmed_at is None


def test_an_editor_does_not_confirm_herself(school: SchoolUnit) -> None:
    editor = factories.teacher(is_editor=True)
    membership = factories.membership(editor, school)

    assert decide(editor, membership) == 403
    membership.refresh_from_db()
    assert membership.confirmed_at is None


def test_a_name_with_markup_stays_text(school: SchoolUnit) -> None:
    membership = waiting(school)
    User.objects.filter(pk=membership.user_id).update(name="<script>alert(1)</script>")

    page = browser(factories.editor()).get(WAITING).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("path", [ACCOUNT, CHOOSE, "/konto/skola/1/lamna", "/konto/kollegor/1"])
def test_a_form_from_elsewhere_is_refused(school: SchoolUnit, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.teacher(at=school))

    assert client.post(path, {"name": "x", "school_unit": school.pk}).status_code == 403


@pytest.mark.parametrize("path", [WAITING, CHOOSE, ACCOUNT])
def test_the_lists_take_as_many_questions_for_25_as_for_one(school: SchoolUnit, path: str) -> None:
    factories.membership(factories.teacher(), school)
    client = browser(factories.teacher(at=school, is_editor=True))

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    questions()
    with_one = questions()
    for _ in range(24):
        factories.membership(factories.teacher(), school)
        factories.school_unit()
    with_many = questions()

    assert with_one == with_many
