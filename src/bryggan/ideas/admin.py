"""The administrators' view of ideas: read only, and never what a pupil wrote before a teacher approved it."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from bryggan.common.admin import ReadOnlyAdmin
from bryggan.ideas.models import Idea, IdeaRound, Phone, Proposal, Vote


@admin.register(IdeaRound)
class IdeaRoundAdmin(ReadOnlyAdmin):
    titles = (_("idérunda"), _("idérundor"))
    list_display = ("question", "school_class", "mode", "opened_at", "closed_at", "forget_at", "forgotten_at")
    list_filter = ("mode",)
    list_select_related = ("school_class",)
    exclude = ("code",)


@admin.register(Idea)
class IdeaAdmin(ReadOnlyAdmin):
    titles = (_("idé"), _("idéer"))
    list_display = ("pk", "round", "state", "votes", "written_at")
    list_filter = ("state",)
    list_select_related = ("round",)
    fields = ("round", "state", "votes", "written_at", "decided_at")


@admin.register(Phone)
class PhoneAdmin(ReadOnlyAdmin):
    titles = (_("telefon i en idérunda"), _("telefoner i idérundor"))
    list_display = ("pk", "round", "joined_at")
    list_select_related = ("round",)
    exclude = ("key_hash",)


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    titles = (_("röst"), _("röster"))
    list_display = ("pk", "idea")
    list_select_related = ("idea",)
    exclude = ("phone",)


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    titles = (_("förslag till staden"), _("förslag till staden"))
    list_display = ("text", "state", "sent_at", "answer_due_on", "answered_at")
    list_filter = ("state",)
