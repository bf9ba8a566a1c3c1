"""How hard texts are to read, in words that an editor uses."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bryggan.common.readability import Level, readability
from bryggan.common.safe_html import text_of
from bryggan.initiatives.models import Initiative

_LEVELS: dict[Level, tuple[Promise, Promise]] = {
    Level.VERY_EASY: (_("mycket lättläst"), _("som en barnbok")),
    Level.EASY: (_("lättläst"), _("som en roman eller en veckotidning")),
    Level.MEDIUM: (_("medelsvår"), _("som en dagstidning")),
    Level.HARD: (_("svår"), _("som en text från en myndighet")),
    Level.VERY_HARD: (_("mycket svår"), _("som en facktext eller en lagtext")),
}


@dataclass(frozen=True)
class Reading:
    """LIX, what it is called, and what reads like that."""

    lix: int
    level: Promise
    likeness: Promise


def reading(text: str) -> Reading | None:
    """How hard a plain Swedish text is to read; None where there are no words."""
    found = readability(text)
    return Reading(found.lix, *_LEVELS[found.level]) if found else None


def reading_of(initiative: Initiative) -> Reading | None:
    """How hard an initiative's what, why and how are to read; None for other languages: LIX is made for Swedish."""
    if initiative.language != "sv":
        return None
    htmls = (initiative.what_html, initiative.why_html, initiative.how_html)
    return reading("\n".join(text_of(html) for html in htmls if html))
