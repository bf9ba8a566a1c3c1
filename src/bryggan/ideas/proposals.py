"""What a class sends to the city, and what the city answers."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bryggan.accounts import facts, letters
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.letters import Letter
from bryggan.accounts.models import LetterKind, User
from bryggan.accounts.school_days import working_days_after
from bryggan.common import audit
from bryggan.common.safe_html import normal
from bryggan.ideas.models import Idea, Proposal
from bryggan.ideas.moderation import tidy
from bryggan.ideas.permissions import may_agree_to_show, may_answer_for_city, may_lead
from bryggan.initiatives.owners import coordinators_of, hosts_of, initiatives_of

WORKING_DAYS = 10
LONGEST_WHY = 500
LONGEST_ANSWER = 2000
ANSWERS = (Proposal.State.TRYING, Proposal.State.TAKEN_ON, Proposal.State.NOT_NOW)


class CannotPropose(Exception):
    """The idea has not been approved, or is a drawing without words."""


class NoAnswer(Exception):
    """An answer needs words that the class can read."""


@transaction.atomic
def send_to_city(
    idea: Idea, *, why: str = "", teacher_agrees: bool = False, shows_school: bool = False, by: User
) -> Proposal:
    """Send an approved idea to those who answer for its initiative. Sent again it is the same one.

    Raises NotAllowed and CannotPropose.
    """
    idea = (
        Idea.objects.select_for_update(of=("self",)).select_related("round__school_class__school_unit").get(pk=idea.pk)
    )
    round = idea.round
    if not may_lead(by, round):
        raise NotAllowed
    if made := Proposal.objects.filter(idea=idea).first():
        return made
    if idea.state != Idea.State.APPROVED or not idea.text:
        raise CannotPropose
    proposal = Proposal.objects.create(
        idea=idea,
        text=idea.text,
        why=tidy(why, LONGEST_WHY),
        sent_by=by,
        answer_due_on=working_days_after(timezone.localdate(), WORKING_DAYS),
        teacher_agrees=teacher_agrees,
        shows_school=shows_school,
    )
    facts.count("idea sent", school_class=round.school_class, initiative=round.initiative_id)
    audit.record(by, "sent idea to city", proposal)
    letter = Letter(
        subject=_("En klass har en idé: %(idea)s") % {"idea": _short(proposal.text)},
        paragraphs=[
            proposal.text,
            *([_("Därför valde klassen den: %(why)s") % {"why": proposal.why}] if proposal.why else []),
        ],
        facts=[
            (_("Skola"), round.school_class.school_unit.name),
            (_("Om"), str(round.initiative or round.challenge or round.question)),
            (_("Svara senast"), f"{proposal.answer_due_on:%-d/%-m %Y}"),
        ],
        address=reverse("proposal", args=[proposal.pk]),
        button=_("Läs och svara"),
    )
    letters.tell(answerers_of(proposal), letter, kind=LetterKind.IDEA, cause=f"proposal {proposal.pk}")
    return proposal


@transaction.atomic
def mark_read(proposal: Proposal, *, by: User) -> Proposal:
    """Somebody at the city has opened it. Raises NotAllowed."""
    proposal = _for_city(proposal, by)
    if proposal.state == Proposal.State.RECEIVED:
        proposal.state, proposal.read_at = Proposal.State.READ, timezone.now()
        proposal.save(update_fields=["state", "read_at"])
        audit.record(by, "read idea", proposal)
    return proposal


@transaction.atomic
def answer(proposal: Proposal, *, state: str, text: str, by: User) -> Proposal:
    """Answer the class, or change an answer. The class's teachers are told. Raises NotAllowed and NoAnswer."""
    proposal = _for_city(proposal, by)
    text = normal(text).strip()[:LONGEST_ANSWER]
    if state not in ANSWERS or not text:
        raise NoAnswer
    if (proposal.state, proposal.answer) == (state, text):
        return proposal
    first = proposal.answered_at is None
    proposal.state, proposal.answer = Proposal.State(state), text
    proposal.answered_at, proposal.answered_by = timezone.now(), by
    proposal.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    round = proposal.idea.round
    audit.record(by, "answered idea", proposal, state=state)
    if first:
        days = (timezone.localdate() - timezone.localdate(proposal.sent_at)).days
        facts.count(
            "idea answered", school_class=round.school_class, initiative=round.initiative_id, detail=state, amount=days
        )
    _tell_class(
        proposal,
        _("Staden har svarat på er idé"),
        [text],
        cause=f"answer {proposal.pk} {proposal.answered_at:%Y%m%d%H%M%S%f}",
    )
    return proposal


@transaction.atomic
def tell_what_came_of_it(proposal: Proposal, text: str, *, by: User) -> Proposal:
    """Tell the class what its idea led to. Raises NotAllowed and NoAnswer."""
    proposal = _for_city(proposal, by)
    text = normal(text).strip()[:LONGEST_ANSWER]
    if not text or proposal.answered_at is None:
        raise NoAnswer
    if proposal.came_of_it != text:
        proposal.came_of_it, proposal.came_of_it_at = text, timezone.now()
        proposal.save(update_fields=["came_of_it", "came_of_it_at"])
        audit.record(by, "told what came of idea", proposal)
        _tell_class(
            proposal,
            _("Det här blev det av er idé"),
            [text],
            cause=f"came of {proposal.pk} {proposal.came_of_it_at:%Y%m%d%H%M%S%f}",
        )
    return proposal


@transaction.atomic
def agree_to_show(proposal: Proposal, agrees: bool, *, shows_school: bool | None = None, by: User) -> Proposal:
    """The teacher's yes or no, or the editor's, to showing idea and answer openly. Raises NotAllowed."""
    proposal = _row(proposal)
    changed = []
    if may_lead(by, proposal.idea.round):
        proposal.teacher_agrees = agrees
        changed.append("teacher_agrees")
        if shows_school is not None:
            proposal.shows_school = shows_school
            changed.append("shows_school")
    elif may_agree_to_show(by):
        proposal.editor_agrees = agrees
        changed.append("editor_agrees")
    else:
        raise NotAllowed
    proposal.save(update_fields=changed)
    audit.record(by, "agreed to show idea" if agrees else "took back showing idea", proposal)
    return proposal


def inbox_of(user: User) -> QuerySet[Proposal]:
    """What classes have sent to those the person answers for; to an editor all of it. Unanswered first."""
    rows = Proposal.objects.select_related(
        "idea__round__initiative", "idea__round__challenge", "idea__round__school_class__school_unit"
    )
    if not user.is_editor:
        rows = rows.filter(idea__round__initiative__in=initiatives_of(hosts_of(user).all).values("pk"))
    return rows.order_by(F("answered_at").desc(nulls_first=True), "answer_due_on", "pk")


def shown_on(initiative_pk: int) -> list[Proposal]:
    """Answered ideas that both have agreed to show on the initiative's page, newest answer first."""
    rows = Proposal.objects.filter(
        idea__round__initiative=initiative_pk, teacher_agrees=True, editor_agrees=True, answered_at__isnull=False
    )
    return list(rows.select_related("idea__round__school_class__school_unit").order_by("-answered_at")[:20])


def remind_late(today: date | None = None) -> int:
    """Remind those who owe an answer, once, when it is late; editors see it too. A worker's chore."""
    today = today or timezone.localdate()
    late = Proposal.objects.filter(answered_at=None, answer_due_on__lt=today, reminded_at=None)
    return sum(_remind(proposal) for proposal in late.order_by("pk"))


@transaction.atomic
def _remind(proposal: Proposal) -> bool:
    proposal = _row(proposal)
    if proposal.reminded_at or proposal.answered_at:
        return False
    proposal.reminded_at = timezone.now()
    proposal.save(update_fields=["reminded_at"])
    editors = list(User.objects.filter(is_editor=True, is_active=True))
    letter = Letter(
        subject=_("En klass väntar på svar: %(idea)s") % {"idea": _short(proposal.text)},
        paragraphs=[_("Idén kom för mer än %(n)d arbetsdagar sedan. Klassen väntar.") % {"n": WORKING_DAYS}],
        address=reverse("proposal", args=[proposal.pk]),
        button=_("Läs och svara"),
    )
    people = {person.pk: person for person in (*answerers_of(proposal), *editors)}
    letters.tell(people.values(), letter, kind=LetterKind.IDEA, cause=f"late {proposal.pk}")
    return True


def answerers_of(proposal: Proposal) -> list[User]:
    """Who is to answer: those who coordinate the initiative's owner or participants; else the editors."""
    initiative = proposal.idea.round.initiative
    found = coordinators_of([initiative]) if initiative else []
    return found or list(User.objects.filter(is_editor=True, is_active=True))


def _tell_class(proposal: Proposal, subject: str, paragraphs: list[str], *, cause: str) -> None:
    round = proposal.idea.round
    letter = Letter(
        subject=subject,
        paragraphs=paragraphs,
        facts=[(_("Idén"), _short(proposal.text)), (_("Klass"), round.school_class.label)],
        address=round.get_absolute_url(),
        button=_("Visa för klassen"),
    )
    letters.tell(round.school_class.teachers.all(), letter, kind=LetterKind.IDEA, cause=cause)


def _for_city(proposal: Proposal, by: User) -> Proposal:
    proposal = _row(proposal)
    if not may_answer_for_city(by, proposal):
        raise NotAllowed
    return proposal


def _row(proposal: Proposal) -> Proposal:
    rows = Proposal.objects.select_for_update(of=("self",)).select_related(
        "idea__round__school_class__school_unit", "idea__round__initiative", "idea__round__challenge"
    )
    return rows.get(pk=proposal.pk)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59].rstrip() + "…"
