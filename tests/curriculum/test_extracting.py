from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bryggan.curriculum.extracting import load_extract, read_extract
from bryggan.curriculum.importing import import_curriculum, import_extract
from bryggan.curriculum.models import CoreContent, Course, Curriculum, Programme, SchoolForm, Subject
from bryggan.curriculum.points import Point
from bryggan.curriculum.skolverket import preschool_class_from
from bryggan.curriculum.syllabus import Reading, SubjectText, YearsText

from . import small_curriculum as small
from .rows import everything, run, texts, writes

pytestmark = pytest.mark.django_db


def test_it_is_marked_and_a_second_load_writes_nothing() -> None:
    reading = read_extract()

    first = load_extract()
    before = everything()
    with CaptureQueriesContext(connection) as captured:
        second = load_extract()

    total = sum(subject.point_count for subject in reading.subjects)
    assert (first.counts.added, first.counts.ended) == (total, 0)
    assert (second.counts.added, second.counts.ended, second.changed) == (0, 0, False)
    assert writes(captured) == []
    assert everything() == before
    assert not Subject.objects.filter(is_extract=False).exists()
    assert not CoreContent.objects.filter(is_extract=False).exists()
    assert {
        (Curriculum(curriculum), SchoolForm(form))
        for curriculum, form in Subject.objects.values_list("curriculum", "school_form")
    } == {
        (Curriculum.LPFO18, SchoolForm.PRESCHOOL),
        (Curriculum.LGR22, SchoolForm.PRESCHOOL_CLASS),
        (Curriculum.LGR22, SchoolForm.COMPULSORY),
        (Curriculum.GY25, SchoolForm.UPPER_SECONDARY),
    }
    assert Counter(Programme.objects.values_list("curriculum", flat=True)) == {"GY25": 18, "GY11": 18}


def test_official_text_ends_the_extract_of_its_subject_and_is_never_touched_by_it(tmp_path: Path) -> None:
    load_extract()
    own_words = CoreContent.objects.filter(subject__code="NATU").count()
    others = CoreContent.objects.exclude(subject__code__in=["NATU", "TEKI", "GRGRBIO01", "GRGRFYS01"]).count()

    outcome = run(small.write_all(tmp_path / "data"))

    natu = Subject.objects.get(code="NATU")
    assert not natu.is_extract
    assert natu.core_content.filter(is_extract=True).exclude(ended_at=None).count() == own_words
    assert texts(subject=natu, ended_at=None) == [small.WATER, small.ENERGY, small.ENERGY]
    assert CoreContent.objects.filter(is_extract=True, ended_at=None).count() == others
    assert outcome.counts.added == 10
    before = everything()

    again = load_extract()

    assert (again.changed, everything()) == (False, before)


def test_the_real_data_ends_every_extract_it_has_text_for(data: Path) -> None:
    load_extract()

    outcome = run(data)

    assert outcome.counts.added == 31380
    assert set(Subject.objects.filter(is_extract=True).values_list("school_form", flat=True)) == {"FS", "FKLASS"}
    assert not Course.objects.filter(subject__is_extract=False, core_content__isnull=True, ended_at=None).exists()
    assert not load_extract().changed


def test_the_official_text_of_preschool_class_ends_its_areas() -> None:
    load_extract()
    official = preschool_class_from(
        {
            "code": "LGR22",
            "sections": [
                {"type": "2", "content": "<h3>Centralt innehåll</h3><ul><li>fel</li></ul> förskoleklass"},
                {
                    "type": "3",
                    "content": "<h2>Förskoleklass</h2><h3>Syfte</h3><p>Eleverna leker.</p>"
                    "<h3>Centralt innehåll</h3><p>Undervisningen ska behandla följande innehåll</p>"
                    "<h4>Språk</h4><ul><li>Samtal.</li></ul><h4>Rörelse</h4><ul><li>Lekar ute.</li></ul>",
                },
            ],
        }
    )
    assert official is not None
    part = (Curriculum.LGR22, SchoolForm.PRESCHOOL_CLASS)

    import_curriculum(lambda: Reading(subjects=[official], whole={part}), "test")

    assert list(
        CoreContent.objects.current()
        .filter(subject__school_form="FKLASS")
        .order_by("position")
        .values_list("subject__code", "heading", "text")
    ) == [("FKLASS", "Språk", "Samtal."), ("FKLASS", "Rörelse", "Lekar ute.")]
    assert not Subject.objects.current().filter(code__startswith="FKLASS-").exists()
    assert Subject.objects.get(code="FKLASS").purpose == "Eleverna leker."
    assert not load_extract().changed


def test_an_area_that_a_later_extract_leaves_out_is_ended() -> None:
    def area(code: str) -> SubjectText:
        block = YearsText(None, None, content=(Point("", f"Lek i {code}."),))
        return SubjectText(code, code, Curriculum.LPFO18, SchoolForm.PRESCHOOL, blocks=(block,))

    import_extract(Reading(subjects=[area("A"), area("B")]))

    outcome = import_extract(Reading(subjects=[area("A")]))

    assert (outcome.counts.ended, outcome.changed) == (1, True)
    assert list(Subject.objects.current().values_list("code", flat=True)) == ["A"]
