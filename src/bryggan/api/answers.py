"""Shapes of the open data, and how rows become them. No contacts of persons anywhere."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from bryggan.alignment.index import Point
from bryggan.alignment.listing import Listed
from bryggan.curriculum.models import CoreContent, Subject
from bryggan.initiatives.models import Initiative, Term


def point(content: CoreContent) -> dict[str, Any]:
    """A point of central content; an ended one also says so and names its successors (asked for singly)."""
    return {
        "id": content.key,
        "curriculum": content.subject.curriculum,
        "school_form": content.subject.school_form,
        "subject": content.subject.code,
        "years": content.years,
        "level": content.course.code if content.course else None,
        "heading": content.heading or None,
        "text": content.text,
    }


def ended_point(content: CoreContent) -> dict[str, Any]:
    """A point asked for by its id, which stays valid when the curriculum moves on."""
    return {
        **point(content),
        "ended": content.ended_at.date().isoformat() if content.ended_at else None,
        "successors": list(content.successors.values_list("key", flat=True)) if content.ended_at else [],
        "is_extract": content.is_extract,
    }


def indexed_point(point: Point) -> dict[str, Any]:
    """A point as the index holds it."""
    cell = point.cell
    return {
        "id": point.key,
        "curriculum": point.curriculum,
        "school_form": cell.school_form,
        "subject": cell.subject,
        "years": cell.years,
        "level": cell.course or None,
        "heading": point.heading or None,
        "text": point.text,
    }


def hit(row: Listed) -> dict[str, Any]:
    """One initiative in a list; `match` tells which of the points asked about it serves best, and why."""
    return {
        "id": row.pk,
        "source_id": row.source_id,
        "title": row.title,
        "summary": row.summary,
        "url": settings.BASE_URL + row.address,
        "status": row.status,
        "category": row.category,
        "department": row.department,
        "takes_classes": row.takes_classes,
        "match": {"core_content": [indexed_point(point) for point in row.points[:3]], "reason": row.reason},
    }


def whole(initiative: Initiative, takes_classes: bool) -> dict[str, Any]:
    """Everything public about an initiative itself; its links to the curriculum are added by the caller."""
    terms: dict[str, list[str]] = {}
    for term in initiative.terms.all():
        terms.setdefault(term.kind, []).append(term.name)
    offer = getattr(initiative, "school_offer", None)
    return {
        "id": initiative.pk,
        "source": initiative.source.name,
        "source_id": initiative.remote_id,
        "title": initiative.title,
        "summary": initiative.summary,
        "language": initiative.language,
        "url": settings.BASE_URL + initiative.get_absolute_url(),
        "what": initiative.what_html,
        "why": initiative.why_html,
        "how": initiative.how_html,
        "lessons_learned": initiative.lessons_html,
        "other": initiative.other_html,
        "status": initiative.status.name if initiative.status else None,
        "progress": initiative.progress,
        "stopped": initiative.is_stopped,
        "status_explanation": initiative.status_explanation,
        "category": initiative.category.name if initiative.category else None,
        "department": initiative.department.name if initiative.department else None,
        "participants": [department.name for department in initiative.participants.all()],
        "challenge": {"id": initiative.challenge.pk, "title": initiative.challenge.title}
        if initiative.challenge
        else None,
        "sectors": terms.get(Term.Kind.SECTOR, []),
        "technologies": terms.get(Term.Kind.TECHNOLOGY, []),
        "goals": terms.get(Term.Kind.GOAL, []),
        "partners": terms.get(Term.Kind.PARTNER, []),
        "platforms": [
            {"id": platform.pk, "title": platform.title}
            for platform in initiative.platforms.all()
            if platform.withdrawn_at is None
        ],
        "impact_goals": initiative.impact_goals,
        "resident_involvement": initiative.resident_involvement,
        "links": initiative.links,
        "files": initiative.files,
        "video": initiative.video_url or None,
        "place": initiative.place or None,
        "budget": initiative.budget_text or None,
        "started": initiative.started_text or None,
        "created": initiative.source_created_at.isoformat() if initiative.source_created_at else None,
        "modified": initiative.source_modified_at.isoformat() if initiative.source_modified_at else None,
        "withdrawn": initiative.is_withdrawn,
        "takes_classes": takes_classes,
        "school_offer": {
            "how": offer.how,
            "easy_read": offer.easy_read,
            "hard_words": offer.hard_words,
            "questions": offer.questions,
            "school_forms": offer.school_forms,
            "school_years": offer.school_years,
        }
        if offer
        else None,
    }


def subject(row: Subject) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "curriculum": row.curriculum,
        "school_form": row.school_form,
        "is_extract": row.is_extract,
        "starts_on": row.starts_on.isoformat() if row.starts_on else None,
        "ends_on": row.ends_on.isoformat() if row.ends_on else None,
    }
