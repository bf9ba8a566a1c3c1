"""Single values as sources write them, turned into ours. Anything may come: each answers something usable."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import slugify

from bryggan.common import safe_html
from bryggan.common.fetching import BadAddress, web_address
from bryggan.initiatives.remote import RemoteContact

CITY_TIME = ZoneInfo("Europe/Stockholm")
UNTITLED = "Utan rubrik"
# Longer than anything that a person has written, and short enough to be worked on.
LONGEST_TEXT = 300_000
LONGEST_TITLE = 5_000
STOPPED = -1
# What the city's statuses mean when a source gives no number: names in lower case.
_PROGRESS_BY_NAME = {"idé": 25, "ide": 25, "pilot": 50, "skala upp": 75, "realiserad": 100, "avbruten": STOPPED}

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:[.,]\d{3})+(?![\d.,])")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\s\"”»)]*\s+(?=[A-ZÅÄÖ\d\"”»–])")
_WORD = re.compile(r"[a-zåäö]+")
_ENGLISH = frozenset(
    _WORD.findall("the and of to is in that for with are on this by from we our as an be has have which")
)
_SWEDISH = frozenset(
    _WORD.findall("och att det som en är på för med av till den i ett har vi de kan om inte eller från")
)


def text_line(value: object) -> str:
    """One line of plain text; empty for what is no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return safe_html.line(str(value))


def unescaped_line(value: object) -> str:
    """A name that the source escaped once, as one line of plain text."""
    return safe_html.line(html.unescape(value)) if isinstance(value, str) else text_line(value)


def plain_text(value: object) -> str:
    """Plain text of several lines, as typed; empty for what is no text."""
    return safe_html.normal(value[:LONGEST_TEXT]).strip() if isinstance(value, str) else ""


def markup(value: object) -> str:
    """Cleaned HTML; plain text without a tag becomes paragraphs."""
    if not isinstance(value, str) or not value.strip():
        return ""
    value = value[:LONGEST_TEXT]
    if "<" not in value:
        parts = re.split(r"\r?\n\s*\r?\n", value.strip())
        value = "".join(f"<p>{part}</p>" for part in parts).replace("\n", "<br>")
    return safe_html.clean(value)


def title(value: object, fallback_html: str = "") -> str:
    """A title, at most 500 characters; without one the first words of the text, or a word that says so."""
    rendered = value.get("rendered") if isinstance(value, dict) else value
    found = safe_html.title_text(rendered[:LONGEST_TITLE]) if isinstance(rendered, str) else ""
    if not found and fallback_html:
        found = _shortened(safe_html.text_of(fallback_html).partition("\n")[0], 80)
    return (found or UNTITLED)[:500]


def own_slug(text: str) -> str:
    return slugify(text)[:100].strip("-_")


def summary_of(markup: str, longest: int = 220) -> str:
    """The first whole sentences of cleaned HTML that fit; a long first sentence is cut at a word."""
    text = safe_html.text_of(markup).replace("\n", " ")
    taken = ""
    for sentence in _SENTENCE_END.split(text):
        longer = f"{taken} {sentence}".strip()
        if len(longer) > longest:
            break
        taken = longer
    return taken or _shortened(text, longest)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return text[: longest - 1].rpartition(" ")[0].rstrip(" ,.;:–-") + "…" if " " in text[:longest] else text[:longest]


def language_of(text: str) -> str:
    """`sv` or `en`, by the small words; Swedish when in doubt."""
    words = _WORD.findall(text.lower())
    english = sum(word in _ENGLISH for word in words)
    swedish = sum(word in _SWEDISH for word in words)
    return "en" if english >= 3 and english > 2 * swedish else "sv"


def kronor(value: object) -> str:
    """An amount with two decimals, as text: `1 500 000 kr` is `1500000.00`. Empty when no number can be read.

    Spaces of every kind and the currency are taken away; a comma or a point is a decimal sign, unless it
    parts groups of three figures.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = re.sub(r"\s+|kr(?:onor)?\.?|sek|:-", "", safe_html.normal(str(value)).lower())
    if _THOUSANDS.fullmatch(text):
        text = re.sub("[.,]", "", text)
    if not _NUMBER.fullmatch(text):
        return ""
    try:
        amount = Decimal(text.replace(",", ".")).quantize(Decimal("0.01"))
    except InvalidOperation:
        return ""
    # The column holds twelve figures before the decimal sign.
    return str(amount) if 0 <= amount < 10**12 else ""


def whole_number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,9}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**9:
        return int(value)
    return value if isinstance(value, int) and abs(value) < 10**9 else None


def identity(value: object) -> str:
    """A positive whole number as text, `161` for 161 and "161"; empty for what is no such id."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if 0 < value < 10**18 else ""
    if isinstance(value, str) and re.fullmatch(r"[1-9]\d{0,17}", value.strip()):
        return value.strip()
    return ""


def degrees(value: object, limit: float) -> float | None:
    """A latitude or longitude, perhaps written as text; None outside ±`limit`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) <= limit else None


def truth(value: object) -> bool | None:
    """True or False, also when written as "1" or "0"; None when never said."""
    if isinstance(value, bool):
        return value
    if value in (1, "1", "true"):
        return True
    if value in (0, "0", "false"):
        return False
    return None


def progress_of(name: str, number: object) -> int | None:
    """0 to 100, or STOPPED; by the name when there is no number; None when neither tells."""
    found = whole_number(number)
    if found is None:
        return _PROGRESS_BY_NAME.get(name.casefold())
    return STOPPED if found < 0 else min(found, 100)


def is_stopped_name(name: str) -> bool:
    return _PROGRESS_BY_NAME.get(name.casefold()) == STOPPED


def moment(universal: object, local: object = None) -> datetime | None:
    """A moment from a UTC time written without `Z`, else from the city's local time; None when neither is one."""
    for value, zone in ((universal, UTC), (local, CITY_TIME)):
        if not isinstance(value, str) or value.startswith("0000"):
            continue
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            continue
        if 1900 <= found.year <= 9990:
            return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    return None


def rows(value: object) -> list[dict[str, Any]]:
    """The objects of a list; one object alone counts as a list of one, anything else as none."""
    if isinstance(value, dict):
        return [value]
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def web_link(value: object) -> str:
    """An http, https or mailto address that may stand in a page; empty for anything else."""
    if not isinstance(value, str):
        return ""
    text = safe_html.normal(value).strip()
    if text.lower().startswith("mailto:"):
        return text[:500] if _is_email(text[7:].partition("?")[0]) else ""
    if text.lower().startswith("www.") and " " not in text.partition("/")[0]:
        text = f"https://{text}"
    try:
        found = web_address(text)
        fragment = urlsplit(text).fragment
    except (BadAddress, ValueError):
        return ""
    if fragment:
        found += "#" + quote(fragment, safe="/%:@!$&'()*+,;=~-._?")
    return found if len(found) <= 500 else ""


def links(value: object) -> tuple[dict[str, str], ...]:
    """[{title, url}]: what is no address stays as text, without one."""
    found = []
    for row in rows(value):
        words, address = text_line(row.get("title")), row.get("url")
        url = web_link(address)
        if not words and not url and isinstance(address, str) and ":" not in address:
            words = text_line(address)
        if words or url:
            found.append({"title": words or url, "url": url})
    return tuple(found)


def contacts(people: Iterable[tuple[object, object]]) -> tuple[RemoteContact, ...]:
    """Names and addresses as the source has them, each once; an address that is none is left empty."""
    found: dict[RemoteContact, None] = {}
    for name, email in people:
        address = text_line(email).lower()
        contact = RemoteContact(unescaped_line(name)[:200], address if _is_email(address) else "")
        if contact.name or contact.email:
            found[contact] = None
    return tuple(found)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


# Keys under which a source keeps persons, and the texts of what is not published.
_PERSONAL = re.compile(r"mail|author|contact|employee|gravatar|password|avatar", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@lru_cache(maxsize=2000)
def _is_personal(key: str) -> bool:
    return key in ("_links", "_embedded") or _PERSONAL.search(key) is not None


def without_persons(value: Any) -> Any:
    """`value` less every key that names persons or web links of the source's own, and storable as JSON."""
    if isinstance(value, dict):
        return {without_persons(key): without_persons(inner) for key, inner in value.items() if not _is_personal(key)}
    if isinstance(value, list):
        return [without_persons(each) for each in value]
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    return value
