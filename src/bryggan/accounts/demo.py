"""People, schools and classes for the demo. Everything is made once; a second load writes nothing."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction
from django.utils import timezone

from bryggan.accounts import school_units
from bryggan.accounts.models import (
    Company,
    Coordination,
    Department,
    EmailDomain,
    SchoolClass,
    SchoolMembership,
    SchoolUnit,
    User,
)
from bryggan.curriculum.models import Orientation, Programme, SchoolForm, Subject

UNITS = Path(__file__).parent / "demo" / "school_units.json"


@transaction.atomic
def load_demo() -> None:
    """Load the demo's people, schools and classes. Needs the curriculum for subjects and programmes of classes."""
    _domains()
    units, _left_out = school_units.read_file(UNITS)
    school_units.take_in(units)
    _teacher(units)
    _preschool_teacher()
    _coordinators()
    _person("redaktor@stad.example.org", "Redaktör", is_editor=True)
    _person("admin@stad.example.org", "Administratör", is_administrator=True)


def _domains() -> None:
    for domain, kind in (
        ("skola.example.org", EmailDomain.Kind.TEACHERS),
        ("elev.example.org", EmailDomain.Kind.PUPILS),
    ):
        EmailDomain.objects.get_or_create(domain=domain, defaults={"kind": kind})


def _teacher(units: list[school_units.RegisteredUnit]) -> None:
    teacher = _person("larare@skola.example.org", "Lärare, högstadiet", is_teacher=True)
    both = {SchoolForm.PRESCHOOL_CLASS.value, SchoolForm.COMPULSORY.value}
    school = _unit(next(unit.code for unit in units if both <= set(unit.school_forms)))
    upper = _unit(next(unit.code for unit in units if SchoolForm.UPPER_SECONDARY.value in unit.school_forms))
    _confirmed(teacher, school)
    _confirmed(teacher, upper)
    subjects = ("Teknik", "Matematik", "Fysik")
    _class(
        teacher,
        school,
        "8B",
        SchoolForm.COMPULSORY,
        subjects=subjects,
        school_years=[8],
        pupils=26,
        adults=2,
        needs="Vi behöver hiss och en lugn plats att äta på.",
    )
    _class(teacher, school, "F-klass Blå", SchoolForm.PRESCHOOL_CLASS, pupils=22, adults=3)
    programme = Programme.objects.filter(code="TE25").first()
    orientation = Orientation.objects.filter(programme=programme).order_by("name").first() if programme else None
    _class(
        teacher,
        upper,
        "TE25a",
        SchoolForm.UPPER_SECONDARY,
        programme=programme,
        orientation_code=orientation.code if orientation else "",
        year_of_study=2,
        pupils=28,
        adults=2,
    )


def _preschool_teacher() -> None:
    teacher = _person("larare2@skola.example.org", "Lärare, förskola", is_teacher=True)
    preschool = SchoolUnit.objects.get(name="Demoförskolan Snäckan")
    _confirmed(teacher, preschool)
    _class(teacher, preschool, "Krabborna", SchoolForm.PRESCHOOL, pupils=17, adults=3)


def _coordinators() -> None:
    department = Department.objects.get_or_create(
        slug="stadsbyggnadsforvaltningen", defaults={"name": "Stadsbyggnadsförvaltningen"}
    )[0]
    company = Company.objects.get_or_create(
        slug="exempelbolaget", defaults={"name": "Exempelbolaget AB", "approved_at": timezone.now()}
    )[0]
    city = _person("samordnare@stad.example.org", "Samordnare, Stadsbyggnadsförvaltningen")
    Coordination.objects.get_or_create(user=city, department=department)
    partner = _person("foretag@foretag.example.org", "Samordnare, Exempelbolaget")
    Coordination.objects.get_or_create(user=partner, company=company)


def _person(email: str, name: str, **rights: bool) -> User:
    """The person with this address. One who is there already keeps what has been changed about her."""
    found = User.objects.filter(email__iexact=email).first()
    return found or User.objects.create_user(email, name=name, **rights)


def _unit(code: str) -> SchoolUnit:
    return SchoolUnit.objects.get(code=code)


def _confirmed(teacher: User, school_unit: SchoolUnit) -> None:
    SchoolMembership.objects.get_or_create(
        user=teacher, school_unit=school_unit, defaults={"confirmed_at": timezone.now()}
    )


def _class(
    teacher: User,
    school_unit: SchoolUnit,
    label: str,
    school_form: SchoolForm,
    *,
    subjects: tuple[str, ...] = (),
    **columns: object,
) -> None:
    if SchoolClass.objects.filter(school_unit=school_unit, label=label, teachers=teacher).exists():
        return
    school_class = SchoolClass.objects.create(school_unit=school_unit, label=label, school_form=school_form, **columns)
    school_class.teachers.add(teacher)
    school_class.subjects.set(Subject.objects.current().filter(school_form=school_form, name__in=subjects))
