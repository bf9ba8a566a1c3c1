from __future__ import annotations

from pathlib import Path

import pytest

from bryggan.curriculum.importing import import_curriculum
from bryggan.curriculum.models import CoreContent, Orientation, Programme, Subject
from bryggan.curriculum.queries import ProgrammeSubjectCodes, programme_subject_codes, span_overlaps
from bryggan.curriculum.skolverket import read_directory

from . import small_curriculum as small

pytestmark = pytest.mark.django_db


@pytest.fixture
def _small(tmp_path: Path) -> None:
    import_curriculum(lambda: read_directory(small.write_all(tmp_path / "data")), "test")


@pytest.mark.usefixtures("_small")
def test_a_programme_has_its_own_subjects_and_those_of_all_but_not_what_only_may_be_offered() -> None:
    programme = Programme.objects.get(code="NA25")
    foundation = frozenset({"SVEN", "MOSP"})

    assert programme_subject_codes(programme) == ProgrammeSubjectCodes(frozenset({"NATU", "BIOG", "GEOG"}), foundation)
    expected = ProgrammeSubjectCodes(frozenset({"NATU", "GEOG"}), foundation)
    assert programme_subject_codes(programme, "NANAA") == expected
    assert programme_subject_codes(programme, Orientation.objects.get(code="NANAA")) == expected
    assert expected.all == {"NATU", "GEOG", "SVEN", "MOSP"}


@pytest.mark.parametrize(
    ("years", "found"),
    [((8, 8), ["4-9", "7-9"]), ((1, 3), ["1-3"]), ((3, 4), ["1-3", "4-9"]), ((4, 9), ["4-9", "7-9"])],
)
def test_years_overlap_when_they_share_one(years: tuple[int, int], found: list[str]) -> None:
    subject = Subject.objects.create(code="X", name="X", curriculum="LGR22", school_form="GR")
    for first, last in ((1, 3), (4, 9), (7, 9), (None, None)):
        CoreContent.objects.create(
            key=f"{first}-{last}", subject=subject, first_year=first, last_year=last, text="x", text_group="x"
        )

    points = CoreContent.objects.filter(span_overlaps(*years)).order_by("first_year")

    assert [point.years for point in points] == found
