"""What an import would change, in sentences for a preview."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.fair import telling
from bryggan.fair.imports import values
from bryggan.fair.local_times import local
from bryggan.fair.models import Occasion, Session
from bryggan.fair.supply_changes import MANY


def difference(name: str, before: Any, after: Any) -> str:
    """`Rubrik: förut Bygg, nu Bygg en bro.`; of long texts and lists only that they differ."""
    label = str(getattr(Session._meta.get_field(name), "verbose_name", name))
    label = label[:1].upper() + label[1:]
    shown = [_shown(name, value) for value in (before, after)]
    if any(one is None or len(one) > 60 for one in shown):
        return _("%(what)s ändras.") % {"what": label}
    words = {"what": label, "before": shown[0] or _("inget"), "after": shown[1] or _("inget")}
    return _("%(what)s: förut %(before)s, nu %(after)s.") % words


def _shown(name: str, value: Any) -> str | None:
    if name in MANY or name == "description":
        return None
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    if isinstance(value, list):
        if name == "school_forms":
            return ", ".join(values.FORM_WORDS.get(one, one) for one in value)
        return ", ".join(map(str, value))
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H.%M}"
    words = {"kind": values.KIND_WORDS, "unit": values.UNIT_WORDS}.get(name)
    return words.get(value, str(value)) if words else ("" if value is None else str(value))


def occasion_difference(row: Occasion, changed: Mapping[str, Any], *, cancels: bool) -> str:
    before = telling.when_text(row.starts_at, row.ends_at)
    if cancels:
        return _("Ställs in: %(when)s.") % {"when": before}
    if "starts_at" in changed or "ends_at" in changed:
        after = telling.when_text(changed.get("starts_at", row.starts_at), changed.get("ends_at", row.ends_at))
        return _("Tiden %(before)s blir %(after)s.") % {"before": before, "after": after}
    if "capacity" in changed:
        if changed["capacity"] is None:
            return _("Utan gräns för antalet platser: %(when)s.") % {"when": before}
        return ngettext("%(n)d plats: %(when)s.", "%(n)d platser: %(when)s.", changed["capacity"]) % {
            "n": changed["capacity"],
            "when": before,
        }
    return _("Uppgifter om tiden ändras: %(when)s.") % {"when": before}
