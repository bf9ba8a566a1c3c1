"""The administrators' view of invitations: read only. What class and host write to each other is theirs."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from bryggan.common.admin import ReadOnlyAdmin
from bryggan.invitations.models import (
    ClassWork,
    Interest,
    Invitation,
    InvitationRound,
    VisitFeedback,
    VisitMessage,
)


@admin.register(Interest)
class InterestAdmin(ReadOnlyAdmin):
    titles = (_("intresseanmälan"), _("intresseanmälningar"))
    list_display = ("school_class", "initiative", "session", "phase", "kind", "expressed_at", "withdrawn_at")
    list_filter = ("phase", "kind")
    list_select_related = ("school_class", "initiative", "session")


@admin.register(InvitationRound)
class InvitationRoundAdmin(ReadOnlyAdmin):
    titles = (_("utskick"), _("utskick"))
    list_display = ("title", "department", "company", "state", "sent_at", "answer_by")
    list_filter = ("state",)
    search_fields = ("title",)
    list_select_related = ("department", "company")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    titles = (_("inbjudan"), _("inbjudningar"))
    list_display = ("round", "school_class", "state", "invited_at", "answered_at")
    list_filter = ("state",)
    list_select_related = ("round", "school_class")
    exclude = ("needs",)


@admin.register(VisitMessage)
class VisitMessageAdmin(ReadOnlyAdmin):
    titles = (_("meddelande om besök"), _("meddelanden om besök"))
    list_display = ("invitation", "is_from_host", "by", "at")
    list_select_related = ("invitation__round", "invitation__school_class", "by")
    exclude = ("text",)


@admin.register(VisitFeedback)
class VisitFeedbackAdmin(ReadOnlyAdmin):
    titles = (_("svar efter besök"), _("svar efter besök"))
    list_display = ("booking", "is_from_host", "answer", "at")
    list_select_related = ("booking__occasion__session", "booking__school_class")


@admin.register(ClassWork)
class ClassWorkAdmin(ReadOnlyAdmin):
    titles = (_("arbete i klassen"), _("arbeten i klassen"))
    list_display = ("school_class", "initiative", "ticked_at")
    list_select_related = ("school_class", "initiative")
