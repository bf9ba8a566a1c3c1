"""A class's own programme: days, stops, what was changed, and who it is shared with."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models.supply import Fair, Occasion, Session, Venue
from bryggan.initiatives.models import Initiative


class ItineraryQuerySet(models.QuerySet["Itinerary"]):
    def kept(self) -> ItineraryQuerySet:
        """Those that nobody has put away."""
        return self.filter(archived_at__isnull=True)


class Itinerary(models.Model):
    """A class's own programme at a fair: some days of stops, and what to work with before and after."""

    fair = models.ForeignKey(Fair, on_delete=models.CASCADE, related_name="itineraries")
    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE, related_name="itineraries")
    name = models.CharField(_("namn"), max_length=80)
    # What the class is most curious about: codes of subjects, keys of points, slugs of the city's terms.
    interests = models.JSONField(_("intressen"), default=dict, blank=True)
    excluded = models.ManyToManyField(Session, blank=True, related_name="+", verbose_name=_("inte för oss"))
    # Grows with every change: two tabs notice each other by it, and calendars take it for what is newest.
    version = models.PositiveIntegerField(default=1)
    copied_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # A colleague at the same school may look and copy.
    shown_to_colleagues = models.BooleanField(_("visa för kollegor"), default=True)
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    # Of the form that made it: the same form sent twice makes one programme.
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = ItineraryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-changed_at", "-pk"]
        verbose_name_plural = "itineraries"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("itinerary", args=[self.pk])


class ItineraryDay(models.Model):
    """One day of a programme, and the frame that it is planned within. Times are local."""

    class Place(models.TextChoices):
        SCHOOL = "school", _("skolan")
        STATION = "station", _("stationen")

    itinerary = models.ForeignKey(Itinerary, on_delete=models.CASCADE, related_name="days")
    on = models.DateField(_("dag"))
    begins = models.TimeField(_("vi går från starten"))
    ends = models.TimeField(_("vi är tillbaka"))
    starts_from = models.CharField(_("vi startar vid"), max_length=7, choices=Place, default=Place.STATION)
    ends_at_place = models.CharField(_("vi slutar vid"), max_length=7, choices=Place, default=Place.STATION)
    # No lunch when the minutes are 0.
    lunch_minutes = models.PositiveSmallIntegerField(
        _("minuter för lunch"), default=40, validators=[MaxValueValidator(180)]
    )
    lunch_from = models.TimeField(_("lunch tidigast"))
    lunch_until = models.TimeField(_("lunchen börjar senast"))
    break_minutes = models.PositiveSmallIntegerField(
        _("paus mellan stopp, minuter"), default=5, validators=[MaxValueValidator(60)]
    )
    longest_walk_minutes = models.PositiveSmallIntegerField(
        _("längsta promenad, minuter"), default=30, validators=[MinValueValidator(1), MaxValueValidator(240)]
    )

    class Meta:
        ordering: ClassVar = ["on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["itinerary", "on"], name="one_day_per_itinerary_and_date"),
            models.CheckConstraint(condition=models.Q(ends__gt=models.F("begins")), name="day_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.itinerary} {self.on}"


class StopQuerySet(models.QuerySet["Stop"]):
    def kept(self) -> StopQuerySet:
        """Those that are in the programme now."""
        return self.filter(removed_at__isnull=True)


class Stop(models.Model):
    """One thing in a class's day. A removed one is kept, so that calendars learn that it is gone."""

    class Kind(models.TextChoices):
        SESSION = "session", _("programpunkt")
        LUNCH = "lunch", _("lunch")
        OWN = "own", _("eget")

    class Wish(models.TextChoices):
        MUST = "must", _("måste")
        MAYBE = "maybe", _("kanske")

    itinerary = models.ForeignKey(Itinerary, on_delete=models.CASCADE, related_name="stops")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.SESSION)
    occasion = models.ForeignKey(Occasion, null=True, blank=True, on_delete=models.PROTECT, related_name="stops")
    # Where, for lunch and own things; a session's stop is at its session's venue.
    venue = models.ForeignKey(Venue, null=True, blank=True, on_delete=models.SET_NULL, related_name="stops")
    title = models.CharField(_("vad"), max_length=120, blank=True)
    starts_at = models.DateTimeField(_("börjar"))
    ends_at = models.DateTimeField(_("slutar"))
    wish = models.CharField(_("önskan"), max_length=5, choices=Wish, default=Wish.MAYBE)
    is_locked = models.BooleanField(_("låst"), default=False)
    note = models.CharField(_("anteckning"), max_length=300, blank=True)
    # Why the planner chose it: a code of `reasons.py` and what its sentence is filled with.
    reason = models.CharField(max_length=300, blank=True)
    reason_params = models.JSONField(default=dict, blank=True)
    # For calendars: never changes, and the number grows when the stop does.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = StopQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="stop_ends_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="session", occasion__isnull=False)
                | (~models.Q(kind="session") & models.Q(occasion__isnull=True)),
                name="a_session_stop_has_an_occasion",
            ),
            models.UniqueConstraint(
                fields=["itinerary", "occasion"],
                condition=models.Q(removed_at__isnull=True, occasion__isnull=False),
                name="an_occasion_once_per_itinerary",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.occasion)

    @property
    def place(self) -> Venue | None:
        """Where it is; None when nobody has said."""
        return self.occasion.session.venue if self.occasion else self.venue


class Preparation(models.Model):
    """An initiative that a class works with at school before or after the fair."""

    class Phase(models.TextChoices):
        BEFORE = "before", _("före")
        AFTER = "after", _("efter")

    itinerary = models.ForeignKey(Itinerary, on_delete=models.CASCADE, related_name="preparations")
    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="+")
    phase = models.CharField(max_length=6, choices=Phase)
    note = models.CharField(_("anteckning"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["phase", "position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["itinerary", "initiative", "phase"], name="one_preparation_per_initiative_and_phase"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.initiative}"


class ItineraryChange(models.Model):
    """What was done to a programme, by whom, and how it was before: what undo goes back to."""

    itinerary = models.ForeignKey(Itinerary, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # One of the verbs of `itineraries.py`, and what it was done to, in words for the teacher.
    verb = models.CharField(max_length=40)
    what = models.CharField(max_length=200, blank=True)
    # Days, stops and preparations as they were. See `history.py`.
    before = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.verb} {self.what}"


class ShareLink(models.Model):
    """A secret address under which anybody may read a programme, until it is revoked.

    The token is never stored: it is made from `nonce` and the service's secret key when a teacher asks to see
    it, and known again by its hash. A stolen database opens no programme.
    """

    itinerary = models.ForeignKey(Itinerary, on_delete=models.CASCADE, related_name="share_links")
    nonce = models.CharField(max_length=32)
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-made_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["itinerary"], condition=models.Q(revoked_at__isnull=True), name="one_open_link_per_itinerary"
            )
        ]

    def __str__(self) -> str:
        return f"{self.itinerary} {self.made_at:%Y-%m-%d}"
