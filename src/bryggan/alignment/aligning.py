"""Keeping suggestions in step with texts and curriculum. People's decisions are never touched.

What is due is asked of the rows: an initiative whose text, or the method or curriculum it was aligned by,
is not what it was. So a stopped run goes on where it was, and a run too many does nothing.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils import timezone

from bryggan.alignment.lexical import LexicalRanker, Ranking
from bryggan.alignment.models import Alignment, AlignmentRun, ProgrammeFit, SubjectFit
from bryggan.alignment.signals import InitiativeText, Point
from bryggan.common.models import DataVersion
from bryggan.common.safe_html import text_of
from bryggan.curriculum.models import Block, CoreContent, Curriculum, Programme, ProgrammeSubject, Subject
from bryggan.initiatives.models import Initiative, Term

# Changes whenever the method would give other suggestions for the same texts.
METHOD = "lexical 1"

_lock = threading.Lock()
_ranker: tuple[str, LexicalRanker, dict[str, int]] | None = None


def align_some(limit: int = 20) -> int:
    """Align up to `limit` initiatives that are due. Returns how many were; 0 when nothing is due."""
    method = method_hash()
    due = _due(method, limit)
    if not due:
        return 0
    return _align(due, method)


def align_all(*, only: int | None = None, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Align everything that is due, or one initiative whether due or not. Returns how many were aligned."""
    method = method_hash()
    if only is not None:
        return _align([only], method)
    total = _due_query(method).count()
    done = 0
    while due := _due(method, 20):
        done += _align(due, method)
        progress(done, max(total, done))
    return done


def method_hash() -> str:
    """Of the method and the curriculum in the database. One statement."""
    number = DataVersion.objects.filter(name="curriculum").values_list("number", flat=True).first() or 0
    return hashlib.blake2b(f"{METHOD}:{number}".encode(), digest_size=16).hexdigest()


def _due_query(method: str):  # type: ignore[no-untyped-def]
    from django.db.models import F, Q

    return (
        Initiative.objects.published()
        .filter(
            Q(alignment_run__isnull=True)
            | ~Q(alignment_run__method_hash=method)
            | ~Q(alignment_run__text_hash=F("mapped_hash"))
        )
        .order_by("pk")
    )


def _due(method: str, limit: int) -> list[int]:
    return list(_due_query(method).values_list("pk", flat=True)[:limit])


def _align(numbers: Iterable[int], method: str) -> int:
    ranker, points = _ranker_for(method)
    initiatives = (
        Initiative.objects.filter(pk__in=numbers)
        .select_related("category", "challenge", "status")
        .prefetch_related("terms")
    )
    programmes = dict(Programme.objects.values_list("code", "pk"))
    subjects = dict(Subject.objects.values_list("code", "pk"))
    done = 0
    for initiative in initiatives:
        ranking = ranker.rank(text_for_matching(initiative))
        _store(initiative.pk, initiative.mapped_hash, method, ranking, points, subjects, programmes)
        done += 1
    return done


@transaction.atomic
def _store(
    number: int,
    text_hash: str,
    method: str,
    ranking: Ranking,
    points: dict[str, int],
    subjects: dict[str, int],
    programmes: dict[str, int],
) -> None:
    """Write one initiative's suggestions: all or nothing, decisions left as they are."""
    # The row is locked first, so that of two runs over one initiative the second sees what the first wrote.
    initiative = Initiative.objects.select_for_update().filter(pk=number, mapped_hash=text_hash).first()
    if initiative is None:
        # Gone, or its text changed while we were reading: it is due again.
        return
    kept = {a.core_content_id: a for a in Alignment.objects.filter(initiative=number)}
    wanted = {points[scored.key]: scored for scored in ranking.points if scored.key in points}
    fresh, changed, gone = [], [], []
    for point, scored in wanted.items():
        old = kept.get(point)
        if old is None:
            fresh.append(
                Alignment(
                    initiative_id=number,
                    core_content_id=point,
                    score=scored.score,
                    strength=scored.strength,
                    reason=scored.reason,
                    initiative_words=list(scored.initiative_words),
                    point_words=list(scored.point_words),
                )
            )
        elif old.state == Alignment.State.SUGGESTED:
            old.score, old.strength, old.reason = scored.score, scored.strength, scored.reason
            old.initiative_words, old.point_words = list(scored.initiative_words), list(scored.point_words)
            changed.append(old)
    for point, old in kept.items():
        if point not in wanted and old.state == Alignment.State.SUGGESTED:
            gone.append(old.pk)
    # A decision made since we looked stays: these statements touch suggestions only.
    Alignment.objects.filter(pk__in=gone, state=Alignment.State.SUGGESTED).delete()
    for alignment in changed:
        Alignment.objects.filter(pk=alignment.pk, state=Alignment.State.SUGGESTED).update(
            score=alignment.score,
            strength=alignment.strength,
            reason=alignment.reason,
            initiative_words=alignment.initiative_words,
            point_words=alignment.point_words,
        )
    Alignment.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    SubjectFit.objects.filter(initiative=number).delete()
    SubjectFit.objects.bulk_create(
        SubjectFit(initiative_id=number, subject_id=subjects[code], span=span, score=score)
        for code, span, score in ranking.subjects
        if code in subjects
    )
    ProgrammeFit.objects.filter(initiative=number).delete()
    ProgrammeFit.objects.bulk_create(
        ProgrammeFit(initiative_id=number, programme_id=programmes[code], orientation_code=orientation, score=score)
        for code, orientation, score in ranking.programmes
        if code in programmes
    )
    AlignmentRun.objects.update_or_create(
        initiative_id=number,
        defaults={"text_hash": text_hash, "method_hash": method, "finished_at": timezone.now()},
    )
    DataVersion.touch("initiatives", [number])


def text_for_matching(initiative: Initiative) -> InitiativeText:
    """An initiative's words as the matching wants them."""
    terms: dict[str, list[str]] = {}
    for term in initiative.terms.all():
        terms.setdefault(term.kind, []).append(term.name)
    return InitiativeText(
        id=str(initiative.pk),
        title=initiative.title,
        summary=initiative.summary,
        what=text_of(initiative.what_html),
        why=text_of(initiative.why_html),
        how=text_of(initiative.how_html),
        challenge=initiative.challenge.title if initiative.challenge else "",
        category=initiative.category.name if initiative.category else "",
        sectors=tuple(terms.get(Term.Kind.SECTOR, ())),
        technologies=tuple(terms.get(Term.Kind.TECHNOLOGY, ())),
        goals=tuple(terms.get(Term.Kind.GOAL, ())),
        language=initiative.language,
    )


def _ranker_for(method: str) -> tuple[LexicalRanker, dict[str, int]]:
    """The ranker over today's curriculum and the row of each point. Made once per curriculum and process."""
    global _ranker
    with _lock:
        if _ranker is None or _ranker[0] != method:
            points, rows = _points()
            _ranker = (method, LexicalRanker(points, _programme_subjects()), rows)
        return _ranker[1], _ranker[2]


def _points() -> tuple[list[Point], dict[str, int]]:
    rows: dict[str, int] = {}
    points = []
    for pk, key, curriculum, form, code, name, first, last, course, heading, text in (
        CoreContent.objects.current()
        .values_list(
            "pk", "key", "subject__curriculum", "subject__school_form", "subject__code", "subject__name",
            "first_year", "last_year", "course__code", "heading", "text",
        )
        .iterator(chunk_size=2000)
    ):  # fmt: skip
        rows[key] = pk
        years = (first, last) if first and last else None
        points.append(Point(key, curriculum, form, code, name, years, course, heading or None, text))
    return points, rows


def _programme_subjects() -> dict[tuple[str, str], list[str]]:
    own: dict[tuple[str, str], list[str]] = {}
    rows = ProgrammeSubject.objects.filter(
        block__in=[Block.PROGRAMME, Block.ORIENTATION],
        programme__ended_at=None,
        programme__curriculum__in=[Curriculum.GY25, Curriculum.GY11],
    ).values_list("programme__code", "orientation__code", "subject_code")
    for programme, orientation, code in rows:
        own.setdefault((programme, ""), []).append(code)
        if orientation:
            own.setdefault((programme, orientation), []).append(code)
    return own
