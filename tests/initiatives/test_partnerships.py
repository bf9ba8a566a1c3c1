"""Companies that editors name for an initiative, beside the partners that the source names."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts import factories as people
from alignment import factories as city
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import Company, Coordination, User
from bryggan.common.models import AuditEntry
from bryggan.initiatives import partnerships
from bryggan.initiatives.models import Partnership, Term
from bryggan.initiatives.owners import coordinators_of, initiatives_of, partnerships_of
from bryggan.initiatives.permissions import coordinates, may_edit_offer

pytestmark = pytest.mark.django_db


def approved() -> tuple[Company, User]:
    company, user = people.company("Vattenbolaget"), people.user()
    company.approved_at = timezone.now()
    company.save()
    Coordination.objects.create(user=user, company=company)
    return company, user


def test_a_company_answers_for_what_an_editor_has_chosen_and_for_nothing_else() -> None:
    company, user = approved()
    chosen, other = city.initiative("Rent vatten"), city.initiative("Ren luft")

    made = [partnerships.add(company, chosen, by=people.editor()) for _ in range(2)]

    assert made[0] == made[1]
    assert [coordinates(user, one) for one in (chosen, other)] == [True, False]
    assert may_edit_offer(user, chosen)
    assert list(initiatives_of([company])) == [chosen]
    assert (coordinators_of([chosen]), coordinators_of([other])) == ([user], [])
    assert partnerships_of([company]) == {company.pk: 1}
    assert AuditEntry.objects.filter(verb="added a partner").count() == 1


def test_what_source_and_editor_both_say_counts_once() -> None:
    company, _user = approved()
    named = city.initiative("Rent vatten", terms=(city.term(Term.Kind.PARTNER, "Vattenbolaget"),))
    partnerships.add(company, named, by=people.editor())

    assert list(initiatives_of([company])) == [named]
    assert partnerships_of([company]) == {company.pk: 1}


def test_taken_back_the_company_answers_for_it_no_longer() -> None:
    company, user = approved()
    initiative, editor = city.initiative(), people.editor()
    partnerships.add(company, initiative, by=editor)

    for _ in range(2):
        partnerships.take_back(company, initiative, by=editor)

    assert not coordinates(user, initiative)
    assert AuditEntry.objects.filter(verb="took away a partner").count() == 1


def test_only_editors_choose_and_only_for_approved_companies() -> None:
    company, user = approved()
    initiative = city.initiative()
    for by in (user, people.administrator()):
        with pytest.raises(NotAllowed):
            partnerships.add(company, initiative, by=by)
        with pytest.raises(NotAllowed):
            partnerships.take_back(company, initiative, by=by)
    with pytest.raises(partnerships.NotApproved):
        partnerships.add(people.company("Väntar AB"), initiative, by=people.editor())

    assert not Partnership.objects.exists()


def test_a_company_that_is_no_longer_approved_loses_it() -> None:
    company, user = approved()
    initiative = city.initiative()
    partnerships.add(company, initiative, by=people.editor())
    Company.objects.update(approved_at=None)

    assert not coordinates(user, initiative)
    assert coordinators_of([initiative]) == []
