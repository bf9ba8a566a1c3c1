"""Share links: one open one for each programme, known by its hash, ended for good."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import factories as people
from accounts.together import at_once
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import User
from bryggan.common.models import AuditEntry
from bryggan.fair.models import Itinerary, ShareLink
from bryggan.fair.programmes import sharing
from bryggan.fair.programmes.sharing import LinkEnded, UnknownToken
from fair import factories as make

pytestmark = pytest.mark.django_db


def shared(**columns: Any) -> tuple[Itinerary, User]:
    teacher = people.teacher()
    school_class = make.school_class()
    school_class.teachers.add(teacher)
    return make.itinerary(make.fair(), school_class, **columns), teacher


def test_the_token_opens_the_programme_in_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    itinerary, teacher = shared()
    token = sharing.token_of(sharing.share(itinerary, by=teacher))

    with django_assert_num_queries(1):
        opened = sharing.opened_by(token)
        told = (opened.itinerary.fair.name, opened.itinerary.school_class.label)

    assert opened.itinerary == itinerary
    assert told == (itinerary.fair.name, itinerary.school_class.label)


def test_a_token_is_128_bits_and_stands_nowhere_in_the_database() -> None:
    itinerary, teacher = shared()

    link = sharing.share(itinerary, by=teacher)
    token = sharing.token_of(link)

    assert len(urlsafe_b64decode(token + "==")) == 16
    rows = [*ShareLink.objects.values(), *AuditEntry.objects.values()]
    assert token not in repr(rows)


def test_tokens_differ_from_link_to_link() -> None:
    made = [shared() for _ in range(20)]

    tokens = {sharing.token_of(sharing.share(itinerary, by=teacher)) for itinerary, teacher in made}

    assert len(tokens) == 20


def test_asking_again_gives_the_same_link_and_one_line_in_the_audit_trail() -> None:
    itinerary, teacher = shared()

    first = sharing.share(itinerary, by=teacher)
    second = sharing.share(itinerary, by=teacher)

    assert first == second
    assert AuditEntry.objects.filter(verb="shared itinerary").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_share_at_once_get_one_link() -> None:
    itinerary, teacher = shared()

    links = at_once([lambda: sharing.share(itinerary, by=teacher)] * 4)

    assert len({link.pk for link in links}) == 1


def test_a_revoked_link_is_ended_and_the_next_one_is_another() -> None:
    itinerary, teacher = shared()
    old = sharing.token_of(sharing.share(itinerary, by=teacher))

    ended = sharing.revoke(itinerary, by=teacher)
    new = sharing.token_of(sharing.share(itinerary, by=teacher))

    assert ended
    with pytest.raises(LinkEnded):
        sharing.opened_by(old)
    assert sharing.opened_by(new).itinerary == itinerary
    assert old != new
    assert AuditEntry.objects.filter(verb="ended share link").count() == 1


def test_ending_what_is_not_shared_does_nothing() -> None:
    itinerary, teacher = shared()

    assert not sharing.revoke(itinerary, by=teacher)
    assert not AuditEntry.objects.filter(verb="ended share link").exists()


@pytest.mark.parametrize("away", ["itinerary", "class"])
def test_a_programme_or_class_put_away_is_not_shared_until_it_comes_back(away: str) -> None:
    itinerary, teacher = shared()
    token = sharing.token_of(sharing.share(itinerary, by=teacher))
    row = itinerary if away == "itinerary" else itinerary.school_class

    row.archived_at = timezone.now()
    row.save()
    with pytest.raises(LinkEnded):
        sharing.opened_by(token)
    row.archived_at = None
    row.save()

    assert sharing.opened_by(token).itinerary == itinerary


@pytest.mark.parametrize("token", ["", "x", "a" * 22, "å" * 22, "a" * 5000, "../../etc/passwd", "\x00" * 22, "a" * 23])
def test_a_guessed_token_opens_nothing(token: str) -> None:
    shared()

    with pytest.raises(UnknownToken):
        sharing.opened_by(token)


def test_only_the_classs_own_teachers_share_and_end() -> None:
    itinerary, teacher = shared()
    colleague = people.teacher(at=itinerary.school_class.school_unit)
    sharing.share(itinerary, by=teacher)

    for act in (sharing.share, sharing.revoke):
        with pytest.raises(NotAllowed):
            act(itinerary, by=colleague)

    assert sharing.open_link(itinerary) is not None


def test_a_new_secret_key_ends_no_link_but_it_can_only_be_replaced(settings: Settings) -> None:
    itinerary, teacher = shared()
    old = sharing.token_of(sharing.share(itinerary, by=teacher))

    settings.SECRET_KEY = "en annan nyckel som är lång nog för att duga till det här"
    link = sharing.open_link(itinerary)
    assert link is not None
    assert sharing.token_of(link) == ""
    assert sharing.opened_by(old).itinerary == itinerary

    new = sharing.share(itinerary, by=teacher)

    assert sharing.token_of(new)
    assert new != link
    with pytest.raises(LinkEnded):
        sharing.opened_by(old)


def test_a_link_made_long_ago_still_opens() -> None:
    itinerary, teacher = shared()
    link = sharing.share(itinerary, by=teacher)
    ShareLink.objects.update(made_at=timezone.now() - timedelta(days=400))

    assert sharing.opened_by(sharing.token_of(link)) == link
