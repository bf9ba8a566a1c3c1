"""People and their roles, school units and classes, departments and companies.

Pupils have no accounts, names or identifiers here, by design: a class is a label and a number.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.email_domains import EmailDomain as EmailDomain
from bryggan.curriculum.models import Orientation, Programme, SchoolForm, Subject


class Department(models.Model):
    """A förvaltning or a municipal company, as the city's own sources name it."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class CompanyQuerySet(models.QuerySet["Company"]):
    def approved(self) -> CompanyQuerySet:
        """Those that the city has let in; the others wait for an editor."""
        return self.filter(approved_at__isnull=False)


class Company(models.Model):
    """A company or association outside the city that takes part in initiatives."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    approved_at = models.DateTimeField(null=True, blank=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.name


class SchoolUnitQuerySet(models.QuerySet["SchoolUnit"]):
    def in_use(self) -> SchoolUnitQuerySet:
        """Those that have not ended."""
        return self.filter(ended_at__isnull=True)

    def named_like(self, words: str) -> SchoolUnitQuerySet:
        """Those whose name has every word of `words` somewhere in it, whatever case."""
        found = self
        for word in words.split():
            # SQLite folds the case of a to z only.
            cases = {word, word.lower(), word.upper(), word.capitalize()}
            found = found.filter(reduce(or_, (models.Q(name__icontains=case) for case in sorted(cases))))
        return found


class SchoolUnit(models.Model):
    """A skolenhet of the school unit register, or a preschool added by an editor or a file."""

    class Kind(models.TextChoices):
        SCHOOL = "school", _("Skola")
        PRESCHOOL = "preschool", _("Förskola")

    # Eight digits without meaning; kept as text. Preschools, which are in no register, get a code of our own.
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SCHOOL)
    organizer = models.CharField(max_length=200, blank=True)
    municipality_code = models.CharField(max_length=4, blank=True)
    school_forms = models.JSONField(default=list)
    # The part of the city, where somebody has written it down.
    area = models.CharField(max_length=80, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SchoolUnitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, **fields: Any) -> User:
        """A person who signs in with codes by mail: nobody has a password."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A grown-up with a task: teacher, coordinator, editor or administrator. One person may be several."""

    email = models.EmailField(_("e-postadress"), unique=True)
    name = models.CharField(_("namn"), max_length=120, blank=True)
    is_active = models.BooleanField(_("aktiv"), default=True)
    # The right to be a teacher; at which school stands in SchoolMembership.
    is_teacher = models.BooleanField(_("lärare"), default=False)
    is_editor = models.BooleanField(_("redaktör"), default=False)
    is_administrator = models.BooleanField(_("administratör"), default=False)
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        ordering: ClassVar = ["email"]
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="one_user_per_address_whatever_case")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        """Whom Django's admin lets in."""
        return self.is_administrator

    @property
    def is_coordinator(self) -> bool:
        """Of a department, or of a company that the city has let in."""
        return self.coordinations.in_force().exists()

    def clean(self) -> None:
        self.email = self.email.lower()

    def get_full_name(self) -> str:
        return self.name

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and (self.is_administrator or super().has_perm(perm, obj))

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and (self.is_administrator or super().has_module_perms(app_label))


class SchoolMembershipQuerySet(models.QuerySet["SchoolMembership"]):
    def confirmed(self) -> SchoolMembershipQuerySet:
        return self.filter(confirmed_at__isnull=False)

    def waiting(self) -> SchoolMembershipQuerySet:
        """A teacher's own word, which nobody has confirmed."""
        return self.filter(confirmed_at__isnull=True)

    def that_can_be_decided_by(self, user: User) -> SchoolMembershipQuerySet:
        """Waiting ones of active teachers at the schools where `user` is a confirmed colleague."""
        schools = SchoolMembership.objects.confirmed().filter(user=user).values("school_unit")
        return self.waiting().filter(school_unit__in=schools, user__is_active=True).exclude(user=user)


class SchoolMembership(models.Model):
    """That a teacher works at a school unit. Her own word until an editor or a confirmed colleague confirms it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="school_memberships")
    school_unit = models.ForeignKey(SchoolUnit, on_delete=models.PROTECT, related_name="memberships")
    began_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = SchoolMembershipQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["school_unit__name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "school_unit"], name="one_membership_per_user_and_school")
        ]

    def __str__(self) -> str:
        return f"{self.user} vid {self.school_unit}"


class CoordinationQuerySet(models.QuerySet["Coordination"]):
    def in_force(self) -> CoordinationQuerySet:
        """Those that give rights: a company's do once it is approved."""
        return self.filter(models.Q(department__isnull=False) | models.Q(company__approved_at__isnull=False))


class Coordination(models.Model):
    """That a person answers for a department's or a company's initiatives."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="coordinations")
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.CASCADE, related_name="coordinations"
    )
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.CASCADE, related_name="coordinations")
    began_at = models.DateTimeField(default=timezone.now)

    objects = CoordinationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(department__isnull=False, company__isnull=True)
                | models.Q(department__isnull=True, company__isnull=False),
                name="coordinates_a_department_or_a_company",
            ),
            models.UniqueConstraint(
                fields=["user", "department"],
                condition=models.Q(department__isnull=False),
                name="coordinates_a_department_once",
            ),
            models.UniqueConstraint(
                fields=["user", "company"],
                condition=models.Q(company__isnull=False),
                name="coordinates_a_company_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} för {self.department or self.company}"


class AccessInvitationQuerySet(models.QuerySet["AccessInvitation"]):
    def open(self) -> AccessInvitationQuerySet:
        """Neither accepted nor expired."""
        return self.filter(accepted_at__isnull=True, expires_at__gt=timezone.now())


class AccessInvitation(models.Model):
    """That the person with this address may have a role, given the next time she signs in."""

    class Role(models.TextChoices):
        TEACHER = "teacher", _("Lärare")
        COORDINATOR = "coordinator", _("Samordnare")
        EDITOR = "editor", _("Redaktör")
        ADMINISTRATOR = "administrator", _("Administratör")

    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role)
    school_unit = models.ForeignKey(SchoolUnit, null=True, blank=True, on_delete=models.CASCADE)
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.CASCADE)
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.CASCADE)
    invited_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = AccessInvitationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-invited_at"]

    def __str__(self) -> str:
        return f"{self.email}: {self.role}"


class SchoolClassQuerySet(models.QuerySet["SchoolClass"]):
    def taught_by(self, user: User) -> SchoolClassQuerySet:
        """The classes that `user` is a teacher of, and that are not put away."""
        return self.filter(teachers=user, archived_at__isnull=True)


class SchoolClass(models.Model):
    """A class, or a preschool group: a label at a school and how many they are. No names of pupils, ever."""

    school_unit = models.ForeignKey(SchoolUnit, on_delete=models.PROTECT, related_name="school_classes")
    label = models.CharField(_("klassens namn"), max_length=40)
    school_form = models.CharField(_("skolform"), max_length=6, choices=SchoolForm)
    # Compulsory school: the school years of the class, ascending; a mixed class has several.
    school_years = models.JSONField(_("årskurser"), default=list, blank=True)
    programme = models.ForeignKey(Programme, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    orientation_code = models.CharField(_("inriktning"), max_length=10, blank=True)
    # Upper secondary: 1 to 3 (4 in some programmes); decides between Gy25 and Gy11 together with the academic year.
    year_of_study = models.PositiveSmallIntegerField(_("år i gymnasiet"), null=True, blank=True)
    subjects = models.ManyToManyField(Subject, blank=True, related_name="+")
    pupils = models.PositiveSmallIntegerField(_("antal barn eller elever"))
    adults = models.PositiveSmallIntegerField(_("antal vuxna"))
    needs = models.CharField(_("behov att tänka på"), max_length=300, blank=True)
    teachers = models.ManyToManyField(User, related_name="school_classes")
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)
    # Of the form that made the class: the same form sent twice makes one class.
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = SchoolClassQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["label", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(pupils__gte=1, pupils__lte=200), name="between_1_and_200_pupils"
            ),
            models.CheckConstraint(condition=models.Q(adults__gte=1, adults__lte=30), name="between_1_and_30_adults"),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("school_class", args=[self.pk])

    @property
    def orientation(self) -> Orientation | None:
        """The orientation within the programme, one question to the database; None where there is none."""
        if self.programme is None or not self.orientation_code:
            return None
        return self.programme.orientations.filter(code=self.orientation_code).first()

    @property
    def people(self) -> int:
        """Pupils and adults together: what seats count."""
        return self.pupils + self.adults


class AcademicYear(models.Model):
    """A läsår, and which of its days pupils are at school. See `school_days`."""

    name = models.CharField(_("läsår"), max_length=9, unique=True)
    autumn_begins_on = models.DateField(_("höstterminen börjar"))
    autumn_ends_on = models.DateField(_("höstterminen slutar"))
    spring_begins_on = models.DateField(_("vårterminen börjar"))
    spring_ends_on = models.DateField(_("vårterminen slutar"))
    # True until somebody has compared it with what the city decided.
    is_preliminary = models.BooleanField(_("preliminärt"), default=True)

    class Meta:
        ordering: ClassVar = ["autumn_begins_on"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(
                    autumn_ends_on__gt=models.F("autumn_begins_on"),
                    spring_begins_on__gt=models.F("autumn_ends_on"),
                    spring_ends_on__gt=models.F("spring_begins_on"),
                ),
                name="terms_in_order",
            )
        ]

    def __str__(self) -> str:
        return self.name


class DayOff(models.Model):
    """Days without school within a term: a holiday week, or a single day."""

    academic_year = models.ForeignKey(AcademicYear, on_delete=models.CASCADE, related_name="days_off")
    name = models.CharField(_("namn"), max_length=80)
    first_on = models.DateField(_("första dagen"))
    last_on = models.DateField(_("sista dagen"))

    class Meta:
        ordering: ClassVar = ["first_on"]
        verbose_name_plural = "days off"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(last_on__gte=models.F("first_on")), name="days_off_end_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.first_on}"


class CompanyApplication(models.Model):
    """That a company wants to take part, for an editor to approve."""

    name = models.CharField(_("företagets namn"), max_length=200)
    person = models.CharField(_("ditt namn"), max_length=120)
    email = models.EmailField(_("e-postadress"))
    text = models.TextField(_("vad ni vill göra med klasser"), max_length=2000)
    made_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    form_token = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-made_at"]

    def __str__(self) -> str:
        return self.name


class LetterKind(models.TextChoices):
    """What the service writes to people about. Each may be stopped, or be gathered, by whoever gets it."""

    INTEREST = "interest", _("Klasser som är nyfikna")
    INVITATION = "invitation", _("Inbjudningar till mina klasser")
    ANSWER = "answer", _("Svar på våra inbjudningar")
    SEATS = "seats", _("Platser och köer")
    VISIT = "visit", _("Påminnelser om besök")
    MESSAGE = "message", _("Meddelanden mellan klass och värd")
    FAIR = "fair", _("Ändringar i mässans program")
    IDEA = "idea", _("Idéer och svar på dem")
    REPORT = "report", _("Månadsbrev")


class LetterPreference(models.Model):
    """How a person wants letters of a kind. Without a row: at once."""

    class Pace(models.TextChoices):
        AT_ONCE = "at once", _("direkt")
        DAILY = "daily", _("samlat varje dag")
        WEEKLY = "weekly", _("samlat varje vecka")
        NEVER = "never", _("inte alls")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="letter_preferences")
    kind = models.CharField(max_length=12, choices=LetterKind)
    pace = models.CharField(max_length=7, choices=Pace, default=Pace.AT_ONCE)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_preference_per_person_and_kind")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.kind}: {self.pace}"


class Notice(models.Model):
    """What a person is told inside the service: the same events that letters tell of, one per person and cause."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=LetterKind)
    cause = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    # Where to go: a path of ours.
    address = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    # When it was mailed, alone or among others; null while it waits for a digest, and for who wants no mail.
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "cause"], name="one_notice_per_person_and_cause")
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "read_at"], name="unread_notices"),
            models.Index(fields=["mailed_at", "kind"], name="notices_to_mail"),
        ]

    def __str__(self) -> str:
        return self.title


class Fact(models.Model):
    """How often something happened at a school in a month: no person, no class. What outlives erasure.

    One row per month, measure, school and what it was about; `count` grows. See `facts.py`.
    """

    month = models.DateField()
    measure = models.CharField(max_length=30)
    # Codes and numbers, not keys: the row stays true when what it was about is gone.
    school_code = models.CharField(max_length=20, blank=True)
    school_name = models.CharField(max_length=200, blank=True)
    organizer = models.CharField(max_length=200, blank=True)
    area = models.CharField(max_length=80, blank=True)
    school_form = models.CharField(max_length=6, blank=True)
    initiative = models.PositiveBigIntegerField(null=True, blank=True)
    department = models.SlugField(max_length=80, blank=True)
    # What further tells it apart: phase and kind of an interest, state of an answer.
    detail = models.CharField(max_length=40, blank=True)
    # Over all the above, so that the row is one on every database, empty columns and all.
    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    # Pupils, seats or days together, when the measure has such.
    amount = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["month", "measure"]
        indexes: ClassVar = [models.Index(fields=["measure", "month"], name="facts_by_measure")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.measure} {self.school_code}: {self.count}"
