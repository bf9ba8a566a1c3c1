"""What the national curriculum says: subjects, courses and levels, central content, programmes.

Codes are Skolverket's. Nothing here knows of the city.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SchoolForm(models.TextChoices):
    """Codes of the school unit register; preschool is not in it and has the code of SS 12000."""

    PRESCHOOL = "FS", _("Förskola")
    PRESCHOOL_CLASS = "FKLASS", _("Förskoleklass")
    COMPULSORY = "GR", _("Grundskola")
    ADAPTED_COMPULSORY = "GRAN", _("Anpassad grundskola")
    UPPER_SECONDARY = "GY", _("Gymnasieskola")


class Curriculum(models.TextChoices):
    LPFO18 = "LPFO18", _("Lpfö 18")
    LGR22 = "LGR22", _("Lgr22")
    GY25 = "GY25", _("Gy25")
    GY11 = "GY11", _("Gy11")


class SubjectQuerySet(models.QuerySet["Subject"]):
    def current(self) -> SubjectQuerySet:
        """Subjects that have not ended."""
        return self.filter(ended_at__isnull=True)


class Subject(models.Model):
    """A subject of one curriculum. Preschool's goal areas and preschool class's areas are subjects too."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    english_name = models.CharField(max_length=200, blank=True)
    curriculum = models.CharField(max_length=6, choices=Curriculum)
    school_form = models.CharField(max_length=6, choices=SchoolForm)
    type_of_syllabus = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=20, blank=True)
    purpose = models.TextField(blank=True)
    version = models.PositiveIntegerField(null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    cancelled_on = models.DateField(null=True, blank=True)
    modified_on = models.DateField(null=True, blank=True)
    regulation = models.CharField(max_length=40, blank=True)
    # Written by us in own words for a first start without network; never shown as the official text.
    is_extract = models.BooleanField(default=False)
    # Hash of what was imported, so that a second import writes nothing.
    imported_hash = models.CharField(max_length=32, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["curriculum", "name", "code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Course(models.Model):
    """A course of a Gy11 subject or a level of a Gy25 subject."""

    code = models.CharField(max_length=20, unique=True)
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="courses")
    # As Skolverket writes it: full for a course ("Matematik 1a"), bare for a level ("Nivå 1a").
    name = models.CharField(max_length=200)
    points = models.PositiveIntegerField(null=True, blank=True)
    position = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["subject", "position", "code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class CoreContentQuerySet(models.QuerySet["CoreContent"]):
    def current(self) -> CoreContentQuerySet:
        """Points in force: neither reworded nor gone."""
        return self.filter(ended_at__isnull=True)


class CoreContent(models.Model):
    """One point of central content: a bullet of the official text, kept as it was worded.

    A changed wording is a new point. The old one is ended, stays readable and names its successors.
    """

    # 16 hex digits that survive a re-import; the public id of the point. See `points.point_key`.
    key = models.CharField(max_length=16, unique=True)
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="core_content")
    course = models.ForeignKey(Course, null=True, blank=True, on_delete=models.CASCADE, related_name="core_content")
    # Compulsory school: first and last school year, both included.
    first_year = models.PositiveSmallIntegerField(null=True, blank=True)
    last_year = models.PositiveSmallIntegerField(null=True, blank=True)
    # Skolverket's typeOfCentralContent: the same years can have several blocks (language choice and so on).
    kind = models.CharField(max_length=60, blank=True)
    heading = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    position = models.PositiveIntegerField(default=0)
    # The same in points whose years and text are identical, in whichever subject: linked, not muddled.
    text_group = models.CharField(max_length=16, db_index=True)
    is_extract = models.BooleanField(default=False)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    successors = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="predecessors")

    objects = CoreContentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["subject", "course", "first_year", "position"]
        indexes: ClassVar = [models.Index(fields=["subject", "position"], name="core_content_in_order")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(first_year__isnull=True, last_year__isnull=True)
                | models.Q(first_year__lte=models.F("last_year")),
                name="first_year_not_after_last_year",
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def years(self) -> str | None:
        """`"7-9"`, `"3"`, or None outside compulsory school."""
        if self.first_year is None or self.last_year is None:
            return None
        return str(self.first_year) if self.first_year == self.last_year else f"{self.first_year}-{self.last_year}"


class Programme(models.Model):
    """A gymnasieprogram, of Gy25 (`NA25`) or of Gy11 (`NA`)."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=200)
    curriculum = models.CharField(max_length=6, choices=Curriculum)
    category = models.CharField(max_length=60, blank=True)
    # The Gy25 programme that took this Gy11 programme's place, where code or name shows the pair.
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="predecessors"
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    imported_hash = models.CharField(max_length=32, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["curriculum", "name", "code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @property
    def is_national(self) -> bool:
        """False for the small ones with national recruitment for a local specialisation."""
        return self.category != "NATIONAL_RECRUITMENT_FOR_LOCAL_SPECIALIZATION"


class Orientation(models.Model):
    """An inriktning of a programme."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="orientations")
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    points = models.PositiveIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["programme", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "code"], name="one_orientation_per_programme_and_code")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Block(models.TextChoices):
    """Where in a programme a subject is read. `SPECIALISATION` means only that it may be offered."""

    FOUNDATION = "foundation", _("gymnasiegemensamt")
    PROGRAMME = "programme", _("programgemensamt")
    ORIENTATION = "orientation", _("inriktning")
    SPECIALISATION = "specialisation", _("programfördjupning")


class ProgrammeSubject(models.Model):
    """A subject in a block of a programme, with the levels that the block requires."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="programme_subjects")
    orientation = models.ForeignKey(
        Orientation, null=True, blank=True, on_delete=models.CASCADE, related_name="programme_subjects"
    )
    block = models.CharField(max_length=20, choices=Block)
    # Choice slots such as MOSP or MODA1 are codes without a subject.
    subject_code = models.CharField(max_length=20, db_index=True)
    subject_name = models.CharField(max_length=200, blank=True)
    level_codes = models.JSONField(default=list)
    is_optional = models.BooleanField(default=False)
    # Taken over from the programme's successor, because the source names no subjects for Gy11 programmes.
    is_derived = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["programme", "block", "subject_code"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "block", "subject_code"],
                condition=models.Q(orientation__isnull=True),
                name="a_subject_once_per_block",
            ),
            models.UniqueConstraint(
                fields=["orientation", "subject_code"],
                condition=models.Q(orientation__isnull=False),
                name="a_subject_once_per_orientation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_code} in {self.programme_id}"


class CurriculumImport(models.Model):
    """One run of the importer: when, from where, and what it changed."""

    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(max_length=300)
    api_version = models.CharField(max_length=40, blank=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.origin}"
