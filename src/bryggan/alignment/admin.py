"""The administrators' view of suggestions and decisions. People decide on the editors' pages."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from bryggan.alignment.models import (
    Alignment,
    AlignmentRun,
    KeptVector,
    ProgrammeFit,
    SavedSearch,
    SubjectFit,
    UnmetSearch,
)
from bryggan.common.admin import ReadOnlyAdmin


@admin.register(Alignment)
class AlignmentAdmin(ReadOnlyAdmin):
    titles = (_("koppling till läroplanen"), _("kopplingar till läroplanen"))
    list_display = ("initiative", "core_content", "state", "strength", "score", "decided_by", "decided_at")
    list_filter = ("state", "strength")
    search_fields = ("initiative__title", "core_content__text")
    list_select_related = ("initiative", "core_content", "decided_by")


@admin.register(SubjectFit)
class SubjectFitAdmin(ReadOnlyAdmin):
    titles = (_("ämne som passar"), _("ämnen som passar"))
    list_display = ("initiative", "subject", "span", "score")
    search_fields = ("initiative__title", "subject__name")
    list_select_related = ("initiative", "subject")


@admin.register(ProgrammeFit)
class ProgrammeFitAdmin(ReadOnlyAdmin):
    titles = (_("program som passar"), _("program som passar"))
    list_display = ("initiative", "programme", "orientation_code", "score")
    search_fields = ("initiative__title", "programme__name")
    list_select_related = ("initiative", "programme")


@admin.register(AlignmentRun)
class AlignmentRunAdmin(ReadOnlyAdmin):
    titles = (_("senaste beräkning"), _("senaste beräkningar"))
    list_display = ("initiative", "finished_at")
    search_fields = ("initiative__title",)
    list_select_related = ("initiative",)


@admin.register(KeptVector)
class KeptVectorAdmin(ReadOnlyAdmin):
    titles = (_("uträknad vektor"), _("uträknade vektorer"))
    list_display = ("text_hash",)
    fields = ("text_hash",)


@admin.register(SavedSearch)
class SavedSearchAdmin(ReadOnlyAdmin):
    titles = (_("sparad sökning"), _("sparade sökningar"))
    list_display = ("name", "user", "wants_mail", "mailed_at")
    list_select_related = ("user",)
    exclude = ("stop_hash",)


@admin.register(UnmetSearch)
class UnmetSearchAdmin(ReadOnlyAdmin):
    titles = (_("sökning utan träff"), _("sökningar utan träff"))
    list_display = ("on", "text", "filters", "count")
    search_fields = ("text", "filters")
