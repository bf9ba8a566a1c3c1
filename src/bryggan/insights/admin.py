"""The administrators' view of what counts as activity. Editors change it on a page of theirs."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from bryggan.common.admin import ReadOnlyAdmin
from bryggan.insights.models import ActivityDefinition


@admin.register(ActivityDefinition)
class ActivityDefinitionAdmin(ReadOnlyAdmin):
    titles = (_("vad som räknas som aktiv"), _("vad som räknas som aktiv"))
    list_display = ("measures", "least", "changed_by", "changed_at")
    list_select_related = ("changed_by",)
