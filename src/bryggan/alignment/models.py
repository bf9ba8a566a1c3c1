"""Which initiative teaches what: suggested by the machine, decided by people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import User
from bryggan.curriculum.models import CoreContent, Programme, Subject
from bryggan.initiatives.models import Initiative


class AlignmentQuerySet(models.QuerySet["Alignment"]):
    def counting(self) -> AlignmentQuerySet:
        """Those that filters use: confirmed ones and strong suggestions."""
        return self.filter(
            models.Q(state=Alignment.State.CONFIRMED)
            | models.Q(state=Alignment.State.SUGGESTED, strength=Alignment.Strength.STRONG)
        )

    def shown(self) -> AlignmentQuerySet:
        """Those that a reader may see: everything that nobody rejected."""
        return self.exclude(state=Alignment.State.REJECTED)


class Alignment(models.Model):
    """That an initiative serves a point of central content. A person's decision is never overwritten by a machine."""

    class State(models.TextChoices):
        SUGGESTED = "suggested", _("föreslagen")
        CONFIRMED = "confirmed", _("bekräftad")
        REJECTED = "rejected", _("avvisad")

    class Strength(models.TextChoices):
        STRONG = "strong", _("stark")
        POSSIBLE = "possible", _("möjlig")

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="alignments")
    core_content = models.ForeignKey(CoreContent, on_delete=models.CASCADE, related_name="alignments")
    state = models.CharField(max_length=10, choices=State, default=State.SUGGESTED)
    # 0 to 1; a confirmed one keeps the score it was suggested with, or has 1.
    score = models.FloatField()
    strength = models.CharField(max_length=10, choices=Strength)
    # One Swedish sentence, and the words that carried it in either text.
    reason = models.CharField(max_length=300, blank=True)
    initiative_words = models.JSONField(default=list, blank=True)
    point_words = models.JSONField(default=list, blank=True)
    # The point's wording when a person decided.
    wording = models.TextField(blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = AlignmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-score", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["initiative", "core_content"], name="one_alignment_per_pair")
        ]

    def __str__(self) -> str:
        return f"{self.initiative_id} ~ {self.core_content_id} ({self.state})"


def best_first(alignments: Iterable[Alignment]) -> list[Alignment]:
    """Confirmed ones first, then by score; a text that several subjects share once. Needs core_content read."""
    kept: dict[str, Alignment] = {}
    for alignment in sorted(alignments, key=lambda a: (a.state != Alignment.State.CONFIRMED, -a.score, a.pk)):
        kept.setdefault(alignment.core_content.text_group, alignment)
    return list(kept.values())


class SubjectFit(models.Model):
    """How well an initiative fits a subject in certain years, or at a level: what the point scores add up to."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="subject_fits")
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="+")
    # "7-9" in compulsory school, a level's or course's code in upper secondary, "" elsewhere.
    span = models.CharField(max_length=20, blank=True)
    score = models.FloatField()

    class Meta:
        ordering: ClassVar = ["-score", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["initiative", "subject", "span"], name="one_fit_per_subject_and_span")
        ]

    def __str__(self) -> str:
        return f"{self.initiative_id} {self.subject_id} {self.span}"


class ProgrammeFit(models.Model):
    """How well an initiative fits a programme, by the programme's own subjects."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="programme_fits")
    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="+")
    # "" for the programme as a whole.
    orientation_code = models.CharField(max_length=10, blank=True)
    score = models.FloatField()

    class Meta:
        ordering: ClassVar = ["-score", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["initiative", "programme", "orientation_code"], name="one_fit_per_programme_and_orientation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.initiative_id} {self.programme_id}"


class AlignmentRun(models.Model):
    """When an initiative was last aligned, and from what: other text or other method, and it is due again."""

    initiative = models.OneToOneField(Initiative, on_delete=models.CASCADE, related_name="alignment_run")
    # Of the initiative's text, and of method and curriculum together.
    text_hash = models.CharField(max_length=32)
    method_hash = models.CharField(max_length=32)
    finished_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.initiative_id} {self.finished_at:%Y-%m-%d %H:%M}"


class KeptVector(models.Model):
    """The vector of one text, by the text's own hash: saves computing it again, and links nothing to anything."""

    text_hash = models.CharField(max_length=32, primary_key=True)
    # 384 little-endian floats.
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.text_hash
