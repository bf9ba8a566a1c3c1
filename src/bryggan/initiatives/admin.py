"""The administrators' view of initiatives. What the source owns is read here; sources are set up here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import User
from bryggan.common import audit
from bryggan.common.admin import ReadOnlyAdmin, TitledAdmin
from bryggan.initiatives.models import (
    Challenge,
    Contact,
    Initiative,
    MoveProposal,
    Partnership,
    Picture,
    PictureFile,
    Platform,
    SchoolOffer,
    Source,
    SourceTerm,
    SyncRun,
    Term,
)


@admin.register(Source)
class SourceAdmin(TitledAdmin):
    titles = (_("källa"), _("källor"))
    list_display = ("name", "title", "address", "format", "is_active", "full_read_at")
    list_filter = ("is_active", "format")
    search_fields = ("name", "title", "address")
    readonly_fields = ("read_until", "full_read_at")

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        by = request.user if isinstance(request.user, User) else None
        audit.record(by, "changed by hand" if change else "added by hand", obj, columns=form.changed_data)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A source is switched off, not deleted: what teachers saved hangs on it."""
        return False


@admin.register(Initiative)
class InitiativeAdmin(ReadOnlyAdmin):
    titles = (_("initiativ"), _("initiativ"))
    list_display = ("title", "source", "status", "category", "department", "changed_at", "withdrawn_at")
    list_filter = ("source", "is_stopped", ("withdrawn_at", admin.EmptyFieldListFilter))
    search_fields = ("title", "=remote_id")
    list_select_related = ("source", "status", "category", "department")
    exclude = ("raw",)


@admin.register(Challenge)
class ChallengeAdmin(ReadOnlyAdmin):
    titles = (_("utmaning"), _("utmaningar"))
    list_display = ("title", "source", "category", "withdrawn_at")
    search_fields = ("title",)
    list_select_related = ("source", "category")


@admin.register(Platform)
class PlatformAdmin(ReadOnlyAdmin):
    titles = (_("plattform"), _("plattformar"))
    list_display = ("title", "source", "withdrawn_at")
    search_fields = ("title",)
    list_select_related = ("source",)


@admin.register(Term)
class TermAdmin(ReadOnlyAdmin):
    titles = (_("stadens ord"), _("stadens ord"))
    list_display = ("name", "kind", "slug", "parent", "progress")
    list_filter = ("kind",)
    search_fields = ("name", "slug")
    list_select_related = ("parent",)


@admin.register(SourceTerm)
class SourceTermAdmin(ReadOnlyAdmin):
    titles = (_("källans id för ett ord"), _("källans id för ord"))
    list_display = ("source", "kind", "remote_id", "term", "department")
    list_filter = ("kind",)
    search_fields = ("=remote_id", "term__name", "department__name")
    list_select_related = ("source", "term", "department")


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    titles = (_("kontaktperson"), _("kontaktpersoner"))
    list_display = ("name", "email", "initiative")
    search_fields = ("name", "email", "initiative__title")
    list_select_related = ("initiative",)


@admin.register(Picture)
class PictureAdmin(ReadOnlyAdmin):
    titles = (_("bild"), _("bilder"))
    list_display = ("initiative", "address", "fetched_at", "tries", "error")
    list_filter = (("fetched_at", admin.EmptyFieldListFilter),)
    search_fields = ("initiative__title", "address")
    list_select_related = ("initiative",)


@admin.register(PictureFile)
class PictureFileAdmin(ReadOnlyAdmin):
    titles = (_("bildfil"), _("bildfiler"))
    list_display = ("digest", "picture", "width", "height")
    list_select_related = ("picture",)
    exclude = ("content",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content")


@admin.register(SchoolOffer)
class SchoolOfferAdmin(ReadOnlyAdmin):
    """Written on the editors' pages, which know what it takes."""

    titles = (_("det vi lägger till för skolan"), _("det vi lägger till för skolan"))
    list_display = ("initiative", "takes_classes", "updated_by", "updated_at")
    list_filter = ("takes_classes",)
    search_fields = ("initiative__title",)
    list_select_related = ("initiative", "updated_by")


@admin.register(Partnership)
class PartnershipAdmin(ReadOnlyAdmin):
    """Said on the editors' page of a company."""

    titles = (_("företag som deltar"), _("företag som deltar"))
    list_display = ("company", "initiative", "said_by", "said_at")
    search_fields = ("company__name", "initiative__title")
    list_select_related = ("company", "initiative", "said_by")


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    titles = (_("läsning av källa"), _("läsningar av källor"))
    list_display = (
        "started_at",
        "source",
        "kind",
        "is_complete",
        "seen",
        "created",
        "updated",
        "unchanged",
        "withdrawn",
        "error",
    )
    list_filter = ("source", "kind", "is_complete")
    list_select_related = ("source",)


@admin.register(MoveProposal)
class MoveProposalAdmin(ReadOnlyAdmin):
    titles = (_("förslag om flytt"), _("förslag om flyttar"))
    list_display = ("old", "new", "likeness", "state", "decided_by", "decided_at")
    list_filter = ("state",)
    search_fields = ("old__title", "new__title")
    list_select_related = ("old", "new", "decided_by")
