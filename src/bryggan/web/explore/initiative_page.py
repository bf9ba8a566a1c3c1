"""Everything an initiative's page shows, gathered in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bryggan.accounts.models import Department
from bryggan.alignment.models import Alignment, ProgrammeFit, best_first
from bryggan.curriculum.models import CoreContent, Curriculum, SchoolForm
from bryggan.initiatives.models import Contact, Initiative, Picture, Platform, SchoolOffer, Term
from bryggan.web.explore import cards

STAGES = ((25, "Idé"), (50, "Pilot"), (75, "Skala upp"), (100, "Realiserad"))
MOST_POINTS_PER_SUBJECT = 6
GROUPS_SHOWN = 8


@dataclass(frozen=True)
class SubjectPoints:
    """The points of one subject, in the years or at the level they belong to."""

    name: str
    where: str
    is_extract: bool
    points: list[Alignment]
    more: int
    best: float


@dataclass(frozen=True)
class InitiativePage:
    takes_classes: bool
    offer: SchoolOffer | None
    stages: list[dict[str, object]]
    participants: list[Department]
    platforms: list[Platform]
    terms: dict[str, list[Term]]
    contacts: list[Contact]
    pictures: list[Picture]
    subjects: list[SubjectPoints]
    more_subjects: list[SubjectPoints]
    upper_secondary: list[SubjectPoints]
    programmes: list[ProgrammeFit]
    confirmed: int
    pattern: int
    budget: str

    @classmethod
    def of(cls, initiative: Initiative, *, with_contacts: bool) -> InitiativePage:
        """Gather the page. Contacts are read only for those who may see them."""
        terms: dict[str, list[Term]] = defaultdict(list)
        for term in initiative.terms.all():
            terms[term.kind].append(term)
        shown = (
            Alignment.objects.shown()
            .filter(initiative=initiative, core_content__ended_at=None)
            .select_related("core_content", "core_content__subject", "core_content__course")
        )
        alignments = list(shown)
        groups = _by_subject(alignments)
        subjects = [group for form, group in groups if form != SchoolForm.UPPER_SECONDARY]
        fits = ProgrammeFit.objects.filter(initiative=initiative, orientation_code="").select_related("programme")
        return cls(
            takes_classes=initiative.takes_classes_now,
            offer=getattr(initiative, "school_offer", None),
            stages=_stages(initiative),
            participants=list(initiative.participants.all()),
            platforms=list(initiative.platforms.filter(withdrawn_at=None)),
            terms=dict(terms),
            contacts=list(initiative.contacts.all()) if with_contacts else [],
            pictures=list(initiative.pictures.filter(fetched_at__isnull=False).prefetch_related("files")),
            subjects=subjects[:GROUPS_SHOWN],
            more_subjects=subjects[GROUPS_SHOWN:],
            upper_secondary=[group for form, group in groups if form == SchoolForm.UPPER_SECONDARY][:GROUPS_SHOWN],
            programmes=[fit for fit in fits if fit.programme.curriculum == Curriculum.GY25][:6],
            confirmed=sum(alignment.state == Alignment.State.CONFIRMED for alignment in alignments),
            pattern=cards.pattern_of(initiative.category_id),
            budget=_budget(initiative),
        )


def _budget(initiative: Initiative) -> str:
    """As written in the source when it says more than a number; else the number in Swedish, in kronor."""
    text = initiative.budget_text
    if initiative.budget is None or any(letter.isalpha() for letter in text.lower().replace("kr", "")):
        return text
    whole = f"{initiative.budget:,.0f}".replace(",", "\u00a0")
    return _("%(amount)s kr") % {"amount": whole}


def _stages(initiative: Initiative) -> list[dict[str, object]]:
    if initiative.progress is None:
        return []
    return [
        {
            "name": name,
            "done": initiative.progress >= percent or (percent == STAGES[0][0] and initiative.progress > 0),
            "at": bool(initiative.status and initiative.status.name == name),
        }
        for percent, name in STAGES
    ]


def _by_subject(alignments: list[Alignment]) -> list[tuple[str, SubjectPoints]]:
    """The points by subject and where in it, best first. Subjects that share the very same points stand together."""
    grouped: dict[tuple[str, str, str], list[Alignment]] = defaultdict(list)
    for alignment in alignments:
        subject = alignment.core_content.subject
        grouped[(subject.school_form, _where(alignment.core_content), subject.name)].append(alignment)
    shared: dict[tuple[str, str, frozenset[str]], tuple[list[str], list[Alignment]]] = {}
    for (form, where, name), members in sorted(grouped.items()):
        texts = frozenset(member.core_content.text_group for member in members)
        shared.setdefault((form, where, texts), ([], members))[0].append(name)
    made = []
    for (form, where, _texts), (names, members) in shared.items():
        points = best_first(members)
        confirmed = points[0].state == Alignment.State.CONFIRMED
        made.append(
            (
                form,
                SubjectPoints(
                    name=_listed(names),
                    where=where,
                    is_extract=any(member.core_content.is_extract for member in members),
                    points=points[:MOST_POINTS_PER_SUBJECT],
                    more=max(0, len(points) - MOST_POINTS_PER_SUBJECT),
                    best=points[0].score + (1 if confirmed else 0),
                ),
            )
        )
    return sorted(made, key=lambda item: (-item[1].best, item[1].name, item[1].where))


def _where(point: CoreContent) -> str:
    if not point.course:
        return cards.years_label(point.years)
    if point.subject.curriculum == Curriculum.GY11:
        return _("%(course)s, Gy11") % {"course": point.course.name}
    return point.course.name


def _listed(names: list[str]) -> str:
    """Names as one says them: "Geografi, historia och religionskunskap"."""
    first, *rest = names
    if not rest:
        return first
    low = [name[:1].lower() + name[1:] for name in rest]
    return _("%(many)s och %(last)s") % {"many": ", ".join([first, *low[:-1]]), "last": low[-1]}
