"""The administrators' view of mail, counters and the audit trail, and what every room's view is built on."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bryggan.common.models import AuditEntry, ChangedRow, DataVersion, OutgoingMail, RateCount
from bryggan.common.outbox import FORGOTTEN_KINDS

Text = str | Promise


class _TitledOptions:
    """A model's options under Swedish names; everything else is the model's own."""

    def __init__(self, options: Any, titles: tuple[Text, Text]) -> None:
        self._options = options
        self.verbose_name, self.verbose_name_plural = titles

    def __getattr__(self, name: str) -> Any:
        return getattr(self._options, name)


class TitledAdmin(admin.ModelAdmin):
    """A table under its Swedish name: `titles` is one of it and many of it."""

    titles: tuple[Text, Text]
    list_per_page = 50
    show_full_result_count = False

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        self.opts = _TitledOptions(self.opts, self.titles)  # type: ignore[assignment]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.opts = self.opts
        changelist.title = str(self.titles[1])[:1].upper() + str(self.titles[1])[1:]
        return changelist


class ReadOnlyAdmin(TitledAdmin):
    """A table that the service writes and people only read."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    titles = (_("händelse"), _("händelser"))
    list_display = ("at", "by", "by_process", "verb", "thing_type", "thing_id")
    list_filter = ("thing_type", "verb")
    search_fields = ("by__email", "verb", "=thing_id")
    list_select_related = ("by",)
    date_hierarchy = "at"


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """Who was sent what kind of mail, and whether it left. What it says is between us and the person."""

    titles = (_("mejl"), _("mejl"))
    list_display = ("created_at", "to", "kind", "subject_unless_secret", "tries", "sent_at", "given_up_at", "error")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter), ("given_up_at", admin.EmptyFieldListFilter))
    search_fields = ("to",)
    fields = (
        "message_id",
        "to",
        "kind",
        "cause",
        "subject_unless_secret",
        "created_at",
        "next_try_at",
        "tries",
        "sent_at",
        "given_up_at",
        "error",
    )

    @admin.display(description=_("ämne"))
    def subject_unless_secret(self, mail: OutgoingMail) -> str:
        """A sign-in mail has its code in the subject."""
        return "–" if mail.kind in FORGOTTEN_KINDS else mail.subject


@admin.register(RateCount)
class RateCountAdmin(ReadOnlyAdmin):
    titles = (_("räknare för försök"), _("räknare för försök"))
    list_display = ("key", "window_started_at", "count")
    search_fields = ("key",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deleting a count lets somebody who was stopped try again."""
        return bool(request.user.is_active and request.user.is_staff)


@admin.register(DataVersion)
class DataVersionAdmin(ReadOnlyAdmin):
    titles = (_("dataversion"), _("dataversioner"))
    list_display = ("name", "number")


@admin.register(ChangedRow)
class ChangedRowAdmin(ReadOnlyAdmin):
    titles = (_("ändrad rad"), _("ändrade rader"))
    list_display = ("name", "row", "number")
    list_filter = ("name",)
