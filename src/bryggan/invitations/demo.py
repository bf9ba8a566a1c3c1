"""Interest, an invitation that waits for answers and a draft, for the demo. Everything is made once; a second load
writes nothing. No mail goes out for it: people of the demo have their notices.
"""

from __future__ import annotations

import random
import uuid
from datetime import date, time, timedelta

from django.db import transaction
from django.utils import timezone

from bryggan.accounts.models import Department, SchoolClass, SchoolMembership, SchoolUnit, User
from bryggan.accounts.school_days import is_school_day
from bryggan.common.models import OutgoingMail
from bryggan.curriculum.models import SchoolForm, Subject
from bryggan.fair.local_times import moment, next_day
from bryggan.initiatives.models import Initiative
from bryggan.initiatives.owners import initiatives_of
from bryggan.invitations import interests, rounds
from bryggan.invitations.interests import NotOpenToClasses
from bryggan.invitations.models import Interest, InvitationRound, Kind, Phase

HOST, COORDINATOR, TEACHER = "stadsbyggnadsforvaltningen", "samordnare@stad.example.org", "larare@skola.example.org"
NAMES = uuid.UUID("5f0c3c1e-0000-4000-8000-000000000000")
# Label, school years, pupils, subjects: one class each at schools of the demo.
CLASSES = (
    ("4A", (4,), 24, ("Biologi", "Teknik")),
    ("5B", (5,), 26, ("Bild", "Samhällskunskap")),
    ("6A", (6,), 22, ("Geografi", "Teknik")),
    ("7C", (7,), 27, ("Kemi", "Fysik")),
    ("8D", (8,), 25, ("Biologi", "Svenska")),
    ("9A", (9,), 28, ("Samhällskunskap", "Teknik")),
    ("9B", (9,), 23, ("Fysik", "Matematik")),
)
WISHES = (
    (Phase.DURING, Kind.VISIT, "Vi arbetar med vatten hela våren."),
    (Phase.BEFORE, Kind.BE_VISITED, ""),
    (Phase.ANY, Kind.FOLLOW, ""),
    (Phase.AFTER, Kind.CHALLENGE, "Eleverna vill gärna bygga något."),
)


@transaction.atomic
def load_demo() -> None:
    """Load it. Needs the demo's people and initiatives; without them nothing is made."""
    host = Department.objects.filter(slug=HOST).first()
    coordinator = User.objects.filter(email=COORDINATOR).first()
    if host is None or coordinator is None:
        return
    own = [one for one in initiatives_of([host]).order_by("pk") if not one.is_stopped and not one.is_withdrawn]
    if not own or InvitationRound.objects.filter(form_token=_token("sent")).exists():
        return
    last_mail = OutgoingMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    _be_curious(own[:4], [*_classes(), *SchoolClass.objects.filter(teachers__email=TEACHER).order_by("pk")])
    most = max(own[:4], key=lambda one: one.interests.open().count())
    _invite(most, host, coordinator)
    _draft(own[-1], host, coordinator)
    OutgoingMail.objects.filter(pk__gt=last_mail).delete()


def _classes() -> list[SchoolClass]:
    """A class with a teacher at each of some schools."""
    units = SchoolUnit.objects.in_use().filter(kind=SchoolUnit.Kind.SCHOOL).order_by("pk")
    schools = [one for one in units if SchoolForm.COMPULSORY in one.school_forms]
    made = []
    for number, (label, years, pupils, subjects) in enumerate(CLASSES):
        if not schools:
            break
        school = schools[number % len(schools)]
        teacher = _teacher(f"larare{number + 3}@skola.example.org", school)
        school_class, is_new = SchoolClass.objects.get_or_create(
            form_token=_token(f"class {label}"),
            defaults={
                "school_unit": school,
                "label": label,
                "school_form": SchoolForm.COMPULSORY,
                "school_years": list(years),
                "pupils": pupils,
                "adults": 2,
            },
        )
        if is_new:
            school_class.teachers.add(teacher)
            taught = Subject.objects.current().filter(school_form=SchoolForm.COMPULSORY, name__in=subjects)
            school_class.subjects.set(taught)
        made.append(school_class)
    return made


def _teacher(email: str, school: SchoolUnit) -> User:
    teacher = User.objects.filter(email=email).first() or User.objects.create_user(
        email, name="Lärare i demon", is_teacher=True
    )
    SchoolMembership.objects.get_or_create(user=teacher, school_unit=school, defaults={"confirmed_at": timezone.now()})
    return teacher


def _be_curious(initiatives: list[Initiative], classes: list[SchoolClass]) -> None:
    """Most classes about one or two things, over the last months."""
    chance = random.Random(2022)  # noqa: S311 - days of invented interest.
    for number, school_class in enumerate(classes):
        teacher = school_class.teachers.order_by("pk").first()
        if teacher is None:
            continue
        for initiative in initiatives[: 1 + number % len(initiatives)][-2:]:
            phase, kind, note = WISHES[number % len(WISHES)]
            try:
                said = interests.express_interest(
                    school_class=school_class, initiative=initiative, phase=phase, kind=kind, note=note,
                    shows_teacher=number % 3 == 0, by=teacher,
                )  # fmt: skip
            except NotOpenToClasses:
                continue
            long_ago = timedelta(days=chance.randrange(0, 240))
            Interest.objects.filter(pk=said.pk).update(expressed_at=said.expressed_at - long_ago)


def _invite(initiative: Initiative, host: Department, by: User) -> None:
    days = _school_days(4, timezone.localdate() + timedelta(days=28))
    round = InvitationRound(
        department=host,
        initiative=initiative,
        title="Kom och se hur staden gör",
        text="Klassen får träffa dem som arbetar med det, prova själva och ställa sina frågor.\n\n"
        "Vi börjar ute och avslutar inne. Det tar en timme.",
        place="Stadshuset, entrén mot torget",
        practical="Ta med kläder efter väder. Det finns plats att äta matsäck.",
        answer_by=moment(timezone.localdate() + timedelta(days=18), time(16)),
    )
    times = [rounds.Time(moment(day, time(hour)), moment(day, time(hour + 1)), 60) for day in days for hour in (9, 13)]
    rounds.save_round(round, times=times, form_token=_token("sent"), by=by)
    rounds.send(round, by=by)


def _draft(initiative: Initiative, host: Department, by: User) -> None:
    round = InvitationRound(
        department=host,
        initiative=initiative,
        how=InvitationRound.How.AGREEMENT,
        title="Vi kommer gärna till er skola",
        text="En timme om hur det gick till, med saker att prova och känna på.",
        answer_by=moment(timezone.localdate() + timedelta(days=30), time(16)),
        to_matching=True,
        school_years=[7, 8, 9],
        most_per_teacher=2,
    )
    rounds.save_round(round, form_token=_token("draft"), by=by)


def _school_days(number: int, from_day: date) -> list[date]:
    """The first school days from that one on; plain weekdays where the calendar has none."""
    found: list[date] = []
    day = from_day
    while len(found) < number:
        if is_school_day(day) or (day - from_day).days > 120:
            found.append(day)
        day = next_day(day)
    return found


def _token(name: str) -> uuid.UUID:
    return uuid.uuid5(NAMES, name)
