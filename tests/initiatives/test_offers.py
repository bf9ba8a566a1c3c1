from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts import factories as people
from accounts.together import at_once
from alignment import factories
from bryggan.accounts.models import Coordination, User
from bryggan.alignment import index as indexes
from bryggan.common.models import AuditEntry
from bryggan.initiatives import offers
from bryggan.initiatives.models import Initiative, SchoolOffer, Term
from bryggan.initiatives.offers import HardWord, OfferDetails, save_offer
from bryggan.initiatives.permissions import may_edit_offer

DETAILS = OfferDetails(
    takes_classes=True,
    how="Besök på en timme.",
    easy_read="Staden samlar regn.",
    hard_words=[HardWord("dagvatten", "regn som rinner av gator")],
    questions=["Vart tar regnet vägen?"],
    school_forms=["GR"],
    school_years=[9, 7, 8],
)


@pytest.fixture
def editor(db: None) -> User:
    return people.editor()


def stored(offer: SchoolOffer) -> dict[str, Any]:
    names = ("takes_classes", "how", "easy_read", "hard_words", "questions", "school_forms", "school_years")
    offer.refresh_from_db()
    return {name: getattr(offer, name) for name in names}


def taking_classes() -> list[int]:
    with indexes.current() as index:
        return sorted(index.takes_classes)


def test_what_is_written_is_kept_and_filters_know_at_the_next_question(editor: User) -> None:
    initiative = factories.initiative()
    assert taking_classes() == []

    offer = save_offer(initiative, DETAILS, seen_at=None, by=editor)

    assert stored(offer) == {
        "takes_classes": True,
        "how": "Besök på en timme.",
        "easy_read": "Staden samlar regn.",
        "hard_words": [{"word": "dagvatten", "meaning": "regn som rinner av gator"}],
        "questions": ["Vart tar regnet vägen?"],
        "school_forms": ["GR"],
        "school_years": [7, 8, 9],
    }
    assert offer.updated_by == editor
    assert taking_classes() == [initiative.pk]


def test_the_audit_trail_tells_what_the_offer_said_before(editor: User) -> None:
    initiative = factories.initiative()
    first = save_offer(initiative, DETAILS, seen_at=None, by=editor)

    save_offer(initiative, replace(DETAILS, how="Ring först."), seen_at=first.updated_at, by=editor)

    entry = AuditEntry.objects.latest("pk")
    assert (entry.by, entry.verb, entry.thing_id) == (editor, "saved a school offer", str(first.pk))
    assert entry.details == {"initiative": initiative.pk, "before": {"how": "Besök på en timme."}}


def test_saving_what_is_there_already_changes_nothing_whatever_was_seen(editor: User) -> None:
    initiative = factories.initiative()
    first = save_offer(initiative, DETAILS, seen_at=None, by=editor)

    for seen_at in (None, first.updated_at, timezone.now()):
        assert save_offer(initiative, DETAILS, seen_at=seen_at, by=people.editor()).updated_at == first.updated_at

    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("seen", ["nothing", "an older one"])
def test_whoever_comes_second_overwrites_nothing(editor: User, seen: str) -> None:
    initiative = factories.initiative()
    first = save_offer(initiative, DETAILS, seen_at=None, by=editor)
    seen_at = first.updated_at - timedelta(microseconds=1) if seen == "an older one" else None

    with pytest.raises(offers.ChangedMeanwhile) as told:
        save_offer(initiative, replace(DETAILS, how="Mitt."), seen_at=seen_at, by=people.editor())

    assert told.value.offer == first
    assert stored(first)["how"] == "Besök på en timme."


def test_an_offer_that_is_gone_has_changed_too(editor: User) -> None:
    initiative = factories.initiative()
    first = save_offer(initiative, DETAILS, seen_at=None, by=editor)
    SchoolOffer.objects.all().delete()

    with pytest.raises(offers.ChangedMeanwhile) as told:
        save_offer(initiative, DETAILS, seen_at=first.updated_at, by=editor)

    assert told.value.offer is None


def test_a_stopped_initiative_takes_no_classes_but_may_be_written_about(editor: User) -> None:
    initiative = factories.initiative(is_stopped=True)

    with pytest.raises(offers.TakesNoClasses):
        save_offer(initiative, DETAILS, seen_at=None, by=editor)
    assert not SchoolOffer.objects.exists()

    offer = save_offer(initiative, replace(DETAILS, takes_classes=False), seen_at=None, by=editor)
    assert offer.easy_read == "Staden samlar regn."


def test_an_initiative_that_stopped_while_the_form_was_open_takes_no_classes(editor: User) -> None:
    initiative = factories.initiative()
    Initiative.objects.update(is_stopped=True)

    with pytest.raises(offers.TakesNoClasses):
        save_offer(initiative, DETAILS, seen_at=None, by=editor)


def test_the_offer_of_an_initiative_that_is_gone_stays_as_it_is(editor: User) -> None:
    withdrawn = factories.initiative(withdrawn_at=timezone.now())
    merged = factories.initiative(merged_into=withdrawn)

    for initiative in (withdrawn, merged):
        with pytest.raises(offers.InitiativeIsGone):
            save_offer(initiative, replace(DETAILS, takes_classes=False), seen_at=None, by=editor)


# Who


def of_department(**columns: Any) -> tuple[User, Initiative]:
    coordinator = people.coordinator()
    department = Coordination.objects.get(user=coordinator).department
    return coordinator, factories.initiative(department=department, **columns)


@pytest.mark.django_db
def test_a_coordinator_writes_for_what_her_department_owns_or_takes_part_in() -> None:
    coordinator, owned = of_department()
    joined = factories.initiative(department=people.department("En annan"))
    joined.participants.add(owned.department)
    neither = factories.initiative(department=people.department("En tredje"))
    neither.participants.add(people.department("En fjärde"))

    assert [may_edit_offer(coordinator, one) for one in (owned, joined, neither)] == [True, True, False]
    with pytest.raises(offers.NotAllowed):
        save_offer(neither, DETAILS, seen_at=None, by=coordinator)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("partner", "approved", "may"),
    [
        ("Exempelbolaget AB", True, True),
        ("EXEMPELBOLAGET ab", True, True),
        ("Exempelbolaget AB", False, False),
        ("Exempelbolaget", True, False),
        ("Ett annat bolag", True, False),
    ],
)
def test_a_company_takes_part_where_the_source_names_it_as_a_partner(partner: str, approved: bool, may: bool) -> None:
    company = people.company()
    company.approved_at = timezone.now() if approved else None
    company.save()
    user = people.user()
    Coordination.objects.create(user=user, company=company)
    initiative = factories.initiative(terms=(factories.term(Term.Kind.PARTNER, partner),))

    assert may_edit_offer(user, initiative) == may


@pytest.mark.django_db
def test_a_company_named_as_something_else_than_partner_takes_no_part() -> None:
    user = people.user()
    company = people.company()
    company.approved_at = timezone.now()
    company.save()
    Coordination.objects.create(user=user, company=company)
    initiative = factories.initiative(terms=(factories.term(Term.Kind.SECTOR, company.name),))

    assert not may_edit_offer(user, initiative)


@pytest.mark.django_db
def test_nobody_else_writes_an_offer() -> None:
    coordinator, initiative = of_department()
    for disabled in (coordinator, people.editor()):
        disabled.is_active = False
        assert not may_edit_offer(disabled, initiative)
    for user in (people.teacher(), people.administrator(), people.user(), people.coordinator(), AnonymousUser()):
        assert not may_edit_offer(user, initiative)
    assert may_edit_offer(people.editor(), initiative)


# Two at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("there_is_one", [False, True])
def test_of_two_who_save_at_once_one_is_told(there_is_one: bool) -> None:
    editor = people.editor()
    initiative = factories.initiative()
    seen_at = None
    if there_is_one:
        seen_at = save_offer(initiative, OfferDetails(how="Först."), seen_at=None, by=editor).updated_at

    def save(how: str) -> str:
        try:
            return save_offer(initiative, replace(DETAILS, how=how), seen_at=seen_at, by=editor).how
        except offers.ChangedMeanwhile as other:
            return f"told of {other.offer.how if other.offer else None}"

    told = at_once([lambda: save("Mitt."), lambda: save("Ditt.")])

    kept = SchoolOffer.objects.get().how
    assert sorted(told) == sorted([kept, f"told of {kept}"])
