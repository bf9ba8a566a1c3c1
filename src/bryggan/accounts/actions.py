"""What people do with accounts, schools and classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from bryggan.accounts import permissions
from bryggan.accounts.models import (
    AccessInvitation,
    EmailDomain,
    SchoolClass,
    SchoolMembership,
    SchoolUnit,
    User,
)
from bryggan.common import audit
from bryggan.common.models import AuditEntry
from bryggan.curriculum.models import Orientation, Programme, SchoolForm, Subject

FORMS_WITH_YEARS = frozenset({SchoolForm.COMPULSORY, SchoolForm.ADAPTED_COMPULSORY})


class NotAllowed(Exception):
    """The person may not do this."""


class AccountDisabled(Exception):
    """The account is disabled, and only an administrator's own hand enables it."""


class NotAtThisSchool(Exception):
    """The person has not said that she works at this school unit."""


class SchoolHasEnded(Exception):
    """The school unit is no longer in use."""


class HasClassesHere(Exception):
    """A teacher leaves a school only after her classes there are put away."""


class NoSuchColleague(Exception):
    """No confirmed teacher at the class's school has that address."""


class FormAlreadySent(Exception):
    """The form's token has made somebody else's class."""


@dataclass(frozen=True)
class ClassDetails:
    """What a teacher tells about a class."""

    school_unit: SchoolUnit
    label: str
    school_form: str
    pupils: int
    adults: int
    needs: str = ""
    school_years: Sequence[int] = ()
    subjects: Sequence[Subject] = field(default_factory=tuple)
    programme: Programme | None = None
    orientation: Orientation | None = None
    year_of_study: int | None = None

    def fitting(self) -> ClassDetails:
        """The same, without what the school form has no use for; years ascending."""
        details = self
        if self.school_form in FORMS_WITH_YEARS:
            subjects = tuple(s for s in self.subjects if s.school_form == self.school_form)
            details = replace(details, school_years=sorted(set(self.school_years)), subjects=subjects)
        else:
            details = replace(details, school_years=(), subjects=())
        if self.school_form != SchoolForm.UPPER_SECONDARY:
            details = replace(details, programme=None, orientation=None, year_of_study=None)
        return details


@transaction.atomic
def accept_invitations(user: User) -> int:
    """Give `user` the roles that she is invited to. Returns how many invitations she took up."""
    now = timezone.now()
    invitations = list(AccessInvitation.objects.open().filter(email__iexact=user.email).select_for_update())
    for invitation in invitations:
        _give_role(user, invitation)
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        by = invitation.invited_by_id
        audit.record(user, "was given a role", user, role=invitation.role, invitation=invitation.pk, invited_by=by)
    return len(invitations)


def _give_role(user: User, invitation: AccessInvitation) -> None:
    Role = AccessInvitation.Role
    if invitation.role == Role.TEACHER:
        user.is_teacher = True
        if invitation.school_unit:
            # Whoever invited her to a school has vouched for her.
            SchoolMembership.objects.update_or_create(
                user=user,
                school_unit=invitation.school_unit,
                defaults={"confirmed_at": timezone.now(), "confirmed_by": invitation.invited_by},
            )
    elif invitation.role == Role.COORDINATOR:
        if invitation.department:
            user.coordinations.get_or_create(department=invitation.department, company=None)
        if invitation.company:
            user.coordinations.get_or_create(company=invitation.company, department=None)
    elif invitation.role == Role.EDITOR:
        user.is_editor = True
    elif invitation.role == Role.ADMINISTRATOR:
        user.is_administrator = True
    user.save(update_fields=["is_teacher", "is_editor", "is_administrator"])


def domain_of_coordinators(email: str) -> EmailDomain | None:
    """The domain of the address, when an administrator has given it to a department or to an approved company.

    Exactly the part after @: whoever owns a subdomain is somebody else.
    """
    given = EmailDomain.objects.filter(
        domain=email.rpartition("@")[2].lower(), kind=EmailDomain.Kind.COORDINATORS
    ).select_related("department", "company")
    return given.filter(Q(department__isnull=False) | Q(company__approved_at__isnull=False)).first()


@transaction.atomic
def coordinate_by_domain(user: User) -> bool:
    """Let `user` coordinate what her mail domain has been given to. True when she did not before.

    Call when she has shown that she reads her mail. It is given once: what an administrator has taken from her since,
    stays taken.
    """
    domain = domain_of_coordinators(user.email)
    if domain is None:
        return False
    told = {"department": domain.department_id, "company": domain.company_id}
    before = AuditEntry.objects.filter(
        thing_type=user._meta.label_lower, thing_id=str(user.pk), verb="coordinates by domain"
    )
    if any({name: one.details.get(name) for name in told} == told for one in before):
        return False
    _own, is_new = user.coordinations.get_or_create(department=domain.department, company=domain.company)
    audit.record(user, "coordinates by domain", user, domain=domain.domain, **told)
    return is_new


@transaction.atomic
def make_administrator(email: str, *, by: User | str) -> tuple[User, bool]:
    """The person with this address as administrator, and whether anything changed.

    Raises AccountDisabled for a disabled account.
    """
    user = User.objects.filter(email__iexact=email).first() or User.objects.create_user(email)
    if not user.is_active:
        raise AccountDisabled
    if user.is_administrator:
        return user, False
    user.is_administrator = True
    user.save(update_fields=["is_administrator"])
    audit.record(by, "made administrator", user)
    return user, True


@transaction.atomic
def rename(user: User, name: str) -> None:
    """Let a person be called `name`."""
    if user.name != name:
        user.name = name
        user.save(update_fields=["name"])
        audit.record(user, "changed her name", user)


@transaction.atomic
def join_school(user: User, school_unit: SchoolUnit) -> SchoolMembership:
    """The teacher's membership of a school unit: her own word, until somebody confirms it.

    Joining again changes nothing. Raises SchoolHasEnded.
    """
    if school_unit.ended_at:
        raise SchoolHasEnded
    membership, created = SchoolMembership.objects.get_or_create(user=user, school_unit=school_unit)
    if created:
        audit.record(user, "joined a school", membership, school_unit=school_unit.code)
    return membership


@transaction.atomic
def leave_school(membership: SchoolMembership) -> None:
    """End a teacher's own membership. Raises HasClassesHere while she has classes in use there."""
    user = membership.user
    if SchoolClass.objects.taught_by(user).filter(school_unit=membership.school_unit_id).exists():
        raise HasClassesHere
    audit.record(user, "left a school", membership, school_unit=membership.school_unit.code)
    membership.delete()


@transaction.atomic
def confirm_membership(membership: SchoolMembership, *, by: User) -> None:
    """Vouch that a teacher works where she says. Vouching twice changes nothing. Raises NotAllowed."""
    if not permissions.may_decide_membership(by, membership):
        raise NotAllowed
    changed = SchoolMembership.objects.waiting().filter(pk=membership.pk)
    if changed.update(confirmed_at=timezone.now(), confirmed_by=by):
        audit.record(by, "confirmed a membership", membership, user=membership.user_id)


@transaction.atomic
def decline_membership(membership: SchoolMembership, *, by: User) -> None:
    """Say that a teacher does not work there: takes away her unconfirmed word. Raises NotAllowed.

    Her classes stay hers; a confirmed membership is not touched.
    """
    if not permissions.may_decide_membership(by, membership):
        raise NotAllowed
    if membership.confirmed_at is None:
        audit.record(
            by, "declined a membership", membership, user=membership.user_id, school_unit=membership.school_unit.code
        )
        membership.delete()


@transaction.atomic
def create_class(details: ClassDetails, *, form_token: UUID, by: User) -> SchoolClass:
    """A new class with `by` as its teacher.

    A form sent twice, which has the same `form_token`, gives the class that it made the first time.
    Raises NotAtThisSchool, and FormAlreadySent when it made somebody else's.
    """
    _refuse_other_schools(by, details.school_unit)
    details = details.fitting()
    try:
        with transaction.atomic():
            school_class = SchoolClass.objects.create(form_token=form_token, **_columns(details))
    except IntegrityError as error:
        made = SchoolClass.objects.filter(form_token=form_token, teachers=by).first()
        if made is None:
            raise FormAlreadySent from error
        return made
    school_class.teachers.add(by)
    school_class.subjects.set(details.subjects)
    audit.record(by, "made a class", school_class)
    return school_class


@transaction.atomic
def change_class(school_class: SchoolClass, details: ClassDetails, *, by: User) -> None:
    """Let the class be as `details` say. Raises NotAllowed, and NotAtThisSchool for a school that is new to it."""
    if not permissions.may_use_class(by, school_class):
        raise NotAllowed
    if details.school_unit.pk != school_class.school_unit_id:
        _refuse_other_schools(by, details.school_unit)
    details = details.fitting()
    columns = _columns(details)
    changed = [name for name, value in columns.items() if getattr(school_class, name) != value]
    for name in changed:
        setattr(school_class, name, columns[name])
    if changed:
        school_class.save(update_fields=changed)
    before = {subject.pk for subject in school_class.subjects.all()}
    if before != {subject.pk for subject in details.subjects}:
        school_class.subjects.set(details.subjects)
        changed.append("subjects")
    if changed:
        audit.record(by, "changed a class", school_class, columns=changed)


@transaction.atomic
def archive_class(school_class: SchoolClass, *, by: User) -> None:
    """Put a class away: it leaves the lists, and what was planned for it stays. Raises NotAllowed."""
    if not permissions.may_use_class(by, school_class):
        raise NotAllowed
    if SchoolClass.objects.filter(pk=school_class.pk, archived_at=None).update(archived_at=timezone.now()):
        audit.record(by, "put away a class", school_class)


@transaction.atomic
def add_teacher(school_class: SchoolClass, *, email: str, by: User) -> User:
    """Let a confirmed colleague at the class's school be its teacher too; adding her again changes nothing.

    Raises NotAllowed, and NoSuchColleague in one and the same way whether the address is unknown, of
    another school or not confirmed.
    """
    if not permissions.may_use_class(by, school_class):
        raise NotAllowed
    colleague = User.objects.filter(email__iexact=email, is_active=True, is_teacher=True).first()
    if colleague is None or not permissions.is_confirmed_at(colleague, school_class.school_unit):
        raise NoSuchColleague
    if not school_class.teachers.filter(pk=colleague.pk).exists():
        school_class.teachers.add(colleague)
        audit.record(by, "added a teacher to a class", school_class, teacher=colleague.pk)
    return colleague


def _refuse_other_schools(user: User, school_unit: SchoolUnit) -> None:
    if not user.is_teacher or not user.school_memberships.filter(school_unit=school_unit).exists():
        raise NotAtThisSchool


def _columns(details: ClassDetails) -> dict[str, object]:
    return {
        "school_unit": details.school_unit,
        "label": details.label,
        "school_form": details.school_form,
        "school_years": list(details.school_years),
        "programme": details.programme,
        "orientation_code": details.orientation.code if details.orientation else "",
        "year_of_study": details.year_of_study,
        "pupils": details.pupils,
        "adults": details.adults,
        "needs": details.needs,
    }
