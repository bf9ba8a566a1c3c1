"""Skolverket's Syllabus API v1, read from the network or from files with the same shapes.

Source: https://api.skolverket.se/syllabus (open data, CC0; we credit Skolverket anyway). One object per
subject, with its courses (Gy11), levels (Gy25) or spans of school years (compulsory school) inside.
What surprised us:

* A list comes whole, without pages, and 404 on a list means "no match".
* A field without a value is left out. Numbers of points are strings. `reform` is missing in older answers.
* Central content sits on the course in upper secondary school and on the subject in compulsory school.
* Some programmes refer to choice slots (MOSP, SPRK, NAVE, MODA1–3) that are no subjects.
* Subjects of Gy11 have codes with Å, Ä and Ö and courses that mix case: both are kept as they are.
* Preschool class is a section of the curriculum LGR22 itself, and preschool is nowhere.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from bryggan.common.fetching import Answer, Fetcher, FetchError
from bryggan.common.safe_html import text_of
from bryggan.curriculum.models import Curriculum, SchoolForm
from bryggan.curriculum.points import Point, normal_text, split
from bryggan.curriculum.syllabus import (
    CourseText,
    OrientationText,
    ProgrammeText,
    Reading,
    SubjectPlace,
    SubjectText,
    YearsText,
)

DEFAULT_API = "https://api.skolverket.se/syllabus"
PRESCHOOL_CLASS_CODE = "FKLASS"

Progress = Callable[[str], None]
Json = Mapping[str, Any]

_SYLLABUS_TYPES = {
    "SUBJECT_SYLLABUS": (Curriculum.GY11, SchoolForm.UPPER_SECONDARY),
    "GRADE_SUBJECT_SYLLABUS": (Curriculum.GY25, SchoolForm.UPPER_SECONDARY),
    "COURSE_SYLLABUS": (Curriculum.LGR22, SchoolForm.COMPULSORY),
    "OTHER_COURSE_SYLLABUS": (Curriculum.LGR22, SchoolForm.COMPULSORY),
}
_REFORMS = {
    "GY11": (Curriculum.GY11, SchoolForm.UPPER_SECONDARY),
    "GY25": (Curriculum.GY25, SchoolForm.UPPER_SECONDARY),
}
# Fourth technical years, introductory programmes and the like have no class of their own here.
_STUDY_PATHS = {"PROGRAM": Curriculum.GY11, "PROGRAM25": Curriculum.GY25}
# The column is 20 wide; the longest official code has 10 characters.
_CODE = re.compile(r"[A-ZÅÄÖa-zåäö0-9][\wÅÄÖåäö-]{0,19}")
_LONGEST_PROGRAMME_CODE = 10
_SPAN = re.compile(r"(\d{1,2})(?:\s*[-–—]\s*(\d{1,2}))?")
# The second list of a purpose only names the levels or courses.
_PARTS_NAMED = re.compile(r"<h\d[^>]*>\s*(?:Nivåer|Kurser)\b", re.IGNORECASE)


class UnreadableCurriculum(Exception):
    """What was read is not the curriculum as we know it. The message says where and why, in one line."""


def no_progress(_line: str) -> None:
    """Nobody watches."""


# --- One object at a time -------------------------------------------------------------------------------


def subject_from(detail: Json, fallback: tuple[Curriculum, SchoolForm] | None = None) -> SubjectText | None:
    """The subject in a `subject` object; None for a kind of syllabus that is not ours.

    `fallback` is what it belongs to when neither `reform` nor `typeOfSyllabus` says so. Raises
    UnreadableCurriculum when there is no usable code.
    """
    code = _code(detail, "a subject")
    type_of_syllabus = _text(detail.get("typeOfSyllabus"))
    reform = _text(detail.get("reform")).upper()
    belongs = _REFORMS.get(reform) or _SYLLABUS_TYPES.get(type_of_syllabus) or fallback
    if belongs is None:
        return None
    curriculum, school_form = belongs
    categories = [_text(category.get("code")) for category in _objects(detail.get("categories"))]
    courses = sorted(
        (course for course in _objects(detail.get("courses") or detail.get("levels"))),
        key=lambda course: _number(course.get("sortOrder")) or 0,
    )
    return SubjectText(
        code=code,
        name=(_text(detail.get("name")) or code)[:200],
        curriculum=curriculum,
        school_form=school_form,
        english_name=_text(detail.get("englishName"))[:200],
        type_of_syllabus=type_of_syllabus[:40],
        category=categories[0][:20] if categories else "",
        purpose=_purpose(detail),
        version=_number(detail.get("version")),
        starts_on=_day(detail.get("startDate")),
        ends_on=_day(detail.get("endDate")),
        cancelled_on=_day(detail.get("canceledDate")),
        modified_on=_day(detail.get("modifiedDate")),
        regulation=_text(detail.get("skolfsGrund"))[:40],
        courses=tuple(_unique(_course_from(course) for course in courses)),
        blocks=_blocks_from(_objects(detail.get("centralContents"))),
    )


def programme_from(detail: Json) -> ProgrammeText | None:
    """The programme in a `program` object; None for a study path that is no programme."""
    code = _code(detail, "a programme")
    study_path = _text(detail.get("studyPathType"))
    if not study_path:
        curriculum = Curriculum.GY25 if code.endswith("25") else Curriculum.GY11
    elif study_path in _STUDY_PATHS:
        curriculum = _STUDY_PATHS[study_path]
    else:
        return None
    specialisation = detail.get("specialization")
    if specialisation is None:
        specialisation = [{"code": code} for code in detail.get("specializationSubjectCodes") or []]
    return ProgrammeText(
        code=code,
        name=(_text(detail.get("name")) or code)[:200],
        curriculum=curriculum,
        category=_text(detail.get("category"))[:60],
        starts_on=_day(detail.get("startDate")),
        ends_on=_day(detail.get("endDate")),
        foundation=_places(detail.get("foundationSubjects")),
        programme_specific=_places(detail.get("programmeSpecificSubjects")),
        specialisation=_places(specialisation),
        orientations=tuple(
            _unique(
                OrientationText(
                    code=_code(orientation, f"an orientation of {code}"),
                    name=_text(orientation.get("name"))[:200],
                    points=_number(orientation.get("points")),
                    subjects=_places(orientation.get("subjects")),
                )
                for orientation in _objects(detail.get("orientations"))
                if len(_text(orientation.get("code"))) <= _LONGEST_PROGRAMME_CODE
            )
        ),
    )


def preschool_class_from(curriculum: Json) -> SubjectText | None:
    """Preschool class out of a `curriculum` object (LGR22): one subject, its points under their headings.

    None when no section holds the central content of preschool class.
    """
    for section in _objects(curriculum.get("sections")):
        markup = section.get("content")
        if not isinstance(markup, str) or "örskoleklass" not in markup:
            continue
        if _text(section.get("type")) not in ("", "3"):
            continue
        _before, heading, content = _cut(markup, r"<h[2-4][^>]*>\s*Centralt\s+innehåll\s*</h[2-4]>")
        points = split(content)
        if heading and points:
            _start, _heading, purpose = _cut(_before, r"<h[2-4][^>]*>\s*Syfte\s*</h[2-4]>")
            return SubjectText(
                code=PRESCHOOL_CLASS_CODE,
                name="Förskoleklass",
                curriculum=Curriculum.LGR22,
                school_form=SchoolForm.PRESCHOOL_CLASS,
                purpose=text_of(purpose),
                version=_number(curriculum.get("version")),
                starts_on=_day(curriculum.get("startDate")),
                modified_on=_day(curriculum.get("modifiedDate")),
                regulation=_text(curriculum.get("skolfsGrund"))[:40],
                blocks=(YearsText(None, None, content=points),),
            )
    return None


def area_from(area: Json, curriculum: Curriculum, school_form: SchoolForm) -> SubjectText:
    """A goal area of preschool or an area of preschool class, from the demo extract: a subject without years."""
    return SubjectText(
        code=_code(area, "an area"),
        name=_text(area.get("name"))[:200],
        curriculum=curriculum,
        school_form=school_form,
        blocks=(YearsText(None, None, content=_points([{"points": area.get("points")}])),),
    )


def _course_from(course: Json) -> CourseText:
    code = _code(course, "a course or level")
    groups = course.get("groups")
    return CourseText(
        code=code,
        name=(_text(course.get("name")) or code)[:200],
        points=_number(course.get("points")),
        content=_points(groups) if groups is not None else split(_markup(course.get("centralContent"))),
    )


def _blocks_from(blocks: Iterable[Json]) -> tuple[YearsText, ...]:
    """Blocks in the order of their years. Those of the same years and kind become one, in the given order."""
    merged: dict[tuple[int, int, str], YearsText] = {}
    for block in blocks:
        kind = _text(block.get("typeOfCentralContent"))[:60]
        span = _SPAN.search(_text(block.get("year")))
        first = int(span[1]) if span else None
        last = int(span[2] or span[1]) if span else None
        if first is not None and last is not None and first > last:
            first, last = last, first
        groups = block.get("groups")
        content = _points(groups) if groups is not None else split(_markup(block))
        key = (first or 0, last or 0, kind)
        known = merged.get(key)
        merged[key] = YearsText(first, last, kind, (known.content if known else ()) + content)
    return tuple(merged[key] for key in sorted(merged))


def _points(groups: Any) -> tuple[Point, ...]:
    found = []
    for group in _objects(groups):
        heading = normal_text(_text(group.get("heading")))
        texts = group.get("points")
        for text in texts if isinstance(texts, list) else []:
            if words := normal_text(_text(text)):
                found.append(Point(heading, words))
    return tuple(found)


def _purpose(detail: Json) -> str:
    """The purpose as plain text, one paragraph or aim a line."""
    markup = _markup(detail.get("purpose"))
    if not markup:
        aims = detail.get("aims")
        return "\n".join(normal_text(_text(aim)) for aim in aims) if isinstance(aims, list) else ""
    return text_of(_PARTS_NAMED.split(markup, maxsplit=1)[0])


def _places(value: Any) -> tuple[SubjectPlace, ...]:
    """The subjects of a block: an object with `subjects` on the wire, a list in the reduced file.

    A subject that stands there twice is one, with the levels of both.
    """
    if isinstance(value, Mapping):
        value = value.get("subjects")
    places: dict[str, SubjectPlace] = {}
    for entry in _objects(value):
        code = _text(entry.get("code"))
        if not _CODE.fullmatch(code):
            continue
        levels = [_text(level.get("code")) for level in _objects(entry.get("courses") or entry.get("levels"))]
        place = places.get(code) or SubjectPlace(code, _text(entry.get("name"))[:200])
        places[code] = replace(
            place,
            level_codes=tuple(dict.fromkeys((*place.level_codes, *(level for level in levels if level)))),
            is_optional=place.is_optional or entry.get("optional") is True,
        )
    return tuple(places.values())


_Coded = TypeVar("_Coded", CourseText, OrientationText)


def _unique(things: Iterable[_Coded]) -> Iterator[_Coded]:
    """Each code once: the first one counts."""
    seen = set()
    for thing in things:
        if thing.code not in seen:
            seen.add(thing.code)
            yield thing


def _objects(value: Any) -> list[Json]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """A string or number as one line; empty for everything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return normal_text(str(value))


def _markup(value: Any) -> str:
    """HTML that stands bare or in an object's `text`."""
    if isinstance(value, Mapping):
        value = value.get("text")
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    """A whole number that fits its column, however it is written; None for anything else."""
    text = _text(value)
    with suppress(ValueError, OverflowError):
        number = int(float(text.replace(",", ".").replace(" ", "")))
        if 0 <= number < 2**31:
            return number
    return None


def _day(value: Any) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(_text(value)[:10])
    return None


def _code(thing: Json, what: str) -> str:
    code = _text(thing.get("code"))
    if not _CODE.fullmatch(code):
        raise UnreadableCurriculum(f"{what} has no usable code ({code[:30]!r})")
    return code


def _cut(markup: str, pattern: str) -> tuple[str, str, str]:
    """Before, match and after of the first match; everything is before where there is none."""
    match = re.search(pattern, markup, re.IGNORECASE)
    return (markup[: match.start()], match[0], markup[match.end() :]) if match else (markup, "", "")


# --- Into one reading -----------------------------------------------------------------------------------


def add_subjects(
    reading: Reading, details: Iterable[Json], fallback: tuple[Curriculum, SchoolForm] | None = None
) -> None:
    """Put subjects into `reading`. One that cannot be read is noted and left as the database has it."""
    known = {subject.code for subject in reading.subjects}
    taken = {course.code for subject in reading.subjects for course in subject.courses}
    for detail in details:
        try:
            subject = subject_from(detail, fallback)
        except UnreadableCurriculum as error:
            _leave(reading, detail, str(error))
            continue
        if subject is None:
            reading.notes.append(f"{_text(detail.get('code'))}: a kind of syllabus that is not read here")
            continue
        if subject.code in known:
            reading.notes.append(f"{subject.code}: stands twice, the first one is used")
            continue
        if doubled := sorted(course.code for course in subject.courses if course.code in taken):
            reading.notes.append(f"{subject.code}: {', '.join(doubled)} stand in another subject, which is used")
            courses = tuple(course for course in subject.courses if course.code not in taken)
            subject = replace(subject, courses=courses)
        known.add(subject.code)
        taken.update(course.code for course in subject.courses)
        reading.subjects.append(subject)


def add_programmes(reading: Reading, details: Iterable[Json]) -> None:
    """Put programmes into `reading`. One that cannot be read is noted and left as the database has it."""
    known = {programme.code for programme in reading.programmes}
    for detail in details:
        try:
            programme = programme_from(detail)
        except UnreadableCurriculum as error:
            _leave(reading, detail, str(error))
            continue
        if programme and len(programme.code) > _LONGEST_PROGRAMME_CODE:
            _leave(reading, detail, "the code is too long")
        elif programme and programme.code not in known:
            known.add(programme.code)
            reading.programmes.append(programme)


def _leave(reading: Reading, detail: Json, why: str) -> None:
    code = _text(detail.get("code"))
    reading.unread.add(code)
    reading.notes.append(f"{code or 'without a code'}: left out, {why}")


# --- A folder of files ----------------------------------------------------------------------------------

SUBJECT_FILES: Mapping[tuple[str, ...], tuple[Curriculum, SchoolForm]] = {
    ("gy25_subjects.json",): (Curriculum.GY25, SchoolForm.UPPER_SECONDARY),
    ("gy11_subjects.json",): (Curriculum.GY11, SchoolForm.UPPER_SECONDARY),
    ("grundskola_lgr22_parsed.json", "grundskola_lgr22_reconstructed_wire.json"): (
        Curriculum.LGR22,
        SchoolForm.COMPULSORY,
    ),
}
PROGRAMMES_FILE = "programmes.json"


def read_directory(directory: Path, progress: Progress = no_progress) -> Reading:
    """What the files of `directory` say: subjects of Gy25, Gy11 and compulsory school, and programmes.

    A missing file is noted and its part of the curriculum left alone. Raises UnreadableCurriculum when
    none of the files is there, or when one cannot be read.
    """
    if not directory.is_dir():
        raise UnreadableCurriculum(f"{directory} is not a directory")
    reading = Reading()
    missing = []
    for names, belongs in SUBJECT_FILES.items():
        path = next((directory / name for name in names if (directory / name).is_file()), None)
        if path is None:
            missing.append(names[0])
            continue
        progress(f"reading {path.name}")
        content = _json_file(path)
        details = _objects(content.get("subjects") if isinstance(content, Mapping) else content)
        if not details:
            raise UnreadableCurriculum(f"{path} holds no subjects")
        add_subjects(reading, details, belongs)
        reading.whole.add(belongs)
        _note_version(reading, content)
    path = directory / PROGRAMMES_FILE
    if path.is_file():
        progress(f"reading {path.name}")
        content = _json_file(path)
        before = len(reading.programmes)
        if isinstance(content, Mapping):
            for key, curriculum in (("gy25", Curriculum.GY25), ("gy11", Curriculum.GY11)):
                details = _objects(content.get(key))
                add_programmes(reading, details)
                if details:
                    reading.whole_programmes.add(curriculum)
        if len(reading.programmes) == before:
            raise UnreadableCurriculum(f"{path} holds no programmes")
        _note_version(reading, content)
    else:
        missing.append(PROGRAMMES_FILE)
    if len(missing) == len(SUBJECT_FILES) + 1:
        raise UnreadableCurriculum(f"{directory} holds none of the files {', '.join(missing)}")
    reading.notes.extend(f"{name}: not in {directory}, that part is left as it is" for name in missing)
    return reading


def _json_file(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"is not whole JSON ({error})"
        raise UnreadableCurriculum(f"{path} cannot be read: {reason}") from error


def _note_version(reading: Reading, content: Any) -> None:
    meta = content.get("_meta") if isinstance(content, Mapping) else None
    if isinstance(meta, Mapping) and (version := _text(meta.get("api_version"))):
        reading.api_version = version[:40]


# --- The API --------------------------------------------------------------------------------------------

# What an interrupted run fetched is good for so long. A finished run throws it away.
_KEPT_SECONDS = 7 * 24 * 3600


class Api:
    """Skolverket's Syllabus API, asked one question at a time.

    Fetched details are kept under `folder`, by code, version and modifiedDate, so that a run that was
    interrupted continues where it was. `forget` throws them away; call it when the import is done.
    """

    def __init__(self, base: str, fetcher: Fetcher, folder: Path, progress: Progress = no_progress) -> None:
        self.base = base.rstrip("/").removesuffix("/v1")
        self._fetcher = fetcher
        self._folder = folder / blake2b(self.base.encode(), digest_size=8).hexdigest()
        self._progress = progress
        self._api_version = ""
        self._notes: dict[str, None] = {}

    def read(self) -> Reading:
        """Everything: compulsory and upper secondary school, programmes, and preschool class where it is told.

        Raises FetchError when something cannot be had, UnreadableCurriculum when there is nothing to read.
        """
        reading = Reading()
        upper_secondary = {
            (Curriculum.GY25, SchoolForm.UPPER_SECONDARY),
            (Curriculum.GY11, SchoolForm.UPPER_SECONDARY),
        }
        compulsory = (Curriculum.LGR22, SchoolForm.COMPULSORY)
        for school_type, whole in (("GR", {compulsory}), ("GY", upper_secondary)):
            rows = self._list("subjects", school_type)
            fallback = compulsory if school_type == "GR" else None
            add_subjects(reading, self._details("subjects", "subject", rows, reading), fallback)
            reading.whole |= whole
        if not reading.subjects:
            raise UnreadableCurriculum(f"{self.base} lists no subjects of compulsory or upper secondary school")
        programmes = [row for row in self._list("programs", "GY") if self._is_programme(row)]
        add_programmes(reading, self._details("programs", "program", programmes, reading))
        reading.whole_programmes |= {Curriculum.GY25, Curriculum.GY11}
        if preschool_class := self._preschool_class():
            reading.subjects.append(preschool_class)
            reading.whole.add((preschool_class.curriculum, preschool_class.school_form))
        reading.api_version = self._api_version
        reading.notes.extend(self._notes)
        return reading

    def forget(self) -> None:
        """Throw away what was kept for an interrupted run."""
        for kept in self._folder.glob("*.json"):
            kept.unlink(missing_ok=True)
        with suppress(OSError):
            self._folder.rmdir()

    @staticmethod
    def _is_programme(row: Json) -> bool:
        study_path = _text(row.get("studyPathType"))
        return not study_path or study_path in _STUDY_PATHS

    def _list(self, kind: str, school_type: str) -> list[Json]:
        """The rows of a list; none when the API says that nothing matches."""
        address = f"{self.base}/v1/{kind}"
        params = {"schooltype": school_type, "timespan": "LATEST"}
        answer = self._fetcher.get(address, params, check=lambda answer: _payload(answer, kind, list))
        rows = _payload(answer, kind, list)
        if rows is None:
            self._notes[f"{kind} of {school_type}: the list is empty"] = None
            return []
        self._note_envelope(answer.json())
        told = _number(answer.json().get("totalElements"))
        if told is not None and len(rows) < told:
            raise FetchError(answer.address, f"the list has {len(rows)} of {told} elements")
        return [row for row in _objects(rows) if _text(row.get("code"))]

    def _details(self, kind: str, payload: str, rows: list[Json], reading: Reading) -> Iterator[Json]:
        for number, row in enumerate(rows, 1):
            code = _text(row.get("code"))
            self._progress(f"{kind} {number} of {len(rows)}: {code}")
            detail = self._detail(kind, payload, row)
            if detail is None:
                reading.unread.add(code)
                reading.notes.append(f"{code}: listed, but the API does not tell about it; left as it is")
            else:
                yield detail

    def _detail(self, kind: str, payload: str, row: Json) -> Json | None:
        code = _text(row.get("code"))
        stamp = [code, *(_text(row.get(name)) for name in ("modifiedDate", "version", "startDate"))]
        kept = self._folder / f"{kind}-{quote(code, safe='')}.json"
        if stamp[1] and (known := _kept(kept, stamp)) is not None:
            return known
        address = f"{self.base}/v1/{kind}/{quote(code, safe='')}"
        answer = self._fetcher.get(address, check=lambda answer: _payload(answer, payload, dict))
        detail = _payload(answer, payload, dict)
        if detail is None:
            return None
        if stamp[1]:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Renamed when whole: a run may be killed at any time.
            half = kept.with_suffix(".half")
            half.write_text(json.dumps({"stamp": stamp, "detail": detail}, ensure_ascii=False), "utf-8")
            half.replace(kept)
        return detail

    def _preschool_class(self) -> SubjectText | None:
        address = f"{self.base}/v1/curriculums/LGR22"
        # The shape of this answer is the least known: without it everything else is still worth importing.
        try:
            answer = self._fetcher.get(address, check=lambda answer: _payload(answer, "curriculum", dict))
            curriculum = _payload(answer, "curriculum", dict)
        except FetchError as error:
            self._notes[f"preschool class: left as it is ({error})"] = None
            return None
        found = preschool_class_from(curriculum) if curriculum else None
        if found is None:
            self._notes["preschool class: no central content in the curriculum LGR22, left as it is"] = None
        return found

    def _note_envelope(self, envelope: Json) -> None:
        self._api_version = _text(envelope.get("apiVersion"))[:40] or self._api_version
        for name in ("apiDeprecation", "apiSunset"):
            if said := _text(envelope.get(name)):
                self._notes[f"the API announces {name} {said}"] = None


def _payload(answer: Answer, key: str, kind: type[list[Any]] | type[dict[str, Any]]) -> Any:
    """What the envelope holds under `key`; None when nothing matches. Raises FetchError for any other answer."""
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise FetchError(answer.address, f"status {answer.status}")
    envelope = answer.json()
    if not isinstance(envelope, Mapping) or not isinstance(envelope.get(key), kind):
        raise FetchError(answer.address, f"not an answer of the Syllabus API, it has no {key!r}")
    return envelope[key]


def _kept(path: Path, stamp: list[str]) -> Json | None:
    """The detail kept at `path` under the same stamp, if it is whole and not too old."""
    try:
        if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            return None
        kept = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if isinstance(kept, dict) and kept.get("stamp") == stamp and isinstance(kept.get("detail"), dict):
        detail: Json = kept["detail"]
        return detail
    return None
