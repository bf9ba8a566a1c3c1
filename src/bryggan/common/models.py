"""Rows that every room may need: the audit trail, mail waiting to be sent, counters, versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class AuditEntry(models.Model):
    """Who did what to which thing, and when. Written by `audit.record`, never changed."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # What acted when no person did: "sync", "worker".
    by_process = models.CharField(max_length=40, blank=True)
    verb = models.CharField(max_length=80)
    thing_type = models.CharField(max_length=60)
    thing_id = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["thing_type", "thing_id"], name="audit_by_thing")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.thing_type} {self.thing_id}"


class OutgoingMail(models.Model):
    """One mail to one person for one cause, written beside its cause and sent afterwards by the worker."""

    message_id = models.CharField(max_length=120, unique=True)
    to = models.EmailField()
    kind = models.CharField(max_length=40)
    # Unique per person and cause; empty for mails that may repeat, such as sign-in codes.
    cause = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    # Where the person stops letters of this kind: told to her mail program too.
    stop_address = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    next_try_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["created_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["to", "cause"], condition=~models.Q(cause=""), name="one_mail_per_person_and_cause"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(sent_at__isnull=True, given_up_at__isnull=True),
                name="mail_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.to}"


class RateCount(models.Model):
    """How often something was tried within one window of time. See `rate_limits`."""

    key = models.CharField(max_length=120)
    window_started_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "window_started_at"], name="one_count_per_key_and_window")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"


class DataVersion(models.Model):
    """A number that grows whenever the data under a name changes, so that copies of it know when they are old.

    The row stays locked until the change commits, so numbers come in the order of commits.
    """

    name = models.CharField(max_length=40, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    # The last change that touched everything: a copy older than this is made anew.
    whole_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    @classmethod
    def touch(cls, name: str, rows: Iterable[int] | None = None) -> None:
        """Let every copy of `name` know that these rows, or everything, changed. Call last in the transaction."""
        changed = None if rows is None else sorted(set(rows))
        if changed == []:
            return
        grown: dict[str, Any] = {"number": models.F("number") + 1}
        if changed is None:
            grown["whole_number"] = models.F("number") + 1
        if not cls.objects.filter(name=name).update(**grown):
            DataVersion.objects.bulk_create([DataVersion(name=name)], ignore_conflicts=True)
            cls.objects.filter(name=name).update(**grown)
        if changed is not None:
            number = cls.objects.get(name=name).number
            ChangedRow.objects.bulk_create(
                [ChangedRow(name=name, row=row, number=number) for row in changed],
                update_conflicts=True,
                unique_fields=["name", "row"],
                update_fields=["number"],
                batch_size=500,
            )


class ChangedRow(models.Model):
    """At which number of a DataVersion a row last changed."""

    name = models.CharField(max_length=40)
    row = models.BigIntegerField()
    number = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["name", "row"], name="one_change_per_row")]
        indexes: ClassVar = [models.Index(fields=["name", "number"], name="changes_in_order")]

    def __str__(self) -> str:
        return f"{self.name} {self.row} {self.number}"
