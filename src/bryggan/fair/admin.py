"""The administrators' view of the fair. Its supply is set up here or imported; what classes make is only read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.admin import AuditedAdmin
from bryggan.common.admin import ReadOnlyAdmin
from bryggan.fair.models import (
    Area,
    Booking,
    Fair,
    FairMessage,
    Itinerary,
    ItineraryChange,
    ItineraryDay,
    Occasion,
    OpeningHours,
    Preparation,
    SeatOffer,
    Session,
    ShareLink,
    Stop,
    Venue,
    WaitingEntry,
    Walk,
)


@admin.register(Fair)
class FairAdmin(AuditedAdmin):
    titles = (_("mässa"), _("mässor"))
    list_display = ("name", "first_on", "last_on", "is_published", "is_demo")
    search_fields = ("name",)


@admin.register(Area)
class AreaAdmin(AuditedAdmin):
    titles = (_("område"), _("områden"))
    list_display = ("name", "fair")
    search_fields = ("name",)
    list_select_related = ("fair",)


@admin.register(Venue)
class VenueAdmin(AuditedAdmin):
    titles = (_("plats"), _("platser"))
    list_display = ("name", "area", "fair", "position_is_approximate")
    search_fields = ("name",)
    list_select_related = (
        "fair",
        "area",
    )


@admin.register(OpeningHours)
class OpeningHoursAdmin(AuditedAdmin):
    titles = (_("öppettid"), _("öppettider"))
    list_display = ("venue", "first_on", "last_on", "weekdays", "opens", "closes")
    list_select_related = ("venue",)


@admin.register(Walk)
class WalkAdmin(AuditedAdmin):
    titles = (_("gångtid"), _("gångtider"))
    list_display = ("start", "end", "means", "minutes")
    list_select_related = (
        "start",
        "end",
    )


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    titles = (_("programpunkt"), _("programpunkter"))
    list_display = ("title", "fair", "kind", "venue", "state", "changed_at")
    search_fields = ("title", "=remote_id")
    list_select_related = (
        "fair",
        "venue",
    )


@admin.register(Occasion)
class OccasionAdmin(ReadOnlyAdmin):
    titles = (_("tillfälle"), _("tillfällen"))
    list_display = ("session", "starts_at", "ends_at", "capacity", "booking_closes_at", "cancelled_at")
    search_fields = ("session__title",)
    list_select_related = ("session",)


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    titles = (_("bokning"), _("bokningar"))
    list_display = ("occasion", "school_class", "seats", "state", "held_until", "end")
    list_select_related = (
        "occasion__session",
        "school_class",
    )


@admin.register(WaitingEntry)
class WaitingEntryAdmin(ReadOnlyAdmin):
    titles = (_("plats i kö"), _("platser i kö"))
    list_display = ("occasion", "school_class", "seats", "state", "joined_at")
    list_select_related = (
        "occasion__session",
        "school_class",
    )


@admin.register(SeatOffer)
class SeatOfferAdmin(ReadOnlyAdmin):
    titles = (_("platserbjudande"), _("platserbjudanden"))
    list_display = ("entry", "offered_at", "expires_at", "state")
    list_select_related = (
        "entry__occasion__session",
        "entry__school_class",
    )


@admin.register(Itinerary)
class ItineraryAdmin(ReadOnlyAdmin):
    titles = (_("program"), _("program"))
    list_display = ("name", "school_class", "fair", "version", "changed_at", "archived_at")
    search_fields = ("name", "school_class__label")
    list_select_related = (
        "school_class",
        "fair",
    )


@admin.register(ItineraryDay)
class ItineraryDayAdmin(ReadOnlyAdmin):
    titles = (_("programdag"), _("programdagar"))
    list_display = ("itinerary", "on", "begins", "ends")
    list_select_related = ("itinerary",)


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    titles = (_("stopp"), _("stopp"))
    list_display = ("itinerary", "kind", "occasion", "starts_at", "ends_at", "removed_at")
    list_select_related = (
        "itinerary",
        "occasion__session",
    )


@admin.register(Preparation)
class PreparationAdmin(ReadOnlyAdmin):
    titles = (_("arbete före eller efter"), _("arbeten före och efter"))
    list_display = ("itinerary", "initiative", "phase")
    list_select_related = (
        "itinerary",
        "initiative",
    )


@admin.register(ItineraryChange)
class ItineraryChangeAdmin(ReadOnlyAdmin):
    titles = (_("ändring av program"), _("ändringar av program"))
    list_display = ("itinerary", "at", "by", "verb", "what", "undone_at")
    list_select_related = (
        "itinerary",
        "by",
    )


@admin.register(ShareLink)
class ShareLinkAdmin(ReadOnlyAdmin):
    titles = (_("delad länk"), _("delade länkar"))
    list_display = ("itinerary", "made_at", "revoked_at")
    list_select_related = ("itinerary",)
    exclude = ("nonce", "token_hash")


@admin.register(FairMessage)
class FairMessageAdmin(ReadOnlyAdmin):
    titles = (_("meddelande till klasser"), _("meddelanden till klasser"))
    list_display = ("subject", "fair", "on", "venue", "sent_at", "recipients")
    search_fields = ("subject",)
    list_select_related = (
        "fair",
        "venue",
    )
