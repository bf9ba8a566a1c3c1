from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bryggan.common.models import AuditEntry, DataVersion
from bryggan.curriculum.importing import MuchShorter
from bryggan.curriculum.models import (
    CoreContent,
    Course,
    CurriculumImport,
    Orientation,
    Programme,
    ProgrammeSubject,
    Subject,
)

from . import small_curriculum as small
from .rows import everything, run, texts, writes

pytestmark = pytest.mark.django_db


class TestTheRealData:
    def test_all_of_it_is_imported_and_a_second_run_writes_only_its_record(self, data: Path) -> None:
        first = run(data)

        counts = {"subjects": 896, "courses": 2186, "core_content": 31380, "programmes": 47}
        assert asdict(first.counts) == {**counts, "added": 31380, "ended": 0, "unchanged": 0}
        assert first.notes == ()
        assert {
            (curriculum, form): number
            for (curriculum, form), number in Counter(Subject.objects.values_list("curriculum", "school_form")).items()
        } == {("GY25", "GY"): 565, ("GY11", "GY"): 311, ("LGR22", "GR"): 20}
        assert Counter(CoreContent.objects.current().values_list("subject__curriculum", flat=True)) == {
            "GY25": 17983,
            "GY11": 12386,
            "LGR22": 1011,
        }
        assert Counter(Course.objects.values_list("subject__curriculum", flat=True)) == {"GY25": 1107, "GY11": 1079}
        # 29 Gy25 programmes and 18 of Gy11, of which only Hantverksprogrammet has no single successor.
        assert Counter(Programme.objects.values_list("curriculum", flat=True)) == {"GY25": 29, "GY11": 18}
        assert list(Programme.objects.filter(curriculum="GY11", successor=None).values_list("code", flat=True)) == [
            "HV"
        ]
        lgr22 = CoreContent.objects.filter(subject__curriculum="LGR22")
        assert lgr22.values("text_group").distinct().count() == 835
        science = lgr22.filter(subject__code__in=["GRGRBIO01", "GRGRFYS01", "GRGRKEM01"], last_year=3)
        assert (science.count(), science.values("text_group").distinct().count()) == (39, 13)
        before = everything()

        with CaptureQueriesContext(
            connection,
        ) as captured:
            second = run(data)

        assert asdict(second.counts) == {**counts, "added": 0, "ended": 0, "unchanged": 31380}
        assert not second.changed
        assert writes(captured) == ["curriculum_curriculumimport"]
        assert everything() == before

    def test_a_changed_word_touches_one_point(self, real: Callable[[str], Any], tmp_path: Path) -> None:
        gy25 = real("gy25_subjects")
        folder = small.write(tmp_path / "data", gy25=gy25)
        run(folder)
        subject = next(s for s in gy25["subjects"] if s["code"] == "NATU")
        course = subject["courses"][0]
        old = CoreContent.objects.filter(course__code=course["code"]).order_by("position")[0]
        course["centralContent"]["text"] = course["centralContent"]["text"].replace(
            f"{old.text[:-1]}.", f"{old.text[:-1]} i vardagen."
        )
        small.write(folder, gy25=gy25)

        outcome = run(folder)

        assert (outcome.counts.added, outcome.counts.ended, outcome.counts.unchanged) == (1, 1, 17982)
        old.refresh_from_db()
        assert old.ended_at is not None
        assert [point.text for point in old.successors.all()] == [f"{old.text[:-1]} i vardagen."]


class TestASmallCurriculum:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return small.write_all(tmp_path / "data")

    def test_subjects_courses_and_points_are_kept_as_they_were_worded(self, folder: Path) -> None:
        run(folder)

        natu = Subject.objects.get(code="NATU")
        assert (natu.name, natu.curriculum, natu.school_form, natu.category, natu.regulation, natu.is_extract) == (
            "Naturkunskap",
            "GY25",
            "GY",
            "COMMON2",
            "2023:147",
            False,
        )
        assert natu.purpose == "Ämnet syftar.\nEtt mål."
        assert list(natu.courses.values_list("code", "name", "points")) == [
            ("NATU1A10X", "Nivå 1a1", 100),
            ("NATU1A20X", "Nivå 1a2", 100),
        ]
        assert list(
            natu.core_content.order_by("position").values_list("course__code", "heading", "text", "position")
        ) == [
            ("NATU1A10X", "Natur", small.WATER, 1),
            ("NATU1A10X", "Natur", small.ENERGY, 2),
            ("NATU1A20X", "", small.ENERGY, 3),
        ]
        assert [point.years for point in Subject.objects.get(code="GRGRBIO01").core_content.all()] == ["1-3", "1-3"]
        assert Course.objects.get(code="VÄXVÄX01a").subject.code == "VÄX"

    def test_the_same_words_in_several_places_are_one_group(self, folder: Path) -> None:
        run(folder)

        groups = Counter(CoreContent.objects.values_list("text_group", flat=True))
        assert sorted(groups.values()) == [1, 1, 1, 1, 1, 2, 3]
        assert CoreContent.objects.filter(text=small.ENERGY).values("text_group").distinct().count() == 1

    def test_a_gy11_programme_gets_the_subjects_of_its_successor(self, folder: Path) -> None:
        run(folder)

        na = Programme.objects.get(code="NA")
        assert na.successor == Programme.objects.get(code="NA25")
        assert list(na.programme_subjects.values_list("block", "orientation__code", "subject_code", "is_derived")) == [
            ("foundation", None, "MOSP", True),
            ("foundation", None, "SVEN", True),
            ("orientation", "NANAT", "BIOG", True),
            ("programme", None, "NATU", True),
            ("specialisation", None, "TEKI", True),
        ]
        assert not ProgrammeSubject.objects.filter(programme__code="NA25", is_derived=True).exists()
        assert Programme.objects.get(code="HV").successor is None

    def test_a_changed_wording_ends_the_old_point_and_names_its_successor(self, folder: Path) -> None:
        run(folder)
        old = CoreContent.objects.get(text=small.WATER)
        version = DataVersion.objects.get(name="curriculum").number
        changed = small.gy25()
        reworded = small.WATER.replace("dagvatten", "regnvatten")
        changed["subjects"][0]["courses"][0] = small.level(
            "NATU1A10X", "Nivå 1a1", small.points(small.ENERGY, reworded, heading="Natur")
        )
        small.write(folder, gy25=changed)

        outcome = run(folder)

        old.refresh_from_db()
        new = CoreContent.objects.get(text=reworded)
        assert asdict(outcome.counts) == {
            "subjects": 5,
            "courses": 4,
            "core_content": 10,
            "programmes": 3,
            "added": 1,
            "ended": 1,
            "unchanged": 9,
        }
        assert (old.text, old.ended_at is None, list(old.successors.all())) == (small.WATER, False, [new])
        assert texts(course__code="NATU1A10X", ended_at=None) == [small.ENERGY, reworded]
        assert DataVersion.objects.get(name="curriculum").number == version + 1

    def test_a_wording_that_comes_back_is_the_same_point_again(self, folder: Path) -> None:
        run(folder)
        old = CoreContent.objects.get(text=small.WATER)
        changed = small.gy25()
        changed["subjects"][0]["courses"][0]["centralContent"]["text"] = small.points(
            small.WATER.replace("staden", "byn"), small.ENERGY, heading="Natur"
        )
        run(small.write(folder, gy25=changed))

        run(small.write(folder, gy25=small.gy25()))

        assert texts(course__code="NATU1A10X", ended_at=None) == [small.WATER, small.ENERGY]
        old.refresh_from_db()
        assert (old.ended_at, list(old.successors.all())) == (None, [])
        ended = CoreContent.objects.get(text=small.WATER.replace("staden", "byn"))
        assert list(ended.successors.all()) == [old]

    def test_a_course_that_vanishes_is_ended_with_its_points(self, folder: Path) -> None:
        run(folder)
        changed = small.gy25()
        del changed["subjects"][0]["courses"][1]

        outcome = run(small.write(folder, gy25=changed))

        assert (outcome.counts.added, outcome.counts.ended) == (0, 1)
        assert list(Course.objects.exclude(ended_at=None).values_list("code", flat=True)) == ["NATU1A20X"]
        assert texts(ended_at__isnull=False) == [small.ENERGY]

    def test_a_subject_that_vanishes_from_a_whole_list_is_ended_with_all_under_it(self, tmp_path: Path) -> None:
        many = small.gy25()
        many["subjects"] += [
            {"code": f"ÄM{n}", "name": f"Ämne {n}", "courses": [small.level(f"ÄM{n}X", "Nivå 1", small.points("a"))]}
            for n in range(20)
        ]
        run(small.write(tmp_path / "data", gy25=many))
        many["subjects"].pop()

        outcome = run(small.write(tmp_path / "data", gy25=many))

        assert (outcome.counts.added, outcome.counts.ended) == (0, 1)
        assert list(Subject.objects.exclude(ended_at=None).values_list("code", flat=True)) == ["ÄM19"]
        assert list(Course.objects.exclude(ended_at=None).values_list("code", flat=True)) == ["ÄM19X"]
        assert CoreContent.objects.exclude(ended_at=None).get().subject.code == "ÄM19"

    def test_what_was_not_read_is_left_alone(self, folder: Path, tmp_path: Path) -> None:
        run(folder)
        before = everything()

        outcome = run(small.write(tmp_path / "part", gy11=small.gy11()))

        assert everything() == before
        assert not outcome.changed
        assert [note.split(":")[0] for note in outcome.notes] == [
            "gy25_subjects.json",
            "grundskola_lgr22_parsed.json",
            "programmes.json",
        ]

    def test_a_much_shorter_list_is_refused_and_changes_nothing(self, folder: Path) -> None:
        run(folder)
        before = everything()
        shorter = small.gy25()
        shorter["subjects"].pop()
        shorter["subjects"][0]["name"] = "Ett annat namn"
        small.write(folder, gy25=shorter)

        with pytest.raises(MuchShorter, match="1 GY25 subjects were read where the database holds 2"):
            run(folder)

        assert everything() == before
        failed = CurriculumImport.objects.latest("pk")
        assert (failed.error[:15], failed.counts, failed.finished_at is None) == ("1 GY25 subjects", {}, False)

    def test_details_without_their_content_are_refused(self, folder: Path) -> None:
        run(folder)
        hollow = small.gy25()
        for subject in hollow["subjects"]:
            for course in subject["courses"]:
                course["centralContent"] = {}

        with pytest.raises(MuchShorter, match="0 points of GY25 were read where the database holds 5"):
            run(small.write(folder, gy25=hollow))

    def test_a_fault_in_the_middle_leaves_the_database_as_it_was(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_args: Any, **_kwargs: Any) -> None:
            raise RuntimeError("the disk is full")

        monkeypatch.setattr("bryggan.curriculum.importing._write_programmes", fail)

        with pytest.raises(RuntimeError):
            run(folder)

        assert Subject.objects.count() == 0
        assert CurriculumImport.objects.get().error == "the disk is full"

    def test_each_run_keeps_a_record_and_each_change_an_audit_entry(self, folder: Path) -> None:
        outcome = run(folder)
        run(folder)

        first, second = CurriculumImport.objects.order_by("pk")
        assert (first.origin, first.api_version, first.counts, first.error) == (
            "test",
            "1.16.0",
            asdict(outcome.counts),
            "",
        )
        assert second.counts["unchanged"] == 10
        assert list(AuditEntry.objects.values_list("by_process", "verb", "thing_id")) == [
            ("import", "imported curriculum", str(first.pk))
        ]

    def test_a_programme_subject_and_an_orientation_follow_their_programme(self, folder: Path) -> None:
        run(folder)
        changed = small.programmes()
        changed["gy25"][0]["orientations"].pop()
        changed["gy25"][0]["specializationSubjectCodes"] = ["BIOG"]

        outcome = run(small.write(folder, programmes=changed))

        assert outcome.changed
        assert list(Orientation.objects.exclude(ended_at=None).values_list("code", flat=True)) == ["NANAA"]
        assert list(
            ProgrammeSubject.objects.filter(block="specialisation").values_list("programme__code", "subject_code")
        ) == [("NA", "BIOG"), ("NA25", "BIOG")]
