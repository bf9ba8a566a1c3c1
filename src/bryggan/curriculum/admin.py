"""The administrators' view of the curriculum. It comes from Skolverket, so it is read here and not changed."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from bryggan.common.admin import ReadOnlyAdmin
from bryggan.curriculum.models import (
    CoreContent,
    Course,
    CurriculumImport,
    Orientation,
    Programme,
    ProgrammeSubject,
    Subject,
)


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin):
    titles = (_("ämne"), _("ämnen"))
    list_display = ("name", "code", "curriculum", "school_form", "is_extract", "ended_at")
    list_filter = ("curriculum", "school_form", "is_extract", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "code")


@admin.register(Course)
class CourseAdmin(ReadOnlyAdmin):
    titles = (_("kurs eller nivå"), _("kurser och nivåer"))
    list_display = ("name", "code", "subject", "points", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "code", "subject__name")
    list_select_related = ("subject",)


@admin.register(CoreContent)
class CoreContentAdmin(ReadOnlyAdmin):
    titles = (_("punkt i centralt innehåll"), _("centralt innehåll"))
    list_display = ("key", "subject", "course", "years", "heading", "text", "ended_at")
    list_filter = ("subject__curriculum", "is_extract", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("=key", "subject__name", "heading", "text")
    list_select_related = ("subject", "course")


@admin.register(Programme)
class ProgrammeAdmin(ReadOnlyAdmin):
    titles = (_("gymnasieprogram"), _("gymnasieprogram"))
    list_display = ("name", "code", "curriculum", "successor", "ended_at")
    list_filter = ("curriculum", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "code")
    list_select_related = ("successor",)


@admin.register(Orientation)
class OrientationAdmin(ReadOnlyAdmin):
    titles = (_("inriktning"), _("inriktningar"))
    list_display = ("name", "code", "programme", "ended_at")
    search_fields = ("name", "code", "programme__name")
    list_select_related = ("programme",)


@admin.register(ProgrammeSubject)
class ProgrammeSubjectAdmin(ReadOnlyAdmin):
    titles = (_("ämne i program"), _("ämnen i program"))
    list_display = ("programme", "orientation", "block", "subject_code", "subject_name", "is_derived")
    list_filter = ("block", "is_derived")
    search_fields = ("subject_code", "subject_name", "programme__name")
    list_select_related = ("programme", "orientation")


@admin.register(CurriculumImport)
class CurriculumImportAdmin(ReadOnlyAdmin):
    titles = (_("läsning av läroplaner"), _("läsningar av läroplaner"))
    list_display = ("started_at", "finished_at", "origin", "api_version", "error")
