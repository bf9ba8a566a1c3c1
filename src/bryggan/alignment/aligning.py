"""Keeping suggestions in step with texts and curriculum. People's decisions are never touched.

What is due is asked of the rows: an initiative whose text, or the method or curriculum it was aligned by,
is not what it was. So a stopped run goes on where it was, and a run too many does nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from bryggan.alignment import meaning, themes
from bryggan.alignment.models import Alignment, AlignmentRun, ProgrammeFit, SubjectFit
from bryggan.alignment.ranking import Ranker, Ranking, RememberingEmbedder, text_hash, theme_embedding_text
from bryggan.alignment.signals import InitiativeText, Point, embedding_text_of_point
from bryggan.common.models import DataVersion
from bryggan.common.safe_html import text_of
from bryggan.curriculum.models import Block, CoreContent, Programme, ProgrammeSubject, Subject
from bryggan.initiatives.models import Initiative, Term

# Grows when this module would store other rows for the same ranking.
METHOD = 2
_VECTORS_AT_A_TIME = 10

_lock = threading.Lock()
_state: _State | None = None


@dataclass(frozen=True)
class _State:
    """What ranking needs, made once per curriculum, knowledge and process."""

    # Of method, knowledge and curriculum, and whether meaning takes part.
    curriculum_number: int
    method_hash: str
    ranker: Ranker
    # Key → row and text group of each point.
    point_rows: Mapping[str, tuple[int, str]]
    subject_rows: Mapping[str, int]
    programmes: Mapping[str, tuple[tuple[int, Mapping[str, frozenset[str]]], ...]]
    missing_vectors: tuple[str, ...]
    vectors: meaning.KeptVectors | None


def align_some(limit: int = 20) -> int:
    """Align up to `limit` initiatives that are due. Returns how many were; 0 when nothing is due."""
    if not Initiative.objects.published().exists():
        return 0
    state = _current()
    due = list(_due(state).values_list("pk", flat=True)[:limit])
    return _align(due, state)


def learn_some() -> int:
    """Compute a few of the vectors that the ranking still lacks. Returns how many; 0 when none is missing.

    With the last of them, everything aligned by words alone is due again.
    """
    if not meaning.is_installed() or not Initiative.objects.published().exists():
        return 0
    state = _current()
    if not state.missing_vectors or state.vectors is None:
        return 0
    # First what people wait for: as long as initiatives wait to be aligned by words, vectors wait.
    if _due(state).exists():
        return 0
    left = [text for text in state.missing_vectors if text_hash(text) not in state.vectors]
    RememberingEmbedder(meaning.LazyEmbedder(), state.vectors).embed(left[:_VECTORS_AT_A_TIME])
    if len(left) <= _VECTORS_AT_A_TIME:
        _forget()
    return len(left[:_VECTORS_AT_A_TIME])


def align_all(*, only: int | None = None, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Align everything that is due, with all signals, or one initiative whether due or not. Returns how many."""
    if meaning.is_installed() and Initiative.objects.published().exists():
        state = _current()
        while state.missing_vectors and state.vectors is not None:
            missing = len(state.missing_vectors)
            for start in range(0, missing, _VECTORS_AT_A_TIME):
                some = state.missing_vectors[start : start + _VECTORS_AT_A_TIME]
                RememberingEmbedder(meaning.LazyEmbedder(), state.vectors).embed(some)
                progress(min(start + _VECTORS_AT_A_TIME, missing), missing)
            _forget()
            state = _current()
    if only is not None:
        return _align([only], _current())
    total, done = _due(_current()).count(), 0
    while due := list(_due(_current()).values_list("pk", flat=True)[:20]):
        done += _align(due, _current())
        progress(done, max(total, done))
    return done


def _due(state: _State) -> QuerySet[Initiative]:
    return (
        Initiative.objects.published()
        .filter(
            Q(alignment_run__isnull=True)
            | ~Q(alignment_run__method_hash=state.method_hash)
            | ~Q(alignment_run__text_hash=F("mapped_hash"))
        )
        .order_by("pk")
    )


def _align(numbers: Iterable[int], state: _State) -> int:
    initiatives = (
        Initiative.objects.filter(pk__in=list(numbers))
        .select_related("category", "challenge", "status")
        .prefetch_related("terms")
    )
    done = 0
    for initiative in initiatives:
        _store(initiative.pk, initiative.mapped_hash, state, state.ranker.rank(text_for_matching(initiative)))
        done += 1
    return done


@transaction.atomic
def _store(number: int, text_hash: str, state: _State, ranking: Ranking) -> None:
    """Write one initiative's suggestions: all or nothing, decisions left as they are."""
    # The row is locked first, so that of two runs over one initiative the second sees what the first wrote.
    initiative = Initiative.objects.select_for_update().filter(pk=number, mapped_hash=text_hash).first()
    if initiative is None:
        # Gone, or its text changed while we were reading: it is due again.
        return
    _store_points(number, state, ranking)
    SubjectFit.objects.filter(initiative=number).delete()
    fits = {(code, span): score for code, span, score in ranking.subjects}
    fits.update({(code, ""): score for code, score in ranking.gy_subjects})
    SubjectFit.objects.bulk_create(
        SubjectFit(initiative_id=number, subject_id=state.subject_rows[code], span=span, score=score)
        for (code, span), score in fits.items()
        if code in state.subject_rows
    )
    ProgrammeFit.objects.filter(initiative=number).delete()
    ProgrammeFit.objects.bulk_create(_programme_fits(number, state, ranking))
    AlignmentRun.objects.update_or_create(
        initiative_id=number,
        defaults={
            "text_hash": text_hash,
            "method_hash": state.method_hash,
            "themes": [[theme, round(strength, 3)] for theme, strength in ranking.themes[:12]],
            "finished_at": timezone.now(),
        },
    )
    DataVersion.touch("initiatives", [number])


def _store_points(number: int, state: _State, ranking: Ranking) -> None:
    rows = Alignment.objects.filter(initiative=number).select_related("core_content")
    kept = {alignment.core_content_id: alignment for alignment in rows}
    # A rejected wording never returns, not in another subject that has come to share it either.
    rejected = {a.core_content.text_group for a in kept.values() if a.state == Alignment.State.REJECTED}
    wanted = {}
    for scored in ranking.points:
        row, group = state.point_rows.get(scored.key, (0, ""))
        if row and (group not in rejected or row in kept):
            wanted[row] = scored
    fresh = []
    suggestions = Alignment.objects.filter(state=Alignment.State.SUGGESTED)
    for point, scored in wanted.items():
        columns = {
            "score": scored.score,
            "strength": scored.strength,
            "reason": scored.reason[:300],
            "initiative_words": list(scored.initiative_words),
            "point_words": list(scored.point_words),
        }
        old = kept.get(point)
        if old is None:
            fresh.append(Alignment(initiative_id=number, core_content_id=point, **columns))
        elif any(getattr(old, name) != value for name, value in columns.items()):
            # A decision made since we looked stays: this touches a suggestion only.
            suggestions.filter(pk=old.pk).update(**columns)
    gone = [old.pk for point, old in kept.items() if point not in wanted]
    suggestions.filter(pk__in=gone).delete()
    Alignment.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)


def _programme_fits(number: int, state: _State, ranking: Ranking) -> list[ProgrammeFit]:
    """For each programme that fits: itself, the orientations whose own subjects fit, and its Gy11 predecessor."""
    fitting = {code for code, _score in ranking.gy_subjects}
    made = []
    for code, score in ranking.programmes:
        for programme, orientations in state.programmes.get(code, ()):
            chosen = [""] + [own for own, subjects in orientations.items() if subjects & fitting]
            made += [
                ProgrammeFit(initiative_id=number, programme_id=programme, orientation_code=orientation, score=score)
                for orientation in chosen
            ]
    return made


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


def _current() -> _State:
    """The state for today's curriculum; made anew when the curriculum has changed."""
    global _state
    number = DataVersion.objects.filter(name="curriculum").values_list("number", flat=True).first() or 0
    with _lock:
        if _state is None or _state.curriculum_number != number:
            _state = _made(number)
        return _state


def _forget() -> None:
    global _state
    with _lock:
        _state = None


def _made(number: int) -> _State:
    knowledge = themes.load()
    points, rows = _points()
    vectors = meaning.KeptVectors() if meaning.is_installed() else None
    missing: tuple[str, ...] = ()
    embedder = None
    if vectors is not None:
        texts = [theme_embedding_text(theme) for theme in knowledge.themes]
        texts += [embedding_text_of_point(point) for point in points if point.years]
        missing = tuple(text for text in dict.fromkeys(texts) if text_hash(text) not in vectors)
        if not missing:
            embedder = RememberingEmbedder(meaning.LazyEmbedder(), vectors)
    mode = "meaning" if embedder else "words"
    name = f"{METHOD}:{_knowledge_hash()}:{number}:{mode}"
    return _State(
        curriculum_number=number,
        method_hash=blake2b(name.encode(), digest_size=16).hexdigest(),
        ranker=Ranker(knowledge, points, embedder=embedder),
        point_rows=rows,
        subject_rows=dict(Subject.objects.values_list("code", "pk")),
        programmes=_programmes(),
        missing_vectors=missing,
        vectors=vectors,
    )


@lru_cache(maxsize=1)
def _knowledge_hash() -> str:
    digest = blake2b(digest_size=16)
    for path in sorted(themes.KNOWLEDGE_DIRECTORY.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _points() -> tuple[list[Point], dict[str, tuple[int, str]]]:
    rows: dict[str, tuple[int, str]] = {}
    points = []
    columns = (
        "pk", "key", "subject__curriculum", "subject__school_form", "subject__code", "subject__name",
        "first_year", "last_year", "course__code", "heading", "text", "text_group",
    )  # fmt: skip
    found = CoreContent.objects.current().order_by("subject__code", "course__code", "first_year", "position", "pk")
    for pk, key, curriculum, form, code, name, first, last, course, heading, text, group in found.values_list(
        *columns
    ):
        rows[key] = (pk, group)
        years = (first, last) if first and last else None
        points.append(Point(key, curriculum, form, code, name, years, course, heading or None, text))
    return points, rows


def _programmes() -> dict[str, tuple[tuple[int, Mapping[str, frozenset[str]]], ...]]:
    """Gy25 code → itself and its Gy11 predecessors, each with the subjects of its orientations."""
    own: dict[int, dict[str, set[str]]] = {}
    rows = ProgrammeSubject.objects.filter(block=Block.ORIENTATION, orientation__isnull=False)
    for programme, orientation, code in rows.values_list("programme_id", "orientation__code", "subject_code"):
        own.setdefault(programme, {}).setdefault(orientation, set()).add(code)
    shared: dict[str, list[tuple[int, Mapping[str, frozenset[str]]]]] = {}
    programmes = Programme.objects.filter(ended_at=None).values_list("pk", "code", "successor__code")
    for pk, code, successor in programmes.order_by("pk"):
        orientations = {name: frozenset(codes) for name, codes in own.get(pk, {}).items()}
        shared.setdefault(successor or code, []).append((pk, orientations))
    return {code: tuple(members) for code, members in shared.items()}
