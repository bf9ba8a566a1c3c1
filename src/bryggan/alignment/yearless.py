"""Points without school years: upper secondary by subject, preschool and preschool class by goal area.

They have no judgements of their own. An upper secondary point follows its subject: within the likely subjects points
are ordered by the themes and words they share with the initiative. Goal areas are those that the themes name.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from . import reasons
from .calibration import Coefficients
from .reasons import Read, ScoredPoint
from .signals import InitiativeText, Point, ThemeReader, WordMatch
from .themes import Knowledge

# Of a sure Gy25 subject so many may be strong, if they share this much with the initiative; and a goal area's when a
# theme that speaks for it is this clear.
_SURE_IN_SUBJECT = 3
_SHARES = 0.3
_CLEAR = 0.35


class YearlessPoints:
    """Suggests points of upper secondary, preschool and preschool class; built once for a set of points."""

    def __init__(
        self, points: Sequence[Point], knowledge: Knowledge, reader: ThemeReader, coefficients: Coefficients
    ) -> None:
        self._points = points
        self._themes = knowledge.themes
        self._number = {theme.id: number for number, theme in enumerate(self._themes)}
        self._reader = reader
        self._coefficients = coefficients
        self._of_subject: dict[str, list[int]] = defaultdict(list)
        names: dict[str, str] = {}
        for position, point in enumerate(self._points):
            if point.years is None:
                self._of_subject[point.subject].append(position)
                names.setdefault(point.subject, point.subject_name)
        # Gy11 subjects have other codes; they borrow the number of the Gy25 subject of the same name.
        by_name = {name.casefold(): code for code, name in knowledge.gy_names.items()}
        self._borrowed: dict[str, str] = {}
        for code, name in names.items():
            if code not in knowledge.gy_names and name.casefold() in by_name:
                self._borrowed[code] = by_name[name.casefold()]
        self._other_match: dict[str, tuple[WordMatch, list[dict[int, float]]]] = {}

    def upper_secondary(self, initiative: InitiativeText, read: Read, gy: Mapping[str, float]) -> list[ScoredPoint]:
        """Give points of the likely subjects. `gy` are scores by Gy25 subject; Gy11 subjects borrow them."""
        likely = []
        for subject in self._of_subject:
            score = gy.get(subject, 0.0) or 0.9 * gy.get(self._borrowed.get(subject, ""), 0.0)
            if score >= 0.15:
                likely.append((score, subject))
        likely.sort(key=lambda one: (-one[0], one[1]))
        out: list[ScoredPoint] = []
        for score, subject in likely[:16]:
            # What is sure of the subject is strong for the points nearest to the initiative, not for all the subject.
            sure = _SURE_IN_SUBJECT if score >= self._coefficients.strong else 0
            out.extend(self._within(initiative, read, subject, score, most=12, reason="gy", sure=sure))
        return out

    def early_years(self, initiative: InitiativeText, read: Read) -> list[ScoredPoint]:
        """Give points of the goal areas that the initiative's themes name."""
        areas: dict[str, float] = {}
        for number, strength in read.strengths.items():
            theme = self._themes[number]
            for area in (*theme.preschool, *theme.preschool_class):
                first = area in (theme.preschool[:1] + theme.preschool_class[:1])
                value = strength * (0.75 if first else 0.5)
                areas[area] = 1.0 - (1.0 - areas.get(area, 0.0)) * (1.0 - value)
        main = self._main_areas(read)
        out: list[ScoredPoint] = []
        for area, score in sorted(areas.items(), key=lambda one: (-one[1], one[0])):
            if area not in self._of_subject:
                continue
            if area in main:
                score = max(score, self._coefficients.strong / 0.6)
                out.extend(self._within(initiative, read, area, min(1.0, score), most=3, reason="area", sure=2))
            elif score >= 0.35:
                out.extend(self._within(initiative, read, area, min(0.9, score), most=3, reason="area", sure=0))
        return out

    def _main_areas(self, read: Read) -> set[str]:
        """Give the goal areas that the initiative's clear main theme, or two as clear, names first."""
        telling = [
            (strength, number) for number, strength in read.strengths.items() if not self._themes[number].method
        ]
        clearest = max(telling, default=(0.0, 0))[0]
        main: set[str] = set()
        for strength, number in sorted(telling, key=lambda one: (-one[0], one[1]))[:2]:
            if strength >= _CLEAR and strength >= 0.75 * clearest and read.words.get(number):
                main.update(self._themes[number].preschool[:1] + self._themes[number].preschool_class[:1])
        return main

    def _within(
        self, initiative: InitiativeText, read: Read, subject: str, subject_score: float, *, most: int, reason: str,
        sure: int,
    ) -> list[ScoredPoint]:  # fmt: skip
        """Order the points of a subject or goal area by the themes and words they share with the initiative.

        At most `sure` of them are strong: those that share something with it or stand first in a goal area.
        """
        positions = self._of_subject[subject]
        if subject not in self._other_match:
            texts = [self._points[position].text for position in positions]
            themes = []
            for text in texts:
                found = self._reader.read(InitiativeText(id="", title="", what=text, language="sv"))
                themes.append({self._number[one.theme.id]: one.strength for one in found})
            self._other_match[subject] = (WordMatch(texts), themes)
        match, themes_of = self._other_match[subject]
        shared_scores = match.scores(read.terms)
        scored = []
        for at, position in enumerate(positions):
            common = {n: s * read.strengths[n] for n, s in themes_of[at].items() if n in read.strengths}
            nearness = 1.0 - math.exp(-1.3 * sum(common.values()) - 0.025 * shared_scores.get(at, 0.0))
            scored.append((nearness, at, position, common))
        scored.sort(key=lambda one: (-one[0], one[1]))
        out: list[ScoredPoint] = []
        for nearness, _, position, common in scored[:most]:
            point = self._points[position]
            # A goal area of preschool is wide: its points fit by the area, and a little better by their words.
            score = subject_score * (0.3 + 0.7 * min(1.0, nearness / 0.75) if reason == "gy" else 0.6 + 0.4 * nearness)
            if score < self._coefficients.possible or (reason == "gy" and nearness < 0.15):
                continue
            if reason == "area" and nearness < 0.12 and (out or not subject.startswith("LPFO")):
                # Goal areas are wide: beside a first one, only points that share something are worth saying.
                continue
            shared = reasons.shared(initiative, read, point.text)
            carriers = sorted(((value, number) for number, value in common.items()), key=lambda one: (-one[0], one[1]))
            if not carriers:
                carriers = self._carriers_of_set(read, subject)
            if not carriers and not shared:
                continue
            if carriers:
                theme = self._themes[carriers[0][1]]
                place = reasons.lower_first(point.subject_name)
                words = [w for _, n in carriers[:2] for w in read.words.get(n, ())]
                verb = "Handlar om" if read.words.get(carriers[0][1]) else "Verkar handla om"
                why = f"{verb} {theme.name}, som hör till {place}."
            else:
                words = []
                named = reasons.listed([word for word, _ in shared][:2])
                why = f"Initiativet och det centrala innehållet nämner båda {named}."
            words = list(dict.fromkeys([*words, *(word for word, _ in shared)]))[:6]
            others = list(dict.fromkeys(word for _, word in shared))[:4]
            near = nearness >= (_SHARES if reason == "gy" or out else 0.0)
            strength = "strong" if len(out) < sure and near else "possible"
            out.append(ScoredPoint(point.key, score, strength, why, words, others))
        return out

    def _carriers_of_set(self, read: Read, code: str) -> list[tuple[float, int]]:
        code = self._borrowed.get(code, code)
        found = []
        for number, strength in read.strengths.items():
            theme = self._themes[number]
            weight = theme.gy_subjects.get(code, 0) or (2 if code in (*theme.preschool, *theme.preschool_class) else 0)
            if weight:
                found.append((strength * weight, number))
        return sorted(found, key=lambda one: (-one[0], one[1]))
