"""Turning what was read about the curriculum into rows. Can run twice: the second run writes nothing.

Nothing is deleted that somebody may have linked to. What has vanished or changed its wording is ended,
stays readable, and names what took its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TypeVar

from django.db import DatabaseError, models, transaction
from django.db.models import Q
from django.utils import timezone

from bryggan.common import audit
from bryggan.common.models import DataVersion
from bryggan.curriculum.models import (
    Block,
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
from bryggan.curriculum.points import Point, Wording, point_keys, successors, text_group
from bryggan.curriculum.skolverket import UnreadableCurriculum
from bryggan.curriculum.syllabus import (
    OrientationText,
    ProgrammeText,
    Reading,
    SubjectPlace,
    SubjectText,
    fingerprint,
)

DATA_VERSION = "curriculum"
# A list shorter than this share of what the database holds is a fault in the source, not news.
SHORTEST_SHARE = 0.9
# Lists may be whole while the details came empty.
SHORTEST_CONTENT_SHARE = 0.5
_SUBJECTS_AT_A_TIME = 100
_ROWS_AT_A_TIME = 500


class MuchShorter(UnreadableCurriculum):
    """A part of the curriculum came with far less than the database holds. Nothing was changed."""


@dataclass
class Counts:
    """How many are in what was read; and how many points of central content began, ended or stayed."""

    subjects: int = 0
    courses: int = 0
    core_content: int = 0
    programmes: int = 0
    added: int = 0
    ended: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Outcome:
    counts: Counts
    # True when any row was written, the record of the run aside.
    changed: bool
    notes: tuple[str, ...] = ()


def import_curriculum(read: Callable[[], Reading], origin: str) -> Outcome:
    """Read and write the curriculum, and keep a record of the run. `origin` is an address or a folder.

    One transaction: a failed run changes nothing, and leaves its error in its record. Reading happens
    before the transaction, which holds up no other writer for longer than it takes to write.
    """
    started_at = timezone.now()
    try:
        reading = read()
        with transaction.atomic():
            outcome = _write(reading, is_extract=False)
            run = CurriculumImport.objects.create(
                started_at=started_at,
                finished_at=timezone.now(),
                origin=origin[:300],
                api_version=reading.api_version,
                counts=asdict(outcome.counts),
            )
            if outcome.changed:
                audit.record("import", "imported curriculum", run, origin=origin, **asdict(outcome.counts))
                DataVersion.touch(DATA_VERSION)
    except Exception as error:
        # When the database itself is the trouble, that is what has to be said.
        with suppress(DatabaseError):
            CurriculumImport.objects.create(
                started_at=started_at, finished_at=timezone.now(), origin=origin[:300], error=str(error)[:2000]
            )
        raise
    return outcome


@transaction.atomic
def import_extract(reading: Reading) -> Outcome:
    """Write our own demo extract. Subjects that have official text are left alone; repeating it writes nothing."""
    started_at = timezone.now()
    outcome = _write(reading, is_extract=True)
    if outcome.changed:
        run = CurriculumImport.objects.create(
            started_at=started_at,
            finished_at=timezone.now(),
            origin="extract",
            counts=asdict(outcome.counts),
        )
        audit.record("import", "loaded curriculum extract", run, **asdict(outcome.counts))
        DataVersion.touch(DATA_VERSION)
    return outcome


def _write(reading: Reading, *, is_extract: bool) -> Outcome:
    # Two runs at once would both find the same points missing: the second waits for the first here.
    DataVersion.objects.select_for_update().get_or_create(name=DATA_VERSION)
    if not is_extract:
        _refuse_much_shorter(reading)
    counts = Counts(
        subjects=len(reading.subjects),
        courses=sum(len(subject.courses) for subject in reading.subjects),
        core_content=sum(subject.point_count for subject in reading.subjects),
        programmes=len(reading.programmes),
    )
    subjects = _SubjectWriter(is_extract)
    subjects.write(reading)
    programmes_changed = _write_programmes(reading, is_extract=is_extract)
    counts.added, counts.ended = subjects.added, subjects.ended
    counts.unchanged = max(0, counts.core_content - subjects.left_alone - subjects.added)
    return Outcome(counts, subjects.changed or programmes_changed, tuple(reading.notes))


def _refuse_much_shorter(reading: Reading) -> None:
    """Raises MuchShorter when a part of what was read is too small to be believed."""
    for curriculum, school_form in sorted(reading.whole):
        held = Subject.objects.current().filter(curriculum=curriculum, school_form=school_form, is_extract=False)
        # What had an announced end may go.
        held = held.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate()))
        read = [s for s in reading.subjects if (s.curriculum, s.school_form) == (curriculum, school_form)]
        unread = held.filter(code__in=reading.unread).count() if reading.unread else 0
        _refuse_if_shorter(f"{curriculum} subjects", len(read) + unread, held.count(), SHORTEST_SHARE)
        content = CoreContent.objects.current().filter(
            subject__in=held.exclude(code__in=reading.unread), is_extract=False
        )
        told = sum(subject.point_count for subject in read)
        _refuse_if_shorter(f"points of {curriculum}", told, content.count(), SHORTEST_CONTENT_SHARE)
    for curriculum in sorted(reading.whole_programmes):
        programmes = Programme.objects.filter(curriculum=curriculum, ended_at__isnull=True)
        programmes = programmes.exclude(imported_hash__startswith=_EXTRACT).filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
        )
        read_now = sum(programme.curriculum == curriculum for programme in reading.programmes)
        unread = programmes.filter(code__in=reading.unread).count() if reading.unread else 0
        _refuse_if_shorter(f"{curriculum} programmes", read_now + unread, programmes.count(), SHORTEST_SHARE)


def _refuse_if_shorter(what: str, read: int, held: int, share: float) -> None:
    if held and read < share * held:
        raise MuchShorter(
            f"{read} {what} were read where the database holds {held}: too few to be believed, nothing was changed"
        )


# --- Subjects, courses and points -----------------------------------------------------------------------


class _SubjectWriter:
    """Writes subjects with what is under them, and counts points on the way."""

    def __init__(self, is_extract: bool) -> None:
        self.is_extract = is_extract
        self.now = timezone.now()
        self.added = 0
        self.ended = 0
        # Points of an extract that official text has replaced.
        self.left_alone = 0
        self.changed = False

    def write(self, reading: Reading) -> None:
        held = {
            subject.code: subject
            for subject in Subject.objects.only(
                "code", "curriculum", "school_form", "imported_hash", "ended_at", "is_extract"
            ).order_by()
        }
        wanted = [subject for subject in reading.subjects if self._may_write(subject, held)]
        self.left_alone = sum(s.point_count for s in reading.subjects) - sum(s.point_count for s in wanted)
        news = [subject for subject in wanted if self._is_news(subject, held.get(subject.code))]
        for some in _batches(news, _SUBJECTS_AT_A_TIME):
            self._write_some(some, held)
        read = {subject.code for subject in reading.subjects} | reading.unread
        self._end_subjects([s for s in held.values() if s.code not in read and self._has_vanished(s, reading)])

    def _may_write(self, subject: SubjectText, held: dict[str, Subject]) -> bool:
        if not self.is_extract:
            return True
        known = held.get(subject.code)
        if known is not None:
            return known.is_extract and not self._form_is_official(subject.school_form, held)
        return not self._form_is_official(subject.school_form, held)

    @staticmethod
    def _form_is_official(school_form: str, held: dict[str, Subject]) -> bool:
        """Preschool class comes as one official subject, which replaces all areas of the extract."""
        return school_form == SchoolForm.PRESCHOOL_CLASS and any(
            subject.school_form == school_form and not subject.is_extract for subject in held.values()
        )

    def _is_news(self, subject: SubjectText, known: Subject | None) -> bool:
        return (
            known is None
            or known.ended_at is not None
            or known.is_extract != self.is_extract
            or known.imported_hash != fingerprint(subject)
        )

    def _has_vanished(self, known: Subject, reading: Reading) -> bool:
        if known.ended_at is not None:
            return False
        part = (Curriculum(known.curriculum), SchoolForm(known.school_form))
        if known.is_extract:
            # An area of preschool class goes when the official text comes; other extracts wait for their subject.
            return self.is_extract or (part in reading.whole and part[1] == SchoolForm.PRESCHOOL_CLASS)
        return not self.is_extract and part in reading.whole

    def _write_some(self, texts: Sequence[SubjectText], held: dict[str, Subject]) -> None:
        self.changed = True
        new: list[Subject] = []
        old: list[Subject] = []
        for text in texts:
            known = held.get(text.code)
            row = Subject(
                pk=known.pk if known else None,
                code=text.code,
                is_extract=self.is_extract,
                imported_hash=fingerprint(text),
                ended_at=None,
                **{name: getattr(text, name) for name in _SUBJECT_FIELDS},
            )
            (old if known else new).append(row)
        Subject.objects.bulk_create(new, batch_size=_ROWS_AT_A_TIME)
        Subject.objects.bulk_update(
            old, [*_SUBJECT_FIELDS, "is_extract", "imported_hash", "ended_at"], batch_size=_ROWS_AT_A_TIME
        )
        rows = {row.code: row for row in (*new, *old)}
        known_subjects = [row.pk for row in old]
        courses = self._write_courses(texts, rows, known_subjects)
        self._write_points(texts, rows, courses, known_subjects)

    def _write_courses(
        self, texts: Sequence[SubjectText], rows: dict[str, Subject], known_subjects: list[int]
    ) -> dict[str, Course]:
        codes = [course.code for text in texts for course in text.courses]
        # By code too: a course may have moved here from another subject.
        held = {
            course.code: course
            for course in Course.objects.filter(Q(subject__in=known_subjects) | Q(code__in=codes)).order_by()
        }
        new, moved, now = [], [], {}
        for text in texts:
            for position, course in enumerate(text.courses, 1):
                wanted = {
                    "subject_id": rows[text.code].pk,
                    "name": course.name,
                    "points": course.points,
                    "position": position,
                    "ended_at": None,
                }
                row = held.pop(course.code, None)
                if row is None:
                    row = Course(code=course.code, **wanted)
                    new.append(row)
                elif _differs(row, wanted):
                    moved.append(row)
                now[course.code] = row
        Course.objects.bulk_create(new, batch_size=_ROWS_AT_A_TIME)
        Course.objects.bulk_update(
            moved, ["subject", "name", "points", "position", "ended_at"], batch_size=_ROWS_AT_A_TIME
        )
        gone = [course.pk for course in held.values() if course.ended_at is None]
        for some in _batches(gone, _ROWS_AT_A_TIME):
            Course.objects.filter(pk__in=some).update(ended_at=self.now)
        return now

    def _write_points(
        self,
        texts: Sequence[SubjectText],
        rows: dict[str, Subject],
        courses: dict[str, Course],
        known_subjects: list[int],
    ) -> None:
        held = {point.key: point for point in CoreContent.objects.filter(subject__in=known_subjects).order_by()}
        new, moved, revived = [], [], []
        for text in texts:
            for point in _points_of(text, rows[text.code], courses):
                row = held.pop(point.key, None)
                if row is None:
                    point.is_extract = self.is_extract
                    point.began_at = self.now
                    new.append(point)
                    continue
                if row.ended_at is not None:
                    revived.append(row)
                wanted = {name: getattr(point, name) for name in _POINT_FIELDS}
                if _differs(row, {**wanted, "is_extract": self.is_extract, "ended_at": None}):
                    moved.append(row)
        gone = [point for point in held.values() if point.ended_at is None]
        CoreContent.objects.bulk_create(new, batch_size=_ROWS_AT_A_TIME)
        CoreContent.objects.bulk_update(
            moved,
            [name.removesuffix("_id") for name in _POINT_FIELDS] + ["is_extract", "ended_at"],
            batch_size=_ROWS_AT_A_TIME,
        )
        for some in _batches([point.pk for point in gone], _ROWS_AT_A_TIME):
            CoreContent.objects.filter(pk__in=some).update(ended_at=self.now)
        through = CoreContent.successors.through
        for some in _batches([point.pk for point in revived], _ROWS_AT_A_TIME):
            # Back in force: it has no successor any more.
            through.objects.filter(from_corecontent__in=some).delete()
        if gone:
            self._link(gone, [*new, *revived])
        self.added += len(new) + len(revived)
        self.ended += len(gone)

    @staticmethod
    def _link(gone: Sequence[CoreContent], begun: Sequence[CoreContent]) -> None:
        begun_in: defaultdict[int, list[CoreContent]] = defaultdict(list)
        gone_in: defaultdict[int, list[CoreContent]] = defaultdict(list)
        for point in begun:
            begun_in[point.subject_id].append(point)
        for point in gone:
            gone_in[point.subject_id].append(point)
        through = CoreContent.successors.through
        links = []
        for subject_id, ended in gone_in.items():
            pk_of = {point.key: point.pk for point in (*ended, *begun_in[subject_id])}
            found = successors([_wording(p) for p in ended], [_wording(p) for p in begun_in[subject_id]])
            links += [
                through(from_corecontent_id=pk_of[old], to_corecontent_id=pk_of[new])
                for old, keys in found.items()
                for new in keys
            ]
        through.objects.bulk_create(links, batch_size=_ROWS_AT_A_TIME)

    def _end_subjects(self, gone: Sequence[Subject]) -> None:
        for some in _batches([subject.pk for subject in gone], _ROWS_AT_A_TIME):
            self.changed = True
            self.ended += CoreContent.objects.current().filter(subject__in=some).update(ended_at=self.now)
            Course.objects.filter(subject__in=some, ended_at__isnull=True).update(ended_at=self.now)
            Subject.objects.filter(pk__in=some).update(ended_at=self.now)


_SUBJECT_FIELDS = (
    "name",
    "english_name",
    "curriculum",
    "school_form",
    "type_of_syllabus",
    "category",
    "purpose",
    "version",
    "starts_on",
    "ends_on",
    "cancelled_on",
    "modified_on",
    "regulation",
)
_POINT_FIELDS = ("subject_id", "course_id", "first_year", "last_year", "position", "text_group")


def _points_of(text: SubjectText, subject: Subject, courses: dict[str, Course]) -> Iterator[CoreContent]:
    """Unsaved rows for all points of a subject. Their position runs through the whole subject."""
    position = 0
    for course in text.courses:
        for key, point in _keyed(text.code, course.code, "", course.content):
            position += 1
            yield CoreContent(
                key=key,
                subject=subject,
                course=courses[course.code],
                heading=point.heading[:300],
                text=point.text,
                position=position,
                text_group=text_group(text.curriculum, text.school_form, None, None, point.text),
            )
    for block in text.blocks:
        for key, point in _keyed(text.code, block.part, block.kind, block.content):
            position += 1
            yield CoreContent(
                key=key,
                subject=subject,
                first_year=block.first_year,
                last_year=block.last_year,
                kind=block.kind,
                heading=point.heading[:300],
                text=point.text,
                position=position,
                text_group=text_group(
                    text.curriculum, text.school_form, block.first_year, block.last_year, point.text
                ),
            )


def _keyed(code: str, part: str, kind: str, points: tuple[Point, ...]) -> Iterator[tuple[str, Point]]:
    return zip(point_keys(code, part, kind, points), points, strict=True)


def _wording(point: CoreContent) -> Wording:
    part = f"course {point.course_id}" if point.course_id else f"years {point.years}"
    return Wording(point.key, part, point.heading, point.text)


# --- Programmes -----------------------------------------------------------------------------------------

# Marks a programme that came with the extract and may be replaced by the official one without further ado.
_EXTRACT = "x"
# Orientations that changed both code and name, and still are each other's counterpart.
_ORIENTATION_PAIRS = {"SAMED": "SAMJK"}


@dataclass(frozen=True)
class _PairedProgramme:
    """A programme with the successor it has, and whether its subjects were taken over from there."""

    text: ProgrammeText
    successor_code: str = ""
    is_derived: bool = False


def pair_programmes(programmes: Sequence[ProgrammeText]) -> list[_PairedProgramme]:
    """Gy11 programmes with their Gy25 successor, where the code (`NA`, `NA25`) or the name shows the pair.

    One that names no subjects itself gets those of its successor, with Gy25 codes: nobody tells them for
    Gy11, and the programmes' profiles have not moved much. Its orientations get those of the orientation
    with the same code or name. `HV` has no single successor and stays without subjects.
    """
    by_code = {p.code: p for p in programmes if p.curriculum == Curriculum.GY25}
    by_name = {p.name.casefold(): p for p in by_code.values()}
    paired = []
    for programme in programmes:
        successor = None
        if programme.curriculum == Curriculum.GY11:
            successor = by_code.get(f"{programme.code}25") or by_name.get(programme.name.casefold())
        if successor is None:
            paired.append(_PairedProgramme(programme))
        elif programme.names_subjects:
            paired.append(_PairedProgramme(programme, successor.code))
        else:
            paired.append(_PairedProgramme(_with_subjects_of(successor, programme), successor.code, is_derived=True))
    return paired


def _with_subjects_of(successor: ProgrammeText, programme: ProgrammeText) -> ProgrammeText:
    by_code = {o.code: o for o in successor.orientations}
    by_name = {o.name.casefold(): o for o in successor.orientations}

    def derived(orientation: OrientationText) -> OrientationText:
        counterpart = (
            by_code.get(orientation.code)
            or by_name.get(orientation.name.casefold())
            or by_code.get(_ORIENTATION_PAIRS.get(orientation.code, ""))
        )
        return replace(orientation, subjects=counterpart.subjects) if counterpart else orientation

    return replace(
        programme,
        foundation=successor.foundation,
        programme_specific=successor.programme_specific,
        specialisation=successor.specialisation,
        orientations=tuple(derived(orientation) for orientation in programme.orientations),
    )


def _write_programmes(reading: Reading, *, is_extract: bool) -> bool:
    """Write programmes, orientations and their subjects. True when anything changed."""
    now = timezone.now()
    held = {programme.code: programme for programme in Programme.objects.order_by()}
    paired = pair_programmes(reading.programmes)
    if is_extract:
        official = {row.curriculum for row in held.values() if not row.imported_hash.startswith(_EXTRACT)}
        paired = [pair for pair in paired if pair.text.curriculum not in official]
    news = []
    for pair in paired:
        digest = _EXTRACT if is_extract else ""
        digest += fingerprint(pair.text)
        row = held.get(pair.text.code)
        if row is None or row.imported_hash != digest or row.ended_at is not None:
            news.append((pair, digest))
    read = {programme.code for programme in reading.programmes} | reading.unread
    gone = [
        row.pk
        for row in held.values()
        if row.code not in read
        and row.ended_at is None
        and not is_extract
        and Curriculum(row.curriculum) in reading.whole_programmes
    ]
    if gone:
        Programme.objects.filter(pk__in=gone).update(ended_at=now)
    new: list[Programme] = []
    old: list[Programme] = []
    for pair, digest in news:
        text = pair.text
        row = held.get(text.code)
        (old if row else new).append(row := row or Programme(code=text.code))
        row.name, row.curriculum, row.category = text.name, text.curriculum, text.category
        row.starts_on, row.ends_on = text.starts_on, text.ends_on
        row.imported_hash, row.ended_at = digest, None
        held[text.code] = row
    Programme.objects.bulk_create(new)
    for pair, _digest in news:
        held[pair.text.code].successor = held.get(pair.successor_code)
    Programme.objects.bulk_update(
        [*new, *old],
        ["name", "curriculum", "category", "starts_on", "ends_on", "imported_hash", "ended_at", "successor"],
    )
    if news:
        orientations = _write_orientations([(pair, held[pair.text.code]) for pair, _digest in news], now)
        _write_programme_subjects([(pair, held[pair.text.code]) for pair, _digest in news], orientations)
    return bool(news or gone)


def _write_orientations(
    programmes: Sequence[tuple[_PairedProgramme, Programme]], now: datetime
) -> dict[tuple[int, str], Orientation]:
    """Rows by programme and code. One that is gone is ended; a class may have chosen it."""
    rows = Orientation.objects.filter(programme__in=[programme for _pair, programme in programmes]).order_by()
    held = {(row.programme_id, row.code): row for row in rows}
    new, moved, found = [], [], {}
    for pair, programme in programmes:
        for text in pair.text.orientations:
            row = held.pop((programme.pk, text.code), None)
            wanted = {"name": text.name, "points": text.points, "ended_at": None}
            if row is None:
                row = Orientation(programme=programme, code=text.code, **wanted)
                new.append(row)
            elif _differs(row, wanted):
                moved.append(row)
            found[(programme.pk, text.code)] = row
    Orientation.objects.bulk_create(new)
    Orientation.objects.bulk_update(moved, ["name", "points", "ended_at"])
    gone = [row.pk for row in held.values() if row.ended_at is None]
    if gone:
        Orientation.objects.filter(pk__in=gone).update(ended_at=now)
    return found


def _write_programme_subjects(
    programmes: Sequence[tuple[_PairedProgramme, Programme]], orientations: dict[tuple[int, str], Orientation]
) -> None:
    rows = ProgrammeSubject.objects.filter(programme__in=[programme for _pair, programme in programmes]).order_by()
    held = {(row.programme_id, row.orientation_id, row.block, row.subject_code): row for row in rows}
    new, moved = [], []
    for pair, programme in programmes:
        for block, orientation, place in _places_of(pair.text, programme, orientations):
            row = held.pop((programme.pk, orientation.pk if orientation else None, block, place.code), None)
            wanted = {
                "subject_name": place.name,
                "level_codes": list(place.level_codes),
                "is_optional": place.is_optional,
                "is_derived": pair.is_derived,
            }
            if row is None:
                new.append(
                    ProgrammeSubject(
                        programme=programme,
                        orientation=orientation,
                        block=block,
                        subject_code=place.code,
                        **wanted,
                    )
                )
            elif _differs(row, wanted):
                moved.append(row)
    ProgrammeSubject.objects.bulk_create(new, batch_size=_ROWS_AT_A_TIME)
    ProgrammeSubject.objects.bulk_update(
        moved, ["subject_name", "level_codes", "is_optional", "is_derived"], batch_size=_ROWS_AT_A_TIME
    )
    # Those of an ended orientation stay, for the classes that still follow it.
    kept = {orientation.pk for orientation in orientations.values()}
    gone = [row.pk for row in held.values() if row.orientation_id is None or row.orientation_id in kept]
    for some in _batches(gone, _ROWS_AT_A_TIME):
        ProgrammeSubject.objects.filter(pk__in=some).delete()


def _places_of(
    text: ProgrammeText, programme: Programme, orientations: dict[tuple[int, str], Orientation]
) -> Iterator[tuple[Block, Orientation | None, SubjectPlace]]:
    for block, places in (
        (Block.FOUNDATION, text.foundation),
        (Block.PROGRAMME, text.programme_specific),
        (Block.SPECIALISATION, text.specialisation),
    ):
        for place in places:
            yield block, None, place
    for orientation in text.orientations:
        for place in orientation.subjects:
            yield Block.ORIENTATION, orientations[(programme.pk, orientation.code)], place


# --- Small tools ----------------------------------------------------------------------------------------

_Item = TypeVar("_Item")


def _batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _differs(row: models.Model, wanted: Mapping[str, object]) -> bool:
    """Put the wanted values on `row`; True when any of them was another before."""
    differs = False
    for name, value in wanted.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
            differs = True
    return differs
