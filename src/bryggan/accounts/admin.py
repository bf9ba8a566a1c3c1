"""The administrators' view of people, schools and classes. Every change by hand is in the audit trail too."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import (
    AcademicYear,
    AccessInvitation,
    Company,
    CompanyApplication,
    Coordination,
    DayOff,
    Department,
    EmailDomain,
    Fact,
    LetterPreference,
    Notice,
    SchoolClass,
    SchoolMembership,
    SchoolUnit,
    User,
)
from bryggan.common import audit
from bryggan.common.admin import ReadOnlyAdmin, TitledAdmin
from bryggan.common.models import DataVersion


class AuditedAdmin(TitledAdmin):
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        by = request.user if isinstance(request.user, User) else None
        audit.record(by, "changed by hand" if change else "added by hand", obj, columns=form.changed_data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The rows below a person, such as her schools, are told of at the person."""
        super().save_formset(request, form, formset, change)
        told = {
            "added": [str(row) for row in formset.new_objects],
            "changed": [str(row) for row, _columns in formset.changed_objects],
            "deleted": [str(row) for row in formset.deleted_objects],
        }
        if any(told.values()):
            by = request.user if isinstance(request.user, User) else None
            audit.record(by, "changed by hand", form.instance, **told)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        by = request.user if isinstance(request.user, User) else None
        audit.record(by, "deleted by hand", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)


class SchoolMembershipInline(admin.TabularInline):
    model = SchoolMembership
    fk_name = "user"
    extra = 0
    raw_id_fields = ("school_unit", "confirmed_by")
    verbose_name = _("skola")
    verbose_name_plural = _("skolor")


class CoordinationInline(admin.TabularInline):
    model = Coordination
    extra = 0
    raw_id_fields = ("department", "company")
    verbose_name = _("samordnaruppdrag")
    verbose_name_plural = _("samordnaruppdrag")


@admin.register(User)
class UserAdmin(AuditedAdmin):
    titles = (_("person"), _("personer"))
    list_display = ("email", "name", "is_active", "is_teacher", "is_editor", "is_administrator", "last_login")
    list_filter = ("is_active", "is_teacher", "is_editor", "is_administrator")
    search_fields = ("email", "name")
    fields = (
        "email",
        "name",
        "is_active",
        "is_teacher",
        "is_editor",
        "is_administrator",
        "joined_at",
        "last_login",
    )
    readonly_fields = ("joined_at", "last_login")
    inlines = (SchoolMembershipInline, CoordinationInline)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


@admin.register(EmailDomain)
class EmailDomainAdmin(AuditedAdmin):
    titles = (_("e-postdomän"), _("e-postdomäner"))
    list_display = ("domain", "kind", "department", "company")
    list_filter = ("kind",)
    search_fields = ("domain",)
    list_select_related = ("department", "company")


@admin.register(AccessInvitation)
class AccessInvitationAdmin(AuditedAdmin):
    titles = (_("inbjudan till konto"), _("inbjudningar till konto"))
    list_display = ("email", "role", "invited_at", "expires_at", "accepted_at")
    list_filter = ("role", ("accepted_at", admin.EmptyFieldListFilter))
    search_fields = ("email",)
    raw_id_fields = ("school_unit", "department", "company")
    readonly_fields = ("invited_by", "invited_at", "accepted_at")

    def save_model(self, request: HttpRequest, obj: AccessInvitation, form: Any, change: bool) -> None:
        if not change and isinstance(request.user, User):
            obj.invited_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(SchoolUnit)
class SchoolUnitAdmin(AuditedAdmin):
    titles = (_("skola eller förskola"), _("skolor och förskolor"))
    list_display = ("name", "code", "kind", "organizer", "area", "municipality_code", "ended_at")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter), "municipality_code")
    search_fields = ("name", "code")


@admin.register(SchoolMembership)
class SchoolMembershipAdmin(AuditedAdmin):
    titles = (_("lärare vid skola"), _("lärare vid skolor"))
    list_display = ("user", "school_unit", "began_at", "confirmed_at", "confirmed_by")
    list_filter = (("confirmed_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__email", "user__name", "school_unit__name")
    raw_id_fields = ("user", "school_unit", "confirmed_by")
    list_select_related = ("user", "school_unit", "confirmed_by")


@admin.register(Department)
class DepartmentAdmin(AuditedAdmin):
    titles = (_("förvaltning"), _("förvaltningar"))
    list_display = ("name", "slug")
    search_fields = ("name", "slug")

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # The name stands beside a filter's value.
        DataVersion.touch("initiatives")


@admin.register(Company)
class CompanyAdmin(AuditedAdmin):
    titles = (_("företag eller förening"), _("företag och föreningar"))
    list_display = ("name", "slug", "approved_at")
    list_filter = (("approved_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "slug")


@admin.register(Coordination)
class CoordinationAdmin(AuditedAdmin):
    titles = (_("samordnaruppdrag"), _("samordnaruppdrag"))
    list_display = ("user", "department", "company", "began_at")
    search_fields = ("user__email", "user__name", "department__name", "company__name")
    raw_id_fields = ("user", "department", "company")
    list_select_related = ("user", "department", "company")


@admin.register(SchoolClass)
class SchoolClassAdmin(AuditedAdmin):
    """For when all the teachers of a class have left. What a teacher wrote of its needs is not shown."""

    titles = (_("klass"), _("klasser"))
    list_display = ("label", "school_unit", "school_form", "school_years", "pupils", "adults", "archived_at")
    list_filter = ("school_form", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("label", "school_unit__name")
    fields = ("label", "school_unit", "school_form", "school_years", "pupils", "adults", "teachers", "archived_at")
    readonly_fields = ("label", "school_unit", "school_form", "school_years", "pupils", "adults")
    raw_id_fields = ("teachers",)
    list_select_related = ("school_unit",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AcademicYear)
class AcademicYearAdmin(AuditedAdmin):
    titles = (_("läsår"), _("läsår"))
    list_display = (
        "name",
        "autumn_begins_on",
        "autumn_ends_on",
        "spring_begins_on",
        "spring_ends_on",
        "is_preliminary",
    )


@admin.register(DayOff)
class DayOffAdmin(AuditedAdmin):
    titles = (_("lovdagar"), _("lovdagar"))
    list_display = ("name", "academic_year", "first_on", "last_on")
    list_filter = ("academic_year",)
    search_fields = ("name",)
    list_select_related = ("academic_year",)


@admin.register(CompanyApplication)
class CompanyApplicationAdmin(ReadOnlyAdmin):
    """Approved or refused by editors, on a page of theirs."""

    titles = (_("ansökan från företag"), _("ansökningar från företag"))
    list_display = ("name", "email", "made_at", "decided_at", "company")
    search_fields = ("name", "email")
    list_select_related = ("company",)


@admin.register(LetterPreference)
class LetterPreferenceAdmin(ReadOnlyAdmin):
    titles = (_("val av brev"), _("val av brev"))
    list_display = ("user", "kind", "pace", "changed_at")
    list_filter = ("kind", "pace")
    list_select_related = ("user",)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Who was told of what kind of thing. What it says is between us and the person."""

    titles = (_("notis"), _("notiser"))
    list_display = ("at", "user", "kind", "read_at", "mailed_at")
    list_filter = ("kind",)
    list_select_related = ("user",)
    exclude = ("title", "text")


@admin.register(Fact)
class FactAdmin(ReadOnlyAdmin):
    titles = (_("statistikrad"), _("statistikrader"))
    list_display = ("month", "measure", "school_name", "school_form", "detail", "count", "amount")
    list_filter = ("measure", "month")
