"""The city's initiatives, kept in step with its sources, and what we add to them for school.

One owner per column: everything on Initiative, Challenge, Platform, Term and Contact belongs to the
source and is overwritten by it; SchoolOffer and Partnership are ours and are never touched by a sync.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bryggan.accounts.models import Company, Department, User


class Source(models.Model):
    """A named place that initiatives are read from."""

    class Format(models.TextChoices):
        AUTO = "auto", _("känns igen av sig själv")
        WORDPRESS = "wordpress", _("A: innovationsdatabasen (WordPress)")
        SCHEMA_ORG = "schema_org", _("C: schema.org Project (Typesense eller fil)")
        DEMO = "demo", _("demodata")

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200, blank=True)
    # Site root, its /wp-json or /wp-json/wp/v2, a Typesense address, or a file.
    address = models.CharField(max_length=500, blank=True)
    format = models.CharField(max_length=12, choices=Format, default=Format.AUTO)
    # Name of the environment variable that holds the search key; the key itself is never stored.
    key_variable = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    # Largest modified time seen (not our clock), for reading only what changed.
    read_until = models.DateTimeField(null=True, blank=True)
    # Refuse to withdraw more than this share of the published ones in one run.
    largest_withdrawal = models.FloatField(default=0.10)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def full_read_at(self) -> datetime | None:
        """When the last whole read that could be trusted began; by the runs, so that a read writes nothing here."""
        whole = self.runs.filter(kind=SyncRun.Kind.FULL, is_complete=True)
        return whole.order_by("-started_at").values_list("started_at", flat=True).first()


class Term(models.Model):
    """A word of the city's own vocabulary. Its slug stays when a source renames it: addresses keep working."""

    class Kind(models.TextChoices):
        STATUS = "status", _("status")
        CATEGORY = "category", _("kategori")
        TECHNOLOGY = "technology", _("teknik")
        SECTOR = "sector", _("sektor")
        GOAL = "goal", _("globalt mål")
        PARTNER = "partner", _("partner")
        OPERATION = "operation", _("verksamhet")
        OPERATION_DOMAIN = "operation_domain", _("verksamhetsområde")
        EXPECTED_IMPACT = "expected_impact", _("väntad effekt")
        INNOVATION_POTENTIAL = "innovation_potential", _("innovationsgrad")
        FOCAL_POINT = "focal_point", _("fokusområde")

    kind = models.CharField(max_length=24, choices=Kind)
    slug = models.SlugField(max_length=100)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    # Statuses only: 0 to 100 percent; -1 means stopped.
    progress = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["kind", "name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "slug"], name="one_term_per_kind_and_slug")]

    def __str__(self) -> str:
        return self.name


class SourceTerm(models.Model):
    """Which of our terms or departments a source means by its own id."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="source_terms")
    kind = models.CharField(max_length=24)
    remote_id = models.CharField(max_length=120)
    term = models.ForeignKey(Term, null=True, blank=True, on_delete=models.CASCADE, related_name="source_terms")
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.CASCADE, related_name="source_terms"
    )
    # Over what the source last said of it: our word follows when this source changes its mind, and is not
    # pulled to and fro by two sources that call it differently.
    mapped_hash = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "kind", "remote_id"], name="one_meaning_per_source_id")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id}"


class Challenge(models.Model):
    """A question that the city wants answered; initiatives hang on it."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="challenges")
    remote_id = models.CharField(max_length=120)
    slug = models.SlugField(max_length=100, blank=True)
    title = models.CharField(max_length=500)
    preamble = models.TextField(blank=True)
    content = models.TextField(blank=True)
    category = models.ForeignKey(Term, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    terms = models.ManyToManyField(Term, blank=True, related_name="challenges")
    mapped_hash = models.CharField(max_length=32, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["title"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "remote_id"], name="one_challenge_per_source_id")
        ]

    def __str__(self) -> str:
        return self.title


class Platform(models.Model):
    """A shared platform of the city that initiatives use."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="platforms")
    remote_id = models.CharField(max_length=120)
    title = models.CharField(max_length=500)
    preamble = models.TextField(blank=True)
    content = models.TextField(blank=True)
    # [{title, category, content}] and [{title, url}]
    features = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    mapped_hash = models.CharField(max_length=32, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["title"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "remote_id"], name="one_platform_per_source_id")
        ]

    def __str__(self) -> str:
        return self.title


class InitiativeQuerySet(models.QuerySet["Initiative"]):
    def published(self) -> InitiativeQuerySet:
        """Those that everyone may see: in the source now, and not merged into another."""
        return self.filter(withdrawn_at__isnull=True, merged_into__isnull=True)

    def readable(self) -> InitiativeQuerySet:
        """Published ones and withdrawn ones, whose pages stay readable for those who saved them."""
        return self.filter(merged_into__isnull=True)


class Initiative(models.Model):
    """One of the city's innovation initiatives, as its source tells it.

    Texts ending in `_html` are cleaned through the allow-list on the way in and safe to show.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="initiatives")
    remote_id = models.CharField(max_length=120)
    slug = models.SlugField(max_length=100, blank=True)
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    language = models.CharField(max_length=2, default="sv")
    what_html = models.TextField(blank=True)
    why_html = models.TextField(blank=True)
    how_html = models.TextField(blank=True)
    lessons_html = models.TextField(blank=True)
    # Old text of the source's editor, and sections of format C that are none of the above.
    other_html = models.TextField(blank=True)
    status = models.ForeignKey(Term, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # 0 to 100 percent, null when unknown. A stopped one keeps how far it had come.
    progress = models.PositiveSmallIntegerField(null=True, blank=True)
    is_stopped = models.BooleanField(default=False)
    status_explanation = models.TextField(blank=True)
    category = models.ForeignKey(Term, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # Further categories, technologies, sectors, goals, partners and the city's internal classifications.
    terms = models.ManyToManyField(Term, blank=True, related_name="initiatives")
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.SET_NULL, related_name="initiatives"
    )
    participants = models.ManyToManyField(Department, blank=True, related_name="joined_initiatives")
    challenge = models.ForeignKey(
        Challenge, null=True, blank=True, on_delete=models.SET_NULL, related_name="initiatives"
    )
    platforms = models.ManyToManyField(Platform, blank=True, related_name="initiatives")
    # [{goal, comment, completed}]; [text]; [{title, url}]; [{title, url, mime_type, bytes}]
    impact_goals = models.JSONField(default=list, blank=True)
    resident_involvement = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    files = models.JSONField(default=list, blank=True)
    video_url = models.URLField(max_length=500, blank=True)
    # {address, latitude, longitude}
    place = models.JSONField(default=dict, blank=True)
    # As typed in the source, and in kronor where that could be read.
    budget_text = models.CharField(max_length=200, blank=True)
    budget = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    # {granted: [{amount, date, comment}], used: [...]}
    funds = models.JSONField(default=dict, blank=True)
    is_city_wide = models.BooleanField(null=True, blank=True)
    challenges_core_business = models.BooleanField(null=True, blank=True)
    started_text = models.CharField(max_length=60, blank=True)
    source_created_at = models.DateTimeField(null=True, blank=True)
    source_modified_at = models.DateTimeField(null=True, blank=True)
    # The answer as it came, less contacts and other persons.
    raw = models.JSONField(default=dict, blank=True)
    # Over the mapped values: equal hash, nothing to write.
    mapped_hash = models.CharField(max_length=32, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # Set when an editor agrees that this one and another are the same, moved.
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")

    objects = InitiativeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-source_created_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "remote_id"], name="one_initiative_per_source_id")
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return initiative_address(self.pk, self.slug)

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def takes_classes_now(self) -> bool:
        """True when classes can come now. A stopped or withdrawn one takes none, whatever its offer says."""
        offer = getattr(self, "school_offer", None)
        return bool(offer and offer.takes_classes and not self.is_stopped and not self.is_withdrawn)


def initiative_address(pk: int, slug: str) -> str:
    """The address of an initiative's page. The id decides; the slug is for people."""
    return f"{_initiative_root()}{pk}-{slug}" if slug else f"{_initiative_root()}{pk}"


@lru_cache(maxsize=1)
def _initiative_root() -> str:
    return reverse("initiative", args=["0"])[:-1]


class Contact(models.Model):
    """A person at the city to ask. Shown to signed-in people only; never in the API, feeds or raw answers."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class Picture(models.Model):
    """A picture of an initiative: where it came from, and our own resized copies of it."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="pictures")
    address = models.CharField(max_length=1000)
    alt = models.CharField(max_length=500, blank=True)
    caption = models.CharField(max_length=1000, blank=True)
    # Changes when the source puts another picture behind the same address.
    version = models.CharField(max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    fetched_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["initiative", "position"], name="one_picture_per_position")
        ]

    def __str__(self) -> str:
        return self.alt or self.address


class PictureFile(models.Model):
    """One size of a picture, in the database so that a web machine holds nothing of its own."""

    picture = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="files")
    # Part of the address, so that it may be kept for ever by browsers.
    digest = models.CharField(max_length=32, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering: ClassVar = ["width"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["picture", "width"], name="one_file_per_width")]

    def __str__(self) -> str:
        return f"{self.picture_id} {self.width}×{self.height}"


class SchoolOffer(models.Model):
    """What we add to an initiative for school. Ours: a sync never touches it."""

    initiative = models.OneToOneField(Initiative, on_delete=models.CASCADE, related_name="school_offer")
    takes_classes = models.BooleanField(_("tar emot klasser nu"), default=False)
    how = models.TextField(_("så går det till"), blank=True)
    easy_read = models.TextField(_("lättläst"), blank=True)
    # [{word, meaning}]; [question]
    hard_words = models.JSONField(_("svåra ord"), default=list, blank=True)
    questions = models.JSONField(_("frågor till lektionen"), default=list, blank=True)
    school_forms = models.JSONField(_("passar skolformer"), default=list, blank=True)
    school_years = models.JSONField(_("passar årskurser"), default=list, blank=True)
    updated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return str(self.initiative)


class Partnership(models.Model):
    """That a company takes part in an initiative, as an editor has said, whatever the source says."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="partnerships")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="partnerships")
    said_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["initiative__title", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["initiative", "company"], name="a_company_takes_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.company} {self.initiative}"


class SyncRun(models.Model):
    """One reading of a source: what it saw, what it changed, what it refused and why."""

    class Kind(models.TextChoices):
        FULL = "full", _("hela källan")
        CHANGED = "changed", _("det som ändrats")

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind)
    format = models.CharField(max_length=12, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    # True when the whole source was read and its counts agree.
    is_complete = models.BooleanField(default=False)
    seen = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    # [{id, reason}]: not for the public; broken
    left_out = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    # [{id, title, change}], change being created, updated, withdrawn or restored
    changes = models.JSONField(default=list)
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.source} {self.started_at:%Y-%m-%d %H:%M}"


class MoveProposal(models.Model):
    """That an initiative of one source seems to be the same as one of another, for an editor to judge."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("föreslagen")
        MERGED = "merged", _("sammanförd")
        REJECTED = "rejected", _("avvisad")

    old = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="moves_from_here")
    new = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="moves_to_here")
    # 0 to 1: how alike titles and texts are.
    likeness = models.FloatField()
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["state", "-likeness"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["old", "new"], name="one_proposal_per_pair")]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"
