"""The audit trail: who did what to which thing, and when."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from bryggan.common.models import AuditEntry


def record(by: AbstractBaseUser | str | None, verb: str, thing: models.Model, **details: Any) -> AuditEntry:
    """Write that `by` (a person or a process) did `verb` to `thing`. Call inside the transaction of the change."""
    person = by if isinstance(by, get_user_model()) else None
    return AuditEntry.objects.create(
        by=person,
        by_process=by if isinstance(by, str) else "",
        verb=verb,
        thing_type=thing._meta.label_lower,
        thing_id=str(thing.pk),
        details=details,
    )
