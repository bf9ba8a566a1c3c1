"""A company signs up itself, and an editor lets it in."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from accounts import factories as make
from accounts.together import at_once
from bryggan.accounts import companies, sign_in
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import AccessInvitation, Company, CompanyApplication, EmailDomain, User
from bryggan.common.models import AuditEntry, OutgoingMail

pytestmark = pytest.mark.django_db


def apply(**changed: Any) -> None:
    typed = {
        "name": "Vattenbolaget", "person": "Vera", "email": "vera@vatten.example.org", "text": "Vi visar verket.",
        "client": "192.0.2.7", "form_token": uuid.uuid4(),
    }  # fmt: skip
    companies.apply(**{**typed, **changed})


def application(**changed: Any) -> CompanyApplication:
    apply(**changed)
    return CompanyApplication.objects.latest("pk")


def test_an_application_waits_for_an_editor_and_writes_to_nobody() -> None:
    apply(name="  Vatten\nbolaget ")

    row = CompanyApplication.objects.get()
    assert (row.name, row.email, row.decided_at) == ("Vatten bolaget", "vera@vatten.example.org", None)
    assert OutgoingMail.objects.count() == AccessInvitation.objects.count() == 0


def test_the_same_form_or_wish_sent_again_is_one() -> None:
    token = uuid.uuid4()
    apply(form_token=token)
    apply(form_token=token, name="Annat namn")
    apply(email="VERA@vatten.example.org")

    assert CompanyApplication.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_application() -> None:
    token = uuid.uuid4()

    at_once([lambda: apply(form_token=token), lambda: apply(form_token=token)])

    assert CompanyApplication.objects.count() == 1


@pytest.mark.usefixtures("early_in_the_hour")
def test_pupils_are_refused_and_floods_are_stopped() -> None:
    make.domain("elev.example.org", EmailDomain.Kind.PUPILS)
    with pytest.raises(sign_in.PupilAddress):
        apply(email="x@elev.example.org")
    for number in range(5):
        apply(name=f"Bolag {number}")

    with pytest.raises(sign_in.TooManyTries):
        apply(name="Bolag 6")


def test_an_approved_company_is_invited_and_its_person_coordinates_it_when_she_signs_in() -> None:
    editor = make.editor()

    company = companies.approve(application(), name="Vattenbolaget AB", by=editor)
    person = sign_in.enter("vera@vatten.example.org")

    assert (company.name, company.slug, company.approved_at is not None) == (
        "Vattenbolaget AB",
        "vattenbolaget-ab",
        True,
    )
    assert person.coordinations.get().company == company
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.subject) == ("vera@vatten.example.org", "Vattenbolaget AB är med i Bryggan")
    assert "/konto/logga-in" in mail.text
    assert AuditEntry.objects.filter(verb="approved a company", by=editor).exists()


def test_a_company_that_is_known_by_the_name_is_the_one() -> None:
    known = make.company("Vattenbolaget")

    assert companies.approve(application(), name="vattenbolaget", by=make.editor()) == known
    known.refresh_from_db()
    assert known.approved_at is not None


def test_two_names_with_the_same_slug_are_two_companies() -> None:
    by = make.editor()
    made = [companies.approve(application(name=name), name=name, by=by) for name in ("A B", "A-B", "åäö!")]

    assert [one.slug for one in made] == ["a-b", "a-b-2", "aao"]


def test_a_refused_company_gets_an_answer_and_no_way_in() -> None:
    companies.refuse(application(), by=make.editor())

    assert (Company.objects.count(), AccessInvitation.objects.count()) == (0, 0)
    assert OutgoingMail.objects.get().subject == "Svar på er anmälan till Bryggan"


def test_what_is_decided_is_decided_once() -> None:
    row, by = application(), make.editor()
    companies.refuse(row, by=by)

    with pytest.raises(companies.AlreadyDecided):
        companies.approve(row, name="x", by=by)

    assert OutgoingMail.objects.count() == 1


def test_a_company_must_be_called_something_and_only_editors_decide() -> None:
    row, by = application(), make.editor()
    with pytest.raises(companies.NoName):
        companies.approve(row, name=" ", by=by)
    others: list[User] = [make.coordinator(), make.administrator(), make.teacher()]
    for other in others:
        with pytest.raises(NotAllowed):
            companies.refuse(row, by=other)
        with pytest.raises(NotAllowed):
            companies.rename(make.company("B"), name="C", by=other)

    assert CompanyApplication.objects.get().decided_at is None


def test_a_company_takes_the_name_of_the_partner_that_it_is() -> None:
    company = make.company("Vatten")

    renamed = [companies.rename(company, name="Vattenbolaget", by=make.editor()) for _ in range(2)]

    assert {one.name for one in renamed} == {"Vattenbolaget"}
    assert AuditEntry.objects.filter(verb="renamed a company").count() == 1
