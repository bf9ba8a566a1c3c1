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
    # [[theme id, strength 0 to 1]], strongest first: what the initiative is about, in our own layer of knowledge.
    themes = models.JSONField(default=list, blank=True)
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


class SavedSearch(models.Model):
    """A search that a person keeps, and may be mailed about."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(_("namn"), max_length=120)
    # The address of the list, without page and order: `subject=GRGRBIO01&years=7-9`.
    parameters = models.CharField(max_length=2000)
    wants_mail = models.BooleanField(_("skicka brev när något nytt kommer"), default=False)
    # Initiatives that it had found when the person last heard of it.
    known = models.JSONField(default=list)
    # Random, in the link that stops the mail without signing in; stored hashed.
    stop_hash = models.CharField(max_length=64, blank=True, db_index=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "parameters"], name="a_search_is_saved_once_per_person")
        ]

    def __str__(self) -> str:
        return self.name


class UnmetSearch(models.Model):
    """A search that found nothing, counted by day. Of whom it was, nothing is kept."""

    on = models.DateField()
    text = models.CharField(max_length=120, blank=True)
    # The filters, sorted and encoded as an address, so that the same wish is one row.
    filters = models.CharField(max_length=500, blank=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-on", "-count"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["on", "text", "filters"], name="one_row_per_day_and_unmet_wish")
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.text} {self.filters}"
