"""An invitation, a visit to come, one that has been, and seats offered, for the demo's teacher.

Run in a process of the demo's own; each run makes them anew. Prints the number of the invitation that waits for an
answer, the path of its link, the number of the offer and of the invitation that is a visit.
"""

MAKE_VISIT = """
import uuid
from datetime import timedelta
import django
django.setup()
from django.utils import timezone
from bryggan.accounts.models import Department, SchoolClass, User
from bryggan.fair.seating import seats, waiting
from bryggan.fair.models import Booking, Occasion, SeatOffer, Session
from bryggan.initiatives.models import Initiative
from bryggan.invitations import answering, answer_links, threads
from bryggan.invitations.models import Interest, Invitation, InvitationRound

teacher = User.objects.get(email="larare@skola.example.org")
classes = list(SchoolClass.objects.filter(teachers=teacher, archived_at=None).order_by("pk"))
others = SchoolClass.objects.exclude(teachers=teacher).order_by("pk").first()
host = Department.objects.get(slug="stadsbyggnadsforvaltningen")
coordinator = User.objects.get(email="samordnare@stad.example.org")
now = timezone.now().replace(minute=0, second=0, microsecond=0)

def times(title, *starts, capacity=60, reserved=60):
    session = Session.objects.create(
        fair=None, remote_id=f"prov-{uuid.uuid4()}", origin="invitation", title=title, minutes=60, state="published",
        department=host,
    )
    return [
        Occasion.objects.create(
            session=session, remote_id=str(number), starts_at=start, ends_at=start + timedelta(hours=1),
            capacity=capacity, reserved=reserved, booking_closes_at=start,
        )
        for number, start in enumerate(starts)
    ]

def invited(school_class, title, *occasions):
    round = InvitationRound.objects.create(
        department=host, title=title, session=occasions[0].session, state="sent", spread="first come",
        text="Ni får se hur havet tas om hand i staden.\\n\\nEleverna provar själva.", place="Kajpromenaden 12",
        practical="Ta på kläder som tål vatten.", answer_by=now + timedelta(days=9), sent_at=now,
        attachments=[{"title": "Karta", "url": "https://example.org/karta"}],
    )
    round.occasions.set(occasions)
    return Invitation.objects.create(round=round, school_class=school_class, ground="interested")

days = [now + timedelta(days=20, hours=number) for number in (0, 2, 4)]
soon = days[0] + timedelta(days=3)
waits = invited(classes[0], "Se hur havet tas om hand", *times("Se hur havet tas om hand", *days))
visit = invited(classes[0], "Besök på stadens verkstad", *times("Besök på stadens verkstad", soon))
answering.accept(visit, occasions=list(visit.round.occasions.all()), by=teacher)
threads.write(visit, "Finns det hiss?", is_from_host=False, form_token=uuid.uuid4(), by=teacher)
threads.write(visit, "Ja, vid stora porten.", is_from_host=True, form_token=uuid.uuid4(), by=coordinator)

[past] = times("Promenad med stadens ekolog", now - timedelta(days=2))
Booking.objects.create(
    occasion=past, school_class=classes[0], pupils=20, adults=2, seats=22, state="booked", booked_at=now,
    starts_at=past.starts_at, ends_at=past.ends_at,
)
[full, later] = times(
    "Prova att mäta luften", soon + timedelta(hours=2), soon + timedelta(hours=4), reserved=0, capacity=30
)
taken = seats.book(occasion=full, school_class=others, pupils=25, adults=2, by=None)
seats.book(occasion=later, school_class=others, pupils=25, adults=2, by=None)
for occasion in (full, later):
    waiting.join(occasion=occasion, school_class=classes[0], pupils=20, adults=2, by=None)
seats.release(booking=taken, by=None)
waiting.give_out_at(full)
offer = SeatOffer.objects.get(entry__occasion=full)
Interest.objects.get_or_create(
    school_class=classes[0], initiative=Initiative.objects.get(remote_id="demo-pilot"), withdrawn_at=None,
    defaults={"note": "Vi arbetar med vatten i vår.", "expressed_by": teacher},
)
[hosted_at] = times("Studiebesök på stadens labb", now - timedelta(days=1))
hosted = invited(classes[0], "Studiebesök på stadens labb", hosted_at)
hosted.booking = Booking.objects.create(
    occasion=hosted_at, school_class=classes[0], pupils=20, adults=2, seats=22, state="booked", booked_at=now,
    starts_at=hosted_at.starts_at, ends_at=hosted_at.ends_at,
)
hosted.state, hosted.answered_by, hosted.answered_at, hosted.needs = "accepted", teacher, now, "Vi behöver hiss."
hosted.save()
threads.write(hosted, "Tack för i går!", is_from_host=False, form_token=uuid.uuid4(), by=teacher)
print(waits.pk, answer_links.answer_path(waits, teacher), offer.pk, visit.pk)
"""

# Addresses of what the demo's department sees of its visits. Prints JSON.
MAKE_HOSTED = (
    MAKE_VISIT.rpartition("print(")[0]
    + """
import json
at_the_fair = Occasion.objects.filter(
    session__fair__is_published=True, session__state="published", session__kind="fixed"
).exclude(session__department=None).order_by("pk").first()
booked, _made = Booking.objects.get_or_create(
    occasion=at_the_fair, school_class=others, defaults={
        "pupils": 20, "adults": 2, "seats": 22, "state": "booked", "booked_at": now,
        "starts_at": at_the_fair.starts_at, "ends_at": at_the_fair.ends_at,
    },
)
print(json.dumps({
    "hosted visits": "/forvaltning/besok",
    "hosted visits that have been": "/forvaltning/besok?visa=har-varit",
    "a hosted visit": f"/forvaltning/inbjudan/{visit.pk}",
    "a hosted visit that has been": f"/forvaltning/inbjudan/{hosted.pk}",
    "a hosted visit at the fair": f"/forvaltning/besok/{booked.pk}",
}))
"""
)
