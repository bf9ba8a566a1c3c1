"""The monthly letter: to editors with all of it, to others who ask for it with what everybody may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import factories as people
from bryggan.accounts import letters
from bryggan.accounts.models import LetterKind, LetterPreference
from bryggan.common.models import OutgoingMail
from bryggan.insights import reports
from insights.factories import fact

pytestmark = pytest.mark.django_db


def last_month() -> None:
    month = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
    fact("interest", 3, month=month)
    fact("booking", 12, amount=300, month=month)


def test_editors_get_the_sums_of_the_month_once() -> None:
    last_month()
    editor = people.editor()
    people.teacher()

    assert reports.send_monthly() == 1
    assert reports.send_monthly() == 0

    mail = OutgoingMail.objects.get()
    assert mail.to == editor.email
    assert "Nyfikna klasser: 3" in mail.text
    assert "Bokade platser: 300" in mail.text


def test_who_asks_for_it_gets_what_everybody_may_see() -> None:
    last_month()
    asked, stopped = people.teacher(), people.teacher()
    letters.choose(asked, LetterKind.REPORT, LetterPreference.Pace.AT_ONCE)
    letters.choose(stopped, LetterKind.REPORT, LetterPreference.Pace.NEVER)

    assert reports.send_monthly() == 1

    mail = OutgoingMail.objects.get()
    assert mail.to == asked.email
    assert "Nyfikna klasser: för litet för att visas" in mail.text
    assert "Bokningar: 12" in mail.text


def test_a_month_in_which_nothing_happened_is_not_written_about() -> None:
    people.editor()

    assert reports.send_monthly() == 0
