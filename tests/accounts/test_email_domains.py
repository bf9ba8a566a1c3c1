"""What those who read mail in a domain are: coordinators only where an administrator has said so."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import factories as make
from bryggan.accounts import sign_in
from bryggan.accounts.models import Coordination, EmailDomain
from bryggan.common.models import AuditEntry
from bryggan.initiatives.owners import hosts_of

pytestmark = pytest.mark.django_db
Kind = EmailDomain.Kind


def given(domain: str = "vatten.example.org", **host: object) -> EmailDomain:
    host = host or {"department": make.department("Vattenförvaltningen")}
    return EmailDomain.objects.create(domain=domain, kind=Kind.COORDINATORS, **host)


def test_whoever_reads_mail_in_the_domain_coordinates_from_her_first_sign_in() -> None:
    row = given()

    user = sign_in.enter("Vera@vatten.example.org")

    assert hosts_of(user).departments == (row.department,)
    assert (user.is_teacher, user.is_editor, user.is_administrator) == (False, False, False)
    entry = AuditEntry.objects.get(verb="coordinates by domain")
    assert (entry.by, entry.details["domain"]) == (user, "vatten.example.org")


def test_somebody_who_has_an_account_coordinates_from_her_next_sign_in_and_once() -> None:
    user = make.user("vera@vatten.example.org")
    row = given()

    for _ in range(2):
        sign_in.enter(user.email)

    assert [one.department for one in user.coordinations.all()] == [row.department]


def test_what_an_administrator_has_taken_away_is_not_given_again() -> None:
    given()
    user = sign_in.enter("vera@vatten.example.org")
    Coordination.objects.all().delete()

    sign_in.enter(user.email)

    assert not Coordination.objects.exists()


@pytest.mark.parametrize(
    "email", ["vera@sub.vatten.example.org", "vera@vatten.example.org.evil.example", "vera@stad.example.org"]
)
def test_only_the_exact_domain_counts(email: str) -> None:
    given()

    with pytest.raises(sign_in.NotExpected):
        sign_in.enter(email)


def test_a_domain_of_teachers_makes_nobody_a_coordinator() -> None:
    make.domain("skola.example.org")

    assert not hosts_of(sign_in.enter("lina@skola.example.org"))


def test_a_companys_domain_opens_when_the_company_is_approved() -> None:
    company = make.company()
    given(company=company)
    with pytest.raises(sign_in.NotExpected):
        sign_in.enter("vera@vatten.example.org")
    company.approved_at = timezone.now()
    company.save()

    assert hosts_of(sign_in.enter("vera@vatten.example.org")).companies == (company,)


def test_a_disabled_account_stays_disabled() -> None:
    given()
    make.user("vera@vatten.example.org", is_active=False)

    with pytest.raises(sign_in.NotExpected):
        sign_in.enter("vera@vatten.example.org")


@pytest.mark.parametrize(
    ("kind", "hosts"),
    [(Kind.COORDINATORS, ()), (Kind.COORDINATORS, ("department", "company")), (Kind.TEACHERS, ("department",))],
)
def test_a_domain_of_coordinators_is_of_one_host_and_no_other_is_of_any(kind: str, hosts: tuple[str, ...]) -> None:
    rows = {"department": make.department("En"), "company": make.company()}
    wrong = EmailDomain(domain="x.example.org", kind=kind, **{name: rows[name] for name in hosts})

    with pytest.raises(ValidationError):
        wrong.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        wrong.save()


@pytest.mark.parametrize("kind", [Kind.TEACHERS, Kind.COORDINATORS])
def test_a_domain_that_is_open_to_anybody_gives_no_rights(kind: str) -> None:
    department = make.department("En") if kind == Kind.COORDINATORS else None
    row = EmailDomain(domain="@Gmail.com ", kind=kind, department=department)

    with pytest.raises(ValidationError, match="Vem som helst"):
        row.full_clean()


def test_an_administrator_gives_a_domain_and_that_is_noted() -> None:
    department, browser = make.department("Vattenförvaltningen"), Client()
    browser.force_login(make.administrator())
    address = "/forvaltning/databas/accounts/emaildomain/add/"

    wrong = browser.post(address, {"domain": "vatten.example.org", "kind": "coordinators"})
    browser.post(address, {"domain": "vatten.example.org", "kind": "coordinators", "department": department.pk})

    assert "inte båda" in wrong.text
    assert EmailDomain.objects.get().department == department
    assert AuditEntry.objects.filter(verb="added by hand", thing_type="accounts.emaildomain").exists()
