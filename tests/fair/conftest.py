"""A fair, and a teacher with a class, for tests of programmes."""

from __future__ import annotations

import pytest

from accounts import factories as people
from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models import Fair
from fair import factories as given


@pytest.fixture
def fair() -> Fair:
    return given.fair()


@pytest.fixture
def teacher() -> User:
    return people.teacher(at=people.school_unit("Exempelskolan"))


@pytest.fixture
def school_class(teacher: User) -> SchoolClass:
    made = given.school_class(school_unit=teacher.school_memberships.get().school_unit)
    made.teachers.add(teacher)
    return made
