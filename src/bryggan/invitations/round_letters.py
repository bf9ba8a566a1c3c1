"""What a round says in its letters: the same words in the preview and in the mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from bryggan.accounts.letters import Letter
from bryggan.invitations.models import InvitationRound
from bryggan.invitations.telling import people_text, time_text

MOST_TIMES_IN_A_LETTER = 8


@dataclass(frozen=True)
class About:
    """What of a letter is about the class that it goes to, and where its button leads."""

    label: str
    school: str
    pupils: int
    adults: int
    address: str = ""


@dataclass(frozen=True)
class RoundLetter:
    """What all of a round's letters have in common, read and worded once."""

    subject: str
    paragraphs: tuple[str, ...]
    host: str
    facts: tuple[tuple[str, str], ...]

    def about(self, one: About) -> Letter:
        """The letter to a class. Without an address its button leads to the teacher's list of invitations."""
        return self._with(
            (_("Klass"), f"{one.label}, {one.school}"),
            (_("Ni är"), people_text(one.pupils, one.adults)),
            address=one.address,
        )

    def to_somebody(self) -> Letter:
        """The letter where there is no class to show: one that has not said that it is curious is nobody's to see."""
        return self._with((_("Klass"), _("mottagarens klass och skola")), (_("Ni är"), _("klassens antal")))

    def _with(self, *own: tuple[str, str], address: str = "") -> Letter:
        return Letter(
            subject=self.subject,
            paragraphs=self.paragraphs,
            facts=((_("Från"), self.host), *own, *self.facts),
            address=address or reverse("invitations"),
            button=_("Svara på inbjudan"),
        )


def letter_of(round: InvitationRound, times: Sequence[tuple[datetime, datetime]] | None = None) -> RoundLetter:
    """What the round says. One statement, or none with `times`: those of a round that is not saved yet."""
    if times is None:
        times = list(round.occasions.order_by("starts_at").values_list("starts_at", "ends_at"))
    told = []
    if round.how == InvitationRound.How.AGREEMENT:
        told.append((_("När"), _("det kommer ni överens om")))
        times = ()
    told += [(_("Tid"), time_text(starts_at, ends_at)) for starts_at, ends_at in times[:MOST_TIMES_IN_A_LETTER]]
    if len(times) > MOST_TIMES_IN_A_LETTER:
        told.append((_("Fler tider"), str(len(times) - MOST_TIMES_IN_A_LETTER)))
    if round.place:
        told.append((_("Var"), round.place))
    told.append((_("Svara senast"), time_text(round.answer_by)))
    if round.how == InvitationRound.How.OCCASIONS:
        told.append((_("Så fördelas platserna"), str(round.get_spread_display())))
    told += [(link.get("title") or _("Länk"), link["url"]) for link in round.attachments if link.get("url")]
    return RoundLetter(
        subject=_("Inbjudan: %(title)s") % {"title": round.title},
        paragraphs=tuple(part.strip() for part in round.text.replace("\r\n", "\n").split("\n\n") if part.strip()),
        host=str(round.host),
        facts=tuple(told),
    )
