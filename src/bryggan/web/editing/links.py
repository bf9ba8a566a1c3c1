"""The editors' desk: suggested links one by one, and all links of one initiative."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bryggan.alignment import actions, deciding
from bryggan.alignment.models import Alignment
from bryggan.alignment.permissions import may_decide_links
from bryggan.common.models import AuditEntry
from bryggan.common.safe_html import line, text_of
from bryggan.curriculum.models import CoreContent, Curriculum, SchoolForm, Subject
from bryggan.initiatives.models import Initiative
from bryggan.web.accounts.guards import own_address, person
from bryggan.web.editing.marking import Piece, has_marks, marked
from bryggan.web.editing.views import permitted
from bryggan.web.explore.cards import years_label

State = Alignment.State
# Of an initiative's text, shown without unfolding it.
TELLING_PARAGRAPHS = 5
POINTS_FOUND = 30
SPANS = {"1-3": (1, 3), "4-6": (4, 6), "7-9": (7, 9)}


# One by one


@dataclass(frozen=True)
class Judged:
    """A link with everything that a person needs to judge it."""

    link: Alignment
    where: str
    # Other subjects with the same words, for which the decision counts too.
    also_in: list[str]
    title: list[Piece]
    summary: list[Piece]
    # The paragraphs that hold marked words, and the whole text under its headings.
    telling: list[list[Piece]]
    whole: list[tuple[str, list[list[Piece]]]]
    point: list[Piece]

    @classmethod
    def of(cls, link: Alignment) -> Judged:
        initiative, words = link.initiative, link.initiative_words
        whole = []
        for heading, html in (
            (_("Vad?"), initiative.what_html),
            (_("Varför?"), initiative.why_html),
            (_("Hur?"), initiative.how_html),
        ):
            if paragraphs := [marked(paragraph, words) for paragraph in text_of(html).splitlines()]:
                whole.append((heading, paragraphs))
        telling = [pieces for _heading, paragraphs in whole for pieces in paragraphs if has_marks(pieces)]
        first = [pieces for _heading, paragraphs in whole for pieces in paragraphs]
        return cls(
            link=link,
            where=where(link.core_content),
            also_in=_also_in(link.core_content),
            title=marked(initiative.title, words),
            summary=marked(initiative.summary, words),
            telling=(telling or first[:1])[:TELLING_PARAGRAPHS],
            whole=whole,
            point=marked(link.core_content.text, link.point_words),
        )


@require_safe
@permitted(may_decide_links)
def link_queue(request: HttpRequest) -> HttpResponse:
    """The suggestion most worth a person's word, and what she decided last."""
    asked = _Asked(request)
    link = None
    if (wanted := number(request.GET.get("link"))) is not None:
        link = deciding.waiting().filter(pk=wanted).first()
    after = number(request.GET.get("after"))
    link = link or deciding.next_one(asked.choice, after=after)
    decisions = deciding.latest_by(person(request))
    here = reverse("link_queue")
    context = {
        "asked": asked,
        "waiting": deciding.waiting(asked.choice).count(),
        "judged": Judged.of(link) if link else None,
        "skip": f"{here}?{urlencode([*asked.kept, ('after', link.pk)])}" if link else "",
        "again": f"{here}?{urlencode(asked.kept)}" if asked.kept else here,
        "has_passed": after is not None,
        "decisions": [
            {
                "decision": one,
                "where": where(one.alignment.core_content),
                "next": f"{here}?{urlencode([*asked.kept, ('link', one.alignment.pk)])}",
            }
            for one in decisions
        ],
    }
    return render(request, "editing/link_queue.html", context)


class _Asked:
    """Which links the address asks for: the choice, its fields as typed, and what could not be understood."""

    def __init__(self, request: HttpRequest) -> None:
        self.problems: list[str] = []
        self.subjects = subject_groups()
        self.school_forms = SchoolForm.choices
        self.strengths = Alignment.Strength.choices
        self.school_form = self._one_of(request, "school_form", SchoolForm.values, _("Skolformen"))
        codes = [subject.code for _name, subjects in self.subjects for subject in subjects]
        self.subject = self._one_of(request, "subject", codes, _("Ämnet"))
        self.strength = self._one_of(request, "strength", Alignment.Strength.values, _("Styrkan"))
        self.initiative = line(request.GET.get("initiative", ""))[:200]
        self.only: Initiative | None = None
        if (pk := number(self.initiative)) is not None:
            self.only = Initiative.objects.published().filter(pk=pk).first()
            if self.only is None:
                self.problems.append(_("Det finns inget initiativ med numret %(n)s.") % {"n": self.initiative[:30]})
                self.initiative = ""
        self.choice = deciding.Choice(
            school_form=self.school_form,
            subject=self.subject,
            strength=self.strength,
            initiative=self.only.pk if self.only else None,
            title="" if self.only else self.initiative,
        )
        fields = ("school_form", "subject", "strength", "initiative")
        self.kept = [(name, value) for name in fields if (value := getattr(self, name))]

    def _one_of(self, request: HttpRequest, name: str, known: Iterable[str], title: str) -> str:
        value = line(request.GET.get(name, ""))
        if value and value not in known:
            told = {"what": title, "value": value[:60]}
            self.problems.append(_("%(what)s ”%(value)s” finns inte, så vi visar alla.") % told)
            return ""
        return value


# Deciding


@require_POST
@permitted(may_decide_links)
def decide_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm or reject a link."""
    link = Alignment.objects.filter(pk=pk).select_related("initiative").first()
    decide = {"confirm": actions.confirm, "reject": actions.reject}.get(request.POST.get("decision", ""))
    if decide is None:
        messages.error(request, _("Välj Bekräfta eller Avvisa."))
    elif link is None:
        messages.info(request, _("Datorn har tagit tillbaka förslaget. Lägg till kopplingen själv om den stämmer."))
    else:
        try:
            decided = decide(link, by=person(request), seen=request.POST.get("seen") or None)
            messages.success(request, _told(decided))
        except actions.DecidedMeanwhile as other:
            messages.warning(request, _told_of_other(other.alignment))
        except (actions.InitiativeIsGone, actions.PointHasEnded) as problem:
            messages.error(request, _problem(problem))
    return _back(request, reverse("link_queue"))


@require_POST
@permitted(may_decide_links)
def undo_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a decision."""
    entry = AuditEntry.objects.filter(pk=pk, verb__in=actions.DECISIONS).first()
    try:
        if entry is None:
            raise actions.NoLongerStands
        actions.undo(entry, by=person(request))
        messages.success(request, _("Beslutet är ångrat."))
    except actions.NoLongerStands:
        messages.info(request, _("Beslutet är redan ångrat, eller ersatt av ett nyare."))
    return _back(request, reverse("link_queue"))


@require_POST
@permitted(may_decide_links)
def add_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a link that nobody suggested."""
    initiative = get_object_or_404(Initiative, pk=pk)
    point = CoreContent.objects.filter(key=line(request.POST.get("point", ""))).first()
    if point is None:
        messages.error(request, _("Punkten finns inte i läroplanen. Sök igen."))
    else:
        try:
            messages.success(request, _told(actions.add_link(initiative, point, by=person(request))))
        except (actions.InitiativeIsGone, actions.PointHasEnded) as problem:
            messages.error(request, _problem(problem))
    return _back(request, reverse("initiative_links", args=[pk]))


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    return redirect(own_address(request.POST.get("next", "")) or otherwise)


def _told(link: Alignment) -> str:
    told = {"title": link.initiative.title, "where": where(link.core_content)}
    if link.state == State.CONFIRMED:
        return _("Bekräftad: ”%(title)s” och %(where)s.") % told
    return _("Avvisad: ”%(title)s” och %(where)s.") % told


def _told_of_other(link: Alignment) -> str:
    told = {"who": link.decided_by or _("någon")}
    if link.state == State.CONFIRMED:
        return _("%(who)s hann före och bekräftade kopplingen. Ditt beslut sparades inte.") % told
    if link.state == State.REJECTED:
        return _("%(who)s hann före och avvisade kopplingen. Ditt beslut sparades inte.") % told
    return _("Någon hann före och ångrade beslutet. Ditt beslut sparades inte.")


def _problem(problem: Exception) -> str:
    if isinstance(problem, actions.PointHasEnded):
        return _("Punkten gäller inte längre. Leta upp den nya lydelsen och lägg till den.")
    return _("Initiativet är borttaget ur stadens databas, så dess koppling går inte att ändra.")


# One initiative


@dataclass(frozen=True)
class ShownLink:
    """A link in the list of an initiative's links, with its decision if it has one."""

    link: Alignment
    where: str
    also_in: list[str]
    decision: AuditEntry | None


@dataclass(frozen=True)
class FoundPoint:
    """A point that a search found, and the link that the initiative already has to it."""

    point: CoreContent
    where: str
    also_in: list[str]
    link: Alignment | None


@require_safe
@permitted(may_decide_links)
def initiative_links(request: HttpRequest, pk: int) -> HttpResponse:
    """All links of an initiative, and a search for points to add."""
    initiative = get_object_or_404(Initiative.objects.select_related("merged_into", "category"), pk=pk)
    if initiative.merged_into:
        return redirect("initiative_links", initiative.merged_into.pk)
    related = ("core_content__subject", "core_content__course", "decided_by")
    links = list(Alignment.objects.filter(initiative=initiative).select_related(*related))
    # A suggestion for a point that has ended is nothing to decide any more; a decision is worth seeing.
    links = [link for link in links if link.state != State.SUGGESTED or link.core_content.ended_at is None]
    search = _Search(request, links)
    context = {
        "initiative": initiative,
        "groups": _groups(links),
        "search": search,
        "here": request.get_full_path(),
        "may_change": not initiative.is_withdrawn,
    }
    return render(request, "editing/initiative_links.html", context)


def _groups(links: list[Alignment]) -> list[dict[str, Any]]:
    decisions = deciding.standing(links)
    parts = (
        ("confirmed", _("Bekräftade"), _("De här visas som bekräftade och räknas i sök och filter.")),
        ("strong", _("Starka förslag"), _("De här räknas redan i sök och filter, och visas som föreslagna.")),
        ("possible", _("Möjliga förslag"), _("De här syns bara på initiativets egen sida.")),
        ("rejected", _("Avvisade"), _("De här visas inte, och datorn föreslår dem inte igen.")),
    )
    grouped: dict[str, dict[tuple[str, Any], list[Alignment]]] = {name: {} for name, _title, _help in parts}
    for link in links:
        name = link.strength if link.state == State.SUGGESTED else link.state
        # The same words in several subjects are one thing to decide about.
        key = (link.core_content.text_group, link.decided_at)
        grouped[name].setdefault(key, []).append(link)
    made = []
    for name, title, explanation in parts:
        shown = [
            ShownLink(
                link=members[0],
                where=where(members[0].core_content),
                also_in=_others(members[0].core_content, [member.core_content for member in members]),
                decision=decisions.get(members[0].pk),
            )
            for members in grouped[name].values()
        ]
        made.append({"name": name, "title": title, "explanation": explanation, "links": shown})
    return made


class _Search:
    """A search for points to add: fields as typed, and what was found."""

    def __init__(self, request: HttpRequest, links: Sequence[Alignment]) -> None:
        self.subjects = subject_groups()
        self.spans = [(span, years_label(span)) for span in SPANS]
        self.words = line(request.GET.get("q", ""))[:200]
        self.subject = line(request.GET.get("subject", ""))
        self.years = line(request.GET.get("years", ""))
        self.problems: list[str] = []
        if self.subject and self.subject not in {s.code for _name, group in self.subjects for s in group}:
            self.problems.append(_("Ämnet ”%(value)s” finns inte, så vi söker i alla.") % {"value": self.subject[:60]})
            self.subject = ""
        if self.years and self.years not in SPANS:
            told = {"value": self.years[:60]}
            self.problems.append(_("Årskurserna ”%(value)s” finns inte, så vi söker i alla.") % told)
            self.years = ""
        self.is_asked = bool(self.words or self.subject or self.years)
        self.found: list[FoundPoint] = []
        self.has_more = False
        if self.is_asked:
            self._find({link.core_content_id: link for link in links})

    def _find(self, links: dict[int, Alignment]) -> None:
        points = deciding.points_like(subject=self.subject, years=SPANS.get(self.years), words=self.words)
        # Room for the same words in several subjects.
        rows = list(points[: POINTS_FOUND * 4])
        groups: dict[tuple[str, int], list[CoreContent]] = {}
        for point in rows:
            # Outside compulsory school a decision counts for one point only.
            key = (point.text_group, 0 if point.first_year else point.pk)
            groups.setdefault(key, []).append(point)
        self.has_more = len(groups) > POINTS_FOUND or len(rows) == POINTS_FOUND * 4
        for members in list(groups.values())[:POINTS_FOUND]:
            own = next((links[member.pk] for member in members if member.pk in links), None)
            self.found.append(FoundPoint(members[0], where(members[0]), _others(members[0], members), own))


# Words


def where(point: CoreContent) -> str:
    """ "Teknik, åk 7–9", "Naturkunskap, nivå 1b", "Normer och värden (förskola)"."""
    subject = point.subject
    if point.course:
        if subject.curriculum == Curriculum.GY11:
            return _("%(course)s (Gy11)") % {"course": point.course.name}
        level = point.course.name[:1].lower() + point.course.name[1:]
        return _("%(subject)s, %(where)s") % {"subject": subject.name, "where": level}
    if point.years:
        name = subject.name
        if subject.school_form == SchoolForm.ADAPTED_COMPULSORY:
            name = _("%(subject)s (anpassad grundskola)") % {"subject": name}
        return _("%(subject)s, %(where)s") % {"subject": name, "where": years_label(point.years)}
    form = SchoolForm(subject.school_form).label
    return _("%(subject)s (%(form)s)") % {"subject": subject.name, "form": str(form).lower()}


def number(text: str | None) -> int | None:
    """A row's number as it stands in an address; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


def subject_groups() -> list[tuple[str, list[Subject]]]:
    """Subjects in force by school form, as headings of a list of choices. One statement."""
    groups: dict[str, list[Subject]] = {}
    for form in SchoolForm:
        groups[str(form.label)] = []
    gy11 = _("%(form)s, Gy11") % {"form": SchoolForm.UPPER_SECONDARY.label}
    groups[gy11] = []
    columns = ("code", "name", "school_form", "curriculum")
    for subject in Subject.objects.current().only(*columns).order_by("name", "code"):
        name = gy11 if subject.curriculum == Curriculum.GY11 else str(SchoolForm(subject.school_form).label)
        groups[name].append(subject)
    return [(name, subjects) for name, subjects in groups.items() if subjects]


def _also_in(point: CoreContent) -> list[str]:
    if point.first_year is None:
        return []
    same = CoreContent.objects.current().filter(text_group=point.text_group).select_related("subject")
    return _others(point, same)


def _others(point: CoreContent, points: Iterable[CoreContent]) -> list[str]:
    return sorted({other.subject.name for other in points if other.subject_id != point.subject_id})
