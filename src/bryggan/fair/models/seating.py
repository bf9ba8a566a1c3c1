"""Who has seats at an occasion, who waits for them, and what they are offered."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import SchoolClass, User
from bryggan.fair.models.supply import Occasion


class BookingQuerySet(models.QuerySet["Booking"]):
    def counting(self, at: datetime | None = None) -> BookingQuerySet:
        """Those that take seats: booked ones, and held ones whose minutes have not run out."""
        now = at or timezone.now()
        return self.filter(
            models.Q(state=Booking.State.BOOKED) | models.Q(state=Booking.State.HELD, held_until__gt=now)
        )


class Booking(models.Model):
    """A class's seats at an occasion. Made, changed and ended by `seats.py` alone.

    Seats that are held are somebody's for some minutes; they count as taken until then and not after, whether
    or not anybody has tidied the row away.
    """

    class State(models.TextChoices):
        HELD = "held", _("hålls")
        BOOKED = "booked", _("bokad")
        ENDED = "ended", _("avslutad")

    class End(models.TextChoices):
        RELEASED = "released", _("lämnad av klassen")
        RAN_OUT = "ran out", _("tiden gick ut")
        CANCELLED_BY_HOST = "cancelled by host", _("inställd av arrangören")

    class Attendance(models.TextChoices):
        CAME = "came", _("kom")
        DID_NOT_COME = "did not come", _("kom inte")
        CANCELLED_BY_CLASS = "cancelled by class", _("avbokad av klassen")
        CANCELLED_BY_HOST = "cancelled by host", _("inställd av värden")

    occasion = models.ForeignKey(Occasion, on_delete=models.PROTECT, related_name="bookings")
    school_class = models.ForeignKey(SchoolClass, on_delete=models.PROTECT, related_name="bookings")
    # As they were when booked, and how many seats that is in the session's unit.
    pupils = models.PositiveSmallIntegerField()
    adults = models.PositiveSmallIntegerField()
    seats = models.PositiveIntegerField()
    # When the class is there: for fixed times the occasion's own.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State, default=State.HELD)
    held_until = models.DateTimeField(null=True, blank=True)
    # True when they come from the occasion's reserved ones.
    is_reserved = models.BooleanField(default=False)
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    booked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=17, choices=End, blank=True)
    attendance = models.CharField(max_length=18, choices=Attendance, blank=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["made_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["occasion", "school_class"],
                condition=~models.Q(state="ended"),
                name="one_open_booking_per_class_and_occasion",
            ),
            models.CheckConstraint(condition=models.Q(seats__gte=1), name="a_booking_takes_a_seat"),
            models.CheckConstraint(
                condition=~models.Q(state="held") | models.Q(held_until__isnull=False),
                name="held_seats_have_an_end",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "held_until"], name="bookings_held_until")]

    def __str__(self) -> str:
        return f"{self.school_class} {self.occasion}"


class WaitingEntry(models.Model):
    """That a class stands in the queue of an occasion. The order is that of `joined_at`, then the row's number."""

    class State(models.TextChoices):
        WAITING = "waiting", _("väntar")
        OFFERED = "offered", _("erbjuden")
        SEATED = "seated", _("fick plats")
        LEFT = "left", _("lämnade kön")
        CLOSED = "closed", _("kön stängdes")

    class Reason(models.TextChoices):
        PASSED = "passed", _("En mindre grupp fick plats före er, för de lediga platserna räckte inte till er.")
        TOO_LARGE = "too large", _("Ni är fler än vad som ryms, så andra i kön behöver inte vänta på er.")
        BOOKED = "booked", _("Ni tackade ja till platserna.")
        DECLINED = "declined", _("Ni tackade nej till platserna.")
        RAN_OUT = "ran out", _("Ni svarade inte i tid, så platserna gick vidare. Ställ er i kön igen om ni vill.")
        LEFT = "left", _("Ni lämnade kön.")
        BOOKING_CLOSED = "booking closed", _("Bokningen stängde innan platserna räckte till er.")
        CANCELLED = "cancelled", _("Tillfället är inställt.")

    occasion = models.ForeignKey(Occasion, on_delete=models.CASCADE, related_name="waiting_entries")
    school_class = models.ForeignKey(SchoolClass, on_delete=models.CASCADE, related_name="waiting_entries")
    pupils = models.PositiveSmallIntegerField()
    adults = models.PositiveSmallIntegerField()
    seats = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # True for a class that is invited, and may have seats that are reserved.
    is_reserved = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    joined_at = models.DateTimeField(default=timezone.now)
    joined_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    # Why it was passed or ended; the words are for the teacher.
    reason = models.CharField(max_length=200, choices=Reason, blank=True)

    class Meta:
        ordering: ClassVar = ["joined_at", "pk"]
        verbose_name_plural = "waiting entries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["occasion", "school_class"],
                condition=models.Q(state__in=["waiting", "offered"]),
                name="one_place_in_the_queue_per_class_and_occasion",
            )
        ]

    def __str__(self) -> str:
        return f"{self.school_class} väntar på {self.occasion}"


class SeatOffer(models.Model):
    """Seats held for the class whose turn it is, until a time. Taking them books them; time gives them back."""

    class State(models.TextChoices):
        OPEN = "open", _("öppet")
        ACCEPTED = "accepted", _("tackat ja")
        DECLINED = "declined", _("tackat nej")
        RAN_OUT = "ran out", _("tiden gick ut")
        WITHDRAWN = "withdrawn", _("tillbakadraget")

    entry = models.ForeignKey(WaitingEntry, on_delete=models.CASCADE, related_name="offers")
    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="offer")
    offered_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar = ["-offered_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["entry"], condition=models.Q(state="open"), name="one_open_offer_per_waiting_entry"
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry} {self.state}"
