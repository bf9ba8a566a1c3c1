"""Companies that sign up themselves, and the editor who lets them in.

The source knows an initiative's partners by name only, and so a company takes part where a partner has its name
(`initiatives.owners`). That is why the editor who approves a company decides what it is called.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bryggan.accounts import sign_in
from bryggan.accounts.actions import NotAllowed
from bryggan.accounts.models import AccessInvitation, Company, CompanyApplication, User
from bryggan.common import audit, outbox
from bryggan.common.safe_html import line, normal

INVITED_FOR = timedelta(days=30)
MAIL_KIND = "company"


class AlreadyDecided(Exception):
    """Another editor has approved or refused it."""


class NoName(Exception):
    """A company must be called something."""


@transaction.atomic
def apply(*, name: str, person: str, email: str, text: str, client: str, form_token: UUID) -> None:
    """Keep a company's wish to take part, for an editor. The same form sent twice is one.

    Answers nothing: whoever typed an address learns nothing about it. Raises PupilAddress and TooManyTries.
    """
    sign_in.refuse_pupils(email)
    sign_in.count_application(email, client)
    if CompanyApplication.objects.filter(form_token=form_token).exists():
        return
    waiting = CompanyApplication.objects.filter(decided_at=None, email__iexact=email, name__iexact=line(name))
    if waiting.exists():
        return
    application = CompanyApplication(
        name=line(name), person=line(person), email=email.lower(), text=normal(text).strip(), form_token=form_token
    )
    # Two presses of one button: the second finds the first one's row.
    CompanyApplication.objects.bulk_create([application], ignore_conflicts=True)


@transaction.atomic
def approve(application: CompanyApplication, *, name: str, by: User) -> Company:
    """Let the company in under this name, and invite the person who asked. Raises NotAllowed, AlreadyDecided, NoName.

    A company that is known by the name already is the one, approved now if it was not.
    """
    application = _waiting(application, by)
    name = line(name)
    if not name:
        raise NoName
    now = timezone.now()
    company = Company.objects.filter(name__iexact=name).first()
    if company is None:
        company = Company.objects.create(name=name[:200], slug=_free_slug(name), approved_at=now)
    elif company.approved_at is None:
        company.approved_at = now
        company.save(update_fields=["approved_at"])
    invitation = AccessInvitation.objects.create(
        email=application.email,
        role=AccessInvitation.Role.COORDINATOR,
        company=company,
        invited_by=by,
        expires_at=now + INVITED_FOR,
    )
    application.decided_at, application.decided_by, application.company = now, by, company
    application.save(update_fields=["decided_at", "decided_by", "company"])
    context = {
        "application": application,
        "company": company,
        "address": settings.BASE_URL + reverse("account_login"),
        "until": timezone.localdate(invitation.expires_at),
    }
    _mail(application, _("%(name)s är med i Bryggan") % {"name": company.name}, "approved", context)
    audit.record(by, "approved a company", company, application=application.pk)
    return company


@transaction.atomic
def refuse(application: CompanyApplication, *, by: User) -> None:
    """Say no, and tell who asked. Raises NotAllowed and AlreadyDecided."""
    application = _waiting(application, by)
    application.decided_at, application.decided_by = timezone.now(), by
    application.save(update_fields=["decided_at", "decided_by"])
    _mail(application, _("Svar på er anmälan till Bryggan"), "refused", {"application": application})
    audit.record(by, "refused a company", application)


@transaction.atomic
def rename(company: Company, *, name: str, by: User) -> Company:
    """Call the company as the source calls the partner that it is. Raises NotAllowed and NoName."""
    if not (by.is_active and by.is_editor):
        raise NotAllowed
    name = line(name)[:200]
    if not name:
        raise NoName
    company = Company.objects.select_for_update().get(pk=company.pk)
    if company.name != name:
        was, company.name = company.name, name
        company.save(update_fields=["name"])
        audit.record(by, "renamed a company", company, was=was)
    return company


def _waiting(application: CompanyApplication, by: User) -> CompanyApplication:
    if not (by.is_active and by.is_editor):
        raise NotAllowed
    application = CompanyApplication.objects.select_for_update().get(pk=application.pk)
    if application.decided_at is not None:
        raise AlreadyDecided
    return application


def _free_slug(name: str) -> str:
    """A slug that no company has: the name's own, else with a number behind."""
    plain = slugify(name)[:70] or "foretag"
    taken = set(Company.objects.filter(slug__startswith=plain).values_list("slug", flat=True))
    number = 1
    slug = plain
    while slug in taken:
        number += 1
        slug = f"{plain}-{number}"
    return slug


def _mail(application: CompanyApplication, subject: str, name: str, context: dict[str, object]) -> None:
    outbox.queue(
        to=application.email,
        kind=MAIL_KIND,
        subject=subject,
        text=render_to_string(f"desk/mail/company_{name}.txt", context),
        cause=f"company application {application.pk}",
    )
