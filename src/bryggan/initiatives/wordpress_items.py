"""Format A's items, one by one: what the innovation database's plugin puts in a project, and what we make of it.

Surprises: `status` is a list of terms or nothing, never WordPress's own word; names of terms are escaped once;
an item written by a script holds raw stored values, `"61"` in place of a term; a linked challenge is dumped
whole, even a draft, so only its id is believed; empty is `null`, `""`, `false` or `[]` as it happens.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bryggan.common import safe_html
from bryggan.initiatives import values
from bryggan.initiatives.models import Term
from bryggan.initiatives.remote import (
    DEPARTMENT,
    RemoteChallenge,
    RemoteInitiative,
    RemotePicture,
    RemotePlatform,
    RemoteTerm,
)

log = logging.getLogger(__name__)

# The source's field or taxonomy → our kind of term. The first eight have an endpoint of their own.
KINDS = {
    "status": Term.Kind.STATUS.value,
    "challenge_category": Term.Kind.CATEGORY.value,
    "technology": Term.Kind.TECHNOLOGY.value,
    "sector": Term.Kind.SECTOR.value,
    "organisation": DEPARTMENT,
    "global_goal": Term.Kind.GOAL.value,
    "partner": Term.Kind.PARTNER.value,
    "focal_point": Term.Kind.FOCAL_POINT.value,
    "participants": DEPARTMENT,
    "operation": Term.Kind.OPERATION.value,
    "operation_domain": Term.Kind.OPERATION_DOMAIN.value,
    "expected_impact": Term.Kind.EXPECTED_IMPACT.value,
    "innovation_potential": Term.Kind.INNOVATION_POTENTIAL.value,
}
ENDPOINTS = tuple(KINDS)[:8]
_CLASSIFICATIONS = (
    "technology",
    "sector",
    "global_goal",
    "partner",
    "operation",
    "operation_domain",
    "expected_impact",
    "innovation_potential",
)
# Smallest width that our own largest copy can be made from.
WIDE_ENOUGH = 960
MOST_PICTURES = 12

Remark = Callable[[str, str], None]


class Broken(Exception):
    """An item that cannot go in. The message says why."""


@dataclass
class Known:
    """What the source shows to everyone, read before the items that refer to it."""

    terms: dict[tuple[str, str], RemoteTerm] = field(default_factory=dict)
    challenges: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()


def id_of(item: object) -> str:
    """The item's id; raises Broken when there is none to use."""
    if not isinstance(item, dict):
        raise Broken(f"not an object but {type(item).__name__}")
    found = values.identity(item.get("id"))
    if not found:
        raise Broken("has no usable id")
    return found


def why_left_out(item: Mapping[str, Any]) -> str:
    """Why the item is not for the public; empty when it is."""
    content = item.get("content")
    if isinstance(content, dict) and content.get("protected"):
        return "password-protected"
    if values.truth(item.get("internal_project")):
        return "internal project"
    return ""


def term(row: Mapping[str, Any], kind: str) -> RemoteTerm | None:
    """A term from its endpoint (`id`) or from inside an item (`term_id`); None without an id or a name."""
    remote_id = values.identity(row.get("term_id", row.get("id")))
    name = values.unescaped_line(row.get("name"))[:200]
    if not remote_id or not name:
        return None
    return RemoteTerm(
        kind=kind,
        remote_id=remote_id,
        name=name,
        description=safe_html.title_text(str(row.get("description") or "")[: values.LONGEST_TITLE]),
        parent=values.identity(row.get("parent")),
        progress=values.progress_of(name, row.get("progress_value")) if kind == Term.Kind.STATUS else None,
    )


def challenge(item: Mapping[str, Any], known: Known) -> RemoteChallenge:
    remote_id = id_of(item)
    content = values.markup(_rendered(item.get("content")))
    found = values.title(item.get("title"), content)
    categories = _terms(item, "challenge_category", known, _no_remark)
    others = [each for name in ("global_goal", "focal_point") for each in _terms(item, name, known, _no_remark)]
    return RemoteChallenge(
        remote_id=remote_id,
        title=found,
        slug=values.own_slug(found),
        preamble=values.plain_text(item.get("preamble")),
        content=content,
        category=categories[0] if categories else None,
        terms=_sorted([*categories[1:], *others]),
    )


def platform(item: Mapping[str, Any]) -> RemotePlatform:
    content = values.markup(_rendered(item.get("content")))
    beginning = values.markup(item.get("get_started_content"))
    if beginning:
        heading = values.text_line(item.get("get_started_heading"))
        content += (safe_html.clean(f"<h3>{heading}</h3>") if heading else "") + beginning
    return RemotePlatform(
        remote_id=id_of(item),
        title=values.title(item.get("title"), content),
        preamble=values.plain_text(item.get("preamble")) or _excerpt(item),
        content=content,
        features=tuple(
            {
                "title": values.text_line(row.get("title")),
                "category": values.text_line(row.get("category")),
                "content": values.plain_text(row.get("content")),
            }
            for row in values.rows(item.get("platform_features"))
        ),
        links=values.links(item.get("links")),
    )


def initiative(
    item: Mapping[str, Any], known: Known, media: Mapping[str, RemotePicture], remark: Remark
) -> RemoteInitiative:
    """One project. `media` holds the featured pictures by their media id."""
    remote_id = id_of(item)

    def remarks(what: str, found: object) -> None:
        remark(remote_id, f"{what} holds {str(found)[:60]!r}, taken as empty")

    what = values.markup(item.get("project_what"))
    other = values.markup(_rendered(item.get("content")))
    title = values.title(item.get("title"), what or other)
    statuses = _terms(item, "status", known, remarks)
    status = statuses[0] if statuses else None
    progress = status.progress if status else None
    is_stopped = progress == values.STOPPED
    if is_stopped:
        progress = _progress_before_stop(item, known)
    categories = _terms(item, "challenge_category", known, remarks)
    owners = _terms(item, "organisation", known, remarks)
    terms = [each for name in _CLASSIFICATIONS for each in _terms(item, name, known, remarks)]
    links, video = _links_and_video(item)
    budget_text = values.text_line(item.get("estimated_budget"))[:200]
    return RemoteInitiative(
        remote_id=remote_id,
        title=title,
        slug=values.own_slug(title),
        summary=values.summary_of(what or other),
        language=values.language_of(safe_html.text_of(what + other)),
        what_html=what,
        why_html=values.markup(item.get("project_why")),
        how_html=values.markup(item.get("project_how")),
        lessons_html=values.markup(item.get("project_lessons_learned")),
        other_html=other,
        status=status,
        progress=progress,
        is_stopped=is_stopped,
        status_explanation=values.plain_text(item.get("project_status_description")),
        category=categories[0] if categories else None,
        terms=_sorted([*categories[1:], *terms]),
        department=owners[0] if owners else None,
        participants=_sorted(_terms(item, "participants", known, remarks)),
        challenge=_challenge(item.get("challenge"), known),
        platforms=_platforms(item.get("platforms"), known),
        impact_goals=_impact_goals(item.get("impact_goals")),
        resident_involvement=tuple(
            text
            for row in values.rows(item.get("resident_involvement"))
            if (text := values.plain_text(row.get("description")))
        ),
        links=links,
        files=_files(item.get("files")),
        video_url=video,
        place=_place(item.get("map")),
        budget_text=budget_text,
        budget=values.kronor(budget_text),
        funds={
            name: found
            for name, key in (("granted", "funds_granted"), ("used", "funds_used"))
            if (found := _funds(item.get(key)))
        },
        is_city_wide=values.truth(item.get("city_wide_initiative")),
        challenges_core_business=values.truth(item.get("challenging_the_core_business")),
        source_created_at=values.moment(item.get("date_gmt"), item.get("date")),
        source_modified_at=values.moment(item.get("modified_gmt"), item.get("modified")),
        contacts=values.contacts(
            (row.get("name"), row.get("email") or row.get("mail")) for row in values.rows(item.get("contacts"))
        ),
        pictures=_pictures(item, media),
        raw=_raw(item),
    )


def picture_of_media(item: object) -> RemotePicture | None:
    """A featured picture from `/media`; None for an error, another kind of file, or the API's own root.

    WordPress puts an error object in a hidden picture's place, and its whole route index in a deleted one's.
    """
    if not isinstance(item, dict) or item.get("media_type") != "image":
        return None
    details = item.get("media_details")
    details = details if isinstance(details, dict) else {}
    sizes = details.get("sizes")
    choices = [(size.get("width"), size.get("source_url")) for size in _objects(sizes)]
    address = _fitting(choices, (details.get("width"), item.get("source_url")))
    if not address:
        return None
    caption = _rendered(item.get("caption"))
    return RemotePicture(
        address=address,
        alt=values.unescaped_line(item.get("alt_text"))[:500],
        caption=safe_html.line(safe_html.text_of(caption))[:1000],
        version=values.text_line(item.get("modified_gmt"))[:40],
    )


def _no_remark(_what: str, _found: object) -> None:
    pass


def _rendered(value: object) -> str:
    found = value.get("rendered") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _excerpt(item: Mapping[str, Any]) -> str:
    return safe_html.text_of(values.markup(_rendered(item.get("excerpt"))))


def _terms(
    item: Mapping[str, Any], name: str, known: Known, remark: Callable[[str, object], None]
) -> list[RemoteTerm]:
    """The terms of one field: by the vocabulary where it knows the id, else as the item itself tells."""
    kind, found = KINDS[name], item.get(name)
    terms: dict[str, RemoteTerm] = {}
    for each in found if isinstance(found, list) else [found]:
        remote_id = values.identity(each)
        here = known.terms.get((kind, remote_id)) if remote_id else None
        if isinstance(each, dict):
            told = term(each, kind)
            here = known.terms.get((kind, told.remote_id), told) if told else None
        if here:
            terms[here.remote_id] = here
        elif each not in (None, False, "", "0", 0):
            remark(name, each)
    return list(terms.values())


def _sorted(terms: list[RemoteTerm]) -> tuple[RemoteTerm, ...]:
    return tuple(sorted(terms, key=lambda each: (each.kind, each.remote_id)))


def _progress_before_stop(item: Mapping[str, Any], known: Known) -> int | None:
    progress = values.whole_number(item.get("previous_status_progress_value"))
    if progress is None:
        previous = known.terms.get((Term.Kind.STATUS.value, values.identity(item.get("previous_status"))))
        progress = previous.progress if previous else None
    return min(progress, 100) if progress is not None and progress >= 0 else None


def _challenge(found: object, known: Known) -> str:
    """The linked challenge's id, only when the source's own list shows it: drafts are dumped here too."""
    remote_id = values.identity(found.get("ID") if isinstance(found, dict) else found)
    return remote_id if remote_id in known.challenges else ""


def _platforms(found: object, known: Known) -> tuple[str, ...]:
    ids = {values.identity(each) for each in (found if isinstance(found, list) else [found])}
    return tuple(sorted(ids & known.platforms))


def _impact_goals(found: object) -> tuple[dict[str, Any], ...]:
    goals = [
        {
            "goal": values.plain_text(row.get("impact_goal")),
            "comment": values.plain_text(row.get("impact_goal_comment")),
            "completed": bool(values.truth(row.get("impact_goal_completed"))),
        }
        for row in values.rows(found)
    ]
    return tuple(goal for goal in goals if goal["goal"] or goal["comment"])


def _links_and_video(item: Mapping[str, Any]) -> tuple[tuple[dict[str, str], ...], str]:
    """The links and the first video's address; what stands in an address field and is none becomes a link's text."""
    links, video = values.links(item.get("links")), ""
    found = item.get("video")
    for row in values.rows(found) or ([{"url": found}] if isinstance(found, str) else []):
        address = values.web_link(row.get("url"))
        if address.startswith("http") and not video:
            video = address
        else:
            links += values.links(row)
    return links, video


def _files(found: object) -> tuple[dict[str, Any], ...]:
    files = []
    for row in values.rows(found):
        file = row.get("file")
        if isinstance(file, dict) and (address := values.web_link(file.get("url"))):
            title = values.text_line(row.get("title")) or values.unescaped_line(file.get("title"))
            size = values.whole_number(file.get("filesize"))
            mime_type = values.text_line(file.get("mime_type"))
            files.append({"title": title or address, "url": address, "mime_type": mime_type, "bytes": size})
    return tuple(files)


def _place(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        return {}
    place = {
        "address": values.unescaped_line(found.get("address")),
        "latitude": values.degrees(found.get("lat"), 90),
        "longitude": values.degrees(found.get("lng"), 180),
    }
    return place if place["address"] or place["latitude"] is not None else {}


def _funds(found: object) -> list[dict[str, str]]:
    rows = [
        {
            "amount": values.kronor(row.get("amount")) or values.text_line(row.get("amount")),
            "date": values.text_line(row.get("date")),
            "comment": values.text_line(row.get("comment")),
        }
        for row in values.rows(found)
    ]
    return [row for row in rows if any(row.values())]


def _pictures(item: Mapping[str, Any], media: Mapping[str, RemotePicture]) -> tuple[RemotePicture, ...]:
    """The featured picture and then the gallery, each once."""
    featured = values.identity(item.get("featured_media"))
    found = [media[featured]] if featured in media else []
    for row in values.rows(item.get("gallery")):
        sizes = row.get("sizes")
        sizes = sizes if isinstance(sizes, dict) else {}
        choices = [
            (sizes.get(f"{name}-width"), address) for name, address in sizes.items() if isinstance(address, str)
        ]
        address = _fitting(choices, (row.get("width"), row.get("url")))
        if address and address not in {each.address for each in found}:
            found.append(
                RemotePicture(
                    address=address,
                    alt=values.unescaped_line(row.get("alt"))[:500],
                    caption=safe_html.title_text(str(row.get("caption") or "")[: values.LONGEST_TITLE])[:1000],
                    version=values.text_line(row.get("modified"))[:40],
                )
            )
    return tuple(found[:MOST_PICTURES])


def _objects(found: object) -> list[dict[str, Any]]:
    return [each for each in found.values() if isinstance(each, dict)] if isinstance(found, dict) else []


def _fitting(choices: Sequence[tuple[object, object]], original: tuple[object, object]) -> str:
    """The address of the smallest size that is wide enough for our copies, else of the largest there is."""
    usable = sorted(
        (values.whole_number(width) or 0, address)
        for width, found in [*choices, original]
        if (address := values.web_link(found)).startswith("http")
    )
    if not usable:
        return ""
    return next((address for width, address in usable if width >= WIDE_ENOUGH), usable[-1][1])


def _raw(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item as it came, less persons; of a linked challenge only the id, since drafts are dumped there."""
    kept = dict(item)
    if isinstance(kept.get("challenge"), dict):
        kept["challenge"] = {"ID": kept["challenge"].get("ID")}
    cleaned: dict[str, Any] = values.without_persons(kept)
    return cleaned
