"""Why a point fits, in one Swedish sentence made of the signals that carried it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import signals, swedish
from .signals import InitiativeText, Point
from .themes import Knowledge


@dataclass(frozen=True, slots=True)
class ScoredPoint:
    """A suggestion. `score` 0 to 1: roughly how often such a one is right; `strength`: "strong" or "possible".

    `reason` is one Swedish sentence. The words are those of the initiative and of the point that carried it.
    """

    key: str
    score: float
    strength: str
    reason: str
    initiative_words: list[str]
    point_words: list[str]


@dataclass(frozen=True, slots=True)
class Read:
    """An initiative as the ranking sees it: themes by number, with strength, word evidence and the words."""

    strengths: dict[int, float]
    words: dict[int, tuple[str, ...]]
    terms: Mapping[str, float]
    vector: Any | None
    # How much each precedent counts; None when there are no precedents.
    precedents: Any | None
    # Which of the precedents it is itself, if any.
    own: int | None


def shared(initiative: InitiativeText, read: Read, text: str) -> list[tuple[str, str]]:
    """Give pairs of words that an initiative's title and matter share with a point's text; none for an English one."""
    # An English text shares no words with the curriculum but by chance.
    if not read.terms:
        return []
    return signals.shared_words(f"{initiative.title} {initiative.what or initiative.summary}", text)


def label(knowledge: Knowledge, content_id: str | None, point: Point) -> str:
    """Give what a point is called inside a sentence."""
    if content_id is not None:
        return knowledge.content[content_id].label
    return lower_first(point.heading or point.subject_name)


def sentence(
    knowledge: Knowledge, carriers: Sequence[tuple[float, int, int]], label: str,
    words: Sequence[tuple[str, str]], read: Read,
) -> str:  # fmt: skip
    """Give the reason for a point, or "" when neither a theme nor a telling word carries it.

    `carriers` are (strength, theme by number, level 0 to 2), best first; `words` are pairs that both texts have.
    """
    if carriers and carriers[0][0] >= 0.03:
        first = knowledge.themes[carriers[0][1]]
        names = [first.name]
        if len(carriers) > 1 and carriers[1][0] >= 0.6 * carriers[0][0]:
            second = knowledge.themes[carriers[1][1]].name
            if not set(swedish.terms(second)) & set(swedish.terms(first.name)):
                names.append(second)
        about = (" samt " if any(" och " in name for name in names) else " och ").join(names)
        verb = "Handlar om" if read.words.get(carriers[0][1]) else "Verkar handla om"
        if carriers[0][2] > 0:
            return f"{verb} {about} och kan knytas till {label}."
        if label.startswith(("att ", "hur ", "var ", "vad ")):
            return f"{verb} {about}, som hör ihop med {label}."
        return f"{verb} {about}, som hör till {label}."
    telling = [word for word, _ in words if len(word) > 4]
    if telling:
        return f"Initiativet och det centrala innehållet nämner båda {listed(telling[:2])}."
    return ""


def lower_first(text: str) -> str:
    """Give a name as it is written inside a sentence."""
    # Names of subjects begin with a capital; inside a sentence they do not, unless they are abbreviations (VVS, BIM).
    return text if len(text) > 1 and text[1].isupper() else text[:1].lower() + text[1:]


def listed(words: Sequence[str]) -> str:
    """Give words in quotation marks with "och" between."""
    return " och ".join(f"”{word}”" for word in words)
