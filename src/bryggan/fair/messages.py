"""A message from the fair's team to every class with a stop on a day, at a place or at a time.

    A storm closes a place: one text to everybody who would have been there.

A teacher gets one letter, whatever the number of her classes and stops; what the preview shows is that letter.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bryggan.accounts import letters
from bryggan.accounts.models import LetterKind, SchoolClass, User
from bryggan.common import audit
from bryggan.fair.local_times import clock_text, local, midnight
from bryggan.fair.models import Booking, Fair, FairMessage, Occasion, Stop, Venue, WaitingEntry

MOST_CLASSES_NAMED = 5


class NobodyChosen(Exception):
    """Neither a day, nor a place, nor a time: a message to every class at the fair is not sent by mistake."""


class NobodyToTell(Exception):
    """No class has a stop there and then."""


@dataclass(frozen=True)
class Audience:
    """Whom a message is for: classes with a stop on a day, at a place or at one time; each narrows the others."""

    fair: Fair
    on: date | None = None
    venue: Venue | None = None
    occasion: Occasion | None = None

    def __bool__(self) -> bool:
        return bool(self.on or self.venue or self.occasion)


@dataclass(frozen=True)
class Reached:
    """Who gets a message: each teacher with those of her classes that it is about. `classes` counts them once."""

    teachers: tuple[tuple[User, tuple[SchoolClass, ...]], ...]
    classes: int
    # Classes that have no teacher who can be written to.
    without_teacher: int


def reached(audience: Audience) -> Reached:
    """Who would be written to. Five statements, whatever their number. Raises NobodyChosen."""
    if not audience:
        raise NobodyChosen
    classes = _classes(audience)
    through = SchoolClass.teachers.through._default_manager
    rows = through.filter(schoolclass__in=classes, user__is_active=True).select_related("user").order_by("user_id")
    by_teacher: dict[User, list[SchoolClass]] = defaultdict(list)
    told = set()
    for row in rows:
        by_teacher[row.user].append(classes[row.schoolclass_id])
        told.add(row.schoolclass_id)
    teachers = tuple(
        (teacher, tuple(sorted(hers, key=lambda one: (one.label, one.pk)))) for teacher, hers in by_teacher.items()
    )
    return Reached(teachers, len(classes), len(classes) - len(told))


def letter_for(audience: Audience, *, subject: str, text: str, classes: Iterable[SchoolClass]) -> letters.Letter:
    """The letter to a teacher of these classes."""
    labels = [one.label for one in classes]
    named = ", ".join(labels[:MOST_CLASSES_NAMED]) + (" …" if len(labels) > MOST_CLASSES_NAMED else "")
    facts = [(_("Gäller"), what_text(audience))]
    if named:
        facts.append((_("Klass"), named))
    facts.append((_("Från"), audience.fair.name))
    paragraphs = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    return letters.Letter(
        subject=subject, paragraphs=paragraphs, facts=facts, address=reverse("classes"), button=_("Öppna dina klasser")
    )


def what_text(audience: Audience) -> str:
    """What the message is about: `Hamntorget, tisdag 1 juni`."""
    parts = []
    if audience.occasion:
        start = local(audience.occasion.starts_at)
        parts += [audience.occasion.session.title, f"{date_format(start, 'l j F')} {clock_text(start)}"]
    if audience.venue:
        parts.append(audience.venue.name)
    if audience.on:
        parts.append(date_format(audience.on, "l j F"))
    return ", ".join(parts)


@transaction.atomic
def send(audience: Audience, *, subject: str, text: str, form_token: uuid.UUID, by: User) -> FairMessage:
    """Write to everybody that `audience` reaches, once per form: the same form sent again gives the same message.

    Raises NobodyChosen and NobodyToTell.
    """
    if sent := FairMessage.objects.filter(form_token=form_token).first():
        return sent
    found = reached(audience)
    if not found.teachers:
        raise NobodyToTell
    # The token is unique: of two at once, one writes the row, and the other gives way and finds it.
    message, is_new = FairMessage.objects.get_or_create(
        form_token=form_token,
        defaults={
            "fair": audience.fair,
            "on": audience.on,
            "venue": audience.venue,
            "occasion": audience.occasion,
            "subject": subject,
            "text": text,
            "sent_by": by,
            "recipients": len(found.teachers),
        },
    )
    if is_new:
        told = [
            (teacher, letter_for(audience, subject=subject, text=text, classes=classes))
            for teacher, classes in found.teachers
        ]
        letters.tell_each(told, kind=LetterKind.FAIR, cause=f"fair message {message.pk}")
        audit.record(by, "sent fair message", message, recipients=len(told), about=what_text(audience))
    return message


def _classes(audience: Audience) -> dict[int, SchoolClass]:
    """Classes that are not put away, with a stop, seats or a place in the queue there and then."""
    stops = Stop.objects.kept().filter(itinerary__fair=audience.fair, itinerary__archived_at__isnull=True)
    bookings = Booking.objects.filter(
        occasion__session__fair=audience.fair, state__in=[Booking.State.HELD, Booking.State.BOOKED]
    )
    waiting = WaitingEntry.objects.filter(
        occasion__session__fair=audience.fair, state__in=[WaitingEntry.State.WAITING, WaitingEntry.State.OFFERED]
    )
    if audience.on:
        # Half-open, and by when the class is there: also one who comes over midnight.
        begins, ends = midnight(audience.on), midnight(audience.on + timedelta(days=1))
        stops = stops.filter(starts_at__lt=ends, ends_at__gt=begins)
        bookings = bookings.filter(starts_at__lt=ends, ends_at__gt=begins)
        waiting = waiting.filter(starts_at__lt=ends, ends_at__gt=begins)
    if audience.venue:
        at_place = {"occasion__session__venue": audience.venue}
        stops = stops.filter(**at_place) | stops.filter(venue=audience.venue)
        bookings, waiting = bookings.filter(**at_place), waiting.filter(**at_place)
    if audience.occasion:
        stops = stops.filter(occasion=audience.occasion)
        bookings = bookings.filter(occasion=audience.occasion)
        waiting = waiting.filter(occasion=audience.occasion)
    keys = set(stops.values_list("itinerary__school_class", flat=True))
    keys |= set(bookings.values_list("school_class", flat=True)) | set(waiting.values_list("school_class", flat=True))
    return {one.pk: one for one in SchoolClass.objects.filter(pk__in=keys, archived_at__isnull=True)}


def sent_messages(fair: Fair) -> list[FairMessage]:
    """What has been sent, newest first. One statement."""
    rows = FairMessage.objects.filter(fair=fair).select_related("venue", "occasion__session", "sent_by")
    return list(rows.order_by("-sent_at", "-pk")[:50])


def audience_of(message: FairMessage) -> Audience:
    return Audience(message.fair, message.on, message.venue, message.occasion)


def is_over(audience: Audience) -> bool:
    """True when the day, or the time, has been."""
    if audience.occasion:
        return audience.occasion.ends_at <= timezone.now()
    return bool(audience.on and audience.on < timezone.localdate())
