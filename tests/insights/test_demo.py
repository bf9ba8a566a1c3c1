"""The demo's invented facts: repeatable, and apart from what really happens."""

from __future__ import annotations

import pytest

from accounts import factories as people
from alignment import factories as make
from bryggan.accounts import facts
from bryggan.accounts.models import Fact
from bryggan.insights import demo

pytestmark = pytest.mark.django_db


def test_a_second_load_changes_nothing_and_leaves_what_has_happened_alone() -> None:
    for form in ("GR", "GY"):
        people.school_unit(school_forms=[form], organizer="Staden")
    make.initiative()
    facts.count("booking", school_class=people.school_class())
    happened = Fact.objects.values().get()

    first = demo.load_demo(), list(Fact.objects.order_by("key").values())
    second = demo.load_demo(), list(Fact.objects.order_by("key").values())

    assert first == second
    assert Fact.objects.values().get(pk=happened["id"]) == happened
    assert Fact.objects.filter(key__startswith=demo.MARK).count() == first[0] > 20
