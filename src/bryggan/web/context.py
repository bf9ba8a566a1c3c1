"""What every page needs besides its own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from bryggan.accounts.models import Notice, User
from bryggan.common.models import DataVersion
from bryggan.common.statements import Statement
from bryggan.curriculum.models import CoreContent
from bryggan.invitations.permissions import may_use_desk

_SECTIONS = {
    "utforska": "explore",
    "initiativ": "explore",
    "forslag": "suggestions",
    "massan": "fair",
    "klasser": "classes",
    "konto": "account",
    "notiser": "notices",
    "sokningar": "account",
    "program": "itineraries",
    "idrundor": "idea_rounds",
    "redaktion": "editors",
    "forvaltning": "desk",
    "insikter": "insights",
}
_extract: dict[int, bool] = {}
_CURRICULUM = Statement(lambda: DataVersion.objects.filter(name="curriculum").values_list("number", flat=True))
_UNREAD = Statement(
    lambda user: (
        Notice.objects.filter(user=user, read_at=None)
        .order_by()
        .values_list("user")
        .annotate(number=Count("pk"))
        .values_list("number", flat=True)
    )
)


def page(request: HttpRequest) -> dict[str, Any]:
    """`page.at`: which part of the service; `page.demo`; `page.has_extract`: own-worded curriculum is in use."""
    section = "notiser" if request.path == "/konto/notiser" else request.path.split("/")[1] if request.path else ""
    return {
        "page": {
            "at": _SECTIONS.get(section, section),
            "demo": settings.DEMO,
            "has_extract": SimpleLazyObject(_has_extract),
            "base_url": settings.BASE_URL,
            "unread": SimpleLazyObject(lambda: _unread(request)),
            "has_desk": SimpleLazyObject(lambda: _has_desk(request)),
        }
    }


def _unread(request: HttpRequest) -> int:
    """How many notices the person has not read. One statement, for signed-in people only."""
    return next(iter(_UNREAD(request.user.pk)), 0) if request.user.pk else 0


def _has_desk(request: HttpRequest) -> bool:
    """True for those with a coordinator's desk. One statement, none for editors, who see every host's."""
    user = request.user
    return isinstance(user, User) and may_use_desk(user)


def _has_extract() -> bool:
    """True while teachers see our own-worded compulsory school content. Asked once per curriculum and process."""
    number = next(iter(_CURRICULUM()), 0)
    if number not in _extract:
        _extract.clear()
        _extract[number] = CoreContent.objects.current().filter(is_extract=True, first_year__isnull=False).exists()
    return _extract[number]
