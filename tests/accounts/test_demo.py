from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bryggan.accounts.demo import load_demo
from bryggan.accounts.models import EmailDomain, SchoolClass, SchoolMembership, User


def test_the_demo_has_one_of_each_kind_of_person(db: None) -> None:
    load_demo()

    rights = {
        user.email: (user.is_teacher, user.is_coordinator, user.is_editor, user.is_administrator)
        for user in User.objects.all()
    }
    assert rights == {
        "larare@skola.example.org": (True, False, False, False),
        "larare2@skola.example.org": (True, False, False, False),
        "samordnare@stad.example.org": (False, True, False, False),
        "foretag@foretag.example.org": (False, True, False, False),
        "redaktor@stad.example.org": (False, False, True, False),
        "admin@stad.example.org": (False, False, False, True),
    }
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_the_demos_teachers_are_confirmed_and_have_classes(db: None) -> None:
    load_demo()

    forms = {(c.label, c.school_form, c.teachers.get().email.partition("@")[0]) for c in SchoolClass.objects.all()}
    assert forms == {
        ("8B", "GR", "larare"),
        ("F-klass Blå", "FKLASS", "larare"),
        ("TE25a", "GY", "larare"),
        ("Krabborna", "FS", "larare2"),
    }
    assert SchoolMembership.objects.waiting().count() == 0
    assert all(c.school_form in c.school_unit.school_forms for c in SchoolClass.objects.all())
    assert dict(EmailDomain.objects.values_list("domain", "kind")) == {
        "skola.example.org": "teachers",
        "elev.example.org": "pupils",
    }


def test_a_second_load_writes_nothing(db: None) -> None:
    load_demo()

    with CaptureQueriesContext(connection) as asked:
        load_demo()

    writes = [q["sql"] for q in asked if q["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert writes == []
