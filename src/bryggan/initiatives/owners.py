"""Who answers for initiatives: departments and companies as hosts, and the people who coordinate them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from bryggan.accounts.models import Company, Department, User
from bryggan.initiatives.models import Initiative, InitiativeQuerySet, Partnership, Term

Host = Department | Company


@dataclass(frozen=True)
class Hosts:
    """The departments and approved companies that a person coordinates; an editor coordinates none by that alone."""

    departments: tuple[Department, ...]
    companies: tuple[Company, ...]

    def __bool__(self) -> bool:
        return bool(self.departments or self.companies)

    def __contains__(self, host: object) -> bool:
        return host in self.departments or host in self.companies

    @property
    def all(self) -> tuple[Host, ...]:
        return (*self.departments, *self.companies)


def hosts_of(user: User) -> Hosts:
    """One statement."""
    own = user.coordinations.in_force().select_related("department", "company").order_by("pk")
    return Hosts(
        tuple(one.department for one in own if one.department),
        tuple(one.company for one in own if one.company),
    )


def initiatives_of(hosts: Iterable[Host]) -> InitiativeQuerySet:
    """Initiatives that the hosts own or take part in.

    A company takes part where an editor has said so, and where a partner has its name or slug.
    """
    mine = Q(pk__in=[])
    companies = []
    for host in hosts:
        if isinstance(host, Department):
            mine |= Q(department=host) | Q(participants=host)
        elif host.approved_at:
            companies.append(host)
    if companies:
        said = Partnership.objects.filter(company__in=companies)
        mine |= Q(terms__in=_partners_called(companies)) | Q(pk__in=said.values("initiative"))
    # Through the numbers, so that an initiative with three of the terms comes once.
    return Initiative.objects.readable().filter(pk__in=Initiative.objects.filter(mine).values("pk"))


def coordinators_of(
    initiatives: Iterable[Initiative], *, departments: Iterable[int] = (), companies: Iterable[int] = ()
) -> list[User]:
    """Those who answer for any of the initiatives, or for the departments and companies named; each once."""
    departments, companies = set(departments), set(companies)
    names: set[str] = set()
    initiatives = list(initiatives)
    companies |= set(Partnership.objects.filter(initiative__in=initiatives).values_list("company", flat=True))
    for one in initiatives:
        if one.department_id:
            departments.add(one.department_id)
        departments |= set(one.participants.values_list("pk", flat=True))
        partners = one.terms.filter(kind=Term.Kind.PARTNER).values_list("slug", "name")
        names |= {text.casefold() for partner in partners for text in partner}
    if names:
        approved = Company.objects.approved()
        companies |= {one.pk for one in approved if {one.slug.casefold(), one.name.casefold()} & names}
    found = User.objects.filter(is_active=True).filter(
        Q(coordinations__department__in=departments)
        | Q(coordinations__company__in=companies, coordinations__company__approved_at__isnull=False)
    )
    return list(found.distinct().order_by("pk"))


def people_of(host: Host) -> list[User]:
    """Those who coordinate the host and can sign in."""
    return list(User.objects.filter(is_active=True, coordinations__in=host.coordinations.all()).distinct())


def partnerships_of(companies: Iterable[Company]) -> dict[int, int]:
    """How many readable initiatives each company takes part in, by the company's number. Two statements."""
    companies = list(companies)
    said: dict[int, set[int]] = {}
    readable = Initiative.objects.readable().values("pk")
    by_editors = Partnership.objects.filter(company__in=companies, initiative__in=readable)
    for company, initiative in by_editors.values_list("company_id", "initiative_id"):
        said.setdefault(company, set()).add(initiative)
    by_name: dict[str, set[int]] = {}
    rows = Initiative.terms.through.objects.filter(term__kind=Term.Kind.PARTNER, initiative__in=readable)
    for name, slug, initiative in rows.values_list("term__name", "term__slug", "initiative_id"):
        for text in (name, slug):
            by_name.setdefault(text.casefold(), set()).add(initiative)
    nobody: set[int] = set()
    return {
        one.pk: len(
            by_name.get(one.name.casefold(), nobody)
            | by_name.get(one.slug.casefold(), nobody)
            | said.get(one.pk, nobody)
        )
        for one in companies
    }


def _partners_called(companies: Iterable[Company]) -> list[int]:
    names = {text.casefold() for company in companies for text in (company.slug, company.name)}
    # Compared here: SQLite folds the case of a to z only.
    partners = Term.objects.filter(kind=Term.Kind.PARTNER).values_list("pk", "slug", "name")
    return [pk for pk, slug, name in partners if {slug.casefold(), name.casefold()} & names]
