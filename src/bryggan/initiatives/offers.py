"""What we add to an initiative for school: written by editors and by those who coordinate it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from bryggan.accounts.models import User
from bryggan.common import audit
from bryggan.common.models import DataVersion
from bryggan.initiatives.models import Initiative, SchoolOffer
from bryggan.initiatives.permissions import may_edit_offer


class NotAllowed(Exception):
    """The person may not write this initiative's school offer."""


class InitiativeIsGone(Exception):
    """The initiative is withdrawn from its source, or merged into another: its offer stays as it is."""


class TakesNoClasses(Exception):
    """A stopped initiative cannot take classes."""


class ChangedMeanwhile(Exception):
    """Somebody else has saved the offer since the person opened it. `offer` is what they saved."""

    def __init__(self, offer: SchoolOffer | None) -> None:
        super().__init__(str(offer))
        self.offer = offer


@dataclass(frozen=True)
class HardWord:
    word: str
    meaning: str


@dataclass(frozen=True)
class OfferDetails:
    """What a person writes in a school offer."""

    takes_classes: bool = False
    how: str = ""
    easy_read: str = ""
    hard_words: Sequence[HardWord] = ()
    questions: Sequence[str] = ()
    school_forms: Sequence[str] = ()
    school_years: Sequence[int] = ()

    def columns(self) -> dict[str, Any]:
        """As they are stored."""
        return {
            "takes_classes": self.takes_classes,
            "how": self.how,
            "easy_read": self.easy_read,
            "hard_words": [{"word": one.word, "meaning": one.meaning} for one in self.hard_words],
            "questions": list(self.questions),
            "school_forms": list(self.school_forms),
            "school_years": sorted(set(self.school_years)),
        }


@transaction.atomic
def save_offer(initiative: Initiative, details: OfferDetails, *, seen_at: datetime | None, by: User) -> SchoolOffer:
    """The initiative's school offer, as `details` say. Saving what is there already changes nothing.

    `seen_at` is the `updated_at` of the offer that the person began from, None when there was none: whoever
    comes second gets ChangedMeanwhile, and nothing is overwritten. Raises NotAllowed, InitiativeIsGone and
    TakesNoClasses.
    """
    if not may_edit_offer(by, initiative):
        raise NotAllowed
    # The initiative's row is there also when the offer's is not yet, so it is the one to queue at.
    here = Initiative.objects.select_for_update().get(pk=initiative.pk)
    if here.withdrawn_at or here.merged_into_id:
        raise InitiativeIsGone
    offer = SchoolOffer.objects.filter(initiative=here).first()
    columns = details.columns()
    if offer and all(getattr(offer, name) == value for name, value in columns.items()):
        return offer
    if (offer.updated_at if offer else None) != seen_at:
        raise ChangedMeanwhile(offer)
    if details.takes_classes and here.is_stopped:
        raise TakesNoClasses
    offer = offer or SchoolOffer(initiative=here)
    before = {name: getattr(offer, name) for name, value in columns.items() if getattr(offer, name) != value}
    for name, value in columns.items():
        setattr(offer, name, value)
    offer.updated_by = by
    offer.save()
    audit.record(by, "saved a school offer", offer, initiative=here.pk, before=before)
    DataVersion.touch("initiatives", [here.pk])
    return offer
