"""How classes, times and hosts are said in letters."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bryggan.accounts.models import SchoolClass


def who_they_are(school_class: SchoolClass) -> str:
    """`årskurs 8`, `förskoleklass`, `Teknikprogrammet år 1`."""
    if school_class.programme:
        name = school_class.programme.name
        if school_class.year_of_study:
            return _("%(name)s år %(year)d") % {"name": name, "year": school_class.year_of_study}
        return name
    years = sorted(school_class.school_years)
    if not years:
        return str(school_class.get_school_form_display()).lower()
    if len(years) == 1:
        return _("årskurs %(year)d") % {"year": years[0]}
    return _("årskurs %(first)d–%(last)d") % {"first": years[0], "last": years[-1]}


def people_text(pupils: int, adults: int) -> str:
    """`24 elever och 2 vuxna`."""
    children = ngettext("%(n)d elev", "%(n)d elever", pupils) % {"n": pupils}
    grown = ngettext("%(n)d vuxen", "%(n)d vuxna", adults) % {"n": adults}
    return _("%(children)s och %(grown)s") % {"children": children, "grown": grown}


def time_text(starts_at: datetime, ends_at: datetime | None = None) -> str:
    """`tisdag 1 juni 2027 kl. 10.00–11.00`, by the city's clocks."""
    local = timezone.localtime(starts_at)
    text = _("%(day)s kl. %(clock)s") % {"day": date_format(local, "l j F Y"), "clock": local.strftime("%H.%M")}
    if ends_at:
        text += "–" + timezone.localtime(ends_at).strftime("%H.%M")
    return text
