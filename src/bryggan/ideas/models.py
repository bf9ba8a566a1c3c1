"""What classes propose to the city, and what the city answers.

Pupils have no accounts and leave no names: a phone that has joined a round is a random number in a cookie, kept
as a hash and deleted with the round. What a pupil wrote is deleted by date unless a teacher approved it.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import SchoolClass, User
from bryggan.initiatives.models import Challenge, Initiative


class IdeaRound(models.Model):
    """A lesson's collecting of ideas: on an initiative, on a challenge of the city's or on a question of one's own."""

    class Mode(models.TextChoices):
        WRITE = "write", _("skriv i lugn och ro")
        BUILD = "build", _("bygg på varandras")
        VOTE = "vote", _("rösta")
        CLOSED = "closed", _("avslutad")

    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE, related_name="idea_rounds")
    initiative = models.ForeignKey(
        Initiative, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea_rounds"
    )
    challenge = models.ForeignKey(
        Challenge, null=True, blank=True, on_delete=models.SET_NULL, related_name="idea_rounds"
    )
    question = models.CharField(_("frågan till klassen"), max_length=300)
    mode = models.CharField(_("läge"), max_length=6, choices=Mode, default=Mode.WRITE)
    # Six characters that can be read aloud; freed when the round ends, so that codes can be used again.
    code = models.CharField(max_length=6, null=True, blank=True, unique=True)
    code_ends_at = models.DateTimeField()
    # The youngest tell, and the teacher writes.
    teacher_writes = models.BooleanField(_("jag skriver åt barnen"), default=False)
    allows_drawings = models.BooleanField(_("rita går bra"), default=True)
    votes_each = models.PositiveSmallIntegerField(
        _("röster per telefon"), default=3, validators=[MaxValueValidator(10)]
    )
    # Grows with everything that happens in the round: what the teacher's page and the projector ask about.
    version = models.PositiveIntegerField(default=1)
    # Grows with what the teacher does: what phones ask about. Thirty pupils who write fetch nothing anew.
    shown_version = models.PositiveIntegerField(default=1)
    opened_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    # When what was not approved, and every phone, is forgotten.
    forget_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True, blank=True)
    # What counts when the rest is forgotten.
    phones = models.PositiveIntegerField(default=0)
    ideas_written = models.PositiveIntegerField(default=0)
    votes_cast = models.PositiveIntegerField(default=0)
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-opened_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(initiative__isnull=True) | models.Q(challenge__isnull=True),
                name="on_an_initiative_or_a_challenge_not_both",
            )
        ]

    def __str__(self) -> str:
        return self.question

    def get_absolute_url(self) -> str:
        return reverse("idea_round", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """True while phones may join and write."""
        return self.closed_at is None and self.mode != self.Mode.CLOSED and self.code_ends_at > timezone.now()


class Phone(models.Model):
    """One telephone in a round: a hash of the random number in its cookie."""

    round = models.ForeignKey(IdeaRound, on_delete=models.CASCADE, related_name="phone_rows")
    key_hash = models.CharField(max_length=64)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "key_hash"], name="one_phone_per_round_and_key")
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.pk}"


class Idea(models.Model):
    """One idea, seen by others only when the teacher has approved it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("väntar på läraren")
        APPROVED = "approved", _("godkänd")
        HIDDEN = "hidden", _("dold")
        MERGED = "merged", _("sammanslagen")

    round = models.ForeignKey(IdeaRound, on_delete=models.CASCADE, related_name="ideas")
    phone = models.ForeignKey(Phone, null=True, blank=True, on_delete=models.SET_NULL, related_name="ideas")
    text = models.CharField(max_length=500, blank=True)
    # [[x, y, x, y, …], …] in a square of 1000 by 1000: strokes, never a file.
    drawing = models.JSONField(default=list, blank=True)
    # How many points the drawing has: lists ask for this, and the drawing is fetched as a picture of its own.
    drawing_points = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # What the teacher should look at before approving: codes of `moderation.py`.
    warnings = models.JSONField(default=list, blank=True)
    builds_on = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="built_on_by")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")
    # Made by the phone before sending: sent twice it is still one idea.
    sent_key = models.UUIDField()
    votes = models.PositiveIntegerField(default=0)
    written_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    # How text and state were before the teacher's last change: what undo goes back to.
    before = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering: ClassVar = ["written_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "sent_key"], name="an_idea_sent_twice_is_one")
        ]
        indexes: ClassVar = [models.Index(fields=["round", "state"], name="ideas_by_state")]

    def __str__(self) -> str:
        return self.text[:60] or f"teckning {self.pk}"


class Vote(models.Model):
    """One of a phone's votes."""

    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="votes")
    idea = models.ForeignKey(Idea, on_delete=models.CASCADE, related_name="vote_rows")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["phone", "idea"], name="one_vote_per_phone_and_idea")]

    def __str__(self) -> str:
        return f"{self.phone_id} {self.idea_id}"


class Proposal(models.Model):
    """An idea that a class has sent to the city, and the city's answer."""

    class State(models.TextChoices):
        RECEIVED = "received", _("mottagen")
        READ = "read", _("läst")
        TRYING = "trying", _("prövas")
        TAKEN_ON = "taken on", _("vi gör det")
        NOT_NOW = "not now", _("inte nu")

    idea = models.OneToOneField(Idea, on_delete=models.CASCADE, related_name="proposal")
    # As it was sent: the idea's own text may be edited afterwards, this not.
    text = models.CharField(_("idén"), max_length=500)
    why = models.CharField(_("varför klassen valde den"), max_length=500, blank=True)
    sent_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    read_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(_("svar till klassen"), max_length=2000, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    # Stored when it is sent, by working days: nobody has to guess when it is late.
    answer_due_on = models.DateField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    came_of_it = models.TextField(_("vad det ledde till"), max_length=2000, blank=True)
    came_of_it_at = models.DateTimeField(null=True, blank=True)
    # Shown on the initiative's page when both have said yes.
    teacher_agrees = models.BooleanField(_("idén får visas öppet"), default=False)
    editor_agrees = models.BooleanField(default=False)
    shows_school = models.BooleanField(_("skolans namn får visas"), default=False)

    class Meta:
        ordering: ClassVar = ["-sent_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["answered_at", "answer_due_on"], name="proposals_unanswered")]

    def __str__(self) -> str:
        return self.text[:60]
