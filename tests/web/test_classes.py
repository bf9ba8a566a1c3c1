from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import factories
from accounts.together import at_once
from bryggan.accounts.models import SchoolClass, SchoolMembership, SchoolUnit, User
from bryggan.common.models import AuditEntry
from bryggan.curriculum.models import Curriculum, SchoolForm

NEW = "/klasser/ny"


@pytest.fixture
def school(db: None) -> SchoolUnit:
    return factories.school_unit("Råå skola")


@pytest.fixture
def teacher(school: SchoolUnit) -> User:
    return factories.teacher("anna@skola.example.org", at=school)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(school: SchoolUnit, **changes: Any) -> dict[str, Any]:
    data = {
        "token": str(uuid.uuid4()),
        "school_unit": school.pk,
        "label": "8B",
        "school_form": "GR",
        "school_years": [8],
        "pupils": "26",
        "adults": "2",
        "needs": "Hiss, tack.",
    }
    return {name: value for name, value in {**data, **changes}.items() if value is not None}


def facts(school_class: SchoolClass) -> dict[str, Any]:
    names = ("label", "school_form", "school_years", "orientation_code", "year_of_study", "pupils", "adults", "needs")
    return {
        **{name: getattr(school_class, name) for name in names},
        "school_unit": school_class.school_unit,
        "programme": school_class.programme,
        "subjects": {subject.name for subject in school_class.subjects.all()},
        "teachers": {teacher.email for teacher in school_class.teachers.all()},
    }


# Who


def people(school: SchoolUnit) -> dict[str, User]:
    return {
        "colleague": factories.teacher(at=school),
        "coordinator": factories.coordinator(),
        "editor": factories.editor(),
        "administrator": factories.administrator(),
    }


@pytest.mark.parametrize("who", ["colleague", "coordinator", "editor", "administrator"])
@pytest.mark.parametrize("part", ["", "/andra", "/lagg-undan", "/larare"])
def test_nobody_but_its_teachers_sees_or_changes_a_class(
    school: SchoolUnit, teacher: User, who: str, part: str
) -> None:
    hidden = factories.school_class(teacher, label="8B-hemlig", school_unit=school)
    client = browser(people(school)[who])

    answers = [client.get(f"/klasser/{hidden.pk}{part}"), client.post(f"/klasser/{hidden.pk}{part}", typed(school))]

    assert all(answer.status_code in (404, 405) for answer in answers)
    assert "8B-hemlig" not in answers[0].text + answers[1].text
    hidden.refresh_from_db()
    assert (hidden.label, hidden.archived_at, hidden.teachers.count()) == ("8B-hemlig", None, 1)


@pytest.mark.parametrize("who", ["colleague", "coordinator", "editor", "administrator"])
def test_the_list_shows_other_peoples_classes_to_nobody(school: SchoolUnit, teacher: User, who: str) -> None:
    factories.school_class(teacher, label="8B-hemlig", school_unit=school)

    page = browser(people(school)[who]).get("/klasser")

    assert page.status_code == (200 if who == "colleague" else 403)
    assert "8B-hemlig" not in page.text


@pytest.mark.parametrize("who", ["coordinator", "editor", "administrator"])
def test_only_teachers_make_classes(school: SchoolUnit, who: str) -> None:
    client = browser(people(school)[who])

    assert client.get(NEW).status_code == 403
    assert client.post(NEW, typed(school)).status_code == 403
    assert SchoolClass.objects.count() == 0


def test_a_stranger_is_led_to_sign_in_and_back(school: SchoolUnit, teacher: User) -> None:
    made = factories.school_class(teacher, school_unit=school)

    for path in ("/klasser", NEW, f"/klasser/{made.pk}", f"/klasser/{made.pk}/andra"):
        assert Client().get(path)["Location"] == f"/konto/logga-in?next={path}"


def test_a_person_who_is_no_longer_a_teacher_loses_her_classes(school: SchoolUnit, teacher: User) -> None:
    made = factories.school_class(teacher, school_unit=school)
    User.objects.update(is_teacher=False)

    assert browser(teacher).get(f"/klasser/{made.pk}").status_code == 404
    assert browser(teacher).get("/klasser").status_code == 403


@pytest.mark.parametrize("path", [NEW, "/klasser/{}/andra", "/klasser/{}/lagg-undan", "/klasser/{}/larare"])
def test_a_form_from_elsewhere_is_refused(school: SchoolUnit, teacher: User, path: str) -> None:
    made = factories.school_class(teacher, school_unit=school, label="8B")
    client = Client(enforce_csrf_checks=True)
    client.force_login(teacher)

    assert client.post(path.format(made.pk), typed(school, label="ny")).status_code == 403
    assert [c.label for c in SchoolClass.objects.filter(archived_at=None)] == ["8B"]


# Making


def test_a_compulsory_class_keeps_years_and_subjects(school: SchoolUnit, teacher: User) -> None:
    technology, swedish = factories.subject("Teknik"), factories.subject("Svenska")

    answer = browser(teacher).post(NEW, typed(school, school_years=[9, 7, 8], subjects=[technology.pk, swedish.pk]))

    made = SchoolClass.objects.get()
    assert answer["Location"] == f"/klasser/{made.pk}"
    assert facts(made) == {
        "label": "8B",
        "school_form": "GR",
        "school_years": [7, 8, 9],
        "orientation_code": "",
        "year_of_study": None,
        "pupils": 26,
        "adults": 2,
        "needs": "Hiss, tack.",
        "school_unit": school,
        "programme": None,
        "subjects": {"Teknik", "Svenska"},
        "teachers": {teacher.email},
    }
    assert list(AuditEntry.objects.values_list("verb", "by")) == [("made a class", teacher.pk)]


def test_an_upper_secondary_class_keeps_programme_orientation_and_year(school: SchoolUnit, teacher: User) -> None:
    programme = factories.programme()
    orientation = factories.orientation(programme)

    browser(teacher).post(
        NEW,
        typed(
            school,
            label="TE25a",
            school_form="GY",
            programme=programme.pk,
            orientation=orientation.pk,
            year_of_study="2",
        ),
    )

    made = facts(SchoolClass.objects.get())
    assert (made["programme"], made["orientation_code"], made["year_of_study"]) == (programme, "TEINF", 2)
    # Years of compulsory school were ticked too, and do not fit.
    assert made["school_years"] == []


@pytest.mark.parametrize("school_form", ["FS", "FKLASS"])
def test_what_does_not_fit_the_school_form_is_ignored_however_wrong(
    school: SchoolUnit, teacher: User, school_form: str
) -> None:
    subject = factories.subject()

    answer = browser(teacher).post(
        NEW,
        typed(
            school,
            school_form=school_form,
            school_years=["8", "77"],
            subjects=[subject.pk, "999999", "x"],
            programme="999999",
            orientation="x",
            year_of_study="12",
        ),
    )

    made = facts(SchoolClass.objects.get())
    assert answer.status_code == 302
    assert (made["school_years"], made["subjects"], made["programme"], made["year_of_study"]) == (
        [],
        set(),
        None,
        None,
    )


def test_subjects_of_another_school_form_are_left_out(school: SchoolUnit, teacher: User) -> None:
    ours = factories.subject("Teknik")
    other = factories.subject("Teknik i anpassad grundskola", SchoolForm.ADAPTED_COMPULSORY)

    browser(teacher).post(NEW, typed(school, subjects=[ours.pk, other.pk]))

    assert facts(SchoolClass.objects.get())["subjects"] == {"Teknik"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "x" * 41}, "label"),
        ({"label": "8\x00B"}, "label"),
        ({"school_form": None}, "school_form"),
        ({"school_form": "XX"}, "school_form"),
        ({"school_years": None}, "school_years"),
        ({"school_years": [0]}, "school_years"),
        ({"school_years": [10]}, "school_years"),
        ({"subjects": [10**30]}, "subjects"),
        ({"pupils": ""}, "pupils"),
        ({"pupils": "0"}, "pupils"),
        ({"pupils": "201"}, "pupils"),
        ({"pupils": "många"}, "pupils"),
        ({"pupils": "9" * 400}, "pupils"),
        ({"adults": "0"}, "adults"),
        ({"adults": "31"}, "adults"),
        ({"needs": "x" * 301}, "needs"),
        ({"school_unit": "x"}, "school_unit"),
        ({"school_unit": 10**30}, "school_unit"),
        ({"school_form": "GY"}, "programme"),
        ({"school_form": "GY"}, "year_of_study"),
        ({"school_form": "GY", "year_of_study": "5"}, "year_of_study"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    school: SchoolUnit, teacher: User, changes: dict[str, Any], field: str
) -> None:
    page = browser(teacher).post(NEW, typed(school, needs=changes.pop("needs", "Hiss, tack."), **changes))

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert SchoolClass.objects.count() == 0
    if field != "needs":
        assert "Hiss, tack." in page.text
    if field != "label":
        assert 'value="8B"' in page.text


def test_ticked_boxes_stay_ticked_after_an_error(school: SchoolUnit, teacher: User) -> None:
    subject = factories.subject()

    page = browser(teacher).post(NEW, typed(school, label="", school_years=[7, 9], subjects=[subject.pk]))

    for value, name in ((7, "school_years"), (9, "school_years"), (subject.pk, "subjects"), ("GR", "school_form")):
        box = next(part for part in page.text.split("<input") if f'name="{name}" value="{value}"' in part)
        assert "checked" in box.split(">")[0]


def test_an_orientation_of_another_programme_is_told(school: SchoolUnit, teacher: User) -> None:
    technology, nature = factories.programme(), factories.programme("NA25", "Naturvetenskapsprogrammet")
    orientation = factories.orientation(nature, "NANAT", "Naturvetenskap")

    page = browser(teacher).post(
        NEW,
        typed(school, school_form="GY", programme=technology.pk, orientation=orientation.pk, year_of_study=1),
    )

    assert page.status_code == 422
    assert "Inriktningen hör inte till programmet" in page.text


def test_both_curricula_of_upper_secondary_can_be_chosen(school: SchoolUnit, teacher: User) -> None:
    factories.programme()
    factories.programme("TE", curriculum=Curriculum.GY11)

    page = browser(teacher).get(NEW)

    assert page.text.index('<optgroup label="Gy25">') < page.text.index('<optgroup label="Gy11">')


def test_a_school_form_that_the_school_lacks_is_told(school: SchoolUnit, teacher: User) -> None:
    SchoolUnit.objects.update(school_forms=["FKLASS", "GR"])
    programme = factories.programme()

    page = browser(teacher).post(NEW, typed(school, school_form="GY", programme=programme.pk, year_of_study=1))

    assert page.status_code == 422
    assert "Råå skola har inte den skolformen" in page.text


def test_a_class_at_somebody_elses_school_is_refused(school: SchoolUnit, teacher: User) -> None:
    other = factories.school_unit("Annan skola")

    page = browser(teacher).post(NEW, typed(other))

    assert page.status_code == 422
    assert "school_unit" in page.context["form"].errors
    assert "Annan skola" not in page.text


def test_a_teacher_who_is_not_confirmed_yet_can_make_classes(school: SchoolUnit) -> None:
    new = factories.teacher(at=school, confirmed=False)

    assert browser(new).post(NEW, typed(school)).status_code == 302


def test_a_teacher_without_a_school_is_led_to_choose_one(db: None) -> None:
    assert browser(factories.teacher()).get(NEW)["Location"] == "/konto/skola?next=%2Fklasser%2Fny"


def test_the_form_warns_of_names_and_sensitive_details(teacher: User) -> None:
    assert "Skriv aldrig elevers namn, diagnoser" in browser(teacher).get(NEW).text


def test_what_a_school_form_asks_for_is_not_called_voluntary(teacher: User) -> None:
    page = " ".join(browser(teacher).get(NEW).text.split())

    assert "Inriktning <span" in page
    for asked in ("Årskurser", "Program", "År i gymnasiet"):
        assert f"{asked} <span" not in page


def test_a_form_sent_twice_makes_one_class(school: SchoolUnit, teacher: User) -> None:
    data = typed(school)

    answers = [browser(teacher).post(NEW, data)["Location"] for _ in range(2)]

    assert answers == [f"/klasser/{SchoolClass.objects.get().pk}"] * 2


def test_another_teachers_token_tells_nothing_and_gives_nothing(school: SchoolUnit, teacher: User) -> None:
    data = typed(school, label="8B-hemlig")
    browser(teacher).post(NEW, data)

    answer = browser(factories.teacher(at=school)).post(NEW, {**data, "label": "9A"})

    assert answer.status_code == 422
    assert "8B-hemlig" not in answer.text
    assert data["token"] not in answer.text
    assert SchoolClass.objects.count() == 1


@pytest.mark.parametrize("token", [None, "", "x", "x" * 5000])
def test_a_form_without_a_good_token_makes_a_class_all_the_same(
    school: SchoolUnit, teacher: User, token: str | None
) -> None:
    assert browser(teacher).post(NEW, typed(school, token=token)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_the_same_time_makes_one_class() -> None:
    school = factories.school_unit()
    teacher = factories.teacher(at=school)
    data = typed(school)

    locations = at_once([partial(lambda c: c.post(NEW, data)["Location"], browser(teacher)) for _ in range(3)])

    assert locations == [f"/klasser/{SchoolClass.objects.get().pk}"] * 3


# Changing


def test_a_changed_class_keeps_what_was_not_changed(school: SchoolUnit, teacher: User) -> None:
    subject = factories.subject()
    made = factories.school_class(teacher, school_unit=school, label="7B", school_years=[7], needs="Hiss, tack.")
    made.subjects.add(subject)
    client = browser(teacher)

    form = client.get(f"/klasser/{made.pk}/andra")
    answer = client.post(f"/klasser/{made.pk}/andra", typed(school, subjects=[subject.pk]))

    assert 'value="7B"' in form.text
    assert answer["Location"] == f"/klasser/{made.pk}"
    made.refresh_from_db()
    assert (made.label, made.school_years, made.pupils) == ("8B", [8], 26)
    assert AuditEntry.objects.get().details == {"columns": ["label", "school_years", "pupils"]}


def test_saving_without_a_change_leaves_no_trace(school: SchoolUnit, teacher: User) -> None:
    made = factories.school_class(teacher, school_unit=school, label="8B", pupils=26, needs="Hiss, tack.")

    browser(teacher).post(f"/klasser/{made.pk}/andra", typed(school))

    assert AuditEntry.objects.count() == 0


def test_a_class_of_a_school_that_has_ended_can_still_be_changed(school: SchoolUnit, teacher: User) -> None:
    made = factories.school_class(teacher, school_unit=school)
    SchoolMembership.objects.all().delete()
    SchoolUnit.objects.update(ended_at="2026-01-01T00:00Z")

    answer = browser(teacher).post(f"/klasser/{made.pk}/andra", typed(school, label="9B"))

    assert answer.status_code == 302


def test_a_class_that_is_put_away_leaves_the_list_and_its_page(school: SchoolUnit, teacher: User) -> None:
    made = factories.school_class(teacher, school_unit=school, label="8B")
    client = browser(teacher)

    client.post(f"/klasser/{made.pk}/lagg-undan")

    assert client.get(f"/klasser/{made.pk}").status_code == 404
    assert client.get("/klasser").context["classes"].count() == 0
    assert SchoolClass.objects.get().archived_at is not None


# Sharing


def add(client: Client, school_class: SchoolClass, email: str) -> HttpResponse:
    return client.post(f"/klasser/{school_class.pk}/larare", {"email": email})


def test_a_confirmed_colleague_can_share_the_class(school: SchoolUnit, teacher: User) -> None:
    made = factories.school_class(teacher, school_unit=school)
    colleague = factories.teacher("bo@skola.example.org", at=school)

    answers = [add(browser(teacher), made, "Bo@Skola.example.org") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert browser(colleague).get(f"/klasser/{made.pk}").status_code == 200
    assert AuditEntry.objects.filter(verb="added a teacher to a class").count() == 1


def test_every_address_that_cannot_be_added_gets_the_same_answer(school: SchoolUnit, teacher: User) -> None:
    made = factories.school_class(teacher, school_unit=school)
    addresses = [
        factories.teacher(at=school, confirmed=False).email,
        factories.teacher(at=factories.school_unit()).email,
        factories.teacher(at=school, is_active=False).email,
        factories.editor().email,
        "okand@skola.example.org",
    ]

    answers = [add(browser(teacher), made, address) for address in addresses]

    assert {(a.status_code, str(a.context["form"].errors["email"])) for a in answers} == {
        (422, str(answers[0].context["form"].errors["email"]))
    }
    assert all(f'value="{address}"' in a.text for address, a in zip(addresses, answers, strict=True))
    assert made.teachers.count() == 1


# The list


def test_the_list_takes_as_many_questions_for_50_classes_as_for_one(school: SchoolUnit, teacher: User) -> None:
    client = browser(teacher)

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/klasser").status_code == 200
        return len(asked)

    programme = factories.programme()
    factories.school_class(teacher, school_unit=school, school_form=SchoolForm.UPPER_SECONDARY, programme=programme)
    questions()
    with_one = questions()
    for number in range(49):
        factories.school_class(teacher, school_unit=factories.school_unit(), label=f"{number}")
    with_fifty = questions()

    assert with_one == with_fifty


def test_an_empty_list_says_what_to_do(teacher: User) -> None:
    page = browser(teacher).get("/klasser")

    assert NEW in page.text
    assert "aldrig efter elevers namn" in page.text
