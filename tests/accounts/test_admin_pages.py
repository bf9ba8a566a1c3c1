"""Django's admin: for administrators only, without passwords, and under the strict content policy."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from accounts import factories
from bryggan.accounts.models import AccessInvitation, EmailDomain, SchoolClass, User
from bryggan.common import outbox
from bryggan.common.models import AuditEntry

ADMIN = "/forvaltning/databas/"
ROOMS = ("accounts", "alignment", "initiatives", "curriculum", "common")
ALL_MODELS = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]


def list_of(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("path", [ADMIN, ADMIN + "login/", ADMIN + "accounts/user/", ADMIN + "accounts/user/add/"])
def test_a_stranger_is_led_to_our_own_sign_in(db: None, path: str) -> None:
    client = Client()

    page = client.get(path, follow=True)

    assert page.request["PATH_INFO"] == "/konto/logga-in"
    assert page.request["QUERY_STRING"].startswith("next=%2Fforvaltning%2Fdatabas%2F")
    assert "password" not in page.text


@pytest.mark.parametrize("who", ["teacher", "coordinator", "editor"])
@pytest.mark.parametrize(
    "path", [ADMIN, ADMIN + "login/", ADMIN + "accounts/user/", ADMIN + "accounts/user/1/change/"]
)
def test_who_is_no_administrator_is_refused_at_once(db: None, who: str, path: str) -> None:
    assert browser(getattr(factories, who)()).get(path).status_code == 403


def test_no_passwords_are_set_here(db: None) -> None:
    client = browser(factories.administrator())

    assert client.get(ADMIN + "password_change/").status_code == 404
    assert "password" not in client.get(ADMIN).text


def test_an_administrator_signs_out_to_the_start_page(db: None) -> None:
    client = browser(factories.administrator())

    answer = client.post(ADMIN + "logout/")

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get(ADMIN).status_code == 302


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model._meta.label_lower)
def test_every_table_has_a_list_under_a_swedish_title(db: None, model: type[models.Model]) -> None:
    model_admin = admin.site.get_model_admin(model)

    page = browser(factories.administrator()).get(list_of(model), {"q": "x"})

    assert page.status_code == 200
    one, many = (str(title) for title in model_admin.titles)  # type: ignore[attr-defined]
    assert f"<h1>{many[:1].upper()}{many[1:]}</h1>" in page.text
    assert one
    rooms_english_name = model._meta.app_label.title()
    assert f">{rooms_english_name}<" not in page.text


def test_the_first_page_has_swedish_titles_and_no_unused_tables(db: None) -> None:
    page = browser(factories.administrator()).get(ADMIN).text

    assert "Personer, skolor och klasser" in page
    assert "E-postdomäner".lower() in page.lower()
    for unused in ("/auth/group/", "/account/emailaddress/"):
        assert unused not in page


@pytest.mark.parametrize("path", ["", "accounts/user/", "accounts/user/add/", "accounts/user/{}/change/", "common/"])
def test_the_pages_work_under_the_content_policy(db: None, path: str) -> None:
    administrator = factories.administrator()

    page = browser(administrator).get(ADMIN + path.format(administrator.pk))

    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    scripts = re.findall(r"<script\b[^>]*>", page.text)
    assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)
    assert not re.search(r"<style\b|\sstyle=|\son\w+=\"", page.text)


def test_a_person_added_by_hand_has_no_password_and_a_lower_case_address(db: None) -> None:
    administrator = factories.administrator()

    answer = browser(administrator).post(
        ADMIN + "accounts/user/add/",
        {
            "email": "Ny.Person@Stad.example.org",
            "name": "Ny",
            "is_active": "on",
            "is_editor": "on",
            **{
                f"{inline}-{part}": "0"
                for inline in ("school_memberships", "coordinations")
                for part in ("TOTAL_FORMS", "INITIAL_FORMS")
            },
        },
    )

    assert answer.status_code == 302
    made = User.objects.get(name="Ny")
    assert (made.email, made.is_editor, made.has_usable_password()) == ("ny.person@stad.example.org", True, False)
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.verb, entry.thing_id) == (administrator, "added by hand", str(made.pk))


def test_a_school_given_by_hand_is_in_the_audit_trail(db: None) -> None:
    teacher, school = factories.teacher("anna@skola.example.org"), factories.school_unit("Råå skola")

    answer = browser(factories.administrator()).post(
        f"{ADMIN}accounts/user/{teacher.pk}/change/",
        {
            "email": teacher.email,
            "is_active": "on",
            "is_teacher": "on",
            "school_memberships-TOTAL_FORMS": "1",
            "school_memberships-INITIAL_FORMS": "0",
            "school_memberships-0-school_unit": school.pk,
            "school_memberships-0-began_at_0": "2026-08-17",
            "school_memberships-0-began_at_1": "08:00",
            "coordinations-TOTAL_FORMS": "0",
            "coordinations-INITIAL_FORMS": "0",
        },
    )

    assert answer.status_code == 302
    told = AuditEntry.objects.filter(details__has_key="added").get()
    assert told.thing_id == str(teacher.pk)
    assert told.details["added"] == ["anna@skola.example.org vid Råå skola"]


def test_an_invitation_added_by_hand_knows_who_invited(db: None) -> None:
    administrator = factories.administrator()

    answer = browser(administrator).post(
        ADMIN + "accounts/accessinvitation/add/",
        {"email": "x@stad.example.org", "role": "editor", "expires_at_0": "2030-01-01", "expires_at_1": "12:00"},
    )

    assert answer.status_code == 302
    assert AccessInvitation.objects.get().invited_by == administrator
    assert AuditEntry.objects.get().verb == "added by hand"


def test_a_domain_in_capitals_is_told_not_a_crash(db: None) -> None:
    page = browser(factories.administrator()).post(
        ADMIN + "accounts/emaildomain/add/", {"domain": "Skola.example.org", "kind": "teachers"}
    )

    assert page.status_code == 200
    assert EmailDomain.objects.count() == 0


def test_what_the_service_writes_is_only_read(db: None) -> None:
    administrator = factories.administrator()
    entry = AuditEntry.objects.create(verb="did", thing_type="accounts.user")
    client = browser(administrator)
    page = f"{ADMIN}common/auditentry/{entry.pk}/"

    assert client.get(page + "change/").status_code == 200
    assert client.post(page + "change/", {"verb": "did not"}).status_code == 403
    assert client.post(page + "delete/", {"post": "yes"}).status_code == 403
    assert client.get(ADMIN + "common/auditentry/add/").status_code == 403


def test_neither_codes_nor_texts_of_mail_are_shown(db: None) -> None:
    code = outbox.queue(to="a@x.se", kind="sign-in code", subject="Din kod: CDFHJK", text="CDFHJK")
    other = outbox.queue(to="a@x.se", kind="invitation", subject="Kom till oss", text="Hemlig brödtext")
    client = browser(factories.administrator())

    pages = [client.get(ADMIN + "common/outgoingmail/").text] + [
        client.get(f"{ADMIN}common/outgoingmail/{mail.pk}/change/").text for mail in (code, other) if mail
    ]

    assert "Kom till oss" in pages[0]
    assert not any("CDFHJK" in page or "Hemlig brödtext" in page for page in pages)


def test_what_a_teacher_wrote_of_a_class_needs_is_not_shown(db: None) -> None:
    made = factories.school_class(factories.teacher(), needs="Känsligt")
    client = browser(factories.administrator())

    page = client.get(f"{ADMIN}accounts/schoolclass/{made.pk}/change/")

    assert page.status_code == 200
    assert "Känsligt" not in page.text
    assert client.post(f"{ADMIN}accounts/schoolclass/{made.pk}/delete/", {"post": "yes"}).status_code == 403
    assert SchoolClass.objects.count() == 1
