"""Single values as people and calendars write them, turned into ours. What cannot be understood raises BadValue."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from bryggan.common import safe_html
from bryggan.common.fetching import BadAddress, web_address
from bryggan.curriculum.models import SchoolForm
from bryggan.fair.imports.remote import BadValue
from bryggan.fair.models import Session, State

LONGEST_TEXT = 20_000
MOST_SEATS = 100_000
MOST_MINUTES = 24 * 60
# How long a class stays at open hours when nobody says.
USUAL_STAY = 45

_FORMS: Mapping[str, str] = {
    "förskola": SchoolForm.PRESCHOOL,
    "förskoleklass": SchoolForm.PRESCHOOL_CLASS,
    "f-klass": SchoolForm.PRESCHOOL_CLASS,
    "grundskola": SchoolForm.COMPULSORY,
    "anpassad grundskola": SchoolForm.ADAPTED_COMPULSORY,
    "gymnasieskola": SchoolForm.UPPER_SECONDARY,
    "gymnasiet": SchoolForm.UPPER_SECONDARY,
    "gymnasium": SchoolForm.UPPER_SECONDARY,
    **{form.value.casefold(): form.value for form in SchoolForm},
}
FORM_WORDS: Mapping[str, str] = {
    SchoolForm.PRESCHOOL: "förskola",
    SchoolForm.PRESCHOOL_CLASS: "förskoleklass",
    SchoolForm.COMPULSORY: "grundskola",
    SchoolForm.ADAPTED_COMPULSORY: "anpassad grundskola",
    SchoolForm.UPPER_SECONDARY: "gymnasieskola",
}
_KINDS = {
    "fast": Session.Kind.FIXED,
    "fasta tider": Session.Kind.FIXED,
    "fixed": Session.Kind.FIXED,
    "öppet": Session.Kind.OPEN,
    "öppen": Session.Kind.OPEN,
    "open": Session.Kind.OPEN,
}
KIND_WORDS = {Session.Kind.FIXED.value: "fasta tider", Session.Kind.OPEN.value: "öppet"}
_UNITS = {
    "person": Session.Unit.PEOPLE,
    "personer": Session.Unit.PEOPLE,
    "people": Session.Unit.PEOPLE,
    "grupp": Session.Unit.GROUPS,
    "grupper": Session.Unit.GROUPS,
    "klasser": Session.Unit.GROUPS,
    "groups": Session.Unit.GROUPS,
}
UNIT_WORDS = {Session.Unit.PEOPLE.value: "personer", Session.Unit.GROUPS.value: "grupper"}
_STATES = {
    "utkast": State.DRAFT,
    "publicerad": State.PUBLISHED,
    "ändrad": State.CHANGED,
    "inställd": State.CANCELLED,
    "inställt": State.CANCELLED,
    "ges": State.PUBLISHED,
}
STATE_WORDS = {
    State.DRAFT.value: "utkast",
    State.PUBLISHED.value: "publicerad",
    State.CHANGED.value: "ändrad",
    State.CANCELLED.value: "inställd",
}
_YES_NO = {"ja": True, "j": True, "x": True, "1": True, "true": True, "sant": True, "yes": True} | {
    "nej": False,
    "n": False,
    "0": False,
    "false": False,
    "falskt": False,
    "no": False,
}
_LANGUAGES = {
    "svenska": "sv",
    "engelska": "en",
    "danska": "da",
    "arabiska": "ar",
    "teckenspråk": "swl",
    "svenskt teckenspråk": "swl",
    "somaliska": "so",
    "dari": "prs",
    "ukrainska": "uk",
    "polska": "pl",
    "tyska": "de",
    "franska": "fr",
    "spanska": "es",
    "finska": "fi",
    "persiska": "fa",
}
LANGUAGE_WORDS = {code: name for name, code in reversed(_LANGUAGES.items())}
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_CLOCK = re.compile(r"(?:kl\.?\s*)?(\d{1,2})(?:[.:](\d{2}))?(?:[.:](\d{2}))?")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]0{1,2}[:.]00(?:[:.]00)?)?")
_SHORT_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[ /.-]+(\d{4})")
_SPAN = re.compile(r"(f|\d)\s*(?:[-–—]|till)\s*(\d)")
_SEPARATORS = re.compile(r"[;,\n|]|\boch\b|\bsamt\b|&")


def text(value: object) -> str:
    """Plain text of several lines; a whole number without its decimal sign, as people wrote it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "\n".join(" ".join(line.split()) for line in safe_html.normal(str(value)).strip().split("\n"))


def line(longest: int) -> Callable[[object], str]:
    """One line of at most `longest` characters."""

    def parse(value: object) -> str:
        found = safe_html.line(text(value))
        if len(found) > longest:
            raise BadValue(_("Texten är längre än %(longest)d tecken.") % {"longest": longest})
        return found

    return parse


def long_text(value: object) -> str:
    found = text(value)
    if len(found) > LONGEST_TEXT:
        raise BadValue(_("Texten är längre än %(longest)d tecken.") % {"longest": LONGEST_TEXT})
    return found


def number(least: int, most: int) -> Callable[[object], int]:
    """A whole number between two others, both allowed."""

    def parse(value: object) -> int:
        found: float | None = None
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = value
        elif isinstance(value, str):
            bare = re.sub(r"[\s\u00a0]|kr(?:onor)?\.?$|st\.?$|min(?:uter)?\.?$", "", value.casefold())
            if re.fullmatch(r"-?\d{1,9}(?:[.,]0+)?", bare):
                found = float(bare.replace(",", "."))
        if found is None or found != int(found):
            raise BadValue(_("Skriv ett heltal, till exempel %(example)d.") % {"example": max(least, min(most, 20))})
        if not least <= found <= most:
            raise BadValue(_("Talet ska vara mellan %(least)d och %(most)d.") % {"least": least, "most": most})
        return int(found)

    return parse


def degrees(limit: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            if isinstance(value, bool):
                raise ValueError
            found = float(str(value).strip().replace(",", "."))
        except ValueError as error:
            raise BadValue(_("Skriv grader med decimaler, till exempel 56,0437.")) from error
        if not abs(found) <= limit:
            raise BadValue(_("Ligger utanför jordklotet: högst %(limit)d grader.") % {"limit": limit})
        return found

    return parse


def yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return _one_of(_YES_NO, _("Skriv ja eller nej."))(value)


def kind(value: object) -> str:
    return str(_one_of(_KINDS, _("Skriv fasta tider eller öppet."))(value))


def unit(value: object) -> str:
    return str(_one_of(_UNITS, _("Skriv personer eller grupper."))(value))


def state(value: object) -> str:
    return str(_one_of(_STATES, _("Skriv utkast, publicerad eller inställd."))(value))


def parts(value: object) -> tuple[str, ...]:
    """The things in a cell, each once: between commas, semicolons or lines."""
    found = (safe_html.line(part) for part in re.split(r"[;,\n|]", text(value)))
    return tuple(dict.fromkeys(part for part in found if part))


def school_forms(value: object) -> list[str]:
    found = []
    for part in parts(value):
        form = _FORMS.get(part.casefold())
        if form is None:
            raise BadValue(
                _("Skolformen ”%(form)s” finns inte. Skriv till exempel förskola, grundskola eller gymnasieskola.")
                % {"form": part[:60]}
            )
        found.append(str(form))
    return list(dict.fromkeys(found))


def years(value: object) -> tuple[list[int], bool]:
    """School years, ascending, and whether preschool class is meant too: `F-3` is `([1, 2, 3], True)`."""
    found: set[int] = set()
    with_preschool_class = False
    if isinstance(value, date | datetime):
        # What spreadsheets make of "1-3" when nobody looks.
        raise BadValue(_("Cellen har blivit ett datum. Gör om den till text och skriv till exempel 1-3."))
    bare = re.sub(r"\b(?:åk|årskurs|årskurserna|år|klass)\b\.?", " ", text(value).casefold())
    for part in _SEPARATORS.split(bare):
        words = part.strip()
        if not words:
            continue
        span = _SPAN.fullmatch(words)
        first, last = (span[1], span[2]) if span else (words, words)
        if not re.fullmatch(r"f|[0-9]", first) or not re.fullmatch(r"f|[0-9]", last):
            raise BadValue(_("Skriv årskurser som F-3, 7-9 eller 4, 5."))
        low, high = (0 if end == "f" else int(end) for end in (first, last))
        if low > high:
            raise BadValue(_("Årskurserna står i fel ordning: %(years)s.") % {"years": words})
        with_preschool_class = with_preschool_class or low == 0
        found |= set(range(max(low, 1), high + 1))
    return sorted(found), with_preschool_class


def languages(value: object) -> list[str]:
    found = []
    for part in parts(value):
        code = _LANGUAGES.get(part.casefold(), part.casefold().partition("-")[0])
        if not _LANGUAGE.fullmatch(code):
            raise BadValue(
                _("Språket ”%(language)s” känns inte igen. Skriv till exempel svenska eller en.")
                % {"language": part[:60]}
            )
        found.append(code)
    return list(dict.fromkeys(found))


def link(value: object) -> str:
    try:
        found = web_address(text(value))
    except BadAddress as error:
        raise BadValue(_("Skriv en webbadress som börjar med https://")) from error
    if len(found) > 500:
        raise BadValue(_("Adressen är längre än %(longest)d tecken.") % {"longest": 500})
    return found


def day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    written = text(value)
    try:
        if iso := _ISO_DAY.fullmatch(written):
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if short := _SHORT_DAY.fullmatch(written):
            return date(int(short[3]), int(short[2]), int(short[1]))
    except ValueError as error:
        raise BadValue(_("Dagen %(day)s finns inte.") % {"day": written[:40]}) from error
    raise BadValue(_("Skriv datum som 2027-06-01."))


def clock(value: object) -> time:
    if isinstance(value, datetime):
        return value.time().replace(microsecond=0)
    if isinstance(value, time):
        return value.replace(microsecond=0, tzinfo=None)
    if isinstance(value, timedelta):
        value = value.total_seconds() / 86400
    if isinstance(value, float) and 0 <= value < 1:
        minutes = round(value * 24 * 60)
        return time(minutes // 60 % 24, minutes % 60)
    found = _CLOCK.fullmatch(text(value).casefold())
    try:
        if found:
            return time(int(found[1]), int(found[2] or 0), int(found[3] or 0))
    except ValueError as error:
        raise BadValue(_("Klockslaget %(clock)s finns inte.") % {"clock": text(value)[:20]}) from error
    raise BadValue(_("Skriv klockslag som 9.30."))


def moment_parts(value: object) -> tuple[date, time]:
    """A day and a clock in one cell, `2027-04-01 8.00`; midnight when there is only a day."""
    if isinstance(value, datetime):
        return value.date(), value.time().replace(microsecond=0)
    if isinstance(value, date):
        return value, time()
    written = text(value).replace("T", " ")
    first, _space, rest = written.partition(" ")
    return day(first), clock(rest) if rest.strip() else time()


def theme(value: object) -> str:
    """A word or two, as in addresses."""
    return slugify(text(value))[:60].strip("-_")


def years_text(school_years: list[int], *, with_preschool_class: bool) -> str:
    """`F-3`, `1-3, 5`: what `years` reads back."""
    numbers = ([0] if with_preschool_class else []) + sorted(set(school_years))
    spans: list[list[int]] = []
    for one in numbers:
        if spans and spans[-1][1] == one - 1:
            spans[-1][1] = one
        else:
            spans.append([one, one])

    def name(one: int) -> str:
        return "F" if one == 0 else str(one)

    return ", ".join(name(low) if low == high else f"{name(low)}-{name(high)}" for low, high in spans)


def _one_of(words: Mapping[str, Any], message: str) -> Callable[[object], Any]:
    def parse(value: object) -> Any:
        found = words.get(text(value).casefold().rstrip("."))
        if found is None:
            raise BadValue(message)
        return found

    return parse
