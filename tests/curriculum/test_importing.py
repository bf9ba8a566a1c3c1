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
from bryggan.curriculum.extracting import load_extract, read_extract
from bryggan.curriculum.importing import MuchShorter, Outcome, import_curriculum, import_extract
from bryggan.curriculum.models import (
    CoreContent,
    Course,
    Curriculum,
    CurriculumImport,
    Orientation,
    Programme,
    ProgrammeSubject,
    SchoolForm,
    Subject,
)
from bryggan.curriculum.points import Point
from bryggan.curriculum.skolverket import UnreadableCurriculum, preschool_class_from, read_directory
from bryggan.curriculum.syllabus import Reading, SubjectText, YearsText

from . import small_curriculum as small

pytestmark = pytest.mark.django_db


def run(folder: Path) -> Outcome:
    return import_curriculum(lambda: read_directory(folder), "test")


def writes(captured: CaptureQueriesContext) -> list[str]:
    """The tables written to, one entry a statement."""
    words = [query["sql"].replace('"', "").split() for query in captured.captured_queries]
    verbs = {"INSERT": 2, "UPDATE": 1, "DELETE": 2}
    return [some[verbs[some[0]]] for some in words if some and some[0] in verbs]


def everything() -> dict[str, list[dict[str, Any]]]:
    tables = (Subject, Course, CoreContent, Programme, Orientation, ProgrammeSubject, CoreContent.successors.through)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def texts(**conditions: Any) -> list[str]:
    return list(
        CoreContent.objects.filter(**conditions).order_by("subject__code", "position").values_list("text", flat=True)
    )


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


class TestTheExtract:
    def test_it_is_marked_and_a_second_load_writes_nothing(self) -> None:
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

    def test_official_text_ends_the_extract_of_its_subject_and_is_never_touched_by_it(self, tmp_path: Path) -> None:
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

    def test_the_real_data_ends_every_extract_it_has_text_for(self, data: Path) -> None:
        load_extract()

        outcome = run(data)

        assert outcome.counts.added == 31380
        assert set(Subject.objects.filter(is_extract=True).values_list("school_form", flat=True)) == {"FS", "FKLASS"}
        assert not Course.objects.filter(subject__is_extract=False, core_content__isnull=True, ended_at=None).exists()
        assert not load_extract().changed

    def test_the_official_text_of_preschool_class_ends_its_areas(self) -> None:
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

    def test_an_area_that_a_later_extract_leaves_out_is_ended(self) -> None:
        def area(code: str) -> SubjectText:
            block = YearsText(None, None, content=(Point("", f"Lek i {code}."),))
            return SubjectText(code, code, Curriculum.LPFO18, SchoolForm.PRESCHOOL, blocks=(block,))

        import_extract(Reading(subjects=[area("A"), area("B")]))

        outcome = import_extract(Reading(subjects=[area("A")]))

        assert (outcome.counts.ended, outcome.changed) == (1, True)
        assert list(Subject.objects.current().values_list("code", flat=True)) == ["A"]


class TestADirectory:
    def test_one_without_any_of_the_files_is_refused_by_their_names(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableCurriculum) as caught:
            read_directory(tmp_path)

        assert str(caught.value) == (
            f"{tmp_path} holds none of the files gy25_subjects.json, gy11_subjects.json, "
            "grundskola_lgr22_parsed.json, programmes.json"
        )

    def test_one_that_does_not_exist_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableCurriculum, match="is not a directory"):
            read_directory(tmp_path / "nowhere")

    @pytest.mark.parametrize("content", ["", "{", '{"subjects": []}', "[]", "null", '"text"', '{"subjects": {}}'])
    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path, content: str) -> None:
        small.write_all(tmp_path)
        (tmp_path / "gy11_subjects.json").write_text(content)

        with pytest.raises(UnreadableCurriculum, match=r"gy11_subjects\.json"):
            read_directory(tmp_path)

    def test_the_reconstructed_wire_file_does_for_the_parsed_one(self, tmp_path: Path) -> None:
        wire = {
            "subjects": [
                {
                    "code": "GRGRMAT01",
                    "name": "Matematik",
                    "centralContents": [
                        {"year": "4-6", "text": "<h4>Algebra</h4><ul><li>Mönster.</li></ul>"},
                        {
                            "year": "1–3",
                            "typeOfCentralContent": "WITHIN_LANGUAGE_CHOICE",
                            "text": "<ul><li>Tal.</li></ul>",
                        },
                    ],
                }
            ]
        }
        small.write(tmp_path, compulsory=wire)
        (tmp_path / "grundskola_lgr22_parsed.json").rename(tmp_path / "grundskola_lgr22_reconstructed_wire.json")

        (subject,) = read_directory(tmp_path).subjects

        assert (subject.curriculum, subject.school_form) == ("LGR22", "GR")
        assert subject.blocks == (
            YearsText(1, 3, "WITHIN_LANGUAGE_CHOICE", (Point("", "Tal."),)),
            YearsText(4, 6, "", (Point("Algebra", "Mönster."),)),
        )

    def test_strange_fields_do_not_stop_the_rest(self, tmp_path: Path) -> None:
        gy25 = small.gy25()
        gy25["subjects"] += [
            {"name": "Utan kod"},
            {"code": "X" * 30, "name": "För lång kod"},
            {
                "code": "ODD",
                "name": None,
                "version": "3",
                "startDate": "snart",
                "categories": None,
                "purpose": 7,
                "new": {"field": 1},
                "courses": [{"code": "ODD1", "points": 50, "centralContent": None}, {"code": "ODD1"}, "text"],
            },
            gy25["subjects"][0],
        ]

        reading = read_directory(small.write(tmp_path, gy25=gy25))
        outcome = import_curriculum(lambda: reading, "test")

        odd = Subject.objects.get(code="ODD")
        assert (odd.name, odd.curriculum, odd.version, odd.starts_on) == ("ODD", "GY25", 3, None)
        assert list(odd.courses.values_list("code", "name", "points")) == [("ODD1", "ODD1", 50)]
        assert outcome.notes[:3] == (
            "without a code: left out, a subject has no usable code ('')",
            f"{'X' * 30}: left out, a subject has no usable code ({'X' * 30!r})",
            "NATU: stands twice, the first one is used",
        )
