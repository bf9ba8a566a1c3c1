"""Vips: three fitting, mutually different examples for what a teacher teaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q

from bryggan.alignment.models import Alignment, SubjectFit
from bryggan.initiatives.models import Initiative


def first_three(*, subject: str, years: tuple[int, int], among: Collection[int] | None = None) -> list[int]:
    """The three initiatives that come first for a subject in school years, best first. Among all published ones."""
    scores: dict[int, float] = defaultdict(float)
    first, last = years
    found = Alignment.objects.shown().filter(
        core_content__subject__code=subject,
        core_content__ended_at=None,
        core_content__first_year__lte=last,
        core_content__last_year__gte=first,
    )
    fits = SubjectFit.objects.filter(subject__code=subject, span=f"{first}-{last}")
    published = Q(initiative__in=Initiative.objects.published())
    per: dict[int, list[float]] = defaultdict(list)
    for pk, score in found.filter(published).values_list("initiative_id", "score"):
        per[pk].append(score)
    for pk, values in per.items():
        values.sort(reverse=True)
        scores[pk] = sum(value / (place + 1) for place, value in enumerate(values[:4]))
    for pk, score in fits.filter(published).values_list("initiative_id", "score"):
        scores[pk] += score
    ordered = sorted((pk for pk in scores if among is None or pk in among), key=lambda pk: (-scores[pk], pk))
    return ordered[:3]
