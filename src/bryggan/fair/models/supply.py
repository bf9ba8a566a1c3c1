"""What is given where and when, and what the team of a fair writes about it."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import Company, Department, User
from bryggan.curriculum.models import Programme, Subject
from bryggan.initiatives.models import Initiative


class State(models.TextChoices):
    """Where something offered stands. Changed is published, with a change that those who have it were told of."""

    DRAFT = "draft", _("utkast")
    PUBLISHED = "published", _("publicerad")
    CHANGED = "changed", _("ändrad")
    CANCELLED = "cancelled", _("inställd")


# What can be seen and put in a programme; a cancelled one can still be seen by those who have it.
OFFERED = (State.PUBLISHED, State.CHANGED)


class FairQuerySet(models.QuerySet["Fair"]):
    def published(self) -> FairQuerySet:
        return self.filter(is_published=True)

    def current(self) -> Fair | None:
        """The published fair that goes on or comes next, else the latest one."""
        today = timezone.localdate()
        coming = self.published().filter(last_on__gte=today).order_by("first_on").first()
        return coming or self.published().order_by("-last_on").first()


class Fair(models.Model):
    """A city fair of some days. Its settings are what a class's day is planned by."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(_("namn"), max_length=200)
    first_on = models.DateField(_("första dagen"))
    # Inclusive, as people say it.
    last_on = models.DateField(_("sista dagen"))
    description = models.TextField(_("om mässan"), blank=True)
    practical = models.TextField(_("bra att veta"), blank=True)
    is_published = models.BooleanField(_("publicerad"), default=False)
    # Whatever was made from invented sessions says so.
    is_demo = models.BooleanField(_("demo"), default=False)
    walking_kmh = models.FloatField(_("gångfart, km/h"), default=4.0, validators=[MinValueValidator(1.0)])
    detour = models.FloatField(_("omväg mot fågelvägen"), default=1.3, validators=[MinValueValidator(1.0)])
    gathering_minutes = models.PositiveSmallIntegerField(_("minuter för att samla klassen"), default=5)
    uses_bus = models.BooleanField(_("räkna med buss mellan områden"), default=False)
    # Where a class starts whose school's position is not known.
    start_name = models.CharField(_("startplats"), max_length=120, default="Helsingborg C")
    start_latitude = models.FloatField(_("startplatsens latitud"), default=56.0437)
    start_longitude = models.FloatField(_("startplatsens longitud"), default=12.6945)
    hold_minutes = models.PositiveSmallIntegerField(
        _("minuter som platser hålls"), default=15, validators=[MinValueValidator(1), MaxValueValidator(240)]
    )
    # From then on the first group that fits is offered a seat, and not only the first in the queue.
    strict_queue_hours = models.PositiveSmallIntegerField(_("timmar med strikt kö före stängning"), default=48)

    objects = FairQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-first_on"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(last_on__gte=models.F("first_on")), name="fair_ends_after_start")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def days(self) -> list[date]:
        """Every day of the fair, in order."""
        return [self.first_on + timedelta(days=n) for n in range((self.last_on - self.first_on).days + 1)]


class Area(models.Model):
    """A part of the city that belongs to the fair."""

    fair = models.ForeignKey(Fair, on_delete=models.CASCADE, related_name="areas")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("namn"), max_length=120)
    description = models.TextField(_("beskrivning"), blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["fair", "slug"], name="one_area_per_fair_and_slug")]

    def __str__(self) -> str:
        return self.name


class Venue(models.Model):
    """A place where sessions are given, or where a class can eat."""

    fair = models.ForeignKey(Fair, on_delete=models.CASCADE, related_name="venues")
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.SET_NULL, related_name="venues")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("namn"), max_length=160)
    description = models.TextField(_("beskrivning"), blank=True)
    address = models.CharField(_("adress"), max_length=200, blank=True)
    latitude = models.FloatField(_("latitud"), null=True, blank=True)
    longitude = models.FloatField(_("longitud"), null=True, blank=True)
    # Said beside the place until somebody has measured it.
    position_is_approximate = models.BooleanField(_("ungefärlig plats"), default=True)
    has_cloakroom = models.BooleanField(_("kapprum"), default=False)
    has_toilets = models.BooleanField(_("toaletter"), default=False)
    has_lunch_place = models.BooleanField(_("plats att äta matsäck"), default=False)
    has_lift = models.BooleanField(_("hiss eller markplan"), default=False)
    is_indoor = models.BooleanField(_("inomhus"), null=True, blank=True)
    practical = models.TextField(_("bra att veta"), blank=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fair", "slug"], name="one_venue_per_fair_and_slug"),
            models.CheckConstraint(
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="venue_has_both_coordinates_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("fair_venue", args=[self.fair.slug, self.slug])

    @property
    def position(self) -> tuple[float, float] | None:
        """Latitude and longitude, None when nobody has said where it is."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


class OpeningHours(models.Model):
    """When a venue is open, on given weekdays between two days. None at all: open whenever something is given."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="opening_hours")
    first_on = models.DateField(_("från och med"))
    last_on = models.DateField(_("till och med"))
    # Monday is 0; an empty list is every day.
    weekdays = models.JSONField(_("veckodagar"), default=list, blank=True)
    opens = models.TimeField(_("öppnar"))
    closes = models.TimeField(_("stänger"))

    class Meta:
        ordering: ClassVar = ["first_on", "opens"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(last_on__gte=models.F("first_on"), closes__gt=models.F("opens")),
                name="opening_hours_end_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.opens:%H.%M}–{self.closes:%H.%M}"


class Walk(models.Model):
    """How many minutes it takes between two venues, there and back alike, when somebody has measured it."""

    class Means(models.TextChoices):
        FOOT = "foot", _("till fots")
        BUS = "bus", _("med buss")

    start = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="walks_from_here")
    end = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="walks_to_here")
    means = models.CharField(_("sätt"), max_length=4, choices=Means, default=Means.FOOT)
    minutes = models.PositiveSmallIntegerField(_("minuter med klass"), validators=[MaxValueValidator(240)])

    class Meta:
        ordering: ClassVar = ["start__name", "end__name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["start", "end", "means"], name="one_walk_per_pair_and_means"),
            models.CheckConstraint(condition=~models.Q(start=models.F("end")), name="walk_between_two_places"),
        ]

    def __str__(self) -> str:
        return f"{self.start} – {self.end}: {self.minutes} min"


class SessionQuerySet(models.QuerySet["Session"]):
    def offered(self) -> SessionQuerySet:
        """Those that everyone may see and choose now."""
        return self.filter(state__in=OFFERED)

    def readable(self) -> SessionQuerySet:
        """Offered ones, and cancelled ones, whose pages tell so."""
        return self.exclude(state=State.DRAFT)


class Session(models.Model):
    """Something for a class to take part in. Without a fair it is a visit that a department invites to."""

    class Kind(models.TextChoices):
        FIXED = "fixed", _("fasta tider")
        OPEN = "open", _("öppet: kom när ni vill")

    class Unit(models.TextChoices):
        PEOPLE = "people", _("personer")
        GROUPS = "groups", _("grupper")

    fair = models.ForeignKey(Fair, null=True, blank=True, on_delete=models.CASCADE, related_name="sessions")
    # Stable, by whoever gave it to us: a second import of it updates this row.
    remote_id = models.CharField(_("id"), max_length=120)
    # "by hand", "spreadsheet", "calendar", "schema.org", "demo", "invitation".
    origin = models.CharField(max_length=20, default="by hand")
    title = models.CharField(_("rubrik"), max_length=200)
    summary = models.CharField(_("kort"), max_length=300, blank=True)
    description = models.TextField(_("beskrivning"), blank=True)
    kind = models.CharField(_("slag"), max_length=5, choices=Kind, default=Kind.FIXED)
    # How long a class stays; for fixed times what an occasion lasts unless it says otherwise.
    minutes = models.PositiveSmallIntegerField(
        _("minuter"), validators=[MinValueValidator(1), MaxValueValidator(24 * 60)]
    )
    venue = models.ForeignKey(Venue, null=True, blank=True, on_delete=models.PROTECT, related_name="sessions")
    # What occasions of this session count in, and how many they hold unless they say otherwise; null is no limit.
    unit = models.CharField(_("platser räknas i"), max_length=6, choices=Unit, default=Unit.PEOPLE)
    capacity = models.PositiveIntegerField(_("antal platser"), null=True, blank=True)
    smallest_group = models.PositiveSmallIntegerField(_("minsta grupp"), null=True, blank=True)
    largest_group = models.PositiveSmallIntegerField(_("största grupp"), null=True, blank=True)
    # False when the adults with a class need no seats of their own.
    counts_adults = models.BooleanField(_("vuxna räknas"), default=True)
    # Whom it suits; an empty list is everybody.
    school_forms = models.JSONField(_("skolformer"), default=list, blank=True)
    school_years = models.JSONField(_("årskurser"), default=list, blank=True)
    programmes = models.ManyToManyField(Programme, blank=True, related_name="+", verbose_name=_("gymnasieprogram"))
    languages = models.JSONField(_("språk"), default=list, blank=True)
    # Kronor for one class; 0 is free.
    cost = models.PositiveIntegerField(_("kostnad, kronor"), default=0)
    cost_text = models.CharField(_("om kostnaden"), max_length=200, blank=True)
    needs_booking = models.BooleanField(_("bokas i förväg"), default=False)
    booking_opens_at = models.DateTimeField(_("bokningen öppnar"), null=True, blank=True)
    # Hours before an occasion begins that its booking closes; what an occasion stores is computed from it.
    booking_closes_hours = models.PositiveSmallIntegerField(_("stänger timmar före"), default=24)
    is_for_children = models.BooleanField(_("barnspåret"), default=False)
    # What it is about in one word, so that a day gets several kinds of things.
    theme = models.SlugField(_("tema"), max_length=60, blank=True)
    subjects = models.ManyToManyField(Subject, blank=True, related_name="+", verbose_name=_("ämnen"))
    initiatives = models.ManyToManyField(
        Initiative, blank=True, related_name="fair_sessions", verbose_name=_("initiativ")
    )
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.SET_NULL, related_name="fair_sessions"
    )
    company = models.ForeignKey(
        Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="fair_sessions"
    )
    organiser = models.CharField(_("arrangör"), max_length=200, blank=True)
    link = models.URLField(_("länk"), max_length=500, blank=True)
    state = models.CharField(_("läge"), max_length=9, choices=State, default=State.DRAFT)
    # Said to those who have it in their programmes.
    change_note = models.CharField(_("vad som ändrats"), max_length=300, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    # Over the imported values: equal hash, nothing to write.
    imported_hash = models.CharField(max_length=32, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["title", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fair", "remote_id"], name="one_session_per_fair_and_id"),
            models.CheckConstraint(condition=models.Q(minutes__gte=1), name="session_lasts_a_minute_or_more"),
            models.CheckConstraint(
                condition=models.Q(smallest_group__isnull=True)
                | models.Q(largest_group__isnull=True)
                | models.Q(smallest_group__lte=models.F("largest_group")),
                name="smallest_group_at_most_the_largest",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("fair_session", args=[self.pk])

    @property
    def is_offered(self) -> bool:
        return self.state in OFFERED

    @property
    def is_cancelled(self) -> bool:
        return self.state == State.CANCELLED

    def people_of(self, *, pupils: int, adults: int) -> int:
        """How many people of a class count here, for group limits and seats."""
        return pupils + (adults if self.counts_adults else 0)


class OccasionQuerySet(models.QuerySet["Occasion"]):
    def offered(self) -> OccasionQuerySet:
        """Not cancelled, of a session that everyone may choose."""
        return self.filter(cancelled_at__isnull=True, session__state__in=OFFERED)

    def coming(self) -> OccasionQuerySet:
        """Those that have not ended."""
        return self.filter(ends_at__gt=Now())

    def bookable(self) -> OccasionQuerySet:
        """Offered ones whose booking is open now."""
        return self.offered().filter(booking_opens_at__lte=Now(), booking_closes_at__gt=Now())


class Occasion(models.Model):
    """One time that a session is given, or one stretch of open hours."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="occasions")
    remote_id = models.CharField(_("id"), max_length=120)
    starts_at = models.DateTimeField(_("börjar"))
    ends_at = models.DateTimeField(_("slutar"))
    # Seats in the session's unit; null is no limit.
    capacity = models.PositiveIntegerField(_("antal platser"), null=True, blank=True)
    # Of the capacity, kept for classes that are invited by name.
    reserved = models.PositiveIntegerField(_("varav reserverade"), default=0)
    # Both computed when the session is saved, so that nobody has to guess what a missing time means.
    booking_opens_at = models.DateTimeField(_("bokningen öppnar"), default=timezone.now)
    booking_closes_at = models.DateTimeField(_("bokningen stänger"))
    cancelled_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(_("att veta om just den här tiden"), max_length=300, blank=True)

    objects = OccasionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "remote_id"], name="one_occasion_per_session_and_id"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="occasion_ends_after_start"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["starts_at"], name="occasions_by_start")]

    def __str__(self) -> str:
        return f"{self.session} {timezone.localtime(self.starts_at):%Y-%m-%d %H.%M}"

    @property
    def is_cancelled(self) -> bool:
        """True when this time, or the whole session, is cancelled."""
        return self.cancelled_at is not None or self.session.is_cancelled

    @property
    def on(self) -> date:
        """The local day that it begins on."""
        return timezone.localdate(self.starts_at)


class FairMessage(models.Model):
    """What the fair's team wrote to every class with a stop on a day, at a place or at an occasion."""

    fair = models.ForeignKey(Fair, on_delete=models.CASCADE, related_name="fair_messages")
    on = models.DateField(_("dag"), null=True, blank=True)
    venue = models.ForeignKey(Venue, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    occasion = models.ForeignKey(Occasion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    subject = models.CharField(_("ämnesrad"), max_length=150)
    text = models.TextField(_("meddelande"))
    sent_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now)
    recipients = models.PositiveIntegerField(default=0)
    form_token = models.UUIDField(unique=True, editable=False, default=uuid.uuid4)

    class Meta:
        ordering: ClassVar = ["-sent_at"]

    def __str__(self) -> str:
        return self.subject
