"""Who is curious about what, whom a department invites, what they answer, and what came of the visit.

Seats are never kept here: an accepted invitation has a booking, and bookings belong to `fair/seating/seats.py`.
A visit outside any fair is an occasion of a session without a fair.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import Company, Department, SchoolClass, SchoolUnit, User
from bryggan.curriculum.models import Programme, Subject
from bryggan.fair.models import Booking, Occasion, Session
from bryggan.initiatives.models import Initiative


class Phase(models.TextChoices):
    """When, as seen from the fair."""

    BEFORE = "before", _("före mässan")
    DURING = "during", _("under mässan")
    AFTER = "after", _("efter mässan")
    ANY = "any", _("när som helst")


class Kind(models.TextChoices):
    """What a class would like."""

    VISIT = "visit", _("besöka")
    BE_VISITED = "be visited", _("få besök")
    CHALLENGE = "challenge", _("arbeta med en utmaning")
    FOLLOW = "follow", _("följa")


class InterestQuerySet(models.QuerySet["Interest"]):
    def open(self) -> InterestQuerySet:
        """Those not withdrawn, of classes that are not put away."""
        return self.filter(withdrawn_at__isnull=True, school_class__archived_at__isnull=True)


class Interest(models.Model):
    """That a class is curious about an initiative, or about a session of the fair."""

    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE, related_name="interests")
    initiative = models.ForeignKey(
        Initiative, null=True, blank=True, on_delete=models.CASCADE, related_name="interests"
    )
    session = models.ForeignKey(Session, null=True, blank=True, on_delete=models.CASCADE, related_name="interests")
    phase = models.CharField(_("när"), max_length=6, choices=Phase, default=Phase.ANY)
    kind = models.CharField(_("vad vi vill"), max_length=10, choices=Kind, default=Kind.VISIT)
    note = models.CharField(_("hälsning"), max_length=500, blank=True)
    # The teacher's own choice; without it her name is not shown before she accepts an invitation.
    shows_teacher = models.BooleanField(_("visa mitt namn och min adress för värden"), default=False)
    expressed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    expressed_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InterestQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-expressed_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(initiative__isnull=False, session__isnull=True)
                | models.Q(initiative__isnull=True, session__isnull=False),
                name="interest_in_an_initiative_or_a_session",
            ),
            models.UniqueConstraint(
                fields=["school_class", "initiative"],
                condition=models.Q(withdrawn_at__isnull=True, initiative__isnull=False),
                name="one_open_interest_per_class_and_initiative",
            ),
            models.UniqueConstraint(
                fields=["school_class", "session"],
                condition=models.Q(withdrawn_at__isnull=True, session__isnull=False),
                name="one_open_interest_per_class_and_session",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["initiative", "withdrawn_at"], name="interests_by_initiative")]

    def __str__(self) -> str:
        return f"{self.school_class} {self.initiative or self.session}"


class InvitationRound(models.Model):
    """One invitation to many classes: what, when and where, whom it goes to, and how seats are shared out."""

    class How(models.TextChoices):
        OCCASIONS = "occasions", _("på bestämda tider")
        AGREEMENT = "agreement", _("enligt överenskommelse")

    class Spread(models.TextChoices):
        LOTTERY = "lottery", _("lottning bland dem som svarat i tid")
        FIRST_COME = "first come", _("i den ordning svaren kommer")

    class State(models.TextChoices):
        DRAFT = "draft", _("utkast")
        SCHEDULED = "scheduled", _("skickas senare")
        SENT = "sent", _("skickad")
        DRAWN = "drawn", _("lottad")
        CLOSED = "closed", _("avslutad")
        CANCELLED = "cancelled", _("inställd")

    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.CASCADE, related_name="invitation_rounds"
    )
    company = models.ForeignKey(
        Company, null=True, blank=True, on_delete=models.CASCADE, related_name="invitation_rounds"
    )
    initiative = models.ForeignKey(
        Initiative, null=True, blank=True, on_delete=models.CASCADE, related_name="invitation_rounds"
    )
    # A session of the fair, or one without a fair that is made for the round.
    session = models.ForeignKey(
        Session, null=True, blank=True, on_delete=models.PROTECT, related_name="invitation_rounds"
    )
    occasions = models.ManyToManyField(Occasion, blank=True, related_name="invitation_rounds")
    how = models.CharField(_("när det kan bli"), max_length=9, choices=How, default=How.OCCASIONS)
    title = models.CharField(_("rubrik"), max_length=150)
    text = models.TextField(_("inbjudan"), max_length=4000)
    place = models.CharField(_("var"), max_length=300, blank=True)
    practical = models.TextField(_("bra att veta före besöket"), max_length=2000, blank=True)
    # [{title, url}]
    attachments = models.JSONField(_("länkar"), default=list, blank=True)
    answer_by = models.DateTimeField(_("svara senast"))
    smallest_group = models.PositiveSmallIntegerField(_("minsta grupp"), null=True, blank=True)
    largest_group = models.PositiveSmallIntegerField(_("största grupp"), null=True, blank=True)
    # Whom it goes to. Empty lists are everybody.
    to_interested = models.BooleanField(_("alla som har sagt att de är nyfikna"), default=True)
    to_matching = models.BooleanField(_("alla klasser som passar in"), default=False)
    school_forms = models.JSONField(_("skolformer"), default=list, blank=True)
    school_years = models.JSONField(_("årskurser"), default=list, blank=True)
    subjects = models.ManyToManyField(Subject, blank=True, related_name="+", verbose_name=_("ämnen"))
    programmes = models.ManyToManyField(Programme, blank=True, related_name="+", verbose_name=_("gymnasieprogram"))
    school_units = models.ManyToManyField(SchoolUnit, blank=True, related_name="+", verbose_name=_("skolor"))
    only_new_schools = models.BooleanField(_("bara skolor som inte har bjudits in förut"), default=False)
    # Null is no limit.
    most_per_teacher = models.PositiveSmallIntegerField(
        _("högst så många inbjudningar per lärare och termin"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
    )
    spread = models.CharField(_("platserna fördelas"), max_length=10, choices=Spread, default=Spread.LOTTERY)
    # Written when the lottery is held, so that anybody can hold it again and see that it was fair.
    lottery_seed = models.CharField(max_length=32, blank=True)
    drawn_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    send_at = models.DateTimeField(_("skicka"), null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # The round whose classes without a seat this one is for.
    second_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="second_rounds"
    )
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(auto_now=True)
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-made_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(department__isnull=False, company__isnull=True)
                | models.Q(department__isnull=True, company__isnull=False),
                name="a_department_or_a_company_invites",
            ),
            models.CheckConstraint(
                condition=models.Q(initiative__isnull=False) | models.Q(session__isnull=False),
                name="invites_to_an_initiative_or_a_session",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "send_at"], name="rounds_to_send")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("invitation_round", args=[self.pk])

    @property
    def host(self) -> Department | Company | None:
        return self.department or self.company


class Invitation(models.Model):
    """That a class is invited, and what it answered. One per round and class, for all of the class's teachers."""

    class State(models.TextChoices):
        INVITED = "invited", _("inbjuden")
        # Said yes in time and waits for the lottery.
        HOPING = "hoping", _("väntar på lottning")
        ACCEPTED = "accepted", _("kommer")
        QUEUED = "queued", _("i kö")
        DECLINED = "declined", _("tackade nej")
        NO_SEAT = "no seat", _("fick ingen plats")
        NO_ANSWER = "no answer", _("svarade inte i tid")
        CANCELLED_BY_CLASS = "cancelled by class", _("avbokad av klassen")
        CANCELLED_BY_HOST = "cancelled by host", _("inställd av värden")

    round = models.ForeignKey(InvitationRound, on_delete=models.CASCADE, related_name="invitations")
    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE, related_name="invitations")
    # Why it was invited: "interested" or "matching".
    ground = models.CharField(max_length=10)
    state = models.CharField(max_length=18, choices=State, default=State.INVITED)
    invited_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # What the class asked for: the times in the order it would like them, and how many they are.
    wishes = models.JSONField(default=list, blank=True)
    pupils = models.PositiveSmallIntegerField(null=True, blank=True)
    adults = models.PositiveSmallIntegerField(null=True, blank=True)
    needs = models.CharField(_("behov att tänka på"), max_length=300, blank=True)
    # Its place in the lottery, from 1.
    lot = models.PositiveIntegerField(null=True, blank=True)
    booking = models.OneToOneField(
        Booking, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitation"
    )
    # Read by the host and by the class up to here.
    host_read_at = models.DateTimeField(null=True, blank=True)
    class_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["invited_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "school_class"], name="one_invitation_per_round_and_class")
        ]
        indexes: ClassVar = [models.Index(fields=["school_class", "state"], name="invitations_by_class")]

    def __str__(self) -> str:
        return f"{self.round} {self.school_class}"

    def get_absolute_url(self) -> str:
        return reverse("invitation", args=[self.pk])


class VisitMessage(models.Model):
    """What class and host write to each other about a visit: text only, seen by all of the class's teachers."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="messages")
    is_from_host = models.BooleanField()
    text = models.TextField(_("meddelande"), max_length=4000)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    form_token = models.UUIDField(unique=True, editable=False, default=uuid.uuid4)

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.invitation} {self.at:%Y-%m-%d %H:%M}"


class VisitFeedback(models.Model):
    """One question after a visit, both ways."""

    class Answer(models.IntegerChoices):
        POOR = 1, _("Inte bra")
        FAIR = 2, _("Så där")
        GOOD = 3, _("Bra")
        VERY_GOOD = 4, _("Mycket bra")

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="feedback")
    is_from_host = models.BooleanField()
    answer = models.PositiveSmallIntegerField(_("hur var besöket?"), choices=Answer)
    text = models.CharField(_("vad ska värden tänka på till nästa gång?"), max_length=500, blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-at"]
        verbose_name_plural = "visit feedback"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["booking", "is_from_host"], name="one_answer_per_side_and_visit")
        ]

    def __str__(self) -> str:
        return f"{self.booking} {self.answer}"


class ClassWork(models.Model):
    """That a class has worked with an initiative: the teacher's tick, which the impact measure counts."""

    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE, related_name="class_work")
    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="class_work")
    ticked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    ticked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-ticked_at"]
        verbose_name_plural = "class work"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school_class", "initiative"], name="one_tick_per_class_and_initiative")
        ]

    def __str__(self) -> str:
        return f"{self.school_class} {self.initiative}"
